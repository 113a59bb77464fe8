//! Weighting hard tokens of a GPT (Fig. 14).
//!
//! A GPT learns a text by AdamW with warm-up and cosine. In the first A steps the loss ℓ of each token is multiplied by w = ℓ, through which no gradient flows. All runs of a seed start alike and
//! see the same blocks of text at the same steps; those with weights are one run up to the step at which the first of them ends its weights, and so on. At `quick` a small GPT
//! reads three novels by Jane Austen byte by byte, for less than one pass; `paper` is GPT-2 small on token files of OpenWebText that the user names. Each seed is computed on one
//! thread of the host.
//!
//! Table `curves`, by seed, `share` (A / steps) and `step`: `loss`, the mean of ℓ on part of the validation text, in nats; `batch`, that of the step's batch (NaN at the end).
//!
//! Table `runs`, by seed and `share`: `loss` on more of the validation text at the end, `ordered`, the share of pairs of tokens (of those that occur there at least 20 times) whose rarer one has the
//! higher loss, and `diverged`, the step at which the loss was no number (NaN: never).
//!
//! Table `bands`, by seed, `share` and `band`: the tokens whose share of the training text is at least `low` and less than `high`, how often they occur in what `loss` is measured on
//! (`tokens`), and the mean of their ℓ at the end (`loss`).

mod report;
mod tokens;

use crate::claim::Claims;
use crate::device::DeviceKind;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, whole};
use crate::experiment::unfinished::Unfinished;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::network::{Gpt, GptTrainer, GptTraining, TokenWeight};
use crate::seed::Seed;
use crate::table::Table;
use crate::task::tokens::{Blocks, Tokens};
use tokens::Bands;

settings! {
    /// Settings of a GPT whose hard tokens weigh more.
    pub struct HardTokens {
        /// The text: `austen-novels`, which ships with the project, a text file, read byte by byte, or a token file (`.bin`, made by `scurve prepare` or by nanoGPT). Published: OpenWebText.
        text: String = "austen-novels".into(), "austen-novels".into(), "train.bin".into();
        /// The text that is validated on; empty: the last tenth of `text`.
        validation: String = String::new(), String::new(), "val.bin".into();
        /// Different tokens.
        vocabulary: usize = 256, 256, 50_257;
        /// Blocks of attention and hidden layer.
        layers: usize = 1, 2, 12;
        /// Heads.
        heads: usize = 2, 4, 12;
        /// Length of a token's vector.
        width: usize = 16, 64, 768;
        /// Whether the last layer is the embedding; not published: as GPT-2.
        tied: bool = true, true, true;
        /// Tokens of a block.
        block: usize = 16, 64, 1024;
        /// Blocks that are in memory at once.
        batch: usize = 4, 16, 12;
        /// Batches whose gradients make a step; published: 480 blocks a step.
        parts: usize = 1, 1, 40;
        /// Steps.
        steps: usize = 20, 1200, 10_000;
        /// Steps of the linear warm-up.
        warmup: usize = 4, 240, 2000;
        /// Largest step size.
        rate: f64 = 3e-3, 3e-3, 6e-4;
        /// Last step size.
        floor: f64 = 1.5e-4, 1.5e-4, 3e-5;
        /// β₁; not published: nanoGPT's.
        beta1: f64 = 0.9, 0.9, 0.9;
        /// β₂; not published: nanoGPT's.
        beta2: f64 = 0.95, 0.95, 0.95;
        /// Weight decay of matrices, decoupled; not published: nanoGPT's.
        decay: f64 = 0.1, 0.1, 0.1;
        /// Largest norm of a gradient, 0 for any; not published: nanoGPT's.
        clip: f64 = 1.0, 1.0, 1.0;
        /// w: `loss`, as published, `normalised_loss` (its mean over a batch is 1), or `uniform`.
        weight: TokenWeight = TokenWeight::Loss, TokenWeight::Loss, TokenWeight::Loss;
        /// A as shares of the steps; 0, 0.2, which the paper finds best, and 1 are among them.
        shares: Vec<f64> = vec![0.0, 0.2, 1.0], vec![0.0, 0.05, 0.2, 0.5, 1.0], vec![0.0, 0.05, 0.2, 0.5, 1.0];
        /// Records of a run's validation loss.
        records: usize = 4, 20, 50;
        /// Blocks of the validation text of a record.
        validated: usize = 8, 128, 200;
        /// Blocks of the validation text at the end of a run.
        validated_last: usize = 64, 1024, 2400;
        /// Number of seeds; published: one.
        seeds: u64 = 2, 6, 3;
    }
}

