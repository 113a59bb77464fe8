//! AdamW in LibTorch's own operations.

// burn 0.22 deprecates burn-tch and ships it; the version is pinned.
#![allow(deprecated)]

use super::super::AdamW;
use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use burn::tensor::Tensor;

/// One step in the operations and the order of PyTorch's AdamW. `None`, and nothing done, where tensors do not live on LibTorch.
pub(super) fn adamw(
    rule: &AdamW,
    t: u64,
    param: &Tensor<1>,
    grad: &Tensor<1>,
    slots: &mut Vec<Tensor<1>>,
) -> Option<Tensor<1>> {
    let of = |x: Tensor<1>| x.try_into_primitive::<LibTorch>().ok();
    let (param, grad) = (of(param.clone())?.tensor, of(grad.clone())?.tensor);
    let mut kept = std::mem::take(slots).into_iter();
    let mut next = || match kept.next().and_then(of) {
        // A copy of this state may hold the same memory.
        Some(own) if own.can_mut() => own.tensor,
        Some(shared) => shared.tensor.copy(),
        None => grad.zeros_like(),
    };
    let (mut mean, mut square) = (next(), next());
    let (beta1, beta2) = rule.betas;
    let step = rule.lr / (1.0 - beta1.powf(t as f64));
    let unbias = 1.0 / (1.0 - beta2.powf(t as f64)).sqrt();
    let _ = mean.lerp_(&grad, 1.0 - beta1);
    let _ = square.lerp_(&grad.square(), 1.0 - beta2);
    // −(√v unbias + ε) / step, so that the quotient needs no factor.
    let mut below = square.sqrt();
    let moved = if step == 0.0 {
        param.copy()
    } else {
        let _ = below.g_mul_scalar_(-unbias / step);
        let _ = below.g_add_scalar_(-rule.eps / step);
        let mut moved = param.g_mul_scalar(1.0 - rule.lr * rule.weight_decay);
        moved.addcdiv_(&mean, &below)
    };
    let wrap = |x: tch::Tensor| Tensor::from_primitive::<LibTorch>(TchTensor::new(x));
    slots.extend([mean, square].map(wrap));
    Some(wrap(moved))
}

#[cfg(test)]
mod tests {
    use super::super::super::Optimizer;
    use super::*;
    use crate::device::DeviceKind;

    #[test]
    fn native_steps_are_those_of_the_rule() {
        let device = DeviceKind::LibTorch.device().unwrap();
        let rule = Optimizer::from(AdamW::new(0.05).betas(0.9, 0.95).weight_decay(0.2));
        let numbers = |salt: f32| -> Tensor<2> {
            let values: Vec<f32> = (0..12).map(|i| (1.7 * i as f32 + salt).sin()).collect();
            Tensor::<1>::from_floats(values.as_slice(), &device).reshape([3, 4])
        };
        let (mut plain, mut native) = (rule.tensors(), rule.tensors().native());
        let (mut a, mut b) = (vec![numbers(0.0)], vec![numbers(0.0)]);
        let mut copied = None;
        for step in 0..20 {
            let gradient = vec![numbers(step as f32)];
            a = plain.step(a, gradient.clone()).unwrap();
            b = native.step(b, gradient).unwrap();
            let (x, y) = (a[0].to_data(), b[0].to_data());
            x.assert_approx_eq::<f32>(&y, burn::tensor::Tolerance::absolute(1e-6));
            if step == 9 {
                copied = Some((native.clone(), b.clone()));
            }
        }
        // What a copy remembers is not touched by the steps of the other.
        let (mut again, mut c) = copied.unwrap();
        for step in 10..20 {
            c = again.step(c, vec![numbers(step as f32)]).unwrap();
        }
        assert_eq!(c[0].to_data(), b[0].to_data());
    }
}
