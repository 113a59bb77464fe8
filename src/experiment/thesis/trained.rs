//! What experiments on trained networks share: their features, last layers and measurements.

use super::pictures::ImageSplit;
use crate::error::Result;
use crate::metric::feature::indicators;
use crate::metric::neural_collapse::CollapseVariants;
use crate::metric::representation::{FeatureFit, FeatureMetrics, LastLayer};
use crate::model::network::{
    Architecture, Batches, Examples, Inputs, Loss, MlpTrainer, ModuleTrainer, Targets,
};
use crate::table::Table;
use crate::trace::Schedule;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use std::ops::ControlFlow;
use std::path::Path;

/// Samples of a batch whose features are held at once.
const BATCH: usize = 1000;

/// A network in training whose features are measured.
pub(super) trait Observed {
    /// Samples × p.
    fn features_of(&mut self, inputs: &Inputs<f32>) -> Result<Array2<f32>>;
    /// The last layer in double precision.
    fn layer_of(&self) -> Result<LastLayer>;
    /// Changes the learning rate.
    fn set_rate(&mut self, rate: f64);
    /// Trains until so many steps have been made in all, and calls `each(net, step)` as scheduled.
    fn go_on(
        &mut self,
        steps: usize,
        batches: Batches<f32>,
        schedule: &Schedule,
        each: &mut dyn FnMut(&mut dyn Observed, usize) -> Result<()>,
    ) -> Result<()>;
    /// Whether all parameters are finite: a loss that was so before the last step says nothing of what that step did.
    fn is_finite(&self) -> Result<bool>;
    /// Writes all that going on needs.
    fn keep(&mut self, path: &Path) -> Result<()>;
    /// Takes up what [`keep`](Self::keep) wrote.
    fn resume(&mut self, path: &Path) -> Result<()>;
}

impl Observed for MlpTrainer<f32> {
    fn features_of(&mut self, inputs: &Inputs<f32>) -> Result<Array2<f32>> {
        self.features(inputs)
    }

    fn layer_of(&self) -> Result<LastLayer> {
        doubled(self.layer(self.net().layers() - 1)?)
    }

    fn set_rate(&mut self, rate: f64) {
        self.set_lr(rate);
    }

    fn go_on(
        &mut self,
        steps: usize,
        batches: Batches<f32>,
        schedule: &Schedule,
        each: &mut dyn FnMut(&mut dyn Observed, usize) -> Result<()>,
    ) -> Result<()> {
        let record = |net: &mut Self, step| each(net, step).map(ControlFlow::Continue);
        self.train(steps, batches, schedule, record).map(drop)
    }

    fn is_finite(&self) -> Result<bool> {
        Ok(self.params().iter().all(|x| x.is_finite()))
    }

    fn keep(&mut self, path: &Path) -> Result<()> {
        self.save(path)
    }

    fn resume(&mut self, path: &Path) -> Result<()> {
        self.restore(path)
    }
}

impl<N: Architecture> Observed for ModuleTrainer<N> {
    fn features_of(&mut self, inputs: &Inputs<f32>) -> Result<Array2<f32>> {
        self.features(inputs)
    }

    fn layer_of(&self) -> Result<LastLayer> {
        doubled(self.last_layer()?)
    }

    fn set_rate(&mut self, rate: f64) {
        self.set_lr(rate);
    }

    fn go_on(
        &mut self,
        steps: usize,
        batches: Batches<f32>,
        schedule: &Schedule,
        each: &mut dyn FnMut(&mut dyn Observed, usize) -> Result<()>,
    ) -> Result<()> {
        let record = |net: &mut Self, step| each(net, step).map(ControlFlow::Continue);
        self.train(steps, batches, schedule, record).map(drop)
    }

    fn is_finite(&self) -> Result<bool> {
        Ok(self.params()?.iter().all(|x| x.is_finite()))
    }

    fn keep(&mut self, path: &Path) -> Result<()> {
        self.save(path)
    }

    fn resume(&mut self, path: &Path) -> Result<()> {
        self.restore(path)
    }
}

