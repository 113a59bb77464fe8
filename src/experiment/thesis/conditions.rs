//! Trainings on images side by side, each told apart by its part of a figure and its setting.
//!
//! Table `training`, by seed, `part`, `setting`, `value` and `epoch`: the measures of [`FeatureMetrics::named`] on the test set, `train_loss` and `test_loss` (squared distance of outputs from
//! one-hot rows), `train_accuracy`, `test_accuracy`, `kappa_train` and `utilization_train` (on the training set), `quality_first` (Π*(C)), `quality_all` (Π*(p)), `utilization_first` (Π̂(C)), `flatness`
//! (ρ_C/ρ_2, as the first is of the constant function), `gap` (ρ_{C+1}/ρ_C).
//!
//! Table `features`, by seed, `part`, `setting`, `epoch` and `k` up to `shown`, on the test set: `intensity`, `quality`, `utilization`, their cumulative sums.
//!
//! Table `end`, one row a training: `diverged` (the step at which the loss was not finite, else NaN) and what `training` says after the last epoch (NaN where it diverged).

pub(super) mod report;

use super::pictures::{ImageSplit, Pictures};
use super::recipe::{Dynamics, Recipe};
use super::trained::{Both, Observed, accuracy, distance, features, row};
use crate::error::{Error, Result};
use crate::experiment::unfinished::Unfinished;
use crate::experiment::{Progress, Tables};
use crate::metric::representation::{FeatureFit, FeatureMetrics};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;
use ndarray::{Array2, Axis};

/// One training.
pub(super) struct Condition {
    /// Which panel of the figure.
    pub part: &'static str,
    /// Its name in the panel.
    pub setting: String,
    /// The number that is varied.
    pub value: f64,
    pub recipe: Recipe,
    pub pictures: Pictures,
}

/// What is written down of each training.
#[derive(Clone, Copy)]
pub(super) struct Observation<'a> {
    /// Epochs before which is measured.
    pub record: &'a Schedule,
    /// Features that are kept.
    pub shown: usize,
}

/// Columns of the table `end`.
pub(super) const END: [&str; 14] = [
    "test_accuracy",
    "test_loss",
    "train_accuracy",
    "train_loss",
    "kappa",
    "kappa_train",
    "intensity_dimension",
    "utilization_dimension",
    "utilization_train",
    "quality_first",
    "quality_all",
    "utilization_first",
    "flatness",
    "gap",
];

/// Measured before training and after it alone.
pub(super) static ENDS: Schedule = Schedule::Explicit { steps: Vec::new() };

/// Samples whose features are held at once.
const BATCH: usize = 1000;

/// Checks every condition before any of them starts.
pub(super) fn validate(conditions: &[Condition], observation: Observation) -> Result<()> {
    crate::experiment::check::whole("shown", observation.shown, 3, 10_000)?;
    observation.record.validate("record")?;
    for condition in conditions {
        condition.recipe.validate()?;
        condition.pictures.validate("pictures")?;
        condition.recipe.net.takes(condition.pictures.side)?;
        let (batch, count) = (condition.recipe.batch, condition.pictures.count());
        if batch > count {
            let allowed = format!("from 1 to the number of images, {count}");
            return Err(Error::setting("recipe.batch", batch, allowed));
        }
    }
    Ok(())
}

/// Trains all. A training that diverges is written down as such, and the others go on; one that was finished before a run stopped is read; two that are the same but for
/// their names are one.
pub(super) fn train_all(
    conditions: &[Condition],
    observation: Observation,
    seed: Seed,
    progress: &Progress,
) -> Result<Tables> {
    let mut trained: Vec<Found> = Vec::new();
    for (i, condition) in conditions.iter().enumerate() {
        let same = |other: &Condition| {
            (&other.recipe, &other.pictures) == (&condition.recipe, &condition.pictures)
        };
        if let Some(twin) = conditions[..i].iter().position(same) {
            trained.push(trained[twin].clone());
            continue;
        }
        let unfinished = Unfinished::of(progress, seed, &i.to_string());
        let stop = |_: usize| progress.check();
        trained.push(condition.train(observation, seed, unfinished.as_ref(), &stop)?);
    }
    let mut all = Found::default();
    for (condition, found) in conditions.iter().zip(trained) {
        all.extend(found.map(|table| condition.named(table))?);
    }
    all.tables()
}

