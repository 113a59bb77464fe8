//! The wasted resources N₀ that describe given skill curves best.

use super::{Norm, Resource};
use crate::error::{Error, Result};
use crate::stats::{self, Interval};
use ndarray::Array2;

/// N₀ fitted to skill curves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WasteFit {
    /// The best N₀ with its 95 % interval; `n` is the number of skills. At a bound (see [`bound`](Self::bound)) the interval is one-sided.
    pub waste: Interval,
    /// Whether the curves tell N₀, or only that it is small or large.
    pub bound: Bound,
    /// Root mean square of s − s_model over records and skills, at the best N₀.
    pub rmse: f64,
    /// The same at N₀ = 0.
    pub rmse_without: f64,
    /// The form that was fitted.
    pub norm: Norm,
}

/// What skill curves tell about N₀.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A best value inside the range.
    Inside,
    /// No waste is as good as any: the value is 0 and N₀ is at most the interval's upper end.
    AtMost,
    /// The more waste the better: nothing is learned in the time given. N₀ is at least the interval's lower end.
    AtLeast,
}

/// The range of N₀ searched, in units of Σ p u(0), and coarse points a decade.
const RANGE: (f64, f64) = (1e-10, 1e6);
const PER_DECADE: usize = 4;

impl Resource {
    /// Root mean square of s − s_model over records and skills; `skills` is times × skills.
    ///
    /// # Errors
    /// Skills that do not fit the times or the frequencies, or are not finite; times as in [`exact`](Self::exact).
    pub fn rmse(&self, times: &[f64], skills: &Array2<f64>) -> Result<f64> {
        check(self, times, skills)?;
        let squares = self.squares(times, skills)?;
        Ok((squares.iter().sum::<f64>() / skills.len() as f64).sqrt())
    }

    /// Fits N₀ to curves `skills`, times × skills; this model's own N₀ is not used.
    ///
    /// The mean square of s − s_model is minimised over ln N₀ from 10⁻¹⁰ to 10⁶ times Σ p u(0): a coarse grid for the bracket, then golden
    /// section. The interval is Student's of the delete-one jackknife over skills, in ln N₀ (records of one curve are no independent data).
    /// When N₀ = 0 is as good as the best, the upper end is the largest N₀ whose mean square is within $1 + t^2_{.975}/(n-1)$ of the least.
    ///
    /// ```
    /// use scurve::{model::skill::Resource, task::Frequencies};
    /// let model = Resource::new(Frequencies::power_law(10, 2.0)?, 0.02)?;
    /// let times: Vec<f64> = (0..100).map(|k| 5.0 * k as f64).collect();
    /// let curves = model.clone().with_waste(0.003)?.exact(&times)?.skills();
    /// let fit = model.fit_waste(&times, &curves)?;
    /// assert!((fit.waste.value / 0.003 - 1.0).abs() < 1e-6 && fit.rmse < 1e-8);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`rmse`](Self::rmse).
    pub fn fit_waste(&self, times: &[f64], skills: &Array2<f64>) -> Result<WasteFit> {
        check(self, times, skills)?;
        let records = skills.len() as f64;
        let scale: f64 = self
            .frequencies()
            .p()
            .iter()
            .zip(self.start())
            .map(|(p, u)| p * u)
            .sum();
        let at = |log_waste: f64| -> Result<Vec<f64>> {
            self.clone()
                .with_waste(log_waste.exp())?
                .squares(times, skills)
        };
        let total = |log_waste: f64| -> Result<f64> { Ok(at(log_waste)?.iter().sum()) };

        let (low, high) = ((scale * RANGE.0).ln(), (scale * RANGE.1).ln());
        let points = PER_DECADE * (RANGE.1 / RANGE.0).log10().round() as usize;
        let width = (high - low) / points as f64;
        let grid: Vec<f64> = (0..=points).map(|k| low + width * k as f64).collect();
        let coarse = grid
            .iter()
            .map(|x| total(*x))
            .collect::<Result<Vec<f64>>>()?;
        let without: f64 = self
            .clone()
            .with_waste(0.0)?
            .squares(times, skills)?
            .iter()
            .sum();
        let best = (0..coarse.len())
            .min_by(|a, b| coarse[*a].total_cmp(&coarse[*b]))
            .unwrap_or(0);

        let rmse = |squares: f64| (squares / records).sqrt();
        let (n, norm) = (self.start().len(), self.norm());
        let done = |waste: Interval, bound, squares: f64| WasteFit {
            waste,
            bound,
            rmse: rmse(squares),
            rmse_without: rmse(without),
            norm,
        };
        // Within which the curves cannot tell two N₀ apart.
        let as_good = |least: f64| {
            least * (1.0 + stats::student_975(n.max(2) - 1).powi(2) / (n.max(2) - 1) as f64)
        };
        if best == 0 || without <= coarse[best] {
            let bound = as_good(without);
            let last = coarse.iter().rposition(|f| *f <= bound).unwrap_or(0);
            let waste = Interval {
                value: 0.0,
                low: 0.0,
                high: grid[last].exp(),
                n,
            };
            return Ok(done(waste, Bound::AtMost, without));
        }
        if best == points {
            let bound = as_good(coarse[best]);
            let first = coarse.iter().position(|f| *f <= bound).unwrap_or(best);
            let waste = Interval {
                value: grid[best].exp(),
                low: grid[first].exp(),
                high: f64::INFINITY,
                n,
            };
            return Ok(done(waste, Bound::AtLeast, coarse[best]));
        }
        let (log_waste, squares) = golden_section(grid[best - 1], grid[best + 1], &total)?;
        if without <= squares {
            let last = coarse
                .iter()
                .rposition(|f| *f <= as_good(without))
                .unwrap_or(0);
            let waste = Interval {
                value: 0.0,
                low: 0.0,
                high: grid[last].exp(),
                n,
            };
            return Ok(done(waste, Bound::AtMost, without));
        }
        let waste = jackknife(log_waste, n, &at)?;
        Ok(done(waste, Bound::Inside, squares))
    }

