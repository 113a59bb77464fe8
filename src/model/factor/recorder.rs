//! Collects the records of a run.

use super::descent::Record;
use super::kernel::Kernel;
use super::product::dots;
use super::residual::dot;
use super::{Factors, MatrixTask, Side, Trajectory};
use crate::error::Result;
use crate::linalg;
use ndarray::{Array2, Array3, ArrayView1};

/// Collects records.
pub(crate) struct Recorder<'a> {
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
    pub(crate) fn new(task: &MatrixTask, rank: usize, record: &'a Record) -> Result<Self> {
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

    pub(crate) fn take(
        &mut self,
        step: Option<usize>,
        time: f64,
        loss: f64,
        kernel: &Kernel,
    ) -> Result<()> {
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

    pub(crate) fn finish(self, kernel: &Kernel) -> Result<Trajectory> {
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
