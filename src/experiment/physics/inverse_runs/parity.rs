//! What is inferred from the network of Fig. 2: does the third parity wait for the first two?

use super::InferredRuns;
use crate::error::{Error, Result};
use crate::experiment::Progress;
use crate::experiment::physics::parities::{Seen, Strings};
use crate::metric::inverse::{Inference, LevelRule, SkillCurves, infer};
use crate::model::network::{Loss, Mlp, MlpTrainer};
use crate::optimizer::Adam;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Subsets;

/// Names of the runs and the bits of their third task: the sum of the first two, or four others.
pub(super) const RUNS: [(&str, [usize; 4]); 2] =
    [("dependent", [0, 1, 2, 3]), ("independent", [4, 5, 6, 7])];
/// Accuracy on all tasks at which a run ends.
const END: f64 = 0.995;

/// A row for each run: what skill 3 waits for.
pub(super) fn rows(settings: &InferredRuns, seed: Seed, progress: &Progress) -> Result<Table> {
    let mut rows = Vec::new();
    for (run, third) in RUNS {
        let table = train(settings, third, seed, progress)?;
        let rule = LevelRule::Accuracy { chance: 0.5 };
        // Fewer than two parities learned: nothing can be said.
        let found = match SkillCurves::from_table(&table, "accuracy", rule) {
            Ok(curves) => Some(infer(&curves)?),
            Err(Error::Setting { .. }) => None,
            Err(other) => return Err(other),
        };
        rows.push(judged(found.as_ref())?.led_by("run", run)?);
    }
    Table::concat(rows)
}

/// Trains; `step`, `skill` (y1, y2, y3), `accuracy` on held-out strings.
fn train(
    settings: &InferredRuns,
    third: [usize; 4],
    seed: Seed,
    progress: &Progress,
) -> Result<Table> {
    let bits = settings.bits;
    let tasks = Subsets::new(vec![vec![0, 1], vec![2, 3], third.to_vec()], bits)?;
    let strings = |count, stream| Strings::new(count, bits, &tasks, seed, stream);
    let (train, test) = (
        strings(settings.strings, "data"),
        strings(settings.held_out, "data/test"),
    );
    let net = Mlp::new([bits, settings.width, tasks.len()]);
    let adam = Adam::new(settings.parity_rate);
    let mut net = MlpTrainer::<f64>::new(&net, Loss::Mse, adam, seed)?;
    let until = (settings.parity_steps, settings.parity_every, Some(END));
    let examples = train.weighted(1.0)?;
    let seen = Seen::of(&mut net, &examples, until, (&train, &test), progress)?.table()?;
    let names: Vec<String> = seen.i64s("task")?.iter().map(|k| format!("y{k}")).collect();
    Table::new()
        .with("step", seen.i64s("step")?)?
        .with("skill", names)?
        .with("accuracy", seen.f64s("accuracy")?)
}

fn judged(found: Option<&Inference>) -> Result<Table> {
    let edges = found.map_or(&[][..], |f| &f.edges);
    let score = |from: &str| {
        let edge = edges.iter().find(|e| e.from == from && e.to == "y3");
        edge.map_or(f64::NAN, |e| e.score)
    };
    let seen = found.is_some_and(|f| f.skills.iter().any(|s| s.name == "y3"));
    // Of a skill that is not learned nothing is said.
    let flag = |b: bool| {
        vec![if seen {
            f64::from(u8::from(b))
        } else {
            f64::NAN
        }]
    };
    let (first, second) = (score("y1"), score("y2"));
    Table::new()
        .with("first", vec![first])?
        .with("second", vec![second])?
        .with("one", flag(first.is_finite() || second.is_finite()))?
        .with("both", flag(first.is_finite() && second.is_finite()))?
        .with("seen", vec![seen])?
        .with(
            "others",
            vec![edges.iter().filter(|e| e.to != "y3").count()],
        )?
        .with("misfit", vec![found.map_or(f64::NAN, Inference::misfit)])?
        .with("rmse", vec![found.map_or(f64::NAN, |f| f.rmse)])
}
