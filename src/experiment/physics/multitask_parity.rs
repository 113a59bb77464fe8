//! Scaling laws of networks that learn many sparse parities at once (Fig. 11): loss against steps and against hidden units, for frequencies p_i ∝ i^{−α} and four pairs of Adam's β.
//!
//! A ReLU network with one hidden layer and two outputs sees a fresh batch at every step: `tasks` one-hot control bits say which skill is asked for, and its class is the parity of
//! its own k of n bits. All networks of one α see the same batches. The loss is measured on held-out strings, as many for each skill, and summed with the skills' frequencies.
//!
//! The published exponents are fits with a jackknife over checkpoints (α_S, steps 10³ to 10⁴ at width 300) or network sizes (α_N, after 10⁵ steps). Which widths and exponents α were run
//! is not said; those here are of the scripts published with the Quanta model.
//!
//! Table `curves`, the widest networks: `alpha`, `beta1`, `beta2`, `step`, `loss`, `learned`, the number of skills whose held-out accuracy exceeds `level`.
//!
//! Table `losses`, all networks after the last step: `alpha`, `beta1`, `beta2`, `width`, `loss`, `learned`.
//!
//! Table `times`, the widest networks: `alpha`, `beta1`, `beta2`, `skill` (from 1), `time`, the first recorded step at which the skill's held-out accuracy exceeds `level`; NaN: never.

mod claims;
mod exponents;
mod figures;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::network::{Examples, Loss, Mlp, MlpTrainer};
use crate::optimizer::AdamW;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::{Frequencies, SparseParity, Subsets};
use crate::trace::Schedule;

settings! {
    /// Settings of multitask sparse parity.
    pub struct MultitaskParity {
        /// Number of skills n_tasks.
        tasks: usize = 6, 300, 500;
        /// Bits n that skills look at.
        bits: usize = 8, 28, 100;
        /// Bits k of a skill.
        subset: usize = 2, 2, 3;
        /// Fresh strings of a step.
        batch: usize = 256, 1024, 20_000;
        /// Hidden units; the largest is that of the loss against steps.
        widths: Vec<usize> = vec![4, 6, 8, 16], vec![8, 12, 18, 28, 64], vec![10, 14, 21, 31, 45, 66, 96, 140, 205, 300];
        /// Exponents α of the frequencies; published: a range that is not said.
        alphas: Vec<f64> = vec![1.2, 1.5], vec![1.2, 1.5, 1.8], vec![1.2, 1.3, 1.4, 1.5];
        /// (β₁, β₂) of Adam.
        betas: Vec<[f64; 2]> = vec![[0.9, 0.9], [0.9, 0.999]], BETAS.to_vec(), BETAS.to_vec();
        /// Learning rate of Adam.
        lr: f64 = 0.01, 0.003, 0.001;
        /// Steps.
        steps: usize = 200, 3000, 100_000;
        /// First and last step of the fit of α_S.
        fit_steps: [usize; 2] = [20, 200], [300, 3000], [1000, 10_000];
        /// First and last width of the fit of α_N; not published.
        fit_widths: [usize; 2] = [4, 16], [8, 28], [10, 300];
        /// Held-out strings of each skill.
        test: usize = 50, 30, 100;
        /// Held-out accuracy of a skill that is learned; not published.
        level: f64 = 0.9, 0.9, 0.9;
        /// Number of seeds; published: one.
        seeds: u64 = 2, 6, 1;
    }
}

/// The published pairs.
const BETAS: [[f64; 2]; 4] = [[0.0, 0.0], [0.9, 0.9], [0.9, 0.999], [0.9, 0.9999]];

/// Records in each factor of ten.
const PER_DECADE: usize = 20;

