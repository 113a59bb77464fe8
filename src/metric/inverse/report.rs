//! What was inferred, as tables, text, DOT and figures.

use super::gates::{Join, Waits};
use super::{Form, Inference};
use crate::display::number;
use crate::error::Result;
use crate::figure::{Dash, Figure, Panel, Style};
use crate::model::skill::GateForm;
use crate::stats::Interval;
use crate::table::Table;

/// A gate in words.
pub(super) fn gate_text(waits: &Waits, names: &[String]) -> String {
    let list: Vec<&str> = waits.skills.iter().map(|j| names[*j].as_str()).collect();
    match list.as_slice() {
        [] => "nothing".into(),
        [one] => (*one).into(),
        _ => format!("{}({})", waits.join.name(), list.join(", ")),
    }
}

impl Form {
    /// In words.
    pub fn name(&self) -> String {
        let gate = match self.gate {
            GateForm::Soft => "1 − u^γ",
            GateForm::AsPrinted => "(1 − u)^γ",
        };
        let place = if self.weights_denominator {
            "in numerator and denominator"
        } else {
            "in the numerator"
        };
        format!("{}, gates {gate} {place}", self.norm.name())
    }
}

/// What these curves cannot tell.
pub(super) fn limits(found: &Inference) -> Vec<String> {
    let mut out =
        vec!["frequencies and N₀ are relative: (p, N₀) → c (p, N₀) changes no curve".to_string()];
    let curves = &found.curves;
    if !curves.not_learned.is_empty() {
        out.push(format!("never learned in the time given, so nothing is known of: {}; what they consume counts as waste", curves.not_learned.join(", ")));
    }
    if !curves.learned_before.is_empty() {
        out.push(format!(
            "learned before the first record, so nothing is known of: {}",
            curves.learned_before.join(", ")
        ));
    }
    if curves.missing > 0 {
        out.push(format!(
            "{} records have no level and were left out",
            curves.missing
        ));
    }
    for edge in found.edges.iter().filter(|e| !e.sure) {
        out.push(format!(
            "{} → {} is not sure (score {}): {} could as well wait for {}",
            edge.from,
            edge.to,
            number(edge.score),
            edge.to,
            edge.instead
        ));
    }
    for (a, b) in alike(found) {
        out.push(format!(
            "{a} and {b} are learned together: what waits for one could wait for the other"
        ));
    }
    if found.waste.low == 0.0 {
        out.push(format!(
            "N₀ is at most {}: no curve tells how small it is",
            number(found.waste.high)
        ));
    }
    if found.waste.high.is_infinite() {
        out.push("the skills do not compete: only η / N₀ is seen, not η and N₀".into());
    }
    if let Some(gamma) = found.gamma
        && gamma.high > 10.0 * gamma.low
    {
        out.push("γ is not determined: the curves do not show how a gate opens".into());
    }
    out.push("of an AND only the last skill, of an OR only the first shows: edges to others may be there unseen".into());
    if found.misfit() > 2.0 {
        out.push(format!(
            "the residuals are {} times the noise: the Resource model is not all that made these curves, so intervals and scores are rough",
            number(found.misfit())
        ));
    }
    out
}

/// Pairs of skills whose fitted curves never differ by more than twice the noise.
fn alike(found: &Inference) -> Vec<(String, String)> {
    let Ok(levels) = found.predict(found.curves.times(), &[]) else {
        return Vec::new();
    };
    let names = found.curves.names();
    let mut out = Vec::new();
    for a in 0..names.len() {
        for b in 0..a {
            let far = levels
                .rows()
                .into_iter()
                .map(|r| (r[a] - r[b]).abs())
                .fold(0.0, f64::max);
            if far < 2.0 * found.noise.max(0.002) {
                out.push((names[b].clone(), names[a].clone()));
            }
        }
    }
    out
}

/// A line with a head that ends before the point it goes to.
fn arrow(x0: f64, x1: f64, y0: f64, y1: f64, wide: f64) -> (Vec<f64>, Vec<f64>) {
    let (x, y) = (x0 + 0.93 * (x1 - x0), y0 + 0.93 * (y1 - y0));
    let back = if x1 >= x0 {
        -0.015 * wide
    } else {
        0.015 * wide
    };
    (
        vec![x0, x, x + back, x, x + back],
        vec![y0, y, y + 0.12, y, y - 0.12],
    )
}

fn spread(x: &Interval) -> String {
    format!(
        "{} [{}, {}]",
        number(x.value),
        number(x.low),
        number(x.high)
    )
}

