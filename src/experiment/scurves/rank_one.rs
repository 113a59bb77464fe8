//! Rank-1 learning (post, "Rank-1 learning"): a bᵀ is learned as ãb̃ᵀ, and the loss decays, rests and drops.
//!
//! $$L = \tfrac12\lVert ab^\top - \tilde a\tilde b^\top\rVert_F^2,\qquad
//! \frac{d\tilde a}{dt} = a\,(b\cdot\tilde b) - \tilde b^2\,\tilde a,\qquad
//! \frac{d\tilde b}{dt} = b\,(a\cdot\tilde a) - \tilde a^2\,\tilde b$$
//!
//! Times are in units of 1/σ₁ with σ₁ = ‖a‖‖b‖, the target's singular value, so that seeds can be laid over each other.
//!
//! Table `curves`, a row for each start and record: `start`, `step`, `t` (σ₁ × time), `loss` (in units of ½σ₁², the loss of ã = b̃ = 0),
//! `norm_a` (‖ã‖/‖a‖), `norm_b`, `cosine_a` (cos(ã, a)), `cosine_b`.
//!
//! Table `runs`, a row for each start: `sigma` (σ₁), `plateau` (σ₁ × time; the whole duration when the run still rests at its end, 0 without a plateau),
//! `transition_time` (σ₁ × time, NaN where there is none), `final_cosine`
//! (the smaller of the two sides' |cos|), `final_loss`, and for the post's and the small start `exponential_rms` and `algebraic_rms` (residuals of
//! ln ‖ã‖² in the early window), `overlap_linear_rms` and `overlap_exponential_rms`, `growth_rate` (of |ã·a| while it grows, in σ₁), `logistic_rate`
//! (of the drop, in σ₁); for the orthogonal start `decay_deviation` (from N₀/(1+2N₀t)); for the comments' loss `comments_deviation`.

use crate::claim::{Claim, Claims, Verdict};
use crate::error::{Error, Result};
use crate::experiment::check::positive;
use crate::experiment::curves::{Curve, by_seed, median};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Figure, Figures, Panel};
use crate::metric::curve;
use crate::model::factor::{Descent, Init, MatrixTask, Objective, Record, Side, Trajectory};
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;
use crate::trace::Schedule;

settings! {
    /// Settings of rank-1 learning.
    pub struct RankOne {
        /// Length n of the vectors.
        n: usize = 100, 100, 100;
        /// Standard deviation of the target vectors' entries (the post does not state it).
        target_scale: f64 = 1.0, 1.0, 1.0;
        /// Learning rate × σ₁; small, so that descent follows the flow to this accuracy.
        rate: f64 = 0.005, 0.005, 0.005;
        /// Duration × σ₁.
        duration: f64 = 40.0, 40.0, 40.0;
        /// ‖ã‖/‖a‖ of the small start.
        small: f64 = 1e-3, 1e-3, 1e-3;
        /// cos(ã, a) and cos(b̃, b) of the aligned start.
        aligned: f64 = 0.9, 0.9, 0.9;
        /// ‖ã‖/‖a‖ of the lazy start, with ‖b̃‖/‖b‖ its inverse.
        lazy: f64 = 3.0, 3.0, 3.0;
        /// Records a run, evenly spaced.
        records: usize = 200, 200, 400;
        /// Number of seeds.
        seeds: u64 = 4, 32, 200;
    }
}

/// The starts, by the names in the tables.
const STARTS: [&str; 5] = ["post", "orthogonal", "small", "aligned", "lazy"];

impl RankOne {
    fn init(&self, start: &str) -> Init {
        match start {
            "orthogonal" => Init::ZeroOverlap { scale: 1.0 },
            "small" => Init::Gaussian { scale: self.small },
            "aligned" => Init::Aligned {
                cosine: self.aligned,
                scale: 1.0,
            },
            "lazy" => Init::Unbalanced { ratio: self.lazy },
            _ => Init::Gaussian { scale: 1.0 },
        }
    }

