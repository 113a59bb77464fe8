//! Measures of runs and of representations: each with its formula, its source, and a test on data whose answer is known.

pub mod curve;
pub mod eigenfunction;
pub mod feature;
pub mod inverse;
pub mod kernel_alignment;
pub mod minimum_projection;
pub mod neural_collapse;
pub mod representation;
pub mod scaling;
