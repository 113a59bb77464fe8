//! Networks on burn devices: beside PyTorch from the same weights, and taken up again from checkpoints.

use ndarray::Array2;
use scurve::device::DeviceKind;
use scurve::error::Error;
use scurve::model::network::{
    Architecture, Cnn, Examples, Inputs, Loss, Mlp, MlpTrainer, ModuleTrainer, ResNet, Transformer,
    Vgg,
};
use scurve::optimizer::{Adam, Sgd};
use scurve::seed::Seed;

const TRACES: &str = include_str!("../../traces/network_traces.csv");
const N: usize = 50;

/// The device that is asked for and the one in pure Rust.
fn devices() -> Vec<DeviceKind> {
    let mut kinds = vec![DeviceKind::Flex, DeviceKind::from_env().unwrap()];
    kinds.dedup();
    kinds
}

fn values(n: usize, salt: f64) -> impl Iterator<Item = f64> {
    (0..n).map(move |i| (1.7 * i as f64 + salt).sin() / 2.0)
}

fn images(classes: u32) -> Examples<f32> {
    let x: Vec<f32> = values(N * 64, 100.0).map(|x| 2.0 * x as f32).collect();
    let x = Array2::from_shape_vec((N, 64), x).unwrap();
    let y: Vec<u32> = (0..N as u32).map(|i| i * 7 % classes).collect();
    Examples::new(x, y).unwrap()
}

fn sentences() -> Examples<f32> {
    let x = Array2::from_shape_fn((N, 3), |(i, j)| ((5 * i + 3 * j + i * j) % 7) as u32);
    let y: Vec<u32> = (0..N as u32).map(|i| i * 7 % 5).collect();
    Examples::new(Inputs::Tokens(x), y).unwrap()
}

fn small_cnn(batch_norm: bool) -> Cnn {
    Cnn {
        image: [1, 8, 8],
        channels: vec![3, 4],
        width: 10,
        outputs: 3,
        batch_norm,
        ..Cnn::mnist()
    }
}

fn small_transformer() -> Transformer {
    Transformer {
        width: 8,
        heads: 2,
        expansion: 2,
        ..Transformer::new(7, 3, 5)
    }
}

fn trainer<N: Architecture>(net: &N, kind: DeviceKind) -> ModuleTrainer<N> {
    let device = kind.device().unwrap();
    ModuleTrainer::new(net, Loss::CrossEntropy, Adam::new(1e-3), Seed(0), &device).unwrap()
}

/// 100 steps from the weights of make_network_traces.py; `sizes` of the parameters, in order.
fn follow<N: Architecture>(name: &str, net: &N, sizes: &[usize], examples: &Examples<f32>) {
    let params: Vec<f32> = sizes
        .iter()
        .enumerate()
        .flat_map(|(k, n)| values(*n, k as f64).map(|x| x as f32))
        .collect();
    for kind in devices() {
        let mut own = trainer(net, kind).with_params(&params).unwrap();
        let mut seen = 0;
        for line in TRACES.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            if cells[0] != name {
                continue;
            }
            let (step, right): (usize, f64) =
                (cells[1].parse().unwrap(), cells[2].parse().unwrap());
            while own.steps() < step {
                own.step(examples).unwrap();
            }
            // The step's own loss, by the statistics of the batch.
            let loss = own.clone().step(examples).unwrap();
            assert!(
                (loss - right).abs() <= 1e-5 * right,
                "{name} on {}, step {step}: {loss} {right}",
                kind.name()
            );
            seen += 1;
        }
        assert_eq!(seen, 11, "{name}");
    }
}

#[test]
fn hundred_steps_of_convolutions_are_pytorchs() {
    let dense = [160, 10, 30, 3];
    let plain = [&[27, 3, 108, 4], &dense[..]].concat();
    follow("cnn", &small_cnn(false), &plain, &images(3));
    let norm = [&[27, 3, 3, 3, 3, 108, 4, 4, 4, 4], &dense[..]].concat();
    follow("cnn_norm", &small_cnn(true), &norm, &images(3));
}

