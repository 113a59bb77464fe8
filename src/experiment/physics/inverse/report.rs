//! Figures and claims of the study.

use super::InverseProblem;
use super::graphs::KINDS;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Figure, Figures, Panel};
use crate::stats::{self, Interval};
use crate::table::Table;

/// The sum of a column over the sum of another, seed by seed, as a mean with its interval over seeds.
fn share(table: &Table, of: &[&str], among: &[&str]) -> Result<Interval> {
    let column = |names: &[&str]| -> Result<Vec<f64>> {
        let mut sum = vec![0.0; table.height()];
        for name in names {
            for (s, x) in sum.iter_mut().zip(table.f64s(name)?) {
                *s += x;
            }
        }
        Ok(sum)
    };
    let (top, below, seeds) = (column(of)?, column(among)?, table.i64s("seed")?);
    let mut each = Vec::new();
    for seed in table.distinct("seed")? {
        let mine = |x: &[f64]| {
            x.iter()
                .zip(&seeds)
                .filter(|(x, s)| **s == seed && x.is_finite())
                .map(|(x, _)| x)
                .sum::<f64>()
        };
        each.push(mine(&top) / mine(&below));
    }
    let all = |x: &[f64]| x.iter().filter(|x| x.is_finite()).sum::<f64>();
    let mut interval = stats::mean(&each);
    // Seeds with few edges count for less in the value.
    interval.value = all(&top) / all(&below);
    Ok(interval)
}

/// The mean of a column of 0 and 1 (NaN left out), over seeds.
fn rate(table: &Table, name: &str) -> Result<Interval> {
    let (values, seeds) = (table.f64s(name)?, table.i64s("seed")?);
    let mut each = Vec::new();
    for seed in table.distinct("seed")? {
        let mine: Vec<f64> = values
            .iter()
            .zip(&seeds)
            .filter(|(_, s)| **s == seed)
            .map(|(x, _)| *x)
            .collect();
        each.push(stats::mean(&mine).value);
    }
    Ok(stats::mean(&each))
}

/// The seed medians of a column.
fn middle(table: &Table, name: &str) -> Result<Interval> {
    let (values, seeds) = (table.f64s(name)?, table.i64s("seed")?);
    let mut each = Vec::new();
    for seed in table.distinct("seed")? {
        let mine: Vec<f64> = values
            .iter()
            .zip(&seeds)
            .filter(|(_, s)| **s == seed)
            .map(|(x, _)| *x)
            .collect();
        each.push(stats::median(&mine).value);
    }
    let mut interval = stats::mean(&each);
    interval.value = stats::median(&values).value;
    Ok(interval)
}

/// Errors below this are drawn at it.
const LEAST: f64 = 1e-9;

pub(super) fn draw(settings: &InverseProblem, outcome: &Outcome) -> Result<Figures> {
    let table = outcome.table("graphs")?;
    type Measure = fn(&Table) -> Result<Interval>;
    let measures: [(&str, &str, Measure); 6] = [
        ("Frequencies", "median error of p", |t| middle(t, "p_error")),
        ("Precision of edges", "right / found", |t| {
            share(t, &["right"], &["found"])
        }),
        ("Recall of visible edges", "right / visible", |t| {
            share(t, &["right_visible"], &["visible"])
        }),
        ("Recall of all edges", "right / true", |t| {
            share(t, &["right"], &["edges"])
        }),
        ("Precision of sure edges", "right / sure", |t| {
            share(t, &["sure_right"], &["sure"])
        }),
        ("Coverage of intervals of p", "inside / all", |t| {
            share(t, &["p_covered"], &["skills"])
        }),
    ];
    let mut figure = Figure::new("Inferring random graphs of skills from their learning curves")
        .columns(3)
        .size(250.0, 180.0);
    for (title, label, measure) in measures {
        let mut panel = Panel::new(title).x("points of a curve").y(label).log_x();
        if title == "Frequencies" {
            panel = panel.log_y();
        } else {
            panel = panel.y_range(0.4, 1.02);
        }
        for sigma in &settings.sigmas {
            let (mut x, mut low, mut high, mut y) = (vec![], vec![], vec![], vec![]);
            for points in &settings.points {
                let rows = table
                    .rows_where("sigma", *sigma)?
                    .rows_where("points", *points as i64)?;
                let interval = measure(&rows)?;
                x.push(*points as f64);
                y.push(interval.value.max(LEAST));
                low.push(interval.low.clamp(LEAST, 1e6));
                high.push(interval.high.max(LEAST));
            }
            panel = panel.line(format!("σ = {sigma}"), &x, &y).error_bars(
                format!("σ = {sigma}"),
                &x,
                &y,
                &low,
                &high,
            );
        }
        figure = figure.panel(panel);
    }
    let kinds = {
        let mut precision = Vec::new();
        let mut recall = Vec::new();
        let mut shown = Vec::new();
        let rows = table
            .rows_where("sigma", reference(&settings.sigmas, 0.01))?
            .rows_where("points", reference_points(settings) as i64)?;
        for kind in &KINDS[1..] {
            let of = rows.rows_where("kind", *kind)?;
            precision.push(share(&of, &["right"], &["found"])?.value);
            recall.push(share(&of, &["right"], &["edges"])?.value);
            shown.push(share(&of, &["visible"], &["edges"])?.value);
        }
        let bars = |title: &str, values: &[f64]| {
            Panel::new(title)
                .y("share")
                .y_range(0.0, 1.0)
                .bars(title, &KINDS[1..], values)
        };
        Figure::new("Kinds of graphs")
            .columns(3)
            .size(250.0, 180.0)
            .panels(vec![
                bars("Precision", &precision),
                bars("Recall of all edges", &recall),
                bars("Visible among all edges", &shown),
            ])
    };
    Ok(Figures::new().with("study", figure).with("kinds", kinds))
}

