//! Claims about the attention head.

use super::AttentionHead;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::stats::{self, Interval};
use crate::table::Table;

const SOURCE: &str = "Attention Head";

pub(super) fn measure(experiment: &AttentionHead, outcome: &Outcome) -> Result<Claims> {
    let runs = Runs(outcome.table("runs")?);
    let mut claims = Vec::new();
    if experiment.parts.contains(&2) {
        claims.push(initial_rate(&runs)?);
        claims.push(exponential_decay(&runs)?);
        claims.push(power_law(&runs)?);
        claims.push(plateau(&runs)?);
        claims.push(sudden_drop(&runs)?);
        claims.push(invariance(&runs)?);
        claims.push(sign(&runs)?);
        claims.push(softmax(&runs)?);
        claims.push(softmax_drop(&runs)?);
    }
    claims.push(more_parts(&runs, experiment)?);
    Ok(Claims(claims))
}

struct Runs(Table);

impl Runs {
    fn values(&self, case: &str, parts: usize, column: &str) -> Result<Vec<f64>> {
        self.0
            .rows_where("case", case)?
            .rows_where("parts", parts)?
            .f64s(column)
    }

    /// Of the head, seed by seed.
    fn head(&self, column: &str) -> Result<Vec<f64>> {
        self.values("linear", 2, column)
    }

    fn resting(&self, case: &str, parts: usize) -> Result<usize> {
        Ok(self
            .values(case, parts, "end_loss")?
            .iter()
            .filter(|l| **l > 0.5)
            .count())
    }
}

fn ratio(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x / y).collect()
}

fn initial_rate(runs: &Runs) -> Result<Claim> {
    let measured = stats::mean(&runs.head("initial_rate")?);
    Ok(Claim::new(
        "initial-rate",
        SOURCE,
        "d|Ã|²/dt = −4 ‖ÃB̃‖² ‖C̃D̃‖²",
        "1: −d‖ã‖²/dt over 4 ‖M̃₁‖² ‖M̃₂‖²",
        measured,
    )
    .verdict(Verdict::within(measured, 0.98, 1.02))
    .note("two parts, over the first 10⁻³ of time; what is missing is the second term, ⟨M₁, M̃₁⟩⟨M₂, M̃₂⟩"))
}

fn exponential_decay(runs: &Runs) -> Result<Claim> {
    let measured = stats::median(&ratio(
        &runs.head("exponential_rms")?,
        &runs.head("algebraic_rms")?,
    ));
    Ok(Claim::new(
        "early-exponential",
        SOURCE,
        "so the norm decays exponentially at early times",
        "below 1: residual of e^{−ct} over that of (1 + ct)^{−1/3}",
        measured,
    )
    // The norm does decay, by another law.
    .verdict(match Verdict::below(measured, 1.0) {
        Verdict::Fails => Verdict::Differs,
        other => other,
    })
    .note("residuals of ln(‖ã‖² + ‖b̃‖²) up to half the time of its minimum; all four factors shrink together, dN/dt ∝ −N⁴"))
}

fn power_law(runs: &Runs) -> Result<Claim> {
    let measured = stats::mean(&runs.values("balanced", 2, "exponent")?);
    let gaussian = stats::median(&runs.head("exponent")?);
    Ok(Claim::new(
        "early-power-law",
        "errata, Post and comments",
        "the early decay is algebraic, ‖ã‖² ∼ t^{−1/3}",
        "1/3",
        measured,
    )
    .verdict(Verdict::within(measured, 0.31, 0.35))
    .note(format!(
        "balanced start without overlap, fitted from t = 300 to 3000. From a Gaussian start the conserved ãᵀã − b̃ᵀb̃ and ‖ã₁‖² − ‖ã₂‖² stop the decay early: exponent {gaussian} between 0.03 and \
         0.3 of the time of the norm's minimum"
    )))
}

fn plateau(runs: &Runs) -> Result<Claim> {
    let (lengths, widths) = (runs.head("plateau")?, runs.head("width")?);
    let share = stats::share(lengths.iter().filter(|l| **l > 0.0).count(), lengths.len());
    Ok(Claim::new(
        "plateau",
        SOURCE,
        "we should expect a plateau followed by a sudden drop once the basin is found",
        "1: share of seeds with a plateau",
        share,
    )
    .verdict(Verdict::above(share, 0.8))
    .note(format!(
        "median length {} / ‖H‖², of the drop {}; {} seeds still rest at the end",
        stats::median(&lengths),
        stats::median(&widths),
        runs.resting("linear", 2)?
    )))
}

fn sudden_drop(runs: &Runs) -> Result<Claim> {
    let measured = stats::median(&ratio(&runs.head("width")?, &runs.head("plateau")?));
    Ok(Claim::new(
        "sudden-drop",
        SOURCE,
        "this is why we see a sudden drop in the loss following the plateau",
        "below 0.5: time from 90 % to 10 % of the drop over the plateau's length",
        measured,
    )
    .verdict(Verdict::below(measured, 0.5))
    .note("two parts, seeds that have dropped"))
}

fn invariance(runs: &Runs) -> Result<Claim> {
    let changes: Vec<f64> = runs
        .0
        .f64s("invariance")?
        .into_iter()
        .filter(|x| x.is_finite())
        .collect();
    let worst = changes.iter().copied().fold(0.0, f64::max);
    let measured = Interval::exact(worst, changes.len());
    Ok(Claim::new(
        "invariance",
        SOURCE,
        "we can flip the signs of any pair of vectors and leave the system unchanged, and similarly matrices can be rotated",
        "0: relative change of the loss",
        measured,
    )
    .verdict(Verdict::below(measured, 1e-12))
    .note("signs of the first two parts flipped and all inner bases rotated at the start; the largest of all numbers of parts and seeds, which n counts"))
}

