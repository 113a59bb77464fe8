//! How alike two kernels are, from their features (thesis on layerwise structure, Eq. 2.8, 2.9, §6.2).
//!
//! Features $\Phi$ (n × p) and $\Psi$ (n × q) on the same samples make the kernels $K = \Phi\Phi^T$ and $L = \Psi\Psi^T$. With the centring
//! $c(K) = HKH$, $H = I - \mathbf 1\mathbf 1^T/n$,
//!
//! $$ A(K, L) = \frac{\mathrm{Tr}(KL)}{\lVert K\rVert_F \lVert L\rVert_F}
//!    = \frac{\lVert\Phi^T\Psi\rVert_F^2}{\lVert\Phi^T\Phi\rVert_F \lVert\Psi^T\Psi\rVert_F}, \qquad
//!    \mathrm{CKA}(K, L) = A(c(K), c(L)), \qquad d(K, L) = 1 - A(K, L) . $$
//!
//! The right form needs no n × n matrix: [`KernelAlignment`] reads batches and holds p² + pq + q² numbers. With targets for $\Psi$ it is the kernel's
//! alignment with the target; with the outputs of a network for $\Psi$ it gives [`kappa_cka`](KernelAlignment::kappa_cka). Means over samples are
//! estimates of the operators' integrals: alignments of few samples (n not ≫ p) are too large.

use crate::error::{Error, Result};
use crate::linalg;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// The ideal operator that $\kappa_\mathrm{CKA}$ compares a feature kernel with (Definition 1). All three are the same where the span $\hat{\mathcal H}$ of the
/// outputs holds the constant function, as with a trained bias; the thesis' "equivalent" needs that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MinimumProjection {
    /// Eq. 2.8: the projector $P_{\hat{\mathcal H}}$, then centred as Eq. 2.9 says. Without the constant in $\hat{\mathcal H}$ the result is no projector.
    #[default]
    Outputs,
    /// Definition 1 in words: the projector onto what in $\hat{\mathcal H}$ is orthogonal to the constant function; one dimension less than
    /// $\hat{\mathcal H}$ has, unless all of it is.
    Complement,
    /// The projector onto the centred outputs, that is onto the span of $\hat{\mathcal H}$ and the constant function, without the constant.
    WithConstant,
}

/// Sums over samples from which the alignments of two kernels follow.
///
/// ```
/// use ndarray::array;
/// use scurve::metric::kernel_alignment::KernelAlignment;
/// let features = array![[1.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, 2.0]];
/// let targets = array![[1.0], [1.0], [-1.0], [-1.0]];
/// let mut found = KernelAlignment::new(2, 1)?;
/// found.push(features.slice(ndarray::s![..1, ..]), targets.slice(ndarray::s![..1, ..]))?;
/// found.push(features.slice(ndarray::s![1.., ..]), targets.slice(ndarray::s![1.., ..]))?;
/// // ⟨K, yyᵀ⟩ = 2² + 4², ‖K‖ = √(2² + 8²), ‖yyᵀ‖ = 4; centred, both kernels have one direction only.
/// assert!((found.alignment()? - 20.0 / (4.0 * 68f64.sqrt())).abs() < 1e-14);
/// assert!((found.centred()? - 1.0).abs() < 1e-14);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KernelAlignment {
    samples: usize,
    sides: [Side; 2],
    /// $\sum (\phi - \phi_0)(\psi - \psi_0)^T$, p × q.
    cross: Array2<f64>,
}

/// Sums of one kernel's features, about their first sample: centring then loses no digits where the mean is large, and constant features are exactly 0.
#[derive(Clone, Debug, PartialEq)]
struct Side {
    origin: Array1<f64>,
    sum: Array1<f64>,
    /// The lower triangle.
    square: Array2<f64>,
}

impl Side {
    fn new(name: &str, columns: usize) -> Result<Self> {
        if columns == 0 {
            return Err(Error::setting(name, 0, "a whole number ≥ 1"));
        }
        Ok(Self {
            origin: Array1::zeros(columns),
            sum: Array1::zeros(columns),
            square: Array2::zeros((columns, columns)),
        })
    }

    fn check(&self, name: &str, batch: ArrayView2<f64>) -> Result<()> {
        let columns = self.sum.len();
        if batch.ncols() != columns {
            let allowed = format!("{columns}, as in the other samples");
            return Err(Error::setting(name, batch.ncols(), allowed));
        }
        match batch.indexed_iter().find(|(_, x)| !x.is_finite()) {
            Some(((row, column), x)) => Err(Error::setting(
                format!("{name}[{row}, {column}]"),
                x,
                "finite; drop samples whose features are not",
            )),
            None => Ok(()),
        }
    }

    fn push(&mut self, batch: ArrayView2<f64>) -> Result<Array2<f64>> {
        let moved = &batch - &self.origin;
        linalg::add_gram(moved.view(), &mut self.square)?;
        self.sum += &moved.sum_axis(Axis(0));
        Ok(moved)
    }

