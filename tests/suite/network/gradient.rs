//! One gradient three ways: by hand, by burn's autodiff, by differences.

use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};
use ndarray::Array2;
use rand::RngExt;
use scurve::device::DeviceKind;
use scurve::error::Error;
use scurve::model::network::{
    Activation, ActivationReal, Batches, DeviceReal, Examples, Init, Inputs, Loss, Mlp, MlpModule,
    MlpTrainer, Targets, numbers, tensor,
};
use scurve::optimizer::{Adam, Sgd};
use scurve::seed::Seed;
use scurve::trace::Schedule;
use std::ops::ControlFlow;

fn normal<T: ActivationReal>(stream: &str, rows: usize, columns: usize) -> Array2<T> {
    Seed(5).normal(stream, rows, columns).mapv(T::from_f64)
}

fn classes(n: usize, count: u32) -> Vec<u32> {
    let mut rng = Seed(6).stream("data");
    (0..n).map(|_| rng.random_range(0..count)).collect()
}

/// Networks and examples of every kind: forms of inputs, losses, activations, depths, scales.
fn cases<T: ActivationReal>(n: usize) -> Vec<(&'static str, Mlp, Loss, Examples<T>)> {
    let dense = || Inputs::Dense(normal::<T>("x", n, 6));
    let controlled = || Inputs::Controlled {
        control: classes(n, 4),
        controls: 4,
        rest: normal::<T>("x", n, 2),
    };
    let tokens = || {
        let all = classes(2 * n, 7);
        Inputs::Tokens(Array2::from_shape_vec((n, 2), all).unwrap())
    };
    let y = || Targets::Values(normal::<T>("y", n, 3));
    let weighted = || {
        let w = normal::<T>("w", n, 3).mapv(|w| if w > T::ZERO { w } else { T::ZERO });
        Targets::Weighted(normal::<T>("y", n, 3), w)
    };
    let labels = || Targets::Classes(classes(n, 3));
    let all = |inputs, targets| Examples { inputs, targets };
    let init = Init::FanIn { gain: 1.3 };
    let net = |widths: &[usize]| Mlp::new(widths.to_vec()).with_init(init);
    vec![
        ("linear", net(&[6, 3]), Loss::Mse, all(dense(), y())),
        (
            "relu",
            net(&[6, 10, 3]),
            Loss::Mse,
            all(dense(), weighted()),
        ),
        (
            "tanh",
            net(&[6, 5, 9, 3])
                .with_activation(Activation::Tanh)
                .with_bias(false),
            Loss::HalfSquares,
            all(dense(), y()),
        ),
        (
            "silu",
            net(&[6, 11, 4, 3])
                .with_activation(Activation::Silu)
                .with_output_scale(0.7)
                .with_input_scale(1.5),
            Loss::CrossEntropy,
            all(dense(), labels()),
        ),
        (
            "control bits",
            net(&[6, 8, 3]).with_input_scale(0.8),
            Loss::CrossEntropy,
            all(controlled(), labels()),
        ),
        (
            "tokens",
            net(&[10, 8, 3])
                .with_activation(Activation::Silu)
                .with_embedding(7, 5)
                .with_input_scale(0.9),
            Loss::CrossEntropy,
            all(tokens(), labels()),
        ),
        (
            "identity",
            net(&[6, 7, 3]).with_activation(Activation::Identity),
            Loss::Mse,
            all(controlled(), y()),
        ),
        (
            "sigmoid",
            net(&[6, 7, 3]).with_activation(Activation::Sigmoid),
            Loss::Mse,
            all(dense(), y()),
        ),
    ]
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |top: f64, x| top.max(x.abs()))
}

