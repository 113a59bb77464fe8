//! Single numbers of a run, by name: a tidy table `checks` of `name` and `value`.

use crate::claim::{Claim, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::stats::{self, Interval};
use crate::table::Table;

/// The table `checks` of one seed.
pub(super) fn named(values: &[(&str, f64)]) -> Result<Table> {
    Table::new()
        .with("name", values.iter().map(|v| v.0).collect::<Vec<_>>())?
        .with("value", values.iter().map(|v| v.1).collect::<Vec<_>>())
}

/// The number `name` of all seeds.
pub(super) fn numbers(outcome: &Outcome, name: &str) -> Result<Vec<f64>> {
    outcome
        .table("checks")?
        .rows_where("name", name)?
        .f64s("value")
}

/// The largest of all seeds; NaN if one of them is.
pub(super) fn worst(values: &[f64]) -> Interval {
    let largest = values.iter().fold(0.0, |m: f64, x| {
        if x.is_nan() || m.is_nan() {
            f64::NAN
        } else {
            m.max(*x)
        }
    });
    Interval::exact(largest, values.len())
}

/// A closed form against an independent solution: the worst relative difference must be at most 1e-9.
pub(super) fn agreement(
    outcome: &Outcome,
    id: &str,
    source: &str,
    statement: &str,
    name: &str,
    note: &str,
) -> Result<Claim> {
    let error = worst(&numbers(outcome, name)?);
    let claim = Claim::new(
        id,
        source,
        statement,
        "difference from an adaptive solution of the equations: at most 1e-9",
        error,
    );
    Ok(claim.verdict(Verdict::below(error, 1e-9)).note(note))
}

/// Mean over seeds of a number, and whether it lies between `low` and `high`.
pub(super) fn mean_within(values: &[f64], low: f64, high: f64) -> (Interval, Verdict) {
    let mean = stats::mean(values);
    (mean, Verdict::within(mean, low, high))
}

/// A statement that is right in kind, with another number or form.
pub(super) fn differs(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fails => Verdict::Differs,
        other => other,
    }
}

/// `count` numbers from `low` to `high`, in equal ratios.
pub(super) fn ratios(low: f64, high: f64, count: usize) -> Vec<f64> {
    let last = count.saturating_sub(1).max(1) as f64;
    let step = (high / low).ln() / last;
    (0..count).map(|k| low * (step * k as f64).exp()).collect()
}

/// `count` numbers from 0 to `end`, evenly.
pub(super) fn even(end: f64, count: usize) -> Vec<f64> {
    let last = count.saturating_sub(1).max(1) as f64;
    (0..count).map(|k| end * k as f64 / last).collect()
}
