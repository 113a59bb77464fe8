//! Figures and claims of the comparison of optimizers.

use super::super::tuning::{Rule, p_value};
use super::AdamComparison;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::median_after_zero;
use crate::figure::{Figure, Figures, Panel};
use crate::stats::{self, Interval};
use crate::table::Table;

pub(super) fn draw(settings: &AdamComparison, outcome: &Outcome) -> Result<Figures> {
    let curves = outcome.table("curves")?;
    let figure = |speed: &str, title: &str| -> Result<Figure> {
        let mine = curves.rows_where("speed", speed)?;
        let mut panels = Vec::new();
        for &rank in &settings.ranks {
            let rows = mine.rows_where("rank", rank)?;
            let mut panel = Panel::new(format!("r = {rank}"))
                .x("step")
                .y("loss L / L_{0}")
                .log_x()
                .log_y()
                .y_range(1e-6, 4.0);
            for rule in Rule::ALL {
                let (steps, loss) =
                    median_after_zero(&rows.rows_where("optimizer", rule.name())?, "step", "loss")?;
                panel = panel.line(rule.label(), &steps, &loss);
            }
            panels.push(panel);
        }
        Ok(Figure::new(title).columns(2).panels(panels).note(format!(
            "Medians over {} seeds, n = {}.",
            outcome.seeds().len(),
            settings.n
        )))
    };
    Ok(Figures::new()
        .with(
            "tuned",
            figure(
                "tuned",
                "Each optimizer at its best rate: the plateau goes with the rank, under Adam too",
            )?,
        )
        .with(
            "slow",
            figure(
                "slow",
                &format!("The same at {} of the best rates", settings.slow),
            )?,
        ))
}

struct Runs(Table);

impl Runs {
    /// A column for a configuration, in the order of the seeds.
    fn of(&self, rank: usize, rule: Rule, speed: &str, column: &str) -> Result<Vec<f64>> {
        let rows = self
            .0
            .rows_where("rank", rank)?
            .rows_where("optimizer", rule.name())?;
        rows.rows_where("speed", speed)?.f64s(column)
    }

    /// The share of finished runs with a plateau.
    fn plateaus(&self, rank: usize, rule: Rule, speed: &str) -> Result<Interval> {
        let lengths = self.of(rank, rule, speed, "plateau")?;
        let with = lengths.iter().filter(|l| **l > 0.0).count();
        Ok(stats::share(
            with,
            lengths.iter().filter(|l| l.is_finite()).count(),
        ))
    }

    /// `a` combined with `b`, seed by seed.
    fn paired(
        &self,
        (rank, speed): (usize, &str),
        column: &str,
        a: Rule,
        b: Rule,
        f: fn(f64, f64) -> f64,
    ) -> Result<Interval> {
        let (a, b) = (
            self.of(rank, a, speed, column)?,
            self.of(rank, b, speed, column)?,
        );
        Ok(stats::median(
            &a.iter().zip(&b).map(|(a, b)| f(*a, *b)).collect::<Vec<_>>(),
        ))
    }

    /// Tuned rates and medians of a column for the three optimizers, in words.
    fn medians(&self, rank: usize, column: &str) -> Result<String> {
        let one = |rule: Rule| -> Result<String> {
            let middle = stats::quantile(&self.of(rank, rule, "tuned", column)?, 0.5);
            let rate = self.of(rank, rule, "tuned", "rate")?;
            Ok(format!(
                "{} {middle:.3} (rate {:.3})",
                rule.name(),
                rate.first().copied().unwrap_or(f64::NAN)
            ))
        };
        Ok(Rule::ALL
            .map(one)
            .into_iter()
            .collect::<Result<Vec<_>>>()?
            .join(", "))
    }
}

const SOURCE: &str = "comments";

pub(super) fn measure(settings: &AdamComparison, outcome: &Outcome) -> Result<Claims> {
    let runs = Runs(outcome.table("runs")?);
    let full = settings.ranks.iter().copied().max().unwrap_or(1);
    let mut claims = full_rank(settings, &runs, full)?;
    if settings.ranks.contains(&1) {
        claims.extend(rank_one(&runs)?);
    }
    if settings.ranks.contains(&2) {
        let share = runs.plateaus(2, Rule::Adam, "tuned")?;
        let descent = runs.plateaus(2, Rule::Descent, "tuned")?;
        claims.push(
            Claim::new("same-shape", SOURCE, "with Adam most of the phenomenology is the same", "share of Adam's runs at r = 2 with a plateau: more than ½", share)
                .verdict(Verdict::above(share, 0.5))
                .note(format!("gradient descent: {descent}; at {} of the tuned rates Adam: {}, gradient descent: {}", settings.slow, runs.plateaus(2, Rule::Adam, "slow")?, runs.plateaus(2, Rule::Descent, "slow")?)),
        );
    }
    let diverged = runs.0.i64s("diverged")?.iter().filter(|d| **d >= 0).count();
    if diverged > 0 {
        for claim in &mut claims {
            claim.note.push_str(&format!(
                "; {diverged} of {} runs diverged and are left out",
                runs.0.height()
            ));
        }
    }
    Ok(Claims(claims))
}

