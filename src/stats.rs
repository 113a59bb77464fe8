//! Statistics of seeds: a value with an interval, and tests between groups.
//!
//! All intervals are two-sided at 95 %. Values that are not finite are left out and not counted: a run that diverged
//! or has no plateau is counted by the caller, as a share, and never enters a mean.

use crate::seed::Seed;
use rand::RngExt;
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// A value with its 95 % interval over `n` seeds (or other units).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How many values it rests on.
    pub n: usize,
}

impl Interval {
    /// A value known exactly, or without a spread: the interval is the value.
    pub fn exact(value: f64, n: usize) -> Self {
        Self {
            value,
            low: value,
            high: value,
            n,
        }
    }

    /// No value.
    pub fn none() -> Self {
        Self::exact(f64::NAN, 0)
    }

    /// Is `x` inside?
    pub fn contains(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    /// Is the whole interval above `x`?
    pub fn above(&self, x: f64) -> bool {
        self.low > x
    }

    /// Is the whole interval below `x`?
    pub fn below(&self, x: f64) -> bool {
        self.high < x
    }

    /// Shows the interval in a notebook cell.
    pub fn evcxr_display(&self) {
        println!("{self}");
    }
}

impl std::fmt::Display for Interval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use crate::display::number;
        write!(
            f,
            "{} [{}, {}] (n = {})",
            number(self.value),
            number(self.low),
            number(self.high),
            self.n
        )
    }
}

fn finite(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|x| x.is_finite()).collect()
}

/// Mean with Student's t interval, $\bar x \pm t_{.975,n-1}\, s/\sqrt n$.
///
/// ```
/// let m = scurve::stats::mean(&[1.0, 2.0, 3.0, 4.0]);
/// assert!((m.value - 2.5).abs() < 1e-12 && (m.high - 4.5542).abs() < 1e-3);
/// ```
pub fn mean(values: &[f64]) -> Interval {
    let v = finite(values);
    let n = v.len();
    if n == 0 {
        return Interval::none();
    }
    let mean = v.iter().sum::<f64>() / n as f64;
    if n == 1 {
        return Interval {
            value: mean,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            n,
        };
    }
    let variance = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let half = student_975(n - 1) * (variance / n as f64).sqrt();
    Interval {
        value: mean,
        low: mean - half,
        high: mean + half,
        n,
    }
}

/// Student's t at 97.5 % for `freedom` degrees.
pub(crate) fn student_975(freedom: usize) -> f64 {
    StudentsT::new(0.0, 1.0, freedom as f64).map_or(f64::INFINITY, |t| t.inverse_cdf(0.975))
}

