//! A sweep from a notebook cell.

use super::local::{Local, Ran};
use super::merge::{Merged, leading, merge};
use super::plan::{Axis, Plan, Planned};
use super::seeds::Seeds;
use super::slurm::{Slurm, Submitted};
use super::status::Status;
use crate::device::DeviceKind;
use crate::display;
use crate::error::{Error, Result};
use crate::experiment::{
    Conditions, Experiment, Registered, Request, Scale, Settings, data_root, registered,
};
use crate::figure::Figure;
use crate::seed::Seed;
use crate::table::Table;
use polars::prelude::{AnyValue, LazyFrame, PlRefPath, ScanArgsParquet, UnionArgs, concat, lit};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An experiment over a grid of settings and over seeds.
///
/// ```
/// use scurve::experiment::Scale;
/// use scurve::experiment::scurves::OneComponent;
/// use scurve::sweep::Sweep;
/// let folder = tempfile::tempdir().unwrap();
/// let sweep = Sweep::new::<OneComponent>(Scale::Check).grid("learning_rate", [0.02, 0.05]).seeds(0..2);
/// let swept = sweep.into_folder(folder.path()).run()?;
/// assert_eq!(swept.status().done, swept.status().rows);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone)]
pub struct Sweep {
    experiment: &'static dyn Registered,
    settings: std::result::Result<toml::Table, String>,
    scale: String,
    grid: Vec<std::result::Result<Axis, String>>,
    seeds: Seeds,
    threads: usize,
    device: Option<String>,
    jobs: Option<usize>,
    folder: Option<PathBuf>,
}

impl Sweep {
    /// From a preset; the seeds are its own.
    pub fn new<E: Experiment>(scale: Scale) -> Self {
        Self {
            scale: scale.name().into(),
            ..Self::of(&E::preset(scale))
        }
    }

    /// From settings; the seeds are theirs.
    pub fn of<E: Experiment + Settings>(experiment: &E) -> Self {
        Self::with(
            registered::<E>(),
            toml::Table::try_from(experiment).map_err(|e| e.to_string()),
            "settings",
            Seeds::from(0..experiment.seeds()),
        )
    }

    /// From a request by words, as the command line has it.
    pub fn asked(experiment: &'static dyn Registered, request: &Request) -> Result<Self> {
        let settings = experiment.values(request)?;
        let seeds = settings
            .get("seeds")
            .and_then(toml::Value::as_integer)
            .unwrap_or(1);
        Ok(Self::with(
            experiment,
            Ok(settings),
            request.scale.name(),
            Seeds::from(0..seeds.max(0) as u64),
        ))
    }

    fn with(
        experiment: &'static dyn Registered,
        settings: std::result::Result<toml::Table, String>,
        scale: &str,
        seeds: Seeds,
    ) -> Self {
        Self {
            experiment,
            settings,
            scale: scale.into(),
            grid: Vec::new(),
            seeds,
            threads: 1,
            device: None,
            jobs: None,
            folder: None,
        }
    }

    /// One more axis: a setting (`alpha`, `optimizer.lr`) and its values. The last axis varies fastest.
    pub fn grid<T: Serialize>(mut self, key: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values = values
            .into_iter()
            .map(|v| toml::Value::try_from(v).map_err(|e| format!("{key}: {e}")));
        let values: std::result::Result<Vec<_>, String> = values.collect();
        self.grid.push(values.map(|values| Axis {
            key: key.into(),
            values,
        }));
        self
    }

    /// One more axis that was read.
    pub fn axis(mut self, axis: Axis) -> Self {
        self.grid.push(Ok(axis));
        self
    }

    /// The seeds of each grid point.
    pub fn seeds(self, seeds: Range<u64>) -> Self {
        self.these_seeds(seeds.into())
    }

    /// As [`seeds`](Self::seeds), any of them.
    pub fn these_seeds(mut self, seeds: Seeds) -> Self {
        self.seeds = seeds;
        self
    }

    /// Threads of LibTorch and BLAS in a row; at first one.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Rows at a time; at first as many as there are cores for.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// The device for tensors; at first that of [`DeviceKind::from_env`].
    pub fn device(mut self, device: DeviceKind) -> Self {
        self.device = Some(device.name().into());
        self
    }

    /// The folder of plan and results; at first one of its own for each plan, under [`data_root`].
    pub fn into_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Checks every grid point and writes the plan.
    ///
    /// # Errors
    /// A value out of its range, with the setting's name; two grid points that are the same; another plan in the folder.
    pub fn plan(&self) -> Result<Planned> {
        if self.threads == 0 || self.threads > 1024 {
            return Err(Error::setting("threads", self.threads, "1 to 1024"));
        }
        if self.jobs == Some(0) {
            return Err(Error::setting("jobs", 0, "a whole number ≥ 1"));
        }
        let info = self.experiment.info();
        let device = match &self.device {
            Some(name) => name.parse::<DeviceKind>()?,
            None => DeviceKind::from_env()?,
        };
        let plan = Plan {
            experiment: info.id.into(),
            revision: info.revision,
            scale: self.scale.clone(),
            conditions: Conditions {
                version: env!("CARGO_PKG_VERSION").into(),
                device: device.name().into(),
                threads: self.threads,
            },
            seeds: self.seeds.clone(),
            grid: self
                .grid
                .iter()
                .cloned()
                .collect::<std::result::Result<_, _>>()
                .map_err(Error::Sweep)?,
            settings: self.settings.clone().map_err(Error::Sweep)?,
        };
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => {
                let hash = Sha256::digest(plan.to_toml()?.as_bytes());
                let hash: String = hash[..4].iter().map(|b| format!("{b:02x}")).collect();
                data_root()
                    .join("sweeps")
                    .join(format!("{}-{hash}", info.id.replace('/', "-")))
            }
        };
        Planned::create(&folder, plan, self.experiment)
    }

    /// Computes the rows that are missing, on threads of this process, and merges.
    ///
    /// # Errors
    /// As [`plan`](Self::plan); a stop by the user (what is finished is kept), a full disk, rows that failed.
    pub fn run(&self) -> Result<Swept> {
        let planned = self.plan()?;
        let ran = super::inner::run(&planned, self.jobs)?;
        Swept::merged(planned, Some(ran))
    }

    /// As [`run`](Self::run), in worker processes: the program is `scurve`, and the experiment one of its own.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_processes(&self, program: &Path) -> Result<Swept> {
        let planned = self.plan()?;
        let local = Local {
            program: program.into(),
            jobs: self.jobs,
        };
        let ran = local.run(&planned)?;
        Swept::merged(planned, Some(ran))
    }

    /// Hands the missing rows to Slurm.
    ///
    /// # Errors
    /// As [`plan`](Self::plan); Slurm is not there, or refuses.
    pub fn submit(&self, slurm: &Slurm) -> Result<Submitted> {
        slurm.submit(&self.plan()?)
    }
}

