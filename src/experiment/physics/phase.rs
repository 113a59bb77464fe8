//! How far skills come over α and noise: one run of the Geometry model, made for sweeps.
//!
//! The run is that of Fig. 7's base, SignGD (Adam with betas 0) on orthonormal vectors along half the gradient, with noise of standard
//! deviation σ on the gradient. A sweep over `alpha` and `noise` is a phase diagram that the paper does not draw.
//!
//! Table `final`, one row: `mean_level` (mean of s over tasks at the last step), `learned` (part of the tasks with s above `level`), `loss`.
//!
//! Table `skills`, a row for each task: `skill` (from 1), `p`, `s` (at the last step), `time` (the first recorded step with s above `level`;
//! NaN: not learned).

use super::rows::{Base, RowChange};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Figure, Figures, Panel};
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;

settings! {
    /// Settings of one point of the phase diagram.
    pub struct Phase {
        /// Exponent α of the frequencies, p_i ∝ i^−α.
        alpha: f64 = 2.0, 2.0, 2.0;
        /// Standard deviation σ of the gradient noise.
        noise: f64 = 0.01, 0.01, 0.01;
        /// Number of tasks.
        n_task: usize = 5, 10, 10;
        /// Number of dimensions n_dim.
        n_dim: usize = 100, 1000, 1000;
        /// Learning rate η of SignGD.
        rate: f64 = 2e-3, 3e-4, 3e-4;
        /// Batch size B.
        batch: usize = 1024, 1024, 1024;
        /// Number of steps.
        steps: usize = 200, 3000, 3000;
        /// Steps from one record to the next.
        every: usize = 10, 10, 10;
        /// The level s from which on a task counts as learned.
        level: f64 = 0.5, 0.5, 0.5;
        /// Number of seeds.
        seeds: u64 = 2, 8, 32;
    }
}

impl Phase {
    fn base(&self) -> Base {
        Base {
            n_task: self.n_task,
            alpha: self.alpha,
            n_dim: self.n_dim,
            rate: self.rate,
            batch: self.batch,
            steps: self.steps,
            every: self.every,
        }
    }
}

impl Experiment for Phase {
    const INFO: Info = Info {
        id: "physics/phase",
        title: "How far skills come, over the exponent of the frequencies and the noise of gradients",
        document: Document::Physics,
        section: "beyond Fig. 7",
        notebook: "sweeps",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.base().row(&RowChange::Nothing)?;
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(Error::setting("noise", self.noise, "a finite number ≥ 0"));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::setting(
                "level",
                self.level,
                "a number above 0 and below 1",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        progress.check()?;
        let row = self.base().row(&RowChange::Nothing)?;
        let run = row
            .model(seed)?
            .with_noise(self.noise)
            .run(&row.descent(), seed)?;
        let last: Vec<f64> = run.skills.row(run.steps.len() - 1).to_vec();
        let n = last.len() as f64;
        let learned = last.iter().filter(|s| **s > self.level).count();
        let end = Table::new()
            .with("mean_level", vec![last.iter().sum::<f64>() / n])?
            .with("learned", vec![learned as f64 / n])?
            .with("loss", vec![run.final_loss()])?;
        let skills = Table::new()
            .with("skill", (1..=last.len()).collect::<Vec<_>>())?
            .with("p", row.frequencies.p().to_vec())?
            .with("s", last)?
            .with("time", run.learning_times(self.level))?;
        Ok([("final".into(), end), ("skills".into(), skills)].into())
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let skills = outcome.table("skills")?;
        let tasks: Vec<f64> = (1..=self.n_task).map(|i| i as f64).collect();
        let mut levels = Vec::new();
        for i in 1..=self.n_task {
            levels.push(stats::mean(&skills.rows_where("skill", i)?.f64s("s")?).value);
        }
        let panel = Panel::new("").x("task").y("skill at the last step");
        let panel = panel.line("mean over seeds", &tasks, &levels);
        let title = format!("α = {}, σ = {}", self.alpha, self.noise);
        Ok(Figures::new().with("skills", Figure::new(title).panel(panel)))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        // The documents say nothing of this diagram; a run without its table is an error all the same.
        outcome.table("final").map(|_| Claims::default())
    }
}