/// A training that was finished before a run stopped.
fn finished(unfinished: &Unfinished) -> Option<Found> {
    let [training, features, end] =
        ["training", "features", "end"].map(|name| unfinished.read(name).map(|t| vec![t]));
    Some(Found {
        end: end?,
        training: training?,
        features: features?,
    })
}

#[derive(Clone, Debug, Default)]
struct Found {
    training: Vec<Table>,
    features: Vec<Table>,
    end: Vec<Table>,
}

impl Found {
    fn map(self, change: impl Fn(Table) -> Result<Table>) -> Result<Self> {
        let all = |tables: Vec<Table>| tables.into_iter().map(&change).collect::<Result<_>>();
        Ok(Self {
            training: all(self.training)?,
            features: all(self.features)?,
            end: all(self.end)?,
        })
    }

    /// The tables that have rows.
    fn write(&self, unfinished: &Unfinished) -> Result<()> {
        for (name, parts) in [
            ("training", &self.training),
            ("features", &self.features),
            ("end", &self.end),
        ] {
            if !parts.is_empty() {
                unfinished.write(name, &Table::concat(parts.clone())?)?;
            }
        }
        Ok(())
    }

    fn extend(&mut self, other: Self) {
        self.training.extend(other.training);
        self.features.extend(other.features);
        self.end.extend(other.end);
    }

    /// What was measured before an epoch.
    fn before(self, epoch: usize) -> Result<Self> {
        let cut = |tables: Vec<Table>| -> Result<Vec<Table>> {
            let mut kept = Vec::new();
            for table in tables {
                for at in table.distinct("epoch")? {
                    if at < epoch as i64 {
                        kept.push(table.rows_where("epoch", at)?);
                    }
                }
            }
            Ok(kept)
        };
        Ok(Self {
            training: cut(self.training)?,
            features: cut(self.features)?,
            end: Vec::new(),
        })
    }

    fn tables(self) -> Result<Tables> {
        let mut tables = Tables::new();
        for (name, parts) in [
            ("training", self.training),
            ("features", self.features),
            ("end", self.end),
        ] {
            tables.insert(name.into(), Table::concat(parts)?);
        }
        Ok(tables)
    }
}

impl Condition {
    fn named(&self, table: Table) -> Result<Table> {
        table
            .led_by("value", self.value)?
            .led_by("setting", self.setting.as_str())?
            .led_by("part", self.part)
    }

    fn train(
        &self,
        observation: Observation,
        seed: Seed,
        unfinished: Option<&Unfinished>,
        stop: &dyn Fn(usize) -> Result<()>,
    ) -> Result<Found> {
        if let Some(found) = unfinished.and_then(finished) {
            return Ok(found);
        }
        let split = ImageSplit::pictures(&self.pictures, seed)?;
        let targets = Both::one_hot(&split)?;
        let due = observation.record.steps(self.recipe.epochs);
        let state = unfinished.map(Unfinished::state).filter(|p| p.is_file());
        let mut found = Found::default();
        let mut earlier = state.as_ref().and(unfinished).map(|kept| Found {
            training: kept.read("training").into_iter().collect(),
            features: kept.read("features").into_iter().collect(),
            end: Vec::new(),
        });
        let how = (Dynamics::Backpropagation, seed);
        let trained = self.recipe.train_from(
            &split,
            &targets,
            how,
            state.as_deref(),
            &mut |net, epoch| {
                if let Some(earlier) = earlier.take() {
                    found = earlier.before(epoch)?;
                }
                let stopped = stop(epoch);
                if let Some(unfinished) = unfinished
                    && epoch > 0
                    && (unfinished.due() || stopped.is_err())
                {
                    // Rows first: those that the checkpoint is too old for are left out when they are read.
                    found.write(unfinished)?;
                    net.keep(&unfinished.state())?;
                }
                stopped?;
                if due.binary_search(&epoch).is_ok() {
                    if !net.is_finite()? {
                        let step = epoch * self.recipe.steps(self.pictures.count());
                        let what = self.setting.clone();
                        return Err(Error::Diverged { what, step });
                    }
                    let (row, metrics) = classify(net, &split, &targets)?;
                    let led = |table: Table| table.led_by("epoch", epoch as i64);
                    found.training.push(led(row)?);
                    let features = metrics.features_table(observation.shown)?;
                    found.features.push(led(features)?);
                }
                Ok(())
            },
        );
        let diverged = match trained {
            Ok(()) => f64::NAN,
            Err(Error::Diverged { step, .. }) => step as f64,
            Err(e) => return Err(e),
        };
        found.end.push(end(&found, diverged)?);
        if let Some(unfinished) = unfinished {
            found.write(unfinished)?;
            unfinished.forget_state();
        }
        Ok(found)
    }
}

