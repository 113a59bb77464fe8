//! A single component (post, "Introduction"): a scalar or a vector learned by itself decays exponentially, without a plateau.
//!
//! $$L = \tfrac12 \sum_{i=1}^{n} (a_i - \tilde a_i)^2,\qquad \frac{d\tilde a_i}{dt} = a_i - \tilde a_i,\qquad L(t) = L_0\, e^{-2t}$$
//!
//! Under gradient descent with learning rate η a step multiplies L by (1 − η)², which is the rate −2 ln(1 − η)/η in t = step × η.
//!
//! The post asks whether there are S-curves without several components. Here is one: the same loss behind a logistic link,
//!
//! $$L = \tfrac12 \sum_i (a_i - \tilde a_i)^2,\qquad \tilde a_i = \frac{1}{1+e^{-\theta_i}},\qquad
//! \frac{d\theta_i}{dt} = (a_i - \tilde a_i)\,\tilde a_i(1-\tilde a_i).$$
//!
//! A start at θ = −d, far out on the flat side, rests for about e^d / a before it drops: every θ_i is by itself, and the plateau
//! comes from the link alone.
//!
//! | symbol | here |
//! |---|---|
//! | a_i ~ N(0, 1), ã_i(0) ~ N(0, 1) without a link | `target_scale`, `start_scale` |
//! | a with the link | `link_target` |
//! | θ_i(0) = −d + s N(0, 1) | `depths`, `depth_spread` |
//!
//! Table `curves`, a row for each configuration and record: `link` (`identity`, `logistic`), `n`, `method` (`flow`, `descent`), `depth` (d; 0 without a
//! link), `t`, `loss` (in units of its first value).
//!
//! Table `runs`, a row for each configuration: the same four, `rate` (of ln L against t, where L is above 10⁻⁸ of its first value; NaN with a
//! link), `rms` (residual of ln L in that fit), `expected_rate`, `plateau` (length in t, 0 for none; [`curve::shape`]), `transition_time` (in t),
//! `final_loss`.

use crate::claim::{Claim, Claims, Verdict};
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive};
use crate::experiment::curves::{by_seed, median, median_after_zero};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Colour, Figure, Figures, Panel, Style};
use crate::metric::curve;
use crate::model::factor::{self, Descent, Output, Record};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::stats::{self, Interval};
use crate::table::Table;
use crate::trace::Schedule;
use ndarray::Array1;

settings! {
    /// Settings of learning a single component.
    pub struct OneComponent {
        /// Numbers of entries n: 1 is a scalar.
        sizes: Vec<usize> = vec![1, 100], vec![1, 100], vec![1, 100];
        /// Standard deviation of the target's entries.
        target_scale: f64 = 1.0, 1.0, 1.0;
        /// Standard deviation of the initial entries.
        start_scale: f64 = 1.0, 1.0, 1.0;
        /// Learning rate of gradient descent; the curvature is 1, so below 2.
        learning_rate: f64 = 0.05, 0.05, 0.05;
        /// Duration in t without a link.
        duration: f64 = 12.0, 12.0, 12.0;
        /// Records a run.
        records: usize = 120, 120, 240;
        /// Target a behind the logistic link, between 0 and 1.
        link_target: f64 = 0.7, 0.7, 0.7;
        /// How far out on the flat side of the link training starts: θ = −depth.
        depths: Vec<f64> = vec![0.0, 2.0, 4.0, 6.0, 8.0], vec![0.0, 2.0, 4.0, 6.0, 8.0], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        /// Standard deviation of θ at the start around −depth.
        depth_spread: f64 = 0.25, 0.25, 0.25;
        /// Number of seeds.
        seeds: u64 = 2, 32, 200;
    }
}

/// Relative accuracy of the solver; the rate is judged to 1e-6.
const RTOL: f64 = 1e-12;

/// The part of ln L to which the rate is fitted: down to this share of the first loss.
const FIT_FLOOR: f64 = 1e-8;

/// One loss curve with what it is a curve of.
struct Run {
    link: &'static str,
    n: usize,
    method: &'static str,
    depth: f64,
    expected_rate: f64,
    time: Vec<f64>,
    loss: Vec<f64>,
}

