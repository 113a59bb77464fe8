//! Feature maps that are no basis, least squares on them, and what constant or bad features do.

use ndarray::{Array1, Array2, Axis, arr1, array, concatenate, s};
use scurve::error::Error;
use scurve::linalg;
use scurve::metric::eigenfunction::{Eigenfunctions, Gram};
use scurve::metric::feature::{indicators, projection_share, utilization_as_printed};
use scurve::model::linear::{GaussianFeatures, GaussianKernel, RandomFeatures, Regression};
use scurve::optimizer::Flow;
use scurve::seed::Seed;

/// Fails with all of `parts` in its message.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, parts: &[&str]) {
    let message = result.unwrap_err().to_string();
    assert!(parts.iter().all(|p| message.contains(p)), "{message}");
}

fn largest(x: &Array2<f64>) -> f64 {
    x.iter().fold(0.0, |m, x| m.max(x.abs()))
}

#[test]
fn mehlers_functions_are_orthonormal_and_solve_the_integral_equation() {
    for (length, deviation) in [(1.0, 1.0), (0.7, 1.5), (3.0, 0.5)] {
        let kernel = GaussianKernel::new(length, deviation).unwrap();
        let (x, w) = kernel.quadrature(120).unwrap();
        let e = kernel.eigenfunctions(&x, 6);
        let weighted = &e * &arr1(&w).insert_axis(Axis(1));
        let inner = e.t().dot(&weighted);
        assert!(largest(&(inner - Array2::<f64>::eye(6))) < 1e-11);
        // ∫ k(x, x′) e(x) q(x) dx = ρ e(x′), with the kernel itself and no features.
        let points = [-1.3, 0.0, 0.4, 2.0];
        let at = kernel.eigenfunctions(&points, 6);
        let rho = kernel.intensity(6);
        for (i, to) in points.iter().enumerate() {
            let row: Array1<f64> = x
                .iter()
                .map(|x| (-0.5 * ((x - to) / length).powi(2)).exp())
                .collect();
            for (k, image) in row.dot(&weighted).iter().enumerate() {
                assert!((image - rho[k] * at[[i, k]]).abs() < 1e-10, "{k} {image}");
            }
        }
    }
    // numpy: eigvalsh of √w K √w on 200 Gauss–Hermite nodes, length .7, deviation 1.5.
    let rho = GaussianKernel::new(0.7, 1.5).unwrap().intensity(3);
    for (found, expected) in rho.iter().zip(MEHLER) {
        assert!((found - expected).abs() < 1e-12, "{found}");
    }
}
const MEHLER: [f64; 3] = [0.3703131226899802, 0.23318131385357588, 0.14683121336750565];

#[test]
fn gaussian_features_have_their_covariance() {
    let sigma = array![[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]];
    let map = GaussianFeatures::of_covariance(&sigma).unwrap();
    let o = map.turn();
    let back = (&o * &arr1(map.intensity())).dot(&o.t());
    assert!(largest(&(back - &sigma)) < 1e-14);
    let n = 40_000;
    let features = map.sample(n, Seed(0));
    let found = features.t().dot(&features) / n as f64;
    assert!(largest(&(&found - &sigma)) < 0.06, "{found}");
    let e = map.eigenfunctions(features.view()).unwrap();
    let inner = e.t().dot(&e) / n as f64;
    assert!(largest(&(inner - Array2::<f64>::eye(3))) < 0.03);
    // A rotation leaves functions and intensities as they are.
    let turned = map.clone().turned(Seed(1)).unwrap();
    let again = turned
        .eigenfunctions(turned.sample(n, Seed(0)).view())
        .unwrap();
    assert!(largest(&(again - e)) < 1e-12);
    assert_eq!(turned.intensity(), map.intensity());
    let law = GaussianFeatures::power_law(4, 0.5).unwrap();
    assert!((law.intensity()[3] - 0.125).abs() < 1e-15 && law.turn() == Array2::<f64>::eye(4));
}

#[test]
fn random_features_tend_to_their_kernels_as_one_over_root_p() {
    let x = Seed(3).normal("data", 6, 3);
    let error = |p: usize, wave: bool| {
        let mut sum = 0.0;
        for seed in 0..20 {
            let map = match wave {
                true => RandomFeatures::fourier(3, p, 1.3, Seed(seed)).unwrap(),
                false => RandomFeatures::relu(3, p, Seed(seed)).unwrap(),
            };
            let phi = map.features(x.view()).unwrap();
            let found = phi.dot(&phi.t());
            for ((i, j), k) in found.indexed_iter() {
                sum += (k - map.kernel(x.row(i), x.row(j)).unwrap()).powi(2);
            }
        }
        (sum / (20.0 * 36.0)).sqrt()
    };
    for wave in [false, true] {
        let (few, many) = (error(100, wave), error(6400, wave));
        let slope = (many / few).ln() / 64f64.ln();
        assert!((slope + 0.5).abs() < 0.06, "{wave} {slope} {few} {many}");
    }
    let zero = RandomFeatures::relu(3, 5, Seed(0)).unwrap();
    let none = Array1::zeros(3);
    assert_eq!(zero.kernel(none.view(), x.row(0)).unwrap(), 0.0);
}

