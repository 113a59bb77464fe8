#!/usr/bin/env bash
# The notebook kernel's timings, then the models' beside PyTorch's.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/setup.sh"
printf '\n== the notebook kernel\n'
"$python" "$root/setup/bench_kernel.py"
printf '\n== PyTorch, to compare with (7 GB and some minutes the first time; SCURVE_TORCH_PYTHON names one of your own)\n'
SCURVE_TORCH_PYTHON=$(bash "$root/setup/bench_torch.sh")
export SCURVE_TORCH_PYTHON
say "   $SCURVE_TORCH_PYTHON"
printf '\n== the models\n'
cd "$root"
cargo bench --profile release ${features[@]+"${features[@]}"}
