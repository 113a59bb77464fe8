//! Regression on a step (thesis, §2.2, Fig. 2.2).

use crate::error::{Error, Result};
use crate::seed::Seed;
use ndarray::Array2;
use rand::RngExt;

/// The Heaviside step on $[-1, 1]$: $f^\ast(x) = 1$ for $x \ge 0$, else 0, with inputs uniform under the measure of the thesis.
///
/// ```
/// use scurve::task::HeavisideStep;
/// let (x, y) = HeavisideStep.grid(4)?;
/// assert_eq!(x.into_raw_vec_and_offset().0, [-0.75, -0.25, 0.25, 0.75]);
/// assert_eq!(y.into_raw_vec_and_offset().0, [0.0, 0.0, 1.0, 1.0]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeavisideStep;

impl HeavisideStep {
    /// $f^\ast(x)$.
    pub fn value(x: f64) -> f64 {
        f64::from(x >= 0.0)
    }

    /// Inputs and targets, n × 1 each, at the middles of n equal intervals: $x_i = -1 + (2i + 1)/n$. Means over them are integrals
    /// under the uniform measure by the midpoint rule; for even n the step falls between two of them.
    ///
    /// # Errors
    /// n below 2.
    pub fn grid(self, n: usize) -> Result<(Array2<f64>, Array2<f64>)> {
        let x = |i| -1.0 + (2 * i + 1) as f64 / n as f64;
        Self::pairs(n, (0..n).map(x).collect())
    }

    /// n inputs drawn uniformly from $[-1, 1)$ by the stream `data` of the seed, with their targets, n × 1 each.
    ///
    /// # Errors
    /// n below 2.
    pub fn sample(self, n: usize, seed: Seed) -> Result<(Array2<f64>, Array2<f64>)> {
        let mut rng = seed.stream("data");
        Self::pairs(n, (0..n).map(|_| rng.random_range(-1.0..1.0)).collect())
    }

    fn pairs(n: usize, x: Vec<f64>) -> Result<(Array2<f64>, Array2<f64>)> {
        if n < 2 {
            return Err(Error::setting("n", n, "a whole number ≥ 2"));
        }
        let x = Array2::from_shape_fn((n, 1), |(i, _)| x[i]);
        let y = x.mapv(Self::value);
        Ok((x, y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_inputs_are_above() {
        let (x, y) = HeavisideStep.grid(1000).unwrap();
        assert_eq!(y.sum(), 500.0);
        // Midpoint rule: the second moment of the uniform measure is 1/3 − 1/(3n²).
        assert!((x.mapv(|x| x * x).mean().unwrap() - (1.0 - 1e-6) / 3.0).abs() < 1e-12);
        let (x, y) = HeavisideStep.sample(40_000, Seed(0)).unwrap();
        assert!((y.mean().unwrap() - 0.5).abs() < 4.0 * 0.0025);
        assert!((x.mapv(|x| x * x).mean().unwrap() - 1.0 / 3.0).abs() < 4.0 * 0.0015);
        assert!(
            x.iter()
                .zip(&y)
                .all(|(x, y)| (*x >= 0.0) == (*y == 1.0) && x.abs() <= 1.0)
        );
        assert_ne!(x, HeavisideStep.sample(40_000, Seed(1)).unwrap().0);
        assert!(HeavisideStep.grid(1).is_err() && HeavisideStep.sample(0, Seed(0)).is_err());
    }
}
