//! Where a function of sines has its energy: at the samples that it interpolates, or everywhere.

use super::super::curves::Curve;
use crate::model::linear::{Basis, LinearFit};
use ndarray::Array1;

/// The middles of 2p equal parts of [0, ½]: with sines up to number p, sums over them are integrals over [0, 1] of squares, as $f(1 - x) = -f(x)$.
pub(super) fn middles(p: usize) -> Vec<f64> {
    (0..2 * p)
        .map(|i| (i as f64 + 0.5) / (4 * p) as f64)
        .collect()
}

/// Shares of [0, 1] and of the energy on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spikes {
    /// Share of the energy within half a wavelength's half, 1/2p, of a sample or of its mirror image 1 − x.
    pub near: f64,
    /// Share of the energy within 1/2p of a sample.
    pub at_samples: f64,
    /// Share of [0, 1] within 1/2p of a sample or of its mirror image.
    pub covered: f64,
}

/// Of the values at [`middles`] of a function of p sines that interpolates samples at `x`.
pub(super) fn spikes(x: &[f64], values: &Array1<f64>) -> Spikes {
    let p = values.len() / 2;
    let width = 0.5 / p as f64;
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    let close = |at: f64| {
        let after = sorted.partition_point(|x| *x < at - width);
        sorted.get(after).is_some_and(|x| *x <= at + width)
    };
    let (mut near, mut at_samples, mut covered, mut all) = (0.0, 0.0, 0usize, 0.0);
    for (at, value) in middles(p).into_iter().zip(values) {
        let (here, mirrored, energy) = (close(at), close(1.0 - at), value * value);
        all += 2.0 * energy;
        at_samples += energy * (f64::from(here) + f64::from(mirrored));
        if here || mirrored {
            near += 2.0 * energy;
            covered += 1;
        }
    }
    Spikes {
        near: near / all,
        at_samples: at_samples / all,
        covered: covered as f64 / values.len() as f64,
    }
}

/// The half width at half height of the mean of f(x) f(x + u) over x: of each spike, where f is made of spikes.
pub(super) fn half_width(fit: &LinearFit) -> f64 {
    let powers = fit.utilization();
    let alike = |u: f64| -> f64 {
        let pairs = powers.iter().zip(1..);
        pairs
            .map(|(q, k)| q * (std::f64::consts::TAU * f64::from(k) * u).cos())
            .sum()
    };
    // The first crossing of ½, found on steps well below the shortest wavelength, then halved.
    let step = 0.02 / powers.len() as f64;
    let Some(first) = (1..)
        .map(|i| f64::from(i) * step)
        .take_while(|u| *u <= 0.5)
        .find(|u| alike(*u) < 0.5)
    else {
        return f64::NAN;
    };
    let (mut low, mut high) = (first - step, first);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if alike(middle) < 0.5 {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// The least distance between two samples, or between a sample and the mirror image of another; sines cannot tell x from 1 − x but for the sign.
pub(super) fn least_gap(x: &[f64]) -> f64 {
    let mut folded: Vec<f64> = x.iter().map(|x| x.min(1.0 - x)).collect();
    folded.sort_by(f64::total_cmp);
    let gaps = folded.windows(2).map(|w| w[1] - w[0]);
    gaps.fold(f64::INFINITY, f64::min)
}

/// Abscissae that show a function of p sines: `even` equal steps, and finer ones about each sample and its mirror image.
pub(super) fn abscissae(x: &[f64], p: usize, even: usize) -> Vec<f64> {
    let wave = 1.0 / p as f64;
    let mut all: Vec<f64> = (0..=even).map(|i| i as f64 / even as f64).collect();
    for x in x {
        for centre in [*x, 1.0 - x] {
            all.extend((-6..=6).map(|i| centre + 0.125 * f64::from(i) * wave));
        }
    }
    all.retain(|x| (0.0..=1.0).contains(x));
    all.sort_by(f64::total_cmp);
    all.dedup_by(|a, b| *a - *b < 0.02 * wave);
    all
}

/// The curve of a fit at these abscissae.
pub(super) fn drawn(fit: &LinearFit, x: &[f64]) -> Curve {
    (x.to_vec(), fit.predict(x).to_vec())
}

/// The sum of the first d sines with these coefficients; cheaper than a fit of which only they are left.
pub(super) fn head(coefficients: &Array1<f64>, d: usize, x: &[f64]) -> Array1<f64> {
    let first = coefficients.slice(ndarray::s![..d]);
    Basis::Sine.evaluate(x, d).dot(&first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::linear::LinearModel;

    #[test]
    fn one_sample_is_one_spike_and_its_mirror_image() {
        let p = 500;
        let model = LinearModel::powers(Basis::Sine, p, 0.0).unwrap();
        let fit = model.interpolate(&[0.3], &[1.0]).unwrap();
        let at = middles(p);
        let found = spikes(&[0.3], &fit.predict(&at));
        // The main lobe of a sinc between its zeros has 90.28 % of its energy.
        assert!((found.near - 0.9028).abs() < 0.01, "{found:?}");
        assert!((found.at_samples - 0.4514).abs() < 0.01);
        assert!((found.covered - 2.0 / p as f64).abs() < 1.0 / p as f64);
        // sin(πv)/πv = ½ at v = 0.60335, and v = 2pu.
        let width = half_width(&fit) * 2.0 * p as f64;
        assert!((width / 0.60335 - 1.0).abs() < 0.01, "{width}");
    }

    #[test]
    fn gaps_see_mirror_images() {
        assert!((least_gap(&[0.1, 0.5, 0.88]) - 0.02).abs() < 1e-12);
    }
}
