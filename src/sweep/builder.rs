//! A sweep from a notebook cell.

use super::local::{Local, Ran};
use super::merge::{Merged, folder, merge};
use super::plan::{Axis, Plan, Planned};
use super::report::heat_map;
use super::seeds::Seeds;
use super::slurm::{Slurm, Submitted};
use super::status::Status;
use super::{inner, threads};
use crate::device::DeviceKind;
use crate::display;
use crate::error::{Error, Result};
use crate::experiment::{Conditions, Experiment, Registered, Request, data_root, find, registered};
use crate::figure::Figure;
use crate::table::Table;
use polars::prelude::{LazyFrame, PlRefPath, ScanArgsParquet};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// An experiment over a grid of settings and seeds.
///
/// ```
/// use scurve::prelude::*;
/// use scurve::sweep::Sweep;
/// let dir = tempfile::tempdir().unwrap();
/// let sweep = Sweep::new(RankOne::preset(Scale::Check)).grid("n", [10, 20]).seeds(0..2).folder(dir.path());
/// let done = sweep.run()?;
/// assert_eq!(done.ran.tally.done, 4);
/// let rows = done.table("_rows")?;
/// assert_eq!(rows.i64s("n")?, [10, 10, 20, 20]);
/// assert_eq!(rows.i64s("seed")?, [0, 1, 0, 1]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Sweep {
    experiment: &'static dyn Registered,
    settings: Result<toml::Table, String>,
    scale: String,
    seeds: Seeds,
    grid: Vec<Axis>,
    threads: usize,
    jobs: Option<usize>,
    folder: Option<PathBuf>,
}

impl Sweep {
    /// A sweep of these settings with the seeds that they ask for; the grid changes some of them. The experiment need not
    /// be in the registry.
    pub fn new<E: Experiment>(settings: E) -> Self {
        let table = toml::Table::try_from(&settings).map_err(|e| e.to_string());
        Self {
            experiment: registered::<E>(),
            settings: table,
            scale: "(in a cell)".into(),
            seeds: Seeds::from(0..settings.seeds()),
            grid: Vec::new(),
            threads: 1,
            jobs: None,
            folder: None,
        }
    }

    /// A sweep of an experiment by its id.
    ///
    /// # Errors
    /// An unknown id, settings that are refused.
    pub fn of(id: &str, request: &Request) -> Result<Self> {
        let experiment = find(id)?;
        let settings = experiment.values(request)?;
        let seeds = settings
            .get("seeds")
            .and_then(toml::Value::as_integer)
            .unwrap_or(1);
        Ok(Self {
            experiment,
            settings: Ok(settings),
            scale: request.scale.name().into(),
            seeds: Seeds::from(0..seeds.max(0) as u64),
            grid: Vec::new(),
            threads: 1,
            jobs: None,
            folder: None,
        })
    }

