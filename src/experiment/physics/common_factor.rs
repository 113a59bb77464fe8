//! The collapse of skill curves on one, u_i = C(t)^{p_i}: the part of every Resource form that does not depend on its denominator.

use ndarray::{Array2, ArrayView1};

/// −ln C of the one C that describes the unskills `u` of one record best, least squares of u_i − C^{p_i}.
///
/// Any Resource model of independent skills, whatever its η, N₀ and norm, has u_i = C^{p_i}; no such model comes nearer to the record.
pub(super) fn common(u: ArrayView1<f64>, p: &[f64]) -> f64 {
    let misfit = |y: f64| -> f64 {
        u.iter()
            .zip(p)
            .map(|(u, p)| (u - (-p * y).exp()).powi(2))
            .sum()
    };
    let least = p.iter().copied().fold(f64::INFINITY, f64::min);
    let most = p.iter().copied().fold(0.0, f64::max);
    // From a thousandth of the first skill's unit of progress to forty of the last's: e^−40 is nothing.
    let (low, high) = ((1e-3 / most).ln(), (40.0 / least).ln());
    let points = 16 * ((high - low) / std::f64::consts::LN_10).ceil() as usize;
    let width = (high - low) / points as f64;
    let at = |x: f64| misfit(x.exp());
    let best = (0..=points)
        .map(|k| low + width * k as f64)
        .min_by(|a, b| at(*a).total_cmp(&at(*b)))
        .unwrap_or(low);
    let share = 0.5 * (5f64.sqrt() - 1.0);
    let (mut a, mut b) = (best - width, best + width);
    for _ in 0..40 {
        let (left, right) = (b - share * (b - a), a + share * (b - a));
        if at(left) < at(right) {
            b = right
        } else {
            a = left
        }
    }
    let y = (0.5 * (a + b)).exp();
    if misfit(0.0) <= misfit(y) { 0.0 } else { y }
}

/// −ln C of each record of `skills`, T × n, and root mean square of u_i − C^{p_i} over records and skills.
pub(super) fn rmse(skills: &Array2<f64>, p: &[f64]) -> (Vec<f64>, f64) {
    let unskill = skills.mapv(|s| 1.0 - s);
    let y: Vec<f64> = unskill.outer_iter().map(|u| common(u, p)).collect();
    let squares: f64 = unskill
        .outer_iter()
        .zip(&y)
        .flat_map(|(u, y)| {
            u.iter()
                .zip(p)
                .map(|(u, p)| (u - (-p * y).exp()).powi(2))
                .collect::<Vec<_>>()
        })
        .sum();
    (y, (squares / unskill.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    #[test]
    fn a_collapsed_record_gives_its_c_back() {
        let p = [0.7f64, 0.2, 0.09, 0.01];
        for y in [0.0, 0.01, 1.0, 20.0, 300.0] {
            let u = Array1::from_iter(p.iter().map(|p| (-p * y).exp()));
            let found = common(u.view(), &p);
            assert!((found - y).abs() <= 1e-5 * y, "{y} {found}");
        }
        // All learned: any large number will do.
        assert!(common(Array1::zeros(4).view(), &p) * p[3] > 15.0);
    }

    #[test]
    fn what_does_not_collapse_is_left_over() {
        // Two skills of equal frequency at ½ ± d: C lies between, and d is left of both.
        let skills = Array2::from_shape_vec((1, 2), vec![0.6, 0.4]).unwrap();
        assert!((rmse(&skills, &[0.5, 0.5]).1 - 0.1).abs() < 1e-6);
    }
}
