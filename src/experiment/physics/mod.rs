//! *Physics of Skill Learning*, figure by figure.

mod collapse;
mod dependent_skills;
mod domino_quanta;
mod draw;
mod eq_03;
mod fig_06;
mod fig_07;
mod fig_21;
mod hard_skills;
mod modular_scaling;
mod modular_time;
mod power_law_skills;
mod quadratic_loss;
mod rows;
mod scaling_laws;
mod skill_optimizers;
mod two_tasks;
mod underparametrised;

pub use dependent_skills::DependentSkills;
pub use domino_quanta::DominoQuanta;
pub use eq_03::LearningTimes;
pub use fig_06::WasteControl;
pub use fig_07::GeometryAgainstResource;
pub use fig_21::Collapse;
pub use hard_skills::HardSkills;
pub use modular_scaling::ModularScaling;
pub use modular_time::ModularTime;
pub use power_law_skills::PowerLawSkills;
pub use quadratic_loss::QuadraticLoss;
pub use rows::RowChange;
pub use scaling_laws::ScalingLaws;
pub use skill_optimizers::SkillOptimizers;
pub use two_tasks::TwoTasks;
pub use underparametrised::Underparametrised;
