//! Fig. 3.4: stage-like training, the times 3.12, and when stages stop to overlap (3.13, 3.14).
//!
//! The multilinear model on the multitask sparse parity problem is a diagonal linear network whose inputs' second moments are the frequencies of the skills,
//! $\mathbb E[x_k^2] = \mathcal P(k) \propto k^{-(\alpha+1)}$, with one target S. On D samples the frequencies are $d_k/D$.
//!
//! Table `exact` (seed 0): `mode`, `t`, `share`; table `loss` (seed 0): `t`, `loss`, `exact`.
//!
//! Table `times`, by data set of D samples: `mode`, `emergent`, `saturation` (measured by gradient descent), `predicted_emergent`, `predicted_saturation` (3.12 with the frequencies
//! of the data set), `drop` (fall of the loss while this mode saturates, over its own $\tfrac12\mathcal P S^2$).
//!
//! Table `pairs` (seed 0): `scale` (a(0) = b(0)), `mode` (of this and the next), `measured` (ϵ at which a simulation has $\tau_i^{(s)} = \Delta\tau^{(e)}$), `corrected`, `printed`.

mod report;

use super::numbers::even;
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::layerwise::{DiagonalNet, ModeTrajectory};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;
use crate::trace::Schedule;
use rand::RngExt;

settings! {
    /// Settings of Fig. 3.4.
    pub struct StageTraining {
        /// α; frequencies fall as k^−(α+1).
        alpha: f64 = 0.6, 0.6, 0.6;
        /// Target scale S.
        target: f64 = 5.0, 5.0, 5.0;
        /// a(0) = b(0), as in the thesis' plots of its theory.
        start: f64 = 0.1, 0.1, 0.1;
        /// Number of modes.
        modes: usize = 3, 5, 5;
        /// ϵ of the figure.
        epsilon: f64 = 0.05, 0.05, 0.05;
        /// Starts a(0) = b(0) of the sweep, descending.
        scales: Vec<f64> = vec![0.1, 1e-3], vec![0.1, 0.01, 1e-3, 1e-4, 1e-5], vec![0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6];
        /// Learning rate of gradient descent.
        learning_rate: f64 = 0.002, 0.001, 0.0005;
        /// Samples D of a data set.
        samples: usize = 1000, 10_000, 100_000;
        /// Records of a curve.
        records: usize = 100, 300, 600;
        /// Number of seeds; a seed is a data set.
        seeds: u64 = 2, 16, 64;
    }
}

impl StageTraining {
    fn frequencies(&self) -> Result<Vec<f64>> {
        let all = Frequencies::power_law(self.modes, self.alpha + 1.0)?;
        let sum: f64 = all.p().iter().sum();
        Ok(all.p().iter().map(|p| p / sum).collect())
    }

    fn net(&self, variances: &[f64], start: f64) -> Result<DiagonalNet> {
        DiagonalNet::new(variances, &vec![self.target; variances.len()])?.balanced(start)
    }

    /// Frequencies d_k/D of D samples.
    fn sampled(&self, seed: Seed) -> Result<Vec<f64>> {
        let p = self.frequencies()?;
        let mut counts = vec![0.0; p.len()];
        let mut rng = seed.stream("data");
        for _ in 0..self.samples {
            let mut left: f64 = rng.random();
            let k = p.iter().position(|p| {
                left -= p;
                left < 0.0
            });
            counts[k.unwrap_or(p.len() - 1)] += 1.0;
        }
        if let Some(k) = counts.iter().position(|d| *d == 0.0) {
            return Err(Error::setting(
                "samples",
                self.samples,
                format!("so many that each skill is drawn: skill {} was not", k + 1),
            ));
        }
        Ok(counts.iter().map(|d| d / self.samples as f64).collect())
    }

    /// Gradient descent until the last mode has 99.9 %, every step recorded.
    fn descend(&self, net: &DiagonalNet) -> Result<ModeTrajectory> {
        let last = net.modes() - 1;
        let end = 1.02 * net.emergent_time(last, 0.999)?;
        let steps = (end / self.learning_rate).ceil() as usize;
        net.descend(self.learning_rate, steps, &Schedule::Every { steps: 1 })
    }
}

