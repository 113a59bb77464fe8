//! Figures and claims of two tasks.

use super::TwoTasks;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, median};
use crate::figure::{Figure, Figures, Panel, Style};
use crate::model::skill::{Norm, Resource};
use crate::stats::{self, Interval};
use crate::table::Table;
use crate::task::Frequencies;

const LABELS: [(&str, &str); 3] = [("sgd", "SGD"), ("sign_gd", "SignGD"), ("adam", "Adam")];

/// t₂/t₁ of the Resource model without waste.
fn predicted(norm: Norm, p2: f64, level: f64) -> Result<f64> {
    let model = Resource::new(Frequencies::new(vec![1.0 - p2, p2])?, 1.0)?.with_norm(norm);
    let time = |i| Ok::<_, crate::error::Error>(model.learning_time(i, level)?.total());
    Ok(time(1)? / time(0)?)
}

/// The table `times`.
struct Times(Table);

impl Times {
    fn of(&self, optimizer: &str, gradient: &str) -> Result<Table> {
        self.0
            .rows_where("optimizer", optimizer)?
            .rows_where("gradient", gradient)
    }

    /// A column for one configuration, in the order of the seeds.
    fn at(&self, (optimizer, gradient): (&str, &str), p2: f64, column: &str) -> Result<Vec<f64>> {
        self.of(optimizer, gradient)?
            .rows_where("p2", p2)?
            .f64s(column)
    }

    /// The exponent k of t₂/t₁ ∝ (p₁/p₂)^k, seed by seed.
    fn exponent(&self, optimizer: &str) -> Result<Interval> {
        let slopes: Vec<f64> = by_seed(&self.of(optimizer, "batch")?, "p2", "ratio")?
            .into_iter()
            .map(|(p2, ratio)| {
                let x: Vec<f64> = p2.iter().map(|p| ((1.0 - p) / p).ln()).collect();
                let y: Vec<f64> = ratio.iter().map(|r| r.ln()).collect();
                stats::linear_fit(&x, &y).slope.value
            })
            .collect();
        Ok(stats::mean(&slopes))
    }
}

pub(super) fn draw(settings: &TwoTasks, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("dynamics", dynamics(settings, outcome)?)
        .with("ratio", ratio(settings, outcome)?))
}

fn dynamics(settings: &TwoTasks, outcome: &Outcome) -> Result<Figure> {
    let curves = outcome.table("curves")?;
    let mut panels = Vec::new();
    for (name, label) in LABELS {
        let mine = curves.rows_where("optimizer", name)?;
        for &p2 in &settings.shown {
            let rows = mine.rows_where("p2", p2)?;
            let mut panel = Panel::new(format!("{label}, p = ({:.2}, {p2:.2})", 1.0 - p2))
                .x("step")
                .y("skill s_{i}")
                .y_range(-0.1, 1.2);
            for skill in [1, 2] {
                let seeds = by_seed(&rows.rows_where("skill", skill)?, "step", "s")?;
                let (x, y) = median(&seeds);
                let style = Style::new().cycle(skill as usize - 1);
                panel = panel
                    .light_lines(format!("skill {skill}"), seeds)
                    .styled(style)
                    .line_styled(format!("skill {skill}"), &x, &y, style);
            }
            panels.push(panel);
        }
    }
    Ok(Figure::new(
        "SignGD: the second task sets off when the first is learned; SGD and Adam: it lags from the start",
    )
    .columns(settings.shown.len())
    .panels(panels)
    .note(format!(
        "n_dim = {}, batch {}, {} seeds (light) and their median",
        settings.n_dim,
        settings.batch,
        outcome.seeds().len()
    )))
}

