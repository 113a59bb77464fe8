//! Figures of neural collapse.

use super::super::fewest::left_edge;
use super::TrainedCollapse;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, draw_seeds, median};
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::metric::representation::FeatureMetrics;

pub(super) fn draw(settings: &TrainedCollapse, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("collapse", collapse(settings, outcome)?)
        .with("operator", operator(outcome)?)
        .with("spoiled", spoiled(outcome)?))
}

/// The forms of each measure.
pub(super) const FORMS: [(&str, &[&str]); 4] = [
    (
        "NC1: within classes",
        &["nc1_trace", "nc1_pinv", "nc1_product"],
    ),
    (
        "NC2: simplex",
        &["nc2_simplex", "nc2_equinorm", "nc2_equiangle", "nc2_angle"],
    ),
    (
        "NC3: self-duality",
        &["nc3_centred", "nc3_plain", "nc3_classes"],
    ),
    (
        "NC4: nearest mean",
        &["nc4", "train_accuracy", "test_accuracy"],
    ),
];

fn collapse(settings: &TrainedCollapse, outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("training")?;
    let mut panels = Vec::new();
    for (title, columns) in FORMS {
        let mut panel = Panel::new(title).x("epoch (0 at the left edge)").log_x();
        panel = match title.starts_with("NC4") {
            true => panel.y("share").y_range(0.0, 1.02),
            false => panel.y("distance from collapse").log_y(),
        };
        for (i, column) in columns.iter().enumerate() {
            let curves = by_seed(&table, "epoch", column)?;
            let shifted = curves.into_iter().map(|(x, y)| (left_edge(x), y));
            panel = draw_seeds(
                panel,
                &column.replace('_', " "),
                shifted.collect(),
                Style::new().cycle(i),
            );
        }
        panels.push(panel);
    }
    Ok(Figure::new(
        "Neural collapse while a network is trained: the first three fall, the last rises",
    )
    .columns(2)
    .panels(panels)
    .note(format!(
        "{}, {} images a class, {}; published: residual and VGG networks",
        settings.set.name(),
        settings.per_class,
        settings.recipe.net
    )))
}

fn operator(outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("training")?;
    let curves = |panel: Panel, columns: &[(&str, &str)]| -> Result<Panel> {
        let mut panel = panel.x("epoch (0 at the left edge)").log_x();
        for (i, (column, label)) in columns.iter().enumerate() {
            let curves = by_seed(&table, "epoch", column)?;
            let shifted = curves.into_iter().map(|(x, y)| (left_edge(x), y));
            panel = draw_seeds(panel, label, shifted.collect(), Style::new().cycle(i));
        }
        Ok(panel)
    };
    let kappa = Panel::new("distance from the ideal operator")
        .y("κ_{CKA}")
        .log_y()
        .h_line(FeatureMetrics::EPSILON, "MF below");
    let dimension = Panel::new("features")
        .y("effective dimension")
        .log_y()
        .h_line(10.0, "C");
    let constant = Panel::new("constant first eigenfunction")
        .y("⟨e_{1}|1⟩")
        .h_line(0.95, "0.95");
    Ok(
        Figure::new("Beside it: the minimum-projection operator and the constant eigenfunction")
            .columns(3)
            .panel(curves(
                kappa,
                &[("kappa_train", "training set"), ("kappa", "test set")],
            )?)
            .panel(curves(
                dimension,
                &[
                    ("intensity_dimension", "intensity"),
                    ("utilization_train", "utilization, training set"),
                    ("utilization_dimension", "utilization, test set"),
                ],
            )?)
            .panel(curves(
                constant,
                &[("constant_train", "training set"), ("constant", "test set")],
            )?),
    )
}

fn spoiled(outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("spoiled")?;
    let mut panels = Vec::new();
    for (kind, title, x) in [
        (
            "noise",
            "noise within classes",
            "standard deviation of the noise",
        ),
        ("stretch", "intensities that differ", "spread of ln stretch"),
    ] {
        let rows = table.rows_where("kind", kind)?;
        let mut panel = Panel::new(title)
            .x(x)
            .y("")
            .log_x()
            .log_y()
            .y_range(1e-6, 100.0);
        for (i, (column, label)) in [
            ("kappa", "κ_{CKA}"),
            ("nc1_trace", "NC1"),
            ("nc2_simplex", "NC2"),
        ]
        .into_iter()
        .enumerate()
        {
            let (size, y) = median(&by_seed(&rows, "size", column)?);
            let (size, y): (Vec<f64>, Vec<f64>) = size
                .into_iter()
                .zip(y)
                .filter(|(s, y)| *s > 0.0 && *y > 1e-14)
                .unzip();
            let style = Style::new()
                .cycle(i)
                .dash(if i == 0 { Dash::Solid } else { Dash::Dashed });
            panel = panel.line_styled(label, &size, &y, style);
        }
        panels.push(panel);
    }
    Ok(Figure::new("An MP operator is more than NC1 or NC2 alone: κ sees both").panels(panels))
}
