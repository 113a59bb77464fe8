//! A scene as pixels, by additions, products and square roots of doubles only: the same on every machine.
//!
//! Areas are covered exactly (signed trapezoids accumulated along rows, as in font-rs); strokes by the distance of a
//! pixel's middle from the nearest segment, which makes round joints and ends and never paints a pixel twice.

use super::colour::Rgb;
use super::cover::{Mask, add_edge, add_stroke};
use super::font;
use super::label;
use super::path;
use super::png;
use super::scale::{Point, Rect};
use super::scene::{Anchor, Op, Pen, Scene, Text};
use super::style::Marker;

/// Pixels of the PNG for one of the figure.
const ZOOM: f64 = 2.0;

/// The scene as a PNG at twice its size (144 dots an inch).
pub(crate) fn png(scene: &Scene) -> Vec<u8> {
    let width = (scene.width * ZOOM).round() as usize;
    let height = (scene.height * ZOOM).round() as usize;
    let mut canvas = Canvas {
        width,
        height,
        rgb: vec![255; 3 * width * height],
    };
    scene.ops.iter().for_each(|op| canvas.draw(op));
    png::encode(width, height, &canvas.rgb, Some(5669))
}

struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

/// Zoomed, and rounded so that a last-bit difference between mathematics libraries cannot show.
fn device(p: Point) -> Point {
    let round = |v: f64| (v * ZOOM * 64.0).round() / 64.0;
    (round(p.0), round(p.1))
}

impl Canvas {
    fn draw(&mut self, op: &Op) {
        match op {
            Op::Lines { paths, pen } => paths.iter().for_each(|path| self.stroke(path, pen)),
            Op::Rules {
                segments,
                colour,
                width,
            } => {
                let half = width / 2.0;
                for &((ax, ay), (bx, by)) in segments {
                    // Rules are level or upright.
                    let flat = (ay - by).abs() < 1e-9;
                    let (dx, dy) = if flat { (0.0, half) } else { (half, 0.0) };
                    let ring = [
                        (ax - dx, ay - dy),
                        (bx - dx, by - dy),
                        (bx + dx, by + dy),
                        (ax + dx, ay + dy),
                    ];
                    self.fill(&[ring.map(device).to_vec()], *colour, 1.0);
                }
            }
            Op::Areas {
                rings,
                colour,
                alpha,
            } => {
                for ring in rings {
                    self.fill(
                        &[ring.iter().copied().map(device).collect()],
                        *colour,
                        *alpha,
                    );
                }
            }
            Op::Markers {
                at,
                marker,
                size,
                colour,
                alpha,
            } => {
                for &p in at {
                    self.marker(p, *marker, *size, *colour, *alpha);
                }
            }
            Op::Text(text) => self.text(text),
            Op::Image {
                area,
                columns,
                pixels,
            } => self.image(area, *columns, pixels),
        }
    }

    fn mask(&self, left: f64, top: f64, right: f64, bottom: f64) -> Option<Mask> {
        let clamp = |v: f64, most: usize| v.clamp(0.0, most as f64) as usize;
        let (x0, y0) = (
            clamp(left.floor(), self.width),
            clamp(top.floor(), self.height),
        );
        let (x1, y1) = (
            clamp(right.ceil(), self.width),
            clamp(bottom.ceil(), self.height),
        );
        (x1 > x0 && y1 > y0).then(|| Mask {
            left: x0,
            top: y0,
            width: x1 - x0,
            height: y1 - y0,
            cover: vec![0.0; (x1 - x0) * (y1 - y0)],
        })
    }

    fn compose(&mut self, mask: &Mask, colour: Rgb, alpha: f64) {
        let ink = [colour.0, colour.1, colour.2];
        for row in 0..mask.height {
            let start = 3 * ((mask.top + row) * self.width + mask.left);
            for column in 0..mask.width {
                let cover = f64::from(mask.cover[row * mask.width + column]);
                if cover <= 0.0 {
                    continue;
                }
                let part = cover.min(1.0) * alpha;
                for (channel, new) in self.rgb[start + 3 * column..][..3].iter_mut().zip(ink) {
                    let old = f64::from(*channel);
                    *channel = (old + part * (f64::from(new) - old)).round() as u8;
                }
            }
        }
    }

