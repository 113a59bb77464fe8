//! Fig. 6: how N₀ controls the Resource model, beside a run of the Geometry model.
//!
//! $$\frac{du_i}{dt} = -\eta_\text{eff}\frac{p_iu_i}{\sum_j p_ju_j + N_0},\qquad \eta_\text{eff}=2\sqrt{n_\text{dim}}\,\eta$$
//!
//! | symbol | here |
//! |---|---|
//! | n_task, α, n_dim | `n_task`, `alpha`, `n_dim` |
//! | η, B | `rate`, `batch` |
//! | N₀ of the panels | `wastes` |
//! | 1 − u* | `level` |
//!
//! The Geometry model is SignGD (Adam with betas 0) on orthonormal vectors, along half the gradient, as in the published code.
//!
//! Table `curves`, of the first seed: `model` (`Geometry`, or N₀ as text), `step`, `skill` (from 1), `level` (s).
//!
//! Table `times`, a row for each N₀: `waste`, `time` (steps until all skills reach the level, read off the curves of the adaptive solver), `delay`
//! (`time` less that without waste), `formula` (t_waste of Eq. 3), `euler` (as `time`, of the published Euler steps).
//!
//! Table `fits`, a row for each N₀ of the list (`kind` = `list`) and one for each fitted form (`Eq. 1`, `L2`): `kind`, `waste`, `rmse`
//! (of s against the Geometry run, over records and skills), `geometry_time` (steps until all skills of the Geometry run are at the level).

mod report;

use super::rows::{Base, RowChange};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::distinct;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Euler, Norm, Resource, SkillTrajectory};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;

settings! {
    /// Settings of the Resource model against N₀.
    pub struct WasteControl {
        /// Number of tasks.
        n_task: usize = 5, 10, 10;
        /// Exponent α of the frequencies, p_i ∝ i^−α.
        alpha: f64 = 2.0, 2.0, 2.0;
        /// Number of dimensions n_dim.
        n_dim: usize = 200, 1000, 1000;
        /// Learning rate η of SignGD.
        rate: f64 = 1e-3, 3e-4, 3e-4;
        /// Batch size B (the text is silent).
        batch: usize = 1024, 1024, 1024;
        /// Number of steps.
        steps: usize = 500, 3000, 3000;
        /// Steps from one record to the next.
        every: usize = 5, 10, 10;
        /// N₀ of the panels, as in the published code.
        wastes: Vec<f64> = vec![0.01, 1.0], vec![1e-4, 1e-3, 3e-3, 0.01, 0.1, 1.0], vec![1e-4, 1e-3, 3e-3, 0.01, 0.1, 1.0];
        /// The level s that all skills have to reach.
        level: f64 = 0.9, 0.9, 0.9;
        /// Number of seeds.
        seeds: u64 = 2, 16, 32;
    }
}

impl WasteControl {
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

    fn resource(&self, waste: f64) -> Result<Resource> {
        let row = self.base().row(&RowChange::Nothing)?;
        Resource::new(row.frequencies.clone(), row.printed_rate())?.with_waste(waste)
    }

    /// Time until all skills are at the level, from the curves of the adaptive solver and of Euler's steps.
    fn times(&self, progress: &Progress) -> Result<Table> {
        let (mut time, mut euler, mut formula) = (vec![], vec![], vec![]);
        let wastes: Vec<f64> = [0.0].iter().chain(&self.wastes).copied().collect();
        for &waste in &wastes {
            progress.check()?;
            let model = self.resource(waste)?;
            let exact = model.time_until_all(self.level)?;
            let end = 1.05 * exact.total();
            // The last skill nears the level slowly: a straight line between a thousand records is right to 1e-6.
            let times: Vec<f64> = (0..=4_000).map(|k| end * f64::from(k) / 4_000.0).collect();
            let run = model.ode(&times, &Flow::new(1e-10))?;
            time.push(run.learning_times(self.level)[self.n_task - 1]);
            let steps = model.euler(&Euler::new(end.ceil() as usize + 2))?;
            euler.push(steps.learning_times(self.level)[self.n_task - 1]);
            formula.push(exact.waste);
        }
        let delay = time.iter().map(|t| t - time[0]).collect::<Vec<_>>();
        Table::new()
            .with("waste", wastes)?
            .with("time", time)?
            .with("delay", delay)?
            .with("formula", formula)?
            .with("euler", euler)
    }

    fn curves(&self, run: &SkillTrajectory) -> Result<Table> {
        let times: Vec<f64> = run.steps.iter().map(|t| *t as f64).collect();
        let mut parts = vec![run.skills_table()?.with_constant("model", "Geometry")?];
        for &waste in &self.wastes {
            let skills = self.resource(waste)?.exact(&times)?.skills();
            let like = SkillTrajectory {
                skills,
                ..run.clone()
            };
            let model = crate::display::number(waste);
            parts.push(like.skills_table()?.with_constant("model", model)?);
        }
        Table::concat(parts)
    }

    fn fits(&self, run: &SkillTrajectory) -> Result<Table> {
        let row = self.base().row(&RowChange::Nothing)?;
        let times: Vec<f64> = run.steps.iter().map(|t| *t as f64).collect();
        let (mut kind, mut waste, mut rmse) = (vec![], vec![], vec![]);
        for &n0 in &self.wastes {
            kind.push("list");
            waste.push(n0);
            rmse.push(self.resource(n0)?.rmse(&times, &run.skills)?);
        }
        for (name, norm, rate) in [
            ("Eq. 1", Norm::L1, row.printed_rate()),
            ("L2", Norm::L2, row.true_rate()),
        ] {
            let model = Resource::new(row.frequencies.clone(), rate)?.with_norm(norm);
            let fit = model.fit_waste(&times, &run.skills)?;
            kind.push(name);
            waste.push(fit.waste.value);
            rmse.push(fit.rmse);
        }
        let learned = run.learning_times(self.level);
        let all = learned.iter().fold(0.0f64, |a, t| a.max(*t));
        let last = if learned.iter().any(|t| t.is_nan()) {
            f64::NAN
        } else {
            all
        };
        Table::new()
            .with("kind", kind)?
            .with("waste", waste)?
            .with("rmse", rmse)?
            .with_constant("geometry_time", last)
    }
}

impl Experiment for WasteControl {
    const INFO: Info = Info {
        id: "physics/fig-06",
        title: "N₀ delays the Resource model by t_waste and nothing else",
        document: Document::Physics,
        section: "§2.4, Fig. 6",
        notebook: "physics/03-resource-model",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.base().validate()?;
        distinct("wastes", &self.wastes)?;
        if let Some(waste) = self.wastes.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
            return Err(Error::setting("wastes", waste, "finite numbers > 0"));
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
        let run = row.model(seed)?.run(&row.descent(), seed)?;
        let mut tables = Tables::from([("fits".into(), self.fits(&run)?)]);
        if seed.0 == 0 {
            tables.insert("curves".into(), self.curves(&run)?);
            tables.insert("times".into(), self.times(progress)?);
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
