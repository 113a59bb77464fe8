//! §5, "the ultimate goal": from learning curves back to frequencies, waste and the graph of skills.
//!
//! Random graphs of 3 to 8 skills are simulated by the Resource model with gates (Eq. 13; $1-u^\gamma$, also in the denominator), sampled at even times until the last skill is at `learned`
//! and a tenth longer, given Gaussian noise, and handed to [`crate::metric::inverse::infer`], which knows nothing else. Frequencies are log-uniform over a factor
//! `spread`, N₀ (where Σp = 1) over `waste_low` … `waste_high`, γ over `gamma_low` … `gamma_high`.
//!
//! Kinds of graphs in turn: `independent`, `chain`, `tree` (each skill but the first waits for an earlier one, or not), `and`, `or` (pairs joined so), `mixed`. The two skills of a
//! pair do not wait for each other.
//!
//! An edge is *visible* when the noiseless curves, fitted by the best graph without it, are off by Σ (s − model)² > `visible` σ² (σ at least `visible_floor`): no method can find
//! others. An edge that is found is *sure* from the score [`crate::metric::inverse::SURE`] on.
//!
//! Table `graphs`, a row for each graph, `sigma` and `points`: `kind`, `skills`, `waste` (N₀), `gamma`; `p_error` (median of |p̂/p − 1|), `p_worst`; `edges` (true), `visible`,
//! `found`, `right`, `right_visible`, `sure`, `sure_right`; `joins` (pairs found with both skills right), `joins_right`; `same` (the graph is right up to invisible edges);
//! `p_covered` (p inside their 95 % intervals), `waste_covered`, `eta_covered`, `gamma_covered` (γ: of graphs with an edge found; else NaN), `form_right`.

mod graphs;
mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{positive, whole};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::metric::inverse::{Inference, Join, PUBLISHED, SkillCurves, edges_shown, infer};
use crate::seed::Seed;
use crate::table::Table;
use graphs::{KINDS, Known};
use rand::RngExt;

settings! {
    /// Settings of the study of the inverse problem.
    pub struct InverseProblem {
        /// Random graphs a seed.
        graphs: usize = 6, 26, 26;
        /// Fewest skills.
        fewest: usize = 3, 3, 3;
        /// Most skills.
        most: usize = 5, 8, 8;
        /// Frequencies lie within this factor.
        spread: f64 = 5.0, 5.0, 5.0;
        /// Least N₀, where Σp = 1.
        waste_low: f64 = 0.01, 0.01, 0.01;
        /// Largest N₀.
        waste_high: f64 = 1.0, 1.0, 1.0;
        /// Least γ.
        gamma_low: f64 = 0.5, 0.5, 0.5;
        /// Largest γ.
        gamma_high: f64 = 2.0, 2.0, 2.0;
        /// Standard deviations of the noise of levels.
        sigmas: Vec<f64> = vec![0.01], vec![0.0, 0.01, 0.03], vec![0.0, 0.01, 0.03];
        /// Numbers of times.
        points: Vec<usize> = vec![100], vec![50, 200, 1000], vec![50, 200, 1000];
        /// The level that the last skill reaches.
        learned: f64 = 0.95, 0.95, 0.95;
        /// An edge is visible when the best graph without it is off by this many σ² in all.
        visible: f64 = 30.0, 30.0, 30.0;
        /// σ for that when there is no noise.
        visible_floor: f64 = 1e-3, 1e-3, 1e-3;
        /// Number of seeds.
        seeds: u64 = 2, 8, 32;
    }
}

