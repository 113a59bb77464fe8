//! The Resource model with correlated skills: the underparametrised regime.

use super::SkillLoss;
use super::resource::{Euler, Norm, ResourceTrajectory, check_rate, check_waste, euler};
use crate::error::{Error, Result};
use crate::optimizer::Flow;
use crate::task::Frequencies;
use ndarray::Array2;

/// The Resource model of skills that help or hinder each other (Eq. 4, 5), $C_{ij} = t_i\cdot t_j$:
///
/// $$\frac{ds_i}{dt} = \eta\,\frac{\sum_k C_{ik}\,p_k u_k}{\sum_j p_j u_j + N_0}$$
///
/// with $u_k = 1 - s_k$ for the squared error (Eq. 4) and $u_k = -d\mathcal{L}/ds_k = \sigma(-s_k)$ for the cross-entropy (Eq. 5).
///
/// The L2 norm has $\sqrt{\sum_{jk} C_{jk}\,p_j u_j\,p_k u_k + N_0^2}$ in the denominator, the length of the gradient $\sum_k p_k u_k t_k$; with $C = 1$ it
/// is that of [`Resource`](super::Resource).
///
/// NOTE: the text has $u_k = d\mathcal{L}/ds_k$ in Eq. 5, without the minus sign that its right-hand side has. In the squared error's $d\mathcal{L}/ds = -2u$ the
/// factor 2 goes into η.
///
/// ```
/// use scurve::model::skill::{CorrelatedResource, SkillLoss};
/// use scurve::{optimizer::Flow, task::Frequencies};
/// use ndarray::array;
/// // The rare skill opposes the frequent one: it is unlearned at first.
/// let model = CorrelatedResource::new(Frequencies::new(vec![0.9, 0.1])?, array![[1.0, -0.5], [-0.5, 1.0]], 0.01)?.with_waste(0.01)?;
/// let run = model.ode(&[0.0, 50.0, 3000.0], &Flow::default())?;
/// assert!(run.unskill[[1, 1]] > 1.1 && run.unskill[[2, 1]] < 0.01);
/// # Ok::<(), scurve::error::Error>(())
/// ```
///
/// # References
/// *Physics of Skill Learning*, §2.5.2.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelatedResource {
    frequencies: Frequencies,
    correlation: Array2<f64>,
    eta: f64,
    waste: f64,
    norm: Norm,
    loss: SkillLoss,
    start: Vec<f64>,
}

impl CorrelatedResource {
    /// The model of Eq. 4 with the effective learning rate `eta`, without waste, squared error and all levels s = 0.
    ///
    /// # Errors
    /// `eta` that is not a finite number above 0; a matrix that is not n × n, symmetric, finite.
    pub fn new(frequencies: Frequencies, correlation: Array2<f64>, eta: f64) -> Result<Self> {
        check_rate(eta)?;
        check_correlation(&correlation, frequencies.len())?;
        Ok(Self {
            start: vec![0.0; frequencies.len()],
            frequencies,
            correlation,
            eta,
            waste: 0.0,
            norm: Norm::L1,
            loss: SkillLoss::SquaredError,
        })
    }

    /// Sets the wasted resources N₀ ≥ 0.
    pub fn with_waste(mut self, waste: f64) -> Result<Self> {
        check_waste(waste)?;
        self.waste = waste;
        Ok(self)
    }

    /// Sets how gradients add up.
    pub fn with_norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    /// Sets the loss: squared error is Eq. 4, cross-entropy is Eq. 5.
    pub fn with_loss(mut self, loss: SkillLoss) -> Self {
        self.loss = loss;
        self
    }

    /// Sets the levels s at t = 0.
    ///
    /// # Errors
    /// Another number of them than of skills; one that is not finite.
    pub fn with_levels(mut self, levels: &[f64]) -> Result<Self> {
        if levels.len() != self.frequencies.len() || levels.iter().any(|s| !s.is_finite()) {
            return Err(Error::setting(
                "levels",
                format!("{levels:?}"),
                format!(
                    "one finite number for each of the {} skills",
                    self.frequencies.len()
                ),
            ));
        }
        self.start = levels.to_vec();
        Ok(self)
    }

