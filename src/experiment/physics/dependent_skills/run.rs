//! The runs on the published and on random graphs.

use super::DependentSkills;
use crate::error::Result;
use crate::experiment::{Progress, Tables};
use crate::model::skill::{DependentResource, Euler, Gate, Gating, ResourceTrajectory, SkillGraph};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;
use rand::RngExt;

/// Names of the forms; `free` has no gates.
pub(in super::super) const FORMS: [&str; 5] = [
    "free",
    "soft",
    "soft_numerator",
    "printed",
    "printed_denominator",
];

/// The gating of a form that is not `free`.
pub(in super::super) fn gating(form: &str, soft_gamma: f64, printed_gamma: f64) -> Gating {
    match form {
        "soft_numerator" => Gating::soft(soft_gamma).weighting_denominator(false),
        "printed" => Gating::as_printed(printed_gamma),
        "printed_denominator" => Gating::as_printed(printed_gamma).weighting_denominator(true),
        _ => Gating::soft(soft_gamma),
    }
}

pub(super) fn tables(
    settings: &DependentSkills,
    seed: Seed,
    progress: &Progress,
) -> Result<Tables> {
    let mut tables = Tables::new();
    // Nothing is random in the published graphs: one seed holds them.
    if seed.0 == 0 {
        published(settings, progress, &mut tables)?;
    }
    tables.insert("random".into(), random(settings, seed, progress)?);
    Ok(tables)
}

/// The graphs of Fig. 17 with their γ and steps.
fn graphs(settings: &DependentSkills) -> Result<[(&'static str, SkillGraph, f64, usize); 3]> {
    let seven = |p: &[f64], or: bool| {
        let mut builder = SkillGraph::builder();
        for (i, p) in p.iter().enumerate() {
            builder = builder.skill((i + 1).to_string(), *p);
        }
        let join = |a: &str, b: &str| {
            if or {
                Gate::or([a, b])
            } else {
                Gate::and([a, b])
            }
        };
        builder
            .gate("5", Gate::and(["1", "2"]))
            .gate("6", join("3", "4"))
            .gate("7", join("5", "6"))
            .build()
    };
    let (gamma, steps) = (settings.graph_gamma, settings.graph_steps);
    Ok([
        (
            "chain",
            SkillGraph::chain(&settings.chain)?,
            settings.chain_gamma,
            settings.chain_steps,
        ),
        ("and", seven(&settings.and, false)?, gamma, steps),
        ("or", seven(&settings.or, true)?, gamma, steps),
    ])
}

fn published(settings: &DependentSkills, progress: &Progress, tables: &mut Tables) -> Result<()> {
    let (mut curves, mut skills) = (vec![], vec![]);
    for (name, graph, gamma, steps) in graphs(settings)? {
        for form in FORMS {
            progress.check()?;
            let gates = if form == "free" {
                SkillGraph::independent(graph.frequencies().clone())
            } else {
                graph.clone()
            };
            let model = DependentResource::new(
                gates,
                gating(form, gamma, settings.printed_gamma),
                settings.eta,
            )?
            .with_waste(settings.waste)?;
            let euler = model.euler(&Euler::new(steps))?;
            let every = steps / settings.records;
            let times: Vec<f64> = (0..=settings.records).map(|k| (k * every) as f64).collect();
            let ode = model.ode(&times, &Flow::default())?;
            for (solver, run) in [("euler", &euler), ("ode", &ode)] {
                let keep = if solver == "euler" { every } else { 1 };
                curves.push(curve_table(name, form, solver, run, keep)?);
                skills.push(skill_table(name, form, solver, &model, run)?);
            }
            if (name, form) == ("or", "soft") {
                tables.insert("speed".into(), speed_table(&euler, settings.eta)?);
            }
        }
    }
    tables.insert("curves".into(), Table::concat(curves)?);
    tables.insert("skills".into(), Table::concat(skills)?);
    Ok(())
}

fn curve_table(
    graph: &str,
    form: &str,
    solver: &str,
    run: &ResourceTrajectory,
    every: usize,
) -> Result<Table> {
    let n = run.frequencies.len();
    let records: Vec<usize> = (0..run.time.len())
        .filter(|k| (k + 1) % every == 0)
        .collect();
    let rows = || records.iter().flat_map(|k| (0..n).map(move |i| (*k, i)));
    Table::new()
        .with("t", rows().map(|(k, _)| run.time[k]).collect::<Vec<_>>())?
        .with("skill", rows().map(|(_, i)| i + 1).collect::<Vec<_>>())?
        .with(
            "p",
            rows().map(|(_, i)| run.frequencies[i]).collect::<Vec<_>>(),
        )?
        .with(
            "level",
            rows().map(|at| 1.0 - run.unskill[at]).collect::<Vec<_>>(),
        )?
        .led_by("solver", solver)?
        .led_by("form", form)?
        .led_by("graph", graph)
}

fn skill_table(
    graph: &str,
    form: &str,
    solver: &str,
    model: &DependentResource,
    run: &ResourceTrajectory,
) -> Result<Table> {
    let (half, begin) = (run.learning_times(0.5), run.learning_times(0.1));
    let gates = model.graph().gates();
    let n = half.len();
    let opening: Vec<f64> = gates
        .iter()
        .map(|g| opening(g.as_ref(), &half, model.graph()))
        .collect();
    // Levels are joined as times are: AND waits for the least, OR for the greatest.
    let gate_level = |i: usize| {
        let Some(gate) = &gates[i] else {
            return f64::NAN;
        };
        let Some(k) = run.time.iter().position(|t| *t >= begin[i]) else {
            return f64::NAN;
        };
        let unskill: Vec<f64> = run.unskill.row(k).to_vec();
        1.0 - self::opening(Some(gate), &unskill, model.graph())
    };
    Table::new()
        .with("skill", (1..=n).collect::<Vec<_>>())?
        .with("p", run.frequencies.clone())?
        .with("half_time", half.clone())?
        .with("opening", opening)?
        .with("gate_level", (0..n).map(gate_level).collect::<Vec<_>>())?
        .led_by("solver", solver)?
        .led_by("form", form)?
        .led_by("graph", graph)
}

/// When a gate's skills have been learned, from the time of each: the last of AND, the first of OR; 0 without a gate, NaN for never.
fn opening(gate: Option<&Gate>, times: &[f64], graph: &SkillGraph) -> f64 {
    // A NaN, never, is later than any time.
    let later = |a: f64, b: f64| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else {
            a.max(b)
        }
    };
    match gate {
        None => 0.0,
        Some(Gate::After(name)) => graph.skill(name).map_or(f64::NAN, |i| times[i]),
        Some(Gate::And(gates)) => gates
            .iter()
            .map(|g| opening(Some(g), times, graph))
            .fold(0.0, later),
        Some(Gate::Or(gates)) => gates
            .iter()
            .map(|g| opening(Some(g), times, graph))
            .fold(f64::NAN, f64::min),
        Some(Gate::Custom(_)) => f64::NAN,
    }
}

