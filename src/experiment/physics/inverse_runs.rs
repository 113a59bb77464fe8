//! §5, §4.3: what is inferred from runs of the Geometry model and of a network, and frequencies from losses, $\ell^{1/(2p)} = C$.
//!
//! Skills on orthonormal vectors with power-law frequencies are trained by SGD, SignGD and Adam, with noise of the gradient. They are independent: every edge that is found is false.
//!
//! *From losses.* The paper asks how C can be found. In every form of the Resource model $\ln u_i = -p_i y$ for all i, so with Σp = 1, $\ln C = -y = \sum_i \ln u_i$: C is the product
//! of all unskills, and $\hat p_i = \ln u_i / \sum_j \ln u_j$ with $u = \sqrt\ell$, at any one moment, without a fit. It is measured at the records at which the mean level first
//! exceeds each of `moments`. Skills whose u is not between 0 and 1 there are left out of sum and ranking, and counted.
//!
//! Table `runs`, by seed and `optimizer`: `p_error` (median of |p̂/p − 1|), `p_worst`, `edges`, `sure`, `norm` (L1, L2), `waste`, `rmse`, `noise`, `learned` (skills that are told about).
//!
//! *Parities.* The network of Fig. 2 learns three parities of random strings; in the run `dependent` $y_3 = y_1 \oplus y_2$, in `independent` $y_3'$ is of four other bits. Levels
//! are $2a-1$ of the accuracies a on held-out strings. Does the third wait for the first two, and only where it should? The first `parity_seeds` seeds have this part.
//!
//! Table `parities`, by seed and `run`: scores of the edges from `first` and `second` to y₃ (NaN: no edge), `one` (y₃ waits for at least one of them), `both`, `seen` (y₃ is learned in
//! the time given), `others` (edges to y₁ or y₂: false), `misfit` (residuals over noise), `rmse`.
//!
//! Table `losses`, by seed, `optimizer` and `moment`: `ordered` (share of pairs of skills in the right order of p), `p_error` (median), `left_out`.

mod parity;
mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::inverse::{SkillCurves, infer};
use crate::model::skill::{Geometry, SkillDescent, SkillTrajectory, TaskVectors};
use crate::optimizer::{Adam, Optimizer, Sgd, SignGd};
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;

settings! {
    /// Settings of the inference from runs of the Geometry model.
    pub struct InferredRuns {
        /// Number of tasks.
        n_task: usize = 4, 6, 6;
        /// Exponent α of the frequencies, p_i ∝ i^−α.
        alpha: f64 = 1.0, 1.0, 1.0;
        /// Number of dimensions n_dim.
        n_dim: usize = 200, 1000, 1000;
        /// Noise of the gradient, per coordinate.
        noise: f64 = 1e-3, 1e-3, 1e-3;
        /// Learning rate of SGD.
        sgd_rate: f64 = 0.02, 0.01, 0.01;
        /// Learning rate of SignGD.
        sign_rate: f64 = 1e-3, 1e-4, 1e-4;
        /// Learning rate of Adam.
        adam_rate: f64 = 1e-3, 1e-4, 1e-4;
        /// Number of steps.
        steps: usize = 500, 4000, 4000;
        /// Steps from one record to the next.
        every: usize = 5, 20, 20;
        /// Mean levels at which losses are looked at.
        moments: Vec<f64> = vec![0.5], vec![0.2, 0.5, 0.8], vec![0.2, 0.5, 0.8];
        /// Bits of a string.
        bits: usize = 12, 32, 32;
        /// Hidden units.
        width: usize = 30, 50, 50;
        /// Strings of the full batch.
        strings: usize = 400, 8000, 8000;
        /// Held-out strings.
        held_out: usize = 200, 2000, 2000;
        /// Learning rate of the network (Adam).
        parity_rate: f64 = 0.005, 0.001, 0.001;
        /// Most steps of the network; it ends before when all is learned.
        parity_steps: usize = 300, 4000, 4000;
        /// Steps from one record of the network to the next.
        parity_every: usize = 10, 10, 10;
        /// Seeds whose networks are trained.
        parity_seeds: u64 = 1, 6, 32;
        /// Number of seeds.
        seeds: u64 = 2, 8, 32;
    }
}

