//! Residual and VGG networks on image sets (Table 2.2), and on some classes of one set (Fig. 2.4).
//!
//! The tables are those of trainings side by side: `training` by seed, `part` (`resnet`, `vgg`, `classes`), `setting` (the set, or the number of classes), `value` (the number of classes) and `epoch`; `features` by seed, `part`, `setting`, `epoch` and
//! `k`; `end`, one row a training. Columns: D_eff(ρ) is `intensity_dimension`, D_eff(Q̂) `utilization_dimension` on the test set and `utilization_train` on the training set, κ_CKA `kappa` and `kappa_train`, Π*(C) `quality_first`,
//! Π*(p) `quality_all`, Π̂(C) `utilization_first`, ρ_C/ρ_2 `flatness`, ρ_{C+1}/ρ_C `gap`.

use super::conditions::report::{
    Place, course, end, ends, final_features, label, minimum, scatter, summary, tighter_is_better,
};
use super::conditions::{self, Condition, Observation};
use super::fewest::cumulative_panels;
use super::numbers::differs;
use super::pictures::{Pictures, ascending};
use super::recipe::{Net, Recipe};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::{Error, Result};
use crate::experiment::check::whole;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Figure, Figures, Panel};
use crate::metric::representation::FeatureMetrics;
use crate::model::network::{Init, Loss};
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;
use crate::task::image::ImageSet;
use crate::trace::Schedule;

