//! Bumps: a cosine that rises, falls, and rises again.

/// Turning points of a series, ignoring swings below `threshold`: the alternating extremes i₀ < i₁ < … between which it rises or
/// falls by at least `threshold`. Empty when it never does; NaNs are passed over.
///
/// ```
/// use scurve::metric::curve::zigzag;
/// assert_eq!(zigzag(&[0.0, 0.3, 0.28, 0.9, 0.1, 0.12], 0.1), [0, 3, 4]);
/// assert!(zigzag(&[1.0, 1.01, 0.99], 0.1).is_empty());
/// ```
pub fn zigzag(values: &[f64], threshold: f64) -> Vec<usize> {
    let mut turns = Vec::new();
    let mut finite = (0..values.len()).filter(|&i| !values[i].is_nan());
    let Some(first) = finite.next() else {
        return turns;
    };
    // The extremes since the last turn.
    let (mut low, mut high) = (first, first);
    let mut rising = None;
    for i in finite {
        if values[i] < values[low] {
            low = i;
        }
        if values[i] > values[high] {
            high = i;
        }
        if rising != Some(true) && values[i] - values[low] >= threshold {
            turns.push(low);
            rising = Some(true);
            high = i;
        } else if rising != Some(false) && values[high] - values[i] >= threshold {
            turns.push(high);
            rising = Some(false);
            low = i;
        }
    }
    match rising {
        Some(true) => turns.push(high),
        Some(false) => turns.push(low),
        None => {}
    }
    turns
}

/// What counts as a bump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bumps {
    /// The least fall.
    pub fall: f64,
    /// The least rise before and after the fall.
    pub rise: f64,
}

/// A fall by 0.05 between rises by 0.05.
impl Default for Bumps {
    fn default() -> Self {
        Self {
            fall: 0.05,
            rise: 0.05,
        }
    }
}

/// The number of bumps in a series: falls by at least `rule.fall` with a rise by at least `rule.rise` before and after each.
///
/// The sign of a pair (ã_k, b̃_k) is free: give a cosine the sign with which it ends. Its absolute value folds where the cosine passes through
/// zero, which looks like a fall and a rise.
///
/// ```
/// use scurve::metric::curve::{bumps, Bumps};
/// assert_eq!(bumps(&[0.0, 0.5, 0.4, 0.9], Bumps::default()), 1);
/// assert_eq!(bumps(&[0.0, 0.5, 0.4], Bumps::default()), 0); // does not rise again
/// assert_eq!(bumps(&[0.5, 0.4, 0.9], Bumps::default()), 0); // did not rise before
/// assert_eq!(bumps(&[0.0, 0.5, 0.46, 0.9], Bumps::default()), 0); // falls too little
/// ```
pub fn bumps(values: &[f64], rule: Bumps) -> usize {
    bump_peaks(values, rule).len()
}

/// Where the bumps are: the index of the peak from which each falls.
///
/// ```
/// use scurve::metric::curve::{bump_peaks, Bumps};
/// assert_eq!(bump_peaks(&[0.0, 0.5, 0.4, 0.9], Bumps::default()), [1]);
/// ```
pub fn bump_peaks(values: &[f64], rule: Bumps) -> Vec<usize> {
    // Swings of the smaller kind first; a fall then counts when it and its neighbours are large enough.
    let turns = zigzag(values, rule.fall.min(rule.rise));
    let swing = |from: usize, to: usize| values[to] - values[from];
    let counts = |w: &&[usize]| {
        swing(w[0], w[1]) >= rule.rise
            && swing(w[1], w[2]) <= -rule.fall
            && swing(w[2], w[3]) >= rule.rise
    };
    turns.windows(4).filter(counts).map(|w| w[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_known_waves() {
        for waves in 0..6 {
            // Starts at a minimum and ends at a maximum: one rise and then `waves` falls, each followed by a rise.
            let n = 1000 * (2 * waves + 1);
            let wave = |i: usize| 0.5 - 0.4 * (std::f64::consts::PI * i as f64 / 1000.0).cos();
            let x: Vec<f64> = (0..=n).map(wave).collect();
            assert_eq!(bumps(&x, Bumps::default()), waves);
            let small: Vec<f64> = x.iter().map(|x| 0.05 * x).collect();
            assert_eq!(bumps(&small, Bumps::default()), 0);
        }
    }

    #[test]
    fn the_fall_is_measured_from_the_highest_point() {
        let x = [0.0, 0.50, 0.48, 0.46, 0.451, 0.7];
        assert_eq!(bumps(&x, Bumps::default()), 0);
        let x = [0.0, 0.50, 0.48, 0.46, 0.4499, 0.7];
        assert_eq!(bumps(&x, Bumps::default()), 1);
    }

    #[test]
    fn nan_and_short_series() {
        assert_eq!(bumps(&[], Bumps::default()), 0);
        assert_eq!(bumps(&[f64::NAN; 3], Bumps::default()), 0);
        assert_eq!(
            bumps(&[f64::NAN, 0.0, 0.5, f64::NAN, 0.2, 0.9], Bumps::default()),
            1
        );
    }
}
