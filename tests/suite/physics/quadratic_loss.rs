//! Fig. 12.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::physics::QuadraticLoss;
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn the_basis_is_seen_by_signs_alone() {
    let experiment = QuadraticLoss {
        seeds: 8,
        ..QuadraticLoss::preset(Scale::Quick)
    };
    let outcome = run(&experiment);
    let parts = outcome.table("parts").unwrap();
    let times = |rotation: &str, rule: &str| {
        let rows = parts.rows_where("rotation", rotation).unwrap();
        rows.rows_where("rule", rule).unwrap().f64s("time").unwrap()
    };
    // x falls by η a step from 1 to √.05 when aligned, by 2η along the first row of ½H₄.
    let aligned = ((1.0 - 0.05f64.sqrt()) / 3e-4).ceil();
    assert!(
        times("identity", "sign_gd")
            .iter()
            .all(|t| (t - aligned).abs() <= 1.0)
    );
    let turned = times("hadamard", "sign_gd");
    assert!(
        (turned[0] - (aligned / 2.0).ceil()).abs() <= 1.0,
        "{turned:?}"
    );
    assert!(
        turned.windows(2).all(|t| t[1] - t[0] > 1000.0),
        "{turned:?}"
    );
    // (1 − 2 h η)^{2t} = .05, at the second and the third part; the fourth is not learned in 10,000 steps.
    for rotation in ["identity", "hadamard"] {
        let descent = times(rotation, "sgd");
        for (k, h) in [(1, 0.1), (2, 0.01)] {
            let expected = (0.05f64.ln() / (2.0 * (1.0f64 - 0.02 * h).ln())).ceil();
            assert!((descent[k] - expected).abs() <= 1.0, "{descent:?}");
        }
        assert!(descent[3].is_nan());
    }
    let claims = experiment.claims(&outcome).unwrap().0;
    let verdict = |id: &str| claims.iter().find(|c| c.id == id).map(|c| c.verdict);
    for (id, expected) in [
        ("sgd-invariant", Verdict::Holds),
        ("aligned", Verdict::Holds),
        ("domino", Verdict::Holds),
        ("rotation", Verdict::Fails),
        ("start", Verdict::Differs),
    ] {
        assert_eq!(verdict(id), Some(expected), "{id}");
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let with = |change: fn(&mut QuadraticLoss)| {
        let mut experiment = QuadraticLoss::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    };
    assert_eq!(with(|e| e.curvatures = vec![1.0; 3]), "curvatures");
    assert_eq!(with(|e| e.curvatures[2] = -1.0), "curvatures[2]");
    assert_eq!(with(|e| e.start[0] = 0.0), "start");
    assert_eq!(with(|e| e.descent_rate = 0.0), "descent_rate");
    assert_eq!(with(|e| e.sign_rate = f64::NAN), "sign_rate");
    assert_eq!(with(|e| e.steps = 10), "steps");
}
