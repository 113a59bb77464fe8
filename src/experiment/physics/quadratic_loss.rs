//! Fig. 12: a quadratic loss with a strong hierarchy, aligned with the parameters and rotated.
//!
//! $$\ell = x_1^2 + 0.1\,x_2^2 + 0.01\,x_3^2 + 0.001\,x_4^2, \qquad x = R\,\theta$$
//!
//! Gradient descent does not see R. A rule that works element by element does: with R = I the sign of the gradient moves all four parts at one
//! pace, with R = ½ H₄ one after the other (the Domino effect).
//!
//! A part is learned when ℓ_k ≤ 0.05 ℓ_k(0). How far the next part is *kept back* is the share of ℓ_{k+1} that is left at that step: 1 for dominoes, 0.05 for parts
//! that fall together, and 0.05^{0.1} = 0.74 for gradient descent, whose parts differ in rate by a factor of ten.
//!
//! Table `curves` (seed 0; `identity` and `hadamard`): `rotation`, `rule`, `part`, `step`, `loss` (ℓ_k).
//!
//! Table `parts`, a row for each run and part: `rotation` (`identity` and `hadamard` at seed 0 only, `random` at every seed), `rule`, `part`, `time` (NaN:
//! never), `kept` (share of the next part left then; NaN for the last), `end` (ℓ_k at the end).
//!
//! Table `runs`: `rotation`, `rule`, `rate`, `gap` (largest |ℓ_k − ℓ_k of the same rule at R = I| over steps and parts).

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::positive;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::quadratic::{Quadratic, QuadraticTrajectory};
use crate::optimizer::{AdEMAMix, Adam, Lion, Mars, Optimizer, Sgd, SignGd, Sophia};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;

settings! {
    /// Settings of Fig. 12.
    pub struct QuadraticLoss {
        /// Weights of the four parts.
        curvatures: Vec<f64> = vec![1.0, 0.1, 0.01, 0.001], vec![1.0, 0.1, 0.01, 0.001], vec![1.0, 0.1, 0.01, 0.001];
        /// Start θ₀ in the aligned case; the rotated cases start from the same x.
        start: Vec<f64> = vec![1.0; 4], vec![1.0; 4], vec![1.0; 4];
        /// Step size of gradient descent.
        descent_rate: f64 = 0.01, 0.01, 0.01;
        /// Step size of all other rules (the published run; the figure's label has the next).
        sign_rate: f64 = 3e-4, 3e-4, 3e-4;
        /// Step size of sign descent by the figure's label.
        label_rate: f64 = 3e-3, 3e-3, 3e-3;
        /// Steps.
        steps: usize = 10_000, 10_000, 10_000;
        /// Number of seeds; a seed is a random rotation.
        seeds: u64 = 2, 64, 512;
    }
}

/// A part is learned when this share of its loss is left.
const LEARNED: f64 = 0.05;
/// Records a run of the curves.
const RECORDS: usize = 200;

impl QuadraticLoss {
    /// Name and rule. All that the paper names have its settings; the others are ours, with the same step size and no decay.
    fn rules(&self) -> Vec<(&'static str, Optimizer)> {
        let rate = self.sign_rate;
        vec![
            ("sgd", Sgd::new(self.descent_rate).into()),
            ("sign_gd", SignGd::adam(rate).into()),
            ("sign_gd_label", SignGd::adam(self.label_rate).into()),
            ("adam", Adam::new(rate).into()),
            ("ademamix", AdEMAMix::new(rate).into()),
            ("lion", Lion::new(rate).into()),
            ("sophia", Sophia::new(rate).weight_decay(0.0).into()),
            ("mars", Mars::new(rate).into()),
        ]
    }

    /// A run that sees every step.
    fn follow(&self, model: &Quadratic, optimizer: &Optimizer) -> Result<QuadraticTrajectory> {
        let start = model.parameters(&self.start)?;
        model.run(&start, optimizer, self.steps, &Schedule::Every { steps: 1 })
    }
}

