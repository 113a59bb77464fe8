//! Kronecker products of low-rank matrices: the attention head of the post, and its relatives with fewer or more factors.

use super::descent::{Mover, Trainee, train};
use super::exp::exp_shifted;
use super::product::{Shape, Strided, dots, product};
use super::residual::{dot, sum_of_squares};
use super::simd::{advance, padded};
use super::{Descent, Factors, Init};
use crate::error::{Error, Result};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// How a part's matrix comes from its factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// M = a bᵀ.
    #[default]
    Linear,
    /// M = softmax of each row of a bᵀ, in the target and in what is learned: an attention pattern over n one-hot tokens.
    Softmax,
}

/// H = M₁ ⊗ M₂ ⊗ … ⊗ M_m to be learned under L = ‖H − H̃‖²_F (no ½), each part M_s = a_s b_sᵀ of low rank.
///
/// The attention head of the post, H = (AB) ⊗ (CD), is m = 2 with A = a₁, B = b₁ᵀ, C = a₂, D = b₂ᵀ. The n^m × n^m product is never formed:
///
/// $$L = \prod_s \lVert M_s\rVert^2 + \prod_s \lVert\tilde M_s\rVert^2 - 2 \prod_s \langle M_s, \tilde M_s\rangle$$
///
/// and ∂L/∂M̃_s = 2 (P_s M̃_s − Q_s M_s) with P_s, Q_s the products of ‖M̃_t‖², ⟨M_t, M̃_t⟩ over the other parts: r × r inner products, at a
/// cost of n r² a part. Under gradient flow every linear factor obeys exactly
///
/// $$\frac{\mathrm d\lVert\tilde a_s\rVert^2}{\mathrm dt} = \frac{\mathrm d\lVert\tilde b_s\rVert^2}{\mathrm dt}
///   = -4 \Big(\prod_t \lVert\tilde M_t\rVert^2 - \prod_t \langle M_t, \tilde M_t\rangle\Big)$$
///
/// of which the post keeps the first term. With m = 1 it is the matrix task under the comments' unhalved loss.
///
/// ```
/// use scurve::{model::factor::{Descent, Init, Kronecker}, seed::Seed};
/// let head = Kronecker::attention_head(8, 1, Seed(0))?;
/// let start = head.start(Init::Aligned { cosine: 0.5, scale: 1.0 }, Seed(0))?;
/// let run = head.run(&start, &Descent::new(1e-5, 2_000))?;
/// assert!(run.final_loss() < 1e-3 * run.loss[0]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Kronecker {
    targets: Vec<Factors>,
    links: Vec<Link>,
}

impl Kronecker {
    /// `parts` parts of rank `rank` on n × n with independent N(0, 1) factors.
    ///
    /// The loss is of order ∏ (n² r): use a learning rate in proportion to its inverse.
    pub fn gaussian(n: usize, rank: usize, parts: usize, seed: Seed) -> Result<Self> {
        for (field, value) in [("n", n), ("rank", rank), ("parts", parts)] {
            if value == 0 {
                return Err(Error::setting(field, value, "a whole number ≥ 1"));
            }
        }
        Self::new(
            (0..parts)
                .map(|s| Factors::gaussian(n, rank, 1.0, seed, &format!("data/{s}")))
                .collect(),
        )
    }

    /// The post's head: two parts of inner rank `rank`.
    pub fn attention_head(n: usize, rank: usize, seed: Seed) -> Result<Self> {
        Self::gaussian(n, rank, 2, seed)
    }

    /// Parts of your own.
    pub fn new(targets: Vec<Factors>) -> Result<Self> {
        if targets.is_empty() {
            return Err(Error::setting("parts", 0, "at least one part"));
        }
        for target in &targets {
            target.validate("targets")?;
        }
        let links = vec![Link::Linear; targets.len()];
        Ok(Self { targets, links })
    }

