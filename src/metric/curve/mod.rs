//! The shape of a learning curve: early decay, plateau, transition, tail, bumps.
//!
//! With the relative rate of descent
//!
//! $$\rho(t) = -\frac{\mathrm d \ln L}{\mathrm d t},$$
//!
//! | measure | definition |
//! |---|---|
//! | plateau | a trough of ρ: at least [`PROMINENCE`] times below its largest value before and after. A curve that starts slowly has its first trough at t = 0 |
//! | plateau value L_p | the loss at the trough t_p |
//! | plateau's start | first time at which L ≤ 1.01 L_p |
//! | transition time t* | steepest descent, largest −dL/dt, between t_p and the next plateau or the end |
//! | plateau length | t* − start; 0 without a plateau |
//! | transition width | time in which L falls from 90 % to 10 % of the way from L_p to the next plateau's value, or to the last loss |
//! | decay time | time in which L − L_p falls to 1/e of its first value (without a plateau, L − L_last) |
//!
//! NOTE: the transition is where L falls fastest, not ln L. In the exponential tail after it ln L falls faster still, for as long as the
//! numbers last: at rank 1, L = ½(σ − s)² with s′ = 2s(σ − s), so ρ = 4s grows until s = σ while −L′ is largest at s = σ/3.
//!
//! Losses below 10⁻¹² of the first are left out: there rounding makes plateaus of its own.

mod bump;
mod fit;

pub use bump::{Bumps, bump_peaks, bumps, zigzag};
pub use fit::{
    AlgebraicFit, ExponentialFit, PowerFit, Tail, TailLaw, algebraic_fit, exponential_fit,
    power_fit, tail, window,
};

pub(crate) use fit::golden;

use crate::error::{Error, Result};

/// By what factor ρ must fall to a plateau and rise from it.
pub const PROMINENCE: f64 = 3.0;

/// Losses below this share of the first are rounding.
const FLOOR: f64 = 1e-12;

/// One plateau and the transition that ends it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// L_p, the loss where it falls most slowly.
    pub value: f64,
    /// t_p, where it falls most slowly.
    pub time: f64,
    /// First time with L ≤ 1.01 L_p.
    pub start: f64,
    /// t*, where the loss falls fastest after the plateau.
    pub transition: f64,
    /// Time from 90 % to 10 % of the drop; NaN when the record ends before.
    pub width: f64,
}

impl Plateau {
    /// t* − start.
    pub fn length(&self) -> f64 {
        self.transition - self.start
    }
}

/// What [`shape`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// All plateaus in the order of time.
    pub plateaus: Vec<Plateau>,
    /// The early decay's time; NaN when the loss never falls so far.
    pub decay_time: f64,
}

impl Shape {
    /// The longest plateau. None for a curve without.
    pub fn plateau(&self) -> Option<Plateau> {
        self.plateaus
            .iter()
            .copied()
            .max_by(|x, y| x.length().total_cmp(&y.length()))
    }

    /// The first plateau: the one between the decay of the start and the first thing learned. None for a curve without.
    pub fn first(&self) -> Option<Plateau> {
        self.plateaus.first().copied()
    }

    /// The longest plateau's length; 0 without a plateau.
    pub fn plateau_length(&self) -> f64 {
        self.plateau().map_or(0.0, |p| p.length())
    }

    /// The longest plateau's value; NaN without a plateau.
    pub fn plateau_value(&self) -> f64 {
        self.plateau().map_or(f64::NAN, |p| p.value)
    }

    /// The time of the transition that ends the longest plateau; NaN without a plateau.
    pub fn transition_time(&self) -> f64 {
        self.plateau().map_or(f64::NAN, |p| p.transition)
    }

    /// The width of that transition; NaN without a plateau.
    pub fn transition_width(&self) -> f64 {
        self.plateau().map_or(f64::NAN, |p| p.width)
    }
}

