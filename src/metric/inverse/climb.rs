//! From one graph to a better one, a gate at a time.

use super::data::Data;
use super::fit::{Fitted, fit, fit_below};
use super::forward::{Form, Solved, Unknowns};
use super::gates::{Waits, descendants};
use super::search::{ALL_PAIRS, Price, TRIALS, candidates, profile_in};

/// One change of a graph: the gates, and the frequencies to start its fit from, with what it seems to gain.
pub(super) struct Move {
    guess: f64,
    pub waits: Vec<Waits>,
    pub at: Unknowns,
    /// The skills that changed places, or twice the one that changed.
    pub pair: (usize, usize),
}

/// Changes gates while the score falls.
pub(super) fn climb(data: &Data, form: Form, mut now: Fitted, noise: f64) -> (Fitted, Price) {
    let n = data.skills();
    let mut price = Price::of(data, &now, form);
    for _ in 0..6 * n {
        let score = price.score(&now);
        let better = |trial: &Move, steps: usize| {
            let goal = price.squares(score - 0.1, &trial.waits);
            let fitted = fit_below(data, form, &trial.waits, &trial.at, noise, steps, goal);
            (price.score(&fitted) < score - 0.1).then_some(fitted)
        };
        let mut moves = single_moves(data, form, &now, &price);
        moves.retain(|m| m.guess < 6.0 * price.edge());
        moves.truncate(TRIALS);
        let next = moves
            .iter()
            .find_map(|m| better(m, 6))
            .or_else(|| exchanges(&now).iter().find_map(|m| better(m, 8)));
        if let Some(next) = next {
            now = next;
            price = Price::of(data, &now, form);
            continue;
        }
        now = fit(data, form, &now.waits, &now.at, noise, 20);
        let next = Price::of(data, &now, form);
        // The residuals of the right graph are less alike than those of a wrong one: look again when that changes the prices.
        if next.effective < 1.3 * price.effective {
            return (now, next);
        }
        price = next;
    }
    (now, price)
}

/// Another gate for one skill, time left as it is.
fn single_moves(data: &Data, form: Form, now: &Fitted, price: &Price) -> Vec<Move> {
    let solved = Solved::new(form, &now.waits, &now.at, data.end(), false);
    let (places, open) = (solved.places(&data.times), solved.openings());
    let mut moves = Vec::new();
    for i in 0..data.skills() {
        let of = |w: &Waits| profile_in(data, &solved, (&open, &places), i, w);
        let present = of(&now.waits[i]).squares;
        let mut own: Vec<Move> = candidates(i, &now.waits, |w| of(w).squares)
            .into_iter()
            .filter(|w| *w != now.waits[i])
            .map(|w| {
                let single = of(&w);
                let edges = w.skills.len() as f64 - now.waits[i].skills.len() as f64;
                let squares = (now.squares - present + single.squares).max(0.0);
                let guess = price.fit(squares) - price.fit(now.squares) + price.edge() * edges;
                let (mut waits, mut at) = (now.waits.clone(), now.at.clone());
                waits[i] = w;
                at.0[i] = single.p.ln();
                Move {
                    guess,
                    waits,
                    at,
                    pair: (i, i),
                }
            })
            .collect();
        own.sort_by(|a, b| a.guess.total_cmp(&b.guess));
        own.truncate(6);
        moves.extend(own);
    }
    moves.sort_by(|a, b| a.guess.total_cmp(&b.guess));
    moves
}

/// Changes of many gates at once. Two skills change places in the gates of all others: what two that are learned together call for. One is left out of all gates: what a skill
/// that came in with the first of them calls for.
pub(super) fn exchanges(now: &Fitted) -> Vec<Move> {
    let n = now.waits.len();
    let mut moves = Vec::new();
    if n > ALL_PAIRS {
        return moves;
    }
    let swap = |w: &Waits, a: usize, b: usize| {
        let skills = w.skills.iter().map(|s| {
            if *s == a {
                b
            } else if *s == b {
                a
            } else {
                *s
            }
        });
        Waits::new(skills.collect(), w.join)
    };
    let awaited = |i: usize| now.waits.iter().any(|w| w.skills.contains(&i));
    for a in 0..n {
        for b in 0..a {
            let waits: Vec<Waits> = now.waits.iter().map(|w| swap(w, a, b)).collect();
            let circle = (0..n).any(|i| waits[i].skills.iter().any(|j| descendants(&waits, i)[*j]));
            if waits != now.waits && !circle {
                let mut at = now.at.clone();
                // Of what nothing holds up, others see γ p alone.
                match (awaited(a), awaited(b)) {
                    (true, false) => at.0[n + 2] += at.0[a] - at.0[b],
                    (false, true) => at.0[n + 2] += at.0[b] - at.0[a],
                    _ => {}
                }
                moves.push(Move {
                    guess: 0.0,
                    waits,
                    at,
                    pair: (a, b),
                });
            }
        }
    }
    for j in 0..n {
        if now.waits.iter().filter(|w| w.skills.contains(&j)).count() > 1 {
            moves.push(Move {
                guess: 0.0,
                waits: now.waits.iter().map(|w| w.without(j)).collect(),
                at: now.at.clone(),
                pair: (j, j),
            });
        }
    }
    moves
}
