//! Figures of multitask sparse parity.

use super::MultitaskParity;
use super::exponents::{Against, Exponents, domino, middle, name, of, quanta};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::median_after_zero;
use crate::figure::{Colour, Dash, Figure, Figures, Panel, Style};
use crate::stats::Interval;
use crate::table::Table;

fn ink(dash: Dash) -> Style {
    Style::new().colour(Colour::Ink).dash(dash)
}

pub(super) fn draw(settings: &MultitaskParity, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-11", published(settings, outcome)?)
        .with("losses", losses(settings, outcome)?)
        .with("skills", skills(settings, outcome)?))
}

/// Loss over steps or widths for all pairs of β.
fn loss_panel(
    settings: &MultitaskParity,
    outcome: &Outcome,
    alpha: f64,
    against: Against,
) -> Result<Panel> {
    let table = outcome.table(against.table())?;
    let what = match against {
        Against::Steps => format!("width {}, α = {alpha}", settings.widest()),
        Against::Widths => format!("after {} steps, α = {alpha}", settings.steps),
    };
    let unit = match against {
        Against::Steps => "step",
        Against::Widths => "hidden units",
    };
    let mut panel = Panel::new(what).x(unit).y("loss (nats)").log_x().log_y();
    for betas in &settings.betas {
        let rows = of(&table, alpha, *betas)?;
        let (x, y) = median_after_zero(&rows, against.column(), "loss")?;
        panel = panel.line(name(*betas), &x, &y);
    }
    let [from, to] = against.window(settings);
    Ok(panel.v_line(from as f64, "").v_line(to as f64, ""))
}

/// Exponents against α with the lines of the two models.
fn exponents_panel(
    settings: &MultitaskParity,
    outcome: &Outcome,
    against: Against,
    title: &str,
) -> Result<Panel> {
    let symbol = match against {
        Against::Steps => "α_{S}",
        Against::Widths => "α_{N}",
    };
    let mut panel = Panel::new(title).x("α").y(symbol);
    let wide = settings.betas.len() as f64;
    for (i, one) in Exponents::all(settings, outcome, against)?
        .iter()
        .enumerate()
    {
        // Side by side: the bars would cover each other.
        let x: Vec<f64> = settings
            .alphas
            .iter()
            .map(|a| a + 0.012 * (i as f64 - 0.5 * (wide - 1.0)))
            .collect();
        let bars = one.fits.iter().map(|fit| Ok(fit.jackknife()?.exponent));
        let bars: Vec<Interval> = bars.collect::<Result<_>>()?;
        let part = |f: fn(&Interval) -> f64| bars.iter().map(f).collect::<Vec<f64>>();
        let (low, high) = (part(|i| i.low), part(|i| i.high));
        panel = panel.error_bars(name(one.betas), &x, &part(|i| i.value), &low, &high);
    }
    let mut x = settings.alphas.clone();
    x.sort_by(f64::total_cmp);
    let line = |f: fn(f64) -> f64| x.iter().map(|a| f(*a)).collect::<Vec<f64>>();
    Ok(panel
        .line_styled("Domino α − 1", &x, &line(domino), ink(Dash::Dashed))
        .line_styled("Quanta (α − 1)/α", &x, &line(quanta), ink(Dash::Dotted)))
}

fn published(settings: &MultitaskParity, outcome: &Outcome) -> Result<Figure> {
    let [from, to] = settings.fit_steps;
    let steps = format!("α_{{S}}, steps {from} to {to}");
    let [from, to] = settings.fit_widths;
    let widths = format!("α_{{N}}, hidden units {from} to {to}");
    let left = loss_panel(settings, outcome, middle(settings), Against::Steps)?;
    Ok(
        Figure::new("Fig. 11: scaling laws of multitask sparse parity, by (β₁, β₂) of Adam")
            .columns(3)
            .panel(left)
            .panel(exponents_panel(settings, outcome, Against::Steps, &steps)?)
            .panel(exponents_panel(settings, outcome, Against::Widths, &widths)?)
            .note(format!(
                "Medians of {} seeds; exponents of their mean logarithms, bars at 95 % by a jackknife over records or widths, as published.",
                outcome.seeds().len()
            )),
    )
}

fn losses(settings: &MultitaskParity, outcome: &Outcome) -> Result<Figure> {
    let mut figure = Figure::new("Loss over steps (top) and over hidden units (bottom)")
        .columns(settings.alphas.len())
        .note("Vertical lines: the windows of the fits.");
    for against in Against::BOTH {
        for alpha in &settings.alphas {
            figure = figure.panel(loss_panel(settings, outcome, *alpha, against)?);
        }
    }
    Ok(figure)
}

/// When skills are learned, and how many at once.
fn skills(settings: &MultitaskParity, outcome: &Outcome) -> Result<Figure> {
    let alpha = middle(settings);
    let (curves, times) = (outcome.table("curves")?, outcome.table("times")?);
    let mut count = Panel::new(format!("skills learned, α = {alpha}"))
        .x("step")
        .y("skills")
        .log_x();
    let mut time = Panel::new(format!("when skill k is learned, α = {alpha}"))
        .x("k")
        .y("step")
        .log_x()
        .log_y();
    let mut first = f64::NAN;
    for betas in &settings.betas {
        let rows = of(&curves, alpha, *betas)?;
        let (x, y) = median_after_zero(&rows, "step", "learned")?;
        count = count.line(name(*betas), &x, &y);
        let (mut x, mut y) = (vec![], vec![]);
        for (k, t) in typical(&of(&times, alpha, *betas)?)? {
            x.push(k);
            y.push(t);
        }
        if first.is_nan() {
            first = y.first().copied().unwrap_or(f64::NAN);
        }
        time = time.scatter(name(*betas), &x, &y);
    }
    if first > 0.0 {
        let x: Vec<f64> = (1..=settings.tasks.min(20)).map(|k| k as f64).collect();
        let line = |z: f64| x.iter().map(|k| first * k.powf(z)).collect::<Vec<f64>>();
        time = time
            .line_styled("Domino: ∝ k", &x, &line(1.0), ink(Dash::Dashed))
            .line_styled("Quanta: ∝ k^{α}", &x, &line(alpha), ink(Dash::Dotted));
    }
    Ok(
        Figure::new("Frequent skills are learned first; lines start at skill 1 of the first pair")
            .panel(count)
            .panel(time)
            .note(format!(
                "Medians of seeds; a skill is learned at a held-out accuracy above {}. A point where at least half of the seeds learned it.",
                settings.level
            )),
    )
}

/// Of each skill that half of the seeds learned, its median time; the others count as never.
fn typical(times: &Table) -> Result<Vec<(f64, f64)>> {
    let (skill, time) = (times.i64s("skill")?, times.f64s("time")?);
    let mut all = Vec::new();
    for k in times.distinct("skill")? {
        let own = skill.iter().zip(&time).filter(|(s, _)| **s == k);
        let mut own: Vec<f64> = own
            .map(|(_, t)| if t.is_nan() { f64::INFINITY } else { *t })
            .collect();
        own.sort_by(f64::total_cmp);
        let middle = own[own.len() / 2];
        if middle.is_finite() {
            all.push((k as f64, middle));
        }
    }
    Ok(all)
}
