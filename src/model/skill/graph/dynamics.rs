//! The Resource model with gates: Eq. 10–13.

use super::SkillGraph;
use super::gate::Node;
use crate::error::{Error, Result};
use crate::model::skill::resource::{
    Euler, ResourceTrajectory, check_rate, check_start, check_waste, euler,
};
use crate::optimizer::{Flow, check_times};

/// What a gate makes of the unskill u of a skill that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateForm {
    /// $1 - u^\gamma$: shut while u is not small. The published figures have it.
    Soft,
    /// $(1 - u)^\gamma$, as printed below Eq. 12.
    ///
    /// NOTE: for the printed γ = .01 it does not gate: at u = 1 − 10⁻⁶ it is .87 already.
    AsPrinted,
}

/// How gates act.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gating {
    /// What becomes of an unskill.
    pub form: GateForm,
    /// γ > 0.
    pub gamma: f64,
    /// Whether a gate also weights the skill's gradient in the denominator, so that a skill that waits takes no resources.
    pub weights_denominator: bool,
}

impl Gating {
    /// Of the published figures: $1 - u^\gamma$, also in the denominator.
    pub fn soft(gamma: f64) -> Self {
        Self {
            form: GateForm::Soft,
            gamma,
            weights_denominator: true,
        }
    }

    /// Of the text: $(1 - u)^\gamma$, in the numerator alone.
    pub fn as_printed(gamma: f64) -> Self {
        Self {
            form: GateForm::AsPrinted,
            gamma,
            weights_denominator: false,
        }
    }

    /// With or without the gate in the denominator.
    pub fn weighting_denominator(mut self, weights: bool) -> Self {
        self.weights_denominator = weights;
        self
    }

    /// The opening that a skill gives whose ln u is `log_u`.
    fn opening(&self, log_u: f64) -> f64 {
        match self.form {
            GateForm::Soft => -(self.gamma * log_u).exp_m1(),
            GateForm::AsPrinted => (-log_u.exp_m1()).max(0.0).powf(self.gamma),
        }
    }
}

/// A frequency that changes once, when a skill's unskill falls to a threshold: a network that has found a basin of attraction (§5.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switch {
    /// The skill (from 0) whose frequency changes.
    pub skill: usize,
    /// Its frequency from then on.
    pub p: f64,
    /// The skill that is watched.
    pub watched: usize,
    /// The unskill of the watched skill at which it happens.
    pub unskill: f64,
}

/// The Resource model of skills that wait for each other (Eq. 13),
///
/// $$\frac{du_i}{dt} = -\eta\,\frac{B_i\,p_i u_i}{\sum_j \tilde B_j\,p_j u_j + N_0} ,$$
///
/// with the gates $B_i \in [0, 1]$ of a [`SkillGraph`]: AND is the product, OR the maximum over what a skill waits for, each through the form of
/// [`Gating`]; $\tilde B_j$ is $B_j$ when [`Gating::weights_denominator`] says so, else 1.
///
/// ```
/// use scurve::model::skill::{DependentResource, Gating, SkillGraph};
/// use scurve::optimizer::Flow;
/// // The rarest skill first, since the others wait for it.
/// let chain = SkillGraph::chain(&[0.3, 1.0, 3.0])?;
/// let model = DependentResource::new(chain, Gating::soft(1e-4), 1e-3)?.with_waste(1e-3)?;
/// let times: Vec<f64> = (0..200).map(|k| 25.0 * k as f64).collect();
/// assert_eq!(model.ode(&times, &Flow::default())?.order(0.5), [0, 1, 2]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone)]
pub struct DependentResource {
    graph: SkillGraph,
    nodes: Vec<Option<Node>>,
    gating: Gating,
    eta: f64,
    waste: f64,
    start: Vec<f64>,
    switches: Vec<Switch>,
}