impl Experiment for StageTraining {
    const INFO: Info = Info {
        id: "thesis/fig-3.4",
        title: "Stage-like training: when does a mode end before the next begins?",
        document: Document::Thesis,
        section: "§3.4.2, §3.4.3, Fig. 3.4",
        notebook: "thesis/06-layerwise-dynamics",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("alpha", self.alpha)?;
        positive("target", self.target)?;
        positive("start", self.start)?;
        positive("learning_rate", self.learning_rate)?;
        whole("modes", self.modes, 2, 30)?;
        whole("samples", self.samples, 10, 100_000_000)?;
        whole("records", self.records, 20, 10_000)?;
        if !(self.epsilon > 0.0 && self.epsilon < 0.5) {
            return Err(Error::setting(
                "epsilon",
                self.epsilon,
                "a number between 0 and ½",
            ));
        }
        if self.start * self.start >= self.epsilon * self.target {
            return Err(Error::setting(
                "start",
                self.start,
                "small: its square below ϵ S, or the modes have emerged already",
            ));
        }
        distinct("scales", &self.scales)?;
        for (i, s) in self.scales.iter().enumerate() {
            positive(&format!("scales[{i}]"), *s)?;
        }
        if self.scales.windows(2).any(|w| w[1] >= w[0]) || self.scales.len() < 2 {
            return Err(Error::setting(
                "scales",
                format!("{:?}", self.scales),
                "two or more numbers, descending",
            ));
        }
        if self.learning_rate * self.target > 0.1 {
            return Err(Error::setting(
                "learning_rate",
                self.learning_rate,
                format!(
                    "at most 0.1/S = {}: times are read off the steps",
                    0.1 / self.target
                ),
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        let sampled = self.sampled(seed)?;
        tables.insert("times".into(), self.times(&sampled)?);
        if seed.0 == 0 {
            progress.check()?;
            self.curves(&mut tables)?;
            tables.insert("pairs".into(), self.pairs(progress)?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

impl StageTraining {
    fn times(&self, variances: &[f64]) -> Result<Table> {
        let net = self.net(variances, self.start)?;
        let run = self.descend(&net)?;
        let (epsilon, d) = (self.epsilon, variances.len());
        let loss = run.loss();
        let at = |t: f64| {
            let k = run.time.partition_point(|x| *x < t);
            loss.get(k).copied().unwrap_or(f64::NAN)
        };
        let emergent: Vec<f64> = (0..d).map(|i| run.time_to(i, epsilon)).collect();
        let saturated: Vec<f64> = (0..d).map(|i| run.time_to(i, 1.0 - epsilon)).collect();
        let drop = (0..d).map(|i| {
            let own = 0.5 * variances[i] * self.target * self.target;
            (at(emergent[i]) - at(saturated[i])) / own
        });
        let predicted =
            |f: &dyn Fn(usize) -> Result<f64>| (0..d).map(f).collect::<Result<Vec<_>>>();
        Table::new()
            .with("mode", (1..=d).collect::<Vec<_>>())?
            .with(
                "saturation",
                emergent
                    .iter()
                    .zip(&saturated)
                    .map(|(e, s)| s - e)
                    .collect::<Vec<_>>(),
            )?
            .with("drop", drop.collect::<Vec<_>>())?
            .with("emergent", emergent)?
            .with(
                "predicted_emergent",
                predicted(&|i| net.emergent_time(i, epsilon))?,
            )?
            .with(
                "predicted_saturation",
                predicted(&|i| net.saturation_time(i, epsilon))?,
            )
    }

    fn curves(&self, tables: &mut Tables) -> Result<()> {
        let net = self.net(&self.frequencies()?, self.start)?;
        let run = self.descend(&net)?;
        let end = run.time.last().copied().unwrap_or(0.0);
        let exact = net.exact(&even(end, self.records))?;
        tables.insert("exact".into(), exact.table()?);
        let simulated = run.loss();
        let near: Vec<f64> = exact
            .time
            .iter()
            .map(|t| {
                let k = run.time.partition_point(|x| *x < *t);
                simulated[k.min(simulated.len() - 1)]
            })
            .collect();
        let loss = Table::new()
            .with("t", exact.time.clone())?
            .with("loss", near)?
            .with("exact", exact.loss())?;
        tables.insert("loss".into(), loss);
        Ok(())
    }

    /// The ϵ at which modes meet, off the simulated curves and by both forms of 3.13.
    fn pairs(&self, progress: &Progress) -> Result<Table> {
        let p = self.frequencies()?;
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for &scale in &self.scales {
            let net = self.net(&p, scale)?;
            let run = self.descend(&net)?;
            for i in 0..p.len() - 1 {
                progress.check()?;
                keys.push((scale, i + 1));
                values.push([
                    meeting(&run, i, scale * scale / self.target),
                    net.stage_overlap(i)?,
                    net.stage_overlap_as_printed(i)?,
                ]);
            }
        }
        let column = |k: usize| values.iter().map(|v| v[k]).collect::<Vec<f64>>();
        Table::new()
            .with("scale", keys.iter().map(|k| k.0).collect::<Vec<_>>())?
            .with("mode", keys.iter().map(|k| k.1).collect::<Vec<_>>())?
            .with("measured", column(0))?
            .with("corrected", column(1))?
            .with("printed", column(2))
    }
}

/// The ϵ above `least` at which mode i of a run saturates just when the next emerges; NaN when there is none below ½.
fn meeting(run: &ModeTrajectory, i: usize, least: f64) -> f64 {
    let late = |epsilon: f64| {
        let saturated = run.time_to(i, 1.0 - epsilon);
        // Not within the run: later than all of it.
        let saturated = if saturated.is_nan() {
            f64::INFINITY
        } else {
            saturated
        };
        saturated - run.time_to(i + 1, epsilon)
    };
    let (mut low, mut high) = (least * 1.001, 0.4999);
    if !(late(low) > 0.0 && late(high) < 0.0) {
        return f64::NAN;
    }
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        if late(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low * high).sqrt()
}
