//! What is measured of one run of many tasks.

use super::PowerLawSkills;
use crate::error::Result;
use crate::model::skill::{Alignment, SkillTrajectory};
use crate::table::Table;
use ndarray::Array2;
use std::f64::consts::FRAC_PI_2;

/// One run, recorded at every step, and its smoothed n_align.
pub(super) struct Measured<'a> {
    settings: &'a PowerLawSkills,
    run: &'a SkillTrajectory,
    /// Signed sums n_i of the text, counts of the code, and sin²(πn_i/2n_dim) of every step, all smoothed.
    signed: Array2<f64>,
    agreeing: Array2<f64>,
    sin2: Array2<f64>,
    times: Vec<f64>,
    /// The step when all skills are learned, or the last one.
    end: usize,
}

impl<'a> Measured<'a> {
    pub(super) fn new(
        settings: &'a PowerLawSkills,
        run: &'a SkillTrajectory,
        alignment: &Alignment,
    ) -> Self {
        let times = run.learning_times(settings.level);
        let last = run.steps.len() - 1;
        let latest = times.iter().fold(
            0.0,
            |a: f64, b| if b.is_nan() { f64::NAN } else { a.max(*b) },
        );
        let smooth = |values: &Array2<f64>| smoothed(values, settings.smoothing);
        let dims = settings.n_dim as f64;
        // The skill's own gradient −ℒ′(s) t turns round where the skill overshoots.
        let own = &alignment.signed * &run.skills.mapv(|s| (1.0 - s).signum());
        Self {
            settings,
            run,
            signed: smooth(&own),
            agreeing: smooth(&alignment.agreeing),
            // The sine of every step, not of a mean.
            sin2: smooth(
                &alignment
                    .signed
                    .mapv(|n| (FRAC_PI_2 * n / dims).sin().powi(2)),
            ),
            end: if latest.is_finite() {
                latest as usize
            } else {
                last
            },
            times,
        }
    }

    /// The kept records of all skills.
    pub(super) fn curves(&self) -> Result<Table> {
        let last = self.run.steps.len() - 1;
        let kept: Vec<usize> = (0..=self.settings.records)
            .map(|k| k * last / self.settings.records)
            .collect();
        let tasks = self.times.len();
        let flat = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            kept.iter()
                .flat_map(|&t| (0..tasks).map(move |i| f(t, i)).collect::<Vec<_>>())
                .collect()
        };
        let whole = |f: &dyn Fn(usize, usize) -> i64| -> Vec<i64> {
            kept.iter()
                .flat_map(|&t| (0..tasks).map(move |i| f(t, i)).collect::<Vec<_>>())
                .collect()
        };
        Table::new()
            .with("step", whole(&|t, _| t as i64))?
            .with("skill", whole(&|_, i| i as i64 + 1))?
            .with("s", flat(&|t, i| self.run.skills[[t, i]]))?
            .with("n_align", flat(&|t, i| self.signed[[t, i]]))?
            .with("n_agreeing", flat(&|t, i| self.agreeing[[t, i]]))?
            .with("sin2", flat(&|t, i| self.sin2[[t, i]]))
    }

    /// Step and height of the peak of a skill's n_align, the count of the published figure.
    fn peak(&self, i: usize) -> (usize, f64) {
        let column = self.agreeing.column(i);
        let mut best = (0, f64::NEG_INFINITY);
        for (t, n) in column.iter().enumerate().take(self.end + 1) {
            if *n > best.1 {
                best = (t, *n);
            }
        }
        best
    }

    /// One row a skill.
    pub(super) fn skills(&self) -> Result<Table> {
        let tasks = self.times.len();
        let left = 1.0 - self.settings.level;
        let level = self.settings.level;
        let (mut waiting, mut speed_up) = (vec![f64::NAN; tasks], vec![f64::NAN; tasks]);
        for i in 1..tasks {
            let (before, own) = (self.times[i - 1], self.times[i]);
            if before.is_finite() {
                let s = self.run.skills[[before as usize, i]];
                // Without an own time the speed-up is NaN.
                waiting[i] = (1.0 - s - left) / level;
                speed_up[i] = ((level - s) / (own - before)) / (s / before);
            }
        }
        let peaks: Vec<(usize, f64)> = (0..tasks).map(|i| self.peak(i)).collect();
        Table::new()
            .with("skill", (1..=tasks).collect::<Vec<_>>())?
            .with("time", self.times.clone())?
            .with("peak_step", peaks.iter().map(|p| p.0).collect::<Vec<_>>())?
            .with("peak", peaks.iter().map(|p| p.1).collect::<Vec<_>>())?
            .with("waiting", waiting)?
            .with("speed_up", speed_up)
    }

    /// One row: orders, and what is conserved.
    pub(super) fn run(&self) -> Result<Table> {
        // The peak of a skill that is not learned may be still to come.
        let peaks: Vec<f64> = (0..self.times.len())
            .map(|i| match self.times[i].is_finite() {
                true => self.peak(i).0 as f64,
                false => f64::NAN,
            })
            .collect();
        let dims = self.settings.n_dim as f64;
        let course = |values: &Array2<f64>, unit: f64| -> [f64; 3] {
            let rows = values.rows().into_iter().take(self.end + 1);
            let series: Vec<f64> = rows.map(|row| row.sum() / unit).collect();
            let low = series.iter().copied().fold(f64::INFINITY, f64::min);
            let high = series.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            [series.iter().sum::<f64>() / series.len() as f64, low, high]
        };
        let sin2 = course(&self.sin2, 1.0);
        let total = course(&self.signed, dims);
        let mut table = Table::new()
            .with("in_order", vec![ascending(&self.times)])?
            .with("peaks_in_order", vec![ascending(&peaks)])?;
        for (name, values) in [("sin2", sin2), ("sum", total)] {
            for (part, value) in ["mean", "low", "high"].into_iter().zip(values) {
                table = table.with(&format!("{name}_{part}"), vec![value])?;
            }
        }
        Ok(table)
    }
}

