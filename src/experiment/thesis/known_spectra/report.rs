//! Figures and claims of empirical eigenfunctions.

use super::super::numbers::{mean_within, numbers, worst};
use super::MAPS;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::figure::{Figure, Figures, Panel, Style};
use crate::metric::scaling::{PowerLaw, power_law_seeds};
use crate::stats::{self, Interval};
use crate::table::Table;
use ndarray::Array2;

/// The column `name` of one map, seeds × numbers of samples, and those numbers.
fn errors(outcome: &Outcome, map: &str, name: &str) -> Result<(Vec<f64>, Array2<f64>)> {
    let table = outcome.table("errors")?.rows_where("map", map)?;
    let curves = by_seed(&table, "samples", name)?;
    let x = curves.first().map(|c| c.0.clone()).unwrap_or_default();
    let y = Array2::from_shape_fn((curves.len(), x.len()), |(i, k)| curves[i].1[k]);
    Ok((x, y))
}

fn law(outcome: &Outcome, map: &str, name: &str) -> Result<PowerLaw> {
    let (x, y) = errors(outcome, map, name)?;
    power_law_seeds(&x, &y, ..)
}

fn title(map: &str) -> &'static str {
    match map {
        "sine" => "sines on [0, 1]",
        "hermite" => "Hermite polynomials, Gaussian",
        _ => "Gaussian kernel, Gaussian",
    }
}

pub(super) fn draw(outcome: &Outcome) -> Result<Figures> {
    let mut panels = Vec::new();
    for map in MAPS {
        let mut panel = Panel::new(title(map))
            .x("samples n")
            .y("error")
            .log_x()
            .log_y();
        for (i, (name, label)) in [
            ("intensity", "intensities ρ_{k}"),
            ("function", "functions e_{k}"),
            ("held_out", "⟨e_{j}|e_{k}⟩, fresh"),
            ("quality", "quality, fresh"),
        ]
        .into_iter()
        .enumerate()
        {
            let fit = law(outcome, map, name)?;
            let (x, y) = errors(outcome, map, name)?;
            let middle: Vec<f64> = y
                .columns()
                .into_iter()
                .map(|c| stats::median(&c.to_vec()).value)
                .collect();
            let line: Vec<f64> = x.iter().map(|n| fit.at(*n)).collect();
            let style = Style::new().cycle(i);
            let text = format!("{label}: n^{{−{:.2}}}", fit.exponent.value);
            panel = panel
                .line_styled(text.clone(), &x, &line, style)
                .scatter(text, &x, &middle);
        }
        panels.push(panel);
    }
    let table = outcome.table("functions")?;
    let mut drawn = Vec::new();
    for map in MAPS {
        let of = table.rows_where("map", map)?;
        let counts = of.distinct("samples")?;
        for n in &counts {
            let rows = of.rows_where("samples", *n)?;
            drawn.push(functions(format!("{}, n = {n}", title(map)), &rows)?);
        }
    }
    Ok(Figures::new()
        .with(
            "errors",
            Figure::new("Every error of the empirical eigenfunctions falls as n^{-1/2}")
                .columns(3)
                .panels(panels),
        )
        .with(
            "functions",
            Figure::new("Eigenfunctions from samples (lines) and exact (points)")
                .columns(2)
                .panels(drawn),
        ))
}

fn functions(title: String, rows: &Table) -> Result<Panel> {
    let mut panel = Panel::new(title).x("x").y("e_{k}(x)").y_range(-4.0, 4.0);
    let modes = rows.distinct("k")?;
    for (i, k) in modes.iter().enumerate() {
        let of = rows.rows_where("k", *k)?;
        let (x, exact) = (of.f64s("x")?, of.f64s("exact")?);
        let some = |v: &[f64]| v.iter().step_by(4).copied().collect::<Vec<_>>();
        let label = format!("k = {k}");
        panel = panel
            .line_ordered(label.clone(), i, modes.len(), &x, &of.f64s("estimate")?)
            .scatter(label, &some(&x), &some(&exact));
    }
    Ok(panel)
}

