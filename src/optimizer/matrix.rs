//! Rules that see a parameter as a matrix, and their f64 state.

use super::rule::Number;
use super::{FlatState, Muon, Need, Optimizer, Soap};
use crate::error::{Error, Result};
use burn::tensor::{Tensor, TensorData};
use ndarray::Array2;

/// What a rule for matrices calculates with: an array of `f64` or a burn tensor.
pub(super) trait Matrix: Number {
    fn times(&self, other: &Self) -> Self;
    fn turned(&self) -> Self;
    /// self / max(‖self‖_F, least).
    fn normalised(self, least: f64) -> Self;
    fn sides(&self) -> (usize, usize);
    fn to_host(&self) -> Array2<f64>;
    /// The same kind of matrix as self, with these values.
    fn with_values(&self, values: &Array2<f64>) -> Self;
}

impl Number for Array2<f64> {
    fn scale(self, c: f64) -> Self {
        self.mapv_into(|x| c * x)
    }
    fn shift(self, c: f64) -> Self {
        self.mapv_into(|x| x + c)
    }
    fn sqrt(self) -> Self {
        self.mapv_into(f64::sqrt)
    }
    fn abs(self) -> Self {
        self.mapv_into(f64::abs)
    }
    fn sign(self) -> Self {
        self.mapv_into(Number::sign)
    }
    fn at_least(self, c: f64) -> Self {
        self.mapv_into(|x| x.at_least(c))
    }
    fn at_most(self, c: f64) -> Self {
        self.mapv_into(|x| x.at_most(c))
    }
}

impl Matrix for Array2<f64> {
    fn times(&self, other: &Self) -> Self {
        self.dot(other)
    }
    fn turned(&self) -> Self {
        self.t().to_owned()
    }
    fn normalised(self, least: f64) -> Self {
        let norm = self
            .iter()
            .map(|x| x * x)
            .sum::<f64>()
            .sqrt()
            .at_least(least);
        self.mapv_into(|x| x / norm)
    }
    fn sides(&self) -> (usize, usize) {
        self.dim()
    }
    fn to_host(&self) -> Array2<f64> {
        self.clone()
    }
    fn with_values(&self, values: &Array2<f64>) -> Self {
        values.clone()
    }
}

impl Matrix for Tensor<2> {
    fn times(&self, other: &Self) -> Self {
        self.clone().matmul(other.clone())
    }
    fn turned(&self) -> Self {
        self.clone().transpose()
    }
    fn normalised(self, least: f64) -> Self {
        let norm = self.clone().square().sum().sqrt().clamp_min(least);
        self / norm.reshape([1, 1])
    }
    fn sides(&self) -> (usize, usize) {
        let [rows, columns] = self.dims();
        (rows, columns)
    }
    fn to_host(&self) -> Array2<f64> {
        let values: Vec<f64> = self.to_data().iter::<f64>().collect();
        let columns = self.dims()[1];
        Array2::from_shape_fn(self.sides(), |(i, j)| values[i * columns + j])
    }
    fn with_values(&self, values: &Array2<f64>) -> Self {
        let flat: Vec<f32> = values.iter().map(|x| *x as f32).collect();
        let data = TensorData::new(flat, [values.nrows(), values.ncols()]);
        Tensor::from_data(data, &self.device())
    }
}

/// What an [`Optimizer`] remembers of a run over one matrix of `f64`.
///
/// For [`Muon`] and [`Soap`](super::Soap), which have no meaning on a slice; all other rules step the matrix as the slice of its entries.
///
/// ```
/// use ndarray::array;
/// use scurve::optimizer::{Muon, Optimizer};
/// // L = ½‖W − A‖²_F
/// let target = array![[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]];
/// let mut w = ndarray::Array2::<f64>::zeros((3, 2));
/// let mut state = Optimizer::from(Muon::new(0.02).weight_decay(0.0)).matrix(3, 2);
/// for _ in 0..300 {
///     let gradient = &w - &target;
///     state.step(&mut w, &gradient)?;
/// }
/// assert!((&w - &target).iter().all(|x| x.abs() < 0.1));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixState {
    shape: (usize, usize),
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Slice(FlatState),
    Muon(Muon, Option<Array2<f64>>, u64),
    Soap(Soap, Box<Option<super::soap::SoapState<Array2<f64>>>>, u64),
}

