//! One convolutional network under two dynamics: the last layer alone, and all layers (Fig. 2.3).
//!
//! Table `training`, by seed, `dynamics` (`last_layer`, `backpropagation`) and `epoch`: the columns of the table `training` of
//! [`TrainedCollapse`](super::TrainedCollapse).
//!
//! Table `features`, by seed, `dynamics` and `k` up to `shown`, after training on the test set: `intensity`, `quality`, `utilization`, their cumulative sums.

use super::cases::{Cases, Course, at, panels};
use super::fewest::cumulative_panels;
use super::numbers::differs;
use super::pictures::ImageSplit;
use super::recipe::{Dynamics, Net, Recipe};
use super::trained::{Both, observe};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::check::whole;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Figure, Figures};
use crate::metric::representation::FeatureMetrics;
use crate::seed::Seed;
use crate::stats::{self, Interval};
use crate::task::image::ImageSet;
use crate::trace::Schedule;

settings! {
    /// Settings of one network under two dynamics.
    pub struct TwoDynamics {
        /// Images; published: MNIST. The small digits are as easy.
        set: ImageSet = ImageSet::Digits8x8, ImageSet::Digits8x8, ImageSet::Mnist;
        /// Training images of each class; published: all.
        per_class: usize = 20, 128, 5400;
        /// Network and training; published: width 1024, no more. Rate, momentum and weight decay are near those of §2.4.
        recipe: Recipe = Recipe::thesis(cnn(&[4], 32), 64, (20, 100)), Recipe::thesis(cnn(&[16, 32], 256), 64, (100, 40)), Recipe::thesis(cnn(&[32, 64], 1024), 64, (60, 20));
        /// Epochs before which is measured.
        record: Schedule = Schedule::at([1]), Schedule::at([1, 3, 10, 30]), Schedule::at([1, 3, 10, 30]);
        /// Features that are drawn; far fewer than test images, beyond which shares are chance.
        shown: usize = 20, 40, 1024;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

fn cnn(channels: &[usize], width: usize) -> Net {
    Net::Cnn {
        channels: channels.into(),
        width,
        batch_norm: false,
    }
}

const KINDS: [(&str, Dynamics, &str); 2] = [
    ("last_layer", Dynamics::LastLayer, "last layer only"),
    (
        "backpropagation",
        Dynamics::Backpropagation,
        "backpropagation",
    ),
];

impl Experiment for TwoDynamics {
    const INFO: Info = Info {
        id: "thesis/fig-2.3",
        title: "One convolutional network, the last layer alone or all layers trained",
        document: Document::Thesis,
        section: "§2.3.1, Fig. 2.3",
        notebook: "thesis/03-feature-learning",
        revision: 2,
    };

    fn validate(&self) -> Result<()> {
        self.recipe.validate()?;
        whole("per_class", self.per_class, 2, 1_000_000)?;
        whole("shown", self.shown, 3, 10_000)?;
        self.record.validate("record")
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let split = ImageSplit::load(self.set, self.per_class, 0.0, seed)?;
        let targets = Both::one_hot(&split)?;
        let mut cases = Cases::new("dynamics", seed, (&self.record, self.shown), progress);
        for (name, dynamics, _) in KINDS {
            let how = (&self.recipe, dynamics);
            cases.train(name, how, (&split, &targets), observe)?;
        }
        cases.tables()
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let features = outcome.table("features")?;
        let mut labelled = Vec::new();
        for (name, _, label) in KINDS {
            let (accuracy, kappa) = (
                self.end(outcome, name, "test_accuracy")?,
                self.end(outcome, name, "kappa")?,
            );
            let label = format!(
                "{label} ({:.1} %) [{:.3}]",
                100.0 * accuracy.value,
                kappa.value
            );
            labelled.push((label, features.rows_where("dynamics", name)?));
        }
        Ok(Figures::new()
            .with(
                "fig-2.3",
                Figure::new("Fig. 2.3: the extended and the minimum feature regime, from one start")
                    .columns(3)
                    .panels(cumulative_panels(&labelled)?)
                    .note(format!(
                        "test set of {}, {}; in parentheses test accuracy, in brackets κ_CKA; published: MNIST, 1024 features",
                        self.set.name(), self.recipe.net
                    )),
            )
            .with("training", course(outcome)?))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        let mut claims = self.regimes(outcome)?;
        claims.extend(self.dimensions(outcome)?);
        Ok(Claims(claims))
    }
}

fn course(outcome: &Outcome) -> Result<Figure> {
    let cases = KINDS.map(|(name, _, label)| (name, label.to_owned()));
    let share = |title, column| Course {
        title,
        y: "share",
        column,
        log: false,
        levels: &[],
    };
    let courses = [
        Course {
            title: "distance from the ideal operator",
            y: "κ_{CKA}",
            column: "kappa",
            log: true,
            levels: &[(FeatureMetrics::EPSILON, "MF below")],
        },
        Course {
            title: "features that the outputs use",
            y: "D_{eff}, training set",
            column: "utilization_train",
            log: true,
            levels: &[(10.0, "C")],
        },
        share("training accuracy", "train_accuracy"),
        share("test accuracy", "test_accuracy"),
    ];
    let panels = panels(&outcome.table("training")?, "dynamics", &cases, &courses)?;
    let title = "In training: accuracy rises under both, features move under one";
    Ok(Figure::new(title).columns(2).panels(panels))
}

impl TwoDynamics {
    fn end(&self, outcome: &Outcome, dynamics: &str, column: &str) -> Result<Interval> {
        at(outcome, ("dynamics", dynamics), self.recipe.epochs, column)
    }

    /// $\Pi^*(C)$ after training.
    fn first(&self, outcome: &Outcome, dynamics: &str) -> Result<Interval> {
        let rows = outcome
            .table("features")?
            .rows_where("dynamics", dynamics)?;
        let at = rows.rows_where("k", self.set.classes().min(self.shown) as i64)?;
        Ok(stats::mean(&at.f64s("cumulative_quality")?))
    }

    fn regimes(&self, outcome: &Outcome) -> Result<Vec<Claim>> {
        let end = |dynamics: &str, column: &str| self.end(outcome, dynamics, column);
        let mut claims = Vec::new();
        for (name, _, label) in KINDS {
            let accuracy = end(name, "test_accuracy")?;
            claims.push(
                Claim::new(
                    &format!("accuracy-{name}"),
                    "Fig. 2.3",
                    &format!("{label}: test accuracy above 95 %"),
                    "above 0.95",
                    accuracy,
                )
                .verdict(differs(Verdict::above(accuracy, 0.95)))
                .note(format!(
                    "{}, {} images a class; {} on the training set",
                    self.set.name(),
                    self.per_class,
                    end(name, "train_accuracy")?
                )),
            );
        }
        let (fixed, moved) = (
            end("last_layer", "kappa")?,
            end("backpropagation", "kappa")?,
        );
        let train = |name: &str| end(name, "kappa_train");
        claims.push(
            Claim::new(
                "extended",
                "Fig. 2.3, Definition 2",
                "training the last layer alone stays in the extended feature regime",
                "κ_CKA above 0.1 on the test set",
                fixed,
            )
            .verdict(Verdict::above(fixed, FeatureMetrics::EPSILON))
            .note(format!("{} on the training set", train("last_layer")?)),
        );
        claims.push(
            Claim::new(
                "minimum",
                "Fig. 2.3, Definition 2",
                "backpropagation leads to the minimum feature regime",
                "κ_CKA below 0.1 on the test set",
                moved,
            )
            .verdict(Verdict::below(moved, FeatureMetrics::EPSILON))
            .note(format!("{} on the training set", train("backpropagation")?)),
        );
        let (few, many) = (
            self.first(outcome, "backpropagation")?,
            self.first(outcome, "last_layer")?,
        );
        claims.push(
            Claim::new(
                "quality",
                "Fig. 2.3a",
                "backpropagation concentrates quality in the first C features",
                "Π*(C) above 0.8 on the test set",
                few,
            )
            .verdict(Verdict::above(few, 0.8))
            .note(format!("{many} for the last layer alone")),
        );
        Ok(claims)
    }

    fn dimensions(&self, outcome: &Outcome) -> Result<Vec<Claim>> {
        let classes = self.set.classes() as f64;
        let mut claims = Vec::new();
        for (id, column, what, extended, minimum) in [
            ("utilization", "utilization_train", "D_eff(Q̂)", 121.0, 10.5),
            ("intensity", "intensity_dimension", "D_eff(ρ)", 119.0, 11.2),
        ] {
            let few = self.end(outcome, "backpropagation", column)?;
            let many = self.end(outcome, "last_layer", column)?;
            let test = self.end(outcome, "backpropagation", "utilization_dimension")?;
            let place = match id {
                "utilization" => format!("training set; {test} on the test set, where chance adds"),
                _ => "the first intensity counted as one (Eq. 2.6)".to_string(),
            };
            claims.push(
                Claim::new(
                    &format!("{id}-minimum"),
                    "Fig. 2.3, Eq. 2.7",
                    &format!("{what} = {minimum} after backpropagation, near C"),
                    &format!("within 20 % of {classes}"),
                    few,
                )
                .verdict(differs(Verdict::within(few, 0.8 * classes, 1.2 * classes)))
                .note(place),
            );
            claims.push(
                Claim::new(
                    &format!("{id}-extended"),
                    "§2.3.1",
                    &format!("{what} = {extended} for the last layer alone: far more than C"),
                    &format!("above {}", 2.0 * classes),
                    many,
                )
                .verdict(differs(Verdict::above(many, 2.0 * classes)))
                .note("of fewer features than published"),
            );
        }
        Ok(claims)
    }
}
