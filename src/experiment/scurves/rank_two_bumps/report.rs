//! Figures and claims of the study of bumps.

use super::super::tuning::{Rule, p_value};
use super::RankTwoBumps;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::median_after_zero;
use crate::figure::{Figure, Figures, Panel};
use crate::metric::curve;
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) fn draw(settings: &RankTwoBumps, outcome: &Outcome) -> Result<Figures> {
    let runs = Runs(outcome.table("runs")?);
    let mut panels = Vec::new();
    for (speed, title) in [
        ("tuned", "Tuned rates".to_string()),
        ("slow", format!("{} of the tuned rates", settings.slow)),
    ] {
        let measured = if speed == "tuned" {
            &settings.ranks
        } else {
            &settings.slow_ranks
        };
        let shown: Vec<usize> = settings
            .ranks
            .iter()
            .copied()
            .filter(|r| measured.contains(r))
            .collect();
        let names: Vec<String> = shown.iter().map(|r| format!("r = {r}")).collect();
        let mut panel = Panel::new(title).y("bumps per vector");
        for rule in Rule::ALL {
            let bars: Vec<Interval> = shown
                .iter()
                .map(|r| Ok(stats::mean(&runs.of(*r, rule, speed, "bumps")?)))
                .collect::<Result<_>>()?;
            let pick = |f: fn(&Interval) -> f64| bars.iter().map(f).collect::<Vec<_>>();
            let (middle, low, high) = (
                pick(|b| b.value),
                pick(|b| b.low.max(0.0)),
                pick(|b| b.high.min(1e3)),
            );
            panel = panel.bars_with_interval(rule.label(), &names, &middle, &low, &high);
        }
        if !shown.is_empty() {
            panels.push(panel);
        }
    }
    let seeds = outcome.seeds().len();
    let counts = Figure::new("Bumps in the alignment of learned and target vectors")
        .panels(panels)
        .note(format!(
            "A bump: a cosine that rises, falls by {} or more and rises again. Means over {seeds} seeds with 95 % intervals.",
            settings.fall
        ));
    Ok(Figures::new()
        .with("bumps", counts)
        .with("example", example(settings, outcome)?)
        .with("second-s", second_s(settings, outcome)?))
}

/// The cosine of one learned vector with one target vector over the steps.
struct Pair {
    vector: i64,
    target: i64,
    steps: Vec<f64>,
    cosine: Vec<f64>,
}

/// All pairs of one run's rows.
fn pairs(rows: &Table) -> Result<Vec<Pair>> {
    let mut all = Vec::new();
    for vector in rows.distinct("vector")? {
        for target in rows.distinct("target")? {
            let one = rows
                .rows_where("vector", vector)?
                .rows_where("target", target)?;
            all.push(Pair {
                vector,
                target,
                steps: one.f64s("step")?,
                cosine: one.f64s("cosine")?,
            });
        }
    }
    Ok(all)
}

/// Of the first seeds, for each optimizer the one with most bumps.
fn example(settings: &RankTwoBumps, outcome: &Outcome) -> Result<Figure> {
    let cosines = outcome.table("cosines")?;
    let mut panels = Vec::new();
    for rule in Rule::ALL {
        let mine = cosines
            .rows_where("optimizer", rule.name())?
            .rows_where("side", "a")?;
        let mut best: Option<(usize, i64)> = None;
        for seed in mine.distinct("seed")? {
            let all = pairs(&mine.rows_where("seed", seed)?)?;
            let count = all
                .iter()
                .map(|p| curve::bumps(&p.cosine, settings.rule()))
                .sum();
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, seed));
            }
        }
        let Some((count, seed)) = best else { continue };
        let mut panel = Panel::new(format!("{}, seed {seed}, bumps: {count}", rule.label()))
            .x("step")
            .y("cos(ã_{k}, a_{j}), by its final sign")
            .log_x();
        for Pair {
            vector: k,
            target: j,
            steps,
            cosine,
        } in pairs(&mine.rows_where("seed", seed)?)?
        {
            let (x, y): (Vec<f64>, Vec<f64>) =
                steps.iter().zip(&cosine).filter(|(s, _)| **s > 0.0).unzip();
            panel = panel.line(format!("k = {}, j = {}", k + 1, j + 1), &x, &y);
        }
        panels.push(panel);
    }
    Ok(Figure::new(format!(
        "Examples with most bumps, r = {}",
        settings.ranks[0]
    ))
    .panels(panels)
    .note("Of the first 16 seeds, that with the most bumps: an example, not a typical run."))
}