/// The row of `end`.
fn end(found: &Found, diverged: f64) -> Result<Table> {
    let last = found.training.last().filter(|_| diverged.is_nan());
    let mut table = Table::new().with("diverged", vec![diverged])?;
    for name in END {
        let value = match last {
            Some(row) => row.f64s(name)?.last().copied().unwrap_or(f64::NAN),
            None => f64::NAN,
        };
        table = table.with(name, vec![value])?;
    }
    Ok(table)
}

/// Sums of what a classifier gets right.
#[derive(Default)]
struct Score {
    right: f64,
    distance: f64,
    samples: f64,
}

impl Score {
    fn push(&mut self, outputs: &Array2<f64>, targets: &Array2<f64>, labels: &[usize]) {
        let n = labels.len() as f64;
        self.right += n * accuracy(outputs, labels);
        self.distance += n * distance(outputs, targets);
        self.samples += n;
    }

    fn means(&self) -> (f64, f64) {
        (self.right / self.samples, self.distance / self.samples)
    }
}

/// One row of a classifier. Features are held for a batch only: eigenfunctions of the training set, measures on the test set, and those on the training set itself.
fn classify(
    net: &mut dyn Observed,
    split: &ImageSplit,
    targets: &Both,
) -> Result<(Table, FeatureMetrics)> {
    let layer = net.layer_of()?;
    let mut fit = FeatureFit::new(layer.clone())?;
    for batch in split.train.axis_chunks_iter(Axis(0), BATCH) {
        fit.push(features(net, batch)?.view())?;
    }
    let fitted = fit.finish()?;
    let mut on = |images: &Array2<f32>, targets: &Array2<f64>, labels: &[usize]| {
        let (mut measured, mut score) = (fitted.clone(), Score::default());
        let chunks = images.axis_chunks_iter(Axis(0), BATCH);
        let targets = targets.axis_chunks_iter(Axis(0), BATCH);
        for ((images, targets), labels) in chunks.zip(targets).zip(labels.chunks(BATCH)) {
            let features = features(net, images)?;
            measured.push(features.view(), targets)?;
            let outputs = layer.outputs(features.view())?;
            score.push(&outputs, &targets.to_owned(), labels);
        }
        Ok::<_, Error>((measured.finish()?, score.means()))
    };
    let (within, (train_accuracy, train_loss)) = on(&split.train, &targets.train, &split.labels)?;
    let (found, (test_accuracy, test_loss)) = on(&split.test, &targets.test, &split.test_labels)?;
    let classes = split.classes;
    let first = |shares: &[f64]| shares.iter().take(classes).sum::<f64>();
    let rho = |k: usize| found.intensity.get(k - 1).copied().unwrap_or(0.0);
    let others = [
        ("train_loss", train_loss),
        ("test_loss", test_loss),
        ("train_accuracy", train_accuracy),
        ("test_accuracy", test_accuracy),
        ("kappa_train", within.kappa),
        ("utilization_train", within.utilization_dimension),
        ("quality_first", first(&found.quality)),
        ("quality_all", found.quality.iter().sum()),
        ("utilization_first", first(&found.utilization)),
        ("flatness", rho(classes) / rho(2)),
        ("gap", rho(classes + 1) / rho(classes)),
    ];
    Ok((row(&found, &others)?, found))
}