/// Loss and gradient by autodiff.
fn autodiff<T: DeviceReal + ActivationReal>(
    net: &Mlp,
    loss: Loss,
    params: &[f64],
    examples: &Examples<T>,
) -> (f64, Vec<f64>) {
    let device = DeviceKind::from_env().unwrap().device().unwrap().autodiff();
    let module = MlpModule::new::<T>(net, &[params.to_vec()], &device).unwrap();
    let x = examples.inputs.tensor(net, &device);
    let [n, width] = x.dims();
    let f = module.forward(x.reshape([1, n, width]));
    let f: Tensor<2> = f.reshape([n, net.outputs()]);
    let values = |y: &Array2<T>| {
        let list: Vec<f64> = y.iter().map(|y| y.to_f64()).collect();
        tensor::<T, 2>(&list, [y.nrows(), y.ncols()], &device)
    };
    let value = match &examples.targets {
        Targets::Values(y) => loss.values(f, values(y), None),
        Targets::Weighted(y, w) => loss.values(f, values(y), Some(values(w))),
        Targets::Classes(c) => {
            let c: Vec<i64> = c.iter().map(|c| i64::from(*c)).collect();
            Loss::classes(
                f,
                Tensor::<1, Int>::from_data(TensorData::new(c, [n]), &device),
            )
        }
    };
    let number = numbers(value.clone().inner()).unwrap()[0];
    let gradients = value.backward();
    let mut all = Vec::new();
    // In the order of the flat list.
    struct Collect<'a>(&'a burn::tensor::Gradients, &'a mut Vec<(String, Vec<f64>)>);
    impl burn::module::ModuleVisitor for Collect<'_> {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            let gradient = param.val().grad(self.0).unwrap();
            self.1.push((String::new(), numbers(gradient).unwrap()));
        }
    }
    module.visit(&mut Collect(&gradients, &mut all));
    // Visited: the embedding, all weights, all biases.
    let embedded = usize::from(net.embedding.is_some());
    let layers = net.layers();
    let mut flat = Vec::new();
    for (_, g) in &all[..embedded] {
        flat.extend(g);
    }
    for l in 0..layers {
        flat.extend(&all[embedded + l].1);
        if net.bias {
            flat.extend(&all[embedded + layers + l].1);
        }
    }
    (number, flat)
}

fn agree<T: DeviceReal + ActivationReal>(tolerance: f64) {
    // Sizes below, at and beyond what one chunk and one group hold.
    for n in [1, 7, 64, 65, 300, 2100] {
        for (name, net, loss, examples) in cases::<T>(n) {
            let params = net.init(Seed(1)).unwrap();
            let rounded: Vec<f64> = params.iter().map(|p| T::from_f64(*p).to_f64()).collect();
            let mut own =
                MlpTrainer::<T>::with_params(&net, loss, Sgd::new(0.1), &rounded).unwrap();
            let (value, gradient) = own.gradient(&examples).unwrap();
            let gradient: Vec<f64> = gradient.iter().map(|g| g.to_f64()).collect();
            let (theirs, right) = autodiff(&net, loss, &rounded, &examples);
            assert!(
                (value - theirs).abs() <= tolerance * theirs.abs(),
                "{name} {n}: {value} {theirs}"
            );
            let scale = largest(&right);
            let worst = gradient
                .iter()
                .zip(&right)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f64::max);
            assert!(worst <= tolerance * scale, "{name} {n}: {worst} of {scale}");
            let evaluated = own.evaluate(&examples).unwrap();
            assert!(
                (evaluated.loss - value).abs() <= tolerance * value.abs(),
                "{name}"
            );
        }
    }
}

#[test]
fn by_hand_equals_autodiff_in_f64() {
    agree::<f64>(2e-13);
}

#[test]
fn by_hand_equals_autodiff_in_f32() {
    agree::<f32>(2e-5);
}

#[test]
fn by_hand_equals_differences() {
    for (name, net, loss, examples) in cases::<f64>(40) {
        let params = net.init(Seed(2)).unwrap();
        let mut own = MlpTrainer::<f64>::with_params(&net, loss, Sgd::new(0.1), &params).unwrap();
        let gradient = own.gradient(&examples).unwrap().1.to_vec();
        let scale = largest(&gradient);
        let h = 1e-5;
        for i in (0..params.len()).step_by(3) {
            let at = |d: f64| {
                let mut moved = params.clone();
                moved[i] += d;
                let mut net =
                    MlpTrainer::<f64>::with_params(&net, loss, Sgd::new(0.1), &moved).unwrap();
                net.evaluate(&examples).unwrap().loss
            };
            let right = (at(h) - at(-h)) / (2.0 * h);
            assert!(
                (gradient[i] - right).abs() < 1e-6 * scale,
                "{name} {i}: {} {right}",
                gradient[i]
            );
        }
    }
}