/// The share of neighbours that rise. NaN is later than all steps; two of them are no pair to judge.
fn ascending(values: &[f64]) -> f64 {
    let judged = values
        .windows(2)
        .filter(|w| !(w[0].is_nan() && w[1].is_nan()));
    let rising = judged
        .clone()
        .filter(|w| w[0] < w[1] || (w[0].is_finite() && w[1].is_nan()));
    match judged.count() {
        0 => f64::NAN,
        n => rising.count() as f64 / n as f64,
    }
}

/// Every column under a Gaussian of `sigma` records, cut off at 4σ and normalised at the ends.
fn smoothed(values: &Array2<f64>, sigma: f64) -> Array2<f64> {
    let reach = (4.0 * sigma).ceil() as usize;
    let kernel: Vec<f64> = (0..=reach)
        .map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp())
        .collect();
    let mut out = Array2::zeros(values.dim());
    let last = values.nrows() - 1;
    for t in 0..=last {
        let mut weight = 0.0;
        for from in t.saturating_sub(reach)..=(t + reach).min(last) {
            let w = kernel[t.abs_diff(from)];
            weight += w;
            out.row_mut(t).scaled_add(w, &values.row(from));
        }
        out.row_mut(t).mapv_inplace(|x| x / weight);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_a_constant_and_halves_a_step() {
        let flat = smoothed(&Array2::from_elem((50, 2), 3.0), 5.0);
        assert!(flat.iter().all(|x| (x - 3.0).abs() < 1e-12));
        let step = Array2::from_shape_fn((101, 1), |(t, _)| f64::from(u8::from(t >= 50)));
        let soft = smoothed(&step, 5.0);
        // Half a bin before the step's middle: Φ(½/5) above one half.
        assert!((soft[[50, 0]] - 0.5398).abs() < 2e-3);
        assert!(soft[[20, 0]] < 1e-4 && soft[[80, 0]] > 1.0 - 1e-4);
    }

    #[test]
    fn order_is_the_share_of_rising_neighbours() {
        assert_eq!(ascending(&[1.0, 2.0, 2.0, 5.0]), 2.0 / 3.0);
        assert_eq!(ascending(&[1.0, 2.0, f64::NAN, f64::NAN]), 1.0);
        assert_eq!(ascending(&[2.0, 1.0, f64::NAN, 3.0]), 1.0 / 3.0);
        assert!(ascending(&[f64::NAN, f64::NAN]).is_nan());
    }
}
