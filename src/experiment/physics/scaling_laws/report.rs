//! Figures and claims of the scaling laws.

use super::{RULES, ScalingLaws, ZIPF};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, median};
use crate::figure::{Colour, Dash, Figure, Figures, Panel, Style};
use crate::metric::scaling::{PowerLaw, power_law_seeds, two_point};
use crate::stats::{self, Interval};
use crate::table::Table;
use ndarray::Array2;

/// One loss for each seed (row) and each n_dim or step.
struct Losses {
    x: Vec<f64>,
    y: Array2<f64>,
}

impl Losses {
    /// Column `y` of the rows of one α and optimizer over column `x`.
    fn read(table: &Table, alpha: f64, rule: &str, x: &str, y: &str) -> Result<Self> {
        let rows = of(table, alpha, rule)?;
        Self::all(&rows, x, y)
    }

    fn all(table: &Table, x: &str, y: &str) -> Result<Self> {
        let mut curves = by_seed(table, x, y)?;
        for curve in &mut curves {
            // The start has no place in a power law.
            let pairs = std::mem::take(&mut curve.0)
                .into_iter()
                .zip(std::mem::take(&mut curve.1));
            (curve.0, curve.1) = pairs.filter(|(x, _)| *x > 0.0).unzip();
        }
        let x = curves.first().map(|c| c.0.clone()).unwrap_or_default();
        let y = Array2::from_shape_fn((curves.len(), x.len()), |(s, i)| {
            curves[s].1.get(i).copied().unwrap_or(f64::NAN)
        });
        Ok(Self { x, y })
    }

    fn fit(&self, [from, to]: [usize; 2]) -> Result<PowerLaw> {
        power_law_seeds(&self.x, &self.y, from as f64..=to as f64)
    }

    /// Each seed's slope in the upper half of the window less that in the lower half.
    fn bends(&self, [from, to]: [usize; 2]) -> Vec<f64> {
        let middle = ((from * to) as f64).sqrt();
        let inside = self.x.iter().copied();
        let inside = inside.filter(|x| (from as f64) < *x && *x < to as f64);
        let near =
            inside.min_by(|x, y| (x / middle).ln().abs().total_cmp(&(y / middle).ln().abs()));
        let middle = near.map_or(from, |x| x as usize);
        let (upper, lower) = (self.slopes([middle, to]), self.slopes([from, middle]));
        upper.iter().zip(lower).map(|(u, l)| u - l).collect()
    }

    /// Each seed's slope between the ends of the window.
    fn slopes(&self, [from, to]: [usize; 2]) -> Vec<f64> {
        let slope = |y: Vec<f64>| two_point(&self.x, &y, from as f64, to as f64);
        self.y
            .rows()
            .into_iter()
            .map(|y| slope(y.to_vec()).unwrap_or(f64::NAN))
            .collect()
    }
}

fn of(table: &Table, alpha: f64, rule: &str) -> Result<Table> {
    table
        .rows_where("alpha", alpha)?
        .rows_where("optimizer", rule)
}

/// The exponents of one optimizer for each α: of n_dim or of steps.
struct Exponents {
    rule: &'static str,
    alphas: Vec<f64>,
    fits: Vec<PowerLaw>,
    /// Of each α, the slopes between two points of each seed.
    slopes: Vec<Vec<f64>>,
    /// And how much they change within the window.
    bends: Vec<Vec<f64>>,
}

impl Exponents {
    fn new(
        table: &Table,
        alphas: &[f64],
        rule: &'static str,
        x: &str,
        window: [usize; 2],
    ) -> Result<Self> {
        let losses: Vec<Losses> = alphas
            .iter()
            .map(|a| Losses::read(table, *a, rule, x, "loss"))
            .collect::<Result<_>>()?;
        Ok(Self {
            rule,
            alphas: alphas.to_vec(),
            fits: losses
                .iter()
                .map(|l| l.fit(window))
                .collect::<Result<_>>()?,
            slopes: losses.iter().map(|l| l.slopes(window)).collect(),
            bends: losses.iter().map(|l| l.bends(window)).collect(),
        })
    }

