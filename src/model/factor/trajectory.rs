//! What a run of a matrix task leaves behind.

use super::descent::{Mover, Record, Trainee, train};
use super::kernel::Kernel;
use super::product::dots;
use super::residual::dot;
use super::{Descent, Factors, MatrixTask};
use crate::error::Result;
use crate::linalg;
use crate::optimizer::{Flow, Optimizer};
use crate::table::Table;
use ndarray::{Array2, Array3, ArrayView1, s};

/// The record of one run: T records of r learned vectors a side.
///
/// All series share the time axis. For tables see [`table`](Self::table), [`vectors`](Self::vectors) and [`cosines`](Self::cosines).
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// Recorded steps; empty under gradient flow.
    pub steps: Vec<usize>,
    /// Times, step × learning rate.
    pub time: Vec<f64>,
    /// Losses, with weight decay's part.
    pub loss: Vec<f64>,
    /// The left side.
    pub a: Side,
    /// The right side.
    pub b: Side,
    /// u_kᵀ Ã v_k / σ_k, T × r*, for the target's singular modes u_k σ_k v_kᵀ, strongest first: 1 when a mode is learned. No columns when not
    /// recorded.
    pub modes: Array2<f64>,
    /// The learned factors at the end.
    pub end: Factors,
}

/// One side of a run: the learned vectors ã_k (or b̃_k) beside their targets a_j (b_j).
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// ‖ã_k‖, T × r.
    pub norm: Array2<f64>,
    /// cos(ã_k, a_j), T × kept × r*; kept is the smaller of r and [`Record::vectors`].
    pub cosine: Array3<f64>,
    /// The target j with the largest |cos(ã_k, a_j)|, T × r.
    pub best: Array2<usize>,
    /// cos(ã_k, a_best), with its sign, T × r.
    pub best_cosine: Array2<f64>,
    /// Principal angles between span(ã) and span(a), ascending, T × min(r, r*); no columns when not recorded.
    pub angles: Array2<f64>,
    /// Smallest eigenvalue of ãᵀã; empty when not recorded.
    pub gram_min: Vec<f64>,
    /// ‖a_j‖.
    pub target_norm: Vec<f64>,
}

impl Side {
    /// cos(ã_k, a_j) over time; None when it was not kept.
    pub fn cosine_of(&self, k: usize, j: usize) -> Option<Vec<f64>> {
        let (_, kept, targets) = self.cosine.dim();
        (k < kept && j < targets).then(|| self.cosine.slice(s![.., k, j]).to_vec())
    }

    /// ã_k · a_j over time; None when the cosine was not kept.
    pub fn overlap_of(&self, k: usize, j: usize) -> Option<Vec<f64>> {
        let cosine = self.cosine_of(k, j)?;
        let norms = self.norm.column(k);
        Some(
            cosine
                .iter()
                .zip(norms)
                .map(|(c, n)| c * n * self.target_norm[j])
                .collect(),
        )
    }

    /// The largest principal angle over time; empty when angles were not recorded.
    pub fn largest_angle(&self) -> Vec<f64> {
        match self.angles.ncols() {
            0 => Vec::new(),
            last => self.angles.column(last - 1).to_vec(),
        }
    }
}

impl Trajectory {
    /// The last loss.
    pub fn final_loss(&self) -> f64 {
        self.loss.last().copied().unwrap_or(f64::NAN)
    }

    /// One row a record: step, time, loss, and where recorded the smallest Gram eigenvalues and the largest principal angles.
    pub fn table(&self) -> Result<Table> {
        let mut table = Table::new();
        if !self.steps.is_empty() {
            table = table.with("step", self.steps.clone())?;
        }
        table = table
            .with("time", self.time.clone())?
            .with("loss", self.loss.clone())?;
        for (name, side) in [("a", &self.a), ("b", &self.b)] {
            if !side.gram_min.is_empty() {
                table = table.with(&format!("gram_min_{name}"), side.gram_min.clone())?;
            }
            if side.angles.ncols() > 0 {
                table = table.with(&format!("angle_{name}"), side.largest_angle())?;
            }
        }
        Ok(table)
    }

