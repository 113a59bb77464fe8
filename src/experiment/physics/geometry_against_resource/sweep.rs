//! N₀ against learning rate, noise and batch size.

use super::GeometryAgainstResource;
use super::forms::{self, DRAWN, FITTED, PRINTED};
use crate::error::{Error, Result};
use crate::experiment::Progress;
use crate::model::skill::{
    AveragedSign, Euler, Geometry, Norm, Resource, SkillDescent, TaskVectors, effective_rate,
};
use crate::optimizer::SignGd;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;
use ndarray::Array2;

/// The published procedure: Euler's steps and a grid of N₀.
pub(super) const PUBLISHED: &str = "published";

/// What is swept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Knob {
    Rate,
    Noise,
    Batch,
    /// The learning rate without batches, on orthonormal vectors.
    RateAlone,
    /// Noise without batches, on orthonormal vectors.
    NoiseAlone,
    /// Batches on orthonormal vectors.
    BatchAlone,
}

impl Knob {
    pub(super) const ALL: [Self; 6] = [
        Self::Rate,
        Self::Noise,
        Self::Batch,
        Self::RateAlone,
        Self::NoiseAlone,
        Self::BatchAlone,
    ];

    /// One cause of waste at a time.
    fn alone(self) -> bool {
        matches!(self, Self::RateAlone | Self::NoiseAlone | Self::BatchAlone)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rate => "learning rate",
            Self::Noise => "noise",
            Self::Batch => "batch",
            Self::RateAlone => "learning rate alone",
            Self::NoiseAlone => "noise alone",
            Self::BatchAlone => "batch alone",
        }
    }

    pub(super) fn values(self, settings: &GeometryAgainstResource) -> Vec<f64> {
        match self {
            Self::Rate | Self::RateAlone => settings.rates.clone(),
            Self::Noise | Self::NoiseAlone => settings.noises.clone(),
            Self::Batch | Self::BatchAlone => settings.batches.iter().map(|b| *b as f64).collect(),
        }
    }
}

/// One run of a sweep.
struct Point {
    knob: Knob,
    value: f64,
    rate: f64,
    model: Geometry,
}

impl Point {
    fn new(settings: &GeometryAgainstResource, knob: Knob, value: f64, seed: Seed) -> Result<Self> {
        let (n_task, n_dim) = (settings.sweep_n_task, settings.sweep_n_dim);
        let vectors = if knob.alone() {
            TaskVectors::orthonormal(n_task, n_dim, seed)?
        } else {
            TaskVectors::unit(n_task, n_dim, seed)?
        };
        let model = Geometry::new(vectors, Frequencies::power_law(n_task, settings.alpha)?)?;
        let batched = model.clone().with_batch(settings.sweep_batch);
        let (rate, model) = match knob {
            Knob::Rate => (value, batched),
            Knob::RateAlone => (value, model),
            Knob::Noise => (settings.sweep_rate, batched.with_noise(value)),
            Knob::Batch | Knob::BatchAlone => {
                (settings.sweep_rate, model.with_batch(value as usize))
            }
            Knob::NoiseAlone => (settings.sweep_rate, model.with_noise(value)),
        };
        Ok(Self {
            knob,
            value,
            rate,
            model,
        })
    }

    /// The forms of which N₀ is fitted, and η_eff of each.
    fn resources(&self) -> Result<[(&'static str, Resource); 2]> {
        let n_dim = self.model.n_dim();
        let form = |eta: f64, norm: Norm| -> Result<Resource> {
            Ok(Resource::new(self.model.frequencies().clone(), eta)?.with_norm(norm))
        };
        Ok([
            (
                PRINTED,
                form(effective_rate::as_printed(self.rate, n_dim), Norm::L1)?,
            ),
            (
                FITTED,
                form(effective_rate::gaussian_vectors(self.rate, n_dim), Norm::L2)?,
            ),
        ])
    }

    /// The curves of the average over vectors with batches and steps drawn: no data.
    fn average(&self, settings: &GeometryAgainstResource, seed: Seed) -> Result<Array2<f64>> {
        forms::drawn(
            &AveragedSign::new(&self.model, self.rate)?,
            settings.sweep_steps,
            &schedule(settings),
            seed,
        )
    }
}

fn schedule(settings: &GeometryAgainstResource) -> Schedule {
    Schedule::Every {
        steps: settings.sweep_every,
    }
}

/// The rows of a sweep's table.
#[derive(Default)]
struct Rows {
    knob: Vec<&'static str>,
    value: Vec<f64>,
    form: Vec<&'static str>,
    waste: Vec<f64>,
    bound: Vec<&'static str>,
    rmse: Vec<f64>,
}

impl Rows {
    fn push(&mut self, point: &Point, form: &'static str, fit: (f64, &'static str, f64)) {
        self.knob.push(point.knob.name());
        self.value.push(point.value);
        self.form.push(form);
        self.waste.push(fit.0);
        self.bound.push(fit.1);
        self.rmse.push(fit.2);
    }

