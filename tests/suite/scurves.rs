//! The experiments of the S-curves post: that they run at `check`, name a bad setting, and give known answers.

use scurve::claim::Verdict;
use scurve::error::Error;
use scurve::experiment::scurves::{CrossEntropy, WeightDecay};
use scurve::experiment::{Experiment, Outcome, RunOptions, Scale};

/// Runs into a folder of its own and makes claims and figures.
fn run<E: Experiment>(experiment: &E) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let outcome = experiment
        .run_with(&RunOptions::into_folder(folder.path()))
        .unwrap();
    for (name, figure) in experiment.figures(&outcome).unwrap().0 {
        assert!(figure.svg().is_ok(), "{name}");
    }
    outcome
}

fn refused<E: Experiment>(experiment: E) -> String {
    match experiment.validate() {
        Err(Error::Setting { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn weight_decay_ends_at_the_soft_threshold() {
    let experiment = WeightDecay {
        ranks: vec![1, 4],
        decays: vec![0.0, 0.5, 1.1],
        critical: vec![0.5, 0.9],
        duration: 100.0,
        seeds: 3,
        ..WeightDecay::at(Scale::Check)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    assert_eq!(runs.height(), 3 * 2 * 3);
    let one = runs.rows_where("rank", 1).unwrap();
    // min(1, λ/σ₁)² is left of the loss at rank 1.
    for (lambda, left) in [(0.0, 0.0), (0.5, 0.25), (1.1, 1.0)] {
        for loss in one
            .rows_where("lambda", lambda)
            .unwrap()
            .f64s("end_loss")
            .unwrap()
        {
            assert!((loss - left).abs() < 1e-6, "{lambda}: {loss}");
        }
    }
    let claims = experiment.claims(&outcome).unwrap().0;
    let verdict = |id: &str| claims.iter().find(|c| c.id == id).map(|c| c.verdict);
    assert_eq!(verdict("soft-threshold"), Some(Verdict::Holds));
    assert_eq!(verdict("growth-rate"), Some(Verdict::Holds));
}

#[test]
fn weight_decay_names_what_it_refuses() {
    let check = WeightDecay::at(Scale::Check);
    let with = |change: fn(&mut WeightDecay)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.decays = vec![0.1]), "decays");
    assert_eq!(with(|e| e.critical = vec![1.0]), "critical");
    assert_eq!(with(|e| e.ranks = vec![101]), "ranks");
    assert_eq!(with(|e| e.ranks = vec![]), "ranks");
    assert_eq!(with(|e| e.rate = f64::NAN), "rate");
}

#[test]
fn weight_decay_records_a_diverged_configuration() {
    let experiment = WeightDecay {
        ranks: vec![1],
        decays: vec![0.0, 9.0],
        critical: vec![0.5],
        // λ × rate = 2.7 > 2 is unstable; rate alone is not.
        rate: 0.3,
        seeds: 1,
        ..WeightDecay::at(Scale::Check)
    };
    let runs = run(&experiment).table("runs").unwrap();
    let steps = runs.f64s("diverged_step").unwrap();
    assert!(steps[0].is_nan() && steps[1] > 0.0, "{steps:?}");
    assert!(runs.f64s("end_loss").unwrap()[1].is_nan());
}

#[test]
fn cross_entropy_of_small_logits_is_the_squared_error() {
    let experiment = CrossEntropy {
        ranks: vec![2],
        steps: 100,
        seeds: 3,
        ..CrossEntropy::at(Scale::Check)
    };
    let outcome = run(&experiment);
    let claims = experiment.claims(&outcome).unwrap().0;
    let claim = claims.iter().find(|c| c.id == "small-logits").unwrap();
    assert!((claim.measured - 1.0).abs() < 0.05, "{}", claim.measured);
    // n² = 10⁴ equal logits have the entropy ln 10⁴; those as drawn, less.
    let runs = outcome.table("runs").unwrap();
    let entropy = |case: &str| {
        runs.rows_where("case", case)
            .unwrap()
            .f64s("entropy")
            .unwrap()[0]
    };
    assert!((entropy("small-logits") - 1e4f64.ln()).abs() < 0.01);
    assert!(entropy("cross-entropy") < 9.0);
}

#[test]
fn cross_entropy_names_what_it_refuses() {
    let mut experiment = CrossEntropy::at(Scale::Check);
    experiment.wide_rate = 0.0;
    assert_eq!(refused(experiment), "wide_rate");
}

#[test]
fn the_check_presets_run() {
    let outcome = run(&WeightDecay::at(Scale::Check));
    assert_eq!(outcome.seeds().len(), 2);
    assert_eq!(
        outcome.table_names(),
        ["critical", "curves", "modes", "runs"]
    );
    let outcome = run(&CrossEntropy::at(Scale::Check));
    assert_eq!(outcome.table_names(), ["curves", "runs"]);
}
