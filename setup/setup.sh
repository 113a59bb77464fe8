#!/usr/bin/env bash
# Everything from a fresh machine to a command line and a notebook kernel, in numbered steps, the small ones first.
# Each step sees for itself whether its work is done, so that running this again is quick and an interrupted
# step starts again cleanly.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

steps=7
if [ "$device" = flex ]; then steps=6; fi
here=$root/setup

begin "looking at what this machine has" "seconds"
bash "$here/check.sh"

begin "Python environment with JupyterLab in .venv" "about 1 min"
bash "$here/venv.sh"
done_with "Python is ready"

begin "the standard library's sources for the notebook kernel" "under 1 min"
bash "$here/rust_src.sh"
done_with "sources are ready"

if [ "$device" != flex ]; then
    begin "LibTorch $torch_version for $([ "$device" = cuda ] && echo "CUDA, about 10 min" || echo CPU)" "about 2 min"
    bash "$here/libtorch.sh"
    done_with "LibTorch is ready"
fi

begin "the crates that this one is built from" "about 1 min"
bash "$here/build.sh" fetch
done_with "crates are here"

begin "evcxr, the notebook kernel's program" "about 8 min the first time"
bash "$here/evcxr.sh"
done_with "evcxr is ready"

begin "the crate, its notebook kernel and its command line" "about 18 min the first time, 2 after a change"
bash "$here/build.sh" kernel
bash "$here/build.sh" program
done_with "all is built"
