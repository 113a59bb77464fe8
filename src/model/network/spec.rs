//! What a multilayer perceptron looks like, before it has numbers.

use super::{Activation, Init};
use crate::error::{Error, Result};
use crate::seed::Seed;
use serde::{Deserialize, Serialize};

/// A multilayer perceptron: f(x) = s_out · (W_L h_{L−1} + b_L), h_l = φ(W_l h_{l−1} + b_l), h_0 = s_in · x.
///
/// $h_{L-1}$ are its *features*: the inputs of the last layer. Weights are stored inputs × outputs, one layer after the other, each followed by its biases.
///
/// ```
/// use scurve::model::network::{Activation, Init, Mlp};
/// use scurve::seed::Seed;
/// let net = Mlp::new([37, 1000, 1]).with_init(Init::Normal { std: 0.01 });
/// assert_eq!(net.len(), 37 * 1000 + 1000 + 1000 + 1);
/// let grokking = Mlp::new([256, 100, 100, 59]).with_activation(Activation::Silu).with_embedding(59, 128);
/// assert_eq!(grokking.len(), 59 * 128 + 256 * 100 + 100 + 100 * 100 + 100 + 100 * 59 + 59);
/// assert_eq!(grokking.init(Seed(0))?.len(), grokking.len());
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mlp {
    /// Numbers of inputs, of the units of each hidden layer, and of outputs.
    pub widths: Vec<usize>,
    /// φ of every hidden layer.
    #[serde(default)]
    pub activation: Activation,
    /// The law of the initial parameters.
    #[serde(default)]
    pub init: Init,
    /// Whether layers have biases.
    #[serde(default = "yes")]
    pub bias: bool,
    /// s_in.
    #[serde(default = "one")]
    pub input_scale: f64,
    /// s_out.
    #[serde(default = "one")]
    pub output_scale: f64,
    /// Parts that do not see each other: weights between unit i of n and unit j of m exist where ⌊i · modules / n⌋ = ⌊j · modules / m⌋. 1: one net.
    #[serde(default = "unit")]
    pub modules: usize,
    /// Trained vectors for tokens, of which an input is made.
    #[serde(default)]
    pub embedding: Option<Embedding>,
}

/// A table of trained vectors: an input is the vectors of its tokens, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedding {
    /// Different tokens.
    pub vocabulary: usize,
    /// Length of a vector.
    pub dimension: usize,
}

fn yes() -> bool {
    true
}
fn one() -> f64 {
    1.0
}
fn unit() -> usize {
    1
}

impl Mlp {
    /// Layers of these widths with biases, ReLU and PyTorch's default initialisation.
    pub fn new(widths: impl Into<Vec<usize>>) -> Self {
        Self {
            widths: widths.into(),
            activation: Activation::Relu,
            init: Init::Torch,
            bias: true,
            input_scale: 1.0,
            output_scale: 1.0,
            modules: 1,
            embedding: None,
        }
    }

    /// With another nonlinearity.
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// With another law of the initial parameters.
    pub fn with_init(self, init: Init) -> Self {
        Self { init, ..self }
    }

    /// With or without biases.
    pub fn with_bias(self, bias: bool) -> Self {
        Self { bias, ..self }
    }

    /// With inputs times `s`.
    pub fn with_input_scale(self, s: f64) -> Self {
        Self {
            input_scale: s,
            ..self
        }
    }

    /// With outputs times `s`.
    pub fn with_output_scale(self, s: f64) -> Self {
        Self {
            output_scale: s,
            ..self
        }
    }

    /// In `modules` parts that do not see each other.
    pub fn with_modules(self, modules: usize) -> Self {
        Self { modules, ..self }
    }

    /// On tokens: `vocabulary` trained vectors of length `dimension`, N(0, 1) at first.
    pub fn with_embedding(self, vocabulary: usize, dimension: usize) -> Self {
        Self {
            embedding: Some(Embedding {
                vocabulary,
                dimension,
            }),
            ..self
        }
    }

    /// Refuses what cannot be built, naming the field.
    pub fn validate(&self) -> Result<()> {
        let at_least_one = "a whole number ≥ 1";
        if self.widths.len() < 2 {
            return Err(Error::setting(
                "widths",
                format!("{:?}", self.widths),
                "at least two numbers: inputs, hidden layers, outputs",
            ));
        }
        for (i, width) in self.widths.iter().enumerate() {
            if *width == 0 {
                return Err(Error::setting(format!("widths[{i}]"), width, at_least_one));
            }
            if self.modules == 0 || width % self.modules != 0 {
                return Err(Error::setting(
                    "modules",
                    self.modules,
                    format!("≥ 1 and a divisor of every width; widths[{i}] = {width}"),
                ));
            }
        }
        for (name, scale) in [
            ("input_scale", self.input_scale),
            ("output_scale", self.output_scale),
        ] {
            if !scale.is_finite() {
                return Err(Error::setting(name, scale, "a finite number"));
            }
        }
        self.init.validate()?;
        if let Some(embedding) = self.embedding {
            if embedding.vocabulary == 0 {
                return Err(Error::setting("embedding.vocabulary", 0, at_least_one));
            }
            if embedding.dimension == 0 || !self.widths[0].is_multiple_of(embedding.dimension) {
                return Err(Error::setting(
                    "embedding.dimension",
                    embedding.dimension,
                    format!("a divisor of widths[0] = {}", self.widths[0]),
                ));
            }
        }
        Ok(())
    }

    /// Number of layers with weights, L.
    pub fn layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// Inputs of the first layer.
    pub fn inputs(&self) -> usize {
        self.widths[0]
    }