impl Inference {
    /// A row for each skill: `skill`, `p`, `p_low`, `p_high` (shares; 95 %), `waits_for` (`nothing`, a name, `and(…)` or `or(…)`), `rmse`.
    pub fn table(&self) -> Result<Table> {
        let of =
            |f: fn(&Interval) -> f64| self.skills.iter().map(|s| f(&s.p)).collect::<Vec<f64>>();
        Table::new()
            .with(
                "skill",
                self.skills
                    .iter()
                    .map(|s| s.name.clone())
                    .collect::<Vec<String>>(),
            )?
            .with("p", of(|p| p.value))?
            .with("p_low", of(|p| p.low))?
            .with("p_high", of(|p| p.high))?
            .with("waits_for", self.gates())?
            .with(
                "rmse",
                self.skills.iter().map(|s| s.rmse).collect::<Vec<f64>>(),
            )
    }

    fn gates(&self) -> Vec<String> {
        self.fitted
            .waits
            .iter()
            .map(|w| gate_text(w, self.curves.names()))
            .collect()
    }

    /// A row for each edge: `from`, `to`, `score`, `sure`, `instead`.
    pub fn edge_table(&self) -> Result<Table> {
        Table::new()
            .with(
                "from",
                self.edges
                    .iter()
                    .map(|e| e.from.clone())
                    .collect::<Vec<String>>(),
            )?
            .with(
                "to",
                self.edges
                    .iter()
                    .map(|e| e.to.clone())
                    .collect::<Vec<String>>(),
            )?
            .with(
                "score",
                self.edges.iter().map(|e| e.score).collect::<Vec<f64>>(),
            )?
            .with(
                "sure",
                self.edges.iter().map(|e| e.sure).collect::<Vec<bool>>(),
            )?
            .with(
                "instead",
                self.edges
                    .iter()
                    .map(|e| e.instead.clone())
                    .collect::<Vec<String>>(),
            )
    }

    /// A row for each observation: `time`, `skill`, `level`, `fit`.
    pub fn residual_table(&self) -> Result<Table> {
        let data = &self.curves.data;
        let levels = self.predict(&data.times, &[])?;
        let (mut time, mut skill, mut level, mut fit) = (vec![], vec![], vec![], vec![]);
        for (i, seen) in data.seen.iter().enumerate() {
            for s in seen {
                time.push(data.times[s.at]);
                skill.push(self.curves.names[i].clone());
                level.push(s.level);
                fit.push(levels[[s.at, i]]);
            }
        }
        Table::new()
            .with("time", time)?
            .with("skill", skill)?
            .with("level", level)?
            .with("fit", fit)
    }

    /// The graph in the DOT language; edges that are not sure are dashed.
    pub fn to_dot(&self) -> String {
        let quoted =
            |name: &str| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
        let mut out = String::from("digraph skills {\n  rankdir=LR;\n");
        for s in &self.skills {
            let gate = s.join.map_or(String::new(), |j| format!("\\n{}", j.name()));
            out += &format!(
                "  {} [label=\"{}\\np = {}{gate}\"];\n",
                quoted(&s.name),
                s.name.replace('"', "\\\""),
                number(s.p.value)
            );
        }
        for e in &self.edges {
            let style = if e.sure { "solid" } else { "dashed" };
            out += &format!(
                "  {} -> {} [label=\"{}\", style={style}];\n",
                quoted(&e.from),
                quoted(&e.to),
                number(e.score)
            );
        }
        out + "}\n"
    }

    /// Fitted curves over the data, a panel each.
    pub fn figure(&self) -> Result<Figure> {
        let data = &self.curves.data;
        let end = data.end();
        let times: Vec<f64> = (0..=240).map(|k| end * k as f64 / 240.0).collect();
        let levels = self.predict(&times, &[])?;
        let gates = self.gates();
        let mut figure = Figure::new("Learning curves and what the inferred model makes of them")
            .columns(4.min(self.skills.len()))
            .size(230.0, 170.0);
        for (i, skill) in self.skills.iter().enumerate() {
            let shown = data.seen[i].len().div_ceil(200);
            let seen: Vec<_> = data.seen[i].iter().step_by(shown).collect();
            let x: Vec<f64> = seen.iter().map(|s| data.times[s.at]).collect();
            let y: Vec<f64> = seen.iter().map(|s| s.level).collect();
            let waits = if skill.waits_for.is_empty() {
                String::new()
            } else {
                format!(" ← {}", gates[i])
            };
            figure = figure.panel(
                Panel::new(format!(
                    "{}{waits}, p = {}",
                    skill.name,
                    number(skill.p.value)
                ))
                .x("time")
                .y("level s")
                .scatter("data", &x, &y)
                .line_styled(
                    "inferred model",
                    &times,
                    &levels.column(i).to_vec(),
                    Style::new().width(2.0).dash(Dash::Solid),
                ),
            );
        }
        Ok(figure)
    }

