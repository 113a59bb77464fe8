//! Claims and figures of Fig. 14 on the Geometry model.

use super::{BEST, DRAWN, HardSkills};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::median_after_zero;
use crate::figure::{Figure, Figures, Panel};
use crate::stats::{self, Interval};
use crate::table::Table;

const RULES: [(&str, &str); 3] = [("adam", "Adam"), ("sign_gd", "SignGD"), ("sgd", "SGD")];

const SOURCE: &str = "§4.3";

fn of(table: &Table, alpha: f64, rule: &str, share: f64) -> Result<Table> {
    table
        .rows_where("alpha", alpha)?
        .rows_where("rule", rule)?
        .rows_where("share", share)
}

/// `combine(weighted, plain)` of a column, seed by seed.
fn paired(
    runs: &Table,
    (alpha, rule, share): (f64, &str, f64),
    column: &str,
    combine: fn(f64, f64) -> f64,
) -> Result<Vec<f64>> {
    let own = of(runs, alpha, rule, share)?.f64s(column)?;
    let plain = of(runs, alpha, rule, 0.0)?.f64s(column)?;
    Ok(own.iter().zip(plain).map(|(x, p)| combine(*x, p)).collect())
}

/// ln(loss / loss without weights) at the end.
fn log_ratio(runs: &Table, alpha: f64, rule: &str, share: f64) -> Result<Interval> {
    let ratios = paired(runs, (alpha, rule, share), "loss", |x, p| (x / p).ln())?;
    Ok(stats::mean(&ratios))
}

pub(super) fn measure(settings: &HardSkills, outcome: &Outcome) -> Result<Claims> {
    let runs = outcome.table("runs")?;
    let mut claims = Vec::new();
    for &alpha in &settings.alphas {
        for (rule, name) in RULES {
            let ordered = stats::mean(&of(&runs, alpha, rule, 0.0)?.f64s("ordered")?);
            let verdict = match Verdict::above(ordered, 0.99) {
                Verdict::Fails if ordered.above(0.9) => Verdict::Differs,
                verdict => verdict,
            };
            claims.push(
                Claim::new(&format!("order-{rule}-{alpha}"), SOURCE, "a less frequent skill always has higher losses than a more frequent one, given a fixed step", &format!("{name}, α = {alpha}: share of pairs of skills and of records in that order: above 0.99"), ordered)
                    .verdict(verdict)
                    .note("until the last skill is learned; random draws turn neighbours in the frequencies round, the more so the nearer their frequencies"),
            );
        }
        for (rule, name) in RULES {
            let less = stats::mean(&paired(&runs, (alpha, rule, BEST), "exponent", |x, p| {
                x - p
            })?);
            let at = |share: f64| -> Result<Interval> {
                Ok(stats::mean(
                    &of(&runs, alpha, rule, share)?.f64s("exponent")?,
                ))
            };
            claims.push(
                Claim::new(&format!("alpha-{rule}-{alpha}"), SOURCE, "weighting with the loss effectively reduces α", &format!("{name}, α = {alpha}: effective α with w = ℓ for the first fifth less that without: below 0"), less)
                    .verdict(Verdict::below(less, 0.0))
                    .note(format!("slope of ln t_i in ln i: {} without, {} with, {} with weights all along (n: runs that learn every skill)", at(0.0)?, at(BEST)?, at(1.0)?)),
            );
        }
        for (rule, name) in RULES {
            let gain = log_ratio(&runs, alpha, rule, BEST)?;
            let always = log_ratio(&runs, alpha, rule, 1.0)?;
            claims.push(
                Claim::new(
                    &format!("gain-{rule}-{alpha}"),
                    SOURCE,
                    "focusing on hard examples for the first fifth of the steps speeds up learning",
                    &format!(
                        "{name}, α = {alpha}: ln(loss / loss without weights) at the end: below 0"
                    ),
                    gain,
                )
                .verdict(Verdict::below(gain, 0.0))
                .note(by_share(settings, &runs, alpha, rule)?),
            );
            claims.push(
                Claim::new(&format!("too-long-{rule}-{alpha}"), SOURCE, "further increasing weighting steps can reduce improvement or even slow down training", &format!("{name}, α = {alpha}: the same with weights all along, less that of the first fifth: above 0"), less(&runs, alpha, rule)?)
                    .verdict(Verdict::above(less(&runs, alpha, rule)?, 0.0))
                    .note(format!("weights all along against none: ln ratio {always}. No noisy tokens here: a weight that falls with the loss slows the end of learning by itself")),
            );
        }
    }
    Ok(Claims(claims))
}

