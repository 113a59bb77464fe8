//! The rank of target and model (post, "Low-rank learning" and "High-rank learning"): what becomes of the plateau.
//!
//! $$L = \tfrac12\lVert A - \tilde a\tilde b^\top\rVert_F^2,\quad A = ab^\top,\qquad
//! \frac{d\tilde a}{dt} = (A-\tilde A)\,\tilde b,\qquad \frac{d\tilde b}{dt} = (A-\tilde A)^\top\tilde a$$
//!
//! with a, b, ã, b̃ of shape n × r. Times are in units of 1/σ₁, the target's largest singular value, losses in units of L₀ = ½‖A‖²_F, the
//! loss of ã = b̃ = 0. The loss knows A alone: its modes u_k σ_k v_kᵀ are learned one after the other, strong ones first, and a, b are one of
//! many ways to write A, so that the final ã are not parallel to a.
//!
//! NOTE: the post explains the decay by parts of ã outside the span of b̃, which would not decay. In dã/dt = −ã(b̃ᵀb̃) + … the matrix b̃ᵀb̃ is
//! r × r and of full rank for r ≤ n, so no part of ã is spared; its smallest eigenvalue, about n(1 − √(r/n))² at the start, goes to 0 as r → n,
//! and so it is at *high* rank that parts of ã hardly decay.
//!
//! | symbol | here |
//! |---|---|
//! | n, r | `n`, `ranks` |
//! | learning rate × σ₁, duration × σ₁ | `rate`, `duration` |
//! | ã(0) entries relative to a's | `start_scale` |
//!
//! Table `curves`, a row for each rank and record: `rank`, `step`, `t` (σ₁ × time), `loss` (in L₀), `norm` (mean ‖ã_k‖ over mean ‖a_k‖), `cosine`
//! (mean over vectors of the best |cos(ã_k, a_j)|), `angle` (largest principal angle between span ã and span a, rad), `gram_min` (smallest
//! eigenvalue of b̃ᵀb̃, in units of its mean at the start).
//!
//! Table `vectors`, of the first seeds' first vectors: `rank`, `vector`, `t`, `norm` (‖ã_k‖/‖a_k‖), `cosine` (best |cos|).
//!
//! Table `runs`, a row for each rank: `rank`, `diverged` (step, −1 for none), `sigma` (σ₁), `plateau` (length of the first plateau above L₀/10, 0 for
//! none), `dwell` (time from 1.1 to 0.9 L₀), `half_time` (L = ½ L₀), `width` (time from 0.9 to 0.1 L₀), `spread_modes` and `spread_vectors`
//! (ln of t₉₀/t₁₀ over the times at which modes are learned, vectors grow back), `norm_dip` (least of ‖ã‖_F over its start), `gram_start`,
//! `gram_least` (its least before the loss is L₀/2), `tail` (`exponential`, `power law`, `undecided`), `exponent`, `tail_from`, `tail_to` (window, σ₁ × time), `cosine`, `angle`, `final_loss`.

mod report;

use super::measure::{dwell, fall, learned_times, plateau_length, rebound_times, shape, spread};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::curve::{self, TailLaw};
use crate::model::factor::{Descent, Init, MatrixTask, Record, Trajectory};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;

settings! {
    /// Settings of the rank sweep.
    pub struct Rank {
        /// Length n of the vectors.
        n: usize = 100, 100, 100;
        /// Ranks r of target and model.
        ranks: Vec<usize> = vec![1, 2, 10, 100], vec![1, 2, 3, 5, 10, 20, 50, 100], vec![1, 2, 3, 5, 10, 20, 50, 100];
        /// Standard deviation of the target vectors' entries (the post does not state it).
        target_scale: f64 = 1.0, 1.0, 1.0;
        /// Entries of the start relative to those of the target.
        start_scale: f64 = 1.0, 1.0, 1.0;
        /// Learning rate × σ₁; small, so that descent follows the flow.
        rate: f64 = 0.05, 0.05, 0.05;
        /// Duration × σ₁.
        duration: f64 = 50.0, 300.0, 1000.0;
        /// Records per factor of ten in steps.
        per_decade: usize = 30, 50, 50;
        /// Number of seeds.
        seeds: u64 = 2, 16, 32;
    }
}