impl DependentResource {
    /// The model of a graph with the effective learning rate `eta`, without waste and with all skills at 0.
    ///
    /// # Errors
    /// `eta` or γ that is not a finite number above 0.
    pub fn new(graph: SkillGraph, gating: Gating, eta: f64) -> Result<Self> {
        check_rate(eta)?;
        if !(gating.gamma > 0.0 && gating.gamma.is_finite()) {
            return Err(Error::setting(
                "gamma",
                gating.gamma,
                "a finite number above 0",
            ));
        }
        Ok(Self {
            nodes: graph.nodes()?,
            start: vec![1.0; graph.len()],
            graph,
            gating,
            eta,
            waste: 0.0,
            switches: Vec::new(),
        })
    }

    /// Sets the wasted resources N₀ ≥ 0.
    pub fn with_waste(mut self, waste: f64) -> Result<Self> {
        check_waste(waste)?;
        self.waste = waste;
        Ok(self)
    }

    /// Sets the unskills at t = 0, from 0 to 1: beyond 1 a gate has no meaning.
    pub fn with_start(mut self, unskill: &[f64]) -> Result<Self> {
        check_start(unskill, self.graph.len())?;
        if let Some(i) = unskill.iter().position(|u| *u > 1.0) {
            return Err(Error::setting(
                format!("start[{i}]"),
                unskill[i],
                "from 0 to 1: beyond 1 a gate has no meaning",
            ));
        }
        self.start = unskill.to_vec();
        Ok(self)
    }

    /// Adds a frequency that changes.
    ///
    /// # Errors
    /// No such skill; a frequency or a threshold that is not above 0.
    pub fn with_switch(mut self, switch: Switch) -> Result<Self> {
        let n = self.graph.len();
        for (field, i) in [("skill", switch.skill), ("watched", switch.watched)] {
            if i >= n {
                return Err(Error::setting(
                    field,
                    i,
                    format!("a skill from 0 to {}", n - 1),
                ));
            }
        }
        for (field, x) in [("p", switch.p), ("unskill", switch.unskill)] {
            if !(x > 0.0 && x.is_finite()) {
                return Err(Error::setting(
                    format!("the switch's {field}"),
                    x,
                    "a finite number above 0",
                ));
            }
        }
        self.switches.push(switch);
        Ok(self)
    }

    /// The graph.
    pub fn graph(&self) -> &SkillGraph {
        &self.graph
    }

    /// Steps the differential equation as the authors do. A switch is looked at before each step.
    ///
    /// NOTE: where p_i η Δt / N₀ > 1, as in the published figures, a skill that is almost learned oversteps and is clipped to u = 0, where the gates of
    /// form $1-u^\gamma$ jump open; the differential equation, which [`ode`](Self::ode) solves, opens them slowly.
    ///
    /// # Errors
    /// As [`Resource::euler`](super::super::Resource::euler).
    pub fn euler(&self, method: &Euler) -> Result<ResourceTrajectory> {
        let mut state = State::new(self);
        let mut log_u = vec![0.0; self.start.len()];
        euler(
            &self.start,
            self.graph.frequencies().p(),
            method,
            |u, rates| {
                for (log, u) in log_u.iter_mut().zip(u) {
                    *log = u.max(0.0).ln();
                }
                state.switch(&log_u);
                let all = state.openings(&log_u, u);
                let share = if all > 0.0 { -self.eta / all } else { 0.0 };
                for (i, rate) in rates.iter_mut().enumerate() {
                    *rate = share * state.openings[i] * state.p[i] * u[i];
                }
            },
        )
    }

