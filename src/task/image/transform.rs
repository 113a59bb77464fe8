//! Changed images: a border, random crops and flips, wrong labels.

use super::images::Images;
use crate::error::{Error, Result};
use crate::seed::Seed;
use ndarray::{Array4, s};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

impl Images {
    /// With a black border, centred, to `size` × `size`. What cannot be halved is added below and on the right.
    ///
    /// # Errors
    /// A size smaller than the images.
    pub fn padded(&self, size: usize) -> Result<Self> {
        let [channels, height, width] = self.shape();
        if size < height || size < width {
            let allowed = format!("at least {}, as the images are", height.max(width));
            return Err(Error::setting("size", size, allowed));
        }
        let (top, left) = ((size - height) / 2, (size - width) / 2);
        let mut pixels = Array4::zeros((self.len(), channels, size, size));
        pixels
            .slice_mut(s![.., .., top..top + height, left..left + width])
            .assign(&self.pixels);
        Self::new(pixels, self.labels.clone(), self.classes, self.white)
    }

    /// Each block of `factor` × `factor` pixels as its mean, rounded; what is over below and on the right is left out.
    ///
    /// # Errors
    /// A factor of 0, or one larger than the images.
    pub fn reduced(&self, factor: usize) -> Result<Self> {
        let [channels, height, width] = self.shape();
        if !(1..=height.min(width)).contains(&factor) {
            let allowed = format!("from 1 to the images' smaller side, {}", height.min(width));
            return Err(Error::setting("factor", factor, allowed));
        }
        let shape = (self.len(), channels, height / factor, width / factor);
        let count = factor * factor;
        let pixels = Array4::from_shape_fn(shape, |(i, c, y, x)| {
            let (y, x) = (y * factor, x * factor);
            let block = self.pixels.slice(s![i, c, y..y + factor, x..x + factor]);
            let sum: usize = block.iter().map(|b| usize::from(*b)).sum();
            ((sum + count / 2) / count) as u8
        });
        Self::new(pixels, self.labels.clone(), self.classes, self.white)
    }

    /// In a square of `side` × `side` pixels: [`reduced`](Self::reduced) by the smallest factor with which they fit, then [`padded`](Self::padded).
    ///
    /// # Errors
    /// A side of 0.
    ///
    /// ```
    /// use scurve::task::image::ImageSet;
    /// let images = ImageSet::Digits8x8.load()?.test;
    /// assert_eq!(images.in_square(4)?.shape(), [1, 4, 4]);
    /// assert_eq!(images.in_square(16)?, images.padded(16)?);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn in_square(&self, side: usize) -> Result<Self> {
        if side == 0 {
            return Err(Error::setting("side", side, "a whole number ≥ 1"));
        }
        let [_, height, width] = self.shape();
        // ⌊h/f⌋ ≤ side.
        let factor = (height.max(width) + 1).div_ceil(side + 1);
        self.reduced(factor)?.padded(side)
    }

    /// A `fraction` of the labels, chosen by the stream `noise` of the seed and rounded to whole images, replaced by classes drawn
    /// uniformly from all C. A new label is the old one in one of C cases, so at `fraction` 1 labels say nothing of images.
    ///
    /// # Errors
    /// A fraction outside 0 to 1.
    ///
    /// ```
    /// use scurve::{seed::Seed, task::image::ImageSet};
    /// let clean = ImageSet::Digits8x8.load()?.train;
    /// let noisy = clean.with_label_noise(0.1, Seed(0))?;
    /// let changed = clean.labels.iter().zip(&noisy.labels).filter(|(a, b)| a != b).count();
    /// assert!(changed <= 144 && changed > 100); // 144 of 1437 drawn anew
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn with_label_noise(&self, fraction: f64, seed: Seed) -> Result<Self> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(Error::setting("fraction", fraction, "from 0 to 1"));
        }
        let mut rng = seed.stream("noise");
        let count = (fraction * self.len() as f64).round() as usize;
        let mut order: Vec<usize> = (0..self.len()).collect();
        let (chosen, _) = order.partial_shuffle(&mut rng, count);
        let mut noisy = self.clone();
        for i in chosen {
            noisy.labels[*i] = rng.random_range(0..self.classes) as u8;
        }
        Ok(noisy)
    }
}

/// Random crops and flips of each image, anew each time.
///
/// A crop puts a black border of `crop` pixels around the image and takes a window of its size anywhere in it; a flip mirrors left
/// and right with probability one half.
///
/// ```
/// use scurve::{seed::Seed, task::image::{Augmentation, ImageSet}};
/// let images = ImageSet::Digits8x8.load()?.test;
/// let mut rng = Seed(0).stream("augment");
/// let changed = Augmentation { crop: 1, flip: false }.apply(&images, &mut rng);
/// assert!(changed.pixels != images.pixels && changed.labels == images.labels);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Augmentation {
    /// Pixels of border before a random window is taken; 0 leaves the image where it is.
    pub crop: usize,
    /// Whether to mirror at random.
    pub flip: bool,
}

