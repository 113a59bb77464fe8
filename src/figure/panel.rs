//! One panel: axes and marks, built by chaining.

use super::colour::{Colour, ColourMap};
use super::mark::{HeatMap, Kind, Mark};
use super::scale::Extent;
use super::style::Style;
use crate::error::{Error, Result};

/// Where a panel's legend stands. It never covers data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legend {
    /// Right of a figure's only panel; below several panels, shared where their series are the same.
    #[default]
    Auto,
    /// Right of the panel.
    Right,
    /// Below the panel.
    Bottom,
    /// No legend.
    None,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Axis {
    pub label: String,
    pub log: bool,
    pub range: Option<(f64, f64)>,
    pub ticks: Option<Vec<(f64, String)>>,
}

/// One pair of axes and what is drawn on them.
///
/// Marks with the same label are one series: one colour, one legend entry, in all panels of a figure. Bands and error
/// bars without a label take the colour of the mark before them. Labels know `x_{i}` and `10^{-3}`, and Greek and
/// mathematical signs as they are. Values that are not finite break a line; values that a logarithmic axis cannot show
/// are left out, and the panel says how many.
///
/// ```
/// use scurve::figure::{Figure, Panel};
/// let t: Vec<f64> = (0..=100).map(f64::from).collect();
/// let s: Vec<f64> = t.iter().map(|t| 1.0 / (1.0 + (5.0 - 0.1 * t).exp())).collect();
/// let panel = Panel::new("One skill").x("time t (step × learning rate)").y("strength s").line("s(t)", &t, &s);
/// let svg = Figure::new("").panel(panel).svg()?;
/// assert!(svg.starts_with("<svg"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Panel {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) marks: Vec<Mark>,
    pub(crate) legend: Legend,
}

impl Panel {
    /// A panel with nothing on it; an empty title takes no room.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// What the horizontal axis shows, with its unit.
    pub fn x(mut self, label: impl Into<String>) -> Self {
        self.x.label = label.into();
        self
    }

    /// What the vertical axis shows, with its unit.
    pub fn y(mut self, label: impl Into<String>) -> Self {
        self.y.label = label.into();
        self
    }

    /// Logarithmic horizontal axis.
    pub fn log_x(mut self) -> Self {
        self.x.log = true;
        self
    }

    /// Logarithmic vertical axis.
    pub fn log_y(mut self) -> Self {
        self.y.log = true;
        self
    }

