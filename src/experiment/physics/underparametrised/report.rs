//! Figures and claims of the underparametrised regime.

use super::{LOSSES, Underparametrised};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Figure, Figures, Legend, Panel};
use crate::stats::{self, Interval};
use crate::table::Table;

/// The table `runs`.
struct Runs(Table);

impl Runs {
    fn of(&self, loss: &str, settings: &str, n_task: usize, column: &str) -> Result<Vec<f64>> {
        let rows = self.0.rows_where("loss", loss)?;
        let rows = rows.rows_where("settings", settings)?;
        rows.rows_where("n_task", n_task)?.f64s(column)
    }

    fn median(&self, loss: &str, settings: &str, n_task: usize, column: &str) -> Result<Interval> {
        Ok(stats::median(&self.of(loss, settings, n_task, column)?))
    }

    /// Medians for each of `sizes`, in words.
    fn listed(&self, loss: &str, settings: &str, sizes: &[usize], column: &str) -> Result<String> {
        let each = sizes.iter().map(|n| {
            let found = self.median(loss, settings, *n, column)?;
            Ok(format!("{:.2}", found.value))
        });
        Ok(each.collect::<Result<Vec<_>>>()?.join(" "))
    }

    /// The sum of a column over seeds and `sizes`.
    fn total(&self, loss: &str, sizes: &[usize], column: &str) -> Result<usize> {
        let mut sum = 0.0;
        for n in sizes {
            sum += self.of(loss, "code", *n, column)?.iter().sum::<f64>();
        }
        Ok(sum as usize)
    }
}

pub(super) fn draw(settings: &Underparametrised, outcome: &Outcome) -> Result<Figures> {
    let curves = outcome.table("curves")?;
    Ok(Figures::new()
        .with(
            "regression",
            example(settings, &curves, "regression", "skill s_{i}")?,
        )
        .with(
            "classification",
            example(settings, &curves, "classification", "σ(s_{i})")?,
        )
        .with("agreement", agreement(settings, outcome)?))
}

/// Of how many skills one is drawn: at most 25 lines in a panel.
fn every(n_task: usize) -> usize {
    n_task.div_ceil(25)
}

/// The first seed, as the paper shows one.
fn example(
    settings: &Underparametrised,
    curves: &Table,
    loss: &str,
    label: &str,
) -> Result<Figure> {
    let seed = curves.i64s("seed")?.first().copied().unwrap_or(0);
    let mine = curves.rows_where("loss", loss)?.rows_where("seed", seed)?;
    let mut panels = Vec::new();
    for (column, name) in [
        ("geometry", "Geometry"),
        ("resource", "Resource"),
        ("resource_l2", "L2 form"),
    ] {
        for &n_task in &settings.n_tasks {
            let rows = mine.rows_where("n_task", n_task)?;
            let mut panel = Panel::new(format!("n = {n_task}"))
                .x("step")
                .y(format!("{name}: {label}"))
                .legend(Legend::None);
            panel = match loss {
                "regression" => panel.y_range(-1.0, 1.6),
                _ => panel.y_range(0.0, 1.02),
            };
            // From the rarest to the most frequent, so that the latter lies on top.
            for skill in (1..=n_task)
                .rev()
                .filter(|skill| (skill - 1) % every(n_task) == 0)
            {
                let one = rows.rows_where("skill", skill)?;
                panel = panel.line_ordered(
                    format!("skill {skill}"),
                    skill - 1,
                    n_task,
                    &one.f64s("step")?,
                    &one.f64s(column)?,
                );
            }
            panels.push(panel);
        }
    }
    Ok(Figure::new(format!(
        "{}: skills that turn round, in the Geometry and in the Resource model",
        if loss == "regression" { "Regression" } else { "Classification" }
    ))
    .columns(settings.n_tasks.len())
    .panels(panels)
    .note(format!(
        "seed {seed}, n_dim = {}, n tasks, from the most frequent skill (dark) to the rarest (light), at most 25 of them drawn; settings of the published code",
        settings.n_dim
    )))
}