settings! {
    /// Settings of residual and VGG networks on image sets.
    pub struct ImageNetworks {
        /// Image sets, the easiest first; published: MNIST with a border, CIFAR-10 and CIFAR-100 with random crops and flips.
        sets: Vec<Pictures> = vec![Pictures::all(ImageSet::FashionMnist6k, 6, 8)], shipped(), published();
        /// Numbers of classes of the last set, the first ones of it.
        classes: Vec<usize> = vec![3, 10], vec![3, 5, 10], vec![10, 20, 100];
        /// The residual network and its training.
        resnet: Recipe = Recipe::thesis(Net::resnet18(2), 10, (4, 2)), Recipe::thesis(Net::resnet18(8), 50, (24, 18)), Recipe::thesis(Net::resnet18(64), 128, (200, 60));
        /// The VGG network and its training.
        vgg: Recipe = vgg_recipe(vgg(2, vec![1, 1]), 10, (4, 2)), vgg_recipe(vgg(8, vec![2, 2, 3, 3]), 50, (60, 45)), vgg_recipe(vgg(64, vec![2, 2, 3, 3, 3]), 128, (200, 60));
        /// Epochs on sets of more than 10 classes, where the rate is constant.
        long: usize = 4, 40, 600;
        /// Epochs before which is measured.
        record: Schedule = Schedule::at([1]), Schedule::at([1, 3, 10]), Schedule::at([1, 3, 10, 30, 100]);
        /// Features that are drawn.
        shown: usize = 12, 40, 512;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

fn shipped() -> Vec<Pictures> {
    vec![
        Pictures::all(ImageSet::Digits8x8, 100, 16),
        Pictures::all(ImageSet::FashionMnist6k, 100, 16),
    ]
}

fn published() -> Vec<Pictures> {
    vec![
        // The rarest digit has 5421 images.
        Pictures::all(ImageSet::Mnist, 5421, 32),
        Pictures::all(ImageSet::Cifar10, 5000, 32).cropped(4),
        Pictures::all(ImageSet::Cifar100, 500, 32).cropped(4),
    ]
}

/// With He's initial weights, as in the usual VGG networks.
pub(super) fn vgg(width: usize, depths: Vec<usize>) -> Net {
    Net::Vgg {
        width,
        depths,
        batch_norm: true,
        init: Init::Standard {
            gain: std::f64::consts::SQRT_2,
        },
    }
}

/// At the published rate .01 of VGG networks, under cross-entropy: under half the squares they hardly train without batch normalisation.
pub(super) fn vgg_recipe(net: Net, batch: usize, epochs: (usize, usize)) -> Recipe {
    Recipe {
        loss: Loss::CrossEntropy,
        ..Recipe::thesis(net, batch, epochs).with_rate(0.01)
    }
}

impl Experiment for ImageNetworks {
    const INFO: Info = Info {
        id: "thesis/fig-2.4",
        title: "ResNet and VGG on images: as few features as classes (Fig. 2.4, Table 2.2)",
        document: Document::Thesis,
        section: "§2.4, Fig. 2.4, Table 2.2",
        notebook: "thesis/04-image-networks",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        if self.sets.is_empty() {
            return Err(Error::setting("sets", "[]", "at least one image set"));
        }
        whole("long", self.long, 1, 1_000_000)?;
        if self.classes.is_empty() {
            return Err(Error::setting("classes", "[]", "at least one number"));
        }
        ascending("classes", &self.classes)?;
        conditions::validate(&self.conditions(), self.observation())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        conditions::train_all(&self.conditions(), self.observation(), seed, progress)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        Ok(Figures::new()
            .with("fig-2.4", self.classes_figure(outcome)?)
            .with("table-2.2", self.table_figure(outcome)?))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        self.claims_of(outcome)
    }
}

const NETS: [(&str, &str); 2] = [("resnet", "ResNet"), ("vgg", "VGG")];

impl ImageNetworks {
    fn observation(&self) -> Observation<'_> {
        Observation {
            record: &self.record,
            shown: self.shown,
        }
    }

    fn condition(&self, part: &'static str, setting: String, pictures: Pictures) -> Condition {
        let recipe = if part == "vgg" {
            &self.vgg
        } else {
            &self.resnet
        };
        let mut recipe = recipe.clone();
        if pictures.set.classes() > 10 {
            (recipe.epochs, recipe.drop) = (self.long, 1.0);
        }
        Condition {
            part,
            setting,
            value: pictures.classes as f64,
            recipe,
            pictures,
        }
    }

    fn conditions(&self) -> Vec<Condition> {
        let mut all = Vec::new();
        for (part, _) in NETS {
            for pictures in &self.sets {
                all.push(self.condition(part, pictures.set.name().into(), pictures.clone()));
            }
        }
        let Some(last) = self.sets.last() else {
            return all;
        };
        for &classes in &self.classes {
            let pictures = Pictures {
                classes,
                ..last.clone()
            };
            all.push(self.condition("classes", format!("{classes} classes"), pictures));
        }
        all
    }

    /// Table 2.2 as measured: for each network and set, and for each number of classes, the mean over seeds of what was measured after training, with the ends of its 95 % interval.
    ///
    /// # Errors
    /// An outcome of other settings.
    pub fn table_2_2(&self, outcome: &Outcome) -> Result<Table> {
        let conditions = self.conditions();
        let places: Vec<Place> = conditions
            .iter()
            .map(|c| (c.part, c.setting.as_str()))
            .collect();
        summary(outcome, &places)
    }

    fn classes_figure(&self, outcome: &Outcome) -> Result<Figure> {
        let mut places = Vec::new();
        let settings: Vec<String> = self
            .classes
            .iter()
            .map(|c| format!("{c} classes"))
            .collect();
        for setting in &settings {
            let place = ("classes", setting.as_str());
            places.push((place, label(outcome, place, setting)?));
        }
        let mut panels = cumulative_panels(&final_features(outcome, &places)?)?;
        for classes in &self.classes {
            let mark = |panel: Panel| panel.v_line(*classes as f64, format!("{classes}"));
            panels = panels.into_iter().map(mark).collect();
        }
        Ok(Figure::new("Fig. 2.4: the first C features say and do almost all")
            .columns(3)
            .panels(panels)
            .note(format!(
                "{} on {}, test set, median of seeds; in parentheses test accuracy, in brackets κ_CKA; published: ResNet18 on CIFAR-100",
                self.resnet.net,
                self.last()
            )))
    }

    fn last(&self) -> &'static str {
        self.sets.last().map_or("", |p| p.set.name())
    }

    fn table_figure(&self, outcome: &Outcome) -> Result<Figure> {
        let mut places = Vec::new();
        let conditions = self.conditions();
        for condition in conditions.iter().filter(|c| c.part != "classes") {
            let place = (condition.part, condition.setting.as_str());
            let net = NETS
                .iter()
                .find(|n| n.0 == condition.part)
                .map_or("", |n| n.1);
            places.push((place, format!("{net}, {}", condition.setting)));
        }
        let kappa = course(
            outcome,
            Panel::new("distance from the ideal operator")
                .y("κ_{CKA}, test set")
                .log_y()
                .h_line(FeatureMetrics::EPSILON, "MF below"),
            &places,
            "kappa",
        )?;
        let accuracy = course(
            outcome,
            Panel::new("accuracy").y("test accuracy"),
            &places,
            "test_accuracy",
        )?;
        let parts = [
            ("resnet", "ResNet"),
            ("vgg", "VGG"),
            ("classes", "ResNet, some classes"),
        ];
        Ok(
            Figure::new("Table 2.2: in training the networks come near the minimum feature regime")
                .columns(3)
                .panel(kappa)
                .panel(accuracy)
                .panel(scatter(outcome, &parts)?)
                .note(format!("{}; {}", self.resnet.net, self.vgg.net)),
        )
    }

    fn claims_of(&self, outcome: &Outcome) -> Result<Claims> {
        let mut claims = Vec::new();
        let sets: Vec<&str> = self.sets.iter().map(|p| p.set.name()).collect();
        for (part, net) in NETS {
            for pictures in &self.sets {
                let set = pictures.set.name();
                claims.extend(few_features(
                    outcome,
                    (part, set),
                    (
                        &format!("{part}-{set}"),
                        "Table 2.2",
                        &format!("{net} on {set}"),
                    ),
                    pictures.classes,
                )?);
            }
        }
        for &classes in &self.classes {
            let setting = format!("{classes} classes");
            let place = ("classes", setting.as_str());
            if self.sets.last().is_some_and(|last| last.classes != classes) {
                claims.extend(few_features(
                    outcome,
                    place,
                    (
                        &format!("classes-{classes}"),
                        "Fig. 2.4",
                        &format!("ResNet on {classes} classes of {}", self.last()),
                    ),
                    classes,
                )?);
            }
            claims.push(useful(outcome, place, classes)?);
        }
        let named = sets.join(", ");
        claims.push(tighter_is_better(
            outcome,
            "tighter-is-better",
            "Chapter 7",
            &["resnet", "vgg"],
            &format!("two networks on {named}"),
        )?);
        Ok(Claims(claims))
    }
}

