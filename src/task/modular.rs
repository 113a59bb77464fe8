//! Arithmetic modulo p: the whole table, split into what is shown and what is to be inferred (thesis, §6.4; *Physics of Skill Learning*, §4.2).

use crate::error::{Error, Result};
use crate::seed::Seed;
use burn::tensor::{Device, Int, Tensor, TensorData};
use ndarray::Array2;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// What is computed modulo p.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModularOperation {
    /// $x + y$.
    Add,
    /// $x - y$.
    Subtract,
    /// $x / y$: the $z$ with $zy \equiv x$, for $y \ne 0$ and prime p.
    Divide,
    /// $x^2 + y^2$.
    SumOfSquares,
}

/// All pairs (x, y) of numbers below p with their result.
///
/// ```
/// use scurve::{seed::Seed, task::{ModularOperation, ModularTable}};
/// let table = ModularTable::new(ModularOperation::Divide, 7)?;
/// assert_eq!(table.len(), 42);                                        // y = 0 is left out
/// assert!(table.pairs().iter().zip(table.results()).all(|([x, y], z)| (z * y) % 7 == *x));
/// let (train, test) = table.split(0.5, Seed(0))?;
/// assert_eq!((train.len(), test.len()), (21, 21));
/// // tokens for a transformer: x, the operation, y, "="
/// assert_eq!(table.tokens(&train)?.dim(), (21, 4));
/// assert_eq!(table.vocabulary(), 9);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModularTable {
    p: u32,
    operation: ModularOperation,
    pairs: Vec<[u32; 2]>,
    results: Vec<u32>,
}

/// Tables of 65,521² rows would fit no memory; this is far above what is trained.
const LARGEST: u32 = 4096;

impl ModularTable {
    /// The table of an operation.
    ///
    /// # Errors
    /// p below 2 or above 4096; a p that is not prime for division.
    pub fn new(operation: ModularOperation, p: u32) -> Result<Self> {
        if !(2..=LARGEST).contains(&p) {
            return Err(Error::setting("p", p, format!("from 2 to {LARGEST}")));
        }
        let divide = operation == ModularOperation::Divide;
        if divide
            && (2..p)
                .take_while(|d| d * d <= p)
                .any(|d| p.is_multiple_of(d))
        {
            return Err(Error::setting(
                "p",
                p,
                "prime, so that every number but 0 can be divided by",
            ));
        }
        let (mut pairs, mut results) = (Vec::new(), Vec::new());
        for x in 0..p {
            for y in u32::from(divide)..p {
                let result = match operation {
                    ModularOperation::Add => (x + y) % p,
                    ModularOperation::Subtract => (x + p - y) % p,
                    // Fermat: y^(p−2) is the inverse of y.
                    ModularOperation::Divide => x * power(y, p - 2, p) % p,
                    ModularOperation::SumOfSquares => (x * x + y * y) % p,
                };
                pairs.push([x, y]);
                results.push(result);
            }
        }
        Ok(Self {
            p,
            operation,
            pairs,
            results,
        })
    }

    /// p.
    pub fn p(&self) -> u32 {
        self.p
    }

    /// The operation.
    pub fn operation(&self) -> ModularOperation {
        self.operation
    }

    /// The pairs, x the slower index.
    pub fn pairs(&self) -> &[[u32; 2]] {
        &self.pairs
    }

    /// The result of each pair.
    pub fn results(&self) -> &[u32] {
        &self.results
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Never.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Rows to train on and rows to test on: a `fraction` of all, rounded, drawn without replacement by the stream `data`.
    ///
    /// # Errors
    /// A fraction that leaves one of the two without a row.
    pub fn split(&self, fraction: f64, seed: Seed) -> Result<(Vec<usize>, Vec<usize>)> {
        let count = (fraction * self.len() as f64).round();
        if !(count >= 1.0 && count < self.len() as f64) {
            let allowed = "more than 0 and less than 1, so that rows to train on and rows to test on are left";
            return Err(Error::setting("fraction", fraction, allowed));
        }
        let mut rows: Vec<usize> = (0..self.len()).collect();
        rows.shuffle(&mut seed.stream("data"));
        let test = rows.split_off(count as usize);
        Ok((rows, test))
    }

    /// p + 2: the numbers, the sign of the operation (p) and the equals sign (p + 1).
    pub fn vocabulary(&self) -> usize {
        self.p as usize + 2
    }

    /// The sequences `x`, p, `y`, p + 1 of some rows, as transformers are given them: rows × 4.
    ///
    /// # Errors
    /// A row that there is not.
    pub fn tokens(&self, rows: &[usize]) -> Result<Array2<i64>> {
        self.check(rows)?;
        let p = i64::from(self.p);
        Ok(Array2::from_shape_fn((rows.len(), 4), |(i, place)| {
            let [x, y] = self.pairs[rows[i]];
            [i64::from(x), p, i64::from(y), p + 1][place]
        }))
    }

    /// [`tokens`](Self::tokens) on a device.
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens).
    pub fn token_tensor(&self, rows: &[usize], device: &Device) -> Result<Tensor<2, Int>> {
        let values = self.tokens(rows)?.into_raw_vec_and_offset().0;
        Ok(Tensor::from_data(
            TensorData::new(values, [rows.len(), 4]),
            device,
        ))
    }

