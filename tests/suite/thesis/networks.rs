//! Trained networks: the features they learn, and their collapse.

use crate::common::{refused, run};
use scurve::experiment::thesis::StepFeatures;
use scurve::experiment::{Scale, Settings};

/// PyTorch 2.9, width 1000, grid of 32 points: D_eff(ρ) of an initial network is 1.62, and 32 features are needed.
#[test]
fn features_of_a_step_before_training_and_after() {
    let experiment = StepFeatures {
        width: 100,
        points: 100,
        steps: 3000,
        grids: vec![16, 32],
        ..StepFeatures::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let grids = outcome.table("grids").unwrap();
    let rows = grids.rows_where("points", 32).unwrap();
    assert!(rows.f64s("needed").unwrap().iter().all(|k| *k >= 30.0));
    let intensity = rows.f64s("plain_intensity_dimension").unwrap();
    assert!(
        intensity.iter().all(|d| (d - 1.6).abs() < 0.2),
        "{intensity:?}"
    );
    let history = outcome.table("history").unwrap();
    let at = |step: i64, column: &str| {
        history
            .rows_where("step", step)
            .unwrap()
            .f64s(column)
            .unwrap()
    };
    assert_eq!(at(0, "loss").len(), 4);
    assert!(at(0, "constant").iter().all(|c| *c > 0.95));
    // Two features of one sign each, or one: a step overlaps with a constant by 1/√2.
    assert!(at(3000, "constant").iter().all(|c| *c < 0.9));
    assert!(at(3000, "loss").iter().all(|l| *l < 0.05));
    let functions = outcome.table("functions").unwrap();
    assert_eq!(functions.height(), 2 * 3 * 100);
}

#[test]
fn bad_settings_of_a_step_are_named() {
    let plain = || StepFeatures::preset(Scale::Check);
    assert_eq!(
        refused(StepFeatures {
            batch: 0,
            ..plain()
        }),
        "batch"
    );
    assert_eq!(
        refused(StepFeatures {
            batch: 201,
            ..plain()
        }),
        "batch"
    );
    assert_eq!(
        refused(StepFeatures {
            hidden: 0,
            ..plain()
        }),
        "hidden"
    );
    assert_eq!(
        refused(StepFeatures {
            decays: vec![],
            ..plain()
        }),
        "decays"
    );
    assert_eq!(
        refused(StepFeatures {
            decays: vec![-1.0],
            ..plain()
        }),
        "optimizer.weight_decay"
    );
    assert_eq!(
        refused(StepFeatures {
            grids: vec![2],
            ..plain()
        }),
        "grids"
    );
    assert_eq!(
        refused(StepFeatures {
            rate: f64::NAN,
            ..plain()
        }),
        "rate"
    );
}
