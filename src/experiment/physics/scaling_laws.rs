//! Scaling laws of the Geometry model (Fig. 10): loss against parameters and against steps, for frequencies p_i ∝ i^{−α}.
//!
//! The published exponents are slopes between two points, of the median of 4 seeds (α_N, n_dim 40 → 220) or of one run (α_S, steps 80 → 200 at
//! n_dim 100). Here each is fitted to all points of the same window, with an interval over seeds; the two-point slopes stand beside them, and
//! so do the exponents of all sub-windows.
//!
//! Where is the loss's sudden fall? n_task random examples of one class in n_dim dimensions are separable by a plane through 0 with probability ½ at
//! n_dim = n_task/2 (Cover, 1965), and only then can every cross-entropy go to 0. A squared error can reach 0 for all tasks only at
//! n_dim = n_task; its smallest value for any n_dim is a linear solve.
//!
//! Table `losses`, a row for each n_dim, α and optimizer (`sign_gd`, `adam`): `n_dim`, `alpha`, `optimizer`, `loss` at the step `read` (exact p; NaN
//! for a run that diverged), `learned`, the share of tasks with s > 0 there.
//!
//! Table `curves`: `alpha`, `optimizer`, `step`, `loss` at n_dim = `curve_dim`.
//!
//! Table `floor`: `n_dim`, `loss`, the least squared-error loss of any θ at α = 1.

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::linalg;
use crate::model::skill::{Geometry, SkillDescent, SkillLoss, SkillTrajectory, TaskVectors};
use crate::optimizer::{Adam, Optimizer, SignGd};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;
use ndarray::{Array1, Axis};

settings! {
    /// Settings of the scaling laws of the Geometry model.
    pub struct ScalingLaws {
        /// Number of tasks.
        n_task: usize = 60, 1000, 1000;
        /// Numbers of parameters n_dim.
        dims: Vec<usize> = vec![8, 12, 20], vec![40, 60, 100, 160, 220], (1..=50).map(|i| 20 * i).collect();
        /// More of them about the critical point, for α = 1 and Adam only.
        wide_dims: Vec<usize> = vec![25, 30, 40], vec![500, 550, 600, 650], vec![];
        /// Exponents α of the frequencies for the loss against n_dim; 1 is one of them.
        alphas: Vec<f64> = vec![1.0, 2.0], vec![1.0, 1.4, 2.0], vec![0.5, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0];
        /// Exponents α for the loss against steps; 1 is one of them.
        curve_alphas: Vec<f64> = vec![1.0, 2.0], vec![0.5, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0], vec![0.5, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0];
        /// n_dim of the loss against steps.
        curve_dim: usize = 20, 100, 100;
        /// Batch size B.
        batch: usize = 128, 1024, 1024;
        /// Learning rate of both optimizers; betas are (0, 0) for SignGD and (0.9, 0.999) for Adam, ε is 1e-8.
        lr: f64 = 0.01, 0.01, 0.01;
        /// Steps of the runs over n_dim.
        steps: usize = 400, 100_000, 100_000;
        /// The step whose loss is read: of the published runs, the last that was saved.
        read: usize = 390, 99_000, 99_000;
        /// Steps of the runs at `curve_dim`.
        curve_steps: usize = 400, 10_000, 100_000;
        /// First and last n_dim of the fit of α_N.
        fit_dims: [usize; 2] = [8, 20], [40, 220], [40, 220];
        /// First and last step of the fit of α_S.
        fit_steps: [usize; 2] = [80, 200], [80, 200], [80, 200];
        /// Number of seeds: of task vectors and of batches.
        seeds: u64 = 2, 8, 4;
    }
}

/// Names of the optimizers in the tables, and for figures.
const RULES: [(&str, &str); 2] = [("sign_gd", "SignGD"), ("adam", "Adam")];

/// Their names in the tables.
const BOTH: [&str; 2] = [RULES[0].0, RULES[1].0];

/// The exponent of Zipf's law, at which the paper compares with language models.
const ZIPF: f64 = 1.0;

impl ScalingLaws {
    fn optimizer(&self, rule: &str) -> Optimizer {
        match rule {
            "adam" => Adam::new(self.lr).into(),
            _ => SignGd::adam(self.lr).into(),
        }
    }

    /// All n_dim of α = 1, ascending.
    fn all_dims(&self) -> Vec<usize> {
        let mut dims = [self.dims.clone(), self.wide_dims.clone()].concat();
        dims.sort_unstable();
        dims.dedup();
        dims
    }

