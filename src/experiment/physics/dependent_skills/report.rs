//! Figures and claims of the dependent skills.

use super::DependentSkills;
use super::run::FORMS;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};
use crate::table::Table;

fn of(table: &Table, graph: &str, form: &str, solver: &str) -> Result<Table> {
    table
        .rows_where("graph", graph)?
        .rows_where("form", form)?
        .rows_where("solver", solver)
}

/// A form in a legend.
pub(in super::super) fn name(form: &str) -> &'static str {
    match form {
        "free" => "no gates",
        "soft" => "1 − u^{γ}, in both",
        "soft_numerator" => "1 − u^{γ}, numerator alone",
        "printed" => "(1 − u)^{γ}, numerator alone",
        _ => "(1 − u)^{γ}, in both",
    }
}

const GRAPHS: [(&str, &str); 3] = [
    ("chain", "chain 1 → 2 → 3"),
    ("and", "1, 2 → 5; 3, 4 → 6; 5, 6 → 7, all AND"),
    ("or", "the same, 6 and 7 by OR"),
];

pub(super) fn draw(settings: &DependentSkills, outcome: &Outcome) -> Result<Figures> {
    let curves = outcome.table("curves")?;
    let panel = |graph: &str, form: &str, title: &str, end: f64| -> Result<Panel> {
        let mut panel = Panel::new(title)
            .x("step t")
            .y("skill s")
            .x_range(0.0, end)
            .y_range(-0.02, 1.05);
        for (solver, dash) in [("euler", Dash::Solid), ("ode", Dash::Dotted)] {
            let rows = of(&curves, graph, form, solver)?;
            for skill in rows.distinct("skill")? {
                let one = rows.rows_where("skill", skill)?;
                let label = if solver == "euler" {
                    format!("skill {skill}")
                } else {
                    String::new()
                };
                let style = Style::new().cycle(skill as usize - 1).dash(dash);
                panel = panel.line_styled(label, &one.f64s("t")?, &one.f64s("level")?, style);
            }
        }
        Ok(panel)
    };
    // Of the longer runs the paper shows the first half.
    let end = |graph: &str| match graph {
        "chain" => settings.chain_steps as f64,
        _ => 0.5 * settings.graph_steps as f64,
    };
    let mut published = Vec::new();
    let mut printed = Vec::new();
    for (graph, title) in GRAPHS {
        published.push(panel(graph, "soft", title, end(graph))?);
        printed.push(panel(graph, "printed", title, end(graph))?);
    }
    let chain = FORMS
        .iter()
        .map(|form| panel("chain", form, name(form), settings.chain_steps as f64))
        .collect::<Result<Vec<_>>>()?;
    let note = "Solid: Euler’s steps, as the authors run them; dotted: the differential equation.";
    Ok(Figures::new()
        .with(
            "published",
            Figure::new("Fig. 17: the gates 1 − u^{γ} of the published code let skills through in the order of the graph")
                .columns(3)
                .panels(published)
                .note(note),
        )
        .with(
            "printed",
            Figure::new("The same graphs with the printed gates (1 − u)^{γ}: the order is that of the frequencies")
                .columns(3)
                .panels(printed)
                .note(note),
        )
        .with("chain", Figure::new("What a gate needs: the chain with five kinds of gates").columns(3).panels(chain).note(note))
        .with("skill-2", second_skill(outcome)?)
        .with("random", random(outcome)?))
}

fn second_skill(outcome: &Outcome) -> Result<Figure> {
    let speed = outcome.table("speed")?;
    let (t, level, rate) = (speed.f64s("t")?, speed.f64s("level")?, speed.f64s("speed")?);
    // What comes after skill 2 is learned is left out.
    let learned = t.iter().zip(&level).find(|(_, s)| **s > 0.99);
    let end = learned.map_or(t[t.len() - 1], |(t, _)| 1.25 * t);
    let thin =
        |v: &[f64]| -> Vec<f64> { v.iter().copied().step_by((v.len() / 2000).max(1)).collect() };
    let skills = of(&outcome.table("skills")?, "or", "soft", "euler")?;
    let mut level_panel = Panel::new("")
        .x("step t")
        .y("level of skill 2")
        .x_range(0.0, end)
        .line("skill 2", &thin(&t), &thin(&level));
    let mut speed_panel = Panel::new("")
        .x("step t")
        .y("speed −du/dt / η")
        .x_range(0.0, end)
        .log_y()
        .y_range(1e-3, 3.0)
        .line("skill 2", &thin(&t), &thin(&rate));
    for (skill, half) in skills
        .i64s("skill")?
        .into_iter()
        .zip(skills.f64s("half_time")?)
    {
        if half.is_finite() && skill != 2 {
            level_panel = level_panel.v_line(half, skill.to_string());
            speed_panel = speed_panel.v_line(half, skill.to_string());
        }
    }
    Ok(
        Figure::new("OR: skill 2 slows down while others learn and speeds up when they are done")
            .panel(level_panel)
            .panel(speed_panel)
            .note("Lines: when the skill of that number is half learned."),
    )
}

