//! What modes leave behind, and the single-layer model whose modes do not wait for each other.

use super::growth::{check_positive, check_target};
use crate::error::{Error, Result};
use crate::optimizer::check_times;
use crate::table::Table;
use ndarray::Array2;

/// Mode strengths over time: $a_i b_i$ of a diagonal net, $u_i^T W_1 W_2 v_i$ of a deep one, $\theta_i$ of a linear model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeTrajectory {
    /// Times; of a descent, step × learning rate.
    pub time: Vec<f64>,
    /// Mode strengths, T × d, in the units of the target.
    pub strength: Array2<f64>,
    /// The conserved $a_i^2 - b_i^2$ (Eq. 3.8), T × d; no columns for a model without a second layer.
    pub imbalance: Array2<f64>,
    /// $\mathbb E[x_i^2]$.
    pub variance: Vec<f64>,
    /// $S_i$, where the strengths end.
    pub target: Vec<f64>,
}

impl ModeTrajectory {
    /// Strengths over their targets.
    pub fn share(&self) -> Array2<f64> {
        let mut share = self.strength.clone();
        for mut row in share.rows_mut() {
            row.iter_mut().zip(&self.target).for_each(|(x, s)| *x /= s);
        }
        share
    }

    /// $\tfrac12 \sum_i \mathbb E[x_i^2] (S_i - a_i b_i)^2$, for uncorrelated inputs (Eq. 3.2).
    pub fn loss(&self) -> Vec<f64> {
        let weights = || self.variance.iter().zip(&self.target);
        let rows = self.strength.rows().into_iter();
        rows.map(|row| {
            let parts = row.iter().zip(weights());
            parts
                .map(|(x, (v, s))| 0.5 * v * (s - x).powi(2))
                .sum::<f64>()
        })
        .collect()
    }

    /// When mode `i` first has the share `level` of its target, between two records by a straight line; NaN when it never has.
    pub fn time_to(&self, i: usize, level: f64) -> f64 {
        let share = self.strength.column(i).mapv(|x| x / self.target[i]);
        match share.iter().position(|x| *x >= level) {
            Some(0) => self.time[0],
            Some(k) => {
                let part = (level - share[k - 1]) / (share[k] - share[k - 1]);
                self.time[k - 1] + part * (self.time[k] - self.time[k - 1])
            }
            None => f64::NAN,
        }
    }

    /// The largest change of a conserved quantity from its first value; 0 where there is none.
    pub fn drift(&self) -> f64 {
        let rows = self.imbalance.rows().into_iter();
        let first = self.imbalance.row(0);
        rows.flat_map(|row| {
            let pairs = row.iter().zip(first).map(|(x, y)| (x - y).abs());
            pairs.collect::<Vec<_>>()
        })
        .fold(0.0, f64::max)
    }

    /// One row for each time and mode (from 1): `t`, `mode`, `strength`, `share`.
    pub fn table(&self) -> Result<Table> {
        let share = self.share();
        let keys = || share.indexed_iter().map(|(at, _)| at);
        Table::new()
            .with("t", keys().map(|(k, _)| self.time[k]).collect::<Vec<_>>())?
            .with("mode", keys().map(|(_, i)| i + 1).collect::<Vec<_>>())?
            .with(
                "strength",
                self.strength.iter().copied().collect::<Vec<_>>(),
            )?
            .with("share", share.iter().copied().collect::<Vec<_>>())
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}

/// The linear model beside the layerwise ones (Eq. 3.5, 3.7): $f = \sum_i x_i \theta_i$, each mode at its own pace from t = 0.
///
/// $$\frac{d\theta_i}{dt} = -\mathbb E[x_i^2]\,(\theta_i - S_i), \qquad
///   \theta_i(t) = S_i + (\theta_i(0) - S_i)\, e^{-\mathbb E[x_i^2] t} \quad (3.10) .$$
///
/// ```
/// use scurve::model::layerwise::LinearModes;
/// let model = LinearModes::new(&[1.0, 0.5], &[2.0, 1.0])?;
/// let run = model.exact(&[0.0, 1.0])?;
/// assert!((run.strength[[1, 0]] - 2.0 * (1.0 - (-1.0f64).exp())).abs() < 1e-15);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LinearModes {
    variance: Vec<f64>,
    target: Vec<f64>,
    start: Vec<f64>,
}

