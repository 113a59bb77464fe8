//! Who is running a plan: for `cancel`, and so that two runners begin at different rows. Nothing depends on it.

use crate::error::{Error, Result};
use crate::table::write_atomic;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A note that this process runs a plan; taken away at the end.
pub(super) struct Running {
    note: PathBuf,
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name
        .trim()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    if name.is_empty() { "here".into() } else { name }
}

fn notes(folder: &Path) -> PathBuf {
    folder.join("running")
}

/// Does the process live, and is it a sweep? A number may have been given to another process since.
fn alive(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| String::from_utf8_lossy(&line).contains("sweep"))
}

impl Running {
    pub(super) fn begin(folder: &Path) -> Result<Self> {
        let note = notes(folder).join(format!("{}.{}", host(), std::process::id()));
        write_atomic(&note, b"")?;
        Ok(Self { note })
    }

    /// Is somebody else at it? A note that was left behind by a process that was killed does not count on its own host.
    pub(super) fn others(&self) -> bool {
        let own = self
            .note
            .file_name()
            .map(|n| n.to_string_lossy().into_owned());
        runners(
            self.note
                .parent()
                .and_then(Path::parent)
                .unwrap_or(Path::new(".")),
        )
        .iter()
        .any(|r| Some(&r.name) != own.as_ref())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.note);
    }
}

pub(super) struct Runner {
    pub name: String,
    /// Its number, when it is on this host.
    pub here: Option<u32>,
}

/// Who runs the plan now; notes of dead processes of this host are taken away.
pub(super) fn runners(folder: &Path) -> Vec<Runner> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(notes(folder))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((on, pid)) = name.rsplit_once('.') else {
            continue;
        };
        let Ok(pid) = pid.parse::<u32>() else {
            continue;
        };
        let here = on == host();
        if here && !alive(pid) && pid != std::process::id() {
            let _ = std::fs::remove_file(entry.path());
            continue;
        }
        found.push(Runner {
            here: here.then_some(pid),
            name,
        });
    }
    found
}

/// Asks the runners of this host to stop; gives how many were asked, and the names of those elsewhere.
pub(super) fn cancel(folder: &Path) -> Result<(usize, Vec<String>)> {
    let (mut asked, mut elsewhere) = (0, Vec::new());
    for runner in runners(folder) {
        match runner.here {
            Some(pid) => {
                let kill = Command::new("kill")
                    .args(["-INT", &pid.to_string()])
                    .status();
                kill.map_err(|e| Error::io(Path::new("kill"), e))?;
                asked += 1;
            }
            None => elsewhere.push(runner.name),
        }
    }
    Ok((asked, elsewhere))
}
