//! Scaling laws in time, data, parameters and compute: exponents and prefactors (Table 4.1).

use super::response::Response;
use super::skills::DecoupledSkills;
use super::sum::Bounded;
use crate::error::{Error, Result};

/// The resource that limits the loss while all others are infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// T.
    Time,
    /// D.
    Data,
    /// N.
    Parameters,
    /// C = T × N, spent in the best way; data are infinite.
    Compute,
}

impl Bottleneck {
    /// In the order of Table 4.1.
    pub const ALL: [Self; 4] = [Self::Time, Self::Data, Self::Parameters, Self::Compute];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Data => "data",
            Self::Parameters => "parameters",
            Self::Compute => "compute",
        }
    }

    /// Its letter.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Time => "T",
            Self::Data => "D",
            Self::Parameters => "N",
            Self::Compute => "C",
        }
    }

    /// The exponent a of ℒ ∝ x^{−a}: α/(α+1) for T and D, α for N, α/(α+2) for C.
    ///
    /// ```
    /// use scurve::model::multilinear::Bottleneck;
    /// assert_eq!(Bottleneck::ALL.map(|b| b.exponent(1.0)), [0.5, 0.5, 1.0, 1.0 / 3.0]);
    /// ```
    pub fn exponent(self, alpha: f64) -> f64 {
        match self {
            Self::Time | Self::Data => alpha / (alpha + 1.0),
            Self::Parameters => alpha,
            Self::Compute => alpha / (alpha + 2.0),
        }
    }
}

/// The best way to spend a compute C = T × N.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimum {
    /// C.
    pub compute: f64,
    /// N, at least 1; not rounded to a whole number of skills.
    pub parameters: f64,
    /// T = C/N.
    pub time: f64,
    /// ℒ.
    pub loss: f64,
}

impl DecoupledSkills {
    /// B of the law ℒ = B x^{−a} that the loss approaches for a large x, for infinitely many skills.
    ///
    /// With β = α + 1 and $M = \int_0^\infty z^{-1/\beta} \ell(z)\,dz$ of the skill loss ℓ(z), z = κ𝒫x:
    /// $B_T = A^{1/\beta} \kappa^{-\alpha/\beta} M/\beta$, where κ = 2ηS (2η for the linear model, whose M is $\tfrac{S^2}{2}\Gamma(\alpha/\beta)$);
    /// $B_D = \tfrac12(S - \mathcal R(0))^2 A^{1/\beta}\, \Gamma(\alpha/\beta)/\beta$; $B_N = S^2 A/2\alpha$; and for compute
    /// $$B_C = \min_y\, y^{\alpha/(\alpha+2)}\, \Phi(y), \qquad N^\alpha \mathcal L \to \Phi(T/N^{\alpha+1}) .$$
    ///
    /// The law for T has no corrections in powers of 1/T: the sum over skills and its integral differ by less than any power.
    ///
    /// # Errors
    /// A finite number of skills, whose loss is no power law in the end.
    pub fn prefactor(&self, bottleneck: Bottleneck) -> Result<f64> {
        let law = self.law();
        if let Some(n) = law.skills() {
            return Err(Error::setting(
                "skills",
                n,
                "infinite for a prefactor (SkillLaw::infinite): with an end the loss is no power law",
            ));
        }
        let (alpha, a) = (law.alpha(), law.normalizer());
        let beta = alpha + 1.0;
        let sum = self.skill_sum();
        Ok(match bottleneck {
            Bottleneck::Time => {
                let moment = sum.moment(&self.response());
                a.powf(1.0 / beta) * self.speed().powf(-alpha / beta) * moment / beta
            }
            Bottleneck::Data => {
                let half = self.unlearned();
                let moment = sum.moment(&Response::Exponential { half });
                a.powf(1.0 / beta) * moment / beta
            }
            Bottleneck::Parameters => 0.5 * self.scale().powi(2) * a / alpha,
            Bottleneck::Compute => {
                let power = alpha / (alpha + 2.0);
                let ratio = self.best_ratio();
                ratio.powf(power) * self.shape(ratio)
            }
        })
    }

