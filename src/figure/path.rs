//! Polylines on the page: breaking, clipping, thinning, dashing.

use super::scale::{Point, Rect};

/// Keeps the parts of a polyline that lie in `rect`. `None` breaks the line.
pub(crate) fn clip_line(
    points: impl IntoIterator<Item = Option<Point>>,
    rect: &Rect,
) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut last: Option<Point> = None;
    let mut open = false;
    for point in points {
        let Some(b) = point else {
            // A point between two gaps would vanish: keep it as a dot.
            if let Some(a) = last.filter(|a| !open && rect.contains(*a)) {
                parts.push(vec![a, a]);
            }
            (last, open) = (None, false);
            continue;
        };
        if let Some(a) = last
            && let Some((from, to)) = clip_segment(a, b, rect)
        {
            match parts.last_mut().filter(|_| open) {
                Some(part) => part.push(to),
                None => parts.push(vec![from, to]),
            }
            // What left the rectangle starts a new part when it comes back.
            open = to == b;
        } else {
            open = open && last.is_none();
        }
        last = Some(b);
    }
    if let Some(a) = last.filter(|a| !open && rect.contains(*a)) {
        let ends_there = parts
            .last()
            .and_then(|p| p.last())
            .is_some_and(|end| *end == a);
        if !ends_there {
            parts.push(vec![a, a]);
        }
    }
    parts
}

/// Liang and Barsky's clipping of one segment.
fn clip_segment(a: Point, b: Point, rect: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, room) in [
        (-dx, a.0 - rect.left),
        (dx, rect.right - a.0),
        (-dy, a.1 - rect.top),
        (dy, rect.bottom - a.1),
    ] {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
    let from = if enter == 0.0 { a } else { at(enter) };
    let to = if leave == 1.0 { b } else { at(leave) };
    Some((from, to))
}

/// Clips a closed polygon to `rect` (Sutherland and Hodgman).
pub(crate) fn clip_polygon(points: &[Point], rect: &Rect) -> Vec<Point> {
    // Each side: how far inside a point is, negative outside.
    let sides: [&dyn Fn(Point) -> f64; 4] = [
        &|p| p.0 - rect.left,
        &|p| rect.right - p.0,
        &|p| p.1 - rect.top,
        &|p| rect.bottom - p.1,
    ];
    let mut polygon = points.to_vec();
    for inside in sides {
        let mut kept = Vec::with_capacity(polygon.len() + 4);
        for (i, &b) in polygon.iter().enumerate() {
            let a = polygon[if i == 0 { polygon.len() - 1 } else { i - 1 }];
            let (da, db) = (inside(a), inside(b));
            if (da < 0.0) != (db < 0.0) {
                let t = da / (da - db);
                kept.push((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)));
            }
            if db >= 0.0 {
                kept.push(b);
            }
        }
        polygon = kept;
    }
    polygon
}

/// Leaves out points that the eye cannot miss: first the smallest and largest of every half pixel column where there
/// are many more points than columns, then Ramer, Douglas and Peucker's thinning to `tolerance` pixels.
pub(crate) fn thin(points: &[Point], tolerance: f64) -> Vec<Point> {
    let columns = match (points.first(), points.last()) {
        (Some(a), Some(b)) => 2.0 * (b.0 - a.0).abs() + 2.0,
        _ => return Vec::new(),
    };
    let forward = points.windows(2).all(|w| w[1].0 >= w[0].0);
    if forward && points.len() as f64 > 4.0 * columns {
        douglas_peucker(&column_extremes(points), tolerance)
    } else {
        douglas_peucker(points, tolerance)
    }
}

/// First, lowest, highest and last point of every half pixel column, in their order.
fn column_extremes(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let column = (2.0 * points[start].0).floor();
        let end = points[start..]
            .iter()
            .position(|p| (2.0 * p.0).floor() != column)
            .map_or(points.len(), |n| start + n);
        let group = &points[start..end];
        let (mut low, mut high) = (0, 0);
        for (i, p) in group.iter().enumerate() {
            if p.1 < group[low].1 {
                low = i;
            }
            if p.1 > group[high].1 {
                high = i;
            }
        }
        let mut chosen = [0, low, high, group.len() - 1];
        chosen.sort_unstable();
        let mut before = None;
        for i in chosen {
            if before != Some(i) {
                kept.push(group[i]);
            }
            before = Some(i);
        }
        start = end;
    }
    kept
}

fn douglas_peucker(points: &[Point], tolerance: f64) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    (keep[0], keep[points.len() - 1]) = (true, true);
    let mut spans = vec![(0, points.len() - 1)];
    while let Some((first, last)) = spans.pop() {
        let (mut far, mut most) = (first, tolerance * tolerance);
        for i in first + 1..last {
            let d = distance_squared(points[i], points[first], points[last]);
            if d > most {
                (far, most) = (i, d);
            }
        }
        if far != first {
            keep[far] = true;
            spans.push((first, far));
            spans.push((far, last));
        }
    }
    points
        .iter()
        .zip(keep)
        .filter(|(_, k)| *k)
        .map(|(p, _)| *p)
        .collect()
}

