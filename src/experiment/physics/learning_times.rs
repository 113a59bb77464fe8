//! The learning time of the Resource model (*Physics of Skill Learning*, §2.4, Eq. 3) and the learning rate that is best for it.
//!
//! $$\eta\,t = \underbrace{\sum_j (1 - C^{p_j})}_{\eta\,t_\text{task}} + \underbrace{(-N_0\ln C)}_{\eta\,t_\text{waste}}$$
//!
//! Two definitions of "the time to learn n skills" are measured, as each gives another law:
//!
//! * *fixed C*: the time until the common factor $C = u_i^{1/p_i}$ is down to a given number. As $1 - C^p \le -p\ln C$ and Σp = 1,
//!   $\eta t_\text{task} \le -\ln C$ whatever n is.
//! * *until all*: the time until every skill has $u_i \le u^*$, that is $C = {u^*}^{1/p_n}$. Then $\eta t_\text{task} = n(1-A)$ with
//!   $A = \frac1n\sum_j {u^*}^{p_j/p_n}$, which goes to a number between 0 and 1 as n grows, and $\eta t_\text{waste} = N_0\,\zeta\,n^\alpha\ln(1/u^*)$ with
//!   $\zeta = \sum_{j\le n} j^{-\alpha}$. The two are equal at the crossover $n(1-A) = N_0\,\zeta\,n^\alpha\ln(1/u^*)$.
//!
//! The rate of Eq. 1 is $\eta p u/(S + N_0)$ with $S = \sum_j p_j u_j$. With $N_0 = a\eta^2$ it is largest at $\eta^* = \sqrt{S/a}$; with
//! $N_0 = b\eta$ it rises with η up to $p u/b$.
//!
//! Nothing here is random: one seed says all, and intervals are over settings or over the points of a fit.
//!
//! Table `times`, a row for each α, definition, level, n and norm: `alpha`, `definition`, `level` (C or u*), `n`, `norm`, `minus_log_c`, `task`,
//! `waste` (η × time), `bound` (−ln C for the L1 norm).
//!
//! Table `crossover`, a row for each α > 1: `alpha`, `measured` (n at which t_task = t_waste, between whole numbers by a power law; NaN when
//! beyond the list), `formula` (the root of the equation above with the limits A and ζ of n → ∞).
//!
//! Table `check`, a row for each α and N₀: `waste` (N₀), `delay` (η × the time by which the differential equation, solved
//! without Eq. 3, reaches u* later than without waste), `formula` (−N₀ ln C).
//!
//! Table `rates`, a row for each law (`quadratic`, `linear`), record and learning rate: `law`, `gradient` (S), `eta`, `rate` (−d ln C/dt).
//!
//! Table `optimum`, a row for each record of the course of learning: `gradient`, `log_c`, `best` (η* found numerically under the quadratic
//! law), `formula` (√(S/a)), `rising` (share of η intervals over which the rate rises under the linear law), `saturation` (rate at a huge η
//! over its limit 1/b).
//!
//! Table `decay`: `law`, `constant` (least time until all with one η), `schedule` (with the best η at each moment).

mod rates;
mod report;

use crate::claim::Claims;
use crate::error::{Error, Result};
use crate::experiment::check::{distinct, positive};
use crate::experiment::{Document, Experiment, Info, Outcome, Progress, Tables, settings};
use crate::figure::Figures;
use crate::model::skill::{Norm, Resource};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;
use crate::task::Frequencies;

