//! Two tasks by three optimizers (Fig. 4): how much later the rarer one is learned.
//!
//! Two orthonormal task vectors in n_dim dimensions with frequencies p₁ + p₂ = 1, squared error; a skill is learned at the first step with s > `level`.
//! SGD keeps the skills apart, u_i = (1 − 2ηp_i)^t, so that t₂/t₁ = p₁/p₂. Under SignGD the skills share the signs of the gradient: by Eq. 1 with N₀ = 0
//! $$\eta_\text{eff}\,t = \sum_j (1 - C^{p_j}), \qquad \frac{t_2}{t_1}\to\frac{1 + \ell}{\ell}\quad(p_2\to 0)$$
//! for the level ℓ, which is 1.9/.9 for ℓ = .9. Each configuration runs with batches and with the exact p; SignGD with the exact p also at a rate
//! `fine` times smaller, where the bouncing of the learned task, which is of the order of the rate, no longer takes signs from the other.
//!
//! Table `curves`, a row for each optimizer, p₂ of `shown`, record and skill: `optimizer`, `p2`, `step`, `skill`, `s`.
//!
//! Table `times`, a row for each optimizer, gradient and p₂: `optimizer` (`sgd`, `sign_gd`, `adam`), `gradient` (`batch`, `exact`, `fine`), `p2`, `t1`, `t2` (steps;
//! those of `fine` are divided by `fine`), `ratio` (t₂/t₁), `lead` (s₂ at t₁), `speed_up` (the mean speed of s₂ from t₁ to t₂ over that from 0 to t₁),
//! NaN for a task that is not learned.

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Geometry, GradientForm, SkillDescent, SkillTrajectory, TaskVectors};
use crate::optimizer::{Adam, Optimizer, Sgd, SignGd};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;

settings! {
    /// Settings of two tasks by three optimizers.
    pub struct TwoTasks {
        /// Number of parameters.
        n_dim: usize = 1000, 1000, 1000;
        /// Frequencies p₂ of the rarer task.
        p2: Vec<f64> = vec![0.5, 0.2, 0.1, 0.05],
            vec![0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01],
            (0..50).map(|i| 0.5 - 0.01 * f64::from(i)).collect();
        /// p₂ of the dynamics that are shown.
        shown: Vec<f64> = vec![0.5, 0.1, 0.05], vec![0.5, 0.1, 0.05], vec![0.5, 0.1, 0.05];
        /// Examples a step.
        batch: usize = 128, 128, 128;
        /// Learning rate of SGD; with the half gradient it is twice what the printed loss would need for the same curves.
        sgd_rate: f64 = 0.03, 0.03, 0.03;
        /// Learning rate of SignGD (Adam with betas 0).
        sign_rate: f64 = 3e-4, 3e-4, 3e-4;
        /// Learning rate of Adam with betas (.9, .999).
        adam_rate: f64 = 3e-4, 3e-4, 3e-4;
        /// `half`, which the published code takes, or `true`, the gradient of the printed loss; SGD is twice as fast by it.
        gradient: GradientForm = GradientForm::Half, GradientForm::Half, GradientForm::Half;
        /// A task is learned when its skill is above this level; the paper does not state it, the code has .9.
        level: f64 = 0.9, 0.9, 0.9;
        /// Steps; enough for SGD to learn the rarest task (the published 3000 or 500 steps end where p₂ ≥ .05 is learned).
        steps: usize = 3_000, 12_000, 12_000;
        /// Steps of the dynamics that are shown.
        shown_steps: usize = 1_000, 1_000, 1_000;
        /// SignGD's rate is also divided by this, for the limit of a small rate.
        fine: usize = 10, 10, 10;
        /// Number of seeds.
        seeds: u64 = 2, 32, 32;
    }
}

/// A way to train both tasks.
#[derive(Clone, Copy)]
struct Way {
    optimizer: Optimizer,
    gradient: &'static str,
    /// Its rate is divided by this.
    slower: usize,
}

impl TwoTasks {
    fn optimizers(&self) -> [Optimizer; 3] {
        [
            Sgd::new(self.sgd_rate).into(),
            SignGd::adam(self.sign_rate).into(),
            Adam::new(self.adam_rate).into(),
        ]
    }

    fn ways(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        for optimizer in self.optimizers() {
            for gradient in ["batch", "exact"] {
                ways.push(Way {
                    optimizer,
                    gradient,
                    slower: 1,
                });
            }
        }
        ways.push(Way {
            optimizer: SignGd::adam(self.sign_rate / self.fine as f64).into(),
            gradient: "fine",
            slower: self.fine,
        });
        ways
    }

    fn model(&self, vectors: &TaskVectors, p2: f64, exact: bool) -> Result<Geometry> {
        let model = Geometry::new(vectors.clone(), Frequencies::new(vec![1.0 - p2, p2])?)?
            .with_gradient(self.gradient);
        Ok(if exact {
            model
        } else {
            model.with_batch(self.batch)
        })
    }

