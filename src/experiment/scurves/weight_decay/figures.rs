//! Figures of weight decay.

use super::WeightDecay;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves;
use crate::figure::{Colour, Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};

pub(super) fn draw(experiment: &WeightDecay, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("loss", experiment.draw_loss(outcome)?)
        .with("end", experiment.draw_end(outcome)?))
}

impl WeightDecay {
    fn style(&self, index: usize) -> Style {
        Style::new().colour(Colour::Ordered {
            index,
            of: self.decays.len(),
        })
    }

    fn draw_loss(&self, outcome: &Outcome) -> Result<Figure> {
        let all = outcome.table("curves")?;
        let mut figure =
            Figure::new("Weight decay: an earlier fall, a longer plateau, an end above zero")
                .columns(3);
        for (y, label) in [
            ("loss", "½‖A − Ã‖² / ½‖A‖²"),
            ("norm", "squared norm of the factors / target’s"),
        ] {
            for &rank in &self.ranks {
                let table = all.rows_where("rank", rank)?;
                let mut panel = Panel::new(format!("rank {rank}"))
                    .x("time t × σ_{1}")
                    .y(label)
                    .log_x()
                    .log_y();
                panel = match y {
                    "loss" => panel.y_range(1e-5, 4.0),
                    _ => panel.y_range(1e-3, 2.0),
                };
                for (i, &lambda) in self.decays.iter().enumerate() {
                    let lines = curves::by_seed(&table.rows_where("lambda", lambda)?, "t", y)?;
                    panel = curves::draw_seeds(
                        panel,
                        &format!("λ = {lambda} σ_{{1}}"),
                        lines,
                        self.style(i),
                    );
                }
                figure = figure.panel(panel);
            }
        }
        Ok(figure.note(
            "Pale: single seeds; dark: their median. The loss is without the decay's own part.",
        ))
    }

    fn draw_end(&self, outcome: &Outcome) -> Result<Figure> {
        // Every mode of one seed: those of all seeds lie on the same lines, ten times as many.
        let first = outcome.seeds().first().copied().unwrap_or(0);
        let modes = outcome.table("modes")?.rows_where("seed", first)?;
        let mut ends = Panel::new("The end is the soft-thresholded target")
            .x("σ_{k} / σ_{1}")
            .y("learned singular value / σ_{1}");
        for (i, &lambda) in self.decays.iter().enumerate() {
            let table = modes.rows_where("lambda", lambda)?;
            let x = [0.0, lambda.min(1.0), 1.0];
            let y = x.map(|s| (s - lambda).max(0.0));
            let theory = Style::new()
                .colour(Colour::Ink)
                .dash(Dash::Dashed)
                .width(1.0);
            let label = format!("λ = {lambda} σ_{{1}}");
            ends = ends
                .line_styled("max(σ_{k} − λ, 0)", &x, &y, theory)
                .scatter(label, &table.f64s("sigma_k")?, &table.f64s("learned")?)
                .styled(self.style(i).size(3.0));
        }
        let critical = outcome.table("critical")?;
        let gaps: Vec<f64> = self.critical.iter().map(|l| 1.0 - l).collect();
        let at = |lambda: &f64| {
            Ok(stats::median(
                &critical.rows_where("lambda", *lambda)?.f64s("half_time")?,
            ))
        };
        let times: Vec<Interval> = self.critical.iter().map(at).collect::<Result<_>>()?;
        let pick = |f: fn(&Interval) -> f64| -> Vec<f64> { times.iter().map(f).collect() };
        let value = pick(|i| i.value);
        let guide: Vec<f64> = gaps.iter().map(|g| value[0] * gaps[0] / g).collect();
        let plateau = Panel::new("The wait diverges as λ → σ_{1}")
            .x("1 − λ/σ_{1}")
            .y("time until half learned × σ_{1}")
            .log_x()
            .log_y()
            .error_bars(
                "rank 1, small start",
                &gaps,
                &value,
                &pick(|i| i.low),
                &pick(|i| i.high),
            )
            .line_styled(
                "∝ 1/(σ_{1} − λ)",
                &gaps,
                &guide,
                Style::new().colour(Colour::Ink).dash(Dash::Dashed),
            );
        Ok(Figure::new("Weight decay takes the modes one by one")
            .columns(2)
            .panel(ends)
            .panel(plateau)
            .note(format!(
                "Left: all modes of all ranks, seed {first}; right: medians over seeds."
            )))
    }
}
