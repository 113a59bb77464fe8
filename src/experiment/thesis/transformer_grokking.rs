//! Grokking of a transformer: features before and after (Fig. 6.4).
//!
//! A transformer of two blocks learns x / y mod p from a part of the table by AdamW. It knows the training pairs early and the others much later. Features are
//! measured before (at the first record from step `before` on at which the training pairs are known; at the last step where there is none) and at the end, the first record at which test
//! accuracy is at `level` and has reached it `after` steps ago or earlier; accuracies rise and fall. The thesis states neither p nor any other number but the two steps, 200 and 3000; `paper` has those of Power et al. (2022), whom it cites: p = 97, half the
//! table, width 128, four heads, AdamW with rate 10⁻³, β₂ = .98, weight decay 1, batches of 512.
//!
//! Table `curves`, by seed: `step`, `loss`, `train` and `test` accuracy.
//!
//! Table `metrics`, by seed and `when` (`before`, `after`): `step`, the numbers of [`FeatureMetrics`], `train` and `test`.
//!
//! Table `features`, of seed 0, by `when` and `k`: `intensity`, `quality`, `utilization` and the cumulative sums.
//!
//! Table `runs`, by seed: `known` and `general`, the first recorded steps at which training and test accuracy reached `level`; NaN: never.

mod report;

use crate::claim::Claims;
use crate::device::DeviceKind;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::feature::indicators;
use crate::metric::representation::{FeatureMetrics, LastLayer};
use crate::model::network::{
    Architecture, Batches, Examples, Inputs, Loss, ModuleTrainer, Transformer,
};
use crate::optimizer::AdamW;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::{ModularOperation, ModularTable};
use crate::trace::Schedule;
use ndarray::{Array1, Array2};
use std::ops::ControlFlow;

settings! {
    /// Settings of a transformer that groks.
    pub struct TransformerGrokking {
        /// p, prime; not published.
        prime: usize = 7, 23, 97;
        /// Share of the table that is shown; not published.
        fraction: f64 = 0.7, 0.7, 0.5;
        /// Length of a token's vector, and number of features; not published.
        width: usize = 16, 48, 128;
        /// Heads; not published.
        heads: usize = 2, 4, 4;
        /// Blocks.
        layers: usize = 1, 2, 2;
        /// Learning rate; not published.
        rate: f64 = 0.005, 0.005, 0.001;
        /// Weight decay, decoupled; not published.
        decay: f64 = 1.0, 1.0, 1.0;
        /// β₂; not published.
        beta2: f64 = 0.98, 0.98, 0.98;
        /// Pairs of a step, at most the training set; not published.
        batch: usize = 29, 354, 512;
        /// Steps at most.
        steps: usize = 60, 3000, 20_000;
        /// First step at which features before grokking may be measured.
        before: usize = 20, 200, 200;
        /// Steps past generalisation after which a run may end.
        after: usize = 20, 300, 2000;
        /// Accuracy that counts as knowing.
        level: f64 = 0.95, 0.95, 0.95;
        /// Steps between two records.
        every: usize = 10, 25, 50;
        /// Number of seeds.
        seeds: u64 = 2, 6, 8;
    }
}