    /// Solves the differential equation at `times` (ascending, ≥ 0).
    ///
    /// The unknowns are v = ln u, and time itself: with $dt = (\sum_j \tilde B_j p_j u_j + N_0)\,dy/\eta$ the equation is $dv_i/dy = -B_i p_i$, which has no pole
    /// where everything is learned and sees how small an unskill is, as gates do. Each time is met by Newton's method in y; switches end a piece.
    ///
    /// # Errors
    /// Times or tolerances out of range; a solver that gives up, with the y that it reached.
    pub fn ode(&self, times: &[f64], solver: &Flow) -> Result<ResourceTrajectory> {
        check_times(times)?;
        let mut path = Path::new(self, solver);
        let mut unskill = Vec::with_capacity(times.len() * self.start.len());
        for &time in times {
            path.advance(time)?;
            unskill.extend(path.log_u().iter().map(|v| v.exp()));
        }
        ResourceTrajectory::new(times.to_vec(), unskill, self.graph.frequencies().p())
    }
}

impl std::fmt::Debug for DependentResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DependentResource")
            .field("graph", &self.graph)
            .field("gating", &self.gating)
            .field("eta", &self.eta)
            .field("waste", &self.waste)
            .field("start", &self.start)
            .field("switches", &self.switches)
            .finish()
    }
}

/// What changes on the way: frequencies, and the gates where the skills stand.
struct State<'a> {
    model: &'a DependentResource,
    p: Vec<f64>,
    openings: Vec<f64>,
    pending: Vec<Switch>,
    scratch: Vec<f64>,
}

impl<'a> State<'a> {
    fn new(model: &'a DependentResource) -> Self {
        Self {
            model,
            p: model.graph.frequencies().p().to_vec(),
            openings: vec![1.0; model.graph.len()],
            pending: model.switches.clone(),
            scratch: Vec::new(),
        }
    }

    /// Turns the switches whose threshold is reached.
    fn switch(&mut self, log_u: &[f64]) {
        let p = &mut self.p;
        self.pending.retain(|s| {
            let waits = !reached(s, log_u);
            if !waits {
                p[s.skill] = s.p;
            }
            waits
        });
    }

    /// Sets the gates and returns the denominator.
    fn openings(&mut self, log_u: &[f64], unskill: &[f64]) -> f64 {
        let gating = self.model.gating;
        let each = |i: usize| gating.opening(log_u[i]);
        let mut all = self.model.waste;
        for (i, node) in self.model.nodes.iter().enumerate() {
            let opening = node
                .as_ref()
                .map_or(1.0, |node| node.opening(&each, unskill, &mut self.scratch));
            self.openings[i] = opening;
            let weight = if gating.weights_denominator {
                opening
            } else {
                1.0
            };
            all += weight * self.p[i] * unskill[i];
        }
        all
    }

    /// d(ln u)/dy and dt/dy at x = (ln u …, t).
    fn rates(&mut self, x: &[f64], unskill: &mut [f64], rates: &mut [f64]) {
        let n = self.p.len();
        for (u, v) in unskill.iter_mut().zip(x) {
            *u = v.exp();
        }
        let all = self.openings(&x[..n], unskill);
        for i in 0..n {
            // A skill learned from the start stays where it is.
            let moves = if x[i] > LEARNED {
                self.openings[i] * self.p[i]
            } else {
                0.0
            };
            rates[i] = -moves;
        }
        rates[n] = all / self.model.eta;
    }
}

/// Stands for ln 0.
const LEARNED: f64 = -1e300;

/// The state (ln u …, t) on its way through y.
struct Path<'a> {
    state: State<'a>,
    solver: &'a Flow,
    x: Vec<f64>,
    unskill: Vec<f64>,
    rates: Vec<f64>,
}

impl<'a> Path<'a> {
    fn new(model: &'a DependentResource, solver: &'a Flow) -> Self {
        let mut x: Vec<f64> = model.start.iter().map(|u| u.ln().max(LEARNED)).collect();
        x.push(0.0);
        let mut path = Self {
            state: State::new(model),
            solver,
            unskill: vec![0.0; model.start.len()],
            rates: vec![0.0; x.len()],
            x,
        };
        let n = path.unskill.len();
        path.state.switch(&path.x[..n]);
        path
    }

