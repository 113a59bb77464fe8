//! SOAP: Adam in the eigenbasis of Shampoo's preconditioner.

use super::AdamW;
use super::check::Check;
use super::matrix::Matrix;
use super::rule::{average, shrink};
use crate::error::{Error, Result};
use crate::linalg;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// SOAP: Adam on a matrix, in a slowly turning basis in which its gradients are least correlated.
///
/// $$L_t = \beta_2 L_{t-1} + (1-\beta_2)\,G_tG_t^\top, \qquad R_t = \beta_2 R_{t-1} + (1-\beta_2)\,G_t^\top G_t, \qquad
///   Q_L, Q_R: \text{their eigenvectors},$$
/// $$M_t = \beta_1 M_{t-1} + (1-\beta_1) G_t, \quad M'_t = Q_L^\top M_t Q_R, \quad G'_t = Q_L^\top G_t Q_R, \quad
///   V_t = \beta_2 V_{t-1} + (1-\beta_2)\,G'^{\,2}_t,$$
/// $$W_t = (1-\eta\lambda)\left(W_{t-1} - \eta\,\frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t}\; Q_L\,\frac{M'_t}{\sqrt{V_t} + \varepsilon}\,Q_R^\top\right).$$
///
/// Q_L and Q_R are made from the first gradient by an eigendecomposition, and renewed every `frequency` steps after the step by one power
/// iteration and a QR decomposition of L Q_L (R Q_R), columns in the order of falling eigenvalues. The first step makes the bases and moves nothing.
///
/// It is a rule for matrices. **It has no meaning on a flat vector**, which has no left and right side: [`Optimizer::flat`](super::Optimizer::flat) states refuse
/// to step. Use [`Optimizer::matrix`](super::Optimizer::matrix) for a matrix of `f64` and [`Optimizer::tensors`](super::Optimizer::tensors) for networks, where the
/// kernels of a convolution (rank 4) are a matrix with a row for each output channel, and tensors of other ranks are stepped by [`AdamW`](super::AdamW) with the same numbers. The decompositions are made in f64 on the host.
///
/// Source: Vyas et al., *SOAP: improving and stabilizing Shampoo using Adam*, 2024, Algorithms 3 and 4, with the first step, the bias
/// corrections and the decay of its authors' code, whose defaults these are: `lr` = 3e-3, betas (0.95, 0.95), ε = 1e-8, λ = 0.01, every 10 steps.
///
/// NOTE: ε is added to √V before the bias correction, not after as in PyTorch's Adam, and the decay acts after the step. Vectors take Adam's way of
/// both here, and move in the first step too.
///
/// ```
/// use ndarray::array;
/// use scurve::optimizer::{Optimizer, Soap};
/// // L = ½‖W − A‖²_F
/// let target = array![[1.0, 2.0], [0.5, -1.0]];
/// let mut w = ndarray::Array2::<f64>::zeros((2, 2));
/// let mut state = Optimizer::from(Soap::new(0.02).weight_decay(0.0)).matrix(2, 2);
/// for _ in 0..400 {
///     let gradient = &w - &target;
///     state.step(&mut w, &gradient)?;
/// }
/// assert!((&w - &target).iter().all(|x| x.abs() < 0.05));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Soap {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// (β₁, β₂), each in [0, 1); β₂ also of L and R.
    pub betas: (f64, f64),
    /// ε ≥ 0.
    pub eps: f64,
    /// Decoupled decay λ ≥ 0.
    pub weight_decay: f64,
    /// Steps ≥ 1 from one pair of bases to the next.
    pub frequency: u64,
}

impl Default for Soap {
    fn default() -> Self {
        Self {
            lr: 3e-3,
            betas: (0.95, 0.95),
            eps: 1e-8,
            weight_decay: 0.01,
            frequency: 10,
        }
    }
}