/// Squared distance of `p` from the segment `a`–`b`.
pub(crate) fn distance_squared(p: Point, a: Point, b: Point) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx * dx + dy * dy;
    let t = if length > 0.0 {
        (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (ex, ey) = (p.0 - a.0 - t * dx, p.1 - a.1 - t * dy);
    ex * ex + ey * ey
}

/// Cuts a polyline into the drawn pieces of a dash pattern in pixels.
pub(crate) fn dash(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    let total: f64 = pattern.iter().sum();
    if pattern.is_empty() || points.len() < 2 || total.is_nan() || total <= 0.1 {
        return vec![points.to_vec()];
    }
    let mut pieces = Vec::new();
    let (mut index, mut left) = (0, pattern[0]);
    let mut piece = vec![points[0]];
    for pair in points.windows(2) {
        let (mut a, b) = (pair[0], pair[1]);
        let mut length = ((b.0 - a.0).powi(2) + (b.1 - a.1).powi(2)).sqrt();
        while length >= left && length > 0.0 {
            let t = left / length;
            let cut = (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
            if index % 2 == 0 {
                piece.push(cut);
                pieces.push(std::mem::take(&mut piece));
            }
            index = (index + 1) % pattern.len();
            if index % 2 == 0 {
                piece = vec![cut];
            }
            length -= left;
            left = pattern[index].max(1e-3);
            a = cut;
        }
        left -= length;
        if index % 2 == 0 {
            piece.push(b);
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECT: Rect = Rect {
        left: 0.0,
        top: 0.0,
        right: 10.0,
        bottom: 10.0,
    };

    #[test]
    fn clipping_cuts_at_the_edges_and_breaks_at_gaps() {
        let line = [
            Some((-5.0, 5.0)),
            Some((15.0, 5.0)),
            None,
            Some((1.0, 1.0)),
            Some((2.0, 2.0)),
        ];
        assert_eq!(
            clip_line(line, &RECT),
            [vec![(0.0, 5.0), (10.0, 5.0)], vec![(1.0, 1.0), (2.0, 2.0)]]
        );
        assert_eq!(
            clip_line([Some((3.0, 3.0)), None, Some((20.0, 3.0))], &RECT),
            [vec![(3.0, 3.0), (3.0, 3.0)]]
        );
        let out_and_in = [
            Some((5.0, 5.0)),
            Some((5.0, 20.0)),
            Some((6.0, 20.0)),
            Some((6.0, 5.0)),
        ];
        assert_eq!(
            clip_line(out_and_in, &RECT),
            [vec![(5.0, 5.0), (5.0, 10.0)], vec![(6.0, 10.0), (6.0, 5.0)]]
        );
    }

    #[test]
    fn polygons_are_clipped() {
        let square = [(-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)];
        let mut clipped = clip_polygon(&square, &RECT);
        clipped.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(clipped, [(0.0, 0.0), (0.0, 5.0), (5.0, 0.0), (5.0, 5.0)]);
        assert!(clip_polygon(&[(20.0, 20.0), (30.0, 20.0), (30.0, 30.0)], &RECT).is_empty());
    }

    #[test]
    fn thinning_keeps_extremes_and_stays_near() {
        let points: Vec<Point> = (0..200_000)
            .map(|i| {
                let x = f64::from(i) / 500.0;
                let spike = if i == 123_456 { 80.0 } else { 0.0 };
                (x, 50.0 + 20.0 * (x / 30.0).sin() + spike)
            })
            .collect();
        let thinned = thin(&points, 0.2);
        assert!(thinned.len() < 1500, "{}", thinned.len());
        let highest = |p: &[Point]| p.iter().map(|p| p.1).fold(f64::MIN, f64::max);
        let lowest = |p: &[Point]| p.iter().map(|p| p.1).fold(f64::MAX, f64::min);
        assert_eq!(highest(&points), highest(&thinned));
        assert!((lowest(&points) - lowest(&thinned)).abs() <= 0.2);
        assert_eq!(
            (points.first(), points.last()),
            (thinned.first(), thinned.last())
        );
        for p in points.iter().step_by(997) {
            let near = thinned
                .windows(2)
                .map(|w| distance_squared(*p, w[0], w[1]))
                .fold(f64::MAX, f64::min);
            assert!(near.sqrt() < 0.75, "{p:?} is {} away", near.sqrt());
        }
    }

    #[test]
    fn dashes_have_the_pattern_s_lengths() {
        let pieces = dash(&[(0.0, 0.0), (10.0, 0.0), (10.0, 5.0)], &[4.0, 2.0]);
        assert_eq!(pieces[0], [(0.0, 0.0), (4.0, 0.0)]);
        assert_eq!(pieces[1], [(6.0, 0.0), (10.0, 0.0)]);
        assert_eq!(pieces[2], [(10.0, 2.0), (10.0, 5.0)]);
    }
}
