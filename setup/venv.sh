#!/usr/bin/env bash
# The project's own Python: JupyterLab, nbclient and nbconvert, and what the tests read tables with.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

interpreter=
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        interpreter=$candidate
        break
    fi
done
[ -n "$interpreter" ] || fail "Python 3.11 or newer with its venv module is needed: make setup says how to get it"

# The environment is whole when it says which requirements it was made from.
stamp=$root/.venv/made-from
made_from=$({
    "$interpreter" --version
    pwd -P
    cat "$root/setup/requirements.txt" "$root/setup/constraints.txt"
} | sha256sum | cut -c1-16)
if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$made_from" ] && [ -x "$root/.venv/bin/jupyter-lab" ]; then
    say "   there already"
    exit
fi
rm -f "$stamp"
"$interpreter" -m venv --clear "$root/.venv"
"$python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
    -r "$root/setup/requirements.txt" -c "$root/setup/constraints.txt"
printf '%s\n' "$made_from" >"$stamp"
