//! Figures and claims of a transformer that groks.

use super::super::numbers::{differs, mean_within};
use super::TransformerGrokking;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, draw_seeds};
use crate::figure::{Figure, Figures, Panel, Style};
use crate::metric::representation::FeatureMetrics;
use crate::stats::{self, Interval};

const TIMES: [&str; 2] = ["before", "after"];

pub(super) fn draw(settings: &TransformerGrokking, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-6.4", published(settings, outcome)?)
        .with("dimensions", dimensions(settings, outcome)?))
}

fn published(settings: &TransformerGrokking, outcome: &Outcome) -> Result<Figure> {
    let curves = outcome.table("curves")?;
    let mut accuracy = Panel::new("(a) accuracy, seeds pale")
        .x("step")
        .y("share of pairs answered rightly")
        .log_x()
        .y_range(0.0, 1.05);
    for (when, label) in TIMES.into_iter().zip(["measured before", "measured after"]) {
        accuracy = accuracy.v_line(at(outcome, when, "step")?[0], label);
    }
    for (i, (column, label)) in [("train", "shown pairs"), ("test", "hidden pairs")]
        .into_iter()
        .enumerate()
    {
        let seeds = by_seed(&curves, "step", column)?;
        accuracy = draw_seeds(accuracy, label, seeds, Style::new().cycle(i));
    }
    let features = outcome.table("features")?;
    let mut panels = vec![accuracy];
    for (title, column, label) in [
        ("(b) quality", "cumulative_quality", "cumulative quality Π*"),
        (
            "(c) utilization",
            "cumulative_utilization",
            "cumulative utilization",
        ),
        ("(d) intensity", "intensity", "ρ_{k}/ρ_{1}"),
    ] {
        let mut panel = Panel::new(title)
            .x("k")
            .y(label)
            .v_line(settings.prime as f64, "C");
        if column == "intensity" {
            panel = panel.log_y();
        }
        for when in TIMES {
            let rows = features.rows_where("when", when)?;
            let (k, mut y) = (rows.f64s("k")?, rows.f64s(column)?);
            if column == "intensity" {
                let first = y[0];
                y.iter_mut().for_each(|y| *y /= first);
            }
            panel = panel.line(format!("{when} grokking"), &k, &y);
        }
        panels.push(panel);
    }
    let title = "Fig. 6.4: hidden pairs are known late, by features of higher quality";
    let note = format!(
        "p = {}, {} features; features and dotted lines of seed 0",
        settings.prime, settings.width
    );
    Ok(Figure::new(title).columns(2).panels(panels).note(note))
}

fn dimensions(settings: &TransformerGrokking, outcome: &Outcome) -> Result<Figure> {
    let metrics = outcome.table("metrics")?;
    let panel = |title: &str, columns: &[(&str, &str)], y: &str, line: (f64, &str)| {
        let mut panel = Panel::new(title).y(y).h_line(line.0, line.1);
        for when in TIMES {
            let rows = metrics.rows_where("when", when)?;
            let means = columns
                .iter()
                .map(|(column, _)| Ok(stats::mean(&rows.f64s(column)?)));
            let means = means.collect::<Result<Vec<_>>>()?;
            let labels: Vec<&str> = columns.iter().map(|c| c.1).collect();
            let part = |of: fn(&Interval) -> f64| means.iter().map(of).collect::<Vec<f64>>();
            panel = panel.bars_with_interval(
                when,
                &labels,
                &part(|m| m.value),
                &part(|m| m.low),
                &part(|m| m.high),
            );
        }
        Ok::<_, crate::error::Error>(panel)
    };
    Ok(Figure::new("Which numbers tell a network that has grokked")
        .panel(panel(
            "effective dimensions",
            &[
                ("utilization_dimension", "utilization"),
                ("intensity_dimension", "intensity"),
                ("quality_dimension", "quality"),
            ],
            "effective dimension",
            (settings.prime as f64, "C"),
        )?)
        .panel(panel(
            "distance from the ideal operator",
            &[("kappa", "κ_{CKA}")],
            "κ_{CKA}",
            (FeatureMetrics::EPSILON, "MF below"),
        )?))
}

/// One number of all seeds.
fn at(outcome: &Outcome, when: &str, column: &str) -> Result<Vec<f64>> {
    outcome
        .table("metrics")?
        .rows_where("when", when)?
        .f64s(column)
}

