//! What a finite number of skills does to the time law, and its correction (thesis, App. C.1, Fig. C.1).
//!
//! With n_s = N skills Eq. 4.23 keeps its term at k = N, and the law becomes that of ℒ + ℒ_C, ℒ_C = S²A N^{−α}/2α (Eq. C.2): the loss of the skills after N that the
//! power law counts and the model does not have.
//!
//! Table `curves`, a row for each α and T: `alpha`, `t`, `exact` (n_s = N skills), `simulated` (gradient descent), `power` (the uncorrected law) and `corrected` (Eq. C.2), both through
//! the exact loss at `from`, `limit` (exact for n_s → ∞).

use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::thesis::exponents::{farthest, listed, off};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Colour, Dash, Figure, Figures, Marker, Panel, Style};
use crate::metric::scaling::power_law;
use crate::model::multilinear::{Bottleneck, DecoupledSkills};
use crate::seed::Seed;
use crate::stats::Interval;
use crate::table::Table;
use crate::task::SkillLaw;
use crate::trace::Schedule;

settings! {
    /// Settings of the correction for a finite number of skills.
    pub struct FiniteSkills {
        /// Exponents α; the published one is 0.1.
        alphas: Vec<f64> = vec![0.1], vec![0.1, 0.3, 0.6, 0.9], vec![0.1, 0.3, 0.6, 0.9];
        /// Number of skills, N = n_s.
        skills: u64 = 2_000, 50_000, 50_000;
        /// a(0) = b(0); S and η are 1.
        start: f64 = 0.1, 0.1, 0.1;
        /// Steps of gradient descent.
        steps: usize = 1_000, 30_000, 100_000;
        /// T from which the laws are drawn and judged.
        from: f64 = 30.0, 100.0, 100.0;
        /// Number of seeds: nothing here is random.
        seeds: u64 = 1, 1, 1;
    }
}

impl FiniteSkills {
    fn model(&self, law: SkillLaw) -> Result<DecoupledSkills> {
        DecoupledSkills::multilinear(law)?.with_start(self.start * self.start)
    }
}

impl Experiment for FiniteSkills {
    const INFO: Info = Info {
        id: "thesis/fig-c.1",
        title: "The time law corrected for a finite number of skills",
        document: Document::Thesis,
        section: "App. C.1, Fig. C.1",
        notebook: "thesis/08-scaling-laws",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("alphas", &self.alphas)?;
        for alpha in &self.alphas {
            positive("alphas", *alpha)?;
        }
        whole("skills", self.skills as usize, 10, 10_000_000)?;
        whole("steps", self.steps, 20, 10_000_000)?;
        if !(self.from >= 1.0 && self.from <= self.steps as f64 / 5.0) {
            return Err(crate::error::Error::setting(
                "from",
                self.from,
                format!("from 1 to a fifth of the {} steps", self.steps),
            ));
        }
        self.model(SkillLaw::new(self.alphas[0], self.skills)?)
            .map(|_| ())
    }

