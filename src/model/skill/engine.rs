//! The training loop of the Geometry model.

use super::aligned::Aligned;
use super::batch::Multinomial;
use super::rows::Rows;
use super::second::Second;
use super::trajectory::{Alignment, SkillTrajectory};
use super::{Geometry, SkillDescent};
use crate::error::Result;
use crate::optimizer::{FlatState, Need};
use crate::seed::Seed;
use ndarray::{Array1, Array2};
use rand_chacha::ChaCha12Rng;
use rand_distr::{Distribution, StandardNormal};

/// Bytes of task vectors that are read for all configurations before the next are.
const BLOCK: usize = 256 << 10;

/// Trains all configurations, step by step.
pub(super) fn run(
    rows: &Rows,
    models: &[Geometry],
    descents: &[SkillDescent],
    seed: Seed,
) -> Result<Vec<SkillTrajectory>> {
    let mut members: Vec<Member> = models
        .iter()
        .zip(descents)
        .map(|(model, descent)| Member::new(model, descent, seed))
        .collect();
    let tasks = rows.len() as u32;
    // Alone, a configuration has nobody to share a block with.
    let block = match members.len() {
        1 => tasks,
        _ => (BLOCK / (8 * rows.stride())).max(4) as u32,
    };
    let last = descents.iter().map(|d| d.steps).max().unwrap_or(0);
    for step in 0..=last {
        for member in &mut members {
            member.begin(rows, step);
        }
        let mut end = 0;
        while end < tasks {
            end = (end + block).min(tasks);
            for member in &mut members {
                member.pull(rows, step, end);
            }
        }
        for member in &mut members {
            member.finish(rows, step)?;
        }
    }
    Ok(members.into_iter().map(Member::trajectory).collect())
}

/// One configuration on its way.
struct Member<'a> {
    model: &'a Geometry,
    descent: &'a SkillDescent,
    theta: Aligned,
    gradient: Aligned,
    state: FlatState,
    /// What the rule needs besides the gradient, where it does.
    second: Option<Second>,
    sampler: Option<Multinomial>,
    counts: Vec<u32>,
    /// The tasks of this step, ascending, and how much each counts.
    tasks: Vec<u32>,
    weights: Vec<f64>,
    /// How many they are, and how many of them are in the gradient.
    drawn: usize,
    done: usize,
    batch: ChaCha12Rng,
    noise: ChaCha12Rng,
    /// A skill of this step is out of bounds.
    lost: bool,
    /// The place of the next record.
    record: usize,
    skills: Vec<f64>,
    to: SkillTrajectory,
}

impl<'a> Member<'a> {
    fn new(model: &'a Geometry, descent: &'a SkillDescent, seed: Seed) -> Self {
        let (tasks, dims) = (model.n_task(), model.n_dim());
        let steps = descent.schedule.steps(descent.steps);
        let nan = || Array2::from_elem((steps.len(), tasks), f64::NAN);
        let to = SkillTrajectory {
            skills: nan(),
            loss: vec![f64::NAN; steps.len()],
            alignment: descent.alignment.then(|| Alignment {
                signed: nan(),
                agreeing: nan(),
            }),
            theta: Array1::zeros(dims),
            diverged: None,
            steps,
        };
        let sampler = model.sampler();
        let all = sampler.is_none();
        Self {
            model,
            descent,
            theta: Aligned::zeros(dims),
            gradient: Aligned::zeros(dims),
            state: descent.optimizer.flat(dims),
            second: descent.optimizer.need().map(|_| Second::new(dims)),
            sampler,
            counts: vec![0; tasks],
            tasks: (0..tasks as u32).collect(),
            weights: if all {
                let factor = model.form.factor();
                model.frequencies.p().iter().map(|p| factor * p).collect()
            } else {
                vec![0.0; tasks]
            },
            drawn: tasks,
            done: 0,
            batch: seed.stream("batch"),
            noise: seed.stream("noise"),
            lost: false,
            record: 0,
            skills: vec![0.0; tasks],
            to,
        }
    }

    fn is_over(&self, step: usize) -> bool {
        step > self.descent.steps || self.to.diverged.is_some()
    }

    /// Records the skills where that is due and draws the batch.
    fn begin(&mut self, rows: &Rows, step: usize) {
        if self.is_over(step) {
            return;
        }
        if self.is_due(step) {
            rows.products(&self.theta, &mut self.skills);
            let skills = self.skills.iter().copied();
            self.to.loss[self.record] = self.model.mean_loss(skills.clone());
            self.lost = !skills.clone().all(|s| self.model.loss.is_bounded(s));
            for (to, s) in self.to.skills.row_mut(self.record).iter_mut().zip(skills) {
                *to = s;
            }
        }
        if let Some(sampler) = &self.sampler {
            sampler.draw(&mut self.batch, &mut self.counts);
            let each = self.model.form.factor() / self.counts.iter().sum::<u32>() as f64;
            // Without a branch, as a count is 0 about as often as not.
            self.drawn = 0;
            for (task, count) in self.counts.iter().enumerate() {
                self.tasks[self.drawn] = task as u32;
                self.weights[self.drawn] = f64::from(*count) * each;
                self.drawn += usize::from(*count > 0);
            }
        }
        self.done = 0;
    }

