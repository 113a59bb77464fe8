//! Tables: every result of the crate is one, a polars frame that knows how to show itself and how to be stored.

use crate::display;
use crate::error::{Error, Result};
use polars::prelude::{
    AnyValue, Column, CsvWriter, DataFrame, DataType, IntoColumn, JsonFormat, JsonWriter,
    KeyValueMetadata, NamedFrom, ParquetCompression, ParquetReader, ParquetWriter, SerReader,
    SerWriter, Series,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// A polars data frame, owned, of columns of numbers, text or truth values.
///
/// ```
/// use scurve::table::Table;
/// let table = Table::new()
///     .with("t", vec![0.0, 1.0])?
///     .with("optimizer", vec!["sgd", "adam"])?;
/// assert_eq!(table.height(), 2);
/// assert_eq!(table.f64s("t")?, [0.0, 1.0]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    frame: DataFrame,
}

/// The values of one column; made from vectors by `into()`.
pub enum Values {
    /// Floating-point numbers; a missing one is NaN.
    F64(Vec<f64>),
    /// Whole numbers.
    I64(Vec<i64>),
    /// Text.
    Text(Vec<String>),
    /// Truth values.
    Bool(Vec<bool>),
}

macro_rules! values_from {
    ($($from:ty => $variant:ident, $map:expr;)*) => {$(
        impl From<Vec<$from>> for Values {
            fn from(v: Vec<$from>) -> Self {
                Self::$variant(v.into_iter().map($map).collect())
            }
        }
    )*};
}
values_from! {
    i64 => I64, |x| x;
    i32 => I64, i64::from;
    u32 => I64, i64::from;
    u64 => I64, |x| x as i64;
    usize => I64, |x| x as i64;
    &str => Text, str::to_string;
    String => Text, |x| x;
    bool => Bool, |x| x;
    f64 => F64, |x| x;
}

impl Table {
    /// An empty table, to which columns are added by [`with`](Self::with).
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the column `name`.
    ///
    /// # Errors
    /// When its length differs from the columns that are there, or the name is taken.
    pub fn with(mut self, name: &str, values: impl Into<Values>) -> Result<Self> {
        let column: Column = match values.into() {
            Values::F64(v) => Series::new(name.into(), v),
            Values::I64(v) => Series::new(name.into(), v),
            Values::Text(v) => Series::new(name.into(), v),
            Values::Bool(v) => Series::new(name.into(), v),
        }
        .into_column();
        if self.frame.width() > 0 && column.len() != self.frame.height() {
            return Err(Error::Table(format!(
                "column `{name}` has {} rows, the table has {}; give all columns the same length",
                column.len(),
                self.frame.height()
            )));
        }
        if self.frame.column(name).is_ok() {
            return Err(Error::Table(format!(
                "there is a column `{name}` already; give the new one another name"
            )));
        }
        let mut columns = self.frame.columns().to_vec();
        columns.push(column);
        self.frame = DataFrame::new_infer_height(columns)?;
        Ok(self)
    }

    /// The same number in every row of a new column.
    pub fn with_constant(self, name: &str, value: impl Into<Constant>) -> Result<Self> {
        let n = self.height();
        match value.into() {
            Constant::F64(x) => self.with(name, vec![x; n]),
            Constant::I64(x) => self.with(name, vec![x; n]),
            Constant::Text(x) => self.with(name, vec![x; n]),
        }
    }

    /// As [`with_constant`](Self::with_constant), with the new column before all others.
    pub fn led_by(self, name: &str, value: impl Into<Constant>) -> Result<Self> {
        let table = self.with_constant(name, value)?;
        let mut columns = table.frame.columns().to_vec();
        columns.rotate_right(1);
        Ok(DataFrame::new_infer_height(columns)?.into())
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.frame.height()
    }

    /// Column names, in order.
    pub fn names(&self) -> Vec<String> {
        self.frame
            .get_column_names()
            .iter()
            .map(|n| n.to_string())
            .collect()
    }

    /// The polars frame, for everything that polars can do.
    pub fn df(&self) -> &DataFrame {
        &self.frame
    }

    /// The polars frame itself.
    pub fn into_df(self) -> DataFrame {
        self.frame
    }

    fn column(&self, name: &str) -> Result<&Column> {
        self.frame
            .column(name)
            .map_err(|_| Error::unknown("column", name, self.names()))
    }

    /// The column `name` as numbers; whole numbers are converted, missing values are NaN.
    pub fn f64s(&self, name: &str) -> Result<Vec<f64>> {
        let column = self.column(name)?.cast(&DataType::Float64)?;
        Ok(column
            .f64()?
            .iter()
            .map(|x| x.unwrap_or(f64::NAN))
            .collect())
    }

