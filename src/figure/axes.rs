//! The frame drawn: grid, axes, ticks, labels, title and colour bar.

use super::frame::{BAR_GAP, BAR_WIDTH, Frame, axis_ticks, x_label};
use super::label;
use super::panel::Panel;
use super::scale::{Point, Rect, Scale};
use super::scene::{Anchor, Op, Scene, Text};
use super::theme;
use super::ticks::Ticks;

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
