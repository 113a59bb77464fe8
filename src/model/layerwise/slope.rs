//! What a step of a deep linear network is made of.

use super::deep::{DeepLinear, Moments};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2};

/// Buffers of a step.
pub(super) struct Slope {
    product: Array2<f64>,
    /// G.
    pub(super) g: Array2<f64>,
    /// W₁ᵀ G.
    pub(super) second: Array2<f64>,
}

impl Slope {
    pub(super) fn new(net: &DeepLinear, p: usize) -> Self {
        let (d, c) = net.correlation().dim();
        Self {
            product: Array2::zeros((d, c)),
            g: Array2::zeros((d, c)),
            second: Array2::zeros((p, c)),
        }
    }

    /// G = E[xyᵀ] − E[xxᵀ] W₁ W₂.
    pub(super) fn residual(&mut self, net: &DeepLinear, w1: ArrayView2<f64>, w2: ArrayView2<f64>) {
        self.g.assign(net.correlation());
        match &net.moments {
            Moments::Even(variance) => general_mat_mul(-variance, &w1, &w2, 1.0, &mut self.g),
            Moments::Full(moments) => {
                general_mat_mul(1.0, &w1, &w2, 0.0, &mut self.product);
                general_mat_mul(-1.0, moments, &self.product, 1.0, &mut self.g);
            }
        }
    }
}
