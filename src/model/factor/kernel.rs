//! The state of a factor model in padded rows, its gradient and its loss: everything that a training loop touches.

use super::cross_entropy::Logits;
use super::product::{Shape, Strided, dots, product, product_onto, transpose};
use super::task::{MatrixTask, Objective, Softmax};
use super::{rank_one, residual};
use crate::simd::{advance, padded};
use ndarray::Array2;

/// A relative residual below which the loss is computed in doubled precision.
const SMALL: f64 = 1e-4;

/// Learned factors beside their target, with all buffers of a step.
///
/// Vectors are rows of `ld` numbers, padded with zeros; the stacks hold the target's vectors first, then the learned ones.
pub(crate) struct Kernel {
    pub n: usize,
    pub ld: usize,
    pub targets: usize,
    pub rank: usize,
    pub left: Vec<f64>,
    pub right: Vec<f64>,
    grad_left: Vec<f64>,
    grad_right: Vec<f64>,
    /// (target + learned) × learned inner products.
    coefficients: Vec<f64>,
    form: Form,
    objective: Objective,
    decay: f64,
    /// n × ld: the target matrix A, or the target's probabilities.
    target: Vec<f64>,
    /// ln of the probabilities, for the cross-entropy.
    log_target: Vec<f64>,
    residual: Vec<f64>,
    transposed: Vec<f64>,
    /// ‖A‖²_F.
    pub target_norm2: f64,
}

/// How (A − Ã) b̃ is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Through inner products of vectors, a (bᵀb̃) − ã (b̃ᵀb̃): 4 n r (r + r*) multiplications a step, no n × n matrix.
    Gram,
    /// Through the matrix A − Ã: 3 n² r.
    Residual,
}

impl Kernel {
    /// A kernel for `task` and `rank` learned vectors a side; the learned factors are zero until [`load`](Self::load).
    pub fn new(task: &MatrixTask, rank: usize) -> Self {
        let target = task.target();
        let (n, targets) = (target.n(), target.rank());
        let ld = padded(n);
        let squared = !matches!(task.objective(), Objective::CrossEntropy { .. });
        // Measured on Zen 4: the inner products run at about 2/3 of the speed of the large products.
        let form = if squared && 6 * (rank + targets) < 3 * n {
            Form::Gram
        } else {
            Form::Residual
        };
        let mut kernel = Self {
            n,
            ld,
            targets,
            rank,
            left: vec![0.0; (targets + rank) * ld],
            right: vec![0.0; (targets + rank) * ld],
            grad_left: vec![0.0; rank * ld],
            grad_right: vec![0.0; rank * ld],
            coefficients: vec![0.0; (targets + rank) * rank],
            form,
            objective: task.objective(),
            decay: task.weight_decay(),
            target: vec![0.0; n * ld],
            log_target: Vec::new(),
            residual: vec![0.0; n * ld],
            transposed: Vec::new(),
            target_norm2: 0.0,
        };
        if form == Form::Residual {
            kernel.residual = vec![0.0; ld * ld];
            kernel.transposed = vec![0.0; ld * ld];
        }
        copy_in(&target.a, &mut kernel.left, ld);
        copy_in(&target.b, &mut kernel.right, ld);
        let shape = Shape {
            rows: n,
            columns: ld,
            depth: targets,
        };
        let left = Strided {
            data: &kernel.left,
            row: ld,
            column: 1,
        };
        product(
            shape,
            1.0,
            left,
            (&kernel.right, ld),
            0.0,
            (&mut kernel.target, ld),
        );
        kernel.target_norm2 = residual::sum_of_squares(n, ld, &kernel.target);
        if let Objective::CrossEntropy { softmax } = kernel.objective {
            kernel.log_target = kernel.target.clone();
            Logits::new(n, ld, softmax).log_softmax(&mut kernel.log_target);
            kernel.target = kernel.log_target.clone();
            for row in kernel.target.chunks_exact_mut(ld) {
                row[..n].iter_mut().for_each(|x| *x = x.exp());
                row[n..].fill(0.0);
            }
        }
        kernel
    }

