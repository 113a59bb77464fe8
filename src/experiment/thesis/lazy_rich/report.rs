//! Figures of lazy and rich dynamics.

use super::claims::fitted;
use super::{LazyRich, SCALES};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats;

pub(super) fn draw(settings: &LazyRich, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-6.2", cases(outcome)?)
        .with("map", map(settings, outcome)?)
        .with("limits", limits(settings, outcome)?)
        .with("meeting", meeting(outcome)?))
}

fn cases(outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("cases")?;
    let mut panels = Vec::new();
    for (case, title) in [
        ("greedy", "(a) small weights: rich"),
        ("target", "(b) small target: lazy"),
        ("ntk", "(c) Z = √p, p = 10,000: lazy"),
    ] {
        let rows = table.rows_where("case", case)?;
        let t = rows.f64s("t")?;
        let shifted = |column: &str| -> Result<Vec<f64>> {
            let y = rows.f64s(column)?;
            Ok(y.iter().map(|x| x - y[0]).collect())
        };
        panels.push(
            Panel::new(title)
                .x("time, of that to 0.999 S")
                .y("in units of S")
                .line("θ", &t, &rows.f64s("theta")?)
                .line_styled(
                    "θ, linearised",
                    &t,
                    &rows.f64s("linearised")?,
                    Style::new().cycle(1).dash(Dash::Dashed),
                )
                .line_styled(
                    "change of aligned modes",
                    &t,
                    &shifted("aligned")?,
                    Style::new().cycle(2),
                )
                .line_styled(
                    "change of anti-aligned modes",
                    &t,
                    &shifted("anti_aligned")?,
                    Style::new().cycle(3),
                ),
        );
    }
    Ok(Figure::new(
        "Fig. 6.2: rich dynamics lean on the aligned modes alone, lazy ones on all alike",
    )
    .columns(3)
    .panels(panels))
}

/// The closed form as colours, S = Σ₀ as a line.
fn map(settings: &LazyRich, outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("map")?;
    let mut panels = Vec::new();
    for (name, title) in [("1", "Z = 1"), ("√p", "Z = √p (NTK)"), ("p", "Z = p")] {
        let rows = table.rows_where("normalisation", name)?;
        let (p, scale) = (rows.f64s("p")?, rows.f64s("scale")?);
        let distance = rows.f64s("kernel_distance")?;
        let seeds = rows.i64s("seed")?;
        let mut scales: Vec<f64> = scale.clone();
        scales.sort_by(f64::total_cmp);
        scales.dedup();
        let widths: Vec<f64> = settings.map_widths.iter().map(|p| *p as f64).collect();
        let mut values = Vec::new();
        for s in &scales {
            for w in &widths {
                let cell: Vec<f64> = (0..seeds.len())
                    .filter(|&i| p[i] == *w && scale[i] == *s)
                    .map(|i| distance[i])
                    .collect();
                values.push(stats::quantile(&cell, 0.5));
            }
        }
        let z = |w: f64| match name {
            "1" => 1.0,
            "p" => w,
            _ => w.sqrt(),
        };
        // Σ₀ = scale² p/Z in the mean.
        let line: Vec<f64> = widths
            .iter()
            .map(|w| (settings.target * z(*w) / w).sqrt())
            .collect();
        panels.push(
            Panel::new(title)
                .x("width p")
                .y("standard deviation of the weights")
                .log_x()
                .log_y()
                .heat_map(&widths, &scales, &values, "kernel distance", false)
                .colour_range(0.0, 0.5)
                .line_styled(
                    "S = Σ_{0}, where γ_{+} = 1 + √2",
                    &widths,
                    &line,
                    Style::new().rgb(0, 0, 0).dash(Dash::Dashed),
                )
                .y_range(SCALES[0], SCALES[1]),
        );
    }
    Ok(Figure::new("Kernel distance in closed form: rich below S = Σ_{0}, lazy above")
        .columns(3)
        .panels(panels)
        .note("Medians over seeds. ½ is the most that a kernel can turn from θ(0) = 0. Where Z = √p, width makes a net lazy; where Z = p, it does not."))
}

fn limits(settings: &LazyRich, outcome: &Outcome) -> Result<Figure> {
    let widths = outcome.table("widths")?;
    let mut ntk = Panel::new("NTK initialisation")
        .x("width p")
        .y("change")
        .log_x()
        .log_y();
    let p: Vec<f64> = settings.widths.iter().map(|p| *p as f64).collect();
    for (i, (column, label)) in [
        ("log_gamma", "|ln γ_{+}|"),
        ("modes", "a mode (rms)"),
        ("growth", "kernel's size"),
        ("linear_error", "θ from linearised"),
        ("kernel_distance", "kernel distance"),
    ]
    .into_iter()
    .enumerate()
    {
        let (y, exponent) = fitted(&widths, "p", &p, column)?;
        let style = Style::new().cycle(i);
        let label = format!("{label}: p^{{−{:.2}}}", exponent.value);
        ntk = ntk
            .line_styled(label.clone(), &p, &y, style)
            .scatter(label, &p, &y)
            .styled(style);
    }
    let targets = outcome.table("targets")?;
    let s = targets.f64s("target")?;
    let mut small = Panel::new("target downscaling")
        .x("target S")
        .y("change")
        .log_x()
        .log_y();
    for (i, (column, label)) in [
        ("excess", "γ_{+} − 1"),
        ("linear_error", "θ from linearised, over S"),
        ("kernel_distance", "kernel distance, S → 0"),
    ]
    .into_iter()
    .enumerate()
    {
        let y = targets.f64s(column)?;
        let style = Style::new().cycle(i + 5);
        small = small
            .line_styled(label, &s, &y, style)
            .scatter(label, &s, &y)
            .styled(style);
    }
    Ok(
        Figure::new("Two ways to the lazy limit, and how fast each quantity gets there")
            .columns(2)
            .panel(ntk)
            .panel(small),
    )
}

fn meeting(outcome: &Outcome) -> Result<Figure> {
    let map = outcome.table("map")?.rows_where("normalisation", "√p")?;
    let simulated = outcome.table("simulated")?;
    let ratio = map.f64s("ratio")?;
    let mut order: Vec<usize> = (0..ratio.len()).collect();
    order.sort_by(|i, j| ratio[*i].total_cmp(&ratio[*j]));
    let x: Vec<f64> = order.iter().map(|i| ratio[*i]).collect();
    let exact: Vec<f64> = x.iter().map(|r| 0.5 * (1.0 - 1.0 / r.hypot(1.0))).collect();
    Ok(
        Figure::new("One crossover for all widths and scales: S = Σ_{0}")
            .columns(2)
            .panel(
                Panel::new("kernel distance, Z = √p")
                    .x("S/Σ_{0}")
                    .y("kernel distance")
                    .log_x()
                    .scatter("Gaussian weights", &ratio, &map.f64s("kernel_distance")?)
                    .styled(Style::new().cycle(0).size(1.5).alpha(0.4))
                    .line_styled(
                        "θ(0) = 0: ½(1 − 1/√(1 + (S/Σ_{0})^{2}))",
                        &x,
                        &exact,
                        Style::new().cycle(1),
                    )
                    .v_line(1.0, "γ_{+} = 1 + √2"),
            )
            .panel(
                Panel::new("closed form against gradient descent")
                    .x("closed form")
                    .y("gradient descent")
                    .scatter(
                        "10 to 1000 wide",
                        &simulated.f64s("closed_form")?,
                        &simulated.f64s("kernel_distance")?,
                    )
                    .diagonal(),
            ),
    )
}
