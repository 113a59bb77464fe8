//! Claims about weight decay.

use super::{RESOLVED, WeightDecay};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::stats;
use crate::table::Table;

pub(super) fn measure(experiment: &WeightDecay, outcome: &Outcome) -> Result<Claims> {
    let runs = outcome.table("runs")?;
    let critical = outcome.table("critical")?;
    Ok(Claims(vec![
        faster_decay(&runs)?,
        exponential_phase(&runs)?,
        not_minimised(&runs)?,
        soft_threshold(&runs)?,
        extinction(&runs)?,
        no_other_change(&critical, &experiment.critical)?,
        growth_rate(&critical)?,
        beyond(&runs)?,
    ]))
}

const SOURCE: &str = "comments, weight decay";
/// What follows from the loss without being said.
const IMPLIED: &str = "comments, weight decay (implied)";

/// The finite values of `column` in the rows with `lambda`, and `rank` where one is given.
fn values(
    runs: &Table,
    column: &str,
    rank: Option<usize>,
    keep: impl Fn(f64) -> bool,
) -> Result<Vec<f64>> {
    let (ranks, lambdas, values) = (runs.i64s("rank")?, runs.f64s("lambda")?, runs.f64s(column)?);
    let rows = ranks.iter().zip(lambdas).zip(values);
    let kept = rows.filter(|((r, l), v)| {
        rank.is_none_or(|rank| **r == rank as i64) && keep(*l) && v.is_finite()
    });
    Ok(kept.map(|(_, v)| v).collect())
}

/// The largest value of each seed, so that configurations of one seed do not count as independent.
fn worst_of_seed(runs: &Table, column: &str) -> Result<Vec<f64>> {
    runs.distinct("seed")?
        .into_iter()
        .map(|seed| {
            Ok(runs
                .rows_where("seed", seed)?
                .f64s(column)?
                .into_iter()
                .filter(|x| x.is_finite())
                .fold(0.0, f64::max))
        })
        .collect()
}

/// The mean over one seed's configurations, for each seed.
fn mean_of_seed(runs: &Table, column: &str, keep: impl Fn(f64) -> bool) -> Result<Vec<f64>> {
    runs.distinct("seed")?
        .into_iter()
        .map(|seed| {
            Ok(stats::mean(&values(
                &runs.rows_where("seed", seed)?,
                column,
                None,
                &keep,
            )?)
            .value)
        })
        .collect()
}

fn faster_decay(runs: &Table) -> Result<Claim> {
    let measured = stats::mean(&mean_of_seed(runs, "excess_rate", |l| l >= 0.1)?);
    Ok(Claim::new(
        "faster-decay",
        SOURCE,
        "I expect weight decay to … accelerate the initial decay",
        "1: ln(‖ã‖² + ‖b̃‖²) falls faster than without by 2λ",
        measured,
    )
    .verdict(Verdict::within(measured, 0.9, 1.1))
    .note("decay of ln(‖ã‖² + ‖b̃‖²) up to t = 0.1/σ₁, less that at λ = 0, over 2λ; mean over ranks and λ ≥ 0.1 σ₁ of each seed"))
}

fn exponential_phase(runs: &Table) -> Result<Claim> {
    let ratios = |lambda: f64| -> Result<Vec<f64>> {
        let exponential = values(runs, "exponential_rms", Some(1), |l| l == lambda)?;
        let algebraic = values(runs, "algebraic_rms", Some(1), |l| l == lambda)?;
        Ok(exponential
            .iter()
            .zip(algebraic)
            .map(|(e, a)| e / a)
            .collect())
    };
    let largest = runs
        .f64s("lambda")?
        .into_iter()
        .filter(|l| *l < 1.0)
        .fold(0.0, f64::max);
    let (with, without) = (
        stats::median(&ratios(largest)?),
        stats::median(&ratios(0.0)?),
    );
    Ok(Claim::new(
        "exponential-phase",
        SOURCE,
        "this seems to give an intrinsic exponential decay to everything",
        "< 1: residual of e^{−ct} over that of 1/(1 + ct), for ‖ã‖² + ‖b̃‖² at rank 1",
        with,
    )
    .verdict(Verdict::below(with, 1.0))
    .note(format!(
        "rank 1, λ = {largest} σ₁, residuals of the logarithm up to half the time of the norm's minimum; without weight decay the ratio is {without}: there the \
         decay is algebraic"
    )))
}

fn not_minimised(runs: &Table) -> Result<Claim> {
    let (ends, expected, lambdas) = (
        runs.f64s("end_loss")?,
        runs.f64s("expected_loss")?,
        runs.f64s("lambda")?,
    );
    let seeds = runs.i64s("seed")?;
    let per_seed = |seed: i64| {
        let rows = (0..seeds.len())
            .filter(|i| seeds[*i] == seed && lambdas[*i] >= 0.1 && ends[*i].is_finite());
        stats::mean(&rows.map(|i| ends[i] / expected[i]).collect::<Vec<_>>()).value
    };
    let measured = stats::mean(
        &runs
            .distinct("seed")?
            .into_iter()
            .map(per_seed)
            .collect::<Vec<_>>(),
    );
    Ok(Claim::new(
        "not-minimised",
        SOURCE,
        "the converged solution does not actually minimize the original loss",
        "1: ½‖A − Ã‖² at the end over ½Σ min(σ_k, λ)²",
        measured,
    )
    .verdict(Verdict::within(measured, 0.99, 1.01))
    .note("mean over ranks and λ ≥ 0.1 σ₁ of each seed; smaller λ leave a loss too small to have converged at full rank"))
}

