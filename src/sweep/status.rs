//! What of a plan is there.

use super::plan::Planned;
use super::work::mixed;
use crate::error::{Error, Result};
use crate::experiment::{Conditions, RowState};
use crate::seed::Seed;
use rayon::prelude::*;

/// All rows of a plan by their state. Every table of every row was read and its hash computed.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Rows of the plan.
    pub rows: u64,
    /// Rows with a result, those that diverged with them.
    pub done: u64,
    /// Rows whose run diverged.
    pub diverged: u64,
    /// Rows whose last attempt failed, with its message.
    pub failed: Vec<(u64, String)>,
    /// Rows with a file that is not what was written.
    pub corrupt: Vec<(u64, String)>,
    /// Rows made under other conditions than the plan's.
    pub mixed: Vec<(u64, Option<Conditions>)>,
    /// All rows without a result, ascending.
    pub missing: Vec<u64>,
    /// Seconds of each row with a result.
    pub seconds: Vec<f64>,
}

impl Status {
    /// Looks at all rows.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn of(planned: &Planned) -> Result<Self> {
        let plan = planned.plan();
        let tables = planned.tables();
        let seeds = plan.seeds.len();
        let parts: Vec<Self> = (0..plan.points())
            .into_par_iter()
            .map(|p| {
                let point = planned.point(p)?;
                let mut part = Self::default();
                let there = point.folder(&tables).is_dir();
                for (row, seed) in (p * seeds..).zip(plan.seeds.iter()) {
                    let state = match there {
                        true => point.shard(&tables, Seed(seed)).state()?,
                        false => RowState::Missing,
                    };
                    part.add(row, state, &plan.conditions);
                }
                Ok(part)
            })
            .collect::<Result<_>>()?;
        let mut all = Self {
            rows: plan.rows(),
            ..Self::default()
        };
        for part in parts {
            all.done += part.done;
            all.diverged += part.diverged;
            all.failed.extend(part.failed);
            all.corrupt.extend(part.corrupt);
            all.mixed.extend(part.mixed);
            all.missing.extend(part.missing);
            all.seconds.extend(part.seconds);
        }
        Ok(all)
    }

    fn add(&mut self, row: u64, state: RowState, plan: &Conditions) {
        match state {
            RowState::Done {
                seconds,
                diverged,
                conditions,
            } => {
                if conditions.as_ref() != Some(plan) {
                    self.mixed.push((row, conditions));
                    return;
                }
                self.done += 1;
                self.diverged += u64::from(diverged.is_some());
                self.seconds.push(seconds);
                return;
            }
            RowState::Failed(why) => self.failed.push((row, why)),
            RowState::Corrupt(why) => self.corrupt.push((row, why)),
            RowState::Missing => {}
        }
        self.missing.push(row);
    }

    /// Does every row have a result?
    pub fn complete(&self) -> bool {
        self.done == self.rows
    }

    pub(super) fn refuse_mixed(&self, planned: &Planned) -> Result<()> {
        match self.mixed.first() {
            Some((row, conditions)) => Err(mixed(*row, conditions.as_ref(), planned)),
            None => Ok(()),
        }
    }

    /// An error that says which rows are missing and why, when some are.
    pub fn refuse_incomplete(&self, planned: &Planned) -> Result<()> {
        self.refuse_mixed(planned)?;
        if self.complete() {
            return Ok(());
        }
        let mut text = format!("{} of {} rows are missing", self.missing.len(), self.rows);
        if let Some((row, why)) = self.failed.first() {
            text += &format!("; {} failed, row {row} with: {why}", self.failed.len());
        }
        if let Some((row, why)) = self.corrupt.first() {
            text += &format!("; {} corrupt, row {row}: {why}", self.corrupt.len());
        }
        Err(Error::Sweep(format!(
            "{text}; compute them with `scurve sweep resume {}`",
            planned.folder().display()
        )))
    }

    /// The k-th of a hundred parts of the seconds of a row; `None` when no row is done.
    pub fn percentile(&self, k: usize) -> Option<f64> {
        percentile(&self.seconds, k)
    }
}

pub(super) fn percentile(seconds: &[f64], k: usize) -> Option<f64> {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(last * k.min(100) + 50) / 100])
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        writeln!(
            f,
            "{} of {} rows done, {} of them diverged",
            self.done, self.rows, self.diverged
        )?;
        if let (Some(median), Some(p90)) = (self.percentile(50), self.percentile(90)) {
            writeln!(
                f,
                "a row takes {} (median), {} (nine of ten take less)",
                seconds(median),
                seconds(p90)
            )?;
        }
        for (what, list) in [("failed", &self.failed), ("corrupt", &self.corrupt)] {
            if !list.is_empty() {
                writeln!(f, "{} {what}:", list.len())?;
            }
            for (row, why) in list.iter().take(5) {
                writeln!(f, "  row {row}: {why}")?;
            }
            if list.len() > 5 {
                writeln!(f, "  and {} more", list.len() - 5)?;
            }
        }
        if let Some((row, conditions)) = self.mixed.first() {
            let by = conditions
                .as_ref()
                .map_or("`scurve run`".into(), ToString::to_string);
            writeln!(
                f,
                "{} computed under other conditions: row {row} by {by}",
                self.mixed.len()
            )?;
        }
        Ok(())
    }
}

/// A time for reading: `3.2 ms`, `1.5 s`, `12 min`, `3.1 h`.
pub(super) fn seconds(s: f64) -> String {
    let number = |x: f64| crate::display::significant(x, 3);
    match s {
        s if s < 1.0 => format!("{} ms", number(s * 1e3)),
        s if s < 120.0 => format!("{} s", number(s)),
        s if s < 7200.0 => format!("{} min", number(s / 60.0)),
        s => format!("{} h", number(s / 3600.0)),
    }
}