    /// Takes the learned factors ã_1 … ã_r, b̃_1 … b̃_r from one slice of 2 n r numbers.
    pub fn load(&mut self, parameters: &[f64]) {
        let (n, half) = (self.n, self.n * self.rank);
        let at = self.targets * self.ld;
        for (stack, flat) in [
            (&mut self.left, &parameters[..half]),
            (&mut self.right, &parameters[half..]),
        ] {
            for (row, vector) in stack[at..]
                .chunks_exact_mut(self.ld)
                .zip(flat.chunks_exact(n))
            {
                row[..n].copy_from_slice(vector);
            }
        }
    }

    /// Writes the learned factors to a slice of 2 n r numbers.
    pub fn store(&self, parameters: &mut [f64]) {
        let at = self.targets * self.ld;
        let (left, right) = parameters.split_at_mut(self.n * self.rank);
        copy_out(&self.left[at..], self.ld, self.n, left);
        copy_out(&self.right[at..], self.ld, self.n, right);
    }

    /// The gradient of the whole loss at the learned factors, to a slice of 2 n r numbers.
    pub fn write_gradient(&mut self, gradient: &mut [f64]) {
        self.differentiate();
        let (left, right) = gradient.split_at_mut(self.n * self.rank);
        copy_out(&self.grad_left, self.ld, self.n, left);
        copy_out(&self.grad_right, self.ld, self.n, right);
        if self.decay != 0.0 {
            let at = self.targets * self.ld;
            for (half, stack) in [(left, &self.left), (right, &self.right)] {
                for (g, x) in half
                    .chunks_exact_mut(self.n)
                    .zip(stack[at..].chunks_exact(self.ld))
                {
                    g.iter_mut().zip(x).for_each(|(g, x)| *g += self.decay * x);
                }
            }
        }
    }

    /// `steps` steps of gradient descent.
    pub fn descend(&mut self, rate: f64, steps: usize) {
        let at = self.targets * self.ld;
        if self.rank == 1 && self.targets == 1 && self.form == Form::Gram {
            let (a, x) = self.left.split_at_mut(at);
            let (b, y) = self.right.split_at_mut(at);
            rank_one::descend(a, b, x, y, rate, self.objective.gain(), self.decay, steps);
            return;
        }
        let keep = 1.0 - rate * self.decay;
        for _ in 0..steps {
            self.differentiate();
            advance(&mut self.left[at..], &self.grad_left, keep, rate);
            advance(&mut self.right[at..], &self.grad_right, keep, rate);
        }
    }

    /// The gradient without weight decay, in padded rows.
    fn differentiate(&mut self) {
        match self.form {
            Form::Gram => self.differentiate_gram(),
            Form::Residual => self.differentiate_residual(),
        }
    }

    fn differentiate_gram(&mut self) {
        let Self {
            ld, targets, rank, ..
        } = *self;
        let (all, gain) = (targets + rank, self.objective.gain());
        let at = targets * ld;
        for (this, other, grad) in [
            (&self.left, &self.right, &mut self.grad_left),
            (&self.right, &self.left, &mut self.grad_right),
        ] {
            dots(all, rank, ld, other, &other[at..], &mut self.coefficients);
            for c in &mut self.coefficients[..targets * rank] {
                *c = -*c;
            }
            let shape = Shape {
                rows: rank,
                columns: ld,
                depth: all,
            };
            let coefficients = Strided {
                data: &self.coefficients,
                row: rank,
                column: 1,
            };
            product(shape, gain, coefficients, (this, ld), 0.0, (grad, ld));
        }
    }

    fn differentiate_residual(&mut self) {
        let Self {
            n,
            ld,
            targets,
            rank,
            ..
        } = *self;
        let at = targets * ld;
        let gain = self.objective.gain();
        self.fill_residual();
        transpose(ld, &self.residual, &mut self.transposed);
        let shape = Shape {
            rows: rank,
            columns: ld,
            depth: n,
        };
        let by_vector = |stack| Strided {
            data: stack,
            row: 1,
            column: ld,
        };
        let (x, y) = (by_vector(&self.left[at..]), by_vector(&self.right[at..]));
        product(
            shape,
            -gain,
            y,
            (&self.transposed, ld),
            0.0,
            (&mut self.grad_left, ld),
        );
        product(
            shape,
            -gain,
            x,
            (&self.residual, ld),
            0.0,
            (&mut self.grad_right, ld),
        );
    }

