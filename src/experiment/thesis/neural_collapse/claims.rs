//! Claims on neural collapse.

use super::super::numbers::{differs, worst};
use super::TrainedCollapse;
use super::report::FORMS;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::metric::representation::FeatureMetrics;
use crate::stats::{self, Interval};

pub(super) fn measure(settings: &TrainedCollapse, outcome: &Outcome) -> Result<Claims> {
    let mut claims = propositions(outcome)?;
    claims.extend(conditions(settings, outcome)?);
    claims.extend(regime(settings, outcome)?);
    Ok(Claims(claims))
}

fn propositions(outcome: &Outcome) -> Result<Vec<Claim>> {
    let table = outcome.table("propositions")?;
    let mut claims = Vec::new();
    for (statement, id, source, text, note) in [
        (
            "nc1",
            "proposition-2.5.1",
            "Prop. 2.5.1, Eq. 2.10",
            "an MP operator on the training set implies NC1: Tr(Σ_W Σ_B) = 0",
            "",
        ),
        (
            "nc2",
            "proposition-2.5.2",
            "Prop. 2.5.2, Eq. 2.11",
            "an MP operator on the training set implies NC2: (μ_i − μ_g)ᵀ(μ_j − μ_g) = a₂ (C δ_ij − 1)",
            "",
        ),
        (
            "eq_2_19",
            "proposition-2.5.3",
            "Prop. 2.5.3, Eq. D.12",
            "⟨C f_i|T[C f_j − 1]⟩ = a₂ (C δ_ij − 1)",
            "the corrected form",
        ),
        (
            "eq_2_19_constant",
            "proposition-2.5.3-constant",
            "Prop. 2.5.3, Eq. 2.19",
            "⟨1|T[C f_j − 1]⟩ = 0",
            "",
        ),
        (
            "eq_2_18",
            "eq-2.18",
            "Eq. 2.17, D.17",
            "μ_iᵀμ_j = C² ⟨f_i|T f_j⟩",
            "the corrected form",
        ),
    ] {
        let error = worst(
            &table
                .rows_where("statement", statement)?
                .f64s("difference")?,
        );
        claims.push(
            Claim::new(id, source, text, "difference over a₂: at most 1e-10", error)
                .verdict(Verdict::below(error, 1e-10))
                .note(format!("features of synthetic operators, all numbers of classes; class means from samples. {note}").trim_end()),
        );
    }
    for (statement, id, source, text, note) in [
        (
            "eq_2_18_as_printed",
            "eq-2.18-printed",
            "Eq. 2.18",
            "μ_iᵀμ_j = ⟨f_i|T f_j⟩",
            "a factor C² is missing; Eq. 2.17 and D.17 have it",
        ),
        (
            "eq_2_19_as_printed",
            "eq-2.19-printed",
            "Eq. 2.19",
            "⟨C f_i|T[C f_j − 1]⟩ = a₂ (δ_ij − 1/C)",
            "a factor C is missing; its own proof, Eq. D.12, has it",
        ),
    ] {
        let errors = table
            .rows_where("statement", statement)?
            .f64s("difference")?;
        // The smallest: as printed it holds for no number of classes.
        let least = Interval::exact(
            errors.iter().copied().fold(f64::INFINITY, f64::min),
            errors.len(),
        );
        claims.push(
            Claim::new(id, source, text, "difference over a₂: at most 1e-10", least)
                .verdict(Verdict::below(least, 1e-10))
                .note(format!(
                    "smallest over numbers of classes and seeds: {note}"
                )),
        );
    }
    Ok(claims)
}

fn column(
    settings: &TrainedCollapse,
    outcome: &Outcome,
    epoch: usize,
    name: &str,
) -> Result<Vec<f64>> {
    let last = epoch.min(settings.recipe.epochs);
    outcome
        .table("training")?
        .rows_where("epoch", last as i64)?
        .f64s(name)
}

