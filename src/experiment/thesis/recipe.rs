//! How a network is trained on images, as part of an experiment's settings.

use crate::error::{Error, Result};
use crate::experiment::Progress;
use crate::experiment::check::{positive, whole};
use crate::model::network::{Batches, Examples, Loss, Mlp, MlpTrainer};
use crate::optimizer::{Optimizer, Sgd};
use crate::seed::Seed;
use crate::task::image::{ImageSet, Normalisation};
use crate::trace::Schedule;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// A multilayer perceptron with ReLU under stochastic gradient descent with momentum, whose learning rate falls in steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The loss.
    pub loss: Loss,
    /// Learning rate at first.
    pub rate: f64,
    /// Momentum.
    pub momentum: f64,
    /// Weight decay (L2, in the gradient).
    pub weight_decay: f64,
    /// Images of a step.
    pub batch: usize,
    /// Passes over the training set.
    pub epochs: usize,
    /// Every so many epochs the rate is multiplied by `drop`.
    pub drop_every: usize,
    /// What the rate is multiplied by.
    pub drop: f64,
}

impl Recipe {
    pub(super) fn validate(&self) -> Result<()> {
        if self.hidden.is_empty() {
            let allowed = "at least one hidden layer: its units are the features";
            return Err(Error::setting("recipe.hidden", "[]", allowed));
        }
        for width in &self.hidden {
            whole("recipe.hidden", *width, 2, 20_000)?;
        }
        positive("recipe.rate", self.rate)?;
        positive("recipe.drop", self.drop)?;
        whole("recipe.batch", self.batch, 1, 1 << 20)?;
        whole("recipe.epochs", self.epochs, 1, 1_000_000)?;
        whole("recipe.drop_every", self.drop_every, 1, 1_000_000)?;
        Optimizer::from(self.optimizer()).validate_as("recipe")
    }

    fn optimizer(&self) -> Sgd {
        Sgd {
            momentum: self.momentum,
            weight_decay: self.weight_decay,
            ..Sgd::new(self.rate)
        }
    }

    /// Trains a network of `outputs` outputs and calls `record(net, epoch)` before the epochs of `schedule` and after the last.
    pub(super) fn train(
        &self,
        examples: &Examples<f32>,
        (inputs, outputs): (usize, usize),
        seed: Seed,
        schedule: &Schedule,
        progress: &Progress,
        mut record: impl FnMut(&mut MlpTrainer<f32>, usize) -> Result<()>,
    ) -> Result<()> {
        let widths = [vec![inputs], self.hidden.clone(), vec![outputs]].concat();
        let mut net = MlpTrainer::new(&Mlp::new(widths), self.loss, self.optimizer(), seed)?;
        let batches = Batches::Epochs {
            examples,
            size: self.batch,
            seed,
        };
        let steps = batches.steps();
        let due = schedule.steps(self.epochs);
        let every = Schedule::Every { steps };
        net.train(self.epochs * steps, batches, &every, |net, step| {
            progress.check()?;
            let epoch = step / steps;
            net.set_lr(self.rate * self.drop.powi((epoch / self.drop_every) as i32));
            if due.binary_search(&epoch).is_ok() {
                record(net, epoch)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(())
    }
}

/// Images as rows of numbers, with their classes.
pub(super) struct ImageSplit {
    pub train: Array2<f32>,
    pub labels: Vec<usize>,
    pub test: Array2<f32>,
    pub test_labels: Vec<usize>,
    pub classes: usize,
}

impl ImageSplit {
    /// `per_class` training images of each class; a share `noise` of their labels is drawn anew.
    pub fn load(set: ImageSet, per_class: usize, noise: f64, seed: Seed) -> Result<Self> {
        let data = set.load()?;
        let train = data.train.balanced(per_class, seed)?;
        let train = train.with_label_noise(noise, seed)?;
        let scale = Normalisation::of(&train)?;
        Ok(Self {
            labels: train.classes_of(),
            classes: train.classes,
            train: train.rows_f32(&scale)?,
            test: data.test.rows_f32(&scale)?,
            test_labels: data.test.classes_of(),
        })
    }
}
