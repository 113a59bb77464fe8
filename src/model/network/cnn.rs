//! Convolutional networks on images.

use super::architecture::{Architecture, NetworkModule, Statistics, whole};
use super::layer::{Affine, Convolution, Parameters, absorb};
use super::{Activation, Init, Inputs};
use crate::error::{Error, Result};
use crate::seed::Seed;
use burn::module::Module;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// A convolutional network: blocks of convolution, batch normalisation (or none), φ and a 2 × 2 maximum, then two dense layers.
///
/// A block is $h \mapsto \mathrm{pool}(\varphi(K * h + b))$, or $\mathrm{pool}(\varphi(\mathrm{BN}(K * h)))$, with $K$ padded so that the image keeps its size; the maximum halves it, rounded down.
/// The *features* are the `features` numbers φ(W h + b) that the last layer reads. The thesis' network on MNIST has p = 1024 of them (Fig. 2.3) and its
/// text no more than that; [`Cnn::mnist`] is the usual one of two blocks.
///
/// Inputs are rows of channels × height × width numbers, as [`Images::rows_f32`](crate::task::image::Images::rows_f32) gives them.
///
/// ```
/// use scurve::model::network::{Architecture, Cnn};
/// let net = Cnn::mnist();
/// assert_eq!(net.len(), 32 * 9 + 32 + 64 * 32 * 9 + 64 + 64 * 7 * 7 * 1024 + 1024 + 1024 * 10 + 10);
/// assert_eq!(net.features(), 1024);
/// let small = Cnn { channels: vec![8], width: 64, batch_norm: true, ..Cnn::mnist() };
/// assert_eq!(small.len(), 8 * 9 + 8 + 8 + 8 * 14 * 14 * 64 + 64 + 64 * 10 + 10);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cnn {
    /// Channels, height and width of an image.
    pub image: [usize; 3],
    /// Channels of each block.
    pub channels: Vec<usize>,
    /// Side of the kernels, odd.
    pub kernel: usize,
    /// Whether blocks have batch normalisation, with PyTorch's ε = 10⁻⁵ and momentum .1.
    #[serde(default)]
    pub batch_norm: bool,
    /// p, the number of features.
    pub width: usize,
    /// Outputs.
    pub outputs: usize,
    /// φ.
    #[serde(default)]
    pub activation: Activation,
    /// The law of the initial parameters; batch normalisation starts at scale 1 and shift 0.
    #[serde(default)]
    pub init: Init,
}

impl Cnn {
    /// For 28 × 28 images of ten classes: blocks of 32 and 64 channels with 3 × 3 kernels, ReLU, 1024 features, no batch normalisation.
    pub fn mnist() -> Self {
        Self {
            image: [1, 28, 28],
            channels: vec![32, 64],
            kernel: 3,
            batch_norm: false,
            width: 1024,
            outputs: 10,
            activation: Activation::Relu,
            init: Init::Torch,
        }
    }

    /// Numbers that the blocks leave of an image.
    fn flat(&self) -> usize {
        let [channels, height, width] = self.image;
        let blocks = self.channels.len() as u32;
        let halved = |side: usize| side.checked_shr(blocks).unwrap_or(0);
        self.channels.last().unwrap_or(&channels) * halved(height) * halved(width)
    }

    /// Number of parameters that are trained.
    pub fn len(&self) -> usize {
        let mut before = self.image[0];
        let mut count = 0;
        for channels in &self.channels {
            let own = if self.batch_norm { 2 } else { 1 };
            count += channels * (before * self.kernel * self.kernel + own);
            before = *channels;
        }
        count + (self.flat() + 1) * self.width + (self.width + 1) * self.outputs
    }

    /// Never: there is a last layer.
    pub fn is_empty(&self) -> bool {
        false
    }
}

impl Architecture for Cnn {
    type Module = CnnModule;
    const KIND: &'static str = "cnn";

    fn validate(&self) -> Result<()> {
        for (i, side) in self.image.iter().enumerate() {
            whole(&format!("image[{i}]"), *side)?;
        }
        for (i, channels) in self.channels.iter().enumerate() {
            whole(&format!("channels[{i}]"), *channels)?;
        }
        whole("width", self.width)?;
        whole("outputs", self.outputs)?;
        if self.kernel.is_multiple_of(2) {
            let allowed = "odd, so that the image keeps its size";
            return Err(Error::setting("kernel", self.kernel, allowed));
        }
        if self.flat() == 0 {
            let side = self.image[1].min(self.image[2]);
            return Err(Error::setting(
                "channels.len()",
                self.channels.len(),
                format!("at most {}: each block halves the image", side.ilog2()),
            ));
        }
        self.init.validate()
    }

