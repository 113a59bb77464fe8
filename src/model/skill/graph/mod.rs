//! Skills that depend on each other (*Physics of Skill Learning*, §5).

mod dot;
mod dynamics;
mod gate;
mod lexer;
mod toml;

pub use dynamics::{DependentResource, GateForm, Gating, Switch};
pub use gate::{CustomGate, Gate};

use crate::error::{Error, Result};
use crate::task::Frequencies;
use gate::Node;

/// Skills with frequencies and gates: which must be learned before which.
///
/// A graph is made in code, here, or read from [TOML](Self::from_toml) or [DOT](Self::from_dot). Skills keep the order in which they are named.
/// It is the task of a [`DependentResource`].
///
/// ```
/// use scurve::model::skill::{Gate, SkillGraph};
/// let graph = SkillGraph::builder()
///     .skill("add", 0.3)
///     .skill("carry", 1.0)
///     .skill("multiply", 3.0)
///     .gate("carry", "add")
///     .gate("multiply", Gate::and(["add", "carry"]))
///     .build()?;
/// assert_eq!(graph.len(), 3);
/// let wrong = SkillGraph::builder().skill("add", 1.0).skill("carry", 1.0).gate("carry", "ad").build();
/// assert!(wrong.unwrap_err().to_string().contains("did you mean `add`?"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SkillGraph {
    names: Vec<String>,
    frequencies: Frequencies,
    gates: Vec<Option<Gate>>,
}

/// A [`SkillGraph`] in the making.
#[derive(Clone, Debug, Default)]
pub struct GraphBuilder {
    skills: Vec<(String, f64)>,
    gates: Vec<(String, Gate)>,
}

impl GraphBuilder {
    /// Adds a skill with its frequency p > 0. Frequencies need neither be sorted nor sum to 1.
    pub fn skill(mut self, name: impl Into<String>, p: f64) -> Self {
        self.skills.push((name.into(), p));
        self
    }

    /// What the skill `name` waits for: another skill's name, or a [`Gate`].
    pub fn gate(mut self, name: impl Into<String>, gate: impl Into<Gate>) -> Self {
        self.gates.push((name.into(), gate.into()));
        self
    }

    /// Makes the graph.
    ///
    /// # Errors
    /// No skills; two of one name; a frequency that is not above 0; a gate of or with an unknown skill; two gates of one skill; skills that
    /// wait for each other in a circle, which is named.
    pub fn build(self) -> Result<SkillGraph> {
        if self.skills.is_empty() {
            return Err(Error::setting(
                "skills",
                "[]",
                "at least one skill: the graph is empty",
            ));
        }
        let (names, p): (Vec<String>, Vec<f64>) = self.skills.into_iter().unzip();
        if let Some(i) = (0..names.len()).find(|i| names[..*i].contains(&names[*i])) {
            return Err(Error::setting(
                format!("skills[{i}]"),
                &names[i],
                "a name that no other skill has",
            ));
        }
        if let Some(i) = p.iter().position(|p| !(*p > 0.0 && p.is_finite())) {
            return Err(Error::setting(
                format!("p of `{}`", names[i]),
                p[i],
                "a finite number above 0",
            ));
        }
        let mut gates: Vec<Option<Gate>> = vec![None; names.len()];
        for (name, gate) in self.gates {
            let i = names
                .iter()
                .position(|n| *n == name)
                .ok_or_else(|| Error::unknown("skill", &name, names.iter().cloned()))?;
            if let Some(first) = &gates[i] {
                return Err(Error::setting(
                    format!("the gate of `{name}`"),
                    gate,
                    format!(
                        "given once, as Gate::and or Gate::or of all: it has the gate {first} already"
                    ),
                ));
            }
            gate.resolve(&names)?;
            gates[i] = Some(gate);
        }
        let graph = SkillGraph {
            names,
            frequencies: Frequencies::weights(p)?,
            gates,
        };
        graph.refuse_circle()?;
        Ok(graph)
    }
}

impl SkillGraph {
    /// An empty graph, to which skills and gates are added.
    pub fn builder() -> GraphBuilder {
        GraphBuilder::default()
    }

