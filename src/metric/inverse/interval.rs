//! Intervals from the curvature of the likelihood at the best fit.

use super::data::Data;
use super::fit::{FLOOR, Fitted, normal, solve};
use super::forward::{Form, Solved};
use crate::stats::{Interval, student_975};

/// A logarithm whose standard deviation is larger is not determined: its interval is open at one end.
const OPEN: f64 = 1.5;

/// Relative frequencies, N₀, η and γ with 95 % intervals.
pub(super) struct Intervals {
    pub p: Vec<Interval>,
    pub waste: Interval,
    pub eta: Interval,
    pub gamma: Interval,
}

/// What the curvature says: σ² (J'J)⁻¹, times count / effective where neighbouring residuals are alike; the symmetry (p, N₀) → c (p, N₀) is
/// closed by a wall along it, of which nothing that is reported depends.
///
/// Graphs that do nearly as well, `rivals` with their scores above the best, widen them: a mixture of two has π (1 − π) d² more variance, with d the distance of the two
/// estimates and π = 1 / (1 + e^{score/2}).
pub(super) fn intervals(
    data: &Data,
    form: Form,
    fitted: &Fitted,
    effective: f64,
    rivals: &[(f64, Fitted)],
) -> Intervals {
    let n = data.skills();
    let solved = Solved::new(form, &fitted.waits, &fitted.at, data.end(), true);
    let mut matrix = normal(data, &solved, n).matrix;
    let count = data.count();
    let free = (effective - (n + 3) as f64).max(2.0);
    let variance = (fitted.squares / count as f64 * effective / free).max(FLOOR * FLOOR)
        * (count as f64 / effective);
    let trace: f64 = (0..n + 3).map(|a| matrix[a][a]).sum::<f64>() / (n + 3) as f64;
    for row in &mut matrix[..=n] {
        row[..=n].iter_mut().for_each(|x| *x += trace);
    }
    for (a, row) in matrix.iter_mut().enumerate() {
        // A spread of no logarithm is more than e^20, and that of ln γ no more than e^2.
        row[a] += variance / if a == n + 2 { 4.0 } else { 400.0 };
    }
    let deviation = |direction: &[f64]| {
        let x = solve(&matrix, direction).unwrap_or_else(|| vec![f64::INFINITY; n + 3]);
        (variance * x.iter().zip(direction).map(|(a, b)| a * b).sum::<f64>())
            .max(0.0)
            .sqrt()
    };
    let t = student_975(free as usize);
    let sum: f64 = (0..n).map(|i| fitted.at.p(i)).sum();
    let share: Vec<f64> = (0..n).map(|i| fitted.at.p(i) / sum).collect();
    let other = |fitted: &Fitted| {
        let sum: f64 = (0..n).map(|i| fitted.at.p(i)).sum();
        let mut all: Vec<f64> = (0..n).map(|i| (fitted.at.p(i) / sum).ln()).collect();
        all.extend([
            (fitted.at.tau() / fitted.at.kappa() / sum).ln(),
            -fitted.at.kappa().ln(),
            fitted.at.gamma().ln(),
        ]);
        all
    };
    let own = other(fitted);
    let mut mixed = vec![0.0; n + 3];
    for (score, rival) in rivals {
        let share = 1.0 / (1.0 + (0.5 * score.max(0.0)).exp());
        for ((m, a), b) in mixed.iter_mut().zip(other(rival)).zip(&own) {
            *m += share * (1.0 - share) * (a - b).clamp(-3.0, 3.0).powi(2);
        }
    }
    let interval = |value: f64, direction: &[f64], open: bool, which: usize| {
        let sd = (deviation(direction).powi(2) + mixed[which]).sqrt();
        let (mut low, mut high) = (value * (-t * sd).exp(), value * (t * sd).exp());
        if open && sd > OPEN {
            if value < 1.0 {
                low = 0.0;
            } else {
                high = f64::INFINITY;
            }
        }
        Interval {
            value,
            low,
            high,
            n: count,
        }
    };
    // ∂ ln (p_i / Σp)
    let relative = |i: usize| {
        let mut d = vec![0.0; n + 3];
        for (d, share) in d.iter_mut().zip(&share) {
            *d = -share;
        }
        d[i] += 1.0;
        d
    };
    let p = (0..n)
        .map(|i| {
            let mut p = interval(share[i], &relative(i), false, i);
            p.high = p.high.min(1.0);
            p
        })
        .collect();
    let mut waste = vec![0.0; n + 3];
    for (d, share) in waste.iter_mut().zip(&share) {
        *d = -share;
    }
    (waste[n], waste[n + 1]) = (1.0, -1.0);
    let value = fitted.at.tau() / fitted.at.kappa() / sum;
    let mut waste = interval(value, &waste, true, n);
    if waste.low == 0.0 {
        let rise = t * t * variance;
        waste.high = most_waste(data, form, fitted, value, rise).max(value);
    }
    let mut eta = vec![0.0; n + 3];
    eta[n + 1] = -1.0;
    let eta = interval(1.0 / fitted.at.kappa(), &eta, false, n + 1);
    let mut gamma = vec![0.0; n + 3];
    gamma[n + 2] = 1.0;
    let gamma = interval(fitted.at.gamma(), &gamma, false, n + 2);
    Intervals {
        p,
        waste,
        eta,
        gamma,
    }
}

/// The N₀ (where Σp = 1) at which the squares, with all other unknowns at their best by the linearised model, have grown by `rise`: the upper end where the curvature at the best fit,
/// at next to no waste, says nothing.
fn most_waste(data: &Data, form: Form, fitted: &Fitted, value: f64, rise: f64) -> f64 {
    let n = data.skills();
    let mut at = fitted.at.clone();
    let mut waste = value.max(1e-6);
    let start = at.0[n] - value.ln();
    while waste < 1e6 {
        at.0[n] = start + waste.ln();
        let solved = Solved::new(form, &fitted.waits, &at, data.end(), true);
        let now = normal(data, &solved, n);
        let (mut matrix, mut slope) = (now.matrix, now.slope);
        // N₀ is held, and the units of p with it: what is left is free, but for a trace of damping.
        matrix[n].fill(0.0);
        matrix.iter_mut().for_each(|row| row[n] = 0.0);
        (matrix[n][n], slope[n]) = (1.0, 0.0);
        let trace: f64 = (0..n + 3).map(|a| matrix[a][a]).sum();
        for (a, row) in matrix.iter_mut().enumerate() {
            row[a] += 1e-9 * trace;
        }
        let gained = solve(&matrix, &slope).map_or(0.0, |x| {
            x.iter().zip(&slope).map(|(a, b)| a * b).sum::<f64>()
        });
        if now.squares - gained > fitted.squares + rise {
            break;
        }
        waste *= 1.25;
    }
    waste
}
