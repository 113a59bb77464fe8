//! plotters' bitmap backend as a page for a figure: what it lacks for translucent strokes and for spacing letters.

use super::font;
use super::path;
use super::render::{ASCENT, Drawn, PLOTTERS_EM};
use super::scale::{Point, Rect};
use super::scene::Op;
use crate::error::{Error, Result};
use plotters::backend::{BitMapBackend, DrawingBackend, RGBPixel};
use plotters_backend::rasterizer;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontStyle,
};

/// plotters' bitmap backend, with strokes and areas that cover a pixel once, and letters spaced by the font.
pub(crate) struct Page<'a> {
    back: BitMapBackend<'a, RGBPixel>,
    wide: usize,
    /// Which layer last covered a pixel.
    covered: Vec<u8>,
    layer: u8,
    /// The opacity of what is being drawn: of each pixel, once a layer. Without it pixels go straight to the page.
    alpha: Option<f64>,
    /// All polygons of the thing being drawn are one layer.
    joined: bool,
}

impl<'a> Page<'a> {
    /// A page over the pixels `rgb`, row-major, `wide` by `tall`.
    pub fn new(rgb: &'a mut [u8], wide: usize, tall: usize) -> Result<Self> {
        let back = BitMapBackend::with_buffer_and_format(rgb, (wide as u32, tall as u32))
            .map_err(|e| Error::Figure(format!("no page of {wide} by {tall} pixels: {e}")))?;
        Ok(Self {
            back,
            wide,
            covered: vec![0; wide * tall],
            layer: 0,
            alpha: None,
            joined: false,
        })
    }

    /// What is drawn from here on is one thing of a scene.
    pub fn begin(&mut self, op: &Op) {
        self.joined = false;
        if matches!(op, Op::Areas { .. }) {
            self.next_layer();
            self.joined = true;
        }
    }

    fn next_layer(&mut self) {
        if self.joined {
            return;
        }
        if self.layer == u8::MAX {
            self.covered.fill(0);
            self.layer = 0;
        }
        self.layer += 1;
    }

    /// Draws with a colour's opaque form and lays its opacity on what that covered.
    fn once(
        &mut self,
        colour: BackendColor,
        draw: impl FnOnce(&mut Self, BackendColor) -> Drawn<Self>,
    ) -> Drawn<Self> {
        self.next_layer();
        self.alpha = Some(colour.alpha);
        let drawn = draw(
            self,
            BackendColor {
                alpha: 1.0,
                ..colour
            },
        );
        self.alpha = None;
        drawn
    }

    /// The part of a polygon on the page: plotters would go through what is outside as well.
    fn inside(&self, ring: Vec<BackendCoord>) -> Vec<BackendCoord> {
        let (right, bottom) = self.get_size();
        let page = Rect {
            left: 0.0,
            top: 0.0,
            right: f64::from(right),
            bottom: f64::from(bottom),
        };
        let points: Vec<Point> = ring
            .iter()
            .map(|p| (f64::from(p.0), f64::from(p.1)))
            .collect();
        if points.iter().all(|&p| page.contains(p)) {
            return ring;
        }
        let kept = path::clip_polygon(&points, &page).into_iter();
        kept.map(|p| (p.0.round() as i32, p.1.round() as i32))
            .collect()
    }

    /// A straight piece of a stroke, `width` units wide, with flat ends.
    fn piece(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        width: u32,
        colour: BackendColor,
    ) -> Drawn<Self> {
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = (dx * dx + dy * dy).sqrt();
        if length == 0.0 {
            return Ok(());
        }
        // The unit at either edge is drawn too.
        let half = f64::from(width.saturating_sub(1)) / 2.0;
        let (nx, ny) = (-dy / length * half, dx / length * half);
        let corner = |p: BackendCoord, side: f64| {
            (
                (f64::from(p.0) + side * nx).floor() as i32,
                (f64::from(p.1) + side * ny).floor() as i32,
            )
        };
        let ring = self.inside(vec![
            corner(from, 1.0),
            corner(to, 1.0),
            corner(to, -1.0),
            corner(from, -1.0),
        ]);
        rasterizer::fill_polygon(self, &ring, &colour)
    }
}

