//! *Inductive Bias from Layerwise Structure and Backpropagation in Neural Networks*, figure by figure.

mod any_start;
mod compute_scaling;
mod delayed_modes;
mod exponents;
mod extended_emergence;
mod finite_skills;
mod greedy_dynamics;
mod lazy_rich;
mod linear_skills;
mod numbers;
mod resource_scaling;
mod skill_sigmoids;
mod stage_training;

pub use any_start::AnyStart;
pub use compute_scaling::ComputeScaling;
pub use delayed_modes::DelayedModes;
pub use extended_emergence::ExtendedMultilinear;
pub use finite_skills::FiniteSkills;
pub use greedy_dynamics::GreedyDynamics;
pub use lazy_rich::LazyRich;
pub use linear_skills::LinearAgainstMultilinear;
pub use resource_scaling::ResourceScaling;
pub use skill_sigmoids::SkillSigmoids;
pub use stage_training::StageTraining;
