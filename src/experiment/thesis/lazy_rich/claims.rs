//! Claims on lazy and rich dynamics.

use super::super::numbers::{numbers, worst};
use super::LazyRich;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::number;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::metric::scaling::power_law;
use crate::stats::{self, Interval};
use crate::table::Table;

/// Medians over seeds of a column at each x, and their exponent a in y ∝ x^−a.
pub(super) fn fitted(
    table: &Table,
    key: &str,
    x: &[f64],
    column: &str,
) -> Result<(Vec<f64>, Interval)> {
    let y = x
        .iter()
        .map(|x| Ok(stats::median(&table.rows_where(key, *x)?.f64s(column)?).value))
        .collect::<Result<Vec<_>>>()?;
    // Too few points for a fit.
    let exponent = power_law(x, &y, ..).map_or(Interval::none(), |fit| fit.exponent);
    Ok((y, exponent))
}

/// The exponent b in y ∝ x^b of columns of one seed.
fn rising(table: &Table, x: &str, y: &str, smallest: usize) -> Result<Interval> {
    let mut points: Vec<(f64, f64)> = table.f64s(x)?.into_iter().zip(table.f64s(y)?).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.truncate(smallest);
    let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
    let fit = power_law(&x, &y, ..).map_or(Interval::none(), |fit| fit.exponent);
    Ok(Interval {
        value: -fit.value,
        low: -fit.high,
        high: -fit.low,
        n: fit.n,
    })
}

pub(super) fn measure(settings: &LazyRich, outcome: &Outcome) -> Result<Claims> {
    let mut claims = greedy(settings, outcome)?;
    claims.extend(lazy(settings, outcome)?);
    claims.extend(ntk(settings, outcome)?);
    claims.extend(meeting(settings, outcome)?);
    Ok(Claims(claims))
}

fn greedy(settings: &LazyRich, outcome: &Outcome) -> Result<Vec<Claim>> {
    let greedy = outcome.table("greedy")?;
    let error = worst(&greedy.f64s("error")?);
    let delta = worst(&greedy.f64s("delta_theta")?);
    let small = greedy.rows_where("scale", settings.greedy_scales[0])?;
    let up = stats::median(&small.f64s("aligned")?);
    let down = stats::median(&small.f64s("anti_aligned")?);
    let limits = small.f64s("gamma_limit")?;
    let ratio: Vec<f64> = small
        .f64s("aligned")?
        .iter()
        .zip(&limits)
        .map(|(x, y)| x / y)
        .collect();
    let ratio = stats::mean(&ratio);
    Ok(vec![
        Claim::new("eq-6.8", "Eq. 6.8, 6.9", "a² of the aligned family grows by (θ + Δθ)/(θ₀ + Δθ₀), of the other by its inverse", "largest relative difference on a path of gradient descent: below 0.01", error)
            .verdict(Verdict::below(error, 0.01))
            .note("a, b = ±scale with random signs; all scales, seeds and records; the signs of 6.8 and 6.9 are right"),
        Claim::new("eq-6.4", "Eq. 6.3, 6.4", "θ and Δθ move by each other, so Δθ² − θ² is conserved", "largest error of Δθ(∞) by it, over S: below 0.01", delta)
            .verdict(Verdict::below(delta, 0.01))
            .note("the same paths"),
        Claim::new("greedy-limit", "§6.2.1", "from small weights the aligned modes dominate", "a²(∞)/a²(0) of the aligned family over γ₊: 1", ratio)
            .verdict(Verdict::within(ratio, 0.99, 1.01))
            .note(format!("±{}: aligned grow by {}, anti-aligned by {}", settings.greedy_scales[0], number(up.value), number(down.value))),
    ])
}