fn ratio(settings: &TwoTasks, outcome: &Outcome) -> Result<Figure> {
    let times = Times(outcome.table("times")?);
    let imbalance: Vec<f64> = settings.p2.iter().map(|p| (1.0 - p) / p).collect();
    let medians = |optimizer: &str, gradient: &str| -> Result<Vec<f64>> {
        let mut middle = Vec::new();
        for &p2 in &settings.p2 {
            middle.push(stats::quantile(
                &times.at((optimizer, gradient), p2, "ratio")?,
                0.5,
            ));
        }
        Ok(middle)
    };
    let mut all = Panel::new("three optimizers, batches")
        .x("p_{1} / p_{2}")
        .y("learning times t_{2} / t_{1}")
        .log_x()
        .log_y();
    let mut exact = Panel::new("three optimizers, exact p")
        .x("p_{1} / p_{2}")
        .y("learning times t_{2} / t_{1}")
        .log_x()
        .log_y();
    for (name, label) in LABELS {
        all = all.line(label, &imbalance, &medians(name, "batch")?);
        exact = exact.line(label, &imbalance, &medians(name, "exact")?);
    }
    all = all.line("p_{1}/p_{2}", &imbalance, &imbalance);
    exact = exact.line("p_{1}/p_{2}", &imbalance, &imbalance);
    let mut sign = Panel::new("SignGD alone")
        .x("p_{1} / p_{2}")
        .y("learning times t_{2} / t_{1}")
        .log_x();
    for (gradient, label) in [
        ("batch", "batch".to_string()),
        ("exact", "exact p".into()),
        ("fine", format!("exact p, rate / {}", settings.fine)),
    ] {
        sign = sign.line(label, &imbalance, &medians("sign_gd", gradient)?);
    }
    for (norm, label) in [(Norm::L1, "Eq. 1, N_{0} = 0"), (Norm::L2, "L2 form")] {
        let theory = settings
            .p2
            .iter()
            .map(|p| predicted(norm, *p, settings.level));
        sign = sign.line(label, &imbalance, &theory.collect::<Result<Vec<_>>>()?);
    }
    let limit = (1.0 + settings.level) / settings.level;
    sign = sign.line(
        format!("limit {limit:.2}"),
        &imbalance,
        &vec![limit; imbalance.len()],
    );
    Ok(Figure::new(
        "The ratio of learning times: p₁/p₂ for SGD, 1.9/.9 for SignGD without noise, more with batches",
    )
    .columns(3)
    .panels(vec![all, exact, sign])
    .note(format!(
        "medians over {} seeds; learned: s > {}",
        outcome.seeds().len(),
        settings.level
    )))
}

/// The member of `list` nearest to `p2`.
fn nearest(list: &[f64], p2: f64) -> f64 {
    let distance = |p: &f64| (p - p2).abs();
    list.iter()
        .copied()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .unwrap_or(f64::NAN)
}

fn middle(values: &[f64]) -> f64 {
    stats::quantile(values, 0.5)
}

