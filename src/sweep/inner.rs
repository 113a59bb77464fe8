//! The rows on threads of this process: for a notebook cell, whose program is not `scurve` and whose experiment may be the
//! cell's own.

use super::local::Ran;
use super::plan::Planned;
use super::status::Status;
use super::threads;
use super::work::{Ended, Tally, Worker, hopeless};
use crate::device::DeviceKind;
use crate::error::{Error, Result};
use crate::experiment::Progress;
use rayon::ThreadPoolBuilder;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Computes the missing rows, `jobs` at a time.
pub(super) fn run(planned: &Planned, jobs: Option<usize>) -> Result<Ran> {
    let (wanted, here) = (planned.device()?, DeviceKind::from_env()?);
    if wanted != here {
        return Err(Error::Device {
            name: wanted.name().into(),
            why: format!(
                "the plan is for it, and this process computes on {}; set SCURVE_DEVICE={} before it starts",
                here.name(),
                wanted.name()
            ),
        });
    }
    let status = Status::of(planned)?;
    status.refuse_mixed(planned)?;
    let per_row = planned.plan().conditions.threads.max(1);
    let jobs = jobs
        .unwrap_or((threads::cores() / per_row).max(1))
        .clamp(1, status.missing.len().max(1));
    let start = Instant::now();
    let progress = Progress::of(&planned.plan().experiment, status.missing.len(), "rows");
    let next = AtomicUsize::new(0);
    let slot = || -> Result<(Tally, Vec<f64>)> {
        // What a row does in parallel stays within its own threads.
        let pool = ThreadPoolBuilder::new().num_threads(per_row).build();
        let pool = pool.map_err(|e| Error::Sweep(e.to_string()))?;
        let mut worker = Worker::new(planned);
        let (mut tally, mut seconds) = (Tally::default(), Vec::new());
        while let Some(&row) = status.missing.get(next.fetch_add(1, Ordering::Relaxed)) {
            progress.check()?;
            let start = Instant::now();
            let ended = pool.install(|| worker.row(row));
            // One that fails for all stops the others too.
            let ended =
                ended.inspect_err(|_| next.store(status.missing.len(), Ordering::Relaxed))?;
            tally.add(ended);
            if ended != Ended::Kept {
                seconds.push(start.elapsed().as_secs_f64());
            }
            if tally.hopeless() {
                next.store(status.missing.len(), Ordering::Relaxed);
                return Err(hopeless(&tally));
            }
            progress.tick();
        }
        Ok((tally, seconds))
    };
    let parts: Vec<Result<(Tally, Vec<f64>)>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..jobs).map(|_| scope.spawn(slot)).collect();
        let joined = handles.into_iter().map(|h| h.join());
        joined
            .map(|r| r.unwrap_or_else(|_| Err(Error::Sweep("a thread panicked".into()))))
            .collect()
    });
    let mut ran = Ran {
        tally: Tally {
            kept: status.done,
            ..Tally::default()
        },
        jobs,
        wall: 0.0,
        seconds: Vec::new(),
    };
    for part in parts {
        let (tally, seconds) = part?;
        ran.tally.done += tally.done;
        ran.tally.diverged += tally.diverged;
        ran.tally.kept += tally.kept;
        ran.tally.failed += tally.failed;
        ran.seconds.extend(seconds);
    }
    ran.wall = start.elapsed().as_secs_f64();
    Ok(ran)
}