    /// $\Phi^T\Phi$, or $\Phi^T H \Phi$.
    fn gram(&self, samples: usize, centred: bool) -> Array2<f64> {
        let mut whole = self.square.clone();
        for i in 0..whole.nrows() {
            for j in i + 1..whole.nrows() {
                whole[[i, j]] = whole[[j, i]];
            }
        }
        whole + second(self, self, samples, centred)
    }
}

/// What turns sums about the origins into sums about 0, or about the means.
fn second(a: &Side, b: &Side, samples: usize, centred: bool) -> Array2<f64> {
    let n = samples as f64;
    let outer = |x: &Array1<f64>, y: &Array1<f64>| {
        Array2::from_shape_fn((x.len(), y.len()), |(i, j)| x[i] * y[j])
    };
    if centred {
        outer(&a.sum, &b.sum) * (-1.0 / n)
    } else {
        outer(&a.sum, &b.origin) + outer(&a.origin, &b.sum) + outer(&a.origin, &b.origin) * n
    }
}

fn square(x: &Array2<f64>) -> f64 {
    x.iter().map(|x| x * x).sum()
}

impl KernelAlignment {
    /// Nothing seen yet of `p` and `q` features.
    ///
    /// # Errors
    /// No features.
    pub fn new(p: usize, q: usize) -> Result<Self> {
        Ok(Self {
            samples: 0,
            sides: [Side::new("p", p)?, Side::new("q", q)?],
            cross: Array2::zeros((p, q)),
        })
    }

    /// All samples at once.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn of(features: ArrayView2<f64>, others: ArrayView2<f64>) -> Result<Self> {
        let mut all = Self::new(features.ncols(), others.ncols())?;
        all.push(features, others)?;
        Ok(all)
    }

    /// Adds a batch: the same samples in the rows of both.
    ///
    /// # Errors
    /// Different numbers of rows, other numbers of features than before, or a value that is not finite; nothing is added then.
    pub fn push(&mut self, features: ArrayView2<f64>, others: ArrayView2<f64>) -> Result<()> {
        if features.nrows() != others.nrows() {
            let allowed = format!("{}, as the features have", features.nrows());
            return Err(Error::setting("others.nrows()", others.nrows(), allowed));
        }
        self.sides[0].check("features", features)?;
        self.sides[1].check("others", others)?;
        if features.nrows() == 0 {
            return Ok(());
        }
        if self.samples == 0 {
            self.sides[0].origin.assign(&features.row(0));
            self.sides[1].origin.assign(&others.row(0));
        }
        let a = self.sides[0].push(features)?;
        let b = self.sides[1].push(others)?;
        let _threads = linalg::Threads::hold();
        general_mat_mul(1.0, &a.t(), &b, 1.0, &mut self.cross);
        self.samples += features.nrows();
        Ok(())
    }

    /// Samples seen.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// $A(K, L)$, from 0 to 1.
    ///
    /// # Errors
    /// No samples; features that are zero on all of them.
    pub fn alignment(&self) -> Result<f64> {
        self.aligned(false)
    }

    /// $\mathrm{CKA}(K, L)$, from 0 to 1 (Eq. 2.9).
    ///
    /// # Errors
    /// Fewer than two samples; features that are constant on all of them.
    pub fn centred(&self) -> Result<f64> {
        self.aligned(true)
    }

    /// $1 - A(K, L)$: how far a kernel has turned, 0 when it has only grown.
    ///
    /// # Errors
    /// As [`alignment`](Self::alignment).
    pub fn distance(&self) -> Result<f64> {
        Ok(1.0 - self.alignment()?)
    }

    fn aligned(&self, centred: bool) -> Result<f64> {
        let [a, b] = self.grams(centred)?;
        let cross = self.cross(centred);
        Ok((square(&cross) / (square(&a).sqrt() * square(&b).sqrt())).min(1.0))
    }

    fn cross(&self, centred: bool) -> Array2<f64> {
        &self.cross + &second(&self.sides[0], &self.sides[1], self.samples, centred)
    }

    fn grams(&self, centred: bool) -> Result<[Array2<f64>; 2]> {
        let least = 1 + usize::from(centred);
        if self.samples < least {
            let allowed = format!("≥ {least}; push a batch first");
            return Err(Error::setting("samples", self.samples, allowed));
        }
        let grams = [0, 1].map(|k| self.sides[k].gram(self.samples, centred));
        for (name, gram) in ["features", "others"].iter().zip(&grams) {
            if square(gram) == 0.0 {
                let what = if centred { "constant" } else { "zero" };
                return Err(Error::setting(
                    *name,
                    format!("{what} on all samples"),
                    "different somewhere: such a kernel has no direction",
                ));
            }
        }
        Ok(grams)
    }

    /// $\kappa_\mathrm{CKA} = 1 - \mathrm{CKA}(\mathcal T, \mathcal T_\mathrm{MP})$ (Definition 2), with the network's outputs as the second features: 0 when the centred kernel
    /// of the features is the projector onto what the outputs span. Below .1 the thesis speaks of the minimum feature regime.
    ///
    /// ```
    /// use ndarray::array;
    /// use scurve::metric::kernel_alignment::{KernelAlignment, MinimumProjection};
    /// // Collapsed features of three classes: a simplex, turned and scaled.
    /// let features = array![[2.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 2.0]];
    /// let outputs = features.dot(&array![[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
    /// let found = KernelAlignment::of(features.view(), outputs.view())?;
    /// assert!(found.kappa_cka(MinimumProjection::Outputs)? < 1e-12);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Fewer than two samples; features or outputs that are constant on all of them.
    pub fn kappa_cka(&self, ideal: MinimumProjection) -> Result<f64> {
        let [features, centred] = self.grams(true)?;
        let cross = self.cross(true);
        let whole = match ideal {
            MinimumProjection::WithConstant => centred.clone(),
            _ => self.sides[1].gram(self.samples, false),
        };
        // Ψ W has orthonormal columns.
        let w = inverse_root(&whole)?;
        let (pull, between) = (cross.dot(&w), w.t().dot(&centred).dot(&w));
        let (trace, norm) = match ideal {
            MinimumProjection::WithConstant => (square(&pull), (w.ncols() as f64).sqrt()),
            MinimumProjection::Outputs => (square(&pull), square(&between).sqrt()),
            MinimumProjection::Complement => {
                // The direction of the constant's projection is left out.
                let n = self.samples as f64;
                let mean = w.t().dot(&(&self.sides[1].sum / n + &self.sides[1].origin));
                let length = mean.dot(&mean).sqrt();
                // |mean| √n is the norm of that projection; below rounding all of the span is orthogonal to the constant.
                if length * n.sqrt() < 1e-12 {
                    (square(&pull), (w.ncols() as f64).sqrt())
                } else {
                    let along = pull.dot(&(mean / length));
                    let left = w.ncols() - 1;
                    if left == 0 {
                        return Err(Error::setting(
                            "others",
                            "one direction, not orthogonal to the constant function",
                            "outputs that span more: nothing is left of them",
                        ));
                    }
                    (
                        (square(&pull) - along.dot(&along)).max(0.0),
                        (left as f64).sqrt(),
                    )
                }
            }
        };
        Ok((1.0 - trace / (square(&features).sqrt() * norm)).max(0.0))
    }
}

