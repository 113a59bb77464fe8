//! The frame of a panel: how much room its labels need, its ticks, its axes.

use super::label;
use super::panel::{Axis, Legend, Panel};
use super::scale::{Point, Rect, Scale};
use super::scene::{Anchor, Op, Scene, Text};
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

const BAR_WIDTH: f64 = 12.0;
const BAR_GAP: f64 = 12.0;

fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    texts
        .into_iter()
        .map(|t| label::width(t, size, false))
        .fold(0.0, f64::max)
}

fn axis_ticks(axis: &Axis, range: (f64, f64), most: usize) -> Ticks {
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

fn x_label(panel: &Panel, most: f64) -> Vec<String> {
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

impl Frame {
    /// The scales for axes drawn in `plot`.
    pub fn scales(&self, panel: &Panel, plot: &Rect) -> (Scale, Scale) {
        let x = Scale {
            log: panel.x.log,
            low: self.x.0,
            high: self.x.1,
            from: plot.left,
            to: plot.right,
        };
        let y = Scale {
            log: panel.y.log,
            low: self.y.0,
            high: self.y.1,
            from: plot.bottom,
            to: plot.top,
        };
        (x, y)
    }

    /// Ticks of the horizontal axis: as many as fit without touching.
    fn x_ticks(&self, panel: &Panel, scale: &Scale, plot: &Rect) -> Ticks {
        if self.categories.is_some() {
            return Ticks::default();
        }
        let mut most = (plot.width() / 36.0).clamp(2.0, 11.0) as usize;
        loop {
            let ticks = axis_ticks(&panel.x, self.x, most);
            let places: Vec<(f64, f64)> = ticks
                .major
                .iter()
                .filter_map(|t| {
                    scale
                        .at(t.value)
                        .map(|x| (x, label::width(&t.label, theme::TICK, false) / 2.0))
                })
                .collect();
            if most <= 2
                || places
                    .windows(2)
                    .all(|w| w[1].0 - w[1].1 - w[0].0 - w[0].1 >= 9.0)
            {
                return ticks;
            }
            most -= 1;
        }
    }

    /// Draws the grid, below the data.
    pub fn grid(&self, scene: &mut Scene, panel: &Panel, plot: &Rect) {
        if panel.heat().is_some() {
            return;
        }
        let (x, y) = self.scales(panel, plot);
        let mut segments: Vec<(Point, Point)> = Vec::new();
        for tick in &self.x_ticks(panel, &x, plot).major {
            segments.extend(place(&x, tick.value).map(|at| ((at, plot.top), (at, plot.bottom))));
        }
        for tick in &self.y_ticks.major {
            segments.extend(place(&y, tick.value).map(|at| ((plot.left, at), (plot.right, at))));
        }
        scene.ops.push(Op::Rules {
            segments,
            colour: theme::GRID,
            width: 1.0,
        });
    }

    /// Draws axes, ticks, labels, title and colour bar.
    pub fn axes(&self, scene: &mut Scene, panel: &Panel, plot: &Rect, cell: &Rect) {
        let (x, y) = self.scales(panel, plot);
        let mut segments = vec![
            (
                (plot.left - 0.5, plot.bottom),
                (plot.right + 0.5, plot.bottom),
            ),
            ((plot.left, plot.top - 0.5), (plot.left, plot.bottom + 0.5)),
        ];
        if panel.heat().is_some() {
            segments.push(((plot.left - 0.5, plot.top), (plot.right + 0.5, plot.top)));
            segments.push((
                (plot.right, plot.top - 0.5),
                (plot.right, plot.bottom + 0.5),
            ));
        }
        let x_ticks = self.x_ticks(panel, &x, plot);
        let below = |at: f64, length: f64| ((at, plot.bottom), (at, plot.bottom + length));
        let beside = |at: f64, length: f64| ((plot.left - length, at), (plot.left, at));
        for (ticks, scale, upright) in [(&x_ticks, &x, true), (&self.y_ticks, &y, false)] {
            let lengths = ticks.major.iter().map(|t| (t.value, theme::TICK_LENGTH));
            for (value, length) in
                lengths.chain(ticks.minor.iter().map(|v| (*v, theme::MINOR_LENGTH)))
            {
                let at = place(scale, value);
                segments.extend(at.map(|at| {
                    if upright {
                        below(at, length)
                    } else {
                        beside(at, length)
                    }
                }));
            }
        }
        scene.ops.push(Op::Rules {
            segments,
            colour: theme::AXIS,
            width: 1.0,
        });

        let baseline = plot.bottom + theme::TICK_LENGTH + 4.0 + theme::TICK * 0.9;
        for tick in &x_ticks.major {
            if let Some(at) = place(&x, tick.value) {
                scene.text(
                    Text::new((at, baseline), &tick.label, theme::TICK, theme::TEXT)
                        .anchor(Anchor::Middle),
                );
            }
        }
        for tick in &self.y_ticks.major {
            if let Some(at) = place(&y, tick.value) {
                let at = (
                    plot.left - theme::TICK_LENGTH - 3.0,
                    at + theme::MIDDLE * theme::TICK,
                );
                scene
                    .text(Text::new(at, &tick.label, theme::TICK, theme::TEXT).anchor(Anchor::End));
            }
        }
        self.category_labels(scene, &x, baseline);
        self.labels(scene, panel, plot, cell);
        self.bar(scene, panel, plot);
    }

    fn category_labels(&self, scene: &mut Scene, x: &Scale, baseline: f64) {
        let Some((categories, upright)) = &self.categories else {
            return;
        };
        for (i, lines) in categories.iter().enumerate() {
            let Some(at) = x.at(i as f64) else { continue };
            for (row, line) in lines.iter().enumerate() {
                let text = if *upright {
                    let at = (
                        at + theme::MIDDLE * theme::TICK,
                        baseline - theme::TICK * 0.9,
                    );
                    Text::new(at, line, theme::TICK, theme::TEXT)
                        .anchor(Anchor::End)
                        .upward()
                } else {
                    let at = (at, baseline + row as f64 * theme::TICK * theme::LINE);
                    Text::new(at, line, theme::TICK, theme::TEXT).anchor(Anchor::Middle)
                };
                scene.text(text);
            }
        }
    }

    fn labels(&self, scene: &mut Scene, panel: &Panel, plot: &Rect, cell: &Rect) {
        for (i, line) in self.title.iter().enumerate() {
            let up = (self.title.len() - 1 - i) as f64 * theme::TITLE * theme::LINE;
            let at = (plot.left, plot.top - 9.0 - up);
            scene.text(Text::new(at, line, theme::TITLE, theme::TEXT).bold());
        }
        let x_lines = x_label(panel, cell.width() - 60.0);
        let last = plot.bottom + self.below - theme::LABEL * 0.3;
        for (i, line) in x_lines.iter().enumerate() {
            let up = (x_lines.len() - 1 - i) as f64 * theme::LABEL * theme::LINE;
            // Centred on the axes, unless that runs over the cell's edge.
            let half = label::width(line, theme::LABEL, false) / 2.0;
            let middle = (plot.left + plot.right) / 2.0;
            let middle = middle.min(cell.right - half).max(cell.left + half);
            scene.text(
                Text::new((middle, last - up), line, theme::LABEL, theme::TEXT)
                    .anchor(Anchor::Middle),
            );
        }
        for (i, line) in self.y_label.iter().enumerate() {
            let right = (i as f64 + 0.85) * theme::LABEL * theme::LINE;
            let at = (
                plot.left - self.margins.left + right,
                (plot.top + plot.bottom) / 2.0,
            );
            scene.text(
                Text::new(at, line, theme::LABEL, theme::TEXT)
                    .anchor(Anchor::Middle)
                    .upward(),
            );
        }
    }

    fn bar(&self, scene: &mut Scene, panel: &Panel, plot: &Rect) {
        let (Some(bar), Some(map)) = (&self.bar, panel.heat()) else {
            return;
        };
        let left = plot.right + BAR_GAP;
        let area = Rect {
            left,
            top: plot.top,
            right: left + BAR_WIDTH,
            bottom: plot.bottom,
        };
        let steps = 128;
        let pixels = (0..steps)
            .map(|i| map.map.at(1.0 - (i as f64 + 0.5) / steps as f64))
            .collect();
        scene.ops.push(Op::Image {
            area,
            columns: 1,
            pixels,
        });
        let scale = Scale {
            log: bar.log,
            low: bar.range.0,
            high: bar.range.1,
            from: plot.bottom,
            to: plot.top,
        };
        let mut segments = vec![
            ((area.left, area.top), (area.right, area.top)),
            ((area.left, area.bottom), (area.right, area.bottom)),
            ((area.left, area.top - 0.5), (area.left, area.bottom + 0.5)),
            (
                (area.right, area.top - 0.5),
                (area.right, area.bottom + 0.5),
            ),
        ];
        let mut widest = 0.0_f64;
        for tick in &bar.ticks.major {
            let Some(at) = place(&scale, tick.value) else {
                continue;
            };
            segments.push(((area.right, at), (area.right + theme::TICK_LENGTH, at)));
            let text = (
                area.right + theme::TICK_LENGTH + 3.0,
                at + theme::MIDDLE * theme::TICK,
            );
            scene.text(Text::new(text, &tick.label, theme::TICK, theme::TEXT));
            widest = widest.max(label::width(&tick.label, theme::TICK, false));
        }
        for at in bar.ticks.minor.iter().filter_map(|v| place(&scale, *v)) {
            segments.push(((area.right, at), (area.right + theme::MINOR_LENGTH, at)));
        }
        scene.ops.push(Op::Rules {
            segments,
            colour: theme::AXIS,
            width: 1.0,
        });
        for (i, line) in bar.label.iter().enumerate() {
            let right = area.right
                + theme::TICK_LENGTH
                + 5.0
                + widest
                + (i as f64 + 0.85) * theme::LABEL * theme::LINE;
            let at = (right, (plot.top + plot.bottom) / 2.0);
            scene.text(
                Text::new(at, line, theme::LABEL, theme::TEXT)
                    .anchor(Anchor::Middle)
                    .upward(),
            );
        }
    }
}

/// The pixel of a tick, in the middle of a pixel so that the rule is sharp; `None` outside the axis.
fn place(scale: &Scale, value: f64) -> Option<f64> {
    let at = scale.at(value)?;
    let (low, high) = (scale.from.min(scale.to), scale.from.max(scale.to));
    (at >= low - 0.6 && at <= high + 0.6).then(|| (at - 0.5).round() + 0.5)
}

/// Whether a panel's legend is its own affair.
pub(crate) fn own_legend(panel: &Panel) -> bool {
    matches!(panel.legend, Legend::Right | Legend::Bottom)
}
