//! What is measured of one run with weight decay.

use super::RESOLVED;
use crate::error::Result;
use crate::metric::curve;
use crate::model::factor::{MatrixTask, Side, Trajectory};
use crate::table::Table;
use ndarray::Array2;

/// u₁ᵀÃv₁/σ₁ of a run at rank 1: when it is half of the `gap` 1 − λ/σ₁, and how fast it grows while small.
pub(super) fn growth(run: &Trajectory, sigma: f64, gap: f64) -> (f64, f64) {
    let side = |side: &Side| side.overlap_of(0, 0).unwrap_or_default();
    let scale = run.a.target_norm[0] * run.b.target_norm[0];
    let learned: Vec<f64> = side(&run.a)
        .iter()
        .zip(side(&run.b))
        .map(|(a, b)| a * b / (scale * sigma))
        .collect();
    let time: Vec<f64> = run.time.iter().map(|t| t * sigma).collect();
    let half_time = learned
        .iter()
        .position(|s| *s >= 0.5 * gap)
        .map_or(f64::NAN, |i| time[i]);
    let from = learned
        .iter()
        .position(|s| *s >= 1e-3 * gap)
        .unwrap_or(learned.len());
    let to = learned
        .iter()
        .position(|s| *s >= 1e-2 * gap)
        .unwrap_or(learned.len());
    let fit = curve::exponential_fit(&time[from..to], &learned[from..to]);
    (half_time, -fit.rate.value)
}

pub(super) fn diverged(rank: usize, lambda: f64, sigma: f64, step: usize) -> Result<Table> {
    let mut table = Table::new()
        .with("rank", vec![rank])?
        .with("lambda", vec![lambda])?
        .with("sigma", vec![sigma])?
        .with("diverged_step", vec![step as f64])?;
    for name in RUN_COLUMNS {
        table = table.with(name, vec![f64::NAN])?;
    }
    Ok(table)
}

/// What is measured of a run, after `rank`, `lambda`, `sigma` and `diverged_step`.
const RUN_COLUMNS: [&str; 13] = [
    "excess_rate",
    "exponential_rms",
    "algebraic_rms",
    "trough_time",
    "trough_norm",
    "plateau",
    "transition_time",
    "end_error",
    "end_error_all",
    "learned",
    "above",
    "end_loss",
    "expected_loss",
];

/// A run in units of σ₁ and of the target.
pub(super) struct Measured<'a> {
    sigmas: &'a [f64],
    /// λ in units of σ₁.
    lambda: f64,
    time: Vec<f64>,
    loss: Vec<f64>,
    excess: Vec<f64>,
    whole: Vec<f64>,
    norm: Vec<f64>,
    learned: Vec<f64>,
}

impl<'a> Measured<'a> {
    pub(super) fn of(task: &MatrixTask, run: &Trajectory, sigmas: &'a [f64]) -> Result<Self> {
        let squares = |norms: &Array2<f64>| -> Vec<f64> {
            norms.rows().into_iter().map(|r| r.dot(&r)).collect()
        };
        let norm2: Vec<f64> = squares(&run.a.norm)
            .iter()
            .zip(squares(&run.b.norm))
            .map(|(a, b)| a + b)
            .collect();
        let target2: f64 = run
            .a
            .target_norm
            .iter()
            .chain(&run.b.target_norm)
            .map(|x| x * x)
            .sum();
        let unit = 0.5 * sigmas.iter().map(|s| s * s).sum::<f64>();
        let least = task.least_loss(sigmas.len())?.unwrap_or(0.0);
        let lambda = task.weight_decay();
        Ok(Self {
            sigmas,
            lambda: lambda / sigmas[0],
            time: run.time.iter().map(|t| t * sigmas[0]).collect(),
            loss: run
                .loss
                .iter()
                .zip(&norm2)
                .map(|(l, n)| (l - 0.5 * lambda * n).max(0.0) / unit)
                .collect(),
            excess: run
                .loss
                .iter()
                .map(|l| (l - least).max(0.0) / unit)
                .collect(),
            whole: run.loss.iter().map(|l| l / unit).collect(),
            norm: norm2.iter().map(|n| n / target2).collect(),
            learned: run.end.singular_values()?,
        })
    }

