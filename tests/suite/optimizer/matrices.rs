//! Muon and SOAP: PyTorch's trajectories, laws of their own, and where they have no meaning.

use super::traces::{Case, read, relative, rows};
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::{Array2, array};
use scurve::optimizer::{Adam, AdamW, Muon, Need, Optimizer, Sgd, Soap, Sophia};
use scurve::seed::Seed;

/// Gradient of ½‖A (W − C) B‖² with C turning slowly.
fn gradient(step: usize, w: &Array2<f64>) -> Array2<f64> {
    let a = array![[2.0, 0.3, 0.0], [0.1, 1.0, -0.4], [0.5, 0.0, 0.7]];
    let b = array![[1.0, 0.2], [-0.3, 1.5]];
    let phase = array![[0.0, 1.0], [2.0, 0.5], [-1.0, 1.7]];
    let c = phase.mapv(|p: f64| 2.0 * (0.01 * step as f64 + p).cos());
    a.t().dot(&a).dot(&(w - &c)).dot(&b).dot(&b.t())
}

fn start() -> Array2<f64> {
    array![[0.3, 1.1], [-0.7, 2.0], [0.4, -1.2]]
}

#[test]
fn f64_follows_pytorch_for_1000_steps() {
    let cases: Vec<Case> = serde_json::from_str(&read("matrix_cases.json")).unwrap();
    let rows = rows("matrix.csv");
    for case in &cases {
        let mut recorded = rows.iter().filter(|r| r[0] == case.name).peekable();
        let (mut w, mut state) = (start(), case.optimizer.matrix(3, 2));
        let (mut worst, mut checked) = (0f64, 0);
        for step in 1..=1000 {
            let grad = gradient(step, &w);
            state.step(&mut w, &grad).unwrap();
            if let Some(row) = recorded.next_if(|r| r[1] == step.to_string()) {
                let expected: Vec<f64> = row[2..].iter().map(|v| v.parse().unwrap()).collect();
                worst = worst.max(relative(w.as_slice().unwrap(), &expected));
                checked += 1;
            }
        }
        println!("{:12} {worst:.1e}", case.name);
        // PyTorch's own Muon iterates in bfloat16, of eight bits.
        let tolerance = if case.name == "muon-bf16" {
            5e-3
        } else {
            2e-12
        };
        assert!(
            worst <= tolerance && checked == 17,
            "{}: {worst:e}",
            case.name
        );
    }
    assert_eq!((cases.len(), rows.len()), (6, 6 * 17));
}

/// Kernels of a convolution, out × in × height × width, step as the matrix with a row for each output.
#[test]
fn kernels_step_as_matrices_do() {
    let device = Device::flex();
    let numbers = |k: usize| -> Vec<f32> { (0..36).map(|i| ((i * k + k) as f32).sin()).collect() };
    let kernels = |k| Tensor::<4>::from_data(TensorData::new(numbers(k), [3, 2, 3, 2]), &device);
    let matrix = |k| Tensor::<2>::from_data(TensorData::new(numbers(k), [3, 12]), &device);
    for rule in [
        Optimizer::from(Muon::new(2e-3)),
        Soap::new(2e-3).eps(1e-4).into(),
    ] {
        let (mut a, mut of_a) = (kernels(1), rule.tensors());
        let (mut b, mut of_b) = (matrix(1), rule.tensors());
        for step in 2..20 {
            of_a.begin();
            of_b.begin();
            a = of_a.update(0, a, kernels(step)).unwrap();
            b = of_b.update(0, b, matrix(step)).unwrap();
        }
        let (a, b) = (a.to_data(), b.to_data());
        assert_eq!(
            a.try_to_vec::<f32>().unwrap(),
            b.try_to_vec::<f32>().unwrap()
        );
        assert_ne!(a.try_to_vec::<f32>().unwrap(), numbers(1));
    }
}

