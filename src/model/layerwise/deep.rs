//! Deep linear networks with two layers.

use super::deep_trajectory::{DeepTrajectory, Recorder};
use super::growth::{Growth, check_positive};
use super::layers::{Layers, aligned};
use super::modes::ModeTrajectory;
use super::slope::Slope;
use crate::error::{Error, Result};
use crate::linalg::{self, Svd};
use crate::optimizer::{Flow, check_times};
use crate::seed::Seed;
use crate::trace::Schedule;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, s};

/// A linear network $f(x) = x^T W_1 W_2$ (thesis, Eq. 3.4) and what it is to learn, by its second moments.
///
/// $$\mathcal L = \tfrac12 \mathbb E\,\lVert x^T W_1 W_2 - y^T\rVert^2, \qquad
///   \frac{dW_1}{dt} = G W_2^T,\quad \frac{dW_2}{dt} = W_1^T G,\quad G = \mathbb E[xy^T] - \mathbb E[xx^T] W_1 W_2 \quad (A.26, A.28)$$
///
/// | symbol | here |
/// |---|---|
/// | $\mathbb E[xy^T] = \sum_i u_i \rho_i v_i^T$ (A.30) | [`correlation`](Self::correlation), [`modes`](Self::modes) |
/// | $\mathbb E[xx^T]$ | the identity for [`whitened`](Self::whitened), $X^T X/n$ [`of_data`](Self::of_data), $I/n$ for [`unconstrained`](Self::unconstrained) features |
/// | $\alpha_i^2 = u_i^T W_1 W_2 v_i$ (3.15) | [`DeepTrajectory::strength`] |
/// | $W_1^T W_1 - W_2 W_2^T$ (A.29) | [`Layers::imbalance`], [`DeepTrajectory::drift`] |
///
/// NOTE: below Eq. 3.15 the thesis prints $\alpha_i = u_i^T W_1 W_2 v_i$. Its formula holds for $\alpha_i^2$, the i-th entry of A.40.
///
/// ```
/// use ndarray::array;
/// use scurve::{model::layerwise::{DeepLinear, Layers}, seed::Seed, trace::Schedule};
/// let net = DeepLinear::whitened(&array![[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]])?;
/// let start = Layers::gaussian(3, 5, 2, 1e-3, Seed(0))?;
/// let run = net.descend(&start, 0.01, 500, &Schedule::Every { steps: 100 })?;
/// // t = 5: the strong mode is learned, the weak one about to be.
/// assert!(run.strength[[5, 0]] > 2.99 && run.strength[[5, 1]] < 0.1);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DeepLinear {
    /// E[xxᵀ], or its one eigenvalue.
    pub(super) moments: Moments,
    correlation: Array2<f64>,
    svd: Svd,
    /// X/√n and Y/√n, whose products are the moments; without data the second is the target itself.
    inputs: Option<Array2<f64>>,
    outputs: Array2<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Moments {
    Even(f64),
    Full(Array2<f64>),
}

impl DeepLinear {
    /// Whitened inputs, $\mathbb E[xx^T] = I$, with $\mathbb E[xy^T]$ = `correlation` (d × c).
    ///
    /// # Errors
    /// A matrix without entries, with entries that are not finite, or of zeros only.
    pub fn whitened(correlation: &Array2<f64>) -> Result<Self> {
        Self::new(
            Moments::Even(1.0),
            correlation.clone(),
            None,
            correlation.clone(),
        )
    }

    /// The moments of n samples: inputs `x` (n × d), targets `y` (n × c).
    ///
    /// # Errors
    /// Different numbers of rows; nothing, numbers that are not finite, or no correlation at all.
    pub fn of_data(x: &Array2<f64>, y: &Array2<f64>) -> Result<Self> {
        if x.nrows() != y.nrows() || x.is_empty() {
            return Err(Error::setting(
                "y.nrows()",
                y.nrows(),
                format!("one row for each of the {} rows of x, and some", x.nrows()),
            ));
        }
        check_finite("x", x)?;
        let root = (x.nrows() as f64).sqrt();
        let (x, y) = (x / root, y / root);
        let moments = Moments::Full(x.t().dot(&x));
        Self::new(moments, x.t().dot(&y), Some(x), y)
    }