    fn steps(&self) -> usize {
        (self.duration / self.rate).round() as usize
    }

    fn descent(&self, sigma: f64) -> Descent {
        let steps = self.steps();
        let schedule = Schedule::Every {
            steps: (steps / self.records).max(1),
        };
        Descent::new(self.rate / sigma, steps).recording(Record {
            schedule,
            ..Record::default()
        })
    }
}

/// Windows of the early decay and of the linear growth end here (σ₁ × time): the decay has then lost two thirds of N = ‖ã‖², and the
/// target's part is still the smaller one.
const EARLY: f64 = 1.0;

/// ln |y| at a share of the final value between these is growth: past the start's noise, before saturation.
const GROWTH: (f64, f64) = (0.02, 0.2);

impl Experiment for RankOne {
    const INFO: Info = Info {
        id: "scurves/rank-one",
        title: "Rank one: decay, plateau, sudden drop",
        document: Document::SCurves,
        section: "Rank-1 learning",
        notebook: "scurves/02-rank-one",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        if self.n < 2 {
            return Err(Error::setting(
                "n",
                self.n,
                "a whole number ≥ 2: an orthogonal start needs a second dimension",
            ));
        }
        let scales = [
            ("target_scale", self.target_scale),
            ("rate", self.rate),
            ("duration", self.duration),
            ("small", self.small),
            ("lazy", self.lazy),
        ];
        for (name, x) in scales {
            positive(name, x)?;
        }
        if !(0.0..=1.0).contains(&self.aligned) {
            return Err(Error::setting(
                "aligned",
                self.aligned,
                "a cosine in [0, 1]",
            ));
        }
        if self.records < 20 {
            return Err(Error::setting(
                "records",
                self.records,
                "a whole number ≥ 20, to see a plateau's ends",
            ));
        }
        if self.duration / self.rate > 1e8 {
            return Err(Error::setting(
                "duration",
                self.duration,
                "at most 10⁸ × rate, that is 10⁸ steps",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let task = MatrixTask::gaussian(self.n, 1, seed)?.scaled(self.target_scale.sqrt())?;
        let sigma = task.singular_values()?[0];
        let descent = self.descent(sigma);
        let (mut curves, mut runs) = (Vec::new(), Vec::new());
        for start in STARTS {
            progress.check()?;
            let begin = task.start(self.init(start), seed)?;
            let run = task.run(&begin, &descent)?;
            let mut row = Row::new(start, sigma, &run)?;
            if start == "post" || start == "small" {
                row.measure_laws(&run);
            }
            if start == "post" {
                let doubled = task.clone().with_objective(Objective::Squared);
                // Twice the gradient at half the rate is the same descent.
                let half = Descent::new(descent.optimizer.lr() / 2.0, descent.steps)
                    .recording(descent.record.clone());
                row.comments_deviation =
                    largest_deviation(&doubled.run(&begin, &half)?.loss, &run.loss, 2.0);
            }
            if start == "orthogonal" {
                row.decay_deviation = decay_deviation(&run, sigma);
            }
            curves.push(curve_table(start, sigma, &run)?);
            runs.push(row);
        }
        Ok([
            ("curves".to_string(), Table::concat(curves)?),
            ("runs".to_string(), Row::table(&runs)?),
        ]
        .into())
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        Ok(Figures(vec![
            ("phases".into(), self.phases(outcome)?),
            ("starts".into(), self.starts(outcome)?),
        ]))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        let runs = outcome.table("runs")?;
        let of = |start: &str, column: &str| -> Result<Vec<f64>> {
            runs.rows_where("start", start)?.f64s(column)
        };
        let section = "Rank-1 learning";
        let ratio = |x: Vec<f64>, y: Vec<f64>| -> Vec<f64> {
            x.iter().zip(y).map(|(x, y)| x / y).collect()
        };

        let early = stats::median(&ratio(
            of("post", "exponential_rms")?,
            of("post", "algebraic_rms")?,
        ));
        let decay = stats::median(&of("orthogonal", "decay_deviation")?);
        let plateau = stats::median(&of("post", "plateau")?);
        let linear = stats::median(&ratio(
            of("post", "overlap_linear_rms")?,
            of("post", "overlap_exponential_rms")?,
        ));
        let (growth, growth_small) = (
            stats::median(&of("post", "growth_rate")?),
            stats::median(&of("small", "growth_rate")?),
        );
        let (logistic, logistic_small) = (
            stats::median(&of("post", "logistic_rate")?),
            stats::median(&of("small", "logistic_rate")?),
        );
        let cosine = stats::median(&of("post", "final_cosine")?);
        let comments = stats::median(&of("post", "comments_deviation")?);
        let shortened = |start| -> Result<stats::Interval> {
            Ok(stats::median(&ratio(
                of(start, "plateau")?,
                of("post", "plateau")?,
            )))
        };
        let (aligned, lazy, small) = (
            shortened("aligned")?,
            shortened("lazy")?,
            shortened("small")?,
        );

        let early_verdict = match Verdict::above(early, 1.0) {
            Verdict::Holds => Verdict::Differs,
            Verdict::Fails => Verdict::Holds,
            open => open,
        };
        Ok(Claims(vec![
            Claim::new("early-decay", section, "the initial guess decays exponentially", "residual of the exponential < residual of N₀/(1+ct)", early)
                .verdict(early_verdict)
                .note(format!("ratio of rms residuals of ln ‖ã‖², σ₁t ≤ {EARLY}; above 1 the decay is algebraic")),
            Claim::new("algebraic-decay", "errata, Post and comments", "at first order N = ‖ã‖² falls as N₀/(1 + 2N₀t)", "0", decay)
                .verdict(Verdict::below(decay, 4.0 * self.rate))
                .note("largest relative deviation from the formula, start orthogonal to the target, σ₁t ≤ 20; descent's own error is of the order of the rate"),
            Claim::new("plateau", section, "for a while the loss plateaus", "> 1 (in 1/σ₁)", plateau)
                .verdict(Verdict::above(plateau, 1.0))
                .note("plateau length × σ₁; 0 where the curve has none"),
            Claim::new("overlap-linear", section, "the true component grows linearly at first", "residual of a line < residual of an exponential", linear)
                .verdict(Verdict::below(linear, 1.0))
                .note(format!("ratio of rms residuals of â·ã, σ₁t ≤ {EARLY}, both fits with two parameters")),
            Claim::new("overlap-exponential", section, "then exponentially, with rate ‖a‖‖b‖", "1 (in σ₁)", growth)
                .verdict(Verdict::within(growth, 0.9, 1.1))
                .note(format!("slope of ln |â·ã| between {} and {} of its last value; at this n the overlap starts near a tenth of its end, and the initial guess still decays", GROWTH.0, GROWTH.1)),
            Claim::new("overlap-exponential-small", section, "exponential growth with rate ‖a‖‖b‖, small start", "1 (in σ₁)", growth_small)
                .verdict(Verdict::within(growth_small, 0.9, 1.1))
                .note("as overlap-exponential, with a start small enough for the growth to be seen alone"),
            Claim::new("logistic", section, "the growth levels off (becomes logistic)", "2 (in σ₁)", logistic)
                .verdict(match Verdict::within(logistic, 1.9, 2.1) {
                    Verdict::Fails => Verdict::Differs,
                    verdict => verdict,
                })
                .note("slope of logit of (â·ã)(b̂·b̃)/σ₁ between .05 and .95; a balanced mode grows as s′ = 2s(σ₁ − s), and what is left of the initial guess slows it"),
            Claim::new("logistic-small", section, "the growth levels off (becomes logistic), small start", "2 (in σ₁)", logistic_small)
                .verdict(Verdict::within(logistic_small, 1.9, 2.1))
                .note("as logistic, with a small start"),
            Claim::new("final-cosine", section, "the vectors come into alignment with the ground truth", "1", cosine)
                .verdict(Verdict::above(cosine, 0.999))
                .note("smaller of |cos(ã, a)| and |cos(b̃, b)| at the end"),
            Claim::new("comments-loss", "comments", "the loss (x.x)(y.y) − 2(a.x)(b.y) is the same task", "0", comments)
                .verdict(Verdict::below(comments, 1e-9))
                .note("largest relative difference of the losses at half the learning rate, after the factor 2"),
            Claim::new("aligned-start", "Questions", "low-rank tasks that do not produce S-curves?", "ratio 0 for an aligned start", aligned)
                .verdict(Verdict::below(aligned, 0.1))
                .note(format!("plateau length over that of the post's start, cosine {}", self.aligned)),
            Claim::new("lazy-start", "Questions", "low-rank tasks that do not produce S-curves?", "ratio 0 for a lazy start", lazy)
                .verdict(Verdict::below(lazy, 0.1))
                .note(format!(
                    "plateau length over that of the post's start, ‖ã‖ = {0} ‖a‖ and ‖b̃‖ = ‖b‖/{0}: b̃ learns at once what ã spans, and ã turns to a at rate σ₁(‖a‖/‖ã‖)², so the plateau is longer",
                    self.lazy
                )),
            Claim::new("small-start", section, "for a while the correct component is still small", "ratio > 1 for a small start", small)
                .verdict(Verdict::above(small, 1.0))
                .note(format!("plateau length over that of the post's start, ‖ã‖ = {} ‖a‖", self.small)),
        ]))
    }
}

impl RankOne {
    fn phases(&self, outcome: &Outcome) -> Result<Figure> {
        let post = outcome.table("curves")?.rows_where("start", "post")?;
        let mut loss = Panel::new("loss")
            .x("σ_{1} × time")
            .y("loss / ½σ_{1}²")
            .log_y()
            .y_range(1e-8, 10.0);
        let mut norm = Panel::new("norm of the learned vector")
            .x("σ_{1} × time")
            .y("‖ã‖ / ‖a‖");
        let mut cosine = Panel::new("alignment").x("σ_{1} × time").y("|cos(ã, a)|");
        for (panel, column) in [
            (&mut loss, "loss"),
            (&mut norm, "norm_a"),
            (&mut cosine, "cosine_a"),
        ] {
            *panel = seeds_and_median(panel.clone(), &post, column)?;
        }
        let seeds = outcome.seeds().len();
        Ok(Figure::new(
            "Rank one: the initial guess decays, the loss rests near that of zero, then drops",
        )
        .columns(3)
        .panel(loss)
        .panel(norm)
        .panel(cosine)
        .note(format!(
            "n = {}, {seeds} seeds (light) and their median (dark)",
            self.n
        )))
    }

    fn starts(&self, outcome: &Outcome) -> Result<Figure> {
        let curves = outcome.table("curves")?;
        let mut panel = Panel::new("")
            .x("σ_{1} × time")
            .y("loss / ½σ_{1}²")
            .log_y()
            .y_range(1e-8, 10.0);
        for start in STARTS {
            let (t, loss) = median(&magnitudes(&curves.rows_where("start", start)?, "loss")?);
            panel = panel.line(start, &t, &loss);
        }
        Ok(Figure::new(
            "Only a start that leans to the target has no plateau; small and lazy ones rest longer",
        )
        .panel(panel)
        .note(format!("medians over {} seeds", outcome.seeds().len())))
    }
}

/// One curve for each seed: |`column`| over time.
fn magnitudes(table: &Table, column: &str) -> Result<Vec<Curve>> {
    let mut curves = by_seed(table, "t", column)?;
    curves
        .iter_mut()
        .flat_map(|curve| &mut curve.1)
        .for_each(|y| *y = y.abs());
    Ok(curves)
}

fn seeds_and_median(panel: Panel, table: &Table, column: &str) -> Result<Panel> {
    let light = magnitudes(table, column)?;
    let (t, middle) = median(&light);
    Ok(panel
        .light_lines("seeds", light)
        .line("median", &t, &middle))
}

/// What is measured of one run.
struct Row {
    start: &'static str,
    sigma: f64,
    plateau: f64,
    transition_time: f64,
    final_cosine: f64,
    final_loss: f64,
    exponential_rms: f64,
    algebraic_rms: f64,
    overlap_linear_rms: f64,
    overlap_exponential_rms: f64,
    growth_rate: f64,
    logistic_rate: f64,
    decay_deviation: f64,
    comments_deviation: f64,
}

impl Row {
    fn new(start: &'static str, sigma: f64, run: &Trajectory) -> Result<Self> {
        let time = scaled(&run.time, sigma);
        let shape = curve::shape(&time, &run.loss, 0.0)?;
        let last = run.time.len() - 1;
        let final_loss = run.final_loss() / loss_unit(sigma);
        let cosine = |side: &Side| side.best_cosine[(last, 0)].abs();
        Ok(Self {
            start,
            sigma,
            // A run that still rests at its end has rested for all its time, at least.
            plateau: if final_loss > 0.5 {
                time[last]
            } else {
                shape.plateau_length()
            },
            transition_time: shape.transition_time(),
            final_cosine: cosine(&run.a).min(cosine(&run.b)),
            final_loss,
            exponential_rms: f64::NAN,
            algebraic_rms: f64::NAN,
            overlap_linear_rms: f64::NAN,
            overlap_exponential_rms: f64::NAN,
            growth_rate: f64::NAN,
            logistic_rate: f64::NAN,
            decay_deviation: f64::NAN,
            comments_deviation: f64::NAN,
        })
    }

    /// Laws of the early decay, of the growth and of the drop.
    fn measure_laws(&mut self, run: &Trajectory) {
        let time = scaled(&run.time, self.sigma);
        let squared: Vec<f64> = run.a.norm.column(0).iter().map(|x| x * x).collect();
        let (t, y) = curve::window(&time, &squared, 0.0, EARLY);
        self.exponential_rms = curve::exponential_fit(&t, &y).rms;
        self.algebraic_rms = curve::algebraic_fit(&t, &y, 1.0).rms;

        let share = |side: &Side| -> Vec<f64> {
            side.norm
                .column(0)
                .iter()
                .zip(side.best_cosine.column(0))
                .map(|(norm, cos)| norm * cos)
                .collect()
        };
        let (left, right) = (share(&run.a), share(&run.b));
        let (t, y) = curve::window(&time, &left, 0.0, EARLY);
        let size: Vec<f64> = y.iter().map(|x| x.abs()).collect();
        self.overlap_linear_rms = stats::linear_fit(&t, &y).rms;
        self.overlap_exponential_rms = exponential_rms(&t, &size);

        let last = left.last().copied().unwrap_or(f64::NAN).abs();
        let grown = |x: f64| (GROWTH.0 * last..GROWTH.1 * last).contains(&x.abs());
        // From the last time below the window on: the overlap may fall before it grows.
        let from = left
            .iter()
            .rposition(|x| x.abs() < GROWTH.0 * last)
            .unwrap_or(0);
        let (t, y): (Vec<f64>, Vec<f64>) = time
            .iter()
            .zip(&left)
            .skip(from)
            .filter(|(_, x)| grown(**x))
            .map(|(t, x)| (*t, x.abs().ln()))
            .unzip();
        self.growth_rate = stats::linear_fit(&t, &y).slope.value;

        let (t, y): (Vec<f64>, Vec<f64>) = time
            .iter()
            .zip(left.iter().zip(&right))
            .map(|(t, (x, y))| (*t, x * y / self.sigma))
            .filter(|(_, s)| (0.05..0.95).contains(s))
            .map(|(t, s)| (t, (s / (1.0 - s)).ln()))
            .unzip();
        self.logistic_rate = stats::linear_fit(&t, &y).slope.value;
    }

    fn table(rows: &[Self]) -> Result<Table> {
        let number = |f: fn(&Self) -> f64| rows.iter().map(f).collect::<Vec<_>>();
        Table::new()
            .with("start", rows.iter().map(|r| r.start).collect::<Vec<_>>())?
            .with("sigma", number(|r| r.sigma))?
            .with("plateau", number(|r| r.plateau))?
            .with("transition_time", number(|r| r.transition_time))?
            .with("final_cosine", number(|r| r.final_cosine))?
            .with("final_loss", number(|r| r.final_loss))?
            .with("exponential_rms", number(|r| r.exponential_rms))?
            .with("algebraic_rms", number(|r| r.algebraic_rms))?
            .with("overlap_linear_rms", number(|r| r.overlap_linear_rms))?
            .with(
                "overlap_exponential_rms",
                number(|r| r.overlap_exponential_rms),
            )?
            .with("growth_rate", number(|r| r.growth_rate))?
            .with("logistic_rate", number(|r| r.logistic_rate))?
            .with("decay_deviation", number(|r| r.decay_deviation))?
            .with("comments_deviation", number(|r| r.comments_deviation))
    }
}

/// ½σ₁², the loss of ã = b̃ = 0.
fn loss_unit(sigma: f64) -> f64 {
    0.5 * sigma * sigma
}

fn scaled(values: &[f64], by: f64) -> Vec<f64> {
    values.iter().map(|x| x * by).collect()
}

/// Root mean square residual of y beside C e^{kt}, fitted to ln y and compared in y, as a line is.
fn exponential_rms(t: &[f64], y: &[f64]) -> f64 {
    let log: Vec<f64> = y.iter().map(|x| x.ln()).collect();
    let fit = stats::linear_fit(t, &log);
    let sum: f64 = t
        .iter()
        .zip(y)
        .map(|(t, y)| (y - (fit.intercept.value + fit.slope.value * t).exp()).powi(2))
        .sum();
    (sum / t.len() as f64).sqrt()
}

/// Largest |x/gain − y| / y over the records whose y is above rounding.
fn largest_deviation(x: &[f64], y: &[f64], gain: f64) -> f64 {
    let floor = 1e-12 * y.first().copied().unwrap_or(0.0);
    let pairs = x.iter().zip(y).filter(|(_, y)| **y > floor);
    pairs
        .map(|(x, y)| (x / gain - y).abs() / y)
        .fold(0.0, f64::max)
}

/// Largest relative deviation of ‖ã‖² from N₀/(1 + 2N₀t) up to σ₁t = 20; later, rounding grows into an overlap.
fn decay_deviation(run: &Trajectory, sigma: f64) -> f64 {
    let squared: Vec<f64> = run.a.norm.column(0).iter().map(|x| x * x).collect();
    let first = squared[0];
    run.time
        .iter()
        .zip(&squared)
        .filter(|(t, _)| **t * sigma <= 20.0)
        .map(|(t, n)| (n * (1.0 + 2.0 * first * t) / first - 1.0).abs())
        .fold(0.0, f64::max)
}

fn curve_table(start: &str, sigma: f64, run: &Trajectory) -> Result<Table> {
    let side = |s: &Side| -> (Vec<f64>, Vec<f64>) {
        (
            s.norm
                .column(0)
                .iter()
                .map(|x| x / s.target_norm[0])
                .collect(),
            s.best_cosine.column(0).to_vec(),
        )
    };
    let ((norm_a, cosine_a), (norm_b, cosine_b)) = (side(&run.a), side(&run.b));
    Table::new()
        .with("start", vec![start; run.time.len()])?
        .with("step", run.steps.clone())?
        .with("t", scaled(&run.time, sigma))?
        .with("loss", scaled(&run.loss, 1.0 / loss_unit(sigma)))?
        .with("norm_a", norm_a)?
        .with("norm_b", norm_b)?
        .with("cosine_a", cosine_a)?
        .with("cosine_b", cosine_b)
}
