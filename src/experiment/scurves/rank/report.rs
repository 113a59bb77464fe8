//! Figures and claims of the rank sweep.

use super::{Rank, TAIL};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::median_after_zero;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) fn draw(settings: &Rank, outcome: &Outcome) -> Result<Figures> {
    let (curves, runs) = (outcome.table("curves")?, outcome.table("runs")?);
    let of = settings.ranks.len();
    let axis = "time t × σ_{1}";
    let mut loss = Panel::new("Loss: the rest at L_{0} shortens")
        .x(axis)
        .y("loss L / L_{0}")
        .log_x()
        .log_y()
        .y_range(1e-8, 4.0);
    let mut norm = Panel::new("Norms dip less")
        .x(axis)
        .y("mean ‖ã_{k}‖ / ‖a_{k}‖")
        .log_x();
    let mut cosine = Panel::new("Vectors align less")
        .x(axis)
        .y("mean best |cos(ã_{k}, a_{j})|")
        .log_x()
        .y_range(0.0, 1.0);
    for (i, &rank) in settings.ranks.iter().enumerate() {
        let rows = curves.rows_where("rank", rank)?;
        let label = format!("r = {rank}");
        for (panel, y) in [
            (&mut loss, "loss"),
            (&mut norm, "norm"),
            (&mut cosine, "cosine"),
        ] {
            let (t, median) = median_after_zero(&rows, "t", y)?;
            *panel = std::mem::take(panel).line_ordered(&label, i, of, &t, &median);
        }
    }
    let seeds = outcome.seeds().len();
    let sweep = Figure::new("Rank sweep: from decay, plateau and drop to one long power law")
        .panels(vec![loss, norm, cosine])
        .note(format!("Medians over {seeds} seeds, n = {}.", settings.n));

    let axis = "rank r";
    let mut length = Panel::new("Plateau")
        .x(axis)
        .y("length, in 1/σ_{1}")
        .log_x();
    let mut apart = Panel::new("Modes and vectors are learned apart")
        .x(axis)
        .y("ln t_{90} / t_{10}")
        .log_x();
    let mut gram = Panel::new("What decays")
        .x(axis)
        .y("share of the start")
        .log_x()
        .y_range(0.0, 1.05);
    for (column, label) in [
        ("plateau", "plateau length"),
        ("dwell", "time from 1.1 to 0.9 L_{0}"),
    ] {
        length = points(length, settings, &runs, column, label)?;
    }
    for (column, label) in [
        ("spread_modes", "modes of A"),
        ("spread_vectors", "vectors ã_{k}, regrowth"),
    ] {
        apart = points(apart, settings, &runs, column, label)?;
    }
    for (column, label) in [
        ("norm_dip", "least ‖ã‖"),
        (
            "gram_start",
            "least eigenvalue of the Gram matrix, at the start",
        ),
    ] {
        gram = points(gram, settings, &runs, column, label)?;
    }
    let summary = Figure::new("With the rank the plateau goes, and the modes' times come apart")
        .panels(vec![length, apart, gram])
        .note(format!("Medians over {seeds} seeds with 95 % intervals."));
    Ok(Figures::new()
        .with("sweep", sweep)
        .with("summary", summary)
        .with("vectors", vectors(settings, outcome)?))
}

/// Single vectors of the first seed, as the post draws them.
fn vectors(settings: &Rank, outcome: &Outcome) -> Result<Figure> {
    let table = outcome
        .table("vectors")?
        .rows_where("seed", outcome.seeds()[0])?;
    let full = settings.ranks.last().copied().unwrap_or(1);
    let mut panels = Vec::new();
    for rank in [2, 10, full] {
        let rows = table.rows_where("rank", rank)?;
        if rows.height() == 0 || (rank == full && !panels.is_empty() && full <= 10) {
            continue;
        }
        let mut panel = Panel::new(format!("r = {rank}"))
            .x("time t × σ_{1}")
            .y("best |cos(ã_{k}, a_{j})| (line), ‖ã_{k}‖/‖a_{k}‖ (dots)")
            .log_x()
            .y_range(0.0, 1.3);
        for k in rows.distinct("vector")? {
            let one = rows.rows_where("vector", k)?;
            let style = Style::new().cycle(k as usize);
            for (column, dash) in [("cosine", Dash::Solid), ("norm", Dash::Dotted)] {
                let (t, curve) = median_after_zero(&one, "t", column)?;
                panel = panel.line_styled(
                    format!("k = {}, {column}", k + 1),
                    &t,
                    &curve,
                    style.dash(dash),
                );
            }
        }
        panels.push(panel);
    }
    Ok(Figure::new(
        "Single vectors: norms dip and return, and only at low rank do they end near one target",
    )
    .panels(panels)
    .note("One seed; up to four vectors of each rank."))
}

