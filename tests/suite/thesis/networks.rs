//! Trained networks: the features they learn, and their collapse.

use crate::common::{refused, run};
use scurve::experiment::thesis::{
    DigitRegression, Net, RandomLabels, Recipe, StepFeatures, TrainedCollapse, TwoDynamics,
};
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

#[test]
fn collapse_at_check_and_propositions_exactly() {
    let experiment = TrainedCollapse::preset(Scale::Check);
    let outcome = run(&experiment);
    let table = outcome.table("propositions").unwrap();
    for (name, difference) in table
        .strs("statement")
        .unwrap()
        .iter()
        .zip(table.f64s("difference").unwrap())
    {
        let printed = name.ends_with("as_printed");
        assert_eq!(difference < 1e-10, !printed, "{name} {difference}");
    }
    // As printed, Eq. 2.19 is short by a₂ (C − 1)(1 − 1/C) on the diagonal.
    for classes in [2, 10] {
        let rows = table.rows_where("classes", classes).unwrap();
        let rows = rows.rows_where("statement", "eq_2_19_as_printed").unwrap();
        let expected = (classes as f64 - 1.0) * (1.0 - 1.0 / classes as f64);
        for found in rows.f64s("difference").unwrap() {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }
    let spoiled = outcome.table("spoiled").unwrap();
    let rows = spoiled.rows_where("size", 0.0).unwrap();
    assert!(rows.f64s("kappa").unwrap().iter().all(|k| *k < 1e-10));
    let noise = spoiled.rows_where("kind", "noise").unwrap();
    let noise = noise.rows_where("size", 0.5).unwrap();
    // The trace of the noise over that of the means: 17 · ¼ over (C − 1) a₂, less what the means take away.
    for nc1 in noise.f64s("nc1_trace").unwrap() {
        assert!((nc1 / (17.0 * 0.25 / 9.0) - 1.0).abs() < 0.5, "{nc1}");
    }
    let training = outcome.table("training").unwrap();
    assert_eq!(training.distinct("epoch").unwrap(), [0, 1, 4]);
    let accuracy = training.rows_where("epoch", 4).unwrap();
    assert!(
        accuracy
            .f64s("train_accuracy")
            .unwrap()
            .iter()
            .all(|a| *a > 0.5)
    );
}

#[test]
fn bad_settings_of_collapse_are_named() {
    let plain = || TrainedCollapse::preset(Scale::Check);
    let with = |change: fn(&mut TrainedCollapse)| {
        let mut bad = plain();
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(
        with(|s| s.recipe.net = Net::Mlp { hidden: vec![] }),
        "recipe.net.hidden"
    );
    assert_eq!(with(|s| s.recipe.batch = 0), "recipe.batch");
    assert_eq!(with(|s| s.recipe.momentum = 1.0), "recipe.momentum");
    assert_eq!(with(|s| s.recipe.drop = 0.0), "recipe.drop");
    assert_eq!(with(|s| s.classes = vec![1]), "classes");
    assert_eq!(with(|s| s.sizes = vec![-1.0]), "sizes");
    assert_eq!(with(|s| s.synthetic = 0), "synthetic");
}

#[test]
fn random_labels_and_digits_at_check() {
    let experiment = RandomLabels::preset(Scale::Check);
    let outcome = run(&experiment);
    let features = outcome.table("features").unwrap();
    // Two seeds, two noises, twenty features.
    assert_eq!(features.height(), 2 * 2 * 20);
    let training = outcome.table("training").unwrap();
    assert_eq!(training.distinct("epoch").unwrap(), [0, 1, 10]);
    let end = |noise: f64, column: &str| {
        let rows = training.rows_where("noise", noise).unwrap();
        rows.rows_where("epoch", 10).unwrap().f64s(column).unwrap()
    };
    for (clean, random) in end(0.0, "test_accuracy")
        .iter()
        .zip(end(1.0, "test_accuracy"))
    {
        assert!(*clean > 0.4 && random < 0.3, "{clean} {random}");
    }
    let experiment = DigitRegression {
        regression: Recipe {
            epochs: 40,
            drop_every: 30,
            ..DigitRegression::preset(Scale::Check).regression
        },
        ..DigitRegression::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let training = outcome.table("training").unwrap();
    let rows = training.rows_where("kind", "regression").unwrap();
    let before = rows.rows_where("epoch", 0).unwrap();
    let after = rows.rows_where("epoch", 40).unwrap();
    for column in ["kappa", "varying"] {
        let (before, after) = (before.f64s(column).unwrap(), after.f64s(column).unwrap());
        let pairs = before.iter().zip(&after);
        assert!(
            pairs.into_iter().all(|(b, a)| *a < 0.5 * b),
            "{column} {before:?} {after:?}"
        );
    }
}

#[test]
fn bad_settings_of_labels_are_named() {
    let plain = || RandomLabels::preset(Scale::Check);
    assert_eq!(
        refused(RandomLabels {
            noises: vec![1.5],
            ..plain()
        }),
        "noises"
    );
    assert_eq!(
        refused(RandomLabels {
            noises: vec![],
            ..plain()
        }),
        "noises"
    );
    assert_eq!(
        refused(RandomLabels {
            per_class: 1,
            ..plain()
        }),
        "per_class"
    );
    let mut bad = DigitRegression::preset(Scale::Check);
    bad.regression.rate = -1.0;
    assert_eq!(refused(bad), "recipe.rate");
    let bad = DigitRegression {
        shown: 0,
        ..DigitRegression::preset(Scale::Check)
    };
    assert_eq!(refused(bad), "shown");
}

#[test]
fn two_dynamics_at_check() {
    let experiment = TwoDynamics::preset(Scale::Check);
    let outcome = run(&experiment);
    let training = outcome.table("training").unwrap();
    let of = |dynamics: &str, epoch: usize, column: &str| {
        let rows = training.rows_where("dynamics", dynamics).unwrap();
        let rows = rows.rows_where("epoch", epoch as i64).unwrap();
        rows.f64s(column).unwrap()
    };
    let last = experiment.recipe.epochs;
    // Features that do not move: their measures without outputs stay to the last bit.
    for column in [
        "intensity_dimension",
        "quality_dimension",
        "constant",
        "nc1_trace",
    ] {
        assert_eq!(
            of("last_layer", 0, column),
            of("last_layer", last, column),
            "{column}"
        );
        assert_eq!(
            of("last_layer", 0, column),
            of("backpropagation", 0, column),
            "{column}"
        );
    }
    let pairs = of("last_layer", last, "kappa");
    for (fixed, moved) in pairs.iter().zip(of("backpropagation", last, "kappa")) {
        assert!(moved < 0.8 * fixed, "{moved} {fixed}");
    }
    let bad = TwoDynamics {
        shown: 1,
        ..experiment
    };
    assert_eq!(refused(bad), "shown");
}
