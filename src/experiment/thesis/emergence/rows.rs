//! What figures and claims read off the tables of all seeds.

use super::Emergence;
use super::fit::{Point, points};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::stats::{self, Interval};

/// The seeds of a run.
pub(super) fn seeds(outcome: &Outcome) -> Vec<i64> {
    outcome.seeds().iter().map(|seed| *seed as i64).collect()
}

/// Strengths of all skills in every run of Table 5.1's width.
pub(super) fn table_runs(settings: &Emergence, outcome: &Outcome) -> Result<Vec<Vec<f64>>> {
    let rows = outcome
        .table("width")?
        .rows_where("skills", settings.skills as i64)?
        .rows_where("width", settings.table_width as i64)?;
    // Rows of a run follow each other.
    let strengths = rows.f64s("strength")?;
    Ok(strengths
        .chunks(settings.skills)
        .map(<[f64]>::to_vec)
        .collect())
}

/// Means and standard deviations of each x.
pub(super) fn columns(points: &[Vec<Point>]) -> Vec<(f64, Vec<f64>)> {
    let mut xs: Vec<f64> = points.iter().flatten().map(|p| p.x).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let at = |x: f64, run: &Vec<Point>| {
        let here = run.iter().filter(|p| p.x == x).map(|p| p.strength);
        let here: Vec<f64> = here.collect();
        match (here.is_empty(), run.last()) {
            // A run in time that has ended stays where it is.
            (true, Some(last)) if x > last.x => vec![last.strength],
            _ => here,
        }
    };
    xs.into_iter()
        .map(|x| (x, points.iter().flat_map(|run| at(x, run)).collect()))
        .collect()
}

/// Mean and standard deviation.
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

/// Points of a skill of all seeds, one list each; data by D.
pub(super) fn of_seeds(
    outcome: &Outcome,
    table: &str,
    skills: usize,
    k: usize,
) -> Result<Vec<Vec<Point>>> {
    let x = match table {
        "time" => "step",
        "data" => "samples",
        _ => "width",
    };
    let rows = outcome.table(table)?;
    let own = seeds(outcome).into_iter();
    own.map(|seed| points(&rows, x, skills, k, Some(seed)))
        .collect()
}

/// Standard deviation in width over that in time or data, for each later skill, where it emerges; and all three in words.
pub(super) fn spreads(settings: &Emergence, outcome: &Outcome) -> Result<(Interval, String)> {
    let mut ratios = Vec::new();
    let mut all = [vec![], vec![], vec![]];
    for k in 2..=settings.skills {
        let mut own = [f64::NAN; 3];
        for (i, table) in ["width", "time", "data"].into_iter().enumerate() {
            let columns = columns(&of_seeds(outcome, table, settings.skills, k)?);
            let moments = columns.iter().map(|c| moments(&c.1));
            let emerging: Vec<f64> = moments
                .filter(|m| m.0 > 0.05 && m.0 < 0.95)
                .map(|m| m.1)
                .collect();
            own[i] = stats::mean(&emerging).value;
            all[i].push(own[i]);
        }
        ratios.push(own[0] / own[1].max(own[2]));
    }
    let said: Vec<String> = all.iter().map(|v| number(stats::mean(v).value)).collect();
    Ok((stats::mean(&ratios), said.join(", ")))
}
