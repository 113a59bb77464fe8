//! One point of a sweep's grid: an experiment with all its settings, known without its type.

use super::outcome::experiment_folder;
use super::shard::{Conditions, Content, Diverged, Shard, settings_hash};
use super::{Experiment, Progress, to_toml};
use crate::error::{Error, Result};
use crate::seed::Seed;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// An experiment with all its settings; [`Registered::point`](super::Registered::point) makes one.
pub trait Point: Send + Sync {
    /// The hash of the settings, which names their folder.
    fn hash(&self) -> &str;
    /// The settings as TOML, each with its meaning.
    fn settings(&self) -> Result<String>;
    /// The folder of these settings under the folder for tables.
    fn folder(&self, tables: &Path) -> PathBuf;
    /// The shard of a seed under the folder for tables.
    fn shard(&self, tables: &Path, seed: Seed) -> Shard;
    /// Computes a seed and writes its shard. A run that diverged is a result: `true` says that it is one.
    ///
    /// # Errors
    /// What the run fails with, a stop by the user, files that cannot be written.
    fn compute(
        &self,
        shard: &Shard,
        seed: Seed,
        conditions: &Conditions,
        progress: &Progress,
    ) -> Result<bool>;
}

pub(super) struct Settled<E> {
    experiment: E,
    hash: String,
}

impl<E: Experiment> Settled<E> {
    pub(super) fn new(experiment: E) -> Result<Self> {
        experiment.validate()?;
        let hash = settings_hash(&experiment)?;
        Ok(Self { experiment, hash })
    }
}

pub(super) fn table_of<E: Experiment>(experiment: &E) -> Result<toml::Table> {
    toml::Table::try_from(experiment).map_err(|e| Error::Config {
        origin: "settings".into(),
        message: e.to_string(),
    })
}

impl<E: Experiment> Point for Settled<E> {
    fn hash(&self) -> &str {
        &self.hash
    }

    fn settings(&self) -> Result<String> {
        to_toml(&self.experiment)
    }

    fn folder(&self, tables: &Path) -> PathBuf {
        experiment_folder::<E>(Some(tables)).join(&self.hash)
    }

    fn shard(&self, tables: &Path, seed: Seed) -> Shard {
        Shard::new(&experiment_folder::<E>(Some(tables)), &self.hash, seed)
    }

    fn compute(
        &self,
        shard: &Shard,
        seed: Seed,
        conditions: &Conditions,
        progress: &Progress,
    ) -> Result<bool> {
        let start = Instant::now();
        let content = match self.experiment.run_seed(seed, progress) {
            Ok(tables) => Content::Tables(tables),
            Err(Error::Diverged { what, step }) => Content::Diverged(Diverged { what, step }),
            Err(e) => return Err(e),
        };
        let seconds = start.elapsed().as_secs_f64();
        shard.store(&self.experiment, &content, seconds, Some(conditions))?;
        Ok(matches!(content, Content::Diverged(_)))
    }
}
