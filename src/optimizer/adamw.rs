//! Adam with decoupled weight decay.

use super::adam::Moments;
use super::check::Check;
use super::rule::{Number, Rule, shrink};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Adam with weight decay that does not pass through the moments.
///
/// $$\theta' = (1-\eta\lambda)\,\theta_{t-1}, \qquad
///   \theta_t = \theta' - \eta\,\frac{m_t/(1-\beta_1^t)}{\sqrt{v_t/(1-\beta_2^t)} + \varepsilon},$$
///
/// with m and v as in [`Adam`](super::Adam), of the gradient alone.
///
/// Source: Loshchilov & Hutter, *Decoupled weight decay regularization*, ICLR 2019, Algorithm 2. Defaults: PyTorch's,
/// `lr` = 1e-3, betas (0.9, 0.999), ε = 1e-8, λ = **0.01**.
///
/// NOTE: as in PyTorch the decay per step is η λ; in the paper it is λ times the schedule multiplier alone. burn's AdamW has
/// λ = 1e-4 and ε = 1e-5 by default, optax's λ = 1e-4.
///
/// ```
/// use scurve::optimizer::{AdamW, Optimizer};
/// let mut theta = [1.0];
/// let mut state = Optimizer::from(AdamW::new(0.1).weight_decay(0.5)).flat(1);
/// state.step(&mut theta, &[0.0])?;
/// assert!((theta[0] - 0.95).abs() < 1e-15); // no gradient: the decay alone
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// (β₁, β₂), each in [0, 1).
    pub betas: (f64, f64),
    /// ε ≥ 0.
    pub eps: f64,
    /// Decoupled decay λ ≥ 0.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            betas: (0.9, 0.999),
            eps: 1e-8,
            weight_decay: 1e-2,
        }
    }
}

impl AdamW {
    /// PyTorch's defaults with step size `lr`.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            ..Self::default()
        }
    }

    /// With (β₁, β₂).
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        Self {
            betas: (beta1, beta2),
            ..self
        }
    }

    /// With ε.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// With decoupled decay λ.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Self {
            weight_decay,
            ..self
        }
    }

    pub(super) fn check(&self, check: &Check) -> Result<()> {
        check.rate("lr", self.lr)?;
        check.fraction("betas[0]", self.betas.0)?;
        check.fraction("betas[1]", self.betas.1)?;
        check.rate("eps", self.eps)?;
        check.rate("weight_decay", self.weight_decay)
    }
}

/// The state is (m, v).
impl Rule<2> for AdamW {
    type Constants = (Moments, f64);

    fn constants(&self, t: u64) -> Self::Constants {
        let keep = 1.0 - self.lr * self.weight_decay;
        (Moments::new(self.lr, self.betas, self.eps, t), keep)
    }

    #[inline(always)]
    fn update<N: Number>(
        (moments, keep): Self::Constants,
        param: N,
        grad: N,
        state: [N; 2],
    ) -> (N, [N; 2]) {
        moments.descend(shrink(param, keep), grad, state)
    }
}
