//! The Resource model in its own time: every curve is a quadrature.

use super::gates::{Waits, order};
use super::quadrature::{By, add_product, cumulate, gate, gate_derivatives, hermite, opening};
use super::{GateForm, Norm};

/// Which Resource model.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Form {
    /// How the gradients add up.
    pub norm: Norm,
    /// What a gate makes of an unskill.
    pub gate: GateForm,
    /// Whether a skill that waits takes no resources.
    pub weights_denominator: bool,
}

/// Nodes of the grid in the model's own time y.
pub(super) const NODES: usize = 320;
/// Beyond this a skill is learned to the last digit.
const DEEP: f64 = -600.0;

/// The unknowns, by their logarithms: ln p of each skill, then ln τ, ln κ and ln γ.
///
/// τ = N₀/η is the time that a unit of y wastes, κ = 1/η the time that a whole skill costs: with L1, t = τ y + κ Σ s.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unknowns(pub Vec<f64>);

impl Unknowns {
    pub fn new(p: &[f64], tau: f64, kappa: f64, gamma: f64) -> Self {
        let rest = [tau, kappa, gamma];
        Self(p.iter().chain(&rest).map(|x| x.ln()).collect())
    }
    pub fn skills(&self) -> usize {
        self.0.len() - 3
    }
    pub fn p(&self, i: usize) -> f64 {
        self.0[i].exp()
    }
    pub fn tau(&self) -> f64 {
        self.0[self.skills()].exp()
    }
    pub fn kappa(&self) -> f64 {
        self.0[self.skills() + 1].exp()
    }
    pub fn gamma(&self) -> f64 {
        self.0[self.skills() + 2].exp()
    }
    /// How far γ is from 1, as −2 ln of a wide normal distribution of ln γ.
    pub fn pull(&self) -> f64 {
        (self.0[self.skills() + 2] / super::fit::GAMMA_SPREAD).powi(2)
    }
}

/// The model solved on its grid: x uniform, y = y₀ (eˣ − 1).
pub(super) struct Solved {
    dx: f64,
    /// y at the nodes, dy/dx there.
    pub y: Vec<f64>,
    pub slope: Vec<f64>,
    /// ln u, u and −dv/dx, a skill each.
    v: Vec<Vec<f64>>,
    u: Vec<Vec<f64>>,
    fall: Vec<Vec<f64>>,
    /// The opening that each skill gives to those who wait for it; empty when none does.
    open: Vec<Vec<f64>>,
    gate: GateForm,
    gamma: f64,
    /// t and dt/dx.
    t: Vec<f64>,
    speed: Vec<f64>,
    /// ∂v_i/∂θ_m where it is not zero, and ∂t/∂θ_m.
    v_by: Vec<By>,
    t_by: Vec<Vec<f64>>,
}

/// Where a time lies on the grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    node: usize,
    /// From 0 to 1.
    part: f64,
    /// Whether it lies beyond the grid.
    beyond: bool,
}

