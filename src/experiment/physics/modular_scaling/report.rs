//! Figures and claims of the comparison of a modular with a shared model.

use super::ModularScaling;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, median};
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};
use crate::table::Table;

/// The median over seeds, without what is not positive, which a logarithmic axis cannot show.
fn positive_median(rows: &Table, x: &str, column: &str) -> Result<(Vec<f64>, Vec<f64>)> {
    let (x, y) = median(&by_seed(rows, x, column)?);
    Ok(x.into_iter()
        .zip(y)
        .filter(|(x, y)| *x > 0.0 && *y > 0.0)
        .unzip())
}

pub(super) fn draw(settings: &ModularScaling, outcome: &Outcome) -> Result<Figures> {
    let (losses, curves) = (outcome.table("losses")?, outcome.table("curves")?);
    let mut panels = Vec::new();
    for (table, x, label, at) in [
        (
            &losses,
            "n_dim",
            "n_{dim}",
            format!("step {}", settings.read),
        ),
        (
            &curves,
            "step",
            "steps S",
            format!("n_dim = {}", settings.curve_dim),
        ),
    ] {
        let mut loss = Panel::new(format!("loss, {at}"))
            .x(label)
            .y("loss ℓ")
            .log_x()
            .log_y();
        let mut ratio = Panel::new(format!("advantage of modularity, {at}"))
            .x(label)
            .y("shared ℓ / modular ℓ")
            .log_x()
            .log_y();
        for (i, &alpha) in settings.alphas.iter().enumerate() {
            let rows = table.rows_where("alpha", alpha)?;
            let of = |column| positive_median(&rows, x, column);
            for (column, dash) in [("shared", Dash::Solid), ("modular", Dash::Dashed)] {
                let (x, y) = of(column)?;
                let style = Style::new().cycle(i).dash(dash);
                loss = loss.line_styled(format!("{column}, α = {alpha}"), &x, &y, style);
            }
            let (x, y) = of("ratio")?;
            let style = Style::new().cycle(i).dash(Dash::Solid);
            ratio = ratio.line_styled(format!("α = {alpha}"), &x, &y, style);
        }
        panels.push(loss);
        panels.push(ratio.h_line(1.0, ""));
    }
    Ok(Figures::new().with(
        "modularity",
        Figure::new(
            "Modularity pays late and below the critical point, and costs early and above it",
        )
        .columns(2)
        .panels(panels)
        .note(format!(
            "medians over {} seeds, n_task = {}, SignGD, cross-entropy",
            outcome.seeds().len(),
            settings.n_task
        )),
    ))
}

/// Where y passes 1 for the last time, by a straight line of the logarithms, and how often it passes it; from above (`falling`) or from below.
fn crossings(x: &[f64], y: &[f64], falling: bool) -> (f64, usize) {
    let (mut last, mut count) = (f64::NAN, 0);
    for (x, y) in x.windows(2).zip(y.windows(2)) {
        let (a, b) = (y[0].ln(), y[1].ln());
        if (a > 0.0) != (b > 0.0) {
            count += 1;
            if (a > 0.0) == falling {
                last = (x[0].ln() + a / (a - b) * (x[1] / x[0]).ln()).exp();
            }
        }
    }
    (last, count)
}

/// The ratio over `x`, seed by seed, ascending and without x = 0.
fn ratios(table: &Table, alpha: f64, x: &str) -> Result<Vec<(Vec<f64>, Vec<f64>)>> {
    let curves = by_seed(&table.rows_where("alpha", alpha)?, x, "ratio")?;
    let sorted = curves.into_iter().map(|(x, y)| {
        let mut pairs: Vec<(f64, f64)> = x.into_iter().zip(y).filter(|p| p.0 > 0.0).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        pairs.into_iter().unzip()
    });
    Ok(sorted.collect())
}

