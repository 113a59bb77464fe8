//! Arguments and what each command does.

mod doctor;
mod infer;
mod sweep;

use clap::{Args as ClapArgs, CommandFactory, Parser, Subcommand, ValueEnum};
use scurve::claim::Claims;
use scurve::device::DeviceKind;
use scurve::error::{Error, Result};
use scurve::experiment::{Report, Request, RunOptions, Scale, find, registry};
use scurve::ledger;
use scurve::table::{Table, write_atomic};
use scurve::task::image;
use scurve::task::tokens::{Vocabulary, prepare};
use std::io::Write;
use std::path::{Path, PathBuf};

/// How neural networks learn, one experiment at a time.
///
/// Exit codes: 0 done; 1 failure; 2 bad input; 3 a file or folder cannot be read or written, or is corrupt; 4 diverged;
/// 130 stopped by Ctrl-C (finished seeds are kept).
#[derive(Parser)]
#[command(name = "scurve", version, max_term_width = 110)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the experiments.
    List {
        /// As a JSON array of objects with id, title, source, notebook and revision.
        #[arg(long)]
        json: bool,
        /// As the Markdown table of README, with what the ledger says.
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
    /// Show an experiment's settings as TOML, with what each means and, where it differs, the value of `--scale paper`.
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Run an experiment: compute the seeds that are not there yet.
    Run {
        #[command(flatten)]
        which: Which,
        /// Compute all seeds anew.
        #[arg(long)]
        force: bool,
        /// Threads of LibTorch in each of the seeds, which run side by side; for one large run on many cores. Another number than 1 may change
        /// last bits.
        #[arg(long, value_name = "N", default_value_t = 1)]
        threads: usize,
        /// Where tensors live: libtorch, cuda or flex. Default: SCURVE_DEVICE, else libtorch where it is built in.
        #[arg(long)]
        device: Option<String>,
        /// The folder with image sets, looked in before the distribution's packages and downloads. Default: SCURVE_SETS.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Run an experiment over a grid of settings and over seeds: `sweep ID …` plans, runs and merges in one go.
    Sweep(Box<sweep::SweepArgs>),
    /// Print a table of a finished run.
    Table {
        #[command(flatten)]
        which: Which,
        /// The table's name; without it the names are listed when there are several.
        #[arg(long)]
        name: Option<String>,
        /// The format; Parquet needs --to.
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
        /// Write to this file instead of standard output.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Draw a figure of a finished run.
    Figure {
        /// The experiment's id.
        id: String,
        /// The file; its extension, .svg or .png, is the format.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The figure's name, when there are several.
        #[arg(long)]
        name: Option<String>,
        /// The preset whose tables are drawn.
        #[arg(long)]
        scale: Option<String>,
        /// The folder for tables.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Show claims and verdicts: of local tables where there are any, else of the committed ledger.
    Claims {
        /// The experiment's id; all when left out.
        id: Option<String>,
        /// As a JSON array.
        #[arg(long)]
        json: bool,
        /// The preset whose tables are read.
        #[arg(long)]
        scale: Option<String>,
        /// The folder for tables.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Write what the local tables say into the ledger.
        #[arg(long)]
        update_ledger: bool,
    },
    /// Infer frequencies, waste and the graph of skills from learning curves (the inverse problem).
    Infer(infer::InferArgs),
    /// Make a token file of text files, byte by byte, for experiments on text: two bytes a token, the lower first, as nanoGPT has them.
    Prepare {
        /// Text files, taken one after the other; `.gz` is decompressed.
        #[arg(required = true, value_name = "TEXT")]
        texts: Vec<PathBuf>,
        /// The token file to write.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// A second file for the last part of each text.
        #[arg(long, value_name = "FILE")]
        validation: Option<PathBuf>,
        /// The share of each text that goes there.
        #[arg(long, default_value_t = 0.1, requires = "validation")]
        share: f64,
        /// Tokens are the pieces of this byte-pair encoding and not bytes: a tokenizer.json, or GPT-2's vocab.json with merges.txt beside it.
        #[arg(long, value_name = "FILE")]
        vocabulary: Option<PathBuf>,
        /// Learn so many pieces from the texts first, and write them to the file of --vocabulary, which must not be there yet.
        #[arg(long, value_name = "SIZE", requires = "vocabulary")]
        learn: Option<usize>,
    },
    /// Check LibTorch, BLAS, the kernel, the font and the data sets, each with how to mend it.
    Doctor,
    /// Print the BibTeX entries to cite for an experiment.
    Cite {
        /// The experiment's id.
        id: String,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// An experiment and its settings.
#[derive(ClapArgs)]
struct Which {
    /// The experiment's id, such as scurves/rank-one.
    id: String,
    /// check, quick or paper. Default: SCURVE_SCALE, else quick.
    #[arg(long)]
    scale: Option<String>,
    /// A TOML file with settings that differ from the preset.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting, for example --set n=50 or --set optimizer.lr=0.1; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Number of seeds.
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// The folder for tables. Default: SCURVE_DATA, else data/tables of the project.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Json,
    Parquet,
}

impl Which {
    fn request(&self) -> Result<Request> {
        let config = match &self.config {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
                Some((text, path.display().to_string()))
            }
            None => None,
        };
        Ok(Request {
            scale: scale(self.scale.as_deref())?,
            config,
            set: self.set.clone(),
            seeds: self.seeds,
        })
    }

    fn load(&self) -> Result<Box<dyn Report>> {
        find(&self.id)?
            .load(&self.request()?, self.out.as_deref())?
            .ok_or_else(|| not_there(&self.id))
    }
}

fn scale(name: Option<&str>) -> Result<Scale> {
    name.map_or_else(Scale::from_env, str::parse)
}

fn not_there(id: &str) -> Error {
    Error::Table(format!(
        "no tables of {id} with these settings; compute them with `scurve run {id}`"
    ))
}

/// Does what was asked.
pub fn run(args: Args) -> Result<()> {
    match args.command {
        Command::List {
            json: _,
            markdown: true,
        } => print(&ledger::map(&ledger::read(&ledger::path())?)),
        Command::List { json, .. } => list(json),
        Command::Show { which } => {
            let text = find(&which.id)?.settings(&which.request()?)?;
            print(&text)
        }
        Command::Run {
            which,
            force,
            threads,
            device,
            data,
        } => {
            if let Some(folder) = data {
                if !folder.is_dir() {
                    return Err(Error::setting(
                        "data",
                        folder.display(),
                        "a folder with image sets",
                    ));
                }
                image::set_folder(folder);
            }
            let kind: DeviceKind = match device {
                Some(name) => name.parse()?,
                None => DeviceKind::from_env()?,
            };
            // Fails now, and not after an hour, when the device is not there.
            kind.device()?;
            let options = RunOptions {
                out: which.out.clone(),
                force,
                threads: Some(threads),
            };
            let report = find(&which.id)?.run(&which.request()?, &options)?;
            summary(report.as_ref())
        }
        Command::Table {
            which,
            name,
            format,
            to,
        } => table(&which, name.as_deref(), format, to),
        Command::Figure {
            id,
            out,
            name,
            scale: at,
            data,
        } => {
            let report = find(&id)?
                .load(&Request::preset(scale(at.as_deref())?), data.as_deref())?
                .ok_or_else(|| not_there(&id))?;
            figure(report.as_ref(), name.as_deref(), &out)
        }
        Command::Claims {
            id,
            json,
            scale: at,
            out,
            update_ledger,
        } => claims(
            id.as_deref(),
            json,
            scale(at.as_deref())?,
            out,
            update_ledger,
        ),
        Command::Infer(args) => infer::run(&args),
        Command::Sweep(args) => sweep::run(*args),
        Command::Prepare {
            texts,
            to,
            validation,
            share,
            vocabulary,
            learn,
        } => {
            let held_back = validation.as_deref().map(|path| (path, share));
            let tokens = tokens_of(&texts, vocabulary.as_deref(), learn)?;
            let done = prepare(&texts, &tokens, &to, held_back)?;
            let mut text = format!("{}: {} tokens\n", to.display(), done.train);
            if let Some(path) = vocabulary {
                text = format!(
                    "{}: a vocabulary of {}\n{text}",
                    path.display(),
                    tokens.len()
                );
            }
            if let Some(path) = validation {
                text += &format!("{}: {} tokens\n", path.display(), done.validation);
            }
            print(&text)
        }
        Command::Doctor => doctor::run(),
        Command::Cite { id } => print(&format!("{}\n", find(&id)?.info().document.bibtex())),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Args::command(),
                "scurve",
                &mut std::io::stdout(),
            );
            Ok(())
        }
    }
}

/// What the tokens of texts shall be; a vocabulary that is learned is written.
fn tokens_of(texts: &[PathBuf], file: Option<&Path>, learn: Option<usize>) -> Result<Vocabulary> {
    match (file, learn) {
        (None, _) => Ok(Vocabulary::Bytes),
        (Some(file), None) => Vocabulary::read(file),
        (Some(file), Some(_)) if file.exists() => Err(Error::setting(
            "--vocabulary",
            file.display(),
            "a file that is not there yet: with --learn it is written; leave --learn out to read it",
        )),
        (Some(file), Some(size)) => {
            let learned = Vocabulary::learn(texts, size)?;
            learned.save(file)?;
            Ok(learned)
        }
    }
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io("standard output".as_ref(), e))
        }
        _ => Ok(()),
    }
}

