//! The experiments on the overparametrized Geometry model: two tasks, and many with power-law frequencies.

use crate::common::{refused, run};
use scurve::experiment::physics::{ModularScaling, PowerLawSkills, TwoTasks, Underparametrised};
use scurve::experiment::{Scale, Settings};
use scurve::model::skill::GradientForm;

#[test]
fn two_tasks_by_sgd_follow_the_closed_form() {
    let experiment = TwoTasks {
        p2: vec![0.5, 0.25, 0.1],
        shown: vec![0.25],
        ..TwoTasks::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let times = outcome.table("times").unwrap();
    // Three optimizers with batches and the exact p, and SignGD at a fine rate, for three p₂ and two seeds.
    assert_eq!(times.height(), 7 * 3 * 2);
    let exact = times
        .rows_where("optimizer", "sgd")
        .unwrap()
        .rows_where("gradient", "exact")
        .unwrap();
    for p2 in [0.5, 0.25, 0.1] {
        let rows = exact.rows_where("p2", p2).unwrap();
        // By half the gradient 1 − s = (1 − ηp)^t.
        for (column, p) in [("t1", 1.0 - p2), ("t2", p2)] {
            let closed = (0.1f64.ln() / (1.0 - 0.03 * p).ln()).ceil();
            for t in rows.f64s(column).unwrap() {
                assert!((t - closed).abs() <= 1.0, "{column} at {p2}: {t}, {closed}");
            }
        }
    }
    // SignGD with two equal tasks learns both together.
    let fine = times.rows_where("gradient", "fine").unwrap();
    for ratio in fine.rows_where("p2", 0.5).unwrap().f64s("ratio").unwrap() {
        assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
    }
}

#[test]
fn the_true_gradient_is_twice_as_fast_for_sgd() {
    let of = |gradient| {
        let experiment = TwoTasks {
            p2: vec![0.2],
            shown: vec![0.2],
            gradient,
            seeds: 1,
            ..TwoTasks::preset(Scale::Check)
        };
        let times = run(&experiment).table("times").unwrap();
        let rows = times.rows_where("optimizer", "sgd").unwrap();
        rows.rows_where("gradient", "exact")
            .unwrap()
            .f64s("t2")
            .unwrap()[0]
    };
    let ratio = of(GradientForm::Half) / of(GradientForm::True);
    assert!((ratio - 2.0).abs() < 0.02, "{ratio}");
}

#[test]
fn two_tasks_name_what_they_refuse() {
    let check = TwoTasks::preset(Scale::Check);
    let with = |change: fn(&mut TwoTasks)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.n_dim = 1), "n_dim");
    assert_eq!(with(|e| e.p2 = vec![0.6]), "p2");
    assert_eq!(with(|e| e.p2 = vec![]), "p2");
    assert_eq!(with(|e| e.shown = vec![0.0]), "shown");
    assert_eq!(with(|e| e.batch = 0), "batch");
    assert_eq!(with(|e| e.sgd_rate = 0.5), "sgd_rate");
    assert_eq!(with(|e| e.sign_rate = -1.0), "sign_rate");
    assert_eq!(with(|e| e.adam_rate = f64::NAN), "adam_rate");
    assert_eq!(with(|e| e.level = 1.0), "level");
    assert_eq!(with(|e| e.fine = 0), "fine");
    // SGD would not learn the rarest task.
    assert_eq!(with(|e| e.steps = 100), "steps");
}

#[test]
fn many_tasks_keep_the_sum_of_squared_sines() {
    let experiment = PowerLawSkills::preset(Scale::Check);
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    assert_eq!(runs.height(), 2 * 2 * 2);
    // The signs of two random vectors in 1000 dimensions agree by 3 % too often or too seldom.
    for mean in runs.f64s("sin2_mean").unwrap() {
        assert!((mean - 1.0).abs() < 0.1, "{mean}");
    }
    let skills = outcome.table("skills").unwrap();
    assert_eq!(skills.height(), 2 * 2 * (2 + 4));
    let first = skills.rows_where("skill", 1).unwrap();
    assert!(first.f64s("waiting").unwrap().iter().all(|w| w.is_nan()));
    let second = skills
        .rows_where("skill", 2)
        .unwrap()
        .rows_where("n_task", 2)
        .unwrap();
    let waiting = |alpha: f64| -> f64 {
        let found = second.rows_where("alpha", alpha).unwrap();
        found.f64s("waiting").unwrap().iter().sum::<f64>() / 2.0
    };
    // (.1^(2^−α) − .1) / .9
    assert!((waiting(1.0) - 0.240).abs() < 0.08, "{}", waiting(1.0));
    assert!((waiting(4.0) - 0.851).abs() < 0.08, "{}", waiting(4.0));
}

