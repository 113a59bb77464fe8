//! The exponents of all pairs of β, and their intervals.

use super::MultitaskParity;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::metric::scaling::{PowerLaw, power_law, power_law_seeds};
use crate::stats::{self, Interval};
use crate::table::Table;
use ndarray::Array2;

pub(super) type Betas = [f64; 2];

pub(super) fn name(betas: Betas) -> String {
    format!("({}, {})", betas[0], betas[1])
}

pub(super) fn of(table: &Table, alpha: f64, betas: Betas) -> Result<Table> {
    table
        .rows_where("alpha", alpha)?
        .rows_where("beta1", betas[0])?
        .rows_where("beta2", betas[1])
}

/// What the loss is a power law of.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Against {
    Steps,
    Widths,
}

impl Against {
    pub const BOTH: [Self; 2] = [Self::Steps, Self::Widths];

    pub fn table(self) -> &'static str {
        match self {
            Self::Steps => "curves",
            Self::Widths => "losses",
        }
    }

    pub fn column(self) -> &'static str {
        match self {
            Self::Steps => "step",
            Self::Widths => "width",
        }
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::Steps => "α_S",
            Self::Widths => "α_N",
        }
    }

    pub fn id(self) -> &'static str {
        match self {
            Self::Steps => "alpha-s",
            Self::Widths => "alpha-n",
        }
    }

    pub fn window(self, settings: &MultitaskParity) -> [usize; 2] {
        match self {
            Self::Steps => settings.fit_steps,
            Self::Widths => settings.fit_widths,
        }
    }
}

/// The exponents of one pair of β for each α.
pub(super) struct Exponents {
    pub betas: Betas,
    pub fits: Vec<PowerLaw>,
    /// Of each α, the exponents of the seeds.
    seeds: Vec<Vec<f64>>,
}

impl Exponents {
    pub fn all(
        settings: &MultitaskParity,
        outcome: &Outcome,
        against: Against,
    ) -> Result<Vec<Self>> {
        let table = outcome.table(against.table())?;
        let new = |betas: &Betas| Self::new(settings, &table, *betas, against);
        settings.betas.iter().map(new).collect()
    }

    fn new(
        settings: &MultitaskParity,
        table: &Table,
        betas: Betas,
        against: Against,
    ) -> Result<Self> {
        let [from, to] = against.window(settings);
        let window = from as f64..=to as f64;
        let (mut fits, mut seeds) = (vec![], vec![]);
        for alpha in &settings.alphas {
            let mut curves = by_seed(&of(table, *alpha, betas)?, against.column(), "loss")?;
            for (x, y) in &mut curves {
                // The start has no place in a power law.
                let pairs = std::mem::take(x).into_iter().zip(std::mem::take(y));
                (*x, *y) = pairs.filter(|(x, _)| *x > 0.0).unzip();
            }
            let x = curves.first().map(|c| c.0.clone()).unwrap_or_default();
            let y = Array2::from_shape_fn((curves.len(), x.len()), |(s, i)| curves[s].1[i]);
            fits.push(power_law_seeds(&x, &y, window.clone())?);
            let own = curves.iter().map(|(x, y)| {
                let fit = power_law(x, y, window.clone())?;
                Ok(fit.exponent.value)
            });
            seeds.push(own.collect::<Result<Vec<f64>>>()?);
        }
        Ok(Self { betas, fits, seeds })
    }

    /// The mean over α of the exponent less `line(α)`: an interval over seeds, or the jackknife's with one seed.
    pub fn less(&self, settings: &MultitaskParity, line: impl Fn(f64) -> f64) -> Result<Interval> {
        let lines: Vec<f64> = settings.alphas.iter().map(|a| line(*a)).collect();
        let count = lines.len() as f64;
        if self.seeds[0].len() > 1 {
            let of_seed = |s: usize| {
                let gaps = self.seeds.iter().zip(&lines).map(|(own, l)| own[s] - l);
                gaps.sum::<f64>() / count
            };
            let gaps: Vec<f64> = (0..self.seeds[0].len()).map(of_seed).collect();
            return Ok(stats::mean(&gaps));
        }
        let (mut value, mut square) = (0.0, 0.0);
        for (fit, line) in self.fits.iter().zip(&lines) {
            let own = fit.jackknife()?.exponent;
            value += (own.value - line) / count;
            square += ((own.high - own.value) / count).powi(2);
        }
        Ok(around(value, square.sqrt(), self.fits.len()))
    }

    /// The mean over α of the exponent less that of `other`: of the same seeds, or by both jackknives with one seed.
    pub fn mean_over(&self, settings: &MultitaskParity, other: &Self) -> Result<Interval> {
        if self.seeds[0].len() > 1 {
            let of_seed = |s: usize| {
                let gaps = self.seeds.iter().zip(&other.seeds);
                gaps.map(|(a, b)| a[s] - b[s]).sum::<f64>() / self.seeds.len() as f64
            };
            let gaps: Vec<f64> = (0..self.seeds[0].len()).map(of_seed).collect();
            return Ok(stats::mean(&gaps));
        }
        let (own, other) = (
            self.less(settings, |_| 0.0)?,
            other.less(settings, |_| 0.0)?,
        );
        let half = (own.high - own.value).hypot(other.high - other.value);
        Ok(around(own.value - other.value, half, own.n))
    }

    /// At the α where it is largest, the exponent less that of `other`: of the same seeds, or by both jackknives with one seed.
    pub fn most_over(&self, settings: &MultitaskParity, other: &Self) -> Result<(f64, Interval)> {
        let mut most = (f64::NAN, Interval::none());
        for (i, alpha) in settings.alphas.iter().enumerate() {
            let gap = if self.seeds[i].len() > 1 {
                let pairs = self.seeds[i].iter().zip(&other.seeds[i]);
                stats::mean(&pairs.map(|(a, b)| a - b).collect::<Vec<_>>())
            } else {
                let (a, b) = (self.fits[i].jackknife()?, other.fits[i].jackknife()?);
                let half = |i: Interval| i.high - i.value;
                let both = half(a.exponent).hypot(half(b.exponent));
                around(a.exponent.value - b.exponent.value, both, 1)
            };
            if most.1.value.is_nan() || gap.value > most.1.value {
                most = (*alpha, gap);
            }
        }
        Ok(most)
    }

    pub fn values(&self) -> Vec<f64> {
        self.fits.iter().map(|fit| fit.exponent.value).collect()
    }
}

pub(super) fn around(value: f64, half: f64, n: usize) -> Interval {
    Interval {
        value,
        low: value - half,
        high: value + half,
        n,
    }
}

/// The α in the middle of those there are.
pub(super) fn middle(settings: &MultitaskParity) -> f64 {
    let mut alphas = settings.alphas.clone();
    alphas.sort_by(f64::total_cmp);
    alphas[alphas.len() / 2]
}

pub(super) fn domino(alpha: f64) -> f64 {
    alpha - 1.0
}

pub(super) fn quanta(alpha: f64) -> f64 {
    (alpha - 1.0) / alpha
}
