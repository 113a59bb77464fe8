//! Weight decay (comments below the post): "this seems to give an intrinsic exponential decay to everything".
//!
//! $$L = \tfrac12\lVert A - \tilde a\tilde b^\top\rVert_F^2 + \tfrac\lambda2\bigl(\lVert\tilde a\rVert_F^2 + \lVert\tilde b\rVert_F^2\bigr),\qquad
//! \frac{d\tilde a}{dt} = (A - \tilde a\tilde b^\top)\tilde b - \lambda\tilde a,\qquad
//! \frac{d\tilde b}{dt} = (A - \tilde a\tilde b^\top)^\top\tilde a - \lambda\tilde b$$
//!
//! The least of all ‖ã‖² + ‖b̃‖² with ãb̃ᵀ = X is twice X's nuclear norm, so the minimum is the soft-thresholded target: singular values
//! max(σ_k − λ, 0), the singular vectors of A. A mode with σ_k > λ grows as e^{2(σ_k − λ)t} while it is small, so that its plateau is longer the
//! nearer λ is to σ_k; a mode with σ_k < λ is never learned.
//!
//! λ, rates and times are relative to σ₁, the largest singular value of A: `lambda` is λ/σ₁, `t` is σ₁ × step × learning rate. (The comments'
//! loss has no ½: their λ is twice the one here.)
//!
//! | table | a row for each | columns |
//! |---|---|---|
//! | `curves` | rank, λ, record | `rank`, `lambda`, `step`, `t`, `loss` (½‖A − Ã‖², without the decay's part, in units of ½‖A‖²), `excess` (the whole loss less its minimum, in units of ½‖A‖²), `norm` ((‖ã‖² + ‖b̃‖²)/(‖a‖² + ‖b‖²)) |
//! | `runs` | rank, λ | `sigma` (σ₁), `diverged_step` (NaN when it did not), `excess_rate` (decay of ln `norm` up to t = 0.1 beyond that of λ = 0, over 2λ), `exponential_rms` and `algebraic_rms` (residuals of ln `norm` for e^{−ct} and 1/(1 + ct), up to half the time of the norm's minimum), `trough_time` and `trough_norm` (the norm's minimum), `plateau` and `transition_time` (of the whole loss), `end_error` (largest ∣s_k − max(σ_k − λ, 0)∣/σ₁ over modes with ∣σ_k − λ∣t ≥ 20), `end_error_all`, `learned` and `above` (modes with s_k > 0.01 σ₁ among those, and those with σ_k > λ), `end_loss` and `expected_loss` (½Σ min(σ_k, λ)², both in units of ½‖A‖²) |
//! | `modes` | rank, λ, mode | `mode` (from 1), `sigma_k` (σ_k/σ₁), `learned` (s_k/σ₁ at the end) |
//! | `critical` | λ of the critical sweep, rank 1 | `lambda`, `half_time` (until u₁ᵀÃv₁ is half of σ₁ − λ), `growth_rate` (of u₁ᵀÃv₁ between 10⁻³ and 10⁻² of σ₁ − λ) |

mod claims;
mod figures;
mod measured;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, check, settings};
use crate::figure::Figures;
use crate::model::factor::{Descent, Init, MatrixTask, Record};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;
use measured::{Measured, diverged, growth};

settings! {
    /// Settings of weight decay.
    pub struct WeightDecay {
        /// Length n of the vectors.
        n: usize = 100, 100, 100;
        /// Ranks r of the target and of what is learned.
        ranks: Vec<usize> = vec![1, 10, 100], vec![1, 10, 100], vec![1, 10, 100];
        /// Weight decays λ/σ₁; the first is 0.
        decays: Vec<f64> = vec![0.0, 0.01, 0.1, 0.5, 0.9, 1.1], vec![0.0, 0.01, 0.1, 0.5, 0.9, 1.1], vec![0.0, 0.01, 0.1, 0.5, 0.9, 1.1];
        /// Weight decays λ/σ₁ < 1 of the critical sweep at rank 1.
        critical: Vec<f64> = vec![0.5, 0.9, 0.95], vec![0.5, 0.8, 0.9, 0.95, 0.98, 0.99], vec![0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995];
        /// Standard deviation of the target vectors' entries (the post does not state it).
        target_scale: f64 = 1.0, 1.0, 1.0;
        /// ‖ã‖/‖a‖ at the start.
        init_scale: f64 = 1.0, 1.0, 1.0;
        /// ‖ã‖/‖a‖ at the start of the critical sweep: small, so that what is there at first is small beside σ₁ − λ.
        critical_init: f64 = 0.01, 0.01, 0.01;
        /// Learning rate × σ₁ up to rank 10.
        rate: f64 = 0.01, 0.01, 0.01;
        /// Learning rate × σ₁ above rank 10, where a step costs more.
        coarse_rate: f64 = 0.05, 0.05, 0.02;
        /// Duration × σ₁.
        duration: f64 = 30.0, 200.0, 400.0;
        /// Records a factor of ten in time.
        per_decade: usize = 40, 40, 40;
        /// Number of seeds.
        seeds: u64 = 2, 10, 32;
    }
}

/// Modes nearer to the threshold than this over the duration are still on their way.
const RESOLVED: f64 = 20.0;

impl WeightDecay {
    fn descent(&self, rank: usize, sigma: f64) -> Descent {
        let rate = if rank <= 10 {
            self.rate
        } else {
            self.coarse_rate
        };
        let steps = (self.duration / rate).ceil() as usize;
        Descent::new(rate / sigma, steps).recording(Record {
            // At rank 1 the cosines give the overlap.
            vectors: if rank == 1 { 1 } else { 0 },
            ..Record::light(Schedule::LogSpaced {
                per_decade: self.per_decade,
            })
        })
    }