    /// x and y of some rows on a device, rows × 2, for networks with one embedding for each.
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens).
    pub fn pair_tensor(&self, rows: &[usize], device: &Device) -> Result<Tensor<2, Int>> {
        self.check(rows)?;
        let values: Vec<i64> = rows
            .iter()
            .flat_map(|i| self.pairs[*i].map(i64::from))
            .collect();
        Ok(Tensor::from_data(
            TensorData::new(values, [rows.len(), 2]),
            device,
        ))
    }

    /// The results of some rows, as classes.
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens).
    pub fn labels(&self, rows: &[usize]) -> Result<Vec<usize>> {
        self.check(rows)?;
        Ok(rows.iter().map(|i| self.results[*i] as usize).collect())
    }

    /// [`labels`](Self::labels) on a device.
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens).
    pub fn label_tensor(&self, rows: &[usize], device: &Device) -> Result<Tensor<1, Int>> {
        let values: Vec<i64> = self.labels(rows)?.into_iter().map(|z| z as i64).collect();
        Ok(Tensor::from_data(
            TensorData::new(values, [rows.len()]),
            device,
        ))
    }

    fn check(&self, rows: &[usize]) -> Result<()> {
        if rows.is_empty() {
            return Err(Error::setting("rows", "[]", "at least one row"));
        }
        match rows.iter().find(|i| **i >= self.len()) {
            None => Ok(()),
            Some(i) => {
                let allowed = format!("rows of the table, less than {}", self.len());
                Err(Error::setting("rows", i, allowed))
            }
        }
    }
}

/// $b^e$ modulo `p` ≤ 4096, so that products fit.
fn power(mut b: u32, mut e: u32, p: u32) -> u32 {
    let mut result = 1 % p;
    while e > 0 {
        if e & 1 == 1 {
            result = result * b % p;
        }
        b = b * b % p;
        e >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_those_of_whole_numbers() {
        for p in [2u32, 3, 59, 97] {
            let table = |operation| ModularTable::new(operation, p).unwrap();
            for (operation, of) in [
                (ModularOperation::Add, (|x, y| x + y) as fn(i64, i64) -> i64),
                (ModularOperation::Subtract, |x, y| x - y),
                (ModularOperation::SumOfSquares, |x, y| x * x + y * y),
            ] {
                let table = table(operation);
                assert_eq!(table.len() as u32, p * p);
                for ([x, y], z) in table.pairs().iter().zip(table.results()) {
                    let exact = of(i64::from(*x), i64::from(*y)).rem_euclid(p.into());
                    assert_eq!(exact, i64::from(*z));
                }
            }
            let table = table(ModularOperation::Divide);
            assert_eq!(table.len() as u32, p * (p - 1));
            // Each row of the table of a group is a permutation.
            let mut row: Vec<u32> = table.results()[..p as usize - 1].to_vec();
            row.extend(&table.results()[(p as usize - 1)..2 * (p as usize - 1)]);
            row.sort_unstable();
            let zeros = vec![0; p as usize - 1];
            assert_eq!(row, zeros.into_iter().chain(1..p).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_split_parts_the_table() {
        let table = ModularTable::new(ModularOperation::Add, 59).unwrap();
        let (train, test) = table.split(0.8, Seed(0)).unwrap();
        assert_eq!((train.len(), test.len()), (2785, 696));
        let mut all: Vec<usize> = train.iter().chain(&test).copied().collect();
        assert!(!all.is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..3481).collect::<Vec<_>>());
        assert_eq!(table.split(0.8, Seed(0)).unwrap().0, train);
        assert_ne!(table.split(0.8, Seed(1)).unwrap().0, train);
        assert_eq!(table.tokens(&[60]).unwrap().row(0).to_vec(), [1, 59, 1, 60]);
        let device = crate::device::DeviceKind::Flex.device().unwrap();
        assert_eq!(
            table.token_tensor(&train, &device).unwrap().dims(),
            [2785, 4]
        );
        assert_eq!(table.pair_tensor(&test, &device).unwrap().dims(), [696, 2]);
        let labels = table.label_tensor(&[60, 0], &device).unwrap();
        assert_eq!(labels.sum().into_scalar::<i32>(), 2);
    }

    #[test]
    fn bad_input_is_refused_by_name() {
        let field = |e: Error| match e {
            Error::Setting { field, .. } => field,
            other => panic!("{other:?}"),
        };
        let new = |operation, p| field(ModularTable::new(operation, p).unwrap_err());
        assert_eq!(new(ModularOperation::Add, 1), "p");
        assert_eq!(new(ModularOperation::Add, 5000), "p");
        assert_eq!(new(ModularOperation::Divide, 91), "p"); // 7 · 13
        assert_eq!(new(ModularOperation::Divide, 4), "p");
        assert!(ModularTable::new(ModularOperation::Add, 91).is_ok());
        let table = ModularTable::new(ModularOperation::Add, 3).unwrap();
        for fraction in [0.0, 1.0, -1.0, f64::NAN, 0.01] {
            assert_eq!(
                field(table.split(fraction, Seed(0)).unwrap_err()),
                "fraction"
            );
        }
        assert_eq!(field(table.tokens(&[9]).unwrap_err()), "rows");
        assert_eq!(field(table.labels(&[]).unwrap_err()), "rows");
    }
}
