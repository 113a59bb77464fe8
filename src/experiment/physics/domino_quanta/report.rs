//! Figures and claims of Domino against Quanta.

use super::DominoQuanta;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Figure, Figures, Panel};
use crate::metric::scaling::power_law;
use crate::model::skill::{Domino, Quanta};
use crate::stats::Interval;
use crate::table::Table;
use crate::task::Frequencies;

const NORMS: [(&str, &str); 2] = [("L1", "Eq. 1 (L1)"), ("L2", "L2 form")];

pub(super) fn draw(settings: &DominoQuanta, outcome: &Outcome) -> Result<Figures> {
    let models = outcome.table("models")?;
    let mut panels = Vec::new();
    for (model, title) in [
        ("domino", "Serial: the Domino model, t_{n} ∝ n"),
        ("quanta", "Parallel: the Quanta model, t_{n} ∝ 1/p_{n}"),
    ] {
        let rows = models.rows_where("model", model)?;
        let mut panel = Panel::new(title)
            .x("step t")
            .y("skill s_{n}")
            .y_range(-0.02, 1.05);
        for skill in rows.distinct("skill")? {
            let one = rows.rows_where("skill", skill)?;
            let label = format!("n = {skill}");
            panel = panel.line_ordered(
                label,
                skill as usize - 1,
                settings.n_task,
                &one.f64s("t")?,
                &one.f64s("level")?,
            );
        }
        panels.push(panel);
    }
    let both = Figure::new("Fig. 9: dominoes fall one after the other, quanta each on their own")
        .panels(panels);
    Ok(Figures::new()
        .with("models", both)
        .with("limits", limits(outcome)?)
        .with("crossover", crossover(settings, outcome)?)
        .with("times", times(settings, outcome)?))
}

fn limits(outcome: &Outcome) -> Result<Figure> {
    let mut panels = Vec::new();
    for (table, column, title, x) in [
        (
            "steep",
            "ratio",
            "Steep p, N_{0} = 0: to Domino",
            "ratio p_{n} / p_{n+1}",
        ),
        (
            "small",
            "waste",
            "Little waste: to N_{0} = 0",
            "N_{0} / smallest p",
        ),
        ("large", "waste", "Much waste: to Quanta", "N_{0} / Σp"),
    ] {
        let all = outcome.table(table)?;
        let mut panel = Panel::new(title)
            .x(x)
            .y("largest difference of levels")
            .log_x()
            .log_y();
        for (norm, label) in NORMS {
            let rows = all.rows_where("norm", norm)?;
            let (x, y) = (rows.f64s(column)?, rows.f64s("distance")?);
            panel = panel.scatter(label, &x, &y).line(label, &x, &y);
        }
        panels.push(panel);
    }
    Ok(Figure::new("Both limits of the Resource model, measured")
        .columns(3)
        .panels(panels))
}

fn crossover(settings: &DominoQuanta, outcome: &Outcome) -> Result<Figure> {
    let exponents = outcome.table("exponents")?;
    let mut panels = Vec::new();
    for (norm, title) in NORMS {
        let mut panel = Panel::new(title)
            .x("wasted resources N_{0}")
            .y("exponent of t_{n} in n")
            .log_x();
        for (i, &alpha) in settings.alphas.iter().enumerate() {
            let rows = exponents
                .rows_where("norm", norm)?
                .rows_where("alpha", alpha)?;
            let positive: Vec<(f64, f64)> = rows
                .f64s("waste")?
                .into_iter()
                .zip(rows.f64s("exponent")?)
                .filter(|(w, _)| *w > 0.0)
                .collect();
            let (x, y): (Vec<f64>, Vec<f64>) = positive.into_iter().unzip();
            panel = panel.line_ordered(format!("α = {alpha}"), i, settings.alphas.len(), &x, &y);
        }
        for &alpha in settings.alphas.iter().filter(|a| **a != 1.0) {
            panel = panel.h_line(alpha, format!("Quanta, α = {alpha}"));
        }
        let at_one = if settings.alphas.contains(&1.0) {
            "Domino; Quanta, α = 1"
        } else {
            "Domino"
        };
        panels.push(panel.h_line(1.0, at_one));
    }
    Ok(
        Figure::new("From Domino to Quanta as waste grows: the exponent of learning times")
            .panels(panels)
            .note(format!(
                "{} tasks, p ∝ n^{{−α}}, learned at s = {}; fitted from n = {} on.",
                settings.crossover_tasks, settings.level, settings.from_skill
            )),
    )
}

