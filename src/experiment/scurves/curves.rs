//! Curves of many seeds out of a tidy table, and the checks that settings of several experiments share.

use crate::error::{Error, Result};
use crate::figure::{Panel, Style};
use crate::stats;
use crate::table::Table;
use std::fmt::Display;

/// The x and the y of one curve.
pub(super) type Curve = (Vec<f64>, Vec<f64>);

/// One curve for each seed of `table`: the columns `x` and `y`, in the order of the rows.
pub(super) fn by_seed(table: &Table, x: &str, y: &str) -> Result<Vec<Curve>> {
    let (seeds, xs, ys) = (table.i64s("seed")?, table.f64s(x)?, table.f64s(y)?);
    let mut curves: Vec<(i64, Curve)> = Vec::new();
    for ((seed, x), y) in seeds.into_iter().zip(xs).zip(ys) {
        let at = match curves.iter().position(|c| c.0 == seed) {
            Some(at) => at,
            None => {
                curves.push((seed, (Vec::new(), Vec::new())));
                curves.len() - 1
            }
        };
        let curve = &mut curves[at].1;
        curve.0.push(x);
        curve.1.push(y);
    }
    Ok(curves.into_iter().map(|c| c.1).collect())
}

/// The median of curves that share their x, record by record, as far as the shortest goes.
pub(super) fn median(curves: &[Curve]) -> Curve {
    let Some(shortest) = curves.iter().min_by_key(|c| c.0.len()) else {
        return (Vec::new(), Vec::new());
    };
    let middle =
        |i: usize| stats::quantile(&curves.iter().map(|c| c.1[i]).collect::<Vec<_>>(), 0.5);
    (
        shortest.0.clone(),
        (0..shortest.0.len()).map(middle).collect(),
    )
}

/// The median over the seeds of `table` of column `y` over `x`, without the record at x = 0, which a logarithmic axis cannot show.
pub(super) fn median_after_zero(table: &Table, x: &str, y: &str) -> Result<Curve> {
    let (xs, ys) = median(&by_seed(table, x, y)?);
    Ok(xs.into_iter().zip(ys).filter(|(x, _)| *x > 0.0).unzip())
}

/// Seeds as pale curves and their median dark, as one series. A logarithmic x axis leaves out t = 0.
pub(super) fn draw_seeds(panel: Panel, label: &str, curves: Vec<Curve>, style: Style) -> Panel {
    let (x, y) = median(&curves);
    let positive = |(x, y): Curve| -> Curve {
        x.into_iter()
            .zip(y)
            .filter(|(x, y)| *x > 0.0 && *y > 0.0)
            .unzip()
    };
    let (x, y) = positive((x, y));
    panel
        .light_lines(label, curves.into_iter().map(positive).collect())
        .styled(style)
        .line_styled(label, &x, &y, style)
}

/// `value` must be finite and > 0.
pub(super) fn positive(field: &str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::setting(field, value, "a finite number > 0"))
}

/// `value` must be a whole number from `low` to `high`.
pub(super) fn whole(field: &str, value: usize, low: usize, high: usize) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::setting(
        field,
        value,
        format!("a whole number from {low} to {high}"),
    ))
}

/// A list must hold something, and each of its members only once.
pub(super) fn distinct<T: PartialEq + Display>(field: &str, values: &[T]) -> Result<()> {
    if values.is_empty() {
        return Err(Error::setting(
            field,
            "[]",
            "a list with at least one entry",
        ));
    }
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            return Err(Error::setting(field, value, "listed once"));
        }
    }
    Ok(())
}
