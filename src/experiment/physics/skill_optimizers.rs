//! Fig. 15: Adam, AdEMAMix and Lion on the Geometry model, over numbers of tasks and gradient noise; also Sophia and MARS.
//!
//! Ten parameters, cross-entropy, p_i ∝ i^{−2}, batches of 128, task vectors N(0, I/10). The *level* of a skill is σ(s_i), 1 minus what is left
//! of it; the published settings are in `published`. All rules of a seed see the same vectors, the same batches and the same noise.
//!
//! Sophia is given the exact diagonal of the batch's Hessian. MARS runs in both forms: `mars` compares with the gradient of the step before, `mars_exact`
//! with the gradient of the same batch and the same noise at the parameters before.
//! SOAP and Muon are rules for matrices and have no meaning on a vector of parameters: a vector has no left and right side to rotate or to
//! orthogonalise. Taken as a matrix of one column, Muon is gradient descent of fixed length, and SOAP's basis is the whole parameter space.
//!
//! Table `runs`, a row for each cell and rule: `tasks`, `noise`, `rule`, `early` (loss at that step), `end` (mean loss of the last fifth),
//! `swing` (standard deviation of ln loss there).
//!
//! Table `levels`, a row for each cell, published rule and task: `tasks`, `noise`, `rule`, `task`, `level` at the last step.
//!
//! Table `curves` (first 16 seeds): `tasks`, `noise`, `rule`, `step`, `loss`. Table `skills` (seed 0, published rules): with `task`, `level`.

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Geometry, SkillDescent, SkillLoss, SkillTrajectory, TaskVectors};
use crate::optimizer::{AdEMAMix, Adam, Lion, Mars, Optimizer, Sophia};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;

settings! {
    /// Settings of Fig. 15.
    pub struct SkillOptimizers {
        /// Numbers of tasks.
        tasks: Vec<usize> = vec![10, 40], vec![10, 40], vec![10, 40];
        /// Standard deviations σ of the gradient noise.
        noises: Vec<f64> = vec![0.0, 0.2, 1.0], vec![0.0, 0.2, 1.0], vec![0.0, 0.2, 1.0];
        /// Number of parameters.
        dim: usize = 10, 10, 10;
        /// Exponent α of the frequencies.
        alpha: f64 = 2.0, 2.0, 2.0;
        /// Batch size.
        batch: usize = 128, 128, 128;
        /// Step size of every rule.
        rate: f64 = 0.01, 0.01, 0.01;
        /// Adam's (β₁, β₂); the paper does not state them.
        adam_betas: (f64, f64) = (0.9, 0.95), (0.9, 0.95), (0.9, 0.95);
        /// Steps.
        steps: usize = 2_000, 15_000, 15_000;
        /// The step at which initial convergence is compared.
        early: usize = 500, 500, 500;
        /// Number of seeds.
        seeds: u64 = 2, 48, 256;
    }
}

/// Steps between two records.
const EVERY: usize = 50;
/// Seeds whose loss curves are kept.
const DRAWN: u64 = 16;
/// The rules of the paper, and ours after them.
const PUBLISHED: usize = 3;

