//! The linear network with one input and one output, of any width and from any start (thesis, chapter 6).

use super::growth::{Growth, check_positive, check_target, scaled};
use super::scalar_trajectory::ScalarTrajectory;
use super::sums::{halves, lanes, step};
use crate::error::{Error, Result};
use crate::optimizer::{Flow, check_times};
use crate::seed::Seed;
use crate::trace::Schedule;
use ndarray::Array1;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// $f(x) = \frac{x}{Z}\sum_{i=1}^p a_i b_i$ that learns $f^* = xS$ (thesis, Eq. 6.1).
///
/// Theorem 1: from any start, gradient flow on $\tfrac12\mathbb E[(f^* - f)^2]$ moves all p pairs by one number γ(t),
///
/// $$a_i(t) = \tfrac12(a_i + b_i)\,\gamma^{1/2} + \tfrac12(a_i - b_i)\,\gamma^{-1/2}, \qquad
///   b_i(t) = \tfrac12(a_i + b_i)\,\gamma^{1/2} - \tfrac12(a_i - b_i)\,\gamma^{-1/2} .$$
///
/// | symbol | here |
/// |---|---|
/// | $a_i(0), b_i(0)$ | [`a`](Self::a), [`b`](Self::b) |
/// | S, Z | [`target`](Self::target), [`normalisation`](Self::normalisation) |
/// | $\mathbb E[x^2]$, 1 when not given | [`with_moment`](Self::with_moment) |
/// | $\gamma, \gamma_+, \Sigma_0, \mathcal S_0$ | [`growth`](Self::growth): [`Growth`] |
/// | $\theta, \Delta\theta$, $\mathcal I_\pm$ | [`ScalarTrajectory`] |
///
/// Losses, θ, both families of modes and the kernel's turn are exact sums of four numbers of the start and γ(t), so a thousand times cost no more than
/// one; [`parameters`](Self::parameters) and [`observe`](Self::observe) give the 2p weights themselves, at the speed of memory.
///
/// | p = 10⁶, 1000 times, one thread | this crate | numpy, array by array |
/// |---|---|---|
/// | θ, loss, modes, kernel ([`exact`](Self::exact)) | 0.24 ms, after one pass when the net is made | |
/// | all weights at all times ([`observe`](Self::observe)) | 4.1 s, as long as copying them | 15.6 s: ratio 3.8 |
///
/// (`benches/layerwise.rs` measures both beside copies of the weights.)
///
/// ```
/// use scurve::{model::layerwise::ScalarNet, seed::Seed};
/// let rich = ScalarNet::gaussian(1000, 0.01, 1.0, 1.0, Seed(0))?;
/// let lazy = ScalarNet::gaussian(1000, 1.0, 1.0, 1000f64.sqrt(), Seed(0))?;
/// assert!(rich.growth().gamma_limit() > 10.0 && lazy.growth().gamma_limit() < 1.2);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ScalarNet {
    a: Vec<f64>,
    b: Vec<f64>,
    target: f64,
    normalisation: f64,
    moment: f64,
    growth: Growth,
    /// P and M of the aligned pairs, of the anti-aligned ones.
    families: [[f64; 2]; 2],
}

impl ScalarNet {
    /// From the weights at t = 0, S and Z.
    ///
    /// # Errors
    /// No weights, two numbers of them, one that is not finite; S that is not finite; Z that is not a finite number above 0.
    pub fn new(a: Vec<f64>, b: Vec<f64>, target: f64, normalisation: f64) -> Result<Self> {
        if a.is_empty() || a.len() != b.len() {
            return Err(Error::setting(
                "b",
                format!("{} numbers beside {} of a", b.len(), a.len()),
                "as many as of a, and at least one",
            ));
        }
        check_target("target (S)", target)?;
        check_positive("normalisation (Z)", normalisation)?;
        let families = halves(&a, &b, target, normalisation);
        let [p, m] = [0, 1].map(|half| families[0][half] + families[1][half]);
        if !(p + m).is_finite() {
            for (field, x) in [("a", &a), ("b", &b)] {
                if let Some(i) = x.iter().position(|x| !x.is_finite()) {
                    return Err(Error::setting(
                        format!("{field}[{i}]"),
                        x[i],
                        "a finite number",
                    ));
                }
            }
        }
        let growth = Growth::new(p, m, target, 1.0 / normalisation)?;
        Ok(Self {
            a,
            b,
            target,
            normalisation,
            moment: 1.0,
            growth,
            families,
        })
    }

    /// Independent N(0, `scale`²) weights, from the stream `init`: a prefix of a wider net is the narrower one.
    ///
    /// # Errors
    /// As [`new`](Self::new); a scale that is not a finite number above 0.
    pub fn gaussian(
        width: usize,
        scale: f64,
        target: f64,
        normalisation: f64,
        seed: Seed,
    ) -> Result<Self> {
        check_positive("scale", scale)?;
        let mut rng = seed.stream("init");
        let mut draw = || -> f64 {
            scale * {
                let x: f64 = StandardNormal.sample(&mut rng);
                x
            }
        };
        let (a, b) = (0..width).map(|_| (draw(), draw())).unzip();
        Self::new(a, b, target, normalisation)
    }

