//! The points of a fit in logarithms, and their bootstrap resamples.

use super::Window;
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::stats::{Interval, quantile, student_975};
use ndarray::ArrayView2;
use rand::RngExt;
use statrs::distribution::{ContinuousCDF, Normal};

/// Resamples behind an interval.
const DRAWS: usize = 1000;

/// ln x and ln y of the points in a window; NaN where a seed has no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) log_x: Vec<f64>,
    /// One row a seed.
    pub(super) log_y: Vec<Vec<f64>>,
}

/// What is drawn anew in each resample.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Point,
    Seed,
}

impl Sample {
    /// The points of `y` (seeds × x) in `window`, `least` or more of them.
    pub(super) fn new(x: &[f64], y: ArrayView2<f64>, window: Window, least: usize) -> Result<Self> {
        let window = window.validate()?;
        if y.ncols() != x.len() {
            return Err(Error::setting(
                "y.len()",
                y.ncols(),
                format!("{}, as many as x", x.len()),
            ));
        }
        if y.nrows() == 0 {
            return Err(Error::setting(
                "seeds",
                0,
                "at least 1: give one row of y a seed",
            ));
        }
        for (i, &at) in x.iter().enumerate() {
            if !(at.is_finite() && at > 0.0) {
                return Err(Error::setting(format!("x[{i}]"), at, "a finite number > 0"));
            }
            if i > 0 && at <= x[i - 1] {
                return Err(Error::setting(
                    format!("x[{i}]"),
                    at,
                    format!(
                        "above x[{}] = {}: give x in ascending order, and repeated measurements as seeds",
                        i - 1,
                        x[i - 1]
                    ),
                ));
            }
        }
        let inside: Vec<usize> = (0..x.len()).filter(|&i| window.holds(x[i])).collect();
        for &i in &inside {
            if let Some((seed, value)) = (y.column(i).iter().enumerate()).find(|(_, v)| **v <= 0.0)
            {
                return Err(Error::setting(
                    format!("y[{i}] of seed {seed}"),
                    value,
                    "above 0 in the window: it has no logarithm; narrow the window or leave the point out as NaN",
                ));
            }
        }
        let kept: Vec<usize> = inside
            .into_iter()
            .filter(|&i| y.column(i).iter().any(|v| v.is_finite()))
            .collect();
        if kept.len() < least {
            let ends = match (x.first(), x.last()) {
                (Some(a), Some(b)) => format!("{a} to {b}"),
                _ => "nothing".into(),
            };
            return Err(Error::setting(
                "window",
                window,
                format!(
                    "so wide that it holds at least {least} points with a value; it holds {} of {} (x runs from {ends})",
                    kept.len(),
                    x.len()
                ),
            ));
        }
        Ok(Self {
            log_x: kept.iter().map(|&i| x[i].ln()).collect(),
            log_y: y
                .rows()
                .into_iter()
                .map(|row| kept.iter().map(|&i| finite_ln(row[i])).collect())
                .collect(),
        })
    }

    pub(super) fn points(&self) -> usize {
        self.log_x.len()
    }

    pub(super) fn seeds(&self) -> usize {
        self.log_y.len()
    }

    /// Refuses a law with more parameters than `least` points can carry.
    pub(super) fn at_least(&self, least: usize, law: &str) -> Result<()> {
        if self.points() >= least {
            return Ok(());
        }
        Err(Error::setting(
            "points",
            self.points(),
            format!("at least {least} for {law}; widen the window or record more points"),
        ))
    }

    /// (ln x, mean of ln y over seeds) of every point.
    pub(super) fn mean(&self) -> Vec<(f64, f64)> {
        let all: Vec<usize> = (0..self.seeds()).collect();
        self.mean_of(&all)
    }

    fn mean_of(&self, seeds: &[usize]) -> Vec<(f64, f64)> {
        (self.log_x.iter().enumerate())
            .filter_map(|(i, x)| {
                let (mut sum, mut n) = (0.0, 0.0);
                for &seed in seeds {
                    let y = self.log_y[seed][i];
                    if y.is_finite() {
                        sum += y;
                        n += 1.0;
                    }
                }
                (n > 0.0).then(|| (*x, sum / n))
            })
            .collect()
    }

    /// The values of `statistic` with their intervals over resampled units.
    ///
    /// The interval is the expanded percentile interval (Hesterberg, *The American Statistician* 69, 2015): the percentiles Φ(∓ t √(n/(n−1)))
    /// with Student's t of n − 1 degrees in place of 2.5 % and 97.5 %, since the plain ones are too narrow for a handful of units.
    pub(super) fn bootstrap<const K: usize>(
        &self,
        unit: Unit,
        statistic: impl Fn(&[(f64, f64)]) -> [f64; K],
    ) -> [Interval; K] {
        let whole = self.mean();
        let value = statistic(&whole);
        let n = match unit {
            Unit::Point => whole.len(),
            Unit::Seed => self.seeds(),
        };
        if n < 2 {
            return value.map(|value| Interval {
                value,
                low: f64::NEG_INFINITY,
                high: f64::INFINITY,
                n,
            });
        }
        let mut rng = Seed(0).stream("bootstrap");
        let mut drawn = vec![0; n];
        let mut draws: [Vec<f64>; K] = std::array::from_fn(|_| Vec::with_capacity(DRAWS));
        for _ in 0..DRAWS {
            drawn.fill_with(|| rng.random_range(0..n));
            let resample: Vec<(f64, f64)> = match unit {
                Unit::Point => drawn.iter().map(|&i| whole[i]).collect(),
                Unit::Seed => self.mean_of(&drawn),
            };
            for (all, one) in draws.iter_mut().zip(statistic(&resample)) {
                all.push(one);
            }
        }
        let m = n as f64;
        let tail = Normal::standard().cdf(-student_975(n - 1) * (m / (m - 1.0)).sqrt());
        std::array::from_fn(|k| Interval {
            value: value[k],
            low: quantile(&draws[k], tail).min(value[k]),
            high: quantile(&draws[k], 1.0 - tail).max(value[k]),
            n,
        })
    }

    /// Over seeds where there are several, else over points.
    pub(super) fn bootstrap_best<const K: usize>(
        &self,
        statistic: impl Fn(&[(f64, f64)]) -> [f64; K],
    ) -> [Interval; K] {
        let unit = if self.seeds() > 1 {
            Unit::Seed
        } else {
            Unit::Point
        };
        self.bootstrap(unit, statistic)
    }
}

fn finite_ln(y: f64) -> f64 {
    if y.is_finite() { y.ln() } else { f64::NAN }
}

/// Slope, intercept and root mean square residual of a straight line; NaN when all x are the same.
pub(super) fn line(points: &[(f64, f64)]) -> (f64, f64, f64) {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
    let sxx: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    if points.len() < 2 || sxx <= 1e-24 * (1.0 + mean_x * mean_x) * n {
        return (f64::NAN, f64::NAN, f64::NAN);
    }
    let sxy: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let slope = sxy / sxx;
    let intercept = mean_y - slope * mean_x;
    let rss: f64 = (points.iter())
        .map(|p| (p.1 - intercept - slope * p.0).powi(2))
        .sum();
    (slope, intercept, (rss / n).sqrt())
}
