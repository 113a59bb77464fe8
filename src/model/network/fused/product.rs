//! Products of small matrices, on one thread.

use crate::optimizer::Real;

/// One factor: numbers in rows, read as they lie or transposed.
#[derive(Clone, Copy)]
pub(super) struct Side<'a, T> {
    numbers: &'a [T],
    row: usize,
    column: usize,
}

impl<'a, T> Side<'a, T> {
    /// Rows of `width` numbers.
    pub fn new(numbers: &'a [T], width: usize) -> Self {
        Self {
            numbers,
            row: width,
            column: 1,
        }
    }

    pub fn transposed(self) -> Self {
        Self {
            row: self.column,
            column: self.row,
            ..self
        }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows == 0
            || columns == 0
            || (rows - 1) * self.row + (columns - 1) * self.column < self.numbers.len()
    }
}

/// out ← scale · A B, or out ← out + scale · A B when `add`, for A of m × k and B of k × n; `out` has rows of n numbers.
pub(super) fn product<T: Real>(
    out: &mut [T],
    add: bool,
    scale: T,
    a: Side<T>,
    b: Side<T>,
    (m, k, n): (usize, usize, usize),
) {
    assert!(out.len() == m * n && a.holds(m, k) && b.holds(k, n));
    // SAFETY: all offsets i · row + j · column of the three matrices lie inside their slices, as just asserted, and `out` is borrowed alone.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            add,
            a.numbers.as_ptr(),
            a.column as isize,
            a.row as isize,
            b.numbers.as_ptr(),
            b.column as isize,
            b.row as isize,
            T::ONE,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_sums_for_all_ways_to_read() {
        let (m, k, n) = (5, 7, 3);
        let a: Vec<f64> = (0..m * k).map(|i| (i as f64).sin()).collect();
        let b: Vec<f64> = (0..k * n).map(|i| (i as f64).cos()).collect();
        let mut at = vec![0.0; m * k];
        let mut bt = vec![0.0; k * n];
        for i in 0..m {
            for j in 0..k {
                at[j * m + i] = a[i * k + j];
            }
        }
        for i in 0..k {
            for j in 0..n {
                bt[j * k + i] = b[i * n + j];
            }
        }
        for (a_side, b_side) in [
            (Side::new(&a, k), Side::new(&b, n)),
            (Side::new(&at, m).transposed(), Side::new(&b, n)),
            (Side::new(&a, k), Side::new(&bt, k).transposed()),
        ] {
            for add in [false, true] {
                let mut out = vec![10.0; m * n];
                product(&mut out, add, 0.5, a_side, b_side, (m, k, n));
                for i in 0..m {
                    for j in 0..n {
                        let sum: f64 = (0..k).map(|l| a[i * k + l] * b[l * n + j]).sum();
                        let right = 0.5 * sum + if add { 10.0 } else { 0.0 };
                        assert!((out[i * n + j] - right).abs() < 1e-14);
                    }
                }
            }
        }
    }
}
