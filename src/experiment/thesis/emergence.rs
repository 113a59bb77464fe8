//! Emergence in a trained network, against the extended multilinear model calibrated on one skill (Fig. 5.1, 5.2, Table 5.1).
//!
//! A network with one hidden layer of ReLUs learns the multitask sparse parity problem of one skill, to which the model is fitted, and of n_s skills, which the fitted
//! model predicts: in time (SGD on fresh batches), in data (SGD on D examples), in width (Adam on fresh batches). Strengths are mean-centred correlations with the parity
//! on fresh examples, over S. The loss is a mean of squares without ½, so that Eq. 5.2 has 4η where it prints 2η; 𝓡(0) of the model is the square of the initial standard deviation,
//! the product of two parameters.
//!
//! Table `time`: `skills` (n_s), `step`, `skill` (from 1), `strength`. A run ends when all skills have the strength `enough`.
//!
//! Table `data`: `skills`, `samples` (D), `skill`, `count` (d_k), `strength` (after training).
//!
//! Table `width`: `skills`, `width` (N), `run`, `skill`, `strength` (after training).

mod claims;
mod fit;
mod nets;
mod report;
mod rows;
mod system;

use super::numbers::ratios;
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::optimizer::{Adam, Optimizer, Sgd};
use crate::seed::Seed;
use crate::task::SkillLaw;

settings! {
    /// Settings of emergence in a trained network.
    pub struct Emergence {
        /// Exponent α of the frequencies 𝒫(k) ∝ k^{−(α+1)}.
        alpha: f64 = 0.6, 0.6, 0.6;
        /// Number of skills n_s of the predicted system; the other one has 1.
        skills: usize = 2, 5, 5;
        /// Bits of a skill, those of different skills disjoint.
        relevant: usize = 2, 3, 3;
        /// Target scale S.
        scale: f64 = 5.0, 5.0, 5.0;
        /// Fresh examples of each skill on which its strength is measured.
        test: usize = 200, 2000, 20_000;
        /// Skill bits n_b of the runs in time.
        time_bits: usize = 6, 16, 32;
        /// Hidden units of the runs in time.
        time_width: usize = 20, 100, 1000;
        /// Learning rate of the runs in time.
        time_rate: f64 = 0.05, 0.02, 0.05;
        /// Standard deviation of the initial parameters, in time and data (text and code; the table of App. C.3 has 0.01).
        start: f64 = 0.001, 0.001, 0.001;
        /// Examples of a fresh batch in time.
        time_batch: usize = 200, 1000, 4000;
        /// Steps of the runs in time.
        steps: usize = 3000, 60_000, 30_000;
        /// Steps of the run in time with one skill.
        single_steps: usize = 800, 3000, 30_000;
        /// Records of a run in time.
        records: usize = 50, 150, 600;
        /// Strength of all skills at which a run in time ends; above 1.5 none does.
        enough: f64 = 0.97, 0.98, 2.0;
        /// Numbers of examples D with one skill.
        single_samples: Vec<usize> = vec![20, 100], vec![100, 200, 300, 400, 600, 800, 1200, 2000], vec![100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1500, 2000];
        /// Numbers of examples D with n_s skills.
        samples: Vec<usize> = vec![50, 300], vec![1500, 4000, 8000, 16_000, 32_000], vec![500, 1000, 1500, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000];
        /// Skill bits of the runs on D examples.
        data_bits: usize = 6, 32, 32;
        /// Hidden units of the runs on D examples.
        data_width: usize = 20, 100, 1000;
        /// First learning rate on D examples: 0.05, which the code halves at once.
        data_rate: f64 = 0.02, 0.02, 0.025;
        /// The same with one skill, whose loss is sharper.
        single_rate: f64 = 0.005, 0.005, 0.025;
        /// Momentum on D examples; its steps are longer by 1/(1 − momentum). The thesis has none.
        data_momentum: f64 = 0.9, 0.9, 0.0;
        /// Examples of a step on D examples, all of them if there are fewer.
        data_batch: usize = 100, 1000, 2000;
        /// Steps on D examples.
        data_steps: usize = 1000, 8000, 500_000;
        /// Steps on D examples with one skill.
        single_data_steps: usize = 500, 3200, 500_000;
        /// Steps after which the learning rate is halved, again and again.
        halve: usize = 1000, 10_000, 50_000;
        /// Training loss over S² below which a run on D examples ends.
        fitted: f64 = 1e-4, 1e-5, 0.0;
        /// Hidden units N with one skill.
        single_widths: Vec<usize> = vec![1, 4], vec![1, 2, 3, 4, 5, 6, 8, 12], vec![1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16];
        /// Hidden units N with n_s skills.
        widths: Vec<usize> = vec![2, 4], vec![2, 5, 10, 16, 24, 32], vec![2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 44, 48];
        /// Runs of each N.
        tries: usize = 1, 1, 5;
        /// The N of Table 5.1.
        table_width: usize = 4, 10, 10;
        /// Runs of that N.
        table_tries: usize = 2, 3, 5;
        /// Skill bits of the runs of N.
        width_bits: usize = 6, 16, 32;
        /// Learning rate of Adam in the runs of N.
        width_rate: f64 = 0.01, 0.01, 0.001;
        /// Weight decay of Adam (L2) in the runs of N, as the code; the thesis says 5e-5.
        width_decay: f64 = 5e-4, 5e-4, 5e-4;
        /// Standard deviation of the initial parameters in the runs of N, as the code and the table of App. C.3.
        width_start: f64 = 0.01, 0.01, 0.01;
        /// Examples of a fresh batch in the runs of N.
        width_batch: usize = 100, 1000, 4000;
        /// Steps of the runs of N.
        width_steps: usize = 300, 12_000, 500_000;
        /// Steps of the runs of N with one skill.
        single_width_steps: usize = 150, 8000, 500_000;
        /// Number of seeds: of bits, examples and starts.
        seeds: u64 = 2, 5, 10;
    }
}