/// A sweep that is whole, and its merged tables.
#[derive(Clone, Debug)]
pub struct Swept {
    planned: Planned,
    status: Status,
    merged: Merged,
    ran: Option<Ran>,
}

impl Swept {
    fn merged(planned: Planned, ran: Option<Ran>) -> Result<Self> {
        let merged = merge(&planned, false)?;
        Ok(Self {
            status: Status::of(&planned)?,
            planned,
            merged,
            ran,
        })
    }

    /// What lies in a folder, merged.
    ///
    /// # Errors
    /// No plan, missing rows.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Self::merged(Planned::open(folder.as_ref())?, None)
    }

    /// The folder of plan and results.
    pub fn folder(&self) -> &Path {
        self.planned.folder()
    }

    /// All rows by their state.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// What this run did: seconds, speed-up, efficiency; `None` when the sweep was only opened.
    pub fn ran(&self) -> Option<&Ran> {
        self.ran.as_ref()
    }

    /// Names of the merged tables.
    pub fn table_names(&self) -> Vec<String> {
        self.merged.tables.keys().cloned().collect()
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        match self.merged.tables.contains_key(name) {
            true => Ok(self.merged.folder.join(format!("{name}.parquet"))),
            false => Err(Error::unknown("table", name, self.table_names())),
        }
    }

    /// A merged table: the grid's columns, `seed`, then its own.
    pub fn table(&self, name: &str) -> Result<Table> {
        Ok(Table::read_parquet(&self.path(name)?)?.0)
    }

    /// The merged table as a lazy polars frame: only what is asked of it is read.
    pub fn lazy(&self, name: &str) -> Result<LazyFrame> {
        scan(&self.path(name)?)
    }

    /// A lazy polars frame over the shards themselves, with the grid's columns and the seed before their own.
    ///
    /// It opens a file a row: beyond some thousand rows [`lazy`](Self::lazy) is the quicker.
    pub fn shards(&self, name: &str) -> Result<LazyFrame> {
        self.path(name)?;
        let plan = self.planned.plan();
        let root = self.planned.tables();
        let mut frames = Vec::new();
        for p in 0..plan.points() {
            let point = self.planned.point(p)?;
            for seed in plan.seeds.iter() {
                let path = point
                    .shard(&root, Seed(seed))
                    .folder()
                    .join(format!("{name}.parquet"));
                if !path.exists() {
                    continue;
                }
                let mut frame = scan(&path)?;
                let own: Vec<String> = frame
                    .collect_schema()?
                    .iter_names()
                    .map(|n| n.to_string())
                    .collect();
                let leading = leading(plan, p, Seed(seed), &own)?;
                let mut all = Vec::new();
                for column in leading.df().columns() {
                    let value = match column.get(0)? {
                        AnyValue::Float64(x) => lit(x),
                        AnyValue::Int64(i) => lit(i),
                        AnyValue::Boolean(b) => lit(b),
                        other => lit(other.str_value().into_owned()),
                    };
                    all.push(value.alias(column.name().clone()));
                }
                all.extend(own.iter().map(|n| polars::prelude::col(n.as_str())));
                frames.push(frame.select(all));
            }
        }
        Ok(concat(frames, UnionArgs::default())?)
    }

    /// A heat map of a merged table; see [`heat`](super::heat).
    pub fn heat(&self, name: &str, x: &str, y: &str, value: &str) -> Result<Figure> {
        super::heat(&self.table(name)?, x, y, value)
    }

    /// Shows in a notebook cell what the sweep holds; times are in [`ran`](Self::ran).
    pub fn evcxr_display(&self) {
        let plan = self.planned.plan();
        let mut html = format!(
            "<p><b>{}</b>: {} grid points × {} seeds, {} of {} rows done, {} of them diverged</p><ul>",
            display::escape(&plan.experiment),
            plan.points(),
            plan.seeds.len(),
            self.status.done,
            self.status.rows,
            self.status.diverged
        );
        for (name, rows) in &self.merged.tables {
            html += &format!(
                "<li><code>table(\"{}\")</code>: {rows} rows</li>",
                display::escape(name)
            );
        }
        html.push_str("</ul>");
        display::mime("text/html", &html);
    }
}

fn scan(path: &Path) -> Result<LazyFrame> {
    let path = PlRefPath::new(path.to_string_lossy());
    let mut options = ScanArgsParquet::default();
    // The `seed=0` of a shard's path is not a column.
    options.hive_options.enabled = Some(false);
    Ok(LazyFrame::scan_parquet(path, options)?)
}
