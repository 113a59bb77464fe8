//! Figures that experiments on few features share: cumulative quality and utilization, intensities.

use crate::error::Result;
use crate::experiment::curves::{by_seed, median};
use crate::figure::{Panel, Style};
use crate::table::Table;

/// Three panels as in Fig. 2.3, 2.4, 3.5: the medians over seeds of tables with the columns of
/// [`FeatureMetrics::features_table`](crate::metric::representation::FeatureMetrics::features_table).
pub(super) fn cumulative_panels(tables: &[(String, Table)]) -> Result<Vec<Panel>> {
    let mut panels = Vec::new();
    for (title, column, y) in [
        ("(a) quality", "cumulative_quality", "cumulative quality Π*"),
        (
            "(b) utilization",
            "cumulative_utilization",
            "cumulative utilization",
        ),
        ("(c) intensity", "intensity", "ρ_{k}/ρ_{2}"),
    ] {
        let mut panel = Panel::new(title).x("k").y(y).log_x();
        if column == "intensity" {
            panel = panel.log_y();
        }
        for (i, (label, table)) in tables.iter().enumerate() {
            let (k, mut values) = median(&by_seed(table, "k", column)?);
            if column == "intensity" {
                // The first is of the constant function.
                let second = values.get(1).copied().unwrap_or(1.0);
                values.iter_mut().for_each(|v| *v /= second);
            }
            panel = panel.line_styled(label.clone(), &k, &values, Style::new().cycle(i));
        }
        panels.push(panel);
    }
    Ok(panels)
}

/// A logarithmic axis has no 0.
pub(super) fn left_edge(x: Vec<f64>) -> Vec<f64> {
    x.into_iter().map(|x| x.max(0.5)).collect()
}
