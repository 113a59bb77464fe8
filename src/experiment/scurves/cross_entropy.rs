//! Cross-entropy in place of the squared error (comments below the post): "flatten C and Z and treat them as logits".
//!
//! With A = abᵀ and Ã = ãb̃ᵀ as n² logits, P = softmax(A) and Q = softmax(Ã),
//!
//! $$L = \sum_{ij} P_{ij}\ln\frac{P_{ij}}{Q_{ij}},\qquad \frac{d\tilde a}{dt} = (P - Q)\,\tilde b,\qquad
//! \frac{d\tilde b}{dt} = (P - Q)^\top\tilde a,\qquad
//! \frac{d}{dt}\lVert\tilde a\rVert_F^2 = 2\sum_{ij}(P_{ij} - Q_{ij})\,\tilde A_{ij}$$
//!
//! the cross-entropy less the target's entropy, so that zero is the optimum. At the start E_P\[Ã\] ≈ 0 and E_Q\[Ã\] > 0: the norms do fall. For small logits
//! n² (P − Q) → A − Ã with their means taken off, and the flow is that of the squared error slowed by n². Logits of size ≫ 1 put Q on
//! few entries, and only these push the norms down.
//!
//! The cases are named in the column `case`:
//!
//! | case | loss | logits | time t |
//! |---|---|---|---|
//! | `cross-entropy` | cross-entropy | as drawn, N(0, 1) factors: standard deviation √r | step × learning rate |
//! | `unit-logits` | cross-entropy, rank 10 | factors scaled so that the logits' standard deviation is 1 | step × learning rate |
//! | `small-logits` | cross-entropy, lowest rank | factors scaled by `small_scale` | σ₁/n² × step × learning rate |
//! | `squared` | ½‖A − Ã‖² | as drawn | σ₁ × step × learning rate |
//!
//! | table | a row for each | columns |
//! |---|---|---|
//! | `curves` | case, rank, record | `case`, `rank`, `step`, `t`, `loss` (nats; for `squared` in units of ½‖A‖²), `norm` ((‖ã‖² + ‖b̃‖²) over its first value) |
//! | `runs` | case, rank | `entropy` (of P, nats; NaN for `squared`), `diverged_step` (NaN when it did not), `plateaus` (their number), `plateau` and `transition_time` (of the longest), `early_rate` (−d ln `norm`/dt over the first records), `trough_time` and `trough_norm` (the norm's minimum), `end_loss`, `power_rms`, `exponential_rms` and `exponent` (of the tail: loss between 0.1 and 10⁻⁶ of the first) |

mod claims;
mod figures;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, check, settings};
use crate::figure::Figures;
use crate::metric::curve;
use crate::model::factor::{Descent, Init, MatrixTask, Objective, Record, Softmax, Trajectory};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;

settings! {
    /// Settings of the cross-entropy.
    pub struct CrossEntropy {
        /// Length n of the vectors; there are n² logits.
        n: usize = 100, 100, 100;
        /// Ranks r of the target and of what is learned.
        ranks: Vec<usize> = vec![2, 10, 100], vec![2, 10, 100], vec![2, 10, 100];
        /// Standard deviation of the target vectors' entries (the comments do not state it).
        target_scale: f64 = 1.0, 1.0, 1.0;
        /// Factor on the target vectors in the case of small logits.
        small_scale: f64 = 0.2, 0.2, 0.2;
        /// ‖ã‖/‖a‖ at the start.
        init_scale: f64 = 1.0, 1.0, 1.0;
        /// Learning rate up to rank 10. (Not relative to σ₁: the gradient's size is bounded by the probabilities.)
        rate: f64 = 0.2, 0.2, 0.2;
        /// Steps up to rank 10: the budget.
        steps: usize = 2_000, 50_000, 200_000;
        /// Learning rate above rank 10, where the logits are larger; at 0.05 the loss jumps up and down.
        wide_rate: f64 = 0.01, 0.01, 0.01;
        /// Steps above rank 10.
        wide_steps: usize = 400, 5_000, 40_000;
        /// Learning rate × σ₁ of the squared error, and × σ₁/n² for small logits.
        squared_rate: f64 = 0.05, 0.05, 0.02;
        /// Duration × σ₁ of the squared error, and × σ₁/n² for small logits.
        squared_duration: f64 = 20.0, 60.0, 100.0;
        /// Records a factor of ten in steps.
        per_decade: usize = 30, 30, 30;
        /// Number of seeds.
        seeds: u64 = 2, 10, 32;
    }
}

