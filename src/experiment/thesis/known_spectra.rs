//! Empirical eigenfunctions where the spectrum is known (Algorithm 1, Eq. 1.33, 1.34), and measures of features as printed and corrected (Eq. 2.3, 2.5).
//!
//! Feature maps: `sine` and `hermite` (orthogonal, $\rho_k = k^{-2}$), and `kernel`, a Gaussian kernel under a Gaussian measure, whose features overlap and whose spectrum is Mehler's.
//!
//! Table `errors`, by seed: `map`, `samples` n, `intensity` (root mean square over the first modes of $\hat\rho_k/\rho_k - 1$), `function` (of $\hat e_k - e_k$ over modes and the measure, by quadrature),
//! `fitted` and `held_out` (largest and root mean square entry of $\langle\hat e_j|\hat e_k\rangle - \delta_{jk}$ on the fitting set and on n fresh samples), `quality` (largest error of Eq. 1.34 on the
//! fresh samples for a target with known coefficients), `norm` and `norm_as_printed` (mean of $\hat e_k^2$ on fresh samples), `scale` and `scale_as_printed` ($\hat\rho_1/\rho_1$).
//!
//! Table `checks`, by seed: `name`, `value`: `forms_balanced`, `forms_unbalanced` (largest difference of the two forms of Eq. 2.3 over k), `quality_sum_held_out` (Σ_k Q_k on few fresh samples),
//! `utilization_sum`, `utilization_sum_as_printed`, `utilization_sum_held_out` (Σ_k of Eq. 2.5, corrected and as printed, on the fitting set).
//!
//! Table `functions` (seed 0): `map`, `samples`, `k`, `x`, `estimate`, `exact`.

mod report;
mod shares;

use super::numbers::even;
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::eigenfunction::{Eigenfunctions, Gram};
use crate::model::linear::{Basis, GaussianKernel, LinearModel};
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2, s};

settings! {
    /// Settings of empirical eigenfunctions of known spectra.
    pub struct KnownSpectra {
        /// Numbers of samples n, ascending.
        samples: Vec<usize> = vec![500, 2000, 8000], vec![250, 1000, 4000, 16_000, 64_000], vec![250, 1000, 4000, 16_000, 64_000, 256_000];
        /// Modes that are compared.
        modes: usize = 4, 4, 4;
        /// Length ℓ of the Gaussian kernel, over the standard deviation of its inputs.
        length: f64 = 1.0, 1.0, 1.0;
        /// Features of the Gaussian kernel.
        features: usize = 40, 60, 60;
        /// Classes of the task on which Eq. 2.3 and 2.5 are tried.
        classes: usize = 4, 4, 10;
        /// Samples of that task.
        labelled: usize = 400, 2000, 10_000;
        /// Number of seeds.
        seeds: u64 = 2, 64, 64;
    }
}

/// Names of the feature maps.
const MAPS: [&str; 3] = ["sine", "hermite", "kernel"];

/// A feature map with its exact intensities and eigenfunctions.
enum Map {
    Orthogonal(LinearModel),
    Kernel(GaussianKernel, usize),
}

impl Map {
    fn sample(&self, n: usize, seed: Seed) -> Vec<f64> {
        match self {
            Self::Orthogonal(model) => model.basis().sample(n, seed),
            Self::Kernel(kernel, _) => kernel.sample(n, seed),
        }
    }

    fn features(&self, x: &[f64]) -> Array2<f64> {
        match self {
            Self::Orthogonal(model) => model.features(x),
            Self::Kernel(kernel, p) => kernel.features(x, *p),
        }
    }

    fn intensity(&self, modes: usize) -> Vec<f64> {
        match self {
            Self::Orthogonal(model) => model.intensity()[..modes].to_vec(),
            Self::Kernel(kernel, _) => kernel.intensity(modes),
        }
    }

    fn eigenfunctions(&self, x: &[f64], modes: usize) -> Array2<f64> {
        match self {
            Self::Orthogonal(model) => model.basis().evaluate(x, modes),
            Self::Kernel(kernel, _) => kernel.eigenfunctions(x, modes),
        }
    }

