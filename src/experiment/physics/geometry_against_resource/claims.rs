//! Claims of the comparison of Geometry and Resource model.

use super::forms::{ANY, CORRECTED, DRAWN, FITTED, FREE, KNOWN, PLAIN, PRINTED};
use super::{GeometryAgainstResource, waste_claims};
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::physics::rows::RowChange;
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) const HOW: &str = "§2.4, How hyperparameters map to N₀";
pub(super) const ERRATA: &str = "§2.4, Eq. 1, corrected";

pub(super) fn measure(settings: &GeometryAgainstResource, outcome: &Outcome) -> Result<Claims> {
    let fits = Fits {
        table: outcome.table("fits")?,
        rows: settings.rows.clone(),
        seeds: outcome.seeds().to_vec(),
    };
    let mut claims = form_claims(&fits, outcome)?;
    claims.extend(distribution_claims(&fits)?);
    claims.extend(waste_claims::knobs(outcome)?);
    claims.extend(waste_claims::known(settings, outcome)?);
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

    /// The mean rmse of a form in each row that it describes, in words.
    fn words(&self, form: &str) -> Result<String> {
        let mut each = Vec::new();
        for row in &self.rows {
            let mean = stats::mean(&self.at(row, form, "rmse")?).value;
            if mean.is_finite() {
                each.push(format!("{}: {mean:.3}", row.label()));
            }
        }
        Ok(each.join(", "))
    }
}

fn form_claims(fits: &Fits, outcome: &Outcome) -> Result<Vec<Claim>> {
    let mut worst = Interval::none();
    for row in &fits.rows {
        let mean = stats::mean(&fits.at(row, PRINTED, "rmse")?);
        if worst.n == 0 || mean.value > worst.value {
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
                "over the rows of SignGD: Eq. 1 {} (1 parameter), L2 {} (1), L2 with N₀ known {} (0), batches and steps drawn {} (0), any C(t) {}. N₀ known by row: {}. \
                 At B = 16 rare skills are in few batches and the leading order ends. With batches and steps drawn: {}",
                all(PRINTED, true)?, all(FITTED, true)?, all(KNOWN, true)?, all(DRAWN, true)?, all(ANY, true)?, fits.words(KNOWN)?, fits.words(DRAWN)?
            )),
        Claim::new("single-task-rate", "§2.4, Eq. 1, footnote 2", "η_eff = 2√n_dim η, by synchronising both models for a single task", "speed of one task alone over 2√n_dim η: 1", half)
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
