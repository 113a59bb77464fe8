//! Networks: time of a step, its share of what the machine multiplies, and the ratio to PyTorch in the same run.
//!
//! `cargo bench --bench network`. The ratios need a Python with torch, named by `SCURVE_TORCH_PYTHON`; without it only the
//! crate's own times are measured.

mod peer;

use criterion::Criterion;
use ndarray::Array2;
use rayon::prelude::*;
use scurve::device::DeviceKind;
use scurve::model::network::{
    Activation, Cnn, Examples, Gpt, GptTrainer, GptTraining, Inputs, Loss, Mlp, MlpTrainer,
    ModuleTrainer, ResNet, Targets,
};
use scurve::optimizer::{Adam, AdamW, Optimizer, Sgd};
use scurve::seed::Seed;
use scurve::task::tokens::Blocks;
use std::time::Duration;

/// Networks of the same size that are trained side by side.
const TOGETHER: u64 = 8;

/// One comparison.
struct Case {
    name: &'static str,
    what: &'static str,
    /// Steps that are timed together.
    steps: usize,
    /// The ratio to PyTorch that the project promises.
    promised: f64,
    /// Multiplications and additions of a step, in 10⁹.
    work: f64,
}

const CASES: [Case; 10] = [
    Case {
        name: "domino",
        what: "parities, 32-50-2, 10,000 strings, f64",
        steps: 50,
        promised: 2.0,
        work: 10_000.0 * (4.0 * 32.0 * 50.0 + 6.0 * 50.0 * 2.0) / 1e9,
    },
    Case {
        name: "parity",
        what: "multitask parity, 600-300-2, batch 20,000, f32",
        steps: 10,
        promised: 3.0,
        work: 20_000.0 * (4.0 * 100.0 * 300.0 + 6.0 * 300.0 * 2.0) / 1e9,
    },
    Case {
        name: "emergence",
        what: "emergence, 37-1000-1, batch 4000, f32",
        steps: 50,
        promised: 1.3,
        work: 4000.0 * (4.0 * 32.0 * 1000.0 + 6.0 * 1000.0) / 1e9,
    },
    Case {
        name: "grokking",
        what: "grokking, 59 tokens, 256-100-100-59, 2785 pairs, f64",
        steps: 30,
        promised: 1.5,
        work: 2785.0 * 6.0 * (100.0 * 100.0 + 100.0 * 59.0) / 1e9,
    },
    Case {
        name: "squares",
        what: "squares, 2-100-100-2, 1000 samples, f64, a seed of eight side by side",
        steps: 50,
        promised: 3.0,
        work: 1000.0 * (4.0 * 200.0 + 6.0 * (10_000.0 + 200.0)) / 1e9,
    },
    Case {
        name: "convolution",
        what: "MNIST net of two convolutions, batch 128, f32, LibTorch",
        steps: 10,
        promised: 1.0,
        work: 128.0 * CONVOLUTION / 1e9,
    },
    Case {
        name: "batch_norm",
        what: "the same with batch normalisation",
        steps: 10,
        promised: 1.0,
        work: 128.0 * CONVOLUTION / 1e9,
    },
    Case {
        name: "resnet18",
        what: "ResNet18 on 3 x 32 x 32 images, batch 128, SGD, f32, LibTorch",
        steps: 1,
        promised: 1.0,
        // 0.557 Gflop multiply-adds of an image forward; backward twice that.
        work: 128.0 * 6.0 * 0.5557e9 / 1e9,
    },
    Case {
        name: "gpt",
        what: "GPT on bytes, 4 layers of width 128, 16 blocks of 128, AdamW, f32, LibTorch",
        steps: 10,
        promised: 1.0,
        work: 16.0
            * 128.0
            * 6.0
            * (4.0 * 12.0 * 128.0 * 128.0 + 256.0 * 128.0 + 4.0 * 128.0 * 128.0)
            / 1e9,
    },
    Case {
        name: "gpt2",
        what: "GPT-2 small, one block of 512, AdamW, f32, LibTorch",
        steps: 1,
        promised: 1.0,
        work: 512.0 * 6.0 * (12.0 * 12.0 * 768.0 * 768.0 + 50_257.0 * 768.0 + 12.0 * 768.0 * 512.0)
            / 1e9,
    },
];

