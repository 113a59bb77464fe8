//! The inverse problem: from the learning curves of several skills to their frequencies, the waste, and which skill waits for which
//! (*Physics of Skill Learning*, §5: "the ultimate goal").
//!
//! # The model that is fitted
//!
//! The Resource model with gates. In its own time y, with $dy = \eta\,dt / D$ and D the denominator that all skills share,
//!
//! $$\frac{d \ln u_i}{dy} = -p_i B_i(u), \qquad \frac{dt}{dy} = \tau + \kappa \sum_j \tilde B_j p_j u_j \quad (\text{L1}), \qquad
//! \frac{dt}{dy} = \sqrt{\tau^2 + \kappa^2 \textstyle\sum_j (\tilde B_j p_j u_j)^2} \quad (\text{L2}),$$
//!
//! with $\kappa = 1/\eta$ and $\tau = N_0/\eta$. Without circles among the gates each curve is one quadrature after another along the graph, and so is its derivative by
//! each unknown: no differential equation is solved, and no derivative of data is taken.
//!
//! # The method
//!
//! 1. *A start from the curves alone.* With L1 and gates in the denominator too, $\sum_j B_j p_j u_j\,dy = \sum_j ds_j$, so that
//!    $\tau y = t - \kappa \sum_j s_j(t)$: for each of six κ the curves themselves are the clock. Given y and openings $1 - u^\gamma$ (two γ) from
//!    smoothed curves, each skill chooses its gate alone: $\ln u_i = -p_i \int B_i\,dy$ has one unknown.
//! 2. *Climbing.* From up to four starts: the forward model is fitted (Levenberg–Marquardt on levels, all unknowns by their logarithms), all other gates of each skill are
//!    ranked with the clock left as it is, the most promising are fitted in full, two skills may change places in all gates; a change is kept when the score
//!    $N \ln(\text{RSS}/N) + k\,(\ln N + 2 \ln n)$ falls, with k edges, n skills, and N the number of observations less what neighbouring residuals repeat of each
//!    other, $(1-\rho)/(1+\rho)$. An edge has no number of its own: its price is that of a choice among many.
//! 3. *Forms.* L1 and L2, gates with and without the denominator, $1-u^\gamma$ and $(1-u)^\gamma$, by the same score.
//! 4. *Edges.* The score of an edge is how much worse the best graph without it is (other gates of that skill; two skills with their places
//!    exchanged). It is *sure* from [`SURE`] on.
//! 5. *Intervals.* 95 %, from the curvature of the likelihood, with the variance of the residuals and what they repeat of each other;
//!    wider where graphs with other gates do nearly as well and have other numbers.
//!
//! # What cannot be known from curves
//!
//! * (p, N₀) → c (p, N₀) changes nothing: frequencies are relative (here they sum to 1), N₀ is in their unit.
//! * Of an AND only the skill that comes last holds others up, of an OR only the first: an edge to a skill that is long done (or far from it) is not seen.
//! * Two skills with the same curve cannot be told apart as what another waits for; the score of such an edge is near 0.
//! * Skills never learned take a constant share: it counts as waste. Skills learned before the first record say nothing.
//! * For small γ only $\gamma p$ of what waits is seen; without gates γ is nothing.
//! * N₀ ≫ Σp: the skills do not compete, η and N₀ only appear as η/N₀; N₀ ≪ Σp u: N₀ has an upper bound alone.
//! * Skills that make others slower or faster in other ways than these (correlated task vectors, a frequency that changes) are described as far as gates can, which the residuals tell:
//!   [`Inference::misfit`].
//!
//! The study `physics/inverse` measures how often it is right.

mod curves;
mod data;
mod edges;
mod fit;
mod forward;
mod gates;
mod interval;
mod report;
mod search;
mod truth;

#[cfg(test)]
mod tests;

pub use curves::{BEYOND, FEWEST, LevelRule, SkillCurves};
pub use forward::Form;
pub use gates::Join;
pub(crate) use truth::{Truth, visible_edges};

use crate::error::{Error, Result};
use crate::model::skill::{DependentResource, Gate, GateForm, Gating, Norm, SkillGraph};
use crate::stats::Interval;
use fit::{FLOOR, Fitted};
use forward::Solved;
use ndarray::Array2;
use search::Price;

/// The score from which an edge is called sure.
pub const SURE: f64 = 10.0;
/// Another form is chosen when its score is better by more than this.
const FORM_GAIN: f64 = 6.0;

