//! How neural networks learn: models, tasks, optimizers and metrics.
#![warn(missing_docs)]
pub mod claim;
pub mod device;
pub mod display;
pub mod error;
pub mod figure;
pub mod linalg;
pub mod metric;
pub mod model;
pub mod optimizer;
pub mod seed;
pub mod stats;
pub mod table;
pub mod trace;

// For notebook cells, which see no other crate: their types are named and their functions called through this one.
pub use {burn, ndarray, polars};
