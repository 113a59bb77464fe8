//! Figures and claims of noise fitted with more and more features.

use super::super::numbers::{differs, worst};
use super::super::overfitting::correlation;
use super::SharpNoise;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::metric::scaling::power_law;
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) fn draw(settings: &SharpNoise, outcome: &Outcome) -> Result<Figures> {
    let (curves, samples) = (outcome.table("curves")?, outcome.table("samples")?);
    let (x, y) = (samples.f64s("x")?, samples.f64s("y")?);
    let mut panels = Vec::new();
    for (p, letter) in settings.features.iter().zip('a'..) {
        let rows = curves.rows_where("p", *p as f64)?;
        panels.push(
            Panel::new(format!("({letter}) p = {p}"))
                .x("x")
                .y("f(x)")
                .y_range(-4.0 * settings.noise, 4.0 * settings.noise)
                .line_styled(
                    "learned",
                    &rows.f64s("x")?,
                    &rows.f64s("f")?,
                    Style::new().width(1.0),
                )
                .scatter("random labels", &x, &y)
                .styled(Style::new().cycle(1)),
        );
    }
    let noise = Figure::new("More features: from a wild fit of noise to spikes at the samples")
        .columns(3)
        .panels(panels)
        .note(format!(
            "n = {}, seed 0; what is beyond four standard deviations is cut off.",
            settings.samples
        ));
    let all: Vec<f64> = settings.all().iter().map(|p| *p as f64).collect();
    let n = settings.samples as f64;
    let runs = outcome.table("runs")?;
    let theory: Vec<f64> = all
        .iter()
        .map(|p| settings.noise.powi(2) * n / (p - n))
        .collect();
    let width: Vec<f64> = all.iter().map(|p| SINC / (2.0 * p)).collect();
    let black = Style::new().rgb(0, 0, 0).dash(Dash::Dashed);
    let mut sweep = Vec::new();
    for (column, label, expected, words) in [
        ("energy", "energy ∫f^{2}", &theory, "σ^{2}n/(p − n)"),
        (
            "half_width",
            "half width of a spike",
            &width,
            "sinc: 0.302/p",
        ),
    ] {
        sweep.push(
            Panel::new(label)
                .x("features p")
                .y(label)
                .log_x()
                .log_y()
                .light_lines("measured", by_seed(&runs, "p", column)?)
                .line("measured", &all, &medians(&runs, &all, column)?)
                .line_styled(words, &all, expected, black),
        );
    }
    sweep.push(
        Panel::new("where the energy is")
            .x("features p")
            .y("share")
            .log_x()
            .y_range(0.0, 1.0)
            .line("energy near samples", &all, &medians(&runs, &all, "near")?)
            .line(
                "[0, 1] near samples",
                &all,
                &medians(&runs, &all, "covered")?,
            ),
    );
    Ok(Figures::new().with("fig-1.4", noise).with(
        "sweep",
        Figure::new("Spikes narrow as 1/p; their energy comes down to n/(p − n) for large p only")
            .columns(3)
            .panels(sweep)
            .note("Pale: seeds. Dark: medians. Near: within 1/2p of a sample or its mirror image 1 − x."),
    ))
}

fn medians(runs: &Table, all: &[f64], column: &str) -> Result<Vec<f64>> {
    all.iter()
        .map(|p| Ok(stats::median(&runs.rows_where("p", *p)?.f64s(column)?).value))
        .collect()
}

/// sin(πv)/πv = ½ at v = 0.60335: the half width of a sinc.
const SINC: f64 = 0.603_354_7;

/// The median exponent a of column ∝ p^−a over points of at least 16 n, with the interval of the median over seeds.
fn exponent(settings: &SharpNoise, runs: &Table, column: &str) -> Result<Interval> {
    let least = 16.0 * settings.samples as f64;
    let mut exponents = Vec::new();
    for (p, y) in by_seed(runs, "p", column)? {
        let (p, y): (Vec<f64>, Vec<f64>) =
            p.into_iter().zip(y).filter(|(p, _)| *p >= least).unzip();
        // With fewer than three points there is none.
        exponents.push(power_law(&p, &y, ..).map_or(f64::NAN, |fit| fit.exponent.value));
    }
    Ok(stats::median(&exponents))
}

