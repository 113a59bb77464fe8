//! How often each skill is needed.

use crate::display;
use crate::error::{Error, Result};
use crate::table::Table;
use std::ops::Index;

/// The frequencies p₁ … p_n of skills, all > 0.
///
/// Source: *Physics of Skill Learning*, §2.2: $p_1\ge p_2\ge\dots\ge p_n>0$ and, for a power law,
/// $p_i = i^{-\alpha} / \sum_j j^{-\alpha}$.
///
/// [`new`](Self::new) wants them sorted and normalised and refuses what is not: the order is the order in which results
/// name the skills, so nothing is sorted behind the user's back. [`weights`](Self::weights) takes any positive numbers as
/// they are, for the models of dependent skills, whose published settings are neither sorted nor normalised.
///
/// ```
/// use scurve::task::Frequencies;
/// let p = Frequencies::power_law(3, 1.0)?;
/// assert!((p.p()[0] - 6.0 / 11.0).abs() < 1e-15 && (p.p()[2] - 2.0 / 11.0).abs() < 1e-15);
/// let wrong = Frequencies::new(vec![0.2, 0.8]).unwrap_err();
/// assert!(wrong.to_string().contains("p[1] = 0.8"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Frequencies {
    p: Vec<f64>,
}

/// How far from 1 a sum may be that is meant to be 1: the rounding of a million terms, or of a list typed with ten digits.
const ROUNDING: f64 = 1e-9;

impl Frequencies {
    /// Given frequencies: positive, not increasing, with sum 1.
    ///
    /// # Errors
    /// An empty list, a number that is not finite and > 0, one larger than that before it, another sum than 1.
    pub fn new(p: Vec<f64>) -> Result<Self> {
        let given = Self::weights(p)?;
        if let Some(i) = given.p.windows(2).position(|pair| pair[1] > pair[0]) {
            return Err(Error::setting(
                format!("p[{}]", i + 1),
                given.p[i + 1],
                format!(
                    "at most p[{i}] = {}: list the most frequent skill first, or use Frequencies::weights to keep this order",
                    given.p[i]
                ),
            ));
        }
        let sum: f64 = given.p.iter().sum();
        if (sum - 1.0).abs() > ROUNDING {
            return Err(Error::setting(
                "the sum of p",
                sum,
                "1: divide by the sum (Frequencies::normalized), or use Frequencies::weights to keep it",
            ));
        }
        Ok(given)
    }

    /// Any positive numbers, in the order and with the sum that they have.
    ///
    /// # Errors
    /// An empty list, a number that is not finite and > 0.
    pub fn weights(p: Vec<f64>) -> Result<Self> {
        if p.is_empty() {
            return Err(Error::setting("p", "[]", "a list with at least one skill"));
        }
        if let Some((i, bad)) = p
            .iter()
            .enumerate()
            .find(|(_, x)| !(**x > 0.0 && x.is_finite()))
        {
            return Err(Error::setting(
                format!("p[{i}]"),
                bad,
                "a finite number > 0: leave out a skill that never occurs",
            ));
        }
        Ok(Self { p })
    }

    /// The same divided by its sum.
    pub fn normalized(mut self) -> Self {
        let sum: f64 = self.p.iter().sum();
        self.p.iter_mut().for_each(|p| *p /= sum);
        self
    }

    /// $p_i = i^{-\alpha}/\sum_j j^{-\alpha}$, α ≥ 0 (0: all alike).
    ///
    /// # Errors
    /// `n` = 0; α negative or not finite; an α so large that the rarest frequency is 0 in floating point.
    pub fn power_law(n: usize, alpha: f64) -> Result<Self> {
        if !(alpha >= 0.0 && alpha.is_finite()) {
            return Err(Error::setting("alpha", alpha, "a finite number ≥ 0"));
        }
        Self::decaying(n, |i| ((i + 1) as f64).powf(-alpha))
    }

    /// $p_i = b^{-i}/\sum_j b^{-j}$, base b ≥ 1.
    ///
    /// # Errors
    /// `n` = 0; a base below 1 or not finite; so many skills that the rarest frequency is 0 in floating point.
    pub fn exponential(n: usize, base: f64) -> Result<Self> {
        if !(base >= 1.0 && base.is_finite()) {
            return Err(Error::setting("base", base, "a finite number ≥ 1"));
        }
        Self::decaying(n, |i| base.powf(-(i as f64)))
    }

    /// All alike, 1/n.
    ///
    /// # Errors
    /// `n` = 0.
    pub fn uniform(n: usize) -> Result<Self> {
        Self::power_law(n, 0.0)
    }

    fn decaying(n: usize, weight: impl Fn(usize) -> f64) -> Result<Self> {
        if n == 0 {
            return Err(Error::setting("n_task", n, "a whole number ≥ 1"));
        }
        Ok(Self::weights((0..n).map(weight).collect())?.normalized())
    }

    /// The numbers.
    pub fn p(&self) -> &[f64] {
        &self.p
    }

    /// Number of skills, n_task.
    pub fn len(&self) -> usize {
        self.p.len()
    }

    /// Never: there is at least one skill.
    pub fn is_empty(&self) -> bool {
        self.p.is_empty()
    }

    /// Columns `skill` (from 1) and `p`.
    pub fn table(&self) -> Result<Table> {
        let skills: Vec<i64> = (1..=self.len() as i64).collect();
        Table::new()
            .with("skill", skills)?
            .with("p", self.p.clone())
    }

    /// Shows the frequencies in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => display::error(&e),
        }
    }
}

impl Index<usize> for Frequencies {
    type Output = f64;

    fn index(&self, skill: usize) -> &f64 {
        &self.p[skill]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_have_their_ratios_and_sum_to_one() {
        let p = Frequencies::power_law(1000, 2.0).unwrap();
        assert!((p.p().iter().sum::<f64>() - 1.0).abs() < 1e-14);
        assert!((p[0] / p[9] - 100.0).abs() < 1e-10);
        let p = Frequencies::exponential(5, 3.0).unwrap();
        assert!((p[1] / p[3] - 9.0).abs() < 1e-12);
        assert_eq!(Frequencies::uniform(4).unwrap().p(), [0.25; 4]);
        assert_eq!(Frequencies::new(p.p().to_vec()).unwrap(), p);
    }

    #[test]
    fn bad_lists_are_refused_by_name() {
        let refused = |e: Result<Frequencies>, part: &str| {
            let message = e.unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(Frequencies::new(vec![]), "p = []");
        refused(Frequencies::new(vec![0.5, 0.4]), "the sum of p = 0.9");
        refused(Frequencies::new(vec![0.4, 0.6]), "p[1] = 0.6");
        refused(Frequencies::weights(vec![1.0, 0.0]), "p[1] = 0");
        refused(Frequencies::weights(vec![f64::NAN]), "p[0] = NaN");
        refused(Frequencies::power_law(0, 1.0), "n_task = 0");
        refused(Frequencies::power_law(3, -1.0), "alpha = -1");
        refused(Frequencies::exponential(3, 0.5), "base = 0.5");
        // 3^-700 is 0 in floating point.
        refused(Frequencies::exponential(800, 3.0), "= 0");
    }
}
