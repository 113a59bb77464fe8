//! Claims on features for a step function.

use super::super::numbers::{differs, mean_within};
use super::StepFeatures;
use super::report::{TABLE, judged, of_decay};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::stats;

/// One number of all seeds before training or after it.
fn at_step(
    outcome: &Outcome,
    settings: &StepFeatures,
    decay: f64,
    after: bool,
    column: &str,
) -> Result<Vec<f64>> {
    let step = if after { settings.steps as i64 } else { 0 };
    of_decay(outcome, "history", decay)?
        .rows_where("step", step)?
        .f64s(column)
}

pub(super) fn measure(settings: &StepFeatures, outcome: &Outcome) -> Result<Claims> {
    let mut claims = Vec::new();
    for (column, name, before, after) in TABLE {
        claims.extend(rows_of_table(
            settings,
            outcome,
            column,
            name,
            [before, after],
        )?);
    }
    claims.extend(single(settings, outcome)?);
    claims.extend(counts(settings, outcome)?);
    Ok(Claims(claims))
}

/// The published numbers, and that they fall.
fn rows_of_table(
    settings: &StepFeatures,
    outcome: &Outcome,
    column: &str,
    name: &str,
    published: [f64; 2],
) -> Result<Vec<Claim>> {
    let decay = judged(settings);
    let short = column.trim_end_matches("_dimension").replace("plain_", "");
    let mut claims = Vec::new();
    let mut both = Vec::new();
    for (when, after, value) in [
        ("before", false, published[0]),
        ("after", true, published[1]),
    ] {
        let values = at_step(outcome, settings, decay, after, column)?;
        let (mean, verdict) = mean_within(&values, 0.8 * value, 1.2 * value);
        claims.push(
            Claim::new(
                &format!("{short}-{when}"),
                "Table 2.1",
                &format!("{name} is {value} {when} training"),
                &format!("{value}, within 20 %"),
                mean,
            )
            .verdict(differs(verdict))
            .note(format!(
                "width {}, weight decay {decay}, {} points, {} steps; of these only the width is published",
                settings.width, settings.points, settings.steps
            )),
        );
        both.push(values);
    }
    let ratio: Vec<f64> = both[1].iter().zip(&both[0]).map(|(b, a)| b / a).collect();
    let mean = stats::mean(&ratio);
    let without = settings.decays.first().copied().unwrap_or(0.0);
    let plain = stats::mean(&at_step(outcome, settings, without, true, column)?);
    claims.push(
        Claim::new(
            &format!("{short}-falls"),
            "Fig. 2.2, Table 2.1",
            &format!("training lowers {name}"),
            "after / before below 1",
            mean,
        )
        .verdict(Verdict::below(mean, 1.0))
        .note(format!("with weight decay {without} it ends at {plain}")),
    );
    Ok(claims)
}

fn single(settings: &StepFeatures, outcome: &Outcome) -> Result<Vec<Claim>> {
    let decay = judged(settings);
    let without = settings.decays.first().copied().unwrap_or(0.0);
    let after = |decay: f64, column: &str| at_step(outcome, settings, decay, true, column);
    let mut claims = Vec::new();
    for (id, column, what) in [
        ("single-quality", "first_quality", "the target: Q*_1"),
        (
            "single-utilization",
            "first_utilization",
            "the learned function: Q̂_1",
        ),
    ] {
        let mean = stats::mean(&after(decay, column)?);
        let plain = stats::mean(&after(without, column)?);
        claims.push(
            Claim::new(
                id,
                "§2.2, Fig. 2.2c",
                &format!("the network learns a single feature that describes {what}"),
                "above 0.9",
                mean,
            )
            .verdict(Verdict::above(mean, 0.9))
            .note(format!(
                "weight decay {decay}; {plain} with weight decay {without}"
            )),
        );
    }
    let constant = stats::mean(&after(decay, "constant")?);
    claims.push(
        Claim::new(
            "no-constant",
            "§2.5.1",
            "⟨e_1|1⟩ > 0.95 everywhere except in this one-dimensional model",
            "below 0.95 after training",
            constant,
        )
        .verdict(Verdict::below(constant, 0.95))
        .note(
            "a step has the overlap 1/√2 = 0.707 with a constant; before training it is above 0.98",
        ),
    );
    let loss = stats::mean(&after(decay, "loss")?);
    let plain = stats::mean(&after(without, "loss")?);
    claims.push(
        Claim::new(
            "fits",
            "§2.2",
            "the network is trained to learn the step",
            "mean square on the grid below 0.01",
            loss,
        )
        .verdict(Verdict::below(loss, 0.01))
        .note(format!(
            "{plain} with weight decay {without}; the points nearest to the step hold what is left"
        )),
    );
    Ok(claims)
}

fn counts(settings: &StepFeatures, outcome: &Outcome) -> Result<Vec<Claim>> {
    let grids = outcome.table("grids")?;
    // The grid on which the published number comes out, and what others give.
    let mut said = Vec::new();
    let mut ratios = Vec::new();
    for points in &settings.grids {
        let rows = grids.rows_where("points", *points as i64)?;
        let needed = rows.f64s("needed")?;
        said.push(format!(
            "{points} points: {:.0}",
            stats::median(&needed).value
        ));
        ratios.extend(needed.iter().map(|k| k / *points as f64));
    }
    let largest = settings.grids.iter().max().copied().unwrap_or(0);
    let rows = grids.rows_where("points", largest as i64)?;
    let needed = stats::mean(&rows.f64s("needed")?);
    let share = stats::mean(&ratios);
    Ok(vec![
        Claim::new(
            "needed",
            "Fig. 2.2a",
            "about 20 features are needed for a mean square below 1e-5 when they are fixed",
            &format!("15 to 25 on the largest grid, {largest} points"),
            needed,
        )
        .verdict(differs(Verdict::within(needed, 15.0, 25.0)))
        .note(format!(
            "features of the initial network, fitted on the grid: {}. What k features leave of a step falls about as 1/k, until k is the number of points: about 20 are needed on a grid of about 20",
            said.join(", ")
        )),
        Claim::new(
            "needed-points",
            "Fig. 2.2a",
            "the number is of the network",
            "features needed over points of the grid below 0.5 on all grids",
            share,
        )
        .verdict(Verdict::below(share, 0.5))
        .note("mean over grids and seeds; 1: a jump is expressed only by interpolating all points"),
    ])
}