    fn fill(&mut self, rings: &[Vec<Point>], colour: Rgb, alpha: f64) {
        if let Some(mask) = self.cover(rings) {
            self.compose(&mask, colour, alpha);
        }
    }

    /// Exact coverage of polygons by the rule "not zero"; holes run the other way.
    fn cover(&self, rings: &[Vec<Point>]) -> Option<Mask> {
        let (left, top, right, bottom) = bounds(rings.iter().flatten())?;
        let mut mask = self.mask(left, top, right + 1.0, bottom + 1.0)?;
        // One column more, for what lies to the right of the last.
        let stride = mask.width + 2;
        let mut sums = vec![0.0f64; stride * mask.height];
        for ring in rings {
            for (i, &b) in ring.iter().enumerate() {
                let a = ring[if i == 0 { ring.len() - 1 } else { i - 1 }];
                let origin = (mask.left as f64, mask.top as f64);
                add_edge(
                    &mut sums,
                    stride,
                    mask.height,
                    (a.0 - origin.0, a.1 - origin.1),
                    (b.0 - origin.0, b.1 - origin.1),
                );
            }
        }
        for row in 0..mask.height {
            let mut sum = 0.0;
            for column in 0..mask.width {
                sum += sums[row * stride + column];
                mask.cover[row * mask.width + column] = sum.abs().min(1.0) as f32;
            }
        }
        Some(mask)
    }

    fn stroke(&mut self, points: &[Point], pen: &Pen) {
        let pieces: Vec<Vec<Point>> = path::dash(points, &pen.pattern())
            .into_iter()
            .map(|piece| piece.into_iter().map(device).collect())
            .collect();
        self.stroke_pieces(&pieces, pen.width * ZOOM / 2.0, pen.colour, pen.alpha);
    }

    fn stroke_pieces(&mut self, pieces: &[Vec<Point>], half: f64, colour: Rgb, alpha: f64) {
        let Some((left, top, right, bottom)) = bounds(pieces.iter().flatten()) else {
            return;
        };
        let reach = half + 1.0;
        let Some(mut mask) = self.mask(left - reach, top - reach, right + reach, bottom + reach)
        else {
            return;
        };
        for piece in pieces {
            if let [only] = piece.as_slice() {
                add_stroke(&mut mask, *only, *only, half);
            }
            piece
                .windows(2)
                .for_each(|w| add_stroke(&mut mask, w[0], w[1], half));
        }
        self.compose(&mask, colour, alpha);
    }

    fn marker(&mut self, (x, y): Point, marker: Marker, size: f64, colour: Rgb, alpha: f64) {
        let ring: Vec<Point> = marker
            .outline()
            .iter()
            .map(|(u, v)| device((x + size * u, y + size * v)))
            .collect();
        if ring.is_empty() {
            self.stroke_pieces(&[vec![device((x, y))]], size * ZOOM / 2.0, colour, alpha);
        } else {
            self.fill(&[ring], colour, alpha);
        }
    }

    fn text(&mut self, text: &Text) {
        let width = label::runs_width(&text.runs, text.size, text.bold);
        let mut pen = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        let mut contours: Vec<Vec<Point>> = Vec::new();
        for run in &text.runs {
            let size = run.size * text.size;
            for c in run.text.chars() {
                for contour in font::contours(c, text.bold) {
                    let placed = contour.into_iter().map(|(x, y)| {
                        let (x, y) = (pen + x * size, y * size - run.raise * text.size);
                        let (x, y) = if text.upward { (y, -x) } else { (x, y) };
                        device((text.at.0 + x, text.at.1 + y))
                    });
                    contours.push(placed.collect());
                }
                pen += font::advance(c, text.bold) * size;
            }
        }
        if text.rim {
            let closed: Vec<Vec<Point>> = contours
                .iter()
                .map(|c| c.iter().chain(c.first()).copied().collect())
                .collect();
            self.stroke_pieces(&closed, 1.5 * ZOOM, Rgb(255, 255, 255), 1.0);
        }
        self.fill(&contours, text.colour, 1.0);
    }