#[test]
fn tensors_step_as_arrays_do() {
    let device = Device::flex();
    let tensor = |x: &Array2<f64>| {
        let flat: Vec<f32> = x.iter().map(|v| *v as f32).collect();
        Tensor::<2>::from_data(TensorData::new(flat, [x.nrows(), x.ncols()]), &device)
    };
    for rule in [
        Optimizer::from(Muon::new(2e-3)),
        Soap::new(2e-3).eps(1e-4).into(),
    ] {
        let (mut array, mut state) = (start(), rule.matrix(3, 2));
        let (mut theta, mut tensors) = (tensor(&array), rule.tensors());
        // A bias beside it takes AdamW's way.
        let mut bias = Tensor::<1>::ones([2], &device);
        let mut expected = [1.0f64; 2];
        let mut vectors = match rule {
            Optimizer::Muon(muon) => Optimizer::from(muon.vectors),
            _ => AdamW::new(2e-3).betas(0.95, 0.95).eps(1e-4).into(),
        }
        .flat(2);
        for step in 1..=60 {
            let grad = gradient(step, &array);
            state.step(&mut array, &grad).unwrap();
            vectors.step(&mut expected, &[0.5, -2.0]).unwrap();
            tensors.begin();
            theta = tensors.update(0, theta, tensor(&grad)).unwrap();
            let slope = Tensor::<1>::from_data([0.5f32, -2.0], &device);
            bias = tensors.update(1, bias, slope).unwrap();
        }
        let values: Vec<f32> = theta.to_data().try_to_vec().unwrap();
        let wanted: Vec<f64> = array.iter().copied().collect();
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let gap = relative(&values, &wanted);
        println!("{rule}: {gap:.1e}");
        assert!(gap < 1e-3, "{rule}: {gap:e}");
        let got: Vec<f32> = bias.to_data().try_to_vec().unwrap();
        assert!(
            got.iter()
                .zip(expected)
                .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5)
        );
        assert!(tensors.needs().is_none());
    }
}

#[test]
fn muon_makes_the_singular_values_about_one() {
    for seed in 0..20 {
        for (rows, columns) in [(4, 4), (3, 7), (9, 2), (1, 5)] {
            let grad = Seed(seed).normal("data", rows, columns);
            let mut w = Array2::zeros((rows, columns));
            let rule = Muon::new(1.0).weight_decay(0.0);
            Optimizer::from(rule)
                .matrix(rows, columns)
                .step(&mut w, &grad)
                .unwrap();
            let r = (rows as f64 / columns as f64).max(1.0).sqrt();
            // Far below the largest, a singular value of the gradient is not brought up all the way in five iterations.
            let own = scurve::linalg::singular_values(&grad).unwrap();
            for (s, before) in scurve::linalg::singular_values(&w)
                .unwrap()
                .iter()
                .zip(own.iter())
            {
                let high = s / r < 1.25;
                let low = s / r > 0.65 || *before < 0.05 * own[0];
                assert!(high && low, "{rows} × {columns}: {s}");
            }
            assert!((&w * &grad).sum() < 0.0, "downhill");
        }
    }
}

#[test]
fn rotating_both_sides_rotates_the_path() {
    // What element-wise rules lack: W → U W V gives the path U W_t V.
    let u = scurve::model::quadratic::Quadratic::random_rotation(3, Seed(1)).unwrap();
    let v = scurve::model::quadratic::Quadratic::random_rotation(2, Seed(2)).unwrap();
    let run = |rule: Optimizer, turn: bool| {
        let (mut w, mut state) = (start(), rule.matrix(3, 2));
        if turn {
            w = u.dot(&w).dot(&v);
        }
        for step in 1..=80 {
            let grad = if turn {
                u.dot(&gradient(step, &u.t().dot(&w).dot(&v.t()))).dot(&v)
            } else {
                gradient(step, &w)
            };
            state.step(&mut w, &grad).unwrap();
        }
        if turn { u.t().dot(&w).dot(&v.t()) } else { w }
    };
    let gap = |rule: Optimizer| {
        (run(rule, true) - run(rule, false))
            .mapv(f64::abs)
            .into_iter()
            .fold(0.0, f64::max)
    };
    let (muon, soap, adam) = (
        gap(Muon::new(0.01).into()),
        gap(Soap::new(0.01).into()),
        gap(Adam::new(0.01).into()),
    );
    println!("Muon {muon:.1e}, SOAP {soap:.1e}, Adam {adam:.1e}");
    assert!(muon < 1e-10 && soap < 1e-8 && adam > 1e-3);
}