fn list(json: bool) -> Result<()> {
    if json {
        let all: Vec<_> = registry()
            .iter()
            .map(|e| {
                let info = e.info();
                serde_json::json!({
                    "id": info.id,
                    "title": info.title,
                    "source": info.source(),
                    "notebook": info.notebook_path(),
                    "revision": info.revision,
                })
            })
            .collect();
        return print(&format!("{:#}\n", serde_json::Value::Array(all)));
    }
    let width = registry()
        .iter()
        .map(|e| e.info().id.len())
        .max()
        .unwrap_or(0);
    let lines = registry().iter().map(|e| {
        let info = e.info();
        format!("{:width$}  {} ({})\n", info.id, info.title, info.source())
    });
    print(&lines.collect::<String>())
}

fn summary(report: &dyn Report) -> Result<()> {
    let outcome = report.outcome();
    let mut text = format!(
        "{}: {} seeds in {}\n",
        outcome.id(),
        outcome.seeds().len(),
        outcome.folder().display()
    );
    for (seed, step, what) in outcome.diverged() {
        text += &format!("seed {seed}: {what} diverged at step {step}\n");
    }
    for name in outcome.table_names() {
        text += &format!("table {name}: {} rows\n", outcome.table(&name)?.height());
    }
    text += &report.claims()?.to_string();
    print(&text)
}

