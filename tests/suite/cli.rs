//! The command line as a user types it.

use std::path::Path;
use std::process::{Command, Output};

fn scurve(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scurve"))
        .args(args)
        .env("SCURVE_DATA", dir.join("data/tables"))
        .env_remove("SCURVE_SCALE")
        .env_remove("SCURVE_DEVICE")
        .current_dir(dir)
        .output()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs, and gives standard output; panics with standard error when it fails.
fn ok(dir: &Path, args: &[&str]) -> String {
    let out = scurve(dir, args);
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    text(&out.stdout)
}

/// Fails with this exit code, nothing on standard output, and all of `parts` in the message.
fn fails(dir: &Path, args: &[&str], code: i32, parts: &[&str]) {
    let out = scurve(dir, args);
    let message = text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{args:?}: {message}");
    assert!(
        parts.iter().all(|p| message.contains(p)),
        "{args:?}: {message}"
    );
    assert_eq!(text(&out.stdout), "", "{args:?}");
}

const ID: &str = "scurves/rank-one";

#[test]
fn list_is_stable_json() {
    let dir = tempfile::tempdir().unwrap();
    let all: serde_json::Value =
        serde_json::from_str(&ok(dir.path(), &["list", "--json"])).unwrap();
    let one = all
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["id"] == ID)
        .unwrap();
    for key in ["id", "title", "source", "notebook"] {
        assert!(one[key].as_str().is_some_and(|s| !s.is_empty()), "{key}");
    }
    assert!(ok(dir.path(), &["list"]).lines().any(|l| l.starts_with(ID)));
}

#[test]
fn show_prints_settings_that_run_takes_back() {
    let dir = tempfile::tempdir().unwrap();
    let shown = ok(dir.path(), &["show", ID, "--scale", "check"]);
    let config = dir.path().join("mine.toml");
    std::fs::write(&config, &shown).unwrap();
    let config = config.to_str().unwrap();
    assert_eq!(ok(dir.path(), &["show", ID, "--config", config]), shown);
    let changed = ok(
        dir.path(),
        &[
            "show", ID, "--scale", "check", "--seeds", "3", "--set", "n=41",
        ],
    );
    assert!(changed.contains("n = 41") && changed.contains("seeds = 3"));
}

#[test]
fn show_says_what_the_published_run_has_where_it_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let quick = ok(dir.path(), &["show", "physics/fig-13", "--scale", "quick"]);
    assert!(quick.contains("modulus = 47 # paper: 59\n"), "{quick}");
    assert!(quick.contains("fraction = 0.8\n"), "{quick}");
    let paper = ["show", "physics/fig-13", "--scale", "paper"];
    assert!(!ok(dir.path(), &paper).contains("# paper"));
    let set = [
        "show",
        "physics/fig-13",
        "--scale",
        "paper",
        "--set",
        "modulus=61",
    ];
    assert!(ok(dir.path(), &set).contains("modulus = 61 # paper: 59\n"));
}