    /// a, b = ±`scale` with equal probabilities, from the stream `init` (§6.2).
    ///
    /// # Errors
    /// As [`gaussian`](Self::gaussian).
    pub fn signs(
        width: usize,
        scale: f64,
        target: f64,
        normalisation: f64,
        seed: Seed,
    ) -> Result<Self> {
        check_positive("scale", scale)?;
        let mut rng = seed.stream("init");
        let mut draw = || if rng.random::<bool>() { scale } else { -scale };
        let (a, b) = (0..width).map(|_| (draw(), draw())).unzip();
        Self::new(a, b, target, normalisation)
    }

    /// As many aligned pairs (scale, scale) as anti-aligned ones (scale, −scale): θ(0) = 0 exactly, as §6.2.1 and §6.2.2 ask for.
    ///
    /// # Errors
    /// An odd width; as [`gaussian`](Self::gaussian).
    pub fn even_signs(width: usize, scale: f64, target: f64, normalisation: f64) -> Result<Self> {
        check_positive("scale", scale)?;
        if width % 2 == 1 {
            return Err(Error::setting(
                "width",
                width,
                "even: half of the pairs are aligned and half are not",
            ));
        }
        let b = (0..width).map(|i| if i % 2 == 0 { scale } else { -scale });
        Self::new(vec![scale; width], b.collect(), target, normalisation)
    }

    /// Sets $\mathbb E[x^2]$, which sets the pace and nothing else.
    ///
    /// # Errors
    /// A number that is not finite and above 0.
    pub fn with_moment(mut self, moment: f64) -> Result<Self> {
        check_positive("moment", moment)?;
        self.growth = Growth::new(
            self.growth.aligned(),
            self.growth.opposed(),
            self.target,
            moment / self.normalisation,
        )?;
        self.moment = moment;
        Ok(self)
    }

    /// Number of pairs p.
    pub fn width(&self) -> usize {
        self.a.len()
    }

    /// a(0).
    pub fn a(&self) -> &[f64] {
        &self.a
    }

    /// b(0).
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    /// S.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Z.
    pub fn normalisation(&self) -> f64 {
        self.normalisation
    }

    /// γ and all that follows from it alone.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }

    /// The closed form at `times` (ascending): each time costs a few operations, whatever p is.
    ///
    /// # Errors
    /// Times that are negative, not finite or descending.
    pub fn exact(&self, times: &[f64]) -> Result<ScalarTrajectory> {
        check_times(times)?;
        let mut run = ScalarTrajectory::with_capacity(self, times.len());
        for &t in times {
            let log_gamma = self.growth.log_gamma(t);
            let [aligned, opposed] = self
                .families
                .map(|[p, m]| scaled(p, log_gamma) - scaled(m, -log_gamma));
            let weight = self.growth.weight_at(t);
            run.push(
                t,
                log_gamma,
                [aligned, opposed],
                weight,
                self.growth.residual(t),
            );
            run.kernel_distance
                .push(self.growth.kernel_distance_of(log_gamma));
        }
        Ok(run)
    }

    /// The weights a and b at time t (Eq. 6.10, 6.11).
    ///
    /// # Errors
    /// A time that is negative or not a number.
    pub fn parameters(&self, t: f64) -> Result<(Array1<f64>, Array1<f64>)> {
        if t.is_nan() || t < 0.0 {
            return Err(Error::setting("t", t, "a number, 0 or above"));
        }
        let (mut a, mut b) = (vec![0.0; self.width()], vec![0.0; self.width()]);
        let log_gamma = if t.is_infinite() {
            self.growth.log_gamma_limit()
        } else {
            self.growth.log_gamma(t)
        };
        self.write(log_gamma, &mut a, &mut b);
        Ok((a.into(), b.into()))
    }

    /// The weights at each of `times` (ascending), handed to `observer(t, a, b)` in one buffer: for p = 10⁶ at 1000 times memory for one copy
    /// instead of a thousand.
    ///
    /// ```
    /// use scurve::{model::layerwise::ScalarNet, seed::Seed};
    /// let net = ScalarNet::gaussian(10_000, 1.0, 1.0, 100.0, Seed(0))?;
    /// let mut farthest: f64 = 0.0;
    /// net.observe(&[0.0, 1.0, 10.0], |_, a, _| {
    ///     farthest = a.iter().zip(net.a()).map(|(x, y)| (x - y).abs()).fold(farthest, f64::max);
    /// })?;
    /// assert!(farthest > 0.0 && farthest < 0.1);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Times that are negative, not finite or descending.
    pub fn observe(
        &self,
        times: &[f64],
        mut observer: impl FnMut(f64, &[f64], &[f64]),
    ) -> Result<()> {
        check_times(times)?;
        let (mut a, mut b) = (vec![0.0; self.width()], vec![0.0; self.width()]);
        for &t in times {
            self.write(self.growth.log_gamma(t), &mut a, &mut b);
            observer(t, &a, &b);
        }
        Ok(())
    }

