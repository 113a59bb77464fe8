//! Symmetry breaking at rank 2, and bumps (comments): do learned vectors compete for targets, and more so under Adam?
//!
//! A *bump* is a cosine between a learned and a target vector that rises, falls by at least `fall` and rises again by as much
//! ([`curve::bumps`]). The sign of a pair (ã_k, b̃_k) is free, so each cosine is given the sign with which it ends; its absolute value would fold
//! where the cosine passes through zero, and count that as a bump (`folded`, for comparison). The comments describe it as two vectors that grow
//! towards one target until one of them "has to back off": a rise and a fall without a second rise is counted as `backoffs`.
//!
//! Optimizers are compared at tuned rates (of a grid, the smallest median number of steps to `tuning_loss` × L₀ on separate seeds; ties to the
//! smaller rate), each over `window` times the steps that it then needs, and again at a fraction `slow` of these rates over as much longer a run.
//!
//! Does breaking the symmetry add a second S to the loss? The loss knows A = ab^⊤ alone, and every rotation of (a, b) that keeps A keeps the loss,
//! so no learned vector has to choose. What does make a second S is a gap between the singular values of A: one mode is learned after the
//! other. Targets with orthogonal factors and given σ₁/σ₂ show it.
//!
//! Table `runs`, a row for each rank, optimizer and speed (`tuned`, `slow`): `rank`, `optimizer` (`gd`, `adam`, `adamw`), `speed`, `diverged`
//! (step, −1 for none), `rate` (in units of the grid), `steps`, `bumps`, `folded`, `backoffs` (each per vector: the sum over targets, the mean over
//! the recorded vectors of both sides), `final_loss` (in L₀).
//!
//! Table `cosines`, of the first seeds at the tuned rates and the first rank: `rank`, `optimizer`, `side`, `vector`, `target`, `step`, `cosine` (with its
//! final sign).
//!
//! Table `gaps`, a row for each target: `target` (`gaussian`, `orthogonal`), `gap` (σ₁/σ₂), `plateaus` (in the loss, above 0.005 L₀).
//! Table `losses`, of the first seeds: `target`, `gap` (as set, 0 for the Gaussian target), `step`, `t` (σ₁ × time), `loss` (in L₀).

mod report;

use super::measure::shape;
use super::tuning::{Contest, Rule};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::linalg;
use crate::metric::curve::{self, Bumps};
use crate::model::factor::{Descent, Factors, Init, MatrixTask, Record, Side, Trajectory};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;

settings! {
    /// Settings of the study of bumps.
    pub struct RankTwoBumps {
        /// Length n of the vectors.
        n: usize = 100, 100, 100;
        /// Ranks r of target and model.
        ranks: Vec<usize> = vec![2, 10], vec![2, 10, 100], vec![2, 10, 100];
        /// Standard deviation of the target vectors' entries (the post does not state it).
        target_scale: f64 = 1.0, 1.0, 1.0;
        /// Entries of the start relative to those of the target.
        start_scale: f64 = 1.0, 1.0, 1.0;
        /// AdamW's decoupled weight decay (PyTorch's default).
        weight_decay: f64 = 0.01, 0.01, 0.01;
        /// Learning rates × σ₁ of which gradient descent's is chosen; below 1, where a balanced minimum with its curvature 2σ₁ turns unstable.
        gd_rates: Vec<f64> = vec![0.2, 0.8], vec![0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9], vec![0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9];
        /// Learning rates, in units of the target's entries, of which those of Adam and AdamW are chosen.
        adam_rates: Vec<f64> = vec![0.1, 0.4], vec![0.05, 0.1, 0.2, 0.4, 0.8, 1.6], vec![0.05, 0.1, 0.2, 0.4, 0.8, 1.6];
        /// Seeds that the rates are chosen on; none of them is measured.
        tuning_seeds: u64 = 3, 9, 21;
        /// The loss to which the steps are counted when rates are chosen, in units of the loss at zero.
        tuning_loss: f64 = 0.01, 0.01, 0.01;
        /// Length of a run, in units of the tuned number of steps.
        window: f64 = 6.0, 6.0, 6.0;
        /// Fraction of the tuned rate for the second measurement.
        slow: f64 = 0.25, 0.25, 0.25;
        /// Ranks that are also measured at that fraction.
        slow_ranks: Vec<usize> = vec![2], vec![2, 10], vec![2, 10, 100];
        /// Learned vectors of each side whose cosines are looked at.
        vectors: usize = 10, 10, 10;
        /// Least fall, and least rise before and after it, of a bump.
        fall: f64 = 0.05, 0.05, 0.05;
        /// Ratios σ₁/σ₂ of the targets with orthogonal factors.
        gaps: Vec<f64> = vec![1.0, 8.0], vec![1.0, 2.0, 4.0, 8.0], vec![1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0];
        /// Number of seeds.
        seeds: u64 = 2, 200, 400;
    }
}

