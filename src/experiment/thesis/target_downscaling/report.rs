//! Figures and claims of target downscaling.

use super::super::fewest::{cumulative_panels, left_edge};
use super::{CASES, STARTS, TargetDownscaling};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, draw_seeds};
use crate::figure::{Figure, Figures, Panel, Style};
use crate::metric::representation::FeatureMetrics;
use crate::stats::{self, Interval};

pub(super) fn draw(experiment: &TargetDownscaling, outcome: &Outcome) -> Result<Figures> {
    let mut figures = Figures::new();
    for (start, _) in STARTS {
        let name = match start {
            "drawn" => "fig-6.3".to_string(),
            _ => format!("fig-6.3-{start}"),
        };
        figures = figures.with(name, shares(experiment, outcome, start)?);
    }
    Ok(figures.with("training", course(experiment, outcome)?))
}

fn shares(experiment: &TargetDownscaling, outcome: &Outcome, start: &str) -> Result<Figure> {
    let features = outcome.table("features")?.rows_where("start", start)?;
    let mut labelled = Vec::new();
    for (case, ..) in CASES {
        let end = |column: &str| {
            let values = ends(experiment, outcome, (start, case), column)?;
            Ok::<f64, crate::error::Error>(stats::mean(&values).value)
        };
        let label = format!(
            "{} ({:.1} %) [{:.3}]",
            label(experiment, case),
            100.0 * end("test_accuracy")?,
            end("kappa")?
        );
        labelled.push((label, features.rows_where("case", case)?));
    }
    let begins = match start {
        "zero" => "a last layer of zeros at first (§6.2.2)",
        _ => "PyTorch's start",
    };
    Ok(
        Figure::new(format!(
            "Fig. 6.3: for large targets ten features do all, for small or fixed ones many do little ({begins})"
        ))
            .columns(3)
            .panels(cumulative_panels(&labelled)?)
            .note(format!(
                "{} images of {}, {} features, test set; in parentheses test accuracy, in brackets κ_CKA; published: 10,000 of MNIST",
                experiment.per_class * experiment.set.classes(),
                experiment.set.name(),
                experiment.width
            )),
    )
}

fn label(experiment: &TargetDownscaling, case: &str) -> String {
    let [small, large] = experiment.alphas;
    match case {
        "rich" => format!("α = {small}"),
        "lazy" => format!("α = {large}"),
        _ => format!("last layer only, α = {small}"),
    }
}

fn course(experiment: &TargetDownscaling, outcome: &Outcome) -> Result<Figure> {
    let training = outcome.table("training")?;
    let mut figure =
        Figure::new("In training: large targets turn the features, small ones leave them")
            .columns(4);
    for (start, _) in STARTS {
        let rows = training.rows_where("start", start)?;
        for (title, y, column) in [
            ("distance from the ideal", "κ_{CKA}, test set", "kappa"),
            ("features", "kernel distance", "kernel_distance"),
            ("what is left", "‖α f − y‖²", "residual"),
            ("test accuracy", "share", "test_accuracy"),
        ] {
            let mut panel = Panel::new(format!("{title} ({start})"))
                .x("epoch (leftmost: 0)")
                .y(y)
                .log_x();
            if column != "test_accuracy" {
                panel = panel.log_y();
            }
            if column == "kernel_distance" {
                // Rounding alone, where features are fixed.
                panel = panel.y_range(1e-8, 2.0);
            }
            if column == "kappa" {
                panel = panel.h_line(FeatureMetrics::EPSILON, "MF below");
            }
            for (i, (case, ..)) in CASES.iter().enumerate() {
                let curves = by_seed(&rows.rows_where("case", *case)?, "epoch", column)?;
                let shifted = curves.into_iter().map(|(x, y)| (left_edge(x), y));
                let style = Style::new().cycle(i);
                panel = draw_seeds(panel, &label(experiment, case), shifted.collect(), style);
            }
            figure = figure.panel(panel);
        }
    }
    Ok(figure.note(
        "where only the last layer is trained the kernel stays: distances below 1e-15, not drawn",
    ))
}

/// After training, by seed.
fn ends(
    experiment: &TargetDownscaling,
    outcome: &Outcome,
    (start, case): (&str, &str),
    column: &str,
) -> Result<Vec<f64>> {
    let rows = outcome.table("training")?.rows_where("start", start)?;
    let rows = rows.rows_where("case", case)?;
    rows.rows_where("epoch", experiment.epochs as i64)?
        .f64s(column)
}

