//! Neural collapse: how far features have become one point a class, in a symmetric arrangement (thesis, §2.5, appendix D).

mod variants;

pub use variants::CollapseVariants;

use crate::error::{Error, Result};
use crate::linalg;
use crate::table::Table;
use ndarray::{Array1, Array2, Axis};

/// The four measures of neural collapse; the first three go to 0, the last to 1.
///
/// With class means $\mu_c$, their mean $\mu_g$ and $M$ the matrix of $\mu_c - \mu_g$:
///
/// - NC1, within-class variability over between-class: $\mathrm{Tr}\,\Sigma_W / \mathrm{Tr}\,\Sigma_B$;
/// - NC2, distance from a simplex: $\lVert MM^T/\lVert MM^T\rVert - E/\lVert E\rVert\rVert$ with $E = I - \mathbf 1\mathbf 1^T/C$ (Eq. 2.11 up to its factor);
/// - NC3, distance of the last layer from the features: $\lVert \tilde W/\lVert\tilde W\rVert - M/\lVert M\rVert\rVert$, with $\tilde W$ the classes' weights
///   less their mean (which moves all logits alike);
/// - NC4, the share of samples that the classifier gives the class with the nearest mean.
///
/// All norms are Frobenius', so scale and rotation of the features do not matter. Classes count equally. Source: Papyan, Han and Donoho, 2020.
///
/// ```
/// use ndarray::array;
/// use scurve::metric::neural_collapse::NeuralCollapse;
/// let h = array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]];
/// let nc = NeuralCollapse::measure(&h, &[0, 0, 1, 1], &array![[1.0, 0.0], [0.0, 1.0]])?;
/// assert!(nc.nc1 == 0.0 && nc.nc2 < 1e-15 && nc.nc3 < 1e-15 && nc.nc4 == 1.0);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeuralCollapse {
    /// Within-class over between-class variance.
    pub nc1: f64,
    /// Distance of the class means from a simplex, 0 to 2.
    pub nc2: f64,
    /// Distance of the last layer from the class means, 0 to 2.
    pub nc3: f64,
    /// Share of samples for which the classifier agrees with the nearest class mean.
    pub nc4: f64,
}

impl NeuralCollapse {
    /// From features (n × p), the class of each sample (0 … C − 1), and the last layer (p × C), without biases.
    ///
    /// # Errors
    /// Fewer than two classes; a class without samples or beyond the last layer; dimensions that do not fit; numbers that are not finite.
    pub fn measure(
        features: &Array2<f64>,
        labels: &[usize],
        classifier: &Array2<f64>,
    ) -> Result<Self> {
        let bias = Array1::zeros(classifier.ncols());
        Self::with_bias(features, labels, classifier, &bias)
    }

    /// [`measure`](Self::measure) of a last layer with biases, on which NC4 depends (Eq. D.9).
    ///
    /// # Errors
    /// As [`measure`](Self::measure); another number of biases than classes.
    pub fn with_bias(
        features: &Array2<f64>,
        labels: &[usize],
        classifier: &Array2<f64>,
        bias: &Array1<f64>,
    ) -> Result<Self> {
        let classes = Classes::new(features, labels, classifier, bias)?;
        let count = classes.means.nrows();
        let _threads = linalg::Threads::hold();
        let simplex = Array2::from_shape_fn((count, count), |(i, j)| {
            f64::from(i == j) - 1.0 / count as f64
        });
        let weights = classifier.t();
        let weights = &weights - &mean_row(&weights.to_owned());
        let centred = &classes.centred;
        Ok(Self {
            nc1: classes.within(features, labels) / square(centred),
            nc2: apart(&centred.dot(&centred.t()), &simplex),
            nc3: apart(&weights, centred),
            nc4: classes.agreement(features, classifier, bias),
        })
    }

    /// One row: `nc1` … `nc4`.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("nc1", vec![self.nc1])?
            .with("nc2", vec![self.nc2])?
            .with("nc3", vec![self.nc3])?
            .with("nc4", vec![self.nc4])
    }

    /// Shows the measures in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}

/// What all measures need of the classes.
struct Classes {
    /// $\mu_c$ in rows.
    means: Array2<f64>,
    /// $\mu_c - \mu_g$ in rows.
    centred: Array2<f64>,
    counts: Vec<f64>,
}

