//! The residual A − ãb̃ᵀ, in plain and in doubled precision.

use crate::simd::{LANES, Vector, dispatch};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256d, __m512d};

/// out_ij = Σ_k a_ki b_kj − Σ_k ã_ki b̃_kj with every product and sum in twice the working precision, rounded once at the end.
///
/// Near the end of training the two sums agree in most of their digits and a plain difference is rounding noise. The
/// compensated sum (Ogita, Rump and Oishi, *Accurate sum and dot product*, 2005, algorithm Dot2) keeps the error of each entry
/// at about 1e-32 Σ|a b| besides one rounding, so losses are right down to those of factors that agree in their last digits.
///
/// `left` holds the rows a_1 … a_targets, ã_1 …, `right` the same of b, each of `ld` numbers; `out` has rows of `ld`.
pub(crate) fn doubled(
    n: usize,
    ld: usize,
    targets: usize,
    left: &[f64],
    right: &[f64],
    out: &mut [f64],
) {
    assert!(
        ld.is_multiple_of(LANES)
            && n <= ld
            && left.len() == right.len()
            && left.len().is_multiple_of(ld)
    );
    assert!(targets * ld <= left.len() && out.len() >= n * ld);
    let rank = left.len() / ld;
    // SAFETY: the asserts bound every access.
    unsafe {
        doubled_raw(
            n,
            ld,
            targets,
            rank,
            left.as_ptr(),
            right.as_ptr(),
            out.as_mut_ptr(),
        )
    }
}

dispatch! {
    unsafe fn doubled_raw(n: usize, ld: usize, targets: usize, rank: usize, left: *const f64, right: *const f64, out: *mut f64),
    avx512 = doubled_any::<__m512d>, avx2 = doubled_any::<__m256d>, plain = doubled_any::<[f64; 2]>
}

#[inline(always)]
unsafe fn doubled_any<V: Vector>(
    n: usize,
    ld: usize,
    targets: usize,
    rank: usize,
    left: *const f64,
    right: *const f64,
    out: *mut f64,
) {
    unsafe {
        for i in 0..n {
            let mut j = 0;
            while j < ld {
                let (mut sum, mut rest) = (V::splat(0.0), V::splat(0.0));
                for k in 0..rank {
                    let a = *left.add(k * ld + i);
                    let x = V::splat(if k < targets { a } else { -a });
                    let y = V::load(right.add(k * ld + j));
                    // p + e = x y exactly; t + d = sum + p exactly.
                    let p = x.mul(y);
                    let e = p.product_less(x, y);
                    let t = sum.add(p);
                    let z = t.sub(sum);
                    let d = sum.sub(t.sub(z)).add(p.sub(z));
                    rest = rest.add(e.add(d));
                    sum = t;
                }
                sum.add(rest).store(out.add(i * ld + j));
                j += V::W;
            }
        }
    }
}

/// Σ x² over the first `n` numbers of each of the rows of `ld`.
pub(crate) fn sum_of_squares(n: usize, ld: usize, x: &[f64]) -> f64 {
    x.chunks_exact(ld)
        .map(|row| dot(&row[..n], &row[..n]))
        .sum()
}

/// Σ x y in eight partial sums, which the compiler keeps in vector registers.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let (mut sums, mut tail) = ([0.0; LANES], 0.0);
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    for (u, v) in xs.remainder().iter().zip(ys.remainder()) {
        tail += u * v;
    }
    for (u, v) in xs.zip(ys) {
        for l in 0..LANES {
            sums[l] += u[l] * v[l];
        }
    }
    sums.iter().sum::<f64>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_keeps_what_a_plain_difference_loses() {
        // a b = (1 + 2⁻³⁰)², ã b̃ = 1 + 2⁻²⁹: the difference is 2⁻⁶⁰, below one unit in the last place.
        let h = 2f64.powi(-30);
        let mut left = vec![0.0; 16];
        let mut right = vec![0.0; 16];
        (left[0], right[0]) = (1.0 + h, 1.0 + h);
        (left[8], right[8]) = (1.0, 1.0 + 2.0 * h);
        let mut out = vec![0.0; 8];
        doubled(1, 8, 1, &left, &right, &mut out);
        assert_eq!(out[0], h * h);
        assert_eq!(left[0] * right[0] - left[8] * right[8], 0.0);
    }

    #[test]
    fn sums() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        assert_eq!(dot(&x, &x), 2470.0);
        assert_eq!(sum_of_squares(3, 10, &x), 1.0 + 4.0 + 100.0 + 121.0 + 144.0);
    }
}
