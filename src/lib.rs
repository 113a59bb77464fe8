//! How neural networks learn: models, tasks, optimizers and metrics for people who study plateaus, sudden drops and
//! features, made to be used from notebooks.
//!
//! | module | holds |
//! |---|---|
//! | [`task`] | what is to be learned: how often each skill is needed, sparse parities, modular arithmetic, a step, images |
//! | [`model`] | rank-r matrix factors, attention heads, skills that compete and skills that do not: exact f64 models with hand-written gradients; multilayer perceptrons |
//! | [`optimizer`] | update rules, each written once for numbers and for tensors; gradient flow |
//! | [`metric`] | plateau, transition, tail and bumps of learning curves |
//! | [`experiment`] | settings, runs, figures and claims of the documents; where results lie on disk |
//! | [`sweep`] | an experiment over a grid of settings and seeds: on this machine's cores or on Slurm |
//! | [`claim`], [`stats`] | statements, measurements with intervals, verdicts |
//! | [`table`], [`figure`], [`display`] | polars tables, plots, and how a notebook cell shows them |
//! | [`train`] | training of burn modules |
//! | [`device`], [`seed`], [`trace`], [`linalg`], [`error`] | the ground floor |
//!
//! Start with [`prelude`].
#![warn(missing_docs)]

pub mod claim;
pub mod device;
pub mod display;
pub mod error;
pub mod experiment;
pub mod figure;
pub mod ledger;
pub mod linalg;
pub mod metric;
pub mod model;
pub mod optimizer;
pub mod prelude;
pub mod seed;
mod simd;
pub mod stats;
pub mod sweep;
pub mod table;
pub mod task;
pub mod trace;
pub mod train;

// For notebook cells, which see no other crate: their types are named and their functions called through this one.
pub use {burn, ndarray, polars, rand, rand_chacha};
