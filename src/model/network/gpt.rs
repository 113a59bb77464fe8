//! A decoder that predicts each next token: GPT-2, at any size.

#[cfg(feature = "libtorch")]
mod fused;

use super::architecture::whole;
use super::layer::Affine;
use super::module::tensor;
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::task::tokens::Blocks;
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::activation::{gelu, log_softmax, softmax};
use burn::tensor::module::embedding;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha12Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// A decoder of `layers` blocks with causal attention that predicts, at each place of a block of text, the token after it (Radford et al., 2019; nanoGPT).
///
/// $h_0 = E[\text{token}] + P[\text{place}]$. A block adds $\mathrm{Attention}(\mathrm{LN}\,h)$ and then $W_2\,\mathrm{gelu}(W_1\,\mathrm{LN}\,h + b_1) + b_2$ with
/// 4 · `width` hidden units; queries, keys and values come from one product, and each place sees itself and those before it. Logits are $\mathrm{LN}\,h\,E^\top$, with E the
/// embedding itself where `tied`, else a matrix of its own. The GELU is $x\,\Phi(x)$, as in nanoGPT (OpenAI's code has the tanh approximation).
///
/// Initially all weights are normal with standard deviation `std`, those of the two products that end a block's branches with `std` / √(2 · `layers`); biases 0, normalisations 1
/// and 0. There is no dropout: the published runs are shorter than an epoch.
///
/// ```
/// use scurve::model::network::Gpt;
/// assert_eq!(Gpt::gpt2_small().len(), 124_439_808);
/// let small = Gpt::bytes(2, 64, 64);
/// assert_eq!((small.vocabulary, small.heads), (256, 4));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpt {
    /// Different tokens.
    pub vocabulary: usize,
    /// Tokens that a prediction can see.
    pub block: usize,
    /// Blocks of attention and hidden layer.
    pub layers: usize,
    /// Heads, a divisor of the width.
    pub heads: usize,
    /// Length of a token's vector.
    pub width: usize,
    /// Whether the last layer is the embedding.
    pub tied: bool,
    /// Standard deviation of initial weights.
    pub std: f64,
}

impl Gpt {
    /// GPT-2 small, 124 million parameters: 12 layers of width 768, 12 heads, blocks of 1024 of 50,257 tokens.
    pub fn gpt2_small() -> Self {
        Self {
            vocabulary: 50_257,
            block: 1024,
            layers: 12,
            heads: 12,
            width: 768,
            tied: true,
            std: 0.02,
        }
    }

    /// A small one that reads bytes, with heads of length 16 at least.
    pub fn bytes(layers: usize, width: usize, block: usize) -> Self {
        let heads = (1..=4)
            .rev()
            .find(|h| width.is_multiple_of(*h) && width >= 16 * h);
        Self {
            vocabulary: 256,
            block,
            layers,
            heads: heads.unwrap_or(1),
            width,
            ..Self::gpt2_small()
        }
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        let p = self.width;
        let block = (p + 1) * (3 * p + p) + (p + 1) * 4 * p + (4 * p + 1) * p + 4 * p;
        let tables = if self.tied { 1 } else { 2 };
        (tables * self.vocabulary + self.block) * p + self.layers * block + 2 * p
    }

    /// Never: there is a vocabulary.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Multiplications and additions of a training step, for each token: 6 a parameter of a matrix (tables of vectors are looked up, the last layer multiplies), and attention.
    pub fn work(&self) -> f64 {
        let matrices = 12 * self.layers * self.width * self.width + self.vocabulary * self.width;
        // Causal: half of the places.
        let attention = self.layers * self.width * self.block;
        6.0 * (matrices + attention) as f64
    }

    /// Refuses what cannot be built, naming the field.
    ///
    /// # Errors
    /// A size of 0, a number of heads that does not divide the width, a negative `std`.
    pub fn validate(&self) -> Result<()> {
        for (field, value) in [
            ("vocabulary", self.vocabulary),
            ("block", self.block),
            ("layers", self.layers),
            ("width", self.width),
        ] {
            whole(field, value)?;
        }
        if self.heads == 0 || !self.width.is_multiple_of(self.heads) {
            let allowed = format!("a divisor of width = {}", self.width);
            return Err(Error::setting("heads", self.heads, allowed));
        }
        if !(self.std >= 0.0 && self.std.is_finite()) {
            return Err(Error::setting("std", self.std, "a finite number ≥ 0"));
        }
        Ok(())
    }

    /// The network in f32 with its initial parameters from the stream `init` of the seed.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn module(&self, seed: Seed, device: &Device) -> Result<GptModule> {
        self.validate()?;
        let mut draw = Draw {
            rng: seed.stream("init"),
            device,
        };
        let (p, std) = (self.width, self.std);
        let ending = std / (2.0 * self.layers as f64).sqrt();
        let norm = || LayerNormConfig::new(p).init(device);
        Ok(GptModule {
            tokens: draw.matrix(self.vocabulary, p, std),
            places: draw.matrix(self.block, p, std),
            blocks: (0..self.layers)
                .map(|_| Block {
                    before_attention: norm(),
                    query_key_value: draw.affine(p, 3 * p, std),
                    merge: draw.affine(p, p, ending),
                    before_hidden: norm(),
                    hidden: draw.affine(p, 4 * p, std),
                    back: draw.affine(4 * p, p, ending),
                })
                .collect(),
            norm: norm(),
            last: (!self.tied).then(|| draw.matrix(self.vocabulary, p, std)),
            heads: self.heads,
        })
    }

    /// Refuses blocks that the network cannot take.
    pub(super) fn check(&self, blocks: &Blocks) -> Result<()> {
        if blocks.is_empty() {
            return Err(Error::setting("blocks", 0, "at least one"));
        }
        if !(1..=self.block).contains(&blocks.block()) {
            let allowed = format!("from 1 to {}, the network's block", self.block);
            return Err(Error::setting("block", blocks.block(), allowed));
        }
        match blocks.largest() {
            token if usize::from(token) < self.vocabulary => Ok(()),
            token => {
                let allowed = format!("below the vocabulary, {}", self.vocabulary);
                Err(Error::setting("token", token, allowed))
            }
        }
    }
}

