//! A modular against a shared Geometry model (Fig. 18): task vectors along the axes against random directions, by loss against n_dim and against steps.
//!
//! The modular model gives the first n_dim tasks a coordinate each, t_i = e_i, and the rest nothing, t_i = 0. Its tasks do not see each other, so that the run with the largest n_dim
//! holds those of all n_dim, to the bit:
//! $$\ell_{n_\text{dim}} = \sum_{i\le n_\text{dim}} p_i\,\mathcal L(s_i) + \ln 2\sum_{i>n_\text{dim}} p_i .$$
//! The shared model has unit vectors in random directions. Both: cross-entropy, SignGD, the same batches. The ratio is the shared model's loss over the modular one's; above 1
//! modularity is an advantage.
//!
//! Table `losses`, a row for each α and n_dim, at the step `read`: `alpha`, `n_dim`, `shared`, `modular` (losses with the exact p), `ratio`.
//!
//! Table `curves`, a row for each α and record at n_dim = `curve_dim`: `alpha`, `step`, `shared`, `modular`, `ratio`.

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Geometry, SkillDescent, SkillLoss, SkillTrajectory, TaskVectors};
use crate::optimizer::SignGd;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;

settings! {
    /// Settings of the comparison of a modular with a shared model.
    pub struct ModularScaling {
        /// Number of tasks.
        n_task: usize = 60, 1000, 1000;
        /// Numbers of parameters n_dim.
        dims: Vec<usize> = vec![10, 20, 40], vec![40, 100, 300, 500, 600], (1..=50).map(|i| 20 * i).collect();
        /// Exponents α of the frequencies p_i ∝ i^−α.
        alphas: Vec<f64> = vec![1.0, 2.0], vec![1.0, 2.0], vec![0.5, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0];
        /// n_dim of the loss against steps; one of `dims`.
        curve_dim: usize = 20, 100, 100;
        /// Learning rate of SignGD (Adam with betas 0).
        rate: f64 = 0.01, 0.01, 0.01;
        /// Examples a step.
        batch: usize = 128, 1024, 1024;
        /// Steps.
        steps: usize = 2_000, 100_000, 100_000;
        /// The step whose loss is read: of the published runs, the last that was saved.
        read: usize = 1_900, 99_000, 99_000;
        /// The step at which the early stage is judged.
        early: usize = 30, 30, 30;
        /// Number of seeds.
        seeds: u64 = 2, 8, 8;
    }
}

impl ModularScaling {
    /// The runs of all α on the same vectors.
    fn runs(
        &self,
        vectors: &TaskVectors,
        steps: &[usize],
        seed: Seed,
    ) -> Result<Vec<SkillTrajectory>> {
        let mut models = Vec::new();
        for alpha in &self.alphas {
            let p = Frequencies::power_law(self.n_task, *alpha)?;
            models.push(
                Geometry::new(vectors.clone(), p)?
                    .with_loss(SkillLoss::CrossEntropy)
                    .with_batch(self.batch),
            );
        }
        let schedule = Schedule::at(steps.iter().copied());
        let descent = SkillDescent::new(SignGd::adam(self.rate), self.steps).recording(schedule);
        Geometry::run_together(&models, &vec![descent; models.len()], seed)
    }

