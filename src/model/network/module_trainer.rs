//! Training a network of any architecture on a device, by burn's autodiff.

use super::architecture::{Architecture, NetworkModule};
use super::checkpoint::{self, Entry, Header};
use super::learner::{self, Learner};
use super::{Batches, Curve, Evaluation, Examples, Inputs, Loss, Targets};
use crate::device::within_memory;
use crate::error::{Error, Result};
use crate::optimizer::{Need, Optimizer, TensorState};
use crate::seed::Seed;
use crate::trace::Schedule;
use crate::train::descend;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use ndarray::Array2;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Examples that outputs and features are calculated for at once.
const CHUNK: usize = 256;

/// A network on a device with its loss and optimizer, in f32. Its methods are those of [`MlpTrainer`](super::MlpTrainer), which is faster for
/// multilayer perceptrons on the host.
///
/// ```
/// use ndarray::Array2;
/// use scurve::device::DeviceKind;
/// use scurve::model::network::{Cnn, Examples, Loss, ModuleTrainer};
/// use scurve::optimizer::Adam;
/// use scurve::seed::Seed;
/// // bars that lie, and bars that stand
/// let x = Array2::from_shape_fn((12, 64), |(i, j)| if (if i % 2 == 0 { j / 8 } else { j % 8 }) == i / 2 { 1.0 } else { 0.0 });
/// let classes: Vec<u32> = (0..12).map(|i| i % 2).collect();
/// let bars = Examples::new(x, classes)?;
/// let net = Cnn { image: [1, 8, 8], channels: vec![4], width: 16, outputs: 2, ..Cnn::mnist() };
/// let device = DeviceKind::Flex.device()?;
/// let mut trainer = ModuleTrainer::new(&net, Loss::CrossEntropy, Adam::new(0.01), Seed(0), &device)?;
/// for _ in 0..40 {
///     trainer.step(&bars)?;
/// }
/// assert_eq!(trainer.evaluate(&bars)?.accuracy, 1.0);
/// assert_eq!(trainer.features(&bars.inputs)?.dim(), (12, 16));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ModuleTrainer<N: Architecture> {
    net: N,
    module: N::Module,
    loss: Loss,
    state: TensorState,
    device: Device,
    last_layer_only: bool,
    steps: usize,
    saved: Option<(PathBuf, usize)>,
}

impl<N: Architecture> ModuleTrainer<N> {
    /// The network with its initial parameters from the stream `init` of the seed.
    ///
    /// # Errors
    /// A network that cannot be built; hyper-parameters out of range, or a rule that needs more than gradients.
    pub fn new(
        net: &N,
        loss: Loss,
        optimizer: impl Into<Optimizer>,
        seed: Seed,
        device: &Device,
    ) -> Result<Self> {
        let optimizer = optimizer.into();
        optimizer.validate_for("optimizer", &[Need::Matrix])?;
        let device = device.clone().autodiff();
        Ok(Self {
            module: net.module(seed, &device)?,
            net: net.clone(),
            loss,
            state: optimizer.tensors(),
            device,
            last_layer_only: false,
            steps: 0,
            saved: None,
        })
    }

    /// The same with only the last layer moving: features stay as they are initialised.
    pub fn last_layer_only(mut self) -> Self {
        self.last_layer_only = true;
        self
    }

    /// The same with these numbers in place of its parameters and running statistics, in the order of [`params`](Self::params).
    ///
    /// # Errors
    /// Another count than the network has.
    pub fn with_params(mut self, params: &[f32]) -> Result<Self> {
        let mut entries = self.parameters()?;
        let count: usize = entries.iter().map(Entry::len).sum();
        if params.len() != count {
            let allowed = format!("{count}, the network's");
            return Err(Error::setting("params.len()", params.len(), allowed));
        }
        let mut rest = params;
        for entry in &mut entries {
            let (own, after) = rest.split_at(entry.len());
            *entry = Entry::new(std::mem::take(&mut entry.name), entry.shape.clone(), own);
            rest = after;
        }
        self.load(entries);
        Ok(self)
    }

    /// All parameters and running statistics, one tensor after the other in the order of a checkpoint's names.
    ///
    /// # Errors
    /// When they cannot be read from the device.
    pub fn params(&self) -> Result<Vec<f32>> {
        let entries = self.parameters()?;
        Ok(entries.iter().flat_map(Entry::numbers).collect())
    }

    /// The network.
    pub fn net(&self) -> &N {
        &self.net
    }

    /// The module, on the device with autodiff.
    pub fn module(&self) -> &N::Module {
        &self.module
    }

    /// What is minimised.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Steps made.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Changes the step size from the next step on.
    pub fn set_lr(&mut self, lr: f64) {
        self.state.set_lr(lr);
    }

