//! What a run of a deep linear network leaves behind.

use super::deep::DeepLinear;
use super::layers::Layers;
use crate::error::{Error, Result};
use crate::linalg;
use crate::table::Table;
use ndarray::{Array2, ArrayView2};

/// The record of one run: T times, k modes.
#[derive(Clone, Debug, PartialEq)]
pub struct DeepTrajectory {
    /// Times; of a descent, step × learning rate.
    pub time: Vec<f64>,
    /// $\tfrac12 \mathbb E\lVert x^T W_1 W_2 - y^T\rVert^2$, for whitened inputs without the part that no network can explain.
    pub loss: Vec<f64>,
    /// $u_i^T W_1 W_2 v_i = \alpha_i^2$, T × k.
    pub strength: Array2<f64>,
    /// The Frobenius norm of what $W_1 W_2$ has outside the modes.
    pub outside: Vec<f64>,
    /// The Frobenius norm of the change of $W_1^T W_1 - W_2 W_2^T$ since the start: 0 under gradient flow (A.29).
    pub drift: Vec<f64>,
    /// Singular values of the features $X W_1/\sqrt n$ ($W_1$ times the inputs' standard deviation for whitened inputs), descending, T × min(n, p).
    pub features: Array2<f64>,
    /// The layers at the end.
    pub end: Layers,
}

impl DeepTrajectory {
    /// The last loss.
    pub fn final_loss(&self) -> f64 {
        self.loss.last().copied().unwrap_or(f64::NAN)
    }

    /// Singular values of the features at the end, descending.
    pub fn final_features(&self) -> Vec<f64> {
        match self.features.nrows() {
            0 => Vec::new(),
            n => self.features.row(n - 1).to_vec(),
        }
    }

    /// Singular values at the end above `tolerance` times the largest.
    pub fn rank(&self, tolerance: f64) -> usize {
        let s = self.final_features();
        s.iter().filter(|x| **x > tolerance * s[0]).count()
    }

    /// One row a time: `t`, `loss`, `outside`, `drift`, and `mode_1` … with the strengths.
    pub fn table(&self) -> Result<Table> {
        let mut table = Table::new()
            .with("t", self.time.clone())?
            .with("loss", self.loss.clone())?
            .with("outside", self.outside.clone())?
            .with("drift", self.drift.clone())?;
        for (i, mode) in self.strength.columns().into_iter().enumerate() {
            table = table.with(&format!("mode_{}", i + 1), mode.to_vec())?;
        }
        Ok(table)
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}

/// A loss beyond this many times the first has exploded.
const EXPLODED: f64 = 1e6;

/// Writes a run down.
pub(super) struct Recorder<'a> {
    net: &'a DeepLinear,
    first: Array2<f64>,
    time: Vec<f64>,
    loss: Vec<f64>,
    strength: Vec<f64>,
    outside: Vec<f64>,
    drift: Vec<f64>,
    features: Vec<f64>,
    end: Layers,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(net: &'a DeepLinear, start: &Layers) -> Self {
        Self {
            net,
            first: start.imbalance(),
            time: Vec::new(),
            loss: Vec::new(),
            strength: Vec::new(),
            outside: Vec::new(),
            drift: Vec::new(),
            features: Vec::new(),
            end: start.clone(),
        }
    }

    /// False when the loss has left its range.
    pub(super) fn record(
        &mut self,
        time: f64,
        w1: ArrayView2<f64>,
        w2: ArrayView2<f64>,
    ) -> Result<bool> {
        self.end.w1.assign(&w1);
        self.end.w2.assign(&w2);
        let product = self.end.product();
        let loss = self.net.loss(&product);
        let first = self.loss.first().copied().unwrap_or(loss);
        if !loss.is_finite() || loss > EXPLODED * first.max(f64::MIN_POSITIVE) {
            return Ok(false);
        }
        let svd = self.net.modes();
        let inner = svd.u.t().dot(&product).dot(&svd.vt.t());
        let strengths = inner.diag();
        let inside = (&svd.u * &strengths).dot(&svd.vt);
        self.time.push(time);
        self.loss.push(loss);
        self.strength.extend(strengths);
        self.outside.push(norm(&(product - inside)));
        self.drift.push(norm(&(self.end.imbalance() - &self.first)));
        self.features
            .extend(linalg::singular_values(&self.net.features(w1))?);
        Ok(true)
    }

    pub(super) fn finish(self) -> Result<DeepTrajectory> {
        let records = self.time.len();
        let shaped = |x: Vec<f64>| {
            let columns = x.len() / records.max(1);
            Array2::from_shape_vec((records, columns), x)
                .map_err(|e| Error::Solver(format!("records do not fit: {e}")))
        };
        Ok(DeepTrajectory {
            strength: shaped(self.strength)?,
            features: shaped(self.features)?,
            time: self.time,
            loss: self.loss,
            outside: self.outside,
            drift: self.drift,
            end: self.end,
        })
    }
}

fn norm(x: &Array2<f64>) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}
