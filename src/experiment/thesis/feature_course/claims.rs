//! Claims on features in training.

use super::super::conditions::report::{
    Place, end, extended, minimum, paired, rows, tighter_is_better,
};
use super::super::numbers::differs;
use super::FeatureCourse;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{Curve, by_seed};
use crate::metric::representation::FeatureMetrics;
use crate::stats::{self, Interval};

/// The epoch from which the thesis sees the residual network in the minimum feature regime.
const EARLY: f64 = 5.0;

pub fn measure(experiment: &FeatureCourse, outcome: &Outcome) -> Result<Claims> {
    let mut claims = residual(experiment, outcome)?;
    claims.extend(dense(experiment, outcome)?);
    for part in ["vgg", "resnet-many"] {
        claims.extend(one_by_one(experiment, outcome, part)?);
    }
    let slow = experiment.place("slow");
    let name = format!("ResNet at the rate {}", experiment.slow);
    claims.push(minimum(outcome, "minimum-slow", "Fig. C.3", slow, &name)?);
    claims.push(tighter_is_better(
        outcome,
        "tighter-is-better",
        "§7.4",
        &["resnet", "fcn", "vgg"],
        "three networks on the harder set",
    )?);
    Ok(Claims(claims))
}

/// A column of `training` over epochs, seed by seed.
fn courses(outcome: &Outcome, place: Place, column: &str) -> Result<Vec<Curve>> {
    by_seed(&rows(&outcome.table("training")?, place)?, "epoch", column)
}

/// The value at the last record that is not after an epoch.
fn by(curve: &Curve, epoch: f64) -> f64 {
    let at = curve.0.iter().rposition(|x| *x <= epoch);
    at.map_or(f64::NAN, |i| curve.1[i])
}

fn each(curves: &[Curve], of: impl Fn(&Curve) -> f64) -> Interval {
    stats::mean(&curves.iter().map(of).collect::<Vec<_>>())
}

fn last(curve: &Curve) -> f64 {
    curve.1.last().copied().unwrap_or(f64::NAN)
}

fn residual(experiment: &FeatureCourse, outcome: &Outcome) -> Result<Vec<Claim>> {
    let place = experiment.place("resnet");
    let mut claims = Vec::new();
    let kappa = courses(outcome, place, "kappa")?;
    // A number of epochs belongs to a size of the set: what comes at another one is right in kind.
    let early = each(&kappa, |c| by(c, EARLY));
    claims.push(
        Claim::new(
            "early-minimum",
            "§7.4, Fig. 7.4a",
            "ResNet reaches the minimum feature regime by epoch 5",
            "κ_CKA below 0.1 on the test set then",
            early,
        )
        .verdict(differs(Verdict::below(early, FeatureMetrics::EPSILON)))
        .note(format!(
            "{} after the last epoch, {}; {} images an epoch here, 50,000 in the thesis",
            each(&kappa, last),
            experiment.resnet.epochs,
            experiment.hard.count()
        )),
    );
    claims.push(minimum(
        outcome,
        "minimum-resnet",
        "Fig. 7.4a",
        place,
        "ResNet",
    )?);
    let used = courses(outcome, place, "utilization_first")?;
    let first = each(&used, |c| by(c, 1.0));
    claims.push(
        Claim::new(
            "first-epoch",
            "Fig. 7.4a",
            "ResNet concentrates on the first C features after just one epoch",
            "Π̂(C) above 0.9 on the test set then",
            first,
        )
        .verdict(differs(Verdict::above(first, 0.9)))
        .note(format!(
            "{} before training; an epoch is {} steps here",
            each(&used, |c| by(c, 0.0)),
            experiment.resnet.steps(experiment.hard.count())
        )),
    );
    let quality = courses(outcome, place, "quality_first")?;
    let (rise, later) = (
        each(&quality, |c| by(c, EARLY) - by(c, 0.0)),
        each(&quality, |c| last(c) - by(c, EARLY)),
    );
    claims.push(
        Claim::new(
            "quality-early",
            "§7.4",
            "quality rises significantly up to epoch 5",
            "Π*(C) gains there more than after it",
            each(&quality, |c| 2.0 * by(c, EARLY) - by(c, 0.0) - last(c)),
        )
        .verdict(Verdict::above(
            each(&quality, |c| 2.0 * by(c, EARLY) - by(c, 0.0) - last(c)),
            0.0,
        ))
        .note(format!("{rise} up to epoch 5, {later} after it")),
    );
    claims.push(
        Claim::new(
            "quality-later",
            "§7.4",
            "then the quality of the first C features grows gradually",
            "gain of Π*(C) after epoch 5 above 0",
            later,
        )
        .verdict(Verdict::above(later, 0.0)),
    );
    let kept = each(&used, |c| last(c) - by(c, EARLY));
    claims.push(
        Claim::new(
            "no-more-features",
            "§7.4, Fig. 7.5a",
            "without using additional features",
            "change of Π̂(C) after epoch 5 above −0.02",
            kept,
        )
        .verdict(Verdict::above(kept, -0.02)),
    );
    Ok(claims)
}

