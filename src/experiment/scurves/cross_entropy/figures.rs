//! Figures of the cross-entropy.

use super::CrossEntropy;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves;
use crate::figure::{Figure, Figures, Panel, Style};

pub(super) fn draw(experiment: &CrossEntropy, outcome: &Outcome) -> Result<Figures> {
    let all = outcome.table("curves")?;
    let lines = |case: &str, rank: usize, y: &str| {
        curves::by_seed(
            &all.rows_where("case", case)?.rows_where("rank", rank)?,
            "t",
            y,
        )
    };
    let mut loss = Figure::new("Cross-entropy: the loss falls from step to step, and at rank 10 for longer than the budget").columns(3);
    let mut norm =
        Figure::new("The norms fall under the cross-entropy too, the less the larger the logits")
            .columns(3);
    for &rank in &experiment.ranks {
        let mut panel = Panel::new(format!("rank {rank}"))
            .x("time t (step × learning rate)")
            .y("offset loss (nats)")
            .log_x()
            .log_y();
        panel = curves::draw_seeds(
            panel,
            "logits as drawn",
            lines("cross-entropy", rank, "loss")?,
            Style::new().cycle(0),
        );
        if rank == 10 {
            panel = curves::draw_seeds(
                panel,
                "logits of unit size",
                lines("unit-logits", rank, "loss")?,
                Style::new().cycle(1),
            );
        }
        loss = loss.panel(panel.y_range(1e-6, 1e2));
        let mut panel = Panel::new(format!("rank {rank}"))
            .x("time (unit: see legend)")
            .y("squared norm / first value")
            .log_x();
        panel = curves::draw_seeds(
            panel,
            "cross-entropy, t",
            lines("cross-entropy", rank, "norm")?,
            Style::new().cycle(0),
        );
        panel = curves::draw_seeds(
            panel,
            "squared error, t × σ_{1}",
            lines("squared", rank, "norm")?,
            Style::new().cycle(2),
        );
        if experiment.ranks.iter().min() == Some(&rank) {
            let small = lines("small-logits", rank, "norm")?;
            panel = curves::draw_seeds(
                panel,
                "cross-entropy, small logits, t × σ_{1}/n²",
                small,
                Style::new().cycle(1),
            );
        }
        norm = norm.panel(panel.y_range(0.0, 1.3));
    }
    let note = "Pale: single seeds; dark: their median. Offset loss: cross-entropy less the target’s entropy.";
    Ok(Figures::new()
        .with("loss", loss.note(note))
        .with("norm", norm.note(note)))
}
