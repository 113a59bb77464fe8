//! The networks of one seed.

use super::Emergence;
use crate::error::Result;
use crate::experiment::{Progress, Tables};
use crate::model::network::{Batches, Examples, Init, Inputs, Loss, Mlp, MlpTrainer};
use crate::optimizer::Optimizer;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::{Frequencies, ParityBatch, SparseParity, Subsets};
use crate::trace::Schedule;
use ndarray::Array2;
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

/// A system of skills with what its strengths are measured on.
struct System {
    task: SparseParity,
    scale: f64,
    seed: Seed,
    test: Vec<(Inputs<f32>, Vec<f64>)>,
}

impl System {
    fn new(settings: &Emergence, skills: usize, bits: usize, seed: Seed) -> Result<Self> {
        let frequencies = match skills {
            1 => Frequencies::uniform(1)?,
            _ => Frequencies::power_law(skills, settings.alpha + 1.0)?,
        };
        let subsets = Subsets::disjoint(skills, bits, settings.relevant, seed)?;
        let task = SparseParity::new(frequencies, subsets)?;
        let mut streams = (
            seed.stream("data/test"),
            seed.stream(&format!("data/test/{skills}")),
        );
        let test = (0..skills).map(|k| {
            let frequencies = Frequencies::uniform(1)?;
            let own = Subsets::new(vec![task.subsets().of(k).to_vec()], bits)?;
            let batch = SparseParity::new(frequencies, own)?.draw(
                settings.test,
                &mut streams.0,
                &mut streams.1,
            );
            let signs: Vec<f64> = (0..batch.len()).map(|j| batch.sign(j)).collect();
            let mut inputs = controlled(&batch, skills, bits);
            if let Inputs::Controlled { control, .. } = &mut inputs {
                control.fill(k as u32);
            }
            Ok((inputs, signs))
        });
        let test = test.collect::<Result<Vec<_>>>()?;
        Ok(Self {
            task,
            scale: settings.scale,
            seed,
            test,
        })
    }

    fn net(
        &self,
        width: usize,
        std: f64,
        optimizer: impl Into<Optimizer>,
    ) -> Result<MlpTrainer<f32>> {
        let net = Mlp::new([self.task.inputs(), width, 1]).with_init(Init::Normal { std });
        MlpTrainer::new(&net, Loss::Mse, optimizer, self.seed)
    }

    fn examples(&self, batch: &ParityBatch) -> Result<Examples<f32>> {
        let inputs = controlled(batch, self.task.skills(), self.task.subsets().bits());
        Examples::new(inputs, batch.targets(self.scale))
    }

    /// The batch of step `step`.
    fn fresh(&self, size: usize, step: usize) -> Result<Examples<f32>> {
        let mut skills = self.seed.stream(&format!("batch/{step}"));
        let mut bits = self.seed.stream(&format!("batch/{step}/bits"));
        self.examples(&self.task.draw(size, &mut skills, &mut bits))
    }

    /// 𝓡_k/S of each skill, mean-centred as the thesis' code.
    fn strengths(&self, net: &mut MlpTrainer<f32>) -> Result<Vec<f64>> {
        let own = self.test.iter().map(|(inputs, signs)| {
            let outputs = net.outputs(inputs)?;
            let n = signs.len() as f64;
            let (mut f, mut g, mut fg) = (0.0, 0.0, 0.0);
            for (output, sign) in outputs.iter().zip(signs) {
                let output = f64::from(*output);
                f += output;
                g += sign;
                fg += output * sign;
            }
            Ok((fg / n - f * g / (n * n)) / self.scale)
        });
        own.collect()
    }
}

/// Control bits and the other bits, apart.
fn controlled(batch: &ParityBatch, skills: usize, bits: usize) -> Inputs<f32> {
    let control = (0..batch.len()).map(|j| batch.skill(j) as u32);
    let bit = |(j, i): (usize, usize)| f32::from(u8::from(batch.bit(j, i)));
    Inputs::Controlled {
        control: control.collect(),
        controls: skills,
        rest: Array2::from_shape_fn((batch.len(), bits), bit),
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
    let steps = settings.share(skills, settings.data_steps);
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
    let steps = settings.share(skills, settings.width_steps);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Scale, Settings};

    #[test]
    fn a_system_measures_what_it_is_asked_for() {
        let settings = Emergence::preset(Scale::Check);
        let system = System::new(&settings, 2, 6, Seed(3)).unwrap();
        let examples = system.fresh(50, 7).unwrap();
        assert_eq!(examples, system.fresh(50, 7).unwrap());
        assert_ne!(examples, system.fresh(50, 8).unwrap());
        // Test examples of the second skill ask for it, and their signs are its parities.
        let (inputs, signs) = &system.test[1];
        let dense = inputs.dense(0);
        for (row, sign) in dense.outer_iter().zip(signs) {
            assert_eq!((row[0], row[1]), (0.0, 1.0));
            let ones: f32 = system.task.subsets().of(1).iter().map(|b| row[2 + b]).sum();
            assert_eq!(*sign, if ones % 2.0 == 0.0 { 1.0 } else { -1.0 });
        }
    }

    #[test]
    fn a_net_that_is_half_the_parity_of_two_bits_has_strength_one_half() {
        let settings = Emergence::preset(Scale::Check);
        let system = System::new(&settings, 1, 6, Seed(3)).unwrap();
        let mut net = system.net(3, 0.1, settings.adam()).unwrap();
        // g = 1 − 2a − 2b + 4ab with ab = σ(a + b − 1), a = σ(a); half of S g
        let (a, b) = (
            1 + system.task.subsets().of(0)[0],
            1 + system.task.subsets().of(0)[1],
        );
        let params = net.params_mut();
        params.fill(0.0);
        // layer 0: 7 inputs × 3 units, then 3 biases; layer 1: 3 × 1, then its bias
        params[a * 3] = 1.0;
        params[b * 3 + 1] = 1.0;
        (params[a * 3 + 2], params[b * 3 + 2]) = (1.0, 1.0);
        params[21 + 2] = -1.0;
        params[24..27].copy_from_slice(&[-5.0, -5.0, 10.0]);
        params[27] = 2.5;
        let strength = system.strengths(&mut net).unwrap()[0];
        assert!((strength - 0.5).abs() < 0.01, "{strength}");
    }
}
