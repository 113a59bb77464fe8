//! Eigenfunctions and measures of features, where the answer is known.

use ndarray::{Array2, s};
use scurve::linalg;
use scurve::metric::eigenfunction::{Eigenfunctions, Gram};
use scurve::metric::feature::{Learnability, effective_dimension, projection_share};
use scurve::model::linear::{Basis, LinearModel};
use scurve::seed::Seed;
use scurve::stats;

/// Root mean square errors of ρ_k (relative) and of e_k (over fresh samples), over seeds.
fn errors(basis: Basis, p: usize, n: usize) -> (f64, f64) {
    let model = LinearModel::powers(basis, p, -1.5).unwrap();
    let (mut of_rho, mut of_e) = (0.0, 0.0);
    const SEEDS: u64 = 24;
    for seed in 0..SEEDS {
        let features = model.features(&basis.sample(n, Seed(seed)));
        let found = Eigenfunctions::fit(features.view()).unwrap();
        let pairs = found.intensity.iter().zip(model.intensity());
        of_rho += pairs.map(|(a, b)| (a / b - 1.0).powi(2)).sum::<f64>();
        let fresh = basis.sample(500, Seed(1000 + seed));
        let e = found.evaluate(model.features(&fresh).view()).unwrap();
        let truth = basis.evaluate(&fresh, p);
        for (e, truth) in e.columns().into_iter().zip(truth.columns()) {
            let sign = e.dot(&truth).signum();
            of_e += (&e * sign - truth).mapv(|d| d * d).mean().unwrap();
        }
    }
    let count = (SEEDS * p as u64) as f64;
    ((of_rho / count).sqrt(), (of_e / count).sqrt())
}

#[test]
fn known_spectra_are_found_with_an_error_of_one_over_root_n() {
    for (basis, p) in [(Basis::Sine, 5), (Basis::Hermite, 3)] {
        let sizes = [400.0_f64, 1600.0, 6400.0, 25_600.0];
        let found: Vec<(f64, f64)> = sizes
            .iter()
            .map(|n| errors(basis, p, *n as usize))
            .collect();
        let log = |of: &dyn Fn(&(f64, f64)) -> f64| {
            let x: Vec<f64> = sizes.iter().map(|n| n.ln()).collect();
            let y: Vec<f64> = found.iter().map(|e| of(e).ln()).collect();
            stats::linear_fit(&x, &y).slope.value
        };
        let slopes = [log(&|e| e.0), log(&|e| e.1)];
        assert!(
            slopes.iter().all(|slope| (slope + 0.5).abs() < 0.1),
            "{basis:?}: {slopes:?} {found:?}"
        );
    }
}

#[test]
fn turning_the_features_changes_nothing() {
    let x = Seed(0).normal("data", 80, 6) * &ndarray::arr1(&[3.0, 2.0, 1.5, 1.0, 0.5, 0.2]);
    let turn = linalg::qr(&Seed(1).normal("data", 6, 6)).unwrap().0;
    let turned = x.dot(&turn);
    let (a, b) = (
        Eigenfunctions::fit(x.view()).unwrap(),
        Eigenfunctions::fit(turned.view()).unwrap(),
    );
    assert!(
        (&a.intensity - &b.intensity)
            .iter()
            .all(|d| d.abs() < 1e-12)
    );
    let (ea, eb) = (
        a.evaluate(x.view()).unwrap(),
        b.evaluate(turned.view()).unwrap(),
    );
    let target = Seed(2).normal("data", 80, 2);
    let (qa, qb) = (
        projection_share(ea.view(), target.view()).unwrap(),
        projection_share(eb.view(), target.view()).unwrap(),
    );
    assert!((&qa - &qb).iter().all(|d| d.abs() < 1e-12));
    // Each function itself, up to its sign.
    for (a, b) in ea.columns().into_iter().zip(eb.columns()) {
        assert!((a.dot(&b).abs() / 80.0 - 1.0).abs() < 1e-10);
    }
}

#[test]
fn repeated_features_leave_the_rank_as_it_is() {
    let x = Seed(3).normal("data", 50, 4);
    let mut twice = Array2::zeros((50, 8));
    twice.slice_mut(s![.., ..4]).assign(&x);
    twice.slice_mut(s![.., 4..]).assign(&x);
    let mut gram = Gram::new(8).unwrap();
    gram.push(twice.view()).unwrap();
    for found in [
        gram.eigenfunctions().unwrap(),
        Eigenfunctions::fit(twice.view()).unwrap().first(4).unwrap(),
    ] {
        assert_eq!(found.rank(), 4);
        let e = found.evaluate(twice.view()).unwrap();
        let inner = e.t().dot(&e) / 50.0 - Array2::<f64>::eye(4);
        assert!(inner.iter().all(|d| d.abs() < 1e-9));
        assert_eq!(found.table().unwrap().height(), 4);
    }
}

#[test]
fn learnability_is_what_training_sets_give() {
    // Of Gaussian features: the mean over training sets of ⟨f̂|e_k⟩/⟨f*|e_k⟩ is that of the diagonal of the projector onto the samples' span.
    let (n, p, sets) = (40, 200, 64);
    let rho: Vec<f64> = (1..=p).map(|k| (k as f64).powf(-1.5)).collect();
    let roots = ndarray::Array1::from_iter(rho.iter().map(|r| r.sqrt()));
    let mut diagonal = vec![Vec::new(); p];
    for seed in 0..sets {
        let x = Seed(seed).normal("data", n, p) * &roots;
        let svd = linalg::svd(&x).unwrap();
        for (k, column) in svd.vt.columns().into_iter().enumerate() {
            diagonal[k].push(column.dot(&column));
        }
    }
    let theory = Learnability::new(&rho, n).unwrap();
    assert_eq!(theory.table().unwrap().height(), p);
    for k in [0, 3, 9, 30, 100] {
        let found = stats::mean(&diagonal[k]);
        let error = (found.high - found.low) / 2.0 / 1.96;
        let off = found.value - theory.learnability[k];
        // 1.35 is the limit of many samples: what is left is of the order of 1/n.
        assert!(
            off.abs() < 4.0 * error + 0.4 / n as f64,
            "{k}: {found} {off}"
        );
    }
}

#[test]
fn effective_dimensions_agree_with_numpy() {
    // numpy: q = r / r.sum(); exp(-(q * log(q)).sum()) for r = k^-1.5, k = 1 … 50
    let rho: Vec<f64> = (1..=50).map(|k| (k as f64).powf(-1.5)).collect();
    let found = effective_dimension(&rho).unwrap();
    assert!((found - DIMENSION).abs() < 1e-11, "{found}");
}
const DIMENSION: f64 = 10.016254191180598;
