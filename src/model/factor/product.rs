//! Dense products at the sizes of the factor models.
//!
//! n ≈ 100 and r from 1 to 100 fit the first or second cache level, where a general BLAS loses much of its time in packing
//! and dispatch. Nothing here allocates, packs or starts a thread; on one core the products run at 80–95 % of its peak.

use crate::simd::{LANES, Vector, dispatch};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256d, __m512d};

/// A strided matrix of scalars: entry (l, p) lies at `data[l · row + p · column]`.
#[derive(Clone, Copy)]
pub(crate) struct Strided<'a> {
    pub data: &'a [f64],
    pub row: usize,
    pub column: usize,
}

/// The shape of a product: `rows` × `columns` sums of `depth` terms; `columns` is a multiple of [`LANES`].
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
}

/// out = β out + α Xᵀ Y, with X (depth × rows) strided, Y (depth × columns) and out (rows × columns) in rows that start
/// `y.1` and `out.1` numbers apart. With β = 0 the old content of `out` is not read.
///
/// X is read one number at a time (broadcast), so any stride is as good as another.
pub(crate) fn product(
    shape: Shape,
    alpha: f64,
    x: Strided,
    y: (&[f64], usize),
    beta: f64,
    out: (&mut [f64], usize),
) {
    let base = out.0.as_ptr();
    // SAFETY: the base is `out` itself.
    unsafe { checked(shape, alpha, x, y, beta, base, out) }
}

/// out = base + α Xᵀ Y, with `base` laid out as `out`.
pub(crate) fn product_onto(
    shape: Shape,
    alpha: f64,
    x: Strided,
    y: (&[f64], usize),
    base: &[f64],
    out: (&mut [f64], usize),
) {
    assert!(base.len() >= out.0.len());
    // SAFETY: the base is as long as `out`.
    unsafe { checked(shape, alpha, x, y, 1.0, base.as_ptr(), out) }
}

/// `base` must be readable wherever `out` is.
unsafe fn checked(
    shape: Shape,
    alpha: f64,
    x: Strided,
    y: (&[f64], usize),
    beta: f64,
    base: *const f64,
    out: (&mut [f64], usize),
) {
    let Shape {
        rows,
        columns,
        depth,
    } = shape;
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(columns.is_multiple_of(LANES) && y.1 >= columns && out.1 >= columns);
    assert!(out.0.len() >= (rows - 1) * out.1 + columns);
    if depth > 0 {
        assert!(x.data.len() > (depth - 1) * x.row + (rows - 1) * x.column);
        assert!(y.0.len() >= (depth - 1) * y.1 + columns);
    }
    let raw = Raw {
        depth,
        x: x.data.as_ptr(),
        x_row: x.row,
        x_column: x.column,
        y: y.0.as_ptr(),
        y_stride: y.1,
        base,
        out: out.0.as_mut_ptr(),
        out_stride: out.1,
        alpha,
        beta,
    };
    // SAFETY: the asserts above bound every access.
    unsafe { product_raw(rows, columns, raw) }
}

/// A product's operands after the bounds were checked.
#[derive(Clone, Copy)]
struct Raw {
    depth: usize,
    x: *const f64,
    x_row: usize,
    x_column: usize,
    y: *const f64,
    y_stride: usize,
    base: *const f64,
    out: *mut f64,
    out_stride: usize,
    alpha: f64,
    beta: f64,
}

dispatch! {
    unsafe fn product_raw(rows: usize, columns: usize, raw: Raw),
    avx512 = panels::<__m512d, 8, 3>, avx2 = panels::<__m256d, 4, 3>, plain = panels::<[f64; 2], 2, 4>
}

