//! Numbers that begin where a cache line does.

use crate::simd::{LANES, padded};
use std::ops::{Deref, DerefMut};

/// One cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f64; LANES]);

/// A slice of a multiple of [`LANES`] numbers, aligned so that no vector register crosses a cache line: on AVX-512 a product of two
/// rows in the cache takes two thirds of the time.
#[derive(Clone, Debug)]
pub(super) struct Aligned(Vec<Line>);

impl Aligned {
    /// Zeros, `len` rounded up.
    pub fn zeros(len: usize) -> Self {
        Self(vec![Line([0.0; LANES]); padded(len) / LANES])
    }
}

impl Deref for Aligned {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        // SAFETY: a line is LANES numbers without padding, as its alignment is its size.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LANES) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f64] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LANES) }
    }
}
