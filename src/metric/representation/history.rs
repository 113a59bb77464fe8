//! Feature measurements along a training.

use super::FeatureMetrics;
use crate::error::{Error, Result};
use crate::table::Table;

/// Feature measurements at the steps of a [`Schedule`](crate::trace::Schedule): push one in the closure that records.
///
/// ```
/// use ndarray::Array2;
/// use scurve::metric::representation::{FeatureHistory, FeatureMetrics, LastLayer};
/// use scurve::model::network::{Batches, Examples, Inputs, Loss, Mlp, MlpTrainer};
/// use scurve::optimizer::Sgd;
/// use scurve::seed::Seed;
/// use scurve::trace::Schedule;
/// use std::ops::ControlFlow;
/// let x = Seed(0).normal("data", 60, 3);
/// let y = x.map_axis(ndarray::Axis(1), |x| f64::from(u8::from(x[0] > 0.0))).insert_axis(ndarray::Axis(1));
/// let examples = Examples::new(x, y.clone())?;
/// let mut net = MlpTrainer::<f64>::new(&Mlp::new([3, 20, 1]), Loss::Mse, Sgd::new(0.1), Seed(0))?;
/// let mut history = FeatureHistory::default();
/// net.train(40, Batches::Full(&examples), &Schedule::Every { steps: 20 }, |net, step| {
///     let (weight, bias) = net.layer(1)?;
///     let layer = LastLayer::new(weight, bias.unwrap_or_default().into())?;
///     let features = net.features(&examples.inputs)?;
///     history.push(step, FeatureMetrics::measure(&layer, features.view(), features.view(), y.view())?)?;
///     Ok(ControlFlow::Continue(()))
/// })?;
/// assert_eq!(history.steps(), [0, 20, 40]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureHistory {
    steps: Vec<usize>,
    metrics: Vec<FeatureMetrics>,
}

impl FeatureHistory {
    /// Adds what was measured before the step of number `step`.
    ///
    /// # Errors
    /// A step that is not after the one before.
    pub fn push(&mut self, step: usize, metrics: FeatureMetrics) -> Result<()> {
        if let Some(last) = self.steps.last().filter(|last| **last >= step) {
            let allowed = format!("above {last}, the one before");
            return Err(Error::setting("step", step, allowed));
        }
        self.steps.push(step);
        self.metrics.push(metrics);
        Ok(())
    }

    /// The steps.
    pub fn steps(&self) -> &[usize] {
        &self.steps
    }

    /// The measurements, one for each step.
    pub fn metrics(&self) -> &[FeatureMetrics] {
        &self.metrics
    }

    /// The last one.
    pub fn last(&self) -> Option<&FeatureMetrics> {
        self.metrics.last()
    }

    /// One row for each step: `step`, the single numbers, `regime`.
    pub fn table(&self) -> Result<Table> {
        let rows = self.metrics.iter().zip(&self.steps);
        let rows = rows.map(|(m, step)| m.table()?.led_by("step", *step as i64));
        Table::concat(rows.collect::<Result<_>>()?)
    }

    /// The first `count` features at all steps: `step` before the columns of [`FeatureMetrics::features_table`].
    pub fn features_table(&self, count: usize) -> Result<Table> {
        let rows = self.metrics.iter().zip(&self.steps);
        let rows = rows.map(|(m, step)| m.features_table(count)?.led_by("step", *step as i64));
        Table::concat(rows.collect::<Result<_>>()?)
    }

    /// Shows the single numbers in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}
