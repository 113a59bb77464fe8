//! The multilinear model: time of its losses, and the ratio to the plain sum in numpy in the same run.
//!
//! `cargo bench --bench multilinear`. The ratios need a Python with numpy, named by `SCURVE_TORCH_PYTHON`; without it only the crate's own times are
//! measured.

mod peer;

use criterion::Criterion;
use scurve::model::multilinear::DecoupledSkills;
use scurve::seed::Seed;
use scurve::task::{Frequencies, SkillLaw, SparseParity, Subsets};
use scurve::trace::Schedule;
use std::time::Duration;

const ALPHA: f64 = 0.6;
const TIMES: usize = 1000;

/// Number of skills, none: infinitely many; and most seconds for 1000 times that the project promises.
const CASES: [(Option<u64>, Option<f64>); 3] = [
    (Some(100_000), Some(0.2)),
    (Some(10_000_000), None),
    (None, None),
];

fn model(skills: Option<u64>) -> DecoupledSkills {
    let law = match skills {
        Some(n) => SkillLaw::new(ALPHA, n),
        None => SkillLaw::infinite(ALPHA),
    };
    DecoupledSkills::multilinear(law.expect("a law")).expect("a model")
}

/// From 1 to 10⁶, evenly in the logarithm.
fn times() -> Vec<f64> {
    let last = (TIMES - 1) as f64;
    (0..TIMES)
        .map(|i| 10f64.powf(6.0 * i as f64 / last))
        .collect()
}

fn losses(c: &mut Criterion) {
    let mut group = c.benchmark_group("multilinear model");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(2));
    let times = times();
    for (skills, _) in CASES {
        let model = model(skills);
        let name = skills.map_or("infinitely many".into(), |n| n.to_string());
        group.bench_function(format!("{name} skills, {TIMES} times"), |b| {
            b.iter(|| model.losses(&times, None).expect("losses"));
        });
    }
    let descending = model(Some(100_000));
    let schedule = Schedule::LogSpaced { per_decade: 10 };
    group.bench_function("gradient descent, 100000 skills, 1000 steps", |b| {
        b.iter(|| descending.descend(None, 1000, &schedule).expect("a run"));
    });
    let infinite = model(None);
    group.bench_function("optimum of a compute", |b| {
        b.iter(|| infinite.optimum(1e9).expect("an optimum"));
    });
    let subsets = Subsets::disjoint(5, 32, 3, Seed(0)).expect("subsets");
    let p = Frequencies::power_law(5, 1.0 + ALPHA).expect("frequencies");
    let task = SparseParity::new(p, subsets).expect("a task");
    group.bench_function("4000 sparse parities", |b| {
        b.iter(|| task.batch(4000, Seed(1)));
    });
    group.finish();
}

/// Seconds of numpy's fastest run at these times, and the losses there.
fn theirs(python: &str, skills: u64, times: &[f64]) -> Result<(f64, Vec<f64>), String> {
    let list: Vec<String> = times.iter().map(f64::to_string).collect();
    let (skills, alpha) = (skills.to_string(), ALPHA.to_string());
    let arguments = [skills, alpha, "0.01".into(), list.join(",")];
    let answer = peer::answer(python, "multilinear.py", &arguments, &[])?;
    Ok((
        peer::least(&answer, "seconds"),
        peer::numbers(&answer, "losses"),
    ))
}

fn ratios() {
    let Some(python) = peer::python() else { return };
    println!(
        "| skills | scurve, {TIMES} times, ms | numpy's sum, ms | ratio | promised | largest relative difference |"
    );
    println!("|---|---|---|---|---|---|");
    let times = times();
    for (skills, promised) in CASES {
        let Some(n) = skills else { continue };
        let model = model(skills);
        let run = || drop(model.losses(&times, None).expect("losses"));
        let before = peer::fastest(9, run);
        // A sum over ten million skills at every time would take minutes: at twenty of them.
        let stride = if n > 1_000_000 { 50 } else { 1 };
        let some: Vec<f64> = times.iter().step_by(stride).copied().collect();
        let (seconds, losses) = match theirs(&python, n, &some) {
            Ok(answer) => answer,
            Err(e) => {
                println!("numpy was not measured: {e}");
                return;
            }
        };
        let ours = before.min(peer::fastest(9, run));
        let seconds = seconds * TIMES as f64 / some.len() as f64;
        let exact = model.losses(&some, None).expect("losses");
        let apart = exact.iter().zip(&losses).map(|(a, b)| (a / b - 1.0).abs());
        println!(
            "| {n} | {:.3} | {:.0} | {:.0} | {} | {:.0e} |",
            1e3 * ours,
            1e3 * seconds,
            seconds / ours,
            promised.map_or(String::new(), |s| format!("≤ {} ms", 1e3 * s)),
            apart.fold(0.0, f64::max),
        );
    }
}

fn main() {
    // Plots would need a system font.
    let mut criterion = Criterion::default().without_plots().configure_from_args();
    losses(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` only checks that all of it runs.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    ratios();
}
