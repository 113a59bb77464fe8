//! A scene as SVG: text stays text, no identifiers (so that many figures share a page), positions to a tenth of a pixel.

use super::colour::Rgb;
use super::font;
use super::label;
use super::png;
use super::scale::Point;
use super::scene::{Anchor, Op, Pen, Scene, Text};
use super::style::Marker;
use crate::display::escape;
use std::fmt::Write;

/// The scene as a complete SVG document.
pub(crate) fn svg(scene: &Scene) -> String {
    let (w, h) = (number(scene.width), number(scene.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
         font-family=\"{}\" style=\"max-width:100%;height:auto\"><title>{}</title><path fill=\"#fff\" d=\"M0 0h{w}v{h}H0z\"/>",
        font::FAMILY,
        escape(&scene.title),
    );
    scene.ops.iter().for_each(|op| write_op(&mut out, op));
    out.push_str("</svg>\n");
    out
}

/// A number with at most two decimals, as short as can be.
fn number(v: f64) -> String {
    let text = format!("{:.2}", v);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" | "" => "0".to_string(),
        _ => text.replacen(
            "0.",
            ".",
            usize::from(text.starts_with("0.") || text.starts_with("-0.")),
        ),
    }
}

/// Path data in relative tenths of a pixel.
#[derive(Default)]
struct Path {
    data: String,
    at: (i64, i64),
}

impl Path {
    fn tenths(p: Point) -> (i64, i64) {
        ((p.0 * 10.0).round() as i64, (p.1 * 10.0).round() as i64)
    }

    fn value(&mut self, tenths: i64) {
        let start = !self
            .data
            .ends_with(|c: char| c.is_ascii_digit() || c == '.');
        if tenths < 0 {
            self.data.push('-');
        } else if !start {
            self.data.push(' ');
        }
        let (whole, part) = (tenths.abs() / 10, tenths.abs() % 10);
        if whole > 0 || part == 0 {
            let _ = write!(self.data, "{whole}");
        }
        if part > 0 {
            let _ = write!(self.data, ".{part}");
        }
    }

    fn command(&mut self, letter: char, p: (i64, i64)) {
        self.data.push(letter);
        self.value(p.0);
        self.value(p.1);
    }

    fn polyline(&mut self, points: &[Point], close: bool) {
        let Some(&first) = points.first() else { return };
        let start = Self::tenths(first);
        self.command('M', start);
        self.at = start;
        let mut moved = false;
        for &point in &points[1..] {
            let to = Self::tenths(point);
            let (dx, dy) = (to.0 - self.at.0, to.1 - self.at.1);
            if dx == 0 && dy == 0 {
                continue;
            }
            if moved {
                self.value(dx);
                self.value(dy);
            } else {
                self.command('l', (dx, dy));
            }
            moved = true;
            self.at = to;
        }
        if close {
            self.data.push('z');
        } else if !moved {
            // A line to itself: round ends make it a dot.
            self.data.push_str("h0");
        }
    }
}

fn attribute_alpha(name: &str, alpha: f64) -> String {
    if alpha < 1.0 {
        format!(" {name}=\"{}\"", number(alpha))
    } else {
        String::new()
    }
}

fn write_op(out: &mut String, op: &Op) {
    match op {
        Op::Lines { paths, pen } => lines(out, paths, pen),
        Op::Rules {
            segments,
            colour,
            width,
        } => {
            let mut path = Path::default();
            segments
                .iter()
                .for_each(|&(a, b)| path.polyline(&[a, b], false));
            if !segments.is_empty() {
                let _ = write!(
                    out,
                    "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" d=\"{}\"/>",
                    colour.hex(),
                    number(*width),
                    path.data
                );
            }
        }
        Op::Areas {
            rings,
            colour,
            alpha,
        } => {
            let mut path = Path::default();
            rings.iter().for_each(|ring| path.polyline(ring, true));
            if !path.data.is_empty() {
                let fade = attribute_alpha("fill-opacity", *alpha);
                let _ = write!(
                    out,
                    "<path fill=\"{}\"{fade} d=\"{}\"/>",
                    colour.hex(),
                    path.data
                );
            }
        }
        Op::Markers {
            at,
            marker,
            size,
            colour,
            alpha,
        } => markers(out, at, *marker, *size, *colour, *alpha),
        Op::Text(text) => write_text(out, text),
        Op::Image {
            area,
            columns,
            pixels,
        } => {
            let rows = pixels.len() / (*columns).max(1);
            let bytes: Vec<u8> = pixels.iter().flat_map(|p| [p.0, p.1, p.2]).collect();
            let data = base64(&png::encode(*columns, rows, &bytes, None));
            let _ = write!(
                out,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
                 style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>",
                number(area.left),
                number(area.top),
                number(area.width()),
                number(area.height()),
            );
        }
    }
}

