#!/usr/bin/env bash
# Everything that must hold. All of it shares one set of compiled dependencies: the lints and the documentation
# too, for `cargo clippy` and `cargo doc` by themselves would compile every dependency a second time.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/setup.sh"
bash "$root/setup/browser.sh"
bash "$root/setup/slurm.sh"
cd "$root"

passed=0
failed=()
part() {
    local name=$1 began=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then passed=$((passed + 1)); else failed+=("$name"); fi
    printf '   (%s)\n' "$(duration $((SECONDS - began)))"
}

lints() {
    # What `cargo clippy` does, on the finished dependencies: it only wraps the compiler of this crate.
    CLIPPY_ARGS='-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__' RUSTC_WORKSPACE_WRAPPER=$(tool clippy-driver) \
        cargo build --release --locked --quiet --all-targets ${features[@]+"${features[@]}"}
}

# The documentation's own examples are compiled against finished dependencies; the same command line documents.
documentation() {
    SCURVE_RUSTDOC=$(tool rustdoc) RUSTDOC=$root/setup/rustdoc.sh \
        cargo test --release --locked --quiet --doc ${features[@]+"${features[@]}"}
}

tool() { if command -v rustup >/dev/null; then rustup which "$1"; else command -v "$1"; fi; }

part "format" cargo fmt --check
part "the suite" cargo test --release --locked ${features[@]+"${features[@]}"}
part "lints" lints
part "documentation" documentation
if command -v cargo-deny >/dev/null; then part "licences and advisories" cargo deny --offline check licenses bans sources; fi
part "notebooks, kernel, browser, other readers" "$python" -m pytest -q --durations=5 tests/python

printf '\n'
if [ ${#failed[@]} -gt 0 ]; then printf 'failed: %s\n' "${failed[@]}"; fi
printf 'parts: %d passed, %d failed\n' "$passed" "${#failed[@]}"
[ ${#failed[@]} -eq 0 ]
