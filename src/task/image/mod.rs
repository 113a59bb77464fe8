//! Images: strict readers of IDX and CIFAR files, where the sets come from, subsets, noise, and the way into tensors.
//!
//! ```
//! use scurve::seed::Seed;
//! use scurve::task::image::{ImageSet, Normalisation};
//!
//! let data = ImageSet::FashionMnist6k.load()?;
//! let train = data.train.balanced(20, Seed(0))?;          // 20 images of each of 10 classes
//! let scale = Normalisation::of(&train)?;                 // mean and deviation of a pixel
//! let x = train.rows(&scale)?;                            // 200 × 784
//! assert_eq!((x.dim(), train.one_hot().dim()), ((200, 784), (200, 10)));
//! assert!(x.mean().unwrap().abs() < 1e-12);
//! # Ok::<(), scurve::error::Error>(())
//! ```
//!
//! Random choices come from named streams of the seed: `data` (subsets), `noise` (labels), `batch` (order), `augment` (crops and flips).

mod archive;
mod batch;
mod cifar;
mod download;
mod folder;
mod idx;
mod images;
mod normalisation;
mod set;
mod source;
mod stream;
mod transform;

pub use batch::ImageBatches;
pub use cifar::{CifarLabel, CifarReader};
pub use folder::ImageData;
pub use idx::IdxReader;
pub use images::Images;
pub use normalisation::Normalisation;
pub use set::ImageSet;
pub use source::{ImageSources, Mirror, set_folder};
pub use transform::Augmentation;
