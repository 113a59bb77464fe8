//! The features of a network under its last layer (thesis on layerwise structure, §2.3): eigenfunctions fitted on the training set, everything else
//! measured on the test set, in batches, with memory $O(p^2)$.
//!
//! 1. [`FeatureFit`] reads the training set's features and gives the eigenfunctions;
//! 2. [`FeatureTest`] reads the test set's features and targets;
//! 3. [`FeatureMetrics`] holds what came out, and [`FeatureHistory`] holds these along a training.
//!
//! It takes features and a [`LastLayer`], so any network can be measured.

mod history;
mod metrics;

pub use history::FeatureHistory;
pub use metrics::{FeatureMetrics, Regime};

use super::eigenfunction::{Eigenfunctions, Gram};
use super::kernel_alignment::{KernelAlignment, MinimumProjection, inverse_root};
use crate::error::{Error, Result};
use crate::linalg;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// The last layer of a network: $\hat f(x) = \Phi(x) W + b$.
#[derive(Clone, Debug, PartialEq)]
pub struct LastLayer {
    weight: Array2<f64>,
    bias: Array1<f64>,
}

impl LastLayer {
    /// Weights (p × C) and biases (C).
    ///
    /// # Errors
    /// No features or outputs, another number of biases than outputs, numbers that are not finite.
    pub fn new(weight: Array2<f64>, bias: Array1<f64>) -> Result<Self> {
        if weight.is_empty() {
            let given = format!("{} × {}", weight.nrows(), weight.ncols());
            let allowed = "at least one feature and one output";
            return Err(Error::setting("weight.dim()", given, allowed));
        }
        if bias.len() != weight.ncols() {
            let allowed = format!("{}, one for each output", weight.ncols());
            return Err(Error::setting("bias.len()", bias.len(), allowed));
        }
        if let Some(x) = weight.iter().chain(&bias).find(|x| !x.is_finite()) {
            return Err(Error::setting("weight", x, "finite numbers"));
        }
        Ok(Self { weight, bias })
    }

    /// Without biases.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn without_bias(weight: Array2<f64>) -> Result<Self> {
        let bias = Array1::zeros(weight.ncols());
        Self::new(weight, bias)
    }

    /// W, p × C.
    pub fn weight(&self) -> &Array2<f64> {
        &self.weight
    }

    /// b, of length C.
    pub fn bias(&self) -> &Array1<f64> {
        &self.bias
    }

    /// $\hat f$ of samples, n × C, from their features.
    ///
    /// # Errors
    /// Another number of features.
    pub fn outputs(&self, features: ArrayView2<f64>) -> Result<Array2<f64>> {
        if features.ncols() != self.weight.nrows() {
            let allowed = format!("{}, as the last layer has", self.weight.nrows());
            return Err(Error::setting("features", features.ncols(), allowed));
        }
        let _threads = linalg::Threads::hold();
        Ok(features.dot(&self.weight) + &self.bias)
    }
}

/// The first part of a measurement: the training set, batch after batch.
///
/// ```
/// use ndarray::{array, Array2};
/// use scurve::metric::representation::{FeatureFit, LastLayer};
/// use scurve::seed::Seed;
/// // Two features of two classes, without noise: the network uses both, evenly.
/// let features = array![[2.0, 0.0], [0.0, 2.0], [2.0, 0.0], [0.0, 2.0]];
/// let targets = array![[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]];
/// let mut fit = FeatureFit::new(LastLayer::without_bias(Array2::eye(2) * 0.5)?)?;
/// fit.push(features.view())?;
/// let mut test = fit.finish()?;
/// test.push(features.view(), targets.view())?;
/// let found = test.finish()?;
/// assert!((found.quality_dimension - 2.0).abs() < 1e-12 && (found.utilization_dimension - 2.0).abs() < 1e-12);
/// assert!(found.kappa < 1e-12);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FeatureFit {
    layer: LastLayer,
    ideal: MinimumProjection,
    gram: Gram,
}

impl FeatureFit {
    /// Nothing seen yet of the features under `layer`.
    ///
    /// # Errors
    /// A layer without inputs.
    pub fn new(layer: LastLayer) -> Result<Self> {
        Ok(Self {
            gram: Gram::new(layer.weight.nrows())?,
            layer,
            ideal: MinimumProjection::default(),
        })
    }

    /// With another ideal operator for $\kappa_\mathrm{CKA}$.
    pub fn with_ideal(self, ideal: MinimumProjection) -> Self {
        Self { ideal, ..self }
    }

    /// Adds features of training samples, samples in rows.
    ///
    /// # Errors
    /// Another number of features, or a value that is not finite; nothing is added then.
    pub fn push(&mut self, features: ArrayView2<f64>) -> Result<()> {
        self.gram.push(features)
    }