fn second_s(settings: &RankTwoBumps, outcome: &Outcome) -> Result<Figure> {
    let losses = outcome.table("losses")?;
    let mut panel = Panel::new("")
        .x("time t × σ_{1}")
        .y("loss L / L_{0}")
        .log_x()
        .log_y()
        .y_range(1e-6, 4.0);
    let (t, loss) = median_after_zero(&losses.rows_where("target", "gaussian")?, "t", "loss")?;
    panel = panel.line("Gaussian target", &t, &loss);
    let orthogonal = losses.rows_where("target", "orthogonal")?;
    for &gap in &settings.gaps {
        let (t, loss) = median_after_zero(&orthogonal.rows_where("gap", gap)?, "t", "loss")?;
        panel = panel.line(format!("σ_{{1}}/σ_{{2}} = {gap}"), &t, &loss);
    }
    Ok(
        Figure::new("A second S comes from a gap between singular values, not from symmetry")
            .panel(panel)
            .note("Rank 2, gradient descent; medians over the first 16 seeds."),
    )
}

struct Runs(Table);

impl Runs {
    /// A column for a configuration, in the order of the seeds.
    fn of(&self, rank: usize, rule: Rule, speed: &str, column: &str) -> Result<Vec<f64>> {
        let rows = self
            .0
            .rows_where("rank", rank)?
            .rows_where("optimizer", rule.name())?;
        rows.rows_where("speed", speed)?.f64s(column)
    }

    /// Mean bumps per vector of the three optimizers, in words.
    fn means(&self, rank: usize, speed: &str) -> Result<String> {
        let one = |rule: Rule| -> Result<String> {
            let m = stats::mean(&self.of(rank, rule, speed, "bumps")?);
            let rate = self.of(rank, rule, speed, "rate")?;
            Ok(format!(
                "{} {:.3} [{:.3}, {:.3}] at rate {:.3}",
                rule.name(),
                m.value,
                m.low,
                m.high,
                rate.first().copied().unwrap_or(f64::NAN)
            ))
        };
        Ok(Rule::ALL
            .map(one)
            .into_iter()
            .collect::<Result<Vec<_>>>()?
            .join(", "))
    }

    fn difference(&self, rank: usize, speed: &str) -> Result<(Interval, String)> {
        let (adam, gd) = (
            self.of(rank, Rule::Adam, speed, "bumps")?,
            self.of(rank, Rule::Descent, speed, "bumps")?,
        );
        let paired: Vec<f64> = adam.iter().zip(&gd).map(|(a, g)| a - g).collect();
        let diverged = paired.iter().filter(|d| d.is_nan()).count();
        let note = format!(
            "Mann–Whitney {}; bumps per vector: {}; {diverged} seeds with a diverged run",
            p_value(&adam, &gd),
            self.means(rank, speed)?
        );
        Ok((stats::mean(&paired), note))
    }
}

const SOURCE: &str = "comments";

