//! *Multi-Component Learning and S-Curves* and the comments below it, section by section.

mod adam;
mod attention_head;
mod cross_entropy;
mod measure;
mod rank;
mod rank_one;
mod rank_two_bumps;
mod single_component;
mod tuning;
mod weight_decay;

pub use adam::AdamComparison;
pub use attention_head::AttentionHead;
pub use cross_entropy::CrossEntropy;
pub use rank::Rank;
pub use rank_one::RankOne;
pub use rank_two_bumps::RankTwoBumps;
pub use single_component::OneComponent;
pub use weight_decay::WeightDecay;
