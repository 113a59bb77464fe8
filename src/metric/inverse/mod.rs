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
//!    ranked with the clock left as it is, the most promising are fitted in full (and given up as soon as their linearised model cannot win); two skills may change places in
//!    all gates, or one be left out of all. A change is kept when the score
//!    $N \ln(\text{RSS}/N) + k\,(\ln N + 2 \ln n) + (\ln\gamma / 2)^2$ falls, with k edges, n skills, and N the number of observations less what neighbouring residuals repeat of
//!    each other, $(1-\rho)/(1+\rho)$. An edge has no number of its own: its price is that of a choice among many. The last term, a wide normal distribution of ln γ, decides only
//!    between graphs with the same curves.
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
//! * Of a skill that waits for nothing, $u^\gamma = e^{-\gamma p y}$: those that wait for it see γp alone. Where all gates are on one such skill, another one with another γ has
//!   exactly the same curves: scores near 0.
//! * N₀ ≫ Σp: the skills do not compete, η and N₀ only appear as η/N₀; N₀ ≪ Σp u: N₀ has an upper bound alone.
//! * Skills that make others slower or faster in other ways than these (correlated task vectors, a frequency that changes) are described as far as gates can, which the residuals tell:
//!   [`Inference::misfit`].
//!
//! # Cost and failures
//!
//! A fit of n skills is a few solutions on a grid of 320 nodes with derivatives, and $n^3$ sums over at most 200 times; a search is some hundred fits. 8 skills × 500 points take about
//! half a second, 50 skills 5 to 20 seconds, on one core. With more than nine skills the search is coarser (pairs of the best five single ones only, no exchanges, two starts): deep
//! chains may then be missed in part, which [`Inference::misfit`] tells.
//!
//! The study `physics/inverse` measures how often it is right. Edges that are missed are nearly all such that the curves do not show them: the graph that is found scores better than the
//! true one. Where that happens, intervals are of the wrong graph's numbers and cover somewhat less often than they say.

mod climb;
mod curves;
mod data;
mod decide;
mod draw;
mod edges;
mod fit;
mod forward;
mod gates;
mod infer;
mod interval;
mod level;
mod predict;
mod quadrature;
mod report;
mod search;
mod truth;

#[cfg(test)]
mod tests;

pub use curves::{BEYOND, FEWEST, SkillCurves};
pub use forward::Form;
pub use gates::Join;
pub use infer::{infer, infer_forms};
pub use level::LevelRule;
pub(crate) use truth::{Truth, edges_shown};

use crate::model::skill::{GateForm, Norm};
use crate::stats::Interval;
use fit::Fitted;

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
