//! One power law.

use super::Window;
use super::resample::{Sample, Unit, line};
use crate::error::{Error, Result};
use crate::stats::Interval;
use crate::table::Table;
use ndarray::{Array2, ArrayView2};

/// y = A x^{−a}, fitted to ln y by least squares in a stated window.
///
/// | symbol | here |
/// |---|---|
/// | a | [`exponent`](Self::exponent) |
/// | A | [`scale`](Self::scale) |
///
/// With seeds, the fit is to the mean of ln y over seeds (the geometric mean of y).
#[derive(Clone, Debug, PartialEq)]
pub struct PowerLaw {
    /// a, with the interval over seeds where there are several, else over points.
    pub exponent: Interval,
    /// a, with the interval over points: how far the curve is from a straight line.
    pub over_points: Interval,
    /// a, with the interval over seeds; None for one seed.
    pub over_seeds: Option<Interval>,
    /// A, the value at x = 1.
    pub scale: f64,
    /// Root mean square residual of ln y.
    pub rms: f64,
    /// The window as asked for.
    pub window: Window,
    /// The first and last x that were used.
    pub used: (f64, f64),
    pub(super) sample: Sample,
}

/// Fits y = A x^{−a} to the points with x in `window`.
///
/// x ascends strictly and is positive. A y that is not finite (a run that diverged) is left out.
///
/// ```
/// use scurve::metric::scaling::power_law;
/// let x = [1.0, 2.0, 4.0, 8.0, 16.0];
/// let y = x.map(|x: f64| 3.0 * x.powf(-0.5));
/// let fit = power_law(&x, &y, ..)?;
/// assert!((fit.exponent.value - 0.5).abs() < 1e-12 && (fit.scale - 3.0).abs() < 1e-12);
/// # Ok::<(), scurve::error::Error>(())
/// ```
///
/// # Errors
/// Different lengths; an x that is not positive or does not ascend; a y ≤ 0 in the window; fewer than three points in it.
pub fn power_law(x: &[f64], y: &[f64], window: impl Into<Window>) -> Result<PowerLaw> {
    let one = ArrayView2::from_shape((1, y.len()), y)
        .map_err(|e| Error::Linalg(format!("y as one row: {e}")))?;
    fit(x, one, window.into())
}

/// As [`power_law`], with one row of `y` a seed: the interval is over seeds.
///
/// ```
/// use ndarray::Array2;
/// use scurve::{metric::scaling::power_law_seeds, seed::Seed};
/// let x: Vec<f64> = (1..=20).map(f64::from).collect();
/// let noise = Seed(0).normal("data", 8, 20);
/// let y = Array2::from_shape_fn((8, 20), |(s, i)| x[i].powf(-0.7) * (0.1 * noise[[s, i]]).exp());
/// let fit = power_law_seeds(&x, &y, ..)?;
/// assert!(fit.exponent.contains(0.7) && fit.exponent.n == 8);
/// # Ok::<(), scurve::error::Error>(())
/// ```
///
/// # Errors
/// As [`power_law`], and no seeds.
pub fn power_law_seeds(x: &[f64], y: &Array2<f64>, window: impl Into<Window>) -> Result<PowerLaw> {
    fit(x, y.view(), window.into())
}

fn fit(x: &[f64], y: ArrayView2<f64>, window: Window) -> Result<PowerLaw> {
    let sample = Sample::new(x, y, window, 3)?;
    let points = sample.mean();
    let (_, intercept, rms) = line(&points);
    let exponent = |points: &[(f64, f64)]| [-line(points).0];
    let [over_points] = sample.bootstrap(Unit::Point, exponent);
    let over_seeds = (sample.seeds() > 1).then(|| sample.bootstrap(Unit::Seed, exponent)[0]);
    Ok(PowerLaw {
        exponent: over_seeds.unwrap_or(over_points),
        over_points,
        over_seeds,
        scale: intercept.exp(),
        rms,
        window,
        used: (points[0].0.exp(), points[points.len() - 1].0.exp()),
        sample,
    })
}

impl PowerLaw {
    /// A x^{−a}.
    pub fn at(&self, x: f64) -> f64 {
        self.scale * x.powf(-self.exponent.value)
    }

    /// Points in the window.
    pub fn points(&self) -> usize {
        self.sample.points()
    }

    /// Seeds behind every point.
    pub fn seeds(&self) -> usize {
        self.sample.seeds()
    }

    /// One row for each interval: over points, and over seeds where there are several.
    pub fn table(&self) -> Result<Table> {
        let rows: Vec<(&str, Interval)> = [
            ("points", Some(self.over_points)),
            ("seeds", self.over_seeds),
        ]
        .into_iter()
        .filter_map(|(name, interval)| interval.map(|i| (name, i)))
        .collect();
        let number = |f: fn(&Interval) -> f64| rows.iter().map(|r| f(&r.1)).collect::<Vec<_>>();
        Table::new()
            .with("over", rows.iter().map(|r| r.0).collect::<Vec<_>>())?
            .with("exponent", number(|i| i.value))?
            .with("low", number(|i| i.low))?
            .with("high", number(|i| i.high))?
            .with("n", rows.iter().map(|r| r.1.n).collect::<Vec<_>>())?
            .with_constant("scale", self.scale)?
            .with_constant("rms", self.rms)?
            .with_constant("from", self.used.0)?
            .with_constant("to", self.used.1)
    }

    /// Shows the fit in a notebook cell.
    pub fn evcxr_display(&self) {
        super::show(self.table());
    }
}

/// The slope between two points, −ln(y₂/y₁) / ln(x₂/x₁): how the published exponents were read (n_dim 40 → 220, steps 80 → 200).
///
/// ```
/// use scurve::metric::scaling::two_point;
/// assert!((two_point(&[1.0, 10.0, 100.0], &[1.0, 0.1, 0.05], 1.0, 10.0)? - 1.0).abs() < 1e-12);
/// # Ok::<(), scurve::error::Error>(())
/// ```
///
/// # Errors
/// Different lengths, an end that is no point of `x`, both ends the same, or a value there that is not positive.
pub fn two_point(x: &[f64], y: &[f64], from: f64, to: f64) -> Result<f64> {
    if x.len() != y.len() {
        return Err(Error::setting(
            "y.len()",
            y.len(),
            format!("{}, as many as x", x.len()),
        ));
    }
    let value = |name: &str, at: f64| {
        let i = x.iter().position(|x| *x == at).ok_or_else(|| {
            let near = x
                .iter()
                .min_by(|a, b| (*a - at).abs().total_cmp(&(*b - at).abs()));
            let near = near.map_or("there are none".into(), |x| format!("the nearest is {x}"));
            Error::setting(name, at, format!("one of the points of x; {near}"))
        })?;
        if at > 0.0 && y[i] > 0.0 && y[i].is_finite() {
            return Ok(y[i]);
        }
        Err(Error::setting(
            format!("y[{i}]"),
            y[i],
            "a finite number > 0, at a positive x",
        ))
    };
    let (first, last) = (value("from", from)?, value("to", to)?);
    if from == to {
        return Err(Error::setting("to", to, "another point than from"));
    }
    Ok(-(last / first).ln() / (to / from).ln())
}
