//! Gradient descent with momentum.

use super::check::Check;
use super::rule::{Number, Rule, l2};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// (Stochastic) gradient descent, with momentum, Nesterov's momentum, dampening and L2 weight decay as in PyTorch.
///
/// $$g_t = \nabla L(\theta_{t-1}) + \lambda\theta_{t-1}, \qquad
///   b_t = \mu\, b_{t-1} + (1-\tau)\, g_t \quad (b_1 = g_1), \qquad
///   \theta_t = \theta_{t-1} - \eta\, b_t,$$
///
/// with step size η (`lr`), momentum μ, dampening τ, weight decay λ. Nesterov's form steps along $g_t + \mu b_t$. Without
/// momentum nothing is stored, and the rule is plain gradient descent.
///
/// Source: Polyak (1964); Sutskever, Martens, Dahl, Hinton, *On the importance of initialization and momentum in deep
/// learning*, ICML 2013. Defaults: PyTorch's, `lr` = 1e-3 and everything else off.
///
/// NOTE: η multiplies the velocity (PyTorch, burn), not the gradient inside it (Sutskever et al.); the two differ when η
/// changes during the run. The first velocity is the whole gradient whatever the dampening.
///
/// ```
/// use scurve::optimizer::{Optimizer, Sgd};
/// let mut theta = [1.0, 2.0];
/// let mut state = Optimizer::from(Sgd::new(0.1).momentum(0.5)).flat(2);
/// for _ in 0..2 {
///     let grad = theta; // of L = ½‖θ‖²
///     state.step(&mut theta, &grad)?;
/// }
/// // θ: 1 → .9 → .9 − .1 (.5 · 1 + .9) = .76
/// assert!((theta[0] - 0.76).abs() < 1e-15 && (theta[1] - 1.52).abs() < 1e-15);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// Momentum μ in [0, 1).
    pub momentum: f64,
    /// Dampening τ in [0, 1]; must be 0 with Nesterov's momentum.
    pub dampening: f64,
    /// Whether to step along Nesterov's look-ahead; needs momentum.
    pub nesterov: bool,
    /// L2 penalty λ ≥ 0, added to the gradient.
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            momentum: 0.0,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

impl Sgd {
    /// Plain gradient descent with step size `lr`.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            ..Self::default()
        }
    }

    /// With momentum μ.
    pub fn momentum(self, momentum: f64) -> Self {
        Self { momentum, ..self }
    }

    /// With dampening τ.
    pub fn dampening(self, dampening: f64) -> Self {
        Self { dampening, ..self }
    }

    /// With Nesterov's momentum μ.
    pub fn nesterov(self, momentum: f64) -> Self {
        Self {
            momentum,
            nesterov: true,
            ..self
        }
    }

    /// With L2 weight decay λ.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Self {
            weight_decay,
            ..self
        }
    }

    pub(super) fn check(&self, check: &Check) -> Result<()> {
        check.rate("lr", self.lr)?;
        check.fraction("momentum", self.momentum)?;
        if !(0.0..=1.0).contains(&self.dampening) {
            return check.refuse("dampening", self.dampening, "a number from 0 to 1");
        }
        check.rate("weight_decay", self.weight_decay)?;
        if self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0) {
            return check.refuse(
                "nesterov",
                true,
                "false unless momentum > 0 and dampening = 0",
            );
        }
        Ok(())
    }
}

/// What all coordinates of one step share.
#[derive(Clone, Copy, Debug)]
pub struct SgdStep {
    lr: f64,
    weight_decay: f64,
    momentum: f64,
    /// 1 − τ, but 1 in the first step.
    fresh: f64,
    nesterov: bool,
}

impl SgdStep {
    fn new(sgd: &Sgd, t: u64) -> Self {
        Self {
            lr: sgd.lr,
            weight_decay: sgd.weight_decay,
            momentum: sgd.momentum,
            fresh: if t == 1 { 1.0 } else { 1.0 - sgd.dampening },
            nesterov: sgd.nesterov,
        }
    }
}

/// Without momentum: no state.
impl Rule<0> for Sgd {
    type Constants = SgdStep;

    fn constants(&self, t: u64) -> SgdStep {
        SgdStep::new(self, t)
    }

    #[inline(always)]
    fn update<N: Number>(c: SgdStep, param: N, grad: N, _: [N; 0]) -> (N, [N; 0]) {
        let grad = l2(&param, grad, c.weight_decay);
        (param - grad.scale(c.lr), [])
    }
}

/// With momentum: the state is the velocity b.
impl Rule<1> for Sgd {
    type Constants = SgdStep;

    fn constants(&self, t: u64) -> SgdStep {
        SgdStep::new(self, t)
    }

    #[inline(always)]
    fn update<N: Number>(c: SgdStep, param: N, grad: N, [velocity]: [N; 1]) -> (N, [N; 1]) {
        let grad = l2(&param, grad, c.weight_decay);
        let fresh = if c.fresh == 1.0 {
            grad.clone()
        } else {
            grad.clone().scale(c.fresh)
        };
        let velocity = velocity.scale(c.momentum) + fresh;
        let direction = if c.nesterov {
            grad + velocity.clone().scale(c.momentum)
        } else {
            velocity.clone()
        };
        (param - direction.scale(c.lr), [velocity])
    }
}
