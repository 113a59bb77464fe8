//! Figures and claims of the greedy dynamics.

use super::super::numbers::{agreement, mean_within, numbers, worst};
use super::GreedyDynamics;
use crate::claim::{Claim, Claims, Verdict};
use crate::display::{list, number};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Dash, Figure, Figures, Panel, Style};
use crate::metric::scaling::power_law;
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) fn draw(settings: &GreedyDynamics, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("modes", modes(settings, outcome)?)
        .with("rank", rank(settings, outcome)?)
        .with("collapse", collapse(settings, outcome)?))
}

fn modes(settings: &GreedyDynamics, outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("modes")?;
    let mut panels = Vec::new();
    let mut loss = Panel::new("loss").x("time t").y("loss").log_y();
    for (start, title) in [
        ("aligned", "aligned start: Eq. 3.15"),
        ("random", "random start: no fit"),
    ] {
        let rows = table.rows_where("start", start)?;
        let mut panel = Panel::new(title).x("time t").y("u_{i}^{T}W_{1}W_{2}v_{i}");
        let of = settings.strengths.len();
        let mut dots = Vec::new();
        for (i, rho) in settings.strengths.iter().enumerate() {
            let one = rows.rows_where("mode", i as i64 + 1)?;
            let (t, label) = (one.f64s("t")?, format!("ρ = {}", number(*rho)));
            panel = panel.line_ordered(label, i, of + 1, &t, &one.f64s("simulated")?);
            dots.push((t.clone(), one.f64s("theory")?));
            if i == 0 {
                loss = loss.line(format!("{start} start"), &t, &one.f64s("loss")?);
            }
        }
        let dotted = Style::new().rgb(0, 0, 0).dash(Dash::Dotted);
        for (t, theory) in dots {
            panel = panel.line_styled("theory", &t, &theory, dotted);
        }
        panels.push(panel);
    }
    Ok(Figure::new("Whitened inputs: singular modes are learned in the order of their strength")
        .columns(3)
        .panels(panels)
        .panel(loss)
        .note("Lines: gradient flow of the whole network. Dots: each mode on its own, the closed form of its projection of the start (outside the directions of stronger modes)."))
}

fn rank(settings: &GreedyDynamics, outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("rank")?;
    let mut panels = Vec::new();
    for (column, title) in [("before", "at the start"), ("after", "trained")] {
        let mut panel = Panel::new(title)
            .x("k")
            .y("singular value of XW_{1}/√n")
            .log_y();
        let rows = table.rows_where("start", "random")?;
        for (i, &scale) in settings.rank_scales.iter().enumerate() {
            let one = rows.rows_where("scale", scale)?;
            let (k, y) = spectrum(&one, column)?;
            let label = format!("scale {}", number(scale));
            panel = panel.line_ordered(label, i, settings.rank_scales.len(), &k, &y);
        }
        let (k, y) = spectrum(&table.rows_where("start", "balanced")?, column)?;
        // Beyond c its singular values are rounding.
        let kept = settings.classes;
        let style = Style::new().cycle(1).dash(Dash::Dashed);
        panel = panel.line_styled("balanced, 1", &k[..kept], &y[..kept], style);
        panels.push(panel.v_line(settings.classes as f64, "c"));
    }
    Ok(Figure::new(
        "Trained from small weights, the features keep c directions; from large ones, all",
    )
    .columns(2)
    .panels(panels)
    .note(format!(
        "n = {}, d = {}, p = {}, c = {}; geometric means over seeds.",
        settings.rank_samples, settings.rank_inputs, settings.rank_width, settings.classes
    )))
}

/// Geometric mean over seeds of each singular value.
fn spectrum(rows: &Table, column: &str) -> Result<(Vec<f64>, Vec<f64>)> {
    let mut out = (Vec::new(), Vec::new());
    for k in rows.distinct("singular")? {
        let values = rows.rows_where("singular", k)?.f64s(column)?;
        let logs: Vec<f64> = values.iter().map(|x| x.ln()).collect();
        out.0.push(k as f64);
        out.1.push(stats::mean(&logs).value.exp());
    }
    Ok(out)
}

fn collapse(settings: &GreedyDynamics, outcome: &Outcome) -> Result<Figure> {
    let table = outcome.table("collapse")?;
    let mut panel = Panel::new("")
        .x("standard deviation of the start")
        .y("measure (0: collapsed)")
        .log_x()
        .log_y();
    for (i, name) in ["nc1", "nc2", "nc3"].into_iter().enumerate() {
        let mean = |column: &str| -> Result<Vec<f64>> {
            let at = |scale: &f64| -> Result<f64> {
                let logs: Vec<f64> = table
                    .rows_where("scale", *scale)?
                    .f64s(column)?
                    .iter()
                    .map(|x| x.ln())
                    .collect();
                Ok(stats::mean(&logs).value.exp())
            };
            settings.rank_scales.iter().map(at).collect()
        };
        let (label, style) = (name.to_uppercase(), Style::new().cycle(i));
        let after = mean(name)?;
        panel = panel
            .line_styled(label.clone(), &settings.rank_scales, &after, style)
            .scatter(label.clone(), &settings.rank_scales, &after)
            .styled(style)
            .line_styled(
                format!("{label} at the start"),
                &settings.rank_scales,
                &mean(&format!("{name}_before"))?,
                style.dash(Dash::Dotted),
            );
    }
    Ok(
        Figure::new("The unconstrained feature model: neural collapse from small starts alone")
            .panel(panel),
    )
}

