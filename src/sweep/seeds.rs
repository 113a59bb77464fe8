//! Which seeds a sweep runs.

use crate::error::{Error, Result};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Seeds, ascending, as ranges.
///
/// ```
/// use scurve::sweep::Seeds;
/// assert_eq!("0..31".parse::<Seeds>()?.len(), 32); // both ends belong to it
/// assert_eq!("8".parse::<Seeds>()?, Seeds::from(0..8));
/// assert_eq!("0..3,7,9".parse::<Seeds>()?.iter().collect::<Vec<_>>(), [0, 1, 2, 3, 7, 9]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(Vec<Range<u64>>);

impl Seeds {
    /// How many.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|r| r.end - r.start).sum()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The seed at a place.
    pub fn get(&self, mut place: u64) -> Option<u64> {
        for range in &self.0 {
            let length = range.end - range.start;
            if place < length {
                return Some(range.start + place);
            }
            place -= length;
        }
        None
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().cloned().flatten()
    }
}

impl From<Range<u64>> for Seeds {
    fn from(range: Range<u64>) -> Self {
        Self(if range.is_empty() {
            Vec::new()
        } else {
            vec![range]
        })
    }
}

impl FromStr for Seeds {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || {
            Error::setting(
                "seeds",
                text,
                "a number of seeds (8), a range with both its ends (0..31) or a list of ascending seeds and ranges (0..3,7,9)",
            )
        };
        let number = |t: &str| t.trim().parse::<u64>().map_err(|_| refused());
        let last = u64::from(u32::MAX);
        if !text.contains(',') && !text.contains("..") {
            let n = number(text)?;
            return if (1..=last).contains(&n) {
                Ok((0..n).into())
            } else {
                Err(refused())
            };
        }
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for part in text.split(',').filter(|p| !p.trim().is_empty()) {
            let (first, end) = match part.split_once("..") {
                Some((a, b)) => (number(a)?, number(b.trim_start_matches('='))?),
                None => (number(part)?, number(part)?),
            };
            if first > end || end > last || ranges.last().is_some_and(|r| first < r.end) {
                return Err(refused());
            }
            match ranges.last_mut() {
                Some(before) if before.end == first => before.end = end + 1,
                _ => ranges.push(first..end + 1),
            }
        }
        if ranges.is_empty() {
            return Err(refused());
        }
        Ok(Self(ranges))
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, r) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match r.end - r.start {
                // A lone number would count seeds.
                1 if self.0.len() > 1 => write!(f, "{comma}{}", r.start)?,
                _ => write!(f, "{comma}{}..{}", r.start, r.end - 1)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in ["0..31", "5..5", "0..3,7,9", "2..4,8..9"] {
            let seeds: Seeds = text.parse().unwrap();
            assert_eq!(seeds.to_string(), text);
            let all: Vec<u64> = seeds.iter().collect();
            let got: Vec<u64> = (0..seeds.len()).filter_map(|i| seeds.get(i)).collect();
            assert_eq!(all, got);
            assert_eq!(seeds.get(seeds.len()), None);
        }
        for text in ["", "0", "x", "3..1", "1,1", "5,2", "..", "-1..2"] {
            assert!(text.parse::<Seeds>().is_err(), "{text}");
        }
    }
}