impl Experiment for MultitaskParity {
    const INFO: Info = Info {
        id: "physics/fig-11",
        title: "Scaling laws of multitask sparse parity for four pairs of Adam's β (Fig. 11)",
        document: Document::Physics,
        section: "§3.3",
        notebook: "physics/07-multitask-parity",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("tasks", self.tasks, 2, 1_000_000)?;
        whole("bits", self.bits, 1, 100_000)?;
        whole("subset", self.subset, 1, self.bits)?;
        whole("batch", self.batch, 1, 1 << 30)?;
        distinct("widths", &self.widths)?;
        for width in &self.widths {
            whole("widths", *width, 1, 1_000_000)?;
        }
        distinct("alphas", &self.alphas)?;
        for alpha in &self.alphas {
            positive("alphas", *alpha)?;
        }
        let mut seen: Vec<[f64; 2]> = Vec::new();
        for pair in &self.betas {
            let allowed = pair.iter().all(|b| (0.0..1.0).contains(b)) && !seen.contains(pair);
            if !allowed {
                let allowed = "pairs in [0, 1), each listed once";
                return Err(Error::setting("betas", format!("{pair:?}"), allowed));
            }
            seen.push(*pair);
        }
        if seen.is_empty() {
            return Err(Error::setting("betas", "[]", "at least one pair"));
        }
        positive("lr", self.lr)?;
        whole("steps", self.steps, 1, 1 << 40)?;
        let [from, to] = self.fit_steps;
        whole("fit_steps", from, 1, self.steps)?;
        whole("fit_steps", to, from + 1, self.steps)?;
        let inside = self.records().into_iter();
        let inside = inside.filter(|s| (from..=to).contains(s)).count();
        if inside < FEWEST {
            let allowed = format!("a window with {FEWEST} records or more in it, for a jackknife");
            return Err(Error::setting(
                "fit_steps",
                format!("{from} to {to}"),
                allowed,
            ));
        }
        let [from, to] = self.fit_widths;
        let inside = self.widths.iter().filter(|w| (from..=to).contains(w));
        if inside.count() < FEWEST {
            let allowed = format!("a window with {FEWEST} widths or more in it, for a jackknife");
            return Err(Error::setting(
                "fit_widths",
                format!("{from} to {to}"),
                allowed,
            ));
        }
        whole("test", self.test, 2, 1_000_000)?;
        if !(self.level > 0.5 && self.level < 1.0) {
            let allowed = "between ½, which is chance, and 1";
            return Err(Error::setting("level", self.level, allowed));
        }
        // Whether there are that many subsets.
        self.task(self.alphas[0], Seed(0)).map(|_| ())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut losses, mut times) = (vec![], vec![], vec![]);
        for alpha in &self.alphas {
            for (run, width) in self.train(*alpha, seed, progress)? {
                let led = |table: Table| {
                    let table = table.led_by("beta2", run.betas[1])?;
                    table.led_by("beta1", run.betas[0])?.led_by("alpha", *alpha)
                };
                losses.push(led(run.last(width)?)?);
                if width == self.widest() {
                    curves.push(led(run.curve()?)?);
                    times.push(led(run.times()?)?);
                }
            }
        }
        let mut tables = Tables::new();
        tables.insert("curves".into(), Table::concat(curves)?);
        tables.insert("losses".into(), Table::concat(losses)?);
        tables.insert("times".into(), Table::concat(times)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        figures::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}

/// Points that a jackknife needs.
const FEWEST: usize = 4;

impl MultitaskParity {
    fn widest(&self) -> usize {
        self.widths.iter().copied().max().unwrap_or(1)
    }

    fn records(&self) -> Vec<usize> {
        let even = Schedule::LogSpaced {
            per_decade: PER_DECADE,
        };
        even.steps(self.steps)
    }

    /// The skills of a seed, with frequencies of exponent `alpha`.
    fn task(&self, alpha: f64, seed: Seed) -> Result<SparseParity> {
        let p = Frequencies::power_law(self.tasks, alpha)?;
        let subsets = Subsets::random(self.tasks, self.bits, self.subset, seed)?;
        SparseParity::new(p, subsets)
    }

