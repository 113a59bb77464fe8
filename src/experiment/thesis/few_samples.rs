//! Learnability (Eq. 1.35): what an interpolation of few samples learns of each eigenfunction, averaged over training sets.
//!
//! A seed is a training set. Feature maps: `equal` and `power` (Gaussian features with $\rho_k = 1$ and $k^{-(1+\alpha)}$), `relu` (a random rectified layer on Gaussian inputs; its spectrum is measured on
//! many samples), `sine` (sines of one number with $\rho_k = k^{-(1+\alpha)}$).
//!
//! Table `modes`, by seed: `map`, `samples` n, `k`, `learned` ($\langle\hat f|e_k\rangle/\langle f^*|e_k\rangle$ for $f^* = e_k$), `among_others` (the same for $f^* = \sum_j \pm e_j$).
//!
//! Table `sets`, by seed: `map`, `samples`, `sum` ($\sum_k$ learned, all k), `kappa` ($1/\mathrm{Tr}(\Phi\Phi^T)^{-1}$).
//!
//! Table `theory` (seed 0): `map`, `samples`, `k`, `intensity`, `learnability`, `kappa` (Eq. 1.35).
//!
//! Table `checks`, by seed: `name`, `value`: `determined` (largest |learned − 1| with n ≥ p), `refused` (1 when no κ is given for it).

mod report;

use super::numbers::named;
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::linalg;
use crate::metric::eigenfunction::Gram;
use crate::metric::feature::Learnability;
use crate::model::linear::{Basis, GaussianFeatures, LinearModel, RandomFeatures};
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2, Axis};

settings! {
    /// Settings of learnability.
    pub struct FewSamples {
        /// Features p.
        features: usize = 60, 200, 400;
        /// Numbers of training samples n, ascending, below p.
        samples: Vec<usize> = vec![5, 20], vec![5, 10, 20, 40, 80], vec![5, 10, 20, 40, 80, 160];
        /// α of the intensities k^−(1+α).
        alpha: f64 = 0.5, 0.5, 0.5;
        /// Inputs of the random rectified layer.
        inputs: usize = 10, 20, 20;
        /// Samples on which its spectrum is measured.
        measured_on: usize = 4000, 40_000, 200_000;
        /// Number of seeds; a seed is a training set.
        seeds: u64 = 8, 128, 512;
    }
}

/// Names of the feature maps.
const MAPS: [&str; 4] = ["equal", "power", "relu", "sine"];

/// Feature maps in their eigenbasis.
enum Map {
    Gaussian(GaussianFeatures),
    Sine(LinearModel),
    /// The layer, its eigenvectors (p × rank), and its intensities.
    Layer(RandomFeatures, Array2<f64>, Vec<f64>),
}

impl FewSamples {
    fn law(&self) -> Result<GaussianFeatures> {
        GaussianFeatures::power_law(self.features, self.alpha)
    }

    fn map(&self, name: &str) -> Result<Map> {
        Ok(match name {
            "equal" => Map::Gaussian(GaussianFeatures::new(vec![1.0; self.features])?),
            "power" => Map::Gaussian(self.law()?),
            "sine" => Map::Sine(LinearModel::new(
                Basis::Sine,
                self.law()?.intensity().to_vec(),
            )?),
            _ => {
                // One map for all training sets.
                let layer = RandomFeatures::relu(self.inputs, self.features, Seed(0))?;
                let mut gram = Gram::new(self.features)?;
                let x = Seed(0).normal("measure", self.measured_on, self.inputs);
                for batch in x.axis_chunks_iter(Axis(0), 1000) {
                    gram.push(layer.features(batch)?.view())?;
                }
                let found = gram.eigenfunctions()?;
                let vectors = &found.weight * &found.intensity.mapv(f64::sqrt);
                Map::Layer(layer, vectors, found.intensity.to_vec())
            }
        })
    }
}

impl Map {
    fn intensity(&self) -> &[f64] {
        match self {
            Self::Gaussian(map) => map.intensity(),
            Self::Sine(model) => model.intensity(),
            Self::Layer(_, _, intensity) => intensity,
        }
    }

    /// √ρ_k e_k of n samples, n × p.
    fn sample(&self, n: usize, seed: Seed) -> Result<Array2<f64>> {
        Ok(match self {
            Self::Gaussian(map) => map.sample(n, seed),
            Self::Sine(model) => model.features(&Basis::Sine.sample(n, seed)),
            Self::Layer(layer, vectors, _) => {
                let x = seed.normal("data", n, layer.inputs());
                layer.features(x.view())?.dot(vectors)
            }
        })
    }
}

/// What one training set teaches of each eigenfunction.
struct Learned {
    alone: Array1<f64>,
    among_others: Array1<f64>,
    kappa: f64,
}

