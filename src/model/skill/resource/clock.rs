//! The one equation of the Resource model: how much time it takes to reach y = −ln C, and back.

use super::Norm;
use super::kernel::Kernel;
use super::lanes::{Block, Equation};
use crate::error::{Error, Result};
use crate::simd::LANES;
use std::f64::consts::PI;
use std::sync::OnceLock;

/// η t as a function of y for ungated skills, u_i = u_i(0) e^(−p_i y):
///
/// L1 (Eq. 3): η t = Σ u_i(0) (1 − e^(−p_i y)) + N₀ y;  L2: η t = ∫₀^y √(Σ(p_i u_i)² + N₀²) dy.
pub(super) struct Clock<'a> {
    p: &'a [f64],
    start: &'a [f64],
    kernel: Kernel,
    /// Σ u_i(0).
    total: f64,
    waste: f64,
    /// Largest and smallest p among the skills that are not learned at the start.
    steepest: f64,
    slowest: f64,
    norm: Norm,
    /// Where the last inversion ended.
    y: f64,
    /// Of the L2 form: pieces of η t(y), ascending, made as they are needed.
    panels: Vec<Panel>,
    /// All that can be learned is learned at the end of the last panel.
    complete: bool,
}

impl<'a> Clock<'a> {
    pub(super) fn new(p: &'a [f64], start: &'a [f64], waste: f64, norm: Norm) -> Self {
        let open = || {
            p.iter()
                .zip(start)
                .filter(|(_, u)| **u > 0.0)
                .map(|(p, _)| *p)
        };
        Self {
            p,
            start,
            kernel: Kernel::new(p, start),
            total: start.iter().sum(),
            waste,
            steepest: open().fold(0.0, f64::max),
            slowest: open().fold(f64::INFINITY, f64::min),
            norm,
            y: 0.0,
            panels: Vec::new(),
            complete: false,
        }
    }

    /// η t at y.
    pub(super) fn effort(&mut self, y: f64) -> Result<f64> {
        match self.norm {
            Norm::L1 => {
                let left = if y.is_finite() {
                    self.kernel.at(y).u
                } else {
                    0.0
                };
                let waste = if self.waste == 0.0 {
                    0.0
                } else {
                    self.waste * y
                };
                Ok(self.total - left + waste)
            }
            Norm::L2 => {
                while !self.complete && self.reached().0 < y {
                    self.extend()?;
                }
                Ok(match self.panels.partition_point(|p| p.y + p.width < y) {
                    i if i < self.panels.len() => self.panels[i].effort(y),
                    _ => self.reached().1,
                })
            }
        }
    }

    /// The unskills at η t = `effort`. Quick when efforts ascend from call to call.
    pub(super) fn unskill(&mut self, effort: f64) -> Result<&[f64]> {
        match self.norm {
            Norm::L1 => self.invert_l1(effort)?,
            Norm::L2 => {
                let y = self.invert_l2(effort)?;
                self.kernel.at(y);
            }
        }
        Ok(self.kernel.unskill())
    }

    /// Writes the unskills at `efforts`, ascending, to the rows `rows` of `out`.
    pub(super) fn trace(&mut self, efforts: &[f64], rows: &[usize], out: &mut [f64]) -> Result<()> {
        let n = self.start.len();
        if self.norm == Norm::L1 {
            return self.trace_l1(efforts, rows, out);
        }
        for (&effort, &row) in efforts.iter().zip(rows) {
            let unskill = self.unskill(effort)?;
            out[row * n..][..n].copy_from_slice(unskill);
        }
        Ok(())
    }

    fn trace_l1(&mut self, efforts: &[f64], rows: &[usize], out: &mut [f64]) -> Result<()> {
        let n = self.start.len();
        let equation = Equation {
            p: self.p,
            log_start: &self.start.iter().map(|u| u.ln()).collect::<Vec<_>>(),
            total: self.total,
            waste: self.waste,
            steepest: self.steepest,
        };
        let mut block = Block::new(n);
        let mut anchor = equation.anchor(0.0, &mut block);
        for (efforts, rows) in efforts.chunks(LANES).zip(rows.chunks(LANES)) {
            if self.waste == 0.0 && efforts[0] >= self.total {
                // Everything is learned.
                break;
            }
            let last = efforts[efforts.len() - 1];
            let lanes = std::array::from_fn(|l| efforts.get(l).copied().unwrap_or(last));
            if let Some(next) = equation.solve(&lanes, &anchor, &mut block) {
                for (lane, &row) in rows.iter().enumerate() {
                    block.write(lane, &mut out[row * n..][..n]);
                }
                anchor = next;
                continue;
            }
            for (&effort, &row) in efforts.iter().zip(rows) {
                let unskill = self.unskill(effort)?;
                out[row * n..][..n].copy_from_slice(unskill);
            }
            anchor = equation.anchor(self.y, &mut block);
        }
        Ok(())
    }

    /// ln C where the last call of [`unskill`](Self::unskill) ended.
    pub(super) fn log_c(&self) -> f64 {
        -self.y
    }

