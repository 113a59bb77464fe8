//! More tasks than parameters (Fig. 8): the Geometry model beside the Resource model with the same vectors' correlations.
//!
//! Task vectors are random directions in n_dim dimensions, C_ij = t_i·t_j, p_i ∝ i^{−α}, SignGD; regression shows s_i, classification σ(s_i). The Resource model is
//! that of Eq. 4 and 5 with the published η_eff and N₀ (form `paper`), and the L2 form with √(2n_dim/π) η and no waste (form `l2`, no free parameter). The Geometry
//! model runs with the settings of the published code and with those of the text (`settings` = `code`, `printed`).
//!
//! A skill is *non-monotonic* when its curve both falls and rises by more than `reversal` somewhere.
//!
//! Table `curves`, a row for each loss, n_task, record and skill, for the settings of the code: `loss` (`regression`, `classification`), `n_task`, `step`, `skill`, `geometry`,
//! `resource` (form `paper`), `resource_l2`.
//!
//! Table `runs`, a row for each loss, settings and n_task: `loss`, `settings`, `n_task`, `rmse`, `rmse_l2` (over all records and skills; NaN where the Resource model left the finite
//! numbers), `diverged` (0, or 1 where it did), `r2`, `r2_l2` (1 − rmse²/variance about the mean over skills at each record), `reversing`, `reversing_resource`, `reversing_l2` (numbers of non-monotonic
//! skills), `reversing_both` (in the Geometry model and in form `paper`), `worse` (skills that end below where they began).

mod measured;
mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{
    CorrelatedResource, Euler, Geometry, Norm, Recorded, SkillDescent, SkillLoss, TaskVectors,
    effective_rate,
};
use crate::optimizer::SignGd;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;
use measured::Measured;
use ndarray::Array2;

settings! {
    /// Settings of the underparametrised regime.
    pub struct Underparametrised {
        /// Number of parameters.
        n_dim: usize = 10, 10, 10;
        /// Numbers of tasks.
        n_tasks: Vec<usize> = vec![5, 20], vec![5, 10, 20, 40, 100], vec![5, 10, 20, 40, 100];
        /// Exponent α of the frequencies p_i ∝ i^−α.
        alpha: f64 = 2.0, 2.0, 2.0;
        /// Steps.
        steps: usize = 1_000, 3_000, 3_000;
        /// Regression: SignGD's learning rate of the code; the text has 3e-4.
        regression_rate: f64 = 1e-3, 1e-3, 1e-3;
        /// Regression: examples a step.
        regression_batch: usize = 128, 128, 128;
        /// Regression: N₀ of the code, with η_eff = 2√n_dim η.
        regression_waste: f64 = 0.01, 0.01, 0.01;
        /// Classification: SignGD's learning rate of the code; the text has 3e-4.
        classification_rate: f64 = 0.01, 0.01, 0.01;
        /// Classification: examples a step of the code; the text has 128.
        classification_batch: usize = 1024, 1024, 1024;
        /// Classification: N₀ of the code, with η_eff = 4√n_dim η.
        classification_waste: f64 = 0.0, 0.0, 0.0;
        /// The text's learning rate for both, with η_eff = 2√n_dim η and the code's N₀.
        printed_rate: f64 = 3e-4, 3e-4, 3e-4;
        /// The text's examples a step for both.
        printed_batch: usize = 128, 128, 128;
        /// A skill is non-monotonic when its curve both falls and rises by more than this.
        reversal: f64 = 0.1, 0.1, 0.1;
        /// Steps between the records that are compared.
        every: usize = 10, 10, 10;
        /// Number of seeds.
        seeds: u64 = 2, 16, 32;
    }
}

const LOSSES: [(&str, SkillLoss); 2] = [
    ("regression", SkillLoss::SquaredError),
    ("classification", SkillLoss::CrossEntropy),
];

/// Learning rate, batch and the Resource model's two numbers for one run.
struct Recipe {
    rate: f64,
    batch: usize,
    eta: f64,
    waste: f64,
}

impl Underparametrised {
    fn recipe(&self, loss: SkillLoss, settings: &str) -> Recipe {
        let (rate, batch, waste) = match loss {
            SkillLoss::SquaredError => (
                self.regression_rate,
                self.regression_batch,
                self.regression_waste,
            ),
            SkillLoss::CrossEntropy => (
                self.classification_rate,
                self.classification_batch,
                self.classification_waste,
            ),
        };
        if settings == "printed" {
            return Recipe {
                rate: self.printed_rate,
                batch: self.printed_batch,
                eta: effective_rate::as_printed(self.printed_rate, self.n_dim),
                waste,
            };
        }
        let eta = match loss {
            SkillLoss::SquaredError => effective_rate::as_printed(rate, self.n_dim),
            SkillLoss::CrossEntropy => {
                effective_rate::as_published_for_cross_entropy(rate, self.n_dim)
            }
        };
        Recipe {
            rate,
            batch,
            eta,
            waste,
        }
    }