    /// α_N: over n_dim.
    fn of_dims(settings: &ScalingLaws, outcome: &Outcome) -> Result<Vec<Self>> {
        let table = outcome.table("losses")?;
        let new = |rule| Self::new(&table, &settings.alphas, rule, "n_dim", settings.fit_dims);
        RULES.into_iter().map(|(rule, _)| new(rule)).collect()
    }

    /// α_S: over steps.
    fn of_steps(settings: &ScalingLaws, outcome: &Outcome) -> Result<Vec<Self>> {
        let table = outcome.table("curves")?;
        let new = |rule| {
            Self::new(
                &table,
                &settings.curve_alphas,
                rule,
                "step",
                settings.fit_steps,
            )
        };
        RULES.into_iter().map(|(rule, _)| new(rule)).collect()
    }

    fn label(&self) -> &'static str {
        let named = RULES.iter().find(|(rule, _)| *rule == self.rule);
        named.map_or(self.rule, |(_, label)| label)
    }

    fn at(&self, alpha: f64) -> Option<usize> {
        self.alphas.iter().position(|a| *a == alpha)
    }

    /// The exponent less `line(α)` at the α ≥ 1 (α > 1 where `beyond`) where that is smallest.
    fn least_above(&self, beyond: f64, line: impl Fn(f64) -> f64) -> Option<(f64, Interval)> {
        let differences = self
            .alphas
            .iter()
            .zip(&self.fits)
            .filter(|(a, _)| **a >= beyond)
            .map(|(a, fit)| (*a, shifted(fit.exponent, -line(*a))));
        differences.min_by(|x, y| x.1.value.total_cmp(&y.1.value))
    }
}

fn shifted(interval: Interval, by: f64) -> Interval {
    Interval {
        value: interval.value + by,
        low: interval.low + by,
        high: interval.high + by,
        ..interval
    }
}

/// The optimizer of panels (a) and (c): that of the public code as it is, which also has the n_dim about the critical point.
const SHOWN: (&str, &str) = RULES[1];

pub(super) fn draw(settings: &ScalingLaws, outcome: &Outcome) -> Result<Figures> {
    let (losses, curves) = (outcome.table("losses")?, outcome.table("curves")?);
    let seeds = outcome.seeds().len();
    let median_panel = |table: &Table, alphas: &[f64], x: &str, panel: Panel| -> Result<Panel> {
        let mut panel = panel.y("loss").log_x().log_y();
        for (i, alpha) in alphas.iter().enumerate() {
            let rows = of(table, *alpha, SHOWN.0)?;
            let (xs, ys) = median(&by_seed(&rows, x, "loss")?);
            let kept = xs.into_iter().zip(ys).filter(|(x, y)| *x > 0.0 && *y > 0.0);
            let (xs, ys): (Vec<f64>, Vec<f64>) = kept.unzip();
            panel = panel.line_ordered(format!("α = {alpha}"), i, alphas.len(), &xs, &ys);
        }
        Ok(panel)
    };
    let theory = |panel: Panel, alphas: &[f64], name: &str, dash, line: fn(f64) -> f64| {
        let x: Vec<f64> = alphas.iter().copied().filter(|a| *a >= 1.0).collect();
        let y: Vec<f64> = x.iter().map(|a| line(*a)).collect();
        panel.line_styled(name, &x, &y, Style::new().colour(Colour::Ink).dash(dash))
    };
    let exponents = |panel: Panel, all: &[Exponents]| {
        let mut panel = panel.x("α");
        for one in all {
            let pick = |f: fn(&Interval) -> f64| -> Vec<f64> {
                one.fits.iter().map(|fit| f(&fit.exponent)).collect()
            };
            let (low, high) = (pick(|i| i.low), pick(|i| i.high));
            panel = panel.error_bars(one.label(), &one.alphas, &pick(|i| i.value), &low, &high);
        }
        panel
    };
    let [from, to] = settings.fit_dims;
    let b = exponents(
        Panel::new(format!("(b) α_{{N}}, n_dim {from} to {to}")).y("α_{N}"),
        &Exponents::of_dims(settings, outcome)?,
    );
    let b = theory(b, &settings.alphas, "α − 1", Dash::Dashed, |a| a - 1.0)
        .h_line(0.34, "Chinchilla 0.34");
    let [from, to] = settings.fit_steps;
    let d = exponents(
        Panel::new(format!("(d) α_{{S}}, steps {from} to {to}")).y("α_{S}"),
        &Exponents::of_steps(settings, outcome)?,
    );
    let d = theory(
        d,
        &settings.curve_alphas,
        "Domino α − 1",
        Dash::Dashed,
        |a| a - 1.0,
    );
    let d = theory(
        d,
        &settings.curve_alphas,
        "Quanta (α − 1)/α",
        Dash::Dotted,
        |a| (a - 1.0) / a,
    );
    let figure = Figure::new("Scaling laws of the Geometry model")
        .panel(median_panel(
            &losses,
            &settings.alphas,
            "n_dim",
            Panel::new(format!("(a) loss against parameters, {}", SHOWN.1)).x("n_dim"),
        )?)
        .panel(b)
        .panel(median_panel(
            &curves,
            &settings.curve_alphas,
            "step",
            Panel::new(format!(
                "(c) loss against steps, {}, n_dim = {}",
                SHOWN.1, settings.curve_dim
            ))
            .x("step"),
        )?)
        .panel(d)
        .columns(2)
        .note(format!(
            "Medians of {seeds} seeds; exponents fitted to all points of the window, with 95 % intervals over seeds."
        ));
    Ok(Figures::new()
        .with("scaling", figure)
        .with("critical", critical(settings, outcome)?)
        .with("windows", windows(settings, outcome)?))
}

