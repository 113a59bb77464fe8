//! Chapters 3 and 6: diagonal, deep and scalar linear networks.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::thesis::{AnyStart, DelayedModes, GreedyDynamics, LazyRich, StageTraining};
use scurve::experiment::{Experiment, Outcome, Scale, Settings};
use scurve::model::layerwise::{Growth, ScalarNet};

/// Few seeds of the quick preset.
fn few<E: Experiment>(seeds: u64) -> E {
    E::preset(Scale::Quick).with_seeds(seeds)
}

fn verdicts<E: Experiment>(experiment: &E, outcome: &Outcome, expected: &[(&str, Verdict)]) {
    let claims = experiment.claims(outcome).unwrap().0;
    for (id, verdict) in expected {
        let claim = claims.iter().find(|c| c.id == *id).expect(id);
        assert_eq!(
            claim.verdict, *verdict,
            "{id}: {} {}",
            claim.measured, claim.note
        );
    }
}

#[test]
fn theorem_1_of_an_independent_program() {
    // numpy: classical Runge–Kutta steps of the 2p equations with Z = 2, S = 1.5, 8000 steps to each of t = 1 and 3.
    let (a, b) = (vec![0.3, -0.8, 0.5], vec![0.6, 0.2, -0.4]);
    let net = ScalarNet::new(a, b, 1.5, 2.0).unwrap();
    let run = net.exact(&[0.0, 1.0, 3.0]).unwrap();
    let theta = [-0.09, 0.48134929740460847, 1.3862220832135577];
    for (x, y) in run.theta.iter().zip(theta) {
        assert!((x - y).abs() < 1e-13, "{x} {y}");
    }
}

#[test]
fn all_starts_follow_the_theorem() {
    let experiment: AnyStart = few(4);
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("eq-6.12", Verdict::Holds),
            ("eq-6.12-printed", Verdict::Fails),
            ("exponent", Verdict::Holds),
            ("exponent-printed", Verdict::Fails),
            ("monotone", Verdict::Holds),
            ("eq-6.14", Verdict::Holds),
            ("digits", Verdict::Holds),
        ],
    );
    // Where a is almost −b, the printed sums have lost half of their digits and more.
    let digits = outcome.table("digits").unwrap();
    let printed = digits.f64s("printed").unwrap();
    assert!(printed[printed.len() - 1] > 1e-6, "{printed:?}");
}

#[test]
fn modes_wait_and_then_come_one_by_one() {
    let experiment: DelayedModes = few(8);
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("eq-3.9", Verdict::Holds),
            ("any-start", Verdict::Holds),
            ("delay", Verdict::Holds),
            ("eq-3.8", Verdict::Holds),
            ("order", Verdict::Holds),
        ],
    );
    let experiment: StageTraining = few(2);
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("eq-3.12-emergent", Verdict::Holds),
            ("eq-3.13-corrected", Verdict::Holds),
            ("eq-3.13-printed", Verdict::Fails),
        ],
    );
}

#[test]
fn small_starts_collapse_and_large_ones_do_not() {
    let experiment = GreedyDynamics {
        rank_scales: vec![1e-4, 1e-3, 1.0],
        most_steps: 20_000,
        ..few(4)
    };
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("eq-3.15", Verdict::Holds),
            ("eq-3.15-uneven", Verdict::Holds),
            ("eq-3.15-printed", Verdict::Fails),
            ("a.29", Verdict::Holds),
            ("rank-small", Verdict::Holds),
            ("rank-large", Verdict::Holds),
            ("rank-balanced", Verdict::Holds),
            ("ufm", Verdict::Holds),
        ],
    );
}

#[test]
fn lazy_and_rich_meet_where_the_weights_are_the_target() {
    // S = Σ₀ with θ(0) = 0: γ₊ = 1 + √2 and a kernel distance of ½(1 − 1/√2), for every width.
    for weight in [0.1, 1.0, 30.0] {
        let growth = Growth::new(0.5 * weight, 0.5 * weight, weight, 1.0).unwrap();
        assert!((growth.gamma_limit() - 1.0 - 2f64.sqrt()).abs() < 1e-14);
        let expected = 0.5 * (1.0 - 0.5f64.sqrt());
        assert!((growth.kernel_distance_limit() - expected).abs() < 1e-15);
    }
    let experiment = LazyRich {
        widths: vec![100, 1000, 10_000],
        ..few(8)
    };
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("eq-6.8", Verdict::Holds),
            ("eq-6.4", Verdict::Holds),
            ("target-lazier", Verdict::Fails),
            ("ntk-start", Verdict::Fails),
            ("kernel-distance", Verdict::Holds),
            ("crossover-ntk", Verdict::Holds),
        ],
    );
}

#[test]
fn check_presets_run() {
    run(&DelayedModes::preset(Scale::Check));
    run(&StageTraining::preset(Scale::Check));
    run(&GreedyDynamics::preset(Scale::Check));
    run(&AnyStart::preset(Scale::Check));
    run(&LazyRich::preset(Scale::Check));
}

#[test]
fn bad_settings_are_named() {
    fn with<E: Experiment>(change: fn(&mut E)) -> String {
        let mut experiment = E::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    }
    assert_eq!(
        with::<DelayedModes>(|e| e.variances = vec![1.0]),
        "variances.len()"
    );
    assert_eq!(with::<DelayedModes>(|e| e.variances[1] = 2.0), "variances");
    assert_eq!(
        with::<DelayedModes>(|e| e.variances[1] = f64::NAN),
        "variances[1]"
    );
    assert_eq!(with::<DelayedModes>(|e| e.start = 0.9), "start");
    assert_eq!(with::<StageTraining>(|e| e.alpha = 0.0), "alpha");
    assert_eq!(with::<StageTraining>(|e| e.epsilon = 0.5), "epsilon");
    assert_eq!(
        with::<StageTraining>(|e| e.scales = vec![0.1, 0.2]),
        "scales"
    );
    assert_eq!(
        with::<StageTraining>(|e| e.learning_rate = 0.5),
        "learning_rate"
    );
    assert_eq!(with::<StageTraining>(|e| e.start = 1.0), "start");
    assert_eq!(
        with::<GreedyDynamics>(|e| e.strengths = vec![1.0, 2.0]),
        "strengths"
    );
    assert_eq!(with::<GreedyDynamics>(|e| e.width = 1), "width");
    assert_eq!(
        with::<GreedyDynamics>(|e| e.rank_inputs = 13),
        "rank_inputs"
    );
    assert_eq!(with::<GreedyDynamics>(|e| e.rank_width = 3), "rank_width");
    assert_eq!(
        with::<GreedyDynamics>(|e| e.rank_scales = vec![1.0, 0.1]),
        "rank_scales"
    );
    assert_eq!(with::<GreedyDynamics>(|e| e.tolerance = 0.5), "tolerance");
    assert_eq!(with::<AnyStart>(|e| e.width = 1), "width");
    assert_eq!(with::<AnyStart>(|e| e.deltas[1] = 1e-9), "deltas[1]");
    assert_eq!(with::<AnyStart>(|e| e.target = -1.0), "target");
    assert_eq!(with::<LazyRich>(|e| e.widths = vec![100]), "widths");
    assert_eq!(with::<LazyRich>(|e| e.targets = vec![0.1, 1.0]), "targets");
    assert_eq!(
        with::<LazyRich>(|e| e.greedy_scales = vec![]),
        "greedy_scales"
    );
    assert_eq!(with::<LazyRich>(|e| e.map_scales = 2), "map_scales");
}
