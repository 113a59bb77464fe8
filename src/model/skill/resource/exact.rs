//! The exact solution of the Resource model: Eq. 3 and its L2 form, forward and inverted.

use super::clock::Clock;
use super::{Norm, Resource, ResourceTrajectory};
use crate::error::{Error, Result};

/// The two parts of a learning time (Eq. 3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningTime {
    /// t_task: what it takes without waste.
    pub task: f64,
    /// t_waste: what waste adds.
    pub waste: f64,
}

impl LearningTime {
    /// t_task + t_waste.
    pub fn total(&self) -> f64 {
        self.task + self.waste
    }
}

impl Resource {
    fn clock(&self, waste: f64) -> Clock<'_> {
        Clock::new(self.frequencies.p(), &self.start, waste, self.norm)
    }

    /// The unskills at `times`, in any order, to rounding.
    ///
    /// All skills follow one number, $u_i(t) = u_i(0)\,C(t)^{p_i}$. Eq. 3,
    ///
    /// $$\eta t = \sum_j u_j(0)\,(1 - C^{p_j}) - N_0 \ln C ,$$
    ///
    /// is inverted for ln C by a bracketed Newton–Halley iteration, from the last time to the next. The L2 form is
    /// $\eta t = \int_{\ln C}^0 \sqrt{\sum_j (p_j u_j)^2 + N_0^2}\; d\ln C$, by Chebyshev series piece by piece, and inverted in the same way.
    ///
    /// ```
    /// use scurve::{model::skill::Resource, task::Frequencies};
    /// let model = Resource::new(Frequencies::uniform(2)?, 1.0)?;
    /// // Two equal skills share: u = 1 − t/2 until both are learned at t = 2.
    /// let run = model.exact(&[2.0, 0.5])?;
    /// assert!(run.unskill[[0, 0]] < 1e-15 && (run.unskill[[1, 1]] - 0.75).abs() < 1e-15);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// A time that is negative or not finite.
    pub fn exact(&self, times: &[f64]) -> Result<ResourceTrajectory> {
        check_times(times)?;
        let n = self.start.len();
        let mut unskill = vec![0.0; times.len() * n];
        let mut order: Vec<usize> = (0..times.len()).collect();
        if !times.is_sorted() {
            order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        }
        let efforts: Vec<f64> = order.iter().map(|i| self.eta * times[*i]).collect();
        self.clock(self.waste)
            .trace(&efforts, &order, &mut unskill)?;
        ResourceTrajectory::new(times.to_vec(), unskill, self.frequencies.p())
    }

    /// ln C at time t, with $C = (u_i/u_i(0))^{1/p_i}$ in both norms. Where everything is learned it is −∞ or too large to matter.
    ///
    /// # Errors
    /// A time that is negative or not finite.
    pub fn log_c(&self, t: f64) -> Result<f64> {
        check_times(&[t])?;
        let mut clock = self.clock(self.waste);
        clock.unskill(self.eta * t)?;
        Ok(clock.log_c())
    }

    /// The time in which C falls from 1 to `c` ∈ [0, 1] (Eq. 3). Without waste everything is learned, C = 0, at a finite time; with waste never.
    ///
    /// In the L2 form t_task is the time without waste, and t_waste the rest.
    ///
    /// # Errors
    /// `c` outside [0, 1].
    pub fn time_to(&self, c: f64) -> Result<LearningTime> {
        if !(0.0..=1.0).contains(&c) {
            return Err(Error::setting("c", c, "a number from 0 to 1"));
        }
        self.time_to_log(c.ln())
    }

    /// As [`time_to`](Self::time_to), from ln C ≤ 0, for C too small to write down.
    pub fn time_to_log(&self, log_c: f64) -> Result<LearningTime> {
        if log_c.is_nan() || log_c > 0.0 {
            return Err(Error::setting("log_c", log_c, "a number ≤ 0"));
        }
        let y = -log_c;
        let task = self.clock(0.0).effort(y)?;
        let waste = match (self.norm, self.waste) {
            (_, 0.0) => 0.0,
            (Norm::L1, waste) => waste * y,
            (Norm::L2, _) if y.is_infinite() => f64::INFINITY,
            (Norm::L2, waste) => self.clock(waste).effort(y)? - task,
        };
        Ok(LearningTime {
            task: task / self.eta,
            waste: waste / self.eta,
        })
    }

    /// When skill `i` (from 0) reaches the level s = `level` < 1: its unskill falls to 1 − level.
    ///
    /// # Errors
    /// No such skill; a level that is not below 1.
    pub fn learning_time(&self, i: usize, level: f64) -> Result<LearningTime> {
        let n = self.start.len();
        if i >= n {
            return Err(Error::setting(
                "i",
                i,
                format!("a skill from 0 to {}", n - 1),
            ));
        }
        self.time_to_log(-self.progress(i, 1.0 - check_level(level)?))
    }

    /// When all skills have reached the level s = `level` < 1.
    pub fn time_until_all(&self, level: f64) -> Result<LearningTime> {
        let left = 1.0 - check_level(level)?;
        let y = (0..self.start.len())
            .map(|i| self.progress(i, left))
            .fold(0.0, f64::max);
        self.time_to_log(-y)
    }

    /// −ln C when u_i falls to `unskill`.
    fn progress(&self, i: usize, unskill: f64) -> f64 {
        if self.start[i] <= unskill {
            return 0.0;
        }
        (self.start[i] / unskill).ln() / self.frequencies.p()[i]
    }
}

/// Times in any order.
fn check_times(times: &[f64]) -> Result<()> {
    match times.iter().position(|t| !(*t >= 0.0 && t.is_finite())) {
        Some(i) => Err(Error::setting(
            format!("times[{i}]"),
            times[i],
            "a finite number, 0 or above",
        )),
        None => Ok(()),
    }
}

fn check_level(level: f64) -> Result<f64> {
    if level < 1.0 {
        return Ok(level);
    }
    Err(Error::setting(
        "level",
        level,
        "below 1: with waste a skill is never learned wholly",
    ))
}
