#!/usr/bin/env bash
# Executes the notebooks, which compute what is not computed yet, and prints the claims that they check.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/setup.sh"

printf '\n== the notebooks, at the scale "%s"\n' "$scale"
"$python" "$root/setup/execute.py" --inplace --scale "$scale" --device "$device" ${notebooks:+$notebooks}

printf '\n== the claims\n'
cd "$root"
cargo run --release --locked --quiet ${features[@]+"${features[@]}"} -- claims --scale "$scale" --update-ledger
