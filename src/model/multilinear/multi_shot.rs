//! One skill of the model that has to find its skill function: $f = a \sum_l B_l e_l$ (thesis, Eq. 5.3, App. B.1.4–B.1.6).

use super::ShotForm;
use crate::display;
use crate::error::{Error, Result};
use crate::linalg;
use crate::optimizer::Flow;
use crate::table::Table;
use ndarray::{Array1, Array2, Axis};

/// A skill with D_c basis functions e_l, trained on d examples by gradient flow on ½ MSE.
///
/// With the feature matrix Φ (D_c × d, $\Phi_{lj} = e_l(x_j)$) and the direction t of the target, $g = \sum_l t_l e_l$ ($t_l = D_c^{-1/2}$ in Eq. 5.4):
/// $$\dot a = -\tfrac{\eta}{D} B^\top \Phi\Phi^\top (aB - St), \qquad \dot B = -\tfrac{\eta}{D}\, a\, \Phi\Phi^\top (aB - St) \quad\text{(B.21, B.23)} .$$
/// Nothing depends on the basis: turning e, t and B(0) together turns the solution.
///
/// ```
/// use ndarray::{Array1, array};
/// use scurve::model::multilinear::MultiShot;
/// // two basis functions, one example: a² − |B|² and B across the example stay
/// let skill = MultiShot::new(array![[1.0], [1.0]], array![1.0, 0.0])?.with_start(0.01, array![0.02, 0.0])?;
/// let path = skill.flow(&[0.0, 200.0])?;
/// assert!((path.conserved()[1] - path.conserved()[0]).abs() < 1e-12);
/// assert!((path.strength()[1] - skill.limit()?.strength).abs() < 1e-8);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MultiShot {
    features: Array2<f64>,
    target: Array1<f64>,
    scale: f64,
    /// η/D
    pull: f64,
    a: f64,
    b: Array1<f64>,
}

/// Where the gradient flow of a [`MultiShot`] ends.
#[derive(Clone, Debug, PartialEq)]
pub struct ShotLimit {
    /// a(∞), Eq. B.39.
    pub a: f64,
    /// B(∞), Eq. B.37.
    pub b: Array1<f64>,
    /// 𝓡(∞) = a tᵀB by the definition Eq. 4.7.
    pub strength: f64,
    /// ½ E (Sg − f)² = ½ |aB − St|² on fresh data.
    pub loss: f64,
}

/// A solved path of a [`MultiShot`].
#[derive(Clone, Debug, PartialEq)]
pub struct ShotPath {
    /// The times.
    pub times: Vec<f64>,
    /// a.
    pub a: Vec<f64>,
    /// B, a row for each time.
    pub b: Array2<f64>,
    target: Array1<f64>,
}

impl MultiShot {
    /// Φ (D_c × d) and t, with S = 1, η/D = 1 and a(0) = B_l(0) = 10⁻³ … of t's direction.
    ///
    /// # Errors
    /// An empty Φ or one with numbers that are not finite; a t of another length or not of norm 1.
    pub fn new(features: Array2<f64>, target: Array1<f64>) -> Result<Self> {
        let (shots, examples) = features.dim();
        if shots == 0 || examples == 0 {
            return Err(Error::setting(
                "features",
                format!("{shots} × {examples}"),
                "at least one basis function and one example",
            ));
        }
        if let Some(((l, j), x)) = features.indexed_iter().find(|(_, x)| !x.is_finite()) {
            return Err(Error::setting(
                format!("features[{l}, {j}]"),
                x,
                "a finite number",
            ));
        }
        if target.len() != shots {
            return Err(Error::setting(
                "target.len()",
                target.len(),
                format!("{shots}, as many as basis functions"),
            ));
        }
        let norm = target.dot(&target).sqrt();
        if (norm - 1.0).abs() >= 1e-9 || norm.is_nan() {
            return Err(Error::setting("|target|", norm, "1: E g² = 1"));
        }
        let b = 1e-3 * &target;
        Ok(Self {
            features,
            target,
            scale: 1.0,
            pull: 1.0,
            a: 1e-3,
            b,
        })
    }