/// Of one number over another, seed by seed.
fn ratio(above: &[f64], below: &[f64]) -> Interval {
    let ratios: Vec<f64> = above.iter().zip(below).map(|(a, b)| a / b).collect();
    stats::mean(&ratios)
}

pub(super) fn measure(experiment: &TargetDownscaling, outcome: &Outcome) -> Result<Claims> {
    let mut claims = Vec::new();
    for (start, _) in STARTS {
        claims.extend(regimes(experiment, outcome, start)?);
        claims.extend(orders(experiment, outcome, start)?);
    }
    Ok(Claims(claims))
}

fn begins(start: &str) -> &'static str {
    match start {
        "zero" => "from a function that is zero",
        _ => "from PyTorch's start",
    }
}

fn regimes(experiment: &TargetDownscaling, outcome: &Outcome, start: &str) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    for (case, ..) in CASES {
        let end = |column: &str| -> Result<Interval> {
            Ok(stats::mean(&ends(
                experiment,
                outcome,
                (start, case),
                column,
            )?))
        };
        let kappa = end("kappa")?;
        let (regime, side, verdict) = match case {
            "rich" => (
                "minimum",
                "below",
                Verdict::below(kappa, FeatureMetrics::EPSILON),
            ),
            _ => (
                "extended",
                "above",
                Verdict::above(kappa, FeatureMetrics::EPSILON),
            ),
        };
        claims.push(
            Claim::new(
                &format!("{case}-{start}"),
                "§6.4.1, Fig. 6.3",
                &format!(
                    "{} is in the {regime} feature regime, {}",
                    label(experiment, case),
                    begins(start)
                ),
                &format!("κ_CKA {side} {} on the test set", FeatureMetrics::EPSILON),
                kappa,
            )
            .verdict(verdict)
            .note(format!(
                "{} on the training set; D_eff(Q̂) {}, D_eff(ρ) {}; training accuracy {}, residual {}",
                end("kappa_train")?,
                end("utilization_train")?,
                end("intensity_dimension")?,
                end("train_accuracy")?,
                end("residual")?
            )),
        );
    }
    Ok(claims)
}

fn orders(experiment: &TargetDownscaling, outcome: &Outcome, start: &str) -> Result<Vec<Claim>> {
    let end = |case: &str, column: &str| ends(experiment, outcome, (start, case), column);
    let order = |id: &str, statement: &str, expected: &str, [more, less]: [&str; 2]| {
        let kappa = ratio(&end(more, "kappa")?, &end(less, "kappa")?);
        let train = ratio(&end(more, "kappa_train")?, &end(less, "kappa_train")?);
        let used = ratio(
            &end(more, "utilization_train")?,
            &end(less, "utilization_train")?,
        );
        Ok::<Claim, crate::error::Error>(
            Claim::new(
                &format!("{id}-{start}"),
                "§6.4.1, Fig. 6.3",
                &format!("{statement}, {}", begins(start)),
                expected,
                kappa,
            )
            .verdict(Verdict::above(kappa, 1.0))
            .note(format!(
                "ratio {train} on the training set; of D_eff(Q̂) {used}"
            )),
        )
    };
    let turned = ratio(
        &end("lazy", "kernel_distance")?,
        &end("rich", "kernel_distance")?,
    );
    Ok(vec![
        order(
            "lazier",
            "the lazier model is more extended than the rich one",
            "κ_CKA of the largest α over that of the smallest above 1",
            ["lazy", "rich"],
        )?,
        order(
            "linear-further",
            "the linear model is further in the extended regime than the lazy one",
            "κ_CKA of the last layer alone over that of the largest α above 1",
            ["linear", "lazy"],
        )?,
        Claim::new(
            &format!("alpha-{start}"),
            "§6.4.1",
            &format!("the lazier model has α < 1 (as printed), {}", begins(start)),
            "the kernel turns further at the largest α: ratio above 1",
            turned,
        )
        .verdict(Verdict::above(turned, 1.0))
        .note(
            "the target is y/α, so that the lazier model has α > 1, as the caption says (α = 100)",
        ),
    ])
}