    /// Sets how the matrix of part `part` (from 0) comes from its factors.
    ///
    /// For the head, `with_link(0, Link::Softmax)` is softmax(AB) ⊗ (CD): the attention pattern over n one-hot tokens, and the
    /// values that it moves.
    pub fn with_link(mut self, part: usize, link: Link) -> Result<Self> {
        let parts = self.parts();
        let slot = self.links.get_mut(part).ok_or_else(|| {
            Error::setting("part", part, format!("a part from 0 to {}", parts - 1))
        })?;
        *slot = link;
        Ok(self)
    }

    /// Each target multiplied so that ‖M_s‖_F = `norm`; the loss at zero is then norm^{2m}, whatever n and r. (A linear part; a
    /// softmax part keeps its logits.)
    pub fn normalized(mut self, norm: f64) -> Result<Self> {
        if !(norm > 0.0 && norm.is_finite()) {
            return Err(Error::setting("norm", norm, "a finite number > 0"));
        }
        for (target, link) in self.targets.iter_mut().zip(&self.links) {
            if *link == Link::Linear {
                let size = target.product().iter().map(|x| x * x).sum::<f64>().sqrt();
                let scale = (norm / size).sqrt();
                target.a *= scale;
                target.b *= scale;
            }
        }
        Ok(self)
    }

    /// Number of parts, m.
    pub fn parts(&self) -> usize {
        self.targets.len()
    }

    /// The target's parts.
    pub fn targets(&self) -> &[Factors] {
        &self.targets
    }

    /// How each part's matrix comes from its factors.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Initial factors of every part, of its target's rank.
    pub fn start(&self, init: Init, seed: Seed) -> Result<Vec<Factors>> {
        let draw =
            |(s, target): (usize, &Factors)| init.draw_from(target, seed, &format!("init/{s}"));
        self.targets.iter().enumerate().map(draw).collect()
    }

    /// The loss, as a sum of squares: with M̃_s = p_s M_s + R_s and R_s ⟂ M_s,
    ///
    /// L = ‖H‖² [ (∏ p_s − 1)² + ∏ (p_s² + ρ_s²) − ∏ p_s² ], ρ_s = ‖R_s‖ / ‖M_s‖,
    ///
    /// in which the last difference is expanded into positive terms. A loss ε² ‖H‖² is right to about 1e-15 / ε of itself.
    pub fn loss(&self, learned: &[Factors]) -> Result<f64> {
        Ok(self.kernel(learned)?.loss())
    }

    /// The gradients of every part.
    pub fn gradient(&self, learned: &[Factors]) -> Result<Vec<Factors>> {
        let mut kernel = self.kernel(learned)?;
        let mut gradient = vec![0.0; kernel.parameters()];
        kernel.write_gradient(&mut gradient);
        unflatten(&kernel, &gradient)
    }

    /// Trains from `start` and records on the way; of the record's settings only the schedule matters here.
    pub fn run(&self, start: &[Factors], descent: &Descent) -> Result<HeadTrajectory> {
        descent.validate()?;
        let mut kernel = self.kernel(start)?;
        let mut out = HeadTrajectory::new(self.parts());
        let rate = descent.optimizer.lr();
        let mover = Mover::Optimizer(&descent.optimizer);
        train(
            &mut kernel,
            mover,
            descent.steps,
            &descent.record.schedule,
            |step, loss, kernel| {
                out.steps.push(step);
                out.take(step as f64 * rate, loss, kernel)
            },
        )?;
        out.finish(&kernel)
    }

    /// Gradient flow from `start`, recorded at `times` (ascending).
    pub fn flow(&self, start: &[Factors], times: &[f64], flow: &Flow) -> Result<HeadTrajectory> {
        let mut kernel = self.kernel(start)?;
        let mut theta = vec![0.0; kernel.parameters()];
        kernel.store(&mut theta);
        let path = flow.descend(
            |theta, grad| {
                kernel.load(theta);
                kernel.write_gradient(grad);
            },
            &theta,
            times,
        )?;
        let mut out = HeadTrajectory::new(self.parts());
        for (time, state) in times.iter().zip(path.states.outer_iter()) {
            kernel.load(&state.to_vec());
            let loss = kernel.loss();
            out.take(*time, loss, &kernel)?;
        }
        out.finish(&kernel)
    }

