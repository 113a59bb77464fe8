//! The forward model against the crate's solvers, its derivatives, and what is found from known models.

use super::data::{Data, Seen};
use super::forward::{Form, Solved, Unknowns};
use super::gates::{Join, Waits};
use super::*;
use crate::error::Error;
use crate::model::skill::{DependentResource, Gate, Gating, SkillGraph};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;
use ndarray::Array2;
use proptest::prelude::*;

fn graph() -> Vec<Waits> {
    vec![
        Waits::nothing(),
        Waits::nothing(),
        Waits::new(vec![0, 1], Join::And),
        Waits::new(vec![0, 1], Join::Or),
        Waits::new(vec![2], Join::And),
    ]
}

fn unknowns() -> Unknowns {
    Unknowns::new(&[0.3, 0.1, 0.25, 0.2, 0.15], 0.1, 1.3, 0.8)
}

#[test]
fn the_forward_model_is_the_one_that_the_solvers_of_the_crate_have() {
    let at = unknowns();
    let built = SkillGraph::builder()
        .skill("a", 0.3)
        .skill("b", 0.1)
        .skill("c", 0.25)
        .skill("d", 0.2)
        .skill("e", 0.15)
        .gate("c", Gate::and(["a", "b"]))
        .gate("d", Gate::or(["a", "b"]))
        .gate("e", "c")
        .build()
        .unwrap();
    let times: Vec<f64> = (1..=40).map(|k| 0.4 * f64::from(k)).collect();
    for weighted in [true, false] {
        let gating = Gating::soft(0.8).weighting_denominator(weighted);
        let model = DependentResource::new(built.clone(), gating, 1.0 / 1.3)
            .unwrap()
            .with_waste(0.1 / 1.3)
            .unwrap();
        let exact = model.ode(&times, &Flow::new(1e-10)).unwrap().unskill;
        let form = Form {
            weights_denominator: weighted,
            ..PUBLISHED
        };
        let solved = Solved::new(form, &graph(), &at, 16.0, false);
        for (k, place) in solved.places(&times).iter().enumerate() {
            for i in 0..5 {
                let (u, v) = (exact[[k, i]], solved.log_u(i, place).exp());
                assert!((u - v).abs() < 3e-5, "{weighted} {k} {i}: {u} {v}");
            }
        }
    }
}

#[test]
fn derivatives_are_those_of_finite_differences() {
    let times = [0.5, 2.0, 4.0, 7.0, 11.0];
    for form in forms() {
        let solved = Solved::new(form, &graph(), &unknowns(), 12.0, true);
        let places = solved.places(&times);
        for m in 0..8 {
            let moved = |h: f64| {
                let mut at = unknowns();
                at.0[m] += h;
                let solved = Solved::new(form, &graph(), &at, 12.0, false);
                let places = solved.places(&times);
                (0..5)
                    .flat_map(|i| {
                        places
                            .iter()
                            .map(|q| -solved.log_u(i, q).exp_m1())
                            .collect::<Vec<f64>>()
                    })
                    .collect::<Vec<f64>>()
            };
            let (up, down) = (moved(1e-4), moved(-1e-4));
            for i in 0..5 {
                for (k, place) in places.iter().enumerate() {
                    let mut row = [0.0; 8];
                    solved.level_by(i, place, &mut row);
                    let by = (up[i * 5 + k] - down[i * 5 + k]) / 2e-4;
                    assert!(
                        (row[m] - by).abs() < 4e-3,
                        "{form:?} unknown {m}, skill {i}, time {k}: {} {by}",
                        row[m]
                    );
                }
            }
        }
    }
}

/// Levels of the graph above with noise.
fn noisy(sigma: f64, points: usize, seed: u64) -> (Vec<f64>, Array2<f64>) {
    let known: Vec<(Vec<usize>, Join)> = graph().into_iter().map(|w| (w.skills, w.join)).collect();
    let truth = Truth {
        p: vec![0.3, 0.1, 0.25, 0.2, 0.15],
        waste: 0.2,
        eta: 1.0,
        gamma: 0.8,
    };
    let times: Vec<f64> = (1..=points)
        .map(|k| 30.0 * k as f64 / points as f64)
        .collect();
    let levels = truth.levels(&known, &times) + sigma * Seed(seed).normal("noise", points, 5);
    (times, levels)
}

