//! Networks that are trained: multilayer perceptrons, convolutional networks, transformers.
//!
//! | what | type |
//! |---|---|
//! | the architecture: widths, φ, scales, modules, embedding | [`Mlp`] |
//! | training on the host, in f32 or f64, with a backward pass written by hand | [`MlpTrainer`] |
//! | the same network as a burn module, many seeds at once, on any device | [`MlpModule`] |
//! | a convolutional network, a transformer | [`Cnn`], [`Transformer`] |
//! | training any of them on any device, by autodiff | [`ModuleTrainer`] |
//! | examples, and which of them a step sees | [`Examples`], [`Batches`] |

mod activation;
mod architecture;
mod batch;
mod checkpoint;
mod cnn;
mod data;
mod fused;
mod init;
mod layer;
mod learner;
mod loss;
mod module;
mod module_trainer;
mod parity;
mod spec;
#[cfg(feature = "libtorch")]
mod taped;
mod trainer;
mod transformer;

pub use activation::Activation;
#[doc(hidden)]
pub use activation::ActivationReal;
pub use architecture::{Architecture, NetworkModule, Statistics};
pub use batch::Batches;
pub use cnn::{Cnn, CnnModule};
pub use data::{Examples, Inputs, Targets};
pub use init::Init;
pub use learner::{Curve, Evaluation};
pub use loss::Loss;
pub use module::{DeviceReal, MlpModule, numbers, tensor};
pub use module_trainer::ModuleTrainer;
pub use spec::{Embedding, Mlp};
pub use trainer::MlpTrainer;
pub use transformer::{Transformer, TransformerModule};
