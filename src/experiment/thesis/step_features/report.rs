//! Figures of features for a step function.

use super::StepFeatures;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, draw_seeds, median};
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::table::Table;

/// The weight decay on which the claims are measured: the last one.
pub(super) fn judged(settings: &StepFeatures) -> f64 {
    settings.decays.last().copied().unwrap_or(0.0)
}

pub(super) fn of_decay(outcome: &Outcome, table: &str, decay: f64) -> Result<Table> {
    outcome.table(table)?.rows_where("decay", decay)
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
        let mut panel = Panel::new(name).x("k").y(label).log_x();
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
    let mut panel = Panel::new(title)
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
        // The font has no accents that combine.
        let title = title
            .replace("D_eff", "D_{eff}")
            .replace("Q̂", "utilization");
        let mut panel = Panel::new(title.replace("Q*", "quality"))
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
pub(super) const TABLE: [(&str, &str, f64, f64); 3] = [
    ("quality_dimension", "D_eff(Q*)", 3.2, 1.1),
    ("utilization_dimension", "D_eff(Q̂)", 1.8, 1.0),
    (
        "plain_intensity_dimension",
        "D_eff(ρ) by Eq. 1.16",
        1.6,
        1.2,
    ),
];
