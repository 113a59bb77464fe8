//! Quadrature on the grid, gates and their derivatives.

use super::GateForm;
use super::forward::NODES;
use super::gates::Waits;

/// ∫ g dx from the first node to each, of fourth order.
pub(super) fn cumulate(g: &[f64], dx: f64) -> Vec<f64> {
    let n = g.len();
    let mut out = vec![0.0; n];
    let mut sum = dx / 12.0 * (5.0 * g[0] + 8.0 * g[1] - g[2]);
    out[1] = sum;
    for k in 1..n - 2 {
        sum += dx / 24.0 * (13.0 * (g[k] + g[k + 1]) - g[k - 1] - g[k + 2]);
        out[k + 1] = sum;
    }
    out[n - 1] = sum + dx / 12.0 * (5.0 * g[n - 1] + 8.0 * g[n - 2] - g[n - 3]);
    out
}

/// The opening of a skill whose ln u is v; its derivatives by v and by ln γ.
pub(super) fn opening(form: GateForm, gamma: f64, v: f64) -> (f64, f64, f64) {
    match form {
        GateForm::Soft => {
            let closed = (gamma * v).exp();
            (-(gamma * v).exp_m1(), -gamma * closed, -gamma * v * closed)
        }
        GateForm::AsPrinted => {
            let skill = (-v.exp_m1()).max(1e-12);
            let open = skill.powf(gamma);
            (
                open,
                -gamma * open / skill * v.exp(),
                gamma * skill.ln() * open,
            )
        }
    }
}

/// B of a gate from the openings, at node k.
pub(super) fn gate_at(waits: &Waits, open: &[Vec<f64>], k: usize) -> f64 {
    match waits.join {
        super::Join::And => waits.skills.iter().map(|j| open[*j][k]).product(),
        super::Join::Or => waits.skills.iter().map(|j| open[*j][k]).fold(0.0, f64::max),
    }
}

/// A cubic between two values with given slopes, and its derivative, at a part of the way.
pub(super) fn hermite(a: f64, b: f64, slope_a: f64, slope_b: f64, x: f64) -> (f64, f64) {
    let (c, d) = (
        3.0 * (b - a) - 2.0 * slope_a - slope_b,
        slope_a + slope_b - 2.0 * (b - a),
    );
    (
        a + x * (slope_a + x * (c + x * d)),
        slope_a + x * (2.0 * c + 3.0 * x * d),
    )
}

/// ∂B/∂θ at the nodes, where it is not zero; `gamma_at` is the place of ln γ.
pub(super) fn gate_derivatives(
    waits: &Waits,
    (open, by_v, by_gamma): (&[Vec<f64>], &[Vec<f64>], &[Vec<f64>]),
    v_by: &[Vec<(usize, Vec<f64>)>],
    gamma_at: usize,
) -> Vec<(usize, Vec<f64>)> {
    let mut out: Vec<(usize, Vec<f64>)> = vec![(gamma_at, vec![0.0; NODES])];
    for j in &waits.skills {
        for (m, _) in &v_by[*j] {
            if !out.iter().any(|o| o.0 == *m) {
                out.push((*m, vec![0.0; NODES]));
            }
        }
    }
    for k in 0..NODES {
        let best = waits
            .skills
            .iter()
            .copied()
            .max_by(|a, b| open[*a][k].total_cmp(&open[*b][k]));
        for j in &waits.skills {
            let by_open = match waits.join {
                super::Join::And => waits
                    .skills
                    .iter()
                    .filter(|l| *l != j)
                    .map(|l| open[*l][k])
                    .product(),
                super::Join::Or if best == Some(*j) => 1.0,
                super::Join::Or => 0.0,
            };
            out[0].1[k] += by_open * by_gamma[*j][k];
            for (m, d) in &v_by[*j] {
                if let Some(o) = out.iter_mut().find(|o| o.0 == *m) {
                    o.1[k] += by_open * by_v[*j][k] * d[k];
                }
            }
        }
    }
    out
}