    /// The column `name` of whole numbers.
    pub fn i64s(&self, name: &str) -> Result<Vec<i64>> {
        let column = self.column(name)?;
        let ints = column.i64().map_err(|_| {
            Error::Table(format!(
                "column `{name}` holds {}, not whole numbers",
                column.dtype()
            ))
        })?;
        ints.iter()
            .map(|x| x.ok_or_else(|| Error::Table(format!("column `{name}` has missing values"))))
            .collect()
    }

    /// The column `name` of text.
    pub fn strs(&self, name: &str) -> Result<Vec<String>> {
        let column = self.column(name)?;
        let text = column.str().map_err(|_| {
            Error::Table(format!(
                "column `{name}` holds {}, not text",
                column.dtype()
            ))
        })?;
        Ok(text.iter().map(|x| x.unwrap_or("").to_string()).collect())
    }

    /// The rows in which the column `name` equals `value` (a number, whole number or text).
    pub fn rows_where(&self, name: &str, value: impl Into<Constant>) -> Result<Self> {
        let mask: Vec<bool> = match value.into() {
            Constant::F64(x) => self.f64s(name)?.iter().map(|y| *y == x).collect(),
            Constant::I64(x) => self.i64s(name)?.iter().map(|y| *y == x).collect(),
            Constant::Text(x) => self.strs(name)?.iter().map(|y| *y == x).collect(),
        };
        let mask = polars::prelude::BooleanChunked::new("mask".into(), mask);
        Ok(self.frame.filter(&mask)?.into())
    }

