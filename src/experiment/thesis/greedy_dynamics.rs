//! Greedy dynamics (§3.5): linear networks learn singular modes in order, their features collapse to as many directions as there are classes, and
//! the unconstrained feature model reaches neural collapse.
//!
//! Table `modes` (seed 0): `start` (`aligned`, `random`), `mode`, `t`, `simulated`, `theory` (strengths $u_i^T W_1 W_2 v_i$; the theory is 3.15 for the
//! aligned start, and modes in turn, each a scalar net of Theorem 1, for the random one), `loss` (of the network).
//!
//! Table `decoupling`: `scale` (of random starts), `alone`, `in_turn` (largest |simulated − theory| over $\rho_i$, each mode on its own and in turn), `ordered` (1 when modes reach half in the order of $\rho_i$), `meanwhile` (share of mode 2
//! when mode 1 has 95 %).
//!
//! Table `rank`: `start` (`random`, `balanced`), `scale`, `singular` (index k from 1), `before`, `after` (singular values of $XW_1/\sqrt n$), `loss` (over that of f = 0, at the end).
//!
//! Table `collapse`: `scale`, `nc1` … `nc4` and `nc1_before` … of the unconstrained feature model, `loss` as above.
//!
//! Table `checks`: `name`, `value`.

mod report;

use super::numbers::{even, named};
use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::linalg;
use crate::metric::neural_collapse::NeuralCollapse;
use crate::model::layerwise::{DeepLinear, DeepTrajectory, Layers, ModeTrajectory};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;
use ndarray::{Array2, aview1};

settings! {
    /// Settings of the greedy dynamics.
    pub struct GreedyDynamics {
        /// Singular values ρ of ⟨xyᵀ⟩, descending.
        strengths: Vec<f64> = vec![4.0, 2.0, 1.0], vec![4.0, 2.0, 1.0, 0.5], vec![4.0, 2.0, 1.0, 0.5];
        /// Inputs d of the network on whitened inputs.
        inputs: usize = 5, 10, 10;
        /// Width p of that network.
        width: usize = 6, 20, 20;
        /// Standard deviations of random starts, ascending.
        scales: Vec<f64> = vec![1e-3, 0.1], vec![1e-4, 1e-3, 0.01, 0.1], vec![1e-5, 1e-4, 1e-3, 0.01, 0.1];
        /// Samples n of the rank collapse.
        rank_samples: usize = 12, 30, 30;
        /// Inputs of the rank collapse, at least twice n: any labels can be fitted.
        rank_inputs: usize = 24, 60, 60;
        /// Width of the rank collapse, between the number of classes and n.
        rank_width: usize = 8, 20, 20;
        /// Number of classes c.
        classes: usize = 3, 3, 3;
        /// Standard deviations of the starts of rank collapse and unconstrained features, ascending.
        rank_scales: Vec<f64> = vec![1e-3, 1.0], vec![1e-4, 1e-3, 0.01, 0.1, 1.0], vec![1e-4, 1e-3, 0.01, 0.1, 1.0];
        /// Samples a class of the unconstrained feature model.
        each_class: usize = 4, 10, 10;
        /// Training ends at this share of the loss of f = 0, or after `most_steps`.
        tolerance: f64 = 1e-8, 1e-12, 1e-12;
        /// Most steps of a descent.
        most_steps: usize = 20_000, 200_000, 1_000_000;
        /// Number of seeds.
        seeds: u64 = 2, 8, 32;
    }
}

/// Records of the mode curves.
const RECORDS: usize = 160;

impl GreedyDynamics {
    /// A random E[xyᵀ] with these singular values.
    fn net(&self, seed: Seed) -> Result<DeepLinear> {
        let k = self.strengths.len();
        let u = linalg::qr(&seed.normal("data", self.inputs, k))?.0;
        let v = linalg::qr(&seed.normal("noise", k, k))?.0;
        DeepLinear::whitened(&(u * aview1(&self.strengths)).dot(&v.t()))
    }

