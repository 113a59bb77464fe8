//! Figure 9 (§2.6, §3.1): the Domino model against the Quanta model, and the Resource model between them.
//!
//! The Resource model goes over into the Domino model for N₀ → 0 and $p_1 \gg p_2 \gg \dots$, and into the Quanta model, u = e^{−ηpt/N₀}, for N₀ → ∞. Both
//! limits are measured by the largest difference of the levels over times and skills, in both norms. Between them the times at which skill n of a
//! power law is learned change from ∝ n to ∝ n^α; where, is the *crossover*: the N₀ at which half of the time until all skills are learned is waste.
//!
//! | table | a row for each | columns |
//! |---|---|---|
//! | `models` | model (`domino`, `quanta`), time, skill | `t`, `skill` (from 1), `level` |
//! | `steep` | norm, ratio | `ratio` (p_n/p_{n+1}), `distance` (from the Domino model, N₀ = 0) |
//! | `small` | norm, N₀ | `waste` (over the smallest p), `distance` (from the Resource model with N₀ = 0, at the largest ratio) |
//! | `large` | norm, N₀ | `waste` (over Σp), `distance` (from the Quanta model) |
//! | `times` | norm, α, N₀, skill | `waste`, `skill`, `time` (until s = `level`, × η), `waste_share` (of it) |
//! | `exponents` | norm, α, N₀ | `waste`, `exponent` (of the time in the skill's number, from skill `from_skill` on) with its interval `low`, `high` |
//! | `crossover` | norm, α | `predicted` (N₀ at which t_task = t_waste by Eq. 3 of the L1 form), `measured` |

mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::scaling::power_law;
use crate::model::skill::{Domino, Norm, Quanta, Resource, ResourceTrajectory};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;

settings! {
    /// Settings of Domino against Quanta.
    pub struct DominoQuanta {
        /// Number of tasks.
        n_task: usize = 10, 10, 10;
        /// Steps in which the Domino model learns one task.
        t0: f64 = 100.0, 100.0, 100.0;
        /// Steps in which the Quanta model's first task falls to 1/e; the n-th takes n times as long.
        tau: f64 = 30.0, 30.0, 30.0;
        /// Tasks of the convergence to the Domino model.
        steep_tasks: usize = 5, 5, 5;
        /// Ratios p_n/p_{n+1} of that convergence, ascending.
        ratios: Vec<f64> = vec![10.0, 100.0, 1e3, 1e4], vec![2.0, 4.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 1e5], vec![2.0, 4.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 1e5, 1e6];
        /// N₀ over the smallest p, descending to 0.
        small: Vec<f64> = vec![1.0, 0.1, 0.01], vec![10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4], vec![10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5];
        /// N₀ over Σp, ascending to ∞.
        large: Vec<f64> = vec![1.0, 10.0, 100.0, 1e3], vec![0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4], vec![0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4, 1e5];
        /// Exponents α of p ∝ n^−α of the crossover.
        alphas: Vec<f64> = vec![1.0, 2.0], vec![1.0, 2.0, 4.0], vec![0.5, 1.0, 1.5, 2.0, 3.0, 4.0];
        /// Tasks of the crossover.
        crossover_tasks: usize = 30, 100, 300;
        /// N₀ of the crossover.
        wastes: Vec<f64> = vec![0.0, 1e-6, 1e-3, 1.0], vec![0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0], vec![0.0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0];
        /// The level s at which a skill counts as learned.
        level: f64 = 0.9, 0.9, 0.9;
        /// First skill of the fits of the crossover.
        from_skill: usize = 5, 10, 30;
        /// Times of a curve.
        records: usize = 200, 1000, 2000;
        /// Number of seeds: nothing here is random.
        seeds: u64 = 1, 1, 1;
    }
}