fn lines(out: &mut String, paths: &[Vec<Point>], pen: &Pen) {
    let dash: Vec<String> = pen.pattern().into_iter().map(number).collect();
    let dash = if dash.is_empty() {
        String::new()
    } else {
        format!(" stroke-dasharray=\"{}\"", dash.join(" "))
    };
    let style = format!(
        "fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"{dash}{}",
        pen.colour.hex(),
        number(pen.width),
        attribute_alpha("stroke-opacity", pen.alpha)
    );
    let datas: Vec<String> = paths
        .iter()
        .filter(|p| !p.is_empty())
        .map(|points| {
            let mut path = Path::default();
            path.polyline(points, false);
            path.data
        })
        .collect();
    match datas.as_slice() {
        [] => {}
        [one] => {
            let _ = write!(out, "<path {style} d=\"{one}\"/>");
        }
        // Opaque lines may share a path; pale ones darken where they meet.
        many if pen.alpha >= 1.0 => {
            let _ = write!(out, "<path {style} d=\"{}\"/>", many.concat());
        }
        many => {
            let _ = write!(out, "<g {style}>");
            many.iter().for_each(|data| {
                let _ = write!(out, "<path d=\"{data}\"/>");
            });
            out.push_str("</g>");
        }
    }
}

fn markers(out: &mut String, at: &[Point], marker: Marker, size: f64, colour: Rgb, alpha: f64) {
    let style = if marker == Marker::Circle {
        format!(
            "stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\"{}",
            colour.hex(),
            number(size),
            attribute_alpha("stroke-opacity", alpha)
        )
    } else {
        format!(
            "fill=\"{}\"{}",
            colour.hex(),
            attribute_alpha("fill-opacity", alpha)
        )
    };
    let outline = marker.outline();
    let shape = |path: &mut Path, &(x, y): &Point| {
        let ring: Vec<Point> = outline
            .iter()
            .map(|(u, v)| (x + size * u, y + size * v))
            .collect();
        if ring.is_empty() {
            path.polyline(&[(x, y)], false);
        } else {
            path.polyline(&ring, true);
        }
    };
    if at.is_empty() {
        return;
    }
    if alpha >= 1.0 {
        let mut path = Path::default();
        at.iter().for_each(|p| shape(&mut path, p));
        let _ = write!(out, "<path {style} d=\"{}\"/>", path.data);
        return;
    }
    let _ = write!(out, "<g {style}>");
    for p in at {
        let mut path = Path::default();
        shape(&mut path, p);
        let _ = write!(out, "<path d=\"{}\"/>", path.data);
    }
    out.push_str("</g>");
}

fn write_text(out: &mut String, text: &Text) {
    let (x, y) = (number(text.at.0), number(text.at.1));
    let _ = write!(
        out,
        "<text font-size=\"{}\" fill=\"{}\"",
        number(text.size),
        text.colour.hex()
    );
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => out.push_str(" text-anchor=\"middle\""),
        Anchor::End => out.push_str(" text-anchor=\"end\""),
    }
    if text.bold {
        out.push_str(" font-weight=\"600\"");
    }
    if text.rim {
        out.push_str(
            " stroke=\"#fff\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"",
        );
    }
    if text.upward {
        let _ = write!(out, " transform=\"translate({x} {y})rotate(-90)\">");
    } else {
        let _ = write!(out, " x=\"{x}\" y=\"{y}\">");
    }
    let mut raised = 0.0;
    for label::Run {
        text: words,
        size,
        raise,
    } in &text.runs
    {
        let dy = (raised - raise) * text.size;
        let words = escape(words);
        match (dy.abs() < 1e-9, *size == 1.0) {
            (true, true) => out.push_str(&words),
            (_, same) => {
                out.push_str("<tspan");
                if dy.abs() >= 1e-9 {
                    let _ = write!(out, " dy=\"{}\"", number(dy));
                }
                if !same {
                    let _ = write!(out, " font-size=\"{}\"", number(size * text.size));
                }
                let _ = write!(out, ">{words}</tspan>");
            }
        }
        raised = *raise;
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
    fn numbers_and_paths_are_short() {
        assert_eq!(number(0.5), ".5");
        assert_eq!(number(-0.25), "-.25");
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(10.0), "10");
        assert_eq!(number(120.0), "120");
        let mut path = Path::default();
        path.polyline(&[(1.0, 2.0), (1.5, 2.04), (0.5, 12.0), (0.5, 12.0)], false);
        assert_eq!(path.data, "M1 2l.5 0-1 10");
    }

    #[test]
    fn base64_known_answers() {
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"M"), "TQ==");
        assert_eq!(base64(b""), "");
    }
}
