//! Noise fitted with more and more features (thesis, §1.6.1, Fig. 1.4): the fit of random labels becomes sharp, and then nothing but spikes at the samples.
//!
//! $f(x) = \sum_k^p w_k \sin(2\pi kx)$, all intensities ½, interpolates n labels drawn from N(0, 1) at uniform x.
//!
//! Table `runs`, by seed: `p`, `residual` (largest error at a sample), `energy` (∫f², the test error for f* = 0), `norm` (‖w‖²), `half_width` (of the mean of f(x) f(x + u), at half height), `near`
//! (share of the energy within 1/2p of a sample or its mirror image), `covered` (share of [0, 1] that is so near), `typical` (median over x of |f|), `gap` (the least distance between two samples, mirrored
//! ones included). Of seed 0: `curves` (`p`, `x`, `f`), `samples` (`x`, `y`).

mod report;

use super::spikes::{abscissae, drawn, half_width, least_gap, middles, spikes};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::linear::{Basis, LinearModel};
use crate::seed::Seed;
use crate::stats;
use crate::table::Table;

settings! {
    /// Settings of noise fitted with more and more features.
    pub struct SharpNoise {
        /// Samples n; their x are uniform on [0, 1], which the thesis does not say.
        samples: usize = 20, 50, 50;
        /// Numbers of features p that are drawn.
        features: Vec<usize> = vec![40, 400], vec![100, 400, 2000], vec![100, 400, 2000];
        /// Numbers of features of the sweep, ascending; exponents in p are fitted to those of at least 16 n.
        sweep: Vec<usize> = vec![40, 400, 800], vec![100, 200, 400, 800, 1400, 2000, 2800, 4000], vec![100, 200, 400, 800, 1400, 2000, 2800, 4000, 5600, 8000];
        /// Standard deviation of the labels.
        noise: f64 = 1.0, 1.0, 1.0;
        /// Number of seeds: of samples and labels.
        seeds: u64 = 2, 16, 100;
    }
}

impl SharpNoise {
    fn model(p: usize) -> Result<LinearModel> {
        // sin 2πkx without √2 has the intensity ½.
        LinearModel::new(Basis::Sine, vec![0.5; p])
    }

    /// All p, ascending.
    fn all(&self) -> Vec<usize> {
        let mut all = [self.features.clone(), self.sweep.clone()].concat();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn row(&self, p: usize, x: &[f64], y: &[f64]) -> Result<[f64; 9]> {
        let model = Self::model(p)?;
        let fit = model.interpolate(x, y)?;
        let at = model.features(x).dot(fit.weights());
        let residual = at.iter().zip(y).map(|(f, y)| (f - y).abs());
        let values = fit.predict(&middles(p));
        let found = spikes(x, &values);
        let typical: Vec<f64> = values.iter().map(|v| v.abs()).collect();
        Ok([
            p as f64,
            residual.fold(0.0, f64::max),
            fit.test_error(&[]),
            fit.norm().powi(2),
            half_width(&fit),
            found.near,
            found.covered,
            stats::quantile(&typical, 0.5),
            least_gap(x),
        ])
    }
}

const COLUMNS: [&str; 9] = [
    "p",
    "residual",
    "energy",
    "norm",
    "half_width",
    "near",
    "covered",
    "typical",
    "gap",
];

impl Experiment for SharpNoise {
    const INFO: Info = Info {
        id: "thesis/fig-1.4",
        title: "More features make the fit of noise sharper",
        document: Document::Thesis,
        section: "§1.6.1, Fig. 1.4",
        notebook: "thesis/02-overfitting",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("samples", self.samples, 2, 1000)?;
        positive("noise", self.noise)?;
        for (name, list) in [("features", &self.features), ("sweep", &self.sweep)] {
            distinct(name, list)?;
            for (i, p) in list.iter().enumerate() {
                whole(&format!("{name}[{i}]"), *p, self.samples + 1, 100_000)?;
                if i > 0 && list[i - 1] > *p {
                    return Err(Error::setting(name, p, "an ascending list"));
                }
            }
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let x = Basis::Sine.sample(self.samples, seed);
        let y = (seed.normal("noise", self.samples, 1) * self.noise)
            .into_raw_vec_and_offset()
            .0;
        let mut rows = Vec::new();
        for p in self.all() {
            progress.check()?;
            rows.push(self.row(p, &x, &y)?);
        }
        let mut table = Table::new();
        for (k, name) in COLUMNS.iter().enumerate() {
            table = table.with(name, rows.iter().map(|r| r[k]).collect::<Vec<f64>>())?;
        }
        let mut tables = Tables::new();
        tables.insert("runs".into(), table);
        if seed.0 == 0 {
            let mut curves = Vec::new();
            for &p in &self.features {
                let fit = Self::model(p)?.interpolate(&x, &y)?;
                let (at, f) = drawn(&fit, &abscissae(&x, p, 300));
                let table = Table::new().with("x", at)?.with("f", f)?;
                curves.push(table.led_by("p", p as f64)?);
            }
            tables.insert("curves".into(), Table::concat(curves)?);
            tables.insert("samples".into(), Table::new().with("x", x)?.with("y", y)?);
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
