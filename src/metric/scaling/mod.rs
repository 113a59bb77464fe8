//! Scaling laws: slopes of log-log curves, with everything a slope depends on said beside it.
//!
//! A power law $y = A\,x^{-a}$ is a straight line of slope −a in ln x, ln y. A slope read off a curve depends on the window it is read in, on
//! the points that happen to lie there and on the seeds behind them. So a fit here states its [`Window`], and offers
//!
//! | question | answer |
//! |---|---|
//! | what is the exponent, and how sure? | [`power_law`], [`power_law_seeds`]: least squares with a bootstrap interval over points and over seeds |
//! | what would another window have said? | [`PowerLaw::windows`]: the slopes of all sub-windows above a minimal span, and their spread |
//! | does one point decide? | [`PowerLaw::jackknife`]: the slopes with one point left out (the error bars of Fig. 11) |
//! | what would two points have said? | [`two_point`]: the published exponents of Fig. 10 and 18 are read so |
//! | is it one power law at all? | [`PowerLaw::broken`]: two slopes and a break; [`PowerLaw::offset`]: a floor, $y = A\,x^{-a} + c$ |
//!
//! Source of the names: *Physics of Skill Learning*, §3 (α_N, α_S) and Fig. 10, 11.
//!
//! ```
//! use scurve::metric::scaling::power_law;
//! let x: Vec<f64> = (1..=40).map(f64::from).collect();
//! // A power law that a floor bends: L = 2 x^{-0.8} + 0.1.
//! let y: Vec<f64> = x.iter().map(|x| 2.0 * x.powf(-0.8) + 0.1).collect();
//! let fit = power_law(&x, &y, 2.0..=40.0)?;
//! let windows = fit.windows(3.0)?;
//! assert!(fit.exponent.value < 0.65 && windows.high - windows.low > 0.2); // no power law, and the windows say so
//! let offset = fit.offset()?;
//! assert!((offset.exponent.value - 0.8).abs() < 1e-6 && (offset.floor.value - 0.1).abs() < 1e-6);
//! # Ok::<(), scurve::error::Error>(())
//! ```

mod broken;
mod offset;
mod power;
mod resample;
mod sensitivity;

pub use broken::BrokenPowerLaw;
pub use offset::OffsetPowerLaw;
pub use power::{PowerLaw, power_law, power_law_seeds, two_point};
pub use sensitivity::{Jackknife, WindowSensitivity};

use crate::error::{Error, Result};
use crate::stats::Interval;
use crate::table::Table;
use std::fmt;
use std::ops::{RangeFull, RangeInclusive};

/// Where a law is fitted: the points with from ≤ x ≤ to.
///
/// ```
/// use scurve::metric::scaling::Window;
/// assert_eq!(Window::from(40.0..=220.0), Window { from: 40.0, to: 220.0 });
/// assert_eq!(Window::from(..).to_string(), "all x");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// The smallest x, ≥ 0.
    pub from: f64,
    /// The largest x, > from; may be infinite.
    pub to: f64,
}

impl Window {
    fn validate(self) -> Result<Self> {
        if self.from >= 0.0 && self.from < self.to {
            return Ok(self);
        }
        Err(Error::setting(
            "window",
            format!("{} to {}", self.from, self.to),
            "two numbers with 0 ≤ from < to",
        ))
    }

    pub(super) fn holds(self, x: f64) -> bool {
        self.from <= x && x <= self.to
    }
}

impl From<RangeInclusive<f64>> for Window {
    fn from(range: RangeInclusive<f64>) -> Self {
        Self {
            from: *range.start(),
            to: *range.end(),
        }
    }
}

/// Every point.
impl From<RangeFull> for Window {
    fn from(_: RangeFull) -> Self {
        Self {
            from: 0.0,
            to: f64::INFINITY,
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::display::number;
        match (self.from, self.to) {
            (0.0, f64::INFINITY) => write!(f, "all x"),
            (from, to) => write!(f, "{} ≤ x ≤ {}", number(from), number(to)),
        }
    }
}

/// One row for each fitted number, with the residuals of this law and of the single power law.
fn parameters(rows: &[(&str, Interval)], rms: f64, single_rms: f64) -> Result<Table> {
    let number = |f: fn(&Interval) -> f64| rows.iter().map(|r| f(&r.1)).collect::<Vec<_>>();
    Table::new()
        .with("parameter", rows.iter().map(|r| r.0).collect::<Vec<_>>())?
        .with("value", number(|i| i.value))?
        .with("low", number(|i| i.low))?
        .with("high", number(|i| i.high))?
        .with_constant("rms", rms)?
        .with_constant("single_rms", single_rms)
}

/// Shows a table, or why there is none, in a notebook cell.
fn show(table: Result<Table>) {
    match table {
        Ok(table) => table.evcxr_display(),
        Err(e) => println!("{e}"),
    }
}