/// The share of learned tasks, and the losses, across the critical point.
fn critical(settings: &ScalingLaws, outcome: &Outcome) -> Result<Figure> {
    let losses = outcome.table("losses")?;
    let half = settings.n_task as f64 / 2.0;
    let mut share = Panel::new("tasks with s > 0")
        .x("n_dim / n_task")
        .y("share of tasks");
    let mut loss = Panel::new("loss")
        .x("n_dim / n_task")
        .y("loss / loss at the start")
        .log_y();
    let relative =
        |x: Vec<f64>| -> Vec<f64> { x.iter().map(|n| n / settings.n_task as f64).collect() };
    for (rule, label) in RULES {
        let rows = of(&losses, ZIPF, rule)?;
        let (x, y) = median(&by_seed(&rows, "n_dim", "learned")?);
        share = share.line(label, &relative(x), &y);
        let (x, y) = median(&by_seed(&rows, "n_dim", "loss")?);
        let y: Vec<f64> = y.iter().map(|l| l / std::f64::consts::LN_2).collect();
        loss = loss.line(format!("cross-entropy, {label}"), &relative(x), &y);
    }
    let (x, y) = median(&by_seed(&outcome.table("floor")?, "n_dim", "loss")?);
    loss = loss.line_styled(
        "least squared error",
        &relative(x),
        &y,
        Style::new().colour(Colour::Ink).dash(Dash::Dashed),
    );
    let mark = half / settings.n_task as f64;
    Ok(Figure::new("Where every task can be learned, α = 1")
        .panel(share.v_line(mark, "Cover"))
        .panel(loss.v_line(mark, "Cover"))
        .note(format!(
            "Loss at step {}. Black: the least squared-error loss of any θ, which reaches 0 at n_dim = n_task.",
            settings.read
        )))
}

/// How the exponents depend on the window.
fn windows(settings: &ScalingLaws, outcome: &Outcome) -> Result<Figure> {
    let mut panels = Vec::new();
    for (name, all) in [
        ("α_{N}", Exponents::of_dims(settings, outcome)?),
        ("α_{S}", Exponents::of_steps(settings, outcome)?),
    ] {
        let mut panel = Panel::new(format!("{name} in all sub-windows"))
            .x("α")
            .y(name);
        for one in &all {
            let mut spread = (vec![], vec![], vec![], vec![]);
            for (alpha, fit) in one.alphas.iter().zip(&one.fits) {
                let Ok(all) = fit.windows(SPAN) else { continue };
                spread.0.push(*alpha);
                spread.1.push(all.median);
                spread.2.push(all.low);
                spread.3.push(all.high);
            }
            let label = one.label();
            panel = panel.error_bars(label, &spread.0, &spread.1, &spread.2, &spread.3);
        }
        panels.push(panel);
    }
    Ok(Figure::new("What the exponents owe to the window")
        .panels(panels)
        .note(format!(
            "From the smallest to the largest exponent of all windows inside the fitted one whose ends lie a factor {SPAN} apart or more; the point is the median."
        )))
}

