//! Stepping burn tensors.

#[cfg(feature = "libtorch")]
mod libtorch;

use super::rule::{Number, Rule};
use super::soap::SoapState;
use super::{Mars, Need, Optimizer};
use crate::error::{Error, Result};
use burn::tensor::Tensor;

/// What an [`Optimizer`] remembers of a run over a list of burn tensors, on any device and of any rank.
///
/// Give it tensors without autodiff (`param.inner()`, gradients as `param.grad(&gradients)` returns them).
/// Everything that is kept is flat, so each tensor may have another rank.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use scurve::optimizer::{Optimizer, Sgd};
/// let device = Device::flex();
/// let mut state = Optimizer::from(Sgd::new(0.5)).tensors();
/// let mut theta = vec![Tensor::<2>::from_data([[1.0, 2.0], [3.0, 4.0]], &device)];
/// let grads = theta.clone(); // of L = ½‖θ‖²
/// theta = state.step(theta, grads)?;
/// assert_eq!(theta[0].to_data().try_to_vec::<f32>().unwrap(), [0.5, 1.0, 1.5, 2.0]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TensorState {
    optimizer: Optimizer,
    steps: u64,
    /// One entry for each parameter; empty until its first gradient.
    slots: Vec<Vec<Tensor<1>>>,
    /// The step for which each parameter has been given what it needs.
    supplied: Vec<u64>,
    /// Whether AdamW may take LibTorch's own operations.
    native: bool,
}

impl TensorState {
    pub(super) fn new(optimizer: Optimizer) -> Self {
        Self {
            optimizer,
            steps: 0,
            slots: Vec::new(),
            supplied: Vec::new(),
            native: false,
        }
    }

    /// The same, whose AdamW on LibTorch is made of LibTorch's operations in PyTorch's order, half as many as burn's: rounded otherwise, and twice as fast on large tensors.
    pub(crate) fn native(mut self) -> Self {
        self.native = true;
        self
    }

    /// One step of a list of tensors of one rank, always in the same order.
    ///
    /// # Errors
    /// When there are not as many gradients as parameters, or shapes differ.
    pub fn step<const D: usize>(
        &mut self,
        params: Vec<Tensor<D>>,
        grads: Vec<Tensor<D>>,
    ) -> Result<Vec<Tensor<D>>> {
        if params.len() != grads.len() {
            return Err(Error::setting(
                "grads.len()",
                grads.len(),
                format!("{}, as many as parameters", params.len()),
            ));
        }
        self.begin();
        let pairs = params.into_iter().zip(grads).enumerate();
        pairs
            .map(|(i, (param, grad))| self.update(i, param, grad))
            .collect()
    }

    /// What the next step needs besides the gradients: see [`supply`](Self::supply).
    pub fn needs(&self) -> Option<Need> {
        let need = self.optimizer.need_after(self.steps);
        // Tensors that are no matrices have a rule of their own.
        need.filter(|need| *need != Need::Matrix)
    }

    /// Gives the next step what it [`needs`](Self::needs) for the tensor that is `index`-th: an estimate of the Hessian's diagonal, or the gradient
    /// of the present batch at the parameters before the last step. To be called for every tensor, before [`begin`](Self::begin) or [`step`](Self::step).
    ///
    /// # Errors
    /// When nothing is needed, or the shape is not the parameter's.
    pub fn supply<const D: usize>(&mut self, index: usize, values: Tensor<D>) -> Result<()> {
        let len = values.dims().iter().product::<usize>();
        let values = values.reshape([len]);
        self.make_room(index, len)?;
        let slots = &mut self.slots[index];
        match (self.optimizer.need_after(self.steps), &self.optimizer) {
            (Some(Need::Curvature), Optimizer::Sophia(rule)) => {
                if slots.is_empty() {
                    *slots = vec![values.zeros_like(); 2];
                }
                slots[1] = rule.refreshed(slots[1].clone(), values);
            }
            (Some(Need::LookBack), _) if slots.len() > 2 => slots[2] = values,
            _ => {
                return Err(Error::setting(
                    "supply",
                    self.optimizer.name(),
                    "called when `needs` says what is needed",
                ));
            }
        }
        self.supplied[index] = self.steps + 1;
        Ok(())
    }

