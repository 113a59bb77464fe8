"""Builds the crate's shared library and registers the notebook kernel that loads it.

    kernel.py EVCXR [--device libtorch|flex|cuda] [--libtorch FOLDER]

EVCXR is the kernel program. A cell compiles against the finished library in a fraction of a second; against the
crate itself it would link some hundred dependencies each time. The library is kept under a name made of its
content, so that a rebuild does not disturb a kernel that runs.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "setup/kernel"
SPEC = ROOT / ".venv/share/jupyter/kernels/scurve"
KEPT = 4  # libraries of so many builds, for kernels that still run on an earlier one

STUB = """[package]
name = "{name}"
version = "0.0.0"
edition = "2024"

[lib]
path = "lib.rs"

[workspace]
"""


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SCURVE_CACHE") or Path(home) / "scurve")


def build(features: list[str], runpath: list[str]) -> Path:
    """The library, from the same compiled dependencies as the command line and the tests."""
    command = ["cargo", "rustc", "--release", "--locked", "--lib", "--crate-type", "dylib", *features]
    flags = ["-Cprefer-dynamic", *(f"-Clink-arg=-Wl,-rpath,{path}" for path in runpath)]
    # ndarray's products are generic: a cell's own copy of them calls OpenBLAS, and finds it through the library.
    flags.append("-Clink-arg=-Wl,--no-as-needed,-lopenblas,--as-needed")
    subprocess.run([*command, "--", *flags], cwd=ROOT, check=True)
    metadata = json.loads(output("cargo", "metadata", "--no-deps", "--format-version", "1"))
    return Path(metadata["target_directory"]) / "release"


def link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def keep(release: Path, flex: bool) -> Path:
    """A folder that holds all that a cell's build reads, whatever later builds do."""
    library = release / "libscurve.so"
    digest = hashlib.sha256(library.read_bytes())
    for template in sorted(p for p in TEMPLATES.rglob("*") if p.is_file()):
        digest.update(template.read_bytes())
    folder = cache() / "kernel" / digest.hexdigest()[:16]
    if folder.exists():
        os.utime(folder)
        return folder
    part = folder.with_suffix(f".part{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    (part / "deps").mkdir(parents=True)
    shutil.copy2(library, part / "deps/libscurve.so")
    # The library holds its dependencies' code; the compiler asks for their metadata only, and for the macros.
    for file in (release / "deps").iterdir():
        if file.suffix in (".rmeta", ".so") and not file.name.startswith("libscurve"):
            link(file, part / "deps" / file.name)
    (part / "cell").mkdir()
    shutil.copy(TEMPLATES / "cell.toml", part / "cell/Cargo.toml")
    shutil.copy(TEMPLATES / "cell.rs", part / "cell/cell.rs")
    shutil.copytree(ROOT / "src", part / "analysis/src")
    manifest = (TEMPLATES / "analysis.toml").read_text()
    if flex:
        manifest = manifest.replace('default = ["libtorch"]', "default = []")
    for source in sorted((TEMPLATES / "stub").glob("*.rs")):
        stub = part / "stub" / source.stem
        stub.mkdir(parents=True)
        shutil.copy(source, stub / "lib.rs")
        (stub / "Cargo.toml").write_text(STUB.format(name=source.stem))
        manifest = manifest.replace("[dependencies]\n", f'[dependencies]\n{source.stem} = {{ path = "../stub/{source.stem}" }}\n')
    (part / "analysis/Cargo.toml").write_text(manifest)
    subprocess.run(["cargo", "fetch", "--quiet", "--manifest-path", part / "analysis/Cargo.toml"], cwd=part, check=True)
    try:
        part.rename(folder)
    except OSError:  # another setup made the same one meanwhile
        shutil.rmtree(part)
    prune(folder.parent)
    return folder


def prune(folder: Path) -> None:
    kept = sorted((p for p in folder.iterdir() if "." not in p.name), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in kept[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def config(kernel: Path, libtorch: str | None, runpath: list[str], preserve: bool) -> str:
    """What evcxr reads when it starts: no optimisation of the cells themselves, no network, and the library."""
    flags = [
        "-Cprefer-dynamic",
        f"--extern=scurve_prebuilt={kernel}/deps/libscurve.so",
        f"-Ldependency={kernel}/deps",
    ]
    if libtorch:
        flags.append(f"-Lnative={libtorch}/lib")
    flags += [f"-Clink-arg=-Wl,-rpath,{path}" for path in [f"{kernel}/deps", *runpath]]
    return "\n".join(
        [
            ":opt 0",
            ":offline 1",
            f":preserve_vars_on_panic {int(preserve)}",
            f":build_env RUSTFLAGS={' '.join(flags)}",
            f':dep scurve = {{ package = "scurve-cell", path = "{kernel}/cell" }}',
            "",
        ]
    )


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    part.write_text(text)
    part.replace(path)


def register(evcxr: Path, kernel: Path, libtorch: str | None, runpath: list[str], device: str) -> None:
    key = hashlib.sha256(output("rustc", "-vV").encode()).hexdigest()[:8]
    environment = {
        "SCURVE_EVCXR": str(evcxr),
        # rust-analyzer follows this to the crate's light view; `:build_env` replaces it where cells are compiled.
        "RUSTFLAGS": "--cfg scurve_analysis",
        "RUST_SRC_PATH": str(cache() / f"std-{key}" / "library"),
        "RUST_BACKTRACE": "0",
    }
    if shutil.which("rustup"):
        environment["RUSTUP_TOOLCHAIN"] = output("rustup", "show", "active-toolchain").split()[0]
    if device == "flex":
        environment["SCURVE_DEVICE"] = "flex"
    write(SPEC / "run/init.evcxr", config(kernel, libtorch, runpath, preserve=False))
    write(SPEC / "lab/init.evcxr", config(kernel, libtorch, runpath, preserve=True))
    write(SPEC / "launch", (TEMPLATES / "launch").read_text())
    spec = {
        "argv": ["/bin/sh", str(SPEC / "launch"), "{connection_file}"],
        "display_name": "Rust (scurve)",
        "language": "rust",
        "interrupt_mode": "message",
        "env": environment,
    }
    write(SPEC / "kernel.json", json.dumps(spec, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evcxr", type=Path)
    parser.add_argument("--device", default="libtorch")
    parser.add_argument("--libtorch", default=None)
    args = parser.parse_args()
    flex = args.device == "flex"
    libtorch = None if flex else args.libtorch
    runpath = [output("rustc", "--print", "sysroot").strip() + "/lib"]
    if libtorch:
        runpath.append(f"{libtorch}/lib")
    release = build(["--no-default-features"] if flex else [], runpath)
    kernel = keep(release, flex)
    register(args.evcxr, kernel, libtorch, runpath, args.device)
    print(f"   kernel 'scurve' registered, library {kernel.name}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:  # which has said itself what was wrong
        sys.exit(f"failed: {' '.join(map(str, error.cmd))}")
