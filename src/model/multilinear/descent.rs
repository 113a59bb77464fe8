//! The same models trained by gradient descent, skill by skill: what the closed forms are held against.

use super::skills::{DecoupledSkills, SkillGrowth, check_parameters};
use crate::display;
use crate::error::{Error, Result};
use crate::table::Table;
use crate::task::SkillCounts;
use crate::trace::Schedule;
use pulp::{Arch, WithSimd};
use rayon::prelude::*;

/// Skills that stay in registers while they step.
const BLOCK: usize = 32;

/// A simulated learning curve.
#[derive(Clone, Debug, PartialEq)]
pub struct LossCurve {
    /// Steps of gradient descent; T of the closed forms.
    pub steps: Vec<usize>,
    /// ℒ on fresh data.
    pub loss: Vec<f64>,
}

impl LossCurve {
    /// Columns `step` and `loss`.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("step", self.steps.clone())?
            .with("loss", self.loss.clone())
    }

    /// Shows the curve in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => display::error(&e),
        }
    }
}

/// Steps one block of skills and adds up its loss.
struct Block<'a> {
    growth: SkillGrowth,
    scale: f64,
    /// η d_k/D; 0 for a place without a skill.
    pull: [f64; BLOCK],
    /// 𝒫(k)/2.
    weight: [f64; BLOCK],
    steps: &'a [usize],
    loss: &'a mut [f64],
}

impl WithSimd for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self {
            growth,
            scale,
            pull,
            weight,
            steps,
            loss,
        } = self;
        let mut run = |start: f64, multilinear: bool| {
            let mut x = [start; BLOCK];
            let mut done = 0;
            for (at, step) in steps.iter().enumerate() {
                for _ in done..*step {
                    for i in 0..BLOCK {
                        // Eq. B.6, B.7 with a = b, which stays so to the last bit; or the linear model's w.
                        let gain = if multilinear { x[i] } else { 1.0 };
                        let rest = scale - gain * x[i];
                        x[i] += pull[i] * gain * rest;
                    }
                }
                done = *step;
                let mut sum = 0.0;
                for i in 0..BLOCK {
                    let strength = if multilinear { x[i] * x[i] } else { x[i] };
                    let rest = scale - strength;
                    sum += weight[i] * rest * rest;
                }
                loss[at] += sum;
            }
        };
        match growth {
            SkillGrowth::Multilinear { start } => run(start.sqrt(), true),
            SkillGrowth::Linear => run(0.0, false),
        }
    }
}

impl DecoupledSkills {
    /// Trains skills 1 … `parameters` (all n_s without it) by `steps` steps of gradient descent on infinite data, recorded on `schedule`.
    ///
    /// Each step is a_k ← a_k + η 𝒫(k) b_k (S − a_k b_k), b_k likewise, or w_k ← w_k + η 𝒫(k) (S − w_k): Euler's method for the closed forms, whose error is
    /// O(η). Memory does not depend on the number of skills.
    ///
    /// ```
    /// use scurve::{model::multilinear::DecoupledSkills, task::SkillLaw, trace::Schedule};
    /// let model = DecoupledSkills::multilinear(SkillLaw::new(0.6, 1000)?)?;
    /// let run = model.descend(None, 100, &Schedule::Every { steps: 50 })?;
    /// let exact = model.loss(100.0, None)?.value;
    /// assert!((run.loss[2] / exact - 1.0).abs() < 0.05);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Infinitely many skills to train; [`Error::Diverged`] where the rate is too large.
    pub fn descend(
        &self,
        parameters: Option<u64>,
        steps: usize,
        schedule: &Schedule,
    ) -> Result<LossCurve> {
        let n = match (parameters, self.law().skills()) {
            (Some(a), Some(b)) => a.min(b),
            (Some(n), None) | (None, Some(n)) => n,
            (None, None) => {
                return Err(Error::setting(
                    "parameters",
                    "none",
                    "a number of skills to train, for the law has infinitely many",
                ));
            }
        };
        check_parameters(n)?;
        let rest = self.loss_of_parameters(n)?;
        let skill = |i: u64| (i < n).then(|| (self.law().p(i + 1), self.law().p(i + 1)));
        self.train(n, skill, rest, steps, schedule)
    }

    /// Trains on the examples `data`: skill k with the share d_k/D, all others stay at their start.
    ///
    /// # Errors
    /// [`Error::Diverged`] where the rate is too large.
    pub fn descend_on(
        &self,
        data: &SkillCounts,
        steps: usize,
        schedule: &Schedule,
    ) -> Result<LossCurve> {
        let known: f64 = data.counts.iter().rev().map(|c| self.law().p(c.0)).sum();
        let rest = (1.0 - known).max(0.0) * self.unlearned();
        let skill = |i: u64| {
            let (k, count) = data.counts.get(i as usize)?;
            Some((*count as f64 / data.samples as f64, self.law().p(*k)))
        };
        self.train(data.counts.len() as u64, skill, rest, steps, schedule)
    }