#[test]
fn members_of_an_ensemble_do_not_see_each_other() {
    let net = Mlp::new([3, 9, 2]).with_activation(Activation::Tanh);
    let device = DeviceKind::from_env().unwrap().device().unwrap();
    let members: Vec<Vec<f64>> = (0..4).map(|s| net.init(Seed(s)).unwrap()).collect();
    let x = normal::<f64>("x", 20, 3);
    let list: Vec<f64> = x.iter().copied().collect();
    let x_tensor = tensor::<f64, 3>(&list, [1, 20, 3], &device);
    let all = MlpModule::new::<f64>(&net, &members, &device).unwrap();
    let together = numbers(all.forward(x_tensor.clone())).unwrap();
    let features = numbers(all.features(x_tensor)).unwrap();
    assert_eq!(all.members().unwrap(), members);
    for (s, member) in members.iter().enumerate() {
        let mut one =
            MlpTrainer::<f64>::with_params(&net, Loss::Mse, Sgd::new(0.1), member).unwrap();
        let inputs = Inputs::Dense(x.clone());
        let alone = one.outputs(&inputs).unwrap();
        for (a, b) in alone.iter().zip(&together[s * 40..]) {
            assert!((a - b).abs() < 1e-14, "{s}: {a} {b}");
        }
        let alone = one.features(&inputs).unwrap();
        for (a, b) in alone.iter().zip(&features[s * 180..]) {
            assert!((a - b).abs() < 1e-14, "{s}: {a} {b}");
        }
    }
}

#[test]
fn modules_equal_separate_networks() {
    // Two networks [1, 4, 1] side by side, against one of two modules.
    let joint = Mlp::new([2, 8, 2])
        .with_modules(2)
        .with_activation(Activation::Silu);
    let params = joint.init(Seed(3)).unwrap();
    let x = normal::<f64>("x", 30, 2);
    let y = normal::<f64>("y", 30, 2);
    let examples = Examples::new(x.clone(), y.clone()).unwrap();
    let mut net =
        MlpTrainer::<f64>::with_params(&joint, Loss::Mse, Adam::new(0.01), &params).unwrap();
    let (w1, b1) = net.layer(0).unwrap();
    let (w2, b2) = net.layer(1).unwrap();
    let (b1, b2) = (b1.unwrap(), b2.unwrap());
    let mut apart: Vec<_> = (0..2)
        .map(|m| {
            let mut p: Vec<f64> = (0..4).map(|j| w1[[m, 4 * m + j]]).collect();
            p.extend(&b1[4 * m..4 * m + 4]);
            p.extend((0..4).map(|j| w2[[4 * m + j, m]]));
            p.push(b2[m]);
            let one = Mlp::new([1, 4, 1]).with_activation(Activation::Silu);
            MlpTrainer::<f64>::with_params(&one, Loss::HalfSquares, Adam::new(0.01), &p).unwrap()
        })
        .collect();
    for _ in 0..50 {
        net.step(&examples).unwrap();
    }
    let together = net.outputs(&examples.inputs).unwrap();
    for (m, one) in apart.iter_mut().enumerate() {
        let column = |a: &Array2<f64>| a.column(m).to_owned().insert_axis(ndarray::Axis(1));
        let own = Examples::new(column(&x), column(&y)).unwrap();
        for _ in 0..50 {
            one.step(&own).unwrap();
        }
        let alone = one.outputs(&own.inputs).unwrap();
        for i in 0..30 {
            assert!((alone[[i, 0]] - together[[i, m]]).abs() < 1e-9);
        }
    }
}

#[test]
fn only_the_last_layer_moves_when_asked() {
    let net = Mlp::new([3, 5, 4, 2]);
    let examples = Examples::new(normal::<f32>("x", 90, 3), normal::<f32>("y", 90, 2)).unwrap();
    let fresh = || MlpTrainer::<f32>::new(&net, Loss::Mse, Adam::new(0.01), Seed(0)).unwrap();
    let (mut whole, mut last) = (fresh(), fresh().last_layer_only());
    let before = last.params().to_vec();
    let features = last.features(&examples.inputs).unwrap();
    // The first step of the last layer is the same.
    whole.step(&examples).unwrap();
    last.step(&examples).unwrap();
    let own = 4 * 2 + 2;
    let n = net.len();
    assert_eq!(whole.params()[n - own..], last.params()[n - own..]);
    for _ in 0..20 {
        last.step(&examples).unwrap();
    }
    assert_eq!(last.params()[..n - own], before[..n - own]);
    assert_ne!(last.params()[n - own..], before[n - own..]);
    assert_eq!(last.features(&examples.inputs).unwrap(), features);
}

