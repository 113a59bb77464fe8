//! Sophia: clipped steps along the mean gradient over the curvature.

use super::check::Check;
use super::rule::{Number, Rule, average, shrink};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Sophia: a step along the mean gradient, divided by the mean curvature, at most η in each coordinate.
///
/// $$m_t = \beta_1 m_{t-1} + (1-\beta_1) g_t, \qquad
///   h_t = \begin{cases}\beta_2 h_{t-k} + (1-\beta_2)\,\hat h_t & t \bmod k = 1\\ h_{t-1} & \text{else,}\end{cases}$$
/// $$\theta_t = (1-\eta\lambda)\,\theta_{t-1} -
///   \eta\,\operatorname{clip}\!\left(\frac{m_t}{\max\{\gamma h_t, \varepsilon\}},\, 1\right),
///   \qquad \operatorname{clip}(x, 1) = \max(\min(x, 1), -1).$$
///
/// ĥ is an estimate of the Hessian's diagonal. It is not the rule's business where it comes from: the model, or the caller, gives it to
/// [`FlatState::supply`](super::FlatState::supply) whenever [`needs`](super::FlatState::needs) says so, at steps 1, k + 1, 2k + 1 …:
///
/// | name | ĥ | from |
/// |---|---|---|
/// | exact | diag ∇²L | a model whose Hessian is known, as the toy models here |
/// | Hutchinson (Sophia-H) | u ⊙ (∇²L u), u ~ N(0, I) | a Hessian–vector product |
/// | Gauss–Newton–Bartlett (Sophia-G) | B ĝ ⊙ ĝ | the gradient ĝ of the mean loss of a batch of B with labels drawn from the model's own output |
///
/// The first two estimate the same diagonal, so Sophia-H and Sophia-G differ in ĥ and in γ alone: [`Sophia::new`] has the γ of Sophia-H,
/// [`Sophia::gauss_newton`] that of Sophia-G. Where h ≤ 0 (no curvature seen, or a negative one) the step is η sign(m).
///
/// Source: Liu, Li, Hall, Liang & Ma, *Sophia: a scalable stochastic second-order optimizer for language model pre-training*, ICLR 2024,
/// Algorithm 3. Defaults: the paper's, betas (0.96, 0.99), γ = 0.01 (H) or 0.05 (G), ε = 1e-12, k = 10, λ = 0.2; step size 1e-4 as in the authors' code.
///
/// NOTE: the authors' code has betas (0.965, 0.99), γ = 0.04 (there called ρ), λ = 0.1, adds 1e-15 where the paper has max{·, ε}, and multiplies
/// by B at the step and not in ĥ; h starts at 0 and its bias is not corrected, so the first hundreds of steps are steps of sign.
///
/// ```
/// use scurve::optimizer::{Optimizer, Sophia};
/// // L = ½ Σ hᵢ θᵢ²: with an exact diagonal, both coordinates go at one pace.
/// let h = [1.0, 100.0];
/// let mut theta = [1.0, 1.0];
/// let mut state = Optimizer::from(Sophia::new(0.01).weight_decay(0.0)).flat(2);
/// for _ in 0..50 {
///     if state.needs().is_some() {
///         state.supply(&h)?;
///     }
///     let grad = [h[0] * theta[0], h[1] * theta[1]];
///     state.step(&mut theta, &grad)?;
/// }
/// assert!((theta[0] - theta[1]).abs() < 1e-12 && theta[0] < 0.55);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sophia {
    /// Step size η ≥ 0, also the largest step of a coordinate.
    pub lr: f64,
    /// (β₁, β₂), each in [0, 1).
    pub betas: (f64, f64),
    /// γ > 0: the curvature counts γ-fold, so that a share of the coordinates is clipped.
    pub gamma: f64,
    /// ε > 0, the least denominator.
    pub eps: f64,
    /// Decoupled decay λ ≥ 0.
    pub weight_decay: f64,
    /// k ≥ 1: steps from one estimate of the curvature to the next.
    pub interval: u64,
}

impl Default for Sophia {
    fn default() -> Self {
        Self {
            lr: 1e-4,
            betas: (0.96, 0.99),
            gamma: 0.01,
            eps: 1e-12,
            weight_decay: 0.2,
            interval: 10,
        }
    }
}

impl Sophia {
    /// Sophia-H's defaults with step size `lr`.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            ..Self::default()
        }
    }

    /// Sophia-G's defaults, γ = 0.05, with step size `lr`.
    pub fn gauss_newton(lr: f64) -> Self {
        Self::new(lr).gamma(0.05)
    }

    /// With (β₁, β₂).
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        Self {
            betas: (beta1, beta2),
            ..self
        }
    }

    /// With γ.
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

    /// With k steps from one estimate of the curvature to the next.
    pub fn interval(self, interval: u64) -> Self {
        Self { interval, ..self }
    }

    pub(super) fn check(&self, check: &Check) -> Result<()> {
        check.rate("lr", self.lr)?;
        check.fraction("betas[0]", self.betas.0)?;
        check.fraction("betas[1]", self.betas.1)?;
        check.positive("gamma", self.gamma)?;
        check.positive("eps", self.eps)?;
        check.rate("weight_decay", self.weight_decay)?;
        if self.interval == 0 {
            return check.refuse("interval", 0, "a whole number ≥ 1");
        }
        Ok(())
    }

    /// The new h, given an estimate ĥ.
    #[inline(always)]
    pub(super) fn refreshed<N: Number>(&self, h: N, estimate: N) -> N {
        average(h, estimate, self.betas.1)
    }
}

/// The state is (m, h); h changes by a new estimate only.
impl Rule<2> for Sophia {
    type Constants = Self;

    fn constants(&self, _: u64) -> Self {
        *self
    }

    #[inline(always)]
    fn update<N: Number>(c: Self, param: N, grad: N, [m, h]: [N; 2]) -> (N, [N; 2]) {
        let m = average(m, grad, c.betas.0);
        let ratio = m.clone() / h.clone().scale(c.gamma).at_least(c.eps);
        let step = ratio.at_least(-1.0).at_most(1.0);
        let param = shrink(param, 1.0 - c.lr * c.weight_decay) - step.scale(c.lr);
        (param, [m, h])
    }
}
