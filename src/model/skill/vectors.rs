//! Where the skills point.

use super::rows::Rows;
use crate::error::{Error, Result};
use crate::linalg;
use crate::seed::Seed;
use crate::table::Table;
use ndarray::Array2;
use std::sync::{Arc, OnceLock};

/// The task vectors t₁ … t_{n_task} in R^{n_dim}, one a row. Cheap to clone: clones share the numbers.
///
/// Source: *Physics of Skill Learning*, §2.2; which of these made a published figure is in the settings of its experiment.
///
/// | here | vectors |
/// |---|---|
/// | [`gaussian`](Self::gaussian) | entries N(0, 1/n_dim), so that ‖t‖ ≈ 1 |
/// | [`unit`](Self::unit) | random directions of length 1 |
/// | [`orthonormal`](Self::orthonormal) | a random orthonormal set, n_task ≤ n_dim |
/// | [`one_hot`](Self::one_hot) | the modular model: t_i = e_i for i ≤ n_dim and 0 for the rest |
/// | [`new`](Self::new) | yours |
///
/// ```
/// use scurve::{model::skill::TaskVectors, seed::Seed};
/// let t = TaskVectors::orthonormal(3, 50, Seed(0))?;
/// assert_eq!(t.matrix().dim(), (3, 50));
/// let c = t.correlation();
/// assert!((c[[0, 0]] - 1.0).abs() < 1e-14 && c[[0, 1]].abs() < 1e-14);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TaskVectors {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    matrix: Array2<f64>,
    rows: OnceLock<Rows>,
}

impl PartialEq for TaskVectors {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared) || self.matrix() == other.matrix()
    }
}

impl TaskVectors {
    /// Independent entries N(0, 1/n_dim) from the stream `data`.
    ///
    /// # Errors
    /// `n_task` or `n_dim` is 0.
    pub fn gaussian(n_task: usize, n_dim: usize, seed: Seed) -> Result<Self> {
        sizes(n_task, n_dim)?;
        let scale = 1.0 / (n_dim as f64).sqrt();
        Self::new(seed.normal("data", n_task, n_dim) * scale)
    }

    /// Independent directions, uniform on the sphere: Gaussian rows divided by their length.
    ///
    /// # Errors
    /// `n_task` or `n_dim` is 0.
    pub fn unit(n_task: usize, n_dim: usize, seed: Seed) -> Result<Self> {
        sizes(n_task, n_dim)?;
        let mut matrix = seed.normal("data", n_task, n_dim);
        for mut row in matrix.rows_mut() {
            let length = row.dot(&row).sqrt();
            row /= length;
        }
        Self::new(matrix)
    }

    /// An orthonormal set, uniform among all: t_i·t_j = δ_ij.
    ///
    /// # Errors
    /// `n_task` or `n_dim` is 0; more vectors than dimensions.
    pub fn orthonormal(n_task: usize, n_dim: usize, seed: Seed) -> Result<Self> {
        sizes(n_task, n_dim)?;
        if n_task > n_dim {
            return Err(Error::setting(
                "n_task",
                n_task,
                format!(
                    "at most n_dim = {n_dim} for orthonormal task vectors: take fewer tasks, more dimensions, or TaskVectors::unit"
                ),
            ));
        }
        let columns = seed.normal("data", n_task, n_dim).reversed_axes();
        let (q, r) = linalg::qr(&columns)?;
        // With R's diagonal positive, Q is uniform (Mezzadri, 2007).
        let signs = r.diag().mapv(f64::signum);
        Self::new((&q * &signs).reversed_axes())
    }

    /// The modular model: t_i = e_i for i ≤ n_dim, and t_i = 0 for the tasks beyond, which can never be learned.
    ///
    /// Source: §6.1, and the public code for the rows of zeros.
    ///
    /// # Errors
    /// `n_task` or `n_dim` is 0.
    pub fn one_hot(n_task: usize, n_dim: usize) -> Result<Self> {
        sizes(n_task, n_dim)?;
        Self::new(Array2::from_shape_fn((n_task, n_dim), |(i, j)| {
            f64::from(i == j)
        }))
    }

    /// Given vectors, one a row.
    ///
    /// # Errors
    /// No rows or columns; an entry that is not finite.
    pub fn new(matrix: Array2<f64>) -> Result<Self> {
        sizes(matrix.nrows(), matrix.ncols())?;
        if let Some(((i, j), bad)) = matrix.indexed_iter().find(|(_, x)| !x.is_finite()) {
            return Err(Error::setting(
                format!("task_vectors[{i}][{j}]"),
                bad,
                "a finite number",
            ));
        }
        Ok(Self {
            shared: Arc::new(Shared {
                matrix: matrix.as_standard_layout().into_owned(),
                rows: OnceLock::new(),
            }),
        })
    }

    /// The vectors, n_task × n_dim.
    pub fn matrix(&self) -> &Array2<f64> {
        &self.shared.matrix
    }

    /// Number of tasks.
    pub fn n_task(&self) -> usize {
        self.matrix().nrows()
    }

    /// Number of parameters.
    pub fn n_dim(&self) -> usize {
        self.matrix().ncols()
    }

    /// C_ij = t_i·t_j, n_task × n_task: what learning j does to i. (For unit vectors, the cosines.)
    pub fn correlation(&self) -> Array2<f64> {
        self.matrix().dot(&self.matrix().t())
    }

    /// The vectors R t_i for a matrix `r` (any number of rows × n_dim), such as a rotation.
    ///
    /// # Errors
    /// `r` has not n_dim columns.
    pub fn rotated(&self, r: &Array2<f64>) -> Result<Self> {
        if r.ncols() != self.n_dim() {
            return Err(Error::setting(
                "the columns of r",
                r.ncols(),
                format!("n_dim = {}", self.n_dim()),
            ));
        }
        Self::new(self.matrix().dot(&r.t()))
    }

    /// The rows as the steps read them; made once for all clones.
    pub(super) fn rows(&self) -> &Rows {
        self.shared.rows.get_or_init(|| Rows::new(self.matrix()))
    }

    /// One row a task: its number from 1, its length, and its largest cosine with another task.
    pub fn table(&self) -> Result<Table> {
        let c = self.correlation();
        let length: Vec<f64> = c.diag().iter().map(|x| x.sqrt()).collect();
        let overlap = |i: usize| {
            (0..self.n_task())
                .filter(|j| *j != i)
                .map(|j| c[[i, j]].abs() / (length[i] * length[j]))
                .fold(0.0, f64::max)
        };
        Table::new()
            .with("skill", (1..=self.n_task()).collect::<Vec<_>>())?
            .with("length", length.clone())?
            .with(
                "largest_cosine",
                (0..self.n_task()).map(overlap).collect::<Vec<_>>(),
            )
    }

    /// Shows the vectors' lengths and overlaps in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}

fn sizes(n_task: usize, n_dim: usize) -> Result<()> {
    for (field, n) in [("n_task", n_task), ("n_dim", n_dim)] {
        if n == 0 {
            return Err(Error::setting(field, n, "a whole number ≥ 1"));
        }
    }
    Ok(())
}
