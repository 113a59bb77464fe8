//! What must be learned before a skill can be.

use crate::error::{Error, Result};
use std::fmt::{self, Write};
use std::sync::Arc;

/// What a skill waits for: another skill, several (AND, OR, nested at will), or a function of unskills.
///
/// Written as text a gate is a name, `and(…)` or `or(…)`:
///
/// ```
/// use scurve::model::skill::Gate;
/// let gate: Gate = "and(a, or(b, \"skill c\"))".parse()?;
/// assert_eq!(gate, Gate::and([Gate::after("a"), Gate::or(["b", "skill c"])]));
/// assert_eq!(gate.to_string(), "and(a, or(b, \"skill c\"))");
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Gate {
    /// One skill.
    After(String),
    /// All of them: the product.
    And(Vec<Gate>),
    /// At least one: the maximum.
    Or(Vec<Gate>),
    /// A function of one's own.
    Custom(CustomGate),
}

/// From unskills to an opening.
type Function = Arc<dyn Fn(&[f64]) -> f64 + Send + Sync>;

/// A gate that is any function of the unskills of some skills, with values from 0 (shut) to 1 (open).
#[derive(Clone)]
pub struct CustomGate {
    name: String,
    skills: Vec<String>,
    function: Function,
}

impl Gate {
    /// Waits for one skill.
    pub fn after(skill: impl Into<String>) -> Self {
        Self::After(skill.into())
    }

    /// Waits for all: names, or gates.
    pub fn and<G: Into<Gate>>(gates: impl IntoIterator<Item = G>) -> Self {
        Self::And(gates.into_iter().map(Into::into).collect())
    }

    /// Waits for at least one: names, or gates.
    pub fn or<G: Into<Gate>>(gates: impl IntoIterator<Item = G>) -> Self {
        Self::Or(gates.into_iter().map(Into::into).collect())
    }

    /// A gate of your own: `function` is given the unskills of `skills`, in that order, and returns B from 0 to 1. It is called in every step, with
    /// nothing of the form or γ of the other gates applied.
    ///
    /// ```
    /// use scurve::model::skill::Gate;
    /// // Open in proportion to the mean level of two skills.
    /// let gate = Gate::custom("mean", ["a", "b"], |u| 1.0 - 0.5 * (u[0] + u[1]));
    /// assert_eq!(gate.to_string(), "mean(a, b)");
    /// ```
    pub fn custom<S: Into<String>>(
        name: impl Into<String>,
        skills: impl IntoIterator<Item = S>,
        function: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::Custom(CustomGate {
            name: name.into(),
            skills: skills.into_iter().map(Into::into).collect(),
            function: Arc::new(function),
        })
    }

    /// The names of all skills in it, in the order in which they appear, each once.
    pub fn skills(&self) -> Vec<&str> {
        fn collect<'a>(gate: &'a Gate, into: &mut Vec<&'a str>) {
            let mut add = |name: &'a str| {
                if !into.contains(&name) {
                    into.push(name);
                }
            };
            match gate {
                Gate::After(name) => add(name),
                Gate::And(gates) | Gate::Or(gates) => gates.iter().for_each(|g| collect(g, into)),
                Gate::Custom(custom) => custom.skills.iter().for_each(|name| add(name)),
            }
        }
        let mut names = Vec::new();
        collect(self, &mut names);
        names
    }

    /// With names replaced by places in `names`.
    pub(super) fn resolve(&self, names: &[String]) -> Result<Node> {
        let place = |name: &String| {
            names
                .iter()
                .position(|n| n == name)
                .ok_or_else(|| Error::unknown("skill", name, names.iter().cloned()))
        };
        let all = |gates: &[Gate], kind: &str| -> Result<Vec<Node>> {
            if gates.is_empty() {
                return Err(Error::setting(
                    "gate",
                    format!("{kind}()"),
                    "a gate with at least one skill in it; a skill that waits for nothing has no gate",
                ));
            }
            gates.iter().map(|g| g.resolve(names)).collect()
        };
        Ok(match self {
            Self::After(name) => Node::Skill(place(name)?),
            Self::And(gates) => Node::And(all(gates, "and")?),
            Self::Or(gates) => Node::Or(all(gates, "or")?),
            Self::Custom(custom) => Node::Custom {
                skills: custom.skills.iter().map(place).collect::<Result<_>>()?,
                function: custom.function.clone(),
            },
        })
    }
}

impl<S: Into<String>> From<S> for Gate {
    fn from(name: S) -> Self {
        Self::after(name)
    }
}

impl fmt::Debug for CustomGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.skills.join(", "))
    }
}

impl PartialEq for CustomGate {
    /// The same name, skills and function object.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.skills == other.skills
            && Arc::ptr_eq(&self.function, &other.function)
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, kind: &str, gates: &[Gate]| {
            write!(f, "{kind}(")?;
            for (i, gate) in gates.iter().enumerate() {
                write!(f, "{}{gate}", if i > 0 { ", " } else { "" })?;
            }
            f.write_char(')')
        };
        match self {
            Self::After(name) => f.write_str(&quoted(name)),
            Self::And(gates) => list(f, "and", gates),
            Self::Or(gates) => list(f, "or", gates),
            Self::Custom(custom) => {
                let names: Vec<String> = custom.skills.iter().map(|s| quoted(s)).collect();
                write!(f, "{}({})", custom.name, names.join(", "))
            }
        }
    }
}

/// A name as it stands in DOT: in quotes unless it is a word or a number.
pub(super) fn quoted(name: &str) -> String {
    let word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let reserved = [
        "and", "or", "node", "edge", "graph", "digraph", "subgraph", "strict",
    ];
    if word && !reserved.contains(&name.to_ascii_lowercase().as_str()) {
        return name.to_string();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

impl std::str::FromStr for Gate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut tokens = super::lexer::Tokens::new(text, "gate")?;
        let gate = super::lexer::gate(&mut tokens)?;
        tokens.end()?;
        Ok(gate)
    }
}

/// A gate with places in place of names.
#[derive(Clone)]
pub(super) enum Node {
    Skill(usize),
    And(Vec<Node>),
    Or(Vec<Node>),
    Custom {
        skills: Vec<usize>,
        function: Function,
    },
}

impl Node {
    /// B, from the opening that each skill gives and the unskills themselves; `scratch` is room for a function's arguments.
    pub(super) fn opening(
        &self,
        each: &impl Fn(usize) -> f64,
        unskill: &[f64],
        scratch: &mut Vec<f64>,
    ) -> f64 {
        match self {
            Self::Skill(i) => each(*i),
            Self::And(nodes) => nodes
                .iter()
                .map(|n| n.opening(each, unskill, scratch))
                .product(),
            Self::Or(nodes) => nodes
                .iter()
                .map(|n| n.opening(each, unskill, scratch))
                .fold(0.0, f64::max),
            Self::Custom { skills, function } => {
                scratch.clear();
                scratch.extend(skills.iter().map(|i| unskill[*i]));
                function(scratch)
            }
        }
    }
}
