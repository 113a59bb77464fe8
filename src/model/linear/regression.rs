//! Least squares on the features of samples, whatever the features are.

use crate::error::{Error, Result};
use crate::linalg;
use ndarray::linalg::general_mat_vec_mul;
use ndarray::{Array1, Array2, ArrayView1, Axis};

/// Samples of any feature map, $\Phi$ (n × p), with targets y: the mean of ½(Φw − y)² is minimised.
///
/// A constant feature is a feature like any other (a bias). A feature that is 0 on all samples keeps the weight it started with. NaN and infinity are
/// refused by name: no weight could be trusted after them.
///
/// ```
/// use ndarray::array;
/// use scurve::model::linear::Regression;
/// let data = Regression::new(array![[1.0, 1.0, 0.0]], vec![1.0])?;
/// // Among all w with w₁ + w₂ = 1, the shortest.
/// let w = data.least_norm()?;
/// assert!((&w - &array![0.5, 0.5, 0.0]).iter().all(|d| d.abs() < 1e-15));
/// // From elsewhere the flow goes to the nearest solution, which is another one.
/// let w = data.flow_from(&array![1.0, -1.0, 3.0])?.end();
/// assert!((&w - &array![1.5, -0.5, 3.0]).iter().all(|d| d.abs() < 1e-15));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    features: Array2<f64>,
    targets: Array1<f64>,
}

impl Regression {
    /// From n × p features and n targets.
    ///
    /// # Errors
    /// No samples or no features, another number of targets, numbers that are not finite.
    pub fn new(features: Array2<f64>, targets: Vec<f64>) -> Result<Self> {
        let (n, p) = features.dim();
        if features.is_empty() {
            return Err(Error::setting(
                "features",
                format!("{n} × {p}"),
                "at least one sample and one feature",
            ));
        }
        if targets.len() != n {
            return Err(Error::setting(
                "targets.len()",
                targets.len(),
                format!("{n}, one for each row of features"),
            ));
        }
        if let Some(((i, k), x)) = features.indexed_iter().find(|(_, x)| !x.is_finite()) {
            let field = format!("features[{i}, {k}]");
            return Err(Error::setting(field, x, "a finite number"));
        }
        if let Some(i) = targets.iter().position(|y| !y.is_finite()) {
            return Err(Error::setting(
                format!("targets[{i}]"),
                targets[i],
                "a finite number",
            ));
        }
        Ok(Self {
            features,
            targets: targets.into(),
        })
    }

    /// Φ, n × p.
    pub fn features(&self) -> &Array2<f64> {
        &self.features
    }

    /// y.
    pub fn targets(&self) -> &Array1<f64> {
        &self.targets
    }

    /// Gradient flow from w = 0, prepared for any time by one decomposition of the smaller of $\Phi\Phi^T$ and $\Phi^T\Phi$.
    ///
    /// # Errors
    /// Features so large that their products overflow.
    pub fn flow(&self) -> Result<WeightFlow> {
        self.flow_from(&Array1::zeros(self.features.ncols()))
    }

    /// Gradient flow from any w(0).
    ///
    /// # Errors
    /// As [`flow`](Self::flow); a start of another length or not finite.
    pub fn flow_from(&self, start: &Array1<f64>) -> Result<WeightFlow> {
        self.check_start(start)?;
        let residual = &self.targets - &self.features.dot(start);
        WeightFlow::new(&self.features, residual.view(), start)
    }

    /// The weights of least norm among those of least error: where the flow from w = 0 ends (A.2).
    ///
    /// # Errors
    /// As [`flow`](Self::flow).
    pub fn least_norm(&self) -> Result<Array1<f64>> {
        Ok(self.flow()?.end())
    }

    /// Gradient descent, $w \leftarrow w - \eta\,\tfrac1n\Phi^T(\Phi w - y)$, from w(0).
    ///
    /// # Errors
    /// A start of another length or not finite; a learning rate that is not > 0; a run whose weights overflow, with the step.
    pub fn descend_from(
        &self,
        start: &Array1<f64>,
        rate: f64,
        steps: usize,
    ) -> Result<Array1<f64>> {
        self.check_start(start)?;
        if !(rate.is_finite() && rate > 0.0) {
            return Err(Error::setting("rate", rate, "a finite number > 0"));
        }
        let scale = rate / self.targets.len() as f64;
        let mut weights = start.clone();
        let mut error = Array1::zeros(self.targets.len());
        for step in 1..=steps {
            error.assign(&self.targets);
            general_mat_vec_mul(1.0, &self.features, &weights, -1.0, &mut error);
            general_mat_vec_mul(-scale, &self.features.t(), &error, 1.0, &mut weights);
            if !weights.sum().is_finite() {
                return Err(Error::Diverged {
                    what: format!("gradient descent of a linear model at learning rate {rate}"),
                    step,
                });
            }
        }
        Ok(weights)
    }

    fn check_start(&self, start: &Array1<f64>) -> Result<()> {
        let p = self.features.ncols();
        if start.len() != p {
            return Err(Error::setting(
                "start.len()",
                start.len(),
                format!("p = {p}, one weight for each feature"),
            ));
        }
        match start.iter().position(|w| !w.is_finite()) {
            Some(k) => Err(Error::setting(
                format!("start[{k}]"),
                start[k],
                "a finite number",
            )),
            None => Ok(()),
        }
    }
}

/// Gradient flow of weights on samples, at any time:
///
/// $$ w(t) = w(0) + \Phi^T V\, \frac{1 - e^{-\Lambda t}}{\Lambda}\, V^T \frac{y - \Phi w(0)}{n}, \qquad \tfrac1n\Phi\Phi^T = V\Lambda V^T . $$
///
/// With n > p the p × p matrix $\Phi^T\Phi/n$ does the same.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightFlow {
    start: Array1<f64>,
    /// Eigenvalues Λ that are not rounding, ascending.
    rates: Array1<f64>,
    /// Where mode k of the weights points, times its strength: p × rank; w(t) − w(0) is their sum with factors (1 − e^{−λt})/λ.
    directions: Array2<f64>,
}

impl WeightFlow {
    fn new(features: &Array2<f64>, residual: ArrayView1<f64>, start: &Array1<f64>) -> Result<Self> {
        let (n, p) = features.dim();
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
        let vectors = vectors.select(Axis(1), &kept);
        let (mut directions, pull) = match dual {
            true => (features.t().dot(&vectors), vectors.t().dot(&residual)),
            false => {
                let pull = vectors.t().dot(&features.t().dot(&residual));
                (vectors, pull)
            }
        };
        directions *= &(pull * scale);
        Ok(Self {
            start: start.clone(),
            rates: values.select(Axis(0), &kept),
            directions,
        })
    }

    /// The rates λ at which the samples' modes are learned, ascending; their number is the features' rank on the samples.
    pub fn rates(&self) -> &Array1<f64> {
        &self.rates
    }

    /// w(t) for t ≥ 0.
    ///
    /// # Errors
    /// A time that is negative or NaN; infinity is [`end`](Self::end).
    pub fn at(&self, t: f64) -> Result<Array1<f64>> {
        if t.is_nan() || t < 0.0 {
            return Err(Error::setting("t", t, "a number ≥ 0"));
        }
        let factors = self.rates.mapv(|rate| -(-rate * t).exp_m1() / rate);
        Ok(&self.start + &self.directions.dot(&factors))
    }

    /// Where the flow ends: of all weights of least error those nearest to the start.
    pub fn end(&self) -> Array1<f64> {
        &self.start + &self.directions.dot(&self.rates.mapv(f64::recip))
    }
}
