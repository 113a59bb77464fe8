//! Claims of the comparison of Geometry and Resource model.

use super::GeometryAgainstResource;
use super::figures::STORED;
use super::forms::{ANY, CORRECTED, DRAWN, FITTED, FREE, KNOWN, PLAIN, PRINTED};
use super::sweep::{Knob, PUBLISHED};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::physics::rows::RowChange;
use crate::metric::scaling::power_law_seeds;
use crate::model::skill::effective_rate;
use crate::stats::{self, Interval};
use crate::table::Table;
use crate::task::Frequencies;
use ndarray::Array2;

const HOW: &str = "Section 2.4, How hyperparameters map to N₀";
const ERRATA: &str = "Section 2.4, Eq. 1, corrected";

pub(super) fn measure(settings: &GeometryAgainstResource, outcome: &Outcome) -> Result<Claims> {
    let fits = Fits {
        table: outcome.table("fits")?,
        rows: settings.rows.clone(),
        seeds: outcome.seeds().to_vec(),
    };
    let mut claims = form_claims(&fits, outcome)?;
    claims.extend(distribution_claims(&fits)?);
    claims.extend(knob_claims(outcome)?);
    claims.extend(known_claims(settings, outcome)?);
    Ok(Claims(claims))
}

/// The table `fits` by row, form and seed.
struct Fits {
    table: Table,
    rows: Vec<RowChange>,
    seeds: Vec<u64>,
}

impl Fits {
    /// A column over seeds.
    fn at(&self, row: &RowChange, form: &str, column: &str) -> Result<Vec<f64>> {
        self.table
            .rows_where("row", row.label())?
            .rows_where("form", form)?
            .f64s(column)
    }

    /// Each seed's root mean square over rows of the rmse; `sign` leaves Adam out.
    fn overall(&self, form: &str, sign: bool) -> Result<Vec<f64>> {
        let mut squares = vec![0.0; self.seeds.len()];
        let mut count = 0;
        for row in &self.rows {
            if sign && *row == RowChange::Adam {
                continue;
            }
            count += 1;
            for (sum, rmse) in squares.iter_mut().zip(self.at(row, form, "rmse")?) {
                *sum += rmse * rmse;
            }
        }
        Ok(squares
            .iter()
            .map(|s| (s / f64::from(count)).sqrt())
            .collect())
    }

    /// Each seed's ratio of two forms.
    fn ratio(&self, form: &str, to: &str, sign: bool) -> Result<Interval> {
        let (a, b) = (self.overall(form, sign)?, self.overall(to, sign)?);
        Ok(stats::mean(
            &a.iter().zip(&b).map(|(a, b)| a / b).collect::<Vec<_>>(),
        ))
    }

    /// The mean rmse of a form in each row, in words.
    fn words(&self, form: &str) -> Result<String> {
        let one = |row: &RowChange| {
            let mean = stats::mean(&self.at(row, form, "rmse")?).value;
            Ok(format!("{}: {mean:.3}", row.label()))
        };
        Ok(self
            .rows
            .iter()
            .map(one)
            .collect::<Result<Vec<_>>>()?
            .join(", "))
    }
}

