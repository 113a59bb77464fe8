//! Exact factor models: time of a step, and the ratio to PyTorch in the same run.
//!
//! `cargo bench --bench factor`. The ratios need a Python with torch, named by `SCURVE_TORCH_PYTHON`; without it only the
//! crate's own times are measured.

mod peer;

use criterion::Criterion;
use rayon::prelude::*;
use scurve::metric::curve::{Bumps, bumps};
use scurve::model::factor::{Descent, Factors, Init, MatrixTask, Objective, Record, Softmax};
use scurve::optimizer::{Adam, AdamW, Optimizer, Sgd};
use scurve::seed::Seed;
use scurve::trace::Schedule;
use std::time::{Duration, Instant};

const N: usize = 100;

/// One comparison: gradient descent of `steps` steps at n = 100.
struct Case {
    rank: usize,
    rate: f64,
    steps: usize,
    /// The ratio to PyTorch that the project promises.
    promised: f64,
}

const CASES: [Case; 3] = [
    Case {
        rank: 1,
        rate: 5e-4,
        steps: 1000,
        promised: 300.0,
    },
    Case {
        rank: 10,
        rate: 5e-4,
        steps: 1000,
        promised: 40.0,
    },
    Case {
        rank: N,
        rate: 2e-4,
        steps: 300,
        promised: 3.0,
    },
];

/// Records only the ends, as the PyTorch program does.
fn ends() -> Record {
    Record::light(Schedule::at([]))
}

fn setup(rank: usize) -> (MatrixTask, Factors) {
    let task = MatrixTask::gaussian(N, rank, Seed(0)).expect("a valid size");
    let start = task.start(Init::default(), Seed(0)).expect("a valid start");
    (task, start)
}

fn models(c: &mut Criterion) {
    let mut group = c.benchmark_group("1000 steps, n = 100");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    for case in CASES {
        let (task, start) = setup(case.rank);
        let plain = Descent::new(case.rate, 1000).recording(ends());
        group.bench_function(format!("rank {}, gradient descent", case.rank), |b| {
            b.iter(|| task.run(&start, &plain).expect("a run"));
        });
        group.bench_function(format!("rank {}, all coordinates", case.rank), |b| {
            b.iter(|| task.run_whole(&start, &plain).expect("a run"));
        });
        let adam = Descent::with(Adam::new(0.01).into(), 1000).recording(ends());
        group.bench_function(format!("rank {}, Adam", case.rank), |b| {
            b.iter(|| task.run(&start, &adam).expect("a run"));
        });
        let entropy = task.clone().with_objective(Objective::CrossEntropy {
            softmax: Softmax::Entire,
        });
        group.bench_function(format!("rank {}, cross-entropy", case.rank), |b| {
            b.iter(|| entropy.run(&start, &plain).expect("a run"));
        });
    }
    group.finish();
}

/// Seconds of the fastest of some runs, and the last loss.
fn ours(task: &MatrixTask, start: &Factors, descent: &Descent) -> (f64, f64) {
    let mut best = f64::INFINITY;
    let mut loss = f64::NAN;
    for _ in 0..9 {
        let begin = Instant::now();
        loss = task.run(start, descent).expect("a run").final_loss();
        best = best.min(begin.elapsed().as_secs_f64());
    }
    (best, loss)
}

/// The same by PyTorch.
fn theirs(
    python: &str,
    task: &MatrixTask,
    start: &Factors,
    case: &Case,
) -> Result<(f64, f64), String> {
    let target = task.target();
    let numbers = target
        .a
        .iter()
        .chain(&target.b)
        .chain(&start.a)
        .chain(&start.b);
    let bytes: Vec<u8> = numbers.flat_map(|x| x.to_le_bytes()).collect();
    let (n, rank, rate) = (N.to_string(), case.rank.to_string(), case.rate.to_string());
    let arguments = [n, rank, rate, case.steps.to_string(), "5".into()];
    let answer = peer::answer(python, "factor.py", &arguments, &bytes)?;
    let best = peer::least(&answer, "seconds");
    Ok((best, answer["loss"].as_f64().unwrap_or(f64::NAN)))
}

fn ratios() {
    let Some(python) = peer::python() else { return };
    println!(
        "| gradient descent, n = {N} | steps | scurve, µs/step | PyTorch, µs/step | ratio | promised | losses agree to |"
    );
    println!("|---|---|---|---|---|---|---|");
    for case in CASES {
        let (task, start) = setup(case.rank);
        let descent = Descent::new(case.rate, case.steps).recording(ends());
        let before = ours(&task, &start, &descent);
        let torch = match theirs(&python, &task, &start, &case) {
            Ok(torch) => torch,
            Err(e) => {
                println!("PyTorch was not measured: {e}");
                return;
            }
        };
        let after = ours(&task, &start, &descent);
        let seconds = before.0.min(after.0);
        let per_step = |seconds: f64| 1e6 * seconds / case.steps as f64;
        // Tiny losses are rounding in PyTorch's difference of matrices.
        let agree = (after.1 - torch.1).abs() / torch.1.max(1e-20);
        println!(
            "| rank {} | {} | {:.3} | {:.1} | {:.1} | {} | {agree:.0e} |",
            case.rank,
            case.steps,
            per_step(seconds),
            per_step(torch.0),
            torch.0 / seconds,
            case.promised,
        );
    }
}

/// 200 seeds of rank 2 for three optimizers: runs, cosines at every tenth step, and the bumps in all of them.
fn bump_study() {
    let optimizers: [(Optimizer, usize); 3] = [
        (Sgd::new(2e-4).into(), 3000),
        (Adam::new(0.01).into(), 3000),
        (AdamW::new(0.01).into(), 3000),
    ];
    let begin = Instant::now();
    for (optimizer, steps) in optimizers {
        let record = Record {
            schedule: Schedule::Every { steps: 10 },
            ..Record::default()
        };
        let descent = Descent::with(optimizer, steps).recording(record);
        let count: usize = (0..200u64)
            .into_par_iter()
            .map(|seed| {
                let task = MatrixTask::gaussian(N, 2, Seed(seed)).expect("a valid size");
                let start = task
                    .start(Init::default(), Seed(seed))
                    .expect("a valid start");
                let run = task.run(&start, &descent).expect("a run");
                let pairs = [0, 1].into_iter().flat_map(|k| [(k, 0), (k, 1)]);
                let series = pairs
                    .flat_map(|(k, j)| [run.a.cosine_of(k, j), run.b.cosine_of(k, j)])
                    .flatten();
                series
                    .map(|c| {
                        bumps(
                            &c.iter().map(|c| c.abs()).collect::<Vec<_>>(),
                            Bumps::default(),
                        )
                    })
                    .sum::<usize>()
            })
            .sum();
        println!("{optimizer}: {count} bumps in {} cosines", 200 * 8);
    }
    println!(
        "bump study of rank 2, 200 seeds × 3 optimizers: {:.2} s",
        begin.elapsed().as_secs_f64()
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
    bump_study();
}
