//! The one function of time that all two-layer linear modes follow: γ(t) of Theorem 1.

use crate::error::{Error, Result};

/// γ(t), which stretches the aligned half a + b of two layers and shrinks the opposed half a − b (thesis, Theorem 1).
///
/// Under gradient flow on $\tfrac12 \mathbb E[(f^* - f)^2]$ with $f = x\theta$, $\theta = \frac1Z\sum_i a_i b_i$, $f^* = xS$, all p pairs follow one number:
///
/// $$a_i + b_i \propto \gamma^{1/2}, \qquad a_i - b_i \propto \gamma^{-1/2}, \qquad
///   \frac{d\gamma}{dt} = -2k\,(P\gamma^2 - S\gamma - M), \qquad \theta = P\gamma - M/\gamma .$$
///
/// | symbol | here |
/// |---|---|
/// | $P = \frac{1}{4Z}\sum_i (a_i + b_i)^2 = \tfrac12(\Sigma_0 + \mathcal S_0)$ at t = 0 | [`aligned`](Self::aligned) |
/// | $M = \frac{1}{4Z}\sum_i (a_i - b_i)^2 = \tfrac12(\Sigma_0 - \mathcal S_0)$ at t = 0 | [`opposed`](Self::opposed) |
/// | S | [`target`](Self::target), of any sign |
/// | $k = \mathbb E[x^2]/Z$ | [`rate`](Self::rate) |
/// | $R = \sqrt{\Sigma_0^2 - \mathcal S_0^2 + S^2} = \sqrt{4PM + S^2}$ | [`root`](Self::root) |
///
/// A mode of a diagonal net (p = 1) and, from small initialisation, a singular mode of a deep net follow the same equation.
///
/// With $q = \tanh(Rkt)/R$ the solution of Eq. 6.12 reads
///
/// $$\gamma(t) = \frac{1 + (2M + S)\,q}{1 + (2P - S)\,q} .$$
///
/// NOTE: the exponent is $-2Rt/Z$. Eq. 6.12 prints $-4Rt/Z$, which belongs to the squared error without ½
/// ([`gamma_as_printed`](Self::gamma_as_printed)). And $\Sigma_0 \pm \mathcal S_0$, as printed, lose all digits where one half is small; P and M
/// are sums of squares and lose none. Every difference below is rewritten so that no digits cancel.
///
/// ```
/// use scurve::model::layerwise::Growth;
/// // a = b = .1 and S = 1, one pair: θ is the sigmoid of Eq. 3.9.
/// let growth = Growth::new(0.01, 0.0, 1.0, 1.0)?;
/// let sigmoid = 1.0 / (1.0 + 99.0 * (-2.0 * 3.0f64).exp());
/// assert!((growth.theta(3.0) - sigmoid).abs() < 1e-15);
/// assert_eq!(growth.log_gamma_limit().exp().round(), 100.0);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    aligned: f64,
    opposed: f64,
    target: f64,
    rate: f64,
}

/// What γ is made of at one time.
struct Parts {
    /// tanh(Rkt)/R.
    q: f64,
    /// 1 − tanh²(Rkt).
    sech2: f64,
    /// 1 + (2P − S) q.
    below: f64,
}

impl Growth {
    /// From $P, M \ge 0$, the target S and the rate k > 0.
    ///
    /// # Errors
    /// A number out of its range.
    pub fn new(aligned: f64, opposed: f64, target: f64, rate: f64) -> Result<Self> {
        for (field, value) in [("aligned (P)", aligned), ("opposed (M)", opposed)] {
            if !(value >= 0.0 && value.is_finite()) {
                let allowed = "a finite number, 0 or above: it is a sum of squares";
                return Err(Error::setting(field, value, allowed));
            }
        }
        check_target("target", target)?;
        check_positive("rate", rate)?;
        Ok(Self {
            aligned,
            opposed,
            target,
            rate,
        })
    }

    /// P at t = 0.
    pub fn aligned(&self) -> f64 {
        self.aligned
    }

    /// M at t = 0.
    pub fn opposed(&self) -> f64 {
        self.opposed
    }

    /// S.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// k.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// $\theta(0) = \mathcal S_0 = P - M$ (Eq. 6.13).
    pub fn start(&self) -> f64 {
        self.aligned - self.opposed
    }

    /// $\Sigma_0 = P + M$ (Eq. 6.13): half the squared norm of the weights over Z.
    pub fn weight(&self) -> f64 {
        self.aligned + self.opposed
    }

    /// R.
    pub fn root(&self) -> f64 {
        self.cross().hypot(self.target)
    }

