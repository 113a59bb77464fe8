//! Chapter 1: the bias of intensities, benign and malignant overfitting.

use crate::common::{refused, run};
use scurve::claim::Verdict;
use scurve::experiment::thesis::{
    BenignOverfitting, InductiveBias, MalignantOverfitting, SharpNoise,
};
use scurve::experiment::{Experiment, Outcome, Scale, Settings};
use scurve::metric::feature::Learnability;
use scurve::model::linear::{Basis, LinearModel};

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

/// numpy: d = 3, n = 12, p = 60, tail 1/57, x_i = frac(0.618… i), y = sin 2πx + ½(−1)^i. The end by `pinv`; ηt = √12 by 4000 Runge–Kutta steps on the weights.
#[test]
fn fits_of_an_independent_program() {
    let x: Vec<f64> = (1..=12)
        .map(|i| (f64::from(i) * 0.618_033_988_749_894_9_f64).fract())
        .collect();
    let y: Vec<f64> = x
        .iter()
        .zip(1..)
        .map(|(x, i)| (std::f64::consts::TAU * x).sin() + if i % 2 == 0 { 0.5 } else { -0.5 })
        .collect();
    let model = LinearModel::head_and_tail(Basis::Sine, 3, 60, 1.0 / 57.0).unwrap();
    let flow = model.flow(&x, &y).unwrap();
    let target = [std::f64::consts::FRAC_1_SQRT_2];
    let end = flow.end();
    let tail = end.part(3..60).unwrap();
    let early = flow.at(12f64.sqrt()).unwrap();
    for (found, expected) in [
        (end.coefficients()[0], 0.781567619399249),
        (end.test_error(&target), 0.048711284588939),
        (tail.test_error(&[]), 0.041322703806762),
        (early.coefficients()[0], 0.777130870021580),
        (early.test_error(&target), 0.011058726134201),
    ] {
        assert!((found - expected).abs() < 1e-10, "{found} {expected}");
    }
}

/// numpy, by Newton's method for κ: learnability of the head and the expected test error with σ = ½, both tails of Eq. 1.36.
#[test]
fn theory_of_an_independent_program() {
    for (tail, kappa, head, error) in [
        (
            100.0 / 1995.0,
            0.975837418318,
            0.506114516675,
            0.145883947241,
        ),
        (1.0 / 1995.0, 0.010019569584, 0.990079826287, 0.026083384863),
    ] {
        let model = LinearModel::head_and_tail(Basis::Sine, 5, 2000, tail).unwrap();
        let found = Learnability::new(model.intensity(), 100).unwrap();
        assert!((found.kappa - kappa).abs() < 1e-10);
        assert!((found.learnability[0] - head).abs() < 1e-10);
        let expected = found.test_error(&[std::f64::consts::FRAC_1_SQRT_2], 0.5);
        assert!((expected - error).abs() < 1e-10, "{expected}");
    }
}

#[test]
fn intensities_decide_the_fit() {
    let experiment: InductiveBias = few(32);
    let outcome = run(&experiment);
    let held = [
        "same-space",
        "intensity",
        "interpolate",
        "different-fits",
        "low",
        "order",
    ];
    verdicts(&experiment, &outcome, &held.map(|id| (id, Verdict::Holds)));
    // Learnability adds up to the number of samples, for both.
    let spectrum = outcome.table("spectrum").unwrap();
    for alpha in experiment.alphas {
        let rows = spectrum.rows_where("alpha", alpha).unwrap();
        let sum: f64 = rows.f64s("learnability").unwrap().iter().sum();
        assert!((sum - experiment.x.len() as f64).abs() < 1e-9);
    }
    let base = InductiveBias::preset(Scale::Quick);
    for (changed, field) in [
        (
            InductiveBias {
                features: 1,
                ..base.clone()
            },
            "features",
        ),
        (
            InductiveBias {
                features: 4,
                ..base.clone()
            },
            "x.len()",
        ),
        (
            InductiveBias {
                y: vec![1.0],
                ..base.clone()
            },
            "y.len()",
        ),
        (
            InductiveBias {
                x: vec![0.1, 0.1, 0.2, 0.3],
                ..base.clone()
            },
            "x",
        ),
        (
            InductiveBias {
                x: vec![0.1, 0.2, 0.3, 1.0],
                ..base.clone()
            },
            "x[3]",
        ),
        (
            InductiveBias {
                y: vec![0.1, f64::NAN, 0.3, 1.0],
                ..base.clone()
            },
            "y[1]",
        ),
        (
            InductiveBias {
                alphas: [-4.0, 9.0],
                ..base.clone()
            },
            "alphas[1]",
        ),
        (
            InductiveBias {
                alphas: [4.0, -4.0],
                ..base.clone()
            },
            "alphas[1]",
        ),
        (
            InductiveBias {
                spacing: 0.3,
                ..base
            },
            "spacing",
        ),
    ] {
        assert_eq!(refused(changed), field);
    }
}

