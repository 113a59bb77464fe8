//! Sparse parities as examples of a network.

use super::{Examples, Inputs, Targets};
use crate::error::Result;
use crate::optimizer::Real;
use crate::seed::Seed;
use crate::task::{ParityBatch, SparseParity};

impl<T: Real> From<&ParityBatch> for Inputs<T> {
    /// The skill as the control bit, then the skill bits as 0 and 1.
    fn from(batch: &ParityBatch) -> Self {
        Self::Controlled {
            control: batch.skills().to_vec(),
            controls: batch.controls(),
            rest: batch.bits_as(T::ZERO, T::ONE),
        }
    }
}

impl ParityBatch {
    /// Examples of two classes: the sum of the skill's bits modulo 2.
    ///
    /// # Errors
    /// None: there is a class for each example.
    pub fn examples<T: Real>(&self) -> Result<Examples<T>> {
        let odd = (0..self.len()).map(|j| u32::from(self.sign(j) < 0.0));
        let classes: Vec<u32> = odd.collect();
        Examples::new(Inputs::from(self), Targets::Classes(classes))
    }
}

impl SparseParity {
    /// `size` fresh examples for step `step`, as [`Batches::Fresh`](super::Batches::Fresh) asks for them: the streams `batch/STEP` and `batch/STEP/bits`, so that what a step
    /// sees depends on the seed and the step alone.
    ///
    /// ```
    /// use scurve::model::network::{Batches, Loss, Mlp, MlpTrainer};
    /// use scurve::optimizer::Adam;
    /// use scurve::seed::Seed;
    /// use scurve::task::{Frequencies, SparseParity, Subsets};
    /// use scurve::trace::Schedule;
    /// use std::ops::ControlFlow;
    /// // two skills, each a parity of two of eight bits
    /// let task = SparseParity::new(Frequencies::power_law(2, 1.0)?, Subsets::disjoint(2, 8, 2, Seed(0))?)?;
    /// let fresh = |step| task.fresh::<f32>(256, Seed(1), step);
    /// let net = Mlp::new([task.inputs(), 32, 2]);
    /// let mut net = MlpTrainer::<f32>::new(&net, Loss::CrossEntropy, Adam::new(0.01), Seed(0))?;
    /// let every = Schedule::Every { steps: 100 };
    /// net.train(400, Batches::Fresh(&fresh), &every, |_, _| Ok(ControlFlow::Continue(())))?;
    /// let held_out = task.batch(1000, Seed(2)).examples()?;
    /// assert!(net.evaluate(&held_out)?.accuracy > 0.95);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// None: there is a class for each example.
    pub fn fresh<T: Real>(&self, size: usize, seed: Seed, step: usize) -> Result<Examples<T>> {
        let mut skills = seed.stream(&format!("batch/{step}"));
        let mut bits = seed.stream(&format!("batch/{step}/bits"));
        self.draw(size, &mut skills, &mut bits).examples()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Frequencies, Subsets};

    fn task() -> SparseParity {
        let subsets = Subsets::random(5, 70, 3, Seed(0)).unwrap();
        SparseParity::new(Frequencies::power_law(5, 1.4).unwrap(), subsets).unwrap()
    }

    #[test]
    fn the_inputs_of_a_network_are_those_of_the_task() {
        let batch = task().batch(200, Seed(1));
        let examples = batch.examples::<f32>().unwrap();
        assert_eq!(examples.inputs.dense(0), batch.inputs());
        let Targets::Classes(classes) = &examples.targets else {
            panic!("classes");
        };
        let dense = examples.inputs.dense(0);
        for (j, class) in classes.iter().enumerate() {
            let ones: f32 = task()
                .subsets()
                .of(batch.skill(j))
                .iter()
                .map(|b| dense[[j, 5 + b]])
                .sum();
            assert_eq!(*class, ones as u32 % 2);
        }
    }

    #[test]
    fn a_step_has_its_own_examples_and_always_the_same() {
        let at = |step| task().fresh::<f64>(50, Seed(3), step).unwrap();
        assert_eq!(at(7), at(7));
        assert_ne!(at(7), at(8));
    }
}
