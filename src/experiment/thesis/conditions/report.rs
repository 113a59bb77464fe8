//! What reports on trainings side by side share: ends, paired differences, correlations, panels.

use super::END;
use crate::claim::{Claim, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, draw_seeds};
use crate::experiment::thesis::fewest::left_edge;
use crate::figure::{Panel, Style};
use crate::metric::representation::FeatureMetrics;
use crate::stats::{self, Interval};
use crate::table::Table;

/// A part of a figure and a setting in it.
pub type Place<'a> = (&'a str, &'a str);

/// The rows of a table that belong to a training.
pub fn rows(table: &Table, (part, setting): Place) -> Result<Table> {
    table
        .rows_where("part", part)?
        .rows_where("setting", setting)
}

/// A column of the table `end`, seed by seed.
pub fn ends(outcome: &Outcome, place: Place, column: &str) -> Result<Vec<f64>> {
    rows(&outcome.table("end")?, place)?.f64s(column)
}

/// Its mean over seeds.
pub fn end(outcome: &Outcome, place: Place, column: &str) -> Result<Interval> {
    Ok(stats::mean(&ends(outcome, place, column)?))
}

/// The mean over seeds of a column at `a` less that at `b`.
pub fn paired(outcome: &Outcome, a: Place, b: Place, column: &str) -> Result<Interval> {
    let (a, b) = (ends(outcome, a, column)?, ends(outcome, b, column)?);
    let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    Ok(stats::mean(&differences))
}

/// For each seed, the numbers of two columns of `end` over the settings of these parts.
fn over_settings(
    outcome: &Outcome,
    parts: &[&str],
    (x, y): (&str, &str),
) -> Result<Vec<(Vec<f64>, Vec<f64>)>> {
    let end = outcome.table("end")?;
    let tables: Vec<Table> = parts
        .iter()
        .map(|part| end.rows_where("part", *part))
        .collect::<Result<_>>()?;
    by_seed(&Table::concat(tables)?, x, y)
}

/// Spearman's correlation of two columns over the settings of these parts, for each seed, and its mean.
pub fn correlation(outcome: &Outcome, parts: &[&str], columns: (&str, &str)) -> Result<Interval> {
    let each = over_settings(outcome, parts, columns)?;
    let found: Vec<f64> = each
        .iter()
        .map(|(x, y)| stats::rank_correlation(x, y))
        .collect();
    Ok(stats::mean(&found))
}

/// The thesis' open question as a number: do tighter networks do better?
pub fn tighter_is_better(
    outcome: &Outcome,
    id: &str,
    source: &str,
    parts: &[&str],
    over: &str,
) -> Result<Claim> {
    let found = correlation(outcome, parts, ("kappa", "test_accuracy"))?;
    let claim = Claim::new(
        id,
        source,
        &format!("{over}: tighter minimum feature regimes go with better performance"),
        "rank correlation of κ_CKA with test accuracy below 0",
        found,
    );
    let train = correlation(outcome, parts, ("kappa_train", "test_accuracy"))?;
    Ok(claim.verdict(Verdict::below(found, 0.0)).note(format!(
        "over the settings, for each seed; {train} with κ_CKA of the training set"
    )))
}

/// Whether a training ends in the minimum feature regime.
pub fn minimum(
    outcome: &Outcome,
    id: &str,
    source: &str,
    place: Place,
    name: &str,
) -> Result<Claim> {
    let (claim, kappa) = regime(
        outcome,
        id,
        source,
        place,
        &format!("{name} ends in the minimum feature regime"),
        "below",
    )?;
    Ok(claim.verdict(Verdict::below(kappa, FeatureMetrics::EPSILON)))
}

/// Whether a training ends in the extended feature regime.
pub fn extended(
    outcome: &Outcome,
    id: &str,
    source: &str,
    place: Place,
    name: &str,
) -> Result<Claim> {
    let (claim, kappa) = regime(
        outcome,
        id,
        source,
        place,
        &format!("{name} ends in the extended feature regime"),
        "above",
    )?;
    Ok(claim.verdict(Verdict::above(kappa, FeatureMetrics::EPSILON)))
}

fn regime(
    outcome: &Outcome,
    id: &str,
    source: &str,
    place: Place,
    statement: &str,
    side: &str,
) -> Result<(Claim, Interval)> {
    let end = |column: &str| end(outcome, place, column);
    let kappa = end("kappa")?;
    let claim = Claim::new(
        id,
        source,
        statement,
        &format!("κ_CKA {side} 0.1 on the test set"),
        kappa,
    );
    let note = format!(
        "{} on the training set; D_eff(ρ) {}; accuracy {} there, {} on the test set",
        end("kappa_train")?,
        end("intensity_dimension")?,
        end("train_accuracy")?,
        end("test_accuracy")?,
    );
    Ok((claim.note(note), kappa))
}

