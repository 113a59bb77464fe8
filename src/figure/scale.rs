//! From data to pixels, and the range an axis takes from its data.

/// A position on the figure, in pixels from the top left.
pub(crate) type Point = (f64, f64);

/// A rectangle on the figure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn contains(&self, (x, y): Point) -> bool {
        let slack = 0.01;
        x >= self.left - slack
            && x <= self.right + slack
            && y >= self.top - slack
            && y <= self.bottom + slack
    }
}

/// One axis: its range in data and in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub log: bool,
    pub low: f64,
    pub high: f64,
    /// Pixel of `low`.
    pub from: f64,
    /// Pixel of `high`.
    pub to: f64,
}

impl Scale {
    /// The pixel of a value; `None` where it has none (not finite, or not positive on a logarithmic axis).
    pub fn at(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || (self.log && value <= 0.0) {
            return None;
        }
        let part = if self.log {
            let low = self.low.log10();
            (value.log10() - low) / (self.high.log10() - low)
        } else {
            // Halves, so that the difference of two huge numbers stays finite.
            (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
        };
        // Far outside is outside: keeps the arithmetic of clipping finite.
        Some(self.from + part.clamp(-1e4, 1e4) * (self.to - self.from))
    }

    /// As [`Scale::at`], with values at or below zero of a logarithmic axis put far below it: for the low end of bands.
    pub fn at_or_below(&self, value: f64) -> Option<f64> {
        if self.log && value <= 0.0 && value.is_finite() {
            return Some(self.from - 1e4 * (self.to - self.from).signum());
        }
        self.at(value)
    }
}

/// The smallest and largest values that an axis can show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    pub low: f64,
    pub high: f64,
    log: bool,
}

impl Extent {
    pub fn new(log: bool) -> Self {
        Self {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            log,
        }
    }

    pub fn add(&mut self, value: f64) {
        if value.is_finite() && (!self.log || value > 0.0) {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    pub fn add_all(&mut self, values: &[f64]) {
        values.iter().for_each(|&v| self.add(v));
    }

    pub fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// The range drawn: `pad` of its length is added at both ends; a single value and no value get a range too.
    pub fn padded(&self, pad_low: f64, pad_high: f64) -> (f64, f64) {
        if self.is_empty() {
            return if self.log { (0.1, 10.0) } else { (0.0, 1.0) };
        }
        let (low, high) = (self.low, self.high);
        if self.log {
            // Keep away from the ends of the doubles, where log ticks have no neighbours.
            let (low, high) = (
                low.clamp(1e-300, 1e300).log10(),
                high.clamp(1e-300, 1e300).log10(),
            );
            let (low, high) = if high - low < 1e-9 {
                (low - 0.5, high + 0.5)
            } else {
                (low, high)
            };
            let span = high - low;
            let power = |p: f64| 10f64.powf(p.clamp(-307.0, 308.0));
            return (power(low - pad_low * span), power(high + pad_high * span));
        }
        let (low, high) = (low.max(-1e300), high.min(1e300));
        let span = high - low;
        if span <= 1e-12 * low.abs().max(high.abs()) {
            let around = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
            return (low - around, high + around);
        }
        (low - pad_low * span, high + pad_high * span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_and_log_positions() {
        let linear = Scale {
            log: false,
            low: 0.0,
            high: 10.0,
            from: 100.0,
            to: 0.0,
        };
        assert_eq!(linear.at(2.5), Some(75.0));
        assert_eq!(linear.at(f64::NAN), None);
        let log = Scale {
            log: true,
            low: 1e-2,
            high: 1e2,
            from: 0.0,
            to: 400.0,
        };
        assert!((log.at(1.0).unwrap() - 200.0).abs() < 1e-9);
        assert_eq!(log.at(0.0), None);
        assert!(log.at_or_below(-1.0).unwrap() < -5e3);
    }

    #[test]
    fn extents_of_odd_data_are_ranges() {
        for log in [false, true] {
            for values in [
                &[][..],
                &[5.0],
                &[0.0, -3.0],
                &[f64::NAN, f64::INFINITY],
                &[1e-308, 1e308],
                &[-1e308, 1e308],
            ] {
                let mut extent = Extent::new(log);
                extent.add_all(values);
                let (low, high) = extent.padded(0.04, 0.04);
                assert!(
                    low < high && low.is_finite() && high.is_finite(),
                    "{values:?} {log} {low} {high}"
                );
                assert!(!log || low > 0.0);
            }
        }
    }
}