#[test]
fn many_tasks_name_what_they_refuse() {
    let check = PowerLawSkills::preset(Scale::Check);
    let with = |change: fn(&mut PowerLawSkills)| {
        let mut experiment = check.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.alphas = vec![]), "alphas");
    assert_eq!(with(|e| e.alphas = vec![-1.0]), "alphas");
    assert_eq!(with(|e| e.n_tasks = vec![1]), "n_tasks");
    // Orthonormal vectors: not more tasks than dimensions.
    assert_eq!(with(|e| e.n_tasks = vec![1001]), "n_tasks");
    assert_eq!(with(|e| e.rate = 0.0), "rate");
    assert_eq!(with(|e| e.records = 0), "records");
    assert_eq!(with(|e| e.level = 0.0), "level");
    assert_eq!(with(|e| e.smoothing = 0.0), "smoothing");
}

#[test]
fn underparametrised_runs_and_names_what_it_refuses() {
    let experiment = Underparametrised::preset(Scale::Check);
    let outcome = run(&experiment);
    let runs = outcome.table("runs").unwrap();
    // Losses × settings × n_task × seeds.
    assert_eq!(runs.height(), 2 * 2 * 2 * 2);
    for column in ["rmse", "rmse_l2"] {
        for rmse in runs.f64s(column).unwrap() {
            assert!(rmse.is_nan() || (0.0..2.0).contains(&rmse), "{rmse}");
        }
    }
    let with = |change: fn(&mut Underparametrised)| {
        let mut experiment = experiment.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.n_dim = 0), "n_dim");
    assert_eq!(with(|e| e.n_tasks = vec![]), "n_tasks");
    assert_eq!(with(|e| e.n_tasks = vec![5, 5]), "n_tasks");
    assert_eq!(with(|e| e.alpha = f64::INFINITY), "alpha");
    assert_eq!(with(|e| e.regression_waste = -0.1), "regression_waste");
    assert_eq!(with(|e| e.classification_rate = 0.0), "classification_rate");
    assert_eq!(with(|e| e.printed_batch = 0), "printed_batch");
    assert_eq!(with(|e| e.reversal = 0.0), "reversal");
    assert_eq!(with(|e| e.every = 0), "every");
}

/// With one parameter all task vectors are ±1: those along the first are learned, the others unlearned by as much.
#[test]
fn one_parameter_learns_one_sign() {
    let experiment = Underparametrised {
        n_dim: 1,
        n_tasks: vec![6],
        seeds: 1,
        ..Underparametrised::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let curves = outcome.table("curves").unwrap();
    let rows = curves.rows_where("loss", "regression").unwrap();
    let s = rows.f64s("geometry").unwrap();
    for record in s.chunks(6) {
        assert!(
            record
                .iter()
                .all(|s| (s.abs() - record[0].abs()).abs() < 1e-12)
        );
    }
}

#[test]
fn modular_scaling_runs_and_names_what_it_refuses() {
    let experiment = ModularScaling::preset(Scale::Check);
    let outcome = run(&experiment);
    assert_eq!(outcome.table("losses").unwrap().height(), 2 * 3 * 2);
    let curves = outcome.table("curves").unwrap();
    // All begin at ln 2, where θ = 0.
    let start = curves.rows_where("step", 0).unwrap();
    for column in ["shared", "modular"] {
        for loss in start.f64s(column).unwrap() {
            assert!((loss - std::f64::consts::LN_2).abs() < 1e-12);
        }
    }
    // A modular model keeps ln 2 of what has no coordinate.
    let p = scurve::task::Frequencies::power_law(60, 1.0).unwrap();
    let rest: f64 = p.p()[20..].iter().sum::<f64>() * std::f64::consts::LN_2;
    let modular = curves
        .rows_where("alpha", 1.0)
        .unwrap()
        .f64s("modular")
        .unwrap();
    assert!(modular.iter().all(|loss| *loss > rest));
    let with = |change: fn(&mut ModularScaling)| {
        let mut experiment = experiment.clone();
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.n_task = 1), "n_task");
    assert_eq!(with(|e| e.dims = vec![61]), "dims");
    assert_eq!(with(|e| e.dims = vec![]), "dims");
    assert_eq!(with(|e| e.alphas = vec![0.0]), "alphas");
    assert_eq!(with(|e| e.curve_dim = 11), "curve_dim");
    assert_eq!(with(|e| e.rate = -0.01), "rate");
    assert_eq!(with(|e| e.read = 2_001), "read");
    assert_eq!(with(|e| e.early = 0), "early");
}
