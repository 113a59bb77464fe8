//! Two slopes of a learning curve, where they meet, and where the regime changes.

use super::super::conditions::report::{
    Place, final_features, label, over_values, paired, tighter_is_better,
};
use super::super::fewest::cumulative_panels;
use super::super::numbers::differs;
use super::TrainingSizes;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::figure::{Figure, Figures, Panel, Style};
use crate::metric::representation::FeatureMetrics;
use crate::stats;

pub fn draw(experiment: &TrainingSizes, outcome: &Outcome) -> Result<Figures> {
    let set = experiment.pictures.set.name();
    let mut curve = Figure::new("Fig. 7.1a: learning curves, and the regime along them").columns(3);
    for (title, y, column) in [
        ("(i) error", "1 − test accuracy", "test_accuracy"),
        ("(ii) loss", "squared distance, test set", "test_loss"),
        ("(iii) regime", "κ_{CKA}, test set", "kappa"),
    ] {
        let of: fn(f64) -> f64 = match column {
            "test_accuracy" => |accuracy| 1.0 - accuracy,
            _ => |value| value,
        };
        let mut panel = Panel::new(title).x("training images").y(y).log_x().log_y();
        if column == "kappa" {
            panel = panel.h_line(FeatureMetrics::EPSILON, "MF below");
        }
        for (i, (part, name)) in [("plain", "as they are"), ("changed", "crops and flips")]
            .into_iter()
            .enumerate()
        {
            let drawn = (name, Style::new().cycle(i));
            panel = over_values(outcome, panel, (part, column), of, drawn)?;
        }
        curve = curve.panel(panel);
    }
    let curve = curve.note(format!(
        "{} on {set}, mean over seeds with 95 % interval; published: ResNet18 on CIFAR-10",
        experiment.recipe.net
    ));
    let mut places: Vec<(Place, String)> = Vec::new();
    let settings = experiment.settings_of("changed");
    for setting in &settings {
        let place = ("changed", setting.as_str());
        places.push((place, label(outcome, place, &format!("{setting} images"))?));
    }
    let figures = Figures::new().with("fig-7.1a", curve);
    if places.is_empty() {
        return Ok(figures);
    }
    Ok(figures.with(
        "fig-7.1b",
        Figure::new("Fig. 7.1b: more images concentrate quality, use and intensity in C features")
            .columns(3)
            .panels(cumulative_panels(&final_features(outcome, &places)?)?)
            .note(format!("{set} with random crops and flips; test set, median of seeds; in parentheses test accuracy, in brackets κ_CKA")),
    ))
}

/// Two straight lines that meet, ln y over ln x: the slope before and after, and ln x where they meet, of all places between the second and the last but one x the best.
pub(super) struct Broken {
    pub before: f64,
    pub after: f64,
    pub at: f64,
}

pub(super) fn broken(x: &[f64], y: &[f64]) -> Broken {
    let none = Broken {
        before: f64::NAN,
        after: f64::NAN,
        at: f64::NAN,
    };
    let points: Vec<(f64, f64)> = x
        .iter()
        .zip(y)
        .map(|(x, y)| (x.ln(), y.ln()))
        .filter(|(_, y)| y.is_finite())
        .collect();
    let n = points.len();
    if n < 4 {
        return none;
    }
    let (low, high) = (points[1].0, points[n - 2].0);
    let places = (0..=100).map(|i| low + (high - low) * f64::from(i) / 100.0);
    let fits = places.filter_map(|at| fit(&points, at));
    fits.min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(none, |(_, found)| found)
}

/// Least squares of c + s₁ min(x − at, 0) + s₂ max(x − at, 0), and what is left.
fn fit(points: &[(f64, f64)], at: f64) -> Option<(f64, Broken)> {
    let rows: Vec<([f64; 3], f64)> = points
        .iter()
        .map(|(x, y)| ([1.0, (x - at).min(0.0), (x - at).max(0.0)], *y))
        .collect();
    let gram = ndarray::Array2::from_shape_fn((3, 3), |(i, j)| {
        rows.iter().map(|(r, _)| r[i] * r[j]).sum::<f64>()
    });
    let right = ndarray::Array1::from_shape_fn(3, |i| rows.iter().map(|(r, y)| r[i] * y).sum());
    let c = crate::linalg::solve(&gram, &right).ok()?;
    let left = rows
        .iter()
        .map(|(r, y)| (y - r.iter().zip(&c).map(|(r, c)| r * c).sum::<f64>()).powi(2))
        .sum::<f64>();
    left.is_finite().then_some((
        left,
        Broken {
            before: c[1],
            after: c[2],
            at,
        },
    ))
}

/// Where ln y over ln x crosses a level for the last time, downwards; NaN where it does not.
pub(super) fn crossing(x: &[f64], y: &[f64], level: f64) -> f64 {
    let over = |i: usize| (y[i] / level).ln();
    (1..x.len())
        .rev()
        .find(|i| over(i - 1) > 0.0 && over(*i) <= 0.0)
        .map_or(f64::NAN, |i| {
            let share = over(i - 1) / (over(i - 1) - over(i));
            x[i - 1].ln() + share * (x[i].ln() - x[i - 1].ln())
        })
}

