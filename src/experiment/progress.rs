//! Progress of long work, and the user's wish to stop.

use crate::error::{Error, Result};
use crate::seed::Seed;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

static STOP: AtomicBool = AtomicBool::new(false);

/// Asks all running experiments to stop at the next step that looks; the command line calls it on Ctrl-C.
pub fn interrupt() {
    STOP.store(true, Ordering::Relaxed);
}

/// Has the user asked to stop?
pub fn interrupted() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Counts finished seeds and says how many are done, at what rate, and how long the rest will take.
///
/// On a terminal it is a bar that redraws itself; elsewhere a line at most every two seconds. `SCURVE_PROGRESS=none`
/// silences it: executed notebooks must not change from run to run.
#[derive(Debug)]
pub struct Progress {
    what: String,
    unit: &'static str,
    total: usize,
    done: AtomicUsize,
    start: Instant,
    style: Style,
    last: Mutex<Instant>,
    folder: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    None,
    Lines,
    Bar,
}

/// The folder of what a seed needs to go on, in the seed's folder.
pub(super) const UNFINISHED: &str = "unfinished";

const LINE_EVERY: Duration = Duration::from_secs(2);

impl Progress {
    /// Progress of `total` seeds of `what`.
    pub fn new(what: impl Into<String>, total: usize) -> Self {
        Self::of(what, total, "seeds")
    }

    /// Progress of `total` units of `what`.
    pub fn of(what: impl Into<String>, total: usize, unit: &'static str) -> Self {
        let style = match std::env::var("SCURVE_PROGRESS").as_deref() {
            Ok("none") => Style::None,
            Ok("lines") => Style::Lines,
            _ if std::io::stderr().is_terminal() => Style::Bar,
            _ => Style::Lines,
        };
        Self {
            what: what.into(),
            unit,
            total,
            done: AtomicUsize::new(0),
            start: Instant::now(),
            style,
            last: Mutex::new(Instant::now()),
            folder: None,
        }
    }

    /// The same for a run whose seeds have their folders in `folder`.
    pub(super) fn in_folder(self, folder: PathBuf) -> Self {
        Self {
            folder: Some(folder),
            ..self
        }
    }

    /// Where a seed that takes hours may leave what it needs to go on after a stop; it is removed when the seed is finished. None for blocks used by hand, and for
    /// rows of a sweep, which are small.
    pub(super) fn unfinished(&self, seed: Seed) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(format!("seed={}", seed.0)).join(UNFINISHED))
    }

    /// Progress that says nothing, for blocks used by hand.
    pub fn silent() -> Self {
        Self {
            style: Style::None,
            ..Self::new("", 1)
        }
    }

    /// An error when the user has asked to stop; cheap enough for a loop over records.
    pub fn check(&self) -> Result<()> {
        if interrupted() {
            return Err(Error::Interrupted {
                finished: self.done.load(Ordering::Relaxed),
                total: self.total,
            });
        }
        Ok(())
    }

    /// One more unit is finished.
    pub fn tick(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.style == Style::None {
            return;
        }
        let Ok(mut last) = self.last.lock() else {
            return;
        };
        let due = if self.style == Style::Bar {
            Duration::from_millis(100)
        } else {
            LINE_EVERY
        };
        if last.elapsed() < due && done < self.total {
            return;
        }
        // A run that was over before the first line was due needs none.
        if self.style == Style::Lines && done == self.total && self.start.elapsed() < LINE_EVERY {
            return;
        }
        *last = Instant::now();
        let seconds = self.start.elapsed().as_secs_f64();
        let rate = done as f64 / seconds.max(1e-9);
        let left = (self.total - done) as f64 / rate.max(1e-9);
        let text = format!(
            "{}: {done} of {} {}, {rate:.2} per second, {left:.0} s left",
            self.what, self.total, self.unit
        );
        let mut err = std::io::stderr().lock();
        // Nobody is helped when progress cannot be written.
        let _ = match self.style {
            Style::Bar => {
                let filled = 24 * done / self.total.max(1);
                let end = if done == self.total { "\n" } else { "" };
                write!(
                    err,
                    "\r\x1b[2K[{}{}] {text}{end}",
                    "█".repeat(filled),
                    "·".repeat(24 - filled)
                )
            }
            _ => writeln!(err, "{text}"),
        };
        let _ = err.flush();
    }

    /// Says one line, unless silenced.
    pub fn say(&self, line: &str) {
        if self.style != Style::None {
            eprintln!("{line}");
        }
    }
}
