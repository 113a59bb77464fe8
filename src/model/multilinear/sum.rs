//! $\sum_{k=1}^{N} \mathcal P(k)\, \ell(x\, \mathcal P(k))$ for N up to infinity, with an error that is bounded.
//!
//! A sum that stops at some n_s bends every power law that is read off it. Here the sum has three parts. With f(u) = A u^{−β} ℓ(x A u^{−β}), β = α + 1:
//!
//! 1. Skills with z = x𝒫 so large that ℓ(z) < 1e-26 of what remains are left out.
//! 2. Skills up to K − 1 are summed one by one.
//! 3. The rest is Euler–Maclaurin's formula, with twelve Taylor coefficients of f at K and at N:
//!    $$\sum_{k=K}^{N} f(k) = \int_K^N f\,du + \tfrac12 (f(K)+f(N)) + \sum_{j=1}^{6} \tfrac{B_{2j}}{(2j)!}\, f^{(2j-1)}\Big|_K^N + R .$$
//!
//! The remainder is at most $\frac{2\zeta(12)}{(2\pi)^{12}} \int_K^\infty |f^{(12)}|$. By Cauchy's estimate on the disc of radius ρu about u, on which |ℓ| ≤ 4ℓ₀
//! as long as z stays in the strip where ℓ is analytic,
//! $$|R| \le \frac{2\zeta(12)\, 12!}{(2\pi\rho)^{12}} \cdot \frac{4\ell_0 A\,(1-\rho)^{-\beta}}{\beta+11}\, K^{-\beta-11} .$$
//! K is the smallest of a few for which that is 1e-14 of the sum or less. The integral is over z: with the weight z^{−1/β} by Gauss–Jacobi up to z = 1, which includes the
//! infinite tail of rare skills whole, and by Gauss–Legendre on pieces of length 1.6 above; on the Bernstein ellipse of parameter 4 the integrand is bounded, so that
//! 20 nodes leave 4^{−40}. No cost depends on N.

use super::jet::Jet;
use super::response::Response;
use crate::display;
use crate::error::{Error, Result};
use crate::task::{BERNOULLI, SkillLaw};
use gauss_quad::{FiniteAboveNegOneF64, GaussJacobi, GaussLegendre};
use std::f64::consts::{FRAC_PI_2, TAU};
use std::num::NonZeroUsize;

/// A value and how far the true one may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// The value.
    pub value: f64,
    /// Bound on the error: of the formula (proved), and an allowance for rounding, 1e-14 of what was added.
    pub error: f64,
}

impl Bounded {
    /// Shows the value in a notebook cell.
    pub fn evcxr_display(&self) {
        let text = format!(
            "{} ± {}",
            display::number(self.value),
            display::number(self.error)
        );
        display::html(&display::escape(&text), &text);
    }
}

/// Nodes of each rule.
const NODES: NonZeroUsize = NonZeroUsize::new(20).unwrap();
/// Length of a piece of the integral over z.
const PIECE: f64 = 1.6;
/// Error of a 20-node rule for an integrand ≤ 1 on the ellipse of parameter 4, an interval of length 2: 64/15 ϱ^{−40}/(1 − ϱ^{−2}).
const RULE_ERROR: f64 = 64.0 / 14.0 / 1.208_925_819_614_629_2e24;
/// So few skills are summed one by one whatever else could be done.
const DIRECT: u64 = 256;
/// What is asked of the formula, relative to the sum.
const TOLERANCE: f64 = 1e-14;
/// 2 ζ(12) 12!
const REMAINDER: f64 = 2.0 * 1.000_246_086_553_308 * 479_001_600.0;

/// The rules for one law.
#[derive(Clone, Debug)]
pub(super) struct SkillSum {
    law: SkillLaw,
    beta: f64,
    /// Nodes on [0, 1] for the weight s^{−1/β}.
    jacobi: Vec<(f64, f64)>,
    /// Nodes on [0, 1].
    legendre: Vec<(f64, f64)>,
}

