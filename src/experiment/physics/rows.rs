//! The rows of Fig. 7: one base run of the Geometry model and what is changed in it. Figs. 6 and 21 show the same runs.

use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::model::skill::{Geometry, GradientForm, SkillDescent, TaskVectors, effective_rate};
use crate::optimizer::{Adam, Optimizer, SignGd};
use crate::seed::Seed;
use crate::task::Frequencies;
use crate::trace::Schedule;
use serde::{Deserialize, Serialize};

/// What a row of Fig. 7 changes in the base run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum RowChange {
    /// Nothing: the base run itself.
    Nothing,
    /// The exponent of the frequencies.
    Alpha {
        /// The new α.
        to: f64,
    },
    /// The number of dimensions.
    Dimensions {
        /// The new n_dim.
        to: usize,
    },
    /// The number of tasks.
    Tasks {
        /// The new n_task.
        to: usize,
    },
    /// The learning rate.
    Rate {
        /// The new η.
        to: f64,
    },
    /// Gaussian noise added to the gradient.
    Noise {
        /// Its standard deviation σ.
        to: f64,
    },
    /// Adam with the betas of its paper, (.9, .999), in place of SignGD.
    Adam,
    /// The batch size.
    Batch {
        /// The new B.
        to: usize,
    },
    /// Frequencies p_i ∝ base^−i, with a number of tasks and a learning rate of their own.
    Exponential {
        /// Ratio of a frequency to the next.
        base: f64,
        /// Number of tasks.
        tasks: usize,
        /// Learning rate η.
        rate: f64,
    },
}

impl RowChange {
    /// The published rows, in their order, and the exponential one at the base's learning rate, so that it differs in p alone.
    pub fn published() -> Vec<Self> {
        vec![
            Self::Nothing,
            Self::Alpha { to: 4.0 },
            Self::Dimensions { to: 100 },
            Self::Tasks { to: 100 },
            Self::Rate { to: 1e-4 },
            Self::Noise { to: 1e-3 },
            Self::Adam,
            Self::Batch { to: 16 },
            Self::Exponential {
                base: 3.0,
                tasks: 5,
                rate: 1e-4,
            },
            Self::Exponential {
                base: 3.0,
                tasks: 5,
                rate: 3e-4,
            },
        ]
    }

    /// How tables and figures name it.
    pub fn label(&self) -> String {
        match self {
            Self::Nothing => "base".into(),
            Self::Alpha { to } => format!("α = {to}"),
            Self::Dimensions { to } => format!("n_dim = {to}"),
            Self::Tasks { to } => format!("n_task = {to}"),
            Self::Rate { to } => format!("η = {to}"),
            Self::Noise { to } => format!("σ = {to}"),
            Self::Adam => "Adam".into(),
            Self::Batch { to } => format!("B = {to}"),
            Self::Exponential { base, rate, .. } => format!("p ∝ {base}^{{−i}}, η = {rate}"),
        }
    }
}

/// The base run: SignGD on orthonormal task vectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    pub n_task: usize,
    pub alpha: f64,
    pub n_dim: usize,
    pub rate: f64,
    pub batch: usize,
    pub steps: usize,
    pub every: usize,
}

impl Base {
    pub(super) fn validate(&self) -> Result<()> {
        whole("n_task", self.n_task, 2, 10_000)?;
        whole("n_dim", self.n_dim, self.n_task, 100_000)?;
        positive("alpha", self.alpha)?;
        positive("rate", self.rate)?;
        whole("batch", self.batch, 1, 1 << 30)?;
        whole("steps", self.steps, 10, 100_000_000)?;
        whole("every", self.every, 1, self.steps / 10)
    }

    /// The base run with a change.
    pub(super) fn row(&self, change: &RowChange) -> Result<Row> {
        let mut base = *self;
        let (mut noise, mut optimizer, mut frequencies) = (0.0, None, None);
        match *change {
            RowChange::Nothing => {}
            RowChange::Alpha { to } => base.alpha = to,
            RowChange::Dimensions { to } => base.n_dim = to,
            RowChange::Tasks { to } => base.n_task = to,
            RowChange::Rate { to } => base.rate = to,
            RowChange::Noise { to } => noise = to,
            RowChange::Adam => optimizer = Some(Optimizer::from(Adam::new(base.rate))),
            RowChange::Batch { to } => base.batch = to,
            RowChange::Exponential {
                base: ratio,
                tasks,
                rate,
            } => {
                frequencies = Some(Frequencies::exponential(tasks, ratio)?);
                (base.n_task, base.rate) = (tasks, rate);
            }
        }
        base.validate()?;
        let frequencies = match frequencies {
            Some(frequencies) => frequencies,
            None => Frequencies::power_law(base.n_task, base.alpha)?,
        };
        Ok(Row {
            label: change.label(),
            frequencies,
            noise,
            sign: optimizer.is_none(),
            optimizer: optimizer.unwrap_or_else(|| SignGd::adam(base.rate).into()),
            base,
        })
    }

    /// The rows of `changes`, refused under the name `rows` when one is out of range or comes twice.
    pub(super) fn rows(&self, changes: &[RowChange]) -> Result<Vec<Row>> {
        self.validate()?;
        let labels: Vec<String> = changes.iter().map(RowChange::label).collect();
        crate::experiment::check::distinct("rows", &labels)?;
        let row = |change: &RowChange| {
            self.row(change).map_err(|e| match e {
                Error::Setting {
                    field,
                    value,
                    allowed,
                } => Error::setting(
                    "rows",
                    format!("{} ({field} = {value})", change.label()),
                    allowed,
                ),
                other => other,
            })
        };
        changes.iter().map(row).collect()
    }
}

/// One run of the figure.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub label: String,
    pub base: Base,
    pub frequencies: Frequencies,
    pub noise: f64,
    pub optimizer: Optimizer,
    /// SignGD, and not Adam.
    pub sign: bool,
}

impl Row {
    pub(super) fn model(&self, seed: Seed) -> Result<Geometry> {
        let vectors = TaskVectors::orthonormal(self.base.n_task, self.base.n_dim, seed)?;
        // The published code steps along half the gradient.
        Ok(Geometry::new(vectors, self.frequencies.clone())?
            .with_gradient(GradientForm::Half)
            .with_batch(self.base.batch)
            .with_noise(self.noise))
    }

    pub(super) fn schedule(&self) -> Schedule {
        Schedule::Every {
            steps: self.base.every,
        }
    }

    pub(super) fn descent(&self) -> SkillDescent {
        SkillDescent::new(self.optimizer, self.base.steps).recording(self.schedule())
    }

    /// η_eff as printed under Eq. 1.
    pub(super) fn printed_rate(&self) -> f64 {
        effective_rate::as_printed(self.base.rate, self.base.n_dim)
    }

    /// η_eff of one task on Gaussian vectors.
    pub(super) fn true_rate(&self) -> f64 {
        effective_rate::gaussian_vectors(self.base.rate, self.base.n_dim)
    }
}
