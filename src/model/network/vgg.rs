//! VGG networks on images.

use super::architecture::{Architecture, NetworkModule, Statistics, whole};
use super::layer::{Affine, Convolution, Parameters, absorb};
use super::{Init, Inputs};
use crate::error::{Error, Result};
use crate::seed::Seed;
use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Stages of 3 × 3 convolutions with ReLU, each ended by the maximum over 2 × 2, and one dense layer: VGG16 with `depths` 2, 2, 3, 3, 3 and `width` 64.
///
/// Stage i has `width` · min(2ⁱ, 8) channels. The *features* are the channels that five stages leave of a 32 × 32 image. Source: Simonyan and Zisserman, *Very Deep Convolutional Networks*, with the one
/// dense layer that is usual for CIFAR; the thesis (§2.4, Fig. 7.3) names VGG16, with and without batch normalisation, and no more. As in the usual networks, a convolution keeps its bias
/// when batch normalisation follows.
///
/// ```
/// use scurve::model::network::{Architecture, Vgg};
/// let net = Vgg::vgg16([3, 32, 32], 10);
/// assert_eq!((net.len(), net.features()), (14_728_266, 512));
/// assert_eq!(Vgg { batch_norm: false, ..net }.len(), 14_719_818);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vgg {
    /// Channels, height and width of an image.
    pub image: [usize; 3],
    /// Channels of the first stage; 64 in VGG16.
    pub width: usize,
    /// Convolutions of each stage.
    pub depths: Vec<usize>,
    /// Whether batch normalisation follows each convolution.
    pub batch_norm: bool,
    /// Outputs.
    pub outputs: usize,
    /// The law of the initial parameters; normalisations start at scale 1 and shift 0.
    #[serde(default)]
    pub init: Init,
}

impl Vgg {
    /// VGG16 with batch normalisation.
    pub fn vgg16(image: [usize; 3], outputs: usize) -> Self {
        Self {
            image,
            width: 64,
            depths: vec![2, 2, 3, 3, 3],
            batch_norm: true,
            outputs,
            init: Init::Torch,
        }
    }

    /// Channels of a stage.
    fn channels(&self, stage: usize) -> usize {
        self.width << stage.min(3)
    }

    /// Channels before and after each convolution, and the stage it is of.
    fn shapes(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let mut before = self.image[0];
        let stages = self.depths.iter().enumerate();
        let all = stages.flat_map(|(stage, depth)| (0..*depth).map(move |_| stage));
        all.map(move |stage| {
            let after = self.channels(stage);
            (std::mem::replace(&mut before, after), after, stage)
        })
    }

    /// Number of parameters that are trained.
    pub fn len(&self) -> usize {
        let own = if self.batch_norm { 3 } else { 1 };
        let convolutions = self
            .shapes()
            .map(|(before, after, _)| after * (9 * before + own));
        convolutions.sum::<usize>() + (self.features() + 1) * self.outputs
    }

    /// Never: there is a last layer.
    pub fn is_empty(&self) -> bool {
        false
    }
}

impl Architecture for Vgg {
    type Module = VggModule;
    const KIND: &'static str = "vgg";

    fn validate(&self) -> Result<()> {
        for (i, side) in self.image.iter().enumerate() {
            whole(&format!("image[{i}]"), *side)?;
        }
        whole("width", self.width)?;
        whole("outputs", self.outputs)?;
        whole("depths.len()", self.depths.len())?;
        for (i, depth) in self.depths.iter().enumerate() {
            whole(&format!("depths[{i}]"), *depth)?;
        }
        let side = self.image[1].min(self.image[2]);
        if self.depths.len() > side.ilog2() as usize {
            let allowed = format!(
                "at most {} for images of side {side}: each stage halves the image (borders can be added: Images::padded)",
                side.ilog2()
            );
            return Err(Error::setting("depths.len()", self.depths.len(), allowed));
        }
        self.init.validate()
    }

    fn inputs(&self) -> usize {
        self.image.iter().product()
    }

    fn features(&self) -> usize {
        let stages = self.depths.len();
        let left = |side: usize| side >> stages;
        self.channels(stages.max(1) - 1) * left(self.image[1]) * left(self.image[2])
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn module(&self, seed: Seed, device: &Device) -> Result<VggModule> {
        self.validate()?;
        let mut draw = Parameters::new(self.init, seed, device);
        let mut stages: Vec<Stage> = Vec::new();
        for (before, after, stage) in self.shapes() {
            if stages.len() == stage {
                stages.push(Stage {
                    convolutions: Vec::new(),
                });
            }
            let convolution = draw.convolution((before, after), (3, 1), (true, self.batch_norm));
            stages[stage].convolutions.push(convolution);
        }
        Ok(VggModule {
            stages,
            last: draw.affine(self.features(), self.outputs),
            image: self.image,
        })
    }
}

/// Convolutions of images of one size, and the maximum.
#[derive(Module, Debug)]
struct Stage {
    convolutions: Vec<Convolution>,
}

impl Stage {
    fn forward(
        &self,
        h: Tensor<4>,
        mut each: impl FnMut(&Convolution, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<4> {
        let h = self
            .convolutions
            .iter()
            .fold(h, |h, convolution| relu(each(convolution, h)));
        max_pool2d(h, MaxPoolOptions::new([2, 2]))
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
        use super::taped::{halved, taped};
        let parameters = self.convolutions.iter().flat_map(Convolution::parameters);
        taped(h.clone(), parameters.collect(), |h, mut left, seen| {
            let through = |h: tch::Tensor, convolution: &Convolution| {
                convolution.on_tape(&h, &mut left, seen).relu()
            };
            halved(&self.convolutions.iter().fold(h.shallow_clone(), through))
        })
    }

    #[cfg(not(feature = "libtorch"))]
    fn fused(&self, _: &Tensor<4>) -> Option<(Tensor<4>, Statistics)> {
        None
    }
}

/// A [`Vgg`] as a burn module.
#[derive(Module, Debug)]
pub struct VggModule {
    stages: Vec<Stage>,
    last: Affine,
    #[module(skip)]
    image: [usize; 3],
}

impl NetworkModule for VggModule {
    fn features(&self, inputs: &Inputs<f32>, device: &Device) -> Tensor<2> {
        let through = |h, stage: &Stage| stage.forward(h, |convolution, h| convolution.forward(h));
        self.stages
            .iter()
            .fold(inputs.images(self.image, device), through)
            .flatten(1, 3)
    }

    fn features_in_training(
        &self,
        inputs: &Inputs<f32>,
        device: &Device,
    ) -> (Tensor<2>, Statistics) {
        let mut statistics = Vec::new();
        let mut h = inputs.images(self.image, device);
        for stage in &self.stages {
            h = stage.in_training(h, &mut statistics);
        }
        (h.flatten(1, 3), statistics)
    }

    fn absorb(mut self, statistics: Statistics) -> Self {
        let all = self.stages.iter_mut().flat_map(|s| &mut s.convolutions);
        absorb(all, statistics);
        self
    }

    fn readout(&self, features: Tensor<2>) -> Tensor<2> {
        self.last.forward(features)
    }

    fn last_layer(&self) -> (Tensor<2>, Option<Tensor<1>>) {
        (self.last.weight.val(), Some(self.last.bias.val()))
    }
}
