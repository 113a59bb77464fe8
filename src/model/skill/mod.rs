//! Skills that compete for a model's parameters: the Geometry, Resource and Domino models of *Physics of Skill Learning*
//! (Liu, Liu, Michaud, Gore and Tegmark, 2025), and the Quanta model that they are compared with.

mod resource;

pub use resource::{
    Euler, LearningTime, Norm, Recorded, Resource, ResourceTrajectory, effective_rate,
};
