//! VGG networks with batch normalisation and without (Fig. 7.3).
//!
//! The tables are those of trainings side by side, as in [`ImageNetworks`](super::ImageNetworks): `part` is the image set, `setting` is `with` or `without`, `value` is 1 or 0.

use super::conditions::report::{
    Place, course, end, final_features, label, minimum, paired, summary, tighter_is_better,
};
use super::conditions::{self, Condition, Observation};
use super::fewest::cumulative_panels;
use super::image_networks::{vgg, vgg_recipe};
use super::pictures::Pictures;
use super::recipe::{Net, Recipe};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::{Error, Result};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Figure, Figures, Panel};
use crate::metric::representation::FeatureMetrics;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::image::ImageSet;
use crate::trace::Schedule;

settings! {
    /// Settings of networks with batch normalisation and without.
    pub struct BatchNormEffect {
        /// The easier image set; published: CIFAR-10.
        easy: Pictures = Pictures::all(ImageSet::Digits8x8, 6, 8), Pictures::all(ImageSet::Digits8x8, 100, 16), Pictures::all(ImageSet::Cifar10, 5000, 32).cropped(4);
        /// The harder one; published: CIFAR-100.
        hard: Pictures = Pictures::all(ImageSet::FashionMnist6k, 6, 8), Pictures::all(ImageSet::FashionMnist6k, 100, 16), Pictures::all(ImageSet::Cifar100, 500, 32).cropped(4);
        /// The network with batch normalisation, which is left out beside it, and its training; published: VGG16, rate .01.
        recipe: Recipe = vgg_recipe(vgg(2, vec![1, 1]), 10, (4, 2)), vgg_recipe(vgg(8, vec![2, 2, 3, 3]), 50, (60, 45)), vgg_recipe(vgg(64, vec![2, 2, 3, 3, 3]), 128, (200, 60));
        /// Epochs before which is measured.
        record: Schedule = Schedule::at([1]), Schedule::at([1, 3, 10, 30]), Schedule::at([1, 3, 10, 30, 100]);
        /// Features that are drawn.
        shown: usize = 12, 40, 512;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

const PARTS: [&str; 2] = ["easy", "hard"];
const KINDS: [(&str, bool); 2] = [("with", true), ("without", false)];

impl Experiment for BatchNormEffect {
    const INFO: Info = Info {
        id: "thesis/fig-7.3",
        title: "VGG with batch normalisation and without",
        document: Document::Thesis,
        section: "§7.3, Fig. 7.3",
        notebook: "thesis/12-observations",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        if !matches!(self.recipe.net, Net::Vgg { .. }) {
            let allowed = "a network of the kind vgg, whose batch normalisation can be left out";
            return Err(Error::setting("recipe.net", &self.recipe.net, allowed));
        }
        conditions::validate(&self.conditions(), self.observation())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        conditions::train_all(&self.conditions(), self.observation(), seed, progress)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let mut figures = Figures::new();
        for (letter, part) in ["a", "b"].iter().zip(PARTS) {
            let mut places: Vec<(Place, String)> = Vec::new();
            for (setting, _) in KINDS {
                let name = format!("{setting} batch norm");
                let text = label(outcome, (part, setting), &name)?;
                places.push(((part, setting), text));
            }
            let set = self.pictures(part).set.name();
            figures = figures.with(
                format!("fig-7.3{letter}"),
                Figure::new(format!("Fig. 7.3{letter}: batch normalisation on {set}"))
                    .columns(3)
                    .panels(cumulative_panels(&final_features(outcome, &places)?)?)
                    .note(format!("{}; test set, median of seeds; in parentheses test accuracy, in brackets κ_CKA; published: VGG16 on CIFAR", self.recipe.net)),
            );
        }
        Ok(figures.with("training", self.course(outcome)?))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        self.claims_of(outcome)
    }
}

impl BatchNormEffect {
    fn observation(&self) -> Observation<'_> {
        Observation {
            record: &self.record,
            shown: self.shown,
        }
    }

    fn pictures(&self, part: &str) -> &Pictures {
        match part {
            "easy" => &self.easy,
            _ => &self.hard,
        }
    }

    fn conditions(&self) -> Vec<Condition> {
        let mut all = Vec::new();
        for part in PARTS {
            for (setting, normalised) in KINDS {
                let mut recipe = self.recipe.clone();
                if let Net::Vgg { batch_norm, .. } = &mut recipe.net {
                    *batch_norm = normalised;
                }
                all.push(Condition {
                    part,
                    setting: setting.into(),
                    value: f64::from(normalised),
                    recipe,
                    pictures: self.pictures(part).clone(),
                });
            }
        }
        all
    }

    /// One row for each set with batch normalisation and without: the mean over seeds of what was measured after training, with the ends of its 95 % interval.
    ///
    /// # Errors
    /// An outcome of other settings.
    pub fn summary(&self, outcome: &Outcome) -> Result<Table> {
        let places = PARTS.map(|part| KINDS.map(|kind| (part, kind.0)));
        summary(outcome, &places.concat())
    }

    fn course(&self, outcome: &Outcome) -> Result<Figure> {
        let mut places: Vec<(Place, String)> = Vec::new();
        for part in PARTS {
            for (setting, _) in KINDS {
                let set = self.pictures(part).set.name();
                places.push(((part, setting), format!("{set}, {setting}")));
            }
        }
        let kappa = Panel::new("distance from the ideal operator")
            .y("κ_{CKA}, test set")
            .log_y()
            .h_line(FeatureMetrics::EPSILON, "MF below");
        let panel = |title: &str| Panel::new(title).y("accuracy");
        Ok(
            Figure::new("In training: without batch normalisation features gather less, and accuracy comes later")
                .columns(3)
                .panel(course(outcome, kappa, &places, "kappa")?)
                .panel(course(
                    outcome,
                    panel("training set"),
                    &places,
                    "train_accuracy",
                )?)
                .panel(course(
                    outcome,
                    panel("test set"),
                    &places,
                    "test_accuracy",
                )?),
        )
    }

    fn claims_of(&self, outcome: &Outcome) -> Result<Claims> {
        let mut claims = Vec::new();
        for part in PARTS {
            let set = self.pictures(part).set.name();
            let (with, without) = ((part, "with"), (part, "without"));
            claims.push(minimum(
                outcome,
                &format!("minimum-with-{part}"),
                "Fig. 7.3",
                with,
                &format!("VGG with batch normalisation on {set}"),
            )?);
            let source = if part == "easy" {
                "Fig. 7.3a"
            } else {
                "Fig. 7.3b"
            };
            for (id, column, statement, more) in [
                (
                    "tighter",
                    "kappa",
                    "leads to a tighter minimum feature regime: smaller κ_CKA",
                    false,
                ),
                (
                    "better",
                    "test_accuracy",
                    "leads to better test accuracy",
                    true,
                ),
                (
                    "flatter",
                    "flatness",
                    "makes the first C eigenvalues flatter: larger ρ_C/ρ_2",
                    true,
                ),
                (
                    "gap",
                    "gap",
                    "widens the gap after the first C: smaller ρ_{C+1}/ρ_C",
                    false,
                ),
            ] {
                let change = paired(outcome, with, without, column)?;
                let (side, verdict) = match more {
                    true => ("above", Verdict::above(change, 0.0)),
                    false => ("below", Verdict::below(change, 0.0)),
                };
                claims.push(
                    Claim::new(
                        &format!("{id}-{part}"),
                        source,
                        &format!("batch normalisation on {set} {statement}"),
                        &format!("difference {side} 0"),
                        change,
                    )
                    .verdict(verdict)
                    .note(format!(
                        "{} with, {} without",
                        end(outcome, with, column)?,
                        end(outcome, without, column)?
                    )),
                );
            }
        }
        let without = end(outcome, ("hard", "without"), "kappa")?;
        claims.push(
            Claim::new(
                "shift",
                "Fig. 7.3b",
                "on the harder set batch normalisation shifts the network from the extended to the minimum feature regime",
                "κ_CKA without it above 0.1 on the test set",
                without,
            )
            .verdict(Verdict::above(without, FeatureMetrics::EPSILON))
            .note(format!("{} with it", end(outcome, ("hard", "with"), "kappa")?)),
        );
        let fitted = end(outcome, ("hard", "without"), "train_accuracy")?;
        claims.push(
            Claim::new(
                "fitted",
                "Fig. 7.3b",
                "both networks achieve a training accuracy of over 94 %",
                "without batch normalisation above 0.94",
                fitted,
            )
            .verdict(Verdict::above(fitted, 0.94))
            .note(format!(
                "{} with it",
                end(outcome, ("hard", "with"), "train_accuracy")?
            )),
        );
        claims.push(tighter_is_better(
            outcome,
            "tighter-is-better",
            "§7.3",
            &PARTS,
            "with and without batch normalisation on both sets",
        )?);
        Ok(Claims(claims))
    }
}