fn conditions(settings: &TrainedCollapse, outcome: &Outcome) -> Result<Vec<Claim>> {
    let at = |epoch: usize, name: &str| column(settings, outcome, epoch, name);
    let mut claims = Vec::new();
    for (id, source, main, what, forms) in [
        (
            "nc1",
            "§2.5, Eq. D.6",
            "nc1_trace",
            "within-class variance tends to 0",
            FORMS[0].1,
        ),
        (
            "nc2",
            "§2.5, Eq. D.7",
            "nc2_simplex",
            "class means converge to a simplex",
            FORMS[1].1,
        ),
        (
            "nc3",
            "§2.5, Eq. D.8",
            "nc3_centred",
            "last layer and class means become parallel",
            FORMS[2].1,
        ),
    ] {
        let (before, after) = (at(0, main)?, at(usize::MAX, main)?);
        let ratio: Vec<f64> = after.iter().zip(&before).map(|(b, a)| b / a).collect();
        let mean = stats::mean(&ratio);
        let mut values = Vec::new();
        for form in forms {
            let (from, to) = (
                stats::mean(&at(0, form)?).value,
                stats::mean(&at(usize::MAX, form)?).value,
            );
            values.push(format!("{form} {from:.3} to {to:.3}"));
        }
        // It tends to 0 when a tenth is left; if it only falls, it is right in kind.
        let verdict = match Verdict::below(mean, 0.1) {
            Verdict::Fails if mean.below(1.0) => Verdict::Differs,
            other => other,
        };
        claims.push(
            Claim::new(
                id,
                source,
                what,
                &format!("{main}: less than a tenth of it left after training"),
                mean,
            )
            .verdict(verdict)
            .note(format!(
                "training set, {} epochs: {}",
                settings.recipe.epochs,
                values.join(", ")
            )),
        );
    }
    let nc4 = stats::mean(&at(usize::MAX, "nc4")?);
    let accuracy = stats::mean(&at(usize::MAX, "train_accuracy")?);
    claims.push(
        Claim::new(
            "nc4",
            "§2.5, Eq. D.9",
            "the classifier decides by the nearest class mean",
            "agreement above 0.99",
            nc4,
        )
        .verdict(Verdict::above(nc4, 0.99))
        .note(format!("training set; training accuracy {accuracy}")),
    );
    Ok(claims)
}

fn regime(settings: &TrainedCollapse, outcome: &Outcome) -> Result<Vec<Claim>> {
    let after = |name: &str| -> Result<Interval> {
        Ok(stats::mean(&column(settings, outcome, usize::MAX, name)?))
    };
    let (kappa, train) = (after("kappa")?, after("kappa_train")?);
    let (used, test, intensity) = (
        after("utilization_train")?,
        after("utilization_dimension")?,
        after("intensity_dimension")?,
    );
    let (constant, on_train) = (after("constant")?, after("constant_train")?);
    let share = after("quality_share")?;
    let classes = settings.set.classes() as f64;
    Ok(vec![
        Claim::new("constant", "§2.5.1", "the first eigenfunction resembles the constant function", "⟨e_1|1⟩ > 0.95 on the test set after training", constant)
            .verdict(differs(Verdict::above(constant, 0.95)))
            .note(format!("{on_train} on the training set; {} before training", stats::mean(&column(settings, outcome, 0, "constant")?))),
        Claim::new("minimum", "Definition 2", "a trained network is in the minimum feature regime", "κ_CKA below 0.1 on the test set", kappa)
            .verdict(Verdict::below(kappa, FeatureMetrics::EPSILON))
            .note(format!("{train} on the training set")),
        Claim::new("utilization", "Eq. 2.7", "D_eff(Q̂) ≈ C", &format!("within 20 % of {classes}"), used)
            .verdict(differs(Verdict::within(used, 0.8 * classes, 1.2 * classes)))
            .note(format!("training set; {test} on the test set, of whose shares a part near p/n is chance")),
        Claim::new("intensity", "Eq. 2.6, 2.7", "D_eff(ρ) ≈ C", &format!("within 20 % of {classes}"), intensity)
            .verdict(differs(Verdict::within(intensity, 0.8 * classes, 1.2 * classes)))
            .note("the first intensity counted as one (Eq. 2.6)"),
        Claim::new("quality", "§2.4", "only the first C features describe the target: Π*(C) ≈ Π*(p)", "Π*(C)/Π*(p) above 0.9 on the test set", share)
            .verdict(differs(Verdict::above(share, 0.9)))
            .note("what is beyond C features holds chance, near p/n of the test set, beside what was not learned"),
    ])
}