impl Experiment for TransformerGrokking {
    const INFO: Info = Info {
        id: "thesis/fig-6.4",
        title: "A transformer groks: features before and after (Fig. 6.4)",
        document: Document::Thesis,
        section: "§6.4.2",
        notebook: "thesis/11-grokking",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("prime", self.prime, 3, 1000)?;
        whole("steps", self.steps, 1, 100_000_000)?;
        whole("every", self.every, 1, self.steps)?;
        whole("before", self.before, 0, self.steps)?;
        whole("after", self.after, 0, self.steps)?;
        for (field, value) in [("rate", self.rate), ("level", self.level)] {
            positive(field, value)?;
        }
        let (shown, _) = self.task()?.split(self.fraction, Seed(0))?;
        whole("batch", self.batch, 1, shown.len())?;
        self.net(&self.task()?).validate()?;
        crate::optimizer::Optimizer::from(self.optimizer()).validate_as("optimizer")
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let task = self.task()?;
        let (shown, hidden) = task.split(self.fraction, seed)?;
        let sets = Sets {
            train: examples(&task, &shown)?,
            test: examples(&task, &hidden)?,
            targets: indicators(&task.labels(&hidden)?, self.prime)?,
        };
        let device = DeviceKind::from_env()?.device()?;
        let net = self.net(&task);
        let mut trainer =
            ModuleTrainer::new(&net, Loss::CrossEntropy, self.optimizer(), seed, &device)?;
        let batches = Batches::Epochs {
            examples: &sets.train,
            size: self.batch,
            seed,
        };
        let schedule = Schedule::Every { steps: self.every };
        let mut seen = Seen::default();
        trainer.train(self.steps, batches, &schedule, |net, step| {
            progress.check()?;
            self.record(net, step, &sets, &mut seen)
        })?;
        seen.tables(seed)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

struct Sets {
    train: Examples<f32>,
    test: Examples<f32>,
    /// One-hot results of the test set.
    targets: Array2<f64>,
}

fn examples(task: &ModularTable, rows: &[usize]) -> Result<Examples<f32>> {
    let tokens = task.tokens(rows)?.mapv(|t| t as u32);
    let classes: Vec<u32> = task.labels(rows)?.iter().map(|c| *c as u32).collect();
    Examples::new(Inputs::Tokens(tokens), classes)
}

/// What a run has shown so far.
#[derive(Default)]
struct Seen {
    steps: Vec<usize>,
    loss: Vec<f64>,
    train: Vec<f64>,
    test: Vec<f64>,
    known: Option<usize>,
    general: Option<usize>,
    metrics: Vec<Table>,
    features: Vec<Table>,
}

impl TransformerGrokking {
    fn task(&self) -> Result<ModularTable> {
        ModularTable::new(ModularOperation::Divide, self.prime as u32)
    }

    fn net(&self, task: &ModularTable) -> Transformer {
        Transformer {
            width: self.width,
            heads: self.heads,
            layers: self.layers,
            ..Transformer::new(task.vocabulary(), 4, self.prime)
        }
    }

    fn optimizer(&self) -> AdamW {
        AdamW::new(self.rate)
            .betas(0.9, self.beta2)
            .weight_decay(self.decay)
    }

    fn record(
        &self,
        net: &mut ModuleTrainer<Transformer>,
        step: usize,
        sets: &Sets,
        seen: &mut Seen,
    ) -> Result<ControlFlow<()>> {
        let train = net.evaluate(&sets.train)?;
        let test = net.evaluate(&sets.test)?.accuracy;
        seen.steps.push(step);
        seen.loss.push(train.loss);
        seen.train.push(train.accuracy);
        seen.test.push(test);
        let reached = |first: &mut Option<usize>, accuracy: f64| {
            if accuracy >= self.level {
                first.get_or_insert(step);
            }
        };
        reached(&mut seen.known, train.accuracy);
        reached(&mut seen.general, test);
        let over = match seen.general {
            Some(first) => {
                step >= first + self.after && test >= self.level && !seen.metrics.is_empty()
            }
            None => false,
        } || step == self.steps;
        let overfits = step >= self.before && train.accuracy >= self.level;
        if seen.metrics.is_empty() && (overfits || step == self.steps) {
            self.measured("before", net, step, sets, seen)?;
        }
        if over {
            self.measured("after", net, step, sets, seen)?;
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn measured(
        &self,
        when: &str,
        net: &ModuleTrainer<Transformer>,
        step: usize,
        sets: &Sets,
        seen: &mut Seen,
    ) -> Result<()> {
        let (weight, bias) = net.last_layer()?;
        let bias = bias.unwrap_or_else(|| vec![0.0; weight.ncols()]);
        let bias: Array1<f64> = bias.into_iter().map(f64::from).collect();
        let layer = LastLayer::new(weight.mapv(f64::from), bias)?;
        let of = |set: &Examples<f32>| Ok::<_, Error>(net.features(&set.inputs)?.mapv(f64::from));
        let (train, test) = (of(&sets.train)?, of(&sets.test)?);
        let metrics =
            FeatureMetrics::measure(&layer, train.view(), test.view(), sets.targets.view())?;
        let last = |values: &[f64]| values.last().copied().unwrap_or(f64::NAN);
        let mut row = Table::new()
            .with("when", vec![when])?
            .with("step", vec![step])?;
        for (name, value) in metrics.named() {
            row = row.with(name, vec![value])?;
        }
        let row = row
            .with("train", vec![last(&seen.train)])?
            .with("test", vec![last(&seen.test)])?;
        seen.metrics.push(row);
        let features = metrics.features_table(self.width)?;
        seen.features.push(features.led_by("when", when)?);
        Ok(())
    }
}

impl Seen {
    fn tables(self, seed: Seed) -> Result<Tables> {
        let first = |step: Option<usize>| vec![step.map_or(f64::NAN, |s| s as f64)];
        let mut tables = Tables::new();
        tables.insert(
            "curves".into(),
            Table::new()
                .with("step", self.steps)?
                .with("loss", self.loss)?
                .with("train", self.train)?
                .with("test", self.test)?,
        );
        tables.insert("metrics".into(), Table::concat(self.metrics)?);
        tables.insert(
            "runs".into(),
            Table::new()
                .with("known", first(self.known))?
                .with("general", first(self.general))?,
        );
        if seed.0 == 0 {
            tables.insert("features".into(), Table::concat(self.features)?);
        }
        Ok(tables)
    }
}