/// The median over seeds of a column of `runs` against the rank.
fn points(panel: Panel, settings: &Rank, runs: &Table, column: &str, label: &str) -> Result<Panel> {
    let ranks: Vec<f64> = settings.ranks.iter().map(|r| *r as f64).collect();
    let at = |r: &usize| Ok(stats::median(&runs.rows_where("rank", *r)?.f64s(column)?));
    let values: Vec<Interval> = settings.ranks.iter().map(at).collect::<Result<_>>()?;
    let pick = |f: fn(&Interval) -> f64| values.iter().map(f).collect::<Vec<_>>();
    // With few seeds the interval of a median has no ends: the point stands alone.
    let low = pick(|v| if v.low.is_finite() { v.low } else { v.value });
    let high = pick(|v| if v.high.is_finite() { v.high } else { v.value });
    let middle = pick(|v| v.value);
    Ok(panel
        .error_bars(label, &ranks, &middle, &low, &high)
        .line(label, &ranks, &middle))
}

/// Columns of `runs` by rank.
struct Runs {
    runs: Table,
    ranks: Vec<i64>,
    n: usize,
}

impl Runs {
    fn at(&self, rank: i64, column: &str) -> Result<Vec<f64>> {
        self.runs.rows_where("rank", rank)?.f64s(column)
    }

    /// The slope of `column` against ln r over all runs.
    fn slope(&self, column: &str) -> Result<Interval> {
        let x: Vec<f64> = self.runs.f64s("rank")?.iter().map(|r| r.ln()).collect();
        Ok(stats::linear_fit(&x, &self.runs.f64s(column)?).slope)
    }

    /// The medians by rank, in words.
    fn medians(&self, column: &str) -> Result<String> {
        let one = |r: &i64| {
            Ok(format!(
                "{:.3} at r = {r}",
                stats::quantile(&self.at(*r, column)?, 0.5)
            ))
        };
        let all: Vec<String> = self.ranks.iter().map(one).collect::<Result<_>>()?;
        Ok(all.join(", "))
    }

    /// The share of runs at `rank` with the tail law `law`.
    fn tail(&self, rank: i64, law: &str) -> Result<Interval> {
        let laws = self.runs.rows_where("rank", rank)?.strs("tail")?;
        Ok(stats::share(
            laws.iter().filter(|l| *l == law).count(),
            laws.len(),
        ))
    }

    /// The rank of the sweep that is nearest to `rank`.
    fn near(&self, rank: i64) -> i64 {
        let distance = |r: &&i64| (((**r) as f64).ln() - (rank as f64).ln()).abs();
        let nearest = self
            .ranks
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.copied().unwrap_or(rank)
    }
}

pub(super) fn measure(settings: &Rank, outcome: &Outcome) -> Result<Claims> {
    let runs = outcome.table("runs")?;
    let ranks = runs.distinct("rank")?;
    let runs = Runs {
        runs,
        ranks,
        n: settings.n,
    };
    let mut claims = plateau_claims(&runs)?;
    claims.extend(decay_claims(&runs)?);
    claims.extend(end_claims(&runs)?);
    Ok(Claims(claims))
}

const HIGH: &str = "High-rank learning";

fn plateau_claims(runs: &Runs) -> Result<Vec<Claim>> {
    let dwell = runs.slope("dwell")?;
    let medians = runs.medians("dwell")?;
    let mut claims = vec![
        Claim::new(
            "plateau-shortens",
            HIGH,
            "as the rank rises the plateau shortens",
            "time from 1.1 to 0.9 L₀ against ln r: slope < 0",
            dwell,
        )
        .verdict(Verdict::below(dwell, 0.0))
        .note(format!(
            "in 1/σ₁, over all runs; medians {medians}; plateau lengths {}",
            runs.medians("plateau")?
        )),
    ];
    let (low, ten) = (runs.near(2), runs.near(10));
    let paired = |column: &str| -> Result<Vec<f64>> {
        let (a, b) = (runs.at(ten, column)?, runs.at(low, column)?);
        Ok(a.iter().zip(&b).map(|(a, b)| a - b).collect())
    };
    let longer = stats::median(&paired("plateau")?);
    let rest = stats::median(&paired("dwell")?);
    let width = stats::median(&paired("width")?);
    claims.push(
        Claim::new(
            "plateau-extended",
            HIGH,
            "rank 10 has a similar phenomenology with a more extended plateau",
            &format!("plateau length at r = {ten} less that at r = {low} above 0 (in 1/σ₁, same seed)"),
            longer,
        )
        .verdict(Verdict::above(longer, 0.0))
        .note(format!(
            "median of paired differences; time from 1.1 to 0.9 L₀: {rest}; what does grow is the drop, from 0.9 to 0.1 L₀: longer by {width}"
        )),
    );
    let full = *runs.ranks.last().unwrap_or(&1);
    let lengths = runs.at(full, "plateau")?;
    let none = stats::share(lengths.iter().filter(|l| **l == 0.0).count(), lengths.len());
    claims.push(
        Claim::new(
            "full-rank-no-plateau",
            HIGH,
            "full rank has no plateau",
            "share of runs without a plateau above L₀/10: more than ½",
            none,
        )
        .verdict(Verdict::above(none, 0.5))
        .note(format!(
            "r = {full}; a plateau is a trough of −d ln L/dt at least three times below its sides"
        )),
    );
    let apart = runs.slope("spread_modes")?;
    let vectors = runs.slope("spread_vectors")?;
    claims.push(
        Claim::new(
            "smeared",
            HIGH,
            "vectors are learned at different rates, so that a higher rank smears the transition out",
            "ln(t₉₀/t₁₀) of the modes' learning times against ln r: slope > 0",
            apart,
        )
        .verdict(Verdict::above(apart, 0.0))
        .note(format!(
            "a mode u_kᵀÃv_k/σ_k is learned when it stays within ½ of 1; medians {}; the same slope for the regrowth of ‖ã_k‖: {vectors}",
            runs.medians("spread_modes")?
        )),
    );
    Ok(claims)
}