    fn log_u(&self) -> &[f64] {
        &self.x[..self.unskill.len()]
    }

    /// Moves on to the time `target`.
    fn advance(&mut self, target: f64) -> Result<()> {
        let n = self.unskill.len();
        for _ in 0..MOST_PIECES {
            let left = target - self.x[n];
            if left <= 1e-14 * target {
                return Ok(());
            }
            self.state
                .rates(&self.x, &mut self.unskill, &mut self.rates);
            let (time_rate, fastest) = (
                self.rates[n],
                self.rates[..n].iter().fold(0.0, |m: f64, r| m.max(-r)),
            );
            // What is open is learned to the last digit, or nothing is open: time passes and nothing moves.
            if fastest == 0.0 || time_rate == 0.0 {
                self.x[n] = target;
                return Ok(());
            }
            let mut step = (left / time_rate).min(PIECE / fastest);
            let mut end = self.follow(step)?;
            if let Some((at, there)) = self.event(step, &end)? {
                if there[n] <= target {
                    self.x = there;
                    self.state.switch(&self.x[..n]);
                    continue;
                }
                (step, end) = (at, there);
            }
            if end[n] > target {
                (_, end) = self.seek(n, target, 1e-14 * target, step, end)?;
            }
            self.x = end;
        }
        Err(Error::Solver(format!(
            "the time {target:e} was not met from {:e}; try a larger rtol",
            self.x[n]
        )))
    }

    /// The step, at most `high`, after which x_k is `level`, which lies between its values here and at `end`, and the state there: Newton's method in a
    /// bracket.
    fn seek(
        &mut self,
        k: usize,
        level: f64,
        tolerance: f64,
        mut high: f64,
        mut end: Vec<f64>,
    ) -> Result<(f64, Vec<f64>)> {
        let (mut low, mut at) = (0.0, high);
        let rises = end[k] > self.x[k];
        for _ in 0..MOST_CORRECTIONS {
            let past = end[k] - level;
            if past.abs() <= tolerance || high - low <= f64::EPSILON * high {
                break;
            }
            if (past > 0.0) == rises {
                high = at
            } else {
                low = at
            }
            self.state.rates(&end, &mut self.unskill, &mut self.rates);
            at -= past / self.rates[k];
            if !(at > low && at < high) {
                at = 0.5 * (low + high);
            }
            end = self.follow(at)?;
        }
        Ok((at, end))
    }

    /// The state a step in y further on.
    fn follow(&mut self, step: f64) -> Result<Vec<f64>> {
        let Self {
            state,
            solver,
            x,
            unskill,
            ..
        } = self;
        let path = solver.integrate(|_, x, rates| state.rates(x, unskill, rates), x, &[step])?;
        Ok(path.states.into_raw_vec_and_offset().0)
    }

    /// The first switch within the step that ends at `end`: the step to it and the state there.
    fn event(&mut self, step: f64, end: &[f64]) -> Result<Option<(f64, Vec<f64>)>> {
        let mut first: Option<(f64, Vec<f64>)> = None;
        for switch in self.state.pending.clone() {
            if reached(&switch, end) {
                let found = self.seek(
                    switch.watched,
                    switch.unskill.ln(),
                    0.5 * HAIR,
                    step,
                    end.to_vec(),
                )?;
                if first.as_ref().is_none_or(|f| found.0 < f.0) {
                    first = Some(found);
                }
            }
        }
        Ok(first)
    }
}

/// How near to its threshold, in ln u, an unskill has reached it.
const HAIR: f64 = 1e-12;

fn reached(switch: &Switch, log_u: &[f64]) -> bool {
    log_u[switch.watched] <= switch.unskill.ln() + HAIR
}

/// Largest fall of a ln u in one piece.
const PIECE: f64 = 16.0;
const MOST_PIECES: usize = 100_000;
const MOST_CORRECTIONS: usize = 200;
