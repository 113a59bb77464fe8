//! γ(t) against the equations and in its limits.

use super::*;
use crate::optimizer::Flow;
use proptest::prelude::*;

/// θ from the two-layer equations themselves, with P and M as squares of two numbers.
fn solved(growth: &Growth, times: &[f64]) -> Vec<f64> {
    let (s, k) = (growth.target(), growth.rate());
    let start = [growth.aligned().sqrt(), growth.opposed().sqrt()];
    let flow = Flow {
        atol: 1e-18,
        ..Flow::new(1e-12)
    };
    let path = flow
        .integrate(
            |_, u, du| {
                let left = u[0] * u[0] - u[1] * u[1] - s;
                du[0] = -k * left * u[0];
                du[1] = k * left * u[1];
            },
            &start,
            times,
        )
        .unwrap();
    let rows = path.states.rows().into_iter();
    rows.map(|u| u[0] * u[0] - u[1] * u[1]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn follows_the_equation(
        log_p in -12.0f64..2.0, log_m in -12.0f64..2.0, s in -3.0f64..3.0, k in 0.1f64..2.0,
    ) {
        let growth = Growth::new(log_p.exp(), log_m.exp(), s, k).unwrap();
        let end = 3.0 / (k * growth.root().max(0.1));
        let times: Vec<f64> = (0..6).map(|i| end * f64::from(i) / 5.0).collect();
        let scale = growth.weight() + s.abs();
        for (t, theta) in times.iter().zip(solved(&growth, &times)) {
            prop_assert!((growth.theta(*t) - theta).abs() <= 1e-9 * scale);
            prop_assert!((growth.residual(*t) - (theta - s)).abs() <= 1e-9 * scale);
        }
    }

    #[test]
    fn times_are_inverse_to_theta(
        log_p in -30.0f64..2.0, log_m in -30.0f64..2.0, s in -3.0f64..3.0, share in 0.01f64..0.99,
    ) {
        let growth = Growth::new(log_p.exp(), log_m.exp(), s, 0.7).unwrap();
        let theta = growth.start() + share * (s - growth.start());
        let t = growth.time_to(theta).unwrap();
        prop_assert!(t > 0.0);
        let apart = (growth.theta(t) - theta).abs();
        prop_assert!(apart <= 1e-12 * (growth.weight() + s.abs() + theta.abs()), "{}", apart);
        prop_assert_eq!(growth.time_to(s + (s - growth.start())), None);
    }

    #[test]
    fn gamma_is_monotone_within_its_bounds(
        log_p in -20.0f64..3.0, log_m in -20.0f64..3.0, s in 0.001f64..5.0,
    ) {
        let growth = Growth::new(log_p.exp(), log_m.exp(), s, 1.0).unwrap();
        let mut before = 0.0;
        let sign = (s - growth.start()).signum();
        for i in 1..40 {
            let log_gamma = growth.log_gamma(0.1 * f64::from(i) / growth.root());
            prop_assert!(sign * (log_gamma - before) >= -1e-15 * log_gamma.abs());
            before = log_gamma;
        }
        let (low, high) = growth.gamma_bounds();
        let limit = growth.gamma_limit();
        prop_assert!(low <= limit * (1.0 + 1e-12) && limit <= high * (1.0 + 1e-12));
        prop_assert!((growth.log_gamma(f64::INFINITY) - growth.log_gamma_limit()).abs() <= 1e-13 * (1.0 + growth.log_gamma_limit().abs()));
    }
}

#[test]
fn limiting_cases() {
    // a = −b: a saddle that is never left.
    let opposed = Growth::new(0.0, 0.2, 1.0, 1.0).unwrap();
    assert!(opposed.theta(800.0) <= 0.0 && opposed.theta(800.0).abs() < 1e-300);
    assert!((opposed.theta(1.0) - solved(&opposed, &[1.0])[0]).abs() < 1e-10);
    assert_eq!(opposed.time_to(0.5), None);
    let t = opposed.time_to(-0.05).unwrap();
    assert!((opposed.theta(t) + 0.05).abs() < 1e-15);
    // S → 0: nothing turns; and S = 0 exactly, with and without the other half.
    let quiet = Growth::new(0.5, 0.5, 1e-9, 1.0).unwrap();
    assert!((quiet.log_gamma_limit() / 1e-9 - 1.0).abs() < 1e-9);
    let square = Growth::new(0.5, 0.0, 0.0, 1.0).unwrap();
    assert!((square.theta(3.0) - 0.5 / (1.0 + 3.0)).abs() < 1e-15);
    assert!((square.time_to(0.125).unwrap() - 3.0).abs() < 1e-14);
    // Nothing at all.
    let nothing = Growth::new(0.0, 0.0, 1.0, 1.0).unwrap();
    assert_eq!(
        (nothing.theta(9.0), nothing.kernel_distance(9.0)),
        (0.0, 0.0)
    );
    // Lazy: relative precision of a tiny kernel distance.
    let lazy = Growth::new(5e5, 5e5, 1.0, 1.0).unwrap();
    let expected = 0.25e-12 * (1.0 - 0.75e-12);
    assert!((lazy.kernel_distance_limit() / expected - 1.0).abs() < 1e-11);
    // Beyond the floating-point range of γ.
    let far = Growth::new(1e-300, 1e-10, -1.0, 1.0).unwrap();
    assert!((far.theta(1e4) + 1.0).abs() < 1e-14);
}

#[test]
fn the_kernel_turns_by_the_formula() {
    let (a, b) = ([0.3f64, -0.2, 0.7], [0.5f64, 0.4, -0.1]);
    let half = |sign: f64| -> f64 {
        let pairs = a.iter().zip(&b);
        pairs.map(|(a, b)| (a + sign * b).powi(2)).sum::<f64>() / 4.0
    };
    let growth = Growth::new(half(1.0), half(-1.0), 2.0, 1.0).unwrap();
    let root = growth.gamma(1.3).sqrt();
    let later: Vec<f64> = a
        .iter()
        .zip(&b)
        .flat_map(|(a, b)| {
            let (u, v) = (0.5 * (a + b) * root, 0.5 * (a - b) / root);
            [u + v, u - v]
        })
        .collect();
    let first: Vec<f64> = a.iter().zip(&b).flat_map(|(a, b)| [*a, *b]).collect();
    let dot = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
    let cos = dot(&first, &later) / (dot(&first, &first) * dot(&later, &later)).sqrt();
    assert!((growth.kernel_distance(1.3) - (1.0 - cos * cos)).abs() < 1e-15);
    assert!((growth.weight_at(1.3) - 0.5 * dot(&later, &later)).abs() < 1e-15);
}

#[test]
fn bad_numbers_are_named() {
    for (p, m, s, k, field) in [
        (-1.0, 0.0, 1.0, 1.0, "aligned (P)"),
        (0.0, f64::NAN, 1.0, 1.0, "opposed (M)"),
        (0.0, 0.0, f64::INFINITY, 1.0, "target"),
        (0.0, 0.0, 1.0, 0.0, "rate"),
    ] {
        match Growth::new(p, m, s, k) {
            Err(Error::Setting { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }
}
