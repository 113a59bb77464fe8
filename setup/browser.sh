#!/usr/bin/env bash
# The browser that one test drives. Without it that test is skipped, and says so.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
command -v chromedriver >/dev/null && command -v chromium >/dev/null && exit
if [ "$(id -u)" = 0 ] && grep -qs '^ID=debian' /etc/os-release; then
    say "   installing a browser for one test: chromium, chromium-driver"
    apt-get update -qq || true
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null; then
        say "   apt could not; the browser test will be skipped"
    fi
else
    say "   no chromium with its driver here: the browser test will be skipped"
fi