    /// Outputs.
    pub fn outputs(&self) -> usize {
        self.widths[self.layers()]
    }

    /// Features: inputs of the last layer.
    pub fn features(&self) -> usize {
        self.widths[self.layers() - 1]
    }

    /// Tokens of an input; 0 without an embedding.
    pub fn tokens(&self) -> usize {
        self.embedding.map_or(0, |e| self.widths[0] / e.dimension)
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.slots().last().map_or(0, |slot| slot.end())
    }

    /// Never: there is at least one layer.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Where each parameter lies in the flat list, in order.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut start = 0;
        let mut push = |name: String, rows: usize, columns: usize| {
            slots.push(Slot {
                name,
                start,
                rows,
                columns,
            });
            start += rows * columns;
        };
        if let Some(e) = self.embedding {
            push("embedding".into(), e.vocabulary, e.dimension);
        }
        for (l, pair) in self.widths.windows(2).enumerate() {
            push(format!("layers.{l}.weight"), pair[0], pair[1]);
            if self.bias {
                push(format!("layers.{l}.bias"), 1, pair[1]);
            }
        }
        slots
    }

    /// The initial parameters from the stream `init` of the seed, as one flat list.
    ///
    /// They are drawn in f64 in PyTorch's order (a layer's weights output by output, then its biases) and are the same for f32, rounded.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn init(&self, seed: Seed) -> Result<Vec<f64>> {
        self.validate()?;
        let mut rng = seed.stream("init");
        let mut params = vec![0.0; self.len()];
        for slot in self.slots() {
            let place = &mut params[slot.start..slot.end()];
            if slot.is_embedding() {
                Init::Normal { std: 1.0 }.fill(place, 1, false, &mut rng);
            } else if slot.is_bias() {
                let fan_in = self.widths[slot.layer()];
                self.init.fill(place, fan_in, true, &mut rng);
            } else {
                let mut drawn = vec![0.0; slot.rows * slot.columns];
                self.init.fill(&mut drawn, slot.rows, false, &mut rng);
                for i in 0..slot.rows {
                    for o in 0..slot.columns {
                        place[i * slot.columns + o] = drawn[o * slot.rows + i];
                    }
                }
            }
        }
        if let Some(mask) = self.mask() {
            params.iter_mut().zip(mask).for_each(|(p, kept)| {
                if !kept {
                    *p = 0.0;
                }
            });
        }
        Ok(params)
    }

    /// Which parameters exist, when modules leave some out.
    pub(crate) fn mask(&self) -> Option<Vec<bool>> {
        if self.modules <= 1 {
            return None;
        }
        let mut mask = vec![true; self.len()];
        for slot in self.slots().iter().filter(|s| s.is_weight()) {
            for i in 0..slot.rows {
                for o in 0..slot.columns {
                    mask[slot.start + i * slot.columns + o] =
                        i * self.modules / slot.rows == o * self.modules / slot.columns;
                }
            }
        }
        Some(mask)
    }
}

/// The place of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slot {
    pub name: String,
    pub start: usize,
    pub rows: usize,
    pub columns: usize,
}

impl Slot {
    pub fn end(&self) -> usize {
        self.start + self.rows * self.columns
    }
    pub fn is_embedding(&self) -> bool {
        self.name == "embedding"
    }
    pub fn is_bias(&self) -> bool {
        self.name.ends_with("bias")
    }
    pub fn is_weight(&self) -> bool {
        self.name.ends_with("weight")
    }
    /// Which layer, from 0.
    fn layer(&self) -> usize {
        let number = self.name.split('.').nth(1);
        number.and_then(|n| n.parse().ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_the_variance_of_their_law_and_modules_are_apart() {
        let net = Mlp::new([200, 300, 10]);
        let params = net.init(Seed(1)).unwrap();
        let slots = net.slots();
        // U(±1/√fan_in) has variance 1/(3 fan_in)
        for (slot, fan_in) in slots.iter().zip([200.0, 200.0, 300.0, 300.0]) {
            let values = &params[slot.start..slot.end()];
            let bound: f64 = 1.0 / f64::sqrt(fan_in);
            assert!(values.iter().all(|v| v.abs() <= bound));
            let variance = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
            let error = 1.0 / f64::sqrt(values.len() as f64);
            assert!(
                (variance * 3.0 * fan_in - 1.0).abs() < 4.0 * error,
                "{}",
                slot.name
            );
        }
        let net = Mlp::new([2, 4, 2]).with_modules(2);
        let params = net.init(Seed(0)).unwrap();
        let kept: Vec<bool> = params[..8].iter().map(|p| *p != 0.0).collect();
        assert_eq!(kept, [true, true, false, false, false, false, true, true]);
    }

    #[test]
    fn what_cannot_be_built_is_refused_by_name() {
        let refused = |net: Mlp, part: &str| {
            let message = net.init(Seed(0)).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(Mlp::new([3]), "widths = [3]");
        refused(Mlp::new([3, 0, 1]), "widths[1] = 0");
        refused(Mlp::new([2, 3, 2]).with_modules(2), "modules = 2");
        refused(Mlp::new([2, 2]).with_modules(0), "modules = 0");
        refused(Mlp::new([2, 2]).with_output_scale(f64::NAN), "output_scale");
        refused(
            Mlp::new([5, 2]).with_embedding(3, 2),
            "embedding.dimension = 2",
        );
        refused(
            Mlp::new([4, 2]).with_embedding(0, 2),
            "embedding.vocabulary",
        );
        refused(
            Mlp::new([4, 2]).with_init(Init::Normal { std: -1.0 }),
            "init.std = -1",
        );
    }
}
