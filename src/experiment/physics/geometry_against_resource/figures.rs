//! Figures of the comparison of Geometry and Resource model.

use super::GeometryAgainstResource;
use super::forms::{ANY, DRAWN, FITTED, FREE, KNOWN, PRINTED};
use super::sweep::{Knob, PUBLISHED};
use crate::display::significant;
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::physics::draw::{drawn, skills};
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::stats::{self, Interval};
use crate::table::Table;

/// N₀ of the σ sweep in the published code's stored output, the first six of 10^linspace(−3, 0, 10).
pub(super) const STORED: [(f64, f64); 6] = [
    (1e-3, 0.0316),
    (2.154_434_690e-3, 0.0646),
    (4.641_588_834e-3, 0.151),
    (1e-2, 0.339),
    (2.154_434_690e-2, 0.724),
    (4.641_588_834e-2, 1.41),
];

pub(super) fn draw(settings: &GeometryAgainstResource, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("rows", rows(settings, outcome)?)
        .with("rmse", rmse(settings, outcome)?)
        .with("forms", forms(settings, outcome)?)
        .with("waste", waste(settings, outcome)?))
}

fn panel(title: String, steps: usize) -> Panel {
    Panel::new(title)
        .x("step")
        .y("skill s")
        .x_range(0.0, steps as f64)
        .y_range(-0.1, 1.1)
}

/// The published figure's top: Geometry model left, Eq. 1 with its best N₀ right; two rows side by side.
fn rows(settings: &GeometryAgainstResource, outcome: &Outcome) -> Result<Figure> {
    let curves = outcome.table("curves")?;
    let fits = outcome.table("fits")?.rows_where("seed", 0)?;
    let until = settings.steps as f64;
    let mut panels = Vec::new();
    for row in settings.all_rows()? {
        let of = curves.rows_where("row", row.label.as_str())?;
        let fit = fits
            .rows_where("row", row.label.as_str())?
            .rows_where("form", PRINTED)?;
        let best = significant(fit.f64s("waste")?[0], 2);
        for (form, title) in [
            ("Geometry", format!("{}: Geometry", row.label)),
            (PRINTED, format!("Eq. 1, N_{{0}} = {best}")),
        ] {
            let shown = of.rows_where("form", form)?;
            let of_many = drawn(row.frequencies.len());
            panels.push(skills(
                panel(title, settings.steps),
                &shown,
                &of_many,
                until,
                |_, s| s,
            )?);
        }
    }
    Ok(
        Figure::new("Geometry model, and Eq. 1 with its best N_{0}, row by row")
            .panels(panels)
            .columns(4)
            .size(215.0, 150.0)
            .note(
                "One seed. Of many skills ten are drawn, the most frequent dark, the rarest light.",
            ),
    )
}

/// The rmse of each form in each row.
fn rmse(settings: &GeometryAgainstResource, outcome: &Outcome) -> Result<Figure> {
    let fits = outcome.table("fits")?;
    let labels: Vec<String> = settings.rows.iter().map(|r| r.label()).collect();
    let mut bars = Panel::new("").y("rmse of s");
    for (form, label) in [
        (PRINTED, "Eq. 1: N_{0} fitted"),
        (FREE, "Eq. 1: η and N_{0} fitted"),
        (FITTED, "L2: N_{0} fitted"),
        (KNOWN, "L2, N_{0} known: nothing fitted"),
        (DRAWN, "L2, steps drawn: nothing fitted"),
        (ANY, "bound: any C(t)"),
    ] {
        let of = fits.rows_where("form", form)?;
        let mut all = Vec::new();
        for row in &labels {
            all.push(stats::mean(
                &of.rows_where("row", row.as_str())?.f64s("rmse")?,
            ));
        }
        let (value, low, high) = ends(&all);
        let zero = |x: Vec<f64>| {
            x.iter()
                .map(|x| if x.is_finite() { *x } else { 0.0 })
                .collect::<Vec<_>>()
        };
        bars = bars.bars_with_interval(label, &labels, &zero(value), &zero(low), &zero(high));
    }
    Ok(
        Figure::new("The L2 form is nearer in most rows, and hardly needs its fit")
            .panel(bars)
            .size(860.0, 330.0)
            .note(format!(
                "Means over {} seeds with 95 % intervals. Adam is no sign descent and has no N_{{0}} known beforehand.",
                outcome.seeds().len()
            )),
    )
}

