//! Training a GPT: AdamW with warm-up and cosine, accumulated and clipped gradients, weights on hard tokens.

use super::checkpoint::{self, Entry, Header};
use super::gpt::norm;
use super::module_trainer::{diverged, entries, floats, loaded};
use super::{Gpt, GptModule, Loss};
use crate::device::within_memory;
use crate::error::{Error, Result};
use crate::optimizer::{AdamW, Optimizer, TensorState};
use crate::seed::Seed;
use crate::task::tokens::Blocks;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Tokens that losses are calculated for at once, without a step.
const CHUNK: usize = 4096;

/// What a token's loss ℓ is multiplied by; no gradient flows through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenWeight {
    /// w = 1.
    #[default]
    Uniform,
    /// w = ℓ, as printed in *Physics of Skill Learning*, §4.3.
    Loss,
    /// w = ℓ divided by its mean over the batch (over each part of an accumulated one): the weights' mean is 1.
    NormalisedLoss,
}

impl TokenWeight {
    /// The mean of w ℓ.
    fn mean(self, losses: Tensor<1>) -> Tensor<1> {
        let weights = losses.clone().detach();
        match self {
            Self::Uniform => losses.mean(),
            Self::Loss => (weights * losses).mean(),
            Self::NormalisedLoss => {
                let mean = weights.clone().mean();
                (weights / mean * losses).mean()
            }
        }
    }
}

/// How a [`Gpt`] is trained.
///
/// The step size is nanoGPT's: `rate` · (t + 1) / (`warmup` + 1) before step `warmup`; then a half cosine from `rate` to `floor`, which it reaches at step `steps`. Matrices decay, vectors
/// (biases, normalisations) do not. The gradient is divided by its norm over `clip` where that exceeds 1.
///
/// ```
/// use scurve::model::network::GptTraining;
/// let published = GptTraining::default();
/// assert_eq!((published.steps, published.warmup), (10_000, 2000));
/// assert!((published.rate_at(2000) - 6e-4).abs() < 1e-12 && (published.rate_at(10_000) - 3e-5).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GptTraining {
    /// Steps of the schedule.
    pub steps: usize,
    /// Steps of the linear warm-up.
    pub warmup: usize,
    /// Largest step size.
    pub rate: f64,
    /// Last step size.
    pub floor: f64,
    /// (β₁, β₂).
    pub betas: (f64, f64),
    /// Decoupled decay of matrices.
    pub weight_decay: f64,
    /// Largest norm of the gradient; 0: any.
    pub clip: f64,
    /// w in the first `weighted_steps` steps, 1 after them.
    pub weight: TokenWeight,
    /// A.
    pub weighted_steps: usize,
}

/// The published schedule (§4.3) without weights; betas, decay and clipping are nanoGPT's.
impl Default for GptTraining {
    fn default() -> Self {
        Self {
            steps: 10_000,
            warmup: 2000,
            rate: 6e-4,
            floor: 3e-5,
            betas: (0.9, 0.95),
            weight_decay: 0.1,
            clip: 1.0,
            weight: TokenWeight::Uniform,
            weighted_steps: 0,
        }
    }
}

