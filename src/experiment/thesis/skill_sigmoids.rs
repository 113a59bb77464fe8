//! The multitask sparse parity problem and the multilinear model trained on it (thesis, §4.2, Fig. 4.1, Table 4.2, App. B.1).
//!
//! The model f = Σ a_k b_k g_k is trained on D examples by gradient descent on the loss of all of them together (Eq. B.3), which knows nothing of skills; every 𝓡_k must then follow
//! Eq. 4.11 with its own d_k/D.
//!
//! Table `curves`, a row for each record and skill: `t` (T, in steps), `skill` (from 1), `strength` (𝓡_k/S by gradient descent), `exact` (Eq. 4.11 with d_k/D).
//!
//! Table `checks`, one row a seed: `overlap` (largest |g_k g_l|, k ≠ l, of an example), `norm` (E f*²/S²), `sampled` (largest |𝓡_k measured on samples − a_k b_k|), `flow` (largest relative difference of
//! Eq. 4.11 from an adaptive solution of the coupled equations), `descent` (largest |strength − exact|), `half` and `quarter` (the same with η/2 and η/4), `in_order` (1 when skills reach S/2 in the order of d_k), `b8` (Eq. B.8's first expression as it is printed, over the measured d𝓡/dT),
//! `b8_corrected` (with its sign mended).

use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::check::{positive, whole};
use crate::experiment::curves::{by_seed, median};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Colour, Dash, Figure, Figures, Panel, Style};
use crate::model::multilinear::DecoupledSkills;
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::stats::{self, Interval};
use crate::table::Table;
use crate::task::{ParityBatch, SkillLaw, SparseParity, Subsets};
use ndarray::{Array1, Array2, Axis};

settings! {
    /// Settings of the multilinear model on the sparse parity problem.
    pub struct SkillSigmoids {
        /// Exponent α of the frequencies k^−(α+1).
        alpha: f64 = 0.6, 0.6, 0.6;
        /// Number of skills n_s.
        skills: usize = 3, 5, 5;
        /// Number of skill bits n_b.
        bits: usize = 32, 32, 32;
        /// Bits of a skill m; the subsets share none.
        sparse: usize = 3, 3, 3;
        /// Training set D.
        samples: usize = 300, 1_000, 10_000;
        /// a(0) = b(0); S is 1.
        start: f64 = 0.1, 0.1, 0.1;
        /// Learning rate η.
        rate: f64 = 0.2, 0.05, 0.02;
        /// Last T, in units of 1/η.
        time: f64 = 60.0, 120.0, 120.0;
        /// Number of seeds: of subsets and training sets.
        seeds: u64 = 2, 16, 32;
    }
}

/// Records of a curve.
const RECORDS: usize = 120;

struct Trained {
    task: SparseParity,
    model: DecoupledSkills,
    /// d_k/D.
    share: Vec<f64>,
    /// g_k of each example.
    basis: Array2<f64>,
}

impl SkillSigmoids {
    fn set_up(&self, seed: Seed) -> Result<(Trained, ParityBatch)> {
        let law = SkillLaw::new(self.alpha, self.skills as u64)?;
        let subsets = Subsets::disjoint(self.skills, self.bits, self.sparse, seed)?;
        let task = SparseParity::new(law.frequencies()?, subsets)?;
        let batch = task.batch(self.samples, seed);
        let counts = batch.counts();
        let share = counts
            .iter()
            .map(|d| *d as f64 / self.samples as f64)
            .collect();
        let model = DecoupledSkills::multilinear(law)?.with_start(self.start * self.start)?;
        let trained = Trained {
            task,
            model,
            share,
            basis: batch.basis(),
        };
        Ok((trained, batch))
    }
}

impl Trained {
    /// Gradient descent on the loss of all examples together: 𝓡 at `records` even times up to `time`/η (rows).
    fn descend(&self, start: f64, rate: f64, time: f64, records: usize) -> (Vec<f64>, Array2<f64>) {
        let skills = self.share.len();
        let samples = self.basis.nrows() as f64;
        let target = self.basis.sum_axis(Axis(1));
        let (mut a, mut b) = (vec![start; skills], vec![start; skills]);
        let every = ((time / rate) / (records - 1) as f64).round().max(1.0) as usize;
        let (mut times, mut strengths) = (vec![], Array2::zeros((records, skills)));
        for record in 0..records {
            times.push((record * every) as f64 * rate);
            for k in 0..skills {
                strengths[[record, k]] = a[k] * b[k];
            }
            if record + 1 == records {
                break;
            }
            for _ in 0..every {
                let r: Array1<f64> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
                let residual = self.basis.dot(&r) - &target;
                let pull = self.basis.t().dot(&residual) * (rate / samples);
                for k in 0..skills {
                    (a[k], b[k]) = (a[k] - pull[k] * b[k], b[k] - pull[k] * a[k]);
                }
            }
        }
        (times, strengths)
    }

