//! Gradient flow: gradient descent in the limit of small steps, solved adaptively.

use crate::error::{Error, Result};
use differential_equations::error::Error as Failure;
use differential_equations::methods::ExplicitRungeKutta;
use differential_equations::ode::{ODE, OrdinaryNumericalMethod};
use differential_equations::status::Status;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};

/// An adaptive solver of dθ/dt = −∇L(θ), and of any dy/dt = f(t, y) that is not stiff.
///
/// The method is DOP853 (Dormand & Prince; Hairer, Nørsett, Wanner, *Solving Ordinary Differential Equations I*, II.5), order 8,
/// from the crate `differential-equations`. A step is accepted when the root mean square over coordinates of
/// error / (`atol` + `rtol` |y|) is at most 1. Steps land on the asked times, so many times cost steps.
///
/// Time is step × step size: gradient descent with step size η is at step k where the flow is at t = kη, up to O(η).
///
/// NOTE: the dense output of version 0.7.0 of that crate is of order 4 rather than 7 (its error falls 30-fold when the step is
/// halved), which is why it is not used. The tolerances bound the error of a step, not of the whole path. Near a minimum the step is limited by stability, about
/// 6 / (largest eigenvalue of the Hessian), so long quiet tails cost steps too.
///
/// ```
/// use scurve::optimizer::Flow;
/// // L = ½ k θ²: θ(t) = θ₀ e^(−kt)
/// let path = Flow::default().descend(|theta, grad| grad[0] = 3.0 * theta[0], &[2.0], &[0.0, 0.5, 1.0])?;
/// assert!((path.states[[2, 0]] - 2.0 * (-3.0f64).exp()).abs() < 1e-9);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flow {
    /// Relative tolerance, in (0, 1).
    pub rtol: f64,
    /// Absolute tolerance > 0, in the units of the state.
    pub atol: f64,
    /// Most steps, rejected ones included.
    pub max_steps: usize,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            rtol: 1e-9,
            atol: 1e-12,
            max_steps: 100_000,
        }
    }
}

/// A solved path.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowPath {
    /// The times that were asked for.
    pub times: Vec<f64>,
    /// times × coordinates.
    pub states: Array2<f64>,
    /// What it cost.
    pub effort: Effort,
}

/// What a solution cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Accepted steps.
    pub accepted: usize,
    /// Rejected steps.
    pub rejected: usize,
    /// Evaluations of the gradient.
    pub evaluations: usize,
}

/// Order 8, 12 stages, 16 with those of the dense output.
type Dop853 = ExplicitRungeKutta<
    differential_equations::methods::Ordinary,
    differential_equations::methods::DormandPrince,
    f64,
    Vec<f64>,
    8,
    12,
    16,
>;

impl Flow {
    /// With relative tolerance `rtol`, and `atol` a thousandth of it.
    pub fn new(rtol: f64) -> Self {
        Self {
            rtol,
            atol: rtol * 1e-3,
            ..Self::default()
        }
    }

    /// Refuses tolerances out of range, under the path `path`.
    pub fn validate_as(&self, path: &str) -> Result<()> {
        if !(self.rtol > 0.0 && self.rtol < 1.0) {
            return Err(Error::setting(
                format!("{path}.rtol"),
                self.rtol,
                "a number above 0 and below 1",
            ));
        }
        if !(self.atol > 0.0 && self.atol.is_finite()) {
            return Err(Error::setting(
                format!("{path}.atol"),
                self.atol,
                "a finite number above 0",
            ));
        }
        if self.max_steps == 0 {
            return Err(Error::setting(
                format!("{path}.max_steps"),
                0,
                "a whole number ≥ 1",
            ));
        }
        Ok(())
    }

    /// Follows dθ/dt = −∇L(θ) from `start` at t = 0.
    ///
    /// `gradient(theta, grad)` writes ∇L(θ) to `grad`, which holds zeros or an earlier gradient when it is called. `times` do
    /// not decrease and are ≥ 0.
    ///
    /// # Errors
    /// See [`observe`](Self::observe).
    pub fn descend(
        &self,
        mut gradient: impl FnMut(&[f64], &mut [f64]),
        start: &[f64],
        times: &[f64],
    ) -> Result<FlowPath> {
        self.integrate(
            |_, theta, velocity| {
                gradient(theta, velocity);
                velocity.iter_mut().for_each(|g| *g = -*g);
            },
            start,
            times,
        )
    }

    /// Follows dy/dt = f(t, y) from `start` at t = 0; `field(t, y, dydt)` writes f to `dydt`.
    ///
    /// # Errors
    /// See [`observe`](Self::observe).
    pub fn integrate(
        &self,
        field: impl FnMut(f64, &[f64], &mut [f64]),
        start: &[f64],
        times: &[f64],
    ) -> Result<FlowPath> {
        let mut states = Vec::with_capacity(times.len() * start.len());
        let effort = self.observe(field, start, times, |_, y| states.extend_from_slice(y))?;
        let states = Array2::from_shape_vec((times.len(), start.len()), states)
            .map_err(|e| Error::Solver(format!("the path does not fit its times: {e}")))?;
        Ok(FlowPath {
            times: times.to_vec(),
            states,
            effort,
        })
    }

