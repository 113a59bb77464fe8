//! Optimizers: one update rule a file, each written once for `f64` and for burn tensors; and [gradient flow](flow).
//!
//! An [`Optimizer`] is hyper-parameters only: it can be compared, printed, written to a table and read from a settings file.
//! What it remembers of a run is a state made from it:
//!
//! | for | state | step |
//! |---|---|---|
//! | models whose parameters are a slice of `f64` | [`Optimizer::flat`] → [`FlatState`] | `state.step(&mut params, &grads)` |
//! | models whose parameter is a matrix of `f64` | [`Optimizer::matrix`] → [`MatrixState`] | `state.step(&mut param, &grad)` |
//! | burn networks | [`Optimizer::tensors`] → [`TensorState`] | `state.step(params, grads)` |
//!
//! Muon and SOAP have no meaning on a flat vector. Models of such parameters refuse them by [`Optimizer::validate_for`], and a [`FlatState`] made of them
//! refuses to step.
//!
//! | rule | name | numbers kept per coordinate | default step size |
//! |---|---|---|---|
//! | [`Sgd`] (momentum, Nesterov, L2) | `sgd` | 0, or 1 with momentum | 1e-3 |
//! | [`SignGd`] (exact, or Adam with betas 0) | `sign_gd` | 0 | 1e-3 |
//! | [`Adam`] (L2) | `adam` | 2 | 1e-3 |
//! | [`AdamW`] (decoupled decay) | `adamw` | 2 | 1e-3 |
//! | [`AdEMAMix`] | `ademamix` | 3 | 1e-3 |
//! | [`Lion`] | `lion` | 1 | 1e-4 |
//! | [`Sophia`] (given a Hessian's diagonal) | `sophia` | 2 | 1e-4 |
//! | [`Mars`] (AdamW form; approximate, or exact given a second gradient) | `mars` | 3 | 3e-3 |
//! | [`Muon`] (matrices only) | `muon` | 1 | 1e-3 |
//! | [`Soap`] (matrices only) | `soap` | 2, and two bases | 3e-3 |
//!
//! ```
//! use scurve::optimizer::{Adam, Optimizer};
//! // L = ½ Σ hᵢ θᵢ², h = (1, 100)
//! let mut theta = [1.0, 1.0];
//! let mut state = Optimizer::from(Adam::new(0.05)).flat(2);
//! for _ in 0..1000 {
//!     let grad = [theta[0], 100.0 * theta[1]];
//!     state.step(&mut theta, &grad)?;
//! }
//! assert!(theta.iter().all(|x| x.abs() < 1e-6));
//! # Ok::<(), scurve::error::Error>(())
//! ```

mod adam;
mod adamw;
mod ademamix;
mod check;
mod flat;
pub mod flow;
mod lion;
mod mars;
mod matrix;
mod muon;
mod need;
mod real;
pub mod rule;
mod sgd;
mod sign_gd;
mod soap;
mod sophia;
mod tensor;

pub use adam::Adam;
pub use adamw::AdamW;
pub use ademamix::AdEMAMix;
pub use flat::FlatState;
pub(crate) use flow::check_times;
pub use flow::{Effort, Flow, FlowPath};
pub use lion::Lion;
pub use mars::{Mars, MarsForm};
pub use matrix::MatrixState;
pub use muon::{Muon, MuonScale};
pub use need::Need;
pub use real::Real;
pub use sgd::Sgd;
pub use sign_gd::{SignForm, SignGd};
pub use soap::Soap;
pub use sophia::Sophia;
pub use tensor::TensorState;

