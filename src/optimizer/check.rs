//! Checks of hyper-parameters, with the path of the setting that is wrong.

use crate::error::{Error, Result};
use std::fmt::Display;

/// Names the settings of one optimizer by their path.
pub(super) struct Check<'a> {
    pub(super) path: &'a str,
}

impl Check<'_> {
    /// The setting `name` = `value` must be `allowed`.
    pub(super) fn refuse(&self, name: &str, value: impl Display, allowed: &str) -> Result<()> {
        Err(Error::setting(
            format!("{}.{name}", self.path),
            value,
            allowed,
        ))
    }

    /// A finite number ≥ 0.
    pub(super) fn rate(&self, name: &str, value: f64) -> Result<()> {
        if value.is_finite() && value >= 0.0 {
            return Ok(());
        }
        self.refuse(name, value, "a finite number ≥ 0")
    }

    /// A finite number > 0.
    pub(super) fn positive(&self, name: &str, value: f64) -> Result<()> {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        self.refuse(name, value, "a finite number > 0")
    }

    /// A number in [0, 1).
    pub(super) fn fraction(&self, name: &str, value: f64) -> Result<()> {
        if (0.0..1.0).contains(&value) {
            return Ok(());
        }
        self.refuse(name, value, "a number from 0 to just below 1")
    }
}
