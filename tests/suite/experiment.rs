//! Runs, shards and settings, on an experiment of a few microseconds.

use scurve::claim::{Claim, Claims, Verdict};
use scurve::error::{Error, Result};
use scurve::experiment::{
    Document, Experiment, Info, Outcome, Progress, RunOptions, Scale, Settings, Tables, from_toml,
    overridden, to_toml,
};
use scurve::figure::{Figure, Figures, Panel};
use scurve::seed::Seed;
use scurve::stats;
use scurve::table::Table;
use std::fs;
use std::path::Path;

scurve::settings! {
    /// The mean of n normal numbers.
    pub struct Mean {
        /// How many numbers.
        n: usize = 5, 50, 500;
        /// Their spread.
        scale: f64 = 1.0, 1.0, 1.0;
        /// Number of seeds.
        seeds: u64 = 2, 8, 32;
    }
}

impl Experiment for Mean {
    const INFO: Info = Info {
        id: "test/mean",
        title: "The mean of normal numbers",
        document: Document::SCurves,
        section: "none",
        notebook: "none",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        if self.n == 0 {
            return Err(Error::setting("n", self.n, "a whole number ≥ 1"));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, _: &Progress) -> Result<Tables> {
        if self.scale > 1e3 {
            return Err(Error::Diverged {
                what: "the mean".into(),
                step: 17,
            });
        }
        let x = seed.normal("data", 1, self.n) * self.scale;
        let table = Table::new().with("mean", vec![x.mean().unwrap_or(f64::NAN)])?;
        Ok([("mean".to_string(), table)].into())
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let means = outcome.table("mean")?.f64s("mean")?;
        let seeds: Vec<f64> = outcome.seeds().iter().map(|s| *s as f64).collect();
        let figure = Figure::new("Means").panel(
            Panel::new("")
                .x("seed")
                .y("mean")
                .scatter("mean", &seeds, &means),
        );
        Ok(Figures(vec![("means".into(), figure)]))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        let mean = stats::mean(&outcome.table("mean")?.f64s("mean")?);
        Ok(Claims(vec![
            Claim::new("zero", "none", "the mean is 0", "0", mean)
                .verdict(Verdict::within(mean, -1.0, 1.0)),
        ]))
    }
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn more_seeds_add_to_what_is_there_and_bytes_do_not_change() {
    let dir = tempfile::tempdir().unwrap();
    let options = RunOptions::into_folder(dir.path());
    let mean = Mean::preset(Scale::Quick);
    let first = mean.clone().with_seeds(3).run_with(&options).unwrap();
    assert_eq!(
        (first.reused(), first.table("mean").unwrap().height()),
        (0, 3)
    );
    let parquet = |all: Vec<(String, Vec<u8>)>| {
        all.into_iter()
            .filter(|f| f.0.ends_with("parquet"))
            .collect::<Vec<_>>()
    };
    let before = parquet(files(dir.path()));
    let second = mean.clone().with_seeds(5).run_with(&options).unwrap();
    assert_eq!(
        (second.reused(), second.table("mean").unwrap().height()),
        (3, 5)
    );
    let after = parquet(files(dir.path()));
    assert!(
        before.iter().all(|f| after.contains(f)),
        "a finished seed's bytes changed"
    );
    // Forced, everything is computed anew, to the same bytes.
    let forced = RunOptions {
        force: true,
        ..options
    };
    let third = mean.clone().with_seeds(5).run_with(&forced).unwrap();
    assert_eq!(third.reused(), 0);
    assert_eq!(parquet(files(dir.path())), after);
    let without = RunOptions {
        threads: Some(0),
        ..forced
    };
    let refused = mean.clone().with_seeds(5).run_with(&without).unwrap_err();
    assert!(refused.to_string().contains("threads = 0"), "{refused}");
}

#[test]
fn a_corrupt_shard_is_named_set_aside_and_computed_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = RunOptions::into_folder(dir.path());
    let mean = Mean::preset(Scale::Quick);
    let good = mean.run_with(&options).unwrap();
    let shard = good.folder().join("seed=4").join("mean.parquet");
    let bytes = fs::read(&shard).unwrap();
    for broken in [&bytes[..bytes.len() / 2], b"", b"PAR1 nothing PAR1"] {
        fs::write(&shard, broken).unwrap();
        let again = mean.run_with(&options).unwrap();
        assert_eq!(again.reused(), 7);
        assert_eq!(fs::read(&shard).unwrap(), bytes);
        assert!(shard.with_extension("parquet.corrupt").exists());
        assert_eq!(again.table("mean").unwrap(), good.table("mean").unwrap());
    }
    // A side file that is no side file, and a table that is gone.
    fs::write(shard.with_file_name("done.json"), "{").unwrap();
    assert_eq!(mean.run_with(&options).unwrap().reused(), 7);
    fs::remove_file(&shard).unwrap();
    assert_eq!(mean.run_with(&options).unwrap().reused(), 7);
    assert_eq!(fs::read(&shard).unwrap(), bytes);
}

#[test]
fn a_diverged_run_says_at_which_step_and_is_never_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let mean = Mean {
        scale: 1e4,
        ..Mean::preset(Scale::Quick)
    };
    for _ in 0..2 {
        let outcome = mean.run_with(&RunOptions::into_folder(dir.path())).unwrap();
        assert_eq!(outcome.diverged().len(), 8);
        assert_eq!(outcome.diverged()[3], (3, 17, "the mean".to_string()));
        let message = mean.claims(&outcome).unwrap_err().to_string();
        assert!(message.contains("diverged at step 17"), "{message}");
    }
}

