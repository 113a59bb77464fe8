//! Laws fitted to a part of a curve, each with a 95 % interval and the residual that decides between them.

use crate::stats::{Interval, linear_fit};

/// y = initial · e^{−rate t}, fitted to ln y by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialFit {
    /// The rate.
    pub rate: Interval,
    /// y at t = 0.
    pub initial: Interval,
    /// Root mean square residual of ln y.
    pub rms: f64,
}

/// y = scale · t^{−exponent}, fitted to ln y by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerFit {
    /// The exponent.
    pub exponent: Interval,
    /// y at t = 1.
    pub scale: Interval,
    /// Root mean square residual of ln y.
    pub rms: f64,
}

/// y = initial / (1 + rate t)^power, fitted to ln y by least squares for a given power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlgebraicFit {
    /// The rate; 2 N₀ for the rank-one decay N₀ / (1 + 2 N₀ t).
    pub rate: Interval,
    /// y at t = 0.
    pub initial: Interval,
    /// The power, as given.
    pub power: f64,
    /// Root mean square residual of ln y.
    pub rms: f64,
}

fn positive(t: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let pairs = t
        .iter()
        .zip(y)
        .filter(|(t, y)| t.is_finite() && y.is_finite() && **y > 0.0);
    pairs.map(|(t, y)| (*t, y.ln())).unzip()
}

/// e^x of an interval.
fn exp(x: Interval) -> Interval {
    Interval {
        value: x.value.exp(),
        low: x.low.exp(),
        high: x.high.exp(),
        n: x.n,
    }
}

fn negative(x: Interval) -> Interval {
    Interval {
        value: -x.value,
        low: -x.high,
        high: -x.low,
        n: x.n,
    }
}

/// Fits [`ExponentialFit`]; values that are not positive are left out.
///
/// ```
/// use scurve::metric::curve::exponential_fit;
/// let t: Vec<f64> = (0..50).map(|i| 0.1 * i as f64).collect();
/// let y: Vec<f64> = t.iter().map(|t| 3.0 * (-2.0 * t).exp()).collect();
/// let fit = exponential_fit(&t, &y);
/// assert!((fit.rate.value - 2.0).abs() < 1e-12 && (fit.initial.value - 3.0).abs() < 1e-12);
/// ```
pub fn exponential_fit(t: &[f64], y: &[f64]) -> ExponentialFit {
    let (t, log) = positive(t, y);
    let line = linear_fit(&t, &log);
    ExponentialFit {
        rate: negative(line.slope),
        initial: exp(line.intercept),
        rms: line.rms,
    }
}

/// Fits [`PowerFit`]; values and times that are not positive are left out.
pub fn power_fit(t: &[f64], y: &[f64]) -> PowerFit {
    let (t, log): (Vec<f64>, Vec<f64>) = {
        let (t, log) = positive(t, y);
        t.iter()
            .zip(log)
            .filter(|(t, _)| **t > 0.0)
            .map(|(t, l)| (t.ln(), l))
            .unzip()
    };
    let line = linear_fit(&t, &log);
    PowerFit {
        exponent: negative(line.slope),
        scale: exp(line.intercept),
        rms: line.rms,
    }
}

