//! What a network needs beyond the basis: time, examples and neurons to find each skill function (thesis, §5.2).

use crate::error::{Error, Result};
use crate::task::SkillLaw;
use statrs::distribution::{Binomial, Discrete};

/// The skill strength after training on d examples of a skill that has D_c basis functions, in three forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShotForm {
    /// 𝓡 = S d/D_c: what the definition of 𝓡 (Eq. 4.7) gives for generic basis functions.
    Generic,
    /// 𝓡 = S (1 − √(1 − d/D_c)), Eq. 5.5 as it is printed: it reads 𝓡 off the loss B.42 by Eq. 4.10, ℒ = (S − 𝓡)²/2, which does not hold for an
    /// estimate with components outside g.
    AsPrinted,
    /// 𝓡 = S (1 − (1 − 1/D_c)^d): basis functions $e_l = \sqrt{D_c}\, g\, 1_{\text{cell } l}$, which satisfy Eq. 5.4, too; an example settles
    /// its cell only. Eq. 5.4 alone does not imply Eq. 5.5.
    Cells,
}

impl ShotForm {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::Generic, Self::AsPrinted, Self::Cells];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::AsPrinted => "as_printed",
            Self::Cells => "cells",
        }
    }

    /// 𝓡/S after `count` = d_k examples, for `shots` = D_c.
    ///
    /// ```
    /// use scurve::model::multilinear::ShotForm;
    /// let strengths = ShotForm::ALL.map(|form| form.strength(75.0, 100.0));
    /// assert_eq!(strengths[..2], [0.75, 0.5]);
    /// assert!((strengths[2] - 0.5294).abs() < 1e-4);
    /// ```
    pub fn strength(self, count: f64, shots: f64) -> f64 {
        let share = (count / shots).min(1.0);
        match self {
            Self::Generic => share,
            Self::AsPrinted => 1.0 - (1.0 - share).sqrt(),
            Self::Cells => -(count * (-1.0 / shots).ln_1p()).exp_m1(),
        }
    }
}

/// The extended multilinear model, calibrated on one skill and used for all (Eq. 5.2, 5.5, 5.9).
///
/// | field | symbol | thesis |
/// |---|---|---|
/// | `calibration` | 𝓑², slows time | 1/22 |
/// | `shots` | D_c, examples to find a skill | 800 |
/// | `nodes` | N_c, basis functions (neurons) to express it | 4 |
/// | `scale` | S | 5 |
/// | `rate` | η | 0.05 |
/// | `start` | 𝓡(0) | not given |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extended {
    law: SkillLaw,
    /// S.
    pub scale: f64,
    /// η.
    pub rate: f64,
    /// 𝓡(0).
    pub start: f64,
    /// 𝓑².
    pub calibration: f64,
    /// D_c.
    pub shots: u64,
    /// N_c.
    pub nodes: u64,
}

impl Extended {
    /// With the thesis' calibration 𝓑² = 1/22, D_c = 800, N_c = 4, S = 5, η = 0.05, and 𝓡(0) = `start`.
    ///
    /// # Errors
    /// 𝓡(0) not between 0 and S.
    pub fn published(law: SkillLaw, start: f64) -> Result<Self> {
        let model = Self {
            law,
            scale: 5.0,
            rate: 0.05,
            start,
            calibration: 1.0 / 22.0,
            shots: 800,
            nodes: 4,
        };
        model.validate()?;
        Ok(model)
    }

