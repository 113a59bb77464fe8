//! Diagonalising correlated features (Fig. 1.1, Eq. 1.27–1.29): overlapping features of any norms become orthogonal ones with intensities.
//!
//! The example is $\Phi \sim N(0, \Sigma)$ with Σ = [[1.5, .5], [.5, 1.5]]; the change of parameters (1.28) is tried on features with a random covariance, as O of the example is
//! its own transpose.
//!
//! Table `checks`, by seed: `name`, `value`:
//! `intensity_1`, `intensity_2` (from samples), `orthogonal` (largest entry of OᵀO − I, O of Eq. 1.27 with means over samples), `eq_1_27`, `eq_1_29` (largest relative difference of the two sides),
//! `parameters`, `parameters_as_printed` (root mean square difference of the two sides of 1.28 with θ = Oᵀw and θ = Ow, over that of f), `norm` (|‖θ‖/‖w‖ − 1|), `norm_unweighted` (the same of the
//! coefficients of the normalised $e_k$).
//!
//! Table `points` (seed 0): `first`, `second`, samples of the example's features.

mod report;

use super::numbers::named;
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::eigenfunction::Eigenfunctions;
use crate::model::linear::GaussianFeatures;
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2, Axis, array};

settings! {
    /// Settings of the diagonalisation of correlated features.
    pub struct CorrelatedFeatures {
        /// Variance of both features.
        variance: f64 = 1.5, 1.5, 1.5;
        /// Their covariance.
        covariance: f64 = 0.5, 0.5, 0.5;
        /// Samples of the example.
        samples: usize = 2000, 100_000, 1_000_000;
        /// Features with a random covariance.
        features: usize = 4, 6, 20;
        /// Number of seeds.
        seeds: u64 = 2, 16, 64;
    }
}

impl CorrelatedFeatures {
    fn example(&self) -> Result<GaussianFeatures> {
        let (v, c) = (self.variance, self.covariance);
        GaussianFeatures::of_covariance(&array![[v, c], [c, v]])
    }
}

impl Experiment for CorrelatedFeatures {
    const INFO: Info = Info {
        id: "thesis/fig-1.1",
        title: "Correlated features become orthogonal ones with intensities",
        document: Document::Thesis,
        section: "§1.5.2, §1.5.3, Fig. 1.1",
        notebook: "thesis/01-linear-models",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("variance", self.variance)?;
        let inside = self.covariance.abs() < self.variance && self.covariance != 0.0;
        if !inside {
            return Err(Error::setting(
                "covariance",
                self.covariance,
                "a number between −variance and variance, not 0: features without overlap need no diagonalisation",
            ));
        }
        whole("samples", self.samples, 100, 100_000_000)?;
        whole("features", self.features, 2, 500)
    }

    fn run_seed(&self, seed: Seed, _: &Progress) -> Result<Tables> {
        let example = self.example()?;
        let features = example.sample(self.samples, seed);
        let n = self.samples as f64;
        let found = Eigenfunctions::fit(features.view())?;
        let e = found.evaluate(features.view())?;
        let inner = features.t().dot(&e) / n;
        let o = &inner / &found.intensity.mapv(f64::sqrt);
        let expanded = (&e * &found.intensity.mapv(f64::sqrt)).dot(&o.t());
        let squares = inner.mapv(|x| x * x).sum_axis(Axis(0));
        let [right, printed, norm, unweighted] = self.parameters(seed)?;
        let checks = named(&[
            ("intensity_1", found.intensity[0]),
            ("intensity_2", found.intensity[1]),
            (
                "orthogonal",
                largest(&(o.t().dot(&o) - Array2::<f64>::eye(2))),
            ),
            (
                "eq_1_27",
                largest(&(expanded - &features)) / largest(&features),
            ),
            (
                "eq_1_29",
                (squares / &found.intensity - 1.0)
                    .iter()
                    .fold(0.0, |m: f64, x| m.max(x.abs())),
            ),
            ("parameters", right),
            ("parameters_as_printed", printed),
            ("norm", norm),
            ("norm_unweighted", unweighted),
        ])?;
        let mut tables = Tables::new();
        tables.insert("checks".into(), checks);
        if seed.0 == 0 {
            let shown = features.slice(ndarray::s![..self.samples.min(400), ..]);
            let points = Table::new()
                .with("first", shown.column(0).to_vec())?
                .with("second", shown.column(1).to_vec())?;
            tables.insert("points".into(), points);
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

impl CorrelatedFeatures {
    /// Both sides of Eq. 1.28 at samples, with θ = Oᵀw and with θ = Ow; and how far the norms are from ‖w‖.
    fn parameters(&self, seed: Seed) -> Result<[f64; 4]> {
        let p = self.features;
        let a = seed.normal("init", p, p);
        let sigma = a.dot(&a.t()) / p as f64 + Array2::<f64>::eye(p) * 0.1;
        let map = GaussianFeatures::of_covariance(&sigma)?;
        let phi = map.sample(200, Seed(seed.0));
        let e = map.eigenfunctions(phi.view())?;
        let w = seed.normal("weights", 1, p).row(0).to_owned();
        let roots: Array1<f64> = map.intensity().iter().map(|r| r.sqrt()).collect();
        let (f, o) = (phi.dot(&w), map.turn());
        let size = |x: &Array1<f64>| x.dot(x).sqrt();
        let apart = |theta: &Array1<f64>| size(&(e.dot(&(theta * &roots)) - &f)) / size(&f);
        let (right, printed) = (o.t().dot(&w), o.dot(&w));
        Ok([
            apart(&right),
            apart(&printed),
            (size(&right) / size(&w) - 1.0).abs(),
            (size(&(&right * &roots)) / size(&w) - 1.0).abs(),
        ])
    }
}

fn largest(x: &Array2<f64>) -> f64 {
    x.iter().fold(0.0, |m, x| m.max(x.abs()))
}