#[test]
fn run_table_figure_and_claims_follow_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let at = ["--scale", "check"];
    let with = |args: &[&'static str]| -> Vec<&str> { args.iter().copied().chain(at).collect() };
    fails(
        dir.path(),
        &with(&["table", ID]),
        1,
        &["scurve run scurves/rank-one"],
    );
    let said = ok(dir.path(), &with(&["run", ID]));
    assert!(
        said.contains("seeds in") && said.contains("inconclusive"),
        "{said}"
    );
    let names: Vec<String> = said
        .lines()
        .filter_map(|l| {
            l.strip_prefix("table ")?
                .split_once(':')
                .map(|(n, _)| n.to_string())
        })
        .collect();
    let name = names.first().expect("a table").as_str();
    let csv = ok(
        dir.path(),
        &["table", ID, "--name", name, "--scale", "check"],
    );
    assert!(csv.lines().count() > 2);
    let rows: serde_json::Value = serde_json::from_str(&ok(
        dir.path(),
        &[
            "table", ID, "--name", name, "--format", "json", "--scale", "check",
        ],
    ))
    .unwrap();
    assert_eq!(rows.as_array().unwrap().len(), csv.lines().count() - 1);
    ok(
        dir.path(),
        &[
            "table",
            ID,
            "--name",
            name,
            "--format",
            "parquet",
            "--to",
            "t.parquet",
            "--scale",
            "check",
        ],
    );
    assert!(
        std::fs::read(dir.path().join("t.parquet"))
            .unwrap()
            .starts_with(b"PAR1")
    );
    ok(
        dir.path(),
        &["figure", ID, "--out", "f.svg", "--scale", "check"],
    );
    ok(
        dir.path(),
        &["figure", ID, "--out", "f.png", "--scale", "check"],
    );
    assert!(
        std::fs::read(dir.path().join("f.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    fails(
        dir.path(),
        &["figure", ID, "--out", "f.pdf", "--scale", "check"],
        2,
        &[".svg", ".png"],
    );
    let claims: serde_json::Value = serde_json::from_str(&ok(
        dir.path(),
        &["claims", ID, "--json", "--scale", "check"],
    ))
    .unwrap();
    let claims = claims.as_array().unwrap();
    assert!(!claims.is_empty());
    for claim in claims {
        for key in [
            "experiment",
            "id",
            "statement",
            "expected",
            "measured",
            "low",
            "high",
            "seeds",
            "verdict",
            "origin",
        ] {
            assert!(claim.get(key).is_some(), "{key}");
        }
        assert_eq!(claim["origin"], "local");
    }
    // A second run computes nothing and says so.
    let again = scurve(dir.path(), &with(&["run", ID]));
    assert!(
        text(&again.stderr).contains("--force"),
        "{}",
        text(&again.stderr)
    );
}

#[test]
fn bad_input_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    fails(
        d,
        &["show", "scurves/rank-won"],
        2,
        &["scurves/rank-won", "did you mean `scurves/rank-one`?"],
    );
    fails(
        d,
        &["run", ID, "--set", "raet=3"],
        2,
        &["raet", "did you mean `rate`?"],
    );
    fails(d, &["run", ID, "--set", "n=0"], 2, &["n = 0"]);
    fails(
        d,
        &["run", ID, "--scale", "big"],
        2,
        &["big", "check, quick, paper"],
    );
    fails(d, &["run", ID, "--seeds", "0"], 2, &["seeds = 0"]);
    fails(d, &["run", ID, "--device", "tpu"], 2, &["tpu"]);
    let config = d.join("bad.toml");
    std::fs::write(&config, "n = 3\nsteps = = 4\n").unwrap();
    fails(
        d,
        &["run", ID, "--config", config.to_str().unwrap()],
        2,
        &["bad.toml", "line 2", "column 9"],
    );
    fails(
        d,
        &["run", ID, "--config", "absent.toml"],
        3,
        &["absent.toml"],
    );
    std::fs::write(d.join("file"), "").unwrap();
    fails(
        d,
        &["run", ID, "--scale", "check", "--out", "file/x"],
        3,
        &["file"],
    );
    if !cfg!(feature = "libtorch") {
        fails(
            d,
            &["run", ID, "--device", "libtorch"],
            2,
            &["not built in", "make setup"],
        );
    }
    if scurve::device::DeviceKind::Cuda.device().is_err() {
        let network = "thesis/fig-6.4";
        fails(
            d,
            &["run", network, "--scale", "check", "--device", "cuda"],
            2,
            &["cuda", "flex"],
        );
    }
    fails(
        d,
        &["run", ID, "--scale", "check", "--data", "nowhere"],
        2,
        &["data = nowhere", "a folder with image sets"],
    );
}

#[test]
fn a_diverging_run_names_the_step() {
    let dir = tempfile::tempdir().unwrap();
    let out = scurve(
        dir.path(),
        &["run", ID, "--scale", "check", "--set", "rate=10"],
    );
    assert_eq!(out.status.code(), Some(4), "{}", text(&out.stderr));
    assert!(
        text(&out.stderr).contains("diverged at step"),
        "{}",
        text(&out.stderr)
    );
}

#[test]
fn cite_and_completions_print() {
    let dir = tempfile::tempdir().unwrap();
    assert!(ok(dir.path(), &["cite", ID]).starts_with("@misc{"));
    assert!(ok(dir.path(), &["completions", "bash"]).contains("scurve"));
}

#[test]
fn a_corrupt_table_is_named_and_computed_again() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    ok(d, &["run", ID, "--scale", "check"]);
    let settings = std::fs::read_dir(d.join("data/tables").join(ID))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let shard = settings.path().join("seed=1").join("runs.parquet");
    let whole = std::fs::read(&shard).unwrap();
    std::fs::write(&shard, &whole[..whole.len() / 2]).unwrap();
    fails(
        d,
        &["claims", ID, "--scale", "check"],
        3,
        &["seed=1", "runs.parquet", "set aside"],
    );
    ok(d, &["run", ID, "--scale", "check"]);
    assert_eq!(std::fs::read(&shard).unwrap(), whole);
}

