//! An attention head (post, "Attention Head"): H = (AB) ⊗ (CD) learned under ‖H − H̃‖², by traces.
//!
//! With m parts M_s = a_s b_sᵀ, H = M₁ ⊗ … ⊗ M_m (the head: m = 2, AB = M₁, CD = M₂) and L = ‖H − H̃‖²_F, gradient flow obeys exactly
//!
//! $$\frac{d\lVert\tilde a_s\rVert^2}{dt} = \frac{d\lVert\tilde b_s\rVert^2}{dt} = -4\Bigl(\prod_t\lVert\tilde M_t\rVert^2 - \prod_t\langle M_t,\tilde M_t\rangle\Bigr)$$
//!
//! At the start the second term is small. All factors then shrink together, ‖M̃_t‖² ∝ N² for N = ‖ã_s‖², and dN/dt ∝ −N^{2m} gives N ∼ t^{−1/(2m−1)}: t^{−1/3} for
//! the head, not an exponential. What is learned grows by ∂‖ã_s‖/∂t ∝ ∏_{t≠s} ⟨M_t, M̃_t⟩: exponentially for m = 1 only; each further part multiplies the
//! wait by about the inverse of one more overlap, and the product's sign must come right first. The flow conserves ãᵀã − b̃ᵀb̃
//! of each part and the differences of ‖ã_s‖² between parts, which are not zero for a Gaussian start and stop the decay early; the case `balanced`
//! starts with zero there, and without overlap, to show the power law alone.
//!
//! Runs follow gradient flow (each step of it as long as accuracy allows: the plateau of four parts is 10⁷ times as long as that of one), until the loss is below `end` or the
//! `budget` or the `tail` after the drop is spent. Targets have ‖M_s‖ = 1, so that loss and time have the same units for any m: loss in ‖H‖², time as step × learning rate × ‖H‖².
//!
//! | table | a row for each | columns |
//! |---|---|---|
//! | `curves` | case (`linear`, `softmax`, `balanced`), parts, record | `case`, `parts`, `t`, `loss` (in ‖H‖²), `norm` (‖ã‖² + ‖b̃‖² of the last part over its first value), `cosine` (cos(H, H̃)) |
//! | `runs` | case, parts | `start_cosine` (cos(H, H̃) at the start), `initial_rate` (−d‖ã‖²/dt at the start over 4∏‖M̃‖²), `exponential_rms` and `algebraic_rms` (residuals of ln `norm` for e^{−ct} and (1 + ct)^{−1/(2m−1)}, up to half the time of the norm's minimum), `exponent` (of `norm` ∼ t^{−x} between 0.03 and 0.3 of that time), `trough_time`, `trough_norm`, `plateau` (its length; of a run that still rests at its end, all its time), `transition_time`, `width` (NaN where there is none), `end_time`, `end_loss`, `invariance` (largest relative change of the loss under flips of two parts' signs and rotations of the inner bases, at the start) |

mod claims;
mod figures;
mod flow;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, check, settings};
use crate::figure::Figures;
use crate::linalg;
use crate::metric::curve;
use crate::model::factor::{Factors, Init, Kronecker, Link};
use crate::seed::Seed;
use crate::table::Table;
use flow::Path;
use ndarray::{Array2, Axis, concatenate, s};

settings! {
    /// Settings of the attention head.
    pub struct AttentionHead {
        /// Size n of the matrices A B and C D.
        n: usize = 32, 32, 32;
        /// Inner rank of each part, in the target and in what is learned.
        rank: usize = 2, 2, 2;
        /// Numbers of parts m; the head has 2.
        parts: Vec<usize> = vec![1, 2], vec![1, 2, 3, 4], vec![1, 2, 3, 4];
        /// ‖ã‖/‖a‖ at the start.
        init_scale: f64 = 1.0, 1.0, 1.0;
        /// Standard deviation of the softmax variant's factors, whose logits have its square times √rank.
        logit_scale: f64 = 1.0, 1.0, 1.0;
        /// Longest time to follow a run.
        budget: f64 = 1e4, 1e10, 1e11;
        /// Loss, in ‖H‖², at which a run has ended.
        end: f64 = 1e-8, 1e-8, 1e-8;
        /// Time to follow a run after its loss has halved; a softmax's tail is a power law that would take the whole budget.
        tail: f64 = 300.0, 2e3, 1e4;
        /// Relative tolerance of the flow's steps.
        rtol: f64 = 1e-7, 1e-7, 1e-9;
        /// Records a factor of ten in time, and closer on the drop.
        per_decade: usize = 20, 20, 30;
        /// Number of seeds.
        seeds: u64 = 2, 32, 200;
    }
}

