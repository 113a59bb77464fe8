//! e^x, to be vectorised.

use super::{LANES, dispatch};

/// Replaces each x by e^(x − shift) and returns the sum.
///
/// x − shift is written as k ln 2 + ρ with |ρ| ≤ ½ ln 2, and e^ρ as its Taylor polynomial of degree 13, whose remainder is
/// below 1e-17: the relative error is below 4e-16. Results below e^−708 ≈ 3e-308 come out as that number, and above e^709 as
/// that one; a NaN stays a NaN.
pub(crate) fn exp_shifted(x: &mut [f64], shift: f64) -> f64 {
    // SAFETY: no memory is accessed but through the slice.
    unsafe { exp_raw(x, shift) }
}

dispatch! {
    unsafe fn exp_raw(x: &mut [f64], shift: f64) -> f64,
    avx512 = exp_any::<true>, avx2 = exp_any::<true>, plain = exp_any::<false>
}

#[inline(always)]
unsafe fn exp_any<const FMA: bool>(x: &mut [f64], shift: f64) -> f64 {
    for x in x.iter_mut() {
        *x = exp::<FMA>(*x - shift);
    }
    let mut sums = [0.0; LANES];
    let chunks = x.chunks_exact(LANES);
    let tail: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for l in 0..LANES {
            sums[l] += chunk[l];
        }
    }
    sums.iter().sum::<f64>() + tail
}

#[inline(always)]
fn fma<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    // Where the processor has no fused instruction, `mul_add` would call a slow function.
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// e^x, as [`exp_shifted`] has it, to be inlined into a loop that is compiled for the processor.
#[inline(always)]
pub(crate) fn exp<const FMA: bool>(x: f64) -> f64 {
    // Adding 1.5 · 2⁵² rounds to a whole number and leaves it in the low bits.
    const ROUND: f64 = 6755399441055744.0;
    // ln 2 in two parts; the first has 21 trailing zeros, so its product with k is exact.
    const LN2_HIGH: f64 = 6.931471803691238e-1;
    const LN2_LOW: f64 = 1.9082149292705877e-10;
    const INVERSE_FACTORIALS: [f64; 14] = [
        1.0,
        1.0,
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5040.0,
        1.0 / 40320.0,
        1.0 / 362880.0,
        1.0 / 3628800.0,
        1.0 / 39916800.0,
        1.0 / 479001600.0,
        1.0 / 6227020800.0,
    ];
    // Comparisons, not `clamp`: they map to one instruction each and pass a NaN on.
    let x = if x < -708.0 { -708.0 } else { x };
    let x = if x > 709.0 { 709.0 } else { x };
    let rounded = fma::<FMA>(x, std::f64::consts::LOG2_E, ROUND);
    let k = rounded - ROUND;
    let rho = fma::<FMA>(-k, LN2_LOW, fma::<FMA>(-k, LN2_HIGH, x));
    let c = INVERSE_FACTORIALS;
    let mut sum = c[13];
    for i in (0..13).rev() {
        sum = fma::<FMA>(sum, rho, c[i]);
    }
    // 2^k by its exponent bits: the low bits of `rounded` are k.
    sum * f64::from_bits((rounded.to_bits() << 52).wrapping_add(1.0f64.to_bits()))
}

/// e^x of an f32: a polynomial of degree 7 on |ρ| ≤ ½ ln 2, relative error below 2e-7; ends and NaN as in [`exp`], at e^±87.
#[inline(always)]
pub(crate) fn exp_f32<const FMA: bool>(x: f32) -> f32 {
    // Adding 1.5 · 2²³ rounds to a whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    const C: [f32; 8] = [
        1.0,
        1.0,
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5040.0,
    ];
    let fma = |a: f32, b: f32, c: f32| if FMA { a.mul_add(b, c) } else { a * b + c };
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let rounded = fma(x, std::f32::consts::LOG2_E, ROUND);
    let k = rounded - ROUND;
    let rho = fma(-k, LN2_LOW, fma(-k, LN2_HIGH, x));
    let mut sum = C[7];
    for i in (0..7).rev() {
        sum = fma(sum, rho, C[i]);
    }
    sum * f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        let mut worst: f64 = 0.0;
        for i in 0..200_001 {
            let x = -700.0 + 1400.0 * f64::from(i) / 200_000.0;
            for f in [exp::<true>, exp::<false>] {
                worst = worst.max((f(x) / x.exp() - 1.0).abs());
            }
        }
        assert!(worst < 4.5e-16, "{worst}");
    }

    #[test]
    fn of_f32_agrees_with_the_standard_library() {
        let mut worst: f64 = 0.0;
        for i in 0..200_001 {
            let x = -86.0 + 173.0 * (i as f32) / 200_000.0;
            for f in [exp_f32::<true>, exp_f32::<false>] {
                worst = worst.max((f64::from(f(x)) / f64::from(x).exp() - 1.0).abs());
            }
        }
        assert!(worst < 2e-7, "{worst}");
        assert!(exp_f32::<true>(f32::NAN).is_nan());
        assert!(exp_f32::<true>(1e9).is_finite() && exp_f32::<true>(-1e9) > 0.0);
    }

    #[test]
    fn sums_and_ends() {
        let mut x = vec![1.0, 0.0, -2000.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let sum = exp_shifted(&mut x, 1.0);
        assert!((sum - 9.0 - (-1f64).exp()).abs() < 1e-14);
        assert!(x[2] > 0.0 && x[2] < 1e-300);
        assert!(exp::<true>(f64::NAN).is_nan());
        assert!(exp::<true>(1e9) > 1e307);
    }
}
