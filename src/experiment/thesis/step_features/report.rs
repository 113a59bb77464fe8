//! Figures and claims of features for a step function.

use super::super::numbers::{differs, mean_within};
use super::StepFeatures;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, draw_seeds, median};
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats;
use crate::table::Table;

/// The weight decay on which the claims are measured: the last one.
fn judged(settings: &StepFeatures) -> f64 {
    settings.decays.last().copied().unwrap_or(0.0)
}

fn of_decay(outcome: &Outcome, table: &str, decay: f64) -> Result<Table> {
    outcome.table(table)?.rows_where("decay", decay)
}

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

pub(super) fn draw(settings: &StepFeatures, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-2.2", published(settings, outcome)?)
        .with("dimensions", dimensions(settings, outcome)?)
        .with("needed", needed(settings, outcome)?))
}

fn published(settings: &StepFeatures, outcome: &Outcome) -> Result<Figure> {
    let decay = judged(settings);
    let functions = of_decay(outcome, "functions", decay)?;
    let features = of_decay(outcome, "features", decay)?;
    let steps = features.distinct("step")?;
    let shown = [steps[0], steps[steps.len() / 2], steps[steps.len() - 1]];
    let mut panels = Vec::new();
    for (name, step) in ["a", "b", "c"].iter().zip(shown) {
        let rows = functions.rows_where("step", step)?;
        panels.push(drawn(&format!("({name}) step {step}"), &rows)?);
    }
    for (name, column, label) in [
        ("(d) quality", "cumulative_quality", "cumulative quality Π*"),
        (
            "(e) utilization",
            "cumulative_utilization",
            "cumulative utilization",
        ),
        ("(f) intensity", "intensity", "ρ_{k}/ρ_{1}"),
    ] {
        let mut panel = Panel::new(name).x("k").y(label);
        if column == "intensity" {
            panel = panel.log_y().y_range(1e-8, 2.0);
        }
        for (i, step) in steps.iter().enumerate() {
            let rows = features.rows_where("step", *step)?;
            let (k, mut y) = (rows.f64s("k")?, rows.f64s(column)?);
            if column == "intensity" {
                let first = y[0];
                y.iter_mut().for_each(|y| *y /= first);
            }
            panel = panel.line_ordered(format!("step {step}"), i, steps.len(), &k, &y);
        }
        panels.push(panel);
    }
    let title = "Fig. 2.2: many features before training, one step-like feature after it";
    Ok(Figure::new(title).columns(3).panels(panels).note(format!(
        "seed 0, weight decay {decay}; published: width 1000, rate and decay not stated"
    )))
}

fn drawn(title: &str, rows: &Table) -> Result<Panel> {
    let x = rows.f64s("x")?;
    let mut panel = Panel::new(
        title
            .replace("D_eff", "D_{eff}")
            .replace("Q̂", "utilization")
            .replace("Q*", "quality"),
    )
    .x("x")
    .y("")
    .y_range(-3.0, 3.0)
    .line_styled(
        "target f*",
        &x,
        &rows.f64s("target")?,
        Style::new().rgb(150, 150, 150).width(4.0),
    );
    for (i, (column, label)) in [("e1", "e_{1}"), ("e2", "e_{2}"), ("e3", "e_{3}")]
        .into_iter()
        .enumerate()
    {
        let style = Style::new().cycle(i).dash(Dash::Dashed);
        panel = panel.line_styled(label, &x, &rows.f64s(column)?, style);
    }
    let learned = Style::new().cycle(3);
    Ok(panel.line_styled("learned function", &x, &rows.f64s("output")?, learned))
}

fn dimensions(settings: &StepFeatures, outcome: &Outcome) -> Result<Figure> {
    let mut panels = Vec::new();
    for (column, title, before, after) in TABLE {
        let mut panel = Panel::new(title)
            .x("step (0 at the left edge)")
            .y("effective dimension")
            .log_x()
            .h_line(before, "published, before")
            .h_line(after, "published, after");
        for (i, decay) in settings.decays.iter().enumerate() {
            let curves = by_seed(&of_decay(outcome, "history", *decay)?, "step", column)?;
            let shifted = curves.into_iter().map(|(x, y)| (at_left_edge(x), y));
            let label = format!("weight decay {decay}");
            panel = draw_seeds(panel, &label, shifted.collect(), Style::new().cycle(i));
        }
        panels.push(panel);
    }
    Ok(
        Figure::new("Table 2.1: effective dimensions fall while the step is learned")
            .columns(3)
            .panels(panels),
    )
}

/// A logarithmic axis has no 0: it is drawn at 10.
fn at_left_edge(x: Vec<f64>) -> Vec<f64> {
    x.into_iter().map(|x| x.max(10.0)).collect()
}

fn needed(settings: &StepFeatures, outcome: &Outcome) -> Result<Figure> {
    let features = of_decay(outcome, "features", judged(settings))?;
    let mut left = Panel::new(format!("grid of {} points, seed 0", settings.points))
        .x("features k")
        .y("mean square that is left of f*")
        .log_x()
        .log_y()
        .h_line(settings.tolerance, "tolerance");
    let steps = features.distinct("step")?;
    for (i, step) in steps.iter().enumerate() {
        let rows = features.rows_where("step", *step)?;
        let (k, y) = (rows.f64s("k")?, rows.f64s("residual")?);
        left = left.line_ordered(format!("step {step}"), i, steps.len(), &k, &y);
    }
    let grids = outcome.table("grids")?;
    let (n, count) = median(&by_seed(&grids, "points", "needed")?);
    let (_, quality) = median(&by_seed(&grids, "points", "quality_dimension")?);
    let right = Panel::new("before training")
        .x("points of the grid")
        .y("features")
        .log_x()
        .log_y()
        .line_styled(
            "as many as points",
            &n,
            &n,
            Style::new().rgb(150, 150, 150).dash(Dash::Dashed),
        )
        .scatter("needed to the tolerance", &n, &count)
        .line("D_{eff}(quality)", &n, &quality)
        .h_line(20.0, "published: about 20");
    Ok(
        Figure::new("How many fixed features a step needs grows with the grid")
            .panels(vec![left, right]),
    )
}

/// Column, name, published values before and after training.
const TABLE: [(&str, &str, f64, f64); 3] = [
    ("quality_dimension", "D_eff(Q*)", 3.2, 1.1),
    ("utilization_dimension", "D_eff(Q̂)", 1.8, 1.0),
    (
        "plain_intensity_dimension",
        "D_eff(ρ) by Eq. 1.16",
        1.6,
        1.2,
    ),
];

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