/// What is run beside the number of parts.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// As in the post.
    Linear,
    /// softmax(AB) ⊗ (CD): the pattern, and the values that it moves.
    Softmax,
    /// From a start without overlap, with ãᵀã = b̃ᵀb̃ and parts of one norm: the early decay alone.
    Balanced,
}

#[derive(Clone, Copy)]
struct Case {
    kind: Kind,
    parts: usize,
}

impl Case {
    fn name(self) -> &'static str {
        match self.kind {
            Kind::Linear => "linear",
            Kind::Softmax => "softmax",
            Kind::Balanced => "balanced",
        }
    }
}

/// How long the balanced start is followed.
const BALANCED_BUDGET: f64 = 1e4;

impl AttentionHead {
    fn cases(&self) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        for &parts in &self.parts {
            let kind = Kind::Linear;
            cases.push(Case { kind, parts });
        }
        if self.parts.contains(&2) {
            for kind in [Kind::Softmax, Kind::Balanced] {
                cases.push(Case { kind, parts: 2 });
            }
        }
        cases
    }

    fn head(&self, case: Case, seed: Seed) -> Result<Kronecker> {
        let mut head = Kronecker::gaussian(self.n, self.rank, case.parts, seed)?;
        if case.kind == Kind::Softmax {
            let mut targets = head.targets().to_vec();
            targets[0].a *= self.logit_scale;
            targets[0].b *= self.logit_scale;
            head = Kronecker::new(targets)?.with_link(0, Link::Softmax)?;
        }
        head.normalized(1.0)
    }

    fn run_case(&self, case: Case, seed: Seed, progress: &Progress) -> Result<(Table, Table)> {
        let head = self.head(case, seed)?;
        let init = match case.kind {
            Kind::Balanced => Init::ZeroOverlap {
                scale: self.init_scale,
            },
            _ => Init::Gaussian {
                scale: self.init_scale,
            },
        };
        let mut start = head.start(init, seed)?;
        let budget = match case.kind {
            Kind::Balanced => {
                start = balanced(&start)?;
                BALANCED_BUDGET.min(self.budget)
            }
            _ => self.budget,
        };
        let invariance = match case.kind {
            Kind::Linear => invariance(&head, &start, seed)?,
            _ => f64::NAN,
        };
        let path = if case.kind == Kind::Softmax || 2 * self.rank >= self.n {
            Path::follow(self, &head, start, budget, progress)?
        } else {
            let (head, start) = reduced(&head, &start)?;
            Path::follow(self, &head, start, budget, progress)?
        };
        Ok((path.curve(case)?, row(case, &path, invariance)?))
    }
}

/// The same left sides, all of one norm, and right sides in their own spans with the same Gram matrix.
fn balanced(start: &[Factors]) -> Result<Vec<Factors>> {
    let norm = |x: &Array2<f64>| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut parts = Vec::new();
    for part in start {
        let a = &part.a * (norm(&start[0].a) / norm(&part.a));
        let (_, gram_root) = linalg::qr(&a)?;
        let (basis, _) = linalg::qr(&part.b)?;
        parts.push(Factors::new(a, basis.dot(&gram_root))?);
    }
    Ok(parts)
}

/// The same run in fewer numbers: the flow never leaves the spans of target and start, in whose orthonormal coordinates a vector has 2 × rank
/// numbers in place of n. Losses, norms and inner products are the same. (A softmax looks at coordinates and cannot be reduced.)
fn reduced(head: &Kronecker, start: &[Factors]) -> Result<(Kronecker, Vec<Factors>)> {
    let side = |target: &Array2<f64>, learned: &Array2<f64>| -> Result<_> {
        let (_, r) = linalg::qr(&concatenate![Axis(1), *target, *learned])?;
        let split = target.ncols();
        Ok((
            r.slice(s![.., ..split]).to_owned(),
            r.slice(s![.., split..]).to_owned(),
        ))
    };
    let (mut targets, mut starts) = (vec![], vec![]);
    for (target, learned) in head.targets().iter().zip(start) {
        let (target_a, start_a) = side(&target.a, &learned.a)?;
        let (target_b, start_b) = side(&target.b, &learned.b)?;
        targets.push(Factors::new(target_a, target_b)?);
        starts.push(Factors::new(start_a, start_b)?);
    }
    Ok((Kronecker::new(targets)?, starts))
}

