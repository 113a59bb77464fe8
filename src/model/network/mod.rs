//! Networks that are trained: multilayer perceptrons, convolutional networks, transformers.
//!
//! | what | type |
//! |---|---|
//! | the architecture: widths, φ, scales, modules, embedding | [`Mlp`] |
//! | training on the host, in f32 or f64, with a backward pass written by hand | [`MlpTrainer`] |
//! | the same network as a burn module, many seeds at once, on any device | [`MlpModule`] |
//! | examples, and which of them a step sees | [`Examples`], [`Batches`] |

mod activation;
mod batch;
mod data;
mod fused;
mod init;
mod loss;
mod module;
mod spec;
mod trainer;

pub use activation::Activation;
#[doc(hidden)]
pub use activation::ActivationReal;
pub use batch::Batches;
pub use data::{Examples, Inputs, Targets};
pub use init::Init;
pub use loss::Loss;
pub use module::{DeviceReal, MlpModule, numbers, tensor};
pub use spec::{Embedding, Mlp};
pub use trainer::{Curve, Evaluation, MlpTrainer};