fn soft_threshold(runs: &Table) -> Result<Claim> {
    let measured = stats::mean(&worst_of_seed(runs, "end_error")?);
    let all = stats::mean(&worst_of_seed(runs, "end_error_all")?);
    Ok(Claim::new(
        "soft-threshold",
        IMPLIED,
        "the end point is the soft-thresholded SVD, singular values max(σ_k − λ, 0)",
        "0, largest |s_k − max(σ_k − λ, 0)|/σ₁",
        measured,
    )
    .verdict(Verdict::below(measured, 1e-3))
    .note(format!(
        "largest over ranks, λ and the modes with |σ_k − λ| t ≥ {RESOLVED} of each seed; modes nearer to λ are still on their way (with them {all})"
    )))
}

fn extinction(runs: &Table) -> Result<Claim> {
    let (learned, above, diverged) = (
        runs.f64s("learned")?,
        runs.f64s("above")?,
        runs.f64s("diverged_step")?,
    );
    let finished = diverged.iter().filter(|d| d.is_nan()).count();
    let equal = learned.iter().zip(above).filter(|(l, a)| *l == a).count();
    let measured = stats::share(equal, finished);
    Ok(Claim::new(
        "extinction",
        IMPLIED,
        "modes with σ_k < λ are extinct, one by one as λ rises",
        "1: share of runs in which the learned modes are those with σ_k > λ",
        measured,
    )
    .verdict(Verdict::above(measured, 0.9))
    .note(format!(
        "a mode counts as learned above 0.01 σ₁; modes with |σ_k − λ| t ≥ {RESOLVED}; n counts runs (seed × rank × λ), {} diverged",
        diverged.len() - finished
    )))
}

fn no_other_change(critical: &Table, lambdas: &[f64]) -> Result<Claim> {
    let log_gap: Vec<f64> = lambdas.iter().map(|l| (1.0 - l).ln()).collect();
    let slope = |seed: i64| {
        let table = critical.rows_where("seed", seed)?;
        let times: Vec<f64> = table.f64s("half_time")?.iter().map(|t| t.ln()).collect();
        Ok(stats::linear_fit(&log_gap, &times).slope.value)
    };
    let slopes: Vec<f64> = critical
        .distinct("seed")?
        .into_iter()
        .map(slope)
        .collect::<Result<_>>()?;
    let measured = stats::mean(&slopes);
    Ok(Claim::new(
        "plateau-diverges",
        SOURCE,
        "I don't think I expect any other changes",
        "0: exponent of the time until half learned against 1 − λ/σ₁",
        measured,
    )
    .verdict(match Verdict::below(measured, -0.5) {
        Verdict::Holds => Verdict::Fails,
        Verdict::Fails => Verdict::Holds,
        other => other,
    })
    .note(
        "rank 1 from a small start; the wait grows as 1/(σ₁ − λ) times ln((σ₁ − λ)/s₀), which falls as λ rises: hence an exponent somewhat above −1. The plateau \
         diverges as λ → σ_k",
    ))
}

fn growth_rate(critical: &Table) -> Result<Claim> {
    let (lambdas, rates) = (critical.f64s("lambda")?, critical.f64s("growth_rate")?);
    let ratios: Vec<f64> = lambdas
        .iter()
        .zip(rates)
        .map(|(l, r)| r / (2.0 * (1.0 - l)))
        .collect();
    let seeds = critical.i64s("seed")?;
    let per_seed = |seed: i64| {
        let of_seed = seeds
            .iter()
            .zip(&ratios)
            .filter(|(s, _)| **s == seed)
            .map(|(_, r)| *r);
        stats::mean(&of_seed.collect::<Vec<_>>()).value
    };
    let measured = stats::mean(
        &critical
            .distinct("seed")?
            .into_iter()
            .map(per_seed)
            .collect::<Vec<_>>(),
    );
    Ok(Claim::new(
        "growth-rate",
        SOURCE,
        "weight decay just means the gradient becomes … − λx",
        "1: growth rate of u₁ᵀÃv₁ over 2(σ₁ − λ)",
        measured,
    )
    .verdict(Verdict::within(measured, 0.95, 1.05))
    .note("rank 1, small start, fitted where u₁ᵀÃv₁ is between 10⁻³ and 10⁻² of σ₁ − λ; mean over λ of each seed"))
}

fn beyond(runs: &Table) -> Result<Claim> {
    let norms = values(runs, "end_loss", None, |l| l > 1.0)?;
    let measured = stats::mean(&norms);
    Ok(Claim::new(
        "nothing-learned",
        IMPLIED,
        "λ > σ₁ leaves nothing to learn",
        "1: ½‖A − Ã‖²/½‖A‖² at the end for λ > σ₁",
        measured,
    )
    .verdict(Verdict::within(measured, 0.99, 1.01))
    .note("all ranks; n counts runs (seed × rank)"))
}
