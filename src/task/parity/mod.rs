//! The multitask sparse parity problem (thesis, §4.2; Michaud et al., 2023).

mod batch;
mod strength;
mod subsets;

pub use batch::{BitLaw, ParityBatch};
pub use subsets::Subsets;

use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::task::Frequencies;
use rand_chacha::ChaCha12Rng;

/// n_s skills, each the parity of its own m of n_b bits; control bits say which one is asked for (Table 4.2).
///
/// An input is (i, x): the skill i, one-hot in n_s control bits, with the frequency 𝒫_s(i), and n_b skill bits x. Skill k has the function
/// $$g_k(i, x) = (-1)^{\sum_j M_j(i, x)} \;\text{ if } i = k, \text{ else } 0, \qquad f^* = S \sum_k g_k \quad\text{(4.2, 4.4)},$$
/// with M the bits of its subset. Skills count from 0 here, as everything that indexes.
///
/// ```
/// use scurve::{seed::Seed, task::{Frequencies, SparseParity, Subsets}};
/// let subsets = Subsets::disjoint(5, 32, 3, Seed(0))?;
/// let task = SparseParity::new(Frequencies::power_law(5, 1.6)?, subsets)?;
/// let batch = task.batch(4000, Seed(1));
/// // exactly one skill function is not 0, and it is ±1
/// let g = batch.basis();
/// assert!((0..4000).all(|j| g.row(j).iter().map(|g| g * g).sum::<f64>() == 1.0));
/// assert_eq!((task.inputs(), batch.len()), (37, 4000));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SparseParity {
    frequencies: Frequencies,
    subsets: Subsets,
    bits: BitLaw,
    /// Σ_{j ≤ i} 𝒫(j), for drawing.
    cumulative: Vec<f64>,
}

impl SparseParity {
    /// One subset for each frequency, with fair bits.
    ///
    /// # Errors
    /// Another number of subsets than of frequencies; frequencies whose sum is not 1.
    pub fn new(frequencies: Frequencies, subsets: Subsets) -> Result<Self> {
        if frequencies.len() != subsets.len() {
            return Err(Error::setting(
                "subsets.len()",
                subsets.len(),
                format!("{}, one for each frequency", frequencies.len()),
            ));
        }
        let mut sum = 0.0;
        let cumulative: Vec<f64> = frequencies
            .p()
            .iter()
            .map(|p| {
                sum += p;
                sum
            })
            .collect();
        if (sum - 1.0).abs() >= 1e-9 || sum.is_nan() {
            return Err(Error::setting(
                "the sum of the frequencies",
                sum,
                "1 (Frequencies::normalized)",
            ));
        }
        Ok(Self {
            frequencies,
            subsets,
            bits: BitLaw::Fair,
            cumulative,
        })
    }

    /// Sets how bits are drawn.
    pub fn with_bits(mut self, bits: BitLaw) -> Self {
        self.bits = bits;
        self
    }

    /// 𝒫_s.
    pub fn frequencies(&self) -> &Frequencies {
        &self.frequencies
    }

    /// The bits of each skill.
    pub fn subsets(&self) -> &Subsets {
        &self.subsets
    }

    /// How bits are drawn.
    pub fn bits(&self) -> BitLaw {
        self.bits
    }

    /// n_s.
    pub fn skills(&self) -> usize {
        self.subsets.len()
    }

    /// n_s + n_b, the length of an input.
    pub fn inputs(&self) -> usize {
        self.skills() + self.subsets.bits()
    }

    /// `size` independent examples from the streams `data` (skills) and `data/bits`.
    pub fn batch(&self, size: usize, seed: Seed) -> ParityBatch {
        self.draw(
            size,
            &mut seed.stream("data"),
            &mut seed.stream("data/bits"),
        )
    }

    /// `size` examples that continue two streams: fresh batches one after the other.
    pub fn draw(
        &self,
        size: usize,
        skills: &mut ChaCha12Rng,
        bits: &mut ChaCha12Rng,
    ) -> ParityBatch {
        let skill = batch::skills(&self.cumulative, size, skills);
        ParityBatch::new(&self.subsets, self.bits, skill, bits)
    }

