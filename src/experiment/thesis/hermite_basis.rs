//! Hermite polynomials under the Gaussian measure (Eq. 1.4–1.7): orthogonal, and a basis of all functions with $\int f^2 e^{-x^2/2}dx < \infty$.
//!
//! Table `checks`: `name`, `value`: `definition` (largest relative difference of $H_k$ by recursion from Eq. 1.4 written out, k ≤ 20), `orthogonal` (largest
//! $|\langle H_j|H_k\rangle/\sqrt{j!\,k!} - \delta_{jk}|$ by Gauss quadrature), `growth_NAME` (ratio $|c_{k+2}/c_k|$ of late coefficients of $e^{ax^2}$).
//!
//! Table `expansions`: `function`, `terms` (highest k + 1), `residual` ($\int (f - f_p)^2 dq/\int f^2 dq$, on a grid), `parseval` (the same from the coefficients), `coefficient` (of the last
//! term, normalised polynomials).
//!
//! Table `curves`: `function`, `terms`, `x`, `f`, `expansion`.

mod report;

use super::numbers::named;
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::whole;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::linear::Basis;
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2, s};

settings! {
    /// Settings of the Hermite basis.
    pub struct HermiteBasis {
        /// Polynomials whose inner products are taken.
        polynomials: usize = 15, 40, 100;
        /// Nodes of the quadrature.
        nodes: usize = 60, 150, 300;
        /// Terms of the longest expansion.
        terms: usize = 40, 160, 400;
        /// Points of the grid on which expansions are compared.
        points: usize = 4000, 20_000, 80_000;
        /// Number of seeds; nothing is random.
        seeds: u64 = 1, 1, 1;
    }
}

/// What is expanded.
#[derive(Clone, Copy)]
struct Function {
    name: &'static str,
    value: fn(f64) -> f64,
    /// $\int f^2 dq$.
    square: f64,
    how: How,
}

/// Where its coefficients come from.
#[derive(Clone, Copy)]
enum How {
    /// Gauss quadrature: smooth functions.
    Quadrature,
    /// $\sqrt{2/\pi}\,(-1)^j (2j-1)!!/\sqrt{(2j+1)!}$ for k = 2j + 1.
    Jump,
    /// The integral of a jump: $\langle|x|\,|e_k\rangle = \langle \mathrm{sign}|e_{k-1}\rangle/\sqrt k$.
    Kink,
}

/// a of $e^{ax^2}$; it satisfies Eq. 1.5 for a < ¼ only.
const RATES: [(&str, f64); 3] = [("inside", 0.2), ("edge", 0.25), ("outside", 0.3)];

fn functions() -> [Function; 4] {
    [
        Function {
            name: "sin 2x",
            value: |x| (2.0 * x).sin(),
            square: 0.5 * (1.0 - (-8f64).exp()),
            how: How::Quadrature,
        },
        Function {
            name: "exp(x²/5)",
            value: |x| (0.2 * x * x).exp(),
            square: 5f64.sqrt(),
            how: How::Quadrature,
        },
        Function {
            name: "|x|",
            value: f64::abs,
            square: 1.0,
            how: How::Kink,
        },
        Function {
            name: "sign x",
            value: |x| if x == 0.0 { 0.0 } else { x.signum() },
            square: 1.0,
            how: How::Jump,
        },
    ]
}

impl Function {
    fn coefficients(&self, terms: usize) -> Result<Array1<f64>> {
        if let How::Quadrature = self.how {
            return Basis::Hermite.project(self.value, terms, terms + 60);
        }
        let mut jump: Array1<f64> = Array1::zeros(terms);
        let mut c = (2.0 / std::f64::consts::PI).sqrt();
        for k in (1..terms).step_by(2) {
            jump[k] = c;
            let k = k as f64;
            c *= -k / ((k + 1.0) * (k + 2.0)).sqrt();
        }
        if let How::Jump = self.how {
            return Ok(jump);
        }
        let mut kink = Array1::zeros(terms);
        kink[0] = (2.0 / std::f64::consts::PI).sqrt();
        for k in 1..terms {
            kink[k] = jump[k - 1] / (k as f64).sqrt();
        }
        Ok(kink)
    }
}

impl Experiment for HermiteBasis {
    const INFO: Info = Info {
        id: "thesis/hermite",
        title: "Hermite polynomials, orthogonal and complete under a Gaussian",
        document: Document::Thesis,
        section: "§1.2",
        notebook: "thesis/01-linear-models",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("polynomials", self.polynomials, 3, 150)?;
        whole("nodes", self.nodes, self.polynomials, 1000)?;
        whole("terms", self.terms, 20, 1000)?;
        whole("points", self.points, 1000, 10_000_000)?;
        if self.points % 2 == 1 {
            let allowed = "even: an odd number puts the jump inside a cell";
            return Err(Error::setting("points", self.points, allowed));
        }
        Ok(())
    }