    fn quadrature(&self) -> Result<(Vec<f64>, Vec<f64>)> {
        match self {
            Self::Orthogonal(model) => model.basis().quadrature(120),
            Self::Kernel(kernel, _) => kernel.quadrature(120),
        }
    }
}

impl KnownSpectra {
    fn map(&self, name: &str) -> Result<Map> {
        Ok(match name {
            "sine" => Map::Orthogonal(LinearModel::powers(Basis::Sine, self.modes + 2, -2.0)?),
            "hermite" => Map::Orthogonal(LinearModel::powers(Basis::Hermite, self.modes, -2.0)?),
            _ => Map::Kernel(GaussianKernel::new(self.length, 1.0)?, self.features),
        })
    }
}

impl Experiment for KnownSpectra {
    const INFO: Info = Info {
        id: "thesis/nystrom",
        title: "Empirical eigenfunctions of features whose spectrum is known",
        document: Document::Thesis,
        section: "§1.5.4, §2.3",
        notebook: "thesis/01-linear-models",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("samples", &self.samples)?;
        whole("samples[0]", self.samples[0], 50, 10_000_000)?;
        if self.samples.len() < 3 || !self.samples.is_sorted() {
            let given = format!("{:?}", self.samples);
            let allowed = "three numbers or more, ascending: a power law is fitted";
            return Err(Error::setting("samples", given, allowed));
        }
        whole("modes", self.modes, 2, 6)?;
        whole("features", self.features, 30, 500)?;
        whole("classes", self.classes, 2, 100)?;
        whole("labelled", self.labelled, 20 * self.classes, 1_000_000)?;
        if !(self.length >= 0.3 && self.length <= 3.0) {
            let allowed = "a number from 0.3 to 3: below, the series needs more features than are kept; above, one mode has all";
            return Err(Error::setting("length", self.length, allowed));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        let (mut parts, mut functions) = (Vec::new(), Vec::new());
        for name in MAPS {
            let map = self.map(name)?;
            let mut rows = Vec::new();
            for &n in &self.samples {
                progress.check()?;
                let found = fit(&map, n, seed, self.modes)?;
                rows.push(self.row(&map, &found, n, seed)?);
                if seed.0 == 0 && (n == self.samples[0] || Some(&n) == self.samples.last()) {
                    let drawn = self.drawn(&map, &found)?;
                    functions.push(drawn.led_by("samples", n as i64)?.led_by("map", name)?);
                }
            }
            let n: Vec<usize> = self.samples.clone();
            let mut table = Table::new().with("samples", n)?;
            for (k, column) in COLUMNS.iter().enumerate() {
                table = table.with(column, rows.iter().map(|r| r[k]).collect::<Vec<f64>>())?;
            }
            parts.push(table.led_by("map", name)?);
        }
        tables.insert("errors".into(), Table::concat(parts)?);
        tables.insert("checks".into(), self.shares(seed)?);
        if seed.0 == 0 {
            tables.insert("functions".into(), Table::concat(functions)?);
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

const COLUMNS: [&str; 9] = [
    "intensity",
    "function",
    "fitted",
    "held_out",
    "quality",
    "norm",
    "norm_as_printed",
    "scale",
    "scale_as_printed",
];

/// Streaming, in batches as a large data set would come.
fn fit(map: &Map, n: usize, seed: Seed, modes: usize) -> Result<Eigenfunctions> {
    let x = map.sample(n, seed);
    let mut gram = Gram::new(map.features(&x[..1]).ncols())?;
    for batch in x.chunks(1000) {
        gram.push(map.features(batch).view())?;
    }
    gram.eigenfunctions()?.first(modes)
}

/// $\langle e_j|e_k\rangle - \delta_{jk}$, means over samples.
fn apart(e: &Array2<f64>) -> Array2<f64> {
    e.t().dot(e) / e.nrows() as f64 - Array2::<f64>::eye(e.ncols())
}

fn root_mean_square(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(s, n), x| (s + x * x, n + 1.0));
    f64::sqrt(sum / count)
}

impl KnownSpectra {
    fn row(&self, map: &Map, found: &Eigenfunctions, n: usize, seed: Seed) -> Result<[f64; 9]> {
        let modes = self.modes;
        let rho = map.intensity(modes);
        let (nodes, weights) = map.quadrature()?;
        let exact = map.eigenfunctions(&nodes, modes);
        let mut e = found.evaluate(map.features(&nodes).view())?;
        align(&mut e, &exact, &weights);
        let squares = (&e - &exact).mapv(|d| d * d);
        let function = Array1::from(weights)
            .dot(&squares)
            .mean()
            .unwrap_or(f64::NAN);
        let fitted = found.evaluate(map.features(&map.sample(n, seed)).view())?;
        // Another stream of the same length: a seed that no run uses.
        let x = map.sample(n, Seed(!seed.0));
        let features = map.features(&x);
        let fresh = found.evaluate(features.view())?;
        let printed = found.evaluate_as_printed(features.view())?;
        let mean_square = |e: &Array2<f64>| e.mapv(|x| x * x).mean().unwrap_or(f64::NAN);
        Ok([
            root_mean_square(found.intensity.iter().zip(&rho).map(|(a, b)| a / b - 1.0)),
            function.sqrt(),
            apart(&fitted).iter().fold(0.0, |m, d| m.max(d.abs())),
            root_mean_square(apart(&fresh).iter().copied()),
            quality_error(&fresh, &map.eigenfunctions(&x, modes)),
            mean_square(&fresh),
            mean_square(&printed),
            found.intensity[0] / rho[0],
            found.intensity_as_printed()[0] / rho[0],
        ])
    }

    fn drawn(&self, map: &Map, found: &Eigenfunctions) -> Result<Table> {
        let (nodes, weights) = map.quadrature()?;
        let x: Vec<f64> = match map {
            Map::Orthogonal(model) if model.basis() == Basis::Sine => even(1.0, 101),
            _ => even(6.0, 101).into_iter().map(|x| x - 3.0).collect(),
        };
        let exact = map.eigenfunctions(&x, self.modes);
        // Signs as on the whole measure.
        let all: Vec<f64> = nodes.iter().chain(&x).copied().collect();
        let mut e = found.evaluate(map.features(&all).view())?;
        let signs = map.eigenfunctions(&all, self.modes);
        let weights: Vec<f64> = weights.into_iter().chain(vec![0.0; x.len()]).collect();
        align(&mut e, &signs, &weights);
        let parts = (0..self.modes).map(|k| {
            Table::new()
                .with("x", x.clone())?
                .with("estimate", e.slice(s![nodes.len().., k]).to_vec())?
                .with("exact", exact.column(k).to_vec())?
                .led_by("k", k as i64 + 1)
        });
        Table::concat(parts.collect::<Result<_>>()?)
    }
}

/// Turns the sign of each column to that of `exact`: eigenfunctions have none of their own.
fn align(e: &mut Array2<f64>, exact: &Array2<f64>, weights: &[f64]) {
    for (mut e, exact) in e.columns_mut().into_iter().zip(exact.columns()) {
        let pairs = e.iter().zip(exact).zip(weights);
        let inner: f64 = pairs.map(|((e, x), w)| w * e * x).sum();
        e *= inner.signum();
    }
}

/// Largest error of Eq. 1.34 for $f^* = \sum_k e_k/k$: the shares are $k^{-2}/\sum_j j^{-2}$.
fn quality_error(e: &Array2<f64>, exact: &Array2<f64>) -> f64 {
    let c: Array1<f64> = (1..=e.ncols()).map(|k| 1.0 / k as f64).collect();
    let f = exact.dot(&c);
    let all = c.dot(&c);
    let shares = e.columns().into_iter().zip(&c).map(|(e, c)| {
        let found = e.dot(&f).powi(2) / (e.dot(&e) * f.dot(&f));
        (found - c * c / all).abs()
    });
    shares.fold(0.0, f64::max)
}