    /// `skill(i)` gives d_k/D and 𝒫(k) of the i-th skill; `rest` is the loss of all that are not trained.
    fn train(
        &self,
        n: u64,
        skill: impl Fn(u64) -> Option<(f64, f64)> + Sync,
        rest: f64,
        steps: usize,
        schedule: &Schedule,
    ) -> Result<LossCurve> {
        schedule.validate("schedule")?;
        let steps = schedule.steps(steps);
        let arch = Arch::new();
        const BLOCKS: u64 = 64;
        let group = BLOCK as u64 * BLOCKS;
        let groups: Vec<Vec<f64>> = (0..n.div_ceil(group))
            .into_par_iter()
            .map(|g| {
                let mut loss = vec![0.0; steps.len()];
                for first in (g * group..((g + 1) * group).min(n)).step_by(BLOCK) {
                    let (mut pull, mut weight) = ([0.0; BLOCK], [0.0; BLOCK]);
                    for i in 0..BLOCK {
                        if let Some((share, p)) = skill(first + i as u64) {
                            (pull[i], weight[i]) = (self.rate() * share, 0.5 * p);
                        }
                    }
                    arch.dispatch(Block {
                        growth: self.growth(),
                        scale: self.scale(),
                        pull,
                        weight,
                        steps: &steps,
                        loss: &mut loss,
                    });
                }
                loss
            })
            .collect();
        // Rare skills first: small numbers before large ones.
        let mut loss = vec![rest; steps.len()];
        for group in groups.iter().rev() {
            loss.iter_mut().zip(group).for_each(|(a, b)| *a += b);
        }
        match loss.iter().position(|l| !l.is_finite()) {
            Some(at) => Err(Error::Diverged {
                what: "gradient descent of the skills".into(),
                step: steps[at],
            }),
            None => Ok(LossCurve { steps, loss }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::task::SkillLaw;

    #[test]
    fn descent_converges_to_the_closed_form_in_first_order() {
        let law = SkillLaw::new(0.6, 200).unwrap();
        for model in [
            DecoupledSkills::multilinear(law).unwrap(),
            DecoupledSkills::linear(law).unwrap(),
        ] {
            let error = |halvings: i32| {
                let parts = 1 << halvings;
                let fine = model.clone().with_rate(1.0 / f64::from(parts)).unwrap();
                let steps = 200 * parts as usize;
                let run = fine
                    .descend(None, steps, &Schedule::Every { steps })
                    .unwrap();
                run.loss[1] - model.loss(200.0, None).unwrap().value
            };
            let (coarse, middle, fine) = (error(1), error(3), error(5));
            assert!(
                (coarse / middle / 4.0 - 1.0).abs() < 0.05,
                "{coarse} {middle}"
            );
            assert!((middle / fine / 4.0 - 1.0).abs() < 0.02, "{middle} {fine}");
        }
    }

    #[test]
    fn training_on_examples_is_that_of_their_counts() {
        let law = SkillLaw::infinite(0.6).unwrap();
        let data = law.draw(500, Seed(0)).unwrap();
        let model = DecoupledSkills::multilinear(law)
            .unwrap()
            .with_rate(0.01)
            .unwrap();
        let run = model
            .descend_on(&data, 200_000, &Schedule::at([20_000]))
            .unwrap();
        for (step, loss) in run.steps.iter().zip(&run.loss) {
            let exact = model.loss_of_counts(&data, *step as f64);
            assert!((loss / exact - 1.0).abs() < 2e-3, "{step}: {loss} {exact}");
        }
    }

    #[test]
    fn too_large_a_rate_and_endless_skills_are_named() {
        let law = SkillLaw::new(0.6, 5).unwrap();
        let wild = DecoupledSkills::multilinear(law)
            .unwrap()
            .with_rate(50.0)
            .unwrap();
        let schedule = Schedule::Every { steps: 10 };
        let error = wild.descend(None, 1000, &schedule).unwrap_err();
        assert!(matches!(error, Error::Diverged { .. }), "{error}");
        let endless = DecoupledSkills::linear(SkillLaw::infinite(0.6).unwrap()).unwrap();
        let error = endless
            .descend(None, 10, &schedule)
            .unwrap_err()
            .to_string();
        assert!(error.contains("parameters"), "{error}");
        let error = endless
            .descend(Some(0), 10, &schedule)
            .unwrap_err()
            .to_string();
        assert!(error.contains("parameters = 0"), "{error}");
    }
}
