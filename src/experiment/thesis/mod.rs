//! *Inductive Bias from Layerwise Structure and Backpropagation in Neural Networks*, figure by figure.

mod any_start;
mod delayed_modes;
mod greedy_dynamics;
mod lazy_rich;
mod numbers;
mod stage_training;

pub use any_start::AnyStart;
pub use delayed_modes::DelayedModes;
pub use greedy_dynamics::GreedyDynamics;
pub use lazy_rich::LazyRich;
pub use stage_training::StageTraining;