/// Plateaus, transitions and the early decay of a loss curve; the definitions are at the [module](self).
///
/// `smooth` is the half-width of the window over which ρ is fitted, relative to the time (0 for neighbouring records only): 0.02 suits exact
/// gradients, 0.1 curves that jitter, as Adam's do.
///
/// ```
/// use scurve::metric::curve::shape;
/// // Rank 1 from a small overlap s₀: L = ½(1 − s)², s = 1/(1 + e^{−2(t − 5)}).
/// let time: Vec<f64> = (0..2000).map(|i| 0.005 * i as f64).collect();
/// let loss: Vec<f64> = time.iter().map(|t| 0.5 * (1.0 - 1.0 / (1.0 + (-2.0 * (t - 5.0)).exp())).powi(2)).collect();
/// let shape = shape(&time, &loss, 0.0)?;
/// let expected = 5.0 - 0.5 * 2f64.ln(); // s = 1/3
/// assert!((shape.transition_time() - expected).abs() < 0.005);
/// # Ok::<(), scurve::error::Error>(())
/// ```
///
/// # Errors
/// Fewer than three records, series of different lengths, times that do not ascend, or a loss that is negative or not finite.
pub fn shape(time: &[f64], loss: &[f64], smooth: f64) -> Result<Shape> {
    shape_with(time, loss, smooth, PROMINENCE)
}

/// As [`shape`], with another prominence than [`PROMINENCE`]: a smaller one (above 1) finds shallower plateaus.
pub fn shape_with(time: &[f64], loss: &[f64], smooth: f64, prominence: f64) -> Result<Shape> {
    check(time, loss)?;
    if prominence.is_nan() || prominence <= 1.0 {
        return Err(Error::setting("prominence", prominence, "a number > 1"));
    }
    let cut = FLOOR * loss[0];
    let end = loss.iter().position(|l| *l <= cut).unwrap_or(loss.len());
    let (time, loss) = (&time[..end], &loss[..end]);
    if end < 3 {
        return Ok(Shape {
            plateaus: vec![],
            decay_time: f64::NAN,
        });
    }
    let rate = descent_rate(time, loss, smooth);
    let top = rate.iter().copied().fold(0.0, f64::max);
    // Rates at or below zero (a rising loss) are the flattest there is.
    let log_rate: Vec<f64> = rate
        .iter()
        .map(|r| r.max(1e-9 * top).max(f64::MIN_POSITIVE).ln())
        .collect();
    let turns = zigzag(&log_rate, prominence.ln());
    // A trough counts when a peak follows it.
    let troughs: Vec<usize> = turns
        .windows(2)
        .filter(|w| log_rate[w[1]] > log_rate[w[0]])
        .map(|w| w[0])
        .collect();
    let plateaus: Vec<Plateau> = troughs
        .iter()
        .enumerate()
        .map(|(k, &at)| {
            let next = troughs.get(k + 1).copied().unwrap_or(end - 1);
            plateau(time, loss, &rate, at, next)
        })
        .collect();
    let mut shape = Shape {
        plateaus,
        decay_time: f64::NAN,
    };
    let level = shape.plateaus.first().map_or(loss[end - 1], |p| p.value);
    let target = level + (loss[0] - level) / std::f64::consts::E;
    if loss[0] > level {
        shape.decay_time = crossing(time, loss, 0, target) - time[0];
    }
    Ok(shape)
}

fn plateau(time: &[f64], loss: &[f64], rate: &[f64], at: usize, next: usize) -> Plateau {
    let value = loss[at];
    let steepness = |i: &usize| rate[*i] * loss[*i];
    let steepest = (at..=next)
        .max_by(|i, j| steepness(i).total_cmp(&steepness(j)))
        .unwrap_or(at);
    let low = loss[next];
    let level = |share: f64| low + share * (value - low);
    // What was above 90 % before the trough does not count: the search starts at it.
    let width = crossing(time, loss, at, level(0.1)) - crossing(time, loss, at, level(0.9));
    Plateau {
        value,
        time: time[at],
        start: crossing(time, loss, 0, 1.01 * value),
        transition: time[steepest],
        width,
    }
}

