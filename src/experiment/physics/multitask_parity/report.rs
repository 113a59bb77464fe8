//! Figures and claims of multitask sparse parity.

use super::MultitaskParity;
use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::Outcome;
use crate::experiment::curves::{by_seed, median_after_zero};
use crate::figure::{Colour, Dash, Figure, Figures, Panel, Style};
use crate::metric::scaling::{PowerLaw, power_law, power_law_seeds};
use crate::stats::{self, Interval};
use crate::table::Table;
use ndarray::Array2;

type Betas = [f64; 2];

fn name(betas: Betas) -> String {
    format!("({}, {})", betas[0], betas[1])
}

fn of(table: &Table, alpha: f64, betas: Betas) -> Result<Table> {
    table
        .rows_where("alpha", alpha)?
        .rows_where("beta1", betas[0])?
        .rows_where("beta2", betas[1])
}

/// What the loss is a power law of.
#[derive(Clone, Copy, PartialEq)]
enum Against {
    Steps,
    Widths,
}

impl Against {
    const BOTH: [Self; 2] = [Self::Steps, Self::Widths];

    fn table(self) -> &'static str {
        match self {
            Self::Steps => "curves",
            Self::Widths => "losses",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Steps => "step",
            Self::Widths => "width",
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Steps => "α_S",
            Self::Widths => "α_N",
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Steps => "alpha-s",
            Self::Widths => "alpha-n",
        }
    }

    fn window(self, settings: &MultitaskParity) -> [usize; 2] {
        match self {
            Self::Steps => settings.fit_steps,
            Self::Widths => settings.fit_widths,
        }
    }
}

/// The exponents of one pair of β for each α.
struct Exponents {
    betas: Betas,
    fits: Vec<PowerLaw>,
    /// Of each α, the exponents of the seeds.
    seeds: Vec<Vec<f64>>,
}

impl Exponents {
    fn all(settings: &MultitaskParity, outcome: &Outcome, against: Against) -> Result<Vec<Self>> {
        let table = outcome.table(against.table())?;
        let new = |betas: &Betas| Self::new(settings, &table, *betas, against);
        settings.betas.iter().map(new).collect()
    }

    fn new(
        settings: &MultitaskParity,
        table: &Table,
        betas: Betas,
        against: Against,
    ) -> Result<Self> {
        let [from, to] = against.window(settings);
        let window = from as f64..=to as f64;
        let (mut fits, mut seeds) = (vec![], vec![]);
        for alpha in &settings.alphas {
            let curves = by_seed(&of(table, *alpha, betas)?, against.column(), "loss")?;
            let x = curves.first().map(|c| c.0.clone()).unwrap_or_default();
            let y = Array2::from_shape_fn((curves.len(), x.len()), |(s, i)| curves[s].1[i]);
            fits.push(power_law_seeds(&x, &y, window.clone())?);
            let own = curves.iter().map(|(x, y)| {
                let fit = power_law(x, y, window.clone())?;
                Ok(fit.exponent.value)
            });
            seeds.push(own.collect::<Result<Vec<f64>>>()?);
        }
        Ok(Self { betas, fits, seeds })
    }

    /// The mean over α of the exponent less `line(α)`: an interval over seeds, or the jackknife's with one seed.
    fn less(&self, settings: &MultitaskParity, line: impl Fn(f64) -> f64) -> Result<Interval> {
        let lines: Vec<f64> = settings.alphas.iter().map(|a| line(*a)).collect();
        let count = lines.len() as f64;
        if self.seeds[0].len() > 1 {
            let of_seed = |s: usize| {
                let gaps = self.seeds.iter().zip(&lines).map(|(own, l)| own[s] - l);
                gaps.sum::<f64>() / count
            };
            let gaps: Vec<f64> = (0..self.seeds[0].len()).map(of_seed).collect();
            return Ok(stats::mean(&gaps));
        }
        let (mut value, mut square) = (0.0, 0.0);
        for (fit, line) in self.fits.iter().zip(&lines) {
            let own = fit.jackknife()?.exponent;
            value += (own.value - line) / count;
            square += ((own.high - own.value) / count).powi(2);
        }
        Ok(around(value, square.sqrt(), self.fits.len()))
    }

