//! Skill strength of any function of the inputs.

use super::{ParityBatch, SparseParity};
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::stats::{self, Interval};

impl SparseParity {
    /// $\mathcal R_k = \mathbb E_X[g_k(k, X) f(k, X)]$ (Eq. 4.7) of a model `f`, over `samples` fresh examples of skill `k` (from 0).
    ///
    /// `f` gives one number for each example of the batch. The interval is that of the mean.
    ///
    /// ```
    /// use scurve::{seed::Seed, task::{Frequencies, SparseParity, Subsets}};
    /// let task = SparseParity::new(Frequencies::uniform(2)?, Subsets::disjoint(2, 9, 3, Seed(0))?)?;
    /// // a model that is 5 g_k and a constant
    /// let f = |batch: &scurve::task::ParityBatch| (0..batch.len()).map(|j| 5.0 * batch.sign(j) + 2.0).collect();
    /// let strength = task.strength(1, f, 20_000, Seed(1))?;
    /// assert!(strength.contains(5.0));
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// A skill that there is not, fewer than two samples, another number of outputs than examples.
    pub fn strength(
        &self,
        k: usize,
        f: impl FnOnce(&ParityBatch) -> Vec<f64>,
        samples: usize,
        seed: Seed,
    ) -> Result<Interval> {
        let products = self.outputs(k, f, samples, seed)?.0;
        Ok(stats::mean(&products))
    }

    /// The same with the outputs' mean and the parities' mean taken off, as the thesis' code measures it: less noise from a constant part of f.
    ///
    /// # Errors
    /// As [`strength`](Self::strength).
    pub fn centred_strength(
        &self,
        k: usize,
        f: impl FnOnce(&ParityBatch) -> Vec<f64>,
        samples: usize,
        seed: Seed,
    ) -> Result<Interval> {
        let (products, outputs, signs) = self.outputs(k, f, samples, seed)?;
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let (f, g) = (mean(&outputs), mean(&signs));
        let centred: Vec<f64> = products
            .iter()
            .zip(outputs.iter().zip(&signs))
            .map(|(product, (output, sign))| product - f * sign - g * output + f * g)
            .collect();
        Ok(stats::mean(&centred))
    }

    /// Products, outputs and signs.
    #[allow(clippy::type_complexity)]
    fn outputs(
        &self,
        k: usize,
        f: impl FnOnce(&ParityBatch) -> Vec<f64>,
        samples: usize,
        seed: Seed,
    ) -> Result<(Vec<f64>, Vec<f64>, Vec<f64>)> {
        if samples < 2 {
            return Err(Error::setting("samples", samples, "at least 2"));
        }
        let batch = self.batch_of(k, samples, seed)?;
        let outputs = f(&batch);
        if outputs.len() != samples {
            return Err(Error::setting(
                "the number of outputs",
                outputs.len(),
                format!("{samples}, one for each example"),
            ));
        }
        let signs: Vec<f64> = (0..samples).map(|j| batch.sign(j)).collect();
        let products = signs.iter().zip(&outputs).map(|(g, f)| g * f).collect();
        Ok((products, outputs, signs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Frequencies, Subsets};

    #[test]
    fn a_strength_is_the_coefficient_and_others_do_not_mix() {
        let subsets = Subsets::disjoint(3, 12, 3, Seed(0)).unwrap();
        let task = SparseParity::new(Frequencies::uniform(3).unwrap(), subsets).unwrap();
        // Half of g, and a single bit, which no parity of three correlates with.
        let f = |b: &ParityBatch| -> Vec<f64> {
            (0..b.len())
                .map(|j| 0.5 * b.sign(j) + if b.bit(j, 4) { 1.0 } else { -1.0 })
                .collect()
        };
        for k in 0..3 {
            let plain = task.strength(k, f, 40_000, Seed(1)).unwrap();
            let centred = task.centred_strength(k, f, 40_000, Seed(1)).unwrap();
            assert!((plain.value - 0.5).abs() < 0.025, "{plain:?}");
            assert!((centred.value - plain.value).abs() < 1e-3);
        }
        let error = task.strength(0, |_| vec![0.0], 10, Seed(0)).unwrap_err();
        assert!(error.to_string().contains("outputs = 1"), "{error}");
        let error = task.strength(9, f, 10, Seed(0)).unwrap_err();
        assert!(error.to_string().contains("k = 9"), "{error}");
        let error = task.strength(0, f, 1, Seed(0)).unwrap_err();
        assert!(error.to_string().contains("samples = 1"), "{error}");
    }
}
