//! Figures of features in training.

use super::super::conditions::report::{course, final_features, label, rows};
use super::super::fewest::{cumulative_panels, left_edge};
use super::FeatureCourse;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, median};
use crate::figure::{Colour, Figure, Figures, Panel, Style};
use crate::stats;
use crate::table::Table;

/// Features that are followed one by one.
const FOLLOWED: usize = 20;

pub fn draw(experiment: &FeatureCourse, outcome: &Outcome) -> Result<Figures> {
    let pair = [("resnet", "ResNet"), ("fcn", "dense layers")];
    let slow = [("slow", "ResNet, slower"), ("resnet", "ResNet")];
    Ok(Figures::new()
        .with(
            "fig-7.4",
            along(
                experiment,
                outcome,
                &pair,
                "Fig. 7.4: where features gather, epoch by epoch",
                true,
            )?,
        )
        .with(
            "fig-7.5",
            followed(
                experiment,
                outcome,
                &pair,
                "Fig. 7.5: the first 20 features, one by one",
            )?,
        )
        .with("fig-7.6", easy(experiment, outcome)?)
        .with(
            "fig-7.7",
            along(
                experiment,
                outcome,
                &[("vgg", "VGG"), ("resnet-many", "ResNet")],
                "Fig. 7.7: what each feature is worth, how much it is used, how large it is",
                false,
            )?,
        )
        .with(
            "fig-c.3",
            followed(
                experiment,
                outcome,
                &slow,
                "Fig. C.3: the same at a smaller learning rate",
            )?,
        ))
}

/// Every other record and the last, so that curves can be told apart.
fn drawn(epochs: Vec<i64>) -> Vec<i64> {
    let last = epochs.len().saturating_sub(1);
    epochs
        .into_iter()
        .enumerate()
        .filter(|(i, _)| *i == last || i % 2 == 0)
        .map(|(_, epoch)| epoch)
        .collect()
}

/// Three panels a network, a curve an epoch; sums over features or each feature by itself.
fn along(
    experiment: &FeatureCourse,
    outcome: &Outcome,
    nets: &[(&'static str, &str)],
    title: &str,
    sums: bool,
) -> Result<Figure> {
    let (features, training) = (outcome.table("features")?, outcome.table("training")?);
    let mut figure = Figure::new(title).columns(3);
    for (part, name) in nets {
        let place = experiment.place(part);
        let (own, measured) = (rows(&features, place)?, rows(&training, place)?);
        let mut labelled = Vec::new();
        for epoch in drawn(own.distinct("epoch")?) {
            let at = measured.rows_where("epoch", epoch)?;
            let mean =
                |column: &str| Ok::<_, crate::error::Error>(stats::mean(&at.f64s(column)?).value);
            let text = format!(
                "{name}, epoch {epoch} ({:.0} %) [{:.2}]",
                100.0 * mean("test_accuracy")?,
                mean("kappa")?
            );
            labelled.push((text, own.rows_where("epoch", epoch)?));
        }
        figure = figure.panels(match sums {
            true => cumulative_panels(&labelled)?,
            false => single_panels(&labelled)?,
        });
    }
    let names: Vec<String> = nets
        .iter()
        .map(|(part, _)| experiment.recipe(part).net.to_string())
        .collect();
    Ok(figure.note(format!(
        "{}; test set, median of seeds; in parentheses test accuracy, in brackets κ_CKA; published: CIFAR",
        names.join("; ")
    )))
}

fn single_panels(labelled: &[(String, Table)]) -> Result<Vec<Panel>> {
    let mut panels = Vec::new();
    for (title, column, y) in [
        ("(i) quality", "quality", "Q*_{k}"),
        (
            "(ii) utilization",
            "utilization",
            "utilization of feature k",
        ),
        ("(iii) intensity", "intensity", "ρ_{k}"),
    ] {
        let mut panel = Panel::new(title).x("k").y(y).log_x().log_y();
        for (i, (text, table)) in labelled.iter().enumerate() {
            let (k, values) = median(&by_seed(table, "k", column)?);
            panel = panel.line_styled(text.clone(), &k, &values, Style::new().cycle(i));
        }
        panels.push(panel);
    }
    Ok(panels)
}

/// Four panels a network over epochs: quality, use, accuracy, intensity; the first C features in one colour, the others in another.
fn followed(
    experiment: &FeatureCourse,
    outcome: &Outcome,
    nets: &[(&'static str, &str)],
    title: &str,
) -> Result<Figure> {
    let features = outcome.table("features")?;
    let mut figure = Figure::new(title).columns(4);
    for (part, name) in nets {
        let place = experiment.place(part);
        let own = rows(&features, place)?;
        let classes = experiment.pictures(part).classes;
        for (column, y) in [
            ("quality", "quality Q*_{k}"),
            ("utilization", "utilization"),
            ("accuracy", "accuracy"),
            ("intensity", "intensity ρ_{k}"),
        ] {
            let panel = Panel::new(format!("{name}: {column}")).y(y);
            figure = figure.panel(if column == "accuracy" {
                let test = course(outcome, panel, &[(place, "test".into())], "test_accuracy")?;
                let (x, y) = training_accuracy(outcome, place)?;
                test.line_styled("training", &x, &y, Style::new().cycle(1))
            } else {
                let panel = panel.x("epoch (0 at the left edge)").log_x().log_y();
                each_feature(panel, &own, classes, column)?
            });
        }
    }
    Ok(figure.note("median of seeds, test set; no smoothing"))
}

fn training_accuracy(outcome: &Outcome, place: (&str, &str)) -> Result<(Vec<f64>, Vec<f64>)> {
    let own = rows(&outcome.table("training")?, place)?;
    let (x, y) = median(&by_seed(&own, "epoch", "train_accuracy")?);
    Ok((left_edge(x), y))
}

fn each_feature(panel: Panel, own: &Table, classes: usize, column: &str) -> Result<Panel> {
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for k in 1..=FOLLOWED {
        let feature = own.rows_where("k", k as i64)?;
        let (x, y) = median(&by_seed(&feature, "epoch", column)?);
        let curve = (left_edge(x), y);
        match k <= classes {
            true => first.push(curve),
            false => others.push(curve),
        }
    }
    Ok(panel
        .light_lines(format!("features {} to {FOLLOWED}", classes + 1), others)
        .styled(Style::new().colour(Colour::Cycle(1)).alpha(0.8))
        .light_lines(format!("features 1 to {classes}"), first)
        .styled(Style::new().colour(Colour::Cycle(0)).alpha(1.0)))
}

fn easy(experiment: &FeatureCourse, outcome: &Outcome) -> Result<Figure> {
    let mut places = Vec::new();
    for part in ["fcn-easy", "fcn"] {
        let place = experiment.place(part);
        places.push((place, label(outcome, place, place.1)?));
    }
    let title = "Fig. 7.6: dense layers on the easier and on the harder set";
    Ok(Figure::new(title)
        .columns(3)
        .panels(cumulative_panels(&final_features(outcome, &places)?)?)
        .note(format!(
            "{}; test set, median of seeds; in parentheses test accuracy, in brackets κ_CKA; published: MNIST and CIFAR-10",
            experiment.fcn.net
        )))
}
