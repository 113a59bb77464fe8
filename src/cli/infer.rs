//! `scurve infer`: from learning curves to frequencies, waste and the graph of skills.

use super::print;
use clap::Args as ClapArgs;
use scurve::error::{Error, Result};
use scurve::metric::inverse::{LevelRule, SkillCurves, infer};
use scurve::table::write_atomic;
use std::path::PathBuf;

/// What to infer from, and what to write.
#[derive(ClapArgs)]
pub struct InferArgs {
    /// A CSV or Parquet file with the columns time (or step, t), skill, a level, and optionally weight and seed.
    file: PathBuf,
    /// The column that tells how much is learned. A name with `acc` in it is read as an accuracy, one with `loss` or `mse` as a squared loss (level 1 − √(ℓ/ℓ₀)),
    /// any other as a level from 0 to 1.
    #[arg(long, default_value = "level")]
    level: String,
    /// The accuracy of guessing, which is level 0.
    #[arg(long, default_value_t = 0.0)]
    chance: f64,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// Write the graph in the DOT language.
    #[arg(long, value_name = "FILE")]
    dot: Option<PathBuf>,
    /// Draw the fitted curves over the data; the extension, .svg or .png, is the format.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Draw the graph of skills; .svg or .png.
    #[arg(long, value_name = "FILE")]
    graph: Option<PathBuf>,
}

pub fn run(args: &InferArgs) -> Result<()> {
    let rule = LevelRule::of_column(&args.level, args.chance);
    if args.chance != 0.0 && !matches!(rule, LevelRule::Accuracy { .. }) {
        return Err(Error::setting(
            "--chance",
            args.chance,
            format!(
                "left out: the column `{}` is not read as an accuracy",
                args.level
            ),
        ));
    }
    let curves = SkillCurves::from_file(&args.file, &args.level, rule)?;
    let found = infer(&curves)?;
    if let Some(path) = &args.dot {
        write_atomic(path, found.to_dot().as_bytes())?;
    }
    if let Some(path) = &args.out {
        found.figure()?.save(path)?;
    }
    if let Some(path) = &args.graph {
        found.graph_figure()?.save(path)?;
    }
    if args.json {
        return print(&(found.to_json()? + "\n"));
    }
    let read = match rule {
        LevelRule::Level => "a level".to_string(),
        LevelRule::Accuracy { chance } => {
            format!("an accuracy, level (a − {chance}) / (1 − {chance})")
        }
        LevelRule::SquaredLoss => "a squared loss, level 1 − √(ℓ / ℓ₀)".to_string(),
    };
    print(&format!(
        "column `{}` read as {read}\n{found}\n{}",
        args.level,
        found.to_dot()
    ))
}
