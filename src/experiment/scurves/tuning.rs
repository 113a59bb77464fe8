//! Learning rates for comparing optimizers: each its own best of a grid, found on seeds that are not measured.
//!
//! The rule: of the grid, the rate with the smallest median number of steps to a stated loss over the tuning seeds. A run that diverges or
//! does not get there counts as infinitely long; of two equal rates the smaller one is taken. Rates of gradient descent are in units of 1/σ₁ (σ₁
//! of each seed's own target), rates of Adam and AdamW in units of the target's entries: a step moves each entry by about so much.

use super::measure::fall;
use crate::error::{Error, Result};
use crate::experiment::Progress;
use crate::experiment::check::{distinct, positive};
use crate::model::factor::{Descent, Init, MatrixTask, Record};
use crate::optimizer::{Adam, AdamW, Optimizer, Sgd};
use crate::seed::Seed;
use crate::stats;
use crate::trace::Schedule;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The optimizers that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Gradient descent.
    Descent,
    /// Adam.
    Adam,
    /// AdamW.
    AdamW,
}

impl Rule {
    pub(super) const ALL: [Self; 3] = [Self::Descent, Self::Adam, Self::AdamW];

    /// The name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Descent => "gd",
            Self::Adam => "adam",
            Self::AdamW => "adamw",
        }
    }

    /// The name in figures.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Descent => "gradient descent",
            Self::Adam => "Adam",
            Self::AdamW => "AdamW",
        }
    }
}

/// What the optimizers are tuned for.
#[derive(Clone, Debug)]
pub(super) struct Contest {
    /// Length of the vectors.
    pub(super) n: usize,
    /// Standard deviation of the target's entries.
    pub(super) target_scale: f64,
    /// The start's entries relative to the target's.
    pub(super) start_scale: f64,
    /// AdamW's λ.
    pub(super) weight_decay: f64,
    /// Grid for gradient descent, in 1/σ₁.
    pub(super) gd_rates: Vec<f64>,
    /// Grid for Adam and AdamW, in units of the target's entries.
    pub(super) adam_rates: Vec<f64>,
    /// Number of tuning seeds.
    pub(super) seeds: u64,
    /// The loss to reach, in L₀.
    pub(super) level: f64,
}

/// The outcome of a tuning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tuned {
    /// The best rate of the grid.
    pub(super) rate: f64,
    /// Median number of steps that it takes to the stated loss.
    pub(super) steps: f64,
}

/// The first of the tuning seeds; far above those of any run.
const FIRST_SEED: u64 = 1_000_000;

/// No rate is given more steps than these.
const BUDGET: usize = 5_000;

type Slot = Arc<Mutex<Option<Tuned>>>;

/// Seeds share one tuning: the first that needs it computes it while the others wait.
static DONE: Mutex<BTreeMap<String, Slot>> = Mutex::new(BTreeMap::new());

impl Contest {
    /// Refuses grids and levels out of range.
    pub(super) fn validate(&self) -> Result<()> {
        positive("target_scale", self.target_scale)?;
        positive("start_scale", self.start_scale)?;
        for (field, rates) in [
            ("gd_rates", &self.gd_rates),
            ("adam_rates", &self.adam_rates),
        ] {
            distinct(field, rates)?;
            rates.iter().try_for_each(|r| positive(field, *r))?;
        }
        if self.seeds == 0 {
            return Err(Error::setting("tuning_seeds", 0, "a whole number ≥ 1"));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::setting(
                "tuning_loss",
                self.level,
                "a number above 0 and below 1, in units of the loss at zero",
            ));
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return Err(Error::setting(
                "weight_decay",
                self.weight_decay,
                "a finite number ≥ 0",
            ));
        }
        Ok(())
    }

    /// The task of a seed.
    pub(super) fn task(&self, rank: usize, seed: Seed) -> Result<MatrixTask> {
        MatrixTask::gaussian(self.n, rank, seed)?.scaled(self.target_scale)
    }

    /// The start of a seed.
    pub(super) fn init(&self) -> Init {
        Init::Gaussian {
            scale: self.start_scale,
        }
    }

    /// The optimizer at a rate of its grid, for a target with largest singular value `sigma`.
    pub(super) fn optimizer(&self, rule: Rule, rate: f64, sigma: f64) -> Optimizer {
        match rule {
            Rule::Descent => Sgd::new(rate / sigma).into(),
            Rule::Adam => Adam::new(rate * self.target_scale).into(),
            Rule::AdamW => AdamW::new(rate * self.target_scale)
                .weight_decay(self.weight_decay)
                .into(),
        }
    }

    /// The tuned rate; computed once in a process.
    pub(super) fn tuned(&self, rank: usize, rule: Rule, progress: &Progress) -> Result<Tuned> {
        let key = format!("{self:?} {rank} {rule:?}");
        let slot = {
            let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(done.entry(key).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tuned) = *slot {
            return Ok(tuned);
        }
        let tuned = self.tune(rank, rule, progress)?;
        *slot = Some(tuned);
        Ok(tuned)
    }

    fn tune(&self, rank: usize, rule: Rule, progress: &Progress) -> Result<Tuned> {
        let (field, mut rates) = match rule {
            Rule::Descent => ("gd_rates", self.gd_rates.clone()),
            _ => ("adam_rates", self.adam_rates.clone()),
        };
        // From the largest down: the winner is mostly a large one, and what is slower need not be run to its end.
        rates.sort_unstable_by(|x, y| y.total_cmp(x));
        let mut best = None;
        for rate in rates {
            let budget = best.map_or(BUDGET, |b: Tuned| (b.steps.ceil() as usize + 1).min(BUDGET));
            let mut steps = Vec::new();
            for seed in FIRST_SEED..FIRST_SEED + self.seeds {
                progress.check()?;
                steps.push(self.steps_to_level(rank, rule, rate, Seed(seed), budget)?);
            }
            steps.sort_unstable_by(f64::total_cmp);
            // The upper one of two middles: no mean with infinity.
            let median = steps[steps.len() / 2];
            if median.is_finite() && best.is_none_or(|b| median <= b.steps) {
                best = Some(Tuned {
                    rate,
                    steps: median,
                });
            }
        }
        best.ok_or_else(|| {
            let allowed = format!("a grid of which one rate at least reaches {} of the loss at zero within {BUDGET} steps", self.level);
            Error::setting(field, "all rates", allowed)
        })
    }

    fn steps_to_level(
        &self,
        rank: usize,
        rule: Rule,
        rate: f64,
        seed: Seed,
        budget: usize,
    ) -> Result<f64> {
        let task = self.task(rank, seed)?;
        let sigma = task.singular_values()?[0];
        let schedule = Schedule::LogSpaced { per_decade: 50 };
        let descent = Descent::with(self.optimizer(rule, rate, sigma), budget)
            .recording(Record::light(schedule));
        match task.run(&task.start(self.init(), seed)?, &descent) {
            Ok(run) => {
                let steps: Vec<f64> = run.steps.iter().map(|s| *s as f64).collect();
                let level = self.level * task.loss_at_zero();
                Ok(fall(&steps, &run.loss, level).unwrap_or(f64::INFINITY))
            }
            Err(Error::Diverged { .. }) => Ok(f64::INFINITY),
            Err(e) => Err(e),
        }
    }
}

/// The smallest p-value that is written as a number.
pub(super) fn p_value(a: &[f64], b: &[f64]) -> String {
    let p = stats::mann_whitney(a, b);
    if p < 1e-6 {
        "p < 1e-6".into()
    } else {
        format!("p = {p:.2e}")
    }
}
