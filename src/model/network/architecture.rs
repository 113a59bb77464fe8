//! What all architectures have in common: they are described by settings and give features to a last layer.

use super::module::tensor;
use super::{Inputs, Mlp, MlpModule};
use crate::error::{Error, Result};
use crate::seed::Seed;
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// The description of a network, from which a module is made on a device.
pub trait Architecture: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send {
    /// The network itself.
    type Module: NetworkModule;
    /// The name that a checkpoint carries.
    const KIND: &'static str;

    /// Refuses what cannot be built, naming the field.
    fn validate(&self) -> Result<()>;

    /// Numbers of an input.
    fn inputs(&self) -> usize;

    /// Features: inputs of the last layer.
    fn features(&self) -> usize;

    /// Outputs.
    fn outputs(&self) -> usize;

    /// The network in f32 with its initial parameters from the stream `init` of the seed.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    fn module(&self, seed: Seed, device: &Device) -> Result<Self::Module>;

    /// Refuses inputs of another form than the network takes.
    fn check(&self, inputs: &Inputs<f32>) -> Result<()> {
        match inputs {
            Inputs::Dense(x) if x.is_standard_layout() && x.ncols() == self.inputs() => Ok(()),
            Inputs::Dense(x) => Err(Error::setting(
                "inputs of an example",
                x.ncols(),
                format!("{}, in standard layout", self.inputs()),
            )),
            _ => Err(Error::setting(
                "inputs",
                "control bits or tokens",
                "rows of numbers (Inputs::Dense)",
            )),
        }
    }
}

/// Mean and variance of each channel over a batch, for each batch normalisation.
pub type Statistics = Vec<(Tensor<1>, Tensor<1>)>;

/// A network on a device: features, and a last layer that reads them.
pub trait NetworkModule: Module {
    /// Examples × features.
    fn features(&self, inputs: &Inputs<f32>, device: &Device) -> Tensor<2>;

    /// The same in training, and the mean and variance that each batch normalisation has seen.
    fn features_in_training(
        &self,
        inputs: &Inputs<f32>,
        device: &Device,
    ) -> (Tensor<2>, Statistics) {
        (self.features(inputs, device), Vec::new())
    }

    /// With what a training step has seen taken into the running statistics.
    fn absorb(self, _statistics: Statistics) -> Self {
        self
    }

    /// Examples × outputs, of features.
    fn readout(&self, features: Tensor<2>) -> Tensor<2>;

    /// The last layer's weights, features × outputs, and its biases.
    fn last_layer(&self) -> (Tensor<2>, Option<Tensor<1>>);

    /// Examples × outputs.
    fn forward(&self, inputs: &Inputs<f32>, device: &Device) -> Tensor<2> {
        self.readout(self.features(inputs, device))
    }
}

/// Refuses 0.
pub(super) fn whole(field: &str, value: usize) -> Result<()> {
    match value {
        0 => Err(Error::setting(field, 0, "a whole number ≥ 1")),
        _ => Ok(()),
    }
}

impl Inputs<f32> {
    /// The numbers as they are, examples × inputs; no tokens.
    pub(super) fn device(&self, device: &Device) -> Tensor<2> {
        match self {
            Self::Dense(x) => {
                let numbers = x
                    .as_slice()
                    .map_or_else(|| x.iter().copied().collect(), <[f32]>::to_vec);
                Tensor::from_data(TensorData::new(numbers, [x.nrows(), x.ncols()]), device)
            }
            _ => {
                let dense = self.dense(0);
                Self::Dense(dense).device(device)
            }
        }
    }

    /// The numbers as images: examples × channels × height × width.
    pub(super) fn images(
        &self,
        [channels, height, width]: [usize; 3],
        device: &Device,
    ) -> Tensor<4> {
        let rows = self.device(device);
        rows.reshape([self.len(), channels, height, width])
    }

    /// Examples × tokens; none of other inputs.
    pub(super) fn device_tokens(&self, device: &Device) -> Tensor<2, Int> {
        let (numbers, shape) = match self {
            Self::Tokens(x) => (
                x.iter().map(|t| *t as i32).collect(),
                [x.nrows(), x.ncols()],
            ),
            _ => (Vec::new(), [0, 0]),
        };
        Tensor::from_data(TensorData::new::<i32, _>(numbers, shape), device)
    }
}

impl Architecture for Mlp {
    type Module = MlpModule;
    const KIND: &'static str = "mlp";

    fn validate(&self) -> Result<()> {
        Mlp::validate(self)
    }

    fn inputs(&self) -> usize {
        Mlp::inputs(self)
    }

    fn features(&self) -> usize {
        Mlp::features(self)
    }

    fn outputs(&self) -> usize {
        Mlp::outputs(self)
    }

    fn module(&self, seed: Seed, device: &Device) -> Result<MlpModule> {
        MlpModule::new::<f32>(self, &[self.init(seed)?], device)
    }

    fn check(&self, inputs: &Inputs<f32>) -> Result<()> {
        inputs.check(self)
    }
}

/// A module of one member.
impl NetworkModule for MlpModule {
    fn features(&self, inputs: &Inputs<f32>, device: &Device) -> Tensor<2> {
        let x = inputs.dense(self.vocabulary());
        let numbers: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        let x = tensor::<f32, 3>(&numbers, [1, x.nrows(), x.ncols()], device);
        MlpModule::features(self, x).squeeze_dim(0)
    }

    fn readout(&self, features: Tensor<2>) -> Tensor<2> {
        MlpModule::readout(self, features.unsqueeze()).squeeze_dim(0)
    }

    fn last_layer(&self) -> (Tensor<2>, Option<Tensor<1>>) {
        let (weight, bias) = MlpModule::last_layer(self);
        (weight.squeeze_dim(0), bias.map(|b| b.flatten(0, 2)))
    }
}
