//! Many tasks with power-law frequencies under SignGD (Fig. 5): skills in the order of their frequencies, and the dimensions that each of them wins.
//!
//! Orthonormal task vectors, p_i ∝ i^{−α}, squared error. n_align of the text is the signed sum n_i = Σ_j sign(g_i)_j sign(g)_j with the skill's own gradient g_i ∝ −(1 − s_i) t_i (−n_dim … n_dim); that of the code counts the
//! dimensions where t_i and −g agree (0 … n_dim), (n_dim + n_i)/2 until the skill overshoots. For Gaussian vectors and a gradient g = Σ c_i t_i the signs of t_ij and g_j
//! agree as often as their correlation ρ_i = c_i/√Σc² has it, $\mathbb{E}\,n_i = \tfrac{2}{\pi} n_\text{dim} \arcsin\rho_i$, so that
//! $$\sum_i \sin^2\!\Big(\frac{\pi n_i}{2 n_\text{dim}}\Big) = 1$$
//! is conserved, without a parameter, and Σ n_i is not.
//!
//! How sequential a skill is, in two numbers. The *waiting share* of skill i is the part of its unskill's fall from 1 to 1 − ℓ that is left when skill i−1 is learned,
//! (u_i(t_{i−1}) − (1 − ℓ))/ℓ: 1 for a strict sequence, 0 for skills that are learned together. Under Eq. 1 in both of its forms, u_i = u_{i−1}^{p_i/p_{i−1}}, it is
//! ((1 − ℓ)^{((i−1)/i)^α} − (1 − ℓ))/ℓ, whatever the number of tasks. The *speed-up* is the mean speed of s_i from t_{i−1} to t_i over that before t_{i−1}: above 1 the skill waited
//! for the other, below 1 it was only slower.
//!
//! Table `curves`, a row for each α, n_task, record and skill: `alpha`, `n_task`, `step`, `skill`, `s`, `n_align` (signed sum), `n_agreeing` (count) and `sin2`
//! (sin²(πn_i/2n_dim) of every step), all three smoothed over `smoothing` steps.
//!
//! Table `skills`, a row for each α, n_task and skill: `alpha`, `n_task`, `skill`, `time` (t_i in steps, the first with s > ℓ), `peak_step` and `peak` (of the smoothed count, up to the
//! step when all skills are learned), `waiting` and `speed_up` (NaN for the first skill and where skill i−1, for the speed-up also skill i, is not learned).
//!
//! Table `runs`, a row for each α and n_task: `alpha`, `n_task`, `in_order` (the share of neighbours learned in the order of frequency; a skill that is not learned comes after all that are), `peaks_in_order`, `sin2_mean`, `sin2_low`,
//! `sin2_high` (Σ_i `sin2` until all are learned: mean, lowest, highest), `sum_mean`, `sum_low`, `sum_high` (the same of the smoothed Σ n_i / n_dim).

mod measured;
mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Geometry, GradientForm, SkillDescent, TaskVectors};
use crate::optimizer::SignGd;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use measured::Measured;

settings! {
    /// Settings of many tasks with power-law frequencies.
    pub struct PowerLawSkills {
        /// Exponents α of the frequencies p_i ∝ i^−α.
        alphas: Vec<f64> = vec![1.0, 4.0], vec![1.0, 2.0, 4.0], vec![1.0, 2.0, 4.0];
        /// Numbers of tasks.
        n_tasks: Vec<usize> = vec![2, 4], vec![2, 3, 4, 5, 10], vec![2, 3, 4, 5, 10];
        /// Number of parameters.
        n_dim: usize = 1000, 1000, 1000;
        /// Learning rate of SignGD (Adam with betas 0).
        rate: f64 = 3e-4, 3e-4, 3e-4;
        /// Examples a step.
        batch: usize = 128, 128, 128;
        /// Steps.
        steps: usize = 1_000, 3_000, 3_000;
        /// A skill is learned above this level.
        level: f64 = 0.9, 0.9, 0.9;
        /// Standard deviation in steps of the Gaussian that smooths n_align, as in the published figure.
        smoothing: f64 = 10.0, 10.0, 10.0;
        /// Records of a run that are kept, evenly spaced.
        records: usize = 100, 250, 300;
        /// Number of seeds.
        seeds: u64 = 2, 16, 32;
    }
}

impl Experiment for PowerLawSkills {
    const INFO: Info = Info {
        id: "physics/fig-05",
        title: "Many tasks: skills and their resources, in the order of frequency",
        document: Document::Physics,
        section: "§2.3, Fig. 5",
        notebook: "physics/02-geometry-model",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("alphas", &self.alphas)?;
        distinct("n_tasks", &self.n_tasks)?;
        whole("n_dim", self.n_dim, 2, 100_000)?;
        for n in &self.n_tasks {
            whole("n_tasks", *n, 2, self.n_dim)?;
        }
        for alpha in &self.alphas {
            positive("alphas", *alpha)?;
        }
        positive("rate", self.rate)?;
        positive("smoothing", self.smoothing)?;
        whole("batch", self.batch, 1, 1 << 30)?;
        whole("steps", self.steps, 2, 1_000_000)?;
        whole("records", self.records, 2, self.steps)?;
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::setting("level", self.level, "between 0 and 1"));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut skills, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        for &n_task in &self.n_tasks {
            let vectors = TaskVectors::orthonormal(n_task, self.n_dim, seed)?;
            for &alpha in &self.alphas {
                progress.check()?;
                // A sign does not see a factor; the published code has the half gradient here.
                let model = Geometry::new(vectors.clone(), Frequencies::power_law(n_task, alpha)?)?
                    .with_gradient(GradientForm::Half)
                    .with_batch(self.batch);
                let descent =
                    SkillDescent::new(SignGd::adam(self.rate), self.steps).with_alignment();
                let run = model.run(&descent, seed)?;
                let Some(alignment) = &run.alignment else {
                    continue;
                };
                let measured = Measured::new(self, &run, alignment);
                for (tables, table) in [
                    (&mut curves, measured.curves()?),
                    (&mut skills, measured.skills()?),
                    (&mut runs, measured.run()?),
                ] {
                    tables.push(table.led_by("n_task", n_task)?.led_by("alpha", alpha)?);
                }
            }
        }
        Ok([
            ("curves".to_string(), Table::concat(curves)?),
            ("skills".to_string(), Table::concat(skills)?),
            ("runs".to_string(), Table::concat(runs)?),
        ]
        .into())
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

/// The waiting share of skill i (from 1) that u_i = u_{i−1}^{p_i/p_{i−1}} gives.
fn predicted_waiting(i: i64, alpha: f64, level: f64) -> f64 {
    let left = 1.0 - level;
    let ratio = ((i - 1) as f64 / i as f64).powf(alpha);
    (left.powf(ratio) - left) / level
}

#[cfg(test)]
mod tests {
    use super::predicted_waiting;

    #[test]
    fn the_prediction_is_that_of_the_exact_resource_model() {
        use crate::model::skill::{Norm, Resource};
        use crate::task::Frequencies;
        for norm in [Norm::L1, Norm::L2] {
            let p = Frequencies::power_law(5, 2.0).unwrap();
            let model = Resource::new(p, 1.0).unwrap().with_norm(norm);
            for i in 2..=5 {
                let learned = model.learning_time(i - 2, 0.9).unwrap().total();
                let u = model.exact(&[learned]).unwrap().unskill[[0, i - 1]];
                let share = (u - 0.1) / 0.9;
                assert!((share - predicted_waiting(i as i64, 2.0, 0.9)).abs() < 1e-9);
            }
        }
    }
}