/// One loss, rank and scale.
struct Case {
    name: &'static str,
    rank: usize,
    /// Factor on the target vectors.
    scale: f64,
}

impl CrossEntropy {
    fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for &rank in &self.ranks {
            for name in ["cross-entropy", "squared"] {
                cases.push(Case {
                    name,
                    rank,
                    scale: 1.0,
                });
            }
        }
        if let Some(&rank) = self.ranks.iter().min() {
            cases.push(Case {
                name: "small-logits",
                rank,
                scale: self.small_scale,
            });
        }
        if self.ranks.contains(&10) {
            cases.push(Case {
                name: "unit-logits",
                rank: 10,
                // Logits are sums of 10 products of two factors each.
                scale: 10f64.powf(-0.25) / self.target_scale,
            });
        }
        cases
    }

    /// What t = 1 is in steps × learning rate, then learning rate and steps.
    fn pace(&self, case: &Case, sigma: f64) -> (f64, f64, usize) {
        let n2 = (self.n * self.n) as f64;
        let steps = (self.squared_duration / self.squared_rate).ceil() as usize;
        match case.name {
            "squared" => (1.0 / sigma, self.squared_rate / sigma, steps),
            "small-logits" => (n2 / sigma, self.squared_rate * n2 / sigma, steps),
            _ if case.rank <= 10 => (1.0, self.rate, self.steps),
            _ => (1.0, self.wide_rate, self.wide_steps),
        }
    }

    fn run_case(&self, case: &Case, seed: Seed) -> Result<(Table, Table)> {
        let scale = self.target_scale * case.scale;
        let plain = MatrixTask::gaussian(self.n, case.rank, seed)?.scaled(scale)?;
        let sigmas = plain.singular_values()?;
        let start = plain.start(
            Init::Gaussian {
                scale: self.init_scale,
            },
            seed,
        )?;
        let (unit, rate, steps) = self.pace(case, sigmas[0]);
        let (task, loss_unit, entropy) = if case.name == "squared" {
            (
                plain,
                0.5 * sigmas.iter().map(|s| s * s).sum::<f64>(),
                f64::NAN,
            )
        } else {
            let softmax = Softmax::Entire;
            let entropy = entropy(&plain.target().product());
            (
                plain.with_objective(Objective::CrossEntropy { softmax }),
                1.0,
                entropy,
            )
        };
        let descent = Descent::new(rate, steps).recording(Record::light(Schedule::LogSpaced {
            per_decade: self.per_decade,
        }));
        match task.run(&start, &descent) {
            Ok(run) => {
                let measured = Measured::of(&run, unit, loss_unit);
                Ok((measured.curve(&run, case)?, measured.row(case, entropy)?))
            }
            Err(Error::Diverged { step, .. }) => Ok((
                Table::new(),
                row(case, entropy, step as f64, [f64::NAN; MEASURES.len()])?,
            )),
            Err(e) => Err(e),
        }
    }
}

/// −Σ P ln P of P = softmax(logits).
fn entropy(logits: &ndarray::Array2<f64>) -> f64 {
    let top = logits.iter().copied().fold(f64::MIN, f64::max);
    let (sum, weighted) = logits.iter().fold((0.0, 0.0), |(sum, weighted), x| {
        let e = (x - top).exp();
        (sum + e, weighted + e * (x - top))
    });
    sum.ln() - weighted / sum
}

/// What is measured of a run, after `case`, `rank`, `entropy` and `diverged_step`.
const MEASURES: [&str; 10] = [
    "plateaus",
    "plateau",
    "transition_time",
    "early_rate",
    "trough_time",
    "trough_norm",
    "end_loss",
    "power_rms",
    "exponential_rms",
    "exponent",
];

