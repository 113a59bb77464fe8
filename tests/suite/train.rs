//! Training of burn modules: beside the recursion that gradient descent is, with frozen parameters, and at divergence.

use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use scurve::device::DeviceKind;
use scurve::error::Error;
use scurve::optimizer::{Adam, Sgd};
use scurve::seed::Seed;
use scurve::trace::Schedule;
use scurve::train::{Training, descend};

fn device() -> Device {
    DeviceKind::from_env().unwrap().device().unwrap().autodiff()
}

fn tensor(rows: usize, cols: usize, stream: &str, device: &Device) -> (Vec<f64>, Tensor<2>) {
    let values: Vec<f64> = Seed(3)
        .normal(stream, rows, cols)
        .iter()
        .map(|x| f64::from(*x as f32))
        .collect();
    let single: Vec<f32> = values.iter().map(|x| *x as f32).collect();
    let data = TensorData::new(single, [rows, cols]);
    (values, Tensor::from_data(data, device))
}

fn weights(model: &Linear) -> Vec<f64> {
    let data = model.weight.val().inner().to_data();
    let single: Vec<f32> = data.try_to_vec().unwrap();
    single.into_iter().map(f64::from).collect()
}

#[test]
fn gradient_descent_of_a_linear_layer_is_its_recursion() {
    let device = device();
    let ((x, inputs), (y, targets)) = (
        tensor(20, 3, "data", &device),
        tensor(20, 1, "noise", &device),
    );
    let model: Linear = LinearConfig::new(3, 1).with_bias(false).init(&device);
    let mut w = weights(&model);
    let training = Training::new(Sgd::new(0.1), 30).recording(Schedule::Every { steps: 10 });
    let mut seen = Vec::new();
    let run = training
        .run_with(
            model,
            |model, _| {
                (model.forward(inputs.clone()) - targets.clone())
                    .powf_scalar(2.0)
                    .mean()
            },
            |_, step| {
                seen.push(step);
                Ok(())
            },
        )
        .unwrap();
    assert_eq!(run.steps, [0, 10, 20, 30]);
    assert_eq!(seen, run.steps);
    for step in 0..=30 {
        let residual: Vec<f64> = (0..20)
            .map(|i| (0..3).map(|j| x[3 * i + j] * w[j]).sum::<f64>() - y[i])
            .collect();
        if let Some(record) = run.steps.iter().position(|s| *s == step) {
            let loss = residual.iter().map(|r| r * r).sum::<f64>() / 20.0;
            assert!((run.loss[record] / loss - 1.0).abs() < 1e-5, "step {step}");
        }
        if step < 30 {
            for (j, w) in w.iter_mut().enumerate() {
                let slope: f64 = (0..20)
                    .map(|i| 2.0 * residual[i] * x[3 * i + j] / 20.0)
                    .sum();
                *w -= 0.1 * slope;
            }
        }
    }
    for (own, theirs) in w.iter().zip(weights(&run.module)) {
        assert!((own - theirs).abs() < 1e-5, "{own} {theirs}");
    }
}

#[test]
fn frozen_parameters_stay_and_the_others_keep_their_memory() {
    let device = device();
    let (_, inputs) = tensor(20, 3, "data", &device);
    let (_, targets) = tensor(20, 1, "noise", &device);
    let model: Linear = LinearConfig::new(3, 1).init(&device);
    let mut frozen = model.clone();
    frozen.weight = frozen.weight.set_require_grad(false);
    let start = weights(&frozen);
    let bias = |model: &Linear| {
        let bias = model.bias.as_ref().unwrap().val().inner();
        f64::from(bias.into_scalar::<f32>())
    };
    let first = bias(&frozen);
    let mut state = scurve::optimizer::Optimizer::from(Adam::new(0.1)).tensors();
    for _ in 0..3 {
        let loss = (frozen.forward(inputs.clone()) - targets.clone())
            .powf_scalar(2.0)
            .mean();
        frozen = descend(frozen, &mut loss.backward(), &mut state).unwrap();
    }
    assert_eq!(weights(&frozen), start);
    assert!(bias(&frozen) != first && state.steps() == 3);
}

#[test]
fn divergence_names_its_step_and_a_loss_is_one_number() {
    let device = device();
    let (_, inputs) = tensor(20, 3, "data", &device);
    let model: Linear = LinearConfig::new(3, 1).with_bias(false).init(&device);
    let quartic = |model: &Linear, _| model.forward(inputs.clone()).powf_scalar(4.0).mean();
    match Training::new(Sgd::new(1e3), 100).run(model.clone(), quartic) {
        Err(Error::Diverged { step, what }) => {
            assert!((1..20).contains(&step), "{step}");
            assert!(what.contains("SGD"), "{what}");
        }
        other => panic!("{:?}", other.map(|run| run.loss)),
    }
    let many = |model: &Linear, _| model.forward(inputs.clone()).flatten::<1>(0, 1);
    let message = Training::new(Sgd::new(0.1), 1)
        .run(model, many)
        .unwrap_err()
        .to_string();
    assert!(message.contains("loss.dims() = [20]"), "{message}");
}
