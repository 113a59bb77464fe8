//! The Resource models beside the network.

use super::super::dependent_skills::run::{FORMS, gating};
use super::{ParityAgainstResource, Seen, TASKS, level};
use crate::error::Result;
use crate::model::skill::{
    DependentResource, Euler, Gate, Gating, ResourceTrajectory, SkillGraph, Switch,
};
use crate::table::Table;
use crate::task::Frequencies;
use ndarray::{Array2, concatenate, s};

/// Models without a gate.
const FREE: [&str; 3] = ["constant", "switched", "timed"];

/// The models beside a run.
pub(super) fn forms(run: &str) -> &'static [&'static str] {
    match run {
        "dependent" => &FORMS,
        _ => &FREE,
    }
}

impl ParityAgainstResource {
    /// Levels after each of the steps 0, 1, 2, …, (steps + 1) × 3.
    pub(super) fn model(&self, run: &str, form: &str) -> Result<Array2<f64>> {
        let steps = Euler::new(self.length(run));
        let after = match (run, form) {
            ("dependent", _) => self.gated(form)?.euler(&steps)?.skills(),
            (_, "constant") => self.free(self.rare)?.euler(&steps)?.skills(),
            (_, "switched") => {
                let switch = Switch {
                    skill: 2,
                    p: self.later,
                    watched: 2,
                    unskill: self.unskill,
                };
                self.free(self.rare)?
                    .with_switch(switch)?
                    .euler(&steps)?
                    .skills()
            }
            _ => self.timed()?,
        };
        let before = Array2::zeros((1, TASKS));
        Ok(concatenate![ndarray::Axis(0), before, after])
    }

    fn gated(&self, form: &str) -> Result<DependentResource> {
        let p = self.frequency;
        let mut graph = SkillGraph::builder()
            .skill("1", p)
            .skill("2", p)
            .skill("3", p);
        if form != "free" {
            graph = graph.gate("3", Gate::and(["1", "2"]));
        }
        let gating = gating(form, self.gamma, self.gamma);
        DependentResource::new(graph.build()?, gating, self.gated_eta)?.with_waste(self.gated_waste)
    }

    /// Without gates, the third skill with frequency `rare`.
    fn free(&self, rare: f64) -> Result<DependentResource> {
        let p = vec![self.frequency, self.frequency, rare];
        let graph = SkillGraph::independent(Frequencies::weights(p)?);
        DependentResource::new(graph, Gating::soft(self.gamma), self.free_eta)?
            .with_waste(self.free_waste)
    }

    /// p₃ changes after a number of steps: the second part goes on where the first ends.
    fn timed(&self) -> Result<Array2<f64>> {
        let first = self.free(self.rare)?.euler(&Euler::new(self.changed))?;
        if self.changed == self.long {
            return Ok(first.skills());
        }
        let end = first.unskill.row(self.changed - 1).to_vec();
        let rest: ResourceTrajectory = self
            .free(self.later)?
            .with_start(&end)?
            .euler(&Euler::new(self.long - self.changed))?;
        Ok(concatenate![
            ndarray::Axis(0),
            first.skills(),
            rest.skills()
        ])
    }

    /// The table `models` of one model.
    pub(super) fn drawn(&self, model: &Array2<f64>) -> Result<Table> {
        let every = model.slice(s![..;self.every, ..]);
        let steps = (0..every.nrows()).flat_map(|k| vec![k * self.every; TASKS]);
        Table::new()
            .with("step", steps.collect::<Vec<_>>())?
            .with(
                "task",
                (1..=TASKS).collect::<Vec<_>>().repeat(every.nrows()),
            )?
            .with("level", every.iter().copied().collect::<Vec<_>>())
    }

    /// The table `rmse` of one model beside what a network has shown.
    pub(super) fn compared(&self, seen: &Seen, model: &Array2<f64>) -> Result<Table> {
        let (mut all, mut early, mut late) = (Vec::new(), Vec::new(), Vec::new());
        let tasks: Vec<(i64, Vec<usize>)> = (0..TASKS)
            .map(|task| (task as i64 + 1, vec![task]))
            .chain([(0, (0..TASKS).collect())])
            .collect();
        for (_, which) in &tasks {
            let squares = self.squares(seen, model, which);
            let root = |keep: &dyn Fn(usize) -> bool| {
                let kept = squares.iter().filter(|(step, _)| keep(*step));
                let kept: Vec<f64> = kept.map(|(_, square)| *square).collect();
                // Of no record the mean is 0/0.
                (kept.iter().sum::<f64>() / kept.len() as f64).sqrt()
            };
            all.push(root(&|_| true));
            early.push(root(&|step| step <= self.changed));
            late.push(root(&|step| step > self.changed));
        }
        Table::new()
            .with(
                "task",
                tasks.iter().map(|(task, _)| *task).collect::<Vec<_>>(),
            )?
            .with("rmse", all)?
            .with("early", early)?
            .with("late", late)
    }

    /// Squared differences of levels at the recorded steps.
    fn squares(&self, seen: &Seen, model: &Array2<f64>, tasks: &[usize]) -> Vec<(usize, f64)> {
        let mut squares = Vec::new();
        for task in tasks {
            for (step, accuracy) in seen.steps().iter().zip(seen.held_out(*task)) {
                let off = model[[*step, *task]] - level(accuracy);
                squares.push((*step, off * off));
            }
        }
        squares
    }
}