#[test]
fn overfitting_is_benign_with_the_corrected_tail() {
    let experiment: BenignOverfitting = few(8);
    let outcome = run(&experiment);
    verdicts(
        &experiment,
        &outcome,
        &[
            ("interpolates", Verdict::Holds),
            ("benign", Verdict::Holds),
            ("benign-printed", Verdict::Fails),
            ("tail", Verdict::Holds),
            ("only-samples", Verdict::Differs),
            ("learnability-head", Verdict::Holds),
            ("learnability-head-printed", Verdict::Fails),
            ("conditions-printed", Verdict::Fails),
            ("window", Verdict::Holds),
            ("window-printed", Verdict::Fails),
            ("noise-time", Verdict::Holds),
            ("d-parameters", Verdict::Holds),
        ],
    );
    // Eq. 1.35 of the tails: κ ≈ 1 and κ ≈ 1/n.
    let runs = outcome.table("runs").unwrap();
    for (tail, expected) in [("printed", 0.506114516675), ("corrected", 0.990079826287)] {
        let rows = runs.rows_where("tail", tail).unwrap();
        assert!((rows.f64s("head_expected").unwrap()[0] - expected).abs() < 1e-9);
    }
    let base = BenignOverfitting::preset(Scale::Quick);
    for (changed, field) in [
        (
            BenignOverfitting {
                d: 0,
                ..base.clone()
            },
            "d",
        ),
        (
            BenignOverfitting {
                samples: 6,
                ..base.clone()
            },
            "samples",
        ),
        (
            BenignOverfitting {
                features: 105,
                ..base.clone()
            },
            "features",
        ),
        (
            BenignOverfitting {
                frequency: 6,
                ..base.clone()
            },
            "frequency",
        ),
        (
            BenignOverfitting {
                times: 3,
                ..base.clone()
            },
            "times",
        ),
        (BenignOverfitting { noise: 0.0, ..base }, "noise"),
    ] {
        assert_eq!(refused(changed), field);
    }
}

#[test]
fn overfitting_is_malignant_for_a_target_among_weak_features() {
    let experiment: MalignantOverfitting = few(8);
    let outcome = run(&experiment);
    let held = [
        "interpolates",
        "malignant",
        "head",
        "head-learned",
        "deltas",
        "no-window",
    ];
    verdicts(&experiment, &outcome, &held.map(|id| (id, Verdict::Holds)));
    let base = MalignantOverfitting::preset(Scale::Quick);
    for frequency in [5, 11] {
        let changed = MalignantOverfitting {
            frequency,
            ..base.clone()
        };
        assert_eq!(refused(changed), "frequency");
    }
}

#[test]
fn noise_is_fitted_by_spikes() {
    let experiment: SharpNoise = few(8);
    let outcome = run(&experiment);
    let held = ["interpolates", "deltas", "benign", "norm", "energy-falls"];
    verdicts(&experiment, &outcome, &held.map(|id| (id, Verdict::Holds)));
    verdicts(&experiment, &outcome, &[("energy-few", Verdict::Fails)]);
    let base = SharpNoise::preset(Scale::Quick);
    for (changed, field) in [
        (
            SharpNoise {
                samples: 1,
                ..base.clone()
            },
            "samples",
        ),
        (
            SharpNoise {
                noise: -1.0,
                ..base.clone()
            },
            "noise",
        ),
        (
            SharpNoise {
                features: vec![50],
                ..base.clone()
            },
            "features[0]",
        ),
        (
            SharpNoise {
                features: vec![],
                ..base.clone()
            },
            "features",
        ),
        (
            SharpNoise {
                sweep: vec![400, 100],
                ..base
            },
            "sweep",
        ),
    ] {
        assert_eq!(refused(changed), field);
    }
}

#[test]
fn check_presets_run() {
    run(&InductiveBias::preset(Scale::Check));
    run(&BenignOverfitting::preset(Scale::Check));
    run(&SharpNoise::preset(Scale::Check));
    run(&MalignantOverfitting::preset(Scale::Check));
}