    /// Solves the differential equation adaptively at `times` (ascending, ≥ 0).
    ///
    /// The trajectory's unskill is $1 - s$, or for the cross-entropy $\sigma(-s)$, so that its skills are what the paper shows: s, or σ(s).
    ///
    /// # Errors
    /// Times or tolerances out of range; a solver that gives up, as it does where the denominator of Eq. 4 has a zero: with waste
    /// too small, unskills of both signs can cancel there, and the L2 norm cannot.
    pub fn ode(&self, times: &[f64], solver: &Flow) -> Result<ResourceTrajectory> {
        let mut unskill = vec![0.0; self.start.len()];
        let path = solver.integrate(
            |_, s, rates| self.rates(s, &mut unskill, rates),
            &self.start,
            times,
        )?;
        let (levels, _) = path.states.into_raw_vec_and_offset();
        let unskills = levels.into_iter().map(|s| self.unskill(s)).collect();
        ResourceTrajectory::new(path.times, unskills, self.frequencies.p())
    }

    /// Steps the differential equation as the authors do, without clipping: an unskill may pass 0 here, and come back.
    ///
    /// # Errors
    /// As [`Resource::euler`](super::Resource::euler), and a method that clips.
    pub fn euler(&self, method: &Euler) -> Result<ResourceTrajectory> {
        if method.clip {
            return Err(Error::setting(
                "clip",
                true,
                "false: correlated skills may pass 0 and come back; use Euler::clipped(false)",
            ));
        }
        let mut unskill = vec![0.0; self.start.len()];
        let mut run = euler(&self.start, self.frequencies.p(), method, |s, rates| {
            self.rates(s, &mut unskill, rates);
        })?;
        run.unskill.mapv_inplace(|s| self.unskill(s));
        Ok(run)
    }

    fn unskill(&self, level: f64) -> f64 {
        match self.loss {
            SkillLoss::SquaredError => 1.0 - level,
            SkillLoss::CrossEntropy => 1.0 / (1.0 + level.exp()),
        }
    }

    /// Writes ds/dt at the levels s; `gradients` is room for p u.
    fn rates(&self, s: &[f64], gradients: &mut [f64], rates: &mut [f64]) {
        for ((g, p), s) in gradients.iter_mut().zip(self.frequencies.p()).zip(s) {
            *g = p * self.unskill(*s);
        }
        for (rate, row) in rates.iter_mut().zip(self.correlation.outer_iter()) {
            *rate = row.iter().zip(gradients.iter()).map(|(c, g)| c * g).sum();
        }
        let all = match self.norm {
            Norm::L1 => gradients.iter().sum::<f64>() + self.waste,
            // gᵀCg ≥ 0 but for rounding.
            Norm::L2 => {
                let square: f64 = rates.iter().zip(gradients.iter()).map(|(r, g)| r * g).sum();
                square.max(0.0).sqrt().hypot(self.waste)
            }
        };
        let share = if all == 0.0 { 0.0 } else { self.eta / all };
        rates.iter_mut().for_each(|r| *r *= share);
    }
}

fn check_correlation(c: &Array2<f64>, n: usize) -> Result<()> {
    if c.dim() != (n, n) {
        return Err(Error::setting(
            "correlation",
            format!("{} × {}", c.nrows(), c.ncols()),
            format!("{n} × {n}, one row for each skill"),
        ));
    }
    for ((i, j), x) in c.indexed_iter() {
        let name = || format!("correlation[{i}, {j}]");
        if !x.is_finite() {
            return Err(Error::setting(name(), x, "a finite number"));
        }
        if (x - c[[j, i]]).abs() > 1e-9 * (1.0 + x.abs()) {
            return Err(Error::setting(
                name(),
                x,
                format!(
                    "the same as correlation[{j}, {i}] = {}: the matrix is symmetric",
                    c[[j, i]]
                ),
            ));
        }
    }
    Ok(())
}
