//! Nanoseconds per step of every update rule on a slice that fits the first-level cache and one that does not.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use scurve::optimizer::{AdEMAMix, Adam, AdamW, Lion, Optimizer, Sgd, SignGd};
use std::hint::black_box;

fn rules() -> [Optimizer; 8] {
    [
        Sgd::new(1e-9).into(),
        Sgd::new(1e-9).momentum(0.9).into(),
        SignGd::new(1e-9).into(),
        SignGd::adam(1e-9).into(),
        Adam::new(1e-9).into(),
        AdamW::new(1e-9).into(),
        AdEMAMix::new(1e-9).into(),
        Lion::new(1e-9).into(),
    ]
}

fn step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    for len in [200, 20_000] {
        group.throughput(Throughput::Elements(len as u64));
        for optimizer in rules() {
            let mut params: Vec<f64> = (0..len).map(|i| (i as f64).sin()).collect();
            let grads: Vec<f64> = (0..len).map(|i| (i as f64).cos()).collect();
            let mut state = optimizer.flat(len);
            group.bench_function(BenchmarkId::new(optimizer.to_string(), len), |bencher| {
                bencher.iter(|| state.step(black_box(&mut params), black_box(&grads)));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    // criterion's plots want the system's fonts, which this build of plotters does not read.
    config = Criterion::default().without_plots();
    targets = step
}
criterion_main!(benches);
