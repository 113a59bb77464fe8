//! Muon: momentum whose singular values are all made about one.

use super::AdamW;
use super::check::Check;
use super::matrix::Matrix;
use super::rule::{lerp, shrink};
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// By what [`Muon`] multiplies its step size for a matrix of m × n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MuonScale {
    /// √max(1, m/n), of the original.
    #[default]
    Original,
    /// 0.2 √max(m, n): steps of the size of AdamW's.
    MatchAdamw,
}

/// Muon: a matrix moves along its momentum with the singular values set to about one.
///
/// $$B_t = \mu B_{t-1} + (1-\mu)\,G_t, \qquad \tilde B_t = (1-\mu)\,G_t + \mu B_t \;(\text{Nesterov}), \qquad O_t = \mathrm{NS}_5(\tilde B_t),$$
/// $$W_t = (1-\eta\lambda)\,W_{t-1} - \eta\, r\, O_t, \qquad r = \sqrt{\max(1, m/n)} \text{ or } 0.2\sqrt{\max(m, n)},$$
///
/// where NS₅ begins with $X = \tilde B/\lVert\tilde B\rVert_F$ and repeats $X \leftarrow aX + b\,(XX^\top)X + c\,(XX^\top)^2X$ five times with (a, b, c) = (3.4445, −4.7750,
/// 2.0315), on the transpose where m > n. For B̃ = U S Vᵀ that is U S′ Vᵀ with S′ between about 0.7 and 1.2.
///
/// It is a rule for matrices, meant for the hidden layers of a network. **It has no meaning on a flat vector**, which has no left and right side:
/// [`Optimizer::flat`](super::Optimizer::flat) states refuse to step. Use [`Optimizer::matrix`](super::Optimizer::matrix) for a matrix of `f64` and
/// [`Optimizer::tensors`](super::Optimizer::tensors) for networks, where the kernels of a
/// convolution (rank 4) are a matrix with a row for each output channel, and tensors of other ranks (biases) are left to [`vectors`](Self::vectors).
///
/// Source: Jordan, *Muon: an optimizer for hidden layers in neural networks*, 2024; `torch.optim.Muon` (2.9), whose defaults these are: `lr` = 1e-3,
/// μ = 0.95, Nesterov, λ = 0.1, ε = 1e-7.
///
/// NOTE: PyTorch makes NS₅ in bfloat16, this crate in the parameter's own precision: steps differ by up to about one percent. Its documentation writes
/// B = μB + G, its code has the average above; NS₅ does not see the scale. Jordan's code has `lr` = 0.02 and no decay by default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Muon {
    /// Step size η ≥ 0.
    pub lr: f64,
    /// μ in [0, 1).
    pub momentum: f64,
    /// Whether the gradient is mixed in once more.
    pub nesterov: bool,
    /// Decoupled decay λ ≥ 0, by η λ a step (without r).
    pub weight_decay: f64,
    /// ε > 0: a momentum shorter than this is not normalised.
    pub eps: f64,
    /// r.
    pub scale: MuonScale,
    /// What moves tensors that are no matrices.
    pub vectors: AdamW,
}

impl Default for Muon {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            momentum: 0.95,
            nesterov: true,
            weight_decay: 0.1,
            eps: 1e-7,
            scale: MuonScale::Original,
            vectors: AdamW::default(),
        }
    }
}

const COEFFICIENTS: (f64, f64, f64) = (3.4445, -4.7750, 2.0315);
const REPEATS: usize = 5;

impl Muon {
    /// PyTorch's defaults with step size `lr`; [`vectors`](Self::vectors) keep AdamW's 1e-3.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            ..Self::default()
        }
    }

    /// With momentum μ.
    pub fn momentum(self, momentum: f64) -> Self {
        Self { momentum, ..self }
    }

    /// With or without Nesterov's mix.
    pub fn nesterov(self, nesterov: bool) -> Self {
        Self { nesterov, ..self }
    }

    /// With decoupled decay λ.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Self {
            weight_decay,
            ..self
        }
    }

    /// With another r.
    pub fn scale(self, scale: MuonScale) -> Self {
        Self { scale, ..self }
    }

    /// With another rule for tensors that are no matrices.
    pub fn vectors(self, vectors: AdamW) -> Self {
        Self { vectors, ..self }
    }

    /// Changes the step size, and that of [`vectors`](Self::vectors) in proportion.
    pub(super) fn set_lr(&mut self, lr: f64) {
        if self.lr > 0.0 {
            self.vectors.lr *= lr / self.lr;
        }
        self.lr = lr;
    }

    pub(super) fn check(&self, check: &Check) -> Result<()> {
        check.rate("lr", self.lr)?;
        check.fraction("momentum", self.momentum)?;
        check.rate("weight_decay", self.weight_decay)?;
        check.positive("eps", self.eps)?;
        let path = format!("{}.vectors", check.path);
        self.vectors.check(&Check { path: &path })
    }

    /// NS₅.
    fn orthogonalised<M: Matrix>(&self, matrix: M) -> M {
        let (a, b, c) = COEFFICIENTS;
        let (rows, columns) = matrix.sides();
        let tall = rows > columns;
        let mut x = if tall { matrix.turned() } else { matrix }.normalised(self.eps);
        for _ in 0..REPEATS {
            let gram = x.times(&x.turned());
            let polynomial = gram.clone().scale(b) + gram.times(&gram).scale(c);
            x = x.clone().scale(a) + polynomial.times(&x);
        }
        if tall { x.turned() } else { x }
    }

    /// The new value of a matrix.
    pub(super) fn advance<M: Matrix>(&self, param: M, grad: M, momentum: &mut Option<M>) -> M {
        let before = momentum.take().unwrap_or_else(|| grad.clone().scale(0.0));
        let buffer = lerp(before, grad.clone(), self.momentum);
        let update = if self.nesterov {
            lerp(buffer.clone(), grad, self.momentum)
        } else {
            buffer.clone()
        };
        *momentum = Some(buffer);
        let (rows, columns) = param.sides();
        let (m, n) = (rows as f64, columns as f64);
        let ratio = match self.scale {
            MuonScale::Original => (m / n).max(1.0).sqrt(),
            MuonScale::MatchAdamw => 0.2 * m.max(n).sqrt(),
        };
        shrink(param, 1.0 - self.lr * self.weight_decay)
            - self.orthogonalised(update).scale(self.lr * ratio)
    }
}