#[cfg(test)]
mod tests {
    use super::super::recipe::Net;
    use super::*;
    use crate::model::network::Loss;
    use crate::task::image::ImageSet;

    fn condition() -> Condition {
        Condition {
            part: "a",
            setting: "only".into(),
            value: 1.0,
            recipe: Recipe {
                net: Net::resnet18(2),
                loss: Loss::HalfSquares,
                rate: 0.05,
                momentum: 0.9,
                weight_decay: 1e-3,
                batch: 16,
                epochs: 5,
                drop_every: 2,
                drop: 0.2,
                rule: None,
            },
            pictures: Pictures {
                crop: 1,
                classes: 3,
                ..Pictures::all(ImageSet::Digits8x8, 10, 8)
            },
        }
    }

    fn csv(found: &Found) -> String {
        let found = found.clone();
        let tables = found.tables().unwrap();
        tables.values().map(|t| t.to_csv().unwrap()).collect()
    }

    fn hourly(folder: std::path::PathBuf) -> Unfinished {
        Unfinished::every(folder, std::time::Duration::from_secs(3600))
    }

    #[test]
    fn a_stopped_training_goes_on_to_the_same_curve() {
        let record = Schedule::at([1, 3]);
        let observation = Observation {
            record: &record,
            shown: 5,
        };
        let whole = condition()
            .train(observation, Seed(1), None, &|_| Ok(()))
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        for stopped in [1, 3, 4] {
            let kept = hourly(folder.path().join(stopped.to_string()));
            let stop = |epoch: usize| match epoch == stopped {
                true => Err(Error::Interrupted {
                    finished: 0,
                    total: 1,
                }),
                false => Ok(()),
            };
            let condition = condition();
            let first = condition.train(observation, Seed(1), Some(&kept), &stop);
            assert!(matches!(first, Err(Error::Interrupted { .. })));
            assert!(kept.state().is_file());
            let seen = std::cell::Cell::new(usize::MAX);
            let note = |epoch: usize| {
                seen.set(seen.get().min(epoch));
                Ok(())
            };
            let second = condition
                .train(observation, Seed(1), Some(&kept), &note)
                .unwrap();
            assert_eq!(seen.get(), stopped);
            assert_eq!(csv(&second), csv(&whole));
            // A third time it is read.
            let never = |_: usize| -> Result<()> { unreachable!() };
            let third = condition.train(observation, Seed(1), Some(&kept), &never);
            assert_eq!(csv(&third.unwrap()), csv(&whole));
        }
        // A checkpoint that was cut short: from the start.
        let broken = folder.path().join("broken");
        let kept = hourly(broken.clone());
        std::fs::create_dir_all(&broken).unwrap();
        std::fs::write(kept.state(), b"not a checkpoint").unwrap();
        let found = condition().train(observation, Seed(1), Some(&kept), &|_| Ok(()));
        assert_eq!(csv(&found.unwrap()), csv(&whole));
    }

    #[test]
    fn a_training_that_diverges_has_no_numbers() {
        let record = Schedule::at([1]);
        let observation = Observation {
            record: &record,
            shown: 5,
        };
        let mut wild = condition();
        wild.recipe.net = Net::Mlp { hidden: vec![8, 8] };
        wild.recipe.rate = 1e30;
        let found = wild.train(observation, Seed(0), None, &|_| Ok(())).unwrap();
        let end = Table::concat(found.end).unwrap();
        assert!(end.f64s("diverged").unwrap()[0] < 10.0);
        for name in END {
            assert!(end.f64s(name).unwrap()[0].is_nan(), "{name}");
        }
    }
}
