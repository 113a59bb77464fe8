//! Settings: one declaration gives the struct, its three presets, and the meaning of each field.

use super::{Experiment, Scale};
use crate::error::{Error, Result};
use serde::Serialize;
use std::fmt::Write;

/// A setting's name and meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: &'static str,
    /// The meaning, from its documentation.
    pub meaning: &'static str,
}

/// Declares a settings struct: each field with its documentation, type and values at `check`, `quick` and `paper`.
///
/// ```
/// scurve::settings! {
///     /// Settings of a demonstration.
///     pub struct Demo {
///         /// Dimension of the vectors.
///         n: usize = 10, 100, 100;
///         /// Number of seeds.
///         seeds: u64 = 2, 8, 32;
///     }
/// }
/// let demo = Demo::at(scurve::experiment::Scale::Quick);
/// assert_eq!((demo.n, Demo::FIELDS[0].meaning), (100, "Dimension of the vectors."));
/// ```
#[macro_export]
macro_rules! settings {
    ($(#[doc = $about:literal])* pub struct $name:ident {
        $($(#[doc = $doc:literal])+ $field:ident : $type:ty = $check:expr, $quick:expr, $paper:expr;)+
    }) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl $name {
            /// Names and meanings of the settings.
            pub const FIELDS: &'static [$crate::experiment::Field] = &[
                $($crate::experiment::Field {
                    name: stringify!($field),
                    meaning: concat!($($doc),+).trim_ascii(),
                },)+
            ];

            /// The settings of a scale.
            pub fn at(scale: $crate::experiment::Scale) -> Self {
                use $crate::experiment::Scale;
                match scale {
                    Scale::Check => Self { $($field: $check,)+ },
                    Scale::Quick => Self { $($field: $quick,)+ },
                    Scale::Paper => Self { $($field: $paper,)+ },
                }
            }
        }
    };
}
pub use crate::settings;

/// The settings as TOML, each with its meaning above it.
pub fn to_toml<E: Experiment>(experiment: &E) -> Result<String> {
    let value = toml::Table::try_from(experiment).map_err(|e| Error::Config {
        origin: E::INFO.id.into(),
        message: e.to_string(),
    })?;
    let mut out = format!("# {}: {}\n", E::INFO.id, E::INFO.title);
    for field in E::FIELDS {
        let Some(v) = value.get(field.name) else {
            continue;
        };
        let mut inline = String::new();
        v.serialize(toml::ser::ValueSerializer::new(&mut inline))
            .map_err(|e| Error::Config {
                origin: field.name.into(),
                message: e.to_string(),
            })?;
        let _ = write!(out, "\n# {}\n{} = {inline}\n", field.meaning, field.name);
    }
    Ok(out)
}

/// The settings of `scale` with the values that a TOML text gives for some of them.
///
/// # Errors
/// Malformed TOML (line and column), an unknown setting (with the nearest known one), a value of another type.
pub fn from_toml<E: Experiment>(scale: Scale, text: &str, origin: &str) -> Result<E> {
    let config = |message: String| Error::Config {
        origin: origin.into(),
        message,
    };
    let given: toml::Table =
        toml::from_str(text).map_err(|e| config(e.to_string().trim_end().to_string()))?;
    for key in given.keys() {
        known::<E>(key)?;
    }
    let mut table = toml::Table::try_from(E::preset(scale)).map_err(|e| config(e.to_string()))?;
    table.extend(given);
    // A second reading, now of the whole: types are checked against the struct.
    let experiment: E = table
        .try_into()
        .map_err(|e: toml::de::Error| config(e.message().to_string()))?;
    experiment.validate()?;
    Ok(experiment)
}

fn known<E: Experiment>(key: &str) -> Result<()> {
    if E::FIELDS.iter().any(|f| f.name == key) {
        return Ok(());
    }
    Err(Error::unknown(
        "setting",
        key,
        E::FIELDS.iter().map(|f| f.name),
    ))
}

/// `experiment` with `key=value` pairs applied; a value is TOML, a bare word counts as text, and a key may go into a
/// nested setting (`optimizer.lr=0.1`).
pub fn overridden<E: Experiment>(experiment: &E, pairs: &[String]) -> Result<E> {
    let failed = |origin: &str, message: String| Error::Config {
        origin: format!("--set {origin}"),
        message,
    };
    let mut table = toml::Table::try_from(experiment).map_err(|e| failed("", e.to_string()))?;
    for pair in pairs {
        let (key, text) = pair
            .split_once('=')
            .ok_or_else(|| failed(pair, "expected key=value, for example --set n=50".into()))?;
        let (key, text) = (key.trim(), text.trim());
        let value = toml::from_str::<toml::Table>(&format!("v = {text}"))
            .ok()
            .and_then(|mut t| t.remove("v"))
            .unwrap_or_else(|| toml::Value::String(text.into()));
        let mut path = key.split('.').peekable();
        known::<E>(path.peek().copied().unwrap_or(key))?;
        let mut inner = &mut table;
        while let Some(part) = path.next() {
            if path.peek().is_none() {
                // A whole number where a fraction stands is that fraction.
                let value = match (inner.get(part), value) {
                    (Some(toml::Value::Float(_)), toml::Value::Integer(i)) => {
                        toml::Value::Float(i as f64)
                    }
                    (_, v) => v,
                };
                inner.insert(part.into(), value);
                break;
            }
            inner = inner
                .get_mut(part)
                .and_then(toml::Value::as_table_mut)
                .ok_or_else(|| failed(pair, format!("`{part}` has no settings inside it")))?;
        }
        // Read back after each pair, so that the message names the pair that is wrong.
        let _: E = table
            .clone()
            .try_into()
            .map_err(|e: toml::de::Error| failed(pair, e.message().to_string()))?;
    }
    let experiment: E = table
        .try_into()
        .map_err(|e: toml::de::Error| failed("", e.message().to_string()))?;
    experiment.validate()?;
    Ok(experiment)
}