impl SkillSum {
    pub fn new(law: SkillLaw) -> Result<Self> {
        let beta = law.alpha() + 1.0;
        let index = |x: f64| {
            FiniteAboveNegOneF64::new(x)
                .ok_or_else(|| Error::setting("alpha", law.alpha(), "a finite number above 0"))
        };
        let rule = GaussJacobi::new(NODES, index(0.0)?, index(-1.0 / beta)?);
        let unit = |pairs: &[(f64, f64)]| -> Vec<(f64, f64)> {
            pairs.iter().map(|(x, w)| (0.5 * (x + 1.0), *w)).collect()
        };
        let mut jacobi = unit(rule.as_node_weight_pairs());
        // ∫₀¹ s^{−1/β} ds = β/α, to rounding.
        let sum: f64 = jacobi.iter().map(|n| n.1).sum();
        let scale = beta / (beta - 1.0) / sum;
        jacobi.iter_mut().for_each(|n| n.1 *= scale);
        let mut legendre = unit(GaussLegendre::new(NODES).as_node_weight_pairs());
        legendre.iter_mut().for_each(|n| n.1 *= 0.5);
        Ok(Self {
            law,
            beta,
            jacobi,
            legendre,
        })
    }

    pub fn law(&self) -> &SkillLaw {
        &self.law
    }

