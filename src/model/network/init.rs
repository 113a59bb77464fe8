//! Laws of initial parameters.

use crate::error::{Error, Result};
use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// The law of a layer's initial weights and biases; fan_in is the number of the layer's inputs.
///
/// | name | weights | biases |
/// |---|---|---|
/// | `torch` | U(±1/√fan_in), PyTorch's default of `Linear` and `Conv2d` | the same |
/// | `normal` | N(0, std²) | the same |
/// | `fan_in` | N(0, gain²/fan_in) | as `torch` |
/// | `standard` | N(0, gain²/fan_in) | 0 |
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Init {
    /// PyTorch's default.
    #[default]
    Torch,
    /// All parameters normal with one standard deviation (the thesis' emergence network).
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// Weights normal and scaled by their number, biases as PyTorch's (the thesis' grokking network: gain 5).
    FanIn {
        /// Standard deviation times √fan_in.
        gain: f64,
    },
    /// Weights normal and scaled by their number, biases 0.
    Standard {
        /// Standard deviation times √fan_in; √2 is He's for ReLU.
        gain: f64,
    },
}

impl Init {
    /// Refuses a negative or infinite width.
    pub(crate) fn validate(&self) -> Result<()> {
        let (name, value) = match self {
            Self::Torch => return Ok(()),
            Self::Normal { std } => ("init.std", *std),
            Self::FanIn { gain } | Self::Standard { gain } => ("init.gain", *gain),
        };
        if value >= 0.0 && value.is_finite() {
            return Ok(());
        }
        Err(Error::setting(name, value, "a finite number ≥ 0"))
    }

    /// Draws the weights, or the biases, of a layer.
    pub(crate) fn fill(&self, place: &mut [f64], fan_in: usize, bias: bool, rng: &mut ChaCha12Rng) {
        let root = (fan_in as f64).sqrt();
        let std = match self {
            Self::Normal { std } => *std,
            Self::FanIn { gain } | Self::Standard { gain } if !bias => gain / root,
            Self::Standard { .. } => 0.0,
            Self::Torch | Self::FanIn { .. } => {
                let uniform = |x: &mut f64| *x = (2.0 * rng.random::<f64>() - 1.0) / root;
                return place.iter_mut().for_each(uniform);
            }
        };
        place.iter_mut().for_each(|x| {
            let z: f64 = StandardNormal.sample(rng);
            *x = std * z;
        });
    }
}
