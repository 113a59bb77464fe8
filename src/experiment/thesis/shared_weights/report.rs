//! Figures and claims of Fig. C.2.

use super::super::numbers::{differs, numbers, worst};
use super::{MODES, SharedWeights};
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::figure::{Colour, Dash, Figure, Figures, Panel, Style};
use crate::model::layerwise::SharedParity;
use crate::stats;

const LABELS: [&str; 3] = ["α", "β", "γ"];

pub(super) fn draw(settings: &SharedWeights, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new().with("fig-c.2", modes(settings, outcome)?))
}

fn modes(settings: &SharedWeights, outcome: &Outcome) -> Result<Figure> {
    let paths = outcome.table("paths")?;
    let equal = paths.rows_where("start", "equal")?;
    let random = paths.rows_where("start", "random")?;
    let t = equal.f64s("t")?;
    let scaled: Vec<f64> = t.iter().map(|t| t * settings.scale).collect();
    let ink = Style::new().colour(Colour::Ink);
    let mut panel = Panel::new("(b) equal starts").x("ηtS").y("R");
    let mut spread = Panel::new("random starts").x("ηtS").y("R^{(q)}");
    for (q, (column, label)) in MODES.into_iter().zip(LABELS).enumerate() {
        let style = Style::new().cycle(q);
        panel = panel.line_styled(
            format!("mode {}, {label}", q + 1),
            &scaled,
            &equal.f64s(column)?,
            style,
        );
        let curves = by_seed(&random, "t", column)?.into_iter();
        let curves = curves.map(|(t, r)| (t.iter().map(|t| t * settings.scale).collect(), r));
        spread = spread
            .light_lines(format!("mode {}, {label}", q + 1), curves.collect())
            .styled(style);
    }
    let total = equal.f64s("total")?;
    // The total at t = 0 is that of three equal squares.
    let odds = 1.0 / total[0] - 1.0;
    let third: Vec<f64> = scaled
        .iter()
        .map(|t| 1.0 / (1.0 + odds * (-16.0 * t / 3.0).exp()))
        .collect();
    panel = panel.line_styled("all", &scaled, &total, ink).line_styled(
        "multilinear, B^{2} = 1/3",
        &scaled,
        &third,
        ink.dash(Dash::Dashed),
    );
    let grey = Style::new().rgb(140, 140, 140).dash(Dash::Dotted);
    let constant = Panel::new("the constant")
        .x("ηtS")
        .y("c/S")
        .line_styled("c/S", &scaled, &equal.f64s("c")?, ink)
        .line_styled("c = S", &[0.0, settings.end], &[1.0, 1.0], grey);
    let mut hidden = Panel::new("(a) modes of the end, on the inputs")
        .x("x_{1} x_{2} x_{3}")
        .y("f^{(q)} / S");
    let names = ["000", "001", "010", "011", "100", "101", "110", "111"];
    for (q, (times, label)) in [-4.0, 2.0, 2.0].into_iter().zip(LABELS).enumerate() {
        let h: Vec<f64> = SharedParity::hidden()
            .iter()
            .map(|h| times * h[q])
            .collect();
        let x: Vec<f64> = (0..8).map(f64::from).collect();
        hidden = hidden
            .scatter(format!("mode {}, {label}", q + 1), &x, &h)
            .styled(Style::new().cycle(q).size(7.0 - 1.5 * q as f64));
    }
    let ticks: Vec<(f64, &str)> = names
        .into_iter()
        .enumerate()
        .map(|(i, n)| (i as f64, n))
        .collect();
    Ok(Figure::new("Fig. C.2: modes of one network saturate at different times")
        .columns(2)
        .panel(hidden.x_ticks(&ticks))
        .panel(panel)
        .panel(spread)
        .panel(constant)
        .note(format!(
            "Gradient flow of the corrected Eq. C.15–C.18, S = {}, α(0) = β(0) = γ(0) = {}, c(0) = 0; below left: {} starts from a normal law of that deviation.",
            settings.scale, settings.start, outcome.seeds().len()
        )))
}

/// Mean of the ratio of two numbers of each seed.
fn ratio(outcome: &Outcome, over: &str, under: &str) -> Result<Vec<f64>> {
    let pairs = numbers(outcome, over)?
        .into_iter()
        .zip(numbers(outcome, under)?);
    Ok(pairs.map(|(x, y)| x / y).collect())
}

pub(super) fn measure(_: &SharedWeights, outcome: &Outcome) -> Result<Claims> {
    let corrected = worst(&numbers(outcome, "corrected")?);
    let mut claims = vec![
        Claim::new("gradient", "Eq. C.15–C.18", "the modes' equations, corrected, are the gradient of the network", "largest difference from the backward pass of a network with weights C.9, over the largest rate: at most 1e-9", corrected)
            .verdict(Verdict::below(corrected, 1e-9))
            .note("α²′ = 8α²(S − 2α² + 2β² + c), β²′ = 4β²(S + 4α² − 7β² − 5c), γ²′ = 4γ²(S − γ² − c), c′ = 2α² − 5β² − γ² − 8c, times η, for ½ Σ (f − Y)²; random states of every seed"),
    ];
    for (id, source, statement, right) in [
        (
            "c.15",
            "Eq. C.15",
            "α²′ = 2ηα²(−S − (−2α² + 2β² + c))",
            "8ηα²(S − 2α² + 2β² + c)",
        ),
        (
            "c.16",
            "Eq. C.16",
            "β²′ = −ηβ²(S − (−2α² + 5β² + 5c))",
            "4ηβ²(S + 4α² − 7β² − 5c)",
        ),
        (
            "c.17",
            "Eq. C.17",
            "γ²′ = −ηγ²(S − (γ² + c))",
            "4ηγ²(S − γ² − c)",
        ),
        (
            "c.18",
            "Eq. C.18",
            "c′ = −η(2α² − 5β² − γ² − 8c)",
            "η(2α² − 5β² − γ² − 8c)",
        ),
    ] {
        let apart = stats::mean(&numbers(outcome, id)?);
        claims.push(
            Claim::new(
                &format!("eq-{id}"),
                source,
                statement,
                "largest difference from the network's gradient, over the largest rate: 0",
                apart,
            )
            .verdict(differs(Verdict::below(apart, 1e-9)))
            .note(format!("it is {right}, to {}", number(corrected.value))),
        );
    }
    claims.extend(modes_claims(outcome)?);
    Ok(Claims(claims))
}

