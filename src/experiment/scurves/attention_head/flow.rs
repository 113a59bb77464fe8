//! Gradient flow of a head until it has learned.

use super::{AttentionHead, Case};
use crate::error::{Error, Result};
use crate::experiment::Progress;
use crate::model::factor::{Factors, HeadTrajectory, Kronecker, Link};
use crate::optimizer::Flow;
use crate::table::Table;

/// First step in time.
const FIRST: f64 = 1e-3;

/// Most steps of the solver in one step here: near a minimum they are short, and a step that overshoots the drop is taken again.
const SOLVER_STEPS: usize = 1_000;

/// A step over which the loss falls to less than this share is taken again in smaller ones, so that records lie close on the drop.
const SHARE: f64 = 0.8;

/// A followed run, in units of ‖H‖².
pub(super) struct Path {
    pub(super) time: Vec<f64>,
    pub(super) loss: Vec<f64>,
    pub(super) norm: Vec<f64>,
    pub(super) cosine: Vec<f64>,
    /// −d‖ã‖²/dt over 4 ∏ ‖M̃‖², at the start.
    pub(super) initial_rate: f64,
}

impl Path {
    pub(super) fn follow(
        settings: &AttentionHead,
        head: &Kronecker,
        start: Vec<Factors>,
        budget: f64,
        progress: &Progress,
    ) -> Result<Self> {
        let unit = output_norm2(head);
        let flow = Flow {
            max_steps: SOLVER_STEPS,
            ..Flow::new(settings.rtol)
        };
        let growth = 10f64.powf(1.0 / settings.per_decade as f64);
        let first = head.flow(&start, &[0.0, FIRST / unit], &flow)?;
        let mut path = Self {
            time: vec![],
            loss: vec![],
            norm: vec![],
            cosine: vec![],
            initial_rate: initial_rate(&first),
        };
        let first_norm = norm2(&first, 0);
        path.record(0.0, &first, 0, unit, first_norm);
        let (mut at, mut now, mut step) = (start, 0.0, FIRST);
        let mut last_look = path.loss[0];
        let mut halved: Option<f64> = None;
        while now < budget {
            progress.check()?;
            let longest = (now * (growth - 1.0)).max(FIRST);
            step = step.min(longest).min(budget - now);
            let run = match head.flow(&at, &[step / unit], &flow) {
                Ok(run) if run.loss[0] >= SHARE * last_look * unit || step <= FIRST => run,
                Err(e) if !matches!(e, Error::Solver(_)) || step <= FIRST => return Err(e),
                _ => {
                    step /= 3.0;
                    continue;
                }
            };
            let loss = run.loss[0] / unit;
            now += step;
            step *= 1.5;
            last_look = loss;
            let (before, last) = (
                path.time[path.time.len() - 1],
                path.loss[path.loss.len() - 1],
            );
            let ended = loss < settings.end || now >= budget;
            if now >= before * growth || loss < 0.95 * last || ended {
                path.record(now, &run, 0, unit, first_norm);
            }
            at = run.end;
            if loss < 0.5 && halved.is_none() {
                halved = Some(now);
            }
            if ended || halved.is_some_and(|t| now > t + settings.tail) {
                break;
            }
        }
        Ok(path)
    }

    fn record(&mut self, now: f64, run: &HeadTrajectory, i: usize, unit: f64, first_norm: f64) {
        self.time.push(now);
        self.loss.push(run.loss[i] / unit);
        self.norm.push(norm2(run, i) / first_norm);
        self.cosine.push(run.cosine.row(i).product());
    }

    pub(super) fn curve(&self, case: Case) -> Result<Table> {
        Table::new()
            .with("t", self.time.clone())?
            .with("loss", self.loss.clone())?
            .with("norm", self.norm.clone())?
            .with("cosine", self.cosine.clone())?
            .with_constant("case", case.name())?
            .with_constant("parts", case.parts)
    }
}

/// ‖ã‖² + ‖b̃‖² of the last part. (All linear parts' change alike.)
fn norm2(run: &HeadTrajectory, record: usize) -> f64 {
    let last = run.norm_a.ncols() - 1;
    run.norm_a[(record, last)].powi(2) + run.norm_b[(record, last)].powi(2)
}

/// From the first two records, with the slope's change between them taken off to first order.
fn initial_rate(run: &HeadTrajectory) -> f64 {
    let fall = 0.5 * (norm2(run, 0) - norm2(run, 1)) / (run.time[1] - run.time[0]);
    let product = run.output_norm2();
    fall / (2.0 * (product[0] + product[1]))
}

/// ‖H‖².
fn output_norm2(head: &Kronecker) -> f64 {
    let parts = head.targets().iter().zip(head.links());
    parts
        .map(|(part, link)| {
            let mut matrix = part.product();
            if *link == Link::Softmax {
                for mut row in matrix.rows_mut() {
                    let top = row.iter().copied().fold(f64::MIN, f64::max);
                    row.mapv_inplace(|x| (x - top).exp());
                    let sum = row.sum();
                    row /= sum;
                }
            }
            matrix.iter().map(|x| x * x).sum::<f64>()
        })
        .product()
}
