#!/usr/bin/env bash
# LibTorch out of PyTorch's wheels: the headers and the libraries that a program links, nothing of Python.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if [ -f "$libtorch/build-version" ] && [ -f "$libtorch/lib/libtorch_cpu.so" ]; then
    say "   there already"
    exit
fi
wheels=$cache/wheels-$device
mkdir -p "$wheels"

# Whatever Python this machine has, the same wheels: their libraries do not depend on it.
download() {
    "$python" -m pip download --disable-pip-version-check --no-cache-dir --no-deps --only-binary=:all: --exists-action i \
        --implementation cp --python-version 3.12 --abi cp312 --abi abi3 --abi none \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 \
        --platform manylinux2014_x86_64 --dest "$wheels" "$@"
}
quiet=()
[ -t 2 ] || quiet=(--quiet)
download ${quiet[@]+"${quiet[@]}"} "torch==$torch_version"
if [ "$device" = cuda ]; then
    say "   and the CUDA libraries that this PyTorch names (3 GB more)"
    mapfile -t nvidia < <("$python" "$root/setup/libtorch.py" nvidia "$wheels")
    download ${quiet[@]+"${quiet[@]}"} "${nvidia[@]}"
else
    download ${quiet[@]+"${quiet[@]}"} nvidia-cuda-cupti-cu12==12.8.90 nvidia-cuda-runtime-cu12==12.8.90
fi
"$python" "$root/setup/libtorch.py" unpack "$wheels" "$libtorch" "$device"
rm -rf "$wheels"