/// First time from record `from` on at which the loss is at most `level`, between records on a straight line; NaN when never.
fn crossing(time: &[f64], loss: &[f64], from: usize, level: f64) -> f64 {
    match (from..loss.len()).find(|&i| loss[i] <= level) {
        None => f64::NAN,
        Some(i) if i == from || loss[i - 1] <= loss[i] => time[i],
        Some(i) => time[i] + (level - loss[i]) / (loss[i - 1] - loss[i]) * (time[i - 1] - time[i]),
    }
}

/// ρ = −d ln L/dt at every record: the slope of a straight line through the records within `smooth` t of it, and through its neighbours at
/// the least.
pub fn descent_rate(time: &[f64], loss: &[f64], smooth: f64) -> Vec<f64> {
    let last = time.len() - 1;
    let (mut first, mut end) = (0, 0);
    (0..=last)
        .map(|i| {
            let reach = smooth.max(0.0) * time[i].abs();
            while time[first] < time[i] - reach {
                first += 1;
            }
            while end < last && time[end + 1] <= time[i] + reach {
                end += 1;
            }
            let (low, high) = (first.min(i.saturating_sub(1)), end.max((i + 1).min(last)));
            let n = (high - low + 1) as f64;
            // Relative to the middle record, so that late times do not cancel.
            let (t0, l0) = (time[i], loss[i].ln());
            let points = (low..=high).map(|j| (time[j] - t0, loss[j].ln() - l0));
            let (st, sl) = points
                .clone()
                .fold((0.0, 0.0), |(a, b), (t, l)| (a + t, b + l));
            let (mt, ml) = (st / n, sl / n);
            let (stt, stl) = points.fold((0.0, 0.0), |(a, b), (t, l)| {
                (a + (t - mt).powi(2), b + (t - mt) * (l - ml))
            });
            -stl / stt
        })
        .collect()
}

