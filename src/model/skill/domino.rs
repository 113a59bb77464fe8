//! The Domino and the Quanta model: skills one after the other, and each on its own (*Physics of Skill Learning*, §2.6, §3.1, §6.1).

use super::resource::{ResourceTrajectory, check_rate, check_waste};
use crate::error::{Error, Result};
use crate::task::Frequencies;

/// Skills learned one after the other, each in the time t₀ (Eq. 6): skill n, counted from 0, has
///
/// $$s_n(t) = \min(\max(t/t_0 - n,\, 0),\, 1) .$$
///
/// It is the Resource model for N₀ → 0 and $p_1 \gg p_2 \gg \dots$, with $t_0 = 1/\eta_\text{eff}$ (Eq. 7, 8).
///
/// NOTE: the text has skills i = 1 … n_task, but in Eq. 6 the first skill is n = 0.
///
/// ```
/// use scurve::model::skill::Domino;
/// let run = Domino::new(10, 100.0)?.at(&[250.0])?;
/// assert_eq!(run.skills().row(0).to_vec()[..4], [1.0, 1.0, 0.5, 0.0]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domino {
    n_task: usize,
    t0: f64,
}

impl Domino {
    /// `n_task` skills of the time `t0` each.
    ///
    /// # Errors
    /// No skills; a time that is not a finite number above 0.
    pub fn new(n_task: usize, t0: f64) -> Result<Self> {
        check_n_task(n_task)?;
        if !(t0 > 0.0 && t0.is_finite()) {
            return Err(Error::setting("t0", t0, "a finite number above 0"));
        }
        Ok(Self { n_task, t0 })
    }

    /// The levels at `times`, in any order. Frequencies play no part and are given as 1/n_task.
    pub fn at(&self, times: &[f64]) -> Result<ResourceTrajectory> {
        let level = |t: f64, n: usize| (t / self.t0 - n as f64).clamp(0.0, 1.0);
        let unskill = times
            .iter()
            .flat_map(|t| (0..self.n_task).map(move |n| 1.0 - level(*t, n)))
            .collect();
        ResourceTrajectory::new(
            times.to_vec(),
            unskill,
            Frequencies::uniform(self.n_task)?.p(),
        )
    }

    /// When skill `n` (from 0) reaches the level s: (n + s) t₀, linear in n.
    pub fn learning_time(&self, n: usize, level: f64) -> f64 {
        (n as f64 + level) * self.t0
    }

    /// α_S: the loss Σ_{unlearned} p_n falls as S^(−(α − 1)) for p_n ∝ n^(−α), α > 1.
    ///
    /// NOTE: §3.1 calls this the Quanta model's; the labels are swapped there.
    pub fn step_exponent(alpha: f64) -> f64 {
        alpha - 1.0
    }
}

/// Skills learned independently, each in a time ∝ 1/p_n:
///
/// $$s_n(t) = 1 - e^{-p_n t/\tau} .$$
///
/// It is the Resource model for N₀ → ∞, with $\tau = N_0/\eta_\text{eff}$, and the Quanta model of Michaud et al. with $t_n \propto 1/p_n$.
///
/// ```
/// use scurve::{model::skill::Quanta, task::Frequencies};
/// let quanta = Quanta::new(Frequencies::power_law(10, 1.0)?, 30.0)?;
/// let ratio = quanta.learning_time(9, 0.9)? / quanta.learning_time(0, 0.9)?;
/// assert!((ratio - 10.0).abs() < 1e-12);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quanta {
    frequencies: Frequencies,
    tau: f64,
}

impl Quanta {
    /// Skills of given frequencies; `tau` is the time in which one of frequency 1 falls to u = 1/e.
    ///
    /// # Errors
    /// A time that is not a finite number above 0.
    pub fn new(frequencies: Frequencies, tau: f64) -> Result<Self> {
        if !(tau > 0.0 && tau.is_finite()) {
            return Err(Error::setting("tau", tau, "a finite number above 0"));
        }
        Ok(Self { frequencies, tau })
    }

    /// The limit of the Resource model with rate `eta` and a large N₀ = `waste` > 0.
    pub fn of_resource(frequencies: Frequencies, eta: f64, waste: f64) -> Result<Self> {
        check_rate(eta)?;
        check_waste(waste)?;
        Self::new(frequencies, waste / eta)
    }

    /// The levels at `times`, in any order.
    pub fn at(&self, times: &[f64]) -> Result<ResourceTrajectory> {
        let p = self.frequencies.p();
        let unskill = times
            .iter()
            .flat_map(|t| p.iter().map(move |p| (-p * t / self.tau).exp()))
            .collect();
        ResourceTrajectory::new(times.to_vec(), unskill, p)
    }

    /// When skill `n` (from 0) reaches the level s < 1: $-\tau \ln(1 - s)/p_n$, as n^α for a power law.
    ///
    /// # Errors
    /// No such skill; a level that is not below 1.
    pub fn learning_time(&self, n: usize, level: f64) -> Result<f64> {
        let count = self.frequencies.len();
        if n >= count {
            return Err(Error::setting(
                "n",
                n,
                format!("a skill from 0 to {}", count - 1),
            ));
        }
        if level.is_nan() || level >= 1.0 {
            return Err(Error::setting(
                "level",
                level,
                "below 1: a skill is never learned wholly",
            ));
        }
        Ok(-self.tau * (1.0 - level).ln() / self.frequencies.p()[n])
    }

    /// α_S: the loss Σ_{unlearned} p_n falls as S^(−(α − 1)/α) for p_n ∝ n^(−α), α > 1.
    ///
    /// NOTE: §3.1 calls this the Domino model's; the labels are swapped there.
    pub fn step_exponent(alpha: f64) -> f64 {
        (alpha - 1.0) / alpha
    }
}

/// Learning times of the Domino model with n_dim shared or divided dimensions (§6.1).
pub mod modularity {
    use super::check_n_task;
    use crate::error::{Error, Result};

    /// T_N: all n_dim dimensions learn one skill after the other, $T_N = n_\text{task}\,c/\sqrt{n_\text{dim}}$.
    ///
    /// `c` is $t_0\sqrt{n_\text{dim}}$: with $\eta_\text{eff} = k\sqrt{n_\text{dim}}\,\eta$ it is $1/(k\eta)$.
    pub fn shared(n_task: usize, n_dim: usize, c: f64) -> Result<f64> {
        check(n_task, n_dim)?;
        Ok(n_task as f64 * c / (n_dim as f64).sqrt())
    }

    /// T_M: each skill has n_dim/n_task dimensions of its own, and all are learned at once, $T_M = c\sqrt{n_\text{task}/n_\text{dim}}$.
    ///
    /// ```
    /// use scurve::model::skill::modularity;
    /// // √n_task times faster.
    /// assert!((modularity::shared(100, 1000, 1.0)? / modularity::divided(100, 1000, 1.0)? - 10.0).abs() < 1e-12);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn divided(n_task: usize, n_dim: usize, c: f64) -> Result<f64> {
        check(n_task, n_dim)?;
        Ok(c * (n_task as f64 / n_dim as f64).sqrt())
    }

    fn check(n_task: usize, n_dim: usize) -> Result<()> {
        check_n_task(n_task)?;
        if n_dim < n_task {
            return Err(Error::setting(
                "n_dim",
                n_dim,
                format!("at least n_task = {n_task}: a skill needs a dimension"),
            ));
        }
        Ok(())
    }
}

fn check_n_task(n_task: usize) -> Result<()> {
    if n_task == 0 {
        return Err(Error::setting("n_task", 0, "a whole number ≥ 1"));
    }
    Ok(())
}