impl Experiment for QuadraticLoss {
    const INFO: Info = Info {
        id: "physics/fig-12",
        title: "A quadratic loss, aligned and rotated: who sees the basis?",
        document: Document::Physics,
        section: "§4.1, Fig. 12",
        notebook: "physics/08-quadratic-losses",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        Quadratic::new(self.curvatures.clone())?;
        if self.curvatures.len() != 4 {
            return Err(Error::setting(
                "curvatures",
                format!("{:?}", self.curvatures),
                "four numbers: the rotation is the 4 × 4 Hadamard matrix",
            ));
        }
        if self.start.len() != 4 || self.start.iter().any(|x| !x.is_finite() || *x == 0.0) {
            return Err(Error::setting(
                "start",
                format!("{:?}", self.start),
                "four finite numbers other than 0",
            ));
        }
        positive("descent_rate", self.descent_rate)?;
        positive("sign_rate", self.sign_rate)?;
        positive("label_rate", self.label_rate)?;
        if !(100..=1_000_000).contains(&self.steps) {
            return Err(Error::setting(
                "steps",
                self.steps,
                "a whole number from 100 to 1000000",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let aligned = Quadratic::new(self.curvatures.clone())?;
        let turned = aligned.clone().rotated(&Quadratic::hadamard())?;
        let random = aligned
            .clone()
            .rotated(&Quadratic::random_rotation(4, seed)?)?;
        let mut models = vec![("random", random)];
        if seed.0 == 0 {
            models.insert(0, ("identity", aligned.clone()));
            models.insert(1, ("hadamard", turned));
        }
        let mut rows = Rows::default();
        let mut curves = Vec::new();
        for (rule, optimizer) in self.rules() {
            let reference = self.follow(&aligned, &optimizer)?;
            for (rotation, model) in &models {
                progress.check()?;
                let run = self.follow(model, &optimizer)?;
                rows.add(rotation, rule, optimizer.lr(), &run, &reference);
                if *rotation != "random" {
                    curves.push(curve(rotation, rule, &run, self.steps / RECORDS)?);
                }
            }
        }
        let mut tables = rows.tables()?;
        if seed.0 == 0 {
            tables.insert("curves".into(), Table::concat(curves)?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        Ok(Figures::new()
            .with("fig-12", self.published(outcome)?)
            .with("rules", self.others(outcome)?)
            .with("random", self.random(outcome)?))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        self.claims_of(&report::Measured::new(outcome)?)
    }
}

fn curve(rotation: &str, rule: &str, run: &QuadraticTrajectory, every: usize) -> Result<Table> {
    let kept: Vec<usize> = (0..run.steps.len()).step_by(every.max(1)).collect();
    let tables = (0..run.parts.ncols())
        .map(|k| {
            let part = run.part(k);
            Table::new()
                .with(
                    "step",
                    kept.iter().map(|&i| run.steps[i]).collect::<Vec<_>>(),
                )?
                .with("loss", kept.iter().map(|&i| part[i]).collect::<Vec<_>>())?
                .led_by("part", k + 1)?
                .led_by("rule", rule)?
                .led_by("rotation", rotation)
        })
        .collect::<Result<_>>()?;
    Table::concat(tables)
}

/// The rows of `parts` and `runs`.
#[derive(Default)]
struct Rows {
    part_keys: Vec<(String, &'static str, usize)>,
    part_values: Vec<[f64; 3]>,
    run_keys: Vec<(String, &'static str)>,
    run_values: Vec<[f64; 2]>,
}

impl Rows {
    fn add(
        &mut self,
        rotation: &str,
        rule: &'static str,
        rate: f64,
        run: &QuadraticTrajectory,
        reference: &QuadraticTrajectory,
    ) {
        let n = run.parts.ncols();
        for k in 0..n {
            let part = run.part(k);
            let learned = part.iter().position(|l| *l <= LEARNED * part[0]);
            let kept = match learned {
                Some(at) if k + 1 < n => run.part(k + 1)[at] / run.part(k + 1)[0],
                _ => f64::NAN,
            };
            let time = learned.map_or(f64::NAN, |at| run.steps[at] as f64);
            self.part_keys.push((rotation.into(), rule, k + 1));
            self.part_values.push([time, kept, part[part.len() - 1]]);
        }
        let pairs = run.parts.iter().zip(&reference.parts);
        let gap = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        self.run_keys.push((rotation.into(), rule));
        self.run_values.push([rate, gap]);
    }

    fn tables(self) -> Result<Tables> {
        let part = |i: usize| self.part_values.iter().map(|v| v[i]).collect::<Vec<_>>();
        let run = |i: usize| self.run_values.iter().map(|v| v[i]).collect::<Vec<_>>();
        let parts = Table::new()
            .with(
                "rotation",
                self.part_keys
                    .iter()
                    .map(|k| k.0.clone())
                    .collect::<Vec<_>>(),
            )?
            .with(
                "rule",
                self.part_keys.iter().map(|k| k.1).collect::<Vec<_>>(),
            )?
            .with(
                "part",
                self.part_keys.iter().map(|k| k.2).collect::<Vec<_>>(),
            )?
            .with("time", part(0))?
            .with("kept", part(1))?
            .with("end", part(2))?;
        let runs = Table::new()
            .with(
                "rotation",
                self.run_keys
                    .iter()
                    .map(|k| k.0.clone())
                    .collect::<Vec<_>>(),
            )?
            .with(
                "rule",
                self.run_keys.iter().map(|k| k.1).collect::<Vec<_>>(),
            )?
            .with("rate", run(0))?
            .with("gap", run(1))?;
        Ok([("parts".to_string(), parts), ("runs".to_string(), runs)].into())
    }
}
