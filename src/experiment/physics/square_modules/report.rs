//! Figures and claims of modular networks that learn squares.

use super::{MODULES, SquareModules};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats;

const NAMES: [&str; 2] = ["one network", "a network for each task"];

pub(super) fn draw(settings: &SquareModules, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-19", published(settings, outcome)?)
        .with("curves", curves(settings, outcome)?))
}

/// t₁ and t₂ of all seeds; a task that was not learned has the number of steps, which its time exceeds. And how many were not.
fn times(
    settings: &SquareModules,
    outcome: &Outcome,
    modules: usize,
) -> Result<([Vec<f64>; 2], usize)> {
    let table = outcome
        .table("times")?
        .rows_where("modules", modules as i64)?;
    let columns = [table.f64s("t1")?, table.f64s("t2")?];
    let never = columns.iter().flatten().filter(|t| t.is_nan()).count();
    let bounded = |t: f64| if t.is_nan() { settings.steps as f64 } else { t };
    Ok((columns.map(|c| c.into_iter().map(bounded).collect()), never))
}

fn published(settings: &SquareModules, outcome: &Outcome) -> Result<Figure> {
    let grey = || Style::new().rgb(150, 150, 150);
    let mut figure = Figure::new("Fig. 19: in one network the rare task waits, in two it does not");
    for (modules, name) in MODULES.into_iter().zip(NAMES) {
        let ([t1, t2], _) = times(settings, outcome, modules)?;
        let all = t1.iter().chain(&t2).copied();
        let (low, high) = all.fold((f64::INFINITY, 1.0f64), |(low, high), t| {
            (low.min(t), high.max(t))
        });
        let ends = [low, high];
        let twice = ends.map(|t| 2.0 * t);
        figure = figure.panel(
            Panel::new(name)
                .x("t_{1} (steps)")
                .y("t_{2} (steps)")
                .log_x()
                .log_y()
                .line_styled("t_{2} = t_{1}", &ends, &ends, grey())
                .line_styled("t_{2} = 2 t_{1}", &ends, &twice, grey().dash(Dash::Dashed))
                .scatter("a seed", &t1, &t2),
        );
    }
    Ok(figure.note(format!(
        "{} seeds; a task is learned when its mean square is below {}",
        outcome.seeds().len(),
        settings.level
    )))
}

fn curves(settings: &SquareModules, outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("curves")?;
    let mut figure = Figure::new("Mean square of each task on its own samples (seed 0 dark)");
    for (modules, name) in MODULES.into_iter().zip(NAMES) {
        let rows = table.rows_where("modules", modules as i64)?;
        let mut panel = Panel::new(name)
            .x("step")
            .y("mean square")
            .log_y()
            .h_line(settings.level, "learned");
        for (i, (column, label)) in [("loss1", "x², frequent"), ("loss2", "y², rare")]
            .into_iter()
            .enumerate()
        {
            let seeds = by_seed(&rows, "step", column)?;
            let (x, y) = seeds[0].clone();
            let style = Style::new().cycle(i);
            panel = panel
                .light_lines(label, seeds)
                .styled(style)
                .line_styled(label, &x, &y, style);
        }
        figure = figure.panel(panel);
    }
    Ok(figure)
}

pub(super) fn measure(settings: &SquareModules, outcome: &Outcome) -> Result<Claims> {
    let ([t1, t2], never) = times(settings, outcome, 1)?;
    let ratio: Vec<f64> = t2.iter().zip(&t1).map(|(b, a)| b / a.max(1.0)).collect();
    let late = ratio.iter().filter(|r| **r >= 2.0).count();
    let share = stats::share(late, ratio.len());
    let ([m1, m2], apart) = times(settings, outcome, 2)?;
    let even: Vec<f64> = m2.iter().zip(&m1).map(|(b, a)| b / a.max(1.0)).collect();
    let both =
        |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a.max(*b)).collect() };
    let (one, two) = (both(&t1, &t2), both(&m1, &m2));
    let gain: Vec<f64> = one.iter().zip(&two).map(|(a, b)| a / b.max(1.0)).collect();
    let (modular, faster) = (stats::median(&even), stats::median(&gain));
    Ok(Claims(vec![
        Claim::new(
            "twice",
            "§6.2, Fig. 19 left",
            "t₂ seems to be lower bounded by 2 t₁ for almost all seeds",
            "share of seeds with t₂ ≥ 2 t₁ above 0.8",
            share,
        )
        .verdict(Verdict::above(share, 0.8))
        .note(format!(
            "median t₂/t₁: {}; {never} tasks were not learned in {} steps and count as that long",
            stats::median(&ratio),
            settings.steps
        )),
        Claim::new(
            "together",
            "§6.2, Fig. 19 right",
            "modular networks do not demonstrate sequential learning: t₂ ≈ t₁",
            "median t₂/t₁ from 0.67 to 1.5",
            modular,
        )
        .verdict(match Verdict::within(modular, 2.0 / 3.0, 1.5) {
            Verdict::Fails => Verdict::Differs,
            other => other,
        })
        .note(format!("{apart} tasks were not learned")),
        Claim::new(
            "faster",
            "§6.2, Fig. 19",
            "modular networks speed up by parallelism",
            "time until both are learned, one network over two, above 1",
            faster,
        )
        .verdict(Verdict::above(faster, 1.0))
        .note("median over seeds of the ratio; the same data for both"),
    ]))
}
