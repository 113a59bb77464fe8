//! Figures of emergence in a trained network.

use super::Emergence;
use super::fit::{Calibration, by_time};
use super::rows::{columns, moments, of_seeds, table_runs};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Colour, Dash, Figure, Figures, Marker, Panel, Style};
use crate::model::multilinear::{Extended, ShotForm};

pub(super) fn draw(settings: &Emergence, outcome: &Outcome) -> Result<Figures> {
    let all = Calibration::fit(settings, outcome, None)?;
    Ok(Figures::new()
        .with("fig-5.1", predicted(settings, outcome, &all)?)
        .with("fig-5.2", calibrated(settings, outcome, &all)?)
        .with("table-5.1", runs(settings, outcome)?))
}

fn colour(settings: &Emergence, k: usize) -> Style {
    Style::new().colour(Colour::Ordered {
        index: k - 1,
        of: settings.skills,
    })
}

/// The network: mean over seeds dashed, one standard deviation shaded.
fn network(
    panel: Panel,
    outcome: &Outcome,
    table: &str,
    skills: usize,
    k: usize,
    style: Style,
) -> Result<Panel> {
    let columns = columns(&of_seeds(outcome, table, skills, k)?);
    // A logarithmic axis has no 0, where nothing is learned.
    let columns: Vec<_> = columns.into_iter().filter(|c| c.0 > 0.0).collect();
    let x: Vec<f64> = columns.iter().map(|c| c.0).collect();
    let moments: Vec<(f64, f64)> = columns.iter().map(|c| moments(&c.1)).collect();
    let pick = |f: fn(&(f64, f64)) -> f64| moments.iter().map(f).collect::<Vec<_>>();
    let label = format!("k = {k}");
    let mut dashed = style.dash(Dash::Dashed);
    if table != "time" {
        dashed = dashed.marker(Marker::Circle);
    }
    Ok(panel
        .band(
            label.clone(),
            &x,
            &pick(|m| m.0 - m.1),
            &pick(|m| m.0 + m.1),
        )
        .styled(style)
        .line_styled(label, &x, &pick(|m| m.0), dashed))
}

/// A prediction on 200 points.
fn model(
    panel: Panel,
    label: String,
    low: f64,
    high: f64,
    style: Style,
    of: impl Fn(f64) -> Result<f64>,
) -> Result<Panel> {
    let x: Vec<f64> = (0..=200)
        .map(|i| low * (high / low).powf(f64::from(i) / 200.0))
        .collect();
    let y: Vec<f64> = x.iter().map(|x| of(*x)).collect::<Result<_>>()?;
    Ok(panel.line_styled(label, &x, &y, style))
}

fn ends(values: &[usize]) -> (f64, f64) {
    let low = values.iter().copied().min().unwrap_or(1);
    let high = values.iter().copied().max().unwrap_or(2);
    (low as f64, high as f64)
}

fn stairs(
    panel: Panel,
    label: String,
    high: usize,
    style: Style,
    of: impl Fn(u64) -> f64,
) -> Panel {
    let x: Vec<f64> = (0..=high).map(|n| n as f64).collect();
    let y: Vec<f64> = (0..=high as u64).map(of).collect();
    panel.line_styled(label, &x, &y, style)
}

fn predicted(settings: &Emergence, outcome: &Outcome, all: &Calibration) -> Result<Figure> {
    let extended: Extended = all.model(settings)?;
    let mut time = Panel::new("(a) time")
        .x("T (steps)")
        .y("R_{k}/S")
        .log_x()
        .y_range(-0.1, 1.15);
    let mut data = Panel::new("(b) data")
        .x("D")
        .y("R_{k}/S")
        .log_x()
        .y_range(-0.1, 1.15);
    let mut width = Panel::new("(c) width")
        .x("N")
        .y("R_{k}/S")
        .y_range(-0.1, 1.15);
    let last = outcome
        .table("time")?
        .f64s("step")?
        .into_iter()
        .fold(1.0, f64::max);
    let (low, high) = ends(&settings.samples);
    let (_, widest) = ends(&settings.widths);
    for k in 1..=settings.skills {
        let (style, skill) = (colour(settings, k), k as u64);
        let label = format!("k = {k}");
        time = network(time, outcome, "time", settings.skills, k, style)?;
        time = model(time, label.clone(), last / 300.0, last, style, |t| {
            Ok(extended.by_time(skill, t))
        })?;
        data = network(data, outcome, "data", settings.skills, k, style)?;
        data = model(data, label.clone(), low, high, style, |d| {
            extended.by_data(skill, d.round() as u64, ShotForm::AsPrinted)
        })?;
        width = network(width, outcome, "width", settings.skills, k, style)?;
        width = stairs(width, label, widest as usize, style, |n| {
            extended.by_parameters(skill, n)
        });
    }
    Ok(Figure::new("Fig. 5.1: skills emerge one after the other; the model knows the first only")
        .columns(3)
        .panel(time)
        .panel(data)
        .panel(width)
        .note(format!(
            "Dashed: the network, mean and one standard deviation of {} seeds. Solid: the extended model with 1/B^{{2}} = {}, D_{{c}} = {}, N_{{c}} = {} fitted to a network with one skill (Fig. 5.2); data by Eq. 5.5 as printed.",
            outcome.seeds().len(), number(all.slowing), extended.shots, all.nodes
        )))
}

