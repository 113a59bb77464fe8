//! The training loop that all exact models share.

use crate::error::{Error, Result};
use crate::optimizer::{Optimizer, Sgd};
use crate::trace::Schedule;
use serde::{Deserialize, Serialize};

/// How a model is trained and what is written down.
///
/// ```
/// use scurve::{model::factor::{Descent, Record}, optimizer::Adam, trace::Schedule};
/// let plain = Descent::new(1e-3, 10_000);
/// let dense = Descent::with(Adam::new(0.01).into(), 5_000)
///     .recording(Record { schedule: Schedule::Every { steps: 10 }, ..Record::default() });
/// assert_eq!(dense.optimizer.lr(), 0.01);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Descent {
    /// Number of steps.
    pub steps: usize,
    /// The update rule; gradient descent without momentum has a faster path.
    pub optimizer: Optimizer,
    /// What is written down.
    #[serde(default)]
    pub record: Record,
}

impl Descent {
    /// Gradient descent.
    pub fn new(learning_rate: f64, steps: usize) -> Self {
        Self::with(Sgd::new(learning_rate).into(), steps)
    }

    /// Another optimizer.
    pub fn with(optimizer: Optimizer, steps: usize) -> Self {
        Self {
            steps,
            optimizer,
            record: Record::default(),
        }
    }

    /// Other recordings.
    pub fn recording(mut self, record: Record) -> Self {
        self.record = record;
        self
    }

    /// Refuses settings out of range.
    pub fn validate(&self) -> Result<()> {
        self.optimizer.validate_for("optimizer", &[])?;
        self.record.schedule.validate("record.schedule")
    }
}

/// What a run writes down, besides losses and norms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// At which steps.
    pub schedule: Schedule,
    /// Cosines are kept for the first so many learned vectors of each side, with every target vector of that side. (The best match is
    /// kept for all.)
    pub vectors: usize,
    /// Principal angles between the learned and the target's spans.
    pub angles: bool,
    /// Smallest eigenvalues of ãᵀã and b̃ᵀb̃.
    pub spectrum: bool,
    /// Strengths of the target's singular modes in Ã.
    pub modes: bool,
}

/// 50 records per factor of ten, ten vectors a side, angles and spectra.
impl Default for Record {
    fn default() -> Self {
        Self {
            schedule: Schedule::LogSpaced { per_decade: 50 },
            vectors: 10,
            angles: true,
            spectrum: true,
            modes: false,
        }
    }
}

impl Record {
    /// Losses and norms (and each vector's best match) only: the cheapest record.
    pub fn light(schedule: Schedule) -> Self {
        Self {
            schedule,
            vectors: 0,
            angles: false,
            spectrum: false,
            modes: false,
        }
    }
}

/// A model whose parameters are one list of numbers, with buffers of its own for a step.
pub(crate) trait Trainee {
    /// What it is called in an error.
    const NAME: &'static str;
    fn parameters(&self) -> usize;
    fn load(&mut self, parameters: &[f64]);
    fn store(&self, parameters: &mut [f64]);
    fn write_gradient(&mut self, gradient: &mut [f64]);
    fn loss(&mut self) -> f64;
    /// A loss of ordinary size, beside which one is seen to explode.
    fn ordinary_loss(&self) -> f64;
    /// Plain gradient descent.
    fn descend(&mut self, rate: f64, steps: usize);
}

/// Steps between two looks at the loss where none is recorded.
const WATCH: usize = 1000;

/// How a model moves from one record to the next.
pub(crate) enum Mover<'a> {
    Optimizer(&'a Optimizer),
    /// A rule of the caller's: `(parameters, gradient)`.
    Custom(&'a mut dyn FnMut(&mut [f64], &[f64])),
}

/// Trains `model` for `steps` steps and calls `record(step, loss, model)` at the steps of `schedule`.
///
/// # Errors
/// [`Error::Diverged`] when the loss is not finite or beyond 10⁶ times its first (or ordinary) value; seen at a record, or at the latest
/// 1000 steps later.
pub(crate) fn train<M: Trainee>(
    model: &mut M,
    mover: Mover,
    steps: usize,
    schedule: &Schedule,
    mut record: impl FnMut(usize, f64, &mut M) -> Result<()>,
) -> Result<()> {
    let first = model.loss();
    let limit = 1e6 * first.max(model.ordinary_loss());
    let check = |step, loss: f64| {
        if loss.is_finite() && loss <= limit {
            Ok(())
        } else {
            Err(Error::Diverged {
                what: M::NAME.into(),
                step,
            })
        }
    };
    check(0, first)?;
    let mut engine = Engine::new(model, mover);
    let mut at = 0;
    for next in schedule.steps(steps) {
        while next - at > WATCH {
            engine.advance(model, WATCH)?;
            at += WATCH;
            check(at, model.loss())?;
        }
        engine.advance(model, next - at)?;
        at = next;
        let loss = model.loss();
        check(at, loss)?;
        record(at, loss, model)?;
    }
    Ok(())
}

/// What moves the model, with the buffers that it needs.
struct Engine<'a> {
    kind: Kind<'a>,
    parameters: Vec<f64>,
    gradient: Vec<f64>,
}

enum Kind<'a> {
    Descent(f64),
    State(Box<crate::optimizer::FlatState>),
    Custom(&'a mut dyn FnMut(&mut [f64], &[f64])),
}

impl<'a> Engine<'a> {
    fn new(model: &impl Trainee, mover: Mover<'a>) -> Self {
        let len = model.parameters();
        let kind = match mover {
            Mover::Optimizer(Optimizer::Sgd(sgd))
                if sgd.momentum == 0.0 && sgd.weight_decay == 0.0 =>
            {
                Kind::Descent(sgd.lr)
            }
            Mover::Optimizer(optimizer) => Kind::State(Box::new(optimizer.flat(len))),
            Mover::Custom(rule) => Kind::Custom(rule),
        };
        let mut engine = Self {
            kind,
            parameters: vec![0.0; len],
            gradient: vec![0.0; len],
        };
        model.store(&mut engine.parameters);
        engine
    }

    fn advance(&mut self, model: &mut impl Trainee, steps: usize) -> Result<()> {
        let Self {
            kind,
            parameters,
            gradient,
        } = self;
        if let Kind::Descent(rate) = kind {
            model.descend(*rate, steps);
            return Ok(());
        }
        for _ in 0..steps {
            model.write_gradient(gradient);
            match kind {
                Kind::State(state) => state.step(parameters, gradient)?,
                Kind::Custom(rule) => rule(parameters, gradient),
                Kind::Descent(_) => {}
            }
            model.load(parameters);
        }
        Ok(())
    }
}