impl GptTraining {
    /// The step size of a step.
    pub fn rate_at(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.rate * (step + 1) as f64 / (self.warmup + 1) as f64;
        }
        let length = self.steps.saturating_sub(self.warmup).max(1) as f64;
        let done = ((step - self.warmup) as f64 / length).min(1.0);
        let share = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        self.floor + share * (self.rate - self.floor)
    }

    /// w at a step.
    pub fn weight_at(&self, step: usize) -> TokenWeight {
        if step < self.weighted_steps {
            self.weight
        } else {
            TokenWeight::Uniform
        }
    }

    fn rule(&self, weight_decay: f64) -> Optimizer {
        let (beta1, beta2) = self.betas;
        let rule = AdamW::new(self.rate).betas(beta1, beta2);
        rule.weight_decay(weight_decay).into()
    }

    /// Refuses what no run can be made of, naming the field.
    ///
    /// # Errors
    /// A warm-up longer than the run; a last step size above the largest; a negative norm; hyper-parameters of AdamW out of range.
    pub fn validate(&self) -> Result<()> {
        self.rule(self.weight_decay).validate_as("training")?;
        if self.warmup > self.steps {
            let allowed = format!("at most steps = {}", self.steps);
            return Err(Error::setting("warmup", self.warmup, allowed));
        }
        if !(self.floor >= 0.0 && self.floor <= self.rate) {
            let allowed = format!("from 0 to rate = {}", self.rate);
            return Err(Error::setting("floor", self.floor, allowed));
        }
        if !(self.clip >= 0.0 && self.clip.is_finite()) {
            return Err(Error::setting(
                "clip",
                self.clip,
                "a finite number ≥ 0; 0 does not clip",
            ));
        }
        Ok(())
    }
}

/// A [`Gpt`] on a device with its training. A copy goes on by itself from where it was made.
///
/// ```
/// use scurve::device::DeviceKind;
/// use scurve::model::network::{Gpt, GptTrainer, GptTraining};
/// use scurve::seed::Seed;
/// use scurve::task::tokens::Tokens;
/// let text = Tokens::bytes("tick tock ".repeat(20))?;
/// let training = GptTraining { steps: 30, warmup: 3, rate: 0.01, floor: 0.001, ..GptTraining::default() };
/// let device = DeviceKind::Flex.device()?;
/// let mut gpt = GptTrainer::new(&Gpt::bytes(1, 16, 8), &training, Seed(0), &device)?;
/// for step in 0..30 {
///     gpt.step(&[text.draw(8, 4, Seed(0), step)?])?;
/// }
/// let losses = gpt.losses(&text.spread(8, 10)?)?;
/// let mean = losses.iter().sum::<f32>() / losses.len() as f32;
/// assert!(mean < 3.0); // 5.5 without training: ln 256
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GptTrainer {
    net: Gpt,
    training: GptTraining,
    module: GptModule,
    /// Of matrices, which decay, and of vectors.
    state: [TensorState; 2],
    device: Device,
    steps: usize,
    saved: Option<(PathBuf, usize)>,
}

impl GptTrainer {
    /// The network with its initial parameters from the stream `init` of the seed.
    ///
    /// # Errors
    /// As [`Gpt::validate`] and [`GptTraining::validate`].
    pub fn new(net: &Gpt, training: &GptTraining, seed: Seed, device: &Device) -> Result<Self> {
        training.validate()?;
        let device = device.clone().autodiff();
        Ok(Self {
            module: net.module(seed, &device)?,
            net: net.clone(),
            state: [training.weight_decay, 0.0]
                .map(|decay| training.rule(decay).tensors().native()),
            training: training.clone(),
            device,
            steps: 0,
            saved: None,
        })
    }

    /// The network.
    pub fn net(&self) -> &Gpt {
        &self.net
    }

    /// The training.
    pub fn training(&self) -> &GptTraining {
        &self.training
    }

    /// The same with weights in the first `steps` steps: to branch a run off another that has made no more than that.
    pub fn weighted_until(mut self, steps: usize) -> Self {
        self.training.weighted_steps = steps;
        self
    }

    /// The module, on the device with autodiff.
    pub fn module(&self) -> &GptModule {
        &self.module
    }

    /// Steps made.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// One step on a batch, given in parts whose gradients are accumulated; returns the mean of ℓ, without weights, before the step.
    ///
    /// # Errors
    /// No part, or blocks that the network cannot take; [`Error::Memory`]; [`Error::Diverged`] with the step when the loss is not finite: the parameters then are as before the step.
    pub fn step(&mut self, parts: &[Blocks]) -> Result<f64> {
        if parts.is_empty() {
            return Err(Error::setting(
                "parts",
                "[]",
                "at least one batch of blocks",
            ));
        }
        within_memory(|| self.advance_on(parts))
    }

