//! Fig. 21 (Appendix A): do the skill curves collapse, $u_i^{1/p_i} = C(t)$ for all i?
//!
//! The runs are those of Fig. 7, top. Three models of each: the Geometry model; Eq. 1 with its best N₀ by the adaptive solver (`Resource`), which
//! does not use the collapse as the exact one does; and by the published Euler steps (`Euler`).
//!
//! The collapse is measured in three ways. C is at each record the one number that fits all skills best, least squares of u_i − C^{p_i}.
//!
//! * *in level*: u_i − C^{p_i}, what the failed collapse means for the skill curves;
//! * *as drawn*: max(u_i, 0)^{1/p_i} − C, with the power cut at 1.3 as the published axis is;
//! * *in logarithm*: the standard deviation over skills of ln(−ln u_i / p_i), of the skills that are being learned (u between `low` and `high`).
//!
//! As $\delta\,u^{1/p} = C\,\delta u/(p\,u)$, the same deviation in level is drawn 1/p times as large.
//!
//! Table `spread`, a row for each row and model: `row`, `model`, `level`, `drawn` (root mean squares over records and skills), `log` (mean over
//! records with at least two such skills).
//!
//! Table `skills`, a row for each skill too: `row`, `model`, `skill` (from 1), `p`, `level`, `drawn`.
//!
//! Table `curves`, of the first seed and the first quarter of the steps: `row`, `model`, `step`, `skill`, `s`.

mod report;

use super::common_factor;
use super::rows::{Base, Row, RowChange};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Euler, Resource};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;
use ndarray::Array2;

settings! {
    /// Settings of the collapse of skill curves.
    pub struct Collapse {
        /// Number of tasks of the base run.
        n_task: usize = 5, 10, 10;
        /// Exponent α of the frequencies of the base run, p_i ∝ i^−α.
        alpha: f64 = 2.0, 2.0, 2.0;
        /// Number of dimensions n_dim of the base run.
        n_dim: usize = 200, 1000, 1000;
        /// Learning rate η of the base run.
        rate: f64 = 1e-3, 3e-4, 3e-4;
        /// Batch size B of the base run.
        batch: usize = 1024, 1024, 1024;
        /// Number of steps of all rows.
        steps: usize = 400, 3000, 3000;
        /// Steps from one record to the next.
        every: usize = 10, 10, 10;
        /// What the rows change.
        rows: Vec<RowChange> = vec![RowChange::Nothing, RowChange::Adam], RowChange::published(), RowChange::published();
        /// Skills with u above this …
        low: f64 = 0.05, 0.05, 0.05;
        /// … and below this are being learned.
        high: f64 = 0.95, 0.95, 0.95;
        /// Number of seeds.
        seeds: u64 = 2, 16, 32;
    }
}