settings! {
    /// Settings of the learning times.
    pub struct LearningTimes {
        /// Exponents α of the frequencies, p_i ∝ i^−α.
        alphas: Vec<f64> = vec![1.0, 2.0], vec![0.5, 1.0, 1.5, 2.0, 3.0, 4.0], vec![0.5, 1.0, 1.5, 2.0, 3.0, 4.0];
        /// Numbers of tasks n, ascending.
        n_tasks: Vec<usize> = vec![2, 5, 10, 20, 50, 100, 200], vec![2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000], vec![2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
        /// Values of C at which times are taken.
        fixed: Vec<f64> = vec![0.5, 1e-3], vec![0.5, 0.1, 1e-3, 1e-9], vec![0.5, 0.1, 1e-3, 1e-9];
        /// u*, the unskill that all skills have to reach.
        unskill: f64 = 0.1, 0.1, 0.1;
        /// Wasted resources N₀.
        waste: f64 = 0.003, 0.003, 0.003;
        /// Exponents of learning times in n are fitted from this n on.
        window_from: usize = 20, 100, 100;
        /// Number of tasks for the learning rate's part.
        rate_tasks: usize = 10, 10, 10;
        /// Exponent α for the learning rate's part.
        rate_alpha: f64 = 2.0, 2.0, 2.0;
        /// The effective learning rate at which both laws N₀ = aη² and N₀ = bη give `waste`.
        rate_reference: f64 = 0.019, 0.019, 0.019;
        /// Number of seeds; nothing is random.
        seeds: u64 = 1, 1, 1;
    }
}

impl LearningTimes {
    /// −ln C when the rarest of the skills `p` reaches u*.
    fn until_all(&self, p: &[f64]) -> f64 {
        -self.unskill.ln() / p[p.len() - 1]
    }

    fn times(&self, progress: &Progress) -> Result<Table> {
        let (mut alphas, mut definitions, mut levels, mut tasks) = (vec![], vec![], vec![], vec![]);
        let (mut norms, mut logs, mut task, mut waste) = (vec![], vec![], vec![], vec![]);
        for &alpha in &self.alphas {
            for &n in &self.n_tasks {
                progress.check()?;
                let frequencies = Frequencies::power_law(n, alpha)?;
                let mut cases: Vec<(&str, f64, f64)> = self
                    .fixed
                    .iter()
                    .map(|c| ("fixed C", *c, -c.ln()))
                    .collect();
                cases.push(("until all", self.unskill, self.until_all(frequencies.p())));
                for norm in [Norm::L1, Norm::L2] {
                    let model = Resource::new(frequencies.clone(), 1.0)?
                        .with_norm(norm)
                        .with_waste(self.waste)?;
                    for (definition, level, y) in &cases {
                        let time = model.time_to_log(-y)?;
                        alphas.push(alpha);
                        definitions.push(*definition);
                        levels.push(*level);
                        tasks.push(n);
                        norms.push(norm.name());
                        logs.push(*y);
                        task.push(time.task);
                        waste.push(time.waste);
                    }
                }
            }
        }
        Table::new()
            .with("alpha", alphas)?
            .with("definition", definitions)?
            .with("level", levels)?
            .with("n", tasks)?
            .with("norm", norms)?
            .with("minus_log_c", logs)?
            .with("task", task)?
            .with("waste", waste)
    }

    fn crossovers(&self) -> Result<Table> {
        let steep: Vec<f64> = self.alphas.iter().copied().filter(|a| *a > 1.0).collect();
        let mut measured = Vec::new();
        for &alpha in &steep {
            let excess = |n: usize| -> Result<f64> {
                let model = Resource::new(Frequencies::power_law(n, alpha)?, 1.0)?
                    .with_waste(self.waste)?;
                let time = model.time_until_all(1.0 - self.unskill)?;
                Ok((time.waste / time.task).ln())
            };
            let (mut low, mut high) = (1, self.n_tasks[self.n_tasks.len() - 1]);
            if excess(low)? > 0.0 || excess(high)? < 0.0 {
                measured.push(f64::NAN);
                continue;
            }
            while high - low > 1 {
                let middle = low.midpoint(high);
                if excess(middle)? < 0.0 {
                    low = middle
                } else {
                    high = middle
                }
            }
            let (below, above) = (excess(low)?, excess(high)?);
            let share = -below / (above - below);
            measured.push((low as f64).powf(1.0 - share) * (high as f64).powf(share));
        }
        let formula: Vec<f64> = steep.iter().map(|a| self.crossover_formula(*a)).collect();
        Table::new()
            .with("alpha", steep)?
            .with("measured", measured)?
            .with("formula", formula)
    }

    /// n^(α−1) = (1 − A) / (N₀ ζ ln(1/u*)) with A = ∫₀¹ u*^(x^−α) dx and ζ(α).
    fn crossover_formula(&self, alpha: f64) -> f64 {
        let points = 100_000;
        let integrand = |k: usize| {
            self.unskill
                .powf(((k as f64 + 0.5) / f64::from(points)).powf(-alpha))
        };
        let a = (0..points as usize).map(integrand).sum::<f64>() / f64::from(points);
        // ζ(α) by its first terms and the integral of the rest.
        let terms = 1_000;
        let zeta = (1..terms).map(|j| f64::from(j).powf(-alpha)).sum::<f64>()
            + (f64::from(terms) - 0.5).powf(1.0 - alpha) / (alpha - 1.0);
        ((1.0 - a) / (self.waste * zeta * (1.0 / self.unskill).ln())).powf(1.0 / (alpha - 1.0))
    }

    /// The delay by waste, from the differential equation.
    fn delays(&self) -> Result<Table> {
        let (mut alphas, mut wastes, mut delays, mut formulas) = (vec![], vec![], vec![], vec![]);
        let n = self.rate_tasks;
        for &alpha in &self.alphas {
            let frequencies = Frequencies::power_law(n, alpha)?;
            let y = self.until_all(frequencies.p());
            let without = self.solved_time(&frequencies, 0.0)?;
            for factor in [0.1, 1.0, 10.0] {
                let waste = self.waste * factor;
                alphas.push(alpha);
                wastes.push(waste);
                delays.push(self.solved_time(&frequencies, waste)? - without);
                formulas.push(waste * y);
            }
        }
        Table::new()
            .with("alpha", alphas)?
            .with("waste", wastes)?
            .with("delay", delays)?
            .with("formula", formulas)
    }

    /// η × the time at which the adaptive solver has the rarest skill at u*, by bisection over the end of a run.
    fn solved_time(&self, frequencies: &Frequencies, waste: f64) -> Result<f64> {
        let model = Resource::new(frequencies.clone(), 1.0)?.with_waste(waste)?;
        let last = frequencies.len() - 1;
        let solver = Flow::new(1e-11);
        let unskill =
            |t: f64| -> Result<f64> { Ok(model.ode(&[0.0, t], &solver)?.unskill[[1, last]]) };
        let (mut low, mut high) = (0.0, frequencies.len() as f64);
        while unskill(high)? > self.unskill {
            (low, high) = (high, 2.0 * high);
        }
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if unskill(middle)? > self.unskill {
                low = middle
            } else {
                high = middle
            }
        }
        Ok(0.5 * (low + high))
    }
}

