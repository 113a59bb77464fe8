//! Learning times: Eq. 3 in closed form, and what the settings refuse.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::physics::LearningTimes;
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn times_are_those_of_eq_3() {
    let experiment = LearningTimes {
        alphas: vec![2.0],
        waste: 0.05,
        seeds: 2,
        ..LearningTimes::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let times = outcome.table("times").unwrap();
    // Two skills, p = 4/5 and 1/5, at C = ½.
    let rows = times
        .rows_where("n", 2)
        .and_then(|t| t.rows_where("level", 0.5))
        .and_then(|t| t.rows_where("norm", "L1"))
        .unwrap();
    let task = 2.0 - 0.5f64.powf(0.8) - 0.5f64.powf(0.2);
    let (tasks, wastes) = (rows.f64s("task").unwrap(), rows.f64s("waste").unwrap());
    assert_eq!(tasks.len(), 2);
    assert!((tasks[0] - task).abs() < 1e-14 && (wastes[1] - 0.05 * 2f64.ln()).abs() < 1e-14);
    // The search for the best rate finds √(S/a).
    let optimum = outcome.table("optimum").unwrap();
    let best = optimum.f64s("best").unwrap();
    for (found, exact) in best.iter().zip(optimum.f64s("formula").unwrap()) {
        assert!((found / exact - 1.0).abs() < 1e-3);
    }
    let claims = experiment.claims(&outcome).unwrap().0;
    let verdict = |id: &str| claims.iter().find(|c| c.id == id).map(|c| c.verdict);
    assert_eq!(verdict("task-linear-at-fixed-c"), Some(Verdict::Fails));
    assert_eq!(verdict("waste-is-the-delay"), Some(Verdict::Holds));
    assert_eq!(verdict("task-linear-until-all"), Some(Verdict::Holds));
}

#[test]
fn bad_settings_are_named() {
    let with = |change: fn(&mut LearningTimes)| {
        let mut experiment = LearningTimes::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.alphas = vec![]), "alphas");
    assert_eq!(with(|e| e.alphas = vec![-1.0]), "alphas");
    assert_eq!(with(|e| e.n_tasks = vec![10, 5, 100]), "n_tasks");
    assert_eq!(with(|e| e.window_from = 150), "window_from");
    assert_eq!(with(|e| e.fixed = vec![1.0]), "fixed");
    assert_eq!(with(|e| e.unskill = 0.0), "unskill");
    assert_eq!(with(|e| e.waste = 0.0), "waste");
    assert_eq!(with(|e| e.rate_tasks = 1), "rate_tasks");
}
