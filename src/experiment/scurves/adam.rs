//! Adam and AdamW against gradient descent (comments): same shapes, a plateau at full rank, or only faster?
//!
//! Exact gradients of L = ½‖A − ãb̃ᵀ‖²_F as in the rank sweep. Optimizers are compared at tuned rates (of a grid, the smallest median number of
//! steps to `tuning_loss` × L₀ on separate seeds; ties to the smaller rate), each over `window` times the steps that it then needs, and again at a
//! fraction `slow` of these rates over as much longer a run. Time is counted in steps: step × rate means nothing that descent and Adam share.
//!
//! | symbol | here |
//! |---|---|
//! | n, r | `n`, `ranks` |
//! | η σ₁ of gradient descent, η of Adam in units of the target's entries | `gd_rates`, `adam_rates` |
//! | AdamW's decoupled λ | `weight_decay` |
//!
//! Table `curves`, a row for each rank, optimizer, speed (`tuned`, `slow`) and record: `rank`, `optimizer` (`gd`, `adam`, `adamw`), `speed`, `step`,
//! `loss` (in L₀, the loss of ã = b̃ = 0), `cosine` (mean best |cos(ã_k, a_j)|).
//!
//! Table `runs`, a row for each rank, optimizer and speed: the same three, `diverged` (step, −1 for none), `rate` (in units of the grid), `steps`,
//! `steps_to_loss` (to `tuning_loss` L₀), `plateau` (steps; the first plateau above `tuning_loss` L₀, 0 for none), `plateau_value` (in L₀),
//! `dwell` (steps from 1.1 to 0.9 L₀ over `steps_to_loss`), `spread_modes` (ln of t₉₀/t₁₀ over the steps at which the stronger half of the modes of A is learned), `bumps` (per
//! vector, to `tuning_loss` L₀), `pace` (mean of −d ln L/d step at the bumps over its mean until `tuning_loss` L₀; below 1 when bumps come while
//! the loss rests), `shallow` (as `plateau`, for a trough of 1.5 times), `tail` (1 when L between 0.1 and 10⁻⁴ L₀ is rather exponential in the step, 0
//! when it is rather a power), `final_loss`.

mod report;

use super::measure::{dwell, fall, learned_times, shape, spread};
use super::rank_two_bumps::signed_cosine;
use super::tuning::{Contest, Rule};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::curve::{self, Bumps, TailLaw};
use crate::model::factor::{Descent, Record, Trajectory};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;

settings! {
    /// Settings of the comparison of optimizers.
    pub struct AdamComparison {
        /// Length n of the vectors.
        n: usize = 100, 100, 100;
        /// Ranks r of target and model.
        ranks: Vec<usize> = vec![1, 2, 10, 100], vec![1, 2, 10, 100], vec![1, 2, 10, 100];
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
        tuning_seeds: u64 = 1, 9, 21;
        /// The loss to which the steps are counted when rates are chosen, in units of the loss at zero.
        tuning_loss: f64 = 0.01, 0.01, 0.01;
        /// Length of a run, in units of the tuned number of steps.
        window: f64 = 3.0, 6.0, 12.0;
        /// Fraction of the tuned rate for the second measurement.
        slow: f64 = 0.25, 0.25, 0.25;
        /// Learned vectors of each side whose cosines are looked at.
        vectors: usize = 10, 10, 10;
        /// Number of seeds.
        seeds: u64 = 2, 16, 32;
    }
}

/// Adam's loss jitters: rates of descent are fitted over this share of the step.
const SMOOTH: f64 = 0.1;

impl AdamComparison {
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

