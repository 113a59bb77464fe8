//! What a sweep came to: rows, times, speed-up, and a picture of a grid of two settings.

use super::local::Ran;
use super::status::{percentile, seconds};
use crate::error::{Error, Result};
use crate::figure::{Figure, Panel};
use crate::table::Table;
use std::collections::BTreeMap;
use std::fmt;

impl Ran {
    /// How many times faster than one row after the other: the sum of the rows' seconds over the seconds that passed.
    pub fn speed_up(&self) -> f64 {
        self.seconds.iter().sum::<f64>() / self.wall.max(1e-9)
    }

    /// Speed-up for each row that could run at a time; 1 is perfect.
    pub fn efficiency(&self) -> f64 {
        self.speed_up() / self.jobs.max(1) as f64
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let t = &self.tally;
        writeln!(
            f,
            "{} rows: {} computed, {} diverged, {} failed, {} there before",
            t.total(),
            t.done,
            t.diverged,
            t.failed,
            t.kept
        )?;
        if let (Some(median), Some(p90)) =
            (percentile(&self.seconds, 50), percentile(&self.seconds, 90))
        {
            writeln!(
                f,
                "a row took {} (median), {} (nine of ten took less); all {} with {} at a time: {:.2} times as fast as one after the other, efficiency {:.0} %",
                seconds(median),
                seconds(p90),
                seconds(self.wall),
                self.jobs,
                self.speed_up(),
                100.0 * self.efficiency()
            )?;
        }
        Ok(())
    }
}

/// A column of a merged table over two settings of the grid: of each row of the plan its last value, of each grid point
/// the mean over seeds.
///
/// # Errors
/// A column that is not there or holds no numbers.
pub fn heat(table: &Table, x: &str, y: &str, column: &str) -> Result<Figure> {
    if table.height() == 0 {
        return Err(Error::Figure("the table has no rows".into()));
    }
    let (xs, ys, seeds) = (table.f64s(x)?, table.f64s(y)?, table.i64s("seed")?);
    let values = table.f64s(column)?;
    let bits = |v: f64| (v + 0.0).to_bits();
    let mut last: BTreeMap<(u64, u64, i64), f64> = BTreeMap::new();
    for i in 0..values.len() {
        last.insert((bits(xs[i]), bits(ys[i]), seeds[i]), values[i]);
    }
    let mut cells: BTreeMap<(u64, u64), (f64, usize)> = BTreeMap::new();
    for ((x, y, _), value) in last {
        let cell = cells.entry((x, y)).or_insert((0.0, 0));
        cell.0 += value;
        cell.1 += 1;
    }
    let ascending = |v: &[f64]| {
        let mut v: Vec<f64> = v.iter().copied().filter(|x| x.is_finite()).collect();
        v.sort_by(f64::total_cmp);
        v.dedup();
        v
    };
    let (across, up) = (ascending(&xs), ascending(&ys));
    let mean = |x: f64, y: f64| {
        let cell = cells.get(&(bits(x), bits(y)));
        cell.map_or(f64::NAN, |(sum, n)| sum / *n as f64)
    };
    let values: Vec<f64> = up
        .iter()
        .flat_map(|y| across.iter().map(|x| mean(*x, *y)))
        .collect();
    let mut panel = Panel::new("").x(x).y(y);
    // Steps by a factor are drawn by factors.
    if by_factors(&across) {
        panel = panel.log_x();
    }
    if by_factors(&up) {
        panel = panel.log_y();
    }
    let seeds = table.distinct("seed")?.len();
    Ok(Figure::new(format!("{column} over {x} and {y}"))
        .panel(panel.heat_map(&across, &up, &values, column, false))
        .note(format!("mean over {seeds} seeds")))
}

fn by_factors(values: &[f64]) -> bool {
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return false;
    };
    let ratios: Vec<f64> = values.windows(2).map(|w| w[1] / w[0]).collect();
    values.len() > 2
        && *first > 0.0
        && *last > 2.0 * first
        && ratios.iter().all(|r| (r / ratios[0]).ln().abs() < 0.4)
        && (ratios[0] - 1.0) > 0.2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_the_mean_over_seeds_of_the_last_values() {
        let table = Table::new()
            .with("a", vec![1.0, 1.0, 1.0, 2.0, 2.0, 1.0, 2.0])
            .and_then(|t| t.with("b", vec![0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.3]))
            .and_then(|t| t.with("seed", vec![0i64, 0, 1, 0, 1, 0, 0]))
            .and_then(|t| t.with("y", vec![9.0, 1.0, 3.0, 5.0, 7.0, 0.5, 0.25]))
            .unwrap();
        let figure = heat(&table, "a", "b", "y").unwrap();
        assert!(figure.svg().is_ok());
        assert!(heat(&table, "a", "b", "z").is_err());
        assert!(
            by_factors(&[0.1, 0.3, 1.0])
                && !by_factors(&[0.0, 1.0, 2.0])
                && !by_factors(&[1.0, 1.5, 2.0])
        );
    }
}
