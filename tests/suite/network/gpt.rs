//! GPTs: beside PyTorch from the same weights (tests/traces/make_gpt_traces.py), taken up again from checkpoints, texts and token files, bad input.

use ndarray::Array2;
use scurve::device::DeviceKind;
use scurve::error::Error;
use scurve::model::network::{Gpt, GptTrainer, GptTraining, TokenWeight};
use scurve::seed::Seed;
use scurve::task::tokens::{Blocks, Tokens, Vocabulary, prepare};
use std::path::PathBuf;

const TRACES: &str = include_str!("../../traces/gpt_traces.csv");
const ROWS: usize = 4;

fn devices() -> Vec<DeviceKind> {
    let mut kinds = vec![DeviceKind::Flex, DeviceKind::from_env().unwrap()];
    kinds.dedup();
    kinds
}

fn trace(case: &str) -> Vec<f64> {
    let cells = TRACES
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect::<Vec<_>>());
    let own = cells.filter(|cells| cells[0] == case);
    own.map(|cells| cells[2].parse().unwrap()).collect()
}

fn small(tied: bool) -> Gpt {
    Gpt {
        vocabulary: 11,
        block: 6,
        layers: 2,
        heads: 2,
        width: 8,
        tied,
        std: 0.02,
    }
}

fn training(weight: TokenWeight) -> GptTraining {
    GptTraining {
        steps: 12,
        warmup: 3,
        rate: 1e-2,
        floor: 1e-3,
        weight,
        weighted_steps: 6,
        ..GptTraining::default()
    }
}

/// The parameters of the fixture: lengths in the order of `params`, and which are scales of normalisations.
fn fixed(net: &Gpt) -> Vec<f32> {
    let p = net.width;
    let mut lengths = vec![(net.vocabulary * p, 0.0), (net.block * p, 0.0)];
    for _ in 0..net.layers {
        for (weight, bias) in [
            (0, p),
            (3 * p * p, 3 * p),
            (p * p, p),
            (0, p),
            (4 * p * p, 4 * p),
            (4 * p * p, p),
        ] {
            lengths.push(if weight == 0 { (p, 1.0) } else { (weight, 0.0) });
            lengths.push((bias, 0.0));
        }
    }
    lengths.extend([(p, 1.0), (p, 0.0)]);
    if !net.tied {
        lengths.push((net.vocabulary * p, 0.0));
    }
    let tensors = lengths.into_iter().enumerate();
    let numbers = tensors.flat_map(|(salt, (len, more))| {
        (0..len).map(move |i| ((1.7 * i as f64 + salt as f64).sin() / 2.0 + more) as f32)
    });
    numbers.collect()
}

fn blocks(step: usize) -> Array2<u16> {
    Array2::from_shape_fn((ROWS, 7), |(i, j)| {
        ((5 * i + 3 * j + i * j + 2 * step) % 11) as u16
    })
}

fn parts(step: usize) -> [Blocks; 2] {
    let all = Blocks::new(blocks(step)).unwrap();
    [all.part(0, 2), all.part(2, 4)]
}

fn trainer(net: &Gpt, weight: TokenWeight, kind: DeviceKind) -> GptTrainer {
    let device = kind.device().unwrap();
    let trainer = GptTrainer::new(net, &training(weight), Seed(0), &device).unwrap();
    trainer.with_params(&fixed(net)).unwrap()
}

