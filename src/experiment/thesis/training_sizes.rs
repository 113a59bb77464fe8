//! Learning curves, and the regime along them (Fig. 7.1).
//!
//! A residual network learns from more and more images of each class, as they are (`plain`) and with random crops and flips (`changed`). Small sets train for more epochs, so that they are
//! fitted too.
//!
//! The tables are those of trainings side by side, as in [`ImageNetworks`](super::ImageNetworks): `part` is `plain` or `changed`, `setting` and `value` are the number of training images.

mod report;

use super::conditions::report::{Place, summary};
use super::conditions::{self, Condition, Observation};
use super::pictures::{Pictures, ascending};
use super::recipe::{Net, Recipe};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::whole;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::image::ImageSet;

settings! {
    /// Settings of learning curves.
    pub struct TrainingSizes {
        /// Images of the learning curve; `per_class` is not read. Published: CIFAR-10.
        pictures: Pictures = Pictures::all(ImageSet::FashionMnist6k, 2, 8), Pictures::all(ImageSet::FashionMnist6k, 2, 16), Pictures::all(ImageSet::Cifar10, 2, 32);
        /// Training images of each class.
        sizes: Vec<usize> = vec![3, 4, 6, 8], vec![10, 20, 50, 100, 200, 400], vec![10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
        /// Of these, those that are trained with random crops and flips too.
        changed: Vec<usize> = vec![4, 8], vec![20, 200], vec![100, 500, 5000];
        /// Pixels by which these are shifted at most; as usual for CIFAR an eighth of the side.
        crop: usize = 1, 2, 4;
        /// Network and training; published: ResNet18, rate .05, momentum .9, weight decay 1e-3.
        recipe: Recipe = Recipe::thesis(Net::resnet18(2), 10, (3, 2)), Recipe::thesis(Net::resnet18(8), 50, (10, 8)), Recipe::thesis(Net::resnet18(64), 100, (200, 60));
        /// Steps that every training makes at least: epochs, and those after which the rate falls, are as many times more.
        least_steps: usize = 6, 300, 5000;
        /// Features that are drawn.
        shown: usize = 12, 40, 512;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

impl Experiment for TrainingSizes {
    const INFO: Info = Info {
        id: "thesis/fig-7.1",
        title: "Learning curves and the regime of features: does the break of one lie where the other changes?",
        document: Document::Thesis,
        section: "§7.2, Fig. 7.1",
        notebook: "thesis/12-observations",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        if self.sizes.len() < 4 {
            let allowed = "at least 4 sizes, of which two slopes are fitted";
            return Err(Error::setting("sizes.len()", self.sizes.len(), allowed));
        }
        ascending("sizes", &self.sizes)?;
        ascending("changed", &self.changed)?;
        if let Some(size) = self.changed.iter().find(|n| !self.sizes.contains(n)) {
            return Err(Error::setting("changed", size, "one of the sizes"));
        }
        whole("least_steps", self.least_steps, 0, 1_000_000_000)?;
        conditions::validate(&self.conditions(), self.observation())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        conditions::train_all(&self.conditions(), self.observation(), seed, progress)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

impl TrainingSizes {
    fn observation(&self) -> Observation<'_> {
        Observation {
            record: &conditions::ENDS,
            shown: self.shown,
        }
    }

    fn conditions(&self) -> Vec<Condition> {
        let plain = self.sizes.iter().map(|n| ("plain", *n));
        let changed = self.changed.iter().map(|n| ("changed", *n));
        plain
            .chain(changed)
            .map(|(part, per_class)| self.condition(part, per_class))
            .collect()
    }

    fn condition(&self, part: &'static str, per_class: usize) -> Condition {
        let mut pictures = Pictures {
            per_class,
            ..self.pictures.clone()
        };
        if part == "changed" {
            pictures = pictures.cropped(self.crop);
        }
        let count = pictures.count();
        let mut recipe = self.recipe.clone();
        recipe.batch = recipe.batch.min(count);
        let steps = recipe.epochs * recipe.steps(count);
        let times = self.least_steps.div_ceil(steps.max(1)).max(1);
        recipe.epochs *= times;
        recipe.drop_every *= times;
        Condition {
            part,
            setting: count.to_string(),
            value: count as f64,
            recipe,
            pictures,
        }
    }

    /// Numbers of training images of a part, as settings.
    fn settings_of(&self, part: &str) -> Vec<String> {
        let sizes = if part == "plain" {
            &self.sizes
        } else {
            &self.changed
        };
        let classes = self.pictures.classes;
        sizes.iter().map(|n| (n * classes).to_string()).collect()
    }

    /// One row a size, plain and changed: the mean over seeds of what was measured after training, with the ends of its 95 % interval.
    ///
    /// # Errors
    /// An outcome of other settings.
    pub fn summary(&self, outcome: &Outcome) -> Result<Table> {
        let (plain, changed) = (self.settings_of("plain"), self.settings_of("changed"));
        let places: Vec<Place> = plain
            .iter()
            .map(|s| ("plain", s.as_str()))
            .chain(changed.iter().map(|s| ("changed", s.as_str())))
            .collect();
        summary(outcome, &places)
    }
}
