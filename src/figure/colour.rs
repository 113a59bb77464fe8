//! Colours that survive grey printing and colour blindness.
//!
//! Series take their colours from Okabe and Ito's palette (Color Universal Design, 2008), in an order that alternates
//! dark and light, and each colour has its own dash pattern and marker. Ordered families and heat maps take theirs
//! from perceptually uniform maps (viridis: van der Walt and Smith 2015; cividis: Nuñez et al. 2018).

use super::style::{Dash, Marker};

/// An opaque colour, 8 bits a channel, sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Which colour a series is drawn in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colour {
    /// The colour at this place of the cycle (7 colours, then again with other dashes).
    Cycle(usize),
    /// Member `index` of an ordered family of `of`, dark to light along viridis.
    Ordered {
        /// Which member, from 0.
        index: usize,
        /// How many there are.
        of: usize,
    },
    /// This very colour.
    Exact(Rgb),
    /// The colour of text and axes: for theory curves and medians.
    Ink,
    /// A middle grey: for guides and context.
    Grey,
}

pub(crate) const INK: Rgb = Rgb(0x22, 0x22, 0x22);
pub(crate) const GREY: Rgb = Rgb(0x88, 0x88, 0x88);

const CYCLE: [(Rgb, Dash, Marker); 7] = [
    (Rgb(0x00, 0x72, 0xb2), Dash::Solid, Marker::Circle),
    (Rgb(0xd5, 0x5e, 0x00), Dash::Dashed, Marker::Square),
    (Rgb(0x00, 0x9e, 0x73), Dash::DashDot, Marker::Triangle),
    (Rgb(0x33, 0x33, 0x33), Dash::Dotted, Marker::Diamond),
    (Rgb(0xcc, 0x79, 0xa7), Dash::LongDash, Marker::Cross),
    (Rgb(0xe6, 0x9f, 0x00), Dash::DashDotDot, Marker::Plus),
    (Rgb(0x56, 0xb4, 0xe9), Dash::ShortDash, Marker::TriangleDown),
];

/// The colour at place `index` of the cycle.
pub(crate) fn cycle(index: usize) -> Rgb {
    CYCLE[index % CYCLE.len()].0
}

/// The dash pattern at place `index`: the second round of colours starts one pattern later.
pub(crate) fn cycle_dash(index: usize) -> Dash {
    CYCLE[(index + index / CYCLE.len()) % CYCLE.len()].1
}

/// The marker at place `index`: the second round of colours starts one marker later.
pub(crate) fn cycle_marker(index: usize) -> Marker {
    CYCLE[(index + index / CYCLE.len()) % CYCLE.len()].2
}

impl Colour {
    pub(crate) fn rgb(self) -> Rgb {
        match self {
            Colour::Cycle(index) => cycle(index),
            // The last sixth of viridis is too light for a line on white.
            Colour::Ordered { index, of } => {
                let last = of.saturating_sub(1).max(1);
                ColourMap::Viridis.at(0.87 * index.min(last) as f64 / last as f64)
            }
            Colour::Exact(rgb) => rgb,
            Colour::Ink => INK,
            Colour::Grey => GREY,
        }
    }
}

/// How a heat map's values become colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourMap {
    /// Dark blue to yellow, perceptually uniform.
    #[default]
    Viridis,
    /// Dark blue to yellow, the same to most colour-blind readers.
    Cividis,
    /// Blue through white to vermillion, symmetric about zero: for signed values.
    Diverging,
}

const VIRIDIS: [Rgb; 9] = [
    Rgb(0x44, 0x01, 0x54),
    Rgb(0x47, 0x2d, 0x7b),
    Rgb(0x3b, 0x52, 0x8b),
    Rgb(0x2c, 0x72, 0x8e),
    Rgb(0x21, 0x91, 0x8c),
    Rgb(0x28, 0xae, 0x80),
    Rgb(0x5e, 0xc9, 0x62),
    Rgb(0xad, 0xdc, 0x30),
    Rgb(0xfd, 0xe7, 0x25),
];

const CIVIDIS: [Rgb; 9] = [
    Rgb(0x00, 0x20, 0x4d),
    Rgb(0x06, 0x34, 0x6e),
    Rgb(0x39, 0x48, 0x6b),
    Rgb(0x57, 0x5c, 0x6d),
    Rgb(0x70, 0x71, 0x73),
    Rgb(0x8a, 0x87, 0x79),
    Rgb(0xa8, 0x9f, 0x73),
    Rgb(0xc8, 0xb8, 0x66),
    Rgb(0xff, 0xea, 0x46),
];

const DIVERGING: [Rgb; 5] = [
    Rgb(0x05, 0x4a, 0x7f),
    Rgb(0x6a, 0xae, 0xd6),
    Rgb(0xf7, 0xf7, 0xf7),
    Rgb(0xf0, 0x9a, 0x63),
    Rgb(0x9c, 0x37, 0x00),
];

impl ColourMap {
    /// The colour at `t` in [0, 1]; values outside take the end's colour.
    pub(crate) fn at(self, t: f64) -> Rgb {
        let stops: &[Rgb] = match self {
            ColourMap::Viridis => &VIRIDIS,
            ColourMap::Cividis => &CIVIDIS,
            ColourMap::Diverging => &DIVERGING,
        };
        let place = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let first = (place as usize).min(stops.len() - 2);
        let part = place - first as f64;
        let mix =
            |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
        let (a, b) = (stops[first], stops[first + 1]);
        Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(Rgb(r, g, b): Rgb) -> f64 {
        let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    #[test]
    fn neighbours_in_the_cycle_differ_in_colour_dash_and_marker() {
        for i in 0..21 {
            assert_ne!((cycle(i), cycle_dash(i)), (cycle(i + 7), cycle_dash(i + 7)));
            assert_ne!(cycle_dash(i), cycle_dash(i + 1));
            assert_ne!(cycle_marker(i), cycle_marker(i + 1));
        }
    }

    #[test]
    fn sequential_maps_grow_lighter() {
        for map in [ColourMap::Viridis, ColourMap::Cividis] {
            let lights: Vec<f64> = (0..=100)
                .map(|i| luminance(map.at(f64::from(i) / 100.0)))
                .collect();
            assert!(lights.windows(2).all(|w| w[1] > w[0] - 2e-3), "{map:?}");
        }
    }
}
