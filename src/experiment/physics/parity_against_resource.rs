//! Three parities in a network, and what the Resource model says of them (Fig. 16).
//!
//! The network is that of Fig. 2; its level on a task is $s = 2a - 1$ of the accuracy a on held-out strings, 0 for a guess. In the run `dependent`
//! $y_3 = y_1 \oplus y_2$, and the Resource model has a gate for skill 3; in the run `independent` $y_3'$ is of four other bits, and $p_3$ is constant or changes on the way.
//!
//! The models (`form`), all by Euler's steps as the authors run them: for `dependent` the forms of a gate of [`DependentSkills`](super::DependentSkills), for `independent` `constant`
//! ($p_3$ stays), `switched` (changes when $u_3$ falls to `unskill`, as in the published code) and `timed` (changes after `changed` steps, as the text says).
//!
//! | table | a row for each | columns |
//! |---|---|---|
//! | `curves` | seed, run, record, task | `run`, `step`, `task` (from 1), `accuracy`, `level` |
//! | `models` (of the first seed: nothing in them is random) | run, form, record, task | `run`, `form`, `step`, `task`, `level` |
//! | `rmse` | seed, run, form, task | `run`, `form`, `task` (0: all three), `rmse` of the model's level from the network's, `early` and `late`: up to step `changed` and after it (NaN: no records) |

mod report;
mod resource;

use super::parities::{Seen, Strings};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::network::{Loss, Mlp, MlpTrainer};
use crate::optimizer::Adam;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Subsets;

settings! {
    /// Settings of three parities in a network and in the Resource model.
    pub struct ParityAgainstResource {
        /// Bits of a string.
        bits: usize = 12, 32, 32;
        /// Hidden units.
        width: usize = 30, 50, 50;
        /// Strings of the full batch; the text says 10,000.
        samples: usize = 400, 8000, 8000;
        /// Held-out strings.
        test: usize = 200, 2000, 2000;
        /// Learning rate of Adam.
        rate: f64 = 0.005, 0.001, 0.001;
        /// Steps of the run `dependent`.
        steps: usize = 200, 1000, 1000;
        /// Steps of the run `independent`.
        long: usize = 300, 3000, 3000;
        /// Steps between two records.
        every: usize = 10, 10, 10;
        /// Frequency of the skills 1 and 2, and of 3 where it depends on them; the text says 1.
        frequency: f64 = 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0;
        /// γ of the gate.
        gamma: f64 = 0.01, 0.01, 0.01;
        /// Effective learning rate η of the model with a gate; not in the text.
        gated_eta: f64 = gated_eta(), gated_eta(), gated_eta();
        /// Its wasted resources N₀; not in the text.
        gated_waste: f64 = 0.01, 0.01, 0.01;
        /// Effective learning rate η of the model without a gate; not in the text.
        free_eta: f64 = free_eta(), free_eta(), free_eta();
        /// Its wasted resources N₀; not in the text.
        free_waste: f64 = 0.1, 0.1, 0.1;
        /// Frequency p₃ of the skill that depends on no other.
        rare: f64 = 0.0045, 0.0045, 0.0045;
        /// What p₃ changes to.
        later: f64 = 0.08, 0.08, 0.08;
        /// Unskill u₃ at which p₃ changes in the published code.
        unskill: f64 = 0.5, 0.5, 0.5;
        /// Step after which p₃ changes in the text.
        changed: usize = 200, 2000, 2000;
        /// Number of seeds; published: one.
        seeds: u64 = 2, 20, 32;
    }
}

/// $10^{-2}\sqrt{7 \cdot 50/600}$, as the published code has it.
fn gated_eta() -> f64 {
    1e-2 * (350.0_f64 / 600.0).sqrt()
}

/// $10^{-2}\sqrt{7 \cdot 50/400}$, as the published code has it.
fn free_eta() -> f64 {
    1e-2 * (350.0_f64 / 400.0).sqrt()
}

/// Names of the runs and the bits of their third task.
const RUNS: [(&str, [usize; 4]); 2] = [("dependent", [0, 1, 2, 3]), ("independent", [4, 5, 6, 7])];

/// The first three tasks.
const TASKS: usize = 3;

impl Experiment for ParityAgainstResource {
    const INFO: Info = Info {
        id: "physics/fig-16",
        title: "Dependent parities in a network and in the Resource model (Fig. 16)",
        document: Document::Physics,
        section: "§5.1, Fig. 16",
        notebook: "physics/12-dependent-skills",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("bits", self.bits, 8, 1000)?;
        whole("width", self.width, 1, 100_000)?;
        whole("samples", self.samples, 2, 10_000_000)?;
        whole("test", self.test, 1, 10_000_000)?;
        whole("steps", self.steps, 10, 10_000_000)?;
        whole("long", self.long, 10, 10_000_000)?;
        whole("every", self.every, 1, self.steps.min(self.long))?;
        whole("changed", self.changed, 1, self.long)?;
        for (field, x) in [
            ("rate", self.rate),
            ("frequency", self.frequency),
            ("gamma", self.gamma),
            ("gated_eta", self.gated_eta),
            ("gated_waste", self.gated_waste),
            ("free_eta", self.free_eta),
            ("free_waste", self.free_waste),
            ("rare", self.rare),
            ("later", self.later),
        ] {
            positive(field, x)?;
        }
        if !(self.unskill > 0.0 && self.unskill < 1.0) {
            return Err(Error::setting("unskill", self.unskill, "between 0 and 1"));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut models, mut rmse) = (Vec::new(), Vec::new(), Vec::new());
        for (run, third) in RUNS {
            let seen = self.train(run, third, seed, progress)?;
            for form in resource::forms(run) {
                let model = self.model(run, form)?;
                rmse.push(
                    self.compared(&seen, &model)?
                        .led_by("form", *form)?
                        .led_by("run", run)?,
                );
                if seed.0 == 0 {
                    models.push(
                        self.drawn(&model)?
                            .led_by("form", *form)?
                            .led_by("run", run)?,
                    );
                }
            }
            let table = seen.table()?;
            let levels: Vec<f64> = table.f64s("accuracy")?.into_iter().map(level).collect();
            curves.push(table.with("level", levels)?.led_by("run", run)?);
        }
        let mut tables = Tables::new();
        tables.insert("curves".into(), Table::concat(curves)?);
        tables.insert("rmse".into(), Table::concat(rmse)?);
        if !models.is_empty() {
            tables.insert("models".into(), Table::concat(models)?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

/// The level of a skill from an accuracy: 0 for a guess.
fn level(accuracy: f64) -> f64 {
    2.0 * accuracy - 1.0
}

impl ParityAgainstResource {
    /// Steps of a run.
    fn length(&self, run: &str) -> usize {
        match run {
            "dependent" => self.steps,
            _ => self.long,
        }
    }

    fn train(&self, run: &str, third: [usize; 4], seed: Seed, progress: &Progress) -> Result<Seen> {
        let subsets = vec![vec![0, 1], vec![2, 3], third.to_vec()];
        let tasks = Subsets::new(subsets, self.bits)?;
        let train = Strings::new(self.samples, self.bits, &tasks, seed, "data");
        let test = Strings::new(self.test, self.bits, &tasks, seed, "data/test");
        let net = Mlp::new([self.bits, self.width, TASKS]);
        let mut net = MlpTrainer::<f64>::new(&net, Loss::Mse, Adam::new(self.rate), seed)?;
        let examples = train.weighted(1.0)?;
        let until = (self.length(run), self.every, None);
        Seen::of(&mut net, &examples, until, (&train, &test), progress)
    }
}
