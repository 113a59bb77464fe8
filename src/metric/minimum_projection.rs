//! The minimum-projection operator and neural collapse (thesis, §2.3.1, §2.5.2, appendix D).
//!
//! $$ \mathcal T_\mathrm{MP}\lbrack u\rbrack = a_1 \langle\mathbf 1|u\rangle \mathbf 1 + a_2 P_{\hat{\mathcal H}}\lbrack u\rbrack \tag{2.8} $$
//!
//! Inner products are means over the training set. With $\hat f_i = 1_{A_i}$ of C classes of equal size, any features $\Phi$ with
//! $\mathcal T\lbrack u\rbrack(x) = \Phi(x)\cdot\langle\Phi|u\rangle$ are collapsed: [`Propositions`] measures how exactly.

use super::feature::indicators;
use crate::error::{Error, Result};
use crate::linalg;
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2, Axis};

/// An ideal operator on the indicators of C classes of equal size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MpOperator {
    constant: f64,
    projection: f64,
    classes: usize,
}

impl MpOperator {
    /// $a_1$ of the constant function, $a_2$ of the projector, C classes.
    ///
    /// # Errors
    /// $a_1 < 0$, $a_2 \le 0$, numbers that are not finite, fewer than two classes.
    pub fn new(constant: f64, projection: f64, classes: usize) -> Result<Self> {
        if !(constant >= 0.0 && constant.is_finite()) {
            return Err(Error::setting("constant", constant, "a finite number ≥ 0"));
        }
        if !(projection > 0.0 && projection.is_finite()) {
            let allowed = "a finite number > 0";
            return Err(Error::setting("projection", projection, allowed));
        }
        if classes < 2 {
            return Err(Error::setting("classes", classes, "a whole number ≥ 2"));
        }
        Ok(Self {
            constant,
            projection,
            classes,
        })
    }

    /// Features (samples × `features`) whose operator this is, turned by a rotation from the stream `rotation` of the seed: $\Phi(x)\cdot\Phi(x') = a_1 + a_2 C \sum_i \hat f_i(x) \hat f_i(x')$.
    ///
    /// ```
    /// use scurve::metric::minimum_projection::{MpOperator, Propositions};
    /// use scurve::seed::Seed;
    /// let labels: Vec<usize> = (0..30).map(|i| i % 3).collect();
    /// let features = MpOperator::new(2.0, 0.7, 3)?.features(&labels, 8, Seed(0))?;
    /// let found = Propositions::measure(&features, &labels, 0.7)?;
    /// assert!(found.nc1 < 1e-12 && found.nc2 < 1e-12 && found.eq_2_19 < 1e-12);
    /// // As printed, Eq. 2.19 lacks the factor C.
    /// assert!((found.eq_2_19_as_printed - 2.0 / 3.0 * 2.0).abs() < 1e-9);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Fewer features than classes; classes of different sizes.
    pub fn features(&self, labels: &[usize], features: usize, seed: Seed) -> Result<Array2<f64>> {
        let count = self.classes;
        if features < count {
            let allowed = format!("at least the number of classes, {count}");
            return Err(Error::setting("features", features, allowed));
        }
        balanced(labels, count)?;
        // (α I + β 11ᵀ)² = a₂ C I + a₁ 11ᵀ
        let c = count as f64;
        let alpha = (self.projection * c).sqrt();
        let beta = ((alpha * alpha + c * self.constant).sqrt() - alpha) / c;
        let root = Array2::from_shape_fn((count, count), |(i, j)| {
            alpha * f64::from(u8::from(i == j)) + beta
        });
        let turn = linalg::qr(&seed.normal("rotation", features, count))?.0;
        let points = root.dot(&turn.t());
        Ok(points.select(Axis(0), labels))
    }
}

fn balanced(labels: &[usize], classes: usize) -> Result<()> {
    let mut counts = vec![0_usize; classes];
    for (i, label) in labels.iter().enumerate() {
        match counts.get_mut(*label) {
            Some(count) => *count += 1,
            None => {
                let allowed = format!("less than the number of classes, {classes}");
                return Err(Error::setting(format!("labels[{i}]"), label, allowed));
            }
        }
    }
    if counts.iter().any(|k| *k == 0 || *k != counts[0]) {
        let allowed = "as many samples of each class: the propositions are on balanced classes";
        return Err(Error::setting("labels", format!("{counts:?}"), allowed));
    }
    Ok(())
}

