//! What burn modules of this crate are made of: parameters drawn on the host from a seed's stream.

use super::Init;
use super::architecture::Statistics;
use super::module::tensor;
#[cfg(feature = "libtorch")]
use super::taped::{Parameter, Seen};
use crate::seed::Seed;
use burn::module::{Module, Param};
use burn::tensor::module::{batch_norm, batch_norm_train, conv2d, linear};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha12Rng;

/// x ↦ x W + b, with W inputs × outputs.
#[derive(Module, Debug)]
pub(super) struct Affine {
    pub weight: Param<Tensor<2>>,
    pub bias: Param<Tensor<1>>,
}

impl Affine {
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        linear(x, self.weight.val(), Some(self.bias.val()))
    }
}

/// Batch normalisation over all but the channels, as PyTorch's: ε = 10⁻⁵; running statistics move by a tenth of the way, the variance unbiased.
#[derive(Module, Debug)]
pub(super) struct BatchNorm {
    pub scale: Param<Tensor<1>>,
    pub shift: Param<Tensor<1>>,
    running_mean: Param<Tensor<1>>,
    running_variance: Param<Tensor<1>>,
}

impl BatchNorm {
    pub const EPSILON: f64 = 1e-5;
    const MOMENTUM: f64 = 0.1;

    pub fn new(channels: usize, device: &Device) -> Self {
        let buffer = |x: Tensor<1>| Param::from_tensor(x).set_require_grad(false);
        Self {
            scale: Param::from_tensor(Tensor::ones([channels], device)),
            shift: Param::from_tensor(Tensor::zeros([channels], device)),
            running_mean: buffer(Tensor::zeros([channels], device)),
            running_variance: buffer(Tensor::ones([channels], device)),
        }
    }

    pub fn by_running(&self, h: Tensor<4>) -> Tensor<4> {
        batch_norm(
            h,
            self.scale.val(),
            self.shift.val(),
            self.running_mean.val(),
            self.running_variance.val(),
            Self::EPSILON,
        )
    }

    /// Normalised by its own mean and variance, which are returned.
    pub fn by_batch(&self, h: Tensor<4>) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
        let [n, _, height, width] = h.dims();
        let count = (n * height * width) as f64;
        let seen = batch_norm_train(h, self.scale.val(), self.shift.val(), Self::EPSILON);
        let unbiased = count / (count - 1.0).max(1.0);
        (
            seen.output,
            seen.mean.detach(),
            seen.variance.detach().mul_scalar(unbiased),
        )
    }

    pub fn absorb(&mut self, mean: Tensor<1>, variance: Tensor<1>) {
        let toward = |running: &Param<Tensor<1>>, seen: Tensor<1>| {
            running.clone().map(|old| {
                let kept = old.mul_scalar(1.0 - Self::MOMENTUM);
                (kept + seen.mul_scalar(Self::MOMENTUM)).detach()
            })
        };
        self.running_mean = toward(&self.running_mean, mean);
        self.running_variance = toward(&self.running_variance, variance);
    }
}

/// Convolution by K, padded so that the image keeps its size divided by the stride; a bias, batch normalisation, or both.
#[derive(Module, Debug)]
pub(super) struct Convolution {
    pub weight: Param<Tensor<4>>,
    pub bias: Option<Param<Tensor<1>>>,
    pub norm: Option<BatchNorm>,
    #[module(skip)]
    pub stride: usize,
}

impl Convolution {
    fn convolved(&self, h: Tensor<4>) -> Tensor<4> {
        let [_, _, side, _] = self.weight.dims();
        let (pad, stride) = (side / 2, self.stride);
        let options = ConvOptions::new([stride, stride], [pad, pad], [1, 1], 1);
        let bias = self.bias.as_ref().map(Param::val);
        conv2d(h, self.weight.val(), bias, options)
    }

    /// With running statistics.
    pub fn forward(&self, h: Tensor<4>) -> Tensor<4> {
        let h = self.convolved(h);
        match &self.norm {
            Some(norm) => norm.by_running(h),
            None => h,
        }
    }

    /// Normalised by the batch, whose mean and variance are added to the statistics.
    pub fn in_training(&self, h: Tensor<4>, statistics: &mut Statistics) -> Tensor<4> {
        let h = self.convolved(h);
        match &self.norm {
            Some(norm) => {
                let (h, mean, variance) = norm.by_batch(h);
                statistics.push((mean, variance));
                h
            }
            None => h,
        }
    }

