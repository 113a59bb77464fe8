//! Diagonal networks: closed forms, times, orders, bad input.

use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn closed_form_against_the_equations(
        modes in proptest::collection::vec((0.05f64..2.0, -2.0f64..2.0, -1.0f64..1.0, -1.0f64..1.0), 1..6),
    ) {
        let of = |f: fn(&(f64, f64, f64, f64)) -> f64| modes.iter().map(f).collect::<Vec<_>>();
        let net = DiagonalNet::new(&of(|m| m.0), &of(|m| m.1)).unwrap()
            .with_start(&of(|m| m.2), &of(|m| m.3)).unwrap();
        let times = [0.0, 0.5, 2.0, 6.0];
        let exact = net.exact(&times).unwrap();
        let solved = net.flow(&times, &Flow::new(1e-12)).unwrap();
        for (x, y) in exact.strength.iter().zip(&solved.strength) {
            prop_assert!((x - y).abs() <= 1e-9, "{} {}", x, y);
        }
        prop_assert!(solved.drift() < 1e-10 && exact.drift() == 0.0);
    }
}

#[test]
fn times_and_overlap_are_the_formulas() {
    let net = DiagonalNet::new(&[1.0, 0.3], &[5.0; 2])
        .unwrap()
        .balanced(0.1)
        .unwrap();
    let (k, epsilon) = (5.0 / 0.01 - 1.0f64, 0.05f64);
    let odds = 1.0 / epsilon - 1.0;
    for (i, e) in [1.0, 0.3].into_iter().enumerate() {
        let emergent = (k / odds).ln() / (2.0 * e * 5.0);
        let saturation = odds.ln() / (e * 5.0);
        assert!((net.emergent_time(i, epsilon).unwrap() / emergent - 1.0).abs() < 1e-12);
        assert!((net.saturation_time(i, epsilon).unwrap() / saturation - 1.0).abs() < 1e-12);
    }
    // At the overlap the next mode emerges just when this one is saturated.
    let overlap = net.stage_overlap(0).unwrap();
    let gap = net.emergent_time(1, overlap).unwrap() - net.emergent_time(0, overlap).unwrap();
    assert!((net.saturation_time(0, overlap).unwrap() / gap - 1.0).abs() < 1e-11);
    assert!(net.stage_overlap_as_printed(0).unwrap() < 0.0);
}

#[test]
fn descent_is_of_first_order() {
    let net = DiagonalNet::new(&[1.0, 0.4], &[1.0, 2.0])
        .unwrap()
        .with_start(&[0.1, 0.3], &[0.2, -0.1])
        .unwrap();
    let end = net.exact(&[4.0]).unwrap();
    let error = |rate: f64| {
        let steps = (4.0 / rate).round() as usize;
        let every = Schedule::Every { steps };
        let run = net.descend(rate, steps, &every).unwrap();
        let last = run.strength.row(1).to_owned();
        (last - end.strength.row(0)).mapv(f64::abs).sum()
    };
    let order = (error(0.002) / error(0.001)).log2();
    assert!((order - 1.0).abs() < 0.01, "{order}");
    // Moments without correlations are the plain descent.
    let moments = Array2::from_diag(&ndarray::arr1(&[1.0, 0.4]));
    let every = Schedule::Every { steps: 100 };
    let on = net.descend_on(&moments, 0.01, 300, &every).unwrap();
    assert_eq!(on, net.descend(0.01, 300, &every).unwrap());
}

#[test]
fn bad_input_is_named() {
    let field = |result: Result<DiagonalNet>| match result {
        Err(Error::Setting { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(DiagonalNet::new(&[], &[])), "target");
    assert_eq!(field(DiagonalNet::new(&[1.0], &[1.0, 2.0])), "target");
    assert_eq!(
        field(DiagonalNet::new(&[1.0, -1.0], &[1.0, 1.0])),
        "variance[1]"
    );
    assert_eq!(field(DiagonalNet::new(&[1.0], &[f64::NAN])), "target[0]");
    let net = || DiagonalNet::new(&[1.0, 0.5], &[1.0, 1.0]).unwrap();
    assert_eq!(field(net().with_start(&[1.0], &[1.0, 1.0])), "a");
    assert_eq!(
        field(net().with_start(&[1.0; 2], &[1.0, f64::INFINITY])),
        "b[1]"
    );
    assert_eq!(field(net().balanced(0.0)), "scale");
    let diverged = net().descend(1e3, 1000, &Schedule::Every { steps: 10 });
    assert!(matches!(diverged, Err(Error::Diverged { .. })));
    assert!(net().emergent_time(2, 0.1).is_err() && net().emergent_time(0, 1.0).is_err());
    assert!(net().saturation_time(0, 0.5).is_err());
    assert!(net().stage_overlap(1).is_err());
    let uneven = net().with_start(&[0.1, 0.2], &[0.1, 0.2]).unwrap();
    assert!(uneven.stage_overlap(0).is_err());
    let moments = Array2::zeros((3, 3));
    assert!(
        net()
            .descend_on(&moments, 0.1, 1, &Schedule::Every { steps: 1 })
            .is_err()
    );
}
