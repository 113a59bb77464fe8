//! The state of a Kronecker model in padded rows, its gradient and its loss.

use super::descent::Trainee;
use super::product::{Shape, Strided, dots, product};
use super::residual::{dot, sum_of_squares};
use super::{Factors, Link};
use crate::error::Result;
use crate::simd::exp::exp_shifted;
use crate::simd::{advance, padded};
use ndarray::Array2;

/// One part's factors and buffers; vectors are padded rows, the target's first.
pub(crate) struct Part {
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
    pub target_norm2: f64,
    /// M̃, its gradient and a transpose, n × ld; M̃ is kept up to date for the softmax only.
    matrix: Vec<f64>,
    scratch: Vec<f64>,
    /// ‖M̃‖² and ⟨M, M̃⟩.
    pub norm2: f64,
    pub inner: f64,
}

impl Part {
    pub(crate) fn new(target: &Factors, learned: &Factors, link: Link) -> Self {
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

    pub(crate) fn learned(&self) -> (&[f64], &[f64]) {
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

pub(crate) struct HeadKernel {
    pub parts: Vec<Part>,
    /// ‖H‖².
    pub ordinary: f64,
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

pub(crate) fn unflatten(kernel: &HeadKernel, flat: &[f64]) -> Result<Vec<Factors>> {
    let mut rest = flat;
    let take = |part: &Part| {
        let (mine, others) = rest.split_at(2 * part.n * part.rank);
        rest = others;
        Factors::from_flat(part.n, part.rank, mine)
    };
    kernel.parts.iter().map(take).collect()
}
