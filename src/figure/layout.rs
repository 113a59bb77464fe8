//! Where panels, legends and captions stand.

use super::draw::Page;
use super::frame::{self, Frame, Margins};
use super::label;
use super::legend::{self, Strip};
use super::mark::{Kind, Mark};
use super::panel::{Legend, Panel};
use super::scale::Rect;
use super::scene::{Anchor, Scene, Text};
use super::series::{self, Entry, Looks};
use super::theme;
use super::{Figure, Result};
use crate::error::Error;

/// Largest figure, in pixels of the SVG.
const MOST_PIXELS: f64 = 16e6;

/// A panel's place: its cell, its axes, its own legend.
struct Slot {
    frame: Frame,
    own: Strip,
    beside: bool,
}

/// Composes the whole figure.
pub(crate) fn compose(figure: &Figure) -> Result<Scene> {
    let columns = check(figure)?;
    let (width, height) = figure.size.unwrap_or_else(|| default_size(columns));
    let looks = series::looks(&figure.panels);
    let shared = shared_entries(&figure.panels, &looks);
    let mut slots: Vec<Slot> = figure
        .panels
        .iter()
        .zip(&looks.entries)
        .map(|(panel, entries)| {
            slot(
                panel,
                entries,
                (width, height),
                shared.is_some(),
                figure.panels.len(),
            )
        })
        .collect();
    align(&mut slots, columns);

    let column_widths = extra(
        &slots,
        columns,
        |i| i % columns,
        width,
        |s| if s.beside { s.own.width + 14.0 } else { 0.0 },
    );
    let row_count = slots.len().div_ceil(columns);
    let row_heights = extra(
        &slots,
        row_count,
        |i| i / columns,
        height,
        |s| {
            if s.beside || s.own.is_empty() {
                0.0
            } else {
                s.own.height + 8.0
            }
        },
    );
    let inner = column_widths.iter().sum::<f64>() + theme::GAP * (columns - 1) as f64;
    let total_width = (inner + 2.0 * theme::EDGE).ceil();
    let wrap = |text: &str, size: f64, bold: bool| {
        if text.is_empty() {
            vec![]
        } else {
            label::wrap(text, size, bold, inner)
        }
    };
    let heading = wrap(&figure.title, theme::HEADING, true);
    let notes: Vec<String> = figure
        .notes
        .iter()
        .flat_map(|n| wrap(n, theme::NOTE, false))
        .collect();
    let strip = shared
        .map(|entries| legend::rows(&entries, inner - 20.0))
        .unwrap_or_default();

    let mut scene = Scene {
        width: total_width,
        height: 0.0,
        title: alternative_text(figure),
        ops: Vec::new(),
    };
    let mut y = theme::EDGE;
    for line in &heading {
        scene.text(
            Text::new(
                (theme::EDGE, y + theme::HEADING),
                line,
                theme::HEADING,
                theme::TEXT,
            )
            .bold(),
        );
        y += (theme::HEADING * theme::LINE).ceil();
    }
    y += if heading.is_empty() { 0.0 } else { 8.0 };
    for (row, slots) in slots.chunks(columns).enumerate() {
        let mut x = theme::EDGE;
        for (column, slot) in slots.iter().enumerate() {
            let index = row * columns + column;
            let cell = Rect {
                left: x,
                top: y,
                right: x + width,
                bottom: y + height,
            };
            draw_panel(&mut scene, figure, index, slot, &looks.marks[index], &cell);
            x += column_widths[column] + theme::GAP;
        }
        y += row_heights[row] + theme::GAP;
    }
    if !slots.is_empty() {
        y -= theme::GAP;
    }
    if !strip.is_empty() {
        y += 12.0;
        strip.draw(&mut scene, ((total_width - strip.width) / 2.0, y));
        y += strip.height;
    }
    y += if notes.is_empty() { 0.0 } else { 10.0 };
    for line in &notes {
        scene.text(Text::new(
            (theme::EDGE, y + theme::NOTE),
            line,
            theme::NOTE,
            theme::QUIET,
        ));
        y += (theme::NOTE * theme::LINE).ceil();
    }
    scene.height = (y + theme::EDGE).ceil();
    if scene.width * scene.height > MOST_PIXELS {
        return Err(Error::Figure(format!(
            "{} × {} pixels are too many; give fewer panels, more columns or a smaller size",
            scene.width, scene.height
        )));
    }
    Ok(scene)
}

fn check(figure: &Figure) -> Result<usize> {
    if let Some((w, h)) = figure.size
        && !(w >= 100.0 && h >= 80.0 && w <= 4000.0 && h <= 4000.0)
    {
        let allowed = "from 100 × 80 to 4000 × 4000 pixels a panel";
        return Err(Error::setting(
            "figure: size",
            format!("{w} × {h}"),
            allowed,
        ));
    }
    for panel in &figure.panels {
        panel.check()?;
    }
    match figure.columns {
        Some(n) if !(1..=20).contains(&n) => {
            Err(Error::setting("figure: columns", n, "from 1 to 20"))
        }
        Some(n) => Ok(n.min(figure.panels.len().max(1))),
        None => Ok(match figure.panels.len() {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        }),
    }
}