fn calibrated(settings: &Emergence, outcome: &Outcome, all: &Calibration) -> Result<Figure> {
    let style = Style::new().cycle(0);
    let time = Panel::new("(a) time")
        .x("T (steps)")
        .y("R/S")
        .y_range(-0.1, 1.15);
    let time = network(time, outcome, "time", 1, 1, style)?;
    let last = outcome
        .table("time")?
        .rows_where("skills", 1)?
        .f64s("step")?
        .into_iter()
        .fold(1.0, f64::max);
    let label = format!("1/B^{{2}} = {}", number(all.slowing));
    let time = model(
        time,
        label,
        last / 300.0,
        last,
        Style::new().colour(Colour::Ink),
        |t| Ok(by_time(settings, 1.0, all.slowing, t)),
    )?;
    let data = Panel::new("(b) data")
        .x("D")
        .y("R/S")
        .log_x()
        .y_range(-0.1, 1.15);
    let mut data = network(data, outcome, "data", 1, 1, style)?;
    let (low, high) = ends(&settings.single_samples);
    for (i, (form, dash, name)) in [
        (1, Dash::Solid, "Eq. 5.5 as printed"),
        (0, Dash::Dotted, "d/D_{c}"),
        (2, Dash::DashDot, "cells"),
    ]
    .into_iter()
    .enumerate()
    {
        let label = format!("{name}, D_{{c}} = {}", number(all.shots[form].round()));
        let style = Style::new()
            .colour(if i == 0 {
                Colour::Ink
            } else {
                Colour::Cycle(i)
            })
            .dash(dash);
        data = model(data, label, low, high, style, |d| {
            Ok(ShotForm::ALL[form].strength(d, all.shots[form]))
        })?;
    }
    let width = Panel::new("(c) width").x("N").y("R/S").y_range(-0.1, 1.15);
    let width = network(width, outcome, "width", 1, 1, style)?;
    let label = format!("N_{{c}} = {}", all.nodes);
    let (_, widest) = ends(&settings.single_widths);
    let width = stairs(
        width,
        label,
        widest as usize,
        Style::new().colour(Colour::Ink),
        |n| (n as f64 / all.nodes).min(1.0),
    );
    Ok(Figure::new("Fig. 5.2: one constant each, read off a network with one skill")
        .columns(3)
        .panel(time)
        .panel(data)
        .panel(width)
        .note("Dashed: the network, mean and one standard deviation. Lines: the extended model, least squares."))
}

fn runs(settings: &Emergence, outcome: &Outcome) -> Result<Figure> {
    let mut all = table_runs(settings, outcome)?;
    all.truncate(30);
    let names: Vec<String> = (1..=settings.skills).map(|k| k.to_string()).collect();
    let runs: Vec<f64> = (1..=all.len()).map(|run| run as f64).collect();
    let mut panel = Panel::new("").x("run").y("R_{k}/S").y_range(-0.1, 1.15);
    for (k, name) in names.iter().enumerate() {
        let strengths: Vec<f64> = all.iter().map(|run| run[k]).collect();
        let marker = [
            Marker::Circle,
            Marker::Square,
            Marker::Triangle,
            Marker::Diamond,
            Marker::Cross,
        ];
        panel = panel
            .scatter(format!("k = {name}"), &runs, &strengths)
            .styled(colour(settings, k + 1).marker(marker[k % marker.len()]));
    }
    Ok(Figure::new(format!(
        "Table 5.1: strengths at N = {}; an outlier has a later skill above an earlier one",
        settings.table_width
    ))
    .panel(panel))
}