#[test]
fn batches_are_permutations_and_a_predicate_stops() {
    let x = Array2::from_shape_fn((10, 1), |(i, _)| i as f64);
    let examples = Examples::new(x.clone(), x).unwrap();
    let net = Mlp::new([1, 1]);
    let batches = Batches::Epochs {
        examples: &examples,
        size: 4,
        seed: Seed(0),
    };
    assert_eq!(batches.steps(), 3);
    let run = |from: usize, to: usize, params: Option<&[f64]>| {
        let mut net = match params {
            None => MlpTrainer::<f64>::new(&net, Loss::Mse, Sgd::new(1e-3), Seed(0)).unwrap(),
            Some(p) => MlpTrainer::<f64>::with_params(&net, Loss::Mse, Sgd::new(1e-3), p).unwrap(),
        };
        let every = Schedule::Every { steps: 1 };
        let curve = net
            .train(to - from, batches, &every, |_, _| {
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        (net.params().to_vec(), curve)
    };
    let (_, curve) = run(0, 12, None);
    assert_eq!(curve.steps, (0..12).collect::<Vec<_>>());
    assert_eq!(curve.stopped, None);
    let mut net = MlpTrainer::<f64>::new(&net, Loss::Mse, Sgd::new(1e-2), Seed(0)).unwrap();
    let every = Schedule::Every { steps: 5 };
    let curve = net
        .train(1000, Batches::Full(&examples), &every, |net, _| {
            let done = net.evaluate(&examples)?.loss < 1e-3;
            Ok(if done {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })
        .unwrap();
    assert_eq!(curve.stopped, Some(net.steps()));
    assert!(net.steps() < 1000 && net.steps().is_multiple_of(5));
}

#[test]
fn bad_examples_are_refused_by_name_and_divergence_has_its_step() {
    let net = Mlp::new([3, 4, 2]);
    let mut own = MlpTrainer::<f64>::new(&net, Loss::CrossEntropy, Sgd::new(0.1), Seed(0)).unwrap();
    let mut refused = |inputs: Inputs<f64>, targets: Targets<f64>, part: &str| {
        let message = own
            .step(&Examples { inputs, targets })
            .unwrap_err()
            .to_string();
        assert!(message.contains(part), "{message}");
    };
    let x = || normal::<f64>("x", 5, 3);
    refused(
        normal::<f64>("x", 5, 4).into(),
        classes(5, 2).into(),
        "inputs of an example = 4",
    );
    refused(x().into(), vec![0, 1, 2, 0, 1].into(), "class = 2");
    refused(
        x().into(),
        normal::<f64>("y", 5, 2).into(),
        "targets = values",
    );
    refused(
        x().reversed_axes().as_standard_layout().into_owned().into(),
        classes(3, 2).into(),
        "inputs of an example = 5",
    );
    refused(
        normal::<f64>("x", 3, 5).reversed_axes().into(),
        classes(5, 2).into(),
        "standard layout",
    );
    refused(
        Inputs::Tokens(Array2::zeros((5, 1))),
        classes(5, 2).into(),
        "tokens",
    );
    refused(
        normal::<f64>("x", 0, 3).into(),
        vec![].into(),
        "examples = 0",
    );
    let control = Inputs::Controlled {
        control: vec![2; 5],
        controls: 2,
        rest: normal("x", 5, 1),
    };
    refused(control, classes(5, 2).into(), "control = 2");
    assert!(
        Examples::new(x(), classes(4, 2))
            .unwrap_err()
            .to_string()
            .contains("targets.len() = 4")
    );

    let examples = Examples::new(x(), normal::<f64>("y", 5, 2)).unwrap();
    let large = Batches::Epochs {
        examples: &examples,
        size: 6,
        seed: Seed(0),
    };
    let mut own = MlpTrainer::<f64>::new(&net, Loss::Mse, Sgd::new(1e200), Seed(0)).unwrap();
    let every = Schedule::Every { steps: 1 };
    let go = |_: &mut MlpTrainer<f64>, _| Ok(ControlFlow::Continue(()));
    let message = own.train(1, large, &every, go).unwrap_err().to_string();
    assert!(message.contains("batch size = 6"), "{message}");
    let error = own
        .train(50, Batches::Full(&examples), &every, go)
        .unwrap_err();
    match error {
        Error::Diverged { step, .. } => assert_eq!(step, own.steps()),
        other => panic!("{other}"),
    }
    let mut tokens = MlpTrainer::<f64>::new(
        &Mlp::new([4, 2]).with_embedding(3, 2),
        Loss::CrossEntropy,
        Sgd::new(0.1),
        Seed(0),
    )
    .unwrap();
    let wrong = Examples {
        inputs: Inputs::Tokens(ndarray::array![[0, 3]]),
        targets: Targets::Classes(vec![0]),
    };
    assert!(
        tokens
            .step(&wrong)
            .unwrap_err()
            .to_string()
            .contains("token = 3")
    );
}
