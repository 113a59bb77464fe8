//! Emergence in a trained network, and the modes of one with shared weights.

use crate::common::{refused, run};
use scurve::experiment::thesis::{Emergence, SharedWeights};
use scurve::experiment::{Experiment, Scale, Settings};

#[test]
fn emergence_at_check() {
    let experiment = Emergence::preset(Scale::Check);
    let outcome = run(&experiment);
    // The parity of two bits is learned in time, by one skill and by the first of two.
    let time = outcome.table("time").unwrap();
    for skills in [1, 2] {
        let rows = time.rows_where("skills", skills).unwrap();
        let rows = rows.rows_where("skill", 1).unwrap();
        for seed in [0, 1] {
            let strengths = rows.rows_where("seed", seed).unwrap();
            let strengths = strengths.f64s("strength").unwrap();
            let last = strengths[strengths.len() - 1];
            assert!(strengths[0].abs() < 1e-3 && last > 0.8, "{last}");
        }
    }
    let data = outcome.table("data").unwrap();
    // Counts of the skills add up to D.
    for samples in &experiment.samples {
        let rows = data.rows_where("skills", 2).unwrap();
        let rows = rows.rows_where("samples", *samples as i64).unwrap();
        for seed in [0, 1] {
            let counts = rows
                .rows_where("seed", seed)
                .unwrap()
                .i64s("count")
                .unwrap();
            assert_eq!(counts.iter().sum::<i64>(), *samples as i64);
            assert!(counts[0] > counts[1], "{counts:?}");
        }
    }
    // Two seeds; with one skill two widths, with two skills one of width 2 and two of width 4.
    assert_eq!(outcome.table("width").unwrap().height(), 2 * (2 + 3 * 2));
}

#[test]
fn bad_settings_of_emergence_are_named() {
    let with = |change: fn(&mut Emergence)| {
        let mut bad = Emergence::preset(Scale::Check);
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(|s| s.alpha = 0.0), "alpha");
    assert_eq!(with(|s| s.skills = 1), "skills");
    assert_eq!(with(|s| s.time_bits = 3), "time_bits");
    assert_eq!(with(|s| s.data_bits = 3), "data_bits");
    assert_eq!(with(|s| s.width_bits = 3), "width_bits");
    assert_eq!(with(|s| s.start = 3.0), "start");
    assert_eq!(with(|s| s.steps = 10), "steps");
    assert_eq!(with(|s| s.samples = vec![]), "samples");
    assert_eq!(with(|s| s.single_samples = vec![0]), "single_samples");
    assert_eq!(with(|s| s.widths = vec![2, 2]), "widths");
    assert_eq!(with(|s| s.data_momentum = 1.0), "data_momentum");
    assert_eq!(with(|s| s.single_rate = 0.0), "single_rate");
    assert_eq!(with(|s| s.single_data_steps = 0), "single_data_steps");
    assert_eq!(with(|s| s.single_width_steps = 0), "single_width_steps");
    assert_eq!(with(|s| s.table_width = 7), "table_width");
    assert_eq!(with(|s| s.fitted = -1.0), "fitted");
    assert_eq!(with(|s| s.width_rate = 0.0), "width_rate");
    for scale in [Scale::Quick, Scale::Paper] {
        Emergence::preset(scale).validate().unwrap();
    }
}

#[test]
fn shared_weights_at_check() {
    let experiment = SharedWeights::preset(Scale::Check);
    let outcome = run(&experiment);
    let checks = outcome.table("checks").unwrap();
    let of = |name: &str| {
        let rows = checks.rows_where("name", name).unwrap();
        rows.f64s("value").unwrap()
    };
    assert!(of("corrected").iter().all(|x| *x < 1e-12));
    assert!(of("total").iter().all(|r| (r - 1.0).abs() < 0.01));
    for printed in ["c.15", "c.16", "c.17", "c.18"] {
        assert!(of(printed).iter().all(|x| *x > 0.1), "{printed}");
    }
    assert!(of("c_end").iter().all(|c| (c + 1.0).abs() < 0.02));
    let paths = outcome.table("paths").unwrap();
    let equal = paths.rows_where("start", "equal").unwrap();
    let last = |name: &str| *equal.f64s(name).unwrap().last().unwrap();
    assert!((last("first") - 0.5).abs() < 0.005 && (last("third") - 0.25).abs() < 0.005);
}

#[test]
fn bad_settings_of_shared_weights_are_named() {
    let with = |change: fn(&mut SharedWeights)| {
        let mut bad = SharedWeights::preset(Scale::Check);
        change(&mut bad);
        refused(bad)
    };
    assert_eq!(with(|s| s.scale = 0.0), "scale");
    assert_eq!(with(|s| s.start = 2.0), "start");
    assert_eq!(with(|s| s.end = f64::NAN), "end");
    assert_eq!(with(|s| s.records = 10), "records");
    assert_eq!(with(|s| s.states = 0), "states");
}
