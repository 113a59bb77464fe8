//! Slurm: a job array whose tasks each compute the missing rows of their share, and a job that merges after them.
//!
//! Nothing is asked of Slurm's accounting database. Which rows are done is seen in the folder alone, so tasks may be
//! killed, requeued and submitted again; Slurm only says who is still waiting.

mod queue;
mod script;

pub use queue::SlurmStatus;
pub(super) use queue::cancel;

use super::plan::Planned;
use super::status::Status;
use crate::error::{Error, Result};
use crate::table::write_atomic;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tasks of an array when nobody says how many rows a task takes.
const TASKS: u64 = 256;

/// How to hand rows to Slurm.
#[derive(Clone, Debug, Default)]
pub struct Slurm {
    /// The `scurve` program on the nodes; [`program`](super::program) when empty.
    pub program: PathBuf,
    /// `--partition`.
    pub partition: Option<String>,
    /// `--time` of a task.
    pub time: Option<String>,
    /// Rows per task; without it, as many as make 256 tasks.
    pub pack: Option<u64>,
    /// Tasks at a time: the array's `%`.
    pub at_once: Option<usize>,
    /// More options for `sbatch`, as they are.
    pub options: Vec<String>,
}

/// What was handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    /// The array's job id.
    pub job: String,
    /// The id of the job that merges after it.
    pub merge: Option<String>,
    /// Tasks that were submitted: those with missing rows.
    pub tasks: u64,
    /// Number of shards.
    pub shards: u64,
    #[serde(default)]
    partition: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    pack: Option<u64>,
    #[serde(default)]
    at_once: Option<usize>,
    #[serde(default)]
    options: Vec<String>,
}

impl std::fmt::Display for Submitted {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        if self.job.is_empty() {
            return writeln!(f, "all rows are done; nothing was submitted");
        }
        writeln!(f, "job array {} of {} tasks", self.job, self.tasks)?;
        match &self.merge {
            Some(merge) => writeln!(f, "job {merge} merges after it"),
            None => Ok(()),
        }
    }
}

impl Submitted {
    /// Shows in a notebook cell what was handed over.
    pub fn evcxr_display(&self) {
        print!("{self}");
    }
}

fn record(folder: &Path) -> PathBuf {
    folder.join("slurm").join("jobs.json")
}

/// What was submitted so far, the last at the end.
pub(super) fn submissions(folder: &Path) -> Result<Vec<Submitted>> {
    let path = record(folder);
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).map_err(|e| Error::Config {
            origin: path.display().to_string(),
            message: e.to_string(),
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::io(&path, e)),
    }
}

/// Runs one of Slurm's programs and gives what it prints; its complaint is the error.
fn ask(program: &str, args: &[String]) -> Result<String> {
    let out = Command::new(program).args(args).output().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error::Sweep(format!(
            "there is no `{program}` on this machine's PATH: run this where Slurm's commands are, such as a cluster's login node, \
             or use --engine local"
        )),
        _ => Error::io(program.as_ref(), e),
    })?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        if said.contains("configuration source") {
            return Err(Error::Sweep(format!(
                "`{program}` is on this machine and knows no cluster: there is no slurm.conf (SLURM_CONF names it); run this where \
                 there is one, or use --engine local"
            )));
        }
        return Err(Error::Sweep(format!("{program}: {}", said.trim())));
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(String::from).to_vec()
}

impl Slurm {
    /// The options of the last submission of a folder, to submit the rest in the same way.
    ///
    /// # Errors
    /// A record that is not what was written.
    pub fn as_before(folder: &Path) -> Result<Option<Self>> {
        Ok(submissions(folder)?.pop().map(|s| Self {
            program: PathBuf::new(),
            partition: s.partition,
            time: s.time,
            pack: s.pack,
            at_once: s.at_once,
            options: s.options,
        }))
    }