/// W with WᵀGW = I on the range of G: columns are scaled to one size first, so that outputs in different units do not look dependent.
pub(crate) fn inverse_root(gram: &Array2<f64>) -> Result<Array2<f64>> {
    let scale = gram
        .diag()
        .mapv(|d| if d > 0.0 { d.sqrt().recip() } else { 0.0 });
    let scaled = gram * &scale * scale.view().insert_axis(Axis(1));
    let (values, vectors) = linalg::eigh(&scaled)?;
    let floor = values[values.len() - 1] * f64::EPSILON * values.len() as f64 * 8.0;
    let kept: Vec<usize> = (0..values.len()).filter(|k| values[*k] > floor).collect();
    let roots = values.select(Axis(0), &kept).mapv(|v| v.sqrt().recip());
    let vectors = vectors.select(Axis(1), &kept) * &roots;
    Ok(vectors * scale.insert_axis(Axis(1)))
}

/// $A(K, L)$ of two kernels given as matrices, for kernels whose features are too many to hold (tangent kernels).
///
/// # Errors
/// Different shapes, matrices that are zero, values that are not finite.
///
/// ```
/// use ndarray::array;
/// use scurve::metric::kernel_alignment::matrix_alignment;
/// let k = array![[2.0, 1.0], [1.0, 2.0]];
/// assert!((matrix_alignment(&k, &(&k * 3.0))? - 1.0).abs() < 1e-15);
/// # Ok::<(), scurve::error::Error>(())
/// ```
pub fn matrix_alignment(k: &Array2<f64>, l: &Array2<f64>) -> Result<f64> {
    if k.dim() != l.dim() || k.is_empty() {
        let given = format!("{} × {}", l.nrows(), l.ncols());
        let allowed = format!("{} × {}, as the other, and not empty", k.nrows(), k.ncols());
        return Err(Error::setting("l", given, allowed));
    }
    let size = |name: &str, x: &Array2<f64>| {
        let norm = square(x).sqrt();
        if norm > 0.0 && norm.is_finite() {
            return Ok(norm);
        }
        Err(Error::setting(
            format!("norm of {name}"),
            norm,
            "a finite number > 0",
        ))
    };
    let inner: f64 = k.iter().zip(l).map(|(x, y)| x * y).sum();
    Ok(inner / (size("k", k)? * size("l", l)?))
}

/// $1 - \langle K_0, K_t\rangle / (\lVert K_0\rVert \lVert K_t\rVert)$ of two kernels given as matrices (§6.2): how far a tangent kernel has turned.
///
/// # Errors
/// As [`matrix_alignment`].
pub fn kernel_distance(before: &Array2<f64>, after: &Array2<f64>) -> Result<f64> {
    Ok(1.0 - matrix_alignment(before, after)?)
}

#[cfg(test)]
mod tests;
