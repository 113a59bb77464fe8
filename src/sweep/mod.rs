//! Sweeps: an experiment over a grid of settings and seeds, on this machine's cores or on Slurm.
//!
//! A sweep is a folder with a plan. Each row of the plan, one grid point with one seed, has its result in a folder of its
//! own under `tables`, laid out as `scurve run` does it; it counts when its side file is there and the recorded hashes agree.
//! Everything else follows: rows may be computed by anybody, in any order, twice, or by a process that is killed, and nothing
//! has to be locked. No clock of any machine is looked at.
//!
//! ```no_run
//! use scurve::prelude::*;
//! use scurve::sweep::Sweep;
//! let sweep = Sweep::new(RankOne::preset(Scale::Check)).grid("n", [10, 20, 40]).seeds(0..8);
//! let done = sweep.run()?;
//! let table: Table = done.table("summary")?;
//! # Ok::<(), Error>(())
//! ```
//!
//! On the command line: `scurve sweep plan`, `run`, `work`, `status`, `resume`, `cancel`, `merge`, `clean`.

mod builder;
mod clean;
mod inner;
mod local;
mod memory;
mod merge;
mod plan;
mod report;
mod runner;
mod seeds;
pub mod slurm;
mod status;
mod threads;
mod work;

pub use builder::{Sweep, Swept};
pub use clean::{Cleaned, clean, remove};
pub use local::{Local, Ran, feed};
pub use merge::{Merged, ROWS, merge};
pub use plan::{Axis, Plan, Planned, Row};
pub use report::heat_map;
pub use runner::cancel;
pub use seeds::Seeds;
pub use slurm::Slurm;
pub use status::Status;
pub use threads::{cores, settle};
pub use work::{Ended, Share, Tally, work};
