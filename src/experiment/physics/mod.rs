//! *Physics of Skill Learning*, figure by figure.

mod collapse;
mod common_factor;
mod dependent_skills;
mod domino_effect;
mod domino_quanta;
mod draw;
mod geometry_against_resource;
mod hard_skills;
mod learning_times;
mod modular_scaling;
mod modular_time;
mod power_law_skills;
mod quadratic_loss;
mod rows;
mod scaling_laws;
mod skill_optimizers;
mod two_tasks;
mod underparametrised;
mod waste_control;

pub use collapse::Collapse;
pub use dependent_skills::DependentSkills;
pub use domino_effect::DominoEffect;
pub use domino_quanta::DominoQuanta;
pub use geometry_against_resource::GeometryAgainstResource;
pub use hard_skills::HardSkills;
pub use learning_times::LearningTimes;
pub use modular_scaling::ModularScaling;
pub use modular_time::ModularTime;
pub use power_law_skills::PowerLawSkills;
pub use quadratic_loss::QuadraticLoss;
pub use rows::RowChange;
pub use scaling_laws::ScalingLaws;
pub use skill_optimizers::SkillOptimizers;
pub use two_tasks::TwoTasks;
pub use underparametrised::Underparametrised;
pub use waste_control::WasteControl;
