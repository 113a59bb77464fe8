//! *Multi-Component Learning and S-Curves* and the comments below it, section by section.

mod cross_entropy;
mod curves;
mod rank_one;
mod weight_decay;

pub use cross_entropy::CrossEntropy;
pub use rank_one::RankOne;
pub use weight_decay::WeightDecay;
