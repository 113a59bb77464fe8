//! What several experiments read off a run of a matrix task: the first plateau, and how far apart the target's modes are learned.
//!
//! Losses are in units of L₀, the loss of ã = b̃ = 0, on whose level the post's plateau lies.

use crate::metric::curve::{self, Plateau, Shape};
use crate::stats;

/// The plateau of the post: the first one above a tenth of L₀. Later steps of the loss, when the last weak modes are learned one by one,
/// are plateaus too, and not the one that is spoken of.
pub(super) fn first_plateau(shape: &Shape) -> Option<Plateau> {
    shape.plateaus.iter().copied().find(|p| p.value >= 0.1)
}

/// Its length; 0 when there is none.
pub(super) fn plateau_length(shape: &Shape) -> f64 {
    first_plateau(shape).map_or(0.0, |p| p.length())
}

/// The time in which the loss falls from 1.1 to 0.9 L₀: a length of the rest at L₀ that needs no decision whether it is a plateau. NaN when
/// the loss does not start above the one or never reaches the other.
pub(super) fn dwell(time: &[f64], loss: &[f64]) -> f64 {
    match (fall(time, loss, 1.1), fall(time, loss, 0.9)) {
        (Some(from), Some(to)) if loss[0] > 1.1 => to - from,
        _ => f64::NAN,
    }
}

/// First time at which the loss is at most `level`, on a straight line between records.
pub(super) fn fall(time: &[f64], loss: &[f64], level: f64) -> Option<f64> {
    let i = loss.iter().position(|l| *l <= level)?;
    Some(match i {
        0 => time[0],
        _ => time[i] + (level - loss[i]) / (loss[i - 1] - loss[i]) * (time[i - 1] - time[i]),
    })
}

/// When each mode is learned: the first record after which its strength u_kᵀÃv_k/σ_k stays within ½ of 1. A mode that is not learned by
/// the end counts with the last time, so that a spread of these times is rather too small than too large.
pub(super) fn learned_times(time: &[f64], modes: &ndarray::Array2<f64>) -> Vec<f64> {
    let learned =
        |mode: ndarray::ArrayView1<f64>| match mode.iter().rposition(|s| (s - 1.0).abs() > 0.5) {
            None => time[0],
            Some(last) => time[(last + 1).min(time.len() - 1)],
        };
    modes.columns().into_iter().map(learned).collect()
}

/// How far apart times are: ln(t₉₀ / t₁₀) of their quantiles; 0 for a single time.
pub(super) fn spread(times: &[f64]) -> f64 {
    (stats::quantile(times, 0.9) / stats::quantile(times, 0.1)).ln()
}

/// When each vector has grown back: the first time after its shortest at which its norm has made half of the way to its last. NaN for a
/// vector whose norm does not rebound by 2 %.
pub(super) fn rebound_times(time: &[f64], norms: &ndarray::Array2<f64>) -> Vec<f64> {
    let rebound = |norm: ndarray::ArrayView1<f64>| {
        let shortest = (0..norm.len()).min_by(|i, j| norm[*i].total_cmp(&norm[*j]))?;
        let (low, last) = (norm[shortest], norm[norm.len() - 1]);
        let half = (shortest..norm.len()).find(|&i| norm[i] >= 0.5 * (low + last))?;
        (last > 1.02 * low).then(|| time[half])
    };
    norms
        .columns()
        .into_iter()
        .map(|n| rebound(n).unwrap_or(f64::NAN))
        .collect()
}

/// [`curve::shape`], and for a series that is too short or not finite a shape without anything.
pub(super) fn shape(time: &[f64], loss: &[f64], smooth: f64) -> Shape {
    curve::shape(time, loss, smooth).unwrap_or(Shape {
        plateaus: vec![],
        decay_time: f64::NAN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn dwell_and_learned_times_of_known_curves() {
        let time = [0.0, 1.0, 2.0, 3.0, 4.0];
        // 2 → 1 → 0: straight lines, so 1.1 at 0.9 and 0.9 at 1.1.
        assert!((dwell(&time[..3], &[2.0, 1.0, 0.0]) - 0.2).abs() < 1e-12);
        assert!(dwell(&time[..3], &[1.0, 0.95, 0.0]).is_nan());
        let modes = array![
            [0.0, 0.0, 7.0],
            [0.4, 0.0, 1.0],
            [0.6, 0.0, 0.2],
            [0.9, 0.4, 0.6],
            [1.0, 0.4, 1.0]
        ];
        let times = learned_times(&time, &modes);
        assert_eq!(times[..1], [2.0]);
        assert_eq!(times[1..], [4.0, 3.0]);
        assert_eq!(spread(&[5.0]), 0.0);
        let norms = array![[2.0, 3.0], [1.0, 2.0], [1.4, 1.5], [1.6, 1.2], [2.0, 1.0]];
        let times = rebound_times(&time, &norms);
        assert!(times[0] == 3.0 && times[1].is_nan());
    }
}
