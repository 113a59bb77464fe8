//! Claims and figures of Fig. 15.

use super::SkillOptimizers;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::median_after_zero;
use crate::figure::{Figure, Figures, Legend, Panel};
use crate::stats::{self, Interval};
use crate::table::Table;

const RULES: [(&str, &str); 6] = [
    ("adam", "Adam"),
    ("ademamix", "AdEMAMix"),
    ("lion", "Lion"),
    ("sophia", "Sophia"),
    ("mars", "MARS"),
    ("mars_exact", "MARS, exact"),
];

/// A level below the first or above the second is an extreme.
const EXTREMES: (f64, f64) = (0.05, 0.95);

const SOURCE: &str = "§4.4";

fn cell(table: &Table, tasks: usize, noise: f64, rule: &str) -> Result<Table> {
    table
        .rows_where("tasks", tasks)?
        .rows_where("noise", noise)?
        .rows_where("rule", rule)
}

struct Measured<'a> {
    settings: &'a SkillOptimizers,
    runs: Table,
    levels: Table,
    seeds: usize,
}

impl Measured<'_> {
    fn of(&self, tasks: usize, noise: f64, rule: &str, column: &str) -> Result<Vec<f64>> {
        cell(&self.runs, tasks, noise, rule)?.f64s(column)
    }

    /// ln of the ratio of a column, rule to Adam, seed by seed.
    fn log_ratio(&self, tasks: usize, noise: f64, rule: &str, column: &str) -> Result<Vec<f64>> {
        let adam = self.of(tasks, noise, "adam", column)?;
        let own = self.of(tasks, noise, rule, column)?;
        Ok(own.iter().zip(adam).map(|(x, a)| (x / a).ln()).collect())
    }

    /// Levels of all tasks, one list a seed.
    fn levels(&self, tasks: usize, noise: f64, rule: &str) -> Result<Vec<Vec<f64>>> {
        let all = cell(&self.levels, tasks, noise, rule)?.f64s("level")?;
        Ok(all.chunks_exact(tasks).map(<[f64]>::to_vec).collect())
    }

    /// Medians of a column's ratio to Adam in all cells, in words.
    fn everywhere(&self, rule: &str, column: &str) -> Result<String> {
        let words = self.settings.cells().map(|(tasks, noise)| {
            let ratio = stats::median(&self.log_ratio(tasks, noise, rule, column)?);
            Ok(format!("{:.3} at ({tasks}, {noise})", ratio.value.exp()))
        });
        Ok(words.collect::<Result<Vec<_>>>()?.join(", "))
    }

    /// Share of the cells in which `rule` has the smallest early loss of the published rules, seed by seed.
    fn fastest(&self, rule: &str) -> Result<Vec<f64>> {
        let mut won = vec![0.0; self.seeds];
        let mut cells = 0.0;
        for (tasks, noise) in self.settings.cells() {
            let early: Vec<Vec<f64>> = RULES[..super::PUBLISHED]
                .iter()
                .map(|(rule, _)| self.of(tasks, noise, rule, "early"))
                .collect::<Result<_>>()?;
            let own = self.of(tasks, noise, rule, "early")?;
            for (seed, won) in won.iter_mut().enumerate() {
                *won += f64::from(early.iter().all(|e| own[seed] <= e[seed]));
            }
            cells += 1.0;
        }
        Ok(won.into_iter().map(|w| w / cells).collect())
    }
}

/// What is compared of two rules' levels, seed by seed.
struct Scatter {
    slope: Vec<f64>,
    /// Mean of (level − Adam's) over the tasks above and below Adam's mean level.
    above: Vec<f64>,
    below: Vec<f64>,
    /// Share of extreme levels less Adam's.
    extremes: Vec<f64>,
    /// Rank correlation of level and frequency less Adam's.
    order: Vec<f64>,
    share: [f64; 2],
}

fn scatter(adam: &[Vec<f64>], own: &[Vec<f64>]) -> Scatter {
    let mut out = Scatter {
        slope: vec![],
        above: vec![],
        below: vec![],
        extremes: vec![],
        order: vec![],
        share: [0.0; 2],
    };
    let extreme = |levels: &[f64]| {
        let hits = levels
            .iter()
            .filter(|l| **l < EXTREMES.0 || **l > EXTREMES.1);
        hits.count() as f64 / levels.len() as f64
    };
    for (a, x) in adam.iter().zip(own) {
        let mean = a.iter().sum::<f64>() / a.len() as f64;
        let change = |keep: fn(f64, f64) -> bool| {
            let kept: Vec<f64> = (a.iter().zip(x))
                .filter(|(a, _)| keep(**a, mean))
                .map(|(a, x)| x - a)
                .collect();
            kept.iter().sum::<f64>() / kept.len() as f64
        };
        out.slope.push(stats::linear_fit(a, x).slope.value);
        out.above.push(change(|a, mean| a > mean));
        out.below.push(change(|a, mean| a < mean));
        out.extremes.push(extreme(x) - extreme(a));
        out.order.push(by_frequency(x) - by_frequency(a));
        out.share[0] += extreme(a) / adam.len() as f64;
        out.share[1] += extreme(x) / adam.len() as f64;
    }
    out
}

