//! Everything that is decided from levels alone: form, graph, scores of edges, numbers and their intervals.

use super::climb::climb;
use super::data::Data;
use super::fit::{self, FLOOR, Fitted};
use super::gates::{self, Waits};
use super::interval::{Intervals, intervals};
use super::search::{self, Price};
use super::{FORM_GAIN, Form, FormScore, edges};
use crate::error::{Error, Result};

/// From this score on an edge is beyond doubt, and how far beyond is not worked out.
const CLEAR: f64 = 60.0;

/// An edge (what is waited for, who waits), how much worse the best graph without it is, and what the skill waits for there.
pub(super) struct ScoredEdge {
    pub edge: (usize, usize),
    pub score: f64,
    pub instead: Option<Waits>,
}

/// What levels say.
pub(super) struct Decided {
    pub form: Form,
    /// All forms tried, by how much worse they are.
    pub forms: Vec<FormScore>,
    pub edges: Vec<ScoredEdge>,
    pub fitted: Fitted,
    pub found: Intervals,
    /// How many independent observations these are worth.
    pub effective: f64,
    /// The variance of the noise.
    pub noise: f64,
}

/// Search, forms, edges, intervals, one after another.
pub(super) fn decide(full: &Data, forms: &[Form]) -> Result<Decided> {
    let first = *forms
        .first()
        .ok_or_else(|| Error::setting("forms", "[]", "at least one"))?;
    let thin = full.thinned(search::SEARCH_POINTS);
    let noise = full.noise().max(FLOOR * FLOOR);
    let (mut fitted, mut price) = search::search(&thin, first, noise);
    let mut form = first;
    let mut scores = vec![FormScore {
        form,
        score: price.score(&fitted),
    }];
    for other in &forms[1..] {
        let gated = fitted.waits.iter().any(|w| !w.skills.is_empty());
        if !gated
            && (other.gate != first.gate || other.weights_denominator != first.weights_denominator)
        {
            continue;
        }
        let mut trial = refit(&thin, *other, &fitted, noise);
        let mut score = price.score(&trial);
        let best = price.score(&fitted);
        if score < best - FORM_GAIN {
            let (climbed, next) = climb(&thin, *other, trial, noise);
            (trial, price, form) = (climbed, next, *other);
            fitted = trial;
            for s in &mut scores {
                let again = refit(&thin, s.form, &fitted, noise);
                s.score = price.score(&again);
            }
            score = price.score(&fitted);
        }
        scores.push(FormScore {
            form: *other,
            score,
        });
    }
    let chosen = price.score(&fitted);
    // Means over stretches of time blur the corners that skills make when they are done: a second look, closer.
    let fine = full.thinned(search::FINE_POINTS);
    if fine.times.len() > thin.times.len() {
        let closer = fit::fit(&fine, form, &fitted.waits, &fitted.at, fine.noise(), 12);
        (fitted, price) = climb(&fine, form, closer, fine.noise());
    }
    let (thin, noise) = (fine, full.noise().max(FLOOR * FLOOR));
    for s in &mut scores {
        s.score = if s.form == form {
            0.0
        } else {
            s.score - chosen
        };
    }
    let edges = scored_edges(&thin, form, &fitted, noise, &price);
    let rivals = edges::rivals(&thin, form, &fitted, noise, &price);
    let fitted = fit::fit(full, form, &fitted.waits, &fitted.at, noise, 20);
    if !fitted.squares.is_finite() {
        return Err(Error::Solver("the fit of the Resource model to these curves is not finite: look for values that no learning curve has".into()));
    }
    let price = Price::of(full, &fitted, form);
    let found = intervals(full, form, &fitted, price.effective, &rivals);
    Ok(Decided {
        form,
        forms: scores,
        edges,
        fitted,
        found,
        effective: price.effective,
        noise,
    })
}

/// The same graph in another form. A form that has no need of waste leaves N₀ where no slope is left: other starts have some.
fn refit(data: &Data, form: Form, fitted: &Fitted, noise: f64) -> Fitted {
    let n = data.skills();
    let mut best = fit::fit(data, form, &fitted.waits, &fitted.at, noise, 15);
    let stuck = fitted.at.tau() < 1e-3 * fitted.at.kappa();
    for waste in [0.003f64, 0.03, 0.3] {
        if !stuck {
            break;
        }
        let mut at = fitted.at.clone();
        at.0[n] = at.0[n + 1] + waste.ln();
        let trial = fit::fit(data, form, &fitted.waits, &at, noise, 15);
        if trial.squares < best.squares {
            best = trial;
        }
    }
    best
}

/// The edges of a fitted graph with their scores.
fn scored_edges(
    data: &Data,
    form: Form,
    fitted: &Fitted,
    noise: f64,
    price: &Price,
) -> Vec<ScoredEdge> {
    let best = price.score(fitted);
    let one = |edge: (usize, usize)| {
        let goal = |waits: &[Waits]| price.squares(best + CLEAR, waits);
        let other = edges::without(data, form, fitted, noise, edge, goal);
        let score = other
            .as_ref()
            .map_or(f64::INFINITY, |o| price.score(o) - best);
        ScoredEdge {
            edge,
            score,
            instead: other.map(|o| o.waits[edge.1].clone()),
        }
    };
    gates::edges(&fitted.waits).into_iter().map(one).collect()
}