    /// The different values of a column of whole numbers, ascending.
    pub fn distinct(&self, name: &str) -> Result<Vec<i64>> {
        let mut values = self.i64s(name)?;
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    /// All rows of `tables`, one after the other; all must have the same columns.
    pub fn concat(tables: Vec<Self>) -> Result<Self> {
        let mut tables = tables.into_iter();
        let Some(mut first) = tables.next() else {
            return Ok(Self::default());
        };
        for table in tables {
            first.frame.vstack_mut_owned(table.frame)?;
        }
        first.frame.rechunk_mut();
        Ok(first)
    }

    /// Writes the table as Parquet, with `metadata` in the file's key-value metadata.
    ///
    /// The bytes depend on the table and the metadata alone. The file appears whole or not at all: it is written under
    /// a temporary name, synced and renamed.
    pub fn write_parquet(&self, path: &Path, metadata: &BTreeMap<String, String>) -> Result<()> {
        write_atomic(path, &self.parquet(metadata)?)
    }

    /// The bytes of [`write_parquet`](Self::write_parquet).
    pub(crate) fn parquet(&self, metadata: &BTreeMap<String, String>) -> Result<Vec<u8>> {
        let mut frame = self.frame.clone();
        frame.rechunk_mut();
        let mut bytes = Vec::new();
        parquet_writer(&mut bytes, metadata).finish(&mut frame)?;
        Ok(bytes)
    }

    /// Reads a Parquet file and its key-value metadata.
    pub fn read_parquet(path: &Path) -> Result<(Self, BTreeMap<String, String>)> {
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        Self::from_parquet(file, path)
    }

    /// As [`read_parquet`](Self::read_parquet), of bytes that are open or read already; `path` is for the message.
    pub(crate) fn from_parquet(
        file: impl polars::io::mmap::MmapBytesReader,
        path: &Path,
    ) -> Result<(Self, BTreeMap<String, String>)> {
        let corrupt = |e: polars::error::PolarsError| Error::Corrupt {
            path: path.to_path_buf(),
            why: format!("not a whole Parquet file ({e})"),
            aside: None,
        };
        let mut reader = ParquetReader::new(file);
        let metadata = reader.get_metadata().map_err(corrupt)?;
        let pairs = metadata
            .key_value_metadata()
            .iter()
            .flatten()
            .filter_map(|kv| Some((kv.key.clone(), kv.value.clone()?)))
            .collect();
        let frame = reader.finish().map_err(corrupt)?;
        Ok((frame.into(), pairs))
    }

    /// The table as CSV.
    pub fn to_csv(&self) -> Result<String> {
        let mut bytes = Vec::new();
        CsvWriter::new(&mut bytes).finish(&mut self.frame.clone())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The table as a JSON array of objects, one a row.
    pub fn to_json(&self) -> Result<String> {
        let mut bytes = Vec::new();
        JsonWriter::new(&mut bytes)
            .with_json_format(JsonFormat::Json)
            .finish(&mut self.frame.clone())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes the table to `path`, in the format of its extension: `.csv`, `.json` or `.parquet`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        match path.extension().and_then(|e| e.to_str()) {
            Some("csv") => write_atomic(path, self.to_csv()?.as_bytes()),
            Some("json") => write_atomic(path, self.to_json()?.as_bytes()),
            Some("parquet") => self.write_parquet(path, &BTreeMap::new()),
            _ => Err(Error::setting(
                "path",
                path.display(),
                "a file name that ends in .csv, .json or .parquet",
            )),
        }
    }

    /// Shows the table in a notebook cell: types, row count, head and tail.
    pub fn evcxr_display(&self) {
        let (headers, rows) = self.shown();
        let text = display::text_table(&headers, &rows, self.height());
        display::html(&display::html_table(&headers, rows, self.height()), &text);
    }

    /// The table as HTML: types, row count, head and tail.
    pub fn to_html(&self) -> String {
        let (headers, rows) = self.shown();
        display::html_table(&headers, rows, self.height())
    }

    /// Headers, and the cells of head and tail.
    fn shown(&self) -> (Vec<display::Header>, Vec<Vec<String>>) {
        let (n, edge) = (self.height(), 8);
        let shown = if n <= 2 * edge + 1 { 0..n } else { 0..edge };
        let tail = (n - edge.min(n)).max(shown.end)..n;
        let columns = self.frame.columns();
        let headers = columns
            .iter()
            .map(|c| {
                display::Header::new(
                    c.name().as_str(),
                    type_name(c.dtype()),
                    c.dtype().is_numeric(),
                )
            })
            .collect();
        let row = |i: usize| {
            columns
                .iter()
                .map(|c| c.get(i).map_or(String::new(), |v| cell(&v)))
                .collect()
        };
        (headers, shown.chain(tail).map(row).collect())
    }
}

fn type_name(dtype: &DataType) -> String {
    match dtype {
        DataType::Float64 => "f64".into(),
        DataType::Int64 => "i64".into(),
        DataType::String => "str".into(),
        DataType::Boolean => "bool".into(),
        other => other.to_string(),
    }
}

fn cell(value: &AnyValue) -> String {
    match value {
        AnyValue::Null => "–".into(),
        AnyValue::Float64(x) => display::number(*x),
        AnyValue::Float32(x) => display::number(f64::from(*x)),
        AnyValue::String(s) => (*s).to_string(),
        AnyValue::StringOwned(s) => s.to_string(),
        other => other.to_string(),
    }
}

/// One value: a number, a whole number or text; made by `into()`.
pub enum Constant {
    /// A number.
    F64(f64),
    /// A whole number.
    I64(i64),
    /// Text.
    Text(String),
}

macro_rules! constant_from {
    ($($from:ty => $variant:ident, $map:expr;)*) => {$(
        impl From<$from> for Constant {
            fn from(x: $from) -> Self {
                Self::$variant(($map)(x))
            }
        }
    )*};
}
constant_from! {
    f64 => F64, |x| x;
    i64 => I64, |x| x;
    i32 => I64, i64::from;
    u64 => I64, |x| x as i64;
    usize => I64, |x| x as i64;
    &str => Text, str::to_string;
    String => Text, |x| x;
}

impl From<DataFrame> for Table {
    fn from(frame: DataFrame) -> Self {
        Self { frame }
    }
}

/// How the crate writes Parquet: the bytes depend on what is written alone.
pub(crate) fn parquet_writer<W: Write>(
    to: W,
    metadata: &BTreeMap<String, String>,
) -> ParquetWriter<W> {
    let metadata = metadata
        .iter()
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    ParquetWriter::new(to)
        .with_compression(ParquetCompression::Zstd(None))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(metadata)))
        .set_parallel(false)
}

/// Writes a file that appears whole or not at all: a temporary name in the same folder, sync, rename.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, bytes, true)
}

/// As [`write_atomic`]; without `sync` a loss of power may leave a file that is not whole, which a recorded hash tells.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], sync: bool) -> Result<()> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| Error::io(folder, e))?;
    file.write_all(bytes).map_err(|e| Error::io(path, e))?;
    if sync {
        file.as_file().sync_all().map_err(|e| Error::io(path, e))?;
    }
    // Temporary files are private to the user; a result is for everybody that may read the folder.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o644);
        file.as_file()
            .set_permissions(mode)
            .map_err(|e| Error::io(path, e))?;
    }
    file.persist(path).map_err(|e| Error::io(path, e.error))?;
    Ok(())
}
