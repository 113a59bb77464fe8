//! Figures and claims of the Resource model against N₀.

use super::WasteControl;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::{self, number};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::physics::draw::{drawn, skills};
use crate::figure::{Figure, Figures, Panel};
use crate::stats::{self, Interval};

pub(super) fn draw(settings: &WasteControl, outcome: &Outcome) -> Result<Figures> {
    let curves = outcome.table("curves")?;
    let mut models = vec!["Geometry".to_string()];
    models.extend(settings.wastes.iter().map(|w| number(*w)));
    let mut panels = Vec::new();
    // The published figure ends where the Geometry run is done.
    let shown = (settings.steps as f64 / 3.0).max(10.0 * settings.every as f64);
    for model in &models {
        let title = match model.as_str() {
            "Geometry" => "Geometry model".to_string(),
            waste => format!("Resource, N_{{0}} = {waste}"),
        };
        let rows = curves.rows_where("model", model.as_str())?;
        panels.push(skills(
            Panel::new(title)
                .x("step")
                .y("skill s")
                .x_range(0.0, shown)
                .y_range(-0.1, 1.1),
            &rows,
            &drawn(settings.n_task),
            shown,
            |_, s| s,
        )?);
    }
    let panels = Figure::new("The larger N_{0}, the later each skill of the Resource model")
        .panels(panels)
        .columns(4)
        .size(215.0, 190.0)
        .note("The Geometry model of one seed; Eq. 1 with η_eff = 2√n_dim η, solved exactly.");

    let times = outcome.table("times")?;
    let (waste, delay, formula) = (
        times.f64s("waste")?,
        times.f64s("delay")?,
        times.f64s("formula")?,
    );
    let time = Panel::new("Delay of the last skill")
        .x("N_{0}")
        .y("steps later than at N_{0} = 0")
        .log_x()
        .log_y()
        .scatter("differential equation", &waste[1..], &delay[1..])
        .line("t_{waste} of Eq. 3", &waste[1..], &formula[1..]);
    let fits = outcome.table("fits")?;
    let list = fits.rows_where("kind", "list")?;
    let mut middle = Vec::new();
    for w in &settings.wastes {
        middle.push(stats::mean(&list.rows_where("waste", *w)?.f64s("rmse")?));
    }
    let pick = |f: fn(&Interval) -> f64| middle.iter().map(f).collect::<Vec<_>>();
    let mut misfit = Panel::new("How far from the Geometry model")
        .x("N_{0}")
        .y("rmse of s")
        .log_x()
        .log_y()
        .line("Eq. 1", &settings.wastes, &pick(|i| i.value))
        .error_bars(
            "Eq. 1",
            &settings.wastes,
            &pick(|i| i.value),
            &pick(|i| finite(i.low, i.value)),
            &pick(|i| finite(i.high, i.value)),
        );
    for (kind, label) in [
        ("Eq. 1", "Eq. 1, best N_{0}"),
        ("L2", "L2 form, best N_{0}"),
    ] {
        let rows = fits.rows_where("kind", kind)?;
        misfit = misfit.scatter(label, &rows.f64s("waste")?, &rows.f64s("rmse")?);
    }
    Ok(Figures::new().with("panels", panels).with(
        "delay",
        Figure::new("The delay is t_{waste}, and one N_{0} comes nearest to the Geometry model")
            .panels(vec![time, misfit])
            .note(format!(
                "Right: {} seeds; means with 95 % intervals, and each seed's best N_{{0}}.",
                outcome.seeds().len()
            )),
    ))
}

/// An end of an interval, or the value where there is none.
fn finite(end: f64, value: f64) -> f64 {
    if end.is_finite() { end } else { value }
}

const SOURCE: &str = "§2.4, How N₀ controls the Resource model";

pub(super) fn measure(settings: &WasteControl, outcome: &Outcome) -> Result<Claims> {
    let times = outcome.table("times")?;
    let (waste, time) = (times.f64s("waste")?, times.f64s("time")?);
    let mut pairs: Vec<(f64, f64)> = waste.iter().copied().zip(time.iter().copied()).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let later = pairs.windows(2).filter(|w| w[1].1 > w[0].1).count();
    let later = stats::share(later, pairs.len() - 1);
    let (delay, formula) = (times.f64s("delay")?, times.f64s("formula")?);
    let ratios: Vec<f64> = delay
        .iter()
        .zip(&formula)
        .skip(1)
        .map(|(d, f)| d / f)
        .collect();
    let ratio = Interval {
        value: stats::quantile(&ratios, 0.5),
        low: stats::quantile(&ratios, 0.0),
        high: stats::quantile(&ratios, 1.0),
        n: ratios.len(),
    };
    let off = times
        .f64s("euler")?
        .iter()
        .zip(&time)
        .map(|(e, t)| (e / t - 1.0).abs())
        .fold(0.0, f64::max);
    let fits = outcome.table("fits")?;
    let kind = |name: &str, column: &str| fits.rows_where("kind", name)?.f64s(column);
    let best = stats::mean(&kind("Eq. 1", "rmse")?);
    let l2 = stats::mean(&kind("L2", "rmse")?);
    let n0 = stats::median(&kind("Eq. 1", "waste")?);
    let list = fits.rows_where("kind", "list")?;
    let mut words = Vec::new();
    let mut worst: f64 = 0.0;
    for w in &settings.wastes {
        let rmse = stats::mean(&list.rows_where("waste", *w)?.f64s("rmse")?).value;
        worst = worst.max(rmse);
        words.push(format!("{rmse:.3} at {}", number(*w)));
    }
    let n = outcome.seeds().len();
    Ok(Claims(vec![
        Claim::new("smaller-is-faster", SOURCE, "smaller N₀ leads to faster learning, larger N₀ delays it", "share of steps up the list of N₀ by which all skills are learned later: 1", later)
            .verdict(if later.value == 1.0 { Verdict::Holds } else { Verdict::Fails })
            .note(format!("N₀ = 0 and the list; nothing random; times {}", display::list(&time))),
        Claim::new("delay-is-waste", "§2.4, Eq. 3", "the time to learn rises with N₀ by t_waste", "delay of the last skill over t_waste: 1 within .1 %", ratio)
            .verdict(Verdict::within(ratio, 0.999, 1.001))
            .note(format!("median and range over N₀, off the curves of the adaptive solver; the published Euler steps are off by up to {off:.1e} of the time")),
        Claim::new("can-be-tuned", SOURCE, "N₀ can be tuned to match the skill dynamics of the Geometry model", "rmse of s at the best N₀ below 0.05", best)
            .verdict(Verdict::below(best, 0.05))
            .note(format!("best N₀ {n0} over {n} seeds; on the list {}; the L2 form with its best N₀ and η√(2n/π) has rmse {l2}", words.join(", "))),
    ]))
}
