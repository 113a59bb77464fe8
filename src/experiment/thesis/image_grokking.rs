//! Delayed generalisation of a network on 1000 images, and four rescalings that take the delay away (Fig. 6.5, Table 6.1).
//!
//! A tanh network with weights N(0, (gain/√fan_in)²) and PyTorch's biases learns one-hot rows times a target scale under the mean square, by Adam with the L2
//! penalty in its gradient. A method is a row of Table 6.1: weight, target, input and output scale.
//!
//! Table `curves`, by seed, `method` and `epoch`: `loss`, `train_accuracy`, `test_accuracy`, `kernel_distance` (of the kernel of the last layer's features on the
//! training images, to that before training).
//!
//! Table `times`, by seed and `method`: `train_epoch` and `test_epoch` (first recorded epoch at or above the level; NaN: not reached), `ratio` (test over train epoch)
//! and `delay` (their difference; one that is not reached counts as the last epoch: a bound), `best_test`, `epochs` (made before the run was ended), `turned`
//! (`kernel_distance` at `train_epoch`, or at the end).

mod report;

use super::pictures::ImageSplit;
use super::trained::Both;
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::kernel_alignment::KernelAlignment;
use crate::model::network::{Activation, Batches, Examples, Init, Loss, Mlp, MlpTrainer, Targets};
use crate::optimizer::{Adam, Optimizer};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::image::{ImageSet, Normalisation};
use crate::trace::Schedule;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// A row of Table 6.1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rescaling {
    /// Its name.
    pub name: String,
    /// Standard deviation of the weights times √fan_in.
    pub weight: f64,
    /// What one-hot rows are multiplied by.
    pub target: f64,
    /// What pixels are multiplied by.
    pub input: f64,
    /// What outputs are multiplied by.
    pub output: f64,
}

impl Rescaling {
    /// The five rows, (a) to (e); the first has the delay.
    pub fn published() -> Vec<Self> {
        [
            ("default", 5.0, 3.0, 1.0, 1.0),
            ("weight downscaling", 1.0, 3.0, 1.0, 1.0),
            ("target upscaling", 5.0, 30.0, 1.0, 1.0),
            ("input downscaling", 5.0, 3.0, 0.01, 1.0),
            ("output downscaling", 5.0, 3.0, 1.0, 0.1),
        ]
        .into_iter()
        .map(|(name, weight, target, input, output)| Self {
            name: name.into(),
            weight,
            target,
            input,
            output,
        })
        .collect()
    }
}

settings! {
    /// Settings of delayed generalisation on images.
    pub struct ImageGrokking {
        /// Images, with pixels from 0 to 1; published: MNIST.
        set: ImageSet = ImageSet::FashionMnist6k, ImageSet::FashionMnist6k, ImageSet::Mnist;
        /// Training images of each class; published: 1000 in all.
        per_class: usize = 10, 100, 100;
        /// Units of each hidden layer.
        hidden: Vec<usize> = vec![32, 32, 32], vec![256, 256, 256], vec![512, 512, 512];
        /// Rows of Table 6.1; the first is the one with the delay.
        methods: Vec<Rescaling> = Rescaling::published(), Rescaling::published(), Rescaling::published();
        /// Learning rate of Adam.
        rate: f64 = 1e-3, 1e-3, 1e-3;
        /// Weight decay (L2, in the gradient).
        weight_decay: f64 = 1e-4, 1e-4, 1e-4;
        /// Images of a step.
        batch: usize = 25, 128, 128;
        /// Epochs at most.
        epochs: usize = 150, 1000, 2000;
        /// Training accuracy that counts as learned.
        train_level: f64 = 0.95, 0.95, 0.95;
        /// Test accuracy that counts as generalising. 1000 images of Fashion-MNIST give 0.8 at best (the default row 0.7 late), of MNIST 0.9.
        test_level: f64 = 0.5, 0.7, 0.8;
        /// A run ends when it has gone this many times as far as where both levels are reached.
        past: f64 = 2.0, 2.0, 2000.0;
        /// Records in each factor of ten of epochs.
        per_decade: usize = 8, 24, 24;
        /// Number of seeds; published: one.
        seeds: u64 = 2, 5, 5;
    }
}

