//! The unskills of all skills at one y = −ln C, and sums over them, vectorised at run time.

use crate::simd::exp::exp;
use crate::simd::{LANES, dispatch, padded};

/// u_i = u_i(0) e^(−p_i y) for one set of skills. Rows are padded with skills that are learned from the start.
pub(super) struct Kernel {
    n: usize,
    p: Vec<f64>,
    log_start: Vec<f64>,
    u: Vec<f64>,
}

/// Σ u, Σ p u, Σ p² u.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) u: f64,
    pub(super) pu: f64,
    pub(super) ppu: f64,
}

impl Kernel {
    pub(super) fn new(p: &[f64], start: &[f64]) -> Self {
        let size = padded(p.len());
        let fill = |values: &mut dyn Iterator<Item = f64>, rest: f64| {
            let mut row: Vec<f64> = values.collect();
            row.resize(size, rest);
            row
        };
        Self {
            n: p.len(),
            p: fill(&mut p.iter().copied(), 0.0),
            log_start: fill(&mut start.iter().map(|u| u.ln()), f64::NEG_INFINITY),
            u: vec![0.0; size],
        }
    }

    /// Moves to y and returns the sums there.
    pub(super) fn at(&mut self, y: f64) -> Sums {
        // SAFETY: no memory is accessed but through the slices, which have one length.
        unsafe { at_raw(&self.p, &self.log_start, y, &mut self.u) }
    }

    /// Moves on by a step so small that (p step)³ is below rounding.
    pub(super) fn nudge(&mut self, step: f64) {
        for (u, p) in self.u.iter_mut().zip(&self.p) {
            let x = p * step;
            *u *= 1.0 - x * (1.0 - 0.5 * x);
        }
    }

    /// The unskills where the kernel stands.
    pub(super) fn unskill(&self) -> &[f64] {
        &self.u[..self.n]
    }

    /// The largest p u where the kernel stands.
    pub(super) fn largest(&self) -> f64 {
        let pairs = self.p.iter().zip(&self.u);
        pairs.map(|(p, u)| p * u).fold(0.0, f64::max)
    }

    /// √Σ(p u)² where the kernel stands; `scale` is about the largest p u, so that no square underflows.
    pub(super) fn norm(&self, scale: f64) -> f64 {
        if scale == 0.0 {
            return 0.0;
        }
        let mut sums = [0.0; LANES];
        let inverse = 1.0 / scale;
        for (p, u) in self.p.chunks_exact(LANES).zip(self.u.chunks_exact(LANES)) {
            for l in 0..LANES {
                let x = p[l] * u[l] * inverse;
                sums[l] += x * x;
            }
        }
        scale * sums.iter().sum::<f64>().sqrt()
    }
}

dispatch! {
    unsafe fn at_raw(p: &[f64], log_start: &[f64], y: f64, u: &mut [f64]) -> Sums,
    avx512 = at_any::<true>, avx2 = at_any::<true>, plain = at_any::<false>
}

#[inline(always)]
unsafe fn at_any<const FMA: bool>(p: &[f64], log_start: &[f64], y: f64, u: &mut [f64]) -> Sums {
    let (mut s0, mut s1, mut s2) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let rows = p.chunks_exact(LANES).zip(log_start.chunks_exact(LANES));
    for ((p, log), u) in rows.zip(u.chunks_exact_mut(LANES)) {
        for l in 0..LANES {
            let x = log[l] - p[l] * y;
            let value = exp::<FMA>(x);
            // `exp` ends at e^−708, the smallest normal number: below it a skill counts as learned.
            u[l] = if x < -708.0 { 0.0 } else { value };
        }
        for l in 0..LANES {
            let pu = p[l] * u[l];
            s0[l] += u[l];
            s1[l] += pu;
            s2[l] += p[l] * pu;
        }
    }
    Sums {
        u: s0.iter().sum(),
        pu: s1.iter().sum(),
        ppu: s2.iter().sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library_and_underflows_to_zero() {
        let p: Vec<f64> = (1..=11).map(|i| 1.0 / f64::from(i)).collect();
        let mut kernel = Kernel::new(&p, &[0.5; 11]);
        let sums = kernel.at(3.0);
        let direct: f64 = p.iter().map(|p| p * 0.5 * (-3.0 * p).exp()).sum();
        assert!((sums.pu / direct - 1.0).abs() < 1e-15);
        let norm = p
            .iter()
            .map(|p| (p * 0.5 * (-3.0 * p).exp()).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!((kernel.norm(kernel.largest()) / norm - 1.0).abs() < 1e-15);
        kernel.at(1e4);
        assert_eq!(kernel.unskill()[0], 0.0);
        assert!(kernel.unskill()[10] == 0.0);
        assert_eq!(kernel.at(1e300).u, 0.0);
    }

    #[test]
    fn nudges_as_it_would_move() {
        let p = [1.0, 0.3, 1e-3];
        let mut kernel = Kernel::new(&p, &[1.0; 3]);
        kernel.at(2.0);
        kernel.nudge(8e-6);
        let near = kernel.unskill().to_vec();
        kernel.at(2.0 + 8e-6);
        for (a, b) in near.iter().zip(kernel.unskill()) {
            assert!((a - b).abs() < 4e-16, "{a} {b}");
        }
    }
}
