//! The learning rate that is best for the Resource model, when N₀ depends on it.

use super::LearningTimes;
use crate::error::Result;
use crate::table::Table;
use crate::task::Frequencies;

/// How N₀ depends on the learning rate.
#[derive(Clone, Copy)]
pub(super) enum Law {
    Quadratic,
    Linear,
}

impl Law {
    const ALL: [Self; 2] = [Self::Quadratic, Self::Linear];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Quadratic => "quadratic",
            Self::Linear => "linear",
        }
    }

    /// N₀(η) in units of its value at the reference rate, for η in units of that rate.
    fn at(self, eta: f64) -> f64 {
        match self {
            Self::Quadratic => eta * eta,
            Self::Linear => eta,
        }
    }
}

/// Records of the course of learning, and learning rates at each.
const RECORDS: usize = 60;
const RATES: usize = 80;
/// The learning rates compared, in units of the reference rate.
const RANGE: (f64, f64) = (1e-2, 1e3);
/// The rate at which saturation is looked at, in the same units.
pub(super) const SATURATED: f64 = 1e6;

/// The course of learning, C from 1 to where all skills have u ≤ u*: −ln C and S.
struct Course {
    y: Vec<f64>,
    gradient: Vec<f64>,
}

impl LearningTimes {
    fn course(&self, records: usize) -> Result<Course> {
        let frequencies = Frequencies::power_law(self.rate_tasks, self.rate_alpha)?;
        let end = self.until_all(frequencies.p());
        let y: Vec<f64> = (0..=records)
            .map(|k| end * 1e-4f64.powf(1.0 - k as f64 / records as f64))
            .collect();
        let gradient = |y: &f64| {
            frequencies
                .p()
                .iter()
                .map(|p| p * (-p * y).exp())
                .sum::<f64>()
        };
        let gradient = y.iter().map(gradient).collect();
        Ok(Course { y, gradient })
    }

    /// −d ln C/dt of Eq. 2.
    fn rate(&self, law: Law, gradient: f64, eta: f64) -> f64 {
        eta / (gradient + self.waste * law.at(eta / self.rate_reference))
    }

    fn etas(&self) -> Vec<f64> {
        let share = |k: usize| k as f64 / (RATES - 1) as f64;
        (0..RATES)
            .map(|k| self.rate_reference * RANGE.0 * (RANGE.1 / RANGE.0).powf(share(k)))
            .collect()
    }

    pub(super) fn rates(&self) -> Result<Table> {
        let (course, etas) = (self.course(4)?, self.etas());
        let parts = Law::ALL
            .into_iter()
            .flat_map(|law| course.gradient.iter().map(move |s| (law, *s)))
            .map(|(law, s)| {
                let rates: Vec<f64> = etas.iter().map(|e| self.rate(law, s, *e)).collect();
                Table::new()
                    .with("eta", etas.clone())?
                    .with("rate", rates)?
                    .with_constant("gradient", s)?
                    .with_constant("law", law.name())
            });
        Table::concat(parts.collect::<Result<_>>()?)
    }

    pub(super) fn optimum(&self) -> Result<Table> {
        let course = self.course(RECORDS)?;
        let (etas, a) = (
            self.etas(),
            self.waste / (self.rate_reference * self.rate_reference),
        );
        let b = self.waste / self.rate_reference;
        let best = |s: &f64| {
            most(RANGE, |x| {
                self.rate(Law::Quadratic, *s, x * self.rate_reference)
            })
        };
        let rising = |s: &f64| {
            let rates: Vec<f64> = etas
                .iter()
                .map(|e| self.rate(Law::Linear, *s, *e))
                .collect();
            rates.windows(2).filter(|w| w[1] > w[0]).count() as f64 / (RATES - 1) as f64
        };
        let of = |f: &dyn Fn(&f64) -> f64| course.gradient.iter().map(f).collect::<Vec<f64>>();
        let last = SATURATED * self.rate_reference;
        Table::new()
            .with("log_c", course.y.iter().map(|y| -y).collect::<Vec<_>>())?
            .with("best", of(&|s| best(s) * self.rate_reference))?
            .with("formula", of(&|s| (s / a).sqrt()))?
            .with("rising", of(&rising))?
            .with("saturation", of(&|s| b * self.rate(Law::Linear, *s, last)))?
            .with("gradient", course.gradient)
    }

    /// How much sooner all is learned when the learning rate follows its best value.
    pub(super) fn decay(&self) -> Result<Table> {
        let course = self.course(4_000)?;
        let last = course.y.len() - 1;
        // ∫ f(S) dy by trapezia, with S = 1 from y = 0 to the first record.
        let integral = |f: &dyn Fn(f64) -> f64| {
            let inner = (0..last)
                .map(|k| {
                    0.5 * (course.y[k + 1] - course.y[k])
                        * (f(course.gradient[k]) + f(course.gradient[k + 1]))
                })
                .sum::<f64>();
            inner + course.y[0] * 0.5 * (f(1.0) + f(course.gradient[0]))
        };
        let time = |law: Law, eta: f64| integral(&|s| 1.0 / self.rate(law, s, eta));
        let reference = self.rate_reference;
        let (mut constant, mut schedule) = (vec![], vec![]);
        for law in Law::ALL {
            let eta = reference * most(RANGE, |x| 1.0 / time(law, x * reference));
            constant.push(time(law, eta));
            schedule.push(integral(&|s| {
                let eta = reference * most(RANGE, |x| self.rate(law, s, x * reference));
                1.0 / self.rate(law, s, eta)
            }));
        }
        Table::new()
            .with("law", Law::ALL.map(Law::name).to_vec())?
            .with("constant", constant)?
            .with("schedule", schedule)
    }
}

/// Where f, which has one peak over ln x or rises throughout, is largest in `range`: golden section.
fn most(range: (f64, f64), f: impl Fn(f64) -> f64) -> f64 {
    let share = 0.5 * (5f64.sqrt() - 1.0);
    let (mut low, mut high) = (range.0.ln(), range.1.ln());
    while high - low > 1e-6 {
        let (a, b) = (high - share * (high - low), low + share * (high - low));
        if f(a.exp()) < f(b.exp()) {
            low = a
        } else {
            high = b
        }
    }
    (0.5 * (low + high)).exp()
}