/// The regime, and as many features as classes.
fn few_features(
    outcome: &Outcome,
    place: Place,
    (id, source, name): (&str, &str, &str),
    classes: usize,
) -> Result<Vec<Claim>> {
    let wanted = classes as f64;
    let mut claims = vec![minimum(
        outcome,
        &format!("minimum-{id}"),
        source,
        place,
        name,
    )?];
    let intensity = end(outcome, place, "intensity_dimension")?;
    let within = |interval| differs(Verdict::within(interval, 0.8 * wanted, 1.2 * wanted));
    let expected = format!("within 20 % of {classes}");
    claims.push(
        Claim::new(
            &format!("intensity-{id}"),
            source,
            &format!("{name}: only C features are significant, D_eff(ρ) ≈ C"),
            &expected,
            intensity,
        )
        .verdict(within(intensity))
        .note("the first intensity counted as one (Eq. 2.6)"),
    );
    let used = end(outcome, place, "utilization_train")?;
    claims.push(
        Claim::new(
            &format!("utilization-{id}"),
            source,
            &format!("{name}: only C features are used, D_eff(Q̂) ≈ C"),
            &expected,
            used,
        )
        .verdict(within(used))
        .note(format!(
            "training set; {} on the test set, where chance adds; Π̂(C) there {}",
            end(outcome, place, "utilization_dimension")?,
            end(outcome, place, "utilization_first")?
        )),
    );
    Ok(claims)
}

/// Fig. 2.4a: features beyond the first C hardly help.
fn useful(outcome: &Outcome, place: Place, classes: usize) -> Result<Claim> {
    let (first, all) = (
        ends(outcome, place, "quality_first")?,
        ends(outcome, place, "quality_all")?,
    );
    let shares: Vec<f64> = first
        .iter()
        .zip(&all)
        .map(|(first, all)| first / all)
        .collect();
    let share = stats::mean(&shares);
    Ok(Claim::new(
        &format!("useful-{classes}"),
        "Fig. 2.4a",
        &format!("{classes} classes: only the first C features are useful, Π*(C) ≈ Π*(p)"),
        "Π*(C)/Π*(p) above 0.9 on the test set",
        share,
    )
    .verdict(differs(Verdict::above(share, 0.9)))
    .note(format!(
        "Π*(C) {}, Π*(p) {}, to which each feature that says nothing adds about one over the number of test images",
        stats::mean(&first),
        stats::mean(&all)
    )))
}
