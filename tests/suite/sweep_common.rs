//! What tests of sweeps share: the command line in a folder, and a small plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub const ID: &str = "scurves/rank-one";

/// `scurve` with nothing of the caller's settings.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scurve"));
    command.args(args);
    for name in [
        "SCURVE_SCALE",
        "SCURVE_DEVICE",
        "SCURVE_PROGRAM",
        "SLURM_CONF",
    ] {
        command.env_remove(name);
    }
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn scurve(args: &[&str]) -> Output {
    command(args).output().expect("the binary starts")
}

/// Runs and gives standard output; panics with standard error when it fails.
pub fn ok(args: &[&str]) -> String {
    let out = scurve(args);
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    text(&out.stdout)
}

/// Fails with this exit code and all of `parts` in the message, which is returned.
pub fn fails(args: &[&str], code: i32, parts: &[&str]) -> String {
    let out = scurve(args);
    let message = text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{args:?}: {message}");
    for part in parts {
        assert!(
            message.contains(part),
            "{args:?}: no {part:?} in: {message}"
        );
    }
    message
}

/// A folder under a temporary one, as text.
pub fn at(dir: &tempfile::TempDir, name: &str) -> String {
    dir.path().join(name).to_str().unwrap().to_string()
}

/// Arguments of a plan of `3 × 2 × seeds` rows of some milliseconds each.
pub fn small(folder: &str, seeds: &str) -> Vec<String> {
    let args = [
        "sweep",
        "plan",
        ID,
        "--scale",
        "check",
        "--set",
        "duration=5",
        "--set",
        "records=20",
        "--grid",
        "n=5,10,15",
        "--grid",
        "aligned=0.8,0.9",
        "--seeds",
        seeds,
        "--out",
        folder,
    ];
    args.map(String::from).to_vec()
}

pub fn plan(folder: &str, seeds: &str) {
    plan_of(folder, seeds, 5);
}

/// As [`plan`], with rows that take longer.
pub fn plan_of(folder: &str, seeds: &str, duration: u32) {
    let mut args = small(folder, seeds);
    args.extend(["--set".to_string(), format!("duration={duration}")]);
    ok(&args.iter().map(String::as_str).collect::<Vec<_>>());
}

pub fn status(folder: &str) -> serde_json::Value {
    serde_json::from_str(&ok(&["sweep", "status", folder, "--json"])).unwrap()
}

/// Number of rows in a state: `done`, `missing` …
pub fn count(folder: &str, what: &str) -> u64 {
    let status = status(folder);
    let value = &status[what];
    value
        .as_u64()
        .or(value.as_array().map(|a| a.len() as u64))
        .unwrap()
}

/// Merges, and gives every merged file's bytes.
pub fn merged(folder: &str) -> BTreeMap<String, Vec<u8>> {
    ok(&["sweep", "merge", folder]);
    files(&Path::new(folder).join("merged"))
}

pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path());
    entries
        .map(|p| {
            (
                p.file_name().unwrap().to_str().unwrap().to_string(),
                std::fs::read(&p).unwrap(),
            )
        })
        .collect()
}

/// Are the two the same, file by file? Says which is not.
pub fn assert_same(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    assert!(a.len() > 1);
    for (name, bytes) in a {
        assert!(bytes == &b[name], "{name} differs");
    }
}

/// A plan computed by one process in one go, merged.
pub fn reference(seeds: &str) -> BTreeMap<String, Vec<u8>> {
    reference_of(seeds, 5)
}

pub fn reference_of(seeds: &str, duration: u32) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan_of(&folder, seeds, duration);
    ok(&["sweep", "work", &folder, "--shard", "0/1"]);
    merged(&folder)
}

/// The folders of all finished rows.
pub fn rows(folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.join("done.json").exists() {
                found.push(path);
            } else if path.is_dir() {
                walk(&path, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(folder).join("tables"), &mut found);
    found.sort();
    found
}

/// Starts a run in the background.
pub fn start(args: &[&str]) -> std::process::Child {
    command(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

pub fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// The processes that a process has started and that live.
pub fn children(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(child) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        // After the name in brackets: state, then the parent.
        let mut rest = stat.rsplit(')').next().unwrap_or("").split_whitespace();
        let (state, parent) = (rest.next(), rest.next());
        if parent == Some(&pid.to_string()) && state != Some("Z") {
            found.push(child);
        }
    }
    found
}

/// Waits until something holds, at most a minute.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1200 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("a minute has passed, and not: {what}");
}