pub fn measure(experiment: &TrainingSizes, outcome: &Outcome) -> Result<Claims> {
    let end = outcome.table("end")?.rows_where("part", "plain")?;
    let mut claims = Vec::new();
    let regimes = by_seed(&end, "value", "kappa")?;
    let crossings: Vec<f64> = regimes
        .iter()
        .map(|(x, k)| crossing(x, k, FeatureMetrics::EPSILON))
        .collect();
    for (name, column) in [("error", "test_accuracy"), ("loss", "test_loss")] {
        let curves = by_seed(&end, "value", column)?;
        let fits: Vec<Broken> = curves
            .iter()
            .map(|(x, y)| match name {
                "error" => broken(x, &y.iter().map(|a| 1.0 - a).collect::<Vec<_>>()),
                _ => broken(x, y),
            })
            .collect();
        let of = |f: fn(&Broken) -> f64| fits.iter().map(f).collect::<Vec<_>>();
        let (before, after) = (
            stats::mean(&of(|b| b.before)),
            stats::mean(&of(|b| b.after)),
        );
        let change = stats::mean(&of(|b| b.after - b.before));
        claims.push(
            Claim::new(
                &format!("faster-{name}"),
                "Fig. 7.1a",
                &format!(
                    "the {name} follows two power laws of the number of images, the second faster"
                ),
                "slope after the break less that before, below 0",
                change,
            )
            .verdict(Verdict::below(change, 0.0))
            .note(format!(
                "{before} before, {after} after; two lines that meet, the best break of each seed"
            )),
        );
        let apart: Vec<f64> = fits
            .iter()
            .zip(&crossings)
            .map(|(b, c)| (b.at - c) / 2f64.ln())
            .collect();
        let apart = stats::mean(&apart);
        let breaks = stats::mean(&of(|b| b.at));
        let claim = Claim::new(
            &format!("coincides-{name}"),
            "§7.2, Fig. 7.1a",
            &format!(
                "the {name}'s transition coincides with that from the extended to the minimum feature regime"
            ),
            "break at the number of images at which κ_CKA falls below 0.1, within a factor of 2",
            apart,
        );
        let verdict = match apart.n {
            0 | 1 => Verdict::Inconclusive,
            _ => differs(Verdict::within(apart, -1.0, 1.0)),
        };
        claims.push(claim.verdict(verdict).note(format!(
            "in doublings; breaks at {:.0} images (geometric mean); κ_CKA crosses in {} of {} seeds{}",
            breaks.value.exp(),
            apart.n,
            fits.len(),
            match stats::mean(&crossings) {
                c if c.n > 0 => format!(", at {:.0} images", c.value.exp()),
                _ => String::new(),
            }
        )));
    }
    let trend: Vec<f64> = regimes
        .iter()
        .map(|(x, k)| stats::rank_correlation(x, k))
        .collect();
    let trend = stats::mean(&trend);
    claims.push(
        Claim::new(
            "data-tightens",
            "Fig. 7.1a (iii)",
            "κ_CKA decays with the number of training images",
            "rank correlation below −0.8",
            trend,
        )
        .verdict(Verdict::below(trend, -0.8)),
    );
    let changed = experiment.settings_of("changed");
    if let [few, .., many] = changed.as_slice() {
        for (id, column, statement, more) in [
            ("quality", "quality_first", "quality: larger Π*(C)", true),
            (
                "utilization",
                "utilization_first",
                "utilization: larger Π̂(C)",
                true,
            ),
            ("intensity", "gap", "intensity: smaller ρ_{C+1}/ρ_C", false),
            ("kappa", "kappa", "κ_CKA becomes smaller", false),
        ] {
            let (a, b) = (("changed", many.as_str()), ("changed", few.as_str()));
            let change = paired(outcome, a, b, column)?;
            let (side, verdict) = match more {
                true => ("above", Verdict::above(change, 0.0)),
                false => ("below", Verdict::below(change, 0.0)),
            };
            claims.push(
                Claim::new(
                    &format!("concentrates-{id}"),
                    "Fig. 7.1b",
                    &format!("with crops and flips, more images concentrate features in the first C; {statement}"),
                    &format!("{many} images less {few}: {side} 0"),
                    change,
                )
                .verdict(verdict),
            );
        }
    }
    claims.push(tighter_is_better(
        outcome,
        "tighter-is-better",
        "§7.2",
        &["plain", "changed"],
        "training sets of different sizes",
    )?);
    Ok(Claims(claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_slopes_are_found_where_they_meet() {
        let x: Vec<f64> = (0..9).map(|i| 10.0 * 2f64.powi(i)).collect();
        let law = |x: &f64| {
            if *x < 160.0 {
                x.powf(-0.2)
            } else {
                160f64.powf(0.6) * x.powf(-0.8)
            }
        };
        let y: Vec<f64> = x.iter().map(law).collect();
        let found = broken(&x, &y);
        assert!((found.before + 0.2).abs() < 0.02, "{}", found.before);
        assert!((found.after + 0.8).abs() < 0.02, "{}", found.after);
        assert!((found.at - 160f64.ln()).abs() < 0.05, "{}", found.at.exp());
        assert!(broken(&x[..3], &y[..3]).before.is_nan());
    }

    #[test]
    fn a_level_is_crossed_between_two_sizes() {
        let (x, y) = ([10.0, 20.0, 40.0, 80.0], [0.4, 0.2, 0.05, 0.01]);
        let found = crossing(&x, &y, 0.1);
        assert!((found - (20.0 * 2f64.sqrt()).ln()).abs() < 1e-12);
        assert!(crossing(&x, &[0.4, 0.3, 0.2, 0.15], 0.1).is_nan());
        assert!(crossing(&x, &[0.05, 0.04, 0.02, 0.01], 0.1).is_nan());
        // Noise that crosses twice: the last time counts.
        assert!(crossing(&x, &[0.2, 0.05, 0.2, 0.05], 0.1) > 40f64.ln());
    }
}
