//! Lazy and rich (§6.2, §6.3.1, Fig. 6.1, 6.2): small weights, small targets and NTK initialisation in the scalar linear network.
//!
//! Table `cases` (seed 0): `case` (`greedy`, `target`, `ntk`), `t`, `theta`, `linearised`, `aligned`, `anti_aligned` (sums of $a_i b_i/Z$ over either family), in units of S.
//!
//! Table `greedy`: `scale` (a, b = ±scale, Z = 1), `gamma_limit`, `aligned` and `anti_aligned` ($a^2(\infty)/a^2(0)$ of each family, by gradient descent), `error` (largest relative difference
//! of 6.8 and 6.9 from the same run), `delta_theta` (the same of $\Delta\theta$ by 6.3, 6.4, over S).
//!
//! Table `targets` (seed 0): `target` (S, with θ(0) = 0 and Z = 1), `excess` ($\gamma_+ - 1$), `kernel_distance`, `linear_error` (largest |θ − linearised| over S).
//!
//! Table `widths`: `p`, `log_gamma` ($|\ln\gamma_+|$ over $|S - \mathcal S_0|$, the way to go), `weights` (root mean square of $a_i(\infty) - a_i(0)$), `modes` (of $a_i b_i(\infty) - a_i b_i(0)$, both over the way), `linear_error`, `growth` (|Σ(∞)/Σ₀ − 1|), `kernel_distance`,
//! `start` ($\mathcal S_0$), of Gaussian weights with Z = √p.
//!
//! Table `map`: `normalisation` (`1`, `√p`, `p`), `p`, `scale`, `ratio` (S/Σ₀), `gamma_limit`, `kernel_distance`, by the closed form from Gaussian weights.
//!
//! Table `simulated`: `p`, `scale` (Z = √p), `kernel_distance` by gradient descent, `closed_form`.
//!
//! Table `methods`: `method` (Table 6.1), `gamma_limit`, `kernel_distance`.
//!
//! Table `checks`: `name`, `value`.

mod claims;
mod map;
mod report;

use super::numbers::{even, named};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::layerwise::{Growth, ScalarNet};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;

settings! {
    /// Settings of lazy and rich dynamics.
    pub struct LazyRich {
        /// Target scale S.
        target: f64 = 1.0, 1.0, 1.0;
        /// Width of the greedy case.
        greedy_width: usize = 20, 100, 100;
        /// Starts ±scale of the greedy case, ascending.
        greedy_scales: Vec<f64> = vec![0.01, 0.3], vec![1e-4, 1e-3, 0.01, 0.1, 0.3, 1.0], vec![1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.3, 1.0, 3.0];
        /// Targets S of target downscaling, descending.
        targets: Vec<f64> = vec![1.0, 0.1, 0.01], vec![10.0, 1.0, 0.1, 0.01, 1e-3, 1e-4], vec![10.0, 1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6];
        /// Widths p of NTK initialisation, ascending.
        widths: Vec<usize> = vec![100, 1000], vec![100, 1000, 10_000, 100_000, 1_000_000], vec![100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];
        /// Draws of S₀ a seed, for its variance.
        draws: usize = 50, 500, 2000;
        /// Width of those draws.
        draw_width: usize = 100, 1000, 1000;
        /// Widths of the map, ascending.
        map_widths: Vec<usize> = vec![10, 100, 1000], vec![10, 32, 100, 316, 1000, 3162, 10_000, 31_623, 100_000], vec![10, 32, 100, 316, 1000, 3162, 10_000, 31_623, 100_000, 316_228, 1_000_000];
        /// Standard deviations of the map: from 0.01 to 10, this many.
        map_scales: usize = 7, 31, 61;
        /// Number of seeds; a seed is a start.
        seeds: u64 = 2, 16, 64;
    }
}

/// Range of the map's scales.
const SCALES: [f64; 2] = [0.01, 10.0];
/// Records of a case.
const RECORDS: usize = 200;

impl LazyRich {
    /// Gaussian weights with Z = √p: NTK initialisation.
    fn ntk(&self, p: usize, scale: f64, seed: Seed) -> Result<ScalarNet> {
        ScalarNet::gaussian(p, scale, self.target, (p as f64).sqrt(), seed)
    }
}

