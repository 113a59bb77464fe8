//! This machine's cores: worker processes that ask for the next rows when they have none.
//!
//! Processes and not threads, for LibTorch and BLAS have numbers of threads that belong to a process, and a row that
//! takes its process with it is one row. A worker reads row numbers from standard input and answers each on standard
//! output; at the end of its input it stops, so that no worker outlives the one who asked.

use super::plan::Planned;
use super::runner::Running;
use super::status::Status;
use super::work::{Ended, HOPELESS, Tally, Worker, hopeless};
use super::{memory, threads};
use crate::error::{Error, Result};
use crate::experiment::{Progress, interrupt, interrupted};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A row whose worker ended so often is failed.
const DEATHS: u32 = 5;
/// So many workers that end one after the other before any row begins are a machine that cannot run them.
const STILLBORN: u32 = 50;
/// A batch of short rows is about so long.
const BATCH_SECONDS: f64 = 0.2;

/// How to run on this machine.
#[derive(Clone, Debug)]
pub struct Local {
    /// The `scurve` program that the workers are.
    pub program: PathBuf,
    /// Rows at a time; `None` for as many as there are cores for.
    pub jobs: Option<usize>,
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Rows by how they ended.
    pub tally: Tally,
    /// Rows at a time.
    pub jobs: usize,
    /// Seconds that the run took.
    pub wall: f64,
    /// Seconds of each row that was computed.
    pub seconds: Vec<f64>,
}

struct Queue {
    rows: VecDeque<(u64, u32)>,
    running: usize,
    stillborn: u32,
    tally: Tally,
    seconds: Vec<f64>,
    /// The largest memory of a worker so far.
    peak: u64,
    failure: Option<Error>,
    stop: bool,
    limited: bool,
}

struct Shared<'a> {
    planned: &'a Planned,
    program: &'a Path,
    jobs: usize,
    queue: Mutex<Queue>,
    changed: Condvar,
    progress: Progress,
    inputs: Vec<Mutex<Option<ChildStdin>>>,
}

/// A poisoned lock is one whose holder panicked between two plain assignments: the data is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Local {
    /// Computes the missing rows.
    ///
    /// # Errors
    /// What concerns all rows: a stop by the user, a full disk, rows made under other conditions.
    pub fn run(&self, planned: &Planned) -> Result<Ran> {
        let status = Status::of(planned)?;
        status.refuse_mixed(planned)?;
        let per_row = planned.plan().conditions.threads.max(1);
        let jobs = self.jobs.unwrap_or((threads::cores() / per_row).max(1));
        let start = Instant::now();
        let running = Running::begin(planned.folder())?;
        let mut rows: VecDeque<(u64, u32)> = status.missing.iter().map(|r| (*r, 0)).collect();
        if running.others() && !rows.is_empty() {
            // Somebody else is at the same rows: begin elsewhere, and find theirs done.
            rows.rotate_left(std::process::id() as usize * 7919 % status.missing.len());
        }
        let jobs = jobs.clamp(1, rows.len().max(1));
        let shared = Shared {
            planned,
            program: &self.program,
            jobs,
            progress: Progress::of(&planned.plan().experiment, rows.len(), "rows"),
            queue: Mutex::new(Queue {
                rows,
                running: 0,
                stillborn: 0,
                tally: Tally {
                    kept: status.done,
                    ..Tally::default()
                },
                seconds: Vec::new(),
                peak: 0,
                failure: None,
                stop: false,
                limited: false,
            }),
            changed: Condvar::new(),
            inputs: (0..jobs).map(|_| Mutex::new(None)).collect(),
        };
        std::thread::scope(|scope| {
            let shared = &shared;
            let slots: Vec<_> = (0..jobs)
                .map(|place| scope.spawn(move || shared.slot(place)))
                .collect();
            // The others sleep on pipes; this one looks now and then whether the user wants to stop.
            while slots.iter().any(|s| !s.is_finished()) {
                let queue = lock(&shared.queue);
                let _ = shared
                    .changed
                    .wait_timeout(queue, Duration::from_millis(100));
                if interrupted() {
                    shared.stop(None);
                }
            }
        });
        let queue = shared
            .queue
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(e) = queue.failure {
            return Err(e);
        }
        if interrupted() {
            return Err(Error::Interrupted {
                finished: (queue.tally.total() - queue.tally.failed) as usize,
                total: planned.plan().rows() as usize,
            });
        }
        Ok(Ran {
            tally: queue.tally,
            jobs,
            wall: start.elapsed().as_secs_f64(),
            seconds: queue.seconds,
        })
    }
}