    /// The numbers of a row of `runs`, in the order of [`COLUMNS`].
    fn measures(&self, run: &Trajectory, zero: f64) -> [f64; 10] {
        let steps: Vec<f64> = run.steps.iter().map(|s| *s as f64).collect();
        let loss: Vec<f64> = run.loss.iter().map(|l| l / zero).collect();
        let reached = fall(&steps, &loss, self.tuning_loss).unwrap_or(f64::NAN);
        let plateaus = shape(&steps, &loss, SMOOTH).plateaus;
        let shallow = curve::shape_with(&steps, &loss, SMOOTH, 1.5).map_or(vec![], |s| s.plateaus);
        let shallow = shallow.iter().find(|p| p.value >= self.tuning_loss);
        // Weak modes are learned after the end of a run, which is not equally long for all optimizers.
        let half = run.modes.ncols().div_ceil(2);
        let stronger = run.modes.slice(ndarray::s![.., ..half]).to_owned();
        let plateau = plateaus.iter().find(|p| p.value >= self.tuning_loss);
        // The records until the loss is reached; bumps and their pace are counted there.
        let end = steps
            .iter()
            .position(|s| *s >= reached)
            .map_or(steps.len(), |i| i + 1)
            .max(3)
            .min(steps.len());
        let pace = curve::descent_rate(&steps[..end], &loss[..end], SMOOTH);
        let (mut peaks, mut vectors) = (Vec::new(), 0);
        for side in [&run.a, &run.b] {
            let (_, kept, targets) = side.cosine.dim();
            vectors += kept;
            for (k, j) in (0..kept).flat_map(|k| (0..targets).map(move |j| (k, j))) {
                peaks.extend(curve::bump_peaks(
                    &signed_cosine(side, k, j)[..end],
                    Bumps::default(),
                ));
            }
        }
        let mean_pace = (loss[0] / loss[end - 1]).ln() / (steps[end - 1] - steps[0]);
        let bump_pace = peaks.iter().map(|i| pace[*i]).sum::<f64>() / peaks.len() as f64;
        [
            reached,
            plateau.map_or(0.0, |p| p.length()),
            plateau.map_or(f64::NAN, |p| p.value),
            dwell(&steps, &loss) / reached,
            spread(&learned_times(&steps, &stronger)),
            peaks.len() as f64 / vectors.max(1) as f64,
            bump_pace / mean_pace,
            shallow.map_or(0.0, |p| p.length()),
            match curve::tail(&steps, &loss, 1.0, 0.1, 1e-4).law {
                TailLaw::Exponential => 1.0,
                TailLaw::PowerLaw => 0.0,
                TailLaw::Undecided => f64::NAN,
            },
            loss[loss.len() - 1],
        ]
    }
}

const COLUMNS: [&str; 10] = [
    "steps_to_loss",
    "plateau",
    "plateau_value",
    "dwell",
    "spread_modes",
    "bumps",
    "pace",
    "shallow",
    "tail",
    "final_loss",
];

impl Experiment for AdamComparison {
    const INFO: Info = Info {
        id: "scurves/adam",
        title: "Adam and AdamW against gradient descent, each at its best rate",
        document: Document::SCurves,
        section: "comments",
        notebook: "scurves/05-losses-and-optimizers",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        if self.n < 2 {
            return Err(Error::setting("n", self.n, "a whole number ≥ 2"));
        }
        distinct("ranks", &self.ranks)?;
        self.ranks
            .iter()
            .try_for_each(|r| whole("ranks", *r, 1, self.n))?;
        self.contest().validate()?;
        positive("window", self.window)?;
        positive("slow", self.slow)?;
        whole("vectors", self.vectors, 1, self.n)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let contest = self.contest();
        let (mut runs, mut curves) = (vec![], vec![]);
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
            for (speed, factor) in [("tuned", 1.0), ("slow", self.slow)] {
                progress.check()?;
                let rate = factor * tuned.rate;
                let steps = (self.window * tuned.steps / factor).ceil() as usize;
                let record = Record {
                    vectors: self.vectors,
                    modes: true,
                    ..Record::light(Schedule::LogSpaced { per_decade: 60 })
                };
                let descent =
                    Descent::with(contest.optimizer(rule, rate, sigma), steps).recording(record);
                let (diverged, measures) = match task.run(&start, &descent) {
                    Ok(run) => {
                        let cosine = run.a.best_cosine.rows().into_iter();
                        let cosine = cosine
                            .map(|r| r.mapv(f64::abs).mean().unwrap_or(f64::NAN))
                            .collect::<Vec<_>>();
                        let curve = Table::new()
                            .with("step", run.steps.clone())?
                            .with(
                                "loss",
                                run.loss.iter().map(|l| l / zero).collect::<Vec<_>>(),
                            )?
                            .with("cosine", cosine)?
                            .with_constant("rank", rank)?
                            .with_constant("optimizer", rule.name())?
                            .with_constant("speed", speed)?;
                        curves.push(curve);
                        (-1, self.measures(&run, zero))
                    }
                    Err(Error::Diverged { step, .. }) => (step as i64, [f64::NAN; 10]),
                    Err(e) => return Err(e),
                };
                let row = Table::new()
                    .with("rank", vec![rank])?
                    .with("optimizer", vec![rule.name()])?
                    .with("speed", vec![speed])?
                    .with("diverged", vec![diverged])?
                    .with("rate", vec![rate])?
                    .with("steps", vec![steps])?;
                runs.push(
                    COLUMNS
                        .iter()
                        .zip(measures)
                        .try_fold(row, |t, (name, x)| t.with(name, vec![x]))?,
                );
            }
        }
        let mut tables = Tables::from([("runs".into(), Table::concat(runs)?)]);
        if !curves.is_empty() {
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
