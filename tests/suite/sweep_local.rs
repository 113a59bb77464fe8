//! Sweeps on this machine, as a user types them.

use super::sweep_common::*;
use std::path::Path;

#[test]
fn a_plan_is_readable_and_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan(&folder, "0..3");
    let path = Path::new(&folder).join("plan.toml");
    let first = std::fs::read_to_string(&path).unwrap();
    for part in [
        "experiment = \"scurves/rank-one\"",
        "rows = 24",
        "seeds = \"0..3\"",
        "key = \"n\"",
        "values = [5, 10, 15]",
        "duration = 5.0",
    ] {
        assert!(first.contains(part), "no {part:?} in {first}");
    }
    plan(&folder, "0..3");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    assert_eq!(
        (count(&folder, "rows"), count(&folder, "missing")),
        (24, 24)
    );
    // Another plan does not take its place; what is different is named.
    let other = small(&folder, "0..4");
    fails(
        &other.iter().map(String::as_str).collect::<Vec<_>>(),
        1,
        &["another plan", "seeds", "0..3", "0..4"],
    );
    fails(
        &["sweep", "status", &at(&dir, "nothing")],
        1,
        &["no plan", "scurve sweep plan"],
    );
}

#[test]
fn bad_plans_are_refused_before_any_work() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    let refused = |args: &[&str], code: i32, parts: &[&str]| {
        let all: Vec<&str> = ["sweep", "plan", ID, "--scale", "check", "--out", &folder]
            .iter()
            .chain(args)
            .copied()
            .collect();
        fails(&all, code, parts);
        assert!(!Path::new(&folder).exists(), "{args:?} wrote something");
    };
    refused(&["--grid", "n=5,0"], 2, &["n = 0"]);
    refused(&["--grid", "nn=5"], 2, &["no setting `nn`"]);
    refused(&["--grid", "n=5,ten"], 2, &["n=\"ten\""]);
    refused(&["--grid", "n"], 2, &["key=value"]);
    refused(&["--grid", "n=5,6", "--grid", "n=7"], 2, &["named once"]);
    refused(&["--grid", "n=5,6,5"], 1, &["same settings", "n=5"]);
    refused(&["--grid", "rate=1,1.0"], 1, &["same settings"]);
    refused(&["--grid", "seeds=1,2"], 2, &["--seeds"]);
    refused(&["--seeds", "3..1"], 2, &["3..1"]);
    refused(&["--seeds", "0"], 2, &["seeds = 0"]);
    refused(&["--threads", "0"], 2, &["threads = 0"]);
    refused(&["--device", "abacus"], 2, &["abacus"]);
    fails(
        &["sweep", "plan", "scurves/rank-on", "--out", &folder],
        2,
        &["did you mean"],
    );
}

#[test]
fn merged_bytes_do_not_depend_on_who_computed() {
    let dir = tempfile::tempdir().unwrap();
    let one = reference("0..2");
    // In one go, by worker processes.
    let folder = at(&dir, "processes");
    let mut args = small(&folder, "0..2");
    args.remove(1);
    args.extend(["--jobs", "3"].map(String::from));
    let said = ok(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.contains("merged/curves.parquet"), "{said}");
    assert_same(&one, &files(&Path::new(&folder).join("merged")));
    // By shards, the last first, and more of them than rows of a grid point.
    let folder = at(&dir, "shards");
    plan(&folder, "0..2");
    for shard in ["4/5", "1/5", "0/5", "3/5"] {
        ok(&["sweep", "work", &folder, "--shard", shard]);
    }
    fails(
        &["sweep", "merge", &folder],
        1,
        &["4 of 18 rows are missing", "sweep resume"],
    );
    let part = ok(&["sweep", "merge", &folder, "--partial"]);
    assert!(part.contains("partial/"), "{part}");
    assert!(
        !Path::new(&folder)
            .join("merged")
            .join("curves.parquet")
            .exists()
    );
    ok(&["sweep", "work", &folder, "--shard", "2/5"]);
    assert_same(&one, &merged(&folder));
    // Again: nothing is computed, nothing changes.
    let out = scurve(&["sweep", "run", &folder]);
    assert!(text(&out.stderr).contains("18"), "{}", text(&out.stderr));
    assert_same(&one, &merged(&folder));
    fails(
        &["sweep", "work", &folder, "--shard", "5/5"],
        2,
        &["5/5", "i/n"],
    );
}

