//! Known models, of which curves are made: what the study judges by.

use super::data::{Data, Seen};
use super::fit::{FLOOR, Fitted};
use super::forward::{Solved, Unknowns};
use super::gates::{self, Join, Waits};
use super::{PUBLISHED, edges};
use ndarray::Array2;

/// Points at which noiseless curves are compared.
const COMPARED: usize = 100;

/// Which edges of a known model curves of it can show: the model's curves without noise at `times` (times × skills) are fitted by the best graph without the edge, which is
/// off by Σ (s − model)². The measure of the study's recall: an edge is visible when that is many variances of the noise. Up to `most` it is worked out; beyond, it is some number
/// above. With more than a hundred times, a hundred stand for all.
pub(crate) fn edges_shown(
    graph: &[(Vec<usize>, Join)],
    truth: &Truth,
    times: &[f64],
    most: f64,
) -> Vec<((usize, usize), f64)> {
    let waits: Vec<Waits> = graph
        .iter()
        .map(|(s, j)| Waits::new(s.clone(), *j))
        .collect();
    let stride = times.len().div_ceil(COMPARED);
    let some: Vec<f64> = times
        .iter()
        .copied()
        .skip(stride / 2)
        .step_by(stride)
        .collect();
    let scale = times.len() as f64 / some.len() as f64;
    let levels = truth.levels(graph, &some);
    let seen = levels.columns().into_iter().map(|c| {
        c.iter()
            .enumerate()
            .map(|(at, level)| Seen {
                at,
                level: *level,
                weight: 1.0,
            })
            .collect()
    });
    let data = Data {
        seen: seen.collect(),
        times: some,
    };
    let fitted = Fitted {
        waits: waits.clone(),
        at: truth.unknowns(),
        squares: 0.0,
    };
    let shown = |edge: (usize, usize)| {
        let goal = |_: &[Waits]| most / scale;
        let off = edges::without(&data, PUBLISHED, &fitted, FLOOR * FLOOR, edge, goal)
            .map_or(f64::INFINITY, |o| o.squares * scale);
        (edge, off)
    };
    gates::edges(&waits).into_iter().map(shown).collect()
}

/// A known model, in the published form.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub p: Vec<f64>,
    pub waste: f64,
    pub eta: f64,
    pub gamma: f64,
}

impl Truth {
    fn unknowns(&self) -> Unknowns {
        Unknowns::new(&self.p, self.waste / self.eta, 1.0 / self.eta, self.gamma)
    }

    /// Levels, times × skills.
    pub fn levels(&self, graph: &[(Vec<usize>, Join)], times: &[f64]) -> Array2<f64> {
        let waits: Vec<Waits> = graph
            .iter()
            .map(|(s, j)| Waits::new(s.clone(), *j))
            .collect();
        let end = times.last().copied().unwrap_or(0.0);
        let solved = Solved::new(PUBLISHED, &waits, &self.unknowns(), end, false);
        let places = solved.places(times);
        Array2::from_shape_fn((times.len(), self.p.len()), |(k, i)| {
            -solved.log_u(i, &places[k]).exp_m1()
        })
    }
}
