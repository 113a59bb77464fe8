#!/usr/bin/env bash
# One look at everything that a fresh machine may lack, before anything is downloaded. What is missing
# is installed when this is root on Debian or Ubuntu; otherwise one command that mends it all is printed.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

packages=()  # what apt can mend
complaints=() # what is wrong, in words
advice=()    # what apt cannot mend: a command each

find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

links_openblas() {
    local program status=0
    program=$(mktemp)
    echo 'int main(void){return 0;}' | cc -x c -o "$program" - -lopenblas 2>/dev/null || status=1
    rm -f "$program"
    return "$status"
}

look() {
    packages=() complaints=() advice=()
    command -v make >/dev/null || lacks "make" make
    { command -v cc && command -v c++; } >/dev/null || lacks "a C and C++ compiler" build-essential
    command -v pkg-config >/dev/null || lacks "pkg-config" pkg-config
    if command -v cc >/dev/null && ! links_openblas; then lacks "OpenBLAS" libopenblas-dev; fi
    local py
    if ! py=$(find_python); then
        lacks "Python 3.11 or newer" python3 python3-venv
    elif ! "$py" -c 'import venv, ensurepip' 2>/dev/null; then
        lacks "Python's venv module" python3-venv
    fi
    # A fast linker: a notebook cell is compiled and linked each time it is run.
    command -v mold >/dev/null || command -v ld.lld >/dev/null || lacks "a fast linker (mold)" mold
    look_at_rust
}

lacks() {
    complaints+=("$1")
    shift
    packages+=("$@")
}

look_at_rust() {
    local version
    if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
        complaints+=("Rust $rust_wanted or newer")
        # Where the package manager has no rustup, its own page says how to get it.
        advice+=("sudo apt-get install -y rustup" "rustup toolchain install stable --component rust-src")
        return
    fi
    version=$(rustc --version | sed -E 's/^rustc ([0-9]+\.[0-9]+).*/\1/')
    if [ "$(printf '%s\n' "$rust_wanted" "$version" | sort -V | head -n1)" != "$rust_wanted" ]; then
        complaints+=("Rust $rust_wanted or newer (this is $version)")
        advice+=("rustup update stable")
    fi
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library/core" ] &&
        ! command -v rustup >/dev/null && ! command -v apt-get >/dev/null; then
        complaints+=("the standard library's sources (rust-src), which the notebook kernel reads")
        advice+=("rustup component add rust-src")
    fi
}

case $root$cache in
    *[[:space:]]*) fail "A folder's name has a space in it, and compilers' flags cannot carry one:
    project  $root
    cache    $cache
Move the project, or name another cache folder: make setup SCURVE_CACHE=/some/folder" ;;
esac
case $device in
    libtorch | flex | cuda) ;;
    *) fail "DEVICE=$device: must be libtorch, flex or cuda" ;;
esac
case $scale in
    check | quick | paper) ;;
    *) fail "SCALE=$scale: must be check, quick or paper" ;;
esac
if [ "$device" != flex ] && [ "$(uname -sm)" != "Linux x86_64" ]; then
    fail "Ready-made LibTorch is fetched for Linux on x86_64 only, and this is $(uname -sm). Run: make setup DEVICE=flex"
fi
mkdir -p "$cache" || fail "The cache folder $cache cannot be made; name another: SCURVE_CACHE=/some/folder"

look
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "   installing by apt: ${packages[*]}"
    apt-get update -qq || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
        say "   apt could not install them all"
    look
fi

# What is not there yet needs room: 6 GB for everything from nothing, .5 GB beside a finished build.
need=6000
if [ -e "$cache/target-$(toolchain_key 2>/dev/null)/release/libscurve.so" ]; then need=500; fi
room=$(df -Pm "$cache" | awk 'NR == 2 { print $4 }')
if [ "$room" -lt "$need" ]; then
    complaints+=("room: $cache has $room MB free, and $need MB are needed (free some, or name another folder: SCURVE_CACHE=/some/folder)")
fi

if [ ${#complaints[@]} -gt 0 ]; then
    printf '\nThis machine lacks:\n' >&2
    printf '  - %s\n' "${complaints[@]}" >&2
    commands=()
    if [ ${#packages[@]} -gt 0 ]; then
        commands=("sudo apt-get update" "sudo apt-get install -y ${packages[*]}")
    fi
    commands+=(${advice[@]+"${advice[@]}"})
    if [ ${#commands[@]} -gt 0 ]; then
        printf '\nOne command mends it (Debian and Ubuntu; elsewhere the packages of the same purpose):\n  %s' "${commands[0]}" >&2
        for line in ${commands[@]+"${commands[@]:1}"}; do printf ' && %s' "$line" >&2; done
        printf '\n' >&2
    fi
    exit 1
fi
say "   everything that is needed is here ($(rustc --version | cut -d' ' -f1,2), $("$(find_python)" --version), $room MB free)"
