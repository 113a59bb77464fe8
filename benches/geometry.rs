//! The Geometry model: time of a step, the ratio to PyTorch in the same run, the share of the machine's limits, and how the time
//! grows with n_task, n_dim and steps.
//!
//! `cargo bench --bench geometry`. The ratios need a Python with torch and numpy, named by `SCURVE_TORCH_PYTHON`; without it only
//! the crate's own times are measured.

mod peer;

use criterion::Criterion;
use scurve::model::skill::{Geometry, GradientForm, SkillDescent, SkillLoss, TaskVectors};
use scurve::optimizer::{Adam, Optimizer, Sgd, SignGd};
use scurve::seed::Seed;
use scurve::stats;
use scurve::task::Frequencies;
use scurve::trace::Schedule;
use std::time::{Duration, Instant};

/// One comparison.
struct Case {
    name: &'static str,
    n_task: usize,
    n_dim: usize,
    batch: usize,
    alpha: f64,
    loss: SkillLoss,
    optimizer: Optimizer,
    steps: usize,
    /// Configurations that share the vectors.
    together: usize,
    /// The ratio to PyTorch that the project promises, for each configuration.
    promised: f64,
}

fn cases() -> Vec<Case> {
    let small = |name, n_task, alpha, optimizer: Optimizer| Case {
        name,
        n_task,
        n_dim: 1000,
        batch: 128,
        alpha,
        loss: SkillLoss::SquaredError,
        optimizer,
        steps: 1000,
        together: 1,
        promised: 100.0,
    };
    let large = |name, alpha, together, promised| Case {
        name,
        n_task: 1000,
        n_dim: 1000,
        batch: 1024,
        alpha,
        loss: SkillLoss::CrossEntropy,
        optimizer: SignGd::adam(0.01).into(),
        steps: 200,
        together,
        promised,
    };
    vec![
        small("Fig. 4, SGD", 2, 1.0, Sgd::new(0.03).into()),
        small("Fig. 4, SignGD", 2, 1.0, SignGd::adam(3e-4).into()),
        small("Fig. 4, Adam", 2, 1.0, Adam::new(3e-4).into()),
        small("Fig. 5, SignGD", 10, 2.0, SignGd::adam(3e-4).into()),
        large("Fig. 10, α = 1", 1.0, 1, 4.0),
        large("Fig. 10, α = 0.5", 0.5, 1, 4.0),
        large("Fig. 10, eight of α = 0.5 … 2", 1.0, 8, 12.0),
    ]
}

impl Case {
    /// Figures 4 and 5 record every step; Fig. 10 only the ends.
    fn descent(&self) -> SkillDescent {
        let descent = SkillDescent::new(self.optimizer, self.steps);
        match self.loss {
            SkillLoss::SquaredError => descent,
            SkillLoss::CrossEntropy => descent.recording(Schedule::at([])),
        }
    }

    /// The exponents of p: one, or eight around it.
    fn alphas(&self) -> Vec<f64> {
        match self.together {
            1 => vec![self.alpha],
            n => (0..n)
                .map(|i| 0.5 + 1.5 * i as f64 / (n - 1) as f64)
                .collect(),
        }
    }

    fn models(&self) -> Vec<Geometry> {
        let vectors = TaskVectors::unit(self.n_task, self.n_dim, Seed(0)).expect("valid sizes");
        let model = |alpha: f64| {
            let p = Frequencies::power_law(self.n_task, alpha).expect("a valid law");
            let form = match self.loss {
                SkillLoss::SquaredError => GradientForm::Half,
                SkillLoss::CrossEntropy => GradientForm::True,
            };
            Geometry::new(vectors.clone(), p)
                .expect("as many p as vectors")
                .with_loss(self.loss)
                .with_gradient(form)
                .with_batch(self.batch)
        };
        self.alphas().into_iter().map(model).collect()
    }

    /// Rows that a step needs, in the mean, of one configuration and of all together.
    fn rows(&self) -> (f64, f64) {
        let models = self.models();
        let absent = |m: &Geometry, i: usize| (1.0 - m.frequencies()[i]).powi(self.batch as i32);
        let each: f64 = models
            .iter()
            .map(|m| (0..self.n_task).map(|i| 1.0 - absent(m, i)).sum::<f64>())
            .sum();
        let any: f64 = (0..self.n_task)
            .map(|i| 1.0 - models.iter().map(|m| absent(m, i)).product::<f64>())
            .sum();
        (each / models.len() as f64, any)
    }
}

/// Seconds a step of one configuration, the fastest of some runs, and the last loss of the first.
fn ours(case: &Case) -> (f64, f64) {
    let models = case.models();
    let descents = vec![case.descent(); models.len()];
    let mut best = f64::INFINITY;
    let mut loss = f64::NAN;
    for _ in 0..15 {
        let begin = Instant::now();
        let runs = Geometry::run_together(&models, &descents, Seed(1)).expect("runs");
        best = best.min(begin.elapsed().as_secs_f64());
        loss = runs[0].final_loss();
    }
    (best / (case.steps * models.len()) as f64, loss)
}

