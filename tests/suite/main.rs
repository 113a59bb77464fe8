//! One integration-test binary: each one would link burn, LibTorch and polars again.

mod cli;
mod experiment;
mod factor;
mod head;
mod optimizer;
mod readme;
mod scurves;
