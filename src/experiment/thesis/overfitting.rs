//! What Fig. 1.3 and 1.5 share: d strong and p − d weak sines fitted to n noisy samples of one sine, with both tails of intensities, split into head and tail and into signal
//! and noise.
//!
//! Least squares are linear in the labels, so the fit is the sum of that of the signal and that of the noise.

pub(super) mod figures;

use super::numbers::ratios;
use super::spikes::{abscissae, head, middles, spikes};
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Outcome, Progress, Tables};
use crate::metric::feature::Learnability;
use crate::model::linear::{Basis, LinearFit, LinearModel, SampleFlow};
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;
use ndarray::{Array1, Array2, s};
use std::f64::consts::FRAC_1_SQRT_2;

/// The two tails by name: n/(p − d) as printed, 1/(p − d) corrected.
pub(super) const TAILS: [&str; 2] = ["printed", "corrected"];

/// What is fitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overfitting {
    pub d: usize,
    pub samples: usize,
    pub features: usize,
    /// k of the target sin 2πkx.
    pub frequency: usize,
    pub noise: f64,
    /// Times of the flow.
    pub times: usize,
}

/// Samples of seed 0's table, and every seed's data.
struct Data {
    x: Vec<f64>,
    signal: Vec<f64>,
    noise: Vec<f64>,
    y: Vec<f64>,
}

impl Overfitting {
    /// The checks of both experiments' settings.
    pub(super) fn validate(&self) -> Result<()> {
        whole("d", self.d, 1, 1000)?;
        whole("samples", self.samples, self.d + 2, 2000)?;
        whole(
            "features",
            self.features,
            self.samples + self.d + 1,
            100_000,
        )?;
        whole("frequency", self.frequency, 1, self.features)?;
        whole("times", self.times, 10, 10_000)?;
        positive("noise", self.noise)
    }

    /// The tail's intensity.
    pub(super) fn tail(&self, name: &str) -> f64 {
        let left = (self.features - self.d) as f64;
        if name == "printed" {
            self.samples as f64 / left
        } else {
            1.0 / left
        }
    }

    /// The end of the time window in which the signal alone is to be fitted: (p − d)/n as printed, n corrected.
    pub(super) fn window(&self, name: &str) -> f64 {
        let n = self.samples as f64;
        if name == "printed" {
            (self.features - self.d) as f64 / n
        } else {
            n
        }
    }

    fn model(&self, tail: &str) -> Result<LinearModel> {
        LinearModel::head_and_tail(Basis::Sine, self.d, self.features, self.tail(tail))
    }

    /// ⟨e_k|f*⟩: sin 2πkx is e_k/√2.
    fn target(&self) -> Array1<f64> {
        let mut target = Array1::zeros(self.features);
        target[self.frequency - 1] = FRAC_1_SQRT_2;
        target
    }

    /// The target.
    fn sine(&self, x: &[f64]) -> Array1<f64> {
        let wave = std::f64::consts::TAU * self.frequency as f64;
        x.iter().map(|x| (wave * x).sin()).collect()
    }

    fn data(&self, seed: Seed) -> Data {
        let x = Basis::Sine.sample(self.samples, seed);
        let signal = self.sine(&x).to_vec();
        let noise = seed
            .normal("noise", self.samples, 1)
            .into_iter()
            .map(|e| e * self.noise)
            .collect::<Vec<_>>();
        let y = signal.iter().zip(&noise).map(|(f, e)| f + e).collect();
        Data {
            x,
            signal,
            noise,
            y,
        }
    }

    /// Tables `runs` and `flow`, and of seed 0 `curves` and `samples`.
    pub(super) fn run(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let data = self.data(seed);
        let (mut runs, mut flows, mut curves) = (Vec::new(), Vec::new(), Vec::new());
        for tail in TAILS {
            progress.check()?;
            let fitted = Fitted::new(self, tail, &data)?;
            let flow = fitted.flow(self, tail)?;
            runs.push(fitted.row(self, tail, &flow)?);
            flows.push(flow.led_by("tail", tail)?);
            if seed.0 == 0 {
                curves.push(fitted.curves(self)?.led_by("tail", tail)?);
            }
        }
        let mut tables = Tables::new();
        let columns = (0..COLUMNS.len()).map(|k| runs.iter().map(|r| r[k]).collect::<Vec<f64>>());
        let mut table = Table::new().with("tail", TAILS.to_vec())?;
        for (name, values) in COLUMNS.iter().zip(columns) {
            table = table.with(name, values)?;
        }
        tables.insert("runs".into(), table);
        tables.insert("flow".into(), Table::concat(flows)?);
        if seed.0 == 0 {
            tables.insert("curves".into(), Table::concat(curves)?);
            let samples = Table::new()
                .with("x", data.x)?
                .with("y", data.y)?
                .with("noise", data.noise)?;
            tables.insert("samples".into(), samples);
        }
        Ok(tables)
    }
}