impl LinearModes {
    /// From $\mathbb E[x_i^2] > 0$ and S, with θ(0) = 0.
    ///
    /// # Errors
    /// No modes, lists of two lengths, a number out of its range.
    pub fn new(variance: &[f64], target: &[f64]) -> Result<Self> {
        check_modes(variance, target)?;
        Ok(Self {
            variance: variance.to_vec(),
            target: target.to_vec(),
            start: vec![0.0; target.len()],
        })
    }

    /// Sets θ(0).
    ///
    /// # Errors
    /// Another number of them than of modes; one that is not finite.
    pub fn with_start(mut self, theta: &[f64]) -> Result<Self> {
        check_start("theta", theta, self.target.len())?;
        self.start = theta.to_vec();
        Ok(self)
    }

    /// Eq. 3.10 at `times` (ascending).
    ///
    /// # Errors
    /// Times that are negative, not finite or descending.
    pub fn exact(&self, times: &[f64]) -> Result<ModeTrajectory> {
        check_times(times)?;
        let d = self.target.len();
        let strength = Array2::from_shape_fn((times.len(), d), |(k, i)| {
            let moved = -(-self.variance[i] * times[k]).exp_m1();
            self.start[i] + (self.target[i] - self.start[i]) * moved
        });
        Ok(ModeTrajectory {
            time: times.to_vec(),
            strength,
            imbalance: Array2::zeros((times.len(), 0)),
            variance: self.variance.clone(),
            target: self.target.clone(),
        })
    }

    /// When mode `i` (from 0) has the share `level` of the way from θ(0) to its target.
    ///
    /// # Errors
    /// No such mode; a level outside (0, 1).
    pub fn time_to(&self, i: usize, level: f64) -> Result<f64> {
        check_mode(i, self.target.len())?;
        check_share("level", level, 1.0)?;
        Ok(-(-level).ln_1p() / self.variance[i])
    }
}

/// Modes have a variance and a target each.
pub(super) fn check_modes(variance: &[f64], target: &[f64]) -> Result<()> {
    if variance.is_empty() || variance.len() != target.len() {
        return Err(Error::setting(
            "target",
            format!("{} targets for {} variances", target.len(), variance.len()),
            "one for each variance, and at least one",
        ));
    }
    for (i, v) in variance.iter().enumerate() {
        check_positive(&format!("variance[{i}]"), *v)?;
    }
    for (i, s) in target.iter().enumerate() {
        check_target(&format!("target[{i}]"), *s)?;
    }
    Ok(())
}

pub(super) fn check_start(field: &str, start: &[f64], modes: usize) -> Result<()> {
    if start.len() != modes {
        return Err(Error::setting(
            field,
            format!("{} numbers", start.len()),
            format!("one for each of the {modes} modes"),
        ));
    }
    for (i, x) in start.iter().enumerate() {
        check_target(&format!("{field}[{i}]"), *x)?;
    }
    Ok(())
}

pub(super) fn check_mode(i: usize, modes: usize) -> Result<()> {
    if i < modes {
        return Ok(());
    }
    Err(Error::setting(
        "mode",
        i,
        format!("a mode from 0 to {}", modes - 1),
    ))
}

pub(super) fn check_share(field: &str, value: f64, below: f64) -> Result<()> {
    if value > 0.0 && value < below {
        return Ok(());
    }
    Err(Error::setting(
        field,
        value,
        format!("a number between 0 and {below}"),
    ))
}
