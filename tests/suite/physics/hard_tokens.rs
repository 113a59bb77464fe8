//! Fig. 14 on a GPT: runs at `check`, agrees with runs made by hand, names bad settings and texts.

use crate::common::{refused, run};
use scurve::device::DeviceKind;
use scurve::error::Error;
use scurve::experiment::{Experiment, RunOptions, Scale, Settings};
use scurve::model::network::{GptTrainer, TokenWeight};
use scurve::prelude::HardTokens;
use scurve::seed::Seed;
use scurve::task::tokens::{Tokens, Vocabulary, prepare};

#[test]
fn the_tables_are_runs_made_by_hand() {
    let experiment = HardTokens::preset(Scale::Check);
    let outcome = run(&experiment);
    let (curves, runs, bands) = ["curves", "runs", "bands"]
        .map(|n| outcome.table(n).unwrap())
        .into();
    // 4 records and the end, of three A and two seeds.
    assert_eq!(curves.height(), 5 * 3 * 2);
    assert_eq!((runs.height(), bands.height()), (6, 30));
    // The weighted runs of a seed share their beginning: as if each had been made by itself.
    let text = Tokens::load(&experiment.text, experiment.vocabulary).unwrap();
    let (train, validation) = text.split(0.1).unwrap();
    let last = validation
        .spread(experiment.block, experiment.validated_last)
        .unwrap();
    let device = DeviceKind::from_env().unwrap().device().unwrap();
    for (share, until) in [(0.0, 0), (0.2, 4), (1.0, 20)] {
        let seed = Seed(1);
        let start = GptTrainer::new(&experiment.net(), &experiment.training(), seed, &device);
        let mut own = start.unwrap().weighted_until(until);
        for step in 0..experiment.steps {
            own.step(&[train
                .draw(experiment.block, experiment.batch, seed, step)
                .unwrap()])
                .unwrap();
        }
        let losses = own.losses(&last).unwrap();
        let mean = losses.iter().map(|l| f64::from(*l)).sum::<f64>() / losses.len() as f64;
        let row = runs
            .rows_where("share", share)
            .unwrap()
            .rows_where("seed", 1)
            .unwrap();
        let found = row.f64s("loss").unwrap();
        assert!((found[0] - mean).abs() < 1e-4, "{share}: {found:?} {mean}");
        // Bands split that mean.
        let own = bands
            .rows_where("share", share)
            .unwrap()
            .rows_where("seed", 1)
            .unwrap();
        let (tokens, loss) = (own.i64s("tokens").unwrap(), own.f64s("loss").unwrap());
        assert_eq!(tokens.iter().sum::<i64>() as usize, losses.len());
        let all = tokens.iter().zip(loss).filter(|(n, _)| **n > 0);
        let sum: f64 = all.map(|(n, loss)| *n as f64 * loss).sum();
        assert!((sum / losses.len() as f64 - found[0]).abs() < 1e-9);
    }
    let names = experiment.figures(&outcome).unwrap();
    assert_eq!(names.names(), ["fig-14", "frequency"]);
    let claims = experiment.claims(&outcome).unwrap().0;
    let ids: Vec<&str> = claims.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "gain",
            "most",
            "too-long",
            "slower",
            "order",
            "rare",
            "rare-always",
            "rare-more"
        ]
    );
}

#[test]
fn a_divergence_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let wild = HardTokens {
        rate: 1e30,
        warmup: 0,
        seeds: 1,
        ..HardTokens::preset(Scale::Check)
    };
    let outcome = wild
        .run_with(&RunOptions::into_folder(folder.path()))
        .unwrap();
    let runs = outcome.table("runs").unwrap();
    assert!(runs.f64s("loss").unwrap().iter().all(|l| l.is_nan()));
    assert!(
        runs.f64s("diverged")
            .unwrap()
            .iter()
            .all(|step| *step >= 1.0)
    );
}

#[test]
fn published_settings_build() {
    let paper = HardTokens::preset(Scale::Paper);
    paper.validate().unwrap();
    assert_eq!(paper.net().len(), 124_439_808);
    assert_eq!(
        (paper.batch * paper.parts, paper.weight),
        (480, TokenWeight::Loss)
    );
    // The same code at a tiny size: a token file, accumulated gradients, a second text.
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(
        name("text.txt"),
        "to be or not to be, that is the question. ".repeat(20),
    )
    .unwrap();
    let (train, held_back) = (name("train.bin"), name("val.bin"));
    prepare(
        &[name("text.txt").into()],
        &Vocabulary::Bytes,
        train.as_ref(),
        Some((held_back.as_ref(), 0.2)),
    )
    .unwrap();
    let tiny = HardTokens {
        text: train,
        validation: held_back,
        vocabulary: 300,
        layers: 1,
        heads: 1,
        width: 8,
        block: 8,
        batch: 2,
        parts: 3,
        steps: 5,
        warmup: 1,
        records: 2,
        validated: 2,
        validated_last: 4,
        seeds: 1,
        ..paper
    };
    let outcome = tiny
        .run_with(&RunOptions::into_folder(folder.path()))
        .unwrap();
    assert!(
        outcome
            .table("runs")
            .unwrap()
            .f64s("loss")
            .unwrap()
            .iter()
            .all(|l| l.is_finite())
    );
}

#[test]
fn bad_settings_and_texts_are_named() {
    let with = |change: fn(&mut HardTokens)| {
        let mut experiment = HardTokens::preset(Scale::Check);
        change(&mut experiment);
        experiment
    };
    for (field, change) in [
        ("heads", (|e| e.heads = 3) as fn(&mut HardTokens)),
        ("block", |e| e.block = 0),
        ("shares", |e| e.shares = vec![0.0, 1.0]),
        ("shares", |e| e.shares.push(1.5)),
        ("warmup", |e| e.warmup = 21),
        ("floor", |e| e.floor = 1.0),
        ("records", |e| e.records = 21),
        ("batch", |e| e.batch = 0),
        ("text", |e| e.text = String::new()),
    ] {
        assert_eq!(refused(with(change)), field);
    }
    let folder = tempfile::tempdir().unwrap();
    let fails = |change: fn(&mut HardTokens), words: &str| {
        let failed = with(change).run_with(&RunOptions::into_folder(folder.path()));
        let failed: Error = failed.unwrap_err();
        assert!(failed.to_string().contains(words), "{failed}");
    };
    fails(|e| e.text = "nowhere.bin".into(), "scurve prepare");
    fails(|e| e.vocabulary = 100, "vocabulary = 100");
    fails(|e| e.block = 200_000, "block = 200000");
}