#[test]
fn the_flow_on_any_features_and_from_any_start() {
    let map = RandomFeatures::relu(6, 9, Seed(0)).unwrap();
    for n in [4, 15] {
        let x = Seed(1).normal("data", n, 6);
        let y = Seed(2).normal("noise", 1, n).row(0).to_vec();
        let data = Regression::new(map.features(x.view()).unwrap(), y).unwrap();
        let start = Seed(3).normal("init", 1, 9).row(0).to_owned();
        let flow = data.flow_from(&start).unwrap();
        let solved = Flow::new(1e-11)
            .integrate(
                |_, w, dw| {
                    let error = data.features().dot(&ndarray::ArrayView1::from(w)) - data.targets();
                    let pull = data.features().t().dot(&error) / n as f64;
                    dw.iter_mut().zip(&pull).for_each(|(to, x)| *to = -x);
                },
                &start.to_vec(),
                &[2.0],
            )
            .unwrap();
        let apart = flow.at(2.0).unwrap() - solved.states.row(0);
        assert!(apart.iter().all(|d| d.abs() < 1e-9), "{apart}");
        // The end by singular values: w(0) moved within the span of the samples' features only.
        let svd = linalg::svd(data.features()).unwrap();
        let inverse = |v: &Array1<f64>| svd.vt.t().dot(&(svd.u.t().dot(v) / &svd.s));
        let least = inverse(data.targets());
        let end = &start + &inverse(&(data.targets() - &data.features().dot(&start)));
        assert!((flow.end() - &end).iter().all(|d| d.abs() < 1e-8));
        assert!(
            (data.least_norm().unwrap() - &least)
                .iter()
                .all(|d| d.abs() < 1e-8)
        );
        assert!(n > 9 || end.dot(&end) > least.dot(&least) + 0.01);
    }
}

#[test]
fn constant_features_count_and_zero_ones_do_not() {
    let x = Seed(0).normal("data", 60, 2);
    let one = Array2::from_elem((60, 1), 3.0);
    let zero = Array2::zeros((60, 1));
    let all = concatenate(Axis(1), &[one.view(), x.view(), zero.view(), one.view()]).unwrap();
    let mut gram = Gram::new(5).unwrap();
    gram.push(all.view()).unwrap();
    for found in [
        gram.eigenfunctions().unwrap(),
        Eigenfunctions::fit(all.view()).unwrap().first(3).unwrap(),
    ] {
        assert_eq!(found.rank(), 3);
        // Two constants of size 3 are one function of intensity 18 or so, the first.
        assert!((found.intensity[0] - 18.0).abs() < 0.5);
        let e = found.evaluate(all.view()).unwrap();
        assert!((e.column(0).mean().unwrap().abs() - 1.0).abs() < 0.01);
        assert!(found.weight.row(3).iter().all(|w| w.abs() < 1e-9));
    }
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut broken = all.clone();
        broken[[59, 4]] = bad;
        let name = format!("features[59, 4] = {bad}");
        refused(gram.push(broken.view()), &[&name, "drop samples"]);
        refused(Eigenfunctions::fit(broken.view()), &[&name]);
        refused(Regression::new(broken.clone(), vec![0.0; 60]), &[&name]);
        let fitted = gram.eigenfunctions().unwrap();
        refused(fitted.evaluate(broken.view()), &[&name]);
    }
    assert_eq!(gram.samples(), 60);
}