    /// One step on a batch; returns its loss before the step.
    ///
    /// # Errors
    /// Examples that do not fit the network; [`Error::Memory`]; [`Error::Diverged`] with the step when the loss is not finite, naming the last checkpoint: the
    /// parameters then are as before the step.
    pub fn step(&mut self, batch: &Examples<f32>) -> Result<f64> {
        self.net.check(&batch.inputs)?;
        self.loss.check(&batch.targets, self.net.outputs())?;
        within_memory(|| self.advance_on(batch))
    }

    fn advance_on(&mut self, batch: &Examples<f32>) -> Result<f64> {
        let (features, statistics) = if self.last_layer_only {
            let plain = self.device.clone().inner();
            let fixed = self.module.valid().features(&batch.inputs, &plain);
            (Tensor::from_inner(fixed), Vec::new())
        } else {
            self.module
                .features_in_training(&batch.inputs, &self.device)
        };
        let outputs = self.module.readout(features);
        let loss = self.loss_of(outputs, &batch.targets);
        let value = f64::from(loss.clone().into_scalar::<f32>());
        if !value.is_finite() {
            return Err(diverged(self.state.optimizer(), self.steps, &self.saved));
        }
        let module = self.module.clone();
        let moved = descend(module, &mut loss.backward(), &mut self.state)?;
        self.module = moved.absorb(statistics);
        self.steps += 1;
        Ok(value)
    }

    fn loss_of(&self, outputs: Tensor<2>, targets: &Targets<f32>) -> Tensor<1> {
        let values = |y: &Array2<f32>| {
            let numbers = y.iter().copied().collect::<Vec<f32>>();
            let data = TensorData::new(numbers, [y.nrows(), y.ncols()]);
            Tensor::<2>::from_data(data, &self.device)
        };
        match targets {
            Targets::Values(y) => self.loss.values(outputs, values(y), None),
            Targets::Weighted(y, w) => self.loss.values(outputs, values(y), Some(values(w))),
            Targets::Classes(classes) => {
                let classes: Vec<i32> = classes.iter().map(|c| *c as i32).collect();
                let count = classes.len();
                let data = TensorData::new(classes, [count]);
                let classes = Tensor::<1, Int>::from_data(data, &self.device);
                Loss::classes(outputs, classes)
            }
        }
    }

    /// Trains until `steps` steps have been made in all, as [`MlpTrainer::train`](super::MlpTrainer::train) does.
    ///
    /// # Errors
    /// As [`step`](Self::step); those of `record`; a batch larger than the set.
    pub fn train(
        &mut self,
        steps: usize,
        batches: Batches<f32>,
        schedule: &Schedule,
        record: impl FnMut(&mut Self, usize) -> Result<ControlFlow<()>>,
    ) -> Result<Curve> {
        learner::train(self, steps, batches, schedule, record)
    }

    /// The outputs, examples × outputs, with batch normalisation by its running statistics.
    ///
    /// # Errors
    /// Inputs that do not fit the network.
    pub fn outputs(&self, inputs: &Inputs<f32>) -> Result<Array2<f32>> {
        self.by_chunks(inputs, |module, part, device| module.forward(part, device))
    }

    /// The inputs of the last layer, examples × features.
    ///
    /// # Errors
    /// Inputs that do not fit the network.
    pub fn features(&self, inputs: &Inputs<f32>) -> Result<Array2<f32>> {
        self.by_chunks(inputs, |module, part, device| module.features(part, device))
    }

    /// The last layer's weights, features × outputs, and its biases.
    ///
    /// # Errors
    /// When they cannot be read from the device.
    pub fn last_layer(&self) -> Result<(Array2<f32>, Option<Vec<f32>>)> {
        let (weight, bias) = self.module.last_layer();
        let bias = bias.map(|b| floats(b.inner())).transpose()?;
        Ok((host(weight.inner())?, bias))
    }

    /// Loss and accuracy on examples, without a step.
    ///
    /// # Errors
    /// Examples that do not fit the network.
    pub fn evaluate(&self, examples: &Examples<f32>) -> Result<Evaluation> {
        let outputs = self.outputs(&examples.inputs)?;
        Evaluation::of(outputs, &examples.targets, self.loss)
    }

    fn by_chunks(
        &self,
        inputs: &Inputs<f32>,
        of: impl Fn(&N::Module, &Inputs<f32>, &Device) -> Tensor<2>,
    ) -> Result<Array2<f32>> {
        self.net.check(inputs)?;
        let module = self.module.valid();
        let device = self.device.clone().inner();
        let mut rows = Vec::new();
        for start in (0..inputs.len()).step_by(CHUNK) {
            let part: Vec<usize> = (start..(start + CHUNK).min(inputs.len())).collect();
            rows.push(host(of(&module, &inputs.select(&part), &device))?);
        }
        let views: Vec<_> = rows.iter().map(|r| r.view()).collect();
        ndarray::concatenate(ndarray::Axis(0), &views)
            .map_err(|e| Error::Linalg(format!("outputs of the network: {e}")))
    }