/// Numbers of a convolution with normalisation: a kernel, scale, shift, and two places for running statistics.
fn normalised(before: usize, channels: usize, side: usize) -> Vec<usize> {
    [vec![channels * before * side * side], vec![channels; 4]].concat()
}

#[test]
fn hundred_steps_of_a_residual_network_are_pytorchs() {
    let net = ResNet {
        width: 2,
        blocks: vec![1, 1],
        ..ResNet::resnet18([1, 8, 8], 3)
    };
    let first = [
        normalised(1, 2, 3),
        normalised(2, 2, 3),
        normalised(2, 2, 3),
    ]
    .concat();
    let second = [
        normalised(2, 4, 3),
        normalised(4, 4, 3),
        normalised(2, 4, 1),
    ]
    .concat();
    let sizes = [first, second, vec![12, 3]].concat();
    follow("resnet", &net, &sizes, &images(3));
}

#[test]
fn hundred_steps_of_a_vgg_network_are_pytorchs() {
    for (name, batch_norm) in [("vgg", false), ("vgg_norm", true)] {
        let net = Vgg {
            width: 2,
            depths: vec![1, 2],
            batch_norm,
            ..Vgg::vgg16([1, 8, 8], 3)
        };
        let more = |channels| vec![channels; if batch_norm { 5 } else { 1 }];
        let sizes = [
            vec![18],
            more(2),
            vec![72],
            more(4),
            vec![144],
            more(4),
            vec![48, 3],
        ]
        .concat();
        follow(name, &net, &sizes, &images(3));
    }
}

#[test]
fn hundred_steps_of_a_transformer_are_pytorchs() {
    let block = [8, 8, 64, 8, 128, 16, 64, 8, 8, 8, 128, 16, 128, 8];
    let sizes = [&[56, 24], &block[..], &block[..], &[8, 8, 40, 5]].concat();
    follow("transformer", &small_transformer(), &sizes, &sentences());
}

#[test]
fn a_perceptron_on_a_device_follows_the_one_on_the_host() {
    let net = Mlp::new([64, 12, 3]);
    let examples = images(3);
    let start = || MlpTrainer::<f32>::new(&net, Loss::CrossEntropy, Adam::new(1e-3), Seed(0));
    for kind in devices() {
        let mut own = trainer(&net, kind);
        let mut host = start().unwrap();
        for _ in 0..20 {
            let (a, b) = (own.step(&examples).unwrap(), host.step(&examples).unwrap());
            assert!((a - b).abs() < 1e-5 * b, "{}: {a} {b}", kind.name());
        }
        assert_eq!(own.last_layer().unwrap().0.dim(), (12, 3));
    }
}

/// Ten steps at once, and five with a checkpoint between: the same bits.
fn taken_up<N: Architecture>(net: &N, examples: &Examples<f32>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/net.safetensors");
    for kind in devices() {
        let mut whole = trainer(net, kind);
        for step in 0..10 {
            if step == 5 {
                whole.save(&path).unwrap();
            }
            whole.step(examples).unwrap();
        }
        let mut part = trainer(net, kind);
        part.restore(&path).unwrap();
        assert_eq!(part.steps(), 5);
        for _ in 5..10 {
            part.step(examples).unwrap();
        }
        let bits = |t: &ModuleTrainer<N>| -> Vec<u32> {
            let params = t.params().unwrap();
            params.iter().map(|p| p.to_bits()).collect()
        };
        assert!(bits(&whole) == bits(&part), "{}", kind.name());
        assert_eq!(
            whole.outputs(&examples.inputs).unwrap(),
            part.outputs(&examples.inputs).unwrap()
        );
    }
}

#[test]
fn a_run_from_a_checkpoint_has_the_bits_of_an_uninterrupted_one() {
    taken_up(&small_cnn(true), &images(3));
    taken_up(&small_transformer(), &sentences());
    taken_up(&Mlp::new([64, 8, 3]), &images(3));
}

