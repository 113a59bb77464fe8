//! The Resource model: skills that compete for one pool of resources (*Physics of Skill Learning*, §2.4, §2.5).

mod clock;
mod dynamics;
mod exact;
mod fit;
mod kernel;
mod lanes;
mod trajectory;

pub(super) use dynamics::euler;
pub use dynamics::{Euler, Recorded};
pub use exact::LearningTime;
pub use fit::{Bound, WasteFit};
pub use trajectory::ResourceTrajectory;

use crate::error::{Error, Result};
use crate::optimizer::{Flow, check_times};
use crate::task::Frequencies;

/// How the gradients p_j u_j of all skills add up in the denominator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// Σ_j p_j u_j + N₀: Eq. 1.
    #[default]
    L1,
    /// √(Σ_j (p_j u_j)² + N₀²): the coarse-graining of SignGD on orthogonal Gaussian task vectors.
    L2,
}

impl Norm {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
        }
    }
}

/// The Resource model (Eq. 1): skill i obtains a share of the resources in proportion to its gradient,
///
/// $$\frac{du_i}{dt} = -\eta \frac{p_i u_i}{\sum_j p_j u_j + N_0} \quad(\text{L1}), \qquad
///   \frac{du_i}{dt} = -\eta \frac{p_i u_i}{\sqrt{\sum_j (p_j u_j)^2 + N_0^2}} \quad(\text{L2}).$$
///
/// | symbol | here |
/// |---|---|
/// | unskill $u_i = 1 - s_i$ | [`ResourceTrajectory::unskill`] |
/// | frequency $p_i$ | [`frequencies`](Self::frequencies) |
/// | $\eta_\text{eff}$, per unit of time | [`eta`](Self::eta); see [`effective_rate`] |
/// | wasted resources $N_0 \ge 0$ | [`with_waste`](Self::with_waste); 0 when not given |
/// | $u_i(0)$, 1 when not given | [`with_start`](Self::with_start) |
///
/// Three solvers: [`exact`](Self::exact) inverts Eq. 3 at any times; [`ode`](Self::ode) is adaptive; [`euler`](Self::euler) is what the authors ran.
///
/// | 1000 points of Fig. 6, one thread | L1 | L2 | Euler's loop in numpy |
/// |---|---|---|---|
/// | 10 tasks, N₀ = 0 / .003 | .019 / .027 ms | .5 / .9 ms | 3.5 ms: ratio 180 / 130 |
/// | 1000 tasks | 2.1 ms | 5 ms | 6.6 ms |
///
/// Each exponential is evaluated about once a point and task, eight times at a time (`benches/resource.rs` measures it beside numpy).
///
/// ```
/// use scurve::{model::skill::Resource, task::Frequencies};
/// let model = Resource::new(Frequencies::power_law(10, 2.0)?, 0.01)?.with_waste(0.003)?;
/// let run = model.exact(&[0.0, 100.0, 500.0])?;
/// assert!(run.skills()[[2, 0]] > 0.999 && run.skills()[[2, 9]] < 0.9);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    frequencies: Frequencies,
    eta: f64,
    waste: f64,
    norm: Norm,
    start: Vec<f64>,
}

impl Resource {
    /// The model of Eq. 1 with the effective learning rate `eta`, without waste and with all skills at 0.
    ///
    /// # Errors
    /// `eta` that is not a finite number above 0.
    pub fn new(frequencies: Frequencies, eta: f64) -> Result<Self> {
        check_rate(eta)?;
        let start = vec![1.0; frequencies.len()];
        Ok(Self {
            frequencies,
            eta,
            waste: 0.0,
            norm: Norm::L1,
            start,
        })
    }

    /// Sets the wasted resources N₀, in the units of p u.
    ///
    /// # Errors
    /// N₀ that is negative or not finite.
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

    /// Sets the unskills at t = 0, one a skill; 0 is a skill that is learned already.
    ///
    /// # Errors
    /// Another number of them than of frequencies; one that is negative or not finite.
    pub fn with_start(mut self, unskill: &[f64]) -> Result<Self> {
        check_start(unskill, self.frequencies.len())?;
        self.start = unskill.to_vec();
        Ok(self)
    }

    /// The frequencies p.
    pub fn frequencies(&self) -> &Frequencies {
        &self.frequencies
    }

    /// η_eff.
    pub fn eta(&self) -> f64 {
        self.eta
    }

    /// N₀.
    pub fn waste(&self) -> f64 {
        self.waste
    }

    /// How gradients add up.
    pub fn norm(&self) -> Norm {
        self.norm
    }

