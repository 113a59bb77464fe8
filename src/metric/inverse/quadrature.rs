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
            let x = gamma * v;
            let closed = x.exp();
            // 1 − eˣ without loss of digits near 0.
            let open = if x > -1e-3 {
                -x * (1.0 + 0.5 * x * (1.0 + x / 3.0))
            } else {
                1.0 - closed
            };
            (open, -gamma * closed, -x * closed)
        }
        GateForm::AsPrinted => {
            let u = v.exp();
            let skill = (1.0 - u).max(1e-12);
            let open = skill.powf(gamma);
            (open, -gamma * open / skill * u, gamma * skill.ln() * open)
        }
    }
}

/// B of a gate from the openings.
pub(super) fn gate(waits: &Waits, open: &[Vec<f64>]) -> Vec<f64> {
    let Some((first, rest)) = waits.skills.split_first() else {
        return vec![1.0; open.first().map_or(0, Vec::len)];
    };
    let mut out = open[*first].clone();
    for j in rest {
        for (b, o) in out.iter_mut().zip(&open[*j]) {
            *b = match waits.join {
                super::Join::And => *b * o,
                super::Join::Or => b.max(*o),
            };
        }
    }
    out
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

/// Derivatives at the nodes by those unknowns by which they are not zero.
pub(super) type By = Vec<(usize, Vec<f64>)>;

/// ∂B/∂θ at the nodes, where it is not zero; `gamma_at` is the place of ln γ.
pub(super) fn gate_derivatives(
    waits: &Waits,
    [open, by_v, by_gamma]: [&[Vec<f64>]; 3],
    v_by: &[By],
    gamma_at: usize,
) -> By {
    let mut out: By = vec![(gamma_at, vec![0.0; NODES])];
    for j in &waits.skills {
        for (m, _) in &v_by[*j] {
            if !out.iter().any(|o| o.0 == *m) {
                out.push((*m, vec![0.0; NODES]));
            }
        }
    }
    for j in &waits.skills {
        // ∂B/∂(opening of j)
        let by_open: Vec<f64> = (0..NODES)
            .map(|k| match waits.join {
                super::Join::And => waits
                    .skills
                    .iter()
                    .filter(|l| *l != j)
                    .map(|l| open[*l][k])
                    .product(),
                // The last of the widest, as one of them must answer for it.
                super::Join::Or => {
                    let wider = |l: &usize| {
                        open[*l][k] > open[*j][k] || (open[*l][k] == open[*j][k] && l > j)
                    };
                    f64::from(u8::from(!waits.skills.iter().any(wider)))
                }
            })
            .collect();
        for ((o, by), g) in out[0].1.iter_mut().zip(&by_open).zip(&by_gamma[*j]) {
            *o += by * g;
        }
        let chained: Vec<f64> = by_open.iter().zip(&by_v[*j]).map(|(a, b)| a * b).collect();
        for (m, d) in &v_by[*j] {
            if let Some(o) = out.iter_mut().find(|o| o.0 == *m) {
                add_product(&mut o.1, &chained, d);
            }
        }
    }
    out
}

/// to += a b
pub(super) fn add_product(to: &mut [f64], a: &[f64], b: &[f64]) {
    for ((t, a), b) in to.iter_mut().zip(a).zip(b) {
        *t += a * b;
    }
}
