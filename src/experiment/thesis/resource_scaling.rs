//! Scaling laws of the multilinear model in time, data and parameters, and Table 4.1 (thesis, §4.3, Fig. 4.2).
//!
//! Each exponent is measured three times: on the exact loss of infinitely many skills, on the exact loss of the published n_s = 100,000, and on simulations of those
//! (gradient descent for T and N, random training sets for D, both for C). A finite n_s lacks the skills after the last one, whose loss the power law
//! counts; adding it back, $\mathcal L + \mathcal L_C$ (Eq. C.2), is the fourth column.
//!
//! Table `curves` (seed 0), a row for each bottleneck (`time`, `data`, `parameters`, `compute`), α and resource x: `bottleneck`, `alpha`, `x`, `limit` (ℒ for n_s → ∞), `error` (its bound),
//! `finite` (ℒ for n_s), `simulated` (by gradient descent with n_s; NaN where it is not simulated, and for data).
//!
//! Table `data`, every seed: `alpha`, `x` (D) and `loss` of a random training set of D examples after training to the end.

mod report;

use crate::claim::Claims;
use crate::error::Result;
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::multilinear::{Bottleneck, DecoupledSkills};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::SkillLaw;
use crate::trace::Schedule;

settings! {
    /// Settings of the scaling laws of the multilinear model.
    pub struct ResourceScaling {
        /// Exponents α: the frequencies fall as k^−(α+1).
        alphas: Vec<f64> = vec![0.3, 0.9], vec![0.1, 0.3, 0.6, 0.9], vec![0.1, 0.3, 0.6, 0.9];
        /// Number of skills n_s of the finite sums and simulations.
        skills: u64 = 2_000, 100_000, 100_000;
        /// a(0) = b(0); S is 1.
        start: f64 = 0.1, 0.1, 0.1;
        /// Learning rate η.
        rate: f64 = 1.0, 1.0, 1.0;
        /// First and last T of the fit; the last is how long is trained.
        times: [f64; 2] = [100.0, 1e3], [1e3, 3e4], [1e3, 1e5];
        /// First and last D of the fit.
        samples: [f64; 2] = [50.0, 1e3], [1e3, 1e5], [1e3, 1e6];
        /// First and last N of the fit; models up to the last are trained until they know their skills.
        parameters: [f64; 2] = [5.0, 20.0], [10.0, 200.0], [10.0, 300.0];
        /// First and last C of the fit.
        compute: [f64; 2] = [1e3, 1e4], [1e5, 3e7], [1e5, 1e9];
        /// Points in each factor of ten.
        per_decade: usize = 6, 8, 8;
        /// Number of seeds: of training sets.
        seeds: u64 = 2, 16, 50;
    }
}

impl ResourceScaling {
    /// The model with `skills` skills, or with infinitely many.
    pub(super) fn model(&self, alpha: f64, skills: Option<u64>) -> Result<DecoupledSkills> {
        let law = match skills {
            Some(n) => SkillLaw::new(alpha, n)?,
            None => SkillLaw::infinite(alpha)?,
        };
        DecoupledSkills::multilinear(law)?
            .with_start(self.start * self.start)?
            .with_rate(self.rate)
    }

    fn window(&self, bottleneck: Bottleneck) -> [f64; 2] {
        match bottleneck {
            Bottleneck::Time => self.times,
            Bottleneck::Data => self.samples,
            Bottleneck::Parameters => self.parameters,
            Bottleneck::Compute => self.compute,
        }
    }

    /// The points of a bottleneck: those of the window, and a decade before it for the figure.
    fn points(&self, bottleneck: Bottleneck) -> Vec<f64> {
        let [first, last] = self.window(bottleneck);
        let from = (first / 10.0).max(1.0);
        let count = ((last / from).log10() * self.per_decade as f64).ceil() as i32;
        let ratio = (last / from).powf(1.0 / f64::from(count));
        let mut points: Vec<f64> = (0..=count)
            .map(|i| (from * ratio.powi(i)).round())
            .collect();
        points.push(first);
        points.sort_by(f64::total_cmp);
        points.dedup();
        points
    }

    /// ℒ by gradient descent at each point; NaN where it is not simulated.
    fn simulated(
        &self,
        model: &DecoupledSkills,
        bottleneck: Bottleneck,
        points: &[f64],
        progress: &Progress,
    ) -> Result<Vec<f64>> {
        match bottleneck {
            Bottleneck::Time => {
                let steps: Vec<usize> = points.iter().map(|x| *x as usize).collect();
                let last = steps[steps.len() - 1];
                let run = model.descend(None, last, &Schedule::at(steps.iter().copied()))?;
                let at = |step: &usize| {
                    run.steps
                        .binary_search(step)
                        .map_or(f64::NAN, |i| run.loss[i])
                };
                Ok(steps.iter().map(at).collect())
            }
            Bottleneck::Data => Ok(vec![f64::NAN; points.len()]),
            Bottleneck::Parameters => points
                .iter()
                .map(|n| {
                    progress.check()?;
                    let n = *n as u64;
                    // Until the rarest of the N skills is there but for 1e-4.
                    let steps = model.emergence(n, 0.9999)?.ceil() as usize;
                    let run = model.descend(Some(n), steps, &Schedule::Every { steps })?;
                    Ok(run.loss[run.loss.len() - 1])
                })
                .collect(),
            Bottleneck::Compute => envelope(model, points, self.per_decade, progress),
        }
    }
}