fn check(time: &[f64], loss: &[f64]) -> Result<()> {
    if time.len() != loss.len() {
        return Err(Error::setting(
            "loss",
            format!("{} records", loss.len()),
            format!("as many as times, {}", time.len()),
        ));
    }
    if time.len() < 3 {
        return Err(Error::setting(
            "time",
            format!("{} records", time.len()),
            "at least three records",
        ));
    }
    if let Some(w) = time
        .windows(2)
        .find(|w| w[0].partial_cmp(&w[1]) != Some(std::cmp::Ordering::Less))
    {
        return Err(Error::setting(
            "time",
            format!("{} after {}", w[1], w[0]),
            "ascending times",
        ));
    }
    if let Some(l) = loss.iter().find(|l| !(l.is_finite() && **l >= 0.0)) {
        return Err(Error::setting(
            "loss",
            l,
            "finite losses ≥ 0; for a loss offset by an estimate, take the positive part",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(n: usize, end: f64) -> Vec<f64> {
        (0..n).map(|i| end * i as f64 / (n - 1) as f64).collect()
    }

    /// Times like those of a log-spaced schedule.
    fn log_grid(per_decade: i32, from: i32, to: i32) -> Vec<f64> {
        let inner = (from * per_decade..=to * per_decade)
            .map(|i| 10f64.powf(f64::from(i) / f64::from(per_decade)));
        std::iter::once(0.0).chain(inner).collect()
    }

    fn map(t: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
        t.iter().map(|t| f(*t)).collect()
    }

    fn logistic(t: f64) -> f64 {
        1.0 / (1.0 + (-t).exp())
    }

    #[test]
    fn no_plateau_in_an_exponential_or_a_power_law() {
        let t = grid(500, 10.0);
        let s = shape(&t, &map(&t, |t| 3.0 * (-2.0 * t).exp()), 0.0).unwrap();
        assert_eq!((s.plateaus.len(), s.plateau_length()), (0, 0.0));
        assert!(s.transition_time().is_nan() && s.plateau_value().is_nan());
        assert!((s.decay_time - 0.5).abs() < 1e-3);
        let t = log_grid(50, -3, 4);
        let s = shape(&t, &map(&t, |t| (1.0 + 5.0 * t).powf(-1.7)), 0.02).unwrap();
        assert!(s.plateaus.is_empty());
        // A power law that levels off has no plateau that ends.
        let s = shape(&t, &map(&t, |t| 0.3 + (1.0 + 5.0 * t).powf(-1.7)), 0.02).unwrap();
        assert!(s.plateaus.is_empty());
    }

    #[test]
    fn decay_plateau_drop() {
        // L = e^{−20 t} + 1 − logistic(3 (t − 8)): plateau value 1, steepest at 8, width 2 ln 9 / 3.
        for (t, tolerance) in [(grid(4001, 20.0), 0.006), (log_grid(200, -3, 1), 0.06)] {
            let loss = map(&t, |t| (-20.0 * t).exp() + 1.0 - logistic(3.0 * (t - 8.0)));
            let s = shape(&t, &loss, 0.0).unwrap();
            assert_eq!(s.plateaus.len(), 1);
            let p = s.plateau().unwrap();
            assert!((p.value - 1.0).abs() < 1e-3);
            assert!((p.start - 100f64.ln() / 20.0).abs() < 0.01, "{p:?}");
            assert!((p.transition - 8.0).abs() < tolerance, "{p:?}");
            assert!((p.width - 2.0 * 9f64.ln() / 3.0).abs() < 0.02, "{p:?}");
            assert!((s.decay_time - 0.05).abs() < 0.002);
        }
    }

    #[test]
    fn a_slow_start_is_a_plateau_from_the_start() {
        let t = grid(2001, 20.0);
        let s = shape(&t, &map(&t, |t| 1.0 - logistic(2.0 * (t - 10.0))), 0.0).unwrap();
        assert_eq!(s.plateaus.len(), 1);
        assert_eq!(s.plateaus[0].start, 0.0);
        assert!((s.plateau_length() - 10.0).abs() < 0.02);
    }

    #[test]
    fn two_steps_are_two_plateaus() {
        let t = grid(8001, 40.0);
        let loss = map(&t, |t| {
            (-20.0 * t).exp() + 2.0 - logistic(3.0 * (t - 10.0)) - logistic(3.0 * (t - 30.0))
        });
        let s = shape(&t, &loss, 0.0).unwrap();
        let found: Vec<_> = s.plateaus.iter().map(|p| (p.value, p.transition)).collect();
        assert_eq!(found.len(), 2);
        assert!((found[0].0 - 2.0).abs() < 1e-2 && (found[0].1 - 10.0).abs() < 0.01);
        assert!((found[1].0 - 1.0).abs() < 1e-2 && (found[1].1 - 30.0).abs() < 0.01);
        // The first plateau's drop ends on the second.
        assert!((s.plateaus[0].width - 2.0 * 9f64.ln() / 3.0).abs() < 0.02);
    }

    #[test]
    fn jitter_is_smoothed() {
        let t = log_grid(100, -2, 1);
        let loss = map(&t, |t| {
            ((-20.0 * t).exp() + 1.0 - logistic(3.0 * (t - 6.0))) * (1.0 + 1e-3 * (1e4 * t).sin())
        });
        let s = shape(&t, &loss, 0.1).unwrap();
        assert!((s.transition_time() - 6.0).abs() < 0.3, "{s:?}");
    }

    #[test]
    fn rounding_at_the_end_is_left_out() {
        let t = grid(1001, 100.0);
        let loss = map(&t, |t| {
            (-t).exp().max(1e-27 * (1.0 + (7.0 * t).sin().abs()))
        });
        assert!(shape(&t, &loss, 0.0).unwrap().plateaus.is_empty());
    }

    #[test]
    fn bad_series_are_said() {
        assert!(shape(&[0.0, 1.0], &[1.0, 1.0], 0.0).is_err());
        assert!(shape(&[0.0, 1.0, 1.0], &[1.0; 3], 0.0).is_err());
        assert!(shape(&[0.0, 1.0, 2.0], &[1.0, -1.0, 1.0], 0.0).is_err());
        assert!(shape(&[0.0, 1.0, 2.0], &[1.0, 1.0], 0.0).is_err());
    }
}
