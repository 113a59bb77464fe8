//! The multilinear model and the linear model beside it: every skill on its own.

use super::response::Response;
use super::sum::{Bounded, SkillSum};
use crate::error::{Error, Result};
use crate::task::{SkillCounts, SkillLaw};
use ndarray::Array2;

/// How the strength of a skill comes about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SkillGrowth {
    /// $\mathcal R_k = a_k b_k$ with a_k(0) = b_k(0) (Eq. 4.9): a sigmoid in time.
    Multilinear {
        /// 𝓡(0), in (0, S).
        start: f64,
    },
    /// $\mathcal R_k = w_k$ with w_k(0) = 0 (Eq. C.3): an exponential.
    Linear,
}

/// A model that has the skill functions g_k as its basis, so that skills do not disturb each other (thesis, §4.2.3 and App. C.2).
///
/// $f = \sum_{k \le N} \mathcal R_k\, g_k$ under gradient flow on ½ MSE, with d_k of D examples of skill k:
/// $$\frac{\mathcal R_k(T)}{S} = \frac{1}{1 + (S/\mathcal R_k(0) - 1)\, e^{-2\eta \frac{d_k}{D} S T}} \quad\text{(4.11)}, \qquad
///   \frac{\mathcal R_k(T)}{S} = 1 - e^{-\eta \frac{d_k}{D} T} \quad\text{(C.4, linear)},$$
/// and $\mathcal L = \sum_k \mathcal P_s(k)\, \tfrac12 (S - \mathcal R_k)^2$ (Eq. 4.17).
///
/// | field | symbol | at first |
/// |---|---|---|
/// | [`scale`](Self::with_scale) | S, the target's scale | 1 |
/// | [`rate`](Self::with_rate) | η; T counts steps of it | 1 |
/// | [`SkillGrowth`] | 𝓡(0) = a(0)b(0) | 0.01, from a = b = 0.1 |
///
/// These are the settings of the published theory curves. [`loss`](Self::loss), [`loss_of_data`](Self::loss_of_data) and
/// [`loss_of_parameters`](Self::loss_of_parameters) hold for any number of skills, infinitely many among them, and cost microseconds.
///
/// ```
/// use scurve::{model::multilinear::DecoupledSkills, task::SkillLaw};
/// let model = DecoupledSkills::multilinear(SkillLaw::infinite(0.6)?)?;
/// let (early, late) = (model.loss(1e4, None)?.value, model.loss(1e6, None)?.value);
/// let exponent = (early / late).ln() / 100f64.ln();
/// assert!((exponent - 0.6 / 1.6).abs() < 1e-6);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DecoupledSkills {
    sum: SkillSum,
    growth: SkillGrowth,
    scale: f64,
    rate: f64,
}

impl DecoupledSkills {
    /// The multilinear model with S = 1, η = 1, 𝓡(0) = 0.01.
    ///
    /// # Errors
    /// An α for which there is no quadrature rule; no [`SkillLaw`] has one.
    pub fn multilinear(law: SkillLaw) -> Result<Self> {
        Self::new(law, SkillGrowth::Multilinear { start: 0.01 })
    }

    /// The linear model with S = 1, η = 1, w(0) = 0.
    ///
    /// # Errors
    /// As [`multilinear`](Self::multilinear).
    pub fn linear(law: SkillLaw) -> Result<Self> {
        Self::new(law, SkillGrowth::Linear)
    }

    fn new(law: SkillLaw, growth: SkillGrowth) -> Result<Self> {
        Ok(Self {
            sum: SkillSum::new(law)?,
            growth,
            scale: 1.0,
            rate: 1.0,
        })
    }

    /// Sets S.
    ///
    /// # Errors
    /// S not finite and > 0, or not above 𝓡(0).
    pub fn with_scale(mut self, scale: f64) -> Result<Self> {
        let start = match self.growth {
            SkillGrowth::Multilinear { start } => start,
            SkillGrowth::Linear => 0.0,
        };
        if !(scale > start && scale.is_finite()) {
            return Err(Error::setting(
                "scale",
                scale,
                format!("a finite number above R(0) = {start}"),
            ));
        }
        self.scale = scale;
        Ok(self)
    }

    /// Sets 𝓡(0) of the multilinear model.
    ///
    /// # Errors
    /// Not between 0 and S, both excluded; a linear model, which starts at 0.
    pub fn with_start(mut self, start: f64) -> Result<Self> {
        if self.growth == SkillGrowth::Linear {
            return Err(Error::setting(
                "start",
                start,
                "left out: the linear model starts at 0",
            ));
        }
        if !(start > 0.0 && start < self.scale) {
            return Err(Error::setting(
                "start",
                start,
                format!("above 0, where nothing grows, and below S = {}", self.scale),
            ));
        }
        self.growth = SkillGrowth::Multilinear { start };
        Ok(self)
    }