impl Experiment for LearningTimes {
    const INFO: Info = Info {
        id: "physics/eq-03",
        title: "The learning time is t_task + t_waste, and what each grows with",
        document: Document::Physics,
        section: "§2.4, Eq. 3",
        notebook: "physics/03-resource-model",
        revision: 1,
    };

    fn validate(&self) -> Result<()> {
        distinct("alphas", &self.alphas)?;
        for alpha in &self.alphas {
            positive("alphas", *alpha)?;
        }
        distinct("n_tasks", &self.n_tasks)?;
        let from = self.n_tasks.iter().filter(|n| **n >= self.window_from);
        if !self.n_tasks.is_sorted() || self.n_tasks[0] == 0 {
            return Err(Error::setting(
                "n_tasks",
                format!("{:?}", self.n_tasks),
                "whole numbers ≥ 1, ascending",
            ));
        }
        if from.count() < 3 {
            return Err(Error::setting(
                "window_from",
                self.window_from,
                "a number with at least three of `n_tasks` from it on",
            ));
        }
        distinct("fixed", &self.fixed)?;
        let inside = |x: f64| x > 0.0 && x < 1.0;
        if let Some(c) = self.fixed.iter().find(|c| !inside(**c)) {
            return Err(Error::setting("fixed", c, "numbers above 0 and below 1"));
        }
        if !inside(self.unskill) {
            let allowed = "a number above 0 and below 1";
            return Err(Error::setting("unskill", self.unskill, allowed));
        }
        positive("waste", self.waste)?;
        positive("rate_alpha", self.rate_alpha)?;
        positive("rate_reference", self.rate_reference)?;
        crate::experiment::check::whole("rate_tasks", self.rate_tasks, 2, 1_000)
    }

    fn run_seed(&self, _seed: Seed, progress: &Progress) -> Result<Tables> {
        Ok(Tables::from([
            ("times".into(), self.times(progress)?),
            ("crossover".into(), self.crossovers()?),
            ("check".into(), self.delays()?),
            ("rates".into(), self.rates()?),
            ("optimum".into(), self.optimum()?),
            ("decay".into(), self.decay()?),
        ]))
    }

    fn draw(&self, outcome: &Outcome) -> Result<Figures> {
        report::draw(self, outcome)
    }

    fn measure(&self, outcome: &Outcome) -> Result<Claims> {
        report::measure(self, outcome)
    }
}
