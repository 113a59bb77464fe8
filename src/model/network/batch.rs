//! Which examples each step sees.

use super::Examples;
use crate::error::{Error, Result};
use crate::optimizer::Real;
use crate::seed::Seed;
use rand::seq::SliceRandom;

/// Where the examples of a step come from. What step t sees depends on the seed and t alone, so that a run can be taken up again at any step.
#[derive(Clone, Copy)]
pub enum Batches<'a, T> {
    /// All examples in every step.
    Full(&'a Examples<T>),
    /// Batches of `size` of a permutation, a new one in each epoch from the stream `batch/EPOCH`; the last of an epoch holds what is left.
    Epochs {
        /// The set.
        examples: &'a Examples<T>,
        /// Examples of a batch.
        size: usize,
        /// For the permutations.
        seed: Seed,
    },
    /// Fresh examples for each step.
    Fresh(&'a dyn Fn(usize) -> Result<Examples<T>>),
}

impl<'a, T: Real> Batches<'a, T> {
    /// # Errors
    /// A batch of no examples, or of more than there are.
    pub(crate) fn start(self) -> Result<Source<'a, T>> {
        if let Self::Epochs { examples, size, .. } = self
            && !(1..=examples.len()).contains(&size)
        {
            return Err(Error::setting(
                "batch size",
                size,
                format!("from 1 to the number of examples, {}", examples.len()),
            ));
        }
        Ok(Source {
            batches: self,
            epoch: None,
            order: Vec::new(),
            own: None,
        })
    }

    /// Steps of an epoch; 1 for full batches and fresh ones.
    pub fn steps(&self) -> usize {
        match self {
            Self::Epochs { examples, size, .. } => examples.len().div_ceil((*size).max(1)),
            _ => 1,
        }
    }
}

/// Which of `examples` step `step` sees: a part of a permutation that belongs to the epoch, from the stream `batch/EPOCH`.
pub(crate) fn epoch_batch(examples: usize, size: usize, seed: Seed, step: usize) -> Vec<usize> {
    let per_epoch = examples.div_ceil(size);
    let start = step % per_epoch * size;
    permutation(examples, seed, step / per_epoch)[start..(start + size).min(examples)].to_vec()
}

fn permutation(examples: usize, seed: Seed, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..examples).collect();
    order.shuffle(&mut seed.stream(&format!("batch/{epoch}")));
    order
}

/// Batches, one after the other.
pub(crate) struct Source<'a, T> {
    batches: Batches<'a, T>,
    epoch: Option<usize>,
    order: Vec<usize>,
    own: Option<Examples<T>>,
}

impl<T: Real> Source<'_, T> {
    /// The batch of step `step`.
    pub fn at(&mut self, step: usize) -> Result<&Examples<T>> {
        let fresh = match self.batches {
            Batches::Full(examples) => return Ok(examples),
            Batches::Fresh(draw) => draw(step)?,
            Batches::Epochs {
                examples,
                size,
                seed,
            } => {
                let per_epoch = examples.len().div_ceil(size);
                let epoch = step / per_epoch;
                if self.epoch != Some(epoch) {
                    self.order = permutation(examples.len(), seed, epoch);
                    self.epoch = Some(epoch);
                }
                let start = step % per_epoch * size;
                examples.select(&self.order[start..(start + size).min(examples.len())])
            }
        };
        Ok(self.own.insert(fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn batches_by_number_are_those_of_the_epochs() {
        let x = Array2::from_shape_fn((23, 1), |(i, _)| i as f64);
        let examples = Examples::new(x.clone(), x).unwrap();
        let batches = Batches::Epochs {
            examples: &examples,
            size: 5,
            seed: Seed(3),
        };
        let mut source = batches.start().unwrap();
        for step in 0..15 {
            let picked = examples.select(&epoch_batch(23, 5, Seed(3), step));
            assert_eq!(*source.at(step).unwrap(), picked, "{step}");
        }
    }
}
