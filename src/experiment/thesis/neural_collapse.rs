//! Neural collapse while a network is trained on images, and what the minimum-projection operator says of it (§2.5, appendix D).
//!
//! Part one trains a network and measures, on a schedule of epochs, NC1 to NC4 of the training set in every usual form beside $\kappa_\mathrm{CKA}$ and the
//! effective dimensions. Part two takes features made for $\mathcal T_\mathrm{MP}$ and checks propositions 2.5.1 to 2.5.3, then spoils these features by a known amount.
//!
//! Table `training`, by seed and `epoch`: `train_loss`, `train_accuracy`, `test_accuracy`; of the training set the measures of
//! [`CollapseVariants`] (`nc1_trace` to `nc4`), `kappa_train`, `utilization_train` ($D_\mathrm{eff}(\hat Q)$), `constant_train`; of the test set
//! `quality_dimension`, `utilization_dimension`, `intensity_dimension`, `plain_intensity_dimension`, `kappa`, `constant` (overlap of e₁ with 1), `quality_share` ($\Pi^*(C)/\Pi^*(p)$).
//! Dimensions of shares are too large on few test samples: an eigenfunction that knows nothing has a share of 1/n.
//!
//! Table `propositions`, by seed, `classes` and `statement`: `difference` ([`Propositions`]).
//!
//! Table `spoiled`, by seed, `kind` (`noise` within classes; `stretch` of the intensities) and `size`: `kappa`, `nc1_trace`, `nc2_simplex`, `nc4`.

mod claims;
mod report;
mod synthetic;

use super::pictures::ImageSplit;
use super::recipe::{Dynamics, Net, Recipe};
use super::trained::{Both, observe};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
#[cfg(doc)]
use crate::metric::{minimum_projection::Propositions, neural_collapse::CollapseVariants};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::image::ImageSet;
use crate::trace::Schedule;

settings! {
    /// Settings of neural collapse while a network is trained.
    pub struct TrainedCollapse {
        /// Images; published: MNIST, CIFAR-10 and CIFAR-100.
        set: ImageSet = ImageSet::FashionMnist6k, ImageSet::FashionMnist6k, ImageSet::Mnist;
        /// Training images of each class.
        per_class: usize = 20, 500, 5000;
        /// Network and training; published: ResNet18 and VGG16, rate .05 and .01, momentum .9, weight decay 1e-3, 200 epochs, rate × .2 every 60.
        recipe: Recipe = Recipe::thesis(Net::dense([32, 32]), 64, (4, 4)), Recipe::thesis(Net::dense([256, 256, 256]), 128, (90, 30)), Recipe::thesis(Net::dense([1024, 1024, 1024]), 128, (200, 60));
        /// Epochs before which is measured.
        record: Schedule = Schedule::at([1]), Schedule::at([1, 2, 4, 8, 15, 30, 60]), Schedule::at([1, 2, 4, 8, 15, 30, 60, 100, 140]);
        /// Numbers of classes of the synthetic features.
        classes: Vec<usize> = vec![2, 10], vec![2, 3, 10, 20, 100], vec![2, 3, 10, 20, 100];
        /// Samples of each class of the synthetic features.
        synthetic: usize = 5, 20, 20;
        /// How much synthetic features of ten classes are spoiled.
        sizes: Vec<f64> = vec![0.0, 0.5], vec![0.0, 0.03, 0.1, 0.3, 1.0, 3.0], vec![0.0, 0.03, 0.1, 0.3, 1.0, 3.0];
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

impl Experiment for TrainedCollapse {
    const INFO: Info = Info {
        id: "thesis/nc",
        title: "Neural collapse while a network is trained, and the minimum-projection operator",
        document: Document::Thesis,
        section: "§2.5, app. D",
        notebook: "thesis/05-neural-collapse",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.recipe.validate()?;
        whole("per_class", self.per_class, 2, 1_000_000)?;
        whole("synthetic", self.synthetic, 2, 100_000)?;
        self.record.validate("record")?;
        distinct("classes", &self.classes)?;
        for classes in &self.classes {
            whole("classes", *classes, 2, 1000)?;
        }
        distinct("sizes", &self.sizes)?;
        if let Some(size) = self.sizes.iter().find(|s| !(**s >= 0.0 && s.is_finite())) {
            return Err(Error::setting("sizes", size, "finite numbers ≥ 0"));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        tables.insert("propositions".into(), self.propositions(seed)?);
        tables.insert("spoiled".into(), self.spoiled(seed)?);
        tables.insert("training".into(), self.training(seed, progress)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}

impl TrainedCollapse {
    fn training(&self, seed: Seed, progress: &Progress) -> Result<Table> {
        let split = ImageSplit::load(self.set, self.per_class, 0.0, seed)?;
        let targets = Both::one_hot(&split)?;
        let mut rows = Vec::new();
        self.recipe.train(
            &split,
            &targets,
            (Dynamics::Backpropagation, seed),
            &self.record,
            progress,
            |net, epoch| {
                let (row, _) = observe(net, &split, &targets)?;
                rows.push(row.led_by("epoch", epoch as i64)?);
                Ok(())
            },
        )?;
        Table::concat(rows)
    }
}
