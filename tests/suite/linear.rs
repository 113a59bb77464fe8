//! Linear models: bases, gradient flow, descent and interpolation.

use proptest::prelude::*;
use scurve::error::Error;
use scurve::linalg;
use scurve::model::linear::{Basis, LinearModel};
use scurve::optimizer::Flow;
use scurve::seed::Seed;

/// Fails with all of `parts` in its message.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, parts: &[&str]) {
    let message = result.unwrap_err().to_string();
    assert!(parts.iter().all(|p| message.contains(p)), "{message}");
}

fn data(basis: Basis, n: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let x = basis.sample(n, Seed(seed));
    let y = Seed(seed).normal("noise", 1, n).row(0).to_vec();
    (x, y)
}

#[test]
fn functions_are_orthonormal_by_quadrature() {
    for (basis, p, nodes) in [(Basis::Hermite, 30, 40), (Basis::Sine, 20, 150)] {
        let (x, w) = basis.quadrature(nodes).unwrap();
        assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-13);
        let e = basis.evaluate(&x, p);
        let weighted = &e * &ndarray::Array1::from(w).insert_axis(ndarray::Axis(1));
        let gram = e.t().dot(&weighted);
        let off = (&gram - &ndarray::Array2::<f64>::eye(p))
            .iter()
            .fold(0.0f64, |m, x| m.max(x.abs()));
        assert!(off < 1e-11, "{basis:?}: {off}");
    }
}

#[test]
fn functions_have_known_values() {
    // numpy: hermite_e.hermeval(1.7, [0]*10 + [1]) / sqrt(10!); √2 sin(2π · 1999 · .123456)
    let hermite = Basis::Hermite.evaluate(&[1.7], 11)[[0, 10]];
    assert!((hermite - HERMITE).abs() < 1e-12, "{hermite}");
    let sine = Basis::Sine.evaluate(&[0.123456], 1999)[[0, 1998]];
    assert!((sine - SINE).abs() < 1e-10, "{sine}");
}
const HERMITE: f64 = -0.6980205830614348;
const SINE: f64 = -1.3729435474744978;

#[test]
fn expansions_converge() {
    // e^x under N(0, 1): ⟨e_k|f⟩ = √e / √(k−1)!
    let c = Basis::Hermite.project(f64::exp, 12, 60).unwrap();
    let mut factorial = 1.0f64;
    for (k, c) in c.iter().enumerate() {
        if k > 0 {
            factorial *= k as f64;
        }
        let expected = (0.5f64).exp() / factorial.sqrt();
        assert!((c - expected).abs() < 1e-11, "{k}: {c} {expected}");
    }
    // Σ c² → ∫ e^{2x} dq = e²
    let all: f64 = c.iter().map(|c| c * c).sum();
    assert!((all / 2.0f64.exp().powf(1.0) - 1.0).abs() < 1e-7, "{all}");
}

#[test]
fn flow_solves_its_equations_and_descent_approaches_it() {
    for (basis, p, n) in [(Basis::Sine, 12, 5), (Basis::Hermite, 4, 9)] {
        let (x, y) = data(basis, n, 3);
        let model = LinearModel::powers(basis, p, -1.0).unwrap();
        let flow = model.flow(&x, &y).unwrap();
        let features = model.features(&x);
        let times = [0.5, 3.0];
        let solved = Flow::new(1e-11)
            .integrate(
                |_, w, dw| {
                    let w = ndarray::ArrayView1::from(w);
                    let error = features.dot(&w) - ndarray::ArrayView1::from(&y);
                    let pull = features.t().dot(&error) / n as f64;
                    dw.iter_mut().zip(&pull).for_each(|(to, x)| *to = -x);
                },
                &vec![0.0; p],
                &times,
            )
            .unwrap();
        for (k, t) in times.iter().enumerate() {
            let fit = flow.at(*t).unwrap();
            let apart = (fit.weights() - &solved.states.row(k)).mapv(f64::abs);
            assert!(apart.iter().all(|d| *d < 1e-9), "{basis:?} {t}: {apart}");
        }
        let error = |rate: f64| {
            let run = model
                .descend(&x, &y, rate, (3.0 / rate).round() as usize)
                .unwrap();
            let apart = run.weights() - flow.at(3.0).unwrap().weights();
            apart.dot(&apart).sqrt()
        };
        let order = (error(2e-3) / error(1e-3)).log2();
        assert!((order - 1.0).abs() < 0.02, "{order}");
    }
}

#[test]
fn flow_ends_at_the_least_norm() {
    let (x, y) = data(Basis::Sine, 6, 1);
    let model = LinearModel::powers(Basis::Sine, 15, -2.0).unwrap();
    let fit = model.interpolate(&x, &y).unwrap();
    let fitted = fit.predict(&x);
    assert!(fitted.iter().zip(&y).all(|(f, y)| (f - y).abs() < 1e-9));
    // The pseudo-inverse by singular values, another road.
    let svd = linalg::svd(&model.features(&x)).unwrap();
    let w = svd
        .vt
        .t()
        .dot(&(svd.u.t().dot(&ndarray::ArrayView1::from(&y)) / &svd.s));
    assert!((fit.weights() - &w).iter().all(|d| d.abs() < 1e-8));
    let late = model.flow(&x, &y).unwrap().at(f64::INFINITY).unwrap();
    assert!(
        (late.weights() - fit.weights())
            .iter()
            .all(|d| d.abs() < 1e-9)
    );
    // Repeated samples leave the rank below n.
    let twice: Vec<f64> = x.iter().chain(&x).copied().collect();
    let both: Vec<f64> = y.iter().chain(&y).copied().collect();
    let flow = model.flow(&twice, &both).unwrap();
    assert_eq!(flow.rates().len(), 6);
    assert!(
        (flow.end().weights() - fit.weights())
            .iter()
            .all(|d| d.abs() < 1e-7)
    );
}