#[test]
fn a_run_with_a_few_of_its_seeds_judges_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // The same settings as the quick preset's, with fewer seeds.
    ok(dir.path(), &["run", ID, "--scale", "quick", "--seeds", "2"]);
    let out = scurve(dir.path(), &["claims", ID, "--json", "--scale", "quick"]);
    assert!(text(&out.stderr).contains("30 of 32 seeds are not computed yet"));
    let claims: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let claims = claims.as_array().unwrap();
    assert!(claims.iter().all(|claim| claim["origin"] == "ledger"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_finished_seeds() {
    let dir = tempfile::tempdir().unwrap();
    let finished = || {
        let mut open = vec![dir.path().join("data/tables")];
        let mut done = 0;
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                done += usize::from(path.ends_with("done.json"));
                if path.is_dir() {
                    open.push(path);
                }
            }
        }
        done
    };
    let run = ["run", ID, "--seeds", "3000", "--set", "duration=400"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_scurve"))
        .args(run)
        .env("SCURVE_DATA", dir.path().join("data/tables"))
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while finished() < 3 {
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "it ended before it was stopped"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(130), "{}", text(&out.stderr));
    let kept = finished();
    assert!((3..3000).contains(&kept));
    let said = text(&out.stderr);
    assert!(
        said.contains(&format!("after {kept} of 3000 seeds")),
        "{said}"
    );
    // The same command with as many seeds as are there computes nothing.
    let kept = kept.to_string();
    let again = scurve(
        dir.path(),
        &["run", ID, "--seeds", "3", "--set", "duration=400"],
    );
    assert!(
        text(&again.stderr).contains("seeds read from"),
        "{kept}: {}",
        text(&again.stderr)
    );
}

/// A full disk, where the system offers one: writing to a file system of 256 kB.
#[cfg(target_os = "linux")]
#[test]
fn a_full_folder_is_named_and_nothing_is_half_written() {
    let dir = tempfile::tempdir().unwrap();
    let full = dir.path().join("full");
    std::fs::create_dir(&full).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
        .arg(&full)
        .output()
        .is_ok_and(|o| o.status.success());
    if !mounted {
        eprintln!("skipped: this user cannot mount a small file system");
        return;
    }
    let out = scurve(
        dir.path(),
        &["run", ID, "--seeds", "64", "--out", full.to_str().unwrap()],
    );
    let left: Vec<_> = Command::new("find")
        .arg(&full)
        .arg("-name")
        .arg(".tmp*")
        .output()
        .unwrap()
        .stdout;
    Command::new("umount").arg(&full).status().unwrap();
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(3), "{said}");
    assert!(
        said.contains("free some space") && said.contains("full"),
        "{said}"
    );
    assert_eq!(text(&left), "");
}

