//! Measures of features (thesis on layerwise structure, Eq. 1.16, 1.30–1.35, 2.3–2.6): how many there are, how much each says about the
//! target or about the learned function, and how well each is learned from few samples.

use crate::error::{Error, Result};
use crate::linalg;
use crate::table::Table;
use ndarray::{Array1, Array2, ArrayView2};

/// $D_\mathrm{eff}(\rho) = \exp(-\sum_i q_i \ln q_i)$ with $q_i = \rho_i / \sum_j \rho_j$ (Eq. 1.16): $d$ for $d$ equal values.
///
/// # Errors
/// No values, a negative one or one that is not finite, or all zero.
///
/// ```
/// use scurve::metric::feature::effective_dimension;
/// assert!((effective_dimension(&[0.3, 0.3, 0.3, 0.0])? - 3.0).abs() < 1e-12);
/// # Ok::<(), scurve::error::Error>(())
/// ```
pub fn effective_dimension(values: &[f64]) -> Result<f64> {
    let allowed = "≥ 0 and finite, and not all zero";
    if let Some(x) = values.iter().find(|x| !x.is_finite() || **x < 0.0) {
        return Err(Error::setting("values", x, allowed));
    }
    let sum: f64 = values.iter().sum();
    if sum <= 0.0 || !sum.is_finite() {
        return Err(Error::setting("sum of values", sum, allowed));
    }
    let shares = values.iter().map(|x| x / sum).filter(|q| *q > 0.0);
    Ok((-shares.map(|q| q * q.ln()).sum::<f64>()).exp())
}

/// $1 + D_\mathrm{eff}([\rho_2, \dots, \rho_p])$ (Eq. 2.6): the first intensity, of a nearly constant function, counts as one.
///
/// # Errors
/// As [`effective_dimension`], of all values but the first.
pub fn effective_dimension_of_intensity(intensity: &[f64]) -> Result<f64> {
    Ok(1.0 + effective_dimension(intensity.get(1..).unwrap_or_default())?)
}

/// One-hot targets $f_i^\ast = 1_{A_i}$ (samples × classes, Eq. 2.1).
///
/// # Errors
/// A label that is no class.
pub fn indicators(labels: &[usize], classes: usize) -> Result<Array2<f64>> {
    let mut target = Array2::zeros((labels.len(), classes));
    for (i, &label) in labels.iter().enumerate() {
        if label >= classes {
            let allowed = format!("less than the number of classes, {classes}");
            return Err(Error::setting(format!("labels[{i}]"), label, allowed));
        }
        target[[i, label]] = 1.0;
    }
    Ok(target)
}

/// $Q_k = \langle e_k | P e_k \rangle / (\lVert e_k \rVert^2 \dim \mathcal{H})$ with $P$ the orthogonal projector onto the span
/// $\mathcal{H}$ of the columns of `functions` (Eq. 2.3 and 2.5; Eq. 1.34 for one column).
///
/// Of the targets it is the quality $Q_k^\ast$, of the outputs of a network the utilization $\hat Q_k$. Columns are samples of functions;
/// the projector is built on an orthonormal basis, so columns need be neither orthogonal nor independent, nor classes balanced. There is
/// no square: $\sum_k Q_k = 1$ where the $e_k$ are orthonormal and span the functions, as on the fitting set. On test data they are not
/// orthonormal, and the sum may exceed 1.
///
/// # Errors
/// Different numbers of samples, values that are not finite, functions that are all zero.
pub fn projection_share(
    eigenfunctions: ArrayView2<f64>,
    functions: ArrayView2<f64>,
) -> Result<Array1<f64>> {
    check(eigenfunctions, functions)?;
    let basis = linalg::span(&functions.to_owned())?;
    let dimension = basis.ncols();
    if dimension == 0 {
        return Err(Error::setting(
            "functions",
            "all zero",
            "different from zero",
        ));
    }
    let inner = eigenfunctions.t().dot(&basis);
    let pairs = inner.rows().into_iter().zip(eigenfunctions.columns());
    Ok(pairs
        .map(|(row, e)| row.dot(&row) / (e.dot(&e) * dimension as f64))
        .map(|q| if q.is_finite() { q } else { 0.0 })
        .collect())
}

/// The last form of Eq. 2.3 as printed, $Q_k^\ast = \sum_i \langle e_k | f_i^\ast \rangle^2$ with means over samples. It agrees with
/// [`projection_share`] for the indicators of balanced classes only.
///
/// # Errors
/// As [`projection_share`].
pub fn quality_as_printed(
    eigenfunctions: ArrayView2<f64>,
    targets: ArrayView2<f64>,
) -> Result<Array1<f64>> {
    check(eigenfunctions, targets)?;
    let inner = eigenfunctions.t().dot(&targets) / targets.nrows() as f64;
    Ok(inner.rows().into_iter().map(|row| row.dot(&row)).collect())
}

