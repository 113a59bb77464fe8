//! Kronecker products of low-rank matrices: the attention head of the post, and its relatives with fewer or more factors.

use super::descent::{Mover, Trainee, train};
use super::head_kernel::{HeadKernel, Part, unflatten};
use super::{Descent, Factors, HeadTrajectory, Init};
use crate::error::{Error, Result};
use crate::optimizer::Flow;
use crate::seed::Seed;
use serde::{Deserialize, Serialize};

/// How a part's matrix comes from its factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// M = a bᵀ.
    #[default]
    Linear,
    /// M = softmax of each row of a bᵀ, in the target and in what is learned: an attention pattern over n one-hot tokens.
    Softmax,
}

/// H = M₁ ⊗ M₂ ⊗ … ⊗ M_m to be learned under L = ‖H − H̃‖²_F (no ½), each part M_s = a_s b_sᵀ of low rank.
///
/// The attention head of the post, H = (AB) ⊗ (CD), is m = 2 with A = a₁, B = b₁ᵀ, C = a₂, D = b₂ᵀ. The n^m × n^m product is never formed:
///
/// $$L = \prod_s \lVert M_s\rVert^2 + \prod_s \lVert\tilde M_s\rVert^2 - 2 \prod_s \langle M_s, \tilde M_s\rangle$$
///
/// and ∂L/∂M̃_s = 2 (P_s M̃_s − Q_s M_s) with P_s, Q_s the products of ‖M̃_t‖², ⟨M_t, M̃_t⟩ over the other parts: r × r inner products, at a
/// cost of n r² a part. Under gradient flow every linear factor obeys exactly
///
/// $$\frac{\mathrm d\lVert\tilde a_s\rVert^2}{\mathrm dt} = \frac{\mathrm d\lVert\tilde b_s\rVert^2}{\mathrm dt}
///   = -4 \Big(\prod_t \lVert\tilde M_t\rVert^2 - \prod_t \langle M_t, \tilde M_t\rangle\Big)$$
///
/// of which the post keeps the first term. With m = 1 it is the matrix task under the comments' unhalved loss.
///
/// ```
/// use scurve::{model::factor::{Descent, Init, Kronecker}, seed::Seed};
/// let head = Kronecker::attention_head(8, 1, Seed(0))?;
/// let start = head.start(Init::Aligned { cosine: 0.5, scale: 1.0 }, Seed(0))?;
/// let run = head.run(&start, &Descent::new(1e-5, 2_000))?;
/// assert!(run.final_loss() < 1e-3 * run.loss[0]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "AttentionHead")]
pub struct Kronecker {
    targets: Vec<Factors>,
    links: Vec<Link>,
}

impl Kronecker {
    /// `parts` parts of rank `rank` on n × n with independent N(0, 1) factors.
    ///
    /// The loss is of order ∏ (n² r): use a learning rate in proportion to its inverse.
    pub fn gaussian(n: usize, rank: usize, parts: usize, seed: Seed) -> Result<Self> {
        for (field, value) in [("n", n), ("rank", rank), ("parts", parts)] {
            if value == 0 {
                return Err(Error::setting(field, value, "a whole number ≥ 1"));
            }
        }
        Self::new(
            (0..parts)
                .map(|s| Factors::gaussian(n, rank, 1.0, seed, &format!("data/{s}")))
                .collect(),
        )
    }

    /// The post's head: two parts of inner rank `rank`.
    pub fn attention_head(n: usize, rank: usize, seed: Seed) -> Result<Self> {
        Self::gaussian(n, rank, 2, seed)
    }

    /// Parts of your own.
    pub fn new(targets: Vec<Factors>) -> Result<Self> {
        if targets.is_empty() {
            return Err(Error::setting("parts", 0, "at least one part"));
        }
        for target in &targets {
            target.validate("targets")?;
        }
        let links = vec![Link::Linear; targets.len()];
        Ok(Self { targets, links })
    }

    /// Sets how the matrix of part `part` (from 0) comes from its factors.
    ///
    /// For the head, `with_link(0, Link::Softmax)` is softmax(AB) ⊗ (CD): the attention pattern over n one-hot tokens, and the
    /// values that it moves.
    pub fn with_link(mut self, part: usize, link: Link) -> Result<Self> {
        let parts = self.parts();
        let slot = self.links.get_mut(part).ok_or_else(|| {
            Error::setting("part", part, format!("a part from 0 to {}", parts - 1))
        })?;
        *slot = link;
        Ok(self)
    }

