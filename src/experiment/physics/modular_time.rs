//! Modularity (§6.1): learning times with shared and with divided dimensions.
//!
//! The Domino model gives $T_N \propto n_\text{task}/\sqrt{n_\text{dim}}$ when all tasks share all dimensions and are learned one after the other, and
//! $T_M \propto \sqrt{n_\text{task}/n_\text{dim}}$ when each has n_dim/n_task dimensions of its own. Measured on the Geometry model, SignGD with the true p, task vectors
//! orthonormal (`shared`) or each a random unit vector in its own block of dimensions (`divided`), until every skill is at `level`; and on the Resource model
//! (L2 form, no waste, $\eta_\text{eff} = \sqrt{2 n_\text{dim}/\pi}\,\eta$).
//!
//! | table | a row for each | columns |
//! |---|---|---|
//! | `times` | model (`geometry`, `resource`), α, sweep (`n_task`, `n_dim`), arrangement (`shared`, `divided`), size | `n_task`, `n_dim`, `time` (steps until the last skill is at `level`; NaN: not within `patience` times the Domino model's T_N) |

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{
    Geometry, Norm, Resource, SkillDescent, TaskVectors, effective_rate, modularity,
};
use crate::optimizer::SignGd;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;
use ndarray::Array2;

settings! {
    /// Settings of the study of modularity.
    pub struct ModularTime {
        /// Numbers of tasks of the sweep over tasks.
        tasks: Vec<usize> = vec![2, 4, 8], vec![2, 4, 8, 16, 32], vec![2, 4, 8, 16, 32, 64];
        /// Dimensions of the sweep over tasks.
        n_dim: usize = 256, 1024, 2048;
        /// Dimensions of the sweep over dimensions.
        dims: Vec<usize> = vec![64, 128, 256], vec![128, 256, 512, 1024, 2048], vec![128, 256, 512, 1024, 2048, 4096];
        /// Tasks of the sweep over dimensions.
        n_task: usize = 8, 8, 8;
        /// Exponents α of p ∝ n^−α.
        alphas: Vec<f64> = vec![2.0], vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0, 4.0];
        /// Learning rate η of SignGD.
        rate: f64 = 1e-3, 3e-4, 1e-4;
        /// The level at which a skill counts as learned.
        level: f64 = 0.9, 0.9, 0.9;
        /// Longest run, in units of the Domino model's T_N.
        patience: f64 = 3.0, 10.0, 10.0;
        /// Records of a run: the resolution of its times.
        records: usize = 500, 1500, 3000;
        /// Number of seeds.
        seeds: u64 = 2, 8, 32;
    }
}

impl Experiment for ModularTime {
    const INFO: Info = Info {
        id: "physics/modularity",
        title: "Learning times of shared and divided dimensions",
        document: Document::Physics,
        section: "§6.1",
        notebook: "physics/13-modularity",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        for (field, list) in [("tasks", &self.tasks), ("dims", &self.dims)] {
            distinct(field, list)?;
            if list.len() < 3 || !list.is_sorted() {
                return Err(Error::setting(
                    field,
                    format!("{list:?}"),
                    "at least three numbers, ascending: a slope is fitted to them",
                ));
            }
        }
        distinct("alphas", &self.alphas)?;
        self.alphas
            .iter()
            .try_for_each(|a| positive("alphas", *a))?;
        for tasks in &self.tasks {
            whole("tasks", *tasks, 1, self.n_dim)?;
        }
        for dims in &self.dims {
            whole("dims", *dims, self.n_task, 1_000_000)?;
        }
        positive("rate", self.rate)?;
        positive("patience", self.patience)?;
        whole("records", self.records, 10, 1_000_000)?;
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::setting(
                "level",
                self.level,
                "a level between 0 and 1",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut parts = Vec::new();
        for &alpha in &self.alphas {
            for (n_task, n_dim, sweep) in self.sizes() {
                progress.check()?;
                let p = Frequencies::power_law(n_task, alpha)?;
                for arrangement in ["shared", "divided"] {
                    let geometry = self.geometry(&p, n_dim, arrangement, seed)?;
                    let resource = self.resource(&p, n_dim, arrangement)?;
                    parts.push(
                        Table::new()
                            .with("model", vec!["geometry", "resource"])?
                            .with_constant("alpha", alpha)?
                            .with_constant("sweep", sweep)?
                            .with_constant("arrangement", arrangement)?
                            .with("n_task", vec![n_task; 2])?
                            .with("n_dim", vec![n_dim; 2])?
                            .with("time", vec![geometry, resource])?,
                    );
                }
            }
        }
        Ok(Tables::from([("times".into(), Table::concat(parts)?)]))
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

impl ModularTime {
    fn sizes(&self) -> Vec<(usize, usize, &'static str)> {
        let tasks = self.tasks.iter().map(|n| (*n, self.n_dim, "n_task"));
        let dims = self.dims.iter().map(|n| (self.n_task, *n, "n_dim"));
        tasks.chain(dims).collect()
    }

    fn geometry(
        &self,
        p: &Frequencies,
        n_dim: usize,
        arrangement: &str,
        seed: Seed,
    ) -> Result<f64> {
        let n_task = p.len();
        let vectors = match arrangement {
            "shared" => TaskVectors::orthonormal(n_task, n_dim, seed)?,
            _ => TaskVectors::new(blocks(n_task, n_dim, seed))?,
        };
        // One task alone moves by η_eff a step.
        let c = 1.0 / effective_rate::gaussian_vectors(self.rate, 1);
        let longest = match arrangement {
            "shared" => modularity::shared(n_task, n_dim, c)?,
            _ => modularity::divided(n_task, n_dim, c)?,
        };
        let steps = (self.patience * longest).ceil() as usize;
        let every = Schedule::Every {
            steps: (steps / self.records).max(1),
        };
        let descent = SkillDescent::new(SignGd::adam(self.rate), steps).recording(every);
        let run = Geometry::new(vectors, p.clone())?.run(&descent, seed)?;
        // A time that is NaN, never, stays NaN.
        let latest = |a: f64, b: f64| {
            if a.is_nan() || b.is_nan() {
                f64::NAN
            } else {
                a.max(b)
            }
        };
        Ok(run.learning_times(self.level).into_iter().fold(0.0, latest))
    }

    fn resource(&self, p: &Frequencies, n_dim: usize, arrangement: &str) -> Result<f64> {
        let own = n_dim / p.len();
        let model = match arrangement {
            "shared" => Resource::new(
                p.clone(),
                effective_rate::gaussian_vectors(self.rate, n_dim),
            )?,
            // Every skill alone: all take the same time.
            _ => Resource::new(
                Frequencies::uniform(1)?,
                effective_rate::gaussian_vectors(self.rate, own),
            )?,
        };
        Ok(model
            .with_norm(Norm::L2)
            .time_until_all(self.level)?
            .total())
    }
}

/// One random unit vector for each task in its own ⌊n_dim/n_task⌋ dimensions.
fn blocks(n_task: usize, n_dim: usize, seed: Seed) -> Array2<f64> {
    let own = n_dim / n_task;
    let draws = seed.normal("data", n_task, own);
    let mut matrix = Array2::zeros((n_task, n_dim));
    for (i, draw) in draws.outer_iter().enumerate() {
        let length = draw.dot(&draw).sqrt();
        for (j, x) in draw.iter().enumerate() {
            matrix[[i, i * own + j]] = x / length;
        }
    }
    matrix
}