    fn kernel(&self, learned: &[Factors]) -> Result<HeadKernel> {
        if learned.len() != self.parts() {
            return Err(Error::setting(
                "learned",
                format!("{} parts", learned.len()),
                format!("{} parts, as the target's", self.parts()),
            ));
        }
        let parts =
            self.targets
                .iter()
                .zip(learned)
                .zip(&self.links)
                .map(|((target, learned), link)| {
                    learned.validate("learned")?;
                    if learned.n() != target.n() {
                        return Err(Error::setting(
                            "learned",
                            format!("vectors of {}", learned.n()),
                            format!("vectors of n = {}, as the target's", target.n()),
                        ));
                    }
                    Ok(Part::new(target, learned, *link))
                });
        let mut kernel = HeadKernel {
            parts: parts.collect::<Result<_>>()?,
            ordinary: 0.0,
        };
        kernel.ordinary = kernel.parts.iter().map(|p| p.target_norm2).product();
        Ok(kernel)
    }
}

/// One part's factors and buffers; vectors are padded rows, the target's first.
struct Part {
    n: usize,
    ld: usize,
    targets: usize,
    rank: usize,
    link: Link,
    left: Vec<f64>,
    right: Vec<f64>,
    /// (target + learned) × learned inner products of each side.
    gram_left: Vec<f64>,
    gram_right: Vec<f64>,
    grad_left: Vec<f64>,
    grad_right: Vec<f64>,
    /// M, n × ld.
    target: Vec<f64>,
    target_norm2: f64,
    /// M̃, its gradient and a transpose, n × ld; M̃ is kept up to date for the softmax only.
    matrix: Vec<f64>,
    scratch: Vec<f64>,
    /// ‖M̃‖² and ⟨M, M̃⟩.
    norm2: f64,
    inner: f64,
}

impl Part {
    fn new(target: &Factors, learned: &Factors, link: Link) -> Self {
        let (n, targets, rank) = (target.n(), target.rank(), learned.rank());
        let ld = padded(n);
        let stack = |x: &Array2<f64>, y: &Array2<f64>| {
            let mut rows = vec![0.0; (targets + rank) * ld];
            let columns = x.columns().into_iter().chain(y.columns());
            for (row, column) in rows.chunks_exact_mut(ld).zip(columns) {
                row.iter_mut()
                    .zip(column)
                    .for_each(|(to, from)| *to = *from);
            }
            rows
        };
        let mut part = Self {
            n,
            ld,
            targets,
            rank,
            link,
            left: stack(&target.a, &learned.a),
            right: stack(&target.b, &learned.b),
            gram_left: vec![0.0; (targets + rank) * rank],
            gram_right: vec![0.0; (targets + rank) * rank],
            grad_left: vec![0.0; rank * ld],
            grad_right: vec![0.0; rank * ld],
            target: vec![0.0; n * ld],
            target_norm2: 0.0,
            matrix: vec![0.0; n * ld],
            scratch: vec![0.0; n * ld],
            norm2: 0.0,
            inner: 0.0,
        };
        outer(
            n,
            ld,
            &part.left[..targets * ld],
            &part.right,
            1.0,
            0.0,
            &mut part.target,
        );
        if link == Link::Softmax {
            softmax_rows(n, ld, &mut part.target);
        }
        part.target_norm2 = sum_of_squares(n, ld, &part.target);
        part.refresh();
        part
    }

    fn learned(&self) -> (&[f64], &[f64]) {
        let at = self.targets * self.ld;
        (&self.left[at..], &self.right[at..])
    }

    /// Inner products, ‖M̃‖² and ⟨M, M̃⟩ of the present factors.
    fn refresh(&mut self) {
        let Self {
            n,
            ld,
            targets,
            rank,
            ..
        } = *self;
        let at = targets * ld;
        if self.link == Link::Softmax {
            outer(
                n,
                ld,
                &self.left[at..],
                &self.right[at..],
                1.0,
                0.0,
                &mut self.matrix,
            );
            softmax_rows(n, ld, &mut self.matrix);
            self.norm2 = dot(&self.matrix, &self.matrix);
            self.inner = dot(&self.matrix, &self.target);
            return;
        }
        dots(
            targets + rank,
            rank,
            ld,
            &self.left,
            &self.left[at..],
            &mut self.gram_left,
        );
        dots(
            targets + rank,
            rank,
            ld,
            &self.right,
            &self.right[at..],
            &mut self.gram_right,
        );
        let split = targets * rank;
        self.inner = dot(&self.gram_left[..split], &self.gram_right[..split]);
        self.norm2 = dot(&self.gram_left[split..], &self.gram_right[split..]);
    }

