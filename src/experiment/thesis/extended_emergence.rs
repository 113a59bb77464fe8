//! The extended multilinear model: emergence in time, data and parameters, exactly (thesis, §5.2, App. B.1.4–B.1.7).
//!
//! Eq. 5.5 in three forms against what minimum-norm learning does. Basis functions e_l with the properties 5.4 are made twice from parities of the skill bits: *generic*
//! ones by turning D_c random parities, the skill's among them, until g = Σ e_l/√D_c; and *cells*, √D_c g on one of D_c parts of the cube each.
//!
//! Table `shots`, every seed, a row for each basis (`generic`, `cells`) and number of examples: `basis`, `examples` (d), `strength` (𝓡/S of Eq. 4.7 where the flow ends), `loss` (ℒ_k/S²).
//!
//! Table `lemmas`, a row a seed: `conserved` (drift of a² − |B|², Lemma 3), `outside` (how far B moves outside the span of the examples, Lemma 2), `a` (|a(∞) of the flow − B.39|), `strength` (|𝓡 of the flow − that of B.37|),
//! `orthonormal` (largest |E e_l e_m − δ| of the generic basis, over all inputs of the cube as far as parities tell it).
//!
//! Table `emergence` (seed 0), a row for each skill and resource: `resource` (`time`, `data`, `parameters`), `form` (of Eq. 5.5; `-` elsewhere), `skill`, `x`, `strength` (𝓡_k/S).

use crate::claim::{Claim, Claims, Verdict};
use crate::error::Result;
use crate::experiment::check::{distinct, positive, whole};
use crate::experiment::thesis::exponents::{farthest, listed, off};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::{Colour, Dash, Figure, Figures, Marker, Panel, Style};
use crate::model::multilinear::{Extended, MultiShot, ShotForm};
use crate::seed::Seed;
use crate::stats::{self, Interval};
use crate::table::Table;
use crate::task::{Frequencies, ParityBatch, SkillLaw, SparseParity, Subsets};
use ndarray::{Array1, Array2};

settings! {
    /// Settings of the extended multilinear model.
    pub struct ExtendedMultilinear {
        /// Exponent α of the frequencies.
        alpha: f64 = 0.6, 0.6, 0.6;
        /// Number of skills n_s.
        skills: u64 = 3, 5, 5;
        /// Number of skill bits n_b.
        bits: usize = 32, 32, 32;
        /// Basis functions of a skill in the measured learning, D_c: a power of two.
        shots: usize = 16, 128, 512;
        /// Numbers of examples d.
        examples: Vec<usize> = vec![4, 8, 24], vec![16, 32, 64, 96, 128, 192, 256], vec![32, 64, 128, 256, 384, 512, 768, 1_024];
        /// D_c of the predictions of emergence.
        published_shots: u64 = 800, 800, 800;
        /// N_c of the predictions of emergence.
        nodes: u64 = 4, 4, 4;
        /// 1/𝓑², by which time is slowed.
        slowing: f64 = 22.0, 22.0, 22.0;
        /// 𝓡(0) of the predictions, S = 5 and η = 0.05.
        start: f64 = 0.01, 0.01, 0.01;
        /// Number of seeds: of basis functions, training sets and starts.
        seeds: u64 = 2, 32, 64;
    }
}

/// Where a basis function comes from.
const GENERIC: &str = "generic";
const CELLS: &str = "cells";

impl ExtendedMultilinear {
    fn predicted(&self) -> Result<Extended> {
        let mut model = Extended::published(SkillLaw::new(self.alpha, self.skills)?, self.start)?;
        (model.shots, model.nodes) = (self.published_shots, self.nodes);
        model.calibration = 1.0 / self.slowing;
        model.validate()?;
        Ok(model)
    }

    /// One skill, the parity of bits 0, 1 and 2.
    fn task(&self) -> Result<SparseParity> {
        SparseParity::new(
            Frequencies::uniform(1)?,
            Subsets::new(vec![vec![0, 1, 2]], self.bits)?,
        )
    }

