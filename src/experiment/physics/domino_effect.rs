//! The domino effect in a trained network: sparse parities learned one after the other (Fig. 2, Fig. 16 left).
//!
//! A multilayer perceptron with one hidden layer learns parities of a few of 32 bits by Adam on the full batch, with the mean square against 0 and 1. In the `imbalance`
//! runs task 2 counts in the last $p_2$ of the samples alone; its other entries are 0 in the loss and are counted in the mean. In the `dependent` run
//! $y_3 = y_1 \oplus y_2$, in the `independent` run $y_3'$ is the parity of four other bits.
//!
//! Table `curves`, by seed, `run` (`imbalance`, `dependent`, `independent`), `p` ($p_2$; 1 for three tasks), `step` and `task` (from 1): `accuracy` on held-out strings,
//! `train` accuracy on the strings of the batch.
//!
//! Table `times`, by seed, `run`, `p` and `task`: `start` and `learned`, the first recorded steps at which the held-out accuracy exceeds `begun` and `level`; NaN: never in
//! `steps` steps.

mod report;

use super::parities::{Seen, Strings};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::network::{Loss, Mlp, MlpTrainer};
use crate::optimizer::Adam;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Subsets;

settings! {
    /// Settings of the domino effect in a trained network.
    pub struct DominoEffect {
        /// Bits of a string.
        bits: usize = 12, 32, 32;
        /// Hidden units.
        width: usize = 30, 50, 50;
        /// Strings of the full batch; the figures with three tasks trained on 8000.
        samples: usize = 400, 10_000, 10_000;
        /// Held-out strings.
        test: usize = 200, 2000, 2000;
        /// Learning rate of Adam.
        rate: f64 = 0.005, 0.001, 0.001;
        /// Frequencies of task 2; that of task 1 is 1.
        frequencies: Vec<f64> = vec![1.0, 0.5], vec![1.0, 0.5, 0.2, 0.1, 0.05], vec![1.0, 0.5, 0.2, 0.1, 0.05];
        /// Steps with two tasks, at most.
        steps: usize = 200, 2000, 2000;
        /// Steps with three tasks, at most.
        long: usize = 200, 3000, 3000;
        /// Accuracy at which a task has begun to be learned; not published.
        begun: f64 = 0.6, 0.6, 0.6;
        /// Accuracy at which a task is learned; not published.
        level: f64 = 0.95, 0.95, 0.95;
        /// Steps between two records.
        every: usize = 10, 10, 10;
        /// Number of seeds; published: one.
        seeds: u64 = 2, 12, 32;
    }
}

/// One training run.
struct Run {
    name: &'static str,
    p: f64,
    tasks: Subsets,
    steps: usize,
}

impl Experiment for DominoEffect {
    const INFO: Info = Info {
        id: "physics/fig-02",
        title: "The domino effect: a network learns parities one after the other (Fig. 2)",
        document: Document::Physics,
        section: "§1, §5.1",
        notebook: "physics/01-domino-effect",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("bits", self.bits, 8, 1000)?;
        whole("width", self.width, 1, 100_000)?;
        whole("samples", self.samples, 2, 10_000_000)?;
        whole("test", self.test, 1, 10_000_000)?;
        whole("steps", self.steps, 1, 10_000_000)?;
        whole("long", self.long, 1, 10_000_000)?;
        whole("every", self.every, 1, self.steps.min(self.long))?;
        positive("rate", self.rate)?;
        distinct("frequencies", &self.frequencies)?;
        for p in &self.frequencies {
            if !(*p > 0.0 && *p <= 1.0) {
                return Err(Error::setting("frequencies", p, "in (0, 1]"));
            }
        }
        for (field, level) in [("begun", self.begun), ("level", self.level)] {
            if !(level > 0.5 && level < 1.0) {
                let allowed = "between ½, which is chance, and 1";
                return Err(Error::setting(field, level, allowed));
            }
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut curves = Vec::new();
        let mut times = Vec::new();
        for run in self.runs()? {
            let (curve, time) = self.train(&run, seed, progress)?;
            curves.push(curve);
            times.push(time);
        }
        let mut tables = Tables::new();
        tables.insert("curves".into(), Table::concat(curves)?);
        tables.insert("times".into(), Table::concat(times)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

impl DominoEffect {
    fn runs(&self) -> Result<Vec<Run>> {
        let of = |subsets: &[&[usize]]| {
            Subsets::new(subsets.iter().map(|s| s.to_vec()).collect(), self.bits)
        };
        let mut runs = Vec::new();
        for p in &self.frequencies {
            runs.push(Run {
                name: "imbalance",
                p: *p,
                tasks: of(&[&[0, 1], &[2, 3]])?,
                steps: self.steps,
            });
        }
        for (name, third) in [("dependent", [0, 1, 2, 3]), ("independent", [4, 5, 6, 7])] {
            runs.push(Run {
                name,
                p: 1.0,
                tasks: of(&[&[0, 1], &[2, 3], &third])?,
                steps: self.long,
            });
        }
        Ok(runs)
    }

    fn train(&self, run: &Run, seed: Seed, progress: &Progress) -> Result<(Table, Table)> {
        let train = Strings::new(self.samples, self.bits, &run.tasks, seed, "data");
        let test = Strings::new(self.test, self.bits, &run.tasks, seed, "data/test");
        let examples = train.weighted(run.p)?;
        let net = Mlp::new([self.bits, self.width, run.tasks.len()]);
        let mut net = MlpTrainer::<f64>::new(&net, Loss::Mse, Adam::new(self.rate), seed)?;
        let tasks = run.tasks.len();
        let (steps, every) = (run.steps, self.every);
        // Nothing happens after all is learned.
        let end = Some(0.995);
        let seen = Seen::of(
            &mut net,
            &examples,
            (steps, every, end),
            (&train, &test),
            progress,
        )?;
        let first = |level: f64| (0..tasks).map(|k| seen.first(k, level)).collect::<Vec<_>>();
        let times = Table::new()
            .with("task", (1..=tasks).collect::<Vec<_>>())?
            .with("start", first(self.begun))?
            .with("learned", first(self.level))?;
        let led = |table: Table| table.led_by("p", run.p)?.led_by("run", run.name);
        Ok((led(seen.table()?)?, led(times)?))
    }
}
