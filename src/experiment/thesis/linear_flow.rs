//! Gradient flow of a linear model (Eq. 1.26), and where it ends (A.2).
//!
//! Features are sines with $\rho_k = k^{-1.5}$ behind a random rotation O, so that they overlap. Two roads to the exact curve that do not use it: the equations of the weights under the whole measure
//! (moments by quadrature, solved adaptively), and gradient descent on n samples.
//!
//! Table `curves` (seed 0): `k`, `t`, `exact` ($\langle e_k|f\rangle$ by 1.26), `equations`, `trained` (descent on the most samples).
//!
//! Table `errors`, by seed: `samples`, `error` (root mean square difference of descent on n samples from the exact curve, over modes and times).
//!
//! Table `checks`, by seed: `name`, `value`: `equations` (largest difference of the solved equations from 1.26, over the largest coefficient), `pace_K` (ln 2 over ρ_K times the time at which mode K has half its value),
//! `order` (of the descent's error in the learning rate), `least_norm` (relative difference of descent from w = 0 with n < p and the pseudo-inverse), `from_elsewhere` (the same for a random
//! start), `nearest` (relative difference of that end from the point of A.8), `norm_ratio` (‖w‖ from elsewhere over the least), `interpolates` (largest error on the samples).

mod least_norm;
mod report;

use super::numbers::{even, named};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::linalg;
use crate::model::linear::{Basis, LinearModel, Regression};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2, ArrayView1, Axis};

settings! {
    /// Settings of the gradient flow of a linear model.
    pub struct LinearFlow {
        /// Features.
        modes: usize = 4, 5, 8;
        /// Numbers of training samples, ascending.
        samples: Vec<usize> = vec![100, 400, 1600], vec![100, 400, 1600, 6400], vec![100, 400, 1600, 6400, 25_600];
        /// Learning rate of the descent.
        learning_rate: f64 = 0.02, 0.01, 0.01;
        /// Time at which training ends.
        end: f64 = 20.0, 30.0, 60.0;
        /// Features of the overparameterised model.
        wide: usize = 40, 60, 200;
        /// Its training samples, fewer.
        few: usize = 10, 15, 40;
        /// Steps of its descent, at a rate of 1 over the largest curvature.
        steps: usize = 3000, 3000, 10_000;
        /// Number of seeds.
        seeds: u64 = 2, 64, 64;
    }
}

/// Records of a curve.
const TIMES: usize = 61;

