//! Tasks: what is to be learned.

mod frequency;
pub mod image;
mod modular;
mod parity;
mod skill_law;
mod squares;
mod step;
pub mod tokens;

pub use frequency::Frequencies;
pub use modular::{ModularOperation, ModularTable};
pub use parity::{BitLaw, ParityBatch, SparseParity, Subsets};
pub(crate) use skill_law::BERNOULLI;
pub use skill_law::{SkillCounts, SkillLaw};
pub use squares::{SquareForm, SquareSample, Squares};
pub use step::HeavisideStep;