/// The columns of `runs` after `tail`.
pub(super) const COLUMNS: [&str; 20] = [
    "residual",
    "test_error",
    "expected_error",
    "signal_error",
    "noise_error",
    "head_error",
    "tail_energy",
    "head_learned",
    "tail_learned",
    "head_expected",
    "tail_expected",
    "rest_and_noise",
    "near",
    "at_samples",
    "covered",
    "off_target",
    "off_head",
    "separation",
    "noise_time",
    "off_regression",
];

/// Fits to one data set with one tail.
struct Fitted<'a> {
    data: &'a Data,
    model: LinearModel,
    features: Array2<f64>,
    target: Array1<f64>,
    signal: SampleFlow,
    noise: SampleFlow,
    whole: LinearFit,
}

impl<'a> Fitted<'a> {
    fn new(of: &Overfitting, tail: &str, data: &'a Data) -> Result<Self> {
        let model = of.model(tail)?;
        Ok(Self {
            features: model.features(&data.x),
            target: of.target(),
            signal: model.flow(&data.x, &data.signal)?,
            noise: model.flow(&data.x, &data.noise)?,
            whole: model.interpolate(&data.x, &data.y)?,
            data,
            model,
        })
    }

    fn at_samples(&self, fit: &LinearFit) -> Array1<f64> {
        self.features.dot(fit.weights())
    }

    /// The mean over head functions and that over as many next ones of the share ⟨f̂|e_k⟩ that is learned of a target e_k.
    fn learned(&self, d: usize) -> Result<[f64; 2]> {
        let e = Basis::Sine.evaluate(&self.data.x, 2 * d);
        let mut sums = [0.0; 2];
        for k in 0..2 * d {
            let fit = self
                .model
                .interpolate(&self.data.x, &e.column(k).to_vec())?;
            sums[k / d] += fit.coefficients()[k] / d as f64;
        }
        Ok(sums)
    }

    /// `t`, `signal` and `noise` (shares that are fitted), `test_error`, `train_error`.
    fn flow(&self, of: &Overfitting, tail: &str) -> Result<Table> {
        let n = self.data.x.len() as f64;
        let energy: f64 = self.data.noise.iter().map(|e| e * e).sum();
        let k = of.frequency - 1;
        let mut times = ratios(0.01, 100.0 * n, of.times);
        // The middle of the window, so that claims need no interpolation.
        times.push(of.window(tail).sqrt());
        times.sort_by(f64::total_cmp);
        let mut columns: [Vec<f64>; 4] = Default::default();
        for t in &times {
            let (signal, noise) = (self.signal.at(*t)?, self.noise.at(*t)?);
            let fitted = self.at_samples(&noise);
            let both = self.at_samples(&signal) + &fitted;
            let inner: f64 = fitted
                .iter()
                .zip(&self.data.noise)
                .map(|(f, e)| f * e)
                .sum();
            let apart = signal.coefficients() + noise.coefficients() - &self.target;
            let left = both.iter().zip(&self.data.y).map(|(f, y)| (f - y).powi(2));
            columns[0].push(signal.coefficients()[k] / self.target[k]);
            columns[1].push(inner / energy);
            columns[2].push(apart.dot(&apart));
            columns[3].push(left.sum::<f64>() / n);
        }
        let [signal, noise, test, train] = columns;
        Table::new()
            .with("t", times)?
            .with("signal", signal)?
            .with("noise", noise)?
            .with("test_error", test)?
            .with("train_error", train)
    }