fn row(
    case: &Case,
    entropy: f64,
    diverged_step: f64,
    values: [f64; MEASURES.len()],
) -> Result<Table> {
    let mut table = Table::new()
        .with("case", vec![case.name])?
        .with("rank", vec![case.rank])?
        .with("entropy", vec![entropy])?
        .with("diverged_step", vec![diverged_step])?;
    for (name, value) in MEASURES.into_iter().zip(values) {
        table = table.with(name, vec![value])?;
    }
    Ok(table)
}

/// A run in the units of its case.
struct Measured {
    time: Vec<f64>,
    loss: Vec<f64>,
    norm: Vec<f64>,
}

impl Measured {
    fn of(run: &Trajectory, time_unit: f64, loss_unit: f64) -> Self {
        let norm2: Vec<f64> = run
            .a
            .norm
            .rows()
            .into_iter()
            .zip(run.b.norm.rows())
            .map(|(a, b)| a.dot(&a) + b.dot(&b))
            .collect();
        Self {
            time: run.time.iter().map(|t| t / time_unit).collect(),
            // Rounding may leave the offset loss a little below zero.
            loss: run.loss.iter().map(|l| (l / loss_unit).max(0.0)).collect(),
            norm: norm2.iter().map(|n| n / norm2[0]).collect(),
        }
    }

    fn curve(&self, run: &Trajectory, case: &Case) -> Result<Table> {
        Table::new()
            .with("step", run.steps.clone())?
            .with("t", self.time.clone())?
            .with("loss", self.loss.clone())?
            .with("norm", self.norm.clone())?
            .with_constant("case", case.name)?
            .with_constant("rank", case.rank)
    }

    fn row(&self, case: &Case, entropy: f64) -> Result<Table> {
        let shape = curve::shape(&self.time, &self.loss, 0.05)?;
        let tail = curve::tail(&self.time, &self.loss, self.loss[0], 0.1, 1e-6);
        let lowest = (0..self.norm.len())
            .min_by(|i, j| self.norm[*i].total_cmp(&self.norm[*j]))
            .unwrap_or(0);
        let early = self.norm.len().min(4) - 1;
        let values = [
            shape.plateaus.len() as f64,
            shape.plateau_length(),
            shape.transition_time(),
            -self.norm[early].ln() / self.time[early],
            self.time[lowest],
            self.norm[lowest],
            self.loss.last().copied().unwrap_or(f64::NAN),
            tail.power.rms,
            tail.exponential.rms,
            tail.power.exponent.value,
        ];
        row(case, entropy, f64::NAN, values)
    }
}

impl Experiment for CrossEntropy {
    const INFO: Info = Info {
        id: "scurves/cross-entropy",
        title: "Cross-entropy over flattened logits: what is left of decay, plateau and drop",
        document: Document::SCurves,
        section: "comments, cross-entropy",
        notebook: "scurves/05-losses-and-optimizers",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        check::whole("n", self.n, 2, 1000)?;
        check::distinct("ranks", &self.ranks)?;
        for &rank in &self.ranks {
            check::whole("ranks", rank, 1, self.n)?;
        }
        for (field, value) in [
            ("target_scale", self.target_scale),
            ("small_scale", self.small_scale),
            ("init_scale", self.init_scale),
            ("rate", self.rate),
            ("wide_rate", self.wide_rate),
            ("squared_rate", self.squared_rate),
            ("squared_duration", self.squared_duration),
        ] {
            check::positive(field, value)?;
        }
        check::whole("steps", self.steps, 10, 100_000_000)?;
        check::whole("wide_steps", self.wide_steps, 10, 100_000_000)?;
        check::whole("per_decade", self.per_decade, 5, 1000)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut runs) = (vec![], vec![]);
        for case in self.cases() {
            progress.check()?;
            let (curve, run) = self.run_case(&case, seed)?;
            curves.extend((curve.height() > 0).then_some(curve));
            runs.push(run);
        }
        Ok(Tables::from([
            ("curves".into(), Table::concat(curves)?),
            ("runs".into(), Table::concat(runs)?),
        ]))
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        figures::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}
