//! Figures and claims of two models of one function space.

use super::super::numbers::{numbers, worst};
use super::InductiveBias;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};

pub(super) fn draw(settings: &InductiveBias, outcome: &Outcome) -> Result<Figures> {
    let (spectrum, curves) = (outcome.table("spectrum")?, outcome.table("curves")?);
    let targets = outcome.table("targets")?;
    let mut intensity = Panel::new("(a) intensity").x("k").y("ρ_{k}").log_y();
    let mut fits = Panel::new("(b) fits").x("x").y("f(x)");
    let mut used = Panel::new("(c) functions used")
        .x("k")
        .y("utilization, mean");
    let mut error = Panel::new("(d) targets e_{k}")
        .x("k of the target")
        .y("test error, median")
        .log_y();
    for (i, alpha) in settings.alphas.into_iter().enumerate() {
        let (label, style) = (format!("α = {}", number(alpha)), Style::new().cycle(i));
        let rows = spectrum.rows_where("alpha", alpha)?;
        let k = rows.f64s("k")?;
        let rho = rows.f64s("intensity")?;
        intensity = intensity
            .line_styled(label.clone(), &k, &rho, style)
            .scatter(label.clone(), &k, &rho)
            .styled(style);
        let rows = curves.rows_where("alpha", alpha)?;
        fits = fits.line_styled(label.clone(), &rows.f64s("x")?, &rows.f64s("f")?, style);
        let rows = targets.rows_where("alpha", alpha)?;
        let (mut shares, mut errors) = (Vec::new(), Vec::new());
        for k in 1..=settings.features {
            let one = rows.rows_where("k", k as i64)?;
            shares.push(stats::mean(&one.f64s("utilization")?).value);
            errors.push(stats::median(&one.f64s("error")?).value);
        }
        for (panel, values) in [(&mut used, &shares), (&mut error, &errors)] {
            *panel = std::mem::take(panel)
                .line_styled(label.clone(), &k, values, style)
                .scatter(label.clone(), &k, values)
                .styled(style);
        }
    }
    fits = fits
        .scatter("samples", &settings.x, &settings.y)
        .styled(Style::new().rgb(0, 0, 0));
    let nothing = Style::new().rgb(0, 0, 0).dash(Dash::Dotted);
    let ends = [1.0, settings.features as f64];
    error = error.line_styled("f = 0", &ends, &[1.0; 2], nothing);
    Ok(Figures::new().with(
        "fig-1.2",
        Figure::new("One function space, two fits: each model uses what it has at large intensity")
            .columns(2)
            .panels(vec![intensity, fits, used, error])
            .note(format!(
                "(a), (b): p = {}, the samples of the settings. (c): {} random samples, {} seeds. (d): samples of e_{{k}} itself, at the same x.",
                settings.features,
                settings.x.len(),
                outcome.seeds().len()
            )),
    ))
}

pub(super) fn measure(settings: &InductiveBias, outcome: &Outcome) -> Result<Claims> {
    let (fits, targets) = (outcome.table("fits")?, outcome.table("targets")?);
    let [low, high] = settings.alphas;
    let of = |alpha: f64, name: &str| fits.rows_where("alpha", alpha)?.f64s(name);
    let angle = worst(&numbers(outcome, "angle")?);
    let residual = worst(&fits.f64s("residual")?);
    let distance = stats::mean(&numbers(outcome, "distance")?);
    let spectrum = outcome.table("spectrum")?;
    let off: Vec<f64> = spectrum
        .f64s("intensity")?
        .iter()
        .zip(spectrum.f64s("measured")?)
        .map(|(set, found)| (found / set - 1.0).abs())
        .collect();
    let off = worst(&off);
    let n = settings.x.len();
    let (blue, orange) = (
        stats::mean(&of(low, "preferred")?),
        stats::mean(&of(high, "preferred")?),
    );
    let lower = of(low, "frequency")?;
    let upper = of(high, "frequency")?;
    let below = lower.iter().zip(&upper).filter(|(a, b)| a < b).count();
    let below = stats::share(below, lower.len());
    let theory = |alpha: f64| -> Result<String> { Ok(number(of(alpha, "expected")?[0])) };
    // Of the errors for the first and the last function as targets: which model is better?
    let better = |k: usize, alpha: f64, than: f64| -> Result<Interval> {
        let rows = targets.rows_where("k", k as i64)?;
        let error = |alpha: f64| rows.rows_where("alpha", alpha)?.f64s("error");
        let (mine, other) = (error(alpha)?, error(than)?);
        Ok(stats::share(
            mine.iter().zip(&other).filter(|(a, b)| a < b).count(),
            mine.len(),
        ))
    };
    let (first, last) = (better(1, low, high)?, better(settings.features, high, low)?);
    let all = |share: Interval| {
        if share.value == 1.0 {
            Verdict::Holds
        } else {
            Verdict::above(share, 0.9)
        }
    };
    let range = |words: &str| format!("utilization of the {n} {words}: above 0.9");
    Ok(Claims(vec![
        Claim::new("same-space", "§1.6, Fig. 1.2", "both models have the same function space", "largest principal angle between the spans of their features: at most 1e-9", angle)
            .verdict(Verdict::below(angle, 1e-9)),
        Claim::new("intensity", "Fig. 1.2(a)", "ρ_k = k^{2α}", "largest relative difference from ∫Φ_k² by quadrature: at most 1e-9", off)
            .verdict(Verdict::below(off, 1e-9))
            .note(format!("exponents {} and {} for α = {} and {}", number(2.0 * low), number(2.0 * high), number(low), number(high))),
        Claim::new("interpolate", "Fig. 1.2(b)", "both fit the training samples", "largest error at a sample, all seeds: at most 1e-6", residual)
            .verdict(Verdict::below(residual, 1e-6)),
        Claim::new("different-fits", "Fig. 1.2(b)", "… by distinct functions", "L² distance of the two fits, over the larger's norm: above 0.5", distance)
            .verdict(Verdict::above(distance, 0.5)),
        Claim::new("low", "Fig. 1.2(b)", "the first model (blue) uses lower-frequency functions", &range("lowest frequencies"), blue)
            .verdict(Verdict::above(blue, 0.9))
            .note(format!("random labels; by Eq. 1.35 these functions have {} of the learnability", theory(low)?)),
        Claim::new("high", "Fig. 1.2(b)", "the second model (orange) uses higher-frequency functions", &range("highest frequencies"), orange)
            .verdict(Verdict::above(orange, 0.9))
            .note(format!("as above; {}. Intensities of neighbours differ by (10/9)^8 = 2.3 there, by 256 between 1 and 2: the bias is weaker", theory(high)?)),
        Claim::new("order", "Fig. 1.2(b)", "the first model's fit is the lower in frequency", "share of seeds with the smaller mean frequency: 1", below)
            .verdict(all(below)),
        Claim::new("good-bias", "§1.6", "the bias is good where the target is what the model prefers", "share of seeds in which the first model has the smaller error on e₁: 1", first)
            .verdict(all(first))
            .note("samples of the target without noise"),
        Claim::new("bad-bias", "§1.6", "… and bad where it is not", &format!("share of seeds in which the second model has the smaller error on e_{}: 1", settings.features), last)
            .verdict(all(last)),
    ]))
}
