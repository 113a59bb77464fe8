//! Products with a few rows at a time, while they are in the cache.

use crate::model::factor::simd::{LANES, Vector, dispatch};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256d, __m512d};

/// Rows of the task vectors, each filled with zeros to `stride` numbers, a multiple of [`LANES`].
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub data: &'a [f64],
    pub stride: usize,
}

impl Rows<'_> {
    /// Adds Σ c_i t_i over the listed tasks to `sum`, with c_i = `weight(which, t_i · x)`, where `which` is the task's place in the
    /// list. Each row is read from memory once; the order of the sum is that of the list.
    pub fn pull(
        self,
        tasks: &[u32],
        x: &[f64],
        sum: &mut [f64],
        mut weight: impl FnMut(usize, f64) -> f64,
    ) {
        self.check(tasks, x.len());
        assert!(sum.len() == self.stride);
        for (block, tasks) in tasks.chunks(GROUP).enumerate() {
            let mut rows = [std::ptr::null(); GROUP];
            for (row, task) in rows.iter_mut().zip(tasks) {
                *row = self.row(*task);
            }
            let mut c = [0.0; GROUP];
            // SAFETY: the tasks were checked, and all lengths are the stride.
            unsafe { dots(tasks.len(), &rows, x.as_ptr(), self.stride, &mut c) };
            for (i, c) in c.iter_mut().enumerate().take(tasks.len()) {
                *c = weight(block * GROUP + i, *c);
            }
            // SAFETY: as above.
            unsafe { add(tasks.len(), &rows, &c, sum.as_mut_ptr(), self.stride) };
        }
    }

    /// All t_i · x.
    pub fn products(self, x: &[f64], out: &mut [f64]) {
        let tasks = self.data.len() / self.stride;
        assert!(x.len() == self.stride && out.len() == tasks);
        for (block, out) in out.chunks_mut(GROUP).enumerate() {
            let mut rows = [std::ptr::null(); GROUP];
            for (i, row) in rows.iter_mut().enumerate().take(out.len()) {
                *row = self.row((block * GROUP + i) as u32);
            }
            let mut c = [0.0; GROUP];
            // SAFETY: every row is within the data, and all lengths are the stride.
            unsafe { dots(out.len(), &rows, x.as_ptr(), self.stride, &mut c) };
            out.copy_from_slice(&c[..out.len()]);
        }
    }

    fn check(self, tasks: &[u32], len: usize) {
        assert!(self.stride.is_multiple_of(LANES) && len == self.stride);
        let count = (self.data.len() / self.stride) as u32;
        assert!(tasks.iter().all(|task| *task < count));
    }

    fn row(self, task: u32) -> *const f64 {
        self.data[task as usize * self.stride..].as_ptr()
    }
}

/// Rows read at once.
const GROUP: usize = 4;

dispatch! {
    /// out[i] = rows[i] · x for the first `count` rows.
    unsafe fn dots(count: usize, rows: &[*const f64; GROUP], x: *const f64, len: usize, out: &mut [f64; GROUP]),
    avx512 = dots_any::<__m512d>, avx2 = dots_any::<__m256d>, plain = dots_any::<[f64; 2]>
}

dispatch! {
    /// sum += Σ c[i] rows[i] over the first `count` rows.
    unsafe fn add(count: usize, rows: &[*const f64; GROUP], c: &[f64; GROUP], sum: *mut f64, len: usize),
    avx512 = add_any::<__m512d>, avx2 = add_any::<__m256d>, plain = add_any::<[f64; 2]>
}

#[inline(always)]
unsafe fn dots_any<V: Vector>(
    count: usize,
    rows: &[*const f64; GROUP],
    x: *const f64,
    len: usize,
    out: &mut [f64; GROUP],
) {
    unsafe {
        match count {
            4 if V::W == LANES => dots_of::<V, 4>(rows, 0, x, len, out),
            3 if V::W == LANES => dots_of::<V, 3>(rows, 0, x, len, out),
            4 => {
                dots_of::<V, 2>(rows, 0, x, len, out);
                dots_of::<V, 2>(rows, 2, x, len, out);
            }
            3 => {
                dots_of::<V, 2>(rows, 0, x, len, out);
                dots_of::<V, 1>(rows, 2, x, len, out);
            }
            2 => dots_of::<V, 2>(rows, 0, x, len, out),
            1 => dots_of::<V, 1>(rows, 0, x, len, out),
            _ => {}
        }
    }
}

/// Each row has four sums of its own, so that it gives the same bits in whatever company.
#[inline(always)]
unsafe fn dots_of<V: Vector, const R: usize>(
    rows: &[*const f64; GROUP],
    first: usize,
    x: *const f64,
    len: usize,
    out: &mut [f64; GROUP],
) {
    const SUMS: usize = 4;
    unsafe {
        let rows: [*const f64; R] = std::array::from_fn(|i| rows[first + i]);
        let mut sums = [[V::splat(0.0); SUMS]; R];
        let mut at = 0;
        while at + SUMS * V::W <= len {
            for k in 0..SUMS {
                let here = at + k * V::W;
                let x = V::load(x.add(here));
                for i in 0..R {
                    sums[i][k] = sums[i][k].add_product(V::load(rows[i].add(here)), x);
                }
            }
            at += SUMS * V::W;
        }
        while at < len {
            let x = V::load(x.add(at));
            for i in 0..R {
                sums[i][0] = sums[i][0].add_product(V::load(rows[i].add(at)), x);
            }
            at += V::W;
        }
        for i in 0..R {
            let [a, b, c, d] = sums[i];
            out[first + i] = a.add(b).add(c.add(d)).sum();
        }
    }
}

#[inline(always)]
unsafe fn add_any<V: Vector>(
    count: usize,
    rows: &[*const f64; GROUP],
    c: &[f64; GROUP],
    sum: *mut f64,
    len: usize,
) {
    unsafe {
        match count {
            4 => add_of::<V, 4>(rows, c, sum, len),
            3 => add_of::<V, 3>(rows, c, sum, len),
            2 => add_of::<V, 2>(rows, c, sum, len),
            1 => add_of::<V, 1>(rows, c, sum, len),
            _ => {}
        }
    }
}

#[inline(always)]
unsafe fn add_of<V: Vector, const R: usize>(
    rows: &[*const f64; GROUP],
    c: &[f64; GROUP],
    sum: *mut f64,
    len: usize,
) {
    unsafe {
        let c: [V; R] = std::array::from_fn(|i| V::splat(c[i]));
        for at in (0..len).step_by(V::W) {
            let mut s = V::load(sum.add(at));
            for i in 0..R {
                s = s.add_product(V::load(rows[i].add(at)), c[i]);
            }
            s.store(sum.add(at));
        }
    }
}
