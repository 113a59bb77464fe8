//! The ledger of claims, `data/claims.csv`: what the last full run measured, committed with the code.

use crate::claim::{Claim, Claims};
use crate::error::{Error, Result};
use crate::experiment::{data_root, registry};
use crate::table::{Table, write_atomic};
use polars::prelude::{CsvReadOptions, SerReader};
use std::path::{Path, PathBuf};

/// The ledger's place: beside the folder for tables of the project.
pub fn path() -> PathBuf {
    if let Some(path) = std::env::var_os("SCURVE_LEDGER").filter(|p| !p.is_empty()) {
        return path.into();
    }
    let root = data_root();
    root.parent().unwrap_or(&root).join("claims.csv")
}

/// All claims of the ledger.
#[derive(Clone, Debug, Default)]
pub struct Ledger(pub Claims);

impl Ledger {
    /// The claims of one experiment.
    pub fn of(&self, experiment: &str) -> Claims {
        Claims(
            self.0
                .0
                .iter()
                .filter(|c| c.experiment == experiment)
                .cloned()
                .collect(),
        )
    }

    /// The ledger with all claims of the experiments in `new` replaced; order by experiment, then as measured.
    pub fn replaced(&self, new: Vec<Claim>) -> Self {
        let mut all: Vec<Claim> = self
            .0
            .0
            .iter()
            .filter(|old| !new.iter().any(|c| c.experiment == old.experiment))
            .cloned()
            .chain(new.iter().cloned())
            .collect();
        all.sort_by(|a, b| a.experiment.cmp(&b.experiment));
        Self(Claims(all))
    }
}

/// Reads the ledger; an absent file is an empty ledger.
pub fn read(path: &Path) -> Result<Ledger> {
    if !path.exists() {
        return Ok(Ledger::default());
    }
    let frame = CsvReadOptions::default()
        .with_infer_schema_length(None)
        .try_into_reader_with_file_path(Some(path.to_path_buf()))
        .and_then(|r| r.finish())
        .map_err(|e| Error::Corrupt {
            path: path.to_path_buf(),
            why: format!("not the ledger that was written ({e}); restore it from the repository"),
            aside: None,
        })?;
    Claims::from_table(&Table::from(frame)).map(Ledger)
}

/// Writes the ledger.
pub fn write(path: &Path, ledger: &Ledger) -> Result<()> {
    write_atomic(path, ledger.0.table()?.to_csv()?.as_bytes())
}

/// The map from section to notebook to experiment, with what the ledger says of it, as a Markdown table.
///
/// README holds it between two marks; `scurve list --markdown` prints it and a test compares the two.
pub fn map(ledger: &Ledger) -> String {
    let mut out = String::from(
        "| section | notebook | experiment | claims: hold / fail / differ / inconclusive |\n|---|---|---|---|\n",
    );
    for experiment in registry() {
        let info = experiment.info();
        let claims = ledger.of(info.id);
        let [hold, fail, differ, open] = claims.tally();
        let said = if claims.0.is_empty() {
            "not measured yet".to_string()
        } else {
            format!("{hold} / {fail} / {differ} / {open}")
        };
        out += &format!(
            "| {} | [{}]({}) | `{}` | {said} |\n",
            info.source(),
            info.notebook,
            info.notebook_path(),
            info.id,
        );
    }
    out
}
