//! Tasks: what is to be learned.

mod frequency;

pub use frequency::Frequencies;