#[test]
fn the_graph_and_numbers_of_a_known_model_are_found() {
    let (times, levels) = noisy(0.002, 200, 1);
    let found = infer(&SkillCurves::from_levels(&times, &levels).unwrap()).unwrap();
    assert_eq!(found.skills[2].waits_for, ["1", "2"], "{found}");
    assert_eq!(found.skills[2].join, Some(Join::And));
    // Of the OR of 1 and 2 only the one that comes first can be seen.
    assert_eq!(found.skills[3].waits_for, ["1"], "{found}");
    assert_eq!(found.skills[4].waits_for, ["3"], "{found}");
    assert!(found.edges.iter().all(|e| e.sure), "{found}");
    assert!(found.skills[0].waits_for.is_empty() && found.skills[1].waits_for.is_empty());
    for (skill, p) in found.skills.iter().zip([0.3, 0.1, 0.25, 0.2, 0.15]) {
        assert!((skill.p.value / p - 1.0).abs() < 0.05, "{found}");
    }
    assert!(
        found.misfit() < 1.3 && (found.waste.value - 0.2).abs() < 0.05,
        "{found}"
    );
    let fit = found.predict(&times, &[]).unwrap();
    let off = (&fit - &levels).mapv(|x| x * x).mean().unwrap().sqrt();
    assert!((off - found.rmse).abs() < 1e-9);
    // The forward model of the crate has the same curves.
    let run = found
        .model()
        .unwrap()
        .ode(&times, &Flow::new(1e-9))
        .unwrap()
        .skills();
    assert!((&run - &fit).mapv(f64::abs).iter().all(|x| *x < 1e-3));
    // What is practised twice as often is learned earlier.
    let twice = found.predict(&times, &[("2", 2.0)]).unwrap();
    assert!(twice[[40, 1]] > fit[[40, 1]]);
    assert!(found.to_dot().contains("\"3\" -> \"5\""));
    assert!(found.to_json().unwrap().contains("\"waits_for\""));
    assert_eq!(found.residual_table().unwrap().height(), 1000);
    assert!(found.figure().unwrap().svg().is_ok() && found.graph_figure().unwrap().svg().is_ok());
    assert!(matches!(
        found.predict(&times, &[("nine", 2.0)]),
        Err(Error::Unknown { .. })
    ));
}

#[test]
fn independent_skills_get_no_edges() {
    let known: Vec<(Vec<usize>, Join)> = vec![(vec![], Join::And); 4];
    let truth = Truth {
        p: vec![0.4, 0.3, 0.2, 0.1],
        waste: 0.05,
        eta: 0.5,
        gamma: 1.0,
    };
    let times: Vec<f64> = (1..=150).map(|k| 0.12 * f64::from(k)).collect();
    let levels = truth.levels(&known, &times) + 0.01 * Seed(3).normal("noise", 150, 4);
    let found = infer(&SkillCurves::from_levels(&times, &levels).unwrap()).unwrap();
    assert!(found.edges.is_empty() && found.gamma.is_none(), "{found}");
    assert!(found.eta.contains(0.5), "{found}");
}

#[test]
fn uneven_times_missing_values_and_seeds_are_taken() {
    let (times, mut levels) = noisy(0.01, 150, 5);
    levels[[3, 0]] = f64::NAN;
    levels[[70, 2]] = f64::NAN;
    let curves = SkillCurves::from_levels(&times, &levels).unwrap();
    assert_eq!((curves.missing, curves.len()), (2, 748));
    let found = infer(&curves).unwrap();
    assert!(
        found
            .limits
            .iter()
            .any(|l| l.contains("2 records have no level"))
    );
    // Two seeds with times of their own.
    let mut tables = Vec::new();
    for seed in 0..2 {
        let (times, levels) = noisy(0.01, 60 + 7 * seed, seed as u64);
        for i in 0..5 {
            let table = Table::new()
                .with("time", times.clone())
                .unwrap()
                .with("level", levels.column(i).to_vec())
                .unwrap();
            tables.push(
                table
                    .with_constant("skill", format!("s{i}").as_str())
                    .unwrap()
                    .with_constant("seed", seed as i64)
                    .unwrap(),
            );
        }
    }
    let curves =
        SkillCurves::from_table(&Table::concat(tables).unwrap(), "level", LevelRule::Level)
            .unwrap();
    assert_eq!(curves.names(), ["s0", "s1", "s2", "s3", "s4"]);
    assert!(infer(&curves).unwrap().misfit() < 1.5);
}

fn message(times: &[f64], levels: &[&[f64]]) -> String {
    let levels = Array2::from_shape_fn((times.len(), levels.len()), |(k, i)| levels[i][k]);
    SkillCurves::from_levels(times, &levels)
        .unwrap_err()
        .to_string()
}

#[test]
fn bad_curves_are_refused_with_what_is_missing() {
    let times: Vec<f64> = (1..=20).map(f64::from).collect();
    let good: Vec<f64> = times.iter().map(|t| 1.0 - (-0.2 * t).exp()).collect();
    let flat = vec![0.01; 20];
    let done = vec![0.99; 20];
    let with = |k: usize, x: f64| {
        let mut curve = good.clone();
        curve[k] = x;
        curve
    };
    for (levels, part) in [
        (vec![&good[..]], "at least 2"),
        (vec![&flat, &flat], "never learned: 1, 2"),
        (vec![&good[..], &done], "learned before the first record: 2"),
        (vec![&good[..], &with(4, 3.0)], "not clipped"),
        (vec![&good[..], &with(4, -0.7)], "level from 0 to 1"),
        (vec![&good[..], &with(4, f64::INFINITY)], "row 25"),
        (vec![&good[..], &[f64::NAN; 20]], "records of `2`"),
    ] {
        let text = message(&times, &levels);
        assert!(text.contains(part), "{text}");
    }
    let mut back = times.clone();
    back[7] = 2.0;
    assert!(message(&back, &[&good, &good]).contains("sort each skill by time"));
    back[7] = f64::NAN;
    assert!(message(&back, &[&good, &good]).contains("since training began"));
    assert!(message(&times[..5], &[&good, &good]).contains("at least 8"));
    let table = Table::new()
        .with("time", times)
        .unwrap()
        .with("level", good)
        .unwrap();
    let text = SkillCurves::from_table(&table, "level", LevelRule::Level)
        .unwrap_err()
        .to_string();
    assert!(text.contains("skill"), "{text}");
    let text = SkillCurves::from_table(&table, "level", LevelRule::Accuracy { chance: 1.0 })
        .unwrap_err()
        .to_string();
    assert!(text.contains("chance"), "{text}");
    assert!(infer_forms(&two(), &[]).is_err());
}