impl Shared<'_> {
    fn stop(&self, failure: Option<Error>) {
        let mut queue = lock(&self.queue);
        queue.stop = true;
        queue.failure = queue.failure.take().or(failure);
        drop(queue);
        // The end of its input tells a worker to stop.
        for input in &self.inputs {
            lock(input).take();
        }
        self.changed.notify_all();
    }

    /// The next rows for a worker; `None` when there will be none.
    fn next(&self, has_worker: bool) -> Option<Vec<(u64, u32)>> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.stop {
                return None;
            }
            if queue.rows.is_empty() {
                // A worker that dies gives its rows back.
                if queue.running == 0 {
                    return None;
                }
                queue = self
                    .changed
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if !has_worker && queue.running > 0 {
                // How much memory a worker takes shows when the first has done a row, or has run for a while.
                if queue.peak == 0 {
                    let waited = self.changed.wait_timeout(queue, Duration::from_secs(2));
                    queue = waited.unwrap_or_else(PoisonError::into_inner).0;
                    queue.peak = queue.peak.max(1);
                    continue;
                }
                if memory::available().is_some_and(|free| free < queue.peak + queue.peak / 10) {
                    if !queue.limited {
                        queue.limited = true;
                        self.progress.say(&format!(
                            "{} rows at a time and not {}: a row takes up to {} MB, and no more is free",
                            queue.running,
                            self.jobs,
                            queue.peak >> 20
                        ));
                    }
                    let waited = self.changed.wait_timeout(queue, Duration::from_secs(1));
                    queue = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            }
            let computed = queue.seconds.len();
            let short = match computed {
                0 => 1,
                n => {
                    (BATCH_SECONDS
                        / (queue.seconds.iter().rev().take(100).sum::<f64>() / n.min(100) as f64)
                            .max(1e-4)) as usize
                }
            };
            let n = short
                .clamp(1, 256)
                .min(queue.rows.len().div_ceil(2 * self.jobs));
            queue.running += 1;
            return Some(queue.rows.drain(..n).collect());
        }
    }

    /// One worker after the other, each until it dies or no row is left.
    fn slot(&self, place: usize) {
        let mut worker: Option<(Child, BufReader<std::process::ChildStdout>)> = None;
        while let Some(batch) = self.next(worker.is_some()) {
            if worker.is_none() {
                match self.spawn(place) {
                    Ok(new) => worker = Some(new),
                    Err(e) => {
                        lock(&self.queue).running -= 1;
                        self.stop(Some(e));
                        break;
                    }
                }
            }
            let Some((child, answers)) = &mut worker else {
                break;
            };
            let left = self.batch(place, answers, &batch);
            if !left.is_empty() {
                // Its output is at its end, so it has ended or is about to.
                lock(&self.inputs[place]).take();
                let ended = child
                    .wait()
                    .map_or_else(|e| e.to_string(), |s| s.to_string());
                worker = None;
                self.give_back(left, &ended);
            }
            lock(&self.queue).running -= 1;
            self.changed.notify_all();
        }
        lock(&self.inputs[place]).take();
        if let Some((mut child, _)) = worker {
            let _ = child.wait();
        }
    }

    fn spawn(&self, place: usize) -> Result<(Child, BufReader<std::process::ChildStdout>)> {
        let conditions = &self.planned.plan().conditions;
        let mut command = Command::new(self.program);
        command
            .args(["sweep", "work"])
            .arg(self.planned.folder())
            .arg("--feed");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        threads::environment(&mut command, conditions.threads, &conditions.device);
        // A group of its own: Ctrl-C reaches the runner, which then closes the worker's input.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|e| Error::io(self.program, e))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let Some(output) = output else {
            return Err(Error::Sweep("a worker has no output".into()));
        };
        *lock(&self.inputs[place]) = input;
        Ok((child, BufReader::new(output)))
    }

    /// Sends rows and reads the answers; what is left was not answered, and its first row had begun when `true`.
    fn batch(&self, place: usize, answers: &mut impl BufRead, batch: &[(u64, u32)]) -> Left {
        let mut text = String::new();
        for (row, _) in batch {
            text += &format!("{row}\n");
        }
        if let Some(input) = lock(&self.inputs[place]).as_mut() {
            // A worker that has ended is seen by its answers.
            let _ = input
                .write_all(text.as_bytes())
                .and_then(|()| input.flush());
        }
        let mut left: VecDeque<(u64, u32)> = batch.iter().copied().collect();
        let mut begun = false;
        let mut line = String::new();
        while !left.is_empty() {
            line.clear();
            if !matches!(answers.read_line(&mut line), Ok(n) if n > 0) {
                break;
            }
            match Answer::parse(&line) {
                Some(Answer::Begun(_)) => begun = true,
                Some(Answer::Row {
                    index,
                    ended,
                    seconds,
                    peak,
                }) if left.front().is_some_and(|r| r.0 == index) => {
                    left.pop_front();
                    begun = false;
                    self.finished(ended, seconds, peak);
                }
                Some(Answer::Stop { io, message }) => {
                    self.stop(Some(match io {
                        true => Error::Io {
                            path: self.planned.folder().into(),
                            source: std::io::Error::other(message),
                        },
                        false => Error::Sweep(message),
                    }));
                    return Left {
                        rows: left,
                        begun: false,
                    };
                }
                _ => eprint!("{line}"),
            }
        }
        Left { rows: left, begun }
    }

    fn finished(&self, ended: Ended, seconds: f64, peak: u64) {
        let mut queue = lock(&self.queue);
        queue.stillborn = 0;
        queue.tally.add(ended);
        if ended != Ended::Kept {
            queue.seconds.push(seconds);
        }
        queue.peak = queue.peak.max(peak);
        let t = queue.tally;
        let lost = t.failed >= HOPELESS && t.failed == t.total();
        drop(queue);
        self.progress.tick();
        self.changed.notify_all();
        if lost {
            self.stop(Some(hopeless(&t)));
        }
    }

    /// A worker ended before it had answered everything.
    fn give_back(&self, mut left: Left, ended: &str) {
        let mut queue = lock(&self.queue);
        if queue.stop {
            return;
        }
        if left.begun {
            queue.stillborn = 0;
            if let Some(first) = left.rows.front_mut() {
                first.1 += 1;
            }
            if let Some((row, deaths)) = left.rows.front().copied()
                && deaths >= DEATHS
            {
                left.rows.pop_front();
                queue.tally.add(Ended::Failed);
                let message =
                    format!("the process that computed it ended {deaths} times ({ended})");
                let recorded = self.record(row, &message);
                self.progress.say(&format!("row {row}: {message}"));
                if let Err(e) = recorded {
                    drop(queue);
                    return self.stop(Some(e));
                }
            }
        } else {
            queue.stillborn += 1;
        }
        if queue.stillborn >= STILLBORN {
            drop(queue);
            return self.stop(Some(Error::Sweep(format!(
                "{STILLBORN} workers one after the other ended before their first row ({ended}); try `scurve sweep work {} --shard 0/1`",
                self.planned.folder().display()
            ))));
        }
        for row in left.rows.into_iter().rev() {
            queue.rows.push_front(row);
        }
    }

    fn record(&self, index: u64, message: &str) -> Result<()> {
        let row = self.planned.plan().row(index)?;
        let point = self.planned.point(row.point)?;
        point
            .shard(&self.planned.tables(), row.seed)
            .record_failure(message)
    }
}