    /// Entries for the `index`-th tensor, which must be as long as in the steps before.
    fn make_room(&mut self, index: usize, len: usize) -> Result<()> {
        if self.slots.len() <= index {
            self.slots.resize(index + 1, Vec::new());
            self.supplied.resize(index + 1, 0);
        }
        match self.slots[index].first().map(|slot| slot.dims()[0]) {
            Some(kept) if kept != len => Err(Error::setting(
                format!("params[{index}].len()"),
                len,
                format!("{kept}, as in the steps before"),
            )),
            _ => Ok(()),
        }
    }

    /// Begins a step of which each tensor is then given to [`update`](Self::update): for parameters of several ranks.
    pub fn begin(&mut self) {
        self.steps += 1;
    }

    /// The new value of the tensor that is `index`-th in every step.
    ///
    /// # Errors
    /// Before the first [`begin`](Self::begin), when a shape is not what it was, or when the step [`needs`](Self::needs) more than a gradient.
    pub fn update<const D: usize>(
        &mut self,
        index: usize,
        param: Tensor<D>,
        grad: Tensor<D>,
    ) -> Result<Tensor<D>> {
        if self.steps == 0 {
            return Err(Error::setting(
                "steps",
                0,
                "at least 1: call `begin` before `update`",
            ));
        }
        let shape = param.dims();
        if grad.dims() != shape {
            return Err(Error::setting(
                format!("grads[{index}].dims()"),
                format!("{:?}", grad.dims()),
                format!("{shape:?}, the parameter's"),
            ));
        }
        let len = shape.iter().product::<usize>();
        self.make_room(index, len)?;
        if let Some(need) = self.optimizer.need_after(self.steps - 1)
            && need != Need::Matrix
            && self.supplied[index] != self.steps
        {
            return Err(need.missing(&self.optimizer));
        }
        // A convolution's kernels, out × in × height × width, are a matrix of out rows, as in Muon's own code.
        if let (2 | 4, Some(Need::Matrix)) = (D, self.optimizer.need()) {
            let (rows, columns) = (shape[0], len / shape[0].max(1));
            let (param, grad) = (
                param.reshape([rows, columns]),
                grad.reshape([rows, columns]),
            );
            return Ok(self.update_matrix(index, param, grad)?.reshape(shape));
        }
        let param = param.reshape([len]);
        let grad = grad.reshape([len]);
        let slots = &mut self.slots[index];
        let t = self.steps;
        #[cfg(feature = "libtorch")]
        if let (true, Optimizer::AdamW(rule)) = (self.native, &self.optimizer)
            && let Some(param) = libtorch::adamw(rule, t, &param, &grad, slots)
        {
            return Ok(param.reshape(shape));
        }
        let param = match &self.optimizer {
            Optimizer::Sgd(rule) if rule.momentum == 0.0 => {
                advance::<_, 0>(*rule, t, param, grad, slots)
            }
            Optimizer::Sgd(rule) => advance::<_, 1>(*rule, t, param, grad, slots),
            Optimizer::SignGd(rule) => advance::<_, 0>(*rule, t, param, grad, slots),
            Optimizer::Adam(rule) => advance::<_, 2>(*rule, t, param, grad, slots),
            Optimizer::AdamW(rule) => advance::<_, 2>(*rule, t, param, grad, slots),
            Optimizer::AdEMAMix(rule) => advance::<_, 3>(*rule, t, param, grad, slots),
            Optimizer::Lion(rule) => advance::<_, 1>(*rule, t, param, grad, slots),
            Optimizer::Sophia(rule) => advance::<_, 2>(*rule, t, param, grad, slots),
            Optimizer::Mars(rule) => {
                let before = slots.pop().unwrap_or_else(|| grad.clone());
                let corrected = corrected(rule, grad.clone(), before);
                let param = advance::<_, 2>(*rule, t, param, corrected, slots);
                slots.push(grad);
                param
            }
            Optimizer::Muon(rule) => advance::<_, 2>(rule.vectors, t, param, grad, slots),
            Optimizer::Soap(rule) => advance::<_, 2>(rule.vectors(), t, param, grad, slots),
        };
        Ok(param.reshape(shape))
    }

