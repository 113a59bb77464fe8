//! Eq. 3 inverted at eight times at once.

use crate::simd::exp::exp;
use crate::simd::{LANES, Vector, dispatch};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256d, __m512d};

/// One number for each of the times.
type Lanes = [f64; LANES];

/// Σ p^k u for k = 0 … 4.
const SUMS: usize = 5;

/// p times step below which the last step is taken by series to fourth order; its fifth power is rounding.
const SMALL: f64 = 1e-3;

/// Passes after which the block is left to the bracketed solver.
const MOST_PASSES: usize = 8;

/// What F(y) = Σ u − N₀ y = Σ u(0) − η t is made of.
pub(super) struct Equation<'a> {
    pub(super) p: &'a [f64],
    /// ln u(0).
    pub(super) log_start: &'a [f64],
    /// Σ u(0).
    pub(super) total: f64,
    pub(super) waste: f64,
    /// Largest p of a skill that is not learned at the start.
    pub(super) steepest: f64,
}

/// A point of the solution from which the next ones are predicted.
#[derive(Clone, Copy)]
pub(super) struct Anchor {
    y: f64,
    sums: [f64; SUMS],
}

/// Room for n × 8 unskills.
pub(super) struct Block {
    u: Vec<Lanes>,
    sums: [Lanes; SUMS],
}

impl Block {
    pub(super) fn new(n: usize) -> Self {
        Self {
            u: vec![[0.0; LANES]; n],
            sums: [[0.0; LANES]; SUMS],
        }
    }

    /// The unskills of the time `lane`.
    pub(super) fn write(&self, lane: usize, row: &mut [f64]) {
        for (x, u) in row.iter_mut().zip(&self.u) {
            *x = u[lane];
        }
    }
}

impl Equation<'_> {
    /// The point at y.
    pub(super) fn anchor(&self, y: f64, block: &mut Block) -> Anchor {
        // SAFETY: no memory is accessed but through the slices, which have one length.
        unsafe {
            pass_raw(
                self.p,
                self.log_start,
                &[y; LANES],
                &mut block.u,
                &mut block.sums,
            )
        }
        Anchor {
            y,
            sums: block.sums.map(|s| s[0]),
        }
    }

    /// Solves for eight efforts η t, ascending, from a point before them; None when that does not work out quickly.
    ///
    /// The first guess is the inverse series of F at the anchor, and so are the steps from there. F is strictly monotone, so what they converge
    /// to is the root.
    pub(super) fn solve(&self, effort: &Lanes, from: &Anchor, block: &mut Block) -> Option<Anchor> {
        // SAFETY: no memory is accessed but through the slices, which have one length.
        unsafe { solve_raw(self, effort, from, block) }
    }
}

dispatch! {
    unsafe fn solve_raw(equation: &Equation, effort: &Lanes, from: &Anchor, block: &mut Block) -> Option<Anchor>,
    avx512 = solve_any::<true, __m512d>, avx2 = solve_any::<true, __m256d>,
    plain = solve_any::<false, [f64; 2]>
}

