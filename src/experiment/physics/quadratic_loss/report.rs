//! Claims and figures of Fig. 12.

use super::{LEARNED, QuadraticLoss};
use crate::claim::{Claim, Claims, Verdict};
use crate::display::list;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Panel, Style};
use crate::model::quadratic::Quadratic;
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) struct Measured {
    parts: Table,
    runs: Table,
}

impl Measured {
    pub(super) fn new(outcome: &Outcome) -> Result<Self> {
        Ok(Self {
            parts: outcome.table("parts")?,
            runs: outcome.table("runs")?,
        })
    }

    /// A column of `parts` for a rotation and rule.
    fn of(&self, rotation: &str, rule: &str, column: &str) -> Result<Vec<f64>> {
        let rows = self.parts.rows_where("rotation", rotation)?;
        rows.rows_where("rule", rule)?.f64s(column)
    }

    fn gaps(&self, rotation: &str, rule: &str) -> Result<Vec<f64>> {
        let rows = self.runs.rows_where("rotation", rotation)?;
        rows.rows_where("rule", rule)?.f64s("gap")
    }

    /// The smallest share that a part is kept at while the one before falls; one number a run.
    fn kept(&self, rotation: &str, rule: &str) -> Result<Vec<f64>> {
        let kept = self.of(rotation, rule, "kept")?;
        let least = |run: &[f64]| run[..3].iter().copied().reduce(nan_min).unwrap_or(f64::NAN);
        Ok(kept.chunks_exact(4).map(least).collect())
    }
}

/// NaN (never learned) stays.
fn nan_min(a: f64, b: f64) -> f64 {
    if a.is_nan() || a < b { a } else { b }
}

/// The slope of ln t_k in ln k: 1 for dominoes of equal length.
fn pace(times: &[f64]) -> Interval {
    let (k, t): (Vec<f64>, Vec<f64>) = (1..=times.len())
        .map(|k| k as f64)
        .zip(times)
        .map(|(k, t)| (k.ln(), t.ln()))
        .unzip();
    stats::linear_fit(&k, &t).slope
}

const SECTION: &str = "§4.1";

