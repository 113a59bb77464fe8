//! Where results lie: one folder a seed, written whole, known to be whole.
//!
//! `data/tables/<document>/<experiment>/<hash>/seed=<n>/<table>.parquet`. The hash is of the experiment's id, revision
//! and canonical settings without the number of seeds, so that more seeds add to what is there. A side file `done.json`
//! holds the hash, each table's SHA-256 and the seconds it took; it is written last. A seed counts as done when its side file
//! is there and its tables' hashes agree. Timings stay out of the tables: their bytes depend on the settings alone.

use super::Experiment;
use super::progress::UNFINISHED;
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::table::{Table, write_whole};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The tables of one seed, by name.
pub type Tables = BTreeMap<String, Table>;

/// The project's folder that the working folder lies in, if it does.
pub fn project_root() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let project = here.ancestors().find(|dir| {
        std::fs::read_to_string(dir.join("Cargo.toml"))
            .is_ok_and(|text| text.contains("name = \"scurve\""))
    });
    project.map(Path::to_path_buf)
}

/// The folder for tables: `SCURVE_DATA`, else `data/tables` of the project that the working folder lies in, else of the
/// working folder.
pub fn data_root() -> PathBuf {
    if let Some(dir) = std::env::var_os("SCURVE_DATA").filter(|d| !d.is_empty()) {
        return dir.into();
    }
    project_root()
        .unwrap_or_else(|| std::env::current_dir().unwrap_or_default())
        .join("data")
        .join("tables")
}

/// The settings that decide a seed's tables, as canonical JSON: all but the number of seeds, sorted by key.
fn canonical<E: Experiment>(experiment: &E) -> Result<String> {
    let mut settings = serde_json::to_value(experiment).map_err(|e| Error::Table(e.to_string()))?;
    if let Some(map) = settings.as_object_mut() {
        map.remove("seeds");
    }
    Ok(settings.to_string())
}

/// The name of the folder of these settings: 16 hexadecimal digits of a SHA-256.
pub(super) fn settings_hash<E: Experiment>(experiment: &E) -> Result<String> {
    let text = format!(
        "{}\n{}\n{}",
        E::INFO.id,
        E::INFO.revision,
        canonical(experiment)?
    );
    Ok(hex(&Sha256::digest(text.as_bytes()))[..16].to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// One seed's folder.
#[derive(Clone, Debug)]
pub struct Shard {
    folder: PathBuf,
    hash: String,
    seed: Seed,
}

/// Under which conditions a row of a sweep was computed; rows that differ in them are not merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// The crate's version.
    pub version: String,
    /// The name of the device for tensors.
    pub device: String,
    /// Threads of LibTorch and BLAS in a row.
    pub threads: usize,
}

impl std::fmt::Display for Conditions {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(
            f,
            "scurve {}, device {}, {} thread{} per row",
            self.version,
            self.device,
            self.threads,
            if self.threads == 1 { "" } else { "s" }
        )
    }
}

/// What lies in a shard's folder.
#[derive(Clone, Debug, PartialEq)]
pub enum RowState {
    /// Nothing that counts.
    Missing,
    /// A result: its tables are there and their hashes agree, or it is recorded that the run diverged.
    Done {
        /// Seconds that it took.
        seconds: f64,
        /// Where and at which step the run left the finite numbers, when it did.
        diverged: Option<(String, usize)>,
        /// Under which conditions; `None` for a seed of `scurve run`.
        conditions: Option<Conditions>,
    },
    /// A file that is not what was written, and what is wrong with it.
    Corrupt(String),
    /// The last attempt failed with this message.
    Failed(String),
}

#[derive(Serialize, Deserialize)]
struct Done {
    hash: String,
    tables: BTreeMap<String, String>,
    seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conditions: Option<Conditions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    diverged: Option<Diverged>,
}

/// Where a run left the finite numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Diverged {
    pub(super) what: String,
    pub(super) step: usize,
}

enum Read {
    Absent,
    Broken(String),
    Found(Done),
}

fn absent(e: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(e.kind(), NotFound | NotADirectory)
}

/// What a finished shard holds.
pub(super) enum Content {
    Tables(Tables),
    Diverged(Diverged),
}

