//! Optimizers: known answers, laws that all rules share, gradient flow.

mod flow;
mod matrices;
mod rules;
mod tensors;
mod traces;