    /// At the α where it is largest, the exponent less that of `other`: of the same seeds, or by both jackknives with one seed.
    fn most_over(&self, settings: &MultitaskParity, other: &Self) -> Result<(f64, Interval)> {
        let mut most = (f64::NAN, Interval::none());
        for (i, alpha) in settings.alphas.iter().enumerate() {
            let gap = if self.seeds[i].len() > 1 {
                let pairs = self.seeds[i].iter().zip(&other.seeds[i]);
                stats::mean(&pairs.map(|(a, b)| a - b).collect::<Vec<_>>())
            } else {
                let (a, b) = (self.fits[i].jackknife()?, other.fits[i].jackknife()?);
                let half = |i: Interval| i.high - i.value;
                let both = half(a.exponent).hypot(half(b.exponent));
                around(a.exponent.value - b.exponent.value, both, 1)
            };
            if most.1.value.is_nan() || gap.value > most.1.value {
                most = (*alpha, gap);
            }
        }
        Ok(most)
    }

    fn values(&self) -> Vec<f64> {
        self.fits.iter().map(|fit| fit.exponent.value).collect()
    }
}

fn around(value: f64, half: f64, n: usize) -> Interval {
    Interval {
        value,
        low: value - half,
        high: value + half,
        n,
    }
}

/// The α in the middle of those there are.
fn middle(settings: &MultitaskParity) -> f64 {
    let mut alphas = settings.alphas.clone();
    alphas.sort_by(f64::total_cmp);
    alphas[alphas.len() / 2]
}

fn ink(dash: Dash) -> Style {
    Style::new().colour(Colour::Ink).dash(dash)
}

pub(super) fn draw(settings: &MultitaskParity, outcome: &Outcome) -> Result<Figures> {
    Ok(Figures::new()
        .with("fig-11", published(settings, outcome)?)
        .with("losses", losses(settings, outcome)?)
        .with("skills", skills(settings, outcome)?))
}

/// Loss over steps or widths for all pairs of β.
fn loss_panel(
    settings: &MultitaskParity,
    outcome: &Outcome,
    alpha: f64,
    against: Against,
) -> Result<Panel> {
    let table = outcome.table(against.table())?;
    let what = match against {
        Against::Steps => format!("width {}, α = {alpha}", settings.widest()),
        Against::Widths => format!("after {} steps, α = {alpha}", settings.steps),
    };
    let unit = match against {
        Against::Steps => "step",
        Against::Widths => "hidden units",
    };
    let mut panel = Panel::new(what).x(unit).y("loss (nats)").log_x().log_y();
    for betas in &settings.betas {
        let rows = of(&table, alpha, *betas)?;
        let (x, y) = median_after_zero(&rows, against.column(), "loss")?;
        panel = panel.line(name(*betas), &x, &y);
    }
    let [from, to] = against.window(settings);
    Ok(panel.v_line(from as f64, "").v_line(to as f64, ""))
}

/// Exponents against α with the lines of the two models.
fn exponents_panel(
    settings: &MultitaskParity,
    outcome: &Outcome,
    against: Against,
    title: &str,
) -> Result<Panel> {
    let symbol = match against {
        Against::Steps => "α_{S}",
        Against::Widths => "α_{N}",
    };
    let mut panel = Panel::new(title).x("α").y(symbol);
    let wide = settings.betas.len() as f64;
    for (i, one) in Exponents::all(settings, outcome, against)?
        .iter()
        .enumerate()
    {
        // Side by side: the bars would cover each other.
        let x: Vec<f64> = settings
            .alphas
            .iter()
            .map(|a| a + 0.012 * (i as f64 - 0.5 * (wide - 1.0)))
            .collect();
        let bars = one.fits.iter().map(|fit| Ok(fit.jackknife()?.exponent));
        let bars: Vec<Interval> = bars.collect::<Result<_>>()?;
        let part = |f: fn(&Interval) -> f64| bars.iter().map(f).collect::<Vec<f64>>();
        let (low, high) = (part(|i| i.low), part(|i| i.high));
        panel = panel.error_bars(name(one.betas), &x, &part(|i| i.value), &low, &high);
    }
    let mut x = settings.alphas.clone();
    x.sort_by(f64::total_cmp);
    let line = |f: fn(f64) -> f64| x.iter().map(|a| f(*a)).collect::<Vec<f64>>();
    Ok(panel
        .line_styled("Domino α − 1", &x, &line(domino), ink(Dash::Dashed))
        .line_styled("Quanta (α − 1)/α", &x, &line(quanta), ink(Dash::Dotted)))
}