fn doubled((weight, bias): (Array2<f32>, Option<Vec<f32>>)) -> Result<LastLayer> {
    let bias = bias.unwrap_or_else(|| vec![0.0; weight.ncols()]);
    LastLayer::new(
        weight.mapv(f64::from),
        bias.into_iter().map(f64::from).collect::<Array1<f64>>(),
    )
}

/// Features of inputs in double precision, samples × p.
pub(super) fn features(net: &mut dyn Observed, inputs: ArrayView2<f32>) -> Result<Array2<f64>> {
    Ok(net
        .features_of(&Inputs::Dense(inputs.to_owned()))?
        .mapv(f64::from))
}

/// Eigenfunctions of the training inputs, everything else on the test inputs; in batches.
pub(super) fn measure(
    net: &mut dyn Observed,
    train: &Array2<f32>,
    test: &Array2<f32>,
    targets: &Array2<f64>,
) -> Result<FeatureMetrics> {
    let mut fit = FeatureFit::new(net.layer_of()?)?;
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

/// The share of rows whose largest output is their class.
pub(super) fn accuracy(outputs: &Array2<f64>, labels: &[usize]) -> f64 {
    let right = outputs
        .rows()
        .into_iter()
        .zip(labels)
        .filter(|(row, label)| {
            let own = row[**label];
            row.iter()
                .enumerate()
                .all(|(k, f)| k == **label || *f < own)
        });
    right.count() as f64 / labels.len() as f64
}

/// The mean over rows of the squared distance between outputs and targets.
pub(super) fn distance(outputs: &Array2<f64>, targets: &Array2<f64>) -> f64 {
    (outputs - targets).iter().map(|d| d * d).sum::<f64>() / outputs.nrows() as f64
}

/// Targets of both sets.
pub(super) struct Both {
    pub train: Array2<f64>,
    pub test: Array2<f64>,
}

impl Both {
    pub fn one_hot(split: &ImageSplit) -> Result<Self> {
        Ok(Self {
            train: indicators(&split.labels, split.classes)?,
            test: indicators(&split.test_labels, split.classes)?,
        })
    }

    /// The number of the class as a number.
    pub fn digits(split: &ImageSplit) -> Self {
        let column =
            |labels: &[usize]| Array2::from_shape_fn((labels.len(), 1), |(i, _)| labels[i] as f64);
        Self {
            train: column(&split.labels),
            test: column(&split.test_labels),
        }
    }

    /// The training set in the form that the loss takes.
    pub fn examples(&self, split: &ImageSplit, loss: Loss) -> Result<Examples<f32>> {
        let targets = match loss {
            Loss::CrossEntropy => {
                Targets::Classes(split.labels.iter().map(|c| *c as u32).collect())
            }
            _ => Targets::Values(self.train.mapv(|y| y as f32)),
        };
        Examples::new(split.train.clone(), targets)
    }
}

/// One row of a classifier: measures of features on the test set; neural collapse, loss, accuracy, κ, utilization and constant of the training set; test accuracy.
pub(super) fn observe(
    net: &mut dyn Observed,
    split: &ImageSplit,
    targets: &Both,
) -> Result<(Table, FeatureMetrics)> {
    let layer = net.layer_of()?;
    let train = features(net, split.train.view())?;
    let outputs = layer.outputs(train.view())?;
    let on_test = layer.outputs(features(net, split.test.view())?.view())?;
    let collapse = CollapseVariants::measure(&train, &split.labels, layer.weight(), layer.bias())?;
    let within = FeatureMetrics::measure(&layer, train.view(), train.view(), targets.train.view())?;
    let found = measure(net, &split.train, &split.test, &targets.test)?;
    let first: f64 = found.quality.iter().take(split.classes).sum();
    let mut others = collapse.named().to_vec();
    others.extend([
        ("train_loss", distance(&outputs, &targets.train)),
        ("train_accuracy", accuracy(&outputs, &split.labels)),
        ("test_accuracy", accuracy(&on_test, &split.test_labels)),
        ("kappa_train", within.kappa),
        ("utilization_train", within.utilization_dimension),
        ("constant_train", within.constant),
        ("quality_share", first / found.quality.iter().sum::<f64>()),
    ]);
    Ok((row(&found, &others)?, found))
}
