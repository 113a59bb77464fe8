//! The networks of one seed.

use super::Emergence;
use super::system::System;
use crate::error::Result;
use crate::experiment::{Progress, Tables};
use crate::model::network::Batches;
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;
use rayon::prelude::*;
use std::ops::ControlFlow;

/// All nets of a seed, the longest first: they are independent.
pub(super) fn run(settings: &Emergence, seed: Seed, progress: &Progress) -> Result<Tables> {
    let mut jobs = Vec::new();
    for skills in [settings.skills, 1] {
        jobs.push(Job::Time { skills });
        let samples = match skills {
            1 => &settings.single_samples,
            _ => &settings.samples,
        };
        let data = samples.iter().rev();
        jobs.extend(data.map(|samples| Job::Data {
            skills,
            samples: *samples,
        }));
        for (width, runs) in settings.runs_of(skills) {
            jobs.extend((0..runs).map(|run| Job::Width { skills, width, run }));
        }
    }
    let parts: Vec<(&str, Table)> = jobs
        .par_iter()
        .map(|job| Ok((job.table(), job.run(settings, seed, progress)?)))
        .collect::<Result<_>>()?;
    let mut tables = Tables::new();
    for name in ["time", "data", "width"] {
        let own = parts.iter().filter(|part| part.0 == name);
        tables.insert(
            name.into(),
            Table::concat(own.map(|part| part.1.clone()).collect())?,
        );
    }
    Ok(tables)
}

/// One net.
#[derive(Clone, Copy, Debug)]
enum Job {
    Time {
        skills: usize,
    },
    Data {
        skills: usize,
        samples: usize,
    },
    Width {
        skills: usize,
        width: usize,
        run: usize,
    },
}

impl Job {
    fn table(self) -> &'static str {
        match self {
            Self::Time { .. } => "time",
            Self::Data { .. } => "data",
            Self::Width { .. } => "width",
        }
    }

    fn run(self, settings: &Emergence, seed: Seed, progress: &Progress) -> Result<Table> {
        match self {
            Self::Time { skills } => time(settings, skills, seed, progress),
            Self::Data { skills, samples } => data(settings, skills, samples, seed, progress),
            Self::Width { skills, width, run } => {
                // Another net, other bits and examples in each run.
                let seed = Seed(seed.0 + 1_000_003 * (width * 10_000 + run + 1) as u64);
                in_width(settings, skills, width, seed, progress)?
                    .led_by("run", run as i64)?
                    .led_by("width", width as i64)?
                    .led_by("skills", skills as i64)
            }
        }
    }
}

fn go_on(end: bool) -> ControlFlow<()> {
    if end {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// Skills 1, 2, ….
fn numbered(skills: usize) -> Vec<i64> {
    (1..=skills as i64).collect()
}

fn time(settings: &Emergence, skills: usize, seed: Seed, progress: &Progress) -> Result<Table> {
    let system = System::new(settings, skills, settings.time_bits, seed)?;
    let steps = match skills {
        1 => settings.single_steps,
        _ => settings.steps,
    };
    let schedule = Schedule::Every {
        steps: (steps / settings.records).max(1),
    };
    let mut net = system.net(
        settings.time_width,
        settings.start,
        settings.sgd(settings.time_rate, 0.0),
    )?;
    let (mut at, mut strengths): (Vec<i64>, Vec<f64>) = (Vec::new(), Vec::new());
    net.train(
        steps,
        Batches::Fresh(&|step| system.fresh(settings.time_batch, step)),
        &schedule,
        |net, step| {
            progress.check()?;
            let now = system.strengths(net)?;
            at.extend(vec![step as i64; skills]);
            strengths.extend(&now);
            Ok(go_on(now.iter().all(|r| *r >= settings.enough)))
        },
    )?;
    Table::new()
        .with("skill", numbered(skills).repeat(at.len() / skills))?
        .with("step", at)?
        .with("strength", strengths)?
        .led_by("skills", skills as i64)
}

fn data(
    settings: &Emergence,
    skills: usize,
    samples: usize,
    seed: Seed,
    progress: &Progress,
) -> Result<Table> {
    let system = System::new(settings, skills, settings.data_bits, seed)?;
    // Sets of different sizes begin alike.
    let batch = system.task.batch(samples, seed);
    let set = system.examples(&batch)?;
    let batches = if samples <= settings.data_batch {
        Batches::Full(&set)
    } else {
        Batches::Epochs {
            examples: &set,
            size: settings.data_batch,
            seed,
        }
    };
    let rate = match skills {
        1 => settings.single_rate,
        _ => settings.data_rate,
    };
    let mut net = system.net(
        settings.data_width,
        settings.start,
        settings.sgd(rate, settings.data_momentum),
    )?;
    let enough = settings.fitted * settings.scale * settings.scale;
    let schedule = Schedule::Every {
        steps: settings.look(),
    };
    let steps = settings.data_steps(skills);
    net.train(steps, batches, &schedule, |net, step| {
        progress.check()?;
        net.set_lr(rate * 0.5f64.powi((step / settings.halve) as i32));
        Ok(go_on(net.evaluate(&set)?.loss < enough))
    })?;
    let counts = batch.counts().into_iter().map(|d| d as i64);
    Table::new()
        .with("skill", numbered(skills))?
        .with("count", counts.collect::<Vec<_>>())?
        .with("strength", system.strengths(&mut net)?)?
        .led_by("samples", samples as i64)?
        .led_by("skills", skills as i64)
}

fn in_width(
    settings: &Emergence,
    skills: usize,
    width: usize,
    seed: Seed,
    progress: &Progress,
) -> Result<Table> {
    let system = System::new(settings, skills, settings.width_bits, seed)?;
    let mut net = system.net(width, settings.width_start, settings.adam())?;
    let steps = settings.width_steps(skills);
    net.train(
        steps,
        Batches::Fresh(&|step| system.fresh(settings.width_batch, step)),
        &Schedule::Every {
            steps: (steps / 20).max(1),
        },
        |_, _| {
            progress.check()?;
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Table::new()
        .with("skill", numbered(skills))?
        .with("strength", system.strengths(&mut net)?)
}