impl Augmentation {
    /// Other images of the same things.
    pub fn apply(&self, images: &Images, rng: &mut impl Rng) -> Images {
        let [_, height, width] = images.shape();
        let mut out = images.clone();
        for (mut new, old) in out.pixels.outer_iter_mut().zip(images.pixels.outer_iter()) {
            // Window minus border: how far the image is looked at from above and from the left.
            let shift = |offset: usize| offset as isize - self.crop as isize;
            let dy = shift(rng.random_range(0..=2 * self.crop));
            let dx = shift(rng.random_range(0..=2 * self.crop));
            let mirror = self.flip && rng.random_bool(0.5);
            if dy == 0 && dx == 0 && !mirror {
                continue;
            }
            for ((c, y, x), pixel) in new.indexed_iter_mut() {
                let x = if mirror { width - 1 - x } else { x };
                let at = (y as isize + dy, x as isize + dx);
                let inside =
                    (0..height as isize).contains(&at.0) && (0..width as isize).contains(&at.1);
                *pixel = if inside {
                    old[[c, at.0 as usize, at.1 as usize]]
                } else {
                    0
                };
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::images::tests::{refused, small};
    use super::*;

    #[test]
    fn a_border_keeps_every_pixel() {
        let images = small(5);
        let wide = images.padded(6).unwrap();
        assert_eq!(wide.shape(), [1, 6, 6]);
        let inner = wide.pixels.slice(s![.., .., 2..4, 1..4]);
        assert_eq!(inner, images.pixels);
        let sum = |i: &Images| i.pixels.iter().map(|b| u64::from(*b)).sum::<u64>();
        assert_eq!(sum(&wide), sum(&images));
        refused(images.padded(2), "size");
    }

    #[test]
    fn blocks_become_their_means() {
        let pixels =
            Array4::from_shape_fn((1, 2, 5, 4), |(_, c, y, x)| (100 * c + 10 * y + x) as u8);
        let images = Images::new(pixels, vec![0], 1, 255).unwrap();
        let half = images.reduced(2).unwrap();
        assert_eq!(half.shape(), [2, 2, 2]);
        // (0 + 1 + 10 + 11)/4 = 5.5, rounded up; rows 2 and 3 are 20 more.
        assert_eq!(
            half.pixels.slice(s![0, 0, .., ..]),
            ndarray::array![[6, 8], [26, 28]]
        );
        assert_eq!(half.pixels[[0, 1, 1, 1]], 128);
        assert_eq!(images.reduced(1).unwrap(), images);
        assert_eq!(
            images
                .in_square(3)
                .unwrap()
                .pixels
                .slice(s![0, 0, ..2, ..2]),
            half.pixels.slice(s![0, 0, .., ..])
        );
        assert_eq!(images.in_square(5).unwrap().shape(), [2, 5, 5]);
        let fashion = Images::new(Array4::zeros((1, 1, 28, 28)), vec![0], 1, 255).unwrap();
        for side in 1..40 {
            assert_eq!(fashion.in_square(side).unwrap().shape(), [1, side, side]);
        }
        refused(images.reduced(0), "factor");
        refused(images.reduced(5), "factor");
        refused(images.in_square(0), "side");
    }

    #[test]
    fn noise_changes_as_many_labels_as_it_says() {
        let images = small(200)
            .pick(&(0..200).cycle().take(30_000).collect::<Vec<_>>())
            .unwrap();
        assert_eq!(images.with_label_noise(0.0, Seed(1)).unwrap(), images);
        for fraction in [0.1, 1.0] {
            let noisy = images.with_label_noise(fraction, Seed(1)).unwrap();
            let changed = noisy
                .labels
                .iter()
                .zip(&images.labels)
                .filter(|(a, b)| a != b)
                .count();
            // Two of three new labels differ.
            let expected = fraction * 30_000.0 * 2.0 / 3.0;
            let error = (fraction * 30_000.0 * 2.0 / 9.0).sqrt();
            assert!((changed as f64 - expected).abs() < 4.0 * error, "{changed}");
            assert!(noisy.counts().iter().all(|c| c.abs_diff(10_000) < 400));
            assert_ne!(noisy, images.with_label_noise(fraction, Seed(2)).unwrap());
        }
        refused(images.with_label_noise(1.5, Seed(0)), "fraction");
        refused(images.with_label_noise(f64::NAN, Seed(0)), "fraction");
    }

    #[test]
    fn crops_and_flips_move_pixels_and_make_none() {
        let pixels = Array4::from_shape_fn((400, 2, 3, 4), |(_, c, y, x)| {
            (1 + c * 12 + y * 4 + x) as u8
        });
        let images = Images::new(pixels.clone(), vec![0; 400], 1, 255).unwrap();
        let mut rng = Seed(4).stream("augment");
        let none = Augmentation::default().apply(&images, &mut rng);
        assert_eq!(none, images);
        let flipped = Augmentation {
            crop: 0,
            flip: true,
        }
        .apply(&images, &mut rng);
        let mirrored = pixels.slice(s![0, .., .., ..;-1]);
        let mut count = 0;
        for picture in flipped.pixels.outer_iter() {
            count += usize::from(picture == mirrored);
            assert!(picture == mirrored || picture == pixels.slice(s![0, .., .., ..]));
        }
        assert!((150..250).contains(&count), "{count}");
        let cropped = Augmentation {
            crop: 1,
            flip: false,
        }
        .apply(&images, &mut rng);
        let mut seen = std::collections::BTreeSet::new();
        for picture in cropped.pixels.outer_iter() {
            // Some window of the bordered image, the same in both channels.
            let found = (0..9).find(|k| {
                let (dy, dx) = (k / 3, k % 3);
                picture.indexed_iter().all(|((c, y, x), b)| {
                    let (y, x) = (y + dy, x + dx);
                    let inside = (1..=3).contains(&y) && (1..=4).contains(&x);
                    *b == if inside {
                        pixels[[0, c, y - 1, x - 1]]
                    } else {
                        0
                    }
                })
            });
            seen.insert(found.unwrap());
        }
        assert_eq!(seen.len(), 9);
    }
}