/// How far features of classes of equal size are from what the propositions say, with $\mathcal T\lbrack u\rbrack(x) = \Phi(x)\cdot\langle\Phi|u\rangle$ of the samples themselves. Each is
/// the largest difference of any entry, over $a_2$ ($\mathrm{Tr}$ of NC1: over $a_2^2$).
///
/// | field | what should agree |
/// |---|---|
/// | `eq_2_18` | $\mu_i^T\mu_j = C^2 \langle\hat f_i \vert \mathcal T[\hat f_j]\rangle$ |
/// | `eq_2_18_as_printed` | the same without $C^2$ |
/// | `eq_2_19` | $\langle C\hat f_i \vert \mathcal T[C\hat f_j - \mathbf 1]\rangle = a_2 (C\delta_{ij} - 1)$ |
/// | `eq_2_19_as_printed` | the same with $a_2 (\delta_{ij} - C^{-1})$ |
/// | `eq_2_19_constant` | $\langle\mathbf 1 \vert \mathcal T[C\hat f_j - \mathbf 1]\rangle = 0$ |
/// | `nc1` | Proposition 2.5.1: $\mathrm{Tr}(\Sigma_W\Sigma_B^T) = 0$ |
/// | `nc2` | Proposition 2.5.2: $(\mu_i - \mu_g)^T(\mu_j - \mu_g) = a_2 (C\delta_{ij} - 1)$ |
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the table says what each is")]
pub struct Propositions {
    pub eq_2_18: f64,
    pub eq_2_18_as_printed: f64,
    pub eq_2_19: f64,
    pub eq_2_19_as_printed: f64,
    pub eq_2_19_constant: f64,
    pub nc1: f64,
    pub nc2: f64,
}

impl Propositions {
    /// From features (samples × p), the class of each sample, and $a_2$.
    ///
    /// # Errors
    /// Another number of labels than samples; classes of different sizes; $a_2$ not above 0.
    pub fn measure(features: &Array2<f64>, labels: &[usize], projection: f64) -> Result<Self> {
        let classes = labels.iter().max().map_or(0, |l| l + 1);
        MpOperator::new(0.0, projection, classes)?;
        balanced(labels, classes)?;
        if labels.len() != features.nrows() {
            let allowed = format!("{}, one for each row of features", features.nrows());
            return Err(Error::setting("labels.len()", labels.len(), allowed));
        }
        let _threads = linalg::Threads::hold();
        let (n, c) = (labels.len() as f64, classes as f64);
        let f = indicators(labels, classes)?;
        let operator = Operator(features);
        // Class means from the samples, not from the operator.
        let mut means: Array2<f64> = Array2::zeros((classes, features.ncols()));
        for (row, label) in features.rows().into_iter().zip(labels) {
            means.row_mut(*label).scaled_add(c / n, &row);
        }
        let centred = &means - &(means.sum_axis(Axis(0)) / c);
        let inner = |g: &Array2<f64>, h: &Array2<f64>| g.t().dot(h) / n;
        let of_classes = inner(&f, &operator.apply(&f));
        let shifted = &f * c - 1.0;
        let of_shifted = operator.apply(&shifted);
        let ones = Array2::ones((labels.len(), 1));
        let eye = |scale: f64, offset: f64| {
            Array2::<f64>::eye(classes) * (projection * scale) - projection * offset
        };
        let (ideal, printed) = (eye(c, 1.0), eye(1.0, 1.0 / c));
        let of_means = means.dot(&means.t());
        let left = inner(&(&f * c), &of_shifted);
        let within = features - &means.select(Axis(0), labels);
        let crossed = within.dot(&centred.t());
        Ok(Self {
            eq_2_18: apart(&of_means, &(&of_classes * (c * c))) / projection,
            eq_2_18_as_printed: apart(&of_means, &of_classes) / projection,
            eq_2_19: apart(&left, &ideal) / projection,
            eq_2_19_as_printed: apart(&left, &printed) / projection,
            eq_2_19_constant: largest(&inner(&ones, &of_shifted)) / projection,
            nc1: crossed.iter().map(|x| x * x).sum::<f64>() / (n * c * projection * projection),
            nc2: apart(&centred.dot(&centred.t()), &ideal) / projection,
        })
    }

    /// Names and values, in the order of the table above.
    pub fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("eq_2_18", self.eq_2_18),
            ("eq_2_18_as_printed", self.eq_2_18_as_printed),
            ("eq_2_19", self.eq_2_19),
            ("eq_2_19_as_printed", self.eq_2_19_as_printed),
            ("eq_2_19_constant", self.eq_2_19_constant),
            ("nc1", self.nc1),
            ("nc2", self.nc2),
        ]
    }

    /// One row for each: `statement`, `difference`.
    pub fn table(&self) -> Result<Table> {
        let named = self.named();
        Table::new()
            .with("statement", named.iter().map(|n| n.0).collect::<Vec<_>>())?
            .with("difference", named.iter().map(|n| n.1).collect::<Vec<_>>())
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}

/// $\mathcal T$ of features on their own samples.
struct Operator<'a>(&'a Array2<f64>);

