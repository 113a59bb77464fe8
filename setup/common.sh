# shellcheck shell=bash
# Sourced by the scripts beside it: where things are kept, which versions, and how a step speaks.
# shellcheck disable=SC2034,SC2154  # the scripts that source this read and set them
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${SCURVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/scurve}
device=${DEVICE:-libtorch}
scale=${SCALE:-quick}
notebooks=${NOTEBOOKS:-}
python=$root/.venv/bin/python

rust_wanted=1.95
evcxr_version=0.22.0
torch_version=2.9.0

# LibTorch's folder is part of cargo's fingerprint: a path that differs rebuilds eleven crates.
case $device in
    cuda) libtorch=$cache/libtorch-$torch_version-cuda ;;
    *) libtorch=$cache/libtorch-$torch_version-cpu ;;
esac
features=()
if [ "$device" = flex ]; then features=(--no-default-features); fi

# Everything that a compiler wrote is kept under a name made of that compiler's version.
toolchain_key() { rustc -vV | sha256sum | cut -c1-8; }

say() { printf '%s\n' "$*"; }
fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

# begin "what it does" "usual time": announces a numbered step. $steps is the number of them all.
step=0
begin() {
    step=$((step + 1))
    step_began=$SECONDS
    printf '\n== step %d of %d, %s: %s\n' "$step" "$steps" "$2" "$1"
}
done_with() { printf '   %s (%s)\n' "$1" "$(duration $((SECONDS - step_began)))"; }
duration() {
    if [ "$1" -ge 60 ]; then printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); else printf '%d s' "$1"; fi
}

# long_run NAME COMMAND…: a command of several minutes. On a terminal it shows its own progress bar;
# elsewhere one line every half minute. All that it says is kept in the cache's logs.
long_run() {
    local name=$1 log=$cache/logs/$1.log pid began=$SECONDS status=0
    shift
    mkdir -p "$cache/logs"
    if [ -t 2 ]; then
        "$@"
        return
    fi
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    # shellcheck disable=SC2064  # the process of now is meant
    trap "kill $pid 2>/dev/null" EXIT INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        for _ in $(seq 60); do
            kill -0 "$pid" 2>/dev/null || break
            sleep .5
        done
        if kill -0 "$pid" 2>/dev/null; then
            printf '   … %s, %d crates compiled; now %s\n' "$(duration $((SECONDS - began)))" \
                "$(grep -c '^ *Compiling' "$log" || true)" "$(tail -n 1 "$log" | cut -c1-80 | sed 's/^ *//')"
        fi
    done
    trap - EXIT INT TERM
    wait "$pid" || status=$?
    if [ "$status" -ne 0 ]; then
        tail -n 40 "$log" >&2
        fail "$name failed; the whole log is in $log"
    fi
}

# write_if_changed FILE: standard input becomes the file, at once or not at all, and only when it differs.
write_if_changed() {
    local new=$1.new.$$
    mkdir -p "$(dirname "$1")"
    cat >"$new"
    if [ -f "$1" ] && cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
}
