//! Claims and figures of weighted tokens.

use super::{BEST, HardTokens};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::median_after_zero;
use crate::figure::{Figure, Figures, Panel};
use crate::stats::{self, Interval};

const SOURCE: &str = "§4.3, Fig. 14";

/// Below this share of the text a token counts as rare, from ten times that on as frequent.
const RARE: f64 = 1e-3;

/// Validation losses at the end with weights in this share of the steps.
fn losses(outcome: &Outcome, share: f64) -> Result<Vec<f64>> {
    outcome
        .table("runs")?
        .rows_where("share", share)?
        .f64s("loss")
}

/// How much lower the validation loss is than without weights, seed by seed.
fn gains(outcome: &Outcome, share: f64) -> Result<Vec<f64>> {
    let (plain, own) = (losses(outcome, 0.0)?, losses(outcome, share)?);
    Ok(plain.iter().zip(own).map(|(p, x)| p - x).collect())
}

/// The mean loss of the tokens of some bands, seed by seed.
fn pooled(outcome: &Outcome, share: f64, of: impl Fn(f64) -> bool) -> Result<Vec<f64>> {
    let bands = outcome.table("bands")?.rows_where("share", share)?;
    outcome
        .seeds()
        .iter()
        .map(|seed| {
            let rows = bands.rows_where("seed", *seed as i64)?;
            let (low, n, loss) = (rows.f64s("low")?, rows.i64s("tokens")?, rows.f64s("loss")?);
            let (mut count, mut sum) = (0, 0.0);
            for ((low, n), loss) in low.iter().zip(n).zip(loss) {
                if of(*low) && n > 0 {
                    count += n;
                    sum += n as f64 * loss;
                }
            }
            Ok(sum / count as f64)
        })
        .collect()
}

fn pooled_gain(outcome: &Outcome, share: f64, of: fn(f64) -> bool) -> Result<Vec<f64>> {
    let (plain, own) = (pooled(outcome, 0.0, of)?, pooled(outcome, share, of)?);
    Ok(plain.iter().zip(own).map(|(p, x)| p - x).collect())
}

fn rare(low: f64) -> bool {
    low < 0.99 * RARE
}

fn frequent(low: f64) -> bool {
    low > 9.9 * RARE
}

fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn percent(share: f64) -> String {
    format!("{} %", (1e4 * share).round() / 100.0)
}

/// Shares of weighted steps above 0, in order.
fn weighted(settings: &HardTokens) -> Vec<f64> {
    let mut shares = settings.shares.clone();
    shares.retain(|s| *s > 0.0);
    shares.sort_by(f64::total_cmp);
    shares
}

pub(super) fn measure(settings: &HardTokens, outcome: &Outcome) -> Result<Claims> {
    let shares = weighted(settings);
    let all: Vec<(f64, Vec<f64>)> = shares
        .iter()
        .map(|share| Ok((*share, gains(outcome, *share)?)))
        .collect::<Result<_>>()?;
    let words = |of: &dyn Fn(&[f64]) -> Interval| {
        let each = all
            .iter()
            .map(|(share, gains)| format!("A = {}: {}", percent(*share), of(gains)));
        each.collect::<Vec<_>>().join("; ")
    };
    let plain = stats::mean(&losses(outcome, 0.0)?);
    let best = gains(outcome, BEST)?;
    let mut claims = vec![
        Claim::new(
            "gain",
            SOURCE,
            "focusing on hard examples for the first 2k of 10k steps lowers the validation loss",
            "nats by which the loss is lower with A = 20 %: above 0",
            stats::mean(&best),
        )
        .verdict(Verdict::above(stats::mean(&best), 0.0))
        .note(format!(
            "loss without weights {plain}; gains by A, paired by seed: {}",
            words(&stats::mean)
        )),
    ];
    let rival = all
        .iter()
        .filter(|(share, _)| *share != BEST)
        .max_by(|a, b| stats::mean(&a.1).value.total_cmp(&stats::mean(&b.1).value));
    if let Some((share, gains)) = rival {
        let ahead = stats::mean(&less(&best, gains));
        claims.push(
            Claim::new(
                "most",
                SOURCE,
                "focusing on hard examples for the first 2k of 10k steps yields the most speedup",
                &format!(
                    "gain with A = 20 % less that of the best other A, {}: above 0",
                    percent(*share)
                ),
                ahead,
            )
            .verdict(Verdict::above(ahead, 0.0))
            .note(format!("gains by A: {}", words(&stats::mean))),
        );
    }
    let always = gains(outcome, 1.0)?;
    let more = stats::mean(&less(&always, &best));
    claims.push(
        Claim::new(
            "too-long",
            SOURCE,
            "further increasing weighting steps can reduce improvement",
            "gain with weights all along less that with A = 20 %: below 0",
            more,
        )
        .verdict(Verdict::below(more, 0.0))
        .note("the loss that is compared is the one without weights: weights all along minimise another"),
    );
    let all_along = stats::mean(&always);
    claims.push(
        Claim::new(
            "slower",
            SOURCE,
            "… or even slow down training",
            "gain with weights all along: below 0",
            all_along,
        )
        .verdict(Verdict::below(all_along, 0.0))
        .note(format!("without weights {plain}")),
    );
    claims.push(order(outcome)?);
    claims.extend(by_frequency(outcome, &shares)?);
    Ok(Claims(claims))
}

