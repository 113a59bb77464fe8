//! The plan: which rows a sweep has. Row i is grid point i / S and seed i % S of S seeds; nothing else is listed.

use super::seeds::Seeds;
use crate::device::DeviceKind;
use crate::error::{Error, Result};
use crate::experiment::{Conditions, Point, Registered, find};
use crate::seed::Seed;
use crate::table::write_atomic;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Of this file; raised when an older `scurve` could not read it.
const FORMAT: u32 = 1;
/// More rows than this are an error in the grid.
const MOST: u64 = 100_000_000;

/// One setting and the values it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The setting, with its path when nested (`optimizer.lr`).
    pub key: String,
    /// Its values, in order.
    pub values: Vec<toml::Value>,
}

impl FromStr for Axis {
    type Err = Error;

    /// `key=value,value,…`; values are TOML, a bare word counts as text, commas inside brackets, braces and quotes do not part.
    fn from_str(text: &str) -> Result<Self> {
        let expected = "key=value,value,…, for example alpha=0.5,1,2";
        let (key, list) = text
            .split_once('=')
            .ok_or_else(|| Error::setting("--grid", text, expected))?;
        let values: Vec<toml::Value> = parted(list).into_iter().map(value).collect();
        if key.trim().is_empty() || list.trim().is_empty() {
            return Err(Error::setting("--grid", text, expected));
        }
        Ok(Self {
            key: key.trim().into(),
            values,
        })
    }
}
use std::str::FromStr;

fn parted(list: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut from) = (0i32, false, 0);
    let mut parts = Vec::new();
    for (i, c) in list.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(&list[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[from..]);
    parts
}

fn value(text: &str) -> toml::Value {
    let text = text.trim();
    toml::from_str::<toml::Table>(&format!("v = {text}"))
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| toml::Value::String(text.into()))
}

/// Everything that decides the rows of a sweep and their bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The experiment's id.
    pub experiment: String,
    /// Its revision.
    pub revision: u32,
    /// The scale that the settings come from.
    pub scale: String,
    /// The crate's version, the device and the threads of a row.
    pub conditions: Conditions,
    /// The seeds of every grid point.
    pub seeds: Seeds,
    /// The grid; its last axis varies fastest.
    pub grid: Vec<Axis>,
    /// The settings that the grid does not change.
    pub settings: toml::Table,
}

/// As in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    experiment: String,
    revision: u32,
    scale: String,
    version: String,
    device: String,
    threads: usize,
    rows: u64,
    seeds: String,
    #[serde(default)]
    grid: Vec<Axis>,
    settings: toml::Table,
}

/// A row of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub index: u64,
    /// The grid point.
    pub point: u64,
    /// The seed.
    pub seed: Seed,
}

impl Plan {
    /// Number of grid points.
    pub fn points(&self) -> u64 {
        self.grid.iter().map(|a| a.values.len() as u64).product()
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.points() * self.seeds.len()
    }

    /// The row with a number below [`rows`](Self::rows).
    pub fn row(&self, index: u64) -> Result<Row> {
        let point = index / self.seeds.len().max(1);
        match self.seeds.get(index % self.seeds.len().max(1)) {
            Some(seed) if point < self.points() => Ok(Row {
                index,
                point,
                seed: Seed(seed),
            }),
            _ => Err(Error::Sweep(format!(
                "there is no row {index}; the plan has {} rows, 0 to {}",
                self.rows(),
                self.rows().saturating_sub(1)
            ))),
        }
    }

    /// What a grid point sets: each key and its value.
    pub fn values(&self, mut point: u64) -> Vec<(&str, &toml::Value)> {
        let mut values: Vec<_> = self
            .grid
            .iter()
            .rev()
            .map(|axis| {
                let n = axis.values.len() as u64;
                let value = &axis.values[(point % n) as usize];
                point /= n;
                (axis.key.as_str(), value)
            })
            .collect();
        values.reverse();
        values
    }

    /// A grid point as `key=value` pairs.
    pub fn pairs(&self, point: u64) -> Vec<String> {
        self.values(point)
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect()
    }

    /// `alpha=2, noise=0.1`, or `the only grid point`.
    pub fn named(&self, point: u64) -> String {
        match self.grid.is_empty() {
            true => "the only grid point".into(),
            false => self.pairs(point).join(", "),
        }
    }