    /// Skills that do not depend on each other, named 1, 2, ….
    pub fn independent(frequencies: Frequencies) -> Self {
        let n = frequencies.len();
        Self {
            names: (1..=n).map(|i| i.to_string()).collect(),
            frequencies,
            gates: vec![None; n],
        }
    }

    /// A chain 1 → 2 → … with the frequencies `p`: each skill waits for the one before it.
    pub fn chain(p: &[f64]) -> Result<Self> {
        let mut builder = Self::builder();
        for (i, p) in p.iter().enumerate() {
            builder = builder.skill((i + 1).to_string(), *p);
            if i > 0 {
                builder = builder.gate((i + 1).to_string(), i.to_string());
            }
        }
        builder.build()
    }

    /// Names of the skills.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Frequencies of the skills.
    pub fn frequencies(&self) -> &Frequencies {
        &self.frequencies
    }

    /// Gates of the skills; None waits for nothing.
    pub fn gates(&self) -> &[Option<Gate>] {
        &self.gates
    }

    /// Number of skills.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Never: there is at least one skill.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The place of a skill (from 0).
    ///
    /// # Errors
    /// A name that is not there, with the nearest that is.
    pub fn skill(&self, name: &str) -> Result<usize> {
        let place = self.names.iter().position(|n| n == name);
        place.ok_or_else(|| Error::unknown("skill", name, self.names.iter().cloned()))
    }

    /// The skills (from 0) for which skill `i` waits directly.
    pub fn before(&self, i: usize) -> Vec<usize> {
        let gate = self.gates[i].iter();
        let names = gate.flat_map(Gate::skills);
        names
            .filter_map(|name| self.names.iter().position(|n| n == name))
            .collect()
    }

    /// All skills for which skill `i` waits, directly or not.
    pub fn ancestors(&self, i: usize) -> Vec<usize> {
        let mut found = self.before(i);
        let mut next = 0;
        while next < found.len() {
            for j in self.before(found[next]) {
                if !found.contains(&j) {
                    found.push(j);
                }
            }
            next += 1;
        }
        found
    }

    /// Shows the graph in a notebook cell, in the DOT language.
    pub fn evcxr_display(&self) {
        println!("{}", self.to_dot());
    }

    fn nodes(&self) -> Result<Vec<Option<Node>>> {
        let resolve =
            |gate: &Option<Gate>| gate.as_ref().map(|g| g.resolve(&self.names)).transpose();
        self.gates.iter().map(resolve).collect()
    }

    /// Depth first; `state` is 0 for a skill not seen, 1 on the path, 2 done.
    fn refuse_circle(&self) -> Result<()> {
        fn visit(
            graph: &SkillGraph,
            i: usize,
            state: &mut [u8],
            path: &mut Vec<usize>,
        ) -> Result<()> {
            state[i] = 1;
            path.push(i);
            for j in graph.before(i) {
                if state[j] == 1 {
                    let begin = path.iter().position(|k| *k == j).unwrap_or(0);
                    // The path goes from a skill to what it waits for; arrows go the other way, from the first skill of the circle.
                    let mut circle: Vec<usize> = path[begin..].iter().rev().copied().collect();
                    let first = circle
                        .iter()
                        .enumerate()
                        .min_by_key(|c| c.1)
                        .map_or(0, |c| c.0);
                    circle.rotate_left(first);
                    circle.push(circle[0]);
                    let circle: Vec<&str> =
                        circle.iter().map(|k| graph.names[*k].as_str()).collect();
                    return Err(Error::setting(
                        "gates",
                        circle.join(" → "),
                        "without circles: no skill of this one could ever start; take one of its gates away",
                    ));
                }
                if state[j] == 0 {
                    visit(graph, j, state, path)?;
                }
            }
            path.pop();
            state[i] = 2;
            Ok(())
        }
        let mut state = vec![0; self.len()];
        for i in 0..self.len() {
            if state[i] == 0 {
                visit(self, i, &mut state, &mut Vec::new())?;
            }
        }
        Ok(())
    }
}