    /// Steps that SGD needs for the rarest task with the exact p.
    fn needed(&self) -> f64 {
        let factor = match self.gradient {
            GradientForm::Half => 1.0,
            GradientForm::True => 2.0,
        };
        let rarest = self.p2.iter().copied().fold(f64::INFINITY, f64::min);
        (1.0 - self.level).ln() / (1.0 - factor * self.sgd_rate * rarest).ln()
    }
}

impl Experiment for TwoTasks {
    const INFO: Info = Info {
        id: "physics/fig-04",
        title: "Two tasks: SGD keeps them apart, SignGD makes one wait for the other",
        document: Document::Physics,
        section: "§2.3, Fig. 4",
        notebook: "physics/02-geometry-model",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("n_dim", self.n_dim, 2, 1_000_000)?;
        whole("batch", self.batch, 1, 1 << 30)?;
        whole("steps", self.steps, 1, 10_000_000)?;
        whole("shown_steps", self.shown_steps, 1, 100_000)?;
        whole("fine", self.fine, 1, 1_000)?;
        for (name, rate) in [
            ("sgd_rate", self.sgd_rate),
            ("sign_rate", self.sign_rate),
            ("adam_rate", self.adam_rate),
        ] {
            positive(name, rate)?;
        }
        for (name, list) in [("p2", &self.p2), ("shown", &self.shown)] {
            distinct(name, list)?;
            for p in list {
                if !(*p > 0.0 && *p <= 0.5) {
                    return Err(Error::setting(name, p, "frequencies above 0, up to .5"));
                }
            }
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::setting("level", self.level, "between 0 and 1"));
        }
        if self.sgd_rate >= 0.5 {
            return Err(Error::setting(
                "sgd_rate",
                self.sgd_rate,
                "less than .5, from where on descent overshoots",
            ));
        }
        if self.needed() * 1.1 > self.steps as f64 {
            return Err(Error::setting(
                "steps",
                self.steps,
                format!(
                    "at least {:.0}, in which SGD learns the rarest task",
                    (1.1 * self.needed()).ceil()
                ),
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let vectors = TaskVectors::orthonormal(2, self.n_dim, seed)?;
        let mut curves = Vec::new();
        for &p2 in &self.shown {
            let descents = self.optimizers().map(|optimizer| {
                SkillDescent::new(optimizer, self.shown_steps).recording(Schedule::Every {
                    steps: (self.shown_steps / 100).max(1),
                })
            });
            let model = self.model(&vectors, p2, false)?;
            let models = [model.clone(), model.clone(), model];
            let runs = Geometry::run_together(&models, &descents, seed)?;
            for (run, descent) in runs.iter().zip(&descents) {
                let rows = run.skills_table()?.led_by("p2", p2)?;
                curves.push(rows.led_by("optimizer", descent.optimizer.name())?);
            }
        }
        let mut rows = Vec::new();
        for &p2 in &self.p2 {
            for way in self.ways() {
                progress.check()?;
                let model = self.model(&vectors, p2, way.gradient != "batch")?;
                let descent = SkillDescent::new(way.optimizer, self.steps);
                rows.push(Row::new(way, p2, self.level, &model.run(&descent, seed)?));
            }
        }
        Ok([
            ("curves".to_string(), Table::concat(curves)?),
            ("times".to_string(), Row::table(&rows)?),
        ]
        .into())
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

/// What is measured of one run.
struct Row {
    way: Way,
    p2: f64,
    times: [f64; 2],
    lead: f64,
    speed_up: f64,
}

impl Row {
    fn new(way: Way, p2: f64, level: f64, run: &SkillTrajectory) -> Self {
        let times = run.learning_times(level);
        let (first, second) = (times[0], times[1]);
        // Every step is recorded, so that a step is its record; a task that is not learned has NaN, and so has what follows from it.
        let lead = if first.is_finite() {
            run.skills[[first as usize, 1]]
        } else {
            f64::NAN
        };
        Self {
            way,
            p2,
            times: [first, second].map(|t| t / way.slower as f64),
            lead,
            speed_up: ((level - lead) / (second - first)) / (lead / first),
        }
    }

    fn table(rows: &[Self]) -> Result<Table> {
        let number = |f: fn(&Self) -> f64| rows.iter().map(f).collect::<Vec<_>>();
        let text = |f: fn(&Self) -> &'static str| rows.iter().map(f).collect::<Vec<_>>();
        Table::new()
            .with("optimizer", text(|r| r.way.optimizer.name()))?
            .with("gradient", text(|r| r.way.gradient))?
            .with("p2", number(|r| r.p2))?
            .with("t1", number(|r| r.times[0]))?
            .with("t2", number(|r| r.times[1]))?
            .with("ratio", number(|r| r.times[1] / r.times[0]))?
            .with("lead", number(|r| r.lead))?
            .with("speed_up", number(|r| r.speed_up))
    }
}
