//! Activation functions and their slopes over slices, vectorised at run time.

use crate::optimizer::Real;
use crate::simd::dispatch;
use crate::simd::exp::{exp, exp_f32};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// A coordinate-wise nonlinearity φ.
///
/// | name | φ(z) | φ′(z) |
/// |---|---|---|
/// | `identity` | z | 1 |
/// | `relu` | max(z, 0) | 1 for z > 0, else 0 |
/// | `tanh` | tanh z | 1 − φ² |
/// | `silu` | z σ(z) | σ(z) (1 + z (1 − σ(z))) |
/// | `sigmoid` | σ(z) = 1/(1 + e^−z) | φ (1 − φ) |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// z.
    Identity,
    /// max(z, 0).
    #[default]
    Relu,
    /// tanh z.
    Tanh,
    /// z σ(z).
    Silu,
    /// 1/(1 + e^−z).
    Sigmoid,
}

impl Activation {
    /// Replaces each z by φ(z) and writes φ′(z) beside it.
    pub(crate) fn apply<T: ActivationReal>(self, z: &mut [T], slope: &mut [T]) {
        debug_assert_eq!(z.len(), slope.len());
        match self {
            Self::Identity => slope.fill(T::ONE),
            Self::Relu => T::relu(z, slope),
            Self::Tanh => T::tanh(z, slope),
            Self::Silu => T::silu(z, slope),
            Self::Sigmoid => T::sigmoid(z, slope),
        }
    }

    /// Whether φ never falls; SiLU does.
    pub(crate) fn is_rising(self) -> bool {
        self != Self::Silu
    }

    /// φ of a burn tensor.
    pub fn forward<const D: usize>(self, z: Tensor<D>) -> Tensor<D> {
        use burn::tensor::activation::{relu, sigmoid, silu, tanh};
        match self {
            Self::Identity => z,
            Self::Relu => relu(z),
            Self::Tanh => tanh(z),
            Self::Silu => silu(z),
            Self::Sigmoid => sigmoid(z),
        }
    }
}

/// The functions for one kind of number, for this crate's own loops.
#[doc(hidden)]
pub trait ActivationReal: Real {
    fn relu(z: &mut [Self], slope: &mut [Self]);
    fn tanh(z: &mut [Self], slope: &mut [Self]);
    fn silu(z: &mut [Self], slope: &mut [Self]);
    fn sigmoid(z: &mut [Self], slope: &mut [Self]);
    /// Replaces z by e^z.
    fn exp(z: &mut [Self]);
}

/// tanh z for |z| < 0.625 as z + z³ R(z²), rational for f64 and a polynomial for f32 (the forms of the Cephes library); beyond, 1 − 2/(e^{2z} + 1).
#[inline(always)]
fn tanh_f64<const FMA: bool>(z: f64) -> f64 {
    let x = z * z;
    let p =
        (-9.643_991_794_250_523e-1 * x - 9.928_772_310_019_185e1) * x - 1.614_687_684_417_084_5e3;
    let q = ((x + 1.128_116_784_916_329_3e2) * x + 2.235_488_390_601_004_5e3) * x
        + 4.844_063_053_251_255e3;
    let near = z + z * x * (p / q);
    let far = 1.0 - 2.0 / (exp::<FMA>(2.0 * z.abs()) + 1.0);
    if z.abs() < 0.625 {
        near
    } else {
        far.copysign(z)
    }
}

#[inline(always)]
fn tanh_f32<const FMA: bool>(z: f32) -> f32 {
    let x = z * z;
    let p = (((-5.704_988_7e-3 * x + 2.063_908_8e-2) * x - 5.373_971_6e-2) * x + 1.333_144_2e-1)
        * x
        - 3.333_328e-1;
    let near = z + z * x * p;
    let far = 1.0 - 2.0 / (exp_f32::<FMA>(2.0 * z.abs()) + 1.0);
    if z.abs() < 0.625 {
        near
    } else {
        far.copysign(z)
    }
}

