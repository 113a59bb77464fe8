//! A scene as SVG, through plotters' SVG backend.
//!
//! The backend writes an element with all of its attributes for every stroke, area and letter; [`tidy`] folds what is alike
//! into paths with relative moves and adds what plotters cannot say: round joints, the weight and rim of text, scripts
//! within a text. Text stays text, and there are no identifiers, so that many figures share a page.

use super::bitmap;
use super::colour::Rgb;
use super::font;
use super::render::{self, failed, units};
use super::scale::Rect;
use super::scene::{Anchor, Op, Pen, Scene, Text};
use super::style::Dash;
use super::tidy::{self, Element, Layer};
use crate::display::escape;
use crate::error::Result;
use plotters::prelude::{DrawingBackend, SVGBackend};
use std::borrow::Cow;
use std::fmt::Write;

/// Units of the drawing for one pixel: plotters' positions are whole numbers.
const GRID: f64 = 20.0;

/// The scene as a complete SVG document.
pub(crate) fn svg(scene: &Scene) -> Result<String> {
    let (wide, tall) = (units(scene.width, GRID), units(scene.height, GRID));
    let (w, h) = (number(scene.width), number(scene.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {wide} {tall}\" role=\"img\" \
         font-family=\"{}\" style=\"max-width:100%;height:auto\"><title>{}</title><path fill=\"#fff\" d=\"M0 0h{wide}v{tall}H0z\"/>",
        font::FAMILY,
        escape(&scene.title),
    );
    let mut open = None;
    for op in &scene.ops {
        enter(&mut out, &mut open, common(op));
        if let Op::Image {
            area,
            columns,
            pixels,
        } = op
        {
            image(&mut out, area, *columns, pixels)?;
            continue;
        }
        let mut drawn = String::new();
        let mut back = SVGBackend::with_string(&mut drawn, (wide as u32, tall as u32));
        // Dashes are an attribute here: of a long line they would be many pieces.
        let (op, dashes) = undashed(op);
        let op = op.as_ref();
        render::draw(&mut back, GRID, op).map_err(failed)?;
        back.present().map_err(failed)?;
        drop(back);
        let elements = tidy::elements(&drawn);
        match op {
            Op::Text(text) => words(&mut out, text, &elements),
            Op::Areas { .. } => tidy::paths(&mut out, &elements, Layer::Joined, ""),
            Op::Lines { .. } => tidy::paths(&mut out, &elements, Layer::Round, &dashes),
            _ => tidy::paths(&mut out, &elements, Layer::Plain, ""),
        }
    }
    enter(&mut out, &mut open, None);
    out.push_str("</svg>\n");
    Ok(out)
}

/// What an operation's elements have in common with those of its neighbours, as attributes of a group around them all: a
/// figure may have hundreds of lines and labels.
fn common(op: &Op) -> Option<String> {
    match op {
        Op::Lines { .. } => Some(tidy::ROUND.into()),
        Op::Text(text) => {
            let mut look = format!(
                "font-size=\"{}\" fill=\"{}\"",
                number(text.size * GRID),
                tidy::short(&hex(text.colour))
            );
            match text.anchor {
                Anchor::Start => {}
                Anchor::Middle => look.push_str(" text-anchor=\"middle\""),
                Anchor::End => look.push_str(" text-anchor=\"end\""),
            }
            if text.bold {
                look.push_str(" font-weight=\"600\"");
            }
            Some(look)
        }
        _ => None,
    }
}

fn hex(Rgb(red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Ends the `open` group and begins the next, unless they are the same.
fn enter(out: &mut String, open: &mut Option<String>, next: Option<String>) {
    if *open == next {
        return;
    }
    if open.is_some() {
        out.push_str("</g>");
    }
    if let Some(attributes) = &next {
        let _ = write!(out, "<g {attributes}>");
    }
    *open = next;
}

/// Lines without their dash pattern, and the pattern as an attribute; anything else as it is.
fn undashed(op: &Op) -> (Cow<'_, Op>, String) {
    match op {
        Op::Lines { paths, pen } if pen.dash != Dash::Solid => {
            let lengths: Vec<String> = pen
                .pattern()
                .iter()
                .map(|length| units(*length, GRID).to_string())
                .collect();
            let solid = Op::Lines {
                paths: paths.clone(),
                pen: Pen {
                    dash: Dash::Solid,
                    ..*pen
                },
            };
            let attribute = format!(" stroke-dasharray=\"{}\"", lengths.join(" "));
            (Cow::Owned(solid), attribute)
        }
        _ => (Cow::Borrowed(op), String::new()),
    }
}

/// A number with at most two decimals, as short as can be.
fn number(v: f64) -> String {
    let text = format!("{v:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_string()
}

/// A heat map is embedded as a PNG: plotters' SVG backend would write a rectangle a cell.
fn image(out: &mut String, area: &Rect, columns: usize, pixels: &[Rgb]) -> Result<()> {
    let rows = pixels.len() / columns.max(1);
    let bytes: Vec<u8> = pixels.iter().flat_map(|p| [p.0, p.1, p.2]).collect();
    let data = base64(&bitmap::encode(columns, rows, &bytes, None)?);
    let _ = write!(
        out,
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>",
        number(area.left * GRID),
        number(area.top * GRID),
        number(area.width() * GRID),
        number(area.height() * GRID),
    );
    Ok(())
}

/// One text from the elements of its runs: anchored as a whole at its baseline, so that it stays in place where a reader's
/// font is wider or narrower than the embedded one, with later runs shifted inside it.
fn words(out: &mut String, text: &Text, runs: &[Element]) {
    let size = |run: &Element| number((run.number("font-size") * 10.0).round() / 10.0);
    let (x, y) = (units(text.at.0, GRID), units(text.at.1, GRID));
    out.push_str("<text");
    if text.rim {
        let width = units(3.0, GRID);
        let _ = write!(
            out,
            " stroke=\"#fff\" stroke-width=\"{width}\" stroke-linejoin=\"round\" paint-order=\"stroke\""
        );
    }
    if text.upward {
        let _ = write!(out, " transform=\"translate({x} {y})rotate(-90)\">");
    } else {
        let _ = write!(out, " x=\"{x}\" y=\"{y}\">");
    }
    let mut raised = 0.0;
    for (run, element) in text.runs.iter().zip(runs) {
        let down = units((raised - run.raise) * text.size, GRID);
        if down == 0 && run.size == 1.0 {
            out.push_str(element.text);
        } else {
            out.push_str("<tspan");
            if down != 0 {
                let _ = write!(out, " dy=\"{down}\"");
            }
            if run.size != 1.0 {
                let _ = write!(out, " font-size=\"{}\"", size(element));
            }
            let _ = write!(out, ">{}</tspan>", element.text);
        }
        raised = run.raise;
    }
    out.push_str("</text>");
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for i in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * i) & 63) as usize] as char;
            out.push(if i <= group.len() { letter } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_known_answers() {
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"M"), "TQ==");
        assert_eq!(base64(b""), "");
    }
}