    fn check(&self, experiment: &dyn Registered) -> Result<()> {
        if self.seeds.is_empty() {
            return Err(Error::setting("seeds", "(none)", "at least one seed"));
        }
        for (i, axis) in self.grid.iter().enumerate() {
            if axis.values.is_empty() {
                return Err(Error::setting(&axis.key, "(none)", "at least one value"));
            }
            if axis.key == "seeds" {
                return Err(Error::setting(
                    "--grid",
                    "seeds",
                    "a setting; seeds are given by --seeds",
                ));
            }
            if self.grid[..i].iter().any(|a| a.key == axis.key) {
                return Err(Error::setting(
                    "--grid",
                    &axis.key,
                    "a setting that is named once",
                ));
            }
        }
        let sizes = self.grid.iter().map(|a| a.values.len() as u64);
        let rows = sizes
            .chain([self.seeds.len()])
            .try_fold(1u64, u64::checked_mul);
        if rows.is_none_or(|r| r > MOST) {
            return Err(Error::Sweep(format!(
                "the plan has more than {MOST} rows; take fewer values or seeds"
            )));
        }
        // Every grid point is made now: a value out of its range is found before any work.
        let hashes: Vec<String> = (0..self.points())
            .into_par_iter()
            .map(|p| {
                Ok(experiment
                    .point(&self.settings, &self.pairs(p))?
                    .hash()
                    .to_string())
            })
            .collect::<Result<_>>()?;
        let mut seen: HashMap<&str, u64> = HashMap::new();
        for (point, hash) in (0..).zip(&hashes) {
            if let Some(first) = seen.insert(hash, point) {
                return Err(Error::Sweep(format!(
                    "two grid points are the same settings: {} and {}; leave one out",
                    self.named(first),
                    self.named(point)
                )));
            }
        }
        Ok(())
    }

    /// The plan as its file says it.
    pub fn to_toml(&self) -> Result<String> {
        let failed = |e: toml::ser::Error| Error::Sweep(e.to_string());
        let s = self.seeds.len();
        let mut out = format!(
            "# A sweep: {} grid points × {s} seeds = {} rows.\n\
             # Row i is grid point i / {s} and seed i % {s}, both counted from 0; the last axis of the grid varies fastest.\n\
             # Change nothing here while rows are computed: another plan belongs into another folder.\n\n",
            self.points(),
            self.rows()
        );
        let Conditions {
            version,
            device,
            threads,
        } = &self.conditions;
        let quoted = |text: &str| toml::Value::String(text.into()).to_string();
        let _ = write!(
            out,
            "format = {FORMAT}\nexperiment = {}\nrevision = {}\nscale = {}\nversion = {}\ndevice = {}\nthreads = {threads}\nrows = {}\nseeds = {}\n",
            quoted(&self.experiment),
            self.revision,
            quoted(&self.scale),
            quoted(version),
            quoted(device),
            self.rows(),
            quoted(&self.seeds.to_string())
        );
        for axis in &self.grid {
            let values: Vec<String> = axis.values.iter().map(toml::Value::to_string).collect();
            let _ = write!(
                out,
                "\n[[grid]]\nkey = {}\nvalues = [{}]\n",
                quoted(&axis.key),
                values.join(", ")
            );
        }
        let mut settings = toml::Table::new();
        settings.insert("settings".into(), self.settings.clone().into());
        let _ = write!(
            out,
            "\n# The settings of the grid are replaced by its values.\n{}",
            toml::to_string(&settings).map_err(failed)?
        );
        Ok(out)
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let config = |message: String| Error::Config {
            origin: path.display().to_string(),
            message,
        };
        // The format first: another one need not have these fields.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } =
            toml::from_str(text).map_err(|e| config(e.to_string().trim_end().into()))?;
        if format != FORMAT {
            return Err(config(format!(
                "the plan has format {format}, this is scurve {} and reads format {FORMAT}; plan again into another folder",
                env!("CARGO_PKG_VERSION")
            )));
        }
        let w: Written =
            toml::from_str(text).map_err(|e| config(e.to_string().trim_end().into()))?;
        let plan = Self {
            experiment: w.experiment,
            revision: w.revision,
            scale: w.scale,
            conditions: Conditions {
                version: w.version,
                device: w.device,
                threads: w.threads,
            },
            seeds: w.seeds.parse()?,
            grid: w.grid,
            settings: w.settings,
        };
        if plan.grid.iter().any(|a| a.values.is_empty()) || plan.rows() != w.rows {
            return Err(config(format!(
                "it says rows = {}, and its grid and seeds give {}: it was changed by hand; plan again into another folder",
                w.rows,
                plan.rows()
            )));
        }
        Ok(plan)
    }
}

/// A plan in its folder, with the experiment that it names.
#[derive(Clone)]
pub struct Planned {
    pub(crate) folder: PathBuf,
    pub(crate) plan: Plan,
    pub(crate) experiment: &'static dyn Registered,
}

