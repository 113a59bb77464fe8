//! Images as an experiment's settings name them, and as networks take them.

use crate::error::{Error, Result};
use crate::experiment::check::whole;
use crate::model::network::{Examples, Targets};
use crate::seed::Seed;
use crate::task::image::{Augmentation, ImageSet, Images, Normalisation};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// A part of an image set, and how it is shown to a network.
///
/// ```
/// use scurve::experiment::thesis::Pictures;
/// use scurve::task::image::ImageSet;
/// let pictures = Pictures::all(ImageSet::FashionMnist6k, 100, 16).cropped(2);
/// assert_eq!((pictures.classes, pictures.crop, pictures.flip), (10, 2, true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// The set.
    pub set: ImageSet,
    /// Its first so many classes.
    pub classes: usize,
    /// Training images of each class.
    pub per_class: usize,
    /// Height and width in pixels: larger images become means of blocks, smaller ones get a black border.
    pub side: usize,
    /// Pixels by which a training image is shifted at random, anew in each epoch (random crop).
    pub crop: usize,
    /// Whether half of them are mirrored.
    pub flip: bool,
}

impl Pictures {
    /// All classes of a set, not changed at random.
    pub fn all(set: ImageSet, per_class: usize, side: usize) -> Self {
        Self {
            set,
            classes: set.classes(),
            per_class,
            side,
            crop: 0,
            flip: false,
        }
    }

    /// The same with training images shifted by up to `crop` pixels and mirrored, anew in each epoch.
    pub fn cropped(self, crop: usize) -> Self {
        Self {
            crop,
            flip: true,
            ..self
        }
    }

    pub(super) fn validate(&self, field: &str) -> Result<()> {
        let named = |name: &str| format!("{field}.{name}");
        whole(&named("classes"), self.classes, 2, self.set.classes())?;
        whole(&named("per_class"), self.per_class, 2, 1_000_000)?;
        whole(&named("side"), self.side, 2, 1024)?;
        whole(&named("crop"), self.crop, 0, self.side)
    }

    /// Training images in all.
    pub(super) fn count(&self) -> usize {
        self.classes * self.per_class
    }

    fn images(&self, images: &Images) -> Result<Images> {
        let first: Vec<usize> = (0..self.classes).collect();
        images.of_classes(&first)?.in_square(self.side)
    }
}

/// Images as rows of numbers, with their classes.
pub(super) struct ImageSplit {
    pub train: Array2<f32>,
    pub labels: Vec<usize>,
    pub test: Array2<f32>,
    pub test_labels: Vec<usize>,
    pub classes: usize,
    /// Channels, height, width.
    pub shape: [usize; 3],
    changed: Option<Changed>,
}

/// Training images that look different each time.
struct Changed {
    images: Images,
    scale: Normalisation,
    how: Augmentation,
    seed: Seed,
}

impl ImageSplit {
    /// `per_class` training images of each class, normalised by them; a share `noise` of their labels is drawn anew.
    pub fn load(set: ImageSet, per_class: usize, noise: f64, seed: Seed) -> Result<Self> {
        let data = set.load()?;
        let train = data.train.balanced(per_class, seed)?;
        let train = train.with_label_noise(noise, seed)?;
        let scale = Normalisation::of(&train)?;
        Self::of(&train, &data.test, &scale)
    }

    /// The same with true labels and pixels on a given scale.
    pub fn scaled(
        set: ImageSet,
        per_class: usize,
        seed: Seed,
        scale: &Normalisation,
    ) -> Result<Self> {
        let data = set.load()?;
        Self::of(&data.train.balanced(per_class, seed)?, &data.test, scale)
    }

    /// What the settings name.
    pub fn pictures(pictures: &Pictures, seed: Seed) -> Result<Self> {
        let data = pictures.set.load()?;
        let train = pictures.images(&data.train)?;
        let train = train.balanced(pictures.per_class, seed)?;
        let scale = Normalisation::of(&train)?;
        let mut split = Self::of(&train, &pictures.images(&data.test)?, &scale)?;
        let how = Augmentation {
            crop: pictures.crop,
            flip: pictures.flip,
        };
        if how != Augmentation::default() {
            split.changed = Some(Changed {
                images: train,
                scale,
                how,
                seed,
            });
        }
        Ok(split)
    }

    fn of(train: &Images, test: &Images, scale: &Normalisation) -> Result<Self> {
        Ok(Self {
            labels: train.classes_of(),
            classes: train.classes,
            shape: train.shape(),
            train: train.rows_f32(scale)?,
            test: test.rows_f32(scale)?,
            test_labels: test.classes_of(),
            changed: None,
        })
    }

    /// Whether training images are changed at random.
    pub fn changes(&self) -> bool {
        self.changed.is_some()
    }

    /// These training images as the step sees them, with their targets: what a step sees depends on the seed and its number alone.
    pub fn examples_at(
        &self,
        step: usize,
        rows: &[usize],
        targets: &Targets<f32>,
    ) -> Result<Examples<f32>> {
        let inputs = match &self.changed {
            None => self.train.select(ndarray::Axis(0), rows),
            Some(changed) => {
                let mut rng = changed.seed.stream(&format!("augment/{step}"));
                let images = changed.how.apply(&changed.images.pick(rows)?, &mut rng);
                images.rows_f32(&changed.scale)?
            }
        };
        Examples::new(inputs, targets.select(rows))
    }
}

/// A list of sizes must ascend: the last is the largest.
pub(super) fn ascending(field: &str, sizes: &[usize]) -> Result<()> {
    match sizes.windows(2).find(|w| w[0] >= w[1]) {
        None => Ok(()),
        Some(pair) => Err(Error::setting(
            field,
            pair[1],
            format!("larger than the one before it, {}", pair[0]),
        )),
    }
}