/// Eq. 2.5 as printed, $\hat Q_k = \langle e_k|P e_k\rangle^2/\dim\hat{\mathcal H}$ with $P$ "analogous to Eq. 2.3", $\sum_j |f_j\rangle\langle f_j|/\lVert f_j\rVert^2$, for $e_k$
/// scaled to length 1.
///
/// With the square the sum over k is not 1 ([`projection_share`] has none), and $P$ is a projector only where the functions are orthogonal: of a network's
/// outputs they are not.
///
/// # Errors
/// As [`projection_share`]; a function that is zero on all samples.
pub fn utilization_as_printed(
    eigenfunctions: ArrayView2<f64>,
    functions: ArrayView2<f64>,
) -> Result<Array1<f64>> {
    check(eigenfunctions, functions)?;
    let lengths = |x: ArrayView2<f64>| -> Array1<f64> {
        x.columns().into_iter().map(|c| c.dot(&c).sqrt()).collect()
    };
    let (of_e, of_f) = (lengths(eigenfunctions), lengths(functions));
    if let Some(j) = of_f.iter().position(|l| *l == 0.0) {
        return Err(Error::setting(
            format!("functions[.., {j}]"),
            "all zero",
            "different from zero",
        ));
    }
    let dimension = linalg::span(&functions.to_owned())?.ncols() as f64;
    let inner = eigenfunctions.t().dot(&functions) / &of_f;
    let pairs = inner.rows().into_iter().zip(&of_e);
    Ok(pairs
        .map(|(row, e)| {
            if *e > 0.0 {
                row.dot(&row) / (e * e)
            } else {
                0.0
            }
        })
        .map(|share| share * share / dimension)
        .collect())
}

fn check(e: ArrayView2<f64>, f: ArrayView2<f64>) -> Result<()> {
    if e.nrows() != f.nrows() || e.is_empty() || f.is_empty() {
        let allowed = format!(
            "{} × at least 1, as the eigenfunctions, not empty",
            e.nrows()
        );
        let given = format!("{} × {}", f.nrows(), f.ncols());
        return Err(Error::setting("functions", given, allowed));
    }
    for (name, x) in [("eigenfunctions", e), ("functions", f)] {
        if let Some(x) = x.iter().find(|x| !x.is_finite()) {
            return Err(Error::setting(name, x, "finite"));
        }
    }
    Ok(())
}

/// $\Pi(k) = \sum_{i \le k} Q_i$ (Eq. 1.32, 2.4).
pub fn cumulative(shares: &[f64]) -> Vec<f64> {
    let sums = shares.iter().scan(0.0, |sum, q| {
        *sum += q;
        Some(*sum)
    });
    sums.collect()
}

/// $L_k = \rho_k / (\rho_k + \kappa)$ with $\sum_k L_k = n$ (Eq. 1.35).
#[derive(Clone, Debug, PartialEq)]
pub struct Learnability {
    /// $\kappa > 0$.
    pub kappa: f64,
    /// $L_k$, in the order of the intensities.
    pub learnability: Vec<f64>,
}

