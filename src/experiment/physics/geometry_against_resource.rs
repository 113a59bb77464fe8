//! Fig. 7: the Geometry model against the Resource model, row by row, and what N₀ comes from.
//!
//! Top: each row changes one thing in a base run of the Geometry model. Its skill curves are compared with six forms of the Resource model:
//!
//! | form | denominator | η_eff | fitted |
//! |---|---|---|---|
//! | `Eq. 1` | Σ p u + N₀ | 2√n_dim η, as printed | N₀ |
//! | `Eq. 1, η corrected` | Σ p u + N₀ | √(2n_dim/π) η | N₀ |
//! | `Eq. 1, η fitted` | Σ p u + N₀ | fitted | η_eff, N₀ |
//! | `L2, N₀ = 0` | √Σ(p u)² | √(2n_dim/π) η | nothing |
//! | `L2` | √(Σ(p u)² + N₀²) | √(2n_dim/π) η | N₀ |
//! | `L2, N₀ known` | N₀² = n_dim σ²/c² + Σ p(1−p)u²/B, step by step | √(2n_dim/π) η | nothing |
//! | `L2, steps drawn` | the same average with each batch's counts and each step's random part drawn | √(2n_dim/π) η | nothing |
//! | `any C(t)` | whatever; u_i = C(t)^{p_i} | whatever | C at every record |
//!
//! The last but two are [`AveragedSign`](crate::model::skill::AveragedSign), where they are derived; the last is a bound: no model of the family,
//! whatever its denominator, comes nearer. Adam is no sign descent and has no N₀ known beforehand: NaN.
//!
//! Bottom: N₀ against η, σ and B, on unit vectors that are not orthogonal and the true gradient, as in the published code; and one cause at a
//! time (`learning rate alone`, `noise alone`, `batch alone`: orthonormal vectors, the exact gradient but for the last). N₀ is fitted to the
//! Geometry model's curves and, for a prediction without a fit, to those of `L2, steps drawn`.
//!
//! Table `fits`, a row for each row and form: `row`, `form`, `parameters`, `eta` (η_eff), `waste`, `waste_low`, `waste_high` (95 %, over skills),
//! `bound` (`inside`, `at most`, `at least`, `none`), `rmse` (of s over records and skills), `diverged` (step, −1 for none).
//!
//! Table `sweep`, a row for each knob, value and form (`Eq. 1`, `L2`, `published`: Euler's steps and a grid of N₀, as in the code; `L2,
//! batches drawn`, of which only the rmse is meant): `knob`, `value`, `form`, `waste`, `bound`, `rmse`.
//!
//! Table `predicted`, of the first seed: `knob`, `value`, `form`, `waste`.
//!
//! Table `curves`, of the first seed: `row`, `form` (or `Geometry`), `step`, `skill` (from 1), `s`.
//!
//! Table `single`: `speed` of one task alone over η√n_dim, for Gaussian unit vectors.

mod claims;
mod figures;
mod forms;
mod sweep;
mod waste_claims;

use super::rows::{Base, Row, RowChange};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Geometry, SkillDescent, TaskVectors};
use crate::optimizer::SignGd;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;

settings! {
    /// Settings of the comparison of Geometry and Resource model.
    pub struct GeometryAgainstResource {
        /// Number of tasks of the base run.
        n_task: usize = 5, 10, 10;
        /// Exponent α of the frequencies of the base run, p_i ∝ i^−α.
        alpha: f64 = 2.0, 2.0, 2.0;
        /// Number of dimensions n_dim of the base run.
        n_dim: usize = 200, 1000, 1000;
        /// Learning rate η of the base run.
        rate: f64 = 1e-3, 3e-4, 3e-4;
        /// Batch size B of the base run.
        batch: usize = 1024, 1024, 1024;
        /// Number of steps of all rows.
        steps: usize = 400, 3000, 3000;
        /// Steps from one record to the next.
        every: usize = 10, 10, 10;
        /// What the rows change.
        rows: Vec<RowChange> = vec![RowChange::Nothing, RowChange::Adam, RowChange::Batch { to: 16 }], RowChange::published(), RowChange::published();
        /// Number of tasks of the sweeps.
        sweep_n_task: usize = 5, 10, 10;
        /// Number of dimensions of the sweeps.
        sweep_n_dim: usize = 200, 1000, 1000;
        /// Learning rate of the sweeps of σ and B.
        sweep_rate: f64 = 5e-3, 1e-3, 1e-3;
        /// Batch size of the sweeps of η and σ.
        sweep_batch: usize = 128, 128, 128;
        /// Number of steps of the sweeps.
        sweep_steps: usize = 200, 1000, 1000;
        /// Steps from one record to the next in the sweeps.
        sweep_every: usize = 10, 10, 10;
        /// Learning rates η of the first sweep, ascending.
        rates: Vec<f64> = vec![1e-3, 1e-2, 1e-1], published_rates(), published_rates();
        /// Noises σ of the second sweep, ascending.
        noises: Vec<f64> = vec![1e-2, 1e-1, 1.0], published_noises(), published_noises();
        /// Batch sizes B of the third sweep, ascending.
        batches: Vec<usize> = vec![8, 64, 512], vec![8, 16, 32, 64, 128, 256, 512, 1024], vec![8, 16, 32, 64, 128, 256, 512, 1024];
        /// Points of the published grid of N₀ from 1e-4 to 100; 601 in the code.
        grid: usize = 31, 121, 601;
        /// Number of seeds.
        seeds: u64 = 2, 8, 32;
    }
}