/// About 900 pixels for all columns.
fn default_size(columns: usize) -> (f64, f64) {
    match columns {
        1 => (620.0, 390.0),
        2 => (432.0, 320.0),
        3 => (288.0, 250.0),
        n => ((880.0 / n as f64 - theme::GAP).max(150.0).floor(), 215.0),
    }
}

/// What one legend for all panels would say: where one panel has the series of all others. `None` where they differ,
/// where there is one panel, or where a panel has placed its own.
fn shared_entries(panels: &[Panel], looks: &Looks) -> Option<Vec<Entry>> {
    let shown = || {
        panels
            .iter()
            .zip(&looks.entries)
            .filter(|(p, _)| p.legend != Legend::None)
            .map(|(_, e)| e)
    };
    if panels.len() < 2 || panels.iter().any(frame::own_legend) {
        return None;
    }
    let fullest = shown().max_by_key(|e| e.len())?;
    let has = |entries: &Vec<Entry>| {
        entries
            .iter()
            .all(|e| fullest.iter().any(|f| f.label == e.label))
    };
    shown().all(has).then(|| fullest.clone())
}

fn slot(
    panel: &Panel,
    entries: &[Entry],
    (width, height): (f64, f64),
    shared: bool,
    panels: usize,
) -> Slot {
    let frame = frame::measure(panel, width, height);
    let below = || legend::rows(entries, width - 10.0);
    let beside = || legend::column(entries, 210.0);
    let plot_height = height - frame.margins.top - frame.margins.bottom;
    let (own, beside) = match panel.legend {
        Legend::None => (Strip::default(), false),
        Legend::Auto if shared => (Strip::default(), false),
        Legend::Right => (beside(), true),
        Legend::Bottom => (below(), false),
        Legend::Auto if panels == 1 && beside().height <= plot_height => (beside(), true),
        Legend::Auto => (below(), false),
    };
    let beside = beside && !own.is_empty();
    Slot { frame, own, beside }
}

/// Axes in one column share their left side, axes in one row their top and bottom.
fn align(slots: &mut [Slot], columns: usize) {
    let margins: Vec<Margins> = slots.iter().map(|s| s.frame.margins).collect();
    for (i, slot) in slots.iter_mut().enumerate() {
        for (j, other) in margins.iter().enumerate() {
            let own = &mut slot.frame.margins;
            if i % columns == j % columns {
                own.left = own.left.max(other.left);
            }
            if i / columns == j / columns {
                own.top = own.top.max(other.top);
                own.bottom = own.bottom.max(other.bottom);
            }
        }
    }
}

/// Sizes of `count` columns or rows: `base`, and the most that a slot there needs beyond it.
fn extra(
    slots: &[Slot],
    count: usize,
    group: impl Fn(usize) -> usize,
    base: f64,
    more: impl Fn(&Slot) -> f64,
) -> Vec<f64> {
    let mut sizes = vec![base; count];
    for (i, slot) in slots.iter().enumerate() {
        let size = &mut sizes[group(i)];
        *size = size.max((base + more(slot)).ceil());
    }
    sizes
}

fn draw_panel(
    scene: &mut Scene,
    figure: &Figure,
    index: usize,
    slot: &Slot,
    looks: &[series::Look],
    cell: &Rect,
) {
    let panel = &figure.panels[index];
    let Margins {
        left,
        right,
        top,
        bottom,
    } = slot.frame.margins;
    let sharp = |v: f64| v.round() + 0.5;
    let plot = Rect {
        left: sharp(cell.left + left),
        top: sharp(cell.top + top),
        right: sharp((cell.right - right).max(cell.left + left + 20.0)),
        bottom: sharp((cell.bottom - bottom).max(cell.top + top + 20.0)),
    };
    let (x, y) = slot.frame.scales(panel, &plot);
    slot.frame.grid(scene, panel, &plot);
    let light = |m: &&Mark| matches!(m.kind, Kind::LightLines(_));
    let families = figure
        .panels
        .iter()
        .flat_map(|p| &p.marks)
        .filter(light)
        .count();
    Page {
        panel,
        plot,
        x,
        y,
        families,
    }
    .draw(scene, looks);
    slot.frame.axes(scene, panel, &plot, cell);
    if slot.frame.empty {
        let middle = (
            (plot.left + plot.right) / 2.0,
            (plot.top + plot.bottom) / 2.0,
        );
        scene.text(Text::new(middle, "no data", theme::LABEL, theme::QUIET).anchor(Anchor::Middle));
    }
    if slot.beside {
        slot.own.draw(scene, (cell.right + 6.0, plot.top));
    } else {
        let room = plot.width() - slot.own.width;
        let at = (plot.left + room / 2.0)
            .min(cell.right - slot.own.width)
            .max(cell.left);
        slot.own.draw(scene, (at, cell.bottom + 8.0));
    }
}

fn alternative_text(figure: &Figure) -> String {
    let titles = std::iter::once(&figure.title).chain(figure.panels.iter().map(|p| &p.title));
    let titles: Vec<String> = titles
        .filter(|t| !t.is_empty())
        .map(|t| label::plain(t))
        .collect();
    titles.join("; ")
}
