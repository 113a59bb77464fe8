//! Figures and claims of Fig. 3.4.

use super::super::numbers::{differs, mean_within, worst};
use super::StageTraining;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::{list, number};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::metric::scaling::power_law;
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) fn draw(settings: &StageTraining, outcome: &Outcome) -> Result<Figures> {
    let (exact, loss) = (outcome.table("exact")?, outcome.table("loss")?);
    let net = settings.net(&settings.frequencies()?, settings.start)?;
    let mut modes = Panel::new("(a) modes").x("time t").y("a_{k}b_{k}/S");
    for i in 0..settings.modes {
        let rows = exact.rows_where("mode", i as i64 + 1)?;
        let label = format!("k = {}", i + 1);
        modes = modes.line_ordered(
            label,
            i,
            settings.modes,
            &rows.f64s("t")?,
            &rows.f64s("share")?,
        );
    }
    let emergent = net.emergent_time(0, settings.epsilon)?;
    let saturated = emergent + net.saturation_time(0, settings.epsilon)?;
    let next = net.emergent_time(1, settings.epsilon)?;
    modes = modes
        .v_line(emergent, "τ_{1}^{(e)}")
        .v_line(saturated, "τ_{1}^{(e)} + τ_{1}^{(s)}")
        .v_line(next, "τ_{2}^{(e)}");
    let t = loss.f64s("t")?;
    let fall = Panel::new("(b) loss")
        .x("time t")
        .y("loss")
        .log_y()
        .line("gradient descent", &t, &loss.f64s("loss")?)
        .line_styled(
            "Eq. 3.9",
            &t,
            &loss.f64s("exact")?,
            Style::new().cycle(1).dash(Dash::Dashed),
        )
        .v_line(emergent, "")
        .v_line(saturated, "")
        .v_line(next, "");
    let overlaps = (0..settings.modes - 1).map(|i| net.stage_overlap(i));
    let overlaps = overlaps.collect::<Result<Vec<_>>>()?;
    let separated = overlaps.iter().filter(|e| **e < settings.epsilon).count();
    let first = Figure::new("Fig. 3.4: one emergence after the other, and the loss in steps")
        .columns(2)
        .panel(modes)
        .panel(fall)
        .note(format!(
            "α = {}, S = {}, a(0) = b(0) = {}, ϵ = {}; {separated} of {} pairs are separated at this ϵ.",
            settings.alpha, settings.target, settings.start, settings.epsilon, settings.modes - 1));
    Ok(Figures::new()
        .with("fig-3.4", first)
        .with("overlap", overlap(settings, outcome)?))
}

fn overlap(settings: &StageTraining, outcome: &Outcome) -> Result<Figure> {
    let pairs = outcome.table("pairs")?;
    let mut panel = Panel::new("")
        .x("a(0) = b(0)")
        .y("ϵ at which the stages meet")
        .log_x()
        .log_y();
    let of = settings.modes - 1;
    for i in 0..of {
        let rows = pairs.rows_where("mode", i as i64 + 1)?;
        let label = format!("modes {} and {}", i + 1, i + 2);
        let x = rows.f64s("scale")?;
        panel = panel
            .scatter(label.clone(), &x, &rows.f64s("measured")?)
            .styled(Style::new().cycle(i))
            .line_styled(label, &x, &rows.f64s("corrected")?, Style::new().cycle(i));
    }
    Ok(Figure::new("The smaller the start, the less stages overlap")
        .panel(panel.h_line(settings.epsilon, "ϵ of Fig. 3.4"))
        .note("Points: read off gradient descent. Lines: Eq. 3.13 with the ratio as an exponent. As printed it is not a positive number here."))
}

fn ratio(table: &Table, measured: &str, predicted: &str) -> Result<Vec<f64>> {
    let pairs = table
        .f64s(measured)?
        .into_iter()
        .zip(table.f64s(predicted)?);
    Ok(pairs.map(|(x, y)| x / y).collect())
}