fn form_claims(fits: &Fits, outcome: &Outcome) -> Result<Vec<Claim>> {
    let mut worst = Interval::none();
    for row in &fits.rows {
        let mean = stats::mean(&fits.at(row, PRINTED, "rmse")?);
        if !(mean.value <= worst.value) {
            worst = mean;
        }
    }
    let l2 = fits.ratio(FITTED, PRINTED, false)?;
    let plain = fits.ratio(PLAIN, PRINTED, false)?;
    let known = fits.ratio(KNOWN, PRINTED, true)?;
    let all = |form: &str, sign: bool| -> Result<String> {
        Ok(format!(
            "{:.4}",
            stats::mean(&fits.overall(form, sign)?).value
        ))
    };
    let speed = stats::mean(&outcome.table("single")?.f64s("speed")?);
    let half = Interval {
        value: speed.value / 2.0,
        low: speed.low / 2.0,
        high: speed.high / 2.0,
        n: speed.n,
    };
    let mut rates = Vec::new();
    for row in &fits.rows {
        let (free, printed) = (fits.at(row, FREE, "eta")?, fits.at(row, PRINTED, "eta")?);
        rates.extend(free.iter().zip(&printed).map(|(f, p)| f / p));
    }
    Ok(vec![
        Claim::new("exists-n0", HOW, "in all cases there is an N₀ that induces skill dynamics similar to the Geometry model's", "rmse of s of Eq. 1 with its best N₀, in the worst row: below 0.1", worst)
            .verdict(Verdict::below(worst, 0.1))
            .note(format!(
                "{}. With 100 tasks even N₀ = 0 is too slow: t_task of Eq. 1 grows with n, that of the Geometry model and the L2 form with √n (physics/eq-03)",
                fits.words(PRINTED)?
            )),
        Claim::new("l2-is-nearer", ERRATA, "the L2 form describes the Geometry model better than Eq. 1, both with their best N₀ (one parameter each)", "rmse over all rows, L2 over Eq. 1: below 1", l2)
            .verdict(Verdict::below(l2, 1.0))
            .note(format!(
                "root mean square over all rows: Eq. 1 {} (1 parameter), Eq. 1 with η corrected {} (1), Eq. 1 with η and N₀ fitted {} (2), L2 {} (1), any C(t) {}. L2 by row: {}",
                all(PRINTED, false)?, all(CORRECTED, false)?, all(FREE, false)?, all(FITTED, false)?, all(ANY, false)?, fits.words(FITTED)?
            )),
        Claim::new("l2-without-waste", ERRATA, "the L2 norm with no free parameter (N₀ = 0) beats Eq. 1 with its best N₀", "rmse over all rows, L2 with N₀ = 0 over Eq. 1: below 1", plain)
            .verdict(Verdict::below(plain, 1.0))
            .note(format!("{} against {}; by row: {}. Where noise or batch waste much, the L2 form needs its N₀, which is known: see no-parameters", all(PLAIN, false)?, all(PRINTED, false)?, fits.words(PLAIN)?)),
        Claim::new("no-parameters", ERRATA, "the L2 form with N₀² = n_dim σ²/c² + Σ p(1−p)u²/B, nothing fitted, beats Eq. 1 with its best N₀", "rmse over the rows of SignGD, N₀ known over Eq. 1: below 1", known)
            .verdict(Verdict::below(known, 1.0))
            .note(format!(
                "over the rows of SignGD: Eq. 1 {} (1 parameter), L2 {} (1), L2 with N₀ known {} (0), batches drawn {} (0), any C(t) {}. N₀ known by row: {}. \
                 At B = 16 rare skills are in few batches and the leading order ends; drawn batches there: {}",
                all(PRINTED, true)?, all(FITTED, true)?, all(KNOWN, true)?, all(DRAWN, true)?, all(ANY, true)?, fits.words(KNOWN)?, fits.words(DRAWN)?
            )),
        Claim::new("single-task-rate", "Section 2.4, Eq. 1, footnote 2", "η_eff = 2√n_dim η, by synchronising both models for a single task", "speed of one task alone over 2√n_dim η: 1", half)
            .verdict(Verdict::within(half, 0.95, 1.05))
            .note(format!(
                "one task moves at ‖t‖₁ η = √(2n_dim/π) η, which is .399 of it: a factor of the loss cannot matter under a sign. Eq. 1 needs the printed rate all the same \
                 (fitted, η_eff is {:.2} of it in the median): its L1 sum is larger than the root of squares",
                stats::quantile(&rates, 0.5)
            )),
    ])
}

