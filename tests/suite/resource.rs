//! The Resource model: three solvers against each other, closed forms, conserved quantities, ends and bad input.

use proptest::prelude::*;
use scurve::prelude::*;

fn power_law(n: usize, alpha: f64) -> Frequencies {
    Frequencies::power_law(n, alpha).unwrap()
}

fn grid(n: usize, end: f64) -> Vec<f64> {
    (0..n).map(|k| end * k as f64 / (n - 1) as f64).collect()
}

fn farthest(a: &ResourceTrajectory, b: &ResourceTrajectory) -> f64 {
    let pairs = a.unskill.iter().zip(&b.unskill);
    pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

#[test]
fn exact_and_adaptive_solutions_agree() {
    let solver = Flow::new(1e-12);
    for norm in [Norm::L1, Norm::L2] {
        for waste in [0.0, 1e-3, 0.1, 10.0] {
            for (n, alpha) in [(1, 1.0), (2, 0.0), (10, 1.0), (10, 2.0), (5, 4.0)] {
                let model = Resource::new(power_law(n, alpha), 0.02).unwrap();
                let model = model.with_waste(waste).unwrap().with_norm(norm);
                let half = model.time_until_all(0.5).unwrap().total();
                let times = grid(60, 1.5 * half);
                let apart = farthest(
                    &model.exact(&times).unwrap(),
                    &model.ode(&times, &solver).unwrap(),
                );
                assert!(
                    apart < 1e-9,
                    "{norm:?}, N₀ = {waste}, n = {n}, α = {alpha}: {apart:e}"
                );
            }
        }
    }
}

#[test]
fn exact_solution_agrees_with_scipy() {
    // scipy.integrate.solve_ivp, DOP853, rtol 1e-13, atol 1e-15: p = (.5, .3, .2), η = .1, N₀ = .05, u(0) = (1, .5, 2), t = 10, 20.
    let p = Frequencies::weights(vec![0.5, 0.3, 0.2]).unwrap();
    let model = |norm| {
        let model = Resource::new(p.clone(), 0.1)
            .unwrap()
            .with_waste(0.05)
            .unwrap();
        model.with_norm(norm).with_start(&[1.0, 0.5, 2.0]).unwrap()
    };
    for (norm, expected) in SCIPY {
        let run = model(norm).exact(&[10.0, 20.0]).unwrap();
        for (x, y) in run.unskill.iter().zip(expected.iter().flatten()) {
            assert!((x - y).abs() < 1e-11, "{norm:?}: {x} {y}");
        }
    }
}

const SCIPY: [(Norm, [[f64; 3]; 2]); 2] = [
    (
        Norm::L1,
        [
            [0.5820525791271922, 0.36136603879626455, 1.6107008313953646],
            [0.2559606397201721, 0.22073638025295167, 1.1595761397685354],
        ],
    ),
    (
        Norm::L2,
        [
            [0.3409576944090608, 0.26217441143733156, 1.3004995130520498],
            [0.02184069155277919, 0.05041152501965365, 0.4332479833583217],
        ],
    ),
];

#[test]
fn eulers_error_falls_at_order_one() {
    for norm in [Norm::L1, Norm::L2] {
        let model = Resource::new(power_law(6, 1.5), 0.01)
            .unwrap()
            .with_waste(0.02)
            .unwrap()
            .with_norm(norm);
        let error = |dt: f64| {
            let run = model
                .euler(&Euler::new((400.0 / dt) as usize).with_dt(dt))
                .unwrap();
            farthest(&run, &model.exact(&run.time).unwrap())
        };
        for dt in [2.0, 1.0, 0.5] {
            let order = (error(dt) / error(0.5 * dt)).log2();
            assert!(
                (0.95..1.05).contains(&order),
                "{norm:?}: order {order} at {dt}"
            );
        }
    }
}

#[test]
fn euler_records_before_or_after_the_update_and_clips_when_asked() {
    let model = Resource::new(Frequencies::uniform(1).unwrap(), 0.3).unwrap();
    let run = |method: Euler| model.euler(&method).unwrap();
    let after = run(Euler::new(5));
    assert_eq!(after.time, [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert!((after.unskill[[0, 0]] - 0.7).abs() < 1e-15);
    assert_eq!(after.unskill[[3, 0]], 0.0);
    let before = run(Euler::new(5).recording(Recorded::BeforeUpdate));
    assert_eq!((before.time[0], before.unskill[[0, 0]]), (0.0, 1.0));
    assert_eq!(before.unskill[[1, 0]], after.unskill[[0, 0]]);
    assert!(run(Euler::new(5).clipped(false)).unskill[[3, 0]] < -0.19);
}

#[test]
fn conserved_quantities_are_conserved() {
    let p = power_law(8, 1.0);
    for norm in [Norm::L1, Norm::L2] {
        for start in [vec![1.0; 8], (1..=8).map(|i| f64::from(i) / 4.0).collect()] {
            let model = Resource::new(p.clone(), 1.0)
                .unwrap()
                .with_waste(0.01)
                .unwrap();
            let run = model
                .with_norm(norm)
                .with_start(&start)
                .unwrap()
                .exact(&grid(300, 9.0))
                .unwrap();
            let kept = run.conserved(0).unwrap();
            for row in kept.outer_iter() {
                for (i, x) in row.iter().enumerate() {
                    assert!(
                        (x - kept[[0, i]]).abs() < 1e-12,
                        "{norm:?}, skill {i}: {x} {}",
                        kept[[0, i]]
                    );
                }
            }
        }
    }
}

#[test]
fn the_printed_invariant_needs_equal_starts() {
    let model = Resource::new(Frequencies::weights(vec![0.6, 0.4]).unwrap(), 1.0).unwrap();
    let spread = |model: Resource| {
        let collapse = model.exact(&[0.0, 0.5]).unwrap().collapse();
        (collapse[[1, 0]] - collapse[[1, 1]]) - (collapse[[0, 0]] - collapse[[0, 1]])
    };
    assert!(spread(model.clone()).abs() < 1e-14);
    assert!(spread(model.with_start(&[1.0, 0.5]).unwrap()).abs() > 0.05);
}

#[test]
fn learning_times_are_those_of_equation_3() {
    let model = Resource::new(power_law(10, 2.0), 0.02)
        .unwrap()
        .with_waste(0.003)
        .unwrap();
    let c: f64 = 1e-4;
    let task: f64 = model
        .frequencies()
        .p()
        .iter()
        .map(|p| 1.0 - c.powf(*p))
        .sum();
    let time = model.time_to(c).unwrap();
    assert!((time.task - task / 0.02).abs() < 1e-11);
    assert!((time.waste + 0.003 * c.ln() / 0.02).abs() < 1e-11);
    for norm in [Norm::L1, Norm::L2] {
        let model = model.clone().with_norm(norm);
        for i in [0, 4, 9] {
            let t = model.learning_time(i, 0.9).unwrap().total();
            let u = model.exact(&[t]).unwrap().unskill[[0, i]];
            assert!((u - 0.1).abs() < 1e-12, "{norm:?}, skill {i}: {u}");
        }
        let last = model.time_until_all(0.9).unwrap().total();
        assert!((last / model.learning_time(9, 0.9).unwrap().total() - 1.0).abs() < 1e-14);
        let sampled = model.exact(&grid(20_001, 1.1 * last)).unwrap();
        for (i, t) in sampled.learning_times(0.9).into_iter().enumerate() {
            assert!((t / model.learning_time(i, 0.9).unwrap().total() - 1.0).abs() < 1e-5);
        }
        assert_eq!(sampled.order(0.9), (0..10).collect::<Vec<_>>());
        assert!(model.time_to(0.0).unwrap().total().is_infinite());
        assert!(
            model
                .clone()
                .with_waste(0.0)
                .unwrap()
                .time_to(0.0)
                .unwrap()
                .total()
                .is_finite()
        );
    }
}

#[test]
fn everything_learned_without_waste_is_zero_and_not_nan() {
    for norm in [Norm::L1, Norm::L2] {
        let model = Resource::new(power_law(4, 3.0), 0.5)
            .unwrap()
            .with_norm(norm);
        let end = model.time_to(0.0).unwrap().total();
        let times = [0.0, end, 2.0 * end, 1e9];
        let euler = model.euler(&Euler::new(200)).unwrap();
        for run in [
            model.exact(&times).unwrap(),
            model.ode(&times, &Flow::default()).unwrap(),
        ] {
            assert!(run.unskill.iter().skip(8).all(|u| *u == 0.0));
            assert!(run.unskill.row(1).iter().all(|u| (0.0..1e-7).contains(u)));
        }
        assert!(euler.unskill.row(199).iter().all(|u| *u == 0.0));
        let learned = model.with_start(&[0.0; 4]).unwrap();
        for run in [
            learned.exact(&times).unwrap(),
            learned.ode(&times, &Flow::default()).unwrap(),
            learned.euler(&Euler::new(3)).unwrap(),
            learned.with_waste(0.1).unwrap().exact(&times).unwrap(),
        ] {
            assert!(run.unskill.iter().all(|u| *u == 0.0));
        }
    }
}

#[test]
fn frequencies_over_many_decades_underflow_cleanly() {
    let p: Vec<f64> = (0..60).map(|i| 10f64.powi(-5 * i)).collect();
    for norm in [Norm::L1, Norm::L2] {
        let model = Resource::new(Frequencies::weights(p.clone()).unwrap(), 1.0)
            .unwrap()
            .with_norm(norm);
        let run = model.exact(&[0.5, 10.5, 59.5]).unwrap();
        // Skill n (from 0) is learned between n and n + 1, as dominoes fall.
        for (row, now) in [(0, 0), (1, 10), (2, 59)] {
            for i in 0..60 {
                let expected = match i.cmp(&now) {
                    std::cmp::Ordering::Less => 0.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Greater => 1.0,
                };
                assert!(
                    (run.unskill[[row, i]] - expected).abs() < 1e-2,
                    "{norm:?} {row} {i} {}",
                    run.unskill[[row, i]]
                );
            }
        }
    }
}

#[test]
fn bad_input_is_refused_by_name() {
    let p = || power_law(3, 1.0);
    let model = || Resource::new(p(), 1.0).unwrap();
    let refused = |message: String, part: &str| assert!(message.contains(part), "{message}");
    let why = |e: Result<Resource>| e.unwrap_err().to_string();
    refused(why(Resource::new(p(), 0.0)), "eta = 0");
    refused(why(Resource::new(p(), f64::NAN)), "eta = NaN");
    refused(why(model().with_waste(-0.1)), "waste (N₀) = -0.1");
    refused(why(model().with_waste(f64::INFINITY)), "waste (N₀) = inf");
    refused(
        why(model().with_start(&[1.0])),
        "one unskill for each of the 3 skills",
    );
    refused(why(model().with_start(&[1.0, -1.0, 1.0])), "start[1] = -1");
    let why = |e: Result<ResourceTrajectory>| e.unwrap_err().to_string();
    refused(why(model().exact(&[0.0, -1.0])), "times[1] = -1");
    refused(
        why(model().ode(&[1.0, 0.5], &Flow::default())),
        "times[1] = 0.5",
    );
    refused(why(model().euler(&Euler::new(0))), "steps = 0");
    refused(why(model().euler(&Euler::new(1).with_dt(0.0))), "dt = 0");
    refused(model().time_to(1.5).unwrap_err().to_string(), "c = 1.5");
    refused(
        model().learning_time(3, 0.5).unwrap_err().to_string(),
        "i = 3",
    );
    refused(
        model().learning_time(0, 1.0).unwrap_err().to_string(),
        "level = 1",
    );
    refused(
        model()
            .exact(&[0.0])
            .unwrap()
            .conserved(7)
            .unwrap_err()
            .to_string(),
        "reference = 7",
    );
}

#[test]
fn tables_have_a_row_for_each_time_and_skill() {
    let model = Resource::new(power_law(2, 1.0), 1.0).unwrap();
    let table = model.exact(&[0.0, 0.5, 1.0]).unwrap().table().unwrap();
    assert_eq!(table.names(), ["time", "skill", "p", "unskill", "level"]);
    assert_eq!(table.i64s("skill").unwrap(), [1, 2, 1, 2, 1, 2]);
}

proptest! {
    #[test]
    fn exact_solutions_satisfy_equation_3_at_any_times_in_any_order(
        weights in prop::collection::vec(-6.0f64..2.0, 1..30),
        start in prop::collection::vec(0.0f64..3.0, 30),
        waste in prop_oneof![Just(0.0), 1e-8f64..10.0],
        times in prop::collection::vec(0.0f64..200.0, 1..20),
        l2 in any::<bool>(),
    ) {
        let p: Vec<f64> = weights.iter().map(|x| 10f64.powf(*x)).collect();
        let norm = if l2 { Norm::L2 } else { Norm::L1 };
        let model = Resource::new(Frequencies::weights(p.clone()).unwrap(), 0.3).unwrap()
            .with_waste(waste).unwrap().with_norm(norm).with_start(&start[..p.len()]).unwrap();
        let run = model.exact(&times).unwrap();
        let mut sorted: Vec<usize> = (0..times.len()).collect();
        sorted.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        for pair in sorted.windows(2) {
            for i in 0..p.len() {
                prop_assert!(run.unskill[[pair[1], i]] <= run.unskill[[pair[0], i]] + 1e-14, "no skill is forgotten");
            }
        }
        for (t, row) in times.iter().zip(run.unskill.outer_iter()) {
            prop_assert!(row.iter().zip(&start).all(|(u, u0)| (0.0..=u0 * (1.0 + 1e-14)).contains(u)));
            // Back from the unskills to the time, by the skill that tells ln C best.
            let best = (0..p.len())
                .filter(|i| row[*i] > 1e-250 && start[*i] > 0.0)
                .max_by(|a, b| ((start[*a] / row[*a]).ln()).total_cmp(&(start[*b] / row[*b]).ln()));
            let Some(best) = best else { continue };
            let log_c = ((row[best] / start[best]).ln() / p[best]).min(0.0);
            let back = model.time_to_log(log_c).unwrap().total();
            let scale = start.iter().sum::<f64>() / 0.3 + t;
            prop_assert!((back - t).abs() < 1e-10 * scale, "{} {} {}", back, t, log_c);
        }
    }
}