/// Of one image: forward and the gradient by weights everywhere, by inputs in all layers but the first.
const CONVOLUTION: f64 =
    4.0 * 784.0 * 9.0 * 32.0 + 6.0 * (196.0 * 288.0 * 64.0 + 3136.0 * 1024.0 + 1024.0 * 10.0);

fn ones(rows: usize, columns: usize) -> Array2<f64> {
    let normal = Seed(1).normal("data", rows, columns);
    normal.mapv(|z| f64::from(u8::from(z > 0.0)))
}

fn classes(rows: usize, count: usize) -> Vec<u32> {
    (0..rows).map(|i| (i * 7 % count) as u32).collect()
}

fn controlled(controls: usize, bits: usize, batch: usize) -> Inputs<f32> {
    Inputs::Controlled {
        control: classes(batch, controls),
        controls,
        rest: ones(batch, bits).mapv(|x| x as f32),
    }
}

/// A step of a case, ready to be made again and again.
fn step(case: &str) -> Box<dyn FnMut()> {
    match case {
        "domino" => {
            let weights = Array2::from_shape_fn((10_000, 2), |(i, k)| {
                f64::from(u8::from(k == 0 || i >= 9000))
            });
            let targets = Targets::Weighted(ones(10_000, 2), weights);
            let examples = Examples::new(ones(10_000, 32), targets).expect("examples");
            host::<f64>(Mlp::new([32, 50, 2]), Loss::Mse, Adam::new(1e-3), examples)
        }
        "parity" => {
            let examples = Examples::new(controlled(500, 100, 20_000), classes(20_000, 2));
            let adam = AdamW::new(1e-3).weight_decay(0.0);
            let net = Mlp::new([600, 300, 2]);
            host::<f32>(net, Loss::CrossEntropy, adam, examples.expect("examples"))
        }
        "emergence" => {
            let y = ones(4000, 1).mapv(|y| y as f32);
            let examples = Examples::new(controlled(5, 32, 4000), y).expect("examples");
            host::<f32>(Mlp::new([37, 1000, 1]), Loss::Mse, Sgd::new(0.05), examples)
        }
        "grokking" => {
            let pairs = Array2::from_shape_fn((2785, 2), |(i, j)| ((i * (j + 3)) % 59) as u32);
            let examples = Examples::new(Inputs::Tokens(pairs), classes(2785, 59));
            let net = Mlp::new([256, 100, 100, 59])
                .with_activation(Activation::Silu)
                .with_embedding(59, 128);
            let adam = AdamW::new(1e-2).weight_decay(0.03);
            host::<f64>(net, Loss::CrossEntropy, adam, examples.expect("examples"))
        }
        "squares" => side_by_side(),
        "resnet18" => resnet18(),
        "gpt" => gpt(&Gpt::bytes(4, 128, 128), 16),
        "gpt2" => gpt(
            &Gpt {
                block: 512,
                ..Gpt::gpt2_small()
            },
            1,
        ),
        norm => convolution(norm == "batch_norm"),
    }
}

fn host<T: scurve::model::network::ActivationReal>(
    net: Mlp,
    loss: Loss,
    optimizer: impl Into<Optimizer>,
    examples: Examples<T>,
) -> Box<dyn FnMut()> {
    let mut trainer = MlpTrainer::<T>::new(&net, loss, optimizer, Seed(0)).expect("a network");
    Box::new(move || {
        trainer.step(&examples).expect("a step");
    })
}

