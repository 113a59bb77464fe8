//! From curves to the inference, by name.

use super::decide::decide;
use super::fit;
use super::forward::Solved;
use super::{Form, Inference, InferredEdge, InferredSkill, SURE, SkillCurves, forms, report};
use crate::error::Result;

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
    let full = &curves.data;
    let decided = decide(full, forms)?;
    let (form, fitted, found) = (decided.form, decided.fitted, decided.found);
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
    let edges = decided.edges.into_iter().map(|e| InferredEdge {
        from: curves.names[e.edge.0].clone(),
        to: curves.names[e.edge.1].clone(),
        score: e.score,
        sure: e.score >= SURE,
        instead: e
            .instead
            .map_or(String::new(), |w| report::gate_text(&w, &curves.names)),
    });
    let gated = fitted.waits.iter().any(|w| !w.skills.is_empty());
    let mut inference = Inference {
        skills: skills.collect(),
        edges: edges.collect(),
        form,
        forms: decided.forms,
        waste: found.waste,
        eta: found.eta,
        gamma: gated.then_some(found.gamma),
        rmse: (fitted.squares / full.seen.iter().flatten().map(|s| s.weight).sum::<f64>()).sqrt(),
        noise: decided.noise.sqrt(),
        observations: full.count(),
        effective: decided.effective,
        limits: Vec::new(),
        curves: curves.clone(),
        fitted,
    };
    inference.limits = report::limits(&inference);
    Ok(inference)
}
