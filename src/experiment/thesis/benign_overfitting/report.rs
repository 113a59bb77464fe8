//! Figures and claims of benign overfitting.

use super::super::numbers::{differs, mean_within, worst};
use super::super::overfitting::{Overfitting, TAILS, TARGET_ENERGY, column, figures};
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::Figures;
use crate::stats::{self, Interval};

pub(super) fn draw(of: &Overfitting, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with(
            "fig-1.3",
            figures::split(
                of,
                outcome,
                "corrected",
                "Benign overfitting: the head is the target, the tail is spikes",
            )?,
        )
        .with(
            "printed-tail",
            figures::split(
                of,
                outcome,
                "printed",
                "With the tail as printed the head learns half of the target",
            )?,
        )
        .with(
            "flow",
            figures::flow(
                of,
                outcome,
                "Signal first, noise later: with the corrected tail only",
            )?,
        ))
}

fn scaled(values: &[f64], by: f64) -> Vec<f64> {
    values.iter().map(|v| v * by).collect()
}

/// Mean over seeds of x_i / y_i.
fn ratio(x: &[f64], y: &[f64]) -> Interval {
    stats::mean(&x.iter().zip(y).map(|(x, y)| x / y).collect::<Vec<_>>())
}

pub(super) fn measure(of: &Overfitting, outcome: &Outcome) -> Result<Claims> {
    let mut claims = fits(of, outcome)?;
    claims.extend(learnability(of, outcome)?);
    claims.extend(times(of, outcome)?);
    Ok(Claims(claims))
}

fn fits(of: &Overfitting, outcome: &Outcome) -> Result<Vec<Claim>> {
    let get = |tail: &str, name: &str| column(outcome, tail, name);
    let ours = |name: &str| get("corrected", name);
    let mut residuals = Vec::new();
    for tail in TAILS {
        residuals.extend(get(tail, "residual")?);
    }
    let residual = worst(&residuals);
    let share = |tail: &str, name: &str| -> Result<Interval> {
        Ok(stats::mean(&scaled(&get(tail, name)?, 1.0 / TARGET_ENERGY)))
    };
    let (error, printed) = (
        share("corrected", "test_error")?,
        share("printed", "test_error")?,
    );
    let head = share("corrected", "head_error")?;
    let rest = stats::mean(&ours("rest_and_noise")?);
    let (near, at_samples) = (
        stats::mean(&ours("near")?),
        stats::mean(&ours("at_samples")?),
    );
    let covered = stats::mean(&ours("covered")?);
    let typical = stats::mean(&scaled(&ours("off_target")?, 1.0 / of.noise));
    let expected = ours("expected_error")?;
    let against = ratio(&ours("test_error")?, &expected);
    let middle = stats::median(&ours("test_error")?);
    let (signal, noise) = (
        stats::mean(&ours("signal_error")?),
        stats::mean(&ours("noise_error")?),
    );
    Ok(vec![
        Claim::new("interpolates", "§1.6.1, Fig. 1.3(a)", "the learned function interpolates all noisy samples", "largest error at a sample, all seeds, both tails: at most 1e-6", residual)
            .verdict(Verdict::below(residual, 1e-6)),
        Claim::new("benign", "§1.6.1, Fig. 1.3(a)", "… yet generalizes: it closely resembles the target", "test error with the tail 1/(p − d), over that of f = 0: below 0.2", error)
            .verdict(Verdict::below(error, 0.2))
            .note(format!("noise σ = {} (σ² = {} of ∫f*² = ½); of f* alone the error is {}, of the noise alone {}", of.noise, number(2.0 * of.noise * of.noise), number(signal.value), number(noise.value))),
        Claim::new("benign-printed", "Eq. 1.36", "the same with the tail n/(p − d) (as printed)", "test error over that of f = 0: below 0.2", printed)
            .verdict(Verdict::below(printed, 0.2))
            .note("the head learns half of the target, see learnability-head-printed"),
        Claim::new("head", "Fig. 1.3(b)", "the first d features fit the target function", "∫(head − f*)² over ∫f*²: below 0.1", head)
            .verdict(Verdict::below(head, 0.1)),
        Claim::new("tail", "Fig. 1.3(c)", "the latter p − d features fit the reminiscent noise", "correlation at the samples of their sum with the noise: above 0.9", rest)
            .verdict(Verdict::above(rest, 0.9)),
        Claim::new("deltas", "Fig. 1.3(c)", "… by delta functions", "share of their energy within 1/2p of a sample or its mirror image: above 0.8", near)
            .verdict(Verdict::above(near, 0.8))
            .note(format!("that is {} of [0, 1]; a sinc's main lobe has 0.903 of its energy. Less where two samples are closer than 1/p", number(covered.value))),
        Claim::new("only-samples", "§1.6.1", "discrepancy only at sample points", "share of the tail's energy within 1/2p of a sample: above 0.8", at_samples)
            .verdict(differs(Verdict::above(at_samples, 0.8)))
            .note("the other half is at the mirror images: sines are odd about x = ½, so each spike at x_i has its opposite at 1 − x_i, where no sample is"),
        Claim::new("off-samples", "§1.6.1", "delta-like functions are benign on points aside from the training set", "median over x of |f − f*|, over σ: below 0.3", typical)
            .verdict(Verdict::below(typical, 0.3)),
        Claim::new("error-theory", "§1.6.1, Refs. 16–24", "the equation for the generalization loss shows that the model generalizes", "test error over the expected: 1, within 0.8 to 1.25", against)
            .verdict(differs(Verdict::within(against, 0.8, 1.25)))
            .note(format!("expected {}, median measured {}. The formula takes features for Gaussian; of sines of random x, two samples (or mirror images) closer than 1/p with different noise make spikes far above the labels, and the distribution over samples has a heavy tail", number(expected.first().copied().unwrap_or(f64::NAN)), middle)),
    ])
}

