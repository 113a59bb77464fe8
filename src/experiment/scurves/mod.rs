//! *Multi-Component Learning and S-Curves* and the comments below it, section by section.

mod rank_one;

pub use rank_one::RankOne;
