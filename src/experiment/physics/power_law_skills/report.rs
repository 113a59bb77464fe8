//! Figures and claims of many tasks.

use super::{PowerLawSkills, predicted_waiting};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, median};
use crate::figure::{Figure, Figures, Panel};
use crate::stats::{self, Interval};
use crate::table::Table;

/// The rows of one α and n_task.
fn cell(table: &Table, alpha: f64, n_task: usize) -> Result<Table> {
    table
        .rows_where("alpha", alpha)?
        .rows_where("n_task", n_task)
}

fn most(settings: &PowerLawSkills) -> usize {
    settings.n_tasks.iter().copied().max().unwrap_or(0)
}

fn steepest(settings: &PowerLawSkills) -> f64 {
    settings.alphas.iter().copied().fold(0.0, f64::max)
}

fn flattest(settings: &PowerLawSkills) -> f64 {
    settings
        .alphas
        .iter()
        .copied()
        .fold(f64::INFINITY, f64::min)
}

pub(super) fn draw(settings: &PowerLawSkills, outcome: &Outcome) -> Result<Figures> {
    let curves = outcome.table("curves")?;
    Ok(Figures::new()
        .with(
            "skills",
            grid(
                settings,
                outcome,
                &curves,
                ("s", "skill s_{i}"),
                "Skills are learned in the order of their frequencies",
            )?,
        )
        .with(
            "resources",
            grid(
                settings,
                outcome,
                &curves,
                ("n_agreeing", "n_{align} (count)"),
                "The dimensions that agree with a skill peak in the same order",
            )?,
        )
        .with("sequence", sequence(settings, outcome)?)
        .with("conserved", conserved(settings, outcome, &curves)?))
}

fn grid(
    settings: &PowerLawSkills,
    outcome: &Outcome,
    curves: &Table,
    (column, label): (&str, &str),
    title: &str,
) -> Result<Figure> {
    let skills = outcome.table("skills")?;
    let mut panels = Vec::new();
    for &alpha in &settings.alphas {
        for &n_task in &settings.n_tasks {
            let rows = cell(curves, alpha, n_task)?;
            let end = shown_until(settings, &cell(&skills, alpha, n_task)?)?;
            let mut panel = Panel::new(format!("α = {alpha}, n = {n_task}"))
                .x_range(0.0, end)
                .x("step")
                .y(label);
            for skill in 1..=n_task {
                let (x, y) = median(&by_seed(&rows.rows_where("skill", skill)?, "step", column)?);
                panel = panel.line_ordered(format!("skill {skill}"), skill - 1, n_task, &x, &y);
            }
            // Ten skills in one legend would be larger than the panel; dark is frequent.
            panels.push(panel.legend(crate::figure::Legend::None));
        }
    }
    Ok(Figure::new(title)
        .columns(settings.n_tasks.len())
        .panels(panels)
        .note(format!(
            "medians over {} seeds, n_dim = {}; n tasks, from the most frequent skill (dark) to the rarest (light)",
            outcome.seeds().len(),
            settings.n_dim
        )))
}

/// A little past the step at which the last skill is learned, by the slowest seed; the whole run where one is not.
fn shown_until(settings: &PowerLawSkills, rows: &Table) -> Result<f64> {
    let latest =
        rows.f64s("time")?.into_iter().fold(
            0.0,
            |a: f64, t| if t.is_nan() { f64::INFINITY } else { a.max(t) },
        );
    Ok((1.2 * latest).min(settings.steps as f64))
}

fn sequence(settings: &PowerLawSkills, outcome: &Outcome) -> Result<Figure> {
    let n_task = most(settings);
    let skills = outcome.table("skills")?;
    let mut waiting = Panel::new("waiting share")
        .x("skill i")
        .y("share of u_{i}'s fall after t_{i−1}");
    let mut speed = Panel::new("speed-up")
        .x("skill i")
        .y("speed of s_{i} after t_{i−1} / before")
        .log_y();
    let index: Vec<f64> = (2..=n_task).map(|i| i as f64).collect();
    for &alpha in &settings.alphas {
        let rows = cell(&skills, alpha, n_task)?;
        let of = |column: &str| -> Result<Vec<Interval>> {
            (2..=n_task)
                .map(|i| Ok(stats::median(&rows.rows_where("skill", i)?.f64s(column)?)))
                .collect()
        };
        for (panel, column) in [(&mut waiting, "waiting"), (&mut speed, "speed_up")] {
            let found = of(column)?;
            let pick = |f: fn(&Interval) -> f64| found.iter().map(f).collect::<Vec<_>>();
            let ends = |end: f64, value: f64| if end.is_finite() { end } else { value };
            *panel = panel.clone().error_bars(
                format!("α = {alpha}"),
                &index,
                &pick(|x| x.value),
                &found
                    .iter()
                    .map(|x| ends(x.low, x.value))
                    .collect::<Vec<_>>(),
                &found
                    .iter()
                    .map(|x| ends(x.high, x.value))
                    .collect::<Vec<_>>(),
            );
        }
        let theory: Vec<f64> = (2..=n_task)
            .map(|i| predicted_waiting(i as i64, alpha, settings.level))
            .collect();
        waiting = waiting.line(format!("α = {alpha}, predicted"), &index, &theory);
    }
    speed = speed.h_line(1.0, "no wait");
    Ok(Figure::new("Skills wait for one another at large α, and the first ones most")
        .columns(2)
        .panels(vec![waiting, speed])
        .note(format!(
            "n_task = {n_task}, medians over {} seeds with 95 % intervals; predicted: u_{{i}}^{{1/p_i}} the same for all skills",
            outcome.seeds().len()
        )))
}

