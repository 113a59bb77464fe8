//! Empirical eigenfunctions of a feature map (thesis on layerwise structure, §1.3, Eq. 1.15, 1.27, 1.33, Algorithm 1).
//!
//! From $n$ samples of $p$ features, $\Phi \in \mathbb{R}^{n \times p}$, with $\frac1n \Phi^\top \Phi = \sum_k \rho_k u_k u_k^\top$:
//!
//! $$ e_k(x) = \frac{u_k^\top \Phi(x)}{\sqrt{\rho_k}} = \frac{\sqrt n\, u_k^\top \Phi(x)}{s_k}, \qquad \rho_k = \frac{s_k^2}{n}, $$
//!
//! so that $\frac1n \sum_i e_k(x_i) e_l(x_i) = \delta_{kl}$ on the fitting set. The thesis prints $u_k^\top \Phi / s_k$ and $s_k^2$, which
//! lack the factors of $n$ that a mean over samples needs ([`Eigenfunctions::intensity_as_printed`], [`Eigenfunctions::evaluate_as_printed`]).
//!
//! A constant feature is kept: the constant function is an eigenfunction like any other, and often the first (§2.5.1). Features that are zero on all
//! samples, or that depend on others, lower the rank and are reported by it. NaN and infinity are refused by row and column: one of them would spoil
//! every eigenfunction.

use crate::error::{Error, Result};
use crate::linalg;
use crate::table::Table;
use ndarray::{Array1, Array2, ArrayView2, s};

/// $\Phi^\top \Phi$ accumulated over batches: memory $O(p^2)$, whatever the number of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Gram {
    samples: usize,
    /// Its lower triangle.
    sum: Array2<f64>,
}

impl Gram {
    /// Nothing seen yet of `features` features.
    ///
    /// # Errors
    /// No features.
    pub fn new(features: usize) -> Result<Self> {
        if features == 0 {
            return Err(Error::setting("features", 0, "a whole number ≥ 1"));
        }
        Ok(Self {
            samples: 0,
            sum: Array2::zeros((features, features)),
        })
    }

    /// Adds a batch, samples in rows and features in columns.
    ///
    /// # Errors
    /// Another number of features, or a value that is not finite; nothing is added then.
    pub fn push(&mut self, batch: ArrayView2<f64>) -> Result<()> {
        check(batch, self.sum.nrows())?;
        linalg::add_gram(batch, &mut self.sum)?;
        self.samples += batch.nrows();
        Ok(())
    }

    /// Adds a batch in single precision; the sums are in double precision.
    ///
    /// # Errors
    /// As [`Gram::push`].
    pub fn push_f32(&mut self, batch: ArrayView2<f32>) -> Result<()> {
        self.push(batch.mapv(f64::from).view())
    }

    /// Samples seen.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The eigenfunctions of all that was seen, by one symmetric eigendecomposition. Intensities below
    /// $\rho_1 \epsilon \max(n, p)$ are rounding and are left out.
    ///
    /// # Errors
    /// No samples, or features that are zero on all of them.
    pub fn eigenfunctions(&self) -> Result<Eigenfunctions> {
        if self.samples == 0 {
            return Err(Error::setting(
                "samples",
                0,
                "≥ 1; push a batch of features first",
            ));
        }
        let n = self.samples as f64;
        let (values, vectors) = linalg::eigh(&(&self.sum / n))?;
        let last = values.len() - 1;
        let size = self.samples.max(values.len()) as f64;
        let tolerance = values[last] * f64::EPSILON * size;
        Eigenfunctions::assemble(
            self.samples,
            values.slice(s![..;-1]).to_owned(),
            vectors.slice(s![.., ..;-1]).to_owned(),
            tolerance,
        )
    }
}

fn check(batch: ArrayView2<f64>, features: usize) -> Result<()> {
    if batch.ncols() != features {
        return Err(Error::setting(
            "features",
            batch.ncols(),
            format!("{features}, as in the other samples"),
        ));
    }
    // Most batches are whole: a fold without an early end is as fast as memory.
    let rows = batch.rows().into_iter();
    if rows.fold(true, |all, row| {
        all & row.fold(true, |all, x| all & x.is_finite())
    }) {
        return Ok(());
    }
    match batch.indexed_iter().find(|(_, x)| !x.is_finite()) {
        Some(((row, column), x)) => Err(Error::setting(
            format!("features[{row}, {column}]"),
            x,
            "finite; drop samples whose features are not",
        )),
        None => Ok(()),
    }
}

