//! How a network is trained on images, as part of an experiment's settings.

use super::pictures::ImageSplit;
use super::trained::{Both, Observed};
use crate::device::DeviceKind;
use crate::error::{Error, Result};
use crate::experiment::Progress;
use crate::experiment::check::{positive, whole};
use crate::model::network::{
    Architecture, Batches, Cnn, Init, Loss, Mlp, MlpTrainer, ModuleTrainer, ResNet, Vgg,
    epoch_batch,
};
use crate::optimizer::{Optimizer, Sgd};
use crate::seed::Seed;
use crate::trace::Schedule;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A network with ReLU, and PyTorch's default initialisation where none is named.
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
    /// A residual network; ResNet18 has the width 64 and the blocks 2, 2, 2, 2.
    Resnet {
        /// Channels of the first stage; each other has twice those of the one before it.
        width: usize,
        /// Blocks of each stage.
        blocks: Vec<usize>,
    },
    /// Stages of convolutions, each ended by a maximum; VGG16 has the width 64 and the depths 2, 2, 3, 3, 3.
    Vgg {
        /// Channels of the first stage.
        width: usize,
        /// Convolutions of each stage.
        depths: Vec<usize>,
        /// Whether batch normalisation follows each convolution.
        batch_norm: bool,
        /// The law of the initial parameters: with PyTorch's default a deep network without batch normalisation hardly lets anything through.
        #[serde(default)]
        init: Init,
    },
}

impl Net {
    /// Dense layers of these widths.
    pub fn dense(hidden: impl Into<Vec<usize>>) -> Self {
        Self::Mlp {
            hidden: hidden.into(),
        }
    }

