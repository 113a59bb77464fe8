//! Features that a network learns for a step function (Fig. 2.2, Table 2.1).
//!
//! A fully connected network with three hidden layers and one input learns $f^*(x) = 1_{x \ge 0}$ on [−1, 1] by SGD with momentum from PyTorch's default
//! initialisation. Eigenfunctions are fitted on an even grid of training points and measured on uniform ones. Neither rate nor batch, momentum, weight decay or
//! number of points are published: momentum and one of the two weight decays are those of §2.4.
//!
//! Table `history`, by seed, `decay` and `step`: `loss` (mean square on the grid), `quality_dimension`, `utilization_dimension`, `intensity_dimension` (Eq. 2.6),
//! `plain_intensity_dimension` (Eq. 1.16, as Table 2.1), `kappa`, `constant` (overlap of e₁ with a constant), `first_quality` (Q*₁), `first_utilization` (Q̂₁),
//! `second` (ρ₂/ρ₁), `needed` (features whose span has the target to `tolerance` on the grid; NaN where all do not).
//!
//! Table `features`, by `decay`, `step` and `k` up to `shown`, of seed 0: `intensity`, `quality`, `utilization`, their cumulative sums, `residual` (mean square of
//! what the first k leave of the target).
//!
//! Table `functions`, of seed 0: `decay`, `step`, `x`, `target`, `output`, `e1`, `e2`, `e3`.
//!
//! Table `grids`, before training, by number of `points`: `needed`, `quality_dimension`, `utilization_dimension`, `plain_intensity_dimension`.

mod claims;
mod report;

use super::trained::{Observed, features, measure, residuals, row};
use crate::claim::Claims;
use crate::error::Result;
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::eigenfunction::Eigenfunctions;
use crate::model::network::{Batches, Examples, Loss, Mlp, MlpTrainer};
use crate::optimizer::{Optimizer, Sgd};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::HeavisideStep;
use crate::trace::Schedule;
use ndarray::Array2;
use std::ops::ControlFlow;

settings! {
    /// Settings of features that a network learns for a step function.
    pub struct StepFeatures {
        /// Units of each hidden layer.
        width: usize = 40, 200, 1000;
        /// Hidden layers; four layers with weights have three.
        hidden: usize = 3, 3, 3;
        /// Training points, on an even grid; not published.
        points: usize = 200, 1000, 1000;
        /// Test points, uniform.
        test: usize = 500, 4000, 4000;
        /// Learning rate; not published.
        rate: f64 = 0.02, 0.02, 0.02;
        /// Momentum, of §2.4.
        momentum: f64 = 0.9, 0.9, 0.9;
        /// Weight decays; 1e-3 is that of §2.4.
        decays: Vec<f64> = vec![0.0, 1e-3], vec![0.0, 1e-3], vec![0.0, 1e-3];
        /// Points of a step; not published.
        batch: usize = 32, 32, 32;
        /// Steps; not published.
        steps: usize = 300, 30_000, 30_000;
        /// Steps of which features are measured.
        record: Schedule = Schedule::at([100]), Schedule::at([100, 300, 1000, 3000, 10_000]), Schedule::at([100, 300, 1000, 3000, 10_000]);
        /// Mean square to which features shall express the target.
        tolerance: f64 = 1e-5, 1e-5, 1e-5;
        /// Numbers of grid points on which the features needed before training are counted.
        grids: Vec<usize> = vec![10, 20, 40], vec![10, 20, 40, 80], vec![10, 20, 40, 80, 160, 320, 640];
        /// Features that are drawn.
        shown: usize = 20, 40, 40;
        /// Number of seeds.
        seeds: u64 = 2, 5, 5;
    }
}