struct Draw<'a> {
    rng: ChaCha12Rng,
    device: &'a Device,
}

impl Draw<'_> {
    fn matrix(&mut self, rows: usize, columns: usize, std: f64) -> Param<Tensor<2>> {
        let mut normal =
            || std * <StandardNormal as Distribution<f64>>::sample(&StandardNormal, &mut self.rng);
        let drawn: Vec<f64> = (0..rows * columns).map(|_| normal()).collect();
        Param::from_tensor(tensor::<f32, 2>(&drawn, [rows, columns], self.device))
    }

    fn affine(&mut self, inputs: usize, outputs: usize, std: f64) -> Affine {
        Affine {
            weight: self.matrix(inputs, outputs, std),
            bias: Param::from_tensor(Tensor::zeros([outputs], self.device)),
        }
    }
}

/// One block of a [`GptModule`].
#[derive(Module, Debug)]
struct Block {
    before_attention: LayerNorm,
    query_key_value: Affine,
    merge: Affine,
    before_hidden: LayerNorm,
    hidden: Affine,
    back: Affine,
}

impl Block {
    /// By burn's elementary operations, on any device.
    fn elementary(&self, h: Tensor<3>, heads: usize) -> Tensor<3> {
        let [n, places, width] = h.dims();
        let own = width / heads;
        let split = |x: Tensor<3>| x.reshape([n, places, heads, own]).swap_dims(1, 2);
        let all = self
            .query_key_value
            .forward(self.before_attention.forward(h.clone()));
        let part = |i: usize| split(all.clone().narrow(2, i * width, width));
        let scale = 1.0 / (own as f64).sqrt();
        let scores = part(0).matmul(part(1).swap_dims(2, 3)).mul_scalar(scale);
        let scores = scores + future(places, &h.device());
        let attended = softmax(scores, 3).matmul(part(2));
        let h = h + self
            .merge
            .forward(attended.swap_dims(1, 2).reshape([n, places, width]));
        let hidden = self.hidden.forward(self.before_hidden.forward(h.clone()));
        h + self.back.forward(gelu(hidden))
    }
}

/// −∞ where a place would see one after it, else 0.
fn future(places: usize, device: &Device) -> Tensor<4> {
    let mut mask = vec![0.0f32; places * places];
    for (i, row) in mask.chunks_exact_mut(places).enumerate() {
        row[i + 1..].fill(f32::NEG_INFINITY);
    }
    Tensor::from_data(TensorData::new(mask, [1, 1, places, places]), device)
}

/// A [`Gpt`] as a burn module. On LibTorch each of its blocks is one operation of burn's graph, made of LibTorch's fused kernels.
#[derive(Module, Debug)]
pub struct GptModule {
    tokens: Param<Tensor<2>>,
    places: Param<Tensor<2>>,
    blocks: Vec<Block>,
    norm: LayerNorm,
    last: Option<Param<Tensor<2>>>,
    #[module(skip)]
    heads: usize,
}

impl GptModule {
    /// Logits of the token after each place, places × vocabulary, block after block.
    pub fn logits(&self, blocks: &Blocks, device: &Device) -> Tensor<2> {
        let h = self.norm.forward(self.states(blocks, device));
        let [n, places, width] = h.dims();
        h.reshape([n * places, width])
            .matmul(self.table().transpose())
    }

    /// ℓ: the negative log-likelihood of the token after each place, in nats, block after block.
    pub fn losses(&self, blocks: &Blocks, device: &Device) -> Tensor<1> {
        #[cfg(feature = "libtorch")]
        if let Some(losses) = self.fused_losses(blocks, device) {
            return losses;
        }
        let logits = self.logits(blocks, device);
        let count = logits.dims()[0];
        let targets = ints(blocks.targets(), [count, 1], device);
        let chosen = log_softmax(logits, 1).gather(1, targets);
        chosen.reshape([count]).neg()
    }

    /// The vectors that the last layer compares states with.
    fn table(&self) -> Tensor<2> {
        self.last.as_ref().unwrap_or(&self.tokens).val()
    }

    /// h after the last block.
    fn states(&self, blocks: &Blocks, device: &Device) -> Tensor<3> {
        #[cfg(feature = "libtorch")]
        if let Some(h) = self.fused_states(blocks, device) {
            return h;
        }
        let (n, places) = (blocks.len(), blocks.block());
        let tokens: Tensor<2, Int> = ints(blocks.inputs(), [n, places], device);
        let seen = self.places.val().narrow(0, 0, places);
        let h = embedding(self.tokens.val(), tokens) + seen.unsqueeze();
        let through = |h, block: &Block| block.elementary(h, self.heads);
        self.blocks.iter().fold(h, through)
    }
}

/// √Σx².
pub(super) fn norm(x: &Tensor<1>) -> f32 {
    #[cfg(feature = "libtorch")]
    if let Some(norm) = fused::norm(x) {
        return norm.into_scalar();
    }
    x.clone().square().sum().sqrt().into_scalar()
}

fn ints<const D: usize>(
    tokens: impl Iterator<Item = u16>,
    shape: [usize; D],
    device: &Device,
) -> Tensor<D, Int> {
    let tokens: Vec<i32> = tokens.map(i32::from).collect();
    Tensor::from_data(TensorData::new(tokens, shape), device)
}
