//! Chapter 1: linear models, their eigenfunctions and what few samples teach.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::thesis::{
    CorrelatedFeatures, FewSamples, HermiteBasis, KnownSpectra, LinearFlow,
};
use scurve::experiment::{Experiment, Outcome, Scale, Settings};

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
fn correlated_features_have_the_intensities_of_the_example() {
    let experiment = CorrelatedFeatures {
        samples: 50_000,
        ..CorrelatedFeatures::preset(Scale::Quick)
    };
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("intensity-1", Verdict::Holds),
            ("intensity-2", Verdict::Holds),
            ("orthogonal", Verdict::Holds),
            ("eq-1.29", Verdict::Holds),
            ("eq-1.28", Verdict::Holds),
            ("eq-1.28-printed", Verdict::Fails),
            ("norm", Verdict::Holds),
        ],
    );
    assert_eq!(outcome.table("points").unwrap().height(), 400);
}

#[test]
fn hermite_polynomials_are_a_basis_inside_and_not_outside() {
    let experiment = HermiteBasis::preset(Scale::Quick);
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("eq-1.4", Verdict::Holds),
            ("eq-1.6", Verdict::Holds),
            ("eq-1.7-sine", Verdict::Holds),
            ("eq-1.7-kink", Verdict::Holds),
            ("eq-1.7-jump", Verdict::Holds),
        ],
    );
    // |x| has ∫|x| dq = √(2/π): with the constant alone 1 − 2/π of ∫x² = 1 is left.
    let table = outcome.table("expansions").unwrap();
    let rows = table.rows_where("function", "|x|").unwrap();
    let (terms, left) = (rows.f64s("terms").unwrap(), rows.f64s("residual").unwrap());
    // numpy: 1 − (2/π)(1 + 1/2 + 1/24) with four terms, k = 0 … 3: 1 − (2/π) 1.5
    assert_eq!(terms[0], 4.0);
    let expected = 1.0 - 3.0 / std::f64::consts::PI;
    assert!((left[0] - expected).abs() < 1e-6, "{}", left[0]);
}

#[test]
fn empirical_eigenfunctions_approach_the_known_ones() {
    let experiment = KnownSpectra::preset(Scale::Quick).with_seeds(16);
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("intensity-sine", Verdict::Holds),
            ("function-sine", Verdict::Holds),
            ("orthonormal", Verdict::Holds),
            ("eq-1.33", Verdict::Holds),
            ("eq-1.33-printed", Verdict::Fails),
            ("alg-1-printed", Verdict::Fails),
            ("eq-2.3-balanced", Verdict::Holds),
            ("eq-2.3-unbalanced", Verdict::Fails),
            ("eq-2.5", Verdict::Holds),
            ("eq-2.5-printed", Verdict::Fails),
        ],
    );
}

#[test]
fn the_flow_ends_at_the_least_norm_from_zero_only() {
    let experiment = LinearFlow::preset(Scale::Quick).with_seeds(8);
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("eq-1.26", Verdict::Holds),
            ("descent", Verdict::Holds),
            ("least-norm", Verdict::Holds),
            ("from-elsewhere", Verdict::Holds),
            ("zero-start-needed", Verdict::Holds),
        ],
    );
}

#[test]
fn learnability_is_the_mean_over_training_sets_of_gaussian_features() {
    let experiment = FewSamples {
        features: 100,
        samples: vec![10, 40],
        measured_on: 4000,
        ..FewSamples::preset(Scale::Quick).with_seeds(64)
    };
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("eq-1.35-equal", Verdict::Holds),
            ("eq-1.35-power", Verdict::Holds),
            ("eq-1.35-sine", Verdict::Fails),
            ("sum", Verdict::Holds),
            ("determined", Verdict::Holds),
            ("no-kappa", Verdict::Holds),
        ],
    );
    // Equal intensities: n/p of each, whatever k is.
    let theory = outcome.table("theory").unwrap();
    let rows = theory.rows_where("map", "equal").unwrap();
    let shares = rows.f64s("learnability").unwrap();
    for (n, share) in rows.f64s("samples").unwrap().iter().zip(shares) {
        assert!((share - n / 100.0).abs() < 1e-12);
    }
}

