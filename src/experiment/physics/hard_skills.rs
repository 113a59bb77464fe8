//! Fig. 14 on the Geometry model: weighting every example with its own loss for the first A steps.
//!
//! The gradient is that of $\tfrac1B\sum_i w_i\ell_i$ with $w_i = \ell_i$ for the first A steps, of the mean loss after them (§4.3); the real experiment of the
//! figure is a language model. Ten orthonormal skills, cross-entropy, batches of 128. The paper has no toy run: the settings are ours.
//!
//! The *effective α* is the slope of ln t_i in ln i, with t_i the step at which skill i passes the level σ(s) = 0.9: for skills that are learned each by itself
//! it is α, the exponent of the frequencies.
//!
//! Table `runs`, a row for each α, rule and share A / steps: `alpha`, `rule`, `share`, `loss` (unweighted, at the end), `exponent` (effective α; NaN when a skill is not learned),
//! `ordered` (share of records and pairs of skills in which the rarer one has the higher loss, until the last is learned).
//!
//! Table `times`, a row for each run and skill: `alpha`, `rule`, `share`, `skill`, `time`. Table `curves` (first 16 seeds, largest α, Adam): `share`, `step`, `loss`.

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Geometry, SkillDescent, SkillLoss, SkillTrajectory, TaskVectors};
use crate::optimizer::{Adam, Optimizer, Sgd, SignGd};
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;

settings! {
    /// Settings of Fig. 14 on the Geometry model.
    pub struct HardSkills {
        /// Number of skills.
        tasks: usize = 10, 10, 10;
        /// Number of parameters.
        dim: usize = 100, 1000, 1000;
        /// Exponents α of the frequencies.
        alphas: Vec<f64> = vec![2.0], vec![1.0, 2.0], vec![1.0, 1.5, 2.0];
        /// Batch size.
        batch: usize = 128, 128, 128;
        /// Step size of Adam and of sign descent.
        rate: f64 = 3e-3, 3e-3, 3e-3;
        /// Step size of gradient descent.
        descent_rate: f64 = 1.0, 1.0, 1.0;
        /// Steps.
        steps: usize = 2_000, 2_000, 2_000;
        /// A as shares of the steps; 0 and 0.2, which the paper finds best, are among them.
        shares: Vec<f64> = vec![0.0, 0.2, 1.0], vec![0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0], vec![0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0];
        /// Number of seeds.
        seeds: u64 = 2, 16, 64;
    }
}

/// The share of the steps that the paper finds best: 2,000 of 10,000.
const BEST: f64 = 0.2;
/// σ(s) at which a skill counts as learned.
const LEARNED: f64 = 0.9;
/// Steps between two records.
const EVERY: usize = 5;
/// Seeds whose loss curves are kept.
const DRAWN: u64 = 16;

