//! Quadratic losses with a hierarchy of curvatures, aligned with the parameters or not.

use crate::error::{Error, Result};
use crate::linalg;
use crate::optimizer::{Need, Optimizer};
use crate::seed::Seed;
use crate::table::Table;
use crate::trace::Schedule;
use ndarray::{Array2, ArrayView1, array};

/// L = Σ hᵢ xᵢ² with x = R θ, where θ are the parameters that an optimizer moves and R is a rotation.
///
/// Source: *Physics of Skill Learning*, §4.1, Eq. 9: h = (1, .1, .01, .001), R = I (basis-aligned) or R = ½ H₄ (not).
///
/// NOTE: the printed H₄ has entries ±1 and doubles lengths; ½ H₄ is the rotation, and what the published figure uses.
///
/// | symbol | here |
/// |---|---|
/// | hᵢ | `curvatures` of [`new`](Self::new) |
/// | R | [`rotated`](Self::rotated); [`hadamard`](Self::hadamard), [`random_rotation`](Self::random_rotation) |
/// | ℓᵢ = xᵢ² | [`parts`](Self::parts), [`QuadraticTrajectory::parts`] |
///
/// ```
/// use scurve::{model::quadratic::Quadratic, optimizer::SignGd, trace::Schedule};
/// let aligned = Quadratic::hierarchy();
/// let turned = aligned.clone().rotated(&Quadratic::hadamard())?;
/// let every = Schedule::Every { steps: 10 };
/// let run = turned.run(&turned.parameters(&[1.0; 4])?, &SignGd::new(3e-4).into(), 2_000, &every)?;
/// let (first, second) = (run.part(0)[150], run.part(1)[150]);
/// assert!(first < 0.02 && second > 0.7); // one after the other
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quadratic {
    curvatures: Vec<f64>,
    rotation: Array2<f64>,
}

/// The record of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct QuadraticTrajectory {
    /// The recorded steps; a record shows the state before the step of that number.
    pub steps: Vec<usize>,
    /// L.
    pub loss: Vec<f64>,
    /// ℓᵢ = xᵢ², records × n.
    pub parts: Array2<f64>,
    /// The parameters at the end.
    pub theta: Vec<f64>,
}

impl QuadraticTrajectory {
    /// ℓᵢ over the records.
    pub fn part(&self, i: usize) -> ArrayView1<'_, f64> {
        self.parts.column(i)
    }

    /// The first recorded step at which ℓᵢ is at most `level` of its first value; NaN when it never is.
    pub fn learning_time(&self, i: usize, level: f64) -> f64 {
        let part = self.part(i);
        let at = part.iter().position(|l| *l <= level * part[0]);
        at.map_or(f64::NAN, |record| self.steps[record] as f64)
    }

    /// One row a record: step, loss, `part_1` …
    pub fn table(&self) -> Result<Table> {
        let mut table = Table::new()
            .with("step", self.steps.clone())?
            .with("loss", self.loss.clone())?;
        for (i, part) in self.parts.columns().into_iter().enumerate() {
            table = table.with(&format!("part_{}", i + 1), part.to_vec())?;
        }
        Ok(table)
    }

    /// Shows the records in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => println!("{e}"),
        }
    }
}

impl Quadratic {
    /// L = Σ hᵢ θᵢ².
    ///
    /// # Errors
    /// No curvature, or one that is not a finite number > 0.
    pub fn new(curvatures: Vec<f64>) -> Result<Self> {
        if curvatures.is_empty() {
            return Err(Error::setting(
                "curvatures",
                "[]",
                "a list with at least one entry",
            ));
        }
        for (i, h) in curvatures.iter().enumerate() {
            if !(h.is_finite() && *h > 0.0) {
                return Err(Error::setting(
                    format!("curvatures[{i}]"),
                    h,
                    "a finite number > 0",
                ));
            }
        }
        let rotation = Array2::eye(curvatures.len());
        Ok(Self {
            curvatures,
            rotation,
        })
    }

    /// Eq. 9: h = (1, .1, .01, .001), aligned with the parameters.
    pub fn hierarchy() -> Self {
        Self {
            curvatures: vec![1.0, 0.1, 0.01, 0.001],
            rotation: Array2::eye(4),
        }
    }

    /// The same loss with x = R θ.
    ///
    /// # Errors
    /// An R of another size, or one whose columns are not orthonormal to 1e-9.
    pub fn rotated(self, rotation: &Array2<f64>) -> Result<Self> {
        let n = self.curvatures.len();
        if rotation.dim() != (n, n) {
            return Err(Error::setting(
                "rotation.dim()",
                format!("{:?}", rotation.dim()),
                format!("({n}, {n})"),
            ));
        }
        let gram = rotation.t().dot(rotation) - Array2::<f64>::eye(n);
        let worst = gram.iter().map(|x| x.abs()).fold(0.0, f64::max);
        if worst.is_nan() || worst > 1e-9 {
            return Err(Error::setting(
                "rotation",
                format!("a matrix with RᵀR − I up to {worst}"),
                "orthogonal: RᵀR = I (scale the printed H₄ by ½)",
            ));
        }
        // A copy in row-major order, whatever the argument's.
        let rotation = Array2::from_shape_fn((n, n), |at| rotation[at]);
        Ok(Self { rotation, ..self })
    }

