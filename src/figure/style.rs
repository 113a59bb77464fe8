//! How a series is drawn: colour, dash, marker, width, opacity.

use super::colour::{Colour, Rgb};
use crate::error::{Error, Result};

/// The dash pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Dash {
    Solid,
    Dashed,
    Dotted,
    DashDot,
    LongDash,
    DashDotDot,
    ShortDash,
}

impl Dash {
    /// Lengths drawn and left out in turn, in line widths, for round ends (which add one width to each length drawn).
    pub(crate) fn pattern(self) -> &'static [f64] {
        match self {
            Dash::Solid => &[],
            Dash::Dashed => &[4.0, 2.6],
            Dash::Dotted => &[0.01, 2.2],
            Dash::DashDot => &[4.5, 2.4, 0.01, 2.4],
            Dash::LongDash => &[8.0, 2.8],
            Dash::DashDotDot => &[5.0, 2.3, 0.01, 2.3, 0.01, 2.3],
            Dash::ShortDash => &[1.8, 2.3],
        }
    }
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Plus,
    TriangleDown,
}

impl Marker {
    /// Corners of the closed outline for a marker of area about that of a circle of diameter 1; none for the circle.
    pub(crate) fn outline(self) -> Vec<(f64, f64)> {
        let bar = 0.13; // half the thickness of an arm of + and ×
        let plus = [
            (-0.56, -bar),
            (-bar, -bar),
            (-bar, -0.56),
            (bar, -0.56),
            (bar, -bar),
            (0.56, -bar),
            (0.56, bar),
            (bar, bar),
            (bar, 0.56),
            (-bar, 0.56),
            (-bar, bar),
            (-0.56, bar),
        ];
        match self {
            Marker::Circle => Vec::new(),
            Marker::Square => vec![(-0.45, -0.45), (0.45, -0.45), (0.45, 0.45), (-0.45, 0.45)],
            Marker::Triangle => vec![(0.0, -0.62), (0.58, 0.42), (-0.58, 0.42)],
            Marker::TriangleDown => vec![(0.0, 0.62), (-0.58, -0.42), (0.58, -0.42)],
            Marker::Diamond => vec![(0.0, -0.64), (0.56, 0.0), (0.0, 0.64), (-0.56, 0.0)],
            Marker::Plus => plus.to_vec(),
            Marker::Cross => {
                let c = std::f64::consts::FRAC_1_SQRT_2;
                plus.iter()
                    .map(|&(x, y)| (c * (x - y), c * (x + y)))
                    .collect()
            }
        }
    }
}

/// How a series is drawn. What is not set follows from the kind of mark and from the series' place in the figure.
///
/// ```
/// use scurve::figure::{Colour, Dash, Style};
/// let theory = Style::new().colour(Colour::Ink).dash(Dash::Dashed).width(1.0);
/// let pale = Style::new().cycle(2).alpha(0.4);
/// # let _ = (theory, pale);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Style {
    pub(crate) colour: Option<Colour>,
    pub(crate) dash: Option<Dash>,
    pub(crate) marker: Option<Marker>,
    pub(crate) width: Option<f64>,
    pub(crate) alpha: Option<f64>,
    pub(crate) size: Option<f64>,
}

impl Style {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The colour.
    pub fn colour(mut self, colour: Colour) -> Self {
        self.colour = Some(colour);
        self
    }

    /// The colour, dash and marker at place `index` of the cycle.
    pub fn cycle(self, index: usize) -> Self {
        self.colour(Colour::Cycle(index))
    }

    /// This very colour, red, green, blue.
    pub fn rgb(self, red: u8, green: u8, blue: u8) -> Self {
        self.colour(Colour::Exact(Rgb(red, green, blue)))
    }

    /// The dash pattern.
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = Some(dash);
        self
    }

    /// A marker at every point; lines have none unless it is set.
    pub fn marker(mut self, marker: Marker) -> Self {
        self.marker = Some(marker);
        self
    }

    /// Line width in pixels, more than 0 and at most 20.
    pub fn width(mut self, width: f64) -> Self {
        self.width = Some(width);
        self
    }

    /// Opacity, more than 0 and at most 1.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = Some(alpha);
        self
    }

    /// Marker diameter in pixels, more than 0 and at most 60.
    pub fn size(mut self, size: f64) -> Self {
        self.size = Some(size);
        self
    }

    pub(crate) fn check(&self, series: &str) -> Result<()> {
        let within = |name: &str, value: Option<f64>, most: f64| match value {
            Some(v) if !(v > 0.0 && v <= most) => Err(Error::setting(
                format!("{series}: {name}"),
                v,
                format!("more than 0 and at most {most}"),
            )),
            _ => Ok(()),
        };
        within("width", self.width, 20.0)?;
        within("alpha", self.alpha, 1.0)?;
        within("size", self.size, 60.0)?;
        if let Some(Colour::Ordered { index, of }) = self.colour
            && index >= of
        {
            return Err(Error::setting(
                format!("{series}: index"),
                index,
                format!("less than the {of} members of the ordered family"),
            ));
        }
        Ok(())
    }
}
