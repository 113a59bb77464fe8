//! A whole set from one folder.

use super::cifar::{CifarReader, PICTURE};
use super::idx::IdxReader;
use super::images::Images;
use super::set::{Format, ImageSet, SetFile};
use super::stream::{self, damaged};
use crate::error::{Error, Result};
use crate::table::Table;
use ndarray::Array4;
use std::path::{Path, PathBuf};

/// Whose files may differ from the official ones.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Trust {
    /// The user's: they are noted as not official.
    User,
    /// All others: refused.
    Hash,
}

/// A set from a folder, or nothing when the folder has none of its files.
pub(super) fn read_folder(set: ImageSet, folder: &Path, trust: Trust) -> Result<Option<ImageData>> {
    let files = set.files();
    let found: Vec<Option<PathBuf>> = files.iter().map(|f| find(folder, f)).collect();
    if found.iter().all(Option::is_none) {
        return Ok(None);
    }
    let missing = files.iter().zip(&found).find(|(_, path)| path.is_none());
    if let Some((file, _)) = missing {
        let why = format!(
            "has other files of {set}, and lacks {} (or {0}.gz)",
            file.name
        );
        return Err(damaged(folder, why));
    }
    let paths: Vec<PathBuf> = found.into_iter().flatten().collect();
    let (train, test, official) = match set.format() {
        Format::Idx(_) => {
            let train = idx_split(set, &files[..2], &paths[..2])?;
            let test = idx_split(set, &files[2..], &paths[2..])?;
            (train.0, test.0, train.1.and(test.1))
        }
        Format::Cifar { .. } => {
            let last = files.len() - 1;
            let train = cifar_split(set, &files[..last], &paths[..last])?;
            let test = cifar_split(set, &files[last..], &paths[last..])?;
            (train.0, test.0, train.1.and(test.1))
        }
    };
    if train.pixels.shape()[1..] != test.pixels.shape()[1..] {
        let why = format!(
            "its test images are {:?} and its training images {:?}",
            &test.pixels.shape()[1..],
            &train.pixels.shape()[1..]
        );
        return Err(damaged(folder, why));
    }
    if let Official::No(path, digest) = &official {
        if let Some(other) = ImageSet::ALL.into_iter().find(|s| s.owns(digest)) {
            return Err(damaged(
                path,
                format!("is a file of {other}, and {set} was asked for"),
            ));
        }
        if trust == Trust::Hash {
            let why = "has another SHA-256 than the official file; delete it and fetch it again, or name its folder with --data to use it all the same";
            return Err(damaged(path, why.into()));
        }
    }
    Ok(Some(ImageData {
        set,
        folder: folder.to_path_buf(),
        official: official == Official::Yes,
        train,
        test,
    }))
}

fn find(folder: &Path, file: &SetFile) -> Option<PathBuf> {
    [file.name.to_string(), format!("{}.gz", file.name)]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

/// Whether files are those that the hashes are of; if not, the first that is not.
#[derive(PartialEq)]
enum Official {
    Yes,
    No(PathBuf, String),
}

impl Official {
    fn of(file: &SetFile, digest: String, path: &Path) -> Self {
        match digest == file.sha256 {
            true => Self::Yes,
            false => Self::No(path.to_path_buf(), digest),
        }
    }

    fn and(self, other: Self) -> Self {
        match self {
            Self::Yes => other,
            no => no,
        }
    }
}

fn idx_file(file: &SetFile, path: &Path) -> Result<(Vec<usize>, Vec<u8>, Official)> {
    let mut content = stream::open(path)?;
    let (dims, bytes) = IdxReader::new(&mut content, path)?.read_all()?;
    Ok((dims, bytes, Official::of(file, content.digest(), path)))
}

fn idx_split(set: ImageSet, files: &[SetFile], paths: &[PathBuf]) -> Result<(Images, Official)> {
    let (dims, pixels, official) = idx_file(&files[0], &paths[0])?;
    let [n, h, w] = dims[..] else {
        let why = format!("has sizes {dims:?}; images have three (magic number 2051)");
        return Err(damaged(&paths[0], why));
    };
    let (dims, labels, also) = idx_file(&files[1], &paths[1])?;
    if dims != [n] {
        let why = format!(
            "has sizes {dims:?}; the images beside it are {n}, so [{n}] is needed (magic number 2049)"
        );
        return Err(damaged(&paths[1], why));
    }
    let images = assemble(set, [n, 1, h, w], pixels, labels, &paths[0], &paths[1])?;
    Ok((images, official.and(also)))
}

fn cifar_split(set: ImageSet, files: &[SetFile], paths: &[PathBuf]) -> Result<(Images, Official)> {
    let Format::Cifar { label, .. } = set.format() else {
        return Err(Error::setting("set", set, "a CIFAR set"));
    };
    let (mut labels, mut pixels, mut official) = (Vec::new(), Vec::new(), Official::Yes);
    for (file, path) in files.iter().zip(paths) {
        let mut content = stream::open(path)?;
        let (some, bytes) = CifarReader::new(&mut content, label, path).read_all()?;
        labels.extend(some);
        pixels.extend(bytes);
        official = official.and(Official::of(file, content.digest(), path));
    }
    debug_assert_eq!(labels.len() * PICTURE, pixels.len());
    let shape = [labels.len(), 3, 32, 32];
    let images = assemble(set, shape, pixels, labels, &paths[0], &paths[0])?;
    Ok((images, official))
}

fn assemble(
    set: ImageSet,
    shape: [usize; 4],
    pixels: Vec<u8>,
    labels: Vec<u8>,
    images_path: &Path,
    labels_path: &Path,
) -> Result<Images> {
    let classes = set.classes();
    if let Some(i) = labels.iter().position(|l| usize::from(*l) >= classes) {
        let why = format!(
            "label {i} is {}, and {set} has {classes} classes",
            labels[i]
        );
        return Err(damaged(labels_path, why));
    }
    let white = set.white();
    if let Some(x) = pixels.iter().find(|x| **x > white) {
        let why = format!("has a pixel of {x}, and white is {white} in {set}");
        return Err(damaged(images_path, why));
    }
    let pixels =
        Array4::from_shape_vec(shape, pixels).map_err(|e| damaged(images_path, e.to_string()))?;
    Images::new(pixels, labels, classes, white)
}

/// A loaded image set.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageData {
    /// Which it is.
    pub set: ImageSet,
    /// The folder that it came from.
    pub folder: PathBuf,
    /// Whether all files have the SHA-256 of the official ones.
    pub official: bool,
    /// Images to train on.
    pub train: Images,
    /// Images to test on.
    pub test: Images,
}

impl ImageData {
    /// One row a split, for an experiment to keep: `set`, `official`, `split`, `images`, `classes`, `channels`, `height`, `width`.
    pub fn table(&self) -> Result<Table> {
        let splits = [&self.train, &self.test];
        let size = |axis: usize| splits.map(|s| s.pixels.shape()[axis]).to_vec();
        Table::new()
            .with("set", vec![self.set.name(); 2])?
            .with("official", vec![self.official; 2])?
            .with("split", vec!["train", "test"])?
            .with("images", size(0))?
            .with("classes", splits.map(|s| s.classes).to_vec())?
            .with("channels", size(1))?
            .with("height", size(2))?
            .with("width", size(3))
    }

    /// Shows the table in a notebook cell.
    pub fn evcxr_display(&self) {
        match self.table() {
            Ok(table) => table.evcxr_display(),
            Err(e) => crate::display::error(&e),
        }
    }
}