impl DrawingBackend for Page<'_> {
    type ErrorType = <BitMapBackend<'static> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.back.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<Self> {
        self.back.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<Self> {
        self.back.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, mut colour: BackendColor) -> Drawn<Self> {
        if let Some(alpha) = self.alpha {
            let (x, y) = (usize::try_from(point.0), usize::try_from(point.1));
            let (Ok(x), Ok(y)) = (x, y) else {
                return Ok(());
            };
            // Edges become smooth when the page is averaged: here a unit is covered or not.
            if x >= self.wide || colour.alpha < 0.5 {
                return Ok(());
            }
            match self.covered.get_mut(y * self.wide + x) {
                Some(layer) if *layer != self.layer => *layer = self.layer,
                _ => return Ok(()),
            }
            colour.alpha = alpha;
        }
        self.back.draw_pixel(point, colour)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn<Self> {
        let width = style.stroke_width();
        if width < 2 {
            return rasterizer::draw_line(self, from, to, style);
        }
        self.once(style.color(), |page, colour| {
            page.piece(from, to, width, colour)
        })
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn<Self> {
        // As in SVG the last row and column belong to the next rectangle.
        let last = (bottom_right.0 - 1, bottom_right.1 - 1);
        if last.0 < upper_left.0 || last.1 < upper_left.1 {
            return Ok(());
        }
        self.once(style.color(), |page, colour| {
            rasterizer::draw_rect(page, upper_left, last, &colour, fill)
        })
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn<Self> {
        let width = style.stroke_width();
        self.once(style.color(), |page, colour| {
            let mut before: Option<BackendCoord> = None;
            for point in path {
                match before {
                    Some(from) if from != point => page.piece(from, point, width, colour)?,
                    _ => {}
                }
                // Round ends and joints.
                rasterizer::draw_circle(page, point, width.saturating_sub(1) / 2, &colour, true)?;
                before = Some(point);
            }
            Ok(())
        })
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn<Self> {
        self.once(style.color(), |page, colour| {
            rasterizer::draw_circle(page, centre, radius, &colour, fill)
        })
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        ring: I,
        style: &S,
    ) -> Drawn<Self> {
        let ring = self.inside(ring.into_iter().collect());
        self.once(style.color(), |page, colour| {
            rasterizer::fill_polygon(page, &ring, &colour)
        })
    }

    /// plotters draws a text's letters without the space before each; here every letter is drawn by itself, in the face
    /// that has it, where the font's advances put it.
    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        at: BackendCoord,
    ) -> Drawn<Self> {
        let bold = matches!(style.style(), FontStyle::Bold);
        let em = style.size() / PLOTTERS_EM;
        let width: f64 = text.chars().map(|c| font::advance(c, bold)).sum::<f64>() * em;
        let mut pen = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        let baseline = (ASCENT * em).round() as i32;
        let (turn, colour) = (style.transform(), style.color());
        let upward = matches!(turn, plotters_backend::FontTransform::Rotate270);
        for c in text.chars() {
            let right = pen.round() as i32;
            font::letter(c, bold, em, |x, y, cover| {
                let (x, y) = (right + x, baseline + y);
                let (x, y) = if upward { (y, -x - 1) } else { (x, y) };
                let cover = f64::from(cover.clamp(0.0, 1.0));
                self.back
                    .draw_pixel((at.0 + x, at.1 + y), colour.mix(cover))
            })
            .map_err(|e| DrawingErrorKind::FontError(Box::new(e)))??;
            pen += font::advance(c, bold) * em;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::colour::Rgb;
    use crate::figure::render;
    use crate::figure::scene::Pen;

    /// What `op` leaves on a white page of 20 by 20 pixels, one unit each.
    fn drawn(op: &Op) -> Vec<u8> {
        let mut rgb = vec![255; 1200];
        let mut page = Page::new(&mut rgb, 20, 20).unwrap();
        page.begin(op);
        render::draw(&mut page, 1.0, op).unwrap();
        drop(page);
        rgb.chunks(3).map(|p| p[0]).collect()
    }

    fn shades(op: &Op) -> Vec<u8> {
        let mut shades = drawn(op);
        shades.sort_unstable();
        shades.dedup();
        shades
    }

    #[test]
    fn a_pale_stroke_that_crosses_itself_has_one_shade() {
        let mut pen = Pen::solid(Rgb(0, 0, 0), 3.0);
        pen.alpha = 0.5;
        let crossing = vec![(3.0, 3.0), (16.0, 16.0), (16.0, 3.0), (3.0, 16.0)];
        let paths = vec![crossing.clone()];
        assert_eq!(shades(&Op::Lines { paths, pen }).len(), 2);
        let paths = vec![crossing.clone(), crossing];
        assert_eq!(shades(&Op::Lines { paths, pen }).len(), 2);
        let paths = vec![vec![(3.0, 5.0), (16.0, 5.0)], vec![(9.0, 2.0), (9.0, 16.0)]];
        assert_eq!(shades(&Op::Lines { paths, pen }).len(), 3);
    }

    #[test]
    fn pale_neighbours_have_no_seam() {
        let block =
            |left: f64, right: f64| vec![(left, 4.0), (right, 4.0), (right, 12.0), (left, 12.0)];
        let rings = vec![block(2.0, 8.0), block(8.0, 15.0)];
        let areas = Op::Areas {
            rings,
            colour: Rgb(0, 0, 0),
            alpha: 0.5,
        };
        assert_eq!(shades(&areas).len(), 2);
    }

    #[test]
    fn what_leaves_the_page_is_cut() {
        let pen = Pen::solid(Rgb(0, 0, 0), 4.0);
        let paths = vec![vec![(-50.0, 10.0), (90.0, 10.0)]];
        let rows = drawn(&Op::Lines { paths, pen });
        let dark = rows.chunks(20).filter(|row| row.iter().all(|&v| v == 0));
        assert_eq!(dark.count(), 4);
        let rings = vec![vec![(-9.0, -9.0), (1e9, -9.0), (1e9, 1e9), (-9.0, 1e9)]];
        let (colour, alpha) = (Rgb(0, 0, 0), 1.0);
        let everywhere = Op::Areas {
            rings,
            colour,
            alpha,
        };
        assert_eq!(shades(&everywhere), [0]);
    }
}