    /// 𝓡 at `times` by an adaptive solver of the same equations, η = 1.
    fn flow(&self, start: f64, times: &[f64]) -> Result<Array2<f64>> {
        let skills = self.share.len();
        let samples = self.basis.nrows() as f64;
        // GᵀG and Gᵀf*: the coupled quadratic form of B.3, computed from the examples.
        let gram = self.basis.t().dot(&self.basis) / samples;
        let right = self.basis.t().dot(&self.basis.sum_axis(Axis(1))) / samples;
        let path = Flow::new(1e-12).descend(
            |x, g| {
                for k in 0..skills {
                    let pull: f64 = (0..skills)
                        .map(|l| gram[[k, l]] * x[l] * x[skills + l])
                        .sum::<f64>()
                        - right[k];
                    g[k] = pull * x[skills + k];
                    g[skills + k] = pull * x[k];
                }
            },
            &vec![start; 2 * skills],
            times,
        )?;
        Ok(Array2::from_shape_fn((times.len(), skills), |(t, k)| {
            path.states[[t, k]] * path.states[[t, skills + k]]
        }))
    }

    fn exact(&self, times: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn((times.len(), self.share.len()), |(t, k)| {
            self.model.strength(self.share[k], times[t])
        })
    }
}

fn largest(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    (a - b).iter().fold(0.0, |m, x| x.abs().max(m))
}

