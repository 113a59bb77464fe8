//! Networks that are trained: multilayer perceptrons, convolutional networks, transformers.
//!
//! | what | type |
//! |---|---|
//! | the architecture: widths, φ, scales, modules, embedding | [`Mlp`] |
//! | training on the host, in f32 or f64, with a backward pass written by hand | [`MlpTrainer`] |
//! | the same network as a burn module, many seeds at once, on any device | [`MlpModule`] |
//! | convolutional networks, a transformer | [`Cnn`], [`ResNet`], [`Vgg`], [`Transformer`] |
//! | training any of them on any device, by autodiff | [`ModuleTrainer`] |
//! | a decoder that predicts text, and its training | [`Gpt`], [`GptTrainer`] |
//! | examples, and which of them a step sees | [`Examples`], [`Batches`] |
//!
//! # Time and memory
//!
//! A step (forward, backward, optimizer) beside PyTorch 2.9 doing the same, both on two threads of one machine in one run of `cargo bench --bench network`; the machine multiplies
//! matrices at 180 Gflop/s in f64 and 340 in f32.
//!
//! | network | step | share of the machine | PyTorch | ratio |
//! |---|---|---|---|---|
//! | parities (Fig. 2 of *Physics*): 32-50-2, 10,000 strings, f64 | 1.38 ms | 28 % | 4.38 ms | 3.2 |
//! | multitask parity (Fig. 11): 600-300-2, 500 one-hot controls, batch 20,000, f32 | 19.1 ms | 38 % | 115 ms | 6.0 |
//! | emergence (thesis, Fig. 5.1): 37-1000-1, batch 4000, f32 | 4.58 ms | 34 % | 12.4 ms | 2.7 |
//! | grokking (Fig. 13): 59 tokens, 256-100-100-59, 2785 pairs, f64 | 4.45 ms | 33 % | 18.9 ms | 4.2 |
//! | squares (Fig. 19): 2-100-100-2, 1000 samples, f64, one seed of eight side by side | .97 ms | 36 % | 2.10 ms | 2.2 |
//! | MNIST network of two convolutions, batch 128, f32, LibTorch | 58.5 ms | 27 % | 59.5 ms | 1.02 |
//! | the same with batch normalisation | 66.7 ms | 24 % | 83.3 ms | 1.25 |
//! | ResNet18 on 3 × 32 × 32 images, batch 128, f32, LibTorch | 2.82 s | 45 % | 2.79 s | .99 |
//! | GPT on bytes, 4 layers of width 128, 16 blocks of 128, f32, LibTorch | 94.3 ms | 34 % | 106 ms | 1.13 |
//! | GPT-2 small, one block of 512, f32, LibTorch | 2.97 s | 39 % | 2.93 s | .99 |
//!
//! [`MlpTrainer`] keeps the activations of a chunk, half a MB, and not those of the batch: beyond the examples it holds parameters, what the optimizer remembers, and of each of
//! at most four groups of examples a gradient and a chunk. A [`ModuleTrainer`] holds the activations of a batch, as PyTorch does; after a fused block of convolution, normalisation
//! and maximum those are its input and three intermediate images. A process that trains ResNet18 on grey images of 32 × 32 and measures its features holds 1.1 GB at most at batch 64, 1.4 GB
//! at batch 128, 1.8 GB at batch 256.

mod activation;
mod architecture;
mod batch;
mod checkpoint;
mod cnn;
mod data;
mod fused;
mod gpt;
mod gpt_trainer;
mod init;
mod layer;
mod learner;
mod loss;
mod module;
mod module_trainer;
mod parity;
mod resnet;
mod spec;
#[cfg(feature = "libtorch")]
mod taped;
mod trainer;
mod transformer;
mod vgg;

pub use activation::Activation;
#[doc(hidden)]
pub use activation::ActivationReal;
pub use architecture::{Architecture, NetworkModule, Statistics};
pub use batch::Batches;
pub(crate) use batch::epoch_batch;
pub use cnn::{Cnn, CnnModule};
pub use data::{Examples, Inputs, Targets};
pub use gpt::{Gpt, GptModule};
pub use gpt_trainer::{GptTrainer, GptTraining, TokenWeight};
pub use init::Init;
pub use learner::{Curve, Evaluation};
pub use loss::Loss;
pub use module::{DeviceReal, MlpModule, numbers, tensor};
pub use module_trainer::ModuleTrainer;
pub use resnet::{ResNet, ResNetModule};
pub use spec::{Embedding, Mlp};
pub use trainer::MlpTrainer;
pub use transformer::{Transformer, TransformerModule};
pub use vgg::{Vgg, VggModule};