    /// Sets S.
    ///
    /// # Errors
    /// Not finite and > 0.
    pub fn with_scale(mut self, scale: f64) -> Result<Self> {
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(Error::setting("scale", scale, "a finite number > 0"));
        }
        self.scale = scale;
        Ok(self)
    }

    /// Sets η/D, which is a unit of time.
    ///
    /// # Errors
    /// Not finite and > 0.
    pub fn with_pull(mut self, pull: f64) -> Result<Self> {
        if !(pull > 0.0 && pull.is_finite()) {
            return Err(Error::setting("pull", pull, "a finite number > 0"));
        }
        self.pull = pull;
        Ok(self)
    }

    /// Sets a(0) and B(0).
    ///
    /// # Errors
    /// a(0) = 0; numbers that are not finite; a B(0) of another length than Φ has basis functions.
    pub fn with_start(mut self, a: f64, b: Array1<f64>) -> Result<Self> {
        if a == 0.0 || !a.is_finite() {
            return Err(Error::setting(
                "a",
                a,
                "a finite number other than 0, whose sign it keeps",
            ));
        }
        if b.len() != self.target.len() {
            return Err(Error::setting(
                "b.len()",
                b.len(),
                format!("{}, as many as basis functions", self.target.len()),
            ));
        }
        if let Some((l, x)) = b.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            return Err(Error::setting(format!("b[{l}]"), x, "a finite number"));
        }
        (self.a, self.b) = (a, b);
        Ok(self)
    }

    /// Φ.
    pub fn features(&self) -> &Array2<f64> {
        &self.features
    }

    /// t.
    pub fn target(&self) -> &Array1<f64> {
        &self.target
    }

    /// The gradient flow at `times` (ascending), by an adaptive solver of relative tolerance 10⁻¹¹.
    ///
    /// # Errors
    /// Times that descend or are negative; a path that takes too many steps.
    pub fn flow(&self, times: &[f64]) -> Result<ShotPath> {
        let shots = self.target.len();
        let goal = self.scale * &self.target;
        let mut rest = Array1::<f64>::zeros(shots);
        let mut errors = Array1::<f64>::zeros(self.features.ncols());
        let mut back = Array1::<f64>::zeros(shots);
        let mut start = vec![self.a];
        start.extend(&self.b);
        let path = Flow {
            max_steps: 1_000_000,
            ..Flow::new(1e-11)
        }
        .descend(
            |x, g| {
                let (a, b) = (x[0], &x[1..]);
                for l in 0..shots {
                    rest[l] = a * b[l] - goal[l];
                }
                ndarray::linalg::general_mat_vec_mul(
                    1.0,
                    &self.features.t(),
                    &rest,
                    0.0,
                    &mut errors,
                );
                ndarray::linalg::general_mat_vec_mul(
                    self.pull,
                    &self.features,
                    &errors,
                    0.0,
                    &mut back,
                );
                g[0] = b.iter().zip(&back).map(|(b, r)| b * r).sum();
                for l in 0..shots {
                    g[l + 1] = a * back[l];
                }
            },
            &start,
            times,
        )?;
        Ok(ShotPath {
            times: path.times,
            a: path.states.column(0).to_vec(),
            b: path.states.slice(ndarray::s![.., 1..]).to_owned(),
            target: self.target.clone(),
        })
    }

    /// The part of `x` in the span of the examples, UUᵀx.
    ///
    /// # Errors
    /// A failed decomposition.
    pub fn seen(&self, x: &Array1<f64>) -> Result<Array1<f64>> {
        let u = linalg::span(&self.features)?;
        Ok(u.dot(&u.t().dot(x)))
    }

    /// Where the flow ends, without solving it: B.37 and B.39.
    ///
    /// With $m = |UU^\top S t|$ and $h = \tfrac12(a(0)^2 - |UU^\top B(0)|^2)$: $a^2 = h + \sqrt{h^2 + m^2}$, $B = UU^\top S t/a + (1 - UU^\top) B(0)$.
    /// The sign of a is that of a(0). A path with a(0)² < |UUᵀB(0)|², and only such a one, may cross a = 0 and end with the other sign.
    ///
    /// # Errors
    /// A failed decomposition.
    pub fn limit(&self) -> Result<ShotLimit> {
        let goal = self.seen(&(self.scale * &self.target))?;
        let seen = self.seen(&self.b)?;
        let half = 0.5 * (self.a * self.a - seen.dot(&seen));
        let root = (half * half + goal.dot(&goal)).sqrt();
        // h + √(h² + m²) cancels for negative h.
        let square = if half >= 0.0 {
            half + root
        } else {
            goal.dot(&goal) / (root - half)
        };
        let a = square.sqrt().copysign(self.a);
        let b = &goal / a + &self.b - &seen;
        let estimate = a * &b;
        let rest = &estimate - &(self.scale * &self.target);
        Ok(ShotLimit {
            a,
            strength: estimate.dot(&self.target),
            loss: 0.5 * rest.dot(&rest),
            b,
        })
    }

    /// What the linear model $f = \sum_l W_l e_l$ (Eq. C.5) finds from W = 0: the minimum-norm solution $W = S\,UU^\top t$.
    ///
    /// # Errors
    /// A failed decomposition.
    pub fn minimum_norm(&self) -> Result<Array1<f64>> {
        self.seen(&(self.scale * &self.target))
    }

    /// 𝓡/S that a form of Eq. 5.5 predicts for this number of examples.
    pub fn predicted(&self, form: ShotForm) -> f64 {
        let (shots, examples) = self.features.dim();
        form.strength(examples as f64, shots as f64)
    }
}

