#!/usr/bin/env bash
# The long forms of the tests of sweeps: two hundred killed workers, an array of five hundred rows on three nodes one of which dies.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/setup.sh"
bash "$root/setup/slurm.sh"
cd "$root"
cargo test --release --locked --test suite ${features[@]+"${features[@]}"} -- --ignored --test-threads=1 --nocapture sweep
