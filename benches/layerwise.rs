//! Theorem 1 at a thousand times for a network a million wide: against the bandwidth of memory, and against numpy in the same run.
//!
//! `cargo bench --bench layerwise`. The comparison needs a Python with numpy, named by `SCURVE_TORCH_PYTHON`; without it only the crate's own times are
//! measured.

mod peer;

use criterion::Criterion;
use scurve::model::layerwise::{DeepLinear, Layers, ScalarNet};
use scurve::seed::Seed;
use scurve::trace::Schedule;
use std::hint::black_box;
use std::time::Duration;

const WIDTH: usize = 1_000_000;
const TIMES: usize = 1000;

/// The weights of the numpy program.
fn net(width: usize) -> ScalarNet {
    let a = (0..width).map(|i| (i as f64).cos()).collect();
    let b = (0..width).map(|i| (2.0 * i as f64).sin()).collect();
    ScalarNet::new(a, b, 1.0, (width as f64).sqrt()).expect("a net")
}

fn times(count: usize) -> Vec<f64> {
    (1..=count).map(|k| 0.01 * k as f64).collect()
}

fn models(c: &mut Criterion) {
    let mut group = c.benchmark_group("layerwise models");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    let (net, times) = (net(WIDTH), times(TIMES));
    group.bench_function(
        "scalar net, p = 10⁶, 1000 times: θ, loss, modes, kernel",
        |b| {
            b.iter(|| net.exact(&times).expect("a run"));
        },
    );
    group.bench_function("scalar net, p = 10⁶: made, with its sums", |b| {
        b.iter(|| {
            let (a, b) = (net.a().to_vec(), net.b().to_vec());
            ScalarNet::new(a, b, 1.0, 1000.0).expect("a net")
        });
    });
    group.bench_function("scalar net, p = 10⁶: all weights at one time", |b| {
        b.iter(|| {
            net.observe(&times[..1], |_, a, _| {
                black_box(a[0]);
            })
            .expect("a run");
        });
    });
    let deep = DeepLinear::whitened(&Seed(0).normal("data", 40, 3)).expect("a net");
    let start = Layers::gaussian(40, 20, 3, 1e-3, Seed(0)).expect("a start");
    group.bench_function("linear network 40-20-3, 1000 steps", |b| {
        let last = Schedule::Every { steps: 1000 };
        b.iter(|| deep.descend(&start, 1e-3, 1000, &last).expect("a run"));
    });
    group.finish();
}

/// Seconds of numpy's fastest run and of its fastest copies, and θ at the last time.
fn theirs(python: &str) -> Result<[f64; 3], String> {
    let arguments = [WIDTH.to_string(), TIMES.to_string(), "2".into()];
    let answer = peer::answer(python, "layerwise.py", &arguments, &[])?;
    let theta = answer["theta"].as_f64().unwrap_or(f64::NAN);
    let least = |key| peer::least(&answer, key);
    Ok([least("seconds"), least("copy"), theta])
}

/// All weights at all times, beside copies of them: what memory allows.
fn bandwidth() {
    let (net, times) = (net(WIDTH), times(TIMES));
    let mut theta = 0.0;
    let all = peer::fastest(3, || {
        net.observe(&times, |t, a, b| {
            if t == times[TIMES - 1] {
                let products = a.iter().zip(b).map(|(a, b)| a * b);
                theta = products.sum::<f64>() / net.normalisation();
            }
            black_box((a, b));
        })
        .expect("a run");
    });
    let (mut a, mut b) = (vec![0.0; WIDTH], vec![0.0; WIDTH]);
    let copy = peer::fastest(3, || {
        for _ in 0..TIMES {
            a.copy_from_slice(black_box(net.a()));
            b.copy_from_slice(black_box(net.b()));
            black_box((&a, &b));
        }
    });
    let sums = peer::fastest(20, || drop(net.exact(&times).expect("a run")));
    println!("p = 10⁶ at 1000 times, one thread, fastest runs:");
    println!("| | seconds | beside copies |");
    println!("|---|---|---|");
    println!("| copies of a and b (16 MB read, 16 MB written) | {copy:.2} | 1 |");
    println!("| all weights, one buffer | {all:.2} | {:.2} |", all / copy);
    println!(
        "| θ, loss, modes, kernel | {sums:.5} | {:.5} |",
        sums / copy
    );
    let Some(python) = peer::python() else { return };
    match theirs(&python) {
        Ok([seconds, copies, last]) => {
            println!(
                "| numpy: all weights, four arrays | {seconds:.2} | {:.2} |",
                seconds / copy
            );
            println!("| numpy: copies | {copies:.2} | {:.2} |", copies / copy);
            println!(
                "numpy needs {:.1} times as long; θ at the end differs by {:.0e}",
                seconds / all,
                (theta - last).abs()
            );
        }
        Err(e) => println!("numpy was not measured: {e}"),
    }
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
    bandwidth();
}
