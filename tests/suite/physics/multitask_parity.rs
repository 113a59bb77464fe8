//! `physics/fig-11`.

use crate::common::{refused, run};
use scurve::experiment::physics::MultitaskParity;
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn frequent_skills_are_learned_and_the_losses_are_those_of_the_curves() {
    let experiment = MultitaskParity {
        steps: 400,
        alphas: vec![1.5],
        fit_steps: [40, 400],
        ..MultitaskParity::preset(Scale::Check)
    };
    let outcome = run(&experiment);
    let curves = outcome.table("curves").unwrap();
    let losses = outcome.table("losses").unwrap();
    let times = outcome.table("times").unwrap();
    // Two pairs of β for two seeds: four widths, six skills.
    assert_eq!(losses.height(), 2 * 2 * 4);
    assert_eq!(times.height(), 2 * 2 * 6);
    // At the start: chance, and an output that is nearly 0.
    let start = curves.rows_where("step", 0).unwrap();
    assert_eq!(start.height(), 4);
    for loss in start.f64s("loss").unwrap() {
        assert!((loss - std::f64::consts::LN_2).abs() < 0.1, "{loss}");
    }
    assert!(start.i64s("learned").unwrap().iter().all(|n| *n == 0));
    // The widest network's last record stands in both tables.
    let end = curves.rows_where("step", 400).unwrap();
    let widest = losses.rows_where("width", 16).unwrap();
    assert_eq!(end.f64s("loss").unwrap(), widest.f64s("loss").unwrap());
    assert_eq!(
        end.i64s("learned").unwrap(),
        widest.i64s("learned").unwrap()
    );
    // More hidden units, less loss; the most frequent skill is learned by all of the widest.
    let mean = |width: i64| {
        let own = losses.rows_where("width", width).unwrap();
        own.f64s("loss").unwrap().iter().sum::<f64>() / 4.0
    };
    assert!(mean(16) < mean(4), "{} {}", mean(16), mean(4));
    let first = times.rows_where("skill", 1).unwrap().f64s("time").unwrap();
    assert!(first.iter().all(|t| *t > 0.0 && *t <= 400.0), "{first:?}");
    let claims = experiment.claims(&outcome).unwrap();
    for id in [
        "alpha-s-above-quanta",
        "alpha-n-below-domino",
        "alpha-n-lower-0.999",
        "time-exponent",
    ] {
        assert!(claims.0.iter().any(|c| c.id == id), "{id}");
    }
}

#[test]
fn one_seed_has_the_intervals_of_the_jackknife() {
    let experiment = MultitaskParity {
        alphas: vec![1.5],
        ..MultitaskParity::preset(Scale::Check).with_seeds(1)
    };
    let claims = experiment.claims(&run(&experiment)).unwrap();
    let of = |id: &str| claims.0.iter().find(|c| c.id == id).unwrap().clone();
    for id in ["alpha-s-above-quanta", "alpha-n-lower-0.999"] {
        let claim = of(id);
        assert!(claim.low.is_finite() && claim.low < claim.measured && claim.measured < claim.high);
    }
}

#[test]
fn bad_settings_are_named() {
    let check = || MultitaskParity::preset(Scale::Check);
    let with = |change: fn(&mut MultitaskParity)| {
        let mut bad = check();
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(|m| m.tasks = 1), "tasks");
    assert_eq!(with(|m| m.subset = 9), "subset");
    // There are 28 pairs of eight bits.
    assert_eq!(with(|m| m.tasks = 29), "skills");
    assert_eq!(with(|m| m.batch = 0), "batch");
    assert_eq!(with(|m| m.widths = vec![]), "widths");
    assert_eq!(with(|m| m.widths[0] = 0), "widths");
    assert_eq!(with(|m| m.alphas = vec![-1.0]), "alphas");
    assert_eq!(with(|m| m.betas = vec![]), "betas");
    assert_eq!(with(|m| m.betas = vec![[0.9, 1.0]]), "betas");
    assert_eq!(with(|m| m.betas = vec![[0.9, 0.9]; 2]), "betas");
    assert_eq!(with(|m| m.lr = 0.0), "lr");
    assert_eq!(with(|m| m.fit_steps = [20, 201]), "fit_steps");
    assert_eq!(with(|m| m.fit_steps = [190, 200]), "fit_steps");
    assert_eq!(with(|m| m.fit_widths = [4, 8]), "fit_widths");
    assert_eq!(with(|m| m.test = 1), "test");
    assert_eq!(with(|m| m.level = 1.0), "level");
}