    fn table(self) -> Result<Table> {
        Table::new()
            .with("knob", self.knob)?
            .with("value", self.value)?
            .with("form", self.form)?
            .with("waste", self.waste)?
            .with("bound", self.bound)?
            .with("rmse", self.rmse)
    }
}

fn points(settings: &GeometryAgainstResource, seed: Seed) -> Result<Vec<Point>> {
    Knob::ALL
        .into_iter()
        .flat_map(|knob| knob.values(settings).into_iter().map(move |v| (knob, v)))
        .map(|(knob, value)| Point::new(settings, knob, value, seed))
        .collect()
}

/// N₀ fitted to the Geometry model.
pub(super) fn measured(
    settings: &GeometryAgainstResource,
    seed: Seed,
    progress: &Progress,
) -> Result<Table> {
    let mut rows = Rows::default();
    for point in points(settings, seed)? {
        progress.check()?;
        let descent = SkillDescent::new(SignGd::adam(point.rate), settings.sweep_steps)
            .recording(schedule(settings));
        let run = match point.model.run(&descent, seed) {
            Ok(run) => run,
            Err(Error::Diverged { .. }) => {
                for form in [PRINTED, FITTED, PUBLISHED, DRAWN] {
                    rows.push(&point, form, (f64::NAN, "diverged", f64::NAN));
                }
                continue;
            }
            Err(e) => return Err(e),
        };
        let times: Vec<f64> = run.steps.iter().map(|t| *t as f64).collect();
        for (name, resource) in point.resources()? {
            let fit = resource.fit_waste(&times, &run.skills)?;
            rows.push(
                &point,
                name,
                (fit.waste.value, forms::bound(fit.bound), fit.rmse),
            );
        }
        if !point.knob.alone() {
            let found = published(settings, &point, &run.steps, &run.skills)?;
            rows.push(&point, PUBLISHED, found);
        }
        let far = (&point.average(settings, seed)? - &run.skills)
            .mapv(|x| x * x)
            .mean()
            .unwrap_or(f64::NAN)
            .sqrt();
        rows.push(&point, DRAWN, (f64::NAN, "none", far));
    }
    rows.table()
}

/// The best of the published grid, 10^linspace(−4, 2, grid), by clipped Euler steps recorded after the update.
fn published(
    settings: &GeometryAgainstResource,
    point: &Point,
    steps: &[usize],
    skills: &Array2<f64>,
) -> Result<(f64, &'static str, f64)> {
    let [(_, resource), _] = point.resources()?;
    let euler = Euler::new(settings.sweep_steps);
    let mut best = (f64::NAN, "inside", f64::INFINITY);
    for k in 0..settings.grid {
        let share = k as f64 / (settings.grid - 1) as f64;
        let waste = 10f64.powf(-4.0 + 6.0 * share);
        let run = resource.clone().with_waste(waste)?.euler(&euler)?;
        let (mut squares, mut count) = (0.0, 0);
        for (t, s) in steps.iter().zip(skills.outer_iter()) {
            // Step t of the Geometry model stands beside record t of the code, the last step beside none.
            if *t >= run.unskill.nrows() {
                continue;
            }
            for (s, u) in s.iter().zip(run.unskill.row(*t)) {
                squares += (s - (1.0 - u)).powi(2);
                count += 1;
            }
        }
        let rmse = (squares / f64::from(count)).sqrt();
        if rmse < best.2 {
            let bound = match k {
                0 => "at most",
                k if k + 1 == settings.grid => "at least",
                _ => "inside",
            };
            best = (waste, bound, rmse);
        }
    }
    Ok(best)
}

/// N₀ without a fit to data: that of the average over vectors.
pub(super) fn predicted(settings: &GeometryAgainstResource, progress: &Progress) -> Result<Table> {
    let mut rows = Rows::default();
    let times: Vec<f64> = schedule(settings)
        .steps(settings.sweep_steps)
        .into_iter()
        .map(|t| t as f64)
        .collect();
    for point in points(settings, Seed(0))? {
        progress.check()?;
        let skills = point.average(settings, Seed(0))?;
        for (name, resource) in point.resources()? {
            let fit = resource.fit_waste(&times, &skills)?;
            rows.push(
                &point,
                name,
                (fit.waste.value, forms::bound(fit.bound), fit.rmse),
            );
        }
    }
    rows.table()
}
