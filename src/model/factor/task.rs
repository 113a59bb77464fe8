//! Learning a matrix as a product of factors: the task.

use super::kernel::Kernel;
use super::{Factors, Init};
use crate::error::{Error, Result};
use crate::linalg;
use crate::seed::Seed;
use ndarray::{Array2, concatenate, s};
use serde::{Deserialize, Serialize};

/// What is minimised over ã, b̃; Ã = ãb̃ᵀ, A = a bᵀ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Objective {
    /// ½‖A − Ã‖²_F, the post's loss.
    #[default]
    HalfSquared,
    /// ‖A − Ã‖²_F, the comments' loss, `(x.x)(y.y) − 2(a.x)(b.y)` with its constant: the same flow at twice the speed.
    Squared,
    /// Cross-entropy between softmax(A) and softmax(Ã), less the entropy of the target, so that zero is the optimum:
    /// KL(softmax A ‖ softmax Ã).
    CrossEntropy {
        /// Over what the probabilities sum to one.
        softmax: Softmax,
    },
}

impl Objective {
    /// Gradients are `gain` times those of the halved loss.
    pub(crate) fn gain(self) -> f64 {
        if self == Self::Squared { 2.0 } else { 1.0 }
    }
}

/// Over what a matrix of logits is normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Softmax {
    /// All n² entries as one list of logits, as in the comments ("flatten C and Z").
    #[default]
    Entire,
    /// Each row by itself; the loss is the sum over rows.
    Rows,
}

/// A matrix A = a bᵀ to be learned as ãb̃ᵀ.
///
/// Loss, by default with λ = 0 (post, "Low-rank learning"):
///
/// $$L = \tfrac12 \lVert A - \tilde a \tilde b^\top \rVert_F^2 + \tfrac\lambda2 (\lVert\tilde a\rVert_F^2 + \lVert\tilde b\rVert_F^2)$$
///
/// and gradient flow, dã/dt = (A − Ã) b̃ − λã, db̃/dt = (A − Ã)ᵀ ã − λb̃. Time is step × learning rate.
///
/// ```
/// use scurve::{model::factor::{Descent, Init, MatrixTask}, seed::Seed};
/// let task = MatrixTask::gaussian(100, 1, Seed(0))?;
/// let start = task.start(Init::default(), Seed(0))?;
/// let run = task.run(&start, &Descent::new(5e-4, 2_000))?;
/// assert!(run.loss[0] > 1e3 && run.final_loss() < 1e-20);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixTask {
    target: Factors,
    objective: Objective,
    weight_decay: f64,
}

impl MatrixTask {
    /// A target with independent N(0, 1) entries in a and b (stream `data`), n × n of rank `rank`.
    ///
    /// The post does not state the scale of its targets; [`scaled`](Self::scaled) sets another one.
    pub fn gaussian(n: usize, rank: usize, seed: Seed) -> Result<Self> {
        if n == 0 {
            return Err(Error::setting("n", n, "a whole number ≥ 1"));
        }
        if rank == 0 {
            return Err(Error::setting("rank", rank, "a whole number ≥ 1"));
        }
        Self::new(Factors::gaussian(n, rank, 1.0, seed, "data"))
    }

    /// A target of your own.
    pub fn new(target: Factors) -> Result<Self> {
        target.validate("target")?;
        Ok(Self {
            target,
            objective: Objective::HalfSquared,
            weight_decay: 0.0,
        })
    }