#[test]
fn logits_and_steps_are_pytorchs() {
    for kind in devices() {
        for (case, tied, weight) in [
            ("uniform", true, TokenWeight::Uniform),
            ("loss", true, TokenWeight::Loss),
            ("normalised", false, TokenWeight::NormalisedLoss),
        ] {
            let mut own = trainer(&small(tied), weight, kind);
            let logits = trace(&format!("{case}-logits"));
            if !logits.is_empty() {
                let input = Blocks::new(blocks(0)).unwrap();
                let device = kind.device().unwrap().autodiff();
                let found = own.module().logits(&input, &device).into_data();
                let found: Vec<f32> = found.try_to_vec().unwrap();
                assert_eq!(found.len(), ROWS * 6 * 11);
                let furthest = found
                    .iter()
                    .zip(&logits)
                    .map(|(a, b)| (f64::from(*a) - b).abs());
                assert!(furthest.fold(0.0, f64::max) < 1e-5, "{case} {kind:?}");
            }
            let right = trace(case);
            assert_eq!(right.len(), 12);
            for (step, right) in right.iter().enumerate() {
                let plain = own.losses(&Blocks::new(blocks(step)).unwrap()).unwrap();
                let mean = plain.iter().map(|l| f64::from(*l)).sum::<f64>() / plain.len() as f64;
                let loss = own.step(&parts(step)).unwrap();
                // What a step says is what an evaluation before it says.
                assert!((mean - loss).abs() < 1e-5 * loss, "{case} {kind:?} {step}");
                assert!(
                    (loss - right).abs() < 1e-4 * right,
                    "{case} {kind:?}, step {step}: {loss} {right}"
                );
            }
        }
    }
}

#[test]
fn a_checkpoint_goes_on_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gpt.safetensors");
    for kind in devices() {
        let mut whole = trainer(&small(false), TokenWeight::Loss, kind);
        for step in 0..4 {
            whole.step(&parts(step)).unwrap();
        }
        whole.save(&path).unwrap();
        let device = kind.device().unwrap();
        let fresh =
            |net: &Gpt, weight| GptTrainer::new(net, &training(weight), Seed(9), &device).unwrap();
        let mut resumed = fresh(&small(false), TokenWeight::Loss);
        resumed.restore(&path).unwrap();
        let mut branch = whole.clone();
        for step in 4..9 {
            let losses =
                [&mut whole, &mut resumed, &mut branch].map(|t| t.step(&parts(step)).unwrap());
            assert!(
                losses[0] == losses[1] && losses[0] == losses[2],
                "{kind:?} {step}"
            );
        }
        assert_eq!(whole.params().unwrap(), resumed.params().unwrap());
        assert_eq!(resumed.steps(), 9);
        // Of another network or training, refused, and the trainer is as before.
        let mut other = fresh(&small(true), TokenWeight::Loss);
        let before = other.params().unwrap();
        assert!(
            other
                .restore(&path)
                .unwrap_err()
                .to_string()
                .contains("architecture")
        );
        assert!(
            fresh(&small(false), TokenWeight::Uniform)
                .restore(&path)
                .is_err()
        );
        assert_eq!(other.params().unwrap(), before);
    }
}

#[test]
fn standard_counts() {
    assert_eq!(Gpt::gpt2_small().len(), 124_439_808);
    let device = DeviceKind::Flex.device().unwrap();
    for tied in [true, false] {
        let net = small(tied);
        let trainer =
            GptTrainer::new(&net, &training(TokenWeight::Loss), Seed(0), &device).unwrap();
        assert_eq!(trainer.params().unwrap().len(), net.len());
    }
    let drawn = GptTrainer::new(
        &Gpt::bytes(2, 64, 32),
        &GptTraining::default(),
        Seed(0),
        &device,
    )
    .unwrap();
    let params = drawn.params().unwrap();
    let spread =
        |x: &[f32]| (x.iter().map(|x| f64::from(x * x)).sum::<f64>() / x.len() as f64).sqrt();
    // GPT-2's: 0.02, and less by √(2 layers) where a branch ends. Standard error of the first: 0.02 / √(2 · 16384).
    assert!((spread(&params[..256 * 64]) - 0.02).abs() < 5e-4);
    let merge = (256 + 32) * 64 + 128 + 64 * 192 + 192;
    assert!((spread(&params[merge..merge + 64 * 64]) - 0.01).abs() < 5e-4);
}

