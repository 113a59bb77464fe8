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
//! let sweep = Sweep::new::<RankOne>(Scale::Check).grid("n", [10, 20, 40]).seeds(0..8);
//! let done = sweep.run()?;
//! let table: Table = done.table("summary")?;
//! # Ok::<(), Error>(())
//! ```
//!
//! On the command line: `scurve sweep plan`, `run`, `work`, `status`, `resume`, `cancel`, `merge`, `clean`.

mod cell;
mod clean;
mod inner;
mod local;
mod memory;
mod merge;
mod plan;
mod report;
mod runner;
mod seeds;
mod slurm;
mod status;
mod threads;
mod work;

pub use cell::{Sweep, Swept};
pub use clean::{Cleaned, clean, remove};
pub use local::{Local, Ran, feed};
pub use merge::{Merged, merge};
pub use plan::{Axis, Plan, Planned, Row};
pub use report::heat;
pub use seeds::Seeds;
pub use slurm::{Slurm, SlurmStatus, Submitted};
pub use status::Status;
pub use threads::{cores, exec_with_threads};
pub use work::{Ended, Share, Tally, work};

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The program that is running: `scurve`, when it is asked from the command line.
///
/// # Errors
/// The system does not say.
pub fn program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|e| Error::io("scurve".as_ref(), e))
}

/// Stops the local runners of this host and the Slurm jobs of a plan's folder; says what was stopped and what could not be.
///
/// # Errors
/// Slurm's complaint; a record that is not what was written.
pub fn cancel(folder: &Path) -> Result<Vec<String>> {
    let (asked, elsewhere) = runner::cancel(folder)?;
    let mut said = Vec::new();
    if asked > 0 {
        said.push(format!("{asked} local runners were asked to stop"));
    }
    for name in elsewhere {
        said.push(format!("{name} runs on another machine: cancel it there"));
    }
    said.extend(slurm::cancel(folder)?);
    if said.is_empty() {
        said.push("nobody runs this plan".into());
    }
    Ok(said)
}
