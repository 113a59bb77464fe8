//! The linear model with the same basis beside the multilinear one (thesis, App. C.2).
//!
//! f = Σ w_k g_k has the same scaling laws, for 𝓡_k is a function of 𝒫(k)T there as well; data and parameters emerge alike, for both end at the minimum-norm solution; in time, a skill of
//! the linear model does not emerge: it grows fastest at the very start.
//!
//! Table `exponents`, a row for each model (`multilinear`, `linear`), bottleneck and α: `model`, `bottleneck`, `alpha`, `exponent`, `low`, `high` (fit to the exact loss of infinitely many skills), `law`.
//!
//! Table `growth`, a row for each model, skill and T: `model`, `skill`, `t`, `strength` (exact), `simulated` (gradient descent).
//!
//! Table `shots`, every seed, a row for each number of examples: `examples` (d), `linear` and `multilinear` (𝓡/S after training on d examples with D_c basis functions, from Eq. C.5 and the end B.37–B.39 of the flow).

use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::curves::{by_seed, median};
use crate::experiment::thesis::exponents::{farthest, listed, off};
use crate::experiment::thesis::resource_scaling::exact;
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Colour, Dash, Figure, Figures, Marker, Panel, Style};
use crate::metric::scaling::power_law;
use crate::model::multilinear::{Bottleneck, DecoupledSkills, MultiShot, ShotForm};
use crate::seed::Seed;
use crate::stats::{self, Interval};
use crate::table::Table;
use crate::task::SkillLaw;
use crate::trace::Schedule;
use ndarray::Array1;

settings! {
    /// Settings of the linear model beside the multilinear one.
    pub struct LinearAgainstMultilinear {
        /// Exponents α of the laws.
        alphas: Vec<f64> = vec![0.6], vec![0.1, 0.3, 0.6, 0.9], vec![0.1, 0.3, 0.6, 0.9];
        /// First and last x of the fits, for T, D and N; C goes to its square.
        window: [f64; 2] = [1e3, 1e4], [1e3, 1e6], [1e3, 1e6];
        /// α of the growth curves, of five skills.
        alpha: f64 = 0.6, 0.6, 0.6;
        /// a(0) = b(0) of the multilinear model; S and η are 1.
        start: f64 = 0.1, 0.1, 0.1;
        /// Learning rate of gradient descent for the growth curves.
        rate: f64 = 0.1, 0.02, 0.01;
        /// Basis functions of a skill, D_c.
        shots: usize = 16, 64, 256;
        /// Numbers of examples d.
        examples: Vec<usize> = vec![4, 16, 24], vec![4, 8, 16, 32, 48, 64, 96], vec![8, 16, 32, 64, 128, 192, 256, 384];
        /// Number of seeds: of features.
        seeds: u64 = 2, 64, 64;
    }
}

/// Skills of the growth curves.
const SKILLS: u64 = 5;
/// Last T of the growth curves.
const END: f64 = 150.0;