fn lazy(settings: &LazyRich, outcome: &Outcome) -> Result<Vec<Claim>> {
    let targets = outcome.table("targets")?;
    let excess = rising(&targets, "target", "excess", 4)?;
    let linear = rising(&targets, "target", "linear_error", 4)?;
    let distances = targets.f64s("kernel_distance")?;
    // 6.4.1: y → y/α. Column `target` descends, so α ascends.
    let falls = distances.windows(2).all(|w| w[1] < w[0]);
    let first = distances.first().copied().unwrap_or(f64::NAN);
    let last = distances.last().copied().unwrap_or(f64::NAN);
    let lazier = Interval::exact(last / first, distances.len());
    let methods = outcome.table("methods")?;
    let base = methods
        .rows_where("method", "default")?
        .f64s("gamma_limit")?;
    let mut least = f64::INFINITY;
    let mut words = Vec::new();
    for method in [
        "weight downscaling",
        "target upscaling",
        "input downscaling",
        "output downscaling",
    ] {
        let ratios: Vec<f64> = methods
            .rows_where("method", method)?
            .f64s("gamma_limit")?
            .iter()
            .zip(&base)
            .map(|(x, y)| x / y)
            .collect();
        least = ratios.iter().copied().fold(least, f64::min);
        words.push(format!(
            "{method} × {}",
            number(stats::median(&ratios).value)
        ));
    }
    let least = Interval::exact(least, base.len());
    Ok(vec![
        Claim::new("target-downscaling", "§6.2.2", "γ₊ → 1 as S → 0", "exponent of γ₊ − 1 in S: 1", excess)
            .verdict(Verdict::within(excess, 0.99, 1.01))
            .note("θ(0) = 0, Z = 1; four smallest targets"),
        Claim::new("target-linear", "§6.2.2", "as Δθ is constant, 6.3 reduces to linear dynamics", "exponent in S of the distance from the linearised path, over S: above ½", linear)
            .verdict(Verdict::above(linear, 0.5))
            .note("four smallest targets; it is quadratic: Δθ changes by θ²/2Δθ"),
        Claim::new("target-lazier", "§6.4.1", "y → y/α: the lazier model has α < 1 (as printed)", "kernel distance at the largest α over that at the smallest: above 1", lazier)
            .verdict(Verdict::above(lazier, 1.0))
            .note(format!("S from {} down to {}, that is α rising: the kernel distance falls{}; the lazier model has α > 1, as Fig. 6.3 has it", number(settings.targets[0]), number(settings.targets[settings.targets.len() - 1]), if falls { " at each step" } else { "" })),
        Claim::new("methods", "§6.3.1, Table 6.1", "weight, input and output downscaling and target upscaling increase γ₊", "smallest γ₊ over the default's: above 1", least)
            .verdict(Verdict::above(least, 1.0))
            .note(format!("scalar net of width 512, medians: {}", words.join(", "))),
    ])
}

fn ntk(settings: &LazyRich, outcome: &Outcome) -> Result<Vec<Claim>> {
    let widths = outcome.table("widths")?;
    let p: Vec<f64> = settings.widths.iter().map(|p| *p as f64).collect();
    let of = |column: &str| Ok::<_, crate::error::Error>(fitted(&widths, "p", &p, column)?.1);
    let (gamma, weights, modes) = (of("log_gamma")?, of("weights")?, of("modes")?);
    let (linear, growth, distance) = (of("linear_error")?, of("growth")?, of("kernel_distance")?);
    let half = |x: Interval| Verdict::within(x, 0.4, 0.6);
    let variance = stats::mean(&numbers(outcome, "variance")?);
    let starts = widths.rows_where("p", p[p.len() - 1])?.f64s("start")?;
    let spread = {
        let mean = starts.iter().sum::<f64>() / starts.len() as f64;
        (starts.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (starts.len() - 1).max(1) as f64)
            .sqrt()
    };
    Ok(vec![
        Claim::new("ntk-gamma", "§6.3.1", "NTK initialisation: γ₊ → 1", "exponent of |ln γ₊| in 1/p: ½", gamma)
            .verdict(half(gamma))
            .note("over |S − S₀|, the way that θ has to go, which differs from start to start; medians"),
        Claim::new("ntk-modes", "§6.2.3", "each feature moves O(p^{−1/2})", "exponent in 1/p of a mode's move: ½", modes)
            .verdict(half(modes))
            .note(format!("root mean square over i of a_i b_i(∞) − a_i b_i(0), over |S − S₀|; of a_i: {weights}")),
        Claim::new("ntk-linear", "§6.2.3", "Δθ stays, linearising the dynamics", "exponent in 1/p of the distance from the linearised path: above ½", linear)
            .verdict(Verdict::above(linear, 0.5))
            .note(format!("faster than the modes: θ feels the kernel's size, which changes with the exponent {growth}, while its direction turns with {distance}")),
        Claim::new("ntk-start", "§6.3.1", "S₀ → 0 with Var[S₀] = 1 (as printed)", "Var[S₀]: below 0.1", variance)
            .verdict(Verdict::below(variance, 0.1))
            .note(format!("p = {}, {} starts a seed: the variance is 1, as the same sentence says, so S₀ does not go to 0; at p = {} its spread over seeds is {}. What goes to 0 is S₀/Σ₀", settings.draw_width, settings.draws, p[p.len() - 1], number(spread))),
    ])
}