impl Experiment for SkillSigmoids {
    const INFO: Info = Info {
        id: "thesis/fig-4.1",
        title: "Sparse parities and the multilinear model: decoupled sigmoids",
        document: Document::Thesis,
        section: "§4.2, Fig. 4.1, App. B.1",
        notebook: "thesis/08-scaling-laws",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("alpha", self.alpha)?;
        whole("skills", self.skills, 2, 1_000)?;
        whole("samples", self.samples, self.skills, 1_000_000)?;
        positive("rate", self.rate)?;
        positive("time", self.time)?;
        if self.rate > 1.0 {
            return Err(crate::error::Error::setting(
                "rate",
                self.rate,
                "at most 1 for S = 1",
            ));
        }
        Subsets::disjoint(self.skills, self.bits, self.sparse, Seed(0))?;
        let law = SkillLaw::new(self.alpha, self.skills as u64)?;
        DecoupledSkills::multilinear(law)?
            .with_start(self.start * self.start)
            .map(|_| ())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (trained, batch) = self.set_up(seed)?;
        progress.check()?;
        let run = |rate: f64| {
            let (times, strengths) = trained.descend(self.start, rate, self.time, RECORDS);
            let exact = trained.exact(&times);
            (largest(&strengths, &exact), times, strengths, exact)
        };
        let (descent, times, strengths, exact) = run(self.rate);
        let (half, quarter) = (run(self.rate / 2.0).0, run(self.rate / 4.0).0);
        progress.check()?;
        let flow = trained.flow(self.start, &times)?;
        let relative = flow
            .iter()
            .zip(&exact)
            .fold(0.0f64, |m, (f, e)| m.max((f / e - 1.0).abs()));

        let products = batch.basis();
        let overlap = products
            .rows()
            .into_iter()
            .map(|g| g.sum().powi(2) - g.iter().map(|x| x * x).sum::<f64>())
            .fold(0.0f64, |m, x| m.max(x.abs()));
        let target = products.sum_axis(Axis(1));
        let norm = target.dot(&target) / self.samples as f64;
        let last = strengths.row(RECORDS / 2);
        let mut sampled = 0.0f64;
        for k in 0..self.skills {
            let f = |b: &ParityBatch| (0..b.len()).map(|j| last[b.skill(j)] * b.sign(j)).collect();
            let found = trained.task.strength(k, f, 1_000, seed)?;
            sampled = sampled.max((found.value - last[k]).abs());
        }
        let reached: Vec<f64> = (0..self.skills)
            .map(|k| {
                let at = strengths.column(k).iter().position(|r| *r >= 0.5);
                at.map_or(f64::INFINITY, |i| times[i])
            })
            .collect();
        let ordered = (0..self.skills).all(|k| {
            (0..self.skills)
                .all(|l| trained.share[k] <= trained.share[l] || reached[k] <= reached[l])
        });
        // B.8 at the middle record of the first skill, a = b = √𝓡; its time derivative from the solver.
        let (step, at) = (1e-3, times[RECORDS / 10]);
        let ends = trained.flow(self.start, &[at - step, at, at + step])?;
        let measured = (ends[[2, 0]] - ends[[0, 0]]) / (2.0 * step) * self.rate;
        let a = ends[[1, 0]].sqrt();
        let speed = self.rate * trained.share[0] * a * (1.0 - a * a);
        let printed = -self.rate * speed * a + a * speed;
        let checks = Table::new()
            .with("overlap", vec![overlap])?
            .with("norm", vec![norm])?
            .with("sampled", vec![sampled])?
            .with("flow", vec![relative])?
            .with("descent", vec![descent])?
            .with("half", vec![half])?
            .with("quarter", vec![quarter])?
            .with("in_order", vec![f64::from(u8::from(ordered))])?
            .with("b8", vec![printed / measured])?
            .with("b8_corrected", vec![2.0 * a * speed / measured])?;
        let rows: Vec<(f64, usize)> = times
            .iter()
            .flat_map(|t| (1..=self.skills).map(move |k| (t / self.rate, k)))
            .collect();
        let curves = Table::new()
            .with("t", rows.iter().map(|r| r.0).collect::<Vec<_>>())?
            .with("skill", rows.iter().map(|r| r.1).collect::<Vec<_>>())?
            .with("strength", strengths.iter().copied().collect::<Vec<_>>())?
            .with("exact", exact.iter().copied().collect::<Vec<_>>())?;
        Ok([
            ("curves".to_string(), curves),
            ("checks".to_string(), checks),
        ]
        .into())
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let curves = outcome.table("curves")?;
        let mut panel = Panel::new("(b) skills").x("T (steps)").y("R_{k}/S");
        let mut coupled = Panel::new("trained on all examples together − Eq. 4.11")
            .x("T (steps)")
            .y("difference of R_{k}/S");
        for k in 1..=self.skills {
            let rows = curves.rows_where("skill", k)?;
            let (x, y) = median(&by_seed(&rows, "t", "strength")?);
            let (_, exact) = median(&by_seed(&rows, "t", "exact")?);
            let colour = Style::new().colour(Colour::Ordered {
                index: k - 1,
                of: self.skills,
            });
            panel = panel
                .line_styled(format!("k = {k}"), &x, &y, colour)
                .line_styled("", &x, &exact, colour.dash(Dash::Dotted));
            let lines = by_seed(&rows, "t", "strength")?
                .into_iter()
                .zip(by_seed(&rows, "t", "exact")?)
                .map(|((x, y), (_, e))| (x, y.iter().zip(&e).map(|(y, e)| y - e).collect()))
                .collect();
            coupled = coupled
                .light_lines(format!("k = {k}"), lines)
                .styled(colour);
        }
        Ok(Figures::new().with(
            "sigmoids",
            Figure::new("Skills grow as sigmoids, one after the other, and do not disturb each other")
                .panel(panel)
                .panel(coupled)
                .columns(2)
                .note(format!(
                    "Left: medians over {} seeds of gradient descent, dotted: Eq. 4.11 with d_k/D. Right: every seed; what is left is the size of a step, η = {}.",
                    outcome.seeds().len(),
                    self.rate
                )),
        ))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        let checks = outcome.table("checks")?;
        let of = |column: &str| checks.f64s(column);
        let worst = |column: &str| -> Result<Interval> {
            let values = of(column)?;
            Ok(Interval::exact(
                values.iter().fold(0.0, |m: f64, x| m.max(*x)),
                values.len(),
            ))
        };
        let zero = |column: &str| -> Result<Interval> { worst(column) };
        let norm = stats::mean(&of("norm")?);
        let (overlap, sampled, flow) = (zero("overlap")?, zero("sampled")?, worst("flow")?);
        let (descent, half, quarter) = (of("descent")?, of("half")?, of("quarter")?);
        let order: Vec<f64> = (0..half.len())
            .map(|i| (half[i] / quarter[i]).log2())
            .collect();
        let order = stats::mean(&order);
        let in_order = of("in_order")?;
        let kept = in_order.iter().filter(|x| **x == 1.0).count();
        let kept = stats::share(kept, in_order.len());
        let (b8, mended) = (stats::mean(&of("b8")?), stats::mean(&of("b8_corrected")?));
        let mut claims = vec![
            Claim::new("basis", "Eq. 4.3", "skill functions have mutually exclusive supports", "largest |Σ_{k≠l} g_k g_l| of an example: 0", overlap)
                .verdict(Verdict::within(overlap, 0.0, 0.0)),
            Claim::new("norm", "Eq. 4.4", "E f*² = S²", "1", norm).verdict(Verdict::within(norm, 1.0 - 1e-12, 1.0 + 1e-12)),
            Claim::new("strength", "Eq. 4.7, 4.10", "the skill strength is a_k b_k", "largest |𝓡_k measured on samples − a_k b_k|: below 1e-12", sampled)
                .verdict(Verdict::below(sampled, 1e-12)),
            Claim::new("decoupled", "Lemma 1, Eq. 4.11", "trained on D examples, every 𝓡_k follows a sigmoid of its own d_k/D", "largest relative difference from an adaptive solution of the coupled equations: at most 1e-9", flow)
                .verdict(Verdict::below(flow, 1e-9))
                .note(format!("gradient descent with η = {} is {:.1e} away", self.rate, stats::mean(&descent).value)),
            Claim::new("descent-order", "Lemma 1", "gradient descent is the flow up to the size of a step", "order of convergence: 1", order)
                .verdict(Verdict::within(order, 0.8, 1.2))
                .note("from η/2 and η/4"),
            Claim::new("delay", "Fig. 4.1", "less frequent skills have a more delayed growth", "share of seeds in which skills reach S/2 in the order of d_k: 1", kept)
                .verdict(Verdict::above(kept, 0.7)),
            Claim::new("b8", "Eq. B.8, as printed", "d𝓡/dT = −η(da/dT) b + a (db/dT)", "its value over the measured d𝓡/dT: 1", b8)
                .verdict(Verdict::within(b8, 0.95, 1.05))
                .note(format!("with (da/dT) b + a (db/dT) it is {:.6}; the next line, B.9, is right", mended.value)),
        ];
        self.stages(&mut claims)?;
        Ok(Claims(claims))
    }
}

