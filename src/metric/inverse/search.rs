//! Which graph: a start read off the curves, then one change of a gate after another while the fit gains more than the change costs.

use super::climb::climb;
use super::data::Data;
use super::fit::{FLOOR, Fitted, fit, residuals};
use super::forward::{Form, Place, Solved, Unknowns};
use super::gates::{Join, Waits, descendants};

/// Points to which curves are thinned for the search.
pub(super) const SEARCH_POINTS: usize = 100;
/// The same for the second look.
pub(super) const FINE_POINTS: usize = 200;
/// With more skills than this, pairs are made of the best single ones only.
pub(super) const ALL_PAIRS: usize = 9;
/// Changes tried with a full fit before the graph is left as it is.
pub(super) const TRIALS: usize = 16;
/// Starts that are fitted, and climbed from.
const STARTS: usize = 12;
const CLIMBS: usize = 4;
/// A mean square of residuals up to this many variances of the noise is good enough to stop.
const ENOUGH: f64 = 1.12;

/// What one unit of structure costs, and how many independent observations there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price {
    /// Observations, less what neighbours repeat of each other.
    pub effective: f64,
    /// Skills.
    pub skills: usize,
    /// Observations.
    pub count: usize,
}

impl Price {
    /// −2 ln likelihood with the variance at its best, the cost of the edges (ln N each, and twice the logarithm of what could stand there), and the weak pull on γ, which decides
    /// between graphs that have the same curves.
    pub fn score(&self, fitted: &Fitted) -> f64 {
        let edges: usize = fitted.waits.iter().map(|w| w.skills.len()).sum();
        let pull = if edges > 0 { fitted.at.pull() } else { 0.0 };
        self.fit(fitted.squares) + self.edge() * edges as f64 + pull
    }

    pub fn fit(&self, squares: f64) -> f64 {
        self.effective * (squares / self.count as f64 + FLOOR * FLOOR).ln()
    }

    /// The squares at which a graph has this score, where nothing pulls.
    pub fn squares(&self, score: f64, waits: &[Waits]) -> f64 {
        let edges: usize = waits.iter().map(|w| w.skills.len()).sum();
        let mean = ((score - self.edge() * edges as f64) / self.effective).exp() - FLOOR * FLOOR;
        mean.max(0.0) * self.count as f64
    }

    pub fn edge(&self) -> f64 {
        self.effective.max(2.0).ln() + 2.0 * (self.skills as f64).ln()
    }

    /// From the residuals of a model: N (1 − ρ)/(1 + ρ) with ρ the correlation of neighbours.
    pub fn of(data: &Data, fitted: &Fitted, form: Form) -> Self {
        let solved = Solved::new(form, &fitted.waits, &fitted.at, data.end(), false);
        let (mut cross, mut own) = (0.0, 0.0);
        for r in residuals(data, &solved) {
            cross += r.windows(2).map(|w| w[0] * w[1]).sum::<f64>();
            own += r.iter().map(|x| x * x).sum::<f64>();
        }
        let rho = if own > 0.0 {
            (cross / own).clamp(0.0, 0.98)
        } else {
            0.0
        };
        let count = data.count();
        Self {
            effective: (count as f64 * (1.0 - rho) / (1.0 + rho)).max(10.0),
            skills: data.skills(),
            count,
        }
    }
}

/// One skill's frequency for a given exposure, and its squares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Single {
    pub p: f64,
    pub squares: f64,
}

/// [`profile`] of a skill that waits so, with the time and the openings of a solved model as they are.
pub(super) fn profile_in(
    data: &Data,
    solved: &Solved,
    (open, places): (&[Vec<f64>], &[Place]),
    i: usize,
    waits: &Waits,
) -> Single {
    let exposure: Vec<f64> = solved
        .exposure(waits, open, places)
        .iter()
        .map(|e| e.max(1e-300))
        .collect();
    profile(data, i, &exposure)
}