/// The least ratio of a sub-window's ends.
const SPAN: f64 = 1.8;

const SOURCE: &str = "§3.3, Fig. 10";

pub(super) fn measure(settings: &ScalingLaws, outcome: &Outcome) -> Result<Claims> {
    let dims = Exponents::of_dims(settings, outcome)?;
    let steps = Exponents::of_steps(settings, outcome)?;
    let mut claims = Vec::new();
    for one in &dims {
        zipf_claims(settings, one, &mut claims);
    }
    for one in &dims {
        let Some((alpha, least)) = one.least_above(ZIPF, |a| a - 1.0) else {
            continue;
        };
        claims.push(
            Claim::new(
                &format!("alpha-n-above-quanta-{}", one.rule),
                SOURCE,
                "the Geometry model systematically gives a larger α_N than the Quanta model's α − 1",
                "α_N − (α − 1) at the α ≥ 1 where it is smallest: above 0",
                least,
            )
            .verdict(Verdict::above(least, 0.0))
            .note(format!("{}; smallest at α = {alpha}", one.label())),
        );
    }
    step_claims(&steps, &mut claims);
    critical_claims(settings, outcome, &mut claims)?;
    Ok(Claims(claims))
}

/// α_N at α = 1: its value, and whether there is one.
fn zipf_claims(settings: &ScalingLaws, one: &Exponents, claims: &mut Vec<Claim>) {
    let Some(at) = one.at(ZIPF) else { return };
    let fit = &one.fits[at];
    let slope = stats::mean(&one.slopes[at]);
    let [from, to] = settings.fit_dims;
    let verdict = match Verdict::within(fit.exponent, 0.31, 0.37) {
        Verdict::Fails => Verdict::Differs,
        other => other,
    };
    claims.push(
        Claim::new(
            &format!("alpha-n-zipf-{}", one.rule),
            SOURCE,
            "at α = 1, α_N ≈ 0.34, which happens to be the exponent of the Chinchilla models",
            "0.34 ± 0.03",
            fit.exponent,
        )
        .verdict(verdict)
        .note(format!(
            "{}, fitted to n_dim {from} to {to}; slope between its ends, as published: {slope}",
            one.label()
        )),
    );
    let Ok(windows) = fit.windows(SPAN) else {
        return;
    };
    let bend = stats::mean(&one.bends[at]);
    claims.push(
        Claim::new(
            &format!("power-law-{}", one.rule),
            SOURCE,
            "ℓ(n_dim) is a power law in the early stage n_dim < 250",
            "α_N at α = 1 of the window's upper half less that of its lower half: 0, to a tenth of α_N",
            bend,
        )
        .verdict(Verdict::within(
            bend,
            -0.1 * fit.exponent.value,
            0.1 * fit.exponent.value,
        ))
        .note(format!(
            "{}; from {:.3} to {:.3} over all {} windows with ends a factor {SPAN} apart or more",
            one.label(),
            windows.low,
            windows.high,
            windows.exponents.len()
        )),
    );
}