    /// Submits the tasks that have missing rows, and a merge after them.
    ///
    /// # Errors
    /// No Slurm, a partition that is not there, more tasks than the cluster takes in an array, an array of this plan that is
    /// still in the queue.
    pub fn submit(&self, planned: &Planned) -> Result<Submitted> {
        let program = match self.program.as_os_str().is_empty() {
            true => super::program()?,
            false => self.program.clone(),
        };
        ask("sbatch", &words(["--version"]))?;
        let folder = planned.folder();
        let before = submissions(folder)?;
        queue::refuse_active(&before, folder)?;
        let status = Status::of(planned)?;
        status.refuse_mixed(planned)?;
        let rows = planned.plan().rows();
        let pack = match self.pack {
            Some(0) => return Err(Error::setting("--pack", 0, "a number of rows ≥ 1")),
            Some(pack) => pack,
            None => rows.div_ceil(TASKS).max(1),
        };
        let shards = rows.div_ceil(pack);
        let mut tasks: Vec<u64> = status.missing.iter().map(|r| r % shards).collect();
        tasks.sort_unstable();
        tasks.dedup();
        let mut submitted = Submitted {
            job: String::new(),
            merge: None,
            tasks: tasks.len() as u64,
            shards,
            partition: self.partition.clone(),
            time: self.time.clone(),
            pack: self.pack,
            at_once: self.at_once,
            options: self.options.clone(),
        };
        if tasks.is_empty() {
            return Ok(submitted);
        }
        if let Some(most) = queue::max_array_size()
            && shards > most
        {
            return Err(Error::setting(
                "--pack",
                pack,
                format!(
                    "at least {} here: {rows} rows make {shards} tasks, and this cluster takes arrays of at most {most} (MaxArraySize)",
                    rows.div_ceil(most)
                ),
            ));
        }
        script::write(planned, &program)?;
        let mut array = format!("--array={}", ranges(&tasks));
        if let Some(n) = self.at_once {
            array += &format!("%{}", n.max(1));
        }
        let mut args = vec!["--parsable".to_string(), array];
        args.extend(self.common());
        args.push(folder.join("slurm/rows.sh").display().to_string());
        args.push(shards.to_string());
        submitted.job = self.sbatch(&args)?;
        let mut args = words(["--parsable", "--kill-on-invalid-dep=yes"]);
        args.push(format!("--dependency=afterok:{}", submitted.job));
        args.extend(self.common());
        args.push(folder.join("slurm/merge.sh").display().to_string());
        // The array is in the queue whatever becomes of the merge: it is written down first.
        let mut all = before;
        all.push(submitted.clone());
        self.write_down(folder, &all)?;
        submitted.merge = Some(self.sbatch(&args)?);
        all.pop();
        all.push(submitted.clone());
        self.write_down(folder, &all)?;
        Ok(submitted)
    }

    fn write_down(&self, folder: &Path, all: &[Submitted]) -> Result<()> {
        let text = serde_json::to_string_pretty(all).map_err(|e| Error::Sweep(e.to_string()))?;
        write_atomic(&record(folder), text.as_bytes())
    }

    fn common(&self) -> Vec<String> {
        let mut args = Vec::new();
        args.extend(self.partition.as_ref().map(|p| format!("--partition={p}")));
        args.extend(self.time.as_ref().map(|t| format!("--time={t}")));
        args.extend(self.options.iter().cloned());
        args
    }

    fn sbatch(&self, args: &[String]) -> Result<String> {
        match ask("sbatch", args) {
            // `id` or `id;cluster`.
            Ok(said) => Ok(said
                .trim()
                .split(';')
                .next()
                .unwrap_or_default()
                .to_string()),
            Err(Error::Sweep(why)) if why.contains("partition") => {
                let known = ask("sinfo", &words(["-h", "-o", "%R"])).unwrap_or_default();
                let mut known: Vec<&str> = known.lines().map(str::trim).collect();
                known.dedup();
                Err(Error::Sweep(format!(
                    "{why}; the partitions here are: {} (name one by --partition)",
                    known.join(", ")
                )))
            }
            other => other,
        }
    }
}

/// Ascending numbers as Slurm writes them: `0-3,7`.
fn ranges(numbers: &[u64]) -> String {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for &n in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => parts.push((n, n)),
        }
    }
    let text: Vec<String> = parts
        .iter()
        .map(|(a, b)| {
            if a == b {
                a.to_string()
            } else {
                format!("{a}-{b}")
            }
        })
        .collect();
    let text = text.join(",");
    // A command line takes so much; tasks without missing rows end at once.
    match (text.len() > 60_000, numbers.first().zip(numbers.last())) {
        (true, Some((first, last))) => format!("{first}-{last}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_numbers_are_written_as_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 3, 7, 9, 10]), "0-3,7,9-10");
        assert_eq!(ranges(&[5]), "5");
        let odd: Vec<u64> = (0..40_000).map(|i| 2 * i + 1).collect();
        assert_eq!(ranges(&odd), "1-79999");
    }
}