    /// By when the weakest mode has come from strength `from` to 99.9 %.
    fn end(&self, from: f64) -> f64 {
        let rho = self.strengths[self.strengths.len() - 1];
        ((rho / from).ln() + 7.0) / (2.0 * rho)
    }
}

impl Experiment for GreedyDynamics {
    const INFO: Info = Info {
        id: "thesis/greedy",
        title: "Greedy dynamics: singular modes in order, low rank, neural collapse",
        document: Document::Thesis,
        section: "§3.5, A.2.2, A.2.3",
        notebook: "thesis/06-layerwise-dynamics",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        let modes = self.strengths.len();
        whole("strengths.len()", modes, 2, 8)?;
        for (i, s) in self.strengths.iter().enumerate() {
            positive(&format!("strengths[{i}]"), *s)?;
        }
        if self.strengths.windows(2).any(|w| w[1] >= w[0]) {
            return Err(Error::setting(
                "strengths",
                format!("{:?}", self.strengths),
                "descending",
            ));
        }
        whole("inputs", self.inputs, modes, 1000)?;
        whole("width", self.width, modes, 1000)?;
        for (field, list) in [("scales", &self.scales), ("rank_scales", &self.rank_scales)] {
            distinct(field, list)?;
            list.iter().try_for_each(|x| positive(field, *x))?;
            if !list.is_sorted() || list.len() < 2 {
                return Err(Error::setting(
                    field,
                    format!("{list:?}"),
                    "two or more numbers, ascending",
                ));
            }
        }
        whole("classes", self.classes, 2, 20)?;
        whole("rank_samples", self.rank_samples, 2 * self.classes, 1000)?;
        whole(
            "rank_inputs",
            self.rank_inputs,
            2 * self.rank_samples,
            10_000,
        )?;
        whole(
            "rank_width",
            self.rank_width,
            self.classes + 1,
            self.rank_samples,
        )?;
        whole("each_class", self.each_class, 2, 1000)?;
        whole("most_steps", self.most_steps, 100, 100_000_000)?;
        if !(self.tolerance > 0.0 && self.tolerance < 0.1) {
            return Err(Error::setting(
                "tolerance",
                self.tolerance,
                "a number between 0 and 0.1",
            ));
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        let (decoupling, curves) = self.modes(seed, progress)?;
        if seed.0 == 0 {
            tables.insert("modes".into(), curves);
        }
        tables.insert("decoupling".into(), decoupling);
        tables.insert("rank".into(), self.rank(seed, progress)?);
        tables.insert("collapse".into(), self.collapse(seed, progress)?);
        tables.insert("checks".into(), self.checks(seed)?);
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

impl GreedyDynamics {
    fn modes(&self, seed: Seed, progress: &Progress) -> Result<(Table, Table)> {
        let net = self.net(seed)?;
        let k = self.strengths.len();
        let solver = Flow::new(1e-10);
        let (mut rows, mut curves) = (Vec::new(), Vec::new());
        for (i, &scale) in self.scales.iter().enumerate() {
            progress.check()?;
            let start = Layers::gaussian(self.inputs, self.width, k, scale, seed)?;
            let times = even(self.end(scale * scale), RECORDS);
            let run = net.flow(&start, &times, &solver)?;
            let alone = net.decoupled(&start, &times)?;
            let theory = net.in_turn(&start, &times)?;
            let share = self.share(&run);
            let error = |theory: &ModeTrajectory| {
                let apart = run
                    .strength
                    .indexed_iter()
                    .map(|((t, m), x)| (x - theory.strength[[t, m]]).abs() / self.strengths[m]);
                apart.fold(0.0, f64::max)
            };
            let half: Vec<f64> = (0..k).map(|m| share.time_to(m, 0.5)).collect();
            let end = share.time_to(0, 0.95);
            let done = times.iter().position(|t| *t >= end);
            let meanwhile = done.map_or(f64::NAN, |t| share.share()[[t, 1]]);
            let ordered = half.windows(2).all(|w| w[0] < w[1]);
            rows.push([
                scale,
                error(&alone),
                error(&theory),
                f64::from(ordered),
                meanwhile,
            ]);
            if i == self.scales.len() / 2 {
                curves.push(curve("random", &run, &theory)?);
            }
        }
        let alpha = vec![self.scales[self.scales.len() / 2]; k];
        let start = net.aligned_start(self.width, &alpha, &alpha, seed)?;
        let times = even(self.end(alpha[0] * alpha[0]), RECORDS);
        let run = net.flow(&start, &times, &solver)?;
        curves.push(curve("aligned", &run, &net.decoupled(&start, &times)?)?);
        let column = |c: usize| rows.iter().map(|r| r[c]).collect::<Vec<f64>>();
        let table = Table::new()
            .with("scale", column(0))?
            .with("alone", column(1))?
            .with("in_turn", column(2))?
            .with("ordered", column(3))?
            .with("meanwhile", column(4))?;
        Ok((table, Table::concat(curves)?))
    }

    fn share(&self, run: &DeepTrajectory) -> ModeTrajectory {
        ModeTrajectory {
            time: run.time.clone(),
            strength: run.strength.clone(),
            imbalance: Array2::zeros((run.time.len(), 0)),
            variance: vec![1.0; self.strengths.len()],
            target: self.strengths.clone(),
        }
    }

    /// Trains in stretches until the loss is at the tolerance; the start's features and the end.
    fn train(
        &self,
        net: &DeepLinear,
        start: &Layers,
        rate: f64,
        progress: &Progress,
    ) -> Result<(Vec<f64>, DeepTrajectory, f64)> {
        const STRETCH: usize = 2000;
        let nothing = Layers::new(start.w1.clone() * 0.0, start.w2.clone() * 0.0)?;
        let every = Schedule::Every { steps: STRETCH };
        let scale = net.descend(&nothing, rate, 0, &every)?.final_loss();
        let mut run = net.descend(start, rate, STRETCH, &every)?;
        let before = run.features.row(0).to_vec();
        let mut steps = STRETCH;
        while run.final_loss() > self.tolerance * scale && steps < self.most_steps {
            progress.check()?;
            run = net.descend(&run.end, rate, STRETCH, &every)?;
            steps += STRETCH;
        }
        let left = run.final_loss() / scale;
        Ok((before, run, left))
    }

    /// The features of n samples with labels, after training from small and large starts.
    fn rank(&self, seed: Seed, progress: &Progress) -> Result<Table> {
        let (n, d, p) = (self.rank_samples, self.rank_inputs, self.rank_width);
        let x = seed.normal("data", n, d);
        let y = one_hot(n, self.classes);
        let net = DeepLinear::of_data(&x, &y)?;
        // Largest curvature: that of the inputs, (1 + √(d/n))², times the layers' squared singular values.
        let inputs = (1.0 + (d as f64 / n as f64).sqrt()).powi(2);
        let width = |scale: f64| scale * ((d as f64).sqrt() + (p as f64).sqrt());
        let mut parts = Vec::new();
        let random = self.rank_scales.iter().map(|s| ("random", *s));
        for (kind, scale) in random.chain([("balanced", 1.0)]) {
            let start = match kind {
                "random" => Layers::gaussian(d, p, self.classes, scale, seed)?,
                _ => net.aligned_start(
                    p,
                    &vec![scale; self.classes],
                    &vec![scale; self.classes],
                    seed,
                )?,
            };
            let size = if kind == "random" {
                width(scale)
            } else {
                scale
            };
            let rate = 1.0 / (inputs * (size * size + 1.0));
            let (before, run, loss) = self.train(&net, &start, rate, progress)?;
            let after = run.final_features();
            parts.push(
                Table::new()
                    .with("singular", (1..=after.len()).collect::<Vec<_>>())?
                    .with("before", before)?
                    .with("after", after)?
                    .with_constant("loss", loss)?
                    .led_by("scale", scale)?
                    .led_by("start", kind)?,
            );
        }
        Table::concat(parts)
    }

    /// The unconstrained feature model: features of each sample of their own.
    fn collapse(&self, seed: Seed, progress: &Progress) -> Result<Table> {
        let n = self.classes * self.each_class;
        let net = DeepLinear::unconstrained(&one_hot(n, self.classes))?;
        let labels: Vec<usize> = (0..n).map(|i| i % self.classes).collect();
        let p = self.rank_width;
        let mut rows = Vec::new();
        for &scale in &self.rank_scales {
            let start = Layers::gaussian(n, p, self.classes, scale, seed)?;
            let size = scale * ((n as f64).sqrt() + (p as f64).sqrt());
            let rate =
                0.5 * n as f64 / (size * size + 2.0 * (n as f64 / self.classes as f64).sqrt());
            let (_, run, loss) = self.train(&net, &start, rate, progress)?;
            let of = |layers: &Layers| NeuralCollapse::measure(&layers.w1, &labels, &layers.w2);
            let (before, after) = (of(&start)?, of(&run.end)?);
            rows.push((
                [scale, loss],
                [before, after].map(|m| [m.nc1, m.nc2, m.nc3, m.nc4]),
            ));
        }
        let mut table = Table::new()
            .with("scale", rows.iter().map(|r| r.0[0]).collect::<Vec<_>>())?
            .with("loss", rows.iter().map(|r| r.0[1]).collect::<Vec<_>>())?;
        for k in 0..4 {
            let of = |when: usize| rows.iter().map(|r| r.1[when][k]).collect::<Vec<_>>();
            table = table
                .with(&format!("nc{}_before", k + 1), of(0))?
                .with(&format!("nc{}", k + 1), of(1))?;
        }
        Ok(table)
    }

    fn checks(&self, seed: Seed) -> Result<Table> {
        let net = self.net(seed)?;
        let k = self.strengths.len();
        let solver = Flow::new(1e-12);
        let times = even(self.end(0.01), 10);
        let error = |a: &[f64], b: &[f64]| -> Result<(f64, DeepTrajectory)> {
            let start = net.aligned_start(self.width, a, b, seed)?;
            let (run, exact) = (
                net.flow(&start, &times, &solver)?,
                net.decoupled(&start, &times)?,
            );
            let apart = run
                .strength
                .indexed_iter()
                .map(|((t, m), x)| (x - exact.strength[[t, m]]).abs() / self.strengths[m]);
            Ok((apart.fold(0.0, f64::max), run))
        };
        let (balanced, run) = error(&vec![0.1; k], &vec![0.1; k])?;
        let random = seed.normal("init", 2, k) * 0.3;
        let (uneven, _) = error(&random.row(0).to_vec(), &random.row(1).to_vec())?;
        let last = run.strength.nrows() - 1;
        let end = run.strength[[last, 0]];
        let start = Layers::gaussian(self.inputs, self.width, k, 0.3, seed)?;
        let free = net.flow(&start, &times, &solver)?;
        let drift = free.drift.iter().copied().fold(0.0, f64::max);
        let size = start.imbalance().iter().map(|x| x * x).sum::<f64>().sqrt();
        named(&[
            ("balanced", balanced),
            ("uneven", uneven),
            // α² = uᵀW₁W₂v against ρ, and α = uᵀW₁W₂v as printed, whose square would be ρ.
            ("strength_over_rho", end / self.strengths[0]),
            ("printed_over_rho", end * end / self.strengths[0]),
            ("drift", drift / size),
        ])
    }
}

/// Labels 0, 1, … c − 1, 0, 1, … as rows of the identity.
fn one_hot(n: usize, classes: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, classes), |(i, c)| f64::from(i % classes == c))
}

fn curve(start: &str, run: &DeepTrajectory, theory: &ModeTrajectory) -> Result<Table> {
    let keys = || run.strength.indexed_iter().map(|(at, _)| at);
    Table::new()
        .with("t", keys().map(|(t, _)| run.time[t]).collect::<Vec<_>>())?
        .with("mode", keys().map(|(_, m)| m + 1).collect::<Vec<_>>())?
        .with(
            "simulated",
            run.strength.iter().copied().collect::<Vec<_>>(),
        )?
        .with(
            "theory",
            theory.strength.iter().copied().collect::<Vec<_>>(),
        )?
        .with("loss", keys().map(|(t, _)| run.loss[t]).collect::<Vec<_>>())?
        .led_by("start", start)
}
