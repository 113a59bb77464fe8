//! One error type for the whole crate. Every message names the field, its value, what is allowed and what to do.

use std::fmt::Display;
use std::path::{Path, PathBuf};

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong, in words for the person who has to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of its range.
    #[error("{field} = {value}: {field} must be {allowed}")]
    Setting {
        /// The setting's name, with its path when nested (`optimizer.lr`).
        field: String,
        /// The value that was given.
        value: String,
        /// What is allowed, and what to do.
        allowed: String,
    },
    /// A name that is not known, with the nearest that is.
    #[error("there is no {kind} `{name}`{}; known: {}", did_you_mean(.nearest), .known.join(", "))]
    Unknown {
        /// What was looked for: `experiment`, `setting`, `column` …
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// The nearest known name, when one is near.
        nearest: Option<String>,
        /// All known names.
        known: Vec<String>,
    },
    /// A computation left the finite numbers. It is recorded as diverged, never as a value.
    #[error("{what} diverged at step {step}; try a smaller learning rate")]
    Diverged {
        /// What diverged.
        what: String,
        /// The step at which it was seen.
        step: usize,
    },
    /// The user asked to stop. Finished seeds are kept.
    #[error(
        "stopped by the user after {finished} of {total} seeds; run the same command again to continue"
    )]
    Interrupted {
        /// Seeds whose tables are on disk.
        finished: usize,
        /// Seeds asked for.
        total: usize,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {source}{}", path.display(), io_hint(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A result file is not what was written.
    #[error("{}: {why}{}", path.display(), aside.as_ref().map_or(String::new(), |p| format!("; set aside as {}, and computed again by the next run", p.display())))]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
        /// Where the broken file was moved to, when it was moved.
        aside: Option<PathBuf>,
    },
    /// A configuration file or value does not parse.
    #[error("{origin}: {message}")]
    Config {
        /// The file, or `--set key=value`.
        origin: String,
        /// The parser's message with line and column.
        message: String,
    },
    /// Something from elsewhere, such as an image set, is not on this machine.
    #[error("{what} is not on this machine: {looked}. {ways}")]
    Missing {
        /// What was looked for.
        what: String,
        /// Where it was looked for, and what was found there.
        looked: String,
        /// The ways to get it.
        ways: String,
    },
    /// The device is not built in or not there.
    #[error("device `{name}`: {why}")]
    Device {
        /// The device's name.
        name: String,
        /// Why it cannot be used, and what to do.
        why: String,
    },
    /// A device has no memory left for a tensor.
    #[error(
        "out of memory ({why}); lower the batch, the network's width, the side of the images or the block of a GPT (which can accumulate gradients instead), or run fewer seeds side by side (RAYON_NUM_THREADS=1)"
    )]
    Memory {
        /// What the device said.
        why: String,
    },
    /// A table lacks something that was asked of it.
    #[error("table: {0}")]
    Table(String),
    /// Linear algebra failed.
    #[error("linear algebra: {0}")]
    Linalg(String),
    /// A figure cannot be drawn.
    #[error("figure: {0}")]
    Figure(String),
    /// A sweep cannot go on, or is not what is asked of it.
    #[error("sweep: {0}")]
    Sweep(String),
    /// An adaptive solver gave up.
    #[error("solver: {0}")]
    Solver(String),
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map_or(String::new(), |n| format!("; did you mean `{n}`?"))
}

fn io_hint(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind::*;
    match source.kind() {
        StorageFull => "; free some space or name another folder with --out DIR",
        PermissionDenied | ReadOnlyFilesystem => {
            "; name a folder that you may write with --out DIR"
        }
        _ => "",
    }
}

impl Error {
    /// `field = value` is not allowed; `allowed` completes "must be …".
    ///
    /// ```
    /// let e = scurve::error::Error::setting("n", 0, "a whole number ≥ 1");
    /// assert_eq!(e.to_string(), "n = 0: n must be a whole number ≥ 1");
    /// ```
    pub fn setting(
        field: impl Into<String>,
        value: impl Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Setting {
            field: field.into(),
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }

    /// `name` is no known `kind`; names the nearest of `known`.
    ///
    /// ```
    /// let e = scurve::error::Error::unknown("optimizer", "adm", ["sgd", "adam"]);
    /// assert!(e.to_string().contains("did you mean `adam`?"));
    /// ```
    pub fn unknown<S: Into<String>>(
        kind: &'static str,
        name: &str,
        known: impl IntoIterator<Item = S>,
    ) -> Self {
        let known: Vec<String> = known.into_iter().map(Into::into).collect();
        let nearest = known
            .iter()
            .map(|k| (strsim::jaro_winkler(k, name), k))
            .filter(|(score, _)| *score > 0.75)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, k)| k.clone());
        Self::Unknown {
            kind,
            name: name.to_string(),
            nearest,
            known,
        }
    }

    /// The file or folder `path` failed with `source`.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    /// The exit code of the command line for this error: 2 bad input, 3 input or output, 4 diverged, 130 stopped by
    /// the user, 1 anything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Setting { .. }
            | Self::Unknown { .. }
            | Self::Config { .. }
            | Self::Device { .. }
            | Self::Memory { .. } => 2,
            Self::Io { .. } | Self::Corrupt { .. } | Self::Missing { .. } => 3,
            Self::Diverged { .. } => 4,
            Self::Interrupted { .. } => 130,
            Self::Table(_)
            | Self::Linalg(_)
            | Self::Figure(_)
            | Self::Sweep(_)
            | Self::Solver(_) => 1,
        }
    }
}

impl From<polars::error::PolarsError> for Error {
    fn from(e: polars::error::PolarsError) -> Self {
        Self::Table(e.to_string())
    }
}
