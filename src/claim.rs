//! Claims: a statement of a document, what was measured for it, and the verdict.

use crate::display;
use crate::error::{Error, Result};
use crate::stats::Interval;
use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What the measurement says of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The interval agrees with the statement.
    Holds,
    /// The interval excludes the statement.
    Fails,
    /// The statement is right in kind, and another number or form is measured.
    Differs,
    /// The interval is too wide, or the preset too small, to tell.
    Inconclusive,
}

impl Verdict {
    /// The word for tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Differs => "differs",
            Self::Inconclusive => "inconclusive",
        }
    }

    fn mark(self) -> (&'static str, &'static str) {
        // Colours of equal lightness that colour-blind readers tell apart; the sign repeats them.
        match self {
            Self::Holds => ("✓", "#0072b2"),
            Self::Fails => ("✗", "#d55e00"),
            Self::Differs => ("≠", "#b8860b"),
            Self::Inconclusive => ("?", "#777777"),
        }
    }

    /// Holds when the whole interval is above `bound`, fails when it is wholly below, else inconclusive.
    pub fn above(interval: Interval, bound: f64) -> Self {
        Self::by(interval.above(bound), interval.below(bound))
    }

    /// Holds when the whole interval is below `bound`, fails when it is wholly above, else inconclusive.
    pub fn below(interval: Interval, bound: f64) -> Self {
        Self::by(interval.below(bound), interval.above(bound))
    }

    /// Holds when the whole interval lies in [low, high], fails when it lies wholly outside, else inconclusive.
    pub fn within(interval: Interval, low: f64, high: f64) -> Self {
        Self::by(
            interval.low >= low && interval.high <= high,
            interval.high < low || interval.low > high,
        )
    }

    fn by(holds: bool, fails: bool) -> Self {
        match (holds, fails) {
            (true, _) => Self::Holds,
            (_, true) => Self::Fails,
            _ => Self::Inconclusive,
        }
    }
}

/// One statement of a document beside its measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The experiment that measures it; filled in by the runner.
    pub experiment: String,
    /// A short name, unique in the experiment.
    pub id: String,
    /// Where the document says it.
    pub source: String,
    /// What the document says.
    pub statement: String,
    /// What would be measured if it were so.
    pub expected: String,
    /// The measured value.
    pub measured: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// Seeds (or other units) behind it.
    pub seeds: usize,
    /// What the measurement says.
    pub verdict: Verdict,
    /// What was measured in place of a failed statement, and how.
    pub note: String,
}

impl Claim {
    /// A claim with its measurement.
    ///
    /// ```
    /// use scurve::{claim::{Claim, Verdict}, stats};
    /// let rate = stats::mean(&[1.99, 2.0, 2.01]);
    /// let claim = Claim::new("rate", "post, Introduction", "the loss decays exponentially", "2", rate)
    ///     .verdict(Verdict::within(rate, 1.9, 2.1))
    ///     .note("fitted to ln L");
    /// assert_eq!(claim.verdict, Verdict::Holds);
    /// ```
    pub fn new(
        id: &str,
        source: &str,
        statement: &str,
        expected: &str,
        measured: Interval,
    ) -> Self {
        Self {
            experiment: String::new(),
            id: id.into(),
            source: source.into(),
            statement: statement.into(),
            expected: expected.into(),
            measured: measured.value,
            low: measured.low,
            high: measured.high,
            seeds: measured.n,
            verdict: Verdict::Inconclusive,
            note: String::new(),
        }
    }

    /// Sets the verdict.
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }

    /// Sets the note.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// A list of claims that shows itself as a coloured table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims(pub Vec<Claim>);

impl Claims {
    /// How many of each verdict: holds, fails, differs, inconclusive.
    pub fn tally(&self) -> [usize; 4] {
        let count = |v| self.0.iter().filter(|c| c.verdict == v).count();
        [
            count(Verdict::Holds),
            count(Verdict::Fails),
            count(Verdict::Differs),
            count(Verdict::Inconclusive),
        ]
    }