/// Kendall's correlation of level with frequency; tasks are in the order of falling frequency.
fn by_frequency(levels: &[f64]) -> f64 {
    let n = levels.len();
    let mut sum = 0.0;
    for (i, a) in levels.iter().enumerate() {
        sum += levels[i + 1..]
            .iter()
            .map(|b| (a - b).signum())
            .sum::<f64>();
    }
    sum / (n * (n - 1) / 2) as f64
}

pub(super) fn measure(settings: &SkillOptimizers, outcome: &Outcome) -> Result<Claims> {
    let measured = Measured {
        settings,
        runs: outcome.table("runs")?,
        levels: outcome.table("levels")?,
        seeds: outcome.seeds().len(),
    };
    let most = settings.tasks.iter().copied().max().unwrap_or(2);
    let fewest = settings.tasks.iter().copied().min().unwrap_or(2);
    let loudest = settings.noises.iter().copied().fold(0.0, f64::max);
    let quietest = settings
        .noises
        .iter()
        .copied()
        .fold(f64::INFINITY, f64::min);
    let mut claims = Vec::new();
    for &tasks in &settings.tasks {
        let ratio = stats::mean(&measured.log_ratio(tasks, loudest, "ademamix", "end")?);
        claims.push(
            Claim::new(
                &format!("ademamix-noise-{tasks}"),
                SOURCE,
                "AdEMAMix shows speed up when there are large gradient noises",
                &format!("ln(loss / Adam's) in the last fifth at n_task = {tasks}, σ = {loudest}: below 0"),
                ratio,
            )
            .verdict(Verdict::below(ratio, 0.0))
            .note(format!("median ratio {}", measured.everywhere("ademamix", "end")?)),
        );
    }
    let more: Vec<f64> = measured
        .log_ratio(most, loudest, "ademamix", "end")?
        .iter()
        .zip(measured.log_ratio(fewest, loudest, "ademamix", "end")?)
        .map(|(m, f)| m - f)
        .collect();
    let more = stats::mean(&more);
    claims.push(
        Claim::new(
            "ademamix-tasks",
            SOURCE,
            "the advantage becomes even more significant when n_task becomes larger",
            &format!("ln(loss / Adam's) at n_task = {most} less the same at {fewest}, σ = {loudest}: below 0"),
            more,
        )
        .verdict(Verdict::below(more, 0.0))
        .note("with more tasks than parameters no rule can learn all of them, which pulls the ratio to 1"),
    );
    for &tasks in &settings.tasks {
        let slow = stats::mean(&measured.log_ratio(tasks, quietest, "ademamix", "early")?);
        claims.push(
            Claim::new(
                &format!("ademamix-quiet-{tasks}"),
                SOURCE,
                "AdEMAMix seems to have slower convergence than Adam when gradient noises are small",
                &format!("ln(loss / Adam's) at step {} at n_task = {tasks}, σ = {quietest}: above 0", settings.early),
                slow,
            )
            .verdict(Verdict::above(slow, 0.0))
            .note(format!("median ratio at that step {}", measured.everywhere("ademamix", "early")?)),
        );
    }
    let fastest = stats::mean(&measured.fastest("lion")?);
    claims.push(
        Claim::new(
            "lion-first",
            SOURCE,
            "Lion has the largest converging rate initially almost in all cases",
            &format!("share of cells in which Lion's loss at step {} is the least of the three: above 0.8", settings.early),
            fastest,
        )
        .verdict(Verdict::above(fastest, 0.8))
        .note(format!("loss over Adam's, median: {}", measured.everywhere("lion", "early")?)),
    );
    for &tasks in &settings.tasks {
        let swing = stats::mean(&measured.log_ratio(tasks, loudest, "lion", "swing")?);
        claims.push(
            Claim::new(
                &format!("lion-swings-{tasks}"),
                SOURCE,
                "Lion displays large oscillations around convergence, when noises are large",
                &format!("ln of the spread of ln loss in the last fifth over Adam's, n_task = {tasks}, σ = {loudest}: above 0"),
                swing,
            )
            .verdict(Verdict::above(swing, 0.0))
            .note(format!("ratio, median: {}; the loss itself: {}", measured.everywhere("lion", "swing")?, measured.everywhere("lion", "end")?)),
        );
    }
    claims.extend(bottom_row(&measured, most)?);
    Ok(Claims(claims))
}

