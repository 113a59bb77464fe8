//! Power-law frequencies of any number of skills, an infinite one among them.

use super::Frequencies;
use crate::display;
use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::table::Table;
use rand_distr::{Distribution, Zeta, Zipf};
use std::collections::HashMap;

/// Skill k = 1 … n_s with the frequency $\mathcal P_s(k) = A k^{-(\alpha+1)}$ (thesis, Eq. 4.1), α > 0 and n_s finite or infinite; nothing is stored.
///
/// $A^{-1} = \sum_{k=1}^{n_s} k^{-(\alpha+1)}$ and every tail of it come from the Euler–Maclaurin formula with a remainder below rounding, in a time that
/// does not depend on n_s.
///
/// NOTE: α + 1 is the exponent that *Physics of Skill Learning* calls α ([`Frequencies::power_law`]).
///
/// ```
/// use scurve::task::SkillLaw;
/// let law = SkillLaw::infinite(1.0)?;
/// assert!((law.normalizer() - 6.0 / std::f64::consts::PI.powi(2)).abs() < 1e-15);
/// let law = SkillLaw::new(0.6, 5)?;
/// assert!((law.tail(0) - 1.0).abs() < 1e-15 && law.tail(5) == 0.0 && law.p(6) == 0.0);
/// assert!(SkillLaw::new(0.0, 5).unwrap_err().to_string().contains("alpha = 0"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkillLaw {
    alpha: f64,
    skills: Option<u64>,
    normalizer: f64,
}

/// Beyond this a whole number has no f64 of its own.
const LARGEST: u64 = 1 << 53;

/// Below this α the head of an infinite sum is lost beside its tail.
const LEAST_ALPHA: f64 = 1e-3;

impl SkillLaw {
    /// `skills` = n_s skills.
    ///
    /// # Errors
    /// α not a finite number ≥ 0.001; no skills, or more than 2⁵³.
    pub fn new(alpha: f64, skills: u64) -> Result<Self> {
        if !(1..=LARGEST).contains(&skills) {
            return Err(Error::setting(
                "skills",
                skills,
                "a whole number from 1 to 2^53; SkillLaw::infinite has no end",
            ));
        }
        Self::of(alpha, Some(skills))
    }

    /// n_s → ∞.
    ///
    /// # Errors
    /// α not a finite number ≥ 0.001.
    pub fn infinite(alpha: f64) -> Result<Self> {
        Self::of(alpha, None)
    }

    fn of(alpha: f64, skills: Option<u64>) -> Result<Self> {
        if !(LEAST_ALPHA..=100.0).contains(&alpha) {
            return Err(Error::setting(
                "alpha",
                alpha,
                "between 0.001 and 100: the frequencies fall as k^-(alpha + 1)",
            ));
        }
        Ok(Self {
            alpha,
            skills,
            normalizer: 1.0 / power_sum(alpha + 1.0, 1, skills),
        })
    }

    /// α.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// n_s; none: infinitely many.
    pub fn skills(&self) -> Option<u64> {
        self.skills
    }

    /// A.
    pub fn normalizer(&self) -> f64 {
        self.normalizer
    }

    /// The frequency of skill `k`, counted from 1; 0 for k = 0 and beyond n_s.
    pub fn p(&self, k: u64) -> f64 {
        if k == 0 || self.skills.is_some_and(|n| k > n) {
            return 0.0;
        }
        self.normalizer * (k as f64).powf(-self.alpha - 1.0)
    }

    /// The frequency of all skills after `k` together, $\sum_{j>k} \mathcal P_s(j)$.
    pub fn tail(&self, k: u64) -> f64 {
        if k == 0 {
            return 1.0;
        }
        if self.skills.is_some_and(|n| k >= n) {
            return 0.0;
        }
        self.normalizer * power_sum(self.alpha + 1.0, k + 1, self.skills)
    }

    /// The same as a list, for the models of few skills.
    ///
    /// # Errors
    /// Infinitely many skills, or a frequency that is 0 in floating point.
    pub fn frequencies(&self) -> Result<Frequencies> {
        let n = self.skills.ok_or_else(|| {
            Error::setting(
                "skills",
                "infinite",
                "finite here: a list has an end (SkillLaw::new)",
            )
        })?;
        Frequencies::power_law(n as usize, self.alpha + 1.0)
    }

    /// How often each skill occurs among `samples` independent draws.
    ///
    /// # Errors
    /// No samples.
    pub fn draw(&self, samples: u64, seed: Seed) -> Result<SkillCounts> {
        if samples == 0 {
            return Err(Error::setting("samples", 0, "a whole number ≥ 1"));
        }
        let mut rng = seed.stream("data");
        let failed =
            |e: &dyn std::fmt::Display| Error::setting("alpha", self.alpha, format!("valid: {e}"));
        let mut counts: HashMap<u64, u64> = HashMap::new();
        let mut beyond = 0;
        let mut count = |k: f64| {
            if k <= LARGEST as f64 {
                *counts.entry(k as u64).or_default() += 1;
            } else {
                beyond += 1;
            }
        };
        match self.skills {
            Some(n) => {
                let zipf = Zipf::new(n as f64, self.alpha + 1.0).map_err(|e| failed(&e))?;
                (0..samples).for_each(|_| count(zipf.sample(&mut rng)));
            }
            None => {
                let zeta = Zeta::new(self.alpha + 1.0).map_err(|e| failed(&e))?;
                (0..samples).for_each(|_| count(zeta.sample(&mut rng)));
            }
        }
        let mut counts: Vec<(u64, u64)> = counts.into_iter().collect();
        counts.sort_unstable();
        Ok(SkillCounts {
            counts,
            beyond,
            samples,
        })
    }
}

