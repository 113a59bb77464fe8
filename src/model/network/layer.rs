//! What burn modules of this crate are made of: parameters drawn on the host from a seed's stream.

use super::Init;
use super::module::tensor;
use crate::seed::Seed;
use burn::module::{Module, Param};
use burn::tensor::module::{batch_norm, batch_norm_train, linear};
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
