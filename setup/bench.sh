#!/usr/bin/env bash
# The notebook kernel's timings, then the models'.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/setup.sh"
printf '\n== the notebook kernel\n'
"$python" "$root/setup/bench_kernel.py"
printf '\n== the models\n'
cd "$root"
cargo bench --profile release ${features[@]+"${features[@]}"}
