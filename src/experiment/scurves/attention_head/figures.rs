//! Figures of the attention head.

use super::AttentionHead;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves;
use crate::figure::{Colour, Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};

pub(super) fn draw(experiment: &AttentionHead, outcome: &Outcome) -> Result<Figures> {
    let mut figures = Figures::new();
    if experiment.parts.contains(&2) {
        figures = figures.with("head", head(outcome)?);
    }
    Ok(figures.with("parts", parts(experiment, outcome)?))
}

/// Seeds pale and their median dark. Runs have times of their own: the median is taken on a common logarithmic grid, a run that has ended
/// keeping its last value.
fn seeds_and_median(
    panel: Panel,
    label: &str,
    lines: Vec<(Vec<f64>, Vec<f64>)>,
    style: Style,
) -> Panel {
    let latest = lines
        .iter()
        .filter_map(|l| l.0.last())
        .copied()
        .fold(0.1, f64::max);
    let count = ((latest / 1e-3).log10() * 50.0) as usize;
    let grid: Vec<f64> = (0..=count)
        .map(|i| 1e-3 * 10f64.powf(i as f64 / 50.0))
        .collect();
    let median: Vec<f64> = grid
        .iter()
        .map(|t| stats::quantile(&lines.iter().map(|l| at(l, *t)).collect::<Vec<_>>(), 0.5))
        .collect();
    let positive =
        |(x, y): (Vec<f64>, Vec<f64>)| x.into_iter().zip(y).filter(|(x, _)| *x > 0.0).unzip();
    panel
        .light_lines(label, lines.into_iter().map(positive).collect())
        .styled(style)
        .line_styled(label, &grid, &median, style)
}

/// A curve's value at `t`, on a straight line between records.
fn at((x, y): &(Vec<f64>, Vec<f64>), t: f64) -> f64 {
    match x.partition_point(|x| *x <= t) {
        0 => y.first().copied().unwrap_or(f64::NAN),
        i if i == x.len() => y[i - 1],
        i => y[i - 1] + (t - x[i - 1]) / (x[i] - x[i - 1]) * (y[i] - y[i - 1]),
    }
}

fn head(outcome: &Outcome) -> Result<Figure> {
    let all = outcome.table("curves")?;
    let mut figure = Figure::new(
        "An attention head: the factors shrink by a power law, the loss rests, then drops",
    )
    .columns(3);
    for (y, label) in [
        ("loss", "loss / ‖H‖²"),
        ("norm", "squared norm / first value"),
        ("cosine", "cosine of target and learned H"),
    ] {
        let mut panel = Panel::new("").x("time t × ‖H‖²").y(label).log_x();
        panel = match y {
            "loss" => panel.log_y().y_range(1e-6, 10.0),
            "norm" => panel.log_y(),
            _ => panel,
        };
        for (i, case) in ["linear", "softmax", "balanced"].into_iter().enumerate() {
            if case == "balanced" && y != "norm" {
                continue;
            }
            let table = all.rows_where("case", case)?.rows_where("parts", 2)?;
            let label = match case {
                "linear" => "AB ⊗ CD",
                "balanced" => "AB ⊗ CD, balanced, no overlap",
                _ => "softmax(AB) ⊗ CD",
            };
            let lines = curves::by_seed(&table, "t", y)?;
            panel = seeds_and_median(panel, label, lines, Style::new().cycle(i));
        }
        if y == "norm" {
            // Through the early decay of equal factors.
            let t = [1.0, 300.0];
            let guide = t.map(|t: f64| 0.5 * t.powf(-1.0 / 3.0));
            let style = Style::new().colour(Colour::Ink).dash(Dash::Dotted);
            panel = panel.line_styled("∝ t^{−1/3}", &t, &guide, style);
        }
        figure = figure.panel(panel);
    }
    Ok(figure.note(format!(
        "{} seeds (pale) and their median (dark). The norm is that of C and D.",
        outcome.seeds().len()
    )))
}

fn parts(experiment: &AttentionHead, outcome: &Outcome) -> Result<Figure> {
    let all = outcome.table("curves")?.rows_where("case", "linear")?;
    let runs = outcome.table("runs")?.rows_where("case", "linear")?;
    let mut loss = Panel::new("")
        .x("time t × ‖H‖²")
        .y("loss / ‖H‖²")
        .log_x()
        .log_y()
        .y_range(1e-3, 10.0);
    let mut lengths: Vec<Interval> = Vec::new();
    for (index, &m) in experiment.parts.iter().enumerate() {
        let colour = Colour::Ordered {
            index,
            of: experiment.parts.len(),
        };
        let lines = curves::by_seed(&all.rows_where("parts", m)?, "t", "loss")?;
        let label = if m == 1 {
            "1 part".into()
        } else {
            format!("{m} parts")
        };
        loss = seeds_and_median(loss, &label, lines, Style::new().colour(colour));
        lengths.push(stats::median(
            &runs.rows_where("parts", m)?.f64s("plateau")?,
        ));
    }
    let pick = |f: fn(&Interval) -> f64| -> Vec<f64> { lengths.iter().map(f).collect() };
    let m: Vec<f64> = experiment.parts.iter().map(|m| *m as f64).collect();
    let labels: Vec<String> = experiment.parts.iter().map(usize::to_string).collect();
    let ticks: Vec<(f64, &str)> = m
        .iter()
        .copied()
        .zip(labels.iter().map(String::as_str))
        .collect();
    let length = Panel::new("")
        .x("number of parts m")
        .y("plateau length × ‖H‖²")
        .log_y()
        .x_ticks(&ticks)
        .error_bars(
            "median over seeds, 95 %",
            &m,
            &pick(|i| i.value),
            &pick(|i| i.low),
            &pick(|i| i.high),
        );
    Ok(Figure::new("The more parts, the longer the plateau")
        .columns(2)
        .panel(loss)
        .panel(length)
        .note(format!(
            "{} seeds. A run that still rests at the end of the budget counts with that time.",
            outcome.seeds().len()
        )))
}
