//! From curves to the inference: search, forms, edges, intervals.

use super::climb::climb;
use super::fit::{self, FLOOR, Fitted};
use super::forward::Solved;
use super::search::{self, Price};
use super::{
    FORM_GAIN, Form, FormScore, Inference, InferredEdge, InferredSkill, SURE, SkillCurves, data,
    edges, forms, gates, interval, report,
};
use crate::error::{Error, Result};

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
            let (climbed, next) = climb(&thin, *other, trial, noise);
            (trial, price, form) = (climbed, next, *other);
            fitted = trial;
            for s in &mut scores {
                let again = refit(&thin, s.form, &fitted, noise);
                s.score = price.score(again.squares, &again.waits);
            }
            score = price.score(fitted.squares, &fitted.waits);
        }
        scores.push(FormScore {
            form: *other,
            score,
        });
    }
    let chosen = price.score(fitted.squares, &fitted.waits);
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
