//! How much of each pixel an edge or a stroke covers.

use super::path;
use super::scale::Point;

/// Coverage in [0, 1] of a part of the canvas.
pub(crate) struct Mask {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
    pub cover: Vec<f32>,
}

/// Adds an edge's signed area to the running sums of each row.
pub(crate) fn add_edge(sums: &mut [f64], stride: usize, height: usize, a: Point, b: Point) {
    if a.1 == b.1 {
        return;
    }
    let (sign, (x0, y0), (x1, y1)) = if a.1 < b.1 { (1.0, a, b) } else { (-1.0, b, a) };
    let slope = (x1 - x0) / (y1 - y0);
    let first = y0.max(0.0);
    let last = y1.min(height as f64);
    if first >= last {
        return;
    }
    let most = (stride - 2) as f64;
    for row in (first as usize)..(last.ceil() as usize).min(height) {
        let (from, to) = (first.max(row as f64), last.min(row as f64 + 1.0));
        let tall = to - from;
        let xa = (x0 + (from - y0) * slope).clamp(0.0, most);
        let xb = (x0 + (to - y0) * slope).clamp(0.0, most);
        let (xa, xb) = if xa <= xb { (xa, xb) } else { (xb, xa) };
        let line = &mut sums[row * stride..(row + 1) * stride];
        let (ca, cb) = (xa as usize, xb as usize);
        if ca == cb {
            // Within one column: the middle of the edge says how much of the pixel lies to its right.
            let middle = (xa + xb) / 2.0 - ca as f64;
            line[ca] += sign * tall * (1.0 - middle);
            line[ca + 1] += sign * tall * middle;
            continue;
        }
        let per_column = tall / (xb - xa);
        let mut x = xa;
        for column in ca..=cb {
            let end = xb.min(column as f64 + 1.0);
            let part = (end - x) * per_column;
            let middle = (x + end) / 2.0 - column as f64;
            line[column] += sign * part * (1.0 - middle);
            line[column + 1] += sign * part * middle;
            x = end;
        }
    }
}

/// Raises the coverage by that of a segment with round ends.
pub(crate) fn add_stroke(mask: &mut Mask, a: Point, b: Point, half: f64) {
    // A line thinner than a pixel is a pale pixel wide.
    let (radius, full) = if half < 0.5 {
        (0.5, 2.0 * half)
    } else {
        (half, 1.0)
    };
    let reach = radius + 0.5;
    let (left, top) = (mask.left as f64, mask.top as f64);
    let (a, b) = ((a.0 - left, a.1 - top), (b.0 - left, b.1 - top));
    let rows = mask.height as f64;
    let (first, last) = (
        (a.1.min(b.1) - reach).floor().max(0.0),
        (a.1.max(b.1) + reach).ceil().min(rows),
    );
    if last <= first {
        return;
    }
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    for row in first as usize..last as usize {
        let y = row as f64 + 0.5;
        // The part of the segment whose reach touches this row.
        let (mut from, mut to) = (0.0, 1.0);
        if dy != 0.0 {
            let (t0, t1) = ((y - reach - a.1) / dy, (y + reach - a.1) / dy);
            (from, to) = (t0.min(t1).clamp(0.0, 1.0), t0.max(t1).clamp(0.0, 1.0));
        }
        let (xa, xb) = (a.0 + from * dx, a.0 + to * dx);
        let start = (xa.min(xb) - reach).floor().max(0.0) as usize;
        let end = ((xa.max(xb) + reach).ceil().max(0.0) as usize).min(mask.width);
        for column in start..end {
            let distance = path::distance_squared((column as f64 + 0.5, y), a, b).sqrt();
            let cover = (full * (radius + 0.5 - distance).clamp(0.0, 1.0)) as f32;
            let old = &mut mask.cover[row * mask.width + column];
            if cover > *old {
                *old = cover;
            }
        }
    }
}
