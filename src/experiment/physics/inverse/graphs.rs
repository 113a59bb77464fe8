//! Random graphs of skills with random numbers.

use super::{Graph, InverseProblem};
use crate::metric::inverse::{Join, Truth};
use rand::RngExt;

/// The kinds of graphs, in turn.
pub(super) const KINDS: [&str; 6] = ["independent", "chain", "tree", "and", "or", "mixed"];
/// The chance that a skill of a tree, or of a graph with pairs, waits for another.
const WAITS: f64 = 0.75;
/// The chance that it then waits for two, where there can be two.
const TWO: f64 = 0.6;

/// A graph and the numbers of its model.
pub(super) struct Known {
    pub graph: Graph,
    pub truth: Truth,
}

impl Known {
    pub fn draw(settings: &InverseProblem, kind: &str, rng: &mut impl RngExt) -> Self {
        let n = rng.random_range(settings.fewest..=settings.most);
        let mut graph: Graph = vec![(Vec::new(), Join::And); n];
        for i in 1..n {
            let waits = match kind {
                "independent" => false,
                "chain" => true,
                _ => rng.random::<f64>() < WAITS,
            };
            if !waits {
                continue;
            }
            let first = if kind == "chain" {
                i - 1
            } else {
                rng.random_range(0..i)
            };
            let mut skills = vec![first];
            let pairs = matches!(kind, "and" | "or" | "mixed");
            if pairs && rng.random::<f64>() < TWO {
                let free: Vec<usize> = (0..i)
                    .filter(|j| {
                        *j != first && !before(&graph, first)[*j] && !before(&graph, *j)[first]
                    })
                    .collect();
                if !free.is_empty() {
                    skills.push(free[rng.random_range(0..free.len())]);
                }
            }
            let or = kind == "or" || (kind == "mixed" && rng.random::<bool>());
            let join = if skills.len() > 1 && or {
                Join::Or
            } else {
                Join::And
            };
            graph[i] = (skills, join);
        }
        let mut between =
            |low: f64, high: f64| (low.ln() + rng.random::<f64>() * (high / low).ln()).exp();
        let weights: Vec<f64> = (0..n).map(|_| between(1.0, settings.spread)).collect();
        let sum: f64 = weights.iter().sum();
        let truth = Truth {
            p: weights.iter().map(|w| w / sum).collect(),
            waste: between(settings.waste_low, settings.waste_high),
            eta: 1.0,
            gamma: between(settings.gamma_low, settings.gamma_high),
        };
        Self { graph, truth }
    }

    /// The time at which the last skill reaches the level.
    pub fn time_of_all(&self, level: f64) -> f64 {
        let least = |t: f64| {
            self.truth
                .levels(&self.graph, &[t])
                .iter()
                .copied()
                .fold(1.0, f64::min)
        };
        let mut high = 1.0;
        while least(high) < level && high < 1e9 {
            high *= 2.0;
        }
        let mut low = 0.0;
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if least(middle) < level {
                low = middle
            } else {
                high = middle
            }
        }
        high
    }
}

/// For which skills `i` waits, directly or not.
fn before(graph: &Graph, i: usize) -> Vec<bool> {
    let mut found = vec![false; graph.len()];
    let mut next = vec![i];
    while let Some(k) = next.pop() {
        for j in &graph[k].0 {
            if !found[*j] {
                found[*j] = true;
                next.push(*j);
            }
        }
    }
    found
}