    /// D_c different sets of bits, the skill's first.
    fn parities(&self, seed: Seed) -> Result<Vec<Vec<usize>>> {
        let others = Subsets::random(self.shots - 1, self.bits, self.bits / 2, seed)?;
        let mut sets = vec![vec![0, 1, 2]];
        sets.extend((0..self.shots - 1).map(|l| others.of(l).to_vec()));
        Ok(sets)
    }

    /// Φ of the generic basis: parities, turned by the reflection that takes the first axis to D_c^{−1/2} (1, …, 1).
    fn generic(&self, batch: &ParityBatch, sets: &[Vec<usize>]) -> Array2<f64> {
        let parity = |l: usize, j: usize| {
            let odd = sets[l].iter().filter(|b| batch.bit(j, **b)).count() % 2 == 1;
            if odd { -1.0 } else { 1.0 }
        };
        let chi = Array2::from_shape_fn((self.shots, batch.len()), |(l, j)| parity(l, j));
        let v = self.reflection();
        let along = v.dot(&chi);
        Array2::from_shape_fn(chi.dim(), |(l, j)| chi[[l, j]] - 2.0 * v[l] * along[j])
    }

    /// The unit vector v of that reflection, 1 − 2vvᵀ.
    fn reflection(&self) -> Array1<f64> {
        let mut v = Array1::from_elem(self.shots, -(self.shots as f64).powf(-0.5));
        v[0] += 1.0;
        let norm = v.dot(&v).sqrt();
        v / norm
    }

    /// Φ of the cells, told apart by the bits after the skill's.
    fn cells(&self, batch: &ParityBatch) -> Array2<f64> {
        let depth = self.shots.trailing_zeros() as usize;
        let mut phi = Array2::zeros((self.shots, batch.len()));
        for j in 0..batch.len() {
            let cell = (0..depth).fold(0, |cell, i| 2 * cell + usize::from(batch.bit(j, 3 + i)));
            phi[[cell, j]] = (self.shots as f64).sqrt() * batch.sign(j);
        }
        phi
    }

    fn target(&self) -> Array1<f64> {
        Array1::from_elem(self.shots, (self.shots as f64).powf(-0.5))
    }

    fn measured(&self, seed: Seed, progress: &Progress) -> Result<Table> {
        let (task, target) = (self.task()?, self.target());
        let mut tables = Vec::new();
        for basis in [GENERIC, CELLS] {
            let (mut strength, mut loss) = (vec![], vec![]);
            for (i, &examples) in self.examples.iter().enumerate() {
                progress.check()?;
                let seed = Seed(seed.0 * 100 + i as u64);
                let batch = task.batch(examples, seed);
                let features = match basis {
                    CELLS => self.cells(&batch),
                    _ => self.generic(&batch, &self.parities(seed)?),
                };
                let skill =
                    MultiShot::new(features, target.clone())?.with_start(1e-6, 1e-6 * &target)?;
                let limit = skill.limit()?;
                strength.push(limit.strength);
                loss.push(limit.loss);
            }
            tables.push(
                Table::new()
                    .with("examples", self.examples.clone())?
                    .with("strength", strength)?
                    .with("loss", loss)?
                    .led_by("basis", basis)?,
            );
        }
        Table::concat(tables)
    }