/// The noise of the bottom row: the middle one.
fn bottom_noise(settings: &SkillOptimizers) -> f64 {
    let mut noises = settings.noises.clone();
    noises.sort_unstable_by(f64::total_cmp);
    noises[noises.len() / 2]
}

fn bottom_row(measured: &Measured, tasks: usize) -> Result<Vec<Claim>> {
    let noise = bottom_noise(measured.settings);
    let adam = measured.levels(tasks, noise, "adam")?;
    let mix = scatter(&adam, &measured.levels(tasks, noise, "ademamix")?);
    let lion = scatter(&adam, &measured.levels(tasks, noise, "lion")?);
    let (slope, above, below) = (
        stats::mean(&mix.slope),
        stats::mean(&mix.above),
        stats::mean(&mix.below),
    );
    let lion_slope = stats::mean(&lion.slope);
    let (extremes, mixed) = (stats::mean(&lion.extremes), stats::mean(&mix.extremes));
    let (order, mix_order) = (stats::mean(&lion.order), stats::mean(&mix.order));
    let at = format!("n_task = {tasks}, σ = {noise}");
    Ok(vec![
        Claim::new("ademamix-slope", SOURCE, "AdEMAMix exploits more than Adam: higher levels where Adam is above average, lower ones below", &format!("slope of AdEMAMix's levels on Adam's, {at}: above 1"), slope)
            .verdict(Verdict::above(slope, 1.0))
            .note(format!("level σ(s) at the last step, least squares in each seed; Lion's slope on Adam's {lion_slope}")),
        Claim::new("ademamix-above", SOURCE, "AdEMAMix has higher skill levels than Adam for those skills that Adam mastered above average", &format!("mean difference of levels, {at}: above 0"), above)
            .verdict(Verdict::above(above, 0.0)),
        Claim::new("ademamix-below", SOURCE, "AdEMAMix has lower skill levels for those that Adam mastered below average", &format!("mean difference of levels, {at}: below 0"), below)
            .verdict(Verdict::below(below, 0.0)),
        Claim::new("lion-extremes", SOURCE, "Lion pushes many skills to extremes: completely learned or failed", &format!("share of levels below {} or above {} less Adam's, {at}: above 0", EXTREMES.0, EXTREMES.1), extremes)
            .verdict(Verdict::above(extremes, 0.0))
            .note(format!("shares {:.3} (Lion), {:.3} (Adam); AdEMAMix less Adam {mixed}", lion.share[1], lion.share[0])),
        Claim::new("lion-random", SOURCE, "which skill Lion learns is somewhat random: some frequent ones are not, some less frequent are", &format!("Kendall's correlation of level and frequency less Adam's, {at}: below 0"), order)
            .verdict(Verdict::below(order, 0.0))
            .note(format!("AdEMAMix less Adam {mix_order}")),
    ])
}

pub(super) fn draw(settings: &SkillOptimizers, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-15", top(settings, outcome)?)
        .with("fig-15-bottom", bottom(settings, outcome)?)
        .with("rules", all_rules(settings, outcome)?)
        .with("end", ends(settings, outcome)?))
}

fn loss_panel(outcome: &Outcome, tasks: usize, noise: f64, rules: usize) -> Result<Panel> {
    let curves = outcome.table("curves")?;
    let mut panel = Panel::new(format!("n_{{task}} = {tasks}, σ = {noise}"))
        .x("step")
        .y("loss")
        .log_x()
        .log_y();
    for (rule, name) in &RULES[..rules] {
        let (step, loss) = median_after_zero(&cell(&curves, tasks, noise, rule)?, "step", "loss")?;
        panel = panel.line(*name, &step, &loss);
    }
    Ok(panel)
}

fn top(settings: &SkillOptimizers, outcome: &Outcome) -> Result<Figure> {
    let skills = outcome.table("skills")?;
    let mut figure = Figure::new("Losses, and the levels of single skills").columns(4);
    for (tasks, noise) in settings.cells() {
        figure = figure.panel(loss_panel(outcome, tasks, noise, super::PUBLISHED)?);
        for (rule, name) in &RULES[..super::PUBLISHED] {
            let mut panel = Panel::new(*name)
                .x("step")
                .y("level σ(s_{i})")
                .y_range(0.0, 1.0)
                .legend(Legend::None);
            let all = cell(&skills, tasks, noise, rule)?;
            // Ten lines a panel are enough to follow, and keep the figure small.
            let shown: Vec<usize> = (1..=tasks).step_by(tasks.div_ceil(10)).collect();
            for (place, &task) in shown.iter().enumerate() {
                let one = all.rows_where("task", task)?;
                panel = panel.line_ordered(
                    format!("task {task}"),
                    place,
                    shown.len(),
                    &one.f64s("step")?,
                    &one.f64s("level")?,
                );
            }
            figure = figure.panel(panel);
        }
    }
    Ok(figure.note(format!(
        "As Fig. 15, top. Losses: medians over {} seeds; levels: seed 0, ten tasks each, frequent ones dark, rare ones light.",
        outcome.seeds().len().min(super::DRAWN as usize)
    )))
}

