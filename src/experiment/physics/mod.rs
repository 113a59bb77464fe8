//! *Physics of Skill Learning*, figure by figure.

mod quadratic_loss;

pub use quadratic_loss::QuadraticLoss;