    /// The eigenfunctions are fitted.
    ///
    /// # Errors
    /// No samples, or features that are zero on all of them.
    pub fn finish(self) -> Result<FeatureTest> {
        let eigenfunctions = self.gram.eigenfunctions()?;
        let (p, outputs) = self.layer.weight.dim();
        let rank = eigenfunctions.rank();
        Ok(FeatureTest {
            layer: self.layer,
            ideal: self.ideal,
            samples: 0,
            sum: Array1::zeros(rank),
            square: Array1::zeros(rank),
            learned: Span::new(rank, outputs),
            target: None,
            alignment: KernelAlignment::new(p, outputs)?,
            eigenfunctions,
        })
    }
}

/// The second part of a measurement: the test set, batch after batch.
#[derive(Clone, Debug)]
pub struct FeatureTest {
    layer: LastLayer,
    ideal: MinimumProjection,
    eigenfunctions: Eigenfunctions,
    samples: usize,
    /// $\sum e_k$ and $\sum e_k^2$.
    sum: Array1<f64>,
    square: Array1<f64>,
    learned: Span,
    target: Option<Span>,
    alignment: KernelAlignment,
}

impl FeatureTest {
    /// The eigenfunctions of the training set.
    pub fn eigenfunctions(&self) -> &Eigenfunctions {
        &self.eigenfunctions
    }

    /// Adds features of test samples (samples in rows) and their targets (samples × any number of target functions).
    ///
    /// # Errors
    /// Different numbers of rows, other numbers of features or targets than before, a value that is not finite; nothing is added then.
    pub fn push(&mut self, features: ArrayView2<f64>, targets: ArrayView2<f64>) -> Result<()> {
        let functions = self.target.as_ref().map_or(targets.ncols(), Span::count);
        if targets.dim() != (features.nrows(), functions) || functions == 0 {
            let given = format!("{} × {}", targets.nrows(), targets.ncols());
            let allowed = format!(
                "{} × {}, a row for each sample",
                features.nrows(),
                functions.max(1)
            );
            return Err(Error::setting("targets.dim()", given, allowed));
        }
        if let Some(x) = targets.iter().find(|x| !x.is_finite()) {
            return Err(Error::setting("targets", x, "finite numbers"));
        }
        let e = self.eigenfunctions.evaluate(features)?;
        let outputs = self.layer.outputs(features)?;
        self.alignment.push(features, outputs.view())?;
        self.samples += features.nrows();
        self.sum += &e.sum_axis(Axis(0));
        for row in e.rows() {
            self.square.zip_mut_with(&row, |s, x| *s += x * x);
        }
        self.learned.push(&e, outputs.view());
        let target = self
            .target
            .get_or_insert_with(|| Span::new(e.ncols(), functions));
        target.push(&e, targets);
        Ok(())
    }

    /// All that was measured.
    ///
    /// # Errors
    /// No samples; outputs or targets that are zero on all of them; features or outputs that are constant on all of them.
    pub fn finish(self) -> Result<FeatureMetrics> {
        let Some(target) = &self.target else {
            return Err(Error::setting("samples", 0, "≥ 1; push a batch first"));
        };
        let n = self.samples as f64;
        let constant = self.sum[0].abs() / (n * self.square[0]).sqrt();
        FeatureMetrics::new(
            self.eigenfunctions.intensity.to_vec(),
            target.shares("targets", &self.square)?,
            self.learned.shares("outputs", &self.square)?,
            self.alignment.kappa_cka(self.ideal)?,
            constant,
            self.layer.weight.ncols(),
        )
    }
}

/// Sums from which the share of a span of functions in each eigenfunction follows.
#[derive(Clone, Debug)]
struct Span {
    /// $\sum e_k f_j$.
    inner: Array2<f64>,
    /// $\sum f_i f_j$.
    gram: Array2<f64>,
}

impl Span {
    fn new(rank: usize, functions: usize) -> Self {
        Self {
            inner: Array2::zeros((rank, functions)),
            gram: Array2::zeros((functions, functions)),
        }
    }

    fn count(&self) -> usize {
        self.gram.nrows()
    }

    fn push(&mut self, e: &Array2<f64>, f: ArrayView2<f64>) {
        let _threads = linalg::Threads::hold();
        general_mat_mul(1.0, &e.t(), &f, 1.0, &mut self.inner);
        general_mat_mul(1.0, &f.t(), &f, 1.0, &mut self.gram);
    }

    /// $\langle e_k|P e_k\rangle/(\lVert e_k\rVert^2 \dim\mathcal H)$, as [`projection_share`](super::feature::projection_share) of all samples at once.
    fn shares(&self, name: &str, square: &Array1<f64>) -> Result<Vec<f64>> {
        if self.gram.diag().iter().all(|d| *d == 0.0) {
            return Err(Error::setting(name, "all zero", "different from zero"));
        }
        let basis = inverse_root(&self.gram)?;
        let dimension = basis.ncols() as f64;
        let inner = self.inner.dot(&basis);
        let rows = inner.rows().into_iter().zip(square);
        Ok(rows
            .map(|(row, square)| row.dot(&row) / (square * dimension))
            .map(|q| if q.is_finite() { q } else { 0.0 })
            .collect())
    }
}

#[cfg(test)]
mod tests;
