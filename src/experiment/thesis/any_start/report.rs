//! Figures and claims of Theorem 1.

use super::super::numbers::{differs, mean_within, worst};
use super::STARTS;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};

pub(super) fn draw(outcome: &Outcome) -> Result<Figures> {
    let curves = outcome.table("curves")?;
    let mut panels = Vec::new();
    for (start, title) in [
        ("rich", "small start"),
        ("even", "start of the target's size"),
        ("lazy", "Z = √p"),
        ("beyond", "S < θ(0): γ falls"),
    ] {
        let rows = curves.rows_where("start", start)?;
        let t = rows.f64s("t")?;
        panels.push(
            Panel::new(title)
                .x("time t")
                .y("γ")
                .log_y()
                .line("6.12 with −2√(·)t/Z", &t, &rows.f64s("gamma")?)
                .line_styled(
                    "6.12 as printed",
                    &t,
                    &rows.f64s("printed")?,
                    Style::new().cycle(1).dash(Dash::Dashed),
                )
                .scatter(
                    "equations",
                    &every_third(&t),
                    &every_third(&rows.f64s("solved")?),
                ),
        );
    }
    let digits = outcome.table("digits")?;
    let delta = digits.f64s("delta")?;
    // A logarithm has no place for an error of exactly 0.
    let floor = |column: &str| -> Result<Vec<f64>> {
        Ok(digits.f64s(column)?.iter().map(|x| x.max(1e-17)).collect())
    };
    let (printed, stable) = (floor("printed")?, floor("stable")?);
    let loss_of_digits = Figure::new("Sums of squares keep the digits that Σ_{0} ± S_{0} loses")
        .panel(
            Panel::new("")
                .x("δ, with a = −b(1 − δ)")
                .y("relative error of γ")
                .log_x()
                .log_y()
                .line("Σ_{0} ± S_{0}, as printed", &delta, &printed)
                .scatter("Σ_{0} ± S_{0}, as printed", &delta, &printed)
                .line("(a ± b)^{2}", &delta, &stable)
                .scatter("(a ± b)^{2}", &delta, &stable),
        );
    Ok(Figures::new()
        .with(
            "gamma",
            Figure::new(
                "Theorem 1 against the equations: the printed exponent runs at twice the pace",
            )
            .columns(2)
            .panels(panels),
        )
        .with("digits", loss_of_digits))
}

fn every_third(x: &[f64]) -> Vec<f64> {
    x.iter().copied().step_by(3).collect()
}

