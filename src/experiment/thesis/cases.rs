//! Trainings on images that a column of their tables tells apart: labels, targets, dynamics.

use super::fewest::left_edge;
use super::pictures::ImageSplit;
use super::recipe::{Dynamics, Recipe};
use super::trained::{Both, Observed};
use crate::error::Result;
use crate::experiment::curves::{by_seed, draw_seeds};
use crate::experiment::{Outcome, Progress, Tables};
use crate::figure::{Panel, Style};
use crate::metric::representation::FeatureMetrics;
use crate::seed::Seed;
use crate::stats::{self, Interval};
use crate::table::{Constant, Table};
use crate::trace::Schedule;

/// What a network is measured by: a row, and its features.
pub(super) type Measurement =
    fn(&mut dyn Observed, &ImageSplit, &Both) -> Result<(Table, FeatureMetrics)>;

/// The trainings of one seed.
pub(super) struct Cases<'a> {
    /// The column.
    pub key: &'static str,
    pub seed: Seed,
    /// Epochs before which is measured.
    pub record: &'a Schedule,
    /// Features that are kept after training.
    pub shown: usize,
    pub progress: &'a Progress,
    pub training: Vec<Table>,
    pub features: Vec<Table>,
}

impl<'a> Cases<'a> {
    pub fn new(
        key: &'static str,
        seed: Seed,
        (record, shown): (&'a Schedule, usize),
        progress: &'a Progress,
    ) -> Self {
        Self {
            key,
            seed,
            record,
            shown,
            progress,
            training: Vec::new(),
            features: Vec::new(),
        }
    }

    /// Trains one and adds its rows.
    pub fn train(
        &mut self,
        case: impl Into<Constant> + Clone,
        (recipe, dynamics): (&Recipe, Dynamics),
        (split, targets): (&ImageSplit, &Both),
        measure: Measurement,
    ) -> Result<()> {
        let (key, training) = (self.key, &mut self.training);
        let mut last = None;
        let how = (dynamics, self.seed);
        recipe.train(
            split,
            targets,
            how,
            self.record,
            self.progress,
            |net, epoch| {
                let (row, found) = measure(net, split, targets)?;
                training.push(
                    row.led_by("epoch", epoch as i64)?
                        .led_by(key, case.clone())?,
                );
                last = Some(found);
                Ok(())
            },
        )?;
        if let Some(found) = last {
            let features = found.features_table(self.shown)?;
            self.features.push(features.led_by(key, case)?);
        }
        Ok(())
    }

    /// `training` and `features`.
    pub fn tables(self) -> Result<Tables> {
        let mut tables = Tables::new();
        tables.insert("training".into(), Table::concat(self.training)?);
        tables.insert("features".into(), Table::concat(self.features)?);
        Ok(tables)
    }
}

/// A column of the table `training` over epochs.
pub(super) struct Course<'a> {
    pub title: &'a str,
    pub y: &'a str,
    pub column: &'a str,
    pub log: bool,
    /// Levels with their names.
    pub levels: &'a [(f64, &'a str)],
}

/// One panel a course, one colour a case; seeds pale.
pub(super) fn panels(
    table: &Table,
    key: &str,
    cases: &[(impl Into<Constant> + Clone, String)],
    courses: &[Course],
) -> Result<Vec<Panel>> {
    let of = |course: &Course| {
        let mut panel = Panel::new(course.title)
            .x("epoch (0 at the left edge)")
            .y(course.y)
            .log_x();
        if course.log {
            panel = panel.log_y();
        }
        for (level, name) in course.levels {
            panel = panel.h_line(*level, *name);
        }
        for (i, (case, label)) in cases.iter().enumerate() {
            let rows = table.rows_where(key, case.clone())?;
            let curves = by_seed(&rows, "epoch", course.column)?;
            let shifted = curves.into_iter().map(|(x, y)| (left_edge(x), y));
            panel = draw_seeds(panel, label, shifted.collect(), Style::new().cycle(i));
        }
        Ok(panel)
    };
    courses.iter().map(of).collect()
}

/// The mean over seeds of a column of `training` at an epoch of a case.
pub(super) fn at(
    outcome: &Outcome,
    (key, case): (&str, impl Into<Constant>),
    epoch: usize,
    column: &str,
) -> Result<Interval> {
    let rows = outcome.table("training")?.rows_where(key, case)?;
    let rows = rows.rows_where("epoch", epoch as i64)?;
    Ok(stats::mean(&rows.f64s(column)?))
}