fn learnability(of: &Overfitting, outcome: &Outcome) -> Result<Vec<Claim>> {
    let get = |tail: &str, name: &str| column(outcome, tail, name);
    let (head, head_printed) = (
        stats::mean(&get("corrected", "head_learned")?),
        stats::mean(&get("printed", "head_learned")?),
    );
    let (n, p, d) = (of.samples as f64, of.features as f64, of.d as f64);
    let expected = (n - d) / (p - d);
    let tail_learned = get("corrected", "tail_learned")?;
    let tail = stats::mean(&tail_learned);
    let tail_ratio = stats::mean(&scaled(&tail_learned, 1.0 / expected));
    let mut apart = Vec::new();
    for tail in TAILS {
        for part in ["head", "tail"] {
            let learned = stats::mean(&get(tail, &format!("{part}_learned"))?);
            apart.push((learned.value - get(tail, &format!("{part}_expected"))?[0]).abs());
        }
    }
    let apart = Interval {
        n: head.n,
        ..worst(&apart)
    };
    let theory = |tail: &str| -> Result<String> { Ok(number(get(tail, "head_expected")?[0])) };
    Ok(vec![
        Claim::new("learnability-head", "Eq. 1.36 (corrected)", "L_k ≈ 1 for k ≤ d, with the tail 1/(p − d)", "mean share of e_k learned, k ≤ d: above 0.95", head)
            .verdict(Verdict::above(head, 0.95))
            .note(format!("Eq. 1.35 gives {}: κ ≈ 1/n", theory("corrected")?)),
        Claim::new("learnability-head-printed", "Eq. 1.36", "L_k ≈ 1 for k ≤ d, with the tail n/(p − d) (as printed)", "mean share of e_k learned, k ≤ d: above 0.95", head_printed)
            .verdict(Verdict::above(head_printed, 0.95))
            .note(format!("Eq. 1.35 gives {}: the intensities of the tail add up to n, so that κ ≈ 1, the head's own intensity", theory("printed")?)),
        Claim::new("learnability-tail", "Eq. 1.36 (corrected)", "L_k ≈ (n − d)/(p − d) for k > d", &format!("mean share of e_k learned, d < k ≤ 2d, over {}: 1", number(expected)), tail_ratio)
            .verdict(Verdict::within(tail_ratio, 0.9, 1.1))
            .note(format!("the share is {tail}")),
        Claim::new("conditions-printed", "Eq. 1.36", "L_k ≈ 1 where d ≤ n (as printed)", "mean share of e_k learned, d < k ≤ 2d, where d ≤ n: above 0.95", tail)
            .verdict(Verdict::above(tail, 0.95))
            .note(format!("d = {} ≤ n = {} says nothing of k: the conditions of the second brace are k ≤ d and k > d, as those of the first", of.d, of.samples)),
        Claim::new("eq-1.35", "Eq. 1.35", "L_k = ρ_k/(ρ_k + κ)", "largest difference of the mean share from it, head and tail, both intensities: below 0.02", apart)
            .verdict(Verdict::below(apart, 0.02))
            .note("means over seeds; first d of the tail"),
    ])
}

