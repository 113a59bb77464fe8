//! What a run of the Geometry model leaves behind.

use crate::error::Result;
use crate::table::Table;
use ndarray::{Array1, Array2};

/// The record of one run: T records of n_task skills, each taken before its step is made.
#[derive(Clone, Debug, PartialEq)]
pub struct SkillTrajectory {
    /// Recorded steps; the last is the end.
    pub steps: Vec<usize>,
    /// s_i, T × n_task.
    pub skills: Array2<f64>,
    /// ℓ = Σ p_i ℒ(s_i) with the exact p.
    pub loss: Vec<f64>,
    /// n_align, where it was asked for.
    pub alignment: Option<Alignment>,
    /// θ − θ₀ at the end.
    pub theta: Array1<f64>,
    /// The step at which the run left the finite numbers, from which all records are NaN. Only in runs together; one that is alone
    /// fails.
    pub diverged: Option<usize>,
}

/// The gradient-aligned dimensions of each skill, T × n_task, for the gradient g that the recorded step takes (of the batch, with its noise).
///
/// Source: *Physics of Skill Learning*, §2.3, which defines the signed sum, and its public code, which counts. With no zero among t_i and g,
/// `signed` = 2 `agreeing` − n_dim.
///
/// NOTE: both are of t_i with the direction of descent −g, as in the code. The text has the skill's own gradient
/// g_i = ℒ′(s_i) t_i, which is the same until a squared error's skill overshoots s_i = 1, where its sign turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// Σ_j sign(t_ij) sign(−g_j), from −n_dim to n_dim.
    pub signed: Array2<f64>,
    /// The number of j with −t_ij g_j > 0, from 0 to n_dim.
    pub agreeing: Array2<f64>,
}

impl SkillTrajectory {
    /// The last loss.
    pub fn final_loss(&self) -> f64 {
        self.loss.last().copied().unwrap_or(f64::NAN)
    }

    /// The first recorded step at which each skill is above `level`; NaN for one that never is. Exact to the distance of
    /// records.
    ///
    /// ```
    /// use scurve::model::skill::{Geometry, SkillDescent, TaskVectors};
    /// use scurve::{optimizer::Sgd, seed::Seed, task::Frequencies};
    /// let model = Geometry::new(TaskVectors::one_hot(2, 2)?, Frequencies::new(vec![0.75, 0.25])?)?;
    /// let run = model.run(&SkillDescent::new(Sgd::new(0.1), 40), Seed(0))?;
    /// // 1 − s = (1 − 2ηp)^t
    /// let exact = |p: f64| (0.1f64.ln() / (1.0 - 0.2 * p).ln()).ceil();
    /// let times = run.learning_times(0.9);
    /// assert_eq!(times[0], exact(0.75));
    /// assert!(times[1].is_nan() && exact(0.25) > 40.0);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn learning_times(&self, level: f64) -> Vec<f64> {
        let first = |i: usize| self.skills.column(i).iter().position(|s| *s > level);
        (0..self.skills.ncols())
            .map(|i| first(i).map_or(f64::NAN, |t| self.steps[t] as f64))
            .collect()
    }

    /// The skill `i` (from 0) over the records.
    pub fn skill(&self, i: usize) -> Vec<f64> {
        self.skills.column(i).to_vec()
    }

    /// One row a record: step and loss.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("step", self.steps.clone())?
            .with("loss", self.loss.clone())
    }

    /// One row for each record and skill (numbered from 1): step, skill, s, and n_align where it was recorded.
    pub fn skills_table(&self) -> Result<Table> {
        let (records, tasks) = self.skills.dim();
        let step = self.steps.iter().flat_map(|s| vec![*s; tasks]);
        let skill = (0..records).flat_map(|_| 1..=tasks);
        let flat = |x: &Array2<f64>| x.iter().copied().collect::<Vec<_>>();
        let mut table = Table::new()
            .with("step", step.collect::<Vec<_>>())?
            .with("skill", skill.collect::<Vec<_>>())?
            .with("s", flat(&self.skills))?;
        if let Some(alignment) = &self.alignment {
            table = table
                .with("n_align", flat(&alignment.signed))?
                .with("n_agreeing", flat(&alignment.agreeing))?;
        }
        Ok(table)
    }

    /// Shows the record in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}