    /// Eq. 6.10 and 6.11.
    fn write(&self, log_gamma: f64, a: &mut [f64], b: &mut [f64]) {
        // Halves that are 0 stay so, however far the other one has grown.
        let (up, down) = (
            0.5 * (0.5 * log_gamma).exp(),
            0.5 * (-0.5 * log_gamma).exp(),
        );
        let up = if self.growth.aligned() == 0.0 {
            0.0
        } else {
            up
        };
        let down = if self.growth.opposed() == 0.0 {
            0.0
        } else {
            down
        };
        let starts = self.a.iter().zip(&self.b);
        for ((a, b), (a0, b0)) in a.iter_mut().zip(b.iter_mut()).zip(starts) {
            let (with, against) = ((a0 + b0) * up, (a0 - b0) * down);
            *a = with + against;
            *b = with - against;
        }
    }

    /// Solves the 2p equations themselves, $\dot a_i = -\frac{1}{Z}\mathbb E[x^2]\, b_i(\theta - S)$ and likewise for b, at `times` (ascending).
    ///
    /// # Errors
    /// Times or tolerances out of range; a solver that gives up.
    pub fn flow(&self, times: &[f64], solver: &Flow) -> Result<ScalarTrajectory> {
        let p = self.width();
        let start = [self.a.as_slice(), &self.b].concat();
        let mut run = ScalarTrajectory::with_capacity(self, times.len());
        solver.observe(
            |_, x, velocity| {
                let (a, b) = x.split_at(p);
                let pull = -self.growth.rate() * (self.value(a, b) - self.target);
                let (to_a, to_b) = velocity.split_at_mut(p);
                to_a.iter_mut().zip(b).for_each(|(v, b)| *v = pull * b);
                to_b.iter_mut().zip(a).for_each(|(v, a)| *v = pull * a);
            },
            &start,
            times,
            |t, x| {
                let (a, b) = x.split_at(p);
                run.push_weights(self, t, a, b);
            },
        )?;
        Ok(run)
    }

    /// Gradient descent on all 2p weights.
    ///
    /// # Errors
    /// A learning rate or schedule out of range; [`Error::Diverged`] with the step.
    pub fn descend(
        &self,
        learning_rate: f64,
        steps: usize,
        schedule: &Schedule,
    ) -> Result<ScalarTrajectory> {
        check_positive("learning_rate", learning_rate)?;
        schedule.validate("schedule")?;
        let (mut a, mut b) = (self.a.clone(), self.b.clone());
        let records = schedule.steps(steps);
        let mut run = ScalarTrajectory::with_capacity(self, records.len());
        let mut theta = self.value(&a, &b);
        let mut at = 0;
        for next in records {
            for _ in at..next {
                let h = learning_rate * self.growth.rate() * (theta - self.target);
                theta = step(&mut a, &mut b, h) / self.normalisation;
            }
            at = next;
            if !theta.is_finite() {
                return Err(Error::Diverged {
                    what: "the scalar network".into(),
                    step: at,
                });
            }
            run.push_weights(self, at as f64 * learning_rate, &a, &b);
        }
        Ok(run)
    }

    fn value(&self, a: &[f64], b: &[f64]) -> f64 {
        lanes(a, b, |a, b| [a * b])[0] / self.normalisation
    }

    /// E[x²], with which the loss is weighted.
    pub(super) fn moment(&self) -> f64 {
        self.moment
    }

    /// Σ over aligned and over anti-aligned pairs of the start of a b, and Σ (a² + b²)/2, each over Z; and the tangent kernel's distance.
    pub(super) fn measure(&self, a: &[f64], b: &[f64]) -> ([f64; 2], f64, f64) {
        let (mut families, mut weight) = ([0.0; 2], 0.0);
        let (mut first, mut both) = (0.0, 0.0);
        for ((a, b), (a0, b0)) in a.iter().zip(b).zip(self.a.iter().zip(&self.b)) {
            families[usize::from(a0 * b0 * self.target < 0.0)] += a * b;
            weight += a * a + b * b;
            first += a0 * a0 + b0 * b0;
            both += a * a0 + b * b0;
        }
        let distance = if first * weight > 0.0 {
            1.0 - both * both / (first * weight)
        } else {
            0.0
        };
        let z = self.normalisation;
        (families.map(|x| x / z), 0.5 * weight / z, distance)
    }
}

#[cfg(test)]
mod tests;