    /// The target's factors multiplied by `scale`; A by its square.
    pub fn scaled(mut self, scale: f64) -> Result<Self> {
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(Error::setting("scale", scale, "a finite number > 0"));
        }
        self.target.a *= scale;
        self.target.b *= scale;
        Ok(self)
    }

    /// Another loss.
    pub fn with_objective(mut self, objective: Objective) -> Self {
        self.objective = objective;
        self
    }

    /// Weight decay λ ≥ 0, as λ/2 (‖ã‖² + ‖b̃‖²) in the loss. Under the halved loss the minimum is then the soft-thresholded
    /// target, singular values max(σ_k − λ, 0).
    pub fn with_weight_decay(mut self, lambda: f64) -> Result<Self> {
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(Error::setting(
                "weight_decay",
                lambda,
                "a finite number ≥ 0",
            ));
        }
        self.weight_decay = lambda;
        Ok(self)
    }

    /// The target's factors.
    pub fn target(&self) -> &Factors {
        &self.target
    }

    /// The loss.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// Weight decay λ.
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    /// Singular values of the target, descending, as many as its rank.
    pub fn singular_values(&self) -> Result<Vec<f64>> {
        self.target.singular_values()
    }

    /// Initial factors of the target's rank.
    pub fn start(&self, init: Init, seed: Seed) -> Result<Factors> {
        init.draw(&self.target, seed)
    }

    /// The loss at `learned`.
    ///
    /// Small losses are not the difference of large numbers: the residual is taken in doubled precision where it matters.
    pub fn loss(&self, learned: &Factors) -> Result<f64> {
        Ok(self.kernel(learned)?.loss())
    }

    /// (∂L/∂ã, ∂L/∂b̃) at `learned`.
    pub fn gradient(&self, learned: &Factors) -> Result<Factors> {
        let mut gradient = vec![0.0; 2 * learned.a.len()];
        self.kernel(learned)?.write_gradient(&mut gradient);
        Factors::from_flat(learned.n(), learned.rank(), &gradient)
    }

    /// The loss of ã = b̃ = 0, on whose level the plateau lies.
    pub fn loss_at_zero(&self) -> f64 {
        let mut kernel = Kernel::new(self, 1);
        kernel.loss()
    }

    /// The smallest loss that `rank` learned vectors can reach under a squared loss: every singular value σ_k of the target
    /// with k ≤ rank costs λ σ_k − λ²/2 when σ_k > λ and σ_k²/2 otherwise; the others cost σ_k²/2. (For the unhalved loss, λ/2
    /// in place of λ, and all of it doubled.) None for the cross-entropy with weight decay.
    pub fn least_loss(&self, rank: usize) -> Result<Option<f64>> {
        if let Objective::CrossEntropy { .. } = self.objective {
            return Ok((self.weight_decay == 0.0 && rank >= self.target.rank()).then_some(0.0));
        }
        let gain = self.objective.gain();
        let lambda = self.weight_decay / gain;
        let cost = |(k, s): (usize, &f64)| {
            if k < rank && *s > lambda {
                lambda * s - 0.5 * lambda * lambda
            } else {
                0.5 * s * s
            }
        };
        Ok(Some(
            gain * self
                .singular_values()?
                .iter()
                .enumerate()
                .map(cost)
                .sum::<f64>(),
        ))
    }

    /// The same run in fewer numbers: (smaller task, smaller start, the bases (Q_a, Q_b) back).
    ///
    /// Gradients of the squared losses lie in span(a, ã) and span(b, b̃), so training never leaves the spans of the start. In orthonormal
    /// coordinates of these spans (r* + r numbers a vector in place of n) every quantity that orthogonal maps leave alone is the same: losses,
    /// norms, inner products, singular values, angles. It holds for gradient descent, momentum and gradient flow; not for Adam,
    /// which looks at coordinates.
    ///
    /// None when it would not be smaller, at rank one (whose step is cheap enough as it is), or for the cross-entropy.
    pub fn reduced(&self, start: &Factors) -> Result<Option<Reduced>> {
        self.check(start)?;
        let (targets, rank) = (self.target.rank(), start.rank());
        let squared = !matches!(self.objective, Objective::CrossEntropy { .. });
        if !squared || targets + rank >= self.target.n() || (targets, rank) == (1, 1) {
            return Ok(None);
        }
        let side = |target: &Array2<f64>, learned: &Array2<f64>| -> Result<_> {
            let both = concatenate![ndarray::Axis(1), *target, *learned];
            let (q, r) = linalg::qr(&both)?;
            Ok((
                q,
                r.slice(s![.., ..targets]).to_owned(),
                r.slice(s![.., targets..]).to_owned(),
            ))
        };
        let (basis_a, target_a, start_a) = side(&self.target.a, &start.a)?;
        let (basis_b, target_b, start_b) = side(&self.target.b, &start.b)?;
        Ok(Some(Reduced {
            task: Self {
                target: Factors::new(target_a, target_b)?,
                ..self.clone()
            },
            start: Factors::new(start_a, start_b)?,
            basis: Factors {
                a: basis_a,
                b: basis_b,
            },
        }))
    }

    pub(crate) fn kernel(&self, learned: &Factors) -> Result<Kernel> {
        self.check(learned)?;
        let mut kernel = Kernel::new(self, learned.rank());
        kernel.load(&learned.flatten());
        Ok(kernel)
    }

    pub(crate) fn check(&self, learned: &Factors) -> Result<()> {
        learned.validate("learned")?;
        if learned.n() != self.target.n() {
            let n = self.target.n();
            return Err(Error::setting(
                "learned",
                format!("vectors of {}", learned.n()),
                format!("vectors of n = {n}, as the target's"),
            ));
        }
        Ok(())
    }
}

/// A task in the coordinates of the spans that training stays in; see [`MatrixTask::reduced`].
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// The task with vectors of r* + r numbers.
    pub task: MatrixTask,
    /// The start in the same coordinates.
    pub start: Factors,
    /// Orthonormal bases of span(a, ã) and span(b, b̃), n × (r* + r) each.
    pub basis: Factors,
}

impl Reduced {
    /// Factors in the original n coordinates.
    pub fn expand(&self, learned: &Factors) -> Factors {
        Factors {
            a: self.basis.a.dot(&learned.a),
            b: self.basis.b.dot(&learned.b),
        }
    }
}