/// ln of the loss with weights all along over that with weights in the first fifth.
fn less(runs: &Table, alpha: f64, rule: &str) -> Result<Interval> {
    let always = of(runs, alpha, rule, 1.0)?.f64s("loss")?;
    let fifth = of(runs, alpha, rule, BEST)?.f64s("loss")?;
    let ratios: Vec<f64> = always
        .iter()
        .zip(fifth)
        .map(|(a, f)| (a / f).ln())
        .collect();
    Ok(stats::mean(&ratios))
}

fn by_share(settings: &HardSkills, runs: &Table, alpha: f64, rule: &str) -> Result<String> {
    let words = settings.shares.iter().filter(|s| **s > 0.0).map(|share| {
        let ratio = log_ratio(runs, alpha, rule, *share)?.value.exp();
        Ok(format!("{ratio:.3} at A/S = {share}"))
    });
    let words: Vec<String> = words.collect::<Result<_>>()?;
    Ok(format!(
        "loss over that without weights: {}",
        words.join(", ")
    ))
}

pub(super) fn draw(settings: &HardSkills, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-14-toy", gains(settings, outcome)?)
        .with("times", times(settings, outcome)?))
}

fn gains(settings: &HardSkills, outcome: &Outcome) -> Result<Figure> {
    let (runs, curves) = (outcome.table("runs")?, outcome.table("curves")?);
    let steepest = settings.alphas.iter().copied().fold(0.0, f64::max);
    let mut left = Panel::new(format!("Adam, α = {steepest}"))
        .x("step")
        .y("loss")
        .log_x()
        .log_y();
    for (share, name) in [
        (0.0, "uniform"),
        (BEST, "hard skills, A/S = 0.2"),
        (1.0, "hard skills, all along"),
    ] {
        let (step, loss) = median_after_zero(&curves.rows_where("share", share)?, "step", "loss")?;
        left = left.line(name, &step, &loss);
    }
    left = left.v_line(BEST * settings.steps as f64, "A");
    let mut right = Panel::new("at the end")
        .x("A / steps")
        .y("loss / loss without weights")
        .log_y();
    for (rule, name) in RULES {
        let ratios: Vec<Interval> = settings
            .shares
            .iter()
            .map(|share| log_ratio(&runs, steepest, rule, *share))
            .collect::<Result<_>>()?;
        let pick = |f: fn(&Interval) -> f64| ratios.iter().map(|r| f(r).exp()).collect::<Vec<_>>();
        right = right.line(name, &settings.shares, &pick(|r| r.value)).band(
            "",
            &settings.shares,
            &pick(|r| r.low),
            &pick(|r| r.high),
        );
    }
    Ok(Figure::new("Weighting hard skills first helps Adam")
        .columns(2)
        .panel(left)
        .panel(right.h_line(1.0, ""))
        .note(format!(
            "Left: medians over {} seeds. Right: α = {steepest}, geometric means over {} seeds with 95 % intervals.",
            outcome.seeds().len().min(DRAWN as usize),
            outcome.seeds().len()
        )))
}

fn times(settings: &HardSkills, outcome: &Outcome) -> Result<Figure> {
    let times = outcome.table("times")?;
    let steepest = settings.alphas.iter().copied().fold(0.0, f64::max);
    let rank: Vec<f64> = (1..=settings.tasks).map(|i| i as f64).collect();
    let mut figure = Figure::new("When each skill is learned").columns(RULES.len());
    for (rule, name) in RULES {
        let mut panel = Panel::new(name)
            .x("skill i")
            .y("step at which σ(s_{i}) > 0.9")
            .log_x()
            .log_y();
        for (share, label) in [
            (0.0, "uniform"),
            (BEST, "hard skills, A/S = 0.2"),
            (1.0, "hard skills, all along"),
        ] {
            let rows = of(&times, steepest, rule, share)?;
            let medians: Vec<f64> = (1..=settings.tasks)
                .map(|i| {
                    let one = rows.rows_where("skill", i)?.f64s("time")?;
                    let learned = one.iter().filter(|t| t.is_finite()).count();
                    // A median of the few that learned would flatter.
                    Ok(match 2 * learned > one.len() {
                        true => stats::quantile(&one, 0.5),
                        false => f64::NAN,
                    })
                })
                .collect::<Result<_>>()?;
            panel = panel.line(label, &rank, &medians);
        }
        figure = figure.panel(panel);
    }
    Ok(figure.note(format!(
        "α = {steepest}; medians over {} seeds, where more than half learn the skill.",
        outcome.seeds().len()
    )))
}
