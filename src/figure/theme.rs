//! Sizes and greys: the one theme, for a notebook about 900 pixels wide and for print.

use super::colour::Rgb;

pub(crate) const HEADING: f64 = 16.0;
pub(crate) const TITLE: f64 = 13.5;
pub(crate) const LABEL: f64 = 12.5;
pub(crate) const TICK: f64 = 11.0;
pub(crate) const LEGEND: f64 = 12.0;
pub(crate) const NOTE: f64 = 11.5;
pub(crate) const REMARK: f64 = 10.5;

/// Line height, in font sizes.
pub(crate) const LINE: f64 = 1.32;
/// From the middle of a line of text down to its baseline, in font sizes.
pub(crate) const MIDDLE: f64 = 0.36;

pub(crate) const AXIS: Rgb = Rgb(0x44, 0x44, 0x44);
pub(crate) const TEXT: Rgb = Rgb(0x22, 0x22, 0x22);
pub(crate) const QUIET: Rgb = Rgb(0x66, 0x66, 0x66);
pub(crate) const GRID: Rgb = Rgb(0xea, 0xea, 0xea);
pub(crate) const MISSING: Rgb = Rgb(0xdd, 0xdd, 0xdd);

pub(crate) const TICK_LENGTH: f64 = 4.0;
pub(crate) const MINOR_LENGTH: f64 = 2.5;
pub(crate) const EDGE: f64 = 10.0;
pub(crate) const GAP: f64 = 16.0;

/// Height of `lines` lines of text.
pub(crate) fn lines(count: usize, size: f64) -> f64 {
    (count as f64 * size * LINE).ceil()
}