/// One row a setting: mean of each column of `end` over the seeds that did not diverge, with the ends of its interval, and how many there are.
pub fn summary(outcome: &Outcome, places: &[Place]) -> Result<Table> {
    let mut table = Table::new()
        .with("part", places.iter().map(|p| p.0).collect::<Vec<_>>())?
        .with("setting", places.iter().map(|p| p.1).collect::<Vec<_>>())?;
    let seeds = |place: &Place| -> Result<usize> { Ok(end(outcome, *place, "kappa")?.n) };
    let seeds: Vec<usize> = places.iter().map(seeds).collect::<Result<_>>()?;
    table = table.with("seeds", seeds)?;
    for column in END {
        let found: Vec<Interval> = places
            .iter()
            .map(|place| end(outcome, *place, column))
            .collect::<Result<_>>()?;
        table = table
            .with(column, found.iter().map(|i| i.value).collect::<Vec<_>>())?
            .with(
                &format!("{column}_low"),
                found.iter().map(|i| i.low).collect::<Vec<_>>(),
            )?
            .with(
                &format!("{column}_high"),
                found.iter().map(|i| i.high).collect::<Vec<_>>(),
            )?;
    }
    Ok(table)
}

/// "name (accuracy) [κ]", as the thesis labels its curves.
pub fn label(outcome: &Outcome, place: Place, name: &str) -> Result<String> {
    let (accuracy, kappa) = (
        end(outcome, place, "test_accuracy")?,
        end(outcome, place, "kappa")?,
    );
    Ok(match kappa.n {
        0 => format!("{name} (diverged)"),
        _ => format!(
            "{name} ({:.1} %) [{:.3}]",
            100.0 * accuracy.value,
            kappa.value
        ),
    })
}

/// The features of trainings at their last record, each with a label.
pub fn final_features(
    outcome: &Outcome,
    places: &[(Place, String)],
) -> Result<Vec<(String, Table)>> {
    let features = outcome.table("features")?;
    let mut labelled = Vec::new();
    for (place, label) in places {
        let own = rows(&features, *place)?;
        if let Some(last) = own.distinct("epoch")?.last() {
            labelled.push((label.clone(), own.rows_where("epoch", *last)?));
        }
    }
    Ok(labelled)
}

/// κ against test accuracy, a point for each training, a colour for each part.
pub fn scatter(outcome: &Outcome, parts: &[(&str, &str)]) -> Result<Panel> {
    let end = outcome.table("end")?;
    let mut panel = Panel::new("each training")
        .x("κ_{CKA}, test set")
        .y("test accuracy")
        .log_x()
        .v_line(FeatureMetrics::EPSILON, "MF | EF");
    for (i, (part, label)) in parts.iter().enumerate() {
        let own = end.rows_where("part", *part)?;
        panel = panel
            .scatter(*label, &own.f64s("kappa")?, &own.f64s("test_accuracy")?)
            .styled(Style::new().cycle(i));
    }
    Ok(panel)
}

/// A column of `end`, or what is made of it, over the values of a part, with intervals.
pub fn over_values(
    outcome: &Outcome,
    panel: Panel,
    (part, column): (&str, &str),
    of: fn(f64) -> f64,
    (label, style): (&str, Style),
) -> Result<Panel> {
    let own = outcome.table("end")?.rows_where("part", part)?;
    let curves = by_seed(&own, "value", column)?;
    let Some((x, _)) = curves.first().cloned() else {
        return Ok(panel);
    };
    let at = |i: usize| stats::mean(&curves.iter().map(|c| of(c.1[i])).collect::<Vec<_>>());
    let found: Vec<Interval> = (0..x.len()).map(at).collect();
    let of = |f: fn(&Interval) -> f64| found.iter().map(f).collect::<Vec<_>>();
    let middle = of(|i| i.value);
    Ok(panel
        .line_styled(label, &x, &middle, style)
        .error_bars(label, &x, &middle, &of(|i| i.low), &of(|i| i.high))
        .styled(style))
}

/// A column of `training` over epochs, a colour for each training, seeds pale.
pub fn course(
    outcome: &Outcome,
    mut panel: Panel,
    places: &[(Place, String)],
    column: &str,
) -> Result<Panel> {
    let training = outcome.table("training")?;
    panel = panel.x("epoch (0 at the left edge)").log_x();
    for (i, (place, label)) in places.iter().enumerate() {
        let curves = by_seed(&rows(&training, *place)?, "epoch", column)?;
        let shifted = curves.into_iter().map(|(x, y)| (left_edge(x), y));
        panel = draw_seeds(panel, label, shifted.collect(), Style::new().cycle(i));
    }
    Ok(panel)
}