fn domino(alpha: f64) -> f64 {
    alpha - 1.0
}

fn quanta(alpha: f64) -> f64 {
    (alpha - 1.0) / alpha
}

fn published(settings: &MultitaskParity, outcome: &Outcome) -> Result<Figure> {
    let [from, to] = settings.fit_steps;
    let steps = format!("α_{{S}}, steps {from} to {to}");
    let [from, to] = settings.fit_widths;
    let widths = format!("α_{{N}}, hidden units {from} to {to}");
    let left = loss_panel(settings, outcome, middle(settings), Against::Steps)?;
    Ok(
        Figure::new("Fig. 11: scaling laws of multitask sparse parity, by (β₁, β₂) of Adam")
            .columns(3)
            .panel(left)
            .panel(exponents_panel(settings, outcome, Against::Steps, &steps)?)
            .panel(exponents_panel(settings, outcome, Against::Widths, &widths)?)
            .note(format!(
                "Medians of {} seeds; exponents of their mean logarithms, bars at 95 % by a jackknife over records or widths, as published.",
                outcome.seeds().len()
            )),
    )
}

fn losses(settings: &MultitaskParity, outcome: &Outcome) -> Result<Figure> {
    let mut figure = Figure::new("Loss over steps (top) and over hidden units (bottom)")
        .columns(settings.alphas.len())
        .note("Vertical lines: the windows of the fits.");
    for against in Against::BOTH {
        for alpha in &settings.alphas {
            figure = figure.panel(loss_panel(settings, outcome, *alpha, against)?);
        }
    }
    Ok(figure)
}

/// When skills are learned, and how many at once.
fn skills(settings: &MultitaskParity, outcome: &Outcome) -> Result<Figure> {
    let alpha = middle(settings);
    let (curves, times) = (outcome.table("curves")?, outcome.table("times")?);
    let mut count = Panel::new(format!("skills learned, α = {alpha}"))
        .x("step")
        .y("skills")
        .log_x();
    let mut time = Panel::new(format!("when skill k is learned, α = {alpha}"))
        .x("k")
        .y("step")
        .log_x()
        .log_y();
    let mut first = f64::NAN;
    for betas in &settings.betas {
        let rows = of(&curves, alpha, *betas)?;
        let (x, y) = median_after_zero(&rows, "step", "learned")?;
        count = count.line(name(*betas), &x, &y);
        let (mut x, mut y) = (vec![], vec![]);
        for (k, t) in typical(&of(&times, alpha, *betas)?)? {
            x.push(k);
            y.push(t);
        }
        if first.is_nan() {
            first = y.first().copied().unwrap_or(f64::NAN);
        }
        time = time.scatter(name(*betas), &x, &y);
    }
    if first > 0.0 {
        let x: Vec<f64> = (1..=settings.tasks.min(20)).map(|k| k as f64).collect();
        let line = |z: f64| x.iter().map(|k| first * k.powf(z)).collect::<Vec<f64>>();
        time = time
            .line_styled("Domino: ∝ k", &x, &line(1.0), ink(Dash::Dashed))
            .line_styled("Quanta: ∝ k^{α}", &x, &line(alpha), ink(Dash::Dotted));
    }
    Ok(
        Figure::new("Frequent skills are learned first; lines start at skill 1 of the first pair")
            .panel(count)
            .panel(time)
            .note(format!(
                "Medians of seeds; a skill is learned at a held-out accuracy above {}. A point where at least half of the seeds learned it.",
                settings.level
            )),
    )
}