pub(super) fn measure(settings: &RankTwoBumps, outcome: &Outcome) -> Result<Claims> {
    let runs = Runs(outcome.table("runs")?);
    let mut claims = Vec::new();
    let first = settings.ranks[0];
    let backoffs = runs.of(first, Rule::Descent, "tuned", "backoffs")?;
    let some = |v: &[f64]| {
        stats::share(
            v.iter().filter(|x| **x > 0.0).count(),
            v.iter().filter(|x| x.is_finite()).count(),
        )
    };
    let (share, bumpy) = (
        some(&backoffs),
        some(&runs.of(first, Rule::Descent, "tuned", "bumps")?),
    );
    claims.push(
        Claim::new(
            "common",
            SOURCE,
            "a bump, one vector backing off from a target, does not happen in all rank-2 cases but is relatively common",
            "share of gradient descent's runs with a cosine that rises and then falls by 0.05: above 0.1, and not all",
            share,
        )
        .verdict(if share.value < 1.0 {
            Verdict::above(share, 0.1)
        } else {
            Verdict::Inconclusive
        })
        .note(format!("r = {first}; share of runs with a bump proper, which also rises again: {bumpy}")),
    );
    for &rank in &settings.ranks {
        let (difference, note) = runs.difference(rank, "tuned")?;
        claims.push(
            Claim::new(
                &format!("more-with-adam-{rank}"),
                SOURCE,
                "more bumps with Adam than with SGD",
                &format!("bumps per vector at r = {rank}, Adam less gradient descent of the same seed: above 0"),
                difference,
            )
            .verdict(Verdict::above(difference, 0.0))
            .note(format!("tuned rates; {note}")),
        );
    }
    for &rank in settings
        .slow_ranks
        .iter()
        .filter(|r| settings.ranks.contains(r))
    {
        let (difference, note) = runs.difference(rank, "slow")?;
        claims.push(
            Claim::new(
                &format!("more-with-adam-slow-{rank}"),
                SOURCE,
                "more bumps with Adam than with SGD, at smaller rates",
                &format!(
                    "the same at r = {rank} and {} of the tuned rates: above 0",
                    settings.slow
                ),
                difference,
            )
            .verdict(Verdict::above(difference, 0.0))
            .note(note),
        );
    }
    let adam = runs.of(first, Rule::Adam, "tuned", "bumps")?;
    let relative = |v: &[f64]| {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        (v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / v.len() as f64).sqrt() / mean
    };
    let variation = stats::bootstrap(&adam, relative, 1000);
    claims.push(
        Claim::new(
            "varies",
            SOURCE,
            "the number of bumps varies significantly by random seed",
            "standard deviation over seeds above half of the mean",
            variation,
        )
        .verdict(Verdict::above(variation, 0.5))
        .note(format!("Adam, r = {first}; bootstrap interval")),
    );
    claims.extend(second_s_claims(settings, &outcome.table("gaps")?)?);
    Ok(Claims(claims))
}

fn second_s_claims(settings: &RankTwoBumps, gaps: &Table) -> Result<Vec<Claim>> {
    const STATEMENT: &str = "at rank 2 breaking the symmetry adds another S to the loss";
    let two = |rows: &Table| -> Result<Interval> {
        let plateaus = rows.i64s("plateaus")?;
        Ok(stats::share(
            plateaus.iter().filter(|p| **p >= 2).count(),
            plateaus.len(),
        ))
    };
    let gaussian = gaps.rows_where("target", "gaussian")?;
    let ratios = stats::median(&gaussian.f64s("gap")?);
    let orthogonal = gaps.rows_where("target", "orthogonal")?;
    let ratio = orthogonal.f64s("gap")?;
    let plateaus = orthogonal.i64s("plateaus")?;
    let at = |gap: f64| {
        let here: Vec<i64> = ratio
            .iter()
            .zip(&plateaus)
            .filter(|(r, _)| (**r / gap - 1.0).abs() < 1e-6)
            .map(|(_, p)| *p)
            .collect();
        stats::share(here.iter().filter(|p| **p >= 2).count(), here.len())
    };
    let smallest = settings.gaps.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = settings.gaps.iter().copied().fold(0.0, f64::max);
    let all: Vec<String> = settings
        .gaps
        .iter()
        .map(|g| format!("{:.2} at {g}", at(*g).value))
        .collect();
    let expected = "share of runs with two plateaus or more: above ½";
    let (share, equal, apart) = (two(&gaussian)?, at(smallest), at(largest));
    Ok(vec![
        Claim::new("second-s", SOURCE, STATEMENT, expected, share)
            .verdict(Verdict::above(share, 0.5))
            .note(format!("Gaussian targets, σ₁/σ₂ {ratios}; gradient descent, plateaus above 0.005 L₀")),
        Claim::new("second-s-equal", SOURCE, STATEMENT, &format!("the same for orthogonal targets with σ₁/σ₂ = {smallest}"), equal)
            .verdict(Verdict::above(equal, 0.5))
            .note("the loss knows A alone, which is the same for every rotation of its factors: nothing has to be chosen"),
        Claim::new("second-s-gap", SOURCE, "(in its place) a gap between the singular values adds another S", &format!("the same for σ₁/σ₂ = {largest}"), apart)
            .verdict(Verdict::above(apart, 0.5))
            .note(format!("share of runs with two plateaus by σ₁/σ₂: {}", all.join(", "))),
    ])
}
