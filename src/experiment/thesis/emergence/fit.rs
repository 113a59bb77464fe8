//! The extended model fitted to the network with one skill.

use super::Emergence;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::model::multilinear::{Extended, ShotForm};
use crate::table::Table;

/// A strength at a time, a number of examples, or a width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub x: f64,
    pub strength: f64,
}

/// Points of one skill of a system in one seed, or of all seeds, by x.
pub(super) fn points(
    table: &Table,
    x: &str,
    skills: usize,
    k: usize,
    seed: Option<i64>,
) -> Result<Vec<Point>> {
    let mut rows = table
        .rows_where("skills", skills as i64)?
        .rows_where("skill", k as i64)?;
    if let Some(seed) = seed {
        rows = rows.rows_where("seed", seed)?;
    }
    let pairs = rows.f64s(x)?.into_iter().zip(rows.f64s("strength")?);
    let mut points: Vec<Point> = pairs.map(|(x, strength)| Point { x, strength }).collect();
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    Ok(points)
}

/// Root mean square of what a prediction leaves.
pub(super) fn left(points: &[Point], predicted: impl Fn(f64) -> f64) -> f64 {
    let squares = points
        .iter()
        .map(|p| (p.strength - predicted(p.x)).powi(2))
        .sum::<f64>();
    (squares / points.len() as f64).sqrt()
}

/// The candidate that leaves least.
fn best(candidates: &[f64], cost: impl Fn(f64) -> f64) -> f64 {
    let costs = candidates.iter().map(|c| (*c, cost(*c)));
    costs
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(f64::NAN, |c| c.0)
}

/// The constants of the extended model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Calibration {
    /// 1/𝓑².
    pub slowing: f64,
    /// D_c of each form, in the order of `ShotForm::ALL`.
    pub shots: [f64; 3],
    /// N_c.
    pub nodes: f64,
}

impl Calibration {
    /// Fitted to one skill, in one seed or in all together.
    pub fn fit(settings: &Emergence, outcome: &Outcome, seed: Option<i64>) -> Result<Self> {
        let time = points(&outcome.table("time")?, "step", 1, 1, seed)?;
        let data = points(&outcome.table("data")?, "count", 1, 1, seed)?;
        let width = points(&outcome.table("width")?, "width", 1, 1, seed)?;
        let slow = Emergence::candidates(1.0, 1000.0);
        let slowing = best(&slow, |slowing| {
            left(&time, |t| by_time(settings, 1.0, slowing, t))
        });
        let many = |list: &[usize]| list.iter().copied().fold(1, usize::max) as f64;
        let shots = Emergence::candidates(1.0, 20.0 * many(&settings.single_samples));
        let shots = ShotForm::ALL
            .map(|form| best(&shots, |shots| left(&data, |d| form.strength(d, shots))));
        let nodes: Vec<f64> = (1..=2 * many(&settings.single_widths) as usize)
            .map(|n| n as f64)
            .collect();
        let nodes = best(&nodes, |nodes| left(&width, |n| (n / nodes).min(1.0)));
        Ok(Self {
            slowing,
            shots,
            nodes,
        })
    }

    /// The model for n_s skills.
    pub fn model(&self, settings: &Emergence) -> Result<Extended> {
        let mut model = Extended::published(settings.law()?, settings.start * settings.start)?;
        model.scale = settings.scale;
        // A mean of squares without ½ has twice the gradient.
        model.rate = 2.0 * settings.time_rate;
        model.calibration = 1.0 / self.slowing;
        model.shots = self.shots[1].round().max(1.0) as u64;
        model.nodes = self.nodes as u64;
        model.validate()?;
        Ok(model)
    }
}

/// Eq. 5.2 for one frequency.
pub(super) fn by_time(settings: &Emergence, p: f64, slowing: f64, t: f64) -> f64 {
    let rate = 4.0 * settings.time_rate * p * settings.scale / slowing;
    let start = settings.start * settings.start;
    1.0 / (1.0 + (settings.scale / start - 1.0) * (-rate * t).exp())
}

/// The x at which a curve first passes a level, between two points; none when it stays below.
pub(super) fn passes(points: &[Point], level: f64) -> Option<f64> {
    let pair = points
        .windows(2)
        .find(|pair| pair[0].strength < level && pair[1].strength >= level)?;
    let share = (level - pair[0].strength) / (pair[1].strength - pair[0].strength);
    Some(pair[0].x + share * (pair[1].x - pair[0].x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Scale, Settings};
    use crate::task::SkillLaw;

    #[test]
    fn time_of_one_skill_is_that_of_the_model() {
        let settings = Emergence::preset(Scale::Quick);
        let fit = Calibration {
            slowing: 22.0,
            shots: [1000.0, 800.0, 900.0],
            nodes: 4.0,
        };
        let model = fit.model(&settings).unwrap();
        let law = SkillLaw::new(0.6, 5).unwrap();
        for (k, t) in [(1, 1000.0), (5, 20_000.0)] {
            let own = by_time(&settings, law.p(k), 22.0, t);
            assert!((own - model.by_time(k, t)).abs() < 1e-12);
        }
        assert_eq!(model.nodes, 4);
        assert_eq!(model.by_parameters(2, 6), 0.5);
    }

    #[test]
    fn a_constant_is_found_from_its_own_curve() {
        let points: Vec<Point> = [50.0, 200.0, 500.0, 700.0, 1500.0]
            .map(|x| Point {
                x,
                strength: ShotForm::AsPrinted.strength(x, 600.0),
            })
            .to_vec();
        let candidates = Emergence::candidates(1.0, 10_000.0);
        let found = best(&candidates, |c| {
            left(&points, |d| ShotForm::AsPrinted.strength(d, c))
        });
        assert!((found / 600.0 - 1.0).abs() < 0.005, "{found}");
        let half = passes(&points, 0.5).unwrap();
        assert!((400.0..500.0).contains(&half), "{half}");
        assert_eq!(passes(&points, 1.1), None);
    }
}
