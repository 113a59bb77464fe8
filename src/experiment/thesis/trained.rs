//! What experiments on trained networks share: their features, last layers and measurements.

use crate::error::Result;
use crate::metric::representation::{FeatureFit, FeatureMetrics, LastLayer};
use crate::model::network::{Inputs, MlpTrainer};
use crate::table::Table;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Samples of a batch whose features are held at once.
const BATCH: usize = 1000;

/// The last layer in double precision.
pub(super) fn last_layer(net: &MlpTrainer<f32>) -> Result<LastLayer> {
    let (weight, bias) = net.layer(net.net().layers() - 1)?;
    let bias = bias.unwrap_or_else(|| vec![0.0; weight.ncols()]);
    LastLayer::new(
        weight.mapv(f64::from),
        bias.into_iter().map(f64::from).collect::<Array1<f64>>(),
    )
}

/// Features of inputs in double precision, samples × p.
pub(super) fn features(net: &mut MlpTrainer<f32>, inputs: ArrayView2<f32>) -> Result<Array2<f64>> {
    Ok(net
        .features(&Inputs::Dense(inputs.to_owned()))?
        .mapv(f64::from))
}

/// Eigenfunctions of the training inputs, everything else on the test inputs; in batches.
pub(super) fn measure(
    net: &mut MlpTrainer<f32>,
    train: &Array2<f32>,
    test: &Array2<f32>,
    targets: &Array2<f64>,
) -> Result<FeatureMetrics> {
    let mut fit = FeatureFit::new(last_layer(net)?)?;
    for batch in train.axis_chunks_iter(Axis(0), BATCH) {
        fit.push(features(net, batch)?.view())?;
    }
    let mut measured = fit.finish()?;
    for (batch, targets) in test
        .axis_chunks_iter(Axis(0), BATCH)
        .zip(targets.axis_chunks_iter(Axis(0), BATCH))
    {
        measured.push(features(net, batch)?.view(), targets)?;
    }
    measured.finish()
}

/// The single numbers of a measurement as columns of one row.
pub(super) fn row(metrics: &FeatureMetrics, others: &[(&str, f64)]) -> Result<Table> {
    let mut table = Table::new();
    for (name, value) in metrics.named().iter().chain(others) {
        table = table.with(name, vec![*value])?;
    }
    Ok(table)
}

/// Mean squares of what is left of a target when the first k eigenfunctions express it, k = 0, 1, …, on the samples of the fit, where they are orthonormal.
pub(super) fn residuals(e: &Array2<f64>, target: &Array2<f64>) -> Vec<f64> {
    // Not ‖f‖² − Σ c²: what is small would be lost.
    let n = e.nrows() as f64;
    let mut left = target.clone();
    let mut found = vec![left.iter().map(|x| x * x).sum::<f64>() / n];
    for e in e.columns() {
        for mut f in left.columns_mut() {
            let c = e.dot(&f) / e.dot(&e);
            f.scaled_add(-c, &e);
        }
        found.push(left.iter().map(|x| x * x).sum::<f64>() / n);
    }
    found
}
