//! Lion, the evolved sign momentum.

use super::check::Check;
use super::rule::{Number, Rule, average, shrink};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Lion: the sign of one average of gradients, while another is remembered.
///
/// $$\theta_t = (1-\eta\lambda)\,\theta_{t-1} - \eta\,\operatorname{sign}\bigl(\beta_1 m_{t-1} + (1-\beta_1) g_t\bigr),
///   \qquad m_t = \beta_2 m_{t-1} + (1-\beta_2) g_t.$$
///
/// Source: Chen et al., *Symbolic discovery of optimization algorithms*, NeurIPS 2023, Program 1. Defaults: those of the
/// authors' code, `lr` = 1e-4, betas (0.9, 0.99), no weight decay.
///
/// NOTE: PyTorch has no Lion. The decay is decoupled, per step η λ, and acts before the step as in the authors' PyTorch
/// code; optax's default λ is 1e-3. With both betas 0 this is [`SignGd`](super::SignGd) with the exact sign.
///
/// ```
/// use scurve::optimizer::{Lion, Optimizer};
/// let mut theta = [0.0];
/// let mut state = Optimizer::from(Lion::new(0.1)).flat(1);
/// state.step(&mut theta, &[3.0])?; // m = .03
/// state.step(&mut theta, &[-0.1])?; // sign(.9 · .03 − .1 · .1) = +
/// assert_eq!(theta, [-0.2]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lion {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// (β₁, β₂), each in [0, 1).
    pub betas: (f64, f64),
    /// Decoupled decay λ ≥ 0.
    pub weight_decay: f64,
}

impl Default for Lion {
    fn default() -> Self {
        Self {
            lr: 1e-4,
            betas: (0.9, 0.99),
            weight_decay: 0.0,
        }
    }
}

impl Lion {
    /// The authors' defaults with step size `lr`.
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
        check.rate("weight_decay", self.weight_decay)
    }
}

/// The state is m.
impl Rule<1> for Lion {
    type Constants = Self;

    fn constants(&self, _: u64) -> Self {
        *self
    }

    #[inline(always)]
    fn update<N: Number>(c: Self, param: N, grad: N, [m]: [N; 1]) -> (N, [N; 1]) {
        let direction = average(m.clone(), grad.clone(), c.betas.0).sign();
        let param = shrink(param, 1.0 - c.lr * c.weight_decay) - direction.scale(c.lr);
        (param, [average(m, grad, c.betas.1)])
    }
}
