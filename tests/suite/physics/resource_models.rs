//! `physics/fig-09`, `physics/fig-17`, `physics/modularity`.

use crate::common::{refused, run};
use scurve::experiment::physics::{DependentSkills, DominoQuanta, ModularTime};
use scurve::prelude::*;

fn verdict(claims: &Claims, id: &str) -> f64 {
    let claim = claims.0.iter().find(|c| c.id == id);
    claim.unwrap_or_else(|| panic!("no claim {id}")).measured
}

#[test]
fn dependent_skills_are_learned_as_published() {
    let experiment = DependentSkills::preset(Scale::Check);
    let outcome = run(&experiment);
    let claims = experiment.claims(&outcome).unwrap();
    assert!(verdict(&claims, "chain-order") > 1.5 && verdict(&claims, "chain-printed") < 0.6);
    assert!(verdict(&claims, "or-seven") < 0.8 && verdict(&claims, "and-order") > 1.1);
    assert_eq!(verdict(&claims, "denominator"), 0.0);
    assert_eq!(verdict(&claims, "any-graph"), 1.0);
    // Every arrow of the published graphs is in the table of openings.
    let skills = outcome.table("skills").unwrap();
    let soft = skills
        .rows_where("form", "soft")
        .unwrap()
        .rows_where("solver", "ode")
        .unwrap();
    let (half, opening) = (
        soft.f64s("half_time").unwrap(),
        soft.f64s("opening").unwrap(),
    );
    assert_eq!(opening.iter().filter(|o| **o > 0.0).count(), 2 + 3 + 3);
    assert!(half.iter().zip(&opening).all(|(h, o)| h > o));
}

#[test]
fn domino_and_quanta_are_limits() {
    let experiment = DominoQuanta::preset(Scale::Check);
    let claims = experiment.claims(&run(&experiment)).unwrap();
    for (id, expected, within) in [
        ("domino-times", 1.0, 1e-9),
        ("quanta-times", 2.0, 1e-9),
        ("quanta-limit-l1", -1.0, 0.05),
        ("quanta-limit-l2", -2.0, 0.05),
        ("crossover-l1", 1.0, 1e-6),
    ] {
        let measured = verdict(&claims, id);
        assert!((measured - expected).abs() < within, "{id}: {measured}");
    }
    assert!(
        verdict(&claims, "domino-limit-l1") < -0.8 && verdict(&claims, "no-waste-limit-l1") > 0.5
    );
}

#[test]
fn divided_dimensions_learn_at_once() {
    let experiment = ModularTime::preset(Scale::Check);
    let claims = experiment.claims(&run(&experiment)).unwrap();
    let (shared, divided) = (
        verdict(&claims, "shared-tasks-alpha-2"),
        verdict(&claims, "divided-tasks-alpha-2"),
    );
    assert!(
        shared > divided && (divided - 0.5).abs() < 0.2,
        "{shared} {divided}"
    );
    assert!((verdict(&claims, "shared-dims-alpha-2") + 0.5).abs() < 0.1);
}

#[test]
fn bad_settings_are_refused_by_name() {
    let seventeen = || DependentSkills::preset(Scale::Check);
    assert_eq!(
        refused(DependentSkills {
            chain: vec![1.0],
            ..seventeen()
        }),
        "chain"
    );
    assert_eq!(
        refused(DependentSkills {
            waste: 0.0,
            ..seventeen()
        }),
        "waste"
    );
    assert_eq!(
        refused(DependentSkills {
            or: vec![0.0; 7],
            ..seventeen()
        }),
        "or"
    );
    assert_eq!(
        refused(DependentSkills {
            random_arrows: 1.5,
            ..seventeen()
        }),
        "random_arrows"
    );
    assert_eq!(
        refused(DependentSkills {
            random_span: 0.5,
            ..seventeen()
        }),
        "random_span"
    );
    assert_eq!(
        refused(DependentSkills {
            records: 6000,
            ..seventeen()
        }),
        "records"
    );
    let nine = || DominoQuanta::preset(Scale::Check);
    assert_eq!(refused(DominoQuanta { t0: 0.0, ..nine() }), "t0");
    assert_eq!(
        refused(DominoQuanta {
            ratios: vec![10.0, 5.0, 2.0],
            ..nine()
        }),
        "ratios"
    );
    assert_eq!(
        refused(DominoQuanta {
            large: vec![1.0, 2.0],
            ..nine()
        }),
        "large"
    );
    assert_eq!(
        refused(DominoQuanta {
            wastes: vec![-1.0],
            ..nine()
        }),
        "wastes"
    );
    assert_eq!(
        refused(DominoQuanta {
            level: 1.0,
            ..nine()
        }),
        "level"
    );
    let modular = || ModularTime::preset(Scale::Check);
    assert_eq!(
        refused(ModularTime {
            tasks: vec![2, 4, 4096],
            ..modular()
        }),
        "tasks"
    );
    assert_eq!(
        refused(ModularTime {
            dims: vec![4, 128, 256],
            ..modular()
        }),
        "dims"
    );
    assert_eq!(
        refused(ModularTime {
            alphas: vec![],
            ..modular()
        }),
        "alphas"
    );
    assert_eq!(
        refused(ModularTime {
            patience: -1.0,
            ..modular()
        }),
        "patience"
    );
}