fn reference(values: &[f64], wanted: f64) -> f64 {
    if values.contains(&wanted) {
        wanted
    } else {
        values[0]
    }
}

fn reference_points(settings: &InverseProblem) -> usize {
    if settings.points.contains(&200) {
        200
    } else {
        settings.points[0]
    }
}

pub(super) fn measure(settings: &InverseProblem, outcome: &Outcome) -> Result<Claims> {
    let all = outcome.table("graphs")?;
    let (sigma, points) = (
        reference(&settings.sigmas, 0.01),
        reference_points(settings),
    );
    let table = all
        .rows_where("sigma", sigma)?
        .rows_where("points", points as i64)?;
    let source = "§5.2, §7";
    let at = format!("σ = {sigma}, {points} points, {} graphs", table.height());
    let mut claims = Vec::new();
    let mut add = |id: &str,
                   statement: &str,
                   expected: &str,
                   measured: Interval,
                   verdict: Verdict,
                   note: String| {
        claims.push(
            Claim::new(id, source, statement, expected, measured)
                .verdict(verdict)
                .note(note),
        );
    };
    let error = middle(&table, "p_error")?;
    add(
        "p",
        "frequencies can be inferred from training dynamics: median error of p",
        "< 0.05",
        error,
        Verdict::below(error, 0.05),
        at.clone(),
    );
    let precision = share(&table, &["right"], &["found"])?;
    add(
        "precision",
        "the dependency graph can be inferred: share of found edges that are right",
        "≥ 0.9",
        precision,
        Verdict::above(precision, 0.9),
        at.clone(),
    );
    let sure = share(&table, &["sure_right"], &["sure"])?;
    add(
        "sure-precision",
        "the same of edges that are called sure",
        "≥ 0.9",
        sure,
        Verdict::above(sure, 0.9),
        format!(
            "{at}; sure: score at least {}",
            crate::metric::inverse::SURE
        ),
    );
    let visible = share(&table, &["right_visible"], &["visible"])?;
    let shown = share(&table, &["visible"], &["edges"])?;
    add(
        "recall",
        "share of the edges found that the curves can show",
        "≥ 0.9",
        visible,
        Verdict::above(visible, 0.9),
        format!(
            "{at}; {:.0} % of the true edges are visible: the best graph without the edge misses Σ (s − model)² > {} σ² of the noiseless curves",
            100.0 * shown.value,
            settings.visible
        ),
    );
    let recall = share(&table, &["right"], &["edges"])?;
    add(
        "recall-all",
        "share of all true edges that are found",
        "≥ 0.9",
        recall,
        Verdict::above(recall, 0.9),
        format!(
            "{at}; of an AND only the last skill, of an OR only the first holds the other up, and skills learned together can stand for each other"
        ),
    );
    let joins = share(&table, &["joins_right"], &["joins"])?;
    add(
        "gates",
        "AND and OR are told apart where both skills of a pair are found",
        "≥ 0.9",
        joins,
        Verdict::above(joins, 0.9),
        at.clone(),
    );
    let noisy: Vec<Table> = settings
        .sigmas
        .iter()
        .filter(|s| **s > 0.0)
        .map(|s| all.rows_where("sigma", *s))
        .collect::<Result<_>>()?;
    if !noisy.is_empty() {
        let noisy = Table::concat(noisy)?;
        let covered = share(&noisy, &["p_covered"], &["skills"])?;
        add(
            "coverage",
            "95 % intervals of p cover the true p",
            "0.90 … 0.98",
            covered,
            Verdict::within(covered, 0.90, 0.98),
            format!(
                "all points, σ > 0; {} fits, whatever graph was found",
                noisy.height()
            ),
        );
        let same = noisy.rows_where("same", 1.0)?;
        let covered = share(&same, &["p_covered"], &["skills"])?;
        add(
            "coverage-right-graph",
            "the same where the graph is right",
            "0.90 … 0.98",
            covered,
            Verdict::within(covered, 0.90, 0.98),
            format!("{} fits", same.height()),
        );
        for (id, name) in [
            ("coverage-waste", "waste_covered"),
            ("coverage-eta", "eta_covered"),
            ("coverage-gamma", "gamma_covered"),
        ] {
            let covered = rate(&same, name)?;
            let what = match name {
                "waste_covered" => "N₀",
                "eta_covered" => "η",
                _ => "γ",
            };
            add(
                id,
                &format!("95 % intervals of {what} cover the true one, where the graph is right"),
                "0.90 … 0.98",
                covered,
                Verdict::within(covered, 0.90, 0.98),
                format!("{} fits", same.height()),
            );
        }
    }
    let form = rate(&table, "form_right")?;
    add(
        "form",
        "the form of the Resource model is recognised among five",
        "≥ 0.9",
        form,
        Verdict::above(form, 0.9),
        at,
    );
    Ok(Claims(claims))
}
