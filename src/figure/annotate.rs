//! Texts over the data.

use super::draw::Page;
use super::label;
use super::mark::Kind;
use super::scale::Rect;
use super::scene::{Anchor, Scene, Text};
use super::series::Look;
use super::theme;

impl Page<'_> {
    /// Texts over the data: guides' labels, remarks, and what was left out.
    pub fn annotations(&self, scene: &mut Scene, looks: &[Look]) {
        let Rect {
            left,
            top,
            right,
            bottom,
        } = self.plot;
        let size = theme::TICK;
        let mut taken: Vec<(f64, f64, usize)> = Vec::new();
        for (mark, look) in self
            .panel
            .marks
            .iter()
            .zip(looks)
            .filter(|(m, _)| !m.label.is_empty())
        {
            let width = label::width(&mark.label, size, false);
            match &mark.kind {
                Kind::VLine(x) => {
                    let Some(x) = self
                        .x
                        .at(*x)
                        .filter(|x| *x >= left - 0.5 && *x <= right + 0.5)
                    else {
                        continue;
                    };
                    let flip = x + 4.0 + width > right;
                    let (from, to) = if flip {
                        (x - 4.0 - width, x - 4.0)
                    } else {
                        (x + 4.0, x + 4.0 + width)
                    };
                    // The first row in which it meets no other.
                    let free = |row: &usize| {
                        taken
                            .iter()
                            .all(|t| t.2 != *row || to + 6.0 < t.0 || from > t.1 + 6.0)
                    };
                    let row = (0..20).find(free).unwrap_or(0);
                    taken.push((from, to, row));
                    let y = top + size + row as f64 * size * theme::LINE;
                    scene.text(Text::new((from, y), &mark.label, size, quiet(look)).rim());
                }
                Kind::HLine(y) => {
                    let Some(y) = self
                        .y
                        .at(*y)
                        .filter(|y| *y >= top - 0.5 && *y <= bottom + 0.5)
                    else {
                        continue;
                    };
                    let y = if y - size - 4.0 < top {
                        y + size + 2.0
                    } else {
                        y - 4.0
                    };
                    scene.text(
                        Text::new((right - 3.0, y), &mark.label, size, quiet(look))
                            .anchor(Anchor::End)
                            .rim(),
                    );
                }
                Kind::Text { x, y } => {
                    let Some((x, y)) = self.at(*x, *y).filter(|p| self.plot.contains(*p)) else {
                        continue;
                    };
                    let flip = x + 5.0 + width > right && x - 5.0 - width >= left;
                    let (x, anchor) = if flip {
                        (x - 5.0, Anchor::End)
                    } else {
                        ((x + 5.0).min(right - width).max(left + 3.0), Anchor::Start)
                    };
                    let y = (y + theme::MIDDLE * size).clamp(top + size, bottom - 3.0);
                    scene.text(
                        Text::new((x, y), &mark.label, size, look.colour)
                            .anchor(anchor)
                            .rim(),
                    );
                }
                _ => {}
            }
        }
        let lost: usize = self
            .panel
            .marks
            .iter()
            .map(|m| m.not_positive(self.x.log, self.y.log))
            .sum();
        if lost > 0 {
            let values = if lost == 1 { "value" } else { "values" };
            let note = format!("{lost} {values} ≤ 0 not shown");
            let text = Text::new(
                (left + 5.0, bottom - 5.0),
                &note,
                theme::REMARK,
                theme::QUIET,
            );
            scene.text(text.rim());
        }
    }
}

/// Labels of grey guides are a little darker than the guides.
fn quiet(look: &Look) -> super::colour::Rgb {
    if look.colour == super::colour::GREY {
        theme::QUIET
    } else {
        look.colour
    }
}