    fn run_seed(&self, _: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        let mut checks = vec![
            ("definition".to_string(), definition()),
            ("orthogonal".into(), self.orthogonality()?),
        ];
        let late = 30.min(self.terms - 3) & !1;
        for (name, a) in RATES {
            let c = Basis::Hermite.project(|x| (a * x * x).exp(), late + 3, 150)?;
            checks.push((format!("growth_{name}"), (c[late + 2] / c[late]).abs()));
        }
        let checks: Vec<(&str, f64)> = checks.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        tables.insert("checks".into(), named(&checks)?);
        // Beyond the turning points of the last polynomial nothing is left of it.
        let end = 2.0 * (self.terms as f64).sqrt() + 6.0;
        let step = 2.0 * end / self.points as f64;
        // An even number of cells: the jump lies between two of them.
        let x: Vec<f64> = (0..self.points)
            .map(|i| (i as f64 + 0.5) * step - end)
            .collect();
        let basis = Roots::new(&x, self.terms);
        let (mut rows, mut curves) = (Vec::new(), Vec::new());
        for f in functions() {
            progress.check()?;
            let c = f.coefficients(self.terms)?;
            for terms in steps(self.terms) {
                let part = c.slice(s![..terms]);
                let fitted = basis.values.slice(s![.., ..terms]).dot(&part);
                let pairs = fitted.iter().zip(x.iter().zip(&basis.root));
                let left: f64 = pairs
                    .map(|(y, (x, root))| ((f.value)(*x) * root - y).powi(2))
                    .sum();
                rows.push((
                    f.name,
                    terms,
                    left * step / f.square,
                    1.0 - part.dot(&part) / f.square,
                    c[terms - 1],
                ));
            }
            for terms in [4, 12, self.terms] {
                curves.push(curve(f, &c, terms)?);
            }
        }
        let table = Table::new()
            .with("function", rows.iter().map(|r| r.0).collect::<Vec<_>>())?
            .with("terms", rows.iter().map(|r| r.1).collect::<Vec<_>>())?
            .with("residual", rows.iter().map(|r| r.2).collect::<Vec<_>>())?
            .with("parseval", rows.iter().map(|r| r.3).collect::<Vec<_>>())?
            .with("coefficient", rows.iter().map(|r| r.4).collect::<Vec<_>>())?;
        tables.insert("expansions".into(), table);
        tables.insert("curves".into(), Table::concat(curves)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(outcome)
    }
}

/// $e_k\sqrt q$ on a grid: the polynomials alone overflow far out, these do not.
struct Roots {
    values: Array2<f64>,
    /// √q.
    root: Vec<f64>,
}

impl Roots {
    fn new(x: &[f64], terms: usize) -> Self {
        let root: Vec<f64> = x
            .iter()
            .map(|x| (-0.25 * x * x).exp() * (2.0 * std::f64::consts::PI).powf(-0.25))
            .collect();
        let mut values = Basis::Hermite.evaluate(x, terms);
        for (mut row, root) in values.rows_mut().into_iter().zip(&root) {
            row *= *root;
        }
        Self { values, root }
    }
}

/// Numbers of terms, of both parities, in ratios of about 1.3.
fn steps(last: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..)
        .map(|i| (2.0 * 1.3f64.powi(i)).round() as usize * 2)
        .take_while(|t| *t < last)
        .collect();
    all.push(last);
    all.dedup();
    all
}

fn curve(f: Function, c: &Array1<f64>, terms: usize) -> Result<Table> {
    let x: Vec<f64> = (0..=240).map(|i| f64::from(i) / 40.0 - 3.0).collect();
    let fitted = Basis::Hermite
        .evaluate(&x, terms)
        .dot(&c.slice(s![..terms]));
    Table::new()
        .with("f", x.iter().map(|x| (f.value)(*x)).collect::<Vec<_>>())?
        .with("x", x)?
        .with("expansion", fitted.to_vec())?
        .led_by("terms", terms as i64)?
        .led_by("function", f.name)
}

/// Eq. 1.4 written out, $H_k(x) = \sum_m (-1)^m \frac{k!}{m!\,(k-2m)!}\frac{x^{k-2m}}{2^m}$, against the recursion; relative to the sum of the terms' sizes.
fn definition() -> f64 {
    let mut worst = 0.0f64;
    for x in [-2.3, -0.7, 0.4, 1.9, 4.1] {
        let e = Basis::Hermite.evaluate(&[x], 21);
        let mut factorial = 1.0;
        for k in 0..=20usize {
            factorial *= (k.max(1)) as f64;
            let mut term = x.powi(k as i32);
            let (mut sum, mut size) = (term, term.abs());
            for m in 1..=k / 2 {
                let pair = ((k - 2 * m + 2) * (k - 2 * m + 1)) as f64;
                term *= -pair / (2.0 * m as f64 * x * x);
                sum += term;
                size += term.abs();
            }
            let found = e[[0, k]] * f64::sqrt(factorial);
            worst = worst.max((found - sum).abs() / size);
        }
    }
    worst
}

impl HermiteBasis {
    fn orthogonality(&self) -> Result<f64> {
        let (x, w) = Basis::Hermite.quadrature(self.nodes)?;
        let e = Basis::Hermite.evaluate(&x, self.polynomials);
        let weighted = &e * &Array1::from(w).insert_axis(ndarray::Axis(1));
        let apart = e.t().dot(&weighted) - Array2::<f64>::eye(self.polynomials);
        Ok(apart.iter().fold(0.0, |m, d| m.max(d.abs())))
    }
}
