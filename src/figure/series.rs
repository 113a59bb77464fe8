//! Which colour, dash and marker every mark gets, and what the legends say.

use super::colour::{self, Colour, Rgb};
use super::mark::{Kind, Mark};
use super::panel::Panel;
use super::scene::Pen;
use super::style::{Dash, Marker};

/// A mark's style with nothing left open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Look {
    pub colour: Rgb,
    pub dash: Dash,
    pub width: f64,
    pub alpha: f64,
    pub size: f64,
    pub marker: Marker,
    /// Whether a line carries its markers.
    pub marked: bool,
}

impl Look {
    pub fn pen(&self) -> Pen {
        Pen {
            colour: self.colour,
            width: self.width,
            alpha: self.alpha,
            dash: self.dash,
        }
    }
}

/// A line of a legend: the sample shows all that the series draws.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    pub label: String,
    pub line: Option<Look>,
    pub band: Option<Look>,
    pub points: Option<Look>,
    pub bar: Option<Look>,
}

/// The looks of all marks of all panels, and each panel's legend entries.
pub(crate) struct Looks {
    pub marks: Vec<Vec<Look>>,
    pub entries: Vec<Vec<Entry>>,
}

/// A series of the figure: its label, the panels that show it and the colour that its marks share.
struct Series {
    label: String,
    panels: Vec<usize>,
    colour: Option<Colour>,
}

/// Assigns looks, in order of first appearance over all panels.
pub(crate) fn looks(panels: &[Panel]) -> Looks {
    let series = named_series(panels);
    let mut out = Looks {
        marks: Vec::new(),
        entries: Vec::new(),
    };
    for (place, panel) in panels.iter().enumerate() {
        // Lines without a label take the places after the panel's series.
        let cycled =
            |s: &&Series| s.panels.contains(&place) && matches!(s.colour, Some(Colour::Cycle(_)));
        let mut next = series.iter().filter(cycled).count();
        let mut looks: Vec<Look> = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        let mut before = None;
        for mark in &panel.marks {
            let known = series
                .iter()
                .find(|s| is_series(mark) && s.label == mark.label)
                .and_then(|s| s.colour);
            let follows = matches!(mark.kind, Kind::Band { .. } | Kind::ErrorBars { .. })
                && mark.label.is_empty();
            let colour = mark
                .style
                .colour
                .or(known)
                .or(before.filter(|_| follows))
                .unwrap_or_else(|| match mark.kind {
                    Kind::VLine(_) | Kind::HLine(_) | Kind::Diagonal => Colour::Grey,
                    Kind::Text { .. } | Kind::HeatMap(_) => Colour::Ink,
                    _ => {
                        next += 1;
                        Colour::Cycle(next - 1)
                    }
                });
            let look = look(mark, colour);
            if is_series(mark) || mark.label.is_empty() && !is_guide(mark) {
                before = Some(colour);
            }
            if is_series(mark) {
                add_entry(&mut entries, mark, look);
            }
            looks.push(look);
        }
        out.marks.push(looks);
        out.entries.push(entries);
    }
    out
}

fn is_guide(mark: &Mark) -> bool {
    matches!(
        mark.kind,
        Kind::VLine(_) | Kind::HLine(_) | Kind::Text { .. } | Kind::Diagonal | Kind::HeatMap(_)
    )
}

fn is_series(mark: &Mark) -> bool {
    !mark.label.is_empty() && !is_guide(mark)
}

/// All labelled series. A colour set on any of its marks holds for the series; the others take the first place of the
/// cycle that no series takes in any panel they share, so that every panel starts with the first colours.
fn named_series(panels: &[Panel]) -> Vec<Series> {
    let mut series: Vec<Series> = Vec::new();
    for (place, panel) in panels.iter().enumerate() {
        for mark in panel.marks.iter().filter(|m| is_series(m)) {
            let at = series
                .iter()
                .position(|s| s.label == mark.label)
                .unwrap_or_else(|| {
                    series.push(Series {
                        label: mark.label.clone(),
                        panels: Vec::new(),
                        colour: None,
                    });
                    series.len() - 1
                });
            let one = &mut series[at];
            one.colour = one.colour.or(mark.style.colour);
            if one.panels.last() != Some(&place) {
                one.panels.push(place);
            }
        }
    }
    for i in 0..series.len() {
        if series[i].colour.is_none() {
            let meets = |other: &&Series| other.panels.iter().any(|p| series[i].panels.contains(p));
            let taken: Vec<Option<Colour>> =
                series.iter().filter(meets).map(|s| s.colour).collect();
            let free = (0..).find(|&n| !taken.contains(&Some(Colour::Cycle(n))));
            series[i].colour = free.map(Colour::Cycle);
        }
    }
    series
}