#[test]
fn a_merged_table_leads_with_the_grid_and_the_seed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan(&folder, "4,7");
    ok(&["sweep", "run", &folder]);
    merged(&folder);
    let path = Path::new(&folder).join("merged/curves.parquet");
    let table = scurve::table::Table::read_parquet(&path).unwrap().0;
    assert_eq!(table.names()[..3], ["n", "aligned", "seed"]);
    assert_eq!(table.distinct("seed").unwrap(), [4, 7]);
    // The order of the plan: the last axis varies fastest, seeds within it.
    let mut order: Vec<(i64, i64, i64)> = Vec::new();
    let (n, aligned, seed) = (
        table.i64s("n").unwrap(),
        table.f64s("aligned").unwrap(),
        table.i64s("seed").unwrap(),
    );
    for i in 0..table.height() {
        let row = (n[i], (aligned[i] * 10.0) as i64, seed[i]);
        if order.last() != Some(&row) {
            order.push(row);
        }
    }
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!((order.len(), &order), (12, &sorted));
    // The shards are those of `scurve run`: its other commands read them.
    let settings = [
        "--scale",
        "check",
        "--set",
        "duration=5",
        "--set",
        "records=20",
        "--set",
        "n=5",
        "--set",
        "aligned=0.8",
        "--seeds",
        "8",
    ];
    let tables = at(&dir, "sweep/tables");
    let mut args = vec!["table", ID, "--name", "curves", "--out", &tables];
    args.extend(settings);
    let csv = ok(&args);
    assert_eq!(csv.lines().count() - 1, table.height() / 6);
    // Runs that diverge are results.
    let folder = at(&dir, "diverging");
    let go = [
        "sweep",
        ID,
        "--scale",
        "check",
        "--set",
        "records=20",
        "--seeds",
        "2",
        "--grid",
        "rate=0.005,5.0",
        "--out",
        &folder,
    ];
    let out = scurve(&go);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(
        (count(&folder, "done"), count(&folder, "diverged")),
        (4, 2),
        "{}",
        text(&out.stderr)
    );
    let rows = scurve::table::Table::read_parquet(&Path::new(&folder).join("merged/_rows.parquet"))
        .unwrap()
        .0;
    assert_eq!(
        rows.strs("state").unwrap(),
        ["done", "done", "diverged", "diverged"]
    );
}

#[test]
fn plans_and_rows_of_other_versions_are_refused_with_both_named() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan(&folder, "0..1");
    ok(&["sweep", "run", &folder]);
    let before = merged(&folder);
    let path = Path::new(&folder).join("plan.toml");
    let own = std::fs::read_to_string(&path).unwrap();
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let changed = |from: &str, to: &str| {
        assert!(own.contains(from), "no {from:?} in {own}");
        std::fs::write(&path, own.replacen(from, to, 1)).unwrap();
    };
    changed(&version, "version = \"0.0.9\"");
    for command in ["run", "merge", "status", "resume"] {
        fails(
            &["sweep", command, &folder],
            1,
            &["0.0.9", env!("CARGO_PKG_VERSION"), "another folder"],
        );
    }
    changed("format = 1", "format = 7");
    fails(&["sweep", "run", &folder], 2, &["format 7", "format 1"]);
    changed("rows = 12", "rows = 13");
    fails(&["sweep", "run", &folder], 2, &["rows = 13", "12"]);
    changed("revision = ", "revision = 9");
    fails(&["sweep", "run", &folder], 1, &["revision 9"]);
    changed("\nseeds = ", "\nsids = ");
    fails(&["sweep", "run", &folder], 2, &["sids"]);
    std::fs::write(&path, &own).unwrap();
    // A row that another version computed is neither merged nor overwritten.
    let done = rows(&folder)[5].join("done.json");
    let side = std::fs::read_to_string(&done).unwrap();
    let this = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(side.contains(&this), "{side}");
    std::fs::write(&done, side.replace(&this, "\"version\": \"0.0.9\"")).unwrap();
    assert_eq!(count(&folder, "mixed"), 1);
    for command in ["merge", "run"] {
        fails(
            &["sweep", command, &folder],
            1,
            &["0.0.9", env!("CARGO_PKG_VERSION"), "--mixed"],
        );
    }
    fails(&["sweep", "work", &folder, "--shard", "0/1"], 1, &["0.0.9"]);
    ok(&["sweep", "clean", &folder, "--mixed"]);
    assert_eq!(count(&folder, "missing"), 1);
    ok(&["sweep", "resume", &folder]);
    assert_same(&before, &merged(&folder));
}

#[test]
fn ctrl_c_and_cancel_keep_what_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let folder = at(&dir, "sweep");
    plan(&folder, "0..99");
    for cancel in [false, true] {
        let before = rows(&folder).len();
        let runner = start(&["sweep", "run", &folder, "--jobs", "2"]);
        until("rows are computed", || rows(&folder).len() > before + 5);
        let workers = children(runner.id());
        match cancel {
            false => signal("INT", runner.id()),
            true => assert!(ok(&["sweep", "cancel", &folder]).contains("asked to stop")),
        }
        let out = runner.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(130), "{}", text(&out.stderr));
        let kept = rows(&folder).len();
        assert!(kept < 600, "it was over before it was stopped");
        assert!(
            workers
                .iter()
                .all(|w| !Path::new(&format!("/proc/{w}")).exists()),
            "a worker outlived its runner"
        );
        assert_eq!(count(&folder, "done"), kept as u64);
        assert_eq!(count(&folder, "corrupt"), 0);
    }
    assert!(ok(&["sweep", "cancel", &folder]).contains("nobody"));
    // A runner that is killed takes its workers with it, and leaves a note that nobody minds.
    let mut runner = start(&["sweep", "run", &folder, "--jobs", "2"]);
    until("it has workers", || children(runner.id()).len() == 2);
    let workers = children(runner.id());
    runner.kill().unwrap();
    runner.wait().unwrap();
    until("its workers end", || {
        workers
            .iter()
            .all(|w| !Path::new(&format!("/proc/{w}/fd/0")).exists())
    });
    ok(&["sweep", "resume", &folder, "--jobs", "2"]);
    assert_same(&reference("0..99"), &merged(&folder));
    ok(&["sweep", "clean", &folder]);
}
