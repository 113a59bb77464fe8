//! The multilayer perceptron as a burn module.

use super::{Activation, Inputs, Mlp};
use crate::error::{Error, Result};
use crate::optimizer::Real;
use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use ndarray::Array2;

/// The same network as [`Mlp`] on any burn device, with a leading dimension of members: several networks of one architecture (seeds) in one graph, that do
/// not see each other.
///
/// Parameters are members × inputs × outputs; inputs are members × examples × inputs, or 1 × examples × inputs when all members see the same.
///
/// ```
/// use burn::module::Module;
/// use scurve::device::DeviceKind;
/// use scurve::model::network::{Inputs, Mlp, MlpModule, tensor};
/// use scurve::seed::Seed;
/// let device = DeviceKind::Flex.device()?;
/// let net = Mlp::new([4, 8, 2]);
/// let members = [net.init(Seed(0))?, net.init(Seed(1))?];
/// let module = MlpModule::new::<f32>(&net, &members, &device)?;
/// let x = tensor::<f32, 3>(&[0.5; 20], [1, 5, 4], &device);
/// assert_eq!(module.forward(x.clone()).dims(), [2, 5, 2]);
/// assert_eq!(module.features(x).dims(), [2, 5, 8]);
/// assert_eq!(module.num_params(), 2 * net.len());
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Module, Debug)]
pub struct MlpModule {
    embedding: Option<Param<Tensor<3>>>,
    weights: Vec<Param<Tensor<3>>>,
    biases: Vec<Param<Tensor<3>>>,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    input_scale: f64,
    #[module(skip)]
    output_scale: f64,
}

impl MlpModule {
    /// The network with the parameters of each member, in the order of [`Mlp::init`], as numbers of kind `T`.
    ///
    /// # Errors
    /// A network that cannot be built, or has modules (their absent weights would be trained here: use [`MlpTrainer`](super::MlpTrainer)); no members; another number of
    /// parameters than the network has.
    pub fn new<T: DeviceReal>(net: &Mlp, members: &[Vec<f64>], device: &Device) -> Result<Self> {
        net.validate()?;
        if net.modules > 1 {
            return Err(Error::setting(
                "modules",
                net.modules,
                "1 for a burn module; MlpTrainer trains networks of several",
            ));
        }
        if members.is_empty() {
            return Err(Error::setting(
                "members",
                "[]",
                "at least one list of parameters",
            ));
        }
        if let Some(wrong) = members.iter().find(|m| m.len() != net.len()) {
            return Err(Error::setting(
                "params.len()",
                wrong.len(),
                format!("{}, the network's", net.len()),
            ));
        }
        let param = |slot: &super::spec::Slot| {
            let numbers: Vec<f64> = members
                .iter()
                .flat_map(|m| m[slot.start..slot.end()].to_vec())
                .collect();
            Param::from_tensor(tensor::<T, 3>(
                &numbers,
                [members.len(), slot.rows, slot.columns],
                device,
            ))
        };
        let slots = net.slots();
        Ok(Self {
            embedding: slots.iter().find(|s| s.is_embedding()).map(param),
            weights: slots.iter().filter(|s| s.is_weight()).map(param).collect(),
            biases: slots.iter().filter(|s| s.is_bias()).map(param).collect(),
            activation: net.activation,
            input_scale: net.input_scale,
            output_scale: net.output_scale,
        })
    }

    /// The last layer's weights, members × features × outputs, and biases, members × 1 × outputs, with the output scale.
    pub fn last_layer(&self) -> (Tensor<3>, Option<Tensor<3>>) {
        let last = self.weights.len() - 1;
        (
            self.scaled(self.weights[last].val()),
            self.biases.get(last).map(|b| self.scaled(b.val())),
        )
    }

    /// Outputs of features.
    pub fn readout(&self, features: Tensor<3>) -> Tensor<3> {
        let last = self.weights.len() - 1;
        self.scaled(self.layer(last, features))
    }

    /// Different tokens; 0 without an embedding.
    pub(super) fn vocabulary(&self) -> usize {
        let embedding = self.embedding.as_ref();
        embedding.map_or(0, |e| e.val().dims()[1])
    }