/// Fits [`AlgebraicFit`]: y = y₀ / (1 + c t)^power with y₀ and c free. `power` is 1 for the squared norm at rank 1, and 1/3 for that of an
/// attention head of four equal parts.
///
/// For a given c the best ln y₀ is a mean; c is found by golden-section search of ln c. The intervals are those of the linearised
/// model at the optimum.
///
/// ```
/// use scurve::metric::curve::{algebraic_fit, exponential_fit};
/// let t: Vec<f64> = (0..50).map(|i| 0.1 * i as f64).collect();
/// let y: Vec<f64> = t.iter().map(|t| 5.0 / (1.0 + 10.0 * t)).collect();
/// let fit = algebraic_fit(&t, &y, 1.0);
/// assert!((fit.rate.value - 10.0).abs() < 1e-5 && fit.rms < 1e-7);
/// assert!(exponential_fit(&t, &y).rms > 0.1);
/// ```
pub fn algebraic_fit(t: &[f64], y: &[f64], power: f64) -> AlgebraicFit {
    let (t, log) = positive(t, y);
    let (n, longest) = (t.len(), t.iter().copied().fold(0.0, f64::max));
    let none = AlgebraicFit {
        rate: Interval::none(),
        initial: Interval::none(),
        power,
        rms: f64::NAN,
    };
    if n < 2 || longest <= 0.0 || power.is_nan() || power <= 0.0 {
        return none;
    }
    let m = n as f64;
    let intercept = |c: f64| {
        t.iter()
            .zip(&log)
            .map(|(t, l)| l + power * (c * t).ln_1p())
            .sum::<f64>()
            / m
    };
    let rss = |c: f64| {
        let y0 = intercept(c);
        t.iter()
            .zip(&log)
            .map(|(t, l)| (l - y0 + power * (c * t).ln_1p()).powi(2))
            .sum::<f64>()
    };
    // From hardly a decay to a pure power law over the window.
    let log_rate = golden(
        |x| rss(x.exp()),
        (1e-8 / longest).ln(),
        (1e12 / longest).ln(),
    );
    let c = log_rate.exp();
    let residual = rss(c);
    let gradient: Vec<f64> = t.iter().map(|t| -power * c * t / (1.0 + c * t)).collect();
    let line = linear_fit(&gradient, &log);
    // Half-widths of a straight line in the tangent direction, scaled to this model's residual.
    let scale = if line.rms > 0.0 {
        (residual / m).sqrt() / line.rms
    } else {
        0.0
    };
    let around = |at: f64, half: f64| Interval {
        value: at.exp(),
        low: (at - half).exp(),
        high: (at + half).exp(),
        n,
    };
    AlgebraicFit {
        rate: around(log_rate, scale * (line.slope.high - line.slope.value)),
        initial: around(
            intercept(c),
            scale * (line.intercept.high - line.intercept.value),
        ),
        power,
        rms: (residual / m).sqrt(),
    }
}

/// The minimum of `f` between `low` and `high`: a coarse scan, then golden sections around its best point.
pub(crate) fn golden(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    const SCAN: usize = 64;
    let step = (high - low) / SCAN as f64;
    let at = |i: usize| low + step * i as f64;
    let best = (0..=SCAN)
        .min_by(|i, j| f(at(*i)).total_cmp(&f(at(*j))))
        .unwrap_or(0);
    let (mut a, mut b) = (at(best.saturating_sub(1)), at((best + 1).min(SCAN)));
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    for _ in 0..80 {
        let (x, y) = (b - ratio * (b - a), a + ratio * (b - a));
        if f(x) < f(y) { b = y } else { a = x }
    }
    (a + b) / 2.0
}

/// How a curve ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailLaw {
    /// e^{−rate t}: the exponential's residual is the smaller one.
    Exponential,
    /// t^{−exponent}: the power law's residual is the smaller one.
    PowerLaw,
    /// Fewer than eight records in the window, or a window too short to bend either law: less than a factor of 1.5 in time or e in the loss.
    Undecided,
}

/// Both laws on the same window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    /// The law with the smaller residual.
    pub law: TailLaw,
    /// The window's first and last time.
    pub window: (f64, f64),
    /// The exponential.
    pub exponential: ExponentialFit,
    /// The power law.
    pub power: PowerFit,
}