    /// A − ãb̃ᵀ, or for the cross-entropy target minus predicted probabilities.
    fn fill_residual(&mut self) {
        if let Objective::CrossEntropy { softmax } = self.objective {
            self.multiply(1.0, false);
            let shape = Logits::new(self.n, self.ld, softmax);
            shape.subtract_softmax(&self.target, &mut self.residual[..self.n * self.ld]);
        } else {
            self.multiply(-1.0, true);
        }
    }

    /// residual ← α ãb̃ᵀ, plus the target where `onto_target`.
    fn multiply(&mut self, alpha: f64, onto_target: bool) {
        let Self { n, ld, .. } = *self;
        let at = self.targets * self.ld;
        let shape = Shape {
            rows: n,
            columns: ld,
            depth: self.rank,
        };
        let x = Strided {
            data: &self.left[at..],
            row: ld,
            column: 1,
        };
        let (y, out) = ((&self.right[at..], ld), (&mut self.residual[..n * ld], ld));
        if onto_target {
            product_onto(shape, alpha, x, y, &self.target, out);
        } else {
            product(shape, alpha, x, y, 0.0, out);
        }
    }

    /// The loss, with weight decay's part; right to about 1e-11 of itself as long as the factors themselves resolve it.
    pub fn loss(&mut self) -> f64 {
        let at = self.targets * self.ld;
        let fit = match self.objective {
            Objective::CrossEntropy { softmax } => self.divergence(softmax),
            _ => 0.5 * self.objective.gain() * self.residual_norm2(),
        };
        if self.decay == 0.0 {
            return fit;
        }
        let norm2 = residual::dot(&self.left[at..], &self.left[at..])
            + residual::dot(&self.right[at..], &self.right[at..]);
        fit + 0.5 * self.decay * norm2
    }

    /// ‖A − Ã‖²_F.
    fn residual_norm2(&mut self) -> f64 {
        let Self { n, ld, .. } = *self;
        self.fill_residual();
        let plain = residual::sum_of_squares(n, ld, &self.residual[..n * ld]);
        // Not `<`: a NaN must pass through as it is.
        if plain >= SMALL * SMALL * self.target_norm2 || plain.is_nan() {
            return plain;
        }
        self.double_residual();
        residual::sum_of_squares(n, ld, &self.residual[..n * ld])
    }

    /// KL(P ‖ Q).
    fn divergence(&mut self, softmax: Softmax) -> f64 {
        let shape = Logits::new(self.n, self.ld, softmax);
        self.multiply(1.0, false);
        let logits = &mut self.residual[..self.n * self.ld];
        shape.log_softmax(logits);
        let plain = shape.divergence(&self.target, &self.log_target, logits);
        if plain > SMALL * SMALL || plain.is_nan() {
            return plain;
        }
        self.double_residual();
        shape.small_divergence(&self.target, &self.residual)
    }

    /// A − ãb̃ᵀ in doubled precision.
    fn double_residual(&mut self) {
        let Self { n, ld, targets, .. } = *self;
        residual::doubled(n, ld, targets, &self.left, &self.right, &mut self.residual);
    }
}

/// Columns of an (n, r) matrix to padded rows.
fn copy_in(matrix: &Array2<f64>, rows: &mut [f64], ld: usize) {
    for (row, vector) in rows.chunks_exact_mut(ld).zip(matrix.columns()) {
        row.iter_mut().zip(vector).for_each(|(x, v)| *x = *v);
    }
}

fn copy_out(rows: &[f64], ld: usize, n: usize, flat: &mut [f64]) {
    for (vector, row) in flat.chunks_exact_mut(n).zip(rows.chunks_exact(ld)) {
        vector.copy_from_slice(&row[..n]);
    }
}