    fn advance_on(&mut self, parts: &[Blocks]) -> Result<f64> {
        let weight = self.training.weight_at(self.steps);
        let share = 1.0 / parts.len() as f64;
        let (mut sums, mut mean) = (Vec::new(), 0.0);
        for part in parts {
            self.net.check(part)?;
            let losses = self.module.losses(part, &self.device);
            mean += share * f64::from(losses.clone().mean().into_scalar::<f32>());
            let loss = weight.mean(losses).mul_scalar(share);
            let mut gather = Gather {
                gradients: &mut loss.backward(),
                sums: &mut sums,
                index: 0,
            };
            self.module.visit(&mut gather);
        }
        if !mean.is_finite() {
            return Err(diverged(self.state[0].optimizer(), self.steps, &self.saved));
        }
        let scale = self.scale(&sums);
        let rate = self.training.rate_at(self.steps);
        for state in &mut self.state {
            state.set_lr(rate);
            state.begin();
        }
        let mut descent = Descent {
            state: &mut self.state,
            sums: sums.into_iter(),
            scale,
            index: 0,
            failed: None,
        };
        let moved = self.module.clone().map(&mut descent);
        if let Some(error) = descent.failed {
            return Err(error);
        }
        self.module = moved;
        self.steps += 1;
        Ok(mean)
    }

    /// What the gradient is multiplied by, so that its norm is at most `clip`; as PyTorch's `clip_grad_norm_`.
    fn scale(&self, sums: &[Option<Tensor<1>>]) -> f64 {
        if self.training.clip == 0.0 {
            return 1.0;
        }
        let square = |g: &Tensor<1>| f64::from(norm(g)).powi(2);
        let norm = sums.iter().flatten().map(square).sum::<f64>().sqrt();
        (self.training.clip / (norm + 1e-6)).min(1.0)
    }

    /// ℓ of the token after each place, in nats, block after block, without a step.
    ///
    /// # Errors
    /// Blocks that the network cannot take.
    pub fn losses(&self, blocks: &Blocks) -> Result<Vec<f32>> {
        self.net.check(blocks)?;
        let module = self.module.valid();
        let device = self.device.clone().inner();
        let together = (CHUNK / blocks.block()).max(1);
        let mut losses = Vec::with_capacity(blocks.len() * blocks.block());
        for from in (0..blocks.len()).step_by(together) {
            let part = blocks.part(from, (from + together).min(blocks.len()));
            losses.extend(floats(module.losses(&part, &device))?);
        }
        Ok(losses)
    }

    /// All parameters, one tensor after the other in the order of a checkpoint's names.
    ///
    /// # Errors
    /// When they cannot be read from the device.
    pub fn params(&self) -> Result<Vec<f32>> {
        Ok(entries(&self.module)?
            .iter()
            .flat_map(Entry::numbers)
            .collect())
    }

    /// The same with these numbers in place of its parameters, in the order of [`params`](Self::params): tokens, places, then of each block scale and shift of the first
    /// normalisation, query-key-value, merge, the second normalisation, hidden, back; the last normalisation, the last layer where it is not tied. Weights are inputs × outputs.
    ///
    /// # Errors
    /// Another count than the network has.
    pub fn with_params(mut self, params: &[f32]) -> Result<Self> {
        let mut all = entries(&self.module)?;
        let count: usize = all.iter().map(Entry::len).sum();
        if params.len() != count {
            let allowed = format!("{count}, the network's");
            return Err(Error::setting("params.len()", params.len(), allowed));
        }
        let mut rest = params;
        for entry in &mut all {
            let (own, after) = rest.split_at(entry.len());
            *entry = Entry::new(std::mem::take(&mut entry.name), entry.shape.clone(), own);
            rest = after;
        }
        self.module = loaded(self.module, all);
        Ok(self)
    }

