//! Taylor coefficients: the derivatives that the Euler–Maclaurin formula asks for at its ends.

use std::ops::Mul;

/// Coefficients kept, of t⁰ … t¹¹.
pub(super) const ORDER: usize = 12;

/// A power series in t, cut off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jet(pub [f64; ORDER]);

impl Jet {
    /// $c (1 + t)^s$.
    pub fn power_of_one_plus(c: f64, s: f64) -> Self {
        let mut out = [c; ORDER];
        for n in 1..ORDER {
            out[n] = out[n - 1] * (s - n as f64 + 1.0) / n as f64;
        }
        Self(out)
    }

    /// a + b · self.
    pub fn affine(mut self, a: f64, b: f64) -> Self {
        self.0.iter_mut().for_each(|c| *c *= b);
        self.0[0] += a;
        self
    }

    pub fn exp(self) -> Self {
        let mut out = [self.0[0].exp(); ORDER];
        for n in 1..ORDER {
            let sum: f64 = (1..=n).map(|k| k as f64 * self.0[k] * out[n - k]).sum();
            out[n] = sum / n as f64;
        }
        Self(out)
    }

    /// selfˢ, for a positive constant part.
    pub fn powf(self, s: f64) -> Self {
        let mut out = [self.0[0].powf(s); ORDER];
        for n in 1..ORDER {
            let term = |k: usize| (s * k as f64 - (n - k) as f64) * self.0[k] * out[n - k];
            let sum: f64 = (1..=n).map(term).sum();
            out[n] = sum / (n as f64 * self.0[0]);
        }
        Self(out)
    }
}

impl Mul for Jet {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let mut out = [0.0; ORDER];
        for (n, out) in out.iter_mut().enumerate() {
            *out = (0..=n).map(|k| self.0[k] * other.0[n - k]).sum();
        }
        Self(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_those_of_the_functions() {
        // e^(½ (1 + t)^−1.3) (2 + t)^0.7 at t = .05, against its own series
        let t: f64 = 0.05;
        let base = Jet::power_of_one_plus(1.0, -1.3).affine(0.0, 0.5).exp();
        let other = Jet::power_of_one_plus(1.0, 1.0).affine(1.0, 1.0).powf(0.7);
        let series = (base * other).0;
        let sum: f64 = series.iter().rev().fold(0.0, |sum, c| sum * t + c);
        let exact = (0.5 * (1.0 + t).powf(-1.3)).exp() * (2.0 + t).powf(0.7);
        assert!((sum / exact - 1.0).abs() < 1e-13);
    }
}
