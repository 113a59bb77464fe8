//! The checks that settings of several experiments share.

use crate::error::{Error, Result};
use std::fmt::Display;

/// `value` must be finite and > 0.
pub(in crate::experiment) fn positive(field: &str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::setting(field, value, "a finite number > 0"))
}

/// `value` must be a whole number from `low` to `high`.
pub(in crate::experiment) fn whole(
    field: &str,
    value: usize,
    low: usize,
    high: usize,
) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::setting(
        field,
        value,
        format!("a whole number from {low} to {high}"),
    ))
}

/// A list must hold something, and each of its members only once.
pub(in crate::experiment) fn distinct<T: PartialEq + Display>(
    field: &str,
    values: &[T],
) -> Result<()> {
    if values.is_empty() {
        return Err(Error::setting(
            field,
            "[]",
            "a list with at least one entry",
        ));
    }
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            return Err(Error::setting(field, value, "listed once"));
        }
    }
    Ok(())
}
