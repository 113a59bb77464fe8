//! The number of a class as a scalar target, beside classification (Fig. 3.6): one non-constant feature.
//!
//! Table `training`, by seed, `kind` (`classification`, `regression`) and `epoch`: `train_accuracy` and `test_accuracy` (for regression: $|f - i| < \frac12$), the single numbers
//! of a measurement on the test set (`quality_dimension`, `utilization_dimension`, `intensity_dimension`, `plain_intensity_dimension`, `kappa`, `constant`), and of the
//! training set `kappa_train`, `utilization_train`, `first_two` ($\hat Q_1 + \hat Q_2$), `varying` (effective dimension of the intensities of the centred features: how many
//! features are not constant) and `varying_share` (of the first of them).
//!
//! Table `features`, by seed, `kind` and `k` up to `shown`, after training on the test set: `intensity`, `quality`, `utilization`, their cumulative sums.

use super::cases::{Cases, Course, at, panels};
use super::fewest::cumulative_panels;
use super::numbers::differs;
use super::pictures::ImageSplit;
use super::recipe::{Dynamics, Net, Recipe};
use super::trained::{Both, Observed, accuracy, features, measure, row};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::check::whole;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Figure, Figures};
use crate::metric::eigenfunction::Gram;
use crate::metric::feature::effective_dimension;
use crate::metric::representation::FeatureMetrics;
use crate::seed::Seed;
use crate::stats::Interval;
use crate::table::Table;
use crate::task::image::ImageSet;
use crate::trace::Schedule;
use ndarray::{Array2, Axis};