impl Solved {
    /// Solves up to the time `end`; with derivatives when `deep`.
    pub fn new(form: Form, waits: &[Waits], at: &Unknowns, end: f64, deep: bool) -> Self {
        let n = at.skills();
        let (tau, kappa, gamma) = (at.tau(), at.kappa(), at.gamma());
        let p: Vec<f64> = (0..n).map(|i| at.p(i)).collect();
        let fast = p.iter().copied().fold(0.0, f64::max);
        let first = 0.05 / fast;
        // Where no waste takes time, what is not learned by then never is.
        let last = (end / tau).min(1e7 / fast).max(10.0 * first);
        let dx = (1.0 + last / first).ln() / (NODES - 1) as f64;
        let slope: Vec<f64> = (0..NODES).map(|k| first * (dx * k as f64).exp()).collect();
        let y: Vec<f64> = slope.iter().map(|s| s - first).collect();

        let (mut v, mut fall, mut open) = (
            vec![Vec::new(); n],
            vec![Vec::new(); n],
            vec![Vec::new(); n],
        );
        let (mut by_v, mut by_gamma) = (vec![Vec::new(); n], vec![Vec::new(); n]);
        let mut b = vec![Vec::new(); n];
        let awaited = |i: usize| waits.iter().any(|w| w.skills.contains(&i));
        let mut v_by: Vec<By> = vec![Vec::new(); n];
        let mut b_by: Vec<By> = vec![Vec::new(); n];
        for i in order(waits) {
            let w = &waits[i];
            if w.skills.is_empty() {
                fall[i] = slope.iter().map(|s| p[i] * s).collect();
                v[i] = y.iter().map(|y| -p[i] * y).collect::<Vec<f64>>();
                if deep {
                    v_by[i].push((i, v[i].clone()));
                }
            } else {
                b[i] = gate(w, &open);
                fall[i] = b[i].iter().zip(&slope).map(|(b, s)| p[i] * b * s).collect();
                v[i] = cumulate(&fall[i], dx)
                    .iter()
                    .map(|x| -x)
                    .collect::<Vec<f64>>();
                if deep {
                    b_by[i] = gate_derivatives(w, [&open, &by_v, &by_gamma], &v_by, n + 2);
                    let own = v[i].clone();
                    v_by[i] = b_by[i]
                        .iter()
                        .map(|(m, b)| {
                            let g: Vec<f64> =
                                b.iter().zip(&slope).map(|(b, s)| -p[i] * b * s).collect();
                            (*m, cumulate(&g, dx))
                        })
                        .collect();
                    v_by[i].push((i, own));
                }
            }
            if awaited(i) {
                let (mut o, mut dv, mut dg) = (Vec::with_capacity(NODES), Vec::new(), Vec::new());
                for x in &v[i] {
                    let (a, b, c) = opening(form.gate, gamma, x.max(DEEP / gamma.min(1.0)));
                    o.push(a);
                    if deep {
                        dv.push(b);
                        dg.push(c);
                    }
                }
                (open[i], by_v[i], by_gamma[i]) = (o, dv, dg);
            }
        }

        let u: Vec<Vec<f64>> = v
            .iter()
            .map(|v| v.iter().map(|x| x.exp()).collect())
            .collect();
        // The resources that each skill asks for, B p u or p u.
        let weighted = |i: usize| form.weights_denominator && !waits[i].skills.is_empty();
        let asked: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                if weighted(i) {
                    u[i].iter().zip(&b[i]).map(|(u, b)| p[i] * u * b).collect()
                } else {
                    u[i].iter().map(|u| p[i] * u).collect()
                }
            })
            .collect();
        let mut rate = vec![0.0; NODES];
        for q in &asked {
            match form.norm {
                Norm::L1 => rate.iter_mut().zip(q).for_each(|(r, q)| *r += q),
                Norm::L2 => add_product(&mut rate, q, q),
            }
        }
        for r in &mut rate {
            *r = match form.norm {
                Norm::L1 => tau + kappa * *r,
                Norm::L2 => (tau * tau + kappa * kappa * *r).sqrt(),
            };
        }
        let speed: Vec<f64> = rate.iter().zip(&slope).map(|(r, s)| r * s).collect();
        let t = cumulate(&speed, dx);
        let mut t_by = Vec::new();
        if deep {
            let mut r_by = vec![vec![0.0; NODES]; n + 3];
            for (k, r) in rate.iter().enumerate() {
                (r_by[n][k], r_by[n + 1][k]) = match form.norm {
                    Norm::L1 => (tau, r - tau),
                    Norm::L2 => (tau * tau / r, (r * r - tau * tau) / r),
                };
            }
            for i in 0..n {
                // ∂r/∂q_i, and that times q_i
                let by: Vec<f64> = match form.norm {
                    Norm::L1 => vec![kappa; NODES],
                    Norm::L2 => asked[i]
                        .iter()
                        .zip(&rate)
                        .map(|(q, r)| kappa * kappa * q / r)
                        .collect(),
                };
                let whole: Vec<f64> = by.iter().zip(&asked[i]).map(|(w, q)| w * q).collect();
                r_by[i].iter_mut().zip(&whole).for_each(|(r, w)| *r += w);
                for (m, d) in &v_by[i] {
                    add_product(&mut r_by[*m], &whole, d);
                }
                if weighted(i) {
                    let open: Vec<f64> = by.iter().zip(&u[i]).map(|(w, u)| w * p[i] * u).collect();
                    for (m, d) in &b_by[i] {
                        add_product(&mut r_by[*m], &open, d);
                    }
                }
            }
            for r in &mut r_by {
                for (r, s) in r.iter_mut().zip(&slope) {
                    *r *= s;
                }
                t_by.push(cumulate(r, dx));
            }
        }
        Self {
            dx,
            y,
            slope,
            v,
            u,
            fall,
            open,
            gate: form.gate,
            gamma,
            t,
            speed,
            v_by,
            t_by,
        }
    }

    /// Where the ascending `times` lie.
    pub fn places(&self, times: &[f64]) -> Vec<Place> {
        let mut node = 0;
        let place = |time: &f64| {
            while node + 2 < NODES && self.t[node + 1] <= *time {
                node += 1;
            }
            if *time >= self.t[NODES - 1] {
                return Place {
                    node: NODES - 2,
                    part: 1.0,
                    beyond: true,
                };
            }
            let (a, b) = (self.t[node], self.t[node + 1]);
            let mut part = ((time - a) / (b - a)).clamp(0.0, 1.0);
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..8 {
                let (at, slope) = hermite(
                    a,
                    b,
                    self.dx * self.speed[node],
                    self.dx * self.speed[node + 1],
                    part,
                );
                let off = at - time;
                if off > 0.0 {
                    high = part
                } else {
                    low = part
                }
                let next = part - off / slope;
                let next = if next > low && next < high {
                    next
                } else {
                    0.5 * (low + high)
                };
                if (next - part).abs() < 1e-10 {
                    break;
                }
                part = next;
            }
            Place {
                node,
                part,
                beyond: false,
            }
        };
        times.iter().map(place).collect()
    }

    /// v of a skill.
    pub fn log_u(&self, i: usize, place: &Place) -> f64 {
        let (v, k) = (&self.v[i], place.node);
        hermite(
            v[k],
            v[k + 1],
            -self.dx * self.fall[i][k],
            -self.dx * self.fall[i][k + 1],
            place.part,
        )
        .0
    }

    /// u of a skill: a cubic through u itself, which needs no exponential.
    pub fn unskill(&self, i: usize, place: &Place) -> f64 {
        let (u, f, k) = (&self.u[i], &self.fall[i], place.node);
        let (a, b) = (-self.dx * u[k] * f[k], -self.dx * u[k + 1] * f[k + 1]);
        hermite(u[k], u[k + 1], a, b, place.part).0
    }

    /// ∂s_i/∂θ at a fixed time, into `row`.
    pub fn level_by(&self, i: usize, place: &Place, row: &mut [f64]) {
        let (k, part) = (place.node, place.part);
        let mix = |x: &[f64]| (1.0 - part) * x[k] + part * x[k + 1];
        let u = self.unskill(i, place);
        let per_time = if place.beyond {
            0.0
        } else {
            mix(&self.fall[i]) / mix(&self.speed)
        };
        for (row, t) in row.iter_mut().zip(&self.t_by) {
            *row = -u * per_time * mix(t);
        }
        for (m, d) in &self.v_by[i] {
            row[*m] -= u * mix(d);
        }
    }

    /// A quantity given at the nodes.
    pub fn mix(&self, x: &[f64], place: &Place) -> f64 {
        (1.0 - place.part) * x[place.node] + place.part * x[place.node + 1]
    }

    /// The openings of all skills, also of those that none waits for.
    pub fn openings(&self) -> Vec<Vec<f64>> {
        let of = |(open, v): (&Vec<f64>, &Vec<f64>)| {
            if !open.is_empty() {
                return open.clone();
            }
            let deep = DEEP / self.gamma.min(1.0);
            v.iter()
                .map(|v| opening(self.gate, self.gamma, v.max(deep)).0)
                .collect()
        };
        self.open.iter().zip(&self.v).map(of).collect()
    }

    /// ∫ B dy to each place, for a gate that need not be in the graph; with all [`openings`](Self::openings).
    pub fn exposure(&self, waits: &Waits, open: &[Vec<f64>], places: &[Place]) -> Vec<f64> {
        if waits.skills.is_empty() {
            return places.iter().map(|q| self.mix(&self.y, q)).collect();
        }
        let mut g = gate(waits, open);
        g.iter_mut().zip(&self.slope).for_each(|(g, s)| *g *= s);
        let sum = cumulate(&g, self.dx);
        let at = |q: &Place| {
            let k = q.node;
            hermite(
                sum[k],
                sum[k + 1],
                self.dx * g[k],
                self.dx * g[k + 1],
                q.part,
            )
            .0
        };
        places.iter().map(at).collect()
    }
}
