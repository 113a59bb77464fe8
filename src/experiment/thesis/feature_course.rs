//! Features in training, one by one: a residual network beside dense layers (Fig. 7.4 to 7.7, Fig. C.3).
//!
//! The tables are those of trainings side by side, as in [`ImageNetworks`](super::ImageNetworks): `part` is `resnet`, `fcn`, `vgg` (the harder set), `fcn-easy` (the easier), `resnet-many` (the set of Fig. 7.7b) or `slow` (the residual
//! network at a smaller rate); `setting` is the image set, `value` the number of classes.

mod claims;
mod report;

use super::conditions::report::{Place, summary};
use super::conditions::{self, Condition, Observation};
use super::image_networks::{vgg, vgg_recipe};
use super::pictures::Pictures;
use super::recipe::{Net, Recipe};
use crate::claim::Claims;
use crate::error::Result;
use crate::experiment::check::positive;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::image::ImageSet;
use crate::trace::Schedule;

settings! {
    /// Settings of features in training.
    pub struct FeatureCourse {
        /// The harder image set; published: CIFAR-10.
        hard: Pictures = Pictures::all(ImageSet::FashionMnist6k, 6, 8), Pictures::all(ImageSet::FashionMnist6k, 100, 16), Pictures::all(ImageSet::Cifar10, 5000, 32);
        /// The easier one of Fig. 7.6; published: MNIST.
        easy: Pictures = Pictures::all(ImageSet::Digits8x8, 6, 8), Pictures::all(ImageSet::Digits8x8, 100, 16), Pictures::all(ImageSet::Mnist, 5421, 32);
        /// That of Fig. 7.7b; published: CIFAR-100. The shipped sets have ten classes.
        many: Pictures = Pictures::all(ImageSet::FashionMnist6k, 6, 8), Pictures::all(ImageSet::FashionMnist6k, 100, 16), Pictures::all(ImageSet::Cifar100, 500, 32);
        /// The residual network and its training; published: ResNet18.
        resnet: Recipe = Recipe::thesis(Net::resnet18(2), 10, (4, 2)), Recipe::thesis(Net::resnet18(8), 50, (32, 24)), Recipe::thesis(Net::resnet18(64), 128, (200, 60));
        /// Dense layers and their training; published: four layers of width 512.
        fcn: Recipe = Recipe::thesis(Net::dense([16; 4]), 10, (4, 2)), Recipe::thesis(Net::dense([256; 4]), 50, (100, 60)), Recipe::thesis(Net::dense([512; 4]), 128, (200, 60));
        /// The VGG network and its training.
        vgg: Recipe = vgg_recipe(vgg(2, vec![1, 1]), 10, (4, 2)), vgg_recipe(vgg(8, vec![2, 2, 3, 3]), 50, (60, 45)), vgg_recipe(vgg(64, vec![2, 2, 3, 3, 3]), 128, (200, 60));
        /// The learning rate of Fig. C.3, whose text says slower and no more.
        slow: f64 = 0.005, 0.005, 0.005;
        /// Epochs before which is measured.
        record: Schedule = Schedule::at([1, 2]), Schedule::at([1, 2, 3, 5, 10, 20, 30, 50]), Schedule::at([1, 2, 3, 5, 10, 20, 30, 50, 100, 150]);
        /// Features that are kept.
        shown: usize = 20, 40, 512;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

impl Experiment for FeatureCourse {
    const INFO: Info = Info {
        id: "thesis/fig-7.4",
        title: "Features in training: a residual network beside dense layers (Fig. 7.4 to 7.7, C.3)",
        document: Document::Thesis,
        section: "§7.4, Fig. 7.4–7.7, C.3",
        notebook: "thesis/12-observations",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("slow", self.slow)?;
        conditions::validate(&self.conditions(), self.observation())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        conditions::train_all(&self.conditions(), self.observation(), seed, progress)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}

impl FeatureCourse {
    fn observation(&self) -> Observation<'_> {
        Observation {
            record: &self.record,
            shown: self.shown,
        }
    }

    fn conditions(&self) -> Vec<Condition> {
        let slow = Recipe {
            rate: self.slow,
            ..self.resnet.clone()
        };
        let all = [
            ("resnet", &self.resnet, &self.hard),
            ("fcn", &self.fcn, &self.hard),
            ("fcn-easy", &self.fcn, &self.easy),
            ("vgg", &self.vgg, &self.hard),
            ("resnet-many", &self.resnet, &self.many),
            ("slow", &slow, &self.hard),
        ];
        all.map(|(part, recipe, pictures)| Condition {
            part,
            setting: pictures.set.name().into(),
            value: pictures.classes as f64,
            recipe: recipe.clone(),
            pictures: pictures.clone(),
        })
        .into()
    }

    fn pictures(&self, part: &str) -> &Pictures {
        match part {
            "fcn-easy" => &self.easy,
            "resnet-many" => &self.many,
            _ => &self.hard,
        }
    }

    fn recipe(&self, part: &str) -> &Recipe {
        match part {
            "fcn" | "fcn-easy" => &self.fcn,
            "vgg" => &self.vgg,
            _ => &self.resnet,
        }
    }

    fn place(&self, part: &'static str) -> Place<'static> {
        (part, self.pictures(part).set.name())
    }

    /// One row for each network and set: the mean over seeds of what was measured after training, with the ends of its 95 % interval.
    ///
    /// # Errors
    /// An outcome of other settings.
    pub fn summary(&self, outcome: &Outcome) -> Result<Table> {
        let parts = ["resnet", "fcn", "fcn-easy", "vgg", "resnet-many", "slow"];
        summary(outcome, &parts.map(|part| self.place(part)))
    }
}
