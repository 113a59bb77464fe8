//! Learning curves from anywhere, as levels from 0 to 1.

use super::data::{Data, Seen};
use super::level::LevelRule;
use crate::error::{Error, Result};
use crate::model::skill::{ResourceTrajectory, SkillTrajectory};
use crate::table::Table;
use ndarray::Array2;
use polars::prelude::{CsvReadOptions, SerReader};
use std::collections::BTreeMap;
use std::path::Path;

/// Fewest records of a skill.
pub const FEWEST: usize = 8;
/// Levels may leave 0 … 1 by this much (noise); they are not clipped, which would bend the mean.
pub const BEYOND: f64 = 0.5;
/// A skill whose smoothed level stays below this was not learned; one that begins above 1 − this was learned before.
const LEARNED: f64 = 0.1;

/// Time, level and weight of each record.
type Records = Vec<(f64, f64, f64)>;

/// Learning curves of several skills over one time, which begins at 0 with the training.
///
/// Skills may be recorded at different times. Several seeds are several observations of one curve.
#[derive(Clone, Debug, PartialEq)]
pub struct SkillCurves {
    pub(super) names: Vec<String>,
    pub(super) data: Data,
    /// Records left out since their level is missing (NaN).
    pub missing: usize,
    /// Skills that are not learned in the time given: their curves say nothing, and what they consume counts as waste.
    pub not_learned: Vec<String>,
    /// Skills that were learned before the first record.
    pub learned_before: Vec<String>,
}

impl SkillCurves {
    /// Of a table with the columns `time` (or `step`, `t`), `skill` (text or numbers), `level`, and optionally `weight` (an inverse variance; 1) and `seed`.
    ///
    /// ```
    /// use scurve::metric::inverse::{LevelRule, SkillCurves};
    /// use scurve::table::Table;
    /// let time: Vec<f64> = (1..=20).map(f64::from).collect();
    /// let rise = |k: f64| time.iter().map(move |t| 1.0 - (-k * t).exp());
    /// let table = Table::new()
    ///     .with("time", [time.clone(), time.clone()].concat())?
    ///     .with("skill", [vec!["add"; 20], vec!["carry"; 20]].concat())?
    ///     .with("accuracy", rise(0.4).chain(rise(0.2)).collect::<Vec<f64>>())?;
    /// let curves = SkillCurves::from_table(&table, "accuracy", LevelRule::Level)?;
    /// assert_eq!(curves.names(), ["add", "carry"]);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// A column that is missing; a time that is negative, not finite, or does not ascend within a skill (and seed); a level that is infinite or outside −0.5 … 1.5; a weight that
    /// is not above 0; fewer than two skills that are learned; fewer than [`FEWEST`] records of one.
    pub fn from_table(table: &Table, level: &str, rule: LevelRule) -> Result<Self> {
        rule.check()?;
        let names = table.names();
        let has = |name: &str| names.iter().any(|n| n == name);
        let time = ["time", "step", "t"]
            .into_iter()
            .find(|n| has(n))
            .unwrap_or("time");
        let times = table.f64s(time)?;
        let values = table.f64s(level)?;
        let skills = labels(table, "skill")?;
        let weights = if has("weight") {
            table.f64s("weight")?
        } else {
            vec![1.0; times.len()]
        };
        let seeds = if has("seed") {
            labels(table, "seed")?
        } else {
            vec![String::new(); times.len()]
        };

        let mut order: Vec<String> = Vec::new();
        let mut series: BTreeMap<(usize, String), Records> = BTreeMap::new();
        let mut missing = 0;
        for (row, (skill, seed)) in skills.iter().zip(&seeds).enumerate() {
            let field = |what: &str| format!("{what}, row {} (skill `{skill}`)", row + 1);
            let (t, value, weight) = (times[row], values[row], weights[row]);
            if !(t >= 0.0 && t.is_finite()) {
                return Err(Error::setting(
                    field(time),
                    t,
                    "a finite number, 0 or above: the time since training began",
                ));
            }
            if !(weight > 0.0 && weight.is_finite()) {
                return Err(Error::setting(
                    field("weight"),
                    weight,
                    "a finite number above 0",
                ));
            }
            let place = order.iter().position(|n| n == skill).unwrap_or_else(|| {
                order.push(skill.clone());
                order.len() - 1
            });
            if value.is_infinite() {
                return Err(Error::setting(
                    field(level),
                    value,
                    "a finite number, or missing (NaN): leave out the records of a run that diverged",
                ));
            }
            let curve = series.entry((place, seed.clone())).or_default();
            if curve.last().is_some_and(|last| last.0 >= t) {
                return Err(Error::setting(
                    field(time),
                    t,
                    "later than the record before it: sort each skill by time, and name the runs in a column `seed` when there are several",
                ));
            }
            if value.is_nan() {
                missing += 1;
            } else {
                curve.push((t, value, weight));
            }
        }
        let mut all: Vec<Vec<(f64, f64, f64)>> = vec![Vec::new(); order.len()];
        for ((place, _), curve) in series {
            let first = curve.first().map_or(1.0, |c| c.1);
            if rule == LevelRule::SquaredLoss
                && !curve.is_empty()
                && (first.is_nan() || first <= 0.0)
            {
                return Err(Error::setting(
                    format!("{level} of `{}`", order[place]),
                    first,
                    "above 0 at the first record: levels are measured from it",
                ));
            }
            for (t, value, weight) in curve {
                let s = rule.level(value, first);
                if !(-BEYOND..=1.0 + BEYOND).contains(&s) {
                    return Err(Error::setting(
                        format!("{level} of `{}` at {time} {t}", order[place]),
                        s,
                        "a level from 0 to 1, give or take noise (−0.5 to 1.5 are let pass, and not clipped); say what the column is: a level, an accuracy or a squared loss",
                    ));
                }
                all[place].push((t, s, weight));
            }
        }
        Self::new(order, all, missing)
    }