impl Operator<'_> {
    /// $\mathcal T[u]$ of functions in columns.
    fn apply(&self, functions: &Array2<f64>) -> Array2<f64> {
        let n = functions.nrows() as f64;
        self.0.dot(&(self.0.t().dot(functions) / n))
    }
}

fn apart(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    largest(&(x - y))
}

fn largest(x: &Array2<f64>) -> f64 {
    x.iter().fold(0.0, |m, x| m.max(x.abs()))
}

impl MpOperator {
    /// $\mathcal T_\mathrm{MP}\lbrack u\rbrack$ on the samples of `labels` by Eq. 2.8 itself, for comparison with features.
    ///
    /// # Errors
    /// Classes of different sizes; another number of values than labels.
    pub fn apply(&self, labels: &[usize], u: &Array1<f64>) -> Result<Array1<f64>> {
        balanced(labels, self.classes)?;
        if u.len() != labels.len() {
            let allowed = format!("{}, one for each label", labels.len());
            return Err(Error::setting("u.len()", u.len(), allowed));
        }
        let size = (labels.len() / self.classes) as f64;
        let mut means = vec![0.0; self.classes];
        for (label, u) in labels.iter().zip(u) {
            means[*label] += u / size;
        }
        let mean = means.iter().sum::<f64>() / self.classes as f64;
        let values = labels
            .iter()
            .map(|l| self.constant * mean + self.projection * means[*l]);
        Ok(values.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_have_the_operator_they_were_made_for() {
        for (a1, a2, classes, p) in [(0.0, 1.0, 2, 2), (3.0, 0.2, 4, 9), (1e-3, 5.0, 7, 7)] {
            let labels: Vec<usize> = (0..classes * 6)
                .map(|i| (i * i + i / 6) % classes)
                .collect();
            let labels = if balanced(&labels, classes).is_ok() {
                labels
            } else {
                (0..classes * 6).map(|i| i % classes).collect()
            };
            let ideal = MpOperator::new(a1, a2, classes).unwrap();
            let features = ideal.features(&labels, p, Seed(3)).unwrap();
            let u = Seed(4).normal("data", labels.len(), 1);
            let found = Operator(&features).apply(&u).column(0).to_owned();
            let expected = ideal.apply(&labels, &u.column(0).to_owned()).unwrap();
            let error = found.iter().zip(&expected).map(|(x, y)| (x - y).abs());
            assert!(error.fold(0.0, f64::max) < 1e-12);
            let found = Propositions::measure(&features, &labels, a2).unwrap();
            for (name, value) in found.named() {
                let printed = name.ends_with("as_printed");
                assert_eq!(value < 1e-10, !printed, "{name} {value}");
            }
        }
    }

    /// Eigenvalues that differ within the span are no MP operator, and noise within a class is no NC1.
    #[test]
    fn other_features_are_not_collapsed() {
        let labels: Vec<usize> = (0..60).map(|i| i % 3).collect();
        let ideal = MpOperator::new(1.0, 1.0, 3).unwrap();
        let features = ideal.features(&labels, 3, Seed(0)).unwrap();
        let stretched = &features * &Array1::from(vec![2.0, 1.0, 1.0]);
        let found = Propositions::measure(&stretched, &labels, 1.0).unwrap();
        assert!(found.nc2 > 0.1 && found.eq_2_19 > 0.1 && found.nc1 < 1e-12);
        let noisy = &features + &(Seed(1).normal("data", 60, 3) * 0.1);
        assert!(Propositions::measure(&noisy, &labels, 1.0).unwrap().nc1 > 1e-4);
    }

    #[test]
    fn bad_input_is_named() {
        let said = |e: Error| e.to_string();
        assert!(said(MpOperator::new(-1.0, 1.0, 2).unwrap_err()).contains("constant = -1"));
        assert!(said(MpOperator::new(1.0, 0.0, 2).unwrap_err()).contains("projection = 0"));
        assert!(said(MpOperator::new(1.0, 1.0, 1).unwrap_err()).contains("classes = 1"));
        let ideal = MpOperator::new(1.0, 1.0, 2).unwrap();
        assert!(said(ideal.features(&[0, 1], 1, Seed(0)).unwrap_err()).contains("features = 1"));
        assert!(said(ideal.features(&[0, 0, 1], 2, Seed(0)).unwrap_err()).contains("[2, 1]"));
        assert!(said(ideal.features(&[0, 2], 2, Seed(0)).unwrap_err()).contains("labels[1] = 2"));
        let wrong = Propositions::measure(&Array2::ones((3, 2)), &[0, 1], 1.0).unwrap_err();
        assert!(said(wrong).contains("labels.len()"));
        assert!(ideal.apply(&[0, 1], &Array1::zeros(3)).is_err());
    }
}
