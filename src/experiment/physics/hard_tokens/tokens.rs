//! Losses of frequent and of rare tokens.

use crate::error::Result;
use crate::table::Table;
use crate::task::tokens::Blocks;

/// Lower ends of the bands: a token's share of the training text. The last band has the tokens below all of them.
const LOW: [f64; 5] = [1e-1, 1e-2, 1e-3, 1e-4, 0.0];

/// Occurrences below which a token's mean loss tells nothing.
const ENOUGH: u64 = 20;

/// How frequent each token is in the training text.
pub(super) struct Bands {
    shares: Vec<f64>,
}

/// Occurrences of each token as a target, and the sum of its losses.
pub(super) type ByToken = Vec<(u64, f64)>;

impl Bands {
    pub fn of(counts: &[u64], len: usize) -> Self {
        let share = |n: &u64| *n as f64 / len as f64;
        Self {
            shares: counts.iter().map(share).collect(),
        }
    }

    pub fn by_token(&self, blocks: &Blocks, losses: &[f32]) -> ByToken {
        let mut all = vec![(0, 0.0); self.shares.len()];
        for (token, loss) in blocks.targets().zip(losses) {
            let own = &mut all[usize::from(token)];
            own.0 += 1;
            own.1 += f64::from(*loss);
        }
        all
    }

    /// The share of pairs of tokens whose rarer one has the higher mean loss; NaN without a pair.
    pub fn ordered(&self, by_token: &ByToken) -> f64 {
        let mut seen: Vec<(f64, f64)> = by_token
            .iter()
            .zip(&self.shares)
            .filter(|((n, _), _)| *n >= ENOUGH)
            .map(|((n, sum), share)| (*share, sum / *n as f64))
            .collect();
        seen.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut right, mut pairs) = (0u64, 0u64);
        for (i, (share, loss)) in seen.iter().enumerate() {
            for (rarer, higher) in &seen[i + 1..] {
                if rarer < share {
                    pairs += 1;
                    right += u64::from(higher > loss);
                }
            }
        }
        if seen.iter().any(|(_, loss)| loss.is_nan()) {
            return f64::NAN;
        }
        right as f64 / pairs as f64
    }

    pub fn table(&self, by_token: &ByToken) -> Result<Table> {
        let mut sums = [(0, 0.0); LOW.len()];
        for ((n, sum), share) in by_token.iter().zip(&self.shares) {
            let band = LOW
                .iter()
                .position(|low| share >= low)
                .unwrap_or(LOW.len() - 1);
            sums[band].0 += n;
            sums[band].1 += sum;
        }
        let high = |band: usize| if band == 0 { 1.0 } else { LOW[band - 1] };
        Table::new()
            .with("band", (0..LOW.len() as i64).collect::<Vec<_>>())?
            .with("low", LOW.to_vec())?
            .with("high", (0..LOW.len()).map(high).collect::<Vec<_>>())?
            .with("tokens", sums.map(|s| s.0 as i64).to_vec())?
            .with("loss", sums.map(|s| s.1 / s.0 as f64).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rarer_tokens_are_in_later_bands() {
        let bands = Bands::of(&[600, 300, 95, 5, 0], 1000);
        let rows = ndarray::array![[0u16, 0, 1, 2, 3, 4], [0, 0, 0, 1, 1, 2]];
        let blocks = Blocks::new(rows).unwrap();
        let losses = [1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 1.0, 2.0, 2.0, 3.0];
        let by_token = bands.by_token(&blocks, &losses);
        assert_eq!(by_token, [(3, 3.0), (3, 6.0), (2, 6.0), (1, 4.0), (1, 5.0)]);
        let table = bands.table(&by_token).unwrap();
        assert_eq!(table.i64s("tokens").unwrap(), [6, 2, 1, 0, 1]);
        let loss = table.f64s("loss").unwrap();
        assert_eq!((loss[0], loss[1], loss[2], loss[4]), (1.5, 3.0, 4.0, 5.0));
        assert!(loss[3].is_nan());
        // Too few of each to be compared.
        assert!(bands.ordered(&by_token).is_nan());
        let often = by_token
            .iter()
            .map(|(n, sum)| (20 * n, 20.0 * sum))
            .collect();
        assert_eq!(bands.ordered(&often), 1.0);
        let turned = vec![(20, 100.0), (20, 60.0), (20, 80.0), (0, 0.0), (0, 0.0)];
        assert_eq!(bands.ordered(&turned), 1.0 / 3.0);
    }
}
