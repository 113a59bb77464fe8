//! Figures and claims of rates, decays and rules.

use super::super::conditions::report::{
    Place, correlation, end, ends, extended, final_features, label, minimum, over_values, scatter,
    tighter_is_better,
};
use super::super::fewest::cumulative_panels;
use super::{BASE, RatesAndDecays};
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Figure, Figures, Panel, Style};
use crate::metric::representation::FeatureMetrics;
use crate::stats;

const PARTS: [(&str, &str, &str, &str); 3] = [
    (
        "rate",
        "fig-7.2a",
        "learning rate",
        "Fig. 7.2a: the learning rate decides on the regime",
    ),
    (
        "decay",
        "fig-7.2b",
        "decay",
        "Fig. 7.2b: weight decay and the regime",
    ),
    (
        "rule",
        "rules",
        "",
        "Update rules, matrix rules among them, and the regime",
    ),
];

pub fn draw(experiment: &RatesAndDecays, outcome: &Outcome) -> Result<Figures> {
    let mut figures = Figures::new();
    for (part, name, of, title) in PARTS {
        let owned = experiment.places(part);
        let mut places: Vec<(Place, String)> = Vec::new();
        for (part, setting) in &owned {
            let text = match setting.as_str() {
                BASE => "sgd, momentum".to_owned(),
                _ => format!("{of} {setting}").trim().to_owned(),
            };
            let place = (*part, setting.as_str());
            places.push((place, label(outcome, place, &text)?));
        }
        let set = match part {
            "rate" => experiment.rate_pictures.set.name(),
            _ => experiment.decay_pictures.set.name(),
        };
        let figure = Figure::new(title)
            .columns(3)
            .panels(cumulative_panels(&final_features(outcome, &places)?)?)
            .note(format!(
                "{} on {set}, test set, median of seeds; in parentheses test accuracy, in brackets κ_CKA",
                experiment.recipe.net
            ));
        figures = figures.with(name, figure);
    }
    Ok(figures.with("tightness", tightness(outcome)?))
}

fn tightness(outcome: &Outcome) -> Result<Figure> {
    let level = |panel: Panel| panel.h_line(FeatureMetrics::EPSILON, "MF below").log_y();
    let rate = Panel::new("over the learning rate")
        .x("learning rate")
        .y("κ_{CKA}")
        .log_x();
    let mut rate = level(rate);
    for (i, (column, label)) in [("kappa", "test set"), ("kappa_train", "training set")]
        .into_iter()
        .enumerate()
    {
        let drawn = (label, Style::new().cycle(i));
        rate = over_values(outcome, rate, ("rate", column), |k| k, drawn)?;
    }
    let parts = PARTS.map(|(part, ..)| (part, part));
    Ok(
        Figure::new("Tighter regimes and better accuracy, over rates, decays and rules")
            .columns(2)
            .panel(rate)
            .panel(scatter(outcome, &parts)?)
            .note("mean over seeds with 95 % interval on the left, each training on the right"),
    )
}

pub fn measure(experiment: &RatesAndDecays, outcome: &Outcome) -> Result<Claims> {
    let mut claims = rates(experiment, outcome)?;
    claims.extend(decays(experiment, outcome)?);
    for rule in &experiment.rules {
        let name = rule.name();
        claims.push(minimum(
            outcome,
            &format!("minimum-{name}"),
            "beyond §7.3",
            ("rule", name),
            rule.label(),
        )?);
    }
    for (part, what) in [
        ("rate", "learning rates"),
        ("decay", "weight decays"),
        ("rule", "update rules"),
    ] {
        claims.push(tighter_is_better(
            outcome,
            &format!("tighter-is-better-{part}"),
            if part == "rule" {
                "beyond §7.3"
            } else {
                "§7.3, Fig. 7.2"
            },
            &[part],
            what,
        )?);
    }
    claims.push(tighter_is_better(
        outcome,
        "tighter-is-better",
        "§7.1",
        &PARTS.map(|part| part.0),
        "rates, decays and rules together",
    )?);
    Ok(Claims(claims))
}

