//! Products with the task vectors, a few rows at a time while they are in the cache.

use super::aligned::Aligned;
use crate::simd::{Vector, dispatch, padded};
use ndarray::Array2;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256d, __m512d};

/// The task vectors as the steps read them.
#[derive(Clone, Debug)]
pub(super) enum Rows {
    /// Each row filled with zeros to `stride` numbers.
    Dense { data: Aligned, stride: usize },
    /// Rows with one number that is not 0 at most: its column and itself.
    Axes {
        axes: Vec<(u32, f64)>,
        stride: usize,
    },
}

/// Rows read at once: with x and the sum, as many of a thousand numbers as a cache of 32 KB holds nearly.
const GROUP: usize = 3;

impl Rows {
    pub fn new(matrix: &Array2<f64>) -> Self {
        let stride = padded(matrix.ncols());
        let axes = matrix.rows().into_iter().map(|row| {
            let mut entries = row.indexed_iter().filter(|(_, x)| **x != 0.0);
            let (column, x) = entries.next().unwrap_or((0, &0.0));
            entries.next().is_none().then_some((column as u32, *x))
        });
        if let Some(axes) = axes.collect() {
            return Self::Axes { axes, stride };
        }
        let mut data = Aligned::zeros(matrix.nrows() * stride);
        for (to, from) in data.chunks_exact_mut(stride).zip(matrix.rows()) {
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
        }
        Self::Dense { data, stride }
    }

    /// n_dim, rounded up to whole registers: the length of x and of the sum.
    pub fn stride(&self) -> usize {
        match self {
            Self::Dense { stride, .. } | Self::Axes { stride, .. } => *stride,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Dense { data, stride } => data.len() / stride,
            Self::Axes { axes, .. } => axes.len(),
        }
    }

    /// Adds Σ c_i t_i over the listed tasks to `sum`, or lets it be that when `afresh`; c_i = `weight(k, t_i · x)` for the k-th of the
    /// list. Each row is read from memory once. The order of the sum is that of the list, and every product has the same bits in
    /// whatever company. Where the products are `known` (of all tasks), they are not made again.
    pub fn pull(
        &self,
        tasks: &[u32],
        x: &[f64],
        known: Option<&[f64]>,
        sum: &mut [f64],
        afresh: bool,
        mut weight: impl FnMut(usize, f64) -> f64,
    ) {
        assert!(x.len() == self.stride() && sum.len() == self.stride());
        let (data, stride) = match self {
            Self::Dense { data, stride } => (data, *stride),
            Self::Axes { axes, .. } => {
                if afresh {
                    sum.fill(0.0);
                }
                for (k, task) in tasks.iter().enumerate() {
                    let (column, t) = axes[*task as usize];
                    sum[column as usize] += weight(k, t * x[column as usize]) * t;
                }
                return;
            }
        };
        if afresh && tasks.is_empty() {
            sum.fill(0.0);
        }
        for (group, tasks) in tasks.chunks(GROUP).enumerate() {
            let first = group * GROUP;
            let mut rows = [std::ptr::null(); GROUP];
            for (row, task) in rows.iter_mut().zip(tasks) {
                *row = data[*task as usize * stride..][..stride].as_ptr();
            }
            let mut c = [0.0; GROUP];
            match known {
                Some(known) => {
                    for (c, task) in c.iter_mut().zip(tasks) {
                        *c = known[*task as usize];
                    }
                }
                // SAFETY: each row has `stride` numbers, as x has.
                None => unsafe { dots(tasks.len(), &rows, x.as_ptr(), stride, &mut c) },
            }
            for (k, c) in c.iter_mut().enumerate().take(tasks.len()) {
                *c = weight(first + k, *c);
            }
            let afresh = afresh && group == 0;
            // SAFETY: each row has `stride` numbers, as the sum has.
            unsafe { add(tasks.len(), &rows, &c, sum.as_mut_ptr(), stride, afresh) };
        }
    }

    /// All t_i · x.
    pub fn products(&self, x: &[f64], out: &mut [f64]) {
        assert!(x.len() == self.stride() && out.len() == self.len());
        let (data, stride) = match self {
            Self::Dense { data, stride } => (data, *stride),
            Self::Axes { axes, .. } => {
                for (out, (column, t)) in out.iter_mut().zip(axes) {
                    *out = t * x[*column as usize];
                }
                return;
            }
        };
        for (out, block) in out.chunks_mut(GROUP).zip(data.chunks(GROUP * stride)) {
            let mut rows = [std::ptr::null(); GROUP];
            for (row, from) in rows.iter_mut().zip(block.chunks_exact(stride)) {
                *row = from.as_ptr();
            }
            let mut c = [0.0; GROUP];
            // SAFETY: each row has `stride` numbers, as x has.
            unsafe { dots(out.len(), &rows, x.as_ptr(), stride, &mut c) };
            out.copy_from_slice(&c[..out.len()]);
        }
    }