/// Eigenfunctions $e_k(x) = \sum_i \Phi_i(x) W_{ik}$ and their intensities $\rho_k$, largest first.
///
/// ```
/// use ndarray::array;
/// use scurve::metric::eigenfunction::Eigenfunctions;
///
/// let features = array![[2.0, 1.0], [2.0, -1.0], [-2.0, 1.0], [-2.0, -1.0]];
/// let e = Eigenfunctions::fit(features.view())?;
/// assert!((e.intensity[0] - 4.0).abs() < 1e-12 && (e.intensity[1] - 1.0).abs() < 1e-12);
/// let new = e.evaluate(array![[4.0, 3.0]].view())?;
/// assert!((new[[0, 0]] - 2.0).abs() < 1e-12 && (new[[0, 1]] - 3.0).abs() < 1e-12);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenfunctions {
    /// $\rho_k$, descending, those above the tolerance only.
    pub intensity: Array1<f64>,
    /// $W_{ik} = u_{ik} / \sqrt{\rho_k}$ (features × rank). The entry of largest size in each column is positive.
    pub weight: Array2<f64>,
    /// Samples that they were fitted on, $n$.
    pub samples: usize,
    /// Intensities at or below it count as zero.
    pub tolerance: f64,
}

impl Eigenfunctions {
    /// From all samples at once (samples × features) by the thin singular value decomposition: exact for small intensities too, as
    /// the condition number is not squared, but slower than [`Gram`]. Intensities below $\rho_1 (\epsilon \max(n, p))^2$ are left out.
    ///
    /// # Errors
    /// No samples or no features, values that are not finite, features that are zero on all samples.
    pub fn fit(features: ArrayView2<f64>) -> Result<Self> {
        let (n, p) = features.dim();
        if features.is_empty() {
            return Err(Error::setting(
                "features",
                format!("{n} × {p}"),
                "at least one sample and one feature",
            ));
        }
        check(features, p)?;
        let svd = linalg::svd(&features.to_owned())?;
        let values = svd.s.mapv(|s| s * s / n as f64);
        let tolerance = values[0] * (f64::EPSILON * n.max(p) as f64).powi(2);
        Self::assemble(n, values, svd.vt.reversed_axes(), tolerance)
    }

    fn assemble(
        samples: usize,
        values: Array1<f64>,
        vectors: Array2<f64>,
        tolerance: f64,
    ) -> Result<Self> {
        let rank = values.iter().filter(|rho| **rho > tolerance).count();
        if rank == 0 {
            return Err(Error::setting(
                "features",
                "zero on all samples",
                "different from zero somewhere; a layer of dead units has no eigenfunctions",
            ));
        }
        let intensity = values.slice(s![..rank]).to_owned();
        let mut weight = vectors.slice(s![.., ..rank]).to_owned();
        for (mut column, rho) in weight.columns_mut().into_iter().zip(&intensity) {
            let largest = column
                .iter()
                .fold(0.0_f64, |a, b| if b.abs() > a.abs() { *b } else { a });
            column /= largest.signum() * rho.sqrt();
        }
        Ok(Self {
            intensity,
            weight,
            samples,
            tolerance,
        })
    }

    /// How many intensities are above the tolerance; at most $\min(n, p)$.
    pub fn rank(&self) -> usize {
        self.intensity.len()
    }

    /// The first `k` of them.
    ///
    /// # Errors
    /// `k` is zero or beyond the rank.
    pub fn first(&self, k: usize) -> Result<Self> {
        if k == 0 || k > self.rank() {
            let rank = self.rank();
            return Err(Error::setting(
                "k",
                k,
                format!("from 1 to the rank {rank}; more samples or features give more"),
            ));
        }
        Ok(Self {
            intensity: self.intensity.slice(s![..k]).to_owned(),
            weight: self.weight.slice(s![.., ..k]).to_owned(),
            samples: self.samples,
            tolerance: self.tolerance,
        })
    }

    /// One row for each eigenfunction: `k` (from 1), `intensity` $\rho_k$, `share` $\rho_k / \sum_j \rho_j$.
    pub fn table(&self) -> Result<Table> {
        let sum = self.intensity.sum();
        Table::new()
            .with("k", (1..=self.rank()).collect::<Vec<_>>())?
            .with("intensity", self.intensity.to_vec())?
            .with("share", (&self.intensity / sum).to_vec())
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }

    /// $e_k(x_i)$ (samples × rank) from the features of any samples.
    ///
    /// # Errors
    /// Another number of features, or values that are not finite.
    pub fn evaluate(&self, features: ArrayView2<f64>) -> Result<Array2<f64>> {
        check(features, self.weight.nrows())?;
        let _threads = linalg::Threads::hold();
        Ok(features.dot(&self.weight))
    }
}

