//! Figures and claims of the domino effect.

use super::DominoEffect;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::by_seed;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) fn draw(settings: &DominoEffect, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-2", published(settings, outcome)?)
        .with("imbalance", imbalance(settings, outcome)?)
        .with("times", times(settings, outcome)?))
}

/// The frequency at which the paper's top left panel is drawn, or the nearest there is.
fn shown(settings: &DominoEffect) -> f64 {
    let distance = |p: &f64| (p / 0.1).ln().abs();
    let all = settings.frequencies.iter().copied();
    all.min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .unwrap_or(1.0)
}

fn of_run(outcome: &Outcome, table: &str, run: &str, p: f64) -> Result<Table> {
    outcome
        .table(table)?
        .rows_where("run", run)?
        .rows_where("p", p)
}

/// Accuracies of all tasks of a run: seeds pale, seed 0 dark.
fn accuracies(outcome: &Outcome, run: &str, p: f64, title: &str, third: &str) -> Result<Panel> {
    let rows = of_run(outcome, "curves", run, p)?;
    let mut panel = Panel::new(title)
        .x("step")
        .y("accuracy on held-out strings")
        .y_range(0.45, 1.03);
    for task in rows.distinct("task")? {
        let seeds = by_seed(&rows.rows_where("task", task)?, "step", "accuracy")?;
        let style = Style::new().cycle(task as usize - 1);
        let label = match task {
            3 => third.to_owned(),
            _ => format!("task {task}"),
        };
        let (x, y) = seeds[0].clone();
        panel = panel
            .light_lines(label.as_str(), seeds)
            .styled(style)
            .line_styled(label, &x, &y, style);
    }
    Ok(panel)
}

fn published(settings: &DominoEffect, outcome: &Outcome) -> Result<Figure> {
    let p = shown(settings);
    let left = format!("two tasks, p_{{1}} = 1, p_{{2}} = {p}");
    Ok(
        Figure::new("Fig. 2: a task begins when others are finished (seed 0 dark)")
            .columns(3)
            .panel(accuracies(outcome, "imbalance", p, &left, "")?)
            .panel(accuracies(
                outcome,
                "dependent",
                1.0,
                "y_{3} made of y_{1} and y_{2}",
                "task 3",
            )?)
            .panel(accuracies(
                outcome,
                "independent",
                1.0,
                "y_{3}' of four other bits",
                "task 3'",
            )?),
    )
}

fn imbalance(settings: &DominoEffect, outcome: &Outcome) -> Result<Figure> {
    let mut figure =
        Figure::new("Fig. 2, bottom: the rarer task 2, the later it is learned (seed 0 dark)")
            .columns(3);
    for p in &settings.frequencies {
        let title = format!("p_{{2}} = {p}");
        figure = figure.panel(accuracies(outcome, "imbalance", *p, &title, "")?);
    }
    Ok(figure)
}

fn times(settings: &DominoEffect, outcome: &Outcome) -> Result<Figure> {
    let mut points = Vec::new();
    for p in &settings.frequencies {
        let ratio = stats::median(&Tasks::read(settings, outcome, "imbalance", *p)?.ratio());
        points.push((1.0 / p, ratio));
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let x: Vec<f64> = points.iter().map(|p| p.0).collect();
    let part = |of: fn(&Interval) -> f64| points.iter().map(|p| of(&p.1)).collect::<Vec<f64>>();
    let grey = Style::new().rgb(150, 150, 150).dash(Dash::Dashed);
    let panel = Panel::new(format!("median over {} seeds", outcome.seeds().len()))
        .x("p_{1}/p_{2}")
        .y("t_{2}/t_{1}")
        .log_x()
        .log_y()
        .line_styled("in proportion to the gradients", &x, &x, grey)
        .error_bars(
            "network",
            &x,
            &part(|m| m.value),
            &part(|m| m.low),
            &part(|m| m.high),
        )
        .h_line(2.0, "the paper's 2");
    Ok(Figure::new("Ten times rarer is not ten times later").panel(panel))
}

/// Times of one run, seed by seed, task by task; a task that was not learned has the number of steps, which its time exceeds.
struct Tasks {
    start: Vec<Vec<f64>>,
    learned: Vec<Vec<f64>>,
    /// Seeds that did not learn each task.
    unlearned: Vec<usize>,
}

impl Tasks {
    fn read(settings: &DominoEffect, outcome: &Outcome, run: &str, p: f64) -> Result<Self> {
        let table = of_run(outcome, "times", run, p)?;
        let steps = match run {
            "imbalance" => settings.steps,
            _ => settings.long,
        };
        let column = |name: &str| -> Result<Vec<Vec<f64>>> {
            let mut all = Vec::new();
            for task in table.distinct("task")? {
                all.push(table.rows_where("task", task)?.f64s(name)?);
            }
            Ok(all)
        };
        // A record at step 0 is the time of no step.
        let at_least = |t: &f64| if t.is_nan() { steps as f64 } else { t.max(1.0) };
        let bounded = |all: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let each = all.iter().map(|times| times.iter().map(at_least).collect());
            each.collect()
        };
        let learned = column("learned")?;
        let never = |times: &Vec<f64>| times.iter().filter(|t| t.is_nan()).count();
        Ok(Self {
            start: bounded(&column("start")?),
            unlearned: learned.iter().map(never).collect(),
            learned: bounded(&learned),
        })
    }

    /// t₂/t₁ of each seed.
    fn ratio(&self) -> Vec<f64> {
        divided(&self.learned[1], &self.learned[0])
    }

    /// When both of the first two are learned, of each seed.
    fn both(&self) -> Vec<f64> {
        let pairs = self.learned[0].iter().zip(&self.learned[1]);
        pairs.map(|(a, b)| a.max(*b)).collect()
    }
}