    /// −d ln norm/dt, from the start to t = 0.1.
    pub(super) fn early_decay(&self) -> f64 {
        let at = self
            .time
            .iter()
            .position(|t| *t >= 0.1)
            .unwrap_or(self.time.len() - 1);
        (self.norm[0] / self.norm[at]).ln() / self.time[at]
    }

    pub(super) fn curve(&self, run: &Trajectory, rank: usize, lambda: f64) -> Result<Table> {
        Table::new()
            .with("step", run.steps.clone())?
            .with("t", self.time.clone())?
            .with("loss", self.loss.clone())?
            .with("excess", self.excess.clone())?
            .with("norm", self.norm.clone())?
            .with_constant("rank", rank)?
            .with_constant("lambda", lambda)
    }

    pub(super) fn modes(&self, rank: usize, lambda: f64) -> Result<Table> {
        let relative =
            |values: &[f64]| -> Vec<f64> { values.iter().map(|s| s / self.sigmas[0]).collect() };
        Table::new()
            .with("mode", (1..=rank).collect::<Vec<_>>())?
            .with("sigma_k", relative(self.sigmas))?
            .with("learned", relative(&self.learned))?
            .with_constant("rank", rank)?
            .with_constant("lambda", lambda)
    }

    pub(super) fn row(&self, rank: usize, lambda: f64, excess_rate: f64) -> Result<Table> {
        let top = self.sigmas[0];
        let duration = self.time.last().copied().unwrap_or(0.0);
        let modes: Vec<(f64, f64)> = self
            .sigmas
            .iter()
            .zip(&self.learned)
            .map(|(s, l)| (s / top, l / top))
            .collect();
        let resolved = |m: &&(f64, f64)| (m.0 - self.lambda).abs() * duration >= RESOLVED;
        let error = |m: &(f64, f64)| (m.1 - (m.0 - self.lambda).max(0.0)).abs();
        let lowest = (0..self.norm.len())
            .min_by(|i, j| self.norm[*i].total_cmp(&self.norm[*j]))
            .unwrap_or(0);
        let (t, norm) = curve::window(&self.time, &self.norm, 0.0, 0.5 * self.time[lowest]);
        let shape = curve::shape(&self.time, &self.whole, 0.02)?;
        let power: f64 = modes.iter().map(|m| m.0 * m.0).sum();
        let values = [
            excess_rate,
            curve::exponential_fit(&t, &norm).rms,
            curve::algebraic_fit(&t, &norm, 1.0).rms,
            self.time[lowest],
            self.norm[lowest],
            shape.plateau_length(),
            shape.transition_time(),
            modes.iter().filter(resolved).map(error).fold(0.0, f64::max),
            modes.iter().map(error).fold(0.0, f64::max),
            modes.iter().filter(resolved).filter(|m| m.1 > 0.01).count() as f64,
            modes
                .iter()
                .filter(resolved)
                .filter(|m| m.0 > self.lambda)
                .count() as f64,
            self.loss.last().copied().unwrap_or(f64::NAN),
            modes
                .iter()
                .map(|m| m.0.min(self.lambda).powi(2))
                .sum::<f64>()
                / power,
        ];
        let mut table = Table::new()
            .with("rank", vec![rank])?
            .with("lambda", vec![lambda])?
            .with("sigma", vec![top])?
            .with("diverged_step", vec![f64::NAN])?;
        for (name, value) in RUN_COLUMNS.into_iter().zip(values) {
            table = table.with(name, vec![value])?;
        }
        Ok(table)
    }
}