settings! {
    /// Settings of regression on the number of a class.
    pub struct DigitRegression {
        /// Images; published: MNIST, whose classes are digits.
        set: ImageSet = ImageSet::FashionMnist6k, ImageSet::FashionMnist6k, ImageSet::Mnist;
        /// Training images of each class.
        per_class: usize = 20, 200, 5000;
        /// Network and training of the classifier; published: ResNet18, rate .05, momentum .9, weight decay 1e-3.
        classification: Recipe = Recipe::thesis(Net::dense([32, 32]), 64, (10, 4)), Recipe::thesis(Net::dense([200, 200, 200]), 64, (100, 40)), Recipe::thesis(Net::resnet18(64), 64, (200, 60));
        /// Network and training of the regression; targets are up to nine times as large, and the rate is smaller.
        regression: Recipe = Recipe::thesis(Net::dense([32, 32]), 64, (10, 4)).with_rate(0.005), Recipe::thesis(Net::dense([200, 200, 200]), 64, (100, 40)).with_rate(0.01), Recipe::thesis(Net::resnet18(64), 64, (200, 60)).with_rate(0.005);
        /// Epochs before which is measured.
        record: Schedule = Schedule::at([1]), Schedule::at([1, 3, 10, 30]), Schedule::at([1, 3, 10, 30, 100]);
        /// Features that are drawn.
        shown: usize = 20, 40, 100;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

const KINDS: [&str; 2] = ["classification", "regression"];

impl Experiment for DigitRegression {
    const INFO: Info = Info {
        id: "thesis/fig-3.6",
        title: "Regression on the number of a class: one non-constant feature",
        document: Document::Thesis,
        section: "§3.5.3, Fig. 3.6",
        notebook: "thesis/07-collapse-without-structure",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.classification.validate()?;
        self.regression.validate()?;
        whole("per_class", self.per_class, 2, 1_000_000)?;
        whole("shown", self.shown, 3, 10_000)?;
        self.record.validate("record")
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let split = ImageSplit::load(self.set, self.per_class, 0.0, seed)?;
        let mut cases = Cases::new("kind", seed, (&self.record, self.shown), progress);
        for kind in KINDS {
            let (recipe, targets) = match kind {
                "regression" => (&self.regression, Both::digits(&split)),
                _ => (&self.classification, Both::one_hot(&split)?),
            };
            let how = (recipe, Dynamics::Backpropagation);
            cases.train(kind, how, (&split, &targets), record)?;
        }
        cases.tables()
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let features = outcome.table("features")?;
        let labelled: Vec<(String, Table)> = KINDS
            .iter()
            .map(|kind| Ok((kind.to_string(), features.rows_where("kind", *kind)?)))
            .collect::<Result<_>>()?;
        Ok(Figures::new()
            .with(
                "fig-3.6",
                Figure::new("Fig. 3.6: a scalar target of ten values uses few features, not ten")
                    .columns(3)
                    .panels(cumulative_panels(&labelled)?)
                    .note(format!(
                        "after training, test set of {}, median of seeds; published: ResNet18 on MNIST",
                        self.set.name()
                    )),
            )
            .with("training", course(outcome)?))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        self.claims_of(outcome)
    }
}

fn record(
    net: &mut dyn Observed,
    split: &ImageSplit,
    targets: &Both,
) -> Result<(Table, FeatureMetrics)> {
    let layer = net.layer_of()?;
    let train = features(net, split.train.view())?;
    let test = features(net, split.test.view())?;
    let share = |outputs: &Array2<f64>, labels: &[usize]| match outputs.ncols() {
        1 => nearest(outputs, labels),
        _ => accuracy(outputs, labels),
    };
    let within = FeatureMetrics::measure(&layer, train.view(), train.view(), targets.train.view())?;
    let found = measure(net, &split.train, &split.test, &targets.test)?;
    let varying = varying(&train)?;
    let others = [
        (
            "train_accuracy",
            share(&layer.outputs(train.view())?, &split.labels),
        ),
        (
            "test_accuracy",
            share(&layer.outputs(test.view())?, &split.test_labels),
        ),
        ("kappa_train", within.kappa),
        ("utilization_train", within.utilization_dimension),
        ("first_two", within.utilization.iter().take(2).sum()),
        ("varying", effective_dimension(&varying)?),
        ("varying_share", varying[0] / varying.iter().sum::<f64>()),
    ];
    Ok((row(&found, &others)?, found))
}

/// The share of outputs nearer than ½ to their class' number.
fn nearest(outputs: &Array2<f64>, labels: &[usize]) -> f64 {
    let pairs = outputs.iter().zip(labels);
    pairs
        .filter(|(f, i)| (**f - **i as f64).abs() < 0.5)
        .count() as f64
        / labels.len() as f64
}

/// Intensities of the features less their means.
fn varying(features: &Array2<f64>) -> Result<Vec<f64>> {
    let mean = features.sum_axis(Axis(0)) / features.nrows() as f64;
    let mut gram = Gram::new(features.ncols())?;
    gram.push((features - &mean).view())?;
    Ok(gram.eigenfunctions()?.intensity.to_vec())
}

fn course(outcome: &Outcome) -> Result<Figure> {
    let course = |title, y, column| Course {
        title,
        y,
        column,
        log: false,
        levels: &[],
    };
    let courses = [
        Course {
            log: true,
            levels: &[(FeatureMetrics::EPSILON, "MF below")],
            ..course("test set", "κ_{CKA}", "kappa")
        },
        Course {
            log: true,
            levels: &[(9.0, "C − 1"), (1.0, "1")],
            ..course(
                "features that are not constant",
                "effective dimension",
                "varying",
            )
        },
        course("training accuracy", "share", "train_accuracy"),
        course("test accuracy", "share", "test_accuracy"),
    ];
    let cases = KINDS.map(|kind| (kind, kind.to_owned()));
    let panels = panels(&outcome.table("training")?, "kind", &cases, &courses)?;
    let title = "In training: the target's dimension decides how many features vary";
    Ok(Figure::new(title).columns(2).panels(panels))
}

impl DigitRegression {
    fn end(&self, outcome: &Outcome, kind: &str, column: &str) -> Result<Interval> {
        let epochs = match kind {
            "regression" => self.regression.epochs,
            _ => self.classification.epochs,
        };
        at(outcome, ("kind", kind), epochs, column)
    }

    fn claims_of(&self, outcome: &Outcome) -> Result<Claims> {
        let end = |kind: &str, column: &str| self.end(outcome, kind, column);
        let mut claims = Vec::new();
        for kind in KINDS {
            let kappa = end(kind, "kappa")?;
            claims.push(
                Claim::new(
                    &format!("minimum-{kind}"),
                    "Fig. 3.6",
                    &format!("{kind} ends in the minimum feature regime"),
                    "κ_CKA below 0.1 on the test set",
                    kappa,
                )
                .verdict(Verdict::below(kappa, FeatureMetrics::EPSILON))
                .note(format!(
                    "{} on the training set; accuracy {} there, {} on the test set",
                    end(kind, "kappa_train")?,
                    end(kind, "train_accuracy")?,
                    end(kind, "test_accuracy")?
                )),
            );
        }
        let varying = end("regression", "varying")?;
        claims.push(
            Claim::new(
                "one-feature",
                "§3.5.3, Fig. 3.6",
                "regression uses just one non-constant feature",
                "effective dimension of the intensities of centred features below 1.5",
                varying,
            )
            .verdict(differs(Verdict::below(varying, 1.5)))
            .note(format!(
                "training set; the first has the share {}, and many small ones the rest, which κ_CKA weighs by their squares",
                end("regression", "varying_share")?
            )),
        );
        let many = end("classification", "varying")?;
        claims.push(
            Claim::new(
                "many-features",
                "§3.5.3",
                "classification into C classes uses C features, one of them constant",
                "C − 1 = 9 that vary, within 20 %",
                many,
            )
            .verdict(Verdict::within(many, 7.2, 10.8))
            .note("effective dimension of the intensities of centred features, training set"),
        );
        let two = end("regression", "first_two")?;
        claims.push(
            Claim::new(
                "two-used",
                "footnote 2 of §3.5.3",
                "it uses two, with the first being a constant function",
                "Q̂_1 + Q̂_2 above 0.95 on the training set",
                two,
            )
            .verdict(Verdict::above(two, 0.95))
            .note(format!(
                "overlap of e_1 with the constant {}; D_eff(Q̂) {}",
                end("regression", "constant")?,
                end("regression", "utilization_train")?
            )),
        );
        let rank = end("regression", "intensity_dimension")?;
        claims.push(
            Claim::new(
                "not-ten",
                "§3.5.3",
                "if the structure of the data mattered, the effective rank would be 10",
                "D_eff(ρ) by Eq. 2.6 below 5",
                rank,
            )
            .verdict(Verdict::below(rank, 5.0))
            .note(format!(
                "2 when the first is constant and the second all else; {} for classification",
                end("classification", "intensity_dimension")?
            )),
        );
        Ok(Claims(claims))
    }
}