    fn inputs(&self) -> usize {
        self.image.iter().product()
    }

    fn features(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn module(&self, seed: Seed, device: &Device) -> Result<CnnModule> {
        self.validate()?;
        let mut draw = Parameters::new(self.init, seed, device);
        let mut before = self.image[0];
        let mut blocks = Vec::new();
        for channels in &self.channels {
            // Normalisation would take a bias away again.
            let kind = (!self.batch_norm, self.batch_norm);
            blocks.push(draw.convolution((before, *channels), (self.kernel, 1), kind));
            before = *channels;
        }
        Ok(CnnModule {
            blocks,
            hidden: draw.affine(self.flat(), self.width),
            last: draw.affine(self.width, self.outputs),
            image: self.image,
            activation: self.activation,
        })
    }
}

/// A [`Cnn`] as a burn module.
#[derive(Module, Debug)]
pub struct CnnModule {
    blocks: Vec<Convolution>,
    hidden: Affine,
    last: Affine,
    #[module(skip)]
    image: [usize; 3],
    #[module(skip)]
    activation: Activation,
}

impl CnnModule {
    /// Features of images (n × channels × height × width): n × p, with running statistics.
    pub fn features_of(&self, images: Tensor<4>) -> Tensor<2> {
        let blocks = self.blocks.iter();
        self.dense(blocks.fold(images, |h, block| self.activated(block.forward(h))))
    }

    /// φ and the maximum.
    fn activated(&self, h: Tensor<4>) -> Tensor<4> {
        // φ after the maximum is the same for a rising φ, on a quarter of the numbers.
        if self.activation.is_rising() {
            self.activation.forward(halve(h))
        } else {
            halve(self.activation.forward(h))
        }
    }

    fn dense(&self, h: Tensor<4>) -> Tensor<2> {
        self.activation
            .forward(self.hidden.forward(h.flatten(1, 3)))
    }
}

/// Convolution, normalisation by the batch, and the maximum in one where the device has that; and what the normalisation has seen.
#[cfg(feature = "libtorch")]
fn fused(block: &Convolution, h: &Tensor<4>) -> Option<(Tensor<4>, Statistics)> {
    use super::taped::{halved, taped};
    taped(h.clone(), block.parameters(), |h, mut parameters, seen| {
        halved(&block.on_tape(h, &mut parameters, seen))
    })
}

#[cfg(not(feature = "libtorch"))]
fn fused(_: &Convolution, _: &Tensor<4>) -> Option<(Tensor<4>, Statistics)> {
    None
}

fn halve(h: Tensor<4>) -> Tensor<4> {
    max_pool2d(h, MaxPoolOptions::new([2, 2]))
}

impl NetworkModule for CnnModule {
    fn features(&self, inputs: &Inputs<f32>, device: &Device) -> Tensor<2> {
        self.features_of(inputs.images(self.image, device))
    }

    fn features_in_training(
        &self,
        inputs: &Inputs<f32>,
        device: &Device,
    ) -> (Tensor<2>, Statistics) {
        let mut statistics = Vec::new();
        let mut h = inputs.images(self.image, device);
        for block in &self.blocks {
            // Only a rising φ may come after the maximum.
            let whole = self.activation.is_rising().then(|| fused(block, &h));
            h = match whole.flatten() {
                Some((h, seen)) => {
                    statistics.extend(seen);
                    self.activation.forward(h)
                }
                None => self.activated(block.in_training(h, &mut statistics)),
            };
        }
        let features = self.dense(h);
        (features, statistics)
    }

    fn absorb(mut self, statistics: Statistics) -> Self {
        absorb(self.blocks.iter_mut(), statistics);
        self
    }

    fn readout(&self, features: Tensor<2>) -> Tensor<2> {
        self.last.forward(features)
    }

    fn last_layer(&self) -> (Tensor<2>, Option<Tensor<1>>) {
        (self.last.weight.val(), Some(self.last.bias.val()))
    }
}
