//! Figures of what was inferred.

use super::Inference;
use crate::display::number;
use crate::error::Result;
use crate::figure::{Dash, Figure, Panel, Style};

impl Inference {
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