fn times(settings: &DominoQuanta, outcome: &Outcome) -> Result<Figure> {
    let all = outcome.table("times")?.rows_where("norm", "L1")?;
    let mut panels = Vec::new();
    for &alpha in &settings.alphas {
        let mut panel = Panel::new(format!("α = {alpha}"))
            .x("skill n")
            .y("η t_{n}")
            .log_x()
            .log_y();
        for (i, &waste) in settings.wastes.iter().enumerate() {
            let rows = all.rows_where("alpha", alpha)?.rows_where("waste", waste)?;
            let label = format!("N_{{0}} = {}", number(waste));
            panel = panel.line_ordered(
                label,
                i,
                settings.wastes.len(),
                &rows.f64s("skill")?,
                &rows.f64s("time")?,
            );
        }
        panels.push(panel);
    }
    Ok(
        Figure::new("Learning times of the Resource model between the limits")
            .columns(3)
            .panels(panels),
    )
}

/// The exponent b of distance ∝ x^b over the last three points, without an interval where the fit is all that is known.
fn order(table: &Table, norm: &str, column: &str) -> Result<Interval> {
    let rows = table.rows_where("norm", norm)?;
    let pairs = rows.f64s(column)?.into_iter().zip(rows.f64s("distance")?);
    let mut pairs: Vec<(f64, f64)> = pairs.collect();
    pairs = pairs.split_off(pairs.len() - 3);
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    let fit = power_law(&x, &y, ..)?.exponent;
    Ok(Interval {
        value: -fit.value,
        low: -fit.high,
        high: -fit.low,
        n: fit.n,
    })
}

fn last(table: &Table, norm: &str) -> Result<f64> {
    Ok(table
        .rows_where("norm", norm)?
        .f64s("distance")?
        .last()
        .copied()
        .unwrap_or(f64::NAN))
}

pub(super) fn measure(settings: &DominoQuanta, outcome: &Outcome) -> Result<Claims> {
    let mut claims = model_claims(settings)?;
    claims.extend(limit_claims(outcome)?);
    claims.extend(crossover_claims(settings, outcome)?);
    Ok(Claims(claims))
}