impl QuadraticLoss {
    pub(super) fn claims_of(&self, measured: &Measured) -> Result<Claims> {
        let once = |value: f64| Interval::exact(value, 1);
        let largest = |values: Vec<f64>| values.into_iter().fold(0.0, f64::max);
        let descent = {
            let turned = largest(measured.gaps("hadamard", "sgd")?);
            let gaps = measured.gaps("random", "sgd")?;
            Interval::exact(turned.max(largest(gaps.clone())), gaps.len() + 1)
        };
        let together = measured.of("identity", "sign_gd", "time")?;
        let spread = once(largest(together.clone()) / together[0]);
        let times = measured.of("hadamard", "sign_gd", "time")?;
        let kept = once(measured.kept("hadamard", "sign_gd")?[0]);
        let random = stats::mean(&measured.kept("random", "sign_gd")?);
        let descent_times = measured.of("hadamard", "sgd", "time")?;
        let label = measured.of("hadamard", "sign_gd_label", "end")?[3];
        let turned = Quadratic::hadamard().dot(&ndarray::arr1(&[1.0, 1.0, 1.0, -1.0]));
        // ‖H₄x‖ / ‖x‖ with ‖x‖ = 2 and H₄ = 2 · ½H₄.
        let printed = once(2.0 * turned.dot(&turned).sqrt() / 2.0);
        let adaptive = ["adam", "ademamix", "lion", "sophia", "mars"];
        let gaps = adaptive
            .iter()
            .map(|rule| Ok((*rule, stats::median(&measured.gaps("random", rule)?))))
            .collect::<Result<Vec<_>>>()?;
        let least = gaps
            .iter()
            .min_by(|a, b| a.1.value.total_cmp(&b.1.value))
            .map_or(Interval::none(), |g| g.1);
        let each: Vec<String> = gaps
            .iter()
            .map(|(rule, gap)| format!("{rule} {gap}"))
            .collect();
        let differs = |verdict: Verdict| match verdict {
            Verdict::Fails => Verdict::Differs,
            other => other,
        };
        Ok(Claims(vec![
            Claim::new("sgd-invariant", SECTION, "SGD is invariant to rotations", "0", descent)
                .verdict(Verdict::below(descent, 1e-9))
                .note(format!("largest difference of any ℓ_k at any step from the aligned run, over ½H₄ and {} random rotations", measured.gaps("random", "sgd")?.len())),
            Claim::new("aligned", SECTION, "basis-aligned, SignGD: the four losses decrease at the same pace", "slowest over fastest learning time: 1", spread)
                .verdict(Verdict::within(spread, 1.0, 1.001))
                .note(format!("learned at steps {}; no randomness, one run", list(&together))),
            Claim::new("domino", SECTION, "rotated by H₄, SignGD: one loss starts to decrease only when the previous is around zero", "share of the next loss left when the previous is learned: above ½ for all three", kept)
                .verdict(Verdict::above(kept, 0.5))
                .note(format!("smallest of {}; under SGD 0.05^0.1 = 0.74", list(&measured.of("hadamard", "sign_gd", "kept")?))),
            Claim::new("domino-pace", SECTION, "the Domino effect: each part takes its turn, as long as any other", "slope of ln t_k in ln k: 1", pace(&times))
                .verdict(Verdict::within(pace(&times), 0.75, 1.25))
                .note(format!("learned at steps {}; SGD at {}, a factor of ten each (none: not learned)", list(&times), list(&descent_times))),
            Claim::new("domino-random", SECTION, "non-basis-aligned: four losses display a Domino effect", "the same share at random rotations, mean of each run's smallest: above ½", random)
                .verdict(Verdict::above(random, 0.5))
                .note("½H₄ is special: all its entries are ±½, so the strongest part's sign step moves no other part. At a random rotation it moves the others too, and the next part is partly learned, or thrown back, meanwhile"),
            Claim::new("adaptive", SECTION, "element-wise operations generally make adaptive optimizers sensitive to rotations", "largest change of a loss by a random rotation, the least sensitive of five rules: above 0.1", least)
                .verdict(Verdict::above(least, 0.1))
                .note(format!("medians over seeds: {}; losses start at 1", each.join(", "))),
            Claim::new("start", SECTION, "x₀′ = (1, 1, 1, −1) since H x₀′ = x₀ = (1, 1, 1, 1)", "fourth entry of ½H₄x₀′: 1", once(turned[3]))
                .verdict(differs(Verdict::within(once(turned[3]), 1.0 - 1e-12, 1.0 + 1e-12)))
                .note("½H₄x₀′ = (1, 1, 1, −1): the losses are even in x, so Fig. 12 is the same"),
            Claim::new("rotation", SECTION, "H₄ is a rotation matrix", "‖H₄x‖/‖x‖: 1", printed)
                .verdict(Verdict::within(printed, 1.0 - 1e-12, 1.0 + 1e-12))
                .note("as printed, with entries ±1, it doubles lengths; ½H₄ is the rotation"),
            Claim::new("label", "Fig. 12", "SignGD with learning rate .003 (the figure's label)", "ℓ₄ at the end of the rotated run: below 0.05", once(label))
                .verdict(Verdict::below(once(label), LEARNED))
                .note(format!("at {} the weakest part is not learned within {} steps: once the others are down the sign of the gradient is that of their oscillation, of the size of the step; the published figure needs {}", self.label_rate, self.steps, self.sign_rate)),
        ]))
    }

    fn part_lines(
        &self,
        outcome: &Outcome,
        rotation: &str,
        rule: &str,
        title: &str,
    ) -> Result<Panel> {
        let rows = outcome
            .table("curves")?
            .rows_where("rotation", rotation)?
            .rows_where("rule", rule)?;
        let mut panel = Panel::new(title)
            .x("step")
            .y("loss x_{k}^{2}")
            .y_range(0.0, 1.6);
        for k in 1..=4usize {
            let part = rows.rows_where("part", k)?;
            let name = format!("ℓ_{{{k}}} (weight {})", self.curvatures[k - 1]);
            panel = panel.line_ordered(name, k - 1, 4, &part.f64s("step")?, &part.f64s("loss")?);
        }
        Ok(panel)
    }

