//! The loss of a single skill as a function of what it has had of the scarce resource.

use super::jet::Jet;

/// ℓ(z), the loss of a skill with z = x 𝒫(k), where x is the resource: analytic where the [`strip`](Self::strip) says, and at most four times ℓ(0) there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Response {
    /// Time, multilinear: ℓ₀ / (1 + c e^z)², c = 1/(S/R(0) − 1), z = 2ηS 𝒫 T (Eq. 4.18).
    Sigmoid { half: f64, c: f64 },
    /// Time, linear: ℓ₀ e^{−z}, z = 2η 𝒫 T (Eq. C.4).
    Exponential { half: f64 },
    /// Data: ℓ₀ (1 − z/D)^D, z = D 𝒫 (Eq. 4.27).
    Unobserved { half: f64, samples: f64 },
}

impl Response {
    pub fn at(&self, z: f64) -> f64 {
        match *self {
            Self::Sigmoid { half, c } => {
                let e = (-z).exp();
                let rest = e / (e + c);
                half * rest * rest
            }
            Self::Exponential { half } => half * (-z).exp(),
            Self::Unobserved { half, samples } => half * (samples * (-z / samples).ln_1p()).exp(),
        }
    }

    pub fn series(&self, z: Jet) -> Jet {
        match *self {
            Self::Sigmoid { half, c } => {
                let e = z.affine(0.0, -1.0).exp();
                let rest = e * e.affine(c, 1.0).powf(-1.0);
                (rest * rest).affine(0.0, half)
            }
            Self::Exponential { half } => z.affine(0.0, -1.0).exp().affine(0.0, half),
            Self::Unobserved { half, samples } => {
                let rest = z.affine(1.0, -1.0 / samples);
                rest.powf(samples).affine(0.0, half)
            }
        }
    }

    /// h: on Re z ≥ −0.6, |Im z| ≤ h (and |z| ≤ D for data) ℓ is analytic and |ℓ| ≤ 4 · `half`.
    pub fn strip(&self) -> f64 {
        match self {
            // |1 + c e^z| ≥ 1 where Re e^z ≥ 0.
            Self::Sigmoid { .. } => std::f64::consts::FRAC_PI_2,
            Self::Exponential { .. } => f64::INFINITY,
            // |1 − z/D|^D ≤ e^{0.6 + h²/2D}
            Self::Unobserved { samples, .. } => samples.sqrt(),
        }
    }

    /// ℓ₀, what `strip`'s bound is a multiple of.
    pub fn half(&self) -> f64 {
        match *self {
            Self::Sigmoid { half, .. }
            | Self::Exponential { half }
            | Self::Unobserved { half, .. } => half,
        }
    }

    /// ℓ(y + w) ≤ 1e-26 ℓ(y) for all w at least this.
    pub fn cut(&self) -> f64 {
        match *self {
            // Past −ln c it falls as e^{−2z}.
            Self::Sigmoid { c, .. } => (-c.ln()).max(0.0) + 32.0,
            _ => 60.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_values_and_cuts_agree() {
        let all = [
            Response::Sigmoid {
                half: 0.5,
                c: 1.0 / 99.0,
            },
            Response::Exponential { half: 2.0 },
            Response::Unobserved {
                half: 0.5,
                samples: 300.0,
            },
        ];
        for one in all {
            for z in [0.1, 1.0, 7.0, 20.0] {
                // z(t) = z (1 + t)^−1.4
                let series = one.series(Jet::power_of_one_plus(z, -1.4)).0;
                let t: f64 = 0.01;
                let sum = series.iter().rev().fold(0.0, |sum, c| sum * t + c);
                let exact = one.at(z * (1.0 + t).powf(-1.4));
                assert!((sum / exact - 1.0).abs() < 1e-11, "{one:?} {z}");
                let far = one.at(z + one.cut());
                assert!(far <= 1e-26 * one.at(z), "{one:?} {z} {far}");
            }
        }
    }
}