impl Classes {
    fn new(
        features: &Array2<f64>,
        labels: &[usize],
        classifier: &Array2<f64>,
        bias: &Array1<f64>,
    ) -> Result<Self> {
        let (n, p) = features.dim();
        let classes = classifier.ncols();
        if classifier.nrows() != p || classes < 2 {
            return Err(Error::setting(
                "classifier.dim()",
                format!("{} × {classes}", classifier.nrows()),
                format!("{p} × C with two classes or more"),
            ));
        }
        if bias.len() != classes {
            let allowed = format!("{classes}, one for each class");
            return Err(Error::setting("bias.len()", bias.len(), allowed));
        }
        if labels.len() != n {
            return Err(Error::setting(
                "labels.len()",
                labels.len(),
                format!("{n}, one for each row of features"),
            ));
        }
        if let Some(label) = labels.iter().find(|l| **l >= classes) {
            let allowed = format!("a class from 0 to {}", classes - 1);
            return Err(Error::setting("labels", label, allowed));
        }
        let last = classifier.iter().chain(bias);
        if features.iter().chain(last).any(|x| !x.is_finite()) {
            return Err(Error::setting("features", "NaN or ∞", "finite numbers"));
        }
        let mut means: Array2<f64> = Array2::zeros((classes, p));
        let mut counts = vec![0.0; classes];
        for (row, &c) in features.rows().into_iter().zip(labels) {
            means.row_mut(c).scaled_add(1.0, &row);
            counts[c] += 1.0;
        }
        if let Some(c) = counts.iter().position(|k| *k == 0.0) {
            return Err(Error::setting("labels", c, "with a sample of each class"));
        }
        for (mut mean, k) in means.rows_mut().into_iter().zip(&counts) {
            mean /= *k;
        }
        let centred = &means - &mean_row(&means);
        Ok(Self {
            means,
            centred,
            counts,
        })
    }

    /// $C\,\mathrm{Tr}\,\Sigma_W$, each class with the same weight.
    fn within(&self, features: &Array2<f64>, labels: &[usize]) -> f64 {
        let rows = features.rows().into_iter().zip(labels);
        rows.map(|(row, &c)| {
            let pairs = row.iter().zip(self.means.row(c));
            pairs.map(|(x, m)| (x - m).powi(2)).sum::<f64>() / self.counts[c]
        })
        .sum()
    }

    /// The share of samples to which the classifier gives the class of the nearest mean.
    fn agreement(
        &self,
        features: &Array2<f64>,
        classifier: &Array2<f64>,
        bias: &Array1<f64>,
    ) -> f64 {
        let logits = features.dot(classifier) + bias;
        // ‖h − μ‖² without ‖h‖², which all classes share.
        let lengths: Array1<f64> = self.means.rows().into_iter().map(|m| m.dot(&m)).collect();
        let near = features.dot(&self.means.t()) * 2.0 - &lengths;
        let pairs = logits.rows().into_iter().zip(near.rows());
        let agree = pairs.filter(|(logits, near)| {
            argmax(logits.len(), |c| logits[c]) == argmax(near.len(), |c| near[c])
        });
        agree.count() as f64 / features.nrows() as f64
    }
}

fn square(x: &Array2<f64>) -> f64 {
    x.iter().map(|x| x * x).sum()
}

fn mean_row(x: &Array2<f64>) -> Array1<f64> {
    x.sum_axis(Axis(0)) / x.nrows() as f64
}

fn argmax(classes: usize, value: impl Fn(usize) -> f64) -> usize {
    (1..classes).fold(0, |best, c| if value(c) > value(best) { c } else { best })
}

/// ‖x/‖x‖ − y/‖y‖‖.
fn apart(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    square(&(x / square(x).sqrt() - y / square(y).sqrt())).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[test]
    fn blind_to_scale_and_rotation() {
        let h = Seed(0).normal("data", 12, 5);
        let w = Seed(0).normal("init", 5, 3);
        let labels: Vec<usize> = (0..12).map(|i| i % 3).collect();
        let plain = NeuralCollapse::measure(&h, &labels, &w).unwrap();
        let turn = linalg::qr(&Seed(1).normal("data", 5, 5)).unwrap().0;
        let turned =
            NeuralCollapse::measure(&(h.dot(&turn) * 3.0), &labels, &turn.t().dot(&w)).unwrap();
        for (x, y) in [
            (plain.nc1, turned.nc1),
            (plain.nc2, turned.nc2),
            (plain.nc3, turned.nc3),
            (plain.nc4, turned.nc4),
        ] {
            assert!((x - y).abs() < 1e-12);
        }
        assert!(plain.nc1 > 0.5 && plain.nc2 > 0.1 && plain.nc3 > 0.1 && plain.nc4 < 1.0);
    }

    #[test]
    fn bad_input_is_named() {
        let h = Array2::ones((4, 2));
        let w = Array2::ones((2, 2));
        let field =
            |h: &Array2<f64>, labels: &[usize], w: &Array2<f64>| match NeuralCollapse::measure(
                h, labels, w,
            ) {
                Err(Error::Setting { field, .. }) => field,
                other => panic!("{other:?}"),
            };
        assert_eq!(field(&h, &[0, 1, 0], &w), "labels.len()");
        assert_eq!(field(&h, &[0, 1, 0, 2], &w), "labels");
        assert_eq!(field(&h, &[0; 4], &w), "labels");
        assert_eq!(
            field(&h, &[0, 1, 0, 1], &Array2::ones((3, 2))),
            "classifier.dim()"
        );
        assert_eq!(
            field(&h, &[0; 4], &Array2::ones((2, 1))),
            "classifier.dim()"
        );
        assert_eq!(
            field(&(h.clone() * f64::NAN), &[0, 1, 0, 1], &w),
            "features"
        );
    }
}
