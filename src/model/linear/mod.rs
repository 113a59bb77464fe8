//! Linear models: fixed features, trained weights, solved exactly (thesis, chapter 1, appendix A).
//!
//! $$f(x) = \sum_{k=1}^p w_k \Phi_k(x) = \sum_{k=1}^p w_k \sqrt{\rho_k}\, e_k(x) \qquad (1.28)$$
//!
//! with orthonormal $e_k$ under the measure of x and intensities $\rho_k$. [`Basis`] is the $e_k$, [`LinearModel`] adds the $\rho_k$.
//!
//! | data | what | equation | here |
//! |---|---|---|---|
//! | the whole measure | gradient flow, mode by mode | 1.26 | [`LinearModel::modes`] |
//! | n samples | gradient flow at any time, and its end | A.2 | [`LinearModel::flow`], [`SampleFlow`] |
//! | n samples | gradient descent | | [`LinearModel::descend`] |
//! | n samples | the interpolation of least norm | A.2 | [`LinearModel::interpolate`] |
//!
//! Features that are no basis of one number:
//!
//! | features | known | here |
//! |---|---|---|
//! | N(0, Σ) of any covariance | $\rho_k$, $e_k$ | [`GaussianFeatures`] |
//! | of a Gaussian kernel, under a Gaussian measure | $\rho_k$, $e_k$ (Mehler) | [`GaussianKernel`] |
//! | a random layer: rectified, or waves | the kernel of infinitely many | [`RandomFeatures`] |
//! | any matrix n × p | | [`Regression`]: flow, descent, least norm |
//!
//! Flow and descent start at w = 0 and minimise the mean of ½(f − y)²; time is step × learning rate.

mod basis;
mod fit;
mod flow;
mod gaussian;
mod mehler;
mod random;
mod regression;

pub use basis::Basis;
pub use fit::LinearFit;
pub use flow::SampleFlow;
pub use gaussian::GaussianFeatures;
pub use mehler::GaussianKernel;
pub use random::RandomFeatures;
pub use regression::{Regression, WeightFlow};

use crate::error::{Error, Result};
use crate::optimizer::check_times;
use ndarray::{Array1, Array2};

/// Orthonormal functions with intensities: $\Phi_k = \sqrt{\rho_k}\, e_k$.
///
/// ```
/// use scurve::model::linear::{Basis, LinearModel};
/// let model = LinearModel::powers(Basis::Sine, 10, -8.0)?; // ρ_k = k^-8
/// let (x, y) = ([0.1, 0.35, 0.6, 0.8], [1.0, -0.5, 0.3, 0.9]);
/// let fit = model.interpolate(&x, &y)?;
/// assert!(fit.predict(&x).iter().zip(&y).all(|(f, y)| (f - y).abs() < 1e-9));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LinearModel {
    basis: Basis,
    intensity: Vec<f64>,
}

impl LinearModel {
    /// With intensities $\rho_1, \dots, \rho_p$, each finite and > 0, in any order.
    ///
    /// # Errors
    /// No intensities, or one out of range.
    pub fn new(basis: Basis, intensity: Vec<f64>) -> Result<Self> {
        check_intensity(&intensity)?;
        Ok(Self { basis, intensity })
    }

    /// $\rho_k = k^{a}$ for k = 1 … p; Fig. 1.2 has p = 10 and a = 2α = ∓8.
    ///
    /// # Errors
    /// p = 0; an exponent for which an intensity is 0 or infinite.
    pub fn powers(basis: Basis, p: usize, exponent: f64) -> Result<Self> {
        let intensity = (1..=p).map(|k| (k as f64).powf(exponent)).collect();
        Self::new(basis, intensity)
    }

    /// d features of intensity 1 and p − d of intensity `tail` (Eq. 1.36).
    ///
    /// The thesis prints the tail n/(p − d). Then the sum of all intensities of the tail is n, as much as the head has learned from n samples, and the learnability of the head
    /// is not near 1; with the tail 1/(p − d) it is.
    ///
    /// # Errors
    /// d > p, no features, or a tail that is not > 0.
    pub fn head_and_tail(basis: Basis, d: usize, p: usize, tail: f64) -> Result<Self> {
        if d > p {
            return Err(Error::setting("d", d, format!("at most p = {p}")));
        }
        let mut intensity = vec![1.0; d];
        intensity.resize(p, tail);
        Self::new(basis, intensity)
    }