/// A step of each of eight seeds.
fn side_by_side() -> Box<dyn FnMut()> {
    let net = Mlp::new([2, 100, 100, 2]).with_activation(Activation::Silu);
    let x = Seed(1).normal("data", 1000, 2);
    let y = x.mapv(|x| x * x);
    let examples = Examples::new(x, y).expect("examples");
    let start = |seed| MlpTrainer::<f64>::new(&net, Loss::Mse, Adam::new(5e-4), Seed(seed));
    let all: Result<Vec<_>, _> = (0..TOGETHER).map(start).collect();
    let mut all = all.expect("networks");
    Box::new(move || {
        all.par_iter_mut().for_each(|net| {
            net.step(&examples).expect("a step");
        });
    })
}

fn resnet18() -> Box<dyn FnMut()> {
    let net = ResNet::resnet18([3, 32, 32], 10);
    let device = DeviceKind::BUILT[0].device().expect("a device");
    let images = ones(128, 3 * 1024).mapv(|x| x as f32);
    let examples = Examples::new(images, classes(128, 10)).expect("examples");
    let rule = Sgd {
        momentum: 0.9,
        weight_decay: 1e-3,
        ..Sgd::new(0.05)
    };
    let trainer = ModuleTrainer::new(&net, Loss::CrossEntropy, rule, Seed(0), &device);
    let mut trainer = trainer.expect("a network");
    Box::new(move || {
        trainer.step(&examples).expect("a step");
    })
}

fn gpt(net: &Gpt, blocks: usize) -> Box<dyn FnMut()> {
    let device = DeviceKind::BUILT[0].device().expect("a device");
    let training = GptTraining::default();
    let mut trainer = GptTrainer::new(net, &training, Seed(0), &device).expect("a network");
    let rows = Array2::from_shape_fn((blocks, net.block + 1), |(i, j)| {
        ((7919 * (i * net.block + j)) % net.vocabulary) as u16
    });
    let batch = [Blocks::new(rows).expect("blocks")];
    Box::new(move || {
        trainer.step(&batch).expect("a step");
    })
}

fn convolution(batch_norm: bool) -> Box<dyn FnMut()> {
    let net = Cnn {
        batch_norm,
        ..Cnn::mnist()
    };
    let device = DeviceKind::BUILT[0].device().expect("a device");
    let images = ones(128, 784).mapv(|x| x as f32);
    let examples = Examples::new(images, classes(128, 10)).expect("examples");
    let adam = Adam::new(1e-3);
    let trainer = ModuleTrainer::new(&net, Loss::CrossEntropy, adam, Seed(0), &device);
    let mut trainer = trainer.expect("a network");
    Box::new(move || {
        trainer.step(&examples).expect("a step");
    })
}

fn models(c: &mut Criterion) {
    let mut group = c.benchmark_group("a step of a network");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    for case in CASES {
        let mut step = step(case.name);
        group.bench_function(case.what, |b| b.iter(&mut step));
    }
    group.finish();
}

fn comparison(python: &str) {
    let threads = rayon::current_num_threads();
    println!("\na step beside PyTorch, {threads} threads");
    for case in CASES {
        let mut step = step(case.name);
        step();
        let each = if case.name == "squares" {
            TOGETHER as f64
        } else {
            1.0
        };
        let ours = peer::fastest(5, || (0..case.steps).for_each(|_| step()));
        let ours = ours / case.steps as f64 / each;
        let arguments = [
            case.name.to_owned(),
            threads.to_string(),
            case.steps.to_string(),
            "5".to_owned(),
        ];
        match peer::answer(python, "network.py", &arguments, &[]) {
            Err(why) => println!("{}: {why}", case.what),
            Ok(answer) => {
                let theirs = peer::least(&answer, "seconds");
                println!(
                    "{}: {:.3} ms ({:.0} Gflop/s), PyTorch {:.3} ms: {:.2} × (promised {})",
                    case.what,
                    1e3 * ours,
                    case.work / ours,
                    1e3 * theirs,
                    theirs / ours,
                    case.promised
                );
            }
        }
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
    if let Some(python) = peer::python() {
        comparison(&python);
    }
}
