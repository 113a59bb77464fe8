//! A kernel whose spectrum is known in closed form.

use super::Basis;
use crate::error::{Error, Result};
use crate::seed::Seed;
use ndarray::{Array1, Array2};

/// The Gaussian kernel $k(x, x') = e^{-(x-x')^2/2\ell^2}$ under $x \sim N(0, \sigma^2)$, whose spectrum follows from Mehler's formula.
///
/// With $a = 1/4\sigma^2$, $b = 1/2\ell^2$, $c = \sqrt{a^2 + 2ab}$ and $A = a + b + c$,
///
/// $$ \rho_k = \sqrt{\frac{2a}{A}} \left(\frac bA\right)^{k-1}, \qquad
///    e_k(x) = \left(\frac ca\right)^{1/4} e^{-(c-a)x^2}\, \frac{He_{k-1}(2\sqrt c\,x)}{\sqrt{(k-1)!}}, \qquad k = 1, 2, \dots $$
///
/// Its features are those of the exponential series, $\Phi_j(x) = e^{-x^2/2\ell^2}\,(x/\ell)^{j-1}/\sqrt{(j-1)!}$: they overlap, so that diagonalising them is a test.
/// Source: Zhu, Williams, Rohwer and Morciniec, 1998.
///
/// ```
/// use scurve::model::linear::GaussianKernel;
/// let kernel = GaussianKernel::new(1.0, 1.0)?;
/// // The trace is k(x, x) = 1.
/// assert!((kernel.intensity(60).iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// let phi = kernel.features(&[0.3, 1.1], 30);
/// assert!((phi.row(0).dot(&phi.row(1)) - (-0.32_f64).exp()).abs() < 1e-14);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianKernel {
    length: f64,
    deviation: f64,
}

impl GaussianKernel {
    /// With the kernel's length ℓ and the inputs' standard deviation σ.
    ///
    /// # Errors
    /// A value that is not finite and > 0.
    pub fn new(length: f64, deviation: f64) -> Result<Self> {
        for (name, value) in [("length", length), ("deviation", deviation)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::setting(name, value, "a finite number > 0"));
            }
        }
        Ok(Self { length, deviation })
    }

    /// a, b, c.
    fn constants(&self) -> [f64; 3] {
        let a = 0.25 / (self.deviation * self.deviation);
        let b = 0.5 / (self.length * self.length);
        [a, b, (a * a + 2.0 * a * b).sqrt()]
    }

    /// $\rho_1, \dots, \rho_p$.
    pub fn intensity(&self, p: usize) -> Vec<f64> {
        let [a, b, c] = self.constants();
        let whole = a + b + c;
        let first = (2.0 * a / whole).sqrt();
        (0..p).map(|k| first * (b / whole).powi(k as i32)).collect()
    }

    /// $e_1 \dots e_p$ at each x: n × p.
    pub fn eigenfunctions(&self, x: &[f64], p: usize) -> Array2<f64> {
        let [a, _, c] = self.constants();
        let scaled: Vec<f64> = x.iter().map(|x| 2.0 * c.sqrt() * x).collect();
        let envelope: Array1<f64> = x
            .iter()
            .map(|x| (c / a).powf(0.25) * (-(c - a) * x * x).exp())
            .collect();
        Basis::Hermite.evaluate(&scaled, p) * envelope.insert_axis(ndarray::Axis(1))
    }

    /// The first p features at each x, n × p. Their kernel misses what the series has beyond: with p ≥ 30 + 3(x/ℓ)² nothing that f64 shows.
    pub fn features(&self, x: &[f64], p: usize) -> Array2<f64> {
        let mut features = Array2::zeros((x.len(), p));
        for (mut row, x) in features.rows_mut().into_iter().zip(x) {
            let z = x / self.length;
            let mut term = (-0.5 * z * z).exp();
            for (j, value) in row.iter_mut().enumerate() {
                *value = term;
                term *= z / ((j + 1) as f64).sqrt();
            }
        }
        features
    }

    /// n samples of the inputs, from the stream `data`.
    pub fn sample(&self, n: usize, seed: Seed) -> Vec<f64> {
        let x = Basis::Hermite.sample(n, seed);
        x.into_iter().map(|x| x * self.deviation).collect()
    }

    /// Nodes and weights with $\sum_i w_i f(x_i) \approx \int f\,dq$ under the inputs' measure ([`Basis::quadrature`]).
    ///
    /// # Errors
    /// No nodes.
    pub fn quadrature(&self, nodes: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        let (x, w) = Basis::Hermite.quadrature(nodes)?;
        Ok((x.into_iter().map(|x| x * self.deviation).collect(), w))
    }
}
