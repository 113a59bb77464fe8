//! How a network is trained on images, as part of an experiment's settings.

use super::trained::{Both, Observed};
use crate::device::DeviceKind;
use crate::error::{Error, Result};
use crate::experiment::Progress;
use crate::experiment::check::{positive, whole};
use crate::model::network::{Batches, Cnn, Loss, Mlp, MlpTrainer, ModuleTrainer};
use crate::optimizer::{Optimizer, Sgd};
use crate::seed::Seed;
use crate::task::image::{ImageSet, Images, Normalisation};
use crate::trace::Schedule;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// A network with ReLU and PyTorch's default initialisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Net {
    /// Dense layers.
    Mlp {
        /// Units of each hidden layer; those of the last are the features.
        hidden: Vec<usize>,
    },
    /// Blocks of convolution (3 × 3) and maximum (2 × 2), then a dense layer of features.
    Cnn {
        /// Channels of each block.
        channels: Vec<usize>,
        /// Features.
        width: usize,
        /// Whether blocks have batch normalisation.
        batch_norm: bool,
    },
}

impl Net {
    fn validate(&self) -> Result<()> {
        match self {
            Self::Mlp { hidden } if hidden.is_empty() => {
                let allowed = "at least one hidden layer: its units are the features";
                Err(Error::setting("recipe.net.hidden", "[]", allowed))
            }
            Self::Mlp { hidden } => hidden
                .iter()
                .try_for_each(|width| whole("recipe.net.hidden", *width, 2, 20_000)),
            Self::Cnn {
                channels, width, ..
            } => {
                whole("recipe.net.width", *width, 2, 20_000)?;
                channels
                    .iter()
                    .try_for_each(|c| whole("recipe.net.channels", *c, 1, 20_000))
            }
        }
    }
}

impl std::fmt::Display for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mlp { hidden } => write!(f, "dense layers {hidden:?}"),
            Self::Cnn {
                channels, width, ..
            } => write!(f, "convolutions {channels:?}, {width} features"),
        }
    }
}

/// Which layers move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dynamics {
    /// All of them.
    Backpropagation,
    /// The last; features stay as they are initialised.
    LastLayer,
}

/// A network under stochastic gradient descent with momentum, whose learning rate falls in steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The network.
    pub net: Net,
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
        self.net.validate()?;
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
        split: &ImageSplit,
        targets: &Both,
        (dynamics, seed): (Dynamics, Seed),
        schedule: &Schedule,
        progress: &Progress,
        mut record: impl FnMut(&mut dyn Observed, usize) -> Result<()>,
    ) -> Result<()> {
        let examples = targets.examples(split, self.loss)?;
        let outputs = targets.train.ncols();
        let batches = Batches::Epochs {
            examples: &examples,
            size: self.batch,
            seed,
        };
        let steps = batches.steps();
        let due = schedule.steps(self.epochs);
        let mut each = |net: &mut dyn Observed, step: usize| {
            progress.check()?;
            let epoch = step / steps;
            net.set_rate(self.rate * self.drop.powi((epoch / self.drop_every) as i32));
            if due.binary_search(&epoch).is_ok() {
                record(net, epoch)?;
            }
            Ok(ControlFlow::Continue(()))
        };
        let every = Schedule::Every { steps };
        let (last, frozen) = (self.epochs * steps, dynamics == Dynamics::LastLayer);
        match &self.net {
            Net::Mlp { hidden } => {
                let widths = [vec![split.train.ncols()], hidden.clone(), vec![outputs]].concat();
                let net = Mlp::new(widths);
                let mut net = MlpTrainer::new(&net, self.loss, self.optimizer(), seed)?;
                if frozen {
                    net = net.last_layer_only();
                }
                net.train(last, batches, &every, |net, step| each(net, step))?;
            }
            Net::Cnn {
                channels,
                width,
                batch_norm,
            } => {
                let net = Cnn {
                    image: split.shape,
                    channels: channels.clone(),
                    width: *width,
                    batch_norm: *batch_norm,
                    outputs,
                    ..Cnn::mnist()
                };
                let device = DeviceKind::from_env()?.device()?;
                let mut net = ModuleTrainer::new(&net, self.loss, self.optimizer(), seed, &device)?;
                if frozen {
                    net = net.last_layer_only();
                }
                net.train(last, batches, &every, |net, step| each(net, step))?;
            }
        }
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
    /// Channels, height, width.
    pub shape: [usize; 3],
}

impl ImageSplit {
    /// `per_class` training images of each class, normalised by them; a share `noise` of their labels is drawn anew.
    pub fn load(set: ImageSet, per_class: usize, noise: f64, seed: Seed) -> Result<Self> {
        let data = set.load()?;
        let train = data.train.balanced(per_class, seed)?;
        let train = train.with_label_noise(noise, seed)?;
        let scale = Normalisation::of(&train)?;
        Self::of(&train, &data.test, &scale)
    }

    /// The same with true labels and pixels on a given scale.
    pub fn scaled(
        set: ImageSet,
        per_class: usize,
        seed: Seed,
        scale: &Normalisation,
    ) -> Result<Self> {
        let data = set.load()?;
        Self::of(&data.train.balanced(per_class, seed)?, &data.test, scale)
    }

    fn of(train: &Images, test: &Images, scale: &Normalisation) -> Result<Self> {
        Ok(Self {
            labels: train.classes_of(),
            classes: train.classes,
            shape: train.shape(),
            train: train.rows_f32(scale)?,
            test: test.rows_f32(scale)?,
            test_labels: test.classes_of(),
        })
    }
}
