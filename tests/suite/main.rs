//! One integration-test binary: each one would link burn, LibTorch and polars again.

mod factor;
mod optimizer;
