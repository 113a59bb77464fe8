//! Two routines for symmetric matrices that `ndarray-linalg` lacks: the rank-k update, half the work of a product, and divide and conquer, which
//! for a thousand columns takes a fraction of the QR iteration's time.

use super::Threads;
use crate::error::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, CowArray, Ix2, ShapeBuilder, s};
use std::ffi::{c_char, c_int};

/// CBLAS: rows lie together, the lower triangle, with and without a transposition.
const ROW_MAJOR: c_int = 101;
const LOWER: c_int = 122;
const TRANSPOSED: c_int = 112;
const AS_IS: c_int = 111;

unsafe extern "C" {
    fn cblas_dsyrk(
        order: c_int,
        uplo: c_int,
        trans: c_int,
        n: c_int,
        k: c_int,
        alpha: f64,
        a: *const f64,
        lda: c_int,
        beta: f64,
        c: *mut f64,
        ldc: c_int,
    );
    fn dsyevd_(
        jobz: *const c_char,
        uplo: *const c_char,
        n: *const c_int,
        a: *mut f64,
        lda: *const c_int,
        w: *mut f64,
        work: *mut f64,
        lwork: *const c_int,
        iwork: *mut c_int,
        liwork: *const c_int,
        info: *mut c_int,
    );
}

/// Rows that one call takes, so that no size leaves the range of BLAS's 32-bit numbers.
const ROWS: usize = 1 << 20;

/// Adds XᵀX to the lower triangle of `sum`, which is square, in rows, and as wide as X; what lies above the diagonal stays.
pub(crate) fn add_gram(x: ArrayView2<f64>, sum: &mut Array2<f64>) -> Result<()> {
    let (rows, columns) = x.dim();
    if sum.dim() != (columns, columns) || !sum.is_standard_layout() {
        return Err(Error::Linalg(format!(
            "XᵀX of {rows} × {columns} into a matrix of another shape or layout"
        )));
    }
    if x.is_empty() {
        return Ok(());
    }
    let _threads = Threads::hold();
    let width = blas_size(columns)?;
    let mut start = 0;
    while start < rows {
        let end = rows.min(start + ROWS);
        let part = x.slice(s![start..end, ..]);
        let along = |axis: usize| part.strides()[1 - axis] == 1 && part.strides()[axis] > 0;
        // Rows or columns that lie together are read where they are; anything else is copied.
        let (part, transposed, stride): (CowArray<f64, Ix2>, c_int, usize) =
            if along(0) && part.strides()[0] as usize >= columns {
                (part.into(), TRANSPOSED, part.strides()[0] as usize)
            } else if along(1) && part.strides()[1] as usize >= end - start {
                (part.into(), AS_IS, part.strides()[1] as usize)
            } else {
                let copy = part.as_standard_layout().into_owned();
                (copy.into(), TRANSPOSED, columns)
            };
        let stride = blas_size(stride)?;
        // SAFETY: `part` holds (end − start) × columns numbers with the stride given, `sum` columns × columns in rows, and both outlive the call.
        unsafe {
            cblas_dsyrk(
                ROW_MAJOR,
                LOWER,
                transposed,
                width,
                blas_size(end - start)?,
                1.0,
                part.as_ptr(),
                stride,
                1.0,
                sum.as_mut_ptr(),
                width,
            );
        }
        start = end;
    }
    Ok(())
}

/// Eigenvalues (ascending) and eigenvectors (in columns) of a symmetric matrix, of which the lower triangle is read; the input is checked by the caller.
pub(super) fn eigh(x: &Array2<f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let n = x.nrows();
    let size = blas_size(n)?;
    // LAPACK keeps columns together: the lower triangle of rows is its upper one.
    let mut vectors = x
        .as_standard_layout()
        .into_owned()
        .into_raw_vec_and_offset()
        .0;
    let mut values = vec![0.0; n];
    let (mut work, mut whole) = (vec![0.0], vec![0]);
    let mut info = 0;
    // The first call asks how much room the second needs.
    for asking in [true, false] {
        let lengths = if asking {
            (-1, -1)
        } else {
            let room = (work[0] as usize, whole[0] as usize);
            (work, whole) = (vec![0.0; room.0], vec![0; room.1]);
            (blas_size(room.0)?, blas_size(room.1)?)
        };
        // SAFETY: all buffers have the lengths that are passed, and LAPACK does not keep them.
        unsafe {
            dsyevd_(
                c"V".as_ptr(),
                c"U".as_ptr(),
                &size,
                vectors.as_mut_ptr(),
                &size,
                values.as_mut_ptr(),
                work.as_mut_ptr(),
                &lengths.0,
                whole.as_mut_ptr(),
                &lengths.1,
                &mut info,
            );
        }
        if info != 0 {
            return Err(Error::Linalg(format!(
                "eigenvalues of a {n} × {n} matrix: LAPACK's dsyevd returned {info}"
            )));
        }
    }
    let vectors = Array2::from_shape_vec((n, n).f(), vectors)
        .map_err(|e| Error::Linalg(format!("eigenvectors of a {n} × {n} matrix: {e}")))?;
    Ok((Array1::from(values), vectors))
}

fn blas_size(n: usize) -> Result<c_int> {
    c_int::try_from(n).map_err(|_| {
        Error::Linalg(format!(
            "a dimension of {n} is beyond BLAS's 32-bit numbers"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[test]
    fn any_layout_gives_the_same_gram() {
        let wide = Seed(0).normal("data", 30, 14);
        let columns = wide.t().as_standard_layout().into_owned();
        let views = [
            wide.slice(s![.., ..7]),
            wide.slice(s![3..20, 4..9]),
            wide.slice(s![..;2, ..;2]),
            wide.slice(s![..;-1, ..7]),
            wide.slice(s![.., ..;-2]),
            columns.t(),
            columns.slice(s![2..6, ..]).reversed_axes(),
            wide.slice(s![..1, ..]),
            wide.slice(s![.., 5..6]),
        ];
        for x in views {
            let mut sum = Array2::from_elem((x.ncols(), x.ncols()), 1.0);
            add_gram(x, &mut sum).unwrap();
            let expected = x.t().to_owned().dot(&x.to_owned()) + 1.0;
            for ((i, j), found) in sum.indexed_iter() {
                let expected = if j <= i { expected[[i, j]] } else { 1.0 };
                assert!((found - expected).abs() < 1e-12, "{:?} {i} {j}", x.dim());
            }
        }
        assert!(add_gram(wide.view(), &mut Array2::zeros((3, 3))).is_err());
    }

    #[test]
    fn eigenvalues_of_a_known_matrix_and_only_the_lower_triangle() {
        // The path's second difference: 2 − 2 cos(π k / (n + 1)).
        let n = 60;
        let mut x = Array2::from_shape_fn((n, n), |(i, j)| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        });
        let whole = x.clone();
        for i in 0..n {
            for j in i + 1..n {
                x[[i, j]] = 7.0;
            }
        }
        let (values, vectors) = super::super::eigh(&x).unwrap();
        for (k, value) in values.iter().enumerate() {
            let angle = std::f64::consts::PI * (k + 1) as f64 / (n + 1) as f64;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-13);
        }
        let apart = whole.dot(&vectors) - &vectors * &values;
        assert!(apart.iter().all(|d| d.abs() < 1e-13));
        let inner = vectors.t().dot(&vectors) - Array2::<f64>::eye(n);
        assert!(inner.iter().all(|d| d.abs() < 1e-13));
    }
}