fn table(which: &Which, name: Option<&str>, format: Format, to: Option<PathBuf>) -> Result<()> {
    let report = which.load()?;
    let names = report.outcome().table_names();
    let name = match (name, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, _) => {
            return Err(Error::setting(
                "--name",
                "(none)",
                format!("one of the tables: {}", names.join(", ")),
            ));
        }
    };
    let table: Table = report.outcome().table(name)?;
    match (format, to) {
        (Format::Csv, None) => print(&table.to_csv()?),
        (Format::Json, None) => print(&(table.to_json()? + "\n")),
        (Format::Csv, Some(path)) => write_atomic(&path, table.to_csv()?.as_bytes()),
        (Format::Json, Some(path)) => write_atomic(&path, table.to_json()?.as_bytes()),
        (Format::Parquet, Some(path)) => table.write_parquet(&path, &Default::default()),
        (Format::Parquet, None) => Err(Error::setting(
            "--to",
            "(none)",
            "a file when --format is parquet",
        )),
    }
}

fn figure(report: &dyn Report, name: Option<&str>, out: &std::path::Path) -> Result<()> {
    let figures = report.figures()?.0;
    let names = || figures.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    let chosen = match name {
        Some(name) => figures
            .iter()
            .find(|(n, _)| n == name)
            .ok_or_else(|| Error::unknown("figure", name, names()))?,
        None => figures
            .first()
            .ok_or_else(|| Error::Figure("this experiment draws none".into()))?,
    };
    if name.is_none() && figures.len() > 1 {
        eprintln!(
            "drawing `{}`; there are also: {}",
            chosen.0,
            names()[1..].join(", ")
        );
    }
    chosen.1.save(out)
}

fn claims(
    id: Option<&str>,
    json: bool,
    scale: Scale,
    out: Option<PathBuf>,
    update: bool,
) -> Result<()> {
    let chosen = match id {
        Some(id) => vec![find(id)?],
        None => registry().to_vec(),
    };
    let committed = ledger::read(&ledger::path())?;
    let mut rows: Vec<(&str, Claims)> = Vec::new();
    let mut local = Vec::new();
    for experiment in chosen {
        match experiment.load(&Request::preset(scale), out.as_deref())? {
            Some(report) if report.outcome().missing() == 0 => {
                let claims = report.claims()?;
                local.extend(claims.0.clone());
                rows.push(("local", claims));
            }
            // A run with a few of its seeds judges nothing.
            other => {
                let id = experiment.info().id;
                if let Some(report) = other {
                    let (missing, there) = (report.outcome().missing(), report.outcome().seeds());
                    eprintln!(
                        "{id}: {missing} of {} seeds are not computed yet (`scurve run {id}`); its claims are the ledger's",
                        missing + there.len() as u64
                    );
                }
                rows.push(("ledger", committed.of(id)));
            }
        }
    }
    if update {
        ledger::write(&ledger::path(), &committed.replaced(local))?;
    }
    if json {
        let all: Vec<_> = rows
            .iter()
            .flat_map(|(origin, claims)| {
                claims.0.iter().map(move |c| {
                    let mut value = serde_json::to_value(c).unwrap_or_default();
                    value["origin"] = (*origin).into();
                    value
                })
            })
            .collect();
        return print(&format!("{:#}\n", serde_json::Value::Array(all)));
    }
    let count = |which| {
        rows.iter()
            .filter(|r| r.0 == which && !r.1.0.is_empty())
            .count()
    };
    eprintln!(
        "{} experiments from local tables ({} preset), {} from the ledger",
        count("local"),
        scale.name(),
        count("ledger")
    );
    let all = Claims(rows.into_iter().flat_map(|(_, c)| c.0).collect());
    print(&all.to_string())
}
