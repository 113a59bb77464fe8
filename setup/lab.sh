#!/usr/bin/env bash
# JupyterLab over the notebooks, with the kernel that setup registered.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bash "$root/setup/setup.sh"
cd "$root"
# JupyterLab keeps its settings and its running servers' notes in the project too.
export JUPYTER_CONFIG_DIR=$root/.venv/etc/jupyter JUPYTER_DATA_DIR=$root/.venv/share/jupyter-user
export JUPYTER_RUNTIME_DIR=$root/.venv/runtime
# And what its parts would put into the home folder.
export IPYTHONDIR=$root/.venv/ipython npm_config_cache=$root/.venv/npm
export SCURVE_KERNEL=lab
options=()
if [ "$(id -u)" = 0 ]; then options=(--allow-root --no-browser); fi
exec "$root/.venv/bin/jupyter" lab ${options[@]+"${options[@]}"} notebooks/00-start-here.ipynb
