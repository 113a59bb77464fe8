//! Training a multilayer perceptron on the host.

use super::checkpoint::{self, Entry, Header};
use super::fused::Fused;
use super::learner::{self, Learner};
use super::module_trainer::diverged;
use super::{
    ActivationReal, Architecture, Batches, Curve, Evaluation, Examples, Inputs, Loss, Mlp,
};
use crate::error::{Error, Result};
use crate::optimizer::{FlatState, Optimizer};
use crate::seed::Seed;
use crate::trace::Schedule;
use ndarray::Array2;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// A multilayer perceptron with its parameters, loss and optimizer, in f32 or f64.
///
/// Forward and backward pass are written by hand for this architecture and equal burn's autodiff on [`MlpModule`](super::MlpModule) to rounding; a step allocates nothing
/// once the first has been made.
///
/// ```
/// use ndarray::Array2;
/// use scurve::model::network::{Examples, Loss, Mlp, MlpTrainer};
/// use scurve::optimizer::Adam;
/// use scurve::seed::Seed;
/// // the exclusive or of two bits
/// let x = Array2::from_shape_fn((4, 2), |(i, j)| (i >> j & 1) as f32);
/// let y = x.map_axis(ndarray::Axis(1), |x| (x[0] - x[1]).abs());
/// let examples = Examples::new(x, y)?;
/// let mut net = MlpTrainer::<f32>::new(&Mlp::new([2, 16, 1]), Loss::Mse, Adam::new(0.02), Seed(0))?;
/// let before = net.evaluate(&examples)?.loss;
/// for _ in 0..300 {
///     net.step(&examples)?;
/// }
/// assert!(net.evaluate(&examples)?.loss < 0.01 * before);
/// assert_eq!(net.features(&examples.inputs)?.dim(), (4, 16));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MlpTrainer<T> {
    fused: Fused<T>,
    loss: Loss,
    params: Vec<T>,
    gradient: Vec<T>,
    state: FlatState<T>,
    /// Layers before this one do not move.
    from: usize,
    steps: usize,
    saved: Option<(PathBuf, usize)>,
}

impl<T: ActivationReal> MlpTrainer<T> {
    /// The network with its initial parameters from the stream `init` of the seed.
    ///
    /// # Errors
    /// A network that cannot be built; hyper-parameters out of range; Muon and SOAP, which have no meaning on a list of numbers.
    pub fn new(net: &Mlp, loss: Loss, optimizer: impl Into<Optimizer>, seed: Seed) -> Result<Self> {
        let params = net.init(seed)?;
        Self::with_params(net, loss, optimizer, &params)
    }

    /// The network with given parameters, in the order of [`Mlp::init`].
    ///
    /// # Errors
    /// As [`new`](Self::new); another number of parameters than the network has.
    pub fn with_params(
        net: &Mlp,
        loss: Loss,
        optimizer: impl Into<Optimizer>,
        params: &[f64],
    ) -> Result<Self> {
        let optimizer = optimizer.into();
        optimizer.validate_for("optimizer", &[])?;
        let fused = Fused::new(net)?;
        if params.len() != net.len() {
            return Err(Error::setting(
                "params.len()",
                params.len(),
                format!("{}, the network's", net.len()),
            ));
        }
        Ok(Self {
            loss,
            params: params.iter().map(|p| T::from_f64(*p)).collect(),
            gradient: vec![T::ZERO; net.len()],
            state: optimizer.flat_of(net.len()),
            from: 0,
            steps: 0,
            saved: None,
            fused,
        })
    }

    /// The same with only the last layer moving: features stay as they are initialised.
    pub fn last_layer_only(mut self) -> Self {
        self.from = self.net().layers() - 1;
        self.state = self
            .state
            .optimizer()
            .flat_of(self.fused.tail(self.from).len());
        self
    }

    /// The network.
    pub fn net(&self) -> &Mlp {
        self.fused.net()
    }

    /// What is minimised.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The parameters, in the order of [`Mlp::init`].
    pub fn params(&self) -> &[T] {
        &self.params
    }

    /// The same, to be changed.
    pub fn params_mut(&mut self) -> &mut [T] {
        &mut self.params
    }

    /// Steps made.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The optimizer and what it remembers.
    pub fn state(&self) -> &FlatState<T> {
        &self.state
    }

    /// Changes the step size from the next step on.
    pub fn set_lr(&mut self, lr: f64) {
        self.state.set_lr(lr);
    }

    /// Weights (inputs × outputs) and biases of layer `layer`, counted from 0.
    ///
    /// # Errors
    /// A layer that there is not.
    pub fn layer(&self, layer: usize) -> Result<(Array2<T>, Option<Vec<T>>)> {
        let slots = self.net().slots();
        let name = format!("layers.{layer}.");
        let of = |end: &str| slots.iter().find(|s| s.name == format!("{name}{end}"));
        let Some(weight) = of("weight") else {
            return Err(Error::setting(
                "layer",
                layer,
                format!("below {}", self.net().layers()),
            ));
        };
        let numbers = self.params[weight.start..weight.end()].to_vec();
        let matrix =
            Array2::from_shape_vec((weight.rows, weight.columns), numbers).unwrap_or_default();
        Ok((
            matrix,
            of("bias").map(|b| self.params[b.start..b.end()].to_vec()),
        ))
    }