#[test]
fn checkpoints_of_something_else_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let mut own = trainer(&small_cnn(false), DeviceKind::Flex);
    own.save(&path).unwrap();
    let refused = |error: Error, part: &str| {
        let message = error.to_string();
        assert!(message.contains(part), "{message}");
    };
    let mut other = trainer(&small_cnn(true), DeviceKind::Flex);
    refused(other.restore(&path).unwrap_err(), "architecture of");
    let mut other = trainer(&small_transformer(), DeviceKind::Flex);
    refused(other.restore(&path).unwrap_err(), "kind of");
    let device = DeviceKind::Flex.device().unwrap();
    let mut other = ModuleTrainer::new(
        &small_cnn(false),
        Loss::CrossEntropy,
        Sgd::new(1e-3),
        Seed(0),
        &device,
    )
    .unwrap();
    refused(other.restore(&path).unwrap_err(), "optimizer of");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    refused(own.restore(&path).unwrap_err(), "no safetensors file");
    let missing = folder.path().join("none.safetensors");
    refused(own.restore(&missing).unwrap_err(), "none.safetensors");
}

#[test]
fn a_loss_that_is_no_number_names_its_step_and_the_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("good.safetensors");
    let examples = images(3);
    let mut poisoned = examples.clone();
    if let Inputs::Dense(x) = &mut poisoned.inputs {
        x[[0, 0]] = f32::NAN;
    }
    let told = |error: Error| {
        let message = error.to_string();
        assert!(
            message.contains("good.safetensors, before step 1") && message.contains("at step 2"),
            "{message}"
        );
    };
    let mut own = trainer(&small_cnn(false), DeviceKind::Flex);
    let mut host = MlpTrainer::<f32>::new(
        &Mlp::new([64, 8, 3]),
        Loss::CrossEntropy,
        Adam::new(1e-3),
        Seed(0),
    )
    .unwrap();
    own.step(&examples).unwrap();
    own.save(&path).unwrap();
    own.step(&examples).unwrap();
    told(own.step(&poisoned).unwrap_err());
    host.step(&examples).unwrap();
    host.save(&path).unwrap();
    host.step(&examples).unwrap();
    told(host.step(&poisoned).unwrap_err());
    assert_eq!(host.steps(), 2);
}

#[test]
fn only_the_last_layer_moves_when_asked() {
    let examples = images(3);
    for kind in devices() {
        let mut own = trainer(&small_cnn(false), kind).last_layer_only();
        let (features, last) = (own.features(&examples.inputs).unwrap(), own.last_layer());
        for _ in 0..5 {
            own.step(&examples).unwrap();
        }
        assert_eq!(own.features(&examples.inputs).unwrap(), features);
        assert_ne!(own.last_layer().unwrap(), last.unwrap());
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let refused = |error: Error, part: &str| {
        let message = error.to_string();
        assert!(message.contains(part), "{message}");
    };
    let device = DeviceKind::Flex.device().unwrap();
    let cnn = |net: Cnn| net.module(Seed(0), &device).map(|_| ()).unwrap_err();
    let base = small_cnn(false);
    refused(
        cnn(Cnn {
            kernel: 2,
            ..base.clone()
        }),
        "kernel = 2",
    );
    refused(
        cnn(Cnn {
            channels: vec![1; 4],
            ..base.clone()
        }),
        "channels.len() = 4",
    );
    refused(
        cnn(Cnn {
            channels: vec![3, 0],
            ..base.clone()
        }),
        "channels[1] = 0",
    );
    refused(
        cnn(Cnn {
            width: 0,
            ..base.clone()
        }),
        "width = 0",
    );
    let net = Transformer {
        heads: 3,
        ..small_transformer()
    };
    refused(
        net.module(Seed(0), &device).map(|_| ()).unwrap_err(),
        "heads = 3",
    );
    let mut own = trainer(&base, DeviceKind::Flex);
    refused(
        own.step(&sentences()).unwrap_err(),
        "inputs = control bits or tokens",
    );
    let mut own = trainer(&small_transformer(), DeviceKind::Flex);
    refused(own.step(&images(3)).unwrap_err(), "inputs = numbers");
    let wide = Inputs::Tokens(Array2::from_elem((2, 3), 7));
    refused(own.features(&wide).unwrap_err(), "token = 7");
    let own = trainer(&base, DeviceKind::Flex);
    refused(own.with_params(&[0.0]).unwrap_err(), "params.len() = 1");
}