    /// Refuses what has no meaning, by name.
    ///
    /// # Errors
    /// S, η not > 0; 𝓡(0) not between 0 and S; 𝓑² not in (0, 1]; no shots or nodes.
    pub fn validate(&self) -> Result<()> {
        for (field, value) in [("scale", self.scale), ("rate", self.rate)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::setting(field, value, "a finite number > 0"));
            }
        }
        if !(self.start > 0.0 && self.start < self.scale) {
            return Err(Error::setting(
                "start",
                self.start,
                format!("above 0 and below S = {}", self.scale),
            ));
        }
        if !(self.calibration > 0.0 && self.calibration <= 1.0) {
            return Err(Error::setting(
                "calibration",
                self.calibration,
                "above 0 and at most 1: it slows the model (Eq. 5.1)",
            ));
        }
        for (field, value) in [("shots", self.shots), ("nodes", self.nodes)] {
            if value == 0 {
                return Err(Error::setting(field, 0, "a whole number ≥ 1"));
            }
        }
        Ok(())
    }

    /// The frequencies.
    pub fn law(&self) -> &SkillLaw {
        &self.law
    }

    /// 𝓡_k(T)/S for D, N → ∞, Eq. 5.2: the multilinear model with time slowed by 𝓑².
    pub fn by_time(&self, k: u64, t: f64) -> f64 {
        let e = (-2.0 * self.rate * self.law.p(k) * self.calibration * self.scale * t).exp();
        1.0 / (1.0 + (self.scale / self.start - 1.0) * e)
    }

    /// E 𝓡_k/S for T, N → ∞ after D = `samples` examples of all skills, over d_k ∼ Binomial(D, 𝒫(k)).
    ///
    /// # Errors
    /// More samples than a binomial of f64 can hold.
    pub fn by_data(&self, k: u64, samples: u64, form: ShotForm) -> Result<f64> {
        let p = self.law.p(k);
        let shots = self.shots as f64;
        if form == ShotForm::Cells {
            // E (1 − 1/D_c)^d = (1 − 𝒫/D_c)^D
            return Ok(-(samples as f64 * (-p / shots).ln_1p()).exp_m1());
        }
        let binomial = Binomial::new(p, samples)
            .map_err(|e| Error::setting("samples", samples, format!("a valid count: {e}")))?;
        let mean = p * samples as f64;
        let spread = 12.0 * (mean * (1.0 - p)).sqrt() + 40.0;
        let low = (mean - spread).max(0.0) as u64;
        let high = ((mean + spread) as u64).min(samples);
        let (mut sum, mut weight) = (0.0, 0.0);
        for d in low..=high {
            let share = binomial.pmf(d);
            weight += share;
            sum += share * form.strength(d as f64, shots);
        }
        // The weights are right to 1e-10 each; their sum is 1.
        Ok(sum / weight)
    }

    /// 𝓡_k/S for T, D → ∞ with N = `parameters` basis functions, Eq. 5.9: those of frequent skills come first.
    ///
    /// ```
    /// use scurve::{model::multilinear::Extended, task::SkillLaw};
    /// let model = Extended::published(SkillLaw::new(0.6, 5)?, 1e-3)?;
    /// assert_eq!([1, 2, 3, 4].map(|k| model.by_parameters(k, 10)), [1.0, 1.0, 0.5, 0.0]);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn by_parameters(&self, k: u64, parameters: u64) -> f64 {
        let before = (k.max(1) - 1) * self.nodes;
        let own = parameters.saturating_sub(before).min(self.nodes);
        own as f64 / self.nodes as f64
    }

    /// q and r of Eq. 5.6: the skill that the last basis function belongs to, and how many of its own it has. (0, 0) for no parameters.
    pub fn last_skill(&self, parameters: u64) -> (u64, u64) {
        if parameters == 0 {
            return (0, 0);
        }
        let q = (parameters - 1) / self.nodes + 1;
        (q, parameters - (q - 1) * self.nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::multilinear::DecoupledSkills;

    fn model() -> Extended {
        Extended::published(SkillLaw::new(0.6, 5).unwrap(), 1e-2).unwrap()
    }

    #[test]
    fn slowed_time_is_the_multilinear_model_at_another_rate() {
        let extended = model();
        let plain = DecoupledSkills::multilinear(*extended.law())
            .and_then(|m| m.with_scale(5.0))
            .and_then(|m| m.with_rate(0.05 / 22.0))
            .unwrap();
        for k in 1..=5 {
            for t in [0.0, 100.0, 1e4] {
                let strength = plain.strength(plain.law().p(k), t) / 5.0;
                assert!((extended.by_time(k, t) - strength).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn means_over_the_counts_are_those_of_the_binomial() {
        let extended = model();
        for k in [1, 5] {
            // Far below D_c the mean of d/D_c is 𝒫 D/D_c; far above every form but the cells' is 1.
            let few = extended.by_data(k, 100, ShotForm::Generic).unwrap();
            assert!((few / (100.0 * extended.law().p(k) / 800.0) - 1.0).abs() < 1e-9);
            for form in [ShotForm::Generic, ShotForm::AsPrinted] {
                assert!((extended.by_data(k, 1_000_000, form).unwrap() - 1.0).abs() < 1e-12);
            }
            let draws = (0..2000u64).map(|s| {
                let counts = extended.law().draw(3000, crate::seed::Seed(s)).unwrap();
                ShotForm::Cells.strength(counts.of(k) as f64, 800.0)
            });
            let mean = draws.sum::<f64>() / 2000.0;
            let exact = extended.by_data(k, 3000, ShotForm::Cells).unwrap();
            assert!((mean / exact - 1.0).abs() < 0.01, "{k} {mean} {exact}");
        }
    }

    #[test]
    fn parameters_go_to_frequent_skills_first() {
        let extended = model();
        for n in 0..=20 {
            let all: f64 = (1..=5).map(|k| 4.0 * extended.by_parameters(k, n)).sum();
            assert_eq!(all, n as f64);
            let (q, r) = extended.last_skill(n);
            if n > 0 {
                assert_eq!((q - 1) * 4 + r, n);
                assert_eq!(extended.by_parameters(q, n), r as f64 / 4.0);
            }
        }
    }

    #[test]
    fn bad_settings_are_refused_by_name() {
        let with = |change: fn(&mut Extended)| {
            let mut bad = model();
            change(&mut bad);
            bad.validate().unwrap_err().to_string()
        };
        assert!(with(|m| m.calibration = 1.5).contains("calibration = 1.5"));
        assert!(with(|m| m.calibration = 0.0).contains("calibration = 0"));
        assert!(with(|m| m.shots = 0).contains("shots = 0"));
        assert!(with(|m| m.nodes = 0).contains("nodes = 0"));
        assert!(with(|m| m.start = 5.0).contains("start = 5"));
        assert!(with(|m| m.rate = f64::NAN).contains("rate = NaN"));
    }
}
