//! *Physics of Skill Learning*, figure by figure.

mod quadratic_loss;
mod scaling_laws;

pub use quadratic_loss::QuadraticLoss;
pub use scaling_laws::ScalingLaws;