    pub(super) fn published(&self, outcome: &Outcome) -> Result<Figure> {
        let mut figure =
            Figure::new("Gradient descent does not see the basis, its sign does").columns(2);
        for (rule, name) in [("sgd", "SGD"), ("sign_gd", "SignGD")] {
            for (rotation, basis) in [
                ("identity", "aligned, R = I"),
                ("hadamard", "rotated, R = ½H_{4}"),
            ] {
                let title = format!("{name}, {basis}");
                let mut panel = self.part_lines(outcome, rotation, rule, &title)?;
                if (rule, rotation) == ("sign_gd", "identity") {
                    panel = panel.text(0.12 * self.steps as f64, 0.6, "all four at one pace");
                }
                figure = figure.panel(panel);
            }
        }
        Ok(figure.note(format!(
            "As Fig. 12: SGD at {}, SignGD (Adam, betas 0) at {}. No randomness.",
            self.descent_rate, self.sign_rate
        )))
    }

    pub(super) fn others(&self, outcome: &Outcome) -> Result<Figure> {
        let mut figure = Figure::new("Other element-wise rules in the rotated basis").columns(3);
        for (rule, name) in [
            ("adam", "Adam"),
            ("ademamix", "AdEMAMix"),
            ("lion", "Lion"),
            ("sophia", "Sophia, exact diagonal"),
            ("mars", "MARS"),
            ("sign_gd_label", "SignGD at the label's rate"),
        ] {
            figure = figure.panel(self.part_lines(outcome, "hadamard", rule, name)?);
        }
        Ok(figure.note(format!(
            "R = ½H_{{4}}, step size {}, the last {}. Sophia's diagonal is the same for all four parameters here: it cannot see the hierarchy. Not in the paper.",
            self.sign_rate, self.label_rate
        )))
    }

    pub(super) fn random(&self, outcome: &Outcome) -> Result<Figure> {
        let parts = outcome.table("parts")?;
        let mut panel = Panel::new("")
            .x("part k")
            .y("step at which ℓ_{k} ≤ 0.05")
            .log_y();
        let k = [1.0, 2.0, 3.0, 4.0];
        for (place, (rule, name)) in [
            ("sgd", "SGD"),
            ("sign_gd", "SignGD"),
            ("adam", "Adam"),
            ("lion", "Lion"),
        ]
        .into_iter()
        .enumerate()
        {
            let rows = parts
                .rows_where("rotation", "random")?
                .rows_where("rule", rule)?;
            let medians: Vec<Interval> = (1..=4usize)
                .map(|k| {
                    let times = rows.rows_where("part", k)?.f64s("time")?;
                    let learned = times.iter().filter(|t| t.is_finite()).count();
                    // A median of the few that learned would flatter.
                    Ok(match 2 * learned > times.len() {
                        true => stats::median(&times),
                        false => Interval::none(),
                    })
                })
                .collect::<Result<_>>()?;
            let pick = |f: fn(&Interval) -> f64| medians.iter().map(f).collect::<Vec<_>>();
            // Side by side, so that none covers another.
            let beside = k.map(|k| k + 0.06 * (place as f64 - 1.5));
            panel = panel.error_bars(
                name,
                &beside,
                &pick(|m| m.value),
                &pick(|m| m.low),
                &pick(|m| m.high),
            );
            let h4 = parts
                .rows_where("rotation", "hadamard")?
                .rows_where("rule", rule)?;
            panel = panel.line_styled(
                name,
                &beside,
                &h4.f64s("time")?,
                Style::new().dash(Dash::Dotted),
            );
        }
        Ok(Figure::new("Learning times at random rotations")
            .panel(panel.x_ticks(&[(1.0, "1"), (2.0, "2"), (3.0, "3"), (4.0, "4")]))
            .note(format!("Medians over {} rotations with 95 % intervals, of the runs that learn the part, where that is more than half; dotted: ½H_{{4}}.", outcome.seeds().len())))
    }
}
