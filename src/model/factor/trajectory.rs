//! What a run of a matrix task leaves behind.

use super::descent::{Mover, Record, Trainee, train};
use super::kernel::Kernel;
use super::recorder::Recorder;
use super::{Descent, Factors, MatrixTask};
use crate::error::Result;
use crate::linalg;
use crate::optimizer::{Flow, Optimizer};
use crate::table::Table;
use ndarray::{Array2, Array3, s};

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
