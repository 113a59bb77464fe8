//! Which skills a batch holds: counts with the multinomial distribution, without drawing the batch.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::Rng;

/// Expected count from which a task's count is drawn as a whole: about what a binomial costs in single draws.
const FREQUENT: f64 = 8.0;

/// Counts n₁ … n_{n_task} of `size` independent draws with probabilities p.
///
/// Frequent tasks are drawn one after the other by conditional binomials, n_i given those before it being
/// Binomial(size − n₁ − … − n_{i−1}, p_i / (1 − p₁ − … − p_{i−1})); what is left is drawn one by one by the alias method.
#[derive(Clone, Debug)]
pub(super) struct Multinomial {
    size: u32,
    tasks: usize,
    frequent: Vec<(u32, Binomial)>,
    /// How many the others are, and which of them a draw finds.
    rare: usize,
    alias: Alias,
}

impl Multinomial {
    /// `p` are positive with sum 1, `size` is at least 1.
    pub fn new(p: &[f64], size: u32) -> Self {
        let mut order: Vec<u32> = (0..p.len() as u32).collect();
        order.sort_by(|i, j| p[*j as usize].total_cmp(&p[*i as usize]));
        let of = |i: &u32| p[*i as usize];
        // The last task takes what is left.
        let frequent = order[..p.len() - 1]
            .iter()
            .take_while(|i| of(i) * f64::from(size) >= FREQUENT)
            .count();
        let mut rare = order.split_off(frequent);
        // Summed from the smallest, so that each conditional probability is right to rounding.
        let mut rest: f64 = rare.iter().rev().map(of).sum();
        let mut drawn: Vec<(u32, Binomial)> = order
            .iter()
            .rev()
            .map(|i| {
                rest += of(i);
                (*i, Binomial::new(of(i) / rest, size))
            })
            .collect();
        drawn.reverse();
        rare.sort_unstable();
        Self {
            size,
            tasks: p.len(),
            frequent: drawn,
            rare: rare.len(),
            alias: Alias::of(&rare.iter().map(of).collect::<Vec<_>>(), &rare),
        }
    }

    /// Draws the counts of one batch into `counts`, one for each task.
    pub fn draw(&self, rng: &mut ChaCha12Rng, counts: &mut [u32]) {
        assert!(counts.len() == self.tasks);
        counts.fill(0);
        let mut left = self.size;
        for (task, binomial) in &self.frequent {
            let count = binomial.draw(rng, left);
            counts[*task as usize] = count;
            left -= count;
        }
        if self.rare == 1 {
            counts[self.alias.columns[0].own as usize] = left;
            return;
        }
        for _ in 0..left {
            counts[self.alias.draw(rng) as usize] += 1;
        }
    }
}

/// Binomial(n, q) for any n up to a largest one, as the sum of Binomial(2ᵏ, q) over the binary digits of n: a table for each k.
#[derive(Clone, Debug)]
struct Binomial {
    digits: Vec<(u32, Alias)>,
}

impl Binomial {
    fn new(q: f64, largest: u32) -> Self {
        let bits = u32::BITS - largest.leading_zeros();
        Self {
            digits: (0..bits).map(|k| binomial_table(1 << k, q)).collect(),
        }
    }

    #[inline]
    fn draw(&self, rng: &mut ChaCha12Rng, mut n: u32) -> u32 {
        let mut count = 0;
        while n > 0 {
            let (least, alias) = &self.digits[n.trailing_zeros() as usize];
            count += least + alias.draw(rng);
            n &= n - 1;
        }
        count
    }
}

/// The smallest count that can occur in floating point, and the table of the counts from there.
fn binomial_table(n: u64, q: f64) -> (u32, Alias) {
    /// Below this, beside the most likely count, no 64-bit draw would find it.
    const NEVER: f64 = 1e-22;
    let odds = q / (1.0 - q);
    let mode = (((n + 1) as f64 * q) as u64).min(n);
    let mut weights = vec![1.0];
    let mut least = mode;
    while least > 0 {
        let next = weights[weights.len() - 1] * least as f64 / ((n - least + 1) as f64 * odds);
        if next < NEVER {
            break;
        }
        weights.push(next);
        least -= 1;
    }
    weights.reverse();
    for count in mode..n {
        let next = weights[weights.len() - 1] * (n - count) as f64 / (count + 1) as f64 * odds;
        if next < NEVER {
            break;
        }
        weights.push(next);
    }
    (least as u32, Alias::new(&weights))
}

/// Walker's alias method (1977; tables as Vose, 1991) with a power of two of columns, so that one 32-bit number chooses both the column and,
/// nearly always, which of its two values; where those bits leave it open, 32 more decide.
#[derive(Clone, Debug)]
struct Alias {
    /// 2^bits columns.
    bits: u32,
    columns: Vec<Column>,
    /// The 32 bits of each column's share that follow.
    finer: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    /// The upper bits of the probability of its own value.
    share: u32,
    own: u32,
    other: u32,
}

impl Alias {
    /// Values 0 … `weights.len()` − 1 in proportion to their positive weights.
    fn new(weights: &[f64]) -> Self {
        let names: Vec<u32> = (0..weights.len() as u32).collect();
        Self::of(weights, &names)
    }