impl Learnability {
    /// Of `intensity` at `samples` training samples, by bisection between bounds that hold $\kappa$.
    ///
    /// # Errors
    /// Intensities that are negative or not finite; no samples, or as many as there are positive intensities or more: then no $\kappa$ exists.
    ///
    /// ```
    /// use scurve::metric::feature::Learnability;
    /// // Four equal features, one sample: each is learned to a quarter.
    /// let found = Learnability::new(&[2.0; 4], 1)?;
    /// assert!((found.kappa - 6.0).abs() < 1e-9 && (found.learnability[0] - 0.25).abs() < 1e-9);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn new(intensity: &[f64], samples: usize) -> Result<Self> {
        if let Some(x) = intensity.iter().find(|x| !x.is_finite() || **x < 0.0) {
            return Err(Error::setting("intensity", x, "≥ 0 and finite"));
        }
        let positive = || intensity.iter().filter(|x| **x > 0.0);
        let rank = positive().count();
        if samples == 0 || samples >= rank {
            let allowed = format!("from 1 to less than {rank}, the number of positive intensities");
            return Err(Error::setting("samples", samples, allowed));
        }
        let n = samples as f64;
        // Σ ρ/(ρ+κ) falls with κ; it is ≥ n at the first bound, where each ρ is taken as the least, and < n at the second.
        let least = positive().fold(f64::INFINITY, |a, b| a.min(*b));
        let mut low = (least * (rank as f64 / n - 1.0)).ln();
        let mut high = (positive().sum::<f64>() / n).ln();
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            let kappa = middle.exp();
            if positive().map(|rho| rho / (rho + kappa)).sum::<f64>() > n {
                low = middle;
            } else {
                high = middle;
            }
        }
        let kappa = (0.5 * (low + high)).exp();
        Ok(Self {
            kappa,
            learnability: intensity.iter().map(|rho| rho / (rho + kappa)).collect(),
        })
    }

    /// What theory expects of $\int (\hat f - f^\ast)^2 dq$ for the interpolation of least norm:
    ///
    /// $$ \frac{n}{n - \sum_k L_k^2} \Bigl( \sum_k (1 - L_k)^2 c_k^2 + \sigma^2 \Bigr) - \sigma^2, $$
    ///
    /// with $c_k = \langle e_k|f^\ast\rangle$ (`target`, 0 beyond its length) and labels whose noise has the standard deviation σ (Refs. 16–24 of the thesis). It takes
    /// the features of a sample for Gaussian, as Eq. 1.35 does.
    ///
    /// ```
    /// use scurve::metric::feature::Learnability;
    /// // p equal features: noise alone costs σ² n / (p − n).
    /// let found = Learnability::new(&[1.0; 40], 10)?;
    /// assert!((found.test_error(&[], 0.3) - 0.09 * 10.0 / 30.0).abs() < 1e-9);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn test_error(&self, target: &[f64], noise: f64) -> f64 {
        let (samples, squares) = self
            .learnability
            .iter()
            .fold((0.0, 0.0), |(sum, squares), l| (sum + l, squares + l * l));
        let bias: f64 = self
            .learnability
            .iter()
            .zip(target)
            .map(|(l, c)| ((1.0 - l) * c).powi(2))
            .sum();
        let noise = noise * noise;
        samples / (samples - squares) * (bias + noise) - noise
    }

    /// One row for each intensity: `k` (from 1), `learnability`; and `kappa`.
    pub fn table(&self) -> Result<Table> {
        let count = self.learnability.len();
        Table::new()
            .with("k", (1..=count).collect::<Vec<_>>())?
            .with("learnability", self.learnability.clone())?
            .with_constant("kappa", self.kappa)
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::eigenfunction::Eigenfunctions;
    use crate::seed::Seed;

    #[test]
    fn shares_sum_to_one_and_do_not_turn() {
        let x = Seed(5).normal("features", 60, 7);
        let e = Eigenfunctions::fit(x.view()).unwrap();
        let e = e.evaluate(x.view()).unwrap();
        let f = x.dot(&Seed(6).normal("readout", 7, 3));
        let q = projection_share(e.view(), f.view()).unwrap();
        assert!((q.sum() - 1.0).abs() < 1e-12);
        let mixed = f.dot(&Seed(7).normal("mix", 3, 3));
        let turned = projection_share(e.view(), mixed.view()).unwrap();
        assert!(q.iter().zip(&turned).all(|(a, b)| (a - b).abs() < 1e-10));
        assert!((cumulative(&q.to_vec())[6] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_printed_quality_needs_balance() {
        let apart = |labels: &[usize]| {
            let f = indicators(labels, 2).unwrap();
            let e = Eigenfunctions::fit(Seed(8).normal("x", labels.len(), 3).view()).unwrap();
            let e = e
                .evaluate(Seed(8).normal("x", labels.len(), 3).view())
                .unwrap();
            let right = projection_share(e.view(), f.view()).unwrap();
            let printed = quality_as_printed(e.view(), f.view()).unwrap();
            (&right - &printed)
                .iter()
                .fold(0.0_f64, |a, b| a.max(b.abs()))
        };
        assert!(apart(&[0, 1, 0, 1, 0, 1]) < 1e-12);
        assert!(apart(&[0, 0, 0, 0, 0, 1]) > 1e-3);
    }

    #[test]
    fn learnability_adds_up_to_the_samples() {
        let rho: Vec<f64> = (1..200).map(|k| (k as f64).powi(-3)).collect();
        for n in [1, 10, 198] {
            let found = Learnability::new(&rho, n).unwrap();
            let sum: f64 = found.learnability.iter().sum();
            assert!((sum / n as f64 - 1.0).abs() < 1e-10 && found.kappa > 0.0);
        }
        for n in [0, 199] {
            let said = Learnability::new(&rho, n).unwrap_err().to_string();
            assert!(said.contains(&format!("samples = {n}")));
        }
    }

    #[test]
    fn bad_input_is_said() {
        let said = indicators(&[0, 3], 3).unwrap_err().to_string();
        assert!(said.contains("labels[1] = 3"));
        for bad in [&[][..], &[0.0], &[-1.0, 2.0], &[f64::NAN]] {
            assert!(effective_dimension(bad).is_err());
        }
        let flat = effective_dimension_of_intensity(&[50.0, 1.0, 1.0]).unwrap();
        assert!((flat - 3.0).abs() < 1e-12);
        let (one, zero) = (Array2::ones((4, 1)), Array2::zeros((4, 1)));
        let said = projection_share(one.view(), zero.view()).unwrap_err();
        assert!(said.to_string().contains("all zero"));
        assert!(projection_share(one.view(), Array2::ones((3, 1)).view()).is_err());
    }
}
