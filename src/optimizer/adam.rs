//! Adam, with the L2 weight decay of PyTorch's class of that name.

use super::check::Check;
use super::rule::{Number, Rule, average, l2, lerp};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Adam: a step along the mean gradient, divided by the root mean square gradient.
///
/// $$g_t = \nabla L(\theta_{t-1}) + \lambda\theta_{t-1}, \quad
///   m_t = \beta_1 m_{t-1} + (1-\beta_1) g_t, \quad
///   v_t = \beta_2 v_{t-1} + (1-\beta_2) g_t^2,$$
/// $$\theta_t = \theta_{t-1} - \eta\,\frac{m_t/(1-\beta_1^t)}{\sqrt{v_t/(1-\beta_2^t)} + \varepsilon}.$$
///
/// Source: Kingma & Ba, *Adam: a method for stochastic optimization*, ICLR 2015, Algorithm 1. Defaults: PyTorch's,
/// `lr` = 1e-3, betas (0.9, 0.999), ε = 1e-8, no weight decay. Betas of 0 are allowed: that is
/// [`SignForm::Adam`](super::SignForm::Adam).
///
/// NOTE: `weight_decay` is the L2 penalty, whose gradient passes through m and v (`torch.optim.Adam`); for decoupled decay
/// see [`AdamW`](super::AdamW). ε is added outside the root, after the bias correction. burn's own Adam has ε = 1e-5 by
/// default, and optax's and Keras' 1e-8 and 1e-7.
///
/// ```
/// use scurve::optimizer::{Adam, Optimizer};
/// let mut theta = [1.0];
/// let mut state = Optimizer::from(Adam::new(0.01)).flat(1);
/// state.step(&mut theta, &[5.0])?;
/// // The first step is η g / (|g| + ε), whatever the betas.
/// assert!((theta[0] - (1.0 - 0.01 * 5.0 / (5.0 + 1e-8))).abs() < 1e-15);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// (β₁, β₂), each in [0, 1).
    pub betas: (f64, f64),
    /// ε ≥ 0.
    pub eps: f64,
    /// L2 penalty λ ≥ 0, added to the gradient.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            betas: (0.9, 0.999),
            eps: 1e-8,
            weight_decay: 0.0,
        }
    }
}

impl Adam {
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

    /// With the L2 penalty λ.
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

/// The part that Adam and AdamW share: both moments, and the step along their ratio.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    beta1: f64,
    beta2: f64,
    eps: f64,
    /// η / (1 − β₁ᵗ).
    step: f64,
    /// 1 / √(1 − β₂ᵗ).
    unbias: f64,
}

impl Moments {
    pub(super) fn new(lr: f64, (beta1, beta2): (f64, f64), eps: f64, t: u64) -> Self {
        Self {
            beta1,
            beta2,
            eps,
            step: lr / (1.0 - beta1.powf(t as f64)),
            unbias: 1.0 / (1.0 - beta2.powf(t as f64)).sqrt(),
        }
    }

    #[inline(always)]
    pub(super) fn descend<N: Number>(self, param: N, grad: N, [m, v]: [N; 2]) -> (N, [N; 2]) {
        let m = lerp(m, grad.clone(), self.beta1);
        let v = average(v, grad.clone() * grad, self.beta2);
        let scale = v.clone().sqrt().scale(self.unbias).shift(self.eps);
        (param - m.clone().scale(self.step) / scale, [m, v])
    }
}

/// The state is (m, v).
impl Rule<2> for Adam {
    type Constants = (Moments, f64);

    fn constants(&self, t: u64) -> Self::Constants {
        (
            Moments::new(self.lr, self.betas, self.eps, t),
            self.weight_decay,
        )
    }

    #[inline(always)]
    fn update<N: Number>(
        (moments, decay): Self::Constants,
        param: N,
        grad: N,
        state: [N; 2],
    ) -> (N, [N; 2]) {
        let grad = l2(&param, grad, decay);
        moments.descend(param, grad, state)
    }
}
