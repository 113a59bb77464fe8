//! Stepping a slice of `f64`.

use super::rule::{Number, Rule};
use super::{Need, Optimizer};
use crate::error::{Error, Result};
use pulp::{Arch, Simd, WithSimd};
use std::ops::{Add, Div, Mul, Sub};

/// What an [`Optimizer`] remembers of a run over a slice of `f64`.
///
/// All rules but a clipped [`Mars`](super::Mars) are coordinate-wise, so any number of independent runs (seeds, configurations) step as one slice, one after
/// the other in memory. A step allocates nothing, uses AVX2 where the processor has it, and gives the same bits where it
/// has not.
///
/// ```
/// use scurve::optimizer::{Optimizer, Sgd};
/// let mut theta = vec![1.0; 5];
/// let mut state = Optimizer::from(Sgd::new(0.1)).flat(5);
/// for step in 0..100 {
///     state.set_lr(0.1 / (1.0 + step as f64 / 50.0)); // a schedule
///     let grad = theta.clone();
///     state.step(&mut theta, &grad)?;
/// }
/// assert!(theta[4] < 1e-2 && state.steps() == 100);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FlatState {
    optimizer: Optimizer,
    len: usize,
    steps: u64,
    /// The first slot of all coordinates, then the second …
    state: Vec<f64>,
    /// Whether what the next step needs is there.
    supplied: bool,
    /// The corrected gradient of MARS.
    corrected: Vec<f64>,
}

impl FlatState {
    pub(super) fn new(optimizer: Optimizer, len: usize) -> Self {
        Self {
            optimizer,
            len,
            steps: 0,
            state: vec![0.0; len * optimizer.slots()],
            supplied: false,
            corrected: match optimizer {
                Optimizer::Mars(_) => vec![0.0; len],
                _ => Vec::new(),
            },
        }
    }

    /// One step: `params` moves, given the gradient `grads` at its present value.
    ///
    /// # Errors
    /// When either slice has not the length that the state was made for, or when the step [`needs`](Self::needs) more than a gradient. Nothing has
    /// moved then.
    pub fn step(&mut self, params: &mut [f64], grads: &[f64]) -> Result<()> {
        self.check_len("params.len()", params.len())?;
        self.check_len("grads.len()", grads.len())?;
        if let Some(need) = self.needs() {
            return Err(need.missing(&self.optimizer));
        }
        self.steps += 1;
        self.supplied = false;
        match &self.optimizer {
            Optimizer::Sgd(rule) if rule.momentum == 0.0 => {
                self.advance::<_, 0>(*rule, params, grads)
            }
            Optimizer::Sgd(rule) => self.advance::<_, 1>(*rule, params, grads),
            Optimizer::SignGd(rule) => self.advance::<_, 0>(*rule, params, grads),
            Optimizer::Adam(rule) => self.advance::<_, 2>(*rule, params, grads),
            Optimizer::AdamW(rule) => self.advance::<_, 2>(*rule, params, grads),
            Optimizer::AdEMAMix(rule) => self.advance::<_, 3>(*rule, params, grads),
            Optimizer::Lion(rule) => self.advance::<_, 1>(*rule, params, grads),
            Optimizer::Sophia(rule) => self.advance::<_, 2>(*rule, params, grads),
            Optimizer::Mars(rule) => {
                let before = &mut self.state[2 * self.len..];
                if self.steps == 1 {
                    before.copy_from_slice(grads);
                }
                rule.correct(grads, before, &mut self.corrected);
                before.copy_from_slice(grads);
                let (rule, corrected) = (*rule, std::mem::take(&mut self.corrected));
                self.advance::<_, 2>(rule, params, &corrected);
                self.corrected = corrected;
            }
            // Refused above.
            Optimizer::Muon(_) | Optimizer::Soap(_) => {}
        }
        Ok(())
    }

    fn check_len(&self, what: &str, len: usize) -> Result<()> {
        if len == self.len {
            return Ok(());
        }
        Err(Error::setting(
            what,
            len,
            format!(
                "{}, the length that the optimizer's state was made for",
                self.len
            ),
        ))
    }

    /// What the next step needs besides the gradient and has not been given yet.
    pub fn needs(&self) -> Option<Need> {
        let need = self.optimizer.need_after(self.steps);
        need.filter(|_| !self.supplied)
    }

    /// Gives the next step what it [`needs`](Self::needs): an estimate of the Hessian's diagonal, or the gradient of the present batch at the
    /// parameters before the last step.
    ///
    /// # Errors
    /// When nothing is needed, or the length is another than the state was made for.
    pub fn supply(&mut self, values: &[f64]) -> Result<()> {
        self.check_len("values.len()", values.len())?;
        match (self.needs(), &self.optimizer) {
            (Some(Need::Curvature), Optimizer::Sophia(rule)) => {
                let kept = &mut self.state[self.len..];
                for (h, estimate) in kept.iter_mut().zip(values) {
                    *h = rule.refreshed(*h, *estimate);
                }
            }
            (Some(Need::LookBack), _) => self.state[2 * self.len..].copy_from_slice(values),
            _ => {
                return Err(Error::setting(
                    "supply",
                    self.optimizer.name(),
                    "called when `needs` says what is needed",
                ));
            }
        }
        self.supplied = true;
        Ok(())
    }