    /// One step of a matrix under Muon or SOAP. What is kept is flat here as everywhere.
    fn update_matrix(
        &mut self,
        index: usize,
        param: Tensor<2>,
        grad: Tensor<2>,
    ) -> Result<Tensor<2>> {
        let [rows, columns] = param.dims();
        let mut kept = std::mem::take(&mut self.slots[index]).into_iter();
        let mut next = |rows: usize, columns: usize| Some(kept.next()?.reshape([rows, columns]));
        let flat = |x: Tensor<2>| {
            let len = x.dims().iter().product::<usize>();
            x.reshape([len])
        };
        match self.optimizer {
            Optimizer::Muon(rule) => {
                let mut momentum = next(rows, columns);
                let param = rule.advance(param, grad, &mut momentum);
                self.slots[index].extend(momentum.map(flat));
                Ok(param)
            }
            Optimizer::Soap(rule) => {
                let mut state = next(rows, columns).and_then(|mean| {
                    Some(SoapState {
                        mean,
                        square: next(rows, columns)?,
                        left: next(rows, rows)?,
                        right: next(columns, columns)?,
                        basis_left: next(rows, rows)?,
                        basis_right: next(columns, columns)?,
                    })
                });
                let param = rule.advance(self.steps - 1, param, grad, &mut state)?;
                if let Some(s) = state {
                    let all = [
                        s.mean,
                        s.square,
                        s.left,
                        s.right,
                        s.basis_left,
                        s.basis_right,
                    ];
                    self.slots[index].extend(all.map(flat));
                }
                Ok(param)
            }
            _ => Ok(param),
        }
    }

    /// What is kept for each parameter, in the order of its steps; flat, empty before its first gradient.
    pub fn slots(&self) -> &[Vec<Tensor<1>>] {
        &self.slots
    }

    /// As after `steps` steps that left these [slots](Self::slots).
    pub fn resumed(optimizer: Optimizer, steps: u64, slots: Vec<Vec<Tensor<1>>>) -> Self {
        Self {
            optimizer,
            steps,
            supplied: vec![0; slots.len()],
            slots,
            native: false,
        }
    }

    /// The rule with its present step size.
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
    }

    /// Changes the step size from the next step on.
    pub fn set_lr(&mut self, lr: f64) {
        self.optimizer.set_lr(lr);
    }

    /// Steps begun so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

fn advance<R: Rule<K>, const K: usize>(
    rule: R,
    t: u64,
    param: Tensor<1>,
    grad: Tensor<1>,
    slots: &mut Vec<Tensor<1>>,
) -> Tensor<1> {
    // Taking the state out leaves one reference to each tensor, so that backends work in place.
    let mut old = std::mem::take(slots).into_iter();
    let old = std::array::from_fn(|_| old.next().unwrap_or_else(|| param.zeros_like()));
    let (param, new) = R::update(rule.constants(t), param, grad, old);
    slots.extend(new);
    param
}

/// MARS' corrected gradient of one tensor.
fn corrected(rule: &Mars, grad: Tensor<1>, before: Tensor<1>) -> Tensor<1> {
    let corrected = rule.corrected(grad, before);
    if !rule.clip {
        return corrected;
    }
    let norm = corrected.clone().square().sum().sqrt();
    corrected / norm.at_least(1.0)
}
