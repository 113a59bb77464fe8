//! Figures and claims of malignant overfitting.

use super::super::numbers::{differs, mean_within, worst};
use super::super::overfitting::{Overfitting, TAILS, TARGET_ENERGY, column, figures};
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::Figures;
use crate::stats;

pub(super) fn draw(of: &Overfitting, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with(
            "fig-1.5",
            figures::split(
                of,
                outcome,
                "corrected",
                "Malignant overfitting: the head misses the target, the spikes ignore it",
            )?,
        )
        .with(
            "flow",
            figures::flow(
                of,
                outcome,
                "A signal among weak features is learned no better than noise, at any time",
            )?,
        ))
}

pub(super) fn measure(of: &Overfitting, outcome: &Outcome) -> Result<Claims> {
    let get = |tail: &str, name: &str| column(outcome, tail, name);
    let ours = |name: &str| get("corrected", name);
    let over = |values: Vec<f64>, by: f64| values.into_iter().map(|v| v / by).collect::<Vec<_>>();
    let mut residuals = Vec::new();
    for tail in TAILS {
        residuals.extend(get(tail, "residual")?);
    }
    let residual = worst(&residuals);
    let error = stats::mean(&over(ours("test_error")?, TARGET_ENERGY));
    let printed = stats::mean(&over(get("printed", "test_error")?, TARGET_ENERGY));
    let head = stats::mean(&over(ours("head_error")?, TARGET_ENERGY));
    let closeness: Vec<f64> = ours("off_head")?
        .iter()
        .zip(ours("off_target")?)
        .map(|(head, target)| head / target)
        .collect();
    let closeness = stats::mean(&closeness);
    // Of the target itself, without noise: its coefficient at the end of the flow.
    let flow = outcome.table("flow")?.rows_where("tail", "corrected")?;
    let (mut kept, mut pace) = (Vec::new(), Vec::new());
    for seed in outcome.seeds() {
        let rows = flow.rows_where("seed", *seed as i64)?;
        let (t, signal) = (rows.f64s("t")?, rows.f64s("signal")?);
        kept.push(signal[signal.len() - 1]);
        let now = t.partition_point(|t| *t < (of.samples as f64).sqrt());
        pace.push(signal[now]);
    }
    let (n, p, d) = (of.samples as f64, of.features as f64, of.d as f64);
    let expected = (n - d) / (p - d);
    let (kept, kept_holds) = mean_within(&over(kept, expected), 0.85, 1.15);
    let early = stats::mean(&pace);
    let near = stats::mean(&ours("near")?);
    let covered = stats::mean(&ours("covered")?);
    let against: Vec<f64> = ours("test_error")?
        .into_iter()
        .zip(ours("expected_error")?)
        .map(|(x, y)| x / y)
        .collect();
    let against = stats::mean(&against);
    let theory = ours("expected_error")?.first().copied().unwrap_or(f64::NAN);
    Ok(Claims(vec![
        Claim::new("interpolates", "Fig. 1.5(a)", "the learned function interpolates all training samples", "largest error at a sample, all seeds, both tails: at most 1e-6", residual)
            .verdict(Verdict::below(residual, 1e-6)),
        Claim::new("malignant", "Fig. 1.5(a)", "… but differs from the target", "test error with the tail 1/(p − d), over that of f = 0: above 0.9", error)
            .verdict(Verdict::above(error, 0.9))
            .note(format!("noise σ = {}; worse than to say nothing", of.noise)),
        Claim::new("malignant-printed", "Fig. 1.5(a)", "the same with the tail n/(p − d), as printed", "test error over that of f = 0: above 0.9", printed)
            .verdict(Verdict::above(printed, 0.9))
            .note("here the printed and the corrected tail do not differ in kind"),
        Claim::new("head", "Fig. 1.5(b)", "the first d features fail to express the target", "∫(head − f*)² over ∫f*²: above 0.9", head)
            .verdict(Verdict::above(head, 0.9))
            .note("they are orthogonal to it: at least 1; what is above 1 is signal and noise taken for a lower frequency"),
        Claim::new("head-learned", "Fig. 1.5(b)", "the first d features resemble the learned function", "median over x of |f − head| over that of |f − f*|: below 0.5", closeness)
            .verdict(differs(Verdict::below(closeness, 0.5))),
        Claim::new("ignored", "Fig. 1.5(c)", "delta-like functions interpolate the data, ignoring the signal", &format!("share of f* learned, over (n − d)/(p − d) = {}: 1", number(expected)), kept)
            .verdict(kept_holds)
            .note("of the target alone, without noise: least squares are linear in the labels"),
        Claim::new("deltas", "Fig. 1.5(c)", "the latter p − d features fit with delta-like functions", "share of their energy within 1/2p of a sample or its mirror image: above 0.8", near)
            .verdict(Verdict::above(near, 0.8))
            .note(format!("that is {} of [0, 1]", number(covered.value))),
        Claim::new("no-window", "§1.6.2 (ours)", "no early stop helps: the signal waits as long as the noise", "share of f* learned at ηt = √n: below 0.1", early)
            .verdict(Verdict::below(early, 0.1))
            .note("in the window that separates signal from noise in Fig. 1.3"),
        Claim::new("error-theory", "§1.6, Refs. 16–24", "the equation for the generalization loss", "test error over the expected: 1, within 0.8 to 1.25", against)
            .verdict(differs(Verdict::within(against, 0.8, 1.25)))
            .note(format!("expected {}", number(theory))),
    ]))
}
