//! Two power laws that meet.

use super::PowerLaw;
use super::resample::line;
use crate::error::Result;
use crate::metric::curve::golden;
use crate::stats::Interval;
use crate::table::Table;

/// y = A (x/x₀)^{−a₁} up to the break x₀ and A (x/x₀)^{−a₂} after it, fitted to ln y by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrokenPowerLaw {
    /// a₁.
    pub before: Interval,
    /// a₂.
    pub after: Interval,
    /// x₀.
    pub at: Interval,
    /// A, the value at the break.
    pub value: f64,
    /// Root mean square residual of ln y.
    pub rms: f64,
    /// The same of the single power law, to compare.
    pub single_rms: f64,
}

impl BrokenPowerLaw {
    /// One row for each fitted number.
    pub fn table(&self) -> Result<Table> {
        super::parameters(
            &[
                ("before", self.before),
                ("after", self.after),
                ("at", self.at),
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
    /// Fits [`BrokenPowerLaw`] to the same points. The break is looked for between the second and the last but one point.
    ///
    /// # Errors
    /// Fewer than six points in the window.
    pub fn broken(&self) -> Result<BrokenPowerLaw> {
        self.sample.at_least(6, "two slopes and a break")?;
        let [before, after, at] = self.sample.bootstrap_best(|points| {
            let best = best(points);
            [-best.before, -best.after, best.log_break.exp()]
        });
        let whole = best(&self.sample.mean());
        Ok(BrokenPowerLaw {
            before,
            after,
            at,
            value: whole.log_value.exp(),
            rms: whole.rms,
            single_rms: self.rms,
        })
    }
}

struct Bend {
    before: f64,
    after: f64,
    log_break: f64,
    log_value: f64,
    rms: f64,
}

fn best(points: &[(f64, f64)]) -> Bend {
    let mut x: Vec<f64> = points.iter().map(|p| p.0).collect();
    x.sort_unstable_by(f64::total_cmp);
    x.dedup();
    if x.len() < 4 {
        // A resample of too few different points: no break to be seen.
        return bend(points, f64::NAN);
    }
    let at = golden(|b| bend(points, b).rms, x[1], x[x.len() - 2]);
    bend(points, at)
}

/// The best hinge with its break at `b`: least squares in 1, min(x − b, 0) and max(x − b, 0).
///
/// The two hinge functions have disjoint supports, so with the value at the break eliminated the normal equations are those of two lines
/// through (b, value).
fn bend(points: &[(f64, f64)], b: f64) -> Bend {
    // Sums of each side: n, u, y, uu, uy with u = x − b.
    let mut sums = [[0.0; 5]; 2];
    for (x, y) in points {
        let u = x - b;
        let side = &mut sums[usize::from(u > 0.0)];
        for (sum, term) in side.iter_mut().zip([1.0, u, *y, u * u, u * y]) {
            *sum += term;
        }
    }
    let [left, right] = sums;
    // Schur complement of the two slopes.
    let (mut weight, mut target) = (0.0, 0.0);
    for [n, u, y, uu, uy] in [left, right] {
        weight += n - u * u / uu;
        target += y - u * uy / uu;
    }
    let value = target / weight;
    let slope = |[_, u, _, uu, uy]: [f64; 5]| (uy - value * u) / uu;
    let (before, after) = (slope(left), slope(right));
    let rss: f64 = (points.iter())
        .map(|(x, y)| {
            let u = x - b;
            (y - value - if u > 0.0 { after } else { before } * u).powi(2)
        })
        .sum();
    let rms = (rss / points.len() as f64).sqrt();
    Bend {
        before,
        after,
        log_break: b,
        log_value: value,
        // Both slopes the same: any value of the break does; then the line's own residual.
        rms: if rms.is_nan() { line(points).2 } else { rms },
    }
}