/// Walks over blocks of M rows × N vectors. Column panels are the outer loop: a panel of Y then stays in the first cache
/// level while all rows pass over it.
#[inline(always)]
unsafe fn panels<V: Vector, const M: usize, const N: usize>(rows: usize, columns: usize, raw: Raw) {
    let mut q = 0;
    while q < columns {
        let left = (columns - q) / V::W;
        // A last panel of one vector would starve the multipliers: 4 = 2 + 2 is better than 3 + 1.
        let n = if left == N + 1 { N - 1 } else { left.min(N) };
        let at = Raw {
            y: unsafe { raw.y.add(q) },
            base: unsafe { raw.base.add(q) },
            out: unsafe { raw.out.add(q) },
            ..raw
        };
        unsafe {
            match n {
                1 => column::<V, M, 1>(rows, at),
                2 => column::<V, M, 2>(rows, at),
                3 => column::<V, M, 3>(rows, at),
                _ => column::<V, M, 4>(rows, at),
            }
        }
        q += n * V::W;
    }
}

#[inline(always)]
unsafe fn column<V: Vector, const M: usize, const N: usize>(rows: usize, raw: Raw) {
    let mut p = 0;
    while p < rows {
        let at = Raw {
            x: unsafe { raw.x.add(p * raw.x_column) },
            base: unsafe { raw.base.add(p * raw.out_stride) },
            out: unsafe { raw.out.add(p * raw.out_stride) },
            ..raw
        };
        let m = (rows - p).min(M);
        unsafe {
            match m {
                1 => block::<V, 1, N>(at),
                2 => block::<V, 2, N>(at),
                3 => block::<V, 3, N>(at),
                4 => block::<V, 4, N>(at),
                5 => block::<V, 5, N>(at),
                6 => block::<V, 6, N>(at),
                7 => block::<V, 7, N>(at),
                _ => block::<V, 8, N>(at),
            }
        }
        p += m;
    }
}

#[inline(always)]
unsafe fn block<V: Vector, const M: usize, const N: usize>(raw: Raw) {
    unsafe {
        let mut acc = [[V::splat(0.0); N]; M];
        for l in 0..raw.depth {
            let y = raw.y.add(l * raw.y_stride);
            let x = raw.x.add(l * raw.x_row);
            let v: [V; N] = std::array::from_fn(|j| V::load(y.add(j * V::W)));
            for (i, sums) in acc.iter_mut().enumerate() {
                let s = V::splat(*x.add(i * raw.x_column));
                for (sum, v) in sums.iter_mut().zip(v) {
                    *sum = sum.add_product(s, v);
                }
            }
        }
        let (alpha, beta) = (V::splat(raw.alpha), V::splat(raw.beta));
        for (i, sums) in acc.iter().enumerate() {
            for (j, sum) in sums.iter().enumerate() {
                let at = i * raw.out_stride + j * V::W;
                let sum = sum.mul(alpha);
                let sum = if raw.beta == 0.0 {
                    sum
                } else {
                    sum.add_product(V::load(raw.base.add(at)), beta)
                };
                sum.store(raw.out.add(at));
            }
        }
    }
}

/// out[i · columns + j] = x_i · y_j for the `rows` padded rows x_i and the `columns` padded rows y_j of length `len`.
pub(crate) fn dots(rows: usize, columns: usize, len: usize, x: &[f64], y: &[f64], out: &mut [f64]) {
    assert!(len.is_multiple_of(LANES) && x.len() >= rows * len && y.len() >= columns * len);
    assert!(out.len() >= rows * columns);
    // SAFETY: the asserts above bound every access.
    unsafe { dots_raw(rows, columns, len, x.as_ptr(), y.as_ptr(), out.as_mut_ptr()) }
}

dispatch! {
    unsafe fn dots_raw(rows: usize, columns: usize, len: usize, x: *const f64, y: *const f64, out: *mut f64),
    avx512 = dot_blocks::<__m512d>, avx2 = dot_blocks::<__m256d>, plain = dot_blocks::<[f64; 2]>
}

#[inline(always)]
unsafe fn dot_blocks<V: Vector>(
    rows: usize,
    columns: usize,
    len: usize,
    x: *const f64,
    y: *const f64,
    out: *mut f64,
) {
    const B: usize = 3;
    let mut i = 0;
    while i < rows {
        let m = (rows - i).min(B);
        let mut j = 0;
        while j < columns {
            let n = (columns - j).min(B);
            unsafe {
                let (x, y, out) = (x.add(i * len), y.add(j * len), out.add(i * columns + j));
                match (m, n) {
                    (3, 3) => dot_block::<V, 3, 3>(len, x, y, out, columns),
                    (2, 2) => dot_block::<V, 2, 2>(len, x, y, out, columns),
                    (1, 1) => dot_block::<V, 1, 1>(len, x, y, out, columns),
                    _ => {
                        for p in 0..m {
                            for q in 0..n {
                                let out = out.add(p * columns + q);
                                dot_block::<V, 1, 1>(
                                    len,
                                    x.add(p * len),
                                    y.add(q * len),
                                    out,
                                    columns,
                                );
                            }
                        }
                    }
                }
            }
            j += n;
        }
        i += m;
    }
}

