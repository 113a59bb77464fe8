//! *Inductive Bias from Layerwise Structure and Backpropagation in Neural Networks*, figure by figure.

mod any_start;
mod compute_scaling;
mod correlated_features;
mod delayed_modes;
mod exponents;
mod extended_emergence;
mod few_samples;
mod finite_skills;
mod greedy_dynamics;
mod hermite_basis;
mod known_spectra;
mod lazy_rich;
mod linear_flow;
mod linear_skills;
mod numbers;
mod resource_scaling;
mod skill_sigmoids;
mod stage_training;

pub use any_start::AnyStart;
pub use compute_scaling::ComputeScaling;
pub use correlated_features::CorrelatedFeatures;
pub use delayed_modes::DelayedModes;
pub use extended_emergence::ExtendedMultilinear;
pub use few_samples::FewSamples;
pub use finite_skills::FiniteSkills;
pub use greedy_dynamics::GreedyDynamics;
pub use hermite_basis::HermiteBasis;
pub use known_spectra::KnownSpectra;
pub use lazy_rich::LazyRich;
pub use linear_flow::LinearFlow;
pub use linear_skills::LinearAgainstMultilinear;
pub use resource_scaling::ResourceScaling;
pub use skill_sigmoids::SkillSigmoids;
pub use stage_training::StageTraining;