impl LinearAgainstMultilinear {
    fn models(&self, law: SkillLaw) -> Result<[(&'static str, DecoupledSkills); 2]> {
        Ok([
            (
                "multilinear",
                DecoupledSkills::multilinear(law)?.with_start(self.start * self.start)?,
            ),
            ("linear", DecoupledSkills::linear(law)?),
        ])
    }

    fn laws(&self) -> Result<Table> {
        let mut tables = Vec::new();
        for &alpha in &self.alphas {
            for (name, model) in self.models(SkillLaw::infinite(alpha)?)? {
                let mut rows = Vec::new();
                for bottleneck in Bottleneck::ALL {
                    let [mut first, mut last] = self.window;
                    if bottleneck == Bottleneck::Compute {
                        (first, last) = (first * first, last * last);
                    }
                    let x: Vec<f64> = (0..=24)
                        .map(|i| (first * (last / first).powf(f64::from(i) / 24.0)).round())
                        .collect();
                    let y: Vec<f64> = x
                        .iter()
                        .map(|x| Ok(exact(&model, bottleneck, *x)?.0))
                        .collect::<Result<_>>()?;
                    rows.push((bottleneck, power_law(&x, &y, ..)?.exponent));
                }
                let number =
                    |f: fn(&(Bottleneck, Interval)) -> f64| rows.iter().map(f).collect::<Vec<_>>();
                tables.push(
                    Table::new()
                        .with(
                            "bottleneck",
                            rows.iter().map(|r| r.0.name()).collect::<Vec<_>>(),
                        )?
                        .with("exponent", number(|r| r.1.value))?
                        .with("low", number(|r| r.1.low))?
                        .with("high", number(|r| r.1.high))?
                        .with(
                            "law",
                            rows.iter().map(|r| r.0.exponent(alpha)).collect::<Vec<_>>(),
                        )?
                        .led_by("alpha", alpha)?
                        .led_by("model", name)?,
                );
            }
        }
        Table::concat(tables)
    }

    fn growth(&self) -> Result<Table> {
        let mut tables = Vec::new();
        for k in 1..=SKILLS {
            let all = self.models(SkillLaw::new(self.alpha, SKILLS)?)?;
            let single = self.models(SkillLaw::new(self.alpha, 1)?)?;
            for ((name, model), (_, alone)) in all.into_iter().zip(single) {
                let p = model.law().p(k);
                // A law of one skill has 𝒫 = 1: with the rate η𝒫(k) its loss is that of skill k.
                let alone = alone.with_rate(self.rate * p)?;
                let steps = (END / self.rate).round() as usize;
                let every = (steps / 60).max(1);
                let run = alone.descend(None, steps, &Schedule::Every { steps: every })?;
                let t: Vec<f64> = run.steps.iter().map(|s| *s as f64 * self.rate).collect();
                tables.push(
                    Table::new()
                        .with(
                            "strength",
                            t.iter().map(|t| model.strength(p, *t)).collect::<Vec<_>>(),
                        )?
                        // ½(S − 𝓡)² of the one skill
                        .with(
                            "simulated",
                            run.loss
                                .iter()
                                .map(|l| 1.0 - (2.0 * l).sqrt())
                                .collect::<Vec<_>>(),
                        )?
                        .with("t", t)?
                        .led_by("skill", k)?
                        .led_by("model", name)?,
                );
            }
        }
        Table::concat(tables)
    }

    fn shots(&self, seed: Seed) -> Result<Table> {
        let target = Array1::from_elem(self.shots, (self.shots as f64).powf(-0.5));
        let (mut linear, mut multilinear) = (vec![], vec![]);
        for (i, &examples) in self.examples.iter().enumerate() {
            let features = Seed(seed.0 * 100 + i as u64).normal("data", self.shots, examples);
            let skill =
                MultiShot::new(features, target.clone())?.with_start(1e-4, 1e-4 * &target)?;
            linear.push(skill.minimum_norm()?.dot(&target));
            multilinear.push(skill.limit()?.strength);
        }
        Table::new()
            .with("examples", self.examples.clone())?
            .with("linear", linear)?
            .with("multilinear", multilinear)
    }
}

impl Experiment for LinearAgainstMultilinear {
    const INFO: Info = Info {
        id: "thesis/linear-vs-multilinear",
        title: "The linear model: the same laws, no emergence in time",
        document: Document::Thesis,
        section: "App. C.2",
        notebook: "thesis/08-scaling-laws",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("alphas", &self.alphas)?;
        for alpha in &self.alphas {
            positive("alphas", *alpha)?;
        }
        positive("alpha", self.alpha)?;
        distinct("examples", &self.examples)?;
        whole("shots", self.shots, 2, 2_000)?;
        for d in &self.examples {
            whole("examples", *d, 1, 10_000)?;
        }
        if !(self.rate > 0.0 && self.rate <= 1.0) {
            return Err(crate::error::Error::setting(
                "rate",
                self.rate,
                "above 0 and at most 1",
            ));
        }
        let [first, last] = self.window;
        if !(first >= 10.0 && last >= 4.0 * first && last <= 1e9) {
            return Err(crate::error::Error::setting(
                "window",
                format!("{first}, {last}"),
                "from 10 or more to at least four times that and at most 1e9",
            ));
        }
        self.models(SkillLaw::new(self.alpha, SKILLS)?).map(|_| ())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        progress.check()?;
        let mut tables = Tables::new();
        tables.insert("shots".into(), self.shots(seed)?);
        if seed.0 == 0 {
            tables.insert("exponents".into(), self.laws()?);
            tables.insert("growth".into(), self.growth()?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let (growth, shots) = (outcome.table("growth")?, outcome.table("shots")?);
        let mut figure = Figure::new(
            "The linear model has the same laws and shares two emergences, not that in time",
        )
        .columns(3);
        for name in ["multilinear", "linear"] {
            let mut panel = Panel::new(format!("{name}: time")).x("T").y("R_{k}/S");
            for k in 1..=SKILLS {
                let rows = growth.rows_where("model", name)?.rows_where("skill", k)?;
                let (x, y) = (rows.f64s("t")?, rows.f64s("strength")?);
                panel =
                    panel.line_ordered(format!("k = {k}"), k as usize - 1, SKILLS as usize, &x, &y);
            }
            figure = figure.panel(panel);
        }
        let mut data = Panel::new("data").x("examples d / D_{c}").y("R/S");
        for (i, name) in ["multilinear", "linear"].into_iter().enumerate() {
            let (x, y) = median(&by_seed(&shots, "examples", name)?);
            let x: Vec<f64> = x.iter().map(|d| d / self.shots as f64).collect();
            let style = Style::new().colour(Colour::Cycle(i));
            data = match i {
                0 => data.line_styled(name, &x, &y, style),
                _ => data
                    .scatter(name, &x, &y)
                    .styled(style.marker(Marker::Circle)),
            };
        }
        let x: Vec<f64> = (0..=60).map(|i| f64::from(i) / 40.0).collect();
        let form = |form: ShotForm| {
            x.iter()
                .map(|d| form.strength(d * 1e6, 1e6))
                .collect::<Vec<_>>()
        };
        let ink = Style::new().colour(Colour::Ink);
        let data = data.line_styled(
            "d/D_{c}",
            &x,
            &form(ShotForm::Generic),
            ink.dash(Dash::Dashed),
        );
        Ok(Figures::new().with(
            "growth",
            figure.panel(data).note(format!(
                "Data: medians over {} seeds, D_{{c}} = {} random basis functions",
                outcome.seeds().len(),
                self.shots
            )),
        ))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        let exponents = outcome.table("exponents")?.rows_where("model", "linear")?;
        let mut claims = Vec::new();
        for bottleneck in Bottleneck::ALL {
            let rows = exponents.rows_where("bottleneck", bottleneck.name())?;
            let (alpha, law) = (rows.f64s("alpha")?, rows.f64s("law")?);
            let (value, low, high) = (
                rows.f64s("exponent")?,
                rows.f64s("low")?,
                rows.f64s("high")?,
            );
            let interval = |i: usize| Interval {
                value: value[i],
                low: low[i],
                high: high[i],
                n: 25,
            };
            let all: Vec<(f64, Interval)> =
                (0..alpha.len()).map(|i| (alpha[i], interval(i))).collect();
            let apart: Vec<(f64, Interval)> = (0..alpha.len())
                .map(|i| (alpha[i], off(interval(i), law[i])))
                .collect();
            let (at, worst) = farthest(&apart);
            claims.push(
                Claim::new(
                    &format!("law-{}", bottleneck.name()),
                    "App. C.2",
                    &format!(
                        "a simpler linear model recovers the scaling law for {}",
                        bottleneck.symbol()
                    ),
                    "fitted exponent − that of Table 4.1, farthest over α: within ±0.01",
                    worst,
                )
                .verdict(Verdict::within(worst, -0.01, 0.01))
                .note(format!("farthest at α = {at}; n_s → ∞: {}", listed(&all))),
            );
        }
        let law = SkillLaw::new(self.alpha, SKILLS)?;
        let delays: Vec<(&str, f64)> = self
            .models(law)?
            .iter()
            .map(|(name, model)| {
                let time = |level| model.emergence(1, level);
                Ok((*name, time(0.1)? / time(0.9)?))
            })
            .collect::<Result<_>>()?;
        let (sigmoid, exponential) = (delays[0].1, delays[1].1);
        for (id, statement, expected, value, holds) in [
            (
                "time-linear",
                "the linear model recovers all emergence except that in time",
                "time to 𝓡 = .1 S over time to .9 S of the linear model: ln(10/9)/ln 10 = 0.046, no delay",
                exponential,
                exponential < 0.1,
            ),
            (
                "time-multilinear",
                "the multilinear model's skills saturate as sigmoids",
                "the same of the multilinear model: above 0.25",
                sigmoid,
                sigmoid > 0.25,
            ),
        ] {
            claims.push(
                Claim::new(
                    id,
                    "App. C.2, Eq. C.4",
                    statement,
                    expected,
                    Interval::exact(value, 1),
                )
                .verdict(if holds {
                    Verdict::Holds
                } else {
                    Verdict::Fails
                })
                .note("the same for every skill, for all of them differ in the unit of time only"),
            );
        }
        let growth = outcome.table("growth")?;
        let difference = growth
            .f64s("strength")?
            .iter()
            .zip(growth.f64s("simulated")?)
            .fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
        let difference = Interval::exact(difference, growth.height());
        claims.push(
            Claim::new(
                "descent",
                "Eq. 4.11, C.4",
                "both closed forms are what gradient descent does",
                "largest |𝓡/S by gradient descent − exact|: below 0.02, the size of a step",
                difference,
            )
            .verdict(Verdict::below(difference, 0.02))
            .note(format!("η = {}", self.rate)),
        );
        let shots = outcome.table("shots")?;
        let apart: Vec<f64> = shots
            .f64s("linear")?
            .iter()
            .zip(shots.f64s("multilinear")?)
            .map(|(a, b)| (a - b).abs())
            .collect();
        let apart = Interval::exact(apart.iter().fold(0.0, |a, b| a.max(*b)), apart.len());
        claims.push(
            Claim::new("data", "App. C.2, Eq. C.5", "the extended linear model has the same data emergence: both find the minimum-norm solution", "largest |difference of 𝓡/S|: below 1e-3", apart)
                .verdict(Verdict::below(apart, 1e-3))
                .note("multilinear from a(0) = |B(0)| = 1e-4"),
        );
        let mut share = vec![];
        for d in shots.distinct("examples")? {
            if (d as usize) < self.shots {
                let rows = shots.rows_where("examples", d)?;
                let ratio: Vec<f64> = rows
                    .f64s("linear")?
                    .iter()
                    .map(|r| r - d as f64 / self.shots as f64)
                    .collect();
                share.push((d as f64, stats::mean(&ratio)));
            }
        }
        let (d, worst) = farthest(&share);
        claims.push(
            Claim::new(
                "data-law",
                "App. C.2, Eq. 5.5",
                "the linear model learns the share d/D_c of a skill",
                "mean 𝓡/S − d/D_c, farthest over d: within ±0.05",
                worst,
            )
            .verdict(Verdict::within(worst, -0.05, 0.05))
            .note(format!("farthest at d = {d}, D_c = {}", self.shots)),
        );
        Ok(Claims(claims))
    }
}
