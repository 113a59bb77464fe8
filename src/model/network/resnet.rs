//! Residual networks on images.

use super::architecture::{Architecture, NetworkModule, Statistics, whole};
use super::layer::{Affine, Convolution, Parameters, absorb};
use super::{Init, Inputs};
use crate::error::{Error, Result};
use crate::seed::Seed;
use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// A residual network of basic blocks with the stem for small images: ResNet18 with `blocks` 2, 2, 2, 2 and `width` 64.
///
/// A block is $h \mapsto \mathrm{ReLU}(\mathrm{BN}(K_2 * \mathrm{ReLU}(\mathrm{BN}(K_1 * h))) + s(h))$ with 3 × 3 kernels; s is the identity, or a 1 × 1 convolution with
/// normalisation where the shape changes. Stage i has `width` · 2ⁱ channels, and each but the first halves the image. The stem is one 3 × 3 convolution with normalisation, without a
/// maximum. The *features* are the means of the last stage's channels over the image. Source: He et al., *Deep Residual Learning for Image Recognition*, with the stem that is usual
/// for CIFAR; the thesis (§2.4) names ResNet18 and no more.
///
/// ```
/// use scurve::model::network::{Architecture, ResNet};
/// let net = ResNet::resnet18([3, 32, 32], 10);
/// assert_eq!((net.len(), net.features()), (11_173_962, 512));
/// let narrow = ResNet { width: 8, ..net };
/// assert_eq!(narrow.features(), 64);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResNet {
    /// Channels, height and width of an image.
    pub image: [usize; 3],
    /// Channels of the first stage; 64 in ResNet18.
    pub width: usize,
    /// Blocks of each stage.
    pub blocks: Vec<usize>,
    /// Outputs.
    pub outputs: usize,
    /// The law of the initial parameters; normalisations start at scale 1 and shift 0.
    #[serde(default)]
    pub init: Init,
}

impl ResNet {
    /// ResNet18.
    pub fn resnet18(image: [usize; 3], outputs: usize) -> Self {
        Self {
            image,
            width: 64,
            blocks: vec![2; 4],
            outputs,
            init: Init::Torch,
        }
    }

    /// Channels before and after each block, and its stride.
    fn shapes(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let mut before = self.width;
        let stages = self.blocks.iter().enumerate();
        let blocks = stages.flat_map(|(stage, count)| (0..*count).map(move |i| (stage, i)));
        blocks.map(move |(stage, i)| {
            let stride = if stage > 0 && i == 0 { 2 } else { 1 };
            let after = self.width << stage;
            (std::mem::replace(&mut before, after), after, stride)
        })
    }

    /// Number of parameters that are trained.
    pub fn len(&self) -> usize {
        let convolution =
            |inputs: usize, outputs: usize, side: usize| outputs * (inputs * side * side + 2);
        let blocks = self.shapes().map(|(before, after, stride)| {
            let shortcut = if shortens(before, after, stride) {
                convolution(before, after, 1)
            } else {
                0
            };
            convolution(before, after, 3) + convolution(after, after, 3) + shortcut
        });
        convolution(self.image[0], self.width, 3)
            + blocks.sum::<usize>()
            + (self.features() + 1) * self.outputs
    }

    /// Never: there is a last layer.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// Whether a block's shortcut needs a convolution.
fn shortens(before: usize, after: usize, stride: usize) -> bool {
    before != after || stride != 1
}

impl Architecture for ResNet {
    type Module = ResNetModule;
    const KIND: &'static str = "resnet";

    fn validate(&self) -> Result<()> {
        for (i, side) in self.image.iter().enumerate() {
            whole(&format!("image[{i}]"), *side)?;
        }
        whole("width", self.width)?;
        whole("outputs", self.outputs)?;
        whole("blocks.len()", self.blocks.len())?;
        for (i, blocks) in self.blocks.iter().enumerate() {
            whole(&format!("blocks[{i}]"), *blocks)?;
        }
        if self.blocks.len() > 8 {
            return Err(Error::setting(
                "blocks.len()",
                self.blocks.len(),
                "at most 8 stages",
            ));
        }
        self.init.validate()
    }

    fn inputs(&self) -> usize {
        self.image.iter().product()
    }

