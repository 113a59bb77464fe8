//! How many threads a row may use, so that rows side by side do not take each other's cores.

use std::process::Command;

/// What LibTorch, BLAS, rayon and polars read when they are loaded.
pub(super) const VARIABLES: [&str; 5] = [
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
];

/// Gives a command the environment in which rows of so many threads are computed.
pub(super) fn environment(command: &mut Command, threads: usize, device: &str) {
    for name in VARIABLES {
        command.env(name, threads.to_string());
    }
    command.env("SCURVE_DEVICE", device);
}

/// Is this process's environment that of [`environment`]?
pub(super) fn is_set(threads: usize, device: &str) -> bool {
    let has = |name: &str, value: &str| std::env::var(name).as_deref() == Ok(value);
    VARIABLES.iter().all(|name| has(name, &threads.to_string())) && has("SCURVE_DEVICE", device)
}

/// While it lives, LibTorch and LAPACK use so many threads for what this thread computes.
pub(super) struct Held {
    lapack: usize,
}

pub(super) fn hold(threads: usize) -> Held {
    crate::device::set_threads(threads);
    let lapack = crate::linalg::threads();
    crate::linalg::set_threads(threads);
    Held { lapack }
}

impl Drop for Held {
    fn drop(&mut self) {
        crate::linalg::set_threads(self.lapack);
    }
}

/// Cores that this process may use; a batch system or a container may have given it fewer than the machine has.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// Makes this process's environment that of rows of so many threads: libraries read it when they are loaded, so the
/// program starts again in its own place where the environment is another. Gives `Ok` where it is right already.
///
/// # Errors
/// When the program cannot be started.
pub fn exec_with_threads(threads: usize, device: &str) -> crate::error::Result<()> {
    if is_set(threads, device) {
        return Ok(());
    }
    #[cfg(unix)]
    {
        use crate::error::Error;
        use std::os::unix::process::CommandExt;
        let program = std::env::current_exe().map_err(|e| Error::io("scurve".as_ref(), e))?;
        let mut command = Command::new(&program);
        command.args(std::env::args_os().skip(1));
        environment(&mut command, threads, device);
        Err(Error::io(&program, command.exec()))
    }
    #[cfg(not(unix))]
    Ok(())
}