pub(super) fn measure(settings: &TransformerGrokking, outcome: &Outcome) -> Result<Claims> {
    let mut claims = vec![delayed(settings, outcome)?];
    let (before, after) = (
        at(outcome, "before", "kappa")?,
        at(outcome, "after", "kappa")?,
    );
    let bound = FeatureMetrics::EPSILON;
    let steps = stats::median(&at(outcome, "after", "step")?);
    let early = stats::mean(&before);
    claims.push(
        Claim::new(
            "extended-before",
            "§6.4.2, Fig. 6.4b",
            "the model is in the EF regime in the overfitting phase",
            "κ_CKA above 0.1",
            early,
        )
        .verdict(Verdict::above(early, bound))
        .note(format!(
            "at step {:.0} (median), where {:.3} of the shown and {:.3} of the hidden pairs are known",
            stats::median(&at(outcome, "before", "step")?).value,
            stats::mean(&at(outcome, "before", "train")?).value,
            stats::mean(&at(outcome, "before", "test")?).value,
        )),
    );
    let late = stats::mean(&after);
    claims.push(
        Claim::new(
            "minimum-after",
            "§6.4.2, Fig. 6.4b",
            "after grokking the model is in the MF regime",
            "κ_CKA below 0.1",
            late,
        )
        .verdict(Verdict::below(late, bound))
        .note(format!(
            "at step {:.0} (median), where {:.3} of the hidden pairs are known; p = {} classes, {} features",
            steps.value,
            stats::mean(&at(outcome, "after", "test")?).value,
            settings.prime,
            settings.width
        )),
    );
    let ratio: Vec<f64> = after.iter().zip(&before).map(|(b, a)| b / a).collect();
    let fall = stats::mean(&ratio);
    claims.push(
        Claim::new(
            "transition",
            "§6.4.2",
            "grokking is a transition from EF to MF",
            "κ_CKA after / before below 0.5",
            fall,
        )
        .verdict(Verdict::below(fall, 0.5))
        .note("per seed; ours: a number for how far the regimes are apart"),
    );
    for (id, column, name) in [
        ("utilization", "utilization_dimension", "D_eff(Q̂)"),
        ("intensity", "intensity_dimension", "D_eff(ρ)"),
    ] {
        let classes = settings.prime as f64;
        let share = |when: &str| -> Result<Vec<f64>> {
            let values = at(outcome, when, column)?;
            Ok(values.into_iter().map(|d| d / classes).collect())
        };
        let (mean, verdict) = mean_within(&share("after")?, 0.8, 1.2);
        claims.push(
            Claim::new(
                &format!("{id}-after"),
                "§6.4.2, Eq. 2.7",
                &format!("MF: {name} ≈ C after grokking"),
                &format!("{name}/C within 20 % of 1"),
                mean,
            )
            .verdict(differs(verdict))
            .note(format!("before: {}", stats::mean(&share("before")?))),
        );
    }
    claims.push(quality(settings, outcome)?);
    Ok(Claims(claims))
}

/// Training accuracy first, test accuracy much later.
fn delayed(settings: &TransformerGrokking, outcome: &Outcome) -> Result<Claim> {
    let runs = outcome.table("runs")?;
    let (known, general) = (runs.f64s("known")?, runs.f64s("general")?);
    let never = general.iter().filter(|step| step.is_nan()).count();
    // A run that never generalised did so after its last step at the earliest.
    let ratios: Vec<f64> = known
        .iter()
        .zip(&general)
        .map(|(known, general)| {
            let late = if general.is_nan() {
                settings.steps as f64
            } else {
                *general
            };
            late / known.max(1.0)
        })
        .collect();
    let ratio = stats::median(&ratios);
    let steps = |values: &[f64]| stats::median(values).value;
    let general: Vec<f64> = general.into_iter().filter(|s| s.is_finite()).collect();
    Ok(Claim::new(
        "delayed",
        "§6.4.2, Fig. 6.4a",
        "test accuracy improves significantly later than training accuracy",
        &format!(
            "step at which {} of the hidden pairs are known over that of the shown pairs: above 3",
            settings.level
        ),
        ratio,
    )
    .verdict(Verdict::above(ratio, 3.0))
    .note(format!(
        "medians: step {:.0} and step {:.0}; {never} of {} runs did not generalise in {} steps",
        steps(&known),
        steps(&general),
        known.len(),
        settings.steps
    )))
}

fn quality(settings: &TransformerGrokking, outcome: &Outcome) -> Result<Claim> {
    let (before, after) = (
        at(outcome, "before", "quality_dimension")?,
        at(outcome, "after", "quality_dimension")?,
    );
    let ratio: Vec<f64> = after.iter().zip(&before).map(|(b, a)| b / a).collect();
    let mean = stats::mean(&ratio);
    Ok(Claim::new(
        "quality",
        "Fig. 6.4b",
        "the target lies in fewer features after grokking",
        "D_eff(Q*) after / before below 1",
        mean,
    )
    .verdict(Verdict::below(mean, 1.0))
    .note(format!(
        "before {}, after {}; of {} features",
        stats::mean(&before),
        stats::mean(&after),
        settings.width
    )))
}
