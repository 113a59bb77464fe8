//! One component alone: the task without an S-curve, and what a saturating link makes of it.

use super::Descent;
use super::descent::{Mover, Trainee, train};
use super::residual::dot;
use crate::error::{Error, Result};
use crate::optimizer::Flow;
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// What the model makes of its parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// f(ã) = ã.
    #[default]
    Identity,
    /// f(ã) = 1 / (1 + e^{−ã}), on both sides of the loss.
    Logistic,
}

/// Learning n numbers, each by itself: L = ½ Σ_i (f(a_i) − f(ã_i))².
///
/// With the identity ã − a falls as e^{−t} and the loss as e^{−2t} under gradient flow ((1 − η)^{2k} after k steps), for any n and any start:
/// one component, no S-curve. With the logistic link, a start on the wrong flat end of f waits for e^{|ã|} and then drops:
/// saturation makes an S-curve of a single component.
///
/// ```
/// use scurve::{model::factor::{Descent, SingleComponent}, seed::Seed};
/// let task = SingleComponent::gaussian(100, Seed(0))?;
/// let run = task.run(&task.start(Seed(0)), &Descent::new(0.01, 500))?;
/// let expected = run.loss[0] * 0.99f64.powi(2 * 500);
/// assert!((run.final_loss() / expected - 1.0).abs() < 1e-10);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SingleComponent {
    target: Array1<f64>,
    output: Output,
}

impl SingleComponent {
    /// Independent N(0, 1) targets; n = 1 is the scalar.
    pub fn gaussian(n: usize, seed: Seed) -> Result<Self> {
        if n == 0 {
            return Err(Error::setting("n", n, "a whole number ≥ 1"));
        }
        Self::new(seed.normal("data", n, 1).column(0).to_owned())
    }

    /// Targets of your own.
    pub fn new(target: Array1<f64>) -> Result<Self> {
        if target.is_empty() {
            return Err(Error::setting(
                "target",
                "no numbers",
                "at least one number",
            ));
        }
        if let Some(x) = target.iter().find(|x| !x.is_finite()) {
            return Err(Error::setting("target", x, "finite numbers"));
        }
        Ok(Self {
            target,
            output: Output::Identity,
        })
    }

    /// Another link.
    pub fn with_output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// The targets a.
    pub fn target(&self) -> &Array1<f64> {
        &self.target
    }

    /// Independent N(0, 1) starts.
    pub fn start(&self, seed: Seed) -> Array1<f64> {
        seed.normal("init", self.target.len(), 1)
            .column(0)
            .to_owned()
    }

    /// The loss at ã.
    pub fn loss(&self, learned: &Array1<f64>) -> Result<f64> {
        Ok(self.kernel(learned)?.loss())
    }

    /// ∂L/∂ã = −(f(a) − f(ã)) f′(ã).
    pub fn gradient(&self, learned: &Array1<f64>) -> Result<Array1<f64>> {
        let mut gradient = vec![0.0; learned.len()];
        self.kernel(learned)?.write_gradient(&mut gradient);
        Ok(gradient.into())
    }

    /// Trains from `start`; of the record's settings only the schedule matters here.
    pub fn run(&self, start: &Array1<f64>, descent: &Descent) -> Result<ComponentTrajectory> {
        descent.validate()?;
        let mut kernel = self.kernel(start)?;
        let mut out = ComponentTrajectory::new(start.len());
        let rate = descent.optimizer.lr();
        let mover = Mover::Optimizer(&descent.optimizer);
        train(
            &mut kernel,
            mover,
            descent.steps,
            &descent.record.schedule,
            |step, loss, kernel| {
                out.steps.push(step);
                out.take(step as f64 * rate, loss, &kernel.learned)
            },
        )?;
        Ok(out)
    }

    /// Gradient flow from `start`, recorded at `times` (ascending), by a solver.
    pub fn flow(
        &self,
        start: &Array1<f64>,
        times: &[f64],
        flow: &Flow,
    ) -> Result<ComponentTrajectory> {
        let mut kernel = self.kernel(start)?;
        let path = flow.descend(
            |theta, grad| {
                kernel.load(theta);
                kernel.write_gradient(grad);
            },
            &start.to_vec(),
            times,
        )?;
        let mut out = ComponentTrajectory::new(start.len());
        for (time, state) in times.iter().zip(path.states.outer_iter()) {
            kernel.load(&state.to_vec());
            let loss = kernel.loss();
            out.take(*time, loss, &kernel.learned)?;
        }
        Ok(out)
    }