/// The share of gated skills in order, a graph each, with its interval.
fn shares(outcome: &Outcome, form: &str) -> Result<Interval> {
    let rows = outcome.table("random")?.rows_where("form", form)?;
    let (gated, good) = (rows.f64s("gated")?, rows.f64s("in_order")?);
    let shares: Vec<f64> = gated
        .iter()
        .zip(&good)
        .filter(|(g, _)| **g > 0.0)
        .map(|(g, x)| x / g)
        .collect();
    Ok(stats::mean(&shares))
}

fn random(outcome: &Outcome) -> Result<Figure> {
    let mut bars: Vec<(&str, Interval)> = Vec::new();
    for form in FORMS {
        bars.push((name(form), shares(outcome, form)?));
    }
    let pick = |f: fn(&Interval) -> f64| bars.iter().map(|b| f(&b.1)).collect::<Vec<_>>();
    let names: Vec<&str> = bars.iter().map(|b| b.0).collect();
    let finite = |v: Vec<f64>, end: f64| {
        v.into_iter()
            .map(|x| {
                if x.is_finite() {
                    x.clamp(0.0, 1.0)
                } else {
                    end
                }
            })
            .collect::<Vec<_>>()
    };
    let panel = Panel::new("")
        .y("share of gated skills learned in order")
        .y_range(0.0, 1.08)
        .bars_with_interval(
            "",
            &names,
            &pick(|i| i.value),
            &finite(pick(|i| i.low), 0.0),
            &finite(pick(|i| i.high), 1.0),
        );
    Ok(Figure::new(
        "Random graphs: only gates that are shut until the end, in both places, keep the order",
    )
    .size(900.0, 420.0)
    .panel(panel)
    .note(format!(
        "Means over {} random graphs with 95 % intervals.",
        outcome.seeds().len()
    )))
}

/// Half-times by skill, from 0.
fn half_times(outcome: &Outcome, graph: &str, form: &str, solver: &str) -> Result<Vec<f64>> {
    of(&outcome.table("skills")?, graph, form, solver)?.f64s("half_time")
}

/// The order of some times, in words.
fn in_words(times: &[f64]) -> String {
    let mut order: Vec<usize> = (0..times.len()).filter(|i| times[*i].is_finite()).collect();
    order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
    let part = |i: &usize| format!("{} at {:.0}", i + 1, times[*i]);
    let words = order.iter().map(part).collect::<Vec<_>>().join(", ");
    match times.len() - order.len() {
        0 => words,
        left if left == times.len() => "none learned".into(),
        left => format!("{words}; {left} of {} not learned", times.len()),
    }
}

/// The least t_{k+1}/t_k along a chain; NaN when one is not learned.
fn least_ratio(times: &[f64]) -> f64 {
    let ratios = times.windows(2).map(|w| w[1] / w[0]);
    ratios.fold(f64::INFINITY, |a, b| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            a.min(b)
        }
    })
}

/// How often a curve falls and how often it rises, by `factor` from its last turn or more.
fn turns(values: &[f64], factor: f64) -> (usize, usize) {
    let (mut falls, mut rises) = (0, 0);
    let (mut low, mut high) = (f64::INFINITY, 0.0f64);
    let mut rising = None;
    for &x in values {
        (low, high) = (low.min(x), high.max(x));
        if rising != Some(false) && x < high / factor {
            falls += 1;
            (rising, low) = (Some(false), x);
        } else if rising != Some(true) && x > low * factor {
            rises += 1;
            (rising, high) = (Some(true), x);
        }
    }
    (falls, rises)
}

