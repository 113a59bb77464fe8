//! What an update rule is: written once, for any [`Number`].
//!
//! To add a rule: a file beside this one with its settings, `impl Rule<K>` and a doctest; a variant of
//! [`Optimizer`](super::Optimizer); its line in the `match` of `FlatState::step` and `TensorState::update`; a case in
//! `tests/traces/make_traces.py`.

use burn::tensor::Tensor;
use std::ops::{Add, Div, Mul, Sub};

/// What an update rule calculates with: one `f64` or `f32`, a register of them, or a whole burn tensor, coordinate by coordinate.
///
/// Hyper-parameters are always `f64`; a tensor rounds them to its own precision where it uses them.
pub trait Number:
    Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// c · self.
    fn scale(self, c: f64) -> Self;
    /// self + c.
    fn shift(self, c: f64) -> Self;
    /// √self.
    fn sqrt(self) -> Self;
    /// |self|.
    fn abs(self) -> Self;
    /// −1, 0 or 1; sign(0) = 0.
    ///
    /// NOTE: for a number the sign of NaN is NaN, so that a run that has diverged is seen to have. Tensors do what their
    /// backend does, and LibTorch says sign(NaN) = 0.
    fn sign(self) -> Self;
    /// The larger of self and c; NaN stays NaN.
    fn at_least(self, c: f64) -> Self;
    /// The smaller of self and c; NaN stays NaN.
    fn at_most(self, c: f64) -> Self;
}

impl<const D: usize> Number for Tensor<D> {
    fn scale(self, c: f64) -> Self {
        self.mul_scalar(c)
    }
    fn shift(self, c: f64) -> Self {
        self.add_scalar(c)
    }
    fn sqrt(self) -> Self {
        Tensor::sqrt(self)
    }
    fn abs(self) -> Self {
        Tensor::abs(self)
    }
    fn sign(self) -> Self {
        Tensor::sign(self)
    }
    fn at_least(self, c: f64) -> Self {
        self.clamp_min(c)
    }
    fn at_most(self, c: f64) -> Self {
        self.clamp_max(c)
    }
}

/// A coordinate-wise update rule that keeps `K` numbers of state for each coordinate, all zero at first.
///
/// Only what depends on a coordinate is in [`update`](Rule::update); what is the same for all of them (bias corrections,
/// warm-ups) is calculated once a step by [`constants`](Rule::constants).
pub trait Rule<const K: usize> {
    /// What all coordinates of one step share.
    type Constants: Copy;

    /// The constants of step `t`; the first step is `t` = 1.
    fn constants(&self, t: u64) -> Self::Constants;

    /// The new value of a parameter and of its state.
    fn update<N: Number>(
        constants: Self::Constants,
        param: N,
        grad: N,
        state: [N; K],
    ) -> (N, [N; K]);
}

/// Exponential moving average, β m + (1 − β) g.
#[inline(always)]
pub(super) fn average<N: Number>(m: N, g: N, beta: f64) -> N {
    m.scale(beta) + g.scale(1.0 - beta)
}

/// The same average as PyTorch's `lerp` calculates it, m + (1 − β)(g − m): exactly g at β = 0.
#[inline(always)]
pub(super) fn lerp<N: Number>(m: N, g: N, beta: f64) -> N {
    let weight = 1.0 - beta;
    let difference = g.clone() - m.clone();
    if weight < 0.5 {
        m + difference.scale(weight)
    } else {
        g - difference.scale(1.0 - weight)
    }
}

/// The gradient with the L2 penalty's: g + λ θ.
#[inline(always)]
pub(super) fn l2<N: Number>(param: &N, grad: N, weight_decay: f64) -> N {
    if weight_decay == 0.0 {
        grad
    } else {
        grad + param.clone().scale(weight_decay)
    }
}

/// Decoupled weight decay: (1 − η λ) θ.
#[inline(always)]
pub(super) fn shrink<N: Number>(param: N, keep: f64) -> N {
    if keep == 1.0 {
        param
    } else {
        param.scale(keep)
    }
}