    /// The gradient 2 (own M̃ − cross M), carried to the factors.
    fn differentiate(&mut self, own: f64, cross: f64) {
        let Self {
            n,
            ld,
            targets,
            rank,
            ..
        } = *self;
        let at = targets * ld;
        if self.link == Link::Softmax {
            // dZ = S ∘ (G − rowsum(S ∘ G)).
            for (i, row) in self.scratch.chunks_exact_mut(ld).enumerate() {
                let (s, t) = (&self.matrix[i * ld..][..ld], &self.target[i * ld..][..ld]);
                for (g, (s, t)) in row.iter_mut().zip(s.iter().zip(t)) {
                    *g = 2.0 * (own * s - cross * t);
                }
                let mean = dot(row, s);
                row.iter_mut()
                    .zip(s)
                    .for_each(|(g, s)| *g = s * (*g - mean));
            }
            let shape = Shape {
                rows: rank,
                columns: ld,
                depth: n,
            };
            let left = Strided {
                data: &self.left[at..],
                row: 1,
                column: ld,
            };
            product(
                shape,
                1.0,
                left,
                (&self.scratch, ld),
                0.0,
                (&mut self.grad_right, ld),
            );
            for (k, grad) in self.grad_left.chunks_exact_mut(ld).enumerate() {
                let b = &self.right[at + k * ld..][..ld];
                for (g, row) in grad.iter_mut().zip(self.scratch.chunks_exact(ld)) {
                    *g = dot(row, b);
                }
            }
            return;
        }
        let split = targets * rank;
        for (stack, gram, grad) in [
            (&self.left, &mut self.gram_right, &mut self.grad_left),
            (&self.right, &mut self.gram_left, &mut self.grad_right),
        ] {
            gram[..split].iter_mut().for_each(|x| *x *= -2.0 * cross);
            gram[split..].iter_mut().for_each(|x| *x *= 2.0 * own);
            let shape = Shape {
                rows: rank,
                columns: ld,
                depth: targets + rank,
            };
            let coefficients = Strided {
                data: gram,
                row: rank,
                column: 1,
            };
            product(shape, 1.0, coefficients, (stack, ld), 0.0, (grad, ld));
        }
    }

    /// p and ρ² of M̃ = p M + R.
    fn split(&mut self) -> (f64, f64) {
        let Self { n, ld, targets, .. } = *self;
        let at = targets * ld;
        let p = self.inner / self.target_norm2;
        self.scratch.copy_from_slice(&self.target);
        match self.link {
            Link::Linear => outer(
                n,
                ld,
                &self.left[at..],
                &self.right[at..],
                1.0,
                -p,
                &mut self.scratch,
            ),
            Link::Softmax => {
                let pairs = self.scratch.iter_mut().zip(&self.matrix);
                pairs.for_each(|(x, m)| *x = m - p * *x);
            }
        }
        (p, sum_of_squares(n, ld, &self.scratch) / self.target_norm2)
    }
}

/// out ← α Σ_k left_k right_kᵀ + β out.
fn outer(n: usize, ld: usize, left: &[f64], right: &[f64], alpha: f64, beta: f64, out: &mut [f64]) {
    let shape = Shape {
        rows: n,
        columns: ld,
        depth: left.len() / ld,
    };
    let left = Strided {
        data: left,
        row: ld,
        column: 1,
    };
    product(shape, alpha, left, (right, ld), beta, (out, ld));
}

fn softmax_rows(n: usize, ld: usize, x: &mut [f64]) {
    for row in x.chunks_exact_mut(ld) {
        let shift = row[..n].iter().copied().fold(f64::MIN, f64::max);
        let sum = exp_shifted(&mut row[..n], shift);
        row[..n].iter_mut().for_each(|x| *x /= sum);
        row[n..].fill(0.0);
    }
}