fn order(outcome: &Outcome) -> Result<Claim> {
    let ordered = outcome
        .table("runs")?
        .rows_where("share", 0.0)?
        .f64s("ordered")?;
    let mean = stats::mean(&ordered);
    let verdict = match Verdict::above(mean, 0.99) {
        // More often than by chance, but not always.
        Verdict::Fails if mean.above(0.5) => Verdict::Differs,
        verdict => verdict,
    };
    Ok(Claim::new(
        "order",
        "§4.3",
        "a less frequent skill always has higher losses than a more frequent one, given a fixed step",
        "tokens in place of skills: share of pairs whose rarer one has the higher loss at the end, without weights: above 0.99",
        mean,
    )
    .verdict(verdict)
    .note("tokens with at least 20 occurrences in the validation text; 0.5 would be no order at all. A loss stands for a frequency only as far as this goes"))
}

fn by_frequency(outcome: &Outcome, shares: &[f64]) -> Result<[Claim; 3]> {
    let (few, many) = (
        pooled_gain(outcome, BEST, rare)?,
        pooled_gain(outcome, BEST, frequent)?,
    );
    let each = shares.iter().map(|share| {
        let (few, many) = (
            stats::mean(&pooled_gain(outcome, *share, rare)?),
            stats::mean(&pooled_gain(outcome, *share, frequent)?),
        );
        Ok(format!(
            "A = {}: rare {few}, frequent {many}",
            percent(*share)
        ))
    });
    let each = each.collect::<Result<Vec<_>>>()?.join("; ");
    let always = stats::mean(&pooled_gain(outcome, 1.0, rare)?);
    let paid = stats::mean(&pooled_gain(outcome, 1.0, frequent)?);
    let (gain, ahead) = (stats::mean(&few), stats::mean(&less(&few, &many)));
    Ok([
        Claim::new(
            "rare",
            "§4.3",
            "a larger weight on what is rare counteracts its rareness: rare tokens gain",
            "nats by which the loss of tokens below 0.1 % of the text is lower with A = 20 %: above 0",
            gain,
        )
        .verdict(Verdict::above(gain, 0.0))
        .note(each),
        Claim::new(
            "rare-always",
            "§4.3",
            "a larger weight on what is rare counteracts its rareness, while it lasts",
            "nats by which the loss of tokens below 0.1 % of the text is lower with weights all along: above 0",
            always,
        )
        .verdict(Verdict::above(always, 0.0))
        .note(format!("gain of tokens above 1 % of the text: {paid}")),
        Claim::new(
            "rare-more",
            "§4.3",
            "weights on hard tokens help the rare ones more than the frequent ones",
            "that gain less the gain of tokens above 1 % of the text: above 0",
            ahead,
        )
        .verdict(Verdict::above(ahead, 0.0))
        .note("ours: the paper shows the loss over all tokens alone"),
    ])
}

pub(super) fn draw(settings: &HardTokens, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-14", published(settings, outcome)?)
        .with("frequency", frequency(settings, outcome)?))
}

fn with_intervals(panel: Panel, label: &str, x: &[f64], y: &[Interval]) -> Panel {
    let pick = |f: fn(&Interval) -> f64| y.iter().map(f).collect::<Vec<f64>>();
    panel
        .line(label, x, &pick(|y| y.value))
        .band("", x, &pick(|y| y.low), &pick(|y| y.high))
}

