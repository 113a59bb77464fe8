//! Matrices learned as products of factors: the models of *Multi-Component Learning and S-Curves* and its comments.
//!
//! | symbol | here |
//! |---|---|
//! | target factors a, b (n × r) and A = a bᵀ | [`Factors`], in a [`MatrixTask`] |
//! | learned factors ã, b̃ | [`Factors`], from [`Init`] |
//! | L = ½‖A − Ã‖²_F, the comments' ‖A − Ã‖²_F, cross-entropy of flattened logits | [`Objective`] |
//! | weight decay λ | [`MatrixTask::with_weight_decay`] |
//! | gradient descent and other optimizers, t = step × learning rate | [`MatrixTask::run`] with a [`Descent`] |
//! | gradient flow | [`MatrixTask::flow`] |
//! | attention head H = (AB) ⊗ (CD), and m parts in place of two | [`Kronecker`] |
//! | a single component, L = ½Σ(a − ã)² | [`SingleComponent`] |
//! | what a run leaves: losses, norms, cosines, angles | [`Trajectory`] |
//!
//! Everything is f64 with exact gradients. A step of rank 1 at n = 100 takes a few hundredths of a microsecond, so two hundred seeds take
//! seconds.

mod component;
mod cross_entropy;
mod descent;
mod factors;
mod head_kernel;
mod head_trajectory;
mod init;
mod kernel;
mod kronecker;
pub(crate) mod product;
mod rank_one;
mod recorder;
mod residual;
mod task;
mod trajectory;

pub use component::{ComponentTrajectory, Output, SingleComponent};
pub use descent::{Descent, Record};
pub use factors::Factors;
pub use head_trajectory::HeadTrajectory;
pub use init::Init;
pub use kronecker::{Kronecker, Link};
pub use task::{MatrixTask, Objective, Reduced, Softmax};
pub use trajectory::{Side, Trajectory};