fn distribution_claims(fits: &Fits) -> Result<Vec<Claim>> {
    let nothing = fits.rows.iter().find(|r| **r == RowChange::Nothing);
    let mut claims = Vec::new();
    let Some(nothing) = nothing else {
        return Ok(claims);
    };
    let ratio = |row: &RowChange, form: &str| -> Result<Interval> {
        let (a, b) = (
            fits.at(row, form, "waste")?,
            fits.at(nothing, form, "waste")?,
        );
        let told: Vec<f64> = a
            .iter()
            .zip(&b)
            .map(|(a, b)| {
                if *a > 0.0 && *b > 0.0 {
                    (a / b).ln()
                } else {
                    f64::NAN
                }
            })
            .collect();
        let mean = stats::mean(&told);
        Ok(Interval {
            value: mean.value.exp(),
            low: mean.low.exp(),
            high: mean.high.exp(),
            n: mean.n,
        })
    };
    let base = fits.at(nothing, PRINTED, "eta")?;
    let mut farthest: Option<Interval> = None;
    let mut words = Vec::new();
    for row in &fits.rows {
        let other = matches!(
            row,
            RowChange::Alpha { .. } | RowChange::Tasks { .. } | RowChange::Exponential { .. }
        );
        // A row that changes the learning rate too says nothing of p alone.
        if !other || fits.at(row, PRINTED, "eta")? != base {
            continue;
        }
        let (l1, l2) = (ratio(row, PRINTED)?, ratio(row, FITTED)?);
        if l1.n == 0 {
            words.push(format!(
                "{}: 0, the best N₀ is none (L2: {:.2})",
                row.label(),
                l2.value
            ));
            continue;
        }
        words.push(format!("{}: {l1} (L2: {:.2})", row.label(), l2.value));
        if farthest.is_none_or(|f| l1.value.ln().abs() > f.value.ln().abs()) {
            farthest = Some(l1);
        }
    }
    if let Some(farthest) = farthest {
        claims.push(
            Claim::new("distribution", HOW, "changing the data distribution (α 2 → 4, 10 → 100 tasks, power law → exponential) does not change N₀", "N₀ of Eq. 1 over that of the base, in the row farthest from 1: within 25 %", farthest)
                .verdict(Verdict::within(farthest, 0.8, 1.25))
                .note(format!("at the same learning rate: {}. N₀ by the batch is √(Σ p(1−p)u²/B) and by the step's length η_eff p₁/2: both know p", words.join("; "))),
        );
    }
    if fits.rows.contains(&RowChange::Adam) {
        let adam = ratio(&RowChange::Adam, PRINTED)?;
        let differs = if adam.contains(1.0) {
            Verdict::Inconclusive
        } else {
            Verdict::Holds
        };
        claims.push(
            Claim::new(
                "betas",
                HOW,
                "changing the betas of Adam could lead to a different N₀",
                "N₀ of Eq. 1 with betas (.9, .999) over that with (0, 0): not 1",
                adam,
            )
            .verdict(differs)
            .note(format!(
                "in the L2 form {}",
                ratio(&RowChange::Adam, FITTED)?
            )),
        );
    }
    Ok(claims)
}

/// The exponent of N₀ in a knob's value over the published window, and how it depends on the window.
fn exponent(
    sweep: &Table,
    knob: Knob,
    form: &str,
    window: (f64, f64),
) -> Result<(Interval, String)> {
    let rows = sweep
        .rows_where("knob", knob.name())?
        .rows_where("form", form)?;
    let mut values = rows.f64s("value")?;
    values.sort_by(f64::total_cmp);
    values.dedup();
    let seeds = rows.distinct("seed")?;
    let mut waste = Array2::from_elem((seeds.len(), values.len()), f64::NAN);
    for (i, seed) in seeds.iter().enumerate() {
        let of = rows.rows_where("seed", *seed)?;
        let (x, y, bound) = (of.f64s("value")?, of.f64s("waste")?, of.strs("bound")?);
        for ((x, y), bound) in x.iter().zip(&y).zip(&bound) {
            if let Some(k) = values.iter().position(|v| v == x)
                && bound == "inside"
                && *y > 0.0
            {
                waste[[i, k]] = *y;
            }
        }
    }
    // Values that only few seeds tell are left out for all.
    let told: Vec<usize> = (0..values.len())
        .filter(|k| 2 * waste.column(*k).iter().filter(|w| w.is_finite()).count() > seeds.len())
        .collect();
    let x: Vec<f64> = told.iter().map(|k| values[*k]).collect();
    let y = waste.select(ndarray::Axis(1), &told);
    let inside = x
        .iter()
        .filter(|x| **x >= window.0 && **x <= window.1)
        .count();
    if inside < 3 {
        return Ok((Interval::none(), "too few N₀ in the window".into()));
    }
    let rising = |i: Interval| Interval {
        value: -i.value,
        low: -i.high,
        high: -i.low,
        n: i.n,
    };
    let fit = power_law_seeds(&x, &y, window.0..=window.1)?;
    let whole = power_law_seeds(&x, &y, ..)?;
    let spread = whole.windows(8.0)?;
    Ok((
        rising(fit.exponent),
        format!(
            "{} from {:.3} to {:.3}; over all {} values {:.2}, over sub-windows of a factor 8 or more from {:.2} to {:.2}",
            form,
            fit.used.0,
            fit.used.1,
            x.len(),
            rising(whole.exponent).value,
            -spread.high,
            -spread.low
        ),
    ))
}