    /// The unconstrained feature model (§3.5.2): the first layer is the features of n samples, free to move, and `y` (n × c) their labels;
    /// the same as data with X = I.
    ///
    /// # Errors
    /// As [`whitened`](Self::whitened).
    pub fn unconstrained(y: &Array2<f64>) -> Result<Self> {
        let n = y.nrows().max(1) as f64;
        Self::new(Moments::Even(1.0 / n), y / n, None, y / n.sqrt())
    }

    fn new(
        moments: Moments,
        correlation: Array2<f64>,
        inputs: Option<Array2<f64>>,
        outputs: Array2<f64>,
    ) -> Result<Self> {
        check_finite("correlation", &correlation)?;
        let Svd { u, s, vt } = linalg::svd(&correlation)?;
        let floor = s[0] * f64::EPSILON * correlation.nrows() as f64;
        let rank = s.iter().filter(|x| **x > floor).count();
        if rank == 0 {
            return Err(Error::setting(
                "correlation",
                0,
                "other than zeros: there would be nothing to learn",
            ));
        }
        let svd = Svd {
            u: u.slice(s![.., ..rank]).to_owned(),
            s: s.slice(s![..rank]).to_owned(),
            vt: vt.slice(s![..rank, ..]).to_owned(),
        };
        Ok(Self {
            moments,
            correlation,
            svd,
            inputs,
            outputs,
        })
    }

    /// $\mathbb E[xy^T]$, d × c.
    pub fn correlation(&self) -> &Array2<f64> {
        &self.correlation
    }

    /// The singular modes of the correlation, strongest first; those of zero strength are left out.
    pub fn modes(&self) -> &Svd {
        &self.svd
    }

    /// Where the strength of each mode ends: $\rho_i$ over the inputs' variance, for inputs of even variance.
    ///
    /// # Errors
    /// Inputs of uneven variance, whose modes have no end of their own.
    pub fn targets(&self) -> Result<Vec<f64>> {
        let variance = self.even()?;
        Ok(self.svd.s.iter().map(|rho| rho / variance).collect())
    }

    fn even(&self) -> Result<f64> {
        match self.moments {
            Moments::Even(variance) => Ok(variance),
            Moments::Full(_) => Err(Error::setting(
                "inputs",
                "correlated",
                "whitened: only then do the modes have a closed form",
            )),
        }
    }

    /// The start of A.2.3: $W_1 = U\,\mathrm{diag}(a)\,R$, $W_2 = R^T \mathrm{diag}(b)\,V^T$, with a random R from the stream `init`.
    /// Balanced where a = b.
    ///
    /// # Errors
    /// Another number of a or b than of modes, a number that is not finite, fewer hidden units than modes.
    pub fn aligned_start(&self, width: usize, a: &[f64], b: &[f64], seed: Seed) -> Result<Layers> {
        aligned(&self.svd, width, a, b, seed)
    }

    /// Each mode on its own at `times` (ascending): mode i as the scalar net with $a = W_1^T u_i$, $b = W_2 v_i$ (two vectors of p numbers),
    /// target $\rho_i$ and the exact solution of Theorem 1.
    ///
    /// Exact for whitened inputs and an [aligned start](Self::aligned_start), where it is Eq. 3.15 (a = b) and its form for a ≠ b. From a
    /// random start it leaves out that modes share directions of the hidden layer, which is of the same size however small the start;
    /// [`in_turn`](Self::in_turn) has it.
    ///
    /// # Errors
    /// Inputs of uneven variance, layers of other dimensions, times that are negative, not finite or descending.
    pub fn decoupled(&self, start: &Layers, times: &[f64]) -> Result<ModeTrajectory> {
        self.modes_from(start, times, false)
    }

