//! Experiments: settings, a run for one seed, figures and claims; and the registry of all of them.
//!
//! An experiment is a settings struct that implements [`Experiment`]. A notebook cell, the command line and a sweep
//! call the same [`run`](Experiment::run): it computes the seeds that are not on disk yet, in parallel, and returns an
//! [`Outcome`] from which tables, figures and claims are made.

mod check;
mod curves;
mod outcome;
pub mod physics;
mod point;
mod progress;
mod registry;
pub mod scurves;
mod settings;
mod shard;
pub mod thesis;
mod unfinished;

pub use outcome::{Outcome, RunOptions};
pub use point::Point;
pub use progress::{Progress, interrupt, interrupted};
pub use registry::{Registered, Report, Request, find, registered, registry};
pub use settings::{
    Field, Settings, display_settings, from_toml, overridden, settings, to_toml,
    to_toml_beside_paper,
};
pub use shard::{Conditions, RowState, Shard, Tables, data_root, project_root};

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::figure::Figures;
use crate::seed::Seed;
use serde::Serialize;

/// How large a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Seconds: the same code paths, claims not judged.
    Check,
    /// Minutes: enough seeds to judge the claims.
    Quick,
    /// As published, or more.
    Paper,
}

impl Scale {
    /// The scale that `SCURVE_SCALE` names, else [`Quick`](Self::Quick).
    pub fn from_env() -> Result<Self> {
        match std::env::var("SCURVE_SCALE") {
            Ok(name) if !name.is_empty() => name.parse(),
            _ => Ok(Self::Quick),
        }
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Quick => "quick",
            Self::Paper => "paper",
        }
    }
}

impl std::str::FromStr for Scale {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let all = [Self::Check, Self::Quick, Self::Paper];
        all.into_iter()
            .find(|s| s.name() == name)
            .ok_or_else(|| Error::unknown("scale", name, all.map(Self::name)))
    }
}

/// A document whose statements are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// Jermyn and Shlegeris, "Multi-Component Learning and S-Curves", 2022.
    SCurves,
    /// Liu, Liu, Michaud, Gore and Tegmark, "Physics of Skill Learning", 2025.
    Physics,
    /// Nam, "Inductive Bias from Layerwise Structure and Backpropagation in Neural Networks", 2024.
    Thesis,
}

impl Document {
    /// Its short name.
    pub fn title(self) -> &'static str {
        match self {
            Self::SCurves => "S-curves post",
            Self::Physics => "Physics of Skill Learning",
            Self::Thesis => "Thesis on layerwise structure",
        }
    }

    /// Its BibTeX entry.
    pub fn bibtex(self) -> &'static str {
        match self {
            Self::SCurves => {
                "@misc{jermyn2022scurves,\n  author = {Jermyn, Adam and Shlegeris, Buck},\n  title = {Multi-Component Learning and {S}-Curves},\n  \
                 year = {2022},\n  howpublished = {AI Alignment Forum},\n  note = {With the comments below the post}\n}"
            }
            Self::Physics => {
                "@misc{liu2025physics,\n  author = {Liu, Ziming and Liu, Yizhou and Michaud, Eric J. and Gore, Jeff and Tegmark, Max},\n  \
                 title = {Physics of Skill Learning},\n  year = {2025},\n  eprint = {2501.12391},\n  archivePrefix = {arXiv}\n}"
            }
            Self::Thesis => {
                "@phdthesis{nam2024layerwise,\n  author = {Nam, Yoonsoo},\n  title = {Inductive Bias from Layerwise Structure and Backpropagation in Neural Networks},\n  \
                 school = {University of Oxford},\n  year = {2024}\n}"
            }
        }
    }
}

/// What an experiment is, apart from its settings.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// `document/name`, unique.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// The document.
    pub document: Document,
    /// The section of the document.
    pub section: &'static str,
    /// The notebook, without folder prefix and extension: `scurves/02-rank-one`.
    pub notebook: &'static str,
    /// Raised whenever the code changes what is computed; tables of another revision are stale.
    pub revision: u32,
}

impl Info {
    /// Document and section.
    pub fn source(&self) -> String {
        format!("{}, {}", self.document.title(), self.section)
    }

    /// The notebook's path in the repository.
    pub fn notebook_path(&self) -> String {
        format!("notebooks/{}.ipynb", self.notebook)
    }
}

/// A settings struct with a run, figures and claims. Make one with the [`settings!`](crate::settings) macro.
pub trait Experiment: Settings {
    /// What it is.
    const INFO: Info;

    /// Refuses settings out of range, naming the field.
    fn validate(&self) -> Result<()>;

    /// Everything that one seed gives. Long loops call `progress.check()?` now and then, so that a stop is prompt.
    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables>;

    /// Draws the figures, by name.
    fn draw(&self, outcome: &Outcome) -> Result<Figures>;

    /// Measures the claims and gives each its verdict.
    fn measure(&self, outcome: &Outcome) -> Result<Claims>;

    /// Computes what is not on disk yet and returns everything.
    ///
    /// # Errors
    /// Settings out of range, a full or unwritable folder, a corrupt table, a stop by the user.
    fn run(&self) -> Result<Outcome> {
        self.run_with(&RunOptions::default())
    }

    /// [`run`](Self::run) with a folder, or computing anew what is there.
    fn run_with(&self, options: &RunOptions) -> Result<Outcome> {
        outcome::run(self, options)
    }

    /// The figures of a finished run.
    ///
    /// # Errors
    /// When all seeds diverged: there is nothing to draw.
    fn figures(&self, outcome: &Outcome) -> Result<Figures> {
        outcome.refuse_empty()?;
        self.draw(outcome)
    }

    /// The claims of a finished run. At the check preset they are listed and not judged.
    fn claims(&self, outcome: &Outcome) -> Result<Claims> {
        outcome.refuse_empty()?;
        Ok(outcome.finish_claims(self.measure(outcome)?))
    }
}
