//! Gradient flow on samples, in closed form.

use super::{LinearFit, LinearModel, Regression, WeightFlow};
use crate::error::Result;
use ndarray::Array1;

/// Gradient flow of a linear model on n samples, from w = 0, at any time.
///
/// $$\frac{dw}{dt} = -\tfrac1n \Phi^T(\Phi w - y), \qquad
///   w(t) = \Phi^T V\, \frac{1 - e^{-\Lambda t}}{\Lambda}\, V^T \frac{y}{n}, \qquad
///   \tfrac1n \Phi\Phi^T = V \Lambda V^T .$$
///
/// w stays in the span of the samples' features, so it ends at the interpolation of least norm (A.2). [`Regression`] does the same for features that are no
/// [`Basis`](super::Basis), and from any start.
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
    weights: WeightFlow,
}

impl SampleFlow {
    pub(super) fn new(model: &LinearModel, data: &Regression) -> Result<Self> {
        Ok(Self {
            model: model.clone(),
            weights: data.flow()?,
        })
    }

    /// The rates λ at which the samples' modes are learned, ascending; their number is the features' rank on the samples.
    pub fn rates(&self) -> &Array1<f64> {
        self.weights.rates()
    }

    /// What is learned at time t ≥ 0.
    ///
    /// # Errors
    /// A time that is negative or NaN; infinity is [`end`](Self::end).
    pub fn at(&self, t: f64) -> Result<LinearFit> {
        Ok(LinearFit::of_weights(&self.model, self.weights.at(t)?))
    }

    /// Where the flow ends: the weights of least norm among those of least error.
    pub fn end(&self) -> LinearFit {
        LinearFit::of_weights(&self.model, self.weights.end())
    }
}