/// The tail is fitted where the loss is below the first and above the second of these, in L₀.
const TAIL: (f64, f64) = (1e-2, 1e-10);

impl Rank {
    fn steps(&self) -> usize {
        (self.duration / self.rate).round() as usize
    }

    fn train(&self, task: &MatrixTask, sigma: f64, seed: Seed) -> Result<Trajectory> {
        let init = Init::Gaussian {
            scale: self.start_scale,
        };
        let record = Record {
            schedule: Schedule::LogSpaced {
                per_decade: self.per_decade,
            },
            vectors: 0,
            modes: true,
            ..Record::default()
        };
        let descent = Descent::new(self.rate / sigma, self.steps()).recording(record);
        task.run(&task.start(init, seed)?, &descent)
    }
}

impl Experiment for Rank {
    const INFO: Info = Info {
        id: "scurves/rank",
        title: "The plateau shortens with the rank and is gone at full rank",
        document: Document::SCurves,
        section: "Low-rank learning, High-rank learning",
        notebook: "scurves/03-rank",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        if self.n < 2 {
            return Err(Error::setting("n", self.n, "a whole number ≥ 2"));
        }
        if self.ranks.is_empty() || self.ranks.iter().any(|r| *r == 0 || *r > self.n) {
            let allowed = format!("a list of whole numbers from 1 to n = {}", self.n);
            return Err(Error::setting(
                "ranks",
                format!("{:?}", self.ranks),
                allowed,
            ));
        }
        distinct("ranks", &self.ranks)?;
        positive("target_scale", self.target_scale)?;
        positive("start_scale", self.start_scale)?;
        positive("duration", self.duration)?;
        if !(self.rate > 0.0 && self.rate < 2.0) {
            return Err(Error::setting(
                "rate",
                self.rate,
                "a number above 0 and below 2: rate is the learning rate × σ₁, and 2 is unstable",
            ));
        }
        if self.steps() < 100 {
            return Err(Error::setting(
                "duration",
                self.duration,
                "at least 100 steps of `rate`",
            ));
        }
        Schedule::LogSpaced {
            per_decade: self.per_decade,
        }
        .validate("per_decade")
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut vectors, mut runs) = (vec![], vec![], vec![]);
        for &rank in &self.ranks {
            progress.check()?;
            let task = MatrixTask::gaussian(self.n, rank, seed)?.scaled(self.target_scale)?;
            let sigma = task.singular_values()?[0];
            match self.train(&task, sigma, seed) {
                Ok(run) => {
                    let run = Measured::new(&task, rank, sigma, run);
                    curves.push(run.curve()?);
                    if seed.0 < 2 {
                        vectors.push(run.vectors(4)?);
                    }
                    runs.push(run.row()?);
                }
                Err(Error::Diverged { step, .. }) => {
                    runs.push(row(rank, step as i64, &[f64::NAN; 16], TailLaw::Undecided)?)
                }
                Err(e) => return Err(e),
            }
        }
        let mut tables = Tables::from([("runs".into(), Table::concat(runs)?)]);
        for (name, parts) in [("curves", curves), ("vectors", vectors)] {
            if !parts.is_empty() {
                tables.insert(name.into(), Table::concat(parts)?);
            }
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

/// A run with its times in 1/σ₁ and its losses in L₀.
struct Measured {
    rank: usize,
    sigma: f64,
    time: Vec<f64>,
    loss: Vec<f64>,
    gram: Vec<f64>,
    run: Trajectory,
}

impl Measured {
    fn new(task: &MatrixTask, rank: usize, sigma: f64, run: Trajectory) -> Self {
        let zero = task.loss_at_zero();
        let mean = run.b.norm.row(0).mapv(|x| x * x).mean().unwrap_or(f64::NAN);
        Self {
            rank,
            sigma,
            time: run.time.iter().map(|t| t * sigma).collect(),
            loss: run.loss.iter().map(|l| l / zero).collect(),
            gram: run.b.gram_min.iter().map(|g| g / mean).collect(),
            run,
        }
    }

    fn curve(&self) -> Result<Table> {
        let side = &self.run.a;
        let target = side.target_norm.iter().sum::<f64>() / side.target_norm.len() as f64;
        let mean = |x: &ndarray::Array2<f64>| -> Vec<f64> {
            x.rows()
                .into_iter()
                .map(|r| r.mapv(f64::abs).mean().unwrap_or(f64::NAN))
                .collect()
        };
        Table::new()
            .with("step", self.run.steps.clone())?
            .with("t", self.time.clone())?
            .with("loss", self.loss.clone())?
            .with(
                "norm",
                mean(&side.norm)
                    .iter()
                    .map(|x| x / target)
                    .collect::<Vec<_>>(),
            )?
            .with("cosine", mean(&side.best_cosine))?
            .with("angle", side.largest_angle())?
            .with("gram_min", self.gram.clone())?
            .with_constant("rank", self.rank)
    }

    fn vectors(&self, count: usize) -> Result<Table> {
        let side = &self.run.a;
        let one = |k: usize| {
            Table::new()
                .with("t", self.time.clone())?
                .with(
                    "norm",
                    side.norm
                        .column(k)
                        .iter()
                        .map(|x| x / side.target_norm[k])
                        .collect::<Vec<_>>(),
                )?
                .with(
                    "cosine",
                    side.best_cosine
                        .column(k)
                        .iter()
                        .map(|c| c.abs())
                        .collect::<Vec<_>>(),
                )?
                .with_constant("vector", k)?
                .with_constant("rank", self.rank)
        };
        Table::concat((0..count.min(self.rank)).map(one).collect::<Result<_>>()?)
    }

    fn row(&self) -> Result<Table> {
        let (time, loss) = (&self.time, &self.loss);
        let side = &self.run.a;
        let at = |level: f64| fall(time, loss, level).unwrap_or(f64::NAN);
        let tail = curve::tail(time, loss, 1.0, TAIL.0, TAIL.1);
        let frobenius: Vec<f64> = side
            .norm
            .rows()
            .into_iter()
            .map(|r| r.dot(&r).sqrt())
            .collect();
        let least = |x: &[f64]| x.iter().copied().fold(f64::INFINITY, f64::min);
        let early = loss
            .iter()
            .position(|l| *l < 0.5)
            .unwrap_or(loss.len())
            .max(1);
        let last = time.len() - 1;
        let values = [
            self.sigma,
            plateau_length(&shape(time, loss, 0.02)),
            dwell(time, loss),
            at(0.5),
            at(0.1) - at(0.9),
            spread(&learned_times(time, &self.run.modes)),
            spread(&rebound_times(time, &side.norm)),
            least(&frobenius) / frobenius[0],
            self.gram[0],
            least(&self.gram[..early]),
            tail.power.exponent.value,
            tail.window.0,
            tail.window.1,
            side.best_cosine
                .row(last)
                .mapv(f64::abs)
                .mean()
                .unwrap_or(f64::NAN),
            side.largest_angle()[last],
            loss[last],
        ];
        row(self.rank, -1, &values, tail.law)
    }
}

/// The columns of `runs` that are numbers, in the order of [`Measured::row`].
const COLUMNS: [&str; 16] = [
    "sigma",
    "plateau",
    "dwell",
    "half_time",
    "width",
    "spread_modes",
    "spread_vectors",
    "norm_dip",
    "gram_start",
    "gram_least",
    "exponent",
    "tail_from",
    "tail_to",
    "cosine",
    "angle",
    "final_loss",
];

fn row(rank: usize, diverged: i64, values: &[f64; 16], law: TailLaw) -> Result<Table> {
    let law = match law {
        TailLaw::Exponential => "exponential",
        TailLaw::PowerLaw => "power law",
        TailLaw::Undecided => "undecided",
    };
    let table = Table::new()
        .with("rank", vec![rank])?
        .with("diverged", vec![diverged])?
        .with("tail", vec![law])?;
    COLUMNS
        .iter()
        .zip(values)
        .try_fold(table, |t, (name, x)| t.with(name, vec![*x]))
}