/// Seeds whose curves are kept for the figures.
const DRAWN: u64 = 16;

/// Learning rate × σ₁ of the runs that show plateaus; small, so that descent follows the flow.
const GAP_RATE: f64 = 0.05;

impl RankTwoBumps {
    fn contest(&self) -> Contest {
        Contest {
            n: self.n,
            target_scale: self.target_scale,
            start_scale: self.start_scale,
            weight_decay: self.weight_decay,
            gd_rates: self.gd_rates.clone(),
            adam_rates: self.adam_rates.clone(),
            seeds: self.tuning_seeds,
            level: self.tuning_loss,
        }
    }

    fn rule(&self) -> Bumps {
        Bumps {
            fall: self.fall,
            rise: self.fall,
        }
    }

    /// One row of `runs`, and the trajectory unless it diverged.
    fn row(
        &self,
        config: Config,
        steps: usize,
        run: Result<Trajectory>,
        zero: f64,
    ) -> Result<(Table, Option<Trajectory>)> {
        let (diverged, run) = match run {
            Ok(run) => (-1, Some(run)),
            Err(Error::Diverged { step, .. }) => (step as i64, None),
            Err(e) => return Err(e),
        };
        let count = run.as_ref().map(|run| Counts::new(run, self.rule()));
        let value = |f: fn(&Counts) -> f64| vec![count.as_ref().map_or(f64::NAN, f)];
        let table = Table::new()
            .with("rank", vec![config.rank])?
            .with("optimizer", vec![config.rule.name()])?
            .with("speed", vec![config.speed])?
            .with("diverged", vec![diverged])?
            .with("rate", vec![config.rate])?
            .with("steps", vec![steps])?
            .with("bumps", value(|c| c.bumps))?
            .with("folded", value(|c| c.folded))?
            .with("backoffs", value(|c| c.backoffs))?
            .with(
                "final_loss",
                vec![run.as_ref().map_or(f64::NAN, |r| r.final_loss() / zero)],
            )?;
        Ok((table, run))
    }
}

/// What a run is a run of.
#[derive(Clone, Copy)]
struct Config {
    rank: usize,
    rule: Rule,
    speed: &'static str,
    rate: f64,
}

/// Counts per vector.
struct Counts {
    bumps: f64,
    folded: f64,
    backoffs: f64,
}

impl Counts {
    fn new(run: &Trajectory, rule: Bumps) -> Self {
        let (mut bumps, mut folded, mut backoffs, mut vectors) = (0, 0, 0, 0);
        for side in [&run.a, &run.b] {
            let (_, kept, targets) = side.cosine.dim();
            vectors += kept;
            for (k, j) in (0..kept).flat_map(|k| (0..targets).map(move |j| (k, j))) {
                let cosine = signed_cosine(side, k, j);
                bumps += curve::bumps(&cosine, rule);
                let turns = curve::zigzag(&cosine, rule.fall);
                backoffs += turns
                    .windows(3)
                    .filter(|w| cosine[w[1]] > cosine[w[0]])
                    .count();
                let absolute: Vec<f64> = cosine.iter().map(|c| c.abs()).collect();
                folded += curve::bumps(&absolute, rule);
            }
        }
        let per_vector = |count: usize| count as f64 / vectors.max(1) as f64;
        Self {
            bumps: per_vector(bumps),
            folded: per_vector(folded),
            backoffs: per_vector(backoffs),
        }
    }
}