impl SkillOptimizers {
    fn rules(&self) -> [(&'static str, Optimizer); 6] {
        let rate = self.rate;
        let (beta1, beta2) = self.adam_betas;
        [
            ("adam", Adam::new(rate).betas(beta1, beta2).into()),
            ("ademamix", AdEMAMix::new(rate).into()),
            ("lion", Lion::new(rate).into()),
            ("sophia", Sophia::new(rate).weight_decay(0.0).into()),
            ("mars", Mars::new(rate).into()),
            ("mars_exact", Mars::exact(rate).into()),
        ]
    }

    fn cells(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let noises = &self.noises;
        self.tasks
            .iter()
            .flat_map(move |tasks| noises.iter().map(move |noise| (*tasks, *noise)))
    }
}

impl Experiment for SkillOptimizers {
    const INFO: Info = Info {
        id: "physics/fig-15",
        title: "New optimizers on the Geometry model",
        document: Document::Physics,
        section: "§4.4, Fig. 15",
        notebook: "physics/11-optimizers",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("tasks", &self.tasks)?;
        distinct("noises", &self.noises)?;
        for tasks in &self.tasks {
            whole("tasks", *tasks, 2, 10_000)?;
        }
        if let Some(noise) = self.noises.iter().find(|n| !n.is_finite() || **n < 0.0) {
            return Err(Error::setting("noises", noise, "finite numbers ≥ 0"));
        }
        whole("dim", self.dim, 1, 10_000)?;
        positive("alpha", self.alpha)?;
        positive("rate", self.rate)?;
        whole("batch", self.batch, 1, 1_000_000)?;
        whole("steps", self.steps, 20 * EVERY, 10_000_000)?;
        whole("early", self.early, EVERY, self.steps)?;
        if !self.early.is_multiple_of(EVERY) {
            return Err(Error::setting(
                "early",
                self.early,
                format!("a multiple of {EVERY}, the distance of two records"),
            ));
        }
        self.rules()
            .iter()
            .try_for_each(|(_, rule)| rule.validate_as("optimizer"))
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let rules = self.rules();
        let mut rows = Rows::default();
        let (mut curves, mut skills) = (Vec::new(), Vec::new());
        for (tasks, noise) in self.cells() {
            progress.check()?;
            let vectors = TaskVectors::gaussian(tasks, self.dim, seed)?;
            let model = Geometry::new(vectors, Frequencies::power_law(tasks, self.alpha)?)?
                .with_loss(SkillLoss::CrossEntropy)
                .with_batch(self.batch)
                .with_noise(noise);
            let models = vec![model; rules.len()];
            let descents: Vec<SkillDescent> = rules
                .iter()
                .map(|(_, rule)| {
                    SkillDescent::new(*rule, self.steps).recording(Schedule::Every { steps: EVERY })
                })
                .collect();
            let runs = Geometry::run_together(&models, &descents, seed)?;
            for (place, ((rule, _), run)) in rules.iter().zip(&runs).enumerate() {
                let cell = (tasks, noise, *rule);
                rows.add(cell, run, self.early, place < PUBLISHED);
                if seed.0 < DRAWN {
                    curves.push(labelled(cell, loss_curve(run)?)?);
                }
                if seed.0 == 0 && place < PUBLISHED {
                    skills.push(labelled(cell, level_curves(run)?)?);
                }
            }
        }
        let mut tables = rows.tables()?;
        for (name, parts) in [("curves", curves), ("skills", skills)] {
            if !parts.is_empty() {
                tables.insert(name.into(), Table::concat(parts)?);
            }
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

type Cell = (usize, f64, &'static str);

fn labelled((tasks, noise, rule): Cell, table: Table) -> Result<Table> {
    table
        .led_by("rule", rule)?
        .led_by("noise", noise)?
        .led_by("tasks", tasks)
}

/// The loss at about 25 records a decade.
fn loss_curve(run: &SkillTrajectory) -> Result<Table> {
    let last = run.steps[run.steps.len() - 1];
    let wanted = Schedule::LogSpaced { per_decade: 25 }.steps(last / EVERY);
    let kept = wanted.into_iter().map(|i| i.min(run.steps.len() - 1));
    let kept: Vec<usize> = kept.collect();
    Table::new()
        .with(
            "step",
            kept.iter().map(|&i| run.steps[i]).collect::<Vec<_>>(),
        )?
        .with(
            "loss",
            kept.iter().map(|&i| run.loss[i]).collect::<Vec<_>>(),
        )
}

/// σ(s).
fn level(s: f64) -> f64 {
    1.0 / (1.0 + (-s).exp())
}

/// The levels of all tasks at about sixty records.
fn level_curves(run: &SkillTrajectory) -> Result<Table> {
    let every = (run.steps.len() / 60).max(1);
    let kept: Vec<usize> = (0..run.steps.len()).step_by(every).collect();
    let (mut task, mut step, mut levels) = (vec![], vec![], vec![]);
    for i in 0..run.skills.ncols() {
        for &record in &kept {
            task.push(i + 1);
            step.push(run.steps[record]);
            levels.push(level(run.skills[[record, i]]));
        }
    }
    Table::new()
        .with("task", task)?
        .with("step", step)?
        .with("level", levels)
}

/// The rows of `runs` and `levels`.
#[derive(Default)]
struct Rows {
    cells: Vec<Cell>,
    values: Vec<[f64; 3]>,
    tasks: Vec<(Cell, usize, f64)>,
}

impl Rows {
    fn add(&mut self, cell: Cell, run: &SkillTrajectory, early: usize, keep_levels: bool) {
        let at = run.steps.iter().position(|s| *s == early);
        let tail = &run.loss[run.loss.len() * 4 / 5..];
        let n = tail.len() as f64;
        let mean = tail.iter().sum::<f64>() / n;
        let log_mean = tail.iter().map(|l| l.ln()).sum::<f64>() / n;
        let swing = tail
            .iter()
            .map(|l| (l.ln() - log_mean).powi(2))
            .sum::<f64>()
            / n;
        self.cells.push(cell);
        self.values
            .push([at.map_or(f64::NAN, |i| run.loss[i]), mean, swing.sqrt()]);
        if keep_levels {
            let last = run.skills.row(run.skills.nrows() - 1);
            let levels = last.iter().enumerate();
            self.tasks
                .extend(levels.map(|(i, s)| (cell, i + 1, level(*s))));
        }
    }

    fn tables(self) -> Result<Tables> {
        let keys = |cells: &[Cell]| -> Result<Table> {
            Table::new()
                .with("tasks", cells.iter().map(|c| c.0).collect::<Vec<_>>())?
                .with("noise", cells.iter().map(|c| c.1).collect::<Vec<_>>())?
                .with("rule", cells.iter().map(|c| c.2).collect::<Vec<_>>())
        };
        let value = |i: usize| self.values.iter().map(|v| v[i]).collect::<Vec<_>>();
        let runs = keys(&self.cells)?
            .with("early", value(0))?
            .with("end", value(1))?
            .with("swing", value(2))?;
        let of_tasks: Vec<Cell> = self.tasks.iter().map(|t| t.0).collect();
        let levels = keys(&of_tasks)?
            .with("task", self.tasks.iter().map(|t| t.1).collect::<Vec<_>>())?
            .with("level", self.tasks.iter().map(|t| t.2).collect::<Vec<_>>())?;
        Ok([("runs".to_string(), runs), ("levels".to_string(), levels)].into())
    }
}
