//! Running an experiment over its seeds, and what comes out.

use super::shard::{Content, Diverged, settings_hash};
use super::{Experiment, Progress, Scale, Shard, data_root, interrupted, to_toml};
use crate::claim::{Claims, Verdict};
use crate::device;
use crate::display;
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::table::{Table, write_atomic};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Where to put tables, and whether to compute anew what is there.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The folder for tables; [`data_root`] when none is given.
    pub out: Option<PathBuf>,
    /// Compute all seeds anew.
    pub force: bool,
    /// Threads of LibTorch in each seed; 1 where it is not said, for seeds run side by side and threads that wait for one another
    /// take the cores of the other seeds. Another number may change the last bits of a sum.
    pub threads: Option<usize>,
}

impl RunOptions {
    /// Compute all seeds anew.
    pub fn forced() -> Self {
        Self {
            force: true,
            ..Self::default()
        }
    }

    /// Tables into `folder`.
    pub fn into_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            out: Some(folder.into()),
            ..Self::default()
        }
    }
}

/// All tables of a finished run, every row with its seed, and what made them.
#[derive(Clone, Debug)]
pub struct Outcome {
    id: &'static str,
    settings: String,
    folder: PathBuf,
    tables: BTreeMap<String, Table>,
    seeds: Vec<u64>,
    diverged: Vec<(u64, usize, String)>,
    reused: usize,
    asked: u64,
    judged: bool,
}

pub(super) fn run<E: Experiment>(experiment: &E, options: &RunOptions) -> Result<Outcome> {
    experiment.validate()?;
    if experiment.seeds() == 0 {
        return Err(Error::setting("seeds", 0, "a whole number ≥ 1"));
    }
    if options.threads == Some(0) {
        return Err(Error::setting("threads", 0, "a whole number ≥ 1"));
    }
    let folder = experiment_folder::<E>(options.out.as_deref());
    let hash = settings_hash(experiment)?;
    // Before any work: a folder that cannot be written is found out now.
    write_atomic(
        &folder.join(&hash).join("settings.toml"),
        to_toml(experiment)?.as_bytes(),
    )?;

    let seeds: Vec<u64> = (0..experiment.seeds()).collect();
    let quiet = Progress::new("", 0);
    let mut missing = Vec::new();
    let mut found = BTreeMap::new();
    for &seed in &seeds {
        let shard = Shard::new(&folder, &hash, Seed(seed));
        if options.force {
            shard.forget()?;
        }
        match shard.load() {
            Ok(Some(content)) => {
                found.insert(seed, content);
            }
            Ok(None) => missing.push((seed, shard)),
            Err(e @ Error::Corrupt { .. }) => {
                quiet.say(&format!("{e}"));
                missing.push((seed, shard));
            }
            Err(e) => return Err(e),
        }
    }
    let reused = found.len();
    if reused > 0 {
        quiet.say(&format!(
            "{}: {reused} of {} seeds read from {}; to compute them anew use --force or RunOptions::forced()",
            E::INFO.id,
            seeds.len(),
            folder.join(&hash).display()
        ));
    }
    let progress = Progress::new(E::INFO.id, missing.len()).in_folder(folder.join(&hash));
    let before = device::threads();
    let computed: Vec<Result<(u64, Content)>> = missing
        .par_iter()
        .map(|(seed, shard)| {
            progress.check()?;
            device::set_threads(options.threads.unwrap_or(1));
            let start = Instant::now();
            let work = || experiment.run_seed(Seed(*seed), &progress);
            let content = match device::within_memory(work) {
                Ok(tables) => Content::Tables(tables),
                Err(Error::Diverged { what, step }) => Content::Diverged(Diverged { what, step }),
                Err(e) => return Err(e),
            };
            shard.store(experiment, &content, start.elapsed().as_secs_f64(), None)?;
            progress.tick();
            Ok((*seed, content))
        })
        .collect();
    device::set_threads(before);
    let mut failure = None;
    for result in computed {
        match result {
            Ok((seed, content)) => {
                found.insert(seed, content);
            }
            Err(e) => failure = Some(failure.unwrap_or(e)),
        }
    }
    if let Some(e) = failure {
        return Err(if interrupted() {
            Error::Interrupted {
                finished: found.len(),
                total: seeds.len(),
            }
        } else {
            e
        });
    }
    Outcome::assemble(experiment, folder.join(&hash), found, reused)
}