pub(super) fn measure(settings: &StageTraining, outcome: &Outcome) -> Result<Claims> {
    let times = outcome.table("times")?;
    let pairs = outcome.table("pairs")?;
    let (emergent, emergent_holds) = mean_within(
        &ratio(&times, "emergent", "predicted_emergent")?,
        0.99,
        1.01,
    );
    let (saturation, saturation_holds) = mean_within(
        &ratio(&times, "saturation", "predicted_saturation")?,
        0.99,
        1.01,
    );
    let off: Vec<f64> = ratio(&pairs, "measured", "corrected")?
        .iter()
        .map(|x| (x - 1.0).abs())
        .collect();
    let off = worst(&off);
    let printed = pairs.f64s("printed")?;
    let shares = printed.iter().filter(|e| **e > 0.0 && **e < 1.0).count();
    let share = stats::share(shares, printed.len());
    let first = pairs.rows_where("scale", settings.scales[0])?;
    let corrected = first.f64s("corrected")?;
    let largest = Interval::exact(
        corrected.iter().copied().fold(0.0, f64::max),
        corrected.len(),
    );
    let separated = corrected.iter().filter(|e| **e < settings.epsilon).count();
    // ϵ ≈ K^−r = (S/a²)^−r: slope 2r in a.
    let one = pairs.rows_where("mode", 1)?;
    let mut points: Vec<(f64, f64)> = one
        .f64s("scale")?
        .into_iter()
        .zip(one.f64s("measured")?)
        .collect();
    points.reverse();
    points.truncate(3);
    let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let p = settings.frequencies()?;
    let expected = 2.0 * (p[0] - p[1]) / (p[0] + p[1]);
    let slope = match power_law(&x, &y, ..) {
        Ok(fit) => Interval {
            value: -fit.exponent.value,
            low: -fit.exponent.high,
            high: -fit.exponent.low,
            n: fit.exponent.n,
        },
        // Too few scales for a slope.
        Err(_) => Interval::none(),
    };
    let drop = stats::mean(&times.rows_where("mode", 1)?.f64s("drop")?);
    let drops: Vec<f64> = (1..=settings.modes as i64)
        .map(|k| Ok(stats::mean(&times.rows_where("mode", k)?.f64s("drop")?).value))
        .collect::<Result<_>>()?;
    Ok(Claims(vec![
        Claim::new("eq-3.12-emergent", "Eq. 3.12", "τ^(e) = ln[(S/ab − 1)/(1/ϵ − 1)]/(2E[x²]S)", "measured over predicted: 1", emergent)
            .verdict(emergent_holds)
            .note("gradient descent on data sets, with their own frequencies; all modes"),
        Claim::new("eq-3.12-saturation", "Eq. 3.12", "τ^(s) = ln(1/ϵ − 1)/(E[x²]S)", "measured over predicted: 1", saturation)
            .verdict(saturation_holds)
            .note("the same runs"),
        Claim::new("eq-3.13-corrected", "Eq. 3.13", "stages meet at ϵ = 1/(1 + K^((E_i − E_{i+1})/(E_i + E_{i+1}))), K = S/R₀ − 1 (the ratio as an exponent)", "largest relative difference from ϵ read off gradient descent: below 0.02", off)
            .verdict(Verdict::below(off, 0.02))
            .note(format!("all pairs at a(0) = b(0) = {}; the first: measured {}, corrected {}", list(&settings.scales), number(first.f64s("measured")?[0]), number(corrected[0]))),
        Claim::new("eq-3.13-printed", "Eq. 3.13", "stages meet at ϵ = 1/(1 + K (E_{i+1} − E_i)/(E_{i+1} + E_i)) (the ratio as a factor, as printed)", "share of pairs with an ϵ between 0 and 1: 1", share)
            .verdict(Verdict::within(share, 0.95, 1.0))
            .note(format!("printed {}, measured {}: E falls with i, so the printed ϵ is below 0 wherever K is large", list(&first.f64s("printed")?), list(&first.f64s("measured")?))),
        Claim::new("eq-3.14", "Eq. 3.14", "sufficiently small initialisation gives stages with infinitesimal overlap", &format!("exponent of ϵ in a(0), first pair: {}", number(expected)), slope)
            .verdict(Verdict::within(slope, 0.9 * expected, 1.1 * expected))
            .note("three smallest starts; ϵ falls as a power of the start, slowly where frequencies are near each other"),
        Claim::new("fig-3.4-stages", "Fig. 3.4", "the model shows stage-like training at ϵ = .05", "largest ϵ at which two neighbours meet: below 0.05", largest)
            .verdict(differs(Verdict::below(largest, settings.epsilon)))
            .note(format!("ϵ of the pairs {}: {separated} of {} are separated at ϵ = {}", list(&corrected), corrected.len(), settings.epsilon)),
        Claim::new("fig-3.4-drop", "Fig. 3.4 (b)", "the loss falls by E[x²] L_k + O(ϵ) in the k-th emergence", "fall in the first over ½E[x²]S²: 1 within 2ϵ", drop)
            .verdict(Verdict::within(drop, 1.0 - 2.0 * settings.epsilon, 1.0 + 2.0 * settings.epsilon))
            .note(format!("all modes: {}; above 1 where the next modes grow meanwhile", list(&drops))),
    ]))
}
