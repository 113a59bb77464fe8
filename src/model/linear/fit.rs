//! What a linear model has learned.

use super::{Basis, LinearModel};
use crate::error::{Error, Result};
use crate::table::Table;
use ndarray::Array1;
use std::ops::Range;

/// A function $\hat f = \sum_k c_k e_k$ with the weights that make it.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearFit {
    basis: Basis,
    intensity: Vec<f64>,
    /// $c_k = \langle e_k|\hat f\rangle = w_k\sqrt{\rho_k}$.
    coefficients: Array1<f64>,
    weights: Array1<f64>,
}

impl LinearFit {
    pub(super) fn of_weights(model: &LinearModel, weights: Array1<f64>) -> Self {
        let pairs = weights.iter().zip(model.intensity());
        Self {
            basis: model.basis(),
            intensity: model.intensity().to_vec(),
            coefficients: pairs.map(|(w, rho)| w * rho.sqrt()).collect(),
            weights,
        }
    }

    /// $\langle e_k|\hat f\rangle$.
    pub fn coefficients(&self) -> &Array1<f64> {
        &self.coefficients
    }

    /// $w_k$.
    pub fn weights(&self) -> &Array1<f64> {
        &self.weights
    }

    /// ‖w‖.
    pub fn norm(&self) -> f64 {
        self.weights.dot(&self.weights).sqrt()
    }

    /// $\hat Q_k = c_k^2 / \sum_j c_j^2$, the share of $\hat f$ that each function has (Eq. 1.31); NaN for $\hat f = 0$.
    pub fn utilization(&self) -> Vec<f64> {
        let all = self.coefficients.dot(&self.coefficients);
        self.coefficients.iter().map(|c| c * c / all).collect()
    }

    /// $\int (\hat f - f^*)^2 dq$ for the target's coefficients; those beyond its length are 0.
    pub fn test_error(&self, target: &[f64]) -> f64 {
        let beyond = target.iter().skip(self.coefficients.len()).map(|c| c * c);
        let within = self.coefficients.iter().enumerate();
        within
            .map(|(k, c)| (c - target.get(k).copied().unwrap_or(0.0)).powi(2))
            .chain(beyond)
            .sum()
    }

    /// $\hat f(x_i)$.
    pub fn predict(&self, x: &[f64]) -> Array1<f64> {
        let p = self.coefficients.len();
        // One point at a time: a drawn curve on thousands of features needs no large matrix.
        x.iter()
            .map(|x| self.basis.evaluate(&[*x], p).row(0).dot(&self.coefficients))
            .collect()
    }

    /// The part of $\hat f$ in the functions of these numbers, from 0: `part(0..d)` is what the first d express.
    ///
    /// # Errors
    /// A range beyond p.
    pub fn part(&self, of: Range<usize>) -> Result<Self> {
        let p = self.coefficients.len();
        if of.start > of.end || of.end > p {
            return Err(Error::setting(
                "of",
                format!("{of:?}"),
                format!("a range within 0..{p}"),
            ));
        }
        let mut part = self.clone();
        for values in [&mut part.coefficients, &mut part.weights] {
            for (k, value) in values.iter_mut().enumerate() {
                if !of.contains(&k) {
                    *value = 0.0;
                }
            }
        }
        Ok(part)
    }

    /// One row for each function: `k` (from 1), `intensity`, `weight`, `coefficient`, `utilization`.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("k", (1..=self.weights.len()).collect::<Vec<_>>())?
            .with("intensity", self.intensity.clone())?
            .with("weight", self.weights.to_vec())?
            .with("coefficient", self.coefficients.to_vec())?
            .with("utilization", self.utilization())
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}