    /// The orthonormal functions.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// $\rho_k$.
    pub fn intensity(&self) -> &[f64] {
        &self.intensity
    }

    /// The number p of features.
    pub fn len(&self) -> usize {
        self.intensity.len()
    }

    /// Always false: a model has features.
    pub fn is_empty(&self) -> bool {
        self.intensity.is_empty()
    }

    /// $\Phi_k(x_i)$, n × p.
    pub fn features(&self, x: &[f64]) -> Array2<f64> {
        let mut features = self.basis.evaluate(x, self.len());
        let roots: Array1<f64> = self.intensity.iter().map(|r| r.sqrt()).collect();
        features *= &roots;
        features
    }

    /// $\langle e_k|f(t)\rangle = \langle e_k|f^*\rangle (1 - e^{-\rho_k t})$ on the whole measure, T × p (Eq. 1.26 with η in t), for the target's coefficients $\langle e_k|f^*\rangle$.
    ///
    /// # Errors
    /// Other than p coefficients; times that are negative, descending or not finite.
    pub fn modes(&self, target: &[f64], times: &[f64]) -> Result<Array2<f64>> {
        if target.len() != self.len() {
            return Err(Error::setting(
                "target.len()",
                target.len(),
                format!("p = {}, one coefficient for each feature", self.len()),
            ));
        }
        check_times(times)?;
        Ok(Array2::from_shape_fn(
            (times.len(), self.len()),
            |(t, k)| -(-self.intensity[k] * times[t]).exp_m1() * target[k],
        ))
    }

    /// Gradient flow on samples (x_i, y_i), prepared for any time: one decomposition of an n × n or p × p matrix, whichever is smaller.
    ///
    /// # Errors
    /// No samples, lists of two lengths, numbers that are not finite.
    pub fn flow(&self, x: &[f64], y: &[f64]) -> Result<SampleFlow> {
        self.check_samples(x, y)?;
        SampleFlow::new(self, &Regression::new(self.features(x), y.to_vec())?)
    }

    /// The weights of least norm among those of least error: where flow from w = 0 ends.
    ///
    /// # Errors
    /// As [`flow`](Self::flow).
    pub fn interpolate(&self, x: &[f64], y: &[f64]) -> Result<LinearFit> {
        Ok(self.flow(x, y)?.end())
    }

    /// Gradient descent from w = 0: $w \leftarrow w - \eta\,\tfrac1n \Phi^T(\Phi w - y)$.
    ///
    /// # Errors
    /// As [`flow`](Self::flow); a learning rate that is not > 0; a run whose weights overflow, with the step.
    pub fn descend(&self, x: &[f64], y: &[f64], rate: f64, steps: usize) -> Result<LinearFit> {
        self.check_samples(x, y)?;
        let data = Regression::new(self.features(x), y.to_vec())?;
        let weights = data.descend_from(&Array1::zeros(self.len()), rate, steps)?;
        Ok(LinearFit::of_weights(self, weights))
    }

    fn check_samples(&self, x: &[f64], y: &[f64]) -> Result<()> {
        if x.is_empty() || x.len() != y.len() {
            return Err(Error::setting(
                "x.len(), y.len()",
                format!("{}, {}", x.len(), y.len()),
                "the same number, at least 1",
            ));
        }
        for (name, values) in [("x", x), ("y", y)] {
            if let Some(i) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::setting(
                    format!("{name}[{i}]"),
                    values[i],
                    "a finite number",
                ));
            }
        }
        Ok(())
    }
}

fn check_intensity(intensity: &[f64]) -> Result<()> {
    if intensity.is_empty() {
        return Err(Error::setting("intensity", "[]", "at least one number"));
    }
    for (k, rho) in intensity.iter().enumerate() {
        if !(rho.is_finite() && *rho > 0.0) {
            return Err(Error::setting(
                format!("intensity[{k}]"),
                rho,
                "a finite number > 0",
            ));
        }
    }
    Ok(())
}
