//! What trainers of all kinds do alike: the loop over steps, and reading a loss off outputs.

use super::{ActivationReal, Batches, Examples, Loss, Targets};
use crate::error::Result;
use crate::trace::Schedule;
use ndarray::Array2;
use std::ops::ControlFlow;

/// How a network does on examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The loss that is trained.
    pub loss: f64,
    /// Share of examples whose largest output is their class; NaN where targets are values.
    pub accuracy: f64,
}

impl Evaluation {
    /// Of outputs, which are used up.
    pub(super) fn of<T: ActivationReal>(
        mut f: Array2<T>,
        targets: &Targets<T>,
        loss: Loss,
    ) -> Result<Self> {
        let (n, outputs) = f.dim();
        loss.check(targets, outputs)?;
        let accuracy = match targets {
            Targets::Classes(classes) => {
                let right = f.outer_iter().zip(classes).filter(|(f, class)| {
                    let own = f[**class as usize];
                    // A tie or a NaN is no success.
                    f.iter()
                        .enumerate()
                        .all(|(k, f)| k == **class as usize || *f < own)
                });
                right.count() as f64 / n as f64
            }
            _ => f64::NAN,
        };
        let place = f.as_slice_mut().unwrap_or_default();
        let loss = loss.backward(place, outputs, targets, 0..n, n);
        Ok(Self { loss, accuracy })
    }
}

/// What a training run has written down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Steps at which the loss was written down, each before the step of that number.
    pub steps: Vec<usize>,
    /// The loss of that step's batch.
    pub loss: Vec<f64>,
    /// The step before which a predicate ended the run; none when it went to its end.
    pub stopped: Option<usize>,
}

/// Something that makes steps.
pub(super) trait Learner<T> {
    fn made(&self) -> usize;
    fn advance(&mut self, batch: &Examples<T>) -> Result<f64>;
}

/// Steps until `steps` have been made in all; see [`MlpTrainer::train`](super::MlpTrainer::train).
pub(super) fn train<T: ActivationReal, L: Learner<T>>(
    learner: &mut L,
    steps: usize,
    batches: Batches<T>,
    schedule: &Schedule,
    mut record: impl FnMut(&mut L, usize) -> Result<ControlFlow<()>>,
) -> Result<Curve> {
    schedule.validate("schedule")?;
    let mut source = batches.start()?;
    let mut curve = Curve::default();
    let due = schedule.steps(steps);
    let done = learner.made();
    let mut due = due.into_iter().skip_while(|s| *s < done).peekable();
    loop {
        let now = learner.made();
        let recorded = due.next_if_eq(&now).is_some();
        if recorded && record(learner, now)?.is_break() {
            curve.stopped = Some(now);
            return Ok(curve);
        }
        if now >= steps {
            return Ok(curve);
        }
        let loss = learner.advance(source.at(now)?)?;
        if recorded {
            curve.steps.push(now);
            curve.loss.push(loss);
        }
    }
}
