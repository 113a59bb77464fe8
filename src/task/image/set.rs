//! The image sets by name, with what is known of their files.

use super::cifar::CifarLabel;
use super::folder::ImageData;
use super::source::ImageSources;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An image set, by its name.
///
/// The small ones ship with the project and are used only when they are named: none stands in for another silently.
///
/// | name | train / test | image | from |
/// |---|---|---|---|
/// | `mnist` | 60,000 / 10,000 | 28 × 28 | LeCun, Cortes, Burges |
/// | `fashion-mnist` | 60,000 / 10,000 | 28 × 28 | Xiao, Rasul, Vollgraf, 2017 |
/// | `cifar-10` | 50,000 / 10,000 | 3 × 32 × 32 | Krizhevsky, 2009 |
/// | `cifar-100`, `cifar-100-coarse` | 50,000 / 10,000 | 3 × 32 × 32, 100 or 20 classes | Krizhevsky, 2009 |
/// | `fashion-mnist-6k` | 5,000 / 1,000 | 28 × 28 | shipped: the first images of each class of `fashion-mnist` |
/// | `digits-8x8` | 1,437 / 360 | 8 × 8, 0 to 16 | shipped: scikit-learn's digits |
///
/// ```
/// use scurve::task::image::ImageSet;
/// let data = ImageSet::Digits8x8.load()?;
/// assert_eq!((data.train.len(), data.test.len(), data.train.classes), (1437, 360, 10));
/// assert!("mnits".parse::<ImageSet>().unwrap_err().to_string().contains("did you mean `mnist`?"));
/// # Ok::<(), scurve::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ImageSet {
    /// Handwritten digits.
    Mnist,
    /// Articles of clothing.
    FashionMnist,
    /// Colour photographs in 10 classes.
    Cifar10,
    /// Colour photographs in 100 classes.
    Cifar100,
    /// The same in 20 classes.
    Cifar100Coarse,
    /// 6,000 images of [`FashionMnist`](Self::FashionMnist), shipped with the project.
    FashionMnist6k,
    /// 1,797 small handwritten digits, shipped with the project.
    Digits8x8,
}

/// A file: its name, and the SHA-256 of its content, decompressed.
#[derive(Debug)]
pub(super) struct SetFile {
    pub name: &'static str,
    pub sha256: &'static str,
}

/// How the files of a set are written.
#[derive(Debug)]
pub(super) enum Format {
    /// Images and labels of the training set, then of the test set, each an IDX file.
    Idx([SetFile; 4]),
    /// The files of the training set, and the one of the test set.
    Cifar {
        label: CifarLabel,
        train: &'static [SetFile],
        test: SetFile,
    },
}

