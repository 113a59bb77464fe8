//! What networks minimise.

use super::{ActivationReal, Targets};
use crate::error::{Error, Result};
use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A loss over n examples with C outputs.
///
/// | name | value |
/// |---|---|
/// | `mse` | 1/(nC) Σ w (f − y)², PyTorch's `MSELoss`; w = 1, or the weights of [`Targets::Weighted`] |
/// | `half_squares` | 1/(2n) Σ w (f − y)², the thesis' ½ E‖f − y‖² |
/// | `cross_entropy` | 1/n Σ −ln softmax(f)_y, PyTorch's `CrossEntropyLoss` |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Mean of squares over examples and outputs.
    #[default]
    Mse,
    /// Half the sum over outputs, mean over examples.
    HalfSquares,
    /// Softmax cross-entropy.
    CrossEntropy,
}

impl Loss {
    /// Refuses targets of the wrong kind or shape for `outputs` outputs.
    pub(crate) fn check<T: ActivationReal>(
        self,
        targets: &Targets<T>,
        outputs: usize,
    ) -> Result<()> {
        let ordered = match targets {
            Targets::Values(y) => y.is_standard_layout(),
            Targets::Weighted(y, w) => y.is_standard_layout() && w.is_standard_layout(),
            Targets::Classes(_) => true,
        };
        if !ordered {
            return Err(Error::setting(
                "targets",
                "transposed or with gaps",
                "arrays in standard layout (y.as_standard_layout().into_owned())",
            ));
        }
        match (self, targets) {
            (Self::CrossEntropy, Targets::Classes(classes)) => {
                match classes.iter().find(|c| **c as usize >= outputs) {
                    None => Ok(()),
                    Some(c) => Err(Error::setting(
                        "class",
                        c,
                        format!("below the number of outputs, {outputs}"),
                    )),
                }
            }
            (Self::CrossEntropy, _) => Err(Error::setting(
                "targets",
                "values",
                "classes, for the cross-entropy (Targets::Classes)",
            )),
            (_, Targets::Classes(_)) => Err(Error::setting(
                "targets",
                "classes",
                "values, for a loss of squares (one-hot rows, or class numbers as values)",
            )),
            (_, Targets::Values(y)) if y.ncols() != outputs => Err(Error::setting(
                "targets of an example",
                y.ncols(),
                format!("{outputs}, one for each output"),
            )),
            (_, Targets::Weighted(y, w)) if y.ncols() != outputs || w.dim() != y.dim() => {
                Err(Error::setting(
                    "weights.dim()",
                    format!("{:?}", w.dim()),
                    format!("{:?}, examples × outputs", (y.nrows(), outputs)),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Replaces the outputs f of examples `rows` by dL/df and returns their part of the loss over `n` examples.
    pub(crate) fn backward<T: ActivationReal>(
        self,
        f: &mut [T],
        outputs: usize,
        targets: &Targets<T>,
        rows: Range<usize>,
        n: usize,
    ) -> f64 {
        let count = match self {
            Self::Mse => (n * outputs) as f64,
            Self::HalfSquares => 2.0 * n as f64,
            Self::CrossEntropy => n as f64,
        };
        let slope = T::from_f64(2.0 / count);
        let part = rows.start * outputs..rows.end * outputs;
        let mut sum = 0.0;
        match targets {
            Targets::Values(y) => {
                let y = &y.as_slice().unwrap_or_default()[part];
                for (f, y) in f.iter_mut().zip(y) {
                    let difference = *f - *y;
                    sum += (difference * difference).to_f64();
                    *f = slope * difference;
                }
            }
            Targets::Weighted(y, w) => {
                let y = &y.as_slice().unwrap_or_default()[part.clone()];
                let w = &w.as_slice().unwrap_or_default()[part];
                for ((f, y), w) in f.iter_mut().zip(y).zip(w) {
                    let difference = *f - *y;
                    sum += (*w * difference * difference).to_f64();
                    *f = slope * *w * difference;
                }
            }
            Targets::Classes(classes) => {
                let scale = T::from_f64(1.0 / count);
                for (f, class) in f.chunks_exact_mut(outputs).zip(&classes[rows]) {
                    let class = *class as usize;
                    let top = f
                        .iter()
                        .fold(f[0], |top, f| if *f > top { *f } else { top });
                    f.iter_mut().for_each(|f| *f = *f - top);
                    let own = f[class].to_f64();
                    T::exp(f);
                    let total: T = f.iter().copied().sum();
                    sum += total.to_f64().ln() - own;
                    let share = scale / total;
                    f.iter_mut().for_each(|f| *f *= share);
                    f[class] = f[class] - scale;
                }
            }
        }
        sum / count
    }

    /// The same loss of burn tensors, examples × outputs against values.
    pub fn values(self, f: Tensor<2>, y: Tensor<2>, weights: Option<Tensor<2>>) -> Tensor<1> {
        let [n, outputs] = f.dims();
        let squares = (f - y).square();
        let squares = match weights {
            Some(w) => squares * w,
            None => squares,
        };
        let count = match self {
            Self::HalfSquares => 2 * n,
            _ => n * outputs,
        };
        // Not `div_scalar`: its backward pass rounds 1/n to f32, in f64 too.
        squares.sum().mul_scalar(1.0 / count as f64)
    }

    /// The cross-entropy of burn tensors: logits, examples × classes, against classes.
    pub fn classes(logits: Tensor<2>, classes: Tensor<1, Int>) -> Tensor<1> {
        let [n, _] = logits.dims();
        let log = burn::tensor::activation::log_softmax(logits, 1);
        log.gather(1, classes.reshape([n, 1]))
            .sum()
            .mul_scalar(-1.0 / n as f64)
    }
}
