//! The same rules on burn tensors, on every CPU device that is built in.

use super::traces::{START, cases, relative, rows};
use burn::tensor::{Device, Tensor};
use scurve::device::DeviceKind;
use scurve::optimizer::{AdEMAMix, Adam, AdamW, Lion, Mars, Need, Optimizer, Sgd, SignGd, Sophia};

fn devices() -> Vec<(&'static str, Device)> {
    let kinds = DeviceKind::BUILT.iter().filter(|k| **k != DeviceKind::Cuda);
    kinds.map(|k| (k.name(), k.device().unwrap())).collect()
}

fn numbers(row: &[String]) -> Vec<f32> {
    row.iter().map(|v| v.parse().unwrap()).collect()
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_to_vec().unwrap()
}

#[test]
fn f32_replays_pytorch_for_1000_steps() {
    let gradients: Vec<Vec<f32>> = rows("gradients.csv").iter().map(|r| numbers(r)).collect();
    let replay = rows("replay.csv");
    let start = START.map(|x| x as f32);
    for (name, device) in devices() {
        for case in cases() {
            let mut state = case.optimizer.tensors();
            let mut x = vec![Tensor::<1>::from_data(start, &device)];
            let mut recorded = replay.iter().filter(|r| r[0] == case.name).peekable();
            let (mut worst, mut checked) = (0f64, 0);
            for (step, grad) in (1..).zip(&gradients) {
                let given = |values: Vec<f32>| Tensor::<1>::from_data(values.as_slice(), &device);
                match state.needs() {
                    Some(Need::Curvature) => {
                        let square = grad.iter().map(|g| g * g).collect();
                        state.supply(0, given(square)).unwrap();
                    }
                    Some(Need::LookBack) => {
                        let earlier = gradients[step - 2].iter().map(|g| 0.75 * g).collect();
                        state.supply(0, given(earlier)).unwrap();
                    }
                    _ => {}
                }
                x = state
                    .step(x, vec![Tensor::from_data(grad.as_slice(), &device)])
                    .unwrap();
                if let Some(row) = recorded.next_if(|r| r[1] == step.to_string()) {
                    let (got, expected) = (values(&x[0]), numbers(&row[2..]));
                    if matches!(case.name.as_str(), "sign-exact" | "lion") {
                        assert_eq!(got, expected, "{} on {name}, step {step}", case.name);
                    }
                    worst = worst.max(relative(&got, &expected));
                    checked += 1;
                }
            }
            println!("{name:8} {:16} {worst:.1e}", case.name);
            assert!(
                worst <= 1e-5 && checked == 17,
                "{} on {name}: {worst:e}, {checked} records",
                case.name
            );
        }
    }
}

fn all() -> [Optimizer; 8] {
    [
        Sgd::new(0.02).into(),
        Sgd::new(0.02).nesterov(0.9).weight_decay(0.1).into(),
        SignGd::adam(0.02).into(),
        Adam::new(0.02).weight_decay(0.1).into(),
        AdamW::new(0.02).into(),
        AdEMAMix::new(0.02).weight_decay(0.01).warmup(20).into(),
        Lion::new(0.02).weight_decay(0.1).into(),
        Mars::new(0.02).clip(false).into(),
    ]
}