impl Experiment for InverseProblem {
    const INFO: Info = Info {
        id: "physics/inverse",
        title: "The inverse problem: from learning curves to frequencies, waste and the graph of skills",
        document: Document::Physics,
        section: "§5.2, §7",
        notebook: "physics/14-inverse",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        whole("graphs", self.graphs, 1, 100_000)?;
        whole("fewest", self.fewest, 2, 20)?;
        whole("most", self.most, self.fewest, 20)?;
        for (field, value) in [
            ("spread", self.spread),
            ("waste_low", self.waste_low),
            ("gamma_low", self.gamma_low),
            ("visible", self.visible),
            ("visible_floor", self.visible_floor),
        ] {
            positive(field, value)?;
        }
        for (field, low, high) in [
            ("waste_high", self.waste_low, self.waste_high),
            ("gamma_high", self.gamma_low, self.gamma_high),
        ] {
            if !(high >= low && high.is_finite()) {
                return Err(Error::setting(
                    field,
                    high,
                    format!("finite, and at least the lower end {low}"),
                ));
            }
        }
        if !(self.learned > 0.5 && self.learned < 1.0) {
            return Err(Error::setting(
                "learned",
                self.learned,
                "above ½ and below 1",
            ));
        }
        if let Some(sigma) = self.sigmas.iter().find(|s| !(0.0..=0.2).contains(*s)) {
            return Err(Error::setting("sigmas", sigma, "from 0 to 0.2"));
        }
        if self.sigmas.is_empty() || self.points.is_empty() {
            return Err(Error::setting(
                "sigmas, points",
                "[]",
                "lists with at least one entry each",
            ));
        }
        for points in &self.points {
            whole("points", *points, 16, 100_000)?;
        }
        Ok(())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut rng = seed.stream("graphs");
        let mut rows = Vec::new();
        for number in 0..self.graphs {
            let kind = KINDS[number % KINDS.len()];
            let known = Known::draw(self, kind, &mut rng);
            let end = 1.1 * known.time_of_all(self.learned);
            for points in &self.points {
                let times: Vec<f64> = (1..=*points)
                    .map(|k| end * k as f64 / *points as f64)
                    .collect();
                let clean = known.truth.levels(&known.graph, &times);
                let least = |sigma: f64| self.visible * sigma.max(self.visible_floor).powi(2);
                let most = self.sigmas.iter().map(|s| least(*s)).fold(0.0, f64::max);
                let shown = edges_shown(&known.graph, &known.truth, &times, most);
                for sigma in &self.sigmas {
                    progress.check()?;
                    let mut noise = seed.stream(&format!("noise/{number}/{points}/{sigma}"));
                    let noisy = clean.mapv(|s| s + sigma * normal(&mut noise));
                    let found = infer(&SkillCurves::from_levels(&times, &noisy)?)?;
                    let visible: Vec<(usize, usize)> = shown
                        .iter()
                        .filter(|(_, off)| *off > least(*sigma))
                        .map(|(edge, _)| *edge)
                        .collect();
                    rows.push(
                        judged(kind, &known, &found, &visible)?
                            .led_by("points", *points as i64)?
                            .led_by("sigma", *sigma)?
                            .led_by("graph", number as i64)?,
                    );
                }
            }
        }
        Ok(Tables::from([("graphs".to_string(), Table::concat(rows)?)]))
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}

/// One standard normal number (Box–Muller).
fn normal(rng: &mut impl RngExt) -> f64 {
    let (a, b): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// A row: what was found beside what is true.
fn judged(
    kind: &str,
    known: &Known,
    found: &Inference,
    visible: &[(usize, usize)],
) -> Result<Table> {
    let n = known.truth.p.len();
    let sum: f64 = known.truth.p.iter().sum();
    let p: Vec<f64> = known.truth.p.iter().map(|p| p / sum).collect();
    // A skill that is not learned for lack of time cannot be: all are.
    let place = |name: &str| found.curves().names().iter().position(|n| n == name);
    let mut errors: Vec<f64> = found
        .skills
        .iter()
        .enumerate()
        .map(|(i, s)| (s.p.value / p[i] - 1.0).abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    let edges: Vec<(usize, usize)> = known
        .graph
        .iter()
        .enumerate()
        .flat_map(|(i, g)| g.0.iter().map(move |j| (*j, i)))
        .collect();
    let mut got = Vec::new();
    for e in &found.edges {
        if let (Some(from), Some(to)) = (place(&e.from), place(&e.to)) {
            got.push(((from, to), e.sure));
        }
    }
    let has = |e: &(usize, usize)| got.iter().any(|g| g.0 == *e);
    let right = got.iter().filter(|g| edges.contains(&g.0)).count();
    let right_visible = visible.iter().filter(|e| has(e)).count();
    let sure: Vec<_> = got.iter().filter(|g| g.1).collect();
    let (mut joins, mut joins_right) = (0, 0);
    for (i, s) in found.skills.iter().enumerate() {
        let (skills, join) = &known.graph[i];
        let same = s.waits_for.len() == skills.len()
            && s.waits_for
                .iter()
                .all(|w| place(w).is_some_and(|j| skills.contains(&j)));
        if let (Some(found), true, true) = (s.join, skills.len() > 1, same) {
            joins += 1;
            joins_right += usize::from(found == *join);
        }
    }
    let covered = found
        .skills
        .iter()
        .enumerate()
        .filter(|(i, s)| s.p.contains(p[*i]))
        .count();
    let flag = |b: bool| vec![f64::from(u8::from(b))];
    let truth = &known.truth;
    Table::new()
        .with("kind", vec![kind])?
        .with("skills", vec![n])?
        .with("waste", vec![truth.waste])?
        .with("gamma", vec![truth.gamma])?
        .with("p_error", vec![errors[n / 2]])?
        .with("p_worst", vec![errors[n - 1]])?
        .with("edges", vec![edges.len()])?
        .with("visible", vec![visible.len()])?
        .with("found", vec![got.len()])?
        .with("right", vec![right])?
        .with("right_visible", vec![right_visible])?
        .with("sure", vec![sure.len()])?
        .with(
            "sure_right",
            vec![sure.iter().filter(|g| edges.contains(&g.0)).count()],
        )?
        .with("joins", vec![joins])?
        .with("joins_right", vec![joins_right])?
        .with(
            "same",
            flag(right == got.len() && right_visible == visible.len()),
        )?
        .with("p_covered", vec![covered])?
        .with("waste_covered", flag(found.waste.contains(truth.waste)))?
        .with("eta_covered", flag(found.eta.contains(truth.eta)))?
        .with(
            "gamma_covered",
            vec![
                found
                    .gamma
                    .map_or(f64::NAN, |g| f64::from(u8::from(g.contains(truth.gamma)))),
            ],
        )?
        .with(
            "form_right",
            flag(
                found.form == PUBLISHED || (edges.is_empty() && found.form.norm == PUBLISHED.norm),
            ),
        )
}

/// A graph: what each skill waits for.
pub(super) type Graph = Vec<(Vec<usize>, Join)>;