#[test]
fn a_place_sees_nothing_after_it() {
    for kind in devices() {
        let own = trainer(&small(true), TokenWeight::Uniform, kind);
        let device = kind.device().unwrap().autodiff();
        let logits = |rows: Array2<u16>| -> Vec<f32> {
            let out = own.module().logits(&Blocks::new(rows).unwrap(), &device);
            out.into_data().try_to_vec().unwrap()
        };
        let mut changed = blocks(0);
        changed[(0, 4)] = (changed[(0, 4)] + 1) % 11;
        let (a, b) = (logits(blocks(0)), logits(changed));
        assert_eq!(a[..4 * 11], b[..4 * 11]);
        assert_ne!(a[4 * 11..5 * 11], b[4 * 11..5 * 11]);
    }
}

#[test]
fn diverging_is_said() {
    let device = DeviceKind::from_env().unwrap().device().unwrap();
    let wild = GptTraining {
        rate: 1e30,
        floor: 0.0,
        warmup: 0,
        ..training(TokenWeight::Uniform)
    };
    let mut own = GptTrainer::new(&small(true), &wild, Seed(0), &device).unwrap();
    let failed = (0..5)
        .find_map(|step| own.step(&parts(step)).err())
        .unwrap();
    assert!(
        matches!(failed, Error::Diverged { step, .. } if step > 0),
        "{failed}"
    );
}

fn said<T: std::fmt::Debug>(result: Result<T, Error>, words: &[&str]) {
    let message = result.unwrap_err().to_string();
    for word in words {
        assert!(message.contains(word), "{message} lacks {word}");
    }
}

#[test]
fn bad_networks_and_blocks() {
    let device = DeviceKind::Flex.device().unwrap();
    let new = |net: &Gpt, training: &GptTraining| GptTrainer::new(net, training, Seed(0), &device);
    let good = GptTraining::default();
    said(
        new(
            &Gpt {
                heads: 3,
                ..small(true)
            },
            &good,
        ),
        &["heads = 3", "divisor of width = 8"],
    );
    said(
        new(
            &Gpt {
                layers: 0,
                ..small(true)
            },
            &good,
        ),
        &["layers = 0"],
    );
    said(
        new(
            &Gpt {
                std: -1.0,
                ..small(true)
            },
            &good,
        ),
        &["std = -1"],
    );
    said(
        new(
            &small(true),
            &GptTraining {
                warmup: 20_000,
                ..good.clone()
            },
        ),
        &["warmup = 20000", "10000"],
    );
    said(
        new(
            &small(true),
            &GptTraining {
                floor: 1.0,
                ..good.clone()
            },
        ),
        &["floor = 1", "rate"],
    );
    said(
        new(
            &small(true),
            &GptTraining {
                clip: -1.0,
                ..good.clone()
            },
        ),
        &["clip = -1"],
    );
    said(
        new(
            &small(true),
            &GptTraining {
                betas: (1.0, 0.5),
                ..good
            },
        ),
        &["betas"],
    );
    let mut own = trainer(&small(true), TokenWeight::Uniform, DeviceKind::Flex);
    said(own.step(&[]), &["parts"]);
    let of = |rows: Array2<u16>| Blocks::new(rows).unwrap();
    said(own.step(&[of(Array2::zeros((2, 8)))]), &["block = 7", "6"]);
    said(
        own.step(&[of(Array2::from_elem((2, 5), 11))]),
        &["token = 11", "vocabulary, 11"],
    );
    said(
        own.losses(&of(Array2::from_elem((2, 5), 12))),
        &["token = 12"],
    );
    said(own.with_params(&[0.0]), &["params.len()"]);
}