/// Two skills of the Resource model without waste of time: a chain, by steps.
fn curves(dir: &Path, name: &str, change: impl Fn(usize, f64) -> f64) {
    let (p, waste, dt) = ([0.6, 0.4], 0.2, 0.002);
    let mut u = [1.0f64; 2];
    let mut text = String::from("time,skill,accuracy\n");
    for k in 1..=6000 {
        let b = [1.0, 1.0 - u[0]];
        let all: f64 = waste + (0..2).map(|i| b[i] * p[i] * u[i]).sum::<f64>();
        for i in 0..2 {
            u[i] -= dt * b[i] * p[i] * u[i] / all;
        }
        if k % 60 == 0 {
            let time = dt * k as f64;
            for (i, skill) in ["add", "carry"].iter().enumerate() {
                text += &format!("{time:.3},{skill},{:.6}\n", change(k, 1.0 - u[i]));
            }
        }
    }
    std::fs::write(dir.join(name), text).unwrap();
}

#[test]
fn infer_finds_who_waits_for_whom() {
    let dir = tempfile::tempdir().unwrap();
    curves(dir.path(), "c.csv", |_, s| 0.5 + 0.5 * s);
    let files = ["--out", "fit.svg", "--graph", "graph.png", "--dot", "g.dot"];
    let base = ["infer", "c.csv", "--level", "accuracy", "--chance", "0.5"];
    let told = ok(dir.path(), &[&base[..], &files].concat());
    assert!(
        told.contains("add → carry") && told.contains("(sure"),
        "{told}"
    );
    assert!(
        std::fs::read_to_string(dir.path().join("fit.svg"))
            .unwrap()
            .contains("<svg")
    );
    assert!(dir.path().join("graph.png").exists());
    assert!(
        std::fs::read_to_string(dir.path().join("g.dot"))
            .unwrap()
            .contains("\"add\" -> \"carry\"")
    );
    let json: serde_json::Value =
        serde_json::from_str(&ok(dir.path(), &[&base[..], &["--json"]].concat())).unwrap();
    let p = json["skills"][0]["p"]["value"].as_f64().unwrap();
    assert!((p - 0.6).abs() < 0.02, "{p}");
    assert_eq!(json["skills"][1]["waits_for"][0], "add");
    // Parquet, skills as numbers, two seeds with times of their own.
    let (mut time, mut skill, mut seed, mut level) = (vec![], vec![], vec![], vec![]);
    for s in 0..2 {
        for i in 1..=2 {
            for k in 1..=40 {
                let t = f64::from(k * k + 3 * s) / 40.0;
                time.push(t);
                skill.push(i64::from(i));
                seed.push(i64::from(s));
                level.push(1.0 - (-0.2 * f64::from(i) * t).exp());
            }
        }
    }
    let table = scurve::table::Table::new()
        .with("t", time)
        .and_then(|t| t.with("skill", skill))
        .and_then(|t| t.with("seed", seed))
        .and_then(|t| t.with("level", level))
        .unwrap();
    table.save(dir.path().join("c.parquet")).unwrap();
    let told = ok(dir.path(), &["infer", "c.parquet", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    let p = json["skills"][1]["p"]["value"].as_f64().unwrap();
    assert!((p - 2.0 / 3.0).abs() < 1e-3, "{p}");
    assert_eq!(json["edges"].as_array().unwrap().len(), 0);
}

#[test]
fn infer_says_what_is_wrong_with_curves() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fails(dir, &["infer", "none.csv"], 3, &["none.csv"]);
    curves(dir, "c.csv", |_, s| s);
    fails(
        dir,
        &["infer", "c.csv", "--level", "accurcy"],
        2,
        &["accurcy", "did you mean"],
    );
    fails(
        dir,
        &["infer", "c.csv", "--level", "accuracy", "--chance", "1.5"],
        2,
        &["chance", "guessing"],
    );
    curves(dir, "far.csv", |k, s| if k == 600 { 7.0 } else { s });
    fails(
        dir,
        &["infer", "far.csv", "--level", "accuracy"],
        2,
        &["add", "give or take noise"],
    );
    curves(dir, "flat.csv", |_, _| 0.01);
    fails(
        dir,
        &["infer", "flat.csv", "--level", "accuracy"],
        2,
        &["never learned: add, carry"],
    );
    curves(dir, "nan.csv", |_, _| f64::NAN);
    fails(
        dir,
        &["infer", "nan.csv", "--level", "accuracy"],
        2,
        &["records of `add`", "at least 8"],
    );
    std::fs::write(dir.join("back.csv"), "time,skill,level\n2,a,0.1\n1,a,0.2\n").unwrap();
    fails(dir, &["infer", "back.csv"], 2, &["sort each skill by time"]);
    std::fs::write(dir.join("c.txt"), "").unwrap();
    fails(dir, &["infer", "c.txt"], 2, &[".csv or .parquet"]);
}

#[test]
fn files_of_an_image_set_that_are_missing_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("sets/cifar-10");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("data_batch_1.bin"), [0; 3073]).unwrap();
    let cifar = "sets=[{set=\"cifar-10\",classes=10,per_class=6,side=8,crop=0,flip=false}]";
    let run = ["run", "thesis/fig-2.4", "--scale", "check", "--set", cifar];
    let args = [&run[..], &["--data", "sets"]].concat();
    fails(
        dir.path(),
        &args,
        3,
        &["cifar-10", "lacks data_batch_2.bin"],
    );
    let args = [&run[..], &["--data", "elsewhere"]].concat();
    fails(
        dir.path(),
        &args,
        2,
        &["data = elsewhere", "a folder with image sets"],
    );
}

