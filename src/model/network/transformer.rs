//! A small transformer that answers at the end of a sequence of tokens.

use super::architecture::{Architecture, NetworkModule, whole};
use super::layer::{Affine, Parameters};
use super::{Activation, Init, Inputs};
use crate::error::{Error, Result};
use crate::seed::Seed;
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::tensor::activation::softmax;
use burn::tensor::module::embedding;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// A decoder of `layers` blocks with causal attention, whose output is read after the last token (Power et al., 2022: grokking).
///
/// $h_0 = E[\text{token}] + P[\text{place}]$; each block adds $\mathrm{Attention}(\mathrm{LN}\,h)$ and then
/// $W_2\,\varphi(W_1\,\mathrm{LN}\,h + b_1) + b_2$. The *features* are $\mathrm{LN}\,h$ of the last place: `width` numbers. E and P start normal with
/// variance 1, all other parameters by `init`.
///
/// ```
/// use scurve::model::network::{Architecture, Transformer};
/// use scurve::prelude::{ModularOperation, ModularTable};
/// let task = ModularTable::new(ModularOperation::Divide, 97)?;
/// let net = Transformer::new(task.vocabulary(), 4, 97);
/// assert_eq!((net.width, net.heads, net.layers), (128, 4, 2));
/// assert_eq!(net.features(), 128);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transformer {
    /// Different tokens.
    pub vocabulary: usize,
    /// Tokens of an input.
    pub context: usize,
    /// Outputs.
    pub outputs: usize,
    /// Length of a token's vector, p.
    pub width: usize,
    /// Heads, a divisor of the width.
    pub heads: usize,
    /// Blocks.
    pub layers: usize,
    /// Units of a block's hidden layer, for each of `width`.
    pub expansion: usize,
    /// φ.
    #[serde(default)]
    pub activation: Activation,
    /// The law of the initial parameters of dense layers.
    #[serde(default)]
    pub init: Init,
}

impl Transformer {
    /// Two blocks of width 128 with four heads, 512 hidden units and ReLU.
    pub fn new(vocabulary: usize, context: usize, outputs: usize) -> Self {
        Self {
            vocabulary,
            context,
            outputs,
            width: 128,
            heads: 4,
            layers: 2,
            expansion: 4,
            activation: Activation::Relu,
            init: Init::Torch,
        }
    }
}

impl Architecture for Transformer {
    type Module = TransformerModule;
    const KIND: &'static str = "transformer";

    fn validate(&self) -> Result<()> {
        for (field, value) in [
            ("vocabulary", self.vocabulary),
            ("context", self.context),
            ("outputs", self.outputs),
            ("width", self.width),
            ("layers", self.layers),
            ("expansion", self.expansion),
        ] {
            whole(field, value)?;
        }
        if self.heads == 0 || !self.width.is_multiple_of(self.heads) {
            let allowed = format!("a divisor of width = {}", self.width);
            return Err(Error::setting("heads", self.heads, allowed));
        }
        self.init.validate()
    }

    fn inputs(&self) -> usize {
        self.context
    }