    /// The lemmas on a small skill whose flow is solved: 12 basis functions, 7 examples.
    fn lemmas(&self, seed: Seed) -> Result<Table> {
        const SMALL: usize = 12;
        let small = Self {
            shots: SMALL,
            ..self.clone()
        };
        let batch = self.task()?.batch(7, seed);
        let features = small.generic(&batch, &small.parities(seed)?);
        let noise = seed.normal("init", 1, SMALL).row(0).to_owned();
        let skill = MultiShot::new(features, small.target())?
            .with_scale(2.0)?
            .with_start(0.4, 0.1 * noise)?;
        let path = skill.flow(&[0.0, 0.02, 0.1, 0.5, 2.0, 20.0, 100.0])?;
        let limit = skill.limit()?;
        let conserved = path.conserved();
        let drift = conserved
            .iter()
            .fold(0.0f64, |m, c| m.max((c - conserved[0]).abs()));
        let mut outside = 0.0f64;
        for b in path.b.rows() {
            let moved = &b - &path.b.row(0);
            let rest = &moved - &skill.seen(&moved)?;
            outside = outside.max(rest.dot(&rest).sqrt());
        }
        let last = path.times.len() - 1;
        // Parities of different sets are orthonormal; so are they after a reflection H: HHᵀ = 1, and H e₁ = D_c^{−1/2} (1, …, 1).
        let v = self.reflection();
        let h = Array2::from_shape_fn((self.shots, self.shots), |(l, m)| {
            f64::from(u8::from(l == m)) - 2.0 * v[l] * v[m]
        });
        let gram = h.dot(&h.t());
        let mut orthonormal = gram.indexed_iter().fold(0.0f64, |m, ((i, j), x)| {
            m.max((x - f64::from(u8::from(i == j))).abs())
        });
        for l in 0..self.shots {
            orthonormal = orthonormal.max((h[[l, 0]] - self.target()[l]).abs());
        }
        Table::new()
            .with("conserved", vec![drift])?
            .with("outside", vec![outside])?
            .with("a", vec![(path.a[last] - limit.a).abs()])?
            .with(
                "strength",
                vec![(path.strength()[last] - limit.strength).abs()],
            )?
            .with("orthonormal", vec![orthonormal])
    }

    fn emergence(&self) -> Result<Table> {
        let model = self.predicted()?;
        let mut rows: Vec<(&str, &str, u64, f64, f64)> = Vec::new();
        for k in 1..=self.skills {
            for i in 0..=60 {
                let t = 30_000.0 * f64::from(i) / 60.0;
                rows.push(("time", "-", k, t, model.by_time(k, t)));
            }
            for i in 0..=40 {
                let d = (100.0 * 350f64.powf(f64::from(i) / 40.0)).round();
                for form in ShotForm::ALL {
                    rows.push(("data", form.name(), k, d, model.by_data(k, d as u64, form)?));
                }
            }
            for n in 0..=(self.skills + 1) * self.nodes {
                rows.push(("parameters", "-", k, n as f64, model.by_parameters(k, n)));
            }
        }
        Table::new()
            .with("resource", rows.iter().map(|r| r.0).collect::<Vec<_>>())?
            .with("form", rows.iter().map(|r| r.1).collect::<Vec<_>>())?
            .with("skill", rows.iter().map(|r| r.2).collect::<Vec<_>>())?
            .with("x", rows.iter().map(|r| r.3).collect::<Vec<_>>())?
            .with("strength", rows.iter().map(|r| r.4).collect::<Vec<_>>())
    }
}

impl Experiment for ExtendedMultilinear {
    const INFO: Info = Info {
        id: "thesis/extended-multilinear",
        title: "Emergence in the extended multilinear model",
        document: Document::Thesis,
        section: "§5.2, App. B.1",
        notebook: "thesis/09-emergence",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        positive("alpha", self.alpha)?;
        whole("skills", self.skills as usize, 1, 1_000)?;
        whole("shots", self.shots, 2, 2_048)?;
        if !self.shots.is_power_of_two() {
            return Err(crate::error::Error::setting(
                "shots",
                self.shots,
                "a power of two: cells are told apart by bits",
            ));
        }
        whole(
            "bits",
            self.bits,
            3 + self.shots.trailing_zeros() as usize,
            4_096,
        )?;
        distinct("examples", &self.examples)?;
        for d in &self.examples {
            whole("examples", *d, 1, 10_000)?;
        }
        if !(self.slowing >= 1.0 && self.slowing.is_finite()) {
            return Err(crate::error::Error::setting(
                "slowing",
                self.slowing,
                "a finite number ≥ 1",
            ));
        }
        self.parities(Seed(0))?;
        self.predicted().map(|_| ())
    }

