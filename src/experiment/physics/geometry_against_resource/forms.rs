//! The forms of the Resource model that a row of Fig. 7 is compared with.

use crate::error::{Error, Result};
use crate::experiment::physics::common_factor;
use crate::experiment::physics::rows::Row;
use crate::model::skill::{AveragedSign, Bound, Geometry, Norm, Resource, SkillTrajectory};
use crate::seed::Seed;
use crate::stats::Interval;
use crate::table::Table;
use crate::trace::Schedule;
use ndarray::Array2;

pub(super) const PRINTED: &str = "Eq. 1";
pub(super) const CORRECTED: &str = "Eq. 1, η corrected";
pub(super) const FREE: &str = "Eq. 1, η fitted";
pub(super) const PLAIN: &str = "L2, N₀ = 0";
pub(super) const FITTED: &str = "L2";
pub(super) const KNOWN: &str = "L2, N₀ known";
pub(super) const DRAWN: &str = "L2, steps drawn";
pub(super) const ANY: &str = "any C(t)";

/// All forms with their numbers of fitted parameters (of the last: as many as records).
pub(super) const ALL: [(&str, i64); 8] = [
    (PRINTED, 1),
    (CORRECTED, 1),
    (FREE, 2),
    (PLAIN, 0),
    (FITTED, 1),
    (KNOWN, 0),
    (DRAWN, 0),
    (ANY, -1),
];

/// How well one form does.
struct Fit {
    eta: f64,
    waste: Interval,
    bound: &'static str,
    rmse: f64,
}

impl Fit {
    /// A form without a constant N₀.
    fn plain(eta: f64, rmse: f64) -> Self {
        Self {
            eta,
            waste: Interval::none(),
            bound: "none",
            rmse,
        }
    }
}

pub(super) fn bound(bound: Bound) -> &'static str {
    match bound {
        Bound::Inside => "inside",
        Bound::AtMost => "at most",
        Bound::AtLeast => "at least",
    }
}

/// The row's rows of `fits` and, when asked for, of `curves`.
pub(super) fn row(row: &Row, seed: Seed, with_curves: bool) -> Result<(Table, Vec<Table>)> {
    let model = row.model(seed)?;
    match model.run(&row.descent(), seed) {
        Ok(run) => {
            let compared = Compared {
                row,
                model,
                seed,
                times: run.steps.iter().map(|t| *t as f64).collect(),
                run,
            };
            let fits = compared.all()?;
            let curves = if with_curves {
                compared.curves(&fits)?
            } else {
                Vec::new()
            };
            Ok((table(row, &fits, -1)?, curves))
        }
        Err(Error::Diverged { step, .. }) => {
            let none = ALL.map(|_| Fit::plain(f64::NAN, f64::NAN));
            Ok((table(row, &none, step as i64)?, Vec::new()))
        }
        Err(e) => Err(e),
    }
}

fn table(row: &Row, fits: &[Fit], diverged: i64) -> Result<Table> {
    let each = |f: &dyn Fn(&Fit) -> f64| fits.iter().map(f).collect::<Vec<f64>>();
    Table::new()
        .with("form", ALL.map(|f| f.0).to_vec())?
        .with("parameters", ALL.map(|f| f.1).to_vec())?
        .with("eta", each(&|f| f.eta))?
        .with("waste", each(&|f| f.waste.value))?
        .with("waste_low", each(&|f| f.waste.low))?
        .with("waste_high", each(&|f| f.waste.high))?
        .with("bound", fits.iter().map(|f| f.bound).collect::<Vec<_>>())?
        .with("rmse", each(&|f| f.rmse))?
        .with_constant("row", row.label.as_str())?
        .with_constant("diverged", diverged)
}

/// A run of the Geometry model to be described.
struct Compared<'a> {
    row: &'a Row,
    model: Geometry,
    seed: Seed,
    times: Vec<f64>,
    run: SkillTrajectory,
}