    /// Writes parameters, running statistics, and what the optimizer remembers to a safetensors file, whole or not at all.
    ///
    /// # Errors
    /// A folder or file that cannot be written; numbers that cannot be read from the device.
    pub fn save(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let mut entries = self.parameters()?;
        for (i, slots) in self.state.slots().iter().enumerate() {
            for (k, slot) in slots.iter().enumerate() {
                let numbers = floats(slot.clone())?;
                let name = format!("optimizer.{i}.{k}");
                entries.push(Entry::new(name, vec![numbers.len()], &numbers));
            }
        }
        checkpoint::write(path, &self.header(), &entries)?;
        self.saved = Some((path.to_owned(), self.steps));
        Ok(())
    }

    /// Takes up a run where [`save`](Self::save) left it: the steps that follow give the same bits as if it had not been interrupted.
    ///
    /// # Errors
    /// A file that cannot be read or is no checkpoint, or one of another architecture, loss or optimizer; the trainer is as before then.
    pub fn restore(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let expected = self.parameters()?;
        let (lr, steps, entries) = checkpoint::read(path, &self.header(), &expected)?;
        let slots = checkpoint::optimizer_slots(path, expected.len())?;
        let plain = self.device.clone().inner();
        let tensor = |numbers: Vec<f32>| {
            let len = numbers.len();
            Tensor::<1>::from_data(TensorData::new(numbers, [len]), &plain)
        };
        let slots = slots.into_iter();
        let slots = slots.map(|slots| slots.into_iter().map(tensor).collect());
        let optimizer = self.state.optimizer().with_lr(lr);
        self.state = TensorState::resumed(optimizer, steps as u64, slots.collect());
        self.load(entries);
        self.steps = steps;
        self.saved = Some((path.to_owned(), steps));
        Ok(())
    }

    fn load(&mut self, entries: Vec<Entry>) {
        self.module = loaded(self.module.clone(), entries);
    }

    fn header(&self) -> Header {
        Header::new(
            N::KIND,
            &self.net,
            self.loss,
            self.state.optimizer(),
            self.last_layer_only,
            self.steps,
        )
    }

    fn parameters(&self) -> Result<Vec<Entry>> {
        entries(&self.module)
    }
}

impl<N: Architecture> Learner<f32> for ModuleTrainer<N> {
    fn made(&self) -> usize {
        self.steps
    }

    fn advance(&mut self, batch: &Examples<f32>) -> Result<f64> {
        self.step(batch)
    }
}

/// The error of a loss that is not finite.
pub(super) fn diverged(
    optimizer: &Optimizer,
    step: usize,
    saved: &Option<(PathBuf, usize)>,
) -> Error {
    let what = match saved {
        None => format!("training by {optimizer}"),
        Some((path, at)) => format!(
            "training by {optimizer} (last checkpoint: {}, before step {at})",
            path.display()
        ),
    };
    Error::Diverged { what, step }
}

/// All tensors of a module.
pub(super) fn entries<M: Module>(module: &M) -> Result<Vec<Entry>> {
    let mut collector = Collector::default();
    module.visit(&mut collector);
    match collector.failed {
        Some(error) => Err(error),
        None => Ok(collector.entries),
    }
}

/// The module with these tensors, in the order of [`entries`].
pub(super) fn loaded<M: Module>(module: M, entries: Vec<Entry>) -> M {
    module.map(&mut Loader {
        entries: entries.into_iter(),
    })
}

pub(super) fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let failed = |e: String| Error::Device {
        name: "tensor".into(),
        why: e,
    };
    let data = tensor.try_into_data().map_err(|e| failed(e.to_string()))?;
    data.try_to_vec().map_err(|e| failed(format!("{e:?}")))
}

fn host(tensor: Tensor<2>) -> Result<Array2<f32>> {
    let [rows, columns] = tensor.dims();
    Array2::from_shape_vec((rows, columns), floats(tensor)?)
        .map_err(|e| Error::Linalg(e.to_string()))
}

/// All tensors of a module by their paths.
#[derive(Default)]
struct Collector {
    path: Vec<String>,
    entries: Vec<Entry>,
    failed: Option<Error>,
}

impl ModuleVisitor for Collector {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let shape = value.dims().to_vec();
        match floats(value) {
            Ok(numbers) => {
                let entry = Entry::new(self.path.join("."), shape, &numbers);
                self.entries.push(entry);
            }
            Err(error) => self.failed = Some(error),
        }
    }

    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Puts tensors into a module in the order in which a [`Collector`] reads them.
struct Loader {
    entries: std::vec::IntoIter<Entry>,
}

impl ModuleMapper for Loader {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(entry) = self.entries.next() else {
            return param;
        };
        param.map(|old| {
            let data = TensorData::new(entry.numbers::<f32>(), entry.shape);
            let new = Tensor::<D>::from_data(data, &old.device());
            new.set_require_grad(old.is_require_grad())
        })
    }
}
