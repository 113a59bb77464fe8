//! MARS: AdamW on a gradient whose variance is reduced.

use super::adam::Moments;
use super::check::Check;
use super::real::Real;
use super::rule::{Number, Rule, shrink};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Which earlier gradient [`Mars`] compares with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarsForm {
    /// ∇f(θ_{t−1}, ξ_{t−1}): the gradient of the step before, on its own batch. Needs nothing more than a gradient a step.
    #[default]
    Approximate,
    /// ∇f(θ_{t−1}, ξ_t): the gradient of the present batch at the parameters before the last step; a second gradient a step, which the model
    /// or the caller gives to [`FlatState::supply`](super::FlatState::supply).
    Exact,
}

/// MARS in its AdamW form: the gradient is corrected by its own change, then scaled as in AdamW.
///
/// $$c_t = g_t + \gamma\,\frac{\beta_1}{1-\beta_1}\,(g_t - g'_t), \qquad
///   \tilde c_t = c_t / \max(1, \lVert c_t\rVert_2),$$
/// $$m_t = \beta_1 m_{t-1} + (1-\beta_1)\tilde c_t, \quad v_t = \beta_2 v_{t-1} + (1-\beta_2)\tilde c_t^2, \quad
///   \theta_t = (1-\eta\lambda)\theta_{t-1} - \eta\,\frac{m_t/(1-\beta_1^t)}{\sqrt{v_t/(1-\beta_2^t)} + \varepsilon},$$
///
/// where g_t = ∇f(θ_{t−1}; ξ_t), the gradient of the step, and g′_t is the earlier gradient that [`MarsForm`] names; g′₁ = g₁.
///
/// Source: Yuan, Liu, Wu, Zhou & Gu, *MARS: unleashing the power of variance reduction for training large models*, 2024, Algorithm 2
/// (MARS-AdamW). Defaults: those of the authors' code, `lr` = 3e-3, betas (0.95, 0.99), γ = 0.025, ε = 1e-8, λ = 0, clipped, approximate.
///
/// NOTE: the norm is over the whole parameter (here: the whole slice, or one tensor), so a clipped MARS is not a coordinate-wise rule and
/// independent runs cannot share one slice; without [`clip`](Self::clip) they can. The authors' code applies MARS to
/// matrices alone by default and leaves vectors to AdamW with betas (0.9, 0.95) and λ = 0.1 (`optimize_1d`); and it takes g′₁ = 0, so that its first c is
/// 1 + γ β₁/(1−β₁) times the gradient.
///
/// ```
/// use scurve::optimizer::{Mars, Optimizer};
/// let mut theta = [1.0];
/// let mut state = Optimizer::from(Mars::new(0.01)).flat(1);
/// state.step(&mut theta, &[5.0])?;
/// // The first step is η, as Adam's.
/// assert!((theta[0] - 0.99).abs() < 1e-9);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mars {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// (β₁, β₂), each in [0, 1).
    pub betas: (f64, f64),
    /// Strength γ ≥ 0 of the correction.
    pub gamma: f64,
    /// ε ≥ 0.
    pub eps: f64,
    /// Decoupled decay λ ≥ 0.
    pub weight_decay: f64,
    /// Whether a corrected gradient longer than 1 is scaled to length 1.
    pub clip: bool,
    /// Which earlier gradient.
    pub form: MarsForm,
}

impl Default for Mars {
    fn default() -> Self {
        Self {
            lr: 3e-3,
            betas: (0.95, 0.99),
            gamma: 0.025,
            eps: 1e-8,
            weight_decay: 0.0,
            clip: true,
            form: MarsForm::Approximate,
        }
    }
}

impl Mars {
    /// The authors' defaults with step size `lr`.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            ..Self::default()
        }
    }

    /// The same with the gradient of the present batch at the parameters before.
    pub fn exact(lr: f64) -> Self {
        Self {
            form: MarsForm::Exact,
            ..Self::new(lr)
        }
    }

    /// With (β₁, β₂).
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        Self {
            betas: (beta1, beta2),
            ..self
        }
    }

    /// With strength γ of the correction.
    pub fn gamma(self, gamma: f64) -> Self {
        Self { gamma, ..self }
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

    /// With or without the clip.
    pub fn clip(self, clip: bool) -> Self {
        Self { clip, ..self }
    }

    pub(super) fn check(&self, check: &Check) -> Result<()> {
        check.rate("lr", self.lr)?;
        check.fraction("betas[0]", self.betas.0)?;
        check.fraction("betas[1]", self.betas.1)?;
        check.rate("gamma", self.gamma)?;
        check.rate("eps", self.eps)?;
        check.rate("weight_decay", self.weight_decay)
    }

    /// c, before the clip.
    #[inline(always)]
    pub(super) fn corrected<N: Number>(&self, grad: N, before: N) -> N {
        let weight = self.gamma * (self.betas.0 / (1.0 - self.betas.0));
        (grad.clone() - before).scale(weight) + grad
    }

    /// c̃ of a whole slice into `corrected`, with g′ in `before`.
    pub(super) fn correct<T: Real>(&self, grads: &[T], before: &[T], corrected: &mut [T]) {
        for ((c, g), b) in corrected.iter_mut().zip(grads).zip(before) {
            *c = self.corrected(*g, *b);
        }
        let squares = corrected.iter().map(|c| c.to_f64() * c.to_f64());
        let norm = squares.sum::<f64>().sqrt();
        if self.clip && norm > 1.0 {
            let norm = T::from_f64(norm);
            corrected.iter_mut().for_each(|c| *c = *c / norm);
        }
    }
}

/// The rule for a gradient that is corrected already. The state is (m, v); a third slot holds g′.
impl Rule<2> for Mars {
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
