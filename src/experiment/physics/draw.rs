//! Panels that figures of the Physics experiments share.

use crate::error::Result;
use crate::figure::{Colour, Panel, Style};
use crate::table::Table;

/// The most skills drawn in a panel, and the most records of each.
const MOST: (usize, usize) = (10, 60);

/// A line for each of the skills `drawn` from `rows` (columns `step`, `skill`, `s`), frequent ones dark, up to the step `until`; `of` makes the drawn number from (skill from 1, s).
pub(in crate::experiment) fn skills(
    mut panel: Panel,
    rows: &Table,
    drawn: &[usize],
    until: f64,
    of: impl Fn(usize, f64) -> f64,
) -> Result<Panel> {
    for (index, &i) in drawn.iter().enumerate() {
        let one = rows.rows_where("skill", i as i64)?;
        let (mut step, s) = (one.f64s("step")?, one.f64s("s")?);
        step.retain(|t| *t <= until);
        let stride = step.len().div_ceil(MOST.1).max(1);
        let (x, y): (Vec<f64>, Vec<f64>) = step
            .iter()
            .zip(&s)
            .step_by(stride)
            .map(|(t, s)| (*t, of(i, *s)))
            .unzip();
        // One legend entry for the first and one for the last: the colours tell the rest.
        let label = match index {
            0 => "most frequent skill",
            k if k + 1 == drawn.len() => "rarest skill",
            _ => "",
        };
        let colour = Colour::Ordered {
            index,
            of: drawn.len(),
        };
        panel = panel.line_styled(label, &x, &y, Style::new().colour(colour).width(1.3));
    }
    Ok(panel)
}

/// Which of many skills are drawn, from 1: at most ten, as evenly spread over ln i as whole numbers allow.
pub(in crate::experiment) fn drawn(n_task: usize) -> Vec<usize> {
    if n_task <= MOST.0 {
        return (1..=n_task).collect();
    }
    let share = |k: usize| k as f64 / (MOST.0 - 1) as f64;
    let mut all: Vec<usize> = (0..MOST.0)
        .map(|k| (n_task as f64).powf(share(k)).round() as usize)
        .collect();
    // Small numbers round to the same skill: take the next.
    for k in 1..all.len() {
        all[k] = all[k].max(all[k - 1] + 1);
    }
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn ten_different_skills_are_drawn_at_most() {
        assert_eq!(super::drawn(3), [1, 2, 3]);
        let many = super::drawn(100);
        assert_eq!((many.len(), many[0], many[9]), (10, 1, 100));
        assert!(many.windows(2).all(|w| w[0] < w[1]));
    }
}