impl Learned {
    /// The interpolation of least norm of f* = e_k has $\langle\hat f|e_k\rangle$ = the k-th diagonal entry of the projector onto the span of the samples' features.
    fn new(features: &Array2<f64>, intensity: &[f64], signs: &Array1<f64>) -> Result<Self> {
        let svd = linalg::svd(features)?;
        let floor = svd.s[0] * f64::EPSILON * features.ncols() as f64;
        let rank = svd.s.iter().filter(|s| **s > floor).count();
        let span = svd.vt.slice(ndarray::s![..rank, ..]);
        let roots: Array1<f64> = intensity.iter().map(|r| r.sqrt()).collect();
        // Weights of f* = Σ ± e_k are ±1/√ρ_k.
        let target = signs / &roots;
        let fitted = span.t().dot(&span.dot(&target));
        Ok(Self {
            alone: span.mapv(|v| v * v).sum_axis(Axis(0)),
            among_others: fitted / target,
            kappa: svd.s.iter().map(|s| s.powi(-2)).sum::<f64>().recip(),
        })
    }
}

impl Experiment for FewSamples {
    const INFO: Info = Info {
        id: "thesis/learnability",
        title: "What few samples teach of each eigenfunction",
        document: Document::Thesis,
        section: "§1.6, Eq. 1.35",
        notebook: "thesis/01-linear-models",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("features", self.features, 10, 5000)?;
        distinct("samples", &self.samples)?;
        if !self.samples.is_sorted() {
            let given = format!("{:?}", self.samples);
            return Err(Error::setting("samples", given, "ascending"));
        }
        for (i, n) in self.samples.iter().enumerate() {
            whole(&format!("samples[{i}]"), *n, 1, self.features - 1)?;
        }
        if !(self.alpha > 0.0 && self.alpha <= 3.0) {
            let allowed =
                "a number above 0 and at most 3: with 0 or less the intensities have no finite sum";
            return Err(Error::setting("alpha", self.alpha, allowed));
        }
        whole("inputs", self.inputs, 1, 10_000)?;
        whole(
            "measured_on",
            self.measured_on,
            10 * self.features,
            10_000_000,
        )
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut modes, mut sets, mut theory) = (Vec::new(), Vec::new(), Vec::new());
        let shown = shown(self.features);
        let signs = seed
            .normal("target", 1, self.features)
            .row(0)
            .mapv(f64::signum);
        for name in MAPS {
            let map = self.map(name)?;
            let rho = map.intensity();
            let signs = signs.slice(ndarray::s![..rho.len()]).to_owned();
            for &n in &self.samples {
                progress.check()?;
                let found = Learned::new(&map.sample(n, seed)?, rho, &signs)?;
                let of = |v: &Array1<f64>| shown.iter().map(|k| v[*k]).collect::<Vec<f64>>();
                let k: Vec<usize> = shown.iter().map(|k| k + 1).collect();
                let named = |table: Table| table.led_by("samples", n as i64)?.led_by("map", name);
                modes.push(named(
                    Table::new()
                        .with("k", k.clone())?
                        .with("learned", of(&found.alone))?
                        .with("among_others", of(&found.among_others))?,
                )?);
                sets.push(named(
                    Table::new()
                        .with("sum", vec![found.alone.sum()])?
                        .with("kappa", vec![found.kappa])?,
                )?);
                if seed.0 == 0 {
                    let law = Learnability::new(rho, n)?;
                    let intensity = shown.iter().map(|k| rho[*k]).collect::<Vec<_>>();
                    let expected = shown.iter().map(|k| law.learnability[*k]);
                    theory.push(named(
                        Table::new()
                            .with("k", k)?
                            .with("intensity", intensity)?
                            .with("learnability", expected.collect::<Vec<_>>())?
                            .with_constant("kappa", law.kappa)?,
                    )?);
                }
            }
        }
        let mut tables = Tables::new();
        tables.insert("modes".into(), Table::concat(modes)?);
        tables.insert("sets".into(), Table::concat(sets)?);
        tables.insert("checks".into(), self.determined(&signs, seed)?);
        if seed.0 == 0 {
            tables.insert("theory".into(), Table::concat(theory)?);
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

/// About 24 of the features, evenly in the logarithm, from 0.
fn shown(p: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..24)
        .map(|i| (p as f64).powf(f64::from(i) / 23.0).round() as usize - 1)
        .collect();
    all.dedup();
    all
}

impl FewSamples {
    /// With as many samples as features, or more, all is learned and Eq. 1.35 has no κ.
    fn determined(&self, signs: &Array1<f64>, seed: Seed) -> Result<Table> {
        let map = self.map("power")?;
        let n = self.features + 5;
        let found = Learned::new(&map.sample(n, seed)?, map.intensity(), signs)?;
        let apart = found
            .alone
            .iter()
            .fold(0.0f64, |m, l| m.max((l - 1.0).abs()));
        let refused = [self.features, n]
            .iter()
            .all(|n| Learnability::new(map.intensity(), *n).is_err());
        named(&[
            ("determined", apart),
            ("refused", f64::from(u8::from(refused))),
        ])
    }
}