/// One skill, inferred.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct InferredSkill {
    /// Its name.
    pub name: String,
    /// Its share of the frequencies of all skills here.
    pub p: Interval,
    /// The skills that it waits for.
    pub waits_for: Vec<String>,
    /// How they are joined, when there are several.
    pub join: Option<Join>,
    /// Root mean square of its residuals.
    pub rmse: f64,
}

/// One edge, inferred.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct InferredEdge {
    /// What is waited for.
    pub from: String,
    /// Who waits.
    pub to: String,
    /// How much worse the best graph without the edge is, as a difference of scores (−2 ln likelihood and the price of edges).
    pub score: f64,
    /// Whether the score is at least [`SURE`].
    pub sure: bool,
    /// What the skill waits for in the best graph without the edge.
    pub instead: String,
}

/// A form of the Resource model and how much worse it is than the chosen one, as a difference of scores.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct FormScore {
    /// The form.
    pub form: Form,
    /// Score − score of the chosen one.
    pub score: f64,
}

/// What was inferred from learning curves.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Inference {
    /// The skills, in the order of the curves.
    pub skills: Vec<InferredSkill>,
    /// The edges.
    pub edges: Vec<InferredEdge>,
    /// The form chosen.
    pub form: Form,
    /// All forms tried.
    pub forms: Vec<FormScore>,
    /// N₀, where Σp = 1.
    pub waste: Interval,
    /// The effective learning rate: skills per unit of time at most.
    pub eta: Interval,
    /// γ of the gates, when there are any.
    pub gamma: Option<Interval>,
    /// Root mean square of all residuals.
    pub rmse: f64,
    /// The noise of the curves, from their second differences.
    pub noise: f64,
    /// Observations, and how many of them are worth of independent ones.
    pub observations: usize,
    /// See `observations`.
    pub effective: f64,
    /// What these curves cannot tell, in words.
    pub limits: Vec<String>,
    #[serde(skip)]
    curves: SkillCurves,
    #[serde(skip)]
    fitted: Fitted,
}

/// The published gates: $1 - u^\gamma$, in the denominator too.
pub const PUBLISHED: Form = Form {
    norm: Norm::L1,
    gate: GateForm::Soft,
    weights_denominator: true,
};

/// All forms that are told apart.
pub fn forms() -> Vec<Form> {
    let of = |norm, gate, weights_denominator| Form {
        norm,
        gate,
        weights_denominator,
    };
    vec![
        PUBLISHED,
        of(Norm::L2, GateForm::Soft, true),
        of(Norm::L1, GateForm::Soft, false),
        of(Norm::L2, GateForm::Soft, false),
        of(Norm::L1, GateForm::AsPrinted, false),
    ]
}

/// Infers frequencies, waste and graph from learning curves, with the form that fits best.
///
/// ```
/// use scurve::metric::inverse::{SkillCurves, infer};
/// use scurve::model::skill::{DependentResource, Gating, SkillGraph};
/// use scurve::optimizer::Flow;
/// let chain = SkillGraph::chain(&[0.5, 0.2, 0.3])?;
/// let model = DependentResource::new(chain, Gating::soft(1.0), 1.0)?.with_waste(0.3)?;
/// let times: Vec<f64> = (1..=100).map(|k| 0.15 * k as f64).collect();
/// let run = model.ode(&times, &Flow::new(1e-10))?;
/// let found = infer(&SkillCurves::of_resource(&run)?)?;
/// assert_eq!(found.skills[1].waits_for, ["1"]);
/// assert_eq!(found.skills[2].waits_for, ["2"]);
/// assert!((found.skills[0].p.value - 0.5).abs() < 1e-3);
/// assert!((found.waste.value - 0.3).abs() < 1e-2);
/// # Ok::<(), scurve::error::Error>(())
/// ```
///
/// # Errors
/// Curves that no finite fit describes.
pub fn infer(curves: &SkillCurves) -> Result<Inference> {
    infer_forms(curves, &forms())
}

