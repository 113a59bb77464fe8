//! A power law above a floor.

use super::PowerLaw;
use super::resample::line;
use crate::error::Result;
use crate::stats::Interval;
use crate::table::Table;

/// y = A x^{−a} + c, fitted to ln y by least squares.
///
/// c may come out negative: a curve that falls ever faster. An interval of c that holds 0 is no evidence for a floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OffsetPowerLaw {
    /// a.
    pub exponent: Interval,
    /// c.
    pub floor: Interval,
    /// A.
    pub scale: Interval,
    /// Root mean square residual of ln y.
    pub rms: f64,
    /// The same without a floor, to compare.
    pub single_rms: f64,
}

impl OffsetPowerLaw {
    /// A x^{−a} + c.
    pub fn at(&self, x: f64) -> f64 {
        self.scale.value * x.powf(-self.exponent.value) + self.floor.value
    }

    /// One row for each fitted number.
    pub fn table(&self) -> Result<Table> {
        super::parameters(
            &[
                ("exponent", self.exponent),
                ("floor", self.floor),
                ("scale", self.scale),
            ],
            self.rms,
            self.single_rms,
        )
    }

    /// Shows the fit in a notebook cell.
    pub fn evcxr_display(&self) {
        super::show(self.table());
    }
}

impl PowerLaw {
    /// Fits [`OffsetPowerLaw`] to the same points.
    ///
    /// # Errors
    /// Fewer than five points in the window.
    pub fn offset(&self) -> Result<OffsetPowerLaw> {
        self.sample
            .at_least(5, "an exponent, a scale and a floor")?;
        let whole = best(&self.sample.mean());
        let [exponent, floor, scale] = self.sample.bootstrap_best(|points| {
            let p = best(points);
            [p.exponent, p.floor, p.log_scale.exp()]
        });
        Ok(OffsetPowerLaw {
            exponent,
            floor,
            scale,
            rms: whole.rms,
            single_rms: self.rms,
        })
    }
}

#[derive(Clone, Copy)]
struct Curve {
    log_scale: f64,
    exponent: f64,
    floor: f64,
    rms: f64,
}

/// Shares of the least y at which the search for the floor starts.
const STARTS: [f64; 4] = [0.0, 0.5, 0.9, 0.99];

fn best(points: &[(f64, f64)]) -> Curve {
    let least = points
        .iter()
        .map(|p| p.1)
        .fold(f64::INFINITY, f64::min)
        .exp();
    STARTS
        .map(|share| descend(points, share * least))
        .into_iter()
        .min_by(|a, b| a.rms.total_cmp(&b.rms))
        .unwrap_or_else(|| descend(points, 0.0))
}

/// Levenberg–Marquardt from the straight line of ln(y − c) for a first c.
fn descend(points: &[(f64, f64)], floor: f64) -> Curve {
    let lifted: Vec<(f64, f64)> = (points.iter())
        .map(|(x, y)| (*x, (y.exp() - floor).ln()))
        .collect();
    let (slope, intercept, _) = line(&lifted);
    let mut now = measured(points, [intercept, -slope, floor]);
    let mut damping = 1e-3;
    for _ in 0..200 {
        let Some(step) = step(points, &now, damping) else {
            break;
        };
        let next = measured(
            points,
            [
                now.log_scale + step[0],
                now.exponent + step[1],
                now.floor + step[2],
            ],
        );
        if next.rms <= now.rms {
            let done = now.rms - next.rms <= 1e-15 * now.rms;
            now = next;
            damping = f64::max(damping / 10.0, 1e-15);
            if done {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e12 {
                break;
            }
        }
    }
    now
}

fn measured(points: &[(f64, f64)], [log_scale, exponent, floor]: [f64; 3]) -> Curve {
    let rss: f64 = (points.iter())
        .map(|(x, y)| (y - ((log_scale - exponent * x).exp() + floor).ln()).powi(2))
        .sum();
    let rms = (rss / points.len() as f64).sqrt();
    Curve {
        log_scale,
        exponent,
        floor,
        // A model that is not positive has no logarithm: never better than any other.
        rms: if rms.is_nan() { f64::INFINITY } else { rms },
    }
}

/// (JᵀJ + damping · diag) step = Jᵀ r for the residuals of ln y; None when singular.
fn step(points: &[(f64, f64)], now: &Curve, damping: f64) -> Option<[f64; 3]> {
    let mut a = [[0.0; 4]; 3];
    for (x, y) in points {
        let power = (now.log_scale - now.exponent * x).exp();
        let model = power + now.floor;
        let j = [power / model, -x * power / model, 1.0 / model];
        let r = y - model.ln();
        for i in 0..3 {
            for k in 0..3 {
                a[i][k] += j[i] * j[k];
            }
            a[i][3] += j[i] * r;
        }
    }
    for (i, row) in a.iter_mut().enumerate() {
        row[i] *= 1.0 + damping;
    }
    solve(a)
}

/// Gauss elimination with pivots.
fn solve(mut a: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    for i in 0..3 {
        let pivot = (i..3).max_by(|p, q| a[*p][i].abs().total_cmp(&a[*q][i].abs()))?;
        a.swap(i, pivot);
        if a[i][i] == 0.0 || !a[i][i].is_finite() {
            return None;
        }
        let row = a[i];
        for other in a.iter_mut().skip(i + 1) {
            let f = other[i] / row[i];
            for (x, y) in other.iter_mut().zip(row) {
                *x -= f * y;
            }
        }
    }
    let mut x = [0.0; 3];
    for i in (0..3).rev() {
        let known: f64 = (i + 1..3).map(|k| a[i][k] * x[k]).sum();
        x[i] = (a[i][3] - known) / a[i][i];
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}