/// The p that fits s = 1 − exp(−p E) best; `exposure` is at all times of the data.
pub(super) fn profile(data: &Data, i: usize, exposure: &[f64]) -> Single {
    let seen = &data.seen[i];
    let at = |p: f64| -> (f64, f64, f64) {
        let (mut squares, mut slope, mut bend) = (0.0, 0.0, 0.0);
        for s in seen {
            let x = p * exposure[s.at];
            let u = (-x).exp();
            let (off, by) = (s.level - 1.0 + u, x * u);
            squares += s.weight * off * off;
            slope += s.weight * off * by;
            bend += s.weight * by * by;
        }
        (squares, slope, bend)
    };
    // Where half of it is learned, or the end.
    let half = seen.iter().find(|s| s.level > 0.5).or(seen.last());
    let Some(half) = half else {
        return Single {
            p: 1e-12,
            squares: 0.0,
        };
    };
    let reach = exposure[half.at].max(1e-300);
    let mut p = -(1.0 - half.level.clamp(0.02, 0.98)).ln() / reach;
    let mut now = at(p);
    for _ in 0..12 {
        if now.2 <= 0.0 {
            break;
        }
        let mut step = (now.1 / now.2).clamp(-2.0, 2.0);
        let mut done = true;
        for _ in 0..5 {
            let next = p * step.exp();
            let value = at(next);
            if value.0 < now.0 {
                done = now.0 - value.0 < 1e-6 * now.0;
                (p, now) = (next, value);
                break;
            }
            step *= 0.3;
        }
        if done {
            break;
        }
    }
    Single { p, squares: now.0 }
}

/// All gates of skill `i` worth a look: none, one, two, and what differs by one skill from the present one.
pub(super) fn candidates(i: usize, waits: &[Waits], rank: impl Fn(&Waits) -> f64) -> Vec<Waits> {
    let n = waits.len();
    let later = descendants(waits, i);
    let free: Vec<usize> = (0..n).filter(|j| !later[*j]).collect();
    let mut out = vec![Waits::nothing()];
    let mut singles: Vec<(f64, usize)> = free
        .iter()
        .map(|j| {
            (
                if n > ALL_PAIRS {
                    rank(&Waits::new(vec![*j], Join::And))
                } else {
                    0.0
                },
                *j,
            )
        })
        .collect();
    out.extend(free.iter().map(|j| Waits::new(vec![*j], Join::And)));
    singles.sort_by(|a, b| a.0.total_cmp(&b.0));
    if n > ALL_PAIRS {
        singles.truncate(5);
    }
    for (k, (_, a)) in singles.iter().enumerate() {
        for (_, b) in &singles[k + 1..] {
            out.push(Waits::new(vec![*a, *b], Join::And));
            out.push(Waits::new(vec![*a, *b], Join::Or));
        }
    }
    let now = &waits[i];
    if now.skills.len() > 1 {
        for j in free.iter().filter(|j| !now.skills.contains(j)) {
            out.push(now.with(*j, now.join));
        }
        let other = if now.join == Join::And {
            Join::Or
        } else {
            Join::And
        };
        out.push(Waits::new(now.skills.clone(), other));
        for j in &now.skills {
            out.push(now.without(*j));
        }
        for j in free.iter().filter(|j| !now.skills.contains(j)) {
            for k in &now.skills {
                out.push(now.without(*k).with(*j, now.join));
            }
        }
    }
    out.retain(|w| w.skills.len() > 1 || w.join == Join::And);
    out.sort_by(|a, b| {
        (a.skills.len(), &a.skills, a.join).cmp(&(b.skills.len(), &b.skills, b.join))
    });
    out.dedup();
    out
}