struct Left {
    rows: VecDeque<(u64, u32)>,
    begun: bool,
}

impl Left {
    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// What a worker says, a line each.
#[derive(Debug, PartialEq)]
enum Answer {
    Begun(u64),
    Row {
        index: u64,
        ended: Ended,
        seconds: f64,
        peak: u64,
    },
    Stop {
        io: bool,
        message: String,
    },
}

impl Answer {
    fn line(&self) -> String {
        match self {
            Self::Begun(row) => format!("@begun {row}\n"),
            Self::Row {
                index,
                ended,
                seconds,
                peak,
            } => format!("@row {index} {} {seconds} {peak}\n", ended.name()),
            Self::Stop { io, message } => format!("@stop {io} {}\n", message.replace('\n', " ")),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let (what, rest) = line.trim_end().split_once(' ')?;
        if what == "@stop" {
            let (io, message) = rest.split_once(' ')?;
            return Some(Self::Stop {
                io: io == "true",
                message: message.into(),
            });
        }
        let mut parts = rest.split(' ');
        let index = parts.next()?.parse().ok()?;
        match what {
            "@begun" => Some(Self::Begun(index)),
            "@row" => {
                let name = parts.next()?;
                Some(Self::Row {
                    index,
                    ended: Ended::ALL.into_iter().find(|e| e.name() == name)?,
                    seconds: parts.next()?.parse().ok()?,
                    peak: parts.next()?.parse().ok()?,
                })
            }
            _ => None,
        }
    }
}

/// A worker: rows from standard input, answers to standard output, until the input ends.
///
/// # Errors
/// What concerns all rows; it is said on standard output as well.
pub fn feed(planned: &Planned) -> Result<()> {
    let (to, rows) = std::sync::mpsc::channel::<u64>();
    std::thread::spawn(move || {
        for line in std::io::stdin()
            .lock()
            .lines()
            .map_while(std::io::Result::ok)
        {
            if let Ok(row) = line.trim().parse()
                && to.send(row).is_err()
            {
                break;
            }
        }
        // Nobody waits for answers any more.
        interrupt();
    });
    let say = |answer: &Answer| {
        let mut out = std::io::stdout().lock();
        out.write_all(answer.line().as_bytes())
            .and_then(|()| out.flush())
    };
    let mut worker = Worker::new(planned);
    while let Ok(row) = rows.recv() {
        if interrupted() || say(&Answer::Begun(row)).is_err() {
            break;
        }
        let start = Instant::now();
        match worker.row(row) {
            Ok(ended) => {
                let seconds = start.elapsed().as_secs_f64();
                let answer = Answer::Row {
                    index: row,
                    ended,
                    seconds,
                    peak: memory::peak(),
                };
                if say(&answer).is_err() {
                    break;
                }
            }
            Err(Error::Interrupted { .. }) => break,
            Err(e) => {
                let io = matches!(e, Error::Io { .. });
                let _ = say(&Answer::Stop {
                    io,
                    message: e.to_string(),
                });
                return Err(e);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_said() {
        let answers = [
            Answer::Begun(7),
            Answer::Row {
                index: 12,
                ended: Ended::Diverged,
                seconds: 0.25,
                peak: 1 << 30,
            },
            Answer::Stop {
                io: true,
                message: "no space left".into(),
            },
        ];
        for answer in answers {
            assert_eq!(Answer::parse(&answer.line()), Some(answer));
        }
        for line in ["", "loss 0.5", "@row 1 gone 0.1 5", "@row x done 0.1 5"] {
            assert_eq!(Answer::parse(line), None, "{line}");
        }
    }
}