fn two() -> SkillCurves {
    let (times, levels) = noisy(0.0, 40, 0);
    SkillCurves::from_levels(&times, &levels).unwrap()
}

#[test]
fn levels_of_accuracies_and_losses() {
    let times: Vec<f64> = (1..=30).map(f64::from).collect();
    let u = |k: f64| {
        times
            .iter()
            .map(move |t| (-k * t).exp())
            .collect::<Vec<f64>>()
    };
    let table = |f: fn(f64) -> f64| {
        let values = [u(0.2), u(0.1)]
            .concat()
            .into_iter()
            .map(f)
            .collect::<Vec<f64>>();
        Table::new()
            .with("step", [times.clone(), times.clone()].concat())
            .unwrap()
            .with("skill", [vec![1; 30], vec![2; 30]].concat())
            .unwrap()
            .with("y", values)
            .unwrap()
    };
    let of = |t: &Table, rule| SkillCurves::from_table(t, "y", rule).unwrap().data.seen[1][9].level;
    let expected = 1.0 - (-1.0f64).exp();
    assert!((of(&table(|u| 1.0 - u), LevelRule::Level) - expected).abs() < 1e-12);
    assert!(
        (of(
            &table(|u| 0.5 + 0.5 * (1.0 - u)),
            LevelRule::Accuracy { chance: 0.5 }
        ) - expected)
            .abs()
            < 1e-12
    );
    // A loss is measured from its first record.
    let loss = of(&table(|u| 3.0 * u * u), LevelRule::SquaredLoss);
    assert!((loss - (1.0 - (-0.9f64).exp())).abs() < 1e-12);
    assert_eq!(
        LevelRule::of_column("val_loss", 0.0),
        LevelRule::SquaredLoss
    );
    assert_eq!(
        LevelRule::of_column("Accuracy", 0.1),
        LevelRule::Accuracy { chance: 0.1 }
    );
}

#[test]
fn thinning_keeps_a_bent_curve_in_place() {
    let times: Vec<f64> = (0..1000).map(|k| 0.001 * f64::from(k)).collect();
    let seen = times
        .iter()
        .enumerate()
        .map(|(at, t)| Seen {
            at,
            level: t * t,
            weight: 1.0,
        })
        .collect();
    let thin = Data {
        times,
        seen: vec![seen],
    }
    .thinned(100);
    assert_eq!(thin.times.len(), 100);
    for s in &thin.seen[0][1..99] {
        assert!((s.level - thin.times[s.at].powi(2)).abs() < 1e-9);
    }
    // Of weight 1: ten records stand in each.
    assert!(thin.noise() < 1e-7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Time in other units changes η alone.
    #[test]
    fn the_unit_of_time_changes_the_rate_alone(factor in 1e-3f64..1e3, seed in 0u64..50) {
        let (times, levels) = noisy(0.01, 80, seed);
        let scaled: Vec<f64> = times.iter().map(|t| factor * t).collect();
        let of = |t: &[f64]| infer_forms(&SkillCurves::from_levels(t, &levels).unwrap(), &[PUBLISHED]).unwrap();
        let (a, b) = (of(&times), of(&scaled));
        for (x, y) in a.skills.iter().zip(&b.skills) {
            prop_assert_eq!(&x.waits_for, &y.waits_for);
            prop_assert!((x.p.value / y.p.value - 1.0).abs() < 1e-3);
        }
        prop_assert!((a.eta.value / b.eta.value / factor - 1.0).abs() < 1e-2);
    }

    /// The order of the skills changes names alone.
    #[test]
    fn the_order_of_skills_does_not_matter(seed in 0u64..50) {
        let (times, levels) = noisy(0.01, 80, seed);
        let turned = Array2::from_shape_fn(levels.dim(), |(k, i)| levels[[k, 4 - i]]);
        let of = |l: &Array2<f64>| infer_forms(&SkillCurves::from_levels(&times, l).unwrap(), &[PUBLISHED]).unwrap();
        let (a, b) = (of(&levels), of(&turned));
        // Ties between graphs may fall either way; what is fitted may not.
        prop_assert!((a.rmse / b.rmse - 1.0).abs() < 0.02);
    }
}
