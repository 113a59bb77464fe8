//! One integration-test binary: each one would link burn, LibTorch and polars again.

mod cli;
mod common;
mod domino;
mod experiment;
mod factor;
mod feature;
mod feature_map;
mod geometry;
mod graph;
mod head;
mod image;
mod linear;
mod network;
mod optimizer;
mod physics;
mod readme;
mod resource;
mod scaling;
mod scurves;
mod thesis;
mod train;
mod waste;