#[test]
fn a_network_of_several_ranks_steps_as_one_slice_does() {
    for (name, device) in devices() {
        for optimizer in all() {
            let mut flat: Vec<f64> = (0..9).map(|i| (f64::from(i) * 0.9).cos()).collect();
            let f32s: Vec<f32> = flat.iter().map(|&x| x as f32).collect();
            let mut matrix = Tensor::<1>::from_data(&f32s[..6], &device).reshape([2, 3]);
            let mut vector = Tensor::<1>::from_data(&f32s[6..], &device);
            let (mut slice, mut state) = (optimizer.flat(9), optimizer.tensors());
            for k in 0..50 {
                state.set_lr(0.02 / (1.0 + 0.1 * f64::from(k)));
                slice.set_lr(0.02 / (1.0 + 0.1 * f64::from(k)));
                let grads: Vec<f32> = (0..9).map(|i| (0.3 * k as f32 + i as f32).sin()).collect();
                let wide: Vec<f64> = grads.iter().map(|&g| g.into()).collect();
                slice.step(&mut flat, &wide).unwrap();
                let grads = Tensor::<1>::from_data(grads.as_slice(), &device);
                state.begin();
                let grad = grads.clone().slice(0..6).reshape([2, 3]);
                matrix = state.update(0, matrix, grad).unwrap();
                vector = state.update(1, vector, grads.slice(6..9)).unwrap();
            }
            let got = [values(&matrix), values(&vector)].concat();
            let expected: Vec<f32> = flat.iter().map(|&x| x as f32).collect();
            let gap = relative(&got, &expected);
            assert!(
                gap < 1e-5 && state.steps() == 50,
                "{optimizer} on {name}: {gap:e}"
            );
        }
    }
}

#[test]
fn gradients_of_autodiff_are_stepped_without_it() {
    for (_, device) in devices() {
        let device = device.autodiff();
        let mut state = Optimizer::from(Sgd::new(0.25)).tensors();
        let mut theta = Tensor::<1>::from_data([1.0f32, -2.0], &device).inner();
        for _ in 0..3 {
            let tracked = Tensor::from_inner(theta.clone()).require_grad();
            let gradients = tracked.clone().square().sum().backward();
            let grad = tracked.grad(&gradients).unwrap();
            theta = state
                .step(vec![tracked.inner()], vec![grad])
                .unwrap()
                .remove(0);
        }
        assert_eq!(values(&theta), [0.125, -0.25]);
    }
}

#[test]
fn shapes_must_agree() {
    let device = Device::flex();
    let zeros = |n: usize| Tensor::<1>::zeros([n], &device);
    let mut state = Optimizer::from(Adam::new(0.1)).tensors();
    let say = |e: scurve::error::Error| e.to_string();

    assert!(say(state.update(0, zeros(2), zeros(2)).unwrap_err()).contains("call `begin`"));
    state.step(vec![zeros(2)], vec![zeros(2)]).unwrap();
    assert!(say(state.step(vec![zeros(2)], vec![]).unwrap_err()).starts_with("grads.len() = 0"));
    assert!(
        say(state.step(vec![zeros(2)], vec![zeros(3)]).unwrap_err())
            .starts_with("grads[0].dims() = [3]")
    );
    assert!(
        say(state.step(vec![zeros(3)], vec![zeros(3)]).unwrap_err())
            .starts_with("params[0].len() = 3")
    );
}

#[test]
fn a_step_without_what_it_needs_is_refused() {
    let device = Device::flex();
    let ones = || Tensor::<2>::ones([2, 3], &device);
    let mut state = Optimizer::from(Sophia::new(0.1).weight_decay(0.0)).tensors();
    let error = state.step(vec![ones()], vec![ones()]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("given an estimate of the Hessian's diagonal"),
        "{error}"
    );

    let mut state = Optimizer::from(
        Sophia::new(0.1)
            .weight_decay(0.0)
            .betas(0.0, 0.0)
            .gamma(0.5),
    )
    .tensors();
    assert_eq!(state.needs(), Some(Need::Curvature));
    state.supply(0, ones().mul_scalar(4.0)).unwrap();
    let theta = state.step(vec![ones()], vec![ones()]).unwrap();
    // 1 / (γ h) = ½ of a step of 0.1.
    assert!(values(&theta[0]).iter().all(|x| (x - 0.95).abs() < 1e-6));
    assert!(state.needs().is_none() && state.supply(0, ones()).is_err());
    let wrong = Tensor::<1>::ones([5], &device);
    assert!(
        state
            .supply(0, wrong)
            .unwrap_err()
            .to_string()
            .starts_with("params[0].len() = 5")
    );
}