/// The smallest loss that a model of any size reaches by gradient descent at each compute C = T × N.
pub(super) fn envelope(
    model: &DecoupledSkills,
    compute: &[f64],
    per_decade: usize,
    progress: &Progress,
) -> Result<Vec<f64>> {
    let most = compute[compute.len() - 1];
    let mut sizes: Vec<u64> = (0..)
        .map(|i| 10f64.powf(f64::from(i) / (3 * per_decade) as f64).round() as u64)
        .take_while(|n| (*n as f64) < most.sqrt().min(1e4))
        .collect();
    sizes.dedup();
    let mut best = vec![f64::INFINITY; compute.len()];
    for n in sizes {
        progress.check()?;
        let steps: Vec<usize> = compute
            .iter()
            .map(|c| (c / n as f64).round() as usize)
            .collect();
        let last = steps[steps.len() - 1];
        let run = model.descend(Some(n), last, &Schedule::at(steps.iter().copied()))?;
        for (best, step) in best.iter_mut().zip(&steps) {
            if let Ok(at) = run.steps.binary_search(step) {
                *best = best.min(run.loss[at]);
            }
        }
    }
    Ok(best)
}

/// ℒ of infinite data and so on: the exact value and its error's bound at resource x.
pub(super) fn exact(model: &DecoupledSkills, bottleneck: Bottleneck, x: f64) -> Result<(f64, f64)> {
    Ok(match bottleneck {
        Bottleneck::Time => {
            let loss = model.loss(x, None)?;
            (loss.value, loss.error)
        }
        Bottleneck::Data => {
            let loss = model.loss_of_data(x as u64)?;
            (loss.value, loss.error)
        }
        Bottleneck::Parameters => {
            let loss = model.loss_of_parameters(x as u64)?;
            (loss, 1e-14 * loss)
        }
        // Golden sections find the minimum's place to 1e-7, its value to 1e-13.
        Bottleneck::Compute => {
            let loss = model.optimum(x)?.loss;
            (loss, 1e-12 * loss)
        }
    })
}

impl Experiment for ResourceScaling {
    const INFO: Info = Info {
        id: "thesis/fig-4.2",
        title: "Scaling laws in time, data and parameters, and Table 4.1",
        document: Document::Thesis,
        section: "§4.3, Fig. 4.2, Table 4.1",
        notebook: "thesis/08-scaling-laws",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("alphas", &self.alphas)?;
        for alpha in &self.alphas {
            positive("alphas", *alpha)?;
        }
        whole("skills", self.skills as usize, 10, 10_000_000)?;
        whole("per_decade", self.per_decade, 3, 100)?;
        for (field, [first, last], most) in [
            ("times", self.times, 1e7),
            ("samples", self.samples, 1e8),
            ("parameters", self.parameters, 1e4),
            ("compute", self.compute, 1e11),
        ] {
            if !(first >= 1.0 && last >= 4.0 * first && last <= most) {
                return Err(crate::error::Error::setting(
                    field,
                    format!("{first}, {last}"),
                    format!(
                        "a window from 1 or more to at least four times that and at most {most:e}"
                    ),
                ));
            }
        }
        self.model(self.alphas[0], Some(self.skills)).map(|_| ())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        let mut data = Vec::new();
        let mut curves = Vec::new();
        for &alpha in &self.alphas {
            let finite = self.model(alpha, Some(self.skills))?;
            let points = self.points(Bottleneck::Data);
            let mut losses = Vec::with_capacity(points.len());
            for (i, x) in points.iter().enumerate() {
                progress.check()?;
                // Another training set for each D.
                let set = Seed(seed.0 * 1_000 + i as u64);
                let counts = finite.law().draw(*x as u64, set)?;
                losses.push(finite.loss_of_counts(&counts, f64::INFINITY));
            }
            data.push(
                Table::new()
                    .with("x", points)?
                    .with("loss", losses)?
                    .led_by("alpha", alpha)?,
            );
            if seed.0 > 0 {
                continue;
            }
            let limit = self.model(alpha, None)?;
            for bottleneck in Bottleneck::ALL {
                let points = self.points(bottleneck);
                let of = |model: &DecoupledSkills| -> Result<Vec<(f64, f64)>> {
                    points
                        .iter()
                        .map(|x| exact(model, bottleneck, *x))
                        .collect()
                };
                let (limit, finite_values) = (of(&limit)?, of(&finite)?);
                let simulated = self.simulated(&finite, bottleneck, &points, progress)?;
                let table = Table::new()
                    .with("x", points)?
                    .with("limit", limit.iter().map(|l| l.0).collect::<Vec<_>>())?
                    .with("error", limit.iter().map(|l| l.1).collect::<Vec<_>>())?
                    .with(
                        "finite",
                        finite_values.iter().map(|l| l.0).collect::<Vec<_>>(),
                    )?
                    .with("simulated", simulated)?;
                curves.push(
                    table
                        .led_by("alpha", alpha)?
                        .led_by("bottleneck", bottleneck.name())?,
                );
            }
        }
        tables.insert("data".into(), Table::concat(data)?);
        if seed.0 == 0 {
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

impl ResourceScaling {
    /// Table 4.1 with measured columns, a row for each bottleneck and α: `predicted`; the fitted exponents `limit` (n_s → ∞), `finite` (n_s), `simulated` and `corrected`
    /// (finite with ℒ_C added), each with `_low` and `_high`; `prefactor` of the limit.
    ///
    /// # Errors
    /// An outcome of another experiment.
    pub fn table_4_1(&self, outcome: &Outcome) -> Result<Table> {
        report::table_4_1(self, outcome)
    }
}