    /// Φ(y) = lim N^α ℒ(T = y N^{α+1}, N).
    fn shape(&self, ratio: f64) -> f64 {
        // So many skills that the limit is reached to rounding; the cost does not depend on it.
        let n = 1e7;
        let alpha = self.law().alpha();
        let t = ratio * f64::powf(n, alpha + 1.0);
        self.at(t, n) * n.powf(alpha)
    }

    fn best_ratio(&self) -> f64 {
        let alpha = self.law().alpha();
        let power = alpha / (alpha + 2.0);
        // Skill N has z = κ A y: it is learned at a few times ln 1/c.
        let near = (self.response().cut() / (self.speed() * self.law().normalizer())).ln();
        let cost = |ln_y: f64| power * ln_y + self.shape(ln_y.exp()).ln();
        golden(cost, near - 16.0, near + 6.0).exp()
    }

    /// ℒ at T and a number of parameters that need not be whole: linear in between, as if a part of a skill function were there.
    fn at(&self, t: f64, parameters: f64) -> f64 {
        let whole = parameters.floor();
        let loss = |n: f64| {
            let within = self
                .skill_sum()
                .sum(&self.response(), self.speed() * t, Some(n as u64));
            let rest = 0.5 * self.scale().powi(2) * self.law().tail(n as u64);
            within.value + rest
        };
        let part = parameters - whole;
        if part == 0.0 {
            return loss(whole);
        }
        (1.0 - part) * loss(whole) + part * loss(whole + 1.0)
    }

    /// The T and N with T × N = `compute` and the smallest loss (Eq. 4.37 without its approximations).
    ///
    /// # Errors
    /// A compute that is not a finite number ≥ 1.
    pub fn optimum(&self, compute: f64) -> Result<Optimum> {
        if !(compute >= 1.0 && compute.is_finite()) {
            return Err(Error::setting("compute", compute, "a finite number ≥ 1"));
        }
        let most = self.law().skills().map_or(f64::INFINITY, |n| n as f64);
        let most = most.min(compute);
        let cost = |ln_n: f64| self.at(compute / ln_n.exp(), ln_n.exp()).ln();
        let parameters = golden(cost, 0.0, most.ln()).exp().clamp(1.0, most);
        let time = compute / parameters;
        Ok(Optimum {
            compute,
            parameters,
            time,
            loss: self.at(time, parameters),
        })
    }

    /// −d ln ℒ / d ln x at x, by a central difference over ± `step` in ln x: the exponent that a fit about x would find.
    ///
    /// # Errors
    /// As the loss of that bottleneck.
    pub fn local_exponent(&self, bottleneck: Bottleneck, x: f64, step: f64) -> Result<f64> {
        let loss = |x: f64| -> Result<f64> {
            Ok(match bottleneck {
                Bottleneck::Time => self.loss(x, None)?.value,
                Bottleneck::Data => self.loss_of_data(x.round().max(1.0) as u64)?.value,
                Bottleneck::Parameters => self.loss_of_parameters(x.round().max(1.0) as u64)?,
                Bottleneck::Compute => self.optimum(x)?.loss,
            })
        };
        let (low, high) = (loss(x * (-step).exp())?, loss(x * step.exp())?);
        Ok((low / high).ln() / (2.0 * step))
    }

    /// Eq. C.2 integrated: the time law corrected for the N = n_s skills that the model has, from its loss at `t0`.
    ///
    /// $\mathcal L + \mathcal L_C \propto T^{-\alpha/(\alpha+1)}$ with $\mathcal L_C = S^2 A N^{-\alpha}/2\alpha$: the skills after N, which the power law counts
    /// and the model lacks.
    ///
    /// # Errors
    /// Infinitely many skills; times that are not > 0.
    pub fn corrected_law(&self, t0: f64, times: &[f64]) -> Result<Vec<f64>> {
        let law = self.law();
        let n = law.skills().ok_or_else(|| {
            Error::setting("skills", "infinite", "finite: nothing is to be corrected")
        })?;
        let alpha = law.alpha();
        let missing =
            0.5 * self.scale().powi(2) * law.normalizer() * (n as f64).powf(-alpha) / alpha;
        if let Some(t) = times.iter().chain([&t0]).find(|t| t.is_nan() || **t <= 0.0) {
            return Err(Error::setting("t", t, "a number > 0"));
        }
        let Bounded { value, .. } = self.loss(t0, None)?;
        let power = Bottleneck::Time.exponent(alpha);
        let law = |t: &f64| (value + missing) * (t / t0).powf(-power) - missing;
        Ok(times.iter().map(law).collect())
    }
}