/// A training set by its numbers of examples d_k.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillCounts {
    /// (k, d_k) of the skills that occur, by k.
    pub counts: Vec<(u64, u64)>,
    /// Examples of skills beyond 2⁵³, each of which hardly occurs twice.
    pub beyond: u64,
    /// D, all examples.
    pub samples: u64,
}

impl SkillCounts {
    /// d_k.
    pub fn of(&self, k: u64) -> u64 {
        let at = self.counts.binary_search_by_key(&k, |c| c.0);
        at.map_or(0, |i| self.counts[i].1)
    }

    /// Columns `skill` and `count`.
    pub fn table(&self) -> Result<Table> {
        let column = |f: fn(&(u64, u64)) -> u64| self.counts.iter().map(f).collect::<Vec<_>>();
        Table::new()
            .with("skill", column(|c| c.0))?
            .with("count", column(|c| c.1))
    }

    /// Shows the counts in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => display::error(&e),
        }
    }
}

/// $B_{2j}/(2j)$ for j = 1 … 6: the Bernoulli numbers of the Euler–Maclaurin formula, for Taylor coefficients.
pub(crate) const BERNOULLI: [f64; 6] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32760.0,
];

/// $\sum_{k=\text{from}}^{\text{to}} k^{-s}$ for s > 1 and from ≥ 1; without `to` the sum is infinite (Hurwitz' ζ(s, from)).
fn power_sum(s: f64, from: u64, to: Option<u64>) -> f64 {
    // From here on the formula's remainder, below 2 (s)₁₂ / (2πk)¹² of a term for these s, is below rounding.
    let start = from.max(40 + 2 * s as u64);
    let last = to.unwrap_or(u64::MAX);
    if last <= start {
        return (from..=last).rev().map(|k| (k as f64).powf(-s)).sum();
    }
    // The derivatives' part at one end, with the half term.
    let end = |k: f64| {
        let mut sum = 0.0;
        // Taylor coefficient n of (1 + t)^−s.
        let (mut coefficient, mut n) = (1.0, 0.0);
        for bernoulli in BERNOULLI {
            coefficient *= (-s - n) / (n + 1.0);
            sum += bernoulli * coefficient * k.powf(-n - 1.0);
            coefficient *= (-s - n - 1.0) / (n + 2.0);
            n += 2.0;
        }
        sum * k.powf(-s)
    };
    let a = start as f64;
    let mut tail = a.powf(-s) / 2.0 - end(a);
    match to {
        None => tail += a.powf(1.0 - s) / (s - 1.0),
        Some(n) => {
            let b = n as f64;
            let ratio = (b / a).ln();
            tail += a.powf(1.0 - s) * -((1.0 - s) * ratio).exp_m1() / (s - 1.0);
            tail += b.powf(-s) / 2.0 + end(b);
        }
    }
    let head: f64 = (from..start).rev().map(|k| (k as f64).powf(-s)).sum();
    head + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_mpmath() {
        // mpmath at 30 digits: zeta(1.1), zeta(1.3), zeta(1.9, 1000), zeta(1.6) − zeta(1.6, 100001)
        for (s, from, to, exact) in [
            (1.1, 1, None, 10.584_448_464_950_801),
            (1.3, 1, None, 3.931_949_211_809_544),
            (1.9, 1000, None, 0.002_217_956_074_817_157_7),
            (1.6, 1, Some(100_000), 2.284_099_004_013_45),
        ] {
            let sum = power_sum(s, from, to);
            assert!((sum / exact - 1.0).abs() < 4e-15, "{s}: {sum}");
        }
        for s in [1.001, 1.1, 2.0, 7.5, 101.0] {
            for (from, to) in [(1, 3000), (7, 50), (1000, 20_000)] {
                let plain: f64 = (from..=to).rev().map(|k| (k as f64).powf(-s)).sum();
                let sum = power_sum(s, from, Some(to));
                assert!((sum / plain - 1.0).abs() < 2e-14, "{s} {from} {to}");
                let rest = power_sum(s, from, None) - power_sum(s, to + 1, None);
                assert!((rest / plain - 1.0).abs() < 1e-11 / (s - 1.0), "{s} {from}");
            }
        }
    }

    #[test]
    fn bad_laws_are_refused_by_name() {
        for (law, part) in [
            (SkillLaw::new(-1.0, 5), "alpha = -1"),
            (SkillLaw::new(f64::NAN, 5), "alpha = NaN"),
            (SkillLaw::infinite(f64::INFINITY), "alpha = inf"),
            (SkillLaw::new(0.5, 0), "skills = 0"),
            (SkillLaw::new(0.5, u64::MAX), "skills = "),
        ] {
            let message = law.unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
        let law = SkillLaw::infinite(0.5).unwrap();
        assert!(
            law.frequencies()
                .unwrap_err()
                .to_string()
                .contains("skills")
        );
        assert!(
            law.draw(0, Seed(0))
                .unwrap_err()
                .to_string()
                .contains("samples")
        );
    }

    #[test]
    fn draws_have_the_law() {
        for law in [
            SkillLaw::new(0.6, 20).unwrap(),
            SkillLaw::infinite(0.6).unwrap(),
        ] {
            let drawn = law.draw(200_000, Seed(1)).unwrap();
            let all: u64 = drawn.counts.iter().map(|c| c.1).sum();
            assert_eq!(all + drawn.beyond, 200_000);
            for k in 1..=8 {
                let (p, n) = (law.p(k), 200_000.0);
                let error = (p * (1.0 - p) / n).sqrt();
                assert!((drawn.of(k) as f64 / n - p).abs() < 4.0 * error, "{k}");
            }
        }
    }
}