fn speed_table(run: &ResourceTrajectory, eta: f64) -> Result<Table> {
    let u = run.unskill.column(1);
    let speed: Vec<f64> = (1..u.len())
        .map(|k| (u[k - 1] - u[k]) / (eta * (run.time[k] - run.time[k - 1])))
        .collect();
    Table::new()
        .with("t", run.time[1..].to_vec())?
        .with(
            "level",
            u.iter().skip(1).map(|u| 1.0 - u).collect::<Vec<_>>(),
        )?
        .with("speed", speed)
}

/// A random graph: skills in a random order, arrows forward with a given probability, AND or OR by a coin.
fn random_graph(settings: &DependentSkills, seed: Seed) -> Result<SkillGraph> {
    let mut rng = seed.stream("data");
    let mut uniform = || rng.random::<f64>();
    let mut builder = SkillGraph::builder();
    for i in 0..settings.random_skills {
        builder = builder.skill(format!("{}", i + 1), settings.random_span.powf(-uniform()));
        let from: Vec<String> = (0..i)
            .filter(|_| uniform() < settings.random_arrows)
            .map(|j| (j + 1).to_string())
            .collect();
        let or = uniform() < 0.5;
        if !from.is_empty() {
            builder = builder.gate(
                format!("{}", i + 1),
                if or { Gate::or(from) } else { Gate::and(from) },
            );
        }
    }
    builder.build()
}

fn random(settings: &DependentSkills, seed: Seed, progress: &Progress) -> Result<Table> {
    let graph = random_graph(settings, seed)?;
    let mut counts: Vec<[usize; 3]> = Vec::new();
    for form in FORMS {
        progress.check()?;
        let gates = if form == "free" {
            SkillGraph::independent(graph.frequencies().clone())
        } else {
            graph.clone()
        };
        let model = DependentResource::new(
            gates,
            gating(form, settings.graph_gamma, settings.printed_gamma),
            settings.eta,
        )?
        .with_waste(settings.waste)?;
        let half = model
            .euler(&Euler::new(settings.random_steps))?
            .learning_times(0.5);
        let gated = graph
            .gates()
            .iter()
            .zip(&half)
            .filter(|(gate, _)| gate.is_some());
        let (mut all, mut learned, mut in_order) = (0, 0, 0);
        for (gate, time) in gated {
            all += 1;
            learned += usize::from(!time.is_nan());
            // A gate that never opened, NaN, is not passed in order.
            in_order += usize::from(*time > opening(gate.as_ref(), &half, &graph));
        }
        counts.push([all, learned, in_order]);
    }
    let column = |k: usize| counts.iter().map(|c| c[k]).collect::<Vec<_>>();
    Table::new()
        .with("form", FORMS.to_vec())?
        .with("gated", column(0))?
        .with("learned", column(1))?
        .with("in_order", column(2))
}
