#!/usr/bin/env bash
# kill -9 of the hub under load, five times: nothing acknowledged is lost or doubled, nothing starts
# twice, the log verifies, and the judge finds every planted fault. `./dev bench kill9` does 200.
# timeout_s: 300
set -euo pipefail
bench=$(dirname "${SUAN_BIN:?names the program}")/bench_kill9
[[ -x $bench ]] || { echo "no program $bench"; exit 1; }
exec "$bench" --tiny