    /// `size` examples of skill `k` (from 0) alone.
    ///
    /// # Errors
    /// A skill that there is not.
    pub fn batch_of(&self, k: usize, size: usize, seed: Seed) -> Result<ParityBatch> {
        if k >= self.skills() {
            return Err(Error::setting(
                "k",
                k,
                format!("a skill from 0 to {}", self.skills() - 1),
            ));
        }
        let skill = vec![k as u32; size];
        let mut bits = seed.stream("data/bits");
        Ok(ParityBatch::new(&self.subsets, self.bits, skill, &mut bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skills_come_with_their_frequencies_and_parities_are_even() {
        let p = Frequencies::power_law(5, 1.6).unwrap();
        let subsets = Subsets::disjoint(5, 100, 3, Seed(0)).unwrap();
        let task = SparseParity::new(p.clone(), subsets).unwrap();
        let n = 200_000;
        let batch = task.batch(n, Seed(2));
        let mut counts = [0u32; 5];
        let mut signs = [0.0; 5];
        for j in 0..n {
            counts[batch.skill(j)] += 1;
            signs[batch.skill(j)] += batch.sign(j);
        }
        for k in 0..5 {
            let error = (p[k] * (1.0 - p[k]) / n as f64).sqrt();
            assert!((f64::from(counts[k]) / n as f64 - p[k]).abs() < 4.0 * error);
            assert!(signs[k].abs() < 4.0 * f64::from(counts[k]).sqrt());
        }
    }

    #[test]
    fn signs_are_the_parities_of_the_bits_as_inputs_show_them() {
        let subsets = Subsets::new(vec![vec![0, 70, 5], vec![64, 63], vec![1]], 80).unwrap();
        let task = SparseParity::new(Frequencies::power_law(3, 1.0).unwrap(), subsets).unwrap();
        let batch = task.batch(300, Seed(3));
        let inputs = batch.inputs();
        for j in 0..300 {
            let row = inputs.row(j);
            let k = (0..3).find(|k| row[*k] == 1.0).unwrap();
            assert_eq!(k, batch.skill(j));
            assert_eq!(row.iter().take(3).sum::<f32>(), 1.0);
            let ones: f32 = task.subsets().of(k).iter().map(|b| row[3 + b]).sum();
            assert_eq!(batch.sign(j), if ones % 2.0 == 0.0 { 1.0 } else { -1.0 });
        }
        assert_eq!(batch.targets(5.0)[0].abs(), 5.0);
    }

    #[test]
    fn the_published_bits_are_biased_and_fair_ones_are_not() {
        let subsets = Subsets::disjoint(2, 64, 3, Seed(0)).unwrap();
        let task = SparseParity::new(Frequencies::uniform(2).unwrap(), subsets).unwrap();
        for (law, expected) in [(BitLaw::Fair, 0.5), (BitLaw::Published, 127.0 / 255.0)] {
            assert_eq!(law.ones(), expected);
            let n = 100_000;
            let batch = task.clone().with_bits(law).batch(n, Seed(5));
            let inputs = batch.inputs();
            let total = (n * 64) as f64;
            let ones: f64 = inputs
                .columns()
                .into_iter()
                .skip(2)
                .map(|c| f64::from(c.sum()))
                .sum();
            let share = ones / total;
            // Bits of a published byte are nearly independent.
            assert!(
                (share - expected).abs() < 5.0 * (0.25 / total).sqrt(),
                "{share}"
            );
        }
    }

    #[test]
    fn bad_tasks_are_refused_by_name() {
        let subsets = Subsets::disjoint(2, 10, 3, Seed(0)).unwrap();
        let three = Frequencies::uniform(3).unwrap();
        let error = SparseParity::new(three, subsets.clone())
            .unwrap_err()
            .to_string();
        assert!(error.contains("subsets.len() = 2"), "{error}");
        let heavy = Frequencies::weights(vec![1.0, 1.0]).unwrap();
        let error = SparseParity::new(heavy, subsets.clone())
            .unwrap_err()
            .to_string();
        assert!(error.contains("sum of the frequencies = 2"), "{error}");
        let task = SparseParity::new(Frequencies::uniform(2).unwrap(), subsets).unwrap();
        let error = task.batch_of(2, 5, Seed(0)).unwrap_err().to_string();
        assert!(error.contains("k = 2"), "{error}");
    }
}
