//! Skills that compete for a model's parameters: the Geometry, Resource and Domino models of *Physics of Skill Learning*
//! (Liu, Liu, Michaud, Gore and Tegmark, 2025), and the Quanta model that they are compared with.
//!
//! # Time of the Geometry model
//!
//! One step of one configuration with batches, on one thread, beside PyTorch 2.9 in eager mode, which gathers the batch as the public code does
//! (`benches/geometry.rs`; one run on two cores of an AMD EPYC with AVX-512 that were not idle):
//!
//! | | scurve, µs | PyTorch f64, µs | ratio | PyTorch f32, µs | ratio |
//! |---|---|---|---|---|---|
//! | Fig. 4, 2 tasks × 1000, B = 128, SGD | 0.38 | 778 | 2066 | 598 | 1586 |
//! | the same, SignGD | 0.63 | 755 | 1205 | 584 | 932 |
//! | the same, Adam | 1.32 | 745 | 566 | 521 | 395 |
//! | Fig. 5, 10 tasks × 1000, B = 128, SignGD | 2.12 | 825 | 389 | 723 | 341 |
//! | Fig. 10, 1000 × 1000, B = 1024, cross-entropy, α = 1 | 69.8 | 6381 | 91 | 3340 | 48 |
//! | the same, α = 0.5 | 112 | 5166 | 46 | 2871 | 26 |
//! | eight of α = 0.5 … 2 on the same vectors, each | 56.4 | 3415 | 61 | 2378 | 42 |
//!
//! A task that the batch holds costs one row of T: 8 n_dim bytes and 4 n_dim operations, a product and a sum; the others cost nothing. Of 1000 tasks,
//! a batch of 1024 holds 339 at α = 1 and 572 at α = 0.5. At 1000 × 1000 the rows come from the third-level cache: 39 to 41 of the 76 GB/s
//! at which one core sums 8 MB, and 18 to 20 of the 83 Gflop/s of a core, for each number read is used for four operations. Two rows
//! in the first-level cache make 33 Gflop/s. Drawing a batch of 1024 takes 2.5 µs, of 128 among two tasks 0.01 µs.
//!
//! Measured growth over two decades, the slope of the logarithms: 1.0 in n_task with the exact gradient (10 … 1000), 0.5 with B = 1024, whose batches then lack
//! ever more tasks; 0.6 in n_dim (20 … 2000, with the draw of the batch as the constant part, and the rows leaving the caches at the end); 0.8 in steps (100 … 10,000, of
//! 10 tasks, after the preparation of the run).

mod aligned;
mod averaged;
mod batch;
mod correlated;
mod descent;
mod domino;
mod engine;
mod geometry;
mod graph;
mod loss;
mod resource;
mod rows;
mod second;
mod trajectory;
mod vectors;

pub use averaged::AveragedSign;
pub use correlated::CorrelatedResource;
pub use descent::SkillDescent;
pub use domino::{Domino, Quanta, modularity};
pub use geometry::Geometry;
pub use graph::{
    CustomGate, DependentResource, Gate, GateForm, Gating, GraphBuilder, SkillGraph, Switch,
};
pub use loss::{GradientForm, SkillLoss};
pub use resource::{
    Bound, Euler, LearningTime, Norm, Recorded, Resource, ResourceTrajectory, WasteFit,
    effective_rate,
};
pub use trajectory::{Alignment, SkillTrajectory};
pub use vectors::TaskVectors;