/// Of each skill that half of the seeds learned, its median time; the others count as never.
fn typical(times: &Table) -> Result<Vec<(f64, f64)>> {
    let (skill, time) = (times.i64s("skill")?, times.f64s("time")?);
    let mut all = Vec::new();
    for k in times.distinct("skill")? {
        let own = skill.iter().zip(&time).filter(|(s, _)| **s == k);
        let mut own: Vec<f64> = own
            .map(|(_, t)| if t.is_nan() { f64::INFINITY } else { *t })
            .collect();
        own.sort_by(f64::total_cmp);
        let middle = own[own.len() / 2];
        if middle.is_finite() {
            all.push((k as f64, middle));
        }
    }
    Ok(all)
}

const SOURCE: &str = "§3.3, Fig. 11";

pub(super) fn measure(settings: &MultitaskParity, outcome: &Outcome) -> Result<Claims> {
    let mut claims = Vec::new();
    let best = most_performant(settings, outcome)?;
    for against in Against::BOTH {
        let all = Exponents::all(settings, outcome, against)?;
        between(settings, &all, best, against, &mut claims)?;
        not_alpha(settings, &all, against, &mut claims);
        depends(settings, &all, against, &mut claims)?;
    }
    order(settings, outcome, best, &mut claims)?;
    Ok(Claims(claims))
}

/// The pair whose widest networks end with the lowest loss, in the mean of logarithms over α and seeds.
fn most_performant(settings: &MultitaskParity, outcome: &Outcome) -> Result<usize> {
    let table = outcome.table("losses")?;
    let table = table.rows_where("width", settings.widest() as i64)?;
    let mut least = (0, f64::INFINITY);
    for (i, betas) in settings.betas.iter().enumerate() {
        let mut total = 0.0;
        for alpha in &settings.alphas {
            let own = of(&table, *alpha, *betas)?.f64s("loss")?;
            total += own.iter().map(|l| l.ln()).sum::<f64>();
        }
        if total < least.1 {
            least = (i, total);
        }
    }
    Ok(least.0)
}

fn between(
    settings: &MultitaskParity,
    all: &[Exponents],
    best: usize,
    against: Against,
    claims: &mut Vec<Claim>,
) -> Result<()> {
    let symbol = against.symbol();
    let best = &all[best];
    let said: Vec<String> = all
        .iter()
        .map(|one| format!("{} {}", name(one.betas), listed(&one.values())))
        .collect();
    let said = format!(
        "{}, the pair with the lowest loss; {symbol} at α = {}: {}",
        name(best.betas),
        listed(&settings.alphas),
        said.join("; ")
    );
    let (over, under) = (best.less(settings, quanta)?, best.less(settings, domino)?);
    claims.push(
        Claim::new(
            &format!("{}-above-quanta", against.id()),
            SOURCE,
            &format!("for the most performant Adam parameters {symbol} tends to be above (α − 1)/α, the Quanta model's line"),
            &format!("{symbol} − (α − 1)/α, mean over α: above 0"),
            over,
        )
        .verdict(Verdict::above(over, 0.0))
        .note(said.clone()),
    );
    claims.push(
        Claim::new(
            &format!("{}-below-domino", against.id()),
            SOURCE,
            &format!("for the most performant Adam parameters {symbol} tends to be below α − 1, the Domino model's line"),
            &format!("{symbol} − (α − 1), mean over α: below 0"),
            under,
        )
        .verdict(Verdict::below(under, 0.0))
        .note(said),
    );
    Ok(())
}