/// The largest relative change of the loss when signs of two parts flip and inner bases rotate.
fn invariance(head: &Kronecker, at: &[Factors], seed: Seed) -> Result<f64> {
    let before = head.loss(at)?;
    let mut moved: Vec<Factors> = at.to_vec();
    for (s, part) in moved.iter_mut().enumerate() {
        let rank = part.rank();
        let (rotation, _) = crate::linalg::qr(&seed.normal(&format!("noise/{s}"), rank, rank))?;
        part.a = part.a.dot(&rotation);
        part.b = part.b.dot(&rotation);
    }
    if let [first, second, ..] = moved.as_mut_slice() {
        // −M₁ ⊗ −M₂ = M₁ ⊗ M₂.
        first.a *= -1.0;
        second.b *= -1.0;
    }
    Ok((head.loss(&moved)? / before - 1.0).abs())
}

fn row(case: Case, path: &Path, invariance: f64) -> Result<Table> {
    let last = path.time.len() - 1;
    let lowest = (0..=last)
        .min_by(|i, j| path.norm[*i].total_cmp(&path.norm[*j]))
        .unwrap_or(0);
    let trough = path.time[lowest];
    let (t, norm) = curve::window(&path.time, &path.norm, 0.0, 0.5 * trough);
    let (late_t, late) = curve::window(&path.time, &path.norm, 0.03 * trough, 0.3 * trough);
    let power = 1.0 / (2 * case.parts - 1) as f64;
    let shape = curve::shape(&path.time, &path.loss, 0.05)?;
    let resting = path.loss[last] > 0.5;
    let plateau = if resting {
        path.time[last]
    } else {
        shape.plateau_length()
    };
    Table::new()
        .with("case", vec![case.name()])?
        .with("parts", vec![case.parts])?
        .with("start_cosine", vec![path.cosine[0]])?
        .with("initial_rate", vec![path.initial_rate])?
        .with(
            "exponential_rms",
            vec![curve::exponential_fit(&t, &norm).rms],
        )?
        .with(
            "algebraic_rms",
            vec![curve::algebraic_fit(&t, &norm, power).rms],
        )?
        .with(
            "exponent",
            vec![curve::power_fit(&late_t, &late).exponent.value],
        )?
        .with("trough_time", vec![trough])?
        .with("trough_norm", vec![path.norm[lowest]])?
        .with("plateau", vec![plateau])?
        .with("transition_time", vec![shape.transition_time()])?
        .with("width", vec![shape.transition_width()])?
        .with("end_time", vec![path.time[last]])?
        .with("end_loss", vec![path.loss[last]])?
        .with("invariance", vec![invariance])
}

impl Experiment for AttentionHead {
    const INFO: Info = Info {
        id: "scurves/attention-head",
        title: "An attention head as a Kronecker product: the more parts, the longer the plateau",
        document: Document::SCurves,
        section: "Attention Head",
        notebook: "scurves/04-attention-head",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        check::whole("n", self.n, 2, 1000)?;
        check::whole("rank", self.rank, 1, self.n)?;
        check::distinct("parts", &self.parts)?;
        for &parts in &self.parts {
            check::whole("parts", parts, 1, 6)?;
        }
        for (field, value) in [
            ("init_scale", self.init_scale),
            ("logit_scale", self.logit_scale),
            ("tail", self.tail),
        ] {
            check::positive(field, value)?;
        }
        if !(0.01..=1e12).contains(&self.budget) {
            return Err(Error::setting(
                "budget",
                self.budget,
                "a time from 0.01 to 10¹²",
            ));
        }
        for (field, value) in [("end", self.end), ("rtol", self.rtol)] {
            if !(value > 0.0 && value < 0.1) {
                return Err(Error::setting(
                    field,
                    value,
                    "a number above 0 and below 0.1",
                ));
            }
        }
        check::whole("per_decade", self.per_decade, 5, 1000)
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut runs) = (vec![], vec![]);
        for case in self.cases() {
            let (curve, run) = self.run_case(case, seed, progress)?;
            curves.push(curve);
            runs.push(run);
        }
        Ok(Tables::from([
            ("curves".into(), Table::concat(curves)?),
            ("runs".into(), Table::concat(runs)?),
        ]))
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        figures::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        claims::measure(self, outcome)
    }
}
