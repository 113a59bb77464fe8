//! `scurve doctor`: is everything there that the project needs, and how to mend what is not.

use super::print;
use scurve::device::DeviceKind;
use scurve::error::{Error, Result};
use scurve::experiment::{data_root, project_root};
use scurve::seed::Seed;
use sha2::{Digest, Sha256};
use std::path::Path;

struct Check {
    what: &'static str,
    found: std::result::Result<String, String>,
    mend: &'static str,
}

pub fn run() -> Result<()> {
    let root = data_root();
    let project = project_root();
    let project = project
        .as_deref()
        .unwrap_or(root.ancestors().nth(2).unwrap_or(&root));
    let checks = [
        Check {
            what: "tensors",
            found: tensors(),
            mend: "make setup",
        },
        Check {
            what: "BLAS and LAPACK",
            found: lapack(),
            mend: "install OpenBLAS (Debian, Ubuntu: apt-get install libopenblas-dev), then make setup",
        },
        Check {
            what: "kernel",
            found: kernel(project),
            mend: "make setup",
        },
        Check {
            what: "font",
            found: font(),
            mend: "restore src/figure/font from the repository",
        },
        Check {
            what: "data sets",
            found: data_sets(&project.join("data/sets")),
            mend: "restore data/sets from the repository (git checkout data/sets)",
        },
    ];
    let mut failed = 0;
    let mut text = String::new();
    for check in checks {
        match check.found {
            Ok(found) => text += &format!("ok    {}: {found}\n", check.what),
            Err(why) => {
                failed += 1;
                text += &format!(
                    "FAIL  {}: {why}\n      to mend: {}\n",
                    check.what, check.mend
                );
            }
        }
    }
    print(&text)?;
    if failed > 0 {
        return Err(Error::Device {
            name: "this machine".into(),
            why: format!("{failed} of the checks above failed; each names its remedy"),
        });
    }
    Ok(())
}

fn tensors() -> std::result::Result<String, String> {
    let mut found = Vec::new();
    for kind in DeviceKind::BUILT.iter().filter(|k| **k != DeviceKind::Cuda) {
        let device = kind.device().map_err(|e| e.to_string())?;
        let x = burn::tensor::Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], &device);
        let y: Vec<f32> = x
            .clone()
            .matmul(x)
            .into_data()
            .try_to_vec()
            .map_err(|e| format!("{e:?}"))?;
        if y != [7.0, 10.0, 15.0, 22.0] {
            return Err(format!("{} multiplies wrongly: {y:?}", kind.name()));
        }
        found.push(kind.name());
    }
    Ok(found.join(", "))
}

fn lapack() -> std::result::Result<String, String> {
    let a = Seed(0).normal("data", 6, 6);
    let svd = scurve::linalg::svd(&a).map_err(|e| e.to_string())?;
    let error = (svd
        .u
        .dot(&ndarray::Array2::from_diag(&ndarray::Array1::from(
            svd.s.to_vec(),
        )))
        .dot(&svd.vt)
        - &a)
        .iter()
        .fold(0f64, |m, x| m.max(x.abs()));
    if error < 1e-12 {
        Ok(format!("SVD right to {error:.0e}"))
    } else {
        Err(format!("SVD wrong by {error:.0e}"))
    }
}

fn kernel(project: &Path) -> std::result::Result<String, String> {
    let spec = project.join(".venv/share/jupyter/kernels/scurve/kernel.json");
    match spec.exists() {
        true => Ok("registered in .venv".into()),
        false => Err("not registered in this project".into()),
    }
}

fn font() -> std::result::Result<String, String> {
    scurve::figure::Figure::new("x")
        .panel(scurve::figure::Panel::new("y").line("z", &[0.0, 1.0], &[0.0, 1.0]))
        .png()
        .map(|png| format!("embedded, draws ({} bytes)", png.len()))
        .map_err(|e| e.to_string())
}

fn data_sets(folder: &Path) -> std::result::Result<String, String> {
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS"))
        .map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files = 0;
    for line in sums.lines() {
        let (expected, name) = line.split_once("  ").ok_or("SHA256SUMS is malformed")?;
        let bytes = std::fs::read(folder.join(name)).map_err(|e| format!("{name}: {e}"))?;
        let found: String = Sha256::digest(&bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        if found != expected {
            return Err(format!("{name} is not the file that was shipped"));
        }
        files += 1;
    }
    Ok(format!("{files} files, hashes agree"))
}
