//! Empirical eigenfunctions of 60,000 samples of 1024 features: time beside the bare product of the same matrix and numpy's thin singular value
//! decomposition of it, all with two threads, and peak memory.
//!
//! `cargo bench --bench eigenfunction`. The ratio to numpy needs a Python with numpy, named by `SCURVE_TORCH_PYTHON`; without it only the crate's own
//! times are measured.

mod peer;

use criterion::Criterion;
use ndarray::{Array1, Array2, s};
use scurve::linalg;
use scurve::metric::eigenfunction::{Eigenfunctions, Gram};
use scurve::seed::Seed;
use std::time::Duration;

const SAMPLES: usize = 60_000;
const FEATURES: usize = 1024;
/// Samples in a batch.
const BATCH: usize = 1000;
const THREADS: usize = 2;

/// Correlated features with intensities that fall as 1/k.
fn features(samples: usize) -> Array2<f64> {
    let scale = Array1::from_iter((1..=FEATURES).map(|k| (k as f64).powf(-0.5)));
    let mut x = Seed(0).normal("data", samples, FEATURES) * &scale;
    for mut row in x.rows_mut() {
        let mut before = 0.0;
        row.mapv_inplace(|x| {
            before = x + 0.3 * before;
            before
        });
    }
    x
}

fn streaming(x: &Array2<f64>) -> Eigenfunctions {
    let mut gram = Gram::new(FEATURES).expect("features");
    for batch in x.axis_chunks_iter(ndarray::Axis(0), BATCH) {
        gram.push(batch).expect("finite features");
    }
    gram.eigenfunctions().expect("eigenfunctions")
}

fn small(c: &mut Criterion) {
    let mut group = c.benchmark_group("eigenfunctions");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    let x = features(2000);
    let part = x.slice(s![.., ..128]).to_owned();
    group.bench_function("2000 samples of 128 features, streaming", |b| {
        b.iter(|| {
            let mut gram = Gram::new(128).expect("features");
            gram.push(part.view()).expect("finite features");
            gram.eigenfunctions().expect("eigenfunctions")
        });
    });
    group.bench_function("2000 samples of 128 features, by SVD", |b| {
        b.iter(|| Eigenfunctions::fit(part.view()).expect("eigenfunctions"));
    });
    group.finish();
}

/// Megabytes that were resident at most since the last call; Linux only.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    Some(kilobytes / 1e3)
}

fn whole() {
    linalg::set_threads(THREADS);
    let x = features(SAMPLES);
    peak();
    let before = peak();
    let found = streaming(&x);
    let after = peak();
    let ours = || peer::fastest(5, || drop(streaming(&x)));
    let product = || peer::fastest(5, || drop(x.t().dot(&x)));
    // In turns, so that a busy machine does not strike only one of them.
    let (ours, product) = (ours().min(ours()), product().min(product()));
    let operations = 2.0 * SAMPLES as f64 * (FEATURES as f64).powi(2);
    println!("| {SAMPLES} samples of {FEATURES} features, {THREADS} threads | s | promised |");
    println!("|---|---|---|");
    println!(
        "| the bare product ΦᵀΦ | {product:.3} ({:.0} Gflop/s) | |",
        operations / product / 1e9
    );
    println!(
        "| eigenfunctions, streaming | {ours:.3}, {:.2} of the product | ≤ 1.5 of it |",
        ours / product
    );
    if let (Some(before), Some(after)) = (before, after) {
        println!(
            "| peak memory beyond the features, MB | {:.0} | ≤ 100 |",
            after - before
        );
    }
    let Some(python) = peer::python() else { return };
    let bytes: Vec<u8> = x.iter().flat_map(|x| x.to_le_bytes()).collect();
    drop(x);
    let arguments = [SAMPLES, FEATURES, THREADS].map(|n| n.to_string());
    match peer::answer(&python, "eigenfunction.py", &arguments, &bytes) {
        Err(e) => println!("numpy was not measured: {e}"),
        Ok(answer) => {
            let seconds = peer::least(&answer, "seconds");
            println!(
                "| numpy's thin SVD of the same matrix | {seconds:.2}, {:.1} times ours | ≥ 10 |",
                seconds / ours
            );
            let theirs = peer::numbers(&answer, "intensity");
            let pairs = found.intensity.iter().zip(&theirs);
            let apart = pairs.map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
            println!(
                "| largest relative difference of {} intensities | {apart:.0e} | |",
                theirs.len()
            );
        }
    }
}

fn main() {
    // Plots would need a system font.
    let mut criterion = Criterion::default().without_plots().configure_from_args();
    small(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` only checks that all of it runs.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    whole();
}