fn look(mark: &Mark, colour: Colour) -> Look {
    let style = &mark.style;
    let place = if let Colour::Cycle(i) = colour { i } else { 0 };
    let (dash, width, alpha) = match &mark.kind {
        Kind::LightLines(lines) => (Dash::Solid, 0.8, if lines.len() > 16 { 0.25 } else { 0.4 }),
        Kind::Band { .. } => (Dash::Solid, 1.0, 0.2),
        Kind::VLine(_) | Kind::HLine(_) | Kind::Diagonal => (Dash::Dashed, 1.0, 1.0),
        Kind::Line { .. } => (colour::cycle_dash(place), 1.8, 1.0),
        Kind::Scatter { xs, .. } if xs.len() > 300 => (Dash::Solid, 1.0, 0.5),
        Kind::Histogram { .. } => (Dash::Solid, 1.2, 0.4),
        Kind::Bars { .. } => (Dash::Solid, 1.0, 0.85),
        _ => (Dash::Solid, 1.2, 1.0),
    };
    Look {
        colour: colour.rgb(),
        dash: style.dash.unwrap_or(dash),
        width: style.width.unwrap_or(width),
        alpha: style.alpha.unwrap_or(alpha),
        size: style.size.unwrap_or(5.5),
        marker: style.marker.unwrap_or(colour::cycle_marker(place)),
        marked: style.marker.is_some(),
    }
}

fn add_entry(entries: &mut Vec<Entry>, mark: &Mark, look: Look) {
    let at = entries
        .iter()
        .position(|e| e.label == mark.label)
        .unwrap_or_else(|| {
            entries.push(Entry {
                label: mark.label.clone(),
                ..Entry::default()
            });
            entries.len() - 1
        });
    let entry = &mut entries[at];
    match &mark.kind {
        Kind::Line { .. } => {
            entry.line = Some(look);
            if look.marked {
                entry.points = Some(look);
            }
        }
        // A sample as pale as one thin line would not be seen; a median takes its place when there is one.
        Kind::LightLines(_) => {
            let sample = Look {
                alpha: look.alpha.max(0.7),
                width: look.width.max(1.2),
                ..look
            };
            entry.line = entry.line.or(Some(sample));
        }
        Kind::Band { .. } => entry.band = Some(look),
        Kind::Scatter { .. } | Kind::ErrorBars { .. } => {
            entry.points = Some(Look {
                alpha: look.alpha.max(0.8),
                ..look
            })
        }
        Kind::Histogram { .. } | Kind::Bars { .. } => entry.bar = Some(look),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_series_in_all_panels() {
        let (x, y) = ([0.0, 1.0], [1.0, 2.0]);
        let first = Panel::new("")
            .line("a", &x, &y)
            .line("b", &x, &y)
            .band("b", &x, &y, &y)
            .band("", &x, &y, &y);
        let second = Panel::new("")
            .line("b", &x, &y)
            .line("c", &x, &y)
            .v_line(1.0, "here");
        let looks = looks(&[first, second]);
        assert_eq!(looks.marks[0][1].colour, looks.marks[1][0].colour);
        assert_eq!(looks.marks[0][2].colour, looks.marks[0][1].colour);
        assert_eq!(looks.marks[0][3].colour, looks.marks[0][1].colour);
        assert_eq!(looks.marks[1][1].colour, colour::cycle(0));
        assert_eq!(looks.entries[0].len(), 2);
        assert!(looks.entries[0][1].band.is_some() && looks.entries[0][1].line.is_some());
    }

    #[test]
    fn a_colour_set_by_hand_takes_no_place_in_the_cycle() {
        let (x, y) = ([0.0, 1.0], [1.0, 2.0]);
        let panel = Panel::new("")
            .line("theory", &x, &y)
            .styled(crate::figure::Style::new().colour(Colour::Ink))
            .line("a", &x, &y);
        assert_eq!(looks(&[panel]).marks[0][1].colour, colour::cycle(0));
    }
}