fn divided(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a / b).collect()
}

pub(super) fn measure(settings: &DominoEffect, outcome: &Outcome) -> Result<Claims> {
    let mut claims = rare(settings, outcome)?;
    claims.extend(three(settings, outcome)?);
    Ok(Claims(claims))
}

fn rare(settings: &DominoEffect, outcome: &Outcome) -> Result<Vec<Claim>> {
    let p = shown(settings);
    let tasks = Tasks::read(settings, outcome, "imbalance", p)?;
    let ratio = stats::median(&tasks.ratio());
    let mut said = Vec::new();
    let mut shares = Vec::new();
    for p in settings.frequencies.iter().filter(|p| **p < 0.3) {
        let own = Tasks::read(settings, outcome, "imbalance", *p)?;
        said.push(format!("p₂ = {p}: {}", stats::median(&own.ratio())));
        shares.extend(own.ratio().into_iter().map(|r| r * p));
    }
    let share = stats::median(&shares);
    let begins = stats::median(&divided(&tasks.start[1], &tasks.learned[0]));
    Ok(vec![
        Claim::new(
            "two-times",
            "§1, Fig. 2",
            "learning task 2 takes only two times as long, at p₁ = 1 and p₂ = 0.1",
            "t₂/t₁ from 1.5 to 2.5",
            ratio,
        )
        .verdict(match Verdict::within(ratio, 1.5, 2.5) {
            Verdict::Fails => Verdict::Differs,
            other => other,
        })
        .note(format!(
            "p₂ = {p}; time at which {} of held-out strings are right; {} seeds did not learn task 2 in {} steps and count as that long",
            settings.level, tasks.unlearned[1], settings.steps
        )),
        Claim::new(
            "not-in-proportion",
            "§1, Fig. 2",
            "not p₁/p₂ times as long, as the gradients would suggest",
            "(t₂/t₁)/(p₁/p₂) below 0.5 for p₂ ≤ 0.2",
            share,
        )
        .verdict(Verdict::below(share, 0.5))
        .note(said.join(", ")),
        Claim::new(
            "after-the-first",
            "§1, Fig. 2",
            "the second task starts to progress rapidly only after the first task finishes",
            "start of task 2 over end of task 1 above 1",
            begins,
        )
        .verdict(Verdict::above(begins, 1.0))
        .note(format!(
            "p₂ = {p}; a start is an accuracy above {}, the end one above {}",
            settings.begun, settings.level
        )),
    ])
}

fn three(settings: &DominoEffect, outcome: &Outcome) -> Result<Vec<Claim>> {
    let dependent = Tasks::read(settings, outcome, "dependent", 1.0)?;
    let independent = Tasks::read(settings, outcome, "independent", 1.0)?;
    let begins = stats::median(&divided(&dependent.start[2], &dependent.both()));
    let delay = stats::median(&divided(&independent.learned[2], &dependent.learned[2]));
    let level = stats::median(&divided(&dependent.learned[2], &dependent.both()));
    Ok(vec![
        Claim::new(
            "third-after-both",
            "§5.1, Fig. 2 right",
            "the learning of task 3 only begins after both tasks 1 and 2 complete learning",
            "start of task 3 over end of tasks 1 and 2 above 1",
            begins,
        )
        .verdict(Verdict::above(begins, 1.0))
        .note(format!("it is learned at {level} of that time")),
        Claim::new(
            "independent-later",
            "§5.1, Fig. 16",
            "learning of y₃′ compared to y₃ is much delayed",
            "t₃′/t₃ above 1.5",
            delay,
        )
        .verdict(Verdict::above(delay, 1.5))
        .note(format!(
            "{} of {} runs did not learn y₃′ in {} steps and count as that long",
            independent.unlearned[2],
            independent.learned[2].len(),
            settings.long
        )),
    ])
}