    /// All that a function on LibTorch's graph needs, in the order in which [`on_tape`](Self::on_tape) takes it.
    #[cfg(feature = "libtorch")]
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all = vec![Parameter::Kernel(self.weight.val())];
        all.extend(self.bias.iter().map(|b| Parameter::Channels(b.val())));
        let norms = self.norm.iter().flat_map(|n| [&n.scale, &n.shift]);
        all.extend(norms.map(|p| Parameter::Channels(p.val())));
        all
    }

    /// As [`in_training`](Self::in_training), taking its parameters from the front of what is left.
    #[cfg(feature = "libtorch")]
    pub fn on_tape(
        &self,
        h: &tch::Tensor,
        left: &mut &[tch::Tensor],
        seen: &mut Seen,
    ) -> tch::Tensor {
        let mut next = || {
            let (first, rest) = left.split_first().expect("a tensor for each parameter");
            *left = rest;
            first
        };
        let kernel = next();
        let bias = self.bias.is_some().then(&mut next);
        let (pad, stride) = (kernel.size()[2] / 2, self.stride as i64);
        let h = h.conv2d(kernel, bias, [stride, stride], [pad, pad], [1, 1], 1);
        match &self.norm {
            Some(_) => {
                let scale = next();
                seen.normalised(&h, scale, next())
            }
            None => h,
        }
    }
}

/// Takes the statistics of a training step into the normalisations, in order.
pub(super) fn absorb<'a>(
    convolutions: impl Iterator<Item = &'a mut Convolution>,
    statistics: Statistics,
) {
    let norms = convolutions.filter_map(|c| c.norm.as_mut());
    for (norm, (mean, variance)) in norms.zip(statistics) {
        norm.absorb(mean, variance);
    }
}

/// Draws initial parameters one after the other from the stream `init`, in PyTorch's order, in f64, so that they are the same on every device.
pub(super) struct Parameters<'a> {
    init: Init,
    rng: ChaCha12Rng,
    device: &'a Device,
}

impl<'a> Parameters<'a> {
    pub fn new(init: Init, seed: Seed, device: &'a Device) -> Self {
        Self {
            init,
            rng: seed.stream("init"),
            device,
        }
    }

    fn draw(&mut self, count: usize, fan_in: usize, init: Init, bias: bool) -> Vec<f64> {
        let mut drawn = vec![0.0; count];
        init.fill(&mut drawn, fan_in, bias, &mut self.rng);
        drawn
    }

    /// Weights of that shape, outputs first.
    pub fn weight<const D: usize>(&mut self, shape: [usize; D], fan_in: usize) -> Param<Tensor<D>> {
        let drawn = self.draw(shape.iter().product(), fan_in, self.init, false);
        Param::from_tensor(tensor::<f32, D>(&drawn, shape, self.device))
    }

    pub fn bias(&mut self, outputs: usize, fan_in: usize) -> Param<Tensor<1>> {
        let drawn = self.draw(outputs, fan_in, self.init, true);
        Param::from_tensor(tensor::<f32, 1>(&drawn, [outputs], self.device))
    }

    /// A convolution of `outputs` channels by kernels of side `side`, with a bias, a normalisation, or both.
    pub fn convolution(
        &mut self,
        (inputs, outputs): (usize, usize),
        (side, stride): (usize, usize),
        (bias, norm): (bool, bool),
    ) -> Convolution {
        let fan_in = inputs * side * side;
        Convolution {
            weight: self.weight([outputs, inputs, side, side], fan_in),
            bias: bias.then(|| self.bias(outputs, fan_in)),
            norm: norm.then(|| BatchNorm::new(outputs, self.device)),
            stride,
        }
    }

    pub fn affine(&mut self, inputs: usize, outputs: usize) -> Affine {
        let drawn = self.draw(inputs * outputs, inputs, self.init, false);
        let weight = tensor::<f32, 2>(&drawn, [outputs, inputs], self.device);
        Affine {
            weight: Param::from_tensor(weight.transpose()),
            bias: self.bias(outputs, inputs),
        }
    }

    /// A table of N(0, 1) vectors.
    pub fn vectors(&mut self, count: usize, length: usize) -> Param<Tensor<2>> {
        let drawn = self.draw(count * length, length, Init::Normal { std: 1.0 }, false);
        Param::from_tensor(tensor::<f32, 2>(&drawn, [count, length], self.device))
    }
}