    /// The values `names` in proportion to their positive weights.
    fn of(weights: &[f64], names: &[u32]) -> Self {
        let bits = weights.len().next_power_of_two().trailing_zeros().max(1);
        let n = 1usize << bits;
        let total: f64 = weights.iter().sum();
        let mut share: Vec<f64> = (0..n)
            .map(|i| weights.get(i).map_or(0.0, |w| w / total * n as f64))
            .collect();
        let mut other: Vec<usize> = (0..n).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..n).partition(|i| share[*i] < 1.0);
        while let (Some(s), Some(&l)) = (small.pop(), large.last()) {
            other[s] = l;
            share[l] -= 1.0 - share[s];
            if share[l] < 1.0 {
                large.pop();
                small.push(l);
            }
        }
        // What rounding left over is full.
        for i in small.iter().chain(&large) {
            share[*i] = 1.0;
        }
        let mut columns = Vec::with_capacity(n);
        let mut finer = Vec::with_capacity(n);
        // A column of no value has a share of 0.
        let name = |i: usize| names.get(i).copied().unwrap_or(0);
        for (i, (share, other)) in share.into_iter().zip(other).enumerate() {
            let upper = share * 2f64.powi(32 - bits as i32);
            columns.push(Column {
                share: upper as u32,
                own: name(i),
                other: name(other),
            });
            finer.push(((upper - upper.floor()) * 2f64.powi(32)) as u32);
        }
        Self {
            bits,
            columns,
            finer,
        }
    }

    #[inline]
    fn draw(&self, rng: &mut ChaCha12Rng) -> u32 {
        let random = rng.next_u32();
        let at = (random >> (32 - self.bits)) as usize;
        let place = random & (u32::MAX >> self.bits);
        let Column { share, own, other } = self.columns[at];
        if place == share && rng.next_u32() < self.finer[at] {
            return own;
        }
        // Nobody can foresee it: a branch here would be wrong half of the time.
        std::hint::select_unpredictable(place < share, own, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// What the tables give each value, exactly.
    fn shares(alias: &Alias) -> Vec<f64> {
        let n = alias.columns.len();
        let mut shares = vec![0.0; n];
        for (column, finer) in alias.columns.iter().zip(&alias.finer) {
            let own = (f64::from(column.share) + f64::from(*finer) * 2f64.powi(-32))
                / 2f64.powi(32 - alias.bits as i32);
            shares[column.own as usize] += own / n as f64;
            shares[column.other as usize] += (1.0 - own) / n as f64;
        }
        shares
    }

    #[test]
    fn alias_tables_hold_their_weights() {
        for n in [1usize, 2, 3, 8, 9, 1000] {
            let weights: Vec<f64> = (1..=n).map(|i| (i as f64).powf(-1.3)).collect();
            let total: f64 = weights.iter().sum();
            let shares = shares(&Alias::new(&weights));
            for (i, share) in shares.iter().enumerate() {
                let exact = weights.get(i).map_or(0.0, |w| w / total);
                assert!((share - exact).abs() < 1e-15, "{n}, {i}: {share}, {exact}");
            }
        }
    }

    #[test]
    fn binomial_tables_are_the_binomial_distribution() {
        use statrs::distribution::{Binomial as Exact, Discrete};
        for (n, q) in [(1, 0.3), (2, 0.5), (64, 0.01), (128, 0.97), (1024, 0.4)] {
            let exact = Exact::new(q, n).unwrap();
            let (least, alias) = binomial_table(n, q);
            for (i, share) in shares(&alias).iter().enumerate() {
                let count = u64::from(least) + i as u64;
                let expected = if count <= n { exact.pmf(count) } else { 0.0 };
                assert!((share - expected).abs() < 1e-12, "{n}, {q}: {count}");
            }
        }
    }

    /// Mean n p and covariance n (diag p − p pᵀ), for frequent, rare and mixed tasks.
    #[test]
    fn counts_have_the_multinomial_mean_and_covariance() {
        let power = |n: usize, alpha: f64| {
            let p: Vec<f64> = (1..=n).map(|i| (i as f64).powf(-alpha)).collect();
            let sum: f64 = p.iter().sum();
            p.iter().map(|p| p / sum).collect::<Vec<_>>()
        };
        let cases = [
            (vec![0.5, 0.5], 128),
            (vec![0.01, 0.99], 1),
            (power(10, 1.0), 128),
            (power(12, 4.0), 1000),
            (power(40, 0.3), 7),
            (vec![1.0], 5),
        ];
        for (p, size) in cases {
            const DRAWS: usize = 40_000;
            let sampler = Multinomial::new(&p, size);
            let mut rng = Seed(3).stream("batch");
            let mut counts = vec![0; p.len()];
            let n = p.len();
            let (mut sum, mut products) = (vec![0.0; n], vec![0.0; n * n]);
            for _ in 0..DRAWS {
                sampler.draw(&mut rng, &mut counts);
                assert_eq!(counts.iter().sum::<u32>(), size);
                let centred = |i: usize| f64::from(counts[i]) - f64::from(size) * p[i];
                for i in 0..n {
                    sum[i] += centred(i);
                    for j in 0..n {
                        products[i * n + j] += centred(i) * centred(j);
                    }
                }
            }
            let size = f64::from(size);
            let draws = DRAWS as f64;
            for i in 0..n {
                let variance = size * p[i] * (1.0 - p[i]);
                let error = (variance / draws).sqrt();
                assert!((sum[i] / draws).abs() <= 5.0 * error, "{n}: mean of {i}");
                for j in 0..n {
                    let other = size * p[j] * (1.0 - p[j]);
                    let exact = if i == j {
                        variance
                    } else {
                        -size * p[i] * p[j]
                    };
                    let found = products[i * n + j] / draws;
                    // The fourth moment of a count of mean m is at most 3 v² + v, of a product of two likewise.
                    let error = ((3.0 * variance * other + variance.max(other)) / draws).sqrt();
                    assert!(
                        (found - exact).abs() <= 5.0 * error,
                        "{n}: covariance of {i} and {j}: {found}, {exact}"
                    );
                }
            }
        }
    }
}