impl OneComponent {
    /// L over time without a link, by the solver or by descent.
    fn identity(&self, n: usize, method: &'static str, seed: Seed) -> Result<Run> {
        let normal = |stream, scale| seed.normal(stream, 1, n).row(0).to_owned() * scale;
        let task = factor::SingleComponent::new(normal("data", self.target_scale))?;
        let start = normal("init", self.start_scale);
        let rate = self.learning_rate;
        let (run, expected_rate) = if method == "flow" {
            let at = |i: usize| self.duration * i as f64 / self.records as f64;
            let times: Vec<f64> = (0..=self.records).map(at).collect();
            (task.flow(&start, &times, &Flow::new(RTOL))?, 2.0)
        } else {
            let steps = (self.duration / rate).ceil() as usize;
            let schedule = Schedule::Every {
                steps: (steps / self.records).max(1),
            };
            let descent = Descent::new(rate, steps).recording(Record::light(schedule));
            (task.run(&start, &descent)?, -2.0 * (-rate).ln_1p() / rate)
        };
        Ok(Run {
            link: "identity",
            n,
            method,
            depth: 0.0,
            expected_rate,
            time: run.time,
            loss: run.loss,
        })
    }

    /// L over time behind the logistic link, by the solver.
    fn logistic(&self, n: usize, depth: f64, seed: Seed) -> Result<Run> {
        let target = self.link_target;
        let logit = (target / (1.0 - target)).ln();
        let task = factor::SingleComponent::new(Array1::from_elem(n, logit))?
            .with_output(Output::Logistic);
        let start = seed.normal("init", 1, n).row(0).to_owned() * self.depth_spread - depth;
        // The plateau, then a tail of curvature (a(1 − a))².
        let end = 4.0 * depth.exp() / target + 10.0 / (target * (1.0 - target)).powi(2);
        let first = 1e-2f64;
        let ratio = (end / first).ln() / (self.records - 1) as f64;
        let late = (0..self.records).map(|i| first * (ratio * i as f64).exp());
        let times: Vec<f64> = std::iter::once(0.0).chain(late).collect();
        let run = task.flow(&start, &times, &Flow::new(1e-9))?;
        Ok(Run {
            link: "logistic",
            n,
            method: "flow",
            depth,
            expected_rate: f64::NAN,
            time: run.time,
            loss: run.loss,
        })
    }
}