fn decay_claims(runs: &Runs) -> Result<Vec<Claim>> {
    let ten = runs.near(10);
    let ratio = |r: i64| -> Result<Vec<f64>> {
        let (least, start) = (runs.at(r, "gram_least")?, runs.at(r, "gram_start")?);
        Ok(least.iter().zip(&start).map(|(l, s)| l / s).collect())
    };
    let decays = stats::median(&ratio(ten)?);
    let start = stats::median(&runs.at(ten, "gram_start")?);
    let full = *runs.ranks.last().unwrap_or(&1);
    Ok(vec![
        Claim::new(
            "undecaying-part",
            HIGH,
            "parts of ã outside the span of b̃ do not decay, more of them at low rank",
            &format!("at r = {ten} the smallest eigenvalue of b̃ᵀb̃ at the start is 0, and that of the decaying factor stays"),
            start,
        )
        .verdict(if start.low > 0.05 { Verdict::Fails } else { Verdict::Inconclusive })
        .note(format!(
            "measured: that eigenvalue over the mean ‖b̃_k‖²; (1 − √(r/n))² predicts {:.3}. b̃ᵀb̃ is r × r and of full rank, so every part of ã decays: before the \
             loss is L₀/2 the smallest eigenvalue falls to {decays} of its start. It is at high rank that b̃ᵀb̃ is nearly singular: {}",
            (1.0 - (ten as f64 / runs.n as f64).sqrt()).powi(2),
            runs.medians("gram_start")?
        )),
        {
            let dip = runs.slope("norm_dip")?;
            let at_full = stats::median(&runs.at(full, "norm_dip")?);
            Claim::new(
                "more-decay-at-high-rank",
                HIGH,
                "there is more exponential decay at rank 100 than at rank 10",
                "least ‖ã‖ over its start against ln r: slope < 0",
                dip,
            )
            .verdict(Verdict::below(dip, 0.0))
            .note(format!("at full rank ‖ã‖ only falls to {at_full} of its start; medians {}", runs.medians("norm_dip")?))
        },
    ])
}

fn end_claims(runs: &Runs) -> Result<Vec<Claim>> {
    let full = *runs.ranks.last().unwrap_or(&1);
    let (two, ten) = (runs.near(2), runs.near(10));
    let law = runs.tail(full, "power law")?;
    let exponent = stats::mean(&runs.at(full, "exponent")?);
    let from = stats::quantile(&runs.at(full, "tail_from")?, 0.5);
    let to = stats::quantile(&runs.at(full, "tail_to")?, 0.5);
    let low = runs.tail(two, "exponential")?;
    let parallel = stats::mean(&runs.at(full, "cosine")?);
    let angle = stats::median(&runs.at(ten, "angle")?);
    Ok(vec![
        Claim::new("power-law-tail", HIGH, "at full rank the loss ends in a power law", "share of runs whose tail is rather a power law: more than ½", law)
            .verdict(Verdict::above(law, 0.5))
            .note(format!("both laws fitted below {} L₀, σ₁t from {from:.0} to {to:.0}; exponent {exponent}", TAIL.0)),
        Claim::new(
            "exponential-tail",
            "Low-rank learning",
            "at low rank learning levels off like a logistic",
            &format!("share of runs at r = {two} whose tail is rather an exponential: more than ½"),
            low,
        )
        .verdict(Verdict::above(low, 0.5))
        .note(format!("both laws fitted between {} and {} L₀", TAIL.0, TAIL.1)),
        Claim::new("not-parallel", HIGH, "the final vectors are not parallel to the targets", "mean best |cos(ã_k, a_j)| at full rank below 0.9", parallel)
            .verdict(Verdict::below(parallel, 0.9))
            .note(format!("means by rank {}", runs.medians("cosine")?)),
        Claim::new("same-span", HIGH, "they span the same space as the targets", &format!("largest principal angle at r = {ten}, at the end, below 1e-3 rad"), angle)
            .verdict(Verdict::below(angle, 1e-3))
            .note(format!("at full rank any span is the whole space; at the start the angle is near π/2; medians at the end {}", runs.medians("angle")?)),
    ])
}