/// As [`infer`], with the forms to choose among; the graph is searched with the first.
///
/// # Errors
/// No forms; curves that no finite fit describes.
pub fn infer_forms(curves: &SkillCurves, forms: &[Form]) -> Result<Inference> {
    let first = *forms
        .first()
        .ok_or_else(|| Error::setting("forms", "[]", "at least one"))?;
    let full = &curves.data;
    let thin = full.thinned(search::SEARCH_POINTS);
    let noise = full.noise().max(FLOOR * FLOOR);
    let (mut fitted, mut price) = search::search(&thin, first, noise);
    let mut form = first;
    let mut scores = vec![FormScore {
        form,
        score: price.score(fitted.squares, &fitted.waits),
    }];
    for other in &forms[1..] {
        let gated = fitted.waits.iter().any(|w| !w.skills.is_empty());
        if !gated
            && (other.gate != first.gate || other.weights_denominator != first.weights_denominator)
        {
            continue;
        }
        let mut trial = refit(&thin, *other, &fitted, noise);
        let mut score = price.score(trial.squares, &trial.waits);
        let best = price.score(fitted.squares, &fitted.waits);
        if score < best - FORM_GAIN {
            let (climbed, next) = search::climb(&thin, *other, trial, noise);
            (trial, price, form) = (climbed, next, *other);
            fitted = trial;
            score = price.score(fitted.squares, &fitted.waits);
        }
        scores.push(FormScore {
            form: *other,
            score,
        });
    }
    // Means over stretches of time blur the corners that skills make when they are done: a second look, closer.
    let fine = full.thinned(search::FINE_POINTS);
    if fine.times.len() > thin.times.len() {
        let closer = fit::fit(&fine, form, &fitted.waits, &fitted.at, fine.noise(), 12);
        (fitted, price) = search::climb(&fine, form, closer, fine.noise());
    }
    let (thin, noise) = (fine, full.noise().max(FLOOR * FLOOR));
    let best = price.score(fitted.squares, &fitted.waits);
    for s in &mut scores {
        // Scores are compared on the same observations.
        let again = refit(&thin, s.form, &fitted, noise);
        s.score = price.score(again.squares, &again.waits);
        s.score = if s.form == form { 0.0 } else { s.score - best };
    }
    let edges = inferred_edges(curves, &thin, form, &fitted, noise, &price);
    let rivals = edges::rivals(&thin, form, &fitted, noise, &price);
    let fitted = fit::fit(full, form, &fitted.waits, &fitted.at, noise, 20);
    if !fitted.squares.is_finite() {
        return Err(Error::Solver("the fit of the Resource model to these curves is not finite: look for values that no learning curve has".into()));
    }
    let price = Price::of(full, &fitted, form);
    let found = interval::intervals(full, form, &fitted, price.effective, &rivals);
    let solved = Solved::new(form, &fitted.waits, &fitted.at, full.end(), false);
    let rms = |r: &[f64]| (r.iter().map(|x| x * x).sum::<f64>() / r.len() as f64).sqrt();
    let residuals = fit::residuals(full, &solved);
    let skills = residuals.iter().enumerate().map(|(i, r)| {
        let waits = &fitted.waits[i];
        InferredSkill {
            name: curves.names[i].clone(),
            p: found.p[i],
            waits_for: waits
                .skills
                .iter()
                .map(|j| curves.names[*j].clone())
                .collect(),
            join: (waits.skills.len() > 1).then_some(waits.join),
            rmse: rms(r),
        }
    });
    let gated = fitted.waits.iter().any(|w| !w.skills.is_empty());
    let mut inference = Inference {
        skills: skills.collect(),
        edges,
        form,
        forms: scores,
        waste: found.waste,
        eta: found.eta,
        gamma: gated.then_some(found.gamma),
        rmse: (fitted.squares / full.seen.iter().flatten().map(|s| s.weight).sum::<f64>()).sqrt(),
        noise: noise.sqrt(),
        observations: full.count(),
        effective: price.effective,
        limits: Vec::new(),
        curves: curves.clone(),
        fitted,
    };
    inference.limits = report::limits(&inference);
    Ok(inference)
}

/// The same graph in another form. A form that has no need of waste leaves N₀ where no slope is left: other starts have some.
fn refit(data: &data::Data, form: Form, fitted: &Fitted, noise: f64) -> Fitted {
    let n = data.skills();
    let mut best = fit::fit(data, form, &fitted.waits, &fitted.at, noise, 15);
    for waste in [0.003f64, 0.03, 0.3] {
        let mut at = fitted.at.clone();
        at.0[n] = at.0[n + 1] + waste.ln();
        let trial = fit::fit(data, form, &fitted.waits, &at, noise, 15);
        if trial.squares < best.squares {
            best = trial;
        }
    }
    best
}