    /// Sets η.
    ///
    /// # Errors
    /// Not finite and > 0.
    pub fn with_rate(mut self, rate: f64) -> Result<Self> {
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(Error::setting("rate", rate, "a finite number > 0"));
        }
        self.rate = rate;
        Ok(self)
    }

    /// The frequencies.
    pub fn law(&self) -> &SkillLaw {
        self.sum.law()
    }

    /// How strengths come about.
    pub fn growth(&self) -> SkillGrowth {
        self.growth
    }

    /// S.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// η.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// 𝓡(0): 0 for the linear model.
    pub fn start(&self) -> f64 {
        match self.growth {
            SkillGrowth::Multilinear { start } => start,
            SkillGrowth::Linear => 0.0,
        }
    }

    pub(super) fn skill_sum(&self) -> &SkillSum {
        &self.sum
    }

    /// What turns 𝒫 T into z of the response.
    pub(super) fn speed(&self) -> f64 {
        match self.growth {
            SkillGrowth::Multilinear { .. } => 2.0 * self.rate * self.scale,
            SkillGrowth::Linear => 2.0 * self.rate,
        }
    }

    pub(super) fn response(&self) -> Response {
        let half = 0.5 * self.scale * self.scale;
        match self.growth {
            SkillGrowth::Multilinear { start } => Response::Sigmoid {
                half,
                c: start / (self.scale - start),
            },
            SkillGrowth::Linear => Response::Exponential { half },
        }
    }

    /// 𝓡(T) of a skill whose share of the examples is `share` = d_k/D (𝒫(k) with infinite data), at the time `t`, which may be infinite.
    ///
    /// ```
    /// use scurve::{model::multilinear::DecoupledSkills, task::SkillLaw};
    /// let model = DecoupledSkills::multilinear(SkillLaw::new(0.6, 5)?)?;
    /// assert!((model.strength(0.3, 0.0) - 0.01).abs() < 1e-15);
    /// assert_eq!((model.strength(0.3, f64::INFINITY), model.strength(0.0, f64::INFINITY)), (1.0, 0.01));
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn strength(&self, share: f64, t: f64) -> f64 {
        if share == 0.0 {
            return self.start();
        }
        match self.growth {
            SkillGrowth::Multilinear { start } => {
                let e = (-2.0 * self.rate * share * self.scale * t).exp();
                self.scale / (1.0 + (self.scale / start - 1.0) * e)
            }
            SkillGrowth::Linear => -self.scale * (-self.rate * share * t).exp_m1(),
        }
    }

    /// 𝓡 of skills 1 … `skills` (columns) at `times` (rows), with infinite data.
    pub fn strengths(&self, skills: usize, times: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn((times.len(), skills), |(t, k)| {
            self.strength(self.law().p(k as u64 + 1), times[t])
        })
    }

    /// τ_k: when skill `k` reaches the strength `level` · S; infinite for a skill that does not occur.
    ///
    /// # Errors
    /// A level outside 𝓡(0)/S … 1.
    pub fn emergence(&self, k: u64, level: f64) -> Result<f64> {
        let first = self.start() / self.scale;
        if !(level >= first && level < 1.0) {
            return Err(Error::setting(
                "level",
                level,
                format!("at least R(0)/S = {first} and below 1"),
            ));
        }
        let p = self.law().p(k);
        Ok(match self.growth {
            SkillGrowth::Multilinear { start } => {
                let odds = (level / (1.0 - level)) * (self.scale / start - 1.0);
                odds.ln() / (2.0 * self.rate * self.scale * p)
            }
            SkillGrowth::Linear => -(-level).ln_1p() / (self.rate * p),
        })
    }

    /// ℒ(T, N) with infinite data, Eq. 4.17; without `parameters` the model has all skills.
    ///
    /// # Errors
    /// T negative or not finite; no parameters.
    pub fn loss(&self, t: f64, parameters: Option<u64>) -> Result<Bounded> {
        check_time(t)?;
        let mut loss = self.sum.sum(&self.response(), self.speed() * t, parameters);
        if let Some(n) = parameters {
            let rest = self.loss_of_parameters(n)?;
            loss.value += rest;
            loss.error += 1e-15 * rest;
        }
        Ok(loss)
    }

    /// [`loss`](Self::loss) at many times.
    ///
    /// # Errors
    /// As there.
    pub fn losses(&self, times: &[f64], parameters: Option<u64>) -> Result<Vec<f64>> {
        let loss = |t: &f64| Ok(self.loss(*t, parameters)?.value);
        times.iter().map(loss).collect()
    }

    /// The part of ℒ(T, N) that the N skills still owe, ℒ_T of Eq. 4.38.
    ///
    /// # Errors
    /// As [`loss`](Self::loss).
    pub fn loss_within(&self, t: f64, parameters: u64) -> Result<Bounded> {
        check_time(t)?;
        check_parameters(parameters)?;
        Ok(self
            .sum
            .sum(&self.response(), self.speed() * t, Some(parameters)))
    }

    /// The mean of ℒ over training sets for T, N → ∞ (Eq. 4.28): a skill is learned when it is among the D examples.
    ///
    /// NOTE: a skill that is not keeps its 𝓡(0): (S − 𝓡(0))²/2 each, where 4.28 has S²/2.
    ///
    /// # Errors
    /// No examples.
    pub fn loss_of_data(&self, samples: u64) -> Result<Bounded> {
        if samples == 0 {
            return Err(Error::setting("samples", 0, "a whole number ≥ 1"));
        }
        let samples = samples as f64;
        let response = Response::Unobserved {
            half: self.unlearned(),
            samples,
        };
        Ok(self.sum.sum(&response, samples, None))
    }

    /// ℒ for T, D → ∞ (Eq. 4.36): S²/2 for each skill that the model lacks.
    ///
    /// # Errors
    /// No parameters.
    pub fn loss_of_parameters(&self, parameters: u64) -> Result<f64> {
        check_parameters(parameters)?;
        Ok(0.5 * self.scale * self.scale * self.law().tail(parameters))
    }

    /// ℒ of the model with all skills, trained on the examples `data` until the time `t` (infinite: to the end), on fresh data: Eq. 4.17 with its d_k.
    pub fn loss_of_counts(&self, data: &SkillCounts, t: f64) -> f64 {
        let (mut known, mut learned) = (0.0, 0.0);
        for (k, count) in data.counts.iter().rev() {
            let p = self.law().p(*k);
            let rest = self.scale - self.strength(*count as f64 / data.samples as f64, t);
            known += p;
            learned += p * 0.5 * rest * rest;
        }
        learned + (1.0 - known).max(0.0) * self.unlearned()
    }

    /// Loss of a skill that is as at the start.
    pub(super) fn unlearned(&self) -> f64 {
        0.5 * (self.scale - self.start()).powi(2)
    }
}

