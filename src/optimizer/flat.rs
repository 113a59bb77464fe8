//! Stepping a slice of `f64` or `f32`.

use super::real::Real;
use super::rule::Rule;
use super::{Need, Optimizer};
use crate::error::{Error, Result};
use pulp::{Arch, Simd, WithSimd};

/// What an [`Optimizer`] remembers of a run over a slice of `f64` ([`Optimizer::flat`]) or `f32` ([`Optimizer::flat_of`]).
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
pub struct FlatState<T = f64> {
    optimizer: Optimizer,
    len: usize,
    steps: u64,
    /// The first slot of all coordinates, then the second …
    state: Vec<T>,
    /// Whether what the next step needs is there.
    supplied: bool,
    /// The corrected gradient of MARS.
    corrected: Vec<T>,
}

impl<T: Real> FlatState<T> {
    pub(super) fn new(optimizer: Optimizer, len: usize) -> Self {
        Self {
            optimizer,
            len,
            steps: 0,
            state: vec![T::ZERO; len * optimizer.slots()],
            supplied: false,
            corrected: match optimizer {
                Optimizer::Mars(_) => vec![T::ZERO; len],
                _ => Vec::new(),
            },
        }
    }

    /// One step: `params` moves, given the gradient `grads` at its present value.
    ///
    /// # Errors
    /// When either slice has not the length that the state was made for, or when the step [`needs`](Self::needs) more than a gradient. Nothing has
    /// moved then.
    pub fn step(&mut self, params: &mut [T], grads: &[T]) -> Result<()> {
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
    pub fn supply(&mut self, values: &[T]) -> Result<()> {
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

    fn advance<R: Rule<K>, const K: usize>(&mut self, rule: R, params: &mut [T], grads: &[T]) {
        Arch::new().dispatch(Sweep::<T, R, K> {
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
    pub fn slot(&self, slot: usize) -> Option<&[T]> {
        (slot < self.optimizer.slots()).then(|| &self.state[slot * self.len..][..self.len])
    }

    /// As after `steps` steps that left these numbers in its [slots](Self::slot), one slot after the other.
    ///
    /// # Errors
    /// Another count of numbers than the slots hold.
    pub fn resumed(mut self, steps: u64, slots: Vec<T>) -> Result<Self> {
        if slots.len() != self.state.len() {
            let allowed = format!("{}, what the rule keeps", self.state.len());
            return Err(Error::setting("slots.len()", slots.len(), allowed));
        }
        self.state = slots;
        self.steps = steps;
        self.supplied = false;
        Ok(self)
    }

    /// Forgets the run: as fresh from [`Optimizer::flat`], without allocating.
    pub fn reset(&mut self) {
        self.steps = 0;
        self.supplied = false;
        self.state.fill(T::ZERO);
        self.corrected.fill(T::ZERO);
    }
}

/// One step over all coordinates, several at a time.
struct Sweep<'a, T, R: Rule<K>, const K: usize> {
    constants: R::Constants,
    params: &'a mut [T],
    grads: &'a [T],
    state: &'a mut [T],
}

impl<T: Real, R: Rule<K>, const K: usize> WithSimd for Sweep<'_, T, R, K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut slots = self.state.chunks_exact_mut(self.params.len().max(1));
        let mut slots: [_; K] =
            std::array::from_fn(|_| T::registers_mut::<S>(slots.next().unwrap_or_default()));
        let (params, params_tail) = T::registers_mut::<S>(self.params);
        let (grads, grads_tail) = T::registers::<S>(self.grads);
        for (i, (param, grad)) in params.iter_mut().zip(grads).enumerate() {
            let own = std::array::from_fn(|k| T::lanes(simd, slots[k].0[i]));
            let (new, kept) = R::update(
                self.constants,
                T::lanes(simd, *param),
                T::lanes(simd, *grad),
                own,
            );
            *param = T::register(new);
            for (slot, kept) in slots.iter_mut().zip(kept) {
                slot.0[i] = T::register(kept);
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