fn published(settings: &HardTokens, outcome: &Outcome) -> Result<Figure> {
    let curves = outcome.table("curves")?;
    let mut left = Panel::new("learning curves")
        .x("step")
        .y("validation loss, nats a token")
        .log_x();
    for (share, name) in [
        (0.0, "uniform"),
        (BEST, "hard tokens, A = 20 %"),
        (1.0, "hard tokens, all along"),
    ] {
        let (step, loss) = median_after_zero(&curves.rows_where("share", share)?, "step", "loss")?;
        left = left.line(name, &step, &loss);
    }
    let left = left.v_line(BEST * settings.steps as f64, "A");
    let mut shares = weighted(settings);
    shares.insert(0, 0.0);
    let gained: Vec<Interval> = shares
        .iter()
        .map(|share| Ok(stats::mean(&gains(outcome, *share)?)))
        .collect::<Result<_>>()?;
    let right = Panel::new("at the end")
        .x("A / steps")
        .y("decrease of the validation loss, nats");
    let right = with_intervals(right, "", &shares, &gained).h_line(0.0, "");
    Ok(Figure::new("Fig. 14: what it does to a GPT to weight hard tokens for the first A steps")
        .columns(2)
        .panel(left)
        .panel(right)
        .note(format!(
            "{} parameters, {} tokens a step. Left: medians over {} seeds. Right: paired by seed, 95 % intervals.",
            settings.net().len(),
            settings.batch * settings.parts * settings.block,
            outcome.seeds().len()
        )))
}

fn frequency(settings: &HardTokens, outcome: &Outcome) -> Result<Figure> {
    let bands = outcome.table("bands")?;
    let first = bands.rows_where("share", 0.0)?;
    let first = first.rows_where("seed", outcome.seeds().first().copied().unwrap_or(0) as i64)?;
    let (low, tokens) = (first.f64s("low")?, first.i64s("tokens")?);
    let kept: Vec<usize> = (0..low.len()).filter(|i| tokens[*i] > 0).collect();
    let label = |i: usize| match (i, low[i]) {
        (0, low) => format!("≥ {}", percent(low)),
        (_, 0.0) => format!("< {}", percent(low[i - 1])),
        (_, low) => format!("≥ {}", percent(low)),
    };
    let labels: Vec<String> = kept.iter().map(|i| label(*i)).collect();
    let of = |share: f64, i: usize| -> Result<Vec<f64>> {
        bands
            .rows_where("share", share)?
            .rows_where("band", i as i64)?
            .f64s("loss")
    };
    let mut loss = Panel::new("without weights")
        .x("share of the training text")
        .y("loss, nats a token");
    let mut gain = Panel::new("with weights")
        .x("share of the training text")
        .y("decrease of the loss, nats");
    let bars = |panel: Panel, name: &str, values: Vec<Interval>| {
        let pick = |f: fn(&Interval) -> f64| values.iter().map(f).collect::<Vec<f64>>();
        panel.bars_with_interval(
            name,
            &labels,
            &pick(|v| v.value),
            &pick(|v| v.low),
            &pick(|v| v.high),
        )
    };
    let plain = kept.iter().map(|i| Ok(stats::mean(&of(0.0, *i)?)));
    loss = bars(loss, "uniform", plain.collect::<Result<_>>()?);
    for share in weighted(settings) {
        let gained = kept
            .iter()
            .map(|i| Ok(stats::mean(&less(&of(0.0, *i)?, &of(share, *i)?))));
        gain = bars(
            gain,
            &format!("A = {}", percent(share)),
            gained.collect::<Result<_>>()?,
        );
    }
    Ok(
        Figure::new("Rare tokens have the higher losses; what weights give to each")
            .columns(2)
            .panel(loss)
            .panel(gain.h_line(0.0, ""))
            .note(format!(
                "At the end; 95 % intervals over {} seeds.",
                outcome.seeds().len()
            )),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn bands_are_rare_or_frequent() {
        assert!([0.0, 1e-4].into_iter().all(super::rare));
        assert!([1e-2, 1e-1].into_iter().all(super::frequent));
        assert!(!super::rare(1e-3) && !super::frequent(1e-3));
    }
}