    /// As [`decoupled`](Self::decoupled), for modes that are learned one after the other from a small random start: the stronger modes have taken their
    /// directions of the hidden layer when a weaker one grows, and it grows out of what its start has outside of them.
    ///
    /// While modes k < i are learned, $W_2 W_2^T \approx \sum_k \rho_k \hat h_k \hat h_k^T$, and the part of mode i along $\hat h_k$ decays at the rate $\rho_k - \rho_i$; here
    /// $h_k = \tfrac12(W_1^T u_k + W_2 v_k)$, made orthogonal in order. The limit of small starts, with no fitted number.
    ///
    /// # Errors
    /// As [`decoupled`](Self::decoupled).
    pub fn in_turn(&self, start: &Layers, times: &[f64]) -> Result<ModeTrajectory> {
        self.modes_from(start, times, true)
    }

    fn modes_from(&self, start: &Layers, times: &[f64], in_turn: bool) -> Result<ModeTrajectory> {
        check_times(times)?;
        self.check_layers(start)?;
        let variance = self.even()?;
        let target = self.targets()?;
        let (a, b) = (
            self.svd.u.t().dot(&start.w1),
            start.w2.dot(&self.svd.vt.t()),
        );
        let mut strength = Array2::zeros((times.len(), target.len()));
        let mut taken: Vec<Array1<f64>> = Vec::new();
        for (i, mut column) in strength.columns_mut().into_iter().enumerate() {
            let mut with = (&a.row(i) + &b.column(i)) * 0.5;
            let against = (&a.row(i) - &b.column(i)) * 0.5;
            if in_turn {
                for direction in &taken {
                    let along = with.dot(direction);
                    with.scaled_add(-along, direction);
                }
                let length = with.dot(&with).sqrt();
                if length > 0.0 {
                    taken.push(&with / length);
                }
            }
            let growth = Growth::new(with.dot(&with), against.dot(&against), target[i], variance)?;
            for (x, t) in column.iter_mut().zip(times) {
                *x = growth.theta(*t);
            }
        }
        Ok(ModeTrajectory {
            time: times.to_vec(),
            strength,
            imbalance: Array2::zeros((times.len(), 0)),
            variance: vec![variance; target.len()],
            target,
        })
    }

    /// Gradient descent from `start`.
    ///
    /// # Errors
    /// A learning rate or schedule out of range; layers of other dimensions; [`Error::Diverged`] when the loss is not finite or beyond 10⁶ times
    /// its size at the start.
    pub fn descend(
        &self,
        start: &Layers,
        learning_rate: f64,
        steps: usize,
        schedule: &Schedule,
    ) -> Result<DeepTrajectory> {
        check_positive("learning_rate", learning_rate)?;
        schedule.validate("schedule")?;
        self.check_layers(start)?;
        let Layers { mut w1, mut w2 } = start.clone();
        let mut slope = Slope::new(self, w1.ncols());
        let mut recorder = Recorder::new(self, start);
        let mut at = 0;
        for next in schedule.steps(steps) {
            for _ in at..next {
                slope.residual(self, w1.view(), w2.view());
                // W₂'s part first: it needs the old W₁.
                general_mat_mul(learning_rate, &w1.t(), &slope.g, 0.0, &mut slope.second);
                general_mat_mul(learning_rate, &slope.g, &w2.t(), 1.0, &mut w1);
                w2 += &slope.second;
            }
            at = next;
            let time = at as f64 * learning_rate;
            if !recorder.record(time, w1.view(), w2.view())? {
                return Err(Error::Diverged {
                    what: "the linear network".into(),
                    step: at,
                });
            }
        }
        recorder.finish()
    }

