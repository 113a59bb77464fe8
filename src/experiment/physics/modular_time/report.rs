//! Figures and claims of the study of modularity.

use super::ModularTime;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::metric::scaling::{power_law, power_law_seeds};
use crate::stats::{self, Interval};
use crate::table::Table;
use ndarray::Array2;

const ARRANGEMENTS: [&str; 2] = ["shared", "divided"];

/// Sizes and times, seeds × sizes, of one curve.
fn times(
    all: &Table,
    model: &str,
    alpha: f64,
    sweep: &str,
    arrangement: &str,
) -> Result<(Vec<f64>, Array2<f64>)> {
    let rows = all.rows_where("model", model)?.rows_where("alpha", alpha)?;
    let rows = rows
        .rows_where("sweep", sweep)?
        .rows_where("arrangement", arrangement)?;
    let sizes = rows.distinct(sweep)?;
    let mut flat = Vec::new();
    for &size in &sizes {
        flat.push(rows.rows_where(sweep, size)?.f64s("time")?);
    }
    let seeds = flat.first().map_or(0, Vec::len);
    let table = Array2::from_shape_fn((seeds, sizes.len()), |(s, k)| {
        flat[k].get(s).copied().unwrap_or(f64::NAN)
    });
    Ok((sizes.into_iter().map(|n| n as f64).collect(), table))
}

pub(super) fn draw(settings: &ModularTime, outcome: &Outcome) -> Result<Figures> {
    let all = outcome.table("times")?;
    let mut panels = Vec::new();
    for (sweep, label) in [
        ("n_task", "number of tasks n_{task}"),
        ("n_dim", "dimensions n_{dim}"),
    ] {
        for &alpha in &settings.alphas {
            let mut panel = Panel::new(format!("α = {alpha}"))
                .x(label)
                .y("steps until all are learned")
                .log_x()
                .log_y();
            for (k, arrangement) in ARRANGEMENTS.into_iter().enumerate() {
                let (x, y) = times(&all, "geometry", alpha, sweep, arrangement)?;
                let medians: Vec<Interval> = y
                    .columns()
                    .into_iter()
                    .map(|c| stats::median(&c.to_vec()))
                    .collect();
                let pick = |f: fn(&Interval) -> f64| {
                    medians
                        .iter()
                        .map(|m| if f(m).is_finite() { f(m) } else { m.value })
                        .collect::<Vec<_>>()
                };
                let style = Style::new().cycle(k);
                panel = panel
                    .error_bars(
                        format!("{arrangement}, Geometry"),
                        &x,
                        &pick(|m| m.value),
                        &pick(|m| m.low),
                        &pick(|m| m.high),
                    )
                    .styled(style);
                let (x, y) = times(&all, "resource", alpha, sweep, arrangement)?;
                panel = panel.line_styled(
                    format!("{arrangement}, Resource"),
                    &x,
                    &y.row(0).to_vec(),
                    style.dash(Dash::Dashed),
                );
            }
            panels.push(panel);
        }
    }
    let columns = settings.alphas.len();
    Ok(Figures::new().with(
        "times",
        Figure::new("Divided dimensions gain √n_{task} only where shared ones learn one task after the other")
            .columns(columns.max(2))
            .panels(panels)
            .note(format!(
                "Until every skill is at {}; SignGD, η = {}. Medians over {} seeds with 95 % intervals; top: n_{{dim}} = {}, bottom: n_{{task}} = {}.",
                settings.level,
                settings.rate,
                outcome.seeds().len(),
                settings.n_dim,
                settings.n_task
            )),
    ))
}

/// The exponent of times, seeds × sizes, in the size; none where fewer than three sizes were learned in time.
fn exponent(x: &[f64], y: &Array2<f64>) -> Result<Interval> {
    let learned = |c: ndarray::ArrayView1<f64>| c.iter().any(|t| t.is_finite());
    if y.columns().into_iter().filter(|c| learned(*c)).count() < 3 {
        return Ok(Interval::none());
    }
    let fit = match y.nrows() {
        1 => power_law(x, &y.row(0).to_vec(), ..)?.exponent,
        _ => power_law_seeds(x, y, ..)?.exponent,
    };
    Ok(Interval {
        value: -fit.value,
        low: -fit.high,
        high: -fit.low,
        n: fit.n,
    })
}

/// Within .1 of what is expected. Where some runs were never done, the times that are there tell too little of the law to agree with it.
fn judge(measured: Interval, expected: f64, never: usize) -> Verdict {
    match Verdict::within(measured, expected - 0.1, expected + 0.1) {
        Verdict::Fails => Verdict::Differs,
        Verdict::Holds if never > 0 => Verdict::Inconclusive,
        verdict => verdict,
    }
}

pub(super) fn measure(settings: &ModularTime, outcome: &Outcome) -> Result<Claims> {
    let all = outcome.table("times")?;
    let mut claims = Vec::new();
    for (id, sweep, arrangement, statement, expected) in [
        ("shared-tasks", "n_task", "shared", "T_N ∝ n_task", 1.0),
        ("divided-tasks", "n_task", "divided", "T_M ∝ √n_task", 0.5),
        ("shared-dims", "n_dim", "shared", "T_N ∝ 1/√n_dim", -0.5),
        ("divided-dims", "n_dim", "divided", "T_M ∝ 1/√n_dim", -0.5),
    ] {
        for &alpha in &settings.alphas {
            let (x, y) = times(&all, "geometry", alpha, sweep, arrangement)?;
            let measured = exponent(&x, &y)?;
            let (_, exact) = times(&all, "resource", alpha, sweep, arrangement)?;
            let resource = exponent(&x, &exact.slice(ndarray::s![..1, ..]).to_owned())?;
            let never = y.iter().filter(|t| t.is_nan()).count();
            let verdict = judge(measured, expected, never);
            claims.push(
                Claim::new(&format!("{id}-alpha-{alpha}"), "§6.1", statement, &format!("{expected}"), measured)
                    .verdict(verdict)
                    .note(format!(
                        "Geometry model, α = {alpha}, SignGD; {never} of {} runs did not learn all; Resource model, L2 form without waste: {:.3}",
                        y.len(),
                        resource.value
                    )),
            );
        }
    }
    for &alpha in &settings.alphas {
        let (x, shared) = times(&all, "geometry", alpha, "n_task", "shared")?;
        let (_, divided) = times(&all, "geometry", alpha, "n_task", "divided")?;
        let measured = exponent(&x, &(&shared / &divided))?;
        let never = shared.iter().filter(|t| t.is_nan()).count();
        let verdict = judge(measured, 0.5, never);
        let last = stats::median(&(&shared / &divided).column(x.len() - 1).to_vec());
        let last = match last.value.is_finite() {
            true => format!("the ratio is {last}"),
            false => "no shared run learned all".into(),
        };
        claims.push(
            Claim::new(
                &format!("speed-up-alpha-{alpha}"),
                "§6.1",
                "modular networks are √n_task times faster",
                "exponent of T_N/T_M in n_task: 0.5",
                measured,
            )
            .verdict(verdict)
            .note(format!(
                "Geometry model, α = {alpha}; at n_task = {} {last}, √n_task is {:.2}",
                x[x.len() - 1],
                x[x.len() - 1].sqrt()
            )),
        );
    }
    Ok(Claims(claims))
}