    /// Each target multiplied so that ‖M_s‖_F = `norm`; the loss at zero is then norm^{2m}, whatever n and r. (A linear part; a
    /// softmax part keeps its logits.)
    pub fn normalized(mut self, norm: f64) -> Result<Self> {
        if !(norm > 0.0 && norm.is_finite()) {
            return Err(Error::setting("norm", norm, "a finite number > 0"));
        }
        for (target, link) in self.targets.iter_mut().zip(&self.links) {
            if *link == Link::Linear {
                let size = target.product().iter().map(|x| x * x).sum::<f64>().sqrt();
                let scale = (norm / size).sqrt();
                target.a *= scale;
                target.b *= scale;
            }
        }
        Ok(self)
    }

    /// Number of parts, m.
    pub fn parts(&self) -> usize {
        self.targets.len()
    }

    /// The target's parts.
    pub fn targets(&self) -> &[Factors] {
        &self.targets
    }

    /// How each part's matrix comes from its factors.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Initial factors of every part, of its target's rank.
    pub fn start(&self, init: Init, seed: Seed) -> Result<Vec<Factors>> {
        let draw =
            |(s, target): (usize, &Factors)| init.draw_from(target, seed, &format!("init/{s}"));
        self.targets.iter().enumerate().map(draw).collect()
    }

    /// The loss, as a sum of squares: with M̃_s = p_s M_s + R_s and R_s ⟂ M_s,
    ///
    /// L = ‖H‖² [ (∏ p_s − 1)² + ∏ (p_s² + ρ_s²) − ∏ p_s² ], ρ_s = ‖R_s‖ / ‖M_s‖,
    ///
    /// in which the last difference is expanded into positive terms. A loss ε² ‖H‖² is right to about 1e-15 / ε of itself.
    pub fn loss(&self, learned: &[Factors]) -> Result<f64> {
        Ok(self.kernel(learned)?.loss())
    }

    /// The gradients of every part.
    pub fn gradient(&self, learned: &[Factors]) -> Result<Vec<Factors>> {
        let mut kernel = self.kernel(learned)?;
        let mut gradient = vec![0.0; kernel.parameters()];
        kernel.write_gradient(&mut gradient);
        unflatten(&kernel, &gradient)
    }

    /// Trains from `start` and records on the way; of the record's settings only the schedule matters here.
    pub fn run(&self, start: &[Factors], descent: &Descent) -> Result<HeadTrajectory> {
        descent.validate()?;
        let mut kernel = self.kernel(start)?;
        let mut out = HeadTrajectory::new(self.parts());
        let rate = descent.optimizer.lr();
        let mover = Mover::Optimizer(&descent.optimizer);
        train(
            &mut kernel,
            mover,
            descent.steps,
            &descent.record.schedule,
            |step, loss, kernel| {
                out.steps.push(step);
                out.take(step as f64 * rate, loss, kernel)
            },
        )?;
        out.finish(&kernel)
    }

    /// Gradient flow from `start`, recorded at `times` (ascending).
    pub fn flow(&self, start: &[Factors], times: &[f64], flow: &Flow) -> Result<HeadTrajectory> {
        let mut kernel = self.kernel(start)?;
        let mut theta = vec![0.0; kernel.parameters()];
        kernel.store(&mut theta);
        let path = flow.descend(
            |theta, grad| {
                kernel.load(theta);
                kernel.write_gradient(grad);
            },
            &theta,
            times,
        )?;
        let mut out = HeadTrajectory::new(self.parts());
        for (time, state) in times.iter().zip(path.states.outer_iter()) {
            kernel.load(&state.to_vec());
            let loss = kernel.loss();
            out.take(*time, loss, &kernel)?;
        }
        out.finish(&kernel)
    }

    fn kernel(&self, learned: &[Factors]) -> Result<HeadKernel> {
        if learned.len() != self.parts() {
            return Err(Error::setting(
                "learned",
                format!("{} parts", learned.len()),
                format!("{} parts, as the target's", self.parts()),
            ));
        }
        let parts =
            self.targets
                .iter()
                .zip(learned)
                .zip(&self.links)
                .map(|((target, learned), link)| {
                    learned.validate("learned")?;
                    if learned.n() != target.n() {
                        return Err(Error::setting(
                            "learned",
                            format!("vectors of {}", learned.n()),
                            format!("vectors of n = {}, as the target's", target.n()),
                        ));
                    }
                    Ok(Part::new(target, learned, *link))
                });
        let mut kernel = HeadKernel {
            parts: parts.collect::<Result<_>>()?,
            ordinary: 0.0,
        };
        kernel.ordinary = kernel.parts.iter().map(|p| p.target_norm2).product();
        Ok(kernel)
    }
}