    /// One more setting of the grid with its values. The last one varies fastest.
    pub fn grid<V: Into<toml::Value>>(
        mut self,
        key: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.grid.push(Axis {
            key: key.into(),
            values: values.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// One more axis of the grid.
    pub fn axis(mut self, axis: Axis) -> Self {
        self.grid.push(axis);
        self
    }

    /// The seeds of every grid point, for example `0..8`.
    pub fn seeds(mut self, seeds: impl Into<Seeds>) -> Self {
        self.seeds = seeds.into();
        self
    }

    /// Threads of LibTorch and BLAS in a row; one at first. It belongs to the plan.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Rows at a time; at first as many as there are cores for.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// The folder of the plan and its rows; at first one in the folder for tables that is named after the plan.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Checks every grid point and writes the plan.
    ///
    /// # Errors
    /// A setting that is not there, a value out of its range, another plan in the folder.
    pub fn plan(&self) -> Result<Planned> {
        if !(1..=1024).contains(&self.threads) {
            return Err(Error::setting(
                "threads",
                self.threads,
                "a whole number from 1 to 1024",
            ));
        }
        let info = self.experiment.info();
        let mut settings = self.settings.clone().map_err(Error::Sweep)?;
        // How many seeds is said by the plan.
        settings.insert(
            "seeds".into(),
            toml::Value::Integer(self.seeds.len() as i64),
        );
        let plan = Plan {
            experiment: info.id.into(),
            revision: info.revision,
            scale: self.scale.clone(),
            conditions: Conditions {
                version: env!("CARGO_PKG_VERSION").into(),
                device: DeviceKind::from_env()?.name().into(),
                threads: self.threads,
            },
            seeds: self.seeds.clone(),
            grid: self.grid.clone(),
            settings,
        };
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => {
                let hash = Sha256::digest(plan.to_toml()?.as_bytes());
                let name: String = hash[..8].iter().map(|b| format!("{b:02x}")).collect();
                info.id
                    .split('/')
                    .fold(data_root().join("sweeps"), |dir, part| dir.join(part))
                    .join(name)
            }
        };
        Planned::create(&folder, plan, self.experiment)
    }

    /// Plans, computes the missing rows on threads of this process, and merges.
    ///
    /// # Errors
    /// What [`plan`](Self::plan) refuses, a stop by the user, rows that failed.
    pub fn run(&self) -> Result<Swept> {
        let planned = self.plan()?;
        let ran = inner::run(&planned, self.jobs)?;
        Swept::of(planned, ran)
    }

    /// As [`run`](Self::run), with worker processes of the program `scurve`: for experiments whose rows may take their
    /// process with them.
    ///
    /// # Errors
    /// As [`run`](Self::run); a program that cannot be started.
    pub fn run_with(&self, program: impl Into<PathBuf>) -> Result<Swept> {
        let planned = self.plan()?;
        let local = Local {
            program: program.into(),
            jobs: self.jobs,
        };
        let ran = local.run(&planned)?;
        Swept::of(planned, ran)
    }

    /// Plans and submits the missing rows to Slurm, with the merge after them.
    ///
    /// # Errors
    /// What [`plan`](Self::plan) refuses; no Slurm on this machine; what `sbatch` refuses.
    pub fn submit(&self, slurm: &Slurm) -> Result<Submitted> {
        slurm.submit(&self.plan()?)
    }
}

/// A finished sweep.
#[derive(Clone, Debug)]
pub struct Swept {
    /// The plan in its folder.
    pub planned: Planned,
    /// What was computed.
    pub ran: Ran,
    /// What was merged.
    pub merged: Merged,
}

impl Swept {
    fn of(planned: Planned, ran: Ran) -> Result<Self> {
        let merged = merge(&planned, false)?;
        Ok(Self {
            planned,
            ran,
            merged,
        })
    }

    /// A merged table: the columns of the grid, `seed`, the table's own. `_rows` says how each row of the plan ended.
    ///
    /// # Errors
    /// A table that is not there.
    pub fn table(&self, name: &str) -> Result<Table> {
        Ok(Table::read_parquet(&self.path(name)?)?.0)
    }

    /// A merged table as a lazy polars frame, which reads what a query needs.
    ///
    /// # Errors
    /// A table that is not there.
    pub fn lazy(&self, name: &str) -> Result<LazyFrame> {
        let path = self.path(name)?;
        let path = PlRefPath::try_from_path(&path)?;
        Ok(LazyFrame::scan_parquet(path, ScanArgsParquet::default())?)
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        if !self.merged.tables.contains_key(name) {
            return Err(Error::unknown(
                "table",
                name,
                self.merged.tables.keys().cloned(),
            ));
        }
        Ok(folder(&self.planned).join(format!("{name}.parquet")))
    }

    /// A heat map of a column over the two settings of the grid: of each row the last value, of each grid point the mean
    /// over seeds.
    ///
    /// # Errors
    /// A grid of another number of settings; a table or column that is not there.
    pub fn heat_map(&self, table: &str, column: &str) -> Result<Figure> {
        let axes = &self.planned.plan().grid;
        let [x, y] = axes.as_slice() else {
            return Err(Error::Figure(format!(
                "a heat map is of two settings, the grid has {}; use `scurve::sweep::heat_map` with the names of two",
                axes.len()
            )));
        };
        let table = self.table(table)?;
        let own = table.names();
        let name = |key: &str| {
            let beside = format!("grid.{key}");
            if own.contains(&beside) {
                beside
            } else {
                key.to_string()
            }
        };
        heat_map(&table, &name(&x.key), &name(&y.key), column)
    }

    /// The state of all rows, looked at anew.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn status(&self) -> Result<Status> {
        Status::of(&self.planned)
    }

    /// Shows in a notebook cell what was computed and which tables there are.
    pub fn evcxr_display(&self) {
        let text = self.to_string();
        display::html(
            &format!(
                "<pre style=\"white-space:pre-wrap\">{}</pre>",
                display::escape(&text)
            ),
            &text,
        );
    }
}

impl std::fmt::Display for Swept {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let plan = self.planned.plan();
        writeln!(
            f,
            "{}: {} grid points × {} seeds",
            plan.experiment,
            plan.points(),
            plan.seeds.len()
        )?;
        write!(f, "{}{}", self.ran, self.merged)
    }
}

impl std::fmt::Display for Merged {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        for (name, rows) in &self.tables {
            writeln!(f, "table {name}: {rows} rows")?;
        }
        if self.rows.0 < self.rows.1 {
            writeln!(f, "of {} of {} rows of the plan", self.rows.0, self.rows.1)?;
        }
        Ok(())
    }
}
