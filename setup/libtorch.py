"""Takes LibTorch out of PyTorch's wheels.

    libtorch.py nvidia WHEELS                 prints the CUDA packages that the PyTorch wheel there requires
    libtorch.py unpack WHEELS FOLDER DEVICE   unpacks headers and libraries; DEVICE is libtorch (CPU) or cuda
"""

import os
import re
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath

# For a CPU program. libtorch_cpu.so itself was linked against CUDA's profiler and run time.
CPU_LIBRARIES = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1"}
CPU_CUDA_LIBRARIES = ("libcupti.so", "libcudart.so")


def nvidia(wheels: Path) -> list[str]:
    (torch,) = wheels.glob("torch-*.whl")
    with zipfile.ZipFile(torch) as wheel:
        (metadata,) = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
        text = wheel.read(metadata).decode()
    return re.findall(r"^Requires-Dist: (nvidia-[\w-]+==[\w.]+)", text, re.MULTILINE)


def place(name: str, cuda: bool) -> str | None:
    """Where a wheel's file goes in LibTorch's folder, or None when it stays out."""
    base = PurePosixPath(name).name
    if name.startswith("torch/include/"):
        return name.removeprefix("torch/")
    if name.startswith("torch/lib/") and (base in CPU_LIBRARIES or (cuda and ".so" in base and "python" not in base)):
        return "lib/" + base
    if name.startswith("nvidia/") and "/lib/" in name and ".so" in base and (cuda or base.startswith(CPU_CUDA_LIBRARIES)):
        return "lib/" + base
    return None


def unpack(wheels: Path, folder: Path, cuda: bool) -> None:
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    version = None
    for path in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(path) as wheel:
            for info in wheel.infolist():
                target = None if info.is_dir() else place(info.filename, cuda)
                if info.filename == "torch/version.py":
                    version = re.search(r"^__version__ = '([\d.]+)", wheel.read(info).decode(), re.MULTILINE)[1]
                if target is None:
                    continue
                out = part / target
                out.parent.mkdir(parents=True, exist_ok=True)
                with wheel.open(info) as source, open(out, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 22)
    if version is None or not (part / "lib/libtorch_cpu.so").exists():
        sys.exit(f"no PyTorch wheel in {wheels}")
    if not cuda:
        # The wheel's libtorch.so only points on to the CPU and the CUDA half; the CUDA half is not here.
        (part / "lib/libtorch.so").symlink_to("libtorch_cpu.so")
    # The file that LibTorch's own archives carry, which the bindings' build reads.
    (part / "build-version").write_text(version + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(part, folder)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["nvidia", wheels]:
            print("\n".join(nvidia(Path(wheels))))
        case ["unpack", wheels, folder, device]:
            unpack(Path(wheels), Path(folder), device == "cuda")
        case _:
            sys.exit(__doc__)