impl Experiment for DominoQuanta {
    const INFO: Info = Info {
        id: "physics/fig-09",
        title: "Domino against Quanta, and the Resource model between them",
        document: Document::Physics,
        section: "§2.6, §3.1, Fig. 9",
        notebook: "physics/05-domino-model",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("n_task", self.n_task, 3, 10_000)?;
        positive("t0", self.t0)?;
        positive("tau", self.tau)?;
        whole("steep_tasks", self.steep_tasks, 2, 30)?;
        whole("crossover_tasks", self.crossover_tasks, 10, 10_000)?;
        whole("from_skill", self.from_skill, 1, self.crossover_tasks - 3)?;
        whole("records", self.records, 10, 1_000_000)?;
        for (field, list) in [
            ("ratios", &self.ratios),
            ("small", &self.small),
            ("large", &self.large),
            ("alphas", &self.alphas),
        ] {
            distinct(field, list)?;
            list.iter().try_for_each(|x| positive(field, *x))?;
        }
        for (field, list, ascends) in [
            ("ratios", &self.ratios, true),
            ("large", &self.large, true),
            ("small", &self.small, false),
        ] {
            let sorted = if ascends {
                list.is_sorted()
            } else {
                list.iter().rev().is_sorted()
            };
            if !sorted || list.len() < 3 {
                let order = if ascends { "ascending" } else { "descending" };
                return Err(Error::setting(
                    field,
                    format!("{list:?}"),
                    format!(
                        "at least three numbers, {order}: the convergence is fitted to the last three"
                    ),
                ));
            }
        }
        distinct("wastes", &self.wastes)?;
        if let Some(bad) = self.wastes.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
            return Err(Error::setting("wastes", bad, "finite numbers, 0 or above"));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::setting(
                "level",
                self.level,
                "a level between 0 and 1",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, _: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        tables.insert("models".into(), self.models()?);
        let (mut steep, mut small, mut large) = (vec![], vec![], vec![]);
        let (mut times, mut exponents, mut crossover) = (vec![], vec![], vec![]);
        for norm in [Norm::L1, Norm::L2] {
            progress.check()?;
            steep.push(self.steep(norm)?);
            small.push(self.small(norm)?);
            large.push(self.large(norm)?);
            for &alpha in &self.alphas {
                progress.check()?;
                let (t, e) = self.between(norm, alpha)?;
                times.push(t);
                exponents.push(e);
                crossover.push(self.crossover(norm, alpha)?);
            }
        }
        for (name, parts) in [
            ("steep", steep),
            ("small", small),
            ("large", large),
            ("times", times),
            ("exponents", exponents),
            ("crossover", crossover),
        ] {
            tables.insert(name.into(), Table::concat(parts)?);
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

impl DominoQuanta {
    fn grid(&self, end: f64) -> Vec<f64> {
        let last = self.records - 1;
        (0..=last).map(|k| end * k as f64 / last as f64).collect()
    }

    /// The two models as the paper draws them.
    fn models(&self) -> Result<Table> {
        let times = self.grid(self.n_task as f64 * self.t0);
        let p = Frequencies::weights((1..=self.n_task).map(|n| 1.0 / n as f64).collect())?;
        let domino = Domino::new(self.n_task, self.t0)?.at(&times)?;
        let quanta = Quanta::new(p, self.tau)?.at(&times)?;
        let table = |name: &str, run: &ResourceTrajectory| -> Result<Table> {
            let rows = || (0..times.len()).flat_map(|k| (0..self.n_task).map(move |i| (k, i)));
            Table::new()
                .with("t", rows().map(|(k, _)| times[k]).collect::<Vec<_>>())?
                .with("skill", rows().map(|(_, i)| i + 1).collect::<Vec<_>>())?
                .with(
                    "level",
                    rows().map(|at| 1.0 - run.unskill[at]).collect::<Vec<_>>(),
                )?
                .led_by("model", name)
        };
        Table::concat(vec![table("domino", &domino)?, table("quanta", &quanta)?])
    }

    fn steep_model(&self, norm: Norm, ratio: f64) -> Result<Resource> {
        Ok(Resource::new(Frequencies::exponential(self.steep_tasks, ratio)?, 1.0)?.with_norm(norm))
    }

    fn steep_times(&self) -> Vec<f64> {
        self.grid(1.2 * self.steep_tasks as f64)
    }

    /// The distance from the Domino model against the steepness.
    fn steep(&self, norm: Norm) -> Result<Table> {
        let times = self.steep_times();
        let domino = Domino::new(self.steep_tasks, 1.0)?.at(&times)?;
        let distances = self.ratios.iter().map(|ratio| {
            Ok(farthest(
                &self.steep_model(norm, *ratio)?.exact(&times)?,
                &domino,
            ))
        });
        distance_table(
            norm,
            "ratio",
            &self.ratios,
            distances.collect::<Result<_>>()?,
        )
    }

    /// The distance from the model without waste against a small N₀.
    fn small(&self, norm: Norm) -> Result<Table> {
        let times = self.steep_times();
        let model = self.steep_model(norm, self.ratios[self.ratios.len() - 1])?;
        let free = model.exact(&times)?;
        let rarest = model.frequencies().p()[self.steep_tasks - 1];
        let distances = self.small.iter().map(|x| {
            Ok(farthest(
                &model.clone().with_waste(x * rarest)?.exact(&times)?,
                &free,
            ))
        });
        distance_table(
            norm,
            "waste",
            &self.small,
            distances.collect::<Result<_>>()?,
        )
    }

    /// The distance from the Quanta model against a large N₀, at the same η p t/N₀.
    fn large(&self, norm: Norm) -> Result<Table> {
        let p = Frequencies::power_law(self.n_task, 1.0)?;
        let model = Resource::new(p.clone(), 1.0)?.with_norm(norm);
        let distances = self.large.iter().map(|waste| {
            let times = self.grid(5.0 * waste / p.p()[self.n_task - 1]);
            let quanta = Quanta::of_resource(p.clone(), 1.0, *waste)?.at(&times)?;
            Ok(farthest(
                &model.clone().with_waste(*waste)?.exact(&times)?,
                &quanta,
            ))
        });
        distance_table(
            norm,
            "waste",
            &self.large,
            distances.collect::<Result<_>>()?,
        )
    }

    fn power_model(&self, norm: Norm, alpha: f64, waste: f64) -> Result<Resource> {
        let p = Frequencies::power_law(self.crossover_tasks, alpha)?;
        Resource::new(p, 1.0)?.with_norm(norm).with_waste(waste)
    }

    /// Learning times of a power law's skills against N₀, and their exponents.
    fn between(&self, norm: Norm, alpha: f64) -> Result<(Table, Table)> {
        let n = self.crossover_tasks;
        let number: Vec<f64> = (1..=n).map(|i| i as f64).collect();
        let (mut times, mut fits) = (vec![], vec![]);
        for &waste in &self.wastes {
            let model = self.power_model(norm, alpha, waste)?;
            let all = (0..n)
                .map(|i| model.learning_time(i, self.level))
                .collect::<Result<Vec<_>>>()?;
            let total: Vec<f64> = all.iter().map(|t| t.total()).collect();
            fits.push(power_law(&number, &total, self.from_skill as f64..=n as f64)?.exponent);
            times.push(
                Table::new()
                    .with("skill", (1..=n).collect::<Vec<_>>())?
                    .with("time", total)?
                    .with(
                        "waste_share",
                        all.iter().map(|t| t.waste / t.total()).collect::<Vec<_>>(),
                    )?
                    .led_by("waste", waste)?,
            );
        }
        // The law is y ∝ x^−a; times rise.
        let exponents = Table::new()
            .with("waste", self.wastes.clone())?
            .with(
                "exponent",
                fits.iter().map(|f| -f.value).collect::<Vec<_>>(),
            )?
            .with("low", fits.iter().map(|f| -f.high).collect::<Vec<_>>())?
            .with("high", fits.iter().map(|f| -f.low).collect::<Vec<_>>())?;
        let named = |table: Table| table.led_by("alpha", alpha)?.led_by("norm", norm.name());
        Ok((named(Table::concat(times)?)?, named(exponents)?))
    }

    /// The N₀ at which all skills take twice the time without waste.
    fn crossover(&self, norm: Norm, alpha: f64) -> Result<Table> {
        let excess = |log_waste: f64| -> Result<f64> {
            let time = self
                .power_model(norm, alpha, log_waste.exp())?
                .time_until_all(self.level)?;
            Ok(time.waste - time.task)
        };
        let (mut low, mut high) = (1e-30f64.ln(), 1e6f64.ln());
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if excess(middle)? > 0.0 {
                high = middle
            } else {
                low = middle
            }
        }
        // Eq. 3 for the last skill: n − Σ C^p_j = N₀ ln(1/u*) / p_n, with C^p_n = u* = 1 − level.
        let model = self.power_model(Norm::L1, alpha, 0.0)?;
        let task = model.time_until_all(self.level)?.task;
        let rarest = model.frequencies().p()[self.crossover_tasks - 1];
        Table::new()
            .with("norm", vec![norm.name()])?
            .with("alpha", vec![alpha])?
            .with("predicted", vec![task * rarest / -(1.0 - self.level).ln()])?
            .with("measured", vec![(0.5 * (low + high)).exp()])
    }
}

/// The largest difference of two runs at the same times.
fn farthest(a: &ResourceTrajectory, b: &ResourceTrajectory) -> f64 {
    let pairs = a.unskill.iter().zip(&b.unskill);
    pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

fn distance_table(norm: Norm, name: &str, x: &[f64], distances: Vec<f64>) -> Result<Table> {
    Table::new()
        .with(name, x.to_vec())?
        .with("distance", distances)?
        .led_by("norm", norm.name())
}
