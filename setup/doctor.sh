#!/usr/bin/env bash
# Looks at this machine and at every part that setup made; the command line's own doctor tells the rest.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/check.sh"
ok=0
look() {
    if [ -e "$2" ]; then
        printf '   ok       %s\n' "$1"
    else
        printf '   missing  %s: run make setup\n' "$1"
        ok=1
    fi
}
key=$(toolchain_key)
look "Python environment" "$root/.venv/made-from"
look "standard library's sources" "$cache/std-$key/library/std"
[ "$device" = flex ] || look "LibTorch $torch_version" "$libtorch/build-version"
look "evcxr $evcxr_version" "$cache/evcxr-$evcxr_version-$key/bin/evcxr_jupyter"
look "notebook kernel" "$root/.venv/share/jupyter/kernels/scurve/kernel.json"
look "command line" "$cache/target-$key/release/scurve"
[ "$ok" = 0 ] || exit 1
"$cache/target-$key/release/scurve" doctor
