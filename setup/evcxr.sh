#!/usr/bin/env bash
# The notebook kernel's program, built from its released source with the versions it was released with.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

place=$cache/evcxr-$evcxr_version-$(toolchain_key)
if [ -x "$place/bin/evcxr_jupyter" ]; then
    say "   there already"
    exit
fi
# Built from a folder outside the project, whose settings are for the project alone. What is compiled
# stays until the program is there, so that an interrupted build goes on where it stopped.
cd /
export CARGO_TARGET_DIR=$cache/build-evcxr
rm -rf "$place.part"
long_run evcxr cargo install --locked --root "$place.part" --version "$evcxr_version" evcxr_jupyter
mv "$place.part" "$place"
rm -rf "$CARGO_TARGET_DIR"
