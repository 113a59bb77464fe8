//! What a run of a Kronecker model leaves behind.

use super::Factors;
use super::descent::Trainee;
use super::head_kernel::{HeadKernel, Part, unflatten};
use super::residual::dot;
use crate::error::{Error, Result};
use crate::table::Table;
use ndarray::Array2;

/// The record of a run of [`Kronecker`](super::Kronecker): T records of m parts.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadTrajectory {
    /// Recorded steps; empty under gradient flow.
    pub steps: Vec<usize>,
    /// Times, step × learning rate.
    pub time: Vec<f64>,
    /// Losses.
    pub loss: Vec<f64>,
    /// ‖ã_s‖_F, T × m.
    pub norm_a: Array2<f64>,
    /// ‖b̃_s‖_F, T × m.
    pub norm_b: Array2<f64>,
    /// ‖M̃_s‖_F, T × m.
    pub norm: Array2<f64>,
    /// cos(M_s, M̃_s) = ⟨M_s, M̃_s⟩ / (‖M_s‖ ‖M̃_s‖), T × m.
    pub cosine: Array2<f64>,
    /// The learned factors at the end, part after part.
    pub end: Vec<Factors>,
}

impl HeadTrajectory {
    pub(crate) fn new(parts: usize) -> Self {
        let empty = || Array2::zeros((0, parts));
        Self {
            steps: vec![],
            time: vec![],
            loss: vec![],
            norm_a: empty(),
            norm_b: empty(),
            norm: empty(),
            cosine: empty(),
            end: vec![],
        }
    }

    pub(crate) fn take(&mut self, time: f64, loss: f64, kernel: &HeadKernel) -> Result<()> {
        self.time.push(time);
        self.loss.push(loss);
        let row =
            |f: &dyn Fn(&Part) -> f64| kernel.parts.iter().map(f).collect::<ndarray::Array1<f64>>();
        for (series, values) in [
            (
                &mut self.norm_a,
                row(&|p| dot(p.learned().0, p.learned().0).sqrt()),
            ),
            (
                &mut self.norm_b,
                row(&|p| dot(p.learned().1, p.learned().1).sqrt()),
            ),
            (&mut self.norm, row(&|p| p.norm2.sqrt())),
            (
                &mut self.cosine,
                row(&|p| p.inner / (p.norm2 * p.target_norm2).sqrt()),
            ),
        ] {
            series
                .push_row(values.view())
                .map_err(|e| Error::Linalg(e.to_string()))?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, kernel: &HeadKernel) -> Result<Self> {
        let mut flat = vec![0.0; kernel.parameters()];
        kernel.store(&mut flat);
        self.end = unflatten(kernel, &flat)?;
        Ok(self)
    }

    /// The last loss.
    pub fn final_loss(&self) -> f64 {
        self.loss.last().copied().unwrap_or(f64::NAN)
    }

    /// ∏_s ‖M̃_s‖², whose fourfold is the early rate of d‖Ã‖²/dt.
    pub fn output_norm2(&self) -> Vec<f64> {
        self.norm
            .outer_iter()
            .map(|row| row.iter().map(|x| x * x).product())
            .collect()
    }

    /// cos(H, H̃) = ∏_s cos(M_s, M̃_s).
    pub fn output_cosine(&self) -> Vec<f64> {
        self.cosine.outer_iter().map(|row| row.product()).collect()
    }

    /// One row a record: step, time, loss, ∏‖M̃_s‖² and cos(H, H̃).
    pub fn table(&self) -> Result<Table> {
        let mut table = Table::new();
        if !self.steps.is_empty() {
            table = table.with("step", self.steps.clone())?;
        }
        table
            .with("time", self.time.clone())?
            .with("loss", self.loss.clone())?
            .with("output_norm2", self.output_norm2())?
            .with("output_cosine", self.output_cosine())
    }

    /// One row for each record and part: time, norms of ã, b̃, M̃, and the part's cosine.
    pub fn parts(&self) -> Result<Table> {
        let parts = self.norm.ncols();
        let long = |x: &Array2<f64>| x.iter().copied().collect::<Vec<f64>>();
        Table::new()
            .with(
                "time",
                self.time
                    .iter()
                    .flat_map(|t| vec![*t; parts])
                    .collect::<Vec<_>>(),
            )?
            .with(
                "part",
                (0..self.time.len())
                    .flat_map(|_| 0..parts)
                    .collect::<Vec<_>>(),
            )?
            .with("norm_a", long(&self.norm_a))?
            .with("norm_b", long(&self.norm_b))?
            .with("norm", long(&self.norm))?
            .with("cosine", long(&self.cosine))
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}
