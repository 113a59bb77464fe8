//! Least squares of the forward model (Levenberg–Marquardt with its exact derivatives).

use super::data::Data;
use super::forward::{Form, Solved, Unknowns};
use super::gates::Waits;

/// A model fitted to levels.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    pub waits: Vec<Waits>,
    pub at: Unknowns,
    /// Σ w (s − model)².
    pub squares: f64,
}

/// Spread of ln γ around ln 1 before any curve is seen: a gate that no curve determines stays within a few decades.
pub(super) const GAMMA_SPREAD: f64 = 2.0;
/// A fit may gain this many times what its linearised model promises; see [`fit_below`].
const HOPE: f64 = 1.5;
/// Levels are not trusted below this.
pub(super) const FLOOR: f64 = 1e-4;

impl Fitted {
    /// What is minimised: the squares and the weak pull on ln γ.
    fn objective(squares: f64, at: &Unknowns, noise: f64) -> f64 {
        squares + noise * at.pull()
    }
}

/// J'J and J'r of Σ w (s − model)².
pub(super) struct Normal {
    pub matrix: Vec<Vec<f64>>,
    pub slope: Vec<f64>,
    pub squares: f64,
}

/// Σ w (s − model)² of a solved model.
pub(super) fn squares(data: &Data, solved: &Solved) -> f64 {
    let places = solved.places(&data.times);
    let mut sum = 0.0;
    for (i, seen) in data.seen.iter().enumerate() {
        for s in seen {
            sum += s.weight * (s.level - 1.0 + solved.unskill(i, &places[s.at])).powi(2);
        }
    }
    sum
}

/// s − model, a skill each.
pub(super) fn residuals(data: &Data, solved: &Solved) -> Vec<Vec<f64>> {
    let places = solved.places(&data.times);
    let of = |(i, seen): (usize, &Vec<super::data::Seen>)| {
        seen.iter()
            .map(|s| s.level - 1.0 + solved.unskill(i, &places[s.at]))
            .collect()
    };
    data.seen.iter().enumerate().map(of).collect()
}

/// The normal equations at a solved model (with derivatives).
pub(super) fn normal(data: &Data, solved: &Solved, n: usize) -> Normal {
    let size = n + 3;
    let places = solved.places(&data.times);
    let mut matrix = vec![vec![0.0; size]; size];
    let mut slope = vec![0.0; size];
    let mut squares = 0.0;
    let mut row = vec![0.0; size];
    for (i, seen) in data.seen.iter().enumerate() {
        for s in seen {
            let place = &places[s.at];
            let off = s.level - 1.0 + solved.unskill(i, place);
            solved.level_by(i, place, &mut row);
            squares += s.weight * off * off;
            for a in 0..size {
                let wa = s.weight * row[a];
                slope[a] += wa * off;
                for (m, r) in matrix[a][..=a].iter_mut().zip(&row) {
                    *m += wa * r;
                }
            }
        }
    }
    mirror(&mut matrix);
    Normal {
        matrix,
        slope,
        squares,
    }
}

/// The upper half from the lower one.
fn mirror(matrix: &mut [Vec<f64>]) {
    for a in 0..matrix.len() {
        let (above, row) = matrix.split_at_mut(a);
        for (column, x) in above.iter_mut().zip(&row[0]) {
            column[a] = *x;
        }
    }
}

/// Fits the unknowns of one graph from a start; `noise` is the variance of an observation.
pub(super) fn fit(
    data: &Data,
    form: Form,
    waits: &[Waits],
    start: &Unknowns,
    noise: f64,
    steps: usize,
) -> Fitted {
    fit_below(data, form, waits, start, noise, steps, f64::INFINITY)
}