    /// One row for each record, side (`a`, `b`) and learned vector: time, norm, best-matching target and its cosine.
    pub fn vectors(&self) -> Result<Table> {
        let (mut time, mut side_name, mut vector) = (vec![], vec![], vec![]);
        let (mut norm, mut best, mut cosine) = (vec![], vec![], vec![]);
        for (name, side) in [("a", &self.a), ("b", &self.b)] {
            for ((t, k), value) in side.norm.indexed_iter() {
                time.push(self.time[t]);
                side_name.push(name);
                vector.push(k);
                norm.push(*value);
                best.push(side.best[[t, k]]);
                cosine.push(side.best_cosine[[t, k]]);
            }
        }
        Table::new()
            .with("time", time)?
            .with("side", side_name)?
            .with("vector", vector)?
            .with("norm", norm)?
            .with("best", best)?
            .with("cosine", cosine)
    }

    /// One row for each record, side, kept learned vector and target: time and cosine.
    pub fn cosines(&self) -> Result<Table> {
        let (mut time, mut side_name, mut vector, mut target, mut cosine) =
            (vec![], vec![], vec![], vec![], vec![]);
        for (name, side) in [("a", &self.a), ("b", &self.b)] {
            for ((t, k, j), value) in side.cosine.indexed_iter() {
                time.push(self.time[t]);
                side_name.push(name);
                vector.push(k);
                target.push(j);
                cosine.push(*value);
            }
        }
        Table::new()
            .with("time", time)?
            .with("side", side_name)?
            .with("vector", vector)?
            .with("target", target)?
            .with("cosine", cosine)
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}

impl MatrixTask {
    /// Trains from `start` and records on the way.
    ///
    /// Under gradient descent (also with momentum) a squared loss is trained in the coordinates of [`reduced`](Self::reduced)
    /// where that is smaller: the same run up to rounding.
    ///
    /// # Errors
    /// [`Error::Diverged`](crate::error::Error::Diverged) with the step, when the loss is not finite or beyond 10⁶ times its
    /// size at the start.
    pub fn run(&self, start: &Factors, descent: &Descent) -> Result<Trajectory> {
        descent.validate()?;
        let _threads = linalg::Threads::hold();
        if matches!(descent.optimizer, Optimizer::Sgd(_))
            && let Some(reduced) = self.reduced(start)?
        {
            let mut run = reduced.task.run_whole(&reduced.start, descent)?;
            run.end = reduced.expand(&run.end);
            return Ok(run);
        }
        self.run_whole(start, descent)
    }

    /// As [`run`](Self::run), always in all n coordinates.
    pub fn run_whole(&self, start: &Factors, descent: &Descent) -> Result<Trajectory> {
        descent.validate()?;
        let rate = descent.optimizer.lr();
        self.march(
            start,
            Mover::Optimizer(&descent.optimizer),
            rate,
            descent.steps,
            &descent.record,
        )
    }

    /// Trains with a rule of your own, in all n coordinates: `rule(parameters, gradient)` moves the parameters
    /// ã_1 … ã_r, b̃_1 … b̃_r, one list of 2 n r numbers. `rate` only sets the time of the records.
    ///
    /// ```
    /// use scurve::{model::factor::{Init, MatrixTask, Record}, seed::Seed};
    /// let task = MatrixTask::gaussian(20, 2, Seed(1))?;
    /// let start = task.start(Init::default(), Seed(1))?;
    /// let mut velocity = vec![0.0; 2 * 20 * 2];
    /// let heavy_ball = |x: &mut [f64], g: &[f64]| {
    ///     for ((x, v), g) in x.iter_mut().zip(&mut velocity).zip(g) {
    ///         *v = 0.8 * *v - 1e-3 * g;
    ///         *x += *v;
    ///     }
    /// };
    /// let run = task.run_with(&start, 2_000, 1e-3, &Record::default(), heavy_ball)?;
    /// assert!(run.final_loss() < 1e-9 * run.loss[0]);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn run_with(
        &self,
        start: &Factors,
        steps: usize,
        rate: f64,
        record: &Record,
        mut rule: impl FnMut(&mut [f64], &[f64]),
    ) -> Result<Trajectory> {
        record.schedule.validate("record.schedule")?;
        self.march(start, Mover::Custom(&mut rule), rate, steps, record)
    }

    /// Gradient flow from `start`, recorded at `times` (ascending; the record's schedule is not used).
    pub fn flow(
        &self,
        start: &Factors,
        times: &[f64],
        flow: &Flow,
        record: &Record,
    ) -> Result<Trajectory> {
        if let Some(reduced) = self.reduced(start)? {
            let mut run = reduced
                .task
                .flow_whole(&reduced.start, times, flow, record)?;
            run.end = reduced.expand(&run.end);
            return Ok(run);
        }
        self.flow_whole(start, times, flow, record)
    }

