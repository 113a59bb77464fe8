//! Functions of LibTorch tensors as single operations of burn's graph, differentiated by LibTorch itself.
//!
//! burn 0.22 takes the gradient of a convolution by two further convolutions, and normalises a batch by a dozen elementary operations that each read and write all of it.
//! LibTorch has a fused kernel for each, forward and backward, but its bindings name no `convolution_backward` and no `native_batch_norm_backward`. So the function runs on leaves of
//! LibTorch's own graph; burn's graph holds that graph as one node, and the backward pass asks it for the gradients.

// burn 0.22 deprecates burn-tch and ships it; the version is pinned.
#![allow(deprecated)]

use super::architecture::Statistics;
use super::layer::BatchNorm;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::libtorch::TchTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, LibTorch};
use burn::tensor::Tensor;

/// A tensor on burn's graph.
type Node = FloatTensor<Autodiff<LibTorch>>;

/// What the backward pass asks.
#[derive(Clone, Debug)]
struct Tape {
    /// The function's value, on LibTorch's graph.
    output: TchTensor,
    /// Its arguments there; those without gradient are `None`.
    leaves: Vec<Option<TchTensor>>,
    /// Handles that burn knows of: while they live, it does not overwrite the memory that the graph reads.
    _shared: Vec<TchTensor>,
}

#[derive(Debug)]
struct Taped;

impl<const N: usize> Backward<LibTorch, N> for Taped {
    type State = Tape;

    fn backward(self, ops: Ops<Tape, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let above = grads.consume::<LibTorch>(&ops.node);
        let tape = ops.state;
        let wanted: Vec<_> = ops
            .parents
            .iter()
            .zip(&tape.leaves)
            .filter_map(|(node, leaf)| Some((node.as_ref()?, &leaf.as_ref()?.tensor)))
            .collect();
        if wanted.is_empty() {
            return;
        }
        // LibTorch's bindings start from a number: that of ⟨output, above⟩ has `above` as its gradient by the output.
        let flat = |x: &tch::Tensor| x.reshape([-1]);
        let start = flat(&tape.output.tensor).dot(&flat(&above.tensor));
        let leaves: Vec<&tch::Tensor> = wanted.iter().map(|(_, leaf)| *leaf).collect();
        let found = tch::Tensor::run_backward(&[start], &leaves, false, false);
        for ((node, _), gradient) in wanted.iter().zip(found) {
            grads.register::<LibTorch>(node.id, TchTensor::new(gradient));
        }
    }
}

/// f of a batch of images and of parameters as one operation of burn's graph, and what its normalisations have seen. `None` where the tensors do not live on LibTorch with autodiff, or
/// for more parameters than 16.
pub(super) fn taped(
    images: Tensor<4>,
    parameters: Vec<Parameter>,
    f: impl FnOnce(&tch::Tensor, &[tch::Tensor], &mut Seen) -> tch::Tensor,
) -> Option<(Tensor<4>, Statistics)> {
    let images = images.try_into_primitive::<Autodiff<LibTorch>>().ok()?;
    let parameters = parameters.into_iter().map(|p| match p {
        Parameter::Kernel(x) => x.try_into_primitive::<Autodiff<LibTorch>>(),
        Parameter::Channels(x) => x.try_into_primitive::<Autodiff<LibTorch>>(),
    });
    let inputs = std::iter::once(Ok(images)).chain(parameters);
    let inputs: Vec<Node> = inputs.collect::<Result<_, _>>().ok()?;
    let mut seen = Seen(Vec::new());
    let output = on_graph(inputs, |leaves| f(&leaves[0], &leaves[1..], &mut seen))?;
    Some((Tensor::from_primitive::<Autodiff<LibTorch>>(output), seen.0))
}

/// f of tensors of any rank as one operation of burn's graph; without autodiff, its value alone. `None` where the tensors do not live on LibTorch, or for more of them than 17.
pub(super) fn node<const D: usize>(
    inputs: Vec<Argument>,
    f: impl FnOnce(&[tch::Tensor]) -> tch::Tensor,
) -> Option<Tensor<D>> {
    if inputs.iter().all(|x| matches!(x, Argument::Plain(_))) {
        let plain = inputs.iter().map(|x| match x {
            Argument::Plain(x) => Some(x.tensor.shallow_clone()),
            _ => None,
        });
        let leaves: Vec<tch::Tensor> = plain.collect::<Option<_>>()?;
        let value = tch::no_grad(|| f(&leaves));
        return Some(Tensor::from_primitive::<LibTorch>(TchTensor::new(value)));
    }
    let nodes = inputs.into_iter().map(|x| match x {
        Argument::Node(x) => Some(x),
        _ => None,
    });
    let output = on_graph(nodes.collect::<Option<_>>()?, f)?;
    Some(Tensor::from_primitive::<Autodiff<LibTorch>>(output))
}