fn conserved(settings: &PowerLawSkills, outcome: &Outcome, curves: &Table) -> Result<Figure> {
    let n_task = most(settings);
    let dims = settings.n_dim as f64;
    let mut panels = Vec::new();
    for &alpha in &settings.alphas {
        let rows = cell(curves, alpha, n_task)?;
        let summed = |column: &str, unit: f64| -> Result<(Vec<f64>, Vec<f64>)> {
            // Rows come record by record, with all skills of a record together.
            let mut seeds = by_seed(&rows, "step", column)?;
            for (x, y) in &mut seeds {
                *x = x.iter().step_by(n_task).copied().collect();
                *y = y
                    .chunks(n_task)
                    .map(|c| c.iter().sum::<f64>() / unit)
                    .collect();
            }
            Ok(median(&seeds))
        };
        let ((x, sin2), (_, total)) = (summed("sin2", 1.0)?, summed("n_align", dims)?);
        panels.push(
            Panel::new(format!("α = {alpha}, n_task = {n_task}"))
                .x("step")
                .y("sum over skills")
                .y_range(0.0, 3.0)
                .line("Σ sin²(π n_{i} / 2n_{dim})", &x, &sin2)
                .line("Σ n_{i} / n_{dim}", &x, &total)
                .line("1", &x, &vec![1.0; x.len()]),
        );
    }
    Ok(
        Figure::new("What is conserved is the sum of squared sines, not the number of dimensions")
            .columns(settings.alphas.len())
            .panels(panels)
            .note(format!("medians over {} seeds", outcome.seeds().len())),
    )
}

