//! Figures and claims of learnability.

use super::super::numbers::{mean_within, numbers, worst};
use super::{FewSamples, MAPS};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Figure, Figures, Panel};
use crate::stats::{self, Interval};

fn title(map: &str) -> &'static str {
    match map {
        "equal" => "Gaussian features, equal",
        "power" => "Gaussian features, power law",
        "relu" => "random rectified layer",
        _ => "sines of one number",
    }
}

/// One feature at one n: theory, and what training sets gave.
struct Mode {
    k: f64,
    theory: f64,
    alone: Interval,
    among_others: Interval,
}

fn modes(outcome: &Outcome, map: &str, n: usize) -> Result<Vec<Mode>> {
    let of = |table: &str| {
        outcome
            .table(table)?
            .rows_where("map", map)?
            .rows_where("samples", n as i64)
    };
    let (theory, found) = (of("theory")?, of("modes")?);
    let (k, expected) = (theory.f64s("k")?, theory.f64s("learnability")?);
    let (at, alone, others) = (
        found.f64s("k")?,
        found.f64s("learned")?,
        found.f64s("among_others")?,
    );
    let mean = |k: f64, values: &[f64]| {
        let own = at.iter().zip(values).filter(|(at, _)| **at == k);
        stats::mean(&own.map(|(_, v)| *v).collect::<Vec<_>>())
    };
    let pairs = k.iter().zip(expected);
    Ok(pairs
        .map(|(k, theory)| Mode {
            k: *k,
            theory,
            alone: mean(*k, &alone),
            among_others: mean(*k, &others),
        })
        .collect())
}

/// Root mean square over features of mean − theory, in standard errors; and the largest difference.
fn off(modes: &[Mode], of: fn(&Mode) -> Interval) -> (f64, f64) {
    let (mut square, mut noise, mut largest) = (0.0, 0.0, 0.0f64);
    for mode in modes {
        let found = of(mode);
        let error = (found.high - found.low) / (2.0 * 1.96);
        square += (found.value - mode.theory).powi(2);
        noise += error * error;
        largest = largest.max((found.value - mode.theory).abs());
    }
    ((square / noise).sqrt(), largest)
}

pub(super) fn draw(of: &FewSamples, outcome: &Outcome) -> Result<Figures> {
    let (mut panels, mut scales) = (Vec::new(), Vec::new());
    for map in MAPS {
        let mut panel = Panel::new(title(map))
            .x("k")
            .y("learned share L_{k}")
            .log_x();
        let mut apart = Panel::new(title(map))
            .x("n")
            .y("largest |mean − L_{k}|")
            .log_x()
            .log_y();
        let mut largest = Vec::new();
        for (i, &n) in of.samples.iter().enumerate() {
            let found = modes(outcome, map, n)?;
            let column = |f: &dyn Fn(&Mode) -> f64| found.iter().map(f).collect::<Vec<f64>>();
            let (k, label) = (column(&|m| m.k), format!("n = {n}"));
            panel = panel
                .line_ordered(
                    label.clone(),
                    i,
                    of.samples.len(),
                    &k,
                    &column(&|m| m.theory),
                )
                .scatter(label, &k, &column(&|m| m.alone.value));
            largest.push(off(&found, |m| m.alone).1);
        }
        let n: Vec<f64> = of.samples.iter().map(|n| *n as f64).collect();
        let law: Vec<f64> = n.iter().map(|n| 0.2 / n).collect();
        apart = apart
            .line("training sets", &n, &largest)
            .scatter("training sets", &n, &largest)
            .line("1/n", &n, &law);
        panels.push(panel);
        scales.push(apart);
    }
    Ok(Figures::new()
        .with(
            "learnability",
            Figure::new("ρ/(ρ + κ) (lines) and the mean over training sets (points)")
                .columns(2)
                .panels(panels),
        )
        .with(
            "difference",
            Figure::new("The law is that of many samples, for features without structure")
                .columns(2)
                .panels(scales),
        ))
}

