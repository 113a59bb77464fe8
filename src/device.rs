//! The one place that chooses where tensors live.

use crate::error::{Error, Result};
use burn::tensor::Device;
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

/// While it lives, LibTorch uses one thread within an operation that this thread asks for: for runs side by side.
pub(crate) struct OneThread {
    #[cfg(feature = "libtorch")]
    before: std::ffi::c_int,
}

impl OneThread {
    pub fn hold() -> Self {
        // SAFETY: a plain C function that reads a number of OpenMP.
        #[cfg(feature = "libtorch")]
        let before = unsafe { at_get_num_threads() };
        set_threads(1);
        Self {
            #[cfg(feature = "libtorch")]
            before,
        }
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        #[cfg(feature = "libtorch")]
        set_threads(usize::try_from(self.before).unwrap_or(1));
    }
}

/// How many threads LibTorch uses within an operation that the calling thread asks for.
pub(crate) fn set_threads(threads: usize) {
    #[cfg(feature = "libtorch")]
    // SAFETY: a plain C function that sets a number of OpenMP and MKL.
    unsafe {
        at_set_num_threads(threads.clamp(1, 1024) as std::ffi::c_int)
    }
    #[cfg(not(feature = "libtorch"))]
    let _ = threads;
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
