//! Where image sets lie, and loading them.

use super::cifar::{CifarReader, PICTURE};
use super::download;
use super::idx::IdxReader;
use super::images::Images;
use super::set::{Format, ImageSet, SetFile};
use super::stream::{self, damaged};
use crate::error::{Error, Result};
use crate::experiment::project_root;
use crate::table::Table;
use ndarray::Array4;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folders in which image sets are looked for.
///
/// In this order: the folder that the user names, the distribution's packages, what was downloaded before, a download. A set that ships with the project
/// is looked for in the user's folder and in the project's `data/sets`, and only when that very set is asked for.
///
/// In the user's folder the files lie in it or in a folder of the set's name, compressed by gzip or not. A folder in which some of a set's files are
/// missing is refused, not passed over.
///
/// ```
/// use scurve::task::image::{ImageSet, ImageSources};
/// // Nowhere to look, and no download: the error names the ways to get the set.
/// let none = ImageSources { folder: None, packages: "/none".into(), cache: "/none".into(), shipped: None, online: None };
/// let message = none.load(ImageSet::FashionMnist).unwrap_err().to_string();
/// for way in ["--data DIR", "apt-get install dataset-fashion-mnist", "download"] {
///     assert!(message.contains(way), "{message}");
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSources {
    /// The user's folder: `--data DIR`, [`set_folder`], or `SCURVE_SETS`.
    pub folder: Option<PathBuf>,
    /// Where the distribution's packages put data sets: `/usr/share/datasets`.
    pub packages: PathBuf,
    /// Where downloads are kept: `sets` in the project's cache folder.
    pub cache: PathBuf,
    /// The project's `data/sets`, when the working folder lies in the project.
    pub shipped: Option<PathBuf>,
    /// Whether to download, and from where.
    pub online: Option<Mirror>,
}

/// Where to download from. Whatever the place, only files with the known SHA-256 are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// The places that the sets' authors or maintainers name.
    Official,
    /// A folder of another place, as a URL (`https://…`, `file://…`) with the files under their official names.
    At(String),
}

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Names the user's folder for the rest of the process, as `--data DIR` does. The first call counts.
pub fn set_folder(folder: impl Into<PathBuf>) {
    // A second folder for the same process would change what a running experiment reads.
    let _ = FOLDER.set(folder.into());
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
}

impl ImageSources {
    /// As the environment says: the folder of [`set_folder`], else of `SCURVE_SETS`; the cache folder of `SCURVE_CACHE`, else `~/.cache/scurve`.
    pub fn from_env() -> Self {
        let cache = variable("SCURVE_CACHE")
            .or_else(|| variable("XDG_CACHE_HOME").map(|dir| dir.join("scurve")))
            .or_else(|| variable("HOME").map(|dir| dir.join(".cache/scurve")))
            .unwrap_or_else(std::env::temp_dir);
        Self {
            folder: FOLDER.get().cloned().or_else(|| variable("SCURVE_SETS")),
            packages: "/usr/share/datasets".into(),
            cache: cache.join("sets"),
            shipped: project_root().map(|root| root.join("data/sets")),
            online: Some(Mirror::Official),
        }
    }

    /// Loads a set, downloading it where that is allowed and needed.
    ///
    /// # Errors
    /// [`Error::Missing`] with the ways to get it; a folder with some of the files only; a file that is not what it should be.
    pub fn load(&self, set: ImageSet) -> Result<ImageData> {
        let mut looked = Vec::new();
        if let Some(folder) = &self.folder {
            if !folder.is_dir() {
                let allowed = "a folder with image sets (--data DIR or SCURVE_SETS)";
                return Err(Error::setting("data", folder.display(), allowed));
            }
            // Names of files are the same for all IDX sets: a shipped set is not looked for where another may lie.
            let itself = !set.shipped() || folder.ends_with(set.name());
            let subfolders = set.folders().iter().map(|name| folder.join(name));
            for folder in itself.then(|| folder.clone()).into_iter().chain(subfolders) {
                if let Some(data) = read_folder(set, &folder, Trust::User)? {
                    return Ok(data);
                }
            }
            looked.push(format!("{} has none of its files", folder.display()));
        }
        let mut others = Vec::new();
        match set.shipped() {
            true => others.extend(self.shipped.clone()),
            false => others.extend([self.packages.clone(), self.cache.clone()]),
        }
        for folder in others.iter().map(|f| f.join(set.folders()[0])) {
            if let Some(data) = read_folder(set, &folder, Trust::Hash)? {
                return Ok(data);
            }
            looked.push(format!("{} is not there", folder.display()));
        }
        if set.shipped() && self.shipped.is_none() {
            looked.push("the working folder is not inside the project".into());
        }
        if let (Some(mirror), Some(online)) = (&self.online, set.online()) {
            let folder = self.cache.join(set.folders()[0]);
            match download::fetch(set, &online, mirror, &folder) {
                Ok(()) => {
                    if let Some(data) = read_folder(set, &folder, Trust::Hash)? {
                        return Ok(data);
                    }
                }
                Err(e) => looked.push(format!("the download failed: {e}")),
            }
        }
        Err(Error::Missing {
            what: format!("the image set {set}"),
            looked: match looked.is_empty() {
                true => "no folder was named to look in".into(),
                false => looked.join("; "),
            },
            ways: ways(set),
        })
    }
}

/// The ways to get a set, in a sentence each.
fn ways(set: ImageSet) -> String {
    let files: Vec<&str> = set.files().iter().map(|f| f.name).collect();
    let folder = format!(
        "name a folder that holds {}, as they are or with .gz, with --data DIR or SCURVE_SETS=DIR",
        files.join(", ")
    );
    if set.shipped() {
        return format!(
            "It ships with the project in data/sets/{set}: work inside the project's folder; or {folder}"
        );
    }
    let package = match set.package() {
        Some(package) => {
            format!("install the distribution's package (Debian: apt-get install {package})")
        }
        None => format!(
            "install a package of your distribution that fills /usr/share/datasets/{}",
            set.folders()[0]
        ),
    };
    format!(
        "Three ways to get it: {folder}; {package}; or let it be downloaded, which needs the network and curl"
    )
}

/// Whose files may differ from the official ones.
#[derive(Clone, Copy, PartialEq)]
enum Trust {
    /// The user's: they are noted as not official.
    User,
    /// All others: refused.
    Hash,
}

/// A set from a folder, or nothing when the folder has none of its files.
fn read_folder(set: ImageSet, folder: &Path, trust: Trust) -> Result<Option<ImageData>> {
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