    /// The sum over skills 1 … `last` (of n_s, whichever is smaller) at the resource x ≥ 0.
    pub fn sum(&self, response: &Response, x: f64, last: Option<u64>) -> Bounded {
        let last = match (last, self.law.skills()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if last == Some(0) {
            return Bounded {
                value: 0.0,
                error: 0.0,
            };
        }
        let a = self.law.normalizer();
        let z = |k: f64| x * a * k.powf(-self.beta);
        let f = |k: f64| {
            let p = a * k.powf(-self.beta);
            p * response.at(x * p)
        };
        let z_last = last.map_or(0.0, |n| z(n as f64));
        // Where z falls to a given value.
        let reach = |z: f64| (x * a / z).powf(1.0 / self.beta);
        let negligible = reach(z_last + response.cut()).floor().max(0.0);
        let first = negligible as u64 + 1;
        // A value that the sum is certainly not below.
        let plain = reach(1.0).ceil().max(1.0);
        let floor = match last {
            Some(n) if plain >= n as f64 => f(n as f64),
            _ => {
                let to = last.map_or(0.0, |n| (n as f64 / plain).powf(1.0 - self.beta));
                f(plain) * plain / (self.beta - 1.0) * (1.0 - to)
            }
        };
        // What is left when every skill is learned vanishes as e^−z: below 1e-30 of the start it is told to 1e-44, no longer relative to itself.
        let floor = floor.max(1e-30 * response.half());
        let mut start = first.max(16);
        let mut remainder = self.remainder(response, x, start as f64);
        while remainder > TOLERANCE * floor && last.is_none_or(|n| start < n) {
            start += start / 4;
            remainder = self.remainder(response, x, start as f64);
        }
        let left_out = 1e-26 * floor;
        if let Some(n) = last.filter(|n| *n <= start || n - first <= DIRECT) {
            let (value, size) = added((first..=n).rev().map(|k| f(k as f64)));
            return Bounded {
                value,
                error: left_out + TOLERANCE * size,
            };
        }
        let (head, size) = added((first..start).rev().map(|k| f(k as f64)));
        let from = start as f64;
        let (integral, mut error) = self.integral(response, x, from, last.map(|n| n as f64));
        let mut value = head + integral + f(from) / 2.0 - self.ends(response, x, from);
        if let Some(n) = last.map(|n| n as f64) {
            value += f(n) / 2.0 + self.ends(response, x, n);
        }
        error += remainder + left_out + TOLERANCE * (size + integral.abs());
        Bounded { value, error }
    }

    /// $\sum_j B_{2j}/(2j)!\, f^{(2j-1)}(u)$.
    fn ends(&self, response: &Response, x: f64, u: f64) -> f64 {
        let p = self.law.normalizer() * u.powf(-self.beta);
        let power = Jet::power_of_one_plus(1.0, -self.beta);
        let f = power.affine(0.0, p) * response.series(power.affine(0.0, x * p));
        let mut scale = 1.0 / u;
        let mut sum = 0.0;
        for (j, bernoulli) in BERNOULLI.into_iter().enumerate() {
            sum += bernoulli * f.0[2 * j + 1] * scale;
            scale /= u * u;
        }
        sum
    }

    /// The bound of the formula's remainder from `u` on, for the best ρ.
    fn remainder(&self, response: &Response, x: f64, u: f64) -> f64 {
        let p = self.law.normalizer() * u.powf(-self.beta);
        let (z, strip) = (x * p, response.strip());
        let mut best = f64::INFINITY;
        let mut rho: f64 = 0.5;
        while rho > 1e-4 {
            let angle = self.beta * rho.asin();
            let grown = (1.0 - rho).powf(-self.beta);
            let inside = angle <= FRAC_PI_2 && z * grown * angle.sin() <= strip;
            // Data: the disc must keep 𝒫 ≤ 1.
            if inside && p * grown <= 1.0 {
                let bound =
                    REMAINDER / (TAU * rho * u).powi(12) * 4.0 * response.half() * p * grown * u
                        / (self.beta + 11.0);
                best = best.min(bound);
            }
            rho *= 0.8;
        }
        best
    }

    /// $\int_u^{n} f$, and the bound of the rules' error.
    fn integral(&self, response: &Response, x: f64, u: f64, n: Option<f64>) -> (f64, f64) {
        let a = self.law.normalizer();
        let z = |u: f64| x * a * u.powf(-self.beta);
        // Where z = 1; from there on, or from u if that is later, one rule does all.
        let one = (x * a).powf(1.0 / self.beta);
        let bound = 4.0 * response.half() * RULE_ERROR;
        let tail = |u: f64| {
            let z = z(u);
            let sum: f64 = self
                .jacobi
                .iter()
                .map(|(s, w)| w * response.at(z * s))
                .sum();
            let scale = a * u.powf(1.0 - self.beta) / self.beta;
            (scale * sum, scale * bound * self.beta / (self.beta - 1.0))
        };
        let (mut value, mut error) = (0.0, 0.0);
        let mut low = 1.0;
        match n {
            Some(n) if n <= one => low = z(n),
            // Two tails so close would cancel: in ln u, on which f varies as u^−α ℓ(u^−β).
            Some(n) if u >= one && n <= 4.0 * u => {
                let pieces = (1.5 * self.beta * (n / u).ln()).ceil().max(1.0);
                let length = (n / u).ln() / pieces;
                let mut sum = 0.0;
                for piece in 0..pieces as usize {
                    let begin = u.ln() + length * piece as f64;
                    let part = self.legendre.iter().map(|(s, w)| {
                        let u = (begin + length * s).exp();
                        w * a * u.powf(1.0 - self.beta) * response.at(z(u))
                    });
                    sum += length * part.sum::<f64>();
                }
                return (
                    sum,
                    4.0 * bound * a * u.powf(1.0 - self.beta) * length * pieces,
                );
            }
            Some(n) => {
                let (far, near) = (tail(n), tail(one.max(u)));
                value += near.0 - far.0;
                error += near.1 + far.1 + TOLERANCE * (near.0 + far.0);
            }
            None => (value, error) = tail(one.max(u)),
        }
        if u < one {
            let power = -1.0 / self.beta;
            let scale = (a * x).powf(1.0 / self.beta) / (x * self.beta);
            let high = z(u);
            let pieces = ((high - low) / PIECE).ceil().max(1.0);
            let length = (high - low) / pieces;
            let mut sum = 0.0;
            for piece in 0..pieces as usize {
                let begin = low + length * piece as f64;
                let part: f64 = self
                    .legendre
                    .iter()
                    .map(|(s, w)| (begin + length * s, w))
                    .map(|(z, w)| w * z.powf(power) * response.at(z))
                    .sum();
                sum += part * length;
                // The ellipse comes no nearer to 0 than a tenth.
                error += scale * bound * length / 2.0 * 10.0;
            }
            value += scale * sum;
        }
        (value, error)
    }

    /// $\int_0^\infty z^{-1/\beta}\, \ell(z)\,dz$, the constant of a scaling law's prefactor.
    pub fn moment(&self, response: &Response) -> f64 {
        let head: f64 = self.jacobi.iter().map(|(s, w)| w * response.at(*s)).sum();
        let pieces = ((response.cut() - 1.0) / PIECE).ceil() as usize;
        let piece = |i: usize| -> f64 {
            let begin = 1.0 + PIECE * i as f64;
            let part = self.legendre.iter().map(|(s, w)| {
                let z = begin + PIECE * s;
                w * z.powf(-1.0 / self.beta) * response.at(z)
            });
            PIECE * part.sum::<f64>()
        };
        head + (0..pieces).map(piece).sum::<f64>()
    }
}

/// The sum of terms that grow, and the sum of their sizes.
fn added(terms: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut sum, mut lost) = (0.0, 0.0);
    for term in terms {
        // Neumaier's sum: the terms are positive, the larger one loses nothing.
        let next: f64 = sum + term;
        lost += if sum >= term {
            (sum - next) + term
        } else {
            (term - next) + sum
        };
        sum = next;
    }
    (sum + lost, sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn responses(samples: f64) -> [Response; 3] {
        [
            Response::Sigmoid {
                half: 0.5,
                c: 1.0 / 99.0,
            },
            Response::Exponential { half: 0.5 },
            Response::Unobserved { half: 0.5, samples },
        ]
    }

    fn by_hand(law: &SkillLaw, response: &Response, x: f64, n: u64) -> f64 {
        let terms = (1..=n).rev().map(|k| law.p(k) * response.at(x * law.p(k)));
        added(terms).0
    }

    #[test]
    fn finite_sums_are_the_plain_ones_within_their_error() {
        for alpha in [0.1, 0.6, 1.0, 2.5] {
            let law = SkillLaw::new(alpha, 200_000).unwrap();
            let sum = SkillSum::new(law).unwrap();
            for x in [1.0, 30.0, 2e3, 1e5, 1e7] {
                for response in responses(x) {
                    for n in [1, 7, 900, 200_000] {
                        let found = sum.sum(&response, x, Some(n));
                        let plain = by_hand(&law, &response, x, n);
                        let apart = (found.value - plain).abs();
                        assert!(
                            apart <= found.error + 1e-14 * plain,
                            "α {alpha} x {x} n {n} {response:?}: {found:?}, {plain}"
                        );
                        assert!(
                            found.error <= 5e-13 * plain + 1e-40,
                            "{alpha} {x} {n} {response:?}: {found:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn infinite_sums_are_finite_ones_and_their_tail() {
        for alpha in [0.1, 0.3, 0.9] {
            let sum = SkillSum::new(SkillLaw::infinite(alpha).unwrap()).unwrap();
            for x in [0.0_f64, 5.0, 1e3, 1e6, 1e12] {
                for response in responses(x.max(1.0)) {
                    let all = sum.sum(&response, x, None);
                    let some = sum.sum(&response, x, Some(1 << 50));
                    // Beyond 2⁵⁰ nothing is learned at all.
                    let rest = response.at(0.0) * sum.law().tail(1 << 50);
                    let apart = (all.value - some.value - rest).abs();
                    let far = x * sum.law().p(1 << 50);
                    assert!(
                        apart <= 1e-12 * all.value + 4.0 * far * rest,
                        "{alpha} {x} {response:?}"
                    );
                    assert!(all.error < 1e-12 * all.value);
                }
            }
        }
    }

    #[test]
    fn without_a_resource_the_sum_is_the_start() {
        let sum = SkillSum::new(SkillLaw::infinite(0.4).unwrap()).unwrap();
        for response in responses(3.0) {
            let all = sum.sum(&response, 0.0, None);
            assert!(
                (all.value / response.at(0.0) - 1.0).abs() < 1e-13,
                "{response:?} {all:?}"
            );
        }
    }

    #[test]
    fn moments_are_gamma_functions() {
        for alpha in [0.1, 0.5, 2.0] {
            let sum = SkillSum::new(SkillLaw::infinite(alpha).unwrap()).unwrap();
            let moment = sum.moment(&Response::Exponential { half: 1.0 });
            let exact = statrs::function::gamma::gamma(alpha / (alpha + 1.0));
            assert!(
                (moment / exact - 1.0).abs() < 1e-12,
                "{alpha}: {moment}, {exact}"
            );
        }
    }
}