impl Experiment for LinearFlow {
    const INFO: Info = Info {
        id: "thesis/gradient-flow",
        title: "Gradient flow learns each mode at its own intensity and ends at the least norm",
        document: Document::Thesis,
        section: "§1.5.1, App. A.2",
        notebook: "thesis/01-linear-models",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("modes", self.modes, 2, 50)?;
        distinct("samples", &self.samples)?;
        if self.samples.len() < 3 || !self.samples.is_sorted() || self.samples[0] < self.modes {
            let given = format!("{:?}", self.samples);
            let allowed = "three numbers or more, ascending, each at least the number of modes";
            return Err(Error::setting("samples", given, allowed));
        }
        positive("end", self.end)?;
        if !(self.learning_rate > 0.0 && self.learning_rate <= 0.1) {
            let allowed =
                "a number above 0 and at most 0.1: the exact curve is that of small steps";
            return Err(Error::setting("learning_rate", self.learning_rate, allowed));
        }
        whole("wide", self.wide, 4, 5000)?;
        whole("few", self.few, 2, self.wide / 2)?;
        whole("steps", self.steps, 100, 10_000_000)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let setup = Setup::new(self, seed)?;
        let model = &setup.model;
        let exact = model.modes(&setup.target, &setup.times)?;
        let equations = setup.equations()?;
        let mut errors = Vec::new();
        let mut trained = exact.clone();
        for &n in &self.samples {
            progress.check()?;
            trained = self.trained(&setup, n, seed)?;
            let square = (&trained - &exact).mapv(|d| d * d).mean();
            errors.push(square.unwrap_or(f64::NAN).sqrt());
        }
        let largest = setup.target.iter().fold(0.0f64, |m, c| m.max(c.abs()));
        let apart = (&equations - &exact)
            .iter()
            .fold(0.0f64, |m, d| m.max(d.abs()))
            / largest;
        let mut checks = vec![
            ("equations".to_string(), apart),
            ("order".into(), self.order(&setup, seed)?),
        ];
        for (k, rho) in model.intensity().iter().enumerate() {
            let half = half_time(&setup.times, trained.column(k), setup.target[k]);
            checks.push((format!("pace_{}", k + 1), 2f64.ln() / (rho * half)));
        }
        for (name, value) in self.least_norm(seed)? {
            checks.push((name.into(), value));
        }
        let checks: Vec<(&str, f64)> = checks.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        let mut tables = Tables::new();
        tables.insert("checks".into(), named(&checks)?);
        let table = Table::new()
            .with("samples", self.samples.clone())?
            .with("error", errors)?;
        tables.insert("errors".into(), table);
        if seed.0 == 0 {
            let curves = (0..self.modes).map(|k| {
                Table::new()
                    .with("t", setup.times.clone())?
                    .with("exact", exact.column(k).to_vec())?
                    .with("equations", equations.column(k).to_vec())?
                    .with("trained", trained.column(k).to_vec())?
                    .led_by("k", k as i64 + 1)
            });
            let curves = Table::concat(curves.collect::<Result<_>>()?)?;
            tables.insert("curves".into(), curves);
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

/// A target and features of a seed.
struct Setup {
    model: LinearModel,
    turn: Array2<f64>,
    target: Vec<f64>,
    times: Vec<f64>,
}

impl Setup {
    fn new(of: &LinearFlow, seed: Seed) -> Result<Self> {
        let p = of.modes;
        Ok(Self {
            model: LinearModel::powers(Basis::Sine, p, -1.5)?,
            turn: linalg::qr(&seed.normal("turn", p, p))?.0,
            // Of one size, so that each mode's half can be seen.
            target: seed
                .normal("target", 1, p)
                .iter()
                .map(|x| x.signum())
                .collect(),
            times: even(of.end, TIMES),
        })
    }

    /// Φ_i = Σ_j O_ij √ρ_j e_j (Eq. 1.27).
    fn features(&self, x: &[f64]) -> Array2<f64> {
        self.model.features(x).dot(&self.turn.t())
    }

    fn wanted(&self, x: &[f64]) -> Array1<f64> {
        let e = self.model.basis().evaluate(x, self.model.len());
        e.dot(&ArrayView1::from(&self.target))
    }

    /// ⟨e_k|f⟩ = √ρ_k θ_k with θ = Oᵀw.
    fn coefficients(&self, w: ArrayView1<f64>) -> Array1<f64> {
        let roots: Array1<f64> = self.model.intensity().iter().map(|r| r.sqrt()).collect();
        self.turn.t().dot(&w) * roots
    }

    /// dw/dt = −(E[ΦΦᵀ] w − E[Φ f*]), solved; T × p.
    fn equations(&self) -> Result<Array2<f64>> {
        let p = self.model.len();
        let (x, weights) = self.model.basis().quadrature(10 * p + 20)?;
        let phi = self.features(&x);
        let weighted = &phi * &Array1::from(weights).insert_axis(Axis(1));
        let (moment, pull) = (phi.t().dot(&weighted), weighted.t().dot(&self.wanted(&x)));
        let path = Flow::new(1e-12).integrate(
            |_, w, velocity| {
                let step = &pull - &moment.dot(&ArrayView1::from(w));
                velocity.iter_mut().zip(&step).for_each(|(to, x)| *to = *x);
            },
            &vec![0.0; p],
            &self.times,
        )?;
        let mut coefficients = Array2::zeros((TIMES, p));
        for (mut row, w) in coefficients.rows_mut().into_iter().zip(path.states.rows()) {
            row.assign(&self.coefficients(w));
        }
        Ok(coefficients)
    }
}

impl LinearFlow {
    /// ⟨e_k|f⟩ of gradient descent on n samples at the times; T × p.
    fn trained(&self, setup: &Setup, n: usize, seed: Seed) -> Result<Array2<f64>> {
        let x = setup.model.basis().sample(n, seed);
        let data = Regression::new(setup.features(&x), setup.wanted(&x).to_vec())?;
        let mut w: Array1<f64> = Array1::zeros(self.modes);
        let mut rows = Array2::zeros((TIMES, self.modes));
        let mut done = 0;
        for (mut row, t) in rows.rows_mut().into_iter().zip(&setup.times) {
            let step = (t / self.learning_rate).round() as usize;
            w = data.descend_from(&w, self.learning_rate, step - done)?;
            done = step;
            row.assign(&setup.coefficients(w.view()));
        }
        Ok(rows)
    }

    /// By how much the descent's difference from the flow on the same samples falls with half the learning rate, as a power of 2.
    fn order(&self, setup: &Setup, seed: Seed) -> Result<f64> {
        let x = setup.model.basis().sample(self.samples[0], seed);
        let data = Regression::new(setup.features(&x), setup.wanted(&x).to_vec())?;
        let zero = Array1::zeros(self.modes);
        // A time at which no mode has arrived; both rates divide it.
        let steps = 100;
        let flow = data.flow()?.at(self.learning_rate * steps as f64)?;
        let error = |parts: usize| -> Result<f64> {
            let rate = self.learning_rate / parts as f64;
            let apart = data.descend_from(&zero, rate, steps * parts)? - &flow;
            Ok(apart.dot(&apart).sqrt())
        };
        Ok((error(1)? / error(2)?).log2())
    }
}

/// When a curve first has half of `value`, between records by a straight line in ln(1 − c/value), which is one for Eq. 1.26.
fn half_time(times: &[f64], curve: ArrayView1<f64>, value: f64) -> f64 {
    let left: Vec<f64> = curve.iter().map(|c| 1.0 - c / value).collect();
    let Some(i) = left.iter().position(|l| *l <= 0.5) else {
        return f64::NAN;
    };
    let (a, b) = (left[i - 1].ln(), left[i].max(1e-300).ln());
    times[i - 1] + (times[i] - times[i - 1]) * (0.5f64.ln() - a) / (b - a)
}