/// The tail of a curve: both laws fitted where the loss lies between `high` and `low` times `reference`, after it last was above `high` times it.
///
/// A window such as high = 0.1, low = 1e-8 with the plateau's value (or the first loss) as reference leaves out the transition and the
/// rounding at the end.
///
/// ```
/// use scurve::metric::curve::{tail, TailLaw};
/// let t: Vec<f64> = (1..400).map(|i| 0.05 * i as f64).collect();
/// let fast: Vec<f64> = t.iter().map(|t| (-t).exp()).collect();
/// let slow: Vec<f64> = t.iter().map(|t| (1.0 + t).powf(-3.0)).collect();
/// assert_eq!(tail(&t, &fast, 1.0, 0.1, 1e-8).law, TailLaw::Exponential);
/// assert_eq!(tail(&t, &slow, 1.0, 0.1, 1e-8).law, TailLaw::PowerLaw);
/// ```
pub fn tail(time: &[f64], loss: &[f64], reference: f64, high: f64, low: f64) -> Tail {
    let first = loss
        .iter()
        .rposition(|l| *l > high * reference)
        .map_or(0, |i| i + 1);
    let end = (first..loss.len())
        .find(|&i| loss[i] < low * reference)
        .unwrap_or(loss.len());
    let (t, y) = (&time[first..end.max(first)], &loss[first..end.max(first)]);
    let (exponential, power) = (exponential_fit(t, y), power_fit(t, y));
    let window = match (t.first(), t.last()) {
        (Some(a), Some(b)) => (*a, *b),
        _ => (f64::NAN, f64::NAN),
    };
    let long =
        window.1 >= 1.5 * window.0 && y.len() >= 8 && y[0] >= std::f64::consts::E * y[y.len() - 1];
    let law = match (long, exponential.rms < power.rms) {
        (false, _) => TailLaw::Undecided,
        (true, true) => TailLaw::Exponential,
        (true, false) => TailLaw::PowerLaw,
    };
    Tail {
        law,
        window,
        exponential,
        power,
    }
}

/// The records with from ≤ t ≤ to, as (times, values).
pub fn window(time: &[f64], values: &[f64], from: f64, to: f64) -> (Vec<f64>, Vec<f64>) {
    let pairs = time
        .iter()
        .zip(values)
        .filter(|(t, _)| from <= **t && **t <= to);
    pairs.map(|(t, y)| (*t, *y)).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(i: usize) -> f64 {
        ((i as f64 * 12.9898).sin() * 43758.5453).rem_euclid(1.0) - 0.5
    }

    #[test]
    fn intervals_cover_the_truth_under_noise() {
        let t: Vec<f64> = (1..200).map(|i| 0.02 * f64::from(i)).collect();
        let with = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
            t.iter()
                .enumerate()
                .map(|(i, t)| f(*t) * (0.02 * noise(i)).exp())
                .collect()
        };
        let e = exponential_fit(&t, &with(&|t| 2.0 * (-1.5 * t).exp()));
        assert!(
            e.rate.contains(1.5) && e.initial.contains(2.0) && e.rate.high - e.rate.low < 0.01,
            "{e:?}"
        );
        let p = power_fit(&t, &with(&|t| 2.0 * t.powf(-0.7)));
        assert!(p.exponent.contains(0.7) && p.scale.contains(2.0), "{p:?}");
        for power in [1.0, 1.0 / 3.0] {
            let a = algebraic_fit(&t, &with(&|t| 4.0 / (1.0 + 8.0 * t).powf(power)), power);
            assert!(a.rate.contains(8.0) && a.initial.contains(4.0), "{a:?}");
            assert!(a.rate.high - a.rate.low < 1.5);
        }
    }

    #[test]
    fn the_two_decays_are_told_apart_both_ways() {
        let t: Vec<f64> = (0..100).map(|i| 0.05 * f64::from(i)).collect();
        let exponential: Vec<f64> = t.iter().map(|t| (-t).exp()).collect();
        let algebraic: Vec<f64> = t.iter().map(|t| 1.0 / (1.0 + 2.0 * t)).collect();
        assert!(exponential_fit(&t, &exponential).rms < algebraic_fit(&t, &exponential, 1.0).rms);
        assert!(algebraic_fit(&t, &algebraic, 1.0).rms < exponential_fit(&t, &algebraic).rms);
    }

    #[test]
    fn short_windows_are_undecided() {
        let t = [1.0, 2.0, 3.0];
        assert_eq!(
            tail(&t, &[1.0, 0.05, 0.01], 1.0, 0.1, 1e-8).law,
            TailLaw::Undecided
        );
        let never = tail(&t, &[1.0, 0.9, 0.8], 1.0, 0.1, 1e-8);
        assert!(never.law == TailLaw::Undecided && never.window.0.is_nan());
        assert!(
            exponential_fit(&[], &[]).rate.value.is_nan()
                && algebraic_fit(&[], &[], 1.0).rate.value.is_nan()
        );
    }
}
