//! Diagonal linear networks: one pair of weights a mode.

use super::growth::{Growth, check_positive};
use super::modes::{ModeTrajectory, check_mode, check_modes, check_share, check_start};
use crate::error::{Error, Result};
use crate::optimizer::{Flow, check_times};
use crate::trace::Schedule;
use ndarray::Array2;

/// A diagonal linear network $f = \sum_i x_i a_i b_i$ that learns $f^* = \sum_i x_i S_i$ (thesis, §3.2–3.4).
///
/// $$\frac{da_i}{dt} = -b_i\,\mathbb E[x_i^2]\,(a_i b_i - S_i), \qquad \frac{db_i}{dt} = -a_i\,\mathbb E[x_i^2]\,(a_i b_i - S_i) \quad (3.6)$$
///
/// | symbol | here |
/// |---|---|
/// | $\mathbb E[x_i^2]$ | [`variance`](Self::variance) |
/// | $S_i$ | [`target`](Self::target) |
/// | $a_i(0), b_i(0)$ | [`with_start`](Self::with_start), [`balanced`](Self::balanced) |
/// | $a_i b_i$ | [`ModeTrajectory::strength`] |
/// | $\mathcal C_i = a_i^2 - b_i^2$ (3.8) | [`ModeTrajectory::imbalance`] |
/// | $\tau_i^{(e)}(\epsilon), \tau_i^{(s)}(\epsilon)$ (3.12) | [`emergent_time`](Self::emergent_time), [`saturation_time`](Self::saturation_time) |
///
/// [`exact`](Self::exact) is the closed form for any start: Eq. 3.9 where $a_i = b_i$, a [`Growth`] in general. [`flow`](Self::flow) solves
/// Eq. 3.6 adaptively, [`descend`](Self::descend) steps it.
///
/// ```
/// use scurve::model::layerwise::DiagonalNet;
/// let net = DiagonalNet::new(&[1.0, 0.1], &[1.0, 1.0])?.balanced(0.01)?;
/// let run = net.exact(&[0.0, 8.0])?;
/// // The frequent mode is there, the rare one has not begun.
/// assert!(run.strength[[1, 0]] > 0.99 && run.strength[[1, 1]] < 0.001);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DiagonalNet {
    variance: Vec<f64>,
    target: Vec<f64>,
    a: Vec<f64>,
    b: Vec<f64>,
}

impl DiagonalNet {
    /// From $\mathbb E[x_i^2] > 0$ and S, with a = b = .1, the start of the thesis' figures.
    ///
    /// # Errors
    /// No modes, lists of two lengths, a number out of its range.
    pub fn new(variance: &[f64], target: &[f64]) -> Result<Self> {
        check_modes(variance, target)?;
        Ok(Self {
            variance: variance.to_vec(),
            target: target.to_vec(),
            a: vec![0.1; target.len()],
            b: vec![0.1; target.len()],
        })
    }

    /// Starts from a and b.
    ///
    /// # Errors
    /// Another number of them than of modes; one that is not finite.
    pub fn with_start(mut self, a: &[f64], b: &[f64]) -> Result<Self> {
        check_start("a", a, self.target.len())?;
        check_start("b", b, self.target.len())?;
        self.a = a.to_vec();
        self.b = b.to_vec();
        Ok(self)
    }

    /// Starts from a = b = `scale` > 0 in every mode.
    pub fn balanced(self, scale: f64) -> Result<Self> {
        check_positive("scale", scale)?;
        let start = vec![scale; self.target.len()];
        self.with_start(&start, &start)
    }

    /// Number of modes d.
    pub fn modes(&self) -> usize {
        self.target.len()
    }