    /// Σ over records of (s − s_model)², a skill each.
    fn squares(&self, times: &[f64], skills: &Array2<f64>) -> Result<Vec<f64>> {
        let run = self.exact(times)?;
        let mut sums = vec![0.0; skills.ncols()];
        for (given, unskill) in skills.outer_iter().zip(run.unskill.outer_iter()) {
            for ((sum, s), u) in sums.iter_mut().zip(given).zip(unskill) {
                let residual = s - (1.0 - u);
                *sum += residual * residual;
            }
        }
        Ok(sums)
    }
}

impl WasteFit {
    /// Shows the fit in a notebook cell.
    pub fn evcxr_display(&self) {
        println!("{self}");
    }
}

impl std::fmt::Display for WasteFit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use crate::display::number;
        let value = match self.bound {
            Bound::Inside => self.waste.to_string(),
            Bound::AtMost => format!("at most {}", number(self.waste.high)),
            Bound::AtLeast => format!("at least {}", number(self.waste.low)),
        };
        write!(
            f,
            "{} form: N₀ {value}; rmse {}, without waste {}",
            self.norm.name(),
            number(self.rmse),
            number(self.rmse_without)
        )
    }
}

fn check(model: &Resource, times: &[f64], skills: &Array2<f64>) -> Result<()> {
    let wanted = (times.len(), model.start().len());
    if skills.dim() != wanted || times.is_empty() {
        return Err(Error::setting(
            "skills",
            format!("{} × {}", skills.nrows(), skills.ncols()),
            format!(
                "one row for each of the {} times (at least one) and one column for each of the {} skills",
                wanted.0, wanted.1
            ),
        ));
    }
    match skills.indexed_iter().find(|(_, s)| !s.is_finite()) {
        Some((at, s)) => Err(Error::setting(
            format!("skills[{}, {}]", at.0, at.1),
            s,
            "a finite number: leave out the records of a run that diverged",
        )),
        None => Ok(()),
    }
}

/// The least value of f between `low` and `high`, and where it is.
fn golden_section(
    mut low: f64,
    mut high: f64,
    f: &impl Fn(f64) -> Result<f64>,
) -> Result<(f64, f64)> {
    let share = 0.5 * (5f64.sqrt() - 1.0);
    let mut a = high - share * (high - low);
    let mut b = low + share * (high - low);
    let (mut fa, mut fb) = (f(a)?, f(b)?);
    while high - low > 1e-9 {
        if fa <= fb {
            (high, b, fb) = (b, a, fa);
            a = high - share * (high - low);
            fa = f(a)?;
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + share * (high - low);
            fb = f(b)?;
        }
    }
    Ok(if fa <= fb { (a, fa) } else { (b, fb) })
}

/// e^x with the interval of the jackknife over skills. Each refit is a parabola through three points around the least on a fine grid.
fn jackknife(best: f64, n: usize, at: &impl Fn(f64) -> Result<Vec<f64>>) -> Result<Interval> {
    if n < 2 {
        return Ok(Interval {
            value: best.exp(),
            low: 0.0,
            high: f64::INFINITY,
            n,
        });
    }
    const SIDE: usize = 60;
    const STEP: f64 = 0.06;
    let squares = (0..=2 * SIDE)
        .map(|k| at(best + STEP * (k as f64 - SIDE as f64)))
        .collect::<Result<Vec<_>>>()?;
    let totals: Vec<f64> = squares.iter().map(|s| s.iter().sum()).collect();
    let refit = |left_out: usize| {
        let f = |k: usize| totals[k] - squares[k][left_out];
        let least = (1..2 * SIDE)
            .min_by(|a, b| f(*a).total_cmp(&f(*b)))
            .unwrap_or(SIDE);
        let bend = f(least - 1) - 2.0 * f(least) + f(least + 1);
        let shift = if bend > 0.0 {
            0.5 * (f(least - 1) - f(least + 1)) / bend
        } else {
            0.0
        };
        STEP * (least as f64 - SIDE as f64 + shift.clamp(-1.0, 1.0))
    };
    let shifts: Vec<f64> = (0..n).map(refit).collect();
    let mean = shifts.iter().sum::<f64>() / n as f64;
    let spread: f64 = shifts.iter().map(|x| (x - mean).powi(2)).sum();
    let half = stats::student_975(n - 1) * ((n - 1) as f64 / n as f64 * spread).sqrt();
    Ok(Interval {
        value: best.exp(),
        low: (best - half).exp(),
        high: (best + half).exp(),
        n,
    })
}