    /// The horizontal axis from `low` to `high`; without it, as far as the data go.
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.x.range = Some((low, high));
        self
    }

    /// The vertical axis from `low` to `high`; without it, as far as the data go.
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.y.range = Some((low, high));
        self
    }

    /// Ticks of the horizontal axis at these values with these labels.
    pub fn x_ticks(mut self, ticks: &[(f64, &str)]) -> Self {
        self.x.ticks = Some(ticks.iter().map(|(v, l)| (*v, l.to_string())).collect());
        self
    }

    /// Ticks of the vertical axis at these values with these labels.
    pub fn y_ticks(mut self, ticks: &[(f64, &str)]) -> Self {
        self.y.ticks = Some(ticks.iter().map(|(v, l)| (*v, l.to_string())).collect());
        self
    }

    /// Where the legend stands.
    pub fn legend(mut self, legend: Legend) -> Self {
        self.legend = legend;
        self
    }

    fn mark(mut self, label: impl Into<String>, kind: Kind) -> Self {
        self.marks.push(Mark {
            label: label.into(),
            kind,
            style: Style::default(),
        });
        self
    }

    /// Draws the mark added last in this style.
    pub fn styled(mut self, style: Style) -> Self {
        if let Some(mark) = self.marks.last_mut() {
            mark.style = style;
        }
        self
    }

    /// A line through the points, broken where a value is not finite.
    pub fn line(self, label: impl Into<String>, xs: &[f64], ys: &[f64]) -> Self {
        self.mark(
            label,
            Kind::Line {
                xs: xs.to_vec(),
                ys: ys.to_vec(),
            },
        )
    }

    /// A line in a style.
    pub fn line_styled(
        self,
        label: impl Into<String>,
        xs: &[f64],
        ys: &[f64],
        style: Style,
    ) -> Self {
        self.line(label, xs, ys).styled(style)
    }

    /// Member `index` of an ordered family of `of` lines: dark to light.
    pub fn line_ordered(
        self,
        label: impl Into<String>,
        index: usize,
        of: usize,
        xs: &[f64],
        ys: &[f64],
    ) -> Self {
        self.line(label, xs, ys)
            .styled(Style::new().colour(Colour::Ordered { index, of }))
    }

    /// Many thin, pale lines with one legend entry: the curves of single seeds. A [`Panel::line`] with the same label,
    /// added after it, shows their median in the same colour.
    pub fn light_lines(self, label: impl Into<String>, lines: Vec<(Vec<f64>, Vec<f64>)>) -> Self {
        self.mark(label, Kind::LightLines(lines))
    }

    /// The region between `low` and `high`.
    pub fn band(self, label: impl Into<String>, xs: &[f64], low: &[f64], high: &[f64]) -> Self {
        self.mark(
            label,
            Kind::Band {
                xs: xs.to_vec(),
                low: low.to_vec(),
                high: high.to_vec(),
            },
        )
    }

    /// Points.
    pub fn scatter(self, label: impl Into<String>, xs: &[f64], ys: &[f64]) -> Self {
        self.mark(
            label,
            Kind::Scatter {
                xs: xs.to_vec(),
                ys: ys.to_vec(),
            },
        )
    }

    /// Points with an interval from `low` to `high`, both positions on the axis (not distances).
    pub fn error_bars(
        self,
        label: impl Into<String>,
        xs: &[f64],
        ys: &[f64],
        low: &[f64],
        high: &[f64],
    ) -> Self {
        let (xs, ys, low, high) = (xs.to_vec(), ys.to_vec(), low.to_vec(), high.to_vec());
        self.mark(label, Kind::ErrorBars { xs, ys, low, high })
    }

    /// How many of `values` fall into each of `bins` bins of equal width (equal ratio on a logarithmic axis).
    pub fn histogram(self, label: impl Into<String>, values: &[f64], bins: usize) -> Self {
        self.mark(
            label,
            Kind::Histogram {
                values: values.to_vec(),
                bins,
            },
        )
    }

    /// A bar for each category; several calls with the same categories stand side by side.
    pub fn bars<S: AsRef<str>>(
        self,
        label: impl Into<String>,
        categories: &[S],
        values: &[f64],
    ) -> Self {
        let categories = categories.iter().map(|c| c.as_ref().to_string()).collect();
        self.mark(
            label,
            Kind::Bars {
                categories,
                values: values.to_vec(),
                interval: None,
            },
        )
    }

    /// Bars with an interval from `low` to `high`.
    pub fn bars_with_interval<S: AsRef<str>>(
        self,
        label: impl Into<String>,
        categories: &[S],
        values: &[f64],
        low: &[f64],
        high: &[f64],
    ) -> Self {
        let categories = categories.iter().map(|c| c.as_ref().to_string()).collect();
        let interval = Some((low.to_vec(), high.to_vec()));
        self.mark(
            label,
            Kind::Bars {
                categories,
                values: values.to_vec(),
                interval,
            },
        )
    }

    /// Colours for `values[row * xs.len() + column]` at (`xs[column]`, `ys[row]`), the middles of the cells, with a
    /// colour bar; `log` spaces the colours logarithmically. Cells that are not finite stay grey.
    pub fn heat_map(
        self,
        xs: &[f64],
        ys: &[f64],
        values: &[f64],
        bar_label: impl Into<String>,
        log: bool,
    ) -> Self {
        let map = HeatMap {
            xs: xs.to_vec(),
            ys: ys.to_vec(),
            values: values.to_vec(),
            label: bar_label.into(),
            log,
            map: ColourMap::default(),
            range: None,
        };
        self.mark("", Kind::HeatMap(map))
    }

    fn last_heat_map(&mut self) -> Option<&mut HeatMap> {
        self.marks.iter_mut().rev().find_map(|m| match &mut m.kind {
            Kind::HeatMap(map) => Some(map),
            _ => None,
        })
    }

    /// The colour map of the heat map.
    pub fn colour_map(mut self, map: ColourMap) -> Self {
        if let Some(heat) = self.last_heat_map() {
            heat.map = map;
        }
        self
    }

    /// The values at the ends of the heat map's colours; without it, those of the data.
    pub fn colour_range(mut self, low: f64, high: f64) -> Self {
        if let Some(heat) = self.last_heat_map() {
            heat.range = Some((low, high));
        }
        self
    }

    /// A vertical line at `x`, with a text at its top.
    pub fn v_line(self, x: f64, text: impl Into<String>) -> Self {
        self.mark(text, Kind::VLine(x))
    }

    /// A horizontal line at `y`, with a text at its right end.
    pub fn h_line(self, y: f64, text: impl Into<String>) -> Self {
        self.mark(text, Kind::HLine(y))
    }

    /// A text beside the point (`x`, `y`).
    pub fn text(self, x: f64, y: f64, text: impl Into<String>) -> Self {
        self.mark(text, Kind::Text { x, y })
    }

    /// The line y = x, for comparing two measures of one thing.
    pub fn diagonal(self) -> Self {
        self.mark("", Kind::Diagonal)
    }

    /// Refuses what cannot be drawn, naming the panel.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, axis) in [("x", &self.x), ("y", &self.y)] {
            let positive = if axis.log {
                ", both positive (the axis is logarithmic)"
            } else {
                ""
            };
            if let Some((low, high)) = axis.range
                && !(low < high && low.is_finite() && high.is_finite() && (!axis.log || low > 0.0))
            {
                return Err(Error::setting(
                    format!("panel “{}”: {name}_range", self.title),
                    format!("({low}, {high})"),
                    format!("finite, from less to more{positive}"),
                ));
            }
        }
        self.marks
            .iter()
            .try_for_each(|mark| mark.check(self.x.log, self.y.log))?;
        let mut categories: Option<&Vec<String>> = None;
        for mark in &self.marks {
            if let Kind::Bars {
                categories: own, ..
            } = &mark.kind
            {
                if categories.is_some_and(|c| c != own) {
                    return Err(Error::setting(
                        format!("{}: categories", mark.name()),
                        format!("{own:?}"),
                        "the same for all bars of a panel, in the same order",
                    ));
                }
                if self.x.log {
                    return Err(Error::Figure(format!(
                        "{}: categories have no logarithmic axis; leave out log_x",
                        mark.name()
                    )));
                }
                categories = Some(own);
            }
        }
        Ok(())
    }

    /// The categories of its bars.
    pub(crate) fn categories(&self) -> Option<&[String]> {
        self.marks.iter().find_map(|m| match &m.kind {
            Kind::Bars { categories, .. } => Some(categories.as_slice()),
            _ => None,
        })
    }

    /// Its heat map, the last one where there are several.
    pub(crate) fn heat(&self) -> Option<&HeatMap> {
        self.marks.iter().rev().find_map(|m| match &m.kind {
            Kind::HeatMap(map) => Some(map),
            _ => None,
        })
    }

    /// The ranges of its axes, and whether it has anything to show.
    pub(crate) fn ranges(&self) -> ((f64, f64), (f64, f64), bool) {
        let (mut x, mut y) = (Extent::new(self.x.log), Extent::new(self.y.log));
        for mark in &self.marks {
            mark.extend(&mut x, &mut y, self.x.log, self.y.log);
        }
        let empty = x.is_empty() || y.is_empty();
        let tight = self.heat().is_some();
        // Bars and counts stand on the axis.
        let stands = self
            .marks
            .iter()
            .any(|m| matches!(m.kind, Kind::Histogram { .. } | Kind::Bars { .. }));
        let pad_x = if tight || self.categories().is_some() {
            0.0
        } else {
            0.02
        };
        let pad_y = if tight { 0.0 } else { 0.05 };
        let pad_low = if stands && y.low >= 0.0 { 0.0 } else { pad_y };
        let own = |axis: &Axis, auto: (f64, f64)| axis.range.unwrap_or(auto);
        (
            own(&self.x, x.padded(pad_x, pad_x)),
            own(&self.y, y.padded(pad_low, pad_y)),
            empty,
        )
    }
}