    fn scaled(&self, outputs: Tensor<3>) -> Tensor<3> {
        if self.output_scale == 1.0 {
            return outputs;
        }
        outputs.mul_scalar(self.output_scale)
    }

    /// W h + b of one layer.
    fn layer(&self, layer: usize, h: Tensor<3>) -> Tensor<3> {
        let z = h.matmul(self.weights[layer].val());
        match self.biases.get(layer) {
            Some(bias) => z + bias.val(),
            None => z,
        }
    }

    /// Outputs, members × examples × outputs. Tokens are given one-hot, one after the other.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.readout(self.features(x))
    }

    /// Inputs of the last layer, members × examples × features.
    pub fn features(&self, x: Tensor<3>) -> Tensor<3> {
        let mut h = x;
        if let Some(embedding) = &self.embedding {
            let [_, vocabulary, dimension] = embedding.val().dims();
            let [members, n, width] = h.dims();
            let tokens = width / vocabulary;
            let one_hot = h.reshape([members, n * tokens, vocabulary]);
            let vectors = one_hot.matmul(embedding.val());
            let members = vectors.dims()[0];
            h = vectors.reshape([members, n, tokens * dimension]);
        }
        if self.input_scale != 1.0 {
            h = h.mul_scalar(self.input_scale);
        }
        for layer in 0..self.weights.len() - 1 {
            h = self.activation.forward(self.layer(layer, h));
        }
        h
    }

    /// The parameters of each member, in the order of [`Mlp::init`].
    pub fn members(&self) -> Result<Vec<Vec<f64>>> {
        let members = self.weights[0].val().dims()[0];
        let mut out = vec![Vec::new(); members];
        let mut take = |param: &Param<Tensor<3>>| -> Result<()> {
            let numbers = numbers(param.val())?;
            let size = numbers.len() / members;
            for (out, part) in out.iter_mut().zip(numbers.chunks_exact(size)) {
                out.extend_from_slice(part);
            }
            Ok(())
        };
        if let Some(embedding) = &self.embedding {
            take(embedding)?;
        }
        for (l, weight) in self.weights.iter().enumerate() {
            take(weight)?;
            if let Some(bias) = self.biases.get(l) {
                take(bias)?;
            }
        }
        Ok(out)
    }
}

/// `f64` or `f32` as burn names it.
pub trait DeviceReal: Real {
    /// Burn's name.
    const DTYPE: DType;
    /// Numbers of that kind with a shape.
    fn data(numbers: &[f64], shape: Vec<usize>) -> TensorData;
}

impl DeviceReal for f64 {
    const DTYPE: DType = DType::F64;
    fn data(numbers: &[f64], shape: Vec<usize>) -> TensorData {
        TensorData::new(numbers.to_vec(), shape)
    }
}

impl DeviceReal for f32 {
    const DTYPE: DType = DType::F32;
    fn data(numbers: &[f64], shape: Vec<usize>) -> TensorData {
        TensorData::new(
            numbers.iter().map(|x| *x as f32).collect::<Vec<f32>>(),
            shape,
        )
    }
}

/// A tensor of numbers of kind `T`.
pub fn tensor<T: DeviceReal, const D: usize>(
    numbers: &[f64],
    shape: [usize; D],
    device: &Device,
) -> Tensor<D> {
    Tensor::from_data(T::data(numbers, shape.to_vec()), (device, T::DTYPE))
}

/// The numbers of a tensor, row by row.
///
/// # Errors
/// When they cannot be read from the device.
pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f64>> {
    let failed = |e: String| Error::Device {
        name: "tensor".into(),
        why: e,
    };
    let data = tensor
        .try_into_data_dtype(DType::F64)
        .map_err(|e| failed(e.to_string()))?;
    data.try_to_vec::<f64>()
        .map_err(|e| failed(format!("{e:?}")))
}

impl<T: DeviceReal> Inputs<T> {
    /// The inputs as a burn tensor, examples × inputs, with tokens one-hot.
    pub fn tensor(&self, net: &Mlp, device: &Device) -> Tensor<2> {
        let dense: Array2<T> = self.dense(net.embedding.map_or(0, |e| e.vocabulary));
        let numbers: Vec<f64> = dense.iter().map(|x| x.to_f64()).collect();
        tensor::<T, 2>(&numbers, [dense.nrows(), dense.ncols()], device)
    }
}
