//! Fig. 3.3: modes of the linear model saturate at once, those of a diagonal linear network one after the other.
//!
//! $f^* = \sum_i x_i S$ with independent Gaussian inputs of variances $\mathbb E[x_i^2]$. The closed forms 3.9 and 3.10 stand beside an adaptive solution of 3.6, gradient
//! descent on the population, and gradient descent on samples of Gaussian inputs, which are a little correlated.
//!
//! Table `exact` (seed 0): `model` (`linear`, `diagonal`), `mode` (from 1), `t`, `share` (of the target).
//!
//! Table `samples`: the same columns, by gradient descent on a sample of the seed.
//!
//! Table `times`, by sample: `model`, `mode`, `half` (time at which half of the target is reached), `predicted` (by 3.9 or 3.10), `delay` (time to 5 % over time to half), `next` (share of
//! the next mode when this one has 95 %; NaN for the last).
//!
//! Table `kernel`: `mode`, `predicted` ($\mathbb E[x_i^2] a_i^2$, Eq. 3.11), `measured` (eigenvalue of the sample's operator).
//!
//! Table `checks`: `name`, `value`.

mod report;

use super::numbers::{even, named};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::linalg;
use crate::model::layerwise::{DiagonalNet, LinearModes, ModeTrajectory};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;
use ndarray::{Array1, Array2, Axis, aview1};

settings! {
    /// Settings of Fig. 3.3.
    pub struct DelayedModes {
        /// Variances ⟨x_i²⟩ of the inputs, descending; the figure does not give its own.
        variances: Vec<f64> = vec![1.0, 0.3, 0.1], vec![1.0, 0.3, 0.1, 0.03], vec![1.0, 0.3, 0.1, 0.03];
        /// Target scale S of every mode.
        target: f64 = 1.0, 1.0, 1.0;
        /// a_i(0) = b_i(0) of the diagonal network.
        start: f64 = 0.01, 0.01, 0.01;
        /// Learning rate of gradient descent.
        learning_rate: f64 = 0.02, 0.02, 0.01;
        /// Gaussian inputs in a sample.
        samples: usize = 500, 5000, 50_000;
        /// Records of a curve.
        records: usize = 60, 150, 300;
        /// Number of seeds; a seed is a sample.
        seeds: u64 = 2, 16, 64;
    }
}

impl DelayedModes {
    fn net(&self) -> Result<DiagonalNet> {
        let target = vec![self.target; self.variances.len()];
        DiagonalNet::new(&self.variances, &target)?.balanced(self.start)
    }

    fn linear(&self) -> Result<LinearModes> {
        LinearModes::new(&self.variances, &vec![self.target; self.variances.len()])
    }

    /// When the last mode of the network has 99 %.
    fn end(&self) -> Result<f64> {
        self.net()?.emergent_time(self.variances.len() - 1, 0.99)
    }

    /// Steps of a descent. Every one is recorded: times are read off the steps.
    fn steps(&self) -> Result<usize> {
        Ok((1.1 * self.end()? / self.learning_rate).ceil() as usize)
    }

    /// About `records` of the steps.
    fn thinned(&self, run: &ModeTrajectory) -> ModeTrajectory {
        let every = (run.time.len() / self.records).max(1);
        let kept: Vec<usize> = (0..run.time.len()).step_by(every).collect();
        ModeTrajectory {
            time: kept.iter().map(|k| run.time[*k]).collect(),
            strength: run.strength.select(Axis(0), &kept),
            imbalance: Array2::zeros((kept.len(), 0)),
            ..run.clone()
        }
    }
}