impl Shard {
    pub(super) fn new(experiment_folder: &Path, hash: &str, seed: Seed) -> Self {
        Self {
            folder: experiment_folder
                .join(hash)
                .join(format!("seed={}", seed.0)),
            hash: hash.into(),
            seed,
        }
    }

    /// The shard's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn table_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.parquet"))
    }

    /// The finished shard's tables, or `None` when it is not finished. A file that does not agree with its recorded
    /// hash is set aside, and the error says so.
    pub(super) fn load(&self) -> Result<Option<Content>> {
        let path = self.folder.join("done.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(&path, e)),
        };
        let done: Done = match serde_json::from_str(&text) {
            Ok(done) => done,
            Err(e) => {
                return Err(set_aside(
                    &path,
                    &format!("not the side file that was written ({e})"),
                ));
            }
        };
        if done.hash != self.hash {
            return Err(set_aside(&path, "belongs to other settings"));
        }
        if let Some(diverged) = done.diverged {
            return Ok(Some(Content::Diverged(diverged)));
        }
        let mut tables = Tables::new();
        for (name, expected) in done.tables {
            let path = self.table_path(&name);
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                // The side file is taken away too: the seed is not done.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                    return Err(set_aside(
                        &self.folder.join("done.json"),
                        &format!("the table `{name}` is gone"),
                    ));
                }
                Err(e) => return Err(Error::io(&path, e)),
            };
            if hex(&Sha256::digest(&bytes)) != expected {
                let why = format!(
                    "{} bytes whose hash is not the recorded one: truncated or changed",
                    bytes.len()
                );
                return Err(set_aside(&path, &why));
            }
            tables.insert(name, Table::read_parquet(&path)?.0);
        }
        Ok(Some(Content::Tables(tables)))
    }

    /// Writes a seed's tables, then the side file.
    pub(super) fn store<E: Experiment>(
        &self,
        experiment: &E,
        content: &Content,
        seconds: f64,
        conditions: Option<&Conditions>,
    ) -> Result<()> {
        let mut done = Done {
            hash: self.hash.clone(),
            tables: BTreeMap::new(),
            seconds,
            conditions: conditions.cloned(),
            diverged: None,
        };
        // A sweep does not wait for the disk: what a loss of power leaves broken its hash tells, and it is computed again.
        let sync = conditions.is_none();
        match content {
            Content::Diverged(d) => done.diverged = Some(d.clone()),
            Content::Tables(tables) => {
                let metadata = self.metadata(experiment)?;
                for (name, table) in tables {
                    let bytes = table.parquet(&metadata)?;
                    write_whole(&self.table_path(name), &bytes, sync)?;
                    done.tables
                        .insert(name.clone(), hex(&Sha256::digest(&bytes)));
                }
            }
        }
        let text = serde_json::to_string_pretty(&done).map_err(|e| Error::Table(e.to_string()))?;
        write_whole(&self.folder.join("done.json"), text.as_bytes(), sync)?;
        self.forget_unfinished();
        Ok(())
    }

    /// What a run that was stopped would go on from.
    fn forget_unfinished(&self) {
        // Mostly there is none, and one that stays takes room only.
        let _ = std::fs::remove_dir_all(self.folder.join(UNFINISHED));
    }

    /// What lies in the folder; every table's hash is computed.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn state(&self) -> Result<RowState> {
        let done = match self.done()? {
            Read::Absent => return self.failure(),
            Read::Broken(why) => return Ok(RowState::Corrupt(why)),
            Read::Found(done) => done,
        };
        for (name, expected) in &done.tables {
            if let Err(why) = self.bytes(name, expected)? {
                return Ok(RowState::Corrupt(why));
            }
        }
        Ok(RowState::Done {
            seconds: done.seconds,
            diverged: done.diverged.map(|d| (d.what, d.step)),
            conditions: done.conditions,
        })
    }

    /// The tables of a finished shard in the order of their names; nothing when it is not finished or its run diverged.
    /// The same look at the folder gives the state.
    pub(crate) fn read(&self) -> Result<(RowState, Vec<(String, Table)>)> {
        let done = match self.done()? {
            Read::Absent => return Ok((self.failure()?, Vec::new())),
            Read::Broken(why) => return Ok((RowState::Corrupt(why), Vec::new())),
            Read::Found(done) => done,
        };
        let mut tables = Vec::new();
        for (name, expected) in &done.tables {
            match self.bytes(name, expected)? {
                Ok(bytes) => {
                    let path = self.table_path(name);
                    let table = Table::from_parquet(std::io::Cursor::new(bytes), &path)?.0;
                    tables.push((name.clone(), table));
                }
                Err(why) => return Ok((RowState::Corrupt(why), Vec::new())),
            }
        }
        let state = RowState::Done {
            seconds: done.seconds,
            diverged: done.diverged.map(|d| (d.what, d.step)),
            conditions: done.conditions,
        };
        Ok((state, tables))
    }

    fn done(&self) -> Result<Read> {
        let path = self.folder.join("done.json");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if absent(&e) => return Ok(Read::Absent),
            Err(e) => return Err(Error::io(&path, e)),
        };
        Ok(match serde_json::from_slice::<Done>(&text) {
            Err(e) => Read::Broken(format!("done.json is not what was written ({e})")),
            Ok(done) if done.hash != self.hash => {
                Read::Broken("done.json belongs to other settings".into())
            }
            Ok(done) => Read::Found(done),
        })
    }

    fn bytes(&self, name: &str, expected: &str) -> Result<std::result::Result<Vec<u8>, String>> {
        let path = self.table_path(name);
        match std::fs::read(&path) {
            Ok(bytes) if hex(&Sha256::digest(&bytes)) == expected => Ok(Ok(bytes)),
            Ok(bytes) => Ok(Err(format!(
                "{name}.parquet: {} bytes whose hash is not the recorded one",
                bytes.len()
            ))),
            Err(e) if absent(&e) => Ok(Err(format!("{name}.parquet is gone"))),
            Err(e) => Err(Error::io(&path, e)),
        }
    }

    fn failure(&self) -> Result<RowState> {
        let path = self.folder.join("failed.txt");
        match std::fs::read(&path) {
            Ok(text) => Ok(RowState::Failed(String::from_utf8_lossy(&text).into())),
            Err(e) if absent(&e) => Ok(RowState::Missing),
            Err(e) => Err(Error::io(&path, e)),
        }
    }

    /// Records that an attempt failed; a result that is there counts all the same.
    pub(crate) fn record_failure(&self, message: &str) -> Result<()> {
        write_whole(&self.folder.join("failed.txt"), message.as_bytes(), false)
    }

    /// Takes away the record of an attempt that failed.
    pub(crate) fn forget_failure(&self) {
        let _ = std::fs::remove_file(self.folder.join("failed.txt"));
    }

    fn metadata<E: Experiment>(&self, experiment: &E) -> Result<BTreeMap<String, String>> {
        Ok([
            ("scurve.experiment", E::INFO.id.to_string()),
            ("scurve.revision", E::INFO.revision.to_string()),
            ("scurve.settings", canonical(experiment)?),
            ("scurve.hash", self.hash.clone()),
            ("scurve.seed", self.seed.0.to_string()),
            ("scurve.version", env!("CARGO_PKG_VERSION").to_string()),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_string(), v))
        .collect())
    }

    /// Forgets the shard, so that it is computed anew. The tables stay until they are replaced.
    pub(crate) fn forget(&self) -> Result<()> {
        self.forget_unfinished();
        let path = self.folder.join("done.json");
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&path, e)),
            _ => Ok(()),
        }
    }
}

/// Moves a broken file away under a name that says so, takes the shard's side file with it, and gives the error.
fn set_aside(path: &Path, why: &str) -> Error {
    let mut name = path.as_os_str().to_os_string();
    name.push(".corrupt");
    let aside = PathBuf::from(name);
    let moved = std::fs::rename(path, &aside).is_ok();
    if let Some(folder) = path.parent() {
        // Without its side file the seed is not done, and the next run computes it.
        let _ = std::fs::remove_file(folder.join("done.json"));
    }
    Error::Corrupt {
        path: path.to_path_buf(),
        why: why.into(),
        aside: moved.then_some(aside),
    }
}
