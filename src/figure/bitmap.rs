//! A scene as PNG, through plotters' bitmap backend.
//!
//! The bitmap backend draws on whole pixels and, where a wide translucent line meets itself, twice or not at all. Here it
//! draws on a page several times finer than the PNG, every stroke and area covers a pixel once, and the page is averaged
//! down in whole numbers: smooth edges, and the same bytes on every machine.

use super::colour::Rgb;
use super::page::Page;
use super::render::{self, Drawn, failed};
use super::scene::{Op, Scene, Text};
use crate::error::{Error, Result};

/// Pixels of the PNG for one of the figure.
const ZOOM: usize = 2;
/// Units of the page, along each side, for one pixel of the PNG.
const FINENESS: [usize; 4] = [4, 3, 2, 1];
/// Units of a page above which it is drawn less finely.
const MOST: usize = 48_000_000;

/// The scene as a PNG at twice its size (144 dots an inch).
pub(crate) fn png(scene: &Scene) -> Result<Vec<u8>> {
    let side = |length: f64| (length * ZOOM as f64).round().max(1.0) as usize;
    let (width, height) = (side(scene.width), side(scene.height));
    let fine = FINENESS
        .into_iter()
        .find(|f| width * height * f * f <= MOST)
        .unwrap_or(1);
    let (wide, tall) = (width * fine, height * fine);
    let mut rgb = vec![255; 3 * wide * tall];
    let grid = (ZOOM * fine) as f64;
    let mut page = Page::new(&mut rgb, wide, tall)?;
    for op in &scene.ops {
        page.begin(op);
        if let Op::Text(text) = op
            && text.rim
        {
            rim(&mut page, grid, text).map_err(failed)?;
        }
        render::draw(&mut page, grid, op).map_err(failed)?;
    }
    drop(page);
    encode(width, height, &shrink(&rgb, wide, fine), Some(5669))
}

/// The text in white, shifted all around by a pixel and a half: legible over data.
fn rim(page: &mut Page, grid: f64, text: &Text) -> Drawn<Page<'static>> {
    // Tenths of a pixel on a circle, without a sine that could differ between machines.
    const AROUND: [(i32, i32); 12] = [
        (15, 0),
        (13, 8),
        (8, 13),
        (0, 15),
        (-8, 13),
        (-13, 8),
        (-15, 0),
        (-13, -8),
        (-8, -13),
        (0, -15),
        (8, -13),
        (13, -8),
    ];
    let mut copy = text.clone();
    copy.colour = Rgb(255, 255, 255);
    for (right, down) in AROUND {
        copy.at = (
            text.at.0 + f64::from(right) / 10.0,
            text.at.1 + f64::from(down) / 10.0,
        );
        render::draw(page, grid, &Op::Text(copy.clone()))?;
    }
    Ok(())
}

/// The means of squares of `fine` by `fine` pixels.
fn shrink(rgb: &[u8], wide: usize, fine: usize) -> Vec<u8> {
    let (width, count) = (wide / fine, (fine * fine) as u32);
    let mut small = Vec::with_capacity(rgb.len() / (fine * fine));
    let mut sums = vec![0u32; 3 * width];
    for rows in rgb.chunks_exact(3 * wide * fine) {
        sums.fill(0);
        for row in rows.chunks_exact(3 * wide) {
            for (sum, square) in sums.chunks_exact_mut(3).zip(row.chunks_exact(3 * fine)) {
                for pixel in square.chunks_exact(3) {
                    sum.iter_mut()
                        .zip(pixel)
                        .for_each(|(s, &v)| *s += u32::from(v));
                }
            }
        }
        small.extend(sums.iter().map(|s| ((s + count / 2) / count) as u8));
    }
    small
}

/// RGB rows as a PNG file; `density` in pixels a metre.
pub(crate) fn encode(
    width: usize,
    height: usize,
    rgb: &[u8],
    density: Option<u32>,
) -> Result<Vec<u8>> {
    let failed = |e: png::EncodingError| Error::Figure(format!("the PNG cannot be encoded: {e}"));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Figures are flat: their repetitions are shorter than differences of rows.
    encoder.set_compression(png::Compression::Default);
    encoder.set_filter(png::FilterType::NoFilter);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::NonAdaptive);
    encoder.set_pixel_dims(density.map(|d| png::PixelDimensions {
        xppu: d,
        yppu: d,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_takes_means() {
        let rgb = [0, 0, 9, 8, 0, 9, 0, 0, 9, 0, 1, 9];
        assert_eq!(shrink(&rgb, 2, 2), [2, 0, 9]);
        assert_eq!(shrink(&rgb, 2, 1), rgb);
    }
}
