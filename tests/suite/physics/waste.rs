//! N₀: the Resource model against it, and what it comes from.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::physics::{Collapse, GeometryAgainstResource, RowChange, WasteControl};
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn waste_delays_by_its_share_of_eq_3() {
    let experiment = WasteControl {
        n_task: 3,
        seeds: 3,
        ..WasteControl::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let times = outcome.table("times").unwrap();
    // Without waste: Σ (1 − .1^{p_j/p_3}) over η_eff = 2 √200 · 1e-3, for p ∝ 1, 1/4, 1/9.
    let effort: f64 = [9.0, 2.25, 1.0]
        .map(|r: f64| 1.0 - 0.1f64.powf(r))
        .iter()
        .sum();
    let exact = effort / (2.0 * 200f64.sqrt() * 1e-3);
    assert!((times.f64s("time").unwrap()[0] / exact - 1.0).abs() < 1e-5);
    assert_eq!(outcome.table("fits").unwrap().height(), 3 * 4);
    let claims = experiment.claims(&outcome).unwrap().0;
    let verdict = |id: &str| claims.iter().find(|c| c.id == id).map(|c| c.verdict);
    assert_eq!(verdict("smaller-is-faster"), Some(Verdict::Holds));
    assert_eq!(verdict("delay-is-waste"), Some(Verdict::Holds));
}

#[test]
fn bad_settings_of_the_waste_are_named() {
    let with = |change: fn(&mut WasteControl)| {
        let mut experiment = WasteControl::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.wastes = vec![0.1, -1.0]), "wastes");
    assert_eq!(with(|e| e.wastes = vec![]), "wastes");
    assert_eq!(with(|e| e.level = 1.0), "level");
    assert_eq!(with(|e| e.n_dim = 4), "n_dim");
    assert_eq!(with(|e| e.batch = 0), "batch");
    assert_eq!(with(|e| e.every = 400), "every");
    assert_eq!(with(|e| e.rate = -1.0), "rate");
}

#[test]
fn forms_are_ranked_and_noise_gives_its_n0() {
    let experiment = GeometryAgainstResource {
        n_task: 4,
        n_dim: 1000,
        rate: 1e-3,
        steps: 300,
        rows: vec![RowChange::Nothing, RowChange::Noise { to: 0.01 }],
        sweep_n_dim: 1000,
        sweep_rate: 1e-3,
        sweep_steps: 400,
        noises: vec![0.01, 0.03, 0.1],
        seeds: 4,
        ..GeometryAgainstResource::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let fits = outcome.table("fits").unwrap();
    assert_eq!(fits.height(), 4 * 2 * 8);
    // No model with u = C^p comes nearer than the best C at every record.
    for seed in 0..4u64 {
        for row in ["base", "σ = 0.01"] {
            let of = fits.rows_where("seed", seed).unwrap();
            let of = of.rows_where("row", row).unwrap();
            let rmse = of.f64s("rmse").unwrap();
            assert!(
                rmse[..6].iter().all(|x| *x >= rmse[7] - 1e-9),
                "{row} {rmse:?}"
            );
        }
    }
    let claims = experiment.claims(&outcome).unwrap().0;
    let claim = |id: &str| claims.iter().find(|c| c.id == id).unwrap();
    assert_eq!(claim("l2-is-nearer").verdict, Verdict::Holds);
    assert_eq!(claim("no-parameters").verdict, Verdict::Holds);
    assert_eq!(claim("single-task-rate").verdict, Verdict::Fails);
    // N₀ = σ√n_dim / 2 to a tenth.
    let noise = claim("noise-known");
    assert!((noise.measured - 1.0).abs() < 0.1, "{noise:?}");
}

#[test]
fn the_resource_model_collapses() {
    let experiment = Collapse {
        seeds: 3,
        steps: 300,
        ..Collapse::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let claims = experiment.claims(&outcome).unwrap().0;
    let claim = |id: &str| claims.iter().find(|c| c.id == id).unwrap();
    assert_eq!(claim("resource-collapses").verdict, Verdict::Holds);
    assert_eq!(outcome.table("skills").unwrap().height(), 3 * 2 * 3 * 5);
}

#[test]
fn bad_settings_of_the_comparison_are_named() {
    let with = |change: fn(&mut GeometryAgainstResource)| {
        let mut experiment = GeometryAgainstResource::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.rows = vec![]), "rows");
    assert_eq!(with(|e| e.rows = vec![RowChange::Adam; 2]), "rows");
    assert_eq!(
        with(|e| e.rows = vec![RowChange::Tasks { to: 201 }]),
        "rows"
    );
    assert_eq!(
        with(|e| e.rows = vec![RowChange::Rate { to: -1.0 }]),
        "rows"
    );
    assert_eq!(with(|e| e.rates = vec![1e-3, 1e-4, 1e-2]), "rates");
    assert_eq!(with(|e| e.noises = vec![0.0, 0.1, 1.0]), "noises");
    assert_eq!(with(|e| e.batches = vec![8, 16]), "batches");
    assert_eq!(with(|e| e.grid = 1), "grid");
    let collapse = |low, high| Collapse {
        low,
        high,
        ..Collapse::preset(Scale::Check)
    };
    assert_eq!(refused(collapse(0.0, 0.9)), "low");
    assert_eq!(refused(collapse(0.5, 0.4)), "high");
}
