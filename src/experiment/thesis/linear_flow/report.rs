//! Figures and claims of the gradient flow of a linear model.

use super::super::numbers::{agreement, mean_within, numbers, worst};
use super::LinearFlow;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::figure::{Figure, Figures, Panel, Style};
use crate::metric::scaling::power_law_seeds;
use crate::model::linear::{Basis, LinearModel};
use crate::stats;
use ndarray::Array2;

pub(super) fn draw(of: &LinearFlow, outcome: &Outcome) -> Result<Figures> {
    let table = outcome.table("curves")?;
    let model = LinearModel::powers(Basis::Sine, of.modes, -1.5)?;
    let own = |scaled: bool| -> Result<Panel> {
        let mut panel = if scaled {
            Panel::new("against ρ_{k} t").x("ρ_{k} t").x_range(0.0, 5.0)
        } else {
            Panel::new("against time").x("time t")
        };
        panel = panel.y("⟨e_{k}|f⟩ / ⟨e_{k}|f*⟩");
        for (k, rho) in model.intensity().iter().enumerate() {
            let rows = table.rows_where("k", k as i64 + 1)?;
            let exact = rows.f64s("exact")?;
            let end = exact[exact.len() - 1].signum();
            let t: Vec<f64> = rows
                .f64s("t")?
                .iter()
                .map(|t| if scaled { t * rho } else { *t })
                .collect();
            let of = |v: Vec<f64>| v.iter().map(|c| c * end).collect::<Vec<f64>>();
            let label = format!("k = {}, ρ = {rho:.2}", k + 1);
            let (x, y): (Vec<f64>, Vec<f64>) =
                t.iter().zip(of(rows.f64s("trained")?)).step_by(3).unzip();
            panel = panel
                .line_ordered(label.clone(), k, model.len(), &t, &of(exact))
                .scatter(label, &x, &y);
        }
        Ok(panel)
    };
    let curves = by_seed(&outcome.table("errors")?, "samples", "error")?;
    let x = curves.first().map(|c| c.0.clone()).unwrap_or_default();
    let middle: Vec<f64> = (0..x.len())
        .map(|i| stats::median(&curves.iter().map(|c| c.1[i]).collect::<Vec<_>>()).value)
        .collect();
    let law: Vec<f64> = x
        .iter()
        .map(|n| middle[0] * (n / x[0]).powf(-0.5))
        .collect();
    let errors = Panel::new("descent on n samples")
        .x("samples n")
        .y("difference from 1.26")
        .log_x()
        .log_y()
        .light_lines("seeds", curves)
        .scatter("median", &x, &middle)
        .line_styled("n^{-1/2}", &x, &law, Style::new().cycle(1));
    Ok(Figures::new()
        .with(
            "modes",
            Figure::new("Each mode of a linear model saturates at its own ρ_{k}: Eq. 1.26 (lines), a trained model (points)").columns(2).panel(own(false)?).panel(own(true)?),
        )
        .with(
            "errors",
            Figure::new("What finite training sets change falls as n^{-1/2}").panel(errors),
        ))
}

pub(super) fn measure(of: &LinearFlow, outcome: &Outcome) -> Result<Claims> {
    let get = |name: &str| numbers(outcome, name);
    let curves = by_seed(&outcome.table("errors")?, "samples", "error")?;
    let x = curves.first().map(|c| c.0.clone()).unwrap_or_default();
    let y = Array2::from_shape_fn((curves.len(), x.len()), |(i, k)| curves[i].1[k]);
    let fit = power_law_seeds(&x, &y, ..)?.exponent;
    let mut paces = Vec::new();
    for k in 1..=of.modes {
        paces.push(stats::mean(&get(&format!("pace_{k}"))?));
    }
    // The mode whose pace is farthest from its own speaks for all.
    let far = |i: &stats::Interval| (i.value - 1.0).abs();
    let pace = paces
        .into_iter()
        .fold(stats::Interval::exact(1.0, 0), |a, b| {
            if far(&b) >= far(&a) { b } else { a }
        });
    let (order, order_holds) = mean_within(&get("order")?, 0.9, 1.1);
    let below = |name: &str, bound: f64| -> Result<_> {
        let found = worst(&get(name)?);
        Ok((found, Verdict::below(found, bound)))
    };
    let (least, least_holds) = below("least_norm", 1e-8)?;
    let (nearest, nearest_holds) = below("nearest", 1e-8)?;
    let (missed, missed_holds) = below("interpolates", 1e-8)?;
    let ratio = stats::mean(&get("norm_ratio")?);
    let elsewhere = stats::mean(&get("from_elsewhere")?);
    Ok(Claims(vec![
        agreement(
            outcome,
            "eq-1.26",
            "Eq. 1.26",
            "f(x, t) = Σ_k ⟨e_k|f*⟩(1 − e^(−ηρ_k t)) e_k(x)",
            "equations",
            "the equations of the weights of overlapping features, with moments by quadrature; largest difference over modes and times",
        )?,
        Claim::new(
            "trained",
            "Eq. 1.26",
            "a linear model trained on n samples follows the curve of infinitely many",
            "difference ∝ n^-1/2: exponent 0.4 to 0.6",
            fit,
        )
        .verdict(Verdict::within(fit, 0.4, 0.6))
        .note(format!(
            "gradient descent at learning rate {}; root mean square over modes and times",
            of.learning_rate
        )),
        Claim::new(
            "own-pace",
            "Eq. 1.26",
            "each mode saturates at a speed governed by its ρ_k",
            "ln 2/(ρ_k × time of half the value) of the mode farthest from 1: 0.97 to 1.03",
            pace,
        )
        .verdict(Verdict::within(pace, 0.97, 1.03))
        .note(format!(
            "trained models with n = {}",
            x.last().copied().unwrap_or(f64::NAN)
        )),
        Claim::new(
            "descent",
            "§1.3",
            "gradient flow is the continuous limit of gradient descent",
            "order of the descent's error in the learning rate: 0.9 to 1.1",
            order,
        )
        .verdict(order_holds)
        .note("on the same samples, against the closed form of their flow"),
        Claim::new(
            "least-norm",
            "A.2",
            "gradient flow from w = 0 finds the interpolation of least norm",
            "relative difference from the pseudo-inverse: at most 1e-8",
            least,
        )
        .verdict(least_holds)
        .note(format!(
            "{} features, {} samples; pseudo-inverse by singular values",
            of.wide, of.few
        )),
        Claim::new(
            "interpolates",
            "A.7",
            "the learned parameters interpolate the data",
            "largest error on the samples: at most 1e-8",
            missed,
        )
        .verdict(missed_holds)
        .note("from w = 0 and from elsewhere"),
        Claim::new(
            "from-elsewhere",
            "A.8, A.11",
            "(I − UUᵀ)w does not move: another start ends at the interpolation nearest to it",
            "relative difference from that point: at most 1e-8",
            nearest,
        )
        .verdict(nearest_holds)
        .note(format!(
            "Gaussian starts; they end {:.2} times the least norm away from it",
            elsewhere.value
        )),
        Claim::new(
            "zero-start-needed",
            "A.2",
            "the zero start matters: from elsewhere the norm is not the least",
            "‖w‖ over the least: above 1.01",
            ratio,
        )
        .verdict(Verdict::above(ratio, 1.01))
        .note("the same samples and Gaussian starts"),
    ]))
}