    /// $\mathbb E[x_i^2]$.
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }

    /// S.
    pub fn target(&self) -> &[f64] {
        &self.target
    }

    /// a and b at t = 0.
    pub fn start(&self) -> (&[f64], &[f64]) {
        (&self.a, &self.b)
    }

    /// The closed form of mode `i` (from 0).
    ///
    /// # Errors
    /// No such mode; a start so large that its square is not finite.
    pub fn growth(&self, i: usize) -> Result<Growth> {
        check_mode(i, self.modes())?;
        let half = |x: f64| 0.25 * x * x;
        let (a, b) = (self.a[i], self.b[i]);
        Growth::new(half(a + b), half(a - b), self.target[i], self.variance[i])
    }

    /// The closed form at `times` (ascending).
    ///
    /// # Errors
    /// Times that are negative, not finite or descending.
    pub fn exact(&self, times: &[f64]) -> Result<ModeTrajectory> {
        check_times(times)?;
        let mut strength = Array2::zeros((times.len(), self.modes()));
        for (i, mut column) in strength.columns_mut().into_iter().enumerate() {
            let growth = self.growth(i)?;
            for (x, t) in column.iter_mut().zip(times) {
                *x = growth.theta(*t);
            }
        }
        let imbalance = Array2::from_shape_fn(strength.dim(), |(_, i)| {
            (self.a[i] + self.b[i]) * (self.a[i] - self.b[i])
        });
        Ok(self.trajectory(times.to_vec(), strength, imbalance))
    }

    /// Solves Eq. 3.6 adaptively at `times` (ascending).
    ///
    /// # Errors
    /// Times or tolerances out of range; a solver that gives up.
    pub fn flow(&self, times: &[f64], solver: &Flow) -> Result<ModeTrajectory> {
        let d = self.modes();
        let start = [self.a.as_slice(), &self.b].concat();
        let path = solver.descend(
            |x, gradient| {
                for i in 0..d {
                    let force = self.variance[i] * (x[i] * x[d + i] - self.target[i]);
                    gradient[i] = x[d + i] * force;
                    gradient[d + i] = x[i] * force;
                }
            },
            &start,
            times,
        )?;
        let of = |f: fn(f64, f64) -> f64| {
            Array2::from_shape_fn((times.len(), d), |(k, i)| {
                f(path.states[[k, i]], path.states[[k, d + i]])
            })
        };
        Ok(self.trajectory(
            times.to_vec(),
            of(|a, b| a * b),
            of(|a, b| (a + b) * (a - b)),
        ))
    }

    /// Gradient descent on the population's loss, with uncorrelated inputs.
    ///
    /// # Errors
    /// A learning rate that is not a finite number above 0; a schedule out of range; [`Error::Diverged`] with the step.
    pub fn descend(
        &self,
        learning_rate: f64,
        steps: usize,
        schedule: &Schedule,
    ) -> Result<ModeTrajectory> {
        self.step_with(learning_rate, steps, schedule, |product, force| {
            for (i, f) in force.iter_mut().enumerate() {
                *f = self.variance[i] * (product[i] - self.target[i]);
            }
        })
    }

    /// Gradient descent on the loss of a sample with second moments $\mathbb E[x x^T]$ = `moments` (d × d), where inputs may be correlated:
    /// what the closed form leaves out.
    ///
    /// # Errors
    /// As [`descend`](Self::descend); moments of another size.
    pub fn descend_on(
        &self,
        moments: &Array2<f64>,
        learning_rate: f64,
        steps: usize,
        schedule: &Schedule,
    ) -> Result<ModeTrajectory> {
        let d = self.modes();
        if moments.dim() != (d, d) || moments.iter().any(|x| !x.is_finite()) {
            return Err(Error::setting(
                "moments",
                format!("{} × {} numbers", moments.nrows(), moments.ncols()),
                format!("{d} × {d} finite numbers"),
            ));
        }
        self.step_with(learning_rate, steps, schedule, |product, force| {
            for (f, row) in force.iter_mut().zip(moments.rows()) {
                let errors = product.iter().zip(&self.target).map(|(x, s)| x - s);
                *f = row.iter().zip(errors).map(|(m, e)| m * e).sum();
            }
        })
    }

    /// Steps a and b; `force(ab, out)` writes ∂L/∂(a_i b_i).
    fn step_with(
        &self,
        learning_rate: f64,
        steps: usize,
        schedule: &Schedule,
        mut force: impl FnMut(&[f64], &mut [f64]),
    ) -> Result<ModeTrajectory> {
        check_positive("learning_rate", learning_rate)?;
        schedule.validate("schedule")?;
        let d = self.modes();
        let (mut a, mut b) = (self.a.clone(), self.b.clone());
        let (mut product, mut slope) = (vec![0.0; d], vec![0.0; d]);
        let records = schedule.steps(steps);
        let (mut strength, mut imbalance) = (Vec::new(), Vec::new());
        let mut at = 0;
        for &next in &records {
            for _ in at..next {
                for i in 0..d {
                    product[i] = a[i] * b[i];
                }
                force(&product, &mut slope);
                for i in 0..d {
                    let g = learning_rate * slope[i];
                    (a[i], b[i]) = (a[i] - g * b[i], b[i] - g * a[i]);
                }
            }
            at = next;
            if a.iter().chain(&b).any(|x| !x.is_finite()) {
                return Err(Error::Diverged {
                    what: "the diagonal network".into(),
                    step: at,
                });
            }
            strength.extend(a.iter().zip(&b).map(|(a, b)| a * b));
            imbalance.extend(a.iter().zip(&b).map(|(a, b)| (a + b) * (a - b)));
        }
        let time = records.iter().map(|k| *k as f64 * learning_rate).collect();
        let shaped = |x: Vec<f64>| {
            Array2::from_shape_vec((records.len(), d), x)
                .map_err(|e| Error::Solver(format!("records do not fit: {e}")))
        };
        Ok(self.trajectory(time, shaped(strength)?, shaped(imbalance)?))
    }

    fn trajectory(
        &self,
        time: Vec<f64>,
        strength: Array2<f64>,
        imbalance: Array2<f64>,
    ) -> ModeTrajectory {
        ModeTrajectory {
            time,
            strength,
            imbalance,
            variance: self.variance.clone(),
            target: self.target.clone(),
        }
    }

    /// $\tau_i^{(e)}(\epsilon)$: when $a_i b_i / S_i$ reaches ϵ (Eq. 3.12, here for any start); 0 when it is there at the start, infinite when it never comes there.
    ///
    /// # Errors
    /// No such mode; a mode with $S_i = 0$; ϵ outside (0, 1).
    pub fn emergent_time(&self, i: usize, epsilon: f64) -> Result<f64> {
        check_share("epsilon", epsilon, 1.0)?;
        let growth = self.growth(i)?;
        let target = growth.target();
        if target == 0.0 {
            return Err(Error::setting(
                format!("target[{i}]"),
                target,
                "other than 0: a share of nothing is not reached",
            ));
        }
        if growth.start() / target >= epsilon {
            return Ok(0.0);
        }
        Ok(growth.time_to(epsilon * target).unwrap_or(f64::INFINITY))
    }

    /// $\tau_i^{(s)}(\epsilon)$: from ϵ to 1 − ϵ (Eq. 3.12, here for any start).
    ///
    /// # Errors
    /// As [`emergent_time`](Self::emergent_time); ϵ outside (0, ½).
    pub fn saturation_time(&self, i: usize, epsilon: f64) -> Result<f64> {
        check_share("epsilon", epsilon, 0.5)?;
        Ok(self.emergent_time(i, 1.0 - epsilon)? - self.emergent_time(i, epsilon)?)
    }

    /// The ϵ at which mode `i` saturates just when mode `i + 1` emerges, $\tau_i^{(s)} = \tau_{i+1}^{(e)} - \tau_i^{(e)}$: training is stage-like where it is small.
    ///
    /// $$\epsilon = \frac{1}{1 + K^{(E_i - E_{i+1})/(E_i + E_{i+1})}}, \qquad K = \frac{S}{a(0)b(0)} - 1,\quad E_i = \mathbb E[x_i^2]$$
    ///
    /// NOTE: Eq. 3.13 prints the ratio as a factor of K, with E's exchanged ([`stage_overlap_as_printed`](Self::stage_overlap_as_printed)); it is an exponent.
    ///
    /// # Errors
    /// No such pair of modes; modes with different S or starts, with a ≠ b, or with $a(0)b(0)$ outside (0, S).
    pub fn stage_overlap(&self, i: usize) -> Result<f64> {
        let (k, ratio) = self.pair(i)?;
        Ok(1.0 / (1.0 + k.powf(ratio)))
    }

    /// Eq. 3.13 as printed; not a share between 0 and 1 where K is large.
    ///
    /// # Errors
    /// As [`stage_overlap`](Self::stage_overlap).
    pub fn stage_overlap_as_printed(&self, i: usize) -> Result<f64> {
        let (k, ratio) = self.pair(i)?;
        Ok(1.0 / (1.0 - k * ratio))
    }

    /// K and $(E_i - E_{i+1})/(E_i + E_{i+1})$.
    fn pair(&self, i: usize) -> Result<(f64, f64)> {
        check_mode(i + 1, self.modes())?;
        let (s, start) = (self.target[i], self.a[i] * self.b[i]);
        let same = s == self.target[i + 1]
            && [self.b[i], self.a[i + 1], self.b[i + 1]] == [self.a[i]; 3]
            && start > 0.0
            && start < s;
        if !same {
            return Err(Error::setting(
                format!("start of modes {i} and {}", i + 1),
                format!("a(0)b(0) = {start}, S = {s}"),
                "equal for both, with a = b and 0 < a(0)b(0) < S: Eq. 3.13 is derived for that",
            ));
        }
        let (now, next) = (self.variance[i], self.variance[i + 1]);
        Ok((s / start - 1.0, (now - next) / (now + next)))
    }
}

#[cfg(test)]
mod tests;
