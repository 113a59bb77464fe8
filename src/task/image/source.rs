//! Where image sets are looked for, and the ways to get one.

use super::download;
use super::folder::{ImageData, Trust, read_folder};
use super::set::ImageSet;
use crate::error::{Error, Result};
use crate::experiment::project_root;
use std::path::PathBuf;
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
