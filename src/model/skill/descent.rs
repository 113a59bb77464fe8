//! How a model of skills is trained and what is written down.

use crate::error::{Error, Result};
use crate::optimizer::{Need, Optimizer};
use crate::trace::Schedule;
use serde::{Deserialize, Serialize};

/// A training run: the optimizer, the number of steps and what is recorded.
///
/// ```
/// use scurve::{model::skill::SkillDescent, optimizer::SignGd, trace::Schedule};
/// let descent = SkillDescent::new(SignGd::adam(3e-4), 3_000)
///     .recording(Schedule::Every { steps: 10 })
///     .with_alignment();
/// assert_eq!(descent.optimizer.lr(), 3e-4);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkillDescent {
    /// The update rule.
    pub optimizer: Optimizer,
    /// Number of steps.
    pub steps: usize,
    /// At which steps skills and loss are recorded, each before the step is made.
    pub schedule: Schedule,
    /// Whether n_align is recorded too.
    #[serde(default)]
    pub alignment: bool,
    /// For so many first steps every example is weighted with its own loss, w_i = ℒ_i (§4.3); 0: never.
    #[serde(default)]
    pub weighted_steps: usize,
}

impl SkillDescent {
    /// A run that records every step.
    pub fn new(optimizer: impl Into<Optimizer>, steps: usize) -> Self {
        Self {
            optimizer: optimizer.into(),
            steps,
            schedule: Schedule::Every { steps: 1 },
            alignment: false,
            weighted_steps: 0,
        }
    }

    /// Recording at other steps.
    pub fn recording(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// Recording n_align, the number of gradient-aligned dimensions of each skill (§2.3).
    pub fn with_alignment(self) -> Self {
        Self {
            alignment: true,
            ..self
        }
    }

    /// Weighting every example with its own loss, taken as a constant, for the first `steps` steps: the gradient is that of
    /// $\tfrac1B\sum_i w_i\ell_i$ with $w_i = \ell_i$ (§4.3, "hard tokens").
    pub fn weighting_by_loss(self, steps: usize) -> Self {
        Self {
            weighted_steps: steps,
            ..self
        }
    }

    /// Refuses settings out of range.
    pub fn validate(&self) -> Result<()> {
        self.optimizer
            .validate_for("optimizer", &[Need::Curvature, Need::LookBack])?;
        self.schedule.validate("schedule")?;
        if self.steps == 0 {
            return Err(Error::setting("steps", 0, "a whole number ≥ 1"));
        }
        Ok(())
    }
}