fn modes_claims(outcome: &Outcome) -> Result<Vec<Claim>> {
    let fitted = worst(&numbers(outcome, "fitted")?);
    let first = ratio(outcome, "half_2", "half_1")?;
    let second = ratio(outcome, "half_3", "half_2")?;
    let least: Vec<f64> = first.iter().zip(&second).map(|(x, y)| x.min(*y)).collect();
    let order = stats::share(least.iter().filter(|x| **x > 1.0).count(), least.len());
    let similar = stats::mean(&ratio(outcome, "full_2", "full_1")?);
    let thirds: Vec<f64> = numbers(outcome, "full_3")?
        .into_iter()
        .zip(
            numbers(outcome, "full_1")?
                .into_iter()
                .zip(numbers(outcome, "full_2")?),
        )
        .map(|(three, (one, two))| 2.0 * three / (one + two))
        .collect();
    let twice = stats::mean(&thirds);
    let sigmoids: Vec<_> = ["sigmoid_1", "sigmoid_2", "sigmoid_3"]
        .into_iter()
        .map(|name| Ok(stats::mean(&numbers(outcome, name)?)))
        .collect::<Result<_>>()?;
    let sigmoid = sigmoids
        .iter()
        .copied()
        .max_by(|x, y| x.value.total_cmp(&y.value))
        .unwrap_or(stats::Interval::none());
    let quick = stats::mean(&numbers(outcome, "c_at_first")?);
    let slowing = stats::mean(&numbers(outcome, "slowing")?);
    let tail = stats::mean(&numbers(outcome, "tail")?);
    let halves: Vec<String> = ["half_1", "half_2", "half_3"]
        .into_iter()
        .map(|name| Ok(number(stats::median(&numbers(outcome, name)?).value)))
        .collect::<Result<_>>()?;
    Ok(vec![
        Claim::new("target", "App. C.4", "α = β = γ = √(2S) and c = −S is the parity", "largest |f − Y|/S: 0", fitted)
            .verdict(Verdict::below(fitted, 1e-12)),
        Claim::new("order", "App. C.4", "the saturation is in the order α², β², γ²", "share of starts in which half of the end is reached in this order: above ½", order)
            .verdict(Verdict::above(order, 0.5))
            .note(format!("medians of ηt at half: {}", halves.join(", "))),
        Claim::new("similar", "App. C.4", "the first and the second mode saturate at similar timescale", "time to 90 % of the end, second over first, from 0.67 to 1.5", similar)
            .verdict(differs(Verdict::within(similar, 0.67, 1.5)))
            .note("the last time at which 90 % is passed"),
        Claim::new("twice", "App. C.4", "the third mode requires approximately twice the time for saturation", "time to 90 % of the end, third over the mean of the others, from 1.5 to 2.5", twice)
            .verdict(differs(Verdict::within(twice, 1.5, 2.5)))
            .note("the last time at which 90 % is passed"),
        Claim::new("sigmoids", "App. C.4", "the strength of each mode follows a near-sigmoidal curve", "root mean square distance from the nearest sigmoid through its half, over the end: below 0.05", sigmoid)
            .verdict(differs(Verdict::below(sigmoid, 0.05)))
            .note(format!("the worst mode; modes 1 to 3: {}", sigmoids.iter().map(|s| number(s.value)).collect::<Vec<_>>().join(", "))),
        Claim::new("constant", "App. C.4", "c saturates to S quickly", "c/S when the first of the modes is half learned: above 0.9", quick)
            .verdict(differs(Verdict::above(quick, 0.9)))
            .note(format!(
                "its largest value before: {}; at the end {}",
                stats::mean(&numbers(outcome, "c_before")?),
                stats::mean(&numbers(outcome, "c_end")?)
            )),
        Claim::new("b-squared", "Fig. C.2", "the multilinear model with 𝓑² = 1/3 stands beside 𝓡", "1/𝓑² of the nearest sigmoid with the same 𝓡(0) from 2 to 4.5", slowing)
            .verdict(differs(Verdict::within(slowing, 2.0, 4.5)))
            .note("in the time of ½ E, of which the sum over eight inputs has eight times the gradient"),
        Claim::new("longer-tail", "§5.3.2, App. C.4", "slowly saturating modes result in a longer tail", "time from 50 % to 95 % of 𝓡 over that from 5 % to 50 % above 1, the sigmoid's", tail)
            .verdict(Verdict::above(tail, 1.0)),
    ])
}
