//! Linear networks: gradients, closed forms, orders, bad input.

use super::*;
use proptest::prelude::*;

/// Σ_ij |x − y| over the largest |y|.
fn apart(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let largest = y.iter().fold(0.0f64, |m, y| m.max(y.abs()));
    (x - y).iter().fold(0.0f64, |m, d| m.max(d.abs())) / largest
}

fn correlation() -> Array2<f64> {
    Seed(5).normal("data", 6, 3)
}

#[test]
fn slopes_are_the_gradient() {
    let (x, y) = (Seed(0).normal("data", 9, 4), Seed(1).normal("data", 9, 2));
    for net in [
        DeepLinear::of_data(&x, &y).unwrap(),
        DeepLinear::whitened(&x.slice(s![..4, ..2]).to_owned()).unwrap(),
        DeepLinear::unconstrained(&y.slice(s![..4, ..]).to_owned()).unwrap(),
    ] {
        let layers = Layers::gaussian(4, 3, 2, 0.7, Seed(2)).unwrap();
        let mut slope = Slope::new(&net, 3);
        slope.residual(&net, layers.w1.view(), layers.w2.view());
        let (d1, d2) = (slope.g.dot(&layers.w2.t()), layers.w1.t().dot(&slope.g));
        let loss = |change: &dyn Fn(&mut Layers)| {
            let mut layers = layers.clone();
            change(&mut layers);
            net.loss(&layers.product())
        };
        let h = 1e-5;
        for (at, d) in d1.indexed_iter() {
            let (up, down) = (loss(&|l| l.w1[at] += h), loss(&|l| l.w1[at] -= h));
            assert!(((down - up) / (2.0 * h) - d).abs() < 1e-8);
        }
        for (at, d) in d2.indexed_iter() {
            let (up, down) = (loss(&|l| l.w2[at] += h), loss(&|l| l.w2[at] -= h));
            assert!(((down - up) / (2.0 * h) - d).abs() < 1e-8);
        }
    }
}

#[test]
fn aligned_starts_have_a_closed_form() {
    let times = [0.0, 0.3, 1.0, 3.0];
    let (a, b) = ([0.2, 0.1, 0.3], [0.1, -0.4, 0.3]);
    for net in [
        DeepLinear::whitened(&correlation()).unwrap(),
        DeepLinear::unconstrained(&(correlation() * 6.0)).unwrap(),
        // Equal singular values.
        DeepLinear::whitened(&Array2::eye(3)).unwrap(),
    ] {
        let start = net.aligned_start(7, &a, &b, Seed(0)).unwrap();
        let exact = net.decoupled(&start, &times).unwrap();
        let run = net.flow(&start, &times, &Flow::new(1e-12)).unwrap();
        assert!(apart(&run.strength, &exact.strength) < 1e-9);
        assert!(run.outside.iter().chain(&run.drift).all(|x| *x < 1e-10));
    }
}

#[test]
fn small_starts_are_learned_in_turn() {
    let strengths = Array2::from_diag(&ndarray::arr1(&[4.0, 2.0, 1.0]));
    let net = DeepLinear::whitened(&strengths).unwrap();
    let times: Vec<f64> = (0..60).map(|k| 0.25 * f64::from(k)).collect();
    let error = |scale: f64| {
        let start = Layers::gaussian(3, 10, 3, scale, Seed(1)).unwrap();
        let run = net.flow(&start, &times, &Flow::new(1e-10)).unwrap();
        [net.decoupled(&start, &times), net.in_turn(&start, &times)]
            .map(|theory| apart(&run.strength, &theory.unwrap().strength))
    };
    let ([own, turn], [own_small, turn_small]) = (error(1e-3), error(1e-5));
    assert!(
        turn_small < 0.2 * turn && turn_small < 1e-3,
        "{turn} {turn_small}"
    );
    assert!(
        own_small > 0.5 * own && own_small > 10.0 * turn_small,
        "{own} {own_small}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_spectra_from_aligned_starts(
        modes in proptest::collection::vec((0.1f64..3.0, -0.8f64..0.8, -0.8f64..0.8), 1..5), seed in 0u64..1000,
    ) {
        let k = modes.len();
        let of = |f: fn(&(f64, f64, f64)) -> f64| modes.iter().map(f).collect::<Vec<_>>();
        let u = linalg::qr(&Seed(seed).normal("data", 5, k)).unwrap().0;
        let v = linalg::qr(&Seed(seed).normal("noise", k, k)).unwrap().0;
        let correlation = (u * ndarray::aview1(&of(|m| m.0))).dot(&v.t());
        let net = DeepLinear::whitened(&correlation).unwrap();
        let start = net.aligned_start(k + 2, &of(|m| m.1), &of(|m| m.2), Seed(seed)).unwrap();
        let times = [0.0, 0.4, 2.0];
        let run = net.flow(&start, &times, &Flow::new(1e-12)).unwrap();
        let exact = net.decoupled(&start, &times).unwrap();
        prop_assert!(apart(&run.strength, &exact.strength) < 1e-9);
        prop_assert!(run.drift.iter().all(|x| *x < 1e-9));
    }
}

