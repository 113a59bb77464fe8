//! Sign gradient descent.

use super::check::Check;
use super::rule::{Number, Rule};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Which "sign" [`SignGd`] takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignForm {
    /// −1, 0 or 1.
    #[default]
    Exact,
    /// g / (|g| + ε), which is Adam with β₁ = β₂ = 0; the difference shows where |g| is not far above ε.
    Adam,
}

/// Sign gradient descent: every coordinate moves by the step size, whatever the gradient's magnitude.
///
/// $$\theta_t = \theta_{t-1} - \eta\,\operatorname{sign}(g_t)
///   \qquad\text{or}\qquad
///   \theta_t = \theta_{t-1} - \eta\,\frac{g_t}{|g_t| + \varepsilon}.$$
///
/// Source: Riedmiller & Braun (1993); Bernstein et al., *signSGD*, ICML 2018. Liu, Liu, Gore, Tegmark, *Physics of Skill
/// Learning* (2025), use the second form, named [`SignForm::Adam`] here, under the name SignGD: `torch.optim.Adam` with
/// betas (0, 0) and its ε of 1e-8. Defaults: `lr` = 1e-3, exact sign, ε = 1e-8.
///
/// NOTE: the exact sign does not depend on the scale of the loss; the second form does once gradients come down to ε.
///
/// ```
/// use scurve::optimizer::{Optimizer, SignGd};
/// let grad = [1e-8, -3.0, 0.0];
///
/// let mut theta = [0.0; 3];
/// Optimizer::from(SignGd::new(0.1)).flat(3).step(&mut theta, &grad)?;
/// assert_eq!(theta, [-0.1, 0.1, 0.0]);
///
/// let mut theta = [0.0; 3];
/// Optimizer::from(SignGd::adam(0.1)).flat(3).step(&mut theta, &grad)?;
/// assert!((theta[0] + 0.05).abs() < 1e-15 && (theta[1] - 0.1).abs() < 1e-9);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignGd {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// Which sign.
    pub form: SignForm,
    /// ε ≥ 0 of [`SignForm::Adam`]; the exact sign has none.
    pub eps: f64,
}

impl Default for SignGd {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            form: SignForm::Exact,
            eps: 1e-8,
        }
    }
}

impl SignGd {
    /// The exact sign with step size `lr`.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            ..Self::default()
        }
    }

    /// Adam with betas (0, 0) and step size `lr`.
    pub fn adam(lr: f64) -> Self {
        Self {
            lr,
            form: SignForm::Adam,
            ..Self::default()
        }
    }

    /// With ε in the second form.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    pub(super) fn check(&self, check: &Check) -> Result<()> {
        check.rate("lr", self.lr)?;
        check.rate("eps", self.eps)
    }
}

impl Rule<0> for SignGd {
    type Constants = Self;

    fn constants(&self, _: u64) -> Self {
        *self
    }

    #[inline(always)]
    fn update<N: Number>(c: Self, param: N, grad: N, _: [N; 0]) -> (N, [N; 0]) {
        let sign = match c.form {
            SignForm::Exact => grad.sign(),
            SignForm::Adam => grad.clone() / grad.abs().shift(c.eps),
        };
        (param - sign.scale(c.lr), [])
    }
}