impl Experiment for DelayedModes {
    const INFO: Info = Info {
        id: "thesis/fig-3.3",
        title: "Linear and diagonal linear networks: at once, or one mode after the other",
        document: Document::Thesis,
        section: "§3.3, §3.4.1, Fig. 3.3",
        notebook: "thesis/06-layerwise-dynamics",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("variances.len()", self.variances.len(), 2, 20)?;
        for (i, v) in self.variances.iter().enumerate() {
            positive(&format!("variances[{i}]"), *v)?;
        }
        if self.variances.windows(2).any(|w| w[1] >= w[0]) {
            return Err(Error::setting(
                "variances",
                format!("{:?}", self.variances),
                "descending: modes are numbered in the order in which they are learned",
            ));
        }
        positive("target", self.target)?;
        positive("start", self.start)?;
        if self.start * self.start >= 0.05 * self.target {
            return Err(Error::setting(
                "start",
                self.start,
                "small: its square below 5 % of the target",
            ));
        }
        positive("learning_rate", self.learning_rate)?;
        whole("samples", self.samples, 50, 10_000_000)?;
        whole("records", self.records, 20, 10_000)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let d = self.variances.len();
        let deviations = aview1(&self.variances).mapv(f64::sqrt);
        let x = seed.normal("data", self.samples, d) * &deviations;
        let moments = x.t().dot(&x) / self.samples as f64;
        let steps = self.steps()?;
        let schedule = Schedule::Every { steps: 1 };
        let net = self.net()?;
        let diagonal = net.descend_on(&moments, self.learning_rate, steps, &schedule)?;
        progress.check()?;
        let linear = self.linear_descent(&moments, steps, &schedule);

        let mut tables = Tables::new();
        tables.insert(
            "samples".into(),
            Table::concat(vec![
                self.thinned(&linear).table()?.led_by("model", "linear")?,
                self.thinned(&diagonal)
                    .table()?
                    .led_by("model", "diagonal")?,
            ])?,
        );
        tables.insert("times".into(), self.times(&linear, &diagonal)?);
        tables.insert("kernel".into(), self.kernel(&diagonal, &x)?);
        if seed.0 == 0 {
            let times = even(1.1 * self.end()?, self.records);
            tables.insert(
                "exact".into(),
                Table::concat(vec![
                    self.linear()?
                        .exact(&times)?
                        .table()?
                        .led_by("model", "linear")?,
                    net.exact(&times)?.table()?.led_by("model", "diagonal")?,
                ])?,
            );
        }
        tables.insert("checks".into(), self.checks(seed)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

impl DelayedModes {
    /// θ ← θ − η E[xxᵀ](θ − S).
    fn linear_descent(
        &self,
        moments: &Array2<f64>,
        steps: usize,
        schedule: &Schedule,
    ) -> ModeTrajectory {
        let d = self.variances.len();
        let records = schedule.steps(steps);
        let mut left = Array1::from_elem(d, -self.target);
        let mut strength = Array2::zeros((records.len(), d));
        let mut at = 0;
        for (mut row, next) in strength.rows_mut().into_iter().zip(&records) {
            for _ in at..*next {
                let slope = moments.dot(&left);
                left.scaled_add(-self.learning_rate, &slope);
            }
            at = *next;
            row.assign(&(&left + self.target));
        }
        ModeTrajectory {
            time: records
                .iter()
                .map(|k| *k as f64 * self.learning_rate)
                .collect(),
            strength,
            imbalance: Array2::zeros((records.len(), 0)),
            variance: self.variances.clone(),
            target: vec![self.target; d],
        }
    }

    fn times(&self, linear: &ModeTrajectory, diagonal: &ModeTrajectory) -> Result<Table> {
        let (net, single) = (self.net()?, self.linear()?);
        let d = self.variances.len();
        let mut parts = Vec::new();
        for (model, run) in [("linear", linear), ("diagonal", diagonal)] {
            let half: Vec<f64> = (0..d).map(|i| run.time_to(i, 0.5)).collect();
            let predicted = (0..d).map(|i| match model {
                "linear" => single.time_to(i, 0.5),
                _ => net.emergent_time(i, 0.5),
            });
            let delay = (0..d).map(|i| run.time_to(i, 0.05) / half[i]);
            let share = run.share();
            let next = (0..d).map(|i| {
                let end = run.time_to(i, 0.95);
                let done = run.time.iter().position(|t| *t >= end);
                match done {
                    Some(k) if i + 1 < d => share[[k, i + 1]],
                    _ => f64::NAN,
                }
            });
            parts.push(
                Table::new()
                    .with("mode", (1..=d).collect::<Vec<_>>())?
                    .with("predicted", predicted.collect::<Result<Vec<_>>>()?)?
                    .with("delay", delay.collect::<Vec<_>>())?
                    .with("next", next.collect::<Vec<_>>())?
                    .with("half", half)?
                    .led_by("model", model)?,
            );
        }
        Table::concat(parts)
    }

    /// Eigenvalues of the operator 3.11 on the sample, when the second mode is half learned.
    fn kernel(&self, run: &ModeTrajectory, x: &Array2<f64>) -> Result<Table> {
        let half = self.net()?.emergent_time(1, 0.5)?;
        let at = run.time.iter().position(|t| *t >= half).unwrap_or(0);
        // a = b, so a² is the mode's strength.
        let a = run.strength.row(at).mapv(|s| s.max(0.0).sqrt());
        let features = x * &a;
        let gram = features.t().dot(&features) / x.nrows() as f64;
        let mut measured = linalg::eigh(&gram)?.0.to_vec();
        measured.reverse();
        let mut predicted: Vec<f64> = a
            .iter()
            .zip(&self.variances)
            .map(|(a, v)| v * a * a)
            .collect();
        predicted.sort_by(|a, b| b.total_cmp(a));
        Table::new()
            .with("mode", (1..=predicted.len()).collect::<Vec<_>>())?
            .with("predicted", predicted)?
            .with("measured", measured)
    }

    /// Closed forms against solutions of the equations, from the network's start and from a random one with a ≠ b.
    fn checks(&self, seed: Seed) -> Result<Table> {
        let d = self.variances.len();
        let times = even(self.end()?, 12);
        let random = seed.normal("init", 2, d) * (0.3 * self.target.sqrt());
        let (a, b) = (random.row(0).to_vec(), random.row(1).to_vec());
        let uneven = self.net()?.with_start(&a, &b)?;
        let solver = Flow::new(1e-12);
        let apart = |x: &ModeTrajectory, y: &ModeTrajectory| -> f64 {
            let pairs = x.strength.iter().zip(&y.strength);
            pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max) / self.target
        };
        let solved = uneven.flow(&times, &solver)?;
        let equal = apart(
            &self.net()?.exact(&times)?,
            &self.net()?.flow(&times, &solver)?,
        );
        // At the time of the first mode's growth, two learning rates.
        let end = uneven.emergent_time(0, 0.5)?.clamp(1.0, 20.0);
        let exact = uneven.exact(&[end])?;
        let descended = |parts: usize| -> Result<(f64, f64)> {
            let every = Schedule::Every { steps: parts };
            let run = uneven.descend(end / parts as f64, parts, &every)?;
            let last = run.strength.nrows() - 1;
            let error = run.strength.row(last).to_owned() - exact.strength.row(0);
            Ok((error.mapv(f64::abs).sum(), run.drift()))
        };
        let (coarse, fine) = (descended(2000)?, descended(4000)?);
        named(&[
            ("equal_starts", equal),
            ("any_start", apart(&uneven.exact(&times)?, &solved)),
            ("flow_drift", solved.drift() / self.target),
            ("order", (coarse.0 / fine.0).log2()),
            ("drift_order", (coarse.1 / fine.1).log2()),
        ])
    }
}
