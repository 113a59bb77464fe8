//! What a seed of hours leaves behind so that a run that is stopped goes on where it was.

use super::Progress;
use crate::error::Result;
use crate::seed::Seed;
use crate::table::Table;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often a training leaves a checkpoint: one that is shorter leaves none.
const EVERY: Duration = Duration::from_secs(120);

/// The folder of one training of a seed. It goes when the seed is finished.
pub(super) struct Unfinished {
    folder: PathBuf,
    every: Duration,
    saved: Cell<Instant>,
}

impl Unfinished {
    /// That of the training `name`; none where a run has no folder.
    pub fn of(progress: &Progress, seed: Seed, name: &str) -> Option<Self> {
        let folder = progress.unfinished(seed)?.join(name);
        Some(Self::every(folder, EVERY))
    }

    /// With another time between checkpoints.
    pub fn every(folder: PathBuf, every: Duration) -> Self {
        Self {
            folder,
            every,
            saved: Cell::new(Instant::now()),
        }
    }

    /// Whether it is time for a checkpoint. The next is due when as long has passed again.
    pub fn due(&self) -> bool {
        let due = self.saved.get().elapsed() >= self.every;
        if due {
            self.saved.set(Instant::now());
        }
        due
    }

    /// Where the network's checkpoint is.
    pub fn state(&self) -> PathBuf {
        self.folder.join("state.safetensors")
    }

    /// Takes the checkpoint away: the training is finished.
    pub fn forget_state(&self) {
        // It would only take room.
        let _ = std::fs::remove_file(self.state());
    }

    /// A table, none where there is none or the file is broken: it is computed again then.
    pub fn read(&self, name: &str) -> Option<Table> {
        Table::read_parquet(&self.table(name))
            .ok()
            .map(|read| read.0)
    }

    /// Writes a table, whole or not at all.
    pub fn write(&self, name: &str, table: &Table) -> Result<()> {
        table.write_parquet(&self.table(name), &BTreeMap::new())
    }

    fn table(&self, name: &str) -> PathBuf {
        self.folder.join(Path::new(name).with_extension("parquet"))
    }
}
