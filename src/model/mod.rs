//! Models: exact ones in f64 whose dynamics are known in closed form or solved to rounding, and trained networks.

pub mod factor;
pub mod layerwise;
pub mod linear;
pub mod multilinear;
pub mod network;
pub mod quadratic;
pub mod skill;
