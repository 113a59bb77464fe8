//! Trained networks between lazy and rich: small targets, and grokking on images and of division.

use crate::common::{refused, run};
use scurve::experiment::thesis::{ImageGrokking, TargetDownscaling, TransformerGrokking};
use scurve::experiment::{Scale, Settings};

#[test]
fn grokking_on_images_at_check() {
    let experiment = ImageGrokking::preset(Scale::Check);
    let outcome = run(&experiment);
    let (curves, times) = (
        outcome.table("curves").unwrap(),
        outcome.table("times").unwrap(),
    );
    assert_eq!(times.height(), 2 * 5);
    for method in &experiment.methods {
        let own = curves.rows_where("method", method.name.as_str()).unwrap();
        let found = times.rows_where("method", method.name.as_str()).unwrap();
        let learned = found.f64s("train_epoch").unwrap();
        for (seed, learned) in learned.into_iter().enumerate() {
            let own = own.rows_where("seed", seed as i64).unwrap();
            let accuracy = own.f64s("train_accuracy").unwrap();
            let turned = own.f64s("kernel_distance").unwrap();
            assert!(turned[0].abs() < 1e-9 && turned.iter().all(|d| (0.0..1.0).contains(d)));
            assert!(accuracy[0] < 0.5);
            let at = accuracy.iter().position(|a| *a >= experiment.train_level);
            let epoch = at.map_or(f64::NAN, |at| own.i64s("epoch").unwrap()[at] as f64);
            assert_eq!(epoch.to_bits(), learned.to_bits());
        }
        // A seed ends at twice the later of the two, as far as records lie close enough.
        let late = |column: &str| found.f64s(column).unwrap();
        for ((train, test), last) in late("train_epoch")
            .iter()
            .zip(late("test_epoch"))
            .zip(found.i64s("epochs").unwrap())
        {
            let both = train.max(test);
            let ends = train.is_nan() || test.is_nan() || last as f64 >= 2.0 * both;
            assert!(ends || last == experiment.epochs as i64);
        }
    }
    let learned = |method: &str| {
        let rows = times.rows_where("method", method).unwrap();
        rows.f64s("test_epoch").unwrap()
    };
    // Small weights generalise at once.
    assert!(learned("weight downscaling").iter().all(|e| *e <= 30.0));
}

#[test]
fn bad_settings_of_grokking_on_images_are_named() {
    let with = |change: fn(&mut ImageGrokking)| {
        let mut bad = ImageGrokking::preset(Scale::Check);
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(|s| s.hidden = vec![]), "hidden");
    assert_eq!(with(|s| s.batch = 101), "batch");
    assert_eq!(with(|s| s.test_level = 1.5), "test_level");
    assert_eq!(with(|s| s.past = 0.5), "past");
    assert_eq!(with(|s| s.methods.truncate(1)), "methods");
    assert_eq!(with(|s| s.methods[1].input = 0.0), "methods.input");
    assert_eq!(
        with(|s| s.methods[1].name = "default".into()),
        "methods.name"
    );
}

#[test]
fn target_downscaling_at_check() {
    let experiment = TargetDownscaling::preset(Scale::Check);
    let outcome = run(&experiment);
    let training = outcome.table("training").unwrap();
    let end = |start: &str, case: &str, column: &str| {
        let rows = training.rows_where("start", start).unwrap();
        let rows = rows.rows_where("case", case).unwrap();
        let last = rows.rows_where("epoch", experiment.epochs as i64).unwrap();
        last.f64s(column).unwrap()
    };
    for start in ["drawn", "zero"] {
        // Features that do not move are those of the start.
        let still = end(start, "linear", "kernel_distance");
        assert!(still.len() == 2 && still.iter().all(|d| d.abs() < 1e-12));
        let lazy = end(start, "lazy", "kernel_distance");
        let rich = end(start, "rich", "kernel_distance");
        assert!(
            lazy.iter().zip(&rich).all(|(l, r)| l < r),
            "{lazy:?} {rich:?}"
        );
    }
    // From zero, features move by the square of 1/α: in the limit the last layer alone learns.
    let lazy = end("zero", "lazy", "kernel_distance");
    assert!(lazy.iter().all(|d| *d < 1e-4), "{lazy:?}");
    let (lazy, linear) = (
        end("zero", "lazy", "residual"),
        end("zero", "linear", "residual"),
    );
    for (lazy, linear) in lazy.iter().zip(&linear) {
        assert!((lazy / linear - 1.0).abs() < 0.01, "{lazy} {linear}");
    }
    // Two seeds, two starts, three cases, twenty features.
    let features = outcome.table("features").unwrap();
    assert_eq!(features.height(), 2 * 2 * 3 * 20);
}