    /// All `alphas` by all `rules`, on the same vectors and step by step together.
    fn runs(
        &self,
        vectors: &TaskVectors,
        alphas: &[f64],
        rules: &[&'static str],
        steps: usize,
        schedule: &Schedule,
        seed: Seed,
    ) -> Result<Vec<(f64, &'static str, SkillTrajectory)>> {
        let configs = alphas
            .iter()
            .flat_map(|alpha| rules.iter().map(|rule| (*alpha, *rule)));
        let (mut models, mut descents) = (vec![], vec![]);
        for (alpha, rule) in configs.clone() {
            let p = Frequencies::power_law(self.n_task, alpha)?;
            let model = Geometry::new(vectors.clone(), p)?
                .with_loss(SkillLoss::CrossEntropy)
                .with_batch(self.batch);
            models.push(model);
            let descent = SkillDescent::new(self.optimizer(rule), steps);
            descents.push(descent.recording(schedule.clone()));
        }
        let runs = Geometry::run_together(&models, &descents, seed)?;
        Ok(configs.zip(runs).map(|((a, r), run)| (a, r, run)).collect())
    }

    fn vectors(&self, n_dim: usize, seed: Seed) -> Result<TaskVectors> {
        TaskVectors::unit(self.n_task, n_dim, seed)
    }

    /// Loss and share of learned tasks against n_dim.
    fn losses(&self, seed: Seed, progress: &Progress) -> Result<Table> {
        let (mut dims, mut exponents, mut rules) = (vec![], vec![], vec![]);
        let (mut losses, mut learned) = (vec![], vec![]);
        let schedule = Schedule::at([self.read]);
        for n_dim in self.all_dims() {
            progress.check()?;
            let vectors = self.vectors(n_dim, seed)?;
            let (alphas, by) = match self.dims.contains(&n_dim) {
                true => (&self.alphas[..], &BOTH[..]),
                false => (&[ZIPF][..], &BOTH[1..]),
            };
            let runs = self.runs(&vectors, alphas, by, self.steps, &schedule, seed)?;
            for (alpha, rule, run) in runs {
                let at = run.steps.iter().position(|s| *s == self.read);
                let at = at.unwrap_or(run.steps.len() - 1);
                let skills = run.skills.index_axis(Axis(0), at);
                let positive = skills.iter().filter(|s| **s > 0.0).count();
                dims.push(n_dim);
                exponents.push(alpha);
                rules.push(rule);
                losses.push(run.loss[at]);
                learned.push(match run.diverged {
                    Some(_) => f64::NAN,
                    None => positive as f64 / self.n_task as f64,
                });
            }
        }
        Table::new()
            .with("n_dim", dims)?
            .with("alpha", exponents)?
            .with("optimizer", rules)?
            .with("loss", losses)?
            .with("learned", learned)
    }

    /// Loss against steps.
    fn curves(&self, seed: Seed) -> Result<Table> {
        let mut steps = Schedule::LogSpaced { per_decade: 20 }.steps(self.curve_steps);
        steps.extend(self.fit_steps);
        let schedule = Schedule::at(steps);
        let vectors = self.vectors(self.curve_dim, seed)?;
        let runs = self.runs(
            &vectors,
            &self.curve_alphas,
            &BOTH,
            self.curve_steps,
            &schedule,
            seed,
        )?;
        let parts = runs.into_iter().map(|(alpha, rule, run)| {
            run.table()?
                .with_constant("alpha", alpha)?
                .with_constant("optimizer", rule)
        });
        Table::concat(parts.collect::<Result<_>>()?)
    }

    /// The least Σ p_i (1 − t_i·θ)² of any θ, for α = 1.
    fn floor(&self, seed: Seed) -> Result<Table> {
        let p = Array1::from(Frequencies::power_law(self.n_task, ZIPF)?.p().to_vec());
        let mut dims = self.all_dims();
        dims.retain(|n| *n < self.n_task);
        let mut losses = Vec::new();
        for n_dim in &dims {
            let vectors = self.vectors(*n_dim, seed)?;
            let t = vectors.matrix();
            let weighted = t * &p.view().insert_axis(Axis(1));
            let theta = linalg::solve(&weighted.t().dot(t), &weighted.sum_axis(Axis(0)))?;
            losses.push(p.dot(&t.dot(&theta).mapv(|s| (1.0 - s).powi(2))));
        }
        Table::new().with("n_dim", dims)?.with("loss", losses)
    }
}

impl Experiment for ScalingLaws {
    const INFO: Info = Info {
        id: "physics/fig-10",
        title: "Scaling laws of the Geometry model",
        document: Document::Physics,
        section: "§3, Fig. 10",
        notebook: "physics/06-scaling-laws",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("n_task", self.n_task, 2, 1_000_000)?;
        distinct("dims", &self.dims)?;
        for n_dim in self.all_dims() {
            whole("dims", n_dim, 1, self.n_task)?;
        }
        for (field, alphas) in [
            ("alphas", &self.alphas),
            ("curve_alphas", &self.curve_alphas),
        ] {
            distinct(field, alphas)?;
            if !alphas.contains(&ZIPF) {
                return Err(Error::setting(
                    field,
                    format!("{alphas:?}"),
                    "a list with 1 in it, at which the paper compares with language models",
                ));
            }
        }
        whole("curve_dim", self.curve_dim, 1, self.n_task)?;
        whole("batch", self.batch, 1, 1 << 30)?;
        positive("lr", self.lr)?;
        whole("read", self.read, 1, self.steps)?;
        let [from, to] = self.fit_steps;
        whole("fit_steps", to, from + 1, self.curve_steps)?;
        let [from, to] = self.fit_dims;
        for end in [from, to] {
            if !self.dims.contains(&end) {
                return Err(Error::setting("fit_dims", end, "one of dims"));
            }
        }
        whole("fit_dims", to, from + 1, self.n_task)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        Ok(Tables::from([
            ("losses".into(), self.losses(seed, progress)?),
            ("curves".into(), self.curves(seed)?),
            ("floor".into(), self.floor(seed)?),
        ]))
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}
