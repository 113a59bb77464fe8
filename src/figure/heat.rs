//! Heat maps: values to colours to cells.

use super::mark::{HeatMap, edges};
use super::panel::Panel;
use super::scale::{Extent, Rect, Scale};
use super::scene::{Op, Scene};
use super::{ColourMap, colour::Rgb, theme};

/// The values at the ends of the colours.
pub(crate) fn range(map: &HeatMap) -> (f64, f64) {
    if let Some(range) = map.range {
        return range;
    }
    let mut extent = Extent::new(map.log);
    extent.add_all(&map.values);
    let (low, high) = extent.padded(0.0, 0.0);
    if map.map == ColourMap::Diverging && !map.log {
        let most = low.abs().max(high.abs());
        return (-most, most);
    }
    (low, high)
}

fn colour(map: &HeatMap, scale: &Scale, value: f64) -> Rgb {
    scale.at(value).map_or(theme::MISSING, |t| map.map.at(t))
}

/// Draws the cells: one pixel each where they are of one size on the page, else at the page's resolution.
pub(crate) fn draw(
    scene: &mut Scene,
    panel: &Panel,
    map: &HeatMap,
    plot: &Rect,
    x: &Scale,
    y: &Scale,
) {
    let (low, high) = range(map);
    let colours = Scale {
        log: map.log,
        low,
        high,
        from: 0.0,
        to: 1.0,
    };
    let place = |edges: Vec<f64>, scale: &Scale| -> Vec<f64> {
        edges.iter().filter_map(|&e| scale.at(e)).collect()
    };
    let columns = place(edges(&map.xs, panel.x.log), x);
    let rows = place(edges(&map.ys, panel.y.log), y);
    if columns.len() != map.xs.len() + 1 || rows.len() != map.ys.len() + 1 {
        return;
    }
    let area = Rect {
        left: columns[0].max(plot.left),
        right: columns[columns.len() - 1].min(plot.right),
        top: rows[rows.len() - 1].max(plot.top),
        bottom: rows[0].min(plot.bottom),
    };
    if area.width() <= 0.0 || area.height() <= 0.0 {
        return;
    }
    let even = |e: &[f64]| {
        let step = (e[e.len() - 1] - e[0]) / (e.len() - 1) as f64;
        e.windows(2).all(|w| (w[1] - w[0] - step).abs() < 0.02)
    };
    let whole = columns[0] >= plot.left - 0.01
        && columns[columns.len() - 1] <= plot.right + 0.01
        && rows[0] <= plot.bottom + 0.01
        && rows[rows.len() - 1] >= plot.top - 0.01;
    let value =
        |row: usize, column: usize| colour(map, &colours, map.values[row * map.xs.len() + column]);
    let small = (map.xs.len() as f64) <= area.width() && (map.ys.len() as f64) <= area.height();
    if whole && small && even(&columns) && even(&rows) {
        let pixels = (0..map.ys.len())
            .rev()
            .flat_map(|r| (0..map.xs.len()).map(move |c| (r, c)));
        let pixels = pixels.map(|(r, c)| value(r, c)).collect();
        scene.ops.push(Op::Image {
            area,
            columns: map.xs.len(),
            pixels,
        });
        return;
    }
    let (wide, tall) = (
        area.width().ceil().max(1.0) as usize,
        area.height().ceil().max(1.0) as usize,
    );
    let cell = |edges: &[f64], at: f64, falling: bool| {
        let passed = edges.partition_point(|e| if falling { *e >= at } else { *e <= at });
        passed.clamp(1, edges.len() - 1) - 1
    };
    let middle =
        |i: usize, from: f64, length: f64, n: usize| from + (i as f64 + 0.5) / n as f64 * length;
    let across: Vec<usize> = (0..wide)
        .map(|i| cell(&columns, middle(i, area.left, area.width(), wide), false))
        .collect();
    let mut pixels = Vec::with_capacity(wide * tall);
    for i in 0..tall {
        let row = cell(&rows, middle(i, area.top, area.height(), tall), true);
        pixels.extend(across.iter().map(|&column| value(row, column)));
    }
    scene.ops.push(Op::Image {
        area,
        columns: wide,
        pixels,
    });
}
