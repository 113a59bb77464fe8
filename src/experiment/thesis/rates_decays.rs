//! Learning rate, weight decay and update rule: which lead to the minimum feature regime, and do they perform better (Fig. 7.2)?
//!
//! The tables are those of trainings side by side, as in [`ImageNetworks`](super::ImageNetworks): `part` is `rate`, `decay` or `rule`; `setting` and `value` are the rate, the decay, or the rule's name and place in the list.
//! In `rule`, `base` is gradient descent with the recipe's own rate and decay.

mod report;

use super::conditions::report::{Place, summary};
use super::conditions::{self, Condition, Observation};
use super::pictures::Pictures;
use super::recipe::{Net, Recipe};
use crate::claim::Claims;
use crate::display::number;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::optimizer::{Adam, Muon, Optimizer, Soap};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::image::ImageSet;

settings! {
    /// Settings of networks under several rates, decays and rules.
    pub struct RatesAndDecays {
        /// Images under several rates; published: CIFAR-100.
        rate_pictures: Pictures = Pictures::all(ImageSet::FashionMnist6k, 6, 8), Pictures::all(ImageSet::FashionMnist6k, 100, 16), Pictures::all(ImageSet::Cifar100, 500, 32).cropped(4);
        /// Images under several decays and rules; published: CIFAR-10.
        decay_pictures: Pictures = Pictures::all(ImageSet::FashionMnist6k, 6, 8), Pictures::all(ImageSet::FashionMnist6k, 100, 16), Pictures::all(ImageSet::Cifar10, 5000, 32).cropped(4);
        /// Network and training, gradient descent with momentum; published: ResNet18, momentum .9, rate .05 and decay 1e-3 in §2.4.
        recipe: Recipe = Recipe::thesis(Net::resnet18(2), 10, (4, 2)), Recipe::thesis(Net::resnet18(8), 50, (16, 12)), Recipe::thesis(Net::resnet18(64), 128, (200, 60));
        /// Learning rates, the smallest first; that of the recipe need not be among them. Published: three, unnamed in the text.
        rates: Vec<f64> = vec![5e-4, 5e-2], vec![5e-4, 5e-3, 5e-2, 1e-1], vec![5e-4, 5e-3, 5e-2, 1e-1];
        /// Weight decays, the smallest first; published: with none and with more, unnamed in the text.
        decays: Vec<f64> = vec![0.0, 5e-3], vec![0.0, 1e-4, 1e-3, 5e-3], vec![0.0, 1e-4, 1e-3, 5e-3];
        /// Other rules; not in the thesis. Muon and SOAP move matrices, kernels of convolutions too, and leave the rest to AdamW.
        rules: Vec<Optimizer> = rules(), rules(), rules();
        /// Features that are drawn.
        shown: usize = 12, 40, 512;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

fn rules() -> Vec<Optimizer> {
    vec![
        Adam::new(2e-3).into(),
        Muon::new(2e-2).weight_decay(1e-3).into(),
        Soap::new(3e-3).weight_decay(1e-3).into(),
    ]
}

impl Experiment for RatesAndDecays {
    const INFO: Info = Info {
        id: "thesis/fig-7.2",
        title: "Learning rate, weight decay, update rule: the regime and the accuracy they lead to",
        document: Document::Thesis,
        section: "§7.3, Fig. 7.2",
        notebook: "thesis/12-observations",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("rates", &self.rates)?;
        distinct("decays", &self.decays)?;
        for rate in &self.rates {
            positive("rates", *rate)?;
        }
        if !self.rates.is_sorted() || !self.decays.is_sorted() {
            let (field, list) = match self.rates.is_sorted() {
                true => ("decays", &self.decays),
                false => ("rates", &self.rates),
            };
            return Err(Error::setting(
                field,
                format!("{list:?}"),
                "in ascending order",
            ));
        }
        let names: Vec<&str> = self.rules.iter().map(Optimizer::name).collect();
        if !names.is_empty() {
            distinct("rules", &names)?;
        }
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

/// Gradient descent with the recipe's own rate and decay.
const BASE: &str = "base";

impl RatesAndDecays {
    fn observation(&self) -> Observation<'_> {
        Observation {
            record: &conditions::ENDS,
            shown: self.shown,
        }
    }

    fn conditions(&self) -> Vec<Condition> {
        let mut all = Vec::new();
        let mut add =
            |part, setting: String, value, pictures: &Pictures, change: &dyn Fn(&mut Recipe)| {
                let mut recipe = self.recipe.clone();
                change(&mut recipe);
                all.push(Condition {
                    part,
                    setting,
                    value,
                    recipe,
                    pictures: pictures.clone(),
                });
            };
        for &rate in &self.rates {
            let change = |recipe: &mut Recipe| recipe.rate = rate;
            add("rate", number(rate), rate, &self.rate_pictures, &change);
        }
        for &decay in &self.decays {
            let change = |recipe: &mut Recipe| recipe.weight_decay = decay;
            add("decay", number(decay), decay, &self.decay_pictures, &change);
        }
        add("rule", BASE.into(), 0.0, &self.decay_pictures, &|_| ());
        for (i, rule) in self.rules.iter().enumerate() {
            let change = |recipe: &mut Recipe| recipe.rule = Some(*rule);
            let value = (i + 1) as f64;
            add(
                "rule",
                rule.name().into(),
                value,
                &self.decay_pictures,
                &change,
            );
        }
        all
    }

    fn places(&self, part: &'static str) -> Vec<(&'static str, String)> {
        let of = |values: &[f64]| values.iter().map(|v| (part, number(*v))).collect();
        match part {
            "rate" => of(&self.rates),
            "decay" => of(&self.decays),
            _ => std::iter::once((part, BASE.into()))
                .chain(self.rules.iter().map(|rule| (part, rule.name().into())))
                .collect(),
        }
    }

    /// One row for each rate, decay and rule: the mean over seeds of what was measured after training, with the ends of its 95 % interval.
    ///
    /// # Errors
    /// An outcome of other settings.
    pub fn summary(&self, outcome: &Outcome) -> Result<Table> {
        let owned = ["rate", "decay", "rule"]
            .map(|part| self.places(part))
            .concat();
        let places: Vec<Place> = owned.iter().map(|(part, s)| (*part, s.as_str())).collect();
        summary(outcome, &places)
    }
}
