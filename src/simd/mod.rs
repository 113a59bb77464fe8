//! One vector register of f64, and the choice of its width at run time.
//!
//! The crate is compiled for any processor of its architecture; hot loops are written once over [`Vector`] and compiled for
//! AVX-512, AVX2 and the baseline. Rows are padded with zeros to a multiple of [`LANES`], so that no loop has a tail.

pub(crate) mod exp;

/// Numbers in the widest vector register; rows are padded to a multiple of it.
pub(crate) const LANES: usize = 8;

/// `n` rounded up to a multiple of [`LANES`].
pub(crate) fn padded(n: usize) -> usize {
    n.next_multiple_of(LANES)
}

/// One vector register. The methods are safe to call only where the features of the type are enabled.
#[allow(clippy::missing_safety_doc)]
pub(crate) trait Vector: Copy {
    /// Numbers held.
    const W: usize;
    unsafe fn splat(x: f64) -> Self;
    unsafe fn load(p: *const f64) -> Self;
    unsafe fn store(self, p: *mut f64);
    /// self + a · b.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    /// a · b − self, rounded once.
    unsafe fn product_less(self, a: Self, b: Self) -> Self;
    unsafe fn mul(self, a: Self) -> Self;
    unsafe fn add(self, a: Self) -> Self;
    unsafe fn sub(self, a: Self) -> Self;
    unsafe fn sum(self) -> f64;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Vector;
    use std::arch::x86_64::*;

    impl Vector for __m512d {
        const W: usize = 8;
        #[inline(always)]
        unsafe fn splat(x: f64) -> Self {
            unsafe { _mm512_set1_pd(x) }
        }
        #[inline(always)]
        unsafe fn load(p: *const f64) -> Self {
            unsafe { _mm512_loadu_pd(p) }
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut f64) {
            unsafe { _mm512_storeu_pd(p, self) }
        }
        #[inline(always)]
        unsafe fn add_product(self, a: Self, b: Self) -> Self {
            unsafe { _mm512_fmadd_pd(a, b, self) }
        }
        #[inline(always)]
        unsafe fn product_less(self, a: Self, b: Self) -> Self {
            unsafe { _mm512_fmsub_pd(a, b, self) }
        }
        #[inline(always)]
        unsafe fn mul(self, a: Self) -> Self {
            unsafe { _mm512_mul_pd(self, a) }
        }
        #[inline(always)]
        unsafe fn add(self, a: Self) -> Self {
            unsafe { _mm512_add_pd(self, a) }
        }
        #[inline(always)]
        unsafe fn sub(self, a: Self) -> Self {
            unsafe { _mm512_sub_pd(self, a) }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f64 {
            unsafe { _mm512_reduce_add_pd(self) }
        }
    }

    impl Vector for __m256d {
        const W: usize = 4;
        #[inline(always)]
        unsafe fn splat(x: f64) -> Self {
            unsafe { _mm256_set1_pd(x) }
        }
        #[inline(always)]
        unsafe fn load(p: *const f64) -> Self {
            unsafe { _mm256_loadu_pd(p) }
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut f64) {
            unsafe { _mm256_storeu_pd(p, self) }
        }
        #[inline(always)]
        unsafe fn add_product(self, a: Self, b: Self) -> Self {
            unsafe { _mm256_fmadd_pd(a, b, self) }
        }
        #[inline(always)]
        unsafe fn product_less(self, a: Self, b: Self) -> Self {
            unsafe { _mm256_fmsub_pd(a, b, self) }
        }
        #[inline(always)]
        unsafe fn mul(self, a: Self) -> Self {
            unsafe { _mm256_mul_pd(self, a) }
        }
        #[inline(always)]
        unsafe fn add(self, a: Self) -> Self {
            unsafe { _mm256_add_pd(self, a) }
        }
        #[inline(always)]
        unsafe fn sub(self, a: Self) -> Self {
            unsafe { _mm256_sub_pd(self, a) }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f64 {
            unsafe {
                let s = _mm_add_pd(
                    _mm256_castpd256_pd128(self),
                    _mm256_extractf128_pd::<1>(self),
                );
                _mm_cvtsd_f64(_mm_add_sd(s, _mm_unpackhi_pd(s, s)))
            }
        }
    }
}

/// Two numbers for any processor; the compiler maps them to its 128-bit registers.
impl Vector for [f64; 2] {
    const W: usize = 2;
    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        [x; 2]
    }
    #[inline(always)]
    unsafe fn load(p: *const f64) -> Self {
        unsafe { [*p, *p.add(1)] }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f64) {
        unsafe {
            *p = self[0];
            *p.add(1) = self[1];
        }
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        [self[0] + a[0] * b[0], self[1] + a[1] * b[1]]
    }
    #[inline(always)]
    unsafe fn product_less(self, a: Self, b: Self) -> Self {
        [a[0].mul_add(b[0], -self[0]), a[1].mul_add(b[1], -self[1])]
    }
    #[inline(always)]
    unsafe fn mul(self, a: Self) -> Self {
        [self[0] * a[0], self[1] * a[1]]
    }
    #[inline(always)]
    unsafe fn add(self, a: Self) -> Self {
        [self[0] + a[0], self[1] + a[1]]
    }
    #[inline(always)]
    unsafe fn sub(self, a: Self) -> Self {
        [self[0] - a[0], self[1] - a[1]]
    }
    #[inline(always)]
    unsafe fn sum(self) -> f64 {
        self[0] + self[1]
    }
}

/// What the processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Plain,
}

/// The best level of this machine; the standard library caches the detection.
#[inline]
pub(crate) fn level() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
            return Level::Avx512;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Level::Avx2;
        }
    }
    Level::Plain
}

/// Defines a function with one body for each level of the processor, chosen at run time.
macro_rules! dispatch {
    ($(#[$doc:meta])* unsafe fn $name:ident($($arg:ident : $ty:ty),* $(,)?) $(-> $ret:ty)?,
     avx512 = $a:expr, avx2 = $b:expr, plain = $c:expr) => {
        $(#[$doc])*
        unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,fma")]
                unsafe fn avx512($($arg: $ty),*) $(-> $ret)? {
                    unsafe { $a($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                unsafe fn avx2($($arg: $ty),*) $(-> $ret)? {
                    unsafe { $b($($arg),*) }
                }
                // SAFETY: each is called only where its features were detected.
                match $crate::simd::level() {
                    $crate::simd::Level::Avx512 => return unsafe { avx512($($arg),*) },
                    $crate::simd::Level::Avx2 => return unsafe { avx2($($arg),*) },
                    $crate::simd::Level::Plain => {}
                }
            }
            unsafe { $c($($arg),*) }
        }
    };
}
pub(crate) use dispatch;

/// x ← keep x − rate g.
pub(crate) fn advance(x: &mut [f64], g: &[f64], keep: f64, rate: f64) {
    // SAFETY: no memory is accessed but through the slices.
    unsafe { advance_raw(x, g, keep, rate) }
}

dispatch! {
    unsafe fn advance_raw(x: &mut [f64], g: &[f64], keep: f64, rate: f64),
    avx512 = advance_any, avx2 = advance_any, plain = advance_any
}

#[inline(always)]
unsafe fn advance_any(x: &mut [f64], g: &[f64], keep: f64, rate: f64) {
    for (x, g) in x.iter_mut().zip(g) {
        *x = keep * *x - rate * g;
    }
}
