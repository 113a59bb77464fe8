//! Malignant overfitting: strong features that cannot fit the target (thesis, §1.6.2, Fig. 1.5, Eq. 1.39).
//!
//! The model of [`BenignOverfitting`](super::BenignOverfitting), with a target among the weak features, d < k ≤ 2d. Tables and columns are the same; here the head's error counts the
//! target that it cannot express.

mod report;

use super::overfitting::{Overfitting, frequency_within};
use crate::claim::Claims;
use crate::error::Result;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::seed::Seed;

settings! {
    /// Settings of malignant overfitting. The thesis names d, n, p and the target, not the noise.
    pub struct MalignantOverfitting {
        /// Strong features d.
        d: usize = 3, 5, 5;
        /// Samples n, uniform on [0, 1].
        samples: usize = 40, 100, 100;
        /// All features p.
        features: usize = 400, 2000, 2000;
        /// k of the target sin 2πkx; from d + 1 to 2d.
        frequency: usize = 6, 10, 10;
        /// Standard deviation σ of the labels' noise, which the thesis does not name.
        noise: f64 = 0.5, 0.5, 0.5;
        /// Times at which the flow is recorded, in equal ratios from 0.01 to 100 n.
        times: usize = 20, 60, 120;
        /// Number of seeds: of samples and noise.
        seeds: u64 = 2, 16, 100;
    }
}

impl MalignantOverfitting {
    fn case(&self) -> Overfitting {
        Overfitting {
            d: self.d,
            samples: self.samples,
            features: self.features,
            frequency: self.frequency,
            noise: self.noise,
            times: self.times,
        }
    }
}

impl Experiment for MalignantOverfitting {
    const INFO: Info = Info {
        id: "thesis/fig-1.5",
        title: "Malignant overfitting: strong features cannot express the target",
        document: Document::Thesis,
        section: "§1.6.2, Fig. 1.5",
        notebook: "thesis/02-overfitting",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.case().validate()?;
        frequency_within(
            self.frequency,
            self.d + 1,
            2 * self.d,
            "among the next d features (Eq. 1.39)",
        )
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        self.case().run(seed, progress)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(&self.case(), outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(&self.case(), outcome)
    }
}
