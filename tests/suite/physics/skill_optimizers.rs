//! Fig. 15 and Fig. 14 on the Geometry model.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::physics::{HardSkills, SkillOptimizers};
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn lion_is_first_and_swings() {
    let experiment = SkillOptimizers {
        tasks: vec![10],
        noises: vec![0.0, 1.0],
        steps: 3000,
        seeds: 8,
        ..SkillOptimizers::preset(Scale::Quick)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    assert_eq!(runs.height(), 8 * 2 * 6);
    assert!(
        runs.f64s("end")
            .unwrap()
            .iter()
            .all(|l| *l > 0.0 && *l < 0.7)
    );
    let claims = experiment.claims(&outcome).unwrap().0;
    let verdict = |id: &str| claims.iter().find(|c| c.id == id).map(|c| c.verdict);
    assert_eq!(verdict("lion-first"), Some(Verdict::Holds));
    assert_eq!(verdict("lion-swings-10"), Some(Verdict::Holds));
    assert_eq!(verdict("ademamix-quiet-10"), Some(Verdict::Holds));
    // Without noise both forms of MARS differ by the batch alone, with noise by the noise too.
    let loss = |rule: &str, noise: f64| {
        let rows = runs.rows_where("rule", rule).unwrap();
        rows.rows_where("noise", noise)
            .unwrap()
            .f64s("end")
            .unwrap()
    };
    assert_ne!(loss("mars", 0.0), loss("mars_exact", 0.0));
}

#[test]
fn weights_bring_the_learning_times_together() {
    let experiment = HardSkills {
        dim: 200,
        alphas: vec![2.0],
        shares: vec![0.0, 0.2, 1.0],
        seeds: 8,
        ..HardSkills::preset(Scale::Quick)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    assert_eq!(runs.height(), 8 * 3 * 3);
    let claims = experiment.claims(&outcome).unwrap().0;
    let verdict = |id: &str| claims.iter().find(|c| c.id == id).map(|c| c.verdict);
    assert_eq!(verdict("alpha-adam-2"), Some(Verdict::Holds));
    assert_eq!(verdict("gain-adam-2"), Some(Verdict::Holds));
    assert_eq!(verdict("too-long-adam-2"), Some(Verdict::Holds));
}

#[test]
fn settings_out_of_range_are_named() {
    let with = |change: fn(&mut SkillOptimizers)| {
        let mut experiment = SkillOptimizers::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.tasks = vec![]), "tasks");
    assert_eq!(with(|e| e.noises = vec![-1.0]), "noises");
    assert_eq!(with(|e| e.dim = 0), "dim");
    assert_eq!(with(|e| e.rate = 0.0), "rate");
    assert_eq!(with(|e| e.early = 70), "early");
    assert_eq!(with(|e| e.adam_betas = (0.9, 1.0)), "optimizer.betas[1]");
    let with = |change: fn(&mut HardSkills)| {
        let mut experiment = HardSkills::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.dim = 5), "dim");
    assert_eq!(with(|e| e.shares = vec![0.0, 1.0]), "shares");
    assert_eq!(with(|e| e.shares.push(1.5)), "shares");
    assert_eq!(with(|e| e.alphas = vec![0.0]), "alphas");
    assert_eq!(with(|e| e.descent_rate = -1.0), "descent_rate");
}
