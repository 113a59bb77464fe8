//! Functions of LibTorch tensors as single operations of burn's graph, differentiated by LibTorch itself.
//!
//! burn 0.22 takes the gradient of a convolution by two further convolutions, and normalises a batch by a dozen elementary operations that each read and write all of it.
//! LibTorch has a fused kernel for each, forward and backward, but its bindings name no `convolution_backward` and no `native_batch_norm_backward`. So the function runs on leaves of
//! LibTorch's own graph; burn's graph holds that graph as one node, and the backward pass asks it for the gradients.

// burn 0.22 deprecates burn-tch and ships it; the version is pinned.
#![allow(deprecated)]

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

/// f as one operation of burn's graph; what else it gives is passed on without a gradient.
fn taped<const N: usize>(
    inputs: [Node; N],
    f: impl FnOnce([&tch::Tensor; N]) -> (tch::Tensor, Vec<tch::Tensor>),
) -> (Node, Vec<tch::Tensor>) {
    let tracked = inputs.each_ref().map(Node::is_tracked);
    let mut shared: Vec<TchTensor> = inputs.iter().map(|x| x.primitive().clone()).collect();
    let nodes = inputs.each_ref().map(Node::node);
    drop(inputs);
    let leaves: [tch::Tensor; N] =
        std::array::from_fn(|i| shared[i].tensor.detach().set_requires_grad(tracked[i]));
    let (output, others) = f(leaves.each_ref());
    let others = others.iter().map(tch::Tensor::detach).collect();
    let plain = TchTensor::new(output.detach());
    let prepared = Taped.prepare::<NoCheckpointing>(nodes).compute_bound();
    let output = match prepared.stateful() {
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
    };
    (output, others)
}

/// Mean and unbiased variance of each channel in a batch.
pub(super) type Moments = (Tensor<1>, Tensor<1>);

/// Convolution of a batch by K, n × channels × height × width, padded so that the image keeps its size; then `shift` alone, or batch normalisation with `scale` and `shift`; then the
/// maximum over 2 × 2. `None` where the tensors do not live on LibTorch with autodiff.
pub(super) fn block(
    h: Tensor<4>,
    kernel: Tensor<4>,
    scale: Option<Tensor<1>>,
    shift: Tensor<1>,
    epsilon: f64,
) -> Option<(Tensor<4>, Option<Moments>)> {
    let [_, _, side, _] = kernel.dims();
    let [n, _, height, width] = h.dims();
    let pad = (side / 2) as i64;
    let convolved = move |h: &tch::Tensor, kernel: &tch::Tensor, shift: Option<&tch::Tensor>| {
        h.conv2d(kernel, shift, [1, 1], [pad, pad], [1, 1], 1)
    };
    let halved = |h: tch::Tensor| h.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
    let Some(scale) = scale else {
        let (h, _) = taped(
            [on_libtorch(h)?, on_libtorch(kernel)?, on_libtorch(shift)?],
            |[h, k, b]| (halved(convolved(h, k, Some(b))), Vec::new()),
        );
        return Some((Tensor::from_primitive::<Autodiff<LibTorch>>(h), None));
    };
    let inputs = [
        on_libtorch(h)?,
        on_libtorch(kernel)?,
        on_libtorch(scale)?,
        on_libtorch(shift)?,
    ];
    let (h, mut seen) = taped(inputs, |[h, k, scale, shift]| {
        let none = None::<&tch::Tensor>;
        let (h, mean, inverse) = convolved(h, k, none).native_batch_norm(
            Some(scale),
            Some(shift),
            none,
            none,
            true,
            0.0,
            epsilon,
        );
        (halved(h), vec![mean, inverse])
    });
    let count = (n * height * width) as f64;
    let inverse = plain(seen.pop()?);
    let variance = inverse.powi_scalar(-2).sub_scalar(epsilon).clamp_min(0.0);
    let moments = (
        plain(seen.pop()?),
        variance.mul_scalar(count / (count - 1.0).max(1.0)),
    );
    Some((
        Tensor::from_primitive::<Autodiff<LibTorch>>(h),
        Some(moments),
    ))
}

fn on_libtorch<const D: usize>(x: Tensor<D>) -> Option<Node> {
    x.try_into_primitive::<Autodiff<LibTorch>>().ok()
}

/// Without a gradient, on the device with autodiff.
fn plain(x: tch::Tensor) -> Tensor<1> {
    Tensor::from_inner(Tensor::from_primitive::<LibTorch>(TchTensor::new(x)))
}