    /// 2√(PM), conserved: $\Sigma^2 - \theta^2 = 4PM$ at all times.
    fn cross(&self) -> f64 {
        2.0 * self.aligned.sqrt() * self.opposed.sqrt()
    }

    /// The same path seen from a ↔ a, b ↔ −b: S and θ change sign, γ becomes 1/γ.
    fn mirrored(&self) -> Self {
        Self {
            aligned: self.opposed,
            opposed: self.aligned,
            target: -self.target,
            rate: self.rate,
        }
    }

    /// For S ≥ 0 and P > 0; `t` may be infinite.
    fn parts(&self, t: f64) -> Parts {
        let (s, root, cross) = (self.target, self.root(), self.cross());
        let y = root * self.rate * t;
        let e = (-2.0 * y).exp();
        let q = if root == 0.0 || y < 1e-9 {
            self.rate * t
        } else {
            y.tanh() / root
        };
        // 1 − S q without the difference of equals: R − S = 4PM/(R + S), 1 − tanh y = 2e/(1 + e).
        let rest = if root == 0.0 {
            1.0
        } else {
            (cross / root) * (cross / (root + s)) + 2.0 * (s / root) * e / (1.0 + e)
        };
        Parts {
            q,
            sech2: 4.0 * e / ((1.0 + e) * (1.0 + e)),
            below: rest + 2.0 * self.aligned * q,
        }
    }

    /// ln γ(t), t ≥ 0: relative to rounding, also where γ is near 1 or beyond the floating-point range.
    pub fn log_gamma(&self, t: f64) -> f64 {
        if self.target < 0.0 {
            return -self.mirrored().log_gamma(t);
        }
        let (p, m, s) = (self.aligned, self.opposed, self.target);
        if p == 0.0 {
            // Wholly opposed: γ = e^{2Skt} + M (e^{2Skt} − 1)/S, without end.
            let y = 2.0 * s * self.rate * t;
            return match s {
                0.0 => (2.0 * m * self.rate * t).ln_1p(),
                _ => y + (m * (-(-y).exp_m1() / s)).ln_1p(),
            };
        }
        let Parts { q, below, .. } = self.parts(t);
        let excess = 2.0 * q * (s - self.start()) / below;
        if excess > -0.5 {
            excess.ln_1p()
        } else {
            (1.0 + (2.0 * m + s) * q).ln() - below.ln()
        }
    }

    /// γ(t); infinite where it is beyond the floating-point range.
    pub fn gamma(&self, t: f64) -> f64 {
        self.log_gamma(t).exp()
    }

    /// Eq. 6.12 as printed: its exponent belongs to the loss without ½, so it runs at twice the pace.
    pub fn gamma_as_printed(&self, t: f64) -> f64 {
        self.gamma(2.0 * t)
    }

    /// ln γ₊ (Eq. 6.14), $\gamma_+ = (S + R)/(2P)$.
    pub fn log_gamma_limit(&self) -> f64 {
        let (p, m, s) = (self.aligned, self.opposed, self.target);
        if s < 0.0 {
            return -self.mirrored().log_gamma_limit();
        }
        if p == 0.0 && m == 0.0 && s == 0.0 {
            return 0.0;
        }
        let root = self.root();
        match (p, root) {
            (0.0, _) => f64::INFINITY,
            (_, 0.0) => f64::NEG_INFINITY,
            _ => {
                // (γ₊ − 1), with R − Σ₀ = (S² − θ₀²)/(R + Σ₀).
                let excess = (s - self.start()) * (root + s + 2.0 * p) / (root + p + m) / (2.0 * p);
                if excess > -0.5 {
                    excess.ln_1p()
                } else {
                    ((s + root) / (2.0 * p)).ln()
                }
            }
        }
    }

    /// γ₊.
    pub fn gamma_limit(&self) -> f64 {
        self.log_gamma_limit().exp()
    }

    /// The bounds S/Σ₀ ≤ γ₊ ≤ (S + √(PM))/P for S > 0; the lower one is §6.3.1's.
    pub fn gamma_bounds(&self) -> (f64, f64) {
        let high = (self.target + 0.5 * self.cross()) / self.aligned;
        (self.target / self.weight(), high)
    }

    /// θ(t) = Pγ − M/γ.
    pub fn theta(&self, t: f64) -> f64 {
        let log_gamma = self.log_gamma(t);
        scaled(self.aligned, log_gamma) - scaled(self.opposed, -log_gamma)
    }

