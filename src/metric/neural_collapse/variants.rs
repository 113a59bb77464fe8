//! The forms in which the literature writes the four measures.

use super::{Classes, apart, square};
use crate::error::Result;
use crate::linalg;
use crate::table::Table;
use ndarray::{Array1, Array2};

/// Neural collapse as others measure it; everything but `nc4` goes to 0, and none depends on the scale or a rotation of the features.
///
/// With $\Sigma_W$ the mean over classes of the covariance within one, $M$ the $\mu_c - \mu_g$ in rows, $\Sigma_B = M^T M / C$, $m_c$ a row of $M$, $w_c$ the weights of class c:
///
/// | field | formula | where |
/// |---|---|---|
/// | `nc1_trace` | $\mathrm{Tr}\,\Sigma_W / \mathrm{Tr}\,\Sigma_B$ | [`NeuralCollapse::nc1`](super::NeuralCollapse::nc1) |
/// | `nc1_pinv` | $\mathrm{Tr}(\Sigma_W \Sigma_B^\dagger) / C$ | Papyan, Han and Donoho |
/// | `nc1_product` | $\mathrm{Tr}(\Sigma_W \Sigma_B) / (\mathrm{Tr}\,\Sigma_B)^2$ | thesis, Eq. 2.10 and D.6, here over its scale |
/// | `nc2_simplex` | $\lVert MM^T/\lVert MM^T\rVert - E/\lVert E\rVert\rVert$ | [`NeuralCollapse::nc2`](super::NeuralCollapse::nc2), Eq. 2.11 |
/// | `nc2_equinorm` | standard deviation of $\lVert m_c\rVert$ over its mean | Papyan, Han and Donoho |
/// | `nc2_equiangle` | standard deviation of $\cos(m_c, m_{c'})$ over pairs | Papyan, Han and Donoho |
/// | `nc2_angle` | mean over pairs of $\lvert\cos(m_c, m_{c'}) + 1/(C-1)\rvert$ | the same; Eq. D.7 |
/// | `nc3_centred` | $\lVert \tilde W/\lVert\tilde W\rVert - M/\lVert M\rVert\rVert$, weights less their mean | [`NeuralCollapse::nc3`](super::NeuralCollapse::nc3) |
/// | `nc3_plain` | $\lVert W/\lVert W\rVert - M/\lVert M\rVert\rVert$ | Papyan, Han and Donoho |
/// | `nc3_classes` | mean over c of $\lVert w_c/\lVert w_c\rVert - m_c/\lVert m_c\rVert\rVert$ | thesis, Eq. D.8 |
/// | `nc4` | share of samples that the classifier gives the class of the nearest mean | Eq. D.9 |
///
/// ```
/// use ndarray::{array, Array1};
/// use scurve::metric::neural_collapse::CollapseVariants;
/// let h = array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]];
/// let found = CollapseVariants::measure(&h, &[0, 0, 1, 1], &array![[1.0, 0.0], [0.0, 1.0]], &Array1::zeros(2))?;
/// assert!(found.nc1_pinv == 0.0 && found.nc2_angle < 1e-15 && found.nc4 == 1.0);
/// // Weights that are not centred are not parallel to centred means.
/// assert!(found.nc3_centred < 1e-15 && found.nc3_classes > 0.7);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the table says what each is")]
pub struct CollapseVariants {
    pub nc1_trace: f64,
    pub nc1_pinv: f64,
    pub nc1_product: f64,
    pub nc2_simplex: f64,
    pub nc2_equinorm: f64,
    pub nc2_equiangle: f64,
    pub nc2_angle: f64,
    pub nc3_centred: f64,
    pub nc3_plain: f64,
    pub nc3_classes: f64,
    pub nc4: f64,
}

impl CollapseVariants {
    /// From features (n × p), the class of each sample (0 … C − 1), and the last layer: weights (p × C) and biases (C).
    ///
    /// # Errors
    /// As [`NeuralCollapse::with_bias`](super::NeuralCollapse::with_bias).
    pub fn measure(
        features: &Array2<f64>,
        labels: &[usize],
        classifier: &Array2<f64>,
        bias: &Array1<f64>,
    ) -> Result<Self> {
        let plain = super::NeuralCollapse::with_bias(features, labels, classifier, bias)?;
        let classes = Classes::new(features, labels, classifier, bias)?;
        let (nc1_pinv, nc1_product) = within_along_means(&classes, features, labels)?;
        let lengths = lengths(&classes.centred);
        let cosines = cosines(&classes.centred, &lengths);
        let ideal = -1.0 / (lengths.len() as f64 - 1.0);
        let weights = classifier.t().to_owned();
        Ok(Self {
            nc1_trace: plain.nc1,
            nc1_pinv,
            nc1_product,
            nc2_simplex: plain.nc2,
            nc2_equinorm: spread(&lengths) / mean(&lengths),
            nc2_equiangle: spread(&cosines),
            nc2_angle: mean(
                &cosines
                    .iter()
                    .map(|c| (c - ideal).abs())
                    .collect::<Vec<_>>(),
            ),
            nc3_centred: plain.nc3,
            nc3_plain: apart(&weights, &classes.centred),
            nc3_classes: row_distance(&weights, &classes.centred),
            nc4: plain.nc4,
        })
    }

