#!/usr/bin/env bash
# The standard library's sources for the kernel's rust-analyzer, which without them cannot infer even `vec![]`.
# They come from the toolchain, else from rustup, else from Debian's package of them (its version may differ
# by one: only names and types are read). Of them `core`, `alloc` and `std` are kept, without the processor
# intrinsics and other systems' code: the kernel reads every file of this folder when it starts.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

kept=$cache/std-$(toolchain_key)/library
if [ -f "$kept/std/src/lib.rs" ]; then
    say "   there already"
    exit
fi

work=$cache/std.part
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work/package" "$work/library"

of_toolchain=$(rustc --print sysroot)/lib/rustlib/src/rust/library
found=

from_toolchain() { [ -d "$of_toolchain/core/src" ] && found=$of_toolchain; }

from_rustup() {
    command -v rustup >/dev/null || return 1
    say "   rustup component add rust-src"
    timeout 300 rustup component add rust-src >/dev/null 2>&1 || return 1
    from_toolchain
}

from_debian() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    local package library
    for package in rust-web-src rust-src; do
        say "   Debian's package $package"
        (cd "$work/package" && apt-get download -qq "$package" 2>/dev/null) ||
            { [ "$(id -u)" = 0 ] && apt-get update -qq && (cd "$work/package" && apt-get download -qq "$package" 2>/dev/null); } ||
            continue
        dpkg-deb --fsys-tarfile "$work"/package/"$package"_*.deb |
            tar x -C "$work/package" --wildcards './usr/src/rustc-*/library/*/src/*' './usr/src/rustc-*/library/core/Cargo.toml' || continue
        for library in "$work"/package/usr/src/rustc-*/library; do
            # Sources of before edition 2024 cannot be read as it.
            if grep -q 'edition = "2024"' "$library/core/Cargo.toml" 2>/dev/null; then
                found=$library
                return
            fi
        done
    done
    return 1
}

from_toolchain || from_rustup || from_debian || fail "The standard library's sources are missing, and the notebook kernel infers no type without them.
Where the toolchain came from rustup:  rustup component add rust-src
Elsewhere install your distribution's package rust-src, then run make setup again."

for part in core alloc std; do
    mkdir -p "$work/library/$part"
    cp -R "$found/$part/src" "$work/library/$part/src"
done
find "$work/library" \( -name tests -o -name tests.rs -o -name benches \) -prune -exec rm -rf {} +
(cd "$work/library/std/src/sys/pal" && rm -rf hermit itron motor sgx solid teeos trusty uefi vexos wasi wasm windows xous zkvm)
(cd "$work/library/std/src/os" && rm -rf fortanix_sgx hermit motor solid uefi wasi wasip2 windows xous)
mkdir -p "$(dirname "$kept")"
rm -rf "$kept"
mv "$work/library" "$kept"