fn meeting(settings: &LazyRich, outcome: &Outcome) -> Result<Vec<Claim>> {
    let simulated = outcome.table("simulated")?;
    let apart: Vec<f64> = simulated
        .f64s("kernel_distance")?
        .iter()
        .zip(simulated.f64s("closed_form")?)
        .map(|(x, y)| (x - y).abs())
        .collect();
    let apart = worst(&apart);
    let map = outcome.table("map")?;
    // Where the map crosses a quarter of its range, ½(1 − 1/√2): log-linear between two scales, for each width.
    let crossing = 0.5 * (1.0 - std::f64::consts::FRAC_1_SQRT_2);
    let mut exponents = Vec::new();
    let mut gammas = Vec::new();
    for name in ["1", "√p", "p"] {
        let rows = map.rows_where("normalisation", name)?;
        let (mut x, mut y) = (Vec::new(), Vec::new());
        // Narrow nets have a θ(0) of their own.
        for &width in settings.map_widths.iter().filter(|p| **p >= 100) {
            let one = rows.rows_where("p", width as f64)?;
            let mut at = Vec::new();
            for seed in one.distinct("seed")? {
                let mine = one.rows_where("seed", seed)?;
                let (scale, distance) = (mine.f64s("scale")?, mine.f64s("kernel_distance")?);
                let gamma = mine.f64s("gamma_limit")?;
                let k = (1..scale.len())
                    .find(|&k| distance[k - 1] >= crossing && distance[k] < crossing);
                if let Some(k) = k {
                    let part = (distance[k - 1] - crossing) / (distance[k - 1] - distance[k]);
                    let between = |v: &[f64]| v[k - 1].ln() + part * (v[k] / v[k - 1]).ln();
                    at.push(between(&scale));
                    gammas.push(between(&gamma).exp());
                }
            }
            if !at.is_empty() {
                x.push(width as f64);
                y.push(stats::median(&at).value.exp());
            }
        }
        exponents.push(power_law(&x, &y, ..).map_or(Interval::none(), |fit| fit.exponent));
    }
    let gamma = stats::mean(&gammas);
    let silver = 1.0 + std::f64::consts::SQRT_2;
    Ok(vec![
        Claim::new("kernel-distance", "§6.3.1", "γ₊ tells lazy from rich: the kernel's turn follows from γ alone", "largest difference of the closed form from gradient descent: below 1e-3", apart)
            .verdict(Verdict::below(apart, 1e-3))
            .note("kernel ∇f ∇fᵀ of the 2p weights; widths 10 to 1000, scales .1 to 3, Z = √p"),
        Claim::new("crossover-gamma", "§6.3.1, Fig. 6.1", "γ₊ ≈ 1 is lazy, large γ₊ is rich", &format!("γ₊ where the kernel distance is ½(1 − 1/√2): {}", number(silver)), gamma)
            .verdict(Verdict::within(gamma, 0.95 * silver, 1.05 * silver))
            .note("ours: with θ(0) = 0 both are functions of S/Σ₀ alone and meet at S = Σ₀; here from Gaussian weights, widths from 100, three normalisations"),
        Claim::new("crossover-ntk", "§6.2.3", "with Z = √p wide nets are lazy", "exponent in 1/p of the scale at the crossover: ¼", exponents[1])
            .verdict(Verdict::within(exponents[1], 0.22, 0.28))
            .note("S = Σ₀ = scale² √p"),
        Claim::new("crossover-others", "§6.3.1", "increasing Z makes a net richer", "exponent in 1/p of the crossover's scale with Z = p: 0", exponents[2])
            .verdict(Verdict::within(exponents[2], -0.03, 0.03))
            .note(format!("Σ₀ = scale² whatever the width; with Z = 1 it is {}, for ½", exponents[0])),
    ])
}