    /// Names and values, in the order of the table above.
    pub fn named(&self) -> [(&'static str, f64); 11] {
        [
            ("nc1_trace", self.nc1_trace),
            ("nc1_pinv", self.nc1_pinv),
            ("nc1_product", self.nc1_product),
            ("nc2_simplex", self.nc2_simplex),
            ("nc2_equinorm", self.nc2_equinorm),
            ("nc2_equiangle", self.nc2_equiangle),
            ("nc2_angle", self.nc2_angle),
            ("nc3_centred", self.nc3_centred),
            ("nc3_plain", self.nc3_plain),
            ("nc3_classes", self.nc3_classes),
            ("nc4", self.nc4),
        ]
    }

    /// One row for each: `measure`, `value`.
    pub fn table(&self) -> Result<Table> {
        let named = self.named();
        Table::new()
            .with("measure", named.iter().map(|n| n.0).collect::<Vec<_>>())?
            .with("value", named.iter().map(|n| n.1).collect::<Vec<_>>())
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}

/// $\mathrm{Tr}(\Sigma_W \Sigma_B^\dagger)/C$ and $\mathrm{Tr}(\Sigma_W \Sigma_B)/(\mathrm{Tr}\,\Sigma_B)^2$, through the right singular vectors of M: no p × p matrix.
fn within_along_means(
    classes: &Classes,
    features: &Array2<f64>,
    labels: &[usize],
) -> Result<(f64, f64)> {
    let svd = linalg::svd(&classes.centred)?;
    let _threads = linalg::Threads::hold();
    let count = classes.counts.len() as f64;
    // The variance within classes along each direction.
    let (along, centres) = (features.dot(&svd.vt.t()), classes.means.dot(&svd.vt.t()));
    let mut variance = Array1::<f64>::zeros(svd.s.len());
    for (row, &c) in along.rows().into_iter().zip(labels) {
        let weight = 1.0 / (count * classes.counts[c]);
        let moved = &row - &centres.row(c);
        variance.scaled_add(weight, &(&moved * &moved));
    }
    let floor = svd.s[0] * 1e-10;
    let between = svd.s.mapv(|s| s * s / count);
    let (mut inverse, mut product) = (0.0, 0.0);
    for ((s, b), v) in svd.s.iter().zip(&between).zip(&variance) {
        if *s > floor {
            inverse += v / b;
        }
        product += v * b;
    }
    let trace = square(&classes.centred) / count;
    Ok((inverse / count, product / (trace * trace)))
}

fn lengths(rows: &Array2<f64>) -> Vec<f64> {
    rows.rows().into_iter().map(|r| r.dot(&r).sqrt()).collect()
}

/// Of all pairs of different rows.
fn cosines(rows: &Array2<f64>, lengths: &[f64]) -> Vec<f64> {
    let count = lengths.len();
    let pairs = (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j)));
    pairs
        .map(|(i, j)| rows.row(i).dot(&rows.row(j)) / (lengths[i] * lengths[j]))
        .collect()
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

fn spread(x: &[f64]) -> f64 {
    let middle = mean(x);
    mean(&x.iter().map(|x| (x - middle).powi(2)).collect::<Vec<_>>()).sqrt()
}

/// The mean over rows of the distance of unit vectors.
fn row_distance(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let pairs = x.rows().into_iter().zip(y.rows());
    let distances: Vec<f64> = pairs
        .map(|(x, y)| {
            let moved = &x / x.dot(&x).sqrt() - &y / y.dot(&y).sqrt();
            moved.dot(&moved).sqrt()
        })
        .collect();
    mean(&distances)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// numpy, from the formulas with p × p matrices and `pinv`, h_ij = sin(1 + 3i + 7j) + 2 [j = i mod 3], w_ij = cos(2i + 5j), biases .1 j.
    #[test]
    fn an_independent_program_agrees() {
        let h = Array2::from_shape_fn((12, 4), |(i, j)| {
            (1.0 + 3.0 * i as f64 + 7.0 * j as f64).sin() + 2.0 * f64::from(u8::from(j == i % 3))
        });
        let w = Array2::from_shape_fn((4, 3), |(i, j)| (2.0 * i as f64 + 5.0 * j as f64).cos());
        let labels: Vec<usize> = (0..12).map(|i| i % 3).collect();
        let bias = Array1::from(vec![0.0, 0.1, 0.2]);
        let found = CollapseVariants::measure(&h, &labels, &w, &bias).unwrap();
        let expected = [
            0.752356797311,
            0.087931555510,
            0.071699014686,
            0.117574188537,
            0.041769209435,
            0.063435126865,
            0.054178296220,
            0.956421518248,
            1.011751800089,
            0.977849783795,
            0.750000000000,
        ];
        for ((name, value), expected) in found.named().into_iter().zip(expected) {
            assert!(
                (value - expected).abs() < 1e-10,
                "{name} {value} {expected}"
            );
        }
    }

    #[test]
    fn blind_to_scale_and_rotation() {
        let h = Seed(0).normal("data", 40, 6);
        let w = Seed(0).normal("init", 6, 4);
        let labels: Vec<usize> = (0..40).map(|i| i % 4).collect();
        let none = Array1::zeros(4);
        let plain = CollapseVariants::measure(&h, &labels, &w, &none).unwrap();
        let turn = linalg::qr(&Seed(1).normal("data", 6, 6)).unwrap().0;
        let turned =
            CollapseVariants::measure(&(h.dot(&turn) * 5.0), &labels, &turn.t().dot(&w), &none)
                .unwrap();
        for ((name, x), (_, y)) in plain.named().into_iter().zip(turned.named()) {
            assert!((x - y).abs() < 1e-12, "{name}");
        }
    }
}
