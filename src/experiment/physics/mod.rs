//! *Physics of Skill Learning*, figure by figure.

mod collapse;
mod dependent_skills;
mod domino_quanta;
mod draw;
mod eq_03;
mod fig_06;
mod fig_07;
mod fig_21;
mod modular_time;
mod quadratic_loss;
mod rows;
mod scaling_laws;

pub use dependent_skills::DependentSkills;
pub use domino_quanta::DominoQuanta;
pub use eq_03::LearningTimes;
pub use fig_06::WasteControl;
pub use fig_07::GeometryAgainstResource;
pub use fig_21::Collapse;
pub use modular_time::ModularTime;
pub use quadratic_loss::QuadraticLoss;
pub use rows::RowChange;
pub use scaling_laws::ScalingLaws;