fn sign(runs: &Runs) -> Result<Claim> {
    let (cosines, lengths) = (runs.head("start_cosine")?, runs.head("plateau")?);
    let of = |positive: bool| -> Vec<f64> {
        let pairs = cosines
            .iter()
            .zip(&lengths)
            .filter(|(c, _)| (**c > 0.0) == positive);
        pairs.map(|(_, l)| *l).collect()
    };
    let (positive, negative) = (of(true), of(false));
    // Logarithms: waits spread over decades.
    let log = |x: &[f64]| x.iter().map(|x| x.max(1e-3).ln()).collect::<Vec<_>>();
    let (p, n) = (stats::mean(&log(&positive)), stats::mean(&log(&negative)));
    let half = ((p.high - p.value).powi(2) + (n.high - n.value).powi(2)).sqrt();
    let difference = n.value - p.value;
    let measured = Interval {
        value: difference.exp(),
        low: (difference - half).exp(),
        high: (difference + half).exp(),
        n: positive.len() + negative.len(),
    };
    Ok(Claim::new(
        "sign",
        SOURCE,
        "the trace factor need not be positive … close enough that the gradients have a sign pointing towards a basin",
        "above 1: plateau after a start with ⟨M₁, M̃₁⟩⟨M₂, M̃₂⟩ < 0 over that after one with > 0",
        measured,
    )
    .verdict(Verdict::above(measured, 1.0))
    .note(format!(
        "ratio of geometric means, {} and {} seeds; Mann–Whitney p = {:.2e}",
        negative.len(),
        positive.len(),
        stats::mann_whitney(&positive, &negative)
    )))
}

fn softmax(runs: &Runs) -> Result<Claim> {
    let (soft, linear) = (runs.values("softmax", 2, "plateau")?, runs.head("plateau")?);
    let measured = stats::median(&ratio(&soft, &linear));
    let with = stats::share(soft.iter().filter(|l| **l > 0.0).count(), soft.len());
    let norm = stats::median(&runs.values("softmax", 2, "trough_norm")?);
    let cosine = stats::median(
        &runs
            .values("softmax", 2, "start_cosine")?
            .iter()
            .map(|c| c.abs())
            .collect::<Vec<_>>(),
    );
    let cosine_linear = stats::median(
        &runs
            .head("start_cosine")?
            .iter()
            .map(|c| c.abs())
            .collect::<Vec<_>>(),
    );
    Ok(Claim::new(
        "softmax",
        "comments, softmax",
        "intuitively, softmax feels \"S-curve-ey\"",
        "above 1: plateau of softmax(AB) ⊗ CD over that of AB ⊗ CD",
        measured,
    )
    .verdict(Verdict::above(measured, 1.0))
    .note(format!(
        "median of seeds; share with a plateau {with}; the pattern's entries are positive and its rows sum to 1, so that ⟨M₁, M̃₁⟩ > 0 from the start (median |cos(H, H̃)| \
         {cosine} against {cosine_linear}) and the pattern cannot decay; least norm of C, D {norm}"
    )))
}

fn softmax_drop(runs: &Runs) -> Result<Claim> {
    let measured = stats::median(&ratio(
        &runs.values("softmax", 2, "width")?,
        &runs.head("width")?,
    ));
    let end = stats::median(&runs.values("softmax", 2, "end_loss")?);
    Ok(Claim::new(
        "softmax-drop",
        "comments, softmax",
        "intuitively, softmax feels \"S-curve-ey\"",
        "below 1: time from 90 % to 10 % of the drop, softmax(AB) ⊗ CD over AB ⊗ CD",
        measured,
    )
    .verdict(Verdict::below(measured, 1.0))
    .note(format!(
        "median of seeds, times × ‖H‖² of each; where the pattern is near 0 or 1 its gradient is small, and the drop ends in a slow tail: median loss {end} ‖H‖² where the linear \
         head's is below 10⁻⁸"
    )))
}

fn more_parts(runs: &Runs, experiment: &AttentionHead) -> Result<Claim> {
    let mut parts = experiment.parts.clone();
    parts.sort_unstable();
    let columns: Vec<Vec<f64>> = parts
        .iter()
        .map(|&m| runs.values("linear", m, "plateau"))
        .collect::<Result<_>>()?;
    let seeds = columns.first().map_or(0, Vec::len);
    let rising = (0..seeds)
        .filter(|i| columns.windows(2).all(|w| w[0][*i] < w[1][*i]))
        .count();
    let measured = stats::share(rising, seeds);
    let medians: Vec<String> = parts
        .iter()
        .zip(&columns)
        .map(|(m, lengths)| {
            let resting = runs.resting("linear", *m)?;
            let median = stats::median(lengths);
            Ok(format!("{m}: {median}, {resting} still resting"))
        })
        .collect::<Result<_>>()?;
    Ok(Claim::new(
        "more-parts",
        "Conclusions",
        "the more components involved the longer the initial plateau",
        "1: share of seeds whose plateau lengthens with each further part",
        measured,
    )
    .verdict(Verdict::above(measured, 0.5))
    .note(format!(
        "median length by number of parts: {}",
        medians.join("; ")
    )))
}
