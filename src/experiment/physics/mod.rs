//! *Physics of Skill Learning*, figure by figure.

mod eq_03;
mod quadratic_loss;
mod scaling_laws;

pub use eq_03::LearningTimes;
pub use quadratic_loss::QuadraticLoss;
pub use scaling_laws::ScalingLaws;
