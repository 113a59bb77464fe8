//! Where training starts.

use super::Factors;
use crate::error::{Error, Result};
use crate::seed::Seed;
use ndarray::{Array2, ArrayView1, Zip};
use serde::{Deserialize, Serialize};

/// How the learned factors start. All draws are from the seed's `init` streams.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Init {
    /// Independent normal entries with `scale` times the root mean square of the target's entries on the same side, so that
    /// ‖ã‖ ~ scale ‖a‖. Scale 1 is the post's start; a small one starts near the saddle at zero; a large one starts lazily,
    /// where the initial factors outweigh what is learned.
    Gaussian {
        /// Size relative to the target.
        scale: f64,
    },
    /// ã_k = scale ‖a_k‖ (cosine · a_k/‖a_k‖ + sine · noise), and b̃_k alike: a start that already leans to the target. The noise
    /// is a random unit vector orthogonal to a_k.
    Aligned {
        /// Cosine between ã_k and a_k, in [−1, 1].
        cosine: f64,
        /// ‖ã_k‖ / ‖a_k‖.
        scale: f64,
    },
    /// Normal vectors with ‖ã_k‖ = ratio ‖a_k‖ and ‖b̃_k‖ = ‖b_k‖ / ratio: the conserved ãᵀã − b̃ᵀb̃ is large for ratio ≫ 1, so
    /// that b̃ learns almost linearly while ã stays (lazy learning with a small output).
    Unbalanced {
        /// How much larger the left side is.
        ratio: f64,
    },
    /// Normal vectors orthogonal to all target vectors of their side, with ‖ã_k‖ = ‖b̃_k‖ = scale √(‖a_k‖‖b_k‖). Without overlap nothing
    /// is learned: at rank 1, N = ‖ã‖² falls as N₀ / (1 + 2N₀t). The overlap is zero up to rounding, which grows as
    /// every overlap does: after a long time it is learned after all.
    ZeroOverlap {
        /// Size relative to the target.
        scale: f64,
    },
}

impl Default for Init {
    fn default() -> Self {
        Self::Gaussian { scale: 1.0 }
    }
}

impl Init {
    /// The post's start at a thousandth of its size.
    pub fn small() -> Self {
        Self::Gaussian { scale: 1e-3 }
    }

    /// Initial factors beside `target`, of the same shape.
    ///
    /// # Errors
    /// A scale that is not positive, a cosine outside [−1, 1], a target vector of zero length, or (for
    /// [`ZeroOverlap`](Self::ZeroOverlap)) a target that spans the whole space.
    pub fn draw(&self, target: &Factors, seed: Seed) -> Result<Factors> {
        self.draw_from(target, seed, "init")
    }

    pub(crate) fn draw_from(&self, target: &Factors, seed: Seed, stream: &str) -> Result<Factors> {
        let (n, r) = target.a.dim();
        let positive = |field: &str, x: f64| {
            if x > 0.0 && x.is_finite() {
                Ok(())
            } else {
                Err(Error::setting(field, x, "a finite number > 0"))
            }
        };
        let mut start = Factors::gaussian(n, r, 1.0, seed, stream);
        match *self {
            Self::Gaussian { scale } => {
                positive("scale", scale)?;
                let rms = |x: &Array2<f64>| {
                    (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt()
                };
                start.a *= scale * rms(&target.a);
                start.b *= scale * rms(&target.b);
            }
            Self::Aligned { cosine, scale } => {
                positive("scale", scale)?;
                if !(-1.0..=1.0).contains(&cosine) {
                    return Err(Error::setting("cosine", cosine, "a number in [−1, 1]"));
                }
                if n == 1 && cosine.abs() < 1.0 {
                    return Err(Error::setting(
                        "cosine",
                        cosine,
                        "1 or −1 when n = 1: there is no orthogonal direction",
                    ));
                }
                lean(&mut start.a, &target.a, cosine, scale);
                lean(&mut start.b, &target.b, cosine, scale);
            }
            Self::Unbalanced { ratio } => {
                positive("ratio", ratio)?;
                rescale(&mut start.a, |k| ratio * norm(target.a.column(k)));
                rescale(&mut start.b, |k| norm(target.b.column(k)) / ratio);
            }
            Self::ZeroOverlap { scale } => {
                positive("scale", scale)?;
                if r >= n {
                    return Err(Error::setting(
                        "rank",
                        r,
                        format!(
                            "a rank below n = {n}: nothing is orthogonal to a full-rank target"
                        ),
                    ));
                }
                let size =
                    |k: usize| scale * (norm(target.a.column(k)) * norm(target.b.column(k))).sqrt();
                for (x, t) in [(&mut start.a, &target.a), (&mut start.b, &target.b)] {
                    let (q, _) = crate::linalg::qr(t)?;
                    // Twice: once leaves an overlap of rounding size relative to what was removed.
                    for _ in 0..2 {
                        let overlap = q.t().dot(&*x);
                        *x -= &q.dot(&overlap);
                    }
                    rescale(x, size);
                }
            }
        }
        start.validate("target")?;
        Ok(start)
    }
}

fn norm(x: ArrayView1<f64>) -> f64 {
    x.dot(&x).sqrt()
}

/// Gives column k the length `size(k)`.
fn rescale(x: &mut Array2<f64>, size: impl Fn(usize) -> f64) {
    for (k, mut column) in x.columns_mut().into_iter().enumerate() {
        let length = norm(column.view());
        column *= size(k) / length;
    }
}

/// Turns column k of the noise `x` into scale ‖t_k‖ (cosine t̂_k + sine x̂_k⊥).
fn lean(x: &mut Array2<f64>, target: &Array2<f64>, cosine: f64, scale: f64) {
    let sine = (1.0 - cosine * cosine).sqrt();
    for (mut x, t) in x.columns_mut().into_iter().zip(target.columns()) {
        let length = norm(t);
        for _ in 0..2 {
            let overlap = x.dot(&t) / (length * length);
            Zip::from(&mut x).and(t).for_each(|x, t| *x -= overlap * t);
        }
        let noise = norm(x.view());
        // n = 1 leaves no noise direction, and cosine = ±1 needs none.
        let sine = if sine == 0.0 { 0.0 } else { sine / noise };
        Zip::from(&mut x)
            .and(t)
            .for_each(|x, t| *x = scale * length * (cosine * t / length + sine * *x));
    }
}