impl InferredRuns {
    fn optimizers(&self) -> [(&'static str, Optimizer); 3] {
        [
            ("SGD", Sgd::new(self.sgd_rate).into()),
            ("SignGD", SignGd::new(self.sign_rate).into()),
            ("Adam", Adam::new(self.adam_rate).into()),
        ]
    }

    fn frequencies(&self) -> Result<Frequencies> {
        Frequencies::power_law(self.n_task, self.alpha)
    }

    fn train(&self, optimizer: Optimizer, seed: Seed) -> Result<SkillTrajectory> {
        let vectors = TaskVectors::orthonormal(self.n_task, self.n_dim, seed)?;
        let model = Geometry::new(vectors, self.frequencies()?)?.with_noise(self.noise);
        let descent = SkillDescent::new(optimizer, self.steps)
            .recording(Schedule::Every { steps: self.every });
        model.run(&descent, seed)
    }
}

impl Experiment for InferredRuns {
    const INFO: Info = Info {
        id: "physics/inverse-runs",
        title: "The inverse problem on runs of the Geometry model and of a network, and frequencies from losses",
        document: Document::Physics,
        section: "§4.3, §5.2",
        notebook: "physics/14-inverse",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("n_task", self.n_task, 2, 50)?;
        whole("n_dim", self.n_dim, self.n_task, 1_000_000)?;
        whole("steps", self.steps, 1, 10_000_000)?;
        whole("bits", self.bits, 8, 1000)?;
        whole("width", self.width, 1, 100_000)?;
        whole("strings", self.strings, 2, 10_000_000)?;
        whole("held_out", self.held_out, 1, 10_000_000)?;
        whole("parity_steps", self.parity_steps, 10, 10_000_000)?;
        whole("parity_every", self.parity_every, 1, self.parity_steps / 10)?;
        whole("every", self.every, 1, self.steps)?;
        for (field, value) in [
            ("alpha", self.alpha),
            ("noise", self.noise),
            ("sgd_rate", self.sgd_rate),
            ("sign_rate", self.sign_rate),
            ("adam_rate", self.adam_rate),
            ("parity_rate", self.parity_rate),
        ] {
            positive(field, value)?;
        }
        match self.moments.iter().find(|m| !(**m > 0.0 && **m < 1.0)) {
            Some(m) => Err(Error::setting(
                "moments",
                m,
                "mean levels above 0 and below 1",
            )),
            None if self.moments.is_empty() => Err(Error::setting("moments", "[]", "at least one")),
            None => Ok(()),
        }
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let p = self.frequencies()?.p().to_vec();
        let (mut runs, mut losses) = (Vec::new(), Vec::new());
        for (name, optimizer) in self.optimizers() {
            progress.check()?;
            let run = self.train(optimizer, seed)?;
            let found = infer(&SkillCurves::of_geometry(&run)?)?;
            let place = |name: &str| name.parse::<usize>().map_or(0, |k| k - 1);
            let seen: f64 = found.skills.iter().map(|s| p[place(&s.name)]).sum();
            let errors: Vec<f64> = found
                .skills
                .iter()
                .map(|s| (s.p.value * seen / p[place(&s.name)] - 1.0).abs())
                .collect();
            let sure = found.edges.iter().filter(|e| e.sure).count();
            let table = Table::new()
                .with("p_error", vec![stats::median(&errors).value])?
                .with("p_worst", vec![errors.iter().copied().fold(0.0, f64::max)])?
                .with("edges", vec![found.edges.len()])?
                .with("sure", vec![sure])?
                .with("norm", vec![found.form.norm.name()])?
                .with("waste", vec![found.waste.value])?
                .with("rmse", vec![found.rmse])?
                .with("noise", vec![found.noise])?
                .with("learned", vec![found.skills.len()])?;
            runs.push(table.led_by("optimizer", name)?);
            for moment in &self.moments {
                losses.push(
                    from_losses(&run, &p, *moment)?
                        .led_by("moment", *moment)?
                        .led_by("optimizer", name)?,
                );
            }
        }
        let mut tables = Tables::from([
            ("runs".to_string(), Table::concat(runs)?),
            ("losses".to_string(), Table::concat(losses)?),
        ]);
        if seed.0 < self.parity_seeds {
            tables.insert("parities".into(), parity::rows(self, seed, progress)?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(outcome)
    }
}

/// Frequencies from the losses (1 − s)² of one moment.
fn from_losses(run: &SkillTrajectory, p: &[f64], moment: f64) -> Result<Table> {
    let row = run
        .skills
        .rows()
        .into_iter()
        .find(|r| r.mean().is_some_and(|m| m > moment));
    let (mut ordered, mut error, mut left_out) = (f64::NAN, f64::NAN, p.len());
    if let Some(row) = row {
        let seen: Vec<(f64, f64)> = row
            .iter()
            .zip(p)
            .map(|(s, p)| (0.5 * (1.0 - s).powi(2).ln(), *p))
            .filter(|(v, _)| *v < 0.0 && v.is_finite())
            .collect();
        left_out = p.len() - seen.len();
        let (all, shown): (f64, f64) = (
            seen.iter().map(|s| s.0).sum(),
            seen.iter().map(|s| s.1).sum(),
        );
        let errors: Vec<f64> = seen
            .iter()
            .map(|(v, p)| (v / all * shown / p - 1.0).abs())
            .collect();
        let pairs: Vec<f64> = (0..seen.len())
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .map(|(a, b)| f64::from(u8::from((seen[a].0 < seen[b].0) == (seen[a].1 > seen[b].1))))
            .collect();
        (ordered, error) = (stats::mean(&pairs).value, stats::median(&errors).value);
    }
    Table::new()
        .with("ordered", vec![ordered])?
        .with("p_error", vec![error])?
        .with("left_out", vec![left_out])
}
