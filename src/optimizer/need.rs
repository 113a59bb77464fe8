//! What a rule needs besides the gradient.

use super::{MarsForm, Optimizer};
use crate::error::{Error, Result};

/// What a rule needs besides the gradient at the present parameters.
///
/// Models that can give it look at [`FlatState::needs`](super::FlatState::needs) before each step; models that cannot refuse the rule
/// beforehand by [`Optimizer::validate_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// An estimate of the Hessian's diagonal at the present parameters ([`Sophia`](super::Sophia)).
    Curvature,
    /// The gradient of the present batch at the parameters before the last step ([`Mars`](super::Mars) in its exact form).
    LookBack,
    /// A parameter that is a matrix ([`Muon`](super::Muon), [`Soap`](super::Soap)): a slice has no left and right side.
    Matrix,
}

impl Need {
    /// In words, for messages.
    pub fn what(self) -> &'static str {
        match self {
            Self::Curvature => "an estimate of the Hessian's diagonal",
            Self::LookBack => "the gradient of the same batch at the parameters before",
            Self::Matrix => "a parameter that is a matrix",
        }
    }

    /// The error of a step without it.
    pub(super) fn missing(self, optimizer: &Optimizer) -> Error {
        let allowed = match self {
            Self::Matrix => "a rule that moves a slice: this one has no meaning but on a matrix; \
                             use `Optimizer::matrix`, or `tensors` for a network"
                .into(),
            _ => format!(
                "given {} by `supply` before this step: ask `needs` before every step",
                self.what()
            ),
        };
        Error::setting("optimizer.kind", optimizer.name(), allowed)
    }
}

impl Optimizer {
    /// What the rule needs, at some steps at least, besides the gradient.
    pub fn need(&self) -> Option<Need> {
        match self {
            Self::Sophia(_) => Some(Need::Curvature),
            Self::Mars(o) if o.form == MarsForm::Exact => Some(Need::LookBack),
            Self::Muon(_) | Self::Soap(_) => Some(Need::Matrix),
            _ => None,
        }
    }

    /// What step number `steps` + 1 needs.
    pub(super) fn need_after(&self, steps: u64) -> Option<Need> {
        match self {
            Self::Sophia(o) if !steps.is_multiple_of(o.interval) => None,
            // x₁ = x₀: at the first step both gradients are the same.
            Self::Mars(_) if steps == 0 => None,
            _ => self.need(),
        }
    }

    /// Refuses hyper-parameters out of range, and rules that need what a model does not give, under the path `path`.
    ///
    /// ```
    /// use scurve::optimizer::{Muon, Need, Optimizer, Sophia};
    /// let sophia = Optimizer::from(Sophia::new(0.1));
    /// assert!(sophia.validate_for("optimizer", &[Need::Curvature]).is_ok());
    /// assert!(sophia.validate_for("optimizer", &[]).unwrap_err().to_string().contains("Hessian"));
    /// let muon = Optimizer::from(Muon::new(0.1));
    /// assert!(muon.validate_for("optimizer", &[]).unwrap_err().to_string().contains("a matrix"));
    /// ```
    pub fn validate_for(&self, path: &str, gives: &[Need]) -> Result<()> {
        self.validate_as(path)?;
        match self.need() {
            Some(need) if !gives.contains(&need) => Err(Error::setting(
                format!("{path}.kind"),
                self.name(),
                format!(
                    "another rule: this one needs {}, which this model has not",
                    need.what()
                ),
            )),
            _ => Ok(()),
        }
    }
}
