//! Legends: samples with labels, in a column or flowing in rows.

use super::colour;
use super::label;
use super::scale::Point;
use super::scene::{Op, Pen, Scene, Text};
use super::series::{Entry, Look};
use super::style::Dash;
use super::theme;

const SAMPLE: f64 = 28.0;
const BETWEEN: f64 = 7.0;
const APART: f64 = 20.0;

/// A legend with the place of every entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strip {
    items: Vec<(Point, Entry, Vec<String>)>,
    pub width: f64,
    pub height: f64,
}

fn line_height() -> f64 {
    (theme::LEGEND * theme::LINE).ceil()
}

fn item_lines(entry: &Entry, most: f64) -> (Vec<String>, f64) {
    let lines = label::wrap(&entry.label, theme::LEGEND, false, most - SAMPLE - BETWEEN);
    let width = lines
        .iter()
        .map(|l| label::width(l, theme::LEGEND, false))
        .fold(0.0, f64::max);
    // A reader's own font may be a little wider than ours.
    (lines, SAMPLE + BETWEEN + 1.03 * width)
}

/// Entries below one another, labels wrapped to `most` pixels.
pub(crate) fn column(entries: &[Entry], most: f64) -> Strip {
    let mut strip = Strip::default();
    for entry in entries {
        let (lines, width) = item_lines(entry, most);
        let top = strip.height;
        strip.height += lines.len() as f64 * line_height() + 3.0;
        strip.width = strip.width.max(width);
        strip.items.push(((0.0, top), entry.clone(), lines));
    }
    strip
}

/// Entries in rows of at most `most` pixels.
pub(crate) fn rows(entries: &[Entry], most: f64) -> Strip {
    let mut strip = Strip::default();
    let (mut x, mut y, mut tall) = (0.0, 0.0, 0.0_f64);
    for entry in entries {
        let (lines, width) = item_lines(entry, most);
        if x > 0.0 && x + width > most {
            (x, y, tall) = (0.0, y + tall, 0.0);
        }
        tall = tall.max(lines.len() as f64 * line_height() + 2.0);
        strip.width = strip.width.max(x + width);
        strip.items.push(((x, y), entry.clone(), lines));
        x += width + APART;
    }
    strip.height = if entries.is_empty() { 0.0 } else { y + tall };
    strip
}

impl Strip {
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Draws the legend with its top left corner at `origin`.
    pub fn draw(&self, scene: &mut Scene, origin: Point) {
        for ((x, y), entry, lines) in &self.items {
            let (left, top) = (origin.0 + x, origin.1 + y);
            let middle = top + line_height() / 2.0;
            sample(scene, entry, left, middle);
            for (i, line) in lines.iter().enumerate() {
                let baseline = middle + theme::MIDDLE * theme::LEGEND + i as f64 * line_height();
                scene.text(Text::new(
                    (left + SAMPLE + BETWEEN, baseline),
                    line,
                    theme::LEGEND,
                    theme::TEXT,
                ));
            }
        }
    }
}

fn sample(scene: &mut Scene, entry: &Entry, left: f64, middle: f64) {
    let block = |half: f64| {
        vec![
            (left, middle - half),
            (left + SAMPLE, middle - half),
            (left + SAMPLE, middle + half),
            (left, middle + half),
        ]
    };
    if let Some(Look { colour, alpha, .. }) = entry.band {
        scene.ops.push(Op::Areas {
            rings: vec![block(5.0)],
            colour,
            alpha,
        });
    }
    if let Some(look) = entry.bar {
        let ring = block(5.0);
        scene.ops.push(Op::Areas {
            rings: vec![ring.clone()],
            colour: look.colour,
            alpha: look.alpha,
        });
        let outline = ring.iter().chain(ring.first()).copied().collect();
        scene.ops.push(Op::Lines {
            paths: vec![outline],
            pen: Pen::solid(look.colour, 1.0),
        });
    }
    if let Some(look) = entry.line {
        // Shorter strokes than on the page, so that every pattern shows in a short sample.
        let pen = if look.dash == Dash::LongDash {
            Pen {
                width: look.width.min(1.8),
                ..look.pen()
            }
        } else {
            look.pen()
        };
        let line = vec![(left + 1.0, middle), (left + SAMPLE - 1.0, middle)];
        scene.ops.push(Op::Lines {
            paths: vec![line],
            pen,
        });
    }
    if let Some(Look {
        colour,
        alpha,
        size,
        marker,
        ..
    }) = entry.points
    {
        let at = vec![(left + SAMPLE / 2.0, middle)];
        scene.ops.push(Op::Markers {
            at,
            marker,
            size: size.max(5.0),
            colour,
            alpha,
        });
    }
    if entry.line.is_none() && entry.band.is_none() && entry.points.is_none() && entry.bar.is_none()
    {
        let line = vec![(left, middle), (left + SAMPLE, middle)];
        scene.ops.push(Op::Lines {
            paths: vec![line],
            pen: Pen::solid(colour::GREY, 1.0),
        });
    }
}
