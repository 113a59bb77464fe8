//! Theorem 1: the scalar linear network from any start (Eq. 6.10–6.14), against its equations, gradient descent and its printed form.
//!
//! Starts are Gaussian of several sizes: `rich` (small), `even` (of the target's size), `lazy` (Z = √p), `beyond` (S below θ(0), so γ falls), `negative` (S < 0).
//!
//! Table `curves` (seed 0): `start`, `t`, `gamma` (Theorem 1, corrected), `solved` (from the equations), `printed` (Eq. 6.12 as printed), `theta`.
//!
//! Table `starts`, by seed: `start`, `gamma_limit` ($\gamma_+$), `solved_limit`, `low`, `high` (its bounds), `error` (largest relative difference of γ from the
//! equations), `weights` (the same of all $a_i, b_i$, over the largest), `printed` (as `error`, of 6.12 as printed), `pace` (late rate of $\ln|\theta - S|$ of the equations, over
//! $2R/Z$), `monotone` (1 or 0), `rising` (1 when γ rises), `expected_rising` ($S > \mathcal S_0$), `order` (of gradient descent's error in the learning rate).
//!
//! Table `digits` (seed 0): `delta` (with a = −b(1 − δ), p = 1, at θ = .9 S), `printed` and `stable`: relative error of γ by $\Sigma_0 \pm \mathcal S_0$ as printed and by sums of squares.

mod report;

use super::numbers::even;
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::layerwise::{Growth, ScalarNet};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;
use crate::trace::Schedule;

settings! {
    /// Settings of Theorem 1.
    pub struct AnyStart {
        /// Width p.
        width: usize = 20, 100, 1000;
        /// Target scale S; `negative` has −S, and `beyond` a tenth of θ(0).
        target: f64 = 1.0, 1.0, 1.0;
        /// Times at which the equations are compared.
        times: usize = 12, 40, 100;
        /// δ of the start a = −b(1 − δ), descending.
        deltas: Vec<f64> = vec![0.1, 1e-4, 1e-7], vec![0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7], vec![0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7];
        /// Steps of the coarser gradient descent.
        steps: usize = 500, 2000, 4000;
        /// Number of seeds; a seed is a start.
        seeds: u64 = 2, 16, 64;
    }
}

/// Names of the starts.
const STARTS: [&str; 5] = ["rich", "even", "lazy", "beyond", "negative"];

impl AnyStart {
    fn net(&self, start: &str, seed: Seed) -> Result<ScalarNet> {
        let (p, s) = (self.width, self.target);
        let width = p as f64;
        match start {
            "rich" => ScalarNet::gaussian(p, 0.01 / width.sqrt(), s, 1.0, seed),
            "even" => ScalarNet::gaussian(p, 1.0 / width.sqrt(), s, 1.0, seed),
            "lazy" => ScalarNet::gaussian(p, 1.0, s, width.sqrt(), seed),
            "beyond" => {
                // Mostly aligned weights, so that θ(0) is well above S.
                let normal = seed.normal("init", 2, p) * 0.3;
                let [a, b] = [0, 1].map(|k| normal.row(k).mapv(|x| 1.0 + x).to_vec());
                let first = ScalarNet::new(a.clone(), b.clone(), s, width)?;
                ScalarNet::new(a, b, 0.1 * first.growth().start(), width)
            }
            _ => ScalarNet::gaussian(p, 0.3 / width.sqrt(), -s, 1.0, seed),
        }
    }
}

