//! Where gradient descent of an overparameterised model ends.

use super::LinearFlow;
use crate::error::Result;
use crate::linalg;
use crate::model::linear::{GaussianFeatures, Regression};
use crate::seed::Seed;
use ndarray::Array1;

impl LinearFlow {
    /// Descent from w = 0 and from elsewhere beside the pseudo-inverse by singular values.
    pub(super) fn least_norm(&self, seed: Seed) -> Result<[(&'static str, f64); 5]> {
        let (n, p) = (self.few, self.wide);
        let phi = GaussianFeatures::new(vec![1.0; p])?.sample(n, seed);
        let y = seed.normal("targets", 1, n).row(0).to_owned();
        let data = Regression::new(phi.clone(), y.to_vec())?;
        let svd = linalg::svd(&phi)?;
        let least = svd.vt.t().dot(&(svd.u.t().dot(&y) / &svd.s));
        let zero = Array1::zeros(p);
        let start = seed.normal("start", 1, p).row(0).to_owned();
        let rate = n as f64 / svd.s[0].powi(2);
        let from_zero = data.descend_from(&zero, rate, self.steps)?;
        let elsewhere = data.descend_from(&start, rate, self.steps)?;
        // A.8: the part of the start outside the span of the samples' features stays.
        let outside = &start - &svd.vt.t().dot(&svd.vt.dot(&start));
        let size = |x: &Array1<f64>| x.dot(x).sqrt();
        let apart = |x: &Array1<f64>, from: &Array1<f64>| size(&(x - from)) / size(from);
        let missed = [&from_zero, &elsewhere]
            .map(|w| (phi.dot(w) - &y).iter().fold(0.0f64, |m, d| m.max(d.abs())));
        Ok([
            ("least_norm", apart(&from_zero, &least)),
            ("from_elsewhere", apart(&elsewhere, &least)),
            ("nearest", apart(&elsewhere, &(&least + &outside))),
            ("norm_ratio", size(&elsewhere) / size(&least)),
            ("interpolates", missed[0].max(missed[1])),
        ])
    }
}