    /// Of a CSV or Parquet file, by its extension.
    ///
    /// # Errors
    /// A file that cannot be read; then as [`from_table`](Self::from_table).
    pub fn from_file(path: &Path, level: &str, rule: LevelRule) -> Result<Self> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        let table = match extension {
            "parquet" => Table::read_parquet(path)?.0,
            "csv" => {
                let file = std::fs::File::open(path).map_err(|e| Error::io(path, e))?;
                let reader = CsvReadOptions::default()
                    .with_infer_schema_length(None)
                    .into_reader_with_file_handle(file);
                Table::from(reader.finish()?)
            }
            other => {
                return Err(Error::setting(
                    "file",
                    format!("…{other}"),
                    "a file that ends in .csv or .parquet",
                ));
            }
        };
        Self::from_table(&table, level, rule)
    }

    /// Of times and levels, times × skills; skills are named 1, 2, … and NaN is a missing value.
    ///
    /// # Errors
    /// As [`from_table`](Self::from_table).
    pub fn from_levels(times: &[f64], levels: &Array2<f64>) -> Result<Self> {
        if times.len() != levels.nrows() {
            return Err(Error::setting(
                "levels",
                format!("{} rows", levels.nrows()),
                format!("one row for each of the {} times", times.len()),
            ));
        }
        let n = levels.ncols();
        let names: Vec<String> = (1..=n).map(|i| i.to_string()).collect();
        let table = Table::new()
            .with(
                "time",
                names
                    .iter()
                    .flat_map(|_| times.to_vec())
                    .collect::<Vec<f64>>(),
            )?
            .with(
                "skill",
                names
                    .iter()
                    .flat_map(|name| vec![name.clone(); times.len()])
                    .collect::<Vec<String>>(),
            )?
            .with(
                "level",
                levels
                    .columns()
                    .into_iter()
                    .flat_map(|c| c.to_vec())
                    .collect::<Vec<f64>>(),
            )?;
        Self::from_table(&table, "level", LevelRule::Level)
    }

    /// Of a run of the Resource model.
    pub fn of_resource(run: &ResourceTrajectory) -> Result<Self> {
        Self::from_levels(&run.time, &run.skills())
    }

    /// Of a run of the Geometry model; time is in steps.
    pub fn of_geometry(run: &SkillTrajectory) -> Result<Self> {
        let times: Vec<f64> = run.steps.iter().map(|s| *s as f64).collect();
        Self::from_levels(&times, &run.skills)
    }

    fn new(names: Vec<String>, all: Vec<Vec<(f64, f64, f64)>>, missing: usize) -> Result<Self> {
        let (mut not_learned, mut learned_before) = (Vec::new(), Vec::new());
        let (mut kept, mut curves) = (Vec::new(), Vec::new());
        for (name, mut curve) in names.into_iter().zip(all) {
            // Time 0 is where all begin: nothing is fitted there.
            curve.retain(|c| c.0 > 0.0);
            if curve.len() < FEWEST {
                return Err(Error::setting(
                    format!("records of `{name}`"),
                    curve.len(),
                    format!("at least {FEWEST} with a level, after time 0"),
                ));
            }
            curve.sort_by(|a, b| a.0.total_cmp(&b.0));
            let part = (curve.len() / 8).clamp(1, 20);
            let mean = |c: &[(f64, f64, f64)]| c.iter().map(|c| c.1).sum::<f64>() / c.len() as f64;
            let (first, last) = (mean(&curve[..part]), mean(&curve[curve.len() - part..]));
            if last < LEARNED {
                not_learned.push(name);
            } else if first > 1.0 - 0.5 * LEARNED {
                learned_before.push(name);
            } else {
                kept.push(name);
                curves.push(curve);
            }
        }
        if kept.len() < 2 {
            let names = |v: &[String]| {
                if v.is_empty() {
                    "none".to_string()
                } else {
                    v.join(", ")
                }
            };
            return Err(Error::setting(
                "skills that are learned while they are watched",
                kept.len(),
                format!(
                    "at least 2, for only ratios of frequencies can be seen (never learned: {}; learned before the first record: {})",
                    names(&not_learned),
                    names(&learned_before)
                ),
            ));
        }
        let mut times: Vec<f64> = curves.iter().flatten().map(|c| c.0).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let seen = curves.iter().map(|curve| {
            let mut seen: Vec<Seen> = Vec::with_capacity(curve.len());
            for (t, level, weight) in curve {
                let at = times.partition_point(|x| x < t);
                match seen.last_mut() {
                    Some(last) if last.at == at => {
                        let sum = last.weight + weight;
                        last.level += (level - last.level) * weight / sum;
                        last.weight = sum;
                    }
                    _ => seen.push(Seen {
                        at,
                        level: *level,
                        weight: *weight,
                    }),
                }
            }
            seen
        });
        let seen = seen.collect();
        Ok(Self {
            names: kept,
            data: Data { times, seen },
            missing,
            not_learned,
            learned_before,
        })
    }

    /// The skills that can be told about.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of observations.
    pub fn len(&self) -> usize {
        self.data.count()
    }

    /// Never: there are at least two skills.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The times, ascending.
    pub fn times(&self) -> &[f64] {
        &self.data.times
    }
}

/// A column of names: text, or numbers as they are written.
fn labels(table: &Table, name: &str) -> Result<Vec<String>> {
    table
        .strs(name)
        .or_else(|_| Ok(table.f64s(name)?.iter().map(f64::to_string).collect()))
}