impl Emergence {
    fn law(&self) -> Result<SkillLaw> {
        SkillLaw::new(self.alpha, self.skills as u64)
    }

    fn sgd(&self, rate: f64, momentum: f64) -> Optimizer {
        Sgd::new(rate).momentum(momentum).into()
    }

    fn adam(&self) -> Optimizer {
        Adam::new(self.width_rate)
            .weight_decay(self.width_decay)
            .into()
    }

    /// Steps of a system on D examples.
    fn data_steps(&self, skills: usize) -> usize {
        match skills {
            1 => self.single_data_steps,
            _ => self.data_steps,
        }
    }

    /// Steps of a system in the runs of N.
    fn width_steps(&self, skills: usize) -> usize {
        match skills {
            1 => self.single_width_steps,
            _ => self.width_steps,
        }
    }

    /// Steps between looks at the loss of a run on D examples.
    fn look(&self) -> usize {
        (self.data_steps / 40).max(1)
    }

    /// N of all runs, with how many runs of each.
    fn runs_of(&self, skills: usize) -> Vec<(usize, usize)> {
        let (widths, table) = match skills {
            1 => (&self.single_widths, None),
            _ => (&self.widths, Some(self.table_width)),
        };
        let tries = |width: usize| match table {
            Some(own) if own == width => self.table_tries.max(self.tries),
            _ => self.tries,
        };
        widths.iter().map(|width| (*width, tries(*width))).collect()
    }

    /// Numbers tried for a positive constant.
    fn candidates(low: f64, high: f64) -> Vec<f64> {
        ratios(low, high, 3001)
    }
}

impl Experiment for Emergence {
    const INFO: Info = Info {
        id: "thesis/fig-5.1",
        title: "Emergence in time, data and width of a network (Fig. 5.1, 5.2, Table 5.1)",
        document: Document::Thesis,
        section: "§5.2, §5.3, App. C.3",
        notebook: "thesis/09-emergence",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("alpha", self.alpha)?;
        whole("skills", self.skills, 2, 100)?;
        whole("relevant", self.relevant, 1, 20)?;
        positive("scale", self.scale)?;
        whole("test", self.test, 10, 10_000_000)?;
        let needed = self.skills * self.relevant;
        whole("time_bits", self.time_bits, needed, 4096)?;
        whole("data_bits", self.data_bits, needed, 4096)?;
        whole("width_bits", self.width_bits, needed, 4096)?;
        whole("time_width", self.time_width, 1, 100_000)?;
        whole("data_width", self.data_width, 1, 100_000)?;
        positive("time_rate", self.time_rate)?;
        positive("start", self.start)?;
        if self.start * self.start >= self.scale {
            return Err(Error::setting(
                "start",
                self.start,
                format!("its square, 𝓡(0), below S = {}", self.scale),
            ));
        }
        whole("time_batch", self.time_batch, 1, 10_000_000)?;
        whole("records", self.records, 10, 100_000)?;
        whole("steps", self.steps, self.records, 1_000_000_000)?;
        whole(
            "single_steps",
            self.single_steps,
            self.records,
            1_000_000_000,
        )?;
        positive("enough", self.enough)?;
        for (field, values) in [
            ("single_samples", &self.single_samples),
            ("samples", &self.samples),
            ("single_widths", &self.single_widths),
            ("widths", &self.widths),
        ] {
            distinct(field, values)?;
            for value in values {
                whole(field, *value, 1, 10_000_000)?;
            }
        }
        positive("data_rate", self.data_rate)?;
        positive("single_rate", self.single_rate)?;
        if !(0.0..1.0).contains(&self.data_momentum) {
            return Err(Error::setting(
                "data_momentum",
                self.data_momentum,
                "at least 0 and below 1",
            ));
        }
        whole("data_batch", self.data_batch, 1, 10_000_000)?;
        whole("data_steps", self.data_steps, 1, 1_000_000_000)?;
        whole(
            "single_data_steps",
            self.single_data_steps,
            1,
            1_000_000_000,
        )?;
        whole(
            "single_width_steps",
            self.single_width_steps,
            1,
            1_000_000_000,
        )?;
        whole("halve", self.halve, 1, 1_000_000_000)?;
        if !(self.fitted >= 0.0 && self.fitted.is_finite()) {
            return Err(Error::setting("fitted", self.fitted, "a finite number ≥ 0"));
        }
        whole("tries", self.tries, 1, 10_000)?;
        whole("table_tries", self.table_tries, 1, 10_000)?;
        if !self.widths.contains(&self.table_width) {
            return Err(Error::setting(
                "table_width",
                self.table_width,
                format!("one of widths = {:?}", self.widths),
            ));
        }
        positive("width_rate", self.width_rate)?;
        positive("width_start", self.width_start)?;
        self.adam().validate_for("width", &[])?;
        whole("width_batch", self.width_batch, 1, 10_000_000)?;
        whole("width_steps", self.width_steps, 1, 1_000_000_000)?;
        self.law().map(|_| ())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        nets::run(self, seed, progress)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}