    fn flow_whole(
        &self,
        start: &Factors,
        times: &[f64],
        flow: &Flow,
        record: &Record,
    ) -> Result<Trajectory> {
        let mut kernel = self.kernel(start)?;
        let path = flow.descend(
            |theta, grad| {
                kernel.load(theta);
                kernel.write_gradient(grad);
            },
            &start.flatten(),
            times,
        )?;
        let mut recorder = Recorder::new(self, start.rank(), record)?;
        for (time, theta) in times.iter().zip(path.states.outer_iter()) {
            kernel.load(&theta.to_vec());
            let loss = kernel.loss();
            recorder.take(None, *time, loss, &kernel)?;
        }
        recorder.finish(&kernel)
    }

    fn march(
        &self,
        start: &Factors,
        mover: Mover,
        rate: f64,
        steps: usize,
        record: &Record,
    ) -> Result<Trajectory> {
        let mut kernel = self.kernel(start)?;
        let mut recorder = Recorder::new(self, start.rank(), record)?;
        train(
            &mut kernel,
            mover,
            steps,
            &record.schedule,
            |step, loss, kernel| recorder.take(Some(step), step as f64 * rate, loss, kernel),
        )?;
        recorder.finish(&kernel)
    }
}

impl Trainee for Kernel {
    const NAME: &'static str = "the matrix task's loss";

    fn parameters(&self) -> usize {
        2 * self.n * self.rank
    }
    fn load(&mut self, parameters: &[f64]) {
        Self::load(self, parameters);
    }
    fn store(&self, parameters: &mut [f64]) {
        Self::store(self, parameters);
    }
    fn write_gradient(&mut self, gradient: &mut [f64]) {
        Self::write_gradient(self, gradient);
    }
    fn loss(&mut self) -> f64 {
        Self::loss(self)
    }
    fn ordinary_loss(&self) -> f64 {
        0.5 * self.target_norm2
    }
    fn descend(&mut self, rate: f64, steps: usize) {
        Self::descend(self, rate, steps);
    }
}

/// Collects records.
struct Recorder<'a> {
    record: &'a Record,
    steps: Vec<usize>,
    time: Vec<f64>,
    loss: Vec<f64>,
    a: SideRecorder,
    b: SideRecorder,
    /// The target's singular modes, when their strengths are recorded.
    target: Option<linalg::Svd>,
    modes: Vec<f64>,
}

impl<'a> Recorder<'a> {
    fn new(task: &MatrixTask, rank: usize, record: &'a Record) -> Result<Self> {
        Ok(Self {
            record,
            steps: vec![],
            time: vec![],
            loss: vec![],
            a: SideRecorder::new(&task.target().a, rank, record)?,
            b: SideRecorder::new(&task.target().b, rank, record)?,
            target: record.modes.then(|| task.target().svd()).transpose()?,
            modes: vec![],
        })
    }

    fn take(&mut self, step: Option<usize>, time: f64, loss: f64, kernel: &Kernel) -> Result<()> {
        self.steps.extend(step);
        self.time.push(time);
        self.loss.push(loss);
        self.a.take(self.record, &kernel.left, kernel)?;
        self.b.take(self.record, &kernel.right, kernel)?;
        if let Some(target) = &self.target {
            let left = target.u.t().dot(&columns(kernel, &kernel.left));
            let right = target.vt.dot(&columns(kernel, &kernel.right));
            let strength = |k: usize| left.row(k).dot(&right.row(k)) / target.s[k];
            self.modes.extend((0..target.s.len()).map(strength));
        }
        Ok(())
    }

    fn finish(self, kernel: &Kernel) -> Result<Trajectory> {
        let mut flat = vec![0.0; 2 * kernel.n * kernel.rank];
        kernel.store(&mut flat);
        let records = self.time.len();
        let modes = self.modes.len() / records.max(1);
        Ok(Trajectory {
            modes: Array2::from_shape_vec((records, modes), self.modes)
                .map_err(|e| crate::error::Error::Linalg(e.to_string()))?,
            steps: self.steps,
            time: self.time,
            loss: self.loss,
            a: self.a.finish(records)?,
            b: self.b.finish(records)?,
            end: Factors::from_flat(kernel.n, kernel.rank, &flat)?,
        })
    }
}