fn knob_claims(outcome: &Outcome) -> Result<Vec<Claim>> {
    let sweep = outcome.table("sweep")?;
    let mut claims = Vec::new();
    // The windows of the guide lines in the published figure.
    for (id, knob, window, guide, statement) in [
        (
            "rate",
            Knob::Rate,
            (0.999e-2, 0.1001),
            1.0,
            "decreasing the learning rate leads to a smaller N₀; figure: N₀ ∝ η",
        ),
        (
            "noise",
            Knob::Noise,
            (3.1e-3, 0.32),
            1.0,
            "increasing the noise leads to an increase of N₀; figure: N₀ ∝ σ",
        ),
        (
            "batch",
            Knob::Batch,
            (8.0, 128.0),
            -1.0,
            "reducing the batch size leads to an increase of N₀; figure: N₀ ∝ 1/B",
        ),
    ] {
        let (slope, words) = exponent(&sweep, knob, PRINTED, window)?;
        let (l2, l2_words) = exponent(&sweep, knob, FITTED, window)?;
        let sign = Interval {
            value: slope.value * f64::signum(guide),
            low: if guide > 0.0 { slope.low } else { -slope.high },
            high: if guide > 0.0 { slope.high } else { -slope.low },
            n: slope.n,
        };
        claims.push(
            Claim::new(
                &format!("waste-by-{id}"),
                HOW,
                statement,
                &format!("the exponent of N₀ has the sign of {guide}"),
                slope,
            )
            .verdict(Verdict::above(sign, 0.0))
            .note(format!("interval over seeds; {words}")),
        );
        let near = Verdict::within(slope, guide - 0.15, guide + 0.15);
        let verdict = match near {
            Verdict::Fails if sign.above(0.0) => Verdict::Differs,
            other => other,
        };
        claims.push(
            Claim::new(
                &format!("exponent-{id}"),
                "Fig. 7, bottom, guide lines",
                statement,
                &format!("exponent of N₀: {guide} within .15"),
                slope,
            )
            .verdict(verdict)
            .note(format!("Eq. 1 with its best N₀; L2: {l2}, {l2_words}")),
        );
    }
    Ok(claims)
}

/// Each seed's geometric mean over a knob's values of N₀ over `reference`, and the medians by value in words.
fn ratio_to(
    sweep: &Table,
    knob: Knob,
    form: &str,
    reference: impl Fn(f64) -> Option<f64>,
) -> Result<(Interval, String)> {
    let rows = sweep
        .rows_where("knob", knob.name())?
        .rows_where("form", form)?;
    let (mut logs, mut words) = (Vec::new(), Vec::new());
    for seed in rows.distinct("seed")? {
        let of = rows.rows_where("seed", seed)?;
        let (x, y, bound) = (of.f64s("value")?, of.f64s("waste")?, of.strs("bound")?);
        let told: Vec<(f64, f64)> = x
            .iter()
            .zip(&y)
            .zip(&bound)
            .filter(|(_, bound)| *bound == "inside")
            .filter_map(|((x, y), _)| Some((*x, (y / reference(*x)?).ln())))
            .filter(|(_, log)| log.is_finite())
            .collect();
        if !told.is_empty() {
            logs.push(told.iter().map(|t| t.1).sum::<f64>() / told.len() as f64);
        }
    }
    let mean = stats::mean(&logs);
    let mut values = rows.f64s("value")?;
    values.sort_by(f64::total_cmp);
    values.dedup();
    for value in values {
        let Some(by) = reference(value) else { continue };
        let at = rows.rows_where("value", value)?.f64s("waste")?;
        words.push(format!(
            "{:.2} at {}",
            stats::quantile(&at, 0.5) / by,
            crate::display::number(value)
        ));
    }
    Ok((
        Interval {
            value: mean.value.exp(),
            low: mean.low.exp(),
            high: mean.high.exp(),
            n: mean.n,
        },
        words.join(", "),
    ))
}

