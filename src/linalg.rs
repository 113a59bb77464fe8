//! Decompositions. All LAPACK calls of the crate are here, with errors that say what was asked.
//!
//! LAPACK is the system's OpenBLAS, or the one inside LibTorch (MKL) where that is linked: both export the same names, and
//! the linker takes the first. Seeds run in parallel and their matrices are small, so either is held to one thread; MKL's own
//! choice spins on every core and made a hundred small decompositions ten times slower. [`set_threads`] gives more to a large one.

mod symmetric;

pub(crate) use symmetric::add_gram;

use crate::error::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use ndarray_linalg::{JobSvd, QR, SVDDC, Solve};
use std::ffi::c_int;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

unsafe extern "C" {
    fn openblas_set_num_threads(threads: c_int);
    /// Sets the number for the calling thread and returns the earlier one, 0 for "as the process".
    #[cfg(all(feature = "libtorch", target_arch = "x86_64"))]
    fn MKL_Set_Num_Threads_Local(threads: c_int) -> c_int;
}

static THREADS: AtomicUsize = AtomicUsize::new(1);
/// What OpenBLAS, which has one number for the process, was told last.
static TOLD: AtomicUsize = AtomicUsize::new(0);

/// Threads that a decomposition may use from now on, in the whole process; at first it is one.
pub fn set_threads(threads: usize) {
    THREADS.store(threads.clamp(1, 1024), Ordering::Relaxed);
}

/// What [`set_threads`] was told last.
pub(crate) fn threads() -> usize {
    THREADS.load(Ordering::Relaxed)
}

/// While it lives, BLAS and LAPACK on this thread use the number of [`set_threads`].
pub(crate) struct Threads {
    #[cfg(all(feature = "libtorch", target_arch = "x86_64"))]
    before: c_int,
    /// It belongs to its thread.
    _here: PhantomData<*const ()>,
}