/// One row, all forms, curve on curve.
fn forms(settings: &GeometryAgainstResource, outcome: &Outcome) -> Result<Figure> {
    let curves = outcome.table("curves")?;
    let mut panels = Vec::new();
    let wanted = ["base", "α = 4", "B = 16"];
    for row in settings
        .all_rows()?
        .iter()
        .filter(|r| wanted.contains(&r.label.as_str()))
    {
        let of = curves.rows_where("row", row.label.as_str())?;
        let n = row.frequencies.len();
        let mut panel =
            panel(row.label.clone(), settings.steps).x_range(0.0, settings.steps as f64 / 2.0);
        for (form, style) in [
            (
                "Geometry",
                Style::new()
                    .cycle(3)
                    .width(2.5)
                    .alpha(0.45)
                    .dash(Dash::Solid),
            ),
            (PRINTED, Style::new().cycle(1).dash(Dash::Dotted)),
            (DRAWN, Style::new().cycle(0).dash(Dash::Solid)),
        ] {
            let shown = of.rows_where("form", form)?;
            for (k, i) in [1, 2.min(n), (n / 2).max(1), n].into_iter().enumerate() {
                let one = shown.rows_where("skill", i as i64)?;
                let label = if k == 0 {
                    form.replace('₀', "_{0}")
                } else {
                    String::new()
                };
                panel = panel.line_styled(label, &one.f64s("step")?, &one.f64s("s")?, style);
            }
        }
        panels.push(panel);
    }
    Ok(Figure::new(
        "Without a fit the L2 form lies on the Geometry model; Eq. 1 with its best N_{0} does not",
    )
    .panels(panels)
    .note("Skills 1, 2, n/2 and n of one seed."))
}

fn ends(all: &[Interval]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let or = |end: f64, value: f64| if end.is_finite() { end } else { value };
    (
        all.iter().map(|i| i.value).collect(),
        all.iter().map(|i| or(i.low, i.value)).collect(),
        all.iter().map(|i| or(i.high, i.value)).collect(),
    )
}

/// The values of a knob and the median of N₀ over seeds; NaN where the curves do not tell N₀.
pub(super) fn medians(sweep: &Table, knob: Knob, form: &str) -> Result<(Vec<f64>, Vec<Interval>)> {
    let rows = sweep
        .rows_where("knob", knob.name())?
        .rows_where("form", form)?;
    let mut values = rows.f64s("value")?;
    values.sort_by(f64::total_cmp);
    values.dedup();
    let mut all = Vec::new();
    for value in &values {
        let at = rows.rows_where("value", *value)?;
        let told: Vec<f64> = at
            .f64s("waste")?
            .into_iter()
            .zip(at.strs("bound")?)
            .filter(|(w, bound)| *w > 0.0 && bound == "inside")
            .map(|(w, _)| w)
            .collect();
        // More than half of the seeds must tell it.
        let median = if 2 * told.len() > at.height() {
            stats::median(&told)
        } else {
            Interval::none()
        };
        all.push(median);
    }
    Ok((values, all))
}

/// The published figure's bottom, with the predictions.
fn waste(settings: &GeometryAgainstResource, outcome: &Outcome) -> Result<Figure> {
    let (sweep, predicted) = (outcome.table("sweep")?, outcome.table("predicted")?);
    let mut panels = Vec::new();
    for (knob, title, x) in [
        (Knob::Rate, "Learning rate", "η"),
        (Knob::Noise, "Noise", "σ"),
        (Knob::Batch, "Batch size", "B"),
        (Knob::RateAlone, "Learning rate alone", "η"),
        (Knob::NoiseAlone, "Noise alone", "σ"),
        (Knob::BatchAlone, "Batch size alone", "B"),
    ] {
        let mut panel = Panel::new(title).x(x).y("N_{0}").log_x().log_y();
        for (k, (form, label)) in [(PRINTED, "Eq. 1"), (FITTED, "L2")].into_iter().enumerate() {
            let (values, all) = medians(&sweep, knob, form)?;
            let (middle, low, high) = ends(&all);
            let style = Style::new().cycle(k);
            panel = panel
                .error_bars(format!("{label}, fitted"), &values, &middle, &low, &high)
                .styled(style);
            let (values, all) = medians(&predicted, knob, form)?;
            panel = panel.line_styled(
                format!("{label}, without a fit"),
                &values,
                &ends(&all).0,
                style.dash(if k == 0 { Dash::Dashed } else { Dash::Solid }),
            );
        }
        if knob == Knob::Noise && settings.noises.len() == 10 {
            let (x, y): (Vec<f64>, Vec<f64>) = STORED.iter().copied().unzip();
            panel = panel
                .scatter("published output", &x, &y)
                .styled(Style::new().cycle(3));
            let (values, all) = medians(&sweep, knob, PUBLISHED)?;
            panel = panel
                .scatter("published procedure", &values, &ends(&all).0)
                .styled(Style::new().cycle(4));
        }
        if matches!(knob, Knob::Rate | Knob::RateAlone) {
            // Where next to nothing is learned in the steps given, intervals reach down to nothing.
            panel = panel.y_range(1e-4, 10.0);
        }
        panels.push(panel);
    }
    Ok(Figure::new("N_{0} comes from the step's length, the noise and the batch, and is known beforehand")
        .panels(panels)
        .columns(3)
        .note(format!(
            "Top: as published, on vectors that are not orthogonal, with B = {} and η = {}; bottom: one cause at a time, orthonormal vectors. Medians over {} seeds with 95 % intervals; \
             lines: N_{{0}} fitted to the average over Gaussian vectors, which uses no data. A point is missing where the curves do not tell N_{{0}}.",
            settings.sweep_batch,
            settings.sweep_rate,
            outcome.seeds().len()
        )))
}
