//! Features under targets divided by α, beside features that do not move (Fig. 6.3).
//!
//! A fully connected network learns one-hot rows divided by α under half the squares, all layers or the last alone. §6.2.2 asks for a function that is zero at
//! first: the start `zero` has a last layer of zeros, the start `drawn` is PyTorch's, as the caption names none.
//!
//! Table `training`, by seed, `start`, `case` (`rich`: the smallest α, `lazy`: the largest, `linear`: last layer only at the smallest) and `epoch`: the columns of the table
//! `training` of [`TrainedCollapse`](super::TrainedCollapse), `residual` (`train_loss` times α²: what is left of the one-hot rows) and `kernel_distance` (of the features' kernel on the test set, to that before training).
//!
//! Table `features`, by seed, `start`, `case` and `k` up to `shown`, after training on the test set: `intensity`, `quality`, `utilization`, their cumulative sums.

mod report;

use super::pictures::ImageSplit;
use super::recipe::Dynamics;
use super::trained::{Both, features, observe};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::kernel_alignment::KernelAlignment;
use crate::metric::representation::FeatureMetrics;
use crate::model::network::{Batches, Loss, Mlp, MlpTrainer};
use crate::optimizer::{Optimizer, Sgd};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::image::ImageSet;
use crate::trace::Schedule;
use std::ops::ControlFlow;

