//! Recording schedules: at which steps a run writes down its state.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// When to record. Step 0 and the last step are always recorded.
///
/// ```
/// use scurve::trace::Schedule;
/// assert_eq!(Schedule::Every { steps: 4 }.steps(10), [0, 4, 8, 10]);
/// assert_eq!(Schedule::LogSpaced { per_decade: 2 }.steps(100), [0, 1, 3, 10, 32, 100]);
/// assert_eq!(Schedule::Explicit { steps: vec![7, 3, 99] }.steps(10), [0, 3, 7, 10]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Every `steps`-th step.
    Every {
        /// Distance between two records.
        steps: usize,
    },
    /// About `per_decade` records in each factor of ten, every step where they lie closer than one.
    LogSpaced {
        /// Records per factor of ten.
        per_decade: usize,
    },
    /// Just these steps, in any order.
    Explicit {
        /// The steps; those past the end are left out.
        steps: Vec<usize>,
    },
}

impl Schedule {
    /// Just these steps.
    ///
    /// ```
    /// use scurve::trace::Schedule;
    /// assert_eq!(Schedule::at([7, 3, 99]).steps(10), [0, 3, 7, 10]);
    /// ```
    pub fn at(steps: impl IntoIterator<Item = usize>) -> Self {
        Self::Explicit {
            steps: steps.into_iter().collect(),
        }
    }

    /// The steps recorded in a run of `total` steps: strictly increasing, from 0 to `total`.
    pub fn steps(&self, total: usize) -> Vec<usize> {
        let mut steps: Vec<usize> = match self {
            Self::Every { steps } => (0..=total).step_by((*steps).max(1)).collect(),
            Self::LogSpaced { per_decade } => {
                let k = (*per_decade).max(1) as f64;
                let last = (total.max(1) as f64).log10() * k;
                (0..=last.floor() as usize)
                    .map(|i| 10f64.powf(i as f64 / k).round() as usize)
                    .collect()
            }
            Self::Explicit { steps } => steps.clone(),
        };
        steps.extend([0, total]);
        steps.retain(|&s| s <= total);
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// Refuses a schedule that records nothing between the ends.
    pub fn validate(&self, field: &str) -> Result<()> {
        let (name, value) = match self {
            Self::Every { steps } => ("steps", *steps),
            Self::LogSpaced { per_decade } => ("per_decade", *per_decade),
            Self::Explicit { .. } => return Ok(()),
        };
        if value == 0 {
            return Err(Error::setting(
                format!("{field}.{name}"),
                0,
                "a whole number ≥ 1",
            ));
        }
        Ok(())
    }
}