use crate::error::{Error, Result};
use check::Check;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// An update rule with its hyper-parameters.
///
/// In settings it is a table with a `kind`, whose missing entries have their defaults, or just the name:
///
/// ```
/// use scurve::optimizer::{Adam, Optimizer};
/// let table: Optimizer = serde_json::from_str(r#"{ "kind": "adam", "lr": 0.01 }"#).unwrap();
/// assert_eq!(table, Adam::new(0.01).into());
/// let name: Optimizer = serde_json::from_str(r#""adam""#).unwrap();
/// assert_eq!(name, "adam".parse()?);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "kind")]
pub enum Optimizer {
    /// Gradient descent with momentum.
    #[serde(rename = "sgd")]
    Sgd(Sgd),
    /// Sign gradient descent.
    #[serde(rename = "sign_gd")]
    SignGd(SignGd),
    /// Adam with L2 weight decay.
    #[serde(rename = "adam")]
    Adam(Adam),
    /// Adam with decoupled weight decay.
    #[serde(rename = "adamw")]
    AdamW(AdamW),
    /// Adam with a second, slow average.
    #[serde(rename = "ademamix")]
    AdEMAMix(AdEMAMix),
    /// Evolved sign momentum.
    #[serde(rename = "lion")]
    Lion(Lion),
    /// Clipped steps along the gradient over the curvature.
    #[serde(rename = "sophia")]
    Sophia(Sophia),
    /// AdamW on a gradient of less variance.
    #[serde(rename = "mars")]
    Mars(Mars),
    /// Orthogonalised momentum of a matrix.
    #[serde(rename = "muon")]
    Muon(Muon),
    /// Adam in the eigenbasis of Shampoo.
    #[serde(rename = "soap")]
    Soap(Soap),
}

impl Optimizer {
    /// The names that settings use, in the order of the table above.
    pub const NAMES: [&'static str; 10] = [
        "sgd", "sign_gd", "adam", "adamw", "ademamix", "lion", "sophia", "mars", "muon", "soap",
    ];

    /// The name that settings use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "sgd",
            Self::SignGd(_) => "sign_gd",
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
            Self::AdEMAMix(_) => "ademamix",
            Self::Lion(_) => "lion",
            Self::Sophia(_) => "sophia",
            Self::Mars(_) => "mars",
            Self::Muon(_) => "muon",
            Self::Soap(_) => "soap",
        }
    }

    /// The name for figures: `SGD`, `SignGD`, `Adam` …
    pub fn label(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "SGD",
            Self::SignGd(_) => "SignGD",
            Self::Adam(_) => "Adam",
            Self::AdamW(_) => "AdamW",
            Self::AdEMAMix(_) => "AdEMAMix",
            Self::Lion(_) => "Lion",
            Self::Sophia(_) => "Sophia",
            Self::Mars(_) => "MARS",
            Self::Muon(_) => "Muon",
            Self::Soap(_) => "SOAP",
        }
    }

    /// The step size.
    pub fn lr(&self) -> f64 {
        match self {
            Self::Sgd(o) => o.lr,
            Self::SignGd(o) => o.lr,
            Self::Adam(o) => o.lr,
            Self::AdamW(o) => o.lr,
            Self::AdEMAMix(o) => o.lr,
            Self::Lion(o) => o.lr,
            Self::Sophia(o) => o.lr,
            Self::Mars(o) => o.lr,
            Self::Muon(o) => o.lr,
            Self::Soap(o) => o.lr,
        }
    }

    /// Changes the step size.
    pub fn set_lr(&mut self, lr: f64) {
        match self {
            Self::Sgd(o) => o.lr = lr,
            Self::SignGd(o) => o.lr = lr,
            Self::Adam(o) => o.lr = lr,
            Self::AdamW(o) => o.lr = lr,
            Self::AdEMAMix(o) => o.lr = lr,
            Self::Lion(o) => o.lr = lr,
            Self::Sophia(o) => o.lr = lr,
            Self::Mars(o) => o.lr = lr,
            Self::Muon(o) => o.set_lr(lr),
            Self::Soap(o) => o.lr = lr,
        }
    }

    /// The same rule with another step size.
    pub fn with_lr(mut self, lr: f64) -> Self {
        self.set_lr(lr);
        self
    }

    /// How many numbers the rule keeps for each coordinate.
    pub fn slots(&self) -> usize {
        match self {
            Self::Sgd(o) if o.momentum == 0.0 => 0,
            Self::SignGd(_) => 0,
            Self::Sgd(_) | Self::Lion(_) | Self::Muon(_) => 1,
            Self::Adam(_) | Self::AdamW(_) | Self::Sophia(_) | Self::Soap(_) => 2,
            Self::AdEMAMix(_) | Self::Mars(_) => 3,
        }
    }

    /// Refuses hyper-parameters out of range, under the path `optimizer`.
    ///
    /// ```
    /// use scurve::optimizer::{Adam, Optimizer};
    /// let wrong = Optimizer::from(Adam::new(0.1).betas(0.9, 1.0)).validate().unwrap_err();
    /// assert_eq!(
    ///     wrong.to_string(),
    ///     "optimizer.betas[1] = 1: optimizer.betas[1] must be a number from 0 to just below 1",
    /// );
    /// ```
    pub fn validate(&self) -> Result<()> {
        self.validate_as("optimizer")
    }

    /// Refuses hyper-parameters out of range, under the path `path`.
    pub fn validate_as(&self, path: &str) -> Result<()> {
        let check = &Check { path };
        match self {
            Self::Sgd(o) => o.check(check),
            Self::SignGd(o) => o.check(check),
            Self::Adam(o) => o.check(check),
            Self::AdamW(o) => o.check(check),
            Self::AdEMAMix(o) => o.check(check),
            Self::Lion(o) => o.check(check),
            Self::Sophia(o) => o.check(check),
            Self::Mars(o) => o.check(check),
            Self::Muon(o) => o.check(check),
            Self::Soap(o) => o.check(check),
        }
    }

    /// A fresh state for one matrix of `f64`.
    pub fn matrix(&self, rows: usize, columns: usize) -> MatrixState {
        MatrixState::new(*self, rows, columns)
    }

    /// A fresh state for `len` parameters of type `f64`.
    ///
    /// Of [`Muon`] and [`Soap`], which have no meaning on a slice, it refuses every step.
    pub fn flat(&self, len: usize) -> FlatState {
        FlatState::new(*self, len)
    }

    /// The same for `len` parameters of type `f64` or `f32`.
    pub fn flat_of<T: Real>(&self, len: usize) -> FlatState<T> {
        FlatState::new(*self, len)
    }

    /// A fresh state for a list of burn tensors.
    pub fn tensors(&self) -> TensorState {
        TensorState::new(*self)
    }
}

