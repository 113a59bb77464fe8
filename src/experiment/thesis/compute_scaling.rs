//! The optimal way to spend a compute C = T × N (thesis, §4.3.4, Fig. 4.3).
//!
//! Learning curves of models with N of n_s skills, against C; their lower envelope is the law C^{−α/(α+2)}. The loss splits into what the N skills still owe, ℒ_T, and
//! what the model lacks, S²A N^{−α}/2α. §4.3.4 calls ℒ_T at fixed N an O(N^{−α}T^{−2}) when it has come down to N^{−α}; it is exponentially small in T there,
//! for its slowest skill is a sigmoid's tail.
//!
//! Table `curves`, a row for each α, N and T: `alpha`, `parameters`, `t`, `compute`, `loss` (exact, n_s skills), `simulated` (gradient descent).
//!
//! Table `best`, a row for each α and C: `alpha`, `compute`, `parameters`, `time`, `loss` (the exact optimum for n_s → ∞), `finite` (for n_s).
//!
//! Table `within`, a row for each α and T: `alpha`, `t`, `ratio` (T / the time at which skill N reaches ½), `exponent` (−d ln ℒ_T / d ln T of the N = `inspected` skills), `predicted` (of e^{−4ηS𝒫(N)T}, the tail of skill N).

use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::thesis::exponents::{farthest, listed, off};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Colour, Dash, Figure, Figures, Legend, Marker, Panel, Style};
use crate::metric::scaling::power_law;
use crate::model::multilinear::{Bottleneck, DecoupledSkills};
use crate::seed::Seed;
use crate::stats::Interval;
use crate::table::Table;
use crate::task::SkillLaw;
use crate::trace::Schedule;

settings! {
    /// Settings of the scaling law for compute.
    pub struct ComputeScaling {
        /// Exponents α: the frequencies fall as k^−(α+1).
        alphas: Vec<f64> = vec![0.6], vec![0.3, 0.6, 0.9], vec![0.3, 0.6, 0.9];
        /// Number of skills n_s.
        skills: u64 = 1_000, 100_000, 100_000;
        /// a(0) = b(0); S and η are 1.
        start: f64 = 0.1, 0.1, 0.1;
        /// Numbers of parameters N.
        parameters: Vec<u64> = vec![10, 30], vec![10, 30, 100, 300, 1_000, 3_000, 10_000], vec![10, 30, 100, 300, 1_000, 3_000, 10_000];
        /// Last T of the exact curves.
        time: f64 = 1e4, 1e7, 1e8;
        /// Steps of gradient descent.
        steps: usize = 300, 10_000, 100_000;
        /// First and last C of the fit.
        compute: [f64; 2] = [1e3, 1e5], [1e5, 1e10], [1e5, 1e12];
        /// N whose own loss ℒ_T is looked at late in training.
        inspected: u64 = 10, 100, 1_000;
        /// Number of seeds: nothing here is random.
        seeds: u64 = 1, 1, 1;
    }
}

impl ComputeScaling {
    fn model(&self, alpha: f64, skills: Option<u64>) -> Result<DecoupledSkills> {
        let law = match skills {
            Some(n) => SkillLaw::new(alpha, n)?,
            None => SkillLaw::infinite(alpha)?,
        };
        DecoupledSkills::multilinear(law)?.with_start(self.start * self.start)
    }
}

/// From `first` to `last`, evenly in the logarithm.
fn spaced(first: f64, last: f64, count: usize) -> Vec<f64> {
    let share = |i: usize| i as f64 / (count - 1) as f64;
    (0..count)
        .map(|i| first * (last / first).powf(share(i)))
        .collect()
}

impl Experiment for ComputeScaling {
    const INFO: Info = Info {
        id: "thesis/fig-4.3",
        title: "Scaling law of the optimal compute",
        document: Document::Thesis,
        section: "§4.3.4, Fig. 4.3",
        notebook: "thesis/08-scaling-laws",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("alphas", &self.alphas)?;
        distinct("parameters", &self.parameters)?;
        for alpha in &self.alphas {
            positive("alphas", *alpha)?;
        }
        whole("skills", self.skills as usize, 2, 10_000_000)?;
        for n in &self.parameters {
            whole("parameters", *n as usize, 1, self.skills as usize)?;
        }
        whole(
            "inspected",
            self.inspected as usize,
            2,
            self.skills as usize,
        )?;
        whole("steps", self.steps, 10, 10_000_000)?;
        positive("time", self.time)?;
        let [first, last] = self.compute;
        if !(first >= 10.0 && last >= 10.0 * first && last <= 1e20) {
            return Err(crate::error::Error::setting(
                "compute",
                format!("{first}, {last}"),
                "a window from 10 or more to at least ten times that and at most 1e20",
            ));
        }
        self.model(self.alphas[0], None).map(|_| ())
    }