fn listed(values: &[f64]) -> String {
    let one = |x: &f64| format!("{:.2}", x);
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// No pair has the exponent α.
fn not_alpha(
    settings: &MultitaskParity,
    all: &[Exponents],
    against: Against,
    claims: &mut Vec<Claim>,
) {
    let symbol = against.symbol();
    let mut nearest = (f64::INFINITY, Interval::none(), String::new());
    for one in all {
        for (alpha, fit) in settings.alphas.iter().zip(&one.fits) {
            let gap = Interval {
                value: fit.exponent.value - alpha,
                low: fit.exponent.low - alpha,
                high: fit.exponent.high - alpha,
                ..fit.exponent
            };
            if gap.value.abs() < nearest.0 {
                let at = format!("{} at α = {alpha}", name(one.betas));
                nearest = (gap.value.abs(), gap, at);
            }
        }
    }
    let apart = nearest.1;
    claims.push(
        Claim::new(
            &format!("{}-not-alpha", against.id()),
            SOURCE,
            &format!("for no choice of Adam parameters {symbol} ≈ α holds precisely"),
            &format!("{symbol} − α where it is nearest to 0, over β and α: not 0"),
            apart,
        )
        .verdict(if apart.above(0.0) || apart.below(0.0) {
            Verdict::Holds
        } else {
            Verdict::Inconclusive
        })
        .note(nearest.2),
    );
}

fn depends(
    settings: &MultitaskParity,
    all: &[Exponents],
    against: Against,
    claims: &mut Vec<Claim>,
) -> Result<()> {
    let symbol = against.symbol();
    let of = |betas: Betas| all.iter().find(|one| one.betas == betas);
    let Some(short) = of([0.9, 0.9]) else {
        return Ok(());
    };
    for long in [[0.9, 0.999], [0.9, 0.9999]] {
        let Some(other) = of(long) else { continue };
        let (alpha, gap) = short.most_over(settings, other)?;
        // The text says so of α_N alone; α_S beside it shows what is particular to it.
        let (id, statement) = match against {
            Against::Widths => (
                format!("alpha-n-lower-{}", long[1]),
                format!(
                    "(0.9, 0.9) has a consistently lower α_N than {}",
                    name(long)
                ),
            ),
            Against::Steps => (
                format!("alpha-s-lower-{}", long[1]),
                format!(
                    "exponents depend on the optimizer: the same for α_S, (0.9, 0.9) against {}",
                    name(long)
                ),
            ),
        };
        claims.push(
            Claim::new(
                &id,
                SOURCE,
                &statement,
                &format!(
                    "{symbol} of (0.9, 0.9) less that of {}, at the α where it is largest: below 0",
                    name(long)
                ),
                gap,
            )
            .verdict(Verdict::below(gap, 0.0))
            .note(format!(
                "largest at α = {alpha}; {} against {}",
                listed(&short.values()),
                listed(&other.values())
            )),
        );
    }
    Ok(())
}

/// How the times of skills grow with their rank.
fn order(
    settings: &MultitaskParity,
    outcome: &Outcome,
    best: usize,
    claims: &mut Vec<Claim>,
) -> Result<()> {
    let (alpha, betas) = (middle(settings), settings.betas[best]);
    let times = of(&outcome.table("times")?, alpha, betas)?;
    let mut slopes = Vec::new();
    for (skill, time) in by_seed(&times, "skill", "time")? {
        let known = skill.iter().zip(&time).filter(|(_, t)| **t > 0.0);
        let (k, t): (Vec<f64>, Vec<f64>) = known.map(|(k, t)| (k.ln(), t.ln())).unzip();
        if k.len() > 2 {
            slopes.push(stats::linear_fit(&k, &t).slope.value);
        }
    }
    let slope = stats::mean(&slopes);
    claims.push(
        Claim::new(
            "time-exponent",
            SOURCE,
            "training lies between the Domino model, t_k ∝ k, and the Quanta model, t_k ∝ 1/p_k ∝ k^α",
            "exponent of the time of skill k over k: from 1 to α",
            slope,
        )
        .verdict(Verdict::within(slope, 1.0, alpha))
        .note(format!(
            "α = {alpha}, {}; over the skills that were learned",
            name(betas)
        )),
    );
    Ok(())
}