    fn run_seed(&self, _: Seed, progress: &Progress) -> Result<Tables> {
        let mut curves = Vec::new();
        for &alpha in &self.alphas {
            progress.check()?;
            let finite = self.model(SkillLaw::new(alpha, self.skills)?)?;
            let limit = self.model(SkillLaw::infinite(alpha)?)?;
            let run = finite.descend(None, self.steps, &Schedule::LogSpaced { per_decade: 10 })?;
            let t: Vec<f64> = run.steps[1..].iter().map(|s| *s as f64).collect();
            let begin = finite.loss(self.from, None)?.value;
            let power = Bottleneck::Time.exponent(alpha);
            curves.push(
                Table::new()
                    .with("exact", finite.losses(&t, None)?)?
                    .with("simulated", run.loss[1..].to_vec())?
                    .with(
                        "power",
                        t.iter()
                            .map(|t| begin * (t / self.from).powf(-power))
                            .collect::<Vec<_>>(),
                    )?
                    .with("corrected", finite.corrected_law(self.from, &t)?)?
                    .with("limit", limit.losses(&t, None)?)?
                    .with("t", t)?
                    .led_by("alpha", alpha)?,
            );
        }
        Ok([("curves".to_string(), Table::concat(curves)?)].into())
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let curves = outcome.table("curves")?;
        let mut figure = Figure::new(
            "Skills that are not there bend the law, and Eq. C.2 takes them into account",
        );
        for &alpha in &self.alphas {
            let rows = curves.rows_where("alpha", alpha)?;
            let t = rows.f64s("t")?;
            let shown = |y: Vec<f64>| -> (Vec<f64>, Vec<f64>) {
                t.iter()
                    .copied()
                    .zip(y)
                    .filter(|(t, y)| *t >= self.from && *y > 0.0)
                    .unzip()
            };
            let simulated: (Vec<f64>, Vec<f64>) = t
                .iter()
                .copied()
                .zip(rows.f64s("simulated")?)
                .step_by(3)
                .unzip();
            let (power, corrected) = (shown(rows.f64s("power")?), shown(rows.f64s("corrected")?));
            let style = |i: usize, dash| Style::new().colour(Colour::Cycle(i)).dash(dash);
            figure = figure.panel(
                Panel::new(format!("α = {alpha}"))
                    .x("T")
                    .y("loss")
                    .log_x()
                    .log_y()
                    .line_styled(
                        format!("exact, N = {}", self.skills),
                        &t,
                        &rows.f64s("exact")?,
                        style(0, Dash::Solid),
                    )
                    .scatter("gradient descent", &simulated.0, &simulated.1)
                    .styled(
                        Style::new()
                            .colour(Colour::Cycle(0))
                            .marker(Marker::Circle)
                            .size(3.5),
                    )
                    .line_styled("power law", &power.0, &power.1, style(1, Dash::Dotted))
                    .line_styled(
                        "corrected, Eq. C.2",
                        &corrected.0,
                        &corrected.1,
                        style(2, Dash::Dashed),
                    ),
            );
        }
        Ok(Figures::new().with("corrected", figure.columns(2)))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        let curves = outcome.table("curves")?;
        let mut claims = Vec::new();
        let (mut bias, mut mended, mut limits) = (vec![], vec![], vec![]);
        for &alpha in &self.alphas {
            let rows = curves.rows_where("alpha", alpha)?;
            let (t, exact) = (rows.f64s("t")?, rows.f64s("exact")?);
            let rms = |column: &str| -> Result<f64> {
                let law = rows.f64s(column)?;
                let squares: Vec<f64> = (0..t.len())
                    .filter(|i| t[*i] >= self.from)
                    .map(|i| (law[i].max(1e-12) / exact[i]).ln().powi(2))
                    .collect();
                Ok((squares.iter().sum::<f64>() / squares.len() as f64).sqrt())
            };
            let (power, corrected) = (rms("power")?, rms("corrected")?);
            let ratio = corrected / power;
            claims.push(
                Claim::new(
                    &format!("corrected-{alpha}"),
                    "App. C.1, Fig. C.1",
                    "the corrected law predicts the dynamics better, especially for smaller α",
                    "rms of ln(law/exact) of the corrected law over that of the power law: below 1",
                    Interval::exact(ratio, t.len()),
                )
                .verdict(match ratio < 1.0 {
                    true => Verdict::Holds,
                    false => Verdict::Fails,
                })
                .note(format!(
                    "α = {alpha}, N = {}, T from {} to {}: {corrected:.4} against {power:.4}",
                    self.skills, self.from, self.steps
                )),
            );
            let law = Bottleneck::Time.exponent(alpha);
            let model = self.model(SkillLaw::new(alpha, self.skills)?)?;
            let missing =
                0.5 * model.law().normalizer() * (self.skills as f64).powf(-alpha) / alpha;
            let added: Vec<f64> = exact.iter().map(|l| l + missing).collect();
            let fit = |y: &[f64]| {
                power_law(&t, y, self.from..=self.steps as f64).map(|f| off(f.exponent, law))
            };
            bias.push((alpha, fit(&exact)?));
            mended.push((alpha, fit(&added)?));
            limits.push((alpha, fit(&rows.f64s("limit")?)?));
        }
        let (alpha, worst) = farthest(&mended);
        let (at, before) = farthest(&bias);
        claims.push(
            Claim::new(
                "bias",
                "App. C.1",
                "with ℒ_C added the exponent is α/(α+1) again",
                "exponent of ℒ + ℒ_C less α/(α+1), farthest over α: within ±0.02",
                worst,
            )
            .verdict(Verdict::within(worst, -0.02, 0.02))
            .note(format!(
                "farthest at α = {alpha}: {}; without ℒ_C farthest at α = {at}, {:.4}: {}; of infinitely many skills: {}",
                listed(&mended),
                before.value,
                listed(&bias),
                listed(&limits)
            )),
        );
        let first = curves.rows_where("alpha", self.alphas[0])?;
        let differences: Vec<f64> = first
            .f64s("simulated")?
            .iter()
            .zip(first.f64s("exact")?)
            .map(|(s, e)| (s / e - 1.0).abs())
            .collect();
        let worst = differences.iter().fold(0.0, |a: f64, b| a.max(*b));
        claims.push(
            Claim::new(
                "descent",
                "Fig. C.1",
                "the solid line is a simulation",
                "largest relative difference between gradient descent at η = 1 and the closed form: below 0.05",
                Interval::exact(worst, differences.len()),
            )
            .verdict(match worst < 0.05 {
                true => Verdict::Holds,
                false => Verdict::Fails,
            })
            .note(format!("α = {}", self.alphas[0])),
        );
        Ok(Claims(claims))
    }
}
