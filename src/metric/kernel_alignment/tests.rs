use super::*;
use crate::linalg;
use crate::model::layerwise::ScalarNet;
use crate::seed::Seed;
use ndarray::s;

fn data(n: usize, p: usize, name: &str, mean: f64) -> Array2<f64> {
    Seed(4).normal(name, n, p) + mean
}

/// Kernels in full: what the sums must agree with.
fn kernels(a: &Array2<f64>, b: &Array2<f64>, centred: bool) -> [Array2<f64>; 2] {
    [a, b].map(|x| {
        let mean = x.mean_axis(Axis(0)).unwrap();
        let x = if centred { x - &mean } else { x.clone() };
        x.dot(&x.t())
    })
}

#[test]
fn sums_agree_with_whole_kernels() {
    let (a, b) = (
        data(40, 6, "features", 3.0),
        data(40, 3, "others", -1.0) + data(40, 6, "features", 3.0).slice(s![.., ..3]),
    );
    let mut found = KernelAlignment::new(6, 3).unwrap();
    for part in [s![..1, ..], s![1..15, ..], s![15.., ..]] {
        found.push(a.slice(part), b.slice(part)).unwrap();
    }
    for (value, centred) in [
        (found.alignment().unwrap(), false),
        (found.centred().unwrap(), true),
    ] {
        let [k, l] = kernels(&a, &b, centred);
        let expected = matrix_alignment(&k, &l).unwrap();
        assert!((value - expected).abs() < 1e-13, "{value} {expected}");
    }
    assert_eq!(found.samples(), 40);
    let [k, l] = kernels(&a, &b, false);
    let distance = kernel_distance(&k, &l).unwrap();
    assert!((found.distance().unwrap() - distance).abs() < 1e-13);
}

/// Each ideal operator as an n × n matrix.
fn by_matrices(a: &Array2<f64>, f: &Array2<f64>, ideal: MinimumProjection) -> f64 {
    let n = a.nrows();
    let h = Array2::eye(n) - Array2::from_elem((n, n), 1.0 / n as f64);
    let span = match ideal {
        MinimumProjection::WithConstant => linalg::span(&h.dot(f)).unwrap(),
        _ => linalg::span(f).unwrap(),
    };
    let mut projector = span.dot(&span.t());
    if ideal == MinimumProjection::Complement {
        let image = projector.sum_axis(Axis(1));
        let norm = image.dot(&image);
        let outer = Array2::from_shape_fn((n, n), |(i, j)| image[i] * image[j] / norm);
        projector -= &outer;
    }
    let k = h.dot(&a.dot(&a.t())).dot(&h);
    1.0 - matrix_alignment(&k, &h.dot(&projector).dot(&h)).unwrap()
}

#[test]
fn kappa_agrees_with_whole_operators() {
    use MinimumProjection::*;
    let a = data(50, 8, "features", 0.7);
    let mut f = a.dot(&Seed(5).normal("readout", 8, 3)) + 0.4;
    for with_bias in [false, true] {
        if with_bias {
            let bias = 2.0 - &f.column(0) - f.column(1);
            f.column_mut(2).assign(&bias);
        }
        let found = KernelAlignment::of(a.view(), f.view()).unwrap();
        let kappa = [Outputs, Complement, WithConstant].map(|i| found.kappa_cka(i).unwrap());
        for (ideal, kappa) in [Outputs, Complement, WithConstant].iter().zip(kappa) {
            let expected = by_matrices(&a, &f, *ideal);
            assert!(
                (kappa - expected).abs() < 1e-11,
                "{ideal:?} {kappa} {expected}"
            );
        }
        // With the constant among the outputs the three are one.
        let spread = (kappa[0] - kappa[1]).abs() + (kappa[0] - kappa[2]).abs();
        assert_eq!(spread < 1e-11, with_bias, "{kappa:?}");
    }
    // Any scale and mixture of the outputs has the same span.
    let mixed = f.dot(&ndarray::array![
        [1e6, 1.0, 0.0],
        [0.0, 1e-4, 2.0],
        [0.0, 0.0, 1.0]
    ]);
    let [x, y] = [&f, &mixed].map(|f| {
        let found = KernelAlignment::of(a.view(), f.view()).unwrap();
        found.kappa_cka(Outputs).unwrap()
    });
    assert!((x - y).abs() < 1e-7, "{x} {y}");
}