    /// Gradient flow from `start` at `times` (ascending).
    ///
    /// # Errors
    /// Times or tolerances out of range; layers of other dimensions; a solver that gives up.
    pub fn flow(&self, start: &Layers, times: &[f64], solver: &Flow) -> Result<DeepTrajectory> {
        self.check_layers(start)?;
        let (d, p) = start.w1.dim();
        let c = start.w2.ncols();
        let state: Vec<f64> = start.w1.iter().chain(&start.w2).copied().collect();
        let mut slope = Slope::new(self, p);
        let mut recorder = Recorder::new(self, start);
        let mut failed = Ok(true);
        // Lengths are d p and p c by construction; views of another shape cannot come up.
        let view = |x: &[f64]| -> Option<(Array2<f64>, Array2<f64>)> {
            let (first, second) = x.split_at(d * p);
            let w1 = ArrayView2::from_shape((d, p), first).ok()?.to_owned();
            let w2 = ArrayView2::from_shape((p, c), second).ok()?.to_owned();
            Some((w1, w2))
        };
        solver.observe(
            |_, x, velocity| {
                let (first, second) = x.split_at(d * p);
                let (to_first, to_second) = velocity.split_at_mut(d * p);
                let (Ok(w1), Ok(w2), Ok(mut v1), Ok(mut v2)) = (
                    ArrayView2::from_shape((d, p), first),
                    ArrayView2::from_shape((p, c), second),
                    ArrayViewMut2::from_shape((d, p), to_first),
                    ArrayViewMut2::from_shape((p, c), to_second),
                ) else {
                    return;
                };
                slope.residual(self, w1, w2);
                general_mat_mul(1.0, &slope.g, &w2.t(), 0.0, &mut v1);
                general_mat_mul(1.0, &w1.t(), &slope.g, 0.0, &mut v2);
            },
            &state,
            times,
            |t, x| {
                if let (Ok(_), Some((w1, w2))) = (&failed, view(x)) {
                    failed = recorder.record(t, w1.view(), w2.view());
                }
            },
        )?;
        failed?;
        recorder.finish()
    }

    fn check_layers(&self, layers: &Layers) -> Result<()> {
        let (d, c) = self.correlation.dim();
        if (layers.w1.nrows(), layers.w2.ncols()) == (d, c)
            && layers.w1.ncols() == layers.w2.nrows()
        {
            return Ok(());
        }
        let shape = |w: &Array2<f64>| format!("{} × {}", w.nrows(), w.ncols());
        Err(Error::setting(
            "start",
            format!("{} and {}", shape(&layers.w1), shape(&layers.w2)),
            format!("{d} × p and p × {c}"),
        ))
    }

    /// (X W₁)/√n, or W₁ times the inputs' standard deviation: what the features' spectrum is taken of.
    pub(super) fn features(&self, w1: ArrayView2<f64>) -> Array2<f64> {
        match (&self.inputs, &self.moments) {
            (Some(x), _) => x.dot(&w1),
            (None, Moments::Even(variance)) => &w1 * variance.sqrt(),
            (None, Moments::Full(_)) => w1.to_owned(),
        }
    }

    /// ½ E‖xᵀW − yᵀ‖² from the residuals themselves; for whitened inputs without what no W can explain.
    pub(super) fn loss(&self, product: &Array2<f64>) -> f64 {
        let left = match (&self.inputs, &self.moments) {
            (Some(x), _) => x.dot(product) - &self.outputs,
            (None, Moments::Even(variance)) => product * variance.sqrt() - &self.outputs,
            (None, Moments::Full(_)) => product - &self.outputs,
        };
        0.5 * left.iter().map(|x| x * x).sum::<f64>()
    }
}

fn check_finite(field: &str, x: &Array2<f64>) -> Result<()> {
    if x.is_empty() {
        return Err(Error::setting(field, "empty", "a matrix with entries"));
    }
    match x.iter().find(|x| !x.is_finite()) {
        Some(bad) => Err(Error::setting(field, bad, "finite numbers")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