impl Compared<'_> {
    /// The fits of [`ALL`], in its order.
    fn all(&self) -> Result<Vec<Fit>> {
        let (printed, true_rate) = (self.row.printed_rate(), self.row.true_rate());
        let plain = self.resource(true_rate, Norm::L2)?;
        let (known, drawn) = match self.average()? {
            Some(average) => (
                self.far(
                    &average
                        .run(self.row.base.steps, &self.row.schedule())?
                        .skills(),
                ),
                self.far(&drawn(
                    &average,
                    self.row.base.steps,
                    &self.row.schedule(),
                    self.seed,
                )?),
            ),
            None => (f64::NAN, f64::NAN),
        };
        let (_, any) = common_factor::rmse(&self.run.skills, self.row.frequencies.p());
        Ok(vec![
            self.fit(printed, Norm::L1)?,
            self.fit(true_rate, Norm::L1)?,
            self.free()?,
            Fit::plain(true_rate, plain.rmse(&self.times, &self.run.skills)?),
            self.fit(true_rate, Norm::L2)?,
            Fit::plain(true_rate, known),
            Fit::plain(true_rate, drawn),
            Fit::plain(f64::NAN, any),
        ])
    }

    fn resource(&self, eta: f64, norm: Norm) -> Result<Resource> {
        Ok(Resource::new(self.row.frequencies.clone(), eta)?.with_norm(norm))
    }

    fn fit(&self, eta: f64, norm: Norm) -> Result<Fit> {
        let fit = self
            .resource(eta, norm)?
            .fit_waste(&self.times, &self.run.skills)?;
        Ok(Fit {
            eta,
            waste: fit.waste,
            bound: bound(fit.bound),
            rmse: fit.rmse,
        })
    }

    /// Eq. 1 with η_eff fitted too: golden section over ln η around the two rates.
    fn free(&self) -> Result<Fit> {
        let share = 0.5 * (5f64.sqrt() - 1.0);
        let mut low = (0.3 * self.row.true_rate()).ln();
        let mut high = (3.0 * self.row.printed_rate()).ln();
        let at = |x: f64| self.fit(x.exp(), Norm::L1);
        while high - low > 0.01 {
            let (a, b) = (high - share * (high - low), low + share * (high - low));
            if at(a)?.rmse < at(b)?.rmse {
                high = b
            } else {
                low = a
            }
        }
        at(0.5 * (low + high))
    }

    /// The average over vectors, which only SignGD has.
    fn average(&self) -> Result<Option<AveragedSign>> {
        if !self.row.sign {
            return Ok(None);
        }
        AveragedSign::new(&self.model, self.row.base.rate).map(Some)
    }

    fn far(&self, skills: &Array2<f64>) -> f64 {
        let squares = (skills - &self.run.skills).mapv(|x| x * x);
        squares.mean().unwrap_or(f64::NAN).sqrt()
    }

    /// The curves of the Geometry model and of three forms, every fifth record.
    fn curves(&self, fits: &[Fit]) -> Result<Vec<Table>> {
        let at = |form: &str| ALL.iter().position(|f| f.0 == form).map(|i| &fits[i]);
        let exact = |form: &str, norm: Norm| -> Result<Array2<f64>> {
            let fit = at(form).ok_or_else(|| Error::Solver(format!("no form {form}")))?;
            let model = self.resource(fit.eta, norm)?.with_waste(fit.waste.value)?;
            Ok(model.exact(&self.times)?.skills())
        };
        let mut all = vec![
            ("Geometry", self.run.skills.clone()),
            (PRINTED, exact(PRINTED, Norm::L1)?),
            (FITTED, exact(FITTED, Norm::L2)?),
        ];
        if let Some(average) = self.average()? {
            let (steps, schedule) = (self.row.base.steps, self.row.schedule());
            all.push((DRAWN, drawn(&average, steps, &schedule, self.seed)?));
        }
        let thinned: Vec<usize> = (0..self.times.len()).step_by(5).collect();
        all.into_iter()
            .map(|(form, skills)| {
                let n = skills.ncols();
                let each = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
                    thinned
                        .iter()
                        .flat_map(|t| (0..n).map(move |i| (*t, i)))
                        .map(|(t, i)| f(t, i))
                        .collect()
                };
                let skill: Vec<usize> = thinned.iter().flat_map(|_| 1..=n).collect();
                Table::new()
                    .with("step", each(&|t, _| self.times[t]))?
                    .with("skill", skill)?
                    .with("s", each(&|t, i| skills[[t, i]]))?
                    .with_constant("row", self.row.label.as_str())?
                    .with_constant("form", form)
            })
            .collect()
    }
}

/// The mean of eight runs of `average` with drawn batches and steps. The Geometry model's own batches are as good as any, and are not used.
pub(super) fn drawn(
    average: &AveragedSign,
    steps: usize,
    schedule: &Schedule,
    seed: Seed,
) -> Result<Array2<f64>> {
    const RUNS: u64 = 8;
    // Seeds far from those of the runs that are described.
    let run = |k: u64| average.sample(steps, schedule, Seed(1_000_000 + RUNS * seed.0 + k));
    let mut sum = run(0)?.skills();
    for k in 1..RUNS {
        sum += &run(k)?.skills();
    }
    Ok(sum / RUNS as f64)
}
