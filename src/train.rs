//! Training burn modules: any [`Optimizer`], a recording schedule, and a stop where the loss is no number any more.
//!
//! ```
//! use burn::module::Module;
//! use burn::nn::{Linear, LinearConfig};
//! use burn::tensor::{Distribution, Tensor};
//! use scurve::device::DeviceKind;
//! use scurve::optimizer::Adam;
//! use scurve::train::Training;
//!
//! let device = DeviceKind::Flex.device()?.autodiff();
//! device.seed(1);
//! let x = Tensor::<2>::random([64, 4], Distribution::Default, &device);
//! let y = x.clone().sum_dim(1);
//! let model: Linear = LinearConfig::new(4, 1).init(&device);
//! let run = Training::new(Adam::new(0.05), 200).run(model, |model, _step| {
//!     (model.forward(x.clone()) - y.clone()).powf_scalar(2.0).mean()
//! })?;
//! assert!(run.loss[run.loss.len() - 1] < 1e-2 * run.loss[0]);
//! # Ok::<(), scurve::error::Error>(())
//! ```

use crate::error::{Error, Result};
use crate::optimizer::{Need, Optimizer, TensorState};
use crate::trace::Schedule;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Gradients, Tensor};

/// How a module is trained: the rule, the number of steps, and when the loss is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// The update rule.
    pub optimizer: Optimizer,
    /// Number of steps.
    pub steps: usize,
    /// When to record; a record shows the state before the step of that number.
    pub schedule: Schedule,
}

/// A trained module and its record.
#[derive(Clone, Debug)]
pub struct Trained<M> {
    /// The module after the last step.
    pub module: M,
    /// The steps recorded, from 0 to the number of steps.
    pub steps: Vec<usize>,
    /// The loss at each of them.
    pub loss: Vec<f64>,
}

impl Training {
    /// `steps` steps of `optimizer`, recorded about a hundred times, evenly spaced.
    pub fn new(optimizer: impl Into<Optimizer>, steps: usize) -> Self {
        Self {
            optimizer: optimizer.into(),
            steps,
            schedule: Schedule::Every {
                steps: steps.div_ceil(100).max(1),
            },
        }
    }

    /// With another recording schedule.
    pub fn recording(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// Trains `module`, whose parameters live on an autodiff device, on `loss(module, step)`: full batch, or the batch of that step.
    ///
    /// # Errors
    /// Hyper-parameters out of range; a loss that is not one number; a loss that is not finite, with its step.
    pub fn run<M: Module>(
        &self,
        module: M,
        loss: impl FnMut(&M, usize) -> Tensor<1>,
    ) -> Result<Trained<M>> {
        self.run_with(module, loss, |_, _| Ok(()))
    }

    /// [`run`](Self::run), calling `record(module, step)` at every recorded step: for metrics of the network as it learns.
    ///
    /// # Errors
    /// As [`run`](Self::run), and those of `record`.
    pub fn run_with<M: Module>(
        &self,
        mut module: M,
        mut loss: impl FnMut(&M, usize) -> Tensor<1>,
        mut record: impl FnMut(&M, usize) -> Result<()>,
    ) -> Result<Trained<M>> {
        self.optimizer.validate_for("optimizer", &[Need::Matrix])?;
        self.schedule.validate("schedule")?;
        let mut state = self.optimizer.tensors();
        let steps = self.schedule.steps(self.steps);
        let mut due = steps.iter().copied().peekable();
        let mut losses = Vec::with_capacity(steps.len());
        for step in 0..=self.steps {
            let now = loss(&module, step);
            if now.dims() != [1] {
                let allowed = "[1]: reduce the loss to one number, by mean() or sum()";
                return Err(Error::setting(
                    "loss.dims()",
                    format!("{:?}", now.dims()),
                    allowed,
                ));
            }
            let value: f64 = now.clone().into_scalar::<f32>().into();
            if !value.is_finite() {
                let what = format!("training by {}", self.optimizer);
                return Err(Error::Diverged { what, step });
            }
            if due.next_if_eq(&step).is_some() {
                losses.push(value);
                record(&module, step)?;
            }
            if step < self.steps {
                module = descend(module, &mut now.backward(), &mut state)?;
            }
        }
        Ok(Trained {
            module,
            steps,
            loss: losses,
        })
    }
}

/// One step of every parameter of `module` that has a gradient; frozen ones stay.
///
/// # Errors
/// When a parameter has another shape than in the steps that `state` remembers.
pub fn descend<M: Module>(
    module: M,
    gradients: &mut Gradients,
    state: &mut TensorState,
) -> Result<M> {
    state.begin();
    let mut step = Step {
        gradients,
        state,
        index: 0,
        failed: None,
    };
    let module = module.map(&mut step);
    match step.failed {
        Some(error) => Err(error),
        None => Ok(module),
    }
}

struct Step<'a> {
    gradients: &'a mut Gradients,
    state: &'a mut TensorState,
    index: usize,
    failed: Option<Error>,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Counted whether it moves or not, so that freezing one parameter does not mix up what is remembered of the others.
        let index = self.index;
        self.index += 1;
        param.map(|value| {
            let Some(gradient) = value.grad_remove(self.gradients) else {
                return value;
            };
            match self.state.update(index, value.clone().inner(), gradient) {
                Ok(new) => Tensor::from_inner(new).require_grad(),
                Err(error) => {
                    self.failed.get_or_insert(error);
                    value
                }
            }
        })
    }
}