#[test]
fn the_check_preset_judges_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let options = RunOptions::into_folder(dir.path());
    let verdict = |m: Mean| m.claims(&m.run_with(&options).unwrap()).unwrap().0[0].verdict;
    assert_eq!(verdict(Mean::preset(Scale::Check)), Verdict::Inconclusive);
    assert_eq!(verdict(Mean::preset(Scale::Quick)), Verdict::Holds);
}

#[test]
fn settings_go_through_toml_and_bad_ones_are_named() {
    let mean = Mean::preset(Scale::Paper);
    let text = to_toml(&mean).unwrap();
    assert!(text.contains("# How many numbers.\nn = 500"), "{text}");
    assert_eq!(
        from_toml::<Mean>(Scale::Check, &text, "x.toml").unwrap(),
        mean
    );
    let says = |e: Error, parts: &[&str]| {
        let message = e.to_string();
        assert!(parts.iter().all(|p| message.contains(p)), "{message}");
    };
    let read = |text: &str| from_toml::<Mean>(Scale::Check, text, "x.toml").unwrap_err();
    says(read("n = = 3"), &["x.toml", "line 1", "column 5"]);
    says(
        read("seed = 3"),
        &["no setting `seed`", "did you mean `seeds`?"],
    );
    says(read("n = 'ten'"), &["x.toml", "ten"]);
    says(read("n = 0"), &["n = 0", "≥ 1"]);
    let set = |pair: &str| overridden(&mean, &[pair.to_string()]);
    assert_eq!(set("scale=2").unwrap().scale, 2.0);
    says(set("scal=2").unwrap_err(), &["did you mean `scale`?"]);
    says(set("n=-1").unwrap_err(), &["--set n=-1"]);
    says(set("n").unwrap_err(), &["key=value"]);
    says(set("n.lr=3").unwrap_err(), &["no settings inside"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_any_work() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Mean::preset(Scale::Check)
        .run_with(&RunOptions::into_folder(file.join("tables")))
        .unwrap_err();
    assert!(
        matches!(error, Error::Io { .. }) && error.exit_code() == 3,
        "{error}"
    );
}