    /// As [`integrate`](Self::integrate), but hands each state to `observer(t, y)` instead of keeping it: for large states at
    /// many times.
    ///
    /// # Errors
    /// [`Error::Setting`] for tolerances, times or a start out of range; [`Error::Solver`] when the solver gives up, with the
    /// time that it reached and what to try.
    pub fn observe(
        &self,
        field: impl FnMut(f64, &[f64], &mut [f64]),
        start: &[f64],
        times: &[f64],
        mut observer: impl FnMut(f64, &[f64]),
    ) -> Result<Effort> {
        self.validate_as("flow")?;
        check_times(times)?;
        if let Some(i) = start.iter().position(|y| !y.is_finite()) {
            return Err(Error::setting(
                format!("start[{i}]"),
                start[i],
                "a finite number",
            ));
        }
        let mut due = times.iter().copied().peekable();
        while due.next_if_eq(&0.0).is_some() {
            observer(0.0, start);
        }
        let end = times.last().copied().unwrap_or(0.0);
        if due.peek().is_none() || start.is_empty() {
            due.for_each(|t| observer(t, start));
            return Ok(Effort::default());
        }

        let field = Field {
            f: RefCell::new(field),
            finite: Cell::new(true),
        };
        let mut effort = Effort::default();
        let mut method = self.begin(&field, 0.0, start.to_vec(), 0.0, end, &mut effort)?;
        while let Some(&next) = due.peek() {
            if effort.accepted + effort.rejected >= self.max_steps {
                return Err(self.exhausted(method.t(), end));
            }
            // Land on each time: the crate's dense output is not as good as its steps (see above), and f need not
            // be defined beyond the end. Two even steps rather than a whole one and a crumb.
            let wanted = method.h();
            let left = next - method.t();
            let h = if left > 2.0 * wanted {
                wanted
            } else if left > wanted {
                0.5 * left
            } else {
                left
            };
            method.set_h(h);
            match method.step(&field) {
                Ok(evals) => effort.evaluations += evals.function,
                // Every long tail of a gradient flow is stiff in the end. That is worth its steps, which `max_steps` counts: go on.
                Err(Failure::Stiffness { t, y }) => {
                    effort.rejected += 1;
                    let h = method.h();
                    method = self.begin(&field, t, y, h, end, &mut effort)?;
                    continue;
                }
                Err(failure) => return Err(self.gave_up(&field, &failure, method.t(), end)),
            }
            if matches!(method.status(), Status::RejectedStep) {
                effort.rejected += 1;
                if method.t() + method.h() == method.t() || method.h() < f64::MIN_POSITIVE {
                    return Err(self.underflow(&field, method.t(), end));
                }
                continue;
            }
            effort.accepted += 1;
            // The step after one that was cut short is what the error allowed before.
            if h < wanted {
                method.set_h(method.h().max(wanted));
            }
            // A step that was to land may miss by rounding.
            let reached = method.t() * (1.0 + 64.0 * f64::EPSILON);
            while let Some(t) = due.next_if(|&t| t <= reached) {
                observer(t, method.y());
            }
        }
        Ok(effort)
    }

    /// A method that stands at (t, y); `h` = 0 lets it choose its first step.
    fn begin<F: FnMut(f64, &[f64], &mut [f64])>(
        &self,
        field: &Field<F>,
        t: f64,
        y: Vec<f64>,
        h: f64,
        end: f64,
        effort: &mut Effort,
    ) -> Result<Dop853> {
        let mut method = Dop853::dop853()
            .rtol(self.rtol)
            .atol(self.atol)
            .max_steps(usize::MAX)
            .h0(h.min(end - t));
        let evals = method
            .init(field, t, end, &y)
            .map_err(|e| self.gave_up(field, &e, t, end))?;
        effort.evaluations += evals.function;
        Ok(method)
    }

    fn exhausted(&self, t: f64, end: f64) -> Error {
        Error::Solver(format!(
            "{} steps reached t = {t:.6e} of {end:.6e}; try raising max_steps (now {}) or rtol (now {:e}), or asking for less time",
            self.max_steps, self.max_steps, self.rtol
        ))
    }

    fn underflow<F>(&self, field: &Field<F>, t: f64, end: f64) -> Error {
        let why = if field.finite.get() {
            "the step became too small to move: the field may have a pole or a jump there"
        } else {
            "the field left the finite numbers: the path may run off to infinity there, or the field be wrong"
        };
        Error::Solver(format!(
            "stopped at t = {t:.6e} of {end:.6e}: {why}; try asking for less time or raising rtol (now {:e})",
            self.rtol
        ))
    }

    fn gave_up<F>(
        &self,
        field: &Field<F>,
        failure: &Failure<f64, Vec<f64>>,
        t: f64,
        end: f64,
    ) -> Error {
        match failure {
            Failure::MaxSteps { .. } => self.exhausted(t, end),
            Failure::StepSize { .. } => self.underflow(field, t, end),
            // The crate's own words, without the state, which may be thousands of numbers.
            Failure::BadInput { msg } if field.finite.get() => {
                Error::Solver(format!("at t = {t:.6e} of {end:.6e}: {msg}"))
            }
            _ => self.underflow(field, t, end),
        }
    }
}

/// Refuses times that are not finite, below 0 or descending.
pub(crate) fn check_times(times: &[f64]) -> Result<()> {
    let mut before = 0.0;
    for (i, &t) in times.iter().enumerate() {
        if !t.is_finite() || t < before {
            let allowed =
                format!("finite and at least {before}: times start from 0 and do not decrease");
            return Err(Error::setting(format!("times[{i}]"), t, allowed));
        }
        before = t;
    }
    Ok(())
}

/// The right-hand side as the crate wants it, remembering whether it was finite when last evaluated.
struct Field<F> {
    f: RefCell<F>,
    finite: Cell<bool>,
}

impl<F: FnMut(f64, &[f64], &mut [f64])> ODE<f64, Vec<f64>> for Field<F> {
    fn diff(&self, t: f64, y: &Vec<f64>, dydt: &mut Vec<f64>) {
        (self.f.borrow_mut())(t, y, dydt);
        self.finite.set(dydt.iter().all(|d| d.is_finite()));
    }
}