    fn run_seed(&self, seed: Seed, progress: &Progress) -> Result<Tables> {
        let mut tables = Tables::new();
        tables.insert("shots".into(), self.measured(seed, progress)?);
        tables.insert("lemmas".into(), self.lemmas(seed)?);
        if seed.0 == 0 {
            tables.insert("emergence".into(), self.emergence()?);
        }
        Ok(tables)
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        let (shots, emergence) = (outcome.table("shots")?, outcome.table("emergence")?);
        let mut strength = Panel::new("skill strength").x("d / D_{c}").y("R/S");
        let mut loss = Panel::new("loss").x("d / D_{c}").y("ℒ_{k} / S^{2}");
        for (i, basis) in [GENERIC, CELLS].into_iter().enumerate() {
            let rows = shots.rows_where("basis", basis)?;
            let x: Vec<f64> = self
                .examples
                .iter()
                .map(|d| *d as f64 / self.shots as f64)
                .collect();
            for (panel, column) in [(&mut strength, "strength"), (&mut loss, "loss")] {
                let found: Vec<Interval> = self
                    .examples
                    .iter()
                    .map(|d| Ok(stats::mean(&rows.rows_where("examples", *d)?.f64s(column)?)))
                    .collect::<Result<_>>()?;
                let pick = |f: fn(&Interval) -> f64| found.iter().map(f).collect::<Vec<_>>();
                *panel = panel
                    .clone()
                    .error_bars(
                        format!("{basis} basis"),
                        &x,
                        &pick(|i| i.value),
                        &pick(|i| i.low),
                        &pick(|i| i.high),
                    )
                    .styled(Style::new().colour(Colour::Cycle(i)).marker(Marker::Circle));
            }
        }
        let x: Vec<f64> = (0..=80).map(|i| f64::from(i) / 40.0).collect();
        for (form, dash, label) in [
            (ShotForm::Generic, Dash::Solid, "d/D_{c}"),
            (ShotForm::AsPrinted, Dash::Dotted, "Eq. 5.5 as printed"),
            (ShotForm::Cells, Dash::Dashed, "1 − (1 − 1/D_{c})^{d}"),
        ] {
            let shots = self.shots as f64;
            let y: Vec<f64> = x.iter().map(|d| form.strength(d * shots, shots)).collect();
            strength =
                strength.line_styled(label, &x, &y, Style::new().colour(Colour::Ink).dash(dash));
        }
        let b42: Vec<f64> = x.iter().map(|d| 0.5 * (1.0 - d).max(0.0)).collect();
        loss = loss.line_styled("Eq. B.42", &x, &b42, Style::new().colour(Colour::Ink));
        let mut figure =
            Figure::new("Predicted emergence of the skills, from one calibration").columns(3);
        for (resource, title, label) in [
            ("time", "(a) time", "T (steps)"),
            ("data", "(b) data", "D"),
            ("parameters", "(c) parameters", "N"),
        ] {
            let mut panel = Panel::new(title).x(label).y("R_{k}/S");
            for k in 1..=self.skills {
                let rows = emergence
                    .rows_where("resource", resource)?
                    .rows_where("skill", k)?;
                let colour = Style::new().colour(Colour::Ordered {
                    index: k as usize - 1,
                    of: self.skills as usize,
                });
                let of = |form: &str| -> Result<(Vec<f64>, Vec<f64>)> {
                    let rows = rows.rows_where("form", form)?;
                    Ok((rows.f64s("x")?, rows.f64s("strength")?))
                };
                let name = if resource == "data" { "generic" } else { "-" };
                let (x, y) = of(name)?;
                panel = panel.line_styled(format!("k = {k}"), &x, &y, colour);
                if resource == "data" {
                    let (x, y) = of("as_printed")?;
                    panel = panel
                        .line_styled("", &x, &y, colour.dash(Dash::Dotted))
                        .log_x();
                }
            }
            figure = figure.panel(panel);
        }
        Ok(Figures::new()
            .with(
                "shots",
                Figure::new("Generic basis functions learn the share d/D_{c} of a skill, cells another one")
                    .panel(strength)
                    .panel(loss)
                    .columns(2)
                    .note(format!("Means over {} seeds with 95 % intervals, D_{{c}} = {}", outcome.seeds().len(), self.shots)),
            )
            .with(
                "emergence",
                figure.note(format!(
                    "B^{{2}} = 1/{}, D_{{c}} = {}, N_{{c}} = {}; (b): mean over d_{{k}}, dotted: Eq. 5.5 as printed",
                    self.slowing, self.published_shots, self.nodes
                )),
            ))
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        let shots = outcome.table("shots")?;
        // Mean over seeds of 𝓡/S or ℒ/S² less a prediction, for each number of examples below D_c.
        let against =
            |basis: &str, column: &str, law: &dyn Fn(f64) -> f64| -> Result<Vec<(f64, Interval)>> {
                let rows = shots.rows_where("basis", basis)?;
                let fewer = self.examples.iter().filter(|d| **d < self.shots);
                fewer
                    .map(|d| {
                        let mean = stats::mean(&rows.rows_where("examples", *d)?.f64s(column)?);
                        Ok((*d as f64, off(mean, law(*d as f64))))
                    })
                    .collect()
            };
        let many = self.shots as f64;
        let form = |form: ShotForm| move |d: f64| form.strength(d, many);
        let mut claims = Vec::new();
        let b42 = |d: f64| 0.5 * (1.0 - d / many);
        for (id, source, statement, basis, column, law) in [
            (
                "shots-printed",
                "Eq. 5.5, as printed",
                "𝓡 = S(1 − √(1 − d/D_c))",
                GENERIC,
                "strength",
                &form(ShotForm::AsPrinted) as &dyn Fn(f64) -> f64,
            ),
            (
                "shots",
                "Eq. 5.5 by the definition 4.7",
                "𝓡 = S d/D_c",
                GENERIC,
                "strength",
                &form(ShotForm::Generic),
            ),
            (
                "shots-loss",
                "Eq. B.42",
                "ℒ_k = S²/2 (1 − d/D_c)",
                GENERIC,
                "loss",
                &b42,
            ),
            (
                "cells-generic",
                "Eq. 5.4 → 5.5",
                "the properties 5.4 imply 𝓡 = S d/D_c",
                CELLS,
                "strength",
                &form(ShotForm::Generic),
            ),
            (
                "cells",
                "beyond the thesis",
                "cells, which have the properties 5.4, give 𝓡 = S(1 − (1 − 1/D_c)^d)",
                CELLS,
                "strength",
                &form(ShotForm::Cells),
            ),
        ] {
            let all = against(basis, column, law)?;
            let (d, worst) = farthest(&all);
            let what = if column == "loss" {
                "mean ℒ_k/S²"
            } else {
                "mean 𝓡/S"
            };
            claims.push(
                Claim::new(
                    id,
                    source,
                    statement,
                    &format!("{what} less that, farthest over d < D_c: within ±0.03"),
                    worst,
                )
                .verdict(Verdict::within(worst, -0.03, 0.03))
                .note(format!(
                    "farthest at d = {d}, D_c = {}; by d: {}",
                    self.shots,
                    all.iter()
                        .map(|(d, i)| format!("{d}: {:+.4}", i.value))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            );
        }
        let full = self.examples.iter().filter(|d| **d as f64 >= 1.5 * many);
        let full: Vec<f64> = full
            .map(|d| {
                shots
                    .rows_where("basis", GENERIC)?
                    .rows_where("examples", *d)?
                    .f64s("strength")
            })
            .collect::<Result<Vec<_>>>()?
            .concat();
        if !full.is_empty() {
            let mean = stats::mean(&full);
            claims.push(
                Claim::new(
                    "shots-enough",
                    "Eq. 5.5",
                    "with d ≥ D_c examples 𝓡 = S",
                    "mean 𝓡/S for d ≥ 1.5 D_c: within 1 ± 1e-3",
                    mean,
                )
                .verdict(Verdict::within(mean, 0.999, 1.001)),
            );
        }
        let lemmas = outcome.table("lemmas")?;
        for (id, column, source, statement, bound) in [
            (
                "lemma-2",
                "outside",
                "Lemma 2, Eq. B.16",
                "B moves within the span of the examples only",
                1e-9,
            ),
            (
                "lemma-3",
                "conserved",
                "Lemma 3",
                "a² − |B|² is conserved",
                1e-9,
            ),
            (
                "b39",
                "a",
                "Eq. B.39",
                "a(∞)² = √(|UUᵀS|² + h²) + h, h = (a(0)² − |UUᵀB(0)|²)/2",
                1e-6,
            ),
            (
                "b37",
                "strength",
                "Eq. B.37",
                "the flow ends at B = UUᵀ S/(a√D_c) + (1 − UUᵀ) B(0)",
                1e-6,
            ),
            (
                "properties",
                "orthonormal",
                "Eq. 5.4",
                "basis functions with all three properties exist: turned parities",
                1e-12,
            ),
        ] {
            let values = lemmas.f64s(column)?;
            let worst =
                Interval::exact(values.iter().fold(0.0, |m: f64, x| m.max(*x)), values.len());
            claims.push(
                Claim::new(
                    id,
                    source,
                    statement,
                    &format!("largest deviation over seeds: below {bound:e}"),
                    worst,
                )
                .verdict(Verdict::below(worst, bound))
                .note(match id {
                    "properties" => {
                        "of the reflection's orthonormality, and of what it makes of the skill"
                    }
                    _ => "12 basis functions, 7 examples, adaptive solution",
                }),
            );
        }
        self.misprint(&mut claims)?;
        self.parameters(&mut claims)?;
        Ok(Claims(claims))
    }
}

impl ExtendedMultilinear {
    /// Table 5.1 says 𝓡₂/S = 4.5 in its first column.
    fn misprint(&self, claims: &mut Vec<Claim>) -> Result<()> {
        let law = SkillLaw::new(0.6, 5)?;
        // E f² ≥ 𝓡² (Cauchy–Schwarz), so that ℒ_k ≥ (S − 𝓡)²/2; ℒ(0) = S²/2.
        let least = law.p(2) * (4.5f64 - 1.0).powi(2);
        claims.push(
            Claim::new(
                "table-5.1",
                "Table 5.1",
                "𝓡_2/S = 4.5 in the first run",
                "lower bound on the network's loss over that of f = 0: below 1",
                Interval::exact(least, 1),
            )
            .verdict(if least < 1.0 { Verdict::Holds } else { Verdict::Fails })
            .note("𝒫(2)(4.5 − 1)² by Cauchy–Schwarz and Eq. 4.8: skill 2 alone would make the trained network worse than no network; a misprint, of .45 perhaps"),
        );
        Ok(())
    }

    /// Eq. 5.9: parameters go to one skill after the other, and nothing is lost.
    fn parameters(&self, claims: &mut Vec<Claim>) -> Result<()> {
        let model = self.predicted()?;
        let n = self.nodes * 2 + self.nodes / 2;
        let strengths: Vec<(f64, Interval)> = (1..=self.skills.max(3))
            .map(|k| (k as f64, Interval::exact(model.by_parameters(k, n), 1)))
            .collect();
        // The q-th skill by learning: the first r of N_c orthonormal basis functions, infinite data.
        let (q, r) = model.last_skill(n);
        let nodes = self.nodes as usize;
        let target = Array1::from_elem(nodes, (nodes as f64).powf(-0.5));
        let mut features = Array2::zeros((nodes, r as usize));
        for l in 0..r as usize {
            features[[l, l]] = 1.0;
        }
        let learned = MultiShot::new(features, target.clone())?
            .with_start(1e-6, 1e-6 * &target)?
            .limit()?
            .strength;
        let apart = (learned - model.by_parameters(q, n)).abs();
        claims.push(
            Claim::new(
                "parameters",
                "Eq. 5.9, B.44",
                "𝓡_q = S r/N_c for the skill that has r of its N_c basis functions",
                "|𝓡_q/S where the flow ends − r/N_c|: below 1e-4",
                Interval::exact(apart, 1),
            )
            .verdict(if apart < 1e-4 {
                Verdict::Holds
            } else {
                Verdict::Fails
            })
            .note(format!(
                "N = {n}, N_c = {}: {}",
                self.nodes,
                listed(&strengths).replace("α", "k")
            )),
        );
        Ok(())
    }
}