fn known_claims(settings: &GeometryAgainstResource, outcome: &Outcome) -> Result<Vec<Claim>> {
    let (sweep, predicted) = (outcome.table("sweep")?, outcome.table("predicted")?);
    let root = (settings.sweep_n_dim as f64).sqrt();
    let first = Frequencies::power_law(settings.sweep_n_task, settings.alpha)?.p()[0];
    let (noise, by_noise) = ratio_to(&sweep, Knob::NoiseAlone, FITTED, |sigma| {
        (sigma >= 0.999e-2).then_some(0.5 * sigma * root)
    })?;
    let prediction = |knob: Knob| -> Result<Vec<(f64, f64)>> {
        let rows = predicted
            .rows_where("knob", knob.name())?
            .rows_where("form", FITTED)?;
        Ok(rows
            .f64s("value")?
            .into_iter()
            .zip(rows.f64s("waste")?)
            .collect())
    };
    let look = |known: &[(f64, f64)], x: f64| {
        known
            .iter()
            .find(|k| k.0 == x)
            .map(|k| k.1)
            .filter(|w| *w > 0.0)
    };
    let mut claims = vec![
        Claim::new(
            "noise-known",
            ERRATA,
            "for gradient noise σ the L2 form predicts N₀ = σ√n_dim/2",
            "fitted N₀ over σ√n_dim/2, noise alone, σ ≥ .01: 1 within 5 %",
            noise,
        )
        .verdict(Verdict::within(noise, 0.95, 1.05))
        .note(format!(
            "geometric mean over σ; {by_noise}. Below, the step's length, η_eff p₁/2, wastes too"
        )),
    ];
    let edge = |rate: f64| -> Option<f64> {
        // Slower, not all is learned in the steps given; faster, a skill is learned in a few steps.
        let told = (0.99e-3..=1.01e-2).contains(&rate);
        told.then(|| 0.5 * effective_rate::gaussian_vectors(rate, settings.sweep_n_dim) * first)
    };
    let (ratio, words) = ratio_to(&sweep, Knob::RateAlone, FITTED, edge)?;
    claims.push(
        Claim::new("rate-known", ERRATA, "extended to the step's length: N₀ = η_eff p₁/2, where a learned skill 1 begins to bounce", "fitted N₀ over it, learning rate alone, η from 1e-3 to 1e-2: 1 within 25 %", ratio)
            .verdict(Verdict::within(ratio, 0.8, 1.25))
            .note(format!("geometric mean; {words}. N₀ ∝ η: the case in which §2.4 finds that a decay of the learning rate gains nothing")),
    );
    for (id, knob, statement) in [
        (
            "batch-known",
            Knob::BatchAlone,
            "extended to batches: the waste of B is known, in leading order N₀² = Σ p(1−p)u²/B",
        ),
        (
            "batch-known-oblique",
            Knob::Batch,
            "the same on vectors that are not orthogonal",
        ),
        (
            "rate-known-oblique",
            Knob::Rate,
            "the waste of η and B = 128 together, on vectors that are not orthogonal, η ≥ 1e-3",
        ),
    ] {
        let known = prediction(knob)?;
        let from = if knob == Knob::Rate { 0.99e-3 } else { 0.0 };
        let (ratio, words) = ratio_to(&sweep, knob, FITTED, |x| {
            if x < from { None } else { look(&known, x) }
        })?;
        claims.push(
            Claim::new(id, ERRATA, statement, "N₀ of L2 fitted to the Geometry model over that fitted to the average with drawn batches: 1 within 25 %", ratio)
                .verdict(Verdict::within(ratio, 0.8, 1.25))
                .note(format!("geometric mean; {words}")),
        );
    }
    let stored = |x: f64| {
        STORED
            .iter()
            .find(|s| (s.0 / x - 1.0).abs() < 1e-3)
            .map(|s| s.1)
    };
    let (ratio, words) = ratio_to(&sweep, Knob::Noise, PUBLISHED, stored)?;
    claims.push(
        Claim::new(
            "stored-output",
            "Fig. 7, bottom, stored output of the code",
            "N₀ of the σ sweep is .0316, .0646, .151, .339, .724, 1.41 from σ = 1e-3 on",
            "N₀ by the published procedure over the stored one: 1 within 25 %",
            ratio,
        )
        .verdict(Verdict::within(ratio, 0.8, 1.25))
        .note(format!(
            "geometric mean over the six; {words}; the stored output is of one seed"
        )),
    );
    Ok(claims)
}
