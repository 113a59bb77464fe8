//! 100 steps of small networks beside PyTorch's from the same weights (tests/traces/make_network_traces.py).

use ndarray::Array2;
use scurve::model::network::{
    Activation, ActivationReal, Examples, Loss, Mlp, MlpTrainer, Targets,
};
use scurve::optimizer::{Adam, AdamW, Optimizer, Sgd};

const TRACES: &str = include_str!("../../traces/network_traces.csv");
const N: usize = 50;

fn values(n: usize, salt: f64) -> Vec<f64> {
    (0..n)
        .map(|i| (1.7 * i as f64 + salt).sin() / 2.0)
        .collect()
}

fn follow<T: ActivationReal>(
    name: &str,
    net: &Mlp,
    loss: Loss,
    optimizer: Optimizer,
    tolerance: f64,
) {
    let mut params = Vec::new();
    for (l, pair) in net.widths.windows(2).enumerate() {
        params.extend(values(pair[0] * pair[1], 2.0 * l as f64));
        params.extend(values(pair[1], 2.0 * l as f64 + 1.0));
    }
    let outputs = net.outputs();
    let matrix = |columns: usize, salt: f64| {
        let numbers = values(N * columns, salt);
        // As PyTorch: rounded, then doubled.
        let numbers = numbers
            .into_iter()
            .map(|x| T::from_f64(x) + T::from_f64(x))
            .collect();
        Array2::from_shape_vec((N, columns), numbers).unwrap()
    };
    let targets = match loss {
        Loss::CrossEntropy => Targets::Classes((0..N).map(|i| (i * 7 % outputs) as u32).collect()),
        _ => Targets::Values(matrix(outputs, 200.0)),
    };
    let examples = Examples::new(matrix(net.inputs(), 100.0), targets).unwrap();
    let mut own = MlpTrainer::<T>::with_params(net, loss, optimizer, &params).unwrap();
    let mut seen = 0;
    for line in TRACES.lines().skip(1) {
        let mut cells = line.split(',');
        if cells.next() != Some(name) {
            continue;
        }
        let step: usize = cells.next().unwrap().parse().unwrap();
        let right: f64 = cells.next().unwrap().parse().unwrap();
        while own.steps() < step {
            own.step(&examples).unwrap();
        }
        let loss = own.evaluate(&examples).unwrap().loss;
        assert!(
            (loss - right).abs() <= tolerance * right,
            "{name}, step {step}: {loss} {right}"
        );
        seen += 1;
    }
    assert_eq!(seen, 11, "{name}");
}

#[test]
fn hundred_steps_are_pytorchs() {
    let relu = Mlp::new([6, 20, 3]);
    let deep = Mlp::new([6, 10, 12, 4]);
    let silu = deep.clone().with_activation(Activation::Silu);
    let tanh = deep.with_activation(Activation::Tanh);
    let wide = Mlp::new([6, 30, 3]).with_activation(Activation::Tanh);
    let adam = Adam::new(1e-2).into();
    let adamw = AdamW::new(1e-2).betas(0.9, 0.98).weight_decay(0.3).into();
    let sgd = Sgd::new(0.3).momentum(0.9).into();
    follow::<f64>("adam", &relu, Loss::Mse, adam, 1e-11);
    follow::<f64>("adamw", &silu, Loss::CrossEntropy, adamw, 1e-11);
    follow::<f64>("sgd", &wide, Loss::Mse, sgd, 1e-11);
    follow::<f32>("adam32", &relu, Loss::Mse, adam, 1e-5);
    follow::<f32>(
        "adamw32",
        &tanh,
        Loss::CrossEntropy,
        AdamW::new(1e-2).into(),
        1e-5,
    );
}