/// 10^linspace(−5, −1, 9).
fn published_rates() -> Vec<f64> {
    (0..9)
        .map(|k| 10f64.powf(-5.0 + 0.5 * f64::from(k)))
        .collect()
}

/// 10^linspace(−3, 0, 10).
fn published_noises() -> Vec<f64> {
    (0..10)
        .map(|k| 10f64.powf(-3.0 + f64::from(k) / 3.0))
        .collect()
}

impl GeometryAgainstResource {
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

    fn all_rows(&self) -> Result<Vec<Row>> {
        self.base().rows(&self.rows)
    }

    /// The speed of one task alone, over η √n_dim.
    fn single(&self, seed: Seed) -> Result<Table> {
        let vectors = TaskVectors::unit(1, self.n_dim, seed)?;
        let model = Geometry::new(vectors, Frequencies::uniform(1)?)?;
        // Half way at most, so that every step goes the same way.
        let most = 0.5 / (self.rate * (self.n_dim as f64).sqrt());
        let steps = (most as usize).clamp(1, 10);
        let descent =
            SkillDescent::new(SignGd::new(self.rate), steps).recording(Schedule::Every { steps });
        let run = model.run(&descent, seed)?;
        let moved = run.skills[[run.steps.len() - 1, 0]] / steps as f64;
        Table::new().with(
            "speed",
            vec![moved / (self.rate * (self.n_dim as f64).sqrt())],
        )
    }
}

impl Experiment for GeometryAgainstResource {
    const INFO: Info = Info {
        id: "physics/fig-07",
        title: "An L2 form with N₀ known beforehand describes the Geometry model better than Eq. 1 with N₀ fitted",
        document: Document::Physics,
        section: "§2.4, Fig. 7",
        notebook: "physics/03-resource-model",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.all_rows()?;
        whole("sweep_n_task", self.sweep_n_task, 2, 10_000)?;
        whole("sweep_n_dim", self.sweep_n_dim, self.sweep_n_task, 100_000)?;
        positive("sweep_rate", self.sweep_rate)?;
        whole("sweep_batch", self.sweep_batch, 1, 1 << 30)?;
        whole("sweep_steps", self.sweep_steps, 10, 100_000_000)?;
        whole("sweep_every", self.sweep_every, 1, self.sweep_steps / 10)?;
        whole("grid", self.grid, 2, 100_000)?;
        for (field, values) in [("rates", &self.rates), ("noises", &self.noises)] {
            distinct(field, values)?;
            for value in values {
                positive(field, *value)?;
            }
            ascending(field, values)?;
        }
        distinct("batches", &self.batches)?;
        for batch in &self.batches {
            whole("batches", *batch, 1, 1 << 30)?;
        }
        ascending("batches", &self.batches)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut fits, mut curves) = (vec![], vec![]);
        for row in self.all_rows()? {
            progress.check()?;
            let (fit, curve) = forms::row(&row, seed, seed.0 == 0)?;
            fits.push(fit);
            curves.extend(curve);
        }
        let mut tables = Tables::from([
            ("fits".into(), Table::concat(fits)?),
            ("sweep".into(), sweep::measured(self, seed, progress)?),
            ("single".into(), self.single(seed)?),
        ]);
        if seed.0 == 0 {
            tables.insert("curves".into(), Table::concat(curves)?);
            tables.insert("predicted".into(), sweep::predicted(self, progress)?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        figures::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}

fn ascending<T: PartialOrd + std::fmt::Debug>(field: &str, values: &[T]) -> Result<()> {
    if values.is_sorted() && values.len() >= 3 {
        return Ok(());
    }
    Err(Error::setting(
        field,
        format!("{values:?}"),
        "at least three values, ascending: exponents are fitted to them",
    ))
}
