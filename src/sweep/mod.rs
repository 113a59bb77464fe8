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
use crate::experiment::project_root;
use std::path::{Path, PathBuf};

/// The `scurve` program for worker processes and batch jobs, for who is not it: that which `SCURVE_PROGRAM` names, else this
/// process's own when it is called `scurve`, else the one that is built in the project, else the first on the `PATH`.
///
/// # Errors
/// When there is none.
pub fn program() -> Result<PathBuf> {
    let named = std::env::var_os("SCURVE_PROGRAM").filter(|p| !p.is_empty());
    let named = named.map(PathBuf::from);
    let own = std::env::current_exe()
        .ok()
        .filter(|p| p.file_stem().is_some_and(|n| n == "scurve"));
    let built = project_root().and_then(|root| {
        let text = std::fs::read_to_string(root.join(".cargo/local.toml")).unwrap_or_default();
        let config: toml::Table = toml::from_str(&text).unwrap_or_default();
        let target = config
            .get("build")
            .and_then(|b| b.get("target-dir")?.as_str());
        let target = target.map_or_else(|| root.join("target"), PathBuf::from);
        Some(target.join("release/scurve")).filter(|p| p.is_file())
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        let mut each = std::env::split_paths(&path).map(|dir| dir.join("scurve"));
        each.find(|p| p.is_file())
    };
    named
        .or(own)
        .or(built)
        .or_else(on_path)
        .ok_or_else(|| Error::Missing {
            what: "the program scurve".into(),
            looked: "this process, the project's build folder and the PATH".into(),
            ways: "Build it with `make setup`, or name it by SCURVE_PROGRAM".into(),
        })
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