const SECTION: &str = "§5.2, Fig. 17";

pub(super) fn measure(settings: &DependentSkills, outcome: &Outcome) -> Result<Claims> {
    let mut claims = chain_claims(settings, outcome)?;
    claims.extend(graph_claims(outcome)?);
    claims.extend(random_claims(outcome)?);
    Ok(Claims(claims))
}

fn chain_claims(settings: &DependentSkills, outcome: &Outcome) -> Result<Vec<Claim>> {
    let exact = |x: f64| Interval::exact(x, 1);
    let [soft, printed, free] =
        ["soft", "printed", "free"].map(|form| half_times(outcome, "chain", form, "euler"));
    let (soft, printed, free) = (soft?, printed?, free?);
    let (kept, reversed) = (exact(least_ratio(&soft)), exact(least_ratio(&printed)));
    let alone = half_times(outcome, "chain", "soft_numerator", "euler")?;
    let learned = alone.iter().filter(|t| t.is_finite()).count();
    let gate = of(&outcome.table("skills")?, "chain", "soft", "euler")?.f64s("gate_level")?;
    let trigger = gate
        .iter()
        .copied()
        .filter(|g| g.is_finite())
        .fold(f64::INFINITY, f64::min);
    Ok(vec![
        Claim::new("chain-order", SECTION, "the sequence goes as 1 → 2 → 3 although task 1 has the lowest frequency", "least t_{k+1}/t_k of half-times > 1", kept)
            .verdict(Verdict::above(kept, 1.0))
            .note(format!("gates 1 − u^γ, also in the denominator; half-times {}; without gates {}", in_words(&soft), in_words(&free))),
        Claim::new("chain-printed", "Eq. 10–13", "B = (1 − u)^γ is large only when u is small", "least t_{k+1}/t_k of half-times > 1", reversed)
            .verdict(Verdict::above(reversed, 1.0))
            .note(format!(
                "gates as printed, γ = {}: half-times {}, as without gates: {}. At u = 1 − 10⁻⁶ the gate is {:.2}",
                settings.printed_gamma,
                in_words(&printed),
                in_words(&free),
                1e-6f64.powf(settings.printed_gamma)
            )),
        Claim::new("triggered", SECTION, "task 3 is triggered by task 2, which in turn is triggered by task 1", "level of the skill waited for when its successor is at .1: above .9", exact(trigger))
            .verdict(Verdict::above(exact(trigger), 0.9))
            .note(format!("the lower of the two; .9 is where the paper counts a skill as learned (Fig. 4); gates 1 − u^γ, γ = {}", settings.chain_gamma)),
        Claim::new("denominator", "Eq. 13", "the gate is in the numerator alone", "skills of the chain learned in the published number of steps: 3 of 3", exact(learned as f64))
            .verdict(if learned == alone.len() { Verdict::Holds } else { Verdict::Fails })
            .note(format!(
                "gates 1 − u^γ in the numerator alone: a waiting skill with p u keeps its share of the resources, and no skill is half learned in {} steps; half-times {}",
                settings.chain_steps,
                in_words(&alone)
            )),
    ])
}

