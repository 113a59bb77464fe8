//! What a run of a scalar network leaves behind.

use super::scalar::ScalarNet;
use crate::error::Result;
use crate::table::Table;

/// The record of one run of T times.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalarTrajectory {
    /// Times; of a descent, step × learning rate.
    pub time: Vec<f64>,
    /// $\theta = \frac1Z\sum_i a_i b_i$.
    pub theta: Vec<f64>,
    /// $\theta - S$, to rounding in a closed form.
    pub residual: Vec<f64>,
    /// $\frac1Z\sum_{i \in \mathcal I_+} a_i b_i$, the pairs that are aligned with the target at t = 0.
    pub aligned: Vec<f64>,
    /// $\frac1Z\sum_{i \in \mathcal I_-} a_i b_i$, the others.
    pub anti_aligned: Vec<f64>,
    /// $\Sigma = \frac1Z\sum_i \tfrac12(a_i^2 + b_i^2)$.
    pub weight: Vec<f64>,
    /// ln γ of a closed form; empty for a simulation, which knows no γ.
    pub log_gamma: Vec<f64>,
    /// How far the tangent kernel has turned ([`Growth::kernel_distance`](super::Growth::kernel_distance)).
    pub kernel_distance: Vec<f64>,
    /// S.
    pub target: f64,
    /// ⟨x²⟩.
    pub moment: f64,
}

impl ScalarTrajectory {
    pub(super) fn with_capacity(net: &ScalarNet, records: usize) -> Self {
        let room = || Vec::with_capacity(records);
        Self {
            time: room(),
            theta: room(),
            residual: room(),
            aligned: room(),
            anti_aligned: room(),
            weight: room(),
            log_gamma: room(),
            kernel_distance: room(),
            target: net.target(),
            moment: net.moment(),
        }
    }

    /// A record of the closed form, but for the kernel's distance.
    pub(super) fn push(
        &mut self,
        time: f64,
        log_gamma: f64,
        families: [f64; 2],
        weight: f64,
        residual: f64,
    ) {
        self.time.push(time);
        self.theta.push(families[0] + families[1]);
        self.residual.push(residual);
        self.aligned.push(families[0]);
        self.anti_aligned.push(families[1]);
        self.weight.push(weight);
        self.log_gamma.push(log_gamma);
    }

    /// A record of a simulation.
    pub(super) fn push_weights(&mut self, net: &ScalarNet, time: f64, a: &[f64], b: &[f64]) {
        let (families, weight, distance) = net.measure(a, b);
        let theta = families[0] + families[1];
        self.time.push(time);
        self.theta.push(theta);
        self.residual.push(theta - self.target);
        self.aligned.push(families[0]);
        self.anti_aligned.push(families[1]);
        self.weight.push(weight);
        self.kernel_distance.push(distance);
    }

    /// $\tfrac12 \mathbb E[x^2] (\theta - S)^2$.
    pub fn loss(&self) -> Vec<f64> {
        let squares = self.residual.iter().map(|r| 0.5 * self.moment * r * r);
        squares.collect()
    }

    /// $\Delta\theta$, the difference between aligned and anti-aligned modes (above Eq. 6.3).
    pub fn difference(&self) -> Vec<f64> {
        let pairs = self.aligned.iter().zip(&self.anti_aligned);
        pairs.map(|(x, y)| x - y).collect()
    }

    /// The last θ.
    pub fn final_theta(&self) -> f64 {
        self.theta.last().copied().unwrap_or(f64::NAN)
    }

    /// One row a time: `t`, `theta`, `loss`, `aligned`, `anti_aligned`, `weight`, `kernel_distance`, and `log_gamma` of a closed form.
    pub fn table(&self) -> Result<Table> {
        let table = Table::new()
            .with("t", self.time.clone())?
            .with("theta", self.theta.clone())?
            .with("loss", self.loss())?
            .with("aligned", self.aligned.clone())?
            .with("anti_aligned", self.anti_aligned.clone())?
            .with("weight", self.weight.clone())?
            .with("kernel_distance", self.kernel_distance.clone())?;
        if self.log_gamma.is_empty() {
            return Ok(table);
        }
        table.with("log_gamma", self.log_gamma.clone())
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}