fn inferred_edges(
    curves: &SkillCurves,
    data: &data::Data,
    form: Form,
    fitted: &Fitted,
    noise: f64,
    price: &Price,
) -> Vec<InferredEdge> {
    let best = price.score(fitted.squares, &fitted.waits);
    let one = |edge: (usize, usize)| {
        let other = edges::without(data, form, fitted, noise, edge);
        let score = other
            .as_ref()
            .map_or(f64::INFINITY, |o| price.score(o.squares, &o.waits) - best);
        InferredEdge {
            from: curves.names[edge.0].clone(),
            to: curves.names[edge.1].clone(),
            score,
            sure: score >= SURE,
            instead: other.map_or(String::new(), |o| {
                report::gate_text(&o.waits[edge.1], &curves.names)
            }),
        }
    };
    gates::edges(&fitted.waits).into_iter().map(one).collect()
}

impl Inference {
    /// How many times the noise the residuals are: well above 1 the Resource model is not what made the curves, and intervals and scores are worth less.
    pub fn misfit(&self) -> f64 {
        self.rmse / self.noise.max(FLOOR)
    }

    /// The graph, as the task of the forward model.
    ///
    /// # Errors
    /// None that the search lets through.
    pub fn graph(&self) -> Result<SkillGraph> {
        self.graph_with(&[])
    }

    fn graph_with(&self, changes: &[(&str, f64)]) -> Result<SkillGraph> {
        let mut builder = SkillGraph::builder();
        for skill in &self.skills {
            let factor: f64 = changes
                .iter()
                .filter(|c| c.0 == skill.name)
                .map(|c| c.1)
                .product();
            builder = builder.skill(skill.name.clone(), skill.p.value * factor);
        }
        for skill in self.skills.iter().filter(|s| !s.waits_for.is_empty()) {
            let names = skill.waits_for.iter().cloned();
            let gate = match skill.join {
                Some(Join::Or) => Gate::or(names),
                Some(Join::And) => Gate::and(names),
                None => Gate::after(skill.waits_for[0].clone()),
            };
            builder = builder.gate(skill.name.clone(), gate);
        }
        builder.build()
    }

    /// The forward model with what was inferred, for Eq. 13 (L1).
    ///
    /// # Errors
    /// The L2 form: [`predict`](Self::predict) has it.
    pub fn model(&self) -> Result<DependentResource> {
        if self.form.norm == Norm::L2 {
            return Err(Error::setting(
                "form",
                "L2",
                "L1 for a DependentResource; `predict` solves both",
            ));
        }
        let gating = Gating {
            form: self.form.gate,
            gamma: self.fitted.at.gamma(),
            weights_denominator: self.form.weights_denominator,
        };
        DependentResource::new(self.graph()?, gating, self.eta.value)?.with_waste(self.waste.value)
    }

    /// Levels at ascending times, times × skills, of the inferred model with some frequencies multiplied: what if `("carry", 2.0)` were practised twice as often?
    /// The other frequencies stay as they are, in the unit in which N₀ is.
    ///
    /// # Errors
    /// A skill that is not there; a factor that is not above 0; times that do not ascend from 0 or above.
    pub fn predict(&self, times: &[f64], changes: &[(&str, f64)]) -> Result<Array2<f64>> {
        if times.windows(2).any(|w| !(w[0] <= w[1]))
            || !times.iter().all(|t| *t >= 0.0 && t.is_finite())
        {
            return Err(Error::setting(
                "times",
                "given",
                "finite, ascending, 0 or above",
            ));
        }
        let mut at = self.fitted.at.clone();
        for (name, factor) in changes {
            let names = &self.curves.names;
            let place = names
                .iter()
                .position(|n| n == name)
                .ok_or_else(|| Error::unknown("skill", name, names.iter().cloned()))?;
            if !(*factor > 0.0 && factor.is_finite()) {
                return Err(Error::setting(
                    format!("factor of `{name}`"),
                    factor,
                    "a finite number above 0",
                ));
            }
            at.0[place] += factor.ln();
        }
        let end = times.last().copied().unwrap_or(0.0).max(f64::MIN_POSITIVE);
        let solved = Solved::new(self.form, &self.fitted.waits, &at, end, false);
        let places = solved.places(times);
        Ok(Array2::from_shape_fn(
            (times.len(), self.skills.len()),
            |(k, i)| -solved.log_u(i, &places[k]).exp_m1(),
        ))
    }

    /// The curves it was inferred from.
    pub fn curves(&self) -> &SkillCurves {
        &self.curves
    }
}