    /// Moves the kernel to the root y of F(y) = Σ u − N₀ y − Σ u(0) + η t, a falling convex function.
    ///
    /// Newton's step from the left never goes too far; Halley's is tried first where it is safe, and what leaves the bracket is bisected.
    fn invert_l1(&mut self, effort: f64) -> Result<()> {
        let remaining = self.total - effort;
        if self.slowest.is_infinite() {
            // Nothing to learn: only waste, if any, takes time.
            self.y = if self.waste > 0.0 {
                effort / self.waste
            } else {
                0.0
            };
            self.kernel.at(self.y);
            return Ok(());
        }
        if self.waste == 0.0 && remaining <= 0.0 {
            self.y = f64::INFINITY;
            self.kernel.at(f64::MAX);
            return Ok(());
        }
        let mut high = f64::INFINITY;
        if self.waste > 0.0 {
            high = effort / self.waste;
        }
        if remaining > 0.0 {
            high = high.min((self.total / remaining).ln() / self.slowest);
        }
        // Rounding of the two bounds must not shut the root out.
        high *= 1.0 + 1e-12;
        let (mut low, mut y) = (0.0, if self.y <= high { self.y } else { 0.0 });
        for _ in 0..MOST_STEPS {
            let sums = self.kernel.at(y);
            let wasted = self.waste * y;
            let f = sums.u - wasted - remaining;
            let slope = sums.pu + self.waste;
            let newton = f / slope;
            let bend = 0.5 * newton * sums.ppu / slope;
            let step = if bend.abs() < 0.5 {
                newton / (1.0 - bend)
            } else {
                newton
            };
            if (step * self.steepest).abs() < NUDGE {
                self.kernel.nudge(step);
                self.y = y + step;
                return Ok(());
            }
            if f.abs() <= 4.0 * f64::EPSILON * (self.total + wasted + effort)
                || high - low <= f64::EPSILON * high
            {
                self.y = y;
                return Ok(());
            }
            if f > 0.0 {
                low = y
            } else {
                high = y
            }
            y += step;
            if !(y > low && y < high) {
                y = middle(low, high);
            }
        }
        Err(Error::Solver(format!(
            "Eq. 3 was not inverted at η t = {effort:e} in {MOST_STEPS} steps (N₀ = {:e}); are the frequencies or N₀ beyond all measure?",
            self.waste
        )))
    }

    fn invert_l2(&mut self, effort: f64) -> Result<f64> {
        while !self.complete && self.reached().1 < effort {
            self.extend()?;
        }
        let i = self.panels.partition_point(|p| p.end < effort);
        if effort == 0.0 {
            self.y = 0.0;
            return Ok(0.0);
        }
        self.y = match self.panels.get(i) {
            Some(panel) => panel.invert(effort),
            // Everything is learned, and without waste there is no more time.
            None => f64::MAX,
        };
        Ok(self.y)
    }

    /// y and η t at the end of the last panel.
    fn reached(&self) -> (f64, f64) {
        self.panels
            .last()
            .map_or((0.0, 0.0), |p| (p.y + p.width, p.end))
    }

    /// Adds the next panel of the L2 form: as wide as a polynomial of degree [`DEGREE`] resolves √(Σ(p u)² + N₀²) to rounding.
    fn extend(&mut self) -> Result<()> {
        let (y, begin) = self.reached();
        let left = self.kernel.at(y).u;
        if self.waste == 0.0 && left <= 1e-18 * self.total {
            self.complete = true;
            return Ok(());
        }
        let scale = self.kernel.largest();
        let mut width = self.panels.last().map_or(1.0, |p| 2.0 * p.width);
        if self.panels.is_empty() && self.steepest > 0.0 {
            width = 1.0 / self.steepest;
        }
        for _ in 0..MOST_STEPS {
            let values: [f64; DEGREE + 1] = std::array::from_fn(|k| {
                self.kernel
                    .at(y + 0.5 * width * (1.0 + chebyshev().nodes[k]));
                self.kernel.norm(scale).hypot(self.waste)
            });
            let series = chebyshev().series(&values);
            let tail = series[DEGREE - 1].abs().max(series[DEGREE].abs());
            // With waste, what is small beside N₀ need not be resolved: it takes no time.
            if tail <= 2e-15 * series[0].abs() {
                self.panels.push(Panel::new(y, width, begin, &series));
                return Ok(());
            }
            width *= 0.5;
        }
        Err(Error::Solver(format!(
            "the L2 form was not resolved near ln C = {:e}; are the frequencies or N₀ beyond all measure?",
            -y
        )))
    }
}

/// Steps after which an inversion gives up; frequencies over 300 decades take some hundreds.
const MOST_STEPS: usize = 5_000;

/// p times step below which a step is taken by a polynomial; its cube is below rounding.
const NUDGE: f64 = 1e-5;

const DEGREE: usize = 16;

