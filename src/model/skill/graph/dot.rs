//! Dependency graphs in the DOT language.

use super::gate::quoted;
use super::lexer::{Token, Tokens, gate};
use super::{Gate, SkillGraph};
use crate::error::{Error, Result};
use std::fmt::Write;

/// What is known of a skill while a text is read.
struct Draft {
    name: String,
    place: (usize, usize),
    p: Option<f64>,
    /// `and` (the default) or `or`: how the arrows that come in are joined.
    join: Option<bool>,
    gate: Option<Gate>,
    from: Vec<String>,
}

impl SkillGraph {
    /// Reads a graph in a part of the DOT language.
    ///
    /// ```text
    /// digraph name {
    ///     a [p=1]; b [p=0.5]               // skills in the order in which they first appear
    ///     c [p=2, gate=or]                 // how the arrows into c are joined: and (default), or
    ///     d [p=1, gate="and(c, or(a, b))"] // or the gate itself; arrows into d may then be left out
    ///     a -> c; b -> c                   // c waits for a or b; a -> c -> d and {a b} -> c are two arrows each
    /// }
    /// ```
    ///
    /// Every skill has a frequency `p`. Other attributes, `node [...]`, `edge [...]`, `graph [...]` and settings such as `rankdir=LR` are read
    /// over; undirected edges, ports and subgraphs with a name are refused.
    ///
    /// ```
    /// use scurve::model::skill::SkillGraph;
    /// let graph = SkillGraph::from_dot("digraph { a [p=.3]; b [p=1]; a -> b }")?;
    /// assert_eq!(graph.names(), ["a", "b"]);
    /// let unclosed = SkillGraph::from_dot("digraph {\n  a [p=1").unwrap_err();
    /// assert!(unclosed.to_string().contains("line 2, column 9"));
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// What does not parse, with line and column; what [`SkillGraph::build`](super::GraphBuilder::build) refuses.
    pub fn from_dot(text: &str) -> Result<Self> {
        let mut tokens = Tokens::new(text, "DOT")?;
        tokens.take_word("strict");
        if !tokens.take_word("digraph") {
            return Err(tokens.unexpected("`digraph`"));
        }
        if !matches!(tokens.peek(), Some(Token::Sign("{"))) {
            tokens.name("a name or `{`")?;
        }
        tokens.expect("{")?;
        let mut drafts: Vec<Draft> = Vec::new();
        while !tokens.take("}") {
            statement(&mut tokens, &mut drafts)?;
        }
        tokens.end()?;
        let mut builder = Self::builder();
        for draft in &drafts {
            let Some(p) = draft.p else {
                let message = format!(
                    "the skill `{}` has no frequency; write {} [p=…]",
                    draft.name,
                    quoted(&draft.name)
                );
                return Err(tokens.error_at(draft.place, &message));
            };
            builder = builder.skill(&draft.name, p);
        }
        for draft in drafts {
            if let Some(gate) = draft.into_gate(&tokens)? {
                builder = builder.gate(&gate.0, gate.1);
            }
        }
        builder.build()
    }

    /// The graph in the DOT language, to be drawn, or read by [`from_dot`](Self::from_dot).
    ///
    /// A gate of one's own is drawn with its name and cannot be read back.
    pub fn to_dot(&self) -> String {
        let mut out = String::from("digraph skills {\n");
        for ((name, p), gate) in self
            .names()
            .iter()
            .zip(self.frequencies().p())
            .zip(self.gates())
        {
            let gate = match gate {
                None => String::new(),
                Some(gate) => format!(", gate={}", joined(gate)),
            };
            let _ = writeln!(out, "    {} [p={p}{gate}];", quoted(name));
        }
        for (name, gate) in self.names().iter().zip(self.gates()) {
            for from in gate.iter().flat_map(Gate::skills) {
                let _ = writeln!(out, "    {} -> {};", quoted(from), quoted(name));
            }
        }
        out.push_str("}\n");
        out
    }
}

/// `and` or `or` when the gate joins single skills, else the whole gate in quotes.
fn joined(gate: &Gate) -> String {
    let plain = |gates: &[Gate]| gates.iter().all(|g| matches!(g, Gate::After(_)));
    match gate {
        Gate::After(_) => "and".into(),
        Gate::And(gates) if plain(gates) => "and".into(),
        Gate::Or(gates) if plain(gates) => "or".into(),
        other => format!(
            "\"{}\"",
            other.to_string().replace('\\', "\\\\").replace('"', "\\\"")
        ),
    }
}