fn dense(experiment: &FeatureCourse, outcome: &Outcome) -> Result<Vec<Claim>> {
    let (place, easy, resnet) = (
        experiment.place("fcn"),
        experiment.place("fcn-easy"),
        experiment.place("resnet"),
    );
    let mut claims = vec![extended(
        outcome,
        "extended-fcn",
        "Fig. 7.4b",
        place,
        "a network of dense layers on the harder set",
    )?];
    let kappa = courses(outcome, place, "kappa")?;
    let least = |c: &Curve| c.1.iter().copied().fold(f64::INFINITY, f64::min);
    let back = each(&kappa, |c| last(c) - least(c));
    claims.push(
        Claim::new(
            "deviates",
            "§7.4, Fig. 7.4b",
            "dense layers first go toward the minimum feature regime, then deviate from it",
            "κ_CKA after training above its smallest by more than 0.01",
            back,
        )
        .verdict(Verdict::above(back, 0.01))
        .note(format!(
            "{} before training, smallest {}, {} after it",
            each(&kappa, |c| by(c, 0.0)),
            each(&kappa, least),
            each(&kappa, last)
        )),
    );
    let used = courses(outcome, place, "utilization_first")?;
    let most = |c: &Curve| c.1.iter().copied().fold(0.0, f64::max);
    let lost = each(&used, |c| most(c) - last(c));
    claims.push(
        Claim::new(
            "more-features-later",
            "§7.4, Fig. 7.4b (ii)",
            "dense layers use more features late in training than before: Π̂ becomes smaller",
            "largest Π̂(C) less the last, above 0.01",
            lost,
        )
        .verdict(Verdict::above(lost, 0.01))
        .note(format!("{} after training", each(&used, last))),
    );
    let apart = paired(outcome, resnet, place, "utilization_first")?;
    claims.push(
        Claim::new(
            "fcn-uses-more",
            "Fig. 7.4, 7.5",
            "dense layers use features beyond the first C more than ResNet does",
            "Π̂(C) of ResNet less that of dense layers above 0",
            apart,
        )
        .verdict(Verdict::above(apart, 0.0))
        .note(format!(
            "{} and {}",
            end(outcome, resnet, "utilization_first")?,
            end(outcome, place, "utilization_first")?
        )),
    );
    claims.push(minimum(
        outcome,
        "minimum-fcn-easy",
        "Fig. 7.6",
        easy,
        "the same network on the easier set",
    )?);
    let easier = paired(outcome, place, easy, "kappa")?;
    claims.push(
        Claim::new(
            "difficulty",
            "Fig. 7.6",
            "the regime goes with the difficulty of the set: tighter on the easier one",
            "κ_CKA on the harder set less that on the easier above 0",
            easier,
        )
        .verdict(Verdict::above(easier, 0.0)),
    );
    Ok(claims)
}

/// Fig. 7.7: quality and utilization of the first 2C features over their intensity.
fn one_by_one(
    experiment: &FeatureCourse,
    outcome: &Outcome,
    part: &'static str,
) -> Result<Vec<Claim>> {
    let place = experiment.place(part);
    let own = rows(&outcome.table("features")?, place)?;
    let name = if part == "vgg" { "VGG" } else { "ResNet" };
    let mut claims = Vec::new();
    let Some(epoch) = own.distinct("epoch")?.last().copied() else {
        return Ok(claims);
    };
    let features = own.rows_where("epoch", epoch)?;
    let count = 2 * experiment.pictures(part).classes;
    for column in ["quality", "utilization"] {
        let each: Vec<f64> = by_seed(&features, "intensity", column)?
            .iter()
            .map(|(x, y)| {
                let n = count.min(x.len());
                stats::rank_correlation(&x[..n], &y[..n])
            })
            .collect();
        let found = stats::mean(&each);
        claims.push(
            Claim::new(
                &format!("intensity-{column}-{part}"),
                "§7.4.1, Fig. 7.7",
                &format!("{name}: features of higher intensity have higher {column}"),
                "rank correlation over the first 2C features above 0.5",
                found,
            )
            .verdict(Verdict::above(found, 0.5)),
        );
    }
    Ok(claims)
}