/// The `q`-quantile by linear interpolation of the order statistics (numpy's default); NaN for no values.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let mut v = finite(values);
    v.sort_unstable_by(f64::total_cmp);
    if v.is_empty() {
        return f64::NAN;
    }
    let at = q.clamp(0.0, 1.0) * (v.len() - 1) as f64;
    let (below, above) = (v[at.floor() as usize], v[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

/// Median with the distribution-free interval of order statistics: ranks chosen by the binomial law B(n, ½).
///
/// With fewer than six values no pair of ranks covers 95 %, and the ends are infinite.
///
/// ```
/// let v: Vec<f64> = (1..=10).map(f64::from).collect();
/// let m = scurve::stats::median(&v);
/// assert_eq!((m.value, m.low, m.high), (5.5, 2.0, 9.0));
/// ```
pub fn median(values: &[f64]) -> Interval {
    let mut v = finite(values);
    v.sort_unstable_by(f64::total_cmp);
    let n = v.len();
    if n == 0 {
        return Interval::none();
    }
    // The largest rank k with P(B ≤ k − 1) ≤ 2.5 %: [x_(k), x_(n+1−k)] covers at least 95 %.
    let rank = Binomial::new(0.5, n as u64).map_or(0, |b| {
        (1..=n as u64)
            .take_while(|&k| b.cdf(k - 1) <= 0.025)
            .count()
    });
    let (low, high) = match rank {
        0 => (f64::NEG_INFINITY, f64::INFINITY),
        k => (v[k - 1], v[n - k]),
    };
    Interval {
        value: quantile(&v, 0.5),
        low,
        high,
        n,
    }
}

/// A share `successes / n` with Wilson's interval.
///
/// ```
/// let p = scurve::stats::share(8, 10);
/// assert!((p.low - 0.4902).abs() < 1e-3 && (p.high - 0.9433).abs() < 1e-3);
/// ```
pub fn share(successes: usize, n: usize) -> Interval {
    if n == 0 {
        return Interval::none();
    }
    let z = 1.959_963_984_540_054_f64;
    let (k, m) = (successes as f64, n as f64);
    let p = k / m;
    let centre = (p + z * z / (2.0 * m)) / (1.0 + z * z / m);
    let half = z / (1.0 + z * z / m) * (p * (1.0 - p) / m + z * z / (4.0 * m * m)).sqrt();
    Interval {
        value: p,
        low: (centre - half).max(0.0).min(p),
        high: (centre + half).min(1.0).max(p),
        n,
    }
}

/// The percentile bootstrap interval of any statistic, `draws` resamples from the stream `bootstrap` of seed 0.
pub fn bootstrap(values: &[f64], statistic: impl Fn(&[f64]) -> f64, draws: usize) -> Interval {
    let v = finite(values);
    if v.is_empty() {
        return Interval::none();
    }
    let mut rng = Seed(0).stream("bootstrap");
    let mut sample = vec![0.0; v.len()];
    let estimates: Vec<f64> = (0..draws)
        .map(|_| {
            sample.fill_with(|| v[rng.random_range(0..v.len())]);
            statistic(&sample)
        })
        .collect();
    Interval {
        value: statistic(&v),
        low: quantile(&estimates, 0.025),
        high: quantile(&estimates, 0.975),
        n: v.len(),
    }
}

/// Two-sided p-value of the Mann–Whitney test that `a` and `b` have the same distribution: normal approximation with
/// correction for ties and continuity. Right to a few percent from eight values a group on.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (finite(a), finite(b));
    let (na, nb) = (a.len() as f64, b.len() as f64);
    if a.is_empty() || b.is_empty() {
        return f64::NAN;
    }
    let mut all: Vec<(f64, bool)> = a
        .iter()
        .map(|&x| (x, true))
        .chain(b.iter().map(|&x| (x, false)))
        .collect();
    all.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    for group in all.chunk_by(|x, y| x.0 == y.0) {
        let t = group.len() as f64;
        let rank = before + (t + 1.0) / 2.0;
        rank_sum += rank * group.iter().filter(|g| g.1).count() as f64;
        ties += t.powi(3) - t;
        before += t;
    }
    let n = na + nb;
    let u = rank_sum - na * (na + 1.0) / 2.0;
    let variance = na * nb / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = ((u - na * nb / 2.0).abs() - 0.5).max(0.0) / variance.sqrt();
    2.0 * (1.0 - Normal::standard().cdf(z))
}

/// Spearman's rank correlation of pairs: the correlation of their ranks, ties having the mean of theirs.
///
/// Pairs with a value that is not finite are left out; NaN with fewer than two pairs, or where one side is all ties.
///
/// ```
/// use scurve::stats::rank_correlation;
/// assert!((rank_correlation(&[1.0, 2.0, 3.0], &[1.0, 10.0, 100.0]) - 1.0).abs() < 1e-12);
/// assert!((rank_correlation(&[1.0, 2.0, 3.0, 4.0], &[4.0, 3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
/// ```
pub fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    let pairs = x.iter().zip(y);
    let (x, y): (Vec<f64>, Vec<f64>) = pairs
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .unzip();
    let (x, y) = (ranks(&x), ranks(&y));
    // Ranks have the mean (n + 1)/2, with ties and without.
    let middle = (x.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - middle) * (b - middle))
            .sum::<f64>()
    };
    product(&x, &y) / (product(&x, &x) * product(&y, &y)).sqrt()
}

/// Ranks from 1; ties have the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|i, j| values[*i].total_cmp(&values[*j]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for ties in order.chunk_by(|i, j| values[*i] == values[*j]) {
        let mean = before as f64 + (ties.len() as f64 + 1.0) / 2.0;
        ties.iter().for_each(|i| ranks[*i] = mean);
        before += ties.len();
    }
    ranks
}

