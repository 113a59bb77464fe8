//! The frame of a panel: its ranges and ticks, and how much room its labels need.

use super::label;
use super::panel::{Axis, Legend, Panel};
use super::theme;
use super::ticks::{self, Tick, Ticks};

/// Room around the axes, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Margins {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// The colour bar's ticks and label lines.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub range: (f64, f64),
    pub log: bool,
    pub ticks: Ticks,
    pub label: Vec<String>,
}

/// A panel measured for a cell of given size.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub empty: bool,
    pub margins: Margins,
    pub y_ticks: Ticks,
    pub title: Vec<String>,
    pub y_label: Vec<String>,
    pub bar: Option<Bar>,
    /// From the axis down to the end of its own labels; the margin may be larger for a neighbour's sake.
    pub below: f64,
    /// Category labels, one list of lines each; and whether they stand upright for want of room.
    pub categories: Option<(Vec<Vec<String>>, bool)>,
}

pub(crate) const BAR_WIDTH: f64 = 12.0;
pub(crate) const BAR_GAP: f64 = 12.0;

fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    texts
        .into_iter()
        .map(|t| label::width(t, size, false))
        .fold(0.0, f64::max)
}

pub(crate) fn axis_ticks(axis: &Axis, range: (f64, f64), most: usize) -> Ticks {
    if let Some(own) = &axis.ticks {
        let inside = own
            .iter()
            .filter(|(v, _)| *v >= range.0 && *v <= range.1 && v.is_finite());
        return Ticks {
            major: inside
                .map(|(value, l)| Tick {
                    value: *value,
                    label: l.clone(),
                })
                .collect(),
            minor: vec![],
        };
    }
    if axis.log {
        ticks::log(range.0, range.1, most)
    } else {
        ticks::linear(range.0, range.1, most)
    }
}

/// Measures a panel for a cell of `width` × `height`.
pub(crate) fn measure(panel: &Panel, width: f64, height: f64) -> Frame {
    let (x, y, empty) = panel.ranges();
    let title = if panel.title.is_empty() {
        vec![]
    } else {
        label::wrap(&panel.title, theme::TITLE, true, width - 50.0)
    };
    let top = if title.is_empty() {
        9.0
    } else {
        theme::lines(title.len(), theme::TITLE) + 8.0
    };
    let x_label_lines = x_label(panel, width - 60.0).len();
    let label_room = if x_label_lines == 0 {
        0.0
    } else {
        theme::lines(x_label_lines, theme::LABEL) + 1.0
    };
    let categories = panel
        .categories()
        .map(|c| category_lines(c, (width - 70.0).max(40.0)));
    let tick_room = match &categories {
        None => theme::TICK * 1.35,
        Some((lines, false)) => {
            theme::lines(lines.iter().map(Vec::len).max().unwrap_or(1), theme::TICK)
        }
        Some((lines, true)) => {
            widest(lines.iter().flatten().map(String::as_str), theme::TICK).min(height / 2.5)
        }
    };
    let bottom = theme::TICK_LENGTH + 3.0 + tick_room + label_room;
    let plot_height = (height - top - bottom).max(30.0);
    let y_ticks = axis_ticks(&panel.y, y, ((plot_height / 30.0) as usize).min(9));
    let tick_width = widest(y_ticks.major.iter().map(|t| t.label.as_str()), theme::TICK);
    let y_label = wrap_or_none(&panel.y.label, theme::LABEL, plot_height);
    let y_label_room = if y_label.is_empty() {
        0.0
    } else {
        theme::lines(y_label.len(), theme::LABEL) + 4.0
    };
    let left = theme::TICK_LENGTH + 4.0 + tick_width + y_label_room;
    let bar = colour_bar(panel, plot_height);
    let right = bar.as_ref().map_or(12.0, |bar| {
        let ticks = widest(
            bar.ticks.major.iter().map(|t| t.label.as_str()),
            theme::TICK,
        );
        let label = if bar.label.is_empty() {
            0.0
        } else {
            theme::lines(bar.label.len(), theme::LABEL) + 2.0
        };
        BAR_GAP + BAR_WIDTH + theme::TICK_LENGTH + 3.0 + ticks + label + 4.0
    });
    let margins = Margins {
        left: left.ceil(),
        right: right.ceil(),
        top: top.ceil(),
        bottom: bottom.ceil(),
    };
    Frame {
        x,
        y,
        empty,
        margins,
        y_ticks,
        title,
        y_label,
        bar,
        below: margins.bottom,
        categories,
    }
}

fn wrap_or_none(text: &str, size: f64, most: f64) -> Vec<String> {
    if text.is_empty() {
        Vec::new()
    } else {
        label::wrap(text, size, false, most)
    }
}

pub(crate) fn x_label(panel: &Panel, most: f64) -> Vec<String> {
    wrap_or_none(&panel.x.label, theme::LABEL, most)
}

/// Category labels wrapped to their slots; upright where a word does not fit.
fn category_lines(categories: &[String], width: f64) -> (Vec<Vec<String>>, bool) {
    let slot = width / categories.len().max(1) as f64 - 6.0;
    let wrapped: Vec<Vec<String>> = categories
        .iter()
        .map(|c| label::wrap(c, theme::TICK, false, slot))
        .collect();
    if widest(wrapped.iter().flatten().map(String::as_str), theme::TICK) <= slot + 4.0 {
        (wrapped, false)
    } else {
        (categories.iter().map(|c| vec![c.clone()]).collect(), true)
    }
}

fn colour_bar(panel: &Panel, height: f64) -> Option<Bar> {
    let map = panel.heat()?;
    let range = super::heat::range(map);
    let most = ((height / 30.0) as usize).min(9);
    let ticks = if map.log {
        ticks::log(range.0, range.1, most)
    } else {
        ticks::linear(range.0, range.1, most)
    };
    Some(Bar {
        range,
        log: map.log,
        ticks,
        label: wrap_or_none(&map.label, theme::LABEL, height),
    })
}

/// Whether a panel's legend is its own affair.
pub(crate) fn own_legend(panel: &Panel) -> bool {
    matches!(panel.legend, Legend::Right | Legend::Bottom)
}