    /// One step on a batch; returns its loss before the step.
    ///
    /// # Errors
    /// Examples that do not fit the network; [`Error::Diverged`] with the step when the loss is not finite, naming the last checkpoint: the parameters then are
    /// as before the step.
    pub fn step(&mut self, batch: &Examples<T>) -> Result<f64> {
        let loss = self.fused.gradient(
            &self.params,
            batch,
            self.loss,
            self.from,
            &mut self.gradient,
        )?;
        if !loss.is_finite() {
            return Err(diverged(self.state.optimizer(), self.steps, &self.saved));
        }
        let tail = self.fused.tail(self.from);
        self.state
            .step(&mut self.params[tail.clone()], &self.gradient[tail])?;
        self.steps += 1;
        Ok(loss)
    }

    /// The loss and its gradient by all parameters, without a step.
    ///
    /// # Errors
    /// Examples that do not fit the network.
    pub fn gradient(&mut self, batch: &Examples<T>) -> Result<(f64, &[T])> {
        let loss = self
            .fused
            .gradient(&self.params, batch, self.loss, 0, &mut self.gradient)?;
        Ok((loss, &self.gradient))
    }

    /// Trains until `steps` steps have been made in all, and calls `record(net, step)` at the steps of `schedule` (before the step of that number, and after the
    /// last) until it says to stop.
    ///
    /// # Errors
    /// As [`step`](Self::step); those of `record`; a batch larger than the set.
    pub fn train(
        &mut self,
        steps: usize,
        batches: Batches<T>,
        schedule: &Schedule,
        record: impl FnMut(&mut Self, usize) -> Result<ControlFlow<()>>,
    ) -> Result<Curve> {
        learner::train(self, steps, batches, schedule, record)
    }

    /// The outputs, examples × outputs.
    ///
    /// # Errors
    /// Inputs that do not fit the network.
    pub fn outputs(&mut self, inputs: &Inputs<T>) -> Result<Array2<T>> {
        let last = self.net().layers() - 1;
        self.fused.layer(&self.params, inputs, last)
    }

    /// The inputs of the last layer, examples × features.
    ///
    /// # Errors
    /// Inputs that do not fit the network; a network of one layer, which has no features.
    pub fn features(&mut self, inputs: &Inputs<T>) -> Result<Array2<T>> {
        match self.net().layers() {
            1 => Err(Error::setting(
                "widths.len()",
                2,
                "at least 3: a network of one layer has no features",
            )),
            layers => self.fused.layer(&self.params, inputs, layers - 2),
        }
    }

    /// Loss and accuracy on examples, without a step.
    ///
    /// # Errors
    /// Examples that do not fit the network.
    pub fn evaluate(&mut self, examples: &Examples<T>) -> Result<Evaluation> {
        let outputs = self.outputs(&examples.inputs)?;
        Evaluation::of(outputs, &examples.targets, self.loss)
    }

    /// Writes parameters and what the optimizer remembers to a safetensors file, whole or not at all.
    ///
    /// ```
    /// use ndarray::array;
    /// use scurve::model::network::{Examples, Loss, Mlp, MlpTrainer};
    /// use scurve::optimizer::Adam;
    /// use scurve::seed::Seed;
    /// let set = Examples::new(array![[0.0], [1.0]], array![[1.0], [0.0]])?;
    /// let start = || MlpTrainer::<f64>::new(&Mlp::new([1, 4, 1]), Loss::Mse, Adam::new(0.01), Seed(0));
    /// let mut one = start()?;
    /// one.step(&set)?;
    /// let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("net.safetensors");
    /// one.save(&path)?;
    /// one.step(&set)?;
    /// let mut other = start()?;
    /// other.restore(&path)?;
    /// other.step(&set)?;
    /// assert_eq!(one.params(), other.params());
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn save(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        checkpoint::write(path, &self.header(), &self.entries())?;
        self.saved = Some((path.to_owned(), self.steps));
        Ok(())
    }

    /// Takes up a run where [`save`](Self::save) left it: the steps that follow give the same bits as if it had not been interrupted.
    ///
    /// # Errors
    /// A file that cannot be read or is no checkpoint, or one of another architecture, kind of number, loss or optimizer; the trainer is as before then.
    pub fn restore(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let (lr, steps, entries) = checkpoint::read(path, &self.header(), &self.entries())?;
        let slots = self.net().slots();
        let (params, kept) = entries.split_at(slots.len());
        for (slot, entry) in slots.iter().zip(params) {
            self.params[slot.start..slot.end()].copy_from_slice(&entry.numbers());
        }
        let kept: Vec<T> = kept.iter().flat_map(Entry::numbers).collect();
        let optimizer = self.state.optimizer().with_lr(lr);
        self.state = optimizer
            .flat_of(self.state.len())
            .resumed(steps as u64, kept)?;
        self.steps = steps;
        self.saved = Some((path.to_owned(), steps));
        Ok(())
    }

    fn header(&self) -> Header {
        Header::new(
            Mlp::KIND,
            self.net(),
            self.loss,
            self.state.optimizer(),
            self.from > 0,
            self.steps,
        )
    }

    fn entries(&self) -> Vec<Entry> {
        let slots = self.net().slots().into_iter();
        let params = slots.map(|slot| {
            let numbers = &self.params[slot.start..slot.end()];
            Entry::new(slot.name, vec![slot.rows, slot.columns], numbers)
        });
        let kept = (0..).map_while(|k| {
            let numbers = self.state.slot(k)?;
            Some(Entry::new(
                format!("optimizer.{k}"),
                vec![numbers.len()],
                numbers,
            ))
        });
        params.chain(kept).collect()
    }
}

impl<T: ActivationReal> Learner<T> for MlpTrainer<T> {
    fn made(&self) -> usize {
        self.steps
    }

    fn advance(&mut self, batch: &Examples<T>) -> Result<f64> {
        self.step(batch)
    }
}
