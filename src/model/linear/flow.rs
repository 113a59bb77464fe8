//! Gradient flow on samples, in closed form.

use super::{LinearFit, LinearModel};
use crate::error::{Error, Result};
use crate::linalg;
use ndarray::{Array1, Array2, ArrayView1};

/// Gradient flow of a linear model on n samples, from w = 0, at any time.
///
/// $$\frac{dw}{dt} = -\tfrac1n \Phi^T(\Phi w - y), \qquad
///   w(t) = \Phi^T V\, \frac{1 - e^{-\Lambda t}}{\Lambda}\, V^T \frac{y}{n}, \qquad
///   \tfrac1n \Phi\Phi^T = V \Lambda V^T .$$
///
/// w stays in the span of the samples' features, so it ends at the interpolation of least norm (A.2). With n > p the p × p matrix $\Phi^T\Phi/n$ does the same.
///
/// ```
/// use scurve::model::linear::{Basis, LinearModel};
/// let model = LinearModel::powers(Basis::Sine, 10, 0.0)?;
/// let (x, y) = ([0.1, 0.35, 0.6], [1.0, -0.5, 0.3]);
/// let flow = model.flow(&x, &y)?;
/// let descent = model.descend(&x, &y, 1e-4, 10_000)?;
/// assert!((flow.at(1.0)?.norm() - descent.norm()).abs() < 1e-4);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SampleFlow {
    model: LinearModel,
    /// Eigenvalues Λ that are not rounding, ascending.
    rates: Array1<f64>,
    /// Where mode k of the weights points, times its strength: p × rank; w(t) is their sum with factors (1 − e^{−λt})/λ.
    directions: Array2<f64>,
}

impl SampleFlow {
    pub(super) fn new(model: &LinearModel, features: &Array2<f64>, y: &[f64]) -> Result<Self> {
        let (n, p) = features.dim();
        let y = ArrayView1::from(y);
        let scale = 1.0 / n as f64;
        let dual = n <= p;
        let gram = match dual {
            true => features.dot(&features.t()),
            false => features.t().dot(features),
        } * scale;
        let (values, vectors) = linalg::eigh(&gram)?;
        let largest = values.iter().fold(0.0f64, |m, v| m.max(*v));
        let floor = largest * f64::EPSILON * n.max(p) as f64;
        let kept: Vec<usize> = (0..values.len()).filter(|k| values[*k] > floor).collect();
        let vectors = vectors.select(ndarray::Axis(1), &kept);
        let (mut directions, pull) = match dual {
            true => (features.t().dot(&vectors), vectors.t().dot(&y)),
            false => {
                let pull = vectors.t().dot(&features.t().dot(&y));
                (vectors, pull)
            }
        };
        directions *= &(pull * scale);
        Ok(Self {
            model: model.clone(),
            rates: values.select(ndarray::Axis(0), &kept),
            directions,
        })
    }

    /// The rates λ at which the samples' modes are learned, ascending; their number is the features' rank on the samples.
    pub fn rates(&self) -> &Array1<f64> {
        &self.rates
    }

    /// What is learned at time t ≥ 0.
    ///
    /// # Errors
    /// A time that is negative or NaN; infinity is [`end`](Self::end).
    pub fn at(&self, t: f64) -> Result<LinearFit> {
        if t.is_nan() || t < 0.0 {
            return Err(Error::setting("t", t, "a number ≥ 0"));
        }
        let factors = self.rates.mapv(|rate| -(-rate * t).exp_m1() / rate);
        Ok(LinearFit::of_weights(
            &self.model,
            self.directions.dot(&factors),
        ))
    }

    /// Where the flow ends: the weights of least norm among those of least error.
    pub fn end(&self) -> LinearFit {
        let weights = self.directions.dot(&self.rates.mapv(f64::recip));
        LinearFit::of_weights(&self.model, weights)
    }
}
