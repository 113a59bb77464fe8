//! What an exponent owes to its window and to single points.

use super::PowerLaw;
use super::resample::line;
use crate::error::{Error, Result};
use crate::stats::{Interval, quantile, student_975};
use crate::table::Table;

/// The exponents of all sub-windows.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowSensitivity {
    /// (first x, last x) of each.
    pub windows: Vec<(f64, f64)>,
    /// The exponent of each.
    pub exponents: Vec<f64>,
    /// The smallest exponent.
    pub low: f64,
    /// The middle one.
    pub median: f64,
    /// The largest.
    pub high: f64,
    /// The least x_last / x_first that was let in.
    pub span: f64,
}

impl WindowSensitivity {
    /// high − low.
    pub fn spread(&self) -> f64 {
        self.high - self.low
    }

    /// One row a sub-window.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("from", self.windows.iter().map(|w| w.0).collect::<Vec<_>>())?
            .with("to", self.windows.iter().map(|w| w.1).collect::<Vec<_>>())?
            .with("exponent", self.exponents.clone())
    }

    /// Shows the sub-windows in a notebook cell.
    pub fn evcxr_display(&self) {
        super::show(self.table());
    }
}

/// The exponents with one point left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Jackknife {
    /// The exponent of all points with the interval ± t √((n−1)/n Σ (a₍ᵢ₎ − ā)²).
    pub exponent: Interval,
    /// That root, the jackknife's standard error.
    pub standard_error: f64,
    /// x of the point left out.
    pub without: Vec<f64>,
    /// The exponent without it.
    pub exponents: Vec<f64>,
}

impl Jackknife {
    /// One row for each point left out.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("without", self.without.clone())?
            .with("exponent", self.exponents.clone())
    }

    /// Shows the exponents in a notebook cell.
    pub fn evcxr_display(&self) {
        super::show(self.table());
    }
}

impl PowerLaw {
    /// The exponents of all sub-windows of at least three points whose last x is at least `span` times the first.
    ///
    /// # Errors
    /// A span that is not above 1, or so large that no sub-window has it.
    pub fn windows(&self, span: f64) -> Result<WindowSensitivity> {
        let most = self.used.1 / self.used.0;
        // Logarithms and back: the whole window must pass when its own span is asked for.
        let least = span * (1.0 - 1e-9);
        if span.is_nan() || span <= 1.0 || least > most {
            return Err(Error::setting(
                "span",
                span,
                format!("above 1 and at most {most}, the span of the fit's own window"),
            ));
        }
        let points = self.sample.mean();
        let (mut windows, mut exponents) = (vec![], vec![]);
        for i in 0..points.len() {
            for j in i + 2..points.len() {
                let ends = (points[i].0.exp(), points[j].0.exp());
                if ends.1 >= least * ends.0 {
                    windows.push(ends);
                    exponents.push(-line(&points[i..=j]).0);
                }
            }
        }
        Ok(WindowSensitivity {
            low: quantile(&exponents, 0.0),
            median: quantile(&exponents, 0.5),
            high: quantile(&exponents, 1.0),
            windows,
            exponents,
            span,
        })
    }

    /// Leaves out one point at a time, as the error bars of Fig. 11 do.
    ///
    /// # Errors
    /// Fewer than four points in the window.
    pub fn jackknife(&self) -> Result<Jackknife> {
        self.sample.at_least(4, "a jackknife")?;
        let points = self.sample.mean();
        let n = points.len();
        let exponents: Vec<f64> = (0..n)
            .map(|i| -line(&[&points[..i], &points[i + 1..]].concat()).0)
            .collect();
        let m = n as f64;
        let mean = exponents.iter().sum::<f64>() / m;
        let squares: f64 = exponents.iter().map(|a| (a - mean).powi(2)).sum();
        let standard_error = ((m - 1.0) / m * squares).sqrt();
        let (value, half) = (self.exponent.value, student_975(n - 1) * standard_error);
        Ok(Jackknife {
            exponent: Interval {
                value,
                low: value - half,
                high: value + half,
                n,
            },
            standard_error,
            without: points.iter().map(|p| p.0.exp()).collect(),
            exponents,
        })
    }
}
