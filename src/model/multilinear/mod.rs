//! The multilinear model of skills, the linear model beside it, and their extensions (thesis, chapters 4 and 5, App. B and C.2).
//!
//! Both models have the skill functions g_k of the multitask sparse parity problem as their basis, so that skills do not disturb each other: all that
//! is asked of them is a sum over skills of one function of 𝒫(k) × resource. [`DecoupledSkills`] evaluates that sum for any number of skills, infinitely many among them,
//! with a bounded error; a sum cut off at some n_s bends the power laws. [`DecoupledSkills::descend`] is the same by gradient descent.
//!
//! [`Extended`] adds what a network lacks: time, examples and neurons to find each g_k (Eq. 5.1–5.9). [`MultiShot`] is one skill of Eq. 5.3, with its gradient flow and
//! where that ends.

mod descent;
mod extended;
mod jet;
mod multi_shot;
mod response;
mod scaling;
mod skills;
mod sum;

pub use descent::LossCurve;
pub use extended::{Extended, ShotForm};
pub use multi_shot::{MultiShot, ShotLimit, ShotPath};
pub use scaling::{Bottleneck, Optimum};
pub use skills::{DecoupledSkills, SkillGrowth};
pub use sum::Bounded;
