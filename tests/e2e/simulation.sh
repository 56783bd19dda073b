#!/usr/bin/env bash
# timeout_s: 90000
# The simulation test: one seed makes a centre, a workload and faults, and an auditor that shares no
# code with the core judges the log. Without SUAN_SIM_MINUTES: always the same 240 seeds, so
# that a change is what turns it red. With it (./dev sim): new seeds for so long. A failure prints
# seed, commit and command.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
minutes=${SUAN_SIM_MINUTES:-0}
[[ $minutes =~ ^(0|[1-9][0-9]{0,4})$ ]] || {
    echo "SUAN_SIM_MINUTES must be a whole number of minutes from 1 up, not '$minutes'" >&2
    exit 2
}
program=build/release/bin/bench_simtest
[[ -x $program ]] || {
    echo "$program is missing: ./dev build"
    exit 77
}
commit=$(git describe --always --dirty 2>/dev/null || echo unknown)
if ((minutes == 0)); then
    exec "$program" --seed 1 --seeds 240 --commit "$commit"
fi
first=${SUAN_SIM_SEED:-$((1000 + $(date +%s) % 1000000 * 1000))}
echo "seeds from $first, for $minutes minutes, commit $commit"
exec "$program" --seed "$first" --seconds $((minutes * 60)) --commit "$commit"
