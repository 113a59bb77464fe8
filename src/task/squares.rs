//! Two regressions of unequal frequency (*Physics of Skill Learning*, §6.2, Fig. 19).

use crate::error::{Error, Result};
use crate::seed::Seed;
use ndarray::Array2;
use rand::RngExt;

/// $(x, y) \mapsto (x^2, y^2)$, where y is 0 in all samples but `rare`.
///
/// As the authors' code has it, x is 0 in the rare samples, and each sample counts for the task that it is of; as the text has it, x is drawn in every
/// sample, and every sample counts for both.
///
/// ```
/// use scurve::{seed::Seed, task::{SquareForm, Squares}};
/// let task = Squares::new(1000, 10, SquareForm::Code)?;
/// let sample = task.sample(Seed(0));
/// assert_eq!(sample.x[[0, 1]], 0.0);
/// assert_eq!(sample.x[[999, 0]], 0.0);
/// assert_eq!(sample.y[[5, 0]], sample.x[[5, 0]].powi(2));
/// assert_eq!((sample.weights.column(0).sum(), sample.weights.column(1).sum()), (990.0, 10.0));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Squares {
    samples: usize,
    rare: usize,
    form: SquareForm,
}

/// Which of the two descriptions is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SquareForm {
    /// Rare samples have x = 0, and a sample counts for its own task alone.
    Code,
    /// x is drawn in every sample, and every sample counts for both tasks.
    Text,
}

/// Inputs, targets and weights, samples × 2 each.
#[derive(Clone, Debug, PartialEq)]
pub struct SquareSample {
    /// (x, y).
    pub x: Array2<f64>,
    /// (x², y²).
    pub y: Array2<f64>,
    /// 1 where an output counts.
    pub weights: Array2<f64>,
    /// 1 for the samples that a task is measured on: those in which its input was drawn.
    pub own: Array2<f64>,
}

impl Squares {
    /// That many samples, the last `rare` of them with y.
    ///
    /// # Errors
    /// No rare samples, or none of the others.
    pub fn new(samples: usize, rare: usize, form: SquareForm) -> Result<Self> {
        if rare == 0 || rare >= samples {
            let allowed = format!("from 1 to samples − 1 = {}", samples.saturating_sub(1));
            return Err(Error::setting("rare", rare, allowed));
        }
        Ok(Self {
            samples,
            rare,
            form,
        })
    }

    /// Numbers uniform on $[-1, 1)$ from the stream `data`.
    pub fn sample(&self, seed: Seed) -> SquareSample {
        let mut rng = seed.stream("data");
        let first = self.samples - self.rare;
        let own = Array2::from_shape_fn((self.samples, 2), |(i, task)| {
            let rare = i >= first;
            let drawn = match (task, self.form) {
                (0, SquareForm::Code) => !rare,
                (0, SquareForm::Text) => true,
                _ => rare,
            };
            f64::from(u8::from(drawn))
        });
        let x = own.mapv(|own| {
            if own > 0.0 {
                rng.random_range(-1.0..1.0)
            } else {
                0.0
            }
        });
        SquareSample {
            y: x.mapv(|x| x * x),
            weights: match self.form {
                SquareForm::Code => own.clone(),
                SquareForm::Text => Array2::ones(own.dim()),
            },
            x,
            own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_forms_differ_in_what_is_drawn_and_what_counts() {
        let code = Squares::new(100, 5, SquareForm::Code)
            .unwrap()
            .sample(Seed(1));
        let text = Squares::new(100, 5, SquareForm::Text)
            .unwrap()
            .sample(Seed(1));
        let zeros =
            |s: &SquareSample, k: usize| s.x.column(k).iter().filter(|x| **x == 0.0).count();
        assert_eq!((zeros(&code, 0), zeros(&code, 1)), (5, 95));
        assert_eq!((zeros(&text, 0), zeros(&text, 1)), (0, 95));
        assert_eq!((code.weights.sum(), text.weights.sum()), (100.0, 200.0));
        for rare in [0, 100] {
            let error = Squares::new(100, rare, SquareForm::Code)
                .unwrap_err()
                .to_string();
            assert!(error.contains("rare"), "{error}");
        }
    }
}
