//! What plotters' SVG backend writes, folded: elements that are drawn alike become one path with relative moves.

use std::fmt::Write;

/// An element that plotters wrote: `<name key="value" …>`, with its text.
pub(crate) struct Element<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    /// As it is written: `<` and its like are entities.
    pub text: &'a str,
}

impl<'a> Element<'a> {
    /// The value of an attribute, empty without it.
    pub fn get(&self, key: &str) -> &'a str {
        let found = self.attributes.iter().find(|(k, _)| *k == key);
        found.map_or("", |(_, value)| value)
    }

    /// The number in an attribute, zero without it.
    pub fn number(&self, key: &str) -> f64 {
        self.get(key).parse().unwrap_or(0.0)
    }

    fn whole(&self, key: &str) -> i64 {
        self.number(key) as i64
    }

    /// The positions of a polyline or polygon.
    fn points(&self) -> Vec<(i64, i64)> {
        let pair = |p: &str| {
            let (x, y) = p.split_once(',')?;
            Some((x.parse().ok()?, y.parse().ok()?))
        };
        let all = self.get("points").split_ascii_whitespace();
        all.filter_map(pair).collect()
    }
}

/// The elements inside the document `svg`.
pub(crate) fn elements(svg: &str) -> Vec<Element<'_>> {
    // plotters escapes `<`, `>` and `"` in values and text.
    svg.split('<').filter_map(element).collect()
}

fn element(written: &str) -> Option<Element<'_>> {
    let (tag, text) = written.split_once('>')?;
    let (name, mut rest) = tag.trim_end_matches('/').split_once(' ')?;
    if name == "svg" || tag.starts_with('/') {
        return None;
    }
    let mut attributes = Vec::new();
    while let Some((key, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"')?;
        attributes.push((key.trim(), value));
        rest = after;
    }
    // plotters adds one line end before and one after the text.
    let text = text.strip_prefix('\n').unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    Some(Element {
        name,
        attributes,
        text,
    })
}

/// What strokes with round ends and joints have in common.
pub(crate) const ROUND: &str = "fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\"";

/// How the elements of one drawing operation are painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// Each by itself: pale ones darken where they meet. Strokes end flat.
    Plain,
    /// As `Plain`, inside an element that says [`ROUND`] for all strokes.
    Round,
    /// All of one colour as one area.
    Joined,
}

/// Writes elements as paths, neighbours of one style together; `more` is attributes for all of them.
pub(crate) fn paths(out: &mut String, elements: &[Element], layer: Layer, more: &str) {
    let mut rest = elements;
    while let Some(first) = rest.first() {
        let look = style(first, layer);
        let alike = rest
            .iter()
            .position(|e| style(e, layer) != look)
            .unwrap_or(rest.len());
        let (group, others) = rest.split_at(alike);
        rest = others;
        let opaque = first.number("opacity") >= 1.0;
        if opaque || layer == Layer::Joined || group.len() == 1 {
            let mut path = Path::default();
            group.iter().for_each(|e| path.element(e));
            let _ = write!(out, "<path {look}{more} d=\"{}\"/>", path.data);
        } else {
            let _ = write!(out, "<g {look}{more}>");
            for element in group {
                let mut path = Path::default();
                path.element(element);
                let _ = write!(out, "<path d=\"{}\"/>", path.data);
            }
            out.push_str("</g>");
        }
    }
}

/// The presentation attributes of an element's path.
fn style(element: &Element, layer: Layer) -> String {
    let stroked = |colour: &str, width: i64| {
        let (colour, faded) = (short(colour), faded(element, "stroke-opacity"));
        format!("stroke=\"{colour}\" stroke-width=\"{width}\"{faded}")
    };
    match element.name {
        // A line to itself with round ends is a disc, the shortest way to write many.
        "circle" => {
            let disc = stroked(element.get("fill"), 2 * element.whole("r"));
            format!("{ROUND} {disc}")
        }
        "polyline" | "line" => {
            let line = stroked(element.get("stroke"), element.whole("stroke-width"));
            match layer {
                Layer::Round => line,
                Layer::Plain | Layer::Joined => format!("fill=\"none\" {line}"),
            }
        }
        _ => format!(
            "fill=\"{}\"{}",
            short(element.get("fill")),
            faded(element, "fill-opacity")
        ),
    }
}

fn faded(element: &Element, key: &str) -> String {
    match element.get("opacity") {
        "" | "1" => String::new(),
        alpha => format!(" {key}=\"{alpha}\""),
    }
}

