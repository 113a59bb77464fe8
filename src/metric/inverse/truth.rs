//! Known models, of which curves are made: what the study judges by.

use super::data::{Data, Seen};
use super::fit::{FLOOR, Fitted};
use super::forward::{Solved, Unknowns};
use super::gates::{self, Join, Waits};
use super::{PUBLISHED, edges};
use ndarray::Array2;

/// Which edges of a known model curves of it can show: the model's curves without noise at `times` (times × skills) are fitted by the best graph without the edge, which must
/// be off by more than `least` in Σ (s − model)². The measure of the study's recall.
pub(crate) fn visible_edges(
    graph: &[(Vec<usize>, Join)],
    truth: &Truth,
    times: &[f64],
    least: f64,
) -> Vec<(usize, usize)> {
    let waits: Vec<Waits> = graph
        .iter()
        .map(|(s, j)| Waits::new(s.clone(), *j))
        .collect();
    let at = truth.unknowns();
    let levels = truth.levels(graph, times);
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
        times: times.to_vec(),
        seen: seen.collect(),
    };
    let fitted = Fitted {
        waits: waits.clone(),
        at,
        squares: 0.0,
    };
    let shown = |edge: &(usize, usize)| {
        edges::without(&data, PUBLISHED, &fitted, FLOOR * FLOOR, *edge)
            .is_none_or(|o| o.squares > least)
    };
    gates::edges(&waits).into_iter().filter(shown).collect()
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