fn times(of: &Overfitting, outcome: &Outcome) -> Result<Vec<Claim>> {
    let get = |tail: &str, name: &str| column(outcome, tail, name);
    let (n, p, d) = (of.samples as f64, of.features as f64, of.d as f64);
    let (apart, apart_printed) = (
        stats::mean(&get("corrected", "separation")?),
        stats::mean(&get("printed", "separation")?),
    );
    let (late, late_holds) =
        mean_within(&scaled(&get("corrected", "noise_time")?, 1.0 / n), 0.5, 1.0);
    let late_printed = stats::mean(&scaled(&get("printed", "noise_time")?, n / (p - d)));
    let regression = stats::mean(&get("corrected", "off_regression")?);
    let flow = outcome.table("flow")?.rows_where("tail", "corrected")?;
    let mut gain = Vec::new();
    for seed in outcome.seeds() {
        let error = flow.rows_where("seed", *seed as i64)?.f64s("test_error")?;
        let best = error.iter().copied().fold(f64::INFINITY, f64::min);
        gain.push(best / error[error.len() - 1]);
    }
    let gain = stats::mean(&gain);
    Ok(vec![
        Claim::new("window", "§1.6.1 (corrected)", "for 1 ≪ ηt ≪ n only the signal is learned, with the tail 1/(p − d)", "share of signal fitted less share of noise at ηt = √n: above 0.7", apart)
            .verdict(Verdict::above(apart, 0.7))
            .note("on samples the tail acts as (its sum of intensities)/n times the identity: 1/n"),
        Claim::new("window-printed", "§1.6.1", "for 1 ≪ ηt ≪ (p − d)/n only the signal is learned, with the tail n/(p − d) (as printed)", &format!("share of signal less share of noise at ηt = √((p − d)/n) = {}: above 0.7", number(((p - d) / n).sqrt())), apart_printed)
            .verdict(Verdict::above(apart_printed, 0.7))
            .note("the noise is fitted first: n/(p − d) is the pace of a tail function on the whole measure (Eq. 1.26), not on samples, where the tail's sum of intensities over n counts, here 1"),
        Claim::new("noise-time", "§1.6.1 (corrected)", "the noise is fitted at ηt ~ n, with the tail 1/(p − d)", "ηt at which half of it is fitted, over n: ln 2 = 0.69, within 0.5 to 1", late)
            .verdict(late_holds),
        Claim::new("noise-time-printed", "§1.6.1", "the noise is fitted after ηt ~ (p − d)/n, with the tail n/(p − d) (as printed)", "ηt at which half of it is fitted, over (p − d)/n: above 0.5", late_printed)
            .verdict(Verdict::above(late_printed, 0.5))
            .note("it is fitted at ηt ≈ ln 2, whatever p"),
        Claim::new("d-parameters", "§1.6.1", "in the window the learning resembles training a d-parameter linear model on n noisy samples", "distance of the head at ηt = √n from least squares with d sines, relative: below 0.1", regression)
            .verdict(Verdict::below(regression, 0.1)),
        Claim::new("early-stopping", "§1.6.1 (ours)", "interpolating costs little: overfitting is benign, not harmless", "least test error along the flow over that at the end: below 1", gain)
            .verdict(Verdict::below(gain, 1.0))
            .note("what is lost by not stopping in the window, mean over seeds"),
    ])
}
