#!/usr/bin/env bash
# Writes where LibTorch and the compiled dependencies are on this machine, fetches the crates, and builds: first
# the shared library of the notebook kernel, whose dependencies the command line and the tests then share.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

configure() {
    {
        printf '[build]\ntarget-dir = "%s"\n' "$cache/target-$(toolchain_key)"
        if [ "$device" != flex ] || [ -f "$libtorch/build-version" ]; then
            printf '\n[env]\nLIBTORCH = { value = "%s", relative = false }\n' "$libtorch"
        fi
    } | write_if_changed "$root/.cargo/local.toml"
}

case ${1:-} in
    fetch)
        configure
        cd "$root"
        cargo fetch --locked --quiet
        ;;
    kernel)
        long_run build "$python" "$root/setup/kernel.py" "$cache/evcxr-$evcxr_version-$(toolchain_key)/bin/evcxr_jupyter" \
            --device "$device" --libtorch "$libtorch"
        ;;
    program)
        cd "$root"
        long_run program cargo build --release --locked ${features[@]+"${features[@]}"}
        ;;
    *) fail "build.sh fetch | kernel | program" ;;
esac
