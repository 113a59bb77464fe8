//! Grokking of modular addition under Adam and under sign descent (Fig. 13).
//!
//! A perceptron with trained vectors for its two tokens learns x + y mod p from four fifths of the table, full batch, by AdamW. Adam with both β = 0 is sign descent; a smaller
//! β₂ alone and β₁ = 0 alone tell which of them matters. (β₂ = 0 beside β₁ = 0.9 divides a remembered gradient by a present one that may be 0, and diverges.)
//!
//! Table `curves`, by seed, `decay`, `beta1`, `beta2` and `step`: `train` and `test` accuracy, `loss` on the shown pairs.
//!
//! Table `runs`, by seed, `decay`, `beta1`, `beta2`: `known` and `general`, the first recorded steps at which the training and the test accuracy exceed `level` (NaN: never), `best`,
//! the highest test accuracy, `last`, the last, and `diverged`, the step at which the loss was no number (NaN: never).

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::network::{Activation, Batches, Examples, Inputs, Loss, Mlp, MlpTrainer};
use crate::optimizer::{AdamW, Optimizer};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::{ModularOperation, ModularTable};
use crate::trace::Schedule;
use std::ops::ControlFlow;

settings! {
    /// Settings of grokking under several optimizers.
    pub struct AdditionGrokking {
        /// p. The smaller p, the later: with 31 no rule and with 41 no Adam generalises in 3000 steps.
        modulus: usize = 7, 47, 59;
        /// Share of the table that is shown.
        fraction: f64 = 0.8, 0.8, 0.8;
        /// Length of a token's vector; the text says 32.
        embedding: usize = 8, 64, 128;
        /// Units of the two hidden layers.
        width: usize = 16, 64, 100;
        /// Learning rate; the text says 0.001.
        rate: f64 = 0.01, 0.01, 0.01;
        /// Weight decays, decoupled.
        decays: Vec<f64> = vec![0.0, 0.03], vec![0.0, 0.03], vec![0.0, 0.03];
        /// Steps at most.
        steps: usize = 100, 3000, 10_001;
        /// Accuracy that counts as knowing.
        level: f64 = 0.9, 0.9, 0.9;
        /// Test accuracy at which a run ends: nothing happens after it.
        done: f64 = 0.99, 0.99, 1.0;
        /// Steps between two records.
        every: usize = 10, 25, 50;
        /// Number of seeds; published: one.
        seeds: u64 = 2, 5, 8;
    }
}

/// β₁ and β₂, with their names.
pub(super) const RULES: [(f64, f64, &str); 4] = [
    (0.9, 0.999, "Adam"),
    (0.0, 0.0, "SignGD"),
    (0.9, 0.9, "smaller β₂ alone"),
    (0.0, 0.999, "β₁ = 0 alone"),
];

impl Experiment for AdditionGrokking {
    const INFO: Info = Info {
        id: "physics/fig-13",
        title: "Grokking of modular addition under Adam and sign descent (Fig. 13)",
        document: Document::Physics,
        section: "§4.2, Fig. 13",
        notebook: "physics/09-grokking",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("modulus", self.modulus, 3, 1000)?;
        whole("embedding", self.embedding, 1, 10_000)?;
        whole("width", self.width, 1, 10_000)?;
        whole("steps", self.steps, 1, 100_000_000)?;
        whole("every", self.every, 1, self.steps)?;
        positive("rate", self.rate)?;
        distinct("decays", &self.decays)?;
        for (field, share) in [("level", self.level), ("done", self.done)] {
            if !(share > 0.0 && share <= 1.0) {
                return Err(Error::setting(field, share, "in (0, 1]"));
            }
        }
        for decay in &self.decays {
            Optimizer::from(self.rule(*decay, 0.9, 0.999)).validate_as("decays")?;
        }
        self.table()?.split(self.fraction, Seed(0))?;
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut runs) = (Vec::new(), Vec::new());
        for decay in &self.decays {
            for (beta1, beta2, _) in RULES {
                let (curve, run) = self.train((*decay, beta1, beta2), seed, progress)?;
                let led = |table: Table| {
                    table
                        .led_by("beta2", beta2)?
                        .led_by("beta1", beta1)?
                        .led_by("decay", *decay)
                };
                curves.push(led(curve)?);
                runs.push(led(run)?);
            }
        }
        let mut tables = Tables::new();
        tables.insert("curves".into(), Table::concat(curves)?);
        tables.insert("runs".into(), Table::concat(runs)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

impl AdditionGrokking {
    fn table(&self) -> Result<ModularTable> {
        ModularTable::new(ModularOperation::Add, self.modulus as u32)
    }

    fn rule(&self, decay: f64, beta1: f64, beta2: f64) -> AdamW {
        AdamW::new(self.rate)
            .betas(beta1, beta2)
            .weight_decay(decay)
    }

    fn train(
        &self,
        (decay, beta1, beta2): (f64, f64, f64),
        seed: Seed,
        progress: &Progress,
    ) -> Result<(Table, Table)> {
        let table = self.table()?;
        let (shown, hidden) = table.split(self.fraction, seed)?;
        let (shown, hidden) = (pairs(&table, &shown)?, pairs(&table, &hidden)?);
        let widths = [2 * self.embedding, self.width, self.width, self.modulus];
        let net = Mlp::new(widths)
            .with_activation(Activation::Silu)
            .with_embedding(self.modulus, self.embedding);
        let rule = self.rule(decay, beta1, beta2);
        let mut net = MlpTrainer::<f64>::new(&net, Loss::CrossEntropy, rule, seed)?;
        let mut seen: Vec<[f64; 4]> = Vec::new();
        let schedule = Schedule::Every { steps: self.every };
        let run = net.train(self.steps, Batches::Full(&shown), &schedule, |net, step| {
            progress.check()?;
            let (train, test) = (net.evaluate(&shown)?, net.evaluate(&hidden)?.accuracy);
            seen.push([step as f64, train.accuracy, test, train.loss]);
            Ok(if test >= self.done {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        });
        let diverged = match run {
            Ok(_) => f64::NAN,
            Err(Error::Diverged { step, .. }) => step as f64,
            Err(error) => return Err(error),
        };
        let column = |k: usize| seen.iter().map(|row| row[k]).collect::<Vec<f64>>();
        let first = |k: usize| {
            let found = seen.iter().find(|row| row[k] > self.level);
            vec![found.map_or(f64::NAN, |row| row[0])]
        };
        let best = column(2).into_iter().fold(0.0, f64::max);
        let last = seen.last().map_or(f64::NAN, |row| row[2]);
        let curve = Table::new()
            .with("step", column(0))?
            .with("train", column(1))?
            .with("test", column(2))?
            .with("loss", column(3))?;
        let run = Table::new()
            .with("known", first(1))?
            .with("general", first(2))?
            .with("best", vec![best])?
            .with("last", vec![last])?
            .with("diverged", vec![diverged])?;
        Ok((curve, run))
    }
}

/// Pairs as tokens, with their sums as classes.
fn pairs(table: &ModularTable, rows: &[usize]) -> Result<Examples<f64>> {
    let tokens =
        ndarray::Array2::from_shape_fn((rows.len(), 2), |(i, j)| table.pairs()[rows[i]][j]);
    let classes: Vec<u32> = rows.iter().map(|i| table.results()[*i]).collect();
    Examples::new(Inputs::Tokens(tokens), classes)
}