#[test]
fn a_flat_vector_is_refused() {
    for rule in [Optimizer::from(Muon::default()), Soap::default().into()] {
        assert_eq!(rule.need(), Some(Need::Matrix));
        let mut state = rule.flat(4);
        let mut theta = [1.0; 4];
        let error = state.step(&mut theta, &[1.0; 4]).unwrap_err().to_string();
        assert!(
            error.contains("no meaning but on a matrix") && theta == [1.0; 4],
            "{error}"
        );
        assert!(state.supply(&[1.0; 4]).is_err());
        let error = rule
            .validate_for("optimizer", &[Need::Curvature])
            .unwrap_err()
            .to_string();
        assert!(error.contains("a parameter that is a matrix"), "{error}");
        assert!(rule.validate().is_ok() && rule.validate_for("optimizer", &[Need::Matrix]).is_ok());
    }
}

#[test]
fn any_rule_steps_a_matrix() {
    let (mut w, mut state) = (start(), Optimizer::from(Sgd::new(0.5)).matrix(3, 2));
    let grad = w.clone();
    state.step(&mut w, &grad).unwrap();
    assert_eq!(w, start() * 0.5);
    let wrong = Array2::zeros((2, 3));
    assert!(
        state
            .step(&mut w, &wrong)
            .unwrap_err()
            .to_string()
            .starts_with("grad.dim() = (2, 3)")
    );
    let mut sophia = Optimizer::from(Sophia::new(0.1).weight_decay(0.0)).matrix(3, 2);
    assert!(sophia.step(&mut w, &grad).is_err() && sophia.needs() == Some(Need::Curvature));
    sophia.supply(&Array2::ones((3, 2))).unwrap();
    sophia.step(&mut w, &grad).unwrap();
    for rule in [Optimizer::from(Muon::new(0.1)), Soap::new(0.1).into()] {
        let mut state = rule.matrix(3, 2);
        state.set_lr(0.2);
        state.step(&mut w, &grad).unwrap();
        assert_eq!((state.steps(), state.optimizer().lr()), (1, 0.2));
        assert!(state.supply(&grad).is_err());
        rule.matrix(0, 2)
            .step(&mut Array2::zeros((0, 2)), &Array2::zeros((0, 2)))
            .unwrap();
    }
    let mut soap = Optimizer::from(Soap::new(0.1)).matrix(3, 2);
    let nan = Array2::from_elem((3, 2), f64::NAN);
    assert!(
        soap.step(&mut w, &nan)
            .unwrap_err()
            .to_string()
            .contains("not finite")
    );
}

#[test]
fn settings_are_checked_and_survive() {
    let text = r#"{"kind":"muon","lr":0.02,"scale":"match_adamw","vectors":{"lr":0.004}}"#;
    let muon: Optimizer = serde_json::from_str(text).unwrap();
    let toml = toml::to_string(&muon).unwrap();
    assert_eq!(toml::from_str::<Optimizer>(&toml).unwrap(), muon, "{toml}");
    let Optimizer::Muon(slower) = muon.with_lr(0.01) else {
        panic!("{muon}")
    };
    assert_eq!((slower.lr, slower.vectors.lr), (0.01, 0.002));
    let refused = |rule: Optimizer| rule.validate().unwrap_err().to_string();
    assert!(refused(Muon::new(0.1).momentum(1.0).into()).starts_with("optimizer.momentum"));
    assert!(
        refused(Muon::new(0.1).vectors(AdamW::new(-1.0)).into())
            .starts_with("optimizer.vectors.lr")
    );
    assert!(refused(Soap::new(0.1).frequency(0).into()).starts_with("optimizer.frequency"));
    assert!(refused(Soap::new(0.1).betas(0.5, 1.0).into()).starts_with("optimizer.betas[1]"));
}
