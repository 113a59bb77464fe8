//! From learning curves back to frequencies and graphs: the study, and runs of other models.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::physics::{InferredRuns, InverseProblem};
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn graphs_without_noise_are_found_up_to_edges_that_do_not_show() {
    let experiment = InverseProblem {
        sigmas: vec![0.0],
        points: vec![60],
        ..InverseProblem::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let graphs = outcome.table("graphs").unwrap();
    assert_eq!(graphs.height(), 12);
    // Where the graph is right up to what does not show, so are the numbers.
    let same = graphs.rows_where("same", 1.0).unwrap();
    assert!(same.height() >= 11, "{}", same.height());
    assert!(same.f64s("p_worst").unwrap().iter().all(|e| *e < 1e-2));
    let sum = |name: &str| graphs.f64s(name).unwrap().iter().sum::<f64>();
    assert!(sum("right_visible") >= 0.8 * sum("visible") && sum("visible") <= sum("edges"));
    assert_eq!(sum("joins"), sum("joins_right"));
    let claims = experiment.claims(&outcome).unwrap().0;
    assert!(claims.iter().any(|c| c.id == "recall-all"));
    assert!(claims.iter().all(|c| !c.id.starts_with("coverage")));
}

#[test]
fn frequencies_of_sgd_follow_from_its_curves_and_from_its_losses() {
    let experiment = InferredRuns::preset(Scale::Check);
    let outcome = run(&experiment);
    assert_eq!(outcome.table("runs").unwrap().height(), 2 * 3);
    assert_eq!(outcome.table("losses").unwrap().height(), 2 * 3);
    // One network of each kind.
    assert_eq!(outcome.table("parities").unwrap().height(), 2);
    let claims = experiment.claims(&outcome).unwrap().0;
    let claim = |id: &str| claims.iter().find(|c| c.id == id).unwrap();
    assert!(claim("p-sgd").measured < 0.05);
    assert_eq!(claim("losses-sgd").measured, 1.0);
    assert_ne!(claim("edges-sgd").verdict, Verdict::Fails);
}

#[test]
fn bad_settings_of_the_inverse_problem_are_named() {
    let with = |change: fn(&mut InverseProblem)| {
        let mut experiment = InverseProblem::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.graphs = 0), "graphs");
    assert_eq!(with(|e| e.fewest = 1), "fewest");
    assert_eq!(with(|e| e.most = 2), "most");
    assert_eq!(with(|e| e.waste_high = 1e-3), "waste_high");
    assert_eq!(with(|e| e.gamma_high = f64::INFINITY), "gamma_high");
    assert_eq!(with(|e| e.sigmas = vec![0.5]), "sigmas");
    assert_eq!(with(|e| e.points = vec![4]), "points");
    assert_eq!(with(|e| e.learned = 1.0), "learned");
    let with = |change: fn(&mut InferredRuns)| {
        let mut experiment = InferredRuns::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.n_dim = 1), "n_dim");
    assert_eq!(with(|e| e.moments = vec![1.0]), "moments");
    assert_eq!(with(|e| e.bits = 4), "bits");
    assert_eq!(with(|e| e.parity_every = 200), "parity_every");
    assert_eq!(with(|e| e.adam_rate = -1.0), "adam_rate");
}
