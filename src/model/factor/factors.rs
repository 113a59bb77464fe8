//! A pair of factors.

use crate::error::{Error, Result};
use crate::linalg;
use crate::seed::Seed;
use ndarray::{Array2, ShapeBuilder};

/// Two factors a and b, each n × r: r vectors a side, in the columns. Their product is the n × n matrix A = a bᵀ.
///
/// The target of a task is such a pair, and so is what is learned.
///
/// ```
/// use ndarray::array;
/// use scurve::model::factor::Factors;
/// let one = Factors::new(array![[1.0], [2.0]], array![[3.0], [4.0]])?;
/// assert_eq!(one.product(), array![[3.0, 4.0], [6.0, 8.0]]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    /// The left vectors a_1 … a_r, n × r.
    pub a: Array2<f64>,
    /// The right vectors b_1 … b_r, n × r.
    pub b: Array2<f64>,
}

impl Factors {
    /// The pair (a, b).
    ///
    /// # Errors
    /// When the shapes differ, a side is empty, or an entry is not finite.
    pub fn new(a: Array2<f64>, b: Array2<f64>) -> Result<Self> {
        if a.dim() != b.dim() {
            return Err(Error::setting(
                "b",
                format!("{:?}", b.dim()),
                format!(
                    "the shape of a, {:?}: n rows and one column for each vector",
                    a.dim()
                ),
            ));
        }
        let factors = Self { a, b };
        factors.validate("a")?;
        Ok(factors)
    }

    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        let (n, r) = self.a.dim();
        if self.b.dim() != (n, r) || n == 0 || r == 0 {
            let shapes = format!("{:?} and {:?}", self.a.dim(), self.b.dim());
            return Err(Error::setting(
                field,
                shapes,
                "two matrices of one shape, n ≥ 1 rows and r ≥ 1 columns",
            ));
        }
        if let Some(x) = self.a.iter().chain(&self.b).find(|x| !x.is_finite()) {
            return Err(Error::setting(field, x, "finite entries"));
        }
        Ok(())
    }

    /// Independent N(0, scale²) entries: a from the seed's stream `{stream}/a`, b from `{stream}/b`.
    pub fn gaussian(n: usize, rank: usize, scale: f64, seed: Seed, stream: &str) -> Self {
        Self {
            a: seed.normal(&format!("{stream}/a"), n, rank) * scale,
            b: seed.normal(&format!("{stream}/b"), n, rank) * scale,
        }
    }

    /// Length n of each vector.
    pub fn n(&self) -> usize {
        self.a.nrows()
    }

    /// Vectors a side, r.
    pub fn rank(&self) -> usize {
        self.a.ncols()
    }

    /// The matrix a bᵀ, n × n.
    pub fn product(&self) -> Array2<f64> {
        self.a.dot(&self.b.t())
    }

    /// The min(n, r) largest singular values of a bᵀ, descending; the others are zero. Found from the r × r core of two QR
    /// factorisations, never from the product.
    pub fn singular_values(&self) -> Result<Vec<f64>> {
        let _threads = linalg::Threads::hold();
        let (_, ra) = linalg::qr(&self.a)?;
        let (_, rb) = linalg::qr(&self.b)?;
        linalg::singular_values(&ra.dot(&rb.t()))
    }

    /// The thin singular value decomposition of a bᵀ, with min(n, r) modes u_k σ_k v_kᵀ, found from the same core.
    pub fn svd(&self) -> Result<linalg::Svd> {
        let (qa, ra) = linalg::qr(&self.a)?;
        let (qb, rb) = linalg::qr(&self.b)?;
        let core = linalg::svd(&ra.dot(&rb.t()))?;
        Ok(linalg::Svd {
            u: qa.dot(&core.u),
            s: core.s,
            vt: core.vt.dot(&qb.t()),
        })
    }

    /// aᵀa − bᵀb, r × r: constant under gradient flow without weight decay, and with it shrinking as e^{−2λt}.
    pub fn imbalance(&self) -> Array2<f64> {
        self.a.t().dot(&self.a) - self.b.t().dot(&self.b)
    }

    /// Both factors in one list, vector by vector: a_1 … a_r, b_1 … b_r. This is the order of all gradients and optimizers.
    pub fn flatten(&self) -> Vec<f64> {
        let columns = self.a.columns().into_iter().chain(self.b.columns());
        columns.flat_map(|c| c.to_vec()).collect()
    }

    /// The inverse of [`flatten`](Self::flatten).
    ///
    /// # Errors
    /// When `flat` does not hold 2 n r numbers.
    pub fn from_flat(n: usize, rank: usize, flat: &[f64]) -> Result<Self> {
        let half = n * rank;
        if flat.len() != 2 * half || half == 0 {
            return Err(Error::setting(
                "flat",
                flat.len(),
                format!("2 n r = {} numbers", 2 * half),
            ));
        }
        let side = |x: &[f64]| {
            Array2::from_shape_vec((n, rank).f(), x.to_vec())
                .map_err(|e| Error::Linalg(e.to_string()))
        };
        Ok(Self {
            a: side(&flat[..half])?,
            b: side(&flat[half..])?,
        })
    }
}
