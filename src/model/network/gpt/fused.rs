//! A GPT by LibTorch's fused kernels: attention without its matrix of scores, layer normalisation, GELU, cross-entropy.

use super::super::layer::Affine;
use super::super::taped::{Argument, node};
use super::{Block, GptModule};
use crate::task::tokens::Blocks;
use burn::nn::LayerNorm;
use burn::tensor::{Device, Tensor};
use tch::Kind;

/// ε of layer normalisations, burn's and PyTorch's default.
const EPSILON: f64 = 1e-5;

impl GptModule {
    pub(super) fn fused_states(&self, blocks: &Blocks, _: &Device) -> Option<Tensor<3>> {
        let (n, places) = (blocks.len() as i64, blocks.block() as i64);
        let tokens = ints(blocks.inputs());
        let tables = vec![self.tokens.val().into(), self.places.val().into()];
        let h = node::<3>(tables, |leaves| {
            let tokens = tokens.to_device(leaves[0].device()).view([n, places]);
            let vectors = tch::Tensor::embedding(&leaves[0], &tokens, -1, false, false);
            vectors + leaves[1].narrow(0, 0, places)
        })?;
        let through = |h, block: &Block| block.fused(h, self.heads as i64);
        self.blocks.iter().try_fold(h, through)
    }

    pub(super) fn fused_losses(&self, blocks: &Blocks, device: &Device) -> Option<Tensor<1>> {
        let h = self.fused_states(blocks, device)?;
        let targets = ints(blocks.targets());
        let [_, _, width] = h.dims();
        let mut all: Vec<Argument> = vec![h.into()];
        all.extend(parameters(&self.norm)?);
        all.push(self.table().into());
        node::<1>(all, |x| {
            let h = normalised(&x[0], &x[1], &x[2]).view([-1, width as i64]);
            let targets = targets.to_device(h.device());
            let none = None::<&tch::Tensor>;
            h.matmul(&x[3].tr())
                .cross_entropy_loss(&targets, none, tch::Reduction::None, -100, 0.0)
        })
    }
}

impl Block {
    fn fused(&self, h: Tensor<3>, heads: i64) -> Option<Tensor<3>> {
        let [n, places, width] = h.dims().map(|d| d as i64);
        let mut all: Vec<Argument> = vec![h.into()];
        all.extend(parameters(&self.before_attention)?);
        for affine in [&self.query_key_value, &self.merge, &self.hidden, &self.back] {
            let Affine { weight, bias } = affine;
            all.extend([weight.val().into(), bias.val().into()]);
        }
        all.extend(parameters(&self.before_hidden)?);
        node::<3>(all, |x| {
            // Rows are places of all blocks: a product and its bias are one operation then.
            let h = x[0].view([-1, width]);
            let affine = |h: &tch::Tensor, i: usize| x[i + 1].addmm(h, &x[i]);
            let all = affine(&normalised(&h, &x[1], &x[2]), 3);
            let parts = all.view([n, places, 3 * width]).split(width, 2);
            let split = |i: usize| {
                parts[i]
                    .view([n, places, heads, width / heads])
                    .transpose(1, 2)
            };
            let none = None::<&tch::Tensor>;
            let attended = tch::Tensor::scaled_dot_product_attention(
                &split(0),
                &split(1),
                &split(2),
                none,
                0.0,
                true,
                None,
                false,
            );
            let attended = attended.transpose(1, 2).reshape([-1, width]);
            let h = h + affine(&attended, 5);
            let hidden = affine(&normalised(&h, &x[11], &x[12]), 7).gelu("none");
            (h + affine(&hidden, 9)).view([n, places, width])
        })
    }
}

/// √Σx² by one operation.
pub(super) fn norm(x: &Tensor<1>) -> Option<Tensor<1>> {
    node::<1>(vec![x.clone().into()], |x| x[0].norm().view([1]))
}

fn normalised(h: &tch::Tensor, scale: &tch::Tensor, shift: &tch::Tensor) -> tch::Tensor {
    h.layer_norm(scale.size(), Some(scale), Some(shift), EPSILON, true)
}

/// Scale and shift.
fn parameters(norm: &LayerNorm) -> Option<[Argument; 2]> {
    Some([norm.gamma.val().into(), norm.beta.as_ref()?.val().into()])
}

fn ints(tokens: impl Iterator<Item = u16>) -> tch::Tensor {
    let tokens: Vec<i64> = tokens.map(i64::from).collect();
    tch::Tensor::from_slice(&tokens).to_kind(Kind::Int64)
}