/// σ_{c+1}/σ_c at the end, of all seeds.
fn gap(table: &Table, classes: usize) -> Result<Vec<f64>> {
    let of = |k: usize| table.rows_where("singular", k as i64)?.f64s("after");
    Ok(of(classes + 1)?
        .into_iter()
        .zip(of(classes)?)
        .map(|(x, y)| x / y)
        .collect())
}

/// How many singular values are above 1 % of the largest.
fn ranks(table: &Table) -> Result<Vec<f64>> {
    let first = table.rows_where("singular", 1)?;
    let (seeds, largest) = (first.i64s("seed")?, first.f64s("after")?);
    seeds
        .into_iter()
        .zip(largest)
        .map(|(seed, largest)| {
            let all = table.rows_where("seed", seed)?.f64s("after")?;
            Ok(all.iter().filter(|s| **s > 0.01 * largest).count() as f64)
        })
        .collect()
}

/// The exponent b of y ∝ x^b through the three smallest x, medians over seeds.
fn slope(
    table: &Table,
    scales: &[f64],
    value: impl Fn(&Table) -> Result<Vec<f64>>,
) -> Result<Interval> {
    let small = &scales[..scales.len().min(3)];
    let y = small
        .iter()
        .map(|s| Ok(stats::median(&value(&table.rows_where("scale", *s)?)?).value))
        .collect::<Result<Vec<_>>>()?;
    Ok(match power_law(small, &y, ..) {
        Ok(fit) => Interval {
            value: -fit.exponent.value,
            low: -fit.exponent.high,
            high: -fit.exponent.low,
            n: fit.exponent.n,
        },
        // Too few scales for a slope.
        Err(_) => Interval::none(),
    })
}