#[inline(always)]
unsafe fn solve_any<const FMA: bool, V: Vector>(
    equation: &Equation,
    effort: &Lanes,
    from: &Anchor,
    block: &mut Block,
) -> Option<Anchor> {
    let Equation {
        total,
        waste,
        steepest,
        ..
    } = *equation;
    let mut y = effort.map(|effort| {
        let f = from.sums[0] - waste * from.y - (total - effort);
        from.y + inverse_series(f, waste, from.sums).0
    });
    for _ in 0..MOST_PASSES {
        if !y.iter().all(|y| *y >= from.y && *y < f64::MAX) {
            return None;
        }
        // SAFETY: as the caller's.
        unsafe {
            pass_any::<FMA>(
                equation.p,
                equation.log_start,
                &y,
                &mut block.u,
                &mut block.sums,
            )
        };
        let (mut step, mut next) = ([0.0; LANES], [0.0; LANES]);
        let mut done = true;
        for l in 0..LANES {
            let wasted = waste * y[l];
            let f = block.sums[0][l] - wasted - (total - effort[l]);
            let s = &block.sums;
            let sums = [s[0][l], s[1][l], s[2][l], s[3][l], s[4][l]];
            let slope = sums[1] + waste;
            let (series, newton) = inverse_series(f, waste, sums);
            let near = (f * sums[2]).abs() < slope * slope;
            let wanted = if near { series } else { newton };
            let small = (wanted * steepest).abs() < SMALL;
            let rounding = f.abs() <= 4.0 * f64::EPSILON * (total + wasted + effort[l]);
            step[l] = if rounding & !small { 0.0 } else { wanted };
            next[l] = y[l] + step[l];
            done &= small | rounding;
        }
        if done {
            // SAFETY: the processor has what the caller was chosen for.
            unsafe { nudge::<V>(equation.p, &step, &mut block.u) };
            return Some(Anchor {
                y: y[LANES - 1],
                sums: block.sums.map(|s| s[LANES - 1]),
            });
        }
        y = next;
    }
    None
}

/// u ← u e^(−p step) by its series to fourth order.
///
/// NOTE: by hand, since the compiler vectorises the plain loops over the skills, by gathers.
#[inline(always)]
unsafe fn nudge<V: Vector>(p: &[f64], step: &Lanes, u: &mut [Lanes]) {
    // SAFETY: the caller's features are V's, and l + W never exceeds LANES.
    unsafe {
        let one = V::splat(1.0);
        for (&p, u) in p.iter().zip(u) {
            for l in (0..LANES).step_by(V::W) {
                let x = V::load(step.as_ptr().add(l)).mul(V::splat(-p));
                let mut factor = one;
                for k in [4.0, 3.0, 2.0, 1.0] {
                    factor = one.add_product(x.mul(V::splat(1.0 / k)), factor);
                }
                let at = u.as_mut_ptr().add(l);
                V::load(at).mul(factor).store(at);
            }
        }
    }
}

/// The step from a point where F is f too large to its root: the Taylor series of F reverted, to fourth and to first order in f.
#[inline(always)]
fn inverse_series(f: f64, waste: f64, sums: [f64; SUMS]) -> (f64, f64) {
    let inverse = 1.0 / (sums[1] + waste);
    let h = f * inverse;
    let a2 = sums[2] * inverse * (1.0 / 2.0);
    let a3 = sums[3] * inverse * (1.0 / 6.0);
    let a4 = sums[4] * inverse * (1.0 / 24.0);
    let c3 = 2.0 * a2 * a2 - a3;
    let c4 = 5.0 * a2 * (a2 * a2 - a3) + a4;
    (h * (1.0 + h * (a2 + h * (c3 + h * c4))), h)
}

dispatch! {
    unsafe fn pass_raw(p: &[f64], log_start: &[f64], y: &Lanes, u: &mut [Lanes], sums: &mut [Lanes; SUMS]),
    avx512 = pass_any::<true>, avx2 = pass_any::<true>, plain = pass_any::<false>
}

#[inline(always)]
unsafe fn pass_any<const FMA: bool>(
    p: &[f64],
    log_start: &[f64],
    y: &Lanes,
    u: &mut [Lanes],
    sums: &mut [Lanes; SUMS],
) {
    let y = *y;
    let mut s = [[0.0; LANES]; SUMS];
    for ((&p, &log), u) in p.iter().zip(log_start).zip(u) {
        let mut row = [0.0; LANES];
        for l in 0..LANES {
            let x = log - p * y[l];
            let value = exp::<FMA>(x);
            // `exp` ends at e^−708, the smallest normal number: below it a skill counts as learned.
            row[l] = if x < -708.0 { 0.0 } else { value };
        }
        *u = row;
        for s in &mut s {
            for l in 0..LANES {
                s[l] += row[l];
                row[l] *= p;
            }
        }
    }
    *sums = s;
}
