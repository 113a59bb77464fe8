//! What may go wrong while a sweep runs: killed workers, broken files, a full disk, clocks that lie, two runners.

use super::sweep_common::*;
use scurve::seed::Seed;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
fn broken_files_are_found_and_computed_again() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan(&folder, "0..1");
    ok(&["sweep", "run", &folder]);
    let whole = merged(&folder);
    let rows = rows(&folder);
    assert_eq!(rows.len(), 12);
    let table = |i: usize| rows[i].join("curves.parquet");
    let bytes = std::fs::read(table(0)).unwrap();
    std::fs::write(table(0), &bytes[..bytes.len() / 2]).unwrap();
    let mut changed = std::fs::read(table(1)).unwrap();
    changed[100] ^= 1;
    std::fs::write(table(1), changed).unwrap();
    std::fs::write(table(2), b"").unwrap();
    std::fs::remove_file(table(3)).unwrap();
    std::fs::write(rows[4].join("done.json"), b"{\"hash\": \"").unwrap();
    std::fs::write(rows[5].join("done.json"), b"").unwrap();
    // A side file of other settings.
    std::fs::copy(rows[0].join("done.json"), rows[11].join("done.json")).unwrap();
    std::fs::remove_file(rows[6].join("done.json")).unwrap();
    std::fs::remove_dir_all(&rows[7]).unwrap();
    assert_eq!(
        (
            count(&folder, "done"),
            count(&folder, "corrupt"),
            count(&folder, "missing")
        ),
        (3, 7, 9)
    );
    fails(
        &["sweep", "merge", &folder],
        1,
        &["9 of 12 rows are missing", "7 corrupt"],
    );
    ok(&["sweep", "resume", &folder]);
    assert_eq!((count(&folder, "done"), count(&folder, "corrupt")), (12, 0));
    assert_same(&whole, &merged(&folder));
}

#[test]
fn clocks_that_lie_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan(&folder, "0..1");
    ok(&["sweep", "work", &folder, "--shard", "0/2"]);
    for (i, row) in rows(&folder).iter().enumerate() {
        let when = ["1980-01-01", "2100-01-01"][i % 2];
        for file in files(row).keys() {
            let touched = Command::new("touch")
                .args(["-d", when])
                .arg(row.join(file))
                .status()
                .unwrap();
            assert!(touched.success());
        }
    }
    let touched = Command::new("touch")
        .args(["-d", "2100-01-01"])
        .arg(Path::new(&folder).join("plan.toml"))
        .status()
        .unwrap();
    assert!(touched.success());
    // A note of a runner on a host that is no more, and of a process of this one that is not a sweep.
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let notes = Path::new(&folder).join("running");
    std::fs::create_dir_all(&notes).unwrap();
    std::fs::write(notes.join("elsewhere.17"), b"").unwrap();
    std::fs::write(notes.join(format!("{}.1", host.trim())), b"").unwrap();
    let out = scurve(&["sweep", "run", &folder]);
    let said = text(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert_same(&reference("0..1"), &merged(&folder));
}

#[test]
fn two_runners_at_once_harm_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan(&folder, "0..19");
    let runners: Vec<_> = (0..2)
        .map(|_| start(&["sweep", "run", &folder, "--jobs", "2"]))
        .collect();
    // And a third of another kind, at the same rows.
    ok(&["sweep", "work", &folder, "--shard", "0/1"]);
    for runner in runners {
        let out = runner.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", text(&out.stderr));
    }
    assert_eq!(
        (count(&folder, "done"), count(&folder, "corrupt")),
        (120, 0)
    );
    assert_same(&reference("0..19"), &merged(&folder));
}

/// Kills workers, and now and then the runner, at random moments until so many are dead, then lets the rest be computed.
fn kills(seeds: &str, rows_of_it: u64, wanted: u32) {
    use scurve::rand::RngExt;
    let mut rng = Seed(7).stream("kills");
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan_of(&folder, seeds, 30);
    let (mut workers, mut runners) = (0, 0);
    let mut runner = start(&["sweep", "run", &folder, "--jobs", "3"]);
    let mut seen = 0;
    while workers + runners < wanted {
        // Each kill falls into the middle of work and not of a start.
        until("rows are computed", || {
            let there = rows(&folder).len() as u64;
            there > seen || there == rows_of_it
        });
        std::thread::sleep(Duration::from_millis(rng.random_range(0..100)));
        seen = rows(&folder).len() as u64;
        if runner.try_wait().unwrap().is_some() {
            if seen >= rows_of_it {
                break;
            }
            runner = start(&["sweep", "run", &folder, "--jobs", "3"]);
            continue;
        }
        let name = ["KILL", "TERM"][rng.random_range(0..2)];
        if rng.random_range(0..10) == 0 {
            signal(name, runner.id());
            let _ = runner.wait();
            runners += 1;
            runner = start(&["sweep", "run", &folder, "--jobs", "3"]);
            continue;
        }
        let alive = children(runner.id());
        if !alive.is_empty() {
            signal(name, alive[rng.random_range(0..alive.len())]);
            workers += 1;
        }
    }
    let survived = runner.wait_with_output().unwrap();
    let after = rows(&folder).len();
    ok(&["sweep", "resume", &folder]);
    println!(
        "killed {workers} workers and {runners} runners; {after} of {rows_of_it} rows were there then; the last runner ended with {:?}",
        survived.status.code()
    );
    assert_eq!(
        workers + runners,
        wanted,
        "the sweep was over before all kills"
    );
    assert_eq!(
        (
            count(&folder, "done"),
            count(&folder, "corrupt"),
            count(&folder, "failed")
        ),
        (rows_of_it, 0, 0)
    );
    assert_same(&reference_of(seeds, 30), &merged(&folder));
    ok(&["sweep", "clean", &folder]);
    let left = Command::new("find")
        .args([&folder, "-name", ".tmp*"])
        .output()
        .unwrap();
    assert_eq!(text(&left.stdout), "", "temporary files are left");
}

#[test]
fn killed_workers_lose_no_row() {
    kills("0..99", 600, 12);
}

#[test]
#[ignore = "soak"]
fn soak_two_hundred_kills_lose_no_row() {
    kills("0..999", 6_000, 200);
}

/// Mounts a small file system in memory; `None` where that is not allowed.
fn small_disk(folder: &Path, size: &str) -> Option<()> {
    std::fs::create_dir_all(folder).unwrap();
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
        .arg(folder)
        .output();
    mount.is_ok_and(|m| m.status.success()).then_some(())
}

struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_stops_the_sweep_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk");
    if small_disk(&disk, "2m").is_none() {
        println!("skipped: this user may not mount a file system");
        return;
    }
    let _mounted = Mounted(&disk);
    let folder = at(&dir, "disk/sweep");
    plan(&folder, "0..49");
    for args in [
        vec!["sweep", "run", &folder, "--jobs", "2"],
        vec!["sweep", "work", &folder, "--shard", "0/1"],
    ] {
        let message = fails(&args, 3, &[]);
        assert!(
            message.contains("No space left") || message.contains("os error 28"),
            "{message}"
        );
    }
    let done = count(&folder, "done");
    assert!(done > 10 && done < 300, "{done}");
    assert_eq!(
        (count(&folder, "corrupt"), count(&folder, "missing")),
        (0, 300 - done)
    );
    // Room for the rows and not for the merge.
    let resized = Command::new("mount")
        .args(["-o", "remount,size=200m"])
        .arg(&disk)
        .status()
        .unwrap();
    assert!(resized.success());
    ok(&["sweep", "resume", &folder]);
    assert_same(&reference("0..49"), &merged(&folder));
}
