//! Exponents of several α together: the one that is farthest off, and all in words.

use crate::stats::Interval;

/// An interval measured from `exact`.
pub(super) fn off(interval: Interval, exact: f64) -> Interval {
    Interval {
        value: interval.value - exact,
        low: interval.low - exact,
        high: interval.high - exact,
        ..interval
    }
}

/// The α whose value is farthest from 0, and that value.
pub(super) fn farthest(all: &[(f64, Interval)]) -> (f64, Interval) {
    let farthest = all
        .iter()
        .max_by(|x, y| x.1.value.abs().total_cmp(&y.1.value.abs()));
    farthest.copied().unwrap_or((f64::NAN, Interval::none()))
}

/// `α = 0.1: 0.0912 [0.0909, 0.0914], …`
pub(super) fn listed(all: &[(f64, Interval)]) -> String {
    let one = |(alpha, i): &(f64, Interval)| {
        format!("α = {alpha}: {:.4} [{:.4}, {:.4}]", i.value, i.low, i.high)
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}