#[test]
fn a_large_mean_costs_no_digits() {
    let (a, b) = (data(60, 4, "features", 0.0), data(60, 2, "others", 0.0));
    let near = KernelAlignment::of(a.view(), b.view()).unwrap();
    let (a, b) = (a + 1e6, b - 1e6);
    let far = KernelAlignment::of(a.view(), b.view()).unwrap();
    assert!((near.centred().unwrap() - far.centred().unwrap()).abs() < 1e-9);
    // Uncentred, both kernels are now almost that of the constant.
    assert!(far.alignment().unwrap() > 1.0 - 1e-9);
}

#[test]
fn the_scalar_network_turns_its_kernel_as_its_closed_form_says() {
    let (a, b) = (vec![0.3, -0.8, 0.5], vec![0.6, 0.2, -0.4]);
    let net = ScalarNet::new(a.clone(), b.clone(), 1.5, 2.0).unwrap();
    let (late_a, late_b) = net.parameters(1.3).unwrap();
    // ∇f = (b, a) over the 2p parameters; its kernel is one column's.
    let column = |a: &[f64], b: &[f64]| Array2::from_shape_vec((6, 1), [b, a].concat()).unwrap();
    let found = KernelAlignment::of(
        column(&a, &b).view(),
        column(&late_a.to_vec(), &late_b.to_vec()).view(),
    );
    let expected = net.growth().kernel_distance(1.3);
    assert!((found.unwrap().distance().unwrap() - expected).abs() < 1e-14);
}

#[test]
fn bad_input_is_named() {
    let said = |e: Error| e.to_string();
    let x = data(5, 2, "features", 0.0);
    let mut found = KernelAlignment::new(2, 2).unwrap();
    assert!(said(found.alignment().unwrap_err()).contains("samples = 0"));
    assert!(said(KernelAlignment::new(0, 1).unwrap_err()).contains("p = 0"));
    assert!(said(KernelAlignment::new(1, 0).unwrap_err()).contains("q = 0"));
    let short = x.slice(s![..3, ..]);
    assert!(said(found.push(x.view(), short).unwrap_err()).contains("others.nrows() = 3"));
    let thin = x.slice(s![.., ..1]);
    assert!(said(found.push(x.view(), thin).unwrap_err()).contains("others = 1"));
    let mut bad = x.clone();
    bad[[3, 1]] = f64::NAN;
    let before = found.clone();
    assert!(said(found.push(x.view(), bad.view()).unwrap_err()).contains("others[3, 1] = NaN"));
    assert_eq!(found, before);
    let constant = Array2::from_elem((5, 2), 0.1);
    found.push(x.view(), constant.view()).unwrap();
    assert!(said(found.centred().unwrap_err()).contains("others = constant"));
    assert!(found.alignment().unwrap() > 0.0);
    let zero = KernelAlignment::of(x.view(), Array2::zeros((5, 2)).view()).unwrap();
    assert!(said(zero.alignment().unwrap_err()).contains("others = zero"));
    let line = KernelAlignment::of(x.view(), (&thin + 1.0).view()).unwrap();
    let only = line.kappa_cka(MinimumProjection::Complement).unwrap_err();
    assert!(said(only).contains("one direction"));
    assert!(said(matrix_alignment(&x, &constant.t().to_owned()).unwrap_err()).contains("2 × 5"));
    assert!(
        said(kernel_distance(&x, &Array2::zeros((5, 2))).unwrap_err()).contains("norm of l = 0")
    );
}