/// A start without any fit: with L1, t = τ y + κ Σ s, so the curves themselves give y for each κ, and each skill then chooses its gate alone.
fn start(data: &Data, price: &Price) -> Vec<(Vec<Waits>, Unknowns)> {
    let n = data.skills();
    let smooth = data.smooth();
    let times = &data.times;
    let total: Vec<f64> = (0..times.len())
        .map(|k| smooth.iter().map(|s| s[k]).sum())
        .collect();
    // The largest κ for which y still grows, over stretches long enough for the noise.
    let stretch = (times.len() / 8).max(1);
    let mut most = f64::INFINITY;
    for k in 0..times.len() {
        let (from, grown) = match k.checked_sub(stretch) {
            Some(b) => (times[b], total[k] - total[b]),
            None if k + 1 == stretch => (0.0, total[k]),
            None => continue,
        };
        if grown > 0.1 {
            most = most.min((times[k] - from) / grown);
        }
    }
    if !most.is_finite() {
        most = data.end() / total.last().copied().unwrap_or(1.0).max(0.1);
    }
    let mut found: Vec<(f64, Vec<Waits>, Unknowns)> = Vec::new();
    for share in [0.02, 0.3, 0.6, 0.8, 0.92, 1.0] {
        let kappa = share * most;
        let mut high: f64 = 0.0;
        let y: Vec<f64> = times
            .iter()
            .zip(&total)
            .map(|(t, s)| {
                high = high.max(t - kappa * s);
                high
            })
            .collect();
        for gamma in [0.7, 2.0] {
            let open: Vec<Vec<f64>> = smooth
                .iter()
                .map(|s| s.iter().map(|s| 1.0 - (1.0 - s).powf(gamma)).collect())
                .collect();
            let exposure = |w: &Waits| {
                let gate = super::quadrature::gate(w, &open);
                let mut sum = 0.0;
                let mut last = (0.0, if w.skills.is_empty() { 1.0 } else { 0.0 });
                let mut out = Vec::with_capacity(y.len());
                for (k, y) in y.iter().enumerate() {
                    let b = gate[k];
                    sum += 0.5 * (b + last.1) * (y - last.0);
                    last = (*y, b);
                    out.push(sum.max(1e-300));
                }
                out
            };
            let mut choices: Vec<(f64, usize, Waits, f64)> = Vec::new();
            let empty = vec![Waits::nothing(); n];
            let scale = |s: f64| price.fit(s * n as f64) / n as f64;
            for i in 0..n {
                let rank = |w: &Waits| profile(data, i, &exposure(w)).squares;
                for w in candidates(i, &empty, rank) {
                    let single = profile(data, i, &exposure(&w));
                    choices.push((
                        scale(single.squares) + price.edge() * w.skills.len() as f64,
                        i,
                        w,
                        single.p,
                    ));
                }
            }
            choices.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut waits = empty.clone();
            let (mut p, mut done, mut score) = (vec![1.0; n], vec![false; n], 0.0);
            for (value, i, w, q) in choices {
                if done[i] || w.skills.iter().any(|j| descendants(&waits, i)[*j]) {
                    continue;
                }
                (waits[i], p[i], done[i]) = (w, q, true);
                score += value;
            }
            found.push((score, waits, Unknowns::new(&p, 1.0, kappa, gamma)));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, w, u)| (w, u)).collect()
}

/// The best graph of one form: the starts that fit best are climbed from, each until no change is worth its cost; more of them while the fit is worse than the noise.
pub(super) fn search(data: &Data, form: Form, noise: f64) -> (Fitted, Price) {
    let noise = noise.max(FLOOR * FLOOR);
    let (n, count) = (data.skills(), data.count());
    let rough = Price {
        effective: 0.5 * count as f64,
        skills: n,
        count,
    };
    let mut seen: Vec<Vec<Waits>> = Vec::new();
    let mut tried: Vec<Fitted> = Vec::new();
    for (waits, at) in start(data, &rough) {
        if seen.iter().filter(|w| **w == waits).count() > 1 {
            continue;
        }
        tried.push(fit(data, form, &waits, &at, noise, 12));
        seen.push(waits);
        if tried.len() == STARTS {
            break;
        }
    }
    tried.sort_by(|a, b| rough.score(a).total_cmp(&rough.score(b)));
    let mut best: Option<(f64, Fitted, Price)> = None;
    let mut reached: Vec<Vec<Waits>> = Vec::new();
    for first in tried {
        if reached.contains(&first.waits) {
            continue;
        }
        let (fitted, price) = climb(data, form, first, noise);
        let score = rough.score(&fitted);
        reached.push(fitted.waits.clone());
        if best.as_ref().is_none_or(|b| score < b.0) {
            best = Some((score, fitted, price));
        }
        let enough = best
            .as_ref()
            .is_some_and(|b| b.1.squares < ENOUGH * noise * count as f64);
        let many = n > ALL_PAIRS;
        if reached.len() >= if many { 2 } else { CLIMBS } && (enough || many) {
            break;
        }
    }
    // Still worse than the noise: each skill in turn is given its next best gate, and the rest follows.
    for i in 0..if n > ALL_PAIRS { 0 } else { n } {
        let Some((score, now, _)) = &best else { break };
        if now.squares < ENOUGH * noise * count as f64 {
            break;
        }
        let Some(kicked) =
            super::edges::rival(data, form, now, noise, i, |_| true, |_| f64::INFINITY)
        else {
            continue;
        };
        let (fitted, price) = climb(data, form, kicked, noise);
        let value = rough.score(&fitted);
        if value < score - 0.1 {
            best = Some((value, fitted, price));
        }
    }
    match best {
        Some((_, fitted, price)) => (fitted, price),
        None => {
            let at = Unknowns::new(&vec![1.0; n], 1.0, 1.0, 1.0);
            (
                fit(data, form, &vec![Waits::nothing(); n], &at, noise, 20),
                rough,
            )
        }
    }
}
