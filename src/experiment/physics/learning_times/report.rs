//! Figures and claims of the learning times.

use super::LearningTimes;
use super::rates::{Law, SATURATED};
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::metric::scaling::power_law;
use crate::stats::{self, Interval};
use crate::table::Table;

/// A table of one seed: all seeds are the same.
fn of(outcome: &Outcome, name: &str) -> Result<Table> {
    outcome.table(name)?.rows_where("seed", outcome.seeds()[0])
}

/// The rows of `times` of one curve over n.
fn curve(times: &Table, alpha: f64, definition: &str, level: f64, norm: &str) -> Result<Table> {
    times
        .rows_where("alpha", alpha)?
        .rows_where("definition", definition)?
        .rows_where("level", level)?
        .rows_where("norm", norm)
}

pub(super) fn draw(settings: &LearningTimes, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("times", times(settings, outcome)?)
        .with("rates", rates(outcome)?))
}

fn times(settings: &LearningTimes, outcome: &Outcome) -> Result<Figure> {
    let table = of(outcome, "times")?;
    let alpha = settings.alphas[settings.alphas.len() / 2];
    let mut fixed = Panel::new(format!("At a fixed C, α = {alpha}"))
        .x("tasks n")
        .y("η t_{task} (dotted: its bound −ln C)")
        .log_x()
        .log_y();
    for (i, &c) in settings.fixed.iter().enumerate() {
        let rows = curve(&table, alpha, "fixed C", c, "L1")?;
        let label = format!("C = {}", number(c));
        let n = rows.f64s("n")?;
        let style = Style::new().cycle(i);
        fixed = fixed
            .line_styled(
                label.as_str(),
                &n,
                &rows.f64s("minus_log_c")?,
                style.dash(Dash::Dotted),
            )
            .line_styled(label, &n, &rows.f64s("task")?, style.dash(Dash::Solid));
    }
    let mut all = Panel::new(format!("Until all have u ≤ {}", settings.unskill))
        .x("tasks n")
        .y("η × time")
        .log_x()
        .log_y();
    let count = settings.alphas.len();
    for (i, &alpha) in settings.alphas.iter().enumerate() {
        let rows = curve(&table, alpha, "until all", settings.unskill, "L1")?;
        let n = rows.f64s("n")?;
        if i == 0 {
            all = all.line_styled(
                "t_{task}, any α",
                &n,
                &rows.f64s("task")?,
                Style::new().cycle(0).dash(Dash::Dashed),
            );
        }
        all = all.line_ordered(
            format!("t_{{waste}}, α = {alpha}"),
            i,
            count,
            &n,
            &rows.f64s("waste")?,
        );
    }
    let mut norm = Panel::new("In the L2 form t_{task} ∝ √n")
        .x("tasks n")
        .y("η t_{task} of the L2 form")
        .log_x()
        .log_y();
    for (i, &alpha) in settings.alphas.iter().enumerate() {
        let rows = curve(&table, alpha, "until all", settings.unskill, "L2")?;
        norm = norm.line_ordered(
            format!("α = {alpha}"),
            i,
            count,
            &rows.f64s("n")?,
            &rows.f64s("task")?,
        );
    }
    Ok(
        Figure::new("What the learning time grows with depends on what is called learned")
            .panels(vec![fixed, all, norm])
            .note(format!(
                "N₀ = {}; Σp = 1. Nothing here is random.",
                settings.waste
            )),
    )
}

fn rates(outcome: &Outcome) -> Result<Figure> {
    let (rates, optimum) = (of(outcome, "rates")?, of(outcome, "optimum")?);
    let mut panels = Vec::new();
    for (law, title) in [
        (Law::Quadratic, "N_{0} ∝ η²: a best rate"),
        (Law::Linear, "N_{0} ∝ η: no best rate"),
    ] {
        let rows = rates.rows_where("law", law.name())?;
        let mut levels = rows.f64s("gradient")?;
        levels.sort_by(|a, b| b.total_cmp(a));
        levels.dedup();
        let mut panel = Panel::new(title)
            .x("effective learning rate η")
            .y("−d ln C / dt")
            .log_x()
            .log_y();
        for (i, s) in levels.iter().enumerate() {
            let one = rows.rows_where("gradient", *s)?;
            panel = panel.line_ordered(
                format!("S = {s:.2e}"),
                i,
                levels.len(),
                &one.f64s("eta")?,
                &one.f64s("rate")?,
            );
        }
        panels.push(panel);
    }
    let gradient = optimum.f64s("gradient")?;
    panels.push(
        Panel::new("The best rate is √(S / a)")
            .x("S = Σ p_{j} u_{j}")
            .y("η*")
            .log_x()
            .log_y()
            .scatter("found numerically", &gradient, &optimum.f64s("best")?)
            .line("√(S / a)", &gradient, &optimum.f64s("formula")?),
    );
    Ok(
        Figure::new("Whether the learning rate should decay depends on how waste grows with it")
            .panels(panels),
    )
}