fn model_claims(settings: &DominoQuanta) -> Result<Vec<Claim>> {
    let place: Vec<f64> = (1..=settings.n_task).map(|n| n as f64).collect();
    let domino = Domino::new(settings.n_task, settings.t0)?;
    let ends: Vec<f64> = (0..settings.n_task)
        .map(|n| domino.learning_time(n, 1.0))
        .collect();
    let rising = |y: &[f64]| -> Result<Interval> {
        let fit = power_law(&place, y, ..)?.exponent;
        Ok(Interval {
            value: -fit.value,
            low: -fit.high,
            high: -fit.low,
            n: fit.n,
        })
    };
    let serial = rising(&ends)?;
    let alpha = 2.0;
    let quanta = Quanta::new(
        Frequencies::power_law(settings.n_task, alpha)?,
        settings.tau,
    )?;
    let parallel = (0..settings.n_task)
        .map(|n| quanta.learning_time(n, settings.level))
        .collect::<Result<Vec<_>>>()?;
    let parallel = rising(&parallel)?;
    Ok(vec![
        Claim::new("domino-times", "§2.6, Fig. 9", "t_n ∝ n", "1", serial)
            .verdict(Verdict::within(serial, 0.99, 1.01))
            .note("exponent of the time at which skill n is wholly learned. By Eq. 6 the first skill is learned from t = 0 to t₀: it counts skills from 0, the text from 1"),
        Claim::new("quanta-times", "§3.1, Fig. 9", "t_n ∝ 1/p_n ∝ n^α", "2 for α = 2", parallel)
            .verdict(Verdict::within(parallel, 1.99, 2.01))
            .note(format!("exponent of the time until s = {}", settings.level)),
        {
            let measured = Interval::exact(step_exponent(alpha)?, 1);
            Claim::new("labels", "§3.1", "α_S of the Quanta model is α − 1, that of the Domino model (α − 1)/α", "1 and ½ for α = 2", measured)
                .verdict(if (measured.value - Quanta::step_exponent(alpha)).abs() < 0.05 { Verdict::Fails } else { Verdict::Holds })
                .note("measured: exponent of the Quanta model’s loss Σ p_n over unlearned skills against time, 10⁵ skills, α = 2. The two labels are swapped in the text, and S ∝ n^α, not n^−α, steps learn n skills")
        },
    ])
}

/// −d ln(loss)/d ln S of the Quanta model with skills learned at t_n ∝ n^α, loss the sum of p over those that are not.
fn step_exponent(alpha: f64) -> Result<f64> {
    let n = 100_000;
    let p = Frequencies::power_law(n, alpha)?;
    let mut rest: Vec<f64> = p
        .p()
        .iter()
        .rev()
        .scan(0.0, |sum, p| {
            *sum += p;
            Some(*sum)
        })
        .collect();
    rest.reverse();
    let skills: Vec<usize> = [10usize, 20, 50, 100, 200, 500, 1000].to_vec();
    let steps: Vec<f64> = skills.iter().map(|k| (*k as f64).powf(alpha)).collect();
    let loss: Vec<f64> = skills.iter().map(|k| rest[*k]).collect();
    Ok(power_law(&steps, &loss, ..)?.exponent.value)
}

fn limit_claims(outcome: &Outcome) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    for (norm, label) in NORMS {
        let id = norm.to_lowercase();
        let (steep, small, large) = (
            outcome.table("steep")?,
            outcome.table("small")?,
            outcome.table("large")?,
        );
        let rate = order(&steep, norm, "ratio")?;
        claims.push(
            Claim::new(
                &format!("domino-limit-{id}"),
                "§2.6, Eq. 7, 8",
                "for N₀ = 0 and p₁ ≫ p₂ ≫ … the Resource model is the Domino model",
                "exponent of the distance in p_n/p_{n+1}: below 0",
                rate,
            )
            .verdict(Verdict::below(rate, 0.0))
            .note(format!(
                "{label}; over the last three ratios; distance at the last {:.1e}",
                last(&steep, norm)?
            )),
        );
        let rate = order(&small, norm, "waste")?;
        claims.push(
            Claim::new(&format!("no-waste-limit-{id}"), "§2.6", "the Domino model needs N₀ = 0", "exponent of the distance in N₀: above 0", rate)
                .verdict(Verdict::above(rate, 0.0))
                .note(format!("{label}; distance of steep frequencies with N₀ from those without. N₀ has to be small beside the smallest p, not beside Σp; distance at the last {:.1e}", last(&small, norm)?)),
        );
        let rate = order(&large, norm, "waste")?;
        let expected = if norm == "L1" { -1.0 } else { -2.0 };
        claims.push(
            Claim::new(&format!("quanta-limit-{id}"), "errata to §3.1", "for N₀ → ∞ the Resource model is the Quanta model u = e^{−ηpt/N₀}", &format!("exponent of the distance in N₀: {expected}"), rate)
                .verdict(Verdict::within(rate, expected - 0.05, expected + 0.05))
                .note(format!("{label}; √(S² + N₀²) differs from N₀ by S²/2N₀, S + N₀ by S; distance at the last {:.1e}", last(&large, norm)?)),
        );
    }
    Ok(claims)
}

