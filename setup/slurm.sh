#!/usr/bin/env bash
# The batch system that some tests of sweeps start on this machine. Without it those tests are skipped, and say so.
# shellcheck source=setup/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
here() { for program in sbatch slurmctld slurmd munged; do PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || return 1; done; }
here && exit
if [ "$(id -u)" = 0 ] && grep -qsE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release; then
    say "   installing a batch system for tests of sweeps: slurmctld, slurmd, slurm-client, munge"
    apt-get update -qq || true
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null; then
        say "   apt could not; the tests on Slurm will be skipped"
    fi
else
    say "   no Slurm here: the tests on it will be skipped"
fi