    /// ½ H₄.
    pub fn hadamard() -> Array2<f64> {
        0.5 * array![
            [1.0, 1.0, 1.0, 1.0],
            [1.0, 1.0, -1.0, -1.0],
            [1.0, -1.0, 1.0, -1.0],
            [1.0, -1.0, -1.0, 1.0]
        ]
    }

    /// A rotation of n dimensions drawn uniformly, from the stream `rotation` of the seed.
    pub fn random_rotation(n: usize, seed: Seed) -> Result<Array2<f64>> {
        let (mut q, r) = linalg::qr(&seed.normal("rotation", n, n))?;
        // QR fixes no signs; those of R's diagonal make Q uniform.
        for (mut column, d) in q.columns_mut().into_iter().zip(r.diag()) {
            column *= 1f64.copysign(*d);
        }
        Ok(q)
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.curvatures.len()
    }

    /// Always false: there is at least one parameter.
    pub fn is_empty(&self) -> bool {
        self.curvatures.is_empty()
    }

    fn check_len(&self, field: &str, len: usize) -> Result<()> {
        if len == self.len() {
            return Ok(());
        }
        Err(Error::setting(
            field,
            len,
            format!("{}, the number of curvatures", self.len()),
        ))
    }

    /// θ = Rᵀ x.
    pub fn parameters(&self, x: &[f64]) -> Result<Vec<f64>> {
        self.check_len("x.len()", x.len())?;
        Ok(self.rotation.t().dot(&ArrayView1::from(x)).to_vec())
    }

    /// x = R θ.
    pub fn coordinates(&self, theta: &[f64]) -> Result<Vec<f64>> {
        self.check_len("theta.len()", theta.len())?;
        let mut x = vec![0.0; theta.len()];
        self.write_coordinates(theta, &mut x);
        Ok(x)
    }

    /// ℓᵢ = xᵢ².
    pub fn parts(&self, theta: &[f64]) -> Result<Vec<f64>> {
        Ok(self.coordinates(theta)?.iter().map(|x| x * x).collect())
    }

    /// Σ hᵢ xᵢ².
    pub fn loss(&self, theta: &[f64]) -> Result<f64> {
        let parts = self.parts(theta)?;
        Ok(parts.iter().zip(&self.curvatures).map(|(l, h)| h * l).sum())
    }

    /// ∂L/∂θ = Rᵀ (2 h ⊙ x).
    pub fn gradient(&self, theta: &[f64]) -> Result<Vec<f64>> {
        let mut x = self.coordinates(theta)?;
        let mut gradient = vec![0.0; x.len()];
        self.write_gradient(&mut x, &mut gradient);
        Ok(gradient)
    }

    /// The diagonal of the Hessian, Σ_k 2 h_k R_ki²: the same everywhere.
    pub fn curvature(&self) -> Vec<f64> {
        let column = |i: usize| {
            let column = self.rotation.column(i);
            let terms = column.iter().zip(&self.curvatures);
            terms.map(|(r, h)| 2.0 * h * r * r).sum()
        };
        (0..self.len()).map(column).collect()
    }

    fn write_coordinates(&self, theta: &[f64], x: &mut [f64]) {
        for (x, row) in x.iter_mut().zip(self.rotation.rows()) {
            *x = row.iter().zip(theta).map(|(r, t)| r * t).sum();
        }
    }