    /// All networks of one α, step by step together on the same batches.
    fn train(&self, alpha: f64, seed: Seed, progress: &Progress) -> Result<Vec<(Run, usize)>> {
        let task = self.task(alpha, seed)?;
        let held_out = HeldOut::new(&task, self.test, seed)?;
        let mut nets = Vec::new();
        for width in &self.widths {
            for betas in &self.betas {
                let net = Mlp::new([task.inputs(), *width, 2]);
                let adam = AdamW::new(self.lr).betas(betas[0], betas[1]);
                let adam = adam.weight_decay(0.0);
                let net = MlpTrainer::<f32>::new(&net, Loss::CrossEntropy, adam, seed)?;
                nets.push((net, Run::new(*betas, self.tasks), *width));
            }
        }
        let records = self.records();
        let mut due = records.iter().peekable();
        for step in 0..=self.steps {
            if due.next_if_eq(&&step).is_some() {
                progress.check()?;
                // The others are only read at the end.
                let read = |width| width == self.widest() || step == self.steps;
                for (net, run, _) in nets.iter_mut().filter(|net| read(net.2)) {
                    run.push(
                        step,
                        &held_out.skills(net)?,
                        task.frequencies().p(),
                        self.level,
                    );
                }
            }
            if step < self.steps {
                let batch = task.fresh(self.batch, seed, step)?;
                for (net, ..) in &mut nets {
                    net.step(&batch)?;
                }
            }
        }
        Ok(nets
            .into_iter()
            .map(|(_, run, width)| (run, width))
            .collect())
    }
}

/// Strings that no network is trained on, as many for each skill.
struct HeldOut {
    skills: Vec<Examples<f32>>,
}

impl HeldOut {
    fn new(task: &SparseParity, each: usize, seed: Seed) -> Result<Self> {
        let of = |k| task.batch_of(k, each, seed)?.examples();
        Ok(Self {
            skills: (0..task.skills()).map(of).collect::<Result<_>>()?,
        })
    }

    /// Loss and accuracy of each skill.
    fn skills(&self, net: &mut MlpTrainer<f32>) -> Result<Vec<(f64, f64)>> {
        let of = |examples| {
            let own = net.evaluate(examples)?;
            Ok((own.loss, own.accuracy))
        };
        self.skills.iter().map(of).collect()
    }
}

/// What a network has shown.
struct Run {
    betas: [f64; 2],
    steps: Vec<usize>,
    loss: Vec<f64>,
    learned: Vec<usize>,
    times: Vec<f64>,
}

impl Run {
    fn new(betas: [f64; 2], tasks: usize) -> Self {
        Self {
            betas,
            steps: Vec::new(),
            loss: Vec::new(),
            learned: Vec::new(),
            times: vec![f64::NAN; tasks],
        }
    }

    fn push(&mut self, step: usize, skills: &[(f64, f64)], p: &[f64], level: f64) {
        self.steps.push(step);
        self.loss
            .push(skills.iter().zip(p).map(|((loss, _), p)| p * loss).sum());
        let over = |skill: &&(f64, f64)| skill.1 > level;
        self.learned.push(skills.iter().filter(over).count());
        for (time, (_, accuracy)) in self.times.iter_mut().zip(skills) {
            if time.is_nan() && *accuracy > level {
                *time = step as f64;
            }
        }
    }

    fn curve(&self) -> Result<Table> {
        let learned: Vec<i64> = self.learned.iter().map(|n| *n as i64).collect();
        Table::new()
            .with("step", self.steps.clone())?
            .with("loss", self.loss.clone())?
            .with("learned", learned)
    }

    fn last(&self, width: usize) -> Result<Table> {
        let at = self.steps.len().saturating_sub(1);
        Table::new()
            .with("width", vec![width])?
            .with("loss", self.loss[at..].to_vec())?
            .with("learned", self.learned[at..].to_vec())
    }

    fn times(&self) -> Result<Table> {
        Table::new()
            .with("skill", (1..=self.times.len()).collect::<Vec<_>>())?
            .with("time", self.times.clone())
    }
}
