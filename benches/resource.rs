//! The Resource model: time of its solvers, and the ratio of the exact one to Euler's loop in numpy in the same run.
//!
//! `cargo bench --bench resource`. The ratios need a Python with numpy, named by `SCURVE_TORCH_PYTHON`; without it only the crate's own times are
//! measured.

mod peer;

use criterion::Criterion;
use scurve::model::skill::{
    DependentResource, Euler, Gating, Norm, Resource, SkillGraph, effective_rate,
};
use scurve::optimizer::Flow;
use scurve::task::Frequencies;
use std::time::Duration;

/// One comparison: `STEPS` points of the model of Fig. 6.
struct Case {
    n_task: usize,
    waste: f64,
    /// The ratio to numpy that the project promises.
    promised: Option<f64>,
    /// Most milliseconds that it promises.
    most: Option<f64>,
}

const CASES: [Case; 4] = [
    Case {
        n_task: 10,
        waste: 0.0,
        promised: Some(100.0),
        most: None,
    },
    Case {
        n_task: 10,
        waste: 0.003,
        promised: Some(100.0),
        most: None,
    },
    Case {
        n_task: 100,
        waste: 0.003,
        promised: None,
        most: None,
    },
    Case {
        n_task: 1000,
        waste: 0.003,
        promised: None,
        most: Some(10.0),
    },
];

const STEPS: usize = 1000;
const ALPHA: f64 = 2.0;

fn eta() -> f64 {
    effective_rate::as_printed(3e-4, 1000)
}

fn model(n_task: usize, waste: f64) -> Resource {
    let p = Frequencies::power_law(n_task, ALPHA).expect("frequencies");
    let model = Resource::new(p, eta()).expect("a model");
    model.with_waste(waste).expect("a model")
}

fn times() -> Vec<f64> {
    (1..=STEPS).map(|k| k as f64).collect()
}

fn models(c: &mut Criterion) {
    let mut group = c.benchmark_group("Resource model, 1000 points");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(2));
    let times = times();
    for n_task in [10, 1000] {
        let plain = model(n_task, 0.003);
        for norm in [Norm::L1, Norm::L2] {
            let model = plain.clone().with_norm(norm);
            group.bench_function(format!("{n_task} tasks, exact, {}", norm.name()), |b| {
                b.iter(|| model.exact(&times).expect("a run"));
            });
        }
        group.bench_function(format!("{n_task} tasks, Euler"), |b| {
            b.iter(|| plain.euler(&Euler::new(STEPS)).expect("a run"));
        });
    }
    let plain = model(10, 0.003);
    group.bench_function("10 tasks, adaptive", |b| {
        b.iter(|| plain.ode(&times, &Flow::default()).expect("a run"));
    });
    let skills = plain.exact(&times).expect("a run").skills();
    group.bench_function("10 tasks, fit of N₀", |b| {
        b.iter(|| plain.fit_waste(&times, &skills).expect("a fit"));
    });
    let chain = SkillGraph::chain(&[0.3, 1.0, 3.0]).expect("a graph");
    let chain = DependentResource::new(chain, Gating::soft(1e-4), 1e-3)
        .and_then(|m| m.with_waste(1e-3))
        .expect("a model");
    group.bench_function("chain of Fig. 17, 5000 Euler steps", |b| {
        b.iter(|| chain.euler(&Euler::new(5000)).expect("a run"));
    });
    group.finish();
}

/// Seconds of numpy's fastest run, and the unskills at its end.
fn theirs(python: &str, case: &Case) -> Result<(f64, Vec<f64>), String> {
    let numbers = [ALPHA, eta(), case.waste].map(|x| x.to_string());
    let [alpha, eta, waste] = numbers;
    let (tasks, steps) = (case.n_task.to_string(), STEPS.to_string());
    let arguments = [tasks, steps, alpha, eta, waste, "9".into()];
    let answer = peer::answer(python, "resource.py", &arguments, &[])?;
    Ok((
        peer::least(&answer, "seconds"),
        peer::numbers(&answer, "last"),
    ))
}

fn ratios() {
    let Some(python) = peer::python() else { return };
    println!(
        "| exact, {STEPS} points | N₀ | scurve, ms | numpy's Euler loop, ms | ratio | promised | our Euler is theirs to |"
    );
    println!("|---|---|---|---|---|---|---|");
    let times = times();
    for case in CASES {
        let model = model(case.n_task, case.waste);
        let mut run = || drop(model.exact(&times).expect("a run"));
        let before = peer::fastest(50, &mut run);
        let (seconds, last) = match theirs(&python, &case) {
            Ok(answer) => answer,
            Err(e) => {
                println!("numpy was not measured: {e}");
                return;
            }
        };
        let ours = before.min(peer::fastest(50, &mut run));
        let euler = model.euler(&Euler::new(STEPS)).expect("a run");
        let end = euler.unskill.row(STEPS - 1);
        let apart = end.iter().zip(&last).map(|(a, b)| (a - b).abs());
        let promised = match (case.promised, case.most) {
            (Some(ratio), _) => format!("ratio ≥ {ratio}"),
            (_, Some(most)) => format!("≤ {most} ms"),
            _ => String::new(),
        };
        println!(
            "| {} tasks | {} | {:.4} | {:.2} | {:.0} | {promised} | {:.0e} |",
            case.n_task,
            case.waste,
            1e3 * ours,
            1e3 * seconds,
            seconds / ours,
            apart.fold(0.0, f64::max),
        );
    }
}

/// Cost against the number of tasks over two decades.
fn slope() {
    let sizes = [30, 100, 300, 1000, 3000];
    let times = times();
    let (x, y): (Vec<f64>, Vec<f64>) = sizes
        .iter()
        .map(|n| {
            let model = model(*n, 0.003);
            let seconds = peer::fastest(50, || drop(model.exact(&times).expect("a run")));
            ((*n as f64).ln(), seconds.ln())
        })
        .unzip();
    let fit = scurve::stats::linear_fit(&x, &y);
    println!(
        "cost of {STEPS} exact points against n_task from 30 to 3000: exponent {}",
        fit.slope
    );
}

fn main() {
    // Plots would need a system font.
    let mut criterion = Criterion::default().without_plots().configure_from_args();
    models(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` only checks that all of it runs.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    ratios();
    slope();
}
