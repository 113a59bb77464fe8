//! Figures and claims of Fig. 3.3.

use super::super::numbers::{agreement, mean_within, numbers, worst};
use super::DelayedModes;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::figure::{Figure, Figures, Panel, Style};
use crate::stats;
use crate::table::Table;

const MODELS: [(&str, &str); 2] = [
    ("linear", "(a) linear model: all from t = 0"),
    ("diagonal", "(b) diagonal linear network: in sequence"),
];

pub(super) fn draw(settings: &DelayedModes, outcome: &Outcome) -> Result<Figures> {
    let (exact, samples) = (outcome.table("exact")?, outcome.table("samples")?);
    let mut panels = Vec::new();
    for (model, title) in MODELS {
        let mut panel = Panel::new(title).x("time t").y("share of the target");
        for (i, variance) in settings.variances.iter().enumerate() {
            let of = |table: &Table| {
                table
                    .rows_where("model", model)?
                    .rows_where("mode", i as i64 + 1)
            };
            let curves = by_seed(&of(&samples)?, "t", "share")?;
            let (t, share) = (of(&exact)?.f64s("t")?, of(&exact)?.f64s("share")?);
            let label = format!("E[x^{{2}}] = {}", number(*variance));
            let style = Style::new().cycle(i);
            panel = panel
                .light_lines(label.clone(), curves)
                .styled(style)
                .line_styled(label, &t, &share, style);
        }
        panels.push(panel);
    }
    let first = Figure::new("Fig. 3.3: the product of two layers delays a mode, and then hastens it")
        .columns(2)
        .panels(panels)
        .note(format!(
            "Dark: Eq. 3.10 and 3.9. Pale: gradient descent on {} samples of {} Gaussian inputs. a(0) = b(0) = {}.",
            outcome.seeds().len(),
            settings.samples,
            settings.start
        ));
    Ok(Figures::new()
        .with("fig-3.3", first)
        .with("kernel", kernel(outcome)?))
}

fn kernel(outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("kernel")?;
    let panel = Panel::new("")
        .x("E[x_{i}^{2}] a_{i}^{2} (Eq. 3.11)")
        .y("eigenvalue of the sample's operator")
        .log_x()
        .log_y()
        .scatter(
            "sample",
            &table.f64s("predicted")?,
            &table.f64s("measured")?,
        )
        .diagonal();
    Ok(
        Figure::new("The eigenvalues of the network's operator, half-way through the second mode")
            .panel(panel),
    )
}

pub(super) fn measure(settings: &DelayedModes, outcome: &Outcome) -> Result<Claims> {
    let times = outcome.table("times")?;
    let of = |model: &str| times.rows_where("model", model);
    let ratio = |model: &str| -> Result<Vec<f64>> {
        let rows = of(model)?;
        let pairs = rows.f64s("half")?.into_iter().zip(rows.f64s("predicted")?);
        Ok(pairs.map(|(x, y)| x / y).collect())
    };
    let by_mode = |model: &str| -> Result<String> {
        let modes = 1..=settings.variances.len() as i64;
        let of = modes.map(|k| {
            let rows = of(model)?.rows_where("mode", k)?;
            let pairs = rows.f64s("half")?.into_iter().zip(rows.f64s("predicted")?);
            let ratios: Vec<f64> = pairs.map(|(x, y)| x / y).collect();
            Ok(format!("{:.3}", stats::median(&ratios).value))
        });
        Ok(of.collect::<Result<Vec<_>>>()?.join(", "))
    };
    let (linear, linear_holds) = mean_within(&ratio("linear")?, 0.98, 1.02);
    let (diagonal, diagonal_holds) = mean_within(&ratio("diagonal")?, 0.98, 1.02);
    let delay = stats::mean(&of("diagonal")?.f64s("delay")?);
    let at_once = stats::mean(&of("linear")?.f64s("delay")?);
    let next = stats::mean(&of("diagonal")?.rows_where("mode", 1)?.f64s("next")?);
    let next_linear = stats::mean(&of("linear")?.rows_where("mode", 1)?.f64s("next")?);
    let kernel = outcome.table("kernel")?;
    let eigenvalues: Vec<f64> = kernel
        .f64s("measured")?
        .into_iter()
        .zip(kernel.f64s("predicted")?)
        .map(|(x, y)| x / y)
        .collect();
    let (eigenvalue, eigenvalue_holds) = mean_within(&eigenvalues, 0.98, 1.02);
    let drift = worst(&numbers(outcome, "flow_drift")?);
    let (order, order_holds) = mean_within(&numbers(outcome, "order")?, 0.9, 1.1);
    let (drift_order, drift_holds) = mean_within(&numbers(outcome, "drift_order")?, 0.9, 1.1);
    Ok(Claims(vec![
        agreement(outcome, "eq-3.9", "Eq. 3.9", "from a = b each mode is a sigmoid", "equal_starts", "over the target, at 12 times")?,
        agreement(outcome, "any-start", "§3.4.1", "a general derivation when a ≠ b exists", "any_start", "closed form by γ of Theorem 1 with p = 1, from random a and b of every seed")?,
        Claim::new("eq-3.9-samples", "Eq. 3.9", "the modes of the network follow the sigmoid", "half time over that of 3.9: 1", diagonal)
            .verdict(diagonal_holds)
            .note("gradient descent on samples, whose inputs are a little correlated; all modes and samples"),
        Claim::new("eq-3.10-samples", "Eq. 3.10", "the modes of the linear model saturate exponentially", "half time over that of 3.10: 1", linear)
            .verdict(linear_holds)
            .note(format!("the same samples; medians by mode {}, of the network {}", by_mode("linear")?, by_mode("diagonal")?)),
        Claim::new("delay", "§3.4.1, Fig. 3.3", "a mode of the network saturates after a delay", "share of the half time until 5 %: above ½", delay)
            .verdict(Verdict::above(delay, 0.5))
            .note(format!("linear model: {at_once}; exactly ln .95/ln ½ = 0.074")),
        Claim::new("sequence", "§3.4.2, Fig. 3.3", "the first mode saturates fully while the next remains negligible", "share of the second mode when the first has 95 %: below 0.05", next)
            .verdict(Verdict::below(next, 0.05))
            .note(format!("linear model: {next_linear}")),
        Claim::new("eq-3.11", "Eq. 3.11", "the eigenvalue of mode i is E[x_i²] a_i²", "eigenvalue over E[x_i²] a_i²: 1", eigenvalue)
            .verdict(eigenvalue_holds)
            .note("eigenvalues of the second moments of a_i x_i on each sample; all modes and samples"),
        Claim::new("eq-3.8", "Eq. 3.8", "a² − b² is conserved", "largest change under gradient flow, over S: at most 1e-9", drift)
            .verdict(Verdict::below(drift, 1e-9))
            .note("from random a and b"),
        Claim::new("order", "§3.2", "gradient flow is gradient descent with small steps", "order of descent's error in the learning rate: 1", order)
            .verdict(order_holds)
            .note("2000 against 4000 steps to the first mode's growth"),
        Claim::new("drift-order", "Eq. 3.8", "a² − b² is conserved by gradient flow, not by finite steps", "order of its drift in the learning rate: 1", drift_order)
            .verdict(drift_holds)
            .note("a step multiplies a² − b² by 1 − h², h = η E[x²](ab − S)"),
    ]))
}