fn bottom(settings: &SkillOptimizers, outcome: &Outcome) -> Result<Figure> {
    let levels = outcome.table("levels")?;
    let tasks = settings.tasks.iter().copied().max().unwrap_or(2);
    let noise = bottom_noise(settings);
    // Rows are in the order of the seeds: those of the first few.
    let of = |rule: &str| -> Result<Vec<f64>> {
        let mut all = cell(&levels, tasks, noise, rule)?.f64s("level")?;
        all.truncate(super::DRAWN as usize * tasks);
        Ok(all)
    };
    let adam = of("adam")?;
    let mut figure = Figure::new("Levels of the same skills under two rules").columns(2);
    for (rule, name) in &RULES[1..super::PUBLISHED] {
        figure = figure.panel(
            Panel::new("")
                .x("level with Adam")
                .y(format!("level with {name}"))
                .x_range(0.0, 1.0)
                .y_range(0.0, 1.0)
                .scatter(*name, &adam, &of(rule)?)
                .diagonal()
                .legend(Legend::None),
        );
    }
    Ok(figure.note(format!(
        "As Fig. 15, bottom: n_{{task}} = {tasks}, σ = {noise}, at step {}; all skills of {} seeds.",
        settings.steps,
        outcome.seeds().len().min(super::DRAWN as usize)
    )))
}

fn all_rules(settings: &SkillOptimizers, outcome: &Outcome) -> Result<Figure> {
    let mut figure = Figure::new("With Sophia and MARS").columns(settings.noises.len());
    for (tasks, noise) in settings.cells() {
        figure = figure.panel(loss_panel(outcome, tasks, noise, RULES.len())?);
    }
    Ok(figure.note(format!(
        "Medians over {} seeds; every rule at step size {}. Not in the paper. SOAP and Muon are rules for matrices and have no meaning on a vector of parameters.",
        outcome.seeds().len().min(super::DRAWN as usize),
        settings.rate
    )))
}

fn ends(settings: &SkillOptimizers, outcome: &Outcome) -> Result<Figure> {
    let runs = outcome.table("runs")?;
    let names: Vec<&str> = RULES[1..].iter().map(|r| r.1).collect();
    let mut figure = Figure::new("Loss in the last fifth, relative to Adam's").columns(2);
    for &tasks in &settings.tasks {
        let mut panel = Panel::new(format!("n_{{task}} = {tasks}"))
            .y("loss / Adam's")
            .log_y();
        let loud = settings.noises.iter().filter(|n| **n > 0.0);
        for (place, &noise) in loud.enumerate() {
            let adam = cell(&runs, tasks, noise, "adam")?.f64s("end")?;
            let bars: Vec<Interval> = RULES[1..]
                .iter()
                .map(|(rule, _)| {
                    let own = cell(&runs, tasks, noise, rule)?.f64s("end")?;
                    let logs: Vec<f64> = own.iter().zip(&adam).map(|(x, a)| (x / a).ln()).collect();
                    Ok(stats::mean(&logs))
                })
                .collect::<Result<_>>()?;
            let at: Vec<f64> = (1..RULES.len())
                .map(|i| i as f64 + 0.12 * (place as f64 - 0.5))
                .collect();
            let pick =
                |f: fn(&Interval) -> f64| bars.iter().map(|b| f(b).exp()).collect::<Vec<_>>();
            panel = panel.error_bars(
                format!("σ = {noise}"),
                &at,
                &pick(|b| b.value),
                &pick(|b| b.low),
                &pick(|b| b.high),
            );
        }
        let ticks: Vec<(f64, &str)> = names
            .iter()
            .enumerate()
            .map(|(i, n)| (i as f64 + 1.0, *n))
            .collect();
        figure = figure.panel(
            panel
                .x_ticks(&ticks)
                .x_range(0.5, RULES.len() as f64 - 0.5)
                .h_line(1.0, "Adam"),
        );
    }
    Ok(figure.note(format!("Geometric means over {} seeds with 95 % intervals. Without noise all losses go on towards 0 or to their common floor.", outcome.seeds().len())))
}