impl std::fmt::Debug for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Planned")
            .field("folder", &self.folder)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl Planned {
    /// Checks every grid point and writes `plan.toml` into the folder.
    ///
    /// # Errors
    /// A value out of its range, two grid points that are the same, another plan in the folder.
    pub fn create(folder: &Path, plan: Plan, experiment: &'static dyn Registered) -> Result<Self> {
        plan.check(experiment)?;
        let path = folder.join("plan.toml");
        if path.exists() {
            let there = Self::read(folder)?;
            if let Some(what) = difference(&there, &plan) {
                return Err(Error::Sweep(format!(
                    "{} is another plan ({what}); name another folder, or remove that one",
                    path.display()
                )));
            }
        } else {
            write_atomic(&path, plan.to_toml()?.as_bytes())?;
        }
        let folder = std::path::absolute(folder).map_err(|e| Error::io(folder, e))?;
        Ok(Self {
            folder,
            plan,
            experiment,
        })
    }

    fn read(folder: &Path) -> Result<Plan> {
        let path = folder.join("plan.toml");
        let text = std::fs::read_to_string(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::Sweep(format!(
                "there is no plan in {}; make one with `scurve sweep plan ID --seeds 0..31 --grid key=value,value --out {}`",
                folder.display(),
                folder.display()
            )),
            _ => Error::io(&path, e),
        })?;
        Plan::parse(&text, &path)
    }

    /// Reads the plan of a folder; its experiment is one of the registry.
    ///
    /// # Errors
    /// No plan, one of another version of the crate or the experiment, one changed by hand.
    pub fn open(folder: &Path) -> Result<Self> {
        let plan = Self::read(folder)?;
        let experiment = find(&plan.experiment)?;
        Self::open_as(folder, experiment)
    }

    /// As [`open`](Self::open), for an experiment that need not be in the registry.
    pub fn open_as(folder: &Path, experiment: &'static dyn Registered) -> Result<Self> {
        let plan = Self::read(folder)?;
        let here = (env!("CARGO_PKG_VERSION"), experiment.info().revision);
        if (plan.conditions.version.as_str(), plan.revision) != here {
            return Err(Error::Sweep(format!(
                "the plan in {} is of scurve {} and revision {} of {}, this is scurve {} and revision {}; \
                 use that version, or plan again into another folder",
                folder.display(),
                plan.conditions.version,
                plan.revision,
                plan.experiment,
                here.0,
                here.1
            )));
        }
        let folder = std::path::absolute(folder).map_err(|e| Error::io(folder, e))?;
        Ok(Self {
            folder,
            plan,
            experiment,
        })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder that holds the shards.
    pub fn tables(&self) -> PathBuf {
        self.folder.join("tables")
    }

    /// A grid point with all its settings.
    pub fn point(&self, point: u64) -> Result<Box<dyn Point>> {
        self.experiment
            .point(&self.plan.settings, &self.plan.pairs(point))
    }

    /// The device that the plan names.
    pub fn device(&self) -> Result<DeviceKind> {
        self.plan.conditions.device.parse()
    }
}

fn difference(there: &Plan, new: &Plan) -> Option<String> {
    let say = |what: &str, a: &dyn std::fmt::Display, b: &dyn std::fmt::Display| {
        Some(format!("{what}: {a} there, {b} now"))
    };
    if there.experiment != new.experiment {
        return say("experiment", &there.experiment, &new.experiment);
    }
    if there.revision != new.revision {
        return say("revision", &there.revision, &new.revision);
    }
    if there.conditions != new.conditions {
        return say("conditions", &there.conditions, &new.conditions);
    }
    if there.seeds != new.seeds {
        return say("seeds", &there.seeds, &new.seeds);
    }
    if there.grid != new.grid {
        let grid = |p: &Plan| {
            let axes = p
                .grid
                .iter()
                .map(|a| format!("{}={}", a.key, toml::Value::Array(a.values.clone())));
            axes.collect::<Vec<_>>().join(" ")
        };
        return say("grid", &grid(there), &grid(new));
    }
    // The number of seeds of the preset says nothing in a sweep.
    let mut keys: Vec<&String> = there.settings.keys().chain(new.settings.keys()).collect();
    keys.retain(|k| *k != "seeds");
    let key = keys
        .into_iter()
        .find(|k| there.settings.get(*k) != new.settings.get(*k))?;
    let shown = |p: &Plan| {
        p.settings
            .get(key)
            .map_or("(none)".into(), toml::Value::to_string)
    };
    say(key, &shown(there), &shown(new))
}