    /// The claims as a table, one a row.
    pub fn table(&self) -> Result<Table> {
        let text = |f: fn(&Claim) -> &str| -> Vec<String> {
            self.0.iter().map(|c| f(c).to_string()).collect()
        };
        let number = |f: fn(&Claim) -> f64| -> Vec<f64> { self.0.iter().map(f).collect() };
        Table::new()
            .with("experiment", text(|c| &c.experiment))?
            .with("id", text(|c| &c.id))?
            .with("source", text(|c| &c.source))?
            .with("statement", text(|c| &c.statement))?
            .with("expected", text(|c| &c.expected))?
            .with("measured", number(|c| c.measured))?
            .with("low", number(|c| c.low))?
            .with("high", number(|c| c.high))?
            .with("seeds", self.0.iter().map(|c| c.seeds).collect::<Vec<_>>())?
            .with("verdict", text(|c| c.verdict.as_str()))?
            .with("note", text(|c| &c.note))
    }

    /// Reads claims back from the columns of [`table`](Self::table).
    pub fn from_table(table: &Table) -> Result<Self> {
        let text = |name: &str| table.strs(name);
        let (experiment, id, source) = (text("experiment")?, text("id")?, text("source")?);
        let (statement, expected, note) = (text("statement")?, text("expected")?, text("note")?);
        let (measured, low, high) = (
            table.f64s("measured")?,
            table.f64s("low")?,
            table.f64s("high")?,
        );
        let (seeds, verdict) = (table.i64s("seeds")?, text("verdict")?);
        (0..table.height())
            .map(|i| {
                let verdict = serde_json::from_value(serde_json::Value::String(verdict[i].clone()))
                    .map_err(|e| Error::Table(format!("verdict in row {}: {e}", i + 1)))?;
                Ok(Claim {
                    experiment: experiment[i].clone(),
                    id: id[i].clone(),
                    source: source[i].clone(),
                    statement: statement[i].clone(),
                    expected: expected[i].clone(),
                    measured: measured[i],
                    low: low[i],
                    high: high[i],
                    seeds: seeds[i].max(0) as usize,
                    verdict,
                    note: note[i].clone(),
                })
            })
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Shows the claims in a notebook cell.
    pub fn evcxr_display(&self) {
        display::html(&self.to_html(), &self.to_string());
    }

    /// The claims as an HTML table with coloured verdicts.
    pub fn to_html(&self) -> String {
        let mut out = String::from(
            "<table><thead><tr><th></th><th style=\"text-align:left\">claim</th><th style=\"text-align:left\">expected</th>\
             <th style=\"text-align:right\">measured [95 %]</th><th style=\"text-align:right\">seeds</th>\
             <th style=\"text-align:left\">note</th></tr></thead><tbody>",
        );
        for c in &self.0 {
            let (sign, colour) = c.verdict.mark();
            let _ = write!(
                out,
                "<tr><td style=\"text-align:left;white-space:nowrap;color:{colour};font-weight:bold\">{sign} {}</td>\
                 <td style=\"text-align:left\">{}<br><small style=\"opacity:.65\">{} · <code>{}</code></small></td>\
                 <td style=\"text-align:left\">{}</td><td style=\"text-align:right;white-space:nowrap\">{}<br><small>[{}, {}]</small></td>\
                 <td style=\"text-align:right\">{}</td><td style=\"text-align:left\"><small>{}</small></td></tr>",
                c.verdict.as_str(),
                display::escape(&c.statement),
                display::escape(&c.source),
                display::escape(&c.id),
                display::escape(&c.expected),
                display::number(c.measured),
                display::number(c.low),
                display::number(c.high),
                c.seeds,
                display::escape(&c.note),
            );
        }
        let [holds, fails, differs, open] = self.tally();
        let _ = write!(
            out,
            "</tbody></table><p style=\"margin:0;opacity:.65\"><small>{holds} hold, {fails} fail, {differs} differ, {open} inconclusive</small></p>"
        );
        out
    }
}

impl std::fmt::Display for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in &self.0 {
            writeln!(
                f,
                "{} {:<12} {}/{}: {} — expected {}, measured {} [{}, {}] over {} seeds{}{}",
                c.verdict.mark().0,
                c.verdict.as_str(),
                c.experiment,
                c.id,
                c.statement,
                c.expected,
                display::number(c.measured),
                display::number(c.low),
                display::number(c.high),
                c.seeds,
                if c.note.is_empty() { "" } else { ". " },
                c.note
            )?;
        }
        let [holds, fails, differs, open] = self.tally();
        writeln!(
            f,
            "{holds} hold, {fails} fail, {differs} differ, {open} inconclusive"
        )
    }
}