    fn advance<R: Rule<K>, const K: usize>(&mut self, rule: R, params: &mut [f64], grads: &[f64]) {
        Arch::new().dispatch(Sweep::<R, K> {
            constants: rule.constants(self.steps),
            params,
            grads,
            state: &mut self.state,
        });
    }

    /// The rule with its present step size.
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
    }

    /// Changes the step size from the next step on.
    pub fn set_lr(&mut self, lr: f64) {
        self.optimizer.set_lr(lr);
    }

    /// Steps made so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The `slot`-th number kept for every coordinate, as each rule names them: Adam's m is 0, its v is 1. `None` past
    /// [`Optimizer::slots`].
    pub fn slot(&self, slot: usize) -> Option<&[f64]> {
        (slot < self.optimizer.slots()).then(|| &self.state[slot * self.len..][..self.len])
    }

    /// Forgets the run: as fresh from [`Optimizer::flat`], without allocating.
    pub fn reset(&mut self) {
        self.steps = 0;
        self.supplied = false;
        self.state.fill(0.0);
        self.corrected.fill(0.0);
    }
}

/// One step over all coordinates, several at a time.
struct Sweep<'a, R: Rule<K>, const K: usize> {
    constants: R::Constants,
    params: &'a mut [f64],
    grads: &'a [f64],
    state: &'a mut [f64],
}

impl<R: Rule<K>, const K: usize> WithSimd for Sweep<'_, R, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut slots = self.state.chunks_exact_mut(self.params.len().max(1));
        let mut slots: [_; K] =
            std::array::from_fn(|_| S::as_mut_simd_f64s(slots.next().unwrap_or_default()));
        let (params, params_tail) = S::as_mut_simd_f64s(self.params);
        let (grads, grads_tail) = S::as_simd_f64s(self.grads);
        for (i, (param, grad)) in params.iter_mut().zip(grads).enumerate() {
            let own = std::array::from_fn(|k| Lanes(simd, slots[k].0[i]));
            let (new, kept) =
                R::update(self.constants, Lanes(simd, *param), Lanes(simd, *grad), own);
            *param = new.1;
            for (slot, kept) in slots.iter_mut().zip(kept) {
                slot.0[i] = kept.1;
            }
        }
        for (i, (param, grad)) in params_tail.iter_mut().zip(grads_tail).enumerate() {
            let own = std::array::from_fn(|k| slots[k].1[i]);
            let (new, kept) = R::update(self.constants, *param, *grad, own);
            *param = new;
            for (slot, kept) in slots.iter_mut().zip(kept) {
                slot.1[i] = kept;
            }
        }
    }
}

/// A register of `f64`: as [`Number`], every lane does what one `f64` does, to the bit.
#[derive(Clone, Copy)]
struct Lanes<S: Simd>(S, S::f64s);

impl<S: Simd> Add for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0, self.0.add_f64s(self.1, other.1))
    }
}

impl<S: Simd> Sub for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0, self.0.sub_f64s(self.1, other.1))
    }
}

impl<S: Simd> Mul for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0, self.0.mul_f64s(self.1, other.1))
    }
}

impl<S: Simd> Div for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(self.0, self.0.div_f64s(self.1, other.1))
    }
}

impl<S: Simd> Number for Lanes<S> {
    #[inline(always)]
    fn scale(self, c: f64) -> Self {
        Self(self.0, self.0.mul_f64s(self.0.splat_f64s(c), self.1))
    }
    #[inline(always)]
    fn shift(self, c: f64) -> Self {
        Self(self.0, self.0.add_f64s(self.1, self.0.splat_f64s(c)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0, self.0.sqrt_f64s(self.1))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0, self.0.abs_f64s(self.1))
    }
    #[inline(always)]
    fn sign(self) -> Self {
        let Self(simd, x) = self;
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let positive = simd.greater_than_f64s(x, zero);
        let negative = simd.less_than_f64s(x, zero);
        // 0 and NaN stay what they are.
        let sign = simd.select_f64s(negative, simd.neg_f64s(one), x);
        Self(simd, simd.select_f64s(positive, one, sign))
    }
    #[inline(always)]
    fn at_least(self, c: f64) -> Self {
        let Self(simd, x) = self;
        let c = simd.splat_f64s(c);
        Self(simd, simd.select_f64s(simd.less_than_f64s(x, c), c, x))
    }
    #[inline(always)]
    fn at_most(self, c: f64) -> Self {
        let Self(simd, x) = self;
        let c = simd.splat_f64s(c);
        Self(simd, simd.select_f64s(simd.greater_than_f64s(x, c), c, x))
    }
}