#[test]
fn modes_of_the_whole_measure_are_the_limit_of_many_samples() {
    let model = LinearModel::powers(Basis::Hermite, 3, -1.0).unwrap();
    let target = [0.5, -1.0, 2.0];
    let modes = model.modes(&target, &[0.0, 1.0, 1e9]).unwrap();
    assert!(modes.row(0).iter().all(|c| *c == 0.0));
    assert!((modes[[1, 1]] + 1.0 - (-0.5f64).exp()).abs() < 1e-15);
    assert!(
        modes
            .row(2)
            .iter()
            .zip(target)
            .all(|(c, t)| (c - t).abs() < 1e-15)
    );
    let x = Basis::Hermite.sample(200_000, Seed(0));
    let y = Basis::Hermite.evaluate(&x, 3).dot(&ndarray::arr1(&target));
    let fit = model.flow(&x, &y.to_vec()).unwrap().at(1.0).unwrap();
    for (k, c) in fit.coefficients().iter().enumerate() {
        assert!((c - modes[[1, k]]).abs() < 0.03, "{k}: {c}");
    }
}

#[test]
fn parts_add_up_and_errors_are_those_of_coefficients() {
    let (x, y) = data(Basis::Sine, 20, 5);
    let model = LinearModel::head_and_tail(Basis::Sine, 5, 200, 1.0 / 195.0).unwrap();
    let fit = model.interpolate(&x, &y).unwrap();
    let parts = [fit.part(0..5).unwrap(), fit.part(5..200).unwrap()];
    let sum = parts[0].predict(&x) + parts[1].predict(&x);
    assert!(sum.iter().zip(&y).all(|(s, y)| (s - y).abs() < 1e-8));
    assert!((fit.utilization().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    // ∫ (f̂ − f*)² by quadrature
    let target = [0.3, 0.0, -0.7];
    let (nodes, w) = Basis::Sine.quadrature(1500).unwrap();
    let wanted = Basis::Sine.evaluate(&nodes, 3).dot(&ndarray::arr1(&target));
    let apart = fit.predict(&nodes) - wanted;
    let integral: f64 = apart.iter().zip(&w).map(|(d, w)| w * d * d).sum();
    assert!((fit.test_error(&target) / integral - 1.0).abs() < 1e-9);
    assert_eq!(fit.table().unwrap().height(), 200);
}

#[test]
fn bad_input_is_refused_by_name() {
    let new = |intensity| LinearModel::new(Basis::Sine, intensity);
    refused(new(vec![]), &["intensity", "at least one"]);
    refused(new(vec![1.0, 0.0]), &["intensity[1] = 0", "> 0"]);
    refused(new(vec![f64::NAN]), &["intensity[0] = NaN"]);
    refused(
        LinearModel::head_and_tail(Basis::Sine, 6, 5, 1.0),
        &["d = 6", "p = 5"],
    );
    let model = new(vec![1.0, 0.5]).unwrap();
    refused(model.flow(&[0.1], &[]), &["x.len(), y.len() = 1, 0"]);
    refused(model.flow(&[], &[]), &["at least 1"]);
    refused(model.flow(&[0.1, f64::NAN], &[1.0, 1.0]), &["x[1] = NaN"]);
    refused(model.interpolate(&[0.1], &[f64::INFINITY]), &["y[0] = inf"]);
    refused(model.descend(&[0.1], &[1.0], 0.0, 1), &["rate = 0"]);
    refused(
        model.descend(&[0.1], &[1.0], 1e6, 1000),
        &["gradient descent of a linear model", "step"],
    );
    refused(model.modes(&[1.0], &[0.0]), &["target.len() = 1", "p = 2"]);
    refused(model.modes(&[1.0, 1.0], &[-1.0]), &["-1"]);
    let flow = model.flow(&[0.1], &[1.0]).unwrap();
    refused(flow.at(-1.0), &["t = -1"]);
    refused(flow.end().part(1..3), &["1..3", "0..2"]);
    refused(Basis::Hermite.quadrature(0), &["nodes = 0"]);
    refused(
        Basis::Hermite.project(|_| f64::NAN, 1, 1),
        &["f(0) = NaN", "finite"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_flow_learns_each_sample_mode_at_its_rate(seed in 0u64..1000, n in 1usize..8, p in 1usize..12, t in 0.0f64..20.0) {
        let (x, y) = data(Basis::Sine, n, seed);
        let model = LinearModel::powers(Basis::Sine, p, -1.0).unwrap();
        let flow = model.flow(&x, &y).unwrap();
        let (now, end) = (flow.at(t).unwrap(), flow.end());
        // The norm never shrinks, and the error never grows.
        let error = |fit: &scurve::model::linear::LinearFit| -> f64 {
            fit.predict(&x).iter().zip(&y).map(|(f, y)| (f - y).powi(2)).sum()
        };
        let later = flow.at(t + 1.0).unwrap();
        prop_assert!(later.norm() >= now.norm() * (1.0 - 1e-12));
        prop_assert!(error(&later) <= error(&now) * (1.0 + 1e-9) + 1e-12);
        prop_assert!(end.norm() >= later.norm() * (1.0 - 1e-9));
    }
}