impl Experiment for ImageGrokking {
    const INFO: Info = Info {
        id: "thesis/fig-6.5",
        title: "Grokking on images, and four rescalings without it (Fig. 6.5, Table 6.1)",
        document: Document::Thesis,
        section: "§6.4.3, Fig. 6.5, Table 6.1",
        notebook: "thesis/11-grokking",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("per_class", self.per_class, 2, 1_000_000)?;
        whole("batch", self.batch, 1, self.per_class * self.set.classes())?;
        whole("epochs", self.epochs, 1, 10_000_000)?;
        whole("per_decade", self.per_decade, 1, 1000)?;
        if self.hidden.is_empty() {
            return Err(Error::setting("hidden", "[]", "at least one hidden layer"));
        }
        for width in &self.hidden {
            whole("hidden", *width, 1, 20_000)?;
        }
        for (field, level) in [
            ("train_level", self.train_level),
            ("test_level", self.test_level),
        ] {
            if !(level > 0.0 && level <= 1.0) {
                return Err(Error::setting(field, level, "a share > 0 and ≤ 1"));
            }
        }
        if self.past.is_nan() || self.past < 1.0 {
            return Err(Error::setting("past", self.past, "a number ≥ 1"));
        }
        if self.methods.len() < 2 {
            let allowed = "the row with the delay and at least one other";
            return Err(Error::setting("methods", self.methods.len(), allowed));
        }
        for (i, method) in self.methods.iter().enumerate() {
            positive("methods.weight", method.weight)?;
            positive("methods.target", method.target)?;
            positive("methods.input", method.input)?;
            positive("methods.output", method.output)?;
            if self.methods[..i].iter().any(|m| m.name == method.name) {
                return Err(Error::setting("methods.name", &method.name, "listed once"));
            }
        }
        Optimizer::from(self.optimizer()).validate_as("optimizer")
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let scale = Normalisation::unit(1);
        let split = ImageSplit::scaled(self.set, self.per_class, seed, &scale)?;
        let (mut curves, mut times) = (Vec::new(), Vec::new());
        for method in &self.methods {
            let course = self.train(method, &split, seed, progress)?;
            let name = method.name.as_str();
            times.push(self.times(&course)?.led_by("method", name)?);
            curves.push(course.table()?.led_by("method", name)?);
        }
        let mut tables = Tables::new();
        tables.insert("curves".into(), Table::concat(curves)?);
        tables.insert("times".into(), Table::concat(times)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

/// What a run wrote down.
#[derive(Default)]
struct Course {
    epoch: Vec<i64>,
    loss: Vec<f64>,
    train: Vec<f64>,
    test: Vec<f64>,
    distance: Vec<f64>,
}

impl Course {
    fn table(self) -> Result<Table> {
        Table::new()
            .with("epoch", self.epoch)?
            .with("loss", self.loss)?
            .with("train_accuracy", self.train)?
            .with("test_accuracy", self.test)?
            .with("kernel_distance", self.distance)
    }

    /// Number of the first record at or above a level.
    fn first(accuracy: &[f64], level: f64) -> Option<usize> {
        accuracy.iter().position(|a| *a >= level)
    }
}

impl ImageGrokking {
    fn optimizer(&self) -> Adam {
        Adam::new(self.rate).weight_decay(self.weight_decay)
    }

    /// The network of a method.
    fn net(&self, method: &Rescaling, inputs: usize) -> Mlp {
        let widths = [vec![inputs], self.hidden.clone(), vec![self.set.classes()]];
        Mlp::new(widths.concat())
            .with_activation(Activation::Tanh)
            .with_init(Init::FanIn {
                gain: method.weight,
            })
            .with_input_scale(method.input)
            .with_output_scale(method.output)
    }

    fn train(
        &self,
        method: &Rescaling,
        split: &ImageSplit,
        seed: Seed,
        progress: &Progress,
    ) -> Result<Course> {
        let targets = Both::one_hot(split)?;
        let scaled = |y: &Array2<f64>| y.mapv(|y| (y * method.target) as f32);
        let examples = Examples::new(split.train.clone(), scaled(&targets.train))?;
        let classes =
            |labels: &[usize]| Targets::Classes(labels.iter().map(|c| *c as u32).collect());
        let held_out = Examples::new(split.test.clone(), classes(&split.test_labels))?;
        let labelled = Examples::new(split.train.clone(), classes(&split.labels))?;
        let batches = Batches::Epochs {
            examples: &examples,
            size: self.batch,
            seed,
        };
        let steps = batches.steps();
        let due = Schedule::LogSpaced {
            per_decade: self.per_decade,
        }
        .steps(self.epochs);
        let schedule = Schedule::at(due.iter().map(|epoch| epoch * steps));
        let net = self.net(method, split.train.ncols());
        let mut net = MlpTrainer::<f32>::new(&net, Loss::Mse, self.optimizer(), seed)?;
        let before = net.features(&examples.inputs)?.mapv(f64::from);
        let mut course = Course::default();
        net.train(self.epochs * steps, batches, &schedule, |net, step| {
            progress.check()?;
            let after = net.features(&examples.inputs)?.mapv(f64::from);
            let alignment = KernelAlignment::of(before.view(), after.view())?;
            course.epoch.push((step / steps) as i64);
            course.loss.push(net.evaluate(&examples)?.loss);
            course.train.push(accuracy(net, &labelled)?);
            course.test.push(accuracy(net, &held_out)?);
            course.distance.push(alignment.distance()?);
            Ok(if self.is_past(&course) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok(course)
    }

    /// Whether a run has gone far enough beyond both levels.
    fn is_past(&self, course: &Course) -> bool {
        let both = (
            Course::first(&course.train, self.train_level),
            Course::first(&course.test, self.test_level),
        );
        let (Some(train), Some(test)) = both else {
            return false;
        };
        let reached = course.epoch[train.max(test)].max(1) as f64;
        let now = course.epoch.last().copied().unwrap_or(0);
        now as f64 >= self.past * reached
    }

    fn times(&self, course: &Course) -> Result<Table> {
        let last = course.epoch.len() - 1;
        let train = Course::first(&course.train, self.train_level);
        let test = Course::first(&course.test, self.test_level);
        let epoch = |at: Option<usize>| at.map_or(f64::NAN, |i| course.epoch[i] as f64);
        // What is not reached is reached later than the end.
        let bound = |at: Option<usize>| course.epoch[at.unwrap_or(last)].max(1) as f64;
        let (ratio, delay) = match (train, test) {
            (None, None) => (f64::NAN, f64::NAN),
            _ => (bound(test) / bound(train), bound(test) - bound(train)),
        };
        Table::new()
            .with("train_epoch", vec![epoch(train)])?
            .with("test_epoch", vec![epoch(test)])?
            .with("ratio", vec![ratio])?
            .with("delay", vec![delay])?
            .with(
                "best_test",
                vec![course.test.iter().copied().fold(0.0, f64::max)],
            )?
            .with("epochs", vec![course.epoch[last]])?
            .with("turned", vec![course.distance[train.unwrap_or(last)]])
    }
}

fn accuracy(net: &mut MlpTrainer<f32>, examples: &Examples<f32>) -> Result<f64> {
    let outputs = net.outputs(&examples.inputs)?;
    let Targets::Classes(classes) = &examples.targets else {
        return Ok(f64::NAN);
    };
    let labels: Vec<usize> = classes.iter().map(|c| *c as usize).collect();
    Ok(super::trained::accuracy(&outputs.mapv(f64::from), &labels))
}
