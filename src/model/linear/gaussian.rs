//! Gaussian features, with any covariance.

use crate::error::{Error, Result};
use crate::linalg;
use crate::seed::Seed;
use ndarray::{Array1, Array2, ArrayView2};

/// Features that are themselves random: $\Phi \sim N(0, \Sigma)$ with $\Sigma = O\,\mathrm{diag}(\rho)\,O^T$ (§1.5.3; the universality class in which
/// Eq. 1.35 is derived).
///
/// The eigenfunctions are known, $e_k = \sum_i O_{ik}\Phi_i/\sqrt{\rho_k}$, and so are the intensities $\rho_k$.
///
/// ```
/// use ndarray::array;
/// use scurve::{model::linear::GaussianFeatures, seed::Seed};
/// let example = GaussianFeatures::of_covariance(&array![[1.5, 0.5], [0.5, 1.5]])?; // below Eq. 1.29
/// assert!((example.intensity()[0] - 2.0).abs() < 1e-14 && (example.intensity()[1] - 1.0).abs() < 1e-14);
/// let features = example.sample(5, Seed(0)); // 5 × 2
/// let e = example.eigenfunctions(features.view())?;
/// assert_eq!(e.dim(), (5, 2));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianFeatures {
    intensity: Vec<f64>,
    /// O, p × p; none: the features are the scaled eigenfunctions themselves.
    turn: Option<Array2<f64>>,
}

impl GaussianFeatures {
    /// Independent features of these variances, $N(0, \mathrm{diag}\,\rho)$.
    ///
    /// # Errors
    /// No intensities, or one that is not finite and > 0.
    pub fn new(intensity: Vec<f64>) -> Result<Self> {
        super::check_intensity(&intensity)?;
        Ok(Self {
            intensity,
            turn: None,
        })
    }

    /// $\rho_k = k^{-(1+\alpha)}$ for k = 1 … p.
    ///
    /// # Errors
    /// p = 0; α ≤ 0, for which the sum of the intensities has no limit and p, not the law, sets every answer; an intensity that underflows.
    pub fn power_law(p: usize, alpha: f64) -> Result<Self> {
        if !(alpha.is_finite() && alpha > 0.0) {
            return Err(Error::setting(
                "alpha",
                alpha,
                "a finite number > 0: the sum of all k^-(1+alpha) must be finite; list the intensities with `new` for another law",
            ));
        }
        let law = (1..=p).map(|k| (k as f64).powf(-1.0 - alpha));
        Self::new(law.collect())
    }

    /// Features with this covariance Σ, p × p.
    ///
    /// # Errors
    /// A matrix that is not square, not symmetric, or not positive definite.
    pub fn of_covariance(covariance: &Array2<f64>) -> Result<Self> {
        let (p, columns) = covariance.dim();
        let refused = |value: String| {
            Err(Error::setting(
                "covariance",
                value,
                "a symmetric, positive definite matrix",
            ))
        };
        if p != columns || p == 0 {
            return refused(format!("{p} × {columns}"));
        }
        let size = covariance.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        for ((i, j), x) in covariance.indexed_iter() {
            let apart = (x - covariance[[j, i]]).abs();
            if apart.is_nan() || apart > 1e-12 * size {
                return refused(format!("{x} at [{i}, {j}], {} across", covariance[[j, i]]));
            }
        }
        let (values, vectors) = linalg::eigh(covariance)?;
        if values[0] <= values[p - 1] * f64::EPSILON * p as f64 {
            return refused(format!("with an eigenvalue of {}", values[0]));
        }
        // Largest first.
        Ok(Self {
            intensity: values.iter().rev().copied().collect(),
            turn: Some(vectors.slice(ndarray::s![.., ..;-1]).to_owned()),
        })
    }

    /// The same intensities behind a random rotation O, from the stream `init`.
    ///
    /// # Errors
    /// None in practice: a matrix of Gaussian numbers has full rank.
    pub fn turned(self, seed: Seed) -> Result<Self> {
        let p = self.len();
        let turn = linalg::qr(&seed.normal("init", p, p))?.0;
        Ok(Self {
            intensity: self.intensity,
            turn: Some(match self.turn {
                Some(first) => turn.dot(&first),
                None => turn,
            }),
        })
    }

    /// $\rho_k$.
    pub fn intensity(&self) -> &[f64] {
        &self.intensity
    }

    /// The number p of features.
    pub fn len(&self) -> usize {
        self.intensity.len()
    }

    /// Always false: there are features.
    pub fn is_empty(&self) -> bool {
        self.intensity.is_empty()
    }

    /// O (Eq. 1.27), p × p.
    pub fn turn(&self) -> Array2<f64> {
        self.turn.clone().unwrap_or_else(|| Array2::eye(self.len()))
    }

    /// n independent samples of Φ, n × p, from the stream `data`.
    pub fn sample(&self, n: usize, seed: Seed) -> Array2<f64> {
        let roots: Array1<f64> = self.intensity.iter().map(|r| r.sqrt()).collect();
        let e = seed.normal("data", n, self.len()) * &roots;
        match &self.turn {
            Some(turn) => e.dot(&turn.t()),
            None => e,
        }
    }

    /// $e_k$ of each sample (n × p), from its features: exact, where [`Eigenfunctions`](crate::metric::eigenfunction::Eigenfunctions) are estimates.
    ///
    /// # Errors
    /// Another number of features.
    pub fn eigenfunctions(&self, features: ArrayView2<f64>) -> Result<Array2<f64>> {
        if features.ncols() != self.len() {
            return Err(Error::setting(
                "features",
                features.ncols(),
                format!("p = {} columns", self.len()),
            ));
        }
        let roots: Array1<f64> = self.intensity.iter().map(|r| r.sqrt()).collect();
        Ok(match &self.turn {
            Some(turn) => features.dot(turn) / &roots,
            None => &features / &roots,
        })
    }
}
