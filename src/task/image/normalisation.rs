//! From bytes to numbers: arrays and tensors.

use super::images::Images;
use crate::error::{Error, Result};
use crate::table::Table;
use burn::tensor::{Device, Int, Tensor, TensorData};
use ndarray::{Array2, ArrayView2, Axis};

/// $x = (b / w - \mu_c) / \sigma_c$ for a byte $b$ of channel $c$, with $w$ the byte of white.
///
/// Fit it on the training images and use it for both splits.
///
/// ```
/// use scurve::task::image::{ImageSet, Normalisation};
/// let data = ImageSet::FashionMnist6k.load()?;
/// let scale = Normalisation::of(&data.train)?;
/// assert!((scale.mean[0] - 0.287).abs() < 1e-3 && (scale.deviation[0] - 0.355).abs() < 3e-3);
/// assert_eq!(Normalisation::unit(1).mean, [0.0]); // leaves 0 to 1
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Normalisation {
    /// $\mu_c$, of pixels from 0 to 1.
    pub mean: Vec<f64>,
    /// $\sigma_c > 0$, of pixels from 0 to 1.
    pub deviation: Vec<f64>,
}

impl Normalisation {
    /// Mean and standard deviation of each channel over all pixels of all images.
    ///
    /// # Errors
    /// A channel that is the same everywhere.
    pub fn of(images: &Images) -> Result<Self> {
        let white = f64::from(images.white);
        let (mut mean, mut deviation) = (Vec::new(), Vec::new());
        for (c, channel) in images.pixels.axis_iter(Axis(1)).enumerate() {
            // Sums of bytes and of their squares are exact.
            let (sum, squares) = channel.iter().fold((0u64, 0u64), |(sum, squares), b| {
                let b = u64::from(*b);
                (sum + b, squares + b * b)
            });
            let n = channel.len() as f64;
            let mu = sum as f64 / n;
            let variance = squares as f64 / n - mu * mu;
            if variance <= 0.0 {
                let allowed = "different somewhere; without contrast there is nothing to scale by";
                return Err(Error::setting(format!("channel {c}"), "constant", allowed));
            }
            mean.push(mu / white);
            deviation.push(variance.sqrt() / white);
        }
        Ok(Self { mean, deviation })
    }

    /// Pixels from 0 to 1, as they are.
    pub fn unit(channels: usize) -> Self {
        Self {
            mean: vec![0.0; channels],
            deviation: vec![1.0; channels],
        }
    }

    /// For each channel the number of each byte.
    fn tables(&self, images: &Images) -> Result<Vec<[f64; 256]>> {
        let [channels, ..] = images.shape();
        if self.mean.len() != channels || self.deviation.len() != channels {
            let found = self.mean.len().min(self.deviation.len());
            let allowed = format!("{channels}, as the images have");
            return Err(Error::setting("channels", found, allowed));
        }
        let pairs = self.mean.iter().zip(&self.deviation);
        if let Some((mean, deviation)) = pairs.clone().find(|(m, s)| !(m.is_finite() && **s > 0.0))
        {
            let value = format!("{mean} and {deviation}");
            return Err(Error::setting(
                "mean and deviation",
                value,
                "finite, and > 0",
            ));
        }
        let white = f64::from(images.white);
        let table = |(mean, deviation): (&f64, &f64)| {
            std::array::from_fn(|b| (b as f64 / white - mean) / deviation)
        };
        Ok(pairs.map(table).collect())
    }

    /// One row a channel: `channel`, `mean`, `deviation`.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("channel", (0..self.mean.len()).collect::<Vec<_>>())?
            .with("mean", self.mean.clone())?
            .with("deviation", self.deviation.clone())
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}

impl Images {
    /// One row an image, channel after channel, row after row: images × (channels · height · width).
    ///
    /// # Errors
    /// A normalisation of another number of channels.
    pub fn rows(&self, scale: &Normalisation) -> Result<Array2<f64>> {
        self.scaled(scale, |x| x)
    }

