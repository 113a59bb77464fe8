//! Dependency graphs in TOML.

use super::lexer::error;
use super::{Gate, SkillGraph};
use crate::error::{Error, Result};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

impl SkillGraph {
    /// Reads a graph: an array `skill` of tables with `name`, frequency `p`, and `after`, what it waits for: a name, `{ all = […] }` (AND) or
    /// `{ any = […] }` (OR), nested at will.
    ///
    /// ```
    /// use scurve::model::skill::SkillGraph;
    /// let graph = SkillGraph::from_toml(r#"
    ///     [[skill]]
    ///     name = "a"
    ///     p = 0.3
    ///
    ///     [[skill]]
    ///     name = "b"
    ///     p = 1
    ///
    ///     [[skill]]
    ///     name = "c"
    ///     p = 3
    ///     after = { any = ["a", { all = ["a", "b"] }] }
    /// "#)?;
    /// assert_eq!(graph.gates()[2].as_ref().map(|g| g.to_string()), Some("or(a, and(a, b))".into()));
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// What does not parse and keys that are not known, with line and column; what [`build`](super::GraphBuilder::build) refuses.
    pub fn from_toml(text: &str) -> Result<Self> {
        let document = DeTable::parse(text).map_err(|e| Error::Config {
            origin: "TOML".into(),
            message: e.to_string().trim_end().to_string(),
        })?;
        let reader = Reader { text };
        let document = document.into_inner();
        reader.known(&document, &["skill"])?;
        let Some(skills) = document.get("skill") else {
            return Self::builder().build();
        };
        let DeValue::Array(skills) = skills.get_ref() else {
            return Err(reader.error(
                skills.span(),
                "`skill` is a list of tables: write [[skill]]",
            ));
        };
        let mut builder = Self::builder();
        for skill in skills {
            let DeValue::Table(table) = skill.get_ref() else {
                return Err(reader.error(skill.span(), "a skill is a table with name, p and after"));
            };
            reader.known(table, &["name", "p", "after"])?;
            let name = reader.text(
                table
                    .get("name")
                    .ok_or_else(|| reader.error(skill.span(), "this skill has no `name`"))?,
            )?;
            let p = table.get("p").ok_or_else(|| {
                reader.error(
                    skill.span(),
                    &format!("the skill `{name}` has no frequency `p`"),
                )
            })?;
            builder = builder.skill(&name, reader.number(p)?);
            if let Some(after) = table.get("after") {
                builder = builder.gate(&name, reader.gate(after)?);
            }
        }
        builder.build()
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn error(&self, span: Range<usize>, message: &str) -> Error {
        let before = &self.text[..span.start.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        error("TOML", line, column, message)
    }

    fn known(&self, table: &DeTable, keys: &[&str]) -> Result<()> {
        match table.keys().find(|k| !keys.contains(&k.get_ref().as_ref())) {
            Some(key) => {
                let unknown = Error::unknown("key", key.get_ref(), keys.iter().copied());
                Err(self.error(key.span(), &unknown.to_string()))
            }
            None => Ok(()),
        }
    }

    fn text(&self, value: &Spanned<DeValue>) -> Result<String> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.error(value.span(), "a name in quotes stands here")),
        }
    }

    fn number(&self, value: &Spanned<DeValue>) -> Result<f64> {
        let text = match value.get_ref() {
            DeValue::Float(x) => x.as_str(),
            DeValue::Integer(x) => x.as_str(),
            _ => "",
        };
        text.parse()
            .map_err(|_| self.error(value.span(), "a number stands here, such as 0.3"))
    }

    fn gate(&self, value: &Spanned<DeValue>) -> Result<Gate> {
        let table = match value.get_ref() {
            DeValue::String(name) => return Ok(Gate::after(name.to_string())),
            DeValue::Table(table) => table,
            _ => {
                return Err(self.error(
                    value.span(),
                    "a name, { all = […] } or { any = […] } stands here",
                ));
            }
        };
        self.known(table, &["all", "any"])?;
        let (Some((key, list)), 1) = (table.iter().next(), table.len()) else {
            return Err(self.error(
                value.span(),
                "one of `all` and `any` stands here; nest them to have both",
            ));
        };
        let DeValue::Array(list) = list.get_ref() else {
            return Err(self.error(list.span(), "a list of names and gates stands here"));
        };
        let gates = list
            .iter()
            .map(|g| self.gate(g))
            .collect::<Result<Vec<_>>>()?;
        Ok(if key.get_ref() == "all" {
            Gate::And(gates)
        } else {
            Gate::Or(gates)
        })
    }
}