impl SkillSigmoids {
    /// Eq. 4.12 to 4.15 on the exact dynamics of infinitely many skills with so small a start that training is in stages.
    fn stages(&self, claims: &mut Vec<Claim>) -> Result<()> {
        const K: u64 = 3;
        let model =
            DecoupledSkills::multilinear(SkillLaw::infinite(self.alpha)?)?.with_start(1e-100)?;
        let times: Vec<f64> = (K - 1..=K + 1)
            .map(|k| model.emergence(k, 0.5))
            .collect::<Result<_>>()?;
        let loss = |i: usize| model.loss((times[i] * times[i + 1]).sqrt(), None);
        let (before, after) = (loss(0)?.value, loss(1)?.value);
        let found = (after - before) / before;
        let law = *model.law();
        let printed = law.p(K) / law.tail(K - 1);
        claims.push(
            Claim::new(
                "stage-sign",
                "Eq. 4.12, as printed",
                "when skill k saturates ΔL/L = +P_s(k)/Σ_{j≥k} P_s(j)",
                &format!("{printed:.4} at k = {K}"),
                Interval::exact(found, 1),
            )
            .verdict(match (found - printed).abs() < 0.01 {
                true => Verdict::Holds,
                false => Verdict::Fails,
            })
            .note(format!("exact loss between the stages k−1, k and k+1, R(0) = 1e-100: the first expression lacks a minus sign, −{printed:.4}; the others have it")),
        );
        let far = 10_000u64;
        let drop = -law.p(far) / law.tail(far - 1) * far as f64;
        let wait = (model.emergence(far + 1, 0.5)? / model.emergence(far, 0.5)? - 1.0) * far as f64;
        let ratio = drop / wait;
        let expected = -self.alpha / (self.alpha + 1.0);
        claims.push(
            Claim::new(
                "stage-law",
                "Eq. 4.13–4.16",
                "kΔL/L → −α and kΔT/T → α + 1, so that ΔL/L = −α/(α+1) ΔT/T",
                &format!("{expected:.5} within 1e-3"),
                Interval::exact(ratio, 1),
            )
            .verdict(match (ratio - expected).abs() < 1e-3 {
                true => Verdict::Holds,
                false => Verdict::Fails,
            })
            .note(format!("k = {far}: kΔL/L = {drop:.5}, kΔT/T = {wait:.5}")),
        );
        Ok(())
    }
}