    /// θ(t) − S, to rounding also where it is nearly 0.
    pub fn residual(&self, t: f64) -> f64 {
        if self.target < 0.0 {
            return -self.mirrored().residual(t);
        }
        if self.aligned == 0.0 {
            return self.theta(t) - self.target;
        }
        let Parts { q, sech2, below } = self.parts(t);
        let above = 1.0 + (2.0 * self.opposed + self.target) * q;
        (self.start() - self.target) * (sech2 / above / below)
    }

    /// Σ(t) = Pγ + M/γ. The tangent kernel of f is $2\Sigma\, x x'/Z$.
    pub fn weight_at(&self, t: f64) -> f64 {
        let log_gamma = self.log_gamma(t);
        scaled(self.aligned, log_gamma) + scaled(self.opposed, -log_gamma)
    }

    /// When θ reaches `theta`: `None` unless it lies between θ(0) and S (S itself is reached at no finite time).
    pub fn time_to(&self, theta: f64) -> Option<f64> {
        if self.target < 0.0 {
            return self.mirrored().time_to(-theta);
        }
        let (p, m, s, start) = (self.aligned, self.opposed, self.target, self.start());
        if theta == start {
            return Some(0.0);
        }
        let between = if start < s {
            start < theta && theta < s
        } else {
            s < theta && theta < start
        };
        if !between {
            return None;
        }
        if p == 0.0 {
            // θ = −M/γ never passes 0.
            let excess = -m / theta - 1.0;
            return (theta < 0.0).then(|| match s {
                0.0 => excess / (2.0 * m * self.rate),
                _ => (s * excess / (s + m)).ln_1p() / (2.0 * s * self.rate),
            });
        }
        let (root, cross) = (self.root(), self.cross());
        if root == 0.0 {
            return Some((p / theta - 1.0) / (2.0 * p * self.rate));
        }
        let reach = cross.hypot(theta);
        // 2Pγ = reach + θ, 2Pγ₊ = R + S; the differences γ − 1 and γ₊ − γ as products. γ₋ is the other root of Pγ² − Sγ − M.
        let grown = if theta > 0.0 {
            reach + theta
        } else {
            cross * (cross / (reach - theta))
        };
        let done = (theta - start) * (grown + 2.0 * p) / (reach + p + m);
        let left = (s - theta) * (grown + root + s) / (root + reach);
        let lower = -2.0 * m / (s + root);
        let log = (done / left).ln_1p() + (done / (2.0 * p * (1.0 - lower))).ln_1p();
        Some(log / (2.0 * root * self.rate))
    }

    /// How far the tangent kernel has turned: 1 − ⟨K₀, K⟩/(‖K₀‖‖K‖) of the kernel ∇f ∇fᵀ over the 2p parameters,
    ///
    /// $$\frac{PM\,(\gamma^{1/2} - \gamma^{-1/2})^2}{(P + M)(P\gamma + M/\gamma)} .$$
    ///
    /// 0 is lazy: the features stay as they are. The kernel over inputs is one number times $x x'$ and cannot turn, only grow
    /// ([`weight_at`](Self::weight_at)). At the end, from θ(0) = 0, it is $\tfrac12\bigl(1 - 1/\sqrt{1 + (S/\Sigma_0)^2}\bigr)$: a function of S/Σ₀ alone, as γ₊ is.
    pub fn kernel_distance(&self, t: f64) -> f64 {
        self.kernel_distance_of(self.log_gamma(t))
    }

    /// The kernel distance at the end.
    pub fn kernel_distance_limit(&self) -> f64 {
        self.kernel_distance_of(self.log_gamma_limit())
    }

    pub(super) fn kernel_distance_of(&self, log_gamma: f64) -> f64 {
        let (p, m) = if log_gamma < 0.0 {
            (self.opposed, self.aligned)
        } else {
            (self.aligned, self.opposed)
        };
        if p == 0.0 || m == 0.0 {
            return 0.0;
        }
        let y = log_gamma.abs();
        let turned = (-y).exp_m1().powi(2);
        m / (p + m) * turned / (1.0 + m / p * (-2.0 * y).exp())
    }

    /// θ(t) of the model linearised at the start, $S + (\theta_0 - S)\,e^{-2\Sigma_0 k t}$: Eq. 6.3 with its kernel fixed.
    pub fn linearised(&self, t: f64) -> f64 {
        let left = (-2.0 * self.weight() * self.rate * t).exp();
        self.target + (self.start() - self.target) * left
    }
}

/// x e^y, 0 for x = 0 whatever y is.
pub(super) fn scaled(x: f64, y: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * y.exp() }
}

pub(super) fn check_positive(field: &str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::setting(field, value, "a finite number above 0"))
}

pub(super) fn check_target(field: &str, value: f64) -> Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::setting(field, value, "a finite number"))
}

#[cfg(test)]
mod tests;