fn step_claims(steps: &[Exponents], claims: &mut Vec<Claim>) {
    let [sign, adam] = steps else { return };
    // The α at which Adam comes nearest to SignGD.
    let pairs = sign.alphas.iter().zip(sign.slopes.iter().zip(&adam.slopes));
    let differences = pairs.filter(|(a, _)| **a >= ZIPF).map(|(a, (s, m))| {
        let paired: Vec<f64> = m.iter().zip(s).map(|(m, s)| m - s).collect();
        (*a, stats::mean(&paired))
    });
    if let Some((alpha, difference)) = differences.max_by(|x, y| x.1.value.total_cmp(&y.1.value)) {
        claims.push(
            Claim::new(
                "alpha-s-adam",
                SOURCE,
                "Adam results in a smaller α_S than SignGD",
                "α_S of Adam less that of SignGD of the same seed, at the α ≥ 1 where it is largest: below 0",
                difference,
            )
            .verdict(Verdict::below(difference, 0.0))
            .note(format!("slopes between the window's ends; largest at α = {alpha}")),
        );
    }
    for one in steps {
        if let Some((alpha, least)) = one.least_above(1.0 + 1e-9, |a| (a - 1.0) / a) {
            claims.push(
                Claim::new(
                    &format!("alpha-s-above-quanta-{}", one.rule),
                    SOURCE,
                    "the Quanta model systematically underestimates α_S",
                    "α_S − (α − 1)/α at the α > 1 where it is smallest: above 0",
                    least,
                )
                .verdict(Verdict::above(least, 0.0))
                .note(format!("{}; smallest at α = {alpha}", one.label())),
            );
        }
        if let Some(at) = one.at(ZIPF) {
            let fit = &one.fits[at];
            claims.push(
                Claim::new(
                    &format!("alpha-s-zipf-{}", one.rule),
                    SOURCE,
                    "at α = 1 the Geometry model predicts Chinchilla's scaling exponent of steps well",
                    "between 0.28 (DeepMind's fit) and 0.37 (its replication)",
                    fit.exponent,
                )
                .verdict(Verdict::within(fit.exponent, 0.28, 0.37))
                .note(format!(
                    "{}; slope between the window's ends: {}",
                    one.label(),
                    stats::mean(&one.slopes[at])
                )),
            );
        }
    }
    let largest = sign
        .alphas
        .iter()
        .zip(&sign.fits)
        .max_by(|x, y| x.0.total_cmp(y.0));
    if let Some((alpha, fit)) = largest {
        let apart = shifted(fit.exponent, 1.0 - alpha);
        claims.push(
            Claim::new(
                "alpha-s-domino",
                SOURCE,
                "Geometry model with SignGD: α_S agrees with the Domino model's α − 1, especially for large α",
                "α_S − (α − 1) at the largest α: within ±0.1",
                apart,
            )
            .verdict(Verdict::within(apart, -0.1, 0.1))
            .note(format!("α = {alpha}")),
        );
    }
}

fn critical_claims(
    settings: &ScalingLaws,
    outcome: &Outcome,
    claims: &mut Vec<Claim>,
) -> Result<()> {
    let losses = outcome.table("losses")?;
    let n_task = settings.n_task as f64;
    for (rule, label) in RULES {
        let share = Losses::read(&losses, ZIPF, rule, "n_dim", "learned")?;
        if share.x.last().is_none_or(|n_dim| *n_dim < 0.5 * n_task) {
            continue;
        }
        let first = |row: ndarray::ArrayView1<f64>| {
            let at = row.iter().position(|share| *share >= 1.0);
            at.map_or(f64::NAN, |i| share.x[i] / n_task)
        };
        let first: Vec<f64> = share.y.rows().into_iter().map(first).collect();
        let whole = stats::mean(&first);
        claims.push(
            Claim::new(
                &format!("critical-{rule}"),
                SOURCE,
                "there is a critical point around n_dim ≈ 600, left of n_task = 1000",
                "smallest n_dim / n_task at which every task has s > 0: about ½ by Cover's bound for the cross-entropy (the paper's 0.6: 0.45 to 0.65), not 1",
                whole,
            )
            .verdict(Verdict::within(whole, 0.45, 0.65))
            .note(format!("{label}, α = 1, step {}; on the grid of n_dim", settings.read)),
        );
    }
    let floor = Losses::all(&outcome.table("floor")?, "n_dim", "loss")?;
    if let Some(last) = floor.x.len().checked_sub(1) {
        let ratio: Vec<f64> = floor
            .y
            .column(last)
            .iter()
            .map(|l| l / (1.0 - floor.x[last] / n_task))
            .collect();
        let ratio = stats::mean(&ratio);
        claims.push(
            Claim::new(
                "critical-squared",
                "§3.3",
                "when n_dim ≥ n_task the model can learn all skills, resulting in zero loss",
                "for the squared error that is the first n_dim: its least loss of any θ, at the largest n_dim below n_task, is not 0",
                ratio,
            )
            .verdict(Verdict::above(ratio, 0.0))
            .note(format!(
                "least loss / (1 − n_dim/n_task) at n_dim = {}; for equal frequencies it would be 1 in the mean",
                floor.x[last]
            )),
        );
    }
    Ok(())
}