/// What the thesis prints, for comparison.
impl Eigenfunctions {
    /// $s_k^2 = n \rho_k$, the eigenvalues of Algorithm 1 as printed: they grow with the number of samples. Their ratios, and so effective dimensions, are right.
    pub fn intensity_as_printed(&self) -> Array1<f64> {
        &self.intensity * self.samples as f64
    }

    /// $u_k^\top\Phi(x_i)/s_k$ (samples × rank), Eq. 1.33 as printed: its mean square is 1/n, not 1.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_as_printed(&self, features: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(self.evaluate(features)? / (self.samples as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn apart(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        (x - y).iter().fold(0.0, |a, b| a.max(b.abs()))
    }

    #[test]
    fn streaming_is_the_svd_and_orthonormal() {
        for (n, p) in [(200, 12), (9, 20)] {
            let scale = Array1::from_iter((0..p).map(|i| 0.8_f64.powi(i as i32)));
            let x = Seed(3).normal("features", n, p) * &scale;
            let whole = Eigenfunctions::fit(x.view()).unwrap();
            let mut gram = Gram::new(p).unwrap();
            gram.push(x.slice(s![..4, ..])).unwrap();
            gram.push(x.slice(s![4.., ..])).unwrap();
            let stream = gram.eigenfunctions().unwrap();
            assert_eq!((gram.samples(), whole.rank()), (n, n.min(p)));
            assert_eq!(stream.rank(), whole.rank());
            let e = whole.evaluate(x.view()).unwrap();
            assert!(apart(&e, &stream.evaluate(x.view()).unwrap()) < 1e-8);
            let inner = e.t().dot(&e) / n as f64;
            assert!(apart(&inner, &Array2::eye(whole.rank())) < 1e-10);
        }
    }

    /// Features √ρ_k √2 sin(π k x), x uniform on [0, 1]: the errors of ρ fall as n^{-1/2}.
    #[test]
    fn known_spectrum() {
        let rho = [1.0_f64, 0.5, 0.25, 0.125];
        let error = |n: usize| {
            let mut sum = 0.0;
            for seed in 0..16 {
                let normal = Seed(seed).normal("x", n, 1);
                // The sine of a uniform phase; the normal's distribution function makes the phase uniform.
                let x = normal.mapv(|z| 0.5 * statrs::function::erf::erfc(-z / 2f64.sqrt()));
                let f = Array2::from_shape_fn((n, 4), |(i, k)| {
                    let phase = std::f64::consts::PI * (k + 1) as f64 * x[[i, 0]];
                    (2.0 * rho[k]).sqrt() * phase.sin()
                });
                let e = Eigenfunctions::fit(f.view()).unwrap();
                let pairs = e.intensity.iter().zip(&rho);
                sum += pairs.map(|(a, b)| (a / b - 1.0).powi(2)).sum::<f64>();
            }
            (sum / 64.0).sqrt()
        };
        let (few, many) = (error(400), error(6400));
        let slope = (many / few).ln() / 16f64.ln();
        assert!((slope + 0.5).abs() < 0.15 && many < 0.05, "{slope} {many}");
    }

    #[test]
    fn single_precision_and_bad_input() {
        let x = Seed(1).normal("features", 30, 3);
        let mut gram = Gram::new(3).unwrap();
        assert!(
            gram.eigenfunctions()
                .unwrap_err()
                .to_string()
                .contains("samples = 0")
        );
        gram.push_f32(x.mapv(|x| x as f32).view()).unwrap();
        let (single, double) = (
            gram.eigenfunctions().unwrap(),
            Eigenfunctions::fit(x.view()).unwrap(),
        );
        let pairs = single.intensity.iter().zip(&double.intensity);
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5));
        let said = |e: Error| e.to_string();
        let mut bad = x.clone();
        bad[[2, 1]] = f64::NAN;
        let before = gram.clone();
        assert!(said(gram.push(bad.view()).unwrap_err()).contains("features[2, 1] = NaN"));
        assert_eq!(gram, before);
        assert!(said(gram.push(x.slice(s![.., ..2])).unwrap_err()).contains("features = 2"));
        assert!(said(double.first(4).unwrap_err()).contains("k = 4"));
        assert!(said(double.first(0).unwrap_err()).contains("k = 0"));
        assert!(said(Gram::new(0).unwrap_err()).contains("features = 0"));
        let zero = Array2::zeros((5, 2));
        assert!(
            said(Eigenfunctions::fit(zero.view()).unwrap_err()).contains("zero on all samples")
        );
        assert!(Eigenfunctions::fit(Array2::zeros((0, 2)).view()).is_err());
    }
}
