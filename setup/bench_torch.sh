#!/usr/bin/env bash
# Prints a Python that can import PyTorch, for the ratios of the benchmarks: the user's own, or one kept in the cache.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

own=${SCURVE_TORCH_PYTHON:-}
if [ -n "$own" ]; then
    "$own" -c 'import torch, numpy' || fail "SCURVE_TORCH_PYTHON=$own: that Python cannot import torch and numpy; unset the variable and make bench makes its own"
    printf '%s\n' "$own"
    exit
fi

folder=$cache/torch-$torch_version-python
if ! [ -e "$folder/whole" ]; then
    free=$(($(df -Pk "$cache" | awk 'NR == 2 { print $4 }') / 1024))
    # The wheel requires its CUDA libraries even where it computes on the CPU.
    [ "$free" -ge 12000 ] || fail "PyTorch with what its wheel requires is 7 GB, and $cache has $free MB free: make room, or name a Python that has torch by SCURVE_TORCH_PYTHON"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
        "torch==$torch_version" "numpy==$("$python" -c 'import numpy; print(numpy.__version__)')" >&2
    touch "$folder/whole"
fi
printf '%s\n' "$folder/bin/python"