/// Plain gradient descent with PyTorch's step size, 1e-3.
impl Default for Optimizer {
    fn default() -> Self {
        Self::Sgd(Sgd::default())
    }
}

/// The rule of that name with its defaults.
///
/// ```
/// use scurve::optimizer::{Lion, Optimizer};
/// assert_eq!("lion".parse::<Optimizer>()?, Lion::default().into());
/// assert!("adm".parse::<Optimizer>().unwrap_err().to_string().contains("did you mean `adam`?"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
impl FromStr for Optimizer {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "sgd" => Sgd::default().into(),
            "sign_gd" => SignGd::default().into(),
            "adam" => Adam::default().into(),
            "adamw" => AdamW::default().into(),
            "ademamix" => AdEMAMix::default().into(),
            "lion" => Lion::default().into(),
            "sophia" => Sophia::default().into(),
            "mars" => Mars::default().into(),
            "muon" => Muon::default().into(),
            "soap" => Soap::default().into(),
            _ => return Err(Error::unknown("optimizer", name, Self::NAMES)),
        })
    }
}

/// The label, the step size, and whatever differs from the defaults: `Adam(lr 0.01, betas [0.9,0.95])`.
impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(lr {:?}", self.label(), self.lr())?;
        let default = self.name().parse::<Self>().map(|o| o.with_lr(self.lr()));
        let entries = |o: &Self| serde_json::to_value(o).unwrap_or_default();
        let default = default.as_ref().map(entries).unwrap_or_default();
        if let serde_json::Value::Object(own) = entries(self) {
            for (key, value) in own
                .iter()
                .filter(|(key, value)| default.get(key) != Some(value))
            {
                write!(f, ", {key} {value}")?;
            }
        }
        write!(f, ")")
    }
}

macro_rules! from_rule {
    ($($rule:ident),*) => {$(
        impl From<$rule> for Optimizer {
            fn from(rule: $rule) -> Self {
                Self::$rule(rule)
            }
        }
    )*};
}
from_rule!(
    Sgd, SignGd, Adam, AdamW, AdEMAMix, Lion, Sophia, Mars, Muon, Soap
);

// `remote = "Self"` makes the derived functions inherent, so that a bare name can be let in before them.
impl Serialize for Optimizer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Optimizer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrTable;
        impl<'de> de::Visitor<'de> for NameOrTable {
            type Value = Optimizer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    "an optimizer's name ({}) or a table with `kind`",
                    Optimizer::NAMES.join(", ")
                )
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Optimizer, E> {
                name.parse().map_err(E::custom)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Optimizer, A::Error> {
                Optimizer::deserialize(de::value::MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}
