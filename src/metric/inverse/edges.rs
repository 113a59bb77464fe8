//! What else could explain a skill: the best graph without an edge, and how much worse it fits.

use super::climb::exchanges;
use super::data::Data;
use super::fit::{Fitted, fit_below};
use super::forward::{Form, Solved};
use super::gates::Waits;
use super::search::{Price, candidates, profile_in};

/// Scores above the best up to which a graph does nearly as well.
const NEARLY: f64 = 12.0;
/// How many of the likeliest other gates are fitted in full.
const FULL: usize = 2;

/// The best fit in which skill `i` has a gate that `allowed` lets through; fits that will not come below the squares `goal` are left unfinished.
pub(super) fn rival(
    data: &Data,
    form: Form,
    fitted: &Fitted,
    noise: f64,
    i: usize,
    allowed: impl Fn(&Waits) -> bool,
    goal: impl Fn(&[Waits]) -> f64,
) -> Option<Fitted> {
    let solved = Solved::new(form, &fitted.waits, &fitted.at, data.end(), false);
    let (places, open) = (solved.places(&data.times), solved.openings());
    let of = |w: &Waits| profile_in(data, &solved, (&open, &places), i, w);
    let mut ranked: Vec<(f64, f64, Waits)> = candidates(i, &fitted.waits, |w| of(w).squares)
        .into_iter()
        .filter(|w| *w != fitted.waits[i] && allowed(w))
        .map(|w| {
            let single = of(&w);
            (single.squares, single.p, w)
        })
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tries = ranked.into_iter().take(FULL).map(|(_, p, w)| {
        let (mut waits, mut at) = (fitted.waits.clone(), fitted.at.clone());
        waits[i] = w;
        at.0[i] = p.ln();
        let goal = goal(&waits);
        fit_below(data, form, &waits, &at, noise, 8, goal)
    });
    tries.min_by(|a, b| a.squares.total_cmp(&b.squares))
}

/// The best graph in which skill `i` does not wait for `j`: another gate of `i`, or two skills with their places exchanged.
pub(super) fn without(
    data: &Data,
    form: Form,
    fitted: &Fitted,
    noise: f64,
    edge: (usize, usize),
    goal: impl Fn(&[Waits]) -> f64,
) -> Option<Fitted> {
    let (j, i) = edge;
    let single = rival(
        data,
        form,
        fitted,
        noise,
        i,
        |w| !w.skills.contains(&j),
        &goal,
    );
    let exchanged = exchanges(fitted)
        .into_iter()
        .filter(|m| !m.waits[i].skills.contains(&j))
        .filter(|m| m.pair.0 == j || m.pair.1 == j)
        .map(|m| fit_below(data, form, &m.waits, &m.at, noise, 8, goal(&m.waits)));
    single
        .into_iter()
        .chain(exchanged)
        .min_by(|a, b| a.squares.total_cmp(&b.squares))
}

/// Graphs that do nearly as well: for each skill the best with another gate, by score above that of the fitted graph.
pub(super) fn rivals(
    data: &Data,
    form: Form,
    fitted: &Fitted,
    noise: f64,
    price: &Price,
) -> Vec<(f64, Fitted)> {
    let best = price.score(fitted);
    let skills = fitted.waits.len();
    let goal = |waits: &[Waits]| price.squares(best + NEARLY, waits);
    let each = |i: usize| {
        let now = &fitted.waits[i];
        let more = rival(
            data,
            form,
            fitted,
            noise,
            i,
            |w| w.skills.len() > now.skills.len(),
            goal,
        );
        let other = rival(
            data,
            form,
            fitted,
            noise,
            i,
            |w| w.skills.len() <= now.skills.len(),
            goal,
        );
        more.into_iter().chain(other)
    };
    (0..skills)
        .flat_map(each)
        .map(|r| (price.score(&r) - best, r))
        .filter(|r| r.0 < NEARLY)
        .collect()
}