impl Experiment for OneComponent {
    const INFO: Info = Info {
        id: "scurves/single-component",
        title: "A single component decays exponentially, and a link gives it a plateau",
        document: Document::SCurves,
        section: "Introduction",
        notebook: "scurves/01-one-component",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("target_scale", self.target_scale)?;
        positive("start_scale", self.start_scale)?;
        positive("duration", self.duration)?;
        distinct("sizes", &self.sizes)?;
        distinct("depths", &self.depths)?;
        if self.sizes.contains(&0) {
            return Err(Error::setting(
                "sizes",
                format!("{:?}", self.sizes),
                "a list of whole numbers ≥ 1",
            ));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate < 1.0) {
            return Err(Error::setting(
                "learning_rate",
                self.learning_rate,
                "a number above 0 and below 1",
            ));
        }
        if self.records < 20 {
            return Err(Error::setting(
                "records",
                self.records,
                "a whole number ≥ 20, so that a plateau can be drawn",
            ));
        }
        if !(self.link_target > 0.0 && self.link_target < 1.0) {
            return Err(Error::setting(
                "link_target",
                self.link_target,
                "a number above 0 and below 1",
            ));
        }
        if let Some(d) = self.depths.iter().find(|d| !(0.0..=12.0).contains(*d)) {
            return Err(Error::setting(
                "depths",
                d,
                "numbers from 0 to 12: the plateau lasts about e^depth",
            ));
        }
        if !(0.0..=2.0).contains(&self.depth_spread) {
            return Err(Error::setting(
                "depth_spread",
                self.depth_spread,
                "a number from 0 to 2",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut runs = Vec::new();
        for &n in &self.sizes {
            for method in ["flow", "descent"] {
                progress.check()?;
                runs.push(self.identity(n, method, seed)?);
            }
            for &depth in &self.depths {
                progress.check()?;
                runs.push(self.logistic(n, depth, seed)?);
            }
        }
        tables(&runs)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        measure(self, outcome)
    }
}

fn tables(runs: &[Run]) -> Result<Tables> {
    let rate = |run: &Run| {
        let floor = FIT_FLOOR * run.loss[0];
        let end = run
            .loss
            .iter()
            .position(|l| *l < floor)
            .unwrap_or(run.loss.len());
        curve::exponential_fit(&run.time[..end], &run.loss[..end])
    };
    let fits: Vec<_> = runs.iter().map(rate).collect();
    let shapes: Vec<_> = runs
        .iter()
        .map(|r| curve::shape(&r.time, &r.loss, 0.0))
        .collect::<Result<_>>()?;
    let with_link = |x: f64, run: &Run| if run.link == "identity" { x } else { f64::NAN };
    let table = Table::new()
        .with("link", runs.iter().map(|r| r.link).collect::<Vec<_>>())?
        .with("n", runs.iter().map(|r| r.n).collect::<Vec<_>>())?
        .with("method", runs.iter().map(|r| r.method).collect::<Vec<_>>())?
        .with("depth", runs.iter().map(|r| r.depth).collect::<Vec<_>>())?
        .with(
            "rate",
            fits.iter()
                .zip(runs)
                .map(|(f, r)| with_link(f.rate.value, r))
                .collect::<Vec<_>>(),
        )?
        .with(
            "rms",
            fits.iter()
                .zip(runs)
                .map(|(f, r)| with_link(f.rms, r))
                .collect::<Vec<_>>(),
        )?
        .with(
            "expected_rate",
            runs.iter().map(|r| r.expected_rate).collect::<Vec<_>>(),
        )?
        .with(
            "plateau",
            shapes
                .iter()
                .map(|s| s.plateau_length())
                .collect::<Vec<_>>(),
        )?
        .with(
            "transition_time",
            shapes
                .iter()
                .map(|s| s.transition_time())
                .collect::<Vec<_>>(),
        )?
        .with(
            "final_loss",
            runs.iter()
                .map(|r| r.loss[r.loss.len() - 1] / r.loss[0])
                .collect::<Vec<_>>(),
        )?;
    let curves = runs.iter().map(|run| {
        Table::new()
            .with("t", run.time.clone())?
            .with(
                "loss",
                run.loss.iter().map(|l| l / run.loss[0]).collect::<Vec<_>>(),
            )?
            .with_constant("link", run.link)?
            .with_constant("n", run.n)?
            .with_constant("method", run.method)?
            .with_constant("depth", run.depth)
    });
    let curves = Table::concat(curves.collect::<Result<_>>()?)?;
    Ok(Tables::from([
        ("curves".into(), curves),
        ("runs".into(), table),
    ]))
}

fn draw(settings: &OneComponent, outcome: &Outcome) -> Result<Figures> {
    let (curves, runs) = (outcome.table("curves")?, outcome.table("runs")?);
    let mut left = Panel::new("Without a link: e^{−2t}, no plateau")
        .x("time t (step × learning rate)")
        .y("loss L / L_{0}")
        .log_y();
    let identity = curves.rows_where("link", "identity")?;
    for &n in &settings.sizes {
        for (method, word) in [("flow", "gradient flow"), ("descent", "gradient descent")] {
            let rows = identity.rows_where("n", n)?.rows_where("method", method)?;
            let (t, loss) = median(&by_seed(&rows, "t", "loss")?);
            left = left.line(format!("{word}, n = {n}"), &t, &loss);
        }
    }
    let time = [0.0, settings.duration];
    let law = time.map(|t: f64| (-2.0 * t).exp());
    left = left.line_styled(
        "e^{−2t}",
        &time,
        &law,
        Style::new().colour(Colour::Ink).width(1.0),
    );

    let mut middle = Panel::new("Behind a logistic link: a plateau, then a drop")
        .x("time t")
        .y("loss L / L_{0}")
        .log_x();
    let n = settings.sizes[0];
    let linked = curves.rows_where("link", "logistic")?.rows_where("n", n)?;
    let mut right = Panel::new("The plateau lasts as long as the start is flat")
        .x("depth d of the start, θ = −d")
        .y("plateau length, in t")
        .log_y();
    let (mut depths, mut lengths, mut low, mut high) = (vec![], vec![], vec![], vec![]);
    for (i, &depth) in settings.depths.iter().enumerate() {
        let (t, loss) = median_after_zero(&linked.rows_where("depth", depth)?, "t", "loss")?;
        middle = middle.line_ordered(format!("d = {depth}"), i, settings.depths.len(), &t, &loss);
        let rows = runs
            .rows_where("link", "logistic")?
            .rows_where("n", n)?
            .rows_where("depth", depth)?;
        let length = stats::median(&rows.f64s("plateau")?);
        if length.value > 0.0 {
            depths.push(depth);
            lengths.push(length.value);
            low.push(length.low.max(0.1 * length.value));
            high.push(length.high.min(10.0 * length.value));
        }
    }
    right = right.error_bars(
        format!("median over seeds, n = {n}"),
        &depths,
        &lengths,
        &low,
        &high,
    );
    let law: Vec<f64> = depths
        .iter()
        .map(|d| d.exp() / settings.link_target)
        .collect();
    right = right.line_styled(
        "e^{d} / a",
        &depths,
        &law,
        Style::new().colour(Colour::Ink).width(1.0),
    );
    let figure =
        Figure::new("One component: exponential by itself, an S-curve behind a saturating link")
            .panels(vec![left, middle, right])
            .note(format!("Medians over {} seeds.", outcome.seeds().len()));
    Ok(Figures::new().with("loss", figure))
}

fn measure(settings: &OneComponent, outcome: &Outcome) -> Result<Claims> {
    const SOURCE: &str = "Introduction";
    let runs = outcome.table("runs")?;
    let identity = runs.rows_where("link", "identity")?;
    // The rate is one number: its whole range over seeds counts, not the interval of its mean.
    let range = |v: &[f64]| Interval {
        low: v.iter().copied().fold(f64::INFINITY, f64::min),
        high: v.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ..stats::mean(v)
    };
    let mut claims = Vec::new();
    for (id, statement, vector) in [
        ("exponential", "a scalar's loss decays exponentially", false),
        (
            "exponential-vector",
            "the same holds for a vector, whose loss is a sum of single components",
            true,
        ),
    ] {
        let sizes: Vec<usize> = settings
            .sizes
            .iter()
            .copied()
            .filter(|n| (*n > 1) == vector)
            .collect();
        let mut rates = Vec::new();
        for n in sizes {
            rates.extend(
                identity
                    .rows_where("n", n)?
                    .rows_where("method", "flow")?
                    .f64s("rate")?,
            );
        }
        let rate = range(&rates);
        claims.push(
            Claim::new(id, SOURCE, statement, "rate 2 of ln L in gradient flow, within 1e-6", rate)
                .verdict(Verdict::within(rate, 2.0 - 1e-6, 2.0 + 1e-6))
                .note("least squares on ln L down to 1e-8 of its start; the interval is the range over seeds"),
        );
    }
    let descent = identity.rows_where("method", "descent")?;
    let ratios: Vec<f64> = descent
        .f64s("rate")?
        .iter()
        .zip(descent.f64s("expected_rate")?)
        .map(|(r, e)| r / e)
        .collect();
    let ratio = range(&ratios);
    let expected = -2.0 * (-settings.learning_rate).ln_1p() / settings.learning_rate;
    claims.push(
        Claim::new(
            "descent",
            SOURCE,
            "gradient descent converges exponentially quickly",
            "rate / (−2 ln(1 − η)/η) = 1 within 1e-6",
            ratio,
        )
        .verdict(Verdict::within(ratio, 1.0 - 1e-6, 1.0 + 1e-6))
        .note(format!("at η = {} that rate is {expected:.4}, and it tends to 2 with η → 0; the interval is the range over seeds", settings.learning_rate)),
    );
    let none = identity
        .f64s("plateau")?
        .iter()
        .filter(|p| **p == 0.0)
        .count();
    let share = stats::share(none, identity.height());
    claims.push(
        Claim::new(
            "no-plateau",
            SOURCE,
            "a single component has no plateau",
            "share of runs without a plateau 1",
            share,
        )
        .verdict(if none == identity.height() {
            Verdict::Holds
        } else {
            Verdict::Fails
        })
        .note("a plateau is a trough of −d ln L/dt at least three times below its sides"),
    );
    claims.extend(link_claims(
        settings,
        &runs.rows_where("link", "logistic")?,
    )?);
    Ok(Claims(claims))
}

/// "Are there examples of S-curves that can't be thought of as learning a multi-component task?"
fn link_claims(settings: &OneComponent, linked: &Table) -> Result<Vec<Claim>> {
    const SOURCE: &str = "Questions";
    const QUESTION: &str = "are there S-curves that are not those of a multi-component task?";
    let scalar = linked.rows_where("n", settings.sizes[0])?;
    let (depth, plateau) = (scalar.f64s("depth")?, scalar.f64s("plateau")?);
    let deepest = settings.depths.iter().copied().fold(0.0, f64::max);
    let deep: Vec<f64> = depth
        .iter()
        .zip(&plateau)
        .filter(|(d, _)| **d == deepest)
        .map(|(_, p)| *p)
        .collect();
    let found = deep.iter().filter(|p| **p > 0.0).count();
    let share = stats::share(found, deep.len());
    let mut claims = vec![
        Claim::new(
            "link-s-curve",
            SOURCE,
            QUESTION,
            "yes: share of runs with a plateau behind a logistic link above ½",
            share,
        )
        .verdict(Verdict::above(share, 0.5))
        .note(format!(
            "one parameter, start at θ = −{deepest}: the plateau is the link's flat side"
        )),
    ];
    // Where the start is flat: at d = 2 the curve has only begun to bend.
    let pairs = depth
        .iter()
        .zip(&plateau)
        .filter(|(d, p)| **d >= 3.0 && **p > 0.0);
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.map(|(d, p)| (*d, p.ln())).unzip();
    let slope = stats::linear_fit(&x, &y).slope;
    claims.push(
        Claim::new(
            "link-plateau-law",
            SOURCE,
            QUESTION,
            "a plateau of about e^d / a: slope 1 of ln length against depth d",
            slope,
        )
        .verdict(Verdict::within(slope, 0.9, 1.1))
        .note("least squares over all seeds with d ≥ 3; the limit d → ∞ has slope 1"),
    );
    Ok(claims)
}