    fn image(&mut self, area: &Rect, columns: usize, pixels: &[Rgb]) {
        let rows = pixels.len() / columns.max(1);
        let ((x0, y0), (x1, y1)) = (
            device((area.left, area.top)),
            device((area.right, area.bottom)),
        );
        if rows == 0 || columns == 0 || x1 <= x0 || y1 <= y0 {
            return;
        }
        let cell = |v: f64, from: f64, to: f64, n: usize| {
            (((v - from) / (to - from) * n as f64) as usize).min(n - 1)
        };
        for y in (y0.round().max(0.0) as usize)..(y1.round() as usize).min(self.height) {
            for x in (x0.round().max(0.0) as usize)..(x1.round() as usize).min(self.width) {
                let row = cell(y as f64 + 0.5, y0, y1, rows);
                let Rgb(r, g, b) = pixels[row * columns + cell(x as f64 + 0.5, x0, x1, columns)];
                self.rgb[3 * (y * self.width + x)..][..3].copy_from_slice(&[r, g, b]);
            }
        }
    }
}

fn bounds<'a>(points: impl Iterator<Item = &'a Point>) -> Option<(f64, f64, f64, f64)> {
    let start = (
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    );
    let (left, top, right, bottom) = points.fold(start, |b, p| {
        (b.0.min(p.0), b.1.min(p.1), b.2.max(p.0), b.3.max(p.1))
    });
    (left <= right).then_some((left, top, right, bottom))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> Canvas {
        Canvas {
            width: 20,
            height: 20,
            rgb: vec![255; 1200],
        }
    }

    fn grey(canvas: &Canvas, x: usize, y: usize) -> u8 {
        canvas.rgb[3 * (20 * y + x)]
    }

    #[test]
    fn areas_are_exact() {
        let mut c = canvas();
        c.fill(
            &[vec![(2.0, 2.0), (6.5, 2.0), (6.5, 6.25), (2.0, 6.25)]],
            Rgb(0, 0, 0),
            1.0,
        );
        assert_eq!(
            [
                grey(&c, 2, 2),
                grey(&c, 5, 5),
                grey(&c, 1, 3),
                grey(&c, 7, 3)
            ],
            [0, 0, 255, 255]
        );
        assert_eq!(grey(&c, 6, 3), 128);
        assert_eq!(grey(&c, 3, 6), 191);
        let triangle = c
            .cover(&[vec![(1.0, 1.0), (17.0, 3.0), (4.0, 18.0)]])
            .unwrap();
        let area: f64 = triangle.cover.iter().map(|v| f64::from(*v)).sum();
        let exact = 0.5 * (16.0 * 17.0 - 3.0 * 2.0);
        assert!((area - exact).abs() < 1e-4, "{area} {exact}");
    }

    #[test]
    fn areas_beyond_the_edge_are_cut() {
        let mut c = canvas();
        c.fill(
            &[vec![
                (-50.0, -50.0),
                (10.0, -50.0),
                (10.0, 90.0),
                (-50.0, 90.0),
            ]],
            Rgb(0, 0, 0),
            1.0,
        );
        assert_eq!(
            [grey(&c, 0, 0), grey(&c, 9, 19), grey(&c, 10, 10)],
            [0, 0, 255]
        );
        c.fill(
            &[vec![(15.0, 5.0), (90.0, 5.0), (90.0, 9.0), (15.0, 9.0)]],
            Rgb(0, 0, 0),
            1.0,
        );
        assert_eq!(
            [grey(&c, 14, 6), grey(&c, 19, 6), grey(&c, 19, 9)],
            [255, 0, 255]
        );
    }

    #[test]
    fn strokes_have_their_width_and_joints_are_painted_once() {
        let mut c = canvas();
        c.stroke_pieces(
            &[vec![(2.0, 10.0), (10.0, 10.0), (18.0, 10.0)]],
            1.0,
            Rgb(0, 0, 0),
            0.5,
        );
        assert_eq!(
            [
                grey(&c, 5, 9),
                grey(&c, 10, 10),
                grey(&c, 5, 8),
                grey(&c, 5, 11)
            ],
            [128, 128, 255, 255]
        );
    }
}
