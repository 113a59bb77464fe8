//! `scurve sweep …`.

use super::{Request, find, print, scale};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use scurve::device::DeviceKind;
use scurve::error::{Error, Result};
use scurve::experiment::interrupted;
use scurve::sweep::{
    Axis, Local, Planned, Seeds, Share, Slurm, SlurmStatus, Status, Sweep, cancel, clean,
    exec_with_threads, feed, heat, merge, remove, work,
};
use std::path::{Path, PathBuf};

#[derive(ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SweepArgs {
    #[command(subcommand)]
    command: Option<SweepCommand>,
    #[command(flatten)]
    what: Option<What>,
    #[command(flatten)]
    how: How,
}

#[derive(Subcommand)]
enum SweepCommand {
    /// Check every grid point and write the plan.
    Plan {
        #[command(flatten)]
        what: What,
    },
    /// Compute the rows of a plan that are missing.
    Run {
        /// The folder of the plan.
        dir: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// Compute the missing rows of one shard: what batch tasks do.
    Work {
        /// The folder of the plan.
        dir: PathBuf,
        /// Shard i of n, from 0: the rows i, i + n, i + 2n, …
        #[arg(long, value_name = "I/N", required_unless_present = "feed")]
        shard: Option<Share>,
        /// Row numbers come on standard input.
        #[arg(long, hide = true, conflicts_with = "shard")]
        feed: bool,
    },
    /// Say which rows are done, failed or missing, and where Slurm's jobs stand.
    Status {
        /// The folder of the plan.
        dir: PathBuf,
        /// As a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// As `run`, with the engine and the options of the last submission.
    Resume {
        /// The folder of the plan.
        dir: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// Stop local runners of this host and Slurm jobs; what is finished is kept.
    Cancel {
        /// The folder of the plan.
        dir: PathBuf,
    },
    /// Write one table of each name into DIR/merged.
    Merge {
        /// The folder of the plan.
        dir: PathBuf,
        /// Merge what is there, into DIR/partial.
        #[arg(long)]
        partial: bool,
    },
    /// Draw a column of a merged table over two settings of the grid: the last value of each row, averaged over seeds.
    Figure {
        /// The folder of the plan.
        dir: PathBuf,
        /// The table.
        #[arg(long)]
        table: String,
        /// The column.
        #[arg(long)]
        column: String,
        /// The setting to the right. Default: the first of the grid.
        #[arg(long)]
        x: Option<String>,
        /// The setting upwards. Default: the second of the grid.
        #[arg(long)]
        y: Option<String>,
        /// The file; its extension, .svg or .png, is the format.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take away what killed workers left behind and records of failures; results stay.
    Clean {
        /// The folder of the plan.
        dir: PathBuf,
        /// Also forget the rows that another version, device or number of threads computed.
        #[arg(long)]
        mixed: bool,
        /// Remove the whole folder, results with it.
        #[arg(long)]
        all: bool,
    },
}

#[derive(ClapArgs)]
struct What {
    /// The experiment's id.
    id: String,
    /// Seeds of each grid point: 8, 0..31 (both ends) or 0..3,7,9. Default: those of the scale.
    #[arg(long)]
    seeds: Option<String>,
    /// One axis, for example --grid alpha=0.5,1,2; may be given several times, the last varies fastest.
    #[arg(long, value_name = "KEY=VALUES")]
    grid: Vec<String>,
    /// check, quick or paper. Default: SCURVE_SCALE, else quick.
    #[arg(long)]
    scale: Option<String>,
    /// A TOML file with settings that differ from the preset.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting that all rows have.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Threads of LibTorch and BLAS in a row.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Where tensors live: libtorch, cuda or flex. Default: SCURVE_DEVICE, else libtorch where it is built in.
    #[arg(long)]
    device: Option<String>,
    /// The folder for plan and results.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Engine {
    Local,
    Slurm,
}

#[derive(ClapArgs)]
struct How {
    /// Who computes. Default: local; for `resume`, slurm where something was submitted.
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// Rows at a time (local) or tasks at a time (Slurm). Default: as many as there are cores for; no limit.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Slurm: the partition.
    #[arg(long)]
    partition: Option<String>,
    /// Slurm: the time limit of a task, as sbatch takes it.
    #[arg(long)]
    time: Option<String>,
    /// Slurm: rows per task. Default: as many as make 256 tasks.
    #[arg(long, value_name = "K")]
    pack: Option<u64>,
    /// Slurm: more options for sbatch, after `--`.
    #[arg(last = true, value_name = "SBATCH OPTIONS")]
    sbatch: Vec<String>,
}

impl What {
    fn sweep(&self) -> Result<Sweep> {
        let config = match &self.config {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
                Some((text, path.display().to_string()))
            }
            None => None,
        };
        let request = Request {
            scale: scale(self.scale.as_deref())?,
            config,
            set: self.set.clone(),
            seeds: None,
        };
        let mut sweep = Sweep::asked(find(&self.id)?, &request)?
            .threads(self.threads)
            .into_folder(&self.out);
        if let Some(seeds) = &self.seeds {
            sweep = sweep.these_seeds(seeds.parse::<Seeds>()?);
        }
        for axis in &self.grid {
            sweep = sweep.axis(axis.parse::<Axis>()?);
        }
        if let Some(device) = &self.device {
            sweep = sweep.device(device.parse::<DeviceKind>()?);
        }
        Ok(sweep)
    }
}

pub fn run(args: SweepArgs) -> Result<()> {
    let command = match (args.command, args.what) {
        (Some(command), _) => command,
        (None, Some(what)) => return together(&what, &args.how),
        (None, None) => {
            return Err(Error::setting(
                "sweep",
                "(nothing)",
                "followed by an experiment's id or a command; see `scurve sweep --help`",
            ));
        }
    };
    match command {
        SweepCommand::Plan { what } => {
            let planned = what.sweep()?.plan()?;
            let (plan, dir) = (planned.plan(), planned.folder().display());
            print(&format!(
                "{}: {} grid points × {} seeds = {} rows, planned in {dir}\nrun them with `scurve sweep run {dir}`\n",
                plan.experiment,
                plan.points(),
                plan.seeds.len(),
                plan.rows()
            ))
        }
        SweepCommand::Run { dir, how } => engine(&Planned::open(&dir)?, &how, false).map(|_| ()),
        SweepCommand::Resume { dir, how } => engine(&Planned::open(&dir)?, &how, true).map(|_| ()),
        SweepCommand::Work {
            dir,
            shard,
            feed: fed,
        } => {
            let planned = Planned::open(&dir)?;
            let conditions = &planned.plan().conditions;
            exec_with_threads(conditions.threads, &conditions.device)?;
            planned.device()?.device()?;
            match shard {
                Some(share) if !fed => {
                    let tally = work(&planned, share)?;
                    eprintln!(
                        "shard {}/{}: {} rows computed, {} of them diverged; {} failed; {} were there",
                        share.index,
                        share.of,
                        tally.done + tally.diverged,
                        tally.diverged,
                        tally.failed,
                        tally.kept
                    );
                    match tally.failed {
                        0 => Ok(()),
                        n => Err(Error::Sweep(format!(
                            "{n} rows failed; their messages are above"
                        ))),
                    }
                }
                _ => feed(&planned),
            }
        }
        SweepCommand::Status { dir, json } => status(&Planned::open(&dir)?, json),
        SweepCommand::Cancel { dir } => {
            print(&(cancel(Planned::open(&dir)?.folder())?.join("\n") + "\n"))
        }
        SweepCommand::Merge { dir, partial } => merged(&Planned::open(&dir)?, partial),
        SweepCommand::Figure {
            dir,
            table,
            column,
            x,
            y,
            out,
        } => figure(&dir, &table, &column, [x, y], &out),
        SweepCommand::Clean { dir, mixed, all } => {
            let planned = Planned::open(&dir)?;
            if all {
                remove(&planned)?;
                return print(&format!("{} removed\n", planned.folder().display()));
            }
            let cleaned = clean(&planned, mixed)?;
            print(&format!(
                "{} files removed; {} rows of other conditions forgotten\n",
                cleaned.files, cleaned.mixed
            ))
        }
    }
}

/// Plan, run and merge in one go.
fn together(what: &What, how: &How) -> Result<()> {
    let planned = what.sweep()?.plan()?;
    // On Slurm a job merges after the array.
    match engine(&planned, how, false)? {
        Engine::Local => merged(&planned, false),
        Engine::Slurm => Ok(()),
    }
}

fn engine(planned: &Planned, how: &How, again: bool) -> Result<Engine> {
    let dir = planned.folder();
    let before = Slurm::as_before(dir)?;
    let chosen = how.engine.unwrap_or(match before.is_some() && again {
        true => Engine::Slurm,
        false => Engine::Local,
    });
    let slurm_only = [
        how.partition.is_some(),
        how.time.is_some(),
        how.pack.is_some(),
        !how.sbatch.is_empty(),
    ];
    if how.jobs == Some(0) {
        return Err(Error::setting("--jobs", 0, "a whole number ≥ 1"));
    }
    match chosen {
        Engine::Local if slurm_only.contains(&true) => Err(Error::setting(
            "--engine",
            "local",
            "slurm when --partition, --time, --pack or options for sbatch are given",
        )),
        Engine::Local => {
            // Fails now, and not in every worker, when the device is not there.
            planned.device()?.device()?;
            let local = Local {
                program: own()?,
                jobs: how.jobs,
            };
            let ran = local.run(planned)?;
            eprint!("{ran}");
            if interrupted() {
                return Err(Error::Interrupted {
                    finished: (ran.tally.total() - ran.tally.failed) as usize,
                    total: planned.plan().rows() as usize,
                });
            }
            Status::of(planned)?.refuse_incomplete(planned)?;
            eprintln!(
                "all rows are done; `scurve sweep merge {}` makes the tables",
                dir.display()
            );
            Ok(Engine::Local)
        }
        Engine::Slurm => {
            let mut slurm = before.filter(|_| again).unwrap_or_default();
            slurm.program = own()?;
            slurm.partition = how.partition.clone().or(slurm.partition);
            slurm.time = how.time.clone().or(slurm.time);
            slurm.pack = how.pack.or(slurm.pack);
            slurm.at_once = how.jobs.or(slurm.at_once);
            if !how.sbatch.is_empty() {
                slurm.options = how.sbatch.clone();
            }
            let submitted = slurm.submit(planned)?;
            print(&submitted.to_string())?;
            eprintln!("`scurve sweep status {}` says how it goes", dir.display());
            Ok(Engine::Slurm)
        }
    }
}

/// This program, whatever it is called.
fn own() -> Result<PathBuf> {
    std::env::current_exe().map_err(|e| Error::io("scurve".as_ref(), e))
}

fn status(planned: &Planned, json: bool) -> Result<()> {
    let status = Status::of(planned)?;
    // Without Slurm on this machine the rows can be told all the same.
    let (slurm, complaint) = match SlurmStatus::of(planned, &status) {
        Ok(slurm) => (slurm, None),
        Err(e) => (None, Some(e)),
    };
    if let Some(e) = complaint {
        eprintln!("{e}");
    }
    if !json {
        let slurm = slurm.map_or(String::new(), |s| s.to_string());
        return print(&format!("{status}{slurm}"));
    }
    let list = |rows: &[(u64, String)]| -> Vec<_> {
        let each = rows
            .iter()
            .map(|(row, why)| serde_json::json!({"row": row, "why": why}));
        each.collect()
    };
    let value = serde_json::json!({
        "rows": status.rows,
        "done": status.done,
        "diverged": status.diverged,
        "missing": status.missing.len(),
        "failed": list(&status.failed),
        "corrupt": list(&status.corrupt),
        "mixed": status.mixed.len(),
        "median_seconds": status.percentile(50),
        "p90_seconds": status.percentile(90),
        "slurm": slurm.map(|s| serde_json::json!({"job": s.job, "merge": s.merge, "states": s.states, "merging": s.merging})),
    });
    print(&format!("{value:#}\n"))
}

fn merged(planned: &Planned, partial: bool) -> Result<()> {
    let merged = merge(planned, partial)?;
    let mut text = String::new();
    for (name, rows) in &merged.tables {
        text += &format!("{}: {rows} rows\n", file(&merged.folder, name));
    }
    let (there, of) = merged.rows;
    if there < of {
        text += &format!(
            "a part: {} rows of the plan are missing, and `_rows` says which\n",
            of - there
        );
    }
    print(&text)
}

fn file(folder: &Path, name: &str) -> String {
    folder.join(format!("{name}.parquet")).display().to_string()
}

fn figure(
    dir: &Path,
    table: &str,
    column: &str,
    axes: [Option<String>; 2],
    out: &Path,
) -> Result<()> {
    let planned = Planned::open(dir)?;
    let grid = &planned.plan().grid;
    let name = |place: usize, given: &Option<String>| {
        let own = given.clone().or_else(|| Some(grid.get(place)?.key.clone()));
        own.ok_or_else(|| {
            Error::setting(
                ["--x", "--y"][place],
                "(none)",
                "a setting of the grid or a column of the table",
            )
        })
    };
    let (x, y) = (name(0, &axes[0])?, name(1, &axes[1])?);
    let path = planned
        .folder()
        .join("merged")
        .join(format!("{table}.parquet"));
    if !path.exists() {
        let merged = std::fs::read_dir(planned.folder().join("merged"))
            .into_iter()
            .flatten()
            .flatten();
        let known =
            merged.filter_map(|e| Some(e.path().file_stem()?.to_string_lossy().into_owned()));
        return Err(Error::unknown(
            "merged table",
            table,
            known.filter(|n| !n.starts_with('.')),
        ));
    }
    heat(
        &scurve::table::Table::read_parquet(&path)?.0,
        &x,
        &y,
        column,
    )?
    .save(out)
}