    /// ResNet18 with `width` channels in its first stage instead of 64.
    pub fn resnet18(width: usize) -> Self {
        Self::Resnet {
            width,
            blocks: vec![2; 4],
        }
    }

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
            Self::Resnet { width, blocks } => {
                whole("recipe.net.width", *width, 1, 4096)?;
                whole("recipe.net.blocks", blocks.len(), 1, 8)?;
                blocks
                    .iter()
                    .try_for_each(|b| whole("recipe.net.blocks", *b, 1, 1000))
            }
            Self::Vgg {
                width,
                depths,
                init,
                ..
            } => {
                init.validate()?;
                whole("recipe.net.width", *width, 1, 4096)?;
                whole("recipe.net.depths", depths.len(), 1, 10)?;
                depths
                    .iter()
                    .try_for_each(|d| whole("recipe.net.depths", *d, 1, 1000))
            }
        }
    }

    /// Whether it can take images of this side.
    pub(super) fn takes(&self, side: usize) -> Result<()> {
        let halved = match self {
            Self::Cnn { channels, .. } => channels.len(),
            Self::Vgg { depths, .. } => depths.len(),
            Self::Mlp { .. } | Self::Resnet { .. } => return Ok(()),
        };
        let most = side.max(1).ilog2() as usize;
        if halved <= most {
            return Ok(());
        }
        let allowed = format!(
            "at least {} for a network that halves the image {halved} times, or take fewer stages (at most {most})",
            1_usize << halved.min(30)
        );
        Err(Error::setting("side", side, allowed))
    }

    fn build(
        &self,
        image: [usize; 3],
        outputs: usize,
        (loss, optimizer): (Loss, Optimizer),
        (dynamics, seed): (Dynamics, Seed),
    ) -> Result<Box<dyn Observed>> {
        fn module<N: Architecture + 'static>(
            net: &N,
            (loss, optimizer): (Loss, Optimizer),
            (dynamics, seed): (Dynamics, Seed),
        ) -> Result<Box<dyn Observed>> {
            let device = DeviceKind::from_env()?.device()?;
            let net = ModuleTrainer::new(net, loss, optimizer, seed, &device)?;
            Ok(match dynamics {
                Dynamics::Backpropagation => Box::new(net),
                Dynamics::LastLayer => Box::new(net.last_layer_only()),
            })
        }
        let (rule, how) = ((loss, optimizer), (dynamics, seed));
        match self {
            Self::Mlp { hidden } => {
                let inputs = image.iter().product();
                let net = Mlp::new([vec![inputs], hidden.clone(), vec![outputs]].concat());
                let net = MlpTrainer::new(&net, loss, optimizer, seed)?;
                Ok(match dynamics {
                    Dynamics::Backpropagation => Box::new(net),
                    Dynamics::LastLayer => Box::new(net.last_layer_only()),
                })
            }
            Self::Cnn {
                channels,
                width,
                batch_norm,
            } => {
                let net = Cnn {
                    image,
                    channels: channels.clone(),
                    width: *width,
                    batch_norm: *batch_norm,
                    outputs,
                    ..Cnn::mnist()
                };
                module(&net, rule, how)
            }
            Self::Resnet { width, blocks } => {
                let net = ResNet {
                    image,
                    width: *width,
                    blocks: blocks.clone(),
                    outputs,
                    init: Init::Torch,
                };
                module(&net, rule, how)
            }
            Self::Vgg {
                width,
                depths,
                batch_norm,
                init,
            } => {
                let net = Vgg {
                    image,
                    width: *width,
                    depths: depths.clone(),
                    batch_norm: *batch_norm,
                    outputs,
                    init: *init,
                };
                module(&net, rule, how)
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
            Self::Resnet { width, blocks } => {
                let layers = 2 + 2 * blocks.iter().sum::<usize>();
                write!(f, "ResNet{layers} of width {width}")
            }
            Self::Vgg {
                width,
                depths,
                batch_norm,
                ..
            } => {
                let layers = depths.iter().sum::<usize>();
                let with = if *batch_norm { "with" } else { "without" };
                write!(
                    f,
                    "VGG of {layers} convolutions, width {width}, {with} batch normalisation"
                )
            }
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
///
/// ```
/// use scurve::experiment::thesis::{Net, Recipe};
/// let recipe = Recipe::thesis(Net::resnet18(8), 50, (24, 18)).with_rate(0.02);
/// assert_eq!((recipe.rate, recipe.momentum, recipe.epochs), (0.02, 0.9, 24));
/// assert_eq!(recipe.net.to_string(), "ResNet18 of width 8");
/// ```
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
    /// Another rule in place of gradient descent with momentum; its own learning rate and weight decay hold then, and the rate falls as written above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Optimizer>,
}

impl Recipe {
    /// The training of §2.4 of the thesis: rate .05, momentum .9, weight decay 1e-3, the rate times .2 every so many epochs. Batch and loss are not published; under half the
    /// squares networks reach the minimum feature regime in fewer epochs than under cross-entropy.
    pub fn thesis(net: Net, batch: usize, (epochs, drop_every): (usize, usize)) -> Self {
        Self {
            net,
            loss: Loss::HalfSquares,
            rate: 0.05,
            momentum: 0.9,
            weight_decay: 1e-3,
            batch,
            epochs,
            drop_every,
            drop: 0.2,
            rule: None,
        }
    }

    /// The same at another rate.
    pub fn with_rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    pub(super) fn validate(&self) -> Result<()> {
        self.net.validate()?;
        positive("recipe.rate", self.rate)?;
        positive("recipe.drop", self.drop)?;
        whole("recipe.batch", self.batch, 1, 1 << 20)?;
        whole("recipe.epochs", self.epochs, 1, 1_000_000)?;
        whole("recipe.drop_every", self.drop_every, 1, 1_000_000)?;
        match self.rule {
            Some(rule) => rule.validate_as("recipe.rule"),
            None => self.optimizer().validate_as("recipe"),
        }
    }

    fn optimizer(&self) -> Optimizer {
        let sgd = Sgd {
            momentum: self.momentum,
            weight_decay: self.weight_decay,
            ..Sgd::new(self.rate)
        };
        self.rule.unwrap_or(sgd.into())
    }

    /// Steps of an epoch.
    pub(super) fn steps(&self, images: usize) -> usize {
        images.div_ceil(self.batch)
    }

    /// Trains a network of `outputs` outputs and calls `record(net, epoch)` before the epochs of `schedule` and after the last.
    pub(super) fn train(
        &self,
        split: &ImageSplit,
        targets: &Both,
        how: (Dynamics, Seed),
        schedule: &Schedule,
        progress: &Progress,
        mut record: impl FnMut(&mut dyn Observed, usize) -> Result<()>,
    ) -> Result<()> {
        let due = schedule.steps(self.epochs);
        self.train_from(split, targets, how, None, &mut |net, epoch| {
            progress.check()?;
            match due.binary_search(&epoch) {
                Ok(_) => record(net, epoch),
                Err(_) => Ok(()),
            }
        })
    }

    /// Trains on from a checkpoint, or from the start without one that can be read, and calls `each(net, epoch)` before every epoch and after the last.
    pub(super) fn train_from(
        &self,
        split: &ImageSplit,
        targets: &Both,
        (dynamics, seed): (Dynamics, Seed),
        checkpoint: Option<&Path>,
        each: &mut dyn FnMut(&mut dyn Observed, usize) -> Result<()>,
    ) -> Result<()> {
        let examples = targets.examples(split, self.loss)?;
        let (count, size) = (examples.len(), self.batch);
        let drawn = |step: usize| {
            let rows = epoch_batch(count, size, seed, step);
            split.examples_at(step, &rows, &examples.targets)
        };
        if size > count {
            let allowed = format!("from 1 to the number of images, {count}");
            return Err(Error::setting("recipe.batch", size, allowed));
        }
        let batches = if split.changes() {
            Batches::Fresh(&drawn)
        } else {
            Batches::Epochs {
                examples: &examples,
                size,
                seed,
            }
        };
        let rule = (self.loss, self.optimizer());
        let outputs = targets.train.ncols();
        let mut net = self
            .net
            .build(split.shape, outputs, rule, (dynamics, seed))?;
        if let Some(path) = checkpoint {
            // One that is cut short or of another network is worth nothing: from the start.
            let _ = net.resume(path);
        }
        let (steps, first) = (self.steps(count), self.optimizer().lr());
        net.go_on(
            self.epochs * steps,
            batches,
            &Schedule::Every { steps },
            &mut |net, step| {
                let epoch = step / steps;
                net.set_rate(first * self.drop.powi((epoch / self.drop_every) as i32));
                each(net, epoch)
            },
        )
    }
}