/// Where the official files are.
#[derive(Debug)]
pub(super) enum Online {
    /// Each file by itself, with `.gz` after its name, in this folder.
    Files(&'static str),
    /// All in one compressed archive of this folder, name and SHA-256.
    Archive(&'static str, &'static str, &'static str),
}

const IDX_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

fn idx(sha256: [&'static str; 4]) -> Format {
    let file = |i: usize| SetFile {
        name: IDX_NAMES[i],
        sha256: sha256[i],
    };
    Format::Idx([file(0), file(1), file(2), file(3)])
}

/// Of the archive of the binary version, unpacked.
const CIFAR_10: &[SetFile] = &[
    SetFile {
        name: "data_batch_1.bin",
        sha256: "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    },
    SetFile {
        name: "data_batch_2.bin",
        sha256: "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    },
    SetFile {
        name: "data_batch_3.bin",
        sha256: "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    },
    SetFile {
        name: "data_batch_4.bin",
        sha256: "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    },
    SetFile {
        name: "data_batch_5.bin",
        sha256: "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    },
];
const CIFAR_100: &[SetFile] = &[SetFile {
    name: "train.bin",
    sha256: "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
}];

impl ImageSet {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Mnist,
        Self::FashionMnist,
        Self::Cifar10,
        Self::Cifar100,
        Self::Cifar100Coarse,
        Self::FashionMnist6k,
        Self::Digits8x8,
    ];

    /// Its name in settings and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Cifar10 => "cifar-10",
            Self::Cifar100 => "cifar-100",
            Self::Cifar100Coarse => "cifar-100-coarse",
            Self::FashionMnist6k => "fashion-mnist-6k",
            Self::Digits8x8 => "digits-8x8",
        }
    }

    /// Whether it ships with the project.
    pub fn shipped(self) -> bool {
        matches!(self, Self::FashionMnist6k | Self::Digits8x8)
    }

    /// Number of classes.
    pub fn classes(self) -> usize {
        match self.format() {
            Format::Idx(_) => 10,
            Format::Cifar { label, .. } => label.classes(),
        }
    }

    /// The pixel value of white.
    pub fn white(self) -> u8 {
        match self {
            Self::Digits8x8 => 16,
            _ => u8::MAX,
        }
    }

    /// Loads it from where [`ImageSources::from_env`] finds it.
    ///
    /// # Errors
    /// As [`ImageSources::load`].
    pub fn load(self) -> Result<ImageData> {
        ImageSources::from_env().load(self)
    }

    /// The files. The hashes of MNIST and of CIFAR are as published by many; those of the others were computed.
    pub(super) fn format(self) -> Format {
        match self {
            Self::Mnist => idx([
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ]),
            Self::FashionMnist => idx([
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ]),
            Self::FashionMnist6k => idx([
                "444ed5f7ce17397f236f5eba17dd507d3f6912f04edd3e4f1701cdf82f2cc0c5",
                "35d691216f65485d010cc635af5574a9dc04aa5060de9be64ab6e5cb5ead38e9",
                "7cee33c3c6414b1b86c25e665a6c4f41584269de3b7cc9768b1d351922845eef",
                "3128d790775889812b73c4f13923559c8b9e281d112c6ea7862acf60a206a909",
            ]),
            Self::Digits8x8 => idx([
                "41e463fb11442353328aed136a72ca93512604a7ae6e294205756d54294c7502",
                "f8a600b73e2c056aa42316260206e6643bd33e96bd71cfb8e32b94f76fac4f93",
                "ee7550fe34409fc27d844b52fd0408fab403b2cc523bb34baa4ebd95b760d882",
                "cf2c8a23974df0c99eb3f36ff34c02acb9be1c84aca7280211ef04bea1135360",
            ]),
            Self::Cifar10 => Format::Cifar {
                label: CifarLabel::Ten,
                train: CIFAR_10,
                test: SetFile {
                    name: "test_batch.bin",
                    sha256: "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
                },
            },
            Self::Cifar100 | Self::Cifar100Coarse => Format::Cifar {
                label: match self {
                    Self::Cifar100 => CifarLabel::Fine,
                    _ => CifarLabel::Coarse,
                },
                train: CIFAR_100,
                test: SetFile {
                    name: "test.bin",
                    sha256: "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
                },
            },
        }
    }

    /// The folders that its files lie in by custom, in a folder of sets; its own name first.
    pub(super) fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Mnist => &["mnist", "MNIST/raw"],
            Self::FashionMnist => &["fashion-mnist", "FashionMNIST/raw"],
            Self::Cifar10 => &["cifar-10", "cifar-10-batches-bin"],
            Self::Cifar100 | Self::Cifar100Coarse => &["cifar-100", "cifar-100-binary"],
            Self::FashionMnist6k => &["fashion-mnist-6k"],
            Self::Digits8x8 => &["digits-8x8"],
        }
    }

    /// Debian's package of it.
    pub(super) fn package(self) -> Option<&'static str> {
        (self == Self::FashionMnist).then_some("dataset-fashion-mnist")
    }

    pub(super) fn online(self) -> Option<Online> {
        match self {
            Self::Mnist => Some(Online::Files(
                "https://storage.googleapis.com/cvdf-datasets/mnist",
            )),
            // Its authors' own place has no https; the hashes are compared.
            Self::FashionMnist => Some(Online::Files(
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            )),
            Self::Cifar10 => Some(Online::Archive(
                "https://www.cs.toronto.edu/~kriz",
                "cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            )),
            Self::Cifar100 | Self::Cifar100Coarse => Some(Online::Archive(
                "https://www.cs.toronto.edu/~kriz",
                "cifar-100-binary.tar.gz",
                "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            )),
            Self::FashionMnist6k | Self::Digits8x8 => None,
        }
    }

    /// Whether a file with this hash is one of its own.
    pub(super) fn owns(self, sha256: &str) -> bool {
        self.files().iter().any(|f| f.sha256 == sha256)
    }

    /// All its files.
    pub(super) fn files(self) -> Vec<SetFile> {
        match self.format() {
            Format::Idx(files) => files.into(),
            Format::Cifar { train, test, .. } => {
                let copy = |f: &SetFile| SetFile { ..*f };
                train.iter().map(copy).chain([copy(&test)]).collect()
            }
        }
    }
}

impl fmt::Display for ImageSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ImageSet {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = || Self::ALL.map(Self::name);
        Self::ALL
            .into_iter()
            .find(|set| set.name() == name)
            .ok_or_else(|| Error::unknown("image set", name, known()))
    }
}

impl TryFrom<String> for ImageSet {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<ImageSet> for String {
    fn from(set: ImageSet) -> Self {
        set.name().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for set in ImageSet::ALL {
            assert_eq!(set.name().parse::<ImageSet>().unwrap(), set);
            assert_eq!(serde_json::to_string(&set).unwrap(), format!("\"{set}\""));
            assert_eq!(
                set.folders()[0].split("-coarse").next(),
                set.name().split("-coarse").next()
            );
            assert_eq!(set.shipped(), set.online().is_none());
            assert!(set.files().iter().all(|f| f.sha256.len() == 64));
        }
        assert!(serde_json::from_str::<ImageSet>("\"cifar\"").is_err());
        assert_eq!(ImageSet::Cifar100Coarse.classes(), 20);
    }
}
