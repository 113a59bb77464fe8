//! The command line: `scurve list`, `show`, `run`, `sweep`, `table`, `figure`, `claims`, `doctor`, `cite`, `completions`.
//!
//! Results go to standard output, everything else to standard error.

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = cli::Args::parse();
    // Nobody else sets the handler; the first Ctrl-C stops at the next record, the second at once.
    let _ = ctrlc::set_handler(|| {
        if scurve::experiment::interrupted() {
            std::process::exit(130);
        }
        scurve::experiment::interrupt();
        eprintln!("\nstopping; finished seeds are kept (Ctrl-C again stops at once)");
    });
    match cli::run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(e.exit_code())
        }
    }
}
