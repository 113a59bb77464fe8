//! Two linear models of one function space that fit four samples differently (thesis, §1.6, Fig. 1.2): the bias is in the intensities.
//!
//! $f(x) = \sum_k^{p} w_k k^\alpha \sqrt2 \sin(2\pi kx)$ with $\rho_k = k^{2\alpha}$: α = −4 prefers low frequencies, α = 4 high ones.
//!
//! Table `fits`, by seed: `alpha`, `residual` (largest error at a sample), `preferred` (utilization of the n functions of largest intensity), `frequency` ($\sum_k k\hat Q_k$), `count`
//! (effective number of functions used), `expected` ($\sum L_k/n$ of the n functions of largest intensity, Eq. 1.35).
//!
//! Table `targets`, by seed: `alpha`, `k`, `error` ($\int(\hat f - e_k)^2$ when the samples are those of e_k without noise), `learned` ($\langle\hat f\vert e_k\rangle$), `utilization` (of the fit to random
//! labels). Table `checks`, by seed: `angle` (largest principal angle between the two function spaces), `distance` (of the two fits, over the larger's norm). Of seed 0: `spectrum` (`alpha`, `k`,
//! `intensity`, `measured` by quadrature, `learnability`), and of the samples in the settings `curves` (`alpha`, `x`, `f`).

mod report;

use super::numbers::{even, named};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::linalg;
use crate::metric::feature::{Learnability, effective_dimension};
use crate::model::linear::{Basis, LinearFit, LinearModel};
use crate::seed::Seed;
use crate::table::Table;
use rand::RngExt;

settings! {
    /// Settings of two models of one function space. The thesis does not name the four samples.
    pub struct InductiveBias {
        /// Features p of both models.
        features: usize = 10, 10, 10;
        /// α of the first and of the second model: the intensities are k^(2α).
        alphas: [f64; 2] = [-4.0, 4.0], [-4.0, 4.0], [-4.0, 4.0];
        /// x of the samples that are drawn.
        x: Vec<f64> = vec![0.12, 0.29, 0.55, 0.83], vec![0.12, 0.29, 0.55, 0.83], vec![0.12, 0.29, 0.55, 0.83];
        /// y of the samples that are drawn.
        y: Vec<f64> = vec![0.8, 1.1, -0.4, -1.0], vec![0.8, 1.1, -0.4, -1.0], vec![0.8, 1.1, -0.4, -1.0];
        /// Least distance between any two of the random samples of a seed, their mirror images 1 − x, and 0, ½ and 1.
        spacing: f64 = 0.02, 0.02, 0.02;
        /// Number of seeds: of as many random samples, x uniform but for the spacing, y from N(0, 1).
        seeds: u64 = 2, 32, 200;
    }
}

impl InductiveBias {
    fn model(&self, alpha: f64) -> Result<LinearModel> {
        LinearModel::powers(Basis::Sine, self.features, 2.0 * alpha)
    }

    /// Random samples with the spacing.
    fn samples(&self, seed: Seed) -> Result<Vec<f64>> {
        let mut rng = seed.stream("data");
        // A spacing that leaves room is found at once; validate has refused others.
        for _ in 0..1_000_000 {
            let x: Vec<f64> = (0..self.x.len()).map(|_| rng.random()).collect();
            let mut folded: Vec<f64> = x.iter().map(|x: &f64| x.min(1.0 - x)).collect();
            folded.extend([0.0, 0.5]);
            folded.sort_by(f64::total_cmp);
            if folded.windows(2).all(|w| w[1] - w[0] >= self.spacing) {
                return Ok(x);
            }
        }
        Err(Error::setting(
            "spacing",
            self.spacing,
            "smaller: no samples are so far apart",
        ))
    }

    /// The functions of largest intensity, as many as samples.
    fn preferred(&self, model: &LinearModel) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.features).collect();
        order.sort_by(|a, b| model.intensity()[*b].total_cmp(&model.intensity()[*a]));
        order.truncate(self.x.len());
        order
    }

    fn row(&self, alpha: f64, fit: &LinearFit, x: &[f64], y: &[f64]) -> Result<[f64; 6]> {
        let model = self.model(alpha)?;
        let residual = fit
            .predict(x)
            .iter()
            .zip(y)
            .map(|(f, y)| (f - y).abs())
            .fold(0.0, f64::max);
        let used = fit.utilization();
        let first = self.preferred(&model);
        let theory = Learnability::new(model.intensity(), x.len())?.learnability;
        let of = |values: &[f64]| first.iter().map(|k| values[*k]).sum::<f64>();
        Ok([
            alpha,
            residual,
            of(&used),
            used.iter().zip(1..).map(|(q, k)| q * f64::from(k)).sum(),
            effective_dimension(&used)?,
            of(&theory) / x.len() as f64,
        ])
    }

    fn targets(&self, alpha: f64, x: &[f64], fit: &LinearFit) -> Result<Table> {
        let model = self.model(alpha)?;
        let e = Basis::Sine.evaluate(x, self.features);
        let (mut error, mut learned) = (Vec::new(), Vec::new());
        for k in 0..self.features {
            let mut target = vec![0.0; self.features];
            target[k] = 1.0;
            let fit = model.interpolate(x, &e.column(k).to_vec())?;
            error.push(fit.test_error(&target));
            learned.push(fit.coefficients()[k]);
        }
        Table::new()
            .with("k", (1..=self.features).collect::<Vec<_>>())?
            .with("error", error)?
            .with("learned", learned)?
            .with("utilization", fit.utilization())?
            .led_by("alpha", alpha)
    }

    /// Intensities as set and as ∫Φ_k² by quadrature, and the learnability.
    fn spectrum(&self, alpha: f64) -> Result<Table> {
        let model = self.model(alpha)?;
        let (nodes, weights) = Basis::Sine.quadrature(7 * self.features)?;
        let features = model.features(&nodes);
        let measured: Vec<f64> = features
            .columns()
            .into_iter()
            .map(|f| f.iter().zip(&weights).map(|(f, w)| w * f * f).sum())
            .collect();
        let theory = Learnability::new(model.intensity(), self.x.len())?;
        Table::new()
            .with("k", (1..=self.features).collect::<Vec<_>>())?
            .with("intensity", model.intensity().to_vec())?
            .with("measured", measured)?
            .with("learnability", theory.learnability)?
            .led_by("alpha", alpha)
    }
}

