//! What Slurm says of the jobs, and what their logs say.

use super::{Submitted, ask, submissions, words};
use crate::error::{Error, Result};
use crate::sweep::Planned;
use crate::sweep::status::{Status, seconds};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The largest array that the cluster takes; `None` when it does not say.
pub(super) fn max_array_size() -> Option<u64> {
    let said = ask("scontrol", &words(["show", "config"])).ok()?;
    let line = said.lines().find_map(|l| l.strip_prefix("MaxArraySize"))?;
    line.trim_start_matches([' ', '=']).trim().parse().ok()
}

/// Tasks of a job by number with state and reason; a job that Slurm has forgotten has none.
fn tasks(job: &str) -> Result<Vec<(String, String, String)>> {
    let mut args = words(["-h", "-r", "-t", "all", "-o", "%i %T %r", "-j"]);
    args.push(job.into());
    let said = match ask("squeue", &args) {
        Ok(said) => said,
        Err(Error::Sweep(why)) if why.contains("Invalid job id") => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let parse = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let (id, state) = (parts.next()?.to_string(), parts.next()?.to_string());
        Some((id, state, parts.next().unwrap_or_default().to_string()))
    };
    Ok(said.lines().filter_map(parse).collect())
}

fn waits(state: &str) -> bool {
    const ENDED: [&str; 10] = [
        "COMPLETED",
        "CANCELLED",
        "FAILED",
        "TIMEOUT",
        "NODE_FAIL",
        "PREEMPTED",
        "BOOT_FAIL",
        "DEADLINE",
        "OUT_OF_MEMORY",
        "REVOKED",
    ];
    !ENDED.contains(&state)
}

/// Two arrays of one plan would harm nothing and waste much.
pub(super) fn refuse_active(before: &[Submitted], folder: &Path) -> Result<()> {
    let Some(last) = before.last() else {
        return Ok(());
    };
    let active = tasks(&last.job)?.iter().filter(|t| waits(&t.1)).count();
    if active == 0 {
        return Ok(());
    }
    let (job, dir) = (&last.job, folder.display());
    Err(Error::Sweep(format!(
        "job array {job} of this plan has {active} tasks in the queue; wait for them (`scurve sweep status {dir}`), or \
         `scurve sweep cancel {dir}`"
    )))
}

/// Cancels the jobs of a folder that are still in the queue; says which.
pub(in crate::sweep) fn cancel(folder: &Path) -> Result<Vec<String>> {
    let mut said = Vec::new();
    for submitted in submissions(folder)? {
        for job in [Some(&submitted.job), submitted.merge.as_ref()]
            .into_iter()
            .flatten()
        {
            if tasks(job)?.iter().any(|t| waits(&t.1)) {
                ask("scancel", std::slice::from_ref(job))?;
                said.push(format!("job {job} cancelled"));
            }
        }
    }
    Ok(said)
}

/// Where the last submission of a plan stands.
#[derive(Clone, Debug, Default)]
pub struct SlurmStatus {
    /// The array's job id.
    pub job: String,
    /// The merge's job id.
    pub merge: Option<String>,
    /// How many tasks are in which state, as far as Slurm remembers.
    pub states: BTreeMap<String, usize>,
    /// Why tasks wait, and how many.
    pub reasons: BTreeMap<String, usize>,
    /// The merge's state.
    pub merging: Option<String>,
    /// Tasks that ended without all their rows: number, what their log says last, rows missing.
    pub ended: Vec<(u64, String, u64)>,
    /// What to ask for when the time limit was hit.
    pub advice: Option<String>,
}