/// The exponent with which `column` grows with n.
fn growth(rows: &Table, column: &str, from: usize) -> Result<Interval> {
    let fit = power_law(
        &rows.f64s("n")?,
        &rows.f64s(column)?,
        (from as f64)..=f64::MAX,
    )?
    .exponent;
    Ok(Interval {
        value: -fit.value,
        low: -fit.high,
        high: -fit.low,
        n: fit.n,
    })
}

/// The median of exact numbers, with the whole range in place of an interval.
fn range(values: &[f64]) -> Interval {
    let finite: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    Interval {
        value: stats::quantile(&finite, 0.5),
        low: stats::quantile(&finite, 0.0),
        high: stats::quantile(&finite, 1.0),
        n: finite.len(),
    }
}

const SOURCE: &str = "§2.4, Learning time";
const DECAY: &str = "§2.4, Remark on learning rate decay";

pub(super) fn measure(settings: &LearningTimes, outcome: &Outcome) -> Result<Claims> {
    let mut claims = fixed_claims(settings, outcome)?;
    claims.extend(all_claims(settings, outcome)?);
    claims.extend(rate_claims(settings, outcome)?);
    Ok(Claims(claims))
}

fn fixed_claims(settings: &LearningTimes, outcome: &Outcome) -> Result<Vec<Claim>> {
    let times = of(outcome, "times")?;
    let (mut exponents, mut shares) = (vec![], vec![]);
    for &alpha in &settings.alphas {
        for &c in &settings.fixed {
            let rows = curve(&times, alpha, "fixed C", c, "L1")?;
            exponents.push(growth(&rows, "task", settings.window_from)?.value);
            let (task, bound) = (rows.f64s("task")?, rows.f64s("minus_log_c")?);
            shares.extend(task.iter().zip(bound).map(|(t, b)| t / b));
        }
    }
    let (exponents, shares) = (range(&exponents), range(&shares));
    let check = of(outcome, "check")?;
    let ratios: Vec<f64> = check
        .f64s("delay")?
        .iter()
        .zip(check.f64s("formula")?)
        .map(|(d, f)| d / f)
        .collect();
    let ratio = range(&ratios);
    Ok(vec![
        Claim::new("task-linear-at-fixed-c", SOURCE, "at fixed C, t_task = (1 − A(α, C)) n ∝ n_task", "exponent of t_task in n: 1", exponents)
            .verdict(Verdict::within(exponents, 0.9, 1.1))
            .note(format!(
                "median and range over α × C, fitted from n = {}. With Σp = 1, Σ(1 − C^p_j) ≤ −ln C whatever n is: t_task at fixed C stays bounded \
                 (A → 1 as −ln C / n). t_task ∝ n holds for another definition, the time until all skills reach u*",
                settings.window_from
            )),
        Claim::new("task-bounded", SOURCE, "correction: with Σp = 1, η t_task at fixed C is at most −ln C", "η t_task / (−ln C) ≤ 1", shares)
            .verdict(Verdict::below(shares, 1.0 + 1e-12))
            .note("median and range over α × C × n"),
        Claim::new("waste-is-the-delay", SOURCE, "t = t_task + t_waste with η t_waste = −N₀ ln C, linear in N₀", "delay of the differential equation's solution by N₀, over −N₀ ln C: 1", ratio)
            .verdict(Verdict::within(ratio, 1.0 - 1e-4, 1.0 + 1e-4))
            .note("median and range over α and three N₀ a factor 10 apart; solved adaptively, without Eq. 3"),
    ])
}