    /// [`rows`](Self::rows) in single precision.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn rows_f32(&self, scale: &Normalisation) -> Result<Array2<f32>> {
        self.scaled(scale, |x| x as f32)
    }

    fn scaled<T: Copy>(&self, scale: &Normalisation, number: fn(f64) -> T) -> Result<Array2<T>> {
        let tables: Vec<[T; 256]> = scale.tables(self)?.iter().map(|t| t.map(number)).collect();
        let [channels, height, width] = self.shape();
        let area = height * width;
        let mut values = Vec::with_capacity(self.pixels.len());
        let bytes = self.pixels.as_standard_layout();
        let bytes = bytes.as_slice().unwrap_or_default();
        for (i, plane) in bytes.chunks_exact(area).enumerate() {
            let table = &tables[i % channels];
            values.extend(plane.iter().map(|b| table[usize::from(*b)]));
        }
        Array2::from_shape_vec((self.len(), channels * area), values)
            .map_err(|e| Error::setting("pixels", e, "in their standard layout"))
    }

    /// All images on a device: images × channels × height × width.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn tensor(&self, scale: &Normalisation, device: &Device) -> Result<Tensor<4>> {
        let [channels, height, width] = self.shape();
        let values = self.rows_f32(scale)?.into_raw_vec_and_offset().0;
        let shape = [self.len(), channels, height, width];
        Ok(Tensor::from_data(TensorData::new(values, shape), device))
    }

    /// The classes on a device, as cross-entropy takes them.
    pub fn label_tensor(&self, device: &Device) -> Tensor<1, Int> {
        let labels: Vec<i64> = self.labels.iter().map(|l| i64::from(*l)).collect();
        let shape = [labels.len()];
        Tensor::from_data(TensorData::new(labels, shape), device)
    }

    /// One-hot targets on a device, images × C.
    pub fn one_hot_tensor(&self, device: &Device) -> Tensor<2> {
        tensor(self.one_hot().view(), device)
    }
}

fn tensor(values: ArrayView2<f64>, device: &Device) -> Tensor<2> {
    let shape = [values.nrows(), values.ncols()];
    let values: Vec<f32> = values.iter().map(|x| *x as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    use super::super::images::tests::{refused, small};
    use super::*;
    use ndarray::{Array4, array};

    #[test]
    fn normalised_pixels_have_mean_0_and_variance_1_in_each_channel() {
        let pixels = Array4::from_shape_fn((7, 3, 4, 5), |(i, c, y, x)| {
            (i * 17 + c * 40 + (y * 5 + x) * (c + 1)) as u8
        });
        let images = Images::new(pixels.clone(), vec![0; 7], 1, 255).unwrap();
        let scale = Normalisation::of(&images).unwrap();
        let rows = images.rows(&scale).unwrap();
        for c in 0..3 {
            let part = rows.slice(ndarray::s![.., c * 20..(c + 1) * 20]);
            let (mean, square) = (part.mean().unwrap(), part.mapv(|x| x * x).mean().unwrap());
            assert!(
                mean.abs() < 1e-13 && (square - 1.0).abs() < 1e-12,
                "{mean} {square}"
            );
        }
        let back = rows[[3, 27]] * scale.deviation[1] + scale.mean[1];
        assert!((back * 255.0 - f64::from(pixels[[3, 1, 1, 2]])).abs() < 1e-10);
        let single = images.rows_f32(&scale).unwrap();
        assert!((f64::from(single[[3, 27]]) - rows[[3, 27]]).abs() < 1e-6);
        let unit = images.rows(&Normalisation::unit(3)).unwrap();
        assert_eq!(unit[[0, 1]], f64::from(pixels[[0, 0, 0, 1]]) / 255.0);
        assert_eq!(scale.table().unwrap().height(), 3);
    }

    #[test]
    fn tensors_hold_what_the_rows_hold() {
        let images = small(4);
        let device = crate::device::DeviceKind::Flex.device().unwrap();
        let x = images.tensor(&Normalisation::unit(1), &device).unwrap();
        assert_eq!(x.dims(), [4, 1, 2, 3]);
        let x: Vec<f32> = x.into_data().try_to_vec().unwrap();
        let rows = images.rows_f32(&Normalisation::unit(1)).unwrap();
        assert_eq!(x, rows.into_raw_vec_and_offset().0);
        let y = images.one_hot_tensor(&device).into_data();
        let hot: Vec<f32> = y.try_to_vec().unwrap();
        assert_eq!(hot[3..6], [0.0, 1.0, 0.0]);
        let labels = images.label_tensor(&device);
        assert_eq!(labels.equal_elem(2).int().sum().into_scalar::<i32>(), 1);
        assert_eq!(
            super::tensor(array![[1.0, 2.0]].view(), &device).dims(),
            [1, 2]
        );
    }

    #[test]
    fn bad_input_is_refused() {
        let flat = Images::new(Array4::zeros((2, 1, 2, 2)), vec![0, 0], 1, 255).unwrap();
        refused(Normalisation::of(&flat), "channel 0");
        refused(small(3).rows(&Normalisation::unit(3)), "channels");
        let zero = Normalisation {
            mean: vec![0.0],
            deviation: vec![0.0],
        };
        refused(small(3).rows(&zero), "mean and deviation");
    }
}
