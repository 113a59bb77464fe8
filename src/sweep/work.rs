//! The one part that every engine runs: computing rows, each into its own shard, whoever else may be at it.
//!
//! A row that is there is not computed again. Two workers at the same row write the same bytes, each under names of its
//! own that are then renamed; whoever is last changes nothing but the recorded seconds.

use super::plan::Planned;
use super::threads;
use crate::error::{Error, Result};
use crate::experiment::{Point, Progress, RowState};
use crate::table::write_whole;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// When so many rows fail and none succeeds, something is wrong with all of them.
pub(super) const HOPELESS: u64 = 20;

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Computed.
    Done,
    /// Computed, and it left the finite numbers: a result.
    Diverged,
    /// It was there.
    Kept,
    /// It failed; the message is recorded.
    Failed,
}

impl Ended {
    pub(super) const ALL: [Self; 4] = [Self::Done, Self::Diverged, Self::Kept, Self::Failed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Diverged => "diverged",
            Self::Kept => "kept",
            Self::Failed => "failed",
        }
    }
}

/// How many rows ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Computed.
    pub done: u64,
    /// Computed and diverged.
    pub diverged: u64,
    /// There before, or computed by another worker in the meantime.
    pub kept: u64,
    /// Failed.
    pub failed: u64,
}

impl Tally {
    pub(super) fn add(&mut self, ended: Ended) {
        *match ended {
            Ended::Done => &mut self.done,
            Ended::Diverged => &mut self.diverged,
            Ended::Kept => &mut self.kept,
            Ended::Failed => &mut self.failed,
        } += 1;
    }

    /// All rows that were looked at.
    pub fn total(&self) -> u64 {
        self.done + self.diverged + self.kept + self.failed
    }

    pub(super) fn hopeless(&self) -> bool {
        self.failed >= HOPELESS && self.failed == self.total()
    }
}

/// Shard `index` of `of`: the rows index, index + of, index + 2 of …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// From 0.
    pub index: u64,
    /// Number of shards.
    pub of: u64,
}

impl std::str::FromStr for Share {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = text
            .split_once('/')
            .and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parsed {
            Some((index, of)) if index < of => Ok(Self { index, of }),
            _ => Err(Error::setting(
                "--shard",
                text,
                "i/n with 0 ≤ i < n, for example 0/4, 1/4, 2/4, 3/4",
            )),
        }
    }
}

/// Computes rows of one plan, one after the other.
pub(super) struct Worker<'a> {
    planned: &'a Planned,
    tables: PathBuf,
    point: Option<(u64, Box<dyn Point>)>,
    quiet: Progress,
}

impl<'a> Worker<'a> {
    pub(super) fn new(planned: &'a Planned) -> Self {
        Self {
            planned,
            tables: planned.tables(),
            point: None,
            quiet: Progress::silent(),
        }
    }

    /// Computes a row when it is not there.
    ///
    /// # Errors
    /// What concerns all rows: a stop by the user, a full disk, rows made under other conditions. A row's own failure
    /// is recorded in its folder.
    pub(super) fn row(&mut self, index: u64) -> Result<Ended> {
        let plan = self.planned.plan();
        let row = plan.row(index)?;
        if self.point.as_ref().is_none_or(|(p, _)| *p != row.point) {
            let point = self.planned.point(row.point)?;
            let file = point.folder(&self.tables).join("settings.toml");
            if !file.exists() {
                write_whole(&file, point.settings()?.as_bytes(), false)?;
            }
            self.point = Some((row.point, point));
        }
        let Some((_, point)) = &self.point else {
            return Ok(Ended::Failed);
        };
        let shard = point.shard(&self.tables, row.seed);
        let failed_before = match shard.state()? {
            RowState::Done { conditions, .. } if conditions.as_ref() == Some(&plan.conditions) => {
                return Ok(Ended::Kept);
            }
            RowState::Done { conditions, .. } => {
                return Err(mixed(index, conditions.as_ref(), self.planned));
            }
            RowState::Corrupt(why) => {
                eprintln!("row {index}: {why}; computed again");
                shard.forget()?;
                false
            }
            RowState::Missing => false,
            RowState::Failed(_) => true,
        };
        let _threads = threads::hold(plan.conditions.threads);
        let compute = || point.compute(&shard, row.seed, &plan.conditions, &self.quiet);
        let message = match catch_unwind(AssertUnwindSafe(compute)) {
            Ok(Ok(diverged)) => {
                if failed_before {
                    shard.forget_failure();
                }
                return Ok(if diverged {
                    Ended::Diverged
                } else {
                    Ended::Done
                });
            }
            Ok(Err(
                e @ (Error::Interrupted { .. }
                | Error::Io { .. }
                | Error::Missing { .. }
                | Error::Device { .. }),
            )) => {
                return Err(e);
            }
            Ok(Err(e)) => e.to_string(),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                format!("panicked: {}", text.unwrap_or("without a message"))
            }
        };
        eprintln!(
            "row {index} ({}, seed {}): {message}",
            plan.named(row.point),
            row.seed.0
        );
        shard.record_failure(&message)?;
        Ok(Ended::Failed)
    }
}

/// Rows that were made under other conditions than the plan's are neither kept nor overwritten.
pub(super) fn mixed(
    index: u64,
    found: Option<&crate::experiment::Conditions>,
    planned: &Planned,
) -> Error {
    let found = found.map_or(
        "`scurve run`, which records no conditions".into(),
        ToString::to_string,
    );
    Error::Sweep(format!(
        "row {index} was computed by {found}, and the plan is of {}; take such rows away with `scurve sweep clean {} --mixed`",
        planned.plan().conditions,
        planned.folder().display()
    ))
}

/// Computes the missing rows of a share. One thread of control; the plan says how many threads a row may use.
///
/// # Errors
/// What concerns all rows, or, when all is done, that some rows failed.
pub fn work(planned: &Planned, share: Share) -> Result<Tally> {
    let rows = planned.plan().rows();
    let mine = rows.saturating_sub(share.index).div_ceil(share.of);
    let progress = Progress::of(
        format!("shard {}/{}", share.index, share.of),
        mine as usize,
        "rows",
    );
    let mut worker = Worker::new(planned);
    let mut tally = Tally::default();
    for index in (share.index..rows).step_by(share.of as usize) {
        progress.check()?;
        tally.add(worker.row(index)?);
        if tally.hopeless() {
            return Err(hopeless(&tally));
        }
        progress.tick();
    }
    Ok(tally)
}

pub(super) fn hopeless(tally: &Tally) -> Error {
    Error::Sweep(format!(
        "stopped: the first {} rows all failed, and their messages are above; `scurve sweep resume DIR` tries them again",
        tally.failed
    ))
}
