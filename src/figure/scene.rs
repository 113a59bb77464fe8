//! What is on the page, before it is SVG or pixels.

use super::colour::Rgb;
use super::label::{self, Run};
use super::scale::{Point, Rect};
use super::style::{Dash, Marker};

/// Where a text's position lies along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// The anchor on the baseline.
    pub at: Point,
    pub runs: Vec<Run>,
    pub size: f64,
    pub anchor: Anchor,
    pub bold: bool,
    pub colour: Rgb,
    /// Read from bottom to top.
    pub upward: bool,
    /// A white rim, for text over data.
    pub rim: bool,
}

impl Text {
    pub fn new(at: Point, markup: &str, size: f64, colour: Rgb) -> Self {
        let (anchor, bold, upward, rim) = (Anchor::Start, false, false, false);
        Self {
            at,
            runs: label::parse(markup),
            size,
            anchor,
            bold,
            colour,
            upward,
            rim,
        }
    }

    pub fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub fn upward(mut self) -> Self {
        self.upward = true;
        self
    }

    pub fn rim(mut self) -> Self {
        self.rim = true;
        self
    }
}

/// Colour, width, dash and opacity of lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pen {
    pub colour: Rgb,
    pub width: f64,
    pub alpha: f64,
    pub dash: Dash,
}

impl Pen {
    pub fn solid(colour: Rgb, width: f64) -> Self {
        Self {
            colour,
            width,
            alpha: 1.0,
            dash: Dash::Solid,
        }
    }

    /// The dash pattern in pixels.
    pub fn pattern(&self) -> Vec<f64> {
        self.dash
            .pattern()
            .iter()
            .map(|l| (l * self.width.max(1.0) * 100.0).round() / 100.0)
            .collect()
    }
}

/// One thing drawn.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Polylines; each is composed by itself, so that many pale ones darken where they meet.
    Lines { paths: Vec<Vec<Point>>, pen: Pen },
    /// Straight rules with flat ends (axes, ticks, grid), all in one colour.
    Rules {
        segments: Vec<(Point, Point)>,
        colour: Rgb,
        width: f64,
    },
    /// Closed polygons.
    Areas {
        rings: Vec<Vec<Point>>,
        colour: Rgb,
        alpha: f64,
    },
    /// Points.
    Markers {
        at: Vec<Point>,
        marker: Marker,
        size: f64,
        colour: Rgb,
        alpha: f64,
    },
    /// Text.
    Text(Text),
    /// A grid of colours, row-major from the top left, filling `area`.
    Image {
        area: Rect,
        columns: usize,
        pixels: Vec<Rgb>,
    },
}

/// All of a figure, in drawing order.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub width: f64,
    pub height: f64,
    /// Alternative text.
    pub title: String,
    pub ops: Vec<Op>,
}

impl Scene {
    pub fn text(&mut self, text: Text) {
        if !text.runs.is_empty() {
            self.ops.push(Op::Text(text));
        }
    }
}
