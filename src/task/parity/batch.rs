//! Examples of the sparse parity problem, 64 bits a word.

use super::Subsets;
use ndarray::{Array1, Array2};
use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

/// How the skill bits are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BitLaw {
    /// Independent, 0 or 1 with probability ½ (Eq. 4.1).
    #[default]
    Fair,
    /// As the thesis' code: the bits of bytes drawn from 0 … 254, for the upper end of the range is excluded, so that a bit is 1
    /// with probability 127/255 = 0.498 and eight neighbours are never all 1.
    Published,
}

impl BitLaw {
    /// The probability of a 1.
    pub fn ones(self) -> f64 {
        match self {
            Self::Fair => 0.5,
            Self::Published => 127.0 / 255.0,
        }
    }

    fn word(self, rng: &mut ChaCha12Rng) -> u64 {
        match self {
            Self::Fair => rng.next_u64(),
            Self::Published => {
                let bytes: [u8; 8] = std::array::from_fn(|_| rng.random_range(0..255u8));
                u64::from_le_bytes(bytes)
            }
        }
    }
}

/// Examples: skill, bits and parity of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParityBatch {
    skills: usize,
    bits: usize,
    words: usize,
    skill: Vec<u32>,
    packed: Vec<u64>,
    odd: Vec<bool>,
}

impl ParityBatch {
    pub(super) fn new(
        subsets: &Subsets,
        law: BitLaw,
        skill: Vec<u32>,
        rng: &mut ChaCha12Rng,
    ) -> Self {
        let words = subsets.words();
        let packed: Vec<u64> = (0..skill.len() * words).map(|_| law.word(rng)).collect();
        let odd = skill
            .iter()
            .zip(packed.chunks_exact(words))
            .map(|(k, x)| {
                let marked = subsets.mask(*k as usize).iter().zip(x);
                marked
                    .fold(0, |all, (mask, x)| all ^ (mask & x))
                    .count_ones()
                    % 2
                    == 1
            })
            .collect();
        Self {
            skills: subsets.len(),
            bits: subsets.bits(),
            words,
            skill,
            packed,
            odd,
        }
    }

    /// Examples.
    pub fn len(&self) -> usize {
        self.skill.len()
    }

    /// No examples?
    pub fn is_empty(&self) -> bool {
        self.skill.is_empty()
    }

    /// The skill of example `j`, from 0.
    pub fn skill(&self, j: usize) -> usize {
        self.skill[j] as usize
    }

    /// n_s, the number of control bits.
    pub fn controls(&self) -> usize {
        self.skills
    }

    /// The skill of every example, from 0.
    pub fn skills(&self) -> &[u32] {
        &self.skill
    }

    /// The skill bit `bit` of example `j`.
    pub fn bit(&self, j: usize, bit: usize) -> bool {
        self.packed[j * self.words + bit / 64] >> (bit % 64) & 1 == 1
    }

    /// $g_k(i, x)$ of example `j` for its own skill k = i: ±1.
    pub fn sign(&self, j: usize) -> f64 {
        if self.odd[j] { -1.0 } else { 1.0 }
    }

    /// How many examples each skill has, d_k.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.skills];
        self.skill.iter().for_each(|k| counts[*k as usize] += 1);
        counts
    }

    /// $g_k$ of every example (row) for every skill (column), Eq. 4.2.
    pub fn basis(&self) -> Array2<f64> {
        let mut g = Array2::zeros((self.len(), self.skills));
        for j in 0..self.len() {
            g[[j, self.skill(j)]] = self.sign(j);
        }
        g
    }

    /// The inputs of a network: control bits, then skill bits, 0 or 1; examples × (n_s + n_b).
    pub fn inputs(&self) -> Array2<f32> {
        let width = self.skills + self.bits;
        let mut out = vec![0f32; self.len() * width];
        let rows = out.chunks_exact_mut(width);
        for ((row, k), x) in rows
            .zip(&self.skill)
            .zip(self.packed.chunks_exact(self.words))
        {
            row[*k as usize] = 1.0;
            let bits = row[self.skills..].chunks_mut(64);
            for (bits, word) in bits.zip(x) {
                for (i, bit) in bits.iter_mut().enumerate() {
                    *bit = (word >> i & 1) as f32;
                }
            }
        }
        // A vector of rows × width numbers has that shape.
        Array2::from_shape_vec((self.len(), width), out).unwrap_or_default()
    }

    /// The skill bits of every example with these numbers for a bit that is not set and one that is; examples × n_b.
    pub fn bits_as<T: Copy>(&self, zero: T, one: T) -> Array2<T> {
        let pair = [zero, one];
        let mut out = Vec::with_capacity(self.len() * self.bits);
        for x in self.packed.chunks_exact(self.words) {
            let mut left = self.bits;
            for word in x {
                let here = left.min(64);
                out.extend((0..here).map(|i| pair[(word >> i & 1) as usize]));
                left -= here;
            }
        }
        Array2::from_shape_vec((self.len(), self.bits), out)
            // A vector of rows × width numbers has that shape.
            .unwrap_or_else(|_| Array2::from_elem((0, 0), zero))
    }

    /// $f^* = S g_i$ of every example, Eq. 4.4.
    pub fn targets(&self, scale: f64) -> Array1<f32> {
        let one = |odd: &bool| if *odd { -scale as f32 } else { scale as f32 };
        self.odd.iter().map(one).collect()
    }
}

/// `size` skills by their cumulative frequencies.
pub(super) fn skills(cumulative: &[f64], size: usize, rng: &mut ChaCha12Rng) -> Vec<u32> {
    let last = cumulative.len() - 1;
    let total = cumulative[last];
    let draw = |_| {
        let u: f64 = rng.random::<f64>() * total;
        cumulative.partition_point(|c| *c <= u).min(last) as u32
    };
    (0..size).map(draw).collect()
}
