//! Taking away what a sweep left behind.

use super::plan::Planned;
use super::runner::runners;
use super::status::Status;
use crate::error::{Error, Result};
use std::path::Path;

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Files of workers that were killed while writing, broken ones that were set aside, and records of failures.
    pub files: u64,
    /// Rows that were made under other conditions than the plan's.
    pub mixed: u64,
}

/// Takes away temporary files, files set aside, and records of failures; with `mixed` the rows made under other conditions too.
///
/// # Errors
/// When somebody runs the plan; files that cannot be removed.
pub fn clean(planned: &Planned, mixed: bool) -> Result<Cleaned> {
    refuse_running(planned)?;
    let mut cleaned = Cleaned::default();
    if mixed {
        let tables = planned.tables();
        for (row, _) in Status::of(planned)?.mixed {
            let row = planned.plan().row(row)?;
            planned
                .point(row.point)?
                .shard(&tables, row.seed)
                .forget()?;
            cleaned.mixed += 1;
        }
    }
    let folder = planned.folder();
    for part in ["tables", "merged", "partial"] {
        walk(&folder.join(part), &mut cleaned.files)?;
    }
    Ok(cleaned)
}

/// Takes the whole folder of a plan away.
///
/// # Errors
/// When somebody runs the plan; a folder that cannot be removed.
pub fn remove(planned: &Planned) -> Result<()> {
    refuse_running(planned)?;
    let folder = planned.folder();
    std::fs::remove_dir_all(folder).map_err(|e| Error::io(folder, e))
}

fn refuse_running(planned: &Planned) -> Result<()> {
    match runners(planned.folder()).first() {
        Some(runner) => Err(Error::Sweep(format!(
            "{} runs this plan; stop it with `scurve sweep cancel {}`, or remove {} if that machine is gone",
            runner.name,
            planned.folder().display(),
            planned
                .folder()
                .join("running")
                .join(&runner.name)
                .display()
        ))),
        None => Ok(()),
    }
}

fn walk(folder: &Path, removed: &mut u64) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io(folder, e)),
    };
    for entry in entries.flatten() {
        let (path, name) = (
            entry.path(),
            entry.file_name().to_string_lossy().into_owned(),
        );
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            walk(&path, removed)?;
        } else if name.starts_with(".tmp") || name.ends_with(".corrupt") || name == "failed.txt" {
            std::fs::remove_file(&path).map_err(|e| Error::io(&path, e))?;
            *removed += 1;
        }
    }
    Ok(())
}