pub(super) fn measure(of: &FewSamples, outcome: &Outcome) -> Result<Claims> {
    let mut claims = Vec::new();
    let last = of.samples[of.samples.len() - 1];
    for map in MAPS {
        let (mut ratios, mut largest) = (Vec::new(), Vec::new());
        for &n in &of.samples {
            let (ratio, far) = off(&modes(outcome, map, n)?, |m| m.alone);
            ratios.push(ratio);
            largest.push(far);
        }
        let ratio = Interval::exact(ratios[ratios.len() - 1], of.seeds as usize);
        let why = match map {
            "sine" => {
                ". Points of a line are often close, their features then nearly coincide, and the smallest modes are learned in place of others: the law is that of features without such structure"
            }
            _ => "",
        };
        claims.push(
            Claim::new(&format!("eq-1.35-{map}"), "Eq. 1.35", &format!("E[⟨f̂|e_k⟩/⟨f*|e_k⟩] = ρ_k/(ρ_k + κ): {}", title(map)), "root mean square difference over k, in standard errors of the mean over training sets, at the most samples: at most 1.5", ratio)
                .verdict(Verdict::below(ratio, 1.5))
                .note(format!("n = {:?}: {}; largest difference in L_k {}{}", of.samples, list(&ratios), list(&largest), why)),
        );
    }
    let (mut ratios, mut bias) = (Vec::new(), Vec::new());
    for &n in &of.samples {
        let all = modes(outcome, "power", n)?;
        ratios.push(off(&all, |m| m.among_others).0);
        let rows = outcome.table("modes")?.rows_where("map", "power")?;
        let found = rows.rows_where("samples", n as i64)?.f64s("among_others")?;
        // The modes of a training set lie together: its mean over them is one number.
        bias.extend(found.chunks_exact(all.len()).map(|set| {
            let differences = set.iter().zip(&all).map(|(f, m)| f - m.theory);
            differences.sum::<f64>() / all.len() as f64
        }));
    }
    let (others, holds) = mean_within(&bias, -0.05, 0.05);
    claims.push(
        Claim::new("among-others", "Eq. 1.35", "the same for a target with all modes: the others add noise and no bias", "learned share − L_k, mean over k, n and training sets: within 0.05 of 0", others)
            .verdict(holds)
            .note(format!("Gaussian features, power law, f* = Σ ± e_j. Root mean square difference over k in standard errors at n = {:?}: {}; it may leave 1 on either side, for single training sets are far noisier than for f* = e_k and the noise of all k moves together", of.samples, list(&ratios))),
    );
    let sets = outcome.table("sets")?;
    let (n, sum) = (sets.f64s("samples")?, sets.f64s("sum")?);
    let names = sets.strs("map")?;
    let apart: Vec<f64> = n
        .iter()
        .zip(&sum)
        .zip(&names)
        .filter(|(_, map)| *map != "sine")
        .map(|((n, s), _)| (s / n - 1.0).abs())
        .collect();
    let apart = worst(&apart);
    claims.push(
        Claim::new("sum", "Eq. 1.35", "Σ_k L_k = n", "largest relative difference in any training set: at most 1e-9", apart)
            .verdict(Verdict::below(apart, 1e-9))
            .note("exact in each training set, not only on average: it is the trace of a projector (all maps but the sines, whose samples may nearly coincide)"),
    );
    let own = sets
        .rows_where("map", "power")?
        .rows_where("samples", last as i64)?;
    let theory = outcome
        .table("theory")?
        .rows_where("map", "power")?
        .rows_where("samples", last as i64)?;
    let kappa = theory.f64s("kappa")?[0];
    let found = stats::mean(
        &own.f64s("kappa")?
            .iter()
            .map(|k| k / kappa)
            .collect::<Vec<_>>(),
    );
    claims.push(
        Claim::new("kappa", "Eq. 1.35", "κ > 0 with Σ ρ_k/(ρ_k + κ) = n", "1/Tr(ΦΦᵀ)⁻¹ of training sets over κ: 0.95 to 1.05", found)
            .verdict(Verdict::within(found, 0.95, 1.05))
            .note(format!("Gaussian features, power law, n = {last}: a number of the training sets that uses no L_k")),
    );
    let determined = worst(&numbers(outcome, "determined")?);
    claims.push(
        Claim::new(
            "determined",
            "Eq. 1.35",
            "with n ≥ p all is learned",
            "largest |L_k − 1|: at most 1e-9",
            determined,
        )
        .verdict(Verdict::below(determined, 1e-9))
        .note("n = p + 5, noise-free targets"),
    );
    let refused = numbers(outcome, "refused")?;
    let share = stats::share(refused.iter().filter(|r| **r == 1.0).count(), refused.len());
    claims.push(
        Claim::new(
            "no-kappa",
            "Eq. 1.35",
            "κ exists for n < p only",
            "share of refusals at n = p and n = p + 5: 1",
            share,
        )
        .verdict(if share.value == 1.0 {
            Verdict::Holds
        } else {
            Verdict::Fails
        })
        .note("Σ ρ/(ρ + κ) < p for every κ > 0"),
    );
    Ok(Claims(claims))
}

fn list(values: &[f64]) -> String {
    let words: Vec<String> = values.iter().map(|v| format!("{v:.3}")).collect();
    words.join(", ")
}