/// The share of the steps that the paper finds best: 2,000 of 10,000.
const BEST: f64 = 0.2;
/// Share of the text that is validated on where no other text is named.
const HELD_BACK: f64 = 0.1;

impl Experiment for HardTokens {
    const INFO: Info = Info {
        id: "physics/fig-14",
        title: "Weighting hard tokens of a GPT (Fig. 14)",
        document: Document::Physics,
        section: "§4.3, Fig. 14",
        notebook: "physics/10-reweighting",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        self.net().validate()?;
        whole("steps", self.steps, 1, 100_000_000)?;
        whole("batch", self.batch, 1, 1_000_000)?;
        whole("parts", self.parts, 1, 1_000_000)?;
        whole("records", self.records, 1, self.steps)?;
        whole("validated", self.validated, 1, 1_000_000)?;
        whole("validated_last", self.validated_last, 1, 10_000_000)?;
        self.training().validate()?;
        distinct("shares", &self.shares)?;
        if let Some(share) = self.shares.iter().find(|s| !(0.0..=1.0).contains(*s)) {
            return Err(Error::setting("shares", share, "shares from 0 to 1"));
        }
        if ![0.0, BEST, 1.0].iter().all(|s| self.shares.contains(s)) {
            return Err(Error::setting(
                "shares",
                format!("{:?}", self.shares),
                format!("a list with 0, {BEST} and 1 in it: the claims compare them"),
            ));
        }
        if self.text.is_empty() {
            return Err(Error::setting("text", "\"\"", "the name of a text"));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let text = Text::of(self)?;
        let device = DeviceKind::from_env()?.device()?;
        let start = GptTrainer::new(&self.net(), &self.training(), seed, &device)?;
        let run = |trainer: GptTrainer, name: &str| Run {
            settings: self,
            text: &text,
            seed,
            progress,
            trainer,
            rows: Vec::new(),
            diverged: None,
            unfinished: Unfinished::of(progress, seed, name),
        };
        let mut shares = self.shares.clone();
        shares.sort_by(f64::total_cmp);
        // All runs with weights are this one until theirs end.
        let mut trunk = run(start.clone().weighted_until(self.steps), "trunk");
        let mut done = Vec::new();
        for share in shares {
            let name = share.to_string();
            let earlier = Unfinished::of(progress, seed, &name);
            if let Some(tables) = earlier.and_then(|earlier| finished(&earlier)) {
                done.push((share, tables));
                continue;
            }
            let until = (share * self.steps as f64).round() as usize;
            let mut own = if until == 0 {
                run(start.clone().weighted_until(0), &name)
            } else {
                trunk.go_on(until)?;
                trunk.branch(until, &name)
            };
            own.go_on(self.steps)?;
            done.push((share, own.finish()?));
        }
        let mut tables = Tables::new();
        for name in TABLES {
            let parts = done
                .iter()
                .map(|(share, tables)| tables[name].clone().led_by("share", *share));
            tables.insert(name.into(), Table::concat(parts.collect::<Result<_>>()?)?);
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

impl HardTokens {
    /// The network.
    pub fn net(&self) -> Gpt {
        Gpt {
            vocabulary: self.vocabulary,
            block: self.block,
            layers: self.layers,
            heads: self.heads,
            width: self.width,
            tied: self.tied,
            ..Gpt::gpt2_small()
        }
    }

    /// Its training, with weights all along.
    pub fn training(&self) -> GptTraining {
        GptTraining {
            steps: self.steps,
            warmup: self.warmup,
            rate: self.rate,
            floor: self.floor,
            betas: (self.beta1, self.beta2),
            weight_decay: self.decay,
            clip: self.clip,
            weight: self.weight,
            weighted_steps: self.steps,
        }
    }
}

/// What the runs of a seed read.
struct Text {
    train: Tokens,
    checked: Blocks,
    last: Blocks,
    bands: Bands,
}

impl Text {
    fn of(settings: &HardTokens) -> Result<Self> {
        let load = |name: &str| Tokens::load(name, settings.vocabulary);
        let whole = load(&settings.text)?;
        let (train, validation) = match settings.validation.as_str() {
            "" => whole.split(HELD_BACK)?,
            name => (whole, load(name)?),
        };
        Ok(Self {
            checked: validation.spread(settings.block, settings.validated)?,
            last: validation.spread(settings.block, settings.validated_last)?,
            bands: Bands::of(&train.counts()?, train.len()),
            train,
        })
    }
}

/// The tables of a run.
const TABLES: [&str; 3] = ["curves", "bands", "runs"];

/// Where the tables of a finished run are kept, beside those of one that is under way.
fn of_finished(name: &str) -> String {
    format!("finished-{name}")
}

/// A run that was finished before its seed was stopped.
fn finished(unfinished: &Unfinished) -> Option<Tables> {
    let table = |name: &str| Some((name.to_owned(), unfinished.read(&of_finished(name))?));
    TABLES.into_iter().map(table).collect()
}

/// A run as far as it has come.
struct Run<'a> {
    settings: &'a HardTokens,
    text: &'a Text,
    seed: Seed,
    progress: &'a Progress,
    trainer: GptTrainer,
    /// Step, validation loss, loss of the step's batch.
    rows: Vec<[f64; 3]>,
    diverged: Option<usize>,
    unfinished: Option<Unfinished>,
}

impl Run<'_> {
    /// The run that has been the same so far and has no weights from step `until` on.
    fn branch(&self, until: usize, name: &str) -> Self {
        Self {
            trainer: self.trainer.clone().weighted_until(until),
            rows: self.rows.clone(),
            unfinished: Unfinished::of(self.progress, self.seed, name),
            ..*self
        }
    }

    /// Takes up what a run that was stopped has left, if that is further than this one.
    fn take_up(&mut self, until: usize) {
        let Some(unfinished) = &self.unfinished else {
            return;
        };
        let mut trainer = self.trainer.clone();
        // A checkpoint that cannot be read is computed again.
        if !unfinished.state().is_file() || trainer.restore(unfinished.state()).is_err() {
            return;
        }
        let further = self.trainer.steps() + 1..=until;
        let rows = unfinished
            .read("curves")
            .and_then(|table| rows_of(&table).ok());
        if let (true, Some(mut rows)) = (further.contains(&trainer.steps()), rows) {
            rows.retain(|row| (row[0] as usize) < trainer.steps());
            (self.trainer, self.rows) = (trainer, rows);
        }
    }

    fn leave(&mut self) -> Result<()> {
        let Some(unfinished) = &self.unfinished else {
            return Ok(());
        };
        unfinished.write("curves", &self.curves()?)?;
        self.trainer.save(unfinished.state())
    }

    fn curves(&self) -> Result<Table> {
        let column = |k: usize| self.rows.iter().map(|row| row[k]).collect::<Vec<f64>>();
        Table::new()
            .with("step", column(0))?
            .with("loss", column(1))?
            .with("batch", column(2))
    }

    fn go_on(&mut self, until: usize) -> Result<()> {
        let Self { settings, text, .. } = *self;
        let every = settings.steps.div_ceil(settings.records);
        self.take_up(until);
        while self.diverged.is_none() && self.trainer.steps() < until {
            let stopped = self.progress.check();
            let due = self.unfinished.as_ref().is_some_and(Unfinished::due);
            if self.trainer.steps() > 0 && (due || stopped.is_err()) {
                self.leave()?;
            }
            stopped?;
            let step = self.trainer.steps();
            let recorded = step.is_multiple_of(every);
            if recorded {
                let loss = mean(&self.trainer.losses(&text.checked)?);
                self.rows.push([step as f64, loss, f64::NAN]);
            }
            let blocks = settings.batch * settings.parts;
            let drawn = text.train.draw(settings.block, blocks, self.seed, step)?;
            let parts = (0..settings.parts)
                .map(|i| drawn.part(i * settings.batch, (i + 1) * settings.batch));
            match self.trainer.step(&parts.collect::<Vec<_>>()) {
                Ok(loss) => {
                    if let (true, Some(row)) = (recorded, self.rows.last_mut()) {
                        row[2] = loss;
                    }
                }
                Err(Error::Diverged { step, .. }) => self.diverged = Some(step),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Tables> {
        let text = self.text;
        if self.diverged.is_none() {
            let loss = mean(&self.trainer.losses(&text.checked)?);
            self.rows.push([self.settings.steps as f64, loss, f64::NAN]);
        }
        let losses = match self.diverged {
            None => self.trainer.losses(&text.last)?,
            Some(_) => vec![f32::NAN; text.last.len() * text.last.block()],
        };
        let by_token = text.bands.by_token(&text.last, &losses);
        let mut tables = Tables::new();
        tables.insert("curves".into(), self.curves()?);
        tables.insert(
            "runs".into(),
            Table::new()
                .with("loss", vec![mean(&losses)])?
                .with("ordered", vec![text.bands.ordered(&by_token)])?
                .with(
                    "diverged",
                    vec![self.diverged.map_or(f64::NAN, |s| s as f64)],
                )?,
        );
        tables.insert("bands".into(), text.bands.table(&by_token)?);
        if let Some(unfinished) = &self.unfinished {
            for name in TABLES {
                unfinished.write(&of_finished(name), &tables[name])?;
            }
            unfinished.forget_state();
        }
        Ok(tables)
    }
}

fn rows_of(curves: &Table) -> Result<Vec<[f64; 3]>> {
    let (step, loss, batch) = (
        curves.f64s("step")?,
        curves.f64s("loss")?,
        curves.f64s("batch")?,
    );
    let rows = step.into_iter().zip(loss).zip(batch);
    Ok(rows
        .map(|((step, loss), batch)| [step, loss, batch])
        .collect())
}

fn mean(losses: &[f32]) -> f64 {
    losses.iter().map(|l| f64::from(*l)).sum::<f64>() / losses.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Scale, Settings};
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn a_stopped_run_goes_on_to_the_same_curve() {
        let settings = HardTokens::preset(Scale::Check);
        let text = Text::of(&settings).unwrap();
        let device = DeviceKind::from_env().unwrap().device().unwrap();
        let start =
            GptTrainer::new(&settings.net(), &settings.training(), Seed(1), &device).unwrap();
        let progress = Progress::silent();
        let run = |folder: Option<&Path>| Run {
            settings: &settings,
            text: &text,
            seed: Seed(1),
            progress: &progress,
            trainer: start.clone().weighted_until(9),
            rows: Vec::new(),
            diverged: None,
            // A checkpoint before every step.
            unfinished: folder.map(|f| Unfinished::every(f.into(), Duration::ZERO)),
        };
        let csv = |run: Run| {
            let tables = run.finish().unwrap();
            TABLES.map(|name| tables[name].to_csv().unwrap())
        };
        let mut whole = run(None);
        whole.go_on(settings.steps).unwrap();
        let whole = csv(whole);
        let folder = tempfile::tempdir().unwrap();
        for stopped in [1, 5, 12] {
            let folder = folder.path().join(stopped.to_string());
            let mut first = run(Some(&folder));
            first.go_on(stopped + 1).unwrap();
            drop(first);
            let mut second = run(Some(&folder));
            second.take_up(settings.steps);
            assert_eq!(second.trainer.steps(), stopped);
            second.go_on(settings.steps).unwrap();
            assert_eq!(csv(second), whole);
            // Finished, it is read.
            let kept = Unfinished::every(folder, Duration::ZERO);
            let tables = finished(&kept).unwrap();
            assert_eq!(TABLES.map(|name| tables[name].to_csv().unwrap()), whole);
            assert!(!kept.state().is_file());
        }
    }
}
