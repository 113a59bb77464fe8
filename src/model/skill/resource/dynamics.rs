//! Euler's steps for any skill dynamics du/dt = f(u).

use super::ResourceTrajectory;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Euler's method, as the authors step the Resource model: Δt = 1, clipped at 0, recorded after the update.
///
/// Record k is at time k Δt from k = 1 when recorded after the update, from k = 0 when before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Euler {
    /// Δt > 0.
    pub dt: f64,
    /// Steps ≥ 1, and as many records.
    pub steps: usize,
    /// Whether a negative unskill is set to 0 after each step.
    pub clip: bool,
    /// When a step is recorded.
    pub recorded: Recorded,
}

/// When a step of [`Euler`] is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// The state before the update: the first record is the start.
    BeforeUpdate,
    /// The state after the update, as in the published code.
    AfterUpdate,
}

impl Euler {
    /// The authors' method for `steps` steps.
    pub fn new(steps: usize) -> Self {
        Self {
            dt: 1.0,
            steps,
            clip: true,
            recorded: Recorded::AfterUpdate,
        }
    }

    /// With another Δt.
    pub fn with_dt(mut self, dt: f64) -> Self {
        self.dt = dt;
        self
    }

    /// With or without clipping.
    pub fn clipped(mut self, clip: bool) -> Self {
        self.clip = clip;
        self
    }

    /// With another time of recording.
    pub fn recording(mut self, recorded: Recorded) -> Self {
        self.recorded = recorded;
        self
    }

    /// Refuses what is out of range.
    pub fn validate(&self) -> Result<()> {
        if !(self.dt > 0.0 && self.dt.is_finite()) {
            return Err(Error::setting("dt", self.dt, "a finite number above 0"));
        }
        if self.steps == 0 {
            return Err(Error::setting("steps", 0, "a whole number ≥ 1"));
        }
        Ok(())
    }
}

/// Steps du/dt = `rates` from `start`; `rates(u, dudt)` writes the second.
pub(in crate::model::skill) fn euler(
    start: &[f64],
    p: &[f64],
    method: &Euler,
    mut rates_at: impl FnMut(&[f64], &mut [f64]),
) -> Result<ResourceTrajectory> {
    method.validate()?;
    let n = start.len();
    let first = match method.recorded {
        Recorded::BeforeUpdate => 0,
        Recorded::AfterUpdate => 1,
    };
    let time = (0..method.steps)
        .map(|k| (k + first) as f64 * method.dt)
        .collect();
    let mut unskill = Vec::with_capacity(method.steps * n);
    let (mut u, mut rates) = (start.to_vec(), vec![0.0; n]);
    for step in 0..method.steps {
        if first == 0 {
            unskill.extend_from_slice(&u);
        }
        rates_at(&u, &mut rates);
        for (u, rate) in u.iter_mut().zip(&rates) {
            *u += method.dt * rate;
            if method.clip {
                *u = u.max(0.0);
            }
        }
        if first == 1 {
            unskill.extend_from_slice(&u);
        }
        // Both a NaN and an infinity end as such in the sum.
        if !(u.iter().sum::<f64>() + rates.iter().sum::<f64>()).is_finite() {
            return Err(Error::Diverged {
                what: "Euler's method".into(),
                step: step + 1,
            });
        }
    }
    ResourceTrajectory::new(time, unskill, p)
}