/// cos(ã_k, a_j) with the sign with which it ends.
pub(super) fn signed_cosine(side: &Side, k: usize, j: usize) -> Vec<f64> {
    let cosine = side.cosine.slice(ndarray::s![.., k, j]);
    let sign = cosine.last().map_or(1.0, |c| 1f64.copysign(*c));
    cosine.iter().map(|c| sign * c).collect()
}

impl Experiment for RankTwoBumps {
    const INFO: Info = Info {
        id: "scurves/rank-two-bumps",
        title: "Bumps in the alignment, with an interval for each optimizer",
        document: Document::SCurves,
        section: "comments",
        notebook: "scurves/05-losses-and-optimizers",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        if self.n < 4 {
            return Err(Error::setting("n", self.n, "a whole number ≥ 4"));
        }
        distinct("ranks", &self.ranks)?;
        for rank in self.ranks.iter().chain(&self.slow_ranks) {
            whole("ranks", *rank, 1, self.n)?;
        }
        self.contest().validate()?;
        positive("window", self.window)?;
        positive("slow", self.slow)?;
        whole("vectors", self.vectors, 1, self.n)?;
        if !(self.fall > 0.0 && self.fall < 1.0) {
            return Err(Error::setting(
                "fall",
                self.fall,
                "a number above 0 and below 1: it is a difference of cosines",
            ));
        }
        match self.gaps.iter().find(|g| !(1.0..=100.0).contains(*g)) {
            Some(gap) => Err(Error::setting("gaps", gap, "numbers from 1 to 100")),
            None => distinct("gaps", &self.gaps),
        }
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let contest = self.contest();
        let (mut runs, mut cosines) = (vec![], vec![]);
        let mut configs: Vec<(usize, Rule)> = self
            .ranks
            .iter()
            .flat_map(|r| Rule::ALL.map(|o| (*r, o)))
            .collect();
        // Each seed begins elsewhere, so that the seeds that run first tune different optimizers and do not wait for each other.
        let turn = seed.0 as usize % configs.len();
        configs.rotate_left(turn);
        for (rank, rule) in configs {
            let tuned = contest.tuned(rank, rule, progress)?;
            let task = contest.task(rank, seed)?;
            let (sigma, zero) = (task.singular_values()?[0], task.loss_at_zero());
            let start = task.start(contest.init(), seed)?;
            let slow = self
                .slow_ranks
                .contains(&rank)
                .then_some(("slow", self.slow));
            for (speed, factor) in [Some(("tuned", 1.0)), slow].into_iter().flatten() {
                progress.check()?;
                let rate = factor * tuned.rate;
                let steps = (self.window * tuned.steps / factor).ceil() as usize;
                let record = Record {
                    vectors: self.vectors,
                    ..Record::light(Schedule::LogSpaced { per_decade: 100 })
                };
                let descent =
                    Descent::with(contest.optimizer(rule, rate, sigma), steps).recording(record);
                let config = Config {
                    rank,
                    rule,
                    speed,
                    rate,
                };
                let (row, run) = self.row(config, steps, task.run(&start, &descent), zero)?;
                runs.push(row);
                if let Some(run) =
                    run.filter(|_| seed.0 < DRAWN && speed == "tuned" && rank == self.ranks[0])
                {
                    cosines.push(cosine_table(&run, config)?);
                }
            }
        }
        let (gaps, losses) = self.gaps(seed)?;
        let mut tables =
            Tables::from([("runs".into(), Table::concat(runs)?), ("gaps".into(), gaps)]);
        for (name, parts) in [("cosines", cosines), ("losses", losses)] {
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

fn cosine_table(run: &Trajectory, config: Config) -> Result<Table> {
    let mut parts = Vec::new();
    for (name, side) in [("a", &run.a), ("b", &run.b)] {
        let (_, kept, targets) = side.cosine.dim();
        for (k, j) in (0..kept.min(2)).flat_map(|k| (0..targets.min(2)).map(move |j| (k, j))) {
            let part = Table::new()
                .with("step", run.steps.clone())?
                .with("cosine", signed_cosine(side, k, j))?
                .with_constant("vector", k)?
                .with_constant("target", j)?
                .with_constant("side", name)?
                .with_constant("optimizer", config.rule.name())?
                .with_constant("rank", config.rank)?;
            parts.push(part);
        }
    }
    Table::concat(parts)
}

impl RankTwoBumps {
    /// Plateaus at rank 2 of a Gaussian target and of targets with given σ₁/σ₂, all under slow gradient descent.
    fn gaps(&self, seed: Seed) -> Result<(Table, Vec<Table>)> {
        let gaussian = self.contest().task(2, seed)?;
        let mut targets = vec![("gaussian", 0.0, gaussian)];
        for &gap in &self.gaps {
            targets.push((
                "orthogonal",
                gap,
                separated(self.n, gap, self.target_scale, seed)?,
            ));
        }
        let (mut names, mut ratios, mut plateaus, mut losses) = (vec![], vec![], vec![], vec![]);
        for (name, gap, task) in targets {
            let sigma = task.singular_values()?;
            let ratio = sigma[0] / sigma[1];
            let steps = ((20.0 + 12.0 * ratio) / GAP_RATE) as usize;
            let init = Init::Gaussian {
                scale: self.start_scale,
            };
            let record = Record::light(Schedule::LogSpaced { per_decade: 60 });
            let descent = Descent::new(GAP_RATE / sigma[0], steps).recording(record);
            let run = task.run(&task.start(init, seed)?, &descent)?;
            let zero = task.loss_at_zero();
            let time: Vec<f64> = run.time.iter().map(|t| t * sigma[0]).collect();
            let loss: Vec<f64> = run.loss.iter().map(|l| l / zero).collect();
            names.push(name);
            ratios.push(ratio);
            plateaus.push(
                shape(&time, &loss, 0.02)
                    .plateaus
                    .iter()
                    .filter(|p| p.value >= 0.005)
                    .count(),
            );
            if seed.0 < DRAWN {
                let curve = Table::new()
                    .with("step", run.steps)?
                    .with("t", time)?
                    .with("loss", loss)?;
                losses.push(
                    curve
                        .with_constant("target", name)?
                        .with_constant("gap", gap)?,
                );
            }
        }
        let table = Table::new()
            .with("target", names)?
            .with("gap", ratios)?
            .with("plateaus", plateaus)?;
        Ok((table, losses))
    }
}

/// A target of rank 2 with orthogonal factors and σ₁/σ₂ = `gap`; σ₁ = n scale², as that of a Gaussian one on average.
fn separated(n: usize, gap: f64, scale: f64, seed: Seed) -> Result<MatrixTask> {
    let gaussian = Factors::gaussian(n, 2, 1.0, seed, "data");
    let size = scale * (n as f64).sqrt();
    let side = |x| -> Result<_> {
        let (mut q, _) = linalg::qr(x)?;
        q.column_mut(0).mapv_inplace(|x| x * size);
        q.column_mut(1).mapv_inplace(|x| x * size / gap.sqrt());
        Ok(q)
    };
    MatrixTask::new(Factors::new(side(&gaussian.a)?, side(&gaussian.b)?)?)
}