fn check_time(t: f64) -> Result<()> {
    if t >= 0.0 && t.is_finite() {
        return Ok(());
    }
    Err(Error::setting("t", t, "a finite number ≥ 0"))
}

pub(super) fn check_parameters(parameters: u64) -> Result<()> {
    if parameters > 0 {
        return Ok(());
    }
    Err(Error::setting("parameters", 0, "a whole number ≥ 1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::Flow;
    use crate::seed::Seed;
    use proptest::prelude::*;

    fn both(law: SkillLaw) -> [DecoupledSkills; 2] {
        [
            DecoupledSkills::multilinear(law).unwrap(),
            DecoupledSkills::linear(law).unwrap(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn strengths_follow_the_gradient(
            scale in 0.2f64..6.0, part in 1e-4f64..0.9, rate in 0.01f64..3.0, share in 0.001f64..1.0,
        ) {
            let law = SkillLaw::new(0.6, 5).unwrap();
            let model = DecoupledSkills::multilinear(law).unwrap().with_scale(scale.max(0.02)).unwrap()
                .with_start(part * scale).unwrap().with_rate(rate).unwrap();
            let end = 3.0 * (1.0 / part).ln().max(1.0) / (rate * share * scale);
            let times: Vec<f64> = (0..=6).map(|i| end * f64::from(i) / 6.0).collect();
            let a = (part * scale).sqrt();
            // Eq. B.6 and B.7
            let path = Flow::new(1e-12).descend(
                |x, g| {
                    let r = rate * share * (x[0] * x[1] - scale);
                    (g[0], g[1]) = (r * x[1], r * x[0]);
                },
                &[a, a],
                &times,
            ).unwrap();
            for (i, t) in times.iter().enumerate() {
                let strength = path.states[[i, 0]] * path.states[[i, 1]];
                prop_assert!((model.strength(share, *t) / strength - 1.0).abs() < 1e-9);
            }
            let linear = DecoupledSkills::linear(law).unwrap().with_scale(scale).unwrap().with_rate(rate).unwrap();
            let path = Flow::new(1e-12)
                .descend(|w, g| g[0] = rate * share * (w[0] - scale), &[0.0], &times).unwrap();
            for (i, t) in times.iter().enumerate().skip(1) {
                prop_assert!((linear.strength(share, *t) / path.states[[i, 0]] - 1.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_loss_is_the_sum_over_skills() {
        let law = SkillLaw::new(0.3, 3000).unwrap();
        for model in both(law) {
            for t in [0.0, 3.0, 500.0, 2e5] {
                for n in [1u64, 40, 3000] {
                    let r = model.strengths(n as usize, &[t]);
                    let learned: f64 = r
                        .iter()
                        .enumerate()
                        .map(|(k, r)| law.p(k as u64 + 1) * 0.5 * (1.0 - r).powi(2))
                        .sum();
                    let rest: f64 = (n + 1..=3000).map(|k| 0.5 * law.p(k)).sum();
                    let loss = model.loss(t, Some(n)).unwrap();
                    assert!((loss.value - learned - rest).abs() < 1e-13, "{t} {n}");
                }
            }
        }
    }

    #[test]
    fn emergence_is_where_the_level_is_reached() {
        for model in both(SkillLaw::infinite(0.6).unwrap()) {
            for k in [1, 30] {
                let t = model.emergence(k, 0.4).unwrap();
                assert!((model.strength(model.law().p(k), t) - 0.4).abs() < 1e-12);
            }
            let error = model.emergence(1, 1.0).unwrap_err().to_string();
            assert!(error.contains("level = 1"), "{error}");
        }
    }

    /// Training sets drawn at random against Eq. 4.28.
    #[test]
    fn the_loss_of_data_is_the_mean_over_training_sets() {
        for law in [
            SkillLaw::new(0.6, 3000).unwrap(),
            SkillLaw::infinite(0.3).unwrap(),
        ] {
            for model in both(law) {
                for samples in [1, 30, 1000] {
                    let losses: Vec<f64> = (0..400)
                        .map(|s| law.draw(samples, Seed(s)).unwrap())
                        .map(|data| model.loss_of_counts(&data, f64::INFINITY))
                        .collect();
                    let n = losses.len() as f64;
                    let mean = losses.iter().sum::<f64>() / n;
                    let variance =
                        losses.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (n - 1.0);
                    let exact = model.loss_of_data(samples).unwrap();
                    assert!(
                        (mean - exact.value).abs() < 4.0 * (variance / n).sqrt(),
                        "{samples}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_small_target_leaves_a_small_loss_and_no_data_leave_the_start() {
        let law = SkillLaw::infinite(0.5).unwrap();
        let small = DecoupledSkills::linear(law)
            .unwrap()
            .with_scale(1e-150)
            .unwrap();
        let loss = small.loss(1e3, None).unwrap().value;
        let unit = DecoupledSkills::linear(law)
            .unwrap()
            .loss(1e3, None)
            .unwrap()
            .value;
        assert!((loss / 1e-300 / unit - 1.0).abs() < 1e-10);
        for model in both(law) {
            let start = model.loss(0.0, None).unwrap().value;
            assert!((start / model.unlearned() - 1.0).abs() < 1e-12);
        }
        // n_s → ∞: finite laws approach the infinite one.
        let infinite = both(law)[0].loss(1e3, None).unwrap().value;
        let apart: Vec<f64> = [3, 7, 11, 15]
            .map(|n| SkillLaw::new(0.5, 10u64.pow(n)).unwrap())
            .map(|law| (both(law)[0].loss(1e3, None).unwrap().value / infinite - 1.0).abs())
            .to_vec();
        assert!(
            apart.windows(2).all(|w| w[1] < 0.02 * w[0]) && apart[3] < 1e-6,
            "{apart:?}"
        );
    }

    #[test]
    fn bad_settings_are_refused_by_name() {
        let model = || DecoupledSkills::multilinear(SkillLaw::infinite(0.5).unwrap()).unwrap();
        let refused = |e: Error, part: &str| assert!(e.to_string().contains(part), "{e}");
        refused(model().with_scale(0.01).unwrap_err(), "scale = 0.01");
        refused(model().with_start(0.0).unwrap_err(), "start = 0");
        refused(model().with_start(1.0).unwrap_err(), "start = 1");
        refused(model().with_rate(-1.0).unwrap_err(), "rate = -1");
        refused(model().loss(f64::NAN, None).unwrap_err(), "t = NaN");
        refused(model().loss(-1.0, None).unwrap_err(), "t = -1");
        refused(model().loss(1.0, Some(0)).unwrap_err(), "parameters = 0");
        refused(model().loss_of_data(0).unwrap_err(), "samples = 0");
        let linear = DecoupledSkills::linear(SkillLaw::infinite(0.5).unwrap()).unwrap();
        refused(linear.with_start(0.1).unwrap_err(), "start = 0.1");
    }
}