settings! {
    /// Settings of target downscaling.
    pub struct TargetDownscaling {
        /// Images; published: MNIST.
        set: ImageSet = ImageSet::FashionMnist6k, ImageSet::FashionMnist6k, ImageSet::Mnist;
        /// Training images of each class; published: 10,000 in all.
        per_class: usize = 20, 500, 1000;
        /// Units of each hidden layer.
        width: usize = 32, 256, 256;
        /// Hidden layers; four layers with weights have three.
        hidden: usize = 3, 3, 3;
        /// Smallest and largest α.
        alphas: [f64; 2] = [1.0, 100.0], [1.0, 100.0], [1.0, 100.0];
        /// Learning rate; not published, as all of the training.
        rate: f64 = 0.05, 0.05, 0.05;
        /// Momentum.
        momentum: f64 = 0.9, 0.9, 0.9;
        /// Weight decay (L2, in the gradient); none, as it would outweigh small targets.
        weight_decay: f64 = 0.0, 0.0, 0.0;
        /// Images of a step.
        batch: usize = 64, 64, 64;
        /// Passes over the training set.
        epochs: usize = 10, 60, 200;
        /// Epochs before which is measured.
        record: Schedule = Schedule::at([1]), Schedule::at([1, 3, 10, 30]), Schedule::at([1, 3, 10, 30, 100]);
        /// Features that are drawn.
        shown: usize = 20, 40, 256;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

/// Name of a start, whether its last layer is zero.
const STARTS: [(&str, bool); 2] = [("drawn", false), ("zero", true)];

/// Name, dynamics, which α.
const CASES: [(&str, Dynamics, usize); 3] = [
    ("rich", Dynamics::Backpropagation, 0),
    ("lazy", Dynamics::Backpropagation, 1),
    ("linear", Dynamics::LastLayer, 0),
];

impl Experiment for TargetDownscaling {
    const INFO: Info = Info {
        id: "thesis/fig-6.3",
        title: "Small targets and fixed features: lazy is extended, rich is minimum",
        document: Document::Thesis,
        section: "§6.4.1, Fig. 6.3",
        notebook: "thesis/10-lazy-and-rich",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("per_class", self.per_class, 2, 1_000_000)?;
        whole("width", self.width, 2, 20_000)?;
        whole("hidden", self.hidden, 1, 20)?;
        whole("batch", self.batch, 1, self.per_class * self.set.classes())?;
        whole("epochs", self.epochs, 1, 1_000_000)?;
        whole("shown", self.shown, 3, 10_000)?;
        self.record.validate("record")?;
        let [small, large] = self.alphas;
        positive("alphas", small)?;
        positive("alphas", large)?;
        if small >= large {
            let allowed = "two numbers > 0, the smaller first";
            return Err(Error::setting(
                "alphas",
                format!("{:?}", self.alphas),
                allowed,
            ));
        }
        Optimizer::from(self.optimizer()).validate_as("optimizer")
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let split = ImageSplit::load(self.set, self.per_class, 0.0, seed)?;
        let whole = Both::one_hot(&split)?;
        let (mut training, mut shown) = (Vec::new(), Vec::new());
        for (start, zero) in STARTS {
            for (case, dynamics, which) in CASES {
                let alpha = self.alphas[which];
                let targets = Both {
                    train: &whole.train / alpha,
                    test: &whole.test / alpha,
                };
                let net = self.net(&split, (zero, dynamics), seed)?;
                let run = self.train(net, &split, &targets, seed, progress)?;
                for row in run.rows {
                    training.push(
                        with_residual(row, alpha)?
                            .led_by("case", case)?
                            .led_by("start", start)?,
                    );
                }
                if let Some(last) = run.last {
                    let table = last.features_table(self.shown)?;
                    shown.push(table.led_by("case", case)?.led_by("start", start)?);
                }
            }
        }
        let mut tables = Tables::new();
        tables.insert("training".into(), Table::concat(training)?);
        tables.insert("features".into(), Table::concat(shown)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

/// Records of a run, and its last measurement.
#[derive(Default)]
struct Run {
    rows: Vec<Table>,
    last: Option<FeatureMetrics>,
}

fn with_residual(row: Table, alpha: f64) -> Result<Table> {
    let losses = row.f64s("train_loss")?;
    let residual: Vec<f64> = losses.iter().map(|loss| loss * alpha * alpha).collect();
    row.with("residual", residual)
}

impl TargetDownscaling {
    fn optimizer(&self) -> Sgd {
        Sgd {
            momentum: self.momentum,
            weight_decay: self.weight_decay,
            ..Sgd::new(self.rate)
        }
    }

    fn net(
        &self,
        split: &ImageSplit,
        (zero, dynamics): (bool, Dynamics),
        seed: Seed,
    ) -> Result<MlpTrainer<f32>> {
        let mut widths = vec![self.width; self.hidden + 2];
        widths[0] = split.train.ncols();
        widths[self.hidden + 1] = split.classes;
        let net = Mlp::new(widths);
        let mut params = net.init(seed)?;
        if zero {
            // The last layer's weights and biases end the list.
            let last = (self.width + 1) * split.classes;
            let start = params.len() - last;
            params[start..].fill(0.0);
        }
        let net = MlpTrainer::with_params(&net, Loss::HalfSquares, self.optimizer(), &params)?;
        Ok(match dynamics {
            Dynamics::LastLayer => net.last_layer_only(),
            Dynamics::Backpropagation => net,
        })
    }

    fn train(
        &self,
        mut net: MlpTrainer<f32>,
        split: &ImageSplit,
        targets: &Both,
        seed: Seed,
        progress: &Progress,
    ) -> Result<Run> {
        let examples = targets.examples(split, Loss::HalfSquares)?;
        let batches = Batches::Epochs {
            examples: &examples,
            size: self.batch,
            seed,
        };
        let steps = batches.steps();
        let due = self.record.steps(self.epochs);
        let before = features(&mut net, split.test.view())?;
        let mut run = Run::default();
        let every = Schedule::Every { steps };
        net.train(self.epochs * steps, batches, &every, |net, step| {
            progress.check()?;
            let epoch = step / steps;
            // A function that is zero has no regime.
            let zero = net.layer(self.hidden)?.0.iter().all(|w| *w == 0.0);
            if due.binary_search(&epoch).is_ok() && !zero {
                let after = features(net, split.test.view())?;
                let distance = KernelAlignment::of(before.view(), after.view())?.distance()?;
                let (row, found) = observe(net, split, targets)?;
                run.rows.push(
                    row.with("kernel_distance", vec![distance])?
                        .led_by("epoch", epoch as i64)?,
                );
                run.last = Some(found);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(run)
    }
}