fn crossover_claims(settings: &DominoQuanta, outcome: &Outcome) -> Result<Vec<Claim>> {
    let (exponents, crossover) = (outcome.table("exponents")?, outcome.table("crossover")?);
    let mut claims = Vec::new();
    for (norm, label) in NORMS {
        let rows = crossover.rows_where("norm", norm)?;
        let ratios: Vec<f64> = rows
            .f64s("measured")?
            .iter()
            .zip(rows.f64s("predicted")?)
            .map(|(m, p)| m / p)
            .collect();
        let list: Vec<String> = settings
            .alphas
            .iter()
            .zip(rows.f64s("measured")?)
            .map(|(a, m)| format!("{m:.1e} for α = {a}"))
            .collect();
        let spread = Interval {
            value: ratios.iter().sum::<f64>() / ratios.len() as f64,
            low: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            high: ratios.iter().copied().fold(0.0, f64::max),
            n: ratios.len(),
        };
        let verdict = match Verdict::within(spread, 0.99, 1.01) {
            Verdict::Fails => Verdict::Differs,
            verdict => verdict,
        };
        claims.push(
            Claim::new(
                &format!("crossover-{}", norm.to_lowercase()),
                "Eq. 3",
                "waste takes over where n(1 − A) = N₀ ζ n^α ln(1/u*)",
                "measured over predicted N₀: 1",
                spread,
            )
            .verdict(verdict)
            .note(format!(
                "{label}; mean over α, with its range; crossovers at N₀ = {}",
                list.join(", ")
            )),
        );
    }
    let mut worst: (f64, String) = (0.0, String::new());
    let mut without = Vec::new();
    for &alpha in &settings.alphas {
        let rows = exponents
            .rows_where("norm", "L1")?
            .rows_where("alpha", alpha)?;
        let (wastes, values) = (rows.f64s("waste")?, rows.f64s("exponent")?);
        let most = wastes
            .iter()
            .zip(&values)
            .max_by(|a, b| a.0.total_cmp(b.0))
            .map_or(f64::NAN, |p| *p.1);
        let least = wastes
            .iter()
            .zip(&values)
            .min_by(|a, b| a.0.total_cmp(b.0))
            .map_or(f64::NAN, |p| *p.1);
        without.push((alpha, least));
        if (most - alpha).abs() >= worst.0 {
            worst = ((most - alpha).abs(), format!("{most:.3} for α = {alpha}"));
        }
    }
    let far = Interval::exact(worst.0, settings.alphas.len());
    claims.push(
        Claim::new(
            "quanta-exponent",
            "§3.1",
            "with much waste t_n ∝ n^α",
            "largest difference of the exponent from α: below .05",
            far,
        )
        .verdict(Verdict::below(far, 0.05))
        .note(format!("at the largest N₀, L1; {}", worst.1)),
    );
    let steepest = without
        .iter()
        .copied()
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap_or((f64::NAN, f64::NAN));
    let at = Interval::exact(steepest.1, 1);
    let list: Vec<String> = without
        .iter()
        .map(|(a, e)| format!("{e:.2} for α = {a}"))
        .collect();
    claims.push(
        Claim::new("domino-exponent", "§2.6", "without waste t_n ∝ n, if frequencies have a strong hierarchy", "1 for the largest α", at)
            .verdict(match Verdict::within(at, 0.9, 1.1) {
                Verdict::Fails => Verdict::Differs,
                verdict => verdict,
            })
            .note(format!("exponents of t_n in n at N₀ = {}, L1: {}. A power law has no strong hierarchy: neighbours at large n are alike, whatever α", settings.wastes.iter().copied().fold(f64::INFINITY, f64::min), list.join(", "))),
    );
    Ok(claims)
}
