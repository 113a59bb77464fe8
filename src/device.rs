//! The one place that chooses where tensors live.

use crate::error::{Error, Result};
use burn::tensor::Device;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::str::FromStr;

/// A kind of device, by the name that `SCURVE_DEVICE` and `--device` take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// LibTorch on the processor.
    LibTorch,
    /// LibTorch on the first CUDA device.
    Cuda,
    /// Burn's backend in pure Rust.
    Flex,
}

impl DeviceKind {
    /// All kinds that this build holds.
    pub const BUILT: &'static [Self] = if cfg!(feature = "libtorch") {
        &[Self::LibTorch, Self::Cuda, Self::Flex]
    } else {
        &[Self::Flex]
    };

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LibTorch => "libtorch",
            Self::Cuda => "cuda",
            Self::Flex => "flex",
        }
    }

    /// The kind that `SCURVE_DEVICE` names, else LibTorch where it is built in, else Flex.
    ///
    /// # Errors
    /// An unknown name, or a device that is not built in.
    pub fn from_env() -> Result<Self> {
        match std::env::var("SCURVE_DEVICE") {
            Ok(name) if !name.is_empty() => name.parse(),
            _ => Ok(Self::BUILT[0]),
        }
    }

    /// The burn device.
    ///
    /// # Errors
    /// [`Cuda`](Self::Cuda) where LibTorch sees no such device; a device that is not built in.
    ///
    /// ```
    /// use scurve::device::DeviceKind;
    /// let device = DeviceKind::Flex.device()?;
    /// let x = burn::tensor::Tensor::<1>::from_floats([1.0, 2.0], &device);
    /// assert_eq!(x.sum().into_scalar::<f32>(), 3.0);
    /// # Ok::<(), scurve::error::Error>(())
    /// ```
    pub fn device(self) -> Result<Device> {
        match self {
            Self::Flex => Ok(Device::flex()),
            // burn 0.22 deprecates burn-tch and ships it; the version is pinned.
            #[cfg(feature = "libtorch")]
            #[allow(deprecated)]
            Self::LibTorch => Ok(Device::libtorch()),
            #[cfg(feature = "libtorch")]
            Self::Cuda if !tch::Cuda::is_available() => Err(Error::Device {
                name: self.name().into(),
                why: "LibTorch sees no CUDA device: it was fetched without CUDA (`make setup DEVICE=cuda` fetches it with), or there is no GPU or no driver \
                      (`nvidia-smi` tells); use `libtorch` or `flex`"
                    .into(),
            }),
            #[cfg(feature = "libtorch")]
            #[allow(deprecated)]
            Self::Cuda => Ok(Device::libtorch_cuda(0)),
            #[cfg(not(feature = "libtorch"))]
            Self::LibTorch | Self::Cuda => Err(not_built(self)),
        }
    }
}

#[cfg(feature = "libtorch")]
unsafe extern "C" {
    /// Of the C interface that burn-tch is linked with.
    fn at_set_num_threads(threads: std::ffi::c_int);
    fn at_get_num_threads() -> std::ffi::c_int;
}

/// How many threads LibTorch uses within an operation that the calling thread asks for; 1 without LibTorch.
pub(crate) fn threads() -> usize {
    #[cfg(feature = "libtorch")]
    // SAFETY: a plain C function that reads a number of OpenMP.
    return unsafe { at_get_num_threads() }.max(1) as usize;
    #[cfg(not(feature = "libtorch"))]
    1
}

/// Sets [`threads`].
pub(crate) fn set_threads(threads: usize) {
    #[cfg(feature = "libtorch")]
    // SAFETY: a plain C function that sets a number of OpenMP and MKL.
    unsafe {
        at_set_num_threads(threads.clamp(1, 1024) as std::ffi::c_int)
    }
    #[cfg(not(feature = "libtorch"))]
    let _ = threads;
}

/// Work on tensors. A device whose memory is full is an error here: LibTorch throws then, and what calls it panics.
///
/// # Errors
/// Those of the work; [`Error::Memory`].
pub(crate) fn within_memory<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let panicked = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => return result,
        Err(panicked) => panicked,
    };
    let text = panicked.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panicked.downcast_ref::<&str>().copied());
    match text.and_then(no_memory) {
        Some(why) => Err(Error::Memory { why: why.into() }),
        None => resume_unwind(panicked),
    }
}

/// The line of a message that says that memory is full.
fn no_memory(text: &str) -> Option<&str> {
    const SIGNS: [&str; 4] = [
        "out of memory",
        "not enough memory",
        "can't allocate memory",
        "ALLOC_FAILED",
    ];
    // LibTorch appends its own stack; line ends are escaped where the message was printed with quotes.
    let mut lines = text.split('\n').flat_map(|line| line.split("\\n"));
    lines.find(|line| SIGNS.iter().any(|sign| line.contains(sign)))
}

#[cfg(not(feature = "libtorch"))]
fn not_built(kind: DeviceKind) -> Error {
    Error::Device {
        name: kind.name().into(),
        why: "not built in; run `make setup DEVICE=libtorch` and build with the default features, or use `flex`".into(),
    }
}

impl FromStr for DeviceKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let all = [Self::LibTorch, Self::Cuda, Self::Flex];
        let kind = all
            .into_iter()
            .find(|k| k.name() == name)
            .ok_or_else(|| Error::unknown("device", name, all.map(Self::name)))?;
        #[cfg(not(feature = "libtorch"))]
        if kind != Self::Flex {
            return Err(not_built(kind));
        }
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "libtorch")]
    fn a_tensor_that_does_not_fit_is_an_error() {
        let device = DeviceKind::LibTorch.device().unwrap();
        let found = within_memory(|| {
            let huge = burn::tensor::Tensor::<1>::zeros([1usize << 46], &device);
            Ok(huge.dims()[0])
        });
        let message = found.unwrap_err().to_string();
        assert!(message.starts_with("out of memory ("), "{message}");
        assert!(message.contains("lower the batch"), "{message}");
        assert!(!message.contains("frame #"), "{message}");
    }

    #[test]
    fn other_panics_and_errors_pass() {
        let panicked =
            std::panic::catch_unwind(|| within_memory(|| -> Result<()> { panic!("another") }));
        assert_eq!(
            *panicked.unwrap_err().downcast::<&str>().unwrap(),
            "another"
        );
        let failed = within_memory(|| -> Result<()> { Err(Error::Linalg("x".into())) });
        assert!(matches!(failed, Err(Error::Linalg(_))));
        assert_eq!(within_memory(|| Ok(3)).unwrap(), 3);
        let text = "called `Result::unwrap()`: Torch(\"CUDA out of memory. Tried to allocate 2 GiB\\nException raised\")";
        assert!(no_memory(text).unwrap().ends_with("2 GiB"));
    }
}