    fn features(&self) -> usize {
        self.width << (self.blocks.len().max(1) - 1)
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn module(&self, seed: Seed, device: &Device) -> Result<ResNetModule> {
        self.validate()?;
        let mut draw = Parameters::new(self.init, seed, device);
        let plain = (false, true);
        let stem = draw.convolution((self.image[0], self.width), (3, 1), plain);
        let blocks = self.shapes().map(|(before, after, stride)| Residual {
            first: draw.convolution((before, after), (3, stride), plain),
            second: draw.convolution((after, after), (3, 1), plain),
            shortcut: shortens(before, after, stride)
                .then(|| draw.convolution((before, after), (1, stride), plain)),
        });
        Ok(ResNetModule {
            stem,
            blocks: blocks.collect(),
            last: draw.affine(self.features(), self.outputs),
            image: self.image,
        })
    }
}

/// A block of two convolutions beside a shortcut.
#[derive(Module, Debug)]
struct Residual {
    first: Convolution,
    second: Convolution,
    shortcut: Option<Convolution>,
}

impl Residual {
    fn forward(
        &self,
        h: Tensor<4>,
        mut each: impl FnMut(&Convolution, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<4> {
        let inner = relu(each(&self.first, h.clone()));
        let inner = each(&self.second, inner);
        relu(inner + self.shortcut.as_ref().map_or(h.clone(), |s| each(s, h)))
    }

    fn convolutions(&mut self) -> impl Iterator<Item = &mut Convolution> {
        [&mut self.first, &mut self.second]
            .into_iter()
            .chain(&mut self.shortcut)
    }

    fn in_training(&self, h: Tensor<4>, statistics: &mut Statistics) -> Tensor<4> {
        match self.fused(&h) {
            Some((h, seen)) => {
                statistics.extend(seen);
                h
            }
            None => self.forward(h, |convolution, h| convolution.in_training(h, statistics)),
        }
    }

    /// All of it in one, where the device has that.
    #[cfg(feature = "libtorch")]
    fn fused(&self, h: &Tensor<4>) -> Option<(Tensor<4>, Statistics)> {
        let convolutions = [&self.first, &self.second]
            .into_iter()
            .chain(&self.shortcut);
        let parameters = convolutions.flat_map(Convolution::parameters).collect();
        super::taped::taped(h.clone(), parameters, |h, mut left, seen| {
            let inner = self.first.on_tape(h, &mut left, seen).relu();
            let inner = self.second.on_tape(&inner, &mut left, seen);
            let sum = match &self.shortcut {
                Some(shortcut) => inner + shortcut.on_tape(h, &mut left, seen),
                None => inner + h,
            };
            sum.relu()
        })
    }

    #[cfg(not(feature = "libtorch"))]
    fn fused(&self, _: &Tensor<4>) -> Option<(Tensor<4>, Statistics)> {
        None
    }
}

/// A [`ResNet`] as a burn module.
#[derive(Module, Debug)]
pub struct ResNetModule {
    stem: Convolution,
    blocks: Vec<Residual>,
    last: Affine,
    #[module(skip)]
    image: [usize; 3],
}

impl ResNetModule {
    fn stem_in_training(&self, h: Tensor<4>, statistics: &mut Statistics) -> Tensor<4> {
        #[cfg(feature = "libtorch")]
        {
            let whole =
                super::taped::taped(h.clone(), self.stem.parameters(), |h, mut left, seen| {
                    self.stem.on_tape(h, &mut left, seen).relu()
                });
            if let Some((h, seen)) = whole {
                statistics.extend(seen);
                return h;
            }
        }
        relu(self.stem.in_training(h, statistics))
    }
}

/// Means over the image.
fn pooled(h: Tensor<4>) -> Tensor<2> {
    let [n, channels, height, width] = h.dims();
    h.reshape([n, channels, height * width])
        .mean_dim(2)
        .reshape([n, channels])
}

impl NetworkModule for ResNetModule {
    fn features(&self, inputs: &Inputs<f32>, device: &Device) -> Tensor<2> {
        let h = relu(self.stem.forward(inputs.images(self.image, device)));
        let through =
            |h, block: &Residual| block.forward(h, |convolution, h| convolution.forward(h));
        pooled(self.blocks.iter().fold(h, through))
    }

    fn features_in_training(
        &self,
        inputs: &Inputs<f32>,
        device: &Device,
    ) -> (Tensor<2>, Statistics) {
        let mut statistics = Vec::new();
        let mut h = self.stem_in_training(inputs.images(self.image, device), &mut statistics);
        for block in &self.blocks {
            h = block.in_training(h, &mut statistics);
        }
        (pooled(h), statistics)
    }

    fn absorb(mut self, statistics: Statistics) -> Self {
        let blocks = self.blocks.iter_mut().flat_map(Residual::convolutions);
        absorb(std::iter::once(&mut self.stem).chain(blocks), statistics);
        self
    }

    fn readout(&self, features: Tensor<2>) -> Tensor<2> {
        self.last.forward(features)
    }

    fn last_layer(&self) -> (Tensor<2>, Option<Tensor<1>>) {
        (self.last.weight.val(), Some(self.last.bias.val()))
    }
}
