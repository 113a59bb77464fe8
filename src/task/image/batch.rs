//! Mini-batches: every example once an epoch, in an order of the seed.

use super::images::Images;
use crate::error::{Error, Result};
use crate::seed::Seed;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha12Rng;

/// An endless sequence of batches, as lists of indices. Each epoch goes through all examples in a new random order; its last batch
/// is smaller where the size does not divide their number, as by default in PyTorch's loader.
///
/// ```
/// use scurve::{seed::Seed, task::image::ImageBatches};
/// let sizes: Vec<usize> = ImageBatches::new(10, 4, Seed(0))?.take(4).map(|batch| batch.len()).collect();
/// assert_eq!(sizes, [4, 4, 2, 4]);
/// assert!(ImageBatches::new(10, 11, Seed(0)).unwrap_err().to_string().contains("batch = 11"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageBatches {
    order: Vec<usize>,
    at: usize,
    size: usize,
    rng: ChaCha12Rng,
}

impl ImageBatches {
    /// Of `size` out of `examples`, in orders of the stream `batch`.
    ///
    /// # Errors
    /// A size of 0, or larger than the set.
    pub fn new(examples: usize, size: usize, seed: Seed) -> Result<Self> {
        if size == 0 || size > examples {
            let allowed = format!("from 1 to the size of the set, {examples}");
            return Err(Error::setting("batch", size, allowed));
        }
        Ok(Self {
            order: (0..examples).collect(),
            at: examples,
            size,
            rng: seed.stream("batch"),
        })
    }

    /// Batches in an epoch.
    pub fn per_epoch(&self) -> usize {
        self.order.len().div_ceil(self.size)
    }
}

impl Iterator for ImageBatches {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        if self.at == self.order.len() {
            self.order.shuffle(&mut self.rng);
            self.at = 0;
        }
        let end = (self.at + self.size).min(self.order.len());
        let batch = self.order[self.at..end].to_vec();
        self.at = end;
        Some(batch)
    }
}

impl Images {
    /// Batches of these images.
    ///
    /// # Errors
    /// As [`ImageBatches::new`].
    pub fn batches(&self, size: usize, seed: Seed) -> Result<ImageBatches> {
        ImageBatches::new(self.len(), size, seed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::images::tests::{refused, small};
    use super::*;

    #[test]
    fn an_epoch_sees_every_example_once() {
        let mut batches = ImageBatches::new(103, 10, Seed(1)).unwrap();
        assert_eq!(batches.per_epoch(), 11);
        let mut epochs = Vec::new();
        for _ in 0..3 {
            let epoch: Vec<usize> = batches.by_ref().take(11).flatten().collect();
            let mut sorted = epoch.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..103).collect::<Vec<_>>());
            epochs.push(epoch);
        }
        assert!(epochs[0] != epochs[1] && epochs[1] != epochs[2]);
        let again: Vec<usize> = ImageBatches::new(103, 10, Seed(1))
            .unwrap()
            .take(11)
            .flatten()
            .collect();
        assert_eq!(again, epochs[0]);
        refused(ImageBatches::new(5, 0, Seed(0)), "batch");
        refused(small(5).batches(6, Seed(0)), "batch");
        assert_eq!(
            small(5).batches(5, Seed(0)).unwrap().next().unwrap().len(),
            5
        );
    }
}