#[test]
fn the_square_is_what_the_sigmoid_holds_for() {
    let net = DeepLinear::whitened(&correlation()).unwrap();
    let alpha = [0.1; 3];
    let start = net.aligned_start(4, &alpha, &alpha, Seed(0)).unwrap();
    let run = net.flow(&start, &[0.7], &Flow::new(1e-12)).unwrap();
    for (i, rho) in net.modes().s.iter().enumerate() {
        let sigmoid = rho / (1.0 + (rho / 0.01 - 1.0) * (-2.0 * rho * 0.7f64).exp());
        assert!((run.strength[[0, i]] / sigmoid - 1.0).abs() < 1e-9);
    }
}

#[test]
fn descent_is_of_first_order_and_nearly_conserves() {
    let net = DeepLinear::whitened(&correlation()).unwrap();
    let start = Layers::gaussian(6, 5, 3, 0.3, Seed(3)).unwrap();
    let flow = net.flow(&start, &[1.0], &Flow::new(1e-11)).unwrap();
    let run = |rate: f64| {
        let steps = (1.0 / rate).round() as usize;
        net.descend(&start, rate, steps, &Schedule::Every { steps })
            .unwrap()
    };
    let (coarse, fine) = (run(0.002), run(0.001));
    let error = |run: &DeepTrajectory| apart(&run.end.w1, &flow.end.w1);
    assert!(((error(&coarse) / error(&fine)).log2() - 1.0).abs() < 0.02);
    assert!((coarse.drift[1] / fine.drift[1] - 2.0).abs() < 0.02 && flow.drift[0] < 1e-9);
    // Rotating the hidden layer changes nothing that is seen.
    let turn = linalg::qr(&Seed(4).normal("data", 5, 5)).unwrap().0;
    let turned = Layers::new(start.w1.dot(&turn), turn.t().dot(&start.w2)).unwrap();
    let turned = net.flow(&turned, &[1.0], &Flow::new(1e-11)).unwrap();
    assert!(apart(&turned.strength, &flow.strength) < 1e-8);
    assert!(apart(&turned.features, &flow.features) < 1e-8);
}

#[test]
fn bad_input_is_named() {
    let field = |error: Result<()>| match error {
        Err(Error::Setting { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let zero: Array2<f64> = Array2::zeros((3, 2));
    assert_eq!(field(DeepLinear::whitened(&zero).map(drop)), "correlation");
    let nan = Array2::from_elem((3, 2), f64::NAN);
    assert_eq!(field(DeepLinear::whitened(&nan).map(drop)), "correlation");
    let (x, y) = (Seed(0).normal("data", 5, 3), Seed(1).normal("data", 4, 2));
    assert_eq!(field(DeepLinear::of_data(&x, &y).map(drop)), "y.nrows()");
    let net = DeepLinear::whitened(&correlation()).unwrap();
    let aligned =
        |width, a: &[f64], b: &[f64]| field(net.aligned_start(width, a, b, Seed(0)).map(drop));
    assert_eq!(aligned(2, &[0.1; 3], &[0.1; 3]), "width");
    assert_eq!(aligned(3, &[0.1; 2], &[0.1; 3]), "a");
    assert_eq!(aligned(3, &[0.1; 3], &[0.1, f64::NAN, 0.1]), "b[1]");
    let other = Layers::gaussian(5, 4, 3, 1.0, Seed(0)).unwrap();
    let every = Schedule::Every { steps: 1 };
    assert_eq!(
        field(net.descend(&other, 0.1, 1, &every).map(drop)),
        "start"
    );
    let start = Layers::gaussian(6, 4, 3, 1.0, Seed(0)).unwrap();
    assert_eq!(
        field(net.descend(&start, 0.0, 1, &every).map(drop)),
        "learning_rate"
    );
    assert!(matches!(
        net.descend(&start, 1e3, 50, &every),
        Err(Error::Diverged { .. })
    ));
    assert_eq!(
        field(Layers::gaussian(5, 4, 3, 0.0, Seed(0)).map(drop)),
        "scale"
    );
    assert_eq!(field(Layers::new(zero.clone(), zero).map(drop)), "w2.dim()");
    let data = DeepLinear::of_data(&x, &Seed(1).normal("data", 5, 2)).unwrap();
    assert_eq!(field(data.targets().map(drop)), "inputs");
}