struct HeadKernel {
    parts: Vec<Part>,
    ordinary: f64,
}

impl HeadKernel {
    /// The product of f over all parts but `s`.
    fn others(&self, s: usize, f: impl Fn(&Part) -> f64) -> f64 {
        let others = self.parts.iter().enumerate().filter(|(t, _)| *t != s);
        others.map(|(_, part)| f(part)).product()
    }

    /// Gradients to the parts' buffers.
    fn differentiate(&mut self) {
        self.parts.iter_mut().for_each(Part::refresh);
        for s in 0..self.parts.len() {
            let (own, cross) = (self.others(s, |p| p.norm2), self.others(s, |p| p.inner));
            self.parts[s].differentiate(own, cross);
        }
    }

    /// Each part's stack of learned rows beside its slice of the flat list: a then b, part after part.
    fn flat_halves<'a>(
        &'a self,
        what: impl Fn(&'a Part) -> (&'a [f64], &'a [f64]),
    ) -> impl Iterator<Item = (&'a [f64], usize, usize)> {
        self.parts.iter().flat_map(move |p| {
            let (a, b) = what(p);
            [(a, p.n, p.ld), (b, p.n, p.ld)]
        })
    }

    fn gather<'a>(&'a self, what: impl Fn(&'a Part) -> (&'a [f64], &'a [f64]), flat: &mut [f64]) {
        let mut at = 0;
        for (rows, n, ld) in self.flat_halves(what) {
            for row in rows.chunks_exact(ld) {
                flat[at..at + n].copy_from_slice(&row[..n]);
                at += n;
            }
        }
    }
}

impl Trainee for HeadKernel {
    const NAME: &'static str = "the attention head's loss";

    fn parameters(&self) -> usize {
        self.parts.iter().map(|p| 2 * p.n * p.rank).sum()
    }

    fn load(&mut self, parameters: &[f64]) {
        let mut at = 0;
        for part in &mut self.parts {
            let skip = part.targets * part.ld;
            for stack in [&mut part.left, &mut part.right] {
                for row in stack[skip..].chunks_exact_mut(part.ld) {
                    row[..part.n].copy_from_slice(&parameters[at..at + part.n]);
                    at += part.n;
                }
            }
        }
    }

    fn store(&self, parameters: &mut [f64]) {
        self.gather(Part::learned, parameters);
    }

    fn write_gradient(&mut self, gradient: &mut [f64]) {
        self.differentiate();
        self.gather(|p| (&p.grad_left, &p.grad_right), gradient);
    }

    fn loss(&mut self) -> f64 {
        let (mut all, mut aligned, mut outside) = (self.ordinary, 1.0, 0.0);
        for part in &mut self.parts {
            part.refresh();
            let (p, rho2) = part.split();
            // ∏ (p² + ρ²) − ∏ p² over the parts so far.
            outside = outside * (p * p + rho2) + aligned * aligned * rho2;
            aligned *= p;
        }
        all *= (aligned - 1.0).powi(2) + outside;
        all
    }

    fn ordinary_loss(&self) -> f64 {
        self.ordinary
    }

    fn descend(&mut self, rate: f64, steps: usize) {
        for _ in 0..steps {
            self.differentiate();
            for part in &mut self.parts {
                let at = part.targets * part.ld;
                advance(&mut part.left[at..], &part.grad_left, 1.0, rate);
                advance(&mut part.right[at..], &part.grad_right, 1.0, rate);
            }
        }
    }
}

fn unflatten(kernel: &HeadKernel, flat: &[f64]) -> Result<Vec<Factors>> {
    let mut rest = flat;
    let take = |part: &Part| {
        let (mine, others) = rest.split_at(2 * part.n * part.rank);
        rest = others;
        Factors::from_flat(part.n, part.rank, mine)
    };
    kernel.parts.iter().map(take).collect()
}

