#!/usr/bin/env bash
# JupyterLab over the notebooks, with the kernel that setup registered.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/setup.sh"
cd "$root"
SCURVE_KERNEL=lab exec "$root/.venv/bin/jupyter" lab notebooks/00-start-here.ipynb
