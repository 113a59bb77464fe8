#!/usr/bin/env bash
# Executes the notebooks, which compute what is not computed yet, and prints the claims that they check.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/setup.sh"

printf '\n== the notebooks, at the scale "%s"\n' "$scale"
"$python" "$root/setup/execute.py" --inplace --scale "$scale" --device "$device" ${notebooks:+$notebooks}

printf '\n== the claims\n'
# At the scale "check" nothing is judged, and the committed ledger stays as it is.
ledger=--update-ledger
if [ "$scale" = check ]; then ledger=; fi
cd "$root"
cargo run --release --locked --quiet ${features[@]+"${features[@]}"} -- claims --scale "$scale" ${ledger:+$ledger}
