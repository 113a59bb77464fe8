//! Tasks: what is to be learned.

mod frequency;
mod parity;
mod skill_law;

pub use frequency::Frequencies;
pub use parity::{BitLaw, ParityBatch, SparseParity, Subsets};
pub(crate) use skill_law::BERNOULLI;
pub use skill_law::{SkillCounts, SkillLaw};