#[test]
fn printed_forms_lack_what_the_errata_say() {
    let n = 500;
    let x = Seed(7).normal("data", n, 6);
    let found = Eigenfunctions::fit(x.view()).unwrap();
    let printed = found.evaluate_as_printed(x.view()).unwrap();
    let square = printed.column(0).mapv(|e| e * e).mean().unwrap();
    assert!((square * n as f64 - 1.0).abs() < 1e-12);
    let ratio = found.intensity_as_printed() / &found.intensity;
    assert!(ratio.iter().all(|r| (r - n as f64).abs() < 1e-9));
    let e = found.evaluate(x.view()).unwrap();
    // Two overlapping functions in the span: by hand, with P = Σ f fᵀ/|f|².
    let f = x.dot(&array![
        [1.0, 0.8],
        [0.0, 0.6],
        [0.0, 0.0],
        [0.0, 0.0],
        [0.0, 0.0],
        [0.0, 0.0]
    ]);
    let q = utilization_as_printed(e.view(), f.view()).unwrap();
    let mut p = Array2::<f64>::zeros((n, n));
    for c in f.columns() {
        let unit = &c / c.dot(&c).sqrt();
        p += &(&unit.view().insert_axis(Axis(1)) * &unit.view().insert_axis(Axis(0)));
    }
    for (k, column) in e.columns().into_iter().enumerate() {
        let share = column.dot(&p.dot(&column)) / column.dot(&column);
        assert!((q[k] - share * share / 2.0).abs() < 1e-12);
    }
    let right = projection_share(e.view(), f.view()).unwrap();
    assert!((right.sum() - 1.0).abs() < 1e-12 && (q.sum() - 1.0).abs() > 0.1);
    let empty_class = indicators(&vec![0; n], 2).unwrap();
    refused(
        utilization_as_printed(e.view(), empty_class.view()),
        &["functions[.., 1]", "all zero"],
    );
}

#[test]
fn bad_input_is_refused_by_name() {
    refused(GaussianFeatures::power_law(5, 0.0), &["alpha = 0", "> 0"]);
    refused(GaussianFeatures::power_law(5, -0.5), &["alpha = -0.5"]);
    refused(GaussianFeatures::power_law(5, f64::NAN), &["alpha = NaN"]);
    refused(GaussianFeatures::power_law(0, 1.0), &["intensity = []"]);
    refused(GaussianFeatures::new(vec![1.0, 0.0]), &["intensity[1] = 0"]);
    let of = |x: Array2<f64>| GaussianFeatures::of_covariance(&x);
    refused(of(Array2::zeros((2, 3))), &["covariance = 2 × 3"]);
    refused(
        of(array![[1.0, 0.2], [0.1, 1.0]]),
        &["covariance", "symmetric"],
    );
    refused(
        of(array![[1.0, f64::NAN], [f64::NAN, 1.0]]),
        &["covariance = NaN"],
    );
    refused(of(array![[1.0, 2.0], [2.0, 1.0]]), &["eigenvalue of -1"]);
    let map = GaussianFeatures::new(vec![1.0, 0.5]).unwrap();
    refused(
        map.eigenfunctions(Array2::zeros((3, 1)).view()),
        &["features = 1", "p = 2"],
    );
    refused(GaussianKernel::new(0.0, 1.0), &["length = 0"]);
    refused(
        GaussianKernel::new(1.0, f64::INFINITY),
        &["deviation = inf"],
    );
    refused(RandomFeatures::relu(0, 3, Seed(0)), &["inputs = 0"]);
    refused(RandomFeatures::relu(3, 0, Seed(0)), &["p = 0"]);
    refused(
        RandomFeatures::fourier(3, 3, -1.0, Seed(0)),
        &["length = -1"],
    );
    let relu = RandomFeatures::relu(2, 3, Seed(0)).unwrap();
    refused(
        relu.features(Array2::zeros((3, 1)).view()),
        &["inputs = 1", "d = 2"],
    );
    refused(
        relu.features(array![[0.0, f64::NAN]].view()),
        &["x[0, 1] = NaN"],
    );
    refused(
        Regression::new(Array2::zeros((0, 2)), vec![]),
        &["features = 0 × 2"],
    );
    let ones = || Array2::from_elem((3, 2), 1.0);
    refused(
        Regression::new(ones(), vec![1.0; 2]),
        &["targets.len() = 2"],
    );
    refused(
        Regression::new(ones(), vec![1.0, 2.0, f64::NAN]),
        &["targets[2] = NaN"],
    );
    let data = Regression::new(ones(), vec![1.0; 3]).unwrap();
    refused(data.flow_from(&arr1(&[0.0])), &["start.len() = 1"]);
    refused(data.flow_from(&arr1(&[0.0, f64::NAN])), &["start[1] = NaN"]);
    refused(data.flow().unwrap().at(f64::NAN), &["t = NaN"]);
    let start = Array1::zeros(2);
    refused(data.descend_from(&start, -0.1, 5), &["rate = -0.1"]);
    refused(data.descend_from(&start, 1e9, 1000), &["diverged", "step"]);
    // A feature that is zero keeps its weight.
    let mut half = ones();
    half.slice_mut(s![.., 1]).fill(0.0);
    let data = Regression::new(half, vec![2.0; 3]).unwrap();
    let end = data.flow_from(&arr1(&[0.0, 5.0])).unwrap().end();
    assert!((end - arr1(&[2.0, 5.0])).iter().all(|d| d.abs() < 1e-14));
}