pub(super) fn measure(settings: &GreedyDynamics, outcome: &Outcome) -> Result<Claims> {
    let c = settings.classes;
    let decoupling = outcome.table("decoupling")?;
    let smallest = decoupling.rows_where("scale", settings.scales[0])?;
    let ordered = smallest.f64s("ordered")?;
    let order = stats::share(ordered.iter().filter(|x| **x == 1.0).count(), ordered.len());
    let meanwhile = stats::mean(&smallest.f64s("meanwhile")?);
    let alone = worst(&smallest.f64s("alone")?);
    let in_turn = worst(&smallest.f64s("in_turn")?);
    let alone_slope = slope(&decoupling, &settings.scales, |t| t.f64s("alone"))?;
    let turn_slope = slope(&decoupling, &settings.scales, |t| t.f64s("in_turn"))?;
    let drift = worst(&numbers(outcome, "drift")?);
    let (strength, strength_holds) =
        mean_within(&numbers(outcome, "strength_over_rho")?, 0.99, 1.01);
    let (printed, printed_holds) = mean_within(&numbers(outcome, "printed_over_rho")?, 0.99, 1.01);
    let rank = outcome.table("rank")?;
    let random = rank.rows_where("start", "random")?;
    let at = |scale: f64| random.rows_where("scale", scale);
    let (small, large) = (
        settings.rank_scales[0],
        settings.rank_scales[settings.rank_scales.len() - 1],
    );
    let full = settings.rank_samples.min(settings.rank_width) as f64;
    let low = stats::mean(&ranks(&at(small)?)?);
    let high = stats::mean(&ranks(&at(large)?)?);
    let balanced = stats::mean(&ranks(&rank.rows_where("start", "balanced")?)?);
    let gap_slope = slope(&random, &settings.rank_scales, |t| gap(t, c))?;
    let unfinished = random.f64s("loss")?.into_iter().fold(0.0, f64::max);
    let nc = outcome.table("collapse")?;
    let nc_at =
        |scale: f64, name: &str| -> Result<Vec<f64>> { nc.rows_where("scale", scale)?.f64s(name) };
    let farthest = |scale: f64| -> Result<Interval> {
        let of = ["nc1", "nc2", "nc3"].map(|name| nc_at(scale, name));
        let mut all = Vec::new();
        for values in of {
            all.extend(values?);
        }
        Ok(worst(&all))
    };
    let nearest = farthest(small)?;
    let nc1_large = stats::median(&nc_at(large, "nc1")?);
    let nc1_slope = slope(&nc, &settings.rank_scales, |t| t.f64s("nc1"))?;
    let nc4 = stats::mean(&nc_at(small, "nc4")?);
    let around = |x: f64| (0.9 * x, 1.1 * x);
    let power = |interval: Interval, x: f64| Verdict::within(interval, around(x).0, around(x).1);
    Ok(Claims(vec![
        agreement(outcome, "eq-3.15", "Eq. 3.15, A.39", "from an aligned, balanced start α_i² follows a sigmoid of its own", "balanced", "largest difference over ρ_i, against the equations of both whole matrices")?,
        agreement(outcome, "eq-3.15-uneven", "A.2.3", "…and with W₁ ≠ W₂ on each mode (a ≠ b)", "uneven", "closed form by γ of Theorem 1")?,
        Claim::new("eq-3.15-corrected", "Eq. 3.15", "α_i² = u_iᵀW₁W₂v_i ends at ρ_i", "u₁ᵀW₁W₂v₁ at the end over ρ₁: 1", strength)
            .verdict(strength_holds)
            .note("A.40 has it so"),
        Claim::new("eq-3.15-printed", "below Eq. 3.15", "α_i = u_iᵀW₁W₂v_i (as printed), with α_i²(∞) = ρ_i", "(u₁ᵀW₁W₂v₁)² at the end over ρ₁: 1", printed)
            .verdict(printed_holds)
            .note(format!("it is ρ₁ = {}: u₁ᵀW₁W₂v₁ is α₁², not α₁", settings.strengths[0])),
        Claim::new("a.29", "Eq. A.29", "W₁ᵀW₁ − W₂W₂ᵀ is conserved", "largest change under gradient flow, relative: at most 1e-9", drift)
            .verdict(Verdict::below(drift, 1e-9))
            .note("random starts of standard deviation .3"),
        Claim::new("order", "§3.5.1", "modes are learned in the order of ρ_i", "share of random small starts with all modes in order: 1", order)
            .verdict(Verdict::above(order, 0.5))
            .note(format!("standard deviation {}; interval of a share", settings.scales[0])),
        Claim::new("saddle-to-saddle", "§3.4.3, §3.5.1", "a mode is finished before the next begins: plateaus and drops", "share of mode 2 when mode 1 has 95 %: below 0.05", meanwhile)
            .verdict(Verdict::below(meanwhile, 0.05))
            .note(format!("ρ = {}, standard deviation {}", list(&settings.strengths), settings.scales[0])),
        Claim::new("decoupling", "A.2.3", "with sufficiently small initialisation all matrices approximately meet the conditions", "exponent in the start's size of the largest difference of a mode from its own closed form: above ½", alone_slope)
            .verdict(Verdict::above(alone_slope, 0.5))
            .note(format!("no fitted start. At standard deviation {} the difference is {} of ρ_i and does not vanish: modes start with overlapping directions of the hidden layer, whatever their size", settings.scales[0], number(alone.value))),
        Claim::new("in-turn", "A.2.3", "modes decouple from small random starts, once the directions that stronger modes have taken are left out (ours)", "largest difference from the closed form over ρ_i: below 0.05", in_turn)
            .verdict(Verdict::below(in_turn, 0.05))
            .note(format!("standard deviation {}; it vanishes with the start as its power {turn_slope}", settings.scales[0])),
        Claim::new("rank-small", "§3.5.2", "from small initialisation the features XW₁ have rank c instead of min(n, p)", &format!("singular values above 1 % of the largest: {c}"), low)
            .verdict(Verdict::within(low, c as f64 - 0.5, c as f64 + 0.5))
            .note(format!("standard deviation {small}, min(n, p) = {full}; loss at the end at most {} of that of f = 0", number(unfinished))),
        Claim::new("rank-remainder", "§3.5.2", "the collapse is as complete as the start is small", "exponent of σ_{c+1}/σ_c in the standard deviation: 1", gap_slope)
            .verdict(power(gap_slope, 1.0))
            .note("directions that are not needed stay as they were"),
        Claim::new("rank-large", "§3.5.2", "from large initialisation it does not collapse", &format!("singular values above 1 % of the largest: more than half of {full}"), high)
            .verdict(Verdict::above(high, 0.5 * full))
            .note(format!("standard deviation {large}")),
        Claim::new("rank-balanced", "§3.5.2, footnote 1", "large initialisation with W₁ᵀW₁ = W₂W₂ᵀ has similar dynamics", &format!("singular values above 1 % of the largest: {c}"), balanced)
            .verdict(Verdict::within(balanced, c as f64 - 0.5, c as f64 + 0.5))
            .note("balance alone makes rank W₁ = rank W₂ ≤ c at all times"),
        Claim::new("ufm", "§3.5.2", "the unconstrained feature model reaches neural collapse", "largest of NC1, NC2, NC3 from small starts: below 0.01", nearest)
            .verdict(Verdict::below(nearest, 0.01))
            .note(format!("standard deviation {small}; NC4 {}; NC1 grows as the power {nc1_slope} of the start", number(nc4.value))),
        Claim::new("ufm-large", "§3.5.2", "without small initialisation it need not", "NC1 from large starts: above 0.1", nc1_large)
            .verdict(Verdict::above(nc1_large, 0.1))
            .note(format!("standard deviation {large}, fitted as well as the others")),
    ]))
}