/// Where u^{1/p} is cut, as on the published axis.
const CUT: f64 = 1.3;
/// A model's name and its skill curves, T × n.
type Named = (&'static str, Array2<f64>);

const GEOMETRY: &str = "Geometry";
const RESOURCE: &str = "Resource";
const EULER: &str = "Euler";

impl Collapse {
    fn all_rows(&self) -> Result<Vec<Row>> {
        Base {
            n_task: self.n_task,
            alpha: self.alpha,
            n_dim: self.n_dim,
            rate: self.rate,
            batch: self.batch,
            steps: self.steps,
            every: self.every,
        }
        .rows(&self.rows)
    }

    /// The skill curves of the three models, with their times.
    fn curves(&self, row: &Row, seed: Seed) -> Result<(Vec<f64>, [Named; 3])> {
        let run = row.model(seed)?.run(&row.descent(), seed)?;
        let times: Vec<f64> = run.steps.iter().map(|t| *t as f64).collect();
        let model = Resource::new(row.frequencies.clone(), row.printed_rate())?;
        let waste = model.fit_waste(&times, &run.skills)?.waste.value;
        let model = model.with_waste(waste)?;
        let solved = model.ode(&times, &Flow::new(1e-11))?.skills();
        let euler = model.euler(&Euler::new(row.base.steps))?;
        // As in the code, the record after update t stands beside the Geometry model's before it.
        let at = |t: &usize| (*t).min(euler.unskill.nrows() - 1);
        let stepped = Array2::from_shape_fn(run.skills.dim(), |(k, i)| {
            1.0 - euler.unskill[[at(&run.steps[k]), i]]
        });
        Ok((
            times,
            [(GEOMETRY, run.skills), (RESOURCE, solved), (EULER, stepped)],
        ))
    }

    /// The deviations of one model's curves: `spread`'s row and `skills`' rows.
    fn deviations(&self, row: &Row, model: &str, skills: &Array2<f64>) -> Result<(Table, Table)> {
        let p = row.frequencies.p();
        let (y, level) = common_factor::rmse(skills, p);
        let unskill = skills.mapv(|s| 1.0 - s);
        let (mut levels, mut drawn) = (vec![0.0; p.len()], vec![0.0; p.len()]);
        let mut logs = Vec::new();
        for (u, y) in unskill.outer_iter().zip(&y) {
            let c = (-y).exp();
            let mut learning = Vec::new();
            for (i, (u, p)) in u.iter().zip(p).enumerate() {
                levels[i] += (u - (-p * y).exp()).powi(2);
                drawn[i] += (u.max(0.0).powf(1.0 / p).min(CUT) - c).powi(2);
                if *u > self.low && *u < self.high {
                    learning.push((-u.ln() / p).ln());
                }
            }
            if learning.len() > 1 {
                let mean = learning.iter().sum::<f64>() / learning.len() as f64;
                let square = learning.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
                logs.push((square / (learning.len() - 1) as f64).sqrt());
            }
        }
        let records = y.len() as f64;
        let root = |sums: &[f64]| {
            sums.iter()
                .map(|s| (s / records).sqrt())
                .collect::<Vec<_>>()
        };
        let all = (drawn.iter().sum::<f64>() / (records * p.len() as f64)).sqrt();
        let spread = Table::new()
            .with("level", vec![level])?
            .with("drawn", vec![all])?
            .with("log", vec![stats::mean(&logs).value])?
            .with_constant("row", row.label.as_str())?
            .with_constant("model", model)?;
        let each = Table::new()
            .with("skill", (1..=p.len()).collect::<Vec<_>>())?
            .with("p", p.to_vec())?
            .with("level", root(&levels))?
            .with("drawn", root(&drawn))?
            .with_constant("row", row.label.as_str())?
            .with_constant("model", model)?;
        Ok((spread, each))
    }
}

impl Experiment for Collapse {
    const INFO: Info = Info {
        id: "physics/fig-21",
        title: "Skill curves collapse on one C(t): exactly in the Resource model, nearly in the Geometry model",
        document: Document::Physics,
        section: "Appendix A, Fig. 21",
        notebook: "physics/03-resource-model",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.all_rows()?;
        if !(self.low > 0.0 && self.low < 1.0) {
            return Err(Error::setting(
                "low",
                self.low,
                "a number above 0 and below 1",
            ));
        }
        if !(self.high > self.low && self.high < 1.0) {
            return Err(Error::setting(
                "high",
                self.high,
                "a number above `low` and below 1",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut spread, mut skills, mut curves) = (vec![], vec![], vec![]);
        for row in self.all_rows()? {
            progress.check()?;
            let (times, models) = self.curves(&row, seed)?;
            for (model, levels) in &models {
                let (all, each) = self.deviations(&row, model, levels)?;
                spread.push(all);
                skills.push(each);
                if seed.0 == 0 && *model != RESOURCE {
                    curves.push(long(&row, model, &times, levels)?);
                }
            }
        }
        let mut tables = Tables::from([
            ("spread".into(), Table::concat(spread)?),
            ("skills".into(), Table::concat(skills)?),
        ]);
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

/// The first quarter of a model's curves, in which they fall.
fn long(row: &Row, model: &str, times: &[f64], skills: &Array2<f64>) -> Result<Table> {
    let n = skills.ncols();
    let kept: Vec<usize> = (0..=times.len() / 4).collect();
    let step = kept.iter().flat_map(|t| vec![times[*t]; n]);
    let s = kept.iter().flat_map(|t| skills.row(*t).to_vec());
    Table::new()
        .with("step", step.collect::<Vec<f64>>())?
        .with("skill", kept.iter().flat_map(|_| 1..=n).collect::<Vec<_>>())?
        .with("s", s.collect::<Vec<f64>>())?
        .with_constant("row", row.label.as_str())?
        .with_constant("model", model)
}
