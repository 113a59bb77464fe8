//! What is measured of one Geometry run beside its Resource models.

use crate::error::Result;
use crate::table::Table;
use ndarray::{Array2, ArrayView1, Axis};

/// Skills as they are shown, records × n_task, of the Geometry model and of both forms of the Resource model.
pub(super) struct Measured {
    pub steps: Vec<usize>,
    pub geometry: Array2<f64>,
    pub resource: Option<Array2<f64>>,
    pub l2: Option<Array2<f64>>,
    /// The level at the start, which guessing has.
    pub start: f64,
    pub reversal: f64,
}

impl Measured {
    /// About `records` records of all skills.
    pub(super) fn curves(&self, records: usize) -> Result<Table> {
        let every = self.steps.len().div_ceil(records);
        let kept: Vec<usize> = (0..self.steps.len()).step_by(every).collect();
        let tasks = self.geometry.ncols();
        let flat = |x: &Array2<f64>| -> Vec<f64> {
            let kept = x.select(Axis(0), &kept);
            kept.iter().copied().collect()
        };
        let absent = || vec![f64::NAN; kept.len() * tasks];
        let step = kept.iter().flat_map(|t| vec![self.steps[*t]; tasks]);
        let skill = kept.iter().flat_map(|_| 1..=tasks);
        Table::new()
            .with("step", step.collect::<Vec<_>>())?
            .with("skill", skill.collect::<Vec<_>>())?
            .with("geometry", flat(&self.geometry))?
            .with("resource", self.resource.as_ref().map_or_else(absent, flat))?
            .with("resource_l2", self.l2.as_ref().map_or_else(absent, flat))
    }

    /// One row of measurements.
    pub(super) fn row(&self) -> Result<Table> {
        let tasks = self.geometry.ncols();
        let reversing = |x: &Array2<f64>| -> Vec<bool> {
            x.columns()
                .into_iter()
                .map(|curve| reversal(curve) > self.reversal)
                .collect()
        };
        let of_resource =
            |x: &Option<Array2<f64>>| x.as_ref().map_or_else(|| vec![false; tasks], &reversing);
        let (geometry, paper, l2) = (
            reversing(&self.geometry),
            of_resource(&self.resource),
            of_resource(&self.l2),
        );
        let count = |x: &[bool]| x.iter().filter(|x| **x).count();
        let both = geometry.iter().zip(&paper).filter(|(a, b)| **a && **b);
        let ends = self.geometry.row(self.steps.len() - 1);
        let worse = ends.iter().filter(|s| **s < self.start).count();
        let ((rmse, r2), (rmse_l2, r2_l2)) = (self.compare(&self.resource), self.compare(&self.l2));
        Table::new()
            .with("rmse", vec![rmse])?
            .with("rmse_l2", vec![rmse_l2])?
            .with("diverged", vec![usize::from(self.resource.is_none())])?
            .with("r2", vec![r2])?
            .with("r2_l2", vec![r2_l2])?
            .with("reversing", vec![count(&geometry)])?
            .with("reversing_resource", vec![count(&paper)])?
            .with("reversing_l2", vec![count(&l2)])?
            .with("reversing_both", vec![both.count()])?
            .with("worse", vec![worse])
    }

    /// Root mean square difference, and 1 − its square over the variance about the mean skill of each record.
    fn compare(&self, model: &Option<Array2<f64>>) -> (f64, f64) {
        let Some(model) = model else {
            return (f64::NAN, f64::NAN);
        };
        let n = self.geometry.len() as f64;
        let square: f64 = (&self.geometry - model).iter().map(|x| x * x).sum();
        let variance: f64 = self
            .geometry
            .rows()
            .into_iter()
            .map(|row| {
                let mean = row.sum() / row.len() as f64;
                row.iter().map(|s| (s - mean).powi(2)).sum::<f64>()
            })
            .sum();
        ((square / n).sqrt(), 1.0 - square / variance)
    }
}

/// The smaller of a curve's largest fall and its largest rise, each between any two records in the order of time.
fn reversal(curve: ArrayView1<f64>) -> f64 {
    let (mut high, mut low) = (f64::NEG_INFINITY, f64::INFINITY);
    let (mut fall, mut rise) = (0.0_f64, 0.0_f64);
    for s in curve {
        high = high.max(*s);
        low = low.min(*s);
        fall = fall.max(high - s);
        rise = rise.max(s - low);
    }
    fall.min(rise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_reversal_needs_a_fall_and_a_rise() {
        assert_eq!(reversal(array![0.0, 0.5, 1.0].view()), 0.0);
        assert_eq!(reversal(array![0.0, -0.5, -1.0].view()), 0.0);
        assert_eq!(reversal(array![0.0, -0.25, 1.0].view()), 0.25);
        assert_eq!(reversal(array![0.0, 1.0, 0.5].view()), 0.5);
    }

    #[test]
    fn agreement_is_complete_with_itself_and_none_with_the_mean() {
        let geometry = array![[0.0, 0.0], [1.0, 0.0], [1.0, 0.5]];
        let mean = array![[0.0, 0.0], [0.5, 0.5], [0.75, 0.75]];
        let measured = Measured {
            steps: vec![0, 1, 2],
            resource: Some(geometry.clone()),
            l2: Some(mean),
            geometry,
            start: 0.0,
            reversal: 0.1,
        };
        assert_eq!(measured.compare(&measured.resource), (0.0, 1.0));
        let (rmse, r2) = measured.compare(&measured.l2);
        assert!((rmse - (0.625f64 / 6.0).sqrt()).abs() < 1e-15 && r2.abs() < 1e-15);
    }
}