    /// The steps of the curves.
    fn recorded(&self) -> Vec<usize> {
        let mut steps = Schedule::LogSpaced { per_decade: 12 }.steps(self.steps);
        steps.extend([self.read, self.early]);
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

/// The loss of the modular model with `n_dim` parameters, out of the skills of one with more.
fn modular_loss(skills: impl IntoIterator<Item = f64>, p: &[f64], n_dim: usize) -> f64 {
    let of = |(i, (s, p)): (usize, (f64, &f64))| {
        p * SkillLoss::CrossEntropy.value(if i < n_dim { s } else { 0.0 })
    };
    skills.into_iter().zip(p).enumerate().map(of).sum()
}

impl Experiment for ModularScaling {
    const INFO: Info = Info {
        id: "physics/fig-18",
        title: "Modular against shared: ahead late, behind early and past the critical point",
        document: Document::Physics,
        section: "§6.2, Fig. 18",
        notebook: "physics/13-modularity",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("n_task", self.n_task, 2, 1_000_000)?;
        distinct("dims", &self.dims)?;
        for n_dim in &self.dims {
            whole("dims", *n_dim, 1, self.n_task)?;
        }
        distinct("alphas", &self.alphas)?;
        for alpha in &self.alphas {
            positive("alphas", *alpha)?;
        }
        if !self.dims.contains(&self.curve_dim) {
            return Err(Error::setting("curve_dim", self.curve_dim, "one of dims"));
        }
        positive("rate", self.rate)?;
        whole("batch", self.batch, 1, 1 << 30)?;
        whole("steps", self.steps, 1, 100_000_000)?;
        whole("read", self.read, 1, self.steps)?;
        whole("early", self.early, 1, self.read)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let steps = self.recorded();
        let largest = self.dims.iter().copied().max().unwrap_or(self.n_task);
        let axes = TaskVectors::one_hot(self.n_task, largest)?;
        let modular = self.runs(&axes, &steps, seed)?;
        let (mut losses, mut curves) = (Vec::new(), Vec::new());
        for &n_dim in &self.dims {
            progress.check()?;
            let vectors = TaskVectors::unit(self.n_task, n_dim, seed)?;
            let kept = match n_dim == self.curve_dim {
                true => steps.clone(),
                false => vec![self.read],
            };
            let shared = self.runs(&vectors, &kept, seed)?;
            for ((alpha, shared), modular) in self.alphas.iter().zip(&shared).zip(&modular) {
                let p = Frequencies::power_law(self.n_task, *alpha)?;
                let (mut at, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
                for (step, loss) in shared.steps.iter().zip(&shared.loss) {
                    let Some(record) = modular.steps.iter().position(|s| s == step) else {
                        continue;
                    };
                    at.push(*step);
                    ours.push(modular_loss(
                        modular.skills.row(record).iter().copied(),
                        p.p(),
                        n_dim,
                    ));
                    theirs.push(*loss);
                }
                let ratio: Vec<f64> = theirs.iter().zip(&ours).map(|(a, b)| a / b).collect();
                let table = Table::new()
                    .with("step", at)?
                    .with("shared", theirs)?
                    .with("modular", ours)?
                    .with("ratio", ratio)?
                    .led_by("n_dim", n_dim)?
                    .led_by("alpha", *alpha)?;
                losses.push(table.rows_where("step", self.read)?);
                if n_dim == self.curve_dim {
                    curves.push(table);
                }
            }
        }
        Ok([
            ("losses".to_string(), Table::concat(losses)?),
            ("curves".to_string(), Table::concat(curves)?),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_modular_run_holds_those_of_all_dimensions() {
        let p = Frequencies::power_law(12, 1.0).unwrap();
        let run = |n_dim| {
            let vectors = TaskVectors::one_hot(12, n_dim).unwrap();
            let model = Geometry::new(vectors, p.clone())
                .unwrap()
                .with_loss(SkillLoss::CrossEntropy)
                .with_batch(16);
            let descent = SkillDescent::new(SignGd::adam(0.01), 300)
                .recording(Schedule::Every { steps: 100 });
            model.run(&descent, Seed(3)).unwrap()
        };
        let whole = run(12);
        for n_dim in [1, 5, 12] {
            for (t, loss) in run(n_dim).loss.iter().enumerate() {
                let ours = modular_loss(whole.skills.row(t).iter().copied(), p.p(), n_dim);
                assert!((ours - loss).abs() < 1e-14, "{n_dim}: {ours}, {loss}");
            }
        }
    }
}