fn graph_claims(outcome: &Outcome) -> Result<Vec<Claim>> {
    let exact = |x: f64| Interval::exact(x, 1);
    let skills = outcome.table("skills")?;
    let and = of(&skills, "and", "soft", "euler")?;
    let (half, opening) = (and.f64s("half_time")?, and.f64s("opening")?);
    let margin = half
        .iter()
        .zip(&opening)
        .filter(|(_, o)| **o > 0.0)
        .map(|(h, o)| h / o)
        .fold(f64::INFINITY, f64::min);
    let or = half_times(outcome, "or", "soft", "euler")?;
    let last = or.iter().copied().fold(0.0, f64::max);
    let seven = exact(or[6] / last);
    let speed = outcome.table("speed")?;
    let unlearned: Vec<f64> = speed
        .f64s("speed")?
        .into_iter()
        .zip(speed.f64s("level")?)
        .filter(|(_, level)| *level < 0.99)
        .map(|(v, _)| v)
        .collect();
    let (slow_downs, speed_ups) = turns(&unlearned, 1.2);
    let printed = half_times(outcome, "or", "printed", "euler")?;
    let mut worst: (f64, String) = (0.0, String::new());
    for (graph, _) in GRAPHS {
        let (euler, ode) = (
            half_times(outcome, graph, "soft", "euler")?,
            half_times(outcome, graph, "soft", "ode")?,
        );
        for (i, (a, b)) in euler.iter().zip(&ode).enumerate() {
            let off = (a / b - 1.0).abs();
            if off > worst.0 {
                worst = (
                    off,
                    format!(
                        "skill {} of `{graph}`: {a:.0} by Euler’s steps, {b:.0} by the differential equation",
                        i + 1
                    ),
                );
            }
        }
    }
    Ok(vec![
        Claim::new("and-order", SECTION, "a hierarchical graph: a skill starts when all that it needs are learned", "least half-time over that of the last skill waited for: > 1", exact(margin))
            .verdict(Verdict::above(exact(margin), 1.0))
            .note(format!("half-times {}", in_words(&half))),
        Claim::new("or-seven", SECTION, "with OR, task 7 is not the last one although it is a descendant of all others", "t₇ / latest half-time < 1", seven)
            .verdict(Verdict::below(seven, 1.0))
            .note(format!("half-times {}; as printed {}", in_words(&or), in_words(&printed))),
        Claim::new("or-two", SECTION, "task 2 shows several speed-ups and slow-downs", "≥ 2 of each", exact(slow_downs.min(speed_ups) as f64))
            .verdict(if slow_downs.min(speed_ups) >= 2 { Verdict::Holds } else { Verdict::Fails })
            .note(format!("{slow_downs} slow-downs and {speed_ups} speed-ups by a factor of 1.2 or more before skill 2 is at .99")),
        Claim::new("euler", "settings of the published code", "Euler’s steps Δt = 1 with clipping solve the model", "largest relative difference of half-times below .01", exact(worst.0))
            .verdict(match Verdict::below(exact(worst.0), 0.01) {
                Verdict::Fails => Verdict::Differs,
                verdict => verdict,
            })
            .note(format!("{}. Where η p Δt > N₀ the last step of a skill goes below 0 and is clipped there, and a gate 1 − u^γ then jumps open", worst.1)),
    ])
}

fn random_claims(outcome: &Outcome) -> Result<Vec<Claim>> {
    let [soft, numerator, printed, both, free] = [
        "soft",
        "soft_numerator",
        "printed",
        "printed_denominator",
        "free",
    ]
    .map(|form| shares(outcome, form));
    let (soft, printed, free) = (soft?, printed?, free?);
    let learned = {
        let rows = outcome.table("random")?.rows_where("form", "soft")?;
        let (all, some): (f64, f64) = (
            rows.f64s("gated")?.iter().sum(),
            rows.f64s("learned")?.iter().sum(),
        );
        some / all
    };
    Ok(vec![
        Claim::new("any-graph", SECTION, "arbitrary dependence graphs can be simulated", "share of gated skills learned after their gate’s skills, on random graphs: above .95", soft)
            .verdict(Verdict::above(soft, 0.95))
            .note(format!("gates 1 − u^γ in both; {learned:.3} of all gated skills learned in time; in the numerator alone {}", numerator?)),
        Claim::new("any-graph-printed", "Eq. 10–13", "arbitrary dependence graphs can be simulated with the printed gates", "share of gated skills learned after their gate’s skills, on random graphs: above .95", printed)
            .verdict(Verdict::above(printed, 0.95))
            .note(format!("without any gates {free}; printed, in both {}", both?)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_count_changes_of_a_factor() {
        assert_eq!(turns(&[1.0, 0.9, 1.0, 1.05], 1.2), (0, 0));
        assert_eq!(turns(&[1.0, 0.5, 0.45, 0.5, 1.0, 0.9, 0.3], 1.2), (2, 1));
        assert_eq!(turns(&[1.0, 2.0, 1.0, 2.0], 1.5), (1, 2));
    }

    #[test]
    fn ratios_of_a_chain_that_is_not_learned_are_not_numbers() {
        assert_eq!(least_ratio(&[1.0, 2.0, 6.0]), 2.0);
        assert!(least_ratio(&[1.0, f64::NAN, 6.0]).is_nan());
        assert_eq!(
            in_words(&[5.0, 2.0, f64::NAN]),
            "2 at 2, 1 at 5; 1 of 3 not learned"
        );
    }
}