pub(super) fn measure(outcome: &Outcome) -> Result<Claims> {
    let table = outcome.table("starts")?;
    let of = |column: &str| table.f64s(column);
    let error = worst(&of("error")?);
    let weights = worst(&of("weights")?);
    let printed = stats::median(&of("printed")?);
    let (pace, pace_holds) = mean_within(&of("pace")?, 0.99, 1.01);
    let twice = Interval {
        value: 0.5 * pace.value,
        low: 0.5 * pace.low,
        high: 0.5 * pace.high,
        n: pace.n,
    };
    let (monotone, n) = (of("monotone")?, of("monotone")?.len());
    let directions: Vec<bool> = of("rising")?
        .into_iter()
        .zip(of("expected_rising")?)
        .map(|(x, y)| x == y)
        .collect();
    let right = monotone
        .iter()
        .zip(&directions)
        .filter(|(m, d)| **m == 1.0 && **d)
        .count();
    let share = stats::share(right, n);
    let limits: Vec<f64> = of("gamma_limit")?
        .into_iter()
        .zip(of("solved_limit")?)
        .map(|(x, y)| (x / y - 1.0).abs())
        .collect();
    let limit = worst(&limits);
    // The bounds are for S > 0.
    let mut inside = (0, 0);
    let mut lowest = f64::INFINITY;
    for start in STARTS.iter().filter(|s| **s != "negative") {
        let rows = table.rows_where("start", *start)?;
        let pairs = rows
            .f64s("solved_limit")?
            .into_iter()
            .zip(rows.f64s("low")?.into_iter().zip(rows.f64s("high")?));
        for (limit, (low, high)) in pairs {
            inside.1 += 1;
            inside.0 += usize::from(limit >= low * (1.0 - 1e-9) && limit <= high * (1.0 + 1e-9));
            lowest = lowest.min(limit / low);
        }
    }
    let bounds = stats::share(inside.0, inside.1);
    let (order, order_holds) = mean_within(&of("order")?, 0.95, 1.05);
    let digits = outcome.table("digits")?;
    let stable = worst(&digits.f64s("stable")?);
    let typed = worst(&digits.f64s("printed")?);
    let all = |share: Interval| {
        if share.value == 1.0 {
            Verdict::Holds
        } else {
            Verdict::Fails
        }
    };
    Ok(Claims(vec![
        Claim::new("eq-6.12", "Eq. 6.12", "γ(t) solves gradient flow on the ½-MSE, with the exponent −2√(Σ₀² − S₀² + S²) t/Z (corrected)", "largest relative difference from an adaptive solution of all 2p equations: at most 1e-9", error)
            .verdict(Verdict::below(error, 1e-9))
            .note("five kinds of start, all seeds, all times; its signs are right"),
        Claim::new("eq-6.10", "Eq. 6.10, 6.11", "a_i and b_i follow γ^{±½}", "largest difference of any weight, over the largest: at most 1e-9", weights)
            .verdict(Verdict::below(weights, 1e-9))
            .note("the same solutions"),
        Claim::new("eq-6.12-printed", "Eq. 6.12", "γ(t) with the exponent −4√(·) t/Z (as printed)", "largest relative difference from the equations of 6.3: at most 1e-9", printed)
            .verdict(Verdict::below(printed, 1e-9))
            .note("median over starts of the largest difference; 4 belongs to the loss without ½, while 6.2–6.4 are those of the loss with ½"),
        Claim::new("exponent", "Eq. 6.12", "the exponent's factor, off the equations", "late rate of ln|θ − S| over 2R/Z: 1", pace)
            .verdict(pace_holds)
            .note("fitted while |θ − S| falls from 1e-2 to 1e-6 of its start; no closed form is used"),
        Claim::new("exponent-printed", "Eq. 6.12", "the exponent's factor is 4 (as printed)", "late rate over 4R/Z: 1", twice)
            .verdict(Verdict::within(twice, 0.99, 1.01))
            .note("the same fit: it is one half"),
        Claim::new("monotone", "Theorem 1", "γ is monotone from 1: increasing if S > S₀, decreasing if S < S₀", "share of solutions: 1", share)
            .verdict(all(share))
            .note(format!("{right} of {n} solutions of the equations")),
        Claim::new("eq-6.14", "Eq. 6.14", "γ₊ = (S + √(Σ₀² − S₀² + S²))/(Σ₀ + S₀)", "largest relative difference from the solution's end: below 1e-4", limit)
            .verdict(Verdict::below(limit, 1e-4))
            .note("solutions end when about e^−16 of the distance is left; signs are right"),
        Claim::new("bounds", "§6.3.1", "γ₊ ≥ S/Σ₀", "share of solutions with S/Σ₀ ≤ γ₊ ≤ (S + √(PM))/P: 1", bounds)
            .verdict(differs(all(bounds)))
            .note(format!("{} of {} with S > 0, the upper bound ours; smallest γ₊ Σ₀/S: {}", inside.0, inside.1, number(lowest))),
        Claim::new("descent", "Theorem 1", "the solution for gradient descent (as the thesis calls it)", "order of the error of gradient descent in the learning rate: 1", order)
            .verdict(order_holds)
            .note("at the time of half the way to the target; exact for gradient flow only"),
        Claim::new("digits", "Eq. 6.13", "γ from sums of (a ± b)²", "largest relative error where a ≈ −b: at most 1e-9", stable)
            .verdict(Verdict::below(stable, 1e-9))
            .note(format!("from Σ₀ ± S₀ as printed it is {}", number(typed.value))),
    ]))
}
