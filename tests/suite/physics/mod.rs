//! The experiments of *Physics of Skill Learning*, a file for each group: that they run at `check`, name a bad setting, and
//! give known answers.

mod geometry_figures;
mod hard_tokens;
mod inverse;
mod learning_times;
mod multitask_parity;
mod networks;
mod quadratic_loss;
mod resource_models;
mod scaling_laws;
mod skill_optimizers;
mod waste;
