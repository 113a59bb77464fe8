#!/usr/bin/env bash
# Stands in for rustdoc while `cargo test --doc` runs: the same sources and dependencies, but documents where
# cargo asks to test, and a warning is an error.
set -euo pipefail
arguments=()
while [ $# -gt 0 ]; do
    case $1 in
        --test | --no-run | --show-output) ;;
        --test-args | --test-run-directory | --test-builder | --runtool | --runtool-arg) shift ;;
        --test-args=* | --test-run-directory=* | --test-builder=*) ;;
        *) arguments+=("$1") ;;
    esac
    shift
done
exec "$SCURVE_RUSTDOC" -Dwarnings "${arguments[@]}" -o "${SCURVE_DOC:-$(mktemp -d)}"