pub(super) fn measure(settings: &ModularScaling, outcome: &Outcome) -> Result<Claims> {
    let (losses, curves) = (outcome.table("losses")?, outcome.table("curves")?);
    let n_task = settings.n_task as f64;
    let critical = 0.6 * n_task;
    let near = settings
        .dims
        .iter()
        .copied()
        .min_by(|a, b| {
            (*a as f64 - critical)
                .abs()
                .total_cmp(&(*b as f64 - critical).abs())
        })
        .unwrap_or(0);
    let first = settings.alphas.first().copied().unwrap_or(1.0);
    let alpha = match settings.alphas.contains(&1.0) {
        true => 1.0,
        false => first,
    };
    let at = |table: &Table, alpha: f64, x: &str, value: usize| -> Result<Vec<f64>> {
        table
            .rows_where("alpha", alpha)?
            .rows_where(x, value)?
            .f64s("ratio")
    };
    let (mut ahead, mut cells) = (0, 0);
    for &alpha in &settings.alphas {
        for n_dim in settings.dims.iter().filter(|n| 2.0 * (**n as f64) < n_task) {
            let found = at(&losses, alpha, "n_dim", *n_dim)?;
            ahead += found.iter().filter(|r| **r > 1.0).count();
            cells += found.len();
        }
    }
    let ahead = stats::share(ahead, cells);
    let by_dim = |alpha: f64| -> Result<String> {
        let each = settings.dims.iter().map(|n| {
            let found = stats::quantile(&at(&losses, alpha, "n_dim", *n)?, 0.5);
            Ok(format!("{n}: {found:.2}"))
        });
        Ok(each.collect::<Result<Vec<_>>>()?.join(", "))
    };
    let behind = stats::median(&at(&losses, alpha, "n_dim", near)?);
    let places = |alpha: f64| -> Result<Interval> {
        let found = ratios(&losses, alpha, "n_dim")?;
        let places: Vec<f64> = found.iter().map(|(x, y)| crossings(x, y, true).0).collect();
        Ok(stats::median(&places))
    };
    let place = places(alpha)?;
    let scaled = Interval {
        value: place.value / n_task,
        low: place.low / n_task,
        high: place.high / n_task,
        n: place.n,
    };
    let others = |f: &dyn Fn(f64) -> Result<Interval>| -> Result<String> {
        let each = settings.alphas.iter().map(|a| {
            let value = f(*a)?.value;
            Ok(match value.is_nan() {
                true => format!("α = {a}: none"),
                false => format!("α = {a}: {value:.3}"),
            })
        });
        Ok(each.collect::<Result<Vec<_>>>()?.join(", "))
    };
    let early = |alpha: f64| -> Result<Interval> {
        Ok(stats::median(&at(&curves, alpha, "step", settings.early)?))
    };
    let late = |alpha: f64| -> Result<Interval> {
        Ok(stats::median(&at(&curves, alpha, "step", settings.read)?))
    };
    let crossing = |alpha: f64| -> Result<Interval> {
        let found = ratios(&curves, alpha, "step")?;
        let places: Vec<f64> = found
            .iter()
            .map(|(x, y)| crossings(x, y, false).0)
            .collect();
        Ok(stats::median(&places))
    };
    let (mut single, mut runs) = (0, 0);
    for &alpha in &settings.alphas {
        for (x, y) in ratios(&curves, alpha, "step")? {
            single += usize::from(crossings(&x, &y, false).1 == 1);
            runs += 1;
        }
    }
    let single = stats::share(single, runs);
    let (first_stage, last_stage) = (early(alpha)?, late(alpha)?);
    let source = "§6.2, Fig. 18";
    Ok(Claims(vec![
        Claim::new("small-dims", source, "modular models have advantages when n_dim is not so large as to be near the critical point", "share 1 with ratio > 1", ahead)
            .verdict(Verdict::above(ahead, 0.95))
            .note(format!("share of seeds, α and n_dim < n_task/2 with the shared model's loss above the modular one's at step {}; medians at α = {alpha} by n_dim: {}", settings.read, by_dim(alpha)?)),
        Claim::new("critical", source, "… and not near it", "ratio < 1", behind)
            .verdict(Verdict::below(behind, 1.0))
            .note(format!("n_dim = {near}, α = {alpha}; from n_task/2 on n_task random examples are separable and the shared model's loss goes to 0, while the modular one keeps ln 2 Σ p_i of the tasks without a coordinate")),
        Claim::new("crossing-dims", source, "the ratio crosses 1 near the critical point, n_dim ≈ 600 of 1000", "n_dim / n_task from .5 to .6", scaled)
            .verdict(Verdict::within(scaled, 0.5, 0.6))
            .note(format!("in the logarithms between neighbouring n_dim, α = {alpha}; n_dim at the crossing: {}", others(&places)?)),
        Claim::new("early", source, "modular models have higher losses in the initial stage", "ratio < 1", first_stage)
            .verdict(Verdict::below(first_stage, 1.0))
            .note(format!("step {}, n_dim = {}, α = {alpha}; {}", settings.early, settings.curve_dim, others(&early)?)),
        Claim::new("late", source, "modular models have advantages in the later stage of training", "ratio > 1", last_stage)
            .verdict(Verdict::above(last_stage, 1.0))
            .note(format!("step {}, n_dim = {}, α = {alpha}; {}", settings.read, settings.curve_dim, others(&late)?)),
        Claim::new("crossing-steps", source, "the order is reversed once", "1", single)
            .verdict(Verdict::above(single, 0.95))
            .note(format!("share of seeds and α with one crossing of 1 over the steps, n_dim = {}; the step: {}", settings.curve_dim, others(&crossing)?)),
    ]))
}

#[cfg(test)]
mod tests {
    use super::crossings;

    #[test]
    fn a_crossing_is_found_between_points() {
        let (at, count) = crossings(&[1.0, 100.0, 1e4], &[0.1, 10.0, 10.0], false);
        assert!((at - 10.0).abs() < 1e-9 && count == 1);
        assert!(crossings(&[1.0, 2.0], &[2.0, 3.0], true).0.is_nan());
        assert_eq!(crossings(&[1.0, 2.0, 3.0], &[2.0, 0.5, 2.0], true).1, 2);
    }
}
