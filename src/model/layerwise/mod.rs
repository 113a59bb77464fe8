//! Layerwise linear models: linear in their input, products in their parameters, and solved exactly (thesis, chapters 3 and 6, appendix A).
//!
//! | model | f | equations | here |
//! |---|---|---|---|
//! | linear | $\sum_i x_i\theta_i$ | 3.7, 3.10 | [`LinearModes`] |
//! | diagonal linear network | $\sum_i x_i a_i b_i$ | 3.6, 3.9, 3.12 | [`DiagonalNet`] |
//! | linear network | $x^T W_1 W_2$ | 3.15, A.21–A.40 | [`DeepLinear`] |
//! | scalar linear network | $\frac{x}{Z}\sum_i a_i b_i$ | 6.1–6.14 | [`ScalarNet`] |
//!
//! One function of time solves them all: [`Growth`], the γ(t) of Theorem 1. A mode of a diagonal network is a scalar network of width 1, and a singular mode of a
//! linear network one of width p, as long as the modes do not meet.
//!
//! Each model has a closed form (`exact`, `decoupled`), an adaptive solution of its equations (`flow`) and gradient descent (`descend`), with the same record of a run, so
//! that each checks the others. Time is step × learning rate throughout.
//!
//! [`SharedParity`] is the example of App. C.4, three ReLUs with shared weights: no longer linear in its input, but a sum of modes whose equations are known (C.15–C.18).

mod deep;
mod deep_trajectory;
mod diagonal;
mod growth;
mod layers;
mod modes;
mod scalar;
mod scalar_trajectory;
mod shared;
mod slope;
mod sums;

pub use deep::DeepLinear;
pub use deep_trajectory::DeepTrajectory;
pub use diagonal::DiagonalNet;
pub use growth::Growth;
pub use layers::Layers;
pub use modes::{LinearModes, ModeTrajectory};
pub use scalar::ScalarNet;
pub use scalar_trajectory::ScalarTrajectory;
pub use shared::SharedParity;