impl Draft {
    fn into_gate(self, tokens: &Tokens) -> Result<Option<(String, Gate)>> {
        if let Some(gate) = self.gate {
            let known = gate.skills();
            if let Some(other) = self.from.iter().find(|f| !known.contains(&f.as_str())) {
                let message = format!(
                    "the arrow {other} -> {} is not in its gate {gate}; leave it out or name it there",
                    self.name
                );
                return Err(tokens.error_at(self.place, &message));
            }
            return Ok(Some((self.name, gate)));
        }
        let or = self.join == Some(true);
        let gate = match self.from.len() {
            0 => return Ok(None),
            1 => Gate::after(self.from[0].clone()),
            _ if or => Gate::or(self.from),
            _ => Gate::and(self.from),
        };
        Ok(Some((self.name, gate)))
    }
}

fn statement(tokens: &mut Tokens, drafts: &mut Vec<Draft>) -> Result<()> {
    for word in ["node", "edge", "graph"] {
        if tokens.take_word(word) {
            attributes(tokens)?;
            return Ok(());
        }
    }
    if tokens.take_word("subgraph") {
        return Err(tokens.error_at(
            tokens.place(),
            "subgraphs are not read; list the skills and arrows alone",
        ));
    }
    let mut ends = vertices(tokens, drafts)?;
    if ends.len() == 1 && tokens.take("=") {
        // A setting such as rankdir=LR, not a skill.
        tokens.name("a value")?;
        drafts.retain(|d| d.p.is_some() || !d.from.is_empty() || d.name != ends[0].0 || !ends[0].1);
        return Ok(());
    }
    let mut arrows = false;
    while tokens.take("->") {
        arrows = true;
        let next = vertices(tokens, drafts)?;
        for (to, _) in &next {
            for (from, _) in &ends {
                let draft = drafts.iter_mut().find(|d| d.name == *to);
                if let Some(draft) = draft
                    && !draft.from.contains(from)
                {
                    draft.from.push(from.clone());
                }
            }
        }
        ends = next;
    }
    if matches!(tokens.peek(), Some(Token::Sign("--"))) {
        return Err(tokens.unexpected("`->`: what depends on what has a direction"));
    }
    if !matches!(tokens.peek(), Some(Token::Sign("["))) {
        return Ok(());
    }
    let place = tokens.place();
    for (key, value, at) in attributes(tokens)? {
        if arrows {
            continue;
        }
        for (name, _) in &ends {
            let draft = drafts.iter_mut().find(|d| d.name == *name);
            let Some(draft) = draft else { continue };
            match key.as_str() {
                "p" => {
                    let p = value.parse().map_err(|_| {
                        tokens.error_at(at, &format!("p = {value} is not a number"))
                    })?;
                    draft.p = Some(p);
                }
                "gate" => match value.to_ascii_lowercase().as_str() {
                    "and" => draft.join = Some(false),
                    "or" => draft.join = Some(true),
                    _ => draft.gate = Some(parse_gate(&value, at)?),
                },
                _ => {}
            }
        }
    }
    if ends.is_empty() {
        return Err(tokens.error_at(place, "attributes without a skill"));
    }
    Ok(())
}

fn parse_gate(text: &str, (line, column): (usize, usize)) -> Result<Gate> {
    let origin = format!("DOT, gate at line {line}, column {column}");
    let mut tokens = Tokens::new(text, &origin)?;
    let gate = gate(&mut tokens)?;
    tokens.end()?;
    Ok(gate)
}

/// A name or {names}; each with whether it is new.
fn vertices(tokens: &mut Tokens, drafts: &mut Vec<Draft>) -> Result<Vec<(String, bool)>> {
    let braces = tokens.take("{");
    let mut names = Vec::new();
    loop {
        let place = tokens.place();
        let name = tokens.name("a skill")?;
        let new = !drafts.iter().any(|d| d.name == name);
        if new {
            drafts.push(Draft {
                name: name.clone(),
                place,
                p: None,
                join: None,
                gate: None,
                from: Vec::new(),
            });
        }
        names.push((name, new));
        if !braces || tokens.take("}") {
            return Ok(names);
        }
        tokens.take(",");
    }
}

type Attribute = (String, String, (usize, usize));

/// [key=value, …], each with the place of its value.
fn attributes(tokens: &mut Tokens) -> Result<Vec<Attribute>, Error> {
    let mut out = Vec::new();
    while tokens.take("[") {
        while !tokens.take("]") {
            let key = tokens.name("an attribute such as p=1, or `]`")?;
            tokens.expect("=")?;
            let place = tokens.place();
            out.push((key, tokens.name("a value")?, place));
            tokens.take(",");
        }
    }
    Ok(out)
}