fn full_rank(settings: &AdamComparison, runs: &Runs, full: usize) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    for (id, speed, word) in [
        ("full-rank-plateau", "tuned", "the tuned rate".to_string()),
        (
            "full-rank-plateau-slow",
            "slow",
            format!("{} of the tuned rate", settings.slow),
        ),
    ] {
        let share = runs.plateaus(full, Rule::Adam, speed)?;
        let shallow = runs.of(full, Rule::Adam, speed, "shallow")?;
        let shallow = stats::share(
            shallow.iter().filter(|l| **l > 0.0).count(),
            shallow.iter().filter(|l| l.is_finite()).count(),
        );
        let exponential = |rule| -> Result<Interval> {
            let tail = runs.of(full, rule, speed, "tail")?;
            let known = tail.iter().filter(|t| t.is_finite()).count();
            Ok(stats::share(
                tail.iter().filter(|t| **t == 1.0).count(),
                known,
            ))
        };
        let rest =
            |rule| -> Result<Interval> { Ok(stats::median(&runs.of(full, rule, speed, "dwell")?)) };
        claims.push(
            Claim::new(
                id,
                SOURCE,
                "with Adam the full-rank case regains a plateau",
                &format!("share of Adam's runs at r = {full} and {word} with a plateau: more than ½"),
                share,
            )
            .verdict(Verdict::above(share, 0.5))
            .note(format!(
                "a trough of −d ln L/d step at least three times below its sides, above {} L₀; at least 1.5 times: {shallow}. AdamW {}, gradient descent {}. Steps from \
                 1.1 to 0.9 L₀ over steps to {} L₀: Adam {}, gradient descent {}. What differs is the tail: rather exponential than a power of the step in {} of Adam's \
                 runs and {} of gradient descent's",
                settings.tuning_loss,
                runs.plateaus(full, Rule::AdamW, speed)?,
                runs.plateaus(full, Rule::Descent, speed)?,
                settings.tuning_loss,
                rest(Rule::Adam)?,
                rest(Rule::Descent)?,
                exponential(Rule::Adam)?,
                exponential(Rule::Descent)?,
            )),
        );
    }
    let pace = stats::median(&runs.of(full, Rule::Adam, "tuned", "pace")?);
    let slow = stats::median(&runs.of(full, Rule::Adam, "slow", "pace")?);
    claims.push(
        Claim::new(
            "bumps-at-plateau",
            SOURCE,
            "the plateau corresponds to a period with a lot of bump formation",
            &format!("r = {full}, Adam: −d ln L/d step at the bumps over its mean: below 1"),
            pace,
        )
        .verdict(Verdict::below(pace, 1.0))
        .note(format!(
            "until {} L₀; at {} of the tuned rate {slow}; bumps per vector until then: {}",
            settings.tuning_loss,
            settings.slow,
            runs.medians(full, "bumps")?
        )),
    );
    let less = |speed| {
        runs.paired(
            (full, speed),
            "spread_modes",
            Rule::Adam,
            Rule::Descent,
            |a, b| a - b,
        )
    };
    // At the tuned rates the modes are learned within a few steps, too few to tell their times apart well.
    let (apart, tuned) = (less("slow")?, less("tuned")?);
    claims.push(
        Claim::new(
            "similar-rates",
            SOURCE,
            "maybe Adam makes different vectors learn at more similar rates",
            &format!("r = {full}: ln(t₉₀/t₁₀) of the stronger modes' learning times, Adam less gradient descent of the same seed: below 0"),
            apart,
        )
        .verdict(Verdict::below(apart, 0.0))
        .note(format!(
            "the stronger half of the modes of A, at {} of the tuned rates; at the tuned rates {tuned}, medians {}",
            settings.slow,
            runs.medians(full, "spread_modes")?
        )),
    );
    Ok(claims)
}

fn rank_one(runs: &Runs) -> Result<Vec<Claim>> {
    let ratio = |rule| {
        runs.paired(
            (1, "tuned"),
            "steps_to_loss",
            rule,
            Rule::Descent,
            |a, b| a / b,
        )
    };
    let (adamw, adam) = (ratio(Rule::AdamW)?, ratio(Rule::Adam)?);
    let test = p_value(
        &runs.of(1, Rule::AdamW, "tuned", "steps_to_loss")?,
        &runs.of(1, Rule::Descent, "tuned", "steps_to_loss")?,
    );
    let shape = runs.plateaus(1, Rule::AdamW, "tuned")?;
    let slow = runs.plateaus(1, Rule::AdamW, "slow")?;
    Ok(vec![
        Claim::new(
            "rank-one-faster",
            SOURCE,
            "at rank 1 AdamW just accelerates things",
            "steps to the stated loss, AdamW over gradient descent of the same seed: below 1",
            adamw,
        )
        .verdict(Verdict::below(adamw, 1.0))
        .note(format!("each at its tuned rate; Mann–Whitney {test}; Adam over gradient descent: {adam}; medians {}", runs.medians(1, "steps_to_loss")?)),
        Claim::new("rank-one-shape", SOURCE, "at rank 1 AdamW only accelerates: the S stays", "share of AdamW's runs at r = 1 with a plateau: more than ½", shape)
            .verdict(Verdict::above(shape, 0.5))
            .note(format!("at the slow rate {slow}; gradient descent {}", runs.plateaus(1, Rule::Descent, "tuned")?)),
    ])
}