/// The learned vectors of a stack of targets and learned ones, n × r.
fn columns(kernel: &Kernel, stack: &[f64]) -> Array2<f64> {
    let (ld, learned) = (kernel.ld, &stack[kernel.targets * kernel.ld..]);
    Array2::from_shape_fn((kernel.n, kernel.rank), |(i, k)| learned[k * ld + i])
}

struct SideRecorder {
    rank: usize,
    target_norm: Vec<f64>,
    /// Orthonormal basis of the target's span, when angles are recorded.
    basis: Option<Array2<f64>>,
    inner: Vec<f64>,
    norm: Vec<f64>,
    cosine: Vec<f64>,
    best: Vec<usize>,
    best_cosine: Vec<f64>,
    angles: Vec<f64>,
    gram_min: Vec<f64>,
}

impl SideRecorder {
    fn new(target: &Array2<f64>, rank: usize, record: &Record) -> Result<Self> {
        let length = |x: ArrayView1<f64>| x.dot(&x).sqrt();
        Ok(Self {
            rank,
            target_norm: target.columns().into_iter().map(length).collect(),
            basis: record.angles.then(|| linalg::span(target)).transpose()?,
            inner: vec![0.0; rank * target.ncols()],
            norm: vec![],
            cosine: vec![],
            best: vec![],
            best_cosine: vec![],
            angles: vec![],
            gram_min: vec![],
        })
    }

    fn take(&mut self, record: &Record, stack: &[f64], kernel: &Kernel) -> Result<()> {
        let Kernel {
            n,
            ld,
            targets,
            rank,
            ..
        } = *kernel;
        let learned = &stack[targets * ld..];
        dots(rank, targets, ld, learned, stack, &mut self.inner);
        for (k, inner) in self.inner.chunks_exact(targets).enumerate() {
            let x = &learned[k * ld..][..ld];
            let norm = dot(x, x).sqrt();
            let cosine = |j: usize| inner[j] / (norm * self.target_norm[j]);
            let by_size = |i: &usize, j: &usize| cosine(*i).abs().total_cmp(&cosine(*j).abs());
            let best = (0..targets).max_by(by_size).unwrap_or(0);
            self.norm.push(norm);
            self.best.push(best);
            self.best_cosine.push(cosine(best));
            if k < record.vectors {
                self.cosine.extend((0..targets).map(cosine));
            }
        }
        if !record.angles && !record.spectrum {
            return Ok(());
        }
        let columns = columns(kernel, stack);
        let count = rank.min(targets);
        let least = match &self.basis {
            // A basis of the whole space needs no angles.
            Some(basis) if basis.ncols() < n => {
                let svd = linalg::svd(&columns)?;
                self.angles
                    .extend(linalg::angles_between(basis, &linalg::range(&svd), count)?);
                svd.s[svd.s.len() - 1]
            }
            whole => {
                if whole.is_some() {
                    self.angles.extend(std::iter::repeat_n(0.0, count));
                }
                if record.spectrum {
                    linalg::singular_values(&columns)?
                        .last()
                        .copied()
                        .unwrap_or(0.0)
                } else {
                    0.0
                }
            }
        };
        if record.spectrum {
            // More vectors than dimensions are dependent.
            self.gram_min
                .push(if rank > n { 0.0 } else { least * least });
        }
        Ok(())
    }

    fn finish(self, records: usize) -> Result<Side> {
        let (rank, targets) = (self.rank, self.target_norm.len());
        let shape = |e: ndarray::ShapeError| crate::error::Error::Linalg(e.to_string());
        let kept = self.cosine.len() / (records * targets).max(1);
        let angles = self.angles.len() / records.max(1);
        Ok(Side {
            norm: Array2::from_shape_vec((records, rank), self.norm).map_err(shape)?,
            cosine: Array3::from_shape_vec((records, kept, targets), self.cosine).map_err(shape)?,
            best: Array2::from_shape_vec((records, rank), self.best).map_err(shape)?,
            best_cosine: Array2::from_shape_vec((records, rank), self.best_cosine)
                .map_err(shape)?,
            angles: Array2::from_shape_vec((records, angles), self.angles).map_err(shape)?,
            gram_min: self.gram_min,
            target_norm: self.target_norm,
        })
    }
}