fn rates(experiment: &RatesAndDecays, outcome: &Outcome) -> Result<Vec<Claim>> {
    let names: Vec<String> = experiment.rates.iter().map(|r| number(*r)).collect();
    let mut claims = Vec::new();
    let Some(lowest) = names.first() else {
        return Ok(claims);
    };
    claims.push(extended(
        outcome,
        "lowest-rate",
        "Fig. 7.2a",
        ("rate", lowest),
        &format!("the lowest learning rate, {lowest},"),
    )?);
    // Seed by seed: which rate is the most accurate, which the tightest, which the worst.
    let mut accuracy = Vec::new();
    let mut kappa = Vec::new();
    for name in &names {
        accuracy.push(ends(outcome, ("rate", name), "test_accuracy")?);
        kappa.push(ends(outcome, ("rate", name), "kappa")?);
    }
    let seeds = accuracy.iter().map(Vec::len).min().unwrap_or(0);
    let best = |of: &[Vec<f64>], seed: usize, sign: f64| {
        let at = (0..of.len()).filter(|i| of[*i][seed].is_finite());
        at.max_by(|i, j| (sign * of[*i][seed]).total_cmp(&(sign * of[*j][seed])))
    };
    let count = |holds: &dyn Fn(usize) -> bool| (0..seeds).filter(|seed| holds(*seed)).count();
    let worst = count(&|seed| best(&accuracy, seed, -1.0) == Some(0));
    let together = count(&|seed| best(&accuracy, seed, 1.0) == best(&kappa, seed, -1.0));
    let share = |hits: usize| stats::share(hits, seeds);
    claims.push(
        Claim::new(
            "lowest-rate-worst",
            "Fig. 7.2a",
            "the lowest learning rate performs worst",
            "in more than half of the seeds",
            share(worst),
        )
        .verdict(Verdict::above(share(worst), 0.5))
        .note(list(outcome, "rate", &names, "test_accuracy")?),
    );
    claims.push(
        Claim::new(
            "best-rate-tightest",
            "Fig. 7.2a",
            "the best performance is at the rate with the smallest κ_CKA",
            "in more than half of the seeds",
            share(together),
        )
        .verdict(Verdict::above(share(together), 0.5))
        .note(format!("κ_CKA {}", list(outcome, "rate", &names, "kappa")?)),
    );
    Ok(claims)
}

/// "0.01: 0.8, 0.1: 0.9": the means at each setting.
fn list(outcome: &Outcome, part: &str, names: &[String], column: &str) -> Result<String> {
    let one = |name: &String| -> Result<String> {
        let found = end(outcome, (part, name), column)?;
        Ok(match found.n {
            0 => format!("{name}: diverged"),
            _ => format!("{name}: {}", number(found.value)),
        })
    };
    Ok(names
        .iter()
        .map(one)
        .collect::<Result<Vec<_>>>()?
        .join(", "))
}

fn decays(experiment: &RatesAndDecays, outcome: &Outcome) -> Result<Vec<Claim>> {
    let names: Vec<String> = experiment.decays.iter().map(|d| number(*d)).collect();
    let mut claims = Vec::new();
    if let Some(smallest) = names.first() {
        claims.push(minimum(
            outcome,
            "without-decay",
            "§7.3",
            ("decay", smallest),
            &format!("the network with weight decay {smallest}"),
        )?);
    }
    let over = |column: &str| correlation(outcome, &["decay"], ("value", column));
    for (id, column, statement, more) in [
        (
            "decay-tightens",
            "kappa",
            "a larger weight decay leads to a tighter minimum feature regime",
            false,
        ),
        (
            "decay-improves",
            "test_accuracy",
            "a larger weight decay leads to better performance",
            true,
        ),
        (
            "decay-flattens",
            "flatness",
            "weight decay flattens the first C eigenvalues: ρ_C/ρ_2 grows",
            true,
        ),
    ] {
        let found = over(column)?;
        let (side, verdict) = match more {
            true => ("above", Verdict::above(found, 0.0)),
            false => ("below", Verdict::below(found, 0.0)),
        };
        claims.push(
            Claim::new(
                id,
                "Fig. 7.2b",
                statement,
                &format!("rank correlation with the decay {side} 0"),
                found,
            )
            .verdict(verdict)
            .note(list(outcome, "decay", &names, column)?),
        );
    }
    Ok(claims)
}
