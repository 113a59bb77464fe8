//! Inputs and targets of networks, on the host.

use super::Mlp;
use crate::error::{Error, Result};
use crate::optimizer::Real;
use ndarray::{Array1, Array2, Axis};

/// The inputs of examples, in the form in which their structure saves work.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs<T> {
    /// Examples × inputs.
    Dense(Array2<T>),
    /// A control bit that is 1 among `controls` (one-hot), then dense numbers: a first layer looks up a row instead of multiplying by zeros.
    Controlled {
        /// Which control bit is 1, for each example.
        control: Vec<u32>,
        /// Number of control bits.
        controls: usize,
        /// Examples × the other inputs.
        rest: Array2<T>,
    },
    /// Examples × tokens, for a network with an embedding.
    Tokens(Array2<u32>),
}

impl<T> From<Array2<T>> for Inputs<T> {
    fn from(x: Array2<T>) -> Self {
        Self::Dense(x)
    }
}

impl<T: Real> Inputs<T> {
    /// Examples.
    pub fn len(&self) -> usize {
        match self {
            Self::Dense(x) => x.nrows(),
            Self::Controlled { control, .. } => control.len(),
            Self::Tokens(x) => x.nrows(),
        }
    }

    /// No examples?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The examples of these numbers, in this order.
    ///
    /// # Panics
    /// When a number is not below [`len`](Self::len).
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Dense(x) => Self::Dense(x.select(Axis(0), rows)),
            Self::Controlled {
                control,
                controls,
                rest,
            } => Self::Controlled {
                control: rows.iter().map(|i| control[*i]).collect(),
                controls: *controls,
                rest: rest.select(Axis(0), rows),
            },
            Self::Tokens(x) => Self::Tokens(x.select(Axis(0), rows)),
        }
    }

    /// Examples × inputs with every number written out; tokens as one-hot vectors, one after the other, for a vocabulary of that size.
    pub fn dense(&self, vocabulary: usize) -> Array2<T> {
        match self {
            Self::Dense(x) => x.clone(),
            Self::Controlled {
                control,
                controls,
                rest,
            } => {
                let mut x = Array2::from_elem((control.len(), controls + rest.ncols()), T::ZERO);
                for (i, k) in control.iter().enumerate() {
                    x[[i, *k as usize]] = T::ONE;
                }
                x.slice_mut(ndarray::s![.., *controls..]).assign(rest);
                x
            }
            Self::Tokens(tokens) => {
                let mut x =
                    Array2::from_elem((tokens.nrows(), tokens.ncols() * vocabulary), T::ZERO);
                for ((i, j), token) in tokens.indexed_iter() {
                    x[[i, j * vocabulary + *token as usize]] = T::ONE;
                }
                x
            }
        }
    }

    pub(crate) fn check(&self, net: &Mlp) -> Result<()> {
        let wrong =
            |field: &str, value: usize, allowed: String| Err(Error::setting(field, value, allowed));
        if self.is_empty() {
            return wrong("examples", 0, "at least one".into());
        }
        let ordered = match self {
            Self::Dense(x) | Self::Controlled { rest: x, .. } => x.is_standard_layout(),
            Self::Tokens(x) => x.is_standard_layout(),
        };
        if !ordered {
            return Err(Error::setting(
                "inputs",
                "transposed or with gaps",
                "an array in standard layout (x.as_standard_layout().into_owned())",
            ));
        }
        match (self, net.embedding) {
            (Self::Tokens(x), Some(e)) => {
                if x.ncols() != net.tokens() {
                    return wrong(
                        "tokens of an example",
                        x.ncols(),
                        format!("{}", net.tokens()),
                    );
                }
                match x.iter().find(|t| **t as usize >= e.vocabulary) {
                    Some(t) => wrong(
                        "token",
                        *t as usize,
                        format!("below the vocabulary, {}", e.vocabulary),
                    ),
                    None => Ok(()),
                }
            }
            (Self::Tokens(_), None) => wrong(
                "tokens",
                0,
                "given to a network with an embedding (Mlp::with_embedding)".into(),
            ),
            (_, Some(_)) => wrong("inputs", 0, "tokens: the network has an embedding".into()),
            (Self::Dense(x), None) if x.ncols() != net.inputs() => wrong(
                "inputs of an example",
                x.ncols(),
                format!("widths[0] = {}", net.inputs()),
            ),
            (Self::Controlled { controls, rest, .. }, None)
                if controls + rest.ncols() != net.inputs() =>
            {
                wrong(
                    "inputs of an example",
                    controls + rest.ncols(),
                    format!("widths[0] = {}", net.inputs()),
                )
            }
            (
                Self::Controlled {
                    control,
                    controls,
                    rest,
                },
                None,
            ) => {
                if rest.nrows() != control.len() {
                    return wrong(
                        "rest.nrows()",
                        rest.nrows(),
                        format!("{}, one row for each example", control.len()),
                    );
                }
                match control.iter().find(|k| **k as usize >= *controls) {
                    Some(k) => wrong(
                        "control",
                        *k as usize,
                        format!("below the number of control bits, {controls}"),
                    ),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// What the outputs should be.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets<T> {
    /// Examples × outputs.
    Values(Array2<T>),
    /// Examples × outputs, and weights of the same shape that multiply each squared error; 0 leaves an entry out of the sum, not out of the mean.
    Weighted(Array2<T>, Array2<T>),
    /// The class of each example.
    Classes(Vec<u32>),
}

impl<T> From<Array2<T>> for Targets<T> {
    fn from(y: Array2<T>) -> Self {
        Self::Values(y)
    }
}

impl<T> From<Array1<T>> for Targets<T> {
    fn from(y: Array1<T>) -> Self {
        Self::Values(y.insert_axis(Axis(1)))
    }
}

impl<T> From<Vec<u32>> for Targets<T> {
    fn from(classes: Vec<u32>) -> Self {
        Self::Classes(classes)
    }
}

impl<T: Real> Targets<T> {
    /// Examples.
    pub fn len(&self) -> usize {
        match self {
            Self::Values(y) | Self::Weighted(y, _) => y.nrows(),
            Self::Classes(classes) => classes.len(),
        }
    }

    /// No examples?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The examples of these numbers, in this order.
    ///
    /// # Panics
    /// When a number is not below [`len`](Self::len).
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Values(y) => Self::Values(y.select(Axis(0), rows)),
            Self::Weighted(y, w) => {
                Self::Weighted(y.select(Axis(0), rows), w.select(Axis(0), rows))
            }
            Self::Classes(c) => Self::Classes(rows.iter().map(|i| c[*i]).collect()),
        }
    }
}

/// Inputs with their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples<T> {
    /// Inputs.
    pub inputs: Inputs<T>,
    /// Targets, as many.
    pub targets: Targets<T>,
}

impl<T: Real> Examples<T> {
    /// Inputs with their targets.
    ///
    /// # Errors
    /// When there are not as many of both.
    pub fn new(inputs: impl Into<Inputs<T>>, targets: impl Into<Targets<T>>) -> Result<Self> {
        let (inputs, targets) = (inputs.into(), targets.into());
        if inputs.len() != targets.len() {
            return Err(Error::setting(
                "targets.len()",
                targets.len(),
                format!("{}, one for each input", inputs.len()),
            ));
        }
        Ok(Self { inputs, targets })
    }

    /// Examples.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// No examples?
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The examples of these numbers, in this order.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            inputs: self.inputs.select(rows),
            targets: self.targets.select(rows),
        }
    }
}