impl Experiment for LazyRich {
    const INFO: Info = Info {
        id: "thesis/lazy-rich",
        title: "Lazy and rich: what decides, and how sharply?",
        document: Document::Thesis,
        section: "§6.2, §6.3.1, Fig. 6.1, 6.2",
        notebook: "thesis/10-lazy-and-rich",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("target", self.target)?;
        whole("greedy_width", self.greedy_width, 2, 100_000)?;
        whole("draws", self.draws, 10, 1_000_000)?;
        whole("draw_width", self.draw_width, 2, 1_000_000)?;
        whole("map_scales", self.map_scales, 3, 500)?;
        distinct("greedy_scales", &self.greedy_scales)?;
        self.greedy_scales
            .iter()
            .try_for_each(|x| positive("greedy_scales", *x))?;
        distinct("targets", &self.targets)?;
        self.targets
            .iter()
            .try_for_each(|x| positive("targets", *x))?;
        if !self.greedy_scales.is_sorted() {
            return Err(Error::setting(
                "greedy_scales",
                format!("{:?}", self.greedy_scales),
                "ascending",
            ));
        }
        if !self.targets.iter().rev().is_sorted() {
            return Err(Error::setting(
                "targets",
                format!("{:?}", self.targets),
                "descending",
            ));
        }
        for (field, list) in [("widths", &self.widths), ("map_widths", &self.map_widths)] {
            distinct(field, list)?;
            list.iter()
                .try_for_each(|p| whole(field, *p, 2, 100_000_000))?;
            if !list.is_sorted() || list.len() < 2 {
                return Err(Error::setting(
                    field,
                    format!("{list:?}"),
                    "two widths or more, ascending",
                ));
            }
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        tables.insert("greedy".into(), self.greedy(seed, progress)?);
        tables.insert("widths".into(), self.widths(seed, progress)?);
        tables.insert("map".into(), self.map(seed)?);
        progress.check()?;
        tables.insert("simulated".into(), self.simulated(seed)?);
        tables.insert("methods".into(), self.methods(seed)?);
        tables.insert(
            "checks".into(),
            named(&[("variance", self.variance(seed)?)])?,
        );
        if seed.0 == 0 {
            tables.insert("cases".into(), self.cases()?);
            tables.insert("targets".into(), self.downscaling()?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}

/// The largest |θ − linearised| until both have come to rest.
fn linear_error(growth: &Growth) -> f64 {
    let slowest = growth.root().min(growth.weight()) * growth.rate();
    let times = even(12.0 / slowest, 600);
    // Both as distances from S, which keep their digits where θ is a small difference of large sums.
    let first = growth.start() - growth.target();
    let apart = times.iter().map(|t| {
        let linear = first * (-2.0 * growth.weight() * growth.rate() * t).exp();
        (growth.residual(*t) - linear).abs()
    });
    apart.fold(0.0, f64::max)
}

impl LazyRich {
    /// The three cases of Fig. 6.2, with as many aligned as anti-aligned pairs.
    fn cases(&self) -> Result<Table> {
        let p = 2 * (self.greedy_width / 2);
        let s = self.target;
        let nets = [
            ("greedy", ScalarNet::even_signs(p, 1e-3, s, 1.0)?),
            ("target", ScalarNet::even_signs(p, 1.0, 0.01 * s, 1.0)?),
            ("ntk", ScalarNet::even_signs(10_000, 1.0, s, 100.0)?),
        ];
        let parts = nets.iter().map(|(case, net)| {
            let growth = net.growth();
            let end = growth.time_to(0.999 * net.target()).unwrap_or(1.0);
            let run = net.exact(&even(1.3 * end, RECORDS))?;
            let share = |x: &[f64]| x.iter().map(|x| x / net.target()).collect::<Vec<_>>();
            let linear: Vec<f64> = run.time.iter().map(|t| growth.linearised(*t)).collect();
            Table::new()
                .with("t", run.time.iter().map(|t| t / end).collect::<Vec<_>>())?
                .with("theta", share(&run.theta))?
                .with("linearised", share(&linear))?
                .with("aligned", share(&run.aligned))?
                .with("anti_aligned", share(&run.anti_aligned))?
                .led_by("case", *case)
        });
        Table::concat(parts.collect::<Result<_>>()?)
    }

    /// Signs as starts: 6.2–6.9 against gradient descent on all weights.
    fn greedy(&self, seed: Seed, progress: &Progress) -> Result<Table> {
        let mut rows = Vec::new();
        for &scale in &self.greedy_scales {
            progress.check()?;
            let net = ScalarNet::signs(self.greedy_width, scale, self.target, 1.0, seed)?;
            let growth = net.growth();
            let end = 6.0 / growth.root() + growth.log_gamma_limit().abs() / (2.0 * growth.root());
            // Half a per mille of the fastest time scale.
            let rate = 5e-4 / (growth.root() + growth.weight() + self.target);
            let steps = (end / rate).ceil() as usize;
            let every = Schedule::Every {
                steps: (steps / 50).max(1),
            };
            let run = net.descend(rate, steps, &every)?;
            let (theta, delta) = (&run.theta, run.difference());
            let grown = |k: usize| (theta[k] + delta[k]) / (theta[0] + delta[0]);
            let mut error: f64 = 0.0;
            for k in 0..theta.len() {
                // Families of equal squares: a² of each is its sum of ab.
                let (up, down) = (
                    run.aligned[k] / run.aligned[0],
                    run.anti_aligned[k] / run.anti_aligned[0],
                );
                for (measured, expected) in [(up, grown(k)), (down, 1.0 / grown(k))] {
                    if measured.is_finite() {
                        error = error.max((measured / expected - 1.0).abs());
                    }
                }
            }
            let last = theta.len() - 1;
            // Eq. 6.3 and 6.4 keep Δθ² − θ².
            let kept = (delta[0] * delta[0] - theta[0] * theta[0] + theta[last] * theta[last])
                .max(0.0)
                .sqrt();
            rows.push([
                scale,
                growth.gamma_limit(),
                run.aligned[last] / run.aligned[0],
                run.anti_aligned[last] / run.anti_aligned[0],
                error,
                (kept - delta[last]).abs() / self.target,
            ]);
        }
        table(
            &[
                "scale",
                "gamma_limit",
                "aligned",
                "anti_aligned",
                "error",
                "delta_theta",
            ],
            &rows,
        )
    }

    fn downscaling(&self) -> Result<Table> {
        let p = 2 * (self.greedy_width / 2);
        let rows = self.targets.iter().map(|&s| {
            let net = ScalarNet::even_signs(p, 1.0, s, 1.0)?;
            let growth = net.growth();
            Ok([
                s,
                growth.log_gamma_limit().exp_m1(),
                growth.kernel_distance_limit(),
                linear_error(growth) / s,
            ])
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        table(
            &["target", "excess", "kernel_distance", "linear_error"],
            &rows,
        )
    }

    fn widths(&self, seed: Seed, progress: &Progress) -> Result<Table> {
        let mut rows = Vec::new();
        for &p in &self.widths {
            progress.check()?;
            let net = self.ntk(p, 1.0, seed)?;
            let growth = net.growth();
            let (a, b) = net.parameters(f64::INFINITY)?;
            let pairs = || a.iter().zip(&b).zip(net.a().iter().zip(net.b()));
            let weights: f64 = pairs().map(|((a, _), (a0, _))| (a - a0).powi(2)).sum();
            let modes: f64 = pairs()
                .map(|((a, b), (a0, b0))| (a * b - a0 * b0).powi(2))
                .sum();
            // Starts differ in how far they are from S: moves are for each unit of that.
            let way = (growth.target() - growth.start()).abs();
            let root = |x: f64| (x / p as f64).sqrt() / way;
            rows.push([
                p as f64,
                growth.log_gamma_limit().abs() / way,
                root(weights),
                root(modes),
                linear_error(growth),
                (growth.weight_at(1e9 / growth.root()) / growth.weight() - 1.0).abs(),
                growth.kernel_distance_limit(),
                growth.start(),
            ]);
        }
        table(
            &[
                "p",
                "log_gamma",
                "weights",
                "modes",
                "linear_error",
                "growth",
                "kernel_distance",
                "start",
            ],
            &rows,
        )
    }
}

/// Columns by name out of rows.
fn table<const N: usize>(names: &[&str; N], rows: &[[f64; N]]) -> Result<Table> {
    let mut table = Table::new();
    for (k, name) in names.iter().enumerate() {
        table = table.with(name, rows.iter().map(|r| r[k]).collect::<Vec<f64>>())?;
    }
    Ok(table)
}
