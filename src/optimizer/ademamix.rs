//! AdEMAMix: Adam with a second, much slower average of gradients.

use super::check::Check;
use super::rule::{Number, Rule, average};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// AdEMAMix: Adam whose numerator mixes a fast and a slow average of gradients.
///
/// $$m^1_t = \beta_1 m^1_{t-1} + (1-\beta_1) g_t, \quad
///   m^2_t = \beta_3(t)\, m^2_{t-1} + (1-\beta_3(t))\, g_t, \quad
///   v_t = \beta_2 v_{t-1} + (1-\beta_2) g_t^2,$$
/// $$\theta_t = \theta_{t-1} - \eta\left(
///   \frac{m^1_t/(1-\beta_1^t) + \alpha(t)\, m^2_t}{\sqrt{v_t/(1-\beta_2^t)} + \varepsilon} + \lambda\theta_{t-1}\right).$$
///
/// The slow average is not corrected for its bias. Optional warm-ups: α(t) = α min(t/T, 1), and β₃(t) from β₁ to β₃ such that
/// its half-life grows linearly, over T steps.
///
/// Source: Pagliardini, Ablin, Grangier, *The AdEMAMix optimizer: better, faster, older*, ICLR 2025, Algorithm 1.
/// Defaults: those of the authors' code, `lr` = 1e-3, betas (0.9, 0.999, 0.9999), α = **2**,
/// ε = 1e-8, no decay, no warm-up.
///
/// NOTE: α is 5 in the paper's text and in other libraries; the code of its authors, and *Physics of Skill Learning* after
/// it, has 2. PyTorch has no AdEMAMix. The half-life of the β₃ warm-up is that of the authors' code, ln ½ / ln(β + 1e-8) − 1.
///
/// ```
/// use scurve::optimizer::{AdEMAMix, Optimizer};
/// let mut theta = [1.0];
/// let mut state = Optimizer::from(AdEMAMix::new(0.01).alpha(5.0)).flat(1);
/// state.step(&mut theta, &[4.0])?;
/// // m¹ = g after its correction, m² = 1e-4 g without one, v = g²:
/// assert!((theta[0] - (1.0 - 0.01 * (1.0 + 5.0 * 1e-4))).abs() < 1e-9);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdEMAMix {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// (β₁, β₂, β₃), each in [0, 1).
    pub betas: (f64, f64, f64),
    /// Weight α ≥ 0 of the slow average.
    pub alpha: f64,
    /// ε ≥ 0.
    pub eps: f64,
    /// Decoupled decay λ ≥ 0.
    pub weight_decay: f64,
    /// Steps over which α grows from 0; 0: no warm-up.
    pub alpha_warmup: u64,
    /// Steps over which β₃ grows from β₁; 0: no warm-up.
    pub beta3_warmup: u64,
}

impl Default for AdEMAMix {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            betas: (0.9, 0.999, 0.9999),
            alpha: 2.0,
            eps: 1e-8,
            weight_decay: 0.0,
            alpha_warmup: 0,
            beta3_warmup: 0,
        }
    }
}

impl AdEMAMix {
    /// The authors' defaults with step size `lr`.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            ..Self::default()
        }
    }

    /// With (β₁, β₂, β₃).
    pub fn betas(self, beta1: f64, beta2: f64, beta3: f64) -> Self {
        Self {
            betas: (beta1, beta2, beta3),
            ..self
        }
    }

    /// With weight α of the slow average.
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
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

    /// With both warm-ups over `steps` steps.
    pub fn warmup(self, steps: u64) -> Self {
        Self {
            alpha_warmup: steps,
            beta3_warmup: steps,
            ..self
        }
    }

    /// (α, β₃) of step `t`.
    pub fn scheduled(&self, t: u64) -> (f64, f64) {
        let (beta1, _, beta3) = self.betas;
        let fraction = |warmup: u64| (t < warmup).then(|| t as f64 / warmup as f64);
        let alpha = fraction(self.alpha_warmup).map_or(self.alpha, |f| f * self.alpha);
        let half_life = |beta: f64| 0.5f64.ln() / (beta + 1e-8).ln() - 1.0;
        let beta3 = fraction(self.beta3_warmup).map_or(beta3, |f| {
            let life = (1.0 - f) * half_life(beta1) + f * half_life(beta3);
            0.5f64.powf(1.0 / (life + 1.0))
        });
        (alpha, beta3)
    }

    pub(super) fn check(&self, check: &Check) -> Result<()> {
        check.rate("lr", self.lr)?;
        check.fraction("betas[0]", self.betas.0)?;
        check.fraction("betas[1]", self.betas.1)?;
        check.fraction("betas[2]", self.betas.2)?;
        check.rate("alpha", self.alpha)?;
        check.rate("eps", self.eps)?;
        check.rate("weight_decay", self.weight_decay)
    }
}

/// What all coordinates of one step share.
#[derive(Clone, Copy, Debug)]
pub struct AdEMAMixStep {
    lr: f64,
    beta1: f64,
    beta2: f64,
    beta3: f64,
    alpha: f64,
    eps: f64,
    weight_decay: f64,
    /// 1 / (1 − β₁ᵗ).
    unbias_mean: f64,
    /// 1 / √(1 − β₂ᵗ).
    unbias_root: f64,
}

/// The state is (m¹, m², v).
impl Rule<3> for AdEMAMix {
    type Constants = AdEMAMixStep;

    fn constants(&self, t: u64) -> AdEMAMixStep {
        let (alpha, beta3) = self.scheduled(t);
        let (beta1, beta2, _) = self.betas;
        AdEMAMixStep {
            lr: self.lr,
            beta1,
            beta2,
            beta3,
            alpha,
            eps: self.eps,
            weight_decay: self.weight_decay,
            unbias_mean: 1.0 / (1.0 - beta1.powf(t as f64)),
            unbias_root: 1.0 / (1.0 - beta2.powf(t as f64)).sqrt(),
        }
    }

    #[inline(always)]
    fn update<N: Number>(
        c: AdEMAMixStep,
        param: N,
        grad: N,
        [fast, slow, v]: [N; 3],
    ) -> (N, [N; 3]) {
        let fast = average(fast, grad.clone(), c.beta1);
        let slow = average(slow, grad.clone(), c.beta3);
        let v = average(v, grad.clone() * grad, c.beta2);
        let scale = v.clone().sqrt().scale(c.unbias_root).shift(c.eps);
        let mean = fast.clone().scale(c.unbias_mean) + slow.clone().scale(c.alpha);
        let mut direction = mean / scale;
        if c.weight_decay != 0.0 {
            direction = direction + param.clone().scale(c.weight_decay);
        }
        (param - direction.scale(c.lr), [fast, slow, v])
    }
}