impl MatrixState {
    pub(super) fn new(optimizer: Optimizer, rows: usize, columns: usize) -> Self {
        Self {
            shape: (rows, columns),
            kind: match optimizer {
                Optimizer::Muon(rule) => Kind::Muon(rule, None, 0),
                Optimizer::Soap(rule) => Kind::Soap(rule, Box::default(), 0),
                rule => Kind::Slice(rule.flat(rows * columns)),
            },
        }
    }

    fn check_shape(&self, what: &str, dim: (usize, usize)) -> Result<()> {
        if dim == self.shape {
            return Ok(());
        }
        Err(Error::setting(
            what,
            format!("{dim:?}"),
            format!(
                "{:?}, the shape that the optimizer's state was made for",
                self.shape
            ),
        ))
    }

    /// One step: `param` moves, given the gradient `grad` at its present value.
    ///
    /// # Errors
    /// Another shape than the state was made for; a step that [`needs`](Self::needs) more than a gradient; under SOAP a gradient that is not
    /// finite, of which no basis can be made. Nothing has moved then.
    pub fn step(&mut self, param: &mut Array2<f64>, grad: &Array2<f64>) -> Result<()> {
        self.check_shape("param.dim()", param.dim())?;
        self.check_shape("grad.dim()", grad.dim())?;
        if param.is_empty() {
            return Ok(());
        }
        match &mut self.kind {
            Kind::Slice(state) => {
                let mut values: Vec<f64> = param.iter().copied().collect();
                let grads: Vec<f64> = grad.iter().copied().collect();
                state.step(&mut values, &grads)?;
                param.iter_mut().zip(values).for_each(|(to, x)| *to = x);
            }
            Kind::Muon(rule, momentum, steps) => {
                *steps += 1;
                *param = rule.advance(param.clone(), grad.clone(), momentum);
            }
            Kind::Soap(rule, state, steps) => {
                *param = rule.advance(*steps, param.clone(), grad.clone(), state)?;
                *steps += 1;
            }
        }
        Ok(())
    }

    /// What the next step needs besides the gradient: as [`FlatState::needs`].
    pub fn needs(&self) -> Option<Need> {
        match &self.kind {
            Kind::Slice(state) => state.needs(),
            _ => None,
        }
    }

    /// Gives the next step what it [`needs`](Self::needs): as [`FlatState::supply`].
    ///
    /// # Errors
    /// When nothing is needed, or the shape is not the parameter's.
    pub fn supply(&mut self, values: &Array2<f64>) -> Result<()> {
        self.check_shape("values.dim()", values.dim())?;
        match &mut self.kind {
            Kind::Slice(state) => state.supply(&values.iter().copied().collect::<Vec<_>>()),
            _ => Err(Error::setting(
                "supply",
                self.optimizer().name(),
                "called when `needs` says what is needed",
            )),
        }
    }

    /// The rule with its present step size.
    pub fn optimizer(&self) -> Optimizer {
        match &self.kind {
            Kind::Slice(state) => *state.optimizer(),
            Kind::Muon(rule, ..) => (*rule).into(),
            Kind::Soap(rule, ..) => (*rule).into(),
        }
    }

    /// Changes the step size from the next step on.
    pub fn set_lr(&mut self, lr: f64) {
        match &mut self.kind {
            Kind::Slice(state) => state.set_lr(lr),
            Kind::Muon(rule, ..) => rule.set_lr(lr),
            Kind::Soap(rule, ..) => rule.lr = lr,
        }
    }

    /// Steps made so far.
    pub fn steps(&self) -> u64 {
        match &self.kind {
            Kind::Slice(state) => state.steps(),
            Kind::Muon(.., steps) | Kind::Soap(.., steps) => *steps,
        }
    }
}
