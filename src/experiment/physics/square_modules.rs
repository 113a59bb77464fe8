//! Modular networks learn a rare task beside a frequent one (Fig. 19).
//!
//! A perceptron learns $(x, y) \mapsto (x^2, y^2)$, y being 0 in 99 % of the samples, as one net and as two that do not see each other. A task is learned when its mean
//! square, over the samples that it was drawn in, falls below `level`.
//!
//! Table `times`, by seed and `modules` (1, 2): `t1`, `t2`, the first recorded steps at which tasks 1 and 2 are learned; NaN: not in `steps` steps.
//!
//! Table `curves`, of the first seeds (`drawn`), by `modules` and `step`: `loss1`, `loss2`.

mod report;

use crate::claim::Claims;
use crate::error::Result;
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::network::{
    Activation, Batches, Examples, Inputs, Loss, Mlp, MlpTrainer, Targets,
};
use crate::optimizer::Adam;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::{SquareForm, SquareSample, Squares};
use crate::trace::Schedule;
use std::ops::ControlFlow;

settings! {
    /// Settings of modular networks that learn squares.
    pub struct SquareModules {
        /// Units of the two hidden layers, of all modules together; the text says 200.
        width: usize = 20, 100, 100;
        /// Samples.
        samples: usize = 200, 1000, 1000;
        /// Samples of the rare task.
        rare: usize = 10, 10, 10;
        /// What rare samples are: `code`, as the figure was made, or `text`.
        form: SquareForm = SquareForm::Code, SquareForm::Code, SquareForm::Code;
        /// Learning rate of Adam.
        rate: f64 = 0.005, 0.0005, 0.0005;
        /// Steps at most; published: 1000, which counts as the time of a task that is not learned.
        steps: usize = 300, 3000, 3000;
        /// Mean square below which a task is learned.
        level: f64 = 0.001, 0.001, 0.001;
        /// Steps between two records; published: 1.
        every: usize = 5, 5, 1;
        /// Seeds whose curves are kept.
        drawn: u64 = 1, 5, 5;
        /// Number of seeds.
        seeds: u64 = 2, 20, 100;
    }
}

/// Numbers of modules that are compared.
pub(super) const MODULES: [usize; 2] = [1, 2];

impl Experiment for SquareModules {
    const INFO: Info = Info {
        id: "physics/fig-19",
        title: "A rare regression beside a frequent one, in one net and in two (Fig. 19)",
        document: Document::Physics,
        section: "§6.2",
        notebook: "physics/13-modularity",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("width", self.width, 2, 100_000)?;
        whole("steps", self.steps, 1, 10_000_000)?;
        whole("every", self.every, 1, self.steps)?;
        positive("rate", self.rate)?;
        positive("level", self.level)?;
        Squares::new(self.samples, self.rare, self.form)?;
        self.net(2).validate()
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let sample = Squares::new(self.samples, self.rare, self.form)?.sample(seed);
        let (mut times, mut curves) = (Vec::new(), Vec::new());
        for modules in MODULES {
            let (time, curve) = self.train(modules, &sample, seed, progress)?;
            times.push(time.led_by("modules", modules as i64)?);
            curves.push(curve.led_by("modules", modules as i64)?);
        }
        let mut tables = Tables::new();
        tables.insert("times".into(), Table::concat(times)?);
        if seed.0 < self.drawn {
            tables.insert("curves".into(), Table::concat(curves)?);
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

impl SquareModules {
    fn net(&self, modules: usize) -> Mlp {
        Mlp::new([2, self.width, self.width, 2])
            .with_activation(Activation::Silu)
            .with_modules(modules)
    }

    fn train(
        &self,
        modules: usize,
        sample: &SquareSample,
        seed: Seed,
        progress: &Progress,
    ) -> Result<(Table, Table)> {
        let targets = Targets::Weighted(sample.y.clone(), sample.weights.clone());
        let examples = Examples::new(sample.x.clone(), targets)?;
        let mut net =
            MlpTrainer::<f64>::new(&self.net(modules), Loss::Mse, Adam::new(self.rate), seed)?;
        let mut seen: Vec<(usize, [f64; 2])> = Vec::new();
        let schedule = Schedule::Every { steps: self.every };
        net.train(
            self.steps,
            Batches::Full(&examples),
            &schedule,
            |net, step| {
                progress.check()?;
                let losses = own_losses(net, sample)?;
                seen.push((step, losses));
                let learned = |task: usize| seen.iter().any(|(_, l)| l[task] < self.level);
                Ok(if learned(0) && learned(1) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            },
        )?;
        let first = |task: usize| {
            let found = seen.iter().find(|(_, losses)| losses[task] < self.level);
            vec![found.map_or(f64::NAN, |(step, _)| *step as f64)]
        };
        let times = Table::new().with("t1", first(0))?.with("t2", first(1))?;
        // A few hundred records show a curve.
        let stride = seen.len().div_ceil(200);
        let kept: Vec<_> = seen.iter().step_by(stride).collect();
        let of = |task: usize| kept.iter().map(|(_, l)| l[task]).collect::<Vec<_>>();
        let curve = Table::new()
            .with(
                "step",
                kept.iter().map(|(step, _)| *step).collect::<Vec<_>>(),
            )?
            .with("loss1", of(0))?
            .with("loss2", of(1))?;
        Ok((times, curve))
    }
}

/// Mean square of each task over its own samples.
fn own_losses(net: &mut MlpTrainer<f64>, sample: &SquareSample) -> Result<[f64; 2]> {
    let outputs = net.outputs(&Inputs::Dense(sample.x.clone()))?;
    let squares = (&outputs - &sample.y).mapv(|d| d * d) * &sample.own;
    Ok([0, 1].map(|task| squares.column(task).sum() / sample.own.column(task).sum()))
}
