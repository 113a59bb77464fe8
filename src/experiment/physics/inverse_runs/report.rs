//! Figures and claims of the inference from runs.

use super::InferredRuns;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::figure::{Figure, Figures, Panel};
use crate::stats;
use crate::table::Table;

const NAMES: [&str; 3] = ["SGD", "SignGD", "Adam"];

pub(super) fn draw(settings: &InferredRuns, outcome: &Outcome) -> Result<Figures> {
    let (runs, losses) = (outcome.table("runs")?, outcome.table("losses")?);
    let mut by_fit = Vec::new();
    for name in NAMES {
        by_fit.push(stats::median(&runs.rows_where("optimizer", name)?.f64s("p_error")?).value);
    }
    let mut estimate = Panel::new("Frequencies from losses")
        .x("mean level")
        .y("median error of p");
    let mut order = Panel::new("Their order")
        .x("mean level")
        .y("share of pairs in order")
        .y_range(0.5, 1.02);
    for name in NAMES {
        let rows = losses.rows_where("optimizer", name)?;
        let (mut error, mut ordered) = (vec![], vec![]);
        for moment in &settings.moments {
            let at = rows.rows_where("moment", *moment)?;
            error.push(stats::median(&at.f64s("p_error")?).value);
            ordered.push(stats::mean(&at.f64s("ordered")?).value);
        }
        estimate = estimate.line(name, &settings.moments, &error);
        order = order.line(name, &settings.moments, &ordered);
    }
    let figure = Figure::new("Frequencies of skills from runs of the Geometry model")
        .columns(3)
        .size(250.0, 180.0)
        .panels(vec![
            Panel::new("From whole curves")
                .y("median error of p")
                .bars("fit", &NAMES, &by_fit),
            estimate,
            order,
        ]);
    Ok(Figures::new().with("runs", figure))
}

pub(super) fn measure(outcome: &Outcome) -> Result<Claims> {
    let (runs, losses) = (outcome.table("runs")?, outcome.table("losses")?);
    let mut claims = Vec::new();
    for name in NAMES {
        let id = |what: &str| format!("{what}-{}", name.to_lowercase());
        let rows = runs.rows_where("optimizer", name)?;
        let error = stats::median(&rows.f64s("p_error")?);
        let l2 = rows.strs("norm")?.iter().filter(|n| *n == "L2").count();
        claims.push(
            Claim::new(
                &id("p"),
                "§5.2",
                &format!("frequencies are inferred from curves of {name}: median error of p"),
                "< 0.05",
                error,
            )
            .verdict(Verdict::below(error, 0.05))
            .note(format!(
                "L2 is chosen in {l2} of {} runs; rmse {:.4}{}",
                rows.height(),
                stats::median(&rows.f64s("rmse")?).value,
                if name == "Adam" {
                    "; Adam divides by the root of a mean over about a thousand past squares, so its speed depends on the past, which no form of the Resource model has (not tested apart)"
                } else {
                    ""
                }
            )),
        );
        let sure = stats::mean(&rows.f64s("sure")?);
        claims.push(
            Claim::new(
                &id("edges"),
                "§5.2",
                &format!("no edge is called sure between independent skills of {name}"),
                "0 a run",
                sure,
            )
            .verdict(Verdict::below(sure, 0.1))
            .note("sure edges a run; all are false"),
        );
        let moments = losses.rows_where("optimizer", name)?;
        let mut each = Vec::new();
        for seed in moments.distinct("seed")? {
            let mine = moments.rows_where("seed", seed)?;
            each.push(stats::mean(&mine.f64s("ordered")?).value);
        }
        let ordered = stats::mean(&each);
        let error = stats::median(&moments.f64s("p_error")?).value;
        claims.push(
            Claim::new(&id("losses"), "§4.3", &format!("losses of {name} order the frequencies, ℓ^(1/2p) = C: pairs in the right order"), "≥ 0.9", ordered)
                .verdict(Verdict::above(ordered, 0.9))
                .note(format!("C = Π √ℓ_i where Σp = 1, no fit; the frequencies themselves are off by {error:.3} (median)")),
        );
    }
    if let Ok(parities) = outcome.table("parities") {
        claims.extend(parity_claims(&parities)?);
    }
    Ok(Claims(claims))
}

/// Does the third parity wait for the first two, and only where it should?
fn parity_claims(parities: &Table) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    let mut add = |id: &str, statement: &str, values: Vec<f64>, note: String| {
        let share = stats::mean(&values);
        claims.push(
            Claim::new(id, "§5.1", statement, "≥ 0.9 of runs", share)
                .verdict(Verdict::above(share, 0.9))
                .note(note),
        );
    };
    let dependent = parities.rows_where("run", "dependent")?;
    let free = parities.rows_where("run", "independent")?;
    let middle = |t: &Table, name: &str| -> Result<f64> { Ok(stats::median(&t.f64s(name)?).value) };
    let how = |t: &Table| -> Result<String> {
        Ok(format!(
            "{} runs; residuals are {:.1} times the noise (median): accuracies of parities begin with a plateau, which skills that wait for nothing do not have in the Resource model, so the fit is of another shape; edges to y₁ or y₂, which wait for nothing: {:.2} a run",
            t.height(),
            middle(t, "misfit")?,
            stats::mean(&t.f64s("others")?).value
        ))
    };
    add(
        "parity-one",
        "from the curves of three parities, y₃ = y₁ ⊕ y₂ is seen to wait for y₁ or y₂",
        dependent.f64s("one")?,
        how(&dependent)?,
    );
    add(
        "parity-both",
        "y₃ = y₁ ⊕ y₂ is seen to wait for both",
        dependent.f64s("both")?,
        "of an AND only the skill that comes last would show, and y₁ and y₂ are learned together; see parity-one".into(),
    );
    add(
        "parity-free",
        "a third parity of other bits is seen to wait for neither",
        free.f64s("one")?.iter().map(|x| 1.0 - x).collect(),
        format!(
            "worth little where the dependent run has no edge either: see parity-one; {}",
            how(&free)?
        ),
    );
    Ok(claims)
}