fn agreement(settings: &Underparametrised, outcome: &Outcome) -> Result<Figure> {
    let runs = Runs(outcome.table("runs")?);
    let sizes: Vec<f64> = settings.n_tasks.iter().map(|n| *n as f64).collect();
    let medians = |loss: &str, set: &str, column: &str| -> Result<Vec<f64>> {
        let each = settings.n_tasks.iter();
        each.map(|n| Ok(runs.median(loss, set, *n, column)?.value))
            .collect()
    };
    let mut panels = Vec::new();
    for (loss, _) in LOSSES {
        let mut panel = Panel::new(loss)
            .x("n_{task}")
            .y("rmse to the Geometry model")
            .log_x();
        for (set, column, label) in [
            ("code", "rmse", "paper's form, code's settings"),
            ("code", "rmse_l2", "L2 form, code's settings"),
            ("printed", "rmse", "paper's form, text's settings"),
            ("printed", "rmse_l2", "L2 form, text's settings"),
        ] {
            panel = panel.line(label, &sizes, &medians(loss, set, column)?);
        }
        panels.push(panel);
    }
    for (loss, _) in LOSSES {
        let mut panel = Panel::new(format!("{loss}, code's settings"))
            .x("n_{task}")
            .y("non-monotonic skills")
            .log_x();
        for (column, label) in [
            ("reversing", "Geometry model"),
            ("reversing_resource", "Resource, paper's form"),
            ("reversing_l2", "Resource, L2 form"),
        ] {
            panel = panel.line(label, &sizes, &medians(loss, "code", column)?);
        }
        panels.push(panel);
    }
    Ok(Figure::new(
        "How far the Resource model is from the Geometry model, and how many skills turn round",
    )
    .columns(2)
    .panels(panels)
    .note(format!(
        "medians over {} seeds; non-monotonic: falls and rises by more than {}",
        outcome.seeds().len(),
        settings.reversal
    )))
}

