//! Scalar networks: Theorem 1, families, limits, bad input.

use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn theorem_1_against_the_equations(
        pairs in proptest::collection::vec((-1.5f64..1.5, -1.5f64..1.5), 1..12),
        s in -2.0f64..2.0, z in 0.5f64..4.0, moment in 0.3f64..2.0,
    ) {
        let (a, b) = pairs.into_iter().unzip();
        let net = ScalarNet::new(a, b, s, z).unwrap().with_moment(moment).unwrap();
        let times = [0.0, 0.2, 1.0, 4.0];
        let exact = net.exact(&times).unwrap();
        let solved = net.flow(&times, &Flow::new(1e-12)).unwrap();
        let of = |run: &ScalarTrajectory| [
            run.theta.clone(), run.aligned.clone(), run.anti_aligned.clone(), run.weight.clone(), run.kernel_distance.clone(),
        ].concat();
        for (x, y) in of(&exact).iter().zip(of(&solved)) {
            prop_assert!((x - y).abs() <= 1e-9, "{} {}", x, y);
        }
        for (k, t) in times.iter().enumerate() {
            let (a, b) = net.parameters(*t).unwrap();
            let theta = (&a * &b).sum() / z;
            prop_assert!((theta - exact.theta[k]).abs() < 1e-12);
        }
    }
}

#[test]
fn signs_are_two_families() {
    let net = ScalarNet::signs(101, 0.3, 2.0, 1.0, Seed(0)).unwrap();
    let run = net.exact(&[0.0, 0.1, 5.0]).unwrap();
    // Eq. 6.8 and 6.9: each family keeps its shape, and their product is conserved.
    for k in 0..3 {
        let product = run.aligned[k] * run.anti_aligned[k];
        assert!((product / (run.aligned[0] * run.anti_aligned[0]) - 1.0).abs() < 1e-13);
        let gamma = run.log_gamma[k].exp();
        assert!((run.aligned[k] / run.aligned[0] / gamma - 1.0).abs() < 1e-13);
    }
    assert!((run.final_theta() - 2.0).abs() < 1e-13);
    let even = ScalarNet::even_signs(100, 0.3, 2.0, 1.0).unwrap();
    assert_eq!(even.growth().start(), 0.0);
}

#[test]
fn opposed_weights_stay_opposed() {
    let a = vec![0.3, -0.7];
    let net = ScalarNet::new(a.clone(), a.iter().map(|x| -x).collect(), 1.0, 1.0).unwrap();
    let (a, b) = net.parameters(f64::INFINITY).unwrap();
    assert!(a.iter().chain(&b).all(|x| *x == 0.0));
    let (a, b) = net.parameters(3.0).unwrap();
    assert_eq!(a, -b);
}

#[test]
fn wide_nets_are_linear() {
    // p → ∞ with Z = √p: the true path nears the linearised one.
    let error = |p: usize| {
        let net = ScalarNet::even_signs(p, 1.0, 1.0, (p as f64).sqrt()).unwrap();
        let growth = *net.growth();
        let times = (1..50).map(|k| 0.02 * f64::from(k));
        times
            .map(|t| (growth.theta(t) - growth.linearised(t)).abs())
            .fold(0.0, f64::max)
    };
    let order = (error(100) / error(10_000)).log10() / 2.0;
    assert!((order - 1.0).abs() < 0.02, "{order}");
}

#[test]
fn descent_is_of_first_order() {
    let net = ScalarNet::gaussian(37, 0.5, 2.0, 3.0, Seed(1)).unwrap();
    let exact = net.exact(&[2.0]).unwrap().theta[0];
    let error = |rate: f64| {
        let steps = (2.0 / rate).round() as usize;
        let run = net
            .descend(rate, steps, &Schedule::Every { steps })
            .unwrap();
        (run.final_theta() - exact).abs()
    };
    let order = (error(0.002) / error(0.001)).log2();
    assert!((order - 1.0).abs() < 0.02, "{order}");
}

#[test]
fn sums_are_those_of_the_definition() {
    let net = ScalarNet::gaussian(10_007, 1.0, 1.0, 7.0, Seed(0)).unwrap();
    let sums: (f64, f64) = net
        .a()
        .iter()
        .zip(net.b())
        .fold((0.0, 0.0), |(s, w), (a, b)| {
            (s + a * b, w + 0.5 * (a * a + b * b))
        });
    assert!((net.growth().start() - sums.0 / 7.0).abs() < 1e-12 * sums.1);
    assert!((net.growth().weight() / (sums.1 / 7.0) - 1.0).abs() < 1e-13);
    // A prefix of a wider net is the narrower one.
    let narrow = ScalarNet::gaussian(5, 1.0, 1.0, 7.0, Seed(0)).unwrap();
    assert_eq!(narrow.a(), &net.a()[..5]);
}

#[test]
fn bad_input_is_named() {
    let field = |net: Result<ScalarNet>| match net {
        Err(Error::Setting { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(ScalarNet::new(vec![], vec![], 1.0, 1.0)), "b");
    assert_eq!(
        field(ScalarNet::new(vec![1.0], vec![1.0; 2], 1.0, 1.0)),
        "b"
    );
    let nan = ScalarNet::new(vec![1.0, f64::NAN], vec![1.0; 2], 1.0, 1.0);
    assert_eq!(field(nan), "a[1]");
    assert_eq!(
        field(ScalarNet::new(vec![1.0], vec![1.0], f64::NAN, 1.0)),
        "target (S)"
    );
    assert_eq!(
        field(ScalarNet::new(vec![1.0], vec![1.0], 1.0, 0.0)),
        "normalisation (Z)"
    );
    assert_eq!(
        field(ScalarNet::gaussian(3, -1.0, 1.0, 1.0, Seed(0))),
        "scale"
    );
    assert_eq!(field(ScalarNet::even_signs(3, 1.0, 1.0, 1.0)), "width");
    let net = || ScalarNet::even_signs(4, 1.0, 1.0, 1.0).unwrap();
    assert_eq!(field(net().with_moment(0.0)), "moment");
    assert!(net().parameters(-1.0).is_err() && net().exact(&[1.0, 0.5]).is_err());
    let every = Schedule::Every { steps: 10 };
    assert!(matches!(
        net().descend(1e3, 100, &every),
        Err(Error::Diverged { .. })
    ));
    assert!(net().descend(0.0, 100, &every).is_err());
}
