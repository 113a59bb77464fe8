//! Skills that compete for a model's parameters: the Geometry, Resource and Domino models of *Physics of Skill Learning*
//! (Liu, Liu, Michaud, Gore and Tegmark, 2025), and the Quanta model that they are compared with.

mod aligned;
mod averaged;
mod batch;
mod correlated;
mod descent;
mod domino;
mod engine;
mod geometry;
mod graph;
mod loss;
mod resource;
mod rows;
mod second;
mod trajectory;
mod vectors;

pub use averaged::AveragedSign;
pub use correlated::CorrelatedResource;
pub use descent::SkillDescent;
pub use domino::{Domino, Quanta, modularity};
pub use geometry::Geometry;
pub use graph::{
    CustomGate, DependentResource, Gate, GateForm, Gating, GraphBuilder, SkillGraph, Switch,
};
pub use loss::{GradientForm, SkillLoss};
pub use resource::{
    Bound, Euler, LearningTime, Norm, Recorded, Resource, ResourceTrajectory, WasteFit,
    effective_rate,
};
pub use trajectory::{Alignment, SkillTrajectory};
pub use vectors::TaskVectors;
