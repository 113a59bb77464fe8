//! One Parquet file for each table: the shards in the order of the plan, each row led by what the grid sets and the seed.
//!
//! Shards are read in order and written in row groups, so that the memory needed is that of a group and not of the
//! sweep. Where a group ends depends on the shards alone: the bytes are the same whoever computed them.

use super::plan::{Axis, Plan, Planned, Row};
use super::status::Status;
use super::threads::cores;
use super::work::mixed;
use crate::error::{Error, Result};
use crate::experiment::{Point, Progress, RowState, Shard};
use crate::seed::Seed;
use crate::table::{Table, parquet_writer};
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, Series};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tempfile::NamedTempFile;

/// A row group is written when it has so many rows.
const GROUP: usize = 1 << 17;
/// Shards that are read side by side.
const AHEAD: u64 = 512;
/// The table that says how each row of the plan ended.
const ROWS: &str = "_rows";

/// What a merge wrote.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The folder of the files.
    pub folder: PathBuf,
    /// Each table's name and number of rows.
    pub tables: BTreeMap<String, u64>,
    /// Rows of the plan that are in them, and of the plan.
    pub rows: (u64, u64),
    /// Seconds that it took.
    pub seconds: f64,
}

/// Merges the shards into `merged`; with `partial` into `partial`, without the rows that are not there: the table `_rows` says which.
///
/// # Errors
/// Missing rows without `partial`; rows made under other conditions; tables of one name with different columns.
pub fn merge(planned: &Planned, partial: bool) -> Result<Merged> {
    let start = Instant::now();
    let plan = planned.plan();
    let into = planned
        .folder()
        .join(if partial { "partial" } else { "merged" });
    std::fs::create_dir_all(&into).map_err(|e| Error::io(&into, e))?;
    let progress = Progress::of("merge", plan.rows() as usize, "rows");
    let leads: Vec<Lead> = plan.grid.iter().map(Lead::of).collect();
    let mut writers: BTreeMap<String, Writer> = BTreeMap::new();
    let mut ends = Ends::default();
    let mut point: Option<(u64, Arc<dyn Point>)> = None;
    for from in (0..plan.rows()).step_by(AHEAD as usize) {
        progress.check()?;
        let mut shards = Vec::new();
        for index in from..(from + AHEAD).min(plan.rows()) {
            let row = plan.row(index)?;
            if point.as_ref().is_none_or(|(p, _)| *p != row.point) {
                point = Some((row.point, planned.point(row.point)?.into()));
            }
            if let Some((_, point)) = &point {
                shards.push((row, point.shard(&planned.tables(), row.seed)));
            }
        }
        // Threads and not rayon's: polars waits inside a read, and a worker of rayon that waits takes up another shard on top
        // of its stack, and another on top of that.
        let share = shards.len().div_ceil(cores()).max(1);
        let read: Vec<Vec<_>> = std::thread::scope(|scope| {
            let read = |part: &[(Row, Shard)]| -> Result<Vec<_>> {
                let each = part.iter();
                each.map(|(row, shard)| Ok((*row, shard.read()?))).collect()
            };
            let parts: Vec<_> = shards
                .chunks(share)
                .map(|part| scope.spawn(move || read(part)))
                .collect();
            let joined = parts.into_iter().map(|part| {
                let panicked = |_| Err(Error::Sweep("a thread that read shards panicked".into()));
                part.join().unwrap_or_else(panicked)
            });
            joined.collect::<Result<_>>()
        })?;
        for (row, (state, tables)) in read.into_iter().flatten() {
            match &state {
                RowState::Done { conditions, .. }
                    if conditions.as_ref() != Some(&plan.conditions) =>
                {
                    return Err(mixed(row.index, conditions.as_ref(), planned));
                }
                RowState::Done { .. } => {}
                _ if partial => {}
                _ => {
                    Status::of(planned)?.refuse_incomplete(planned)?;
                    return Err(Error::Sweep(
                        "rows changed during the merge; merge again".into(),
                    ));
                }
            }
            ends.add(row.point, row.seed, &state);
            for (name, table) in tables {
                let led = led(&table, &leads, plan, row.point, row.seed)?;
                if !writers.contains_key(&name) {
                    let writer = Writer::new(&into, &led, &metadata(planned))?;
                    writers.insert(name.clone(), writer);
                }
                if let Some(writer) = writers.get_mut(&name) {
                    writer.add(led).map_err(|e| {
                        Error::Sweep(format!("table `{name}`, row {}: {e}", row.index))
                    })?;
                }
            }
            progress.tick();
        }
    }
    let there = ends.there();
    let rows = ends.table(plan, &leads)?;
    let mut writer = Writer::new(&into, &rows, &metadata(planned))?;
    writer.add(rows)?;
    writers.insert(ROWS.into(), writer);
    let names: BTreeSet<String> = writers.keys().map(|n| format!("{n}.parquet")).collect();
    let mut tables = BTreeMap::new();
    for (name, writer) in writers {
        let rows = writer.finish(&into.join(format!("{name}.parquet")))?;
        tables.insert(name, rows);
    }
    // A table of an earlier merge that is no more, and what a merge that was killed left behind.
    for entry in std::fs::read_dir(&into)
        .map_err(|e| Error::io(&into, e))?
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".parquet") && !names.contains(&name) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(Merged {
        folder: into,
        tables,
        rows: (there, plan.rows()),
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// What a merged table was made from; it does not say where or when, so that the bytes are those of the plan.
fn metadata(planned: &Planned) -> BTreeMap<String, String> {
    let plan = planned.plan();
    let text = |s: &dyn ToString| s.to_string();
    [
        ("scurve.experiment", text(&plan.experiment)),
        ("scurve.revision", text(&plan.revision)),
        ("scurve.version", text(&plan.conditions.version)),
        ("scurve.device", text(&plan.conditions.device)),
        ("scurve.threads", text(&plan.conditions.threads)),
        ("scurve.plan", plan.to_toml().unwrap_or_default()),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_string(), v))
    .collect()
}

/// The values of one axis as a column: numbers where all are, else text.
struct Lead {
    key: String,
    values: LeadValues,
}

enum LeadValues {
    Whole(Vec<i64>),
    Number(Vec<f64>),
    Truth(Vec<bool>),
    Text(Vec<String>),
}

impl Lead {
    fn of(axis: &Axis) -> Self {
        let all = |f: fn(&toml::Value) -> bool| axis.values.iter().all(f);
        let number = |v: &toml::Value| v.as_float().or(v.as_integer().map(|i| i as f64));
        let values = if all(toml::Value::is_integer) {
            LeadValues::Whole(
                axis.values
                    .iter()
                    .filter_map(toml::Value::as_integer)
                    .collect(),
            )
        } else if all(|v| v.is_float() || v.is_integer()) {
            LeadValues::Number(axis.values.iter().filter_map(number).collect())
        } else if all(toml::Value::is_bool) {
            LeadValues::Truth(
                axis.values
                    .iter()
                    .filter_map(toml::Value::as_bool)
                    .collect(),
            )
        } else {
            let text = |v: &toml::Value| v.as_str().map_or_else(|| v.to_string(), String::from);
            LeadValues::Text(axis.values.iter().map(text).collect())
        };
        Self {
            key: axis.key.clone(),
            values,
        }
    }

    /// The values at these places of the axis.
    fn column(&self, name: &str, places: impl Iterator<Item = usize>) -> Column {
        let name = name.into();
        match &self.values {
            LeadValues::Whole(v) => Series::new(name, places.map(|i| v[i]).collect::<Vec<_>>()),
            LeadValues::Number(v) => Series::new(name, places.map(|i| v[i]).collect::<Vec<_>>()),
            LeadValues::Truth(v) => Series::new(name, places.map(|i| v[i]).collect::<Vec<_>>()),
            LeadValues::Text(v) => {
                Series::new(name, places.map(|i| v[i].as_str()).collect::<Vec<_>>())
            }
        }
        .into_column()
    }
}

/// Each axis's place at a grid point.
fn places(plan: &Plan, mut point: u64) -> Vec<usize> {
    let mut places: Vec<usize> = plan
        .grid
        .iter()
        .rev()
        .map(|axis| {
            let n = axis.values.len() as u64;
            let place = (point % n) as usize;
            point /= n;
            place
        })
        .collect();
    places.reverse();
    places
}

/// The name of an axis's column beside a table's own: `grid.alpha` where the table has a column `alpha`.
fn column_name(key: &str, own: &[String]) -> String {
    match own.iter().any(|n| n == key) {
        true => format!("grid.{key}"),
        false => key.into(),
    }
}

fn led(table: &Table, leads: &[Lead], plan: &Plan, point: u64, seed: Seed) -> Result<Table> {
    let (n, own) = (table.height(), table.names());
    let mut columns: Vec<Column> = leads
        .iter()
        .zip(places(plan, point))
        .map(|(lead, place)| {
            lead.column(&column_name(&lead.key, &own), std::iter::repeat_n(place, n))
        })
        .collect();
    columns
        .push(Series::new(column_name("seed", &own).into(), vec![seed.0 as i64; n]).into_column());
    columns.extend(table.df().columns().iter().cloned());
    Ok(DataFrame::new(n, columns)?.into())
}

/// One row of the columns that a merge puts before a table's own, which are named `own`.
pub(super) fn leading(plan: &Plan, point: u64, seed: Seed, own: &[String]) -> Result<Table> {
    let mut columns: Vec<Column> = plan
        .grid
        .iter()
        .map(Lead::of)
        .zip(places(plan, point))
        .map(|(lead, place)| lead.column(&column_name(&lead.key, own), std::iter::once(place)))
        .collect();
    columns.push(Series::new(column_name("seed", own).into(), vec![seed.0 as i64]).into_column());
    Ok(DataFrame::new(1, columns)?.into())
}

/// How each row of the plan ended.
#[derive(Default)]
struct Ends {
    point: Vec<u64>,
    seed: Vec<u64>,
    state: Vec<&'static str>,
    step: Vec<f64>,
    what: Vec<String>,
}

impl Ends {
    fn add(&mut self, point: u64, seed: Seed, state: &RowState) {
        let (name, step, what) = match state {
            RowState::Done { diverged: None, .. } => ("done", f64::NAN, String::new()),
            RowState::Done {
                diverged: Some((what, step)),
                ..
            } => ("diverged", *step as f64, what.clone()),
            _ => ("missing", f64::NAN, String::new()),
        };
        self.point.push(point);
        self.seed.push(seed.0);
        self.state.push(name);
        self.step.push(step);
        self.what.push(what);
    }

    fn there(&self) -> u64 {
        self.state.iter().filter(|s| **s != "missing").count() as u64
    }

    fn table(self, plan: &Plan, leads: &[Lead]) -> Result<Table> {
        let ends = Table::new()
            .with("seed", self.seed)?
            .with("state", self.state)?
            .with("diverged_at", self.step)?
            .with("diverged_what", self.what)?;
        let own = ends.names();
        let mut columns: Vec<Column> = leads
            .iter()
            .enumerate()
            .map(|(axis, lead)| {
                lead.column(
                    &column_name(&lead.key, &own),
                    self.point.iter().map(|p| places(plan, *p)[axis]),
                )
            })
            .collect();
        columns.extend(ends.df().columns().iter().cloned());
        Ok(DataFrame::new(ends.height(), columns)?.into())
    }
}

struct Writer {
    file: PathBuf,
    temporary: NamedTempFile,
    batched: BatchedWriter<std::fs::File>,
    pending: DataFrame,
    /// The newest tables, each a chunk of its own; polars recurses over chunks, and a hundred thousand overflow its stack.
    newest: DataFrame,
    chunks: usize,
    rows: u64,
}

/// So many chunks are made into one.
const CHUNKS: usize = 256;

impl Writer {
    fn new(folder: &Path, first: &Table, metadata: &BTreeMap<String, String>) -> Result<Self> {
        let temporary = NamedTempFile::new_in(folder).map_err(|e| Error::io(folder, e))?;
        let file = temporary.reopen().map_err(|e| Error::io(folder, e))?;
        let pending = first.df().clear();
        let batched = parquet_writer(file, metadata).batched(pending.schema())?;
        Ok(Self {
            file: temporary.path().into(),
            temporary,
            batched,
            newest: pending.clone(),
            pending,
            chunks: 0,
            rows: 0,
        })
    }

    fn add(&mut self, table: Table) -> Result<()> {
        self.rows += table.height() as u64;
        self.newest.vstack_mut_owned(table.into_df())?;
        self.chunks += 1;
        if self.chunks >= CHUNKS {
            self.gather()?;
        }
        match self.pending.height() + self.newest.height() >= GROUP {
            true => self.write(),
            false => Ok(()),
        }
    }

    fn gather(&mut self) -> Result<()> {
        let empty = self.newest.clear();
        let mut newest = std::mem::replace(&mut self.newest, empty);
        newest.rechunk_mut();
        self.pending.vstack_mut_owned(newest)?;
        self.chunks = 0;
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        self.gather()?;
        self.pending.rechunk_mut();
        self.batched
            .write_batch(&self.pending)
            .map_err(|e| self.failed(e))?;
        self.pending = self.pending.clear();
        Ok(())
    }

    /// A full disk arrives as an error of polars.
    fn failed(&self, e: polars::error::PolarsError) -> Error {
        Error::io(&self.file, std::io::Error::other(e.to_string()))
    }

    fn finish(mut self, path: &Path) -> Result<u64> {
        if self.pending.height() + self.newest.height() > 0 || self.rows == 0 {
            self.write()?;
        }
        self.batched.finish().map_err(|e| self.failed(e))?;
        let file = self.temporary.as_file();
        file.sync_all().map_err(|e| Error::io(path, e))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o644);
            file.set_permissions(mode).map_err(|e| Error::io(path, e))?;
        }
        self.temporary
            .persist(path)
            .map_err(|e| Error::io(path, e.error))?;
        Ok(self.rows)
    }
}