const COLUMNS: [&str; 6] = [
    "alpha",
    "residual",
    "preferred",
    "frequency",
    "count",
    "expected",
];

impl Experiment for InductiveBias {
    const INFO: Info = Info {
        id: "thesis/fig-1.2",
        title: "One function space, two fits: the bias of intensities",
        document: Document::Thesis,
        section: "§1.6, Fig. 1.2",
        notebook: "thesis/02-overfitting",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("features", self.features, 2, 100)?;
        let n = self.x.len();
        whole("x.len()", n, 1, self.features - 1)?;
        if self.y.len() != n {
            return Err(Error::setting(
                "y.len()",
                self.y.len(),
                format!("{n}, as x"),
            ));
        }
        distinct("x", &self.x)?;
        if let Some(i) = self.x.iter().position(|x| !(*x > 0.0 && *x < 1.0)) {
            return Err(Error::setting(
                format!("x[{i}]"),
                self.x[i],
                "between 0 and 1",
            ));
        }
        if let Some(i) = self.y.iter().position(|y| !y.is_finite()) {
            return Err(Error::setting(
                format!("y[{i}]"),
                self.y[i],
                "a finite number",
            ));
        }
        for (i, alpha) in self.alphas.iter().enumerate() {
            if !(-8.0..=8.0).contains(alpha) {
                let allowed =
                    "from −8 to 8; beyond, intensities span more digits than numbers have";
                return Err(Error::setting(format!("alphas[{i}]"), alpha, allowed));
            }
        }
        if self.alphas[0] >= self.alphas[1] {
            return Err(Error::setting(
                "alphas[1]",
                self.alphas[1],
                "above alphas[0]",
            ));
        }
        let most = 0.2 / (n + 1) as f64;
        if !(self.spacing >= 0.0 && self.spacing <= most) {
            let allowed = format!("from 0 to {most}, so that {n} random samples have room");
            return Err(Error::setting("spacing", self.spacing, allowed));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, _progress: &Progress) -> Result<Tables> {
        let x = self.samples(seed)?;
        let y = seed.normal("noise", x.len(), 1).column(0).to_vec();
        let (mut rows, mut targets, mut fits, mut spaces) = (vec![], vec![], vec![], vec![]);
        let grid = even(1.0, 20 * self.features);
        for alpha in self.alphas {
            let model = self.model(alpha)?;
            let fit = model.interpolate(&x, &y)?;
            rows.push(self.row(alpha, &fit, &x, &y)?);
            targets.push(self.targets(alpha, &x, &fit)?);
            fits.push(fit.coefficients().clone());
            spaces.push(model.features(&grid));
        }
        let angles = linalg::principal_angles(&spaces[0], &spaces[1])?;
        let apart = &fits[0] - &fits[1];
        let norms = fits.iter().map(|c| c.dot(c)).fold(0.0, f64::max);
        let mut tables = Tables::new();
        tables.insert(
            "checks".into(),
            named(&[
                ("angle", angles.into_iter().fold(0.0, f64::max)),
                ("distance", (apart.dot(&apart) / norms).sqrt()),
            ])?,
        );
        let mut table = Table::new();
        for (k, name) in COLUMNS.iter().enumerate() {
            table = table.with(name, rows.iter().map(|r| r[k]).collect::<Vec<f64>>())?;
        }
        tables.insert("fits".into(), table);
        tables.insert("targets".into(), Table::concat(targets)?);
        if seed.0 == 0 {
            let (mut curves, mut spectra) = (Vec::new(), Vec::new());
            let at = even(1.0, 501);
            for alpha in self.alphas {
                let fit = self.model(alpha)?.interpolate(&self.x, &self.y)?;
                let curve = Table::new()
                    .with("x", at.clone())?
                    .with("f", fit.predict(&at).to_vec())?;
                curves.push(curve.led_by("alpha", alpha)?);
                spectra.push(self.spectrum(alpha)?);
            }
            tables.insert("curves".into(), Table::concat(curves)?);
            tables.insert("spectrum".into(), Table::concat(spectra)?);
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
