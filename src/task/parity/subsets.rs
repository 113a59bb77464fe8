//! Which bits each skill looks at.

use crate::error::{Error, Result};
use crate::seed::Seed;
use rand::RngExt;
use std::collections::HashSet;

/// The subsets of bits whose parity each skill is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsets {
    bits: usize,
    subsets: Vec<Vec<usize>>,
    /// The same as bit masks, [`words`](Self::words) words a skill.
    masks: Vec<u64>,
}

impl Subsets {
    /// Given subsets of the bits 0 … `bits` − 1.
    ///
    /// # Errors
    /// No skills; an empty subset; a bit beyond the last or twice in a subset; two skills with the same subset.
    pub fn new(subsets: Vec<Vec<usize>>, bits: usize) -> Result<Self> {
        if subsets.is_empty() {
            return Err(Error::setting("subsets", "[]", "at least one skill"));
        }
        let words = bits.div_ceil(64);
        let mut masks = vec![0u64; words * subsets.len()];
        let mut seen = HashSet::new();
        for (k, subset) in subsets.iter().enumerate() {
            let field = || format!("subsets[{k}]");
            if subset.is_empty() {
                return Err(Error::setting(field(), "[]", "at least one bit"));
            }
            for bit in subset {
                if *bit >= bits {
                    return Err(Error::setting(
                        field(),
                        bit,
                        format!("made of bits 0 to {}", bits.saturating_sub(1)),
                    ));
                }
                let word = &mut masks[k * words + bit / 64];
                if *word & (1 << (bit % 64)) != 0 {
                    return Err(Error::setting(field(), bit, "made of different bits"));
                }
                *word |= 1 << (bit % 64);
            }
            if !seen.insert(masks[k * words..(k + 1) * words].to_vec()) {
                return Err(Error::setting(
                    field(),
                    format!("{subset:?}"),
                    "another subset than those of all other skills",
                ));
            }
        }
        Ok(Self {
            bits,
            subsets,
            masks,
        })
    }

    /// `skills` subsets of `m` bits that share none, at random.
    ///
    /// # Errors
    /// No bits to look at, or fewer than m · n_s.
    pub fn disjoint(skills: usize, bits: usize, m: usize, seed: Seed) -> Result<Self> {
        check_size(skills, bits, m)?;
        if skills.saturating_mul(m) > bits {
            return Err(Error::setting(
                "bits",
                bits,
                format!(
                    "at least m · skills = {m} · {skills} for disjoint subsets (Subsets::random may overlap)"
                ),
            ));
        }
        let mut order: Vec<usize> = (0..bits).collect();
        let mut rng = seed.stream("data/subsets");
        let subsets = (0..skills)
            .map(|k| {
                (0..m)
                    .map(|i| {
                        let at = k * m + i;
                        let other = rng.random_range(at..bits);
                        order.swap(at, other);
                        order[at]
                    })
                    .collect()
            })
            .collect();
        Self::new(subsets, bits)
    }

    /// `skills` different subsets of `m` bits each, which may overlap, at random.
    ///
    /// # Errors
    /// No bits to look at, fewer bits than m, or fewer subsets of m bits than skills.
    pub fn random(skills: usize, bits: usize, m: usize, seed: Seed) -> Result<Self> {
        check_size(skills, bits, m)?;
        let mut count = 1.0;
        for i in 0..m {
            count *= (bits - i) as f64 / (i + 1) as f64;
        }
        if skills as f64 > count {
            return Err(Error::setting(
                "skills",
                skills,
                format!("at most {count:.0}, the number of subsets of {m} among {bits} bits"),
            ));
        }
        let mut rng = seed.stream("data/subsets");
        let mut seen = HashSet::new();
        let mut subsets = Vec::with_capacity(skills);
        while subsets.len() < skills {
            let mut subset: Vec<usize> = Vec::with_capacity(m);
            while subset.len() < m {
                let bit = rng.random_range(0..bits);
                if !subset.contains(&bit) {
                    subset.push(bit);
                }
            }
            subset.sort_unstable();
            if seen.insert(subset.clone()) {
                subsets.push(subset);
            }
        }
        Self::new(subsets, bits)
    }

    /// n_s.
    pub fn len(&self) -> usize {
        self.subsets.len()
    }

    /// Never: there is at least one skill.
    pub fn is_empty(&self) -> bool {
        self.subsets.is_empty()
    }

    /// n_b.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// The bits of skill `k`.
    pub fn of(&self, k: usize) -> &[usize] {
        &self.subsets[k]
    }

    /// Words of 64 bits that an example takes.
    pub(super) fn words(&self) -> usize {
        self.bits.div_ceil(64)
    }

    /// The bits of skill `k` as a mask.
    pub(super) fn mask(&self, k: usize) -> &[u64] {
        let words = self.words();
        &self.masks[k * words..(k + 1) * words]
    }
}

fn check_size(skills: usize, bits: usize, m: usize) -> Result<()> {
    if skills == 0 {
        return Err(Error::setting("skills", 0, "a whole number ≥ 1"));
    }
    if !(1..=bits).contains(&m) {
        return Err(Error::setting(
            "m",
            m,
            format!("from 1 to the number of bits, {bits}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disjoint_ones_share_no_bit_and_random_ones_differ() {
        let disjoint = Subsets::disjoint(10, 32, 3, Seed(1)).unwrap();
        let all: HashSet<usize> = (0..10).flat_map(|k| disjoint.of(k).to_vec()).collect();
        assert_eq!(all.len(), 30);
        // All ten subsets of two among five bits.
        let random = Subsets::random(10, 5, 2, Seed(1)).unwrap();
        let all: HashSet<Vec<usize>> = (0..10).map(|k| random.of(k).to_vec()).collect();
        assert_eq!(all.len(), 10);
    }

    #[test]
    fn bad_subsets_are_refused_by_name() {
        let refused = |e: Result<Subsets>, part: &str| {
            let message = e.unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(Subsets::disjoint(11, 32, 3, Seed(0)), "bits = 32");
        refused(Subsets::disjoint(1, 32, 33, Seed(0)), "m = 33");
        refused(Subsets::disjoint(1, 32, 0, Seed(0)), "m = 0");
        refused(Subsets::disjoint(0, 32, 3, Seed(0)), "skills = 0");
        refused(Subsets::random(11, 5, 2, Seed(0)), "skills = 11");
        refused(Subsets::random(1, 2, 3, Seed(0)), "m = 3");
        refused(Subsets::new(vec![], 3), "subsets = []");
        refused(Subsets::new(vec![vec![0, 3]], 3), "subsets[0] = 3");
        refused(Subsets::new(vec![vec![0, 0]], 3), "subsets[0] = 0");
        refused(Subsets::new(vec![vec![0], vec![]], 3), "subsets[1] = []");
        refused(
            Subsets::new(vec![vec![0, 1], vec![1, 0]], 3),
            "subsets[1] = [1, 0]",
        );
    }
}
