//! What was inferred, as tables, text, DOT and figures.

use super::gates::{Join, Waits};
use super::{Form, Inference};
use crate::display::number;
use crate::error::Result;
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

    pub(super) fn gates(&self) -> Vec<String> {
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