pub(super) fn measure(outcome: &Outcome) -> Result<Claims> {
    let mut claims = Vec::new();
    for map in MAPS {
        for (column, what) in [("intensity", "ρ_k"), ("function", "e_k")] {
            let fit = law(outcome, map, column)?.exponent;
            claims.push(
                Claim::new(&format!("{column}-{map}"), "Algorithm 1", &format!("{what} of {} is approximated by sufficiently many samples", title(map)), "error ∝ n^-1/2: exponent within 0.1 of 0.5", fit)
                    .verdict(Verdict::within(fit, 0.4, 0.6))
                    .note(match column {
                        "intensity" => "root mean square of the relative error of the first modes, fitted over all n",
                        _ => "root mean square over the measure (by quadrature) and the first modes, signs aligned",
                    }),
            );
        }
    }
    let fitted: Vec<f64> = outcome.table("errors")?.f64s("fitted")?;
    let fitted = worst(&fitted);
    claims.push(
        Claim::new(
            "orthonormal",
            "Eq. 1.15, 1.33",
            "⟨e_j|e_k⟩ = δ_jk on the samples they were fitted on (with √n, corrected)",
            "largest entry: at most 1e-9",
            fitted,
        )
        .verdict(Verdict::below(fitted, 1e-9))
        .note("all maps, all n, streaming"),
    );
    let worst_law = |column: &str| -> Result<Interval> {
        // The one that is farthest from ½ speaks for all.
        let mut far = Interval::exact(0.5, 0);
        for map in MAPS {
            let fit = law(outcome, map, column)?.exponent;
            if (fit.value - 0.5).abs() >= (far.value - 0.5).abs() {
                far = fit;
            }
        }
        Ok(far)
    };
    for (id, column, source, statement) in [
        (
            "orthonormal-held-out",
            "held_out",
            "Eq. 1.33",
            "e_k can be used on any data point: orthonormal on fresh samples up to sampling",
        ),
        (
            "quality-held-out",
            "quality",
            "Eq. 1.34",
            "quality and utilization by sums over fresh samples",
        ),
    ] {
        let fit = worst_law(column)?;
        claims.push(
            Claim::new(
                id,
                source,
                statement,
                "error ∝ n^-1/2: exponent within 0.1 of 0.5",
                fit,
            )
            .verdict(Verdict::within(fit, 0.4, 0.6))
            .note("n fresh samples for n fitted ones; of the three maps the one farthest from 0.5"),
        );
    }
    claims.extend(errata(outcome)?);
    Ok(Claims(claims))
}

