//! PyTorch's own trajectories. tests/traces/make_traces.py says how they were made.

use scurve::optimizer::{Mars, MarsForm, Need, Optimizer, SignForm, SignGd};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
pub struct Case {
    pub name: String,
    pub optimizer: Optimizer,
}

/// The cases, read as settings are.
pub fn cases() -> Vec<Case> {
    serde_json::from_str(&read("cases.json")).unwrap()
}

/// The fields of the file `name`, line by line without the header.
pub fn rows(name: &str) -> Vec<Vec<String>> {
    let fields = |line: &str| line.split(',').map(str::to_string).collect();
    read(name).lines().skip(1).map(fields).collect()
}

pub fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/traces")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub const START: [f64; 4] = [0.3, 1.1, -0.7, 2.0];

/// Gradient of ½ Σ h (x − c)².
fn quadratic(x: &[f64; 4]) -> [f64; 4] {
    const H: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];
    const C: [f64; 4] = [1.0137, -2.0291, 0.5483, 0.0719];
    std::array::from_fn(|i| H[i] * (x[i] - C[i]))
}

/// Gradient of Σ 100 (x' − x²)² + (1 − x)² over the three neighbouring pairs.
fn rosenbrock(x: &[f64; 4]) -> [f64; 4] {
    let mut g = [0.0; 4];
    for i in 0..3 {
        let r = x[i + 1] - x[i] * x[i];
        g[i] += -400.0 * x[i] * r - 2.0 * (1.0 - x[i]);
        g[i + 1] += 200.0 * r;
    }
    g
}

/// The diagonals of the two Hessians.
fn quadratic_curvature(_: &[f64; 4]) -> [f64; 4] {
    [1.0, 10.0, 100.0, 1000.0]
}

fn rosenbrock_curvature(x: &[f64; 4]) -> [f64; 4] {
    let mut h = [0.0; 4];
    for i in 0..3 {
        h[i] += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0;
        h[i + 1] += 200.0;
    }
    h
}

/// By what the gradient of a step is multiplied: only where two gradients of one batch are compared do batches differ.
fn batch(optimizer: &Optimizer, step: usize) -> f64 {
    match optimizer {
        Optimizer::Mars(Mars {
            form: MarsForm::Exact,
            ..
        }) => 1.0 + 0.3 * (step as f64).sin(),
        _ => 1.0,
    }
}

/// Largest difference of two vectors, relative to the largest entry of the expected one.
pub fn relative<T: Copy + Into<f64>>(got: &[T], expected: &[T]) -> f64 {
    let pairs = got.iter().zip(expected);
    let gap = pairs
        .map(|(&a, &b)| (a.into() - b.into()).abs())
        .fold(0.0, f64::max);
    gap / expected.iter().map(|&b| b.into().abs()).fold(0.0, f64::max)
}

#[test]
fn f64_follows_pytorch_for_1000_steps() {
    let rows = rows("traces.csv");
    let mut checked = 0;
    for case in cases() {
        case.optimizer.validate().unwrap();
        type Field = fn(&[f64; 4]) -> [f64; 4];
        let problems: [(&str, Field, Field); 2] = [
            ("quadratic", quadratic, quadratic_curvature),
            ("rosenbrock", rosenbrock, rosenbrock_curvature),
        ];
        for (problem, gradient, curvature) in problems {
            let mut recorded = rows
                .iter()
                .filter(|r| r[0] == case.name && r[1] == problem)
                .peekable();
            let (mut x, mut state, mut worst) = (START, case.optimizer.flat(4), 0f64);
            let mut last = x;
            for step in 1..=1000 {
                let noisy = |x: &[f64; 4]| gradient(x).map(|g| batch(&case.optimizer, step) * g);
                match state.needs() {
                    Some(Need::Curvature) => state.supply(&curvature(&x)).unwrap(),
                    Some(Need::LookBack) => state.supply(&noisy(&last)).unwrap(),
                    _ => {}
                }
                last = x;
                state.step(&mut x, &noisy(&last)).unwrap();
                if let Some(row) = recorded.next_if(|r| r[2] == step.to_string()) {
                    let expected: Vec<f64> = row[3..].iter().map(|v| v.parse().unwrap()).collect();
                    worst = worst.max(relative(&x, &expected));
                    checked += 1;
                }
            }
            println!("{:16} {problem:10} {worst:.1e}", case.name);
            assert!(worst <= 1e-12, "{} on {problem}: {worst:e}", case.name);
        }
    }
    assert_eq!(checked, cases().len() * 2 * 17);
}

#[test]
fn the_two_forms_of_sign_descent_are_what_they_say() {
    // Away from ties the exact sign moves by lr to the bit; Adam's form by lr |g| / (|g| + eps).
    let grad = [1e-8, -1e-3, 0.0, 5.0];
    let mut exact = [0.0; 4];
    Optimizer::from(SignGd::new(0.25))
        .flat(4)
        .step(&mut exact, &grad)
        .unwrap();
    assert_eq!(exact, [-0.25, 0.25, 0.0, -0.25]);
    let mut soft = [0.0; 4];
    let adam = SignGd {
        lr: 0.25,
        form: SignForm::Adam,
        eps: 1e-8,
    };
    Optimizer::from(adam)
        .flat(4)
        .step(&mut soft, &grad)
        .unwrap();
    for (x, g) in soft.iter().zip(grad) {
        assert!((x + 0.25 * g / (g.abs() + 1e-8)).abs() < 1e-16);
    }
}