    fn is_due(&self, step: usize) -> bool {
        self.to.steps.get(self.record) == Some(&step)
    }

    /// Adds the tasks below `end` to the gradient.
    fn pull(&mut self, rows: &Rows, step: usize, end: u32) {
        if self.is_over(step) {
            return;
        }
        let known = self.is_due(step);
        let rest = &self.tasks[self.done..self.drawn];
        let count = rest.partition_point(|task| *task < end);
        let weights = &self.weights[self.done..][..count];
        let loss = self.model.loss;
        let weighted = step < self.descent.weighted_steps;
        let mut bounded = true;
        rows.pull(
            &rest[..count],
            &self.theta,
            known.then_some(&self.skills[..]),
            &mut self.gradient,
            self.done == 0,
            |i, s| {
                bounded &= loss.is_bounded(s);
                let slope = weights[i] * loss.slope(s);
                if weighted {
                    slope * loss.value(s)
                } else {
                    slope
                }
            },
        );
        self.lost |= !bounded;
        self.done += count;
    }

    /// Records n_align where that is due, and steps.
    fn finish(&mut self, rows: &Rows, step: usize) -> Result<()> {
        if self.is_over(step) {
            return Ok(());
        }
        if self.lost {
            self.to.diverged = Some(step);
            for record in self.record..self.to.steps.len() {
                self.to.loss[record] = f64::NAN;
                self.to.skills.row_mut(record).fill(f64::NAN);
            }
            return Ok(());
        }
        let dims = self.model.n_dim();
        if self.model.noise > 0.0 {
            for (i, g) in self.gradient[..dims].iter_mut().enumerate() {
                let normal: f64 = StandardNormal.sample(&mut self.noise);
                *g += self.model.noise * normal;
                if let Some(second) = &mut self.second {
                    second.noise[i] = self.model.noise * normal;
                }
            }
        }
        if self.is_due(step) {
            if let Some(alignment) = &mut self.to.alignment {
                rows.signs(&self.gradient, |task, same, opposite| {
                    alignment.signed[[self.record, task]] = opposite - same;
                    alignment.agreeing[[self.record, task]] = opposite;
                });
            }
            self.record += 1;
        }
        if step < self.descent.steps {
            self.supply(rows, step)?;
            self.state
                .step(&mut self.theta[..dims], &self.gradient[..dims])?;
        }
        Ok(())
    }

    /// Gives the rule what it needs besides the gradient.
    fn supply(&mut self, rows: &Rows, step: usize) -> Result<()> {
        let Some(second) = &mut self.second else {
            return Ok(());
        };
        let loss = self.model.loss;
        let weighted = step < self.descent.weighted_steps;
        let factor = |s: f64| if weighted { loss.value(s) } else { 1.0 };
        let (tasks, weights) = (&self.tasks[..self.drawn], &self.weights);
        match self.state.needs() {
            Some(Need::Curvature) => {
                rows.products(&self.theta, &mut self.skills);
                second.curvature(self.model.vectors.matrix(), tasks, |k, task| {
                    let s = self.skills[task];
                    weights[k] * factor(s) * loss.curvature(s)
                });
                self.state.supply(&second.values[..self.model.n_dim()])?;
            }
            Some(Need::LookBack) => {
                let slope = |k: usize, s: f64| weights[k] * factor(s) * loss.slope(s);
                rows.pull(tasks, &second.before, None, &mut second.values, true, slope);
                second.add_noise();
                self.state.supply(&second.values[..self.model.n_dim()])?;
            }
            _ => {}
        }
        second.before.copy_from_slice(&self.theta);
        Ok(())
    }