    /// For each task the numbers of coordinates where t_ij and x_j have the same sign and where they have opposite ones, zeros being in
    /// neither.
    pub fn signs(&self, x: &[f64], mut each: impl FnMut(usize, f64, f64)) {
        assert!(x.len() == self.stride());
        match self {
            Self::Dense { data, stride } => {
                for (task, row) in data.chunks_exact(*stride).enumerate() {
                    // SAFETY: no memory is accessed but through the slices.
                    let (same, opposite) = unsafe { signs(row, x) };
                    each(task, same, opposite);
                }
            }
            Self::Axes { axes, .. } => {
                for (task, (column, t)) in axes.iter().enumerate() {
                    // SAFETY: as above.
                    let (same, opposite) = unsafe { signs_any(&[*t], &x[*column as usize..][..1]) };
                    each(task, same, opposite);
                }
            }
        }
    }
}

dispatch! {
    /// out[i] = rows[i] · x for the first `count` rows.
    unsafe fn dots(count: usize, rows: &[*const f64; GROUP], x: *const f64, len: usize, out: &mut [f64; GROUP]),
    avx512 = dots_any::<__m512d>, avx2 = dots_any::<__m256d>, plain = dots_any::<[f64; 2]>
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
            3 => dots_of::<V, 3>(rows, x, len, out),
            2 => dots_of::<V, 2>(rows, x, len, out),
            _ => dots_of::<V, 1>(rows, x, len, out),
        }
    }
}

/// Each row has four sums of its own, however many rows there are.
#[inline(always)]
unsafe fn dots_of<V: Vector, const R: usize>(
    rows: &[*const f64; GROUP],
    x: *const f64,
    len: usize,
    out: &mut [f64; GROUP],
) {
    const SUMS: usize = 4;
    unsafe {
        let mut sums = [[V::splat(0.0); R]; SUMS];
        let mut at = 0;
        while at + SUMS * V::W <= len {
            for sums in &mut sums {
                let x = V::load(x.add(at));
                for (sum, row) in sums.iter_mut().zip(rows) {
                    *sum = sum.add_product(V::load(row.add(at)), x);
                }
                at += V::W;
            }
        }
        while at < len {
            let x = V::load(x.add(at));
            for (sum, row) in sums[0].iter_mut().zip(rows) {
                *sum = sum.add_product(V::load(row.add(at)), x);
            }
            at += V::W;
        }
        let [a, b, c, d] = sums;
        for (i, out) in out.iter_mut().enumerate().take(R) {
            *out = a[i].add(b[i]).add(c[i].add(d[i])).sum();
        }
    }
}

dispatch! {
    /// sum += Σ c[i] rows[i] over the first `count` rows, or = where `afresh`.
    unsafe fn add(count: usize, rows: &[*const f64; GROUP], c: &[f64; GROUP], sum: *mut f64, len: usize, afresh: bool),
    avx512 = add_any::<__m512d>, avx2 = add_any::<__m256d>, plain = add_any::<[f64; 2]>
}

#[inline(always)]
unsafe fn add_any<V: Vector>(
    count: usize,
    rows: &[*const f64; GROUP],
    c: &[f64; GROUP],
    sum: *mut f64,
    len: usize,
    afresh: bool,
) {
    unsafe {
        match (count, afresh) {
            (3, false) => add_of::<V, 3, false>(rows, c, sum, len),
            (2, false) => add_of::<V, 2, false>(rows, c, sum, len),
            (_, false) => add_of::<V, 1, false>(rows, c, sum, len),
            (3, true) => add_of::<V, 3, true>(rows, c, sum, len),
            (2, true) => add_of::<V, 2, true>(rows, c, sum, len),
            (_, true) => add_of::<V, 1, true>(rows, c, sum, len),
        }
    }
}

#[inline(always)]
unsafe fn add_of<V: Vector, const R: usize, const AFRESH: bool>(
    rows: &[*const f64; GROUP],
    c: &[f64; GROUP],
    sum: *mut f64,
    len: usize,
) {
    unsafe {
        let c: [V; R] = std::array::from_fn(|i| V::splat(c[i]));
        for at in (0..len).step_by(V::W) {
            let mut s = if AFRESH {
                V::splat(0.0)
            } else {
                V::load(sum.add(at))
            };
            for i in 0..R {
                s = s.add_product(V::load(rows[i].add(at)), c[i]);
            }
            s.store(sum.add(at));
        }
    }
}

dispatch! {
    unsafe fn signs(t: &[f64], x: &[f64]) -> (f64, f64),
    avx512 = signs_any, avx2 = signs_any, plain = signs_any
}

/// No product of the two, which could underflow.
#[inline(always)]
unsafe fn signs_any(t: &[f64], x: &[f64]) -> (f64, f64) {
    let (mut same, mut opposite) = (0i64, 0i64);
    for (t, x) in t.iter().zip(x) {
        let (up, down) = (*t > 0.0, *t < 0.0);
        let (rise, fall) = (*x > 0.0, *x < 0.0);
        same += i64::from((up & rise) | (down & fall));
        opposite += i64::from((up & fall) | (down & rise));
    }
    (same as f64, opposite as f64)
}