#[inline(always)]
unsafe fn dot_block<V: Vector, const M: usize, const N: usize>(
    len: usize,
    x: *const f64,
    y: *const f64,
    out: *mut f64,
    stride: usize,
) {
    unsafe {
        let mut acc = [[V::splat(0.0); N]; M];
        let mut at = 0;
        while at < len {
            let u: [V; M] = std::array::from_fn(|i| V::load(x.add(i * len + at)));
            let v: [V; N] = std::array::from_fn(|j| V::load(y.add(j * len + at)));
            for i in 0..M {
                for j in 0..N {
                    acc[i][j] = acc[i][j].add_product(u[i], v[j]);
                }
            }
            at += V::W;
        }
        for (i, row) in acc.iter().enumerate() {
            for (j, sum) in row.iter().enumerate() {
                *out.add(i * stride + j) = sum.sum();
            }
        }
    }
}

/// Writes the transpose of the square matrix in `x` to `out`, both in rows of `n` numbers, a multiple of [`LANES`].
pub(crate) fn transpose(n: usize, x: &[f64], out: &mut [f64]) {
    const B: usize = LANES;
    assert!(n.is_multiple_of(B) && x.len() >= n * n && out.len() >= n * n);
    for i0 in (0..n).step_by(B) {
        for j0 in (0..n).step_by(B) {
            for j in 0..B {
                for i in 0..B {
                    // SAFETY: i0 + i < n and j0 + j < n, and both slices hold n · n numbers.
                    unsafe {
                        *out.get_unchecked_mut((j0 + j) * n + i0 + i) =
                            *x.get_unchecked((i0 + i) * n + j0 + j);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, salt: u64) -> Vec<f64> {
        let mut s = salt;
        (0..n)
            .map(|_| {
                s = s
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                (s >> 11) as f64 / (1u64 << 53) as f64 - 0.5
            })
            .collect()
    }

    #[test]
    fn product_agrees_with_the_plain_sum() {
        for rows in [1, 2, 3, 7, 8, 9, 13] {
            for columns in [8, 16, 24, 32, 40, 104] {
                for depth in [0, 1, 5, 30] {
                    let (x, y) = (numbers(depth * rows, 1), numbers(depth * columns, 2));
                    let before = numbers(rows * columns, 3);
                    let mut out = before.clone();
                    let shape = Shape {
                        rows,
                        columns,
                        depth,
                    };
                    let strided = Strided {
                        data: &x,
                        row: 1,
                        column: depth,
                    };
                    product(
                        shape,
                        -2.0,
                        strided,
                        (&y, columns),
                        0.5,
                        (&mut out, columns),
                    );
                    for p in 0..rows {
                        for q in 0..columns {
                            let sum: f64 = (0..depth)
                                .map(|l| x[l + p * depth] * y[l * columns + q])
                                .sum();
                            let want = 0.5 * before[p * columns + q] - 2.0 * sum;
                            assert!((out[p * columns + q] - want).abs() < 1e-13);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn dots_agree_with_the_plain_sum() {
        for rows in 1..8 {
            for columns in 1..8 {
                let (x, y) = (numbers(rows * 24, 4), numbers(columns * 24, 5));
                let mut out = vec![f64::NAN; rows * columns];
                dots(rows, columns, 24, &x, &y, &mut out);
                for i in 0..rows {
                    for j in 0..columns {
                        let want: f64 = (0..24).map(|k| x[i * 24 + k] * y[j * 24 + k]).sum();
                        assert!((out[i * columns + j] - want).abs() < 1e-14);
                    }
                }
            }
        }
    }
}
