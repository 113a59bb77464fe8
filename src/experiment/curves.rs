//! Curves of many seeds out of a tidy table.

use crate::error::Result;
use crate::figure::{Panel, Style};
use crate::stats;
use crate::table::Table;

/// The x and the y of one curve.
pub(in crate::experiment) type Curve = (Vec<f64>, Vec<f64>);

/// One curve for each seed of `table`: the columns `x` and `y`, in the order of the rows.
pub(in crate::experiment) fn by_seed(table: &Table, x: &str, y: &str) -> Result<Vec<Curve>> {
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
pub(in crate::experiment) fn median(curves: &[Curve]) -> Curve {
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
pub(in crate::experiment) fn median_after_zero(table: &Table, x: &str, y: &str) -> Result<Curve> {
    let (xs, ys) = median(&by_seed(table, x, y)?);
    Ok(xs.into_iter().zip(ys).filter(|(x, _)| *x > 0.0).unzip())
}

/// Seeds as pale curves and their median dark, as one series. A logarithmic x axis leaves out t = 0.
pub(in crate::experiment) fn draw_seeds(
    panel: Panel,
    label: &str,
    curves: Vec<Curve>,
    style: Style,
) -> Panel {
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