/// The record of a run of [`Kronecker`]: T records of m parts.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadTrajectory {
    /// Recorded steps; empty under gradient flow.
    pub steps: Vec<usize>,
    /// Times, step × learning rate.
    pub time: Vec<f64>,
    /// Losses.
    pub loss: Vec<f64>,
    /// ‖ã_s‖_F, T × m.
    pub norm_a: Array2<f64>,
    /// ‖b̃_s‖_F, T × m.
    pub norm_b: Array2<f64>,
    /// ‖M̃_s‖_F, T × m.
    pub norm: Array2<f64>,
    /// cos(M_s, M̃_s) = ⟨M_s, M̃_s⟩ / (‖M_s‖ ‖M̃_s‖), T × m.
    pub cosine: Array2<f64>,
    /// The learned factors at the end, part after part.
    pub end: Vec<Factors>,
}

impl HeadTrajectory {
    fn new(parts: usize) -> Self {
        let empty = || Array2::zeros((0, parts));
        Self {
            steps: vec![],
            time: vec![],
            loss: vec![],
            norm_a: empty(),
            norm_b: empty(),
            norm: empty(),
            cosine: empty(),
            end: vec![],
        }
    }

    fn take(&mut self, time: f64, loss: f64, kernel: &HeadKernel) -> Result<()> {
        self.time.push(time);
        self.loss.push(loss);
        let row =
            |f: &dyn Fn(&Part) -> f64| kernel.parts.iter().map(f).collect::<ndarray::Array1<f64>>();
        for (series, values) in [
            (
                &mut self.norm_a,
                row(&|p| dot(p.learned().0, p.learned().0).sqrt()),
            ),
            (
                &mut self.norm_b,
                row(&|p| dot(p.learned().1, p.learned().1).sqrt()),
            ),
            (&mut self.norm, row(&|p| p.norm2.sqrt())),
            (
                &mut self.cosine,
                row(&|p| p.inner / (p.norm2 * p.target_norm2).sqrt()),
            ),
        ] {
            series
                .push_row(values.view())
                .map_err(|e| Error::Linalg(e.to_string()))?;
        }
        Ok(())
    }

    fn finish(mut self, kernel: &HeadKernel) -> Result<Self> {
        let mut flat = vec![0.0; kernel.parameters()];
        kernel.store(&mut flat);
        self.end = unflatten(kernel, &flat)?;
        Ok(self)
    }

    /// The last loss.
    pub fn final_loss(&self) -> f64 {
        self.loss.last().copied().unwrap_or(f64::NAN)
    }

    /// ∏_s ‖M̃_s‖², whose fourfold is the early rate of d‖Ã‖²/dt.
    pub fn output_norm2(&self) -> Vec<f64> {
        self.norm
            .outer_iter()
            .map(|row| row.iter().map(|x| x * x).product())
            .collect()
    }

    /// cos(H, H̃) = ∏_s cos(M_s, M̃_s).
    pub fn output_cosine(&self) -> Vec<f64> {
        self.cosine.outer_iter().map(|row| row.product()).collect()
    }

    /// One row a record: step, time, loss, ∏‖M̃_s‖² and cos(H, H̃).
    pub fn table(&self) -> Result<Table> {
        let mut table = Table::new();
        if !self.steps.is_empty() {
            table = table.with("step", self.steps.clone())?;
        }
        table
            .with("time", self.time.clone())?
            .with("loss", self.loss.clone())?
            .with("output_norm2", self.output_norm2())?
            .with("output_cosine", self.output_cosine())
    }

    /// One row for each record and part: time, norms of ã, b̃, M̃, and the part's cosine.
    pub fn parts(&self) -> Result<Table> {
        let parts = self.norm.ncols();
        let long = |x: &Array2<f64>| x.iter().copied().collect::<Vec<f64>>();
        Table::new()
            .with(
                "time",
                self.time
                    .iter()
                    .flat_map(|t| vec![*t; parts])
                    .collect::<Vec<_>>(),
            )?
            .with(
                "part",
                (0..self.time.len())
                    .flat_map(|_| 0..parts)
                    .collect::<Vec<_>>(),
            )?
            .with("norm_a", long(&self.norm_a))?
            .with("norm_b", long(&self.norm_b))?
            .with("norm", long(&self.norm))?
            .with("cosine", long(&self.cosine))
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}
