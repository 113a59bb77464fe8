//! The rank-one step, fused: one pass over each pair of vectors updates it and takes the inner products of the next step.

use crate::simd::{LANES, Vector, dispatch};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256d, __m512d};

/// `steps` steps of ã += η (a (b·b̃) − ã (b̃·b̃)) − ηλ ã, b̃ alike and at the same time, on padded vectors.
///
/// `gain` is the factor g of the loss ½ g ‖A − Ã‖², `decay` is λ.
#[expect(
    clippy::too_many_arguments,
    reason = "four vectors and their numbers, called in one place"
)]
pub(crate) fn descend(
    a: &[f64],
    b: &[f64],
    x: &mut [f64],
    y: &mut [f64],
    rate: f64,
    gain: f64,
    decay: f64,
    steps: usize,
) {
    let n = a.len();
    assert!(n.is_multiple_of(LANES) && b.len() == n && x.len() == n && y.len() == n);
    let raw = Raw {
        n,
        a: a.as_ptr(),
        b: b.as_ptr(),
        x: x.as_mut_ptr(),
        y: y.as_mut_ptr(),
        rate,
        gain,
        decay,
        steps,
    };
    // SAFETY: all four slices hold n numbers, a multiple of every vector's width.
    unsafe { descend_raw(raw) }
}

#[derive(Clone, Copy)]
struct Raw {
    n: usize,
    a: *const f64,
    b: *const f64,
    x: *mut f64,
    y: *mut f64,
    rate: f64,
    gain: f64,
    decay: f64,
    steps: usize,
}

dispatch! {
    unsafe fn descend_raw(raw: Raw),
    avx512 = descend_any::<__m512d>, avx2 = descend_any::<__m256d>, plain = descend_any::<[f64; 2]>
}

#[inline(always)]
unsafe fn descend_any<V: Vector>(raw: Raw) {
    let Raw { n, a, b, x, y, .. } = raw;
    unsafe {
        // The signal target·learned and the square learned·learned of both sides.
        let (mut sx, mut xx) = update::<V>(n, a, x, 0.0, 1.0);
        let (mut sy, mut yy) = update::<V>(n, b, y, 0.0, 1.0);
        let step = raw.rate * raw.gain;
        let keep = 1.0 - raw.rate * raw.decay;
        for _ in 0..raw.steps {
            let new = update::<V>(n, a, x, step * sy, keep - step * yy);
            (sy, yy) = update::<V>(n, b, y, step * sx, keep - step * xx);
            (sx, xx) = new;
        }
    }
}

/// x ← signal · a + keep · x; returns (a·x, x·x) of the new x.
#[inline(always)]
unsafe fn update<V: Vector>(
    n: usize,
    a: *const f64,
    x: *mut f64,
    signal: f64,
    keep: f64,
) -> (f64, f64) {
    unsafe {
        let (signal, keep) = (V::splat(signal), V::splat(keep));
        let (mut ax, mut xx) = ([V::splat(0.0); 2], [V::splat(0.0); 2]);
        let mut at = 0;
        while at + 2 * V::W <= n {
            for l in 0..2 {
                let i = at + l * V::W;
                let u = V::load(a.add(i));
                let v = V::load(x.add(i)).mul(keep).add_product(signal, u);
                v.store(x.add(i));
                ax[l] = ax[l].add_product(u, v);
                xx[l] = xx[l].add_product(v, v);
            }
            at += 2 * V::W;
        }
        while at < n {
            let u = V::load(a.add(at));
            let v = V::load(x.add(at)).mul(keep).add_product(signal, u);
            v.store(x.add(at));
            ax[0] = ax[0].add_product(u, v);
            xx[0] = xx[0].add_product(v, v);
            at += V::W;
        }
        (ax[0].add(ax[1]).sum(), xx[0].add(xx[1]).sum())
    }
}