pub(super) fn experiment_folder<E: Experiment>(out: Option<&Path>) -> PathBuf {
    let root = out.map_or_else(data_root, Path::to_path_buf);
    E::INFO.id.split('/').fold(root, |dir, part| dir.join(part))
}

impl Outcome {
    fn assemble<E: Experiment>(
        experiment: &E,
        folder: PathBuf,
        found: BTreeMap<u64, Content>,
        reused: usize,
    ) -> Result<Self> {
        let mut parts: BTreeMap<String, Vec<Table>> = BTreeMap::new();
        let mut diverged = Vec::new();
        let seeds = found.keys().copied().collect();
        for (seed, content) in found {
            match content {
                Content::Diverged(d) => diverged.push((seed, d.step, d.what)),
                Content::Tables(tables) => {
                    for (name, table) in tables {
                        parts
                            .entry(name)
                            .or_default()
                            .push(table.led_by("seed", seed)?);
                    }
                }
            }
        }
        let tables = parts
            .into_iter()
            .map(|(name, parts)| Ok((name, Table::concat(parts)?)))
            .collect::<Result<_>>()?;
        // The check preset exists to run the code; its few steps judge nothing.
        let judged = to_toml(experiment)? != to_toml(&E::preset(Scale::Check))?;
        Ok(Self {
            id: E::INFO.id,
            settings: to_toml(experiment)?,
            folder,
            tables,
            seeds,
            diverged,
            reused,
            asked: experiment.seeds(),
            judged,
        })
    }

    /// What is on disk for these settings: `None` when no seed is finished.
    pub(super) fn load<E: Experiment>(experiment: &E, out: Option<&Path>) -> Result<Option<Self>> {
        let folder = experiment_folder::<E>(out);
        let hash = settings_hash(experiment)?;
        let mut found = BTreeMap::new();
        for seed in 0..experiment.seeds() {
            if let Some(content) = Shard::new(&folder, &hash, Seed(seed)).load()? {
                found.insert(seed, content);
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let reused = found.len();
        Self::assemble(experiment, folder.join(hash), found, reused).map(Some)
    }

    /// The experiment's id.
    pub fn id(&self) -> &str {
        self.id
    }

    /// The settings, as TOML with their meanings.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// The folder that holds the tables.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The table `name`; its column `seed` says where a row comes from.
    pub fn table(&self, name: &str) -> Result<Table> {
        self.tables
            .get(name)
            .cloned()
            .ok_or_else(|| Error::unknown("table", name, self.tables.keys().cloned()))
    }

    /// Names of the tables.
    pub fn table_names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    /// The seeds, ascending.
    pub fn seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// Seeds whose run diverged: seed, step, what.
    pub fn diverged(&self) -> &[(u64, usize, String)] {
        &self.diverged
    }

    /// How many of the seeds that the settings ask for are not there: those of a run that was stopped, or of a smaller one.
    pub fn missing(&self) -> u64 {
        self.asked - self.seeds.len() as u64
    }

    /// Seeds read from disk and not computed.
    pub fn reused(&self) -> usize {
        self.reused
    }

    pub(super) fn finish_claims(&self, mut claims: Claims) -> Claims {
        for claim in &mut claims.0 {
            claim.experiment = self.id.into();
            if !self.judged {
                claim.verdict = Verdict::Inconclusive;
                claim.note = "check preset: not judged".into();
            }
        }
        claims
    }

    pub(super) fn refuse_empty(&self) -> Result<()> {
        match (self.tables.is_empty(), self.diverged.first()) {
            (true, Some((_, step, what))) => Err(Error::Diverged {
                what: format!("{what} (all {} seeds)", self.diverged.len()),
                step: *step,
            }),
            _ => Ok(()),
        }
    }

    /// Shows in a notebook cell what the run holds.
    pub fn evcxr_display(&self) {
        use std::fmt::Write;
        let mut html = format!(
            "<p><b>{}</b>: {} seeds",
            display::escape(self.id),
            self.seeds.len()
        );
        if !self.diverged.is_empty() {
            let _ = write!(html, ", {} diverged", self.diverged.len());
        }
        html.push_str("</p><ul>");
        for (name, table) in &self.tables {
            let _ = write!(
                html,
                "<li><code>table(\"{}\")</code>: {} rows of {}</li>",
                display::escape(name),
                table.height(),
                display::escape(&table.names().join(", "))
            );
        }
        html.push_str("</ul>");
        display::mime("text/html", &html);
    }
}
