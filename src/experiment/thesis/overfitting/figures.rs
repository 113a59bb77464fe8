//! The figures of both experiments.

use super::{Overfitting, TAILS};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, median};
use crate::figure::{Dash, Figure, Panel, Style};

/// Learned function, head and tail of seed 0 (Fig. 1.3 and 1.5).
pub(in super::super) fn split(
    of: &Overfitting,
    outcome: &Outcome,
    tail: &str,
    title: &str,
) -> Result<Figure> {
    let curves = outcome.table("curves")?.rows_where("tail", tail)?;
    let samples = outcome.table("samples")?;
    let (x, y, x_of, y_of) = (
        curves.f64s("x")?,
        |name: &str| curves.f64s(name),
        samples.f64s("x")?,
        samples.f64s("y")?,
    );
    let d = of.d;
    let thin = Style::new().width(1.0).dash(Dash::Solid);
    let target = Style::new().rgb(0, 0, 0).dash(Dash::Dashed);
    let panel = |title: String| Panel::new(title).x("x").y("f(x)").y_range(-2.5, 2.5);
    let panels = vec![
        panel("(a) learned function".into())
            .line_styled("learned", &x, &y("learned")?, thin.cycle(0))
            .scatter("samples", &x_of, &y_of)
            .styled(Style::new().rgb(120, 120, 120))
            .line_styled("target", &x, &y("target")?, target),
        panel(format!("(b) first {d} features"))
            .line_styled(
                "head",
                &x,
                &y("head")?,
                Style::new().cycle(1).dash(Dash::Solid),
            )
            .line_styled("target", &x, &y("target")?, target),
        panel(format!("(c) other {} features", of.features - d)).line_styled(
            "tail",
            &x,
            &y("rest")?,
            thin.cycle(2),
        ),
    ];
    Ok(Figure::new(title).columns(3).panels(panels).note(format!(
        "d = {d}, n = {}, p = {}, f^{{*}} = sin {}πx, noise σ = {}, intensity of the tail {}; seed 0.",
        of.samples,
        of.features,
        2 * of.frequency,
        of.noise,
        words(tail)
    )))
}

/// The tail in letters.
pub(in super::super) fn words(tail: &str) -> &'static str {
    if tail == "printed" {
        "n/(p − d) (Eq. 1.36 as printed)"
    } else {
        "1/(p − d) (corrected)"
    }
}

/// Shares of signal and noise along the flow with both tails, and the test error.
pub(in super::super) fn flow(of: &Overfitting, outcome: &Outcome, title: &str) -> Result<Figure> {
    let table = outcome.table("flow")?;
    let (n, p, d) = (of.samples as f64, of.features as f64, of.d as f64);
    let mut panels = Vec::new();
    let mut error = Panel::new("test error")
        .x("time ηt")
        .y("∫(f − f^{*})^{2}")
        .log_x();
    for (i, tail) in TAILS.into_iter().enumerate() {
        let rows = table.rows_where("tail", tail)?;
        let mut panel = Panel::new(format!("tail {}", words(tail)))
            .x("time ηt")
            .y("share fitted")
            // Room for the words of the vertical lines.
            .y_range(-0.05, 1.3)
            .log_x();
        for (k, (name, label)) in [("signal", "signal in f"), ("noise", "noise at the samples")]
            .into_iter()
            .enumerate()
        {
            // The windows' middles are records of one tail each, not of both.
            let curves = by_seed(&rows, "t", name)?;
            let (t, middle) = median(&curves);
            panel = panel
                .light_lines(label, curves)
                .styled(Style::new().cycle(k))
                .line_styled(label, &t, &middle, Style::new().cycle(k));
        }
        panels.push(
            panel
                .v_line(1.0, "1")
                .v_line((p - d) / n, "(p − d)/n")
                .v_line(n, "n"),
        );
        let (t, middle) = median(&by_seed(&rows, "t", "test_error")?);
        let style = Style::new().cycle(2 + i);
        error = error.line_styled(
            format!("tail {}", ["n/(p − d)", "1/(p − d)"][i]),
            &t,
            &middle,
            style,
        );
    }
    panels.push(error);
    Ok(Figure::new(title)
        .columns(3)
        .panels(panels)
        .note("Pale: seeds. Dark: their median. Time is step × learning rate."))
}