/// The minimum of a function with one valley between `low` and `high`, by golden sections, to √ε.
fn golden(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const PART: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (high - PART * (high - low), low + PART * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    while high - low > 1e-7 * (1.0 + high.abs()) {
        if fa < fb {
            (high, b, fb) = (b, a, fa);
            a = high - PART * (high - low);
            fa = f(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + PART * (high - low);
            fb = f(b);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::SkillLaw;

    fn both(alpha: f64) -> [DecoupledSkills; 2] {
        let law = SkillLaw::infinite(alpha).unwrap();
        [
            DecoupledSkills::multilinear(law).unwrap(),
            DecoupledSkills::linear(law).unwrap(),
        ]
    }

    #[test]
    fn losses_approach_their_power_laws() {
        for alpha in [0.1, 0.3, 0.6, 0.9] {
            for model in both(alpha) {
                let law = |b: Bottleneck, x: f64| {
                    model.prefactor(b).unwrap() * x.powf(-b.exponent(alpha))
                };
                let t = model.loss(1e8, None).unwrap().value;
                assert!(
                    (t / law(Bottleneck::Time, 1e8) - 1.0).abs() < 1e-10,
                    "{alpha}"
                );
                let d = model.loss_of_data(100_000_000).unwrap().value;
                assert!(
                    (d / law(Bottleneck::Data, 1e8) - 1.0).abs() < 1e-6,
                    "{alpha}"
                );
                let n = model.loss_of_parameters(100_000_000).unwrap();
                assert!(
                    (n / law(Bottleneck::Parameters, 1e8) - 1.0).abs() < 1e-7,
                    "{alpha}"
                );
                let c = model.optimum(1e24).unwrap().loss;
                assert!(
                    (c / law(Bottleneck::Compute, 1e24) - 1.0).abs() < 1e-5,
                    "{alpha}: {c}"
                );
            }
        }
    }

    #[test]
    fn no_other_split_of_the_compute_is_better() {
        for model in both(0.6) {
            let best = model.optimum(1e9).unwrap();
            assert!((best.time * best.parameters / 1e9 - 1.0).abs() < 1e-12);
            for n in (1..=60).map(|i| 10f64.powf(f64::from(i) / 10.0).round()) {
                let loss = model.loss(1e9 / n, Some(n as u64)).unwrap().value;
                assert!(loss >= best.loss * (1.0 - 1e-9), "{n}: {loss} {best:?}");
            }
        }
    }

    #[test]
    fn finite_skills_have_no_prefactor_and_infinite_ones_no_correction() {
        let finite = DecoupledSkills::multilinear(SkillLaw::new(0.3, 100).unwrap()).unwrap();
        let error = finite.prefactor(Bottleneck::Time).unwrap_err().to_string();
        assert!(error.contains("skills = 100"), "{error}");
        let error = both(0.3)[0]
            .corrected_law(1.0, &[2.0])
            .unwrap_err()
            .to_string();
        assert!(error.contains("skills = infinite"), "{error}");
        let error = finite.corrected_law(0.0, &[2.0]).unwrap_err().to_string();
        assert!(error.contains("t = 0"), "{error}");
        let error = finite.optimum(0.5).unwrap_err().to_string();
        assert!(error.contains("compute = 0.5"), "{error}");
        assert!(
            (finite.corrected_law(5.0, &[5.0]).unwrap()[0] / finite.loss(5.0, None).unwrap().value
                - 1.0)
                .abs()
                < 1e-14
        );
    }
}
