//! `physics/fig-10`.

use crate::common::{refused, run};
use scurve::experiment::physics::ScalingLaws;
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn the_losses_are_those_of_the_runs() {
    let experiment = ScalingLaws::preset(Scale::Check);
    let outcome = run(&experiment);
    let losses = outcome.table("losses").unwrap();
    // Three n_dim with two α by two optimizers, three with one by one, for two seeds.
    assert_eq!(losses.height(), (3 * 2 * 2 + 3) * 2);
    let start = std::f64::consts::LN_2;
    let (n_dim, loss) = (losses.f64s("n_dim").unwrap(), losses.f64s("loss").unwrap());
    let learned = losses.f64s("learned").unwrap();
    assert!(loss.iter().all(|l| *l > 0.0 && *l < start));
    assert!(learned.iter().all(|l| *l > 0.4 && *l <= 1.0));
    // More parameters learn more.
    let mean = |n: f64| {
        let mine: Vec<f64> = n_dim
            .iter()
            .zip(&loss)
            .filter(|(d, _)| **d == n)
            .map(|(_, l)| *l)
            .collect();
        mine.iter().sum::<f64>() / mine.len() as f64
    };
    assert!(mean(40.0) < mean(30.0) && mean(20.0) < mean(12.0) && mean(12.0) < mean(8.0));
    // At the start of every curve nothing is learned: ln 2.
    let curves = outcome.table("curves").unwrap();
    let first = curves.rows_where("step", 0).unwrap().f64s("loss").unwrap();
    assert_eq!(first.len(), 2 * 2 * 2);
    assert!(first.iter().all(|l| (l - start).abs() < 1e-12));
    // The least squared error falls with n_dim, and is there below n_task.
    let floor = outcome.table("floor").unwrap();
    let floor = floor.rows_where("seed", 0).unwrap().f64s("loss").unwrap();
    assert!(floor.windows(2).all(|w| w[1] < w[0]) && floor[0] < 1.0 && floor[5] > 0.0);
    let claims = experiment.claims(&outcome).unwrap();
    assert!(claims.0.iter().any(|c| c.id == "alpha-n-zipf-adam"));
}

#[test]
fn bad_settings_are_named() {
    let check = || ScalingLaws::preset(Scale::Check);
    let with = |change: fn(&mut ScalingLaws)| {
        let mut bad = check();
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(|f| f.dims = vec![]), "dims");
    assert_eq!(with(|f| f.wide_dims = vec![61]), "dims");
    assert_eq!(with(|f| f.alphas = vec![2.0]), "alphas");
    assert_eq!(with(|f| f.curve_alphas = vec![0.5]), "curve_alphas");
    assert_eq!(with(|f| f.read = 401), "read");
    assert_eq!(with(|f| f.fit_dims = [8, 19]), "fit_dims");
    assert_eq!(with(|f| f.fit_steps = [200, 80]), "fit_steps");
    assert_eq!(with(|f| f.batch = 0), "batch");
    assert_eq!(with(|f| f.lr = 0.0), "lr");
    assert_eq!(with(|f| f.n_task = 1), "n_task");
}