/// Between `low` and `high`, in the geometric middle when they are far apart.
fn middle(low: f64, high: f64) -> f64 {
    if high.is_infinite() {
        (2.0 * low).max(1.0)
    } else if low > 0.0 && high > 4.0 * low {
        low.sqrt() * high.sqrt()
    } else {
        0.5 * (low + high)
    }
}

/// η t on [y, y + width] as a Chebyshev series.
struct Panel {
    y: f64,
    width: f64,
    begin: f64,
    end: f64,
    /// Coefficients of η t − begin over x ∈ [−1, 1].
    effort: [f64; DEGREE + 2],
    /// Coefficients of d(η t)/dy.
    rate: [f64; DEGREE + 1],
}

impl Panel {
    fn new(y: f64, width: f64, begin: f64, rate: &[f64; DEGREE + 1]) -> Self {
        // ∫T_k = T_{k+1} / 2(k+1) − T_{k−1} / 2(k−1).
        let at = |k: usize| rate.get(k).copied().unwrap_or(0.0);
        let mut effort = [0.0; DEGREE + 2];
        effort[1] = 0.5 * width * (at(0) - 0.5 * at(2));
        for (k, c) in effort.iter_mut().enumerate().skip(2) {
            *c = 0.25 * width * (at(k - 1) - at(k + 1)) / k as f64;
        }
        effort[0] = -clenshaw(&effort, -1.0);
        let end = begin + clenshaw(&effort, 1.0);
        Self {
            y,
            width,
            begin,
            end,
            effort,
            rate: *rate,
        }
    }

    fn effort(&self, y: f64) -> f64 {
        self.begin + clenshaw(&self.effort, 2.0 * (y - self.y) / self.width - 1.0)
    }

    fn invert(&self, effort: f64) -> f64 {
        let wanted = effort - self.begin;
        let (mut low, mut high) = (-1.0, 1.0);
        let mut x = 2.0 * wanted / (self.end - self.begin) - 1.0;
        for _ in 0..64 {
            let f = clenshaw(&self.effort, x) - wanted;
            if f > 0.0 {
                high = x
            } else {
                low = x
            }
            let step = f / (0.5 * self.width * clenshaw(&self.rate, x));
            let next = if (x - step) > low && (x - step) < high {
                x - step
            } else {
                0.5 * (low + high)
            };
            let moved = (next - x).abs();
            x = next;
            if moved <= 2.0 * f64::EPSILON {
                break;
            }
        }
        self.y + 0.5 * self.width * (1.0 + x)
    }
}

/// Σ c_k T_k(x).
fn clenshaw(c: &[f64], x: f64) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for &c in c[1..].iter().rev() {
        (b1, b2) = (2.0 * x * b1 - b2 + c, b1);
    }
    x * b1 - b2 + c[0]
}

/// Chebyshev points of the first kind and the matrix from values there to coefficients.
struct Chebyshev {
    nodes: [f64; DEGREE + 1],
    matrix: [[f64; DEGREE + 1]; DEGREE + 1],
}

impl Chebyshev {
    fn series(&self, values: &[f64; DEGREE + 1]) -> [f64; DEGREE + 1] {
        self.matrix
            .map(|row| row.iter().zip(values).map(|(m, v)| m * v).sum())
    }
}

fn chebyshev() -> &'static Chebyshev {
    static TABLE: OnceLock<Chebyshev> = OnceLock::new();
    TABLE.get_or_init(|| {
        let m = (DEGREE + 1) as f64;
        let angle = |k: usize| PI * (k as f64 + 0.5) / m;
        Chebyshev {
            nodes: std::array::from_fn(|k| angle(k).cos()),
            matrix: std::array::from_fn(|j| {
                let weight = if j == 0 { 1.0 / m } else { 2.0 / m };
                std::array::from_fn(|k| weight * (j as f64 * angle(k)).cos())
            }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_norms_are_one_for_one_skill_without_waste() {
        // One skill: du/dt = −η whatever the norm.
        for norm in [Norm::L1, Norm::L2] {
            let mut clock = Clock::new(&[0.3], &[1.0], 0.0, norm);
            for effort in [0.1, 0.5, 0.999, 1.0, 5.0] {
                let u = clock.unskill(effort).unwrap()[0];
                assert!(
                    (u - (1.0 - effort).max(0.0)).abs() < 1e-14,
                    "{norm:?} {effort} {u}"
                );
            }
        }
    }

    #[test]
    fn the_two_directions_agree() {
        let p: Vec<f64> = (1..=12).map(|i| f64::from(i).powi(-3)).collect();
        for norm in [Norm::L1, Norm::L2] {
            for waste in [0.0, 1e-6, 1e-2, 10.0] {
                let mut clock = Clock::new(&p, &[1.0; 12], waste, norm);
                for y in [1e-3, 0.1, 3.0, 50.0, 2e3] {
                    let effort = clock.effort(y).unwrap();
                    let u = clock.unskill(effort).unwrap().to_vec();
                    for (u, p) in u.iter().zip(&p) {
                        assert!((u - (-p * y).exp()).abs() < 1e-12, "{norm:?} {waste} {y}");
                    }
                }
            }
        }
    }
}
