//! PyTorch's own trajectories. tests/traces/make_traces.py says how they were made.

use scurve::optimizer::{Optimizer, SignForm, SignGd};
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

fn read(name: &str) -> String {
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
        for (problem, gradient) in [
            ("quadratic", quadratic as fn(&[f64; 4]) -> [f64; 4]),
            ("rosenbrock", rosenbrock),
        ] {
            let mut recorded = rows
                .iter()
                .filter(|r| r[0] == case.name && r[1] == problem)
                .peekable();
            let (mut x, mut state, mut worst) = (START, case.optimizer.flat(4), 0f64);
            for step in 1..=1000 {
                let grad = gradient(&x);
                state.step(&mut x, &grad).unwrap();
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