impl Threads {
    pub(crate) fn hold() -> Self {
        let threads = THREADS.load(Ordering::Relaxed);
        if TOLD.swap(threads, Ordering::Relaxed) != threads {
            // SAFETY: a plain C function of OpenBLAS, which locks its own state.
            unsafe { openblas_set_num_threads(threads as c_int) }
        }
        Self {
            // SAFETY: a plain C function of MKL that changes a number of this thread.
            #[cfg(all(feature = "libtorch", target_arch = "x86_64"))]
            before: unsafe { MKL_Set_Num_Threads_Local(threads as c_int) },
            _here: PhantomData,
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // SAFETY: as above.
        #[cfg(all(feature = "libtorch", target_arch = "x86_64"))]
        unsafe {
            MKL_Set_Num_Threads_Local(self.before);
        }
    }
}

/// Checks the input and holds the threads.
fn ready(what: &str, x: ArrayView2<f64>) -> Result<Threads> {
    let (rows, columns) = x.dim();
    if x.is_empty() {
        return Err(Error::Linalg(format!(
            "{what} of an empty matrix ({rows} × {columns})"
        )));
    }
    // LAPACK may loop for ever on a NaN.
    if x.iter().any(|x| !x.is_finite()) {
        return Err(Error::Linalg(format!(
            "{what} of a {rows} × {columns} matrix with entries that are not finite"
        )));
    }
    Ok(Threads::hold())
}

fn failed(what: &str, x: ArrayView2<f64>, e: impl std::fmt::Display) -> Error {
    let (rows, columns) = x.dim();
    Error::Linalg(format!("{what} of a {rows} × {columns} matrix: {e}"))
}

/// Thin singular value decomposition X = U diag(s) Vᵀ: U (rows × k), s descending, Vᵀ (k × columns), k = min(rows, columns).
#[derive(Clone, Debug, PartialEq)]
pub struct Svd {
    /// Left singular vectors in columns. A column whose singular value is zero may be zero.
    pub u: Array2<f64>,
    /// Singular values, descending.
    pub s: Array1<f64>,
    /// Right singular vectors in rows.
    pub vt: Array2<f64>,
}

/// Columns up to which Jacobi's method is faster than the call into LAPACK.
const SMALL: usize = 8;

/// The thin singular value decomposition.
///
/// Up to 8 columns by one-sided Jacobi rotations, which also give tiny singular values to full relative accuracy; by LAPACK's `gesdd` beyond.
///
/// ```
/// use ndarray::array;
/// let svd = scurve::linalg::svd(&array![[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]])?;
/// assert_eq!(svd.s.to_vec(), [2.0, 1.0]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
pub fn svd(x: &Array2<f64>) -> Result<Svd> {
    const WHAT: &str = "singular value decomposition";
    let _threads = ready(WHAT, x.view())?;
    let (rows, columns) = x.dim();
    if columns <= SMALL && columns <= rows {
        return Ok(jacobi(x));
    }
    let (u, s, vt) = x
        .svddc(JobSvd::Some)
        .map_err(|e| failed(WHAT, x.view(), e))?;
    match (u, vt) {
        (Some(u), Some(vt)) => Ok(Svd { u, s, vt }),
        _ => Err(failed(WHAT, x.view(), "no vectors came back")),
    }
}

/// The singular values, descending.
pub fn singular_values(x: &Array2<f64>) -> Result<Vec<f64>> {
    const WHAT: &str = "singular values";
    let _threads = ready(WHAT, x.view())?;
    let (rows, columns) = x.dim();
    if columns <= SMALL && columns <= rows {
        return Ok(jacobi(x).s.to_vec());
    }
    let (_, s, _) = x
        .svddc(JobSvd::None)
        .map_err(|e| failed(WHAT, x.view(), e))?;
    Ok(s.to_vec())
}

/// Eigenvalues (ascending) and eigenvectors (in columns) of a symmetric matrix; its lower triangle is read.
pub fn eigh(x: &Array2<f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    const WHAT: &str = "eigenvalues";
    let _threads = ready(WHAT, x.view())?;
    square(WHAT, x)?;
    symmetric::eigh(x)
}

/// X = Q R with orthonormal columns in Q (rows × k), R (k × columns) upper triangular, k = min(rows, columns).
pub fn qr(x: &Array2<f64>) -> Result<(Array2<f64>, Array2<f64>)> {
    const WHAT: &str = "QR decomposition";
    let _threads = ready(WHAT, x.view())?;
    x.qr().map_err(|e| failed(WHAT, x.view(), e))
}

/// The solution of X y = b for a square X.
pub fn solve(x: &Array2<f64>, b: &Array1<f64>) -> Result<Array1<f64>> {
    const WHAT: &str = "linear solve";
    let _threads = ready(WHAT, x.view())?;
    square(WHAT, x)?;
    if b.len() != x.nrows() {
        return Err(failed(
            WHAT,
            x.view(),
            format!("the right side has {} rows", b.len()),
        ));
    }
    x.solve(b).map_err(|e| failed(WHAT, x.view(), e))
}

fn square(what: &str, x: &Array2<f64>) -> Result<()> {
    if x.nrows() == x.ncols() {
        Ok(())
    } else {
        Err(failed(what, x.view(), "it must be square"))
    }
}

/// Principal angles between the spans of the columns of `x` and `y`, ascending, in radians; min(columns) of them. Vectors of zero
/// length, or in the span of the others, span nothing: the angles that are then missing count as π/2.
///
/// Angles below π/4 come from their sines and the others from their cosines, so that each is right to rounding (Björck and Golub, 1973).
///
/// ```
/// use ndarray::array;
/// let x = array![[1.0], [0.0], [0.0]];
/// let y = array![[1.0], [1e-9], [0.0]];
/// let angle = scurve::linalg::principal_angles(&x, &y)?[0];
/// assert!((angle - 1e-9).abs() < 1e-24);
/// # Ok::<(), scurve::error::Error>(())
/// ```
pub fn principal_angles(x: &Array2<f64>, y: &Array2<f64>) -> Result<Vec<f64>> {
    angles_between(&span(x)?, &span(y)?, x.ncols().min(y.ncols()))
}

/// An orthonormal basis of the span of the columns.
pub(crate) fn span(x: &Array2<f64>) -> Result<Array2<f64>> {
    Ok(range(&svd(x)?))
}

/// The left singular vectors whose singular values are not rounding.
pub(crate) fn range(svd: &Svd) -> Array2<f64> {
    let floor = svd.s[0] * f64::EPSILON * svd.u.nrows() as f64;
    let rank = svd.s.iter().filter(|s| **s > floor).count();
    svd.u.slice(s![.., ..rank]).to_owned()
}

/// The first `count` principal angles between the spans of two orthonormal bases.
pub(crate) fn angles_between(x: &Array2<f64>, y: &Array2<f64>, count: usize) -> Result<Vec<f64>> {
    use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2};
    let _threads = Threads::hold();
    let mut angles = vec![FRAC_PI_2; count];
    // The smaller span is projected, so that there are as many sines as angles.
    let (large, small) = if x.ncols() >= y.ncols() {
        (x, y)
    } else {
        (y, x)
    };
    if small.ncols() == 0 {
        return Ok(angles);
    }
    let inner = large.t().dot(small);
    let cosines = singular_values(&inner)?;
    let outside = small - &large.dot(&inner);
    let sines = singular_values(&outside)?;
    let pairs = cosines.iter().zip(sines.iter().rev());
    for (angle, (cosine, sine)) in angles.iter_mut().zip(pairs) {
        *angle = if *cosine > FRAC_1_SQRT_2 {
            sine.min(1.0).asin()
        } else {
            cosine.acos()
        };
    }
    Ok(angles)
}