fn errata(outcome: &Outcome) -> Result<Vec<Claim>> {
    let table = outcome.table("errors")?;
    let samples = table.f64s("samples")?;
    let last = samples.iter().fold(0.0f64, |m, n| m.max(*n));
    let at_last = |name: &str| -> Result<Vec<f64>> {
        let values = table.f64s(name)?.into_iter().zip(&samples);
        Ok(values
            .filter(|(_, n)| **n == last)
            .map(|(v, _)| v)
            .collect())
    };
    let (norm, norm_holds) = mean_within(&at_last("norm")?, 0.95, 1.05);
    let (scale, scale_holds) = mean_within(&at_last("scale")?, 0.95, 1.05);
    let (printed_norm, printed_norm_holds) = mean_within(&at_last("norm_as_printed")?, 0.95, 1.05);
    let (printed_scale, printed_scale_holds) =
        mean_within(&at_last("scale_as_printed")?, 0.95, 1.05);
    let mut claims = vec![
        Claim::new(
            "eq-1.33",
            "Eq. 1.33, Alg. 1",
            "e_k = √n u_kᵀΦ/s_k (corrected) has ⟨e_k|e_k⟩ = 1",
            "mean of e_k² over fresh samples: 0.95 to 1.05",
            norm,
        )
        .verdict(norm_holds)
        .note(format!("three maps at n = {last}")),
        Claim::new(
            "eq-1.33-printed",
            "Eq. 1.33, Alg. 1",
            "e_k = u_kᵀΦ/s_k (as printed) has ⟨e_k|e_k⟩ = 1",
            "mean of e_k² over fresh samples: 0.95 to 1.05",
            printed_norm,
        )
        .verdict(printed_norm_holds)
        .note(format!(
            "it is 1/n: n times it is {:.4}",
            last * printed_norm.value
        )),
        Claim::new(
            "alg-1",
            "Alg. 1, line 6",
            "ρ_k = s_k²/n (corrected)",
            "first intensity over the exact one: 0.95 to 1.05",
            scale,
        )
        .verdict(scale_holds)
        .note(format!("three maps at n = {last}")),
        Claim::new(
            "alg-1-printed",
            "Alg. 1, line 6",
            "ρ_k = s_k² (as printed)",
            "first intensity over the exact one: 0.95 to 1.05",
            printed_scale,
        )
        .verdict(printed_scale_holds)
        .note("n times too large; ratios of intensities, and effective dimensions, are unaffected"),
    ];
    let get = |name: &str| numbers(outcome, name);
    let balanced = worst(&get("forms_balanced")?);
    let unbalanced = stats::mean(&get("forms_unbalanced")?);
    let sum: Vec<f64> = get("utilization_sum")?
        .iter()
        .map(|s| (s - 1.0).abs())
        .collect();
    let sum = worst(&sum);
    let printed: Vec<f64> = get("utilization_sum_as_printed")?;
    let far: Vec<f64> = printed.iter().map(|s| (s - 1.0).abs()).collect();
    let (printed, far) = (stats::mean(&printed), stats::mean(&far));
    let (held, held_holds) = mean_within(&get("utilization_sum_held_out")?, 0.999, 1.001);
    let quality = stats::mean(&get("quality_sum_held_out")?);
    claims.extend([
        Claim::new("eq-2.3-balanced", "Eq. 2.3", "⟨e_k|P[e_k]⟩/C = Σ_i ⟨e_k|f*_i⟩² for balanced classes", "largest difference: at most 1e-12", balanced)
            .verdict(Verdict::below(balanced, 1e-12))
            .note("P on an orthonormal basis of the targets, another road than the sum"),
        Claim::new("eq-2.3-unbalanced", "Eq. 2.3", "the two forms of Q* agree (as printed, for any classes)", "largest difference: at most 1e-12", unbalanced)
            .verdict(Verdict::below(unbalanced, 1e-12))
            .note("half of the samples in one class: the second form weighs classes by their size"),
        Claim::new("eq-2.5", "Eq. 2.5", "Π̂(p) = 1 on the fitting set, with ⟨e_k|P[e_k]⟩/dim without a square and P the projector (corrected)", "largest |Σ_k Q̂_k − 1|: at most 1e-9", sum)
            .verdict(Verdict::below(sum, 1e-9))
            .note("outputs that overlap"),
        Claim::new("eq-2.5-printed", "Eq. 2.5", "Π̂(p) = 1 with ⟨e_k|P[e_k]⟩²/dim and P analogous to 2.3 (as printed)", "mean of |Σ_k Q̂_k − 1|: at most 1e-9", far)
            .verdict(Verdict::below(far, 1e-9))
            .note(format!("the same outputs, the sum is {printed}: of overlapping functions Σ|f_j⟩⟨f_j|/‖f_j‖² is no projector, and squares do not add up")),
        Claim::new("held-out-sum", "§2.3", "cumulative utilization ranges between 0 and 1, Π̂(p) = 1 (evaluated on a test set)", "Σ_k Q̂_k on few fresh samples: 0.999 to 1.001", held)
            .verdict(held_holds)
            .note(format!("four times as many fresh samples as features: e_k are not orthonormal there, and the sum leaves [0, 1]; of Q* it is {:.3}", quality.value)),
    ]);
    Ok(claims)
}
