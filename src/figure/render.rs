//! A scene drawn with [`plotters`]: one renderer for all of its backends.
//!
//! The backends place everything on whole units, so the scene is drawn on a grid finer than a pixel: `grid` units make
//! one pixel of the figure. What a kind of output needs besides is in [`super::svg`] and [`super::bitmap`].

use super::colour::Rgb;
use super::font;
use super::label;
use super::path;
use super::scale::Point;
use super::scene::{Anchor, Op, Text};
use super::style::Marker;
use crate::error::Error;
use plotters::prelude::{Color, DrawingBackend, RGBAColor, RGBColor, ShapeStyle, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform};
use plotters_backend::{BackendCoord, DrawingErrorKind};

/// What a drawing of backend `B` may end with.
pub(crate) type Drawn<B> = Result<(), DrawingErrorKind<<B as DrawingBackend>::ErrorType>>;

/// plotters' font sizes are this many times the size of the em (the SVG backend divides by it).
pub(crate) const PLOTTERS_EM: f64 = 1.24;
/// From the top that plotters anchors a text at down to its baseline, in ems (the SVG backend's `dy`).
pub(crate) const ASCENT: f64 = 0.76;

/// A drawing error of plotters as the figure's.
pub(crate) fn failed<E: std::error::Error + Send + Sync>(error: DrawingErrorKind<E>) -> Error {
    Error::Figure(format!("plotters could not draw it: {error}"))
}

/// Pixels to the grid; what is very far outside stays far outside without leaving the integers.
pub(crate) fn units(value: f64, grid: f64) -> i32 {
    (value * grid).round().clamp(-1e6, 1e6) as i32
}

fn place(p: Point, grid: f64) -> BackendCoord {
    (units(p.0, grid), units(p.1, grid))
}

pub(crate) fn opaque(Rgb(r, g, b): Rgb) -> RGBAColor {
    RGBColor(r, g, b).to_rgba()
}

fn ink(colour: Rgb, alpha: f64) -> RGBAColor {
    // Three decimals: what the SVG writes stays short.
    opaque(colour).mix((alpha * 1000.0).round() / 1000.0)
}

fn stroke(colour: RGBAColor, width: f64, grid: f64) -> ShapeStyle {
    colour.stroke_width(units(width, grid).max(1) as u32)
}

/// Draws one thing on a page with `grid` units a pixel.
pub(crate) fn draw<B: DrawingBackend>(back: &mut B, grid: f64, op: &Op) -> Drawn<B> {
    match op {
        Op::Lines { paths, pen } => {
            let style = stroke(ink(pen.colour, pen.alpha), pen.width, grid);
            let pattern = pen.pattern();
            for path in paths {
                for piece in path::dash(path, &pattern) {
                    back.draw_path(piece.into_iter().map(|p| place(p, grid)), &style)?;
                }
            }
        }
        Op::Rules {
            segments,
            colour,
            width,
        } => {
            let style = stroke(opaque(*colour), *width, grid);
            for &(from, to) in segments {
                back.draw_line(place(from, grid), place(to, grid), &style)?;
            }
        }
        Op::Areas {
            rings,
            colour,
            alpha,
        } => {
            let style = ink(*colour, *alpha).filled();
            for ring in rings {
                back.fill_polygon(ring.iter().map(|&p| place(p, grid)), &style)?;
            }
        }
        Op::Markers {
            at,
            marker,
            size,
            colour,
            alpha,
        } => markers(back, grid, at, *marker, *size, ink(*colour, *alpha))?,
        Op::Text(text) => letters(back, grid, text)?,
        Op::Image {
            area,
            columns,
            pixels,
        } => {
            let rows = pixels.len() / (*columns).max(1);
            let x = |i: usize| units(area.left + area.width() * i as f64 / *columns as f64, grid);
            let y = |i: usize| units(area.top + area.height() * i as f64 / rows as f64, grid);
            for (i, &colour) in pixels.iter().take(rows * columns).enumerate() {
                let (row, column) = (i / columns, i % columns);
                let corners = ((x(column), y(row)), (x(column + 1), y(row + 1)));
                back.draw_rect(corners.0, corners.1, &opaque(colour), true)?;
            }
        }
    }
    Ok(())
}

fn markers<B: DrawingBackend>(
    back: &mut B,
    grid: f64,
    at: &[Point],
    marker: Marker,
    size: f64,
    colour: RGBAColor,
) -> Drawn<B> {
    let outline = marker.outline();
    let style = colour.filled();
    let radius = units(size / 2.0, grid).max(1) as u32;
    for &(x, y) in at {
        if outline.is_empty() {
            back.draw_circle(place((x, y), grid), radius, &style, true)?;
        } else {
            let ring = outline.iter().map(|(u, v)| (x + size * u, y + size * v));
            back.fill_polygon(ring.map(|p| place(p, grid)), &style)?;
        }
    }
    Ok(())
}

/// A text of one run is anchored as it is; the runs of others stand where the embedded font says.
fn letters<B: DrawingBackend>(back: &mut B, grid: f64, text: &Text) -> Drawn<B> {
    let width = label::runs_width(&text.runs, text.size, text.bold);
    let single = text.runs.len() == 1;
    let (anchor, mut pen) = match text.anchor {
        Anchor::Middle if single => (HPos::Center, 0.0),
        Anchor::End if single => (HPos::Right, 0.0),
        Anchor::Start => (HPos::Left, 0.0),
        Anchor::Middle => (HPos::Left, -width / 2.0),
        Anchor::End => (HPos::Left, -width),
    };
    let (weight, turn) = (
        if text.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        },
        if text.upward {
            FontTransform::Rotate270
        } else {
            FontTransform::None
        },
    );
    let colour = opaque(text.colour);
    for run in &text.runs {
        let em = run.size * text.size;
        let (right, down) = (pen, -run.raise * text.size - ASCENT * em);
        let (right, down) = if text.upward {
            (down, -right)
        } else {
            (right, down)
        };
        let font = FontDesc::new(
            FontFamily::Name(font::NAME),
            em * grid * PLOTTERS_EM,
            weight,
        );
        let style = TextStyle::from(font.transform(turn.clone()))
            .color(&colour)
            .pos(Pos::new(anchor, VPos::Top));
        let at = (text.at.0 + right, text.at.1 + down);
        back.draw_text(&run.text, &style, place(at, grid))?;
        pen += label::runs_width(std::slice::from_ref(run), text.size, text.bold);
    }
    Ok(())
}