impl Experiment for AnyStart {
    const INFO: Info = Info {
        id: "thesis/theorem-1",
        title: "Theorem 1: a linear network from any start, exactly",
        document: Document::Thesis,
        section: "§6.3",
        notebook: "thesis/10-lazy-and-rich",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("width", self.width, 2, 1_000_000)?;
        positive("target", self.target)?;
        whole("times", self.times, 5, 10_000)?;
        whole("steps", self.steps, 100, 10_000_000)?;
        distinct("deltas", &self.deltas)?;
        for (i, delta) in self.deltas.iter().enumerate() {
            if !(*delta >= 1e-7 && *delta < 1.0) {
                return Err(Error::setting(
                    format!("deltas[{i}]"),
                    delta,
                    "a number from 1e-7 to below 1: for smaller ones 1 − δ itself is rounded",
                ));
            }
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        let (mut rows, mut curves) = (Vec::new(), Vec::new());
        for start in STARTS {
            progress.check()?;
            let net = self.net(start, seed)?;
            let solved = Solved::new(&net, self.times)?;
            rows.push(self.row(&net, &solved)?);
            if seed.0 == 0 {
                curves.push(solved.curve(&net)?.led_by("start", start)?);
            }
        }
        let mut table = Table::new().with("start", STARTS.to_vec())?;
        for (k, name) in COLUMNS.iter().enumerate() {
            table = table.with(name, rows.iter().map(|r| r[k]).collect::<Vec<f64>>())?;
        }
        tables.insert("starts".into(), table);
        if seed.0 == 0 {
            tables.insert("curves".into(), Table::concat(curves)?);
            tables.insert("digits".into(), self.digits()?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(outcome)
    }
}

const COLUMNS: [&str; 12] = [
    "gamma_limit",
    "solved_limit",
    "low",
    "high",
    "error",
    "weights",
    "printed",
    "pace",
    "monotone",
    "rising",
    "expected_rising",
    "order",
];

/// The 2p equations, solved adaptively.
struct Solved {
    times: Vec<f64>,
    /// γ = ((Σ u_i(t) u_i(0)) / Σ u_i(0)²)² with u = a + b.
    gamma: Vec<f64>,
    theta: Vec<f64>,
    /// Largest difference of any weight from Eq. 6.10 and 6.11, over the largest weight.
    weights: f64,
}

impl Solved {
    fn new(net: &ScalarNet, records: usize) -> Result<Self> {
        let growth = net.growth();
        // Until the distance from the target has fallen by e^−16 or so.
        let end = growth.log_gamma_limit().abs() / (2.0 * growth.root() * growth.rate()).max(1e-12)
            + 8.0 / (growth.root() * growth.rate());
        let times = even(end, records);
        let p = net.width();
        let start = [net.a(), net.b()].concat();
        let sum: f64 = net
            .a()
            .iter()
            .zip(net.b())
            .map(|(a, b)| (a + b).powi(2))
            .sum();
        let (s, z) = (net.target(), net.normalisation());
        let (mut gamma, mut theta, mut weights) = (Vec::new(), Vec::new(), 0.0f64);
        let mut failed = Ok(());
        let solver = Flow {
            atol: 1e-17,
            ..Flow::new(1e-12)
        };
        let value = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / z;
        solver.observe(
            |_, x, velocity| {
                let (a, b) = x.split_at(p);
                let pull = (s - value(a, b)) / z;
                let (to_a, to_b) = velocity.split_at_mut(p);
                to_a.iter_mut().zip(b).for_each(|(v, b)| *v = pull * b);
                to_b.iter_mut().zip(a).for_each(|(v, a)| *v = pull * a);
            },
            &start,
            &times,
            |t, x| {
                let (a, b) = x.split_at(p);
                let pairs = a.iter().zip(b).zip(net.a().iter().zip(net.b()));
                let both: f64 = pairs.map(|((a, b), (a0, b0))| (a + b) * (a0 + b0)).sum();
                gamma.push((both / sum).powi(2));
                theta.push(value(a, b));
                match net.parameters(t) {
                    Ok((a1, b1)) => {
                        let largest = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                        let apart = x
                            .iter()
                            .zip(a1.iter().chain(&b1))
                            .map(|(x, y)| (x - y).abs());
                        weights = apart.fold(weights * largest, f64::max) / largest;
                    }
                    Err(e) => failed = Err(e),
                }
            },
        )?;
        failed?;
        Ok(Self {
            times,
            gamma,
            theta,
            weights,
        })
    }

    fn curve(&self, net: &ScalarNet) -> Result<Table> {
        let growth = net.growth();
        let of = |f: &dyn Fn(f64) -> f64| self.times.iter().map(|t| f(*t)).collect::<Vec<f64>>();
        Table::new()
            .with("t", self.times.clone())?
            .with("gamma", of(&|t| growth.gamma(t)))?
            .with("solved", self.gamma.clone())?
            .with("printed", of(&|t| growth.gamma_as_printed(t)))?
            .with("theta", self.theta.clone())
    }
}

impl AnyStart {
    fn row(&self, net: &ScalarNet, solved: &Solved) -> Result<[f64; 12]> {
        let growth = net.growth();
        let worst = |form: &dyn Fn(f64) -> f64| {
            let pairs = solved.times.iter().zip(&solved.gamma);
            pairs
                .map(|(t, g)| (form(*t) / g - 1.0).abs())
                .fold(0.0, f64::max)
        };
        let (low, high) = growth.gamma_bounds();
        let steps = || solved.gamma.windows(2).map(|w| w[1] - w[0]);
        let last = solved.gamma[solved.gamma.len() - 1];
        let rising = last > 1.0;
        // Rounding near the end is no turn.
        let slack = 1e-9 * last.max(1.0);
        let monotone = steps().all(|d| if rising { d >= -slack } else { d <= slack });
        Ok([
            growth.gamma_limit(),
            last,
            low,
            high,
            worst(&|t| growth.gamma(t)),
            solved.weights,
            worst(&|t| growth.gamma_as_printed(t)),
            pace(net, solved),
            f64::from(monotone),
            f64::from(rising),
            f64::from(net.target() > growth.start()),
            self.order(net)?,
        ])
    }

    /// By how much the error of gradient descent falls with half the learning rate, as a power of 2.
    fn order(&self, net: &ScalarNet) -> Result<f64> {
        let growth = net.growth();
        let half = 0.5 * (growth.start() + net.target());
        let end = growth.time_to(half).unwrap_or(1.0);
        let exact = growth.theta(end);
        let error = |steps: usize| -> Result<f64> {
            let run = net.descend(end / steps as f64, steps, &Schedule::Every { steps })?;
            Ok((run.final_theta() - exact).abs())
        };
        Ok((error(self.steps)? / error(2 * self.steps)?).log2())
    }

    /// One pair a = −(1 − δ), b = 1: how many digits each form of 6.12 keeps.
    fn digits(&self) -> Result<Table> {
        let s = self.target;
        let mut rows = Vec::new();
        for &delta in &self.deltas {
            let (a, b) = (-(1.0 - delta), 1.0);
            let (p, m) = (0.25 * (a + b) * (a + b), 0.25 * (a - b) * (a - b));
            let growth = Growth::new(p, m, s, 1.0)?;
            let t = growth.time_to(0.9 * s).unwrap_or(1.0);
            // In u = a + b and v = a − b nothing cancels: the reference.
            let solver = Flow {
                atol: 1e-30,
                ..Flow::new(1e-13)
            };
            let path = solver.integrate(
                |_, x, dx| {
                    let left = 0.25 * (x[0] * x[0] - x[1] * x[1]) - s;
                    dx[0] = -left * x[0];
                    dx[1] = left * x[1];
                },
                &[a + b, a - b],
                &[t],
            )?;
            let gamma = (path.states[[0, 0]] / (a + b)).powi(2);
            let stable = growth.gamma(t);
            rows.push([
                delta,
                (as_typed(a, b, s, t) / gamma - 1.0).abs(),
                (stable / gamma - 1.0).abs(),
            ]);
        }
        let column = |k: usize| rows.iter().map(|r| r[k]).collect::<Vec<f64>>();
        Table::new()
            .with("delta", column(0))?
            .with("printed", column(1))?
            .with("stable", column(2))
    }
}

/// Eq. 6.12 term by term for p = Z = 1, with the right exponent.
fn as_typed(a: f64, b: f64, s: f64, t: f64) -> f64 {
    let (start, weight) = (a * b, 0.5 * (a * a + b * b));
    let root = (weight * weight - start * start + s * s).sqrt();
    let e = (-2.0 * root * t).exp();
    let above = weight - start + s + root + (-weight + start - s + root) * e;
    let below = weight + start - s + root + (-weight - start + s + root) * e;
    above / below
}

/// The rate at which ln |θ − S| falls late in the solution, over 2R/Z.
fn pace(net: &ScalarNet, solved: &Solved) -> f64 {
    let first = (solved.theta[0] - net.target()).abs();
    let late = solved
        .times
        .iter()
        .zip(&solved.theta)
        .filter_map(|(t, theta)| {
            let left = (theta - net.target()).abs() / first;
            (1e-6..1e-2).contains(&left).then(|| (*t, left.ln()))
        });
    let (t, log): (Vec<f64>, Vec<f64>) = late.unzip();
    if t.len() < 2 {
        return f64::NAN;
    }
    let growth = net.growth();
    -stats::linear_fit(&t, &log).slope.value / (2.0 * growth.root() * growth.rate())
}
