//! Orthonormal functions of one number.

use crate::error::{Error, Result};
use crate::seed::Seed;
use gauss_quad::{GaussHermite, GaussLegendre};
use ndarray::{Array1, Array2};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, SQRT_2};
use std::num::NonZeroUsize;

/// Functions $e_1, e_2, \dots$ with $\langle e_j|e_k\rangle = \delta_{jk}$ under a measure q of x.
///
/// | | $e_k$ | q |
/// |---|---|---|
/// | `Sine` | $\sqrt2 \sin(2\pi k x)$ | uniform on [0, 1] (Fig. 1.2–1.5) |
/// | `Hermite` | $He_{k-1}(x)/\sqrt{(k-1)!}$ | N(0, 1) (Eq. 1.4–1.7) |
///
/// Hermite polynomials are complete, sines are not: even functions about ½ have no part in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// $\sqrt2 \sin(2\pi k x)$.
    Sine,
    /// Normalised Hermite polynomials of the probabilists, the constant first.
    Hermite,
}

impl Basis {
    /// $e_k(x_i)$ for k = 1 … p: n × p.
    ///
    /// ```
    /// use scurve::model::linear::Basis;
    /// let e = Basis::Hermite.evaluate(&[3.0], 3);
    /// assert_eq!(e.row(0).to_vec(), [1.0, 3.0, 8.0 / 2.0f64.sqrt()]); // 1, x, (x² − 1)/√2
    /// ```
    pub fn evaluate(self, x: &[f64], p: usize) -> Array2<f64> {
        let mut values = Array2::zeros((x.len(), p));
        for (mut row, &x) in values.rows_mut().into_iter().zip(x) {
            match self {
                Self::Sine => {
                    for (k, value) in row.iter_mut().enumerate() {
                        // The phase is reduced first: sin of a large angle has lost its digits.
                        let turns = (k + 1) as f64 * x;
                        *value = SQRT_2 * (2.0 * PI * (turns - turns.round())).sin();
                    }
                }
                Self::Hermite => {
                    // √(k+1) e_{k+1} = x e_k − √k e_{k−1}, in normalised form so that nothing overflows.
                    let (mut before, mut now) = (0.0, 1.0);
                    for (k, value) in row.iter_mut().enumerate() {
                        *value = now;
                        let k = k as f64;
                        let next = (x * now - k.sqrt() * before) / (k + 1.0).sqrt();
                        (before, now) = (now, next);
                    }
                }
            }
        }
        values
    }

    /// n samples of the measure, from the stream `data`.
    pub fn sample(self, n: usize, seed: Seed) -> Vec<f64> {
        let mut rng = seed.stream("data");
        match self {
            Self::Sine => (0..n).map(|_| rng.random::<f64>()).collect(),
            Self::Hermite => (0..n).map(|_| StandardNormal.sample(&mut rng)).collect(),
        }
    }

    /// Nodes and weights with $\sum_i w_i f(x_i) \approx \int f\,dq$: Gauss–Hermite, exact for polynomials up to degree 2m − 1, and Gauss–Legendre on [0, 1], which
    /// needs more than π nodes for each wave of f: for products of the first p sines, 7p.
    ///
    /// # Errors
    /// No nodes.
    pub fn quadrature(self, nodes: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        let degree = NonZeroUsize::new(nodes)
            .ok_or_else(|| Error::setting("nodes", nodes, "a whole number ≥ 1"))?;
        Ok(match self {
            Self::Hermite => {
                // ∫ f(x) e^{−x²/2} dx = √2 ∫ f(√2 y) e^{−y²} dy
                let rule = GaussHermite::new(degree);
                let x: Vec<f64> = rule.nodes().map(|y| SQRT_2 * y).collect();
                // Weights by Christoffel's numbers: those of an eigenvector, as the library has them, keep no digits in the tails, where
                // polynomials are largest.
                let e = self.evaluate(&x, nodes);
                let w = e.rows().into_iter().map(|row| row.dot(&row).recip());
                (x, w.collect())
            }
            Self::Sine => GaussLegendre::new(degree)
                .iter()
                .map(|(x, w)| (0.5 * (x + 1.0), 0.5 * w))
                .unzip(),
        })
    }

    /// $\langle e_k|f\rangle$ for k = 1 … p, by quadrature with so many nodes.
    ///
    /// ```
    /// use scurve::model::linear::Basis;
    /// let c = Basis::Hermite.project(|x| x.powi(3), 5, 20)?; // x³ = He₃ + 3 He₁
    /// let expected = [0.0, 3.0, 0.0, 6.0f64.sqrt(), 0.0];
    /// assert!(c.iter().zip(expected).all(|(c, e)| (c - e).abs() < 1e-12));
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// No nodes; a function that is not finite at a node.
    pub fn project(self, f: impl Fn(f64) -> f64, p: usize, nodes: usize) -> Result<Array1<f64>> {
        let (x, w) = self.quadrature(nodes)?;
        let mut weighted = Array1::zeros(x.len());
        for (to, (x, w)) in weighted.iter_mut().zip(x.iter().zip(&w)) {
            let value = f(*x);
            if !value.is_finite() {
                return Err(Error::setting(format!("f({x})"), value, "a finite number"));
            }
            *to = w * value;
        }
        Ok(self.evaluate(&x, p).t().dot(&weighted))
    }
}