    fn features(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn module(&self, seed: Seed, device: &Device) -> Result<TransformerModule> {
        self.validate()?;
        let mut draw = Parameters::new(self.init, seed, device);
        let norm = || LayerNormConfig::new(self.width).init(device);
        let hidden = self.expansion * self.width;
        Ok(TransformerModule {
            tokens: draw.vectors(self.vocabulary, self.width),
            places: draw.vectors(self.context, self.width),
            blocks: (0..self.layers)
                .map(|_| Block {
                    before_attention: norm(),
                    query: draw.affine(self.width, self.width),
                    key_value: draw.affine(self.width, 2 * self.width),
                    merge: draw.affine(self.width, self.width),
                    before_hidden: norm(),
                    hidden: draw.affine(self.width, hidden),
                    back: draw.affine(hidden, self.width),
                })
                .collect(),
            norm: norm(),
            last: draw.affine(self.width, self.outputs),
            heads: self.heads,
            activation: self.activation,
        })
    }

    fn check(&self, inputs: &Inputs<f32>) -> Result<()> {
        let Inputs::Tokens(x) = inputs else {
            return Err(Error::setting(
                "inputs",
                "numbers",
                "tokens (Inputs::Tokens)",
            ));
        };
        if x.ncols() != self.context {
            let field = "tokens of an example";
            return Err(Error::setting(field, x.ncols(), self.context.to_string()));
        }
        match x.iter().find(|t| **t as usize >= self.vocabulary) {
            None => Ok(()),
            Some(t) => {
                let allowed = format!("below the vocabulary, {}", self.vocabulary);
                Err(Error::setting("token", t, allowed))
            }
        }
    }
}

/// One block of a [`TransformerModule`].
#[derive(Module, Debug)]
struct Block {
    before_attention: LayerNorm,
    query: Affine,
    key_value: Affine,
    merge: Affine,
    before_hidden: LayerNorm,
    hidden: Affine,
    back: Affine,
}

/// A [`Transformer`] as a burn module.
#[derive(Module, Debug)]
pub struct TransformerModule {
    tokens: Param<Tensor<2>>,
    places: Param<Tensor<2>>,
    blocks: Vec<Block>,
    norm: LayerNorm,
    last: Affine,
    #[module(skip)]
    heads: usize,
    #[module(skip)]
    activation: Activation,
}

impl Block {
    /// The states of the last `kept` places.
    fn forward(
        &self,
        h: Tensor<3>,
        kept: usize,
        heads: usize,
        activation: Activation,
    ) -> Tensor<3> {
        let [n, places, width] = h.dims();
        let own = width / heads;
        let split = |x: Tensor<3>| {
            let places = x.dims()[1];
            x.reshape([n, places, heads, own]).swap_dims(1, 2)
        };
        let normed = self.before_attention.forward(h.clone());
        let last = |x: Tensor<3>| x.narrow(1, places - kept, kept);
        let query = split(self.query.forward(last(normed.clone())));
        let mut both = self.key_value.forward(normed).chunk(2, 2).into_iter();
        let (Some(key), Some(value)) = (both.next(), both.next()) else {
            return h;
        };
        let scale = 1.0 / (own as f64).sqrt();
        let mut scores = query.matmul(split(key).swap_dims(2, 3)).mul_scalar(scale);
        if kept > 1 {
            scores = scores.clone() + future(kept, places, &scores.device());
        }
        let attended = softmax(scores, 3).matmul(split(value));
        let attended = attended.swap_dims(1, 2).reshape([n, kept, width]);
        let h = last(h) + self.merge.forward(attended);
        let hidden = self.hidden.forward(self.before_hidden.forward(h.clone()));
        h + self.back.forward(activation.forward(hidden))
    }
}

/// −∞ where a place would see one after it, else 0.
fn future(kept: usize, places: usize, device: &Device) -> Tensor<4> {
    let mut mask = vec![0.0f32; kept * places];
    for (i, row) in mask.chunks_exact_mut(places).enumerate() {
        row[places - kept + i + 1..].fill(f32::NEG_INFINITY);
    }
    Tensor::from_data(TensorData::new(mask, [1, 1, kept, places]), device)
}

impl NetworkModule for TransformerModule {
    fn features(&self, inputs: &Inputs<f32>, device: &Device) -> Tensor<2> {
        let tokens = inputs.device_tokens(device);
        let [n, places] = tokens.dims();
        let mut h = embedding(self.tokens.val(), tokens) + self.places.val().unsqueeze();
        for (l, block) in self.blocks.iter().enumerate() {
            // What the last block makes of earlier places is read by nobody.
            let kept = if l + 1 == self.blocks.len() {
                1
            } else {
                places
            };
            h = block.forward(h, kept, self.heads, self.activation);
        }
        let width = h.dims()[2];
        self.norm.forward(h.reshape([n, width]))
    }

    fn readout(&self, features: Tensor<2>) -> Tensor<2> {
        self.last.forward(features)
    }

    fn last_layer(&self) -> (Tensor<2>, Option<Tensor<1>>) {
        (self.last.weight.val(), Some(self.last.bias.val()))
    }
}