/// One-sided Jacobi (Hestenes): columns are rotated in pairs until all are orthogonal.
fn jacobi(x: &Array2<f64>) -> Svd {
    let columns = x.ncols();
    let mut u: Vec<Vec<f64>> = x.columns().into_iter().map(|c| c.to_vec()).collect();
    let mut v: Vec<Vec<f64>> = (0..columns)
        .map(|i| (0..columns).map(|j| f64::from(i == j)).collect())
        .collect();
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    // Convergence is quadratic; thirty sweeps are never used up.
    for _ in 0..30 {
        let mut rotated = false;
        for p in 0..columns {
            for q in p + 1..columns {
                let (pp, qq, pq) = (dot(&u[p], &u[p]), dot(&u[q], &u[q]), dot(&u[p], &u[q]));
                if pq.abs() <= f64::EPSILON * (pp * qq).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (qq - pp) / (2.0 * pq);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = cosine * tangent;
                for m in [&mut u, &mut v] {
                    let (left, right) = m.split_at_mut(q);
                    for (x, y) in left[p].iter_mut().zip(right[0].iter_mut()) {
                        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                    }
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let lengths: Vec<f64> = u.iter().map(|c| dot(c, c).sqrt()).collect();
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|i, j| lengths[*j].total_cmp(&lengths[*i]));
    let mut out = Svd {
        u: Array2::zeros(x.dim()),
        s: order.iter().map(|i| lengths[*i]).collect(),
        vt: Array2::zeros((columns, columns)),
    };
    for (k, &i) in order.iter().enumerate() {
        for (to, from) in out.vt.index_axis_mut(Axis(0), k).iter_mut().zip(&v[i]) {
            *to = *from;
        }
        if lengths[i] > 0.0 {
            for (to, from) in out.u.index_axis_mut(Axis(1), k).iter_mut().zip(&u[i]) {
                *to = from / lengths[i];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn distance(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        (x - y).iter().map(|x| x * x).sum::<f64>().sqrt()
    }

    #[test]
    fn both_ways_to_the_svd_agree() {
        for (rows, columns) in [(5, 1), (5, 5), (40, 3), (40, 8), (40, 12), (3, 7)] {
            let x = Seed(1).normal("data", rows, columns);
            let Svd { u, s, vt } = svd(&x).unwrap();
            let back = (&u * &s).dot(&vt);
            assert!(distance(&back, &x) < 1e-13, "{rows} × {columns}");
            let k = rows.min(columns);
            assert!(distance(&u.t().dot(&u), &Array2::eye(k)) < 1e-13);
            let (_, lapack, _) = x.svddc(JobSvd::None).unwrap();
            assert!(s.iter().zip(&lapack).all(|(x, y)| (x - y).abs() < 1e-13));
        }
    }

    #[test]
    fn angles_of_constructed_planes() {
        let q = qr(&Seed(2).normal("data", 20, 4)).unwrap().0;
        for theta in [0.0, 1e-12, 1e-3, 0.7, 0.9, 1.5] {
            let f64_theta: f64 = theta;
            let (sin, cos) = f64_theta.sin_cos();
            let x = q.slice(s![.., ..2]).to_owned();
            let mut y = x.clone();
            y.column_mut(0)
                .assign(&(&q.column(0) * cos + &q.column(2) * sin));
            let found = principal_angles(&x, &y).unwrap();
            assert!(
                found[0] < 1e-15 * 10.0 && (found[1] - theta).abs() < 1e-15 * 10.0,
                "{theta}: {found:?}"
            );
        }
    }

    #[test]
    fn nothing_spans_nothing_and_bad_input_is_said() {
        let zero = Array2::zeros((4, 1));
        let one = Seed(0).normal("data", 4, 2);
        assert_eq!(
            principal_angles(&zero, &one).unwrap(),
            [std::f64::consts::FRAC_PI_2]
        );
        let nan = Array2::from_elem((2, 2), f64::NAN);
        assert!(svd(&nan).unwrap_err().to_string().contains("not finite"));
        assert!(eigh(&one).unwrap_err().to_string().contains("square"));
    }
}