pub(super) fn measure(settings: &SharpNoise, outcome: &Outcome) -> Result<Claims> {
    let runs = outcome.table("runs")?;
    let (n, variance) = (settings.samples as f64, settings.noise.powi(2));
    let first = settings.features[0];
    let last = settings.features[settings.features.len() - 1];
    let at = |p: usize, column: &str| -> Result<Vec<f64>> {
        runs.rows_where("p", p as f64)?.f64s(column)
    };
    // Rounding is of the size of the fit, which for close samples is far larger than that of the labels.
    let absolute = worst(&runs.f64s("residual")?);
    let sizes = runs.f64s("energy")?;
    let relative: Vec<f64> = runs
        .f64s("residual")?
        .iter()
        .zip(sizes)
        .map(|(error, energy)| error / (settings.noise + energy.sqrt()))
        .collect();
    let residual = worst(&relative);
    let width = exponent(settings, &runs, "half_width")?;
    let energy = exponent(settings, &runs, "energy")?;
    let spike: Vec<f64> = at(last, "half_width")?
        .iter()
        .map(|w| w * 2.0 * last as f64 / SINC)
        .collect();
    let spike = stats::median(&spike);
    let near = stats::mean(&at(last, "near")?);
    let covered = stats::mean(&at(last, "covered")?);
    let typical: Vec<f64> = at(last, "typical")?
        .iter()
        .map(|v| v / settings.noise)
        .collect();
    let typical = stats::mean(&typical);
    let wild = stats::median(&at(first, "typical")?);
    let falling = |column: &str| -> Result<Interval> {
        let curves = by_seed(&runs, "p", column)?;
        let monotone = curves
            .iter()
            .filter(|c| c.1.windows(2).all(|w| w[1] <= w[0]))
            .count();
        Ok(stats::share(monotone, curves.len()))
    };
    let (norm, falls) = (falling("norm")?, falling("energy")?);
    let over = |p: usize| -> Result<Interval> {
        let expected = variance * n / (p as f64 - n);
        let ratios: Vec<f64> = at(p, "energy")?.iter().map(|e| e / expected).collect();
        Ok(stats::median(&ratios))
    };
    let (few, many) = (over(first)?, over(last)?);
    let logs = |column: &str, p: usize| -> Result<Vec<f64>> {
        Ok(at(p, column)?.iter().map(|v| v.ln()).collect())
    };
    let middle = settings.features[settings.features.len() / 2];
    let gap = correlation(&logs("gap", middle)?, &logs("energy", middle)?);
    let gap = Interval::exact(gap, outcome.seeds().len());
    let all = |share: Interval| {
        if share.value == 1.0 {
            Verdict::Holds
        } else {
            Verdict::Fails
        }
    };
    Ok(Claims(vec![
        Claim::new("interpolates", "Fig. 1.4", "the data are fitted", "largest error at a sample over σ + √∫f², all p and seeds: at most 1e-6", residual)
            .verdict(Verdict::below(residual, 1e-6))
            .note(format!("the error itself is at most {}: a fit that two close samples force to thousands of σ keeps fewer digits at the labels", number(absolute.value))),
        Claim::new("sharper", "Fig. 1.4", "as the number of features grows, the learned function becomes sharper", "exponent of the half width in 1/p: 1, within 0.95 to 1.05", width)
            .verdict(Verdict::within(width, 0.95, 1.05))
            .note(format!("median over seeds of fits to p ≥ 16 n; at p = {last} it is {spike} of that of a sinc, 0.302/p")),
        Claim::new("deltas", "Fig. 1.4", "… to the point in which they become delta-like functions", &format!("share of the energy within 1/2p of a sample or its mirror image, p = {last}: above 0.8"), near)
            .verdict(Verdict::above(near, 0.8))
            .note(format!("that is {} of [0, 1]", number(covered.value))),
        Claim::new("benign", "Fig. 1.4", "… benign", &format!("median over x of |f|, over σ, p = {last}: below 0.3"), typical)
            .verdict(Verdict::below(typical, 0.3))
            .note(format!("at p = {first} it is {}", number(wild.value / settings.noise))),
        Claim::new("norm", "§1.6.1", "with more eigenfunctions the norm can be smaller", "share of seeds in which ‖w‖² falls at each step of p: 1", norm)
            .verdict(all(norm))
            .note("the smaller model's weights, with zeros, are a candidate of the larger one"),
        Claim::new("energy-falls", "§1.6.1", "delta functions concentrate the deviation near the samples", "share of seeds in which ∫f² falls at each step of p: 1", falls)
            .verdict(all(falls))
            .note("with equal intensities ∫f² = ½‖w‖²"),
        Claim::new("energy-exponent", "Eq. 1.35 (ours)", "∫f² falls as σ²n/(p − n)", "exponent in 1/p: within 0.9 to 1.2", energy)
            .verdict(Verdict::within(energy, 0.9, 1.2))
            .note(format!("median over seeds of fits to p ≥ 16 n; (p − n) for p there makes it {} at the least p of the fit", number(1.0 / (1.0 - 1.0 / 16.0)))),
        Claim::new("energy-many", "Eq. 1.35 (ours)", "σ²n/(p − n) is the expected ∫f² of noise", &format!("median ∫f² over it, p = {last}: within 0.8 to 1.25"), many)
            .verdict(Verdict::within(many, 0.8, 1.25)),
        Claim::new("energy-few", "Eq. 1.35 (ours)", "… also with few features", &format!("median ∫f² over it, p = {first}: within 0.8 to 1.25"), few)
            .verdict(Verdict::within(few, 0.8, 1.25))
            .note("the theory takes features for Gaussian. Sines of random x are not: of n points and their mirror images some lie closer than 1/p unless p is of the order of n², and labels that differ there force the fit far out"),
        Claim::new("gap", "ours", "what makes a fit wild is its closest pair of samples", &format!("correlation over seeds of ln ∫f² and ln least gap, mirror images included, p = {middle}: below −0.5"), gap)
            .verdict(differs(Verdict::below(gap, -0.5))),
    ]))
}