#[test]
fn bad_settings_of_target_downscaling_are_named() {
    let with = |change: fn(&mut TargetDownscaling)| {
        let mut bad = TargetDownscaling::preset(Scale::Check);
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(|s| s.alphas = [2.0, 1.0]), "alphas");
    assert_eq!(with(|s| s.alphas = [0.0, 1.0]), "alphas");
    assert_eq!(with(|s| s.width = 1), "width");
    assert_eq!(with(|s| s.batch = 201), "batch");
    assert_eq!(with(|s| s.epochs = 0), "epochs");
    assert_eq!(with(|s| s.rate = -1.0), "optimizer.lr");
}

#[test]
fn grokking_of_a_transformer_at_check() {
    let experiment = TransformerGrokking::preset(Scale::Check);
    let outcome = run(&experiment);
    let (curves, metrics, runs) = (
        outcome.table("curves").unwrap(),
        outcome.table("metrics").unwrap(),
        outcome.table("runs").unwrap(),
    );
    for seed in 0..2_i64 {
        let own = curves.rows_where("seed", seed).unwrap();
        let (steps, train) = (own.i64s("step").unwrap(), own.f64s("train").unwrap());
        // The steps at which something is known are those of the curve.
        let known = runs
            .rows_where("seed", seed)
            .unwrap()
            .f64s("known")
            .unwrap()[0];
        let at = train.iter().position(|a| *a >= experiment.level);
        let expected = at.map_or(f64::NAN, |at| steps[at] as f64);
        assert_eq!(known.to_bits(), expected.to_bits());
        // Measured twice, with the accuracies of the curve at those steps.
        let measured = metrics.rows_where("seed", seed).unwrap();
        let at = measured.i64s("step").unwrap();
        assert!(at[0] >= experiment.before as i64 && at[0] <= at[1]);
        for (step, accuracy) in at.iter().zip(measured.f64s("train").unwrap()) {
            let i = steps.iter().position(|s| s == step).unwrap();
            assert_eq!(train[i].to_bits(), accuracy.to_bits());
        }
        let kappa = measured.f64s("kappa").unwrap();
        assert!(kappa.iter().all(|k| (0.0..=1.0).contains(k)), "{kappa:?}");
    }
    // Features of seed 0, before and after.
    let features = outcome.table("features").unwrap();
    assert_eq!(features.height(), 2 * experiment.width);
}

#[test]
fn bad_settings_of_a_transformer_that_groks_are_named() {
    let with = |change: fn(&mut TransformerGrokking)| {
        let mut bad = TransformerGrokking::preset(Scale::Check);
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(|s| s.prime = 8), "p");
    assert_eq!(with(|s| s.fraction = 1.0), "fraction");
    assert_eq!(with(|s| s.heads = 3), "heads");
    assert_eq!(with(|s| s.batch = 1000), "batch");
    assert_eq!(with(|s| s.before = 61), "before");
    assert_eq!(with(|s| s.rate = 0.0), "rate");
    assert_eq!(with(|s| s.beta2 = 1.0), "optimizer.betas[1]");
}
