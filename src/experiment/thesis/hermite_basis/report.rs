//! Figures and claims of the Hermite basis.

use super::super::numbers::{mean_within, numbers, worst};
use super::{RATES, functions};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::metric::scaling::power_law;
use crate::stats::Interval;

pub(super) fn draw(outcome: &Outcome) -> Result<Figures> {
    let (table, curves) = (outcome.table("expansions")?, outcome.table("curves")?);
    let mut error = Panel::new("")
        .x("terms")
        .y("∫(f − f_{p})^{2}dq / ∫f^{2}dq")
        .log_x()
        .log_y();
    let mut panels = Vec::new();
    for (i, f) in functions().into_iter().enumerate() {
        let rows = table.rows_where("function", f.name)?;
        let shown: (Vec<f64>, Vec<f64>) = rows
            .f64s("terms")?
            .into_iter()
            .zip(rows.f64s("residual")?)
            .filter(|(_, y)| *y > 1e-28)
            .unzip();
        error = error
            .line_styled(f.name, &shown.0, &shown.1, Style::new().cycle(i))
            .scatter(f.name, &shown.0, &shown.1);
        let of = curves.rows_where("function", f.name)?;
        let mut panel = Panel::new(f.name).x("x").y("f");
        let counts = of.distinct("terms")?;
        for (k, terms) in counts.iter().enumerate() {
            let part = of.rows_where("terms", *terms)?;
            let label = format!("{terms} terms");
            panel = panel.line_ordered(
                label,
                k,
                counts.len(),
                &part.f64s("x")?,
                &part.f64s("expansion")?,
            );
        }
        let first = of.rows_where("terms", counts[0])?;
        let style = Style::new().cycle(5).dash(Dash::Dashed);
        let (x, y) = (first.f64s("x")?, first.f64s("f")?);
        let (low, high) = y
            .iter()
            .fold((f64::MAX, f64::MIN), |(a, b), y| (a.min(*y), b.max(*y)));
        let room = 0.3 * (high - low);
        panels.push(
            panel
                .line_styled("f", &x, &y, style)
                .y_range(low - room, high + room),
        );
    }
    Ok(Figures::new()
        .with(
            "expansions",
            Figure::new("Expansions in Hermite polynomials: smooth functions need few terms, a jump needs many").columns(2).panels(panels),
        )
        .with(
            "residual",
            Figure::new("What p terms leave: geometric for smooth functions, p^{-3/2} for a kink, p^{-1/2} for a jump").panel(error),
        ))
}

pub(super) fn measure(outcome: &Outcome) -> Result<Claims> {
    let exact =
        |id: &str, source: &str, statement: &str, name: &str, note: &str| -> Result<Claim> {
            let found = worst(&numbers(outcome, name)?);
            Ok(Claim::new(
                id,
                source,
                statement,
                "largest relative difference: at most 1e-10",
                found,
            )
            .verdict(Verdict::below(found, 1e-10))
            .note(note))
        };
    let mut claims = vec![
        exact(
            "eq-1.4",
            "Eq. 1.4",
            "H_k = (−1)^k e^{x²/2} d^k/dx^k e^{−x²/2}",
            "definition",
            "the recursion that the basis uses against the derivative written out, k ≤ 20, over the sum of the terms' sizes",
        )?,
        exact(
            "eq-1.6",
            "Eq. 1.6",
            "⟨H_j|H_k⟩ = k! δ_jk",
            "orthogonal",
            "by Gauss quadrature, over √(j! k!)",
        )?,
    ];
    let table = outcome.table("expansions")?;
    let mut apart = 0.0f64;
    for f in functions() {
        let rows = table.rows_where("function", f.name)?;
        let (terms, left) = (rows.f64s("terms")?, rows.f64s("residual")?);
        for (x, y) in left.iter().zip(rows.f64s("parseval")?) {
            apart = apart.max((x - y).abs());
        }
        let last = Interval::exact(left[left.len() - 1], 1);
        let (id, expected): (&str, f64) = match f.name {
            "|x|" => ("kink", 1.5),
            "sign x" => ("jump", 0.5),
            name => {
                let id = if name == "sin 2x" {
                    "sine"
                } else {
                    "exponential"
                };
                claims.push(
                    Claim::new(
                        &format!("eq-1.7-{id}"),
                        "Eq. 1.7",
                        &format!("{name} is the sum of its Hermite expansion"),
                        "share of ∫f² left by the longest expansion: at most 1e-8",
                        last,
                    )
                    .verdict(Verdict::below(last, 1e-8))
                    .note("integrated on a grid; coefficients by Gauss quadrature"),
                );
                continue;
            }
        };
        let fit = power_law(&terms, &left, 15.0..=1e9)?;
        let slope = Interval::exact(fit.exponent.value, 1);
        claims.push(
            Claim::new(&format!("eq-1.7-{id}"), "Eq. 1.7", &format!("{} is the sum of its Hermite expansion", f.name), &format!("the share of ∫f² left falls as p^-{expected}, which the coefficients' law gives: exponent {expected} ± 0.1"), slope)
                .verdict(Verdict::within(slope, expected - 0.1, expected + 0.1))
                .note(format!("fitted from 15 terms on, integrated on a grid; {:.1e} is left at the end", last.value)),
        );
    }
    let apart = Interval::exact(apart, 1);
    claims.push(
        Claim::new(
            "parseval",
            "Eq. 1.3, 1.7",
            "∫f² = Σ⟨f|e_k⟩² when the sum is complete",
            "largest difference of what is left on the grid and by the coefficients: at most 1e-5",
            apart,
        )
        .verdict(Verdict::below(apart, 1e-5))
        .note("four functions, all numbers of terms"),
    );
    for (name, a) in RATES {
        let expected = 2.0 * a / (1.0 - 2.0 * a);
        // The closed form of the ratio at k = 30: 2a/(1 − 2a) √((k + 1)/(k + 2)).
        let values = numbers(outcome, &format!("growth_{name}"))?;
        let (found, verdict) = mean_within_exact(&values, expected);
        let statement =
            format!("f can be expanded if ∫f² e^(−x²/2) dx < ∞: f = e^({a} x²) is {name}");
        claims.push(
            Claim::new(&format!("eq-1.5-{name}"), "Eq. 1.5", &statement, &format!("|c_(k+2)/c_k| → {expected:.4}, below 1 only where the integral is finite (a < ¼): to 3 %"), found)
                .verdict(verdict)
                .note("late coefficients of the normalised polynomials by Gauss quadrature"),
        );
    }
    Ok(Claims(claims))
}

/// One number and a band of 3 % about `expected`.
fn mean_within_exact(values: &[f64], expected: f64) -> (Interval, Verdict) {
    if values.len() > 1 {
        return mean_within(values, 0.97 * expected, 1.03 * expected);
    }
    let found = worst(values);
    (
        found,
        Verdict::within(found, 0.97 * expected, 1.03 * expected),
    )
}
