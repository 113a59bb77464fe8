//! Finds LibTorch, so that every program, test and shared library built here also finds it when it runs.
//!
//! `make setup` writes its folder into `.cargo/local.toml`. Without the `libtorch` feature nothing is needed.

use std::{env, fs, path::Path, process::exit};

/// The one version that the bindings are generated for.
const VERSION: &str = "2.9.0";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    if env::var_os("CARGO_FEATURE_LIBTORCH").is_none() {
        return;
    }
    let Some(folder) = env::var("LIBTORCH")
        .ok()
        .filter(|folder| !folder.is_empty())
    else {
        fail("LIBTORCH is not set");
    };
    let folder = Path::new(&folder);
    let library = folder.join("lib/libtorch_cpu.so");
    // A path that has gone missing counts as changed, so an emptied cache is noticed by the next build.
    println!("cargo::rerun-if-changed={}", library.display());
    if !library.exists() {
        fail(&format!("LibTorch is not in {}", folder.display()));
    }
    if let Some(found) = version(folder).filter(|found| found != VERSION) {
        fail(&format!(
            "{} holds LibTorch {found}, and {VERSION} is needed",
            folder.display()
        ));
    }
    let lib = folder.join("lib");
    println!("cargo::rustc-link-search=native={}", lib.display());
    // LibTorch and OpenBLAS both export BLAS's names. Naming LibTorch here puts it before OpenBLAS
    // on every link line, so that one of the two answers everywhere and always the same one.
    for name in ["torch_cpu", "torch", "c10"] {
        println!("cargo::rustc-link-lib=dylib={name}");
    }
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
}

/// What the folder says of itself: `build-version` in LibTorch's archives, `version.py` in PyTorch's wheels.
fn version(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("build-version")).or_else(|_| {
        let python = fs::read_to_string(folder.join("version.py"))?;
        let line = python.lines().find(|line| line.starts_with("__version__"));
        Ok::<_, std::io::Error>(line.unwrap_or_default().to_owned())
    });
    let text = text.ok()?;
    let number = text
        .trim()
        .trim_start_matches("__version__ = ")
        .trim_matches('\'');
    let number = number.split('+').next().unwrap_or_default();
    (!number.is_empty()).then(|| number.to_owned())
}

fn fail(what: &str) -> ! {
    println!(
        "cargo::error={what}. Run `make setup` in the project's folder; or build without it, on the \
         pure-Rust backend: `cargo build --release --no-default-features`."
    );
    exit(1)
}
