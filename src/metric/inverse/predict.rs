//! The inferred model, run forward.

use super::fit::FLOOR;
use super::forward::Solved;
use super::{Inference, Join, SkillCurves};
use crate::error::{Error, Result};
use crate::model::skill::{DependentResource, Gate, Gating, Norm, SkillGraph};
use ndarray::Array2;

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
        if !times.is_sorted() || !times.iter().all(|t| *t >= 0.0 && t.is_finite()) {
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