macro_rules! functions {
    ($T:ident, $exp:ident, $tanh:ident) => {
        const _: () = {
            #[inline(always)]
            unsafe fn relu_any(z: &mut [$T], slope: &mut [$T]) {
                for (z, s) in z.iter_mut().zip(slope) {
                    // A NaN stays one.
                    *s = if *z > 0.0 { 1.0 } else { 0.0 };
                    *z = if *z < 0.0 { 0.0 } else { *z };
                }
            }
            #[inline(always)]
            unsafe fn tanh_any<const FMA: bool>(z: &mut [$T], slope: &mut [$T]) {
                for (z, s) in z.iter_mut().zip(slope) {
                    *z = $tanh::<FMA>(*z);
                    *s = 1.0 - *z * *z;
                }
            }
            #[inline(always)]
            unsafe fn silu_any<const FMA: bool>(z: &mut [$T], slope: &mut [$T]) {
                for (z, s) in z.iter_mut().zip(slope) {
                    let sigma = 1.0 / (1.0 + $exp::<FMA>(-*z));
                    *s = sigma * (1.0 + *z * (1.0 - sigma));
                    *z *= sigma;
                }
            }
            #[inline(always)]
            unsafe fn sigmoid_any<const FMA: bool>(z: &mut [$T], slope: &mut [$T]) {
                for (z, s) in z.iter_mut().zip(slope) {
                    *z = 1.0 / (1.0 + $exp::<FMA>(-*z));
                    *s = *z * (1.0 - *z);
                }
            }
            #[inline(always)]
            unsafe fn exp_any<const FMA: bool>(z: &mut [$T]) {
                for z in z.iter_mut() {
                    *z = $exp::<FMA>(*z);
                }
            }
            dispatch! {
                unsafe fn relu(z: &mut [$T], slope: &mut [$T]),
                avx512 = relu_any, avx2 = relu_any, plain = relu_any
            }
            dispatch! {
                unsafe fn tanh(z: &mut [$T], slope: &mut [$T]),
                avx512 = tanh_any::<true>, avx2 = tanh_any::<true>, plain = tanh_any::<false>
            }
            dispatch! {
                unsafe fn silu(z: &mut [$T], slope: &mut [$T]),
                avx512 = silu_any::<true>, avx2 = silu_any::<true>, plain = silu_any::<false>
            }
            dispatch! {
                unsafe fn sigmoid(z: &mut [$T], slope: &mut [$T]),
                avx512 = sigmoid_any::<true>, avx2 = sigmoid_any::<true>, plain = sigmoid_any::<false>
            }
            dispatch! {
                unsafe fn exp_all(z: &mut [$T]),
                avx512 = exp_any::<true>, avx2 = exp_any::<true>, plain = exp_any::<false>
            }

            // SAFETY: all of them access memory through the slices alone.
            impl ActivationReal for $T {
                fn relu(z: &mut [Self], slope: &mut [Self]) {
                    unsafe { relu(z, slope) }
                }
                fn tanh(z: &mut [Self], slope: &mut [Self]) {
                    unsafe { tanh(z, slope) }
                }
                fn silu(z: &mut [Self], slope: &mut [Self]) {
                    unsafe { silu(z, slope) }
                }
                fn sigmoid(z: &mut [Self], slope: &mut [Self]) {
                    unsafe { sigmoid(z, slope) }
                }
                fn exp(z: &mut [Self]) {
                    unsafe { exp_all(z) }
                }
            }
        };
    };
}

functions!(f64, exp, tanh_f64);
functions!(f32, exp_f32, tanh_f32);

#[cfg(test)]
mod tests {
    use super::*;

    type Function = fn(f64) -> f64;

    const ALL: [(Activation, Function); 5] = [
        (Activation::Identity, |z| z),
        (Activation::Relu, |z| z.max(0.0)),
        (Activation::Tanh, f64::tanh),
        (Activation::Silu, |z| z / (1.0 + (-z).exp())),
        (Activation::Sigmoid, |z| 1.0 / (1.0 + (-z).exp())),
    ];

    fn check<T: ActivationReal>(tolerance: f64) {
        let z: Vec<f64> = (-4003..4003).map(|i| f64::from(i) * 0.00497).collect();
        for (activation, function) in ALL {
            let mut value: Vec<T> = z.iter().map(|z| T::from_f64(*z)).collect();
            let mut slope = vec![T::ZERO; z.len()];
            activation.apply(&mut value, &mut slope);
            for (i, z) in z.iter().enumerate() {
                let z = T::from_f64(*z).to_f64();
                let right = function(z);
                let error = (value[i].to_f64() - right).abs() / right.abs().max(1e-300);
                assert!(error < tolerance, "{activation:?}({z}): {error}");
                if z.abs() < 1e-6 {
                    continue; // the corner of relu
                }
                let h = 1e-6;
                let right = (function(z + h) - function(z - h)) / (2.0 * h);
                let error = (slope[i].to_f64() - right).abs();
                assert!(
                    error < 1e-8 + 4.0 * tolerance,
                    "{activation:?}'({z}): {error}"
                );
            }
        }
    }

    #[test]
    fn values_and_slopes_are_right_to_rounding() {
        check::<f64>(2e-15);
        check::<f32>(6e-7);
    }

    #[test]
    fn nan_stays_and_ends_are_finite() {
        for (activation, _) in ALL {
            let mut z = [f32::NAN, -1e30, 1e30];
            let mut slope = [0.0; 3];
            activation.apply(&mut z, &mut slope);
            assert!(z[0].is_nan(), "{activation:?}");
            assert!(
                z[1..].iter().chain(&slope[1..]).all(|x| x.is_finite()),
                "{activation:?} {z:?}"
            );
        }
    }
}
