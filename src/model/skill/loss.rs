//! The loss of one skill.

use serde::{Deserialize, Serialize};

/// ℒ(s), the loss of a skill at level s; a skill is learned at s = 1 (squared error) or as s → ∞ (cross-entropy).
///
/// Source: *Physics of Skill Learning*, §2.2. The squared error is regression, the cross-entropy is classification with
/// the margin s.
///
/// ```
/// use scurve::model::skill::SkillLoss;
/// assert_eq!(SkillLoss::SquaredError.value(0.0), 1.0);
/// assert_eq!(SkillLoss::SquaredError.slope(0.0), -2.0);
/// assert_eq!(SkillLoss::CrossEntropy.value(0.0), std::f64::consts::LN_2);
/// assert_eq!(SkillLoss::CrossEntropy.value(-800.0), 800.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkillLoss {
    /// $(1-s)^2$.
    #[default]
    SquaredError,
    /// $-\ln\sigma(s) = \ln(1+e^{-s})$.
    CrossEntropy,
}

impl SkillLoss {
    /// ℒ(s), without overflow at any s.
    #[inline]
    pub fn value(self, s: f64) -> f64 {
        match self {
            Self::SquaredError => (1.0 - s) * (1.0 - s),
            Self::CrossEntropy => (-s).max(0.0) + (-s.abs()).exp().ln_1p(),
        }
    }

    /// dℒ/ds: −2(1 − s), or −σ(−s).
    #[inline]
    pub fn slope(self, s: f64) -> f64 {
        match self {
            Self::SquaredError => -2.0 * (1.0 - s),
            // Past s = 709 the exponential is infinite and the slope −0, as it should be.
            Self::CrossEntropy => -1.0 / (1.0 + s.exp()),
        }
    }

    /// d²ℒ/ds²: 2, or σ(s) σ(−s).
    #[inline]
    pub fn curvature(self, s: f64) -> f64 {
        match self {
            Self::SquaredError => 2.0,
            Self::CrossEntropy => {
                let e = (-s.abs()).exp();
                e / ((1.0 + e) * (1.0 + e))
            }
        }
    }

    /// Whether a run may pass here: the skill's loss is finite and not a million times that at the start.
    #[inline]
    pub(super) fn is_bounded(self, s: f64) -> bool {
        match self {
            Self::SquaredError => s.abs() <= 1e3,
            Self::CrossEntropy => (-1e6..f64::INFINITY).contains(&s),
        }
    }
}

/// Which gradient a run follows.
///
/// NOTE: the public code behind Figures 4 to 7 (top) sets the gradient by hand to the mean of −(1 − s) t, half of that of the
/// printed loss (1 − s)². It matters for SGD, whose learning rate it halves, and for Adam's ε; not for signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradientForm {
    /// That of the loss.
    #[default]
    True,
    /// Half of it, as in the published code; for the squared error only.
    Half,
}

impl GradientForm {
    pub(super) fn factor(self) -> f64 {
        match self {
            Self::True => 1.0,
            Self::Half => 0.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_values() {
        for loss in [SkillLoss::SquaredError, SkillLoss::CrossEntropy] {
            for i in -80..=80 {
                let s = 0.37 * f64::from(i);
                let h = 1e-3;
                let value = |by: f64| loss.value(s + by);
                let difference = (8.0 * (value(h) - value(-h))
                    - (value(2.0 * h) - value(-2.0 * h)))
                    / (12.0 * h);
                assert!((difference - loss.slope(s)).abs() < 1e-9, "{loss:?} at {s}");
                let bend = (loss.slope(s + h) - loss.slope(s - h)) / (2.0 * h);
                assert!((bend - loss.curvature(s)).abs() < 1e-7, "{loss:?} at {s}");
            }
        }
    }

    #[test]
    fn the_cross_entropy_is_right_far_out() {
        let loss = SkillLoss::CrossEntropy;
        assert_eq!(loss.value(1e4), 0.0);
        assert_eq!(loss.value(-1e4), 1e4);
        assert_eq!((loss.slope(-1e4), loss.slope(1e4)), (-1.0, -0.0));
        // ln(1 + e^-40) = e^-40 to rounding, which 1 + e^-40 would lose.
        assert!((loss.value(40.0) / (-40f64).exp() - 1.0).abs() < 1e-15);
    }
}
