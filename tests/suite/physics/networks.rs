//! Trained networks of *Physics of Skill Learning*.

use crate::common::{refused, run};
use scurve::experiment::physics::{
    AdditionGrokking, DominoEffect, ParityAgainstResource, SquareModules,
};
use scurve::experiment::{Scale, Settings};

#[test]
fn parities_are_learned_and_their_times_are_those_of_the_curves() {
    let experiment = DominoEffect {
        samples: 2000,
        frequencies: vec![0.5],
        steps: 400,
        ..DominoEffect::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let (curves, times) = (
        outcome.table("curves").unwrap(),
        outcome.table("times").unwrap(),
    );
    assert_eq!(times.height(), 2 * (2 + 3 + 3));
    let first = times.rows_where("run", "imbalance").unwrap();
    let first = first.rows_where("task", 1).unwrap();
    for (seed, learned) in first.f64s("learned").unwrap().into_iter().enumerate() {
        let own = curves.rows_where("run", "imbalance").unwrap();
        let own = own.rows_where("seed", seed as i64).unwrap();
        let own = own.rows_where("task", 1).unwrap();
        let (steps, accuracy) = (own.f64s("step").unwrap(), own.f64s("accuracy").unwrap());
        assert!((accuracy[0] - 0.5).abs() < 0.15);
        let over = accuracy.iter().position(|a| *a > 0.95).unwrap();
        assert_eq!(steps[over], learned);
    }
}

#[test]
fn bad_settings_of_the_domino_effect_are_named() {
    let plain = || DominoEffect::preset(Scale::Check);
    let field = |changed: DominoEffect, name: &str| assert_eq!(refused(changed), name);
    field(DominoEffect { bits: 7, ..plain() }, "bits");
    field(
        DominoEffect {
            frequencies: vec![1.5],
            ..plain()
        },
        "frequencies",
    );
    field(
        DominoEffect {
            level: 0.4,
            ..plain()
        },
        "level",
    );
    field(
        DominoEffect {
            every: 201,
            ..plain()
        },
        "every",
    );
}

#[test]
fn squares_are_learned_by_one_network_and_by_two() {
    let experiment = SquareModules {
        rare: 100,
        steps: 2000,
        ..SquareModules::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let times = outcome.table("times").unwrap();
    assert_eq!(times.height(), 4);
    let curves = outcome.table("curves").unwrap();
    for modules in [1i64, 2] {
        let own = times.rows_where("modules", modules).unwrap();
        let own = own.rows_where("seed", 0).unwrap();
        let curve = curves.rows_where("modules", modules).unwrap();
        for (time, loss) in [("t1", "loss1"), ("t2", "loss2")] {
            let learned = own.f64s(time).unwrap()[0];
            let (steps, loss) = (curve.f64s("step").unwrap(), curve.f64s(loss).unwrap());
            assert!(learned > 0.0, "{learned}");
            // Thinned records: none before the time is below the level.
            let before = steps.iter().zip(&loss).filter(|(s, _)| **s < learned);
            assert!(before.clone().count() > 0 && before.clone().all(|(_, l)| *l >= 1e-3));
        }
    }
}

#[test]
fn bad_settings_of_squares_are_named() {
    let plain = || SquareModules::preset(Scale::Check);
    let field = |changed: SquareModules, name: &str| assert_eq!(refused(changed), name);
    field(
        SquareModules {
            width: 21,
            ..plain()
        },
        "modules",
    );
    field(
        SquareModules {
            rare: 200,
            ..plain()
        },
        "rare",
    );
    field(
        SquareModules {
            level: 0.0,
            ..plain()
        },
        "level",
    );
}

#[test]
fn sums_that_are_shown_are_learned_under_every_rule() {
    let experiment = AdditionGrokking {
        steps: 200,
        ..AdditionGrokking::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    // two seeds, two decays, four rules
    assert_eq!(runs.height(), 2 * 2 * 4);
    let known = runs
        .rows_where("beta1", 0.9)
        .unwrap()
        .f64s("known")
        .unwrap();
    assert!(known.iter().all(|step| *step > 0.0), "{known:?}");
    let curves = outcome.table("curves").unwrap();
    let (train, loss) = (curves.f64s("train").unwrap(), curves.f64s("loss").unwrap());
    assert!(train[0] < 0.4 && (loss[0] / 7f64.ln() - 1.0).abs() < 0.5);
}

/// A rate at which sign descent leaves the finite numbers is a row with its step, not an error and not a number.
#[test]
fn a_run_that_diverges_is_recorded_with_its_step() {
    let experiment = AdditionGrokking {
        rate: 1e200,
        seeds: 1,
        ..AdditionGrokking::preset(Scale::Check)
    };
    let runs = run(&experiment).table("runs").unwrap();
    let (diverged, general) = (
        runs.f64s("diverged").unwrap(),
        runs.f64s("general").unwrap(),
    );
    assert!(diverged.iter().all(|step| *step >= 1.0), "{diverged:?}");
    assert!(general.iter().all(|step| step.is_nan()));
}

#[test]
fn bad_settings_of_grokking_are_named() {
    let plain = || AdditionGrokking::preset(Scale::Check);
    let field = |changed: AdditionGrokking, name: &str| assert_eq!(refused(changed), name);
    field(
        AdditionGrokking {
            modulus: 2,
            ..plain()
        },
        "modulus",
    );
    field(
        AdditionGrokking {
            fraction: 0.0,
            ..plain()
        },
        "fraction",
    );
    field(
        AdditionGrokking {
            done: 1.5,
            ..plain()
        },
        "done",
    );
    field(
        AdditionGrokking {
            decays: vec![0.1, 0.1],
            ..plain()
        },
        "decays",
    );
}

/// The model's skills 1 and 2 are equal, and the rms of a form is that of the curves that are shown.
#[test]
fn a_resource_model_is_held_against_the_network_that_it_describes() {
    let experiment = ParityAgainstResource::preset(Scale::Check);
    let outcome = run(&experiment);
    let curves = outcome.table("curves").unwrap();
    let models = outcome.table("models").unwrap();
    let rmse = outcome.table("rmse").unwrap();
    // two seeds, five forms with a gate and three without, three tasks and all
    assert_eq!(rmse.height(), 2 * (5 + 3) * 4);
    for (name, form) in [("dependent", "soft"), ("independent", "timed")] {
        let model = models.rows_where("run", name).unwrap();
        let model = model.rows_where("form", form).unwrap();
        let of = |task: i64| {
            let own = model.rows_where("task", task).unwrap();
            own.f64s("level").unwrap()
        };
        assert_eq!(of(1), of(2));
        let network = curves.rows_where("run", name).unwrap();
        let network = network.rows_where("seed", 0).unwrap();
        let network = network.rows_where("task", 3).unwrap();
        let squares = network.f64s("level").unwrap().into_iter().zip(of(3));
        let squares: Vec<f64> = squares.map(|(a, b)| (a - b).powi(2)).collect();
        let expected = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        let own = rmse.rows_where("run", name).unwrap();
        let own = own.rows_where("form", form).unwrap();
        let own = own.rows_where("task", 3).unwrap();
        let measured = own.f64s("rmse").unwrap()[0];
        assert!((measured - expected).abs() < 1e-12, "{measured} {expected}");
    }
}

#[test]
fn bad_settings_of_parities_beside_the_model_are_named() {
    let plain = || ParityAgainstResource::preset(Scale::Check);
    let field = |changed: ParityAgainstResource, name: &str| assert_eq!(refused(changed), name);
    field(
        ParityAgainstResource {
            unskill: 1.0,
            ..plain()
        },
        "unskill",
    );
    field(
        ParityAgainstResource {
            changed: 301,
            ..plain()
        },
        "changed",
    );
    field(
        ParityAgainstResource {
            gamma: 0.0,
            ..plain()
        },
        "gamma",
    );
}