impl HardSkills {
    fn rules(&self) -> [(&'static str, Optimizer); 3] {
        [
            ("adam", Adam::new(self.rate).into()),
            ("sign_gd", SignGd::adam(self.rate).into()),
            ("sgd", Sgd::new(self.descent_rate).into()),
        ]
    }
}

impl Experiment for HardSkills {
    const INFO: Info = Info {
        id: "physics/fig-14-toy",
        title: "Weighting hard skills on the Geometry model",
        document: Document::Physics,
        section: "§4.3, Fig. 14",
        notebook: "physics/11-optimizers",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("tasks", self.tasks, 3, 1000)?;
        whole("dim", self.dim, self.tasks, 100_000)?;
        distinct("alphas", &self.alphas)?;
        self.alphas
            .iter()
            .try_for_each(|a| positive("alphas", *a))?;
        whole("batch", self.batch, 1, 1_000_000)?;
        positive("rate", self.rate)?;
        positive("descent_rate", self.descent_rate)?;
        whole("steps", self.steps, 100, 10_000_000)?;
        distinct("shares", &self.shares)?;
        if let Some(share) = self.shares.iter().find(|s| !(0.0..=1.0).contains(*s)) {
            return Err(Error::setting("shares", share, "shares from 0 to 1"));
        }
        if ![0.0, BEST, 1.0].iter().all(|s| self.shares.contains(s)) {
            return Err(Error::setting(
                "shares",
                format!("{:?}", self.shares),
                format!("a list with 0, {BEST} and 1 in it: the claims compare them"),
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let vectors = TaskVectors::orthonormal(self.tasks, self.dim, seed)?;
        let steepest = self.alphas.iter().copied().fold(0.0, f64::max);
        let (mut runs, mut times, mut curves) = (Vec::new(), Vec::new(), Vec::new());
        for &alpha in &self.alphas {
            let frequencies = Frequencies::power_law(self.tasks, alpha)?;
            let model = Geometry::new(vectors.clone(), frequencies)?
                .with_loss(SkillLoss::CrossEntropy)
                .with_batch(self.batch);
            for (rule, optimizer) in self.rules() {
                for &share in &self.shares {
                    progress.check()?;
                    let weighted = (share * self.steps as f64).round() as usize;
                    let descent = SkillDescent::new(optimizer, self.steps)
                        .recording(Schedule::Every { steps: EVERY })
                        .weighting_by_loss(weighted);
                    let run = model.run(&descent, seed)?;
                    let learned = run.learning_times((LEARNED / (1.0 - LEARNED)).ln());
                    let keyed = |table: Table| {
                        table
                            .led_by("share", share)?
                            .led_by("rule", rule)?
                            .led_by("alpha", alpha)
                    };
                    runs.push(keyed(row(&run, &learned)?)?);
                    let skills: Vec<usize> = (1..=self.tasks).collect();
                    let table = Table::new().with("skill", skills)?.with("time", learned)?;
                    times.push(keyed(table)?);
                    let shown = [0.0, BEST, 1.0].contains(&share);
                    if seed.0 < DRAWN && rule == "adam" && alpha == steepest && shown {
                        let curve = Table::new()
                            .with("step", run.steps)?
                            .with("loss", run.loss)?;
                        curves.push(curve.led_by("share", share)?);
                    }
                }
            }
        }
        let mut tables = Tables::from([
            ("runs".to_string(), Table::concat(runs)?),
            ("times".to_string(), Table::concat(times)?),
        ]);
        if !curves.is_empty() {
            tables.insert("curves".into(), Table::concat(curves)?);
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

/// One row of `runs`.
fn row(run: &SkillTrajectory, learned: &[f64]) -> Result<Table> {
    // A slope over those that happened to be learned would flatter.
    let exponent = match learned.iter().all(|t| *t > 0.0) {
        true => {
            let rank: Vec<f64> = (1..=learned.len()).map(|i| (i as f64).ln()).collect();
            let log: Vec<f64> = learned.iter().map(|t| t.ln()).collect();
            stats::linear_fit(&rank, &log).slope.value
        }
        false => f64::NAN,
    };
    Table::new()
        .with("loss", vec![run.final_loss()])?
        .with("exponent", vec![exponent])?
        .with("ordered", vec![ordered(run, learned)])
}

/// Share of records and pairs i < j with s_i > s_j, that is ℓ_i < ℓ_j, after the start and until the last skill is learned.
fn ordered(run: &SkillTrajectory, learned: &[f64]) -> f64 {
    let last = learned
        .iter()
        .copied()
        .reduce(|a, b| if a.is_nan() || a > b { a } else { b });
    let end = last.filter(|t| t.is_finite()).unwrap_or(f64::INFINITY);
    let (mut right, mut all) = (0usize, 0usize);
    let records = run.steps.iter().zip(run.skills.rows());
    for (_, skills) in records.filter(|(step, _)| **step > 0 && (**step as f64) <= end) {
        for i in 0..skills.len() {
            for j in i + 1..skills.len() {
                right += usize::from(skills[i] > skills[j]);
                all += 1;
            }
        }
    }
    right as f64 / all as f64
}
