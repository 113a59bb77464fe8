//! Settings: one declaration gives the struct, its three presets, and the meaning of each field.

use super::{Experiment, Scale};
use crate::display;
use crate::error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;

/// A setting's name and meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: &'static str,
    /// The meaning, from its documentation.
    pub meaning: &'static str,
}

/// What [`settings!`](crate::settings) gives a struct: its presets, its fields' meanings, its number of seeds.
pub trait Settings: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Names and meanings of the settings.
    const FIELDS: &'static [Field];

    /// The settings of a scale.
    fn preset(scale: Scale) -> Self;

    /// Number of seeds, `0..seeds`.
    fn seeds(&self) -> u64;

    /// The same with another number of seeds.
    fn with_seeds(self, seeds: u64) -> Self;
}

/// Declares a settings struct: each field with its documentation, type and values at `check`, `quick` and `paper`. One of the
/// fields is `seeds: u64`.
///
/// ```
/// use scurve::experiment::{Scale, Settings};
/// scurve::settings! {
///     /// Settings of a demonstration.
///     pub struct Demo {
///         /// Dimension of the vectors.
///         n: usize = 10, 100, 100;
///         /// Number of seeds.
///         seeds: u64 = 2, 8, 32;
///     }
/// }
/// let demo = Demo::preset(Scale::Quick);
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
            /// Shows the settings in a notebook cell: name, value, meaning.
            pub fn evcxr_display(&self) {
                $crate::experiment::display_settings(self);
            }
        }

        impl $crate::experiment::Settings for $name {
            const FIELDS: &'static [$crate::experiment::Field] = &[
                $($crate::experiment::Field {
                    name: stringify!($field),
                    meaning: concat!($($doc),+).trim_ascii(),
                },)+
            ];

            fn preset(scale: $crate::experiment::Scale) -> Self {
                use $crate::experiment::Scale;
                match scale {
                    Scale::Check => Self { $($field: $check,)+ },
                    Scale::Quick => Self { $($field: $quick,)+ },
                    Scale::Paper => Self { $($field: $paper,)+ },
                }
            }

            fn seeds(&self) -> u64 {
                self.seeds
            }

            fn with_seeds(self, seeds: u64) -> Self {
                Self { seeds, ..self }
            }
        }
    };
}
pub use crate::settings;

/// Shows settings in a notebook cell: name, value as TOML, meaning.
pub fn display_settings(settings: &impl Settings) {
    let rows = match inline_values(settings) {
        Ok(values) => values,
        Err(e) => return display::error(&e),
    };
    let headers = ["setting", "value", "meaning"].map(|name| display::Header::new(name, "", false));
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(field, value)| vec![field.name.into(), value, field.meaning.into()])
        .collect();
    let (text, n) = (display::text_table(&headers, &rows, rows.len()), rows.len());
    display::html(&display::html_table(&headers, rows, n), &text);
}

/// Each field with its value as one line of TOML.
fn inline_values<S: Settings>(settings: &S) -> Result<Vec<(Field, String)>> {
    let failed = |e: toml::ser::Error| Error::Config {
        origin: "settings".into(),
        message: e.to_string(),
    };
    let table = toml::Table::try_from(settings).map_err(failed)?;
    S::FIELDS
        .iter()
        .filter_map(|field| table.get(field.name).map(|value| (*field, value)))
        .map(|(field, value)| {
            let mut inline = String::new();
            value
                .serialize(toml::ser::ValueSerializer::new(&mut inline))
                .map_err(failed)?;
            Ok((field, inline))
        })
        .collect()
}

/// The settings as TOML, each with its meaning above it.
pub fn to_toml<E: Experiment>(experiment: &E) -> Result<String> {
    written::<E>(inline_values(experiment)?, |_, _| None)
}

/// The settings as TOML, each with its meaning above it and, where it is not that of [`Scale::Paper`], the published value beside it.
///
/// ```
/// use scurve::experiment::physics::AdditionGrokking;
/// use scurve::experiment::{Scale, Settings, to_toml_beside_paper};
/// let text = to_toml_beside_paper(&AdditionGrokking::preset(Scale::Quick))?;
/// assert!(text.contains("modulus = 47 # paper: 59"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
pub fn to_toml_beside_paper<E: Experiment>(experiment: &E) -> Result<String> {
    let paper = inline_values(&E::preset(Scale::Paper))?;
    written::<E>(inline_values(experiment)?, |field, value| {
        let published = paper.iter().find(|(other, _)| other.name == field.name)?;
        (published.1 != value).then(|| published.1.clone())
    })
}

/// TOML of values, with what `beside` says of each as a comment in its line.
fn written<E: Experiment>(
    values: Vec<(Field, String)>,
    beside: impl Fn(&Field, &str) -> Option<String>,
) -> Result<String> {
    let mut out = format!("# {}: {}\n", E::INFO.id, E::INFO.title);
    for (field, value) in values {
        let paper = match beside(&field, &value) {
            Some(paper) => format!(" # paper: {paper}"),
            None => String::new(),
        };
        let _ = write!(
            out,
            "\n# {}\n{} = {value}{paper}\n",
            field.meaning, field.name
        );
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