impl SlurmStatus {
    /// Asks Slurm, and reads the logs of tasks that ended without all their rows. `None` when nothing was submitted.
    ///
    /// # Errors
    /// No Slurm on this machine; a record that is not what was written.
    pub fn of(planned: &Planned, rows: &Status) -> Result<Option<Self>> {
        let Some(last) = submissions(planned.folder())?.pop() else {
            return Ok(None);
        };
        let mut status = Self {
            job: last.job.clone(),
            merge: last.merge.clone(),
            ..Self::default()
        };
        let mut waiting: BTreeSet<u64> = BTreeSet::new();
        for (id, state, reason) in tasks(&last.job)? {
            if waits(&state) {
                waiting.extend(id.rsplit('_').next().and_then(|n| n.parse::<u64>().ok()));
                if state == "PENDING" {
                    *status.reasons.entry(reason).or_default() += 1;
                }
            }
            *status.states.entry(state).or_default() += 1;
        }
        if let Some(merge) = &last.merge {
            status.merging = tasks(merge)?.pop().map(|t| t.1);
        }
        let mut missing: BTreeMap<u64, u64> = BTreeMap::new();
        for row in &rows.missing {
            *missing.entry(row % last.shards).or_default() += 1;
        }
        let logs = planned.folder().join("slurm").join("logs");
        for (task, missing) in missing.into_iter().filter(|(t, _)| !waiting.contains(t)) {
            let text =
                std::fs::read(logs.join(format!("{}_{task}.log", last.job))).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            if status.advice.is_none() && text.contains("DUE TO TIME LIMIT") {
                status.advice = Some(advice(rows, missing));
            }
            status.ended.push((task, last_error(&text), missing));
        }
        Ok(Some(status))
    }
}

/// The last line that speaks of an error, else the last line.
fn last_error(log: &str) -> String {
    let lines = || log.lines().map(str::trim).filter(|l| !l.is_empty());
    let error = lines().rfind(|l| {
        let l = l.to_lowercase();
        l.contains("error") || l.contains("cancelled") || l.contains("killed")
    });
    error
        .or_else(|| lines().next_back())
        .unwrap_or("(its log is empty or not there yet)")
        .to_string()
}

fn advice(rows: &Status, missing: u64) -> String {
    if rows.seconds.is_empty() {
        return "the time limit was hit before a row was done: ask for more with --time".into();
    }
    let mean = rows.seconds.iter().sum::<f64>() / rows.seconds.len() as f64;
    // Half as much again for starting and for rows that take longer.
    let minutes = (1.5 * mean * missing as f64 / 60.0).ceil().max(1.0);
    format!(
        "the time limit was hit; a task does {:.0} rows an hour ({} each), and {missing} rows are left in one: \
         ask for --time={minutes:.0} (minutes) or more, or for fewer rows a task with --pack",
        3600.0 / mean.max(1e-6),
        seconds(mean)
    )
}

impl std::fmt::Display for SlurmStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let counts = |map: &BTreeMap<String, usize>| {
            let parts: Vec<String> = map.iter().map(|(k, n)| format!("{n} {k}")).collect();
            if parts.is_empty() {
                "no longer known to Slurm".into()
            } else {
                parts.join(", ")
            }
        };
        writeln!(f, "job array {}: {}", self.job, counts(&self.states))?;
        if !self.reasons.is_empty() {
            writeln!(f, "waiting for: {}", counts(&self.reasons))?;
        }
        if let Some(merge) = &self.merge {
            writeln!(
                f,
                "merge {merge}: {}",
                self.merging
                    .as_deref()
                    .unwrap_or("no longer known to Slurm")
            )?;
        }
        for (task, line, missing) in self.ended.iter().take(5) {
            writeln!(f, "task {task} ended with {missing} rows missing: {line}")?;
        }
        if self.ended.len() > 5 {
            writeln!(f, "and {} more tasks", self.ended.len() - 5)?;
        }
        match &self.advice {
            Some(advice) => writeln!(f, "{advice}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_an_error_is_found() {
        assert_eq!(last_error("a\nerror: disk full\nbye\n"), "error: disk full");
        assert_eq!(last_error("a\n\nb\n"), "b");
        assert!(last_error("").contains("empty"));
    }

    #[test]
    fn advice_asks_for_the_time_that_is_left() {
        let status = Status {
            seconds: vec![60.0; 10],
            ..Status::default()
        };
        let said = advice(&status, 20);
        assert!(
            said.contains("60 rows an hour") && said.contains("--time=30"),
            "{said}"
        );
    }
}
