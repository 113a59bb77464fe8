//! Sweeps on a real Slurm cluster of three nodes, all on this machine. Skipped, and said so, where Slurm is not installed.

use super::sweep_common::*;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A cluster that ends with the test.
struct Cluster {
    dir: tempfile::TempDir,
    port: String,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slurm/localhost-cluster.sh")
}

impl Cluster {
    /// `None` where Slurm is not installed or does not start.
    fn start(port: u16, seconds: u32) -> Option<Self> {
        let cluster = Self {
            dir: tempfile::tempdir().unwrap(),
            port: port.to_string(),
        };
        // munged wants a folder that others may enter.
        Command::new("chmod")
            .arg("755")
            .arg(cluster.dir.path())
            .status()
            .unwrap();
        let out = cluster
            .script(&["start"])
            .env("LSLURM_MAX_SECONDS", seconds.to_string())
            .output()
            .unwrap();
        if !out.status.success() {
            println!(
                "skipped: no Slurm cluster here ({})",
                text(&out.stderr).trim()
            );
            return None;
        }
        Some(cluster)
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("cluster")
    }

    fn script(&self, args: &[&str]) -> Command {
        let mut command = Command::new("bash");
        command
            .arg(script())
            .args(args)
            .env("LSLURM_DIR", self.home())
            .env("LSLURM_PORT", &self.port);
        command
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(args);
        command.env("SLURM_CONF", self.home().join("slurm.conf"));
        command
    }

    fn ok(&self, args: &[&str]) -> String {
        let out = self.command(args).output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
        text(&out.stdout)
    }

    fn fails(&self, args: &[&str], parts: &[&str]) {
        let out = self.command(args).output().unwrap();
        let message = text(&out.stderr);
        assert!(!out.status.success(), "{args:?} went well");
        assert!(
            parts.iter().all(|p| message.contains(p)),
            "{args:?}: {message}"
        );
    }

    /// States of the last array's tasks and of the merge.
    fn status(&self, folder: &str) -> serde_json::Value {
        serde_json::from_str(&self.ok(&["sweep", "status", folder, "--json"])).unwrap()
    }

    /// Waits until the merge after the array has ended well.
    fn wait(&self, folder: &str, seconds: u64) -> serde_json::Value {
        for _ in 0..seconds {
            let status = self.status(folder);
            match status["slurm"]["merging"].as_str() {
                Some("COMPLETED") => return status,
                Some("PENDING" | "RUNNING" | "CONFIGURING" | "COMPLETING") => {}
                _ => panic!("{status}\n{}", self.ok(&["sweep", "status", folder])),
            }
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        panic!("{}", self.ok(&["sweep", "status", folder]));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.script(&["stop"]).output();
    }
}

#[test]
fn without_slurm_the_message_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan(&folder, "0..1");
    let out = command(&["sweep", "run", &folder, "--engine", "slurm"])
        .env("PATH", dir.path())
        .output()
        .unwrap();
    let said = text(&out.stderr);
    assert!(
        !out.status.success() && said.contains("no `sbatch`") && said.contains("--engine local"),
        "{said}"
    );
    fails(
        &["sweep", "run", &folder, "--partition", "long"],
        2,
        &["--engine"],
    );
}