    fn row(&self, of: &Overfitting, tail: &str, flow: &Table) -> Result<[f64; COLUMNS.len()]> {
        let (d, data) = (of.d, self.data);
        let fitted = self.at_samples(&self.whole);
        let residual = fitted.iter().zip(&data.y).map(|(f, y)| (f - y).abs());
        let target = self.target.to_vec();
        let theory = Learnability::new(self.model.intensity(), of.samples)?;
        let c = self.whole.coefficients();
        let (strong, weak) = (c.slice(s![..d]), c.slice(s![d..]));
        let off_head = &strong - &self.target.slice(s![..d]);
        // What the head cannot express of the target counts as its error.
        let beyond: f64 = self.target.slice(s![d..]).iter().map(|c| c * c).sum();
        let noise = self.noise.end();
        let learned = self.learned(d)?;
        let rest = self.whole.part(d..of.features)?;
        let at = middles(of.features);
        let rest_at = rest.predict(&at);
        let found = spikes(&data.x, &rest_at);
        let target_at = of.sine(&at);
        let off_target = &head(c, d, &at) + &rest_at - &target_at;
        let typical = |values: &Array1<f64>| {
            stats::quantile(&values.iter().map(|v| v.abs()).collect::<Vec<_>>(), 0.5)
        };
        let (t, signal_share, noise_share) =
            (flow.f64s("t")?, flow.f64s("signal")?, flow.f64s("noise")?);
        let middle = of.window(tail).sqrt();
        let now = t.partition_point(|t| *t < middle);
        let early = self.signal.at(middle)?.coefficients() + self.noise.at(middle)?.coefficients();
        let regression = LinearModel::powers(Basis::Sine, d, 0.0)?.interpolate(&data.x, &data.y)?;
        let regression = regression.coefficients();
        let apart = &early.slice(s![..d]) - regression;
        Ok([
            residual.fold(0.0, f64::max),
            self.whole.test_error(&target),
            theory.test_error(&target, of.noise),
            self.signal.end().test_error(&target),
            noise.coefficients().dot(noise.coefficients()),
            off_head.dot(&off_head) + beyond,
            weak.dot(&weak),
            learned[0],
            learned[1],
            theory.learnability[0],
            theory.learnability[d],
            correlation(&self.at_samples(&rest).to_vec(), &data.noise),
            found.near,
            found.at_samples,
            found.covered,
            typical(&off_target),
            typical(&rest_at),
            signal_share[now] - noise_share[now],
            crossing(&t, &noise_share, 0.5),
            (apart.dot(&apart) / regression.dot(regression)).sqrt(),
        ])
    }

    /// `x`, `learned`, `head`, `rest`, `target`.
    fn curves(&self, of: &Overfitting) -> Result<Table> {
        let x = abscissae(&self.data.x, of.features, 300);
        let c = self.whole.coefficients();
        let head = head(c, of.d, &x);
        let rest = self.whole.part(of.d..of.features)?.predict(&x);
        let target = of.sine(&x);
        Table::new()
            .with("x", x)?
            .with("learned", (&head + &rest).to_vec())?
            .with("head", head.to_vec())?
            .with("rest", rest.to_vec())?
            .with("target", target.to_vec())
    }
}

/// Pearson's correlation.
pub(super) fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(x), mean(y));
    let pairs = || x.iter().zip(y).map(|(x, y)| (x - mx, y - my));
    let [xy, xx, yy] = pairs().fold([0.0; 3], |[xy, xx, yy], (x, y)| {
        [xy + x * y, xx + x * x, yy + y * y]
    });
    xy / (xx * yy).sqrt()
}

/// Where a rising curve over t crosses `level`, log-linear between records.
fn crossing(t: &[f64], y: &[f64], level: f64) -> f64 {
    match (1..t.len()).find(|i| y[*i] >= level && y[*i - 1] < level) {
        Some(i) => {
            let part = (level - y[i - 1]) / (y[i] - y[i - 1]);
            (t[i - 1].ln() + part * (t[i] / t[i - 1]).ln()).exp()
        }
        None => f64::NAN,
    }
}

/// A column of `runs` with one tail, over seeds.
pub(super) fn column(outcome: &Outcome, tail: &str, name: &str) -> Result<Vec<f64>> {
    outcome.table("runs")?.rows_where("tail", tail)?.f64s(name)
}

/// f* is a sine: ∫ f*² = ½.
pub(super) const TARGET_ENERGY: f64 = 0.5;

/// Refuses a frequency outside `from ..= to`, with what it means.
pub(super) fn frequency_within(k: usize, from: usize, to: usize, why: &str) -> Result<()> {
    if (from..=to).contains(&k) {
        return Ok(());
    }
    Err(Error::setting(
        "frequency",
        k,
        format!("a whole number from {from} to {to}, {why}"),
    ))
}