/// As [`fit`], but given up where it is when even [`HOPE`] times what the linearised model promises leaves more squares than `goal`.
pub(super) fn fit_below(
    data: &Data,
    form: Form,
    waits: &[Waits],
    start: &Unknowns,
    noise: f64,
    steps: usize,
    goal: f64,
) -> Fitted {
    let n = data.skills();
    let end = data.end();
    let noise = noise.max(FLOOR * FLOOR);
    let mut at = start.clone();
    bound(&mut at);
    let mut damping = 1e-3;
    let mut solved = Solved::new(form, waits, &at, end, true);
    let mut now = normal(data, &solved, n);
    let mut value = Fitted::objective(now.squares, &at, noise);
    for _ in 0..steps {
        let mut matrix = now.matrix.clone();
        let mut slope = now.slope.clone();
        let pull = noise / (GAMMA_SPREAD * GAMMA_SPREAD);
        matrix[n + 2][n + 2] += pull;
        slope[n + 2] -= pull * at.gamma().ln();
        if goal.is_finite() {
            let mut whole = matrix.clone();
            for (a, row) in whole.iter_mut().enumerate() {
                row[a] = row[a] * (1.0 + 1e-9) + 1e-6 * noise;
            }
            if let Some(step) = solve(&whole, &slope) {
                let promised: f64 = step.iter().zip(&slope).map(|(a, b)| a * b).sum();
                if now.squares - HOPE * promised > goal {
                    break;
                }
            }
        }
        let mut better = false;
        let mut gain = 0.0;
        for _ in 0..6 {
            let mut damped = matrix.clone();
            for (a, row) in damped.iter_mut().enumerate() {
                row[a] = row[a] * (1.0 + damping) + 1e-6 * noise;
            }
            let Some(step) = solve(&damped, &slope) else {
                damping *= 10.0;
                continue;
            };
            let longest = step.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            let shrink = (1.5 / longest).min(1.0);
            let mut next = at.clone();
            for (x, d) in next.0.iter_mut().zip(&step) {
                *x += shrink * d;
            }
            bound(&mut next);
            let trial = Solved::new(form, waits, &next, end, false);
            let sum = squares(data, &trial);
            let objective = Fitted::objective(sum, &next, noise);
            if objective < value {
                gain = value - objective;
                (at, value, better) = (next, objective, true);
                damping = (damping * 0.2).max(1e-9);
                break;
            }
            damping *= 6.0;
        }
        if !better || gain < 1e-3 * noise || gain < 1e-9 * value {
            break;
        }
        solved = Solved::new(form, waits, &at, end, true);
        now = normal(data, &solved, n);
    }
    let squares = value - Fitted::objective(0.0, &at, noise);
    Fitted {
        waits: waits.to_vec(),
        at,
        squares,
    }
}

/// Keeps the unknowns where they mean something: gauge Σp = 1, waste within e^±14 of Σp, frequencies above e^-14.
fn bound(at: &mut Unknowns) {
    let n = at.skills();
    let sum: f64 = (0..n).map(|i| at.p(i)).sum::<f64>().ln();
    for x in &mut at.0[..n] {
        *x = (*x - sum).max(-14.0);
    }
    // t = τ y is the same time when y is measured in other units.
    at.0[n] -= sum;
    let (tau, kappa) = (at.0[n], at.0[n + 1]);
    if tau - kappa < -14.0 {
        at.0[n] = kappa - 14.0;
    }
    if tau - kappa > 14.0 {
        at.0[n + 1] = tau - 14.0;
    }
    at.0[n + 2] = at.0[n + 2].clamp(-9.0, 5.0);
}

/// Solves a symmetric positive system by Cholesky; None when it is not positive.
pub(super) fn solve(matrix: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let lower = cholesky(matrix)?;
    let n = right.len();
    let mut x = right.to_vec();
    for a in 0..n {
        for b in 0..a {
            x[a] -= lower[a][b] * x[b];
        }
        x[a] /= lower[a][a];
    }
    for a in (0..n).rev() {
        for b in a + 1..n {
            x[a] -= lower[b][a] * x[b];
        }
        x[a] /= lower[a][a];
    }
    Some(x)
}

fn cholesky(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let mut lower = vec![vec![0.0; n]; n];
    for a in 0..n {
        for b in 0..=a {
            let (x, y) = (&lower[a], &lower[b]);
            let sum = matrix[a][b] - x[..b].iter().zip(&y[..b]).map(|(x, y)| x * y).sum::<f64>();
            if a == b {
                if sum.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
                    return None;
                }
                lower[a][a] = sum.sqrt();
            } else {
                lower[a][b] = sum / lower[b][b];
            }
        }
    }
    Some(lower)
}