    /// Writes parameters and what the optimizer remembers to a safetensors file, whole or not at all.
    ///
    /// # Errors
    /// A folder or file that cannot be written; numbers that cannot be read from the device.
    pub fn save(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let mut all = entries(&self.module)?;
        for state in &self.state {
            for (i, slots) in state.slots().iter().enumerate() {
                for (k, slot) in slots.iter().enumerate() {
                    let numbers = floats(slot.clone())?;
                    let name = format!("optimizer.{i}.{k}");
                    all.push(Entry::new(name, vec![numbers.len()], &numbers));
                }
            }
        }
        checkpoint::write(path, &self.header(), &all)?;
        self.saved = Some((path.to_owned(), self.steps));
        Ok(())
    }

    /// Takes up a run where [`save`](Self::save) left it: the steps that follow give the same bits as if it had not been interrupted.
    ///
    /// # Errors
    /// A file that cannot be read or is no checkpoint, or one of another network or training; the trainer is as before then.
    pub fn restore(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let expected = entries(&self.module)?;
        let (_, steps, found) = checkpoint::read(path, &self.header(), &expected)?;
        let slots = checkpoint::optimizer_slots(path, expected.len())?;
        let plain = self.device.clone().inner();
        let tensor = |numbers: Vec<f32>| {
            let len = numbers.len();
            Tensor::<1>::from_data(TensorData::new(numbers, [len]), &plain)
        };
        let mut own = [Vec::new(), Vec::new()];
        for (slots, entry) in slots.into_iter().zip(&expected) {
            let group = group(entry.shape.len());
            own[group].push(slots.into_iter().map(tensor).collect());
            own[1 - group].push(Vec::new());
        }
        for (state, slots) in self.state.iter_mut().zip(own) {
            *state = TensorState::resumed(*state.optimizer(), steps as u64, slots).native();
        }
        self.module = loaded(self.module.clone(), found);
        self.steps = steps;
        self.saved = Some((path.to_owned(), steps));
        Ok(())
    }

    fn header(&self) -> Header {
        let described = (&self.net, &self.training);
        let rule = self.state[0].optimizer();
        Header::new(
            "gpt",
            &described,
            Loss::CrossEntropy,
            rule,
            false,
            self.steps,
        )
    }
}

/// Which of the two states steps a tensor of that rank.
fn group(rank: usize) -> usize {
    usize::from(rank < 2)
}

/// Adds gradients, flat, to what was gathered before.
struct Gather<'a> {
    gradients: &'a mut Gradients,
    sums: &'a mut Vec<Option<Tensor<1>>>,
    index: usize,
}

impl ModuleVisitor for Gather<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.sums.len() == self.index {
            self.sums.push(None);
        }
        if let Some(gradient) = param.val().grad_remove(self.gradients) {
            let len = gradient.dims().iter().product::<usize>();
            let gradient = gradient.reshape([len]);
            let sum = &mut self.sums[self.index];
            *sum = Some(match sum.take() {
                Some(before) => before + gradient,
                None => gradient,
            });
        }
        self.index += 1;
    }
}

/// One step of every parameter.
struct Descent<'a> {
    state: &'a mut [TensorState; 2],
    sums: std::vec::IntoIter<Option<Tensor<1>>>,
    scale: f64,
    index: usize,
    failed: Option<Error>,
}

impl ModuleMapper for Descent<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let index = self.index;
        self.index += 1;
        let Some(gradient) = self.sums.next().flatten() else {
            return param;
        };
        param.map(|value| {
            let mut gradient = gradient.reshape(value.dims());
            if self.scale < 1.0 {
                gradient = gradient.mul_scalar(self.scale);
            }
            match self.state[group(D)].update(index, value.clone().inner(), gradient) {
                Ok(new) => Tensor::from_inner(new).require_grad(),
                Err(error) => {
                    self.failed.get_or_insert(error);
                    value
                }
            }
        })
    }
}