/// A tensor as LibTorch has it.
pub(super) enum Argument {
    /// On burn's graph.
    Node(Node),
    /// Without autodiff.
    Plain(TchTensor),
    /// Of another backend.
    Other,
}

impl<const D: usize> From<Tensor<D>> for Argument {
    fn from(x: Tensor<D>) -> Self {
        match x.clone().try_into_primitive::<Autodiff<LibTorch>>() {
            Ok(node) => Self::Node(node),
            Err(_) => match x.try_into_primitive::<LibTorch>() {
                Ok(plain) => Self::Plain(plain),
                Err(_) => Self::Other,
            },
        }
    }
}

fn on_graph(inputs: Vec<Node>, f: impl FnOnce(&[tch::Tensor]) -> tch::Tensor) -> Option<Node> {
    // An operation of burn's graph has a number of parents that is known to the compiler.
    macro_rules! of {
        ($($n:literal)+) => {
            match inputs.len() {
                $($n => of_parents::<$n>(inputs.try_into().ok()?, f),)+
                _ => return None,
            }
        };
    }
    Some(of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17))
}

fn of_parents<const N: usize>(
    inputs: [Node; N],
    f: impl FnOnce(&[tch::Tensor]) -> tch::Tensor,
) -> Node {
    let tracked = inputs.each_ref().map(Node::is_tracked);
    let mut shared: Vec<TchTensor> = inputs.iter().map(|x| x.primitive().clone()).collect();
    let nodes = inputs.each_ref().map(Node::node);
    drop(inputs);
    let leaves: [tch::Tensor; N] =
        std::array::from_fn(|i| shared[i].tensor.detach().set_requires_grad(tracked[i]));
    let output = f(&leaves);
    let plain = TchTensor::new(output.detach());
    let prepared = Taped.prepare::<NoCheckpointing>(nodes).compute_bound();
    match prepared.stateful() {
        OpsKind::UnTracked(prep) => prep.finish(plain),
        OpsKind::Tracked(prep) => {
            shared.push(plain.clone());
            let leaves = leaves.into_iter().zip(tracked);
            let tape = Tape {
                output: TchTensor::new(output),
                leaves: leaves
                    .map(|(x, tracked)| tracked.then(|| TchTensor::new(x)))
                    .collect(),
                _shared: shared,
            };
            prep.finish(tape, plain)
        }
    }
}

/// A parameter of a convolution, or of a normalisation.
pub(super) enum Parameter {
    Kernel(Tensor<4>),
    Channels(Tensor<1>),
}

/// What the normalisations of a function have seen, one after the other.
pub(super) struct Seen(Statistics);

impl Seen {
    /// Batch normalisation of h by its own mean and variance, then times `scale` plus `shift`.
    pub fn normalised(
        &mut self,
        h: &tch::Tensor,
        scale: &tch::Tensor,
        shift: &tch::Tensor,
    ) -> tch::Tensor {
        let none = None::<&tch::Tensor>;
        let epsilon = BatchNorm::EPSILON;
        let (normalised, mean, inverse) =
            h.native_batch_norm(Some(scale), Some(shift), none, none, true, 0.0, epsilon);
        let plain = |x: tch::Tensor| {
            let x = Tensor::<1>::from_primitive::<LibTorch>(TchTensor::new(x.detach()));
            Tensor::from_inner(x)
        };
        let count = h.numel() as f64 / mean.numel() as f64;
        let variance = plain(inverse)
            .powi_scalar(-2)
            .sub_scalar(epsilon)
            .clamp_min(0.0);
        let unbiased = variance.mul_scalar(count / (count - 1.0).max(1.0));
        self.0.push((plain(mean), unbiased));
        normalised
    }
}

/// The maximum over 2 × 2.
pub(super) fn halved(h: &tch::Tensor) -> tch::Tensor {
    h.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false)
}
