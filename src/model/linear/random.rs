//! Random features of inputs with any number of dimensions.

use crate::error::{Error, Result};
use crate::seed::Seed;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::RngExt;
use std::f64::consts::PI;

/// A random, untrained layer as a feature map: $\Phi_k(x) = \sqrt{2/p}\;\sigma(w_k\cdot x + b_k)$, so that $\Phi(x)\cdot\Phi(x')$ tends to a kernel as p grows, with an error of
/// $p^{-1/2}$.
///
/// | | σ | $w_k$ | $b_k$ | kernel |
/// |---|---|---|---|---|
/// | [`relu`](Self::relu) | max(·, 0) | N(0, I) | 0 | $\frac{\lvert x\rvert\lvert x'\rvert}{\pi}(\sin\theta + (\pi - \theta)\cos\theta)$, θ the angle between x and x′ |
/// | [`fourier`](Self::fourier) | cos | N(0, I/ℓ²) | uniform on [0, 2π) | $e^{-\lvert x - x'\rvert^2/2\ell^2}$ |
///
/// ```
/// use ndarray::array;
/// use scurve::{model::linear::RandomFeatures, seed::Seed};
/// let map = RandomFeatures::fourier(2, 4000, 1.0, Seed(0))?;
/// let phi = map.features(array![[0.0, 0.0], [1.0, 0.5]].view())?; // 2 × 4000
/// let found = phi.row(0).dot(&phi.row(1));
/// let limit = map.kernel(array![0.0, 0.0].view(), array![1.0, 0.5].view())?;
/// assert!((limit - (-0.625_f64).exp()).abs() < 1e-15 && (found - limit).abs() < 0.05);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RandomFeatures {
    /// d × p.
    weights: Array2<f64>,
    /// Phases and length ℓ of Fourier features; none: rectified ones.
    waves: Option<(Array1<f64>, f64)>,
}

impl RandomFeatures {
    /// p rectified features of d inputs; weights from the stream `init`.
    ///
    /// # Errors
    /// No inputs or no features.
    pub fn relu(inputs: usize, p: usize, seed: Seed) -> Result<Self> {
        Ok(Self {
            weights: weights(inputs, p, seed)?,
            waves: None,
        })
    }

    /// p Fourier features of d inputs, for a Gaussian kernel of this length; weights and phases from the stream `init`.
    ///
    /// # Errors
    /// No inputs or no features; a length that is not finite and > 0.
    pub fn fourier(inputs: usize, p: usize, length: f64, seed: Seed) -> Result<Self> {
        if !(length.is_finite() && length > 0.0) {
            return Err(Error::setting("length", length, "a finite number > 0"));
        }
        let weights = weights(inputs, p, seed)? / length;
        let mut rng = seed.stream("phase");
        let phases = (0..p).map(|_| 2.0 * PI * rng.random::<f64>()).collect();
        Ok(Self {
            weights,
            waves: Some((phases, length)),
        })
    }

    /// The number d of inputs.
    pub fn inputs(&self) -> usize {
        self.weights.nrows()
    }

    /// The number p of features.
    pub fn len(&self) -> usize {
        self.weights.ncols()
    }

    /// Always false: a map has features.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Φ of each row of x (n × d): n × p.
    ///
    /// # Errors
    /// Another number of inputs, or one that is not finite.
    pub fn features(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.check(x.ncols())?;
        if let Some(((i, j), x)) = x.indexed_iter().find(|(_, x)| !x.is_finite()) {
            let field = format!("x[{i}, {j}]");
            return Err(Error::setting(field, x, "a finite number"));
        }
        let scale = (2.0 / self.len() as f64).sqrt();
        let mut features = x.dot(&self.weights);
        match &self.waves {
            Some((phases, _)) => {
                features += phases;
                features.mapv_inplace(|z| scale * z.cos());
            }
            None => features.mapv_inplace(|z| scale * z.max(0.0)),
        }
        Ok(features)
    }

    /// The kernel of infinitely many such features at two points.
    ///
    /// # Errors
    /// Other numbers of inputs.
    pub fn kernel(&self, x: ArrayView1<f64>, other: ArrayView1<f64>) -> Result<f64> {
        self.check(x.len())?;
        self.check(other.len())?;
        if let Some((_, length)) = &self.waves {
            let apart = &x - &other;
            return Ok((-0.5 * apart.dot(&apart) / (length * length)).exp());
        }
        let norms = (x.dot(&x) * other.dot(&other)).sqrt();
        if norms == 0.0 {
            return Ok(0.0);
        }
        let cosine = (x.dot(&other) / norms).clamp(-1.0, 1.0);
        let angle = cosine.acos();
        Ok(norms / PI * (angle.sin() + (PI - angle) * cosine))
    }

    fn check(&self, inputs: usize) -> Result<()> {
        let d = self.weights.nrows();
        if inputs == d {
            return Ok(());
        }
        Err(Error::setting(
            "inputs",
            inputs,
            format!("d = {d}, as the map was made for"),
        ))
    }
}

fn weights(inputs: usize, p: usize, seed: Seed) -> Result<Array2<f64>> {
    for (name, value) in [("inputs", inputs), ("p", p)] {
        if value == 0 {
            return Err(Error::setting(name, value, "a whole number ≥ 1"));
        }
    }
    Ok(seed.normal("init", inputs, p))
}
