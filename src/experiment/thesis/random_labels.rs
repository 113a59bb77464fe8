//! Networks on labels of which a part, or all, is random (Fig. 3.5): few features all the same.
//!
//! Table `training`, by seed, `noise` and `epoch`: the columns of the table `training` of [`TrainedCollapse`](super::TrainedCollapse): of the training set, with its
//! noisy labels, and of the test set, with its own.
//!
//! Table `features`, by seed, `noise` and `k` up to `shown`, after training on the test set: `intensity`, `quality`, `utilization`, their cumulative sums.

use super::cases::{Cases, Course, at, panels};
use super::fewest::cumulative_panels;
use super::numbers::differs;
use super::pictures::ImageSplit;
use super::recipe::{Dynamics, Net, Recipe};
use super::trained::{Both, observe};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Figure, Figures};
use crate::metric::representation::FeatureMetrics;
use crate::seed::Seed;
use crate::stats::Interval;
use crate::table::Table;
use crate::task::image::ImageSet;
use crate::trace::Schedule;

settings! {
    /// Settings of networks on random labels.
    pub struct RandomLabels {
        /// Images; published: CIFAR-10.
        set: ImageSet = ImageSet::FashionMnist6k, ImageSet::FashionMnist6k, ImageSet::Cifar10;
        /// Training images of each class; published: 10,000 in all.
        per_class: usize = 10, 100, 1000;
        /// Shares of labels that are drawn anew.
        noises: Vec<f64> = vec![0.0, 1.0], vec![0.0, 0.1, 1.0], vec![0.0, 0.1, 1.0];
        /// Network and training; published: ResNet18, rate .05, momentum .9, weight decay 1e-3.
        recipe: Recipe = Recipe::thesis(Net::dense([32, 32]), 64, (10, 4)), Recipe::thesis(Net::dense([200, 200, 200]), 64, (150, 60)), Recipe::thesis(Net::resnet18(64), 64, (200, 60));
        /// Epochs before which is measured.
        record: Schedule = Schedule::at([1]), Schedule::at([1, 3, 10, 30, 60]), Schedule::at([1, 3, 10, 30, 60, 120]);
        /// Features that are drawn.
        shown: usize = 20, 40, 100;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

impl Experiment for RandomLabels {
    const INFO: Info = Info {
        id: "thesis/fig-3.5",
        title: "Random labels: few features without structure in the data",
        document: Document::Thesis,
        section: "§3.5.3, Fig. 3.5",
        notebook: "thesis/07-collapse-without-structure",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.recipe.validate()?;
        whole("per_class", self.per_class, 2, 1_000_000)?;
        whole("shown", self.shown, 3, 10_000)?;
        self.record.validate("record")?;
        distinct("noises", &self.noises)?;
        if let Some(noise) = self.noises.iter().find(|n| !(0.0..=1.0).contains(*n)) {
            return Err(Error::setting("noises", noise, "shares from 0 to 1"));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut cases = Cases::new("noise", seed, (&self.record, self.shown), progress);
        for &noise in &self.noises {
            let split = ImageSplit::load(self.set, self.per_class, noise, seed)?;
            let targets = Both::one_hot(&split)?;
            let how = (&self.recipe, Dynamics::Backpropagation);
            cases.train(noise, how, (&split, &targets), observe)?;
        }
        cases.tables()
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let features = outcome.table("features")?;
        let labelled: Vec<(String, Table)> = self
            .noises
            .iter()
            .map(|noise| Ok((label(*noise), features.rows_where("noise", *noise)?)))
            .collect::<Result<_>>()?;
        Ok(Figures::new()
            .with(
                "fig-3.5",
                Figure::new("Fig. 3.5: with labels at random as with true ones, few features are used")
                    .columns(3)
                    .panels(cumulative_panels(&labelled)?)
                    .note(format!(
                        "after training, test set of {}, median of seeds; published: ResNet18 on 10,000 images of CIFAR-10",
                        self.set.name()
                    )),
            )
            .with("training", self.course(outcome)?))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        self.claims_of(outcome)
    }
}

fn label(noise: f64) -> String {
    format!("{:.0} % random", 100.0 * noise)
}

impl RandomLabels {
    fn course(&self, outcome: &Outcome) -> Result<Figure> {
        let cases: Vec<_> = self.noises.iter().map(|n| (*n, label(*n))).collect();
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
                ..course("training set", "NC1", "nc1_trace")
            },
            course("training accuracy", "share", "train_accuracy"),
            course("test accuracy", "share", "test_accuracy"),
        ];
        let panels = panels(&outcome.table("training")?, "noise", &cases, &courses)?;
        let title = "In training: random labels take longer, and end in the same regime";
        Ok(Figure::new(title).columns(2).panels(panels))
    }

    fn end(&self, outcome: &Outcome, noise: f64, column: &str) -> Result<Interval> {
        at(outcome, ("noise", noise), self.recipe.epochs, column)
    }

    fn claims_of(&self, outcome: &Outcome) -> Result<Claims> {
        let mut claims = Vec::new();
        let classes = self.set.classes() as f64;
        for &noise in &self.noises {
            let end = |column: &str| self.end(outcome, noise, column);
            let (name, percent) = (label(noise), format!("{:.0}", 100.0 * noise));
            let (kappa, train) = (end("kappa")?, end("kappa_train")?);
            claims.push(
                Claim::new(
                    &format!("minimum-{percent}"),
                    "Fig. 3.5",
                    &format!("{name}: the network converges to the minimum feature regime"),
                    "κ_CKA below 0.1 on the test set",
                    kappa,
                )
                .verdict(Verdict::below(kappa, FeatureMetrics::EPSILON))
                .note(format!(
                    "{train} on the training set; training accuracy {}",
                    end("train_accuracy")?
                )),
            );
            let intensity = end("intensity_dimension")?;
            claims.push(
                Claim::new(
                    &format!("dimension-{percent}"),
                    "Fig. 3.5",
                    &format!("{name}: as few features as classes matter"),
                    &format!("D_eff(ρ) within 20 % of {classes}"),
                    intensity,
                )
                .verdict(differs(Verdict::within(
                    intensity,
                    0.8 * classes,
                    1.2 * classes,
                )))
                .note(format!(
                    "D_eff(Q̂) {} on the training set, {} on the test set; NC1 {}",
                    end("utilization_train")?,
                    end("utilization_dimension")?,
                    end("nc1_trace")?
                )),
            );
        }
        let accuracy = |noise: f64| self.end(outcome, noise, "test_accuracy");
        let (most, least) = (
            self.noises.iter().copied().fold(0.0, f64::max),
            self.noises.iter().copied().fold(1.0, f64::min),
        );
        let (clean, random) = (accuracy(least)?, accuracy(most)?);
        claims.push(
            Claim::new(
                "performance",
                "Fig. 3.5",
                "the networks differ markedly in performance",
                &format!("test accuracy at {} below 0.2", label(most)),
                random,
            )
            .verdict(Verdict::below(random, 0.2))
            .note(format!("{clean} at {}", label(least))),
        );
        let quality = self.end(outcome, most, "quality_share")?;
        claims.push(
            Claim::new("structure", "§3.5.3", "few features do not need structure in the data: those of random labels say nothing of the true ones", &format!("Π*(C)/Π*(p) at {} below 0.5", label(most)), quality)
                .verdict(Verdict::below(quality, 0.5))
                .note(format!("{} at {}", self.end(outcome, least, "quality_share")?, label(least))),
        );
        Ok(Claims(claims))
    }
}
