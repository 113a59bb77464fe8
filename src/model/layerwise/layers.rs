//! The two weight matrices of a deep linear network.

use super::growth::{check_positive, check_target};
use crate::error::{Error, Result};
use crate::linalg;
use crate::seed::Seed;
use ndarray::{Array2, s};

/// $W_1$ (d × p) and $W_2$ (p × c) of $f(x) = x^T W_1 W_2$ (thesis, Eq. 3.4).
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    /// The first layer, d × p; of an unconstrained feature model the features themselves.
    pub w1: Array2<f64>,
    /// The second layer, p × c.
    pub w2: Array2<f64>,
}

impl Layers {
    /// Two matrices that fit each other.
    ///
    /// # Errors
    /// No entries; inner dimensions that differ; entries that are not finite.
    pub fn new(w1: Array2<f64>, w2: Array2<f64>) -> Result<Self> {
        if w1.is_empty() || w2.is_empty() || w1.ncols() != w2.nrows() {
            return Err(Error::setting(
                "w2.dim()",
                format!(
                    "{} × {} after {} × {}",
                    w2.nrows(),
                    w2.ncols(),
                    w1.nrows(),
                    w1.ncols()
                ),
                "p × c after a first layer of d × p, none of them 0",
            ));
        }
        for (field, w) in [("w1", &w1), ("w2", &w2)] {
            if let Some(x) = w.iter().find(|x| !x.is_finite()) {
                return Err(Error::setting(field, x, "finite numbers"));
            }
        }
        Ok(Self { w1, w2 })
    }

    /// Independent N(0, `scale`²) entries, from the stream `init`.
    ///
    /// # Errors
    /// A dimension of 0; a scale that is not a finite number above 0.
    pub fn gaussian(d: usize, p: usize, c: usize, scale: f64, seed: Seed) -> Result<Self> {
        check_positive("scale", scale)?;
        let all = seed.normal("init", d + c, p) * scale;
        let w2 = all.slice(s![d.., ..]).t().to_owned();
        Self::new(all.slice(s![..d, ..]).to_owned(), w2)
    }

    /// The conserved $W_1^T W_1 - W_2 W_2^T$ (A.29), p × p.
    pub fn imbalance(&self) -> Array2<f64> {
        self.w1.t().dot(&self.w1) - self.w2.dot(&self.w2.t())
    }

    /// $W_1 W_2$, d × c.
    pub fn product(&self) -> Array2<f64> {
        self.w1.dot(&self.w2)
    }
}

/// $W_1 = U\,\mathrm{diag}(a) R$ and $W_2 = R^T \mathrm{diag}(b) V^T$ with orthonormal rows in R (k × p): the start of A.2.3, with a ≠ b allowed.
pub(super) fn aligned(
    svd: &linalg::Svd,
    width: usize,
    a: &[f64],
    b: &[f64],
    seed: Seed,
) -> Result<Layers> {
    let modes = svd.s.len();
    for (field, values) in [("a", a), ("b", b)] {
        if values.len() != modes {
            return Err(Error::setting(
                field,
                format!("{} numbers", values.len()),
                format!("one for each of the {modes} modes"),
            ));
        }
        for (i, x) in values.iter().enumerate() {
            check_target(&format!("{field}[{i}]"), *x)?;
        }
    }
    if width < modes {
        return Err(Error::setting(
            "width",
            width,
            format!("at least {modes}: each mode takes a direction of the hidden layer"),
        ));
    }
    let r = linalg::qr(&seed.normal("init", width, modes))?.0;
    let (a, b) = (ndarray::aview1(a), ndarray::aview1(b));
    Layers::new((&svd.u * &a).dot(&r.t()), (&r * &b).dot(&svd.vt))
}