fn all_claims(settings: &LearningTimes, outcome: &Outcome) -> Result<Vec<Claim>> {
    let times = of(outcome, "times")?;
    let (mut task, mut waste, mut l2, mut words) = (vec![], vec![], vec![], vec![]);
    for &alpha in &settings.alphas {
        let rows = curve(&times, alpha, "until all", settings.unskill, "L1")?;
        task.push(growth(&rows, "task", settings.window_from)?.value);
        let exponent = growth(&rows, "waste", settings.window_from)?.value;
        words.push(format!("{exponent:.3} at α = {alpha}"));
        if alpha > 1.0 {
            waste.push(exponent - alpha);
        }
        let rows = curve(&times, alpha, "until all", settings.unskill, "L2")?;
        l2.push(format!(
            "{:.2} at α = {alpha}",
            growth(&rows, "task", settings.window_from)?.value
        ));
    }
    let (task, waste) = (range(&task), range(&waste));
    let crossover = of(outcome, "crossover")?;
    let (alphas, measured, formula) = (
        crossover.f64s("alpha")?,
        crossover.f64s("measured")?,
        crossover.f64s("formula")?,
    );
    let ratios: Vec<f64> = measured.iter().zip(&formula).map(|(m, f)| m / f).collect();
    let ratio = range(&ratios);
    let listed: Vec<String> = alphas
        .iter()
        .zip(&measured)
        .zip(&formula)
        .map(|((a, m), f)| format!("n = {m:.2} against {f:.2} at α = {a}"))
        .collect();
    Ok(vec![
        Claim::new("task-linear-until-all", SOURCE, "correction: t_task until all skills reach u* is n (1 − A), ∝ n_task", "exponent of t_task in n: 1", task)
            .verdict(Verdict::within(task, 0.95, 1.05))
            .note(format!("median and range over α, u* = {}, fitted from n = {}. In the L2 form the exponents are {}", settings.unskill, settings.window_from, l2.join(", "))),
        Claim::new("waste-until-all", SOURCE, "correction: t_waste until all skills reach u* is N₀ ζ n^α ln(1/u*)", "exponent of t_waste in n, less α (α > 1): 0", waste)
            .verdict(Verdict::within(waste, -0.05, 0.05))
            .note(format!("exponents {}; at α ≤ 1 the sum ζ grows with n too", words.join(", "))),
        Claim::new("crossover", SOURCE, "correction: waste dominates beyond n (1 − A) = N₀ ζ n^α ln(1/u*)", "n at which t_task = t_waste, over that of the formula: 1 within 10 %", ratio)
            .verdict(Verdict::within(ratio, 0.9, 1.1))
            .note(format!("{}; the formula has the limits of A and ζ for n → ∞, so that at a steep α, where n is a few, it is a guide only", listed.join(", "))),
    ])
}

fn rate_claims(settings: &LearningTimes, outcome: &Outcome) -> Result<Vec<Claim>> {
    let optimum = of(outcome, "optimum")?;
    let (gradient, best) = (optimum.f64s("gradient")?, optimum.f64s("best")?);
    let (x, y): (Vec<f64>, Vec<f64>) = gradient
        .iter()
        .rev()
        .zip(best.iter().rev())
        .map(|(s, e)| (s.ln(), e.ln()))
        .unzip();
    let exponent = stats::linear_fit(&x, &y).slope;
    let falling = stats::share(
        best.windows(2).filter(|w| w[1] < w[0]).count(),
        best.len() - 1,
    );
    let rising = range(&optimum.f64s("rising")?);
    let saturation = range(&optimum.f64s("saturation")?);
    let decay = of(outcome, "decay")?;
    let gain: Vec<f64> = decay
        .f64s("constant")?
        .iter()
        .zip(decay.f64s("schedule")?)
        .map(|(c, s)| c / s)
        .collect();
    let gained = Interval::exact(gain[0], 1);
    let plain = Interval::exact(gain[1], 1);
    Ok(vec![
        Claim::new("best-rate", DECAY, "with N₀ ∝ η² the best learning rate is η* ∝ √(Σ p_j u_j)", "exponent of η* in Σ p_j u_j: ½", exponent)
            .verdict(Verdict::within(exponent, 0.499, 0.501))
            .note("found by a search over η at each moment of the course of learning; the interval is over its records"),
        Claim::new("best-rate-falls", DECAY, "η* decreases in time", "share of records over which η* falls: all", falling)
            .verdict(if falling.value == 1.0 { Verdict::Holds } else { Verdict::Fails })
            .note(format!("from {:.3} to {:.4} while all of {} skills reach u = {}", best[0], best[best.len() - 1], settings.rate_tasks, settings.unskill)),
        Claim::new("decay-pays", DECAY, "N₀ ∝ η² explains the decay of learning rates", "least time with one η over the time with η*(t): above 1", gained)
            .verdict(Verdict::above(gained, 1.0))
            .note(format!("with N₀ ∝ η the same ratio is {:.4}: nothing to gain", plain.value)),
        Claim::new("linear-rises", DECAY, "with N₀ ∝ η the rate rises with η throughout", "share of η intervals over which it rises: 1", rising)
            .verdict(if rising.low == 1.0 { Verdict::Holds } else { Verdict::Fails })
            .note("range over the course of learning"),
        Claim::new("linear-saturates", DECAY, "and finally saturates", "rate at the largest η over its limit p u / b: 1 within 2 %", saturation)
            .verdict(Verdict::within(saturation, 0.98, 1.0))
            .note(format!("range over the course; η is {:e} times the reference; half the limit is reached at η = Σ p_j u_j / b", SATURATED)),
    ])
}
