//! Features made for the minimum-projection operator.

use super::TrainedCollapse;
use crate::error::Result;
use crate::linalg;
use crate::metric::feature::indicators;
use crate::metric::minimum_projection::{MpOperator, Propositions};
use crate::metric::neural_collapse::CollapseVariants;
use crate::metric::representation::{FeatureMetrics, LastLayer};
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2};
use rand::RngExt;

/// Classes of the features that are spoiled.
const CLASSES: usize = 10;

impl TrainedCollapse {
    /// Propositions 2.5.1 to 2.5.3 on features of an operator whose scalars are drawn.
    pub(super) fn propositions(&self, seed: Seed) -> Result<Table> {
        let mut rng = seed.stream("operator");
        let parts = self.classes.iter().map(|&classes| {
            let (a1, a2) = (rng.random_range(0.1..10.0), rng.random_range(0.1..10.0));
            let labels: Vec<usize> = (0..classes * self.synthetic).map(|i| i % classes).collect();
            let features =
                MpOperator::new(a1, a2, classes)?.features(&labels, classes + 7, seed)?;
            let found = Propositions::measure(&features, &labels, a2)?;
            found.table()?.led_by("classes", classes as i64)
        });
        Table::concat(parts.collect::<Result<_>>()?)
    }

    /// The same features with noise within classes, or with intensities that differ.
    pub(super) fn spoiled(&self, seed: Seed) -> Result<Table> {
        let labels: Vec<usize> = (0..CLASSES * self.synthetic).map(|i| i % CLASSES).collect();
        let p = CLASSES + 7;
        let ideal = MpOperator::new(3.0, 1.0, CLASSES)?.features(&labels, p, seed)?;
        let noise = seed.normal("noise", labels.len(), p);
        // Directions in which the features are stretched, and by how much.
        let turn = linalg::qr(&seed.normal("directions", p, p))?.0;
        let exponents = seed.normal("stretch", 1, p).row(0).to_owned();
        let mut rows = Vec::new();
        for kind in ["noise", "stretch"] {
            for &size in &self.sizes {
                let features = match kind {
                    "noise" => &ideal + &(&noise * size),
                    _ => ideal.dot(&(&turn * &exponents.mapv(|x| (size * x).exp()))),
                };
                rows.push(
                    one(&features, &labels)?
                        .led_by("size", size)?
                        .led_by("kind", kind)?,
                );
            }
        }
        Table::concat(rows)
    }
}

/// Under the last layer that is nearest to one-hot targets.
fn one(features: &Array2<f64>, labels: &[usize]) -> Result<Table> {
    let targets = indicators(labels, CLASSES)?;
    let layer = LastLayer::new(least_squares(features, &targets)?, Array1::zeros(CLASSES))?;
    let found = FeatureMetrics::measure(&layer, features.view(), features.view(), targets.view())?;
    let nc = CollapseVariants::measure(features, labels, layer.weight(), layer.bias())?;
    Table::new()
        .with("kappa", vec![found.kappa])?
        .with("nc1_trace", vec![nc.nc1_trace])?
        .with("nc2_simplex", vec![nc.nc2_simplex])?
        .with("nc4", vec![nc.nc4])
}

/// The weights of least norm, by the singular value decomposition.
fn least_squares(features: &Array2<f64>, targets: &Array2<f64>) -> Result<Array2<f64>> {
    let svd = linalg::svd(features)?;
    let floor = svd.s[0] * 1e-10;
    let inverse = svd.s.mapv(|s| if s > floor { s.recip() } else { 0.0 });
    let along = svd.u.t().dot(targets) * &inverse.insert_axis(ndarray::Axis(1));
    Ok(svd.vt.t().dot(&along))
}