impl Soap {
    /// The authors' defaults with step size `lr`.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            ..Self::default()
        }
    }

    /// With (β₁, β₂).
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        Self {
            betas: (beta1, beta2),
            ..self
        }
    }

    /// With ε.
    pub fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// With decoupled decay λ.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Self {
            weight_decay,
            ..self
        }
    }

    /// With new bases every `frequency` steps.
    pub fn frequency(self, frequency: u64) -> Self {
        Self { frequency, ..self }
    }

    pub(super) fn check(&self, check: &Check) -> Result<()> {
        check.rate("lr", self.lr)?;
        check.fraction("betas[0]", self.betas.0)?;
        check.fraction("betas[1]", self.betas.1)?;
        check.rate("eps", self.eps)?;
        check.rate("weight_decay", self.weight_decay)?;
        if self.frequency == 0 {
            return check.refuse("frequency", 0, "a whole number ≥ 1");
        }
        Ok(())
    }

    /// What steps tensors that are no matrices.
    pub(super) fn vectors(&self) -> AdamW {
        AdamW {
            lr: self.lr,
            betas: self.betas,
            eps: self.eps,
            weight_decay: self.weight_decay,
        }
    }

    /// The new value of a matrix after `t` steps.
    pub(super) fn advance<M: Matrix>(
        &self,
        t: u64,
        param: M,
        grad: M,
        state: &mut Option<SoapState<M>>,
    ) -> Result<M> {
        let (beta1, beta2) = self.betas;
        let outer = |g: &M| (g.times(&g.turned()), g.turned().times(g));
        let Some(kept) = state else {
            let (left, right) = outer(&grad);
            let (left, right) = (left.scale(1.0 - beta2), right.scale(1.0 - beta2));
            let basis = |x: &M| Ok::<_, Error>(x.with_values(&eigenbasis(&x.to_host())?));
            *state = Some(SoapState {
                basis_left: basis(&left)?,
                basis_right: basis(&right)?,
                mean: grad.clone().scale(0.0),
                square: grad.scale(0.0),
                left,
                right,
            });
            return Ok(param);
        };
        let into = |x: &M, s: &SoapState<M>| s.basis_left.turned().times(x).times(&s.basis_right);
        let projected = into(&grad, kept);
        kept.mean = average(kept.mean.clone(), grad.clone(), beta1);
        kept.square = average(kept.square.clone(), projected.clone() * projected, beta2);
        let step = into(&kept.mean, kept) / kept.square.clone().sqrt().shift(self.eps);
        let step = kept
            .basis_left
            .times(&step)
            .times(&kept.basis_right.turned());
        let unbias = (1.0 - beta2.powf(t as f64)).sqrt() / (1.0 - beta1.powf(t as f64));
        let moved = shrink(
            param - step.scale(self.lr * unbias),
            1.0 - self.lr * self.weight_decay,
        );
        let (left, right) = outer(&grad);
        kept.left = average(kept.left.clone(), left, beta2);
        kept.right = average(kept.right.clone(), right, beta2);
        if t.is_multiple_of(self.frequency) {
            kept.renew()?;
        }
        Ok(moved)
    }
}

/// What SOAP keeps of one matrix.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SoapState<M> {
    pub(super) mean: M,
    pub(super) square: M,
    pub(super) left: M,
    pub(super) right: M,
    pub(super) basis_left: M,
    pub(super) basis_right: M,
}

impl<M: Matrix> SoapState<M> {
    /// One power iteration of both bases; V follows the order of the columns.
    fn renew(&mut self) -> Result<()> {
        let (left, rows) = renewed(&self.left.to_host(), &self.basis_left.to_host())?;
        let (right, columns) = renewed(&self.right.to_host(), &self.basis_right.to_host())?;
        let square = self.square.to_host();
        let square = Array2::from_shape_fn(square.dim(), |(i, j)| square[[rows[i], columns[j]]]);
        self.basis_left = self.basis_left.with_values(&left);
        self.basis_right = self.basis_right.with_values(&right);
        self.square = self.square.with_values(&square);
        Ok(())
    }
}

/// Eigenvectors in columns, eigenvalues falling.
fn eigenbasis(x: &Array2<f64>) -> Result<Array2<f64>> {
    let (_, vectors) = linalg::eigh(x)?;
    let n = vectors.ncols();
    Ok(Array2::from_shape_fn(vectors.dim(), |(i, j)| {
        vectors[[i, n - 1 - j]]
    }))
}

/// Q of X Q with the columns in the order of the falling estimates q_iᵀ X q_i, and that order.
fn renewed(x: &Array2<f64>, basis: &Array2<f64>) -> Result<(Array2<f64>, Vec<usize>)> {
    let product = x.dot(basis);
    let estimates: Vec<f64> = (basis.columns().into_iter())
        .zip(product.columns())
        .map(|(q, p)| q.dot(&p))
        .collect();
    let mut order: Vec<usize> = (0..estimates.len()).collect();
    order.sort_by(|i, j| estimates[*j].total_cmp(&estimates[*i]));
    let sorted = Array2::from_shape_fn(product.dim(), |(i, j)| product[[i, order[j]]]);
    let (q, _) = linalg::qr(&sorted)?;
    Ok((q, order))
}
