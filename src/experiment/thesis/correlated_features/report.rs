//! Figures and claims of correlated features.

use super::super::numbers::{mean_within, numbers, worst};
use super::CorrelatedFeatures;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats;

pub(super) fn draw(of: &CorrelatedFeatures, outcome: &Outcome) -> Result<Figures> {
    let example = of.example()?;
    let o = example.turn();
    let roots: Vec<f64> = example.intensity().iter().map(|r| r.sqrt()).collect();
    // In the basis e₁, e₂ the feature Φ_i is the vector (O_i1 √ρ₁, O_i2 √ρ₂).
    let arrow = |i: usize| {
        (
            vec![0.0, o[[i, 0]] * roots[0]],
            vec![0.0, o[[i, 1]] * roots[1]],
        )
    };
    let circle: Vec<f64> = (0..=200)
        .map(|k| std::f64::consts::TAU * f64::from(k) / 200.0)
        .collect();
    let ellipse: (Vec<f64>, Vec<f64>) = circle
        .iter()
        .map(|t| (roots[0] * t.cos(), roots[1] * t.sin()))
        .unzip();
    let side = 1.15 * roots[0];
    let mut space = Panel::new("functions as vectors")
        .x("along e_{1}")
        .y("along e_{2}")
        .x_range(-side, side)
        .y_range(-side, side)
        .line_styled(
            "all f with ‖w‖ = 1",
            &ellipse.0,
            &ellipse.1,
            Style::new().cycle(3).dash(Dash::Dotted),
        );
    for (i, name) in ["Φ_{1}", "Φ_{2}"].into_iter().enumerate() {
        let (x, y) = arrow(i);
        space = space
            .line_styled("features Φ_{i}", &x, &y, Style::new().cycle(0).width(2.5))
            .text(1.06 * x[1], 1.1 * y[1], name);
    }
    for (k, name) in ["√ρ_{1} e_{1}", "√ρ_{2} e_{2}"].into_iter().enumerate() {
        let mut end = [0.0; 2];
        end[k] = roots[k];
        let style = Style::new().cycle(1).width(2.5).dash(Dash::Dashed);
        space = space
            .line_styled("diagonalised", &[0.0, end[0]], &[0.0, end[1]], style)
            .text(0.45 * end[0] + 0.05, 0.6 * end[1] + 0.09, name);
    }
    let points = outcome.table("points")?;
    let far = 4.0 * roots[0];
    let mut samples = Panel::new("samples of the features")
        .x("Φ_{1}(x)")
        .y("Φ_{2}(x)")
        .x_range(-far, far)
        .y_range(-far, far)
        .scatter("samples", &points.f64s("first")?, &points.f64s("second")?);
    for k in 0..2 {
        let [x, y] = [0, 1].map(|i| 2.0 * roots[k] * o[[i, k]]);
        let style = Style::new().cycle(1 + k).width(2.5);
        let label = format!("±2√ρ_{{{0}}} along e_{{{0}}}", k + 1);
        samples = samples.line_styled(label, &[-x, x], &[-y, y], style);
    }
    Ok(Figures::new().with(
        "fig-1.1",
        Figure::new(
            "Two overlapping features, and the two orthogonal ones of the same span and norm",
        )
        .columns(2)
        .panel(space)
        .panel(samples),
    ))
}

pub(super) fn measure(of: &CorrelatedFeatures, outcome: &Outcome) -> Result<Claims> {
    let rho = of.example()?.intensity().to_vec();
    let get = |name: &str| numbers(outcome, name);
    let mut claims = Vec::new();
    for (k, rho) in rho.iter().enumerate() {
        let (found, verdict) = mean_within(
            &get(&format!("intensity_{}", k + 1))?,
            0.99 * rho,
            1.01 * rho,
        );
        claims.push(
            Claim::new(&format!("intensity-{}", k + 1), "below Eq. 1.29", "the intensities of N(0, [[1.5, .5], [.5, 1.5]]) are 2 and 1", &format!("{rho} to 1 %"), found)
                .verdict(verdict)
                .note(format!("from {} samples a seed by the streaming or singular value road of the eigenfunctions, not from Σ", of.samples)),
        );
    }
    let exact =
        |id: &str, source: &str, statement: &str, name: &str, note: &str| -> Result<Claim> {
            let found = worst(&get(name)?);
            Ok(Claim::new(
                id,
                source,
                statement,
                "largest difference: at most 1e-9",
                found,
            )
            .verdict(Verdict::below(found, 1e-9))
            .note(note))
        };
    claims.push(exact(
        "orthogonal",
        "Eq. 1.27, A.6",
        "O is an orthogonal matrix",
        "orthogonal",
        "O_ij = ⟨Φ_i|e_j⟩/√ρ_j with means over the samples for the inner product",
    )?);
    claims.push(exact(
        "eq-1.27",
        "Eq. 1.27",
        "Φ_i = Σ_j O_ij √ρ_j e_j",
        "eq_1_27",
        "at every sample",
    )?);
    claims.push(exact(
        "eq-1.29",
        "Eq. 1.29",
        "ρ_k = Σ_j ⟨Φ_j|e_k⟩²",
        "eq_1_29",
        "relative, against the eigenvalue",
    )?);
    claims.push(exact("eq-1.28", "Eq. 1.28", "Σ w_k Φ_k = Σ θ_k √ρ_k e_k with θ = Oᵀw (corrected)", "parameters", "a random covariance and random w: the example's O is its own transpose up to a sign and cannot decide")?);
    let printed = stats::mean(&get("parameters_as_printed")?);
    claims.push(
        Claim::new(
            "eq-1.28-printed",
            "below Eq. 1.28",
            "θ = Ow (as printed)",
            "relative difference of the two sides: at most 1e-9",
            printed,
        )
        .verdict(Verdict::below(printed, 1e-9))
        .note("the same features and weights; with O of 1.27, Oᵀ takes w to θ"),
    );
    claims.push(exact(
        "norm",
        "below Eq. 1.28",
        "‖θ‖ = ‖w‖",
        "norm",
        "relative",
    )?);
    let unweighted = stats::mean(&get("norm_unweighted")?);
    claims.push(
        Claim::new(
            "weighted-basis",
            "below Eq. 1.28",
            "the weighted basis √ρ_k e_k, not the normalised e_k, keeps the norm of the parameters",
            "|‖c‖/‖w‖ − 1| with c_k = θ_k √ρ_k: above 0.01",
            unweighted,
        )
        .verdict(Verdict::above(unweighted, 0.01))
        .note("coefficients in the normalised basis, random covariance"),
    );
    Ok(Claims(claims))
}