impl Experiment for StepFeatures {
    const INFO: Info = Info {
        id: "thesis/fig-2.2",
        title: "Features that a network learns for a step function (Fig. 2.2, Table 2.1)",
        document: Document::Thesis,
        section: "§2.2, §2.3",
        notebook: "thesis/03-feature-learning",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("width", self.width, 3, 10_000)?;
        whole("hidden", self.hidden, 1, 20)?;
        whole("points", self.points, 4, 1_000_000)?;
        whole("test", self.test, 4, 1_000_000)?;
        whole("batch", self.batch, 1, self.points)?;
        whole("steps", self.steps, 1, 100_000_000)?;
        whole("shown", self.shown, 3, 1000)?;
        positive("rate", self.rate)?;
        positive("tolerance", self.tolerance)?;
        self.record.validate("record")?;
        distinct("decays", &self.decays)?;
        distinct("grids", &self.grids)?;
        for points in &self.grids {
            whole("grids", *points, 4, 100_000)?;
        }
        for decay in &self.decays {
            Optimizer::from(self.optimizer(*decay)).validate_as("optimizer")?;
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut parts = Parts::default();
        for &decay in &self.decays {
            self.train(decay, seed, progress, &mut parts)?;
        }
        let grids = self.grids.iter().map(|points| {
            progress.check()?;
            self.untrained(*points, seed)
        });
        let mut tables = Tables::new();
        tables.insert("history".into(), Table::concat(parts.history)?);
        tables.insert(
            "grids".into(),
            Table::concat(grids.collect::<Result<_>>()?)?,
        );
        if seed.0 == 0 {
            tables.insert("features".into(), Table::concat(parts.features)?);
            tables.insert("functions".into(), Table::concat(parts.functions)?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}

#[derive(Default)]
struct Parts {
    history: Vec<Table>,
    features: Vec<Table>,
    functions: Vec<Table>,
}

/// Inputs in single precision and targets.
struct Points {
    x: Array2<f32>,
    y: Array2<f64>,
}

impl Points {
    fn new((x, y): (Array2<f64>, Array2<f64>)) -> Self {
        Self {
            x: x.mapv(|x| x as f32),
            y,
        }
    }
}

impl StepFeatures {
    fn optimizer(&self, decay: f64) -> Sgd {
        Sgd {
            momentum: self.momentum,
            weight_decay: decay,
            ..Sgd::new(self.rate)
        }
    }

    fn net(&self, decay: f64, seed: Seed) -> Result<MlpTrainer<f32>> {
        let mut widths = vec![self.width; self.hidden + 2];
        widths[0] = 1;
        widths[self.hidden + 1] = 1;
        MlpTrainer::new(&Mlp::new(widths), Loss::Mse, self.optimizer(decay), seed)
    }

    fn train(&self, decay: f64, seed: Seed, progress: &Progress, parts: &mut Parts) -> Result<()> {
        let train = Points::new(HeavisideStep.grid(self.points)?);
        let test = Points::new(HeavisideStep.sample(self.test, seed)?);
        let examples = Examples::new(train.x.clone(), train.y.mapv(|y| y as f32))?;
        let batches = Batches::Epochs {
            examples: &examples,
            size: self.batch,
            seed,
        };
        let mut net = self.net(decay, seed)?;
        let due = self.record.steps(self.steps);
        // Every hundredth step asks whether to stop.
        let asked = (0..=self.steps).step_by(100).chain(due.iter().copied());
        let schedule = Schedule::at(asked);
        net.train(self.steps, batches, &schedule, |net, step| {
            progress.check()?;
            if due.binary_search(&step).is_ok() {
                self.record(net, step, decay, seed, (&train, &test), parts)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(())
    }

    fn record(
        &self,
        net: &mut MlpTrainer<f32>,
        step: usize,
        decay: f64,
        seed: Seed,
        (train, test): (&Points, &Points),
        parts: &mut Parts,
    ) -> Result<()> {
        let led = |table: Table| table.led_by("step", step as i64)?.led_by("decay", decay);
        let metrics = measure(net, &train.x, &test.x, &test.y)?;
        let on_grid = features(net, train.x.view())?;
        let e = Eigenfunctions::fit(on_grid.view())?;
        let values = e.evaluate(on_grid.view())?;
        let residuals = residuals(&values, &train.y);
        let outputs = net.layer_of()?.outputs(on_grid.view())?;
        let loss = (&outputs - &train.y).mapv(|d| d * d).mean();
        parts.history.push(led(row(
            &metrics,
            &[
                ("loss", loss.unwrap_or(f64::NAN)),
                ("first_quality", metrics.quality[0]),
                ("first_utilization", metrics.utilization[0]),
                ("second", second(&metrics.intensity)),
                ("needed", needed(&residuals, self.tolerance)),
            ],
        )?)?);
        if seed.0 > 0 {
            return Ok(());
        }
        let table = metrics.features_table(self.shown)?;
        let mut left = residuals[1..].to_vec();
        left.resize(table.height(), f64::NAN);
        let table = table.with("residual", left)?;
        parts.features.push(led(table)?);
        let column = |k: usize| match k < values.ncols() {
            true => values.column(k).to_vec(),
            false => vec![f64::NAN; values.nrows()],
        };
        let table = Table::new()
            .with(
                "x",
                train.x.iter().map(|x| f64::from(*x)).collect::<Vec<_>>(),
            )?
            .with("target", train.y.iter().copied().collect::<Vec<_>>())?
            .with("output", outputs.iter().copied().collect::<Vec<_>>())?
            .with("e1", column(0))?
            .with("e2", column(1))?
            .with("e3", column(2))?;
        parts.functions.push(led(table)?);
        Ok(())
    }

    /// Before training, on a grid of this many points.
    fn untrained(&self, points: usize, seed: Seed) -> Result<Table> {
        let train = Points::new(HeavisideStep.grid(points)?);
        let test = Points::new(HeavisideStep.sample(self.test, seed)?);
        let mut net = self.net(self.decays[0], seed)?;
        let metrics = measure(&mut net, &train.x, &test.x, &test.y)?;
        let on_grid = features(&mut net, train.x.view())?;
        let e = Eigenfunctions::fit(on_grid.view())?;
        let left = residuals(&e.evaluate(on_grid.view())?, &train.y);
        Table::new()
            .with("points", vec![points])?
            .with("needed", vec![needed(&left, self.tolerance)])?
            .with("quality_dimension", vec![metrics.quality_dimension])?
            .with("utilization_dimension", vec![metrics.utilization_dimension])?
            .with(
                "plain_intensity_dimension",
                vec![metrics.plain_intensity_dimension],
            )
    }
}

fn second(intensity: &[f64]) -> f64 {
    intensity.get(1).map_or(0.0, |second| second / intensity[0])
}

/// How many features leave less than `tolerance`; NaN where all do not.
fn needed(residuals: &[f64], tolerance: f64) -> f64 {
    residuals
        .iter()
        .position(|left| *left < tolerance)
        .map_or(f64::NAN, |k| k as f64)
}
