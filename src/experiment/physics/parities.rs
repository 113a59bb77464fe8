//! Parities of random strings, and a network that learns them (Fig. 2, Fig. 16).

use crate::error::Result;
use crate::experiment::Progress;
use crate::model::network::{Batches, Examples, Inputs, MlpTrainer, Targets};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Subsets;
use crate::trace::Schedule;
use ndarray::{Array2, s};
use rand::RngExt;
use std::ops::ControlFlow;

/// Random strings with their parities.
pub(super) struct Strings {
    inputs: Inputs<f64>,
    parities: Array2<f64>,
}

impl Strings {
    /// `count` strings of fair bits from one stream of the seed; bit 1 is the number 1.
    pub(super) fn new(
        count: usize,
        bits: usize,
        tasks: &Subsets,
        seed: Seed,
        stream: &str,
    ) -> Self {
        let mut rng = seed.stream(stream);
        let x = Array2::from_shape_fn((count, bits), |_| f64::from(u8::from(rng.random::<bool>())));
        let parities = Array2::from_shape_fn((count, tasks.len()), |(i, k)| {
            tasks.of(k).iter().map(|bit| x[[i, *bit]]).sum::<f64>() % 2.0
        });
        Self {
            inputs: Inputs::Dense(x),
            parities,
        }
    }

    /// With the second task left out of all strings but the last p₂.
    pub(super) fn weighted(&self, p: f64) -> Result<Examples<f64>> {
        let mut weights = Array2::ones(self.parities.dim());
        let n = self.parities.nrows();
        let shown = ((p * n as f64).round() as usize).clamp(1, n);
        weights.slice_mut(s![..n - shown, 1]).fill(0.0);
        let targets = Targets::Weighted(self.parities.clone(), weights);
        Examples::new(self.inputs.clone(), targets)
    }

    /// Share of strings for which an output is on the right side of ½, task by task.
    pub(super) fn accuracy(&self, net: &mut MlpTrainer<f64>) -> Result<Vec<f64>> {
        let outputs = net.outputs(&self.inputs)?;
        let right = |k: usize| {
            let pairs = outputs.column(k).into_iter().zip(self.parities.column(k));
            pairs.filter(|(f, y)| (**f > 0.5) == (**y > 0.5)).count()
        };
        let n = self.parities.nrows() as f64;
        Ok((0..self.parities.ncols())
            .map(|k| right(k) as f64 / n)
            .collect())
    }
}

/// The accuracies that a run has shown, on the strings of the batch and on others.
pub(super) struct Seen {
    tasks: usize,
    steps: Vec<usize>,
    train: Vec<f64>,
    test: Vec<f64>,
}

impl Seen {
    fn new(tasks: usize) -> Self {
        Self {
            tasks,
            steps: Vec::new(),
            train: Vec::new(),
            test: Vec::new(),
        }
    }

    /// Trains for `steps` steps of the full batch, with a record at every `every`-th, or until all tasks exceed `end` on the other strings.
    pub(super) fn of(
        net: &mut MlpTrainer<f64>,
        examples: &Examples<f64>,
        (steps, every, end): (usize, usize, Option<f64>),
        (train, test): (&Strings, &Strings),
        progress: &Progress,
    ) -> Result<Self> {
        let mut seen = Self::new(test.parities.ncols());
        let schedule = Schedule::Every { steps: every };
        net.train(steps, Batches::Full(examples), &schedule, |net, step| {
            progress.check()?;
            let (train, test) = (train.accuracy(net)?, test.accuracy(net)?);
            seen.push(step, &train, &test);
            let over = |end: f64| test.iter().all(|accuracy| *accuracy > end);
            Ok(if end.is_some_and(over) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok(seen)
    }

    fn push(&mut self, step: usize, train: &[f64], test: &[f64]) {
        self.steps.push(step);
        self.train.extend(train);
        self.test.extend(test);
    }

    /// Recorded steps.
    pub(super) fn steps(&self) -> &[usize] {
        &self.steps
    }

    /// Accuracies of a task (from 0) on the other strings, record by record.
    pub(super) fn held_out(&self, task: usize) -> Vec<f64> {
        let rows = self.test.chunks_exact(self.tasks);
        rows.map(|row| row[task]).collect()
    }

    /// The first recorded step at which a task exceeds the level; NaN when none does.
    pub(super) fn first(&self, task: usize, level: f64) -> f64 {
        let rows = self.steps.iter().zip(self.test.chunks_exact(self.tasks));
        let mut over = rows.filter(|(_, test)| test[task] > level);
        over.next().map_or(f64::NAN, |(step, _)| *step as f64)
    }

    pub(super) fn table(self) -> Result<Table> {
        let each = self.steps.iter().flat_map(|step| vec![*step; self.tasks]);
        Table::new()
            .with("step", each.collect::<Vec<_>>())?
            .with(
                "task",
                (1..=self.tasks)
                    .collect::<Vec<_>>()
                    .repeat(self.steps.len()),
            )?
            .with("accuracy", self.test)?
            .with("train", self.train)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_parity_is_made_of_the_first_two_and_rare_strings_are_the_last() {
        let tasks = Subsets::new(vec![vec![0, 1], vec![2, 3], vec![0, 1, 2, 3]], 8).unwrap();
        let strings = Strings::new(500, 8, &tasks, Seed(0), "data");
        let made = |y: ndarray::ArrayView1<f64>| (y[0] + y[1]) % 2.0 == y[2];
        assert!(strings.parities.outer_iter().all(made));
        let Targets::Weighted(_, weights) = strings.weighted(0.1).unwrap().targets else {
            panic!("weighted targets");
        };
        assert_eq!(weights.column(1).sum(), 50.0);
        assert_eq!((weights[[449, 1]], weights[[450, 1]]), (0.0, 1.0));
        assert_eq!(weights.sum(), 1050.0);
    }
}