    fn trajectory(mut self) -> SkillTrajectory {
        let fill = self.to.diverged.map(|_| f64::NAN);
        for (to, x) in self.to.theta.iter_mut().zip(self.theta.iter()) {
            *to = fill.unwrap_or(*x);
        }
        self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::skill::{SkillLoss, TaskVectors};
    use crate::optimizer::Adam;
    use crate::task::Frequencies;

    /// The counts of the same stream, in a loop over the batch's tasks with an allocation wherever one is handy.
    #[test]
    fn batches_enter_as_their_counts() {
        let (tasks, dims, size, sigma) = (30, 21, 40, 0.2);
        let vectors = TaskVectors::unit(tasks, dims, Seed(6)).unwrap();
        let model = Geometry::new(vectors, Frequencies::power_law(tasks, 1.0).unwrap())
            .unwrap()
            .with_loss(SkillLoss::CrossEntropy)
            .with_batch(size)
            .with_noise(sigma);
        let rule = Adam::new(0.01);
        let descent = SkillDescent::new(rule, 50).with_alignment();
        let run = model.run(&descent, Seed(7)).unwrap();
        let alignment = run.alignment.unwrap();
        let mut theta = Array1::<f64>::zeros(dims);
        let mut state = crate::optimizer::Optimizer::from(rule).flat(dims);
        let sampler = model.sampler().unwrap();
        let (mut batch, mut noise) = (Seed(7).stream("batch"), Seed(7).stream("noise"));
        for step in 0..50 {
            let skills = model.skills(&theta).unwrap();
            assert!(
                (&run.skills.row(step) - &skills)
                    .iter()
                    .all(|x| x.abs() < 1e-12)
            );
            let mut counts = vec![0; tasks];
            sampler.draw(&mut batch, &mut counts);
            let mut gradient = Array1::<f64>::zeros(dims);
            for (i, count) in counts.iter().enumerate() {
                let slope = model.loss.slope(skills[i]) * f64::from(*count) / size as f64;
                gradient.scaled_add(slope, &model.vectors.matrix().row(i));
            }
            for g in &mut gradient {
                let normal: f64 = StandardNormal.sample(&mut noise);
                *g += sigma * normal;
            }
            for i in 0..tasks {
                let t = model.vectors.matrix().row(i);
                let signs = t
                    .iter()
                    .zip(&gradient)
                    .map(|(t, g)| -t.signum() * g.signum());
                assert_eq!(alignment.signed[[step, i]], signs.sum::<f64>());
            }
            let mut moved = theta.to_vec();
            state.step(&mut moved, &gradient.to_vec()).unwrap();
            theta = moved.into();
        }
    }

    /// Sophia and the exact MARS on the Geometry model, against a loop that makes batch, curvature and the gradient before by itself.
    #[test]
    fn rules_that_need_more_are_given_that_of_the_batch() {
        use crate::optimizer::{Mars, Optimizer, Sophia};
        let (tasks, dims, sigma) = (12, 7, 0.3);
        let vectors = TaskVectors::gaussian(tasks, dims, Seed(1)).unwrap();
        let model = Geometry::new(vectors, Frequencies::power_law(tasks, 1.0).unwrap())
            .unwrap()
            .with_loss(SkillLoss::CrossEntropy)
            .with_batch(16)
            .with_noise(sigma);
        let rules: [Optimizer; 2] = [
            Sophia::new(0.01).interval(3).into(),
            Mars::exact(0.01).gamma(0.2).into(),
        ];
        for rule in rules {
            let run = model.run(&SkillDescent::new(rule, 60), Seed(2)).unwrap();
            let matrix = model.vectors.matrix();
            let sampler = model.sampler().unwrap();
            let (mut batch, mut noise) = (Seed(2).stream("batch"), Seed(2).stream("noise"));
            let mut theta = Array1::<f64>::zeros(dims);
            let mut last = theta.clone();
            let mut state = rule.flat(dims);
            for step in 0..60 {
                let skills = model.skills(&theta).unwrap();
                let apart = (&run.skills.row(step) - &skills).mapv(f64::abs);
                assert!(apart.iter().all(|x| *x < 1e-12), "{rule} at {step}");
                let mut counts = vec![0; tasks];
                sampler.draw(&mut batch, &mut counts);
                let normal: Array1<f64> =
                    Array1::from_shape_simple_fn(dims, || StandardNormal.sample(&mut noise));
                let gradient = |theta: &Array1<f64>| {
                    let mut sum = &normal * sigma;
                    for (i, s) in matrix.dot(theta).iter().enumerate() {
                        let slope = -1.0 / (1.0 + s.exp()) * f64::from(counts[i]) / 16.0;
                        sum.scaled_add(slope, &matrix.row(i));
                    }
                    sum.to_vec()
                };
                match state.needs() {
                    Some(Need::Curvature) => {
                        let mut diagonal = Array1::<f64>::zeros(dims);
                        for (i, s) in skills.iter().enumerate() {
                            let bend = s.exp() / (1.0 + s.exp()).powi(2);
                            let share = f64::from(counts[i]) / 16.0;
                            let square = matrix.row(i).mapv(|t| t * t);
                            diagonal.scaled_add(bend * share, &square);
                        }
                        state.supply(&diagonal.to_vec()).unwrap();
                    }
                    Some(Need::LookBack) => state.supply(&gradient(&last)).unwrap(),
                    _ => {}
                }
                last = theta.clone();
                let now = gradient(&theta);
                let mut moved = theta.to_vec();
                state.step(&mut moved, &now).unwrap();
                theta = moved.into();
            }
        }
    }
}
