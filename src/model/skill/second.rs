//! What some rules need besides the gradient: the curvature of the batch, or its gradient at the parameters before.

use super::aligned::Aligned;
use ndarray::Array2;

/// The buffers for it.
pub(super) struct Second {
    /// θ before the last step.
    pub before: Aligned,
    /// The noise in this step's gradient.
    pub noise: Aligned,
    /// What the rule is given.
    pub values: Aligned,
}

impl Second {
    pub fn new(dims: usize) -> Self {
        Self {
            before: Aligned::zeros(dims),
            noise: Aligned::zeros(dims),
            values: Aligned::zeros(dims),
        }
    }

    /// The diagonal of the Hessian, Σ_k w_k t_k² with w_k = `weight(k, task)` for the k-th of `tasks`.
    pub fn curvature(
        &mut self,
        vectors: &Array2<f64>,
        tasks: &[u32],
        weight: impl Fn(usize, usize) -> f64,
    ) {
        self.values.fill(0.0);
        for (k, task) in tasks.iter().enumerate() {
            let weight = weight(k, *task as usize);
            for (to, t) in self.values.iter_mut().zip(vectors.row(*task as usize)) {
                *to += weight * t * t;
            }
        }
    }

    /// The same noise as in the gradient: it belongs to the batch.
    pub fn add_noise(&mut self) {
        for (to, noise) in self.values.iter_mut().zip(self.noise.iter()) {
            *to += noise;
        }
    }
}