pub(super) fn measure(settings: &TwoTasks, outcome: &Outcome) -> Result<Claims> {
    let times = Times(outcome.table("times")?);
    let rarest = nearest(&settings.p2, 0.0);
    let (rare, tenth) = (nearest(&settings.p2, 0.05), nearest(&settings.p2, 0.1));
    let limit = (1.0 + settings.level) / settings.level;
    let sign = ("sign_gd", "batch");
    let ratio = |way, p2| times.at(way, p2, "ratio");

    let sgd = times.exponent("sgd")?;
    let adam = times.exponent("adam")?;
    let (mut between, mut cells) = (0, 0);
    for &p2 in settings.p2.iter().filter(|p| **p <= 0.2) {
        let (s, a, g) = (
            ratio(sign, p2)?,
            ratio(("adam", "batch"), p2)?,
            ratio(("sgd", "batch"), p2)?,
        );
        between += (0..s.len()).filter(|&i| s[i] < a[i] && a[i] < g[i]).count();
        cells += s.len();
    }
    let between = stats::share(between, cells);

    let last = stats::median(&ratio(sign, rarest)?);
    let saturates = match Verdict::within(last, 1.9, 2.1) {
        Verdict::Fails if middle(&ratio(sign, rare)?) * 1.1 > last.value => Verdict::Differs,
        verdict => verdict,
    };
    let course: Vec<String> = settings
        .p2
        .iter()
        .filter(|p| **p <= 0.2)
        .map(|p| {
            let of = |gradient| -> Result<f64> { Ok(middle(&ratio(("sign_gd", gradient), *p)?)) };
            Ok(format!("{p:.2}: {:.2} ({:.2})", of("batch")?, of("exact")?))
        })
        .collect::<Result<_>>()?;
    let course = match course.len() {
        0..=12 => course.join(", "),
        n => [&course[0], &course[n / 2], &course[n - 1]]
            .map(String::as_str)
            .join(", "),
    };

    let delays = |p2| -> Result<Vec<f64>> {
        let (t1, t2) = (times.at(sign, p2, "t1")?, times.at(sign, p2, "t2")?);
        Ok(t1.iter().zip(t2).map(|(a, b)| b - a).collect())
    };
    let growth: Vec<f64> = delays(rarest)?
        .iter()
        .zip(delays(tenth)?)
        .map(|(a, b)| a / b)
        .collect();
    let delay = stats::median(&growth);
    let fine = stats::median(&ratio(("sign_gd", "fine"), rarest)?);
    let deviation = |norm| -> Result<Interval> {
        let mut of_seeds = vec![0.0; outcome.seeds().len()];
        for &p2 in &settings.p2 {
            let theory = predicted(norm, p2, settings.level)?;
            for (sum, r) in of_seeds.iter_mut().zip(ratio(("sign_gd", "fine"), p2)?) {
                *sum += (r / theory).ln().powi(2) / settings.p2.len() as f64;
            }
        }
        let rms: Vec<f64> = of_seeds.iter().map(|s| s.sqrt()).collect();
        Ok(stats::median(&rms))
    };
    let noiseless = predicted(Norm::L2, rarest, settings.level)?;
    let (eq1, l2) = (deviation(Norm::L1)?, deviation(Norm::L2)?);
    let speed = |optimizer| -> Result<Interval> {
        Ok(stats::median(&times.at(
            (optimizer, "batch"),
            rare,
            "speed_up",
        )?))
    };
    let (domino, no_sgd, no_adam) = (speed("sign_gd")?, speed("sgd")?, speed("adam")?);
    let lead =
        |optimizer| -> Result<f64> { Ok(middle(&times.at((optimizer, "batch"), rare, "lead")?)) };
    let source = "§2.3, Fig. 4";
    let speeds = format!(
        "mean speed of s₂ from t₁ to t₂ over that before t₁, p₂ = {rare}, batch {}",
        settings.batch
    );
    Ok(Claims(vec![
        Claim::new("sgd-ratio", source, "SGD: the ratio of learning times grows linearly (t₂ ∼ 1/p₂)", "exponent 1 of (p₁/p₂)", sgd)
            .verdict(Verdict::within(sgd, 0.97, 1.03))
            .note(format!(
                "slope of ln(t₂/t₁) against ln(p₁/p₂) over p₂ = {}…{rarest:.2}; at the end t₂/t₁ = {:.1} for p₁/p₂ = {:.1}",
                nearest(&settings.p2, 0.5), middle(&ratio(("sgd", "batch"), rarest)?), (1.0 - rarest) / rarest
            )),
        Claim::new("signgd-saturates", source, "SignGD: the ratio of learning times saturates to 2", "2", last)
            .verdict(saturates)
            .note(format!(
                "t₂/t₁ at p₂ = {rarest:.2}, batch {}, learned at s > {}. By p₂, with the exact p in brackets: {course}. The bouncing of the learned task and the counts of the batch take signs from the rare one, so the ratio goes on growing",
                settings.batch, settings.level
            )),
        Claim::new("constant-delay", "§2.3", "SignGD produces a constant delay for task 2, regardless of how small p₂ is", "1", delay)
            .verdict(Verdict::within(delay, 0.9, 1.1))
            .note(format!("t₂ − t₁ at p₂ = {rarest:.2} over that at p₂ = {tenth:.2}, seed by seed, batch {}", settings.batch)),
        Claim::new(
            "noiseless-limit",
            "errata, Fig. 4",
            "without noise the ratio tends to (1 + ℓ)/ℓ for the level ℓ, which is not 2",
            &format!("{noiseless:.3} at this p₂, on the way to {limit:.3}"),
            fine,
        )
            .verdict(Verdict::within(fine, 0.98 * noiseless, 1.02 * noiseless))
            .note(format!("exact p, rate / {}, p₂ = {rarest:.2}, within 2 % of the L2 form; at the full rate {:.2}", settings.fine, middle(&ratio(("sign_gd", "exact"), rarest)?))),
        Claim::new("eq1-ratio", "Eq. 3", "the Resource model (Eq. 1, N₀ = 0) has the same ratios", "0", eq1)
            .verdict(Verdict::below(eq1, 0.03))
            .note(format!("rms over p₂ of ln(measured / predicted), exact p, rate / {}; no free parameter", settings.fine)),
        Claim::new("l2-ratio", "errata, A better coarse-graining", "the L2 form has the same ratios", "0", l2)
            .verdict(Verdict::below(l2, 0.03))
            .note("as eq1-ratio"),
        Claim::new("adam-between", source, "Adam's behaviour lies in the middle of SGD and SignGD", "1", between)
            .verdict(Verdict::above(between, 0.95))
            .note("share of seeds and p₂ ≤ .2 with the ratio of Adam above that of SignGD and below that of SGD"),
        Claim::new("adam-sublinear", source, "Adam: the ratio grows sub-linearly", "exponent between 0 and 1", adam)
            .verdict(Verdict::within(adam, 0.05, 0.95))
            .note("as sgd-ratio"),
        Claim::new("domino-signgd", source, "SignGD: the second task starts to learn rapidly only after the first is learned", "> 1", domino)
            .verdict(Verdict::above(domino, 1.0))
            .note(format!("{speeds}; s₂ at t₁ is {:.2}", lead("sign_gd")?)),
        Claim::new("no-domino-sgd", source, "SGD does not lead to Domino effects", "< 1", no_sgd)
            .verdict(Verdict::below(no_sgd, 1.0))
            .note(format!("{speeds}; s₂ at t₁ is {:.2}: what sets SignGD apart is not how little is learned before t₁ (u₂ = u₁^{{p₂/p₁}} in both) but the speed after it", lead("sgd")?)),
        Claim::new("no-domino-adam", source, "Adam does not lead to Domino effects", "< 1", no_adam)
            .verdict(Verdict::below(no_adam, 1.0))
            .note(format!("{speeds}; s₂ at t₁ is {:.2}; the speed-up of SignGD is {:.1}, that of SGD {:.2}", lead("adam")?, domino.value, no_sgd.value)),
    ]))
}