pub(super) fn measure(settings: &PowerLawSkills, outcome: &Outcome) -> Result<Claims> {
    let (runs, skills) = (outcome.table("runs")?, outcome.table("skills")?);
    let (steep, flat, n_task) = (steepest(settings), flattest(settings), most(settings));
    let complete = |table: &Table, column: &str| -> Result<(Interval, Interval)> {
        let values = table.f64s(column)?;
        let whole = values.iter().filter(|x| **x == 1.0).count();
        Ok((stats::share(whole, values.len()), stats::mean(&values)))
    };
    let (order, neighbours) = complete(&runs, "in_order")?;
    let (peaks, peak_neighbours) = complete(&runs, "peaks_in_order")?;
    let by_alpha = |column: &str| -> Result<String> {
        let each = settings.alphas.iter().map(|alpha| {
            let (share, _) = complete(&runs.rows_where("alpha", *alpha)?, column)?;
            Ok(format!("α = {alpha}: {:.2}", share.value))
        });
        Ok(each.collect::<Result<Vec<_>>>()?.join(", "))
    };
    let of = |alpha: f64, skill: usize, column: &str| -> Result<Interval> {
        let rows = cell(&skills, alpha, n_task)?.rows_where("skill", skill)?;
        Ok(stats::median(&rows.f64s(column)?))
    };
    let (first, first_flat) = (of(steep, 2, "waiting")?, of(flat, 2, "waiting")?);
    // At a large α the rarest skills are not learned in these steps: the last one whose predecessor every seed has learned.
    let mut late = 2;
    for i in 3..=n_task {
        if of(steep, i, "waiting")?.n == outcome.seeds().len() {
            late = i;
        }
    }
    let last = of(steep, late, "waiting")?;
    let listed = |alpha: f64, column: &str| -> Result<String> {
        let each = (2..=n_task).map(|i| {
            let found = of(alpha, i, column)?;
            Ok(match found.n {
                0 => "–".into(),
                _ => format!("{:.2}", found.value),
            })
        });
        Ok(each.collect::<Result<Vec<_>>>()?.join(" "))
    };
    let mut deviation = Vec::new();
    for &alpha in &settings.alphas {
        for i in 2..=n_task {
            let theory = predicted_waiting(i as i64, alpha, settings.level);
            let found = of(alpha, i, "waiting")?;
            if found.n > 0 {
                deviation.push((found.value - theory).powi(2));
            }
        }
    }
    let rms = (deviation.iter().sum::<f64>() / deviation.len() as f64).sqrt();

    let (low, high, sin2) = (
        runs.f64s("sin2_low")?,
        runs.f64s("sin2_high")?,
        runs.f64s("sin2_mean")?,
    );
    let mean = stats::median(&sin2);
    let farthest: Vec<f64> = low
        .iter()
        .zip(&high)
        .map(|(l, h)| (1.0 - l).max(h - 1.0))
        .collect();
    let swings = |alpha: f64| -> Result<(Interval, f64, f64)> {
        let rows = cell(&runs, alpha, n_task)?;
        let (low, high) = (rows.f64s("sum_low")?, rows.f64s("sum_high")?);
        let ends = low.iter().zip(&high).zip(rows.f64s("sum_mean")?);
        let swing: Vec<f64> = ends.map(|((l, h), m)| (h - l) / m).collect();
        let middle = |x: &[f64]| stats::quantile(x, 0.5);
        Ok((stats::median(&swing), middle(&low), middle(&high)))
    };
    let (swing, lowest, highest) = swings(steep)?;
    let (_, flat_low, flat_high) = swings(flat)?;
    let source = "§2.3, Fig. 5";
    let runs_counted = format!(
        "share of {} runs (seeds × α × n_task) in complete order",
        runs.height()
    );
    Ok(Claims(vec![
        Claim::new("order", source, "skills are learned sequentially in the order of their frequencies", "1", order)
            .verdict(Verdict::above(order, 0.95))
            .note(format!("{runs_counted}; {}; of neighbours, {:.3} are in order", by_alpha("in_order")?, neighbours.value)),
        Claim::new("peaks", source, "the peaks of n_align come in the same order", "1", peaks)
            .verdict(match Verdict::above(peaks, 0.95) {
                Verdict::Fails if peak_neighbours.above(0.9) => Verdict::Differs,
                verdict => verdict,
            })
            .note(format!("{runs_counted} of the highest smoothed count; {}; of neighbours, {:.3} are in order; the flat peaks of late skills are told apart by the batch's noise", by_alpha("peaks_in_order")?, peak_neighbours.value)),
        Claim::new("domino-first", source, "the Domino effect is valid for large α and the first few skills", "waiting share > ½", first)
            .verdict(Verdict::above(first, 0.5))
            .note(format!("skill 2, α = {steep}, n_task = {n_task}: the share of its fall from u = 1 to {:.1} that is left when skill 1 is learned; skills 2…{n_task}: {}", 1.0 - settings.level, listed(steep, "waiting")?)),
        Claim::new("domino-not-late", source, "… and not for the later skills", "waiting share < ½", last)
            .verdict(Verdict::below(last, 0.5))
            .note(format!("skill {late}, α = {steep}, the last whose predecessor all seeds learn in {} steps; the speed-up of skills 2…{n_task}: {}", settings.steps, listed(steep, "speed_up")?)),
        Claim::new("domino-not-flat", source, "… and not for small α", "waiting share < ½", first_flat)
            .verdict(Verdict::below(first_flat, 0.5))
            .note(format!("skill 2, α = {flat}; skills 2…{n_task}: {}; their speed-up: {}", listed(flat, "waiting")?, listed(flat, "speed_up")?)),
        Claim::new("waiting-predicted", "§2.4, Conserved quantities", "u_i^{1/p_i} is the same for all skills, which fixes the waiting share", "0", Interval::exact(rms, deviation.len()))
            .verdict(if rms < 0.05 { Verdict::Holds } else { Verdict::Differs })
            .note(format!("rms over α and skills (n_task = {n_task}) of the median waiting share from ((1−ℓ)^{{((i−1)/i)^α}} − (1−ℓ))/ℓ, which has no parameter")),
        Claim::new("sine-conserved", "beyond the paper", "for Gaussian vectors Σ sin²(π n_i/2n_dim) = 1, with n_i the signed sum", "1", mean)
            .verdict(Verdict::within(mean, 0.95, 1.05))
            .note(format!("mean over the run until all skills are learned, median over runs; farthest from 1 within a run: {:.3} (median over runs)", stats::quantile(&farthest, 0.5))),
        Claim::new("sum-conserved", "§2.3, A resource interpretation", "the total amount of resources is conserved (determined by n_dim)", "swing 0 of Σ n_i", swing)
            .verdict(Verdict::below(swing, 0.1))
            .note(format!(
                "(highest − lowest)/mean of the smoothed Σ n_i until all are learned, α = {steep}, n_task = {n_task}, where it runs from {lowest:.2} to {highest:.2} n_dim; at α = {flat} from {flat_low:.2} to {flat_high:.2}. With skills that share the gradient it rises up to n_dim · n_task · (2/π) arcsin n_task^{{−½}}; the sum of squared sines is what stays"
            )),
    ]))
}