#[test]
fn check_presets_run() {
    run(&CorrelatedFeatures::preset(Scale::Check));
    run(&HermiteBasis::preset(Scale::Check));
    run(&KnownSpectra::preset(Scale::Check));
    run(&LinearFlow::preset(Scale::Check));
    run(&FewSamples::preset(Scale::Check));
}

#[test]
fn bad_settings_are_named() {
    fn with<E: Experiment>(change: fn(&mut E)) -> String {
        let mut experiment = E::preset(Scale::Check);
        change(&mut experiment);
        refused(experiment)
    }
    assert_eq!(with::<CorrelatedFeatures>(|e| e.variance = 0.0), "variance");
    for covariance in [0.0, 1.5, -2.0, f64::NAN] {
        let mut bad = CorrelatedFeatures::preset(Scale::Check);
        bad.covariance = covariance;
        assert_eq!(refused(bad), "covariance");
    }
    assert_eq!(with::<CorrelatedFeatures>(|e| e.samples = 1), "samples");
    assert_eq!(with::<CorrelatedFeatures>(|e| e.features = 1), "features");
    assert_eq!(with::<HermiteBasis>(|e| e.polynomials = 2), "polynomials");
    assert_eq!(with::<HermiteBasis>(|e| e.nodes = 10), "nodes");
    assert_eq!(with::<HermiteBasis>(|e| e.terms = 3), "terms");
    assert_eq!(with::<HermiteBasis>(|e| e.points = 10), "points");
    assert_eq!(
        with::<KnownSpectra>(|e| e.samples = vec![100, 200]),
        "samples"
    );
    assert_eq!(with::<KnownSpectra>(|e| e.samples[0] = 4), "samples[0]");
    assert_eq!(with::<KnownSpectra>(|e| e.modes = 7), "modes");
    assert_eq!(with::<KnownSpectra>(|e| e.features = 10), "features");
    assert_eq!(with::<KnownSpectra>(|e| e.classes = 1), "classes");
    assert_eq!(with::<KnownSpectra>(|e| e.labelled = 10), "labelled");
    assert_eq!(with::<KnownSpectra>(|e| e.length = 0.1), "length");
    assert_eq!(with::<LinearFlow>(|e| e.modes = 1), "modes");
    assert_eq!(with::<LinearFlow>(|e| e.samples = vec![2, 3, 4]), "samples");
    assert_eq!(with::<LinearFlow>(|e| e.end = f64::INFINITY), "end");
    assert_eq!(
        with::<LinearFlow>(|e| e.learning_rate = 0.5),
        "learning_rate"
    );
    assert_eq!(with::<LinearFlow>(|e| e.wide = 3), "wide");
    assert_eq!(with::<LinearFlow>(|e| e.few = 30), "few");
    assert_eq!(with::<LinearFlow>(|e| e.steps = 1), "steps");
    assert_eq!(with::<FewSamples>(|e| e.features = 5), "features");
    assert_eq!(with::<FewSamples>(|e| e.samples = vec![20, 5]), "samples");
    assert_eq!(
        with::<FewSamples>(|e| e.samples = vec![5, 60]),
        "samples[1]"
    );
    for alpha in [0.0, -0.5, f64::NAN] {
        let mut bad = FewSamples::preset(Scale::Check);
        bad.alpha = alpha;
        assert_eq!(refused(bad), "alpha");
    }
    assert_eq!(with::<FewSamples>(|e| e.inputs = 0), "inputs");
    assert_eq!(with::<FewSamples>(|e| e.measured_on = 100), "measured_on");
}