    fn run_seed(&self, _: Seed, progress: &Progress) -> Result<Tables> {
        let (mut curves, mut best, mut within) = (vec![], vec![], vec![]);
        for &alpha in &self.alphas {
            let (limit, finite) = (
                self.model(alpha, None)?,
                self.model(alpha, Some(self.skills))?,
            );
            for &n in &self.parameters {
                progress.check()?;
                let schedule = Schedule::LogSpaced { per_decade: 6 };
                let run = finite.descend(Some(n), self.steps, &schedule)?;
                let mut times: Vec<f64> = run.steps.iter().map(|s| *s as f64).collect();
                times.retain(|t| *t > 0.0);
                let mut simulated = run.loss[1..].to_vec();
                let trained = times[times.len() - 1];
                times.extend(
                    spaced(trained, self.time.max(2.0 * trained), 30)
                        .into_iter()
                        .skip(1),
                );
                simulated.resize(times.len(), f64::NAN);
                let table = Table::new()
                    .with(
                        "compute",
                        times.iter().map(|t| t * n as f64).collect::<Vec<_>>(),
                    )?
                    .with("loss", finite.losses(&times, Some(n))?)?
                    .with("simulated", simulated)?
                    .with("t", times)?
                    .led_by("parameters", n)?
                    .led_by("alpha", alpha)?;
                curves.push(table);
            }
            let compute = spaced(self.compute[0] / 10.0, self.compute[1], 41);
            let optima: Vec<_> = compute
                .iter()
                .map(|c| limit.optimum(*c))
                .collect::<Result<_>>()?;
            let least: Vec<f64> = compute
                .iter()
                .map(|c| Ok(finite.optimum(*c)?.loss))
                .collect::<Result<_>>()?;
            best.push(
                Table::new()
                    .with("compute", compute)?
                    .with(
                        "parameters",
                        optima.iter().map(|o| o.parameters).collect::<Vec<_>>(),
                    )?
                    .with("time", optima.iter().map(|o| o.time).collect::<Vec<_>>())?
                    .with("loss", optima.iter().map(|o| o.loss).collect::<Vec<_>>())?
                    .with("finite", least)?
                    .led_by("alpha", alpha)?,
            );
            let half = limit.emergence(self.inspected, 0.5)?;
            let ratios = spaced(0.1, 8.0, 40);
            let exponent = |ratio: &f64| -> Result<f64> {
                let step: f64 = 1e-3;
                let loss = |f: f64| limit.loss_within(ratio * half * f, self.inspected);
                Ok((loss((-step).exp())?.value / loss(step.exp())?.value).ln() / (2.0 * step))
            };
            let exponents: Vec<f64> = ratios.iter().map(exponent).collect::<Result<_>>()?;
            let p = limit.law().p(self.inspected);
            within.push(
                Table::new()
                    .with("t", ratios.iter().map(|r| r * half).collect::<Vec<_>>())?
                    .with("exponent", exponents)?
                    .with(
                        "predicted",
                        ratios
                            .iter()
                            .map(|r| 4.0 * p * r * half)
                            .collect::<Vec<_>>(),
                    )?
                    .with("ratio", ratios)?
                    .led_by("alpha", alpha)?,
            );
        }
        Ok([
            ("curves".to_string(), Table::concat(curves)?),
            ("best".to_string(), Table::concat(best)?),
            ("within".to_string(), Table::concat(within)?),
        ]
        .into())
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let (curves, best, within) = (
            outcome.table("curves")?,
            outcome.table("best")?,
            outcome.table("within")?,
        );
        let mut figure =
            Figure::new("Every model has its compute: the envelope is the power law C^{−α/(α+2)}");
        for &alpha in &self.alphas {
            let rows = curves.rows_where("alpha", alpha)?;
            let mut panel = Panel::new(format!("α = {alpha}"))
                .x("C = T × N")
                .y("loss")
                .log_x()
                .log_y()
                .legend(Legend::None);
            for (i, &n) in self.parameters.iter().enumerate() {
                let one = rows.rows_where("parameters", n)?;
                let x = one.f64s("compute")?;
                let colour = Colour::Ordered {
                    index: i,
                    of: self.parameters.len(),
                };
                let style = Style::new().colour(colour).width(1.2);
                let simulated = one.f64s("simulated")?;
                let points: (Vec<f64>, Vec<f64>) = x
                    .iter()
                    .zip(&simulated)
                    .filter(|(_, y)| y.is_finite())
                    .step_by(3)
                    .unzip();
                panel = panel
                    .line_styled(format!("N = {n}"), &x, &one.f64s("loss")?, style)
                    .scatter("", &points.0, &points.1)
                    .styled(Style::new().colour(colour).marker(Marker::Circle).size(3.0));
            }
            let mine = best.rows_where("alpha", alpha)?;
            let x = mine.f64s("compute")?;
            let ink = Style::new().colour(Colour::Ink);
            let law = self.model(alpha, None)?.prefactor(Bottleneck::Compute)?;
            let law: Vec<f64> = x
                .iter()
                .map(|c| law * c.powf(-Bottleneck::Compute.exponent(alpha)))
                .collect();
            figure = figure.panel(
                panel
                    .line_styled("exact optimum, n_{s} → ∞", &x, &mine.f64s("loss")?, ink)
                    .line_styled("law with its prefactor", &x, &law, ink.dash(Dash::Dotted)),
            );
        }
        let figure = figure.columns(self.alphas.len()).note(format!(
            "Lines: exact, n_{{s}} = {}, N from {} (dark) to {}; points: gradient descent. Black: the least loss of any N for n_{{s}} → ∞; dotted: its law.",
            self.skills,
            self.parameters.iter().min().unwrap_or(&0),
            self.parameters.iter().max().unwrap_or(&0)
        ));
        let mut late = Panel::new(format!("ℒ_{{T}} of the first {} skills", self.inspected))
            .x("T / (time at which the last of them reaches ½)")
            .y("−d ln ℒ_{T} / d ln T");
        for (i, &alpha) in self.alphas.iter().enumerate() {
            let rows = within.rows_where("alpha", alpha)?;
            let x = rows.f64s("ratio")?;
            let style = Style::new().colour(Colour::Cycle(i));
            late = late
                .line_styled(format!("α = {alpha}"), &x, &rows.f64s("exponent")?, style)
                .line_styled("", &x, &rows.f64s("predicted")?, style.dash(Dash::Dotted));
        }
        let late = late.h_line(2.0, "T^{−2}");
        Ok(Figures::new().with("compute", figure).with(
            "late",
            Figure::new("What N skills still owe falls faster than any power")
                .panel(late)
                .note("Dotted: the exponent of e^{−4ηSP(N)T}, the tail of the rarest skill's loss"),
        ))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        let (curves, best, within) = (
            outcome.table("curves")?,
            outcome.table("best")?,
            outcome.table("within")?,
        );
        let [first, last] = self.compute;
        // Column, its exponent as a function of α, and the sign with which it is read off.
        type Row = (
            &'static str,
            &'static str,
            &'static str,
            fn(f64) -> f64,
            f64,
            f64,
        );
        let rows: [Row; 4] = [
            (
                "loss-limit",
                "loss",
                "ℒ ∝ C^{−α/(α+2)} (Eq. 4.44), n_s → ∞",
                |a| a / (a + 2.0),
                0.005,
                1.0,
            ),
            (
                "loss-finite",
                "finite",
                "ℒ ∝ C^{−α/(α+2)}, n_s finite",
                |a| a / (a + 2.0),
                0.02,
                1.0,
            ),
            (
                "time",
                "time",
                "T ∝ C^{(α+1)/(α+2)} (Eq. 4.43)",
                |a| (a + 1.0) / (a + 2.0),
                0.02,
                -1.0,
            ),
            (
                "parameters",
                "parameters",
                "N ∝ C^{1/(α+2)} (Eq. 4.43)",
                |a| 1.0 / (a + 2.0),
                0.02,
                -1.0,
            ),
        ];
        let mut claims = Vec::new();
        for (id, column, statement, law, tolerance, sign) in rows {
            let (mut apart, mut found) = (vec![], vec![]);
            for &alpha in &self.alphas {
                let mine = best.rows_where("alpha", alpha)?;
                let fit =
                    power_law(&mine.f64s("compute")?, &mine.f64s(column)?, first..=last)?.exponent;
                let fit = match sign > 0.0 {
                    true => fit,
                    false => Interval {
                        value: -fit.value,
                        low: -fit.high,
                        high: -fit.low,
                        ..fit
                    },
                };
                apart.push((alpha, off(fit, law(alpha))));
                found.push((alpha, fit));
            }
            let (alpha, worst) = farthest(&apart);
            let verdict = match Verdict::within(worst, -tolerance, tolerance) {
                Verdict::Fails if id == "loss-finite" => Verdict::Differs,
                verdict => verdict,
            };
            claims.push(
                Claim::new(
                    id,
                    "§4.3.4",
                    statement,
                    &format!("fitted exponent − the law's at the α where it is farthest: within ±{tolerance}"),
                    worst,
                )
                .verdict(verdict)
                .note(format!(
                    "farthest at α = {alpha}; exact optimum over N, C from {first:e} to {last:e}: {}",
                    listed(&found)
                )),
            );
        }
        let mut share = Vec::new();
        for &alpha in &self.alphas {
            let mine = best.rows_where("alpha", alpha)?;
            let (n, t) = (mine.f64s("parameters")?, mine.f64s("time")?);
            let at = n.len() - 1;
            let model = self.model(alpha, None)?;
            let p = model.law().normalizer() * n[at].powf(-alpha - 1.0);
            share.push((alpha, Interval::exact(model.strength(p, t[at]), 1)));
        }
        let least = share
            .iter()
            .map(|s| s.1.value)
            .fold(f64::INFINITY, f64::min);
        claims.push(
            Claim::new(
                "learned",
                "Fig. 4.3, §4.5",
                "the optimum is where T is sufficient to fit all N skills",
                "𝓡_N/S of the last skill at the optimum, the smallest over α: above 0.9",
                Interval::exact(least, share.len()),
            )
            .verdict(match least > 0.9 {
                true => Verdict::Holds,
                false => Verdict::Differs,
            })
            .note(format!("at C = {last:e}: {}; most of the N skills are learned, the last ones are on their way", listed(&share))),
        );
        let mut late = Vec::new();
        for &alpha in &self.alphas {
            let mine = within.rows_where("alpha", alpha)?;
            let (ratio, exponent) = (mine.f64s("ratio")?, mine.f64s("exponent")?);
            let at = ratio.iter().position(|r| *r >= 4.0).unwrap_or(0);
            late.push((alpha, Interval::exact(exponent[at], 1)));
        }
        let slowest = late.iter().map(|l| l.1.value).fold(f64::INFINITY, f64::min);
        claims.push(
            Claim::new(
                "within-power",
                "§4.3.4",
                "ℒ_T is O(N^{−α}T^{−2}) once it has come down to N^{−α}",
                "−d ln ℒ_T/d ln T at four times the time at which skill N reaches ½: 2",
                Interval::exact(slowest, late.len()),
            )
            .verdict(match (slowest - 2.0).abs() < 0.5 {
                true => Verdict::Holds,
                false => Verdict::Fails,
            })
            .note(format!(
                "it is exponentially small: the exponent grows with T as 4ηS𝒫(N)T, the tail of the rarest skill; N = {}: {}. The law C^{{−α/(α+2)}} does not need it",
                self.inspected,
                listed(&late)
            )),
        );
        let mut worst = 0.0f64;
        for row in 0..curves.height() {
            let (exact, simulated) = (curves.f64s("loss")?[row], curves.f64s("simulated")?[row]);
            if simulated.is_finite() {
                worst = worst.max((simulated / exact - 1.0).abs());
            }
        }
        claims.push(
            Claim::new(
                "descent",
                "Eq. 4.17",
                "the closed form is what gradient descent does",
                "largest relative difference of a simulated curve at η = 1: below 0.2, the error of Euler's steps",
                Interval::exact(worst, curves.height()),
            )
            .verdict(match worst < 0.2 {
                true => Verdict::Holds,
                false => Verdict::Fails,
            })
            .note("at η = 1 the most frequent skills take large steps; the difference falls in proportion to η"),
        );
        Ok(Claims(claims))
    }
}