/// Ordinary least squares y = intercept + slope · x: the slope and the intercept, each with Student's t interval, and the
/// root mean square residual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearFit {
    /// The slope.
    pub slope: Interval,
    /// The value at x = 0.
    pub intercept: Interval,
    /// Root mean square of the residuals.
    pub rms: f64,
}

/// Fits a straight line; pairs with a value that is not finite are left out.
///
/// ```
/// let fit = scurve::stats::linear_fit(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0]);
/// assert!((fit.slope.value - 2.0).abs() < 1e-12 && fit.rms < 1e-12);
/// ```
pub fn linear_fit(x: &[f64], y: &[f64]) -> LinearFit {
    let pairs: Vec<(f64, f64)> = x
        .iter()
        .copied()
        .zip(y.iter().copied())
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    let n = pairs.len();
    let m = n as f64;
    let mean_x = pairs.iter().map(|p| p.0).sum::<f64>() / m;
    let mean_y = pairs.iter().map(|p| p.1).sum::<f64>() / m;
    let sxx: f64 = pairs.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let sxy: f64 = pairs.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    if n < 2 || sxx <= 0.0 {
        return LinearFit {
            slope: Interval::none(),
            intercept: Interval::none(),
            rms: f64::NAN,
        };
    }
    let slope = sxy / sxx;
    let intercept = mean_y - slope * mean_x;
    let rss: f64 = pairs
        .iter()
        .map(|p| (p.1 - intercept - slope * p.0).powi(2))
        .sum();
    let (half_slope, half_intercept) = if n > 2 {
        let s2 = rss / (m - 2.0);
        let t = student_975(n - 2);
        (
            t * (s2 / sxx).sqrt(),
            t * (s2 * (1.0 / m + mean_x * mean_x / sxx)).sqrt(),
        )
    } else {
        (f64::INFINITY, f64::INFINITY)
    };
    let interval = |value: f64, half: f64| Interval {
        value,
        low: value - half,
        high: value + half,
        n,
    };
    LinearFit {
        slope: interval(slope, half_slope),
        intercept: interval(intercept, half_intercept),
        rms: (rss / m).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mann_whitney_agrees_with_scipy() {
        // scipy.stats.mannwhitneyu(a, b, method="asymptotic").pvalue
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let b = [5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0];
        assert!((mann_whitney(&a, &b) - 0.013_313_002_763_816_655).abs() < 1e-9);
        let (c, d) = ([1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0, 7.5]);
        assert!((mann_whitney(&c, &d) - 0.063_936_747_006_042_23).abs() < 1e-8);
        assert!(mann_whitney(&a, &a) > 0.99);
    }

    #[test]
    fn rank_correlation_agrees_with_scipy() {
        // scipy.stats.spearmanr(x, y).statistic
        let x = [1.0, 2.0, 2.0, 3.0, 5.0, 8.0, 8.0];
        let y = [0.3, 0.1, 0.4, 0.4, 0.2, 0.9, 0.7];
        assert!((rank_correlation(&x, &y) - 0.633_054_164_947_657_4).abs() < 1e-12);
        let with_nan = rank_correlation(&[1.0, f64::NAN, 2.0], &[2.0, 5.0, 1.0]);
        assert!((with_nan + 1.0).abs() < 1e-12);
        assert!(rank_correlation(&[1.0], &[1.0]).is_nan());
        assert!(rank_correlation(&[1.0, 2.0], &[3.0, 3.0]).is_nan());
    }

    #[test]
    fn intervals_cover() {
        // 400 samples of 9 normal numbers: the mean's and the median's interval miss 0 in about 5 % or less.
        let draws = Seed(1).normal("data", 400, 9);
        let missed = |f: fn(&[f64]) -> Interval| {
            draws
                .rows()
                .into_iter()
                .filter(|r| !f(&r.to_vec()).contains(0.0))
                .count()
        };
        assert!((8..36).contains(&missed(mean)), "{}", missed(mean));
        assert!(missed(median) < 36);
    }
}
