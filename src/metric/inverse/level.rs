//! From what was recorded to levels.

use crate::error::{Error, Result};

/// How a recorded value becomes a level s, from 0 (nothing learned) to 1 (all).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum LevelRule {
    /// It is one.
    #[default]
    Level,
    /// An accuracy: s = (a − chance) / (1 − chance).
    Accuracy {
        /// What guessing reaches.
        chance: f64,
    },
    /// A mean squared error ℓ = ℓ₀ u²: s = 1 − √(ℓ / ℓ₀) with ℓ₀ the first value of the skill (and seed).
    SquaredLoss,
}

impl LevelRule {
    /// By the name of a column: one with `acc` in it is an accuracy, one with `loss` or `mse` a squared loss.
    pub fn of_column(name: &str, chance: f64) -> Self {
        let name = name.to_ascii_lowercase();
        if name.contains("acc") {
            Self::Accuracy { chance }
        } else if name.contains("loss") || name.contains("mse") {
            Self::SquaredLoss
        } else {
            Self::Level
        }
    }

    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Accuracy { chance } if !(0.0..1.0).contains(&chance) => Err(Error::setting(
                "chance",
                chance,
                "a number from 0 to below 1: the accuracy of guessing",
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn level(self, value: f64, first: f64) -> f64 {
        match self {
            Self::Level => value,
            Self::Accuracy { chance } => (value - chance) / (1.0 - chance),
            Self::SquaredLoss => 1.0 - (value.max(0.0) / first).sqrt(),
        }
    }
}
