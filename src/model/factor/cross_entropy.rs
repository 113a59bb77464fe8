//! Softmax and Kullback–Leibler divergence of matrices of logits, in padded rows.

use super::task::Softmax;
use crate::simd::exp::exp_shifted;

/// The shape of a matrix of logits: n × n in rows of `ld`, normalised in groups of rows.
#[derive(Clone, Copy)]
pub(crate) struct Logits {
    n: usize,
    ld: usize,
    /// Rows over which probabilities sum to one.
    rows: usize,
}

impl Logits {
    pub(crate) fn new(n: usize, ld: usize, softmax: Softmax) -> Self {
        let rows = match softmax {
            Softmax::Entire => n,
            Softmax::Rows => 1,
        };
        Self { n, ld, rows }
    }

    /// Numbers of a group, padding included.
    fn group(self) -> usize {
        self.rows * self.ld
    }

    /// The largest logit of a group, without padding.
    fn top(self, group: &[f64]) -> f64 {
        let rows = group.chunks_exact(self.ld);
        rows.map(|row| max(&row[..self.n])).fold(f64::MIN, f64::max)
    }

    /// Logits Z become P − softmax(Z), with P in `target`; padding becomes zero.
    pub(crate) fn subtract_softmax(self, target: &[f64], logits: &mut [f64]) {
        let Self { n, ld, .. } = self;
        let groups = logits.chunks_exact_mut(self.group());
        for (logits, target) in groups.zip(target.chunks_exact(self.group())) {
            let shift = self.top(logits);
            // Padding must not count in the sum: it becomes e^−708.
            for row in logits.chunks_exact_mut(ld) {
                row[n..].fill(f64::MIN);
            }
            let inverse = 1.0 / exp_shifted(logits, shift);
            for (x, p) in logits.iter_mut().zip(target) {
                *x = p - *x * inverse;
            }
            for row in logits.chunks_exact_mut(ld) {
                row[n..].fill(0.0);
            }
        }
    }

    /// Logits become ln softmax; the padding is left alone.
    pub(crate) fn log_softmax(self, logits: &mut [f64]) {
        let Self { n, ld, .. } = self;
        let mut copy = vec![0.0; n];
        for group in logits.chunks_exact_mut(self.group()) {
            let shift = self.top(group);
            let mut sum = 0.0;
            for row in group.chunks_exact(ld) {
                copy.copy_from_slice(&row[..n]);
                sum += exp_shifted(&mut copy, shift);
            }
            let log_sum = shift + sum.ln();
            for row in group.chunks_exact_mut(ld) {
                row[..n].iter_mut().for_each(|x| *x -= log_sum);
            }
        }
    }

    /// Entries of row i, without padding.
    fn row(self, i: usize) -> std::ops::Range<usize> {
        i * self.ld..i * self.ld + self.n
    }

    /// KL(P ‖ Q) = Σ P φ(ln Q − ln P) with φ(d) = e^d − 1 − d, whose terms have one sign and do not cancel.
    pub(crate) fn divergence(self, p: &[f64], log_p: &[f64], log_q: &[f64]) -> f64 {
        let term = |(p, (log_p, log_q)): (&f64, (&f64, &f64))| {
            let d = log_q - log_p;
            // Far apart, P may underflow where Q does not: Q − P − P d then, not P φ(d).
            if d.abs() < 0.5 {
                p * curvature(d)
            } else {
                log_q.exp() - p - p * d
            }
        };
        let rows = (0..self.n).map(|i| self.row(i));
        rows.map(|row| {
            let logs = log_p[row.clone()].iter().zip(&log_q[row.clone()]);
            p[row].iter().zip(logs).map(term).sum::<f64>()
        })
        .sum()
    }

    /// The same from the residual D = C − Z of the logits, for distributions that are close: ln Q − ln P = δ − D with
    /// δ = −ln Σ P e^−D in each group.
    pub(crate) fn small_divergence(self, p: &[f64], residual: &[f64]) -> f64 {
        let over = |i: usize, f: &dyn Fn(f64) -> f64| {
            let pairs = p[self.row(i)].iter().zip(&residual[self.row(i)]);
            pairs.map(|(p, d)| p * f(*d)).sum::<f64>()
        };
        let mut sum = 0.0;
        for first in (0..self.n).step_by(self.rows) {
            let rows = first..first + self.rows;
            let tilt: f64 = rows.clone().map(|i| over(i, &|d| (-d).exp_m1())).sum();
            let delta = -tilt.ln_1p();
            sum += rows
                .map(|i| over(i, &|d| curvature(delta - d)))
                .sum::<f64>();
        }
        sum
    }
}

/// φ(d) = e^d − 1 − d, right to a few units in the last place also for small d.
fn curvature(d: f64) -> f64 {
    if d.abs() < 0.02 {
        let series =
            1.0 + d / 3.0 * (1.0 + d / 4.0 * (1.0 + d / 5.0 * (1.0 + d / 6.0 * (1.0 + d / 7.0))));
        0.5 * d * d * series
    } else {
        d.exp_m1() - d
    }
}

fn max(x: &[f64]) -> f64 {
    let mut most = [f64::MIN; 8];
    let chunks = x.chunks_exact(8);
    let tail = chunks.remainder().iter().fold(f64::MIN, |m, x| m.max(*x));
    for chunk in chunks {
        for (m, x) in most.iter_mut().zip(chunk) {
            *m = if *x > *m { *x } else { *m };
        }
    }
    most.iter().fold(tail, |m, x| m.max(*x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curvature_is_smooth_where_its_forms_meet() {
        for d in [-0.0200001f64, -0.0199999, 0.0199999, 0.0200001, 1e-8, 0.3] {
            // e^d − 1 − d by its series to far beyond rounding.
            let mut term = 0.5 * d * d;
            let mut exact = 0.0;
            for k in 3..30 {
                exact += term;
                term *= d / f64::from(k);
            }
            assert!((curvature(d) / exact - 1.0).abs() < 1e-13, "{d}");
        }
    }

    #[test]
    fn far_apart_distributions() {
        // P = (1, e^−1000), Q = (e^−1000, 1): KL = 1000.
        let shape = Logits::new(1, 8, Softmax::Rows);
        assert_eq!(shape.divergence(&[1.0], &[0.0], &[0.0]), 0.0);
        let shape = Logits {
            n: 2,
            ld: 8,
            rows: 1,
        };
        let mut log_p = [
            1000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
        ];
        let mut log_q = [
            0.0, 1000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
        ];
        shape.log_softmax(&mut log_p);
        shape.log_softmax(&mut log_q);
        let p: Vec<f64> = log_p.iter().map(|x| x.exp()).collect();
        assert!((shape.divergence(&p, &log_p, &log_q) - 2000.0).abs() < 1e-9);
    }
}