    /// The unskills at t = 0.
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// Solves the differential equation itself, adaptively, at `times` (ascending, ≥ 0).
    ///
    /// Without waste the equation ends when everything is learned, and the unskills stay 0 from there on.
    ///
    /// # Errors
    /// Times or tolerances out of range; a solver that gives up, with the time that it reached.
    pub fn ode(&self, times: &[f64], solver: &Flow) -> Result<ResourceTrajectory> {
        check_times(times)?;
        // The rate of a skill that is almost learned, η p_i / Σ p_j u_j, has a pole at the end: not to be stepped across.
        let end = self.time_to(0.0)?.total();
        let before = times.partition_point(|t| *t < end);
        let p = self.frequencies.p();
        let path = solver.integrate(
            |_, u, rates| self.rates(u, rates),
            &self.start,
            &times[..before],
        )?;
        let mut unskill = path.states.into_raw_vec_and_offset().0;
        unskill.resize(times.len() * p.len(), 0.0);
        ResourceTrajectory::new(times.to_vec(), unskill, p)
    }

    /// Steps the differential equation as the authors do: u ← u + Δt du/dt.
    ///
    /// # Errors
    /// A time step that is not a finite number above 0; no steps; a run that leaves the finite numbers (without clipping).
    pub fn euler(&self, method: &Euler) -> Result<ResourceTrajectory> {
        euler(&self.start, self.frequencies.p(), method, |u, rates| {
            self.rates(u, rates)
        })
    }

    /// Writes du/dt at u.
    fn rates(&self, u: &[f64], rates: &mut [f64]) {
        let p = self.frequencies.p();
        let gradients = p.iter().zip(u).map(|(p, u)| p * u);
        let all = match self.norm {
            Norm::L1 => gradients.sum::<f64>() + self.waste,
            Norm::L2 => gradients.fold(self.waste, f64::hypot),
        };
        // When all is learned and nothing wasted, nothing moves.
        let share = if all > 0.0 { -self.eta / all } else { 0.0 };
        for ((rate, p), u) in rates.iter_mut().zip(p).zip(u) {
            *rate = share * p * u;
        }
    }
}

/// η_eff of the Resource model for SignGD with learning rate η on task vectors of unit length in n_dim dimensions.
pub mod effective_rate {
    use std::f64::consts::PI;

    /// $2\sqrt{n_\text{dim}}\,\eta$, as Eq. 1 has it.
    ///
    /// NOTE: no single task moves at this rate; see [`gaussian_vectors`]. The published code has it for the squared error.
    pub fn as_printed(lr: f64, n_dim: usize) -> f64 {
        2.0 * (n_dim as f64).sqrt() * lr
    }

    /// $4\sqrt{n_\text{dim}}\,\eta$, which the published code has for the cross-entropy.
    pub fn as_published_for_cross_entropy(lr: f64, n_dim: usize) -> f64 {
        2.0 * as_printed(lr, n_dim)
    }

    /// $\sqrt{2 n_\text{dim}/\pi}\,\eta = \eta\,\mathbb{E}\lVert t\rVert_1$ for a Gaussian unit vector t: one task under SignGD moves by exactly
    /// $\eta\,\lVert t\rVert_1$ a step, whatever its loss.
    ///
    /// ```
    /// use scurve::model::skill::effective_rate;
    /// assert!((effective_rate::gaussian_vectors(1e-3, 1000) / 0.025231 - 1.0).abs() < 1e-4);
    /// ```
    pub fn gaussian_vectors(lr: f64, n_dim: usize) -> f64 {
        (2.0 * n_dim as f64 / PI).sqrt() * lr
    }
}

pub(in crate::model::skill) fn check_rate(eta: f64) -> Result<()> {
    if eta > 0.0 && eta.is_finite() {
        return Ok(());
    }
    Err(Error::setting("eta", eta, "a finite number above 0"))
}

pub(in crate::model::skill) fn check_waste(waste: f64) -> Result<()> {
    if waste >= 0.0 && waste.is_finite() {
        return Ok(());
    }
    Err(Error::setting(
        "waste (N₀)",
        waste,
        "a finite number, 0 or above: it is an amount of resources",
    ))
}

pub(in crate::model::skill) fn check_start(unskill: &[f64], skills: usize) -> Result<()> {
    if unskill.len() != skills {
        return Err(Error::setting(
            "start",
            format!("{} unskills", unskill.len()),
            format!("one unskill for each of the {skills} skills"),
        ));
    }
    match unskill.iter().position(|u| !(*u >= 0.0 && u.is_finite())) {
        Some(i) => Err(Error::setting(
            format!("start[{i}]"),
            unskill[i],
            "a finite number, 0 or above",
        )),
        None => Ok(()),
    }
}