    fn kernel(&self, learned: &Array1<f64>) -> Result<ComponentKernel> {
        if learned.len() != self.target.len() {
            return Err(Error::setting(
                "learned",
                format!("{} numbers", learned.len()),
                format!("{} numbers, as the target", self.target.len()),
            ));
        }
        if let Some(x) = learned.iter().find(|x| !x.is_finite()) {
            return Err(Error::setting("learned", x, "finite numbers"));
        }
        Ok(ComponentKernel {
            target: self.target.to_vec(),
            learned: learned.to_vec(),
            gradient: vec![0.0; learned.len()],
            output: self.output,
        })
    }
}

struct ComponentKernel {
    target: Vec<f64>,
    learned: Vec<f64>,
    gradient: Vec<f64>,
    output: Output,
}

impl ComponentKernel {
    /// f(a) − f(ã) and f′(ã). For the logistic function the difference is sinh((a − ã)/2) / (2 cosh(a/2) cosh(ã/2)), which does not cancel.
    fn error(output: Output, a: f64, x: f64) -> (f64, f64) {
        match output {
            Output::Identity => (a - x, 1.0),
            Output::Logistic => {
                let f = |x: f64| 1.0 / (1.0 + (-x).exp());
                let slope = f(x) * f(-x);
                let near = (a - x).abs() < 1.0 && x.abs() < 500.0;
                let error = if near {
                    ((a - x) / 2.0).sinh() / (2.0 * (a / 2.0).cosh() * (x / 2.0).cosh())
                } else {
                    f(a) - f(x)
                };
                (error, slope)
            }
        }
    }
}

impl Trainee for ComponentKernel {
    const NAME: &'static str = "the single component's loss";

    fn parameters(&self) -> usize {
        self.learned.len()
    }
    fn load(&mut self, parameters: &[f64]) {
        self.learned.copy_from_slice(parameters);
    }
    fn store(&self, parameters: &mut [f64]) {
        parameters.copy_from_slice(&self.learned);
    }
    fn write_gradient(&mut self, gradient: &mut [f64]) {
        for (g, (a, x)) in gradient
            .iter_mut()
            .zip(self.target.iter().zip(&self.learned))
        {
            let (error, slope) = Self::error(self.output, *a, *x);
            *g = -error * slope;
        }
    }
    fn loss(&mut self) -> f64 {
        let errors = self
            .target
            .iter()
            .zip(&self.learned)
            .map(|(a, x)| Self::error(self.output, *a, *x).0);
        0.5 * errors.map(|e| e * e).sum::<f64>()
    }
    fn ordinary_loss(&self) -> f64 {
        match self.output {
            Output::Identity => 0.5 * dot(&self.target, &self.target),
            Output::Logistic => 0.5 * self.target.len() as f64,
        }
    }
    fn descend(&mut self, rate: f64, steps: usize) {
        let mut gradient = std::mem::take(&mut self.gradient);
        for _ in 0..steps {
            self.write_gradient(&mut gradient);
            self.learned
                .iter_mut()
                .zip(&gradient)
                .for_each(|(x, g)| *x -= rate * g);
        }
        self.gradient = gradient;
    }
}

/// The record of a run of [`SingleComponent`].
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentTrajectory {
    /// Recorded steps; empty under gradient flow.
    pub steps: Vec<usize>,
    /// Times, step × learning rate.
    pub time: Vec<f64>,
    /// Losses.
    pub loss: Vec<f64>,
    /// ã, T × n.
    pub learned: Array2<f64>,
}

impl ComponentTrajectory {
    fn new(n: usize) -> Self {
        Self {
            steps: vec![],
            time: vec![],
            loss: vec![],
            learned: Array2::zeros((0, n)),
        }
    }

    fn take(&mut self, time: f64, loss: f64, learned: &[f64]) -> Result<()> {
        self.time.push(time);
        self.loss.push(loss);
        self.learned
            .push_row(learned.into())
            .map_err(|e| Error::Linalg(e.to_string()))
    }

    /// The last loss.
    pub fn final_loss(&self) -> f64 {
        self.loss.last().copied().unwrap_or(f64::NAN)
    }

    /// One row a record: step, time, loss.
    pub fn table(&self) -> Result<Table> {
        let mut table = Table::new();
        if !self.steps.is_empty() {
            table = table.with("step", self.steps.clone())?;
        }
        table
            .with("time", self.time.clone())?
            .with("loss", self.loss.clone())
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}