impl ShotPath {
    /// 𝓡 = a tᵀB at each time.
    pub fn strength(&self) -> Vec<f64> {
        let along = self.b.dot(&self.target);
        self.a.iter().zip(&along).map(|(a, b)| a * b).collect()
    }

    /// a² − |B|² at each time, which Lemma 3 says stays.
    pub fn conserved(&self) -> Vec<f64> {
        let squares = self.b.map_axis(Axis(1), |b| b.dot(&b));
        self.a
            .iter()
            .zip(&squares)
            .map(|(a, b)| a * a - b)
            .collect()
    }

    /// Columns `t`, `a`, `strength`, `conserved`.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("t", self.times.clone())?
            .with("a", self.a.clone())?
            .with("strength", self.strength())?
            .with("conserved", self.conserved())
    }

    /// Shows the path in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => display::error(&e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn generic(shots: usize, examples: usize, seed: u64) -> MultiShot {
        let features = Seed(seed).normal("data", shots, examples);
        let target = Array1::from_elem(shots, (shots as f64).powf(-0.5));
        MultiShot::new(features, target).unwrap()
    }

    #[test]
    fn the_flow_ends_where_the_formula_says() {
        // a(0) larger than B(0), smaller (B along the target, so that a does not cross 0), and more examples than basis functions
        for (examples, a, noise, along) in [
            (5, 0.3, 0.05, 0.0),
            (5, 0.1, 0.02, 0.6),
            (11, -0.2, 0.02, 0.0),
        ] {
            let skill = generic(8, examples, 4).with_scale(2.0).unwrap();
            let random = Seed(9).normal("init", 1, 8).row(0).to_owned();
            let b = noise * random + along * skill.target();
            let skill = skill.with_start(a, b).unwrap();
            let path = skill.flow(&[0.0, 0.3, 60.0]).unwrap();
            let limit = skill.limit().unwrap();
            assert!(
                (path.a[2] - limit.a).abs() < 1e-8,
                "{} {limit:?}",
                path.a[2]
            );
            assert!(
                path.b
                    .row(2)
                    .iter()
                    .zip(&limit.b)
                    .all(|(x, y)| (x - y).abs() < 1e-7)
            );
            assert!((path.strength()[2] - limit.strength).abs() < 1e-7);
            // Lemma 3, and Lemma 2: B moves only within the examples' span.
            let stays = path.conserved();
            assert!(stays.iter().all(|c| (c - stays[0]).abs() < 1e-9));
            for row in path.b.rows() {
                let moved = &row - &path.b.row(0);
                let outside = &moved - &skill.seen(&moved).unwrap();
                assert!(outside.dot(&outside).sqrt() < 1e-9);
            }
        }
    }

    #[test]
    fn a_small_start_finds_the_minimum_norm_solution_and_enough_examples_the_skill() {
        let start = 1e-7 * generic(20, 7, 1).target();
        let limit = generic(20, 7, 1)
            .with_start(1e-7, start)
            .unwrap()
            .limit()
            .unwrap();
        let linear = generic(20, 7, 1).minimum_norm().unwrap();
        let apart = limit.a * &limit.b - &linear;
        assert!(apart.dot(&apart).sqrt() < 1e-5);
        let whole = generic(20, 25, 1).limit().unwrap();
        assert!((whole.strength - 1.0).abs() < 1e-5 && whole.loss < 1e-10);
    }

    #[test]
    fn bad_input_is_refused_by_name() {
        let t = Array1::from_elem(4, 0.5);
        let refused = |e: Result<MultiShot>, part: &str| {
            let message = e.unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        refused(
            MultiShot::new(Array2::zeros((4, 0)), t.clone()),
            "features = 4 × 0",
        );
        refused(
            MultiShot::new(Array2::from_elem((4, 2), f64::NAN), t.clone()),
            "features[0, 0] = NaN",
        );
        refused(
            MultiShot::new(Array2::zeros((3, 2)), t.clone()),
            "target.len() = 4",
        );
        refused(
            MultiShot::new(Array2::zeros((4, 2)), 2.0 * &t),
            "|target| = 2",
        );
        let skill = || MultiShot::new(Array2::ones((4, 2)), t.clone()).unwrap();
        refused(skill().with_start(0.0, t.clone()), "a = 0");
        refused(skill().with_start(1.0, Array1::zeros(3)), "b.len() = 3");
        refused(skill().with_scale(0.0), "scale = 0");
        refused(skill().with_pull(-1.0), "pull = -1");
    }
}