    /// The gradient, given x, which becomes 2 h ⊙ x.
    fn write_gradient(&self, x: &mut [f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        for ((x, h), row) in x.iter_mut().zip(&self.curvatures).zip(self.rotation.rows()) {
            *x *= 2.0 * h;
            for (g, r) in gradient.iter_mut().zip(row) {
                *g += r * *x;
            }
        }
    }

    /// `steps` steps of `optimizer` from the parameters `start`.
    ///
    /// Sophia is given the exact diagonal. The exact form of MARS is given the gradient at the parameters before; without noise that is the
    /// gradient of the step before, and both forms are one.
    ///
    /// # Errors
    /// A start of another length, hyper-parameters out of range, and [`Error::Diverged`] when the loss leaves the finite numbers.
    pub fn run(
        &self,
        start: &[f64],
        optimizer: &Optimizer,
        steps: usize,
        schedule: &Schedule,
    ) -> Result<QuadraticTrajectory> {
        self.check_len("start.len()", start.len())?;
        optimizer.validate_for("optimizer", &[Need::Curvature, Need::LookBack])?;
        schedule.validate("schedule")?;
        let (n, mut theta, curvature) = (self.len(), start.to_vec(), self.curvature());
        let (mut x, mut gradient, mut before) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let mut state = optimizer.flat(n);
        let recorded = schedule.steps(steps);
        let mut due = recorded.iter().copied().peekable();
        let mut parts = Array2::zeros((recorded.len(), n));
        let mut loss = Vec::with_capacity(recorded.len());
        for step in 0..=steps {
            self.write_coordinates(&theta, &mut x);
            if due.next_if_eq(&step).is_some() {
                let mut row = parts.row_mut(loss.len());
                row.iter_mut().zip(&x).for_each(|(l, x)| *l = x * x);
                let sum: f64 = row.iter().zip(&self.curvatures).map(|(l, h)| h * l).sum();
                if !sum.is_finite() {
                    let what = format!("the quadratic loss under {optimizer}");
                    return Err(Error::Diverged { what, step });
                }
                loss.push(sum);
            }
            if step == steps {
                break;
            }
            self.write_gradient(&mut x, &mut gradient);
            match state.needs() {
                Some(Need::Curvature) => state.supply(&curvature)?,
                Some(Need::LookBack) => state.supply(&before)?,
                _ => {}
            }
            state.step(&mut theta, &gradient)?;
            before.copy_from_slice(&gradient);
        }
        Ok(QuadraticTrajectory {
            steps: recorded,
            loss,
            parts,
            theta,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::{Adam, Mars, Sgd, Sophia};

    const ALL: Schedule = Schedule::Every { steps: 1 };

    #[test]
    fn gradients_and_curvatures_are_differences() {
        for seed in 0..20 {
            let rotation = Quadratic::random_rotation(4, Seed(seed)).unwrap();
            let model = Quadratic::hierarchy().rotated(&rotation).unwrap();
            let theta: Vec<f64> = Seed(seed).normal("init", 1, 4).into_iter().collect();
            let (gradient, curvature) = (model.gradient(&theta).unwrap(), model.curvature());
            for i in 0..4 {
                let at = |d: f64| {
                    let mut moved = theta.clone();
                    moved[i] += d;
                    model.loss(&moved).unwrap()
                };
                let d = 1e-3;
                assert!(((at(d) - at(-d)) / (2.0 * d) - gradient[i]).abs() < 1e-10);
                let second = (at(d) - 2.0 * at(0.0) + at(-d)) / (d * d);
                assert!((second - curvature[i]).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn descent_is_geometric_in_every_basis() {
        let turned = Quadratic::hierarchy()
            .rotated(&Quadratic::hadamard())
            .unwrap();
        for model in [Quadratic::hierarchy(), turned] {
            let start = model.parameters(&[1.0; 4]).unwrap();
            let run = model
                .run(&start, &Sgd::new(0.01).into(), 500, &ALL)
                .unwrap();
            for (i, h) in [1.0f64, 0.1, 0.01, 0.001].iter().enumerate() {
                let expected = (1.0 - 0.02 * h).powi(1000);
                assert!((run.part(i)[500] - expected).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn rules_that_need_more_are_given_it() {
        let model = Quadratic::hierarchy();
        let run = |optimizer: Optimizer| model.run(&[1.0; 4], &optimizer, 1500, &ALL).unwrap();
        // With the exact diagonal all parts fall at one pace.
        let sophia = run(Sophia::new(1e-3).weight_decay(0.0).into());
        assert!((0..4).all(|i| (sophia.part(i)[700] - sophia.part(0)[700]).abs() < 1e-9));
        assert!(sophia.part(0)[1500] < 0.01);
        assert_eq!(run(Mars::exact(1e-3).into()), run(Mars::new(1e-3).into()));
    }

    #[test]
    fn bad_input_is_named() {
        let text = |e: Error| e.to_string();
        assert!(text(Quadratic::new(vec![]).unwrap_err()).starts_with("curvatures = []"));
        assert!(text(Quadratic::new(vec![1.0, 0.0]).unwrap_err()).starts_with("curvatures[1] = 0"));
        let model = Quadratic::hierarchy();
        let printed = 2.0 * Quadratic::hadamard();
        assert!(text(model.clone().rotated(&printed).unwrap_err()).contains("by ½"));
        assert!(text(model.clone().rotated(&Array2::eye(3)).unwrap_err()).contains("(3, 3)"));
        assert!(text(model.loss(&[1.0]).unwrap_err()).starts_with("theta.len() = 1"));
        let run = |start: &[f64], optimizer: Optimizer| {
            text(model.run(start, &optimizer, 2000, &ALL).unwrap_err())
        };
        assert!(run(&[1.0], Sgd::new(0.1).into()).starts_with("start.len() = 1"));
        assert!(run(&[1.0; 4], Adam::new(-1.0).into()).starts_with("optimizer.lr"));
        assert!(run(&[1.0; 4], Sgd::new(5.0).into()).contains("diverged at step"));
    }
}