    /// The graph drawn: time at half level to the right, an arrow from what is waited for; thin arrows are not sure.
    pub fn graph_figure(&self) -> Result<Figure> {
        let names = self.curves.names();
        let end = self.curves.data.end();
        let times: Vec<f64> = (1..=400).map(|k| end * k as f64 / 400.0).collect();
        let levels = self.predict(&times, &[])?;
        let half = |i: usize| {
            times
                .iter()
                .zip(levels.column(i))
                .find(|(_, s)| **s > 0.5)
                .map_or(end, |(t, _)| *t)
        };
        let x: Vec<f64> = (0..names.len()).map(half).collect();
        let y: Vec<f64> = (0..names.len()).map(|i| -(i as f64)).collect();
        let mut panel = Panel::new("What waits for what")
            .x("time at which half is learned")
            .y_range(0.6 - names.len() as f64, 0.8)
            .x_range(0.0, 1.15 * end);
        for e in &self.edges {
            let place = |name: &str| names.iter().position(|n| n == name).unwrap_or(0);
            let (a, b) = (place(&e.from), place(&e.to));
            let style = Style::new()
                .width(if e.sure { 1.8 } else { 0.7 })
                .dash(if e.sure { Dash::Solid } else { Dash::Dotted });
            panel = panel.line_styled(
                "",
                &arrow(x[a], x[b], y[a], y[b], end).0,
                &arrow(x[a], x[b], y[a], y[b], end).1,
                style,
            );
        }
        panel = panel.scatter("", &x, &y);
        let gates = self.gates();
        for (i, skill) in self.skills.iter().enumerate() {
            let waits = if skill.waits_for.is_empty() {
                String::new()
            } else {
                format!(" ← {}", gates[i])
            };
            panel = panel.text(x[i], y[i] + 0.25, format!("{}{waits}", skill.name));
        }
        Ok(Figure::new("The graph of skills")
            .panel(panel)
            .size(460.0, 90.0 + 36.0 * names.len() as f64)
            .note("Solid: sure; dotted: another gate does nearly as well."))
    }

    /// All of it as JSON.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|e| crate::error::Error::Table(e.to_string()))
    }

    /// Shows the inference in a notebook cell.
    pub fn evcxr_display(&self) {
        println!("{self}");
    }
}

impl std::fmt::Display for Inference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} skills, {} observations, worth {} independent ones",
            self.skills.len(),
            self.observations,
            self.effective.round()
        )?;
        writeln!(f, "form: {}", self.form.name())?;
        for other in self.forms.iter().filter(|o| o.form != self.form) {
            writeln!(
                f,
                "  {} is worse by {}",
                other.form.name(),
                number(other.score)
            )?;
        }
        writeln!(
            f,
            "N₀ = {} (where Σp = 1), η = {}",
            spread(&self.waste),
            spread(&self.eta)
        )?;
        if let Some(gamma) = &self.gamma {
            writeln!(f, "γ = {}", spread(gamma))?;
        }
        writeln!(
            f,
            "residuals: {} (noise of the curves {})",
            number(self.rmse),
            number(self.noise)
        )?;
        let width = self
            .skills
            .iter()
            .map(|s| s.name.chars().count())
            .max()
            .unwrap_or(0);
        writeln!(f, "\nskill: p [95 %], waits for")?;
        for (s, gate) in self.skills.iter().zip(self.gates()) {
            writeln!(f, "  {:width$}  {}  {gate}", s.name, spread(&s.p))?;
        }
        if !self.edges.is_empty() {
            writeln!(f, "\nedge: score")?;
        }
        for e in &self.edges {
            let sure = if e.sure { "sure" } else { "not sure" };
            writeln!(
                f,
                "  {} → {}  {} ({sure}; else {})",
                e.from,
                e.to,
                number(e.score),
                e.instead
            )?;
        }
        writeln!(f, "\nWhat these curves do not tell:")?;
        for line in &self.limits {
            writeln!(f, "  - {line}")?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Join {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