pub(super) fn measure(settings: &Underparametrised, outcome: &Outcome) -> Result<Claims> {
    let runs = Runs(outcome.table("runs")?);
    let sizes = &settings.n_tasks;
    let over: Vec<usize> = sizes
        .iter()
        .copied()
        .filter(|n| *n <= settings.n_dim)
        .collect();
    let under: Vec<usize> = sizes
        .iter()
        .copied()
        .filter(|n| *n > settings.n_dim)
        .collect();
    let most = sizes.iter().copied().max().unwrap_or(0);
    let order = sizes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let mut claims = Vec::new();
    for (loss, _) in LOSSES {
        let source = match loss {
            "regression" => "§2.5.2, Fig. 8 top",
            _ => "§2.5.2, Fig. 8 bottom",
        };
        let mut agreement = Vec::new();
        for n in &under {
            agreement.extend(runs.of(loss, "code", *n, "r2")?);
        }
        let diverged = runs.total(loss, sizes, "diverged")?;
        let agreement = stats::median(&agreement);
        let verdict = match Verdict::above(agreement, 0.9) {
            Verdict::Fails if agreement.above(0.5) => Verdict::Differs,
            verdict => verdict,
        };
        claims.push(
            Claim::new(&format!("{loss}-agreement"), source, "the Resource model is in good agreement with the Geometry model", "R² > .9", agreement)
                .verdict(verdict)
                .note(format!(
                    "1 − rmse²/variance about the mean skill of each record, runs with n_task > n_dim, code's settings; rmse for n_task = {order}: {}; with the text's settings {}; runs in which the Resource model left the finite numbers: {diverged}",
                    runs.listed(loss, "code", sizes, "rmse")?, runs.listed(loss, "printed", sizes, "rmse")?
                )),
        );
        let mut gain = Vec::new();
        for n in sizes {
            let (paper, l2) = (
                runs.of(loss, "code", *n, "rmse")?,
                runs.of(loss, "code", *n, "rmse_l2")?,
            );
            gain.extend(l2.iter().zip(paper).map(|(a, b)| a / b));
        }
        let gain = stats::median(&gain);
        claims.push(
            Claim::new(&format!("{loss}-l2"), "errata, A better coarse-graining", "the L2 form is closer to the Geometry model", "ratio of rmse < 1", gain)
                .verdict(Verdict::below(gain, 1.0))
                .note(format!(
                    "rmse of the L2 form with √(2n_dim/π) η and no waste over that of the paper's form, all n_task; its rmse for n_task = {order}: {}; with the text's settings {}. Where more tasks than dimensions pull, their mean gradient goes to 0 while single batches' do not, and this form has no waste for them",
                    runs.listed(loss, "code", sizes, "rmse_l2")?, runs.listed(loss, "printed", sizes, "rmse_l2")?
                )),
        );
        let count = stats::mean(&runs.of(loss, "code", most, "reversing")?);
        claims.push(
            Claim::new(&format!("{loss}-non-monotonic"), "§2.5.1", "correlations bring in non-monotonic skills", "> 1 skill", count)
                .verdict(Verdict::above(count, 1.0))
                .note(format!(
                    "mean number at n_task = {most} of skills that fall and rise by more than {}; medians for n_task = {order}: {}",
                    settings.reversal, runs.listed(loss, "code", sizes, "reversing")?
                )),
        );
        let (mut with, mut all) = (0, 0);
        for n in &over {
            let counts = runs.of(loss, "code", *n, "reversing")?;
            with += counts.iter().filter(|c| **c > 0.0).count();
            all += counts.len();
        }
        let with = stats::share(with, all);
        claims.push(
            Claim::new(&format!("{loss}-overparametrised"), "§2.5.1", "non-monotonic dynamics were not observed in the overparametrised regime", "0", with)
                .verdict(match Verdict::below(with, 0.05) {
                    Verdict::Fails => Verdict::Differs,
                    verdict => verdict,
                })
                .note("share of runs with n_task ≤ n_dim and a non-monotonic skill: with vectors that are not orthogonalised they appear there as well, so correlation brings them, not the number of tasks"),
        );
        let found = runs.total(loss, &under, "reversing")?;
        let both = runs.total(loss, &under, "reversing_both")?;
        let resource = runs.total(loss, &under, "reversing_resource")?;
        let recall = stats::share(both, found);
        claims.push(
            Claim::new(&format!("{loss}-captured"), source, "the Resource model captures the non-monotonic skills", "share > ½", recall)
                .verdict(Verdict::above(recall, 0.5))
                .note(format!(
                    "of {found} non-monotonic skills of the Geometry model (n_task > n_dim), those that are so in the Resource model too; of {resource} such skills there, {:.2} are so in the Geometry model",
                    both as f64 / resource.max(1) as f64
                )),
        );
        let shares = |n: usize| -> Result<Vec<f64>> {
            let worse = runs.of(loss, "code", n, "worse")?;
            Ok(worse.iter().map(|w| w / n as f64).collect())
        };
        let worse = stats::mean(&shares(most)?);
        let listed = sizes
            .iter()
            .map(|n| Ok(format!("{:.2}", stats::mean(&shares(*n)?).value)));
        claims.push(
            Claim::new(&format!("{loss}-worse"), "§2.5.1", "as the number of tasks grows, some become worse than random guessing", "share of skills > 0", worse)
                .verdict(Verdict::above(worse, 0.0))
                .note(format!(
                    "share of skills that end below where they began, n_task = {most}; means for n_task = {order}: {}",
                    listed.collect::<Result<Vec<_>>>()?.join(" ")
                )),
        );
    }
    Ok(Claims(claims))
}