    /// The Resource model at the recorded steps; `None` where it leaves the finite numbers.
    fn resource(
        &self,
        model: Result<CorrelatedResource>,
        records: &[usize],
    ) -> Result<Option<Array2<f64>>> {
        let method = Euler::new(self.steps + 1)
            .clipped(false)
            .recording(Recorded::BeforeUpdate);
        match model?.euler(&method) {
            Ok(run) => {
                let kept = run.skills().select(ndarray::Axis(0), records);
                Ok(kept.iter().all(|s| s.is_finite()).then_some(kept))
            }
            Err(Error::Diverged { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn run_one(
        &self,
        vectors: &TaskVectors,
        loss: SkillLoss,
        settings: &str,
        seed: Seed,
    ) -> Result<Measured> {
        let recipe = self.recipe(loss, settings);
        let frequencies = Frequencies::power_law(vectors.n_task(), self.alpha)?;
        let model = Geometry::new(vectors.clone(), frequencies.clone())?
            .with_loss(loss)
            .with_batch(recipe.batch);
        let descent = SkillDescent::new(SignGd::adam(recipe.rate), self.steps)
            .recording(Schedule::Every { steps: self.every });
        let run = model.run(&descent, seed)?;
        let correlated = |eta| {
            CorrelatedResource::new(frequencies.clone(), vectors.correlation(), eta)
                .map(|model| model.with_loss(loss))
        };
        let paper = correlated(recipe.eta)?.with_waste(recipe.waste);
        let l2 = correlated(effective_rate::gaussian_vectors(recipe.rate, self.n_dim))
            .map(|model| model.with_norm(Norm::L2));
        let shown = |s: f64| match loss {
            SkillLoss::SquaredError => s,
            SkillLoss::CrossEntropy => 1.0 / (1.0 + (-s).exp()),
        };
        Ok(Measured {
            geometry: run.skills.mapv(shown),
            resource: self.resource(paper, &run.steps)?,
            l2: self.resource(l2, &run.steps)?,
            steps: run.steps,
            start: shown(0.0),
            reversal: self.reversal,
        })
    }
}

impl Experiment for Underparametrised {
    const INFO: Info = Info {
        id: "physics/fig-08",
        title: "More tasks than parameters: skills that are learned, unlearned and learned again",
        document: Document::Physics,
        section: "§2.5, Fig. 8",
        notebook: "physics/04-underparametrised",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("n_dim", self.n_dim, 1, 100_000)?;
        distinct("n_tasks", &self.n_tasks)?;
        for n in &self.n_tasks {
            whole("n_tasks", *n, 2, 10_000)?;
        }
        for (name, value) in [
            ("alpha", self.alpha),
            ("regression_rate", self.regression_rate),
            ("classification_rate", self.classification_rate),
            ("printed_rate", self.printed_rate),
            ("reversal", self.reversal),
        ] {
            positive(name, value)?;
        }
        for (name, value) in [
            ("regression_waste", self.regression_waste),
            ("classification_waste", self.classification_waste),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::setting(name, value, "a finite number ≥ 0"));
            }
        }
        for (name, value) in [
            ("regression_batch", self.regression_batch),
            ("classification_batch", self.classification_batch),
            ("printed_batch", self.printed_batch),
        ] {
            whole(name, value, 1, 1 << 30)?;
        }
        whole("steps", self.steps, 2, 1_000_000)?;
        whole("every", self.every, 1, self.steps)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut runs) = (Vec::new(), Vec::new());
        for &n_task in &self.n_tasks {
            let vectors = TaskVectors::unit(n_task, self.n_dim, seed)?;
            for (name, loss) in LOSSES {
                for settings in ["code", "printed"] {
                    progress.check()?;
                    let measured = self.run_one(&vectors, loss, settings, seed)?;
                    let row = measured.row()?.led_by("n_task", n_task)?;
                    runs.push(row.led_by("settings", settings)?.led_by("loss", name)?);
                    if settings == "code" {
                        let table = measured.curves(60)?.led_by("n_task", n_task)?;
                        curves.push(table.led_by("loss", name)?);
                    }
                }
            }
        }
        Ok([
            ("curves".to_string(), Table::concat(curves)?),
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