#[test]
fn bad_texts() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let small = file("small.bin", &[1, 0, 2, 0, 44, 1, 3, 0]);
    assert_eq!(Tokens::read(&small, 301).unwrap().len(), 4);
    said(
        Tokens::read(&small, 256),
        &["token 2 of", "300", "below the vocabulary, 256"],
    );
    said(Tokens::read(&small, 0), &["vocabulary = 0"]);
    said(
        Tokens::read(file("odd.bin", &[1, 0, 2]), 256),
        &["3 bytes", "scurve prepare"],
    );
    said(Tokens::read(file("none.bin", &[]), 256), &["not empty"]);
    said(
        Tokens::text(file("none.txt", &[])),
        &["none.txt", "not empty"],
    );
    said(Tokens::bytes(""), &["not empty"]);
    said(
        Tokens::read(folder.path().join("away.bin"), 256),
        &["away.bin", "no such file", "scurve prepare"],
    );
    said(
        Tokens::load("away.txt", 256),
        &["away.txt", "austen-novels"],
    );
    said(Tokens::load("austen-novels", 100), &["vocabulary = 100"]);
    said(
        Tokens::shipped("austen-novel"),
        &["did you mean `austen-novels`"],
    );
    let text = Tokens::bytes("twelve bytes").unwrap();
    said(
        text.draw(12, 1, Seed(0), 0),
        &["block = 12", "from 1 to 11", "12 tokens"],
    );
    said(text.spread(0, 1), &["block = 0"]);
    said(text.split(0.01), &["share = 0.01"]);
    said(text.split(1.0), &["share = 1"]);
    let out = folder.path().join("out.bin");
    said(prepare(&[], &Vocabulary::Bytes, &out, None), &["texts"]);
    said(
        prepare(&[file("empty.txt", &[])], &Vocabulary::Bytes, &out, None),
        &["empty.txt", "not empty"],
    );
    said(
        prepare(
            &[folder.path().join("gone.txt")],
            &Vocabulary::Bytes,
            &out,
            None,
        ),
        &["gone.txt"],
    );
    said(
        prepare(
            &[file("a.txt", b"abc")],
            &Vocabulary::Bytes,
            &out,
            Some((&out, 1.5)),
        ),
        &["share = 1.5"],
    );
    // Nothing half-written is left.
    assert!(!out.exists());
}

#[test]
fn files_and_memory_give_the_same_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<PathBuf> = ["first text, ", "second text"]
        .iter()
        .enumerate()
        .map(|(i, text)| {
            let path = folder.path().join(format!("{i}.txt"));
            std::fs::write(&path, text.repeat(50)).unwrap();
            path
        })
        .collect();
    let (train, held_back) = (
        folder.path().join("train.bin"),
        folder.path().join("val.bin"),
    );
    let done = prepare(&texts, &Vocabulary::Bytes, &train, Some((&held_back, 0.1))).unwrap();
    assert_eq!((done.train, done.validation), (540 + 495, 60 + 55));
    let bytes = std::fs::read(&train).unwrap();
    assert_eq!(bytes[..6], [b'f', 0, b'i', 0, b'r', 0]);
    let read = Tokens::read(&train, 256).unwrap();
    let own = Tokens::bytes(
        bytes
            .chunks_exact(2)
            .map(|pair| pair[0])
            .collect::<Vec<u8>>(),
    )
    .unwrap();
    assert_eq!(read.counts().unwrap(), own.counts().unwrap());
    assert_eq!(
        read.draw(16, 5, Seed(3), 7).unwrap(),
        own.draw(16, 5, Seed(3), 7).unwrap()
    );
    assert_ne!(
        read.draw(16, 5, Seed(3), 7).unwrap(),
        read.draw(16, 5, Seed(3), 8).unwrap()
    );
    // Blocks over all of a text do not overlap, reach its end, and are no more than there are.
    let all = own.spread(16, 1000).unwrap();
    assert_eq!(all.len(), (own.len() - 1) / 16);
    let (first, last) = own.split(0.5).unwrap();
    assert_eq!((first.len(), last.len()), (518, 517));
    assert_eq!(
        first.counts().unwrap()[usize::from(b's')] + last.counts().unwrap()[usize::from(b's')],
        own.counts().unwrap()[usize::from(b's')]
    );
}

#[test]
fn the_shipped_text_is_whole() {
    let novels = Tokens::load("austen-novels", 256).unwrap();
    assert_eq!(novels.len(), 1_825_310);
    let counts = novels.counts().unwrap();
    assert_eq!(counts.iter().filter(|n| **n > 0).count(), 79);
    assert_eq!(counts[128..].iter().sum::<u64>(), 0);
}