#[test]
fn an_array_computes_the_rows_and_a_job_merges_them() {
    let Some(cluster) = Cluster::start(27117, 600) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    // A name that a shell would take apart.
    let folder = at(&dir, "it's a sweep");
    plan(&folder, "0..7");
    cluster.fails(
        &[
            "sweep",
            "run",
            &folder,
            "--engine",
            "slurm",
            "--partition",
            "nowhere",
        ],
        &["nowhere", "main"],
    );
    cluster.fails(
        &[
            "sweep",
            "run",
            &folder,
            "--engine",
            "slurm",
            "--",
            "--no-such-option",
        ],
        &["no-such-option"],
    );
    // Some rows are there already.
    ok(&["sweep", "work", &folder, "--shard", "0/4"]);
    let said = cluster.ok(&[
        "sweep",
        "run",
        &folder,
        "--engine",
        "slurm",
        "--pack",
        "12",
        "--jobs",
        "3",
        "--",
        "--comment=mine",
    ]);
    assert!(said.contains("3 tasks"), "{said}");
    let script = std::fs::read_to_string(Path::new(&folder).join("slurm/rows.sh")).unwrap();
    assert!(
        script.contains("#SBATCH --requeue") && script.contains("--shard"),
        "{script}"
    );
    let status = cluster.wait(&folder, 90);
    assert_eq!(
        (&status["done"], &status["missing"]),
        (&48.into(), &0.into()),
        "{status}"
    );
    assert_same(
        &reference("0..7"),
        &files(&Path::new(&folder).join("merged")),
    );
    let said = cluster.ok(&["sweep", "resume", &folder]);
    assert!(said.contains("nothing was submitted"), "{said}");

    // More tasks than the cluster takes in an array.
    let large = at(&dir, "large");
    plan(&large, "0..4999");
    cluster.fails(
        &["sweep", "run", &large, "--engine", "slurm", "--pack", "1"],
        &["at least 2", "30000", "20001", "MaxArraySize"],
    );
    // Cancelled, what is finished is kept, and the log of a task that was stopped is found.
    cluster.ok(&[
        "sweep", "run", &large, "--engine", "slurm", "--pack", "10000",
    ]);
    until("rows are computed", || rows(&large).len() > 20);
    let said = cluster.ok(&["sweep", "cancel", &large]);
    assert!(said.contains("cancelled"), "{said}");
    until("the tasks end", || {
        let status = cluster.status(&large);
        status["slurm"]["states"]
            .as_object()
            .unwrap()
            .keys()
            .all(|s| s == "CANCELLED")
    });
    let said = cluster.ok(&["sweep", "status", &large]);
    assert!(
        said.contains("rows missing") && said.contains("CANCELLED"),
        "{said}"
    );
    assert_eq!(count(&large, "corrupt"), 0);
    // The same options again.
    let said = cluster.ok(&["sweep", "resume", &large]);
    assert!(said.contains("3 tasks"), "{said}");
    // A second array of the same plan while the first is at it.
    cluster.fails(
        &["sweep", "run", &large, "--engine", "slurm"],
        &["in the queue", "sweep cancel"],
    );
    cluster.ok(&["sweep", "cancel", &large]);
}

/// 500 rows in 500 tasks; a node dies with what runs on it, and its tasks are queued again.
#[test]
#[ignore = "soak"]
fn soak_five_hundred_tasks_and_a_node_that_dies() {
    let Some(cluster) = Cluster::start(27217, 900) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    let args = [
        "sweep",
        "plan",
        ID,
        "--scale",
        "check",
        "--grid",
        "n=5,10,15,20,25",
        "--seeds",
        "100",
        "--out",
        &folder,
    ];
    ok(&args);
    let began = std::time::Instant::now();
    cluster.ok(&["sweep", "run", &folder, "--engine", "slurm", "--pack", "1"]);
    until("a part is computed", || rows(&folder).len() > 120);
    let killed = cluster.script(&["kill-node", "n2"]).status().unwrap();
    assert!(killed.success());
    println!("n2 killed after {} rows", rows(&folder).len());
    let status = cluster.wait(&folder, 600);
    println!("500 tasks in {} s; {status}", began.elapsed().as_secs());
    assert_eq!(
        (&status["done"], &status["missing"]),
        (&500.into(), &0.into()),
        "{status}"
    );
    let local = at(&dir, "local");
    let mut args = args.to_vec();
    args.pop();
    args.push(&local);
    ok(&args);
    ok(&["sweep", "run", &local]);
    assert_same(&merged(&local), &files(&Path::new(&folder).join("merged")));
}

/// Tasks that are too long for their limit: the status says what to ask for.
#[test]
#[ignore = "soak"]
fn soak_a_time_limit_that_is_hit() {
    let Some(cluster) = Cluster::start(27317, 400) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    ok(&[
        "sweep",
        "plan",
        ID,
        "--scale",
        "check",
        "--set",
        "n=200",
        "--set",
        "duration=200",
        "--seeds",
        "5000",
        "--out",
        &folder,
    ]);
    cluster.ok(&[
        "sweep", "run", &folder, "--engine", "slurm", "--pack", "5000", "--time", "1",
    ]);
    for _ in 0..150 {
        let waits = cluster.status(&folder)["slurm"]["states"]
            .as_object()
            .unwrap()
            .keys()
            .any(|s| s == "RUNNING" || s == "PENDING");
        if !waits {
            break;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    let said = cluster.ok(&["sweep", "status", &folder]);
    println!("{said}");
    for part in ["TIMEOUT", "time limit was hit", "rows an hour", "--time="] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert!(count(&folder, "done") > 0);
}