#[test]
fn token_files_are_made_of_text_files() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.txt"), "twenty bytes of text").unwrap();
    std::fs::write(dir.path().join("none.txt"), "").unwrap();
    let said = ok(
        dir.path(),
        &[
            "prepare",
            "a.txt",
            "--to",
            "train.bin",
            "--validation",
            "val.bin",
            "--share",
            "0.25",
        ],
    );
    assert_eq!(said, "train.bin: 15 tokens\nval.bin: 5 tokens\n");
    assert_eq!(
        std::fs::read(dir.path().join("train.bin")).unwrap().len(),
        30
    );
    let prepare = |text: &str, code: i32, parts: &[&str]| {
        fails(dir.path(), &["prepare", text, "--to", "x.bin"], code, parts);
        assert!(!dir.path().join("x.bin").exists());
    };
    prepare("none.txt", 2, &["none.txt", "not empty"]);
    prepare("gone.txt", 3, &["gone.txt", "no such file"]);
    fails(dir.path(), &["prepare", "--to", "x.bin"], 2, &["TEXT"]);
    // Pieces instead of bytes: learned, then read; each text has its end.
    let pieces = |more: &[&str], to: &str| {
        let args = ["prepare", "a.txt", "--to", to, "--vocabulary", "v.json"];
        ok(dir.path(), &[&args, more].concat())
    };
    let said = pieces(&["--learn", "257"], "learned.bin");
    assert_eq!(
        said,
        "v.json: a vocabulary of 257\nlearned.bin: 21 tokens\n"
    );
    assert_eq!(
        pieces(&[], "again.bin"),
        "v.json: a vocabulary of 257\nagain.bin: 21 tokens\n"
    );
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    assert_eq!(read("learned.bin"), read("again.bin"));
    let learn = ["prepare", "a.txt", "--to", "x.bin", "--learn", "300"];
    fails(dir.path(), &learn, 2, &["--vocabulary"]);
    let over = [&learn[..], &["--vocabulary", "v.json"]].concat();
    fails(dir.path(), &over, 2, &["not there yet"]);
    let gone = [
        "prepare",
        "a.txt",
        "--to",
        "x.bin",
        "--vocabulary",
        "gone.json",
    ];
    fails(dir.path(), &gone, 3, &["gone.json", "no such file"]);
}