    fn target(&self, rank: usize, seed: Seed) -> Result<MatrixTask> {
        MatrixTask::gaussian(self.n, rank, seed)?.scaled(self.target_scale)
    }

    /// All weight decays at one rank.
    fn sweep(&self, rank: usize, seed: Seed, progress: &Progress) -> Result<Vec<[Table; 3]>> {
        let plain = self.target(rank, seed)?;
        let sigmas = plain.singular_values()?;
        let start = plain.start(
            Init::Gaussian {
                scale: self.init_scale,
            },
            seed,
        )?;
        let descent = self.descent(rank, sigmas[0]);
        let mut reference = None;
        let mut tables = Vec::new();
        for &lambda in &self.decays {
            progress.check()?;
            let task = plain.clone().with_weight_decay(lambda * sigmas[0])?;
            let run = match task.run(&start, &descent) {
                Ok(run) => Some(run),
                Err(Error::Diverged { step, .. }) => {
                    tables.push([
                        Table::new(),
                        diverged(rank, lambda, sigmas[0], step)?,
                        Table::new(),
                    ]);
                    None
                }
                Err(e) => return Err(e),
            };
            let Some(run) = run else { continue };
            let measured = Measured::of(&task, &run, &sigmas)?;
            let early = measured.early_decay();
            let excess_rate = match reference {
                Some(reference) if lambda > 0.0 => (early - reference) / (2.0 * lambda),
                _ => f64::NAN,
            };
            reference.get_or_insert(early);
            tables.push([
                measured.curve(&run, rank, lambda)?,
                measured.row(rank, lambda, excess_rate)?,
                measured.modes(rank, lambda)?,
            ]);
        }
        Ok(tables)
    }

    /// Rank 1 from a small start, λ near to σ₁.
    fn critical_sweep(&self, seed: Seed, progress: &Progress) -> Result<Table> {
        let plain = self.target(1, seed)?;
        let sigma = plain.singular_values()?[0];
        let start = plain.start(
            Init::Gaussian {
                scale: self.critical_init,
            },
            seed,
        )?;
        let (mut half_times, mut growth_rates) = (vec![], vec![]);
        for &lambda in &self.critical {
            progress.check()?;
            let gap = 1.0 - lambda;
            // From ln(1/overlap²) ≈ 14 e-folds at n = 100, with room for an unlucky start.
            let steps = (20.0 / (gap * self.rate)).ceil() as usize;
            let descent = Descent::new(self.rate / sigma, steps).recording(Record {
                vectors: 1,
                ..Record::light(Schedule::Every {
                    steps: (steps / 2000).max(1),
                })
            });
            let task = plain.clone().with_weight_decay(lambda * sigma)?;
            let (half_time, growth_rate) = match task.run(&start, &descent) {
                Ok(run) => growth(&run, sigma, gap),
                Err(Error::Diverged { .. }) => (f64::NAN, f64::NAN),
                Err(e) => return Err(e),
            };
            half_times.push(half_time);
            growth_rates.push(growth_rate);
        }
        Table::new()
            .with("lambda", self.critical.clone())?
            .with("half_time", half_times)?
            .with("growth_rate", growth_rates)
    }
}

impl Experiment for WeightDecay {
    const INFO: Info = Info {
        id: "scurves/weight-decay",
        title: "Weight decay speeds the early decay, lengthens plateaus and extinguishes modes one by one",
        document: Document::SCurves,
        section: "comments, weight decay",
        notebook: "scurves/05-losses-and-optimizers",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        check::whole("n", self.n, 2, 1000)?;
        check::distinct("ranks", &self.ranks)?;
        for &rank in &self.ranks {
            check::whole("ranks", rank, 1, self.n)?;
        }
        check::distinct("decays", &self.decays)?;
        if self.decays[0] != 0.0 {
            return Err(Error::setting(
                "decays",
                self.decays[0],
                "a list that begins with 0, beside which the others are measured",
            ));
        }
        if let Some(d) = self.decays.iter().find(|d| !(0.0..=10.0).contains(*d)) {
            return Err(Error::setting(
                "decays",
                d,
                "a list of numbers from 0 to 10 (λ/σ₁)",
            ));
        }
        check::distinct("critical", &self.critical)?;
        if let Some(d) = self.critical.iter().find(|d| !(0.0..0.9999).contains(*d)) {
            return Err(Error::setting(
                "critical",
                d,
                "a list of numbers from 0 to below 0.9999 (λ/σ₁)",
            ));
        }
        check::positive("target_scale", self.target_scale)?;
        check::positive("init_scale", self.init_scale)?;
        check::positive("critical_init", self.critical_init)?;
        check::positive("rate", self.rate)?;
        check::positive("coarse_rate", self.coarse_rate)?;
        check::positive("duration", self.duration)?;
        check::whole("per_decade", self.per_decade, 5, 1000)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curve, mut runs, mut modes) = (vec![], vec![], vec![]);
        for &rank in &self.ranks {
            for [c, r, m] in self.sweep(rank, seed, progress)? {
                curve.push(c);
                runs.push(r);
                modes.push(m);
            }
        }
        let whole = |tables: Vec<Table>| {
            Table::concat(tables.into_iter().filter(|t| t.height() > 0).collect())
        };
        Ok(Tables::from([
            ("curves".into(), whole(curve)?),
            ("runs".into(), whole(runs)?),
            ("modes".into(), whole(modes)?),
            ("critical".into(), self.critical_sweep(seed, progress)?),
        ]))
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        figures::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}