/// `#AABBCC` as `#abc`.
pub(crate) fn short(colour: &str) -> String {
    let lower = colour.to_ascii_lowercase();
    match lower.as_bytes() {
        [b'#', r, s, g, h, b, c] if r == s && g == h && b == c => {
            ['#', *r as char, *g as char, *b as char].iter().collect()
        }
        _ => lower,
    }
}

/// Path data in whole units.
#[derive(Default)]
struct Path {
    data: String,
    at: (i64, i64),
}

impl Path {
    fn element(&mut self, element: &Element) {
        let whole = |key| element.whole(key);
        match element.name {
            "line" => {
                let ends = [(whole("x1"), whole("y1")), (whole("x2"), whole("y2"))];
                self.polyline(&ends, false);
            }
            "circle" => self.polyline(&[(whole("cx"), whole("cy"))], false),
            "rect" => {
                let (left, top) = (whole("x"), whole("y"));
                let (right, bottom) = (left + whole("width"), top + whole("height"));
                let ring = [(left, top), (right, top), (right, bottom), (left, bottom)];
                self.polyline(&ring, true);
            }
            name => self.polyline(&element.points(), name == "polygon"),
        }
    }

    fn value(&mut self, value: i64) {
        if value >= 0 && self.data.ends_with(|c: char| c.is_ascii_digit()) {
            self.data.push(' ');
        }
        let _ = write!(self.data, "{value}");
    }

    fn command(&mut self, letter: char, by: (i64, i64)) {
        self.data.push(letter);
        self.value(by.0);
        self.value(by.1);
    }

    fn polyline(&mut self, points: &[(i64, i64)], close: bool) {
        let Some((&first, others)) = points.split_first() else {
            return;
        };
        let by = (first.0 - self.at.0, first.1 - self.at.1);
        self.command(if self.data.is_empty() { 'M' } else { 'm' }, by);
        self.at = first;
        let mut moved = false;
        for &to in others {
            let by = (to.0 - self.at.0, to.1 - self.at.1);
            if by == (0, 0) {
                continue;
            }
            if moved {
                self.value(by.0);
                self.value(by.1);
            } else {
                self.command('l', by);
            }
            moved = true;
            self.at = to;
        }
        if close {
            self.data.push('z');
            self.at = first;
        } else if !moved {
            // A line to itself: round ends make it a dot.
            self.data.push_str("h0");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: &str = "<svg width=\"9\" height=\"9\" xmlns=\"x\">\n\
        <polyline fill=\"none\" opacity=\"1\" stroke=\"#FF0000\" stroke-width=\"3\" points=\"10,20 15,20 5,120 \"/>\n\
        <polyline fill=\"none\" opacity=\"1\" stroke=\"#FF0000\" stroke-width=\"3\" points=\"7,7 7,7 \"/>\n\
        <circle cx=\"4\" cy=\"5\" r=\"2\" opacity=\"0.5\" fill=\"#123456\" stroke=\"none\" stroke-width=\"1\"/>\n\
        <circle cx=\"6\" cy=\"5\" r=\"2\" opacity=\"0.5\" fill=\"#123456\" stroke=\"none\" stroke-width=\"1\"/>\n\
        <text x=\"1\" y=\"2\" font-size=\"11.5\">\na &lt; b\n</text>\n</svg>\n";

    #[test]
    fn what_is_alike_becomes_one_path() {
        let all = elements(DRAWN);
        assert_eq!((all.len(), all[4].text), (5, "a &lt; b"));
        assert_eq!(all[4].number("font-size"), 11.5);
        let mut out = String::new();
        paths(&mut out, &all[..2], Layer::Plain, "");
        assert_eq!(
            out,
            "<path fill=\"none\" stroke=\"#f00\" stroke-width=\"3\" d=\"M10 20l5 0-10 100m2-113h0\"/>"
        );
    }

    #[test]
    fn pale_ones_stay_apart_unless_they_are_one_area() {
        let all = elements(DRAWN);
        let write = |layer| {
            let mut out = String::new();
            paths(&mut out, &all[2..4], layer, "");
            out
        };
        let apart = write(Layer::Plain);
        assert!(apart.starts_with(&format!("<g {ROUND} stroke=\"#123456\" stroke-width=\"4\"")));
        assert!(
            apart.contains("stroke-opacity=\"0.5\"><path d=\"M4 5h0\"/><path d=\"M6 5h0\"/></g>")
        );
        assert!(write(Layer::Joined).ends_with("d=\"M4 5h0m2 0h0\"/>"));
    }
}
