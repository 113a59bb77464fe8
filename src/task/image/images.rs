//! Images with labels, and subsets of them.

use crate::error::{Error, Result};
use crate::seed::Seed;
use crate::table::Table;
use ndarray::{Array2, Array4, Axis};
use rand::seq::SliceRandom;

/// Images with a class each, as bytes.
///
/// ```
/// use scurve::seed::Seed;
/// use scurve::task::image::ImageSet;
/// let digits = ImageSet::Digits8x8.load()?.train;
/// let odd = digits.of_classes(&[1, 3, 5, 7, 9])?;
/// assert_eq!((odd.classes, odd.counts().len()), (5, 5));
/// assert_eq!(odd.balanced(40, Seed(0))?.counts(), [40; 5]);
/// assert_eq!(digits.padded(32)?.pixels.shape(), [1437, 1, 32, 32]);
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Pixels: images × channels × height × width, from 0 to `white`.
    pub pixels: Array4<u8>,
    /// The class of each image, 0 to `classes` − 1.
    pub labels: Vec<u8>,
    /// Number of classes, C.
    pub classes: usize,
    /// The pixel value of white.
    pub white: u8,
}

impl Images {
    /// Images and their classes.
    ///
    /// # Errors
    /// No images, or none of a pixel; another number of labels; a label or a pixel out of range.
    pub fn new(pixels: Array4<u8>, labels: Vec<u8>, classes: usize, white: u8) -> Result<Self> {
        let n = pixels.len_of(Axis(0));
        if pixels.is_empty() {
            let shape = format!("{:?}", pixels.shape());
            return Err(Error::setting("pixels.shape()", shape, "sizes ≥ 1"));
        }
        if labels.len() != n {
            let allowed = format!("{n}, one for each image");
            return Err(Error::setting("labels.len()", labels.len(), allowed));
        }
        if let Some(i) = labels.iter().position(|l| usize::from(*l) >= classes) {
            let allowed = format!("less than the number of classes, {classes}");
            return Err(Error::setting(format!("labels[{i}]"), labels[i], allowed));
        }
        if let Some(x) = pixels.iter().find(|x| **x > white) {
            return Err(Error::setting(
                "pixels",
                x,
                format!("at most white, {white}"),
            ));
        }
        Ok(Self {
            pixels,
            labels,
            classes,
            white,
        })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Never: there is at least one image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Channels, height and width of each image.
    pub fn shape(&self) -> [usize; 3] {
        let shape = self.pixels.shape();
        [shape[1], shape[2], shape[3]]
    }

    /// Images of each class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for label in &self.labels {
            counts[usize::from(*label)] += 1;
        }
        counts
    }

    /// The images of these indices, in their order; an index may come twice.
    ///
    /// # Errors
    /// No indices, or one that there is not.
    pub fn pick(&self, indices: &[usize]) -> Result<Self> {
        if let Some(i) = indices.iter().find(|i| **i >= self.len()) {
            let allowed = format!("less than the number of images, {}", self.len());
            return Err(Error::setting("index", i, allowed));
        }
        let labels = indices.iter().map(|i| self.labels[*i]).collect();
        let pixels = self.pixels.select(Axis(0), indices);
        Self::new(pixels, labels, self.classes, self.white)
    }

    /// The first `count` images, as published subsets often are. They are not balanced: see [`balanced`](Self::balanced).
    ///
    /// # Errors
    /// `count` is 0 or larger than the set.
    pub fn first(&self, count: usize) -> Result<Self> {
        if count == 0 || count > self.len() {
            let allowed = format!("from 1 to the number of images, {}", self.len());
            return Err(Error::setting("count", count, allowed));
        }
        self.pick(&(0..count).collect::<Vec<_>>())
    }

    /// The images of these classes only, which become 0, 1, … in the order given.
    ///
    /// # Errors
    /// No classes, one twice, one that there is not or that has no images.
    pub fn of_classes(&self, classes: &[usize]) -> Result<Self> {
        let mut new = vec![None; self.classes];
        for (i, &class) in classes.iter().enumerate() {
            let slot = new.get_mut(class).ok_or_else(|| {
                let allowed = format!("less than the number of classes, {}", self.classes);
                Error::setting(format!("classes[{i}]"), class, allowed)
            })?;
            if slot.replace(i as u8).is_some() {
                return Err(Error::setting(
                    format!("classes[{i}]"),
                    class,
                    "named once only",
                ));
            }
        }
        self.refuse_without(classes)?;
        let of = |i: &usize| new[usize::from(self.labels[*i])].is_some();
        let indices: Vec<usize> = (0..self.len()).filter(of).collect();
        if indices.is_empty() {
            return Err(Error::setting(
                "classes",
                "[]",
                "a list of at least one class",
            ));
        }
        let mut images = self.pick(&indices)?;
        for label in &mut images.labels {
            *label = new[usize::from(*label)].unwrap_or_default();
        }
        images.classes = classes.len();
        Ok(images)
    }

    /// `per_class` images of every class, drawn without replacement by the stream `data` of the seed, in random order.
    ///
    /// # Errors
    /// `per_class` is 0; a class with fewer images, or none.
    pub fn balanced(&self, per_class: usize, seed: Seed) -> Result<Self> {
        if per_class == 0 {
            return Err(Error::setting("per_class", 0, "a whole number ≥ 1"));
        }
        self.refuse_without(&(0..self.classes).collect::<Vec<_>>())?;
        let counts = self.counts();
        if let Some(class) = counts.iter().position(|count| *count < per_class) {
            let allowed = format!("at most {}, the images of class {class}", counts[class]);
            return Err(Error::setting("per_class", per_class, allowed));
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut seed.stream("data"));
        let mut taken = vec![0; self.classes];
        order.retain(|i| {
            let taken = &mut taken[usize::from(self.labels[*i])];
            *taken += 1;
            *taken <= per_class
        });
        self.pick(&order)
    }

    fn refuse_without(&self, classes: &[usize]) -> Result<()> {
        let counts = self.counts();
        match classes.iter().find(|class| counts[**class] == 0) {
            None => Ok(()),
            Some(class) => Err(Error::setting(
                format!("images of class {class}"),
                0,
                "at least one; leave this class out (of_classes) or take more images",
            )),
        }
    }

    /// The classes as indices, as measures of features take them.
    pub fn classes_of(&self) -> Vec<usize> {
        self.labels.iter().map(|l| usize::from(*l)).collect()
    }

    /// The classes as numbers, images × 1: the target of a regression on the digit.
    pub fn digits(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.len(), 1), |(i, _)| self.labels[i].into())
    }

    /// One-hot targets, images × C.
    pub fn one_hot(&self) -> Array2<f64> {
        let mut target = Array2::zeros((self.len(), self.classes));
        for (mut row, label) in target.rows_mut().into_iter().zip(&self.labels) {
            row[usize::from(*label)] = 1.0;
        }
        target
    }

    /// One row a class: `class`, `images`.
    pub fn table(&self) -> Result<Table> {
        Table::new()
            .with("class", (0..self.classes).collect::<Vec<_>>())?
            .with("images", self.counts())
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `n` images of 1 × 2 × 3, image i all i, classes 0, 1, 2 by turns.
    pub fn small(n: usize) -> Images {
        let pixels = Array4::from_shape_fn((n, 1, 2, 3), |(i, ..)| i as u8);
        let labels = (0..n).map(|i| (i % 3) as u8).collect();
        Images::new(pixels, labels, 3, 255).unwrap()
    }

    pub fn refused<T: std::fmt::Debug>(result: Result<T>, field: &str) {
        match result {
            Err(Error::Setting { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn subsets_keep_images_with_their_labels() {
        let all = small(30);
        let some = all.pick(&[5, 5, 2]).unwrap();
        assert_eq!(
            (some.labels.as_slice(), some.pixels[[1, 0, 1, 2]]),
            (&[2, 2, 2][..], 5)
        );
        assert_eq!(all.first(4).unwrap().labels, [0, 1, 2, 0]);
        let two = all.of_classes(&[2, 0]).unwrap();
        assert_eq!(
            (two.len(), two.classes, two.counts()),
            (20, 2, vec![10, 10])
        );
        for (i, label) in two.labels.iter().enumerate() {
            assert_eq!(two.pixels[[i, 0, 0, 0]] % 3, [2, 0][usize::from(*label)]);
        }
        let few = all.balanced(4, Seed(3)).unwrap();
        assert_eq!(few.counts(), [4; 3]);
        let mut seen: Vec<u8> = (0..12).map(|i| few.pixels[[i, 0, 0, 0]]).collect();
        assert!((0..12).all(|i| seen[i] % 3 == few.labels[i]));
        assert!(!seen.is_sorted());
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 12);
        assert_eq!(few, all.balanced(4, Seed(3)).unwrap());
        assert_ne!(few, all.balanced(4, Seed(4)).unwrap());
        assert_eq!(all.digits()[[5, 0]], 2.0);
        assert_eq!(all.one_hot().row(4).to_vec(), [0.0, 1.0, 0.0]);
        assert_eq!(all.classes_of()[..3], [0, 1, 2]);
        assert_eq!(all.table().unwrap().f64s("images").unwrap(), [10.0; 3]);
    }

    #[test]
    fn bad_input_is_refused_one_by_one() {
        let pixels = || Array4::<u8>::zeros((2, 1, 2, 2));
        refused(
            Images::new(Array4::zeros((0, 1, 2, 2)), vec![], 2, 255),
            "pixels.shape()",
        );
        refused(
            Images::new(Array4::zeros((2, 1, 0, 2)), vec![0, 1], 2, 255),
            "pixels.shape()",
        );
        refused(Images::new(pixels(), vec![0], 2, 255), "labels.len()");
        refused(Images::new(pixels(), vec![0, 2], 2, 255), "labels[1]");
        refused(Images::new(pixels() + 17, vec![0, 1], 2, 16), "pixels");
        let all = small(9);
        refused(all.pick(&[0, 9]), "index");
        refused(all.pick(&[]), "pixels.shape()");
        refused(all.first(0), "count");
        refused(all.first(10), "count");
        refused(all.of_classes(&[]), "classes");
        refused(all.of_classes(&[0, 3]), "classes[1]");
        refused(all.of_classes(&[1, 1]), "classes[1]");
        refused(all.balanced(0, Seed(0)), "per_class");
        refused(all.balanced(4, Seed(0)), "per_class");
        let lacking = all.pick(&[0, 2, 3]).unwrap();
        refused(lacking.balanced(1, Seed(0)), "images of class 1");
        refused(lacking.of_classes(&[0, 1]), "images of class 1");
    }
}