/// The same by PyTorch, a step of one configuration; with several, the mean of each alone.
fn theirs(python: &str, case: &Case, dtype: &str) -> Result<(f64, f64), String> {
    let kind = match case.loss {
        SkillLoss::SquaredError => "squared",
        SkillLoss::CrossEntropy => "entropy",
    };
    let (mut seconds, mut loss) = (0.0, f64::NAN);
    let alphas = case.alphas();
    for alpha in &alphas {
        let mut arguments = vec![kind.to_string()];
        arguments.extend([case.n_task, case.n_dim, case.batch].map(|n| n.to_string()));
        arguments.extend([alpha.to_string(), case.optimizer.name().to_string()]);
        arguments.extend([case.optimizer.lr().to_string(), case.steps.to_string()]);
        arguments.extend(["3", dtype].map(String::from));
        let answer = peer::answer(python, "geometry.py", &arguments, &[])?;
        seconds += peer::least(&answer, "seconds");
        if loss.is_nan() {
            loss = answer["loss"].as_f64().unwrap_or(f64::NAN);
        }
    }
    Ok((seconds / (case.steps * alphas.len()) as f64, loss))
}

fn ratios() {
    let Some(python) = peer::python() else { return };
    println!(
        "| a step of one configuration | scurve, µs | PyTorch f64, µs | ratio | PyTorch f32, µs | ratio | promised | last losses |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for case in cases() {
        let before = ours(&case);
        let torch = theirs(&python, &case, "float64")
            .and_then(|double| Ok((double, theirs(&python, &case, "float32")?)));
        let (double, single) = match torch {
            Ok(torch) => torch,
            Err(e) => {
                println!("PyTorch was not measured: {e}");
                return;
            }
        };
        let after = ours(&case);
        let seconds = before.0.min(after.0);
        // Both draw vectors and batches of their own, so that the losses agree in size only.
        println!(
            "| {} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0} | {} | {:.2e}, {:.2e} |",
            case.name,
            1e6 * seconds,
            1e6 * double.0,
            double.0 / seconds,
            1e6 * single.0,
            single.0 / seconds,
            case.promised,
            after.1,
            double.1,
        );
    }
}

/// A row that a step needs costs 4 n_dim operations and is read once for all configurations.
fn limits() {
    let numbers = Seed(0).normal("data", 1000, 1000);
    let read = peer::fastest(100, || {
        std::hint::black_box(numbers.sum());
    });
    let read = 8e6 / read / 1e9;
    println!("\nreading 8 MB of numbers by a sum: {read:.1} GB/s");
    println!("| | rows a step | Gflop/s | of 83 | GB/s of vectors | of {read:.0} |");
    println!("|---|---|---|---|---|---|");
    for case in cases() {
        let (each, any) = case.rows();
        let step = ours(&case).0;
        let flops = 4.0 * each * case.n_dim as f64 / step / 1e9;
        let bytes = 8.0 * any * case.n_dim as f64 / (step * case.together as f64) / 1e9;
        println!(
            "| {} | {each:.0} | {flops:.1} | {:.0} % | {bytes:.1} | {:.0} % |",
            case.name,
            100.0 * flops / 83.0,
            100.0 * bytes / read,
        );
    }
}

/// Time against size over two decades, with the slope of its logarithms.
fn growth() {
    println!("\n| grows | sizes | µs a run | slope |\n|---|---|---|---|");
    let sizes = |n: [usize; 5]| n.to_vec();
    // (name, sizes, (n_task, n_dim, steps, exact gradient) at a size)
    type At = fn(usize) -> (usize, usize, usize, bool);
    let rows: [(&str, Vec<usize>, At); 4] = [
        (
            "n_task, exact gradient",
            sizes([10, 32, 100, 320, 1000]),
            |n| (n, 1000, 50, true),
        ),
        ("n_task, B = 1024", sizes([10, 32, 100, 320, 1000]), |n| {
            (n, 1000, 50, false)
        }),
        (
            "n_dim, B = 1024, 1000 tasks",
            sizes([20, 64, 200, 640, 2000]),
            |n| (1000, n, 50, false),
        ),
        (
            "steps, 10 tasks, 1000 dimensions",
            sizes([100, 320, 1000, 3200, 10_000]),
            |n| (10, 1000, n, false),
        ),
    ];
    for (name, sizes, at) in rows {
        let times: Vec<f64> = sizes
            .iter()
            .map(|size| {
                let (n_task, n_dim, steps, exact) = at(*size);
                let vectors = TaskVectors::unit(n_task, n_dim, Seed(0)).expect("valid sizes");
                let p = Frequencies::power_law(n_task, 1.0).expect("a valid law");
                let model = Geometry::new(vectors, p).expect("as many p as vectors");
                let model = if exact { model } else { model.with_batch(1024) };
                let descent =
                    SkillDescent::new(SignGd::adam(1e-4), steps).recording(Schedule::at([]));
                peer::fastest(100, || {
                    std::hint::black_box(model.run(&descent, Seed(0)).expect("a run"));
                })
            })
            .collect();
        let log = |x: &[f64]| x.iter().map(|x| x.ln()).collect::<Vec<_>>();
        let sizes_f64: Vec<f64> = sizes.iter().map(|n| *n as f64).collect();
        let fit = stats::linear_fit(&log(&sizes_f64), &log(&times));
        let micros: Vec<String> = times.iter().map(|t| format!("{:.0}", 1e6 * t)).collect();
        println!(
            "| {name} | {sizes:?} | {} | {:.2} |",
            micros.join(", "),
            fit.slope.value
        );
    }
}

fn steps(c: &mut Criterion) {
    let mut group = c.benchmark_group("Geometry model, a run");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    for case in cases() {
        let models = case.models();
        let descents = vec![case.descent(); models.len()];
        group.bench_function(format!("{}, {} steps", case.name, case.steps), |b| {
            b.iter(|| Geometry::run_together(&models, &descents, Seed(1)).expect("runs"));
        });
    }
    group.finish();
}

fn main() {
    // Plots would need a system font.
    let mut criterion = Criterion::default().without_plots().configure_from_args();
    steps(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` only checks that all of it runs.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    limits();
    growth();
    ratios();
}
